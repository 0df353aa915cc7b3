"""The line to a parent fusion node (SAPIENT): we register, tell of tracks and warnings, and
refuse what we are asked.

One thread a parent does it all, so that stamps never step back. Nothing is kept for a parent
that is away but the ends of tracks that it knows; warnings wait in the outbox until it has
acknowledged them. What a parent asks is answered REJECTED, noted for people, and goes nowhere.
"""

import contextlib
import importlib.util
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from tocsin.errors import ServiceError
from tocsin.model import Channel, Node
from tocsin.service.handing_over import RefusedError
from tocsin.service.lines import Line, payloads_into
from tocsin.service.parent_socket import ParentSocket
from tocsin.service.sender import why_closed
from tocsin.service.tls import client_context

if TYPE_CHECKING:
    from tocsin.codec.outgoing_upward import Heard
    from tocsin.codec.shown_tracks import Showing

__all__ = ["News", "Parent", "open_parents"]

ACK_S = 10.0  # from our registration to the parent's answer
LOOK_S = 0.1  # so often we look at what it says
ALERT_S = 5.0  # a warning that is not acknowledged by then is told again
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)  # after the 1st, 2nd ... failure in a row
REFUSED_S = (2.0, 5.0, 10.0, 30.0, 60.0)  # the same where it does not accept us
# Between stamps of detections that differ: the reference middleware rejects what follows within
# 80 ms; a watch that lags behind may make two pictures that lie closer.
APART_S = 0.1
STALE_S = 3.0  # of service time: an older picture is none, and our state is ERROR
NOTE_S = 10.0  # between two notes of refused tasks
MAX_ALERTS = 64
LATE_S = 30.0  # an answer that has not come by then never will
MAX_TELLINGS = 1024  # of warnings that are not answered yet

_log = structlog.get_logger("tocsin.parents")


class NotAcceptedError(ConnectionError):
    """The parent does not take us as a child."""


class News(Protocol):
    """Where pictures come from, and when to end."""

    def newer(self, seen: int, wait_s: float) -> "tuple[Showing | None, int]": ...
    def is_stopping(self, wait_s: float) -> bool: ...


@dataclass(slots=True, eq=False)
class _Asked:
    """A warning on its way: what came of it. alert_id, is_end, told_at (of the machine): once
    it was told.
    """

    body: bytes
    alert_id: str = ""
    is_end: bool = False
    told_at: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)
    refused: str = ""
    error: str = ""


class Parent:
    """`serve` on its own thread; `alert` from another. note: writes into the service ledger."""

    def __init__(
        self,
        node: Node,
        channel: Channel,
        data: Path,
        now_s: Callable[[], float],
        note: Callable[..., object],
    ) -> None:
        self.line = Line(channel)
        self.tasks_refused = 0
        self._node, self._now_s, self._note = node, now_s, note
        context = None
        if channel.to.startswith("tls:"):
            context = client_context(channel.tls, channel.tls_authority, data / "secrets")
        self._socket = ParentSocket(channel.to, context)
        self._is_registered = threading.Event()
        self._alerts: queue.Queue[_Asked] = queue.Queue(MAX_ALERTS)
        # What was told on this connection and not answered yet, oldest first.
        self._tellings: deque[_Asked] = deque(maxlen=MAX_TELLINGS)
        self._parent_id = ""
        self._stamp_s = self._told_s = self._status_s = -1e9
        self._due_at = self._noted_at = -1e9
        self._count = 0

    def alert(self, body: bytes) -> None:
        """Tell a warning, or its end; returns once the parent has acknowledged it.

        Raises OSError where another try may do, RefusedError where the parent rejects it.
        """
        if not self._is_registered.is_set():
            raise ConnectionError(self.line.error or "the parent has not accepted us yet")
        asked = _Asked(body)
        try:
            self._alerts.put_nowait(asked)
        except queue.Full:
            raise ConnectionError(f"over {MAX_ALERTS} warnings wait for the parent") from None
        if not asked.done.wait(ALERT_S):
            raise TimeoutError(f"no AlertAck in {ALERT_S:g} s")
        if asked.refused:
            raise RefusedError(asked.refused)
        if asked.error:
            raise ConnectionError(asked.error)

    def serve(self, news: News) -> None:
        """Be the parent's child until the service stops; call again whenever it is lost."""
        refusals = 0
        while not news.is_stopping(0.0):
            pauses_s, turn = PAUSES_S, self.line.failures
            try:
                self._converse(news)
            except NotAcceptedError as error:
                refusals += 1
                pauses_s, turn = REFUSED_S, refusals - 1
                self._lose(str(error))
            except OSError as error:
                self._lose(f"{type(error).__name__}: {error}")
            except Exception as error:  # counted and logged; the next picture may do
                _log.error("a parent cannot be told", exc_info=error)
                self.line.refused += 1
                self._lose(f"{type(error).__name__}: {error}")
            else:
                return
            finally:
                self._hang_up()
            if self._parent_id:  # it had accepted us
                refusals = turn = 0
                self._parent_id = ""
            self._count_lost(news)
            self.line.failures += 1
            if news.is_stopping(pauses_s[min(turn, len(pauses_s) - 1)]):
                return

    def _converse(self, news: News) -> None:
        """Register and tell; returns when the service stops, having said GOODBYE."""
        from tocsin.codec.outgoing_upward import STATUS_S, greeting  # noqa: PLC0415 - loads kernels

        self._socket.call()
        self._stamp_s = max(self._stamp_s, self._now_s())
        self._send(greeting(self._node, self.line.channel, self._stamp_s))
        if not self._wait_for_ack(news):
            return
        _log.info("registered with a parent", channel=self.line.channel.id)
        self.line.failures, self.line.error = 0, ""
        self._is_registered.set()
        self._due_at, self._status_s, seen = -1e9, -1e9, 0
        since_s = self._now_s()
        while True:
            showing, seen = news.newer(seen, LOOK_S)
            if news.is_stopping(0.0):
                self._send_status(showing, "goodbye")
                self._socket.end()
                return
            for heard in self._socket.read():
                self._hear(heard)
            self._tell_alerts(showing)
            self._tell(showing)
            now_s = self._now_s()
            waits = showing is None and abs(now_s - since_s) <= STALE_S  # for the first picture
            if not waits and abs(now_s - self._status_s) >= STATUS_S:
                self._status_s = now_s
                self._send_status(showing, "ok")

    def _wait_for_ack(self, news: News) -> bool:
        """Wait for the answer to our registration; False where the service stops first."""
        end = time.monotonic() + ACK_S
        while time.monotonic() < end:
            if news.is_stopping(LOOK_S):
                return False
            for heard in self._socket.read():
                if heard.kind == "registration_ack" and heard.ok:
                    self._parent_id = heard.who or "unnamed"
                else:
                    self._hear(heard)
            if self._parent_id:
                return True
        raise TimeoutError(f"no RegistrationAck in {ACK_S:g} s")

    def _hear(self, heard: "Heard") -> None:
        """Take what the parent says."""
        if heard.kind == "task":
            self._refuse(heard)
        elif heard.kind == "registration_ack" and not heard.ok:
            raise NotAcceptedError(
                f"the parent does not accept us: {heard.words or 'no reason'}"
            )
        elif heard.kind == "alert_ack":
            self._take_answer(heard)
        elif heard.kind == "error":
            self.line.refused += 1
            self.line.error = f"the parent says: {heard.words or 'an Error without a reason'}"

    def _take_answer(self, heard: "Heard") -> None:
        """Take the answer to a warning or to its end, which share an id.

        The parent answers in the order in which it was told, and what was told twice twice: so
        an answer belongs to the oldest telling that has none, and to whoever waits for one to
        the same.
        """
        while self._tellings and time.monotonic() - self._tellings[0].told_at > LATE_S:
            self._tellings.popleft()
        told = [asked for asked in self._tellings if asked.alert_id == heard.id]
        if not told:
            return
        self._tellings.remove(told[0])
        for asked in told:
            if asked.is_end == told[0].is_end and not asked.done.is_set():
                asked.refused = "" if heard.ok else f"the parent rejects it: {heard.words}"
                asked.done.set()

    def _refuse(self, heard: "Heard") -> None:
        """Answer a task: nothing of it goes on from here, to a sensor or to anybody."""
        from tocsin.codec.outgoing_upward import refusal  # noqa: PLC0415

        self.tasks_refused += 1
        self.line.error = (
            f"the parent asked for {heard.words}: refused ({self.tasks_refused} so far)"
        )
        if time.monotonic() - self._noted_at >= NOTE_S:
            self._noted_at = time.monotonic()
            _log.warning("a parent's task was refused", channel=self.line.channel.id,
                         asked=heard.words, tasks=self.tasks_refused)  # fmt: skip
            with contextlib.suppress(sqlite3.Error):
                self._note(
                    "task refused", channel=self.line.channel.id, what=heard.words,
                    tasks=self.tasks_refused,
                )  # fmt: skip
        self._send(refusal(self._node, heard, self._stamp_s))

    def _tell_alerts(self, showing: "Showing | None") -> None:
        from tocsin.codec.outgoing_upward import alert_frame  # noqa: PLC0415

        with contextlib.suppress(queue.Empty):
            while True:
                asked = self._alerts.get_nowait()
                self._step_stamp(showing)
                data, asked.alert_id, asked.is_end = alert_frame(
                    asked.body, self._node, self._parent_id, self._stamp_s
                )
                asked.told_at = time.monotonic()
                self._tellings.append(asked)
                self._send(data)

    def _tell(self, showing: "Showing | None") -> None:
        """Tell the newest picture once a period; one that is older than what was said waits."""
        if showing is None or time.monotonic() < self._due_at:
            return
        if showing.now_s < self._stamp_s or showing.now_s < self._told_s + APART_S:
            return
        self._due_at = time.monotonic() + self.line.channel.period_s
        self._stamp_s = self._told_s = showing.now_s
        payloads, is_all = payloads_into(self.line, showing, self._node)
        try:
            self._send(*payloads)
        except OSError:
            self.line.failed += len(payloads)
            raise
        self.line.delivered += len(payloads)
        if is_all:
            self.line.ended = {}

    def _send_status(self, showing: "Showing | None", system: str) -> None:
        from tocsin.codec.outgoing_upward import status  # noqa: PLC0415

        if not self._step_stamp(showing) and system == "ok":
            system = "error"
        self._count += 1
        sensors = showing.sensors if showing is not None else ()
        self._send(
            status(self._node, self.line.channel, self._stamp_s, count=self._count,
                   sensors=sensors, system=system)
        )  # fmt: skip

    def _step_stamp(self, showing: "Showing | None") -> bool:
        """Set the stamp of what is said beside the tracks: that of the newest picture, so that
        the next one does not step back; tell whether there is one of now.
        """
        now_s = self._now_s()
        is_fresh = showing is not None and abs(now_s - showing.now_s) <= STALE_S
        if is_fresh and showing is not None:
            now_s = showing.now_s
        self._stamp_s = max(self._stamp_s, now_s)
        return is_fresh

    def _send(self, *payloads: bytes) -> None:
        from tocsin.codec.outgoing_upward import upward_kind  # noqa: PLC0415

        may_go = [payload for payload in payloads if upward_kind(payload)]
        if len(may_go) < len(payloads):
            _log.error("a message that is none of the known ones was kept back")
            self.line.refused += len(payloads) - len(may_go)
        if may_go:
            self._socket.send(b"".join(may_go))

    def _lose(self, why: str) -> None:
        if why != self.line.error:
            _log.warning("a parent is lost", channel=self.line.channel.id, reason=why)
        self.line.error = why

    def _hang_up(self) -> None:
        self._is_registered.clear()
        self._socket.close()
        with contextlib.suppress(queue.Empty):
            while True:
                self._tellings.append(self._alerts.get_nowait())
        for asked in self._tellings:
            if not asked.done.is_set():
                asked.error = self.line.error or "the parent was lost"
                asked.done.set()
        self._tellings.clear()

    def _count_lost(self, news: News) -> None:
        """Count what of the newest picture the parent was not told, as of any partner."""
        from tocsin.codec.shown_tracks import carried  # noqa: PLC0415

        showing, _ = news.newer(0, 0.0)
        if showing is not None and showing.now_s > self._told_s:
            self.line.failed += sum(
                bool(t.site_id) for t in carried(showing, self.line.channel)
            )


def open_parents(
    node: Node, data: Path, now_s: Callable[[], float], note: Callable[..., object]
) -> dict[str, Parent]:
    """Return the parents of the site file by channel, where something may leave.

    Raises ServiceError for a certificate or a package that is not there.
    """
    channels = [c for c in node.channels if c.kind == "sapient" and not why_closed(c, node)]
    if channels and importlib.util.find_spec("sapient_msg") is None:
        raise ServiceError(
            f"channel {channels[0].id!r} needs the Python package sapient-msg 0.2, which is "
            "not here; install it with: pip install 'sapient-msg>=0.2.1,<0.3'",
            package="sapient-msg",
        )
    return {c.id: Parent(node, c, data, now_s, note) for c in channels}
