"""What identity remembers between looks, and how rows of it are found again."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.identity._kernels_columns import MET, NOTCH, SEEN_S, WIDTH
from tocsin.identity._kernels_memory import NEW, recall_into
from tocsin.model import CLASSES

__all__ = ["HeardLook", "IdentityState", "keep_into", "lose_into", "open_identity", "recall"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LOST, LOST_S = 256, 120.0


@dataclass(frozen=True, slots=True)
class HeardLook:
    """One finished look of a direction finder: bearings and their sigmas in radians."""

    sensor: int
    bearings: Floats
    sigmas: Floats


@dataclass(slots=True)
class IdentityState:
    """One row a live track, in ascending track_id.

    motion is (n, WIDTH), its columns are named in `_kernels_columns`; motion_ln (n, classes +
    none) is the log likelihood of that motion when it was last worked out; label the label
    that `reasons` (by track) speak of; looks counts grid steps. Tracks that are no longer in
    the table are dropped, so all of it is as large as the table. lost (m, WIDTH), lost_id:
    motion of the newest LOST of those that a radar with a Doppler notch held, for LOST_S.
    bearings: (time, bearing, sigma) of each direction finder's open look; looks_heard wait for
    the next grid step; heard: by track the log likelihood ratio of "it transmits", at heard_s.
    """

    track_id: Ints
    motion: Floats
    motion_ln: Floats
    label: NDArray[np.uint8]
    lost: Floats
    lost_id: Ints
    reasons: dict[int, tuple[str, ...]] = field(default_factory=dict)
    looks: int = 0
    bearings: dict[int, list[tuple[float, float, float]]] = field(default_factory=dict)
    looks_heard: list[HeardLook] = field(default_factory=list)
    heard: dict[int, float] = field(default_factory=dict)
    heard_s: float = 0.0


def open_identity() -> IdentityState:
    """Return a state that has seen nothing."""
    return IdentityState(
        np.zeros(0, dtype=np.int64),
        np.zeros((0, WIDTH)),
        np.zeros((0, len(CLASSES) + 1)),
        np.zeros(0, dtype=np.uint8),
        np.zeros((0, WIDTH)),
        np.zeros(0, dtype=np.int64),
    )


def recall(state: IdentityState, track_id: Ints) -> tuple[Floats, Floats, NDArray[np.uint8]]:
    """Return copies of motion, motion_ln and label of these tracks, in their order; new ones
    are 0 (label 255: nothing was said yet).
    """
    n = len(track_id)
    motion, ln = np.empty((n, WIDTH)), np.empty((n, len(CLASSES) + 1))
    label = np.empty(n, dtype=np.uint8)
    recall_into(
        state.track_id, state.motion, state.motion_ln, state.label, track_id, motion, ln, label
    )
    return motion, ln, label


def lose_into(
    state: IdentityState,
    track_id: Ints,
    motion: Floats,
    label: NDArray[np.uint8],
    now_s: float,
) -> None:
    """Keep what was known of tracks that are gone since the last look, and give it back to
    those that are there again; motion and label as `recall` gave them.
    """
    new = np.count_nonzero(label == NEW)
    if len(state.lost):
        waits = state.lost[:, SEEN_S] > now_s - LOST_S
        if new:
            waits &= ~_give_back_into(state, track_id, motion)
        state.lost, state.lost_id = state.lost[waits], state.lost_id[waits]
    if len(track_id) - new == len(state.track_id):
        return
    gone = ~np.isin(state.track_id, track_id)
    gone &= (state.motion[:, NOTCH] > 0.0) & (state.motion[:, MET] > 0.0)
    rows = np.concatenate([state.lost, state.motion[gone]])
    ids = np.concatenate([state.lost_id, state.track_id[gone]])
    newest = np.sort(rows[:, SEEN_S].argsort(kind="stable")[-LOST:])
    state.lost, state.lost_id = rows.take(newest, 0), ids.take(newest)


def _give_back_into(state: IdentityState, track_id: Ints, motion: Floats) -> NDArray[np.bool_]:
    """Give what was lost to the tracks of the same ids; return which rows of it were."""
    back: NDArray[np.bool_] = np.isin(state.lost_id, track_id)
    for track, row in zip(state.lost_id[back].tolist(), state.lost[back]):
        motion[track_id == track] = row
    return back


def keep_into(
    state: IdentityState,
    track_id: Ints,
    motion: Floats,
    motion_ln: Floats,
    label: NDArray[np.uint8],
    reasons: tuple[tuple[str, ...], ...],
) -> None:
    """Replace what the state holds by these tracks."""
    order = track_id.argsort(kind="stable")
    state.track_id = track_id[order]
    state.motion = motion.take(order, 0)
    state.motion_ln = motion_ln.take(order, 0)
    state.label = label[order]
    state.reasons = dict(zip(track_id.tolist(), reasons))
    state.looks += 1
