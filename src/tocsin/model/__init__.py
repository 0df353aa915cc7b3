"""The nouns. A noun holds values and checks them; it does not fetch, log or decide."""

from tocsin.model.alerts import Act, Alarm, AlarmState, AlertEvent, Ladder, ZoneStatus
from tocsin.model.detections import CLASSES, AltRef, Coverage, DetectionBatch, Report
from tocsin.model.entries import Entry
from tocsin.model.frames import OFFICER, Batch, Frame, Nature, Rejected, Reply
from tocsin.model.identities import LABELS, IdentityTable
from tocsin.model.picture import Outcome, Picture
from tocsin.model.sensors import Sensor, SensorStatus
from tocsin.model.sites import (
    AlertRules,
    Authorisation,
    Channel,
    Node,
    Release,
    Retention,
    Site,
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
)

__all__ = [
    "CLASSES",
    "LABELS",
    "MODES",
    "OFFICER",
    "Act",
    "Alarm",
    "AlarmState",
    "AlertEvent",
    "AlertRules",
    "AltRef",
    "Authorisation",
    "Batch",
    "Channel",
    "Coverage",
    "DeclaredTable",
    "DetectionBatch",
    "Entry",
    "Frame",
    "IdentityTable",
    "Ladder",
    "Nature",
    "Node",
    "Outcome",
    "Picture",
    "Rejected",
    "Release",
    "Reply",
    "Report",
    "Retention",
    "Sensor",
    "SensorStatus",
    "Site",
    "SystemTable",
    "ThreatTable",
    "TrackEvent",
    "TrackKind",
    "TrackStatus",
    "TrackTable",
    "Zone",
    "ZoneStatus",
    "is_inside_m",
]
