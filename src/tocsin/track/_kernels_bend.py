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
    p = o + 6
    r0, r1, r2 = row[4], row[5], row[6]
    a0, a1, a2 = row[7], row[8], row[9]
    e0, e1, e2 = row[10], row[11], row[12]
    p00, p01, p02 = x[i, p], x[i, p + 1], x[i, p + 2]
    p11, p12, p22 = x[i, p + 3], x[i, p + 4], x[i, p + 5]
    w0, w1, w2 = (
        p00 * r0 + p01 * r1 + p02 * r2,
        p01 * r0 + p11 * r1 + p12 * r2,
        p02 * r0 + p12 * r1 + p22 * r2,
    )
    rr = r0 * w0 + r1 * w1 + r2 * w2
    ra = a0 * w0 + a1 * w1 + a2 * w2
    re = e0 * w0 + e1 * w1 + e2 * w2
    w0, w1, w2 = (
        p00 * a0 + p01 * a1 + p02 * a2,
        p01 * a0 + p11 * a1 + p12 * a2,
        p02 * a0 + p12 * a1 + p22 * a2,
    )
    aa = a0 * w0 + a1 * w1 + a2 * w2
    ae = e0 * w0 + e1 * w1 + e2 * w2
    ee = (
        e0 * (p00 * e0 + 2.0 * (p01 * e1 + p02 * e2))
        + e1 * (p11 * e1 + 2.0 * p12 * e2)
        + e2 * e2 * p22
    )
    return bend_of(row[0], rr, ra, re, aa, ae, ee)
