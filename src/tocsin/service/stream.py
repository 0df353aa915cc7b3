"""One TCP connection of a sensor, whoever called whom."""

import asyncio
import socket
import time
from typing import cast

import structlog

from tocsin.service.blocks import BlockSieve
from tocsin.service.clock import Clock
from tocsin.service.inbox import Arrival, Inbox
from tocsin.service.radio import Sieve, lose
from tocsin.service.tak import TakSieve

__all__ = ["Stream", "ends"]

_log = structlog.get_logger("tocsin.stream")


def ends(source: str, now_s: float, *paths: str) -> list[Arrival]:
    """Return what tells the pipeline that nothing which has begun on these paths will end: at
    the end of a stream, and at the start of a service, which goes on with an older one's state.
    """
    return [Arrival(source, now_s, b"", path) for path in paths]


class Stream(asyncio.Protocol):
    """Hands every piece of a stream to the inbox, and an empty one at its end; of a radio's or
    TAK's only what may be stored. closed: why we ended it, in words, "" where we did not;
    octets: how many came since since_s (of the machine).
    """

    def __init__(
        self,
        source: str,
        path: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | TakSieve | BlockSieve | None = None,
    ) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.got_bytes, self.closed, self.octets = False, "", 0
        self.since_s = time.monotonic()
        self._below: asyncio.BaseTransport | None = None
        self._is_unwanted = self._has_told = False
        self._source, self._path, self._inbox, self._clock = source, path, inbox, clock
        self._sieve, self._sifted = sieve, sieve.open(path) if sieve is not None else None

    def carried_by(self, transport: asyncio.BaseTransport) -> None:
        """Learn what the connection is of, which by TLS is before it is made."""
        self._below = transport
        if self._is_unwanted:
            transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.carried_by(transport)
        opened = transport.get_extra_info("socket")
        if opened is not None:  # so that a peer that vanished is noticed
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        self.got_bytes = True
        self.octets += len(data)
        now_s = self._clock.now_s()
        if self._sieve is None or self._sifted is None:
            self._inbox.put([Arrival(self._source, now_s, bytes(data), self._path)])
            return
        try:
            self._inbox.put(self._sifted.take(bytes(data), now_s))
        except Exception as error:  # else the connection ends, and what follows is not heard
            lose(self._sieve.forgotten, self._source, error)
        if self._sifted.broken:  # a new connection begins a new capture
            self.got_bytes = False
            self.close_for(self._sifted.broken)

    def close_for(self, why: str) -> None:
        """Hang up, with the reason in the log."""
        self.closed = why
        peer = str(self._below.get_extra_info("peername")) if self._below else ""
        _log.warning("a connection was closed", sensor=self._source, peer=peer, why=why)
        self.end()
        self._tell_end()  # who takes its place may speak before it is lost

    def end(self) -> None:
        """Hang up, also on who is only about to be connected."""
        self._is_unwanted = True
        if self._below is not None:
            self._below.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell_end()
        if not self.ended.done():
            self.ended.set_result(None)

    def _tell_end(self) -> None:
        """Tell the pipeline, once."""
        if self.got_bytes and self._sifted is None and not self._has_told:
            self._has_told = True
            self._inbox.put(ends(self._source, self._clock.now_s(), self._path))
