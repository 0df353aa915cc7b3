"""Whether a sensor sees what the others see: sums that fade, look by look.

A sensor that misses what others hold may be blind; one that misses it and reports about as
many things elsewhere contradicts them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    DETECTION,
    FALSE_ALARMS,
    PERIOD_S,
    STATED,
    detection_of,
    measured_of,
)
from tocsin.track._kernels_gate import reach_of
from tocsin.track._kernels_layout import (
    A_END_S,
    A_EXPECTED,
    A_FALSE,
    A_HITS,
    A_LOOKS,
    A_NEW_PLOTS,
    A_NEW_SHARED,
    A_PLOTS,
    A_SEEN,
    A_SHARED,
    BORN_S,
    COASTED,
    CONFIRMED,
    LIVE,
    STATUS,
    TIME_S,
    UPDATED_S,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_FADE_S = 20.0  # time in which what was seen counts for 1/e
_MEMORY_S = 180.0  # and the looks that tell of the probability of detection
_SAMPLE = 64  # tracks asked in one look
_STALE_S = 3.0  # a track that nobody has seen for longer proves nothing
_SURELY = 0.5  # probability of detection from which a track should be seen
_OTHERS = 2  # sensors that must hold a track before it speaks against another


@kernel("boolean(float64[:,::1], int64, float64[:,::1], int64, float64, int64)")
def others_hold(seen: Array, i: int, sensors: Array, k: int, at_s: float, least: int) -> bool:
    """Tell whether at least that many sensors besides k have seen track i in their last two
    turns.
    """
    count = 0
    for j in range(sensors.shape[0]):
        if j != k and at_s - seen[i, j] <= 2.0 * sensors[j, PERIOD_S]:
            count += 1
            if count >= least:
                return True
    return False


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float64, float64, float64, float64, int64[::1], float64[:,::1])"
)
def judge_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int,
    start_s: float, end_s: float, sector_from: float, sector_width: float, counters: Ints,
    audit: Array,
) -> None:  # fmt: skip
    """Add a finished look of sensor k over tracks that others hold to its sums."""
    gap_s = max(end_s - audit[k, A_END_S], 0.0)
    keep = 1.0 / (1.0 + gap_s / _FADE_S) if audit[k, A_END_S] > 0.0 else 0.0
    for c in range(A_END_S):
        audit[k, c] *= keep
    remember = 1.0 / (1.0 + gap_s / _MEMORY_S) if audit[k, A_END_S] > 0.0 else 1.0
    audit[k, A_LOOKS] *= remember
    audit[k, A_HITS] *= remember
    audit[k, A_END_S] = max(end_s, audit[k, A_END_S])
    count = counters[LIVE]
    step = 1 + count // _SAMPLE
    middle_s = 0.5 * (start_s + end_s)
    asked = False
    for i in range(0, count, step):
        if ints[i, STATUS] not in (CONFIRMED, COASTED) or tracks[i, BORN_S] > start_s:
            continue
        if end_s - tracks[i, UPDATED_S] > _STALE_S or not others_hold(
            seen, i, sensors, k, end_s, _OTHERS
        ):
            continue
        t = middle_s - tracks[i, TIME_S]
        ve, vn, vu = tracks[i, 3], tracks[i, 4], tracks[i, 5]
        r, azimuth, elevation, rate = measured_of(
            sensors, k, tracks[i, 0] + t * ve, tracks[i, 1] + t * vn, tracks[i, 2] + t * vu,
            ve, vn, vu,
        )  # fmt: skip
        if sector_width < math.tau:
            into = azimuth - sector_from
            if into < 0.0:
                into += math.tau
            if into >= sector_width:
                continue
        chance = detection_of(sensors, k, r, azimuth, elevation, rate, 1.0)
        chance *= reach_of(kinds, i, sensors, k, 1.05 * r, 0.0)
        # By what it states: who misses most of what others hold must not be excused by it.
        chance *= sensors[k, STATED] / max(sensors[k, DETECTION], 1e-9)
        if chance < _SURELY:
            continue
        asked = True
        audit[k, A_EXPECTED] += chance
        # In the turn before: a sensor that does not stamp its looks exactly is no liar.
        if seen[i, k] >= start_s - 0.9 * sensors[k, PERIOD_S]:
            audit[k, A_SEEN] += 1.0
    if asked:
        audit[k, A_PLOTS] += audit[k, A_NEW_PLOTS]
        audit[k, A_SHARED] += audit[k, A_NEW_SHARED]
        audit[k, A_FALSE] += sensors[k, FALSE_ALARMS] * min(sector_width / math.tau, 1.0)
    audit[k, A_NEW_PLOTS] = audit[k, A_NEW_SHARED] = 0.0
