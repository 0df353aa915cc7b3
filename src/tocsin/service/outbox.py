"""The outbox: what is to leave, in a database of its own, derived from committed entries.

DATA/outbox.sqlite holds the number of the last ledger entry that was looked at, the messages
on their way, and which warnings stand. One transaction takes an entry, queues what follows of
it and moves the number on, so an entry gives its messages once, whenever the service dies:
see docs/decisions/0005-outbox.md. Several threads use it; a lock lets one in at a time.
"""

import hashlib
import json
import math
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.errors import CallError, ServiceError
from tocsin.model import AlertEvent, Channel, Entry, Node

__all__ = ["MAX_WAITING", "Outbox", "Waiting", "event_of"]

MAX_WAITING = 10_000  # messages of one channel on their way; the oldest becomes a dead letter
MAX_AHEAD_S = 60.0  # no try is put off farther than this
MAX_REFERENCES = 20  # earlier warnings that one end names again
KEPT_FINISHED = 1_000  # messages of one channel that stay to be looked at afterwards

_TABLES = """
CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1),
    entry INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS standing (site TEXT NOT NULL, zone TEXT NOT NULL,
    sender TEXT NOT NULL, identifier TEXT NOT NULL, sent_s REAL NOT NULL, nature TEXT NOT NULL,
    PRIMARY KEY (site, zone)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ended (site TEXT NOT NULL, zone TEXT NOT NULL,
    sender TEXT NOT NULL, identifier TEXT NOT NULL, sent_s REAL NOT NULL, nature TEXT NOT NULL,
    last TEXT NOT NULL, PRIMARY KEY (site, zone, identifier)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (number INTEGER PRIMARY KEY, channel TEXT NOT NULL,
    identifier TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, media TEXT NOT NULL,
    body BLOB NOT NULL, created_s REAL NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
    next_s REAL NOT NULL, done_s REAL, error TEXT NOT NULL, UNIQUE (channel, identifier));
CREATE INDEX IF NOT EXISTS message_way ON message (channel, state, number);
CREATE TABLE IF NOT EXISTS total (channel TEXT PRIMARY KEY, delivered INTEGER NOT NULL,
    failed INTEGER NOT NULL, error TEXT NOT NULL) WITHOUT ROWID;
"""
# The message of a channel that is due for longest and that none of the same zone stands before:
# the end of a warning never overtakes it, and a zone, or a recipient, that cannot be told does
# not hold up another.
_DUE = """
SELECT number, identifier, kind, media, body, created_s, tries FROM message AS m
WHERE channel = ? AND state = 'queued' AND NOT next_s BETWEEN ? AND ? AND NOT EXISTS (
    SELECT 1 FROM message AS before WHERE before.channel = m.channel
    AND before.state = 'queued' AND before.place = m.place AND before.number < m.number)
ORDER BY next_s, number LIMIT 1
"""
# Warnings of a zone that have ended where a channel gave up the message that said so last: a
# receiver may still show them, so the next end says it again.
_UNENDED = """
SELECT sender, identifier, sent_s, nature FROM ended
WHERE site = ? AND zone = ? AND EXISTS (
    SELECT 1 FROM message WHERE state = 'failed'
    AND substr(message.identifier, 1, length(ended.last)) = ended.last)
ORDER BY sent_s DESC LIMIT ?
"""
# Warnings that stand and that a channel could not bring to their place, nor what came after.
_UNTOLD = """
SELECT created_s, error FROM message AS m
WHERE channel = ? AND kind = 'cap-warning' AND state = 'failed' AND EXISTS (
    SELECT 1 FROM standing WHERE substr(m.identifier, 1, length(standing.identifier))
    = standing.identifier)
AND NOT EXISTS (
    SELECT 1 FROM message AS later WHERE later.channel = m.channel
    AND later.state = 'delivered' AND later.place = m.place AND later.number > m.number)
ORDER BY number LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message on its way; times in Unix seconds of the machine."""

    number: int
    identifier: str
    kind: str
    media_type: str
    body: bytes
    created_s: float
    tries: int


def event_of(entry: Entry) -> AlertEvent | None:
    """Return the event that a ledger entry keeps, None for entries of another kind."""
    if entry.kind != "alert":
        return None
    body = json.loads(entry.body)
    return AlertEvent(
        kind=body["what"], at_s=body["at_s"], site_id=body["site"], zone_id=body["zone"],
        alarm_id=body["alarm"], step=body["step"], tracks=tuple(map(int, body["tracks"])),
        by=body["by"], text=body["text"], nature=body["nature"],
    )  # fmt: skip


class Outbox:
    """Opens (or makes) the database; last_entry: the journal's last one now, -1 for none.

    A new outbox begins after it: what happened before there was one is not sent. Raises
    ServiceError where the database cannot be used.
    """

    def __init__(self, path: Path, last_entry: int) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
            # A journal that was put back has fewer entries; those that come are new.
            self._db.execute(
                "INSERT INTO mark VALUES (1, ?) "
                "ON CONFLICT(one) DO UPDATE SET entry = min(entry, excluded.entry)",
                (last_entry,),
            )
        except (sqlite3.DatabaseError, OSError) as error:
            raise ServiceError(
                f"the outbox {path} cannot be used ({error}); restore it from a copy, or move "
                "it away: what was on its way is then not sent",
                path=str(path),
            ) from error

    def mark(self) -> int:
        """Return the number of the last entry that was looked at."""
        with self._lock:
            return int(self._db.execute("SELECT entry FROM mark").fetchone()[0])

    def take(
        self, entries: Iterable[Entry], node: Node, channels: Sequence[Channel], now_s: float
    ) -> int:
        """Queue what follows of committed entries and move the mark on; return how many
        messages.

        Entries up to the mark are passed over. Raises sqlite3.Error where the disk takes
        nothing; then nothing has happened.
        """
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                count = self._take(entries, node, channels, now_s)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            return count

    def _take(
        self, entries: Iterable[Entry], node: Node, channels: Sequence[Channel], now_s: float
    ) -> int:
        mark, count = self._db.execute("SELECT entry FROM mark").fetchone()[0], 0
        for entry in entries:
            if entry.number <= mark:
                continue
            mark = entry.number
            event = event_of(entry)
            if event is not None and event.zone_id:
                count += self._queue(event, entry.digest, node, channels, now_s)
        self._db.execute("UPDATE mark SET entry = ?", (mark,))
        return count

    def _queue(
        self,
        event: AlertEvent,
        digest: bytes,
        node: Node,
        channels: Sequence[Channel],
        now_s: float,
    ) -> int:
        from tocsin.codec.outgoing import FORMS, Alerted, message_of  # noqa: PLC0415 - loads kernels

        place = (event.site_id, event.zone_id)
        stands = self._db.execute(
            "SELECT sender, identifier, sent_s, nature FROM standing "
            "WHERE site = ? AND zone = ?",
            place,
        ).fetchall()
        if stands:
            stands += self._db.execute(_UNENDED, (*place, MAX_REFERENCES)).fetchall()
        try:
            message = message_of(event, node, digest, [Alerted(*row) for row in stands])
        except CallError as error:  # it is counted, and holds up no other
            for channel in channels:
                self._total(channel.id, failed=True, error=str(error))
            return 0
        if message is None:
            return 0
        if message.kind == "cap-warning":
            standing = (message.sender, message.identifier, message.sent_s, message.nature)
            self._db.execute(
                "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?)", (*place, *standing)
            )
        else:
            self._end(place, stands, message.identifier)
        carrying = [
            c for c in channels
            if message.nature in c.natures and (not c.sites or event.site_id in c.sites)
        ]  # fmt: skip
        count = 0
        for channel in carrying:
            for formed in FORMS[channel.kind](message.warned, channel):
                # Each recipient waits for himself: one who cannot be reached holds up no other.
                # An address is personal: what is noted of the message does not name it.
                whom = hashlib.blake2b(formed.whom.encode(), digest_size=6).hexdigest()
                words = (*place, whom) if formed.whom else place
                identifier = message.identifier + (f"-{whom}" if formed.whom else "")
                if message.kind == "cap-warning":
                    self._overtake(channel.id, "/".join(words), identifier, now_s)
                self._db.execute(
                    "INSERT OR IGNORE INTO message VALUES "
                    "(NULL, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, NULL, '')",
                    (channel.id, identifier, message.kind, "/".join(words),
                     formed.media_type, formed.body, now_s, now_s),
                )  # fmt: skip
                count += 1
            self._bound(channel.id, now_s)
        return count

    def _end(self, place: tuple[str, str], warnings: list[Any], last: str) -> None:
        """Note which warnings of a zone a message ends; of others nothing is kept."""
        self._db.execute("DELETE FROM standing WHERE site = ? AND zone = ?", place)
        self._db.execute("DELETE FROM ended WHERE site = ? AND zone = ?", place)
        self._db.executemany(
            "INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*place, *warning, last) for warning in warnings],
        )

    def _overtake(self, channel: str, place: str, by: str, now_s: float) -> None:
        """Give up what is still on its way to a place that a new warning goes to (its
        identifier: the same may be taken twice, after a journal was put back): a receiver
        that does not take the end of the last one would be told of this one when that is given
        up, and an end that comes after it would end this one.
        """
        rows = self._db.execute(
            "SELECT number FROM message WHERE channel = ? AND state = 'queued' AND place = ? "
            "AND identifier != ?",
            (channel, place, by),
        ).fetchall()
        for (number,) in rows:
            self._finish(channel, number, "failed", "a new warning has overtaken it", now_s)

    def _bound(self, channel: str, now_s: float) -> None:
        rows = self._db.execute(
            "SELECT number FROM message WHERE channel = ? AND state = 'queued' "
            "ORDER BY number DESC LIMIT -1 OFFSET ?",
            (channel, MAX_WAITING),
        ).fetchall()
        for (number,) in rows:
            self._finish(channel, number, "failed", f"more than {MAX_WAITING} waited", now_s)

    def due(self, channel: str, now_s: float) -> Waiting | None:
        """Return what a channel has to hand over now."""
        with self._lock:
            # Due far ahead means that the machine's clock was set back: it is due now.
            row = self._db.execute(
                _DUE, (channel, math.nextafter(now_s, math.inf), now_s + MAX_AHEAD_S)
            ).fetchone()
        return Waiting(*row) if row else None

    def delivered(self, channel: str, number: int, now_s: float) -> None:
        """Note that a message was taken."""
        with self._lock:
            self._finish(channel, number, "delivered", "", now_s)

    def give_up(self, channel: str, number: int, error: str, now_s: float) -> None:
        """Make a message a dead letter: it is kept, counted, and not tried again."""
        with self._lock:
            self._finish(channel, number, "failed", error, now_s)

    def put_off(self, channel: str, number: int, error: str, until_s: float) -> None:
        """Note a try that failed, and when the next one is."""
        with self._lock:
            self._db.execute(
                "UPDATE message SET tries = tries + 1, next_s = ?, error = ? WHERE number = ?",
                (until_s, error, number),
            )
            self._total(channel, error=error)

    def _finish(self, channel: str, number: int, state: str, error: str, now_s: float) -> None:
        changed = self._db.execute(
            "UPDATE message SET state = ?, error = ?, done_s = ?, tries = tries + 1 "
            "WHERE number = ? AND state = 'queued'",
            (state, error, now_s, number),
        ).rowcount
        if not changed:
            return
        self._total(
            channel, delivered=state == "delivered", failed=state == "failed", error=error
        )
        self._db.execute(
            "DELETE FROM message WHERE state != 'queued' AND channel = ? AND number <= ("
            "SELECT number FROM message WHERE state != 'queued' AND channel = ? "
            "ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (channel, channel, KEPT_FINISHED),
        )

    def _total(
        self, channel: str, *, delivered: bool = False, failed: bool = False, error: str
    ) -> None:
        self._db.execute(
            "INSERT INTO total VALUES (?, ?, ?, ?) ON CONFLICT(channel) DO UPDATE SET "
            "delivered = delivered + excluded.delivered, failed = failed + excluded.failed, "
            "error = CASE excluded.error WHEN '' THEN error ELSE excluded.error END",
            (channel, int(delivered), int(failed), error),
        )

    def counts(self, channel: str) -> tuple[int, int, int, str, float | None]:
        """Return (queued, delivered, failed, last error, when the oldest queued was made)."""
        with self._lock:
            queued, oldest_s = self._db.execute(
                "SELECT count(*), min(created_s) FROM message "
                "WHERE channel = ? AND state = 'queued'",
                (channel,),
            ).fetchone()
            row = self._db.execute(
                "SELECT delivered, failed, error FROM total WHERE channel = ?", (channel,)
            ).fetchone()
        delivered, failed, error = row or (0, 0, "")
        return queued, delivered, failed, error, oldest_s

    def untold(self, channel: str) -> tuple[float, str] | None:
        """Return when the oldest standing warning was made that a channel had to give up, and
        why; None for none.
        """
        with self._lock:
            row = self._db.execute(_UNTOLD, (channel,)).fetchone()
        return (float(row[0]), str(row[1])) if row else None

    def close(self) -> None:
        """Let the database go."""
        with self._lock:
            self._db.close()
