"""A thing that is lost and found again under another number keeps the way that it has come.

A tracker cannot say so: what it dropped is gone. Here a new track takes over the way of one
that was dropped lately, where the two fit as one flight: the place where the old one would be,
its velocity, and that no sensor saw the old one after the new one began. At worst a bird takes
over what another bird has come, and is asked about; nothing of this proposes TAKE SHELTER.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin.model import TrackTable
from tocsin.threat import _kernels
from tocsin.threat import _kernels_memory as at
from tocsin.threat._state import GONE, ThreatState

__all__ = ["inherit_into"]

Floats = NDArray[np.float64]

ASK_FROM_S = 4.0  # before, a velocity is the difference of two plots
ASK_UNTIL_S = 30.0  # a tracker drops what it has not seen for some 20 s
OVERLAP_S = 2.0  # a new track's first plot may be of the old one's last turn
# How far off the line a thing may be found again: a turn, and two standard deviations of what
# the tracker knew of the old one; the same of its velocity, or a share of it.
TURN_M = 100.0
TURN_MPS = 4.0  # each second that it was not seen
MOST_M = 500.0
SIGMAS = 2.0
VELOCITY_MPS = 6.0
VELOCITY_SHARE = 0.35


def inherit_into(state: ThreatState, tracks: TrackTable, memory: Floats, now_s: float) -> None:
    """Give young tracks the way of those whose flight they go on with; each is asked until it
    has one or is no longer young.
    """
    if not len(state.gone):
        return
    weight, heir = memory[:, _kernels.WEIGHT], memory[:, _kernels.HEIR]
    is_young = (weight >= ASK_FROM_S) & (weight <= ASK_UNTIL_S) & (heir == 0.0)
    young = is_young.nonzero()[0]
    if not young.size:
        return
    gone = state.gone
    velocity = gone[:, at.VE : at.VN + 1]
    since_s = now_s - gone[:, at.TIME]
    place = gone[:, at.EAST : at.NORTH + 1] + since_s[:, None] * velocity
    known_m = gone[:, at.SIGMA_M] + gone[:, at.SIGMA_MPS] * since_s
    may_m = TURN_M + TURN_MPS * (now_s - gone[:, at.UPDATED]) + SIGMAS * known_m
    may_m = np.minimum(may_m, MOST_M)
    speed = np.sqrt((velocity**2).sum(axis=1))
    may_mps = np.maximum(VELOCITY_MPS, VELOCITY_SHARE * speed)
    may_mps = np.maximum(may_mps, SIGMAS * gone[:, at.SIGMA_MPS])
    for row in young.tolist():
        off_m = np.sqrt(((place - tracks.state[row, :2]) ** 2).sum(axis=1))
        turned = np.sqrt(((velocity - tracks.state[row, 3:5]) ** 2).sum(axis=1))
        fits = (
            (gone[:, at.SITE] == tracks.site[row])
            & (tracks.born_s[row] >= gone[:, at.UPDATED] - OVERLAP_S)
            & (off_m <= may_m)
            & (turned <= may_mps)
        )
        if fits.any():
            best = int(np.argmin(np.where(fits, off_m, np.inf)))
            _take_over_into(memory[row], gone[best])


def _take_over_into(row: Floats, gone: Floats) -> None:
    """Put the older way to each zone before the younger one, where it came from farther."""
    width = (len(row) - _kernels.REMEMBERED) // _kernels.OF_ZONE
    old = gone[GONE:]
    first = _kernels.REMEMBERED + width
    for far in range(first, first + width):
        if old[far] > row[far]:
            way, place = far + width, [far + 2 * width, far + 3 * width]
            between = row[place] - gone[at.EAST : at.NORTH + 1]
            row[way] += old[way] + np.sqrt((between**2).sum())
            row[far], row[place] = old[far], old[place]
    row[_kernels.HEIR] = 1.0
