"""Whose a thing is that comes in no site's own frame: a plain loop over things."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

__all__ = ["claim_into"]

Array = NDArray[np.float64]

LEAVES_S = (
    120.0  # who leaves one site is another's sooner, by the way that it goes in this time
)


@kernel("void(float64[:,:], float64[:], float64[:], int64, float64[::1], int64[::1])")
def claim_into(
    place_m: Array,
    east_mps: Array,
    north_mps: Array,
    site: int,
    away_m: Array,
    whose: NDArray[np.int64],
) -> None:
    """Put a site's index into whose (n,) for things that are more its than any site's before.

    place_m (n, 2 or more): east, north in the site's frame, NaN beyond its radius; velocities
    NaN where not known. away_m (n,): how far each was from the one that it is of, in plan; of
    a site that it leaves, farther by what it goes in LEAVES_S. So a thing that has passed one
    base is judged for the next at once, and not only from half-way on.
    """
    for i in range(place_m.shape[0]):
        east, north = place_m[i, 0], place_m[i, 1]
        off_m = math.sqrt(east * east + north * north)
        leaving = (east * east_mps[i] + north * north_mps[i]) / max(off_m, 1.0)
        reckoned = off_m + (LEAVES_S * leaving if leaving > 0.0 else 0.0)
        if reckoned < away_m[i]:
            away_m[i], whose[i] = reckoned, site
