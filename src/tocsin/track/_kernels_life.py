"""What a look means for tracks: credit, misses, deaths.

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
    DETECTION,
    PERIOD_S,
    detection_of,
    measured_of,
)
from tocsin.track._kernels_audit import others_hold
from tocsin.track._kernels_classes import class_weight, report_into
from tocsin.track._kernels_gate import (
    reach_of,
    seen_by_kind_of,
)
from tocsin.track._kernels_layout import (
    BLOCK,
    BORN_S,
    BROKEN,
    COAST_S,
    COASTED,
    CONFIRM,
    CONFIRMED,
    DEAD,
    DROP,
    DROP_TENTATIVE,
    EVENTS,
    EXISTENCE,
    FIRST_EXISTENCE,
    FIRST_S,
    HAS_RANGE,
    HITS,
    ID,
    KNOWN_M2,
    LIVE,
    LOG_BROKEN,
    LOG_CONFIRMED,
    LOG_LEFT,
    LOG_LOST,
    LOST_M2,
    MISSES,
    MODE,
    MODELS,
    NATURE,
    P_MASK,
    P_NATURE,
    P_TIME,
    Q_H,
    RADIUS_M,
    SENSORS,
    STATUS,
    TENTATIVE,
    TIME_S,
    UPDATED_S,
)
from tocsin.track._kernels_seen import book_into, count_into, share_of
from tocsin.track._kernels_update import is_sound

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_COASTED_AFTER = 2  # looks in a row that held the track and did not see it
# What a sensor without range holds grows unsure along its line alone and is not lost: a drone
# that hovered where the radar is blind, in sight of a camera, lost its track and its alarm.
_HELD_S = 5.0
_HELD = 4.0  # twice as far off, then
# A track that has been seen less often may be false: its chance plots would teach that sensors
# seldom see it, and it would end later.
_KNOWN_HITS = 10
_LEAST_KIND = 1e-6  # no kind is ever ruled out: limits of reach are not sharp
_UNSEEN_KIND = 0.01  # chance of being seen beyond the reach stated for the kind


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


@kernel("float64(float64[:,::1], int64, float64, float64[::1])")
def unsure_of(tracks: Array, i: int, dt_s: float, options: Array) -> float:
    """Horizontal variance (m^2, both axes together) of track i, dt_s after its own time."""
    total = 0.0
    for m in range(MODELS):
        p = m * BLOCK + 6
        noise = 2.0 * options[4 * m + Q_H] * dt_s * dt_s * dt_s / 3.0
        total += tracks[i, MODE + m] * (
            tracks[i, p]
            + tracks[i, p + 3]
            + 2.0 * dt_s * (tracks[i, p + 6] + tracks[i, p + 10])
            + dt_s * dt_s * (tracks[i, p + 15] + tracks[i, p + 18])
            + noise
        )
    return total


@kernel(
    "void(float64[:,::1], int64[:,::1], int64, float64[:,::1], float64[:,::1], int64, int64,"
    " float64[:,::1], int64, float64, float64, float64[::1], float64[:,::1], int64[::1],"
    " float64[:,::1])"
)
def credit_into(
    tracks: Array, ints: Ints, i: int, seen: Array, sensors: Array, k: int, bit: int,
    plots: Array, p: int,
    existence: float, share: float, options: Array, log: Array, counters: Ints,
    audit: Array,
) -> None:  # fmt: skip
    """Book a look in which track i was seen as plot p."""
    at_s = plots[p, P_TIME]
    weight = share * class_weight(at_s - seen[i, k], sensors[k, PERIOD_S])
    seen[i, k] = max(seen[i, k], at_s)
    if ints[i, HITS] >= _KNOWN_HITS:
        proven = not int(plots[p, P_MASK]) & HAS_RANGE or others_hold(
            seen, i, sensors, k, at_s, 1
        )
        count_into(seen, i, sensors.shape[0], k, audit)
        book_into(seen, i, sensors.shape[0], k, sensors[k, DETECTION], proven)
    tracks[i, UPDATED_S] = max(tracks[i, UPDATED_S], at_s)
    tracks[i, FIRST_S] = min(tracks[i, FIRST_S], at_s)
    report_into(tracks, i, plots, p, weight)
    ints[i, HITS] += 1
    ints[i, MISSES] = 0
    ints[i, SENSORS] |= 1 << bit
    ints[i, NATURE] = max(ints[i, NATURE], int(plots[p, P_NATURE]))
    if ints[i, STATUS] == TENTATIVE:
        if (
            existence > options[CONFIRM]
            and unsure_of(tracks, i, 0.0, options) < options[KNOWN_M2]
        ):
            ints[i, STATUS] = CONFIRMED
            log_into(LOG_CONFIRMED, at_s, ints[i, ID], log, counters)
    elif ints[i, STATUS] == COASTED:
        ints[i, STATUS] = CONFIRMED


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " int64,"
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
            sensors, k, tracks[i, o] + t * ve, tracks[i, o + 1] + t * vn, tracks[i,
            o + 2] + t * vu, ve, vn, vu
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
        if ints[i, HITS] >= _KNOWN_HITS:
            seen[i, 2 * sensors.shape[0] + k] += chance / sensors[k, DETECTION]
            chance *= share_of(seen, i, sensors.shape[0], k)
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
            if tracks[i, EXISTENCE] < options[DROP_TENTATIVE] * tracks[i, FIRST_EXISTENCE]:
                ints[i, STATUS] = DEAD
        elif tracks[i, EXISTENCE] < options[DROP]:
            ints[i, STATUS] = DEAD
            log_into(LOG_LOST, end_s, ints[i, ID], log, counters)


@kernel("void(float64[:,::1], int64[:,::1], float64, float64[::1], float64[:,::1], int64[::1])")
def expire_into(
    tracks: Array, ints: Ints, now_s: float, options: Array, log: Array, counters: Ints
) -> None:
    """End what nobody has seen for long, what has left the site's radius, and what is no longer
    sound: no plot would be near it.
    """
    limit2 = options[RADIUS_M] * options[RADIUS_M]
    for i in range(counters[LIVE]):
        status = ints[i, STATUS]
        if status == DEAD:
            continue
        if not is_sound(tracks, i):
            counters[BROKEN] += 1
            ints[i, STATUS] = DEAD
            if status != TENTATIVE:
                log_into(LOG_BROKEN, now_s, ints[i, ID], log, counters)
            continue
        left = tracks[i, 0] * tracks[i, 0] + tracks[i, 1] * tracks[i, 1] > limit2
        idle_s = now_s - tracks[i, UPDATED_S]
        gap_s = max(now_s - tracks[i, TIME_S], 0.0)
        lost_m2 = options[LOST_M2] * (_HELD if idle_s <= _HELD_S else 1.0)
        if (
            left
            or idle_s > options[COAST_S]
            or (status != TENTATIVE and unsure_of(tracks, i, gap_s, options) > lost_m2)
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
