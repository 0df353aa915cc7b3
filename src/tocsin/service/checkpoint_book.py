"""DATA/checkpoints.sqlite: what was signed of the ledger, who holds it, what others gave us.

Beside the ledger and never in it: entries stay a pure function of the journal. The roots of the
tree's blocks lie here too, so that a proof needs the digests of two blocks and no more. Several
threads and the command line use it; a lock lets one thread in at a time.
"""

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.record.tree import Tree, add_block_into
from tocsin.record.verifier import Checkpoint, Key, checkpoint_of, key_of
from tocsin.service._sqlite_files import connect_reader, refused

__all__ = ["CheckpointBook", "Made", "PeerStanding", "Received", "Standing"]

# Of that time every checkpoint stays; of what is older one an hour, what a person took away (a
# peer countersigns one every five minutes), and where the old key signed for a new one.
KEPT_ALL_S = 7 * 86_400.0
THIN_S = 3600.0
TWO_SIGNED = "%\n\u2014 %\n\u2014 %"  # a note that bears more than one signature
MAX_RECEIVED = 10_000  # of one peer: a month at one every five minutes; the oldest but one go

_TABLES = """
CREATE TABLE IF NOT EXISTS ledger (one INTEGER PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS block (number INTEGER PRIMARY KEY, root BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL,
    made_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS holder (size INTEGER NOT NULL, name TEXT NOT NULL,
    at_s REAL NOT NULL, PRIMARY KEY (size, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signing_key (text TEXT PRIMARY KEY, mode TEXT NOT NULL,
    since_s REAL NOT NULL, until_s REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS received (peer TEXT NOT NULL, size INTEGER NOT NULL,
    note TEXT NOT NULL, at_s REAL NOT NULL, PRIMARY KEY (peer, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt (peer TEXT NOT NULL, size INTEGER NOT NULL,
    note TEXT NOT NULL, at_s REAL NOT NULL, PRIMARY KEY (peer, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS witnessed (peer TEXT NOT NULL, size INTEGER NOT NULL,
    note TEXT NOT NULL, at_s REAL NOT NULL, PRIMARY KEY (peer, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stamp (authority TEXT NOT NULL, size INTEGER NOT NULL,
    note TEXT NOT NULL, answer BLOB NOT NULL, got_s REAL NOT NULL,
    PRIMARY KEY (authority, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS peer (name TEXT PRIMARY KEY, delivered INTEGER NOT NULL,
    failed INTEGER NOT NULL, refused_size INTEGER NOT NULL, error TEXT NOT NULL,
    at_s REAL NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One checkpoint of our own ledger, and who took it (names of channels, people)."""

    checkpoint: Checkpoint
    note: str
    made_s: float
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """A checkpoint of a peer's ledger that we hold for it."""

    peer: str
    checkpoint: Checkpoint
    note: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A key of this data folder; until_s None: it signs now."""

    key: Key
    mode: str
    since_s: float
    until_s: float | None


@dataclass(frozen=True, slots=True)
class PeerStanding:
    """How it stands with a peer. held: entries of the newest checkpoint that it countersigned,
    None not yet, at held_s; delivered, failed: offers that were acknowledged, or not; error:
    why the last was not, "" where it was.
    """

    peer: str
    held: int | None
    held_s: float | None
    delivered: int
    failed: int
    error: str


class CheckpointBook:
    """Opens (or makes) the database. Raises ServiceError where it cannot.

    reading: nothing will be kept here; where nothing can be, it is read as it is.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = self._opened(reading=reading)
        except (sqlite3.DatabaseError, OSError) as error:
            raise refused(
                "the checkpoints",
                path,
                error,
                "restore the file from a copy, or move it away: the ledger is then signed "
                "anew, and who holds earlier checkpoints still does",
            ) from error

    def _opened(self, *, reading: bool) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=20.0
            )
            self.path.chmod(0o600)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_TABLES)
        except (sqlite3.OperationalError, OSError):
            if not reading:
                raise
            return connect_reader(self.path)
        return db

    def name_ledger(self, origin: str, mode: str) -> None:
        """Keep under what name and in which mode the ledger of this folder is signed."""
        self.write("INSERT OR REPLACE INTO ledger VALUES (1, ?, ?)", (origin, mode))

    def ledger(self) -> tuple[str, str] | None:
        """Return (origin, mode), None where nothing was signed yet."""
        row = self.rows("SELECT origin, mode FROM ledger")
        return (str(row[0][0]), str(row[0][1])) if row else None

    def tree(self) -> Tree:
        """Return the tree of the blocks that are kept."""
        tree = Tree()
        for (root,) in self.rows("SELECT root FROM block ORDER BY number"):
            add_block_into(tree, root)
        return tree

    def keep_blocks(self, first: int, roots: Iterable[bytes]) -> None:
        """Keep roots of complete blocks, from number `first` on."""
        with self._lock:
            rows = [(first + k, root) for k, root in enumerate(roots)]
            self._db.executemany("INSERT OR REPLACE INTO block VALUES (?, ?)", rows)

    def add(self, note: str, made_s: float) -> None:
        """Keep a checkpoint; one of the same size with more signatures takes its place."""
        point = checkpoint_of(note)
        if point is None:
            raise ValueError("this is no checkpoint")
        self.write(
            "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (point.size, note, made_s)
        )
        self._thin(made_s)

    def _thin(self, now_s: float) -> None:
        self.write(
            "DELETE FROM checkpoint WHERE made_s < ? AND size NOT IN ("
            "SELECT max(size) FROM checkpoint GROUP BY CAST(made_s / ? AS INTEGER)) "
            "AND size NOT IN (SELECT size FROM holder WHERE NOT EXISTS (SELECT 1 FROM receipt "
            "WHERE receipt.size = holder.size AND peer = name)) "
            "AND note NOT LIKE ?",
            (now_s - KEPT_ALL_S, THIN_S, TWO_SIGNED),
        )
        for table in ("holder", "receipt"):
            self.write(
                f"DELETE FROM {table} WHERE size NOT IN (SELECT size FROM checkpoint)",  # noqa: S608
                (),
            )

    def note_holder(self, size: int, name: str, at_s: float) -> None:
        """Note that somebody took the checkpoint of a size."""
        self.write("INSERT OR IGNORE INTO holder VALUES (?, ?, ?)", (size, name, at_s))

    def made(self) -> list[Made]:
        """Return our checkpoints, the smallest first."""
        with self._lock:
            held: dict[int, list[str]] = {}
            for size, name in self.rows("SELECT size, name FROM holder ORDER BY name"):
                held.setdefault(size, []).append(name)
            rows = self.rows("SELECT note, made_s FROM checkpoint ORDER BY size")
        found = [(checkpoint_of(note), note, made_s) for note, made_s in rows]
        return [Made(p, n, s, tuple(held.get(p.size, ()))) for p, n, s in found if p]

    def newest(self) -> Made | None:
        """Return our newest checkpoint."""
        rows = self.rows("SELECT note, made_s FROM checkpoint ORDER BY size DESC LIMIT 1")
        point = checkpoint_of(rows[0][0]) if rows else None
        if point is None:
            return None
        names = self.rows("SELECT name FROM holder WHERE size = ? ORDER BY name", (point.size,))
        return Made(point, rows[0][0], rows[0][1], tuple(n for (n,) in names))

    def newest_held(self) -> Made | None:
        """Return the newest of our checkpoints that somebody else holds."""
        return next((m for m in reversed(self.made()) if m.holders), None)

    def use_key(self, key: Key, mode: str, now_s: float) -> None:
        """Note that a key signs from now on, and the one before it no more."""
        with self._lock:
            self.write(
                "UPDATE signing_key SET until_s = ? WHERE mode = ? AND until_s IS NULL "
                "AND text != ?",
                (now_s, mode, key.text),
            )
            self.write(
                "INSERT OR IGNORE INTO signing_key VALUES (?, ?, ?, NULL)",
                (key.text, mode, now_s),
            )

    def signing_keys(self) -> list[Standing]:
        """Return all keys that ever signed here, the oldest first."""
        rows = self.rows(
            "SELECT text, mode, since_s, until_s FROM signing_key ORDER BY since_s, text"
        )
        found = [(key_of(text), mode, since, until) for text, mode, since, until in rows]
        return [Standing(key, m, s, u) for key, m, s, u in found if key]

    def receive(self, peer: str, note: str, at_s: float) -> str:
        """Keep a checkpoint for a peer; return why not, "" where it is kept now.

        Its signature was checked. Refused is what contradicts one that is held.
        """
        point = checkpoint_of(note)
        if point is None:
            return "this is no checkpoint"
        with self._lock:
            rows = self.rows(
                "SELECT note FROM received WHERE peer = ? AND size >= ? ORDER BY size LIMIT 1",
                (peer, point.size),
            )
            held = checkpoint_of(rows[0][0]) if rows else None
            if held is not None and held.size == point.size:
                if (held.root, held.head) == (point.root, point.head):
                    return ""
                return (
                    f"we hold another checkpoint of {peer} for {point.size} entries: its "
                    "ledger was forked"
                )
            if held is not None:
                return (
                    f"we hold a checkpoint of {peer} for {held.size} entries, and this one is "
                    f"of {point.size}: an older state was put back, or it was sent late"
                )
            self.write(
                "INSERT INTO received VALUES (?, ?, ?, ?)", (peer, point.size, note, at_s)
            )
            # The first stays: it is the oldest witness of all.
            self.write(
                "DELETE FROM received WHERE peer = ? AND size IN (SELECT size FROM received "
                "WHERE peer = ? ORDER BY size DESC LIMIT -1 OFFSET ?) AND size != ("
                "SELECT min(size) FROM received WHERE peer = ?)",
                (peer, peer, MAX_RECEIVED, peer),
            )
        return ""

    def received(self, peer: str = "") -> list[Received]:
        """Return what we hold for a peer, or for all, the smallest first."""
        rows = self.rows(
            "SELECT peer, note, at_s FROM received WHERE ? IN ('', peer) ORDER BY peer, size",
            (peer,),
        )
        found = [(name, checkpoint_of(note), note, at_s) for name, note, at_s in rows]
        return [Received(name, p, note, at_s) for name, p, note, at_s in found if p]

    def is_settled(self, peer: str, size: int) -> bool:
        """Tell whether a peer acknowledged the checkpoint of a size, or refused it for good."""
        return bool(
            self.rows("SELECT 1 FROM receipt WHERE peer = ? AND size >= ?", (peer, size))
            or self.rows("SELECT 1 FROM peer WHERE name = ? AND refused_size = ?", (peer, size))
        )

    def note_receipt(self, peer: str, size: int, note: str, at_s: float) -> None:
        """Keep a peer's countersignature: from now on it holds our checkpoint of that size."""
        with self._lock:
            self.write(
                "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?)", (peer, size, note, at_s)
            )
            self.note_holder(size, peer, at_s)
            self.write(
                "INSERT INTO peer VALUES (?, 1, 0, -1, '', ?) ON CONFLICT(name) DO UPDATE "
                "SET delivered = delivered + 1, error = '', refused_size = -1, "
                "at_s = excluded.at_s",
                (peer, at_s),
            )

    def note_try(
        self, peer: str, size: int, error: str, at_s: float, *, refused: bool = False
    ) -> None:
        """Count an offer that was not acknowledged; refused: that size is not offered again."""
        self.write(
            "INSERT INTO peer VALUES (?, 0, 1, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET "
            "failed = failed + 1, error = excluded.error, at_s = excluded.at_s, "
            "refused_size = max(refused_size, excluded.refused_size)",
            (peer, size if refused else -1, error[:500], at_s),
        )

    def keep_witnessed(self, peer: str, note: str, at_s: float) -> None:
        """Keep a checkpoint of ours that a peer showed and that our ledger contradicts."""
        point = checkpoint_of(note)
        if point is None:
            raise ValueError("this is no checkpoint")
        self.write(
            "INSERT OR IGNORE INTO witnessed VALUES (?, ?, ?, ?)",
            (peer, point.size, note, at_s),
        )

    def witnessed(self) -> list[Received]:
        """Return the checkpoints of ours that peers showed and our ledger contradicted."""
        return self._notes("witnessed")

    def receipts(self) -> list[Received]:
        """Return what peers countersigned, the smallest first."""
        return self._notes("receipt")

    def _notes(self, table: str) -> list[Received]:
        rows = self.rows(f"SELECT peer, note, at_s FROM {table} ORDER BY peer, size")  # noqa: S608
        found = [(name, checkpoint_of(note), note, at_s) for name, note, at_s in rows]
        return [Received(name, p, note, at_s) for name, p, note, at_s in found if p]

    def peers(self) -> list[PeerStanding]:
        """Return how it stands with each peer that a checkpoint was offered to."""
        rows = self.rows(
            "SELECT name, (SELECT max(size) FROM receipt WHERE peer = name), "
            "(SELECT max(at_s) FROM receipt WHERE peer = name), delivered, failed, error "
            "FROM peer ORDER BY name"
        )
        return [PeerStanding(*row) for row in rows]

    def close(self) -> None:
        """Let the database go."""
        with self._lock:
            self._db.close()

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def write(self, sql: str, values: tuple[object, ...]) -> None:
        """Change rows; one statement is there completely or not at all."""
        with self._lock:
            self._db.execute(sql, values)
