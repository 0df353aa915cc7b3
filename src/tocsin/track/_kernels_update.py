"""Update of a track's models with its plots, by their shares.

All models of an IMM are updated with each plot; their probabilities follow from the
likelihoods (Blom and Bar-Shalom, IEEE T-AC 33 (1988)). Several plots, or a plot that may be
another track's, enter by the moments of the mixture (Bar-Shalom and Tse, Automatica 11 (1975)).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import BIAS
from tocsin.track._kernels_gate import (
    update_block,
)
from tocsin.track._kernels_layout import (
    BLOCK,
    MODE,
    MODELS,
    NOISE_H,
    NOISE_V,
    P_TIME,
    TIME_S,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_WORTH = 1e-3  # share of a plot below which a track does not use it


_LEAST_MODE = 1e-4  # no model is ever ruled out


@kernel("void(float64[:,::1], int64, float64, float64, float64)")
def keep_modes_into(tracks: Array, i: int, m0: float, m1: float, m2: float) -> None:
    """Keep the probabilities of the models. They sum to 1 again: a sum of 1.0001 would move the
    overall state by a ten-thousandth of its distance from the frame's origin.
    """
    m0, m1, m2 = max(m0, _LEAST_MODE), max(m1, _LEAST_MODE), max(m2, _LEAST_MODE)
    total = m0 + m1 + m2
    tracks[i, MODE], tracks[i, MODE + 1], tracks[i, MODE + 2] = (
        m0 / total,
        m1 / total,
        m2 / total,
    )


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64[:,::1], int64,"
    " float64[::1])"
)
def update_clear_into(
    tracks: Array, i: int, scratch: Array, sensors: Array, k: int, plots: Array, p: int,
    options: Array,
) -> None:  # fmt: skip
    """Update all models of track i with one plot that is certainly its own."""
    offset_s = plots[p, P_TIME] - sensors[k, BIAS + 3] - scratch[i, TIME_S]
    for c in range(MODE):
        tracks[i, c] = scratch[i, c]
    best = -math.inf
    l0 = update_block(
        tracks, i, 0, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    l1 = update_block(
        tracks, i, BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    l2 = update_block(
        tracks, i, 2 * BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
    )
    best = max(l0, l1, l2)
    m0 = scratch[i, MODE] * math.exp(l0 - best)
    m1 = scratch[i, MODE + 1] * math.exp(l1 - best)
    m2 = scratch[i, MODE + 2] * math.exp(l2 - best)
    total = m0 + m1 + m2
    keep_modes_into(tracks, i, m0 / total, m1 / total, m2 / total)
    tracks[i, TIME_S] = scratch[i, TIME_S]


@kernel(
    "void(float64[:,::1], int64, int64, float64[:,::1], int64, int64, float64, float64[:,::1],"
    " int64)"
)
def gather_into(
    x: Array, i: int, o: int, origin: Array, j: int, q: int, weight: float, total: Array, m: int
) -> None:
    """Add a block's weighted moments about origin[j, q:] to total[m]."""
    d0, d1, d2 = (
        x[i, o] - origin[j, q],
        x[i, o + 1] - origin[j, q + 1],
        x[i, o + 2] - origin[j, q + 2],
    )
    d3, d4, d5 = (
        x[i, o + 3] - origin[j, q + 3],
        x[i, o + 4] - origin[j, q + 4],
        x[i, o + 5] - origin[j, q + 5],
    )
    total[m, 0] += weight * d0
    total[m, 1] += weight * d1
    total[m, 2] += weight * d2
    total[m, 3] += weight * d3
    total[m, 4] += weight * d4
    total[m, 5] += weight * d5
    p = o + 6
    total[m, 6] += weight * (x[i, p] + d0 * d0)
    total[m, 7] += weight * (x[i, p + 1] + d0 * d1)
    total[m, 8] += weight * (x[i, p + 2] + d0 * d2)
    total[m, 9] += weight * (x[i, p + 3] + d1 * d1)
    total[m, 10] += weight * (x[i, p + 4] + d1 * d2)
    total[m, 11] += weight * (x[i, p + 5] + d2 * d2)
    total[m, 12] += weight * (x[i, p + 6] + d0 * d3)
    total[m, 13] += weight * (x[i, p + 7] + d0 * d4)
    total[m, 14] += weight * (x[i, p + 8] + d0 * d5)
    total[m, 15] += weight * (x[i, p + 9] + d1 * d3)
    total[m, 16] += weight * (x[i, p + 10] + d1 * d4)
    total[m, 17] += weight * (x[i, p + 11] + d1 * d5)
    total[m, 18] += weight * (x[i, p + 12] + d2 * d3)
    total[m, 19] += weight * (x[i, p + 13] + d2 * d4)
    total[m, 20] += weight * (x[i, p + 14] + d2 * d5)
    total[m, 21] += weight * (x[i, p + 15] + d3 * d3)
    total[m, 22] += weight * (x[i, p + 16] + d3 * d4)
    total[m, 23] += weight * (x[i, p + 17] + d3 * d5)
    total[m, 24] += weight * (x[i, p + 18] + d4 * d4)
    total[m, 25] += weight * (x[i, p + 19] + d4 * d5)
    total[m, 26] += weight * (x[i, p + 20] + d5 * d5)
    total[m, 27] += weight


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1], int64, int64)"
)
def settle_into(
    total: Array, m: int, origin: Array, j: int, q: int, out: Array, i: int, o: int
) -> None:
    """Turn the gathered moments of total[m] into the block out[i, o:]."""
    w = 1.0 / total[m, 27]
    d0, d1, d2 = total[m, 0] * w, total[m, 1] * w, total[m, 2] * w
    d3, d4, d5 = total[m, 3] * w, total[m, 4] * w, total[m, 5] * w
    out[i, o], out[i, o + 1], out[i, o + 2] = (
        origin[j, q] + d0,
        origin[j, q + 1] + d1,
        origin[j, q + 2] + d2,
    )
    out[i, o + 3], out[i, o + 4], out[i, o + 5] = (
        origin[j, q + 3] + d3, origin[j, q + 4] + d4, origin[j, q + 5] + d5,
    )  # fmt: skip
    p = o + 6
    out[i, p] = total[m, 6] * w - d0 * d0
    out[i, p + 1] = total[m, 7] * w - d0 * d1
    out[i, p + 2] = total[m, 8] * w - d0 * d2
    out[i, p + 3] = total[m, 9] * w - d1 * d1
    out[i, p + 4] = total[m, 10] * w - d1 * d2
    out[i, p + 5] = total[m, 11] * w - d2 * d2
    out[i, p + 6] = total[m, 12] * w - d0 * d3
    out[i, p + 7] = total[m, 13] * w - d0 * d4
    out[i, p + 8] = total[m, 14] * w - d0 * d5
    out[i, p + 9] = total[m, 15] * w - d1 * d3
    out[i, p + 10] = total[m, 16] * w - d1 * d4
    out[i, p + 11] = total[m, 17] * w - d1 * d5
    out[i, p + 12] = total[m, 18] * w - d2 * d3
    out[i, p + 13] = total[m, 19] * w - d2 * d4
    out[i, p + 14] = total[m, 20] * w - d2 * d5
    out[i, p + 15] = total[m, 21] * w - d3 * d3
    out[i, p + 16] = total[m, 22] * w - d3 * d4
    out[i, p + 17] = total[m, 23] * w - d3 * d5
    out[i, p + 18] = total[m, 24] * w - d4 * d4
    out[i, p + 19] = total[m, 25] * w - d4 * d5
    out[i, p + 20] = total[m, 26] * w - d5 * d5


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64[:,::1],"
    " int64[::1], int64[:,::1],"
    " float64[:,::1], int64, float64, float64[::1], float64[:,::1])"
)
def update_shared_into(
    tracks: Array, i: int, scratch: Array, sensors: Array, k: int, plots: Array, order: Ints,
    edge_plot: Ints, share: Array, edges: int, none: float, options: Array, work: Array,
) -> None:  # fmt: skip
    """Update all models of track i with several plots, each by its share, `none` for no plot.

    work: rows 0..2 gather the models, row 3 holds the three blocks under one hypothesis.
    """
    for m in range(MODELS):
        for c in range(28):
            work[m, c] = 0.0
        gather_into(
            scratch, i, m * BLOCK, scratch, i, m * BLOCK, scratch[i, MODE + m] * none, work, m
        )
    for e in range(edges):
        if share[i, e] < _WORTH:
            continue
        p = order[edge_plot[i, e]]
        offset_s = plots[p, P_TIME] - sensors[k, BIAS + 3] - scratch[i, TIME_S]
        for c in range(MODE):
            work[3, c] = scratch[i, c]
        l0 = update_block(
            work, 3, 0, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
        )
        l1 = update_block(
            work, 3, BLOCK, sensors, k, plots, p, offset_s, options[NOISE_H], options[NOISE_V]
        )
        l2 = update_block(
            work,
            3,
            2 * BLOCK,
            sensors,
            k,
            plots,
            p,
            offset_s,
            options[NOISE_H],
            options[NOISE_V],
        )
        best = max(l0, l1, l2)
        m0 = scratch[i, MODE] * math.exp(l0 - best)
        m1 = scratch[i, MODE + 1] * math.exp(l1 - best)
        m2 = scratch[i, MODE + 2] * math.exp(l2 - best)
        w = share[i, e] / (m0 + m1 + m2)
        gather_into(work, 3, 0, scratch, i, 0, m0 * w, work, 0)
        gather_into(work, 3, BLOCK, scratch, i, BLOCK, m1 * w, work, 1)
        gather_into(work, 3, 2 * BLOCK, scratch, i, 2 * BLOCK, m2 * w, work, 2)
    total = work[0, 27] + work[1, 27] + work[2, 27]
    for m in range(MODELS):
        weight = work[m, 27]
        if weight > 1e-12 * total:
            settle_into(work, m, scratch, i, m * BLOCK, tracks, i, m * BLOCK)
        else:
            for c in range(BLOCK):
                tracks[i, m * BLOCK + c] = scratch[i, m * BLOCK + c]
    keep_modes_into(tracks, i, work[0, 27] / total, work[1, 27] / total, work[2, 27] / total)
    tracks[i, TIME_S] = scratch[i, TIME_S]


@kernel("boolean(float64[:,::1], int64)")
def is_sound(tracks: Array, i: int) -> bool:
    """Finite, and every variance positive and finite."""
    for m in range(MODELS):
        o = m * BLOCK
        for d in range(6):
            if not math.isfinite(tracks[i, o + d]):
                return False
        p = o + 6
        for c in (0, 3, 5, 15, 18, 20):
            if not (0.0 < tracks[i, p + c] < math.inf):
                return False
    return True
