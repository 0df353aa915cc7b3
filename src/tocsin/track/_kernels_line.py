"""What a bearing leaves unknown stays unknown: one block's covariance, in place.

A sensor that measures no range knows a thing across its line of sight to some metres and along
it to hundreds: all places and velocities that look alike to it, s times as far and s times as
fast, are as likely as they were. A plot turns the line and changes the velocity; a covariance
that stays as it was then lies at an angle to what looks alike, and the next plots seem to tell
the range. A thing that hovers 1.3 km from one camera is 1 km too far after 100 s so, at a
stated 340 m, in every run. Here the covariance is carried from where the block was to where
the plot put it, in coordinates in which what is unknown is one number, the logarithm of range,
beside direction and the rates of both by range (modified spherical coordinates: Aidala and
Hammel, IEEE T-AC 28 (1983) 283; that what is unknown must be carried along: Huang, Mourikis and
Roumeliotis, Int. J. Robotics Research 29 (2010) 502).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]

# Only a covariance that is so much longer along the line than across it (variances) is one
# sensor's alone; where two look from two sides it is as long in all directions.
LONGER = 16.0


@kernel("float64(float64[:,::1], int64, int64, float64, float64, float64)")
def variance_along(x: Array, i: int, o: int, g0: float, g1: float, g2: float) -> float:
    """Return the variance of the position of block x[i, o:] along the vector g, times |g|^2."""
    p = o + 6
    out: float = (
        g0 * (g0 * x[i, p] + 2.0 * (g1 * x[i, p + 1] + g2 * x[i, p + 2]))
        + g1 * (g1 * x[i, p + 3] + 2.0 * g2 * x[i, p + 4])
        + g2 * g2 * x[i, p + 5]
    )
    return out


# Matrices are nine numbers, row by row: a kernel's small arrays would be on the heap.
Matrix = tuple[float, float, float, float, float, float, float, float, float]
_MATRIX = "UniTuple(float64, 9)"


@kernel(f"{_MATRIX}({_MATRIX}, {_MATRIX})")
def _times(a: Matrix, b: Matrix) -> Matrix:
    """Return a b'."""
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = b
    return (
        a0 * b0 + a1 * b1 + a2 * b2, a0 * b3 + a1 * b4 + a2 * b5, a0 * b6 + a1 * b7 + a2 * b8,
        a3 * b0 + a4 * b1 + a5 * b2, a3 * b3 + a4 * b4 + a5 * b5, a3 * b6 + a4 * b7 + a5 * b8,
        a6 * b0 + a7 * b1 + a8 * b2, a6 * b3 + a7 * b4 + a8 * b5, a6 * b6 + a7 * b7 + a8 * b8,
    )  # fmt: skip


@kernel(f"{_MATRIX}({_MATRIX})")
def _flipped(a: Matrix) -> Matrix:
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    return a0, a3, a6, a1, a4, a7, a2, a5, a8


@kernel(f"{_MATRIX}(float64[:,::1], int64, int64)")
def _symmetric(x: Array, i: int, p: int) -> Matrix:
    """Return the packed symmetric matrix at x[i, p:]."""
    return (
        x[i, p], x[i, p + 1], x[i, p + 2], x[i, p + 1], x[i, p + 3], x[i, p + 4], x[i, p + 2],
        x[i, p + 4], x[i, p + 5],
    )  # fmt: skip


@kernel(f"void(float64[:,::1], int64, int64, {_MATRIX})")
def _pack_into(x: Array, i: int, p: int, a: Matrix) -> None:
    x[i, p], x[i, p + 1], x[i, p + 2] = a[0], a[1], a[2]
    x[i, p + 3], x[i, p + 4], x[i, p + 5] = a[4], a[5], a[8]


@kernel(f"{_MATRIX}(float64, float64, float64, float64, float64, float64, float64)")
def _turn(
    u0: float, u1: float, u2: float, w0: float, w1: float, w2: float, scale: float
) -> Matrix:
    """Return scale times the rotation that turns the unit vector u to w: Rodrigues, I + [v] +
    [v]^2 / (1 + u.w) with v = u x w.
    """
    v0, v1, v2 = u1 * w2 - u2 * w1, u2 * w0 - u0 * w2, u0 * w1 - u1 * w0
    share = scale / (1.0 + u0 * w0 + u1 * w1 + u2 * w2)
    v0s, v1s, v2s = scale * v0, scale * v1, scale * v2
    return (
        scale - share * (v1 * v1 + v2 * v2), share * v0 * v1 - v2s, share * v0 * v2 + v1s,
        share * v0 * v1 + v2s, scale - share * (v0 * v0 + v2 * v2), share * v1 * v2 - v0s,
        share * v0 * v2 - v1s, share * v1 * v2 + v0s, scale - share * (v0 * v0 + v1 * v1),
    )  # fmt: skip


@kernel(f"void(float64[:,::1], int64, int64, {_MATRIX}, {_MATRIX})")
def _carry_into(x: Array, i: int, o: int, b: Matrix, g: Matrix) -> None:
    """Turn the covariance of block x[i, o:] into that of (b p, b v + g b p)."""
    p = o + 6
    place = _times(_times(b, _symmetric(x, i, p)), b)
    q = p + 6
    mixed = (
        x[i, q], x[i, q + 1], x[i, q + 2], x[i, q + 3], x[i, q + 4], x[i, q + 5], x[i, q + 6],
        x[i, q + 7], x[i, q + 8],
    )  # fmt: skip
    mixed = _times(_times(b, _flipped(mixed)), b)
    rates = _times(_times(b, _symmetric(x, i, p + 15)), b)
    # v + g p: g mixed + (g mixed)' + g place g' more, with half of the last in both
    more = _times(g, _flipped(mixed))
    last = _times(_times(g, place), g)
    _pack_into(x, i, p, place)
    x[i, p + 15] = rates[0] + 2.0 * more[0] + last[0]
    x[i, p + 16] = rates[1] + more[1] + more[3] + last[1]
    x[i, p + 17] = rates[2] + more[2] + more[6] + last[2]
    x[i, p + 18] = rates[4] + 2.0 * more[4] + last[4]
    x[i, p + 19] = rates[5] + more[5] + more[7] + last[5]
    x[i, p + 20] = rates[8] + 2.0 * more[8] + last[8]
    own = _times(place, g)
    for c in range(9):
        x[i, q + c] = mixed[c] + own[c]


@kernel(
    "void(float64[:,::1], int64, int64, float64[:,::1], int64, float64, float64, float64,"
    " float64, float64, float64, float64)"
)
def carry_along_into(
    x: Array, i: int, o: int, sensors: Array, k: int, x0: float, x1: float, x2: float,
    x3: float, x4: float, x5: float, across_m2: float,
) -> None:  # fmt: skip
    """Carry the covariance of block x[i, o:] from the state (x0 ... x5) to where a plot without
    range of sensor k has put it, if it lies along the line from there.

    across_m2: the greatest variance across the line in what the plot measured.
    """
    e0, e1, e2 = x0 - sensors[k, 0], x1 - sensors[k, 1], x2 - sensors[k, 2]
    f0, f1, f2 = (
        x[i, o] - sensors[k, 0],
        x[i, o + 1] - sensors[k, 1],
        x[i, o + 2] - sensors[k, 2],
    )
    was, now = math.sqrt(e0 * e0 + e1 * e1 + e2 * e2), math.sqrt(f0 * f0 + f1 * f1 + f2 * f2)
    # Turned by more than a right angle it has passed the sensor: that is no line.
    if e0 * f0 + e1 * f1 + e2 * f2 <= 0.0:
        return
    u0, u1, u2 = e0 / was, e1 / was, e2 / was
    if variance_along(x, i, o, u0, u1, u2) < LONGER * across_m2:
        return
    n0, n1, n2 = f0 / now, f1 / now, f2 / now
    b = _turn(u0, u1, u2, n0, n1, n2, now / was)
    # What the plot changed of the velocity beside turning it with the line. Who is s times as
    # far had it changed s times as much: g = (w n' + (n.w) 1 - n w') / range.
    w0 = x[i, o + 3] - (b[0] * x3 + b[1] * x4 + b[2] * x5)
    w1 = x[i, o + 4] - (b[3] * x3 + b[4] * x4 + b[5] * x5)
    w2 = x[i, o + 5] - (b[6] * x3 + b[7] * x4 + b[8] * x5)
    w0, w1, w2 = w0 / now, w1 / now, w2 / now
    along = n0 * w0 + n1 * w1 + n2 * w2
    g = (
        along, w0 * n1 - n0 * w1, w0 * n2 - n0 * w2,
        w1 * n0 - n1 * w0, along, w1 * n2 - n1 * w2,
        w2 * n0 - n2 * w0, w2 * n1 - n2 * w1, along,
    )  # fmt: skip
    _carry_into(x, i, o, b, g)
