"""Beginnings of tracks: from one plot with a range, or from two rays that meet."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    ELEVATION_MAX,
    ELEVATION_MIN,
    MAX_RADIAL,
    PERIOD_S,
    linearised_of,
    measured_of,
)
from tocsin.track._kernels_classes import class_weight, report_into
from tocsin.track._kernels_filter import (
    scalar_into,
)
from tocsin.track._kernels_layout import (
    BIRTH_MODE,
    BIRTH_SPEED_H,
    BIRTH_SPEED_V,
    BLOCK,
    BORN_S,
    CLASS_LOG,
    CLASSES,
    COUNTER_BITS,
    EXISTENCE,
    FIRST_EXISTENCE,
    FIRST_S,
    FOLLOWED,
    HAS_ELEVATION,
    HAS_RATE,
    HITS,
    ID,
    LIVE,
    MISSES,
    MODE,
    MODELS,
    NATURE,
    NEXT_ID,
    OVERFLOW,
    P_BORN,
    P_MASK,
    P_NATURE,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    RIVAL,
    SENSORS,
    SERIAL,
    SERIALS,
    SHARED,
    STATUS,
    TENTATIVE,
    TIME_S,
    TRACK_WIDTH,
    UPDATED_S,
    VIEW_LOG,
    VIEW_S,
)
from tocsin.track._kernels_life import learn_kind_into

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Without a measured elevation: what is taken for it, and how unsurely.
BLIND_ELEVATION, BLIND_SIGMA, BLIND_SIGMA_M = 0.05, 0.1, 3000.0


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " int64,"
    " float64[:,::1], int64, float64, float64[::1], int64[::1])"
)
def finish_birth_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, bit: int,
    plots: Array, p: int, existence: float, options: Array, counters: Ints,
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
    tracks[i, EXISTENCE] = tracks[i, FIRST_EXISTENCE] = existence
    tracks[i, BORN_S] = at_s
    tracks[i, FIRST_S] = at_s
    tracks[i, UPDATED_S] = at_s
    weight = class_weight(math.inf, sensors[k, PERIOD_S])
    for c in range(CLASSES):
        tracks[i, CLASS_LOG + c] = tracks[i, VIEW_LOG + c] = 0.0
    tracks[i, VIEW_S] = at_s
    report_into(tracks, i, plots, p, weight)
    counters[SERIALS] += 1
    ints[i, SERIAL] = counters[SERIALS]
    counter = int(plots[p, P_BORN])
    if counter == 0:
        counter = counters[NEXT_ID] & ((1 << COUNTER_BITS) - 1)
        plots[p, P_BORN] = counter
        counters[NEXT_ID] += 1
    # Once more after a rewind: what begins with the same plot is the same track.
    ints[i, ID] = (counters[NEXT_ID] >> COUNTER_BITS << COUNTER_BITS) | counter
    ints[i, STATUS] = TENTATIVE
    ints[i, HITS] = 1
    ints[i, NATURE] = int(plots[p, P_NATURE])
    ints[i, SENSORS] = 1 << bit
    ints[i, MISSES] = 0
    ints[i, RIVAL] = 0
    ints[i, SHARED] = 0
    ints[i, FOLLOWED] = 0
    for c in range(kinds.shape[1]):
        kinds[i, c] = 1.0 / kinds.shape[1]
    for c in range(seen.shape[1]):
        seen[i, c] = -math.inf if c < sensors.shape[0] else 0.0
    seen[i, k] = at_s
    r, _, _, _ = measured_of(
        sensors, k, tracks[i, 0], tracks[i, 1], tracks[i, 2], 0.0, 0.0, 0.0
    )
    learn_kind_into(kinds, i, sensors, k, r, 1)
    counters[LIVE] += 1


@kernel(
    "boolean(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " int64, int64,"
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
        elevation = min(max(BLIND_ELEVATION, low), high)
        sigma = min(BLIND_SIGMA, BLIND_SIGMA_M / max(r, 1.0))
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
    speed = options[BIRTH_SPEED_H] or 0.5 * sensors[k, MAX_RADIAL]
    tracks[i, 21] = speed * speed
    tracks[i, 24] = speed * speed
    tracks[i, 26] = options[BIRTH_SPEED_V] * options[BIRTH_SPEED_V]
    if mask & HAS_RATE:
        row = linearised_of(sensors, k, tracks[i, 0], tracks[i, 1], tracks[i, 2], 0.0, 0.0, 0.0)
        scalar_into(
            tracks, i, 0, 0.0, 0.0, 0.0, row[4], row[5], row[6], plots[p, P_VARIANCE + 3],
            plots[p, P_RANGE + 3]
        )  # fmt: skip
    finish_birth_into(
        tracks, ints, kinds, seen, sensors, k, bit, plots, p, existence, options, counters
    )
    return True
