"""One TCP connection under test: what is sent and received is kept for the report."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.sapient import FrameStream, frame, split_into
from tocsin.codec.sapient._protobuf import load
from tocsin.model import Rejected

__all__ = ["Talk", "kind_of", "message_of"]

KEPT_BYTES = 64 * 1024  # of one clause's exchange in the report
READ = 65_536


def message_of(data: bytes) -> Any:
    """Return a message of its frame (with the length before it)."""
    return load().SapientMessage.FromString(data[4:])


def kind_of(message: Any) -> str:
    """Return the name of a message's content."""
    return message.WhichOneof("content") or ""


@dataclass(slots=True)
class Talk:
    """exchanged: what the report shows; broken: why nothing more can be read as messages."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    exchanged: list[tuple[float, str, bytes]]
    began: float
    broken: str = ""
    _stream: FrameStream = field(default_factory=FrameStream)
    _ready: list[bytes] = field(default_factory=list)

    async def send(self, data: bytes, *, pieces: int = 1) -> None:
        """Send octets; pieces: in how many, each on its way before the next."""
        self._note("sent", data)
        size = max(1, -(-len(data) // pieces))
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(data), size):
                self.writer.write(data[at : at + size])
                await self.writer.drain()
                if pieces > 1:
                    await asyncio.sleep(0.001)

    async def receive(self, wait_s: float) -> Any:
        """Return the next message, or None where none comes in time or the other side ended."""
        end = time.monotonic() + wait_s
        while True:
            if self._ready:
                data = self._ready.pop(0)
                try:
                    return load().SapientMessage.FromString(data)
                except load().DecodeError as wrong:
                    self.broken = f"what came is no SAPIENT message: {wrong}"
                    return None
            left_s = end - time.monotonic()
            if left_s <= 0.0 or self.broken:
                return None
            try:
                piece = await asyncio.wait_for(self.reader.read(READ), left_s)
            except TimeoutError:
                return None
            except ConnectionError:
                piece = b""
            if not piece:
                self.broken = "the other side ended the connection"
                return None
            self._take(piece)

    def _take(self, data: bytes) -> None:
        for item in split_into(self._stream, data):
            if isinstance(item, Rejected):
                self.broken = item.detail
            else:
                self._note("received", frame(item))
                self._ready.append(item)

    async def until(self, wanted: Callable[[Any], bool], wait_s: float) -> Any:
        """Return the first message that is wanted, or None."""
        end = time.monotonic() + wait_s
        while (left_s := end - time.monotonic()) > 0.0:
            message = await self.receive(left_s)
            if message is None or wanted(message):
                return message
        return None

    async def kind(self, names: tuple[str, ...], wait_s: float) -> Any:
        """Return the first message of one of these kinds, or None."""
        return await self.until(lambda m: kind_of(m) in names, wait_s)

    async def close(self) -> None:
        """End the connection."""
        self.writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self.writer.wait_closed(), 2.0)

    def _note(self, way: str, data: bytes) -> None:
        kept = sum(len(octets) for _, _, octets in self.exchanged)
        if kept < KEPT_BYTES:
            self.exchanged.append((time.monotonic() - self.began, way, data[:KEPT_BYTES]))
