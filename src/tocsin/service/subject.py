"""What is held of one subject: found, handed out, erased (docs/privacy).

A subject is asked for by what they know themselves by: a serial number, a registration, an
operator's registration, a transmitter's address, a user's name, or a pseudonym.
"""

import base64
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tocsin.errors import JournalError
from tocsin.service.journal import read_batches, read_entries
from tocsin.service.people import Name, People, lookup_of
from tocsin.service.pseudonyms import Kind, word_of
from tocsin.service.sealing import Box, SealError

__all__ = ["MAX_FRAMES", "Held", "erase", "find_names", "held_of", "operators_of"]

MAX_FRAMES = 10_000  # frames that an export holds; more are counted
CHUNK = 10_000  # entries read at a time
_KINDS = (
    Kind.SERIAL, Kind.REGISTRATION, Kind.OTHER_ID, Kind.OPERATOR, Kind.USER, Kind.LISTED,
    Kind.SOURCE,
)  # fmt: skip
_ALL_OF = "SELECT * FROM pseudonym WHERE lookup = ? ORDER BY first_s"
_SHOWN = "SELECT * FROM pseudonym WHERE shown = ?"
_SENT_BY = (
    "SELECT * FROM pseudonym WHERE shown IN (SELECT shown FROM sent_by WHERE transmitter = ?) "
    "ORDER BY first_s"
)
_SENDERS = "SELECT transmitter FROM sent_by WHERE shown = ?"
_PLACES = "SELECT transmitter, at_s, key_id, sealed FROM operator WHERE transmitter = ?"
_ALL_PLACES = "SELECT transmitter, at_s, key_id, sealed FROM operator WHERE id > ?"


@dataclass(frozen=True, slots=True)
class Held:
    """What is held. names: the rows; places: what drones said of the operator; entries:
    numbers of ledger entries that bear a pseudonym; frames: of the journal that do, as
    (batch, Unix time, source, octets), at most MAX_FRAMES of `frame_count`; unread: why the
    journal was not searched, "" where it was.
    """

    names: list[Name]
    places: list[dict[str, Any]]
    entries: list[int]
    frames: list[tuple[int, float, str, bytes]]
    frame_count: int
    unread: str

    def told(self, *, with_frames: bool) -> dict[str, Any]:
        """Return it as JSON values."""
        found: dict[str, Any] = {
            "names": [_told(name) for name in self.names],
            "operator": self.places,
            "ledger_entries": self.entries,
            "journal_frames": self.frame_count,
            "journal_unread": self.unread,
        }
        if with_frames:
            found["frames"] = [
                {"batch": n, "time_s": t, "source": s, "payload": base64.b64encode(p).decode()}
                for n, t, s, p in self.frames
            ]
        return found


def find_names(people: People, asked: str) -> list[Name]:
    """Return every name of what was asked for, on any day, oldest first; linked ones too: what
    a transmitter's address sent, and the addresses that sent an id.
    """
    found: dict[str, Name] = {}
    rows = [row for lookup in _lookups(people, asked) for row in _rows(people, _ALL_OF, lookup)]
    rows += _rows(people, _SHOWN, asked)
    for row in rows:
        _add(people, found, row)
    senders: dict[str, None] = {}
    for name in found.values():
        if name.kind == Kind.TRANSMITTER:
            senders[name.form.shown] = None
        elif name.kind not in (Kind.USER, Kind.SOURCE):
            senders.update(
                dict.fromkeys(s for (s,) in _rows(people, _SENDERS, name.form.shown))
            )
    if not found or any(name.kind == Kind.OPERATOR for name in found.values()):
        senders.update(dict.fromkeys(_named_by(people, asked, list(found.values()))))
    for sender in senders:
        for row in [*_rows(people, _SHOWN, sender), *_rows(people, _SENT_BY, sender)]:
            _add(people, found, row)
    return sorted(found.values(), key=lambda name: (name.first_s, name.form.shown))


def _lookups(people: People, asked: str) -> list[bytes]:
    text = asked.strip()
    values = {text.encode(), text.upper().encode()}
    found = [lookup_of(people.keys, kind, value) for kind in _KINDS for value in sorted(values)]
    address = re.sub(r"^rid-|[:.-]", "", text)
    if re.fullmatch(r"[0-9A-Fa-f]{12}", address):
        found.append(lookup_of(people.keys, Kind.TRANSMITTER, bytes.fromhex(address)))
    if re.fullmatch(r"[0-9A-Fa-f]{40}", text):
        for kind in (Kind.UTM, Kind.SESSION):
            found.append(lookup_of(people.keys, kind, bytes.fromhex(text)))
    return found


def _rows(people: People, query: str, value: object) -> list[tuple[Any, ...]]:
    with people.keys.lock:
        return people.keys.db.execute(query, (value,)).fetchall()


def _add(people: People, found: dict[str, Name], row: tuple[Any, ...]) -> None:
    name = people.opened(row)
    if name is not None:
        found[name.form.shown] = name


def _named_by(people: People, asked: str, names: list[Name]) -> list[str]:
    """Return the addresses that named an operator by registration in what they said, for where
    the registration's own row is not there: it found no room, or its link was lost.
    """
    wanted = {asked} | {
        n.value.decode("ascii", "replace") for n in names if n.kind == Kind.OPERATOR
    }
    wanted = {word.strip("\0 ").upper() for word in wanted} - {""}
    return [
        sender
        for sender, _, said in _opened_places(people, _rows(people, _ALL_PLACES, -1))
        if str(said.get("operator_id", "")).strip("\0 ").upper() in wanted
    ]


def operators_of(people: People, shown: str) -> list[dict[str, Any]]:
    """Return what the drone of a pseudonym said of its operator, oldest first."""
    senders = {n.form.shown for n in find_names(people, shown) if n.kind == Kind.TRANSMITTER}
    return _places(people, sorted(senders))


def _places(people: People, senders: list[str]) -> list[dict[str, Any]]:
    rows = [row for sender in senders for row in _rows(people, _PLACES, sender)]
    found = [
        {"at_s": at_s, "transmitter": sender, **said}
        for sender, at_s, said in _opened_places(people, rows)
    ]
    return sorted(found, key=lambda place: float(place["at_s"]))


def _opened_places(
    people: People, rows: list[tuple[Any, ...]]
) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Yield (transmitter, time, what was said) of rows whose key is there."""
    boxes: dict[str, Box | None] = {}
    for sender, at_s, key_id, sealed in rows:
        if key_id not in boxes:
            boxes[key_id] = people.keys.box(key_id)
        box = boxes[key_id]
        if box is None:
            continue
        try:
            plain = box.open(f"operator {sender}", sealed)
        except SealError:
            continue
        yield sender, at_s, msgspec.msgpack.decode(plain, type=dict[str, Any])


def held_of(people: People, data: Path, asked: str) -> Held:
    """Return all that a data folder holds of a subject."""
    names = find_names(people, asked)
    senders = [n.form.shown for n in names if n.kind == Kind.TRANSMITTER]
    words = [n.form.shown.encode() for n in names]
    frames, count, unread = _frames(people, data, [n.form.octets for n in names] + words)
    entries = _entries(data / "journal", words)
    return Held(names, _places(people, senders), entries, frames, count, unread)


def _frames(
    people: People, data: Path, octets: list[bytes]
) -> tuple[list[tuple[int, float, str, bytes]], int, str]:
    found: list[tuple[int, float, str, bytes]] = []
    count = 0
    if not octets:
        return found, count, ""
    # Bluetooth sends an address with its least significant octet first.
    wanted = [*octets, *(o[::-1] for o in octets if len(o) == 6)]
    try:
        for number, batch in enumerate(read_batches(data / "journal", keys=people.keys), 1):
            for frame in batch.frames:
                if any(part in frame.payload for part in wanted):
                    count += 1
                    if len(found) < MAX_FRAMES:
                        found.append((number, batch.now_s, frame.source, frame.payload))
    except JournalError as error:
        return found, count, str(error)
    return found, count, ""


def _entries(journal: Path, words: list[bytes]) -> list[int]:
    found: list[int] = []
    after = -1
    while words and (chunk := read_entries(journal, after=after, limit=CHUNK)):
        found += [e.number for e in chunk if any(word in e.body for word in words)]
        after = chunk[-1].number
    return found


def erase(people: People, names: list[Name]) -> int:
    """Delete what names stand for, and what drones said of operators; return how many names.

    Neither journal nor ledger is touched: their pseudonyms stand for nothing from now on.
    """
    shown = [(name.form.shown,) for name in names]
    with people.keys.lock:
        people.keys.db.execute("BEGIN IMMEDIATE")
        people.keys.db.executemany("DELETE FROM pseudonym WHERE shown = ?", shown)
        people.keys.db.executemany("DELETE FROM operator WHERE transmitter = ?", shown)
        people.keys.db.executemany("DELETE FROM sent_by WHERE shown = ?1 OR transmitter = ?1",
                                   shown)  # fmt: skip
        people.keys.db.execute("COMMIT")
        people.keys.fold()
    people.forget_all()
    return len(shown)


def _told(name: Name) -> dict[str, Any]:
    return {
        "kind": name.kind, "value": word_of(name.kind, name.value),
        "pseudonym": name.form.shown, "first_heard": _utc(name.first_s),
        "last_heard": _utc(name.heard_s), "transmitter": name.transmitter,
    }  # fmt: skip


def _utc(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
