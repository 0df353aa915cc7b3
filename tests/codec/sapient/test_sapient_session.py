"""Nodes, connections, detections, answers: the standard's samples and our own encoder."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin.codec.sapient import (
    FrameStream,
    SapientSession,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    is_ulid,
    read_json,
    receive_into,
    split_into,
    take_into,
    ulid,
    validate,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import CLASSES, Rejected, Report

M = load()
OWN = "00000000-0000-4000-8000-0000000000ff"
NODE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
T = 1_780_000_000.25


def register(node=NODE, time_s=T, **more):
    options = {"kind": "radar", "name": "north radar", "status_s": 5.0, "scan_s": 1.0} | more
    return encode_registration(node, time_s, **options)


def answered(taken):
    """The content of each answer, decoded."""
    found = []
    for item in split_into(FrameStream(), b"".join(taken.answers)):
        message = M.SapientMessage.FromString(item)
        assert not validate(message)
        found.append(message)
    return found


def open_session(path="a", **more):
    session = SapientSession(OWN)
    taken = receive_into(session, path, register(**more), T)
    assert [m.registration_ack.acceptance for m in answered(taken)] == [True]
    return session


def sighted(n=1, **more):
    options = {"azimuth_rad": 1.0, "elevation_rad": 0.1, "range_m": 2000.0} | more
    return [Sighted(ulid(T, k), **options) for k in range(n)]


def scan(things, time_s=T, node=NODE):
    report_ids = [ulid(time_s, 1000 + k) for k in range(len(things))]
    return encode_scan(node, time_s, things, report_ids)


def samples(data_folder):
    return sorted((data_folder / "sapient-samples").glob("*.json"))


def test_all_40_samples_load_are_valid_and_go_round(data_folder):
    paths = samples(data_folder)
    assert len(paths) == 40
    for path in paths:
        message = read_json(path.read_bytes())
        assert not isinstance(message, Rejected), path.name
        assert validate(message) == [], path.name
        again = M.SapientMessage.FromString(message.SerializeToString())
        assert again == message
        assert read_json(M.json_format.MessageToJson(message)) == message


def test_the_sample_with_degrees_labelled_utm_is_refused_with_a_sentence(data_folder):
    session, said = SapientSession(OWN), []
    for name in ("Registration", "DetectionReport", "StatusReport"):
        message = read_json((data_folder / f"sapient-samples/Default.{name}.json").read_bytes())
        taken = take_into(session, "a", message.SerializeToString(), T)
        assert taken.detections == []
        said += [(r.reason, r.detail) for r in taken.rejected]
    assert [reason for reason, _ in said] == ["not placed", "not placed", "not placed"]
    assert "x 51.174 and y -1.82238 are no UTM easting and northing" in said[0][1]
    assert "they look like degrees labelled as UTM" in said[0][1]
    node = session.nodes["a8654cdf-4328-47de-81fa-c495589e30c9"]
    assert (node.types, node.tracks, node.status_s) == (("camera",), True, 5.0)
    assert (node.state, node.faults) == ("ok", ("weather: Rain",))


def test_every_sample_task_is_answered_rejected_and_nothing_is_passed_on(data_folder):
    tasks = [p for p in samples(data_folder) if p.name.startswith("Default.Task.")]
    assert len(tasks) == 19
    session = open_session()
    for path in tasks:
        message = read_json(path.read_bytes())
        (answer,) = answered(take_into(session, "a", message.SerializeToString(), T))
        assert answer.WhichOneof("content") == "task_ack"
        assert answer.task_ack.task_status == M.TaskAck.TASK_STATUS_REJECTED
        assert answer.task_ack.task_id == message.task.task_id
        assert answer.destination_id == message.node_id


def test_no_function_of_the_room_makes_a_task():
    import tocsin.codec.sapient as room

    assert not [name for name in room.__all__ if "task" in name.lower()]
    things = register() + scan(sighted(3)) + encode_status(
        NODE, T, ulid(T, 1), lat_deg=1.0, lon_deg=2.0, alt_m=3.0
    )  # fmt: skip
    for item in split_into(FrameStream(), things):
        assert M.SapientMessage.FromString(item).WhichOneof("content") != "task"


def test_what_the_encoder_sends_is_valid_and_read_as_it_was_meant():
    session = open_session()
    thing = Sighted(
        ulid(T, 7), azimuth_rad=1.25, elevation_rad=0.05, range_m=3210.5,
        sigma_azimuth_rad=0.01, sigma_elevation_rad=0.02, sigma_range_m=12.0,
        vel_east_mps=3.0, vel_north_mps=-4.0, vel_up_mps=1.0, confidence=0.9,
        scores=(0.7, 0.1, 0.1, 0.1, 0.0, 0.0),
    )  # fmt: skip
    data = scan([thing])
    (item,) = split_into(FrameStream(), data)
    assert validate(M.SapientMessage.FromString(item)) == []
    ((node, columns),) = receive_into(session, "a", data, T).detections
    assert node == NODE
    assert columns["time_s"] == pytest.approx(T, abs=1e-6)
    assert columns["report"] == Report.PLOT
    for name in ("azimuth_rad", "elevation_rad", "range_m", "sigma_azimuth_rad",
                 "sigma_elevation_rad", "sigma_range_m", "vel_east_mps", "vel_north_mps",
                 "vel_up_mps"):  # fmt: skip
        assert columns[name] == pytest.approx(getattr(thing, name), rel=1e-12)
    scores = dict(zip(CLASSES, columns["class_scores"], strict=True))
    assert max(scores, key=scores.get) == "drone_multirotor"


@given(
    st.floats(0.0, 6.28), st.floats(-1.5, 1.5), st.floats(1.0, 9e5),
    st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(-400.0, 9000.0),
)  # fmt: skip
def test_bearings_and_places_go_round(azimuth, elevation, range_m, lat, lon, alt):
    session = open_session()
    things = [
        Sighted(ulid(T, 1), azimuth_rad=azimuth, elevation_rad=elevation, range_m=range_m),
        Sighted(ulid(T, 2), lat_deg=lat, lon_deg=lon, alt_m=alt),
    ]
    (_, first), (_, second) = receive_into(session, "a", scan(things), T).detections
    assert first["azimuth_rad"] == pytest.approx(azimuth, abs=1e-12)
    assert first["elevation_rad"] == pytest.approx(elevation, abs=1e-12)
    assert first["range_m"] == pytest.approx(range_m)
    assert (second["lat_deg"], second["lon_deg"], second["alt_m"]) == (lat, lon, alt)


def test_a_node_that_tracks_sends_tracks_with_ids_that_fit():
    session = open_session(tracks=True)
    things = sighted(2)
    taken = receive_into(session, "a", scan(things), T)
    assert [c["report"] for _, c in taken.detections] == [Report.TRACK] * 2
    names = [c["sensor_track_id"] for _, c in taken.detections]
    assert names == [thing.object_id[2:].encode() for thing in things]


def test_all_detections_of_a_scan_share_one_stamp_and_a_new_stamp_closes_the_scan():
    session = open_session()
    first = receive_into(session, "a", scan(sighted(5)), T)
    assert len({c["time_s"] for _, c in first.detections}) == 1
    assert first.scans == []
    second = receive_into(session, "a", scan(sighted(2), T + 1.0), T + 1.0)
    assert [(node, pytest.approx(T, abs=1e-6)) for node, _ in second.scans] == second.scans


def test_a_status_gives_place_field_and_state_in_words():
    session = open_session()
    data = encode_status(
        NODE, T, ulid(T, 1), lat_deg=33.8, lon_deg=42.4, alt_m=210.0, azimuth_deg=10.0,
        width_deg=40.0, system="warning", faults=["fan stopped"],
    )  # fmt: skip
    assert receive_into(session, "a", data, T).rejected == []
    node = session.nodes[NODE]
    assert (node.lat_deg, node.lon_deg, node.alt_m) == (33.8, 42.4, 210.0)
    assert node.field_from_rad == pytest.approx(math.radians(350.0))
    assert node.field_to_rad == pytest.approx(math.radians(30.0))
    assert (node.state, node.faults) == ("warning", ("internal fault: fan stopped",))


def test_kilometres_per_hour_become_metres_per_second():
    registration = M.SapientMessage.FromString(register()[4:])
    units = registration.registration.mode_definition[0].detection_definition[0].velocity_type
    units.enu_velocity_units.east_north_rate_units = M.SPEED_UNITS_KPH
    units.enu_velocity_units.up_rate_units = M.SPEED_UNITS_MS
    session = SapientSession(OWN)
    take_into(session, "a", registration.SerializeToString(), T)
    thing = sighted(1, vel_east_mps=36.0, vel_north_mps=72.0, vel_up_mps=5.0)
    ((_, columns),) = receive_into(session, "a", scan(thing), T).detections
    assert columns["vel_east_mps"] == pytest.approx(10.0)
    assert columns["vel_north_mps"] == pytest.approx(20.0)
    assert columns["vel_up_mps"] == pytest.approx(5.0)


def reasons(taken):
    return [refusal.reason for refusal in taken.rejected]


def test_who_has_not_registered_is_told_so_and_not_heard():
    session = SapientSession(OWN)
    taken = receive_into(session, "a", scan(sighted()), T)
    assert reasons(taken) == ["not registered"]
    assert [m.WhichOneof("content") for m in answered(taken)] == ["error"]


def test_a_node_id_cannot_be_taken_from_a_live_connection_but_from_a_silent_one():
    session = open_session("a")
    taken = receive_into(session, "b", register(), T + 1.0)
    assert reasons(taken) == ["registration refused"]
    assert [m.registration_ack.acceptance for m in answered(taken)] == [False]
    assert reasons(receive_into(session, "b", scan(sighted()), T + 1.0)) == ["not registered"]
    later = receive_into(session, "b", register(time_s=T + 100.0), T + 100.0)
    assert reasons(later) == []
    assert len(receive_into(session, "b", scan(sighted()), T + 100.0).detections) == 1
    assert reasons(receive_into(session, "a", scan(sighted()), T + 100.0)) == ["not registered"]


def test_one_connection_speaks_for_one_node_and_its_dependents():
    session = open_session("a")
    assert reasons(receive_into(session, "a", register(OTHER), T)) == ["registration refused"]
    fusion = M.SapientMessage.FromString(register()[4:])
    fusion.registration.dependent_nodes.append(OTHER)
    take_into(session, "a", fusion.SerializeToString(), T)
    assert reasons(receive_into(session, "a", register(OTHER), T)) == []


def test_after_goodbye_or_the_end_of_a_connection_a_node_may_come_back_by_another():
    session = open_session("a")
    receive_into(session, "a", b"", T)
    assert reasons(receive_into(session, "b", register(), T + 0.1)) == []
    bye = encode_status(
        NODE, T, ulid(T, 1), lat_deg=1.0, lon_deg=1.0, alt_m=1.0, system="goodbye"
    )
    receive_into(session, "b", bye, T + 0.2)
    assert session.nodes[NODE].state == "goodbye"
    assert reasons(receive_into(session, "c", register(), T + 0.3)) == []


def test_a_length_that_lies_closes_that_connection_and_no_other():
    session = open_session("a")
    receive_into(session, "b", register(OTHER), T)
    taken = receive_into(session, "a", b"\xff\xff\xff\x7f", T)
    assert "2147483647" in taken.closed
    assert len(receive_into(session, "b", scan(sighted(), node=OTHER), T).detections) == 1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda m: m.ClearField("timestamp"), "timestamp is mandatory"),
        (lambda m: setattr(m, "node_id", "radar-1"), "node_id 'radar-1' is no UUID"),
        (lambda m: setattr(m.detection_report, "object_id", "7"), "object_id '7' is no ULID"),
        (lambda m: m.detection_report.ClearField("range_bearing"), "location_oneof one of"),
        (lambda m: m.detection_report.range_bearing.ClearField("datum"), "datum is mandatory"),
        (lambda m: m.detection_report.classification.add(), "classification[0].type is mand"),
    ],
)  # fmt: skip
def test_each_clause_that_is_broken_is_named(change, path):
    message = M.SapientMessage.FromString(scan(sighted())[4:])
    change(message)
    taken = take_into(open_session(), "a", message.SerializeToString(), T)
    assert reasons(taken) == ["not valid"]
    assert path in taken.rejected[0].detail
    assert path in answered(taken)[0].error.error_message[0]


def test_an_error_is_never_answered_with_an_error():
    broken = M.SapientMessage(node_id="nobody")
    broken.error.packet = b"x"
    taken = take_into(open_session(), "a", broken.SerializeToString(), T)
    assert reasons(taken) == ["not valid"]
    assert taken.answers == []


def test_an_alert_is_acknowledged(data_folder):
    session = SapientSession(OWN)
    for name in ("Registration", "Alert"):
        path = data_folder / f"sapient-samples/Default.{name}.json"
        taken = take_into(session, "a", read_json(path.read_bytes()).SerializeToString(), T)
    (answer,) = answered(taken)
    assert answer.alert_ack.alert_id == "01H4R63D7NVN8444Z5M77WEBY7"


def test_ulids_sort_by_time_and_have_the_standard_s_form():
    early, late = ulid(T, (1 << 80) - 1), ulid(T + 0.001, 0)
    assert is_ulid(early)
    assert is_ulid(late)
    assert early < late
    # The example of the ULID specification: 01ARZ3NDEK is 2016-07-30T23:54:10.259Z.
    assert ulid(1_469_922_850.259, 0).startswith("01ARZ3NDEK")


def test_a_session_restored_from_a_snapshot_goes_on_the_same():
    session = open_session()
    data = scan(sighted(4)) + scan(sighted(3), T + 1.0)
    receive_into(session, "a", data[:333], T)
    restored = thaw(freeze(session))
    one, other = (receive_into(s, "a", data[333:], T + 1.0) for s in (session, restored))
    assert repr(one) == repr(other)
    assert freeze(session) == freeze(restored)


def test_who_registers_under_what_is_no_uuid_is_answered_without_it():
    data = register().replace(NODE.encode(), b"<" + NODE.encode()[1:])
    (answer,) = answered(receive_into(open_session(), "a", data, T))
    assert not answer.registration_ack.acceptance
    assert "is no UUID" in answer.registration_ack.ack_response_reason[0]
    assert not answer.HasField("destination_id")


@pytest.mark.fuzz
def test_mutated_messages_never_raise(data_folder):
    chance = random.Random(335)
    seeds = [read_json(p.read_bytes()).SerializeToString() for p in samples(data_folder)]
    seeds += split_into(FrameStream(), register() + scan(sighted(3)))
    session = open_session()
    for n in range(tries()):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.1:
            del data[chance.randrange(len(data)) :]
        taken = receive_into(session, "a", frame(bytes(data)), T + n)
        assert taken.closed in ("", "100 messages in a row were of no use")
        if taken.closed:
            receive_into(session, "a", b"", T + n)
            receive_into(session, "a", register(), T + n)
    assert len(session.nodes) <= 1_024


def test_text_that_is_no_message_is_refused():
    for text in (b"{", b'{"nodeId": 5}', b'{"secret": true}', b"\xff", b"[]", b"{\xff", b""):
        assert read_json(text).reason == "not a SAPIENT message"


def test_the_slow_backend_is_refused():
    import os
    import subprocess
    import sys

    code = "from tocsin.codec.sapient import read_json; read_json('{}')"
    environment = os.environ | {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pure-Python backend" in done.stderr
