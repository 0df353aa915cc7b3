"""Surface positions: RTCA DO-260B, 2.2.3.2.4 and A.1.7; ICAO Doc 9871, table A-2-6.

A surface position is a fraction of zones a quarter as wide as those in the air, so that a pair
of messages leaves four places on a hemisphere: it is decoded near a place that is known, where
the aircraft was last believed or where the receiver stands.
"""

import math
from dataclasses import dataclass

from tocsin.units import DEG, KNOT_MPS

__all__ = ["SURFACE_NIC", "Surface", "read_surface", "speed_mps"]

# Type code: navigation integrity category where no supplement says otherwise (table N-1).
SURFACE_NIC = {5: 11, 6: 10, 7: 8, 8: 0}
# Movement, table 2-15: first code, its speed (kt), step (kt).
_MOVEMENT = (
    (109, 100.0, 5.0), (94, 70.0, 2.0), (39, 15.0, 1.0), (13, 2.0, 0.5), (9, 1.0, 0.25),
    (2, 0.125, 0.125),
)  # fmt: skip
_STOPPED, _FASTEST = 1, 124


@dataclass(frozen=True, slots=True)
class Surface:
    """A surface position: 17-bit codes; velocity over ground, NaN where it is not said."""

    lat: int
    lon: int
    is_odd: bool
    east_mps: float
    north_mps: float
    nic: int


def read_surface(message: int) -> Surface:
    """Return a surface position (type codes 5 to 8)."""
    moving_mps = speed_mps(message >> 44 & 0x7F)
    has_track = message >> 43 & 1
    track_rad = (message >> 36 & 0x7F) * 360.0 / 128.0 * DEG
    east = north = math.nan
    if moving_mps == 0.0:
        east = north = 0.0
    elif has_track:
        east, north = moving_mps * math.sin(track_rad), moving_mps * math.cos(track_rad)
    return Surface(
        lat=message >> 17 & 0x1FFFF,
        lon=message & 0x1FFFF,
        is_odd=bool(message >> 34 & 1),
        east_mps=east,
        north_mps=north,
        nic=SURFACE_NIC[message >> 51],
    )


def speed_mps(code: int) -> float:
    """Return the speed of a movement code, NaN for a code without one."""
    if code == _STOPPED:
        return 0.0
    if code < _STOPPED or code >= _FASTEST:  # not said, "faster than 175 kt", reserved
        return math.nan
    first, speed_kt, step_kt = next(row for row in _MOVEMENT if code >= row[0])
    return (speed_kt + (code - first) * step_kt) * KNOT_MPS
