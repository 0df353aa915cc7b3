"""Moments that the tracker can go back to, and what has come since the oldest of them."""

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.track import _kernels_layout as kl
from tocsin.track._kernels_events import done_into
from tocsin.track.registration import RegistrationState
from tocsin.track.state import BY_TRACK, LagState, Moment, TrackerState, live

__all__ = [
    "MOMENT_S",
    "first_moment",
    "go_back_into",
    "keep_moment_into",
    "keep_rows_into",
    "limit_s",
    "moments_due",
    "note_done_into",
    "trim_into",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOMENT_S = 5  # a copy of all tracks costs as much as a scan; going back costs what came since
_BETWEEN = 2  # moments kept besides those
_OFTEN_S = 60  # after something late a moment is kept every second: more will come late
_ROWS = 1_048_576  # plots kept, 150 MB: 100,000 a second for the lag of 10 s
_NEVER = -np.inf
# Not part of a moment: what stays as it was made, and what only grows.
_FIXED = ("roster", "row_of_roster", "natures", "options")


def moments_due(
    tracker: TrackerState, events: Floats, begin: int, end: int, also_s: float
) -> list[int]:
    """Return the places right after ticks among events begin..end after which a moment is due:
    none while something late waits for its place. also_s: while what was late is put in its
    place, the time from which on a moment is due after each tick; NaN otherwise.
    """
    lag = tracker.lag
    if lag.dirty:
        return []
    until_s = math.inf
    if math.isnan(also_s):
        also_s, until_s = -math.inf, lag.phase_s + lag.rewound + _OFTEN_S
    kinds: list[float] = events[begin:end, kl.E_KIND].tolist()
    return [
        place + 1
        for place, kind in enumerate(kinds, begin)
        if kind == kl.TICK
        and (
            also_s <= (at_s := float(events[place, kl.E_END_S])) <= until_s
            or _is_regular(lag, at_s)
        )
    ]


def _is_regular(lag: LagState, at_s: float) -> bool:
    return not math.isfinite(at_s) or round(at_s - lag.phase_s) % MOMENT_S == 0


def keep_moment_into(tracker: TrackerState, events: Floats) -> None:
    """Keep a moment after the last of these events, a tick; they are those of this run."""
    lag, at_s = tracker.lag, float(events[-1, kl.E_END_S])
    before_s = lag.moments[-1].at_s if lag.moments else _NEVER
    # Of those between the regular ones only the newest are of use, and snapshots hold all: the
    # last one, and one more for what comes late across a second's end.
    between = [n for n, m in enumerate(lag.moments) if not _is_regular(lag, m.at_s)]
    for n in reversed(between[: 1 - _BETWEEN]):
        del lag.moments[n]
    note_done_into(
        lag, tracker.sensors, events[np.searchsorted(events[:, kl.E_END_S], before_s) :]
    )
    registration = _copy_of(tracker.registration)
    arrays = _arrays_of(tracker, live(tracker))
    lag.moments.append(Moment(at_s, arrays, registration, lag.done_s.copy(), lag.cut_s.copy()))


def first_moment(tracker: TrackerState) -> Moment:
    """Return the moment before anything came."""
    nothing = np.full(len(tracker.sensors), _NEVER)
    arrays = _arrays_of(tracker, 0)
    return Moment(_NEVER, arrays, _copy_of(tracker.registration), nothing, nothing.copy())


def _arrays_of(tracker: TrackerState, n: int) -> dict[str, NDArray[Any]]:
    """Return copies of the columns that change, the first n rows of those by track."""
    return {
        f.name: (value[:n] if f.name in BY_TRACK else value).copy()
        for f in fields(tracker)
        if isinstance(value := getattr(tracker, f.name), np.ndarray) and f.name not in _FIXED
    }


def _copy_of(state: RegistrationState) -> RegistrationState:
    return replace(state, **{f.name: getattr(state, f.name).copy() for f in fields(state)})


def go_back_into(tracker: TrackerState, moment: Moment) -> None:
    """Make the tracker know what it knew at that moment; ids are never used again."""
    next_id = tracker.counters[kl.NEXT_ID]
    for name, value in moment.arrays.items():
        if name in BY_TRACK:
            getattr(tracker, name)[: len(value)] = value
        else:
            setattr(tracker, name, value.copy())
    tracker.counters[kl.NEXT_ID] = next_id
    tracker.registration = _copy_of(moment.registration)
    tracker.lag.done_s, tracker.lag.cut_s = moment.done_s.copy(), moment.cut_s.copy()


def note_done_into(lag: LagState, sensors: Floats, events: Floats) -> None:
    """Note how far the plots of each sensor have been applied with these events."""
    done_into(events, sensors, lag.done_s, lag.cut_s)


def keep_rows_into(lag: LagState, plots: Floats, sensors: Ints, looks: Floats) -> None:
    """Keep what has come, as it came, until the oldest moment lies behind it."""
    if len(plots):
        lag.plots.append(plots.copy())
        lag.sensors.append(sensors)
    if len(looks):
        lag.looks.append(looks)


def limit_s(tracker: TrackerState) -> float:
    """Return the time before which what comes now is too late to be put in its place."""
    lag = tracker.lag
    ticked_s = _NEVER if lag.tick is None else lag.phase_s + lag.tick
    oldest_s = lag.moments[0].at_s if lag.moments else _NEVER
    return max(max(tracker.newest_s, ticked_s) - tracker.late_s, oldest_s)


def trim_into(tracker: TrackerState) -> None:
    """Let go of moments that nothing will need, and of the rows before the oldest one left."""
    lag, before = tracker.lag, len(tracker.lag.moments)
    ticked_s = _NEVER if lag.tick is None else lag.phase_s + lag.tick
    old_s = max(tracker.newest_s, ticked_s) - tracker.late_s
    while len(lag.moments) > 1 and (
        (lag.moments[1].at_s < old_s and lag.moments[1].cut_s.max(initial=_NEVER) < old_s)
        or sum(map(len, lag.plots)) > _ROWS
    ):
        del lag.moments[0]
        if sum(map(len, lag.plots)) > _ROWS:
            _drop_rows_into(lag)
    if len(lag.moments) < before:
        _drop_rows_into(lag)


def _drop_rows_into(lag: LagState) -> None:
    oldest = lag.moments[0]
    for n, (plots, sensors) in enumerate(zip(lag.plots, lag.sensors)):
        keep = plots[:, kl.P_TIME] > oldest.done_s[sensors]
        if not keep.all():
            lag.plots[n], lag.sensors[n] = plots[keep], sensors[keep]
    kept = [n for n, plots in enumerate(lag.plots) if len(plots)]
    lag.plots, lag.sensors = [lag.plots[n] for n in kept], [lag.sensors[n] for n in kept]
    looks = [part[part[:, kl.E_END_S] > oldest.at_s] for part in lag.looks]
    lag.looks = [part for part in looks if len(part)]
