"""Real recordings through the whole pipeline, against what is known to be true of them."""

import gzip
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tocsin.cli.replay import replay
from tocsin.codec.courageous import read_log
from tocsin.codec.recordings import open_recording

pytestmark = pytest.mark.jit
AIRWAYS = Path(__file__).parent / "airways.toml"


@pytest.fixture
def play(data_folder, capsys):
    def run(*names, **options):
        replay(*(data_folder / name for name in names), json=True, **options)
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def test_doubled_radar_feeds_are_counted_once(play):
    result = play("asterix-croatia/cat_034_048.pcap")
    assert result["records"] == {"CAT048": 64, "CAT034": 17}
    assert result["duplicates"] == 81
    assert result["sensors"] == 7
    assert result["tracks_confirmed"] == 0  # nobody said where these radars stand


def test_an_old_edition_makes_no_track_and_is_counted(play):
    result = play("asterix-croatia/asterix.pcap")
    assert result["tracks_confirmed"] == result["detections"] == 0
    assert sum(result["rejected"].values()) >= 100


def metres_apart(lat_a, lon_a, lat_b, lon_b):
    east = math.radians(lon_b - lon_a) * math.cos(math.radians(lat_a)) * 6_371_000
    return math.hypot(east, math.radians(lat_b - lat_a) * 6_371_000)


def test_mode_s_gives_the_aircraft_of_the_peer_and_none_from_noise(play, data_folder, tmp_path):
    result = play("adsb-toulouse/frames.jsonl.gz", out=tmp_path)
    assert result["records"] == {"DF17": 2786, "DF20": 320, "DF21": 208}
    rows = pq.read_table(tmp_path / "tracks.parquet").to_pylist()
    names = {row["declared_id"] for row in rows}
    with gzip.open(data_folder / "adsb-toulouse/decoded_rs1090.jsonl.gz", "rt") as file:
        peer = [json.loads(line) for line in file]
    heard = {p["icao24"] for p in peer if p.get("df") in ("17", "18") and "icao24" in p}
    assert names <= heard - {"000000"}
    assert {"400f99", "4ca216", "4863db", "4d226a", "3836ba"} >= names - {"3461ce"}
    ours = [r for r in rows if r["declared_id"] == "400f99"]
    theirs = [
        p
        for p in peer
        if p.get("icao24") == "400f99"
        and p.get("bds") == "05"
        and p.get("latitude") is not None
    ]
    assert len(theirs) >= 492
    close = 0
    for p in theirs:
        mine = min(ours, key=lambda r: abs(r["time_s"] - p["timestamp"]))
        if abs(mine["time_s"] - p["timestamp"]) < 1e-3:
            gap_m = metres_apart(mine["lat"], mine["lon"], p["latitude"], p["longitude"])
            assert gap_m < 10
            close += 1
    assert close >= 0.95 * 492


def test_state_vectors_are_aircraft_and_nobody_under_the_airways_has_to_run(play, tmp_path):
    result = play("opensky-uk/OpenSky_Plane_States.csv", site=AIRWAYS, out=tmp_path)
    assert result["declared"] == 84
    assert result["by_identity"]["aircraft"] == 84
    assert sum(n for word, n in result["by_identity"].items() if word.startswith("drone")) == 0
    assert "TAKE SHELTER" not in result["alerts"]
    # The log of it for a trial holds every row, and is read again as a recording.
    rows = pq.read_table(tmp_path / "tracks.parquet").to_pylist()
    log = read_log((tmp_path / "courageous.json").read_bytes(), "courageous.json")
    records = [record for one in log.tracks for record in one.records]
    assert (len(records), len(log.tracks)) == (len(rows), 84)
    assert {record.classification for record in records} == {"Other"}
    assert (log.static_cuas_location.lat, log.static_cuas_location.height_amsl) == (
        51.475,
        30.0,
    )
    recording = open_recording((tmp_path / "courageous.json").read_bytes(), "courageous.json")
    bodies = [json.loads(frame.payload) for frame in recording.frames]
    assert sum(map(len, bodies)) == len(rows)
    assert recording.skipped == {}


def test_the_beast_sample_is_read_whole(play):
    result = play("adsb-toulouse/beast_sample.bin")
    assert sum(result["records"].values()) == 239


@pytest.mark.parametrize(
    "name", ["asterix-croatia/cat_034_048.pcap", "adsb-toulouse/frames.jsonl.gz"]
)
def test_a_recording_replayed_twice_gives_the_same_digest(play, name):
    assert play(name)["outcome_digest"] == play(name)["outcome_digest"]


def test_the_tracks_of_another_tracker_are_all_shown_with_their_source(play, tmp_path):
    name = "asterix-system-tracks/cat062_063_065_first5min.ff"
    result = play(name, out=tmp_path)
    assert result["records"] == {"CAT062": 3440, "CAT063": 965, "CAT065": 1007}
    assert result["system_tracks"] == 121
    assert (
        result["tracks_confirmed"] == result["declared"] == 0
    )  # nothing of it is tracked anew
    rows = pq.read_table(tmp_path / "tracks.parquet").to_pylist()
    assert {row["kind"] for row in rows} == {"system"}
    assert {row["sensor_id"] for row in rows} == {"asterix-33/18"}
    assert len({row["sensor_track"] for row in rows}) == 121
    assert len({row["track_id"] for row in rows}) >= 121
    for row in rows:
        assert 39.0 <= row["lat"] <= 44.5
        assert 8.6 <= row["lon"] <= 15.9
