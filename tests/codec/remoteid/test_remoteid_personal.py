"""A broadcast under other names flies the same and says nothing of anybody."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.capture import LinkType, Packet, read_capture
from tocsin.codec.remoteid import (
    AuthPage,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    bluetooth_extended,
    bluetooth_legacy,
    encode_message,
    encode_pack,
    find_broadcast,
    masked,
    personal_of,
    wifi_beacon,
    wifi_nan,
)

NAN = math.nan
SENDER, OTHER = bytes.fromhex("84cca8604324"), bytes.fromhex("020102030405")
RADIOS = {
    "wifi-beacon": (wifi_beacon, LinkType.IEEE_802_11),
    "wifi-nan": (wifi_nan, LinkType.IEEE_802_11),
    "bluetooth-5": (bluetooth_extended, LinkType.BLUETOOTH_LE_LL),
}
SERIAL, OPERATOR, SAYS = b"MFG1A0123456789", b"GBR-OP-PERSONAL1", b"my name is nobody"
LAT, LON, ALT_M = 48.2345678, 11.8765432, 560.5
PLACE = Location(2, 0, 90.0, 10.0, 0.0, 48.2, 11.3, NAN, 700.0, 50.0, 10, 4, 4, 3, NAN, 0.1)
SAID = [
    BasicId(1, 2, SERIAL), PLACE,
    System(1, 1, LAT, LON, 3, 250.0, 80.0, 10.0, 1, 5, ALT_M, NAN),
    OperatorId(0, OPERATOR), SelfId(0, SAYS), AuthPage(1, 0, 1, 30, 1.7e9, b"signed by X"),
    AuthPage(1, 1, -1, -1, NAN, b"and Y"),
]  # fmt: skip


def heard(data, link_type):
    broadcast, refused = find_broadcast(Packet(7.0, link_type, data, len(data)))
    assert refused == []
    return broadcast


def rename(broadcast):
    return masked(
        broadcast, transmitter=OTHER, id_for=lambda kind, value: b"OTHER-%d" % kind,
        operator_for=lambda value: b"X-OPERATOR",
    )  # fmt: skip


@pytest.mark.parametrize("transport", RADIOS)
def test_nothing_personal_is_left_in_the_octets_and_the_flight_is_the_same(transport):
    build, link_type = RADIOS[transport]
    before = heard(build(SENDER, encode_pack(SAID), 9), link_type)
    packet = rename(before)
    after = heard(packet.data, packet.link_type)
    assert (after.transport, after.counter, after.time_s) == (transport, 9, 7.0)
    assert after.transmitter == OTHER
    assert after.messages[0] == BasicId(1, 2, b"OTHER-1")
    assert encode_message(after.messages[1]) == encode_message(PLACE)
    system = after.messages[2]
    assert math.isnan(system.operator_lat_deg)
    assert math.isnan(system.operator_altitude_m)
    assert (system.area_count, system.area_radius_m, system.class_) == (3, 250.0, 5)
    assert after.messages[3] == OperatorId(0, b"X-OPERATOR")
    forms = [SERIAL, OPERATOR, SAYS, b"signed", b"and Y", SENDER, SENDER[::-1]]
    forms += [struct.pack("<i", round(x * 1e7)) for x in (LAT, LON)]
    assert not [form for form in forms if form in packet.data]


@pytest.mark.parametrize("message", SAID, ids=lambda m: type(m).__name__)
def test_a_message_alone_stays_one(message):
    before = heard(
        bluetooth_legacy(SENDER, encode_message(message), 1), LinkType.BLUETOOTH_LE_LL
    )
    after = heard(rename(before).data, LinkType.BLUETOOTH_LE_LL)
    assert [type(m) for m in after.messages] == [type(message)]
    assert after.transmitter == OTHER


def test_what_is_personal_is_told_apart():
    said = personal_of(heard(wifi_beacon(SENDER, encode_pack(SAID), 1), LinkType.IEEE_802_11))
    assert said.transmitter == SENDER
    assert said.ids == ((1, SERIAL),)
    assert said.operator_id == OPERATOR
    assert said.says == SAYS.decode()
    assert said.system.operator_lat_deg == pytest.approx(LAT, abs=1e-7)


@given(st.lists(st.binary(min_size=25, max_size=25), min_size=1, max_size=9))
def test_any_octets_that_are_heard_can_be_renamed_and_location_messages_stay(messages):
    payload = bytes([0xF2, 25, len(messages)]) + b"".join(messages)
    data = wifi_beacon(SENDER, payload, 1)
    broadcast, _ = find_broadcast(Packet(7.0, LinkType.IEEE_802_11, data, len(data)))
    if broadcast is None:
        return
    packet = rename(broadcast)
    again, _ = find_broadcast(packet)
    assert again is not None
    wanted = [encode_message(m) for m in broadcast.messages if isinstance(m, Location)]
    assert [encode_message(m) for m in again.messages if isinstance(m, Location)] == wanted
    assert [type(m) for m in again.messages] == [type(m) for m in broadcast.messages]


def test_real_recordings_fly_the_same_under_other_names(data_folder):
    checked = 0
    for path in sorted((data_folder / "remote-id-wireshark").glob("*.pcap*")):
        for item in read_capture(path.read_bytes()):
            broadcast = find_broadcast(item)[0] if isinstance(item, Packet) else None
            if broadcast is None:
                continue
            again, _ = find_broadcast(rename(broadcast))
            flights = [
                [encode_message(m) for m in b.messages if isinstance(m, Location)]
                for b in (broadcast, again)
            ]
            assert flights[0] == flights[1]
            checked += len(flights[0])
    assert checked > 100
