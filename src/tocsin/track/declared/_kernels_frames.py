"""Declared positions in a site's frame: one loop over rows."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.geo._kernels import ecef_of, velocity_to_frame_into
from tocsin.units import DEG

Array = NDArray[np.float64]


@kernel(
    "void(float64, float64, float64, float64, float64[::1], float64[::1], float64[::1],"
    " float64[::1], float64[::1], float64[::1], float64[::1], float64[::1], float64, float64,"
    " float64[::1], float64[:,::1], float64[:,::1], float64[::1])"
)
def carry_into(
    now_s: float,
    coast_s: float,
    ground_m: float,
    radius_m: float,
    time_s: Array,
    lat_deg: Array,
    lon_deg: Array,
    alt_m: Array,
    east_mps: Array,
    north_mps: Array,
    up_mps: Array,
    told_m: Array,
    default_m: float,
    turn_mps2: float,
    origin_m: Array,
    axes: Array,
    out: Array,
    sigma_m: Array,
) -> None:
    """Out (n, 3) = where each thing is at now_s in the frame, at ground_m where its height is
    not known, NaN beyond radius_m; sigma_m (n,) = how well that is known: as told, or
    default_m, and a turn that nobody has told yet.
    """
    for i in range(out.shape[0]):
        height_m = alt_m[i] if math.isfinite(alt_m[i]) else ground_m
        ex, ey, ez = ecef_of(lat_deg[i] * DEG, lon_deg[i] * DEG, height_m)
        x, y, z = ex - origin_m[0], ey - origin_m[1], ez - origin_m[2]
        age_s = min(now_s - time_s[i], coast_s)
        sigma_m[i] = told_m[i] if math.isfinite(told_m[i]) else default_m
        sigma_m[i] += 0.5 * turn_mps2 * age_s * age_s
        for k in range(3):
            out[i, k] = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z
        out[i, 0] += (east_mps[i] if math.isfinite(east_mps[i]) else 0.0) * age_s
        out[i, 1] += (north_mps[i] if math.isfinite(north_mps[i]) else 0.0) * age_s
        out[i, 2] += (up_mps[i] if math.isfinite(up_mps[i]) else 0.0) * age_s
        plan2 = out[i, 0] * out[i, 0] + out[i, 1] * out[i, 1]
        if not plan2 <= radius_m * radius_m:
            for k in range(3):
                out[i, k] = math.nan


@kernel(
    "int64(float64, float64, uint16, float64[::1], float64[::1], int64[::1], uint16[::1],"
    " boolean[::1])"
)
def wanted_into(
    now_s: float,
    coast_s: float,
    on_ground: int,
    time_s: Array,
    lat_deg: Array,
    link: NDArray[np.int64],
    flags: NDArray[np.uint16],
    out: NDArray[np.bool_],
) -> int:
    """Mark things that fly, have a place of the last coast_s and no tie; return how many."""
    count = 0
    for i in range(out.shape[0]):
        alone = link[i] == 0 and (flags[i] & on_ground) == 0
        out[i] = alone and math.isfinite(lat_deg[i]) and now_s - time_s[i] <= coast_s
        count += out[i]
    return count


@kernel(
    "void(int64[::1], float64[:,::1], float64[::1], float64[::1], float64[::1], float64[::1],"
    " float64[::1], float64[::1], float64[::1], uint8[::1], int64, float64, float64[:,::1],"
    " float64[::1], float64[:,::1], float64[:,:,::1], float64[:,::1], float64[::1])",
    allocates=True,
)
def told_into(
    rows: NDArray[np.int64],
    here_m: Array,
    sigma_m: Array,
    lat_deg: Array,
    lon_deg: Array,
    alt_m: Array,
    east_mps: Array,
    north_mps: Array,
    up_mps: Array,
    alt_ref: NDArray[np.uint8],
    pressure: int,
    ground_m: float,
    axes: Array,
    sigmas: Array,
    state: Array,
    covariance: Array,
    velocity: Array,
    height_m: Array,
) -> None:
    """Fill state (n, 6), covariance (n, 6, 6) in the frame, velocity (n, 3: east, north, up
    where the thing is) and height (n,) of what is told in `rows` of the other columns.

    here_m, sigma_m: as `carry_into` gives them; alt_ref `pressure`: a pressure altitude.
    sigmas: of a height by pressure, of another, of an unknown one, of a velocity, of an
    unknown one. Unknown heights are at ground_m, unknown rates 0.
    """
    place, flies, turned = np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((1, 3))
    for k in range(len(rows)):
        r = rows[k]
        known = True
        told = (east_mps[r], north_mps[r], up_mps[r])
        for axis in range(3):
            is_told = math.isfinite(told[axis])
            known = known and is_told
            velocity[k, axis] = told[axis] if is_told else 0.0
            state[k, axis] = here_m[r, axis]
        place[0, 0], place[0, 1] = lat_deg[r] * DEG, lon_deg[r] * DEG
        flies[0] = velocity[k]
        velocity_to_frame_into(flies, place, axes, turned)
        state[k, 3:] = turned[0]
        has_height = math.isfinite(alt_m[r])
        height_m[k] = alt_m[r] if has_height else ground_m
        up = sigmas[2]
        if has_height:
            up = sigmas[0] if alt_ref[r] == pressure else sigmas[1]
        rate = sigmas[3] if known else sigmas[4]
        for axis in range(2):
            covariance[k, axis, axis] = sigma_m[r] * sigma_m[r]
        covariance[k, 2, 2] = up * up
        for axis in range(3, 6):
            covariance[k, axis, axis] = rate * rate


@kernel("float64(float64[::1], float64, float64[::1], float64[:,::1])", entry=True)
def gate_distance2(here_m: Array, sigma_m: float, state: Array, covariance: Array) -> float:
    """Return the squared Mahalanobis distance in plan between a track and a declared place."""
    east, north = state[0] - here_m[0], state[1] - here_m[1]
    own = sigma_m * sigma_m
    see, snn, sen = covariance[0, 0] + own, covariance[1, 1] + own, covariance[0, 1]
    det = see * snn - sen * sen
    if not math.isfinite(east) or det <= 0.0:
        return math.inf
    distance2: float = (
        snn * east * east - 2.0 * sen * east * north + see * north * north
    ) / det
    return distance2


@kernel(
    "Tuple((int64, float64))(int64, float64[:,::1], float64[::1], int64, int64[::1],"
    " int32[::1], float64[:,::1], float64[:,:,::1], float64)"
)
def nearest(
    row: int,
    here_m: Array,
    sigma_m: Array,
    site: int,
    among: NDArray[np.intp],
    site_of: NDArray[np.int32],
    state: Array,
    covariance: Array,
    gate: float,
) -> tuple[int, float]:
    """Return which of the tracks `among` of a site is nearest to a declared row within the
    gate, and how near; -1 and the gate where none is.
    """
    best, best2 = -1, gate
    if not math.isfinite(here_m[row, 0]):
        return best, best2
    for k in among:
        east, north = state[k, 0] - here_m[row, 0], state[k, 1] - here_m[row, 1]
        # 3 km holds any gate: sigmas beyond 800 m make no useful tie.
        if site_of[k] != site or not east * east + north * north < 3000.0**2:
            continue
        distance2 = gate_distance2(here_m[row], sigma_m[row], state[k], covariance[k])
        if distance2 < best2:
            best, best2 = k, distance2
    return best, best2
