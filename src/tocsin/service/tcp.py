"""Streams: sensors that we call (``tcp://``, ``tls://``) and sensors that call us
(``tcp-listen://``).

Pauses between calls count the machine's time: they are about the network, not the sky.
"""

import asyncio
import socket
import ssl
import time

from tocsin.errors import ServiceError
from tocsin.service.addresses import Address
from tocsin.service.blocks import BlockSieve
from tocsin.service.clock import Clock
from tocsin.service.conversation import Conversations
from tocsin.service.inbox import Inbox
from tocsin.service.radio import Sieve
from tocsin.service.stream import Stream, ends
from tocsin.service.tak import TakSieve
from tocsin.service.tls import Secured

__all__ = ["TcpCaller", "TcpServer"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
CONNECT_S = 5.0
MAX_TALKING = 128  # where sensors are answered: twice the sensors that a site file may name
MAX_REASONS = 8  # why callers were closed, told apart
MAX_CALLERS = 8  # at one address; each is a path of its own, for streams must not mix
# Where all places are taken, who says next to nothing gives way: connections that drip, or say
# nothing at all, must not keep a sensor out.
IDLE_S, IDLE_OCTETS_PER_S = 30.0, 4.0
GAVE_WAY = "it said next to nothing, and another called"


class TcpCaller:
    """Calls a sensor and calls again, with growing pauses, whenever it is lost.

    sieve: of a radio or of TAK, whose stream is sifted before anything is stored.
    """

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | TakSieve | BlockSieve | None = None,
    ) -> None:
        self.address = address
        self.state = "not called yet"
        self._source, self._inbox, self._clock, self._sieve = source, inbox, clock, sieve
        self._talk: Conversations | None = None
        self._context: ssl.SSLContext | None = None
        self._task: asyncio.Task[None] | None = None

    def secure(self, context: ssl.SSLContext) -> None:
        """Call by TLS alone. Before `start`."""
        self._context = context

    def converse(self, talk: Conversations) -> None:
        """Let the sensor be answered. Before `start`."""
        self._talk = talk

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to call."""
        if self._talk is None and self._sieve is None:
            self._inbox.put(ends(self._source, self._clock.now_s(), self.address.text))
        self._task = loop.create_task(self._call_for_ever())

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()

    def release(self) -> None:
        """Nothing is held before `start`."""

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
        try:
            async with asyncio.timeout(CONNECT_S):
                transport, stream = await loop.create_connection(
                    self._stream, self.address.host, self.address.port, ssl=self._context
                )
        except (OSError, TimeoutError) as error:  # errors of TLS are of the system too
            self.state = f"cannot be reached ({_why(error)}); calling again"
            return False
        self.state = "connected"
        try:
            await stream.ended
        finally:
            transport.close()
        self.state = "the sensor hung up; calling again"
        return stream.got_bytes

    def _stream(self) -> Stream:
        if self._talk is not None:
            return self._talk.stream(self.address.text)
        return Stream(self._source, self.address.text, self._inbox, self._clock, self._sieve)


class TcpServer:
    """Waits for a sensor (or a few) to call; sieve as of TcpCaller."""

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | TakSieve | BlockSieve | None = None,
    ) -> None:
        self.address = address
        self._source, self._inbox, self._clock, self._sieve = source, inbox, clock, sieve
        self._streams: dict[int, Stream] = {}
        self._server: asyncio.Server | None = None
        self._refused = 0
        self._context: ssl.SSLContext | None = None
        self._closed: dict[str, int] = {}
        self._talk: Conversations | None = None
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
        ended = self._talk.ended_words if self._talk is not None else ""
        closed = "".join(f", {n} closed ({why})" for why, n in self._closed.items())
        return f"{len(self._streams)} connected{refused}{closed}{ended}"

    def converse(self, talk: Conversations) -> None:
        """Let sensors be answered, and as many call as a node may have. Before `start`."""
        self._talk = talk

    def secure(self, context: ssl.SSLContext) -> None:
        """Take callers by TLS alone. Before `start`."""
        self._context = context

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to accept."""
        if self._talk is None and self._sieve is None:
            paths = [self._path(slot) for slot in range(MAX_CALLERS)]
            self._inbox.put(ends(self._source, self._clock.now_s(), *paths))
        self._task = loop.create_task(self._serve(loop))

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept nobody any more and hang up."""
        self._task.cancel()
        if self._server is not None:
            self._server.close()
        for stream in list(self._streams.values()):
            stream.end()
        self._socket.close()

    def release(self) -> None:
        """Let go of the socket, in the place of `start`."""
        self._socket.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        self._server = await loop.create_server(self._accept, sock=self._socket)

    def _accept(self) -> asyncio.Protocol:
        most = MAX_CALLERS if self._talk is None else MAX_TALKING
        slot = next(k for k in range(most + 1) if k not in self._streams)
        if slot == most and (idle := self._idlest()) is not None:
            slot = idle  # its end, which comes later, leaves the place to who has it by then
        elif slot == most:
            self._refused += 1
            return _Refuse()
        if self._talk is not None:
            stream = self._talk.stream(self.address.text)
        else:
            path = self._path(slot)
            stream = Stream(self._source, path, self._inbox, self._clock, self._sieve)
        self._streams[slot] = stream
        stream.ended.add_done_callback(lambda _: self._note_end(slot, stream))
        if self._context is None:
            return stream
        return Secured(self._context, stream, self._source, self._note_closed)

    def _path(self, slot: int) -> str:
        """The lowest free slot names the path, so that calling again makes no new ones."""
        return self.address.text if slot == 0 else f"{self.address.text}#{slot + 1}"

    def _idlest(self) -> int | None:
        """Close who says least, if that is next to nothing; return the place that it leaves."""
        if self._talk is not None:  # has rules of its own
            return None
        now_s = time.monotonic()

        def octets_per_s(slot: int) -> float:
            stream = self._streams[slot]
            return stream.octets / max(1.0, now_s - stream.since_s)

        old = [k for k, one in self._streams.items() if now_s - one.since_s >= IDLE_S]
        slot = min(old, key=octets_per_s, default=None)
        if slot is None or octets_per_s(slot) > IDLE_OCTETS_PER_S:
            return None
        self._streams[slot].close_for(GAVE_WAY)
        return slot

    def _note_end(self, slot: int, stream: Stream) -> None:
        if self._streams.get(slot) is stream:
            del self._streams[slot]
        if stream.closed:
            self._note_closed(stream.closed)

    def _note_closed(self, why: str) -> None:
        # Some are words of the TLS library: a few, but not ours to bound.
        if why not in self._closed and len(self._closed) >= MAX_REASONS:
            why = "other reasons"
        self._closed[why] = self._closed.get(why, 0) + 1


class _Refuse(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer in {CONNECT_S:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error)
