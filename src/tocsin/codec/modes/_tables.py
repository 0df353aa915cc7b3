"""What the codes in messages stand for, as tables for the kernel that reads many."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.modes import _kernels_follow as kernels
from tocsin.codec.modes._squitter import CHARACTERS, NIC, altitude_m
from tocsin.codec.modes._surface import SURFACE_NIC, speed_mps
from tocsin.codec.modes.accuracy import (
    SIGMA_GEOMETRIC_M,
    SIGMA_PRESSURE_M,
    sigma_position_m,
    sigma_velocity_mps,
)

__all__ = ["alphabet", "tables"]


@cache
def alphabet() -> NDArray[np.uint8]:
    """Return the characters of six bits."""
    return np.array(list(CHARACTERS.encode()), np.uint8)


@cache
def tables() -> NDArray[np.float64]:
    """Return the tables that `_kernels_follow` names, a row each; NaN where none is."""
    found = np.full((kernels.TABLES, kernels.TABLE_WIDTH), np.nan)
    found[kernels.ALTITUDES] = [altitude_m(code) for code in range(kernels.TABLE_WIDTH)]
    found[kernels.SPEEDS, :128] = [speed_mps(code) for code in range(128)]
    found[kernels.SIGMAS_VELOCITY, :8] = [sigma_velocity_mps(code) for code in range(8)]
    found[kernels.SIGMAS_VELOCITY, kernels.UNSAID_NACV] = sigma_velocity_mps(-1)
    for code, nic in (NIC | SURFACE_NIC).items():
        found[kernels.NICS, code] = nic
    sigmas_m = [
        sigma_position_m(nic, nac_p)
        for nic in range(-1, 12)
        for nac_p in range(-1, kernels.NACP_CODES - 1)
    ]
    found[kernels.SIGMAS_POSITION, : len(sigmas_m)] = sigmas_m
    found[kernels.SIGMAS_ALT, :2] = SIGMA_PRESSURE_M, SIGMA_GEOMETRIC_M
    return found
