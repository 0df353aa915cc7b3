"""The ladder, alarms, and what people did about them."""

from dataclasses import dataclass, field

from tocsin.model.people import Headcount, SightingReport
from tocsin.model.pointing import Pointing

__all__ = [
    "Act",
    "Alarm",
    "AlarmCause",
    "AlarmState",
    "AlertEvent",
    "Ladder",
    "SirenHeard",
    "ZoneStatus",
]


class Ladder:
    """The steps of a zone, as words on every screen and in every file."""

    QUIET = "QUIET"
    MONITOR = "MONITOR"
    CAUTION = "CAUTION"
    TAKE_SHELTER = "TAKE SHELTER"
    ALL_CLEAR = "ALL CLEAR"
    NOT_WATCHING = "NOT WATCHING"
    NOT_HEARD = "NOT HEARD"  # of alarms alone: a siren path that is lost
    ALL = (QUIET, MONITOR, CAUTION, TAKE_SHELTER, ALL_CLEAR, NOT_WATCHING, NOT_HEARD)


class AlarmState:
    """ANSI/ISA-18.2 states. RETURNED: the cause has gone before anybody acknowledged."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned unacknowledged"
    CLOSED = "closed"


class AlarmCause:
    """Why an alarm stands: tracks, a person's sighting, a warning by hand, sensors that are
    not there, a siren path that is not heard, or a protected volume that is not free. In the
    words of `model.advice.THREAT_KINDS` but for tracks.
    """

    TRACKS = "tracks"
    SIGHTING = "sighting"
    BY_HAND = "by hand"
    NOT_WATCHING = "not watching"
    NOT_HEARD = "not heard"
    VOLUME = "protected volume"  # something is in one, will be, or nears traffic there
    ALL = (TRACKS, SIGHTING, BY_HAND, NOT_WATCHING, NOT_HEARD, VOLUME)


@dataclass(slots=True)
class ZoneStatus:
    """One zone now. Times are Unix UTC, NaN where not. tracks: ids that drive the step.

    proposed_s: when TAKE SHELTER was proposed; release_at_s: when the software releases by
    itself unless refused (inf: never); released_s, released_by ("automatic" or a user id);
    refused_by with a reason stops the automatic release. arrival_*: of the threat that comes
    first. clear_proposed_s: since when ALL CLEAR waits for a person. raised_step: what a
    person raised by hand ("" nothing), until a person lowers it; ready_until_s: MONITOR at
    least, until then. unwatched: what of the minimum coverage is missing, one sentence each,
    since unwatched_s. out_of_sight: tracks that asked for CAUTION or more here, are lost from
    sight and were not seen to leave; since when the first of them. accounted, missing, hurt: as
    last said after a release (NaN: never said), by whom and when; account: "" nobody has said
    anything, "not yet", "reported".
    """

    site: int
    zone: int
    site_id: str
    zone_id: str
    step: str = Ladder.QUIET
    since_s: float = float("nan")
    tracks: tuple[int, ...] = ()
    arrival_early_s: float = float("inf")
    arrival_median_s: float = float("inf")
    arrival_late_s: float = float("inf")
    proposed_s: float = float("nan")
    release_at_s: float = float("inf")
    released_s: float = float("nan")
    released_by: str = ""
    refused_by: str = ""
    refused_reason: str = ""
    cleared_by: str = ""
    nature: str = "live"
    clear_proposed_s: float = float("nan")
    raised_step: str = ""
    raised_by: str = ""
    raised_s: float = float("nan")
    ready_until_s: float = float("nan")
    ready_by: str = ""
    unwatched: tuple[str, ...] = ()
    unwatched_s: float = float("nan")
    out_of_sight: tuple[int, ...] = ()
    out_of_sight_s: float = float("nan")
    account: str = ""
    accounted: float = float("nan")
    missing: float = float("nan")
    hurt: float = float("nan")
    account_by: str = ""
    account_s: float = float("nan")


@dataclass(slots=True)
class Alarm:
    """One threat group at one site: the thing that asks for a response.

    id: "A-<node>-<count>"; step: the highest step that it reached; zones: ids; decided: what
    a person recorded as decision (text), by whom and when; acknowledging is not deciding.
    cause: see AlarmCause; followed: lines of the playbook that decisions named; not_followed:
    those that were not followed, each "line: reason"; shelved_by: who has silenced it until
    when and why, "" nobody. remark: of `text`, what is unusual about its tracks, "" nothing.
    """

    id: str
    site: int
    site_id: str
    step: str
    state: str
    raised_s: float
    tracks: tuple[int, ...]
    zones: tuple[str, ...]
    nature: str
    acknowledged_by: str = ""
    acknowledged_s: float = float("nan")
    decided_by: str = ""
    decided_s: float = float("nan")
    decision: str = ""
    closed_s: float = float("nan")
    escalated_s: float = float("nan")
    text: str = ""
    cause: str = AlarmCause.TRACKS
    followed: tuple[str, ...] = ()
    not_followed: tuple[str, ...] = ()
    shelved_by: str = ""
    shelved_until_s: float = float("nan")
    shelved_reason: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something that happened in the watch; each becomes an entry of the ledger.

    kind: "step", "raised", "escalated", "unattended", "acknowledged", "proposed", "released",
    "refused", "cancelled", "withdrawn", "joined", "decided", "disposed", "expired", "cleared",
    "closed", "act refused", "raised by hand", "lowered", "sighting", "notice", "readiness",
    "readiness over", "watch lost", "watch regained", "siren lost",
    "siren regained", "shelved", "unshelved", "account", "not followed", "sensor asked",
    "sensor answered", "node alert", "handed over", "taken over", "volume expected",
    "volume entered", "volume free", "conflict", "conflict over", "suspended", "resumed",
    "rule accepted", "rule ended", "let pass". facts: what else belongs in the record, by name.
    """

    kind: str
    at_s: float
    site_id: str
    zone_id: str = ""
    alarm_id: str = ""
    step: str = ""
    tracks: tuple[int, ...] = ()
    by: str = ""
    text: str = ""
    nature: str = "live"
    facts: dict[str, str | float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SirenHeard:
    """What the service says of the channels that carry a site's warnings: whether any is heard;
    words: what is wrong with those that are not.
    """

    site: str
    is_heard: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did, after authentication.

    verb: "acknowledge" (alarm), "release" (site, zones), "refuse" (site, zone, reason),
    "cancel" (site, zones: within 3 s of a release), "clear" (site, zones, reason, criteria),
    "decide" (alarm, text, option), "dispose" (track, reason, text: "I know what this is"),
    "raise" (site, zones, step: by hand, without a track), "sighting" (site, sighting, text),
    "readiness" (site, zones, until_s), "account" (site, zones, headcount), "explain" (alarm,
    option, reason: why it was not followed), "point" (pointing: of a sensor), "shelve"
    (alarm, reason, until_s: silent for a while), "unshelve" (alarm),
    "end_shift" (text: a note to the next shift), "begin_shift" (alarm: the newest note that was
    read), "suspend" (site, zones: ids of volumes, reason) and "resume" (site, reason,
    criteria): of operations, as people decided it; "accept_rule", "end_rule" (site, option: a
    standing rule for the shift, until_s: when that runs out). key: the idempotency key.
    view_s: the newest picture that the person saw, for acts that lower protection. option: a
    line of the playbook; criteria: those of the site that the person says are met.
    """

    verb: str
    key: str
    user: str
    at_s: float
    site: str = ""
    zones: tuple[str, ...] = ()
    alarm: str = ""
    track: int = 0
    reason: str = ""
    text: str = ""
    view_s: float = field(default=float("nan"))
    step: str = ""
    option: str = ""
    until_s: float = field(default=float("nan"))
    criteria: tuple[str, ...] = ()
    headcount: Headcount | None = None
    sighting: SightingReport | None = None
    pointing: Pointing | None = None
