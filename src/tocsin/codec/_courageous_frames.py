"""A COURAGEOUS log as bodies of detections, one a time: what another system saw in a trial."""

from collections.abc import Iterator
from itertools import groupby

import msgspec

from tocsin.codec import courageous as log
from tocsin.codec._capture_frames import Skipped
from tocsin.codec.detections import Detection, parse_body

__all__ = ["is_log", "log_frames"]


def is_log(data: bytes) -> bool:
    """Return whether these bytes begin like a log: its names at the top are like no other's."""
    return data.lstrip()[:1] == b"{" and b'"static_cuas_location"' in data


def log_frames(data: bytes, name: str, skipped: Skipped) -> Iterator[tuple[float, str, bytes]]:
    """Give one body a time, in the order of time.

    Left out and counted: records without a place, those of a ground station (a person), those
    that give an arc or a quarter of the compass alone, and bearings of a system that moves.
    """
    found = log.read_log(data, name)
    rows: list[tuple[int, Detection]] = []
    for kind, sets in (("plot", found.detection), ("track", found.tracks)):
        for one in sets:
            for record in one.records:
                detection = _detection(record, one, kind, skipped)
                if detection is not None:
                    rows.append((record.time, detection))
    rows.sort(key=lambda row: row[0])
    for time_ms, group in groupby(rows, key=lambda row: row[0]):
        yield time_ms / 1e3, "", msgspec.json.encode([detection for _, detection in group])


def _detection(
    record: log.Record, of: log.RecordSet, kind: str, skipped: Skipped
) -> Detection | None:
    place, speed = record.location, record.velocity
    if place is None:
        skipped.add("no place")
        return None
    if record.classification == "GCS":
        skipped.add("a ground station")
        return None
    if isinstance(place, log.Arc | log.Quad):
        skipped.add("only an arc or a quarter")
        return None
    is_placed = isinstance(place, log.Position2d | log.Position3d)
    if record.cuas_location is not None and not is_placed:
        skipped.add("a bearing of a system that moves")
        return None
    row: dict[str, object] = {"time_s": record.time / 1e3, "report": kind}
    if isinstance(place, log.Position2d | log.Position3d):
        row |= {"lat": place.lat, "lon": place.lon}
    if isinstance(place, log.Position3d):
        row |= {"alt_m": place.height_amsl, "alt_ref": "msl"}
    if isinstance(place, log.Bearing | log.BearingElevation | log.BearingElevationDistance):
        row["azimuth_deg"] = place.bearing
    if isinstance(place, log.BearingElevation | log.BearingElevationDistance):
        row["elevation_deg"] = place.elevation
    if isinstance(place, log.BearingElevationDistance):
        row["range_m"] = place.distance
    if speed is not None:
        row |= {"vel_east_mps": speed.east, "vel_north_mps": speed.north,
                "vel_up_mps": speed.up}  # fmt: skip
    if of.uas_id is not None:
        row["sensor_track_id"] = str(of.uas_id)
    made = msgspec.convert(row, Detection)
    body = parse_body(msgspec.json.encode(made))
    if isinstance(body, str) or body.refused:
        skipped.add("not a detection")  # a latitude of 100, a distance of -1
        return None
    return made
