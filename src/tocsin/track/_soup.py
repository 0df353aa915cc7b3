"""Stone Soup's forms: its classes, its models of what a sensor measures, its times and angles.

See `stonesoup` for what is done with them.
"""

import datetime
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.geo import frame_at
from tocsin.model import DetectionBatch, Sensor
from tocsin.sensor import SensorTable, pack
from tocsin.sensor import _kernels as ks

Floats = NDArray[np.float64]

POSITION, VELOCITY = (0, 2, 4), (1, 3, 5)
ORDER = (0, 2, 4, 1, 3, 5)  # of Stone Soup's state, as our six
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - Stone Soup compares naive times
_FIRST_S, _END_S = -62_135_596_800.0, 253_402_300_799.0  # the years 1 to 9999 of datetime
_SAME_M = 1.0  # a model that stands so near to a sensor is of it
BACK = tuple(ORDER.index(n) for n in range(6))  # of our state, as Stone Soup's six

# What each of its models measures, in its order.
NAMES = {
    "CartesianToElevationBearingRangeRate": ("elevation", "bearing", "range", "range_rate"),
    "CartesianToElevationBearingRange": ("elevation", "bearing", "range"),
    "CartesianToElevationBearing": ("elevation", "bearing"),
    "CartesianToBearingRangeRate": ("bearing", "range", "range_rate"),
    "CartesianToBearingRange": ("bearing", "range"),
    "Cartesian2DToBearing": ("bearing",),
}
_MODEL_OF = {names: model for model, names in NAMES.items()}
_FLAT = (("bearing",), ("bearing", "range"))  # such a model has no height
_PLACE = {"range": 0, "bearing": 1, "elevation": 2, "range_rate": 3}


class Soup:
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
        """Return one detection with its model: range, azimuth, elevation, range rate (4), of
        which the azimuth and its variance must be finite.
        """
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
            vector, timestamp=as_time(at_s), measurement_model=self._models[key]
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


def table_of(
    sensors: Sequence[Sensor], origin_deg_m: tuple[float, float, float] | None
) -> tuple[SensorTable, tuple[float, float, float]]:
    names = [sensor.id for sensor in sensors]
    for name in names:
        if names.count(name) > 1:
            raise CallError(
                f"there are {names.count(name)} sensors {name!r}, and a detection is told by"
                " its sensor's id; give each an id of its own",
                sensor=name,
            )
    posed = [s for s in sensors if s.lat is not None and s.lon is not None]
    if not posed:
        raise CallError("no sensor has a pose; give lat, lon and alt_m of at least one")
    first = posed[0]
    origin = origin_deg_m or (first.lat or 0.0, first.lon or 0.0, first.alt_m)
    return pack(sensors, frame_at(*origin)), origin


def measured_of(
    batch: DetectionBatch, n: int, table: SensorTable, k: int
) -> tuple[Floats, Floats]:
    """Return range, azimuth, elevation, range rate of a row, and their sigmas."""
    columns = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_mps")
    values = np.array([getattr(batch, name)[n] for name in columns])
    sigma = np.array([getattr(batch, f"sigma_{name}")[n] for name in columns])
    if k >= 0:
        sigma = np.where(np.isnan(sigma), table.packed[k, ks.SIGMA : ks.SIGMA + 4], sigma)
    return values, sigma


def _angles(turn: Floats) -> list[float]:
    """Return the rotation offset with which a model turns as the (3, 3) matrix does."""
    # It turns about z, then y, then x, each the other way round but for y.
    about_y = math.asin(max(-1.0, min(1.0, turn[0, 2])))
    about_x = math.atan2(-turn[1, 2], turn[2, 2])
    about_z = math.atan2(-turn[0, 1], turn[0, 0])
    return [-about_x, about_y, -about_z]


def turn_of(model: Any) -> Floats:
    return np.asarray(model.rotation_matrix, dtype=float)


def directed(bearing: float, elevation: float, axes: Floats) -> tuple[float, float]:
    """Return azimuth and elevation in the sensor's frame of a direction in the model's."""
    flat = math.cos(elevation)
    direction = axes @ [
        flat * math.cos(bearing), flat * math.sin(bearing), math.sin(elevation)
    ]  # fmt: skip
    east, north, up = direction.tolist()
    return math.atan2(east, north) % math.tau, math.atan2(up, math.hypot(east, north))


def nearest(table: SensorTable, at_m: Floats, names: tuple[str, ...]) -> int:
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


def vector_of(values: Any, count: int) -> Floats:
    """Return a column of Stone Soup's as plain numbers, filled up with zeros."""
    flat = np.array([float(v) for v in np.asarray(values).ravel()])
    return np.concatenate([flat, np.zeros(max(count - len(flat), 0))])


def theirs(state: Floats) -> list[float]:
    return [float(state[n]) for n in BACK]


def ours(vector: Any) -> Floats:
    flat = vector_of(vector, 6)
    if len(flat) != len(ORDER):
        raise CallError(
            f"a state has {len(flat)} numbers; it must have x, vx, y, vy, z, vz",
            count=len(flat),
        )
    return flat[list(ORDER)]


def has_date(at_s: float) -> bool:
    """Tell whether there is a date for it: of the years 1 to 9999."""
    return _FIRST_S <= at_s < _END_S


def as_time(at_s: float) -> datetime.datetime:
    if not has_date(at_s):
        raise CallError(
            f"the time {at_s} has no date; give Unix seconds of the years 1 to 9999", at_s=at_s
        )
    return _EPOCH + datetime.timedelta(seconds=float(at_s))


def as_seconds(at: Any) -> float:
    if not isinstance(at, datetime.datetime):
        raise CallError(f"a state has the timestamp {at!r}; give each a datetime", at=at)
    naive = at.astimezone(datetime.UTC).replace(tzinfo=None) if at.tzinfo else at
    return (naive - _EPOCH) / datetime.timedelta(seconds=1)
