"""Sensors as a packed table for kernels, and what they see, as functions on whole arrays.

States are rows (n, 6) of east, north, up and their rates in the site's frame; measurements are
rows (n, 4) of slant range m, azimuth rad clockwise from the sensor's own north, elevation rad
above its own horizontal plane, range rate m/s positive receding.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import SiteError
from tocsin.geo import Frame, frame_at, frame_to_frame
from tocsin.model import Sensor
from tocsin.model.frames import Nature
from tocsin.sensor import _kernels
from tocsin.units import DEG

__all__ = [
    "SensorTable", "check_sensor", "detection_probability", "jacobian", "measure", "pack",
]  # fmt: skip

Floats = NDArray[np.float64]

# Plots of a rotating radar within this time are of different targets: it turns by at most
# 40 degrees in it at 1 s a turn, more than a target's own extent and less than a turn.
_RADAR_SLICE_S = 0.1
_SLICE_OF_PERIOD = 0.4
# What measures no range sees a large thing far and a small one near, and hears a quiet one not
# at all. Where a sensor does not say how far it sees which kind, its max_range_m is that of the
# largest: a thing that it does not see may be of a smaller size (shares of max_range_m). With
# one reach for all, a camera of 6 km that sees a small drone from 2 km on ended every young
# track of one between 2 and 6 km.
_SIZES = {"large": 1.0, "medium": 0.5, "small": 0.25, "tiny": 0.0}
_LEAST_FALSE_ALARMS = 1e-3  # a sensor is never taken to be free of false alarms
_NUMBERS = tuple(f.name for f in fields(Sensor) if f.type in (float, float | None))
_MOST = {"lat": 90.0, "lon": 360.0, "alt_m": 100_000.0, "phase_s": 86_400.0}
_MOST_OF_OTHERS = 1e9
_LEAST_PERIOD_S = 1e-3  # each look is an event of its own


@dataclass(slots=True)
class SensorTable:
    """The sensors of one site that have a pose.

    packed is (k, columns), see `_kernels`; roster (k,) gives each row's place in the node's
    sensors; kinds names the columns of range limits, sorted.
    """

    packed: Floats
    roster: NDArray[np.int64]
    kinds: tuple[str, ...]


def pack(sensors: Sequence[Sensor], frame: Frame) -> SensorTable:
    """Return the table of those sensors that have a pose, seen from the site's frame.

    Raises SiteError for a value that no sensor can have (a negative sigma, a probability
    above 1, a period of 0).
    """
    placed = []
    for i, s in enumerate(sensors):
        if s.lat is not None and s.lon is not None:
            check_sensor(s)
            placed.append((i, frame_at(s.lat, s.lon, s.alt_m)))
    kinds = tuple(sorted({kind for s in sensors for kind in s.max_range_by_kind_m}))
    kinds = kinds or (tuple(_SIZES) if any(map(_is_unsized, sensors)) else ("any",))
    packed = np.zeros((len(placed), _kernels.KIND_RANGE + len(kinds)))
    for row, (i, own) in enumerate(placed):
        _fill_into(packed[row], sensors[i], frame_to_frame(frame, own), kinds)
    return SensorTable(packed, np.array([i for i, _ in placed], dtype=np.int64), kinds)


def check_sensor(sensor: Sensor) -> None:
    """Raise SiteError for a value that no sensor can have."""
    wrong: list[tuple[str, object, str]] = []
    for name in _NUMBERS:
        value, most = getattr(sensor, name), _MOST.get(name, _MOST_OF_OTHERS)
        if value is not None and not _is_within(value, most):
            wrong.append((name, value, f"a number within {most:g}"))
    reaches = sensor.max_range_by_kind_m
    if not all(_is_within(reach, _MOST_OF_OTHERS) and reach >= 0 for reach in reaches.values()):
        wrong.append(("max_range_by_kind_m", reaches, "metres by kind, each 0 or more"))
    if sensor.nature not in Nature.ALL:
        wrong.append(("nature", repr(sensor.nature), f"one of {', '.join(Nature.ALL)}"))
    wrong += [] if wrong else _wrong_together(sensor)
    for name, value, right in wrong:
        raise SiteError(
            f"sensor {sensor.id!r} has {name} {value}; it must be {right}",
            sensor=sensor.id, name=name, value=value,
        )  # fmt: skip


def _is_within(value: Any, most: float) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(abs(value) <= most)


def _wrong_together(sensor: Sensor) -> list[tuple[str, object, str]]:
    """Return what is wrong with numbers that are each possible."""
    wrong: list[tuple[str, object, str]] = []
    for name in ("range_m", "azimuth_deg", "elevation_deg", "range_rate_mps"):
        sigma: float | None = getattr(sensor, f"sigma_{name}")
        if sigma is not None and not sigma >= 0.0:
            wrong.append((f"sigma_{name}", sigma, "a positive number, or none"))
    if not 0.0 < sensor.detection_probability <= 1.0:
        wrong.append(
            ("detection_probability", sensor.detection_probability, "above 0 and at most 1")
        )
    if not sensor.scan_period_s >= _LEAST_PERIOD_S:
        wrong.append(("scan_period_s", sensor.scan_period_s, f"at least {_LEAST_PERIOD_S} s"))
    if not sensor.false_alarms_per_scan >= 0.0:
        wrong.append(("false_alarms_per_scan", sensor.false_alarms_per_scan, "0 or more"))
    if not (sensor.max_range_m > sensor.min_range_m >= 0.0):
        wrong.append(("max_range_m", sensor.max_range_m, "above min_range_m"))
    if not sensor.elevation_max_deg > sensor.elevation_min_deg:
        wrong.append(("elevation_max_deg", sensor.elevation_max_deg, "above elevation_min_deg"))
    return wrong


def _is_unsized(sensor: Sensor) -> bool:
    """Tell whether it measures no range and does not say how far it sees which kind."""
    told = bool(sensor.max_range_by_kind_m) or sensor.kind == "person"
    return not sensor.sigma_range_m and not told


def _reach_m(sensor: Sensor, kind: str) -> float:
    """Return how far the sensor sees that kind of target."""
    if kind in _SIZES and _is_unsized(sensor):
        return max(_SIZES[kind] * sensor.max_range_m, 1.01 * sensor.min_range_m)
    return sensor.max_range_by_kind_m.get(kind, sensor.max_range_m)


def _fill_into(
    out: Floats, sensor: Sensor, pose: tuple[Floats, Floats], kinds: tuple[str, ...]
) -> None:
    """pose: the sensor's place (3,) and rotation (3, 3) as the site's frame has them."""
    position, rotation = pose
    out[:3], out[3:12] = position, rotation.reshape(-1)
    sigmas = (
        sensor.sigma_range_m,
        sensor.sigma_azimuth_deg and sensor.sigma_azimuth_deg * DEG,
        sensor.sigma_elevation_deg and sensor.sigma_elevation_deg * DEG,
        sensor.sigma_range_rate_mps,
    )
    out[_kernels.SIGMA : _kernels.SIGMA + 4] = [s or math.nan for s in sigmas]
    limits = [_reach_m(sensor, kind) for kind in kinds]
    reach = min(sensor.max_range_m, max(limits))
    has_doppler = bool(sensor.sigma_range_rate_mps)
    out[_kernels.PERIOD_S], out[_kernels.PHASE_S] = sensor.scan_period_s, sensor.phase_s
    out[_kernels.DETECTION] = min(sensor.detection_probability, 0.999)
    out[_kernels.STATED] = out[_kernels.DETECTION]
    out[_kernels.FALSE_ALARMS] = max(sensor.false_alarms_per_scan, _LEAST_FALSE_ALARMS)
    out[_kernels.MIN_RANGE_M], out[_kernels.MAX_RANGE_M] = sensor.min_range_m, reach
    out[_kernels.AZIMUTH_CENTER] = sensor.azimuth_center_deg * DEG
    out[_kernels.AZIMUTH_HALF] = min(sensor.azimuth_width_deg / 2.0, 180.0) * DEG
    out[_kernels.ELEVATION_MIN] = sensor.elevation_min_deg * DEG
    out[_kernels.ELEVATION_MAX] = sensor.elevation_max_deg * DEG
    out[_kernels.MIN_RADIAL] = sensor.min_radial_speed_mps if has_doppler else 0.0
    out[_kernels.MAX_RADIAL] = sensor.max_radial_speed_mps
    extents = (
        reach - sensor.min_range_m,
        min(sensor.azimuth_width_deg, 360.0) * DEG,
        (sensor.elevation_max_deg - sensor.elevation_min_deg) * DEG,
        2.0 * sensor.max_radial_speed_mps,
    )
    out[_kernels.LOG_EXTENT : _kernels.LOG_EXTENT + 4] = [
        math.log(max(extent, 1e-6)) for extent in extents
    ]
    out[_kernels.INFLATE] = 1.0
    rotating = sensor.kind == "radar"
    period_share_s = _SLICE_OF_PERIOD * sensor.scan_period_s
    out[_kernels.SLICE_S] = min(_RADAR_SLICE_S, period_share_s) if rotating else 0.0
    out[_kernels.KIND_RANGE :] = np.minimum(limits, sensor.max_range_m)


def measure(table: SensorTable, row: int, states: Floats) -> Floats:
    """Return (n, 4): what the sensor in that row of the table measures of each state, without
    noise.
    """
    out = np.empty((len(states), 4))
    _kernels.measure_into(table.packed, row, _states(states), out)
    return out


def jacobian(table: SensorTable, row: int, states: Floats) -> Floats:
    """Return (n, 4, 6): the derivative of `measure` at each state."""
    out = np.empty((len(states), 4, 6))
    _kernels.jacobian_into(table.packed, row, _states(states), out)
    return out


def detection_probability(
    table: SensorTable, row: int, states: Floats, *, kind: str | None = None
) -> Floats:
    """Return (n,): the probability that one scan reports a target of that kind in each state;
    0 outside the coverage. Without a kind only the sensor's longest reach limits it.
    """
    out = np.empty(len(states))
    column = -1 if kind is None or kind not in table.kinds else table.kinds.index(kind)
    _kernels.detection_into(table.packed, row, column, _states(states), out)
    return out


def _states(states: Floats) -> Floats:
    return np.ascontiguousarray(states, dtype=np.float64)
