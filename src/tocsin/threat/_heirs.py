"""A thing that is lost and found again under another number keeps the way that it has come.

A tracker cannot say so: what it dropped is gone. Here a new track takes over the way of one
that was dropped lately, where the two fit as one flight: the place where the old one would be,
its velocity, and that no sensor saw the old one after the new one began. What may have stopped
is looked for where it was last seen, for longer and whichever way it goes on. How surely it is
the same thing is kept with the way and bounds what the way can ask for: among many birds that
are lost and found, one takes over what another has come. Nothing of this proposes TAKE SHELTER.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin.model import TrackTable
from tocsin.threat import _kernels_heirs
from tocsin.threat._state import GONE, ThreatState

__all__ = ["inherit_into"]

Floats = NDArray[np.float64]


def inherit_into(state: ThreatState, tracks: TrackTable, memory: Floats, now_s: float) -> None:
    """Give young tracks the way of those whose flight they go on with; each is asked until it
    has one or is no longer young.
    """
    # With other zones than a look ago there is nothing to take over: `gone` begins anew.
    if len(state.gone) and state.gone.shape[1] == GONE + memory.shape[1]:
        _kernels_heirs.inherit_into(
            now_s, state.gone, tracks.site, tracks.status, tracks.born_s, tracks.state, memory
        )
