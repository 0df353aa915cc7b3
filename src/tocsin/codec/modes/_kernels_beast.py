"""A piece of a Beast stream cut into messages; `beast` says what one looks like."""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Int = int | np.int64

ESCAPE = 0x1A
HEAD = 7  # octets of counter and signal level
WIDTH = HEAD + 14  # of a row: the head, and the longest frame
NOTHING = 0  # kind of an event that is no message; the others are the types of Beast
MODE_AC, SHORT, LONG, STATUS = 49, 50, 51, 52  # "1" to "4"


@kernel("int64(uint8)")
def _octets_of(kind: Int) -> Int:
    """Return how many octets follow a type, the head with them; 0 for what is no type."""
    if kind == SHORT:
        return HEAD + 7
    if kind in (LONG, STATUS):
        return HEAD + 14
    return HEAD + 2 if kind == MODE_AC else 0


@kernel(
    "int64(uint8[::1], int64[::1], uint8[::1], int64[:,::1], int32[::1], uint8[:,::1],"
    " int64[::1])"
)
def split_into(
    data: Octets, bounds: Table, kinds: Octets, spans: Table, frames: NDArray[np.int32],
    messages: Octets, ends: Table,
) -> int:  # fmt: skip
    """Cut data, the payloads of frames (bounds[f] to bounds[f + 1]), into events.

    An event is of the frame whose octets decide it: kinds, spans (start, stop), and messages
    (events, WIDTH) with the doubling undone. A run of octets of no message ends with its frame.
    ends[f]: where what frame f left open begins. Returns how many events there are, -1 where
    there is no room for all.
    """
    end, last = bounds[bounds.shape[0] - 1], bounds.shape[0] - 2
    room = kinds.shape[0]
    at, n, frame = 0, 0, 0
    while at < end:
        if n == room:
            return -1
        kind: Int = NOTHING
        stop, decided = at + 1, at
        if data[at] == ESCAPE:
            if at + 1 >= end:
                break
            size = _octets_of(data[at + 1])
            stop, decided = at + 1, at + 1
            if size:
                kind = np.int64(data[at + 1])
                stop = at + 2
                k = 0
                while k < size and stop < end:
                    octet = data[stop]
                    if octet == ESCAPE:
                        if stop + 1 >= end:
                            break
                        if data[stop + 1] != ESCAPE:
                            kind = NOTHING
                            break
                        stop += 1
                    messages[n, k] = octet
                    k += 1
                    stop += 1
                if k < size and kind != NOTHING:
                    break  # its end has not come yet
                decided = stop - 1 if kind != NOTHING else stop + 1
            elif data[at + 1] == ESCAPE:
                stop = at + 2
        while frame < last and bounds[frame + 1] <= decided:
            ends[frame] = at
            frame += 1
        if data[at] != ESCAPE:
            while stop < bounds[frame + 1] and data[stop] != ESCAPE:
                stop += 1
        kinds[n], frames[n] = kind, frame
        spans[n, 0], spans[n, 1] = at, stop
        n += 1
        at = stop
    for f in range(frame, last + 1):
        ends[f] = at
    return n
