"""What identity remembers between looks, and how rows of it are found again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.identity._kernels_columns import WIDTH

__all__ = ["IdentityState", "keep_into", "open_identity", "recall"]


@dataclass(slots=True)
class IdentityState:
    """One row a live track, in ascending track_id; motion is (n, WIDTH).

    Rows of tracks that are no longer in the table are dropped, so it is as large as the table.
    The columns of `motion` are named in `_kernels_columns`.
    """

    track_id: NDArray[np.int64]
    motion: NDArray[np.float64]


def open_identity() -> IdentityState:
    """Return a state that has seen nothing."""
    return IdentityState(np.zeros(0, dtype=np.int64), np.zeros((0, WIDTH)))


def recall(state: IdentityState, track_id: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a copy of what is remembered of these tracks, in their order; new ones are 0."""
    motion = np.zeros((len(track_id), WIDTH))
    if len(state.track_id):
        at = np.minimum(np.searchsorted(state.track_id, track_id), len(state.track_id) - 1)
        known = state.track_id[at] == track_id
        motion[known] = state.motion[at[known]]
    return motion


def keep_into(
    state: IdentityState, track_id: NDArray[np.int64], motion: NDArray[np.float64]
) -> None:
    """Replace what the state holds by these tracks."""
    order = np.argsort(track_id, kind="stable")
    state.track_id = track_id[order]
    state.motion = np.ascontiguousarray(motion[order])
