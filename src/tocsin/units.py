"""Constants and conversions, each with its source. SI inside; the unit ends the name."""

import math

__all__ = [
    "DEG",
    "EARTH_A_M",
    "EARTH_B_M",
    "EARTH_E2",
    "EARTH_F",
    "FOOT_M",
    "KNOT_MPS",
    "NAUTICAL_MILE_M",
    "SOUND_MPS",
    "TAU",
]

TAU = math.tau
DEG = math.pi / 180.0  # radians in a degree

# WGS 84: NGA.STND.0036_1.0.0_WGS84 (2014), tables 3.1 and 3.4.
EARTH_A_M = 6378137.0  # semi-major axis
EARTH_F = 1.0 / 298.257223563  # flattening
EARTH_E2 = EARTH_F * (2.0 - EARTH_F)  # first eccentricity squared
EARTH_B_M = EARTH_A_M * (1.0 - EARTH_F)  # semi-minor axis

FOOT_M = 0.3048  # international foot, exact (1959 agreement)
NAUTICAL_MILE_M = (
    1852.0  # exact (First International Extraordinary Hydrographic Conference, 1929)
)
KNOT_MPS = NAUTICAL_MILE_M / 3600.0

SOUND_MPS = 343.0  # in dry air at 20 degrees C (ISO 9613-1:1993)
