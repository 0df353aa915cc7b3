"""A warning or its end in the form that each kind of channel carries; CAP 1.2 is where all of
them come from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from types import MappingProxyType
from typing import Any

import msgspec

from tocsin.codec.cap import Area, CapAlert, write_cap
from tocsin.codec.sapient.ids import named_ulid
from tocsin.model import Channel
from tocsin.units import FOOT_M

__all__ = ["CAP_MEDIA_TYPE", "FORMS", "WARNING_SCHEMA", "Formed", "Warned", "utc"]

WARNING_SCHEMA = "tocsin-warning-1"  # what a JSON warning says it is; docs/formats/webhook.md
CAP_MEDIA_TYPE = "application/cap+xml"  # IANA media types, registered for OASIS CAP

_NATURES = {"Test": "simulated"}  # statuses of CAP that have another word elsewhere


@dataclass(frozen=True, slots=True)
class Warned:
    """What a message says, before it has a form."""

    alert: CapAlert
    site_id: str
    site_name: str
    zone_id: str
    zone_name: str


@dataclass(frozen=True, slots=True)
class Formed:
    """One message as it leaves; whom: its only recipient, "" where the channel leads to one
    place.
    """

    media_type: str
    body: bytes
    whom: str = ""


def _cap(warned: Warned, _: Channel) -> list[Formed]:
    return [Formed(CAP_MEDIA_TYPE, write_cap(warned.alert))]


def _json(warned: Warned, _: Channel) -> list[Formed]:
    return [Formed("application/json", msgspec.json.encode(_said(warned)))]


def _mail(warned: Warned, channel: Channel) -> list[Formed]:
    return [
        Formed("message/rfc822", _letter(warned, channel, whom), whom)
        for whom in channel.recipients
    ]


def _letter(warned: Warned, channel: Channel, whom: str) -> bytes:
    """RFC 5322, plain words; what CAP says for machines is beside them in no attachment."""
    alert, (info,) = warned.alert, warned.alert.infos
    drill = "" if alert.status == "Actual" else f"[{alert.status.upper()}] "
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = channel.sender, whom
    letter["Subject"] = " ".join((drill + info.headline).split())
    letter["Date"] = datetime.fromtimestamp(alert.sent_s, UTC)
    # The same for the same warning, so that a mailbox can tell one that came twice.
    letter["Message-ID"] = f"<{alert.identifier}@{channel.sender.rpartition('@')[2]}>"
    if alert.references:
        letter["In-Reply-To"] = (
            f"<{alert.references[0][1]}@{channel.sender.rpartition('@')[2]}>"
        )
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies
    letter["X-Priority"] = "1"
    words = [
        drill + info.headline, "", info.description, info.instruction, "",
        f"Sent {utc(alert.sent_s)} by {info.sender_name} ({alert.sender}).",
        f"Message {alert.identifier}.",
    ]  # fmt: skip
    if drill:
        words.insert(1, f"This is not real: {alert.status}.")
    letter.set_content("\n".join(words) + "\n", cte="quoted-printable")
    return letter.as_bytes()


def _alert(warned: Warned, _: Channel) -> list[Formed]:
    """A SAPIENT Alert as protobuf's JSON: who sends it, to whom and when is filled in when it
    leaves. The end of a warning bears the warning's own id.
    """
    alert, (info,) = warned.alert, warned.alert.infos
    identifier, sent_s = alert.identifier, alert.sent_s
    if alert.references:
        identifier, sent_s = alert.references[0][1:]
    ((area,), ended) = info.areas, bool(alert.references)
    ring = area.polygons[0][:-1]
    said: dict[str, Any] = {
        "alert": {
            "alertId": named_ulid(sent_s, identifier),
            "alertType": "ALERT_TYPE_WARNING",
            "status": f"ALERT_STATUS_{'CLEAR' if ended else 'ACTIVE'}",
            "description": f"{info.headline}. {info.description} {info.instruction}",
            "location": {
                "x": sum(lon for _, lon in ring) / len(ring),
                "y": sum(lat for lat, _ in ring) / len(ring),
                "coordinateSystem": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M",
                "datum": "LOCATION_DATUM_WGS84_E",
            },
            "priority": f"DISCRETE_PRIORITY_{'LOW' if ended else 'HIGH'}",
            "additionalInformation": alert.identifier,
        }
    }
    if alert.status != "Actual":
        said["additionalInformation"] = _NATURES.get(alert.status, alert.status.lower())
    return [Formed("application/json", msgspec.json.encode(said))]


def _said(warned: Warned) -> dict[str, Any]:
    alert, (info,) = warned.alert, warned.alert.infos
    (area,) = info.areas
    return {
        "schema": WARNING_SCHEMA,
        "id": alert.identifier,
        "what": "take shelter" if alert.msg_type == "Alert" else "all clear",
        "taken_back": alert.msg_type == "Cancel",
        "ends": alert.references[0][1] if alert.references else None,
        "ends_too": [identifier for _, identifier, _ in alert.references[1:]],
        "status": alert.status.lower(),
        "sent": utc(alert.sent_s),
        "sender": alert.sender,
        "node": info.sender_name,
        "site": {"id": warned.site_id, "name": warned.site_name},
        "zone": {"id": warned.zone_id, "name": warned.zone_name},
        "headline": info.headline,
        "instruction": info.instruction,
        "area": _geometry(area),
        "floor_msl_m": _metres(area.altitude_ft),
        "ceiling_msl_m": _metres(area.ceiling_ft),
    }


def _geometry(area: Area) -> dict[str, Any]:
    """RFC 7946: longitude first, and the ring closed."""
    rings = [[[lon, lat] for lat, lon in ring] for ring in area.polygons]
    return {"type": "Polygon", "coordinates": rings}


def _metres(feet: float) -> float:
    return round(feet * FOOT_M, 1)


def utc(time_s: float) -> str:
    """Return a time as the JSON forms write it."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# By the kind of the channel: the messages that a warning becomes.
FORMS: Mapping[str, Callable[[Warned, Channel], list[Formed]]] = MappingProxyType(
    {"cap": _cap, "webhook": _json, "mqtt": _json, "mail": _mail, "sapient": _alert}
)
