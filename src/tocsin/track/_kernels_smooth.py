"""Backwards through what the filter knew of one track: fixed-interval smoothing with several
motion models.

One model: the smoother of Rauch, Tung and Striebel (AIAA Journal 3, 1965). Several: Kim's
(Journal of Econometrics 60, 1994). With filtered x_j, P_j and probability m_j of model j at
time k, smoothed x_i', P_i', m_i' of model i at k + 1, and p_ji the chance to go from j to i:

    w_ji = m_i' p_ji m_j / sum_j p_ji m_j
    x_ji = x_j + G (x_i' - F_i x_j),  P_ji = P_j + G (P_i' - F_i P_j F_i' - Q_i) G'
    G = P_j F_i' (F_i P_j F_i' + Q_i)^-1

and the pairs of one j are merged by their moments. What is taken for granted is that, once the
model at k + 1 is known, later plots say nothing more of the model at k.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_filter import _COL, _ROW, advance_block, motion_of, predict_into
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
Array3 = NDArray[np.float64]

_ROWS = tuple(int(n) for n in _ROW)
_COLUMNS = tuple(int(n) for n in _COL)
_N = 6


@kernel("void(float64[:,::1], int64, int64, float64[:,::1])")
def unpack_into(a: Array, i: int, o: int, out: Array) -> None:
    """The covariance of the block a[i, o:] as a (6, 6) matrix."""
    for c in range(21):
        out[_ROWS[c], _COLUMNS[c]] = a[i, o + _N + c]
        out[_COLUMNS[c], _ROWS[c]] = a[i, o + _N + c]


@kernel("boolean(float64[:,::1])")
def factor_into(p: Array) -> bool:
    """Put the Cholesky factor of p into its lower half; False if it is not positive."""
    for r in range(_N):
        for c in range(r + 1):
            total = p[r, c]
            for d in range(c):
                total -= p[r, d] * p[c, d]
            if r == c:
                if not total > 0.0:
                    return False
                p[r, r] = math.sqrt(total)
            else:
                p[r, c] = total / p[c, c]
    return True


@kernel(
    "boolean(float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64,"
    " float64, float64, float64)"
)
def gain_into(
    p: Array, predicted: Array, factor: Array, out: Array, a: float, b: float, av: float,
    bv: float,
) -> bool:  # fmt: skip
    """G = p F' predicted^-1 for the motion (a, b) horizontally, (av, bv) vertically."""
    for r in range(_N):
        for c in range(_N):
            factor[r, c] = predicted[r, c]
    if not factor_into(factor):
        return False
    for r in range(_N):
        for d in range(_N):
            go, keep = (a, b) if d % 3 < 2 else (av, bv)
            out[r, d] = p[r, d] + go * p[r, d + 3] if d < 3 else keep * p[r, d]
        for d in range(_N):
            for e in range(d):
                out[r, d] -= factor[d, e] * out[r, e]
            out[r, d] /= factor[d, d]
        for back in range(_N):
            d = _N - 1 - back
            for e in range(d + 1, _N):
                out[r, d] -= factor[e, d] * out[r, e]
            out[r, d] /= factor[d, d]
    return True


@kernel(
    "void(float64[:,::1], int64, float64, float64[::1], float64[:,::1], float64[:,:,::1],"
    " float64[:,::1], float64[:,:,::1], float64[:,::1])",
    allocates=True,
)
def back_into(
    rows: Array, k: int, dt_s: float, options: Array, after: Array, after_p: Array3,
    out: Array, out_p: Array3, work: Array,
) -> None:  # fmt: skip
    """One step of Kim's smoother over dt_s >= 0 from what comes after the row k.

    after, out: (3, 7), each model's state and its probability; after_p, out_p: covariances;
    work (1, 27): a block.
    """
    chance = np.zeros((MODELS, MODELS))
    for j in range(MODELS):
        go = dt_s / (dt_s + options[STAY_S + j])
        low, high = (1 if j == 0 else 0), (1 if j == 2 else 2)
        chance[j, j] = (1.0 - go) * rows[k, MODE + j]
        chance[j, low] = go * options[LEAVE + j] * rows[k, MODE + j]
        chance[j, high] = go * (1.0 - options[LEAVE + j]) * rows[k, MODE + j]
    for i in range(MODELS):
        total = chance[0, i] + chance[1, i] + chance[2, i]
        for j in range(MODELS):
            chance[j, i] = after[i, _N] * chance[j, i] / total if total > 0.0 else 0.0
    before, predicted = np.zeros((_N, _N)), np.zeros((_N, _N))
    factor, gain = np.zeros((_N, _N)), np.zeros((_N, _N))
    x, p = np.zeros((MODELS, _N)), np.zeros((MODELS, _N, _N))
    for j in range(MODELS):
        unpack_into(rows, k, j * BLOCK, before)
        weight = chance[j, 0] + chance[j, 1] + chance[j, 2]
        for i in range(MODELS):
            for c in range(BLOCK):
                work[0, c] = rows[k, j * BLOCK + c]
            for r in range(_N):
                x[i, r] = work[0, r]
                for c in range(_N):
                    p[i, r, c] = before[r, c]
            if chance[j, i] <= 0.0:
                continue
            o = 4 * i
            a, b, qpp, qpv, qvv = motion_of(dt_s, options[o + Q_H], options[o + TAU_H_S])
            av, bv, vpp, vpv, vvv = motion_of(dt_s, options[o + Q_V], options[o + TAU_V_S])
            advance_block(work, 0, 0, a, b, qpp, qpv, qvv, av, bv, vpp, vpv, vvv)
            unpack_into(work, 0, 0, predicted)
            if not gain_into(before, predicted, factor, gain, a, b, av, bv):
                continue
            for r in range(_N):
                for c in range(_N):
                    x[i, r] += gain[r, c] * (after[i, c] - work[0, c])
                    factor[r, c] = 0.0
                    for d in range(_N):
                        factor[r, c] += gain[r, d] * (after_p[i, d, c] - predicted[d, c])
            for r in range(_N):
                for c in range(_N):
                    for d in range(_N):
                        p[i, r, c] += factor[r, d] * gain[c, d]
        out[j, _N] = weight
        for r in range(_N):
            out[j, r] = 0.0
        for i in range(MODELS):
            share = chance[j, i] / weight if weight > 0.0 else 1.0 / MODELS
            for r in range(_N):
                out[j, r] += share * x[i, r]
        for r in range(_N):
            for c in range(_N):
                out_p[j, r, c] = 0.0
        for i in range(MODELS):
            share = chance[j, i] / weight if weight > 0.0 else 1.0 / MODELS
            for r in range(_N):
                for c in range(_N):
                    apart = (x[i, r] - out[j, r]) * (x[i, c] - out[j, c])
                    out_p[j, r, c] += share * (0.5 * (p[i, r, c] + p[i, c, r]) + apart)


@kernel("void(float64[:,::1], float64[:,:,::1], float64[:,::1], int64)")
def merge_models_into(x: Array, p: Array3, out: Array, n: int) -> None:
    """The moments of all models together as the packed block out[n]."""
    total = x[0, _N] + x[1, _N] + x[2, _N]
    for c in range(BLOCK):
        out[n, c] = 0.0
    for j in range(MODELS):
        for r in range(_N):
            out[n, r] += x[j, _N] / total * x[j, r]
    for c in range(21):
        r, d = _ROWS[c], _COLUMNS[c]
        for j in range(MODELS):
            apart = (x[j, r] - out[n, r]) * (x[j, d] - out[n, d])
            out[n, _N + c] += x[j, _N] / total * (p[j, r, d] + apart)


@kernel("void(float64[:,::1], float64[::1], float64[::1], float64[:,::1])", allocates=True)
def smooth_into(rows: Array, at_s: Array, options: Array, out: Array) -> None:
    """Smoothed blocks (27) of one track at ascending times within those of its rows.

    rows: as the tracker knew the track after each update, ascending in time.
    """
    n, m = rows.shape[0], at_s.shape[0]
    x, p = np.zeros((MODELS, 7)), np.zeros((MODELS, _N, _N))
    older, older_p = np.zeros((MODELS, 7)), np.zeros((MODELS, _N, _N))
    work, between = np.zeros((1, BLOCK)), np.zeros((1, rows.shape[1]))
    motion = np.full(1 + 10 * MODELS, np.nan)
    matrix = np.zeros((_N, _N))
    for j in range(MODELS):
        unpack_into(rows, n - 1, j * BLOCK, matrix)
        x[j, _N] = rows[n - 1, MODE + j]
        for r in range(_N):
            x[j, r] = rows[n - 1, j * BLOCK + r]
            for c in range(_N):
                p[j, r, c] = matrix[r, c]
    place = m - 1
    while place >= 0 and at_s[place] >= rows[n - 1, TIME_S]:
        merge_models_into(x, p, out, place)
        place -= 1
    for back in range(n - 1):
        k = n - 2 - back
        while place >= 0 and at_s[place] > rows[k, TIME_S]:
            into_s = at_s[place] - rows[k, TIME_S]
            predict_into(rows, k, into_s, options, motion, between, 0)
            left_s = rows[k + 1, TIME_S] - at_s[place]
            back_into(between, 0, left_s, options, x, p, older, older_p, work)
            merge_models_into(older, older_p, out, place)
            place -= 1
        gap_s = rows[k + 1, TIME_S] - rows[k, TIME_S]
        back_into(rows, k, gap_s, options, x, p, older, older_p, work)
        for j in range(MODELS):
            for r in range(7):
                x[j, r] = older[j, r]
            for r in range(_N):
                for c in range(_N):
                    p[j, r, c] = older_p[j, r, c]
        while place >= 0 and at_s[place] >= rows[k, TIME_S]:
            merge_models_into(x, p, out, place)
            place -= 1
    while place >= 0:  # before the first row: as at its time
        merge_models_into(x, p, out, place)
        place -= 1
