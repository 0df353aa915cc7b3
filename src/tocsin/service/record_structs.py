"""Bodies of the record's part of the HTTP API; nouns are those of `tocsin.model.records`."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tocsin.model.records import Written
from tocsin.model.register import Contradiction
from tocsin.record import Moment, Summary
from tocsin.service.api_structs import Key

__all__ = [
    "AlarmTimes", "AnswerPage", "ApprovalRow", "ContradictionRow", "CorrectionRow",
    "CustodyView", "EvidenceView", "IncidentList", "IncidentPage", "KnownPage", "OldVersion",
    "RecordAnswer", "RecordRequest", "RowPage", "RowView", "Sentence", "Statement", "Time",
    "TrackSeen", "UnwatchedTime", "VerbInfo", "WordsPage", "ZoneTimes",
]  # fmt: skip

Noun = dict[str, Any]


class RecordRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person adds. key is theirs: the same key and body twice is one row."""

    verb: Annotated[str, Meta(max_length=32)]
    key: Key
    body: dict[str, Any]


class RecordAnswer(msgspec.Struct, frozen=True):
    """Given once the act is on disk. id: of the row, "" where it was refused."""

    accepted: bool
    sentence: str
    id: str


class IncidentList(msgspec.Struct, frozen=True):
    """All incidents, newest first. dropped: happenings for which the register had no room."""

    incidents: list[Summary]
    last_entry: int
    covers: str
    dropped: int


class OldVersion(msgspec.Struct, frozen=True):
    """A version that a correction replaced: to be shown struck through."""

    entry: int
    recorded_s: float
    by: str
    correction: str
    withdrawn: bool
    noun: Noun


class RowView(msgspec.Struct, frozen=True):
    """A row of the register: its newest version, and those that were corrected."""

    id: str
    kind: str
    entry: int
    recorded_s: float
    by: str
    correction: str
    withdrawn: bool
    noun: Noun
    history: list[OldVersion]


class Statement(RowView, frozen=True):
    """An assertion, claim or relation in words too. anonymous: sources in its chain that
    cannot be asked again; writer_only: nobody but the text's writer stands behind it.
    """

    words: str
    according_to: str
    anonymous: list[str]
    writer_only: bool


class ContradictionRow(msgspec.Struct, frozen=True):
    """Statements that do not fit together; neither side wins. said: each in words, by id."""

    about: tuple[str, ...]
    quantity: str
    sides: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]
    explained_by: str
    text: str
    said: dict[str, str]

    @classmethod
    def of(cls, found: Contradiction, text: str, said: dict[str, str]) -> "ContradictionRow":
        """Return a contradiction with its sentence and its sides in words."""
        return cls(
            found.about,
            found.quantity,
            found.sides,
            found.rules,
            found.explained_by,
            text,
            said,
        )


class CorrectionRow(msgspec.Struct, frozen=True):
    """was: the old values of the fields that are changed."""

    id: str
    of: str
    of_entry: int
    kind: str
    wrong: str
    right: str
    changes: Noun
    was: Noun
    entry: int
    recorded_s: float
    by: str


class Time(msgspec.Struct, frozen=True):
    """Something that happened to a zone or an alarm."""

    at_s: float
    what: str
    step: str
    by: str
    text: str
    entry: int


class UnwatchedTime(msgspec.Struct, frozen=True):
    """A time of NOT WATCHING; until_s null: still."""

    from_s: float
    until_s: float | None


class ZoneTimes(msgspec.Struct, frozen=True):
    """A zone of the incident's site; outline: [[lon, lat], ...]."""

    id: str
    name: str
    outline: tuple[tuple[float, float], ...]
    times: list[Time]
    unwatched: list[UnwatchedTime]


class AlarmTimes(msgspec.Struct, frozen=True):
    """The alarm that became the incident."""

    id: str
    open: bool
    times: list[Time]


class TrackSeen(msgspec.Struct, frozen=True):
    """A track of the incident, where it was when it was first shown, and how it ended."""

    track: str
    first_seen_s: float | None
    lat: float | None
    lon: float | None
    alt_m: float | None
    label: str
    ended_s: float | None
    how: str


class ApprovalRow(msgspec.Struct, frozen=True):
    """One person let it out to a profile as of an entry."""

    id: str
    profile: str
    as_of: int
    by: str
    entry: int
    recorded_s: float


class PublicationStep(msgspec.Struct, frozen=True):
    """One step of an account on its way to readers; entry: where it is in the ledger."""

    id: str
    state: str
    as_of: int
    not_before_s: float | None
    wrong: str
    right: str
    by: str
    entry: int
    recorded_s: float


class StandingView(msgspec.Struct, frozen=True):
    """How an account stands with a profile's readers. state: "" where no step was taken; next:
    the states that may follow; headline, sentences: of the newest draft; steps: oldest first.
    """

    state: str
    as_of: int
    not_before_s: float | None
    next: list[str]
    headline: str
    sentences: list[Written]
    steps: list[PublicationStep]


class CustodyView(RowView, frozen=True):
    """A step of custody. differs: the file's digest was not the one that was recorded first."""

    differs: bool


class EvidenceView(RowView, frozen=True):
    """A piece of evidence and its way through hands, in order."""

    custody: list[CustodyView]


class IncidentPage(msgspec.Struct, frozen=True):
    """One incident with all that is said of it."""

    as_of: int
    recorded_s: float
    covers: str
    as_known_at: str
    summary: Summary
    incident: RowView
    series: list[RowView]
    timeline: list[Moment]
    assertions: list[Statement]
    claims: list[Statement]
    relations: list[Statement]
    official_attribution: str
    sources: dict[str, RowView]
    actors: dict[str, RowView]
    documents: dict[str, RowView]
    places: dict[str, RowView]
    evidence: list[EvidenceView]
    grades: list[RowView]
    contradictions: list[ContradictionRow]
    corrections: list[CorrectionRow]
    zones: list[ZoneTimes]
    alarm: AlarmTimes | None
    tracks: list[TrackSeen]
    publications: dict[str, StandingView]
    approvals: list[ApprovalRow]
    approved: dict[str, int | None]
    approvals_needed: int


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of an answer, the entries that it rests on, the rows that it is about."""

    text: str
    entries: tuple[int, ...]
    rows: tuple[str, ...]
    values: dict[str, Any]


class AnswerPage(msgspec.Struct, frozen=True):
    """covers: what the register covers at all; as_known_at: a time in words, "" now."""

    question: str
    sentences: list[Sentence]
    covers: str
    as_known_at: str


class KnownPage(msgspec.Struct, frozen=True):
    """What the register knew at a time; nulls before it began."""

    at_s: float
    as_known_at: str
    begun_s: float | None
    last_s: float | None
    last_entry: int
    covers: str
    incidents: list[Summary]


class RowPage(msgspec.Struct, frozen=True):
    """Rows of one kind, in the order of their entries; none that was withdrawn."""

    rows: list[RowView]


class VerbInfo(msgspec.Struct, frozen=True):
    """What a verb's body holds. needed: fields without which it is refused."""

    kind: str
    fields: list[str]
    needed: list[str]


class WordsPage(msgspec.Struct, frozen=True):
    """The closed lists of the record; everything else is free text."""

    verbs: dict[str, VerbInfo]
    questions: tuple[str, ...]
    states: tuple[str, ...]
    source_kinds: tuple[str, ...]
    identities: tuple[str, ...]
    incident_kinds: tuple[str, ...]
    text_blocks: tuple[str, ...]
    page_functions: tuple[str, ...]
    quotes: tuple[str, ...]
    modalities: tuple[str, ...]
    bounds: tuple[str, ...]
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    profiles: tuple[str, ...]
    relations: tuple[str, ...]
    reliability: tuple[str, ...]
    credibility: tuple[str, ...]
    corrections: tuple[str, ...]
    place_kinds: tuple[str, ...]
    evidence_kinds: tuple[str, ...]
    custody: tuple[str, ...]
    approvals_needed: int
