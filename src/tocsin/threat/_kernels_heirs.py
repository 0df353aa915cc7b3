"""Who goes on with a flight that was lost: plain loops over young tracks and those gone.

A new track that fits one that is gone may be another thing. Its odds against that are the
density with which the same thing would be found there, flying so, to that of things that begin
there by chance. What they leave (DOUBT) bounds what the way of both together can tell: two that
fly about, the one where the other was lost, come as far as one that goes somewhere.

Columns of `memory` are named in `_kernels_columns`, those of `gone` in `_kernels_memory`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.threat._kernels_columns import (
    ASKED,
    DOUBT,
    HEIR,
    JOINED_EAST,
    JOINED_NORTH,
    OF_ZONE,
    REMEMBERED,
    WAY,
    WEIGHT,
)
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
# The notch hides as well what passes the radar across, for as long as it does, and shows it
# again when it turns. Every other such flight goes on until then, within this share of its way
# to either side. Only of what came near to being asked about: birds are lost all day.
ASKED_LEAST = 0.5
KEEPS_ON = 0.5
STRAYS = 0.2
# What begins by chance: so many tracks within ABOUT_M in ABOUT_S on a usual day (4,000 within
# 5 km), and beside them those that did.
ABOUT_M, ABOUT_S = 2000.0, 120.0
USUAL = 0.9
BIRD_MPS = 15.0  # any way, up to this (Alerstam and others 2007: 8 to 23 m/s, most below 15)
ROAM_M = 1000.0  # a bird that lives here is lost and found again anywhere about its home


@kernel("float64(float64, float64)")
def _dense(off2: float, may: float) -> float:
    """Return the density, in plan, of a normal error whose square is off2; may: its SIGMAS."""
    var = (may / SIGMAS) ** 2
    out: float = math.exp(-0.5 * off2 / var) / (math.tau * var)
    return out


@kernel("float64(float64, float64[::1], float64, float64[::1], float64)")
def _goes_on(now_s: float, gone: Array, born_s: float, state: Array, births: float) -> float:
    """Return at what odds a track goes on with the flight of what is gone, against one that
    began there by chance; 0 where its place or its velocity do not fit.

    births: of other things, each square metre and second.
    """
    since_s = now_s - gone[TIME]
    if since_s > GONE_S:
        return 0.0
    de = gone[EAST] + since_s * gone[VE] - state[0]
    dn = gone[NORTH] + since_s * gone[VN] - state[1]
    off2 = de * de + dn * dn
    known_m = gone[SIGMA_M] + gone[SIGMA_MPS] * since_s
    may_m = TURN_M + TURN_MPS * (now_s - gone[UPDATED]) + SIGMAS * known_m
    if math.isnan(may_m) or off2 > min(may_m, MOST_M) ** 2:
        return 0.0
    de, dn = gone[VE] - state[3], gone[VN] - state[4]
    turned2 = de * de + dn * dn
    speed_mps = math.sqrt(gone[VE] * gone[VE] + gone[VN] * gone[VN])
    may_mps = max(VELOCITY_MPS, VELOCITY_SHARE * speed_mps, SIGMAS * gone[SIGMA_MPS])
    if not turned2 <= may_mps * may_mps:
        return 0.0
    same = _dense(off2, may_m) * _dense(turned2, may_mps)
    since_s = max(born_s - gone[UPDATED], OVERLAP_S)
    odds: float = same / (births * since_s / (math.pi * BIRD_MPS * BIRD_MPS))
    return odds


@kernel("boolean(float64[::1])")
def _had_come_far(gone: Array) -> bool:
    """Tell whether it had come far to any zone and was no faster than what may stop."""
    if gone[VE] * gone[VE] + gone[VN] * gone[VN] > STOPS_MPS * STOPS_MPS:
        return False
    width = (gone.shape[0] - GONE - REMEMBERED) // OF_ZONE
    come_m = 0.0
    for way in range(GONE + REMEMBERED + 2 * width, GONE + REMEMBERED + 3 * width):
        come_m = max(come_m, gone[way])
    return come_m >= FAR_M


@kernel("float64(float64, float64[::1], float64, float64[::1], float64)")
def _goes_off(now_s: float, gone: Array, born_s: float, state: Array, births: float) -> float:
    """Return at what odds a track is what had come far, has stopped and was lost, against one
    that began there by chance or a bird that is about there again; 0 where it fits none.
    """
    flown_s = now_s - born_s
    carried_s = gone[TIME] - gone[UPDATED]  # by the filter, with no plot
    de = state[0] - flown_s * state[3] - (gone[EAST] - carried_s * gone[VE])
    dn = state[1] - flown_s * state[4] - (gone[NORTH] - carried_s * gone[VN])
    off2 = de * de + dn * dn
    if not off2 <= STOOD_M * STOOD_M:
        return 0.0
    since_s = max(born_s - gone[UPDATED], OVERLAP_S)
    about_m = min(BIRD_MPS * since_s + STOOD_M, ROAM_M)
    chance = births * since_s + 1.0 / (math.pi * about_m * about_m)
    odds: float = _dense(off2, STOOD_M) / chance
    return odds


@kernel("float64(float64, float64[::1], float64, float64[::1], float64)")
def _turns(now_s: float, gone: Array, born_s: float, state: Array, births: float) -> float:
    """Return at what odds a track is what was asked about, flew on unseen and has turned,
    against one that began there by chance; 0 where its place or its speed do not fit.
    """
    if gone[GONE + ASKED] < ASKED_LEAST:
        return 0.0
    speed_mps = math.sqrt(gone[VE] * gone[VE] + gone[VN] * gone[VN])
    changed_mps = abs(math.sqrt(state[3] * state[3] + state[4] * state[4]) - speed_mps)
    if not changed_mps <= max(VELOCITY_MPS, VELOCITY_SHARE * speed_mps):
        return 0.0
    flown_s, carried_s = now_s - born_s, born_s - gone[TIME]
    de = state[0] - flown_s * state[3] - (gone[EAST] + carried_s * gone[VE])
    dn = state[1] - flown_s * state[4] - (gone[NORTH] + carried_s * gone[VN])
    off2 = de * de + dn * dn
    since_s = max(born_s - gone[UPDATED], OVERLAP_S)
    may_m = TURN_M + STRAYS * speed_mps * since_s
    if not off2 <= may_m * may_m:
        return 0.0
    odds: float = KEEPS_ON * _dense(off2, may_m) / (births * since_s)
    return odds


@kernel("float64(int64, float64, int32[::1], uint8[::1], float64[::1], float64[:,::1])")
def _births(
    i: int,
    now_s: float,
    site: NDArray[np.int32],
    status: NDArray[np.uint8],
    born_s: Array,
    state: Array,
) -> float:
    """Return how many things begin each second on a square metre about track i."""
    count = USUAL
    for k in range(state.shape[0]):
        if k == i or site[k] != site[i] or status[k] == 0:  # 0: tentative, mostly false plots
            continue
        if born_s[k] >= now_s - ABOUT_S:
            de, dn = state[k, 0] - state[i, 0], state[k, 1] - state[i, 1]
            count += de * de + dn * dn < ABOUT_M * ABOUT_M
    births: float = count / (math.pi * ABOUT_M * ABOUT_M * ABOUT_S)
    return births


@kernel("void(float64, float64[:,::1], boolean[::1])")
def lasts_into(now_s: float, gone: Array, out: NDArray[np.bool_]) -> None:
    """Out (n,) = may it still be found again."""
    for g in range(gone.shape[0]):
        ago_s = now_s - gone[g, TIME]
        out[g] = ago_s <= GONE_S or (ago_s <= STOOD_S and _had_come_far(gone[g]))


@kernel("void(float64[::1], float64[::1], float64[::1], float64)")
def _take_over_into(row: Array, gone: Array, state: Array, doubt: float) -> None:
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
    row[ASKED] = max(row[ASKED], gone[GONE + ASKED])
    row[WAY] += gone[GONE + WAY]
    row[DOUBT] = gone[GONE + DOUBT] + doubt
    row[JOINED_EAST], row[JOINED_NORTH] = state[0], state[1]


@kernel(
    "void(float64, float64[:,::1], int32[::1], uint8[::1], float64[::1], float64[:,::1],"
    " float64[:,::1])"
)
def inherit_into(
    now_s: float,
    gone: Array,
    site: NDArray[np.int32],
    status: NDArray[np.uint8],
    born_s: Array,
    state: Array,
    memory: Array,
) -> None:
    """Give each young track the way of the likeliest of those whose flight it goes on with."""
    for i in range(memory.shape[0]):
        weight = memory[i, WEIGHT]
        if not ASK_FROM_S <= weight <= ASK_UNTIL_S or memory[i, HEIR] != 0.0:
            continue
        best, best_odds, births = -1, 0.0, 0.0
        for g in range(gone.shape[0]):
            if gone[g, SITE] != site[i] or not born_s[i] >= gone[g, UPDATED] - OVERLAP_S:
                continue
            if births == 0.0:
                births = _births(i, now_s, site, status, born_s, state)
            odds = _goes_on(now_s, gone[g], born_s[i], state[i], births)
            if odds == 0.0 and _had_come_far(gone[g]):
                off = _goes_off(now_s, gone[g], born_s[i], state[i], births)
                odds = max(off, _turns(now_s, gone[g], born_s[i], state[i], births))
            if odds > best_odds:
                best, best_odds = g, odds
        if best >= 0:
            _take_over_into(memory[i], gone[best], state[i], 1.0 / best_odds)
