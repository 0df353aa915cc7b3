"""Compact position reporting of airborne positions: RTCA DO-260B, A.1.7; ICAO Doc 9871, C.2.6.

A position is sent as two fractions of 17 bits in zones, alternately in 60 (even) and 59 (odd)
zones of latitude: the pair tells the place on the earth (global), one message tells it within
180 NM of a known place (local).
"""

import math

from tocsin.codec.modes import _kernels_cpr as kernels
from tocsin.codec.modes._kernels_cpr import STEPS

__all__ = ["decode_global", "decode_local", "encode_airborne", "longitude_zones"]


def longitude_zones(lat_deg: float) -> int:
    """Return NL(lat), 1 to 59."""
    return kernels.zones_at(lat_deg)


def decode_global(
    even: tuple[int, int], odd: tuple[int, int], *, is_odd_newer: bool
) -> tuple[float, float] | None:
    """Return (lat, lon) in degrees at the newer message of the pair.

    even and odd are (latitude code, longitude code). None where the two lie in different
    longitude zones (the thing has crossed a transition latitude) or outside the earth.
    """
    lat, lon = kernels.place_of_pair(*even, *odd, int(is_odd_newer))
    return None if math.isnan(lat) else (lat, lon)


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
    lat, lon = kernels.place_near(
        lat_code, lon_code, int(is_odd), near_lat_deg, near_lon_deg, round_deg
    )
    return None if math.isnan(lat) else (lat, lon)


def encode_airborne(lat_deg: float, lon_deg: float, *, is_odd: bool) -> tuple[int, int]:
    """Return (latitude code, longitude code) of a place."""
    lat_cell = 360.0 / (60 - is_odd)
    lat_code = math.floor(STEPS * ((lat_deg % lat_cell) / lat_cell) + 0.5)
    # The latitude that the receiver will see decides the number of longitude zones.
    seen = lat_cell * (lat_code / STEPS + math.floor(lat_deg / lat_cell))
    lon_cell = 360.0 / max(1, longitude_zones(seen) - is_odd)
    lon_code = math.floor(STEPS * ((lon_deg % lon_cell) / lon_cell) + 0.5)
    return lat_code % STEPS, lon_code % STEPS
