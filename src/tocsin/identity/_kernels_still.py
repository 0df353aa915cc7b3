"""How long a flying thing has stood still in the air in one place: no bird does for a minute.

A spell at standstill begins once the thing has been seen to fly, so a mast, a crane or a
tethered balloon, which never does, has none. It ends when the thing flies on, or has drifted
from where the spell began. The longest spell is remembered for some minutes.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.identity._kernels_columns import FLOWN, JOINED, LONGEST, SPELL, SPELL_AT

Array = NDArray[np.float64]

FLIES_MPS = 4.5  # as in `_kernels_sums`: fewer than 5 in 100 birds cruise more slowly
FLOWN_S = 5.0  # so long it has to have been seen to fly
STAYS_M = 25.0  # from where the spell began, beside twice the filter's own deviation
# A kestrel hunts in short bouts in one place and flies on to the next (Videler, Weihs, Daan,
# "Intermittent gliding in the hunting flight of the kestrel", J. exp. Biol. 102 (1983) 1-12).
# How long they last is assumed: 20 s say nothing, of longer ones a third as many every BOUT_S.
# Gulls hang in the wind for longer, so nothing counts more than MOST_LN.
USUAL_S = 20.0
BOUT_S = 10.0
MOST_LN = math.log(40.0)
FORGET_S = 180.0


@kernel("void(float64[::1], float64, float64[::1], float64[:,::1], float64, float64, boolean)")
def spell_into(
    row: Array, dt: float, state: Array, p: Array, speed: float, variance: float, still: bool
) -> None:
    """Add one look of dt seconds to a track's spell; state (6,), p (6, 6); speed and its
    variance; still: slower than things fly, so far as is known, and above the ground.
    """
    fade = math.exp(-dt / FORGET_S)
    row[LONGEST] *= fade
    row[JOINED] *= fade
    if speed - 2.0 * math.sqrt(max(variance, 0.0)) >= FLIES_MPS:
        row[SPELL] = 0.0
        row[FLOWN] += dt
        return
    if speed >= FLIES_MPS or row[FLOWN] < FLOWN_S:
        return
    if row[SPELL] <= 0.0:
        if not still:
            return
        row[SPELL_AT], row[SPELL_AT + 1] = state[0], state[1]
    east, north = state[0] - row[SPELL_AT], state[1] - row[SPELL_AT + 1]
    reach = STAYS_M + 2.0 * math.sqrt(max(p[0, 0], p[1, 1]))
    if east * east + north * north > reach * reach:
        row[SPELL] = 0.0
        return
    row[SPELL] += dt
    row[LONGEST] = max(row[LONGEST], row[SPELL])


@kernel("float64(float64[::1])")
def spell_ln(row: Array) -> float:
    """Return how much likelier a multirotor than a bird stands still for so long (log)."""
    longest: float = row[LONGEST]
    return min(max(longest - USUAL_S, 0.0) / BOUT_S, MOST_LN)
