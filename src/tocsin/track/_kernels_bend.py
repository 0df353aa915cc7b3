"""How far a sensor's measurement bends over the width of what is known of a place.

A thing that a camera alone has held for minutes is known to be somewhere on hundreds of metres
of a line. Where another sensor with range sees it, a tangent at the middle of that line says
wrongly what it should measure, and its plot begins a second track beside the one with the
alarm. The second-order term of the extended Kalman filter adds the variance of the bend
(Bar-Shalom, Li and Kirubarajan, "Estimation with Applications to Tracking and Navigation",
2001, 10.3.2).
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_filter import spread_of
from tocsin.track._kernels_line import variance_along

Array = NDArray[np.float64]

# From this share of the range on (one sigma): before, the bend is far below what sensors tell.
WIDE = 0.1


@kernel("boolean(float64[:,::1], int64, int64, float64)")
def is_wide(x: Array, i: int, o: int, range_m: float) -> bool:
    """Tell whether the block x[i, o:] is known so badly, seen from range_m."""
    p = o + 6
    return bool(x[i, p] + x[i, p + 3] + x[i, p + 5] > (WIDE * range_m) * (WIDE * range_m))


@kernel("UniTuple(float64, 3)(float64, float64, float64, float64, float64, float64, float64)")
def bend_of(
    range_m: float, rr: float, ra: float, re: float, aa: float, ae: float, ee: float
) -> tuple[float, float, float]:
    """Return the variance that the bend adds to range, azimuth and elevation.

    rr ... ee: covariances of what should be measured of range, azimuth and elevation, to first
    order. Half the trace of (H P)^2 for the second derivatives H of each: range grows with the
    square of the way across; an angle changes with the way across times the way along. That
    meridians draw together above the horizon is left out.
    """
    r2 = range_m * range_m
    return (
        0.5 * r2 * (aa * aa + 2.0 * ae * ae + ee * ee),
        (rr * aa + ra * ra) / r2,
        (rr * ee + re * re) / r2,
    )


@kernel("UniTuple(float64, 3)(float64[:,::1], int64, int64, UniTuple(float64, 16))")
def bend_of_block(
    x: Array, i: int, o: int, row: tuple[float, ...]
) -> tuple[float, float, float]:
    """Return the same for the block x[i, o:]; row: of `linearised_of` there."""
    if not is_wide(x, i, o, row[0]):
        return 0.0, 0.0, 0.0
    r0, r1, r2 = row[4], row[5], row[6]
    a0, a1, a2 = row[7], row[8], row[9]
    e0, e1, e2 = row[10], row[11], row[12]
    w0, w1, w2, _, _, _ = spread_of(x, i, o, r0, r1, r2, 0.0, 0.0, 0.0)
    rr = r0 * w0 + r1 * w1 + r2 * w2
    ra = a0 * w0 + a1 * w1 + a2 * w2
    re = e0 * w0 + e1 * w1 + e2 * w2
    w0, w1, w2, _, _, _ = spread_of(x, i, o, a0, a1, a2, 0.0, 0.0, 0.0)
    aa = a0 * w0 + a1 * w1 + a2 * w2
    ae = e0 * w0 + e1 * w1 + e2 * w2
    ee = variance_along(x, i, o, e0, e1, e2)
    return bend_of(row[0], rr, ra, re, aa, ae, ee)
