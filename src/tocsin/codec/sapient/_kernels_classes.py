"""Classifications of a detection report as class scores; the same rules as `classes`."""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.sapient._kernels_wire import DEPTH, Int, Octets, Table, little_endian, varint

Array = NDArray[np.float64]

CLASSES = 6
FLOOR = 1e-3  # see `classes`
TYPE, CONFIDENCE = 1, 2  # fields of a classification and of a subclass
TOP_BELOW, SUB_BELOW = 3, 4  # the field that holds subclasses, of either
FOUND, BELOW = 0, 1  # places of what `item_into` finds


@kernel("float64(uint8[::1], int64)")
def single_at(data: Octets, at: Int) -> float:
    """Return the float32 at a place, as float64."""
    return np.float64(np.uint32(little_endian(data, at, 4)).view(np.float32))


@kernel("int64(uint8[::1], int64, int64, int64)")
def after_field(data: Octets, at: Int, stop: Int, wire: Int) -> Int:
    """Return where a field ends whose key ends at `at`; the message has been walked before."""
    if wire == 0:
        return varint(data, at, stop, 10)[1]
    if wire == 1:
        return at + 8
    if wire == 5:
        return at + 4
    size, at = varint(data, at, stop, 3)
    return at + size


@kernel("boolean(uint8)")
def _is_space(octet: int) -> bool:
    """Tell whether Python's `str.strip` takes an ASCII character away."""
    return octet == 32 or 9 <= octet <= 13 or 28 <= octet <= 31


@kernel("int64(uint8[::1], int64, int64, uint8[:,::1], int64[::1], int64[::1])")
def mask_of(
    data: Octets, at: Int, stop: Int, names: Octets, lengths: Table, masks: Table
) -> Int:
    """Return the classes that a name of the taxonomy may be, a bit each; 0: it is not known."""
    for k in range(at, stop):
        if data[k] == 58:  # ":"
            at = k + 1
    while at < stop and _is_space(data[at]):
        at += 1
    while at < stop and _is_space(data[stop - 1]):
        stop -= 1
    for row in range(len(lengths)):
        if lengths[row] != stop - at:
            continue
        same = True
        for k in range(stop - at):
            octet = data[at + k]
            small = octet | 32 if 65 <= octet <= 90 else octet
            if small != names[row, k]:
                same = False
                break
        if same:
            return int(masks[row])
    return 0


@kernel(
    "float64(uint8[::1], int64, int64, int64, float64, uint8[:,::1], int64[::1], int64[::1],"
    " int64[::1])"
)
def item_into(
    data: Octets, at: Int, stop: Int, below: Int, confidence: float, names: Octets,
    lengths: Table, masks: Table, found: Table,
) -> float:  # fmt: skip
    """Read one item; found gets its classes and whether it holds others. Returns its
    confidence, else that of what is above it.
    """
    found[FOUND], found[BELOW] = 0, 0
    while at < stop:
        key, at = varint(data, at, stop, 2)
        after = after_field(data, at, stop, key & 7)
        if key >> 3 == TYPE:
            start = varint(data, at, stop, 3)[1]
            found[FOUND] = mask_of(data, start, after, names, lengths, masks)
        elif key >> 3 == CONFIDENCE:
            confidence = single_at(data, at)
        elif key >> 3 == below:
            found[BELOW] = 1
        at = after
    return confidence


@kernel("int64(int64)")
def _bits_in(mask: Int) -> Int:
    n: Int = 0
    for k in range(CLASSES):
        n += mask >> k & 1
    return n


@kernel("void(int64, float64, float64[:,::1], int64)")
def _share_into(named: Int, said: float, scores: Array, row: Int) -> None:
    """Share what is open among the classes not named, and make the sum 1."""
    others = CLASSES - _bits_in(named)
    total = 0.0
    for k in range(CLASSES):
        if not named >> k & 1:
            scores[row, k] += max(0.0, 1.0 - said) / others
        total += max(FLOOR, scores[row, k])
    for k in range(CLASSES):
        scores[row, k] = max(FLOOR, scores[row, k]) / total


@kernel(
    "boolean(uint8[::1], int64[:,::1], int64, uint8[:,::1], int64[::1], int64[::1],"
    " float64[:,::1], int64)",
    allocates=True,
)
def scores_into(
    data: Octets, items: Table, count: Int, names: Octets, lengths: Table, masks: Table,
    scores: Array, row: Int,
) -> bool:  # fmt: skip
    """Write a row of scores; False (and a row without meaning) where nothing known is said.

    The deepest known name of each branch counts, in the order of the message.
    """
    found = np.zeros(2, np.int64)
    levels = np.zeros((DEPTH + 1, 4), np.int64)  # at, stop, classes above, field of those below
    above_of = np.zeros(DEPTH + 1)
    named, said = np.int64(0), 0.0
    for k in range(CLASSES):
        scores[row, k] = 0.0
    for item in range(count):
        depth = 0
        at, stop, below = items[item, 0], items[item, 1], np.int64(TOP_BELOW)
        above, confidence = np.int64(0), 1.0
        while True:
            own = item_into(data, at, stop, below, confidence, names, lengths, masks, found)
            fitting = found[FOUND] if found[FOUND] else above
            if found[BELOW]:
                levels[depth, 0], levels[depth, 1] = at, stop
                levels[depth, 2], levels[depth, 3] = fitting, below
                above_of[depth] = own
                depth += 1
            elif fitting and 0.0 <= own <= 1.0:
                said += own
                each = own / _bits_in(fitting)
                named |= fitting
                for k in range(CLASSES):
                    if fitting >> k & 1:
                        scores[row, k] += each
            at = np.int64(-1)
            while depth and at < 0:  # the next item of the deepest level that has one
                place, end, tag = (
                    levels[depth - 1, 0],
                    levels[depth - 1, 1],
                    levels[depth - 1, 3],
                )
                while place < end:
                    key, place = varint(data, place, end, 2)
                    after = after_field(data, place, end, key & 7)
                    if key >> 3 == tag:
                        at, stop = varint(data, place, end, 3)[1], after
                        break
                    place = after
                if at < 0:
                    depth -= 1
                else:
                    levels[depth - 1, 0] = stop
                    above, confidence = levels[depth - 1, 2], above_of[depth - 1]
                    below = np.int64(SUB_BELOW)
            if at < 0:
                break
    if not named:
        return False
    _share_into(named, said, scores, row)
    return True
