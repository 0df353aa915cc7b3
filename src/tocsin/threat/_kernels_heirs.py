"""Who goes on with a flight that was lost: plain loops over young tracks and those gone.

Columns of `memory` are named in `_kernels`, those of `gone` in `_kernels_memory`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.threat._kernels import HEIR, OF_ZONE, REMEMBERED, WEIGHT
from tocsin.threat._kernels_memory import (
    EAST,
    GONE,
    NORTH,
    SIGMA_M,
    SIGMA_MPS,
    SITE,
    TIME,
    UPDATED,
    VE,
    VN,
)

Array = NDArray[np.float64]

ASK_FROM_S = 4.0  # before, a velocity is the difference of two plots
ASK_UNTIL_S = 30.0  # a tracker drops what it has not seen for some 20 s
OVERLAP_S = 2.0  # a new track's first plot may be of the old one's last turn
# How far off the line a thing may be found again: a turn, and two standard deviations of what
# the tracker knew of the old one; the same of its velocity, or a share of it.
TURN_M = 100.0
TURN_MPS = 4.0  # each second that it was not seen
MOST_M = 500.0
SIGMAS = 2.0
VELOCITY_MPS = 6.0
VELOCITY_SHARE = 0.35
GONE_S = 30.0  # a track that was dropped longer ago is not found again,
# but for one that had come far and stopped: a radar with a Doppler notch loses what stands
# still, and it goes on from there. Multirotors stay up for half an hour, stops are shorter.
# Whether it stopped the tracker may not know: one that brakes between two turns of the radar
# is carried on by the filter as it flew.
STOPS_MPS = 25.0  # faster things do not hover
STOOD_S = 300.0
FAR_M = 1000.0  # half the way that is asked about (HOME_M)
STOOD_M = 150.0  # from 18 m/s it brakes in 50 m, and flies as much in a turn of the radar


@kernel("float64(float64, float64[::1], float64[::1])")
def _off_m(now_s: float, gone: Array, state: Array) -> float:
    """Return how far a track is from where what is gone would be now; inf where its place or
    its velocity do not fit.
    """
    since_s = now_s - gone[TIME]
    if since_s > GONE_S:
        return math.inf
    de = gone[EAST] + since_s * gone[VE] - state[0]
    dn = gone[NORTH] + since_s * gone[VN] - state[1]
    off_m = math.sqrt(de * de + dn * dn)
    known_m = gone[SIGMA_M] + gone[SIGMA_MPS] * since_s
    may_m = TURN_M + TURN_MPS * (now_s - gone[UPDATED]) + SIGMAS * known_m
    if math.isnan(may_m) or off_m > min(may_m, MOST_M):
        return math.inf
    de, dn = gone[VE] - state[3], gone[VN] - state[4]
    turned_mps = math.sqrt(de * de + dn * dn)
    speed_mps = math.sqrt(gone[VE] * gone[VE] + gone[VN] * gone[VN])
    may_mps = max(VELOCITY_MPS, VELOCITY_SHARE * speed_mps, SIGMAS * gone[SIGMA_MPS])
    return off_m if turned_mps <= may_mps else math.inf


@kernel("boolean(float64[::1])")
def _may_have_stopped(gone: Array) -> bool:
    """Tell whether it had come far and may have stopped where it was last seen."""
    if gone[VE] * gone[VE] + gone[VN] * gone[VN] > STOPS_MPS * STOPS_MPS:
        return False
    width = (gone.shape[0] - GONE - REMEMBERED) // OF_ZONE
    come_m = 0.0
    for way in range(GONE + REMEMBERED + 2 * width, GONE + REMEMBERED + 3 * width):
        come_m = max(come_m, gone[way])
    return come_m >= FAR_M


@kernel("float64(float64, float64[::1], float64, float64[::1])")
def _aside_m(now_s: float, gone: Array, born_s: float, state: Array) -> float:
    """Return how far from where one was last seen that may have stopped a track began; inf
    where it fits none.
    """
    if not _may_have_stopped(gone):
        return math.inf
    flown_s = now_s - born_s
    carried_s = gone[TIME] - gone[UPDATED]  # by the filter, with no plot
    de = state[0] - flown_s * state[3] - (gone[EAST] - carried_s * gone[VE])
    dn = state[1] - flown_s * state[4] - (gone[NORTH] - carried_s * gone[VN])
    aside_m = math.sqrt(de * de + dn * dn)
    return aside_m if aside_m <= STOOD_M else math.inf


@kernel("void(float64, float64[:,::1], boolean[::1])")
def lasts_into(now_s: float, gone: Array, out: NDArray[np.bool_]) -> None:
    """Out (n,) = may it still be found again."""
    for g in range(gone.shape[0]):
        ago_s = now_s - gone[g, TIME]
        out[g] = ago_s <= GONE_S or (ago_s <= STOOD_S and _may_have_stopped(gone[g]))


@kernel("void(float64[::1], float64[::1])")
def _take_over_into(row: Array, gone: Array) -> None:
    """Put the older way to each zone before the younger one, where it came from farther."""
    width = (row.shape[0] - REMEMBERED) // OF_ZONE
    for far in range(REMEMBERED + width, REMEMBERED + 2 * width):
        old = GONE + far
        if gone[old] > row[far]:
            way, east, north = far + width, far + 2 * width, far + 3 * width
            de, dn = row[east] - gone[EAST], row[north] - gone[NORTH]
            row[way] += gone[GONE + way] + math.sqrt(de * de + dn * dn)
            row[far] = gone[old]
            row[east], row[north] = gone[GONE + east], gone[GONE + north]
    row[HEIR] = 1.0


@kernel(
    "void(float64, float64[:,::1], int32[::1], float64[::1], float64[:,::1], float64[:,::1])"
)
def inherit_into(
    now_s: float,
    gone: Array,
    site: NDArray[np.int32],
    born_s: Array,
    state: Array,
    memory: Array,
) -> None:
    """Give each young track the way of the nearest of those whose flight it goes on with."""
    for i in range(memory.shape[0]):
        weight = memory[i, WEIGHT]
        if not ASK_FROM_S <= weight <= ASK_UNTIL_S or memory[i, HEIR] != 0.0:
            continue
        best, best_m = -1, math.inf
        for g in range(gone.shape[0]):
            if gone[g, SITE] != site[i] or not born_s[i] >= gone[g, UPDATED] - OVERLAP_S:
                continue
            off_m = _off_m(now_s, gone[g], state[i])
            if off_m == math.inf:
                off_m = _aside_m(now_s, gone[g], born_s[i], state[i])
            if off_m < best_m:
                best, best_m = g, off_m
        if best >= 0:
            _take_over_into(memory[i], gone[best])
