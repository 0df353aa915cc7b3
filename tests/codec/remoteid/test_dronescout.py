"""What a DroneScout receiver publishes becomes the beacon that the drone might have sent."""

import base64
import json
import math
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin.codec.remoteid import (
    AuthPage,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    find_broadcast,
    read_dronescout,
)
from tocsin.service.radio import Sieve

NOW_S = 1_767_268_805.0


def block(**location):
    """Lay out ODID_UAS_Data octet by octet, at the places of opendroneid-core-c 2."""
    said = {"direction": 90.0, "speed": 12.5, "climb": -1.5, "lat": 52.1, "lon": 4.3}
    said |= {"pressure": 101.0, "geodetic": 144.5, "height": 60.0, "time": 5.0} | location
    out = bytearray(916)
    struct.pack_into("<II21s", out, 0, 2, 1, b"1596F350457791151D")
    struct.pack_into("<I", out, 64, 2)
    struct.pack_into("<fff", out, 68, said["direction"], said["speed"], said["climb"])
    struct.pack_into("<dd", out, 80, said["lat"], said["lon"])
    struct.pack_into("<ff", out, 96, said["pressure"], said["geodetic"])
    struct.pack_into("<If", out, 104, 0, said["height"])
    struct.pack_into("<5I", out, 112, 11, 5, 4, 3, 1)
    struct.pack_into("<f", out, 132, said["time"])
    struct.pack_into("<II", out, 136, 0, 1)  # authentication, page 0
    out[144], out[145] = 1, 40
    struct.pack_into("<I17s", out, 148, 1000, bytes(range(17)))
    struct.pack_into("<II", out, 176, 1, 1)
    out[192:215] = bytes(range(100, 123))
    struct.pack_into("<I23s", out, 776, 0, b"survey")
    struct.pack_into("<IIdd", out, 808, 1, 1, 52.0, 4.2)
    struct.pack_into("<HHff", out, 832, 1, 50, 120.0, 0.0)
    struct.pack_into("<IIfI", out, 844, 1, 2, 45.0, 2000)
    struct.pack_into("<I20s", out, 864, 0, b"FIN87astrdge12k8")
    for valid in (892, 894, 895, 896, 911, 912, 913):
        out[valid] = 1
    return bytes(out)


def publication(octets, **data):
    said = {"sensor ID": "ds-1", "RSSI": -60, "channel": 6, "timestamp": int(NOW_S * 1000),
            "MAC address": "60:60:1F:AA:BB:CC", "type": "WLAN beacon",
            "UASdata": base64.b64encode(octets).decode()} | data  # fmt: skip
    return json.dumps({"protocol": "1.0", "data": said}).encode()


def messages_of(payload):
    packets, others = read_dronescout(payload, NOW_S)
    found = [find_broadcast(packet)[0] for packet in packets]
    return [m for b in found if b is not None for m in b.messages], found, others


def test_every_message_of_the_block_is_the_one_that_was_laid_out():
    said, broadcasts, others = messages_of(publication(block()))
    assert others == 0
    assert {b.transmitter.hex() for b in broadcasts} == {"60601faabbcc"}
    by_kind = {type(m): m for m in said if not isinstance(m, AuthPage)}
    assert by_kind[BasicId].uas_id.rstrip(b"\0") == b"1596F350457791151D"
    assert (by_kind[BasicId].ua_type, by_kind[BasicId].id_type) == (2, 1)
    where = by_kind[Location]
    assert (where.status, where.height_type) == (2, 0)
    assert where.direction_deg == 90.0
    assert where.speed_mps == 12.5
    assert where.vertical_speed_mps == -1.5
    assert (where.lat_deg, where.lon_deg) == pytest.approx((52.1, 4.3), abs=1e-7)
    assert (where.pressure_altitude_m, where.geodetic_altitude_m) == (101.0, 144.5)
    assert where.height_m == 60.0
    assert where.horizontal_accuracy_code == 11
    assert where.vertical_accuracy_code == 5
    assert where.pressure_accuracy_code == 4
    assert where.speed_accuracy_code == 3
    assert where.time_of_hour_s == 5.0
    assert where.time_accuracy_s == pytest.approx(0.1)
    assert by_kind[SelfId].description.rstrip(b"\0") == b"survey"
    operator = by_kind[System]
    assert (operator.operator_lat_deg, operator.operator_lon_deg) == pytest.approx((52.0, 4.2))
    assert (operator.area_radius_m, operator.area_ceiling_m) == (50.0, 120.0)
    assert (operator.category, operator.class_) == (1, 2)
    assert operator.operator_altitude_m == 45.0
    assert operator.time_s == 1_546_300_800.0 + 2000.0
    assert by_kind[OperatorId].operator_id.rstrip(b"\0") == b"FIN87astrdge12k8"
    pages = [m for m in said if isinstance(m, AuthPage)]
    assert [p.page for p in pages] == [0, 1]
    assert (pages[0].last_page, pages[0].length) == (1, 40)
    assert pages[0].data + pages[1].data == bytes(range(17)) + bytes(range(100, 123))


def test_what_the_library_means_by_unknown_is_not_measured():
    said, _, _ = messages_of(
        publication(block(direction=361.0, speed=255.0, climb=63.0, lat=0.0, lon=0.0,
                          pressure=-1000.0, geodetic=-1000.0, height=-1000.0, time=math.nan))
    )  # fmt: skip
    (where,) = [m for m in said if isinstance(m, Location)]
    moving = (where.direction_deg, where.speed_mps, where.vertical_speed_mps)
    heights = (where.pressure_altitude_m, where.geodetic_altitude_m, where.height_m)
    for value in (*moving, *heights, where.lat_deg, where.lon_deg, where.time_of_hour_s):
        assert math.isnan(value)


def test_several_objects_of_one_publication_are_all_read():
    one = publication(block())
    status = b'{"protocol": "1.0", "status": {"sensor ID": "ds-1"}}'
    packets, others = read_dronescout(one + status + b"\n" + one, NOW_S)
    assert len(packets) == 2
    assert others == 1


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"not json", b"{}", b"[1]", publication(block()[:900]),
     publication(block(), **{"MAC address": "zz"}), publication(block(), UASdata="!!")],
)  # fmt: skip
def test_what_is_no_remote_id_gives_nothing_and_is_counted(payload):
    packets, others = read_dronescout(payload, NOW_S)
    assert packets == []
    assert others == (0 if payload == b"" else 1)


def test_a_time_stamp_of_any_size_is_read():
    for stamp in (10**400, -(10**400), 1e308, True, "now", None):
        packets, others = read_dronescout(publication(block(), timestamp=stamp), NOW_S)
        assert (len(packets), others) == (1, 0), stamp


def test_a_message_of_the_block_that_no_drone_can_send_costs_no_other_one():
    octets, noted = bytearray(block()), []
    octets[844:848] = (200).to_bytes(4, "little")  # the category in a System message
    packets, others = read_dronescout(publication(bytes(octets)), NOW_S, note=noted.append)
    kinds = {type(m) for packet in packets for m in find_broadcast(packet)[0].messages}
    assert {BasicId, Location} <= kinds
    assert System not in kinds
    assert (others, noted) == (0, ["a message that no drone can send"])


@pytest.mark.fuzz
def test_damaged_publications_are_counted_and_never_raise():
    draw = random.Random("dronescout")
    good = block()
    kept = others = 0
    for _ in range(tries()):
        octets = bytearray(good)
        for _ in range(draw.randrange(8)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        payload = bytearray(publication(bytes(octets)))
        if draw.random() < 0.3:
            payload[draw.randrange(len(payload))] = draw.randrange(256)
        packets, n = read_dronescout(bytes(payload), NOW_S)
        kept, others = kept + len(packets), others + n
    assert kept > tries() / 20
    assert others > tries() / 20


@given(st.binary(max_size=200))
def test_any_octets_are_broadcasts_or_counted(payload):
    packets, others = read_dronescout(payload, NOW_S)
    assert packets or others or not payload.strip()


def test_what_a_broker_brings_is_renamed_before_it_is_kept():
    asked = []

    def mask(packet, at_s):
        asked.append(packet)
        return None if len(asked) > 1 else packet

    sieve = Sieve("rid", mask)
    kept = sieve.published(publication(block()) + b"{}" + publication(block()), NOW_S)
    assert len(asked) == 2
    assert sieve.counts() == {"could not be stored without names": 1, "not Remote ID": 1}
    from tocsin.codec.capture import read_capture

    (packet,) = list(read_capture(kept))
    assert find_broadcast(packet)[0] is not None
