"""Streams: sensors that we call (``tcp://``) and sensors that call us (``tcp-listen://``).

Pauses between calls count the machine's time: they are about the network, not the sky.
"""

import asyncio
import socket

from tocsin.errors import ServiceError
from tocsin.service.addresses import Address
from tocsin.service.clock import Clock
from tocsin.service.inbox import Arrival, Inbox
from tocsin.service.radio import Sieve, SiftedStream

__all__ = ["TcpCaller", "TcpServer"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
CONNECT_S = 5.0
MAX_CALLERS = 8  # at one address; each is a path of its own, for streams must not mix


class _Stream(asyncio.Protocol):
    """Hands every piece of a stream to the inbox; of a radio's only what may be stored."""

    def __init__(
        self, source: str, path: str, inbox: Inbox, clock: Clock, sieve: Sieve | None
    ) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.got_bytes = False
        self._source, self._path, self._inbox, self._clock = source, path, inbox, clock
        self._sifted = SiftedStream(sieve, path) if sieve is not None else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        opened = transport.get_extra_info("socket")
        if opened is not None:  # so that a peer that vanished is noticed
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        self.got_bytes = True
        now_s = self._clock.now_s()
        if self._sifted is None:
            self._inbox.put([Arrival(self._source, now_s, bytes(data), self._path)])
            return
        self._inbox.put(self._sifted.take(bytes(data), now_s))
        if self._sifted.is_broken:  # a new connection begins a new capture
            self.got_bytes = False
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class TcpCaller:
    """Calls a sensor and calls again, with growing pauses, whenever it is lost.

    sieve: of a radio, whose capture is sifted before anything is stored.
    """

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | None = None,
    ) -> None:
        self.address = address
        self.state = "not called yet"
        self._source, self._inbox, self._clock, self._sieve = source, inbox, clock, sieve
        self._task: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to call."""
        self._task = loop.create_task(self._call_for_ever())

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()

    async def _call_for_ever(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            if await self._call():
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)

    async def _call(self) -> bool:
        """Call once and listen to the end; tell whether anything was heard."""
        loop = asyncio.get_running_loop()
        path = self.address.text
        try:
            async with asyncio.timeout(CONNECT_S):
                transport, stream = await loop.create_connection(
                    lambda: _Stream(self._source, path, self._inbox, self._clock, self._sieve),
                    self.address.host,
                    self.address.port,
                )
        except (OSError, TimeoutError) as error:
            self.state = f"cannot be reached ({_why(error)}); calling again"
            return False
        self.state = "connected"
        try:
            await stream.ended
        finally:
            transport.close()
        self.state = "the sensor hung up; calling again"
        return stream.got_bytes


class TcpServer:
    """Waits for a sensor (or a few) to call; sieve as of TcpCaller."""

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | None = None,
    ) -> None:
        self.address = address
        self._source, self._inbox, self._clock, self._sieve = source, inbox, clock, sieve
        self._streams: dict[int, _Stream] = {}
        self._server: asyncio.Server | None = None
        self._refused = 0
        family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
        try:
            self._socket = socket.create_server((address.host, address.port), family=family)
        except OSError as error:
            raise ServiceError(
                f"sensor {source!r} cannot be waited for on {address.text} "
                f"({_why(error)}); end the program that uses that port, or give the sensor "
                "another address in the site file",
                address=address.text,
            ) from error

    @property
    def state(self) -> str:
        """Return how many have called."""
        refused = f", {self._refused} refused" if self._refused else ""
        return f"{len(self._streams)} connected{refused}"

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to accept."""
        self._task = loop.create_task(self._serve(loop))

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept nobody any more and hang up."""
        self._task.cancel()
        if self._server is not None:
            self._server.close()
        for stream in list(self._streams.values()):
            stream.transport.close()
        self._socket.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        self._server = await loop.create_server(self._accept, sock=self._socket)

    def _accept(self) -> asyncio.Protocol:
        slot = next(k for k in range(MAX_CALLERS + 1) if k not in self._streams)
        if slot == MAX_CALLERS:
            self._refused += 1
            return _Refuse()
        # The lowest free slot names the path, so that calling again does not make new ones.
        path = self.address.text if slot == 0 else f"{self.address.text}#{slot + 1}"
        stream = _Stream(self._source, path, self._inbox, self._clock, self._sieve)
        self._streams[slot] = stream
        stream.ended.add_done_callback(lambda _: self._streams.pop(slot, None))
        return stream


class _Refuse(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer in {CONNECT_S:g} s"
    return getattr(error, "strerror", None) or str(error)
