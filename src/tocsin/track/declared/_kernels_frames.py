"""Declared positions in a site's frame: one loop over rows."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.geo._kernels import ecef_of
from tocsin.units import DEG

Array = NDArray[np.float64]


@kernel(
    "void(float64, float64, float64, float64, float64[::1], float64[::1], float64[::1],"
    " float64[::1], float64[::1], float64[::1], float64[::1], float64[::1], float64[:,::1],"
    " float64[:,::1])"
)
def carry_into(
    now_s: float,
    coast_s: float,
    ground_m: float,
    radius_m: float,
    time_s: Array,
    lat_deg: Array,
    lon_deg: Array,
    alt_m: Array,
    east_mps: Array,
    north_mps: Array,
    up_mps: Array,
    origin_m: Array,
    axes: Array,
    out: Array,
) -> None:
    """Out (n, 3) = where each thing is at now_s in the frame, at ground_m where its height is
    not known, NaN beyond radius_m.
    """
    for i in range(out.shape[0]):
        height_m = alt_m[i] if math.isfinite(alt_m[i]) else ground_m
        ex, ey, ez = ecef_of(lat_deg[i] * DEG, lon_deg[i] * DEG, height_m)
        x, y, z = ex - origin_m[0], ey - origin_m[1], ez - origin_m[2]
        age_s = min(now_s - time_s[i], coast_s)
        for k in range(3):
            out[i, k] = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z
        out[i, 0] += (east_mps[i] if math.isfinite(east_mps[i]) else 0.0) * age_s
        out[i, 1] += (north_mps[i] if math.isfinite(north_mps[i]) else 0.0) * age_s
        out[i, 2] += (up_mps[i] if math.isfinite(up_mps[i]) else 0.0) * age_s
        plan2 = out[i, 0] * out[i, 0] + out[i, 1] * out[i, 1]
        if not plan2 <= radius_m * radius_m:
            for k in range(3):
                out[i, k] = math.nan
