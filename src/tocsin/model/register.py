"""The register: what the ledger says now, as rows with all their versions.

A projection: `record.rebuild` makes it from the entries. It goes into snapshots as it is.
"""

from dataclasses import dataclass, field
from typing import Any

from tocsin.model.records import (
    Actor,
    Assertion,
    Custody,
    Document,
    Evidence,
    Incident,
    Noun,
    Place,
    Series,
    Source,
    State,
    Step,
)

__all__ = [
    "Contradiction", "Happening", "Register", "Row", "Unwatched", "Version", "chain_words",
    "holders_of", "label_of", "value_words",
]  # fmt: skip


# Of a field in which something that is never changed keeps its bytes between snapshots.
_BYTES = {"snapshot": "bytes"}
# Of one whose items have each grown out of the one before.
_GROWN = {"snapshot": "grown"}


@dataclass(frozen=True, slots=True)
class Version:
    """A row as one entry left it. correction: id of the correction that made this version."""

    entry: int
    recorded_s: float
    by: str
    noun: Noun
    correction: str = ""
    withdrawn: bool = False
    frozen: list[Any] = field(
        default_factory=list, init=False, repr=False, compare=False, metadata=_BYTES
    )


@dataclass(slots=True)
class Row:
    """One thing of the record; the newest version is the last, and none is ever removed."""

    id: str
    kind: str
    versions: list[Version] = field(metadata=_GROWN)


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of an incident's timeline. at_s: when it happened; recorded_s: when it was
    recorded; incident "": an alarm that is no incident yet.
    """

    entry: int
    recorded_s: float
    at_s: float
    incident: str
    what: str
    zone: str = ""
    step: str = ""
    by: str = ""
    text: str = ""
    tracks: tuple[str, ...] = ()
    frozen: list[Any] = field(
        default_factory=list, init=False, repr=False, compare=False, metadata=_BYTES
    )


@dataclass(slots=True)
class Unwatched:
    """A time in which a zone was NOT WATCHING; until_s None: still. *_recorded_s: when each
    end was recorded.
    """

    site: str
    zone: str
    from_s: float
    from_recorded_s: float
    until_s: float | None = None
    until_recorded_s: float | None = None


@dataclass(slots=True)
class Register:
    """All rows by id in the order of their first entry, and all timelines.

    begun_s, last_s: recorded times of the first and newest entry (None before the first):
    what the register covers. waiting: the newest happenings that belong to no incident (yet),
    by alarm or "@" and site; alarms: incident by alarm; tracks: incidents by track; watching:
    incidents whose alarm is open; keys: row by user and idempotency key; counts: how many ids
    were given, by prefix; dropped: happenings and incidents that found no room.
    """

    node: str = ""
    begun_s: float | None = None
    last_s: float | None = None
    last_entry: int = -1
    rows: dict[str, Row] = field(default_factory=dict)
    timeline: list[Happening] = field(default_factory=list)
    waiting: dict[str, list[Happening]] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    tracks: dict[str, list[str]] = field(default_factory=dict)
    watching: list[str] = field(default_factory=list)
    unwatched: list[Unwatched] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Statements about one quantity of one thing that do not fit together.

    about: ids of what they are about; sides: the statements' ids, those that agree together,
    in the order of the register; rules: why, in words; explained_by: a relation by a person
    that explains it, "" open.
    """

    about: tuple[str, ...]
    quantity: str
    sides: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]
    explained_by: str = ""


def label_of(register: Register, row_id: str) -> str:
    """Return the words for a row: a name, else the words that were used, else its id."""
    row = register.rows.get(row_id)
    if row is None:
        return row_id
    noun = row.versions[-1].noun
    if isinstance(noun, Source | Actor):
        return noun.name or noun.descriptor or row_id
    if isinstance(noun, Incident):
        return f"{row_id} ({noun.site_name or noun.site})"
    if isinstance(noun, Document):
        return noun.headline or row_id
    if isinstance(noun, Place):
        return noun.name or noun.as_stated or row_id
    if isinstance(noun, Evidence):
        return noun.name
    if isinstance(noun, Series):
        return f"{noun.label} ({row_id})" if noun.label else row_id
    return row_id


def holders_of(register: Register) -> tuple[str, ...]:
    """Return who ever held a piece of evidence, without those whom the record names to
    everybody: named sources, actors, places.
    """
    held, open_names = dict[str, None](), set[str]()
    for row in register.rows.values():
        for version in row.versions:
            noun = version.noun
            if isinstance(noun, Custody):
                held[noun.holder.strip()] = None
            elif isinstance(noun, Actor):
                open_names |= {noun.name.casefold(), *(a.casefold() for a in noun.aliases)}
            elif isinstance(noun, Place) or (
                isinstance(noun, Source) and noun.identity == "named"
            ):
                open_names.add(noun.name.casefold())
    return tuple(name for name in held if name and name.casefold() not in open_names)


def chain_words(register: Register, chain: tuple[Step, ...]) -> str:
    """Return "X, through Y, through Z", nearest to the event first; notes in brackets."""
    words = []
    for step in chain:
        note = step.note or ("" if step.explicit else "not named in the text")
        words.append(label_of(register, step.source) + (f" ({note})" if note else ""))
    return ", through ".join(words)


def value_words(noun: Assertion) -> str:
    """Return "2 drones", "injuries: none reported", "drones: not stated"."""
    if noun.state != State.STATED:
        return f"{noun.quantity}: {noun.state}"
    value = f"{noun.value:g}" if isinstance(noun.value, float) else str(noun.value)
    bound = "" if noun.bound == "exactly" else f"{noun.bound} "
    unit = f" {noun.unit}" if noun.unit else ""
    total = " (in all)" if noun.scope == "in all" and len(noun.about) > 1 else ""
    return f"{noun.quantity}: {bound}{value}{unit}{total}"
