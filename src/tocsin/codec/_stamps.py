"""Times of a recording in order, whatever single clocks in it say."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["GAP_S", "JUMP", "in_order"]

GAP_S = 3_600.0  # a longer step is more likely a wrong clock than a pause
JUMP = "time jumps ahead"
T = TypeVar("T")


def _itself(time_s: float, _near_s: float) -> float:
    return time_s


def in_order(
    timed: Iterable[tuple[float, T]],
    note: Callable[[str], None],
    *,
    start_s: float = 0.0,
    resolve: Callable[[float, float], float] = _itself,
) -> Iterator[tuple[float, T]]:
    """Give items with times that never step back: several sensors in one recording do a little.

    NaN stands for no time of its own: then it is that of the item before, start_s at first. A
    step ahead of more than GAP_S, and the first time of all, holds where the next time bears it
    out; one that stands alone is noted as JUMP, and the item gets the time before it (the first
    one, the time behind it). resolve gives a time as read near another (NaN for the first).
    """
    newest_s = held_s = math.nan
    held: list[T] = []
    for said_s, item in timed:
        if math.isnan(said_s):
            if held:
                held.append(item)
            else:
                yield (start_s if math.isnan(newest_s) else newest_s), item
            continue
        if held:
            if resolve(said_s, held_s) >= held_s - GAP_S:
                newest_s = held_s
            else:
                note(JUMP)
                newest_s = resolve(said_s, math.nan) if math.isnan(newest_s) else newest_s
            yield from ((newest_s, one) for one in held)
            held = []
        time_s = resolve(said_s, newest_s)
        if time_s <= newest_s + GAP_S:
            newest_s = max(newest_s, time_s)
            yield newest_s, item
        else:
            held, held_s = [item], time_s
    if held and not math.isnan(newest_s):
        note(JUMP)
    yield from ((held_s if math.isnan(newest_s) else newest_s, one) for one in held)
