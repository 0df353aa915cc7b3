"""Protobuf's wire format, walked by tables (protobuf.dev/programming-guides/encoding).

The walk takes a message only where it is sure that protobuf would, and that no rule of the
standard is broken; whatever is unusual (an unknown field, a field twice, a text that is not
ASCII, deep nesting) is left to the reader in Python, which knows the reason.

`fields[type, number]` is (kind, is a list, type of what it holds, slot); `rules[type]` is masks
of field numbers: needed, and of up to two choices the members (all are there as a rule may
need one of them), then of up to two choices the members of which at most one may be there.
A slot keeps what was found: `bits` of a number, `spans` of a text; the slot of a list of
messages is its row of `lists`.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Bits = NDArray[np.uint64]
Int = int | np.int64

UNKNOWN, DOUBLE, FLOAT, INT, LONG, TEXT, UUID, ULID, MESSAGE = range(9)
NUMBERS = 32  # field numbers below this are known
DEPTH = 8  # messages within messages
LIST_LIMIT = 16  # entries of one list that are kept
SHORTEST_LENGTH = 3  # octets of a length: messages have at most 1 MiB
INT_OCTETS, LONG_OCTETS = 5, 9  # of numbers that are not negative
INT_LIMIT = 1 << 31
ASCII = 0x80
ID_UUID, ID_ULID = 36, 26


@kernel("UniTuple(int64, 2)(uint8[::1], int64, int64, int64)")
def varint(data: Octets, at: Int, stop: Int, most: Int) -> tuple[Int, Int]:
    """Return a number and where it ends; -1 for the place where it has over `most` octets."""
    value = np.int64(0)
    for k in range(most):
        if at + k >= stop:
            return np.int64(0), np.int64(-1)
        octet = np.int64(data[at + k])
        value |= (octet & 127) << (7 * k)
        if octet < ASCII:
            return value, np.int64(at + k + 1)
    return np.int64(0), np.int64(-1)


@kernel("uint64(uint8[::1], int64, int64)")
def little_endian(data: Octets, at: Int, octets: Int) -> np.uint64:
    """Return the unsigned number of so many octets."""
    word = np.uint64(0)
    for k in range(octets):
        word |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return word


@kernel("boolean(uint8[::1], int64, int64)")
def _is_ascii(data: Octets, at: Int, stop: Int) -> bool:
    both = np.uint8(0)
    for k in range(at, stop):
        both |= data[k]
    return bool(both < ASCII)


@kernel("boolean(uint8[::1], int64, int64)")
def is_uuid(data: Octets, at: Int, stop: Int) -> bool:
    """Tell whether a text is a UUID: hexadecimal digits and four dashes."""
    if stop - at != ID_UUID:
        return False
    for k in range(ID_UUID):
        octet = data[at + k]
        if k in (8, 13, 18, 23):
            if octet != 45:  # "-"
                return False
        else:
            small = octet | 32
            if not (48 <= octet <= 57 or 97 <= small <= 102):
                return False
    return True


@kernel("boolean(uint8[::1], int64, int64)")
def is_ulid(data: Octets, at: Int, stop: Int) -> bool:
    """Tell whether a text is a ULID: Crockford's base 32, of 128 bits."""
    if stop - at != ID_ULID or not 48 <= data[at] <= 55:
        return False
    for k in range(at + 1, stop):
        octet = data[k]
        small = octet | 32
        # All letters but i, l, o and u.
        letter = 97 <= small <= 122 and small not in (105, 108, 111, 117) and octet >= 65
        if not (48 <= octet <= 57 or letter):
            return False
    return True


@kernel("boolean(int64, int64[::1])")
def _is_whole(seen: Int, rules: Table) -> bool:
    """Tell whether what a message must have is there, and of each choice at most one."""
    if seen & rules[0] != rules[0]:
        return False
    for k in (1, 2):
        if rules[k] and not seen & rules[k]:
            return False
    for k in (3, 4):
        both = seen & rules[k]
        if both & (both - 1):
            return False
    return True


@kernel(
    "boolean(uint8[::1], int64, int64, int64[:,:,::1], int64[:,::1], uint64[::1], uint8[::1],"
    " int64[:,::1], int64[:,:,::1], int64[::1], int64[:,::1])"
)
def walk(
    data: Octets, begin: Int, end: Int, fields: Table, rules: Table, bits: Bits, has: Octets,
    spans: Table, lists: Table, counts: Table, stack: Table,
) -> bool:  # fmt: skip
    """Tell whether the message (type 0) in [begin, end) is sound, and keep what has a slot.

    has is 0 for the slots without a value and must be so before; counts likewise: entries of
    each list. stack is room for (type, end, seen) of each message under way.
    """
    depth, kind_of, stop, seen, at = 0, 0, end, np.int64(0), begin
    while True:
        if at == stop:
            if not _is_whole(seen, rules[kind_of]):
                return False
            if depth == 0:
                return True
            depth -= 1
            kind_of, stop, seen = stack[depth, 0], stack[depth, 1], stack[depth, 2]
            continue
        key, at = varint(data, at, stop, 2)
        number = key >> 3
        if at < 0 or number == 0 or number >= NUMBERS:
            return False
        kind, is_list = fields[kind_of, number, 0], fields[kind_of, number, 1]
        slot, bit = fields[kind_of, number, 3], np.int64(1) << number
        if kind == UNKNOWN or (seen & bit and not is_list):
            return False
        seen |= bit
        wire = key & 7
        if kind in (DOUBLE, FLOAT):
            octets = 8 if kind == DOUBLE else 4
            if wire != (1 if kind == DOUBLE else 5) or at + octets > stop:
                return False
            if slot >= 0:
                bits[slot], has[slot] = little_endian(data, at, octets), 1
            at += octets
            continue
        if kind in (INT, LONG):
            value, at = varint(data, at, stop, INT_OCTETS if kind == INT else LONG_OCTETS)
            if wire != 0 or at < 0 or (kind == INT and value >= INT_LIMIT):
                return False
            if slot >= 0:
                bits[slot], has[slot] = np.uint64(value), 1
            continue
        if wire != 2:
            return False
        size, at = varint(data, at, stop, SHORTEST_LENGTH)
        if at < 0 or at + size > stop:
            return False
        after = at + size
        if kind == MESSAGE:
            if depth >= DEPTH:
                return False
            if slot >= 0:
                if counts[slot] >= LIST_LIMIT:
                    return False
                lists[slot, counts[slot], 0], lists[slot, counts[slot], 1] = at, after
                counts[slot] += 1
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = kind_of, stop, seen
            depth += 1
            kind_of, stop, seen = fields[kind_of, number, 2], after, np.int64(0)
            continue
        if kind == UUID:
            if not is_uuid(data, at, after):
                return False
        elif kind == ULID:
            if not is_ulid(data, at, after):
                return False
        elif not _is_ascii(data, at, after):
            return False
        if slot >= 0:
            spans[slot, 0], spans[slot, 1], has[slot] = at, after, 1
        at = after
