"""ASTERIX blocks and records walked by flat tables: EUROCONTROL-SPEC-0149, chapters 4 and 5.

The tables are those of `_flat`. The walk measures every item against the end of its block and
refuses for the same reason as the items' own `measure`, which is the plain twin of this file.
It writes events in the order of the octets: a record, or what ended a block or a payload.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Places = NDArray[np.int32]
Int = int | np.int64

SPARE, FIXED, EXTENDED, REPETITIVE, CHAINED, EXPLICIT, COMPOUND = range(7)
# What an event is. The first is a record; those up to WRONG_LENGTH lose the rest of a block,
# those up to SHORT_BLOCK the rest of a payload.
RECORD, TRUNCATED, SPARE_SET, EXTENSION, WRONG_LENGTH = range(5)
CUT_BLOCK, SHORT_BLOCK, NOT_READ, COUNTED, BESIDE, DUPLICATE = range(5, 11)
FRAME, CATEGORY, KIND, START, STOP, SOURCE, WHY_TIME, WHY_ROW = range(8)  # of an event
HEAD = 8
HEADER = 3  # category and two octets of length
COUNTED_PROFILE, BESIDE_PROFILE = -1, -2  # categories that others read


@kernel("int64(uint8[::1], int64, int64, int64, int64)")
def _measure(data: Octets, at: Int, end: Int, kind: Int, octets: Int) -> Int:
    """Return where an item without subitems ends, or minus the reason why it does not."""
    if kind == FIXED:
        return at + octets if at + octets <= end else -TRUNCATED
    if kind == EXTENDED:
        for _ in range(octets):
            if at >= end:
                return -TRUNCATED
            at += 1
            if not data[at - 1] & 1:
                return at
        return -EXTENSION
    if kind == CHAINED:
        while at + octets <= end:
            at += octets
            if not data[at - 1] & 1:
                return at
        return -TRUNCATED
    if at >= end:
        return -TRUNCATED
    said = np.int64(data[at])
    if kind == REPETITIVE:
        stop = at + 1 + said * octets
    else:
        if said == 0:
            return -WRONG_LENGTH
        stop = at + said
    return stop if stop <= end else -TRUNCATED


@kernel(
    "Tuple((int64, int64))(uint8[::1], int64, int64, int64, int64, int64[:,::1], int64[::1])"
)
def _presence(
    data: Octets, at: Int, end: Int, first: Int, count: Int, nodes: Table, present: Table
) -> tuple[Int, Int]:
    """Read a chained mask of presence bits: fill present with the rows of nodes that it names;
    return where it ends, or minus the reason, and how many they are (0 then).
    """
    n, base = 0, 0
    while True:
        if at >= end:
            return -TRUNCATED, 0
        octet = np.int64(data[at])
        at += 1
        for bit in range(7):
            if octet & (0x80 >> bit):
                row = first + base + bit
                if base + bit >= count or nodes[row, 0] == SPARE:
                    return -SPARE_SET, 0
                present[n] = row
                n += 1
        if not octet & 1:
            return at, n
        base += 7
        if base >= count:
            return -EXTENSION, 0


@kernel("int64(uint8[::1], int64, int64, int64, int64, int64[:,::1], int32[::1], int64[::1])")
def _compound(
    data: Octets, at: Int, end: Int, first: Int, count: Int, nodes: Table, places: Places,
    present: Table,
) -> Int:  # fmt: skip
    """Return where a compound item ends, or minus the reason; present is room for its rows."""
    at, n = _presence(data, at, end, first, count, nodes, present)
    for k in range(n):
        row = present[k]
        if nodes[row, 4] >= 0:
            places[nodes[row, 4]] = at
        at = _measure(data, at, end, nodes[row, 0], nodes[row, 1])
        if at < 0:
            return at
    return at


@kernel(
    "int64(uint8[::1], int64, int64, int64, int64, int64[:,::1], int32[::1], int64[::1],"
    " int64[::1])"
)
def _record(
    data: Octets, at: Int, end: Int, first: Int, count: Int, nodes: Table, places: Places,
    items: Table, present: Table,
) -> Int:  # fmt: skip
    """Return where a record ends, or minus the reason why it cannot be measured."""
    at, n = _presence(data, at, end, first, count, nodes, items)
    for k in range(n):
        row = items[k]
        kind = nodes[row, 0]
        if kind == COMPOUND:
            at = _compound(data, at, end, nodes[row, 2], nodes[row, 3], nodes, places, present)
        else:
            if nodes[row, 4] >= 0:
                places[nodes[row, 4]] = at
            at = _measure(data, at, end, kind, nodes[row, 1])
        if at < 0:
            return at
    return at


@kernel("void(int64[::1], int64, int64, int64, int64, int64)")
def _event_into(
    head: Table, frame: Int, category: Int, kind: Int, start: Int, stop: Int
) -> None:
    head[FRAME], head[CATEGORY], head[KIND] = frame, category, kind
    head[START], head[STOP], head[SOURCE] = start, stop, -1
    head[WHY_TIME], head[WHY_ROW] = 0, 0


@kernel(
    "int64(uint8[::1], int64[::1], int64[:,::1], int64[:,::1], int64[:,::1], int32[:,::1])",
    allocates=True,
)
def walk_into(
    data: Octets, bounds: Table, nodes: Table, profiles: Table, heads: Table, places: Places
) -> int:
    """Walk payloads that lie behind each other in data, bounds[k] to bounds[k + 1] each.

    heads (room, HEAD) and places (room, slots) get an event a row; a place of -1 means that
    the record lacks the item; SOURCE is SAC * 256 + SIC, -1 where there is no item 010.
    Returns how many events there are, -1 where the room is too small.
    """
    items, present = np.empty(64, np.int64), np.empty(64, np.int64)
    n, room = 0, heads.shape[0]
    for frame in range(bounds.shape[0] - 1):
        begin, end = bounds[frame], bounds[frame + 1]
        at = begin
        while at < end:
            if n >= room:
                return -1
            if end - at < HEADER:
                _event_into(heads[n], frame, -1, CUT_BLOCK, begin, end)
                n += 1
                break
            category = np.int64(data[at])
            length = np.int64(data[at + 1]) * 256 + np.int64(data[at + 2])
            if length <= HEADER or at + length > end:
                kind = SHORT_BLOCK if length <= HEADER else CUT_BLOCK
                _event_into(heads[n], frame, -1, kind, begin, end)
                n += 1
                break
            start, stop = at + HEADER, at + length
            at = stop
            first, count = profiles[category, 0], profiles[category, 1]
            if count <= 0:
                kind = NOT_READ
                if count == COUNTED_PROFILE:
                    kind = COUNTED
                elif count == BESIDE_PROFILE:
                    kind = BESIDE
                _event_into(heads[n], frame, category, kind, start, stop)
                n += 1
                continue
            begun, here = n, start
            while here < stop:
                if n >= room:
                    return -1
                places[n, :] = -1
                after = _record(
                    data, here, stop, first, count, nodes, places[n], items, present
                )
                if after < 0:
                    if profiles[category, 2]:
                        n = begun
                    _event_into(heads[n], frame, category, -after, start, stop)
                    n += 1
                    break
                _event_into(heads[n], frame, category, RECORD, here, after)
                source = places[n, 0]
                if source >= 0:
                    heads[n, SOURCE] = np.int64(data[source]) * 256 + np.int64(data[source + 1])
                n += 1
                here = after
    return n
