"""SQLite files of a data folder: read wherever they lie, folded after a deletion."""

import errno
import os
import sqlite3
import time
from pathlib import Path

import structlog

from tocsin.errors import ServiceError

__all__ = ["connect_reader", "fold_log", "is_read_only", "refused"]

FOLD_TRIES, FOLD_WAIT_S = 20, 0.1  # a reader holds on for the length of a query
_BUSY = "PRAGMA busy_timeout"  # in ms; each try would wait so long, and callers hold locks

_log = structlog.get_logger("tocsin.disk")


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a file for reading, also on media that cannot be written."""
    uri = path.resolve().as_uri()
    db = _connect(f"{uri}?mode=ro")
    try:
        db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.OperationalError:  # a folder that cannot be written: no shared-memory file
        db.close()
        return _connect(f"{uri}?immutable=1")
    except sqlite3.DatabaseError:
        return db  # the first real query says it again
    return db


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def fold_log(db: sqlite3.Connection) -> bool:
    """Take what was deleted out of the write-ahead log too; False where readers held on to it
    all the time: it goes with a later one.
    """
    before = db.execute(_BUSY).fetchone()[0]
    db.execute(f"{_BUSY}=0")
    try:
        for _ in range(FOLD_TRIES):
            if _is_folded(db):
                return True
            time.sleep(FOLD_WAIT_S)
    finally:
        db.execute(f"{_BUSY}={before}")
    _log.warning("what was deleted may lie in a write-ahead log until it is next folded in")
    return False


def _is_folded(db: sqlite3.Connection) -> bool:
    try:
        return bool(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.OperationalError:
        return False


def is_read_only(path: Path, error: Exception) -> bool:
    """Tell whether a file could not be opened because nothing can be written beside it."""
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    return "readonly" in str(error) or not os.access(path.parent, os.W_OK)


def refused(what: str, path: Path, error: Exception, hint: str) -> ServiceError:
    """Return the error for a file that cannot be used; hint: what to do where it is damaged."""
    if is_read_only(path, error):
        hint = (
            "nothing can be written there: the disk is read-only, or the folder belongs to "
            "another user. `tocsin record verify`, `record holds`, `replay` and `explain` "
            "read it as it is; for anything else copy the whole data folder to a disk that can "
            "be written"
        )
    return ServiceError(f"{what} {path} cannot be used ({error}); {hint}", path=str(path))
