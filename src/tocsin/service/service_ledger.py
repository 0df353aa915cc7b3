"""The service's own database: users, sessions, sign-in links, and a ledger of its own.

The service ledger is a hash chain apart from the operational one: logins, configuration,
restarts. Times here are the machine's Unix time, for they bound what people hold in their
hands. Tokens lie here as SHA-256 digests only.
"""

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import ServiceError
from tocsin.model import Entry
from tocsin.record import Chain, append_into, first_bad

__all__ = ["ROLES", "Account", "ServiceLedger"]

ROLES = ("viewer", "watch officer", "incident officer", "administrator")
LINK_S = 600.0  # docs/api.md: single use, ten minutes
SESSION_S = 12 * 3600.0  # a shift of twelve hours

_ENTRIES = (  # a body that other hands wrote as text is read as bytes, and does not fit
    "SELECT number, kind, recorded_s, CAST(body AS BLOB), CAST(digest AS BLOB) FROM entry "
    "ORDER BY number"
)

_TABLES = """
CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, roles TEXT NOT NULL,
    since_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS session (digest BLOB PRIMARY KEY, user TEXT NOT NULL,
    until_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS link (digest BLOB PRIMARY KEY, user TEXT NOT NULL,
    until_s REAL NOT NULL, loopback INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL,
    recorded_s REAL NOT NULL, body BLOB NOT NULL, digest BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is signed in, and what they may do."""

    user: str
    roles: tuple[str, ...]

    def may(self, role: str) -> bool:
        """Tell whether the account has a role; an administrator may look, not act."""
        if role == "viewer":
            return bool(self.roles)
        return role in self.roles


class ServiceLedger:
    """Opens (or makes) DATA/service.sqlite. Raises ServiceError where it cannot.

    named: what the ledger's entries call a user.
    """

    def __init__(self, path: Path, named: Callable[[str], str] = lambda name: name) -> None:
        self._named = named
        self._lock = threading.Lock()
        self._accounts: dict[bytes, tuple[Account, float]] = {}
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_TABLES)
            rows = self._db.execute(_ENTRIES).fetchall()
            entries = [Entry(*r) for r in self._db.execute(_ENTRIES)]
        except (sqlite3.DatabaseError, OSError) as error:
            raise ServiceError(
                f"the service's database {path} cannot be used ({error}); restore it from a "
                "copy, or move it away: users then sign in again by a new link",
                path=str(path),
            ) from error
        entries = [Entry(*row) for row in rows]
        bad = first_bad(entries)
        if bad is not None:
            raise ServiceError(
                f"entry {bad} of the service ledger {path} does not fit its chain: it was "
                "changed by other hands; keep a copy for the inquiry and move it away",
                path=str(path),
            )

        self._version = self._data_version()

    def note(self, kind: str, **body: object) -> None:
        """Append an entry: a login, a restart, a changed setting.

        The chain's end is read anew: a verb on the command line may have appended to it.
        """
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                row = self._db.execute(
                    "SELECT number, digest FROM entry ORDER BY number DESC LIMIT 1"
                ).fetchone()
                chain = Chain(row[0] + 1, row[1]) if row else Chain()
                entry = append_into(chain, kind, time.time(), body)
                self._db.execute(
                    "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
                    (entry.number, entry.kind, entry.recorded_s, entry.body, entry.digest),
                )
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def users(self) -> dict[str, tuple[str, ...]]:
        """Return the roles of every user."""
        rows = self._db.execute("SELECT name, roles FROM user ORDER BY name").fetchall()
        return {name: tuple(roles.split(",")) for name, roles in rows}

    def set_user(self, name: str, roles: Sequence[str], *, by: str) -> None:
        """Make a user, or give one other roles."""
        with self._lock:
            self._db.execute(
                "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET roles = ?",
                (name, ",".join(roles), time.time(), ",".join(roles)),
            )
        self._accounts.clear()
        self.note("user", name=self._named(name), roles=list(roles), by=self._named(by))

    def new_link(self, user: str, *, loopback: bool) -> str:
        """Return the token of a link that signs a user in: once, within ten minutes."""
        token = secrets.token_urlsafe(32)
        now_s = time.time()
        with self._lock:
            self._db.execute("DELETE FROM link WHERE until_s < ?", (now_s,))
            self._db.execute(
                "INSERT INTO link VALUES (?, ?, ?, ?)",
                (_digest(token), user, now_s + LINK_S, int(loopback)),
            )
        self.note("link", user=self._named(user))
        return token

    def enter(self, token: str, *, is_loopback: bool) -> str | None:
        """Use up a link; return the token of a new session, or None where it is not good."""
        now_s = time.time()
        with self._lock:
            row = self._db.execute(
                "SELECT user, until_s, loopback FROM link WHERE digest = ?", (_digest(token),)
            ).fetchone()
            if row is None or row[1] < now_s or (row[2] and not is_loopback):
                return None
            self._db.execute("DELETE FROM link WHERE digest = ?", (_digest(token),))
            session = secrets.token_urlsafe(32)
            self._db.execute("DELETE FROM session WHERE until_s < ?", (now_s,))
            self._db.execute(
                "INSERT INTO session VALUES (?, ?, ?)",
                (_digest(session), row[0], now_s + SESSION_S),
            )
        self.note("signed in", user=self._named(row[0]))
        return session

    def account(self, session: str) -> Account | None:
        """Return who a session belongs to, None where it is unknown or has run out."""
        digest = _digest(session)
        if (version := self._data_version()) != self._version:
            self._version = version  # an account was erased on the command line
            self._accounts.clear()
        known = self._accounts.get(digest)
        if known is None:
            with self._lock:
                row = self._db.execute(
                    "SELECT session.user, until_s, roles FROM session "
                    "JOIN user ON user.name = session.user WHERE digest = ?",
                    (digest,),
                ).fetchone()
            if row is None:
                return None
            known = Account(row[0], tuple(row[2].split(","))), row[1]
            self._accounts[digest] = known
        return known[0] if known[1] > time.time() else None

    def leave(self, session: str) -> None:
        """End a session."""
        account = self.account(session)
        with self._lock:
            self._db.execute("DELETE FROM session WHERE digest = ?", (_digest(session),))
        self._accounts.pop(_digest(session), None)
        if account:
            self.note("signed out", user=self._named(account.user))

    def remove_user(self, name: str) -> bool:
        """Delete an account with its sessions and links; False where there is none."""
        with self._lock:
            done = self._db.execute("DELETE FROM user WHERE name = ?", (name,)).rowcount
            self._db.execute("DELETE FROM session WHERE user = ?", (name,))
            self._db.execute("DELETE FROM link WHERE user = ?", (name,))
        self._accounts.clear()
        return bool(done)

    def _data_version(self) -> int:
        with self._lock:
            return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let the database go."""
        self._db.close()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
