"""How good tracks are, against known truth: GOSPA with its parts, OSPA(2), NEES, SIAP.

Positions are rows (n, 3) in metres in one frame. These are for judging a tracker, not for the
live flow; they allocate as they like.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tocsin.errors import CallError
from tocsin.track.fusion import track_distance2

__all__ = ["Gospa", "Siap", "gospa", "nees", "ospa2", "siap"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gospa:
    """total m; localisation: sum of distances to the power p; missed, false: counts; pairs
    (k, 2): rows of truth and of estimates that were assigned; distance_m (k,).
    """

    total: float
    localisation: float
    missed: int
    false: int
    pairs: NDArray[np.int64]
    distance_m: Floats


@dataclass(frozen=True, slots=True)
class Siap:
    """Over all instants: completeness, share of truth with at least one track; ambiguity,
    tracks a tracked truth; spuriousness, share of tracks that are of no truth; position_m, mean
    distance of tracks to their truth. NaN where there is nothing to divide by.
    """

    completeness: float
    ambiguity: float
    spuriousness: float
    position_m: float


def gospa(truth_m: Any, estimates_m: Any, c_m: float, p: float = 2.0) -> Gospa:
    """Return GOSPA with alpha 2 of one instant (Rahmathullah, Garcia-Fernandez and Svensson,
    FUSION 2017): pairs farther apart than c_m count as one missed and one false.

    truth_m (n, 3), estimates_m (m, 3); a row with a NaN is not there, and not counted. Raises
    CallError for other shapes, c_m or p.
    """
    _check(c_m, p)
    (truth, of_truth), (estimates, of_estimates) = _there(truth_m), _there(estimates_m)
    distance = _distances(truth, estimates)
    cost = np.minimum(distance, c_m) ** p - c_m**p
    rows, columns = linear_sum_assignment(cost)
    near = distance[rows, columns] < c_m
    rows, columns = rows[near], columns[near]
    found = distance[rows, columns]
    localisation = float((found**p).sum())
    missed, false = len(truth) - len(rows), len(estimates) - len(rows)
    total = (localisation + 0.5 * c_m**p * (missed + false)) ** (1.0 / p)
    pairs = np.column_stack([of_truth[rows], of_estimates[columns]]).astype(np.int64)
    return Gospa(total, localisation, missed, false, pairs, found)


def ospa2(truth_m: Any, tracks_m: Any, c_m: float, p: float = 2.0) -> float:
    """Return OSPA(2) in metres over a window (Beard, Vo and Vo, "OSPA(2): Using the OSPA metric
    to evaluate multi-target tracking performance", 2017).

    truth_m (times, n, 3) and tracks_m (times, m, 3) at the same times, NaN where there is none:
    the distance of two tracks is the mean over the times at which either is there, c_m where
    only one is. Unlike GOSPA it sees broken and swapped identities. 0 for two empty sets.
    """
    _check(c_m, p)
    truth, tracks = np.asarray(truth_m, dtype=float), np.asarray(tracks_m, dtype=float)
    if (
        truth.ndim != 3
        or tracks.ndim != 3
        or len(truth) != len(tracks)
        or (truth.shape[2] != tracks.shape[2])
    ):
        raise CallError(
            f"truth has shape {truth.shape} and tracks {tracks.shape}; they must be (times, n,"
            " 3) and (times, m, 3)",
            truth=truth.shape, tracks=tracks.shape,
        )  # fmt: skip
    # One coordinate that is missing makes the first so, by which the rest is told.
    truth = np.where(np.isfinite(truth).all(axis=2, keepdims=True), truth, np.nan)
    tracks = np.where(np.isfinite(tracks).all(axis=2, keepdims=True), tracks, np.nan)
    truth = truth[:, np.isfinite(truth[:, :, 0]).any(axis=0)]
    tracks = tracks[:, np.isfinite(tracks[:, :, 0]).any(axis=0)]
    n, m = truth.shape[1], tracks.shape[1]
    if max(n, m) == 0:
        return 0.0
    total, count = np.zeros((n, m)), np.zeros((n, m))
    for here, there in zip(truth, tracks):
        a, b = np.isfinite(here[:, 0])[:, None], np.isfinite(there[:, 0])[None, :]
        gap = np.minimum(_distances(here, there), c_m)
        total += np.where(a & b, gap, np.where(a | b, c_m, 0.0))
        count += a | b
    mean = total / np.maximum(count, 1.0)
    rows, columns = linear_sum_assignment(mean**p)
    apart = float((mean[rows, columns] ** p).sum()) + c_m**p * abs(n - m)
    return float((apart / max(n, m)) ** (1.0 / p))


def nees(error_m: Any, covariance_m2: Any) -> Floats:
    """Return (n,) the squared normalised errors: for a consistent tracker chi-square with three
    degrees of freedom. error_m (n, 3), covariance_m2 (n, 3, 3); NaN for one that is not
    positive definite.
    """
    error, covariance = _rows(error_m), np.asarray(covariance_m2, dtype=float)
    n = len(error)
    if covariance.shape != (n, 3, 3):
        raise CallError(
            f"covariances have shape {covariance.shape}; they must be ({n}, 3, 3)",
            shape=covariance.shape,
        )
    state, spread, axes = np.zeros((n, 6)), np.zeros((n, 6, 6)), np.zeros((n, 6))
    state[:, :3], spread[:, :3, :3], axes[:, :3] = error, covariance, 1.0
    return track_distance2(state, spread, np.zeros((n, 6)), np.zeros((n, 6, 6)), axes)


def siap(truth_m: Sequence[Any], tracks_m: Sequence[Any], c_m: float) -> Siap:
    """Return the Single Integrated Air Picture measures over instants (Votruba and others,
    "Single Integrated Air Picture Metrics", SIAP technical report 2001-001).

    truth_m, tracks_m: at each instant, as many of both, rows (n, 3) and (m, 3); a row with a
    NaN is not there, and not counted. A track is of the nearest truth
    within c_m; a truth may have several tracks, which is what ambiguity counts.
    """
    _check(c_m, 1.0)
    if len(truth_m) != len(tracks_m):
        raise CallError(
            f"there are {len(truth_m)} instants of truth and {len(tracks_m)} of tracks; give as"
            " many of both",
            truth=len(truth_m), tracks=len(tracks_m),
        )  # fmt: skip
    held = truths = assigned = every = 0
    apart_m = 0.0
    for one, other in zip(truth_m, tracks_m, strict=True):
        (truth, _), (tracks, _) = _there(one), _there(other)
        truths, every = truths + len(truth), every + len(tracks)
        if not len(truth) or not len(tracks):
            continue
        distance = _distances(truth, tracks)
        nearest = distance.argmin(axis=0)
        gap = distance[nearest, np.arange(len(tracks))]
        near = gap < c_m
        held += len(np.unique(nearest[near]))
        assigned += int(near.sum())
        apart_m += float(gap[near].sum())
    return Siap(
        completeness=held / truths if truths else math.nan,
        ambiguity=assigned / held if held else math.nan,
        spuriousness=(every - assigned) / every if every else math.nan,
        position_m=apart_m / assigned if assigned else math.nan,
    )


def _rows(values: Any) -> Floats:
    rows = np.asarray(values, dtype=np.float64)
    if rows.size == 0:
        return np.zeros((0, 3))
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise CallError(
            f"positions have shape {rows.shape}; they must be (n, 3)", shape=rows.shape
        )
    return rows


def _there(values: Any) -> tuple[Floats, NDArray[np.intp]]:
    """Return the rows that are finite, and their places."""
    rows = _rows(values)
    places = np.flatnonzero(np.isfinite(rows).all(axis=1))
    return rows[places], places


def _distances(a: Floats, b: Floats) -> Floats:
    gap = a[:, None, :] - b[None, :, :]
    distance: Floats = np.sqrt((gap * gap).sum(axis=2))
    return distance


def _check(c_m: float, p: float) -> None:
    if not (math.isfinite(c_m) and c_m > 0.0 and 1.0 <= p < math.inf):
        raise CallError(
            f"c_m is {c_m} and p {p}; c_m must be above 0, p at least 1, both finite",
            c_m=c_m,
            p=p,
        )
