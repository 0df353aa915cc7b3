"""Whether things will be in a volume, and how near they come to each other: plain loops.

A state is (east, north, up, and their rates) in the site's frame, with its 6x6 covariance. A
thing goes on straight; how far it may leave that way is a white acceleration of density
`spread` (m^2/s^3 in plan, then in height). Chances are sums over `points`, (n, 2), which stand
evenly for the standard normal distribution of two dimensions.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]

EARTH_R_M = 6_371_000.0  # mean radius: the ground falls away by d^2 / 2R under a tangent plane
FLOOR, CEILING, FAR_FLOOR, FAR_CEILING, NEAR_EAST, NEAR_NORTH, ALONG_EAST, ALONG_NORTH = range(
    8
)
LENGTH = 8  # of the middle line; 0 where the volume does not slope
BOUNDS = 9
EAST, NORTH, UP, VAR_EAST, COV, VAR_NORTH, VAR_UP = range(7)
AHEAD = 7
NOW, BY = range(2)  # that it is inside at a time; that it has been inside by then
PLAN, SIGMA, HEIGHT, SIGMA_UP, BOTH = range(5)
NEARNESS = 5
LEAST_M2 = 1.0  # a variance below a square metre is no more than rounding


@kernel("float64(float64)")
def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@kernel("void(float64[::1], float64[:,::1], float64[::1], float64, float64[::1])")
def ahead_into(
    state: Array, covariance: Array, spread: Array, after_s: float, out: Array
) -> None:
    """Fill where a thing is after a time, and how surely (see EAST to VAR_UP)."""
    t = after_s
    cube = t * t * t / 3.0
    for k in range(3):
        out[k] = state[k] + t * state[k + 3]
    c = covariance
    out[VAR_EAST] = c[0, 0] + 2.0 * t * c[0, 3] + t * t * c[3, 3] + spread[0] * cube
    out[VAR_NORTH] = c[1, 1] + 2.0 * t * c[1, 4] + t * t * c[4, 4] + spread[0] * cube
    out[VAR_UP] = c[2, 2] + 2.0 * t * c[2, 5] + t * t * c[5, 5] + spread[1] * cube
    out[COV] = c[0, 1] + t * (c[0, 4] + c[3, 1]) + t * t * c[3, 4]


@kernel("boolean(float64, float64, float64[:,::1])")
def _is_inside(east: float, north: float, ring: Array) -> bool:
    inside = False
    m = ring.shape[0]
    pe, pn = ring[m - 1, 0], ring[m - 1, 1]
    for k in range(m):
        ce, cn = ring[k, 0], ring[k, 1]
        if (cn > north) != (pn > north) and east < ce + (north - cn) * (pe - ce) / (pn - cn):
            inside = not inside
        pe, pn = ce, cn
    return inside


@kernel(
    "void(float64[::1], float64[:,::1], float64[::1], float64[::1], float64[:,::1], "
    "float64[::1], float64[:,::1], float64[:,::1])",
    allocates=True,
)
def inside_into(
    state: Array,
    covariance: Array,
    spread: Array,
    after_s: Array,
    ring: Array,
    bounds: Array,
    points: Array,
    out: Array,
) -> None:
    """Fill for each time the probabilities NOW and BY of a thing and a volume.

    For BY each point is followed: what is to the left of the middle way stays to the left.
    """
    n = points.shape[0]
    best = np.zeros(n)
    by = 0.0
    here = np.empty(AHEAD)
    low_e, high_e = ring[:, 0].min(), ring[:, 0].max()
    low_n, high_n = ring[:, 1].min(), ring[:, 1].max()
    for k in range(after_s.shape[0]):
        ahead_into(state, covariance, spread, after_s[k], here)
        se = math.sqrt(max(here[VAR_EAST], LEAST_M2))
        sn = math.sqrt(max(here[VAR_NORTH], LEAST_M2))
        su = math.sqrt(max(here[VAR_UP], LEAST_M2))
        out[k, NOW], out[k, BY] = 0.0, by
        if here[EAST] < low_e - 4.0 * se or here[EAST] > high_e + 4.0 * se:
            continue
        if here[NORTH] < low_n - 4.0 * sn or here[NORTH] > high_n + 4.0 * sn:
            continue
        across = here[COV] / se
        rest = math.sqrt(max(sn * sn - across * across, 0.0))
        total = 0.0
        for i in range(n):
            east = here[EAST] + se * points[i, 0]
            north = here[NORTH] + across * points[i, 0] + rest * points[i, 1]
            if not _is_inside(east, north, ring):
                continue
            share = 0.0
            if bounds[LENGTH] > 0.0:
                along = (east - bounds[NEAR_EAST]) * bounds[ALONG_EAST]
                along += (north - bounds[NEAR_NORTH]) * bounds[ALONG_NORTH]
                share = min(max(along / bounds[LENGTH], 0.0), 1.0)
            floor = bounds[FLOOR] + share * (bounds[FAR_FLOOR] - bounds[FLOOR])
            ceiling = bounds[CEILING] + share * (bounds[FAR_CEILING] - bounds[CEILING])
            height = here[UP] + (east * east + north * north) / (2.0 * EARTH_R_M)
            level = _phi((ceiling - height) / su) - _phi((floor - height) / su)
            total += level
            best[i] = max(best[i], level)
        by = best.sum() / n
        out[k, NOW], out[k, BY] = total / n, by


@kernel(
    "void(float64[::1], float64[:,::1], float64[::1], float64[::1], float64[:,::1], "
    "float64[::1], float64[::1], float64, float64, float64[:,::1], float64[:,::1])",
    allocates=True,
)
def near_into(
    one: Array,
    one_covariance: Array,
    one_spread: Array,
    other: Array,
    other_covariance: Array,
    other_spread: Array,
    after_s: Array,
    minimum_m: float,
    minimum_up_m: float,
    points: Array,
    out: Array,
) -> None:
    """Fill for each time how far two things are apart in plan and in height, each with one
    standard deviation, and the probability that both are below their minima.
    """
    n = points.shape[0]
    a, b = np.empty(AHEAD), np.empty(AHEAD)
    for k in range(after_s.shape[0]):
        ahead_into(one, one_covariance, one_spread, after_s[k], a)
        ahead_into(other, other_covariance, other_spread, after_s[k], b)
        de, dn, du = b[EAST] - a[EAST], b[NORTH] - a[NORTH], b[UP] - a[UP]
        var_e = max(a[VAR_EAST] + b[VAR_EAST], LEAST_M2)
        var_n = max(a[VAR_NORTH] + b[VAR_NORTH], LEAST_M2)
        su = math.sqrt(max(a[VAR_UP] + b[VAR_UP], LEAST_M2))
        cov = a[COV] + b[COV]
        plan = math.sqrt(de * de + dn * dn)
        out[k, PLAN], out[k, HEIGHT], out[k, SIGMA_UP] = plan, abs(du), su
        if plan > 1.0:
            along = (de * de * var_e + 2.0 * de * dn * cov + dn * dn * var_n) / (plan * plan)
        else:
            along = 0.5 * (var_e + var_n)
        out[k, SIGMA] = math.sqrt(max(along, LEAST_M2))
        out[k, BOTH] = 0.0
        if plan > minimum_m + 6.0 * math.sqrt(var_e + var_n):
            continue
        se = math.sqrt(var_e)
        across = cov / se
        rest = math.sqrt(max(var_n - across * across, 0.0))
        hits = 0
        for i in range(n):
            east = de + se * points[i, 0]
            north = dn + across * points[i, 0] + rest * points[i, 1]
            if east * east + north * north < minimum_m * minimum_m:
                hits += 1
        in_height = _phi((minimum_up_m - du) / su) - _phi((-minimum_up_m - du) / su)
        out[k, BOTH] = hits / n * in_height
