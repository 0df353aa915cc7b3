"""The JSON body of ``POST /api/v1/detections``: what a sensor that pushes may say.

A body is one detection, a list of them (an empty list is a sign of life), or a whole scan::

    {"sensor": "cam-1", "scan": {"start_s": 1767225600.0, "end_s": 1767225600.5},
     "detections": [{"time_s": 1767225600.5, "azimuth_deg": 41.5, "elevation_deg": 3.2,
                     "class_scores": {"bird": 0.1, "drone_multirotor": 0.8}}]}

Names and units are those of detection tables on disk (docs/formats/detections.md). Bad items
are refused one by one with their index; the others count.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tocsin.codec._clock import settle
from tocsin.codec._coverage import note_report_into, state_into
from tocsin.codec._heights import geoid_of
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.model import CLASSES, AltRef, DetectionBatch, Frame, Report, Sensor
from tocsin.units import DEG

__all__ = [
    "Body", "Detection", "Scan", "columns_of", "decode_frame", "parse_body", "what_is_wrong",
]  # fmt: skip

KIND = "DETECTION"
ITEMS_LIMIT = 100_000  # detections of one body
LONGEST_SCAN_S = 3_600.0
RANGE_LIMIT_M = 1e7


class Detection(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One detection with the names on disk; what is left out or null was not measured."""

    time_s: float
    sensor_id: str | None = None
    report: Literal["plot", "track", "declared"] = "plot"
    range_m: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    range_rate_mps: float | None = None
    lat: float | None = None
    lon: float | None = None
    alt_m: float | None = None
    alt_ref: Literal["ellipsoid", "msl", "pressure", "none"] = "none"
    vel_east_mps: float | None = None
    vel_north_mps: float | None = None
    vel_up_mps: float | None = None
    sigma_range_m: float | None = None
    sigma_azimuth_deg: float | None = None
    sigma_elevation_deg: float | None = None
    sigma_range_rate_mps: float | None = None
    sigma_position_m: float | None = None
    sigma_alt_m: float | None = None
    sigma_velocity_mps: float | None = None
    declared_id: str | None = None
    sensor_track_id: str | None = None
    callsign: str | None = None
    category: str | None = None
    class_scores: dict[str, float] | None = None
    simulated: bool = False


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    """When the sensor looked over its whole field, Unix UTC."""

    start_s: float
    end_s: float


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    detections: list[msgspec.Raw]
    sensor: str | None = None
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed body. refused: (index, sentence) of each item that is no detection."""

    sensor: str | None
    scan: Scan | None
    detections: tuple[tuple[int, Detection], ...]
    refused: tuple[tuple[int, str], ...]


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ITEM = msgspec.json.Decoder(Detection)

# column in memory, name on disk, factor, smallest and largest value on disk
_NUMBERS: tuple[tuple[str, str, float, float, float], ...] = (
    ("range_m", "range_m", 1.0, 0.0, RANGE_LIMIT_M),
    ("azimuth_rad", "azimuth_deg", DEG, -360.0, 360.0),
    ("elevation_rad", "elevation_deg", DEG, -90.0, 90.0),
    ("range_rate_mps", "range_rate_mps", 1.0, -1e4, 1e4),
    ("lat_deg", "lat", 1.0, -90.0, 90.0),
    ("lon_deg", "lon", 1.0, -180.0, 180.0),
    ("alt_m", "alt_m", 1.0, -1e4, 1e6),
    ("vel_east_mps", "vel_east_mps", 1.0, -1e4, 1e4),
    ("vel_north_mps", "vel_north_mps", 1.0, -1e4, 1e4),
    ("vel_up_mps", "vel_up_mps", 1.0, -1e4, 1e4),
    ("sigma_range_m", "sigma_range_m", 1.0, 0.0, 1e6),
    ("sigma_azimuth_rad", "sigma_azimuth_deg", DEG, 0.0, 360.0),
    ("sigma_elevation_rad", "sigma_elevation_deg", DEG, 0.0, 180.0),
    ("sigma_range_rate_mps", "sigma_range_rate_mps", 1.0, 0.0, 1e4),
    ("sigma_position_m", "sigma_position_m", 1.0, 0.0, 1e6),
    ("sigma_alt_m", "sigma_alt_m", 1.0, 0.0, 1e6),
    ("sigma_velocity_mps", "sigma_velocity_mps", 1.0, 0.0, 1e4),
)
# column and the octets that it holds
_TEXTS = (("declared_id", 24), ("sensor_track_id", 24), ("callsign", 8), ("category", 4))


def parse_body(payload: bytes) -> Body | str:
    """Return the parsed body, or a sentence that says why it is none."""
    try:
        if payload.lstrip()[:1] == b"[":
            items, sensor, scan = _LIST.decode(payload), None, None
        else:
            raw: dict[str, msgspec.Raw] = msgspec.json.decode(
                payload, type=dict[str, msgspec.Raw]
            )
            if "detections" in raw:
                envelope = _ENVELOPE.decode(payload)
                items, sensor, scan = envelope.detections, envelope.sensor, envelope.scan
            else:
                items, sensor, scan = [msgspec.Raw(payload)], None, None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"not a body of detections: {error}"
    if len(items) > ITEMS_LIMIT:
        return f"{len(items)} detections in one body; at most {ITEMS_LIMIT}"
    if scan is not None and not 0.0 < scan.end_s - scan.start_s <= LONGEST_SCAN_S:
        return f"the scan ends {scan.end_s - scan.start_s} s after its start; give 0 to 3600 s"
    good, refused = [], []
    for index, item in enumerate(items):
        try:
            detection = _ITEM.decode(item)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refused.append((index, str(error)))
            continue
        wrong = what_is_wrong(detection)
        if wrong:
            refused.append((index, wrong))
        else:
            good.append((index, detection))
    return Body(sensor, scan, tuple(good), tuple(refused))


def what_is_wrong(item: Detection) -> str:
    """Return what stands against a detection, "" where nothing does."""
    if not 0.0 <= item.time_s < 1e11:
        return f"time_s is {item.time_s}; give Unix seconds"
    for _column, name, _factor, low, high in _NUMBERS:
        value = getattr(item, name)
        if value is not None and not low <= value <= high:
            return f"{name} is {value}; it must be {low:g} to {high:g}"
        if value is not None and value <= 0.0 and name.startswith(("sigma_", "range_m")):
            return f"{name} is {value}; it must be above 0"
    for name, octets in _TEXTS:
        text = getattr(item, name)
        if text is not None and len(text.encode()) > octets:
            return f"{name} is longer than {octets} octets"
    for name, score in (item.class_scores or {}).items():
        if name not in CLASSES:
            return f"class_scores has no class {name!r}; there are {', '.join(CLASSES)}"
        if not 0.0 <= score < math.inf:
            return f"class_scores gives {name} {score}; it must be 0 or more"
    if (item.lat is None) != (item.lon is None):
        return "lat and lon go together"
    if item.alt_m is not None and item.alt_ref == "none":
        return "alt_m needs alt_ref: ellipsoid, msl or pressure"
    if item.azimuth_deg is None and item.lat is None and item.declared_id is None:
        return "nothing measured: give azimuth_deg, or lat and lon, or declared_id"
    return ""


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take one body. A sensor of the site file speaks for itself alone."""
    if is_duplicate(work, frame, frame.payload):
        return
    body = parse_body(frame.payload)
    if isinstance(body, str):
        reject(work, frame.source, "not a body of detections", body, frame.payload)
        return
    for index, sentence in body.refused:
        reject(work, frame.source, "not a detection", f"item {index}: {sentence}")
    for index, item in body.detections:
        _take(work, frame, sensor, body.sensor, index, item)
    _cover(work, frame, sensor, body)


def _speaker(
    work: Work, frame: Frame, sensor: Sensor | None, named: str | None, index: int
) -> str | None:
    """Return whose detection it is, or None (counted)."""
    speaker = named if named is not None else frame.source
    if sensor is not None and speaker != sensor.id:
        detail = f"item {index} names {speaker}; {sensor.id} speaks for itself alone"
        reject(work, frame.source, "another sensor's name", detail)
        return None
    if speaker not in work.sensors and (sensor is not None or named is not None):
        detail = f"item {index}: {speaker} is not in the site file"
        reject(work, frame.source, "unknown sensor", detail)
        return None
    return speaker


def _cover(work: Work, frame: Frame, sensor: Sensor | None, body: Body) -> None:
    if body.scan is None and body.detections:
        return
    speaker = _speaker(work, frame, sensor, body.sensor, -1)
    if speaker is None or (place := place_of(work, speaker)) < 0:
        return
    if body.scan is None:
        if not body.refused:
            note_report_into(work, speaker, frame.arrival_s)
        return
    end_s = settle(work, speaker, body.scan.end_s, frame.arrival_s)
    if end_s is not None:
        state_into(work, speaker, place, body.scan.start_s + end_s - body.scan.end_s, end_s)


def _take(
    work: Work,
    frame: Frame,
    sensor: Sensor | None,
    named: str | None,
    index: int,
    item: Detection,
) -> None:
    speaker = _speaker(
        work, frame, sensor, item.sensor_id if item.sensor_id is not None else named, index
    )
    if speaker is not None:
        enter(work, frame, speaker, item, KIND)


def enter(work: Work, frame: Frame, speaker: str, item: Detection, kind: str) -> None:
    """Count a detection that was found sound as a record of its kind, and add it as a row."""
    place = place_of(work, speaker)
    if place < 0:
        return
    count(work, kind)
    if work.trace is not None:
        said = {"record": kind, **msgspec.to_builtins(item)}
        work.trace.append(said | {"sensor_id": speaker})
    time_s = settle(work, speaker, item.time_s, frame.arrival_s)
    if time_s is None:
        return
    add_row(
        work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place,
        **columns_of(item, geoid_of(work.node, work.sensors.get(speaker))),
    )  # fmt: skip
    note_report_into(work, speaker, time_s)


def columns_of(item: Detection, geoid_m: float) -> dict[str, Any]:
    """Return the columns of one detection as DetectionBatch has them: radians, ellipsoid."""
    row: dict[str, Any] = {"report": Report.WORDS.index(item.report)}
    for column, name, factor, _low, _high in _NUMBERS:
        value = getattr(item, name)
        if value is not None:
            row[column] = value * factor
    if item.azimuth_deg is not None:
        row["azimuth_rad"] = item.azimuth_deg % 360.0 * DEG
    if item.alt_m is not None:
        row["alt_ref"] = AltRef.WORDS.index(item.alt_ref)
        if item.alt_ref == "msl":
            row["alt_m"], row["alt_ref"] = item.alt_m + geoid_m, AltRef.ELLIPSOID
    for name, _octets in _TEXTS:
        text = getattr(item, name)
        if text:
            row[name] = text.encode()
    if item.class_scores:
        row["class_scores"] = [item.class_scores.get(c, math.nan) for c in CLASSES]
    flags = DetectionBatch.SIMULATED_TARGET if item.simulated else 0
    if item.report == "declared" and item.lat is None:
        flags |= DetectionBatch.NO_POSITION
    row["flags"] = flags
    return row
