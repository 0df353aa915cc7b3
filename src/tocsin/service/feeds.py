"""The threads that tell partners of the picture: the newest one, once it is on disk.

A partner that cannot be told holds up nobody: nothing is kept for it, for the next picture says
more than the last. What did not go is counted. Recovery and replays tell nobody.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from tocsin.errors import ServiceError
from tocsin.model import Channel, Node, Picture
from tocsin.service.api_structs import ChannelStatus
from tocsin.service.carriers import Carrier, open_carrier
from tocsin.service.lines import Line, payloads_into
from tocsin.service.parents import Parent
from tocsin.service.sender import why_closed

if TYPE_CHECKING:
    from tocsin.codec.shown_tracks import Showing

__all__ = ["Feeds"]

GAP_S = 0.2  # of the machine, between pictures that are looked at
IDLE_GAP_S = 1.0  # where nobody is told by himself, but somebody fetches
ASKED_S = 30.0  # so long after the last who fetched, pictures are looked at for the next
FRESH_S = 3.0  # who fetches waits so long for a picture; one that is older is none
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # after the 1st, 2nd ... failure in a row
PULL = "pull"  # a channel from which the partner fetches
MAX_PENDING = 64  # pictures that wait for the disk

_log = structlog.get_logger("tocsin.feeds")


class Feeds:
    """`offer` and `committed` from the engine's thread; `start` once the journal is open.

    parents: by channel, those who are not only told. Raises ServiceError for a certificate or
    a secret that is not there.
    """

    def __init__(
        self, node: Node, data: Path, parents: Mapping[str, Parent] | None = None
    ) -> None:
        self._node, self._parents = node, parents or {}
        self._lines: list[Line] = []
        self._carriers: dict[str, Carrier] = {}
        for channel in node.channels:
            if not channel.is_picture:
                continue
            parent = self._parents.get(channel.id)
            self._lines.append(Line(channel) if parent is None else parent.line)
            told = channel.to != PULL and channel.kind != "sapient"
            if told and not why_closed(channel, node):
                self._carriers[channel.id] = open_carrier(channel, data)
        self._changed = threading.Condition()
        # With the number in the journal, and when it came (time of the machine).
        self._pending: deque[tuple[int, float, Showing]] = deque(maxlen=MAX_PENDING)
        self._newest: Showing | None = None
        self._version = 0
        self._came_at = self._offered_at = self._asked_at = -1e9
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def offer(self, picture: Picture, number: int) -> None:
        """Take what stands after a batch, at most every GAP_S of the machine."""
        from tocsin.codec.shown_tracks import showing_of  # noqa: PLC0415 - loads kernels

        now = time.monotonic()
        if not self._threads and now - self._asked_at > ASKED_S:
            return
        if now - self._offered_at < (GAP_S if self._threads else IDLE_GAP_S):
            return
        self._offered_at = now
        try:
            self._pending.append((number, now, showing_of(picture, self._node)))
        except Exception as error:  # the watch goes on, whatever partners cannot be told
            _log.error("a picture cannot be told", exc_info=error)
            for line in self._lines:
                line.refused, line.error = line.refused + 1, f"{type(error).__name__}: {error}"

    def committed(self, number: int) -> None:
        """Let go of what is on disk."""
        newest, came_at = None, 0.0
        while self._pending and self._pending[0][0] <= number:
            _, came_at, newest = self._pending.popleft()
        if newest is None:
            return
        with self._changed:
            self._newest, self._came_at = newest, came_at
            self._version += 1
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to tell."""
        for line in self._lines:
            name = line.channel.id
            if name in self._parents:
                self._begin(name, self._parents[name].serve, self)
            elif name in self._carriers:
                self._begin(name, self._serve, line)

    def _begin(self, name: str, function: Callable[..., None], about: object) -> None:
        thread = threading.Thread(
            target=function, args=(about,), name=f"tocsin-feed-{name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def newer(self, seen: int, wait_s: float) -> "tuple[Showing | None, int]":
        """Return the newest picture that is on disk and its number, as soon as that is not
        `seen` any more or the wait is over.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._version != seen, wait_s)
            return self._newest, self._version

    def is_stopping(self, wait_s: float) -> bool:
        """Tell whether to tell no more, at the latest after the wait."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, wait_s)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Tell no more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    def status(self) -> list[ChannelStatus]:
        """Return how each channel for the picture stands."""
        return [line.status(why_closed(line.channel, self._node)) for line in self._lines]

    def fetch(self, channel: Channel) -> bytes | None:
        """Return the newest picture as a channel carries it; None where that is asked for
        more often than its limit. Raises ServiceError where none came of late: an old one
        would show things where they are no more.
        """
        from tocsin.codec.outgoing import PICTURES, Turn  # noqa: PLC0415
        from tocsin.codec.shown_tracks import carried  # noqa: PLC0415

        line = next((one for one in self._lines if one.channel is channel), Line(channel))
        with self._changed:
            now = time.monotonic()
            line.tokens = min(
                max(1.0, channel.per_second),
                line.tokens + (now - line.fetched_at) * channel.per_second,
            )
            line.fetched_at = now
            if line.tokens < 1.0:
                line.held_back += 1
                return None
            line.tokens -= 1.0
            self._asked_at = now
            self._changed.wait_for(lambda: self._stopping or self._is_fresh(), FRESH_S)
            showing = self._newest
            if showing is None or not self._is_fresh():
                raise ServiceError(
                    f"no picture came in the last {FRESH_S:g} s: the watch is starting, stands "
                    "still or is behind; fetch it again"
                )
            line.delivered += 1
        tracks = carried(showing, channel)
        turn = Turn(showing.now_s, self._node, channel, tracks, sensors=showing.sensors)
        return b"".join(PICTURES[channel.kind](turn))

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._came_at <= FRESH_S

    def _serve(self, line: Line) -> None:
        seen = 0
        while True:
            with self._changed:
                while not self._stopping and self._version == seen:
                    self._changed.wait()
                if self._stopping or self._newest is None:
                    break
                showing, seen = self._newest, self._version
            try:
                pause_s = self._tell(line, showing)
            except Exception as error:  # counted and logged; the next picture may do
                _log.error("a partner cannot be told", channel=line.channel.id, exc_info=error)
                line.refused, line.error = line.refused + 1, f"{type(error).__name__}: {error}"
                pause_s = PAUSES_S[-1]
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, pause_s):
                    break
        self._carriers[line.channel.id].close()

    def _tell(self, line: Line, showing: "Showing") -> float:
        """Send one picture; return how long to wait before the next."""
        began = time.monotonic()
        kept, is_all = payloads_into(line, showing, self._node)
        if not self._send(line, kept):
            line.failures += 1
            return PAUSES_S[min(line.failures, len(PAUSES_S)) - 1]
        line.failures = 0
        if is_all:
            line.ended = {}
        return max(0.0, line.channel.period_s - (time.monotonic() - began))

    def _send(self, line: Line, payloads: list[bytes]) -> bool:
        carrier, sent = self._carriers[line.channel.id], 0
        spacing_s = 1.0 / line.channel.per_second
        began = time.monotonic()
        try:
            for payload in payloads:
                # Evenly, so that a partner's buffer takes them; short waits are not slept.
                early_s = sent * spacing_s - (time.monotonic() - began)
                if early_s > 0.005:
                    time.sleep(early_s)
                if self._stopping:
                    return True
                carrier.send(payload)
                sent += 1
        except (OSError, ValueError) as error:
            carrier.close()
            line.failed += len(payloads) - sent
            if not line.failures:
                _log.warning(
                    "a partner cannot be told", channel=line.channel.id, reason=str(error)
                )
            line.error = f"{type(error).__name__}: {error}"
            return False
        finally:
            line.delivered += sent
        return True
