"""Payloads walked and read: where records and their items lie, and what their fields say."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.asterix import _kernels_columns as columns
from tocsin.codec.asterix import _kernels_walk as walk
from tocsin.codec.asterix._flat import SLOTS, WIDTH, flat_tables

__all__ = ["Read", "Walked", "read_walked", "walk_payloads"]

USUAL = 12  # octets of a record at least, as a rule; more room is made where this is too little
SHORTEST = 1  # octets of a record, a field specification that names nothing


@dataclass(frozen=True, slots=True)
class Walked:
    """data is the payloads joined, octets the same for kernels; heads (room, HEAD) and places
    (room, SLOTS) have `count` events, see `_kernels_walk`.
    """

    data: bytes
    octets: NDArray[np.uint8]
    heads: NDArray[np.int64]
    places: NDArray[np.int32]
    count: int

    def record(self, event: int) -> bytes:
        """Return a record's category and its octets."""
        _, category, _, start, stop, *_ = self.heads[event].tolist()
        return bytes([category]) + self.data[start:stop]


@dataclass(frozen=True, slots=True)
class Read:
    """raw (events, WIDTH) fields and times_s (events,) as `_kernels_columns` gives them; runs
    (n, 4) of events of one payload, category and source.
    """

    raw: NDArray[np.int64]
    times_s: NDArray[np.float64]
    runs: NDArray[np.int64]


def walk_payloads(payloads: list[bytes]) -> Walked:
    """Walk payloads one after another; events are in the order of the octets."""
    data = b"".join(payloads)
    octets = np.frombuffer(bytearray(data), dtype=np.uint8)
    bounds = np.array([0, *accumulate(map(len, payloads))], np.int64)
    flat = flat_tables()
    for octets_a_record in (USUAL, SHORTEST):
        room = len(data) // octets_a_record + len(payloads) + 1
        heads = np.empty((room, walk.HEAD), np.int64)
        places = np.empty((room, SLOTS), np.int32)
        count = walk.walk_into(octets, bounds, flat.nodes, flat.profiles, heads, places)
        if count >= 0:
            break
    return Walked(data, octets, heads, places, count)


def read_walked(walked: Walked, reference_s: NDArray[np.float64]) -> Read:
    """Read the fields of all records and judge them, in `heads`; reference_s: a time near which
    each payload's times of day are.
    """
    flat, n = flat_tables(), walked.count
    raw, times_s = np.empty((n, WIDTH), np.int64), np.empty(n)
    runs, heads = np.empty((n, 4), np.int64), walked.heads
    columns.read_into(walked.octets, n, heads, walked.places, flat.spans, flat.fields, raw)
    m = columns.judge_into(n, heads, raw, flat.steps, reference_s, times_s, runs)
    return Read(raw, times_s, runs[:m])
