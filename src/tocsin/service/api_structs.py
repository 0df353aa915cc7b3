"""Bodies of the HTTP API; the OpenAPI description is generated from them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.codec._act_bodies import HeadcountBody, PointingBody, SightingBody
from tocsin.codec.acts import MAX_TEXT, MAX_WORD, Verb

__all__ = [
    "ActAnswer", "ActPost", "ActRequest", "ClockInfo", "ErrorBody", "LedgerEntry", "LedgerPage",
    "Me", "NodeInfo", "PostAnswer", "Quantiles", "SensorInfo", "SentinelStatus",
    "SirenPulse", "SiteInfo", "StampStatus", "Status", "VolumeInfo", "WordsInfo",
    "ZoneInfo",
]  # fmt: skip

Key = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Id = Annotated[str, Meta(max_length=64)]
Pin = Annotated[str, Meta(max_length=64)]
Word = Annotated[str, Meta(max_length=MAX_WORD)]


class ErrorBody(msgspec.Struct, frozen=True):
    """Every error: what was wrong and what would be right. ask: left out, or what a duty
    position has to be told first: who it is ("person", with a PIN), or that a shift begins.
    """

    error: str
    ask: Literal["", "person", "shift"] = ""


class Me(msgspec.Struct, frozen=True):
    """Who is signed in. until_s: end of the session or of the position's shift, Unix UTC, null
    where no shift runs; over: picture, sound and warning are left, nothing else; by: whose
    shift it is.
    """

    user: str
    roles: list[str]
    rights: list[str]
    position: bool
    until_s: float | None
    over: bool
    by: str
    has_pin: bool


class ActRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person does. key is theirs: the same key twice is one act with one answer.

    step: for "raise"; option: a line of the playbook, for "decide" and "explain"; until_s: for
    "readiness" and "shelve"; criteria: of the site, that are met, for "clear"; headcount:
    for "account"; pointing: for "point".
    """

    verb: Verb
    key: Key
    site: Id = ""
    zones: list[Id] = []
    alarm: Id = ""
    track: int | Annotated[str, Meta(pattern=r"^\d{0,20}$")] = 0
    reason: Text = ""
    text: Text = ""
    view_s: float | None = None
    step: Literal["", "MONITOR", "CAUTION", "TAKE SHELTER"] = ""
    option: Id = ""
    until_s: float | None = None
    criteria: list[Word] = []
    headcount: HeadcountBody | None = None
    sighting: SightingBody | None = None
    pointing: PointingBody | None = None


class ActPost(ActRequest, frozen=True, forbid_unknown_fields=True):
    """An act, and at a duty position who it is: a name and its PIN, which are kept nowhere."""

    person: Id = ""
    pin: Pin = ""

    def act(self) -> ActRequest:
        """Return the act alone: what is journalled and what its key stands for."""
        names = ActRequest.__struct_fields__
        return ActRequest(**{name: getattr(self, name) for name in names})


class ActAnswer(msgspec.Struct, frozen=True):
    """Given once the act is on disk."""

    accepted: bool
    sentence: str


class PostAnswer(msgspec.Struct, frozen=True):
    """Given once the detections are on disk, in the journal's batch of that number.

    refused: items that are no detections; rejected: reasons, with how often, that the
    pipeline gave for what this sensor sent in that batch.
    """

    batch: int
    detections: int
    refused: list[tuple[int, str]] = []
    rejected: dict[str, int] = {}


class ZoneInfo(msgspec.Struct, frozen=True):
    """A zone; outline: [[lon, lat], ...], a ring without the repeated last point."""

    id: str
    name: str
    outline: list[tuple[float, float]]
    ceiling_m: float
    floor_m: float
    shelter_s: float
    margin_s: float
    release: str


class VolumeInfo(msgspec.Struct, frozen=True):
    """A protected volume; outline as a zone's; heights above the site's ground, far_: at the
    far end of a corridor.
    """

    id: str
    name: str
    kind: str
    outline: list[tuple[float, float]]
    floor_m: float
    ceiling_m: float
    far_floor_m: float
    far_ceiling_m: float
    separation_m: float
    separation_up_m: float


class WordsInfo(msgspec.Struct, frozen=True):
    """What the profile calls things, and what stands first: zones or operations."""

    operations: str
    people: str
    told: str
    first: str
    report: str


class SiteInfo(msgspec.Struct, frozen=True):
    """A site; radius_m: how far its tracker reaches; clear_criteria: what has to be met before
    ALL CLEAR, resume_criteria before operations are resumed; posts: ids of the posts of people
    from which a direction can be told.
    """

    id: str
    name: str
    icao: str
    lat: float
    lon: float
    alt_m: float
    radius_m: float
    zones: list[ZoneInfo]
    clear_criteria: list[str] = []
    posts: list[str] = []
    volumes: list[VolumeInfo] = []
    resume_criteria: list[str] = []


class SensorInfo(msgspec.Struct, frozen=True):
    """Where a sensor stands and looks; degrees clockwise from true north."""

    id: str
    kind: str
    lat: float | None
    lon: float | None
    max_range_m: float
    azimuth_center_deg: float
    azimuth_width_deg: float
    nature: str
    sites: list[str]


class ClockInfo(msgspec.Struct, frozen=True):
    """Service time, and how many seconds of it pass in a second."""

    now_s: float
    rate: float


class NodeInfo(msgspec.Struct, frozen=True):
    """What the site file says that a screen shows."""

    name: str
    number: int
    profile: str
    words: WordsInfo
    mode: str
    natures: list[str]
    sites: list[SiteInfo]
    sensors: list[SensorInfo]
    clock: ClockInfo
    note: str
    version: str


class Quantiles(msgspec.Struct, frozen=True):
    """Of the newest 2,000, in milliseconds; null before the first."""

    p50_ms: float | None
    p99_ms: float | None


class ChannelStatus(msgspec.Struct, frozen=True):
    """One way by which warnings or the picture leave. closed: why nothing does, else "";
    failed: messages that were given up; oldest_waiting_s: how long it has waited, null where
    none waits; held_back: what its limit kept from leaving, until the next picture.
    heartbeat_s: between two heartbeats, 0: none; heard_s: how long ago one was answered, null
    where none was yet; heartbeat_error: why the newest was not, else "".
    """

    id: str
    closed: str
    queued: int
    delivered: int
    failed: int
    last_error: str
    oldest_waiting_s: float | None
    held_back: int = 0
    heartbeat_s: float = 0.0
    heard_s: float | None = None
    heartbeat_error: str = ""


class StampStatus(msgspec.Struct, frozen=True):
    """One authority that stamps checkpoints with the time. closed: why nothing goes there, else
    ""; failed: tries by their reason; checkpoint, at: of its newest stamp, null and "" before
    the first; checked: whether the signatures of its stamps are checked when they come.
    """

    id: str
    closed: str
    stamped: int
    failed: dict[str, int]
    last_error: str
    checkpoint: int | None
    at: str
    checked: bool


class SentinelStatus(msgspec.Struct, frozen=True):
    """A sentinel of the site file: seconds since it asked last, null before the first time."""

    id: str
    age_s: float | None


class SirenPulse(msgspec.Struct, frozen=True):
    """The siren path of one site: seconds since anything on it was heard, null where nothing
    tells; words: what is wrong.
    """

    site: str
    name: str
    age_s: float | None
    words: str


class Status(msgspec.Struct, frozen=True):
    """Counters since the start of the service, by source and reason where that helps.

    inbox: arrivals dropped or refused for want of room; kernel_drops: datagrams that the
    operating system threw away, by address; connections: state of each address; put_aside:
    frames that the pipeline failed on; durable: from arrival to disk; armed: pages whose sound
    is armed and was heard within 5 s; sentinels: who watches this watch; denied: what
    people asked for and may not, by right, and PINs that did not fit.
    """

    ready: bool
    not_ready: str
    now_s: float
    frames: dict[str, int]
    records: dict[str, int]
    detections: int
    duplicates: int
    rejected: dict[str, dict[str, int]]
    put_aside: dict[str, dict[str, int]]
    inbox: dict[str, dict[str, int]]
    kernel_drops: dict[str, int]
    connections: dict[str, str]
    batches: int
    failed_steps: int
    failure: str
    step: Quantiles
    commit: Quantiles
    durable: Quantiles
    failed_commits: int
    refused_no_room: int
    lost_batches: int
    disk_error: str
    journal_batch: int
    outcome_digest: str
    recovered_batches: int
    viewers: int
    closed_behind: int
    clock_steps: int
    clock_ahead_s: float
    clock_note: str
    sensors: list[dict[str, object]]
    channels: list[ChannelStatus]
    timestamps: list[StampStatus]
    armed: int
    sentinels: list[SentinelStatus]
    denied: dict[str, int]


class LedgerEntry(msgspec.Struct, frozen=True):
    """One entry of the operational ledger; digest in hex."""

    number: int
    kind: str
    recorded_s: float
    body: msgspec.Raw
    digest: str


class LedgerPage(msgspec.Struct, frozen=True):
    """Entries in order; after: ask with this number for the next page; names: what the
    pseudonyms in them stand for, where that is known here (the entries' bytes stay).
    """

    entries: list[LedgerEntry]
    after: int
    names: dict[str, str] = {}
