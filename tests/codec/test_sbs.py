"""SBS lines: the examples of Kinetic's "Socket data and BST files", and what is no line."""

import gzip
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.recordings import open_recording
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node

NAME = (
    b"MSG,1,145,256,7404F2,11267,2008/11/28,23:48:18.611,2008/11/28,23:53:19.161,RJA1118,"
    b",,,,,,,,,,"
)
PLACE = (
    b"MSG,3,496,211,4CA2D6,10057,2008/11/28,14:53:50.594,2008/11/28,14:58:51.153,,37000,,,"
    b"51.45735,-1.02826,,,0,0,0,0"
)
SPEED = (
    b"MSG,4,496,469,4CA2D6,27854,2008/11/28,14:53:50.100,2008/11/28,14:58:51.000,,,288.6,90.0,"
    b",,-832,,,,,"
)
MADE_S = datetime(2008, 11, 28, 14, 53, 50, 594000, UTC).timestamp()


def hear(payload, at_s=MADE_S, live=False):
    session = codec.open_session(Node(), live=live, formats={"s": "sbs"})
    return codec.decode_into(session, Node(), Batch(at_s, (Frame("s", 0, at_s, payload),)))


def test_a_position_has_the_velocity_that_came_just_before():
    rows = hear(SPEED + b"\r\n" + PLACE + b"\r\n").detections
    assert rows.declared_id.tolist() == [b"4ca2d6"] * 2
    assert rows.time_s.tolist() == pytest.approx([MADE_S - 0.494, MADE_S])
    assert rows.flags.tolist() == [DetectionBatch.NO_POSITION, 0]
    assert (rows.lat_deg[1], rows.lon_deg[1]) == (51.45735, -1.02826)
    assert rows.alt_m[1] == pytest.approx(37000 * 0.3048)
    assert rows.alt_ref[1] == AltRef.PRESSURE
    assert rows.vel_east_mps.tolist() == pytest.approx([288.6 * 1852 / 3600] * 2)
    assert rows.vel_north_mps[1] == pytest.approx(0.0, abs=1e-9)
    assert rows.vel_up_mps[1] == pytest.approx(-832 * 0.3048 / 60)
    assert rows.sigma_position_m[1] == 40.0


def test_an_old_velocity_and_that_of_another_are_not_taken():
    later = PLACE.replace(b"14:53:50.594", b"14:53:56.594")
    other = PLACE.replace(b"4CA2D6", b"4CA2D7")
    rows = hear(b"\n".join([SPEED, later, other, b""])).detections
    assert [math.isnan(v) for v in rows.vel_east_mps] == [False, True, True]


def test_a_name_goes_with_later_lines_and_the_ground_is_said():
    ground = PLACE.replace(b"4CA2D6", b"7404f2").replace(b"0,0,0,0", b"0,0,0,-1")
    rows = hear(b"\n".join([NAME, ground, b""])).detections
    assert rows.callsign.tolist() == [b"RJA1118"] * 2
    assert rows.flags.tolist() == [DetectionBatch.NO_POSITION, DetectionBatch.ON_GROUND]
    assert math.isnan(rows.alt_m[1])


def test_multilateration_is_wide():
    assert hear(b"MLAT" + PLACE[3:] + b"\n").detections.sigma_position_m[0] == 200.0


@pytest.mark.parametrize("zone_s", [0, 3600, -8 * 3600, 5 * 3600 + 45 * 60])
def test_live_the_sender_s_zone_does_not_matter_and_its_clock_does(zone_s):
    made = datetime.fromtimestamp(MADE_S + zone_s, UTC)
    stamp = made.strftime("%Y/%m/%d,%H:%M:%S.594").encode()
    line = PLACE.replace(b"2008/11/28,14:53:50.594", stamp) + b"\n"
    assert hear(line, MADE_S + 0.3, live=True).detections.time_s[0] == pytest.approx(MADE_S)
    wrong = hear(line, MADE_S + 200.0, live=True)
    assert [r.reason for r in wrong.rejected] == ["clock fault"]


@given(st.lists(st.integers(0, 400), max_size=6))
def test_lines_give_the_same_wherever_the_stream_is_cut(cuts):
    data = b"\r\n".join([NAME, SPEED, PLACE, b""])
    places = sorted({c for c in cuts if 0 < c < len(data)})
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    session = codec.open_session(Node(), live=False, formats={"s": "sbs"})
    frames = tuple(Frame("s", i, MADE_S, piece) for i, piece in enumerate(pieces))
    found = codec.decode_into(session, Node(), Batch(MADE_S, frames))
    assert found.records == {"SBS-1": 1, "SBS-4": 1, "SBS-3": 1}
    assert not found.rejected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "not a line of SBS"),
        (b"MSG,x,1,1,4CA2D6", "not a line of SBS"),
        (SPEED[:90] + PLACE, "not a line of SBS"),
        (PLACE + b",", "not a line of SBS"),
        (PLACE.replace(b"4CA2D6", b"000000"), "no address"),
        (PLACE.replace(b"4CA2D6", b"4CA2DZ"), "no address"),
        (PLACE.replace(b"51.45735", b"151.45735"), "implausible position"),
        (b"M" * 5000, "line too long"),
    ],
)
def test_what_is_no_line_is_counted_and_the_next_one_counts(line, reason):
    found = hear(line + (b"" if reason == "line too long" else b"\n") + b"\n" + PLACE + b"\n")
    if reason == "line too long":
        found = hear(line)
    else:
        assert len(found.detections) == 1
    assert [(r.reason, r.count) for r in found.rejected] == [(reason, 1)]


def test_other_words_of_the_display_program_are_counted_alone():
    found = hear(
        b"STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\n"
    )
    assert found.records == {"SBS-OTHER": 1}
    assert not len(found.detections)
    assert not found.rejected


def test_a_real_morning_told_as_sbs_is_where_its_decoder_saw_it(data_folder):
    """The Toulouse recording as rs1090 decoded it, written as readsb would tell it."""
    told = gzip.decompress((data_folder / "adsb-toulouse/decoded_rs1090.jsonl.gz").read_bytes())
    lines, places = [], []
    for text in told.splitlines():
        one = json.loads(text)
        if "latitude" not in one or "altitude" not in one:
            continue
        when = datetime.fromtimestamp(one["timestamp"], UTC)
        stamp = when.strftime("%Y/%m/%d,%H:%M:%S.") + f"{when.microsecond // 1000:03d}"
        lat, lon, height = one["latitude"], one["longitude"], one["altitude"]
        name = one["icao24"].upper()
        lines.append(
            f"MSG,3,1,1,{name},1,{stamp},{stamp},,{height},,,{lat:.6f},{lon:.6f},,,0,0,0,0"
        )
        places.append((one["icao24"].encode(), lat, lon))
    recording = open_recording("\n".join([*lines, ""]).encode(), "port30003.txt")
    assert set(recording.formats.values()) == {"sbs"}
    frames = tuple(recording.frames)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    rows = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames)).detections
    assert len(rows) == len(places) > 500
    assert sorted(rows.declared_id) == sorted(name for name, _lat, _lon in places)
    assert sorted(rows.lat_deg) == pytest.approx(
        sorted(lat for _n, lat, _lon in places), abs=1e-6
    )
