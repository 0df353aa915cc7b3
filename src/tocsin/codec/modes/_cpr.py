"""Compact position reporting of airborne positions: RTCA DO-260B, A.1.7; ICAO Doc 9871, C.2.6.

A position is sent as two fractions of 17 bits in zones, alternately in 60 (even) and 59 (odd)
zones of latitude: the pair tells the place on the earth (global), one message tells it within
180 NM of a known place (local).
"""

import math

from tocsin.units import DEG

__all__ = ["decode_global", "decode_local", "encode_airborne", "longitude_zones"]

ZONES = 15  # NZ: latitude zones between the equator and a pole
STEPS = 131072  # 2^17


def _transition_latitudes() -> tuple[float, ...]:
    """Return the latitudes (degrees) above which there are 58, 57, ... 2 longitude zones."""
    slope = 1.0 - math.cos(math.pi / (2.0 * ZONES))
    return tuple(
        math.acos(math.sqrt(slope / (1.0 - math.cos(math.tau / zones)))) / DEG
        for zones in range(59, 1, -1)
    )


_TRANSITIONS = _transition_latitudes()


def longitude_zones(lat_deg: float) -> int:
    """Return NL(lat), 1 to 59."""
    lat = abs(lat_deg)
    if lat > 87.0:
        return 1
    low, high = 0, len(_TRANSITIONS)
    while low < high:
        middle = (low + high) // 2
        if lat < _TRANSITIONS[middle]:
            high = middle
        else:
            low = middle + 1
    return 59 - low


def decode_global(
    even: tuple[int, int], odd: tuple[int, int], *, is_odd_newer: bool
) -> tuple[float, float] | None:
    """Return (lat, lon) in degrees at the newer message of the pair.

    even and odd are (latitude code, longitude code). None where the two lie in different
    longitude zones (the thing has crossed a transition latitude) or outside the earth.
    """
    even_lat, odd_lat = even[0] / STEPS, odd[0] / STEPS
    index = math.floor(59.0 * even_lat - 60.0 * odd_lat + 0.5)
    lat_even = 6.0 * (index % 60 + even_lat)
    lat_odd = 360.0 / 59.0 * (index % 59 + odd_lat)
    lat_even = lat_even - 360.0 if lat_even >= 270.0 else lat_even
    lat_odd = lat_odd - 360.0 if lat_odd >= 270.0 else lat_odd
    if abs(lat_even) > 90.0 or abs(lat_odd) > 90.0:
        return None
    zones = longitude_zones(lat_even)
    if zones != longitude_zones(lat_odd):
        return None
    lat, own = (lat_odd, odd) if is_odd_newer else (lat_even, even)
    cells = max(1, zones - is_odd_newer)
    place = math.floor((even[1] * (zones - 1) - odd[1] * zones) / STEPS + 0.5)
    lon = 360.0 / cells * (place % cells + own[1] / STEPS)
    return lat, lon - 360.0 if lon >= 180.0 else lon


def decode_local(
    lat_code: int,
    lon_code: int,
    *,
    is_odd: bool,
    near_lat_deg: float,
    near_lon_deg: float,
    round_deg: float = 360.0,
) -> tuple[float, float] | None:
    """Return the (lat, lon) in degrees that is nearest to a known place (true within 180
    NM). round_deg: what all zones together span, 90 for a position on the surface (45 NM).
    """
    lat_cell = round_deg / (60 - is_odd)
    fraction = lat_code / STEPS
    zone = math.floor(near_lat_deg / lat_cell - fraction + 0.5)
    lat = lat_cell * (zone + fraction)
    if abs(lat) > 90.0:
        return None
    lon_cell = round_deg / max(1, longitude_zones(lat) - is_odd)
    fraction = lon_code / STEPS
    zone = math.floor(near_lon_deg / lon_cell - fraction + 0.5)
    lon = lon_cell * (zone + fraction)
    return lat, (lon + 180.0) % 360.0 - 180.0


def encode_airborne(lat_deg: float, lon_deg: float, *, is_odd: bool) -> tuple[int, int]:
    """Return (latitude code, longitude code) of a place."""
    lat_cell = 360.0 / (60 - is_odd)
    lat_code = math.floor(STEPS * ((lat_deg % lat_cell) / lat_cell) + 0.5)
    # The latitude that the receiver will see decides the number of longitude zones.
    seen = lat_cell * (lat_code / STEPS + math.floor(lat_deg / lat_cell))
    lon_cell = 360.0 / max(1, longitude_zones(seen) - is_odd)
    lon_code = math.floor(STEPS * ((lon_deg % lon_cell) / lon_cell) + 0.5)
    return lat_code % STEPS, lon_code % STEPS
