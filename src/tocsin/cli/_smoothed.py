"""A recorded scenario once more, in the order of its own times, smoothed for the record."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.cli._follow import batch_of, looks_of
from tocsin.model import Sensor
from tocsin.track import _kernels_layout as kl
from tocsin.track.lag import after_order_into, orderly_into
from tocsin.track.run import run_events_into
from tocsin.track.slices import slices_of
from tocsin.track.smoothing import History, Smoothed, note_into, smoothed
from tocsin.track.state import TrackerState
from tocsin.track.step import plots_of

__all__ = ["as_it_was", "with_ids_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK_S = 10  # taken together: bounds the memory
_LATE_S = 0.05
_SAME_M = 50.0  # beside three sigmas: a shown and a smoothed place of one track


def as_it_was(
    tracker: TrackerState,
    columns: dict[str, NDArray[Any]],
    sensors: Sequence[Sensor],
    t0: float,
) -> Smoothed:
    """Return the confirmed tracks at each whole second after t0, from all detections, before
    and after. tracker: an empty one; columns: as `follow` takes them.
    """
    time_s = columns["time_s"]
    usable = np.isfinite(time_s) & (time_s <= columns["arrival_s"] + 1.0)
    in_time = {**columns, "arrival_s": time_s}
    in_time = {name: values[usable] for name, values in in_time.items()}
    order = np.argsort(in_time["time_s"], kind="stable")
    in_time = {name: values[order] for name, values in in_time.items()}
    looks, _ = looks_of(tracker, in_time, sensors, t0)
    history = History()
    times = in_time["time_s"]
    stop = int(np.ceil(times[-1] - t0)) if len(times) else 0
    done, ended_s = 0, -np.inf
    while done < stop:
        last = min(done + _CHUNK_S, stop)
        until_s = t0 + last if last < stop else np.inf
        rows = slice(*np.searchsorted(times, (ended_s, until_s), side="right"))
        plots, row, _ = plots_of(tracker, batch_of(tracker, in_time, rows), np.inf)
        end_s = looks[:, kl.E_END_S]
        now = looks[(end_s > ended_s) & (end_s <= until_s)]
        plots, row, slices = slices_of(tracker, plots, row, now)
        events = orderly_into(tracker, plots, row, slices, now, last - done, t0 + done + 1.0)
        _run_noting(tracker, plots, events, history)
        after_order_into(tracker, plots, events)
        done, ended_s = last, until_s
    return smoothed(history, tracker.options, phase_s=t0 % 1.0)


def _run_noting(tracker: TrackerState, plots: Floats, events: Floats, history: History) -> None:
    """Apply the events; keep what is known after each slice."""
    scratch = None
    begin = 0
    for place in np.flatnonzero(events[:, kl.E_KIND] == kl.SLICE).tolist():
        scratch = run_events_into(tracker, plots, events, begin, place + 1, [], scratch)
        note_into(history, tracker, float(events[place, kl.E_START_S]))
        begin = place + 1
    run_events_into(tracker, plots, events, begin, len(events), [], scratch)


def with_ids_of(
    found: Smoothed, shown: Floats, shown_ids: Ints, columns: dict[str, NDArray[Any]]
) -> Ints:
    """Return (n,) the ids under which the smoothed tracks were shown.

    shown: rows of time, east, north, up, rates and the covariance of position, as `follow` has
    them. Where nothing came late they are the tracker's own. Else a track takes the id of the
    shown one that was at its place for most seconds, and a new id where there was none.
    """
    late = columns["arrival_s"] - columns["time_s"] > _LATE_S
    if not late.any():
        return found.track_id
    votes: dict[tuple[int, int], int] = {}
    order = np.argsort(found.time_s, kind="stable")
    times = found.time_s[order]
    for at_s in np.unique(shown[:, 0]).tolist():
        theirs = order[slice(*np.searchsorted(times, (at_s - 1e-6, at_s + 1e-6)))]
        ours = np.flatnonzero(shown[:, 0] == at_s)
        if not len(theirs):
            continue
        gap = found.state[theirs, None, :3] - shown[None, ours, 1:4]
        far = np.sqrt((gap * gap).sum(axis=2))
        nearest = far.argmin(axis=0)
        limit = _SAME_M + 3.0 * np.sqrt(shown[ours, 7] + shown[ours, 10] + shown[ours, 12])
        for n, place in enumerate(ours.tolist()):
            if far[nearest[n], n] < limit[n]:
                pair = int(found.track_id[theirs[nearest[n]]]), int(shown_ids[place])
                votes[pair] = votes.get(pair, 0) + 1
    name_of: dict[int, int] = {}
    for (own, other), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if own not in name_of and other not in name_of.values():
            name_of[own] = other
    fresh = max([0, *shown_ids.tolist(), *found.track_id.tolist()])
    for own in np.unique(found.track_id).tolist():
        if own not in name_of:
            fresh += 1
            name_of[own] = fresh
    return np.array([name_of[own] for own in found.track_id.tolist()], dtype=np.int64)
