"""Everything that a screen shows at one time: the public result of a step."""

from dataclasses import dataclass, field

from tocsin.model.advice import Advice
from tocsin.model.alerts import Alarm, AlertEvent, ZoneStatus
from tocsin.model.entries import Entry
from tocsin.model.frames import Rejected, Reply
from tocsin.model.identities import IdentityTable
from tocsin.model.people import Handover, Notice, ShiftRule, Sighting
from tocsin.model.sensors import SensorStatus
from tocsin.model.threats import ThreatTable
from tocsin.model.tracks import DeclaredTable, Origin, SystemTable, TrackEvent, TrackTable
from tocsin.model.volumes import Conflict, Operations, VolumeStatus

__all__ = ["Outcome", "Picture"]


@dataclass(slots=True)
class Picture:
    """Tracks of all sites with their identities (row by row), what declares itself, what other
    trackers say, threats, zones, alarms, sensors; lines of the playbook that fit, notices to
    sites, sightings, notes of one shift to the next; protected volumes, conflicts in them, and
    whether operations are suspended. declared_label indexes identities.LABELS,
    row by row beside `declared`. origins: what tracks of other trackers rest on, by sensor (its
    place in the roster) and track number, where they tell it.
    """

    now_s: float
    tracks: TrackTable
    identities: IdentityTable
    declared: DeclaredTable
    declared_label: tuple[int, ...]
    threats: ThreatTable
    zones: tuple[ZoneStatus, ...]
    alarms: tuple[Alarm, ...]
    sensors: tuple[SensorStatus, ...]
    system: SystemTable = field(default_factory=lambda: SystemTable.blank(0))
    advice: tuple[Advice, ...] = ()
    notices: tuple[Notice, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    handovers: tuple[Handover, ...] = ()
    volumes: tuple[VolumeStatus, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    operations: tuple[Operations, ...] = ()
    origins: dict[tuple[int, bytes], tuple[Origin, ...]] = field(default_factory=dict)
    rules: tuple[ShiftRule, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What one step gave. picture is None where the step did not reach a grid time.

    records: decoded records by kind ("CAT048": 64) in this step; acts: (idempotency key,
    accepted, sentence) for each act of this batch; entries: new rows of the operational
    ledger; replies: what sensors are answered, for the live watch alone.
    """

    now_s: float
    picture: Picture | None
    records: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()
    detections: int = 0
    track_events: tuple[TrackEvent, ...] = ()
    alert_events: tuple[AlertEvent, ...] = ()
    acts: tuple[tuple[str, bool, str], ...] = ()
    entries: tuple[Entry, ...] = ()
    replies: tuple[Reply, ...] = ()
