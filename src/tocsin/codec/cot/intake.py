"""Cursor on Target events of things in the air, as declared reports.

What TAK says of itself or of others is somebody's word: it makes a track of its own, never
moves a measured one, and the affiliation in its type is not taken over.
"""

import hashlib
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tocsin.codec._clock import settle
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.codec.cot.events import CotEvent, is_air, is_drop
from tocsin.codec.cot.framing import LARGEST_EVENT, MESH, CotStream, split_into
from tocsin.codec.cot.protobuf import read_protobuf
from tocsin.codec.cot.xml import read_xml
from tocsin.model import CLASSES, AltRef, DetectionBatch, Frame, Rejected, Report, Sensor
from tocsin.units import DEG

__all__ = ["ADDRESS", "KIND", "decode_frame", "decode_payload", "event_frames", "read_event"]

KIND = "COT"
# Gateways of ADS-B name an aircraft by its 24-bit address.
ADDRESS = re.compile(r"^(?:ICAO[-_. ]?)?([0-9A-Fa-f]{6})$", re.IGNORECASE)
NAME_OCTETS = 24
SIGMA_POSITION_M = 50.0  # where the sender gives no ce: wider than any satellite fix
SIGMA_ALT_M = 100.0  # where it gives no le
SIGMA_VELOCITY_MPS = 3.0  # the schema has no error of the speed; 10 km/h
# By what stands behind a-AFFILIATION-: category of ICAO Doc 9871, and the class it speaks for.
_KINDS = (
    ("A-C-F-q", b"B6", "drone_fixed_wing"),
    ("A-M-F-Q", b"B6", "drone_fixed_wing"),
    ("A-M-H-Q", b"B6", "drone_multirotor"),
    ("A-C-L", b"B2", "balloon"),
    ("A-M-L", b"B2", "balloon"),
    # Of A1 to A5 all are aircraft; how heavy is not said.
    ("A-C-F", b"A1", ""),
    ("A-M-F", b"A1", ""),
    ("A-C-H", b"A7", ""),
    ("A-M-H", b"A7", ""),
)


def read_event(item: tuple[str, bytes] | Rejected, source: str = "") -> CotEvent | Rejected:
    """Return the event of one piece that `split_into` gave, or why it is none."""
    if isinstance(item, Rejected):
        return item
    kind, octets = item
    event = read_xml(octets) if kind == "xml" else read_protobuf(octets)
    if isinstance(event, str):
        return Rejected(source, "not a CoT event", event, octets[:64])
    return event


def decode_payload(payload: bytes, source: str = "") -> list[CotEvent | Rejected]:
    """Return the events of a payload that holds whole ones, each or why it is none."""
    stream = CotStream()
    pieces = split_into(stream, payload, source=source)
    found = [read_event(piece, source) for piece in pieces]
    if stream.rest:
        raw = bytes(stream.rest[:64])
        found.append(Rejected(source, "not a CoT event", "it does not end", raw))
    return found


def event_frames(data: bytes, start_s: float) -> Iterator[tuple[float, str, bytes]]:
    """Give one payload an event of a file, at the event's own time, in the order of time.

    What is no event comes with the time before it, for the decoder to count.
    """
    stream, stamped, newest_s = CotStream(), [], start_s
    for piece in split_into(stream, data):
        if isinstance(piece, Rejected):
            continue  # the stream ends there: it is in what is left
        event = read_event(piece)
        newest_s = newest_s if isinstance(event, Rejected) else event.time_s
        octets = piece[1] if piece[0] == "xml" else MESH + piece[1]
        stamped.append((newest_s, "", octets))
    stamped.sort(key=lambda one: one[0])
    if stream.rest or stream.broken:
        raw = bytes(stream.rest[:LARGEST_EVENT]) or stream.broken.encode()
        stamped.append((max(newest_s, stamped[-1][0] if stamped else start_s), "", raw))
    return iter(stamped)


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a payload of whole events; an empty one is a sign of life."""
    del sensor
    if not frame.payload or is_duplicate(work, frame, frame.payload):
        return
    for item in decode_payload(frame.payload, frame.source):
        if isinstance(item, Rejected):
            reject(work, frame.source, item.reason, item.detail, item.raw)
        else:
            _take(work, frame, item)


def _take(work: Work, frame: Frame, event: CotEvent) -> None:
    count(work, KIND)
    if work.trace is not None:
        said = {f: getattr(event, f) for f in CotEvent.__dataclass_fields__}
        work.trace.append({"record": KIND, **msgspec.to_builtins(_without_nan(said))})
    if not is_air(event):
        reject(work, frame.source, "not in the air", f"its type is {event.type[:40]}")
        return
    if is_drop(event):
        reject(work, frame.source, "stale", "its sender drops the track")
        return
    if event.stale_s < frame.arrival_s:
        late_s = frame.arrival_s - event.stale_s
        reject(work, frame.source, "stale", f"it went stale {late_s:.0f} s before it came")
        return
    place = place_of(work, frame.source)
    if place < 0:
        return
    time_s = settle(work, frame.source, event.time_s, frame.arrival_s)
    if time_s is None:
        return
    add_row(work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place, **columns_of(event))


def _without_nan(said: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in said.items() if not (isinstance(v, float) and math.isnan(v))}


def name_of(uid: str) -> str:
    """Return the id for reports: an aircraft's address, else the uid (one that does not fit
    stands as its digest).
    """
    if match := ADDRESS.match(uid):
        return match[1].lower()
    if uid.isascii() and len(uid) <= NAME_OCTETS:
        return uid
    return f"cot-{hashlib.blake2b(uid.encode(), digest_size=10).hexdigest()}"


def columns_of(event: CotEvent) -> dict[str, Any]:
    """Return one declared report with the columns of DetectionBatch."""
    name = name_of(event.uid)
    columns: dict[str, Any] = {
        "report": Report.DECLARED,
        "declared_id": name.encode(),
        "sensor_track_id": name.encode(),
        "callsign": event.callsign.encode("ascii", "ignore")[:8].strip(),
    }
    below = event.type.split("-", 2)[2]
    for prefix, category, says in _KINDS:
        if below == prefix or below.startswith(prefix + "-"):
            columns["category"] = category
            if says:
                columns["class_scores"] = [1.0 if c == says else math.nan for c in CLASSES]
            break
    flags = 0
    if event.how.startswith("m-s") or event.opex[:1] == "s":
        flags |= DetectionBatch.SIMULATED_TARGET
    elif event.opex[:1] == "e":
        flags |= DetectionBatch.EXERCISE_TARGET
    if event.lat_deg == 0.0 and event.lon_deg == 0.0:  # TAK clients without a fix write this
        columns["flags"] = flags | DetectionBatch.NO_POSITION
        return columns
    columns["lat_deg"], columns["lon_deg"] = event.lat_deg, event.lon_deg
    columns["sigma_position_m"] = _sigma(event.sigma_position_m, SIGMA_POSITION_M)
    if not math.isnan(event.alt_m):
        columns["alt_m"], columns["alt_ref"] = event.alt_m, AltRef.ELLIPSOID
        columns["sigma_alt_m"] = _sigma(event.sigma_alt_m, SIGMA_ALT_M)
        flags |= DetectionBatch.GEOMETRIC_HEIGHT
    if not (math.isnan(event.speed_mps) or math.isnan(event.course_deg)):
        course_rad = event.course_deg * DEG
        columns["vel_east_mps"] = event.speed_mps * math.sin(course_rad)
        columns["vel_north_mps"] = event.speed_mps * math.cos(course_rad)
        columns["sigma_velocity_mps"] = SIGMA_VELOCITY_MPS
    columns["flags"] = flags
    return columns


def _sigma(said_m: float, default_m: float) -> float:
    """An error of 0 is a sender that does not know it."""
    return said_m if said_m > 0.0 else default_m
