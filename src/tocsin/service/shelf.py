"""The register as it is committed, for those who read it: apart from the pipeline's own.

The engine hands over the entries that are on disk and goes on at once; they are folded in by
whoever reads next. So a reader never holds up the watch, and never sees what could be lost.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from tocsin import record
from tocsin.codec import wire
from tocsin.model import Entry
from tocsin.model.register import Register
from tocsin.service.live import Hub

__all__ = ["MAX_NEWS", "Shelf", "tell_incidents"]

LOOK_S = 0.5  # of the machine, between looks for changes that viewers are told of
MAX_NEWS = 100  # incidents in a frame of the live socket; the list of all is by HTTP
_TELLING = ("record", "incident", "alert", "track")  # kinds of entries that change a page

_log = structlog.get_logger("tocsin.shelf")


class Shelf:
    """A register behind a lock. `begin` once, then `take` from the engine's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._register = Register()
        self._head = ""
        self._waiting: deque[Sequence[Entry]] = deque()
        self._version = 0
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """Tell whether the journal has been read."""
        return self._is_open

    @property
    def version(self) -> int:
        """Return a number that grows when a page about incidents may have changed."""
        return self._version

    def begin(self, register: Register, head: str) -> None:
        """Take the register as it was recovered, for good; head: of its last entry, hex."""
        with self._lock:
            self._register, self._head = register, head
            self._version += 1
            self._is_open = True

    def take(self, entries: Sequence[Entry]) -> None:
        """Note entries that are on disk now; returns at once."""
        if not entries:
            return
        self._waiting.append(entries)
        if any(entry.kind in _TELLING for entry in entries):
            self._version += 1

    @contextmanager
    def reading(self) -> Iterator[tuple[Register, str]]:
        """Hold (register, digest of its last entry) while something is read from it.

        Nothing of the register may be changed or kept; nouns and versions never change and
        may be.
        """
        with self._lock:
            self._fold_waiting()
            yield self._register, self._head

    def settle(self) -> None:
        """Fold in what waits, where nobody reads: it must not pile up."""
        with self._lock:
            self._fold_waiting()

    def _fold_waiting(self) -> None:
        while self._waiting:
            entries = self._waiting.popleft()
            record.fold_into(self._register, entries)
            self._head = entries[-1].digest.hex()

    def id_of(self, user: str, key: str) -> str:
        """Return the id of the row that a person recorded under a key, "" where none."""
        with self.reading() as (register, _):
            return register.keys.get(f"{user} {key}", "")

    def frame(self) -> bytes:
        """Return the live socket's frame of the newest incidents."""
        with self.reading() as (register, _):
            return wire.text("incidents", incidents=record.summaries(register, newest=MAX_NEWS))


async def tell_incidents(
    shelf: Shelf, hub: Hub, reveal: Callable[[str], str] = lambda text: text
) -> None:
    """Tell viewers of incidents whenever one has changed, until cancelled; reveal: puts names
    in place of pseudonyms.
    """

    def frame() -> bytes:
        return reveal(shelf.frame().decode()).encode()

    told = 0
    while True:
        version = shelf.version
        try:
            if version != told:
                hub.tell_incidents(await asyncio.to_thread(frame))
            else:
                await asyncio.to_thread(shelf.settle)
        except Exception as error:  # one entry that cannot be read does not end the telling
            _log.error("incidents could not be told", reason=str(error), exc_info=error)
        told = version
        await asyncio.sleep(LOOK_S)
