"""A track goes along when what is taken off its sensors' plots changes.

It was made of plots with the corrections of their time. An episode (`_kernels_registration`)
that follows the track knows how the target's state hangs on the errors: E[x | b] is linear in
b with the slope P_xb P_bb^-1. With a change of corrections db the track moves by that slope
times db, instead of being pulled there by the next plots as if the target had turned.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_fuse import factor_into
from tocsin.track._kernels_layout import BLOCK, DEAD, MODELS, SERIAL, STATUS
from tocsin.track._kernels_registration import E_COUNT, E_ID, E_SLOT, ERRORS, SLOTS, TARGET

Array = NDArray[np.float64]
Array3 = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEW = 6  # plots, before which an episode cannot tell


@kernel(
    "boolean(float64[:,:,::1], int64[:,::1], int64, float64[::1], float64[::1])", allocates=True
)
def slope_into(p: Array3, ints: Ints, m: int, change: Array, out: Array) -> bool:
    """What the target of episode m moves by (out, TARGET) for a change of the errors (ERRORS a
    sensor). False where its covariance is not positive definite.
    """
    n = 0
    while n < SLOTS and ints[m, E_SLOT + n] >= 0:
        n += 1
    n *= ERRORS
    factor, w = np.empty((n, n)), np.empty(n)
    for r in range(n):
        w[r] = change[ERRORS * ints[m, E_SLOT + r // ERRORS] + r % ERRORS]
        for c in range(n):
            factor[r, c] = p[m, TARGET + r, TARGET + c]
    if not factor_into(factor, 0, n):
        return False
    for r in range(n):
        for c in range(r):
            w[r] -= factor[r, c] * w[c]
        w[r] /= factor[r, r]
    for r in range(n - 1, -1, -1):
        for c in range(r + 1, n):
            w[r] -= factor[c, r] * w[c]
        w[r] /= factor[r, r]
    for d in range(TARGET):
        out[d] = 0.0
        for r in range(n):
            out[d] += p[m, d, TARGET + r] * w[r]
    return True


@kernel(
    "void(float64[:,::1], int64[:,::1], int64, float64[:,:,::1], int64[:,::1], float64[::1])",
    allocates=True,
)
def shift_into(
    tracks: Array, rows: Ints, live: int, p: Array3, ints: Ints, change: Array
) -> None:
    """Move the tracks that episodes follow by what the change of corrections means for them."""
    move = np.empty(TARGET)
    for m in range(ints.shape[0]):
        if ints[m, E_ID] == 0 or ints[m, E_COUNT] < _FEW:
            continue
        for i in range(live):
            if rows[i, SERIAL] != ints[m, E_ID] or rows[i, STATUS] == DEAD:
                continue
            if slope_into(p, ints, m, change, move):
                for b in range(MODELS):
                    for d in range(TARGET):
                        tracks[i, BLOCK * b + d] += move[d]
            break
