"""What sensors' class reports of a track come to: plain loops over one track's row.

A classifier's reports of one thing are not independent: it errs alike while the view is the
same, and as often as its makers say whatever it was sure of. So reports count by the time that
they cover, what one view tells is bounded, and older views fade.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_layout import (
    CLASS_LOG,
    CLASSES,
    P_CLASS,
    P_TIME,
    VIEW_LOG,
    VIEW_S,
)

Array = NDArray[np.float64]

# A classifier errs alike while the view is the same: over this long its reports are one.
CLASS_S = 5.0
# A view lasts so long, and tells at most this. Published classifiers are right of birds and
# drones in 90 to 96 of 100. In 41 simulated days of 4,000 birds four of five false TAKE SHELTER
# were birds 1 km off of which one to three reports had been wrong, by up to 14 to 1.
LASTS_S = 10.0
MOST_LN = math.log(9.0)
FADE = 0.75  # what is left of the views before when a new one begins


@kernel("float64(float64, float64)")
def class_weight(wait_s: float, period_s: float) -> float:
    """Return what a class report counts, wait_s after the same sensor saw the track last
    (infinite: never, then its period tells): all of it after CLASS_S.
    """
    if not math.isfinite(wait_s):
        wait_s = period_s
    return min(1.0, max(0.0, wait_s / CLASS_S))


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, float64)")
def report_into(tracks: Array, i: int, plots: Array, p: int, weight: float) -> None:
    """Add what plot p reports of the class of track i, if it does."""
    says = False
    for c in range(CLASSES):
        says = says or plots[p, P_CLASS + c] != 0.0
    if not says:
        return
    at_s = plots[p, P_TIME]
    if at_s - tracks[i, VIEW_S] > LASTS_S:
        best = tracks[i, VIEW_LOG]
        for c in range(1, CLASSES):
            best = max(best, tracks[i, VIEW_LOG + c])
        for c in range(CLASSES):
            told = max(tracks[i, VIEW_LOG + c] - best, -MOST_LN)
            tracks[i, CLASS_LOG + c] = FADE * (tracks[i, CLASS_LOG + c] + told)
            tracks[i, VIEW_LOG + c] = 0.0
        tracks[i, VIEW_S] = at_s
    for c in range(CLASSES):
        tracks[i, VIEW_LOG + c] += weight * plots[p, P_CLASS + c]


def class_logs(tracks: Array) -> Array:
    """Return (n, CLASSES): what all views of each track tell together, the present one too."""
    view = tracks[:, VIEW_LOG : VIEW_LOG + CLASSES]
    told = np.maximum(view - view.max(axis=1, initial=-math.inf, keepdims=True), -MOST_LN)
    out: Array = tracks[:, CLASS_LOG : CLASS_LOG + CLASSES] + told
    return out
