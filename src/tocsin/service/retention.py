"""What has outlived its time: its key is deleted, its batches go, its ledger entries stay.

A file of the journal goes as a whole, oldest first: when all of it is older than the site file
allows, or when the journal has grown too large. The file that is being written never goes, nor
what a hold covers. First the key is deleted (from then on nobody reads what it held), then
the rows; a crash in between is mended by the next run.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import JournalError
from tocsin.model import Retention
from tocsin.service import _journal_file as jf
from tocsin.service._journal_read import journal_files, last_number
from tocsin.service.holding import Hold
from tocsin.service.keyring import Keyring

__all__ = ["Gone", "prune_journal"]

_EMPTY = (
    "DELETE FROM batch", "DELETE FROM snapshot", "DELETE FROM act", "DELETE FROM quarantine",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gone:
    """A pruned file: its batches first to last, and why ("age", "size")."""

    file: str
    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One file: when it begins and ends (Unix UTC), whether it was pruned before."""

    path: Path
    header: jf.Header
    end_s: float
    is_pruned: bool


def prune_journal(
    folder: Path, keys: Keyring, retention: Retention, held: Sequence[Hold], now_s: float
) -> list[Gone]:
    """Prune what has outlived its time; return what went. Unreadable files are left alone."""
    parts = [part for part in _parts(folder) if not part.is_pruned]
    size = float(sum(part.path.stat().st_size for part in parts))
    gone = []
    for part in parts[:-1]:  # the newest is being written
        why = "age" if part.end_s < now_s - retention.keep_s else ""
        why = why or ("size" if size > retention.max_bytes else "")
        if not why or any(h.covers(part.header.begun_s, part.end_s, now_s) for h in held):
            continue
        before = part.path.stat().st_size
        gone.append(_prune(part, keys, why, now_s))
        size -= before - part.path.stat().st_size
    return gone


def _parts(folder: Path) -> list[_Part]:
    found: list[tuple[Path, jf.Header, bool]] = []
    for path in journal_files(folder):
        try:
            with jf.open_reader(path) as db:
                header = jf.header_of(db, path)
                if header is not None:
                    found.append((path, header, jf.pruned_of(db) is not None))
        except JournalError:
            continue
    ends = [header.begun_s for _, header, _ in found[1:]] + [float("inf")]
    return [
        _Part(path, header, end_s, is_pruned)
        for (path, header, is_pruned), end_s in zip(found, ends, strict=True)
    ]


def _prune(part: _Part, keys: Keyring, why: str, now_s: float) -> Gone:
    if part.header.key:
        keys.drop(part.header.key)
    with closing(sqlite3.connect(part.path, isolation_level=None, timeout=5.0)) as db:
        db.execute("PRAGMA secure_delete=ON")
        db.execute("BEGIN IMMEDIATE")
        first, last = part.header.first_batch, last_number(db, part.header)
        row = db.execute("SELECT chain FROM batch WHERE number = ?", (last,)).fetchone()
        after = bytes(row[0]) if row else part.header.chain
        for statement in _EMPTY:
            db.execute(statement)
        db.execute(jf.PRUNED_TABLE)
        db.execute(
            "INSERT INTO pruned VALUES (?, ?, ?, ?, ?, ?)",
            (first, last, part.header.chain, after, now_s, why),
        )
        db.execute("COMMIT")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Gone(part.path.name, first, last, why)
