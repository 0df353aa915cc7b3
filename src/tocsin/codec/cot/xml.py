"""Cursor on Target as XML.

A document type is refused where it begins: an event has none, and entities that grow are how
such readers are attacked. Nothing is fetched or expanded.
"""

import math
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from tocsin.codec.cot.events import (
    UNKNOWN_M,
    CotEvent,
    clean,
    fault_of,
    known_course_deg,
    known_m,
    known_speed_mps,
)

__all__ = ["read_xml", "write_xml"]

# Elements that are read, with the depth at which they stand; the first of each counts.
_WANTED = {"event": 0, "point": 1, "contact": 2, "track": 2}
DEEPEST = 64


class _RefusedError(Exception):
    """What the document may not hold; ends the parser's run."""


class _Reader:
    """Gathers the attributes of the wanted elements."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = {}
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and name != "event":
            raise _RefusedError(f"its root is {name[:40]!r}; it must be event")
        if self._depth >= DEEPEST:
            raise _RefusedError(f"elements stand more than {DEEPEST} deep")
        if _WANTED.get(name) == self._depth:
            self.found.setdefault(name, attributes)
        self._depth += 1

    def end(self, _name: str) -> None:
        self._depth -= 1


def _refuse_doctype(*_: object) -> None:
    raise _RefusedError("it has a document type; an event has none")


def read_xml(data: bytes) -> CotEvent | str:
    """Return the event, or a sentence that says why it is none."""
    reader, parser = _Reader(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except _RefusedError as refused:
        return str(refused)
    except (expat.ExpatError, ValueError, LookupError) as error:
        return f"it is no XML: {error}"
    try:
        event = _event(reader.found)
    except ValueError as error:
        return str(error)
    return fault_of(event) or event


def _event(found: dict[str, dict[str, str]]) -> CotEvent:
    head, point = found["event"], found.get("point")
    if point is None:
        raise ValueError("it has no point")
    track = found.get("track", {})
    return CotEvent(
        type=head.get("type", ""),
        uid=head.get("uid", ""),
        time_s=_time(head, "time"),
        start_s=_time(head, "start"),
        stale_s=_time(head, "stale"),
        how=clean(head.get("how", ""), 32),
        lat_deg=_number(point, "lat"),
        lon_deg=_number(point, "lon"),
        alt_m=known_m(_number(point, "hae")),
        sigma_position_m=known_m(_number(point, "ce")),
        sigma_alt_m=known_m(_number(point, "le")),
        callsign=clean(found.get("contact", {}).get("callsign", ""), 64),
        course_deg=known_course_deg(_detail_number(track, "course")),
        speed_mps=known_speed_mps(_detail_number(track, "speed")),
        opex=clean(head.get("opex", ""), 32),
    )


def _number(attributes: dict[str, str], name: str) -> float:
    """Return a number, NaN where it is missing. Raises ValueError for another word."""
    text = attributes.get(name, "").strip()
    if not text or text.lower() == "nan":
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise ValueError(f"{name} is {text[:40]!r}; it must be a number")
    return value


def _detail_number(attributes: dict[str, str], name: str) -> float:
    """Return a number of a detail, which may be left out: NaN for another word too."""
    try:
        return _number(attributes, name)
    except ValueError:
        return math.nan


def _time(attributes: dict[str, str], name: str) -> float:
    text = attributes.get(name, "").strip()
    try:
        when = datetime.fromisoformat(text)
        # The schema's times are UTC; one without a zone is read as such.
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{name} is {text[:40]!r}; it must be like 2026-11-23T05:00:00Z"
        ) from None


def write_xml(event: CotEvent) -> bytes:
    """Return the event as one XML document. Raises ValueError for one that is none."""
    fault = fault_of(event)
    if fault:
        raise ValueError(fault)
    head = {
        "version": "2.0", "uid": event.uid, "type": event.type, "time": _utc(event.time_s),
        "start": _utc(event.start_s), "stale": _utc(event.stale_s), "how": event.how,
    }  # fmt: skip
    if event.opex:
        head["opex"] = event.opex
    point = {
        "lat": repr(event.lat_deg), "lon": repr(event.lon_deg), "hae": _metres(event.alt_m),
        "ce": _metres(event.sigma_position_m), "le": _metres(event.sigma_alt_m),
    }  # fmt: skip
    detail = ""
    if event.callsign:
        detail += _element("contact", {"callsign": event.callsign})
    track = {
        name: repr(value)
        for name, value in (("course", event.course_deg), ("speed", event.speed_mps))
        if not math.isnan(value)
    }
    if track:
        detail += _element("track", track)
    body = f"{_element('event', head)[:-2]}>{_element('point', point)}"
    return f"{body}<detail>{detail}</detail></event>".encode()


def _element(name: str, attributes: dict[str, str]) -> str:
    words = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{words}/>"


def _metres(value: float) -> str:
    return repr(UNKNOWN_M if math.isnan(value) else value)


def _utc(time_s: float) -> str:
    """Return a time to the millisecond, as TAK writes it."""
    seconds, milliseconds = divmod(round(time_s * 1000.0), 1000)
    when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{when}.{milliseconds:03d}Z"
