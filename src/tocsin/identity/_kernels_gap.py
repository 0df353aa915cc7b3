"""What a gap tells in which nobody saw a thing: where it comes again, and how long after.

A radar with a Doppler notch sees only what comes or goes faster than its limit: of a thing that
brakes, stands still in the air and flies on it sees both ends. What lies between is measured
by them: the way from one to the other, by the time, is the mean velocity, and who has gone less
far than anything flies in that time has stood still or turned on the spot. A camera, or a radar
without a notch, would have seen it all along, so a gap in theirs tells nothing of the kind.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels import EARTH_R_M, FORGET_S
from tocsin.identity._kernels_columns import (
    FAST,
    FLOWN,
    GAPS,
    HOVER_SUM,
    LONG_WEIGHT,
    LONGEST,
    NOTCH,
    PERIOD,
    SEEN_AT,
    SEEN_FLOWN,
    SEEN_S,
    SEEN_VAR,
    SLOW_WEIGHT,
    WEIGHT,
)
from tocsin.identity._kernels_still import FLIES_MPS, FLOWN_S, STAYS_M
from tocsin.identity._kernels_sums import sum_into

Array = NDArray[np.float64]
Octets = NDArray[np.uint8]
Bits = NDArray[np.uint64]

LEAST_S = 5.0  # a shorter gap is a missed look or two,
LOOKS = 2.5  # and so is one of fewer turns: 1 in 100 by chance where a radar sees 9 in 10
# A bird that turns back across the line of sight is missed for some looks too, and has not gone
# far: of simulated birds about a 3 m/s notch some were in 8 s, hardly any in 10 s.
STOOD_S, STOOD_LOOKS = 10.0, 5.0
MOST_S = 120.0  # nobody's track is kept for so long
# Birds land and take off again: it has to be surely above roofs and trees.
CLEAR_M = 20.0
SURELY = 1.645  # standard deviations: 19 of 20 are above


@kernel("void(uint64, float64[::1], float64[::1], float64[::1])")
def _held_into(mask: int, notch_mps: Array, period_s: Array, row: Array) -> None:
    """Note the least notch of the sensors that hold the track, and that one's period."""
    if mask == np.uint64(0):
        return
    least, period = math.inf, 0.0
    for k in range(notch_mps.shape[0]):
        if mask & (np.uint64(1) << np.uint64(k)) and notch_mps[k] < least:
            least, period = notch_mps[k], period_s[k]
    if math.isfinite(least):
        row[NOTCH], row[PERIOD] = least, period


@kernel("float64(float64[::1], float64)")
def _height(state: Array, up: float) -> float:
    above: float = up + (state[0] * state[0] + state[1] * state[1]) / (2.0 * EARTH_R_M)
    return above


@kernel("boolean(float64[::1], float64, float64[::1], float64[:,::1])")
def ends_where_it_began(row: Array, gap_s: float, state: Array, p: Array) -> bool:
    """Tell whether a thing that was lost and is now where state says has stood still between:
    in the notch of those that held it, in the air, nearer than anything flies in that time.
    """
    least_s = max(STOOD_S, STOOD_LOOKS * row[PERIOD])
    if row[NOTCH] <= 0.0 or not least_s <= gap_s <= MOST_S:
        return False
    east, north = state[0] - row[SEEN_AT], state[1] - row[SEEN_AT + 1]
    sigma = math.sqrt(max(p[0, 0], p[1, 1]) + row[SEEN_VAR])
    away = math.sqrt(east * east + north * north)
    if away > STAYS_M + 2.0 * sigma or away + sigma > FLIES_MPS * gap_s:
        return False
    before, after = _height(state, row[SEEN_AT + 2]), _height(state, state[2])
    if min(before, after) < CLEAR_M or row[SEEN_FLOWN] < FLOWN_S:
        return False
    # What stands still is as high at the end as at the beginning: both measure one height.
    known, known_after = 1.0 / max(row[SEEN_VAR + 1], 1.0), 1.0 / max(p[2, 2], 1.0)
    height = (known * before + known_after * after) / (known + known_after)
    off = before - after
    if off * off > 4.0 * (1.0 / known + 1.0 / known_after):
        return False
    least: float = height - SURELY / math.sqrt(known + known_after)
    return least >= CLEAR_M


@kernel("void(float64[::1], float64, float64[::1], float64[:,::1])", allocates=True)
def judge_gap_into(row: Array, gap_s: float, state: Array, p: Array) -> None:
    """Add what a gap of so many seconds tells, at whose end the thing is where state says."""
    if row[NOTCH] <= 0.0 or not max(LEAST_S, LOOKS * row[PERIOD]) <= gap_s <= MOST_S:
        return
    stood = ends_where_it_began(row, gap_s, state, p)
    between, spread = np.zeros(6), np.zeros((6, 6))
    variance = max(p[0, 0], p[1, 1]) + row[SEEN_VAR]
    for c in range(3):
        between[3 + c] = (state[c] - row[SEEN_AT + c]) / gap_s
    spread[3, 3] = spread[4, 4] = variance / (gap_s * gap_s)
    spread[5, 5] = (p[2, 2] + row[SEEN_VAR + 1]) / (gap_s * gap_s)
    sum_into(row, gap_s, between, spread)
    row[GAPS] = row[GAPS] * math.exp(-gap_s / FORGET_S) + gap_s
    # What it flew like before is no mean of how it flies now.
    row[FAST], row[FAST + 1] = state[3], state[4]
    row[SLOW_WEIGHT] = row[LONG_WEIGHT] = 0.0
    if not stood:
        return
    stood_s = (
        gap_s - row[PERIOD]
    )  # it was seen to fly up to a look before, and from this one on
    fade = math.exp(-stood_s / FORGET_S)
    row[WEIGHT] = row[WEIGHT] * fade + stood_s
    row[HOVER_SUM] = row[HOVER_SUM] * fade + stood_s
    row[LONGEST] = max(row[LONGEST], stood_s)


@kernel("void(float64[::1], float64, float64[::1], float64[:,::1])")
def note_into(row: Array, at_s: float, state: Array, p: Array) -> None:
    """Note when and where it was last seen."""
    row[SEEN_S], row[SEEN_FLOWN] = at_s, row[FLOWN]
    row[SEEN_AT], row[SEEN_AT + 1], row[SEEN_AT + 2] = state[0], state[1], state[2]
    row[SEEN_VAR], row[SEEN_VAR + 1] = max(p[0, 0], p[1, 1]), p[2, 2]


@kernel(
    "void(float64[::1], uint64[::1], float64[::1], float64[::1], float64[:,::1],"
    " float64[:,:,::1], float64[:,::1])"
)
def notice_into(
    updated_s: Array,
    sensors: Bits,
    notch_mps: Array,
    period_s: Array,
    state: Array,
    covariance: Array,
    acc: Array,
) -> None:
    """Note of each row of acc who holds it and where it was last seen; judge the gap that ends.

    notch_mps, period_s: of the sensor at each place of the roster. sensors (n,): bits of
    those that saw it at their last look.
    """
    for i in range(state.shape[0]):
        row, p = acc[i], covariance[i]
        if updated_s[i] <= row[SEEN_S]:
            continue
        if row[SEEN_S] > 0.0:
            judge_gap_into(row, updated_s[i] - row[SEEN_S], state[i], p)
        _held_into(sensors[i], notch_mps, period_s, row)
        note_into(row, updated_s[i], state[i], p)
