"""Cursor on Target, judged by vectors of another implementation, by protobuf's own decoder and
by laws.
"""

import math
import random
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin import codec
from tocsin.codec.cot import (
    LARGEST_EVENT,
    CotEvent,
    CotStream,
    decode_payload,
    read_protobuf,
    read_xml,
    split_into,
    write_protobuf,
    write_xml,
)
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Rejected, Report, Sensor

# The pair that the pages of takproto (MIT) print: an event, and the same as TAK mesh protobuf.
XML = b"""<event version='2.0' uid='aa0b0312-b5cd-4c2c-bbbc-9c4c70216261' type='a-f-G-E-V-C'
 time='2020-02-08T18:10:44.000Z' start='2020-02-08T18:10:44.000Z'
 stale='2020-02-08T18:11:11.000Z' how='h-e'>
 <point lat='43.97957317' lon='-66.07737696' hae='26.767999' ce='9999999.0' le='9999999.0' />
 <detail><uid Droid='HQ'/><contact callsign='Eliopoli HQ' endpoint='192.168.1.10:4242:tcp'/>
 <__group name='Yellow' role='HQ'/><track speed='0.00000000' course='0.00000000'/></detail>
</event>"""
MESH = (
    b"\xbf\x01\xbf\x12\xff\x01\n\x0ba-f-G-E-V-C*$aa0b0312-b5cd-4c2c-bbbc-9c4c702162610\xa0"
    b"\xa2\xc7\xb8\x82.8\xa0\xa2\xc7\xb8\x82.@\x98\xf5\xc8\xb8\x82.J\x03h-eQ3\x98T\xa7b\xfd"
    b"E@Y}*~\xbe\xf3\x84P\xc0aW\\\x1c\x95\x9b\xc4:@i\x00\x00\x00\xe0\xcf\x12cAq\x00\x00\x00"
    b"\xe0\xcf\x12cAz\x82\x01\x12$\n\x15192.168.1.10:4242:tcp\x12\x0bEliopoli HQ\x1a\x0c\n"
    b"\x06Yellow\x12\x02HQ*\x02\x08d2F\n\x11LENOVO 20QV0007US\x12\nWinTAK-CIV\x1a\x19Micros"
    b'oft Windows 10 Home"\n1.10.0.137:\x00'
)
T0 = 1_790_000_000.0
DRONE = CotEvent(
    "a-u-A-M-H-Q", "uas-77", T0, T0, T0 + 10.0, "m-g", 48.5, 11.25, 512.5, 8.0, 12.0,
    callsign="UAS 77", course_deg=90.0, speed_mps=12.5,
)  # fmt: skip


def decoded_of(payload, arrival_s=T0, *, live=False):
    session = codec.open_session(Node(), live=live, formats={"tak": "cot"})
    frame = Frame("tak", 0, arrival_s, payload)
    return codec.decode_into(session, Node(), Batch(arrival_s, (frame,)))


def test_an_event_as_xml_and_as_protobuf_of_another_implementation_is_one_event():
    (from_mesh,) = decode_payload(MESH)
    from_xml = read_xml(XML)
    # Their page was made five hours west of Greenwich and took the event's UTC for local time.
    west_s = 5 * 3600.0
    times = {n: getattr(from_xml, n) + west_s for n in ("time_s", "start_s", "stale_s")}
    assert repr(from_mesh) == repr(replace(from_xml, **times))
    assert from_mesh.uid == "aa0b0312-b5cd-4c2c-bbbc-9c4c70216261"
    assert (from_mesh.lat_deg, from_mesh.lon_deg) == (43.97957317, -66.07737696)
    assert (from_xml.time_s, from_xml.stale_s) == (1_581_185_444.0, 1_581_185_471.0)
    assert from_mesh.callsign == "Eliopoli HQ"
    assert math.isnan(from_mesh.sigma_position_m)


def tak_message():
    """The published message definition, built for Google's own decoder."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    text, number, real, message = 9, 4, 1, 11
    fields = {
        "Contact": [("endpoint", 1, text), ("callsign", 2, text)],
        "Track": [("speed", 1, real), ("course", 2, real)],
        "Detail": [("xmlDetail", 1, text), ("contact", 2, ".t.Contact"),
                   ("track", 7, ".t.Track")],
        "CotEvent": [("type", 1, text), ("opex", 4, text), ("uid", 5, text),
                     ("sendTime", 6, number), ("startTime", 7, number),
                     ("staleTime", 8, number), ("how", 9, text), ("lat", 10, real),
                     ("lon", 11, real), ("hae", 12, real), ("ce", 13, real), ("le", 14, real),
                     ("detail", 15, ".t.Detail")],
        "TakMessage": [("cotEvent", 2, ".t.CotEvent")],
    }  # fmt: skip
    for name, rows in fields.items():
        one = file.message_type.add(name=name)
        for field, place, kind in rows:
            made = one.field.add(name=field, number=place, label=1)
            made.type = message if isinstance(kind, str) else kind
            if isinstance(kind, str):
                made.type_name = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.TakMessage"))


def test_what_we_write_is_what_the_protobuf_library_reads():
    event = tak_message().FromString(write_protobuf(DRONE)).cotEvent
    assert (event.type, event.uid, event.how) == (DRONE.type, DRONE.uid, DRONE.how)
    assert (event.sendTime, event.staleTime) == (T0 * 1000, (T0 + 10.0) * 1000)
    assert (event.lat, event.lon, event.hae) == (48.5, 11.25, 512.5)
    assert (event.ce, event.le) == (8.0, 12.0)
    assert (event.detail.track.speed, event.detail.track.course) == (12.5, 90.0)
    assert event.detail.contact.callsign == "UAS 77"


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]), max_size=30)
plain = words.filter(str.isprintable)
metres = st.just(math.nan) | st.floats(0.0, 9_000.0)
times = st.integers(10**12, 2 * 10**12).map(lambda ms: ms / 1000.0)


@st.composite
def events(draw):
    start_s = draw(times)
    moves = draw(st.booleans())
    return CotEvent(
        draw(st.sampled_from(["a-u-A", "a-f-A-C-F-q", "a-h-G-U-C", "b-m-p-s-m"])),
        draw(plain.filter(bool)), draw(times), start_s, start_s + draw(st.integers(0, 999)),
        draw(st.sampled_from(["m-g", "h-e", ""])), draw(st.floats(-90, 90)),
        draw(st.floats(-180, 180)), draw(st.just(math.nan) | st.floats(-400.0, 20_000.0)),
        draw(metres), draw(metres), draw(plain),
        draw(st.floats(0, 360)) if moves else math.nan,
        draw(st.floats(0, 300)) if moves else math.nan, draw(st.sampled_from(["", "o", "e-x"])),
    )  # fmt: skip


@given(events())
def test_every_event_survives_xml_and_protobuf(event):
    assert repr(read_xml(write_xml(event))) == repr(event)
    # proto3 does not tell -0.0 and 0.0 apart, nor anything left out from 0.
    assert repr(read_protobuf(write_protobuf(event))).replace("-0.0", "0.0") == repr(
        event
    ).replace("-0.0", "0.0")


@given(
    st.lists(st.sampled_from([XML, write_xml(DRONE), b"<event uid='>'/>"]), max_size=5),
    st.integers(1, 400),
    st.sampled_from([b"", b"\n", b"<?xml version='1.0'?>\n"]),
)
def test_a_stream_of_xml_gives_the_same_events_however_it_is_cut(documents, size, between):
    data = b"".join(between + document for document in documents)
    stream, found = CotStream(), []
    for at in range(0, len(data), size):
        found += split_into(stream, data[at : at + size])
    assert [octets.removeprefix(between.lstrip()) for _kind, octets in found] == documents
    assert not stream.rest


def test_a_stream_of_protobuf_gives_the_same_events_however_it_is_cut():
    message = write_protobuf(replace(DRONE, uid="a drone with a longer name"))
    data = (b"\xbf" + bytes([len(message) & 0x7F | 0x80, len(message) >> 7]) + message) * 3
    assert len(message) >= 128
    for size in (1, 7, 100, len(data)):
        stream, found = CotStream(), []
        for at in range(0, len(data), size):
            found += split_into(stream, data[at : at + size])
        assert found == [("protobuf", message)] * 3


def test_a_drone_in_the_air_is_a_declared_report_in_our_units():
    batch = decoded_of(write_xml(DRONE)).detections
    assert batch.report.tolist() == [Report.DECLARED]
    assert batch.declared_id.tolist() == [b"uas-77"]
    assert (batch.lat_deg[0], batch.lon_deg[0], batch.alt_m[0]) == (48.5, 11.25, 512.5)
    assert batch.alt_ref.tolist() == [AltRef.ELLIPSOID]
    assert (batch.sigma_position_m[0], batch.sigma_alt_m[0]) == (8.0, 12.0)
    assert batch.vel_east_mps[0] == pytest.approx(12.5)
    assert batch.vel_north_mps[0] == pytest.approx(0.0, abs=1e-9)
    assert batch.category.tolist() == [b"B6"]
    assert batch.flags.tolist() == [DetectionBatch.GEOMETRIC_HEIGHT]


@pytest.mark.parametrize("affiliation", "fhunpasjk")
def test_no_affiliation_changes_what_is_taken_over(affiliation):
    said = replace(DRONE, type=f"a-{affiliation}-A-M-H-Q")
    batch, known = (decoded_of(write_xml(e)).detections for e in (said, DRONE))
    assert repr(batch) == repr(known)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "a-f-G-U-C"}, "not in the air"),
        ({"type": "t-x-d-d"}, "not in the air"),
        ({"type": "b-t-f"}, "not in the air"),
        ({"stale_s": T0 + 0.5}, "stale"),
    ],
)
def test_what_is_of_no_use_is_counted_with_its_reason(change, reason):
    decoded = decoded_of(write_xml(replace(DRONE, **change)), T0 + 1.0)
    assert [r.reason for r in decoded.rejected] == [reason]
    assert (len(decoded.detections), decoded.records) == (0, {"COT": 1})


def test_an_aircraft_of_a_gateway_goes_by_its_address_and_no_fix_is_no_position():
    named = replace(DRONE, uid="ICAO-4841A3", type="a-n-A-C-F", lat_deg=0.0, lon_deg=0.0)
    batch = decoded_of(write_xml(named)).detections
    assert batch.declared_id.tolist() == [b"4841a3"]
    assert batch.flags.tolist() == [DetectionBatch.NO_POSITION]
    assert math.isnan(batch.lat_deg[0])


def test_a_simulated_thing_is_marked():
    for change in ({"how": "m-s"}, {"opex": "s-drill"}):
        batch = decoded_of(write_xml(replace(DRONE, **change))).detections
        assert batch.flags[0] & DetectionBatch.SIMULATED_TARGET


@pytest.mark.parametrize(
    ("course", "speed"),
    [("9999999.0", "9999999.0"), ("9999999.0", "5.0"), ("90", "-1"), ("90", "inf"), ("N", "5")],
)
def test_a_course_or_speed_that_cannot_be_costs_the_velocity_and_not_the_place(course, speed):
    written = write_xml(DRONE).replace(b'"90.0"', f'"{course}"'.encode())
    found = decoded_of(written.replace(b'"12.5"', f'"{speed}"'.encode()))
    batch = found.detections
    assert (batch.lat_deg.tolist(), found.rejected) == ([48.5], ())
    assert math.isnan(batch.vel_east_mps[0])
    assert math.isnan(batch.vel_north_mps[0])


@pytest.mark.parametrize(
    ("course_deg", "speed_mps"), [(9999999.0, 9999999.0), (400.0, 5.0), (90.0, math.inf)]
)
def test_by_protobuf_too(course_deg, speed_mps):
    said = struct.pack("<d", 12.5), struct.pack("<d", 90.0)
    written = write_protobuf(DRONE).replace(said[0], struct.pack("<d", speed_mps))
    event = read_protobuf(written.replace(said[1], struct.pack("<d", course_deg)))
    assert (event.lat_deg, event.alt_m) == (48.5, 512.5)
    assert math.isnan(event.speed_mps) or math.isnan(event.course_deg)


def test_the_service_hands_on_the_place_of_one_whose_speed_is_not_known():
    from tocsin.service.tak import TakSieve

    written = write_xml(DRONE).replace(b'"12.5"', b'"9999999.0"')
    (kept,) = TakSieve("tak").open("tcp://x").take(written, T0)
    event = read_xml(kept.payload)
    assert (event.lat_deg, event.course_deg) == (48.5, 90.0)
    assert math.isnan(event.speed_mps)


def test_a_thing_of_an_exercise_is_marked_so_and_no_more_real_where_it_is_simulated():
    for change, flag in (
        ({"opex": "e-north"}, DetectionBatch.EXERCISE_TARGET),
        ({"opex": "e", "how": "m-s"}, DetectionBatch.SIMULATED_TARGET), ({"opex": "o"}, 0),
    ):  # fmt: skip
        batch = decoded_of(write_xml(replace(DRONE, **change))).detections
        unreal = DetectionBatch.EXERCISE_TARGET | DetectionBatch.SIMULATED_TARGET
        assert batch.flags[0] & unreal == flag


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE event [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;">]><event uid="&c;"></event>'
)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (BOMB, "document type"),
        (b'<!DOCTYPE event SYSTEM "file:///etc/passwd"><event></event>', "document type"),
        (b"<events><event></event>", "root is 'events'"),
        (b"<event></event>", "no point"),
        (b"<event>" * 100 + b"</event>", "more than 64 deep"),
        (write_xml(DRONE).replace(b"48.5", b"north"), "lat is 'north'"),
        (write_xml(DRONE).replace(b"48.5", b"91.5"), "the point is at 91.5"),
        (b"\xbf\x01\xbf\x12\xff", "does not end"),
        (b"\xbf\xff\xff\xff\xff\x07", "at most 65536"),
        (b"<event " + b" " * LARGEST_EVENT, "more than 65536 octets"),
        (b"hello", "begins with octet 0x68"),
    ],
)
def test_what_is_wrong_is_said(payload, words):
    refused = decode_payload(payload)
    assert all(isinstance(r, Rejected) for r in refused)
    assert words in refused[0].detail
    assert len(refused[0].raw) <= 64


@pytest.mark.fuzz
def test_damaged_events_are_events_or_sentences():
    draw = random.Random(20_000)
    good = [XML, write_xml(DRONE), MESH, b"\xbf\x01\xbf" + write_protobuf(DRONE)]
    refused = 0
    for _ in range(tries()):
        octets = bytearray(draw.choice(good))
        for _ in range(draw.randrange(1, 6)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        found = decode_payload(bytes(octets[: draw.choice((len(octets), draw.randrange(400)))]))
        refused += sum(isinstance(one, Rejected) for one in found)
    assert refused > tries() / 4


def test_the_service_keeps_only_things_in_the_air_and_under_other_names():
    from tocsin.service.tak import TakSieve

    sieve = TakSieve("tak", lambda event, _: replace(event, uid="X-TK1", callsign=""))
    stream = sieve.open("tcp://x:1")
    data = XML + write_xml(DRONE) + b"<event uid='x'/>"
    cut = [data[at : at + 11] for at in range(0, len(data), 11)]
    life, *kept = [one for piece in cut for one in stream.take(piece, T0)]
    assert life.payload == b""
    assert len(kept) == 1
    assert b"uas-77" not in kept[0].payload
    assert b"UAS 77" not in kept[0].payload
    assert b"Eliopoli" not in kept[0].payload
    assert decoded_of(kept[0].payload).detections.declared_id.tolist() == [b"X-TK1"]
    assert sieve.counts() == {"not a CoT event": 1, "not in the air": 1}


def test_a_feed_without_aircraft_lives_though_nothing_of_it_is_kept():
    from tocsin.service.tak import TakSieve

    node = Node(sensors=(Sensor("tak", kind="system", format="cot"),))
    session = codec.open_session(node, live=True)
    sieve, frames = TakSieve("tak"), 0
    for k in range(600):
        for arrival in sieve.open("udp://x:1").take(XML, T0 + 0.5 * k):
            frame = Frame("tak", frames, arrival.arrival_s, arrival.payload)
            decoded = codec.decode_into(session, node, Batch(arrival.arrival_s, (frame,)))
            assert (arrival.payload, decoded.rejected, len(decoded.detections)) == (b"", (), 0)
            frames += 1
    assert frames == 60
    assert sieve.counts() == {"not in the air": 600}
    (status,) = codec.sensor_status(session, node, T0 + 300.0)
    assert status.state == "ok"
