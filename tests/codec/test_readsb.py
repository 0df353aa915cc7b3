"""aircraft.json: fields as readsb's README-json.md defines them, whole or by lines."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.recordings import open_recording
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Report

NOW_S = 1_767_225_600.5
ONE = {
    "hex": "3c6444", "flight": "DLH123  ", "alt_baro": 11000, "alt_geom": 11250, "gs": 400.0,
    "track": 90.0, "baro_rate": -640, "geom_rate": -600, "category": "A3", "lat": 50.1,
    "lon": 8.6, "nic": 8, "rc": 186, "nac_p": 9, "nac_v": 2, "seen_pos": 0.4, "seen": 0.1,
    "type": "adsb_icao", "mlat": [], "tisb": [],
}  # fmt: skip


def document(*aircraft, now_s=NOW_S):
    return json.dumps({"now": now_s, "messages": 5, "aircraft": list(aircraft)}).encode()


def hear(*payloads, session=None, live=False):
    session = session or codec.open_session(Node(), live=live, formats={"s": "readsb-json"})
    frames = tuple(Frame("s", i, NOW_S + i, p) for i, p in enumerate(payloads))
    return codec.decode_into(session, Node(), Batch(NOW_S + len(frames), frames))


def test_an_aircraft_becomes_a_declared_row_in_si_units():
    found = hear(document(ONE))
    rows = found.detections
    assert found.records == {"AIRCRAFT-JSON": 1}
    assert rows.report[0] == Report.DECLARED
    assert rows.declared_id[0] == b"3c6444"
    assert rows.callsign[0] == b"DLH123"
    assert rows.category[0] == b"A3"
    assert rows.time_s[0] == pytest.approx(NOW_S - 0.4)
    assert (rows.lat_deg[0], rows.lon_deg[0]) == (50.1, 8.6)
    assert rows.alt_m[0] == pytest.approx(11250 * 0.3048)
    assert rows.alt_ref[0] == AltRef.ELLIPSOID
    assert rows.vel_east_mps[0] == pytest.approx(400.0 * 1852.0 / 3600.0)
    assert rows.vel_north_mps[0] == pytest.approx(0.0, abs=1e-9)
    assert rows.vel_up_mps[0] == pytest.approx(-3.048)
    assert rows.nic[0] == 8
    assert rows.sigma_position_m[0] == pytest.approx(30.0 / math.sqrt(-2 * math.log(0.05)))


@pytest.mark.parametrize(
    ("change", "height", "ref"),
    [
        ({"alt_geom": None}, 11000 * 0.3048, AltRef.PRESSURE),
        ({"alt_geom": None, "alt_baro": "ground"}, math.nan, AltRef.NONE),
    ],
)
def test_without_a_geometric_height_it_is_that_of_pressure_or_none(change, height, ref):
    said = {k: v for k, v in (ONE | change).items() if v is not None}
    rows = hear(document(said)).detections
    assert rows.alt_m[0] == pytest.approx(height, nan_ok=True)
    assert rows.alt_ref[0] == ref
    is_ground = bool(rows.flags[0] & DetectionBatch.ON_GROUND)
    assert is_ground == (change.get("alt_baro") == "ground")


def test_a_position_is_told_once_and_an_old_one_is_none():
    again = ONE | {"seen_pos": 1.4}
    newer = ONE | {"seen_pos": 0.1, "lat": 50.2}
    old = ONE | {"hex": "3c6445", "seen_pos": 61.0}
    found = hear(
        document(ONE, old), document(again, now_s=NOW_S + 1), document(newer, now_s=NOW_S + 2)
    )
    rows = found.detections
    mine = rows.lat_deg[rows.declared_id == b"3c6444"]
    assert mine.tolist() == pytest.approx([50.1, math.nan, 50.2], nan_ok=True)
    silent = (rows.flags & DetectionBatch.NO_POSITION) > 0
    assert (silent == np.isnan(rows.lat_deg)).all()
    assert math.isnan(rows.lat_deg[rows.declared_id == b"3c6445"][0])


def test_a_place_by_multilateration_is_wide_and_vouched_for_by_nobody():
    for said in (ONE | {"mlat": ["lat", "lon"]}, ONE | {"type": "mlat"}):
        rows = hear(document(said)).detections
        assert rows.sigma_position_m[0] == 200.0
        assert rows.nic[0] == -1


@given(st.lists(st.integers(0, 2000), max_size=6))
def test_lines_give_the_same_wherever_the_stream_is_cut(cuts):
    lines = b"".join(
        json.dumps(ONE | {"now": NOW_S + k, "hex": f"3c644{k}"}).encode() + b"\n"
        for k in range(4)
    )
    places = sorted({c for c in cuts if c < len(lines)})
    pieces = [lines[a:b] for a, b in zip([0, *places], [*places, len(lines)], strict=True)]
    rows = hear(*(p for p in pieces if p)).detections
    assert rows.declared_id.tolist() == [f"3c644{k}".encode() for k in range(4)]
    assert rows.time_s.tolist() == pytest.approx([NOW_S + k - 0.4 for k in range(4)])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (document(ONE | {"hex": "zz"}), "no address"),
        (document(ONE | {"hex": "000000"}), "no address"),
        (document(ONE | {"lat": 91.0}), "implausible position"),
        (document(ONE, now_s=-5.0), "no time"),
        (document("text"), "not an aircraft"),
        (b'{"now": 1, "aircraft": 7}', "not a document"),
        (b"{" * 5000 + b"\n", "not a document"),
        (b"x" * 9000, "line too long"),
    ],
)
def test_what_is_no_aircraft_is_counted_with_its_reason(payload, reason):
    found = hear(payload)
    assert [r.reason for r in found.rejected] == [reason]
    assert not len(found.detections)


def test_a_file_is_seen_to_be_one_and_read_whole_or_by_lines():
    whole = open_recording(document(ONE), "aircraft.json")
    assert [f.arrival_s for f in whole.frames] == [NOW_S]
    assert set(whole.formats.values()) == {"readsb-json"}
    lines = document(ONE, now_s=NOW_S + 3) + b"\n" + document(ONE) + b"\n"
    frames = list(open_recording(lines, "history.jsonl").frames)
    assert [f.arrival_s for f in frames] == [NOW_S, NOW_S + 3]
    session = codec.open_session(Node(), live=False, formats={frames[0].source: "readsb-json"})
    found = codec.decode_into(session, Node(), Batch(NOW_S + 3, tuple(frames)))
    assert found.records == {"AIRCRAFT-JSON": 2}
