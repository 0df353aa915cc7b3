"""OpenDroneID by MAVLink: frames that pymavlink packed become what a drone might have sent."""

import asyncio
import math
import random
import socket
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries
from tests.ports import free_port

from tocsin.codec.remoteid import (
    AuthPage,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    encode_message,
    find_broadcast,
    mavlink,
    read_mavlink,
)
from tocsin.codec.site_toml import read_site
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.listening import open_all
from tocsin.service.radio import Sieve

NOW_S = 1_767_268_805.0
MAC = bytes.fromhex("60601f112233")
FRAMES = {
    "basic": (
        "fd2c00000007ec643200000060601f11223300000000000000000000000000000102313538314634"
        "464737484a384b394c304d314e32682a"
    ),
    "location": (
        "fd3b00000007ec653200d23c9c1cae8d8e060020004400000c44000042420010e1445a23c9046aff"
        "000060601f112233000000000000000000000000000002000a040304029802"
    ),
    "unknowns": (
        "fd2600000007ec653200000000000000000000007ac400007ac400007ac400ff7f47048d9c639c18"
        "000060601f1122337b9a"
    ),
    "self": (
        "fd2900000007ec673200000060601f11223300000000000000000000000000000053757276657920"
        "6f662074686520726f6f668170"
    ),
    "system": (
        "fd3600000007ec68320067639c1c4ece8e0600007ac400007ac40000ff4300ef1c0d010000000000"
        "60601f1122330000000000000000000000000000010101028cdb"
    ),
    "operator": (
        "fd2700000007ec693200000060601f11223300000000000000000000000000000046494e38376173"
        "747264676531326b38ce11"
    ),
    "authentication": (
        "fd3500000007ec66320000ef1c0d000060601f11223300000000000000000000000000000100011e"
        "000102030405060708090a0b0c0d0e0f101112131415168594"
    ),
    "heartbeat": ("fd0900000007ec000000000000000203000403996d"),
    "pack": (
        "fd3e00000007ec733200000000000000000000000000000000000000000000001902021231353831"
        "4634464737484a384b394c304d314e32000000320046726f6d2061207061636bef94"
    ),
    "signed": (
        "fd1d01000007ec673200000060601f1122330000000000000000000000000000005369676e6564bb"
        "89000100000000005927073fd4de"
    ),
}
FRAMES = {name: bytes.fromhex(text) for name, text in FRAMES.items()}


def heard(*names):
    packets, others = read_mavlink(b"".join(FRAMES[name] for name in names), NOW_S)
    found = [find_broadcast(packet)[0] for packet in packets]
    return [(one.transmitter, one.messages) for one in found], others


def test_every_message_is_the_one_that_was_packed():
    names = ("basic", "location", "self", "system", "operator", "authentication")
    ((transmitter, messages),), others = heard(*names)
    assert (transmitter, others) == (MAC, 0)
    basic, location, said, system, operator, page = messages
    assert basic == BasicId(1, 2, b"1581F4FG7HJ8K9L0M1N2")
    assert isinstance(location, Location)
    assert location.lat_deg == pytest.approx(48.0001234, abs=1e-7)
    assert location.lon_deg == pytest.approx(11.0005678, abs=1e-7)
    assert (location.direction_deg, location.speed_mps) == (90.0, 12.25)
    assert (location.vertical_speed_mps, location.status) == (-1.5, 2)
    assert (location.pressure_altitude_m, location.geodetic_altitude_m) == (512.5, 560.0)
    assert (location.height_m, location.time_of_hour_s) == (48.5, 1800.5)
    assert (location.horizontal_accuracy_code, location.vertical_accuracy_code) == (10, 4)
    assert location.time_accuracy_s == pytest.approx(0.2)
    assert said == SelfId(0, b"Survey of the roof")
    assert isinstance(system, System)
    assert system.operator_lat_deg == pytest.approx(48.0011111, abs=1e-7)
    assert (system.operator_altitude_m, system.class_) == (510.0, 2)
    assert system.time_s == 1_546_300_800.0 + 220_000_000
    assert operator == OperatorId(0, b"FIN87astrdge12k8")
    assert isinstance(page, AuthPage)
    assert (page.page, page.data) == (0, bytes(range(17)))


def test_what_means_unknown_is_not_measured():
    ((_, (location,)),), _ = heard("unknowns")
    unknown = (location.lat_deg, location.direction_deg, location.speed_mps, location.height_m,
               location.vertical_speed_mps, location.geodetic_altitude_m,
               location.time_of_hour_s)  # fmt: skip
    assert all(math.isnan(value) for value in unknown)


def test_a_pack_and_a_signed_frame_are_read_and_other_messages_counted():
    ((transmitter, messages),), others = heard("heartbeat", "pack")
    assert transmitter == b"\x02MAV\x07\xec"  # who tells of himself says no address
    assert messages == (BasicId(1, 2, b"1581F4FG7HJ8K9L0M1N2"), SelfId(0, b"From a pack"))
    assert others == 1
    ((transmitter, messages),), others = heard("signed", "self")
    assert (len(messages), others) == (2, 0)


@pytest.mark.parametrize(
    "payload",
    [b"", b"garbage", FRAMES["basic"][:-1], FRAMES["basic"][:-1] + b"\0", b"\xfe" + bytes(20)],
)
def test_what_is_no_frame_gives_nothing(payload):
    packets, others = read_mavlink(payload, NOW_S)
    assert packets == []
    assert others == bool(payload)


def frame(number, body):
    """Return the MAVLink frame of a body, with the checksum of that message."""
    head = bytes([len(body), 0, 0, 7, 0xEC, 0x65]) + number.to_bytes(3, "little")
    crc = mavlink._crc(head + body, mavlink._MESSAGES[number][0])
    return b"\xfd" + head + body + crc.to_bytes(2, "little")


def system(radius_m, count=1):
    return frame(12904, mavlink._SYSTEM.pack(
        0, 0, -1000.0, -1000.0, 100.0, 1000, count, radius_m, MAC + bytes(14), 0, 1, 1, 1
    ))  # fmt: skip


def told(payload):
    noted = Counter()
    packets, others = read_mavlink(payload, NOW_S, note=lambda reason: noted.update([reason]))
    messages = [m for packet in packets for m in find_broadcast(packet)[0].messages]
    return messages, others, noted


def test_an_area_wider_than_remote_id_can_say_is_the_widest():
    (said,), others, noted = told(system(3000))
    assert (said.area_radius_m, others, noted) == (2550.0, 0, {})


def test_a_message_that_no_drone_can_send_costs_no_other_one():
    bad = frame(12900, mavlink._BASIC.pack(MAC + bytes(14), 200, 2, b"X"))
    messages, others, noted = told(FRAMES["basic"] + bad + FRAMES["location"])
    assert [type(m) for m in messages] == [BasicId, Location]
    assert (others, noted) == (0, {"a message that no drone can send": 1})


def test_messages_of_a_pack_that_cannot_be_read_are_counted_by_their_reason():
    good = encode_message(BasicId(1, 2, b"1ABCD123"))
    bad = bytes([0x09]) + good[1:], bytes([0x72]) + bytes(24)
    body = mavlink._PACK.pack(MAC + bytes(14), 25, 3, good + b"".join(bad))
    messages, others, noted = told(frame(12915, body))
    assert (len(messages), others) == (1, 0)
    assert noted == {"unknown protocol version": 1, "unknown message type": 1}
    assert read_mavlink(frame(12915, body), NOW_S)[1] == 2
    sieve = Sieve("rid")
    sieve.datagram(frame(12915, body), NOW_S)
    assert sieve.counts() == noted


@pytest.mark.fuzz
def test_damaged_datagrams_are_counted_and_never_raise():
    draw = random.Random(9)
    good = [*FRAMES.values(), b"".join(FRAMES.values())]
    told = 0
    for _ in range(tries()):
        octets = bytearray(draw.choice(good))
        for _ in range(draw.randrange(3)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        packets, others = read_mavlink(bytes(octets[: draw.randrange(len(octets)) + 1]), NOW_S)
        assert packets or others
        told += len(packets)
    assert told > tries() / 20


@given(st.binary(max_size=400))
def test_any_octets_are_broadcasts_or_counted(octets):
    packets, others = read_mavlink(octets, NOW_S)
    assert packets or others or not octets


def test_of_a_telemetry_link_only_remote_id_is_kept_and_a_sign_of_life():
    sieve = Sieve("rid")
    assert sieve.datagram(FRAMES["heartbeat"], NOW_S) is not None
    assert sieve.datagram(FRAMES["heartbeat"], NOW_S + 1.0) is None
    kept = sieve.datagram(FRAMES["heartbeat"] + FRAMES["basic"], NOW_S + 2.0)
    assert b"1581F4FG7HJ8K9L0M1N2" in kept
    assert sieve.counts() == {"not Remote ID": 3}


def test_datagrams_on_the_socket_come_into_the_inbox_sifted():
    port = free_port(socket.SOCK_DGRAM)
    site = f"""
[node]
name = "North"
[[sensor]]
id = "rid"
kind = "remote_id"
format = "remote-id"
listen = "udp://127.0.0.1:{port}"
"""

    async def run():
        inbox, found = Inbox(), []
        listening = open_all(read_site(site.encode(), "site.toml"), inbox, REAL)
        listening.start(asyncio.get_running_loop())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for name in ("heartbeat", "basic"):
                sender.sendto(FRAMES[name], ("127.0.0.1", port))
        for _ in range(6000):  # a minute: a deadline, not a measure
            found += inbox.take(0.0)
            if any(b"1581F4FG" in one.payload for one in found):
                break
            await asyncio.sleep(0.01)
        listening.stop(asyncio.get_running_loop())
        return found

    found = asyncio.run(run())
    assert any(b"1581F4FG7HJ8K9L0M1N2" in one.payload for one in found)
    assert not any(FRAMES["heartbeat"] in one.payload for one in found)
