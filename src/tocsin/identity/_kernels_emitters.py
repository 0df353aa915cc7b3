"""Bearings of transmitters held against where tracks are: plain loops over rows."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Octets = NDArray[np.uint8]

OUTSIDE, FAR, INSIDE = 0, 1, 2  # not looked at; silence tells nothing; silence tells
# One look says no more than that, either way: a bearing may be the pilot's.
LEAST_LN, MOST_LN = -1.0, 1.0
# All looks together: one drone in three is silent; one bird in twenty is in line with a
# transmitter for as long as it is seen.
TOTAL_LEAST_LN, TOTAL_MOST_LN = -math.log(3.0), math.log(20.0)
PRIOR_LN = math.log(0.25 / 0.75)  # that a thing of which nothing is known transmits


@kernel(
    "void(float64[::1], float64[::1], uint8[::1], float64[::1], float64[::1], float64,"
    " float64, float64[::1])",
    allocates=True,
)
def look_into(
    azimuth: Array,
    place_var: Array,
    where: Octets,
    bearings: Array,
    bearing_var: Array,
    seen: float,
    density: float,
    total: Array,
) -> None:
    """Add to `total`, of each track, the log likelihood ratio of one finished look: "it
    transmits, heard with the chance `seen`" to "it does not, the bearings come from other
    tracks, as likely as these transmit, or from elsewhere".

    azimuth (rad, from the sensor), place_var (rad^2, of the track's own place), where (OUTSIDE,
    FAR, INSIDE) by track; bearings and bearing_var (rad, rad^2) of the look; density: bearings
    from elsewhere, a radian.
    """
    n, m = azimuth.shape[0], bearings.shape[0]
    peaks, others = np.zeros((n, m)), np.full(m, density)
    expected = np.zeros(n)
    for i in range(n):
        if where[i] == OUTSIDE:
            continue
        expected[i] = seen / (1.0 + math.exp(-(total[i] + PRIOR_LN)))
        for j in range(m):
            variance = place_var[i] + bearing_var[j]
            off = (azimuth[i] - bearings[j] + math.pi) % math.tau - math.pi
            peaks[i, j] = math.exp(-0.5 * off * off / variance) / math.sqrt(math.tau * variance)
            others[j] += expected[i] * peaks[i, j]
    for i in range(n):
        if where[i] == OUTSIDE:
            continue
        ratio = 1.0 - seen
        for j in range(m):
            ratio += seen * peaks[i, j] / (others[j] - expected[i] * peaks[i, j])
        told = min(max(math.log(max(ratio, 1e-9)), LEAST_LN), MOST_LN)
        if where[i] == FAR:
            told = max(told, 0.0)
        total[i] = min(max(total[i] + told, TOTAL_LEAST_LN), TOTAL_MOST_LN)
