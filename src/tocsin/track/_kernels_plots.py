"""Detections to packed plots: which can be used, and why others cannot; plain loops."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import FALSE_ALARMS, SIGMA
from tocsin.track import _kernels_layout as kl

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Why a plot cannot be used; 0 where it can.
NOT_POSSIBLE, NO_AZIMUTH, FROM_THE_FUTURE, TOO_LATE, SAID_TWICE = 1, 2, 3, 4, 5
_ODD = 0x4F1BBCDCBFA53E0B  # of the golden ratio, odd: it spreads bits
HALF_PI = 0.5 * math.pi


@kernel("int64(int32[::1], uint8[::1], int64, int64[::1], int64[::1], int64[::1])")
def mine_into(
    sensor: NDArray[np.int32],
    report: NDArray[np.uint8],
    plot: int,
    row_of_roster: Ints,
    where: Ints,
    row: Ints,
) -> int:
    """Fill where with the places of reports of the kind `plot` by sensors of this tracker, and
    row with each one's sensor row; return how many.
    """
    n = 0
    for i in range(sensor.shape[0]):
        k = sensor[i]
        if report[i] != plot or k < 0 or k >= row_of_roster.shape[0] or row_of_roster[k] < 0:
            continue
        where[n], row[n] = i, row_of_roster[k]
        n += 1
    return n


@kernel("boolean(int64, float64, float64, float64, float64[::1])")
def _measure(c: int, value: float, sigma: float, own: float, plot: Array) -> bool:
    """Put value c and its variance into the plot, and its bit into the mask, where both are
    usable; tell whether they cannot be. A sigma of NaN is the sensor's own.
    """
    if math.isnan(sigma):
        sigma = own
    plot[kl.P_RANGE + c], plot[kl.P_VARIANCE + c] = 0.0, 1.0
    if math.isfinite(value) and math.isfinite(sigma):
        plot[kl.P_RANGE + c], plot[kl.P_VARIANCE + c] = value, sigma * sigma
        plot[kl.P_MASK] += 1 << c
    return math.isinf(value) or math.isinf(sigma) or sigma <= 0.0


@kernel(
    "boolean(int64[::1], int64[::1], float64[::1], float64[::1], float64[::1], float64[::1],"
    " float64[::1], float64[::1], float64[::1], float64[::1], float64[::1], uint16[::1],"
    " float64[:,::1], float64[:,::1], int64[::1], float64, uint16, int64, float64, float64,"
    " float64[::1], float64[:,::1], uint8[::1])"
)
def plots_into(
    where: Ints,
    row: Ints,
    time_s: Array,
    range_m: Array,
    azimuth_rad: Array,
    elevation_rad: Array,
    rate_mps: Array,
    sigma_range_m: Array,
    sigma_azimuth_rad: Array,
    sigma_elevation_rad: Array,
    sigma_rate_mps: Array,
    flags: NDArray[np.uint16],
    class_scores: Array,
    sensors: Array,
    natures: Ints,
    births: float,
    simulated_flag: int,
    simulated: int,
    latest_s: float,
    limit_s: float,
    oldest_s: Array,
    plots: Array,
    why: NDArray[np.uint8],
) -> bool:
    """Fill plots (n, PLOT_WIDTH, zeros before) and why each cannot be used (0 where it can);
    return whether any says something of its class.

    where, row: as of `mine_into`; the columns are those of the detections. births: of a scan;
    simulated: the nature of a row whose flags hold simulated_flag, that of others is in
    natures, by sensor row. Later than latest_s is from the future; before limit_s, or not
    after oldest_s of its sensor row, is too late.
    """
    scored = False
    for j in range(where.shape[0]):
        i, k = where[j], row[j]
        plot, own = plots[j], sensors[row[j]]
        plot[kl.P_TIME] = time_s[i]
        bad = _measure(0, range_m[i], sigma_range_m[i], own[SIGMA], plot)
        bad |= _measure(1, azimuth_rad[i], sigma_azimuth_rad[i], own[SIGMA + 1], plot)
        bad |= _measure(2, elevation_rad[i], sigma_elevation_rad[i], own[SIGMA + 2], plot)
        bad |= _measure(3, rate_mps[i], sigma_rate_mps[i], own[SIGMA + 3], plot)
        mask = int(plot[kl.P_MASK])
        azimuth = plot[kl.P_RANGE + 1]
        plot[kl.P_RANGE + 1] = azimuth - np.floor(azimuth / math.tau) * math.tau
        bad |= (mask & kl.HAS_RANGE) > 0 and plot[kl.P_RANGE] <= 0.0
        bad |= abs(plot[kl.P_RANGE + 2]) > HALF_PI
        plot[kl.P_FALSE], plot[kl.P_BIRTHS] = own[FALSE_ALARMS], births
        is_simulated = (flags[i] & simulated_flag) > 0
        plot[kl.P_NATURE] = simulated if is_simulated else natures[k]
        for c in range(class_scores.shape[1]):
            scored |= math.isfinite(class_scores[i, c])
        why[j] = 0
        if bad or not math.isfinite(time_s[i]):
            why[j] = NOT_POSSIBLE
        elif (mask & kl.HAS_AZIMUTH) == 0:
            why[j] = NO_AZIMUTH
        elif time_s[i] > latest_s:
            why[j] = FROM_THE_FUTURE
        elif time_s[i] < limit_s or time_s[i] <= oldest_s[k]:
            why[j] = TOO_LATE
    return scored


@kernel("void(int64[:,::1], int64[::1], uint8[::1], int64[::1])")
def twice_into(bits: Ints, row: Ints, why: NDArray[np.uint8], table: Ints) -> None:
    """Mark plots with a range that are one before, to the bit: a message that repeats its plots
    would give each target two tracks. Bearings may be equal: two things can lie behind each
    other.

    bits: the plots, as whole numbers; table: -1s, a power of two and more than the plots.
    """
    most = table.shape[0] - 1
    for j in range(bits.shape[0]):
        if why[j] != 0 or bits[j, kl.P_RANGE] == 0:
            continue
        key = row[j]
        for c in range(kl.P_TIME, kl.P_RANGE + 4):
            key = (key ^ bits[j, c]) * _ODD
            key ^= (key >> 29) & 0x7FFFFFFFF
        at = key & most
        while table[at] >= 0:
            i = table[at]
            same = row[i] == row[j]
            for c in range(bits.shape[1]):
                same = same and bits[i, c] == bits[j, c]
            if same:
                why[j] = SAID_TWICE
                break
            at = (at + 1) & most
        if why[j] == 0:
            table[at] = j
