"""Which zone a track may come to, and when: plain loops over (track, zone).

Columns are those of `_kernels_columns`; `out` is (n, zones, JUDGED).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.threat._kernels_columns import (
    ABOVE,
    AHEAD,
    CENTRE,
    CPA,
    CPA_TIME,
    EARLY,
    EAST,
    ENTRY,
    HIGH,
    INSIDE,
    LATE,
    LN_ODDS,
    LOW,
    MEDIAN,
    NEAR,
    NORTH,
    OFF,
    P_ZONE,
    PEAK,
    WEIGHT,
)
from tocsin.threat._kernels_course import (
    SETTLES_S,
    STRAIGHT_RAD,
    course_var_of,
    leg_mps_of,
    ln_odds_of,
    wrapped,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

EARTH_R_M = 6_371_000.0  # mean radius: the ground falls away by d^2 / 2R under a tangent plane
# Half of all confirmed tracks near a site are taken to be on their way to it before their
# course is looked at; the rest goes on straight (7 in 10) or anywhere.
PRIOR_COMES = 0.5
GOES_STRAIGHT = 0.7
# A thing above a zone's ceiling must come down: gentle paths are likely, steep ones are not.
SLOPE = 0.12
DIVE = 0.3
CIRCLE_M = 2000.0  # way that a thing has at least to come down on: once round over the zone
# Arrival is log-normal with two halves: what comes seldom hastens; it bends, slows down and
# waits more often. Of 300 simulated raids at 51 m/s (bench/watch_arrival.py, seed 7171) 1.3 in
# 100 come before the band of 90 % and 10 after it, half of them for they wait on the way, which
# no width holds; of 300 slow ones 2.7 and 8. People are sent to shelter by the early end: it
# errs to the early side on purpose.
HASTE, DELAY = 0.02, 0.04
# What flies as slowly as multirotors do keeps its speed less well and may stop: in full up to
# 18 m/s, not at all from 28 m/s on (identity takes nothing faster for one).
SLOW_HASTE, SLOW_DELAY = 0.06, 0.17
SLOW_MPS, FAST_MPS = 18.0, 28.0
DASH_MPS = 10.0  # what a hovering multirotor may do at once: usual cruise of small ones
Z90 = 1.6448536269514722  # 95 % quantile of the standard normal distribution


@kernel("float64(float64)")
def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@kernel("float64(float64, float64, float64, float64, float64, float64)")
def _meet(ae: float, an: float, be: float, bn: float, ue: float, un: float) -> float:
    """Return how far along the ray (ue, un) from the origin the edge a-b is met, else inf."""
    a_across = an * ue - ae * un
    b_across = bn * ue - be * un
    if (a_across > 0.0) == (b_across > 0.0):
        return math.inf
    share = a_across / (a_across - b_across)
    along = (ae + share * (be - ae)) * ue + (an + share * (bn - an)) * un
    return along if along >= 0.0 else math.inf


@kernel("void(float64, float64, float64, float64, float64[:,::1], float64[::1], float64[::1])")
def _stand(
    east: float,
    north: float,
    ve: float,
    vn: float,
    ring: Array,
    centre: Array,
    out: Array,
) -> None:
    """Fill INSIDE, NEAR, ENTRY, AHEAD, LOW, HIGH, CENTRE of one track and one zone.

    ENTRY: along the line to the zone's middle; AHEAD: along the present course (inf where it
    passes by); LOW, HIGH: tangents of the directions to the zone's flanks, seen from the line
    to its middle, positive to the left.
    """
    ce, cn = centre[0] - east, centre[1] - north
    far = math.sqrt(ce * ce + cn * cn)
    ue, un = (ce / far, cn / far) if far > 1e-9 else (1.0, 0.0)
    inside = False
    near2, entry, ahead = math.inf, math.inf, math.inf
    low, high = 0.0, 0.0
    speed = math.sqrt(ve * ve + vn * vn)
    we, wn = (ve / speed, vn / speed) if speed > 1e-9 else (ue, un)
    m = ring.shape[0]
    ae, an = ring[m - 1, 0] - east, ring[m - 1, 1] - north
    for k in range(m):
        be, bn = ring[k, 0] - east, ring[k, 1] - north
        de, dn = be - ae, bn - an
        if (bn > 0.0) != (an > 0.0) and be - bn * de / dn > 0.0:
            inside = not inside
        length2 = de * de + dn * dn
        t = -(ae * de + an * dn) / length2 if length2 > 0.0 else 0.0
        t = min(1.0, max(0.0, t))
        pe, pn = ae + t * de, an + t * dn
        near2 = min(near2, pe * pe + pn * pn)
        entry = min(entry, _meet(ae, an, be, bn, ue, un))
        ahead = min(ahead, _meet(ae, an, be, bn, we, wn))
        along = be * ue + bn * un
        across = bn * ue - be * un
        tangent = across / max(along, 0.05 * far + 1e-9)
        low, high = min(low, tangent), max(high, tangent)
        ae, an = be, bn
    out[INSIDE] = 1.0 if inside else 0.0
    out[NEAR] = 0.0 if inside else math.sqrt(near2)
    out[ENTRY] = 0.0 if inside else max(min(entry, far), out[NEAR])
    out[AHEAD] = 0.0 if inside else ahead
    out[LOW], out[HIGH], out[CENTRE] = low, high, far


@kernel(
    "void(float64[:,::1], int64[::1], int64[::1], int64[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], float64[::1], float64[:,:,::1])"
)
def see_into(
    state: Array,
    site: Ints,
    first: Ints,
    count: Ints,
    start: Ints,
    vertices: Array,
    centre: Array,
    ceiling: Array,
    seen: Array,
) -> None:
    """Fill `seen`. Zones of site s are rows first[s] ... first[s] + count[s] of the zone
    columns; the ring of zone z is vertices[start[z] : start[z + 1]].
    """
    for i in range(state.shape[0]):
        east, north = state[i, 0], state[i, 1]
        ve, vn = state[i, 3], state[i, 4]
        height = state[i, 2] + (east * east + north * north) / (2.0 * EARTH_R_M)
        course = math.atan2(ve, vn)
        for k in range(count[site[i]]):
            z = first[site[i]] + k
            ring = vertices[start[z] : start[z + 1]]
            _stand(east, north, ve, vn, ring, centre[z], seen[i, k])
            bearing = math.atan2(centre[z, 0] - east, centre[z, 1] - north)
            seen[i, k, OFF] = wrapped(course - bearing, math.pi)
            seen[i, k, ABOVE] = max(0.0, height - ceiling[z])


@kernel("float64(float64[::1], float64, float64)")
def _through(seen: Array, direction: float, spread: float) -> float:
    """Return the chance that a flight in a direction (rad left of the line to the zone's
    middle), known to `spread`, meets the zone.
    """
    if seen[INSIDE] > 0.0:
        return 1.0
    high = (math.atan(seen[HIGH]) - direction) / spread
    low = (math.atan(seen[LOW]) - direction) / spread
    return _phi(high) - _phi(low)


@kernel("void(float64, float64, float64, float64[::1], float64[::1], float64[::1])")
def _arrive(
    now_s: float,
    speed: float,
    speed_var: float,
    memory: Array,
    seen: Array,
    out: Array,
) -> None:
    """Fill EARLY, MEDIAN, LATE: Unix time of entry, given that it comes to this zone."""
    if seen[INSIDE] > 0.0 and seen[ABOVE] <= 0.0:
        out[EARLY] = out[MEDIAN] = out[LATE] = now_s
        return
    dash = max(speed, 0.5 * memory[PEAK], DASH_MPS)
    # The smoothed velocity is what the thing makes good over its weaving, and noise lengthens
    # it less than it lengthens a single speed.
    made_good = math.sqrt(memory[EAST] * memory[EAST] + memory[NORTH] * memory[NORTH])
    pace = max(made_good, 0.5 * dash)
    off = min(abs(seen[OFF]), 1.0)
    detour = 0.25 * off * off
    middle = seen[ENTRY] / pace * (1.0 + detour)
    nearer = (seen[ENTRY] - seen[NEAR]) / max(seen[ENTRY], 1.0)
    settled = memory[WEIGHT] / SETTLES_S
    known = speed_var / (dash * dash) / (1.0 + settled * settled)
    slow = min(1.0, max(0.0, (FAST_MPS - pace) / (FAST_MPS - SLOW_MPS)))
    haste = HASTE + slow * (SLOW_HASTE - HASTE)
    delay = DELAY + slow * (SLOW_DELAY - DELAY)
    low = math.sqrt(known + haste * haste + nearer * nearer / 3.0 + detour * detour)
    high = math.sqrt(known + delay * delay + 4.0 * detour * detour)
    fastest = max(dash, pace) * math.exp(Z90 * math.sqrt(known + haste * haste))
    # A mean of half a minute is behind what has circled, turned and comes now.
    flies = min(1.0, max(0.0, (dash - SLOW_MPS) / (FAST_MPS - SLOW_MPS)))
    leg = pace + flies * max(leg_mps_of(memory) - pace, 0.0)
    early = max(middle * pace / leg * math.exp(-Z90 * low), seen[NEAR] / fastest)
    late = middle * math.exp(Z90 * high)
    pace = dash
    out[EARLY] = now_s + max(early, seen[ABOVE] / (DIVE * pace))
    out[MEDIAN] = now_s + max(middle, seen[ABOVE] / (SLOPE * pace))
    out[LATE] = now_s + max(late, seen[ABOVE] / (0.5 * SLOPE * pace))


@kernel("void(float64, float64, float64, float64[::1], float64[::1])")
def _nearest(now_s: float, ve: float, vn: float, seen: Array, out: Array) -> None:
    """Fill CPA and CPA_TIME of straight flight against the zone's middle."""
    speed = math.sqrt(ve * ve + vn * vn)
    along = seen[CENTRE] * math.cos(seen[OFF])
    if along <= 0.0 or speed < 1e-6:
        out[CPA], out[CPA_TIME] = seen[CENTRE], now_s
        return
    out[CPA] = seen[CENTRE] * abs(math.sin(seen[OFF]))
    out[CPA_TIME] = now_s + along / speed


@kernel(
    "void(float64, float64[:,::1], float64[:,:,::1], int64[::1], int64[::1],"
    " float64[:,:,::1], float64[:,::1], float64[:,:,::1], float64[::1])"
)
def judge_into(
    now_s: float,
    state: Array,
    covariance: Array,
    site: Ints,
    count: Ints,
    seen: Array,
    memory: Array,
    out: Array,
    p_site: Array,
) -> None:
    """Fill `out` and the probability of coming to any zone of the site."""
    for i in range(state.shape[0]):
        zones = count[site[i]]
        ve, vn, vu = state[i, 3], state[i, 4], state[i, 5]
        speed2 = ve * ve + vn * vn
        speed = math.sqrt(speed2)
        p = covariance[i]
        var = course_var_of(p, ve, vn)
        speed_var = 0.5 * (p[3, 3] + p[4, 4])
        if speed2 > 1e-9:
            speed_var = (
                ve * ve * p[3, 3] + 2.0 * ve * vn * p[3, 4] + vn * vn * p[4, 4]
            ) / speed2
        total = 0.0
        for k in range(zones):
            ln_odds = ln_odds_of(memory[i], seen[i, k], k, var)
            out[i, k, LN_ODDS] = ln_odds
            total += PRIOR_COMES / zones * math.exp(ln_odds)
        none = (1.0 - PRIOR_COMES) / (1.0 - PRIOR_COMES + total)
        total += 1.0 - PRIOR_COMES
        escape = 1.0
        for k in range(zones):
            spread = math.sqrt(STRAIGHT_RAD * STRAIGHT_RAD + var)
            off = seen[i, k, OFF]
            chance = 0.0
            if abs(off) < 0.5 * math.pi or seen[i, k, INSIDE] > 0.0:
                chance = none * GOES_STRAIGHT * _through(seen[i, k], -off, spread)
            for j in range(zones):
                share = PRIOR_COMES / zones * math.exp(out[i, j, LN_ODDS]) / total
                if j == k:
                    chance += share
                elif seen[i, k, NEAR] < seen[i, j, CENTRE]:
                    aside = wrapped(seen[i, k, OFF] - seen[i, j, OFF], math.pi)
                    if abs(aside) < 0.5 * math.pi:
                        chance += share * _through(seen[i, k], -aside, STRAIGHT_RAD)
            needed = seen[i, k, ABOVE] / max(seen[i, k, ENTRY], CIRCLE_M)
            sinking = max(0.0, -vu) / max(speed, 1.0)
            steep = max(0.0, needed - sinking) / SLOPE
            chance = min(1.0, chance) * math.exp(-0.5 * steep * steep)
            if seen[i, k, INSIDE] > 0.0 and seen[i, k, ABOVE] <= 0.0:
                chance = 1.0
            out[i, k, P_ZONE] = chance
            escape *= 1.0 - chance
            _arrive(now_s, speed, speed_var, memory[i], seen[i, k], out[i, k])
            _nearest(now_s, ve, vn, seen[i, k], out[i, k])
        best = 0.0
        for k in range(zones):
            best = max(best, out[i, k, P_ZONE])
        # zones are not independent: at least the likeliest, at most any of them or "comes"
        p_site[i] = max(best, min(1.0 - escape, 1.0 - none))


@kernel(
    "void(float64, float64[:,:,::1], float64[:,::1], uint8[::1], int64[::1], int64[::1],"
    " float64, float64, float64, boolean[:,::1])"
)
def worth_into(
    now_s: float,
    judged: NDArray[np.float64],
    asked: Array,
    status: NDArray[np.uint8],
    site: Ints,
    count: Ints,
    least_zone: float,
    least_harm: float,
    horizon_s: float,
    out: NDArray[np.bool_],
) -> None:
    """Out (n, zones) = is this zone worth a thought for this track (see `assess_into`)."""
    for i in range(judged.shape[0]):
        shown = status[i] != 0  # 0: tentative
        for z in range(judged.shape[1]):
            out[i, z] = (
                shown
                and asked[i, z] >= least_harm
                and z < count[site[i]]
                and judged[i, z, P_ZONE] >= least_zone
                and judged[i, z, EARLY] - now_s <= horizon_s
            )
