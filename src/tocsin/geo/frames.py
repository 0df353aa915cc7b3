"""Positions on the WGS 84 ellipsoid and local tangent frames.

A geodetic row is (latitude rad, longitude rad, height m above the ellipsoid). A local row is
(east, north, up) in metres in the frame tangent to the ellipsoid at its origin. No input is
changed.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import _kernels
from tocsin.units import DEG

__all__ = [
    "Frame",
    "distance_m",
    "ecef_to_geodetic",
    "frame_at",
    "frame_to_frame",
    "from_frame",
    "geodetic_rows",
    "geodetic_to_ecef",
    "local_to_polar",
    "polar_to_local",
    "to_frame",
    "velocity_from_frame",
    "velocity_to_frame",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """An east-north-up frame: its origin in ECEF (3,) and its axes (3, 3), whose rows are
    unit vectors.
    """

    origin_m: Floats
    axes: Floats


def _rows(values: Any) -> Floats:
    """Return (n, 3), float64, C-contiguous; a single row becomes (1, 3)."""
    rows = np.ascontiguousarray(values, dtype=np.float64)
    return rows.reshape(1, 3) if rows.ndim == 1 else rows


def geodetic_rows(lat_deg: Any, lon_deg: Any, height_m: Any) -> Floats:
    """Return geodetic rows (n, 3) in radians from columns or scalars in degrees and metres."""
    lat = np.asarray(lat_deg, dtype=np.float64)
    lon = np.asarray(lon_deg, dtype=np.float64)
    height = np.asarray(height_m, dtype=np.float64)
    out = np.empty((*np.broadcast_shapes(lat.shape, lon.shape, height.shape), 3))
    out[..., 0], out[..., 1], out[..., 2] = lat * DEG, lon * DEG, height
    return out.reshape(-1, 3)


def geodetic_to_ecef(geodetic: Any) -> Floats:
    """Return (n, 3) earth-centred metres of geodetic rows; NaN stays NaN."""
    rows = _rows(geodetic)
    out = np.empty_like(rows)
    _kernels.geodetic_to_ecef_into(rows, out)
    return out


def ecef_to_geodetic(ecef_m: Any) -> Floats:
    """Return geodetic rows (n, 3) of earth-centred metres, exact to 1e-6 m up to 100 km
    height.
    """
    rows = _rows(ecef_m)
    out = np.empty_like(rows)
    _kernels.ecef_to_geodetic_into(rows, out)
    return out


def frame_at(lat_deg: float, lon_deg: float, height_m: float) -> Frame:
    """Return the tangent frame at a place; height above the ellipsoid. Its arrays are shared
    with whoever asks for the same place: read only.
    """
    return _frame_at(lat_deg, lon_deg, height_m)


@lru_cache(maxsize=1024)  # sites and sensors are asked for at every look
def _frame_at(lat_deg: float, lon_deg: float, height_m: float) -> Frame:
    axes = np.empty((3, 3))
    _kernels.enu_axes_into(lat_deg * DEG, lon_deg * DEG, axes)
    return Frame(geodetic_to_ecef(geodetic_rows(lat_deg, lon_deg, height_m))[0], axes)


def to_frame(geodetic: Any, frame: Frame) -> Floats:
    """Return local (n, 3) east-north-up metres of geodetic rows."""
    ecef = geodetic_to_ecef(geodetic)
    out = np.empty_like(ecef)
    _kernels.to_frame_into(ecef, frame.origin_m, frame.axes, out)
    return out


def from_frame(local_m: Any, frame: Frame) -> Floats:
    """Return geodetic rows (n, 3) of local metres."""
    rows = _rows(local_m)
    ecef = np.empty_like(rows)
    _kernels.from_frame_into(rows, frame.origin_m, frame.axes, ecef)
    return ecef_to_geodetic(ecef)


def frame_to_frame(source: Frame, target: Frame) -> tuple[Floats, Floats]:
    """Return (position (3,), rotation (3, 3)): p in `source` is rotation @ (p - position) in
    `target`.

    `position` is the target's origin in the source frame. For a sensor: source is the site's
    frame and target the sensor's own.
    """
    position = np.empty((1, 3))
    _kernels.to_frame_into(
        target.origin_m.reshape(1, 3), source.origin_m, source.axes, position
    )
    rotation_t = np.empty((3, 3))
    _kernels.rotate_into(np.ascontiguousarray(source.axes), target.axes, rotation_t)
    return position[0], np.ascontiguousarray(rotation_t.T)


def velocity_to_frame(enu_mps: Any, at_geodetic: Any, frame: Frame) -> Floats:
    """Return velocities (n, 3), given east-north-up where the thing is, in the axes of
    `frame`.
    """
    velocity = _rows(enu_mps)
    out = np.empty_like(velocity)
    _kernels.velocity_to_frame_into(velocity, _rows(at_geodetic), frame.axes, out)
    return out


def velocity_from_frame(local_mps: Any, at_geodetic: Any, frame: Frame) -> Floats:
    """Return velocities (n, 3) east-north-up where the thing is, of velocities in `frame`'s
    axes.
    """
    velocity = _rows(local_mps)
    out = np.empty_like(velocity)
    _kernels.velocity_from_frame_into(velocity, _rows(at_geodetic), frame.axes, out)
    return out


def distance_m(a_geodetic: Any, b_geodetic: Any) -> Floats:
    """Return the straight-line distance (n,) between geodetic rows."""
    a, b = _rows(a_geodetic), _rows(b_geodetic)
    out = np.empty(len(a))
    _kernels.distance_into(a, b, out)
    return out


def local_to_polar(local_m: Any) -> Floats:
    """Return (range m, azimuth rad clockwise from north, elevation rad) of local rows."""
    rows = _rows(local_m)
    out = np.empty_like(rows)
    _kernels.polar_into(rows, out)
    return out


def polar_to_local(polar: Any) -> Floats:
    """Return local rows (n, 3) of (range m, azimuth rad, elevation rad)."""
    rows = _rows(polar)
    out = np.empty_like(rows)
    _kernels.unpolar_into(rows, out)
    return out
