"""The aircraft of one receiver as columns, and how they grow."""

import numpy as np

from tocsin.codec._session import Fleet
from tocsin.codec.modes import _kernels_fleet as kernels

__all__ = ["AIRCRAFT_LIMIT", "grow_into", "open_fleet"]

AIRCRAFT_LIMIT = 20_000  # addresses of one receiver: all that fly in a continent
_FIRST_ROOM = 64


def open_fleet() -> Fleet:
    """Return a fleet of none."""
    return Fleet(
        count=0,
        slots=np.zeros(2 * _FIRST_ROOM, np.int32),
        keys=np.zeros(_FIRST_ROOM, np.int64),
        marks=np.zeros((_FIRST_ROOM, kernels.MARKS), np.int64),
        values=np.zeros((_FIRST_ROOM, kernels.VALUES)),
        names=np.zeros((_FIRST_ROOM, kernels.NAMES), np.uint8),
    )


def grow_into(fleet: Fleet) -> None:
    """Make room for twice as many."""
    room = 2 * len(fleet.keys)
    for name in ("keys", "marks", "values", "names"):
        old = getattr(fleet, name)
        new = np.zeros((room, *old.shape[1:]), old.dtype)
        new[: fleet.count] = old[: fleet.count]
        setattr(fleet, name, new)
    fleet.slots = np.zeros(2 * room, np.int32)
    kernels.index_into(fleet.count, fleet.slots, fleet.keys)
