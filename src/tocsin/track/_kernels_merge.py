"""Two tracks of one target: found by the plots that they share, never by their distance.

Belief propagation gives each of two such tracks half of the target's one plot and keeps both
alive. Two neighbours look alike in one scan, but bring two plots; so a pair is a duplicate
only where one plot after another had to do for both.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_layout import (
    DEAD,
    FIRST_S,
    ID,
    LOG_MERGED,
    RIVAL,
    SERIAL,
    SHARED,
    STATUS,
    TENTATIVE,
)
from tocsin.track._kernels_life import log_into

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_SHARE = 0.2  # of the plot, for each of the two
_ONE_PLOT = 1.3  # the two together have about one plot,
_TWO_PLOTS = 1.6  # or about two
_SCANS = 8  # two neighbours, each seen 9 times in 10, go so far with chance 0.18^8 = 1e-6


@kernel(
    "void(int64[::1], int64, int64[:,::1], float64[:,::1], int64[::1], int64, int64[:,::1],"
    " int64[::1],"
    " int64[::1], float64[::1], float64[::1])"
)
def rivals_into(
    rows: Ints, n_rows: int, edge_plot: Ints, share: Array, held: Ints, n_cols: int, ints: Ints,
    first: Ints, second: Ints, first_share: Array, second_share: Array,
) -> None:  # fmt: skip
    """Count, for the two tracks with the largest shares of a plot, the scans in which it had
    to do for both without two plots between. The arrays by plot are work space.
    """
    for j in range(n_cols):
        first[j], second[j] = -1, -1
        first_share[j], second_share[j] = 0.0, 0.0
    for q in range(n_rows):
        i = rows[q]
        for e in range(held[i]):
            j = edge_plot[i, e]
            if share[i, e] > first_share[j]:
                second[j], second_share[j] = first[j], first_share[j]
                first[j], first_share[j] = i, share[i, e]
            elif share[i, e] > second_share[j]:
                second[j], second_share[j] = i, share[i, e]
    for j in range(n_cols):
        if second_share[j] < _LEAST_SHARE:
            continue
        a, b = first[j], second[j]
        total = 0.0
        for e in range(held[a]):
            total += share[a, e]
        for e in range(held[b]):
            total += share[b, e]
        # The younger of the two keeps the count; rows are in the order of birth.
        if a > b:
            a, b = b, a
        if total < _ONE_PLOT:
            if ints[b, RIVAL] == ints[a, SERIAL]:
                ints[b, SHARED] += 1
            else:
                ints[b, RIVAL], ints[b, SHARED] = ints[a, SERIAL], 1
    for q in range(n_rows):
        b = rows[q]
        if ints[b, SHARED] == 0:
            continue
        total = 0.0
        for e in range(held[b]):
            total += share[b, e]
        for other in range(n_rows):
            a = rows[other]
            if ints[a, SERIAL] == ints[b, RIVAL]:
                for e in range(held[a]):
                    total += share[a, e]
        if total > _TWO_PLOTS:
            ints[b, SHARED] = 0


@kernel(
    "void(int64[::1], int64, float64[:,::1], int64[:,::1], float64, float64[:,::1], int64[::1])"
)
def merge_into(
    rows: Ints, n_rows: int, tracks: Array, ints: Ints, at_s: float, log: Array, counters: Ints
) -> None:
    """End one of each pair of duplicates: the younger,"
    " but never a shown one for a tentative.
    """
    for q in range(n_rows):
        b = rows[q]
        if ints[b, SHARED] < _SCANS or ints[b, STATUS] == DEAD:
            continue
        a = -1
        for other in range(n_rows):
            if ints[rows[other], SERIAL] == ints[b, RIVAL]:
                a = rows[other]
        ints[b, SHARED] = 0
        if a < 0 or ints[a, STATUS] == DEAD:
            continue
        if ints[a, STATUS] == TENTATIVE and ints[b, STATUS] != TENTATIVE:
            a, b = b, a
        tracks[a, FIRST_S] = min(tracks[a, FIRST_S], tracks[b, FIRST_S])
        if ints[b, STATUS] != TENTATIVE:
            log_into(LOG_MERGED, at_s, ints[b, ID], log, counters)
        ints[b, STATUS] = DEAD
