"""Imported articles and their proposals: DATA/imports.sqlite, sealed, apart from the record.

An article is somebody's text and may name people: original and proposal lie encrypted under a
key of their own, and nothing of them is in the journal or the ledger before a person accepts
it. At most MAX_IMPORTS are kept; the oldest go first, and are counted.
"""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.errors import CallError, ServiceError
from tocsin.model.proposals import Proposal
from tocsin.service.keyring import Keyring
from tocsin.service.sealing import SealError

__all__ = ["MAX_IMPORTS", "Imported", "Imports", "StaleError"]

MAX_IMPORTS = 200  # 200 articles of 2 MB at most: 400 MB of disk

_TABLES = """
CREATE TABLE IF NOT EXISTS import (id TEXT PRIMARY KEY, at_s REAL NOT NULL, by TEXT NOT NULL,
    key_id TEXT NOT NULL, revision INTEGER NOT NULL, original BLOB NOT NULL,
    proposal BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dropped (count INTEGER NOT NULL);
"""


class StaleError(Exception):
    """Somebody else changed the proposal since it was read."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A proposal as it stands, by whom and when (Unix UTC) its article came in."""

    proposal: Proposal
    at_s: float
    by: str


class Imports:
    """Opens (or makes) the file. Raises ServiceError where it cannot be used."""

    def __init__(self, data: Path, keys: Keyring) -> None:
        self.path = data / "imports.sqlite"
        self.keys = keys
        self.lock = threading.Lock()
        try:
            self.db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self.path.chmod(0o600)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.executescript(_TABLES)
        except (sqlite3.DatabaseError, OSError) as error:
            raise ServiceError(
                f"the imported articles {self.path} cannot be used ({error}); move the file "
                "away: what was accepted stands in the record",
                path=str(self.path),
            ) from error

    def add(self, proposal: Proposal, original: bytes, by: str, now_s: float) -> Imported:
        """Keep a proposal with the bytes it was made of; the same article is kept once, as it
        stands.
        """
        known = self.get(proposal.id)
        if known is not None:
            return known
        box = self.keys.box_for("imported articles", now_s)
        with self.lock, self.db:
            self.db.execute(
                "INSERT INTO import VALUES (?, ?, ?, ?, ?, ?, ?)",
                (proposal.id, now_s, by, box.key_id, proposal.revision,
                 box.seal(f"import {proposal.id} original", original),
                 box.seal(f"import {proposal.id} proposal", msgspec.json.encode(proposal))),
            )  # fmt: skip
            self._drop_oldest()
        return Imported(proposal, now_s, by)

    def get(self, name: str) -> Imported | None:
        """Return a proposal, None where there is none or its key was deleted."""
        with self.lock:
            row = self.db.execute(
                "SELECT at_s, by, key_id, proposal FROM import WHERE id = ?", (name,)
            ).fetchone()
        if row is None or (box := self.keys.box(row[2])) is None:
            return None
        try:
            plain = box.open(f"import {name} proposal", row[3])
        except SealError:
            return None
        return Imported(msgspec.json.decode(plain, type=Proposal), float(row[0]), str(row[1]))

    def all(self) -> list[Imported]:
        """Return all of them, newest first."""
        with self.lock:
            names = self.db.execute("SELECT id FROM import ORDER BY at_s DESC, id").fetchall()
        return [found for (name,) in names if (found := self.get(name)) is not None]

    def change(self, before: Proposal, after: Proposal) -> None:
        """Put a changed proposal in the place of the one that was read; StaleError where
        another change came in between.
        """
        with self.lock:
            row = self.db.execute(
                "SELECT key_id FROM import WHERE id = ?", (before.id,)
            ).fetchone()
        box = self.keys.box(row[0]) if row else None
        if box is None:
            raise CallError(f"there is no import {before.id!r}")
        sealed = box.seal(f"import {before.id} proposal", msgspec.json.encode(after))
        with self.lock, self.db:
            done = self.db.execute(
                "UPDATE import SET revision = ?, proposal = ? WHERE id = ? AND revision = ?",
                (after.revision, sealed, before.id, before.revision),
            ).rowcount
        if not done:
            raise StaleError

    @property
    def dropped(self) -> int:
        """How many found no room and were removed."""
        with self.lock:
            found = self.db.execute("SELECT COALESCE(SUM(count), 0) FROM dropped").fetchone()
        return int(found[0])

    def _drop_oldest(self) -> None:
        old = "SELECT id FROM import ORDER BY at_s DESC, id LIMIT -1 OFFSET ?"
        done = self.db.execute(f"DELETE FROM import WHERE id IN ({old})", (MAX_IMPORTS,))  # noqa: S608
        if done.rowcount:
            self.db.execute("INSERT INTO dropped VALUES (?)", (done.rowcount,))

    def close(self) -> None:
        """Close the file."""
        self.db.close()
