"""Logs of flights against what is known of real ones, and damaged ones."""

import json
import math
import random
import time

import pytest
from tests.codec.fuzzing import tries

from tocsin.cli import main
from tocsin.codec import decode_into, open_session
from tocsin.codec.flightlogs import Fix, read_flight_log
from tocsin.codec.flightlogs._fixes import sieve
from tocsin.codec.flightlogs.dataflash import read_messages
from tocsin.codec.recordings import open_recording
from tocsin.errors import FormatError
from tocsin.model import AltRef, Batch, Node, Report

BIRDS = "birds-oystercatcher/O_ASSEN-gps-2019.csv.gz"
FILES = (
    "mavlink-logs/test.BIN", "mavlink-logs/sample_log_small.ulg", "uav-gps-track/UAV_Rot.csv",
    BIRDS,
)  # fmt: skip


def rows_of(path, node=None):
    recording = open_recording(path.read_bytes(), path.name)
    assert recording.container == "flight-log"
    session = open_session(Node(), live=False, formats=recording.formats)
    frames = tuple(recording.frames)
    decoded = decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert not decoded.rejected
    return decoded.detections, recording.skipped


def test_a_dataflash_log_has_the_messages_and_fixes_that_pymavlink_counts(data_folder):
    data = (data_folder / FILES[0]).read_bytes()
    counts = {}
    assert len(read_messages(data, counts)) == 1731
    assert counts == {"cut short": 1}  # the file ends within a message
    rows, _ = rows_of(data_folder / FILES[0])
    assert len(rows) == 5
    assert rows.lat_deg.tolist() == pytest.approx([-35.36263] * 5, abs=1e-5)
    assert rows.lon_deg.tolist() == pytest.approx([149.16530] * 5, abs=1e-5)
    assert set(rows.report.tolist()) == {Report.DECLARED}


def test_a_ulog_stands_still_where_pyulog_says(data_folder):
    rows, skipped = rows_of(data_folder / FILES[1])
    assert not skipped
    assert len(rows) == 32
    assert {round(lat, 5) for lat in rows.lat_deg.tolist()} == {63.41705, 63.41706}
    lon = [round(one, 5) for one in rows.lon_deg.tolist()]
    assert (min(lon), max(lon)) == (10.40821, 10.40823)
    day_s = 1_618_963_200.0  # 2021-04-21
    assert day_s < rows.time_s[0] < rows.time_s[-1] < day_s + 86_400.0
    speed = [math.hypot(e, n) for e, n in zip(rows.vel_east_mps, rows.vel_north_mps)]
    assert max(speed) == pytest.approx(0.28, abs=0.03)


def test_a_drone_s_track_is_read_value_by_value(data_folder):
    known = json.loads((data_folder / "uav-gps-track/expected.json").read_text())
    rows, skipped = rows_of(data_folder / FILES[2])
    assert not skipped
    assert len(rows) == known["points"] == 965
    assert [rows.lat_deg.min(), rows.lat_deg.max()] == known["lat"]
    assert [rows.lon_deg.min(), rows.lon_deg.max()] == known["lon"]
    assert rows.time_s[-1] - rows.time_s[0] == 16 * 60 + 4  # 10:49:35 to 11:05:39
    assert max(rows.time_s[1:] - rows.time_s[:-1]) <= 1.0
    speed = [math.hypot(e, n) for e, n in zip(rows.vel_east_mps, rows.vel_north_mps)]
    assert max(speed) == pytest.approx(known["max_speed_mps"], abs=0.01)
    assert sum(one < 0.5 for one in speed) == known["hover_points_speed_lt_0_5"]
    way_m = 0.0
    for k in range(1, len(rows)):
        north = math.radians(rows.lat_deg[k] - rows.lat_deg[k - 1])
        east = math.radians(rows.lon_deg[k] - rows.lon_deg[k - 1])
        east *= math.cos(math.radians(rows.lat_deg[k]))
        way_m += 6_371_008.8 * math.hypot(north, east)
    assert way_m == pytest.approx(known["path_m"], rel=0.003)
    # The heights are over the sea: the codec has no geoid without a site.
    fixes = read_flight_log((data_folder / FILES[2]).read_bytes(), "UAV_Rot.csv", {})
    heights = [fix.height_msl_m for fix in fixes]
    assert [min(heights), max(heights)] == known["alt_m"]
    assert set(rows.alt_ref.tolist()) <= {AltRef.ELLIPSOID, AltRef.MSL}


def test_what_no_bird_flies_is_taken_out_and_counted(data_folder):
    known = json.loads((data_folder / "birds-oystercatcher/expected.json").read_text())
    rows, skipped = rows_of(data_folder / BIRDS)
    assert skipped["marked as an outlier"] == 4
    assert len(rows) + 4 == known["fixes"] == 5263
    assert len(set(rows.declared_id.tolist())) == known["individuals"] == 2
    assert rows.time_s[0] == 1_557_433_923.0  # 2019-05-09 20:32:03
    assert rows.time_s[-1] == 1_558_792_286.0  # 2019-05-25 13:51:26
    # 232 km away, 87 m/s, -1,041 m and 6,128 m are in the file.
    assert rows.lon_deg.max() < 7.0
    speed = [math.hypot(e, n) for e, n in zip(rows.vel_east_mps, rows.vel_north_mps)]
    assert max(one for one in speed if math.isfinite(one)) < 30.0
    heights = [h for h in rows.alt_m if math.isfinite(h)]
    assert min(heights) > -430.0
    assert max(heights) < 3000.0
    assert skipped["implausible height"] < 60


def test_one_fix_far_away_goes_and_two_that_agree_stay():
    fixes = [Fix(1e9 + k, 50.0 + (3.0 if k == 5 else 0.0), 8.0, 100.0) for k in range(10)]
    counts = {}
    assert [fix.time_s - 1e9 for fix in sieve(fixes, counts)] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert counts == {"implausible position": 1}
    spike = [Fix(1e9 + k, 50.0, 8.0, 900.0 if k == 5 else 100.0) for k in range(10)]
    kept = sieve(spike, counts := {})
    assert [k for k, fix in enumerate(kept) if math.isnan(fix.height_msl_m)] == [5]
    assert counts == {"implausible height": 1}


def test_decode_tells_what_it_is_by_itself(data_folder, capsys):
    with pytest.raises(SystemExit) as left:
        main(["decode", "auto", str(data_folder / FILES[0]), "--summary", "--json"])
    assert left.value.code in (0, None)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["records"] == {"DETECTION": 5}


@pytest.mark.fuzz
@pytest.mark.parametrize("name", FILES[:3])
def test_damaged_logs_are_fixes_or_sentences(data_folder, name):
    # What was recorded besides takes the time: definitions and data of the GPS alone.
    slim = {"BIN": slim_dataflash, "ulg": slim_ulog, "csv": lambda data: data[:700]}
    short = slim[name[-3:]]((data_folder / name).read_bytes())
    assert read_flight_log(short, name, {})
    draw, fixes, refused = random.Random(name), 0, 0
    for _ in range(tries()):
        octets = bytearray(short)
        for _ in range(draw.randrange(1, 6)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        try:
            found = read_flight_log(bytes(octets[: draw.randrange(len(octets) + 1)]), "x", {})
            assert all(abs(f.lat_deg) <= 90.0 and 0.0 < f.time_s < 1e11 for f in found)
            fixes += 1
        except FormatError:
            refused += 1
    assert refused > tries() / 200
    assert fixes > tries() / 200


def slim_dataflash(data):
    """Return the definition of GPS messages and those that there are."""
    form = data.index(b"GPS\0") - 5
    definition = data[form : form + 89]
    head, size = b"\xa3\x95" + definition[3:4], definition[4]
    found, at = [], 0
    while (at := data.find(head, at)) >= 0:
        found.append(data[at : at + size])
        at += size
    return definition + b"".join(found)


def slim_ulog(data):
    """Return a log with the definition, the number and the first data of the GPS alone."""
    kept, at, number = bytearray(data[:16]), 16, b"??"
    while at + 3 <= len(data) and len(kept) < 1_500:
        size = int.from_bytes(data[at : at + 2], "little")
        whole, body = data[at : at + 3 + size], data[at + 3 : at + 3 + size]
        at += 3 + size
        if whole[2:3] == b"A" and body[3:] == b"vehicle_gps_position":
            number = body[1:3]
        is_form = whole[2:3] == b"F" and body.startswith(b"vehicle_gps_position:")
        is_told = whole[2:3] == b"A" and body[1:3] == number
        if is_form or is_told or (whole[2:3] == b"D" and body[:2] == number):
            kept += whole
    return bytes(kept)


def test_a_log_of_forms_alone_takes_no_longer_than_its_length():
    form = b"\xa3\x95\x80" + bytes([150, 89]) + b"ABCD" + b"BIHBcLLeee".ljust(16, b"\0")
    data = (form + b"a,b".ljust(64, b"\0")) * 120_000
    begun_s = time.process_time()
    assert len(read_messages(data, {})) == 120_000
    assert (
        time.process_time() - begun_s < 5.0
    )  # by a square of the length it took half a minute
