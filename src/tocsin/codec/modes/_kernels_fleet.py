"""The aircraft of one receiver, one row an address, found through a table of slots.

slots (a power of two, at least twice the rows) hold row + 1 or 0 and are probed one after
another; rows are never taken out singly, so that no slot has to be marked as left.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Octets = NDArray[np.uint8]
Slots = NDArray[np.int32]
Table = NDArray[np.int64]
Column = NDArray[np.float64]
Int = int | np.int64

# Columns of `marks`. EVEN and ODD: latitude code, then longitude code.
SQUITTERS, ACCEPTED, TRUSTED, EVEN, _, ODD, _, NAC_P = range(8)
MARKS = 8
# Columns of `values`, degrees, seconds and SI.
(
    FIRST_S, HEARD_S, EVEN_S, ODD_S, LAT, LON, FIX_S, EAST_MPS, NORTH_MPS, UP_MPS,
    SIGMA_MPS, VELOCITY_S, DIFFERENCE_M, DIFFERENCE_SAID_S,
) = range(14)  # fmt: skip
VALUES = 14
CALLSIGN, NAMES = 8, 10  # octets of a call sign, and of it and the category

FULL, NO_ROOM = -1, -2
NEEDED, WITHIN_S = 2, 60.0  # squitters until an address counts as heard, and in what time
FORGET_S = 300.0  # an address not heard for so long starts anew
_SPREAD = 0x9E3779B1  # 2^32 over the golden ratio: neighbours in address come apart


@kernel("int64(int32[::1], int64[::1], int64)")
def slot_of(slots: Slots, keys: Table, key: Int) -> Int:
    """Return the slot that leads to a key, or the free one where it would go."""
    mask = slots.shape[0] - 1
    at: Int = key * _SPREAD >> 16 & mask
    while slots[at] and keys[slots[at] - 1] != key:
        at = (at + 1) & mask
    return at


@kernel("void(int64, int32[::1], int64[::1])", entry=True)
def index_into(count: Int, slots: Slots, keys: Table) -> None:
    """Fill the slots anew for the first `count` rows."""
    slots[:] = 0
    for row in range(count):
        slots[slot_of(slots, keys, keys[row])] = row + 1


@kernel(
    "int64(int64, float64, int32[::1], int64[::1], int64[:,::1], float64[:,::1], uint8[:,::1])",
    allocates=True,
)
def _forget_into(
    count: Int, now_s: float, slots: Slots, keys: Table, marks: Table, values: Column,
    names: Octets,
) -> Int:  # fmt: skip
    """Forget whom nobody has heard of late; where there is none such, noise: an address that
    was heard once and did not come back. Returns how many rows are left.
    """
    stale = 0
    for row in range(count):
        stale += not now_s - values[row, HEARD_S] <= FORGET_S
    left = 0
    for row in range(count):
        is_fresh = now_s - values[row, HEARD_S] <= FORGET_S
        stays = is_fresh if stale else marks[row, ACCEPTED] != 0
        if not stays:
            continue
        if left != row:
            keys[left] = keys[row]
            marks[left], values[left], names[left] = marks[row], values[row], names[row]
        left += 1
    index_into(left, slots, keys)
    return left


@kernel(
    "int64(int64, float64, int64, int64[::1], int32[::1], int64[::1], int64[:,::1],"
    " float64[:,::1], uint8[:,::1])"
)
def heard_into(
    key: Int, time_s: float, limit: Int, counts: Table, slots: Slots, keys: Table,
    marks: Table, values: Column, names: Octets,
) -> Int:  # fmt: skip
    """Note a squitter; return the row of its address (counts[0] has how many there are), FULL
    where `limit` are kept, NO_ROOM (and nothing done) where the columns must grow first.
    """
    row = np.int64(slots[slot_of(slots, keys, key)]) - 1
    if row >= 0 and time_s - values[row, HEARD_S] <= FORGET_S:
        marks[row, SQUITTERS] += 1
        if not marks[row, ACCEPTED]:
            is_soon = time_s - values[row, FIRST_S] <= WITHIN_S
            marks[row, ACCEPTED] = is_soon and marks[row, SQUITTERS] >= NEEDED
            if time_s - values[row, FIRST_S] > WITHIN_S:
                values[row, FIRST_S], marks[row, SQUITTERS] = time_s, 1
        values[row, HEARD_S] = time_s
        return row
    if row < 0:
        if counts[0] >= limit:
            counts[0] = _forget_into(counts[0], time_s, slots, keys, marks, values, names)
            if counts[0] >= limit:
                return FULL
        row = counts[0]
        if row == keys.shape[0]:
            return NO_ROOM
        keys[row] = key
        slots[slot_of(slots, keys, key)] = row + 1
        counts[0] += 1
    marks[row], values[row], names[row] = 0, np.nan, 0
    marks[row, SQUITTERS], marks[row, NAC_P] = 1, -1
    values[row, FIRST_S] = values[row, HEARD_S] = time_s
    return row


@kernel("void(int64, float64, int32[::1], int64[::1], int64[:,::1], float64[:,::1])")
def answered_into(
    address: Int, time_s: float, slots: Slots, keys: Table, marks: Table, values: Column
) -> None:
    """Count a reply as evidence for an address that a squitter has named.

    Its parity is laid over the address, so that any noise gives some address: it never names a
    new one, but that it hits a known one by chance is 1 in 2^24 for each that is known.
    """
    row = np.int64(slots[slot_of(slots, keys, address)]) - 1
    if row >= 0 and 0.0 <= time_s - values[row, HEARD_S] <= WITHIN_S:
        marks[row, ACCEPTED] = 1
