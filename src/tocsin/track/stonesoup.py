"""Detections, truth and tracks to Stone Soup and back.

Stone Soup (MIT, github.com/dstl/Stone-Soup) is not needed by anything else here: it is imported
when one of these functions is called. Written for and tested with its version 1.9.1.

Its states are x, vx, y, vy, z, vz: east, north, up of the tracker's frame. Its bearing goes
counterclockwise from east, ours clockwise from north. Each detection carries the measurement
model of its sensor, turned and moved to where the sensor stands, so nothing is lost by the way;
times are naive UTC to the microsecond.
"""

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.geo import frame_at, from_frame, velocity_from_frame
from tocsin.model import DetectionBatch, Report, Sensor, TrackKind, TrackStatus, TrackTable
from tocsin.sensor import SensorTable, pack
from tocsin.sensor import _kernels as ks
from tocsin.units import DEG

__all__ = [
    "Scans",
    "Truth",
    "detections_from_stonesoup",
    "detections_to_stonesoup",
    "tracks_from_stonesoup",
    "tracks_to_stonesoup",
    "truth_from_stonesoup",
    "truth_to_stonesoup",
]

Floats = NDArray[np.float64]

POSITION, VELOCITY = (0, 2, 4), (1, 3, 5)
_ORDER = (0, 2, 4, 1, 3, 5)  # of Stone Soup's state, as our six
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - Stone Soup compares naive times
_SAME_M = 1.0  # a model that stands so near to a sensor is of it


@dataclass(frozen=True, slots=True)
class Scans:
    """scans: (time, set of Detection) in order of time, one a sensor and time; unused: rows
    that were left out, by reason.
    """

    scans: list[tuple[datetime.datetime, set[Any]]]
    unused: dict[str, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """time_s (n,), target_id (n,) as text, state (n, 6): east, north, up and their rates."""

    time_s: Floats
    target_id: NDArray[np.str_]
    state: Floats


def detections_to_stonesoup(
    batch: DetectionBatch,
    sensors: Sequence[Sensor],
    *,
    origin_deg_m: tuple[float, float, float] | None = None,
) -> Scans:
    """Return the plots of a batch as Stone Soup's detections, scan by scan.

    origin_deg_m: of the tracker's frame, by default at the first sensor. A row's sensor id and
    place in the batch are in `metadata`. A range without an elevation or a range rate is taken
    as one over ground, for Stone Soup has no other. Raises CallError without Stone Soup.
    """
    soup = _Soup()
    table, _ = _table(sensors, origin_deg_m)
    row_of = {int(place): row for row, place in enumerate(table.roster)}
    scans: dict[tuple[float, int], set[Any]] = {}
    unused: dict[str, int] = {}
    for n in range(len(batch)):
        k = row_of.get(int(batch.sensor[n]), -1)
        values, variances = _measured(batch, n, table, k)
        if batch.report[n] != Report.PLOT:
            reason = "no plot"
        elif k < 0:
            reason = "sensor not known"
        elif not math.isfinite(values[1]):
            reason = "no azimuth"
        elif not (math.isfinite(batch.time_s[n]) and np.all(np.isinf(values) == 0)):
            reason = "value not possible"
        else:
            at_s = float(batch.time_s[n])
            detection = soup.detection(values, variances, table, k, at_s)
            detection.metadata.update(sensor_id=sensors[int(batch.sensor[n])].id, row=n)
            scans.setdefault((at_s, k), set()).add(detection)
            continue
        unused[reason] = unused.get(reason, 0) + 1
    return Scans([(_time(at_s), scans[at_s, k]) for at_s, k in sorted(scans)], unused)


def detections_from_stonesoup(
    detections: Iterable[Any],
    sensors: Sequence[Sensor],
    *,
    origin_deg_m: tuple[float, float, float] | None = None,
) -> DetectionBatch:
    """Return Stone Soup's detections as rows, in order of time.

    A detection is of the sensor that its metadata name ("sensor_id"), or else of the one that
    stands where its measurement model does; its sigmas are those of the model. Known are the
    models of bearing, elevation, range and range rate. Raises CallError for another model and
    for a detection of none of the sensors.
    """
    table, _ = _table(sensors, origin_deg_m)
    rows = sorted(detections, key=lambda d: d.timestamp)
    batch = DetectionBatch.blank(len(rows))
    place_of = {sensor.id: place for place, sensor in enumerate(sensors)}
    row_of = {int(place): row for row, place in enumerate(table.roster)}
    for n, detection in enumerate(rows):
        model = detection.measurement_model
        names = _NAMES.get(type(model).__name__)
        if names is None:
            raise CallError(
                f"a detection has the model {type(model).__name__}; known are"
                f" {', '.join(sorted(_NAMES))}",
                model=type(model).__name__,
            )
        at = _vector(model.translation_offset, 3)
        name = detection.metadata.get("sensor_id")
        place = place_of.get(name, -1) if name is not None else _nearest(table, at, names)
        if place not in row_of:
            raise CallError(
                f"a detection at {detection.timestamp} is of no sensor: its metadata say"
                f" {name!r}, its model stands at {at.round(1).tolist()} m",
                sensor=name, at_m=at.tolist(),
            )  # fmt: skip
        batch.sensor[n] = place
        batch.time_s[n] = batch.arrival_s[n] = _seconds(detection.timestamp)
        values = dict(zip(names, _vector(detection.state_vector, len(names)).tolist()))
        sigma = np.sqrt(np.diag(np.asarray(model.noise_covar, dtype=float)))
        axes = table.packed[row_of[place], 3:12].reshape(3, 3) @ _turn(model).T
        azimuth, elevation = _directed(values["bearing"], values.get("elevation", 0.0), axes)
        batch.azimuth_rad[n] = azimuth
        if "elevation" in values:
            batch.elevation_rad[n] = elevation
        batch.range_m[n] = values.get("range", math.nan)
        batch.range_rate_mps[n] = values.get("range_rate", math.nan)
        for label, one in zip(names, sigma.tolist()):
            column = {"bearing": "azimuth_rad", "elevation": "elevation_rad",
                      "range": "range_m", "range_rate": "range_rate_mps"}[label]  # fmt: skip
            getattr(batch, f"sigma_{column}")[n] = one
    return batch


def truth_to_stonesoup(time_s: Floats, target_id: Sequence[Any], state: Floats) -> set[Any]:
    """Return ground truth paths, one a target: time_s (n,), target_id (n,), state (n, 6) east,
    north, up and their rates. A path's id is the target's as text.
    """
    soup = _Soup()
    names = np.asarray(target_id).astype(str)
    paths = set()
    for name in sorted(set(names.tolist())):
        own = np.flatnonzero(names == name)
        own = own[np.argsort(np.asarray(time_s)[own], kind="stable")]
        states = [
            soup.truth_state(
                _theirs(np.asarray(state, dtype=float)[n]), timestamp=_time(time_s[n])
            )
            for n in own.tolist()
        ]
        paths.add(soup.truth_path(states, id=name))
    return paths


def truth_from_stonesoup(paths: Iterable[Any]) -> Truth:
    """Return the states of ground truth paths, in order of target and time."""
    rows = sorted(
        (
            (str(path.id), _seconds(state.timestamp), _ours(state.state_vector))
            for path in paths
            for state in path
        ),
        key=lambda row: row[:2],
    )
    return Truth(
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[0] for row in rows], dtype=np.str_),
        np.array([row[2] for row in rows], dtype=float).reshape(-1, 6),
    )


def tracks_to_stonesoup(tables: Iterable[TrackTable], *, tentative: bool = False) -> set[Any]:
    """Return tracks from the tables of successive steps; a track's id is ours as text.

    tentative: also tracks that are not confirmed. Existence is in each track's metadata, from
    the newest of its rows.
    """
    soup = _Soup()
    tracks: dict[int, Any] = {}
    for rows in tables:
        for n in range(len(rows)):
            if rows.status[n] == TrackStatus.TENTATIVE and not tentative:
                continue
            name = int(rows.track_id[n])
            state = soup.state(
                _theirs(rows.state[n]),
                rows.covariance[n][np.ix_(_BACK, _BACK)],
                timestamp=_time(rows.time_s[n]),
            )
            track = tracks.setdefault(name, soup.track(id=str(name)))
            track.append(state)
            track.metadata["existence"] = float(rows.existence[n])
    return set(tracks.values())


def tracks_from_stonesoup(
    tracks: Iterable[Any], *, origin_deg_m: tuple[float, float, float]
) -> TrackTable:
    """Return one row for each state of each track, in order of time; tracks count as confirmed.

    A track whose id is a number keeps it; others are numbered above those, in the order of
    their first state. Existence is that of the metadata, else NaN. Raises CallError for a state
    without six numbers and a covariance.
    """
    listed = sorted(tracks, key=lambda track: (track.states[0].timestamp, str(track.id)))
    given = [int(t.id) for t in listed if str(t.id).isdecimal() and int(t.id) < 2**63]
    fresh = max(given, default=0)
    rows = []
    for track in listed:
        if str(track.id).isdecimal() and int(track.id) < 2**63:
            name = int(track.id)
        else:
            fresh += 1
            name = fresh
        existence = float(track.metadata.get("existence", math.nan))
        for state in track.states:
            covariance = np.asarray(getattr(state, "covar", np.zeros(0)), dtype=float)
            if covariance.shape != (6, 6):
                raise CallError(
                    f"track {track.id} has a state with a covariance of {covariance.shape};"
                    " it must be Gaussian with six numbers: x, vx, y, vy, z, vz",
                    track=str(track.id),
                )
            rows.append((_seconds(state.timestamp), name, state, covariance, existence))
    rows.sort(key=lambda row: row[:2])
    table = TrackTable.blank(len(rows))
    for n, (at_s, name, state, covariance, existence) in enumerate(rows):
        table.time_s[n], table.track_id[n], table.existence[n] = at_s, name, existence
        table.state[n] = _ours(state.state_vector)
        table.covariance[n] = covariance[np.ix_(_ORDER, _ORDER)]
    table.status[:], table.kind[:] = TrackStatus.CONFIRMED, TrackKind.MEASURED
    table.hits[:] = 1
    for name in np.unique(table.track_id):
        own = table.track_id == name
        table.born_s[own] = table.first_seen_s[own] = table.time_s[own].min()
    table.updated_s[:] = table.time_s
    if rows:
        frame = frame_at(*origin_deg_m)
        places = from_frame(table.state[:, :3].copy(), frame)
        table.lat_deg[:], table.lon_deg[:] = places[:, 0] / DEG, places[:, 1] / DEG
        table.alt_m[:] = places[:, 2]
        velocity = velocity_from_frame(table.state[:, 3:].copy(), places, frame).T
        table.vel_east_mps[:], table.vel_north_mps[:], table.vel_up_mps[:] = velocity
    return table


_BACK = tuple(_ORDER.index(n) for n in range(6))  # of our state, as Stone Soup's six

# What each of its models measures, in its order.
_NAMES = {
    "CartesianToElevationBearingRangeRate": ("elevation", "bearing", "range", "range_rate"),
    "CartesianToElevationBearingRange": ("elevation", "bearing", "range"),
    "CartesianToElevationBearing": ("elevation", "bearing"),
    "CartesianToBearingRangeRate": ("bearing", "range", "range_rate"),
    "CartesianToBearingRange": ("bearing", "range"),
    "Cartesian2DToBearing": ("bearing",),
}
_MODEL_OF = {names: model for model, names in _NAMES.items()}
_FLAT = (("bearing",), ("bearing", "range"))  # such a model has no height
_PLACE = {"range": 0, "bearing": 1, "elevation": 2, "range_rate": 3}


class _Soup:
    """Stone Soup's classes, imported once they are asked for."""

    def __init__(self) -> None:
        try:
            from stonesoup.models.measurement import nonlinear  # noqa: PLC0415
            from stonesoup.types import groundtruth  # noqa: PLC0415
            from stonesoup.types.array import StateVector  # noqa: PLC0415
            from stonesoup.types.detection import Detection  # noqa: PLC0415
            from stonesoup.types.state import GaussianState  # noqa: PLC0415
            from stonesoup.types.track import Track  # noqa: PLC0415
        except ImportError as error:
            raise CallError(
                f"Stone Soup cannot be imported ({error}); pip install stonesoup"
            ) from error
        self.models, self.vector, self.new_detection = nonlinear, StateVector, Detection
        self.truth_path = groundtruth.GroundTruthPath
        self.truth_state = groundtruth.GroundTruthState
        self.state, self.track = GaussianState, Track
        # Its k-d tree wants one model for all detections of a scan, the same object.
        self._models: dict[tuple[object, ...], Any] = {}

    def detection(
        self, values: Floats, variances: Floats, table: SensorTable, k: int, at_s: float
    ) -> Any:
        """Return one detection with its model: range, azimuth, elevation, range rate (4)."""
        has = np.isfinite(values) & np.isfinite(variances)
        names = tuple(
            name
            for name in ("elevation", "bearing", "range", "range_rate")
            if has[_PLACE[name]]
        )
        while names not in _MODEL_OF:  # a range rate without a range has no model there
            names = names[:-1]
        measured = {"elevation": values[2], "range": values[0], "range_rate": values[3]}
        measured["bearing"] = math.remainder(math.pi / 2.0 - values[1], math.tau)
        key = (k, names, *(float(variances[_PLACE[name]]) for name in names))
        if key not in self._models:
            self._models[key] = self._model(table, k, names, variances)
        vector = self.vector([measured[name] for name in names])
        return self.new_detection(
            vector, timestamp=_time(at_s), measurement_model=self._models[key]
        )

    def _model(
        self, table: SensorTable, k: int, names: tuple[str, ...], variances: Floats
    ) -> Any:
        flat = names in _FLAT
        return getattr(self.models, _MODEL_OF[names])(
            ndim_state=6,
            mapping=POSITION[:2] if flat else POSITION,
            noise_covar=np.diag([variances[_PLACE[name]] for name in names]),
            translation_offset=self.vector(table.packed[k, : 2 if flat else 3]),
            rotation_offset=self.vector(_angles(table.packed[k, 3:12].reshape(3, 3))),
            **({"velocity_mapping": VELOCITY} if "range_rate" in names else {}),
        )


def _table(
    sensors: Sequence[Sensor], origin_deg_m: tuple[float, float, float] | None
) -> tuple[SensorTable, tuple[float, float, float]]:
    posed = [s for s in sensors if s.lat is not None and s.lon is not None]
    if not posed:
        raise CallError("no sensor has a pose; give lat, lon and alt_m of at least one")
    first = posed[0]
    origin = origin_deg_m or (first.lat or 0.0, first.lon or 0.0, first.alt_m)
    return pack(sensors, frame_at(*origin)), origin


def _measured(
    batch: DetectionBatch, n: int, table: SensorTable, k: int
) -> tuple[Floats, Floats]:
    """Return range, azimuth, elevation, range rate of a row, and their variances."""
    columns = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_mps")
    values = np.array([getattr(batch, name)[n] for name in columns])
    sigma = np.array([getattr(batch, f"sigma_{name}")[n] for name in columns])
    if k >= 0:
        sigma = np.where(np.isnan(sigma), table.packed[k, ks.SIGMA : ks.SIGMA + 4], sigma)
    return values, sigma**2


def _angles(turn: Floats) -> list[float]:
    """Return the rotation offset with which a model turns as the (3, 3) matrix does."""
    # It turns about z, then y, then x, each the other way round but for y.
    about_y = math.asin(max(-1.0, min(1.0, turn[0, 2])))
    about_x = math.atan2(-turn[1, 2], turn[2, 2])
    about_z = math.atan2(-turn[0, 1], turn[0, 0])
    return [-about_x, about_y, -about_z]


def _turn(model: Any) -> Floats:
    return np.asarray(model.rotation_matrix, dtype=float)


def _directed(bearing: float, elevation: float, axes: Floats) -> tuple[float, float]:
    """Return azimuth and elevation in the sensor's frame of a direction in the model's."""
    flat = math.cos(elevation)
    direction = axes @ [
        flat * math.cos(bearing), flat * math.sin(bearing), math.sin(elevation)
    ]  # fmt: skip
    east, north, up = direction.tolist()
    return math.atan2(east, north) % math.tau, math.atan2(up, math.hypot(east, north))


def _nearest(table: SensorTable, at_m: Floats, names: tuple[str, ...]) -> int:
    """Return the place of the sensor that stands there, the first that measures the same where
    several do; -1 if none does.
    """
    flat = names in _FLAT
    gaps = table.packed[:, : 2 if flat else 3] - at_m[: 2 if flat else 3]
    here = np.linalg.norm(gaps, axis=1) <= _SAME_M
    measured = np.isfinite(table.packed[:, ks.SIGMA : ks.SIGMA + 4])
    wanted = np.isin(range(4), [_PLACE[name] for name in names])
    same = here & (measured == wanted).all(axis=1)
    found = np.flatnonzero(same if same.any() else here)
    return int(table.roster[found[0]]) if len(found) else -1


def _vector(values: Any, count: int) -> Floats:
    """Return a column of Stone Soup's as plain numbers, filled up with zeros."""
    flat = np.array([float(v) for v in np.asarray(values).ravel()])
    return np.concatenate([flat, np.zeros(max(count - len(flat), 0))])


def _theirs(state: Floats) -> list[float]:
    return [float(state[n]) for n in _BACK]


def _ours(vector: Any) -> Floats:
    flat = _vector(vector, 6)
    if len(flat) != len(_ORDER):
        raise CallError(
            f"a state has {len(flat)} numbers; it must have x, vx, y, vy, z, vz",
            count=len(flat),
        )
    return flat[list(_ORDER)]


def _time(at_s: float) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(seconds=float(at_s))


def _seconds(at: datetime.datetime) -> float:
    naive = at.astimezone(datetime.UTC).replace(tzinfo=None) if at.tzinfo else at
    return (naive - _EPOCH) / datetime.timedelta(seconds=1)
