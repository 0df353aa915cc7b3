"""How wrong a position or velocity may be, by the integrity that ADS-B sends with it."""

import math

__all__ = ["SIGMA_GEOMETRIC_M", "SIGMA_PRESSURE_M", "sigma_position_m", "sigma_velocity_mps"]

SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
SIGMA_GEOMETRIC_M = 30.0  # vertical figure of merit of most receivers, two roundings of 25 ft
# Radius of containment by NIC (DO-260B, table 2-70), metres.
_CONTAINMENT_M = {
    11: 7.5, 10: 25.0, 9: 75.0, 8: 185.2, 7: 370.4, 6: 1111.2, 5: 1852.0, 4: 3704.0, 3: 7408.0,
    2: 14816.0, 1: 37040.0,
}  # fmt: skip
# HIL at 1e-7 of a Rayleigh error is 5.68 sigma (sqrt(2 ln 1e7)).
_CONTAINMENT_SIGMAS = math.sqrt(2.0 * math.log(1e7))
_SIGMA_FLOOR_M = 10.0  # CPR's step of 5 m and the age of the position in the aircraft
_SIGMA_UNKNOWN_M = 1_000.0  # NIC 0: the aircraft vouches for nothing
# 95 % horizontal bounds by NACp and NACv (DO-260B, tables 2-71 and 2-25), halved by 2.45 sigma.
_EPU_M = {11: 3.0, 10: 10.0, 9: 30.0, 8: 92.6, 7: 185.2, 6: 555.6, 5: 926.0, 4: 1852.0}
_VELOCITY_MPS = {1: 10.0, 2: 3.0, 3: 1.0, 4: 0.3}
_RAYLEIGH_95 = math.sqrt(-2.0 * math.log(0.05))
_SIGMA_VELOCITY_UNKNOWN_MPS = 5.0


def sigma_position_m(nic: int, nac_p: int) -> float:
    """Return one standard deviation from NACp, or else NIC (-1: not said)."""
    bound_m = _EPU_M.get(nac_p)
    if bound_m is not None:
        return max(_SIGMA_FLOOR_M, bound_m / _RAYLEIGH_95)
    radius_m = _CONTAINMENT_M.get(nic)
    if radius_m is None:
        return _SIGMA_UNKNOWN_M
    return max(_SIGMA_FLOOR_M, radius_m / _CONTAINMENT_SIGMAS)


def sigma_velocity_mps(nac_v: int) -> float:
    """Return one standard deviation from NACv."""
    bound_mps = _VELOCITY_MPS.get(nac_v)
    return max(0.5, bound_mps / _RAYLEIGH_95) if bound_mps else _SIGMA_VELOCITY_UNKNOWN_MPS
