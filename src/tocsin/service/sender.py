"""The threads that carry warnings out: one takes committed entries, one serves each channel.

Nothing here holds the engine up: it leaves entries in a queue and goes on.
"""

import http.client
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from tocsin.errors import TocsinError
from tocsin.model import Channel, Entry, Node
from tocsin.service.api_structs import ChannelStatus, SirenPulse
from tocsin.service.handing_over import RefusedError, hand_over, need_channel
from tocsin.service.heartbeats import Heartbeats
from tocsin.service.journal import last_entry, read_entries
from tocsin.service.outbox import Outbox, Waiting
from tocsin.service.secrets_folder import read_secret
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.sirens import PathState, siren_pulses

if TYPE_CHECKING:
    from tocsin.service.parents import Parent

__all__ = ["MAX_TRIES", "Sender", "open_sender", "why_closed"]

MAX_TRIES = 100  # with BACK_OFF_S about a quarter of an hour; older warnings warn nobody
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)  # after the 1st, 2nd ... try; the last one stays
LOOK_S = 1.0  # an idle channel looks at the outbox again
PAGE = 1_000  # entries of the journal taken at once

_log = structlog.get_logger("tocsin.sender")


def why_closed(channel: Channel, node: Node) -> str:
    """Return why nothing leaves by a channel, "" where it is open.

    Where no sensor is live, only folders and this machine are reached.
    """
    from tocsin.codec._channel_address import stays_here  # noqa: PLC0415 - loads kernels

    natures = {sensor.nature for sensor in node.sensors}
    if natures and "live" not in natures and not stays_here(channel.to):
        return "no sensor here is live: nothing leaves this machine"
    return ""


@dataclass(slots=True)
class Sender:
    """Owns the outbox. `take` from the engine's thread; `start` once the journal is open."""

    node: Node
    data: Path
    outbox: Outbox
    ledger: ServiceLedger
    tokens: dict[str, str]
    parents: "Mapping[str, Parent]" = field(default_factory=dict)
    _entries: "queue.SimpleQueue[tuple[Entry, ...] | None]" = field(
        default_factory=queue.SimpleQueue
    )
    _stopping: threading.Event = field(default_factory=threading.Event)
    _fresh: dict[str, threading.Event] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _trouble: str = ""
    _beats: Heartbeats | None = None

    @property
    def channels(self) -> list[Channel]:
        """Return the channels of the site file that carry warnings."""
        return [c for c in self.node.channels if c.is_warning]

    @property
    def open_channels(self) -> list[Channel]:
        """Return those by which something may leave."""
        return [c for c in self.channels if not why_closed(c, self.node)]

    def take(self, entries: Sequence[Entry]) -> None:
        """Note entries that are on disk now; returns at once."""
        if self.channels and (alerts := tuple(e for e in entries if e.kind == "alert")):
            self._entries.put(alerts)

    def start(self) -> None:
        """Take what was committed and not looked at yet, then what comes."""
        if not self.channels:
            return
        self._fresh = {channel.id: threading.Event() for channel in self.open_channels}
        self._begin(self._take_all, "tocsin-outbox")
        self._beats = Heartbeats(self.node, self.data, self.open_channels, self.tokens)
        self._beats.start()
        for channel in self.open_channels:
            self._begin(self._serve, f"tocsin-channel-{channel.id}", channel)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Let what is committed into the outbox, finish the tries under way, and end."""
        self._entries.put(None)
        for thread in self._threads[:1]:
            thread.join(timeout_s)
        self._stopping.set()
        for fresh in self._fresh.values():
            fresh.set()
        for thread in self._threads:
            thread.join(timeout_s)
        if self._beats is not None:
            self._beats.stop()

    def status(self) -> list[ChannelStatus]:
        """Return how each channel for warnings stands."""
        return [self._status_of(channel) for channel in self.channels]

    def sirens(self) -> list[SirenPulse]:
        """Return how the siren path of each site stands."""
        paths = [self._path_of(c) for c in self.open_channels if c.is_siren]
        return siren_pulses(self.node, paths)

    def _path_of(self, channel: Channel) -> PathState:
        _, _, _, error, oldest_s = self.outbox.counts(channel.id)
        if untold := self.outbox.untold(channel.id):
            # Whoever answers a heartbeat and refuses the warning has warned nobody.
            oldest_s, error = untold
        waits_s = None if oldest_s is None else max(0.0, time.time() - oldest_s)
        error = self._trouble or error
        pulse = self._beats.pulses.get(channel.id) if self._beats is not None else None
        if pulse is None:
            return PathState(channel, waits_s, error, beats=False)
        age_s = pulse.age_s()
        if waits_s is not None and waits_s > age_s:
            return PathState(channel, waits_s, error)
        return PathState(channel, age_s, pulse.error)

    def _status_of(self, channel: Channel) -> ChannelStatus:
        queued, delivered, failed, error, oldest_s = self.outbox.counts(channel.id)
        pulse = self._beats.pulses.get(channel.id) if self._beats is not None else None
        heard_s = None if pulse is None or pulse.heard_at is None else pulse.age_s()
        return ChannelStatus(
            id=channel.id,
            closed=why_closed(channel, self.node),
            queued=queued,
            delivered=delivered,
            failed=failed,
            last_error=self._trouble or error,
            oldest_waiting_s=None if oldest_s is None else max(0.0, time.time() - oldest_s),
            heartbeat_s=channel.heartbeat_s,
            heard_s=heard_s,
            heartbeat_error="" if pulse is None else pulse.error,
        )

    def _begin(self, function: Callable[..., None], name: str, *args: object) -> None:
        thread = threading.Thread(target=function, args=args, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _take_all(self) -> None:
        if not self._insist(self._take_missed):
            return
        while (entries := self._entries.get()) is not None:
            if not self._insist(partial(self._let_in, entries)):
                return

    def _take_missed(self) -> None:
        """What was committed when the service died before it came into the outbox."""
        folder = self.data / "journal"
        while page := read_entries(folder, after=self.outbox.mark(), limit=PAGE):
            self._let_in(page)

    def _let_in(self, entries: Sequence[Entry]) -> None:
        now_s = time.time()
        if self.outbox.take(entries, self.node, self.open_channels, now_s):
            for fresh in self._fresh.values():
                fresh.set()

    def _insist(self, work: Callable[[], None]) -> bool:
        """Do it until the disk lets us; False where the service stops first."""
        while True:
            try:
                work()
            except (sqlite3.Error, OSError, TocsinError) as error:
                if not self._trouble:
                    _log.error("the outbox cannot be written", reason=str(error))
                self._trouble = f"the outbox cannot be written: {error}"
                if self._stopping.wait(LOOK_S):
                    return False
            else:
                self._trouble = ""
                return True

    def _serve(self, channel: Channel) -> None:
        fresh = self._fresh[channel.id]
        while not self._stopping.is_set():
            fresh.clear()
            try:
                message = self.outbox.due(channel.id, time.time())
            except sqlite3.Error as error:
                _log.error("the outbox cannot be read", reason=str(error))
                message = None
            if message is None:
                fresh.wait(LOOK_S / 4)
                continue
            self._try(channel, message)
            self._stopping.wait(1.0 / channel.per_second)

    def _try(self, channel: Channel, message: Waiting) -> None:
        outbox, tries = self.outbox, message.tries + 1
        error = ""
        try:
            if channel.id in self.parents:
                self.parents[channel.id].alert(message.body)
            else:
                hand_over(message, channel, self.data, self.tokens.get(channel.id, ""))
        except RefusedError as refused:
            error, tries = str(refused), MAX_TRIES
        except (OSError, ValueError, http.client.HTTPException, TocsinError) as failed:
            error = f"{type(failed).__name__}: {failed}"
        if not error:
            self._note("delivered", channel, message, tries)
            self._insist(partial(outbox.delivered, channel.id, message.number, time.time()))
        elif tries >= MAX_TRIES:
            _log.error("a warning could not be handed over", channel=channel.id, reason=error)
            self._note("not delivered", channel, message, message.tries + 1, error=error)
            self._insist(
                partial(outbox.give_up, channel.id, message.number, error, time.time())
            )
        else:
            wait_s = BACK_OFF_S[min(tries, len(BACK_OFF_S)) - 1]
            try:
                outbox.put_off(channel.id, message.number, error, time.time() + wait_s)
            except sqlite3.Error as full:
                # It is tried again all the same: the receiver needs no room on our disk.
                self._trouble = f"the outbox cannot be written: {full}"
                self._stopping.wait(wait_s)

    def _note(
        self, kind: str, channel: Channel, message: Waiting, tries: int, error: str = ""
    ) -> None:
        # That it was handed over is in the outbox too; a full disk does not hold it up.
        with suppress(sqlite3.Error):
            self.ledger.note(
                kind, channel=channel.id, message=message.identifier, what=message.kind,
                tries=tries, error=error,
            )  # fmt: skip


def open_sender(
    node: Node,
    data: Path,
    ledger: ServiceLedger,
    parents: "Mapping[str, Parent] | None" = None,
) -> Sender:
    """Open the outbox of a data folder and read the channels' secrets; parents: by channel.

    Raises ServiceError where a secret, a certificate or a package is missing, or the outbox
    cannot be used.
    """
    tokens = {
        c.id: read_secret(c.secret, data / "secrets")
        for c in node.channels
        if c.secret and c.is_warning
    }
    for channel in node.channels:
        if channel.is_warning:
            need_channel(channel, data)
    outbox = Outbox(data / "outbox.sqlite", last_entry(data / "journal"))
    return Sender(node, data, outbox, ledger, tokens, parents or {})
