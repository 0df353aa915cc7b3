"""Frames of the four radios: what is sent is heard, what is damaged is not believed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin.codec.capture import (
    CaptureStream,
    LinkType,
    Packet,
    read_capture,
    read_capture_into,
    write_pcap,
)
from tocsin.codec.remoteid import (
    BasicId,
    Broadcast,
    SelfId,
    bluetooth_extended,
    bluetooth_legacy,
    encode_message,
    encode_pack,
    find_broadcast,
    read_broadcasts,
    sift_into,
    wifi_beacon,
    wifi_nan,
)
from tocsin.model import Rejected

SENDER = bytes.fromhex("02a1b2c3d4e5")
SENT = [BasicId(1, 2, b"MFG1A0123456789"), SelfId(0, b"survey")]
WIFI, AIR = LinkType.IEEE_802_11, LinkType.BLUETOOTH_LE_LL
RADIOS = {
    "wifi-beacon": (wifi_beacon, WIFI),
    "wifi-nan": (wifi_nan, WIFI),
    "bluetooth-5": (bluetooth_extended, AIR),
}


def packet(data: bytes, kind: int, time_s: float = 1.0) -> Packet:
    return Packet(time_s, kind, data, len(data))


@pytest.mark.parametrize("transport", RADIOS)
@given(counter=st.integers(0, 255), count=st.integers(0, 9))
def test_a_pack_is_heard_as_it_was_sent(transport, counter, count):
    build, kind = RADIOS[transport]
    messages = (SENT * 5)[:count]
    broadcast, refused = find_broadcast(
        packet(build(SENDER, encode_pack(messages), counter), kind)
    )
    assert refused == []
    assert broadcast == Broadcast(1.0, transport, SENDER, counter, tuple(messages))


def test_a_legacy_advertisement_carries_one_message():
    data = bluetooth_legacy(SENDER, encode_message(SENT[0]), 7)
    broadcast, _ = find_broadcast(packet(data, AIR))
    assert broadcast == Broadcast(1.0, "bluetooth-4", SENDER, 7, (SENT[0],))
    with pytest.raises(ValueError, match="31"):
        bluetooth_legacy(SENDER, encode_pack(SENT), 7)


@pytest.mark.parametrize("transport", RADIOS)
def test_a_frame_cut_anywhere_is_refused_or_no_remote_id_at_all(transport):
    build, kind = RADIOS[transport]
    whole = build(SENDER, encode_pack(SENT), 1)
    # Behind the content stand the NAN extension, 7 octets, or the radio CRC, 3.
    behind = {"wifi-nan": 7, "bluetooth-5": 0, "wifi-beacon": 0}[transport]
    for size in range(len(whole) - behind):
        broadcast, _ = find_broadcast(Packet(1.0, kind, whole[:size], len(whole)))
        assert broadcast is None


def test_another_vendor_s_element_before_ours_is_passed_over():
    beacon = wifi_beacon(SENDER, encode_pack(SENT), 1, ssid=b"drone")
    other = b"\xdd\x05\x00\x50\xf2\x02\x01"
    broadcast, _ = find_broadcast(packet(beacon[:36] + other + beacon[36:], WIFI))
    assert broadcast.messages == tuple(SENT)


def test_nan_fields_before_the_service_information_are_stepped_over():
    frame = wifi_nan(SENDER, encode_pack(SENT), 1)
    at = frame.index(b"\x88\x69\x19\x9d\x92\x09") + 8
    # Binding bitmap, matching filter of 2, response filter of 1; attribute longer by 2 + 3 + 2.
    more = bytes([frame[at] | 0x4C]) + b"\x00\x00" + b"\x02ab" + b"\x01c"
    longer = frame[: at - 10] + bytes([frame[at - 10] + 7]) + frame[at - 9 : at]
    broadcast, _ = find_broadcast(packet(longer + more + frame[at + 1 :], WIFI))
    assert broadcast.messages == tuple(SENT)


def test_a_live_capture_keeps_remote_id_alone_and_counts_the_rest():
    remote_id = packet(wifi_beacon(SENDER, encode_pack(SENT), 1), WIFI, 5.0)
    neighbour = b"\x80\0\0\0" + b"\xff" * 6 + SENDER * 2 + bytes(14) + b"\x00\x07private"
    data = write_pcap([packet(neighbour, WIFI, 4.0), remote_id, packet(neighbour, WIFI, 6.0)])
    stream, kept, others = CaptureStream(), [], 0
    for at in range(0, len(data), 11):
        sifted = sift_into(stream, data[at : at + 11], 9.0)
        kept += sifted.kept
        others += sifted.others
        assert sifted.rejected == []
    assert kept == [remote_id]
    assert others == 2


def test_of_a_damaged_frame_not_one_octet_is_kept(data_folder):
    data = (data_folder / "remote-id-wireshark/odid_bt5_lr_sample.pcapng").read_bytes()
    sifted = sift_into(CaptureStream(), data, 0.0)
    assert len(sifted.kept) == 244
    assert {refusal.reason for refusal in sifted.rejected} == {"checksum"}
    assert all(refusal.raw == b"" for refusal in sifted.rejected)


FILES = (
    "remote-id-wireshark/odid_wifi_bcn_sample.pcap",
    "remote-id-wireshark/odid_wifi_sample.pcap",
    "remote-id-wireshark/odid_bt5_lr_sample.pcapng",
    "dji-droneid-wifi/mavic_multiple_spoofed.pcapng",
)


def mutated(packets: list[Packet], chance: random.Random):
    while True:
        item = chance.choice(packets)
        data = bytearray(item.data)
        for _ in range(chance.randint(1, 8)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data) + 1) :]
        yield Packet(item.time_s, item.link_type, bytes(data), item.length)


@pytest.mark.fuzz
def test_mutated_frames_never_raise(data_folder):
    packets = [p for name in FILES for p in read_capture((data_folder / name).read_bytes())]
    source = mutated(packets, random.Random(20))
    for item in read_broadcasts(next(source) for _ in range(tries())):
        assert item is None or isinstance(item, Broadcast | Rejected)


def test_a_bluetooth_frame_with_any_one_wrong_bit_makes_no_drone():
    data = bluetooth_extended(SENDER, encode_pack(SENT), 1)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        assert find_broadcast(packet(bytes(damaged), AIR))[0] is None


def test_a_stream_of_noise_stays_bounded():
    stream = CaptureStream()
    for _ in range(50):
        read_capture_into(stream, random.Random(1).randbytes(4096))
    assert len(stream.rest) == 0
