"""pcap and pcapng: real files, pieces of them, and files that are no good."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.fuzzing import tries

from tocsin.codec.capture import (
    CaptureStream,
    LinkType,
    Packet,
    is_capture,
    read_capture,
    read_capture_into,
    write_pcap,
)
from tocsin.model import Rejected

# Known to be true of the recordings: the README files beside them.
FILES = {
    "remote-id-wireshark/odid_wifi_bcn_sample.pcap": (21, 127),
    "remote-id-wireshark/odid_wifi_sample.pcap": (63, 127),
    "remote-id-wireshark/odid_bt5_lr_sample.pcapng": (274, 272),
    "dji-droneid-wifi/mavic_alessa_spoofed.pcapng": (10, 127),
    "dji-droneid-wifi/mavic_multiple_spoofed.pcapng": (239, 127),
    "asterix-croatia/asterix.pcap": (100, 1),
}


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_every_packet_of_a_real_capture_is_read(data_folder, name, expected):
    packets = list(read_capture((data_folder / name).read_bytes()))
    assert all(isinstance(packet, Packet) for packet in packets)
    assert (len(packets), packets[0].link_type) == expected


@pytest.mark.parametrize("name", list(FILES)[:3])
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_capture_that_comes_in_pieces_gives_the_same_packets(data_folder, name, size):
    data = (data_folder / name).read_bytes()
    stream, found = CaptureStream(), []
    for at in range(0, len(data), size):
        found += read_capture_into(stream, data[at : at + size])
    assert found == list(read_capture(data))


packets = st.lists(
    st.builds(
        lambda micros, data, more: Packet(micros / 1e6, 127, data, len(data) + more),
        st.integers(0, 4_000_000_000_000_000),
        st.binary(max_size=80),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=8,
)


@given(packets)
def test_what_is_written_as_pcap_reads_back_to_the_microsecond(sent):
    back = list(read_capture(write_pcap(sent)))
    assert [(p.data, p.length, p.link_type) for p in back] == [
        (p.data, p.length, p.link_type) for p in sent
    ]
    assert all(abs(a.time_s - b.time_s) <= 1e-6 for a, b in zip(back, sent, strict=True))


def block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("resolution", "ticks_per_s"), [(6, 10**6), (9, 10**9), (0x94, 2**20)])
def test_pcapng_times_follow_the_interface_s_resolution(order, resolution, ticks_per_s):
    ticks = 1_700_000_000 * ticks_per_s + ticks_per_s // 4
    options = struct.pack(f"{order}HH4s", 9, 1, bytes([resolution]) + b"\0\0\0")
    head = struct.pack(f"{order}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, 3, 9)
    data = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(order, 1, struct.pack(f"{order}HHI", 105, 0, 0) + options)
    data += block(order, 6, head + b"abc")
    assert list(read_capture(data)) == [Packet(1_700_000_000.25, 105, b"abc", 9)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_nanosecond_pcap_of_either_byte_order_is_read(order):
    data = struct.pack(f"{order}IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 105)
    data += struct.pack(f"{order}IIII", 1_700_000_000, 500_000_000, 2, 2) + b"hi"
    assert list(read_capture(data)) == [Packet(1_700_000_000.5, 105, b"hi", 2)]


def test_an_impossible_length_ends_the_capture_with_one_reason():
    good = write_pcap([Packet(1.0, LinkType.IEEE_802_11, b"abc", 3)])
    stream = CaptureStream()
    first = read_capture_into(stream, good + struct.pack("<IIII", 2, 0, 0x7FFFFFFF, 4))
    assert [getattr(item, "reason", "") for item in first] == ["", "capture broken"]
    assert [item.reason for item in read_capture_into(stream, good)] == ["capture lost"]
    assert stream.rest == b""


def test_a_file_that_ends_within_a_packet_says_so():
    whole = write_pcap([Packet(1.0, 105, b"abcdef", 6)])
    *_, last = read_capture(whole[:-2])
    assert isinstance(last, Rejected)
    assert last.reason == "truncated capture"


def test_text_is_no_capture():
    assert not is_capture(b"time,icao24\n")
    (item,) = read_capture(b"time,icao24\n")
    assert item.reason == "capture broken"


def test_packets_of_two_link_types_are_not_written_into_one_pcap():
    with pytest.raises(ValueError, match="one link type"):
        write_pcap([Packet(1.0, 105, b"", 0), Packet(1.0, 127, b"", 0)])


@pytest.mark.fuzz
@pytest.mark.parametrize("name", list(FILES)[:4])
def test_mutated_captures_never_raise_and_stay_bounded(data_folder, name):
    import random

    data = (data_folder / name).read_bytes()[:6000]
    chance = random.Random(name)
    for _ in range(tries(400)):
        mutated = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        stream = CaptureStream()
        for item in read_capture_into(stream, bytes(mutated[: chance.randrange(len(mutated))])):
            assert isinstance(item, Packet | Rejected)
        assert len(stream.rest) <= len(data)
