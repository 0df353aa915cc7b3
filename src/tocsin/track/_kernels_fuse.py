"""Two trackers' estimates of one thing: how far apart they are, and what both together say.

Estimates are rows of six (position and its rates) with full covariances. An axis that an
estimate does not know is left out by its mask. The distance is that of Bar-Shalom ("On the
Track-to-Track Correlation Problem", IEEE T-AC 26 (1981)) without the cross-covariance, which
nobody knows and which makes it smaller than stated: the gate errs towards joining. The fusion
is covariance intersection (Julier and Uhlmann, American Control Conference 1997): sound for
any correlation between the two, in information form

    inv(C) = w inv(A) + (1 - w) inv(B),   inv(C) c = w inv(A) a + (1 - w) inv(B) b

with the w in [0, 1] that makes det(C) least; log det of inv(C) is concave in w, so that a
golden-section search finds it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Array3 = NDArray[np.float64]
Ints = NDArray[np.int64]

N = 6
_GOLDEN = 0.6180339887498949  # (sqrt(5) - 1) / 2
_ROUNDS = 24  # of the search: w is known to 1e-5
ROOM = 30  # rows of the work array (rows, N) that `intersect_into` needs


@kernel("boolean(float64[:,::1], int64, int64)")
def factor_into(a: Array, o: int, n: int) -> bool:
    """Cholesky factor (lower) of the n by n matrix in rows o.. of a, in its place; False where
    it is not positive definite.
    """
    for c in range(n):
        total = a[o + c, c]
        for k in range(c):
            total -= a[o + c, k] * a[o + c, k]
        if not total > 0.0:
            return False
        root = math.sqrt(total)
        a[o + c, c] = root
        for r in range(c + 1, n):
            total = a[o + r, c]
            for k in range(c):
                total -= a[o + r, k] * a[o + c, k]
            a[o + r, c] = total / root
    return True


@kernel("void(float64[:,::1], int64, int64, float64[:,::1], int64)")
def solve_into(a: Array, o: int, n: int, x: Array, r: int) -> None:
    """Solve L L' x = b for the factor in rows o.. of a; b stands in x[r] and becomes x."""
    for i in range(n):
        total = x[r, i]
        for k in range(i):
            total -= a[o + i, k] * x[r, k]
        x[r, i] = total / a[o + i, i]
    for i in range(n - 1, -1, -1):
        total = x[r, i]
        for k in range(i + 1, n):
            total -= a[o + k, i] * x[r, k]
        x[r, i] = total / a[o + i, i]


@kernel(
    "float64(float64[:,::1], float64[:,:,::1], int64, float64[:,::1], float64[:,:,::1], int64,"
    " uint8[:,::1], int64, float64[:,::1])"
)
def distance2_of(
    a: Array, a_cov: Array3, i: int, b: Array, b_cov: Array3, j: int, mask: NDArray[np.uint8],
    m: int, work: Array,
) -> float:  # fmt: skip
    """Return the squared Mahalanobis distance of a[i] and b[j] over the axes of mask[m]; NaN
    where it has none or the sum of covariances is not positive definite.
    """
    n = 0
    for r in range(N):
        if mask[m, r] == 0:
            continue
        work[N, n] = a[i, r] - b[j, r]
        k = 0
        for c in range(r + 1):
            if mask[m, c] != 0:
                work[n, k] = a_cov[i, r, c] + b_cov[j, r, c]
                k += 1
        n += 1
    if n == 0 or not factor_into(work, 0, n):
        return math.nan
    total = 0.0
    for r in range(n):
        value = work[N, r]
        for k in range(r):
            value -= work[r, k] * work[N + 1, k]
        value /= work[r, r]
        work[N + 1, r] = value
        total += value * value
    return total


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,::1], float64[:,:,::1], uint8[:,::1],"
    " float64[:,::1], float64[::1])"
)
def distances_into(
    a: Array, a_cov: Array3, b: Array, b_cov: Array3, mask: NDArray[np.uint8], work: Array,
    out: Array,
) -> None:  # fmt: skip
    """Squared distance of a[i] and b[i] over the axes of mask[i], row by row."""
    for i in range(out.shape[0]):
        out[i] = distance2_of(a, a_cov, i, b, b_cov, i, mask, i, work)


@kernel(
    "int64(float64[:,::1], float64[:,:,::1], uint8[:,::1], float64[:,::1], float64[:,:,::1],"
    " float64[::1], float64, float64[:,::1], int64[:,::1], float64[::1])"
)
def near_into(
    a: Array, a_cov: Array3, mask: NDArray[np.uint8], b: Array, b_cov: Array3, limit: Array,
    reach_m: float, work: Array, pairs: Ints, out: Array,
) -> int:  # fmt: skip
    """Pairs (row of a, row of b) inside the gate, with their distances; returns how many there
    are, of which those that find room are written. limit: gate by number of axes; reach_m: no
    pair is farther apart in plan.
    """
    count = 0
    for i in range(a.shape[0]):
        axes = 0
        for c in range(N):
            axes += mask[i, c]
        for j in range(b.shape[0]):
            east = a[i, 0] - b[j, 0]
            north = a[i, 1] - b[j, 1]
            if not east * east + north * north <= reach_m * reach_m:
                continue
            distance2 = distance2_of(a, a_cov, i, b, b_cov, j, mask, i, work)
            if not distance2 <= limit[axes]:
                continue
            if count < out.shape[0]:
                pairs[count, 0], pairs[count, 1] = i, j
                out[count] = distance2
            count += 1
    return count


@kernel("boolean(float64[:,:,::1], int64, uint8[:,::1], int64, float64[:,::1], int64)")
def information_into(
    cov: Array3, i: int, mask: NDArray[np.uint8], m: int, work: Array, o: int
) -> bool:
    """Inverse of cov[i] over the axes of mask[m], zero elsewhere, into rows o.. of work; rows
    o + 6.. are used up. False where cov[i] is not positive definite.
    """
    n = 0
    for r in range(N):
        for c in range(N):
            work[o + r, c] = 0.0
        if mask[m, r] == 0:
            continue
        k = 0
        for c in range(r + 1):
            if mask[m, c] != 0:
                work[o + N + n, k] = cov[i, r, c]
                k += 1
        n += 1
    if n == 0 or not factor_into(work, o + N, n):
        return False
    place = 0
    for r in range(N):
        if mask[m, r] == 0:
            continue
        for k in range(n):
            work[o + 2 * N, k] = 1.0 if k == place else 0.0
        solve_into(work, o + N, n, work, o + 2 * N)
        k = 0
        for c in range(N):
            if mask[m, c] != 0:
                work[o + r, c] = work[o + 2 * N, k]
                k += 1
        place += 1
    return True


@kernel("float64(float64[:,::1], int64, int64, int64, float64)")
def log_det_of(work: Array, a: int, b: int, o: int, w: float) -> float:
    """Log determinant of w A + (1 - w) B, whose factor is left in rows o..; minus infinity
    where it is singular.
    """
    for r in range(N):
        for c in range(r + 1):
            work[o + r, c] = w * work[a + r, c] + (1.0 - w) * work[b + r, c]
    if not factor_into(work, o, N):
        return -math.inf
    total = 0.0
    for r in range(N):
        total += 2.0 * math.log(work[o + r, r])
    return total


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,::1], float64[:,:,::1], uint8[:,::1],"
    " float64[:,::1], float64[:,::1], float64[:,:,::1], float64[::1])",
    allocates=True,
)
def intersect_into(
    a: Array, a_cov: Array3, b: Array, b_cov: Array3, mask: NDArray[np.uint8], work: Array,
    out: Array, out_cov: Array3, weight: Array,
) -> None:  # fmt: skip
    """Fuse a[i] (all axes known) with b[i] (the axes of mask[i]), row by row; weight: w of a.

    A pair of which one is not positive definite gives a as it is, with weight NaN.
    """
    full = np.ones((1, N), dtype=np.uint8)
    for i in range(out.shape[0]):
        for r in range(N):
            out[i, r] = a[i, r]
            for c in range(N):
                out_cov[i, r, c] = a_cov[i, r, c]
        weight[i] = math.nan
        # Rows 0..5 inv(A), 6..11 inv(B), from 12 on room for factors and one row.
        if not information_into(b_cov, i, mask, i, work, 6):
            continue
        for r in range(N):
            for c in range(N):
                work[24 + r, c] = work[6 + r, c]
        if not information_into(a_cov, i, full, 0, work, 0):
            continue
        for r in range(N):
            for c in range(N):
                work[6 + r, c] = work[24 + r, c]
        low, high = 0.0, 1.0
        left, right = 1.0 - _GOLDEN, _GOLDEN
        f_left = log_det_of(work, 0, 6, 12, left)
        f_right = log_det_of(work, 0, 6, 12, right)
        for _ in range(_ROUNDS):
            if f_left < f_right:
                low, left, f_left = left, right, f_right
                right = low + _GOLDEN * (high - low)
                f_right = log_det_of(work, 0, 6, 12, right)
            else:
                high, right, f_right = right, left, f_left
                left = high - _GOLDEN * (high - low)
                f_left = log_det_of(work, 0, 6, 12, left)
        w = 0.5 * (low + high)
        # The ends themselves: one estimate says it all.
        value = log_det_of(work, 0, 6, 12, w)
        if log_det_of(work, 0, 6, 12, 1.0) >= value - 1e-6:
            weight[i] = 1.0
            continue
        if log_det_of(work, 0, 6, 12, 0.0) >= value - 1e-6:
            w = 0.0
        log_det_of(work, 0, 6, 12, w)
        for r in range(N):
            total = 0.0
            for c in range(N):
                b_part = (1.0 - w) * work[6 + r, c] * b[i, c] if mask[i, c] != 0 else 0.0
                total += w * work[r, c] * a[i, c] + b_part
            work[18, r] = total
        solve_into(work, 12, N, work, 18)
        for c in range(N):
            out[i, c] = work[18, c]
        for c in range(N):
            for r in range(N):
                work[18, r] = 1.0 if r == c else 0.0
            solve_into(work, 12, N, work, 18)
            for r in range(N):
                out_cov[i, r, c] = work[18, r]
        for r in range(N):
            for c in range(r):
                out_cov[i, c, r] = out_cov[i, r, c] = 0.5 * (
                    out_cov[i, r, c] + out_cov[i, c, r]
                )
        weight[i] = w
