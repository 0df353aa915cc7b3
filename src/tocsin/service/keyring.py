"""Data keys, wrapped by the node's key: DATA/sealed.sqlite and DATA/secrets/tocsin_node_key.

Each file of the journal, each day of declared things and the list of people has a data key of
its own. To erase is to delete the key: what was sealed under it can be opened by nobody. So a
copy of sealed.sqlite that is kept longer than the data keeps them readable (docs/privacy).
"""

import base64
import binascii
import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from tocsin.errors import CallError, ServiceError
from tocsin.service._sqlite_files import connect_reader, fold_log, refused
from tocsin.service.sealing import Box, SealError, derived_key, new_key
from tocsin.service.secrets_folder import own_secret

__all__ = ["NODE_KEY", "KeyFile", "Keyring", "Keys", "find_keys", "write_key_file"]

NODE_KEY = "tocsin_node_key"
_FILE = "sealed.sqlite"
_CHECK = "is this the right node key"

_TABLES = """
CREATE TABLE IF NOT EXISTS data_key (id TEXT PRIMARY KEY, what TEXT NOT NULL,
    made_s REAL NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS node_check (sealed BLOB NOT NULL);
"""
_PUT = "INSERT INTO data_key VALUES (?, ?, ?, ?)"


class Keys(Protocol):
    """Where a reader finds the key of what it reads."""

    def box(self, key_id: str) -> Box | None: ...


class Keyring:
    """The keys of one data folder. Raises ServiceError where they cannot be used.

    reading: nothing will be kept here; where nothing can be, they are read as they are.
    """

    def __init__(self, path: Path, node_key: bytes, *, reading: bool = False) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._node = Box.of("node", node_key)
        self.lookup_key = derived_key(node_key, "lookup")  # values are found again by it
        self._boxes: dict[str, Box] = {}
        self._waiting: dict[str, tuple[str, str, float, bytes]] = {}  # rows, by what for
        self.is_reader = False
        try:
            self.db = self._opened(reading=reading)
            self._check_node_key()
        except (sqlite3.DatabaseError, OSError) as error:
            raise refused(
                "the sealed values",
                path,
                error,
                "restore sealed.sqlite from a copy, or give a new --data folder: without it "
                "neither the journal opens nor a name (docs/operating/backup.md)",
            ) from error

    def _opened(self, *, reading: bool) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self.path.chmod(0o600)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA secure_delete=ON")
            db.executescript(_TABLES)
        except (sqlite3.OperationalError, OSError):
            if not reading:
                raise
            self.is_reader = True
            return connect_reader(self.path)
        return db

    @classmethod
    def open(cls, data: Path, *, reading: bool = False) -> "Keyring":
        """Open (or make) the keys of a data folder."""
        path = data / _FILE
        if path.exists() and not _has_node_key(data):
            raise _no_node_key(data)
        secret = own_secret(NODE_KEY, data / "secrets")
        return cls(path, derived_key(secret.encode(), "node key"), reading=reading)

    def new(self, what: str, made_s: float) -> Box:
        """Make, keep and return the box of a new data key. Raises sqlite3.Error for a full
        disk.
        """
        box, row = self._fresh(what, made_s)
        with self.lock:
            self.db.execute(_PUT, row)
            return self._boxes.setdefault(box.key_id, box)

    def _fresh(self, what: str, made_s: float) -> tuple[Box, tuple[str, str, float, bytes]]:
        key_id, key = secrets.token_hex(8), new_key()
        wrapped = self._node.seal(f"data key {key_id} {what}", key)
        return Box.of(key_id, key), (key_id, what, made_s, wrapped)

    def box(self, key_id: str) -> Box | None:
        """Return the box of a key, None where it was deleted or never here."""
        with self.lock:
            row = self.db.execute(
                "SELECT what, wrapped FROM data_key WHERE id = ?", (key_id,)
            ).fetchone()
            if row is None:
                if any(key_id == waiting[0] for waiting in self._waiting.values()):
                    return self._boxes[key_id]
                self._boxes.pop(key_id, None)
                return None
            if key_id not in self._boxes:
                key = self._node.open(f"data key {key_id} {row[0]}", row[1])
                self._boxes[key_id] = Box.of(key_id, key)
            return self._boxes[key_id]

    def box_for(self, what: str, made_s: float) -> Box:
        """Return the box of the key with that name, making it where there is none."""
        with self.lock:
            row = self.db.execute(
                "SELECT id FROM data_key WHERE what = ? ORDER BY made_s DESC", (what,)
            ).fetchone()
            found = self.box(row[0]) if row else None
            return found or self.new(what, made_s)

    def box_in_time(self, what: str, made_s: float) -> Box:
        """Return `box_for`; where the disk takes nothing, of a key that waits in memory. What
        is sealed under it has to wait too, and goes to disk with `put_waiting`.
        """
        with self.lock:
            if what in self._waiting:
                return self._boxes[self._waiting[what][0]]
            try:
                return self.box_for(what, made_s)
            except sqlite3.Error:
                box, self._waiting[what] = self._fresh(what, made_s)
                return self._boxes.setdefault(box.key_id, box)

    def put_waiting(self) -> None:
        """Write the keys that wait, in the transaction that is open."""
        self.db.executemany(_PUT, list(self._waiting.values()))

    def end_waiting(self) -> None:
        """Note that the transaction of `put_waiting` is on disk."""
        self._waiting.clear()

    def give_back(self, key_id: str) -> None:
        """Delete a key under which nothing was sealed; unlike `drop` it does not fold."""
        with self.lock:
            self.db.execute("DELETE FROM data_key WHERE id = ?", (key_id,))
            self._boxes.pop(key_id, None)

    def drop(self, key_id: str) -> bool:
        """Delete a key for good; False where it was not there."""
        with self.lock:
            done = self.db.execute("DELETE FROM data_key WHERE id = ?", (key_id,)).rowcount
            self._boxes.pop(key_id, None)
            self.fold()
        return bool(done)

    def fold(self) -> None:
        """Take deleted values out of the write-ahead log too, as far as readers allow."""
        fold_log(self.db)

    def listed(self) -> list[tuple[str, str, float]]:
        """Return (id, what, made) of every key, oldest first."""
        with self.lock:
            rows = self.db.execute("SELECT id, what, made_s FROM data_key ORDER BY made_s")
            return [(str(i), str(w), float(s)) for i, w, s in rows]

    def raw_keys(self, prefix: str) -> dict[str, bytes]:
        """Return unwrapped keys whose name begins with a prefix: for an authorised copy."""
        with self.lock:
            rows = self.db.execute("SELECT id, what, wrapped FROM data_key").fetchall()
        return {
            i: self._node.open(f"data key {i} {what}", wrapped)
            for i, what, wrapped in rows
            if what.startswith(prefix)
        }

    def close(self) -> None:
        """Let the database go."""
        with self.lock:
            self.db.close()

    def _check_node_key(self) -> None:
        row = self.db.execute("SELECT sealed FROM node_check").fetchone()
        if row is None:
            sealed = self._node.seal("check", _CHECK.encode())
            self.db.execute("INSERT INTO node_check VALUES (?)", (sealed,))
            return
        try:
            self._node.open("check", row[0])
        except SealError as error:
            self.db.close()
            raise ServiceError(
                f"the node's key does not open {self.path}; put back the file "
                f"secrets/{NODE_KEY} (or the variable {NODE_KEY}) that was used with it",
                path=str(self.path),
            ) from error


def _has_node_key(data: Path) -> bool:
    return NODE_KEY in os.environ or (data / "secrets" / NODE_KEY).exists()


def _no_node_key(data: Path) -> ServiceError:
    return ServiceError(
        f"{data / _FILE} is there but the node's key is not; put back the file "
        f"{data / 'secrets' / NODE_KEY} that was used with it (or the variable {NODE_KEY})",
        path=str(data),
    )


class KeyFile:
    """Keys of a journal that somebody was given, apart from it, to replay it elsewhere."""

    def __init__(self, path: Path) -> None:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            self._boxes = {
                key_id: Box.of(key_id, base64.b64decode(text, validate=True))
                for key_id, text in found.items()
            }
        except OSError as error:
            raise CallError(f"{path} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, binascii.Error, ValueError) as error:
            raise CallError(
                f"{path} is no file of keys; `tocsin record keys DATA --out FILE` writes one"
            ) from error

    def box(self, key_id: str) -> Box | None:
        """Return the box of a key, None where it is not among these."""
        return self._boxes.get(key_id)


def write_key_file(ring: Keyring, path: Path) -> int:
    """Write the journal's keys into a new file (mode 0600); return how many."""
    keys = {k: base64.b64encode(v).decode() for k, v in ring.raw_keys("journal").items()}
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(keys) + b"\n")
    except OSError as error:
        raise CallError(f"{path} cannot be written: {error.strerror}") from error
    return len(keys)


@contextlib.contextmanager
def find_keys(path: Path, file: Path | None = None) -> Iterator[Keys | None]:
    """Give the keys for a journal at `path` (data folder, its journal folder, one file).

    file: keys that were handed over; None: those of the data folder that the journal lies in,
    where they are there.
    """
    if file is not None:
        yield KeyFile(file)
        return
    for folder in (path, path.parent, path.parent.parent):
        if (folder / _FILE).exists() and _has_node_key(folder):
            ring = Keyring.open(folder, reading=True)
            try:
                yield ring
            finally:
                ring.close()
            return
    yield None
