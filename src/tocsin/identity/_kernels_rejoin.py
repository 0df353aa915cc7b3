"""What a new track was before: one that was lost where the new one begins, and stood still.

The tracker ends what nobody sees for long. A multirotor that hovers in a radar's Doppler notch
for a minute therefore comes again as another track. Where just one thing was lost at that
place and height, nothing else can have flown from there unseen and few other tracks begin
nearby, what was known of the lost one is known of the new one.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels_columns import (
    JOINED,
    LONGEST,
    MET,
    NOTCH,
    SEEN_S,
    SITE,
    TIME,
)
from tocsin.identity._kernels_gap import ends_where_it_began, judge_gap_into, note_into

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]

BACK_S = 15.0  # a track takes so long at most from its first plot to its being shown
# With six others that began within 1 km and 2 min, one of them begins within 60 m of a place
# within a minute by chance in about 1 of 100: more others than that, and nothing is joined.
ABOUT_M, ABOUT_S, OTHERS = 1000.0, 120.0, 6


@kernel("void(int64, float64, float64[:,::1], float64[:,:,::1], float64[::1], float64[:,::1])")
def _begun_into(
    i: int, back_s: float, state: Array, covariance: NDArray[np.float64], begun: Array,
    spread: Array,
) -> None:  # fmt: skip
    """Fill where track i was when it was first seen, back_s ago, by its velocity."""
    p = covariance[i]
    for c in range(6):
        begun[c] = state[i, c]
        for d in range(6):
            spread[c, d] = p[c, d]
    for c in range(3):
        begun[c] -= back_s * state[i, 3 + c]
        spread[c, c] += back_s * (back_s * p[3 + c, 3 + c] - 2.0 * p[c, 3 + c])
        spread[c, c] = max(spread[c, c], 1.0)


@kernel("int64(int64, int64[::1], uint8[::1], float64[::1], float64[:,::1])")
def _others_of(
    i: int, site: Ints, shown: NDArray[np.uint8], first_s: Array, state: Array
) -> int:
    """Return how many others have begun near track i in the last ABOUT_S."""
    count = 0
    for k in range(state.shape[0]):
        if k == i or shown[k] == 0 or site[k] != site[i] or first_s[k] < first_s[i] - ABOUT_S:
            continue
        east, north = state[k, 0] - state[i, 0], state[k, 1] - state[i, 1]
        count += east * east + north * north < ABOUT_M * ABOUT_M
    return count


@kernel(
    "void(float64, int64[::1], uint8[::1], float64[::1], float64[::1], float64[:,::1],"
    " float64[:,:,::1], float64[:,::1], float64[:,::1])",
    allocates=True,
)
def rejoin_into(
    now_s: float,
    site: Ints,
    shown: NDArray[np.uint8],
    first_s: Array,
    updated_s: Array,
    state: Array,
    covariance: NDArray[np.float64],
    lost: Array,
    acc: Array,
) -> None:
    """Give each track that is shown for the first time what was known of the one that was lost
    where it begins; the row of lost that was used is forgotten (SEEN_S 0).
    """
    begun, spread = np.empty(6), np.empty((6, 6))
    for i in range(state.shape[0]):
        if shown[i] == 0 or acc[i, MET] > 0.0:
            continue
        acc[i, MET], acc[i, SITE] = 1.0, site[i]
        back_s = now_s - first_s[i]
        if lost.shape[0] == 0 or back_s > BACK_S or acc[i, NOTCH] <= 0.0:
            continue
        _begun_into(i, back_s, state, covariance, begun, spread)
        found, count = -1, 0
        for j in range(lost.shape[0]):
            row = lost[j]
            if row[SEEN_S] <= 0.0 or row[SITE] != site[i]:
                continue
            if ends_where_it_began(row, first_s[i] - row[SEEN_S], begun, spread):
                found = j
                count += 1
        if count != 1 or _others_of(i, site, shown, first_s, state) > OTHERS:
            continue
        row, time_s = acc[i], acc[i, TIME]
        longest, notch = lost[found, LONGEST], row[NOTCH]
        acc[i] = lost[found]
        judge_gap_into(row, first_s[i] - lost[found, SEEN_S], begun, spread)
        if row[LONGEST] > longest:
            row[JOINED] = row[LONGEST]
        row[TIME], row[NOTCH] = time_s, notch
        note_into(row, updated_s[i], state[i], covariance[i])
        lost[found, SEEN_S] = 0.0
