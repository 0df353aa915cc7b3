"""Wi-Fi management frames and Bluetooth advertisements out of captured packets."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.capture import (
    ACCESS_ADDRESS,
    LinkType,
    Packet,
    crc24,
    elements,
    read_advertisement,
    read_capture,
    read_management,
    structures,
)

SENDER = bytes.fromhex("84cca8604324")
BEACON = b"\x80\x00\x00\x00" + b"\xff" * 6 + SENDER * 2 + b"\x00\x00" + b"body"


def packet(link_type: int, data: bytes, cut: int = 0) -> Packet:
    return Packet(1.0, link_type, data[: len(data) - cut], len(data))


def radiotap(flags: int) -> bytes:
    # Version, pad, length 9, present: flags only.
    return bytes([0, 0, 9, 0, 2, 0, 0, 0, flags])


def test_a_frame_with_a_right_check_sequence_is_intact_and_a_wrong_one_is_not():
    fcs = zlib.crc32(BEACON).to_bytes(4, "little")
    good = read_management(packet(127, radiotap(0x10) + BEACON + fcs))
    assert (good.transmitter, good.body, good.intact) == (SENDER, b"body", True)
    damaged = BEACON.replace(b"body", b"bady")
    assert not read_management(packet(127, radiotap(0x10) + damaged + fcs)).intact


def test_what_the_receiver_calls_damaged_is_not_intact():
    assert not read_management(packet(127, radiotap(0x40) + BEACON)).intact


def test_a_time_stamp_before_the_flags_is_stepped_over_with_its_alignment():
    # TSFT is aligned to 8: it begins at 8 after one present word and at 16 after two.
    for present in (b"\x03\0\0\0", b"\x03\0\0\x80\0\0\0\0"):
        body = present.ljust((len(present) + 4 + 7) // 8 * 8 - 4, b"\0") + b"\x01" * 8 + b"\x40"
        head = bytes([0, 0, len(body) + 4, 0]) + body
        assert not read_management(packet(127, head + BEACON)).intact


def test_data_frames_and_encrypted_ones_are_left_alone():
    assert read_management(packet(105, b"\x08" + BEACON[1:])) is None
    assert read_management(packet(105, b"\x80\x40" + BEACON[2:])) is None


def test_a_cut_frame_is_not_called_damaged_for_want_of_its_check_sequence():
    frame = read_management(packet(127, radiotap(0x10) + BEACON + b"\0\0\0\0", cut=6))
    assert frame.intact
    assert not frame.whole


def test_the_last_element_that_is_cut_comes_as_not_whole():
    assert list(elements(b"\x00\x02ab\xdd\x04xy")) == [(0, b"ab", True), (221, b"xy", False)]


def test_the_radio_crc_agrees_with_the_sniffer_on_every_frame(data_folder):
    """The sniffer's own verdict is the judge of the CRC computed here."""
    data = (data_folder / "remote-id-wireshark/odid_bt5_lr_sample.pcapng").read_bytes()
    agreed = 0
    for item in read_capture(data):
        said = bool(item.data[8] & 1)
        pdu = item.data[22 : 24 + item.data[23]]
        agreed += (crc24(pdu) == item.data[24 + item.data[23] :][:3]) == said
        assert read_advertisement(item).intact == said
    assert agreed == 274


def test_legacy_advertisements_are_read_from_all_three_link_types():
    pdu = bytes([0x42, 6 + 5]) + SENDER[::-1] + b"\x04\x16\xfa\xff\x0d"
    air = ACCESS_ADDRESS + pdu + crc24(pdu)
    nordic = bytes([3, len(air) + 10, 0, 3, 0, 0, 2, 10, 1, 37, 50, 0, 0, 0, 0, 0, 0]) + air
    dewhitened = bytes(8) + b"\x01\x00" + air
    for kind, data in (
        (LinkType.BLUETOOTH_LE_LL, air),
        (LinkType.BLUETOOTH_LE_LL_WITH_PHDR, dewhitened),
        (LinkType.NORDIC_BLE, nordic),
    ):
        heard = read_advertisement(packet(kind, data))
        assert (heard.address, heard.is_extended, heard.intact) == (SENDER, False, True)
        assert list(structures(heard.data)) == [(0x16, b"\xfa\xff\x0d", True)]


def test_one_wrong_bit_anywhere_in_a_pdu_is_seen():
    pdu = bytes([0x42, 8]) + SENDER[::-1] + b"\x01\xff"
    air = ACCESS_ADDRESS + pdu + crc24(pdu)
    for bit in range(32, 8 * len(air)):
        damaged = bytearray(air)
        damaged[bit // 8] ^= 1 << bit % 8
        heard = read_advertisement(packet(251, bytes(damaged)))
        assert heard is None or not heard.intact


def test_whitened_packets_are_not_guessed_at():
    air = ACCESS_ADDRESS + b"\x42\x06" + SENDER
    assert read_advertisement(packet(256, bytes(10) + air)) is None


@given(st.sampled_from([1, 105, 127, 251, 256, 272]), st.binary(max_size=120))
def test_any_octets_are_read_without_an_exception(kind, data):
    read_management(packet(kind, data))
    heard = read_advertisement(packet(kind, data))
    if heard is not None:
        list(structures(heard.data))
