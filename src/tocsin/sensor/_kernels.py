"""What a sensor measures of a state in the site's frame, and whether it can see it.

A row of the sensor table holds, in this order: position (3) of the sensor in the site's
frame, rotation (9, row by row) from the site's axes to the sensor's own, and what `COLUMNS`
names. A state is (east, north, up, and their rates) in the site's frame. Measured are slant
range, azimuth clockwise from the sensor's own north, elevation above its own horizontal plane,
and range rate, positive receding.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]

# Columns of the packed sensor table; the first twelve are the pose.
SIGMA = 12  # range m, azimuth rad, elevation rad, range rate m/s; NaN where not measured
PERIOD_S = 16
PHASE_S = 17
DETECTION = 18  # probability of detection inside the coverage, as it is taken
FALSE_ALARMS = 19  # expected number in one scan of the whole field of view
MIN_RANGE_M = 20
MAX_RANGE_M = 21
AZIMUTH_CENTER = 22
AZIMUTH_HALF = 23
ELEVATION_MIN = 24
ELEVATION_MAX = 25
MIN_RADIAL = 26  # slower targets fall into the Doppler notch; 0 where there is none
MAX_RADIAL = 27
LOG_EXTENT = 28  # log of the extent of range, azimuth, elevation, range rate (4)
SLICE_S = 32  # plots of one sensor within this time are of different targets
BIAS = 33  # known errors: range m, azimuth rad, elevation rad, time s; 0 until learnt
INFLATE = 37  # factor of its variances: above 1 for a sensor that scatters more than stated,
WEIGHED_DOWN = 25.0  # and this for one that contradicts the others
STATED = 38  # probability of detection as it was stated
KIND_RANGE = 39  # first of the range limits, one a kind of target

_TINY_M = 1e-3  # a target nearer than this has no direction


@kernel(
    "UniTuple(float64, 4)(float64[:,::1], int64, float64, float64, float64, float64, float64,"
    " float64)",
    entry=True,
)
def measured_of(
    sensors: Array, k: int, e: float, n: float, u: float, ve: float, vn: float, vu: float
) -> tuple[float, float, float, float]:
    """Return (range, azimuth in [0, tau), elevation, range rate) of one state."""
    de = e - sensors[k, 0]
    dn = n - sensors[k, 1]
    du = u - sensors[k, 2]
    x = sensors[k, 3] * de + sensors[k, 4] * dn + sensors[k, 5] * du
    y = sensors[k, 6] * de + sensors[k, 7] * dn + sensors[k, 8] * du
    z = sensors[k, 9] * de + sensors[k, 10] * dn + sensors[k, 11] * du
    r = max(math.sqrt(de * de + dn * dn + du * du), _TINY_M)
    azimuth = math.atan2(x, y)
    if azimuth < 0.0:
        azimuth += math.tau
    elevation = math.atan2(z, math.sqrt(x * x + y * y))
    return r, azimuth, elevation, (de * ve + dn * vn + du * vu) / r


@kernel(
    "UniTuple(float64, 16)(float64[:,::1], int64, float64, float64, float64, float64, float64,"
    " float64)"
)
def linearised_of(
    sensors: Array, k: int, e: float, n: float, u: float, ve: float, vn: float, vu: float
) -> tuple[
    float, float, float, float,
    float, float, float,
    float, float, float,
    float, float, float,
    float, float, float,
]:  # fmt: skip
    """Return the four measured values, then their gradients in position: of range (which is
    that of range rate in velocity), of azimuth, of elevation, of range rate.
    """
    de = e - sensors[k, 0]
    dn = n - sensors[k, 1]
    du = u - sensors[k, 2]
    r00, r01, r02 = sensors[k, 3], sensors[k, 4], sensors[k, 5]
    r10, r11, r12 = sensors[k, 6], sensors[k, 7], sensors[k, 8]
    r20, r21, r22 = sensors[k, 9], sensors[k, 10], sensors[k, 11]
    x = r00 * de + r01 * dn + r02 * du
    y = r10 * de + r11 * dn + r12 * du
    z = r20 * de + r21 * dn + r22 * du
    r = max(math.sqrt(de * de + dn * dn + du * du), _TINY_M)
    ground2 = max(x * x + y * y, _TINY_M * _TINY_M)
    ground = math.sqrt(ground2)
    azimuth = math.atan2(x, y)
    if azimuth < 0.0:
        azimuth += math.tau
    elevation = math.atan2(z, ground)
    ue, un, uu = de / r, dn / r, du / r
    rate = ue * ve + un * vn + uu * vu
    ax, ay = y / ground2, -x / ground2
    scale = 1.0 / (ground * r * r)
    ex, ey, ez = -x * z * scale, -y * z * scale, ground2 * scale
    return (
        r, azimuth, elevation, rate,
        ue, un, uu,
        ax * r00 + ay * r10, ax * r01 + ay * r11, ax * r02 + ay * r12,
        ex * r00 + ey * r10 + ez * r20, ex * r01 + ey * r11 + ez * r21,
        ex * r02 + ey * r12 + ez * r22,
        (ve - ue * rate) / r, (vn - un * rate) / r, (vu - uu * rate) / r,
    )  # fmt: skip


@kernel("float64(float64)")
def wrapped(angle_rad: float) -> float:
    """Return the angle in [-pi, pi] for one in (-3 pi, 3 pi)."""
    if angle_rad > math.pi:
        return angle_rad - math.tau
    if angle_rad < -math.pi:
        return angle_rad + math.tau
    return angle_rad


@kernel("float64(float64, float64, float64)")
def share_below(limit: float, value: float, sigma: float) -> float:
    """Return the probability that a normal value lies below the limit; a step for sigma 0."""
    if sigma <= 0.0:
        return 1.0 if value <= limit else 0.0
    return 0.5 * math.erfc((value - limit) / (sigma * math.sqrt(2.0)))


@kernel(
    "float64(float64[:,::1], int64, float64, float64, float64, float64, float64)", entry=True
)
def detection_of(
    sensors: Array,
    k: int,
    r: float,
    azimuth: float,
    elevation: float,
    rate: float,
    sigma_rate: float,
) -> float:
    """Return the probability of detection but for the range limit of the target's kind: field
    of view, least range, and Doppler notch, with the range rate known to sigma_rate.
    """
    if r < sensors[k, MIN_RANGE_M]:
        return 0.0
    if elevation < sensors[k, ELEVATION_MIN] or elevation > sensors[k, ELEVATION_MAX]:
        return 0.0
    half = sensors[k, AZIMUTH_HALF]
    if half < math.pi and abs(wrapped(azimuth - sensors[k, AZIMUTH_CENTER])) > half:
        return 0.0
    chance = float(sensors[k, DETECTION])
    notch = sensors[k, MIN_RADIAL]
    if notch > 0.0:
        inside = share_below(notch, rate, sigma_rate) - share_below(-notch, rate, sigma_rate)
        chance *= 1.0 - max(inside, 0.0)
    return chance


@kernel("void(float64[:,::1], int64, float64[:,::1], float64[:,::1])")
def measure_into(sensors: Array, k: int, states: Array, out: Array) -> None:
    """Rows of (range, azimuth, elevation, range rate) of rows of states (n, 6)."""
    for i in range(states.shape[0]):
        r, azimuth, elevation, rate = measured_of(
            sensors, k, states[i, 0], states[i, 1], states[i, 2], states[i, 3], states[i, 4],
            states[i, 5]
        )  # fmt: skip
        out[i, 0] = r
        out[i, 1] = azimuth
        out[i, 2] = elevation
        out[i, 3] = rate


@kernel("void(float64[:,::1], int64, float64[:,::1], float64[:,:,::1])")
def jacobian_into(sensors: Array, k: int, states: Array, out: NDArray[np.float64]) -> None:
    """The (4, 6) derivative of what is measured, for each row of states."""
    for i in range(states.shape[0]):
        row = linearised_of(
            sensors, k, states[i, 0], states[i, 1], states[i, 2], states[i, 3], states[i, 4],
            states[i, 5]
        )  # fmt: skip
        for c in range(4):
            for d in range(6):
                out[i, c, d] = 0.0
        out[i, 0, 0], out[i, 0, 1], out[i, 0, 2] = row[4], row[5], row[6]
        out[i, 1, 0], out[i, 1, 1], out[i, 1, 2] = row[7], row[8], row[9]
        out[i, 2, 0], out[i, 2, 1], out[i, 2, 2] = row[10], row[11], row[12]
        out[i, 3, 0], out[i, 3, 1], out[i, 3, 2] = row[13], row[14], row[15]
        out[i, 3, 3], out[i, 3, 4], out[i, 3, 5] = row[4], row[5], row[6]


@kernel("void(float64[:,::1], int64, int64, float64[:,::1], float64[::1])")
def detection_into(sensors: Array, k: int, kind: int, states: Array, out: Array) -> None:
    """Probability of detection of each state, for a target of that kind (-1: of no known
    kind, so that only the sensor's own reach limits it).
    """
    for i in range(states.shape[0]):
        r, azimuth, elevation, rate = measured_of(
            sensors, k, states[i, 0], states[i, 1], states[i, 2], states[i, 3], states[i, 4],
            states[i, 5]
        )  # fmt: skip
        limit = sensors[k, MAX_RANGE_M] if kind < 0 else sensors[k, KIND_RANGE + kind]
        out[i] = (
            detection_of(sensors, k, r, azimuth, elevation, rate, 0.0) if r <= limit else 0.0
        )
