"""Motion features per track, and how likely each class makes them: plain loops over rows.

Features are gathered on the assessment grid with exponential forgetting, so what is kept per
track is bounded and a replay gives the same bits. Each square is kept beside what the
filter's own uncertainty would give with no motion at all; a class is then judged by
(class variance + noise), so a noisy track says little instead of saying "bird".
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels_columns import (
    ALONG,
    ALONG_NOISE,
    COURSE,
    COURSE_NOISE,
    FAST,
    GAPS,
    HEIGHT_KNOWN,
    HEIGHT_SUM,
    HOVER_LN,
    HOVER_SUM,
    JOINED,
    LATERAL,
    LATERAL_NOISE,
    LONG,
    LONG_WEIGHT,
    NOTCH,
    NOTCH_SUM,
    SECONDS,
    SLOW,
    SLOW_WEIGHT,
    SPEED_SUM,
    SPEED_VAR,
    SPREAD_WEIGHT,
    TIME,
    WEIGHT,
)
from tocsin.identity._kernels_still import spell_into
from tocsin.identity._kernels_sums import sum_into

Array = NDArray[np.float64]

EARTH_R_M = 6_371_000.0  # mean radius: the ground falls away by d^2 / 2R under a tangent plane
FORGET_S = (
    40.0  # features fade with this time constant; a manoeuvre older than 2 min is forgotten
)
FAST_S = 1.0
SLOW_S = 6.0
LONG_S = 20.0
SETTLE_S = 3.0  # before it, a young filter's velocity still swings and would look like wander
# A young track whose velocity leaps so far was begun by plots of two things: what it was taken
# to fly like before was neither. At 51 m/s a turn of 5 g does not change it so in a second.
YOUNG_S = 20.0
LEAP_MPS = 50.0
HOVER_MPS = 2.0
HOVER_HEIGHT_M = 10.0
KNOWN_M2PS2 = 4.0  # one velocity so well known tells that a thing stands still
# Else its mean over LONG_S has to: neighbouring estimates share most of their error, so over
# 20 s a quarter of the variance is left.
STAYS_S = 12.0
STAYS_SHARE = 0.25
IN_TRANSIT = 0.002  # chance to be slow at any time of a thing that is on its way
LINGERING = 0.8  # the same of a thing in the middle of a spell at standstill
# Independent looks come this many seconds apart (wander of birds and gusts have about this
# correlation time), and no more than MAX_LOOKS count: the classes overlap, more seconds of the
# same flight do not make it more typical.
LOOK_S = 2.0
LONG_LOOK_S = 20.0
MAX_LOOKS = 6.0
# How much of the filter's own variance shows as wander: neighbouring estimates share most of
# their error. Measured with the tracker on straight flights it is 0.1-1, by sensors and
# geometry, so it is not set but averaged over; what happens along the course, where no class
# wanders much, tells which share holds. Over 20 s about a quarter of it is left.
SHARES = (0.06, 0.1, 0.17, 0.28, 0.46, 0.76, 1.2, 2.0)
COURSE_SHARE = 0.25
# Anything turns at times, and a turn is no wander: with this share each class may move as the
# broad last row of the table does, so no turn speaks against a class by more than 5 to 1.
TURNS_SHARE = 0.2
# Light aircraft and helicopters fly as slowly and as low as one-way drones: of 84 over Britain
# on one day (OpenSky state vectors) those slower than 70 m/s were at 150-570 m. Motion alone
# says a fixed-wing drone rather than an aircraft by no more than this (log).
WING_LN = math.log(16.0)
FIXED_WING, AIRCRAFT = 1, 3  # columns of model.CLASSES
# Who flies keeps its height for longer than its velocity. Neighbouring estimates share their
# errors, so a filter's height tells something new as often as this.
HEIGHT_FORGET_S = 120.0
HEIGHT_LOOK_S = 20.0
LEAST_M2 = 1.0
MAX_STEP_S = 1.0  # a longer gap between two looks at the clock counts as this much
LN_TAU = math.log(math.tau)
# Three-point Gauss-Hermite rule for a standard normal (Abramowitz and Stegun 25.4.46).
NODE = math.sqrt(3.0)
NODE_WEIGHT_LN = (math.log(1.0 / 6.0), math.log(2.0 / 3.0), math.log(1.0 / 6.0))


@kernel("void(float64[::1], float64, float64, float64)")
def _average(row: Array, dt: float, ve: float, vn: float) -> None:
    """Move the fast, slow and long averages of the velocity on by dt seconds."""
    gain = dt / max(dt, min(FAST_S, row[SECONDS]))
    row[FAST] += gain * (ve - row[FAST])
    row[FAST + 1] += gain * (vn - row[FAST + 1])
    row[SLOW_WEIGHT] = min(SLOW_S, row[SLOW_WEIGHT] + dt)
    gain = dt / row[SLOW_WEIGHT]
    row[SLOW] += gain * (ve - row[SLOW])
    row[SLOW + 1] += gain * (vn - row[SLOW + 1])
    row[LONG_WEIGHT] = min(LONG_S, row[LONG_WEIGHT] + dt)
    gain = dt / row[LONG_WEIGHT]
    row[LONG] += gain * (ve - row[LONG])
    row[LONG + 1] += gain * (vn - row[LONG + 1])


@kernel("void(float64[::1], float64, float64, float64)")
def _height(row: Array, dt: float, height: float, variance: float) -> None:
    """Add what a look of dt seconds tells of the height; the first one in full."""
    known = 1.0 / max(variance, LEAST_M2)
    if row[HEIGHT_KNOWN] > 0.0:
        known *= dt / HEIGHT_LOOK_S
    fade = math.exp(-dt / HEIGHT_FORGET_S)
    row[HEIGHT_SUM] = row[HEIGHT_SUM] * fade + known * height
    row[HEIGHT_KNOWN] = row[HEIGHT_KNOWN] * fade + known


@kernel("boolean(float64[::1], float64)")
def _stays(row: Array, variance: float) -> bool:
    """Tell whether the averages of the velocity say that it has been in one place for a while.

    variance: of one velocity estimate, (m/s)^2. A poor radar's track never knows its velocity
    well, but who moves on is elsewhere after LONG_S, however poor the radar.
    """
    if row[LONG_WEIGHT] < STAYS_S or variance * STAYS_SHARE > KNOWN_M2PS2:
        return False
    slow: float = row[SLOW] * row[SLOW] + row[SLOW + 1] * row[SLOW + 1]
    long: float = row[LONG] * row[LONG] + row[LONG + 1] * row[LONG + 1]
    return max(slow, long) < HOVER_MPS * HOVER_MPS


@kernel("void(float64[::1], float64, float64, float64, float64)")
def _spread(row: Array, dt: float, fade: float, var_along: float, var_across: float) -> None:
    """Add the squares of (fast - slow) and (slow - long), and those of noise alone."""
    slow = math.sqrt(row[SLOW] * row[SLOW] + row[SLOW + 1] * row[SLOW + 1])
    if slow > 1e-6:
        ue, un = row[SLOW] / slow, row[SLOW + 1] / slow
    else:
        ue, un = 1.0, 0.0
    de, dn = row[FAST] - row[SLOW], row[FAST + 1] - row[SLOW + 1]
    along = de * ue + dn * un
    across = dn * ue - de * un
    bend = (row[SLOW + 1] - row[LONG + 1]) * ue - (row[SLOW] - row[LONG]) * un
    row[SPREAD_WEIGHT] = row[SPREAD_WEIGHT] * fade + dt
    row[LATERAL] = row[LATERAL] * fade + dt * across * across
    row[ALONG] = row[ALONG] * fade + dt * along * along
    row[COURSE] = row[COURSE] * fade + dt * bend * bend
    row[LATERAL_NOISE] = row[LATERAL_NOISE] * fade + dt * var_across
    row[ALONG_NOISE] = row[ALONG_NOISE] * fade + dt * var_along
    row[COURSE_NOISE] = row[COURSE_NOISE] * fade + dt * COURSE_SHARE * var_across


@kernel("boolean(float64[::1], float64, float64)")
def _leaps(row: Array, ve: float, vn: float) -> bool:
    """Tell whether a young track's velocity is far from what it was a second ago."""
    if not 0.0 < row[SECONDS] < YOUNG_S:
        return False
    east, north = ve - row[FAST], vn - row[FAST + 1]
    leaps: bool = east * east + north * north > LEAP_MPS * LEAP_MPS
    return leaps


@kernel("void(float64[::1])")
def _forget_into(row: Array) -> None:
    """Forget how it flew; not when and by whom it was seen."""
    now_s = row[TIME]
    for c in range(NOTCH):
        row[c] = 0.0
    row[TIME] = now_s
    row[NOTCH_SUM] = row[GAPS] = row[JOINED] = 0.0


@kernel("void(float64, float64[:,::1], float64[:,:,::1], uint8[::1], float64[:,::1])")
def accumulate_into(
    now_s: float,
    state: Array,
    covariance: Array,
    use: NDArray[np.uint8],
    acc: Array,
) -> None:
    """Add one look to each row of acc where use is 1; state is (n, 6), covariance (n, 6, 6)."""
    for i in range(state.shape[0]):
        row = acc[i]
        dt = min(now_s - row[TIME], MAX_STEP_S) if row[TIME] > 0.0 else 0.2
        row[TIME] = now_s
        if use[i] == 0 or dt <= 0.0:
            continue
        p = covariance[i]
        east, north = state[i, 0], state[i, 1]
        ve, vn = state[i, 3], state[i, 4]
        speed = math.sqrt(ve * ve + vn * vn)
        if _leaps(row, ve, vn):
            _forget_into(row)
        if speed > 1e-6:
            ue, un = ve / speed, vn / speed
        else:
            ue, un = 1.0, 0.0
        var_along = ue * ue * p[3, 3] + 2.0 * ue * un * p[3, 4] + un * un * p[4, 4]
        var_across = un * un * p[3, 3] - 2.0 * ue * un * p[3, 4] + ue * ue * p[4, 4]
        height = state[i, 2] + (east * east + north * north) / (2.0 * EARTH_R_M)
        fade = math.exp(-dt / FORGET_S)
        row[SECONDS] += dt
        row[WEIGHT] = row[WEIGHT] * fade + dt
        row[GAPS] *= fade
        row[SPEED_SUM] = row[SPEED_SUM] * fade + dt * speed
        row[SPEED_VAR] = row[SPEED_VAR] * fade + dt * var_along
        _height(row, dt, height, p[2, 2])
        _average(row, dt, ve, vn)
        slow_enough = speed < HOVER_MPS and height > HOVER_HEIGHT_M
        slow_enough = slow_enough and (var_along < KNOWN_M2PS2 or _stays(row, var_along))
        row[HOVER_SUM] = row[HOVER_SUM] * fade + (dt if slow_enough else 0.0)
        sum_into(row, dt, state[i], p)
        spell_into(row, dt, state[i], p, speed, var_along, slow_enough)
        if row[SECONDS] < SETTLE_S:
            continue
        _spread(row, dt, fade, var_along, var_across)


@kernel("float64(float64, float64, float64[:,::1])")
def _ln_mixture(value: float, variance: float, parts: Array) -> float:
    """Return the log density of a mixture of normals, widened by a measurement variance."""
    total = 0.0
    for k in range(parts.shape[0]):
        if parts[k, 0] > 0.0:
            var = parts[k, 2] * parts[k, 2] + variance
            off = value - parts[k, 1]
            total += parts[k, 0] * math.exp(-0.5 * off * off / var) / math.sqrt(math.tau * var)
    return math.log(max(total, 1e-12))


@kernel("float64(float64, float64, float64, float64, float64, float64[:,::1])")
def _ln_joint(
    speed: float, var_speed: float, share: float, height: float, var_height: float, parts: Array
) -> float:
    """Return the log density of a mixture over speed and height together, each widened by its
    measurement variance; the speed counts by a share of its logarithm.
    """
    total = 0.0
    for k in range(parts.shape[0]):
        var = parts[k, 2] * parts[k, 2] + var_speed
        off = speed - parts[k, 1]
        ln = -0.5 * share * (off * off / var + math.log(math.tau * var))
        var = parts[k, 4] * parts[k, 4] + var_height
        off = height - parts[k, 3]
        ln -= 0.5 * (off * off / var + math.log(math.tau * var))
        total += parts[k, 0] * math.exp(ln)
    return math.log(max(total, 1e-24))  # as two mixtures apart: 1e-12 each


@kernel("float64(float64, float64, float64, float64, float64, float64)")
def _ln_spread(
    mean_square: float, looks: float, noise: float, var0: float, var1: float, var2: float
) -> float:
    """Return the log likelihood of a mean square of `looks` independent normal deviations.

    The deviation's variance is the class's own (var0 to var2: see `_own_into`) plus the noise;
    up to a term that is the same for all classes.
    """
    var0, var1, var2 = var0 + noise, var1 + noise, var2 + noise
    a0 = -0.5 * looks * (math.log(var0) + mean_square / var0) + NODE_WEIGHT_LN[0]
    a1 = -0.5 * looks * (math.log(var1) + mean_square / var1) + NODE_WEIGHT_LN[1]
    a2 = -0.5 * looks * (math.log(var2) + mean_square / var2) + NODE_WEIGHT_LN[2]
    best = max(-1e300, a0, a1, a2)
    # exp(0.0) is 1.0 to the bit: of three that are summed the greatest needs no function.
    e0 = 1.0 if a0 == best else math.exp(a0 - best)
    e1 = 1.0 if a1 == best else math.exp(a1 - best)
    e2 = 1.0 if a2 == best else math.exp(a2 - best)
    return best + math.log(e0 + e1 + e2)


@kernel("void(float64[:,::1], float64[:,::1], float64[:,:,::1])")
def _own_into(ln_rms: Array, sd: Array, out: Array) -> None:
    """Fill out (classes, 3 kinds of wander, 3 nodes): variances of individuals of each class,
    whose root mean squares are log-normal.
    """
    for c in range(out.shape[0]):
        for k in range(3):
            for node in range(3):
                rms = math.exp(ln_rms[c, k] + (node - 1) * NODE * sd[c, k])
                out[c, k, node] = rms * rms


@kernel("float64(float64, float64, float64)")
def _ln_hover(hovering: float, moving: float, chance: float) -> float:
    """Return the log likelihood of so many looks at standstill and on the move.

    Half of any class is on its way from here to there and does not stop at all, so moving on
    speaks against hovering things by a factor of 2 at most. A spell at standstill outlasts a
    look: of the other half the class's own chance has all looks in one (LINGERING), so standing
    still speaks against a class by that chance once, however long it lasts.
    """
    stops = hovering * math.log(chance) + moving * math.log(1.0 - chance)
    transit = hovering * math.log(IN_TRANSIT) + moving * math.log(1.0 - IN_TRANSIT)
    lingers = hovering * math.log(LINGERING) + moving * math.log(1.0 - LINGERING)
    best = max(stops, transit, lingers)
    about = (1.0 - chance) * math.exp(stops - best) + chance * math.exp(lingers - best)
    return best + math.log(0.5 * about + 0.5 * math.exp(transit - best))


@kernel("float64(float64[::1], float64, float64, float64[:,::1])")
def _ln_wander(row: Array, seen: float, looks: float, own: Array) -> float:
    """Return the log likelihood of all wander of one track under one class; own: its variances
    (3, 3), see `_own_into`.
    """
    long_looks = min(0.5 * MAX_LOOKS, seen / LONG_LOOK_S)
    best, total = -1e300, 0.0
    for s in range(len(SHARES)):
        value = 0.0
        for k in range(3):
            value += _ln_spread(
                row[LATERAL + k] / seen,
                long_looks if k == 2 else looks,
                SHARES[s] * row[LATERAL_NOISE + k] / seen,
                own[k, 0],
                own[k, 1],
                own[k, 2],
            )
        if value > best:
            total = total * math.exp(best - value) + 1.0
            best = value
        else:
            total += math.exp(value - best)
    return best + math.log(total / len(SHARES))


@kernel(
    "void(float64[:,::1], boolean[::1], float64[:,:,::1], float64[:,:,::1], float64[:,::1],"
    " float64[:,::1], float64[::1], float64[:,::1], float64[:,::1])",
    allocates=True,
)
def kinematics_into(
    acc: Array,
    due: NDArray[np.bool_],
    speed: Array,
    height: Array,
    spread_ln_mean: Array,
    spread_ln_sd: Array,
    hover: Array,
    aircraft: Array,
    out: Array,
) -> None:
    """Log likelihood (n, classes + none) of the motion of tracks that are due; 0 where nothing
    was seen.
    """
    own = np.empty((out.shape[1], 3, 3))
    _own_into(spread_ln_mean, spread_ln_sd, own)
    last = out.shape[1] - 1
    for i in range(acc.shape[0]):
        if not due[i]:
            continue
        row = acc[i]
        weight = row[WEIGHT]
        for c in range(out.shape[1]):
            out[i, c] = 0.0
        if weight <= 0.0:
            continue
        mean_speed, var_speed = row[SPEED_SUM] / weight, row[SPEED_VAR] / weight
        mean_height, var_height = row[HEIGHT_SUM] / row[HEIGHT_KNOWN], 1.0 / row[HEIGHT_KNOWN]
        still = min(1.0, row[HOVER_SUM] / weight)
        hovering = row[HOVER_SUM] / LOOK_S
        moving = (weight - row[HOVER_SUM]) / LOOK_S
        shrink = min(1.0, MAX_LOOKS / max(hovering + moving, 1e-9))
        seen = row[SPREAD_WEIGHT]
        looks = min(MAX_LOOKS, seen / LOOK_S)
        turning = 0.0
        if seen > 0.0:
            turning = _ln_wander(row, seen, looks, own[last])
        row[HOVER_LN] = max(
            0.0,
            _ln_hover(shrink * hovering, shrink * moving, hover[0])
            - _ln_hover(shrink * hovering, shrink * moving, hover[2]),
        )
        for c in range(out.shape[1]):
            # Looks that hovered say that it stands still; they do not say it again by speed.
            if c == AIRCRAFT:
                total = _ln_joint(
                    mean_speed, var_speed, 1.0 - still, mean_height, var_height, aircraft
                )
            else:
                total = (1.0 - still) * _ln_mixture(mean_speed, var_speed, speed[c])
                total += _ln_mixture(mean_height, var_height, height[c])
            total += _ln_hover(shrink * hovering, shrink * moving, hover[c])
            if seen > 0.0:
                calm = turning if c == last else _ln_wander(row, seen, looks, own[c])
                total += max(calm, turning) + math.log(
                    TURNS_SHARE * math.exp(turning - max(calm, turning))
                    + (1.0 - TURNS_SHARE) * math.exp(calm - max(calm, turning))
                )
            out[i, c] = total
        out[i, AIRCRAFT] = max(out[i, AIRCRAFT], out[i, FIXED_WING] - WING_LN)
