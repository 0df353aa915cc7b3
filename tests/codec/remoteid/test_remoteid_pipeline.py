"""Remote ID as a format of the pipeline: rows, counts, two paths, snapshots, noise."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from tocsin import codec
from tocsin.codec.capture import LinkType, Packet, read_capture, write_pcap
from tocsin.codec.recordings import open_recording
from tocsin.codec.remoteid import (
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    bluetooth_legacy,
    encode_message,
    encode_pack,
    wifi_beacon,
)
from tocsin.codec.snapshot import freeze, thaw
from tocsin.errors import FormatError
from tocsin.model import Batch, DetectionBatch, Frame, Node, Report, Sensor

NAN = math.nan
T0 = 1_790_000_010.0
A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
NODE = Node(sensors=(Sensor("rx", kind="remote_id", format="remote-id"),))
FOLDER = "remote-id-wireshark"
NAMES = ("odid_wifi_bcn_sample.pcap", "odid_wifi_sample.pcap", "odid_bt5_lr_sample.pcapng")
HERE = Location(2, 0, 90.0, 10.0, 0.0, 45.0, 7.0, NAN, 300.0, 50.0, 10, 4, 4, 3, NAN, 0.1)
SYSTEM = System(0, 1, 45.01, 7.02, 1, 0.0, NAN, NAN, 1, 5, 290.0, NAN)


def pack(k, *, serial=b"MFG1A0123456789", lat=45.0):
    here = replace(HERE, lon_deg=7.0 + 10.0 * k / 78_700.0, lat_deg=lat)
    return encode_pack([BasicId(1, 2, serial), here, SYSTEM, OperatorId(0, b"GBR-OP-123ABCD")])


def beacon(k, sender=A, **content):
    data = wifi_beacon(sender, pack(k, **content), k)
    return Packet(T0 + k, LinkType.IEEE_802_11, data, len(data))


def frame(number, *packets, path=""):
    return Frame("rx", number, packets[-1].time_s, write_pcap(packets), path)


def decode(session, *frames):
    return codec.decode_into(session, NODE, Batch(frames[-1].arrival_s, frames))


def test_the_site_file_s_receiver_hears_declared_reports_and_needs_no_place():
    session = codec.open_session(NODE, live=True)
    decoded = decode(session, *(frame(k, beacon(k)) for k in range(5)))
    rows = decoded.detections
    assert rows.report.tolist() == [Report.DECLARED] * 5
    assert set(rows.declared_id.tolist()) == {b"MFG1A0123456789"}
    assert rows.time_s.tolist() == pytest.approx([T0 + k for k in range(5)])
    assert decoded.records == dict.fromkeys(
        ("RID-BASIC-ID", "RID-LOCATION", "RID-SYSTEM", "RID-OPERATOR-ID"), 5
    )
    (status,) = codec.sensor_status(session, NODE, T0 + 5)
    assert (status.kind, status.state, status.detections) == ("remote_id", "ok", 5)


def test_one_broadcast_heard_by_two_antennas_is_counted_once():
    session = codec.open_session(NODE, live=True)
    for k in range(4):
        late = replace(beacon(k), time_s=T0 + k + 0.2)
        decoded = decode(session, frame(2 * k, beacon(k), path="a"),
                         frame(2 * k + 1, late, path="b"))  # fmt: skip
        assert (decoded.duplicates, len(decoded.detections)) == (1, 1)


def test_two_senders_of_one_id_and_a_jump_are_flagged():
    session = codec.open_session(NODE, live=True)
    rows = DetectionBatch.join(
        [
            decode(session, frame(2 * k, beacon(k)),
                   frame(2 * k + 1, beacon(k, B, lat=45.1))).detections
            for k in range(4)
        ]
    )  # fmt: skip
    assert rows.flags[-1] & DetectionBatch.TWO_PLACES
    jumping = decode(session, frame(9, beacon(5)), frame(10, beacon(6, lat=45.3))).detections
    assert jumping.flags[-1] & DetectionBatch.IMPLAUSIBLE


def test_all_that_is_refused_is_counted_with_its_reason_and_leaves_no_octet():
    neighbour = b"\x80\0\0\0" + b"\xff" * 6 + B * 2 + bytes(14) + b"\x00\x07private"
    cut = beacon(0)
    cut = replace(cut, data=cut.data[:-30])
    bad = bytearray(bluetooth_legacy(A, encode_message(HERE), 1))
    bad[20] ^= 1
    air = Packet(T0, LinkType.BLUETOOTH_LE_LL, bytes(bad), len(bad))
    session = codec.open_session(NODE, live=True)
    decoded = decode(
        session,
        frame(0, Packet(T0, LinkType.IEEE_802_11, neighbour, len(neighbour))),
        frame(1, cut), frame(2, air), Frame("rx", 3, T0, b"no capture"),
    )  # fmt: skip
    assert {r.reason: r.count for r in decoded.rejected} == {
        "not Remote ID": 1, "truncated frame": 1, "checksum": 1, "capture broken": 1,
    }  # fmt: skip
    assert all(r.raw == b"" for r in decoded.rejected)
    assert len(decoded.detections) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_in_the_middle_gives_the_same_rows_and_refusals(data_folder, name):
    recording = open_recording((data_folder / FOLDER / name).read_bytes(), name)
    frames = tuple(recording.frames)
    one = codec.open_session(Node(), live=False, formats=recording.formats)
    other = codec.open_session(Node(), live=False, formats=recording.formats)
    for k in range(0, len(frames), 10):
        batch = Batch(frames[-1].arrival_s, frames[k : k + 10])
        other = thaw(freeze(other))
        a, b = (codec.decode_into(s, Node(), batch) for s in (one, other))
        for column in ("time_s", "lat_deg", "lon_deg", "declared_id", "flags"):
            assert np.array_equal(
                getattr(a.detections, column), getattr(b.detections, column), equal_nan=column
                in ("lat_deg", "lon_deg", "time_s"),
            )  # fmt: skip
        assert (a.rejected, a.records, a.duplicates) == (b.rejected, b.records, b.duplicates)
    assert freeze(one) == freeze(other)


def test_frames_with_wrong_octets_are_decoded_or_refused_and_never_raise(data_folder):
    chance = random.Random(7)
    packets = [p for n in NAMES for p in read_capture((data_folder / FOLDER / n).read_bytes())]
    session = codec.open_session(NODE, live=True)
    for number in range(3000):
        packet = chance.choice(packets)
        data = bytearray(packet.data)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        mine = replace(packet, data=bytes(data), time_s=T0 + number)
        decoded = decode(session, frame(number, mine))
        rows = decoded.detections
        assert len(rows) or decoded.rejected or decoded.records is not None
        known = np.isfinite(rows.lat_deg)
        assert (np.abs(rows.lat_deg[known]) <= 90).all()
        assert (known | (rows.flags & DetectionBatch.NO_POSITION > 0)).all()


def test_the_words_of_a_message_are_in_its_own_units(data_folder):
    sent = [BasicId(4, 2, b"\x01\xab"), replace(HERE, lat_deg=NAN, lon_deg=NAN),
            SelfId(0, b"hello\xff")]  # fmt: skip
    data = wifi_beacon(A, encode_pack(sent), 1)
    session = codec.open_session(NODE, live=False)
    packet = Packet(T0, LinkType.IEEE_802_11, data, len(data))
    _, records = codec.decode_records(session, NODE, Batch(T0, (frame(0, packet),)))
    assert [r["record"] for r in records] == ["RID-BASIC-ID", "RID-LOCATION", "RID-SELF-ID"]
    assert all((r["heard_s"], r["transmitter"]) == (T0, A.hex()) for r in records)
    assert records[0]["uas_id"] == "01ab" + 18 * "00"
    assert records[1]["lat_deg"] is None
    assert records[1]["geodetic_altitude_m"] == 300.0
    assert records[2]["description"] == "hello?"


def test_the_link_type_says_whether_a_capture_is_of_a_radio(data_folder):
    for name in NAMES:
        data = (data_folder / FOLDER / name).read_bytes()
        assert open_recording(data, name).format == "remote-id"
    croatia = (data_folder / "asterix-croatia/asterix.pcap").read_bytes()
    assert open_recording(croatia, "a.pcap").format == "asterix"
    empty = write_pcap([beacon(0)])[:24]
    assert open_recording(empty, "e.pcap").format == "remote-id"
    forced = open_recording(croatia, "a.pcap", format="remote-id")
    session = codec.open_session(Node(), live=False, formats=forced.formats)
    frames = tuple(forced.frames)
    decoded = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert [(r.reason, r.count) for r in decoded.rejected] == [("not Remote ID", 100)]


def test_a_capture_that_says_its_packets_have_a_check_sequence_is_held_to_it():
    import zlib

    plain = beacon(0)
    good = plain.data + zlib.crc32(plain.data).to_bytes(4, "little")
    wrong = good[:-1] + bytes([good[-1] ^ 1])
    for data, reasons in ((good, []), (wrong, ["checksum"])):
        packet = Packet(T0, LinkType.IEEE_802_11, data, len(data), fcs_octets=4)
        recording = open_recording(write_pcap([packet, packet]), "r.pcap", node=NODE)
        session = codec.open_session(NODE, live=False)
        decoded = decode(session, *recording.frames)
        assert [r.reason for r in decoded.rejected] == reasons


def test_prose_is_no_remote_id_and_a_damaged_capture_is_a_sentence():
    with pytest.raises(FormatError, match=r"nothing at the start of p\.txt is remote-id"):
        open_recording(b"Once upon a time", "p.txt", format="remote-id")
    damaged = write_pcap([beacon(0)]) + b"\xff" * 40
    with pytest.raises(FormatError, match="damaged from there on"):
        list(open_recording(damaged, "d.pcap").frames)
