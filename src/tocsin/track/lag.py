"""Late and out-of-order data, put in its place: an exact fixed-lag replay.

The order that counts is that of the data's own times: plots cut into slices by sensor (none
across the end of a look, which would judge plots that it has not seen), ends of looks, and a
tick after each whole second. What comes in that order is applied as it comes, and every few
seconds a copy of all that the tracker knows is kept (`moments`). What comes late is applied at
once as well as it can be, and a second or two later the tracker goes back to the newest moment
before it and takes everything since in its right order. So what is known of a time `late_s`
ago does not depend on the order in which the data came.

A track that begins with the same plot again keeps its id; so does one that takes the place of a
shown track which began after that moment. A shown track that is not there any more ends with a
"revised" event.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.model import TrackEvent
from tocsin.track import _kernels_layout as kl
from tocsin.track._kernels_events import late_into
from tocsin.track.fusion import near_pairs
from tocsin.track.moments import (
    first_moment,
    go_back_into,
    keep_rows_into,
    note_done_into,
    trim_into,
)
from tocsin.track.run import Scratch, run_events_into
from tocsin.track.slices import cut
from tocsin.track.state import LagState, Moment, TrackerState, live
from tocsin.track.tables import SYMMETRIC, report

__all__ = ["after_order_into", "enter_into", "in_order", "orderly_into", "settled_into"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# How long what came late waits for its place: going back costs at most what came in 15 s. Where
# it lies no farther back than the time since the last one, half as long costs the same in all,
# and whatever comes meanwhile waits half as long.
REWIND_S = 2
_SOON_S = 1
_MOST_WAIT_S = 2.0  # a tick waits no longer for what is under way; expiry counts by 30 s
_MOST_TICKS = 3600  # of one gap without any step; what was there has long expired
_NO_EVENTS = np.zeros((0, kl.EVENT_WIDTH))  # shared: nothing can be written to it
_SAME = 0.999  # share of tracks of one thing, known from the same data, that the test joins


def in_order(events: Floats) -> Ints:
    """Return the places of events in the order that counts."""
    if len(events) < 2:
        return np.zeros(len(events), dtype=np.int64)
    return np.lexsort(
        (events[:, kl.E_FROM], events[:, kl.E_START_S], events[:, kl.E_SENSOR],
         events[:, kl.E_KIND], events[:, kl.E_END_S])
    )  # fmt: skip


def enter_into(
    tracker: TrackerState, plots: Floats, sensors: Ints, slices: Floats, looks: Floats,
    now_s: float, happened: list[TrackEvent], scratch: Scratch | None = None,
) -> Scratch | None:  # fmt: skip
    """Apply what has come by now_s, and go back first or afterwards as far as it came late.

    plots: packed, in the order of their slices; sensors: their rows; slices and looks: events.
    """
    lag = tracker.lag
    if not lag.moments and lag.tick is None:
        lag.moments.append(first_moment(tracker))
    keep_rows_into(lag, plots, sensors, looks)
    events = np.concatenate([slices, looks])
    events = events[in_order(events)]
    _note_late_into(tracker, events)
    if len(events):
        behind_s = now_s - float(events[0, kl.E_END_S])
        lag.wait_s = max(lag.wait_s, min(behind_s, _MOST_WAIT_S))
        lag.high = max(lag.high, _key_of(events[-1]))
    ticks = _ticks_due(tracker, events, now_s)
    if len(ticks):
        events = np.concatenate([events, ticks])
        events = events[in_order(events)]
        lag.high = max(lag.high, _key_of(ticks[-1]))
    if len(events):
        scratch = run_events_into(tracker, plots, events, 0, len(events), happened, scratch)
        note_done_into(lag, tracker.sensors, events)
        if len(plots):
            lag.plots[-1][:, kl.P_BORN] = plots[:, kl.P_BORN]
    if lag.dirty and _is_due(lag):
        _rewind_into(tracker, happened)
    trim_into(tracker)
    return scratch


def orderly_into(
    tracker: TrackerState, plots: Floats, sensors: Ints, slices: Floats, looks: Floats,
    seconds: int, first_s: float,
) -> Floats:  # fmt: skip
    """Keep what has come in the order that counts; return it as events, with the ticks of so
    many seconds from first_s on. To be followed by a run of them all and `after_order_into`.
    """
    lag = tracker.lag
    if lag.tick is None:
        lag.moments.append(first_moment(tracker))
        lag.tick = round(first_s - lag.phase_s) - 1
    keep_rows_into(lag, plots, sensors, looks)
    ticks = tick_events(lag.phase_s, lag.tick, lag.tick + seconds)
    lag.tick += seconds
    events = np.concatenate([slices, looks, ticks])
    return events[in_order(events)]


def after_order_into(tracker: TrackerState, plots: Floats, events: Floats) -> None:
    """Note what has been applied."""
    lag = tracker.lag
    note_done_into(lag, tracker.sensors, events)
    if len(plots):
        lag.plots[-1][:, kl.P_BORN] = plots[:, kl.P_BORN]
    if len(events):
        lag.high = _key_of(events[-1])
    trim_into(tracker)


def _key_of(event: Floats) -> tuple[float, float, float]:
    return float(event[kl.E_END_S]), float(event[kl.E_KIND]), float(event[kl.E_SENSOR])


def _note_late_into(tracker: TrackerState, events: Floats) -> None:
    """Give up the moments that lie after something which comes only now."""
    lag = tracker.lag
    late = np.empty(len(events), dtype=np.bool_)
    if not late_into(events, *lag.high, lag.cut_s, late):
        return
    row = events[:, kl.E_SENSOR].astype(np.int64)
    is_slice, end_s = events[:, kl.E_KIND] == kl.SLICE, events[:, kl.E_END_S]
    lag.dirty = True
    from_s = np.where(is_slice, events[:, kl.E_START_S], end_s)[late]
    row, is_slice = row[late], is_slice[late]
    while len(lag.moments) > 1:
        newest = lag.moments[-1]
        if np.all((from_s > newest.at_s) & (~is_slice | (from_s > newest.cut_s[row]))):
            break
        lag.moments.pop()


def _ticks_due(tracker: TrackerState, events: Floats, now_s: float) -> Floats:
    """Return the ticks that these events or the time bring, and note them as done."""
    lag = tracker.lag
    newest_s = lag.high[0]
    if not math.isfinite(newest_s):
        return _NO_EVENTS
    if lag.tick is None:
        lag.tick = math.floor(float(events[:, kl.E_END_S].min()) - lag.phase_s)
    by_event = math.ceil(newest_s - lag.phase_s) - 1
    by_time = math.floor(now_s - lag.wait_s - lag.phase_s)
    last = max(by_event, by_time, lag.tick)
    if last == lag.tick:
        return _NO_EVENTS
    ticks = tick_events(lag.phase_s, lag.tick, last)
    lag.tick = last
    return ticks


def tick_events(phase_s: float, after: int, last: int) -> Floats:
    """Return the ticks after the second `after`, up to `last`."""
    numbers = np.arange(after + 1, min(last, after + _MOST_TICKS) + 1)
    ticks = np.zeros((len(numbers), kl.EVENT_WIDTH))
    ticks[:, kl.E_KIND], ticks[:, kl.E_END_S] = kl.TICK, phase_s + numbers
    return ticks


def _replay_into(
    tracker: TrackerState, owner: TrackerState, moment: Moment, until_s: float, last_tick: int,
    happened: list[TrackEvent],
) -> None:  # fmt: skip
    """Take tracker from the moment on with what owner has kept, up to until_s."""
    lag = owner.lag
    if not lag.plots and not lag.looks and not math.isfinite(moment.at_s):
        return
    kept = np.concatenate(lag.plots or [np.empty((0, kl.PLOT_WIDTH))])
    kept_sensors = np.concatenate(lag.sensors or [np.empty(0, dtype=np.int64)])
    looks = np.concatenate(lag.looks or [np.empty((0, kl.EVENT_WIDTH))])
    place = np.flatnonzero(kept[:, kl.P_TIME] > moment.done_s[kept_sensors])
    looks = looks[looks[:, kl.E_END_S] > moment.at_s]
    order, slices = cut(tracker.sensors, kept[place, kl.P_TIME], kept_sensors[place], looks)
    place = place[order]
    plots = np.ascontiguousarray(kept[place])
    events = np.concatenate([slices, looks])
    events = events[events[:, kl.E_END_S] <= until_s]
    if len(events) or math.isfinite(moment.at_s):
        begun_s = moment.at_s
        if not math.isfinite(begun_s):
            begun_s = math.floor(float(events[:, kl.E_END_S].min()) - lag.phase_s) + lag.phase_s
        events = np.concatenate(
            [events, tick_events(lag.phase_s, round(begun_s - lag.phase_s), last_tick)]
        )
    events = events[in_order(events)]
    # What comes late next time comes after this tick or the one before it, mostly: then less
    # has to be done again.
    also_s = lag.phase_s + last_tick - 1.0
    run_events_into(tracker, plots, events, 0, len(events), happened, also_s=also_s)
    note_done_into(tracker.lag, tracker.sensors, events)
    kept[place, kl.P_BORN] = plots[:, kl.P_BORN]
    lag.plots, lag.sensors = [kept], [kept_sensors]


def _is_due(lag: LagState) -> bool:
    """Tell whether to go back now for what came late."""
    if lag.tick is None:
        return False
    waited_s, back_s = lag.tick - lag.rewound, lag.phase_s + lag.tick - lag.moments[-1].at_s
    return waited_s >= REWIND_S or (waited_s >= _SOON_S and back_s <= _SOON_S)


def _rewind_into(tracker: TrackerState, happened: list[TrackEvent]) -> None:
    """Go back to the newest moment before what came late, and take all since in its order."""
    lag = tracker.lag
    assert lag.tick is not None
    now_s = lag.phase_s + lag.tick
    moment = lag.moments[-1]
    before, unused = _shown(tracker, now_s), dict(tracker.unused)
    go_back_into(tracker, moment)
    lag.dirty, lag.rewound = False, lag.tick
    _replay_into(tracker, tracker, moment, np.inf, lag.tick, [])
    tracker.unused = unused  # counted when it came
    happened += _reconciled_into(tracker, moment, before, now_s)


def settled_into(tracker: TrackerState, at_s: float) -> TrackerState:
    """Return what is known by now of the time at_s: a tracker that has everything up to then
    in its order. Ids that it needs are taken from, and kept in, the one handed in.

    Raises CallError for a time that lies farther back than the lag.
    """
    lag = tracker.lag
    usable = [moment for moment in lag.moments if moment.at_s <= at_s]
    if not usable:
        raise CallError(
            f"{at_s} lies more than {tracker.late_s} s behind what the tracker knows;"
            " ask for a time within the lag, or set a longer one (option late_s)",
            at_s=at_s, late_s=tracker.late_s,
        )  # fmt: skip
    other = replace(
        tracker,
        **{name: np.zeros_like(getattr(tracker, name)) for name in ("tracks", "ints", "kinds",
           "seen")},
        counters=tracker.counters.copy(),
        lag=replace(lag, dirty=True),  # keeps no moments of its own
        unused=dict(tracker.unused),
    )  # fmt: skip
    go_back_into(other, usable[-1])
    last = math.floor(at_s - lag.phase_s)
    _replay_into(other, tracker, usable[-1], at_s, last, [])
    tracker.counters[kl.NEXT_ID] = other.counters[kl.NEXT_ID]
    return other


def _shown(tracker: TrackerState, at_s: float) -> tuple[Ints, Floats]:
    """Return ids of the shown tracks, and their states and packed covariances at at_s."""
    n = live(tracker)
    shown = tracker.ints[:n, kl.STATUS] != kl.TENTATIVE
    return tracker.ints[:n, kl.ID][shown], report(tracker, at_s)[shown]


def _reconciled_into(
    tracker: TrackerState, moment: Moment, before: tuple[Ints, Floats], now_s: float
) -> list[TrackEvent]:
    """Let tracks keep the ids under which they were shown; return what has changed."""
    ids, rows = before
    known = set(moment.arrays["ints"][:, kl.ID].tolist())
    there = known.union(tracker.ints[: live(tracker), kl.ID].tolist())
    after, after_rows = _shown(tracker, now_s)
    old_ids = set(ids.tolist())
    gone = [r for r, name in enumerate(ids.tolist()) if name not in there]
    fresh = [
        r for r, name in enumerate(after.tolist()) if name not in known and name not in old_ids
    ]
    if gone and fresh:
        pairs, _ = near_pairs(
            rows[gone][:, :6], rows[gone][:, 6:27][:, SYMMETRIC],
            after_rows[fresh][:, :6], after_rows[fresh][:, 6:27][:, SYMMETRIC], gate=_SAME,
        )  # fmt: skip
        old, new = set(range(len(gone))), set(range(len(fresh)))
        for a, b in pairs.tolist():
            if a in old and b in new:
                old.remove(a)
                new.remove(b)
                _rename_into(tracker, int(after[fresh[b]]), int(ids[gone[a]]))
    n = live(tracker)
    after = tracker.ints[:n, kl.ID][tracker.ints[:n, kl.STATUS] != kl.TENTATIVE]
    kept = set(after.tolist())
    return [
        TrackEvent("revised", now_s, name, tracker.site, "rewind")
        for name in ids.tolist()
        if name not in kept
    ] + [
        TrackEvent("confirmed", now_s, name, tracker.site)
        for name in after.tolist()
        if name not in old_ids
    ]


def _rename_into(tracker: TrackerState, new: int, old: int) -> None:
    """Give the track with the id `new` the id `old`, here and in all that was kept of it."""
    mask = (1 << kl.COUNTER_BITS) - 1
    for ints in (tracker.ints, *(m.arrays["ints"] for m in tracker.lag.moments)):
        ints[ints[:, kl.ID] == new, kl.ID] = old
    for plots in tracker.lag.plots:
        born = plots[:, kl.P_BORN]
        born[born == old & mask] = 0.0
        born[born == new & mask] = old & mask
