"""What `expected.json` beside a real recording calls known, value by value."""

import json
from collections import Counter

import pytest

from tocsin import codec
from tocsin.codec.recordings import open_recording
from tocsin.model import Batch, DetectionBatch, Node


def decoded_of(path):
    recording = open_recording(path.read_bytes(), path.name)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    frames = tuple(recording.frames)
    return frames, codec.decode_records(session, Node(), Batch(frames[-1].arrival_s, frames))


def test_state_vectors_of_southern_britain(data_folder):
    folder = data_folder / "opensky-uk"
    known = json.loads((folder / "expected.json").read_text())
    frames, (decoded, trace) = decoded_of(folder / "OpenSky_Plane_States.csv")
    assert decoded.records == {"STATEVECTOR": known["rows"]}
    assert not decoded.rejected
    assert (frames[0].arrival_s, frames[-1].arrival_s) == (
        known["time_first"],
        known["time_last"],
    )
    rows = decoded.detections
    assert len(set(rows.declared_id.tolist())) == known["aircraft"]
    assert ((rows.flags & DetectionBatch.ON_GROUND) > 0).sum() == known["on_ground_rows"] == 0
    places = [(float(row["lat"]), float(row["lon"])) for row in trace]
    assert [min(p[0] for p in places), max(p[0] for p in places)] == known["lat"]
    assert [min(p[1] for p in places), max(p[1] for p in places)] == known["lon"]
    at = Counter(row["time"] for row in trace)
    assert len(at) == known["snapshots"]
    assert [min(at.values()), max(at.values())] == known["aircraft_per_snapshot"]
    assert max(float(r["velocity"] or 0) for r in trace) == pytest.approx(
        known["max_velocity_mps"]
    )


def test_radars_and_addresses_of_the_doubled_feeds(data_folder):
    folder = data_folder / "asterix-croatia"
    known = json.loads((folder / "expected.json").read_text())["files"]["cat_034_048.pcap"]
    frames, (decoded, trace) = decoded_of(folder / "cat_034_048.pcap")
    assert len(frames) == known["udp_payloads"]
    codes = Counter(
        f"{one['record'][4:]}:{one['I010']['SAC']}/{one['I010']['SIC']}" for one in trace
    )
    # Every record comes twice, on two groups; what is known counts both.
    assert decoded.duplicates * 2 == sum(known["records"].values())
    assert {code: 2 * n for code, n in codes.items()} == known["sources"]
    addresses = {one["I220"]["ADR"].upper() for one in trace if "I220" in one}
    assert len(addresses) == known["distinct_mode_s_addresses"]
    assert addresses == set(known["addresses"])
