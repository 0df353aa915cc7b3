"""What a track's motion comes to over the last minute: fading sums, and what they say.

Looks are weighed by how well the filter knows the velocity, so that the first ones of a
young track count for little. From the sums follow the mean velocity, how far the velocity
strays from it along and across, and in the direction in which it is known best (to the radar
with Doppler, mostly), and beside each what the filter's own uncertainty is. A small network
(weights learnt by `bench/learn_motion.py`) makes of them how much likelier a multirotor is
than a bird.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels_columns import (
    AMBLE,
    AXIS,
    GAPS,
    HELD,
    HOVER_LN,
    HOVER_SUM,
    JOINED,
    KNOWN,
    LEAST_NOW,
    LEAST_SUM,
    LONGEST,
    MOST_NOW,
    NOTCH,
    NOTCH_SUM,
    ON_AXIS,
    PACE,
    PACE_NOW,
    RISE,
    RISE_WEIGHT,
    SECONDS,
    VELOCITY,
    VELOCITY_NOISE,
    VELOCITY_SQUARE,
    WEIGHT,
)
from tocsin.identity._kernels_still import spell_ln

Array = NDArray[np.float64]

FORGET_S = 60.0
GOOD_M2PS2 = 0.3  # a velocity known better than this (variance) counts no more for it
GOOD_RISE_M2PS2 = 0.1
LEAST_M2PS2 = 1e-3
FLOOR_M2PS2 = 3e-3  # under the logarithm: some 5 cm/s
FEATURES = 21
AMBLE_MPS = 4.5  # fewer than 5 in 100 birds fly slower (source [B] in `_tables`)
# Where the network is asked at all, by mean speed: everywhere below, nowhere above. The
# flights that it has learnt from reach 24 m/s.
ALL_BELOW_MPS = 22.0
NONE_ABOVE_MPS = 28.0
# What was learnt from simulated flights is wrong in ways that it cannot know.
SURE_LN = math.log(30.0)
# Real birds fly in more ways than those that were learnt from, and there are a hundred of them
# to a drone: towards harm a flight that is on its way counts at most this much as a drone's. Of
# what speaks for a bird more than this is told apart (HELD < 0): of 42 simulated slow drones 4
# that turned on their way looked like birds at 30 to 1 for minutes.
HARM_LN = math.log(2.5)
STILL_LN = math.log(60.0)  # together with standing still in the air: kestrels do too
MULTIROTOR, BIRD = 0, 2  # columns of model.CLASSES


@kernel("void(float64[::1], float64, float64[::1], float64[:,::1])")
def sum_into(row: Array, dt: float, state: Array, p: Array) -> None:
    """Add one look of dt seconds to a track's sums; state (6,), p (6, 6)."""
    ve, vn, vu = state[3], state[4], state[5]
    half = 0.5 * (p[3, 3] + p[4, 4])
    lean = 0.5 * (p[3, 3] - p[4, 4])
    apart = math.sqrt(lean * lean + p[3, 4] * p[3, 4])
    least = max(half - apart, LEAST_M2PS2)
    angle = 0.5 * math.atan2(2.0 * p[3, 4], p[3, 3] - p[4, 4]) + 0.5 * math.pi
    ae, an = math.cos(angle), math.sin(angle)
    pace = math.sqrt(ve * ve + vn * vn)
    along = ae * ve + an * vn
    known, fade = dt / (GOOD_M2PS2 + least), math.exp(-dt / FORGET_S)
    for k in range(KNOWN, RISE_WEIGHT + 4):
        row[k] *= fade
    row[AMBLE] = row[AMBLE] * fade + (known if pace < AMBLE_MPS else 0.0)
    row[NOTCH_SUM] = row[NOTCH_SUM] * fade + known * row[NOTCH]
    row[KNOWN] += known
    row[VELOCITY] += known * ve
    row[VELOCITY + 1] += known * vn
    row[VELOCITY_SQUARE] += known * ve * ve
    row[VELOCITY_SQUARE + 1] += known * ve * vn
    row[VELOCITY_SQUARE + 2] += known * vn * vn
    row[VELOCITY_NOISE] += known * p[3, 3]
    row[VELOCITY_NOISE + 1] += known * p[3, 4]
    row[VELOCITY_NOISE + 2] += known * p[4, 4]
    row[LEAST_SUM] += known * least
    row[PACE] += known * pace
    row[PACE + 1] += known * pace * pace
    row[ON_AXIS] += known * along * along
    row[ON_AXIS + 1] += known * along * ae
    row[ON_AXIS + 2] += known * along * an
    row[AXIS] += known * ae * ae
    row[AXIS + 1] += known * ae * an
    row[AXIS + 2] += known * an * an
    known = dt / (GOOD_RISE_M2PS2 + p[5, 5])
    row[RISE_WEIGHT] += known
    row[RISE] += known * vu
    row[RISE + 1] += known * vu * vu
    row[RISE + 2] += known * p[5, 5]
    row[PACE_NOW], row[LEAST_NOW], row[MOST_NOW] = pace, least, half + apart


@kernel("float64(float64)")
def _ln_root(square: float) -> float:
    """Return the logarithm of a root mean square, with a floor under it."""
    return 0.5 * math.log(max(square, 0.0) + FLOOR_M2PS2)


@kernel("void(float64[::1], float64[::1])")
def features_into(row: Array, out: Array) -> None:
    """Fill out (FEATURES,) from the sums of one track; row[KNOWN] has to be above 0."""
    g = row[KNOWN]
    me, mn = row[VELOCITY] / g, row[VELOCITY + 1] / g
    mean = math.sqrt(me * me + mn * mn) + 1e-6
    ue, un = me / mean, mn / mean
    see = row[VELOCITY_SQUARE] / g - me * me
    sen = row[VELOCITY_SQUARE + 1] / g - me * mn
    snn = row[VELOCITY_SQUARE + 2] / g - mn * mn
    pee, pen, pnn = (
        row[VELOCITY_NOISE] / g,
        row[VELOCITY_NOISE + 1] / g,
        row[VELOCITY_NOISE + 2] / g,
    )
    aee, aen, ann = row[AXIS] / g, row[AXIS + 1] / g, row[AXIS + 2] / g
    on_axis = (row[ON_AXIS] - 2.0 * (me * row[ON_AXIS + 1] + mn * row[ON_AXIS + 2])) / g
    on_axis += me * me * aee + 2.0 * me * mn * aen + mn * mn * ann
    pace, rise = row[PACE] / g, row[RISE] / row[RISE_WEIGHT]
    out[0] = math.log(min(max(row[SECONDS], 1.0), FORGET_S))
    out[1] = pace
    out[2] = mean
    out[3] = _ln_root(ue * ue * see + 2.0 * ue * un * sen + un * un * snn)
    out[4] = _ln_root(un * un * see - 2.0 * ue * un * sen + ue * ue * snn)
    out[5] = _ln_root(on_axis)
    out[6] = _ln_root(ue * ue * pee + 2.0 * ue * un * pen + un * un * pnn)
    out[7] = _ln_root(un * un * pee - 2.0 * ue * un * pen + ue * ue * pnn)
    out[8] = _ln_root(row[LEAST_SUM] / g)
    out[9] = ue * ue * aee + 2.0 * ue * un * aen + un * un * ann
    out[10] = _ln_root(row[PACE + 1] / g - pace * pace)
    out[11] = row[PACE_NOW]
    out[12] = min(1.0, row[HOVER_SUM] / max(row[WEIGHT], 1e-9))
    out[13] = _ln_root(row[RISE + 1] / row[RISE_WEIGHT] - rise * rise)
    out[14] = _ln_root(row[RISE + 2] / row[RISE_WEIGHT])
    out[15] = abs(rise)
    out[16] = _ln_root(row[LEAST_NOW])
    out[17] = _ln_root(row[MOST_NOW])
    out[18] = row[AMBLE] / g
    out[19] = row[NOTCH_SUM] / g
    out[20] = row[GAPS] / max(row[GAPS] + row[WEIGHT], 1e-9)


@kernel("float64(float64[::1], float64[:,::1], float64[:,::1], float64[::1], float64[:,::1])")
def ln_odds(x: Array, scale: Array, first: Array, bias: Array, second: Array) -> float:
    """Return the log of how much likelier a multirotor is than a bird, within SURE_LN.

    x (FEATURES,); scale (4, FEATURES): least and greatest value seen, mean and deviation;
    first (hidden, FEATURES), bias (hidden,), second (2, hidden): its second row is
    0 but for its first number, the bias of the output.
    """
    total: float = second[1, 0]
    for h in range(first.shape[0]):
        sum_h = bias[h]
        for k in range(FEATURES):
            value = min(max(x[k], scale[0, k]), scale[1, k])
            sum_h += first[h, k] * (value - scale[2, k]) / scale[3, k]
        total += second[0, h] * math.tanh(sum_h)
    return min(max(total, -SURE_LN), SURE_LN)


@kernel(
    "void(float64[:,::1], boolean[::1], float64[:,::1], float64[:,::1], float64[::1],"
    " float64[:,::1], float64[:,::1])",
    allocates=True,
)
def part_into(
    acc: Array,
    due: NDArray[np.bool_],
    scale: Array,
    first: Array,
    bias: Array,
    second: Array,
    out: Array,
) -> None:
    """Part what speaks for multirotor or bird in out (n, classes + none) between them as the
    network says, for tracks that are due. How well both together explain the track stays.

    Standing still in the air speaks for itself (HOVER_LN), the network or not. HELD is by
    how much what was learnt goes beyond HARM_LN, either way; and standing still too, while the
    longest standstill rests on two tracks being one thing.
    """
    x = np.empty(FEATURES)
    for i in range(acc.shape[0]):
        row = acc[i]
        if not due[i]:
            continue
        row[HELD] = 0.0
        if row[KNOWN] <= 0.0:
            continue
        features_into(row, x)
        share = (NONE_ABOVE_MPS - x[1]) / (NONE_ABOVE_MPS - ALL_BELOW_MPS)
        share = min(max(share, 0.0), 1.0)
        if share <= 0.0:
            continue
        drone, bird = out[i, MULTIROTOR], out[i, BIRD]
        best = max(drone, bird)
        both = best + math.log(math.exp(drone - best) + math.exp(bird - best))
        learnt = ln_odds(x, scale, first, bias, second)
        still = min(learnt + row[HOVER_LN], STILL_LN) + spell_ln(row)
        odds = share * still + (1.0 - share) * (drone - bird)
        row[HELD] = share * (learnt - min(max(learnt, -HARM_LN), HARM_LN))
        if row[JOINED] > 0.0 and row[JOINED] >= row[LONGEST]:
            row[HELD] = share * max(0.0, still - HARM_LN)
        out[i, MULTIROTOR] = both - math.log(1.0 + math.exp(-odds))
        out[i, BIRD] = both - math.log(1.0 + math.exp(odds))
