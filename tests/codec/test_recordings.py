"""Files as frames: what is recognised, in which time, and what is refused in words."""

import gzip
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec import modes
from tocsin.codec.asterix import encode_block, encode_north_mark, encode_plot
from tocsin.codec.recordings import open_recording
from tocsin.errors import CallError, FormatError, TocsinError
from tocsin.model import Batch, Node, Sensor

T0 = 1_767_225_600.25
BLOCK = encode_block(48, [encode_plot(7, 8, T0, 1e4, 1.0)])


def udp(payload, port=8600):
    return struct.pack(">HHHH", 1, port, 8 + len(payload), 0) + payload


def ipv4(payload, *, protocol=17, fragment=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, fragment, 9, protocol, 0)
    return head + bytes([10, 0, 0, 1]) + bytes([239, 0, 0, 1]) + payload


def ipv6(payload):
    return struct.pack(">IHBB", 0x60000000, len(payload), 17, 9) + bytes(31) + b"\1" + payload


LINKS = {
    "ethernet": (1, bytes(12) + b"\x08\x00" + ipv4(udp(BLOCK))),
    "vlan": (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00" + ipv4(udp(BLOCK))),
    "cooked": (113, bytes(14) + b"\x08\x00" + ipv4(udp(BLOCK))),
    "cooked 2": (276, b"\x08\x00" + bytes(18) + ipv4(udp(BLOCK))),
    "raw": (101, ipv4(udp(BLOCK))),
    "ipv6": (1, bytes(12) + b"\x86\xdd" + ipv6(udp(BLOCK))),
    "loopback": (0, b"\2\0\0\0" + ipv4(udp(BLOCK))),
}


def pcap(link, packets, *, order="<", nano=False):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    tick = 1e9 if nano else 1e6
    for time_s, packet in packets:
        whole = int(time_s)
        ticks = round((time_s - whole) * tick)
        out += struct.pack(order + "IIII", whole, ticks, len(packet), len(packet)) + packet
    return out


def pcapng(link, packets, *, order="<"):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)  # nanoseconds
    out += block(1, struct.pack(order + "HHI", link, 0, 65535) + options)
    for time_s, packet in packets:
        ticks = int(time_s) * 10**9 + round((time_s % 1) * 1e9)
        head = struct.pack(
            order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet)
        )
        out += block(6, head + packet)
    return out


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["micro", "nano", "pcapng"])
def test_captures_of_every_kind_give_the_payload_and_its_time(link, order, kind):
    number, packet = LINKS[link]
    packets = [(T0, packet), (T0 + 1.5, packet)]
    if kind == "pcapng":
        data = pcapng(number, packets, order=order)
    else:
        data = pcap(number, packets, order=order, nano=kind == "nano")
    recording = open_recording(data, "c.pcap")
    frames = list(recording.frames)
    assert [frame.payload for frame in frames] == [BLOCK, BLOCK]
    assert [frame.arrival_s for frame in frames] == pytest.approx([T0, T0 + 1.5], abs=1e-6)
    assert recording.seconds_recorded == pytest.approx(1.5)
    assert frames[0].path.endswith(":8600")
    assert (recording.format, recording.skipped) == ("asterix", {})


def test_what_a_capture_holds_besides_is_counted():
    ethernet = bytes(12) + b"\x08\x00"
    packets = [
        (T0, ethernet + ipv4(udp(BLOCK), protocol=6)),
        (T0, ethernet + ipv4(udp(BLOCK), fragment=0x2000)),
        (T0, bytes(12) + b"\x08\x06" + bytes(28)),
        (T0, ethernet + ipv4(udp(BLOCK))[:24]),
        (T0, b"\0\0"),
        (T0, ethernet + ipv4(udp(BLOCK))),
    ]
    recording = open_recording(pcap(1, packets) + b"\1\2\3", "c.pcap")
    assert len(list(recording.frames)) == 1
    assert recording.skipped == {
        "not UDP": 1, "fragment": 1, "not IP": 2, "truncated packet": 1, "cut short": 1,
    }  # fmt: skip


def test_raw_asterix_takes_its_day_from_the_date_and_rolls_over_midnight():
    first, last = T0 // 86400 * 86400 + 86399.5, T0 // 86400 * 86400 + 86400.5
    data = encode_block(34, [encode_north_mark(7, 8, first)]) + encode_block(
        48, [encode_plot(7, 8, last, 1e4, 1.0)]
    )
    recording = open_recording(data, "r.raw", date="2026-01-01")
    assert [frame.arrival_s for frame in recording.frames] == [first, last]
    session = codec.open_session(
        Node(), live=False, date="2026-01-01", formats=recording.formats
    )
    frames = tuple(open_recording(data, "r.raw", date="2026-01-01").frames)
    rows = codec.decode_into(session, Node(), Batch(last, frames)).detections
    assert rows.time_s.tolist() == [last]


def test_the_counter_of_beast_gives_the_time():
    message = modes.attach_parity(bytes(11))
    data = b"".join(modes.encode(message, int(12e6 * t) + 5) for t in (0, 1, 3))
    times = [
        frame.arrival_s for frame in open_recording(data, "b.bin", date="2026-01-01").frames
    ]
    assert [t - times[0] for t in times] == pytest.approx([0, 1, 3])
    assert times[0] == T0 - 0.25


def test_avr_lines_are_read_with_and_without_a_counter():
    hexes = modes.attach_parity(bytes.fromhex("8d3c660c58b986d0b3bd25")).hex().upper()
    data = f"*{hexes};\n@00000000000C{hexes};\n@000000B71B0C{hexes};\nnonsense\n".encode()
    recording = open_recording(data, "a.avr")
    frames = tuple(recording.frames)
    assert recording.format == "avr"
    assert recording.seconds_recorded == pytest.approx(1.0)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    decoded = codec.decode_into(session, Node(), Batch(1.0, frames))
    assert decoded.records == {"DF17": 3}
    assert [r.reason for r in decoded.rejected] == ["not a frame"]


def test_lines_out_of_order_come_in_the_order_of_time():
    lines = [json.dumps({"timestamp": T0 + t, "frame": "00"}) for t in (3, 1, 2)]
    data = gzip.compress("\n".join(lines).encode())
    times = [frame.arrival_s - T0 for frame in open_recording(data, "l.jsonl.gz").frames]
    assert times == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello, this is prose\n" * 3, "no recording that is known"),
        (b"SQLite format 3\x00" + bytes(100), "database"),
        (b"\x1f\x8b" + bytes(30), "damaged"),
        (gzip.compress(BLOCK * 50, mtime=0)[:-9], "cut short"),
        (
            pcap(1, [(T0, b"x")])[:30] + struct.pack("<III", 0, 9_999_999, 9) + bytes(40),
            "octet",
        ),
    ],
)
def test_a_wrong_file_is_a_sentence(data, words):
    with pytest.raises(FormatError, match=words) as caught:
        list(open_recording(data, "file.bin").frames)
    assert "file.bin" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "cat62"}, "no format 'cat62'"),
        ({"date": "yesterday"}, "2026-11-23"),
        ({"sensor": "radar-9", "node": Node()}, "no sensor 'radar-9'"),
    ],
)
def test_a_wrong_call_is_a_sentence(options, words):
    with pytest.raises(CallError, match=words):
        open_recording(BLOCK, "r.raw", **options)


@pytest.mark.parametrize(
    "format", ["beast", "avr", "modes-jsonl", "asterix", "statevectors-csv"]
)
def test_prose_is_refused_as_any_format(format):
    with pytest.raises(FormatError):
        list(
            open_recording(
                b"Once upon a time\nthere was a file.\n", "p.txt", format=format
            ).frames
        )


def test_a_recording_belongs_to_the_one_sensor_that_can_have_made_it():
    node = Node(sensors=(Sensor(id="rx", kind="adsb", format="beast"),))
    data = modes.encode(modes.attach_parity(bytes(11)), 1)
    assert open_recording(data, "b.bin", node=node).source == "rx"
    assert open_recording(data, "b.bin").source == "b.bin"
    two = Node(sensors=(*node.sensors, Sensor(id="ry", kind="adsb", format="beast")))
    assert open_recording(data, "b.bin", node=two).source == "b.bin"
    assert open_recording(data, "b.bin", node=two, sensor="ry").source == "ry"


def test_a_category_that_is_not_read_makes_no_track_from_garbage(data_folder):
    data = (data_folder / "asterix-croatia" / "cat21_re.ast").read_bytes()
    recording = open_recording(data.replace(b"\x15\x00", b"\x16\x00"), "cat22.ast")
    frames = tuple(recording.frames)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    decoded = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert len(decoded.detections) == 0
    assert [r.reason for r in decoded.rejected] == ["category not read"]


@given(st.binary(max_size=200), st.sampled_from([None, *codec.FORMATS]))
def test_any_bytes_are_frames_or_a_sentence(data, format):
    try:
        recording = open_recording(data, "x", format=format)
        frames = tuple(recording.frames)
    except TocsinError:
        return
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    codec.decode_into(session, Node(), Batch(0.0, frames))


def test_a_table_whose_names_are_no_text_is_a_sentence():
    with pytest.raises(FormatError, match="cannot be read as a table"):
        list(open_recording(b"\x80,b\n1,2\n", "table.csv", format="detections").frames)
