"""Beginnings of tracks from bearings alone: two rays of different sensors that meet.

A ray is a plot without range that no track explains; it waits for a partner for about a
second. The track begins on the older ray where the two pass each other, with the range along
it unknown, and is updated with the newer one: the likelihood of that update is what the
meeting is worth, so that a chance meeting (a "ghost") begins with little existence and needs a
third sensor or a second look to be shown.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    DETECTION,
    LOG_EXTENT,
    MAX_RADIAL,
    MAX_RANGE_M,
    MIN_RANGE_M,
    PERIOD_S,
    SIGMA,
)
from tocsin.track._kernels_birth import BLIND_ELEVATION, BLIND_SIGMA, finish_birth_into
from tocsin.track._kernels_filter import advance_block, motion_of
from tocsin.track._kernels_gate import update_block
from tocsin.track._kernels_layout import (
    BIRTH_SPEED_H,
    BIRTH_SPEED_V,
    HAS_ELEVATION,
    HITS,
    LIVE,
    NOISE_H,
    NOISE_V,
    OVERFLOW,
    P_BIRTHS,
    P_FALSE,
    P_MASK,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    R_AZIMUTH,
    R_ELEVATION,
    R_MASK,
    R_SENSOR,
    R_TIME,
    R_VAR_AZIMUTH,
    R_VAR_ELEVATION,
    RAY_WIDTH,
    RAYS,
    RAYS_LOST,
    TRACK_WIDTH,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_WAIT_S = 1.1  # a little more than a second: the slower of two sensors at 1 Hz takes part
_WAIT_TURNS = 1.1  # of the slower one, where it is slower than that
_LONGEST_S = 5.0  # by then a thing at 50 m/s is 250 m from where the first ray saw it
_LEAST_SINE2 = 0.02  # rays that meet at less than 8 degrees give no depth
_LEAST_RATIO = 1.0  # log-likelihood ratio below which a meeting is not worth a track


@kernel("UniTuple(float64, 3)(float64[:,::1], int64, float64, float64)")
def direction_of(
    sensors: Array, k: int, azimuth: float, elevation: float
) -> tuple[float, float, float]:
    """Unit vector in the site's axes of a direction in sensor k's own."""
    cos_e = math.cos(elevation)
    x, y, z = cos_e * math.sin(azimuth), cos_e * math.cos(azimuth), math.sin(elevation)
    return (
        sensors[k, 3] * x + sensors[k, 6] * y + sensors[k, 9] * z,
        sensors[k, 4] * x + sensors[k, 7] * y + sensors[k, 10] * z,
        sensors[k, 5] * x + sensors[k, 8] * y + sensors[k, 11] * z,
    )


@kernel(
    "UniTuple(float64, 2)(float64[:,::1], int64, int64, float64, float64, float64, float64,"
    " float64, float64,"
    " boolean)"
)
def meeting_of(
    sensors: Array, a: int, b: int, ax: float, ay: float, az: float, bx: float, by: float,
    bz: float,
    flat: bool,
) -> tuple[float, float]:  # fmt: skip
    """Distances along the rays of sensors a and b to where they pass each other nearest (in
    plan where `flat`); negative where they do not meet at a useful angle.
    """
    qx, qy = sensors[b, 0] - sensors[a, 0], sensors[b, 1] - sensors[a, 1]
    qz = sensors[b, 2] - sensors[a, 2]
    if flat:
        cross = ax * by - ay * bx
        ground_a, ground_b = ax * ax + ay * ay, bx * bx + by * by
        if cross * cross < _LEAST_SINE2 * ground_a * ground_b or ground_a < 1e-4:
            return -1.0, -1.0
        return (qx * by - qy * bx) / cross, (qx * ay - qy * ax) / cross
    cosine = ax * bx + ay * by + az * bz
    sine2 = 1.0 - cosine * cosine
    if sine2 < _LEAST_SINE2:
        return -1.0, -1.0
    pa = qx * ax + qy * ay + qz * az
    pb = qx * bx + qy * by + qz * bz
    return (pa - cosine * pb) / sine2, (cosine * pa - pb) / sine2


@kernel(
    "float64(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, int64, float64[:,"
    "::1], int64,"
    " float64[::1])"
)
def try_pair_into(
    tracks: Array, i: int, rays: Array, sensors: Array, n: int, k: int, plots: Array, p: int,
    options: Array,
) -> float:  # fmt: skip
    """Put the state that ray n and plot p of sensor k give into the first block of row i;
    return the log-likelihood ratio of their meeting, -inf where they do not meet.
    """
    a = int(rays[n, R_SENSOR])
    mask_a, mask_b = int(rays[n, R_MASK]), int(plots[p, P_MASK])
    flat = not (mask_a & HAS_ELEVATION and mask_b & HAS_ELEVATION)
    el_a = rays[n, R_ELEVATION] if mask_a & HAS_ELEVATION else BLIND_ELEVATION
    var_a = rays[n, R_VAR_ELEVATION] if mask_a & HAS_ELEVATION else BLIND_SIGMA * BLIND_SIGMA
    el_b = plots[p, P_RANGE + 2] if mask_b & HAS_ELEVATION else BLIND_ELEVATION
    ax, ay, az = direction_of(sensors, a, rays[n, R_AZIMUTH], el_a)
    bx, by, bz = direction_of(sensors, k, plots[p, P_RANGE + 1], el_b)
    far_a, far_b = meeting_of(sensors, a, k, ax, ay, az, bx, by, bz, flat)
    if not (sensors[a, MIN_RANGE_M] < far_a < 1.2 * sensors[a, MAX_RANGE_M]):
        return -math.inf
    if not (sensors[k, MIN_RANGE_M] < far_b < 1.2 * sensors[k, MAX_RANGE_M]):
        return -math.inf
    for c in range(TRACK_WIDTH):
        tracks[i, c] = 0.0
    tracks[i, 0] = sensors[a, 0] + far_a * ax
    tracks[i, 1] = sensors[a, 1] + far_a * ay
    tracks[i, 2] = sensors[a, 2] + far_a * az
    # One sigma of a range that is uniform over the sensor's reach.
    depth = (sensors[a, MAX_RANGE_M] - sensors[a, MIN_RANGE_M]) / math.sqrt(12.0)
    along = depth * depth
    right = far_a * far_a * rays[n, R_VAR_AZIMUTH] * (ax * ax + ay * ay)
    upright = far_a * far_a * var_a
    # right: horizontal across the ray; up: across both. Site and sensor axes differ by less
    # than the angles' noise here, and the next update brings the exact frame.
    ground = max(math.sqrt(ax * ax + ay * ay), 1e-6)
    rx, ry = ay / ground, -ax / ground
    ux, uy, uz = -ax * az / ground, -ay * az / ground, ground
    tracks[i, 6] = along * ax * ax + right * rx * rx + upright * ux * ux
    tracks[i, 7] = along * ax * ay + right * rx * ry + upright * ux * uy
    tracks[i, 8] = along * ax * az + upright * ux * uz
    tracks[i, 9] = along * ay * ay + right * ry * ry + upright * uy * uy
    tracks[i, 10] = along * ay * az + upright * uy * uz
    tracks[i, 11] = along * az * az + upright * uz * uz
    speed = options[BIRTH_SPEED_H] or 0.5 * sensors[k, MAX_RADIAL]
    tracks[i, 21], tracks[i, 24] = speed * speed, speed * speed
    tracks[i, 26] = options[BIRTH_SPEED_V] * options[BIRTH_SPEED_V]
    dt = abs(plots[p, P_TIME] - rays[n, R_TIME])
    h0, h1, hpp, hpv, hvv = motion_of(dt, options[NOISE_H], 1e9)
    v0, v1, vpp, vpv, vvv = motion_of(dt, options[NOISE_V], 1e9)
    advance_block(tracks, i, 0, h0, h1, hpp, hpv, hvv, v0, v1, vpp, vpv, vvv)
    log_density = update_block(tracks, i, 0, sensors, k, plots, p, 0.0, 0.0, 0.0)
    log_false = math.log(plots[p, P_FALSE] + plots[p, P_BIRTHS]) - sensors[k, LOG_EXTENT + 1]
    if mask_b & HAS_ELEVATION:
        log_false -= sensors[k, LOG_EXTENT + 2]
    return float(math.log(sensors[k, DETECTION]) + log_density - log_false)


@kernel("float64(float64[:,::1], int64)")
def wait_of(sensors: Array, k: int) -> float:
    """Return how long a ray of another sensor waits for one of sensor k, s."""
    if math.isfinite(sensors[k, SIGMA]):
        return _WAIT_S  # it measures ranges and needs no other
    return float(max(_WAIT_S, min(_WAIT_TURNS * sensors[k, PERIOD_S], _LONGEST_S)))


@kernel("void(float64[:,::1], int64, int64[::1])")
def _drop_ray_into(rays: Array, n: int, counters: Ints) -> None:
    last = counters[RAYS] - 1
    for m in range(n, last):
        for c in range(RAY_WIDTH):
            rays[m, c] = rays[m + 1, c]
    counters[RAYS] = last


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float64[:,::1],"
    " int64, int64, float64[:,::1], int64, float64, float64[::1], int64[::1])"
)
def ray_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, rays: Array, sensors: Array, k: int,
    bit: int,
    plots: Array, p: int, existence: float, options: Array, counters: Ints,
) -> None:  # fmt: skip
    """Begin a track with plot p and the ray that fits it best, or keep it as a ray."""
    i = counters[LIVE]
    if i >= tracks.shape[0]:
        counters[OVERFLOW] += 1
        return
    best, best_ratio = -1, _LEAST_RATIO
    for n in range(counters[RAYS]):
        j = int(rays[n, R_SENSOR])
        wait_s = max(wait_of(sensors, j), wait_of(sensors, k))
        if j == k or abs(rays[n, R_TIME] - plots[p, P_TIME]) > wait_s:
            continue
        ratio = try_pair_into(tracks, i, rays, sensors, n, k, plots, p, options)
        if ratio > best_ratio:
            best, best_ratio = n, ratio
    if best >= 0:
        try_pair_into(tracks, i, rays, sensors, best, k, plots, p, options)
        gain = min(best_ratio, 40.0)
        odds = existence / (1.0 - existence) * math.exp(gain)
        other = int(rays[best, R_SENSOR])
        other_s = rays[best, R_TIME]
        finish_birth_into(
            tracks, ints, kinds, seen, sensors, k, bit, plots, p, odds / (1.0 + odds), options,
            counters
        )  # fmt: skip
        seen[i, other] = other_s
        ints[i, HITS] = 2
        _drop_ray_into(rays, best, counters)
        return
    n = counters[RAYS]
    if n >= rays.shape[0]:
        counters[RAYS_LOST] += 1
        return
    rays[n, R_TIME], rays[n, R_SENSOR] = plots[p, P_TIME], k
    rays[n, R_AZIMUTH], rays[n, R_ELEVATION] = plots[p, P_RANGE + 1], plots[p, P_RANGE + 2]
    rays[n, R_VAR_AZIMUTH] = plots[p, P_VARIANCE + 1]
    rays[n, R_VAR_ELEVATION] = plots[p, P_VARIANCE + 2]
    rays[n, R_MASK] = plots[p, P_MASK]
    counters[RAYS] = n + 1


@kernel("void(float64[:,::1], float64[:,::1], float64, int64[::1])")
def forget_rays_into(rays: Array, sensors: Array, now_s: float, counters: Ints) -> None:
    """Drop rays that have waited in vain; the order of the others stays."""
    place, slowest_s = 0, _WAIT_S
    for k in range(sensors.shape[0]):
        slowest_s = max(slowest_s, wait_of(sensors, k))
    for n in range(counters[RAYS]):
        if rays[n, R_TIME] < now_s - slowest_s:
            continue
        for c in range(RAY_WIDTH):
            rays[place, c] = rays[n, c]
        place += 1
    counters[RAYS] = place
