"""XML to a CAP message, or why it is none."""

import math
import re
from xml.etree import ElementTree
from xml.parsers import expat

from tocsin.codec.cap._time import time_of
from tocsin.codec.cap.nouns import Area, CapAlert, Info, faults_of
from tocsin.model import Rejected

__all__ = ["read_cap", "read_caps"]

MAX_BYTES = 1_000_000
_NAMESPACE = re.compile(r"^urn:oasis:names:tc:emergency:cap:(1\.[12])\}alert$")
_REFERENCE = re.compile(r"[^,\s]+,[^,\s]+,[^,\s]+")
_CIRCLE = re.compile(r"[^,\s]+,[^,\s]+\s+[^,\s]+")
_TIMES, _HEIGHTS = ("effective", "onset", "expires"), ("altitude", "ceiling")


def read_cap(data: bytes, source: str = "cap") -> CapAlert | Rejected:
    """Return the one message (CAP 1.1 or 1.2) that the bytes are, or why they are none."""
    found = read_caps(data, source)
    if len(found) != 1:
        return Rejected(source, "not one alert", f"it holds {len(found)} alerts", data[:64])
    return found[0]


def read_caps(data: bytes, source: str = "cap") -> tuple[CapAlert | Rejected, ...]:
    """Return every message in the bytes (an EDXL envelope may hold several), each or why not.

    A document type is passed over, and references to entities of its own with it: an alert
    defines none, and attacks do. Nothing is fetched or expanded.
    """
    if len(data) > MAX_BYTES:
        return (Rejected(source, "too large", f"at most {MAX_BYTES} bytes", data[:64]),)
    try:
        root = _tree(data)
    except (expat.ExpatError, ValueError, LookupError) as error:
        return (Rejected(source, "not XML", str(error), data[:64]),)
    found = []
    for node in root.iter():
        if match := _NAMESPACE.match(str(node.tag)):
            alert = _alert(node, match[1])
            faults = [*_structure_faults(node), *faults_of(alert)]
            wrong = Rejected(source, "invalid alert", "; ".join(faults), data[:64])
            found.append(wrong if faults else alert)
    return tuple(found)


def _tree(data: bytes) -> ElementTree.Element:
    """Return the elements with their texts; attributes hold nothing that is read. Raises
    ExpatError, ValueError or LookupError for what is no XML.
    """
    builder, parser = ElementTree.TreeBuilder(), expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, _attributes: builder.start(name, {})
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    # References to entities go to this handler unexpanded, in every encoding; with a document
    # type from elsewhere, one that nobody has defined is no error.
    parser.DefaultHandler = lambda _text: None
    parser.UseForeignDTD(True)
    parser.Parse(data, True)
    return builder.close()


def _name(node: ElementTree.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _texts(node: ElementTree.Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in node if _name(child) == name]


def _text(node: ElementTree.Element, name: str) -> str:
    return next(iter(_texts(node, name)), "")


def _children(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in node if _name(child) == name]


def _structure_faults(node: ElementTree.Element) -> list[str]:
    """What the values do not show: an element that is said, and holds nothing or no value."""
    faults = []
    for word in _text(node, "references").split():
        if not _REFERENCE.fullmatch(word):
            faults.append(f"a reference is {word[:80]!r}; it is sender,identifier,sent")
    if "" in _texts(node, "references"):
        faults.append("references is said and names nothing")
    for info in _children(node, "info"):
        for name in _TIMES:
            if (said := _text(info, name)) and math.isnan(time_of(said)):
                faults.append(
                    f"{name} is {said[:40]!r}; write it like 2026-11-23T09:00:00-00:00"
                )
        for area in _children(info, "area"):
            for name in _HEIGHTS:
                if (said := _text(area, name)) and not math.isfinite(_number(said)):
                    faults.append(f"{name} is {said[:40]!r}; it is a number of feet")
            if "" in _texts(area, "polygon") or "" in _texts(area, "circle"):
                faults.append("an area's polygon or circle is said and holds nothing")
    return faults


def _alert(node: ElementTree.Element, version: str) -> CapAlert:
    return CapAlert(
        identifier=_text(node, "identifier"),
        sender=_text(node, "sender"),
        sent_s=time_of(_text(node, "sent")),
        status=_text(node, "status"),
        msg_type=_text(node, "msgType"),
        scope=_text(node, "scope"),
        restriction=_text(node, "restriction"),
        addresses=_text(node, "addresses"),
        note=_text(node, "note"),
        references=tuple(
            (parts[0], parts[1], time_of(parts[2]))
            for word in _text(node, "references").split()
            if len(parts := word.split(",")) == 3
        ),
        incidents=_text(node, "incidents"),
        infos=tuple(_info(child) for child in _children(node, "info")),
        version=version,
    )


def _info(node: ElementTree.Element) -> Info:
    return Info(
        category=tuple(_texts(node, "category")),
        event=_text(node, "event"),
        urgency=_text(node, "urgency"),
        severity=_text(node, "severity"),
        certainty=_text(node, "certainty"),
        language=_text(node, "language") or "en-US",
        response=tuple(_texts(node, "responseType")),
        effective_s=time_of(_text(node, "effective")),
        onset_s=time_of(_text(node, "onset")),
        expires_s=time_of(_text(node, "expires")),
        sender_name=_text(node, "senderName"),
        headline=_text(node, "headline"),
        description=_text(node, "description"),
        instruction=_text(node, "instruction"),
        web=_text(node, "web"),
        contact=_text(node, "contact"),
        parameters=tuple(
            (_text(p, "valueName"), _text(p, "value")) for p in _children(node, "parameter")
        ),
        areas=tuple(_area(child) for child in _children(node, "area")),
    )


def _area(node: ElementTree.Element) -> Area:
    return Area(
        description=_text(node, "areaDesc"),
        polygons=tuple(_ring(text) for text in _texts(node, "polygon") if text),
        circles=tuple(_circle(text) for text in _texts(node, "circle") if text),
        altitude_ft=_number(_text(node, "altitude")),
        ceiling_ft=_number(_text(node, "ceiling")),
    )


def _ring(text: str) -> tuple[tuple[float, float], ...]:
    points = [word.split(",") for word in text.split()]
    return tuple(
        (_number(p[0]), _number(p[1])) if len(p) == 2 else (math.nan, math.nan) for p in points
    )


def _circle(text: str) -> tuple[float, float, float]:
    if not _CIRCLE.fullmatch(text):
        return math.nan, math.nan, math.nan
    lat, lon, radius_km = re.split(r"[,\s]+", text)
    return _number(lat), _number(lon), _number(radius_km)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
