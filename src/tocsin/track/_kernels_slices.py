"""Detections to plots, and plots, by sensor and time, to slices of different targets."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import SIGMA, SLICE_S
from tocsin.track._kernels_layout import P_RANGE, P_VARIANCE


@kernel("int64(float64[::1], int64[::1], float64[:,::1], float64[:,::1])")
def slices_into(
    time_s: NDArray[np.float64],
    sensor: NDArray[np.int64],
    sensors: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int:
    """Rows of out: 0, sensor, first plot, number of plots, first and last time, 0, 0."""
    n = time_s.shape[0]
    slices = 0
    first = 0
    while first < n:
        k = sensor[first]
        last = first
        while (
            last + 1 < n
            and sensor[last + 1] == k
            and time_s[last + 1] - time_s[first] <= sensors[k, SLICE_S]
        ):
            last += 1
        out[slices, 0] = 0.0
        out[slices, 1] = k
        out[slices, 2] = first
        out[slices, 3] = last + 1 - first
        out[slices, 4] = time_s[first]
        out[slices, 5] = time_s[last]
        out[slices, 6] = 0.0
        out[slices, 7] = 0.0
        slices += 1
        first = last + 1
    return slices


@kernel(
    "void(float64[::1], float64[::1], int64[::1], float64[:,::1], int64, float64[:,::1],"
    " int64[::1], boolean[::1])"
)
def measured_into(
    values: NDArray[np.float64],
    sigmas: NDArray[np.float64],
    row: NDArray[np.int64],
    sensors: NDArray[np.float64],
    c: int,
    plots: NDArray[np.float64],
    mask: NDArray[np.int64],
    bad: NDArray[np.bool_],
) -> None:
    """Put value c of each plot and its variance into the plots, and bit c into the mask where
    both are usable; `bad` where they cannot be. A sigma of NaN is the sensor's own.
    """
    for i in range(values.shape[0]):
        sigma = sigmas[i]
        if math.isnan(sigma):
            sigma = sensors[row[i], SIGMA + c]
        if math.isinf(values[i]) or math.isinf(sigma) or sigma <= 0.0:
            bad[i] = True
        plots[i, P_RANGE + c], plots[i, P_VARIANCE + c] = 0.0, 1.0
        if math.isfinite(values[i]) and math.isfinite(sigma):
            plots[i, P_RANGE + c], plots[i, P_VARIANCE + c] = values[i], sigma * sigma
            mask[i] |= 1 << c
