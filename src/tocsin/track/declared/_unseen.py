"""Whether sensors see a thing where it says that it is.

A thing says that it is well inside what a radar or a direction finder covers, and neither has
anything there: perhaps it is elsewhere, and its words are made up. A wood, a house and a small
echo hide a true one too; so this is a hint in words, and takes nothing from what it says.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.model import (
    AltRef,
    Coverage,
    DeclaredTable,
    DetectionBatch,
    Nature,
    Node,
    Report,
    Sensor,
    nature_at,
)
from tocsin.track.declared._state import DeclaredState, Watched, seen_into
from tocsin.units import DEG

__all__ = ["watch_into"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

KINDS = ("radar", "rf")  # whose silence tells something
EVERY_S = 1.0
# For so long, and so many detections to be expected and none had: chance gives exp(-10).
LONG_S, MANY = 20.0, 10.0
LEAVE_S = 60.0  # after it has left what they cover, the hint stays for so long
FRESH_S = 5.0  # of a position that is judged
ALIVE_PERIODS = 3.0  # a sensor that has stated no look for longer tells nothing
# Well inside: this share of the least reach that the site file states for any kind of target,
# so far off the edges, so high that houses and trees do not hide it.
REACH, EDGE_RAD, LOWEST_RAD = 0.6, 2.0 * DEG, 1.0 * DEG
NOTCH_MPS = 3.0  # faster than the Doppler notch by so much
SIGMA_LIMIT_M = 200.0  # a coarser place is not judged
# A plot agrees within so many sigmas, and what a sensor's own errors and latency add.
SIGMAS, ALIGNED_RAD, NEAR_M = 4.0, 1.0 * DEG, 100.0
SIGMA_BEARING_RAD = 2.0 * DEG  # of a sensor that does not say how good its bearings are
# A bearing without range agrees by chance too, in one look of 20 with one false alarm a look:
# it takes back so many of the detections that were missed. A plot with range takes all back.
TAKEN_BACK = 5.0
WATCHED_LIMIT = 256  # things at once


def watch_into(
    state: DeclaredState,
    detections: DetectionBatch,
    coverages: tuple[Coverage, ...],
    node: Node,
    now_s: float,
) -> None:
    """Take a batch's plots and looks, and judge once a second who is not where it says.

    Ties are those of the last `link_into`.
    """
    for look in coverages:
        if look.complete:
            before_s = state.looked_s.get(look.sensor, -math.inf)
            state.looked_s[look.sensor] = max(before_s, look.end_s)
    if state.watched and len(detections):
        _agree_into(state, detections, node)
    elapsed_s = now_s - state.judged_s
    if elapsed_s < EVERY_S:
        return
    state.judged_s = now_s
    if math.isfinite(elapsed_s):
        _judge_into(state, node, now_s, min(elapsed_s, FRESH_S))


def _judge_into(state: DeclaredState, node: Node, now_s: float, elapsed_s: float) -> None:
    table, count = state.table, len(state.rows)
    for name in list(state.watched):
        if table.link[state.rows[name]] and name not in state.unmeasured:
            seen_into(state, name)
    rows = _judged_rows(state, count, now_s)
    told = zip(table.sensor[rows].tolist(), table.flags[rows].tolist())
    natures = np.array([Nature.ALL[nature_at(node, k, marks)] for k, marks in told])
    missed, most, by = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows), np.int32)
    for index, sensor in enumerate(node.sensors if len(rows) else ()):
        if not _is_looking(sensor, state.looked_s.get(index, -math.inf), now_s):
            continue
        due = _is_well_inside(sensor, table, rows, now_s) & (natures == sensor.nature)
        more = due * (sensor.detection_probability * elapsed_s / sensor.scan_period_s)
        by[more > most] = index + 1
        most = np.maximum(most, more)
        missed += more
    for k in missed.nonzero()[0].tolist():
        _missed_into(state, int(rows[k]), float(missed[k]), int(by[k]), now_s)
    for name in [n for n, one in state.watched.items() if now_s - one.due_s > LEAVE_S]:
        seen_into(state, name)


def _missed_into(
    state: DeclaredState, row: int, more: float, sensor_number: int, now_s: float
) -> None:
    name, table = bytes(state.table.declared_id[row]), state.table
    one = state.watched.get(name)
    if one is None:
        if len(state.watched) >= WATCHED_LIMIT:
            return
        one = state.watched[name] = Watched(since_s=now_s)
    one.missed, one.due_s = min(one.missed + more, 2.0 * MANY), now_s
    if one.missed >= MANY and now_s - one.since_s >= LONG_S:
        table.flags[row] |= np.uint16(DeclaredTable.UNSEEN)
        table.missed_by[row] = sensor_number


def _judged_rows(state: DeclaredState, count: int, now_s: float) -> Rows:
    """Return whose place can be judged: fresh, good, with a height, flying, not measured."""
    table = state.table
    age_s = now_s - table.time_s[:count]
    wanted = (age_s >= -1.0) & (age_s <= FRESH_S) & np.isfinite(table.lat_deg[:count])
    wanted &= (table.alt_ref[:count] == AltRef.ELLIPSOID) & np.isfinite(table.alt_m[:count])
    wanted &= table.sigma_position_m[:count] <= SIGMA_LIMIT_M
    wanted &= (table.flags[:count] & np.uint16(DetectionBatch.ON_GROUND)) == 0
    alone = table.link[:count] == 0
    if state.unmeasured:
        alone |= np.isin(table.declared_id[:count], list(state.unmeasured))
    wanted &= alone
    return wanted.nonzero()[0]


def _is_looking(sensor: Sensor, looked_s: float, now_s: float) -> bool:
    has_pose = sensor.lat is not None and sensor.lon is not None
    is_alive = now_s - looked_s <= ALIVE_PERIODS * sensor.scan_period_s + EVERY_S
    return sensor.kind in KINDS and has_pose and is_alive


def _polar_at(sensor: Sensor, table: DeclaredTable, rows: Rows, at_s: float) -> Floats:
    """Return (n, 5): range, azimuth, elevation, range rate and range along the ground of
    declared things, seen from a sensor, carried forward to a time; the rate is NaN where no
    velocity is told.
    """
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    places = geo.geodetic_rows(table.lat_deg[rows], table.lon_deg[rows], table.alt_m[rows])
    told = (table.vel_east_mps, table.vel_north_mps, table.vel_up_mps)
    enu_mps = np.column_stack([column[rows] for column in told])
    velocity = geo.velocity_to_frame(np.where(np.isnan(enu_mps), 0.0, enu_mps), places, frame)
    here = geo.to_frame(places, frame)
    here = here + velocity * np.clip(at_s - table.time_s[rows], -FRESH_S, FRESH_S)[:, None]
    polar = geo.local_to_polar(here)
    rate = (here * velocity).sum(axis=1) / np.maximum(polar[:, 0], 1.0)
    is_told = np.isfinite(enu_mps[:, :2]).all(axis=1)
    ground_m = np.sqrt(here[:, 0] * here[:, 0] + here[:, 1] * here[:, 1])
    return np.column_stack([polar, np.where(is_told, rate, np.nan), ground_m])


def _is_well_inside(
    sensor: Sensor, table: DeclaredTable, rows: Rows, now_s: float
) -> NDArray[np.bool_]:
    range_m, azimuth, elevation, rate, _ = _polar_at(sensor, table, rows, now_s).T
    reach_m = REACH * min(sensor.max_range_m, *sensor.max_range_by_kind_m.values(), math.inf)
    inside = (range_m <= reach_m) & (range_m >= 1.5 * sensor.min_range_m + NEAR_M)
    lowest = max(LOWEST_RAD, sensor.elevation_min_deg * DEG + EDGE_RAD)
    inside &= (elevation >= lowest) & (elevation <= sensor.elevation_max_deg * DEG - EDGE_RAD)
    if sensor.azimuth_width_deg < 360.0:
        half = 0.5 * sensor.azimuth_width_deg * DEG - EDGE_RAD
        inside &= np.abs(_turned(azimuth - sensor.azimuth_center_deg * DEG)) <= half
    if sensor.sigma_range_rate_mps:
        if sensor.min_radial_speed_mps > 0.0:
            inside &= np.abs(rate) >= sensor.min_radial_speed_mps + NOTCH_MPS
        inside &= ~(np.abs(rate) > sensor.max_radial_speed_mps - NOTCH_MPS)
    result: NDArray[np.bool_] = inside
    return result


def _turned(angle_rad: Floats) -> Floats:
    """Return angles in [-pi, pi)."""
    turned: Floats = (angle_rad + math.pi) % math.tau - math.pi
    return turned


def _agree_into(state: DeclaredState, batch: DetectionBatch, node: Node) -> None:
    """Take back what was missed of whom a plot of any sensor finds where it says it is."""
    names = list(state.watched)
    rows = np.array([state.rows[name] for name in names])
    plots = (batch.report == Report.PLOT) & np.isfinite(batch.azimuth_rad)
    for index in np.unique(batch.sensor[plots]).tolist():
        sensor = node.sensors[index] if 0 <= index < len(node.sensors) else None
        if sensor is None or sensor.lat is None or sensor.lon is None:
            continue
        of_it = (plots & (batch.sensor == index)).nonzero()[0]
        polar = _polar_at(sensor, state.table, rows, float(batch.time_s[of_it].max()))
        agrees = _agreement(sensor, batch, of_it, polar, state.table.sigma_position_m[rows])
        has_range = np.isfinite(batch.range_m[of_it])
        for k in np.flatnonzero(agrees.any(axis=0)).tolist():
            one = state.watched.get(names[k])
            if one is None:
                continue
            one.missed -= TAKEN_BACK
            if one.missed <= 0.0 or (agrees[:, k] & has_range).any():
                seen_into(state, names[k])


def _agreement(
    sensor: Sensor, batch: DetectionBatch, plots: Rows, polar: Floats, sigma_m: Floats
) -> NDArray[np.bool_]:
    """Return (plots, things): which plot is where which thing says that it is."""
    place_m = np.where(np.isfinite(sigma_m), sigma_m, SIGMA_LIMIT_M)
    own = (
        SIGMA_BEARING_RAD
        if sensor.sigma_azimuth_deg is None
        else sensor.sigma_azimuth_deg * DEG
    )
    said = batch.sigma_azimuth_rad[plots]
    bearing = np.where(np.isfinite(said), said, own)[:, None]
    ground_m = np.maximum(polar[:, 4], 1.0)
    wide = SIGMAS * np.sqrt(bearing * bearing + (place_m / ground_m) ** 2) + ALIGNED_RAD
    agrees = np.abs(_turned(batch.azimuth_rad[plots][:, None] - polar[:, 1])) <= wide
    said = batch.sigma_range_m[plots]
    along = np.where(np.isfinite(said), said, sensor.sigma_range_m or NEAR_M)[:, None]
    deep_m = SIGMAS * np.sqrt(along * along + place_m * place_m) + NEAR_M
    off_m = np.abs(batch.range_m[plots][:, None] - polar[:, 0])
    result: NDArray[np.bool_] = agrees & ~(off_m > deep_m)  # NaN: a bearing alone
    return result
