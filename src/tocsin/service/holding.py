"""Holds: a named person keeps an incident's raw input past its time, with reason and expiry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tocsin.errors import CallError
from tocsin.model.records import Incident
from tocsin.model.register import Register
from tocsin.service.keyring import Keyring

__all__ = [
    "MAX_HOLD_S", "Hold", "holds", "incident_span", "place_hold", "release_hold", "widened",
]  # fmt: skip

AROUND_S = 3600.0  # kept before and after what the ledger says of an incident
MAX_HOLD_S = 366 * 86_400.0  # of one hold; who needs it longer says so again
MAX_REASON = 1_000

_TABLE = """
CREATE TABLE IF NOT EXISTS hold (id INTEGER PRIMARY KEY, incident TEXT NOT NULL,
    first_s REAL NOT NULL, last_s REAL NOT NULL, until_s REAL NOT NULL, by TEXT NOT NULL,
    reason TEXT NOT NULL, set_s REAL NOT NULL, released_s REAL)
"""
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'hold'"


@dataclass(frozen=True, slots=True)
class Hold:
    """What lies between first_s and last_s stays until until_s (Unix UTC, service time).

    by: who asked for it; released_s: when it was let go, None while it holds.
    """

    id: int
    incident: str
    first_s: float
    last_s: float
    until_s: float
    by: str
    reason: str
    set_s: float
    released_s: float | None = None

    def covers(self, first_s: float, last_s: float, now_s: float) -> bool:
        """Tell whether anything of a span is held now."""
        stands = self.released_s is None and now_s < self.until_s
        return stands and self.first_s <= last_s and first_s <= self.last_s


def holds(keys: Keyring) -> list[Hold]:
    """Return all holds, those that have ended too, oldest first."""
    with keys.lock:
        if not keys.is_reader:
            keys.db.execute(_TABLE)
        elif not keys.db.execute(_HAS_TABLE).fetchone():
            return []
        return [Hold(*row) for row in keys.db.execute("SELECT * FROM hold ORDER BY id")]


def place_hold(
    keys: Keyring,
    incident: str,
    span: tuple[float, float],
    *,
    until_s: float,
    by: str,
    reason: str,
    now_s: float,
) -> Hold:
    """Keep a span (Unix UTC seconds) for an incident. CallError says what is missing."""
    if not reason.strip() or len(reason) > MAX_REASON:
        raise CallError(f"a hold needs a reason of at most {MAX_REASON} characters")
    if not by.strip():
        raise CallError("a hold needs a name: who keeps it?")
    if not now_s < until_s <= now_s + MAX_HOLD_S:
        raise CallError(
            "a hold ends some day: give an end after now and within 366 days; it can be "
            "placed again"
        )
    if not span[0] <= span[1]:
        raise CallError("a hold's span ends before it begins; swap its ends")
    with keys.lock:
        keys.db.execute(_TABLE)
        cursor = keys.db.execute(
            "INSERT INTO hold (incident, first_s, last_s, until_s, by, reason, set_s) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (incident, *span, until_s, by, reason, now_s),
        )
        number = int(cursor.lastrowid or 0)
    return next(h for h in holds(keys) if h.id == number)


def release_hold(keys: Keyring, number: int, now_s: float) -> Hold:
    """Let a hold go. CallError where there is none."""
    with keys.lock:
        keys.db.execute(_TABLE)
        done = keys.db.execute(
            "UPDATE hold SET released_s = ? WHERE id = ? AND released_s IS NULL",
            (now_s, number),
        ).rowcount
    if not done:
        raise CallError(f"there is no hold {number} that stands")
    return next(h for h in holds(keys) if h.id == number)


def incident_span(register: Register, incident: str) -> tuple[float, float]:
    """Return from when to when (Unix UTC) an incident's input is wanted, an hour around all
    that the watch recorded of it. CallError where it is not in the record.
    """
    row = register.rows.get(incident)
    noun = row.versions[-1].noun if row is not None else None
    if row is None or not isinstance(noun, Incident):
        known = [r.id for r in register.rows.values() if r.kind == "incident"]
        raise CallError(
            f"there is no incident {incident!r} in the record; there are "
            f"{', '.join(known) or 'none yet'}"
        )
    times = [h.at_s for h in register.timeline if h.incident == incident]
    times += [h.recorded_s for h in register.timeline if h.incident == incident]
    times += [t.first_seen_s for t in noun.tracks if t.first_seen_s is not None]
    said = (noun.happened.earliest_s, noun.happened.latest_s)
    times += [at_s for at_s in said if at_s is not None]
    times = times or [version.recorded_s for version in row.versions]
    return min(times) - AROUND_S, max(times) + AROUND_S


def widened(held: Sequence[Hold], register: Register, now_s: float) -> list[Hold]:
    """Return holds over all that is known of their incidents by now: what the watch recorded
    since, and everything up to now_s while the alarm is open. None covers less than it did.
    """
    found = []
    for hold in held:
        try:
            first_s, last_s = incident_span(register, hold.incident)
        except CallError:  # the ledger that knew it is not here: what was asked for stays
            found.append(hold)
            continue
        if hold.incident in register.watching:
            last_s = max(last_s, now_s)
        first_s, last_s = min(first_s, hold.first_s), max(last_s, hold.last_s)
        found.append(replace(hold, first_s=first_s, last_s=last_s))
    return found
