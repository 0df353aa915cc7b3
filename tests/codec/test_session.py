"""Sessions: they survive a snapshot, do not mind the order of frames, and know how sensors
are.
"""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.acts import encode_act
from tocsin.codec.recordings import open_recording
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import OFFICER, Act, Batch, DetectionBatch, Frame, Node, Sensor

RADAR = Sensor(
    id="radar-1", format="asterix", lat=1.0, lon=2.0, sac=7, sic=8, scan_period_s=4.0
)
RECEIVER = Sensor(id="rx", kind="adsb", format="beast", lat=1.0, lon=2.0)
NODE = Node(sensors=(RADAR, RECEIVER))


def equal(a: DetectionBatch, b: DetectionBatch) -> bool:
    def same(x, y):
        return np.array_equal(x, y, equal_nan=x.dtype.kind == "f")

    return all(same(getattr(a, name), getattr(b, name)) for name in DetectionBatch.__slots__)


def toulouse(folder):
    data = (folder / "adsb-toulouse" / "frames.jsonl.gz").read_bytes()
    return tuple(open_recording(data, "s", format="modes-jsonl").frames)


def test_a_session_goes_on_after_a_snapshot_as_if_nothing_had_been(data_folder):
    frames = toulouse(data_folder)
    for cut in (500, 1700, 3000):
        session = codec.open_session(Node(), live=False, formats={"s": "modes-jsonl"})
        codec.decode_into(session, Node(), Batch(frames[cut].arrival_s, frames[:cut]))
        again = thaw(freeze(session))
        assert repr(again) == repr(session)
        rest = Batch(frames[-1].arrival_s, frames[cut:])
        a = codec.decode_into(session, Node(), rest)
        b = codec.decode_into(again, Node(), rest)
        assert equal(a.detections, b.detections)
        assert repr(again) == repr(session)


def pcap_batch(folder):
    path = folder / "asterix-croatia" / "cat_034_048.pcap"
    recording = open_recording(path.read_bytes(), "s")
    frames = tuple(recording.frames)
    return frames


@given(seed=st.randoms(use_true_random=False))
def test_the_order_of_frames_in_a_batch_does_not_matter(data_folder, seed):
    frames = list(pcap_batch(data_folder))
    results = []
    for shuffle in (False, True):
        if shuffle:
            seed.shuffle(frames)
        session = codec.open_session(Node(), live=False, formats={"s": "asterix"})
        decoded = codec.decode_into(session, Node(), Batch(1_462_433_757.0, tuple(frames)))
        results.append((decoded, repr(session)))
    (a, session_a), (b, session_b) = results
    assert equal(a.detections, b.detections)
    assert (a.coverages, a.records, a.rejected) == (b.coverages, b.records, b.rejected)
    assert session_a == session_b


def test_the_roster_begins_with_the_site_file_in_its_order():
    session = codec.open_session(NODE, live=True)
    assert session.roster == ["radar-1", "rx"]


def test_a_sensor_is_heard_late_and_silent():
    session = codec.open_session(NODE, live=True)

    def states(now_s):
        return [status.state for status in codec.sensor_status(session, NODE, now_s)]

    assert states(1e9) == ["never heard", "never heard"]
    frames = (Frame("radar-1", 0, 1e9, b"\x22\x00\x04\x00"), Frame("rx", 0, 1e9, b""))
    codec.decode_into(session, NODE, Batch(1e9, frames))
    assert states(1e9 + 5.9) == ["ok", "ok"]
    assert states(1e9 + 6.1) == ["late", "ok"]
    assert states(1e9 + 12.1) == ["silent", "ok"]
    assert states(1e9 + 121.0) == ["silent", "silent"]


def test_every_refusal_is_in_the_status_of_its_sensor():
    session = codec.open_session(NODE, live=True)
    codec.decode_into(
        session, NODE, Batch(1e9, (Frame("radar-1", 0, 1e9, b"\x16\x00\x04\x00"),))
    )
    status = codec.sensor_status(session, NODE, 1e9)[0]
    assert status.rejected == {"category not read": 1}
    assert status.frames == 1


def test_an_act_goes_through_and_a_wrong_one_is_counted():
    session = codec.open_session(NODE, live=True)
    act = Act(verb="acknowledge", key="k", user="u", at_s=1.0, alarm="A-1-1")
    frames = (
        Frame(OFFICER, 0, 1e9, encode_act(act)),
        Frame(OFFICER, 1, 1e9, json.dumps({"verb": "fire"}).encode()),
    )
    decoded = codec.decode_into(session, NODE, Batch(1e9, frames))
    assert [a.key for a in decoded.acts] == ["k"]
    assert [r.source for r in decoded.rejected] == [OFFICER]


def test_a_source_without_a_format_is_counted():
    session = codec.open_session(Node(), live=True)
    decoded = codec.decode_into(session, Node(), Batch(1e9, (Frame("who", 0, 1e9, b"x"),)))
    assert [r.reason for r in decoded.rejected] == ["unknown format"]


def test_the_public_face_is_what_the_page_says():
    assert codec.__all__ == [
        "FORMATS", "Decoded", "Session", "change_in", "decode_into", "decode_records",
        "open_session", "origins_of", "reopen_session", "sensor_status",
    ]  # fmt: skip
