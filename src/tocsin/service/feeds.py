"""The threads that tell partners of the picture: the newest one, once it is on disk.

A partner that cannot be told holds up nobody: nothing is kept for it, for the next picture says
more than the last. What did not go is counted. Recovery and replays tell nobody.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from tocsin.model import Channel, Ladder, Node, Picture
from tocsin.service.api_structs import ChannelStatus
from tocsin.service.carriers import Carrier, open_carrier
from tocsin.service.sender import why_closed

if TYPE_CHECKING:
    from tocsin.codec.asterix.outgoing import Numbers
    from tocsin.codec.shown_tracks import Showing, ShownTrack

__all__ = ["Feeds"]

GAP_S = 0.2  # of the machine, between pictures that are looked at
IDLE_GAP_S = 1.0  # where nobody is told by himself, but somebody fetches
ASKED_S = 30.0  # so long after the last who fetched, pictures are looked at for the next
FRESH_S = 3.0  # who comes first waits so long for a picture
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # after the 1st, 2nd ... failure in a row
PULL = "pull"  # a channel from which the partner fetches
MAX_PENDING = 64  # pictures that wait for the disk

_log = structlog.get_logger("tocsin.feeds")


@dataclass(slots=True)
class _Line:
    """One channel as it stands. told: the tracks of which the partner knows, by id; ended:
    those of them that are gone, until that was said.
    """

    channel: Channel
    carrier: Carrier | None = None
    told: "dict[str, ShownTrack]" = field(default_factory=dict)
    ended: "dict[str, ShownTrack]" = field(default_factory=dict)
    numbers: "Numbers | None" = None  # track numbers that the partner knows
    count: int = 0  # of pictures
    turn: int = 0  # which track is first to go where not all may
    delivered: int = 0
    failed: int = 0
    held_back: int = 0
    refused: int = 0
    tokens: float = 1e9  # how often a partner may fetch now
    fetched_at: float = 0.0
    failures: int = 0
    error: str = ""


class Feeds:
    """`offer` and `committed` from the engine's thread; `start` once the journal is open.

    Raises ServiceError for a certificate or a secret that is not there.
    """

    def __init__(self, node: Node, data: Path) -> None:
        self._node = node
        self._lines = [_Line(c) for c in node.channels if c.is_picture]
        for line in self._lines:
            if line.channel.to != PULL and not why_closed(line.channel, node):
                line.carrier = open_carrier(line.channel, data)
        self._changed = threading.Condition()
        self._pending: deque[tuple[int, Showing]] = deque(maxlen=MAX_PENDING)
        self._newest: Showing | None = None
        self._version = 0
        self._offered_at = self._asked_at = -1e9
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
            self._pending.append((number, showing_of(picture, self._node)))
        except Exception as error:  # the watch goes on, whatever partners cannot be told
            _log.error("a picture cannot be told", exc_info=error)
            for line in self._lines:
                line.refused, line.error = line.refused + 1, f"{type(error).__name__}: {error}"

    def committed(self, number: int) -> None:
        """Let go of what is on disk."""
        newest = None
        while self._pending and self._pending[0][0] <= number:
            newest = self._pending.popleft()[1]
        if newest is None:
            return
        with self._changed:
            self._newest, self._version = newest, self._version + 1
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to tell."""
        for line in self._lines:
            if line.carrier is not None:
                name = f"tocsin-feed-{line.channel.id}"
                thread = threading.Thread(
                    target=self._serve, args=(line,), name=name, daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Tell no more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    def status(self) -> list[ChannelStatus]:
        """Return how each channel for the picture stands."""
        return [
            ChannelStatus(
                id=line.channel.id,
                closed=why_closed(line.channel, self._node),
                queued=0,
                delivered=line.delivered,
                failed=line.failed + line.refused,
                last_error=line.error,
                oldest_waiting_s=None,
                held_back=line.held_back,
            )
            for line in self._lines
        ]

    def fetch(self, channel: Channel) -> bytes | None:
        """Return the newest picture as a channel carries it; None where that is asked for
        more often than its limit.
        """
        from tocsin.codec.outgoing import PICTURES, Turn  # noqa: PLC0415
        from tocsin.codec.shown_tracks import Showing, carried  # noqa: PLC0415

        line = next((one for one in self._lines if one.channel is channel), _Line(channel))
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
            is_old = not self._threads and now - self._asked_at > ASKED_S
            self._asked_at, seen = now, self._version
            if is_old or self._newest is None:
                self._changed.wait_for(lambda: self._stopping or self._version > seen, FRESH_S)
            line.delivered += 1
            showing = self._newest or Showing(0.0)
        tracks = carried(showing, channel)
        turn = Turn(showing.now_s, self._node, channel, tracks, sensors=showing.sensors)
        return b"".join(PICTURES[channel.kind](turn))

    def _serve(self, line: _Line) -> None:
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
        if line.carrier is not None:
            line.carrier.close()

    def _tell(self, line: _Line, showing: "Showing") -> float:
        """Send one picture; return how long to wait before the next."""
        from tocsin.codec.asterix.outgoing import Numbers  # noqa: PLC0415
        from tocsin.codec.outgoing import PICTURES, Turn  # noqa: PLC0415
        from tocsin.codec.shown_tracks import carried  # noqa: PLC0415

        channel, began = line.channel, time.monotonic()
        tracks = carried(showing, channel)
        here = {track.id: track for track in tracks}
        line.ended |= {k: t for k, t in line.told.items() if k not in here}
        line.ended = {k: t for k, t in line.ended.items() if k not in here}
        line.numbers = line.numbers or Numbers()
        turn = Turn(
            showing.now_s, self._node, channel, _in_turn(tracks, line.turn),
            list(line.ended.values()), showing.sensors, line.numbers, line.count,
        )  # fmt: skip
        line.count += 1
        payloads = PICTURES[channel.kind](turn)
        line.refused += turn.refused
        line.told = here
        may = max(1, int(channel.per_second * channel.period_s))
        kept = payloads[:may]
        line.held_back += len(payloads) - len(kept)
        line.turn = (line.turn + len(kept)) if len(kept) < len(payloads) else 0
        if not self._send(line, kept):
            line.failures += 1
            return PAUSES_S[min(line.failures, len(PAUSES_S)) - 1]
        line.failures = 0
        if len(kept) == len(payloads):
            line.ended = {}
        return max(0.0, channel.period_s - (time.monotonic() - began))

    def _send(self, line: _Line, payloads: list[bytes]) -> bool:
        carrier, sent = line.carrier, 0
        assert carrier is not None
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


def _in_turn(tracks: "list[ShownTrack]", first: int) -> "list[ShownTrack]":
    """Return those that drive an alarm's step first, then the others beginning with another
    one each time, so that a limit keeps none of them out for good.
    """
    urgent = [t for t in tracks if t.step != Ladder.QUIET]
    others = [t for t in tracks if t.step == Ladder.QUIET]
    at = first % len(others) if others else 0
    return [*urgent, *others[at:], *others[:at]]
