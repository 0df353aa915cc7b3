"""People's values, sealed in DATA/sealed.sqlite, and the pseudonyms by which all else goes.

What is heard is renamed before anything is stored (`service/masking.py`): journal, snapshots
and ledger hold pseudonyms only. A value is sealed under the key of the day on which its
pseudonym was made; staff and what the site file lists have keys of their own. Deleting a row
(one subject) or a day's key (everybody of that day) leaves a pseudonym that nobody can resolve,
and changes no octet of journal or ledger.
"""

import hashlib
import hmac
import os
import re
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from tocsin.service.holding import Hold
from tocsin.service.keyring import Keyring
from tocsin.service.pseudonyms import (
    CLOSED,
    ID_KINDS,
    PATTERN,
    ROLE_NAMES,
    STANDING,
    Form,
    Kind,
    form_of,
    pseudonyms_in,
    replaced,
    word_of,
)
from tocsin.service.sealing import SealError

__all__ = ["DAY_S", "PEOPLE", "Name", "People", "day_of", "lookup_of"]

DAY_S = 86_400.0
AGAIN_S = 600.0  # heard again within this past midnight: the flight keeps its name
TOUCH_S = 60.0  # how exact `heard_s` is on disk
CACHE = 50_000  # names in memory
MAX_WAITING = 100_000  # rows that wait to be written; more are not kept, and counted
PLACE_S, MAX_PLACES = 5.0, 2_000  # an operator's places: at most so often, so many a drone
PEOPLE = "people"  # with the day: the name of a data key

_TABLES = """
CREATE TABLE IF NOT EXISTS pseudonym (shown TEXT PRIMARY KEY, kind TEXT NOT NULL,
    lookup BLOB NOT NULL, key_id TEXT NOT NULL, sealed BLOB NOT NULL, day TEXT NOT NULL,
    first_s REAL NOT NULL, heard_s REAL NOT NULL, transmitter TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pseudonym_lookup ON pseudonym (lookup);
CREATE INDEX IF NOT EXISTS pseudonym_transmitter ON pseudonym (transmitter);
CREATE TABLE IF NOT EXISTS operator (id INTEGER PRIMARY KEY, transmitter TEXT NOT NULL,
    at_s REAL NOT NULL, key_id TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS operator_transmitter ON operator (transmitter);
"""
# A drone has a radio for Wi-Fi and one for Bluetooth, an operator has several drones: every
# address that sent a name, where `pseudonym.transmitter` is the last.
_LINKS = """
CREATE TABLE sent_by (shown TEXT NOT NULL, transmitter TEXT NOT NULL,
    PRIMARY KEY (shown, transmitter)) WITHOUT ROWID;
CREATE INDEX sent_by_transmitter ON sent_by (transmitter);
INSERT INTO sent_by SELECT shown, transmitter FROM pseudonym WHERE transmitter != '';
"""
_HAS_LINKS = "SELECT 1 FROM sqlite_master WHERE name = 'sent_by'"
_PUT = "INSERT OR IGNORE INTO pseudonym VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
# Never an insertion: what was erased meanwhile must not come back.
_TOUCH = "UPDATE pseudonym SET heard_s = ?, transmitter = ? WHERE shown = ?"
_LINK = "INSERT OR IGNORE INTO sent_by SELECT shown, ? FROM pseudonym WHERE shown = ?"
# Of a day: its names, and its addresses, which may have sent names that stay.
_UNLINK = "DELETE FROM sent_by WHERE {} IN (SELECT shown FROM pseudonym WHERE key_id = ?)"

# A name goes into JSON and HTML in place of a pseudonym, and may come from the air.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"'\\<>&]")
_BY_SHOWN = "SELECT * FROM pseudonym WHERE shown = ?"
_BY_LOOKUP = "SELECT * FROM pseudonym WHERE lookup = ? ORDER BY heard_s DESC"

_log = structlog.get_logger("tocsin.people")


@dataclass(slots=True)
class Name:
    """A pseudonym and how it lies on disk. transmitter: pseudonym of the address that sent it
    last, "" for what no radio sent; kept_s: the newest `heard_s` that was handed to the disk.
    """

    form: Form
    kind: str
    value: bytes
    lookup: bytes
    key_id: str
    sealed: bytes
    day: str
    first_s: float
    heard_s: float
    transmitter: str = ""
    kept_s: float = -1.0

    def row(self) -> tuple[Any, ...]:
        """Return the values of the table `pseudonym`."""
        return (
            self.form.shown, self.kind, self.lookup, self.key_id, self.sealed, self.day,
            self.first_s, self.heard_s, self.transmitter,
        )  # fmt: skip


class People:
    """Gives names, keeps what they stand for, and tells it to who may know. Any thread."""

    def __init__(self, keys: Keyring) -> None:
        self.keys = keys
        self.not_kept = 0  # values that found no room to wait: their names stand for nothing
        self._lock = threading.RLock()
        self._names: OrderedDict[tuple[str, bytes], Name] = OrderedDict()
        self._shown: OrderedDict[str, str] = OrderedDict()
        self._listed: dict[str, Name] = {}
        self._places: OrderedDict[str, tuple[bytes, float, int]] = OrderedDict()
        self._waiting: dict[str, Name] = {}
        self._touched: dict[str, Name] = {}
        self._sightings: list[tuple[str, float, str, bytes]] = []
        self._linked: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._links: set[tuple[str, str]] = set()  # of _linked, those that wait
        with keys.lock:
            if not keys.is_reader:
                keys.db.executescript(_TABLES)
            if (
                not keys.is_reader and not keys.db.execute(_HAS_LINKS).fetchone()
            ):  # a folder of before there were any
                keys.db.executescript(_LINKS)
        self._version = self._data_version()

    def staff(self, name: str) -> str:
        """Return the pseudonym of a user, on disk before it is used; a role's name stays."""
        if name in ROLE_NAMES:
            return name
        found = self.name(Kind.USER, name.encode(), time.time()).form.shown
        self.flush()
        return found

    def listed(self, declared_id: str, now_s: float) -> str:
        """Return the pseudonym of an id of the site file; the same whenever it is heard."""
        text = declared_id.upper()
        found = self._name(Kind.LISTED, text.encode(), now_s)
        self._listed[text] = found
        self.flush()
        return found.form.shown

    def source(self, identity: str) -> str:
        """Return the commitment to a source's identity, on disk before it is used."""
        if PATTERN.fullmatch(identity):
            return identity
        found = self._name(Kind.SOURCE, identity.strip().encode(), time.time())
        self.flush()
        return found.form.shown

    def opened_source(self, sealed: str) -> str:
        """Return the identity behind a commitment, "" where it is not known here."""
        self.flush()
        found = self._read(_BY_SHOWN, sealed)
        is_one = found is not None and found.kind == Kind.SOURCE
        return found.value.decode() if found is not None and is_one else ""

    def name(self, kind: str, value: bytes, now_s: float, *, transmitter: str = "") -> Name:
        """Return the name of a value, making one where it has none on this day.

        now_s: Unix UTC, service time. transmitter: pseudonym of the address it came from.
        """
        text = value.decode("ascii", "replace").strip("\0 ").upper()
        listed = self._listed.get(text)
        if listed is not None and kind in ID_KINDS.values():
            self._link(listed.form.shown, transmitter)
            return listed
        found = self._name(kind, value, now_s)
        self._link(found.form.shown, transmitter)
        with self._lock:
            is_news = transmitter not in ("", found.transmitter)
            found.heard_s = max(found.heard_s, now_s)
            found.transmitter = transmitter or found.transmitter
            if is_news or found.heard_s - found.kept_s >= TOUCH_S:
                found.kept_s = found.heard_s
                self._touched[found.form.shown] = found
        return found

    def _link(self, shown: str, transmitter: str) -> None:
        with self._lock:
            link = (shown, transmitter)
            if not transmitter or link in self._linked:
                return
            if len(self._links) >= MAX_WAITING:
                self.not_kept += 1
                return
            self._links.add(link)
            self._linked[link] = None
            _trim(self._linked)

    def place(self, transmitter: str, operator: dict[str, Any], now_s: float) -> None:
        """Keep what was said of an operator, where it is new. transmitter: a pseudonym."""
        plain = msgspec.msgpack.encode(operator)
        digest = hashlib.sha256(plain).digest()
        with self._lock:
            before, at_s, count = self._places.get(transmitter, (b"", -1e9, 0))
            if digest == before or now_s - at_s < PLACE_S or count >= MAX_PLACES:
                return
            if len(self._sightings) >= MAX_WAITING:
                self.not_kept += 1
                return
            box = self.keys.box_in_time(f"{PEOPLE} {day_of(now_s)}", now_s)
            sealed = box.seal(f"operator {transmitter}", plain)
            self._sightings.append((transmitter, now_s, box.key_id, sealed))
            self._places[transmitter] = (digest, now_s, count + 1)
            _trim(self._places)

    def flush(self) -> None:
        """Write what waits, in one transaction: before anything that bears the names.

        A disk that refuses is tried again with the next call.
        """
        with self._lock, self.keys.lock:
            try:
                if (version := self._data_version()) != self._version:
                    self._version = version  # another process erased or listed something
                    self._forget()
                if not (self._waiting or self._touched or self._links or self._sightings):
                    return
                self.keys.db.execute("BEGIN IMMEDIATE")
                self.keys.put_waiting()
                self.keys.db.executemany(_PUT, [n.row() for n in self._waiting.values()])
                touched = [
                    (n.heard_s, n.transmitter, n.form.shown) for n in self._touched.values()
                ]
                self.keys.db.executemany(_TOUCH, touched)
                self.keys.db.executemany(_LINK, [(sent, n) for n, sent in self._links])
                self.keys.db.executemany(
                    "INSERT INTO operator (transmitter, at_s, key_id, sealed) "
                    "VALUES (?, ?, ?, ?)",
                    self._sightings,
                )
                self.keys.db.execute("COMMIT")
            except sqlite3.Error as error:
                if self.keys.db.in_transaction:
                    self.keys.db.execute("ROLLBACK")
                _log.error("people's values could not be kept", reason=str(error))
                return
            self.keys.end_waiting()
            self._waiting.clear()
            self._touched.clear()
            self._links.clear()
            self._sightings.clear()

    def expire(self, now_s: float, keep_s: float, held: Sequence[Hold]) -> list[str]:
        """Delete the values of days that ended more than keep_s ago, unless a hold covers any
        of it; return those days.
        """
        gone = []
        for key_id, what, _ in self.keys.listed():
            day = what.removeprefix(f"{PEOPLE} ")
            if day == what:
                continue
            first_s = _start_of(day)
            is_due = first_s + DAY_S < now_s - keep_s
            if not is_due or any(h.covers(first_s, first_s + DAY_S, now_s) for h in held):
                continue
            with self.keys.lock:
                for column in ("shown", "transmitter"):
                    self.keys.db.execute(_UNLINK.format(column), (key_id,))
                self.keys.db.execute("DELETE FROM pseudonym WHERE key_id = ?", (key_id,))
                self.keys.db.execute("DELETE FROM operator WHERE key_id = ?", (key_id,))
                self.keys.drop(key_id)  # last: by it the next run finds what is left of a day
            gone.append(day)
        if gone:
            self.flush()
            self.forget_all()
        return gone

    def reveal(self, text: str) -> str:
        """Return a text with the names of staff and drones in place of their pseudonyms.

        Operators' registrations and sealed sources are not told here.
        """
        return replaced(text, self.value_of)

    def names_in(self, text: str) -> dict[str, str]:
        """Return what the pseudonyms in a text stand for, of those that may be told."""
        found = {shown: self.value_of(shown) for _, shown in pseudonyms_in(text)}
        return {shown: name for shown, name in found.items() if name != shown}

    def value_of(self, shown: str) -> str:
        """Return what a pseudonym stands for, itself where that is not known here."""
        with self._lock:
            if shown in self._shown:
                self._shown.move_to_end(shown)
                return self._shown[shown]
            try:
                found = self._waiting.get(shown) or self._read(_BY_SHOWN, shown)
            except sqlite3.Error:  # a picture waits for no disk
                return shown
            text = shown
            if found is not None and found.kind not in CLOSED:
                text = _UNSAFE.sub("?", word_of(found.kind, found.value)) or shown
            self._shown[shown] = text
            _trim(self._shown)
            return text

    def _name(self, kind: str, value: bytes, now_s: float) -> Name:
        with self._lock:
            found = self._names.get((kind, value))
            if found is None:
                lookup = lookup_of(self.keys, kind, value)
                found = self._read(_BY_LOOKUP, lookup)
            if found is None or not (kind in STANDING or _goes_on(found, now_s)):
                found = self._made(kind, value, now_s)
            self._names[kind, value] = found
            self._names.move_to_end((kind, value))
            _trim(self._names)
            return found

    def _made(self, kind: str, value: bytes, now_s: float) -> Name:
        salt = os.urandom(32)
        form = form_of(kind, value, salt)
        box = self.keys.box_in_time(STANDING.get(kind, f"{PEOPLE} {day_of(now_s)}"), now_s)
        sealed = box.seal(f"name {form.shown}", msgspec.msgpack.encode((kind, value, salt)))
        made = Name(
            form, kind, value, lookup_of(self.keys, kind, value), box.key_id, sealed,
            day_of(now_s), now_s, now_s, kept_s=now_s,
        )  # fmt: skip
        self._shown.pop(form.shown, None)
        self._wait(made)
        return made

    def _wait(self, name: Name) -> None:
        if len(self._waiting) >= MAX_WAITING and name.form.shown not in self._waiting:
            self.not_kept += 1
            return
        self._waiting[name.form.shown] = name

    def _read(self, query: str, value: object) -> Name | None:
        with self.keys.lock:
            row = self.keys.db.execute(query, (value,)).fetchone()
        return None if row is None else self.opened(row)

    def opened(self, row: tuple[Any, ...]) -> Name | None:
        """Return a row of the table `pseudonym` opened, None where its key is gone."""
        shown, kind, lookup, key_id, sealed, day, first_s, heard_s, transmitter = row
        box = self.keys.box(key_id)
        if box is None:
            return None
        try:
            plain = box.open(f"name {shown}", sealed)
        except SealError:
            return None
        _, value, salt = msgspec.msgpack.decode(plain, type=tuple[str, bytes, bytes])
        return Name(
            form_of(kind, value, salt), kind, value, lookup, key_id, sealed, day, first_s,
            heard_s, transmitter, heard_s,
        )  # fmt: skip

    def _forget(self) -> None:
        """Drop what is remembered of the disk; what waits to be written is kept."""
        kept = self._waiting.values()
        self._names = OrderedDict(((name.kind, name.value), name) for name in kept)
        self._touched.clear()
        self._links.clear()
        self._linked.clear()
        self._shown.clear()
        self._places.clear()

    def _data_version(self) -> int:
        with self.keys.lock:
            return int(self.keys.db.execute("PRAGMA data_version").fetchone()[0])

    def forget_all(self) -> None:
        """Drop everything that is remembered: rows were deleted by this process."""
        with self._lock:
            self._waiting.clear()
            self._sightings.clear()
            self._forget()


def day_of(at_s: float) -> str:
    """Return the UTC day of a Unix time, "2026-11-23"."""
    return time.strftime("%Y-%m-%d", time.gmtime(at_s))


def _start_of(day: str) -> float:
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()


def lookup_of(keys: Keyring, kind: str, value: bytes) -> bytes:
    """Return by what a value is found again, which tells nothing without the node's key."""
    return hmac.digest(keys.lookup_key, kind.encode() + b"\n" + value, hashlib.sha256)


def _goes_on(name: Name, now_s: float) -> bool:
    return name.day == day_of(now_s) or abs(now_s - name.heard_s) <= AGAIN_S


def _trim(table: "OrderedDict[Any, Any]") -> None:
    while len(table) > CACHE:
        table.popitem(last=False)
