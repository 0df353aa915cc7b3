"""System tracks: real recordings against peers' decodings, and bytes of an old edition."""

import json

import asterix.base as peer
import asterix.generated as peer_tables
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.asterix import (
    CAT062_1_21,
    EDITIONS,
    Broken,
    blocks,
    encode_block,
    encode_record,
    records,
)
from tocsin.codec.recordings import open_recording
from tocsin.model import Batch, Frame, Node, Report

PEER = {
    62: peer_tables.Cat_062_1_21,
    63: peer_tables.Cat_063_1_7,
    65: peer_tables.Cat_065_1_5,
}


def decoded_of(path):
    recording = open_recording(path.read_bytes(), path.name)
    node = Node()
    session = codec.open_session(node, live=False, formats=recording.formats)
    frames = tuple(recording.frames)
    batch = Batch(frames[-1].arrival_s, frames)
    return session, codec.decode_into(session, node, batch)


def test_five_minutes_of_a_tracker_are_as_the_peer_counted_and_decoded_them(data_folder):
    folder = data_folder / "asterix-system-tracks"
    _session, decoded = decoded_of(folder / "cat062_063_065_first5min.ff")
    assert decoded.records == {"CAT062": 3440, "CAT063": 965, "CAT065": 1007}
    assert not decoded.rejected
    rows = decoded.detections
    assert len(rows) == 3440
    assert set(rows.report.tolist()) == {Report.TRACK}
    samples = json.loads((folder / "expected.json").read_text())["samples"]
    assert len(samples) == 69
    for sample in samples:
        row = sample["index"]
        assert rows.sensor_track_id[row] == str(sample["track"]).encode()
        assert rows.time_s[row] == sample["tot"]
        assert rows.lat_deg[row] == pytest.approx(sample["lat"], abs=1e-12)
        assert rows.lon_deg[row] == pytest.approx(sample["lon"], abs=1e-12)
        assert rows.vel_east_mps[row] == sample["vx"]
        assert rows.vel_north_mps[row] == sample["vy"]


@pytest.mark.parametrize("name", ["cat_062_065.pcap", "cat062cat065.raw"])
def test_tracks_are_as_another_peer_decoded_them(data_folder, name):
    folder = data_folder / "asterix-croatia"
    _session, decoded = decoded_of(folder / name)
    lines = (folder / f"{name}.decoded.jsonl").read_text().splitlines()
    golden = [g for g in map(json.loads, lines) if g["category"] == 62]
    rows = decoded.detections
    assert len(rows) == len(golden) == 2
    for row, theirs in enumerate(golden):
        assert rows.lat_deg[row] == pytest.approx(theirs["I105"]["Lat"]["val"], abs=1e-9)
        assert rows.lon_deg[row] == pytest.approx(theirs["I105"]["Lon"]["val"], abs=1e-9)
        assert rows.alt_m[row] == pytest.approx(theirs["I130"]["Alt"]["val"] * 0.3048)
        assert int(rows.sensor_track_id[row]) == theirs["I040"]["TrkN"]["val"]
        if "I380" in theirs:
            said = theirs["I380"]
            assert rows.declared_id[row].decode().upper() == said["ADR"]["ADR"]["val"]
            assert rows.callsign[row].decode() == said["ID"]["ACID"]["val"].strip()


def test_an_old_edition_makes_no_track_and_is_counted(data_folder):
    _session, decoded = decoded_of(data_folder / "asterix-croatia" / "asterix.pcap")
    assert len(decoded.detections) == 0
    assert sum(r.count for r in decoded.rejected) > 0


def test_an_oradis_datagram_gives_its_records(data_folder):
    _session, decoded = decoded_of(data_folder / "asterix-croatia" / "cat_001_002.pcap")
    assert decoded.records == {"CAT001": 7, "CAT002": 1}


@settings(max_examples=200)
@given(st.sampled_from(sorted(PEER)), st.binary(min_size=1, max_size=60))
def test_random_records_are_read_exactly_where_libasterix_reads_them(category, raw):
    theirs = PEER[category].cv_uap.parse(peer.Bits.from_bytes(raw))
    block = encode_block(category, [raw])
    try:
        mine = list(records(block, next(blocks(block)), EDITIONS[category]))
    except Broken:
        assert isinstance(theirs, ValueError)
        return
    assert not isinstance(theirs, ValueError), raw.hex()
    assert [r.raw for r in mine] == [r.unparse().to_bytes() for r in theirs]


@pytest.mark.parametrize(
    ("state", "callsign"), [(0, b"KLM1"), (1, b"KLM1"), (2, b"KLM1"), (3, b"")]
)
def test_a_name_that_calls_itself_invalid_is_none(state, callsign):
    record = encode_record(CAT062_1_21, {
        "010": {"SAC": 1, "SIC": 2}, "040": {"TRN": 5}, "070": {"TOD_s": 100.0},
        "080": {"CNF": 0}, "105": {"LAT_deg": 50.0, "LON_deg": 8.0},
        "245": {"STI": state, "TID": "KLM1"},
    })  # fmt: skip
    session = codec.open_session(Node(), live=False, formats={"s": "asterix"})
    frame = Frame("s", 0, 100.0, encode_block(62, [record]))
    decoded = codec.decode_into(session, Node(), Batch(100.0, (frame,)))
    assert decoded.detections.callsign.tolist() == [callsign]
