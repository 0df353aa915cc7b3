"""WGS 84 and local frames: arrays and floats in, results into `out`. Angles in radians,
lengths in metres.

Sources: geodetic to ECEF and the east-north-up axes are textbook (e.g. NGA.STND.0036, section
4); ECEF to geodetic is the fixed-point iteration of Heiskanen and Moritz, "Physical Geodesy"
(1967), section 5-3, with the height projected on the normal, which is well conditioned at
poles and equator.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.units import EARTH_A_M, EARTH_E2

Array = NDArray[np.float64]

# Each gains a factor of 1/e^2 = 150: below 100 km height the sixth changes nothing. After
# the first that changes no bit none would.
_ROUNDS = 6


@kernel("UniTuple(float64, 3)(float64, float64, float64)")
def ecef_of(lat_rad: float, lon_rad: float, height_m: float) -> tuple[float, float, float]:
    sin_lat = math.sin(lat_rad)
    cos_lat = math.cos(lat_rad)
    normal_m = EARTH_A_M / math.sqrt(1.0 - EARTH_E2 * sin_lat * sin_lat)
    return (
        (normal_m + height_m) * cos_lat * math.cos(lon_rad),
        (normal_m + height_m) * cos_lat * math.sin(lon_rad),
        (normal_m * (1.0 - EARTH_E2) + height_m) * sin_lat,
    )


@kernel("UniTuple(float64, 3)(float64, float64, float64)")
def geodetic_of(x_m: float, y_m: float, z_m: float) -> tuple[float, float, float]:
    axis_m = math.sqrt(x_m * x_m + y_m * y_m)
    lon_rad = math.atan2(y_m, x_m)
    lat_rad = math.atan2(z_m, axis_m * (1.0 - EARTH_E2))
    sin_lat = math.sin(lat_rad)
    normal_m = EARTH_A_M
    for _ in range(_ROUNDS):
        before_rad = lat_rad
        sin_lat = math.sin(lat_rad)
        normal_m = EARTH_A_M / math.sqrt(1.0 - EARTH_E2 * sin_lat * sin_lat)
        lat_rad = math.atan2(z_m + EARTH_E2 * normal_m * sin_lat, axis_m)
        if lat_rad == before_rad:
            break
    sin_lat = math.sin(lat_rad)
    cos_lat = math.cos(lat_rad)
    # Projection on the normal: well conditioned at the poles and at the equator alike.
    height_m = (
        axis_m * cos_lat
        + z_m * sin_lat
        - EARTH_A_M * math.sqrt(1.0 - EARTH_E2 * sin_lat * sin_lat)
    )
    return lat_rad, lon_rad, height_m


@kernel("void(float64[:,::1], float64[:,::1])")
def geodetic_to_ecef_into(geodetic: Array, out_m: Array) -> None:
    for i in range(geodetic.shape[0]):
        x, y, z = ecef_of(geodetic[i, 0], geodetic[i, 1], geodetic[i, 2])
        out_m[i, 0] = x
        out_m[i, 1] = y
        out_m[i, 2] = z


@kernel("void(float64[:,::1], float64[:,::1])")
def ecef_to_geodetic_into(ecef_m: Array, out: Array) -> None:
    for i in range(ecef_m.shape[0]):
        lat, lon, height = geodetic_of(ecef_m[i, 0], ecef_m[i, 1], ecef_m[i, 2])
        out[i, 0] = lat
        out[i, 1] = lon
        out[i, 2] = height


@kernel("void(float64, float64, float64[:,::1])", entry=True)
def enu_axes_into(lat_rad: float, lon_rad: float, out: Array) -> None:
    """Rows: the unit vectors east, north, up, in ECEF."""
    sin_lat = math.sin(lat_rad)
    cos_lat = math.cos(lat_rad)
    sin_lon = math.sin(lon_rad)
    cos_lon = math.cos(lon_rad)
    out[0, 0], out[0, 1], out[0, 2] = -sin_lon, cos_lon, 0.0
    out[1, 0], out[1, 1], out[1, 2] = -sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat
    out[2, 0], out[2, 1], out[2, 2] = cos_lat * cos_lon, cos_lat * sin_lon, sin_lat


@kernel("void(float64[:,::1], float64[::1], float64[:,::1], float64[:,::1])")
def to_frame_into(points_m: Array, origin_m: Array, axes: Array, out_m: Array) -> None:
    """Out = axes @ (point - origin), row by row."""
    for i in range(points_m.shape[0]):
        x = points_m[i, 0] - origin_m[0]
        y = points_m[i, 1] - origin_m[1]
        z = points_m[i, 2] - origin_m[2]
        for k in range(3):
            out_m[i, k] = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z


@kernel("void(float64[:,::1], float64[::1], float64[:,::1], float64[:,::1])")
def from_frame_into(points_m: Array, origin_m: Array, axes: Array, out_m: Array) -> None:
    """Out = origin + axes.T @ point, row by row."""
    for i in range(points_m.shape[0]):
        e = points_m[i, 0]
        n = points_m[i, 1]
        u = points_m[i, 2]
        for k in range(3):
            out_m[i, k] = origin_m[k] + axes[0, k] * e + axes[1, k] * n + axes[2, k] * u


@kernel("void(float64[:,::1], float64[:,::1], float64[:,::1])")
def rotate_into(vectors: Array, axes: Array, out: Array) -> None:
    """Out = axes @ vector, row by row."""
    for i in range(vectors.shape[0]):
        x = vectors[i, 0]
        y = vectors[i, 1]
        z = vectors[i, 2]
        for k in range(3):
            out[i, k] = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z


@kernel(
    "void(float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1])",
    allocates=True,
    entry=True,
)
def velocity_to_frame_into(enu_mps: Array, places: Array, axes: Array, out: Array) -> None:
    """East-north-up where each thing is (geodetic row), in a frame's axes, row by row."""
    here = np.empty((3, 3))
    for i in range(enu_mps.shape[0]):
        enu_axes_into(places[i, 0], places[i, 1], here)
        e = enu_mps[i, 0]
        n = enu_mps[i, 1]
        u = enu_mps[i, 2]
        x = here[0, 0] * e + here[1, 0] * n + here[2, 0] * u
        y = here[0, 1] * e + here[1, 1] * n + here[2, 1] * u
        z = here[0, 2] * e + here[1, 2] * n + here[2, 2] * u
        for k in range(3):
            out[i, k] = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z


@kernel("void(float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1])", allocates=True)
def velocity_from_frame_into(local_mps: Array, places: Array, axes: Array, out: Array) -> None:
    """A frame's axes to east-north-up where each thing is (geodetic row), row by row."""
    here = np.empty((3, 3))
    for i in range(local_mps.shape[0]):
        e = local_mps[i, 0]
        n = local_mps[i, 1]
        u = local_mps[i, 2]
        x = axes[0, 0] * e + axes[1, 0] * n + axes[2, 0] * u
        y = axes[0, 1] * e + axes[1, 1] * n + axes[2, 1] * u
        z = axes[0, 2] * e + axes[1, 2] * n + axes[2, 2] * u
        enu_axes_into(places[i, 0], places[i, 1], here)
        for k in range(3):
            out[i, k] = here[k, 0] * x + here[k, 1] * y + here[k, 2] * z


@kernel("void(float64[:,::1], float64[:,::1], float64[::1])")
def distance_into(a: Array, b: Array, out_m: Array) -> None:
    """Chord length in metres between geodetic rows (lat, lon, height) of a and b."""
    for i in range(a.shape[0]):
        ax, ay, az = ecef_of(a[i, 0], a[i, 1], a[i, 2])
        bx, by, bz = ecef_of(b[i, 0], b[i, 1], b[i, 2])
        dx = ax - bx
        dy = ay - by
        dz = az - bz
        out_m[i] = math.sqrt(dx * dx + dy * dy + dz * dz)


@kernel("void(float64[:,::1], float64[:,::1])")
def polar_into(local_m: Array, out: Array) -> None:
    """(east, north, up) to (range m, azimuth rad clockwise from north in [0, tau), elevation
    rad).
    """
    for i in range(local_m.shape[0]):
        e = local_m[i, 0]
        n = local_m[i, 1]
        u = local_m[i, 2]
        ground = math.sqrt(e * e + n * n)
        azimuth = math.atan2(e, n)
        out[i, 0] = math.sqrt(e * e + n * n + u * u)
        out[i, 1] = azimuth if azimuth >= 0.0 else azimuth + math.tau
        out[i, 2] = math.atan2(u, ground)


@kernel("void(float64[:,::1], float64[:,::1])")
def unpolar_into(polar: Array, out_m: Array) -> None:
    """(range m, azimuth rad, elevation rad) to (east, north, up)."""
    for i in range(polar.shape[0]):
        ground = polar[i, 0] * math.cos(polar[i, 2])
        out_m[i, 0] = ground * math.sin(polar[i, 1])
        out_m[i, 1] = ground * math.cos(polar[i, 1])
        out_m[i, 2] = polar[i, 0] * math.sin(polar[i, 2])
