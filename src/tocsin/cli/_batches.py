"""Recordings to batches: frames cut every 100 ms of capture time, ticks in between."""

import heapq
from collections.abc import Iterable, Iterator

from tocsin.model import Batch, Frame

__all__ = ["MAX_FRAMES", "batches_of"]

CUT_HZ = 10  # a recording without boundaries is cut every 100 ms of capture time
TICK_CUTS = 2  # an empty tick after every 0.2 s without a frame
QUIET_CUTS = 3000  # in a longer silence every track and every alarm's delay has run out: jump
TAIL_CUTS = 20  # ticks after the last frame, so that what it caused is said
MAX_FRAMES = 50_000  # frames in one batch; a denser 100 ms is split, in order


def batches_of(*recordings: Iterable[Frame]) -> Iterator[Batch]:
    """Yield batches of the recordings' frames, merged by time, each recording in time order.

    A batch's `now_s` is the end of its 100 ms of capture time, so it is never before what it
    holds; ticks stand where 0.2 s pass without a frame, for at most five minutes of silence.
    """
    held: list[Frame] = []
    cut = None
    for frame in heapq.merge(*recordings, key=lambda f: f.arrival_s):
        mine = int(frame.arrival_s * CUT_HZ) + 1
        if cut is None:
            cut = mine
        mine = max(mine, cut)  # a frame stamped before its predecessor stays with it
        if mine > cut or len(held) >= MAX_FRAMES:
            yield Batch(cut / CUT_HZ, tuple(held))
            held = []
            yield from _ticks(cut, mine)
            cut = mine
        held.append(frame)
    if cut is not None:
        yield Batch(cut / CUT_HZ, tuple(held))
        yield from _ticks(cut, cut + TAIL_CUTS + 1)


def _ticks(after: int, before: int) -> Iterator[Batch]:
    last = min(before, after + QUIET_CUTS)
    for cut in range(after + TICK_CUTS, last, TICK_CUTS):
        yield Batch(cut / CUT_HZ)
