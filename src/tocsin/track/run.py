"""Events through the kernels, in their order: plots, looks and ticks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.model import TrackEvent
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_registration as kr
from tocsin.track import _kernels_step as kt
from tocsin.track.moments import keep_moment_into, moments_due
from tocsin.track.registration import TIES, parts_of
from tocsin.track.state import TrackerState, grow_into, live

__all__ = ["Scratch", "run_events_into", "scratch_for"]

Floats = NDArray[np.float64]

_LOG_WORDS = ("confirmed", "ended", "ended", "ended", "ended")
_LOG_HOW = ("", "lost", "left", "unknown", "merged")
_HIGH = 4_294_967_296


@dataclass(slots=True)
class Scratch:
    """Work space of the kernels for a number of tracks and of plots in one slice. It carries
    nothing from one event to the next.
    """

    rows: int
    columns: int
    by_row: tuple[NDArray[np.float64] | NDArray[np.int64], ...]
    by_column: tuple[NDArray[np.float64] | NDArray[np.int64], ...]
    log: Floats
    ties: Floats


def scratch_for(rows: int, columns: int, before: Scratch | None = None) -> Scratch:
    """Return work space for that many tracks and plots of one slice; what is large enough of
    the one before serves again, since memory that is touched for the first time is slow.
    """
    by_row = before.by_row if before is not None and before.rows >= rows else (
        np.empty((rows, kl.SCRATCH_WIDTH)),
        np.empty((rows, kl.EDGES), dtype=np.int64),
        np.empty((3, rows, kl.EDGES)),
        np.empty((5, rows), dtype=np.int64),
        np.empty(rows),
    )  # fmt: skip
    rows, columns = len(by_row[0]), max(columns, before.columns if before is not None else 1)
    return Scratch(
        rows,
        columns,
        by_row,
        (
            np.empty((6, columns), dtype=np.int64),
            np.empty((kl.NEAR + 3, columns)),
            np.empty((4, kl.MODE + 3)),
            np.empty(kl.MOTION_WIDTH),
        ),
        np.empty((2 * rows + columns + 16, 4)),
        np.empty((TIES, kr.TIE_WIDTH)),
    )


def run_events_into(
    tracker: TrackerState,
    plots: Floats,
    events: Floats,
    begin: int,
    end: int,
    happened: list[TrackEvent],
    scratch: Scratch | None = None,
    *,
    also_s: float = math.nan,
) -> Scratch:
    """Apply events begin..end and append what happens to tracks; room for tracks and work
    space grow as needed, and the work space is returned for the next call. also_s: see
    `moments_due`.
    """
    counters = tracker.counters
    if scratch is None:
        scratch = scratch_for(len(tracker.tracks), 1)
    widest = int(events[begin:end, kl.E_COUNT].max(initial=1.0))
    registration = parts_of(tracker.registration)
    due = moments_due(tracker, events, begin, end, also_s)
    while begin < end:
        # Room for what the first event may begin; the kernel stops before one that needs more.
        grow_into(tracker, live(tracker) + int(events[begin, kl.E_COUNT]))
        rows = len(tracker.tracks)
        if scratch.rows < rows or scratch.columns < widest:
            scratch = scratch_for(rows, widest + widest // 8, scratch)
        begin = kt.run_into(
            tracker.tracks, tracker.ints, tracker.kinds, tracker.seen, tracker.rays, counters,
            scratch.log,
            tracker.sensors, tracker.roster, tracker.options, plots, events, begin,
            due[0] if due else end,
            *(*scratch.by_row, *scratch.by_column, scratch.ties, tracker.strays, registration),  # type: ignore[arg-type]
        )  # fmt: skip
        counts: list[int] = counters.tolist()  # one look: reading them singly costs more
        if counts[kl.OVERFLOW] or counts[kl.BROKEN] or counts[kl.RAYS_LOST]:
            _note_losses_into(tracker)
        if counts[kl.EVENTS]:
            happened += _drain(tracker, scratch.log)
        if due and begin == due[0]:
            keep_moment_into(tracker, events[: due.pop(0)])
    return scratch


_LOSSES = (
    (kl.OVERFLOW, "no room for a new track"),
    (kl.BROKEN, "track no longer sound"),
    (kl.RAYS_LOST, "no room for a ray"),
)


def _note_losses_into(tracker: TrackerState) -> None:
    """Move what the kernels lost from the counters to `unused`."""
    for column, reason in _LOSSES:
        count = int(tracker.counters[column])
        if count:
            tracker.unused[reason] = tracker.unused.get(reason, 0) + count
            tracker.counters[column] = 0


def _drain(tracker: TrackerState, log: Floats) -> list[TrackEvent]:
    count = int(tracker.counters[kl.EVENTS])
    tracker.counters[kl.EVENTS] = 0
    return [
        TrackEvent(
            kind=_LOG_WORDS[int(kind)],
            at_s=at_s,
            track_id=int(high) * _HIGH + int(low),
            site=tracker.site,
            how=_LOG_HOW[int(kind)],
        )
        for kind, at_s, high, low in log[:count].tolist()
    ]
