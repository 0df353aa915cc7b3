"""One track's motion and measurement update, straight-line, no linear algebra library.

A block of 27 numbers is one motion model's state: x (6: east, north, up, and their rates),
then its covariance: position-position `ee en eu nn nu uu` (6), position-rate, row by row (9),
rate-rate `ee en eu nn nu uu` (6). A track row begins with three blocks (the models of
`model.MODES`) and their probabilities.

Motion: in each axis the rate follows an Ornstein-Uhlenbeck process with its own time constant
(infinite: white-noise acceleration, "constant velocity"), horizontal and vertical apart (Li and
Jilkov, "Survey of Maneuvering Target Tracking", part I, IEEE T-AES 39, 2003). Mixing: Blom and
Bar-Shalom, IEEE T-AC 33 (1988). Update: extended Kalman filter, the scalars of one measurement
one after another (diagonal noise), linearised once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_layout import (
    BLOCK,
    LEAVE,
    MODE,
    MODELS,
    Q_H,
    Q_V,
    STAY_S,
    TAU_H_S,
    TAU_V_S,
    TIME_S,
)

Array = NDArray[np.float64]

# Row and column of each packed covariance entry.
_ROW = np.array([0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5])
_COL = np.array([0, 1, 2, 1, 2, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 4, 5, 5])


@kernel("void(float64[:,::1], int64, float64, float64, float64, float64[:,::1], int64, int64)")
def blend_into(
    a: Array, i: int, w0: float, w1: float, w2: float, out: Array, j: int, o: int
) -> None:
    """Moments of the mixture of the three blocks of a[i] with weights w, into out[j, o:]."""
    n = BLOCK
    m = 2 * BLOCK
    x0 = w0 * a[i, 0] + w1 * a[i, n + 0] + w2 * a[i, m + 0]
    x1 = w0 * a[i, 1] + w1 * a[i, n + 1] + w2 * a[i, m + 1]
    x2 = w0 * a[i, 2] + w1 * a[i, n + 2] + w2 * a[i, m + 2]
    x3 = w0 * a[i, 3] + w1 * a[i, n + 3] + w2 * a[i, m + 3]
    x4 = w0 * a[i, 4] + w1 * a[i, n + 4] + w2 * a[i, m + 4]
    x5 = w0 * a[i, 5] + w1 * a[i, n + 5] + w2 * a[i, m + 5]
    a0, a1, a2 = a[i, 0] - x0, a[i, 1] - x1, a[i, 2] - x2
    a3, a4, a5 = a[i, 3] - x3, a[i, 4] - x4, a[i, 5] - x5
    b0, b1, b2 = a[i, n + 0] - x0, a[i, n + 1] - x1, a[i, n + 2] - x2
    b3, b4, b5 = a[i, n + 3] - x3, a[i, n + 4] - x4, a[i, n + 5] - x5
    c0, c1, c2 = a[i, m + 0] - x0, a[i, m + 1] - x1, a[i, m + 2] - x2
    c3, c4, c5 = a[i, m + 3] - x3, a[i, m + 4] - x4, a[i, m + 5] - x5
    out[j, o + 0] = x0
    out[j, o + 1] = x1
    out[j, o + 2] = x2
    out[j, o + 3] = x3
    out[j, o + 4] = x4
    out[j, o + 5] = x5
    p = o + 6
    out[j, p + 0] = (
        w0 * (a[i, 6] + a0 * a0) + w1 * (a[i, n + 6] + b0 * b0)
        + w2 * (a[i, m + 6] + c0 * c0)
    )  # fmt: skip
    out[j, p + 1] = (
        w0 * (a[i, 7] + a0 * a1) + w1 * (a[i, n + 7] + b0 * b1)
        + w2 * (a[i, m + 7] + c0 * c1)
    )  # fmt: skip
    out[j, p + 2] = (
        w0 * (a[i, 8] + a0 * a2) + w1 * (a[i, n + 8] + b0 * b2)
        + w2 * (a[i, m + 8] + c0 * c2)
    )  # fmt: skip
    out[j, p + 3] = (
        w0 * (a[i, 9] + a1 * a1) + w1 * (a[i, n + 9] + b1 * b1)
        + w2 * (a[i, m + 9] + c1 * c1)
    )  # fmt: skip
    out[j, p + 4] = (
        w0 * (a[i, 10] + a1 * a2) + w1 * (a[i, n + 10] + b1 * b2)
        + w2 * (a[i, m + 10] + c1 * c2)
    )  # fmt: skip
    out[j, p + 5] = (
        w0 * (a[i, 11] + a2 * a2) + w1 * (a[i, n + 11] + b2 * b2)
        + w2 * (a[i, m + 11] + c2 * c2)
    )  # fmt: skip
    out[j, p + 6] = (
        w0 * (a[i, 12] + a0 * a3) + w1 * (a[i, n + 12] + b0 * b3)
        + w2 * (a[i, m + 12] + c0 * c3)
    )  # fmt: skip
    out[j, p + 7] = (
        w0 * (a[i, 13] + a0 * a4) + w1 * (a[i, n + 13] + b0 * b4)
        + w2 * (a[i, m + 13] + c0 * c4)
    )  # fmt: skip
    out[j, p + 8] = (
        w0 * (a[i, 14] + a0 * a5) + w1 * (a[i, n + 14] + b0 * b5)
        + w2 * (a[i, m + 14] + c0 * c5)
    )  # fmt: skip
    out[j, p + 9] = (
        w0 * (a[i, 15] + a1 * a3) + w1 * (a[i, n + 15] + b1 * b3)
        + w2 * (a[i, m + 15] + c1 * c3)
    )  # fmt: skip
    out[j, p + 10] = (
        w0 * (a[i, 16] + a1 * a4) + w1 * (a[i, n + 16] + b1 * b4)
        + w2 * (a[i, m + 16] + c1 * c4)
    )  # fmt: skip
    out[j, p + 11] = (
        w0 * (a[i, 17] + a1 * a5) + w1 * (a[i, n + 17] + b1 * b5)
        + w2 * (a[i, m + 17] + c1 * c5)
    )  # fmt: skip
    out[j, p + 12] = (
        w0 * (a[i, 18] + a2 * a3) + w1 * (a[i, n + 18] + b2 * b3)
        + w2 * (a[i, m + 18] + c2 * c3)
    )  # fmt: skip
    out[j, p + 13] = (
        w0 * (a[i, 19] + a2 * a4) + w1 * (a[i, n + 19] + b2 * b4)
        + w2 * (a[i, m + 19] + c2 * c4)
    )  # fmt: skip
    out[j, p + 14] = (
        w0 * (a[i, 20] + a2 * a5) + w1 * (a[i, n + 20] + b2 * b5)
        + w2 * (a[i, m + 20] + c2 * c5)
    )  # fmt: skip
    out[j, p + 15] = (
        w0 * (a[i, 21] + a3 * a3) + w1 * (a[i, n + 21] + b3 * b3)
        + w2 * (a[i, m + 21] + c3 * c3)
    )  # fmt: skip
    out[j, p + 16] = (
        w0 * (a[i, 22] + a3 * a4) + w1 * (a[i, n + 22] + b3 * b4)
        + w2 * (a[i, m + 22] + c3 * c4)
    )  # fmt: skip
    out[j, p + 17] = (
        w0 * (a[i, 23] + a3 * a5) + w1 * (a[i, n + 23] + b3 * b5)
        + w2 * (a[i, m + 23] + c3 * c5)
    )  # fmt: skip
    out[j, p + 18] = (
        w0 * (a[i, 24] + a4 * a4) + w1 * (a[i, n + 24] + b4 * b4)
        + w2 * (a[i, m + 24] + c4 * c4)
    )  # fmt: skip
    out[j, p + 19] = (
        w0 * (a[i, 25] + a4 * a5) + w1 * (a[i, n + 25] + b4 * b5)
        + w2 * (a[i, m + 25] + c4 * c5)
    )  # fmt: skip
    out[j, p + 20] = (
        w0 * (a[i, 26] + a5 * a5) + w1 * (a[i, n + 26] + b5 * b5)
        + w2 * (a[i, m + 26] + c5 * c5)
    )  # fmt: skip


@kernel("UniTuple(float64, 5)(float64, float64, float64)")
def motion_of(dt_s: float, q: float, tau_s: float) -> tuple[float, float, float, float, float]:
    """Return (a, b, qpp, qpv, qvv) of p' = p + a v, v' = b v in one axis."""
    if tau_s > 1e6:
        return (
            dt_s, 1.0, q * dt_s * dt_s * dt_s / 3.0, q * dt_s * dt_s / 2.0, q * dt_s,
        )  # fmt: skip
    b = math.exp(-dt_s / tau_s)
    lost = 1.0 - b
    lost2 = 1.0 - b * b
    return (
        tau_s * lost,
        b,
        max(q * tau_s * tau_s * (dt_s - 2.0 * tau_s * lost + 0.5 * tau_s * lost2), 0.0),
        0.5 * q * tau_s * tau_s * lost * lost,
        0.5 * q * tau_s * lost2,
    )


@kernel(
    "void(float64[:,::1], int64, int64, float64, float64, float64, float64, float64,"
    " float64, float64, float64, float64, float64)"
)
def advance_block(
    x: Array, i: int, o: int, a: float, b: float, qpp: float, qpv: float, qvv: float,
    av: float, bv: float, vpp: float, vpv: float, vvv: float,
) -> None:  # fmt: skip
    """Predict the block x[i, o:] in place; (a, b, q..) horizontal, (av, bv, v..) vertical."""
    x[i, o] += a * x[i, o + 3]
    x[i, o + 1] += a * x[i, o + 4]
    x[i, o + 2] += av * x[i, o + 5]
    x[i, o + 3] *= b
    x[i, o + 4] *= b
    x[i, o + 5] *= bv
    p = o + 6
    b00, b01, b02 = x[i, p + 6], x[i, p + 7], x[i, p + 8]
    b10, b11, b12 = x[i, p + 9], x[i, p + 10], x[i, p + 11]
    b20, b21, b22 = x[i, p + 12], x[i, p + 13], x[i, p + 14]
    c00, c01, c02 = x[i, p + 15], x[i, p + 16], x[i, p + 17]
    c11, c12, c22 = x[i, p + 18], x[i, p + 19], x[i, p + 20]
    x[i, p] += a * (2.0 * b00 + a * c00) + qpp
    x[i, p + 1] += a * (b01 + b10 + a * c01)
    x[i, p + 2] += av * b02 + a * (b20 + av * c02)
    x[i, p + 3] += a * (2.0 * b11 + a * c11) + qpp
    x[i, p + 4] += av * b12 + a * (b21 + av * c12)
    x[i, p + 5] += av * (2.0 * b22 + av * c22) + vpp
    x[i, p + 6] = b * (b00 + a * c00) + qpv
    x[i, p + 7] = b * (b01 + a * c01)
    x[i, p + 8] = bv * (b02 + a * c02)
    x[i, p + 9] = b * (b10 + a * c01)
    x[i, p + 10] = b * (b11 + a * c11) + qpv
    x[i, p + 11] = bv * (b12 + a * c12)
    x[i, p + 12] = b * (b20 + av * c02)
    x[i, p + 13] = b * (b21 + av * c12)
    x[i, p + 14] = bv * (b22 + av * c22) + vpv
    x[i, p + 15] = b * b * c00 + qvv
    x[i, p + 16] = b * b * c01
    x[i, p + 17] = b * bv * c02
    x[i, p + 18] = b * b * c11 + qvv
    x[i, p + 19] = b * bv * c12
    x[i, p + 20] = bv * bv * c22 + vvv


@kernel("void(float64, float64[::1], float64[::1])")
def motions_into(dt_s: float, options: Array, motion: Array) -> None:
    """Fill `motion`: dt_s, then `motion_of` horizontally and vertically for each model. Most
    tracks of a slice were seen in the slice before, so this is worth remembering.
    """
    if motion[0] == dt_s:
        return
    motion[0] = dt_s
    for m in range(MODELS):
        o = 4 * m
        p = 1 + 10 * m
        (
            motion[p], motion[p + 1], motion[p + 2], motion[p + 3], motion[p + 4],
        ) = motion_of(dt_s, options[o + Q_H], options[o + TAU_H_S])  # fmt: skip
        (
            motion[p + 5], motion[p + 6], motion[p + 7], motion[p + 8], motion[p + 9],
        ) = motion_of(dt_s, options[o + Q_V], options[o + TAU_V_S])  # fmt: skip


@kernel(
    "void(float64[:,::1], int64, float64, float64[::1], float64[::1], float64[:,::1], int64)"
)
def predict_into(
    a: Array, i: int, dt_s: float, options: Array, motion: Array, out: Array, j: int
) -> None:
    """Mix the models of track a[i] and predict each over dt_s >= 0, into out[j]; mode
    probabilities and time too. motion: work space, see `motions_into`; NaN to begin with.
    """
    m0, m1, m2 = a[i, MODE], a[i, MODE + 1], a[i, MODE + 2]
    out[j, TIME_S] = a[i, TIME_S] + dt_s
    if dt_s <= 0.0:
        for c in range(MODE + 3):
            out[j, c] = a[i, c]
        return
    go0 = dt_s / (dt_s + options[STAY_S])
    go1 = dt_s / (dt_s + options[STAY_S + 1])
    go2 = dt_s / (dt_s + options[STAY_S + 2])
    f0, f1, f2 = options[LEAVE], options[LEAVE + 1], options[LEAVE + 2]
    t00, t01, t02 = (1.0 - go0) * m0, go0 * f0 * m0, go0 * (1.0 - f0) * m0
    t10, t11, t12 = go1 * f1 * m1, (1.0 - go1) * m1, go1 * (1.0 - f1) * m1
    t20, t21, t22 = go2 * f2 * m2, go2 * (1.0 - f2) * m2, (1.0 - go2) * m2
    n0, n1, n2 = t00 + t10 + t20, t01 + t11 + t21, t02 + t12 + t22
    blend_into(a, i, t00 / n0, t10 / n0, t20 / n0, out, j, 0)
    blend_into(a, i, t01 / n1, t11 / n1, t21 / n1, out, j, BLOCK)
    blend_into(a, i, t02 / n2, t12 / n2, t22 / n2, out, j, 2 * BLOCK)
    out[j, MODE], out[j, MODE + 1], out[j, MODE + 2] = n0, n1, n2
    motions_into(dt_s, options, motion)
    for m in range(MODELS):
        p = 1 + 10 * m
        advance_block(
            out, j, m * BLOCK, motion[p], motion[p + 1], motion[p + 2], motion[p + 3],
            motion[p + 4], motion[p + 5], motion[p + 6], motion[p + 7], motion[p + 8],
            motion[p + 9],
        )  # fmt: skip


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, int64)")
def combine_into(a: Array, i: int, out: Array, j: int, o: int) -> None:
    """Overall state and covariance of track a[i] into the block out[j, o:]."""
    blend_into(a, i, a[i, MODE], a[i, MODE + 1], a[i, MODE + 2], out, j, o)


@kernel(
    "UniTuple(float64, 6)(float64[:,::1], int64, int64, float64, float64, float64, float64,"
    " float64, float64)"
)
def spread_of(
    x: Array, i: int, o: int, h0: float, h1: float, h2: float, h3: float, h4: float, h5: float
) -> tuple[float, float, float, float, float, float]:
    """Return P h of the block x[i, o:]."""
    p = o + 6
    return (
        x[i, p] * h0 + x[i, p + 1] * h1 + x[i, p + 2] * h2
        + x[i, p + 6] * h3 + x[i, p + 7] * h4 + x[i, p + 8] * h5,
        x[i, p + 1] * h0 + x[i, p + 3] * h1 + x[i, p + 4] * h2
        + x[i, p + 9] * h3 + x[i, p + 10] * h4 + x[i, p + 11] * h5,
        x[i, p + 2] * h0 + x[i, p + 4] * h1 + x[i, p + 5] * h2
        + x[i, p + 12] * h3 + x[i, p + 13] * h4 + x[i, p + 14] * h5,
        x[i, p + 6] * h0 + x[i, p + 9] * h1 + x[i, p + 12] * h2
        + x[i, p + 15] * h3 + x[i, p + 16] * h4 + x[i, p + 17] * h5,
        x[i, p + 7] * h0 + x[i, p + 10] * h1 + x[i, p + 13] * h2
        + x[i, p + 16] * h3 + x[i, p + 18] * h4 + x[i, p + 19] * h5,
        x[i, p + 8] * h0 + x[i, p + 11] * h1 + x[i, p + 14] * h2
        + x[i, p + 17] * h3 + x[i, p + 19] * h4 + x[i, p + 20] * h5,
    )  # fmt: skip


@kernel(
    "UniTuple(float64, 2)(float64[:,::1], int64, int64, float64, float64, float64, float64,"
    " float64, float64, float64, float64)"
)
def scalar_into(
    x: Array, i: int, o: int, h0: float, h1: float, h2: float, h3: float, h4: float, h5: float,
    variance: float, innovation: float,
) -> tuple[float, float]:  # fmt: skip
    """Kalman update of the block x[i, o:] by one scalar; return its innovation variance and
    squared normalised innovation. A variance that is not positive leaves the block as it is.
    """
    p0, p1, p2, p3, p4, p5 = spread_of(x, i, o, h0, h1, h2, h3, h4, h5)
    s = h0 * p0 + h1 * p1 + h2 * p2 + h3 * p3 + h4 * p4 + h5 * p5 + variance
    if not s > 0.0:
        return 1.0, 0.0
    g = innovation / s
    x[i, o] += p0 * g
    x[i, o + 1] += p1 * g
    x[i, o + 2] += p2 * g
    x[i, o + 3] += p3 * g
    x[i, o + 4] += p4 * g
    x[i, o + 5] += p5 * g
    w = 1.0 / s
    p = o + 6
    k0, k1, k2, k3, k4, k5 = p0 * w, p1 * w, p2 * w, p3 * w, p4 * w, p5 * w
    x[i, p] -= k0 * p0
    x[i, p + 1] -= k0 * p1
    x[i, p + 2] -= k0 * p2
    x[i, p + 3] -= k1 * p1
    x[i, p + 4] -= k1 * p2
    x[i, p + 5] -= k2 * p2
    x[i, p + 6] -= k0 * p3
    x[i, p + 7] -= k0 * p4
    x[i, p + 8] -= k0 * p5
    x[i, p + 9] -= k1 * p3
    x[i, p + 10] -= k1 * p4
    x[i, p + 11] -= k1 * p5
    x[i, p + 12] -= k2 * p3
    x[i, p + 13] -= k2 * p4
    x[i, p + 14] -= k2 * p5
    x[i, p + 15] -= k3 * p3
    x[i, p + 16] -= k3 * p4
    x[i, p + 17] -= k3 * p5
    x[i, p + 18] -= k4 * p4
    x[i, p + 19] -= k4 * p5
    x[i, p + 20] -= k5 * p5
    return s, innovation * innovation * w
