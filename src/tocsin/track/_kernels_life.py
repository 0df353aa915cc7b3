"""Update of tracks with their share of the plots, births, misses, deaths.

Existence is a Bernoulli probability (Musicki and Evans, IEEE T-AES 40 (2004); Williams, IEEE
T-AES 51 (2015)): raised by plots according to the density of false ones and of new targets,
lowered only by a look that covered the track. The kind of a target, as far as sensors see
some kinds farther than others, is estimated along with it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    ELEVATION_MAX,
    ELEVATION_MIN,
    MAX_RADIAL,
    detection_of,
    linearised_of,
    measured_of,
)
from tocsin.track._kernels_filter import BLOCK, MODE, MODELS, TIME_S, scalar_into
from tocsin.track._kernels_gate import (
    BORN_S,
    CLASS_LOG,
    EXISTENCE,
    FIRST_S,
    HAS_ELEVATION,
    HAS_RATE,
    NOISE_H,
    NOISE_V,
    P_CLASS,
    P_MASK,
    P_NATURE,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    TRACK_WIDTH,
    UPDATED_S,
    reach_of,
    seen_by_kind_of,
    update_block,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of the integers of a track.
ID, STATUS, HITS, NATURE, SENSORS, MISSES = 0, 1, 2, 3, 4, 5
INT_WIDTH = 6
TENTATIVE, CONFIRMED, COASTED, DEAD = 0, 1, 2, 3

# Counters.
LIVE, NEXT_ID, OVERFLOW, BROKEN, EVENTS = 0, 1, 2, 3, 4
COUNTERS = 8

# Packed options after the gates'.
CONFIRM, DROP_TENTATIVE, DROP, CAP = 25, 26, 27, 28
BIRTH_SPEED_V, BIRTH_MODE = 29, 30  # BIRTH_MODE: first of three
RADIUS_M, COAST_S, CLEAR = 33, 34, 35
OPTIONS = 40

# Kinds of what happens in a track's life, in the log.
LOG_CONFIRMED, LOG_LOST, LOG_LEFT, LOG_BROKEN = 0, 1, 2, 3

_COASTED_AFTER = 2  # looks in a row that held the track and did not see it
_LEAST_KIND = 1e-4  # no kind is ever ruled out: limits of reach are not sharp
_UNSEEN_KIND = 0.02  # chance of being seen beyond the reach stated for the kind
_WORTH = 1e-3  # share of a plot below which a track does not use it

# Without a measured elevation: what is taken for it, and how unsurely.
_BLIND_ELEVATION, _BLIND_SIGMA, _BLIND_SIGMA_M = 0.05, 0.1, 3000.0


@kernel("void(int64, float64, int64, float64[:,::1], int64[::1])")
def log_into(kind: int, at_s: float, track_id: int, log: Array, counters: Ints) -> None:
    place = counters[EVENTS]
    if place < log.shape[0]:
        log[place, 0] = kind
        log[place, 1] = at_s
        log[place, 2] = track_id // 4294967296
        log[place, 3] = track_id % 4294967296
        counters[EVENTS] = place + 1


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, float64, int64)")
def learn_kind_into(kinds: Array, i: int, sensors: Array, k: int, r: float, seen: int) -> None:
    """Bayes over kinds after a look of sensor k at range r that saw the track, or did not."""
    if kinds.shape[1] == 1:
        return
    total = 0.0
    for kind in range(kinds.shape[1]):
        chance = max(0.9 * seen_by_kind_of(sensors, k, kind, r, 0.0), _UNSEEN_KIND)
        kinds[i, kind] = max(kinds[i, kind], _LEAST_KIND) * (chance if seen else 1.0 - chance)
        total += kinds[i, kind]
    for kind in range(kinds.shape[1]):
        kinds[i, kind] /= total


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64[:,::1], int64, float64[::1])"
)
def update_clear_into(
    tracks: Array, i: int, scratch: Array, sensors: Array, k: int, plots: Array, p: int,
    options: Array,
) -> None:  # fmt: skip
    """Update all models of track i with one plot that is certainly its own."""
    offset_s = plots[p, P_TIME] - scratch[i, TIME_S]
    for c in range(MODE):
        tracks[i, c] = scratch[i, c]
    best = -math.inf
    l0 = update_block(
        tracks, i, 0, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    l1 = update_block(
        tracks, i, BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    l2 = update_block(
        tracks, i, 2 * BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    best = max(l0, l1, l2)
    m0 = scratch[i, MODE] * math.exp(l0 - best)
    m1 = scratch[i, MODE + 1] * math.exp(l1 - best)
    m2 = scratch[i, MODE + 2] * math.exp(l2 - best)
    total = m0 + m1 + m2
    tracks[i, MODE] = max(m0 / total, 1e-4)
    tracks[i, MODE + 1] = max(m1 / total, 1e-4)
    tracks[i, MODE + 2] = max(m2 / total, 1e-4)
    tracks[i, TIME_S] = scratch[i, TIME_S]


@kernel(
    "void(float64[:,::1], int64, int64, float64[:,::1], int64, int64, float64, float64[:,::1], int64)"
)
def gather_into(
    x: Array, i: int, o: int, origin: Array, j: int, q: int, weight: float, total: Array, m: int
) -> None:
    """Add a block's weighted moments about origin[j, q:] to total[m]."""
    d0, d1, d2 = (
        x[i, o] - origin[j, q],
        x[i, o + 1] - origin[j, q + 1],
        x[i, o + 2] - origin[j, q + 2],
    )
    d3, d4, d5 = (
        x[i, o + 3] - origin[j, q + 3],
        x[i, o + 4] - origin[j, q + 4],
        x[i, o + 5] - origin[j, q + 5],
    )
    total[m, 0] += weight * d0
    total[m, 1] += weight * d1
    total[m, 2] += weight * d2
    total[m, 3] += weight * d3
    total[m, 4] += weight * d4
    total[m, 5] += weight * d5
    p = o + 6
    total[m, 6] += weight * (x[i, p] + d0 * d0)
    total[m, 7] += weight * (x[i, p + 1] + d0 * d1)
    total[m, 8] += weight * (x[i, p + 2] + d0 * d2)
    total[m, 9] += weight * (x[i, p + 3] + d1 * d1)
    total[m, 10] += weight * (x[i, p + 4] + d1 * d2)
    total[m, 11] += weight * (x[i, p + 5] + d2 * d2)
    total[m, 12] += weight * (x[i, p + 6] + d0 * d3)
    total[m, 13] += weight * (x[i, p + 7] + d0 * d4)
    total[m, 14] += weight * (x[i, p + 8] + d0 * d5)
    total[m, 15] += weight * (x[i, p + 9] + d1 * d3)
    total[m, 16] += weight * (x[i, p + 10] + d1 * d4)
    total[m, 17] += weight * (x[i, p + 11] + d1 * d5)
    total[m, 18] += weight * (x[i, p + 12] + d2 * d3)
    total[m, 19] += weight * (x[i, p + 13] + d2 * d4)
    total[m, 20] += weight * (x[i, p + 14] + d2 * d5)
    total[m, 21] += weight * (x[i, p + 15] + d3 * d3)
    total[m, 22] += weight * (x[i, p + 16] + d3 * d4)
    total[m, 23] += weight * (x[i, p + 17] + d3 * d5)
    total[m, 24] += weight * (x[i, p + 18] + d4 * d4)
    total[m, 25] += weight * (x[i, p + 19] + d4 * d5)
    total[m, 26] += weight * (x[i, p + 20] + d5 * d5)
    total[m, 27] += weight


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1], int64, int64)"
)
def settle_into(
    total: Array, m: int, origin: Array, j: int, q: int, out: Array, i: int, o: int
) -> None:
    """Turn the gathered moments of total[m] into the block out[i, o:]."""
    w = 1.0 / total[m, 27]
    d0, d1, d2 = total[m, 0] * w, total[m, 1] * w, total[m, 2] * w
    d3, d4, d5 = total[m, 3] * w, total[m, 4] * w, total[m, 5] * w
    out[i, o], out[i, o + 1], out[i, o + 2] = (
        origin[j, q] + d0,
        origin[j, q + 1] + d1,
        origin[j, q + 2] + d2,
    )
    out[i, o + 3], out[i, o + 4], out[i, o + 5] = (
        origin[j, q + 3] + d3, origin[j, q + 4] + d4, origin[j, q + 5] + d5,
    )  # fmt: skip
    p = o + 6
    out[i, p] = total[m, 6] * w - d0 * d0
    out[i, p + 1] = total[m, 7] * w - d0 * d1
    out[i, p + 2] = total[m, 8] * w - d0 * d2
    out[i, p + 3] = total[m, 9] * w - d1 * d1
    out[i, p + 4] = total[m, 10] * w - d1 * d2
    out[i, p + 5] = total[m, 11] * w - d2 * d2
    out[i, p + 6] = total[m, 12] * w - d0 * d3
    out[i, p + 7] = total[m, 13] * w - d0 * d4
    out[i, p + 8] = total[m, 14] * w - d0 * d5
    out[i, p + 9] = total[m, 15] * w - d1 * d3
    out[i, p + 10] = total[m, 16] * w - d1 * d4
    out[i, p + 11] = total[m, 17] * w - d1 * d5
    out[i, p + 12] = total[m, 18] * w - d2 * d3
    out[i, p + 13] = total[m, 19] * w - d2 * d4
    out[i, p + 14] = total[m, 20] * w - d2 * d5
    out[i, p + 15] = total[m, 21] * w - d3 * d3
    out[i, p + 16] = total[m, 22] * w - d3 * d4
    out[i, p + 17] = total[m, 23] * w - d3 * d5
    out[i, p + 18] = total[m, 24] * w - d4 * d4
    out[i, p + 19] = total[m, 25] * w - d4 * d5
    out[i, p + 20] = total[m, 26] * w - d5 * d5


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64[:,::1], int64[::1], int64[:,::1],"
    " float64[:,::1], int64, float64, float64[::1], float64[:,::1])"
)
def update_shared_into(
    tracks: Array, i: int, scratch: Array, sensors: Array, k: int, plots: Array, order: Ints,
    edge_plot: Ints, share: Array, edges: int, none: float, options: Array, work: Array,
) -> None:  # fmt: skip
    """Update all models of track i with several plots, each by its share, `none` for no plot.

    work: rows 0..2 gather the models, row 3 holds the three blocks under one hypothesis.
    """
    for m in range(MODELS):
        for c in range(28):
            work[m, c] = 0.0
        gather_into(
            scratch, i, m * BLOCK, scratch, i, m * BLOCK, scratch[i, MODE + m] * none, work, m
        )
    for e in range(edges):
        if share[i, e] < _WORTH:
            continue
        p = order[edge_plot[i, e]]
        offset_s = plots[p, P_TIME] - scratch[i, TIME_S]
        for c in range(MODE):
            work[3, c] = scratch[i, c]
        l0 = update_block(
            work, 3, 0, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
        )
        l1 = update_block(
            work, 3, BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
        )
        l2 = update_block(
            work,
            3,
            2 * BLOCK,
            sensors,
            k,
            plots,
            p,
            offset_s,
            options[NOISE_H],
            options[NOISE_V],
        )
        best = max(l0, l1, l2)
        m0 = scratch[i, MODE] * math.exp(l0 - best)
        m1 = scratch[i, MODE + 1] * math.exp(l1 - best)
        m2 = scratch[i, MODE + 2] * math.exp(l2 - best)
        w = share[i, e] / (m0 + m1 + m2)
        gather_into(work, 3, 0, scratch, i, 0, m0 * w, work, 0)
        gather_into(work, 3, BLOCK, scratch, i, BLOCK, m1 * w, work, 1)
        gather_into(work, 3, 2 * BLOCK, scratch, i, 2 * BLOCK, m2 * w, work, 2)
    total = work[0, 27] + work[1, 27] + work[2, 27]
    for m in range(MODELS):
        weight = work[m, 27]
        if weight > 1e-12 * total:
            settle_into(work, m, scratch, i, m * BLOCK, tracks, i, m * BLOCK)
        else:
            for c in range(BLOCK):
                tracks[i, m * BLOCK + c] = scratch[i, m * BLOCK + c]
        tracks[i, MODE + m] = max(weight / total, 1e-4)
    tracks[i, TIME_S] = scratch[i, TIME_S]


@kernel("boolean(float64[:,::1], int64)")
def is_sound(tracks: Array, i: int) -> bool:
    """Finite, and every variance positive."""
    for m in range(MODELS):
        o = m * BLOCK
        for d in range(6):
            if not math.isfinite(tracks[i, o + d]):
                return False
        p = o + 6
        if not (tracks[i, p] > 0.0 and tracks[i, p + 3] > 0.0 and tracks[i, p + 5] > 0.0):
            return False
        if not (
            tracks[i, p + 15] > 0.0 and tracks[i, p + 18] > 0.0 and tracks[i, p + 20] > 0.0
        ):
            return False
    return True


@kernel(
    "void(float64[:,::1], int64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1], int64,"
    " float64, float64, float64[::1], float64[:,::1], int64[::1])"
)
def credit_into(
    tracks: Array, ints: Ints, i: int, seen: Array, k: int, bit: int, plots: Array, p: int,
    existence: float, share: float, options: Array, log: Array, counters: Ints,
) -> None:  # fmt: skip
    """Book a look in which track i was seen as plot p."""
    at_s = plots[p, P_TIME]
    seen[i, k] = max(seen[i, k], at_s)
    tracks[i, UPDATED_S] = max(tracks[i, UPDATED_S], at_s)
    tracks[i, FIRST_S] = min(tracks[i, FIRST_S], at_s)
    for c in range(6):
        tracks[i, CLASS_LOG + c] += share * plots[p, P_CLASS + c]
    ints[i, HITS] += 1
    ints[i, MISSES] = 0
    ints[i, SENSORS] |= 1 << bit
    ints[i, NATURE] = max(ints[i, NATURE], int(plots[p, P_NATURE]))
    if ints[i, STATUS] == TENTATIVE and existence > options[CONFIRM]:
        ints[i, STATUS] = CONFIRMED
        log_into(LOG_CONFIRMED, at_s, ints[i, ID], log, counters)
    elif ints[i, STATUS] == COASTED:
        ints[i, STATUS] = CONFIRMED


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], int64, int64, float64[:,::1], int64,"
    " float64, float64[::1], int64[::1])"
)
def finish_birth_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, k: int, bit: int, plots: Array, p: int,
    existence: float, options: Array, counters: Ints,
) -> None:  # fmt: skip
    """All that a new track in the row LIVE has, once its first block is there."""
    i = counters[LIVE]
    for c in range(BLOCK):
        tracks[i, BLOCK + c] = tracks[i, c]
        tracks[i, 2 * BLOCK + c] = tracks[i, c]
    for m in range(MODELS):
        tracks[i, MODE + m] = options[BIRTH_MODE + m]
    at_s = plots[p, P_TIME]
    tracks[i, TIME_S] = at_s
    tracks[i, EXISTENCE] = existence
    tracks[i, BORN_S] = at_s
    tracks[i, FIRST_S] = at_s
    tracks[i, UPDATED_S] = at_s
    for c in range(6):
        tracks[i, CLASS_LOG + c] = plots[p, P_CLASS + c]
    ints[i, ID] = counters[NEXT_ID]
    counters[NEXT_ID] += 1
    ints[i, STATUS] = TENTATIVE
    ints[i, HITS] = 1
    ints[i, NATURE] = int(plots[p, P_NATURE])
    ints[i, SENSORS] = 1 << bit
    ints[i, MISSES] = 0
    for c in range(kinds.shape[1]):
        kinds[i, c] = 1.0 / kinds.shape[1]
    for c in range(seen.shape[1]):
        seen[i, c] = -math.inf
    seen[i, k] = at_s
    counters[LIVE] += 1


@kernel(
    "boolean(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64, int64,"
    " float64[:,::1], int64, float64, float64[::1], int64[::1])"
)
def birth_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, bit: int,
    plots: Array, p: int, existence: float, options: Array, counters: Ints,
) -> bool:  # fmt: skip
    """Begin a tentative track with one ranged plot; False where there is no room."""
    i = counters[LIVE]
    if i >= tracks.shape[0]:
        counters[OVERFLOW] += 1
        return False
    mask = int(plots[p, P_MASK])
    r, azimuth = plots[p, P_RANGE], plots[p, P_RANGE + 1]
    if mask & HAS_ELEVATION:
        elevation, var_el = plots[p, P_RANGE + 2], plots[p, P_VARIANCE + 2]
    else:
        low, high = sensors[k, ELEVATION_MIN], sensors[k, ELEVATION_MAX]
        elevation = min(max(_BLIND_ELEVATION, low), high)
        sigma = min(_BLIND_SIGMA, _BLIND_SIGMA_M / max(r, 1.0))
        var_el = sigma * sigma
    sin_a, cos_a = math.sin(azimuth), math.cos(azimuth)
    sin_e, cos_e = math.sin(elevation), math.cos(elevation)
    across = r * r * cos_e * cos_e * plots[p, P_VARIANCE + 1]
    upright = r * r * var_el
    along = plots[p, P_VARIANCE]
    for c in range(TRACK_WIDTH):
        tracks[i, c] = 0.0
    for d in range(3):
        # Axis d of the site's frame in the sensor's: column d of the rotation.
        x, y, z = sensors[k, 3 + d], sensors[k, 6 + d], sensors[k, 9 + d]
        tracks[i, d] = sensors[k, d] + r * (x * cos_e * sin_a + y * cos_e * cos_a + z * sin_e)
    place = 6
    for d in range(3):
        xd, yd, zd = sensors[k, 3 + d], sensors[k, 6 + d], sensors[k, 9 + d]
        out_d = xd * cos_e * sin_a + yd * cos_e * cos_a + zd * sin_e
        right_d = xd * cos_a - yd * sin_a
        up_d = -xd * sin_e * sin_a - yd * sin_e * cos_a + zd * cos_e
        for f in range(d, 3):
            xf, yf, zf = sensors[k, 3 + f], sensors[k, 6 + f], sensors[k, 9 + f]
            out_f = xf * cos_e * sin_a + yf * cos_e * cos_a + zf * sin_e
            right_f = xf * cos_a - yf * sin_a
            up_f = -xf * sin_e * sin_a - yf * sin_e * cos_a + zf * cos_e
            tracks[i, place] = (
                along * out_d * out_f + across * right_d * right_f + upright * up_d * up_f
            )
            place += 1
    # Half of the fastest target that the sensor reports is one sigma of the unknown velocity.
    speed = 0.5 * sensors[k, MAX_RADIAL]
    tracks[i, 21] = speed * speed
    tracks[i, 24] = speed * speed
    tracks[i, 26] = options[BIRTH_SPEED_V] * options[BIRTH_SPEED_V]
    if mask & HAS_RATE:
        row = linearised_of(sensors, k, tracks[i, 0], tracks[i, 1], tracks[i, 2], 0.0, 0.0, 0.0)
        scalar_into(
            tracks, i, 0, 0.0, 0.0, 0.0, row[4], row[5], row[6], plots[p, P_VARIANCE + 3], plots[p, P_RANGE + 3]
        )  # fmt: skip
    finish_birth_into(tracks, ints, kinds, seen, k, bit, plots, p, existence, options, counters)
    return True


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64, int64,"
    " float64, float64, float64, float64, float64[::1], float64[:,::1], int64[::1])"
)
def miss_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, bit: int,
    start_s: float, end_s: float, sector_from: float, sector_width: float,
    options: Array, log: Array, counters: Ints,
) -> None:  # fmt: skip
    """Lower the existence of tracks that a finished look of sensor k held and did not see."""
    middle_s = 0.5 * (start_s + end_s)
    for i in range(counters[LIVE]):
        if ints[i, STATUS] == DEAD or seen[i, k] >= start_s - 1e-6 or tracks[i, BORN_S] > end_s:
            continue
        m = 0
        if tracks[i, MODE + 1] > tracks[i, MODE]:
            m = 1
        if tracks[i, MODE + 2] > tracks[i, MODE + m]:
            m = 2
        o = m * BLOCK
        t = middle_s - tracks[i, TIME_S]
        ve, vn, vu = tracks[i, o + 3], tracks[i, o + 4], tracks[i, o + 5]
        r, azimuth, elevation, rate = measured_of(
            sensors, k, tracks[i, o] + t * ve, tracks[i, o + 1] + t * vn, tracks[i, o + 2] + t * vu, ve, vn, vu
        )  # fmt: skip
        if sector_width < math.tau:
            into = azimuth - sector_from
            if into < 0.0:
                into += math.tau
            if into >= sector_width:
                continue
        spread_v = math.sqrt(max(tracks[i, o + 21], 0.0) + max(tracks[i, o + 24], 0.0))
        spread_r = (
            math.sqrt(max(tracks[i, o + 6], 0.0) + max(tracks[i, o + 9], 0.0))
            + abs(t) * spread_v
        )
        spread_r = min(spread_r, 0.25 * r)
        sensible = detection_of(sensors, k, r, azimuth, elevation, rate, spread_v)
        if sensible <= 0.0:
            continue
        chance = sensible * reach_of(kinds, i, sensors, k, r, spread_r)
        e = tracks[i, EXISTENCE]
        tracks[i, EXISTENCE] = e * (1.0 - chance) / (1.0 - e * chance)
        learn_kind_into(kinds, i, sensors, k, r, 0)
        ints[i, SENSORS] &= ~(1 << bit)
        if chance < 0.1:
            continue
        ints[i, MISSES] += 1
        if ints[i, STATUS] == CONFIRMED and ints[i, MISSES] >= _COASTED_AFTER:
            ints[i, STATUS] = COASTED
        if ints[i, STATUS] == TENTATIVE:
            if tracks[i, EXISTENCE] < options[DROP_TENTATIVE]:
                ints[i, STATUS] = DEAD
        elif tracks[i, EXISTENCE] < options[DROP]:
            ints[i, STATUS] = DEAD
            log_into(LOG_LOST, end_s, ints[i, ID], log, counters)


@kernel("void(float64[:,::1], int64[:,::1], float64, float64[::1], float64[:,::1], int64[::1])")
def expire_into(
    tracks: Array, ints: Ints, now_s: float, options: Array, log: Array, counters: Ints
) -> None:
    """End what nobody has seen for long, and what has left the site's radius."""
    limit2 = options[RADIUS_M] * options[RADIUS_M]
    for i in range(counters[LIVE]):
        status = ints[i, STATUS]
        if status == DEAD:
            continue
        left = tracks[i, 0] * tracks[i, 0] + tracks[i, 1] * tracks[i, 1] > limit2
        idle_s = now_s - tracks[i, UPDATED_S]
        if (
            left
            or idle_s > options[COAST_S]
            or (status == TENTATIVE and idle_s > 0.5 * options[COAST_S])
        ):
            ints[i, STATUS] = DEAD
            if status != TENTATIVE:
                log_into(LOG_LEFT if left else LOG_LOST, now_s, ints[i, ID], log, counters)
        elif status == CONFIRMED and idle_s > 0.25 * options[COAST_S]:
            ints[i, STATUS] = COASTED


@kernel("void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], int64[::1])")
def compact_into(tracks: Array, ints: Ints, kinds: Array, seen: Array, counters: Ints) -> None:
    """Close the gaps that dead tracks leave; the order of the others stays."""
    n = counters[LIVE]
    place = 0
    for i in range(n):
        if ints[i, STATUS] == DEAD:
            continue
        if place != i:
            for c in range(tracks.shape[1]):
                tracks[place, c] = tracks[i, c]
            for c in range(ints.shape[1]):
                ints[place, c] = ints[i, c]
            for c in range(kinds.shape[1]):
                kinds[place, c] = kinds[i, c]
            for c in range(seen.shape[1]):
                seen[place, c] = seen[i, c]
        place += 1
    counters[LIVE] = place
