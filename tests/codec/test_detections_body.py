"""Posted detections and detection tables: what is taken, what is refused and with which
words.
"""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tocsin import codec
from tocsin.codec.detections import parse_body
from tocsin.codec.recordings import open_recording
from tocsin.codec.tables import read_detections, write_detections
from tocsin.errors import CallError, FormatError
from tocsin.model import (
    CLASSES,
    AltRef,
    Batch,
    DetectionBatch,
    Frame,
    Node,
    Report,
    Sensor,
    Site,
)
from tocsin.units import DEG

T0 = 1_767_225_600.0
CAMERA = Sensor(
    id="cam-1", kind="camera", format="detections", lat=33.8, lon=42.4, scan_period_s=0.5
)
NODE = Node(sites=(Site("s", "s", 33.8, 42.4, 190.0, geoid_m=12.0),), sensors=(CAMERA,))
BEARING = {"time_s": T0, "azimuth_deg": 41.5, "elevation_deg": 3.0}


def post(body, *, session=None, at_s=T0 + 0.1, source="cam-1"):
    session = session or codec.open_session(NODE, live=True)
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return codec.decode_into(session, NODE, Batch(at_s, (Frame(source, 0, at_s, payload),)))


@pytest.mark.parametrize("body", [BEARING, [BEARING], {"detections": [BEARING]}])
def test_one_a_list_and_an_envelope_are_the_same(body):
    decoded = post(body)
    rows = decoded.detections
    assert decoded.records == {"DETECTION": 1}
    assert rows.azimuth_rad[0] == pytest.approx(41.5 * DEG)
    assert rows.elevation_rad[0] == pytest.approx(3.0 * DEG)
    assert np.isnan(rows.range_m[0])
    assert rows.report[0] == Report.PLOT


def test_a_scan_states_what_was_looked_at_even_where_nothing_was_seen():
    scan = {"start_s": T0, "end_s": T0 + 0.5}
    body = {"sensor": "cam-1", "scan": scan, "detections": []}
    (coverage,) = post(body, at_s=T0 + 0.6).coverages
    assert (coverage.start_s, coverage.end_s, coverage.sensor) == (T0, T0 + 0.5, 0)
    assert coverage.azimuth_from_rad == coverage.azimuth_to_rad


def test_an_empty_list_is_a_sign_of_life():
    session = codec.open_session(NODE, live=True)
    coverages = []
    for k in range(10):
        coverages += post([], session=session, at_s=T0 + 0.5 * k).coverages
    assert codec.sensor_status(session, NODE, T0 + 4.6)[0].state == "ok"
    assert len(coverages) >= 6


def test_all_columns_are_converted():
    item = {
        "time_s": T0, "report": "declared", "lat": 33.9, "lon": 42.5, "alt_m": 100.0,
        "alt_ref": "msl", "vel_east_mps": 1.0, "vel_north_mps": -2.0, "vel_up_mps": 0.5,
        "sigma_azimuth_deg": 0.1, "azimuth_deg": -10.0, "declared_id": "D1",
        "sensor_track_id": "T1", "callsign": "ABC", "category": "B6",
        "class_scores": {"bird": 0.2, "aircraft": 0.7}, "simulated": True,
    }  # fmt: skip
    rows = post(item).detections
    assert rows.alt_m[0] == 112.0
    assert rows.alt_ref[0] == AltRef.ELLIPSOID
    assert rows.azimuth_rad[0] == pytest.approx(350.0 * DEG)
    assert rows.sigma_azimuth_rad[0] == pytest.approx(0.1 * DEG)
    assert rows.declared_id[0] == b"D1"
    assert rows.class_scores[0, CLASSES.index("aircraft")] == 0.7
    assert np.isnan(rows.class_scores[0, CLASSES.index("balloon")])
    assert rows.flags[0] == DetectionBatch.SIMULATED_TARGET


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_s": None}, "time_s"),
        ({"time_s": -1.0}, "Unix"),
        ({"azimuth_deg": 400.0}, "-360 to 360"),
        ({"elevation_deg": "high"}, "elevation_deg"),
        ({"range_m": 0.0}, "above 0"),
        ({"lat": 91.0, "lon": 0.0}, "-90 to 90"),
        ({"lat": 1.0}, "go together"),
        ({"alt_m": 5.0}, "alt_ref"),
        ({"sigma_range_m": -1.0}, "0 to"),
        ({"class_scores": {"ufo": 1.0}}, "no class 'ufo'"),
        ({"callsign": "TOOLONGNAME"}, "8 octets"),
        ({"colour": "red"}, "colour"),
        ({"azimuth_deg": None}, "nothing measured"),
    ],
)
def test_a_wrong_item_is_refused_with_its_index_and_the_others_count(change, words):
    decoded = post([BEARING, BEARING | change])
    assert len(decoded.detections) == 1
    (refused,) = decoded.rejected
    assert refused.reason == "not a detection"
    assert "item 1" in refused.detail
    assert words in refused.detail


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"5", b'"x"', b"[1", b"\xff\xfe", b"[" * 5000]
)
def test_what_is_no_body_is_refused_whole(body):
    decoded = post(body)
    assert len(decoded.detections) == 0
    assert sum(r.count for r in decoded.rejected) >= 1
    assert decoded.rejected[0].raw == body[:64]


def test_a_sensor_speaks_for_itself_alone():
    decoded = post(BEARING | {"sensor_id": "radar-9"})
    assert [r.reason for r in decoded.rejected] == ["another sensor's name"]
    assert len(decoded.detections) == 0


def test_a_scan_that_ends_before_it_starts_is_refused():
    body = parse_body(
        json.dumps({"scan": {"start_s": 2, "end_s": 1}, "detections": []}).encode()
    )
    assert isinstance(body, str)
    assert "scan" in body


def test_the_same_body_by_two_paths_counts_once():
    session = codec.open_session(NODE, live=True)
    payload = json.dumps(BEARING).encode()
    frames = tuple(Frame("cam-1", i, T0 + 0.1, payload, path) for i, path in enumerate("ab"))
    decoded = codec.decode_into(session, NODE, Batch(T0 + 0.1, frames))
    assert (len(decoded.detections), decoded.duplicates) == (1, 1)


# Tables on disk.

ROSTER = ["radar-1", "cam-1"]


def column(n, low, high):
    return hnp.arrays(np.float64, n, elements=st.floats(low, high) | st.just(math.nan))


@st.composite
def batches(draw):
    n = draw(st.integers(1, 6))
    batch = DetectionBatch.blank(n)
    batch.time_s[:] = draw(hnp.arrays(np.float64, n, elements=st.floats(T0, T0 + 100)))
    batch.arrival_s[:] = batch.time_s + 0.5
    batch.sensor[:] = draw(hnp.arrays(np.int32, n, elements=st.integers(0, 1)))
    batch.range_m[:] = draw(column(n, 1.0, 1e5))
    batch.azimuth_rad[:] = draw(column(n, 0.0, 6.28))
    batch.elevation_rad[:] = draw(column(n, -1.5, 1.5))
    batch.lat_deg[:] = draw(column(n, -90.0, 90.0))
    batch.class_scores[:, 2] = draw(column(n, 0.0, 1.0))
    batch.declared_id[:] = draw(st.sampled_from([b"", b"3c660c", b"00012", b"abc"]))
    batch.alt_ref[:] = draw(st.sampled_from([0, 1, 3]))
    batch.flags[:] = draw(st.sampled_from([0, 2]))
    return batch


@given(batches())
def test_a_table_comes_back_as_it_was_written(batch):
    back = read_detections(write_detections(batch, ROSTER), "t.parquet", ROSTER)
    assert back.rejected == ()
    for name in DetectionBatch.__slots__:
        a, b = getattr(batch, name), getattr(back.detections, name)
        if a.dtype.kind == "f":
            assert np.allclose(a, b, rtol=1e-14, atol=0, equal_nan=True), name
        else:
            assert (a == b).all(), name


def test_csv_holds_the_same_as_parquet():
    batch = DetectionBatch.blank(2)
    batch.time_s[:] = batch.arrival_s[:] = (T0, T0 + 1)
    batch.sensor[:] = (1, 0)
    batch.azimuth_rad[:] = (1.0, 2.0)
    text = write_detections(batch, ROSTER, format="csv")
    assert (
        text.splitlines()[0].decode().replace('"', "").startswith("time_s,arrival_s,sensor_id")
    )
    back = read_detections(text, "t.csv", ROSTER).detections
    assert back.sensor.tolist() == [1, 0]
    assert np.allclose(back.azimuth_rad, batch.azimuth_rad)
    with pytest.raises(CallError, match="parquet or csv"):
        write_detections(batch, ROSTER, format="xls")


def test_unusable_rows_of_a_table_are_counted():
    text = b"""time_s,sensor_id,azimuth_deg
1767225600,cam-1,10
nan,cam-1,10
,cam-1,10
1767225600,ghost,10
1767225600,cam-1,1000
1767225600,cam-1,-10
"""
    read = read_detections(text, "t.csv", ROSTER)
    assert len(read.detections) == 2
    assert {r.reason: r.count for r in read.rejected} == {
        "unknown sensor": 1, "no time": 2, "impossible value": 1,
    }  # fmt: skip
    assert read.detections.azimuth_rad[1] == pytest.approx(350.0 * DEG)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1 nonsense",
        b"a,b\n1,2\n",
        b"time_s,sensor_id\n1,2,3\n",
        b"time_s,sensor_id\nx,a\n",
    ],
)
def test_a_file_that_is_no_detection_table_is_a_sentence(data):
    with pytest.raises(FormatError, match="t\\.csv"):
        read_detections(data, "t.csv", ROSTER)


def test_a_table_replays_as_bodies():
    batch = DetectionBatch.blank(3)
    batch.time_s[:] = (T0, T0, T0 + 1)
    batch.arrival_s[:] = batch.time_s + 0.2
    batch.sensor[:] = 0
    batch.azimuth_rad[:] = (1.0, 2.0, 3.0)
    recording = open_recording(write_detections(batch, ["cam-1"]), "d.parquet")
    frames = tuple(recording.frames)
    assert [len(msgspec.json.decode(f.payload)) for f in frames] == [2, 1]
    session = codec.open_session(NODE, live=False, formats=recording.formats)
    rows = codec.decode_into(session, NODE, Batch(T0 + 2, frames)).detections
    assert np.allclose(rows.azimuth_rad, batch.azimuth_rad)
    assert np.allclose(rows.arrival_s, batch.arrival_s)
