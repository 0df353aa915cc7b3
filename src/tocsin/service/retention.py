"""What has outlived its time: its key is deleted, its batches go, its ledger entries stay.

A file of the journal goes as a whole, oldest first: when all of it is older than the site file
allows, or when the journal has grown too large. The file that is being written never goes, nor
what a hold covers. First the key is deleted (from then on nobody reads what it held), then
a small file with what stays takes the old one's place: a full disk is freed without needing the
old one's size again. A crash in between is mended by the next run.
"""

import math
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from tocsin.errors import JournalError
from tocsin.model import Retention
from tocsin.service import _journal_file as jf
from tocsin.service._journal_read import journal_files, last_number
from tocsin.service.holding import Hold
from tocsin.service.keyring import Keyring

__all__ = ["Gone", "prune_journal"]

# What a full disk is freed with: the key's deletion and the small file need some room first.
BALLAST, BALLAST_BYTES = "ballast", 4 * 1024 * 1024
_NEWEST = "SELECT now_s FROM batch ORDER BY number DESC LIMIT 1"
_NEW = "pruning"  # the small file, until it takes the old one's place
PIECE = 1024 * 1024

_log = structlog.get_logger("tocsin.retention")


@dataclass(frozen=True, slots=True)
class Gone:
    """A pruned file: its batches first to last, and why ("age", "size")."""

    file: str
    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One file that is whole: when it begins and ends (Unix UTC)."""

    path: Path
    header: jf.Header
    end_s: float


def prune_journal(
    folder: Path,
    keys: Keyring,
    retention: Retention,
    held: Sequence[Hold],
    now_s: float,
    known: set[str] | None = None,
) -> list[Gone]:
    """Prune what has outlived its time; return what went. Unreadable files are left alone; one
    that the disk refuses to prune is tried again with the next run, and the others go.

    known: names of files that were found pruned before, which are not opened again and are
    added to: a year has thousands.
    """
    parts = _parts(folder, set() if known is None else known)
    size = float(sum(part.path.stat().st_size for part in parts))
    gone = []
    for part in parts[:-1]:  # the newest is being written
        why = "age" if part.end_s < now_s - retention.keep_s else ""
        why = why or ("size" if size > retention.max_bytes else "")
        if not why or any(h.covers(part.header.begun_s, part.end_s, now_s) for h in held):
            continue
        before = part.path.stat().st_size
        try:
            gone.append(_prune_with_ballast(part, keys, why, now_s))
        except (sqlite3.Error, OSError) as error:
            _log.error("a file could not be pruned", file=part.path.name, reason=str(error))
            continue
        size -= before - part.path.stat().st_size
    _take_ballast(folder)
    return gone


def _parts(folder: Path, known: set[str]) -> list[_Part]:
    """Return the files that are whole."""
    found: list[tuple[Path, jf.Header, float]] = []
    for path in journal_files(folder):
        if path.name in known:
            continue
        try:
            with jf.open_reader(path) as db:
                header = jf.header_of(db, path)
                if header is None:
                    continue
                if jf.pruned_of(db) is not None:
                    known.add(path.name)
                    continue
                row = db.execute(_NEWEST).fetchone()
                # A time before the file's own beginning is none of its end.
                newest_s = row[0] if row and row[0] >= header.begun_s else math.inf
                found.append((path, header, newest_s))
        except JournalError:
            continue
    # After a clock that was wrong, or a pause, the next file begins long after this one ended.
    following = [header.begun_s for _, header, _ in found[1:]] + [math.inf]
    return [
        _Part(path, header, min(next_s, newest_s))
        for (path, header, newest_s), next_s in zip(found, following, strict=True)
    ]


def _prune_with_ballast(part: _Part, keys: Keyring, why: str, now_s: float) -> Gone:
    try:
        return _prune(part, keys, why, now_s)
    except (sqlite3.Error, OSError):
        ballast = part.path.with_name(BALLAST)
        if not ballast.exists():
            raise
        ballast.unlink()
    return _prune(part, keys, why, now_s)


def _take_ballast(folder: Path) -> None:
    """Keep some room for the next full disk, where there is plenty now."""
    path = folder / BALLAST
    try:
        room = os.statvfs(folder)
        if path.exists() or room.f_bavail * room.f_frsize < 4 * BALLAST_BYTES:
            return
        path.write_bytes(os.urandom(BALLAST_BYTES))  # zeros may take no room
    except OSError:
        path.unlink(missing_ok=True)


def _prune(part: _Part, keys: Keyring, why: str, now_s: float) -> Gone:
    if part.header.key:
        keys.drop(part.header.key)
    path = part.path
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5.0)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        gone, small = _what_stays(db, part, why, now_s)
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:  # it would be read into the file that comes instead
        raise OSError(f"{log.name} could not be folded in; somebody reads it")
    new = path.with_name(_NEW)
    with path.open("rb+") as old:
        with new.open("wb") as file:
            new.chmod(0o600)
            file.write(small)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        jf.sync_folder(path.parent)
        if not part.header.key:  # what was not sealed is written over
            _blank(old)
    return gone


def _what_stays(
    db: sqlite3.Connection, part: _Part, why: str, now_s: float
) -> tuple[Gone, bytes]:
    """Return what goes, and the file that stays: header, ledger entries, the chain's ends."""
    first, last = part.header.first_batch, last_number(db, part.header)
    row = db.execute("SELECT chain FROM batch WHERE number = ?", (last,)).fetchone()
    after = bytes(row[0]) if row else part.header.chain
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as small:
        jf.make_tables(small)
        for table, places in (("header", "?"), ("entry", "?, ?, ?, ?, ?")):
            rows = db.execute(f"SELECT * FROM {table}")  # noqa: S608
            small.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608
        small.execute(jf.PRUNED_TABLE)
        small.execute(
            "INSERT INTO pruned VALUES (?, ?, ?, ?, ?, ?)",
            (first, last, part.header.chain, after, now_s, why),
        )
        return Gone(part.path.name, first, last, why), small.serialize()


def _blank(old: BinaryIO) -> None:
    """Write zeros over a file, which takes no room of its own."""
    size = old.seek(0, os.SEEK_END)
    old.seek(0)
    for at in range(0, size, PIECE):
        old.write(bytes(min(PIECE, size - at)))
    old.flush()
    os.fsync(old.fileno())
