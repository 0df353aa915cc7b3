"""Where a thing is at a time, in closed form: waypoints, rounded corners, a gentle sway.

A path is a polyline over time. Averaging it over a window of `smooth_s` rounds the corners: the
acceleration at a corner is |change of velocity| / smooth_s, and the velocity is the difference
of the polyline at the window's ends over its length. A closed form lets a sensor ask for any
time in any order, which a step-by-step integration would not.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel("int64(float64[::1], int64, float64)")
def leg_of(way_s: Array, n: int, t_s: float) -> int:
    """Index of the leg that holds t_s; the first and the last leg go on beyond their ends."""
    low = 0
    high = n - 2
    while low < high:
        middle = (low + high + 1) // 2
        if way_s[middle] <= t_s:
            low = middle
        else:
            high = middle - 1
    return low


@kernel("float64(float64[::1], float64[::1], int64, float64)")
def along(way_s: Array, way_m: Array, n: int, t_s: float) -> float:
    """One coordinate of the polyline at t_s."""
    k = leg_of(way_s, n, t_s)
    share = (t_s - way_s[k]) / (way_s[k + 1] - way_s[k])
    here_m: float = way_m[k] + share * (way_m[k + 1] - way_m[k])
    return here_m


@kernel("float64(float64[::1], float64[::1], int64, float64, float64)")
def mean_along(way_s: Array, way_m: Array, n: int, from_s: float, to_s: float) -> float:
    """Mean of one coordinate of the polyline from from_s to to_s (trapezia, so exact)."""
    total = 0.0
    at_s = from_s
    at_m = along(way_s, way_m, n, from_s)
    for k in range(leg_of(way_s, n, from_s) + 1, n - 1):
        if way_s[k] >= to_s:
            break
        total += 0.5 * (at_m + way_m[k]) * (way_s[k] - at_s)
        at_s = way_s[k]
        at_m = way_m[k]
    total += 0.5 * (at_m + along(way_s, way_m, n, to_s)) * (to_s - at_s)
    return total / (to_s - from_s)


@kernel(
    "void(float64[::1], int64[::1], int64[::1], float64[:,::1], float64[:,:,::1], "
    "float64[::1], float64[::1], float64[::1], float64[:,:,::1], float64[:,::1],"
    " float64[:,::1])"
)
def paths_into(
    t_s: Array,
    rows: Ints,
    count: Ints,
    way_s: Array,
    way_m: Array,
    smooth_s: Array,
    repeat_s: Array,
    end_s: Array,
    sway: Array,
    position_m: Array,
    velocity_mps: Array,
) -> None:
    """Fill position and velocity (n, 3), of thing rows[i] at t_s[i]; NaN while it is not there.

    way_s (things, w) and way_m (things, 3, w): count waypoints of each; repeat_s > 0: the path
    begins anew every repeat_s; end_s: the thing is gone from then on (inf: at its last
    waypoint); sway (things, 3, 3): for each axis amplitude in metres, angular rate in rad/s,
    phase in rad.
    """
    for i in range(t_s.shape[0]):
        j = rows[i]
        n = count[j]
        at_s = t_s[i]
        if repeat_s[j] > 0.0:
            at_s -= math.floor(at_s / repeat_s[j]) * repeat_s[j]
        if at_s < way_s[j, 0] or at_s > way_s[j, n - 1] or t_s[i] >= end_s[j]:
            for axis in range(3):
                position_m[i, axis] = math.nan
                velocity_mps[i, axis] = math.nan
            continue
        half_s = 0.5 * smooth_s[j]
        for axis in range(3):
            way = way_m[j, axis]
            size = sway[j, axis, 0]
            rate = sway[j, axis, 1]
            angle = rate * at_s + sway[j, axis, 2]
            ahead = along(way_s[j], way, n, at_s + half_s)
            behind = along(way_s[j], way, n, at_s - half_s)
            position_m[i, axis] = mean_along(
                way_s[j], way, n, at_s - half_s, at_s + half_s
            ) + size * math.sin(angle)
            velocity_mps[i, axis] = (ahead - behind) / smooth_s[j] + size * rate * math.cos(
                angle
            )
