"""A recorded scenario through the tracker, second by second, as it would have arrived."""

import itertools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.model import DetectionBatch, Sensor
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_step as kt
from tocsin.track.state import TrackerState, live
from tocsin.track.step import plots_of, run_events_into, scratch_for, slices_of
from tocsin.units import DEG

__all__ = ["SHOWN", "follow"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

SHOWN = (
    "time_s", "east_m", "north_m", "up_m", "ve", "vn", "vu",
    "see", "sen", "seu", "snn", "snu", "suu", "existence",
)  # fmt: skip

_CHUNK = 32_768  # rows converted at a time: bounds the memory
_LATE_S = 0.05  # an arrival later than this after its time shows that a sensor can be late
_TIMEOUT_PERIODS = 1.5  # after which a look of such a sensor without plots counts as empty
_SLACK_S = 1e-3  # Unix seconds in float64 are exact to 2e-7 s
_AHEAD_S = 1.0  # a detection from farther in the future is not used
_SMALL = 200  # plots, and tracks, up to which several scans share a call
_QUANTILE = 0.999  # of the thread CPU time of a scan


def follow(
    tracker: TrackerState, columns: Columns, sensors: Sequence[Sensor], t0: float
) -> tuple[Floats, Ints, float]:
    """Return rows (see `SHOWN`) and their track ids at every whole second after t0, and the
    slowest scan in ms of thread CPU time (99.9 %).

    columns: sensor (index), time_s, arrival_s, range_m, azimuth_deg, elevation_deg,
    range_rate_mps, in the order of arrival.
    """
    arrival = columns["arrival_s"]
    if not len(arrival):
        return np.empty((0, len(SHOWN))), np.empty(0, dtype=np.int64), 0.0
    second = np.ceil(arrival - t0 - 1e-6).astype(np.int64)
    looks, look_second = _looks(tracker, columns, sensors, t0)
    shown = _Shown(tracker)
    begin, done = 0, 0
    while begin < len(arrival):
        # A chunk ends with a whole second: what arrived in one second is sorted together.
        last = int(second[min(begin + _CHUNK, len(arrival)) - 1])
        end = int(np.searchsorted(second, last, side="right"))
        in_chunk = (look_second > done) & (look_second <= last)
        plots, events = _chunk(
            tracker, columns, second, begin, end, looks[in_chunk], look_second[in_chunk],
            done=done, last=last, t0=t0,
        )  # fmt: skip
        _run(tracker, plots, events, shown)
        begin, done = end, last
    return shown.rows[: shown.count], shown.ids[: shown.count], shown.slowest_ms()


class _Shown:
    """Rows that were shown, and the time that each scan took."""

    def __init__(self, tracker: TrackerState) -> None:
        self.tracker = tracker
        self.rows = np.empty((1024, len(SHOWN)))
        self.count = 0
        self.ids = np.empty(1024, dtype=np.int64)
        self.scan_s: list[float] = []
        self.scratch = np.empty((1, kl.SCRATCH_WIDTH))
        self.motion = np.full(kl.MOTION_WIDTH, np.nan)

    def add(self, now_s: float) -> None:
        tracker, n = self.tracker, live(self.tracker)
        if self.count + n > len(self.rows):
            more = np.empty((2 * (self.count + n), len(SHOWN)))
            more[: self.count] = self.rows[: self.count]
            self.rows = more
            self.ids = np.concatenate(
                [self.ids[: self.count], np.empty(len(more) - self.count, dtype=np.int64)]
            )
        self.count = kt.show_into(
            tracker.tracks, tracker.ints, n, now_s, tracker.options, self.motion, self.scratch,
            self.rows, self.ids, self.count,
        )  # fmt: skip

    def slowest_ms(self) -> float:
        if not self.scan_s:
            return 0.0
        ordered = sorted(self.scan_s)
        return 1000.0 * ordered[min(math.ceil(_QUANTILE * len(ordered)), len(ordered)) - 1]


def _looks(
    tracker: TrackerState, columns: Columns, sensors: Sequence[Sensor], t0: float
) -> tuple[Floats, Ints]:
    """Return the looks of all sensors as events, and the second in which each is known.

    A look is known at once, with or without plots. Once a sensor has been late, a look of it
    without plots is known only after a time-out: its plots might still come.
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
        events[:, kl.E_START_S], events[:, kl.E_END_S] = at_s - _SLACK_S, at_s + _SLACK_S
        events[:, kl.E_WIDTH] = math.tau + 1.0
        parts.append(events)
        seconds.append(np.ceil(known_s - t0 - 1e-6).astype(np.int64))
    return np.concatenate(parts), np.concatenate(seconds)


def _chunk(
    tracker: TrackerState, columns: Columns, second: Ints, begin: int, end: int,
    looks: Floats, look_second: Ints, *, done: int, last: int, t0: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return plots and events: what arrived after `done`, up to `last`, and the end of each
    second.
    """
    rows = slice(begin, end)
    future = ~(columns["time_s"][rows] <= columns["arrival_s"][rows] + _AHEAD_S)
    if np.any(future):
        tracker.unused["from the future"] = tracker.unused.get("from the future", 0) + int(
            future.sum()
        )
    plots, sensor, kept = plots_of(tracker, _batch_of(columns, rows, future), np.inf)
    plots, events, plot_second = slices_of(tracker, plots, sensor, second[rows][kept])
    ticks = np.zeros((last - done, kl.EVENT_WIDTH))
    tick_second = np.arange(done + 1, last + 1)
    ticks[:, kl.E_KIND], ticks[:, kl.E_END_S] = kl.TICK, t0 + tick_second
    all_events = np.concatenate([events, looks, ticks])
    all_seconds = np.concatenate([plot_second, look_second, tick_second])
    order = np.lexsort(
        (all_events[:, kl.E_SENSOR], all_events[:, kl.E_KIND], all_events[:, kl.E_END_S],
         all_events[:, kl.E_KIND] == kl.TICK, all_seconds)
    )  # fmt: skip
    return plots, np.ascontiguousarray(all_events[order])


def _batch_of(columns: Columns, rows: slice, unusable: NDArray[np.bool_]) -> DetectionBatch:
    batch = DetectionBatch.blank(rows.stop - rows.start)
    batch.time_s[:] = columns["time_s"][rows]
    batch.arrival_s[:] = columns["arrival_s"][rows]
    batch.sensor[:] = np.where(unusable, -1, columns["sensor"][rows])
    batch.range_m[:] = columns["range_m"][rows]
    batch.azimuth_rad[:] = columns["azimuth_deg"][rows] * DEG
    batch.elevation_rad[:] = columns["elevation_deg"][rows] * DEG
    batch.range_rate_mps[:] = columns["range_rate_mps"][rows]
    return batch


def _run(tracker: TrackerState, plots: Floats, events: Floats, shown: _Shown) -> None:
    """Apply the events, one call a scan (a sensor's slices and its look); several small scans
    between two whole seconds share a call, whose time then stands for each of them.
    """
    kind, sensor = events[:, kl.E_KIND], events[:, kl.E_SENSOR]
    fresh = np.ones(len(events), dtype=bool)
    fresh[1:] = (sensor[1:] != sensor[:-1]) | (kind[1:] == kl.TICK) | (kind[:-1] != kl.SLICE)
    starts = [*np.flatnonzero(fresh).tolist(), len(events)]
    ticks, ends = (kind == kl.TICK).tolist(), events[:, kl.E_END_S].tolist()
    plots_before = [0, *np.cumsum(events[:, kl.E_COUNT]).astype(int).tolist()]
    scratch = scratch_for(len(tracker.tracks), int(events[:, kl.E_COUNT].max(initial=1)))
    begin = 0
    for end, after in itertools.pairwise(starts[1:] + starts[-1:]):
        small = plots_before[after] - plots_before[begin] <= _SMALL and not ticks[end - 1]
        if small and after > end and live(tracker) <= _SMALL:
            continue
        before_s = time.thread_time()
        scratch = run_events_into(tracker, plots, events, begin, end, [], scratch)
        if end - begin > 1 or not ticks[begin]:
            shown.scan_s.append(time.thread_time() - before_s)
        if ticks[end - 1]:
            shown.add(ends[end - 1])
        begin = end
