"""A recorded scenario through the tracker, second by second, as it would have arrived."""

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.model import DetectionBatch, Sensor
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_step as kt
from tocsin.track.lag import after_order_into, enter_into, orderly_into, settled_into
from tocsin.track.run import Scratch, run_events_into
from tocsin.track.slices import slices_of
from tocsin.track.state import TrackerState, live
from tocsin.track.step import plots_of
from tocsin.units import DEG

__all__ = ["SHOWN", "Followed", "batch_of", "follow", "looks_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

SHOWN = (
    "time_s", "east_m", "north_m", "up_m", "ve", "vn", "vu",
    "see", "sen", "seu", "snn", "snu", "suu", "existence",
)  # fmt: skip

_CHUNK = 16_384  # rows converted at a time: bounds the memory
_LATE_S = 0.05  # an arrival later than this after its time shows that a sensor can be late
_OUT = 14.0  # false alarms that did not come (one in a million) say that a sensor is out
_TIMEOUT_PERIODS = 1.5  # after which a look of such a sensor without plots counts as empty
_SLACK_S = 1e-3  # a look begins so much before its plots
_EXACT_S = 1e-6  # and ends so much after them: Unix seconds in float64 are exact to 2e-7 s
_AHEAD_S = 1.0  # a detection from farther in the future is not used
_SMALL = 200  # plots, and tracks, up to which several scans share a call
_QUANTILE = 0.999  # of the thread CPU time of a scan


@dataclass(frozen=True, slots=True)
class Followed:
    """Rows (see `SHOWN`) with their track ids: what was shown, and what was known of each
    second `lag_s` later; and the slowest scan in ms of thread CPU time (99.9 %).
    """

    rows: Floats
    ids: Ints
    settled_rows: Floats
    settled_ids: Ints
    slowest_ms: float


def follow(
    tracker: TrackerState,
    columns: Columns,
    sensors: Sequence[Sensor],
    t0: float,
    *,
    lag_s: float = 0.0,
    each: Callable[[TrackerState, float], None] | None = None,
) -> Followed:
    """Return what is shown at every whole second after t0, from what had arrived by then.

    columns: sensor (index), time_s, arrival_s, range_m, azimuth_deg, elevation_deg,
    range_rate_mps, in the order of arrival. The tracker's seconds begin with t0 (its phase_s).
    lag_s: also what is known of each second so much later; at most the tracker's late_s.
    each: called with the tracker and the time whenever something is shown; changes nothing.
    """
    # What is of before t0 is taken in the first second.
    second = np.maximum(np.ceil(columns["arrival_s"] - t0 - _EXACT_S), 1).astype(np.int64)
    looks, look_second = looks_of(tracker, columns, sensors, t0)
    orderly = _orderly_until(tracker, columns, second, t0, looks, look_second)
    stop = int(second[-1]) if len(second) else 0
    behind = math.ceil(lag_s)
    shown, settled = _Shown(each), _Shown()
    calls = _Calls()
    done = 0
    while done < stop:
        begin = int(np.searchsorted(second, done, side="right"))
        last = done + 1
        if done < orderly:
            # A chunk ends with a whole second: what came in one second is sorted together.
            last = max(last, min(int(second[min(begin + _CHUNK, len(second)) - 1]), orderly))
        end = int(np.searchsorted(second, last, side="right"))
        now = looks[(look_second > done) & (look_second <= last)]
        plots, row, _ = plots_of(tracker, batch_of(tracker, columns, slice(begin, end)), np.inf)
        plots, row, slices = slices_of(tracker, plots, row, now)
        if done < orderly:
            seconds: Floats = t0 + np.arange(done + 1.0, last + 1.0)
            _run_in_order(tracker, plots, row, slices, now, seconds, shown, calls)
        else:
            before_s = time.thread_time()
            enter_into(tracker, plots, row, slices, now, t0 + last, [])
            calls.scan_s.append(time.thread_time() - before_s)
            shown.add(tracker, t0 + last)
            if last > behind > 0:
                settled.add(settled_into(tracker, t0 + last - behind), t0 + last - behind)
        if behind and done < orderly <= last:
            # So far what is known later is what was shown.
            settled.take(shown, t0 + (last if last == stop else last - behind))
        done = last
    for number in range(max(stop - behind, 0) + 1, stop + 1) if orderly < stop else ():
        settled.add(settled_into(tracker, t0 + number), t0 + number)
    ordered = sorted(calls.scan_s) or [0.0]
    slowest = ordered[min(math.ceil(_QUANTILE * len(ordered)), len(ordered)) - 1]
    return Followed(*shown.all(), *settled.all(), 1000.0 * slowest)


@dataclass(slots=True)
class _Calls:
    """Thread CPU seconds of each call, and the work space that the next one takes over."""

    scan_s: list[float] = field(default_factory=list)
    scratch: Scratch | None = None


class _Shown:
    """Rows that were shown, in room that grows."""

    def __init__(self, each: Callable[[TrackerState, float], None] | None = None) -> None:
        self.each = each
        self.rows = np.empty((1024, len(SHOWN)))
        self.count = 0
        self.ids = np.empty(1024, dtype=np.int64)
        self.scratch = np.empty((1, kl.SCRATCH_WIDTH))
        self.motion = np.full(kl.MOTION_WIDTH, np.nan)

    def add(self, tracker: TrackerState, now_s: float) -> None:
        n = live(tracker)
        self._make_room(n)
        self.count = kt.show_into(
            tracker.tracks, tracker.ints, n, now_s, tracker.options, self.motion, self.scratch,
            self.rows, self.ids, self.count,
        )  # fmt: skip
        if self.each is not None:
            self.each(tracker, now_s)

    def take(self, other: "_Shown", until_s: float) -> None:
        rows, ids = other.all()
        n = int(np.searchsorted(rows[:, 0], until_s, side="right"))
        self.rows, self.ids, self.count = rows[:n].copy(), ids[:n].copy(), n

    def all(self) -> tuple[Floats, Ints]:
        return self.rows[: self.count], self.ids[: self.count]

    def _make_room(self, n: int) -> None:
        if self.count + n <= len(self.rows):
            return
        more = np.empty((2 * (self.count + n), len(SHOWN)))
        more[: self.count] = self.rows[: self.count]
        self.rows = more
        room = np.empty(len(more) - self.count, dtype=np.int64)
        self.ids = np.concatenate([self.ids[: self.count], room])


def looks_of(
    tracker: TrackerState, columns: Columns, sensors: Sequence[Sensor], t0: float
) -> tuple[Floats, Ints]:
    """Return the looks of all sensors as events, and the second in which each is known.

    A look is known at once, with or without plots. Once a sensor has been late, a look of it
    without plots is known only after a time-out: its plots might still come. After so many
    looks without a plot that its false alarms alone would have come, a sensor is out, and there
    are no looks until plots come again.
    """
    time_s, arrival_s = columns["time_s"], columns["arrival_s"]
    finite = np.isfinite(time_s) & (time_s <= arrival_s + _AHEAD_S)
    if not finite.any():
        return np.zeros((0, kl.EVENT_WIDTH)), np.zeros(0, dtype=np.int64)
    stop_s = float(arrival_s[finite].max())
    parts, seconds = [], []
    for index, sensor in enumerate(sensors):
        k = int(tracker.row_of_roster[index])
        if k < 0:
            continue
        period_s = sensor.scan_period_s
        count = max(math.floor((stop_s - t0 - sensor.phase_s) / period_s + 1e-6) + 1, 0)
        at_s = t0 + sensor.phase_s + period_s * np.arange(count)
        own = np.flatnonzero((columns["sensor"] == index) & finite)
        number = np.rint((time_s[own] - t0 - sensor.phase_s) / period_s).astype(np.int64)
        inside = (number >= 0) & (number < count)
        heard_s = np.full(count, np.inf)
        heard_s[number[inside]] = arrival_s[own][inside]
        late = own[arrival_s[own] - time_s[own] > _LATE_S]
        late_since_s = arrival_s[late].min() if len(late) else np.inf
        timeout_s = at_s + _TIMEOUT_PERIODS * period_s
        known_s = np.where(
            at_s < late_since_s, at_s, np.minimum(np.maximum(heard_s, at_s), timeout_s)
        )
        events = np.zeros((count, kl.EVENT_WIDTH))
        events[:, kl.E_KIND], events[:, kl.E_SENSOR] = kl.LOOK, k
        events[:, kl.E_START_S], events[:, kl.E_END_S] = at_s - _SLACK_S, at_s + _EXACT_S
        events[:, kl.E_WIDTH] = math.tau + 1.0
        looking = _empty_before(number[inside], count) * sensor.false_alarms_per_scan <= _OUT
        parts.append(events[looking])
        seconds.append(np.ceil(known_s - t0 - _EXACT_S).astype(np.int64)[looking])
    return np.concatenate(parts), np.concatenate(seconds)


def _empty_before(with_plots: Ints, count: int) -> Ints:
    """Return (count,) how many looks in a row had no plots, each counted with those before."""
    number = np.arange(count)
    newest = np.full(count, -1, dtype=np.int64)
    newest[with_plots] = with_plots
    return number - np.maximum.accumulate(newest)


def _orderly_until(
    tracker: TrackerState, columns: Columns, second: Ints, t0: float, looks: Floats,
    look_second: Ints,
) -> int:  # fmt: skip
    """Return the last second up to which everything came in the order of its times, so that
    no second has to be looked at singly.
    """
    stop = int(second[-1]) if len(second) else 0
    time_s, sensor = columns["time_s"], columns["sensor"]
    row = np.where(sensor >= 0, tracker.row_of_roster[np.maximum(sensor, 0)], -1)
    usable = np.flatnonzero((row >= 0) & (time_s <= columns["arrival_s"] + _AHEAD_S))
    time_s, row, second = time_s[usable], row[usable], second[usable]
    into_s = time_s - t0 - (second - 1)
    wrong = [second[~((into_s > 2 * _EXACT_S) & (into_s <= 1.0 + _EXACT_S))]]
    into_s = looks[:, kl.E_END_S] - t0 - (look_second - 1)
    wrong.append(look_second[~((into_s > 0.0) & (into_s <= 1.0 + 2 * _EXACT_S))])
    # Plots of one sensor, so near that they are of one slice, on both sides of a second's end.
    order = np.lexsort((time_s, row))
    near = np.diff(time_s[order]) <= tracker.sensors[row[order][1:], ks.SLICE_S]
    split = near & (np.diff(row[order]) == 0) & (np.diff(second[order]) != 0)
    wrong.append(second[order][1:][split])
    return min((int(part.min()) - 1 for part in wrong if len(part)), default=stop)


def batch_of(tracker: TrackerState, columns: Columns, rows: slice) -> DetectionBatch:
    """Return rows as detections; those from the future are counted and of no sensor."""
    future = ~(columns["time_s"][rows] <= columns["arrival_s"][rows] + _AHEAD_S)
    if np.any(future):
        count = tracker.unused.get("from the future", 0) + int(np.count_nonzero(future))
        tracker.unused["from the future"] = count
    batch = DetectionBatch.blank(rows.stop - rows.start)
    batch.time_s[:] = columns["time_s"][rows]
    batch.arrival_s[:] = columns["arrival_s"][rows]
    batch.sensor[:] = np.where(future, -1, columns["sensor"][rows])
    batch.range_m[:] = columns["range_m"][rows]
    batch.azimuth_rad[:] = columns["azimuth_deg"][rows] * DEG
    batch.elevation_rad[:] = columns["elevation_deg"][rows] * DEG
    batch.range_rate_mps[:] = columns["range_rate_mps"][rows]
    return batch


def _run_in_order(
    tracker: TrackerState, plots: Floats, row: Ints, slices: Floats, looks: Floats,
    seconds: Floats, shown: _Shown, calls: _Calls,
) -> None:  # fmt: skip
    """Apply seconds in which nothing is late, one call a scan (a sensor's slices and its
    look); several small scans of a second share a call, whose time then stands for each.
    """
    events = orderly_into(tracker, plots, row, slices, looks, len(seconds), float(seconds[0]))
    kind, sensor = events[:, kl.E_KIND], events[:, kl.E_SENSOR]
    number = np.searchsorted(seconds, events[:, kl.E_END_S] - 2 * _EXACT_S)
    fresh = np.ones(len(events), dtype=bool)
    fresh[1:] = (
        (sensor[1:] != sensor[:-1]) | (kind[1:] == kl.TICK) | (kind[:-1] != kl.SLICE)
        | (number[1:] != number[:-1])
    )  # fmt: skip
    starts = [*np.flatnonzero(fresh).tolist(), len(events)]
    ticks, numbers = (kind == kl.TICK).tolist(), [*number.tolist(), len(seconds)]
    plots_before = [0, *np.cumsum(events[:, kl.E_COUNT]).astype(int).tolist()]
    begin = 0
    for end, after in itertools.pairwise(starts[1:] + starts[-1:]):
        over = numbers[end] != numbers[begin]
        small = plots_before[after] - plots_before[begin] <= _SMALL and not over
        if small and after > end and live(tracker) <= _SMALL:
            continue
        before_s = time.thread_time()
        calls.scratch = run_events_into(tracker, plots, events, begin, end, [], calls.scratch)
        if end - begin > 1 or not ticks[begin]:
            calls.scan_s.append(time.thread_time() - before_s)
        if over:
            shown.add(tracker, float(seconds[numbers[begin]]))
        begin = end
    after_order_into(tracker, plots, events)
