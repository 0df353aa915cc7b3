"""A second try for plots that no track explains: they may be of a track whose sensors, or their
own, have errors that are not known yet.

A sensor whose errors exceed its gate would begin a track of its own beside that of the others,
and as long as the two share no plot nothing could be learnt of the errors either. So a plot
that is left over is held against the tracks that its sensor has just missed, with the spread
of what is not yet known of the errors of both sides added (S = P + R + H B H'). Range rates
have no such error: they keep the gate narrow. What is taken so tells registration the whole
difference, and moves the track by little.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    BIAS,
    INFLATE,
    PERIOD_S,
    SIGMA,
    WEIGHED_DOWN,
    linearised_of,
)
from tocsin.track._kernels_audit import others_hold
from tocsin.track._kernels_gate import likelihood_of, prepare_into
from tocsin.track._kernels_layout import (
    A_NEW_SHARED,
    CAP,
    CHANCE,
    COMBINED,
    DEAD,
    EXISTENCE,
    FOLLOWED,
    HITS,
    INNOVATION,
    LIVE,
    MEASURED,
    MODE,
    MODELS,
    NEAR,
    P_MASK,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    PRIOR,
    Q_H,
    Q_V,
    SERIAL,
    STATUS,
    TAU_V_S,
    TIES,
)
from tocsin.track._kernels_life import credit_into, learn_kind_into
from tocsin.track._kernels_registration import (
    ERRORS,
    T_HIGH,
    T_LOW,
    T_MASK,
    T_Q,
    T_Q_UP,
    T_SENSOR,
    T_STATE,
    T_TAU_UP,
    T_TIME,
    T_VARIANCE,
    T_Z,
)
from tocsin.track._kernels_sieve import halves_of, places_of, spread_out_into
from tocsin.track._kernels_update import update_clear_into

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

UNPREPARED = -1  # instead of the number of edges: the track was not carried to the slice's time
_KNOWN = 0.25  # of a sensor's own sigma: errors known to that open no gate
_SURELY = 0.98  # share from which the plot is taken as the track's
_FREE = 0.1  # odds of belonging to a track up to which a plot is left over
_IN_REACH = 0.05  # probability of detection from which the sensor should see the track


@kernel("float64(float64[:,::1], int64, int64, float64[::1], float64[:,::1])")
def open_of(sensors: Array, k: int, c: int, errors: Array, covariance: Array) -> float:
    """Return the mean square of error c of sensor k that is not taken off: what is not known of
    it, and what is known and not yet believed.
    """
    at = ERRORS * k + c
    off = errors[at] - sensors[k, BIAS + c]
    return float(covariance[at, at] + off * off)


@kernel("boolean(float64[:,::1], int64, float64[::1], float64[:,::1])")
def is_unknown(sensors: Array, k: int, errors: Array, covariance: Array) -> bool:
    """Tell whether the errors of sensor k may still be large beside its noise."""
    for c in range(3):
        sigma = _KNOWN * sensors[k, SIGMA + c]
        if open_of(sensors, k, c, errors, covariance) > sigma * sigma:
            return True
    return False


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64, float64[::1],"
    " float64[:,::1], float64[::1])"
)
def widen_into(
    scratch: Array, i: int, seen: Array, sensors: Array, k: int, at_s: float, errors: Array,
    covariance: Array, out: Array,
) -> None:  # fmt: skip
    """Variances of range, azimuth, elevation that the errors of sensor k and of those that hold
    track i add between the two, into out (3).

    An error of one that holds the track moves it along, across and above that sensor's line of
    sight; what several have is averaged.
    """
    c = COMBINED
    e, n, u = scratch[i, c], scratch[i, c + 1], scratch[i, c + 2]
    own = linearised_of(sensors, k, e, n, u, 0.0, 0.0, 0.0)
    holders = 0.0
    out[0] = out[1] = out[2] = 0.0
    for j in range(sensors.shape[0]):
        if j == k or at_s - seen[i, j] > 2.0 * sensors[j, PERIOD_S]:
            continue
        holders += 1.0
        row = linearised_of(sensors, j, e, n, u, 0.0, 0.0, 0.0)
        for d in range(3):
            g0, g1, g2 = row[4], row[5], row[6]
            if d == 1:
                g0, g1, g2 = row[7], row[8], row[9]
            elif d == 2:
                g0, g1, g2 = row[10], row[11], row[12]
            elif not sensors[j, SIGMA] > 0.0:
                continue  # measures no range
            size2 = max(g0 * g0 + g1 * g1 + g2 * g2, 1e-18)
            variance = open_of(sensors, j, d, errors, covariance) / size2
            g0, g1, g2 = g0 / math.sqrt(size2), g1 / math.sqrt(size2), g2 / math.sqrt(size2)
            r = g0 * own[4] + g1 * own[5] + g2 * own[6]
            a = g0 * own[7] + g1 * own[8] + g2 * own[9]
            el = g0 * own[10] + g1 * own[11] + g2 * own[12]
            out[0] += variance * r * r
            out[1] += variance * a * a
            out[2] += variance * el * el
    for d in range(3):
        if holders > 0.0:
            out[d] /= holders * holders
        out[d] += open_of(sensors, k, d, errors, covariance)


@kernel(
    "int64(float64[:,::1], int64[::1], int64, int64[::1], float64[::1], int64[::1], int64[::1])"
)
def left_over_into(
    columns: Array, order: Ints, count: int, col_row: Ints, claimed: Array, left: Ints,
    places: Ints,
) -> int:  # fmt: skip
    """Close up the rows NEAR of columns to the plots that no track explains, still by azimuth;
    left: their plots, places: where they stand in the slice. Returns their number.
    """
    n = 0
    for place in range(count):
        if col_row[place] < 0 and claimed[place] < _FREE:
            left[n], places[n] = order[place], place
            for c in range(3):
                columns[NEAR + c, n] = columns[NEAR + c, place]
            n += 1
    return n


@kernel(
    "UniTuple(float64, 3)(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1],"
    " int64[::1], float64[:,::1], int64, int64, float64, UniTuple(float64, 3), float64[::1],"
    " UniTuple(float64, 3))"
)
def best_between(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, left: Ints, columns: Array,
    begin: int, end: int, slice_s: float, halves: tuple[float, float, float],
    options: Array, before: tuple[float, float, float],
) -> tuple[float, float, float]:  # fmt: skip
    """Weigh the plots begin..end of those left over against track i: the best one, its log odds
    and the sum of all odds, each going on from `before`.
    """
    best, best_gain, total = before
    half_r, _, half_el = halves
    r, el = scratch[i, MEASURED], scratch[i, MEASURED + 2]
    for n in range(begin, end):
        off_r, off_el = abs(columns[NEAR + 1, n] - r), abs(columns[NEAR + 2, n] - el)
        if (off_r > half_r and off_r != math.inf) or (off_el > half_el and off_el != math.inf):
            continue
        gain = likelihood_of(scratch, i, sensors, k, plots, left[n], slice_s, options)
        if not gain > -60.0:
            continue
        gain = min(gain + scratch[i, PRIOR], 300.0)
        total += math.exp(gain)
        if gain > best_gain:
            best, best_gain = float(n), gain
    return best, best_gain, total


@kernel(
    "int64(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64[::1],"
    " float64[:,::1], int64, float64, UniTuple(float64, 4), float64[::1])"
)
def surely_of(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, left: Ints, columns: Array,
    count: int, slice_s: float, wide: tuple[float, float, float, float], options: Array,
) -> int:  # fmt: skip
    """Return which of the plots left over is surely of track i, or -1."""
    halves = halves_of(scratch, i, wide, options)
    begin, end, again, last = places_of(columns, count, scratch[i, MEASURED + 1], halves[1])
    found = best_between(
        scratch, i, sensors, k, plots, left, columns, begin, end, slice_s, halves, options,
        (-1.0, -math.inf, 1.0),
    )  # fmt: skip
    found = best_between(
        scratch, i, sensors, k, plots, left, columns, again, last, slice_s, halves, options,
        found,
    )  # fmt: skip
    best, best_gain, total = found
    return int(best) if best >= 0.0 and math.exp(best_gain) >= _SURELY * total else -1


@kernel(
    "int64(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float64[:,::1], int64[::1], int64, float64, float64[::1], int64[::1], float64[::1],"
    " float64[:,::1], int64[::1], int64[::1],"
    " float64[::1], float64[::1], float64[:,::1], float64[:,::1], int64[:,::1], int64[::1],"
    " float64[:,::1], int64[::1])",
    allocates=True,
)
def reach_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, plots: Array,
    order: Ints, count: int, slice_s: float, options: Array, counters: Ints, motion: Array,
    scratch: Array, held: Ints, col_row: Ints, claimed: Array, errors: Array,
    covariance: Array, columns: Array, work: Ints, chosen: Ints, wide: Array, taken: Ints,
) -> int:  # fmt: skip
    """Find plots that are left over and, the errors not yet known allowed for, surely of one
    track that sensor k has missed in this slice. Returns their number; chosen: the tracks,
    taken: the place of each one's plot by its row, wide (row, 3): what the errors add.

    col_row: -1 where a plot is left over; -2 afterwards where it is of a chosen track.
    columns: see `spread_out_into`; work (3, count): whatever; both are used up.
    """
    if sensors[k, INFLATE] >= WEIGHED_DOWN:
        return 0
    if not is_unknown(sensors, k, errors, covariance):
        return 0
    left, places, wanted = work[0], work[1], work[2]
    n_left = left_over_into(columns, order, count, col_row, claimed, left, places)
    if n_left == 0:
        return 0
    window = spread_out_into(plots, left, n_left, slice_s, sensors[k, BIAS + 3], columns)
    for n in range(n_left):
        wanted[n] = 0
    found = 0
    same_s = 0.4 * sensors[k, PERIOD_S]
    added = np.empty(3)
    for i in range(counters[LIVE]):
        if ints[i, STATUS] == DEAD or ints[i, HITS] < 2 or slice_s - seen[i, k] < same_s:
            continue
        if held[i] == UNPREPARED:
            prepare_into(tracks, i, kinds, sensors, k, slice_s, options, motion, scratch)
        if scratch[i, CHANCE] < _IN_REACH:
            continue
        widen_into(scratch, i, seen, sensors, k, slice_s, errors, covariance, added)
        scratch[i, INNOVATION] += added[0]
        scratch[i, INNOVATION + 4] += added[1]
        scratch[i, INNOVATION + 7] += added[2]
        n = surely_of(
            scratch, i, sensors, k, plots, left, columns, n_left, slice_s, window, options
        )
        if n < 0:
            continue
        chosen[found] = i
        taken[i] = n
        wanted[n] += 1
        for d in range(3):
            wide[i, d] = added[d]
        found += 1
    kept = 0
    for q in range(found):
        i = chosen[q]
        n = taken[i]
        if wanted[n] > 1:
            continue  # a plot that two tracks want is neither's
        taken[i] = places[n]
        col_row[places[n]] = -2
        chosen[kept] = i
        kept += 1
    return kept


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64, float64[::1],"
    " int64, int64[::1], float64[:,::1])"
)
def tie_into(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, p: int, options: Array,
    serial: int, counters: Ints, ties: Array,
) -> None:  # fmt: skip
    """Note for registration that plot p, as the sensor reported it, is of track i."""
    n = counters[TIES]
    if n >= ties.shape[0]:
        return
    counters[TIES] = n + 1
    ties[n, T_TIME], ties[n, T_SENSOR] = plots[p, P_TIME], k
    ties[n, T_HIGH], ties[n, T_LOW] = serial // 4294967296, serial % 4294967296
    for c in range(4):
        ties[n, T_Z + c] = plots[p, P_RANGE + c]
        ties[n, T_VARIANCE + c] = plots[p, P_VARIANCE + c] / sensors[k, INFLATE]
        if c < 3:
            ties[n, T_Z + c] += sensors[k, BIAS + c]
    ties[n, T_MASK] = plots[p, P_MASK]
    ties[n, T_Q] = ties[n, T_Q_UP] = 0.0
    for m in range(MODELS):
        ties[n, T_Q] += scratch[i, MODE + m] * options[4 * m + Q_H]
        ties[n, T_Q_UP] += scratch[i, MODE + m] * options[4 * m + Q_V]
    ties[n, T_TAU_UP] = options[TAU_V_S]
    for d in range(6):
        ties[n, T_STATE + d] = scratch[i, COMBINED + d]


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " int64, int64, float64[:,::1], int64, float64[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1])"
)
def update_wide_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, bit: int,
    i: int, plots: Array, p: int, options: Array, counters: Ints, log: Array, scratch: Array,
    wide: Array, ties: Array, audit: Array,
) -> None:  # fmt: skip
    """Apply plot p to track i with what the sensors' unknown errors add to its variances."""
    for c in range(3):
        plots[p, P_VARIANCE + c] += wide[i, c]
    # Registration too is told of it with this variance: one wrong plot then decides nothing,
    # and what is known still grows several times over from look to look.
    if ints[i, FOLLOWED]:
        tie_into(scratch, i, sensors, k, plots, p, options, ints[i, SERIAL], counters, ties)
    if others_hold(seen, i, sensors, k, plots[p, P_TIME], 1):
        audit[k, A_NEW_SHARED] += 1.0
    update_clear_into(tracks, i, scratch, sensors, k, plots, p, options)
    for c in range(3):
        plots[p, P_VARIANCE + c] -= wide[i, c]
    tracks[i, EXISTENCE] = min(max(tracks[i, EXISTENCE], _SURELY), options[CAP])
    learn_kind_into(kinds, i, sensors, k, scratch[i, MEASURED], 1)
    credit_into(
        tracks, ints, i, seen, sensors, k, bit, plots, p, tracks[i, EXISTENCE], 1.0, options,
        log, counters, audit
    )  # fmt: skip
