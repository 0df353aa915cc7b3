"""What identity remembers, found again for the tracks of a look: plain loops over rows."""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels import accumulate_into
from tocsin.identity._kernels_columns import SECONDS
from tocsin.identity._kernels_gap import notice_into

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]
Bits = NDArray[np.uint64]

NEW = 255  # label of a track that was not there before


@kernel(
    "void(int64[::1], float64[:,::1], float64[:,::1], uint8[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], uint8[::1])",
    allocates=True,
)
def recall_into(
    known: Ints,
    kept: Array,
    kept_ln: Array,
    kept_label: Octets,
    track_id: Ints,
    motion: Array,
    ln: Array,
    label: Octets,
) -> None:
    """Fill motion, ln and label of each track with what was kept of it; 0, and NEW, where
    nothing was. known: the ids that are kept, ascending.
    """
    for i in range(track_id.shape[0]):
        at = np.searchsorted(known, track_id[i])
        if at < known.shape[0] and known[at] == track_id[i]:
            motion[i] = kept[at]
            ln[i] = kept_ln[at]
            label[i] = kept_label[at]
        else:
            motion[i] = 0.0
            ln[i] = 0.0
            label[i] = NEW


@kernel(
    "void(float64, float64, float64, int64, int64, int64[::1], float64[::1], uint64[::1],"
    " float64[::1], float64[::1], float64[:,::1], float64[:,:,::1], uint8[::1], float64[:,::1],"
    " boolean[::1])"
)
def look_into(
    now_s: float,
    coast_s: float,
    young_s: float,
    looks: int,
    turns: int,
    track_id: Ints,
    updated_s: Array,
    sensors: Bits,
    notch_mps: Array,
    period_s: Array,
    state: Array,
    covariance: Array,
    use: Octets,
    motion: Array,
    due: NDArray[np.bool_],
) -> None:
    """Add a look to the motion of each track that was updated within coast_s, and mark those
    that are due to be worked out anew: until young_s always, then on every look of `turns`.
    use (n,): work space.
    """
    for i in range(track_id.shape[0]):
        use[i] = updated_s[i] > now_s - coast_s
    notice_into(updated_s, sensors, notch_mps, period_s, state, covariance, motion)
    accumulate_into(now_s, state, covariance, use, motion)
    for i in range(track_id.shape[0]):
        due[i] = (track_id[i] + looks) % turns == 0 or motion[i, SECONDS] < young_s
