"""One file of the journal: its tables, how a batch lies in it, how it is read back.

A batch is one MessagePack blob, sealed under the file's own key. `chain` is SHA-256 over the
previous batch's chain, the number and the sealed blob, so a batch that was changed, lost or
moved is seen when it is read, with the key or without. A file that was pruned keeps its ledger
entries, and the chain before and after what it held.
"""

import contextlib
import hashlib
import math
import os
import platform
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tocsin.errors import JournalError
from tocsin.model import Batch, Entry, Frame
from tocsin.service._sqlite_files import connect_reader
from tocsin.service.keyring import Keys
from tocsin.service.sealing import Box, SealError

__all__ = [
    "PRUNED_TABLE", "START", "Header", "Pruned", "Snapshot", "batches", "box_of", "chained",
    "damaged", "decode_batch", "encode_batch", "entries", "entries_between", "header_of",
    "make_tables", "newest_of_kind", "open_reader", "open_writer", "opened_header",
    "processor_family", "pruned_of", "sealed", "sealed_header", "snapshots", "sync_folder",
]  # fmt: skip

SCHEMA = 1
START = bytes(32)  # the chain before the first batch of all

_TABLES = """
CREATE TABLE header (body BLOB NOT NULL);
CREATE TABLE batch (number INTEGER PRIMARY KEY, now_s REAL NOT NULL, frames INTEGER NOT NULL,
    body BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE snapshot (number INTEGER PRIMARY KEY, now_s REAL NOT NULL, body BLOB NOT NULL,
    sequences BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, recorded_s REAL NOT NULL,
    body BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE act (user TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL,
    accepted INTEGER NOT NULL, sentence TEXT NOT NULL, batch INTEGER NOT NULL,
    PRIMARY KEY (user, key)) WITHOUT ROWID;
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, now_s REAL NOT NULL, reason TEXT NOT NULL,
    frames INTEGER NOT NULL, body BLOB NOT NULL);
"""
PRUNED_TABLE = """
CREATE TABLE IF NOT EXISTS pruned (first INTEGER NOT NULL, last INTEGER NOT NULL,
    before BLOB NOT NULL, after BLOB NOT NULL, at_s REAL NOT NULL, why TEXT NOT NULL)
"""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself.

    opened_s: service time at which the state of the whole journal was opened (as `open_state`
    needs it); first_batch: number of the first batch of this file; chain: that before it;
    version, processor: bit-identity of a replay is promised where both are the same; site:
    text of the site file; gap: batches lost before this file while the disk was full; key: id
    of the data key that batches, snapshots and the site file are sealed under ("" none);
    sealed_site: as it lies in a sealed file, whose `site` is empty until it is opened;
    site_digest: SHA-256 (hex) of the site file on disk, where it took another's place.
    """

    schema: int = SCHEMA
    file: int
    first_batch: int
    chain: bytes
    version: str
    processor: str
    site: str
    where: str
    mode: str
    live: bool
    opened_s: float
    begun_s: float
    clock: tuple[float, float, float]
    gap: int = 0
    key: str = ""
    sealed_site: bytes = b""
    site_digest: str = ""


class Pruned(msgspec.Struct, frozen=True):
    """What a pruned file held: batches first to last, the chain before and after them."""

    first: int
    last: int
    before: bytes
    after: bytes
    at_s: float
    why: str


class Snapshot(msgspec.Struct, frozen=True):
    """A frozen state after batch `number`; sequences: the last one used, by source."""

    number: int
    now_s: float
    body: bytes
    sequences: dict[str, int]


def processor_family() -> str:
    """Return what the bits of floating-point kernels may depend on."""
    return platform.machine()


def encode_batch(batch: Batch) -> bytes:
    """Return the blob of a batch: (now_s, [(source, sequence, arrival_s, payload, path)])."""
    rows = [(f.source, f.sequence, f.arrival_s, f.payload, f.path) for f in batch.frames]
    return msgspec.msgpack.encode((batch.now_s, rows))


_BATCH = msgspec.msgpack.Decoder(tuple[float, list[tuple[str, int, float, bytes, str]]])
_SEQUENCES = msgspec.msgpack.Decoder(dict[str, int])


def decode_batch(blob: bytes) -> Batch:
    """Return the batch of a blob; raises msgspec.DecodeError."""
    now_s, rows = _BATCH.decode(blob)
    return Batch(now_s, tuple(Frame(*row) for row in rows))


def chained(before: bytes, number: int, blob: bytes) -> bytes:
    """Return the chain after a batch."""
    return hashlib.sha256(before + struct.pack(">Q", number) + blob).digest()


def open_writer(path: Path) -> sqlite3.Connection:
    """Open (or make) a file for writing: WAL, and every commit flushed to the disk."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_autocheckpoint=2000")
    return db


def make_tables(db: sqlite3.Connection) -> None:
    """Create the tables inside the transaction that is open."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            db.execute(statement)


@contextlib.contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading; what SQLite cannot read becomes a JournalError."""
    if not path.is_file():
        raise JournalError(f"there is no journal file {path}", path=str(path))
    db = connect_reader(path)
    try:
        yield db
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    finally:
        db.close()


def damaged(path: Path, what: str) -> JournalError:
    """Return the error for a file that cannot be trusted, with what to do about it."""
    return JournalError(
        f"journal file {path} is damaged ({what}); restore it from a copy, or move it away "
        f"(mv {path} {path}.damaged, and {path.name}-wal with it) and start again: the watch "
        "then goes on from the newest good snapshot in the files before it, and what only the "
        "damaged file held is missing",
        path=str(path),
    )


def header_of(db: sqlite3.Connection, path: Path) -> Header | None:
    """Return the header, or None where the file was never begun (a crash while making it)."""
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    if "header" not in names:
        return None
    row = db.execute("SELECT body FROM header").fetchone()
    try:
        header = msgspec.msgpack.decode(row[0], type=Header)
    except (TypeError, msgspec.DecodeError) as error:
        raise damaged(path, f"its header cannot be read: {error}") from error
    if header.schema != SCHEMA:
        raise JournalError(
            f"journal file {path} has schema {header.schema}; this Tocsin reads {SCHEMA}: read "
            f"it with the version that wrote it ({header.version})",
            path=str(path),
        )
    return header


def sealed(box: Box | None, place: str, plain: bytes) -> bytes:
    """Return a value as it lies in the file; box None: a file without a key."""
    return plain if box is None else box.seal(place, plain)


def _opened(box: Box | None, place: str, blob: bytes) -> bytes:
    return blob if box is None else box.open(place, blob)


def sealed_header(header: Header, box: Box | None) -> Header:
    """Return the header as it lies in the file."""
    if box is None:
        return header
    text = box.seal("site", header.site.encode())
    return msgspec.structs.replace(header, key=box.key_id, site="", sealed_site=text)


def opened_header(header: Header, box: Box | None, path: Path) -> Header:
    """Return the header with the text of the site file."""
    if box is None:
        return header
    try:
        site = box.open("site", header.sealed_site).decode()
    except (SealError, UnicodeDecodeError) as error:
        raise damaged(path, f"its site file does not open: {error}") from error
    return msgspec.structs.replace(header, site=site)


def box_of(header: Header, keys: Keys | None, path: Path) -> Box | None:
    """Return what opens a file, None where it is not sealed; JournalError without its key."""
    if not header.key:
        return None
    if keys is None:
        raise JournalError(
            f"journal file {path} is encrypted and its keys are not here; read it in the data "
            "folder that it was written in, or give the keys that `tocsin record keys DATA "
            "--out FILE` writes there: --keys FILE",
            path=str(path),
        )
    box = keys.box(header.key)
    if box is None:
        raise JournalError(
            f"the key of journal file {path} is not among those given, or was deleted when its "
            "time ran out: what it held can no longer be read; its ledger entries can",
            path=str(path),
        )
    return box


def pruned_of(db: sqlite3.Connection) -> Pruned | None:
    """Return what was pruned of a file, None where it is whole."""
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pruned'").fetchone()
    row = db.execute("SELECT * FROM pruned").fetchone() if found else None
    return Pruned(*row) if row else None


def batches(
    db: sqlite3.Connection, path: Path, *, after: int, chain: bytes | None, box: Box | None
) -> Iterator[tuple[int, Batch, bytes]]:
    """Yield (number, batch, chain) after a number; chain None: take the first row's as
    given.
    """
    expected = after + 1
    rows = db.execute(
        "SELECT number, body, chain FROM batch WHERE number > ? ORDER BY number", (after,)
    )
    for number, body, kept in rows:
        if number != expected:
            raise damaged(path, f"batch {expected} is missing")
        if chain is not None and chained(chain, number, body) != kept:
            raise damaged(path, f"batch {number} does not fit its chain")
        try:
            batch = decode_batch(_opened(box, f"batch {number}", body))
        except (SealError, msgspec.DecodeError) as error:
            raise damaged(path, f"batch {number} cannot be read: {error}") from error
        yield number, batch, kept
        chain, expected = kept, number + 1


def snapshots(
    db: sqlite3.Connection, box: Box | None, *, until_s: float = math.inf
) -> Iterator[Snapshot]:
    """Yield the good snapshots of a file that are not newer than `until_s`, newest first; one
    that fails its digest or does not open is left out.
    """
    rows = db.execute(
        "SELECT number FROM snapshot WHERE now_s <= ? ORDER BY number DESC", (until_s,)
    )
    for (number,) in rows.fetchall():
        now_s, body, sequences, digest = db.execute(
            "SELECT now_s, body, sequences, digest FROM snapshot WHERE number = ?", (number,)
        ).fetchone()
        if hashlib.sha256(body + sequences).digest() != digest:
            continue
        try:
            plain = _opened(box, f"snapshot {number}", body)
        except SealError:
            continue
        yield Snapshot(number, now_s, plain, _SEQUENCES.decode(sequences))


def entries(db: sqlite3.Connection, after: int, limit: int) -> list[Entry]:
    """Return at most `limit` ledger entries with a number above `after`."""
    rows = db.execute(
        "SELECT number, kind, recorded_s, body, digest FROM entry WHERE number > ? "
        "ORDER BY number LIMIT ?",
        (after, limit),
    )
    return [Entry(*row) for row in rows]


def newest_of_kind(
    db: sqlite3.Connection, kind: str, limit: int, *, since_s: float = -math.inf
) -> list[Entry]:
    """Return the newest ledger entries of one kind recorded since a time, newest first."""
    rows = db.execute(
        "SELECT number, kind, recorded_s, body, digest FROM entry "
        "WHERE kind = ? AND recorded_s >= ? ORDER BY number DESC LIMIT ?",
        (kind, since_s, limit),
    )
    return [Entry(*row) for row in rows]


def entries_between(
    db: sqlite3.Connection, kind: str, from_s: float, to_s: float, limit: int
) -> list[Entry]:
    """Return ledger entries of one kind recorded from one time to another, in their order."""
    rows = db.execute(
        "SELECT number, kind, recorded_s, body, digest FROM entry "
        "WHERE kind = ? AND recorded_s BETWEEN ? AND ? ORDER BY number LIMIT ?",
        (kind, from_s, to_s, limit),
    )
    return [Entry(*row) for row in rows]


def sync_folder(folder: Path) -> None:
    """Flush a folder to the disk: that a file is in it, under its name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
