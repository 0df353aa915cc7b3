"""Sensors that are answered: each connection has a path of its own, and its end is told.

A message is cut into pieces by TCP, so no piece may be lost: where the inbox is crowded,
nothing is read, and the sensor's own buffer fills. Times here are the machine's: they are about
the network, not the sky.
"""

import asyncio
from collections.abc import Callable

import structlog

from tocsin.model import Reply
from tocsin.service.clock import Clock
from tocsin.service.inbox import Arrival, Inbox
from tocsin.service.stream import Stream

__all__ = ["Conversations"]

SILENT_S = 30.0  # a caller that has said nothing for so long wants nothing
CROWDED_S = 0.05  # until a crowded inbox is looked at again
BACKLOG_BYTES = 1 << 20  # of answers that a sensor does not read; then it is hung up on
CLOSING_S = 5.0  # for the last answers to leave; then without them

_log = structlog.get_logger("tocsin.conversation")


class Conversations:
    """The connections of one source. ended: how often we hung up, by reason."""

    def __init__(self, source: str, inbox: Inbox, clock: Clock) -> None:
        self.ended: dict[str, int] = {}
        self._source, self._inbox, self._clock = source, inbox, clock
        self._streams: dict[str, _Talk] = {}
        self._count = 0

    def start(self) -> None:
        """Tell the pipeline that whatever was connected before is not any more."""
        self._inbox.put([Arrival(self._source, self._clock.now_s(), b"")])

    @property
    def ended_words(self) -> str:
        """Return how often we hung up, for the status page."""
        return "".join(f", {n} hung up on ({why})" for why, n in self.ended.items())

    def stream(self, address: str) -> Stream:
        """Return the protocol of a new connection, on a path that no other has had."""
        self._count += 1
        talk = _Talk(self._source, f"{address}#{self._count}", self._inbox, self._clock, self)
        self._streams[talk.path] = talk
        return talk

    def answer(self, reply: Reply) -> None:
        """Send one answer, or hang up; where the connection has ended, nothing happens."""
        talk = self._streams.get(reply.path)
        if talk is None or reply.source != self._source:
            return
        if reply.payload and self._may_leave(reply.payload):
            talk.say(reply.payload)
        if reply.closes:
            talk.hang_up("what it sent")

    def _may_leave(self, payload: bytes) -> bool:
        from tocsin.codec.outgoing import answer_kind  # noqa: PLC0415 - loads kernels

        if answer_kind(payload):
            return True
        _log.error("a message that is none of the known answers was kept back")
        return False

    def note_end(self, path: str, *, made: bool) -> None:
        """Tell the pipeline that a connection has ended."""
        self._streams.pop(path, None)
        if made:
            self._inbox.put([Arrival(self._source, self._clock.now_s(), b"", path)])

    def note_hang_up(self, why: str) -> None:
        """Count one."""
        self.ended[why] = self.ended.get(why, 0) + 1


class _Talk(Stream):
    def __init__(
        self, source: str, path: str, inbox: Inbox, clock: Clock, talks: Conversations
    ) -> None:
        super().__init__(source, path, inbox, clock)
        self.path = path
        self._talks, self._is_over = talks, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._later(SILENT_S, self._expect_something)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        super().data_received(data)
        if self._inbox.is_crowded(self._source):
            self.transport.pause_reading()
            self._later(CROWDED_S, self._read_on)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        super().connection_lost(exc)

    def _tell_end(self) -> None:
        self._talks.note_end(self.path, made=self.got_bytes)

    def say(self, payload: bytes) -> None:
        """Send, unless we have hung up or nobody reads."""
        if self._is_over:
            return
        self.transport.write(payload)
        if self.transport.get_write_buffer_size() > BACKLOG_BYTES:
            self._talks.note_hang_up("it does not read")
            self._is_over = True
            self.transport.abort()

    def hang_up(self, why: str) -> None:
        """End the connection once what was said has left."""
        if self._is_over:
            return
        self._is_over = True
        self._talks.note_hang_up(why)
        self.transport.close()
        self._later(CLOSING_S, self.transport.abort)

    def _expect_something(self) -> None:
        if not self.got_bytes and not self.ended.done():
            self.hang_up("it said nothing")

    def _read_on(self) -> None:
        if self.ended.done() or self._is_over:
            return
        if self._inbox.is_crowded(self._source):
            self._later(CROWDED_S, self._read_on)
        else:
            self.transport.resume_reading()

    def _later(self, wait_s: float, do: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(wait_s, do)
