"""Plots, by sensor and time, to slices of different targets.

A slice ends where a look of its sensor ends: a look that came before plots which it was to see
would count them as missed.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import SLICE_S


@kernel(
    "int64(float64[::1], int64[::1], float64[:,::1], float64[::1], int64[::1], float64[:,::1])"
)
def slices_into(
    time_s: NDArray[np.float64],
    sensor: NDArray[np.int64],
    sensors: NDArray[np.float64],
    look_end_s: NDArray[np.float64],
    look_sensor: NDArray[np.int64],
    out: NDArray[np.float64],
) -> int:
    """Rows of out: 0, sensor, first plot, number of plots, first and last time, 0, 0.

    Plots and looks come sorted by sensor and time.
    """
    n, looks = time_s.shape[0], look_end_s.shape[0]
    slices = 0
    first = look = 0
    while first < n:
        k = sensor[first]
        last = first
        while look < looks and (
            look_sensor[look] < k
            or (look_sensor[look] == k and look_end_s[look] < time_s[first])
        ):
            look += 1
        until_s = np.inf
        if look < looks and look_sensor[look] == k:
            until_s = look_end_s[look]
        while (
            last + 1 < n
            and sensor[last + 1] == k
            and time_s[last + 1] - time_s[first] <= sensors[k, SLICE_S]
            and time_s[last + 1] <= until_s
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
