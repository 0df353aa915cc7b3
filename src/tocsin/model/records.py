"""What people say about an incident: who said it, through whom, when, and what was corrected.

Every noun keeps the words as they were said beside what a person made of them, never instead.
Times are Unix UTC seconds, None where not given. A chain of attribution is ordered: its first
step is nearest to the event, its last is the page that was read.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "RECORD_VERBS", "RULES", "Actor", "Approval", "Assertion", "Block", "Claim", "Correction",
    "Custody", "Document", "Evidence", "Grade", "Incident", "Noun", "Place", "Publication",
    "RecordAct", "Relation", "SawTrack", "Series", "Source", "Span", "State", "Step",
    "TimeSaid", "Written",
]  # fmt: skip


# What people can add to the record, in the order of their nouns below; they command nothing.
RECORD_VERBS = (
    "open_incident", "link", "add_actor", "add_source", "add_document", "assert", "claim",
    "relate", "grade", "correct", "approve", "publish", "add_place", "add_evidence", "hand_on",
)  # fmt: skip


# The edition of the record's rules. An act bears the one that it was taken in under, so that a
# journal of before plays as it did then: 1 has what `record.later_rules` refuses, and that what
# was scheduled is out once its time is over.
RULES = 1


class State:
    """What is known of a value. Only STATED has one.

    NOT_STATED: the text speaks of it and gives no value. NONE_REPORTED: "no injuries were
    reported", which is silence and no zero. UNKNOWN: somebody says that it is not known.
    """

    STATED = "stated"
    NOT_STATED = "not stated"
    NONE_REPORTED = "none reported"
    UNKNOWN = "unknown"
    ALL = (STATED, NOT_STATED, NONE_REPORTED, UNKNOWN)


@dataclass(frozen=True, slots=True)
class RecordAct:
    """What a person adds to the record, after authentication.

    verb: one of RECORD_VERBS; key: the idempotency key; at_s: when it was done; body: the
    noun of the verb as JSON values, its fields by name; rules: the edition of the rules.
    """

    verb: str
    key: str
    user: str
    at_s: float
    body: dict[str, Any] = field(default_factory=dict)
    rules: int = RULES


@dataclass(frozen=True, slots=True)
class TimeSaid:
    """A time as it was said, and as it was resolved, or why it was not.

    earliest_s and latest_s bound it (both or neither); resolved_by: what it rests on.
    """

    verbatim: str = ""
    earliest_s: float | None = None
    latest_s: float | None = None
    resolved_by: str = ""
    why_unresolved: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain of attribution.

    explicit: the text itself names the source here; False: taken from the position in the
    text (then `note` says how).
    """

    source: str
    verb: str = "said"
    explicit: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a document: characters start (included) to end (excluded) of its block."""

    document: str
    block: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document in its order.

    kind: "headline", "paragraph" and the like, or a function of the page ("share", "tags",
    "poll placeholder"): see `record.PAGE_FUNCTIONS`; those are kept and are never evidence.
    state: of a function ("empty", "did not render").
    """

    kind: str
    text: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class SawTrack:
    """A track of an incident as the sensors first gave it; lat, lon, alt_m when it was first
    shown (degrees, metres above the ellipsoid), None where it had gone before.
    """

    track: str
    first_seen_s: float | None
    lat: float | None = None
    lon: float | None = None
    alt_m: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened at one site.

    alarm: of the watch, "" where a person opened it; zones: (id, name, ring of (lon, lat));
    tracks: those of the alarm, at most 200; nature: live, exercise or simulated; place: id of
    the place where it was.
    """

    id: str = ""
    site: str = ""
    site_name: str = ""
    kind: str = "drones"
    happened: TimeSaid = field(default_factory=TimeSaid)
    text: str = ""
    lat: float | None = None
    lon: float | None = None
    alarm: str = ""
    nature: str = "live"
    zones: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...] = ()
    tracks: tuple[SawTrack, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Incidents that belong together in time; it says nothing of who was behind them."""

    id: str = ""
    incidents: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A group, state or person that is spoken of. Without a name, `descriptor` holds the
    words used.
    """

    id: str = ""
    name: str = ""
    descriptor: str = ""
    kind: str = "group"
    country: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Who said or carried something; somebody unnamed is a row of its own.

    identity: see `record.IDENTITIES`; descriptor: the words used for somebody unnamed;
    count_stated: "one", "more than one", "" not stated; sealed: a keyed commitment to an
    identity that only named editors can open (never the identity itself).
    """

    id: str = ""
    kind: str = "other"
    name: str = ""
    descriptor: str = ""
    identity: str = "named"
    count_stated: str = ""
    medium: str = ""
    reported_by: str = ""
    reason_for_anonymity: str = ""
    actor: str = ""
    sealed: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read, in blocks. origin wrote it, carrier showed it (sources' ids)."""

    id: str = ""
    kind: str = "article"
    headline: str = ""
    language: str = ""
    published: TimeSaid = field(default_factory=TimeSaid)
    retrieved_s: float | None = None
    url: str = ""
    origin: str = ""
    carrier: str = ""
    tags: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that somebody said about incidents, a series or actors.

    quantity: what is spoken of ("drones", "injuries", "outcome"); value: a number or a word,
    only where state is "stated"; bound: "exactly", "about", "at least", "at most"; scope: the
    value is of "each" thing in `about`, or of them "in all". quote: "quoted", "partly quoted"
    or "paraphrased". audience: who may read it; "" is decided by where it came from. place: id
    of the place that is spoken of.
    """

    about: tuple[str, ...]
    quantity: str
    verbatim: str
    chain: tuple[Step, ...]
    state: str = State.STATED
    value: float | str | None = None
    unit: str = ""
    bound: str = "exactly"
    scope: str = "each"
    id: str = ""
    when: TimeSaid = field(default_factory=TimeSaid)
    said: TimeSaid = field(default_factory=TimeSaid)
    span: Span | None = None
    document: str = ""
    quote: str = "paraphrased"
    modality: str = "asserted"
    hedge: str = ""
    note: str = ""
    audience: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of responsibility: said to have been made, by whom, through whom.

    It is never an attribution. confirmed_by: the source of an official confirmation, "" none
    stated; together_with: what came with it ("a threat of more operations").
    """

    claimant: str
    incidents: tuple[str, ...]
    verbatim: str
    chain: tuple[Step, ...]
    id: str = ""
    mode: str = ""
    together_with: str = ""
    said: TimeSaid = field(default_factory=TimeSaid)
    span: Span | None = None
    document: str = ""
    quote: str = "paraphrased"
    confirmed_by: str = ""
    note: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """How two actors, two assertions or two incidents are related, according to whom."""

    type: str
    from_id: str
    to_id: str
    chain: tuple[Step, ...] = ()
    verbatim: str = ""
    id: str = ""
    hedge: str = ""
    span: Span | None = None
    document: str = ""
    note: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """A person's judgement (Admiralty): reliability A-F of a source, credibility 1-6 of a
    statement; neither is worked out from the other.
    """

    of: str
    reason: str
    reliability: str = ""
    credibility: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong and what is right; `changes` are the fields of the row `of`, by name.

    seen: entry of the version that the person looked at, -1 not said; where somebody else has
    changed the row since, the correction is refused.
    """

    of: str
    wrong: str
    right: str
    kind: str = "corrected"
    changes: dict[str, Any] = field(default_factory=dict)
    seen: int = -1
    id: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person lets the account of an incident out to a profile, as of one entry.

    as_of: number of the newest entry that the person saw; -1: the newest there is.
    """

    incident: str
    profile: str = "public"
    as_of: int = -1
    id: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """One sentence of an account that an editor wrote, and the rows that it rests on."""

    text: str
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """A step of an incident's account on its way to a profile's readers.

    state: see `record.PUBLICATION_STATES`. A draft holds headline and sentences; every other
    state lets out the newest draft there is as of entry as_of (-1: the newest that two people
    approved). not_before_s: of scheduled and embargoed ones (Unix UTC). wrong, right: what a
    correction says. seen: of a draft, the entry of the draft that it goes on from, -1 not said;
    a newer one of somebody else is not written over.
    """

    incident: str
    state: str = "draft"
    profile: str = "public"
    as_of: int = -1
    headline: str = ""
    sentences: tuple[Written, ...] = ()
    not_before_s: float | None = None
    wrong: str = ""
    right: str = ""
    seen: int = -1
    id: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was. as_stated: the words that were used for it, which may be wrong ("in
    the city of X" for a base 50 km from it); lat, lon in degrees with position_source, None not
    known; uncertainty_m: radius in metres; parent: id of the place around it.
    """

    id: str = ""
    name: str = ""
    kind: str = "base"
    as_stated: str = ""
    parent: str = ""
    lat: float | None = None
    lon: float | None = None
    uncertainty_m: float | None = None
    position_source: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file or an object that is kept. The file itself stays where it is held: sha256 (64
    digits in small letters) says which one it is; an object bears a mark.
    """

    name: str
    id: str = ""
    kind: str = "recording"
    about: tuple[str, ...] = ()
    sha256: str = ""
    size_bytes: int | None = None
    mark: str = ""
    captured: TimeSaid = field(default_factory=TimeSaid)
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Custody:
    """One step of a piece of evidence through hands. holder: who has it from then on; sha256:
    of the file as it was found then, "" not measured.
    """

    of: str
    action: str
    holder: str
    id: str = ""
    at: TimeSaid = field(default_factory=TimeSaid)
    sha256: str = ""
    note: str = ""


Noun = (
    Incident | Series | Actor | Source | Document | Assertion | Claim | Relation | Grade
    | Correction | Approval | Publication | Place | Evidence | Custody
)  # fmt: skip
