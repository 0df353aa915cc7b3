"""What the accuracy codes of a Location message bound, and the sigmas that follow.

ASTM F3411-22a, tables 7 to 9: bounds of 95 %, after ADS-B's NACp, GVA and NACv (RTCA DO-260B).
"""

import math

__all__ = ["SIGMA_UNKNOWN_M", "sigma_altitude_m", "sigma_position_m", "sigma_velocity_mps"]

# Codes 1 to 12; 0 is "18.52 km or more, or unknown".
_HORIZONTAL_M = (
    18_520.0, 7_408.0, 3_704.0, 1_852.0, 926.0, 555.6, 185.2, 92.6, 30.0, 10.0, 3.0, 1.0,
)  # fmt: skip
# Codes 1 to 6; 0 is "150 m or more, or unknown".
_VERTICAL_M = (150.0, 45.0, 25.0, 10.0, 3.0, 1.0)
_SPEED_MPS = (10.0, 3.0, 1.0, 0.3)  # codes 1 to 4; 0 is "10 m/s or more, or unknown"
_RAYLEIGH_95 = math.sqrt(-2.0 * math.log(0.05))  # 2.45 sigma hold 95 % of a plane error
_NORMAL_95 = 1.96  # and these of an error along a line
# What a position is off for other reasons: antennas, the age that a tenth of a second leaves.
_FLOOR_M, _FLOOR_MPS = 3.0, 0.5
SIGMA_UNKNOWN_M = 1_000.0  # the drone vouches for nothing: as ADS-B with NIC 0
SIGMA_ALTITUDE_UNKNOWN_M = 150.0
SIGMA_VELOCITY_UNKNOWN_MPS = 5.0


def _bound(table: tuple[float, ...], code: int) -> float | None:
    return table[code - 1] if 1 <= code <= len(table) else None


def sigma_position_m(code: int) -> float:
    """Return one standard deviation per axis of a horizontal accuracy code."""
    bound_m = _bound(_HORIZONTAL_M, code)
    return SIGMA_UNKNOWN_M if bound_m is None else max(_FLOOR_M, bound_m / _RAYLEIGH_95)


def sigma_altitude_m(code: int) -> float:
    """Return one standard deviation of a vertical accuracy code."""
    bound_m = _bound(_VERTICAL_M, code)
    return SIGMA_ALTITUDE_UNKNOWN_M if bound_m is None else max(_FLOOR_M, bound_m / _NORMAL_95)


def sigma_velocity_mps(code: int) -> float:
    """Return one standard deviation per axis of a speed accuracy code."""
    bound_mps = _bound(_SPEED_MPS, code)
    return (
        SIGMA_VELOCITY_UNKNOWN_MPS
        if bound_mps is None
        else max(_FLOOR_MPS, bound_mps / _RAYLEIGH_95)
    )
