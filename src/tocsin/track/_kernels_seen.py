"""How well each sensor sees each track, beside what is stated of it: plain loops over a row.

A stated probability of detection is that of some usual target at some range. A camera that has
0.9 within 6 km finds a small multirotor at 2 km in half of its looks; taken at its word, five
looks without a plot ended tracks that it held. So of each track and sensor a share of what is
stated is learnt from looks of which a later plot proves that the track was there: another
sensor's, or its own where it measures no range. What a ranging sensor alone holds teaches
nothing of that track: weak tracks of far birds would live for longer and drift. It does count
for its sensor as a whole, whose probability is taken lower where it is plainly less than was
stated: a lone radar that has 0.5 and states 0.9 lost every track several times.

`seen` is (tracks, 3 sensors): when each sensor saw the track last, then what is missing from
the share (0: as stated), then how many looks without a plot are not yet booked.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.track._kernels_layout import A_HITS, A_LOOKS

Array = NDArray[np.float64]

_GAIN = 0.1  # some ten looks make the share
_LEAST = 0.3  # less would leave what is lost to chance plots for longer
# Of a sensor as a whole: how many looks say something, the share that passes for what was
# stated, and the one that is taken as it is.
_ENOUGH = 40.0
_FAIR, _POOR = 0.8, 0.65
_LEAST_OF_ALL = 0.2
_MOST_LOOKS = 20.0  # booked at once: a thing that comes back from behind a hill


@kernel("float64(float64[:,::1], int64, int64, int64)")
def share_of(seen: Array, i: int, sensors: int, k: int) -> float:
    """Return the share of its stated probability with which sensor k sees track i."""
    share: float = 1.0 - seen[i, sensors + k]
    return share


@kernel("void(float64[:,::1], int64, int64, int64, float64[:,::1])")
def count_into(seen: Array, i: int, sensors: int, k: int, audit: Array) -> None:
    """Count that sensor k saw track i, and every look since in which another or itself did not,
    for the sensors as a whole. Called before `book_into`, which forgets these looks. They fade
    with time alone: in one slice of another sensor nothing but misses may be booked.
    """
    for j in range(sensors):
        looks = min(seen[i, 2 * sensors + j], _MOST_LOOKS)
        hits = 0.0
        if j == k:
            looks += 1.0
            hits = 1.0
        if looks > 0.0:
            audit[j, A_LOOKS] += looks
            audit[j, A_HITS] += hits


@kernel("float64(float64[:,::1], int64, float64)")
def detection_share_of(audit: Array, k: int, stated: float) -> float:
    """Return the share of its stated probability with which sensor k sees what is there; 1
    until it is plainly less.
    """
    if audit[k, A_LOOKS] < _ENOUGH or stated <= 0.0:
        return 1.0
    share: float = audit[k, A_HITS] / (audit[k, A_LOOKS] * stated)
    if share > _FAIR:
        return 1.0
    if share > _POOR:  # from the one to the other without a step
        share += (share - _POOR) / (_FAIR - _POOR) * (1.0 - share)
    return max(share, _LEAST_OF_ALL)


@kernel("void(float64[:,::1], int64, int64, int64, float64, boolean)")
def book_into(seen: Array, i: int, sensors: int, k: int, stated: float, proven: bool) -> None:
    """Book that sensor k saw track i, and with it every look since in which another did not.

    stated: the probability that it would, 0 to 1; proven: looks of k count too, those with a
    plot and those before it without.
    """
    for j in range(sensors):
        missed = min(seen[i, 2 * sensors + j], _MOST_LOOKS)
        seen[i, 2 * sensors + j] = 0.0
        if missed > 0.0 and (j != k or proven):
            share = (1.0 - seen[i, sensors + j]) * (1.0 - _GAIN) ** missed
            seen[i, sensors + j] = 1.0 - max(share, _LEAST)
    if proven and seen[i, sensors + k] > 0.0 and stated > 0.0:
        share = 1.0 - seen[i, sensors + k]
        share += _GAIN * (1.0 / stated - share)
        seen[i, sensors + k] = max(1.0 - share, 0.0)
