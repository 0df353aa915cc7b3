"""Lines of bearings and ranges: units, headers, pieces, and what is wrong with a line."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.plots_csv import ALIASES, COLUMNS
from tocsin.codec.recordings import open_recording
from tocsin.model import Batch, Frame, Node, Sensor

T0 = 1_800_000_000.0
NODE = Node(
    sensors=(Sensor(id="df", kind="rf", format="plots-csv", listen=("tcp://h:1",), lat=48.0,
                    lon=11.0, sigma_azimuth_deg=2.0),)
)  # fmt: skip


def decode(*payloads, path="tcp://h:1", live=False):
    session = codec.open_session(NODE, live=live)
    frames = tuple(Frame("df", k, T0 + 0.1, p.encode(), path) for k, p in enumerate(payloads))
    decoded = codec.decode_into(session, NODE, Batch(T0 + 0.1, frames))
    return decoded.detections, {r.reason: (r.count, r.detail) for r in decoded.rejected}


def test_without_names_a_line_is_time_azimuth_range_elevation_and_the_end_may_be_missing():
    rows, rejected = decode(f"{T0},41.5,2500,3.2\n{T0},90\n{T0},91,,2\n")
    assert not rejected
    assert [round(math.degrees(a), 9) for a in rows.azimuth_rad] == [41.5, 90.0, 91.0]
    assert rows.range_m[0] == 2500.0
    assert math.isnan(rows.range_m[1])
    assert math.isnan(rows.range_m[2])
    assert math.degrees(rows.elevation_rad[2]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "said", "column", "value"),
    [
        ("range_km", "2.5", "range_m", 2500.0),
        ("range_nm", "2", "range_m", 3704.0),
        ("range_ft", "1000", "range_m", 304.8),
        ("bearing_deg", "-10", "azimuth_rad", math.radians(350.0)),
        ("bearing_rad", "1.5", "azimuth_rad", 1.5),
        ("azimuth_rad", "1.5", "azimuth_rad", 1.5),
        ("range_rate_mps", "-3", "range_rate_mps", -3.0),
        ("sigma_bearing_deg", "2", "sigma_azimuth_rad", math.radians(2.0)),
    ],
)
def test_names_say_the_unit(name, said, column, value):
    rows, rejected = decode(f"time_ms,azimuth_deg,{name}\n{T0 * 1000:.0f},10,{said}\n")
    assert not rejected
    assert getattr(rows, column)[0] == pytest.approx(value, rel=1e-12)
    assert rows.time_s[0] == T0


def test_every_other_name_fills_a_column_that_there_is():
    assert {column for column, _ in ALIASES.values()} <= set(COLUMNS)


@pytest.mark.parametrize(
    "time",
    [f"{T0}", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00", "2027-01-15T09:00:00+01:00"],
)
def test_a_time_is_unix_seconds_or_iso(time):
    rows, _ = decode(f"{time},41.5\n")
    assert rows.time_s[0] == T0


def test_a_line_without_a_time_counts_from_its_arrival():
    rows, rejected = decode("bearing_deg;range_m\n41.5;100\n")
    assert not rejected
    assert rows.time_s[0] == T0 + 0.1


lines = st.lists(
    st.fixed_dictionaries(
        {"azimuth_deg": st.floats(0.0, 359.9)},
        optional={
            "range_m": st.floats(1.0, 1e5),
            "elevation_deg": st.floats(-90.0, 90.0),
            "range_rate_mps": st.floats(-300.0, 300.0),
        },
    ),
    min_size=1,
    max_size=5,
)


@given(lines, st.permutations(["time", "azimuth_deg", "range_m", "elevation_deg",
                               "range_rate_mps"]), st.integers(1, 40))  # fmt: skip
def test_what_a_csv_writer_writes_comes_back_however_it_is_cut(rows, names, piece):
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    for row in rows:
        writer.writerow({"time": T0, **row})
    text = out.getvalue()
    found, rejected = decode(*(text[k : k + piece] for k in range(0, len(text), piece)))
    assert not rejected
    assert len(found) == len(rows)
    for k, row in enumerate(rows):
        for name, column, factor in (
            ("azimuth_deg", "azimuth_rad", math.radians(1.0)), ("range_m", "range_m", 1.0),
            ("elevation_deg", "elevation_rad", math.radians(1.0)),
            ("range_rate_mps", "range_rate_mps", 1.0),
        ):  # fmt: skip
            value = getattr(found, column)[k]
            if name in row:
                assert value == pytest.approx(row[name] * factor, rel=1e-12, abs=1e-12)
            else:
                assert math.isnan(value)


def test_a_datagram_is_whole_lines_with_or_without_their_end():
    rows, rejected = decode(f"{T0},10", f"{T0},20", path="udp://h:1")
    assert not rejected
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        (f"{T0},north\n", "not a detection", "azimuth_deg is 'north'"),
        (f"{T0},400\n", "not a detection", "must be -360 to 360"),
        (f"{T0},,500\n", "not a detection", "nothing measured"),
        ("noon,41.5\n", "no time", "time is 'noon'"),
        (f"{T0},1,2,3,4\n", "wrong number of columns", "5 numbers for 4 columns"),
        ("time,azimuth_deg,pilot\n", "unknown column", "passed over: pilot"),
        ("a," * 100 + "\n", "not a line of numbers", ""),
        ("1" * 5000 + "\n", "not a line of numbers", ""),
        ("time,lat,lon,alt_m,alt_ref\n1,1,1,5,sea\n", "not a detection", "alt_ref is 'sea'"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_and_the_next_one_counts(text, reason, words):
    good = f"time,azimuth_deg\n{T0},41.5\n"
    rows, rejected = decode(text + good)
    assert list(rejected) == [reason]
    assert words in rejected[reason][1]
    assert len(rows) == 1


def test_ids_of_anybody_are_passed_over():
    rows, rejected = decode(f"time,azimuth_deg,declared_id,callsign\n{T0},41.5,SER123,PILOT\n")
    assert rejected["unknown column"][0] == 2
    assert rows.declared_id[0] == b""
    assert rows.callsign[0] == b""


def test_a_file_is_opened_by_its_first_line_and_decoded():
    text = f"# bearings\ntime,bearing_deg\n{T0},10\n{T0 + 1},20\n"
    recording = open_recording(text.removeprefix("# bearings\n").encode(), "b.csv")
    assert set(recording.formats.values()) == {"plots-csv"}
    named = open_recording(text.encode(), "b.csv", format="plots-csv")
    for one in (recording, named):
        frames = tuple(one.frames)
        assert frames[-1].arrival_s == T0 + 1
        session = codec.open_session(Node(), live=False, formats=one.formats)
        decoded = codec.decode_into(session, Node(), Batch(T0 + 1, frames))
        assert decoded.records == {"CSV": 2}
        assert not decoded.rejected
