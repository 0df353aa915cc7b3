"""What other trackers have said last of each of their tracks, and who has fallen silent."""

import math
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import frame_at, from_frame, polar_to_local
from tocsin.model import CLASSES, DetectionBatch, Node, Report, SystemTable
from tocsin.units import DEG

__all__ = [
    "COAST_S",
    "SystemState",
    "Tie",
    "heard",
    "open_system",
    "system_table",
    "update_system_into",
]

COAST_S = 30.0  # three turns of an en-route radar (10 s): shown for so long after a report
FORGET_S = 60.0  # without a report: gone; its number may then be another thing's
MAX_TRACKS = 20_000  # rows at once; more are counted and refused
MAX_HEARD = 65_536  # distinct (sensor, number) remembered
TOP_SPEED_MPS = 900.0  # above any aircraft that a civil tracker follows
JUMP_M = 5_000.0  # a start-up track may be as far off as that
_SITE = 0xFE  # site field of their track ids: never that of a tracker or of a declared thing
_SAID = (
    "vel_east_mps", "vel_north_mps", "vel_up_mps", "sigma_position_m", "sigma_alt_m",
    "sigma_velocity_mps",
)  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Tie:
    """How far the joining of one row has come.

    judged_s: time of the newest report that was compared; candidate: track it may belong to
    (0 none), seen together since_s, `agreed` reports in a row; outside: reports in a row in
    which it stood outside the gate of its partner, since outside_s.
    """

    judged_s: float = -math.inf
    candidate: int = 0
    since_s: float = math.nan
    agreed: int = 0
    outside: int = 0
    outside_s: float = math.nan


@dataclass(slots=True)
class SystemState:
    """table: rows in the order of their track ids, then spare ones; rows: place of each key
    (sensor, newline, number); ties by track id; heard: every key ever heard; unused: reports
    that were not used, by reason.
    """

    table: SystemTable
    rows: dict[bytes, int] = field(default_factory=dict)
    ties: dict[int, Tie] = field(default_factory=dict)
    heard: dict[bytes, bool] = field(default_factory=dict)
    counter: int = 0
    unused: dict[str, int] = field(default_factory=dict)


def open_system() -> SystemState:
    """Return a state in which no other tracker has been heard."""
    return SystemState(SystemTable.blank(0))


_NOBODY = SystemTable.blank(0)  # shared: nothing can be written to no rows


def heard(state: SystemState) -> int:
    """Return how many distinct tracks other trackers have sent, by sensor and number."""
    return len(state.heard)


def system_table(state: SystemState) -> SystemTable:
    """Return the rows that stand, ordered by track id; positions at their own times."""
    if not state.rows:
        return _NOBODY
    return state.table.take(np.arange(len(state.rows)))


def update_system_into(
    state: SystemState, detections: DetectionBatch, node: Node, now_s: float
) -> None:
    """Apply the TRACK rows of a batch in the order of their times, and forget who is silent.

    Rows without a number or with an impossible place are counted in `unused`. A range and an
    azimuth count as a place where the node knows the sensor's pose.
    """
    rows = (detections.report == Report.TRACK).nonzero()[0]
    if rows.size:
        rows = rows[np.argsort(detections.time_s[rows], kind="stable")]
        _reports_into(state, detections, node, rows)
    _forget_into(state, now_s)


def _reports_into(
    state: SystemState, batch: DetectionBatch, node: Node, rows: NDArray[np.intp]
) -> None:
    places_deg = _places(batch, node, rows)
    newest: dict[int, int] = {}
    numbers = batch.sensor_track_id[rows].tolist()
    sensors, times = batch.sensor[rows].tolist(), batch.time_s[rows].tolist()
    flags = batch.flags[rows].tolist()
    for k, (lat, lon, _) in enumerate(places_deg.tolist()):
        key = b"%d\n%b" % (sensors[k], numbers[k])
        if not numbers[k] or not math.isfinite(times[k]):
            _count(state, "no track number or time")
            continue
        _note_heard_into(state, key)
        if flags[k] & DetectionBatch.TRACK_END:
            _end_into(state, key, newest)
            continue
        place = state.rows.get(key)
        if place is not None and _is_another(state.table, place, times[k], lat, lon):
            _end_into(state, key, newest)
            place = None
        if place is None:
            if len(state.rows) >= MAX_TRACKS:
                _count(state, "too many tracks of other trackers")
                continue
            place = _new_row_into(state, key, node, batch, int(rows[k]))
        if times[k] < state.table.time_s[place]:
            _count(state, "older than what stands")
            continue
        state.table.reports[place] += 1
        state.table.time_s[place] = times[k]
        newest[place] = k
    at = np.array(sorted(newest), dtype=np.intp)
    k_of = np.array([newest[int(p)] for p in at], dtype=np.intp)
    if at.size:
        _say_into(state.table, at, batch, rows[k_of], places_deg[k_of])


def _places(batch: DetectionBatch, node: Node, rows: NDArray[np.intp]) -> Floats:
    """Return (n, 3) latitude, longitude in degrees and height m of the rows, NaN where none."""
    out = np.column_stack([batch.lat_deg[rows], batch.lon_deg[rows], batch.alt_m[rows]])
    for k in np.flatnonzero(np.isnan(out[:, 0]) & np.isfinite(batch.range_m[rows])).tolist():
        row, sensor = int(rows[k]), int(batch.sensor[rows[k]])
        known = node.sensors[sensor] if 0 <= sensor < len(node.sensors) else None
        if known is None or known.lat is None or known.lon is None:
            continue
        elevation = float(batch.elevation_rad[row])
        polar = [
            batch.range_m[row],
            batch.azimuth_rad[row],
            elevation if math.isfinite(elevation) else 0.0,
        ]
        local = polar_to_local(np.array([polar]))
        lat, lon, alt = from_frame(local, frame_at(known.lat, known.lon, known.alt_m))[0]
        out[k] = lat / DEG, lon / DEG, alt
    return out


def _say_into(
    table: SystemTable,
    at: NDArray[np.intp],
    batch: DetectionBatch,
    rows: NDArray[np.intp],
    places_deg: Floats,
) -> None:
    """Write what the newest report of each row says; what it leaves out stays."""
    for name in ("declared_id", "callsign"):
        said = getattr(batch, name)[rows]
        column = getattr(table, name)
        column[at] = np.where(said != b"", said, column[at])
    for name in _SAID:
        said = getattr(batch, name)[rows]
        column = getattr(table, name)
        column[at] = np.where(np.isfinite(said), said, column[at])
    placed = np.isfinite(places_deg[:, 0]) & np.isfinite(places_deg[:, 1])
    table.lat_deg[at[placed]] = places_deg[placed, 0]
    table.lon_deg[at[placed]] = places_deg[placed, 1]
    high = placed & np.isfinite(places_deg[:, 2])
    table.alt_m[at[high]] = places_deg[high, 2]
    table.alt_ref[at[high]] = batch.alt_ref[rows[high]]
    table.flags[at] = batch.flags[rows]
    scores = batch.class_scores[rows]
    if np.isfinite(scores).any():
        logs = [
            math.log(max(v, 1e-3)) if math.isfinite(v) and v >= 0.0 else 0.0
            for v in scores.ravel().tolist()
        ]
        table.class_log[at] = np.array(logs).reshape(len(at), len(CLASSES))
    polar = np.isnan(table.sigma_position_m[at]) & np.isfinite(batch.range_m[rows])
    for k in np.flatnonzero(polar).tolist():
        table.sigma_position_m[at[k]] = _sigma_of_polar(batch, int(rows[k]))


def _sigma_of_polar(batch: DetectionBatch, row: int) -> float:
    along = float(batch.sigma_range_m[row])
    across = float(batch.range_m[row]) * float(batch.sigma_azimuth_rad[row])
    return max(along, across) if math.isfinite(along + across) else math.nan


def _is_another(table: SystemTable, place: int, time_s: float, lat: float, lon: float) -> bool:
    """Tell whether a report is too far from the last one to be of the same thing: the number
    was given anew.
    """
    before = float(table.lat_deg[place])
    if not (math.isfinite(lat) and math.isfinite(before)):
        return False
    turn = (lon - float(table.lon_deg[place]) + 180.0) % 360.0 - 180.0
    north_m = (lat - before) * 111_200.0  # metres in a degree of latitude, near enough
    east_m = turn * 111_200.0 * math.cos(math.radians(0.5 * (lat + before)))
    way_m = math.sqrt(north_m * north_m + east_m * east_m)
    return way_m > JUMP_M + TOP_SPEED_MPS * max(time_s - float(table.time_s[place]), 0.0)


def _new_row_into(
    state: SystemState, key: bytes, node: Node, batch: DetectionBatch, row: int
) -> int:
    place = len(state.rows)
    if place == len(state.table):
        _grow_into(state)
    table, blank = state.table, SystemTable.blank(1)
    for column in fields(SystemTable):
        getattr(table, column.name)[place] = getattr(blank, column.name)[0]
    state.counter += 1
    table.track_id[place] = node.number << 48 | _SITE << 40 | state.counter
    table.sensor[place] = batch.sensor[row]
    table.number[place] = batch.sensor_track_id[row]
    table.time_s[place] = table.first_seen_s[place] = batch.time_s[row]
    state.ties[int(table.track_id[place])] = Tie()
    state.rows[key] = place
    return place


def _grow_into(state: SystemState) -> None:
    spare = SystemTable.blank(max(64, len(state.table)))
    for column in fields(SystemTable):
        both = [getattr(state.table, column.name), getattr(spare, column.name)]
        setattr(state.table, column.name, np.concatenate(both))


def _end_into(state: SystemState, key: bytes, newest: dict[int, int]) -> None:
    """Take a row out at once; those behind move up."""
    place = state.rows.get(key)
    if place is None:
        return
    count = len(state.rows)
    keep = np.ones(count, dtype=np.bool_)
    keep[place] = False
    _keep_into(state, keep)
    moved = {p - (p > place): k for p, k in newest.items() if p != place}
    newest.clear()
    newest.update(moved)


def _forget_into(state: SystemState, now_s: float) -> None:
    count = len(state.rows)
    if not count:
        return
    keep = now_s - state.table.time_s[:count] <= FORGET_S
    if not keep.all():
        _keep_into(state, keep)


def _keep_into(state: SystemState, keep: NDArray[np.bool_]) -> None:
    count = len(state.rows)
    for track_id in state.table.track_id[:count][~keep].tolist():
        state.ties.pop(track_id, None)
    order = np.concatenate([np.flatnonzero(keep), np.arange(count, len(state.table))])
    keys = [key for key, stays in zip(state.rows, keep.tolist()) if stays]
    state.table = state.table.take(order)
    state.rows = {key: place for place, key in enumerate(keys)}


def _note_heard_into(state: SystemState, key: bytes) -> None:
    if key in state.heard:
        return
    if len(state.heard) >= MAX_HEARD:
        _count(state, "too many track numbers to count")
        return
    state.heard[key] = True


def _count(state: SystemState, reason: str) -> None:
    state.unused[reason] = state.unused.get(reason, 0) + 1
