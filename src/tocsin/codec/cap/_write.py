"""A CAP message to XML."""

import math
from xml.sax.saxutils import escape

from tocsin.codec.cap._time import text_of
from tocsin.codec.cap.nouns import Area, CapAlert, Info, faults_of
from tocsin.errors import CallError

__all__ = ["write_cap"]

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


def write_cap(alert: CapAlert) -> bytes:
    """Return the UTF-8 XML of a message, elements in the order of the schema.

    Raises CallError where the standard forbids the message: a wrong warning must not leave.
    """
    if faults := faults_of(alert):
        raise CallError("this is no CAP 1.2 message: " + "; ".join(faults), faults=faults)
    out = ['<?xml version="1.0" encoding="UTF-8"?>', f'<alert xmlns="{NAMESPACE}">']
    references = " ".join(f"{s},{i},{text_of(t)}" for s, i, t in alert.references)
    for name, value in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", text_of(alert.sent_s)),
        ("status", alert.status),
        ("msgType", alert.msg_type),
        ("scope", alert.scope),
        ("restriction", alert.restriction),
        ("addresses", alert.addresses),
        ("note", alert.note),
        ("references", references),
        ("incidents", alert.incidents),
    ):
        _element_into(out, name, value)
    for info in alert.infos:
        _info_into(out, info)
    out.append("</alert>")
    return ("\n".join(out) + "\n").encode()


def _info_into(out: list[str], info: Info) -> None:
    out.append("<info>")
    _element_into(out, "language", info.language)
    for category in info.category:
        _element_into(out, "category", category)
    _element_into(out, "event", info.event)
    for response in info.response:
        _element_into(out, "responseType", response)
    for name, value in (
        ("urgency", info.urgency),
        ("severity", info.severity),
        ("certainty", info.certainty),
        ("effective", _time(info.effective_s)),
        ("onset", _time(info.onset_s)),
        ("expires", _time(info.expires_s)),
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
        ("contact", info.contact),
    ):
        _element_into(out, name, value)
    for name, value in info.parameters:
        out.append("<parameter>")
        _element_into(out, "valueName", name)
        _element_into(out, "value", value)
        out.append("</parameter>")
    for area in info.areas:
        _area_into(out, area)
    out.append("</info>")


def _area_into(out: list[str], area: Area) -> None:
    out.append("<area>")
    _element_into(out, "areaDesc", area.description)
    for ring in area.polygons:
        _element_into(out, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in ring))
    for lat, lon, radius_km in area.circles:
        _element_into(out, "circle", f"{lat:.6f},{lon:.6f} {radius_km:.3f}")
    if math.isfinite(area.altitude_ft):
        _element_into(out, "altitude", f"{area.altitude_ft:.0f}")
    if math.isfinite(area.ceiling_ft):
        _element_into(out, "ceiling", f"{area.ceiling_ft:.0f}")
    out.append("</area>")


def _element_into(out: list[str], name: str, value: str) -> None:
    if value:
        out.append(f"<{name}>{escape(_printable(value))}</{name}>")


def _printable(text: str) -> str:
    """Leave out what XML 1.0 forbids even as an escape."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))


def _time(time_s: float) -> str:
    return text_of(time_s) if math.isfinite(time_s) else ""
