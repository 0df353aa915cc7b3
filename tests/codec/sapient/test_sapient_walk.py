"""The fast way through detection reports against the slow one, which is the judge: what the
first takes the second takes, with the same columns to the bit.
"""

import copy
import math
import random
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin.codec import open_session
from tocsin.codec._clock import settle, settle_all
from tocsin.codec._work import Work
from tocsin.codec.sapient import (
    SapientSession,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    read_json,
    receive_into,
    ulid,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.walker import columns_of
from tocsin.codec.site_toml import read_site
from tocsin.model import DetectionBatch

M = load()
OWN = "00000000-0000-4000-8000-0000000000ff"
NODE, OTHER = "11111111-1111-4111-8111-111111111111", "ABCDEF22-2222-4222-8222-222222222222"
T = 1_780_000_000.25
MUTATIONS = tries()
SITE = """
[node]
name = "test"
[[sensor]]
id = "radar"
kind = "radar"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{}"
"""


def registration(**more):
    options = {"kind": "radar", "name": "radar", "status_s": 5.0, "scan_s": 1.0} | more
    return encode_registration(NODE, T, **options)


def reports(n=4, time_s=T):
    """Reports of every sort that our own encoder makes, as messages."""
    things = [
        Sighted(ulid(T, 4 * k), azimuth_rad=1.0 + 0.05 * k, elevation_rad=0.1, range_m=2000.0,
                sigma_azimuth_rad=0.01, range_rate_mps=-12.34, sigma_range_rate_mps=0.5,
                scores=(0.7, 0.2, 0.1, 0.0, 0.0, 0.0))
        for k in range(n)
    ] + [
        Sighted(ulid(T, 4 * k + 1), lat_deg=48.1, lon_deg=11.2, alt_m=600.0 + k,
                vel_east_mps=3.0, vel_north_mps=-4.0, vel_up_mps=0.5)
        for k in range(n)
    ]  # fmt: skip
    data = encode_scan(NODE, time_s, things, [ulid(T, 900 + k) for k in range(2 * n)])
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def batch_of(taken):
    """All detections of a Taken, in their order."""
    parts, begin = [], 0
    for end, _node, rows in [*taken.tables, (len(taken.detections), "", None)]:
        few = taken.detections[begin:end]
        part = DetectionBatch.blank(len(few))
        for i, (_node_id, columns) in enumerate(few):
            for name, value in columns.items():
                getattr(part, name)[i] = value
        parts.append(part)
        if rows is not None:
            parts.append(columns_of(rows))
        begin = end
    return DetectionBatch.join([p for p in parts if len(p)])


def agree(session, data, **more):
    """Take a stream both ways; they must agree in everything. Returns (rows, of them fast)."""
    slow, fast = copy.deepcopy(session), copy.deepcopy(session)
    one = receive_into(slow, "a", data, T, **more)
    two = receive_into(fast, "a", data, T, in_tables=True, **more)
    assert slow == fast or repr(slow) == repr(fast)  # NaN is not equal to itself
    for name in ("heard", "moved", "task_acks", "answers", "rejected", "records", "closed"):
        assert getattr(one, name) == getattr(two, name), name
    assert repr(one.scans) == repr(two.scans)
    expected, found = batch_of(one), batch_of(two)
    assert not one.tables
    assert len(found) == len(expected)
    for item in fields(DetectionBatch):
        a, b = getattr(expected, item.name), getattr(found, item.name)
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), item.name
    return len(found), sum(len(rows) for _, _, rows in two.tables)


def session_of(**more):
    session = SapientSession(OWN)
    receive_into(session, "a", registration(**more), T)
    return session


@pytest.fixture(scope="module")
def real(data_folder):
    """The standard's samples, all of one node."""
    found = []
    for path in sorted((data_folder / "sapient-samples").glob("*.json")):
        message = read_json(path.read_bytes())
        message.node_id = NODE
        found.append(message)
    return found


@pytest.mark.parametrize("more", [{}, {"tracks": True}, {"range_rate": True}])
def test_what_our_encoder_makes_goes_the_fast_way_with_the_same_columns(more):
    data = b"".join(frame(message) for message in reports(50))
    assert agree(session_of(**more), data, geoid_m=46.5) == (100, 100)


def test_every_sample_of_the_standard_gives_the_same_either_way(real):
    session = session_of(range_rate=True)
    for message in real:
        agree(session, frame(message.SerializeToString()))
    (report,) = [m for m in real if m.HasField("detection_report")]
    place = report.detection_report.location  # its degrees are labelled as UTM
    place.coordinate_system = M.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
    for name in ("state", "derived_detection"):  # what has these is read one by one
        assert agree(session, frame(report.SerializeToString())) == (1, 0)
        report.detection_report.ClearField(name)
    report.ClearField("additional_information")
    assert agree(session, frame(report.SerializeToString())) == (1, 1)


def test_slow_messages_between_fast_ones_count_in_their_turn():
    km_per_h = M.SapientMessage.FromString(registration()[4:])
    units = km_per_h.registration.mode_definition[0].detection_definition[0].velocity_type
    units.enu_velocity_units.east_north_rate_units = M.SPEED_UNITS_KPH
    status = encode_status(NODE, T, ulid(T, 1), lat_deg=48.0, lon_deg=11.0, alt_m=500.0)
    unknown_field = reports()[0] + b"\xf8\x07\x01"
    parts = [*map(frame, reports()), status, *map(frame, reports()), frame(unknown_field),
             frame(b"\xff\xff"), *map(frame, reports()), frame(km_per_h.SerializeToString()),
             *map(frame, reports()), frame(unknown_field), frame(reports()[5])]  # fmt: skip
    rows, fast = agree(session_of(), b"".join(parts))
    assert (rows, fast) == (4 * 8 + 3, 4 * 8 + 1)


def test_nodes_that_share_a_connection_keep_their_own_units():
    session = session_of()
    session.nodes[NODE].dependents = (OTHER.lower(),)
    other = M.SapientMessage.FromString(registration(tracks=True)[4:])
    other.node_id = OTHER
    receive_into(session, "a", frame(other.SerializeToString()), T)
    assert len(session.nodes) == 2
    mixed = []
    for number, message in enumerate(reports(6)):
        said = M.SapientMessage.FromString(message)
        said.node_id = (NODE, OTHER, OTHER.lower(), "3" + NODE[1:])[number % 4]
        mixed.append(frame(said.SerializeToString()))
    rows, fast = agree(session, b"".join(mixed))
    assert (rows, fast) == (9, 9)


def test_a_stream_in_pieces_of_any_size_gives_the_same_rows():
    data = b"".join(map(frame, reports(10)))
    chance = random.Random(7)
    whole = batch_of(receive_into(session_of(), "a", data, T, in_tables=True))
    for _ in range(20):
        session, parts, at = session_of(), [], 0
        while at < len(data):
            step = chance.randint(1, 700)
            taken = receive_into(session, "a", data[at : at + step], T, in_tables=True)
            parts.append(batch_of(taken))
            at += step
        found = DetectionBatch.join([p for p in parts if len(p)])
        assert np.array_equal(found.azimuth_rad, whole.azimuth_rad, equal_nan=True)
        assert np.array_equal(found.lat_deg, whole.lat_deg, equal_nan=True)


@pytest.mark.fuzz
def test_mutated_reports_that_the_fast_way_takes_the_slow_way_takes_alike(real):
    chance = random.Random(20_262)
    session, pool = session_of(range_rate=True), reports(3)
    pool += [m.SerializeToString() for m in real if m.HasField("detection_report")] * 2
    rows = fast = 0
    for _ in range(0, MUTATIONS, 50):
        messages = [_mutated(chance.choice(pool), chance) for _ in range(50)]
        n, quick = agree(session, b"".join(map(frame, messages)), must_register=False)
        rows, fast = rows + n, fast + quick
    assert MUTATIONS / 20 < fast <= rows < MUTATIONS


def _mutated(data, chance):
    out = bytearray(data)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                out[at] ^= 1 << chance.randrange(8)
            case 2:
                del out[at : at + chance.randint(1, 12)]
            case _:
                out[at:at] = out[at : at + chance.randint(1, 40)]
        if not out:
            return b"\x00"
    return bytes(out)


@pytest.mark.parametrize("slow_s", [0.0, 5.0, 29.0, 40.0])
def test_the_clock_learns_the_same_from_many_reports_at_once(slow_s):
    node = read_site(SITE.format(NODE).encode(), "site.toml")
    chance = random.Random(3)
    one, many = (Work(open_session(node, live=True), node, T, {}) for _ in range(2))
    for arrival_s in range(1_780_000_000, 1_780_000_060):
        delays = [chance.uniform(-1.0, 1.0) + slow_s for _ in range(chance.randint(0, 40))]
        times_s = [arrival_s - delay_s for delay_s in delays]
        expected = [settle(one, "radar", time_s, arrival_s) for time_s in times_s]
        found = settle_all(many, "radar", times_s, arrival_s)
        assert [None if math.isnan(time_s) else time_s for time_s in found] == expected
        assert one.session.clocks == many.session.clocks
        assert one.rejected == many.rejected


NUMBERS = st.floats() | st.floats(-200.0, 200.0) | st.sampled_from([0.0, -0.0, 90.0, 360.0])
WORDS = st.sampled_from(
    ["UAV", "uav rotary wing", "x:Bird ", "\x1cBIRD", "Human", "nothing", "", "Ünbekannt",
     "Air Vehicle", "range rate", "12.5", "-3", "1e3", " 7", "1.2.3", "9" * 16, "+.5", "nan"]
)  # fmt: skip


@st.composite
def a_report(draw):
    """A message with any fields of the definitions that a decoder has to do with."""
    message = M.SapientMessage()
    message.node_id = NODE
    message.timestamp.seconds = draw(st.sampled_from([0, 1_780_000_000, -5, 2**40]))
    message.timestamp.nanos = draw(st.sampled_from([0, 999_999_999, -1, 250_000_000]))
    said = message.detection_report
    said.report_id, said.object_id = ulid(T, 1), draw(st.sampled_from([ulid(T, 2), "short"]))
    place = draw(st.sampled_from([said.location, said.range_bearing]))
    for item in place.DESCRIPTOR.fields:
        if item.type == item.TYPE_DOUBLE and draw(st.booleans()):
            setattr(place, item.name, draw(NUMBERS))
    place.coordinate_system = draw(st.integers(0, 5))
    place.datum = draw(st.integers(0, 4))
    if draw(st.booleans()):
        for item in said.enu_velocity.DESCRIPTOR.fields:
            if item.number < 3 or draw(st.booleans()):
                setattr(said.enu_velocity, item.name, draw(NUMBERS))
    for _ in range(draw(st.integers(0, 3))):
        info = said.object_info.add(type=draw(WORDS), value=draw(WORDS))
        if draw(st.booleans()):
            info.error = draw(st.floats(width=32))
    for _ in range(draw(st.integers(0, 3))):
        _classes_into(draw, said.classification.add(type=draw(WORDS)), 0)
    if draw(st.booleans()):
        said.derived_detection.add(node_id=draw(st.sampled_from([NODE, "x"])),
                                   object_id=ulid(T, 3))  # fmt: skip
    return message.SerializeToString()


def _classes_into(draw, item, level):
    if draw(st.booleans()):
        item.confidence = draw(st.floats(width=32) | st.floats(0.0, 1.0, width=32))
    if level < 3:
        for _ in range(draw(st.integers(0, 2))):
            _classes_into(draw, item.sub_class.add(type=draw(WORDS), level=level), level + 1)


@settings(max_examples=300, deadline=None)
@given(messages=st.lists(a_report(), min_size=1, max_size=4), range_rate=st.booleans())
def test_any_report_gives_the_same_columns_either_way(messages, range_rate):
    agree(session_of(range_rate=range_rate), b"".join(map(frame, messages)), geoid_m=46.5)
