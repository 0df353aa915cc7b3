"""What TAK sends: only things in the air go on to the journal, and under other names.

A TAK network tells where people are, by name. Each event is read here, before anything is
stored; what is not in the air is counted and forgotten. What is kept is written anew with
what Tocsin reads of it and nothing else; its uid is renamed, except for an aircraft's address,
which a public register gave out. So that a feed without aircraft is not taken for a dead one,
an empty frame is handed on every LIFE_S while it tells of other things.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from tocsin.codec.cot import (
    ADDRESS,
    CotEvent,
    CotStream,
    is_air,
    is_told_on,
    read_event,
    split_into,
    write_xml,
)
from tocsin.model import Rejected
from tocsin.service.inbox import Arrival
from tocsin.service.people import People
from tocsin.service.pseudonyms import Kind
from tocsin.service.radio import LIFE_S, NOT_RENAMED, Forgotten

__all__ = ["TAK_FORMAT", "Rename", "TakSieve", "TakStream", "rename"]

TAK_FORMAT = "cot"  # in the site file
OTHERS = "not in the air"
OWN = "told by ourselves"
# Who hears the same things would take each for one more, and tell it on in turn.
TOLD_ON = "told on by another Tocsin"
# No event has one; entities that grow are how an XML bomb is made.
DOCUMENT_TYPE, BOMB = b"<!DOCTYPE", "an event with a document type"

Rename = Callable[[CotEvent, float], CotEvent]


def rename(people: People, event: CotEvent, now_s: float) -> CotEvent:
    """Return an event under another name; now_s: Unix UTC, service time."""
    if ADDRESS.match(event.uid):
        return event
    shown = people.name(Kind.OTHER_ID, event.uid.encode(), now_s).form.shown
    # A call sign that no register gave out is a person's own word.
    return replace(event, uid=shown, callsign="")


class TakSieve:
    """What was counted and forgotten of one TAK feed, by reason; all its streams together.

    rename: gives an event (and its arrival) under another name; own: what the uids of events
    begin with that we send ourselves: they come back by a group or a server, and are no news.
    """

    def __init__(self, source: str, rename: Rename | None = None, own: str = "") -> None:
        self.source, self.own = source, own
        self.rename = rename or (lambda event, _: event)
        self.forgotten = Forgotten()
        self._life_s = -LIFE_S

    def is_life_due(self, now_s: float, *, kept: bool) -> bool:
        """Tell whether the feed has to be heard although nothing of it is kept."""
        if kept or abs(now_s - self._life_s) >= LIFE_S:
            self._life_s = now_s
            return not kept
        return False

    def counts(self) -> dict[str, int]:
        """Return how many events were forgotten, by reason."""
        return self.forgotten.counts()

    def open(self, path: str) -> "TakStream":
        """Return the sieve of one connection, or of one datagram."""
        return TakStream(self, path)


class TakStream:
    """One connection of TAK, or one datagram."""

    def __init__(self, sieve: TakSieve, path: str) -> None:
        self._sieve, self._path = sieve, path
        self._stream = CotStream()

    @property
    def broken(self) -> str:
        """Return why nothing more is read: where events begin is lost, or a bomb came."""
        return self._stream.broken

    def take(self, piece: bytes, arrival_s: float) -> list[Arrival]:
        """Return what of a piece may be stored, one event each."""
        source, found = self._sieve.source, []
        others = 0
        for item in split_into(self._stream, piece, source=source):
            event = read_event(item, source)
            if isinstance(event, Rejected):
                self._sieve.forgotten.add(event.reason)
                if isinstance(item, tuple) and DOCUMENT_TYPE in item[1]:
                    self._stream.broken = BOMB
            elif self._sieve.own and event.uid.startswith(self._sieve.own):
                self._sieve.forgotten.add(OWN)
            elif is_told_on(event.uid):
                self._sieve.forgotten.add(TOLD_ON)
            elif not is_air(event):
                others += 1
            else:
                try:
                    payload = write_xml(self._sieve.rename(event, arrival_s))
                except sqlite3.Error:
                    self._sieve.forgotten.add(NOT_RENAMED)
                    continue
                found.append(Arrival(source, arrival_s, payload, self._path))
        self._sieve.forgotten.add(OTHERS, others)
        if (found or others) and self._sieve.is_life_due(arrival_s, kept=bool(found)):
            found.append(Arrival(source, arrival_s, b"", self._path))
        return found

    def end(self) -> None:
        """Count what did not end: of a datagram, nothing follows."""
        if self._stream.rest:
            self._sieve.forgotten.add("not a CoT event")
