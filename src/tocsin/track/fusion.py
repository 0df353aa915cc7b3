"""Joining what two trackers know of one thing: the test, and the sound sum.

Functions on whole arrays, for any number of pairs: the pipeline joins other trackers' tracks
with them, and a library user can.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.track import _kernels_fuse as kf
from tocsin.track.options import chi2_quantile

__all__ = ["covariance_intersection", "gate_limits", "near_pairs", "track_distance2"]

Floats = NDArray[np.float64]
Axes = NDArray[np.uint8]

_AXES = 6


def track_distance2(a: Any, a_cov: Any, b: Any, b_cov: Any, axes: Any = None) -> Floats:
    """Return (n,) the squared Mahalanobis distance of pairs of estimates.

    a, b: (n, 6) east, north, up m and their rates m/s in one frame at one time; a_cov, b_cov:
    (n, 6, 6); axes: (n, 6), true where both know the axis (all by default). Chi-square with as
    many degrees of freedom as axes, if both are of one thing and their errors independent;
    errors that the two share make it smaller. NaN where the sum of the covariances is not
    positive definite. Raises CallError for shapes that do not fit.
    """
    a, a_cov, b, b_cov, axes = _pairs(a, a_cov, b, b_cov, axes)
    out = np.empty(len(a))
    kf.distances_into(a, a_cov, b, b_cov, axes, np.empty((_AXES + 2, _AXES)), out)
    return out


def covariance_intersection(
    a: Any, a_cov: Any, b: Any, b_cov: Any, axes: Any = None
) -> tuple[Floats, Floats, Floats]:
    """Return states (n, 6), covariances (n, 6, 6) and weights (n,) of fused pairs.

    Shapes as in `track_distance2`; axes: those that b knows (a knows all). The result is
    sound for any correlation between the errors of the two; the weight is that of a, 1 where b
    adds nothing. A pair of which one covariance is not positive definite gives a unchanged and
    the weight NaN. Julier and Uhlmann, American Control Conference 1997.
    """
    a, a_cov, b, b_cov, axes = _pairs(a, a_cov, b, b_cov, axes)
    out, out_cov, weight = np.empty_like(a), np.empty_like(a_cov), np.empty(len(a))
    work = np.zeros((kf.ROOM, _AXES))
    kf.intersect_into(a, a_cov, b, b_cov, axes, work, out, out_cov, weight)
    return out, out_cov, weight


def near_pairs(
    a: Any, a_cov: Any, b: Any, b_cov: Any, axes: Any = None, *, gate: float = 0.999,
    reach_m: float = 5000.0,
) -> tuple[NDArray[np.int64], Floats]:  # fmt: skip
    """Return (k, 2) rows of a and of b that may be one thing, and (k,) their squared distances.

    a: (n, 6), b: (m, 6), with covariances; axes: (n, 6) those that a knows (b knows all).
    gate: share of pairs of one thing that pass. Pairs farther apart in plan than reach_m are
    not looked at. Sorted by distance, then by rows.
    """
    a, a_cov, axes = _estimates(a, a_cov, axes)
    b, b_cov, _ = _estimates(b, b_cov, None)
    limit = gate_limits(gate)
    room = max(4 * (len(a) + len(b)), 64)
    work = np.empty((_AXES + 2, _AXES))
    while True:
        pairs, distance2 = np.empty((room, 2), dtype=np.int64), np.empty(room)
        count = kf.near_into(a, a_cov, axes, b, b_cov, limit, reach_m, work, pairs, distance2)
        if count <= room:
            break
        room = count
    pairs, distance2 = pairs[:count], distance2[:count]
    order = np.lexsort((pairs[:, 1], pairs[:, 0], distance2))
    return pairs[order], distance2[order]


def gate_limits(probability: float) -> Floats:
    """Return (7,) the chi-square quantiles for 0 to 6 degrees of freedom (0 for none)."""
    return np.array([0.0, *(chi2_quantile(probability, n) for n in range(1, _AXES + 1))])


def _pairs(
    a: Any, a_cov: Any, b: Any, b_cov: Any, axes: Any
) -> tuple[Floats, Floats, Floats, Floats, Axes]:
    a, a_cov, _ = _estimates(a, a_cov, None)
    b, b_cov, axes = _estimates(b, b_cov, axes)
    if len(a) != len(b):
        raise CallError(
            f"{len(a)} estimates do not pair with {len(b)}; give as many of each",
            first=len(a), second=len(b),
        )  # fmt: skip
    return a, a_cov, b, b_cov, axes


def _estimates(states: Any, covariances: Any, axes: Any) -> tuple[Floats, Floats, Axes]:
    states = np.ascontiguousarray(states, dtype=np.float64)
    covariances = np.ascontiguousarray(covariances, dtype=np.float64)
    n = len(states)
    if states.shape != (n, _AXES) or covariances.shape != (n, _AXES, _AXES):
        raise CallError(
            f"estimates have shape {states.shape} with covariances {covariances.shape};"
            " they must be (n, 6) and (n, 6, 6)",
            states=states.shape, covariances=covariances.shape,
        )  # fmt: skip
    if axes is None:
        return states, covariances, np.ones((n, _AXES), dtype=np.uint8)
    known = np.ascontiguousarray(np.asarray(axes, dtype=bool).astype(np.uint8))
    if known.shape != (n, _AXES):
        raise CallError(f"axes has shape {known.shape}; it must be ({n}, 6)", axes=known.shape)
    return states, covariances, known
