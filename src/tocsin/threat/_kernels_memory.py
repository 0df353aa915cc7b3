"""What threat remembers, found again and kept; who may go on with a flight that was lost."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of where a track was at its last look: its site, when, where (east, north), its
# velocity, its newest plot, and the standard deviations of its place and of its velocity, the
# greater of east and north.
SITE, TIME, EAST, NORTH, VE, VN, UPDATED, SIGMA_M, SIGMA_MPS = range(9)
GONE = 9  # of what is gone: from this column on its memory


@kernel(
    "void(int64[::1], float64[:,::1], float64[:,::1], int64, int64, int64[::1], int32[::1],"
    " float64[:,::1])"
)
def recall_into(
    known: Ints,
    kept: Array,
    last: Array,
    columns: int,
    of_any_site: int,
    track_id: Ints,
    site: NDArray[np.int32],
    memory: Array,
) -> None:
    """Put the first columns of what was kept of each track into its row of memory; of one that
    is another site's now those that are of any site.

    known: the ids that are kept, ascending; last: where each was. Rows of others are left as
    they are.
    """
    for i in range(track_id.shape[0]):
        at = np.searchsorted(known, track_id[i])
        if at < known.shape[0] and known[at] == track_id[i]:
            same = last[at, SITE] == site[i]
            for c in range(columns if same else min(columns, of_any_site)):
                memory[i, c] = kept[at, c]


@kernel("float64(float64, float64)")
def _sigma(a: float, b: float) -> float:
    """Return the root of the greater of two variances; NaN where one is."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return math.sqrt(max(a, b))


@kernel(
    "void(float64, int64[::1], int32[::1], float64[::1], float64[:,::1], float64[:,:,::1],"
    " float64[:,::1], float64[:,::1], float64[:,::1])"
)
def keep_into(
    now_s: float,
    order: Ints,
    site: NDArray[np.int32],
    updated_s: Array,
    state: Array,
    covariance: Array,
    memory: Array,
    kept: Array,
    last: Array,
) -> None:
    """Fill kept with the rows of memory, and last (n, GONE) with where each is, in an order."""
    for k in range(order.shape[0]):
        i = order[k]
        for c in range(memory.shape[1]):
            kept[k, c] = memory[i, c]
        last[k, SITE], last[k, TIME] = site[i], now_s
        last[k, EAST], last[k, NORTH] = state[i, 0], state[i, 1]
        last[k, VE], last[k, VN] = state[i, 3], state[i, 4]
        last[k, UPDATED] = updated_s[i]
        last[k, SIGMA_M] = _sigma(covariance[i, 0, 0], covariance[i, 1, 1])
        last[k, SIGMA_MPS] = _sigma(covariance[i, 3, 3], covariance[i, 4, 4])
