"""The nouns. A noun holds values and checks them; it does not fetch, log or decide."""

from tocsin.model.advice import THREAT_KINDS, Advice, Contact, PlaybookLine
from tocsin.model.alerts import (
    Act,
    Alarm,
    AlarmCause,
    AlarmState,
    AlertEvent,
    Ladder,
    SirenHeard,
    ZoneStatus,
)
from tocsin.model.detections import CLASSES, AltRef, Coverage, DetectionBatch, Report
from tocsin.model.entries import Entry
from tocsin.model.frames import OFFICER, SIREN_PATHS, Batch, Frame, Nature, Rejected, Reply
from tocsin.model.groups import GroupTable
from tocsin.model.identities import LABELS, IdentityTable
from tocsin.model.people import Handover, Headcount, Notice, Sighting, SightingReport
from tocsin.model.picture import Outcome, Picture
from tocsin.model.pointing import ASKED_OF_SENSORS, Pointing
from tocsin.model.sensors import Sensor, SensorStatus
from tocsin.model.sites import (
    AlertRules,
    Authorisation,
    Channel,
    MinimumCoverage,
    Node,
    Peer,
    Release,
    Retention,
    Sentinel,
    Site,
    TimeAuthority,
    Zone,
    is_inside_m,
)
from tocsin.model.threats import ThreatTable
from tocsin.model.tracks import (
    MODES,
    DeclaredTable,
    SystemTable,
    TrackEvent,
    TrackKind,
    TrackStatus,
    TrackTable,
    track_label,
)

__all__ = [
    "ASKED_OF_SENSORS",
    "CLASSES",
    "LABELS",
    "MODES",
    "OFFICER",
    "SIREN_PATHS",
    "THREAT_KINDS",
    "Act",
    "Advice",
    "Alarm",
    "AlarmCause",
    "AlarmState",
    "AlertEvent",
    "AlertRules",
    "AltRef",
    "Authorisation",
    "Batch",
    "Channel",
    "Contact",
    "Coverage",
    "DeclaredTable",
    "DetectionBatch",
    "Entry",
    "Frame",
    "GroupTable",
    "Handover",
    "Headcount",
    "IdentityTable",
    "Ladder",
    "MinimumCoverage",
    "Nature",
    "Node",
    "Notice",
    "Outcome",
    "Peer",
    "Picture",
    "PlaybookLine",
    "Pointing",
    "Rejected",
    "Release",
    "Reply",
    "Report",
    "Retention",
    "Sensor",
    "SensorStatus",
    "Sentinel",
    "Sighting",
    "SightingReport",
    "SirenHeard",
    "Site",
    "SystemTable",
    "ThreatTable",
    "TimeAuthority",
    "TrackEvent",
    "TrackKind",
    "TrackStatus",
    "TrackTable",
    "Zone",
    "ZoneStatus",
    "is_inside_m",
    "track_label",
]
