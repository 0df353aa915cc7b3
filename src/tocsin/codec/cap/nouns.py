"""A CAP message as a value, and what the standard demands of it."""

import math
from dataclasses import dataclass

__all__ = ["ALLOWED", "Area", "CapAlert", "Info", "faults_of"]

FIRST_S, END_S = (
    -62_135_596_800.0,
    253_402_300_800.0,
)  # the years 1 to 9999, that can be written
# CAP 1.2, section 3.2: the words of each coded field.
ALLOWED = {
    "status": ("Actual", "Exercise", "System", "Test", "Draft"),
    "msgType": ("Alert", "Update", "Cancel", "Ack", "Error"),
    "scope": ("Public", "Restricted", "Private"),
    "category": (
        "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport",
        "Infra", "CBRNE", "Other",
    ),
    "responseType": (
        "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear",
        "None",
    ),
    "urgency": ("Immediate", "Expected", "Future", "Past", "Unknown"),
    "severity": ("Extreme", "Severe", "Moderate", "Minor", "Unknown"),
    "certainty": ("Observed", "Likely", "Possible", "Unlikely", "Unknown"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Area:
    """Where. polygons: rings of (lat deg, lon deg), first point repeated last; circles: (lat
    deg, lon deg, radius km); ceiling_ft above mean sea level, NaN where not said.
    """

    description: str
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    altitude_ft: float = math.nan
    ceiling_ft: float = math.nan


@dataclass(frozen=True, slots=True)
class Info:
    """What, in one language. Times are Unix UTC, NaN where not said."""

    category: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"  # the standard's default
    response: tuple[str, ...] = ()
    effective_s: float = math.nan
    onset_s: float = math.nan
    expires_s: float = math.nan
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One message. references: (sender, identifier, sent Unix s) of those it is about."""

    identifier: str
    sender: str
    sent_s: float
    status: str
    msg_type: str
    scope: str
    restriction: str = ""
    addresses: str = ""
    note: str = ""
    references: tuple[tuple[str, str, float], ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()
    version: str = "1.2"


def faults_of(alert: CapAlert) -> list[str]:
    """Return what the standard forbids in a message, as sentences; none: it is valid."""
    faults = [
        f"{name} is {value!r}; it can be {', '.join(ALLOWED[name])}"
        for name, value in (
            ("status", alert.status), ("msgType", alert.msg_type), ("scope", alert.scope),
        )
        if value not in ALLOWED[name]
    ]  # fmt: skip
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value or any(c in value for c in " ,<&"):
            faults.append(
                f"{name} is {value!r}; it must be said, without blanks, commas, < and &"
            )
    if not _is_time(alert.sent_s):
        faults.append("sent is missing or no time; write for example 2026-11-23T09:00:00-00:00")
    if alert.msg_type in ("Update", "Cancel", "Ack", "Error") and not alert.references:
        faults.append(f"a message of type {alert.msg_type} names the messages it is about")
    for sender, identifier, sent_s in alert.references:
        is_named = all(v and not any(c in v for c in " ,<&") for v in (sender, identifier))
        if not (is_named and _is_time(sent_s)):
            faults.append(
                f"a reference is {sender!r}, {identifier!r}, {sent_s}; it is the sender, the"
                " identifier and the time of a message"
            )
    if alert.scope == "Restricted" and not alert.restriction:
        faults.append("a Restricted message says to whom it is restricted")
    if alert.scope == "Private" and not alert.addresses:
        faults.append("a Private message names its addresses")
    for info in alert.infos:
        faults += _info_faults(info)
    return faults


def _info_faults(info: Info) -> list[str]:
    coded = [
        ("urgency", info.urgency),
        ("severity", info.severity),
        ("certainty", info.certainty),
        *(("category", value) for value in info.category),
        *(("responseType", value) for value in info.response),
    ]
    faults = [
        f"{name} is {value!r}; it can be {', '.join(ALLOWED[name])}"
        for name, value in coded
        if value not in ALLOWED[name]
    ]
    if not info.category:
        faults.append("an info has at least one category")
    if not info.event:
        faults.append("an info names its event")
    for name, time_s in (
        ("effective", info.effective_s), ("onset", info.onset_s), ("expires", info.expires_s),
    ):  # fmt: skip
        if not (math.isnan(time_s) or _is_time(time_s)):
            faults.append(f"{name} is {time_s}, which is no time")
    for area in info.areas:
        if not area.description:
            faults.append("an area has a description")
        faults += [f for ring in area.polygons for f in _ring_faults(ring)]
        if not all(map(_is_circle, area.circles)):
            faults.append("a circle is latitude,longitude in degrees and a radius in km")
        if math.isfinite(area.ceiling_ft) and not math.isfinite(area.altitude_ft):
            faults.append("a ceiling is only said together with an altitude")
    return faults


def _ring_faults(ring: tuple[tuple[float, float], ...]) -> list[str]:
    if len(ring) < 4 or ring[0] != ring[-1]:
        return ["a polygon has at least four points and ends where it begins"]
    if any(not (abs(lat) <= 90 and abs(lon) <= 180) for lat, lon in ring):
        return ["a polygon's points are latitude, longitude in degrees"]
    return []


def _is_circle(circle: tuple[float, float, float]) -> bool:
    lat, lon, radius_km = circle
    return abs(lat) <= 90 and abs(lon) <= 180 and 0 <= radius_km < math.inf


def _is_time(time_s: float) -> bool:
    return FIRST_S <= time_s < END_S
