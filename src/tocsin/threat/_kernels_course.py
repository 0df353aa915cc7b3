"""What a track's course tells of where it goes: plain loops over (track, zone).

A flight is taken for legs with bends between them. Columns are those of `_kernels_columns`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.threat._kernels_columns import (
    EAST,
    ENTRY,
    HIGH,
    INSIDE,
    LEG_EAST,
    LEG_NORTH,
    LEG_S,
    LEGS,
    LOW,
    NEAR,
    NORTH,
    NOW_EAST,
    NOW_NORTH,
    OF_ZONE,
    OFF,
    PEAK,
    REMEMBERED,
    SPEED,
    TIME,
    WAY,
    WEIGHT,
)

__all__ = [
    "LAST_LEG",
    "SETTLES_S",
    "STRAIGHT_RAD",
    "WEAVE_RAD",
    "course_var_of",
    "learn_into",
    "leg_mps_of",
    "ln_odds_of",
    "wrapped",
]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

FORGET_S = 60.0  # course seen longer ago than some minutes says little about where it goes now
# Legs between bends last tens of seconds; looks within one are the same look. What keeps its
# course has shown one leg, however long: an aircraft that passes 3 km off was taken at four
# looks to be on its way here until it was abeam.
LOOK_S = 20.0
MAX_LOOKS = 4.0
BEND_RAD = 0.17  # half of WEAVE_RAD: a course that differs more from the leg's is a new leg
NOW_S = 5.0  # over which a course is averaged before it is compared with the leg's
BEGUN_S = 1.0  # what that counts for in the mean of the new leg: it still holds the bend
MAX_STEP_S = 1.0
FIRST_STEP_S = 0.2
SMOOTH_S = 30.0
# Course to a destination: bends, wind and route make it weave by some 20 degrees; one flight in
# ten heads anywhere for the moment.
WEAVE_RAD = 0.35
ASTRAY = 0.1
# How well "straight on" is known beside the filter's own error. Of 40 simulated raids at 51 m/s
# a zone was sheltered in vain in 16 at 0.12 and in 8 at 0.06, each that was entered as early.
STRAIGHT_RAD = 0.06
# Share of flights that have no bend left when they are a warning line away: of simulated routes
# of 14 km with 0 to 4 bends, evenly spread, 3 in 5 at 4 km and 4 in 5 at 3 km.
LAST_LEG = 2.0 / 3.0
# A mean of velocities over W seconds is a way over W: its variance falls as W^2 from that of a
# single velocity of the filter. Of the raids at 51 m/s that flew on evenly the error was 6 %
# after some 7 s and 1.8 % after 27 s, while the filter said 7.5 % of a single one.
SETTLES_S = 8.0


@kernel("float64(float64, float64)")
def wrapped(angle: float, half: float) -> float:
    """Fold an angle difference into [-half, half)."""
    folded: float = (angle + half) % (2.0 * half)
    return folded - half


@kernel("float64(float64[:,::1], float64, float64)")
def course_var_of(p: Array, ve: float, vn: float) -> float:
    """Return the variance of the course, rad^2, at most that of no knowledge."""
    speed2 = ve * ve + vn * vn
    if speed2 < 1e-9:
        return 3.3
    across: float = vn * vn * p[3, 3] - 2.0 * ve * vn * p[3, 4] + ve * ve * p[4, 4]
    return min(across / (speed2 * speed2), 3.3)


@kernel("float64(float64[::1], float64)")
def _pointing(seen: Array, var: float) -> float:
    """Return the log odds of the present course, known to var (rad^2), of what comes to a zone
    against what goes anywhere.
    """
    if seen[INSIDE] > 0.0:
        return 0.0
    half = 0.5 * (math.atan(seen[HIGH]) - math.atan(seen[LOW]))
    total = WEAVE_RAD * WEAVE_RAD + half * half / 3.0 + var
    dense = math.exp(-0.5 * seen[OFF] * seen[OFF] / total) * math.sqrt(math.tau / total)
    return math.log((1.0 - ASTRAY) * dense + ASTRAY)


@kernel("void(float64[::1], float64, float64, float64, float64, float64)")
def _bend_into(row: Array, dt: float, fade: float, ve: float, vn: float, var: float) -> None:
    """Add one look to the leg, or begin a new one where its course has been left; var: of the
    course, rad^2.
    """
    gain = dt / (dt + min(row[WEIGHT], NOW_S))
    row[NOW_EAST] += gain * (ve - row[NOW_EAST])
    row[NOW_NORTH] += gain * (vn - row[NOW_NORTH])
    row[LEGS] *= fade
    leg = math.atan2(row[LEG_EAST], row[LEG_NORTH])
    turned = math.atan2(row[NOW_EAST], row[NOW_NORTH]) - leg
    known = row[WEIGHT] >= SETTLES_S and var <= BEND_RAD * BEND_RAD
    if known and abs(wrapped(turned, math.pi)) <= BEND_RAD:
        row[LEG_S] += dt
        row[LEG_EAST] += dt / row[LEG_S] * (ve - row[LEG_EAST])
        row[LEG_NORTH] += dt / row[LEG_S] * (vn - row[LEG_NORTH])
        return
    # Where bends can't be told from noise they are taken to come as often as looks count.
    row[LEGS] += 1.0 if known else dt / LOOK_S
    row[LEG_EAST], row[LEG_NORTH], row[LEG_S] = row[NOW_EAST], row[NOW_NORTH], BEGUN_S


@kernel("float64(float64[::1])")
def leg_mps_of(memory: Array) -> float:
    """Return the speed made good on the present leg, m/s."""
    return math.sqrt(memory[LEG_EAST] ** 2 + memory[LEG_NORTH] ** 2)


@kernel(
    "void(float64, float64[:,::1], float64[:,:,::1], int64[::1], int64[::1],"
    " float64[:,:,::1], float64[:,::1])"
)
def learn_into(
    now_s: float,
    state: Array,
    covariance: Array,
    site: Ints,
    count: Ints,
    seen: Array,
    memory: Array,
) -> None:
    """Add one look at speed and course to the memory of each track."""
    for i in range(state.shape[0]):
        row = memory[i]
        dt = min(now_s - row[TIME], MAX_STEP_S) if row[TIME] > 0.0 else FIRST_STEP_S
        row[TIME] = now_s
        if dt <= 0.0:
            continue
        ve, vn = state[i, 3], state[i, 4]
        speed = math.sqrt(ve * ve + vn * vn)
        fade = math.exp(-dt / FORGET_S)
        gain = dt / (dt + min(row[WEIGHT], SMOOTH_S))
        row[SPEED] += gain * (speed - row[SPEED])
        row[EAST] += gain * (ve - row[EAST])
        row[NORTH] += gain * (vn - row[NORTH])
        made_good = math.sqrt(row[EAST] * row[EAST] + row[NORTH] * row[NORTH])
        row[PEAK] = max(row[PEAK] * fade, row[SPEED])
        var = course_var_of(covariance[i], ve, vn)
        weight = row[WEIGHT]
        row[WEIGHT] = weight * fade + dt
        _bend_into(row, dt, fade, ve, vn, var)
        way_m = made_good * dt  # by the smoothed velocity: noise makes every way longer
        row[WAY] += way_m
        width = (memory.shape[1] - REMEMBERED) // OF_ZONE
        for k in range(count[site[i]]):
            far = REMEMBERED + width + k
            if seen[i, k, NEAR] >= row[far]:
                row[far], row[far + width] = seen[i, k, NEAR], 0.0
                row[far + 2 * width], row[far + 3 * width] = state[i, 0], state[i, 1]
            else:
                row[far + width] += way_m
            look = _pointing(seen[i, k], var)
            row[REMEMBERED + k] = row[REMEMBERED + k] * fade + dt * look


@kernel("float64(float64[::1], float64, float64)")
def _last_leg(seen: Array, var: float, leg_m: float) -> float:
    """Return how much likelier the present leg is when LAST_LEG of those that come to this
    zone point straight at it than when all of them weave as before; 1 says nothing.

    The others have a bend to come. Bends lie evenly along a way: that it did not come in the
    leg_m so far is as likely as the rest is a share of both.
    """
    if seen[INSIDE] > 0.0:
        return 1.0
    width = 0.5 * (math.atan(seen[HIGH]) - math.atan(seen[LOW]))
    known = width * width / 3.0 + var
    weaving, straight = WEAVE_RAD * WEAVE_RAD + known, STRAIGHT_RAD * STRAIGHT_RAD + known
    off2 = seen[OFF] * seen[OFF]
    odds = math.sqrt(weaving / straight) * math.exp(
        0.5 * off2 * (1.0 / weaving - 1.0 / straight)
    )
    to_come = seen[ENTRY] / max(seen[ENTRY] + leg_m, 1e-9)
    out: float = (1.0 - LAST_LEG) * to_come + LAST_LEG * odds
    return out


@kernel("float64(float64[::1], float64[::1], int64, float64)")
def ln_odds_of(memory: Array, seen: Array, zone: int, var: float) -> float:
    """Return the log odds of coming to a zone against going anywhere, by the course of now and
    of the legs before; var: of the course, rad^2.
    """
    weight = max(memory[WEIGHT], 1e-9)
    before = min(weight / LOOK_S, memory[LEGS], MAX_LOOKS - 1.0)
    leg_m = leg_mps_of(memory) * memory[LEG_S]
    now = _pointing(seen, var) + math.log(_last_leg(seen, var, leg_m))
    odds: float = now + before * memory[REMEMBERED + zone] / weight
    return odds
