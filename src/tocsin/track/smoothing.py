"""Smoothing for the record: where a track was, from all that came before and after.

It is kept apart from what was seen live: nothing here goes into the tracker. `note_into` keeps
what the tracker knew after each step of a tracker that gets everything in its order, and
`smoothed` goes back through it (see `_kernels_smooth` for the method).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_smooth as km
from tocsin.track.state import TrackerState, live
from tocsin.track.tables import SYMMETRIC

__all__ = ["History", "Smoothed", "note_into", "smoothed"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WIDTH = kl.TIME_S + 1  # three blocks, their probabilities, time


@dataclass(slots=True)
class History:
    """What the tracker knew of each track after each of its updates; shown: ids of tracks that
    were confirmed. 680 bytes an update.
    """

    rows: list[Floats] = field(default_factory=list)
    ids: list[Ints] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Rows ordered by track and time: track_id (n,), time_s (n,), state (n, 6) east, north, up
    and their rates, covariance (n, 6, 6).
    """

    track_id: Ints
    time_s: Floats
    state: Floats
    covariance: Floats


def note_into(history: History, tracker: TrackerState, since_s: float) -> None:
    """Keep the tracks of the tracker that have been updated at or after since_s."""
    n = live(tracker)
    fresh = np.flatnonzero(tracker.tracks[:n, kl.TIME_S] >= since_s)
    if not len(fresh):
        return
    ids = tracker.ints[fresh, kl.ID]
    history.rows.append(tracker.tracks[fresh, :_WIDTH])
    history.ids.append(ids)
    history.shown.update(ids[tracker.ints[fresh, kl.STATUS] != kl.TENTATIVE].tolist())


def smoothed(
    history: History, options: Floats, *, period_s: float = 1.0, phase_s: float = 0.0
) -> Smoothed:
    """Return the confirmed tracks at each multiple of period_s (plus phase_s) between their
    first and their last update. options: the packed ones of the tracker.

    Raises CallError for a period that is not positive.
    """
    if not period_s > 0.0:
        raise CallError(f"period_s is {period_s}; it must be above 0", period_s=period_s)
    rows = np.concatenate(history.rows) if history.rows else np.empty((0, _WIDTH))
    ids = np.concatenate(history.ids) if history.ids else np.empty(0, dtype=np.int64)
    order = np.lexsort((np.arange(len(ids)), rows[:, kl.TIME_S], ids))
    rows, ids = rows[order], ids[order]
    # Of several updates at one time the last one knows most.
    last = np.ones(len(ids), dtype=bool)
    last[:-1] = (np.diff(ids) != 0) | (np.diff(rows[:, kl.TIME_S]) != 0.0)
    rows, ids = rows[last], ids[last]
    names, times, blocks = [], [], []
    for name in sorted(history.shown):
        own = np.ascontiguousarray(rows[slice(*np.searchsorted(ids, (name, name + 1)))])
        begin, end = own[0, kl.TIME_S] - phase_s, own[-1, kl.TIME_S] - phase_s
        steps = np.arange(np.ceil(begin / period_s), np.floor(end / period_s) + 1)
        at_s = phase_s + steps * period_s
        out = np.empty((len(at_s), kl.BLOCK))
        km.smooth_into(own, at_s, options, out)
        names.append(np.full(len(at_s), name))
        times.append(at_s)
        blocks.append(out)
    block = np.concatenate(blocks) if blocks else np.empty((0, kl.BLOCK))
    return Smoothed(
        np.concatenate(names) if names else np.empty(0, dtype=np.int64),
        np.concatenate(times) if times else np.empty(0),
        block[:, :6].copy(),
        block[:, 6:].take(SYMMETRIC, 1),
    )
