"""COURAGEOUS logs: the format's own rules, written down once more, judge what is written."""

import json
import math
import random

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import damaged, tries

from tocsin.codec import courageous as log
from tocsin.codec import decode_into, open_session
from tocsin.codec.recordings import open_recording
from tocsin.errors import FormatError
from tocsin.model import Batch, Node, Sensor

NUMBER = {"type": "number"}
WHOLE = {"type": "integer", "minimum": 0}


def thing(*needed, **fields):
    return {"type": "object", "required": list(needed), "properties": fields}


def place(name, *fields):
    return thing(
        "$type", *fields, **{"$type": {"enum": [name]}}, **dict.fromkeys(fields, NUMBER)
    )


def or_null(schema):
    return {"anyOf": [schema, {"type": "null"}]}


WORDS = or_null({"type": "string"})
POSITION = thing("lat", "lon", "height_amsl", lat=NUMBER, lon=NUMBER, height_amsl=NUMBER)
LOCATION = {"oneOf": [
    place("Arc", "from", "to"), place("Bearing", "bearing"), place("Position2d", "lat", "lon"),
    place("Position3d", "lat", "lon", "height_amsl"),
    place("BearingElevation", "bearing", "elevation"),
    place("BearingElevationDistance", "bearing", "elevation", "distance"),
    thing("$type", "quad", **{"$type": {"enum": ["Quad"]}},
          quad={"enum": ["North", "East", "South", "West"]}),
]}  # fmt: skip
ALARM = thing("active", "certainty", active={"type": "boolean"},
              certainty={"type": "number", "minimum": 0, "maximum": 1})  # fmt: skip


def sets(*needed, of=()):
    record = thing(
        "classification", "record_number", "time", *of, record_number=WHOLE, time=WHOLE,
        classification={"enum": ["Unknown", "UAV", "GCS", "Other"]}, identification=WORDS,
        alarm=ALARM if of else or_null(ALARM), location=LOCATION if of else or_null(LOCATION),
        velocity=or_null(thing("east", "north", "up", east=NUMBER, north=NUMBER, up=NUMBER)),
        cuas_location=or_null(POSITION),
    )  # fmt: skip
    return {"type": "array", "items": thing(
        "records", *needed, records={"type": "array", "items": record}, name=WORDS,
        uas_id=WHOLE if needed else or_null(WHOLE), uav_home_location=or_null(POSITION),
    )}  # fmt: skip


# Schema 0.4.1 of COURAGEOUS-isf/format-website, restated: what is required and of which type.
SCHEMA = thing(
    "detection", "static_cuas_location", "system_name", "tracks", "vendor_name", "version",
    detection=sets(), tracks=sets("uas_id", of=("alarm", "location")),
    static_cuas_location=POSITION, system_name={"type": "string"},
    vendor_name={"type": "string"}, version={"enum": ["0.4.1"]},
)  # fmt: skip

HERE = log.Position(51.156888, 2.738243, 11.4)
T_MS = 1_696_255_068_480
# The same things as the format's own basic example, with other numbers: sets and tracks.
DETECTED = log.RecordSet((
    log.Record(4, T_MS, "Unknown", log.Alarm(True, 1.0), log.BearingElevation(43.56, 2.21)),
    log.Record(5, T_MS + 555, "Unknown", None, log.Bearing(42.7)),
    log.Record(6, T_MS + 600, "GCS", None, log.Position2d(51.15, 2.74)),
    log.Record(7, T_MS + 700, "Unknown", None, log.Quad("East")),
    log.Record(8, T_MS + 710, "Unknown", None, log.Arc(from_=350.0, to=10.0)),
    log.Record(9, T_MS + 720, "Unknown"),
))  # fmt: skip
TRACKED = log.RecordSet((
    log.Record(0, T_MS + 1_000, "UAV", log.Alarm(False, 0.55),
               log.Position3d(51.158929, 2.741416, 47.2), log.Velocity(-2.1, 1.7, -0.9),
               "quad"),
    log.Record(1, T_MS + 2_000, "UAV", log.Alarm(True, 0.7),
               log.BearingElevationDistance(20.0, 10.0, 400.0)),
), uas_id=1, name="Track name")  # fmt: skip
LOG = log.Log("a system", "a maker", HERE, (DETECTED,), (TRACKED,))


def test_what_is_written_fits_the_schema_and_is_read_back_whole():
    data = log.write_log(LOG)
    jsonschema_rs.validate(SCHEMA, json.loads(data))
    assert log.read_log(data, "trial.json") == LOG
    assert json.loads(data)["detection"][0]["records"][0]["location"]["$type"] == (
        "BearingElevation"
    )


def test_records_become_detections_and_each_that_does_not_is_counted():
    node = Node(
        sensors=(Sensor("cuas", lat=HERE.lat, lon=HERE.lon, alt_m=55.0, format="detections"),)
    )
    recording = open_recording(log.write_log(LOG), "trial.json", node=node, sensor="cuas")
    assert (recording.format, recording.container) == ("detections", "courageous")
    frames = tuple(recording.frames)
    assert recording.skipped == {
        "a ground station": 1, "only an arc or a quarter": 2, "no place": 1,
    }  # fmt: skip
    session = open_session(node, live=False, formats=recording.formats)
    found = decode_into(session, node, Batch(frames[-1].arrival_s + 1.0, frames)).detections
    assert len(found) == 4
    assert found.time_s.tolist() == [T_MS / 1e3 + s for s in (0.0, 0.555, 1.0, 2.0)]
    assert math.degrees(found.azimuth_rad[0]) == pytest.approx(43.56)
    assert math.degrees(found.elevation_rad[0]) == pytest.approx(2.21)
    assert (found.lat_deg[2], found.lon_deg[2]) == (51.158929, 2.741416)
    assert found.vel_up_mps[2] == pytest.approx(-0.9)
    assert found.range_m[3] == 400.0
    assert found.sensor_track_id[2:].tolist() == [b"1", b"1"]


@pytest.mark.parametrize(("change", "words"), [
    (lambda d: d.update(version="0.3.0"), "version 0.4.1"),
    (lambda d: d.pop("static_cuas_location"), "static_cuas_location"),
    (lambda d: d["tracks"][0].pop("uas_id"), "has no uas_id"),
    (lambda d: d["tracks"][0]["records"][0].pop("alarm"), "lacks its alarm"),
    (lambda d: d["tracks"][0]["records"][0].update(record_number=4), "there twice"),
    (lambda d: d["tracks"][0]["records"][0]["alarm"].update(certainty=1.5), "certainty"),
    (lambda d: d["detection"][0]["records"][0].update(time=-1), "time"),
    (lambda d: d["detection"][0]["records"][0]["location"].update({"$type": "Here"}), "Here"),
])  # fmt: skip
def test_a_log_that_is_none_is_refused_with_a_sentence(change, words):
    document = json.loads(log.write_log(LOG))
    change(document)
    with pytest.raises(FormatError, match=words):
        log.read_log(json.dumps(document).encode(), "trial.json")


@pytest.mark.fuzz
def test_damaged_logs_are_logs_or_sentences():
    good, draw = log.write_log(LOG), random.Random("courageous")
    read = refused = 0
    for _ in range(tries()):
        try:
            log.read_log(damaged(good, draw), "trial.json")
            read += 1
        except FormatError:
            refused += 1
    assert read > tries() / 1000  # one wrong octet in most places makes it no JSON
    assert refused > tries() / 2


@given(st.binary(max_size=80), st.integers(0, 900), st.integers(0, 255))
def test_damaged_bytes_are_a_log_or_a_sentence(junk, at, byte):
    data = bytearray(log.write_log(LOG))
    data[at] = byte
    for one in (bytes(data), junk, bytes(data[:at])):
        try:
            log.read_log(one, "trial.json")
        except FormatError:
            continue
