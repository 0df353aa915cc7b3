"""ASTERIX as it comes: whole messages out of a stream, drones under other names.

A stream has no datagrams; it is cut by the length that each data block (or each message of its
framing) states. A serial number of a drone (CAT129) is renamed before anything is stored.
"""

import sqlite3
from collections.abc import Callable

from tocsin.codec.asterix_wire import UAS, length_of, renamed_frame
from tocsin.service.inbox import Arrival
from tocsin.service.people import People
from tocsin.service.pseudonyms import Kind
from tocsin.service.radio import NOT_RENAMED, Forgotten

__all__ = ["BLOCK_FORMAT", "BlockSieve", "NameFor", "name_uas"]

BLOCK_FORMAT = "asterix"  # in the site file
BROKEN = "wrong block length"

NameFor = Callable[[str, float], str]


def name_uas(people: People, declared_id: str, now_s: float) -> str:
    """Return the pseudonym of a drone's id; now_s: Unix UTC, service time."""
    return people.name(Kind.OTHER_ID, declared_id.encode("ascii", "replace"), now_s).form.shown


class BlockSieve:
    """One source of ASTERIX; all its streams together.

    framing: as the site file names it; name_for: gives an id (and its arrival) another name,
    None to leave names as they are.
    """

    def __init__(self, source: str, framing: str = "", name_for: NameFor | None = None) -> None:
        self.source, self.framing = source, framing
        self._name_for = name_for
        self.forgotten = Forgotten()

    def counts(self) -> dict[str, int]:
        """Return how many streams lost their place, by reason."""
        return self.forgotten.counts()

    def renamed(self, payload: bytes, arrival_s: float) -> bytes | None:
        """Return a payload of the same length in which drones go by other names, None where
        they cannot be named: it is counted.
        """
        name_for = self._name_for
        if name_for is None or UAS not in payload:
            return payload
        try:
            return renamed_frame(payload, self.framing, lambda name: name_for(name, arrival_s))
        except sqlite3.Error:
            self.forgotten.add(NOT_RENAMED)
            return None

    def open(self, path: str) -> "BlockStream":
        """Return the sieve of one connection."""
        return BlockStream(self, path)


class BlockStream:
    """One connection, cut into whole messages."""

    def __init__(self, sieve: BlockSieve, path: str) -> None:
        self._sieve, self._path = sieve, path
        self._rest = b""
        self.broken = ""  # why nothing more is read

    def take(self, piece: bytes, arrival_s: float) -> list[Arrival]:
        """Return all messages that are whole by now, as one payload."""
        data = self._rest + piece
        at = 0
        while not self.broken:
            length = length_of(data[at : at + 3], self._sieve.framing)
            if length is None or at + length > len(data):
                break
            if length == 0:
                self.broken = BROKEN
                self._sieve.forgotten.add(BROKEN)
                break
            at += length
        self._rest = b"" if self.broken else data[at:]
        if not at:
            return []
        payload = self._sieve.renamed(data[:at], arrival_s)
        if payload is None:
            return []
        return [Arrival(self._sieve.source, arrival_s, payload, self._path)]

    def end(self) -> None:
        """Forget what did not end."""
        self._rest = b""
