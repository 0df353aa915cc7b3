"""One step: detections and looks in, as events in the order of time; tracks on, in place."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.geo import polar_to_local
from tocsin.model import Coverage, DetectionBatch, Report, TrackEvent
from tocsin.model.frames import Nature
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_plots as kp
from tocsin.track.lag import enter_into
from tocsin.track.moments import limit_s
from tocsin.track.slices import slices_of
from tocsin.track.state import TrackerState, extent_of

__all__ = ["NO_SENSOR", "count_into", "plots_of", "step_into"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_SENSOR = -1  # in `DetectionBatch.sensor`: of no sensor, and counted by who says so
_AHEAD_S = 1.0  # a plot may be that much newer than `now_s`: clocks are corrected to better


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
    plots, sensors, _ = plots_of(tracker, detections, now_s)
    plots, sensors, slices = slices_of(tracker, plots, sensors, looks)
    tracker.now_s = now_s
    happened: list[TrackEvent] = []
    enter_into(tracker, plots, sensors, slices, looks, now_s, happened)
    return tuple(happened)


def plots_of(
    tracker: TrackerState, detections: DetectionBatch, now_s: float
) -> tuple[Floats, Ints, Ints]:
    """Return the rows that this tracker can use as packed plots, each with its sensor's row
    in the table and its own row in `detections`.

    A tracker of no site has all sensors that there are: rows that are of none of them, or no
    plots, are counted. A site's passes over what is of others.
    """
    n = len(detections)
    where, row = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    n = kp.mine_into(
        detections.sensor, detections.report, Report.PLOT, tracker.row_of_roster, where, row
    )
    where, row = where[:n], row[:n]
    if n < len(detections) and not tracker.site_id:
        _count_strays_into(tracker, detections)
    plots, why = np.zeros((n, kl.PLOT_WIDTH)), np.empty(n, dtype=np.uint8)
    if not n:
        return plots, row, where
    one = detections
    scored = kp.plots_into(
        where, row, one.time_s, one.range_m, one.azimuth_rad, one.elevation_rad,
        one.range_rate_mps, one.sigma_range_m, one.sigma_azimuth_rad, one.sigma_elevation_rad,
        one.sigma_range_rate_mps, one.flags, one.class_scores, tracker.sensors,
        tracker.natures, tracker.options[kl.BIRTHS], one.SIMULATED_TARGET,
        Nature.ALL.index(Nature.SIMULATED), now_s + _AHEAD_S, limit_s(tracker),
        _oldest_s(tracker), plots, why,
    )  # fmt: skip
    marked = np.flatnonzero(one.flags[where] & np.uint16(one.EXERCISE_TARGET))
    if marked.size:
        told = Nature.ALL.index(Nature.EXERCISE)
        plots[marked, kl.P_NATURE] = np.maximum(plots[marked, kl.P_NATURE], told)
    if tracker.clutter or tracker.births is not None:
        _place_into(tracker, plots, row)
    if scored:
        plots[:, kl.P_CLASS : kl.P_CLASS + 6] = _log_scores(detections.class_scores[where])
    if not tracker.site_id:
        _count_far_into(tracker, plots, row, why)
    if n > 1:
        room = 2 << int(n).bit_length()
        kp.twice_into(plots.view(np.int64), row, why, np.full(room, -1, dtype=np.int64))
    if not np.count_nonzero(why):
        return plots, row, where
    for reason, count in zip(_REASONS, np.bincount(why, minlength=6)[1:].tolist()):
        count_into(tracker, reason, count)
    keep = why == 0
    return plots[keep], row[keep], where[keep]


# By the kernel's number, from 1 on.
_REASONS = ("value not possible", "no azimuth", "from the future", "too late", "said twice")


def count_into(tracker: TrackerState, reason: str, count: int | np.integer) -> None:
    """Count what was not used."""
    if count:
        tracker.unused[reason] = tracker.unused.get(reason, 0) + int(count)


def _count_strays_into(tracker: TrackerState, detections: DetectionBatch) -> None:
    sensor = detections.sensor
    known = (sensor >= 0) & (sensor < len(tracker.row_of_roster))
    count_into(tracker, "sensor not known", np.count_nonzero(~known & (sensor != NO_SENSOR)))
    count_into(tracker, "no plot", np.count_nonzero(known & (detections.report != Report.PLOT)))


def _count_far_into(
    tracker: TrackerState, plots: Floats, row: Ints, why: NDArray[np.uint8]
) -> None:
    """Count usable plots beyond the radius, as the library does: they begin no track."""
    radius_m = tracker.options[kl.RADIUS_M]
    away_m = _away(tracker.sensors[:, 0], tracker.sensors[:, 1])
    range_m = plots[:, kl.P_RANGE]  # 0 where it was not measured
    if range_m.max() + away_m.max() <= radius_m:
        return
    part = np.flatnonzero((range_m + away_m[row] > radius_m) & (why == 0) & (range_m > 0.0))
    east, north = _places(tracker, plots[part], row[part], range_m[part])
    far = (range_m[part] > radius_m) | (_away(east, north) > radius_m)
    count_into(tracker, "beyond radius_m", np.count_nonzero(far))


def _away(east: Floats, north: Floats) -> Floats:
    """Return distances in plan; np.hypot would give other bits on another machine."""
    with np.errstate(over="ignore"):  # what is too far to be squared is beyond any radius
        away: Floats = np.sqrt(east * east + north * north)
    return away


def _places(
    tracker: TrackerState, plots: Floats, row: Ints, range_m: Floats
) -> tuple[Floats, Floats]:
    """Return where plots are, east and north, NaN where range_m is."""
    pose = tracker.sensors[row, :12]
    azimuth = plots[:, kl.P_RANGE + 1]
    elevation = plots[:, kl.P_RANGE + 2]  # 0 where it was not measured
    x, y, z = polar_to_local(np.column_stack([range_m, azimuth, elevation])).T
    east = pose[:, 0] + pose[:, 3] * x + pose[:, 6] * y + pose[:, 9] * z
    north = pose[:, 1] + pose[:, 4] * x + pose[:, 7] * y + pose[:, 10] * z
    return east, north


def _place_into(tracker: TrackerState, plots: Floats, row: Ints) -> None:
    """Put into the plots how many false alarms and new targets there are where they are, by
    the caller's own models.
    """
    ranged = (plots[:, kl.P_MASK].astype(np.int64) & kl.HAS_RANGE) > 0
    range_m = np.where(ranged, plots[:, kl.P_RANGE], np.nan)
    azimuth = plots[:, kl.P_RANGE + 1]
    for k, own, part in tracker.clutter:
        mine = row == k
        plots[mine, kl.P_FALSE] = part.as_uniform(
            range_m[mine], azimuth[mine], own, *extent_of(tracker.sensors[k])
        )
    if tracker.births is not None:
        east, north = _places(tracker, plots, row, range_m)
        plots[:, kl.P_BIRTHS] *= tracker.births.factor(east, north)


def _oldest_s(tracker: TrackerState) -> Floats:
    """Return by sensor row when the newest plot lies that the oldest moment has already."""
    moments = tracker.lag.moments
    if not moments:
        return np.full(len(tracker.sensors), -np.inf)
    return np.maximum(moments[0].at_s, moments[0].cut_s)


def _log_scores(scores: Floats) -> Floats:
    """Return log scores, 0 in a row where nothing is said. Classes that are not named share
    what those named leave open of 1: "drone, 0.95" speaks against a bird. A score of 0 counts
    as one in a thousand.
    """
    out = np.zeros(scores.shape)
    for n in np.flatnonzero(np.isfinite(scores).any(axis=1)).tolist():
        row = [v if math.isfinite(v) and v >= 0.0 else -1.0 for v in scores[n].tolist()]
        left, unnamed = 1.0, 0
        for value in row:
            left -= max(value, 0.0)
            unnamed += value < 0.0
        rest = max(left, 0.0) / max(unnamed, 1)
        if unnamed < len(row):
            out[n] = [math.log(max(v if v >= 0.0 else rest, 1e-3)) for v in row]
    return out


def _looks_of(tracker: TrackerState, coverages: Iterable[Coverage], now_s: float) -> Floats:
    """Return the finished looks of this site's sensors as events, in the order of their end."""
    rows, oldest_s = [], limit_s(tracker)
    for look in coverages:
        known = 0 <= look.sensor < len(tracker.row_of_roster)
        k = int(tracker.row_of_roster[look.sensor]) if known else -1
        if k < 0 or not look.complete:
            continue
        ok = math.isfinite(look.start_s) and math.isfinite(look.end_s)
        if not ok or look.end_s < look.start_s or look.end_s > now_s + _AHEAD_S:
            count_into(tracker, "look not possible", 1)
            continue
        if look.start_s < oldest_s:
            count_into(tracker, "look too late", 1)
            continue
        begin = look.azimuth_from_rad % math.tau
        width = (look.azimuth_to_rad - look.azimuth_from_rad) % math.tau
        width = width if width > 1e-9 else math.tau + 1.0
        rows.append((kl.LOOK, k, 0, 0, look.start_s, look.end_s, begin, width))
    rows.sort(key=lambda r: (r[5], r[1], r[4], r[6], r[7]))
    return np.array(rows, dtype=np.float64).reshape(-1, kl.EVENT_WIDTH)
