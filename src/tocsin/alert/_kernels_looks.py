"""What a look may begin with: marks of tracks, and rows of threats, as plain loops."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

BITS = SETTLED, SEEN, PROVEN, IN_VIEW, PLACED = (1, 2, 4, 8, 16)  # of a mark
# Places in `limits`: looks and seconds until a velocity is believed, until a track is proven;
# a speed that is beyond birds; how well a speed is known; how long ago a sensor may have seen.
HITS, SETTLED_S, PROVEN_S, FAST_MPS, KNOWN_MPS, KNOWN_SHARE, IN_VIEW_S = range(7)
LEAST_SHARE = 1e-9


@kernel("float64(float64, float64)")
def _greater(a: float, b: float) -> float:
    """Return the greater of two; NaN where one is."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return max(a, b)


@kernel(
    "void(float64, uint8, uint8, int32[::1], float64[::1], float64[::1], float64[:,::1],"
    " float64[:,:,::1], uint64[::1], uint64[::1], int32[::1], uint8[::1], uint8[::1],"
    " float64[::1], uint8[::1])"
)
def marks_into(
    now_s: float,
    measured: int,
    confirmed: int,
    hits: NDArray[np.int32],
    born_s: Array,
    updated_s: Array,
    state: Array,
    covariance: Array,
    sensors: NDArray[np.uint64],
    ranging: NDArray[np.uint64],
    site: NDArray[np.int32],
    status: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    limits: Array,
    out: NDArray[np.uint8],
) -> None:
    """Fill out (n,) with what each track may do (see SETTLED to PLACED).

    measured, confirmed: the kind and the status of that name; ranging (sites + 1,): bits of the
    sensors of each site that measure range, 0 in the last row, for tracks of no site.
    """
    none, one = np.uint64(0), np.uint64(1)
    last = ranging.shape[0] - 1
    for i in range(hits.shape[0]):
        told = kind[i] != measured
        age_s = now_s - born_s[i]
        east, north = state[i, 3], state[i, 4]
        spread = math.sqrt(_greater(covariance[i, 3, 3], covariance[i, 4, 4]))
        speed = math.sqrt(east * east + north * north)
        known = spread <= _greater(limits[KNOWN_MPS], limits[KNOWN_SHARE] * speed)
        many = hits[i] >= limits[HITS]
        fast = hits[i] >= limits[HITS] - 1.0 and speed - 2.0 * spread >= limits[FAST_MPS]
        own = ranging[min(site[i], last)]
        by = sensors[i]
        several = by != none and (by & (by - one)) != none
        placed = (by & own) != none or own == none or several
        mark = 0
        if told or fast or (many and age_s >= limits[SETTLED_S]):
            mark |= SETTLED
        if told or (status[i] == confirmed and placed and known):
            mark |= SEEN
        if told or (many and age_s >= limits[PROVEN_S]):
            mark |= PROVEN
        if now_s - updated_s[i] <= limits[IN_VIEW_S]:
            mark |= IN_VIEW
        if told or placed:
            mark |= PLACED
        out[i] = mark


@kernel(
    "int64(int64[::1], int64[::1], float64[::1], float64[::1], float64[::1], float64[::1],"
    " float64, float64, float64, float64, float64[::1], float64[::1], int64[::1])"
)
def rows_into(
    order: Ints,
    track_id: Ints,
    p_zone: Array,
    p_harm: Array,
    p_asked: Array,
    early_s: Array,
    least_harm: float,
    least_zone: float,
    now_s: float,
    horizon_s: float,
    asked: Array,
    share: Array,
    keep: Ints,
) -> int:
    """Fill asked, the greater of both probabilities of harm, and share, p_zone as a share of
    that of the track's likeliest zone; put into keep, in their order, the rows that are not
    surely harmless and arrive within the horizon, and return how many.

    order: the places of the rows by track.
    """
    n = track_id.shape[0]
    begin = 0
    while begin < n:
        end, best = begin, LEAST_SHARE
        while end < n and track_id[order[end]] == track_id[order[begin]]:
            best = _greater(best, p_zone[order[end]])
            end += 1
        for at in range(begin, end):
            share[order[at]] = p_zone[order[at]] / best
        begin = end
    kept = 0
    for i in range(n):
        asked[i] = _greater(p_harm[i], p_asked[i])
        likely = asked[i] >= least_harm and p_zone[i] >= least_zone
        if likely and early_s[i] - now_s <= horizon_s:
            keep[kept] = i
            kept += 1
    return kept
