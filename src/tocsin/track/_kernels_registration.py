"""What common tracks say of the sensors' own errors.

An episode is one track followed for a while by a filter of its own, whose state is the target
(6) and the constant errors of up to SLOTS sensors that see it (range, azimuth, elevation,
time). The target begins with no knowledge, so that what is left of the sensors' part in the
end is information about their errors alone, and may be added to that of other tracks and
times (marginalising the trajectory: an information form of the exact method of Lin,
Bar-Shalom and Kirubarajan, IEEE T-AES 40 (2004)). A sensor's time error tau means that it
stamps what it saw at t as t + tau.

Model: z = h(x(t - tau)) + b + noise; the target moves with white-noise acceleration of the
density that the tracker's own motion models give it at the time, its vertical rate damped as
theirs is: so an elevation error, which makes a level approach seem to climb or sink, shows even
where one sensor alone sees the target.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import BIAS, INFLATE, linearised_of, wrapped
from tocsin.track._kernels_filter import motion_of
from tocsin.track._kernels_fuse import factor_into
from tocsin.units import DEG

Array = NDArray[np.float64]
Array3 = NDArray[np.float64]
Ints = NDArray[np.int64]

SLOTS = 6  # sensors in one episode
ERRORS = 4  # range m, azimuth rad, elevation rad, time s
TARGET = 6
SIZE = TARGET + ERRORS * SLOTS

# A tie: one plot that was certainly one track's. Columns; the state is the track's own.
T_TIME, T_SENSOR, T_HIGH, T_LOW, T_Z, T_VARIANCE, T_MASK = 0, 1, 2, 3, 4, 8, 12
T_Q, T_Q_UP, T_TAU_UP, T_STATE = 13, 14, 15, 16
TIE_WIDTH = 22

# An episode's floats beside its state and covariance, and its integers.
BEGIN_S, NOW_S, LAST_S = 0, 1, 2  # LAST_S: first of SLOTS times of the newest tie
TRACK = LAST_S + SLOTS  # the track's state at the newest tie (6)
EPISODE_WIDTH = TRACK + TARGET
ALIKE_S = 1.0  # errors of one sensor nearer in time than this are taken as partly the same one
E_ID, E_COUNT, E_SLOT = 0, 1, 2  # E_SLOT: first of SLOTS sensor rows, -1 for none
EPISODE_INTS = 2 + SLOTS

# One sigma of what an error may be before anything is learnt: mounts of radars and cameras that
# were levelled and turned north by hand, clocks set by the network. With 25 m and 1 degree the
# noise of a lone radar's first minute was taken for its elevation error: GOSPA on `pair` with
# errors was 4 % higher (fifteen scenes of three salts).
PRIOR_SIGMA = (15.0, 0.6 * DEG, 0.6 * DEG, 0.1)
BELIEVED = (125.0, 5.0 * DEG, 5.0 * DEG, 0.5)  # larger errors are no mounting errors
LONGEST_S = 240.0  # of an episode: an approach, over which level flight tells of elevation
START_M, START_MPS = 5_000.0, 300.0  # "no knowledge" of the target,
START_CLIMB_MPS = 10.0  # except that nothing climbs faster for long
SHIFT_S2 = 100.0  # and of a shift of all clocks together
# Sum of squared innovations of one plot beyond which the motion was not the one assumed:
# chi-square, four degrees of freedom, one in a hundred thousand.
BROKEN = 28.5
# A track that moves otherwise than it flew, by so much of its distance from the sensor, was
# taken to be elsewhere: bearings of two things that met, before a third showed where either is.
# What was linearised about the wrong place looks like errors of the sensors. (Of 150 scenes of
# cameras and arrays of microphones without errors 7 were spoiled so before, 1 since.)
LEAP = 0.07
MOST_SCATTER = 16.0  # factor of a sensor's variances that is believed: four times its sigmas


@kernel("float64[::1]()", allocates=True, entry=True)
def prior_of() -> Array:
    """Return the variances of the errors of one sensor before anything is learnt (ERRORS)."""
    prior = np.empty(ERRORS)
    for e in range(ERRORS):
        prior[e] = PRIOR_SIGMA[e] * PRIOR_SIGMA[e]
    return prior


@kernel("void(float64[:,::1], float64[:,:,::1], int64, float64[::1])")
def begin_into(x: Array, p: Array3, m: int, prior: Array) -> None:
    """Forget episode m: its state and covariance are those of the beginning."""
    for r in range(SIZE):
        x[m, r] = 0.0
        for c in range(SIZE):
            p[m, r, c] = 0.0
    for d in range(3):
        p[m, d, d] = START_M * START_M
        speed = START_CLIMB_MPS if d == 2 else START_MPS
        p[m, 3 + d, 3 + d] = speed * speed
    for s in range(SLOTS):
        for e in range(ERRORS):
            j = TARGET + ERRORS * s + e
            p[m, j, j] = prior[e]


@kernel(
    "void(float64[:,::1], float64[:,:,::1], int64, int64, float64, float64, float64, float64)"
)
def carry_into(
    x: Array, p: Array3, m: int, size: int, dt_s: float, q: float, q_up: float, tau_up_s: float
) -> None:
    """Predict the target of episode m over dt_s (below 0: back, with the same noise), its
    vertical rate damped as the tracker's own models have it; `size`: rows of its state in use.
    """
    dt = abs(dt_s)
    h, _, hpp, hpv, hvv = motion_of(dt, q, math.inf)
    v, keep, vpp, vpv, vvv = motion_of(dt, q_up, tau_up_s)
    if dt_s < 0.0:
        h, v, keep, hpv, vpv = -h, -v / keep, 1.0 / keep, -hpv, -vpv
    for d in range(3):
        a = v if d == 2 else h
        x[m, d] += a * x[m, 3 + d]
        for c in range(size):
            p[m, d, c] += a * p[m, 3 + d, c]
        for r in range(size):
            p[m, r, d] += a * p[m, r, 3 + d]
    x[m, 5] *= keep
    for c in range(size):
        p[m, 5, c] *= keep
    for r in range(size):
        p[m, r, 5] *= keep
    for d in range(3):
        p[m, d, d] += vpp if d == 2 else hpp
        p[m, 3 + d, 3 + d] += vvv if d == 2 else hvv
        p[m, d, 3 + d] += vpv if d == 2 else hpv
        p[m, 3 + d, d] += vpv if d == 2 else hpv


@kernel(
    "float64(float64[:,::1], float64[:,:,::1], int64, int64, int64[::1], float64[::1], int64,"
    " float64, float64, float64[::1])"
)
def scalar_update(
    x: Array, p: Array3, m: int, size: int, where: Ints, gain: Array, count: int,
    variance: float, innovation: float, work: Array,
) -> float:  # fmt: skip
    """Kalman update of episode m by one scalar whose gradient is `gain` at the places `where`;
    returns the squared normalised innovation. The rows from `size` on belong to slots without
    a sensor: they have no part in anything yet.
    """
    s = variance
    for r in range(size):
        total = 0.0
        for k in range(count):
            total += p[m, r, where[k]] * gain[k]
        work[r] = total
    for k in range(count):
        s += gain[k] * work[where[k]]
    if not s > 0.0:
        return 0.0
    for r in range(size):
        x[m, r] += work[r] * innovation / s
    for r in range(size):
        for c in range(r + 1):
            p[m, r, c] -= work[r] * work[c] / s
    for r in range(size):  # by itself, so that the loop above can run over several columns
        for c in range(r):
            p[m, c, r] = p[m, r, c]
    return innovation * innovation / s


@kernel("void(int64[:,::1], int64)")
def clear_into(ints: Ints, m: int) -> None:
    """Let episode m begin anew with the next tie of its track."""
    ints[m, E_COUNT] = 0
    for s in range(SLOTS):
        ints[m, E_SLOT + s] = -1


@kernel("boolean(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64)")
def has_leapt(floats: Array, m: int, ties: Array, n: int, sensors: Array, k: int) -> bool:
    """Tell whether the track of tie n is elsewhere than where episode m saw it fly last."""
    dt_s = ties[n, T_TIME] - floats[m, NOW_S]
    moved2 = far2 = 0.0
    for d in range(3):
        at = ties[n, T_STATE + d]
        by = at - (floats[m, TRACK + d] + dt_s * floats[m, TRACK + 3 + d])
        far = at - sensors[k, d]
        moved2 += by * by
        far2 += far * far
    return bool(moved2 > LEAP * LEAP * far2)


@kernel(
    "int64(float64[:,::1], float64[:,:,::1], float64[:,::1], int64[:,::1], int64,"
    " float64[:,::1], float64[:,::1], int64, float64[::1], float64[::1])",
    allocates=True,
)
def learn_into(
    x: Array, p: Array3, floats: Array, ints: Ints, m: int, sensors: Array, ties: Array, n: int,
    prior: Array, quality: Array,
) -> int:  # fmt: skip
    """Take tie n into episode m. Returns 1, or 0 where it has no slot for the sensor, or -1
    where the episode does not fit its own model any more. quality[sensor, 0..1] of the flat
    array gathers squared innovations (those that do not fit too, but for the excess) and their
    number.
    """
    k = int(ties[n, T_SENSOR])
    if ints[m, E_COUNT] > 0 and has_leapt(floats, m, ties, n, sensors, k):
        clear_into(ints, m)
    slot = -1
    for s in range(SLOTS):
        if ints[m, E_SLOT + s] == k:
            slot = s
            break
        if ints[m, E_SLOT + s] < 0:
            ints[m, E_SLOT + s] = k
            slot = s
            break
    if slot < 0:
        return 0
    if ints[m, E_COUNT] == 0:
        begin_into(x, p, m, prior)
        for d in range(TARGET):
            x[m, d] = ties[n, T_STATE + d]
        floats[m, BEGIN_S] = floats[m, NOW_S] = ties[n, T_TIME]
        for s in range(SLOTS):
            floats[m, LAST_S + s] = -math.inf
    size = TARGET
    for s in range(SLOTS):
        if ints[m, E_SLOT + s] >= 0:
            size += ERRORS
    dt_s = ties[n, T_TIME] - floats[m, NOW_S]
    carry_into(
        x, p, m, size, dt_s, ties[n, T_Q], ties[n, T_Q_UP], ties[n, T_TAU_UP]
    )  # fmt: skip
    floats[m, NOW_S] = ties[n, T_TIME]
    for d in range(TARGET):
        floats[m, TRACK + d] = ties[n, T_STATE + d]
    ints[m, E_COUNT] += 1
    gap_s = max(abs(ties[n, T_TIME] - floats[m, LAST_S + slot]), 0.02)
    floats[m, LAST_S + slot] = ties[n, T_TIME]
    widen = max(ALIKE_S / gap_s, 1.0)
    o = TARGET + ERRORS * slot
    t = T_STATE
    v0, v1, v2 = ties[n, t + 3], ties[n, t + 4], ties[n, t + 5]
    # Linearised about the track, never about the episode's own state: gradients that follow
    # what the episode has just learnt would pretend to tell a shift of all clocks from a shift
    # along the path.
    row = linearised_of(
        sensors, k, ties[n, t], ties[n, t + 1], ties[n, t + 2], v0, v1, v2
    )  # fmt: skip
    where, gain, work = np.empty(8, dtype=np.int64), np.zeros(8), np.empty(SIZE)
    for d in range(TARGET):
        where[d] = d
    where[6] = o + 3
    mask = int(ties[n, T_MASK])
    total = 0.0
    scalars = 0
    for c in range(4):
        if not mask & (1 << c):
            continue
        g0, g1, g2, expected = row[4], row[5], row[6], row[0]
        if c == 1:
            g0, g1, g2, expected = row[7], row[8], row[9], row[1]
        elif c == 2:
            g0, g1, g2, expected = row[10], row[11], row[12], row[2]
        elif c == 3:
            g0, g1, g2, expected = row[13], row[14], row[15], row[3]
        gain[0], gain[1], gain[2] = g0, g1, g2
        gain[6] = -(g0 * v0 + g1 * v1 + g2 * v2)
        count = 7
        if c < 3:
            where[7] = o + c
            gain[7] = 1.0
            count = 8
        else:
            gain[3], gain[4], gain[5] = row[4], row[5], row[6]
        for d in range(TARGET):
            expected += gain[d] * (x[m, d] - ties[n, t + d])
        for j in range(TARGET, count):
            expected += gain[j] * x[m, where[j]]
        innovation = ties[n, T_Z + c] - expected
        if c == 1:
            innovation = wrapped(wrapped(innovation))
        variance = widen * ties[n, T_VARIANCE + c]
        total += scalar_update(x, p, m, size, where, gain, count, variance, innovation, work)
        scalars += 1
    # Of what the sensor states: one that is found to scatter more is allowed more.
    most = BROKEN * min(sensors[k, INFLATE], MOST_SCATTER)
    quality[2 * k] += min(total, most)
    quality[2 * k + 1] += scalars
    return 1 if total <= most else -1


@kernel(
    "boolean(float64[:,::1], float64[:,:,::1], int64[:,::1], int64, float64[::1],"
    " float64[:,::1], float64[::1], float64)",
    allocates=True,
)
def harvest_into(
    x: Array, p: Array3, ints: Ints, m: int, prior: Array, information: Array, vector: Array,
    share: float,
) -> bool:  # fmt: skip
    """Add `share` of what episode m says of the sensors' errors to information and vector,
    whose rows are ERRORS a sensor. False where its covariance is not positive definite.

    A shift of all clocks together is a shift of the target along its path, which nobody could
    tell: what the episode seems to say of it comes from the track's own lag, and is left out
    by giving that shift a variance of its own.
    """
    used = 0
    for s in range(SLOTS):
        if ints[m, E_SLOT + s] >= 0:
            used += 1
    n = ERRORS * used
    if n == 0:
        return True
    factor = np.empty((n, n))
    for r in range(n):
        for c in range(n):
            factor[r, c] = p[m, TARGET + r, TARGET + c]
            if r % ERRORS == 3 and c % ERRORS == 3:
                factor[r, c] += SHIFT_S2
    if not factor_into(factor, 0, n):
        return False
    column = np.empty(n)
    # The same of the prior, by the formula of Sherman and Morrison.
    shared = SHIFT_S2 / (prior[3] * prior[3]) / (1.0 + used * SHIFT_S2 / prior[3])
    for j in range(n):
        # Column j of the inverse, by two triangular solves.
        for i in range(n):
            value = 1.0 if i == j else 0.0
            for k in range(i):
                value -= factor[i, k] * column[k]
            column[i] = value / factor[i, i]
        for i in range(n - 1, -1, -1):
            value = column[i]
            for k in range(i + 1, n):
                value -= factor[k, i] * column[k]
            column[i] = value / factor[i, i]
        at = ERRORS * ints[m, E_SLOT + j // ERRORS] + j % ERRORS
        for i in range(n):
            row = ERRORS * ints[m, E_SLOT + i // ERRORS] + i % ERRORS
            vector[row] += share * column[i] * x[m, TARGET + j]
            information[row, at] += share * column[i]
            if i % ERRORS == 3 and j % ERRORS == 3:
                information[row, at] += share * shared
        information[at, at] -= share / prior[j % ERRORS]
    return True


@kernel("float64(int64[:,::1], int64, float64[::1])")
def share_of(ints: Ints, m: int, quality: Array) -> float:
    """Return how much of an episode is believed: less where its sensors scatter more than they
    state.
    """
    worst = 1.0
    for s in range(SLOTS):
        k = ints[m, E_SLOT + s]
        if k >= 0 and quality[2 * k + 1] > 0.0:
            worst = max(worst, quality[2 * k] / quality[2 * k + 1])
    return 1.0 / worst


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,::1], int64[:,::1], float64[:,::1],"
    " float64[:,::1], int64, float64[::1], float64[:,::1], float64[::1])",
    allocates=True,
)
def take_into(
    x: Array, p: Array3, floats: Array, ints: Ints, sensors: Array, ties: Array, count: int,
    quality: Array, information: Array, vector: Array,
) -> None:  # fmt: skip
    """Take the first `count` ties into the episodes of their tracks; one that has lasted
    LONGEST_S gives what it knows and begins anew, one that broke its model gives nothing.
    """
    prior = prior_of()
    for n in range(count):
        track_id = int(ties[n, T_HIGH]) * 4294967296 + int(ties[n, T_LOW])
        m = -1
        for row in range(ints.shape[0]):
            if ints[row, E_ID] == track_id:
                m = row
                break
        if m < 0:
            continue
        if ints[m, E_COUNT] > 0 and ties[n, T_TIME] - floats[m, BEGIN_S] > LONGEST_S:
            harvest_into(x, p, ints, m, prior, information, vector, share_of(ints, m, quality))
            clear_into(ints, m)
        if learn_into(x, p, floats, ints, m, sensors, ties, n, prior, quality) < 0:
            clear_into(ints, m)


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, int64)")
def correct_into(sensors: Array, k: int, plots: Array, first: int, count: int) -> None:
    """Take the known errors of sensor k off its plots (range, azimuth, elevation; the time
    error is taken off where a plot meets a track), and weigh down one that scatters more than
    it states or contradicts the others.

    The plot columns: 1..4 values, 5..8 variances.
    """
    known = sensors[k, INFLATE] != 1.0
    for c in range(3):
        known = known or sensors[k, BIAS + c] != 0.0
    if not known:
        return
    for p in range(first, first + count):
        plots[p, 1] = max(plots[p, 1] - sensors[k, BIAS], 1e-3)
        azimuth = plots[p, 2] - sensors[k, BIAS + 1]
        plots[p, 2] = azimuth - math.floor(azimuth / math.tau) * math.tau
        plots[p, 3] -= sensors[k, BIAS + 2]
        for c in range(5, 9):
            plots[p, c] *= sensors[k, INFLATE]
