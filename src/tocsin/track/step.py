"""One step: detections and looks in, as events in the order of time; tracks on, in place."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.model import Coverage, DetectionBatch, Report, TrackEvent
from tocsin.model.frames import Nature
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_registration as kr
from tocsin.track import _kernels_step as kt
from tocsin.track._kernels_slices import measured_into, slices_into
from tocsin.track.registration import TIES, parts_of
from tocsin.track.state import TrackerState, grow_into, live

__all__ = ["Scratch", "plots_of", "run_events_into", "scratch_for", "slices_of", "step_into"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AHEAD_S = 1.0  # a plot may be that much newer than `now_s`: clocks are corrected to better
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
    arrays: tuple[NDArray[np.float64] | NDArray[np.int64], ...]
    log: Floats
    ties: Floats


def scratch_for(rows: int, columns: int) -> Scratch:
    """Return work space for that many tracks and plots of one slice."""
    return Scratch(
        rows,
        columns,
        (
            np.empty((rows, kl.SCRATCH_WIDTH)),
            np.empty((rows, kl.EDGES), dtype=np.int64),
            np.empty((3, rows, kl.EDGES)),
            np.empty((5, rows), dtype=np.int64),
            np.empty(rows),
            np.empty((6, columns), dtype=np.int64),
            np.empty((kl.NEAR + 3, columns)),
            np.empty((4, kl.MODE + 3)),
            np.empty(kl.MOTION_WIDTH),
        ),
        np.empty((2 * rows + columns + 16, 4)),
        np.empty((TIES, kr.TIE_WIDTH)),
    )


def step_into(
    tracker: TrackerState,
    detections: DetectionBatch,
    coverages: Iterable[Coverage],
    now_s: float,
) -> tuple[TrackEvent, ...]:
    """Bring the tracker to now_s with what has arrived; return what happened to tracks.

    Rows that are no plots, of other sites' sensors or of sensors without a pose are passed
    over; rows that cannot be used are counted in `tracker.unused` by reason. The order of the
    rows does not matter. No input is changed. Raises CallError, with the state as it was, for
    a now_s before that of the last step or not finite.
    """
    if not (math.isfinite(now_s) and now_s >= tracker.now_s):
        raise CallError(
            f"now_s is {now_s}, but the tracker is at {tracker.now_s}; time never steps back",
            now_s=now_s, tracker_s=tracker.now_s,
        )  # fmt: skip
    looks = _looks_of(tracker, coverages, now_s)
    plots, sensors, kept = plots_of(tracker, detections, now_s)
    plots, slices, _ = slices_of(tracker, plots, sensors, np.zeros(len(kept), dtype=np.int64))
    tick = np.zeros((1, kl.EVENT_WIDTH))
    tick[0, kl.E_KIND], tick[0, kl.E_END_S] = kl.TICK, now_s
    events = np.concatenate([slices, looks])
    order = np.lexsort((events[:, kl.E_SENSOR], events[:, kl.E_KIND], events[:, kl.E_END_S]))
    events = np.concatenate([events[order], tick])
    tracker.now_s = now_s
    happened: list[TrackEvent] = []
    run_events_into(tracker, plots, events, 0, len(events), happened)
    return tuple(happened)


def plots_of(
    tracker: TrackerState, detections: DetectionBatch, now_s: float
) -> tuple[Floats, Ints, Ints]:
    """Return the rows that this tracker can use as packed plots, each with its sensor's row
    in the table and its own row in `detections`.
    """
    if not len(detections):
        nothing = np.empty(0, dtype=np.int64)
        return np.empty((0, kl.PLOT_WIDTH)), nothing, nothing
    roster = detections.sensor.astype(np.int64)
    known = (roster >= 0) & (roster < len(tracker.row_of_roster))
    row = (
        np.where(known, tracker.row_of_roster[np.where(known, roster, 0)], -1)
        if len(tracker.row_of_roster)
        else np.full(len(roster), -1, dtype=np.int64)
    )
    mine = (row >= 0) & (detections.report == Report.PLOT)
    if not mine.any():
        nothing = np.empty(0, dtype=np.int64)
        return np.empty((0, kl.PLOT_WIDTH)), nothing, nothing
    where = np.flatnonzero(mine)
    row = row[where]
    plots = np.zeros((len(where), kl.PLOT_WIDTH))
    plots[:, kl.P_TIME] = detections.time_s[where]
    mask = np.zeros(len(where), dtype=np.int64)
    columns = (
        ("range_m", "sigma_range_m"),
        ("azimuth_rad", "sigma_azimuth_rad"),
        ("elevation_rad", "sigma_elevation_rad"),
        ("range_rate_mps", "sigma_range_rate_mps"),
    )
    bad = np.zeros(len(where), dtype=bool)
    for c, (name, sigma_name) in enumerate(columns):
        measured_into(
            np.ascontiguousarray(getattr(detections, name)[where]),
            np.ascontiguousarray(getattr(detections, sigma_name)[where]),
            row, tracker.sensors, c, plots, mask, bad,
        )  # fmt: skip
    azimuth = plots[:, kl.P_RANGE + 1]
    plots[:, kl.P_RANGE + 1] = azimuth - np.floor(azimuth / math.tau) * math.tau
    bad |= ((mask & kl.HAS_RANGE) > 0) & (plots[:, kl.P_RANGE] <= 0.0)
    bad |= np.abs(plots[:, kl.P_RANGE + 2]) > math.pi / 2
    plots[:, kl.P_MASK] = mask
    simulated = (detections.flags[where] & DetectionBatch.SIMULATED_TARGET) > 0
    plots[:, kl.P_NATURE] = np.where(
        simulated, Nature.ALL.index(Nature.SIMULATED), tracker.natures[row]
    )
    scores = detections.class_scores[where]
    if np.isfinite(scores).any():
        plots[:, kl.P_CLASS :] = _log_scores(scores)
    time_s = plots[:, kl.P_TIME]
    finite = np.isfinite(time_s)
    keep = _count(tracker, "value not possible", bad | ~finite)
    keep &= _count(tracker, "no azimuth", keep & ((mask & kl.HAS_AZIMUTH) == 0))
    keep &= _count(tracker, "from the future", keep & (time_s > now_s + _AHEAD_S))
    keep &= _count(tracker, "too late", keep & (time_s < tracker.newest_s - tracker.late_s))
    if keep.all():
        return plots, row, where
    return plots[keep], row[keep], where[keep]


def _log_scores(scores: Floats) -> Floats:
    """Return log scores, 0 where nothing is said; a score of 0 counts as one in a thousand."""
    flat = [
        math.log(max(v, 1e-3)) if math.isfinite(v) and v >= 0.0 else 0.0
        for v in scores.ravel().tolist()
    ]
    return np.array(flat).reshape(scores.shape)


def _count(tracker: TrackerState, reason: str, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Count the bad rows under the reason; return the others."""
    n = int(np.count_nonzero(bad))
    if n:
        tracker.unused[reason] = tracker.unused.get(reason, 0) + n
    return ~bad


def _looks_of(tracker: TrackerState, coverages: Iterable[Coverage], now_s: float) -> Floats:
    """Return the finished looks of this site's sensors as events, in the order of their end."""
    rows = []
    for look in coverages:
        known = 0 <= look.sensor < len(tracker.row_of_roster)
        k = int(tracker.row_of_roster[look.sensor]) if known else -1
        if k < 0 or not look.complete:
            continue
        ok = math.isfinite(look.start_s) and math.isfinite(look.end_s)
        if not ok or look.end_s < look.start_s or look.end_s > now_s + _AHEAD_S:
            tracker.unused["look not possible"] = tracker.unused.get("look not possible", 0) + 1
            continue
        if look.start_s < tracker.newest_s - tracker.late_s:
            tracker.unused["look too late"] = tracker.unused.get("look too late", 0) + 1
            continue
        begin = look.azimuth_from_rad % math.tau
        width = (look.azimuth_to_rad - look.azimuth_from_rad) % math.tau
        width = width if width > 1e-9 else math.tau + 1.0
        rows.append((kl.LOOK, k, 0, 0, look.start_s, look.end_s, begin, width))
    rows.sort(key=lambda r: (r[5], r[1], r[4], r[6], r[7]))
    return np.array(rows, dtype=np.float64).reshape(-1, kl.EVENT_WIDTH)


def slices_of(
    tracker: TrackerState, plots: Floats, sensors: Ints, group: Ints
) -> tuple[Floats, Floats, Ints]:
    """Return the plots in the order of (group, sensor, time), the slices into which they are
    cut as events, and each slice's group. Plots of one group have arrived together.
    """
    if not len(plots):
        return plots, np.zeros((0, kl.EVENT_WIDTH)), np.zeros(0, dtype=np.int64)
    time_s = plots[:, kl.P_TIME]
    tracker.newest_s = max(tracker.newest_s, float(time_s.max()))
    order = np.lexsort((time_s, sensors, group))
    plots, sensors, group = plots[order], sensors[order], group[order]
    slices = np.zeros((len(plots), kl.EVENT_WIDTH))
    count = slices_into(
        np.ascontiguousarray(plots[:, kl.P_TIME]), sensors, group, tracker.sensors, slices
    )
    slices = slices[:count]
    return plots, slices, group[slices[:, kl.E_FIRST].astype(np.int64)]


def run_events_into(
    tracker: TrackerState,
    plots: Floats,
    events: Floats,
    begin: int,
    end: int,
    happened: list[TrackEvent],
    scratch: Scratch | None = None,
) -> Scratch:
    """Apply events begin..end and append what happens to tracks; room for tracks and work
    space grow as needed, and the work space is returned for the next call.
    """
    counters = tracker.counters
    if scratch is None:
        scratch = scratch_for(len(tracker.tracks), 1)
    widest = int(events[begin:end, kl.E_COUNT].max(initial=1.0))
    registration = parts_of(tracker.registration)
    while begin < end:
        # Room for what the first event may begin; the kernel stops before one that needs more.
        grow_into(tracker, live(tracker) + int(events[begin, kl.E_COUNT]))
        rows = len(tracker.tracks)
        if scratch.rows < rows or scratch.columns < widest:
            scratch = scratch_for(rows, widest)
        begin = kt.run_into(
            tracker.tracks, tracker.ints, tracker.kinds, tracker.seen, tracker.rays, counters,
            scratch.log,
            tracker.sensors, tracker.roster, tracker.options, plots, events, begin, end,
            *(*scratch.arrays, scratch.ties, registration),  # type: ignore[arg-type]
        )  # fmt: skip
        counts: list[int] = counters.tolist()  # one look: reading them singly costs more
        if counts[kl.OVERFLOW] or counts[kl.BROKEN] or counts[kl.RAYS_LOST]:
            _note_losses_into(tracker)
        if counts[kl.EVENTS]:
            happened += _drain(tracker, scratch.log)
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
