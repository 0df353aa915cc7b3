"""The ladder, alarms, and what people did about them."""

from dataclasses import dataclass, field

__all__ = ["Act", "Alarm", "AlarmState", "AlertEvent", "Ladder", "ZoneStatus"]


class Ladder:
    """The steps of a zone, as words on every screen and in every file."""

    QUIET = "QUIET"
    MONITOR = "MONITOR"
    CAUTION = "CAUTION"
    TAKE_SHELTER = "TAKE SHELTER"
    ALL_CLEAR = "ALL CLEAR"
    NOT_WATCHING = "NOT WATCHING"
    ALL = (QUIET, MONITOR, CAUTION, TAKE_SHELTER, ALL_CLEAR, NOT_WATCHING)


class AlarmState:
    """ANSI/ISA-18.2 states. RETURNED: the cause has gone before anybody acknowledged."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned unacknowledged"
    CLOSED = "closed"


@dataclass(slots=True)
class ZoneStatus:
    """One zone now. Times are Unix UTC, NaN where not. tracks: ids that drive the step.

    proposed_s: when TAKE SHELTER was proposed; release_at_s: when the software releases by
    itself unless refused (inf: never); released_s, released_by ("automatic" or a user id);
    refused_by with a reason stops the automatic release. arrival_*: of the threat that comes
    first. clear_proposed_s: since when ALL CLEAR waits for a person.
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


@dataclass(slots=True)
class Alarm:
    """One threat group at one site: the thing that asks for a response.

    id: "A-<node>-<count>"; step: the highest step that it reached; zones: ids; decided: what
    a person recorded as decision (text), by whom and when; acknowledging is not deciding.
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


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something that happened in the watch; each becomes an entry of the ledger.

    kind: "step", "raised", "escalated", "unattended", "acknowledged", "proposed", "released",
    "refused", "cancelled", "withdrawn", "joined", "decided", "disposed", "expired", "cleared",
    "closed", "act refused".
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


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did, after authentication.

    verb: "acknowledge" (alarm), "release" (site, zones), "refuse" (site, zone, reason),
    "cancel" (site, zones: within 3 s of a release), "clear" (site, zones, reason), "decide"
    (alarm, text), "dispose" (track, reason, text: "I know what this is"). key: the
    idempotency key. view_s: the newest picture that the person saw, for acts that lower
    protection.
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
