"""How simulated sensors reach the service: UDP, a TCP port that is called, a call, HTTP posts.

Nothing here waits for the service: what cannot be sent is dropped and counted, as a real sensor
would, and a service that was restarted is found again.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["CallSender", "HttpSender", "Sender", "TcpSender", "UdpSender"]

_BACKLOG_BYTES = 1_000_000  # of one TCP client that does not read
_POSTS_WAITING = 64
_POSTS_AT_ONCE = 4  # an answer comes after the commit; looks must not queue up behind it
_RETRY_S = 0.3
_ANSWER_S = 5.0


@dataclass(slots=True)
class UdpSender:
    """Datagrams to one port of this machine."""

    host: str
    port: int
    sent: int = 0
    dropped: int = 0
    _socket: socket.socket | None = None

    async def open(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, payload: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(payload, (self.host, self.port))
            self.sent += 1
        except OSError:  # a full buffer, or nobody listens there just now
            self.dropped += 1

    async def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


@dataclass(slots=True)
class TcpSender:
    """A port that the service calls; every caller hears everything.

    head: what a connection begins with; payloads that begin with it are sent without it.
    """

    host: str
    port: int
    head: bytes = b""
    sent: int = 0
    dropped: int = 0
    _server: asyncio.Server | None = None
    _callers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._called, self.host, self.port)

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.head)
        self._callers.add(writer)
        try:
            # Cancelled at the end of the feed: asyncio would log that as a fault of the stream.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                while await reader.read(4096):  # callers say nothing of use
                    pass
        finally:
            self._callers.discard(writer)
            writer.close()

    def send(self, payload: bytes) -> None:
        if not self._callers:
            self.dropped += 1
        piece = payload.removeprefix(self.head)
        for writer in sorted(self._callers, key=id):
            if writer.transport.get_write_buffer_size() > _BACKLOG_BYTES:
                self.dropped += 1
                continue
            writer.write(piece)
            self.sent += 1

    async def close(self) -> None:
        for writer in list(self._callers):
            writer.close()
        if self._server is not None:
            self._server.close()


@dataclass(slots=True)
class HttpSender:
    """Posts with a bearer token, a few at once, each until it is answered or pushed out.

    refused: answers other than 2xx that a repetition would not change.
    """

    host: str
    port: int
    path: str
    token: str
    sent: int = 0
    dropped: int = 0
    refused: int = 0
    _waiting: deque[bytes] = field(default_factory=deque)
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)
    _workers: list["asyncio.Task[None]"] = field(default_factory=list)

    async def open(self) -> None:
        self._workers = [asyncio.create_task(self._work()) for _ in range(_POSTS_AT_ONCE)]

    def send(self, payload: bytes) -> None:
        if len(self._waiting) >= _POSTS_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(payload)
        self._fresh.set()

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
            except OSError:
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                await self._post_all(reader, writer)
            except (OSError, EOFError, TimeoutError, ValueError):
                await asyncio.sleep(_RETRY_S)
            finally:
                writer.close()

    async def _post_all(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            while not self._waiting:
                self._fresh.clear()
                await self._fresh.wait()
            payload = self._waiting.popleft()
            try:
                status = await asyncio.wait_for(self._post(reader, writer, payload), _ANSWER_S)
            except BaseException:
                # Not answered: it may or may not be stored; the same bytes again do no harm.
                self._waiting.appendleft(payload)
                raise
            self.sent += status < 300
            self.refused += 300 <= status < 500
            if status >= 500:
                self._waiting.appendleft(payload)
                await asyncio.sleep(_RETRY_S)

    async def _post(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, payload: bytes
    ) -> int:
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = answer.split("\r\n")
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        await reader.readexactly(length)
        return int(lines[0].split()[1])


@dataclass(slots=True)
class CallSender:
    """A connection to a port of the service, called again whenever it is lost.

    greeting: what a connection begins with, asked for at its beginning. Answers are read and
    passed over: a node that was refused is hung up on, and calls again. Nobody is called before
    there is something to send.
    """

    host: str
    port: int
    greeting: Callable[[], bytes] = bytes
    sent: int = 0
    dropped: int = 0
    _writer: asyncio.StreamWriter | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _caller: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        self._caller = asyncio.create_task(self._call_for_ever())

    async def _call_for_ever(self) -> None:
        await self._wanted.wait()
        while True:
            with contextlib.suppress(OSError):
                await self._call()
            await asyncio.sleep(_RETRY_S)

    async def _call(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(self.greeting())
            self._writer = writer
            while await reader.read(4096):
                pass
        finally:
            self._writer = None
            writer.close()

    def send(self, payload: bytes) -> None:
        self._wanted.set()
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > _BACKLOG_BYTES:
            self.dropped += 1
            return
        writer.write(payload)
        self.sent += 1

    async def close(self) -> None:
        if self._caller is not None:
            self._caller.cancel()
            await asyncio.gather(self._caller, return_exceptions=True)


Sender = UdpSender | TcpSender | CallSender | HttpSender
