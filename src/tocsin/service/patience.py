"""Web requests that drip: a caller that does not get a request together is closed, and so is
one that does not read its answer; and where too many are open, one of who has opened most.

Each open request costs memory and, in the end, every file handle of the service; the web server
itself waits for its rest for ever. Times are the machine's: they are about the network.
"""

import asyncio
import math
import socket
import struct
import sys
from collections import Counter
from typing import Any

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientHttp"]

LOOK_S = 20.0  # between two looks at a connection
# Connections at once, live sockets included: 50 viewers take some 200, and a process may often
# have no more than 1,024 files open, which sensors and journal need too.
MOST = 500
SLOW_OCTETS = 2_000  # in that time, of a request that is not whole yet: 0.8 kbit/s
# struct tcp_info of linux/tcp.h: tcpi_bytes_acked, since Linux 4.1.
_BYTES_ACKED, _INFO_SIZE = 120, 128

_log = structlog.get_logger("tocsin.web")


class PatientHttp(H11Protocol):
    """HTTP/1.1 with an end to patience, and the reason in the log."""

    crowd_told_s = -math.inf  # of all connections: a crowd is told once a second

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._octets = self._before = 0
        self._taken: int | None = None
        self._look_later()
        if len(self.connections) > MOST:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        super().data_received(data)

    def _look_later(self) -> None:
        self._looking = self.loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        transport: Any = self.transport
        if transport.is_closing() or transport.get_protocol() is not self:  # a live socket
            return
        came, self._before = self._octets - self._before, self._octets
        if came < SLOW_OCTETS and self._is_waiting():
            what = "a request" if self._octets else "nothing"
            why = f"{what} in {came} octets over {LOOK_S:g} s"
            _log.warning("a caller was closed", peer=str(self.client), why=why)
            transport.abort()
            return
        taken, before = _taken_octets(transport), self._taken
        self._taken = taken
        if taken is not None and taken == before and transport.get_write_buffer_size():
            why = f"nothing read of its answer in {LOOK_S:g} s"
            _log.warning("a caller was closed", peer=str(self.client), why=why)
            transport.abort()
            return
        self._look_later()

    def _make_room(self) -> None:
        """Close the connection of a request of the caller who has most open: this one where it
        is theirs. Live sockets stay: viewers are on them.
        """
        held = Counter(map(_host, self.connections))
        most = max(held.values())
        greedy = {host for host, n in held.items() if n == most}
        given_up = self
        if _host(self) not in greedy:
            requests = (one for one in self.connections if isinstance(one, PatientHttp))
            given_up = next((one for one in requests if _host(one) in greedy), self)
        if self.loop.time() - PatientHttp.crowd_told_s >= 1.0:
            PatientHttp.crowd_told_s = self.loop.time()
            why = f"{len(self.connections)} connections, {most} of one caller"
            _log.warning("a caller was closed", peer=_host(given_up), why=why)
        given_up.transport.abort()

    def _is_waiting(self) -> bool:
        """Tell whether the caller owes the rest of a request, and we would read it."""
        if self.flow.read_paused:
            return False
        if self.conn.their_state is h11.SEND_BODY:
            return True
        is_first = self.cycle is None
        return self.conn.their_state is h11.IDLE and (
            is_first or bool(self.conn.trailing_data[0])
        )


def _host(connection: Any) -> str:
    """Return the address that a connection comes from."""
    peer = connection.transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _taken_octets(transport: Any) -> int | None:
    """Return how many octets the caller's machine has acknowledged, None where the system does
    not say. What lies in our buffer tells less: it stays the same while a system's own drains.
    """
    if sys.platform != "linux":
        return None
    line = transport.get_extra_info("socket")
    info = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    if len(info) < _INFO_SIZE:
        return None
    return int(struct.unpack_from("=Q", info, _BYTES_ACKED)[0])
