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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from tocsin.errors import ServiceError
from tocsin.model import Entry
from tocsin.record import Chain, append_into, first_bad
from tocsin.service._sqlite_files import fold_log, refused
from tocsin.service.account import KEEP_S, NEVER_S, Account, account_of

__all__ = ["ServiceLedger"]

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
    until_s REAL NOT NULL, began_s REAL);
CREATE TABLE IF NOT EXISTS link (digest BLOB PRIMARY KEY, user TEXT NOT NULL,
    until_s REAL NOT NULL, loopback INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS disabled (name TEXT PRIMARY KEY, since_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS pin (user TEXT PRIMARY KEY, hash TEXT NOT NULL, set_s REAL NOT NULL,
    wrong INTEGER NOT NULL, locked_until_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS shift (position TEXT PRIMARY KEY, by TEXT NOT NULL,
    began_s REAL NOT NULL, until_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS shift_act (position TEXT NOT NULL, by TEXT NOT NULL,
    key TEXT NOT NULL, PRIMARY KEY (position, by, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL,
    recorded_s REAL NOT NULL, body BLOB NOT NULL, digest BLOB NOT NULL);
"""

_log = structlog.get_logger("tocsin.ledger")


class ServiceLedger:
    """Opens (or makes) DATA/service.sqlite. Raises ServiceError where it cannot.

    named: what the ledger's entries call a user. db, lock: for what else lies in this file;
    changing: held by who looks at all accounts or tokens and then changes one.
    """

    def __init__(self, path: Path, named: Callable[[str], str] = lambda name: name) -> None:
        self.named = named
        self.lock = threading.Lock()
        self.changing = threading.Lock()
        self._accounts: dict[bytes, tuple[Account, float]] = {}  # and until when it is known
        try:
            self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute("PRAGMA secure_delete=ON")
            self.db.executescript(_TABLES)
            columns = {row[1] for row in self.db.execute("PRAGMA table_info(session)")}
            if "began_s" not in columns:  # made before sessions said when they began
                self.db.execute("ALTER TABLE session ADD COLUMN began_s REAL")
            entries = [Entry(*row) for row in self.db.execute(_ENTRIES)]
        except (sqlite3.DatabaseError, OSError) as error:
            raise refused(
                "the service's database",
                path,
                error,
                "restore it from a copy, or move it away: users then sign in again by a new "
                "link",
            ) from error
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
        with self.lock, self._whole():
            self._append(kind, body)

    def note_if_room(self, kind: str, **body: object) -> None:
        """Append an entry of what a full disk must not hold up; the log says of it."""
        try:
            self.note(kind, **body)
        except sqlite3.Error as error:
            _log.error("the service ledger takes no entry", kind=kind, reason=str(error))

    def _append(self, kind: str, body: dict[str, object]) -> None:
        row = self.db.execute(
            "SELECT number, digest FROM entry ORDER BY number DESC LIMIT 1"
        ).fetchone()
        chain = Chain(row[0] + 1, row[1]) if row else Chain()
        entry = append_into(chain, kind, time.time(), body)
        self.db.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
            (entry.number, entry.kind, entry.recorded_s, entry.body, entry.digest),
        )

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All that is done here is on disk afterwards, or nothing of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # SQLite may have rolled back where the disk was full
                self.db.execute("ROLLBACK")
            raise

    def entries(self, *, after: int, limit: int) -> list[Entry]:
        """Return entries with a number above `after`, oldest first, at most `limit`."""
        ordered = _ENTRIES.replace("ORDER BY", "WHERE number > ? ORDER BY")
        rows = self.db.execute(f"{ordered} LIMIT ?", (after, limit)).fetchall()
        return [Entry(*row) for row in rows]

    def users(self) -> dict[str, tuple[str, ...]]:
        """Return the roles of every user."""
        rows = self.db.execute("SELECT name, roles FROM user ORDER BY name").fetchall()
        return {name: tuple(roles.split(",")) for name, roles in rows}

    def positions(self) -> frozenset[str]:
        """Return the names that are duty positions."""
        rows = self.db.execute("SELECT name FROM position").fetchall()
        return frozenset(name for (name,) in rows)

    def disabled(self) -> frozenset[str]:
        """Return the names of accounts that are shut."""
        rows = self.db.execute("SELECT name FROM disabled").fetchall()
        return frozenset(name for (name,) in rows)

    def set_user(
        self, name: str, roles: Sequence[str], *, by: str, is_position: bool = False
    ) -> None:
        """Make a user or a duty position, or give one other roles."""
        with self.lock:
            self.db.execute(
                "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET roles = ?",
                (name, ",".join(roles), time.time(), ",".join(roles)),
            )
            if is_position:
                self.db.execute("INSERT OR IGNORE INTO position VALUES (?)", (name,))
            self._accounts.clear()
        more = {"position": True} if is_position else {}
        self.note("user", name=self.named(name), roles=list(roles), by=self.named(by), **more)

    def person(self, name: str) -> Account | None:
        """Return a person's roles by name, None where there is none, or it is shut."""
        row = self.db.execute("SELECT roles FROM user WHERE name = ?", (name,)).fetchone()
        if row is None or name in self.positions() or name in self.disabled():
            return None
        return Account(name, tuple(row[0].split(",")))

    def begin_shift(self, position: str, by: str, key: str) -> None:
        """Begin a person's shift at a position; not again by the same act (its key)."""
        now_s = time.time()
        with self.lock, self._once(position, by, key) as is_new:
            if not is_new:
                return
            self.db.execute(
                "INSERT OR REPLACE INTO shift VALUES (?, ?, ?, ?)",
                (position, by, now_s, now_s + SESSION_S),
            )
            self._accounts.clear()
        self.note("shift begun", position=self.named(position), by=self.named(by))

    @contextmanager
    def _once(self, position: str, by: str, key: str) -> Iterator[bool]:
        """Tell whether an act about a shift is done for the first time; it counts as done with
        what is done here, or not at all.
        """
        with self._whole():
            yield bool(
                self.db.execute(
                    "INSERT OR IGNORE INTO shift_act VALUES (?, ?, ?)", (position, by, key)
                ).rowcount
            )

    def end_shift(self, position: str, by: str, key: str) -> None:
        """End a person's shift at a position, if it is theirs, not again by the same act (its
        key); the screen stays signed on.
        """
        with self.lock, self._once(position, by, key) as is_new:
            if not is_new:
                return
            done = self.db.execute(
                "DELETE FROM shift WHERE position = ? AND by = ?", (position, by)
            ).rowcount
            self._accounts.clear()
        if done:
            self.note("shift ended", position=self.named(position), by=self.named(by))

    def shifts(self) -> dict[str, tuple[str, float]]:
        """Return by position whose shift was begun there, and until when (Unix UTC)."""
        rows = self.db.execute("SELECT position, by, until_s FROM shift").fetchall()
        return {position: (by, until_s) for position, by, until_s in rows}

    def sessions(self) -> dict[str, int]:
        """Return how many sessions of each user are of use."""
        rows = self.db.execute(
            "SELECT user, count(*) FROM session WHERE until_s > ? GROUP BY user", (time.time(),)
        ).fetchall()
        return dict(rows)

    def new_link(self, user: str, *, loopback: bool) -> str:
        """Return the token of a link that signs a user in: once, within ten minutes."""
        token = secrets.token_urlsafe(32)
        now_s = time.time()
        with self.lock:
            self.db.execute("DELETE FROM link WHERE until_s < ?", (now_s,))
            self.db.execute(
                "INSERT INTO link VALUES (?, ?, ?, ?)",
                (_digest(token), user, now_s + LINK_S, int(loopback)),
            )
        self.note("link", user=self.named(user))
        return token

    def enter(self, token: str, *, is_loopback: bool) -> str | None:
        """Use up a link; return the token of a new session, or None where it is not good.

        Raises sqlite3.Error for a full disk; the link is as good as it was.
        """
        now_s = time.time()
        with self.lock, self._whole():
            row = self.db.execute(
                "SELECT user, until_s, loopback FROM link WHERE digest = ?", (_digest(token),)
            ).fetchone()
            if row is None or row[1] < now_s or (row[2] and not is_loopback):
                return None
            if row[0] in self.disabled():
                return None
            self.db.execute("DELETE FROM link WHERE digest = ?", (_digest(token),))
            session = self._session_into(row[0], now_s)
            self._append("signed in", {"user": self.named(row[0])})
        return session

    def sign_in(self, name: str, *, through: str) -> str | None:
        """Return the token of a new session of a person whom somebody else vouches for; None
        where there is no such person, or the account is shut.
        """
        with self.lock, self._whole():
            if self.person(name) is None:
                return None
            session = self._session_into(name, time.time())
            self._append("signed in", {"user": self.named(name), "through": through})
        return session

    def _session_into(self, name: str, now_s: float) -> str:
        session = secrets.token_urlsafe(32)
        self.db.execute("DELETE FROM session WHERE until_s < ?", (now_s - KEEP_S,))
        stays = self.db.execute("SELECT 1 FROM position WHERE name = ?", (name,))
        until_s = NEVER_S if stays.fetchone() else now_s + SESSION_S
        self.db.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?)", (_digest(session), name, until_s, now_s)
        )
        return session

    def account(self, session: str) -> Account | None:
        """Return who a session belongs to, None where it is unknown or of no use any more.

        Of who has the right to warn, a session that has run out is kept for a week: it shows
        and sounds and warns, and does nothing else. A position's never runs out.
        """
        digest = _digest(session)
        if (version := self._data_version()) != self._version:
            self._version = version  # an account was erased on the command line
            self._accounts.clear()
        known = self._accounts.get(digest)
        if known is None:
            with self.lock:
                row = self.db.execute(
                    "SELECT session.user, session.until_s, roles, position.name, shift.by, "
                    "shift.until_s FROM session JOIN user ON user.name = session.user "
                    "LEFT JOIN position ON position.name = session.user "
                    "LEFT JOIN shift ON shift.position = session.user WHERE digest = ?",
                    (digest,),
                ).fetchone()
                if row is None:
                    return None
                known = account_of(*row)
                self._accounts[digest] = known
        return known[0] if known[1] > time.time() else None

    def leave(self, session: str) -> None:
        """End a session."""
        account = self.account(session)
        with self.lock:
            self.db.execute("DELETE FROM session WHERE digest = ?", (_digest(session),))
            self._accounts.pop(_digest(session), None)
        if account:
            self.note("signed out", user=self.named(account.user))

    def remove_user(self, name: str) -> bool:
        """Delete an account with its sessions and links, out of the write-ahead log too; False
        where there is none.
        """
        with self.lock:
            done = self.db.execute("DELETE FROM user WHERE name = ?", (name,)).rowcount
            self.db.execute("DELETE FROM session WHERE user = ?", (name,))
            self.db.execute("DELETE FROM link WHERE user = ?", (name,))
            self.db.execute("DELETE FROM position WHERE name = ?", (name,))
            self.db.execute("DELETE FROM disabled WHERE name = ?", (name,))
            self.db.execute("DELETE FROM shift WHERE position = ? OR by = ?", (name, name))
            self.db.execute("DELETE FROM pin WHERE user = ?", (name,))
            fold_log(self.db)
            self._accounts.clear()
        return bool(done)

    def end_sessions(self, name: str, *, by: str) -> int:
        """End all sessions and links of a name; return how many sessions there were."""
        with self.lock:
            ended = self.db.execute("DELETE FROM session WHERE user = ?", (name,)).rowcount
            self.db.execute("DELETE FROM link WHERE user = ?", (name,))
            self._accounts.clear()
        self.note("sessions ended", user=self.named(name), by=self.named(by), ended=ended)
        return ended

    def forget(self) -> None:
        """Look every session up anew; called under the lock."""
        self._accounts.clear()

    @staticmethod
    def digest_of(session: str) -> bytes:
        """Return by what a session is known here."""
        return _digest(session)

    def _data_version(self) -> int:
        with self.lock:
            return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let the database go."""
        self.db.close()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
