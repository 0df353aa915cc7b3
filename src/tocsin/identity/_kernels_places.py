"""Whether a second track is where a thing says that it is: a plain loop over tracks."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Octets = NDArray[np.uint8]

SIGMAS = 3.0  # of both positions
HEIGHT_M = 300.0  # twice what a pressure altitude may be off


@kernel(
    "boolean(int64, float64, float64, float64, float64, float64, float64, float64, float64,"
    " float64, float64, uint8, float64[::1], float64[::1], float64[::1], float64[:,:,::1],"
    " uint8[::1], int32[::1], uint8[::1], float64[::1])"
)
def is_shared(
    own: int,
    lat_deg: float,
    lon_deg: float,
    height_m: float,
    ahead_east_m: float,
    ahead_north_m: float,
    own_var: float,
    north_m_a_degree: float,
    east_m_a_degree: float,
    near_m: float,
    together_s: float,
    measured: int,
    lats_deg: Array,
    lons_deg: Array,
    alts_m: Array,
    covariance: Array,
    kind: Octets,
    site: NDArray[np.int32],
    status: Octets,
    updated_s: Array,
) -> bool:
    """Tell whether a track beside `own`, of its site, measured, no longer tentative and seen
    within together_s of it, is within the gate around a place.

    The place is carried ahead; own_var is the variance of each axis of it, height_m may be NaN.
    The gate is SIGMAS of both positions plus near_m.
    """
    for i in range(lats_deg.shape[0]):
        if i == own or kind[i] != measured or site[i] != site[own] or status[i] == 0:
            continue
        if not abs(updated_s[i] - updated_s[own]) <= together_s:
            continue
        east_m = (lons_deg[i] - lon_deg) * east_m_a_degree - ahead_east_m
        north_m = (lats_deg[i] - lat_deg) * north_m_a_degree - ahead_north_m
        var = covariance[i, 0, 0] + covariance[i, 1, 1] + 2.0 * own_var
        gate_m = SIGMAS * math.sqrt(max(var, 0.0)) + near_m
        if not east_m * east_m + north_m * north_m <= gate_m * gate_m:
            continue
        up_m = HEIGHT_M + SIGMAS * math.sqrt(max(covariance[i, 2, 2], 0.0))
        if math.isfinite(height_m) and not abs(alts_m[i] - height_m) <= up_m:
            continue
        return True
    return False
