"""Accounts that are shut, and the sessions that each holds; in the service's database.

A shut account keeps its name and roles: what it did stands in the record under its name, and
it can be opened again.
"""

import time

from tocsin.service.service_ledger import ServiceLedger

__all__ = ["end_session", "links_of", "session_id", "sessions_of", "set_disabled"]

ID_CHARS = 16  # of a session's digest in hex; it finds a session and opens none


def set_disabled(ledger: ServiceLedger, name: str, *, disabled: bool, by: str) -> None:
    """Shut an account, ending all that it holds, or open it again."""
    with ledger.lock:
        if disabled:
            ledger.db.execute(
                "INSERT OR IGNORE INTO disabled VALUES (?, ?)", (name, time.time())
            )
            ledger.db.execute("DELETE FROM session WHERE user = ?", (name,))
            ledger.db.execute("DELETE FROM link WHERE user = ?", (name,))
            ledger.db.execute("DELETE FROM shift WHERE position = ? OR by = ?", (name, name))
        else:
            ledger.db.execute("DELETE FROM disabled WHERE name = ?", (name,))
        ledger.forget()
    kind = "account shut" if disabled else "account opened"
    ledger.note(kind, user=ledger.named(name), by=ledger.named(by))


def sessions_of(ledger: ServiceLedger, name: str) -> list[tuple[str, float | None, float]]:
    """Return (id, began_s or None, until_s) of a name's sessions, newest first; Unix UTC."""
    with ledger.lock:
        rows = ledger.db.execute(
            "SELECT hex(digest), began_s, until_s FROM session WHERE user = ? AND until_s > ? "
            "ORDER BY began_s DESC, until_s DESC",
            (name, time.time()),
        ).fetchall()
    return [(digest[:ID_CHARS].lower(), began_s, until_s) for digest, began_s, until_s in rows]


def session_id(ledger: ServiceLedger, session: str) -> str:
    """Return the id of the session that a cookie is of."""
    return ledger.digest_of(session).hex()[:ID_CHARS]


def end_session(ledger: ServiceLedger, name: str, which: str, *, by: str) -> bool:
    """End one session of a name; False where there is none of that id."""
    with ledger.lock:
        done = ledger.db.execute(
            "DELETE FROM session WHERE user = ? AND lower(substr(hex(digest), 1, ?)) = ?",
            (name, ID_CHARS, which),
        ).rowcount
        ledger.forget()
    if done:
        ledger.note("session ended", user=ledger.named(name), by=ledger.named(by))
    return bool(done)


def links_of(ledger: ServiceLedger, name: str) -> int:
    """Return how many links of a name wait to be used."""
    with ledger.lock:
        row = ledger.db.execute(
            "SELECT count(*) FROM link WHERE user = ? AND until_s > ?", (name, time.time())
        ).fetchone()
    return int(row[0])
