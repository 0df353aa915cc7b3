"""Compact position reporting: what `_cpr` says of it, NaN where there is no place."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.units import DEG, EARTH_A_M

Int = int | np.int64

LATITUDE_ZONES = 15  # NZ: latitude zones between the equator and a pole
STEPS = 131072  # 2^17


def _transition_latitudes() -> NDArray[np.float64]:
    """Return the latitudes (degrees) above which there are 58, 57, ... 2 longitude zones."""
    slope = 1.0 - math.cos(math.pi / (2.0 * LATITUDE_ZONES))
    return np.array([
        math.acos(math.sqrt(slope / (1.0 - math.cos(math.tau / zones)))) / DEG
        for zones in range(59, 1, -1)
    ])  # fmt: skip


TRANSITIONS = _transition_latitudes()


@kernel("int64(float64)", entry=True)
def zones_at(lat_deg: float) -> int:
    """Return NL(lat), 1 to 59."""
    lat = abs(lat_deg)
    if lat > 87.0:
        return 1
    low, high = 0, TRANSITIONS.shape[0]
    while low < high:
        middle = (low + high) // 2
        if lat < TRANSITIONS[middle]:
            high = middle
        else:
            low = middle + 1
    return 59 - low


@kernel("UniTuple(float64, 2)(int64, int64, int64, int64, int64)", entry=True)
def place_of_pair(
    even_lat: Int, even_lon: Int, odd_lat: Int, odd_lon: Int, is_odd_newer: Int
) -> tuple[float, float]:
    """Return (lat, lon) in degrees at the newer message of the pair."""
    nowhere = math.nan, math.nan
    even, odd = even_lat / STEPS, odd_lat / STEPS
    index = math.floor(59.0 * even - 60.0 * odd + 0.5)
    lat_even = 6.0 * (index % 60 + even)
    lat_odd = 360.0 / 59.0 * (index % 59 + odd)
    lat_even = lat_even - 360.0 if lat_even >= 270.0 else lat_even
    lat_odd = lat_odd - 360.0 if lat_odd >= 270.0 else lat_odd
    if abs(lat_even) > 90.0 or abs(lat_odd) > 90.0:
        return nowhere
    zones = zones_at(lat_even)
    if zones != zones_at(lat_odd):
        return nowhere
    lat, own = (lat_odd, odd_lon) if is_odd_newer else (lat_even, even_lon)
    cells = max(1, zones - is_odd_newer)
    place = math.floor((even_lon * (zones - 1) - odd_lon * zones) / STEPS + 0.5)
    lon = 360.0 / cells * (place % cells + own / STEPS)
    return lat, lon - 360.0 if lon >= 180.0 else lon


@kernel("UniTuple(float64, 2)(int64, int64, int64, float64, float64, float64)", entry=True)
def place_near(
    lat_code: Int, lon_code: Int, is_odd: Int, near_lat_deg: float, near_lon_deg: float,
    round_deg: float,
) -> tuple[float, float]:  # fmt: skip
    """Return the (lat, lon) in degrees that is nearest to a known place."""
    lat_cell = round_deg / (60 - is_odd)
    fraction = lat_code / STEPS
    lat = lat_cell * (math.floor(near_lat_deg / lat_cell - fraction + 0.5) + fraction)
    if abs(lat) > 90.0:
        return math.nan, math.nan
    lon_cell = round_deg / max(1, zones_at(lat) - is_odd)
    fraction = lon_code / STEPS
    lon = lon_cell * (math.floor(near_lon_deg / lon_cell - fraction + 0.5) + fraction)
    return lat, (lon + 180.0) % 360.0 - 180.0


@kernel("float64(float64, float64, float64, float64)")
def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance on a sphere (haversine); good to 0.5 %."""
    half_lat = math.sin((lat_b - lat_a) * DEG / 2.0)
    half_lon = math.sin((lon_b - lon_a) * DEG / 2.0)
    a = (
        half_lat * half_lat
        + math.cos(lat_a * DEG) * math.cos(lat_b * DEG) * half_lon * half_lon
    )
    return 2.0 * EARTH_A_M * math.asin(min(1.0, math.sqrt(a)))
