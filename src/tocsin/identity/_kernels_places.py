"""Which tracks are where a thing says that it is, or another track: plain loops over tracks."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Octets = NDArray[np.uint8]

SIGMAS = 3.0  # of both positions
NEAR_MPS = 5.0  # what two trackers make of one velocity in a turn
HEIGHT_M = 300.0  # twice what a pressure altitude may be off


@kernel("float64(float64)")
def _turned_deg(angle_deg: float) -> float:
    """Return an angle in [-180, 180): beside the 180th meridian longitudes leap."""
    return (angle_deg + 180.0) % 360.0 - 180.0


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
        east_m = _turned_deg(lons_deg[i] - lon_deg) * east_m_a_degree - ahead_east_m
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


@kernel(
    "void(int64[::1], float64, float64, float64, uint8, float64[::1], float64[::1],"
    " float64[::1], float64[:,::1], float64[:,:,::1], uint8[::1], int32[::1], uint8[::1],"
    " float64[::1], uint8[::1], int64[:,::1])"
)
def beside_into(
    rows: NDArray[np.int64],
    m_a_degree: float,
    near_m: float,
    together_s: float,
    measured: int,
    lats_deg: Array,
    lons_deg: Array,
    alts_m: Array,
    velocity_mps: Array,
    covariance: Array,
    kind: Octets,
    site: NDArray[np.int32],
    status: Octets,
    updated_s: Array,
    nature: Octets,
    out: NDArray[np.int64],
) -> None:
    """Fill out (rows, sites) with the track of each other site that measures the same thing as
    a row does, -1 where none does: the nearest of its nature that is no longer tentative, seen
    within together_s, within SIGMAS of both tracks (and near_m, and NEAR_MPS) in place and
    velocity.

    velocity_mps (n, 3): east, north, up where each track is.
    """
    for k in range(rows.shape[0]):
        own = rows[k]
        east_m_a_degree = m_a_degree * math.cos(math.radians(lats_deg[own]))
        for j in range(out.shape[1]):
            out[k, j] = -1
            if j == site[own]:
                continue
            best2 = math.inf
            for i in range(lats_deg.shape[0]):
                if site[i] != j or kind[i] != measured or status[i] == 0:
                    continue
                if nature[i] != nature[own]:
                    continue
                if not abs(updated_s[i] - updated_s[own]) <= together_s:
                    continue
                east_m = _turned_deg(lons_deg[i] - lons_deg[own]) * east_m_a_degree
                north_m = (lats_deg[i] - lats_deg[own]) * m_a_degree
                away2 = east_m * east_m + north_m * north_m
                if not away2 < best2:
                    continue
                p, q = covariance[i], covariance[own]
                var = p[0, 0] + p[1, 1] + q[0, 0] + q[1, 1]
                up_var = p[2, 2] + q[2, 2]
                rate_var = p[3, 3] + p[4, 4] + q[3, 3] + q[4, 4]
                rate2 = 0.0
                for axis in range(2):
                    off = velocity_mps[i, axis] - velocity_mps[own, axis]
                    rate2 += off * off
                if (
                    math.sqrt(away2) <= SIGMAS * math.sqrt(max(var, 0.0)) + near_m
                    and abs(alts_m[i] - alts_m[own])
                    <= SIGMAS * math.sqrt(max(up_var, 0.0)) + near_m
                    and math.sqrt(rate2) <= SIGMAS * math.sqrt(max(rate_var, 0.0)) + NEAR_MPS
                ):
                    best2 = away2
                    out[k, j] = i
