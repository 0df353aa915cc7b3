"""Rows that were kept, as detections: SI units, radians, ellipsoid heights."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.codec._heights import geoid_of
from tocsin.codec.asterix import _kernels_columns as columns
from tocsin.codec.asterix._flat import flat_tables
from tocsin.codec.asterix._geometry import curvature_radius_m
from tocsin.codec.asterix._items import IDENT
from tocsin.codec.asterix._walk import Read
from tocsin.model import CLASSES, DetectionBatch, Node, Sensor
from tocsin.units import DEG, NAUTICAL_MILE_M

__all__ = ["Found", "Place", "batch_of", "pose_of"]

# Columns of DetectionBatch in the order of the kernel's own.
NUMBERS = (
    "range_m", "azimuth_rad", "elevation_rad", "range_rate_mps", "lat_deg", "lon_deg", "alt_m",
    "vel_east_mps", "vel_north_mps", "vel_up_mps", "sigma_range_m", "sigma_azimuth_rad",
    "sigma_elevation_rad", "sigma_range_rate_mps", "sigma_position_m", "sigma_alt_m",
    "sigma_velocity_mps", "time_s", "arrival_s",
)  # fmt: skip
_ALPHABET = np.frombuffer(bytearray(IDENT.encode("ascii")), dtype=np.uint8)
_NAN = math.nan


@dataclass(frozen=True, slots=True)
class Place:
    """A radar: its id, its place in the roster (-1: there is no room), its row among those of
    this call, and its pose as `fill_into` takes it.
    """

    sensor_id: str
    roster: int
    row: int
    pose: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Events [first, stop) of one radar and one frame, all kept: the frame's place in its batch
    and when it came.
    """

    first: int
    stop: int
    place: Place
    frame: int
    arrival_s: float


def pose_of(node: Node, sensor: Sensor | None) -> tuple[float, ...]:
    """Return what the site file says of a radar, NaN where it says nothing: see `fill_into`."""
    if sensor is None:
        return (_NAN,) * columns.POSE
    has_elevation = sensor.lat is not None and sensor.sigma_elevation_deg is not None
    steps = flat_tables().steps[columns.CAT048]
    return (
        _widened(sensor.sigma_range_m, float(steps[columns.RHO]) * NAUTICAL_MILE_M),
        _widened(sensor.sigma_azimuth_deg, float(steps[columns.THETA]), DEG),
        _widened(sensor.sigma_range_rate_mps, float(steps[columns.CAL])),
        _or_nan(sensor.sigma_elevation_deg) * DEG if has_elevation else _NAN,
        curvature_radius_m(_or_nan(sensor.lat)) + sensor.alt_m,
        sensor.alt_m,
        geoid_of(node, sensor),
    )


def _or_nan(value: float | None) -> float:
    return _NAN if value is None else value


def _widened(sigma: float | None, step: float, unit: float = 1.0) -> float:
    """Return a sigma with what rounding to steps adds, both times unit."""
    if sigma is None:
        return _NAN
    a, b = sigma * unit, step * unit / columns.ROOT_12
    return math.sqrt(a * a + b * b)


def batch_of(
    found: list[Found], places: list[Place], heads: NDArray[np.int64], read: Read
) -> DetectionBatch | None:
    """Return the rows that were found, in their order; None where there are none."""
    if not found:
        return None
    spans = np.array(
        [(f.first, f.stop, f.place.row, f.place.roster, f.frame) for f in found], np.int64
    )
    arrivals_s = np.array([f.arrival_s for f in found])
    n = int((spans[:, 1] - spans[:, 0]).sum())
    numbers, where = np.full((columns.NUMBERS, n), _NAN), np.empty((2, n), np.int32)
    kinds, flags = np.zeros((2, n), np.uint8), np.zeros(n, np.uint16)
    declared, track = np.zeros((n, 24), np.uint8), np.zeros((n, 24), np.uint8)
    callsign = np.zeros((n, 8), np.uint8)
    columns.fill_into(
        spans, arrivals_s, read.times_s, heads, read.raw, flat_tables().steps,
        np.array([place.pose for place in places]), _ALPHABET, numbers, where, kinds, flags,
        declared, track, callsign,
    )  # fmt: skip
    return DetectionBatch(
        **dict(zip(NUMBERS, numbers, strict=True)),
        sensor=where[0],
        journal_frame=where[1],
        report=kinds[0],
        alt_ref=kinds[1],
        class_scores=np.full((n, len(CLASSES)), _NAN),
        declared_id=declared.view("S24")[:, 0],
        sensor_track_id=track.view("S24")[:, 0],
        callsign=callsign.view("S8")[:, 0],
        category=np.zeros(n, "S4"),
        nic=np.full(n, -1, np.int8),
        flags=flags,
    )
