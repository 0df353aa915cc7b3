"""`tocsin track` on small made-up folders: rows, figures, and sentences for what is wrong."""

import json
import re
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.track.scene import ORIGIN, RADARS, scans, straight

from tocsin.cli import _follow
from tocsin.cli.track import run
from tocsin.cli.track import track as track_in_words
from tocsin.errors import ScenarioError

T0 = 1.7e9
TARGETS = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))
KEYS = {
    "detections", "cpu_s", "detections_per_cpu_s", "slowest_scan_ms", "tracks",
    "inconsistent_sensors",
}  # fmt: skip


def write(folder, as_flown=RADARS, duration_s=20.0, **changes):
    rows = scans(as_flown, TARGETS, duration_s)
    site = {"lat": ORIGIN[0], "lon": ORIGIN[1], "alt_m": ORIGIN[2], "t0": T0}
    (folder / "site.json").write_text(json.dumps(site))
    (folder / "sensors.json").write_text(json.dumps([asdict(s) for s in RADARS]))
    batches = [batch for _, batch, _ in rows]

    def column(name):
        return np.concatenate([getattr(b, name) for b in batches])

    columns = {
        "time_s": column("time_s"),
        "arrival_s": column("arrival_s"),
        "sensor_id": np.array([RADARS[k].id for k in column("sensor")]),
        "range_m": column("range_m"),
        "azimuth_deg": np.degrees(column("azimuth_rad")),
        "elevation_deg": np.degrees(column("elevation_rad")),
        "range_rate_mps": column("range_rate_mps"),
    }
    columns.update(changes)
    table = pa.table({k: v for k, v in columns.items() if v is not None})
    pq.write_table(table, folder / "detections.parquet")
    return columns


def track(folder, out):
    return subprocess.run(
        [sys.executable, "-m", "tocsin", "track", str(folder), "--out", str(out), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_folder_becomes_rows_at_whole_seconds_from_what_had_arrived(tmp_path):
    columns = write(tmp_path)
    done = track(tmp_path, tmp_path / "tracks.parquet")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(result) >= KEYS
    assert result["detections"] == len(columns["time_s"])
    assert result["tracks"] == 2
    rows = pq.read_table(tmp_path / "tracks.parquet").to_pydict()
    seconds = np.array(rows["time_s"]) - T0
    assert np.all(seconds == np.round(seconds))
    assert seconds.max() == 20.0
    for n in np.flatnonzero(seconds >= 10.0):
        truth = TARGETS(seconds[n])
        place = [rows[k][n] for k in ("east_m", "north_m", "up_m")]
        assert np.linalg.norm(truth[:, :3] - place, axis=1).min() < 60.0


def test_the_errors_learnt_lie_beside_the_tracks_and_spare_what_was_put_in(tmp_path):
    scene = tmp_path / "scene"
    scene.mkdir()
    write(scene)
    (scene / "biases.json").write_text('{"put in": 1}')
    result = run(scene, tmp_path / "tracks.parquet")
    learnt = json.loads((tmp_path / "biases.json").read_text())
    assert set(learnt) == {radar.id for radar in RADARS}
    for row in result["registration"]:
        assert learnt[row["id"]]["range_m"] == row["range_m"]
        assert learnt[row["id"]]["sigma_range_m"] > 0.0
    run(scene, scene / "own.parquet")
    assert (scene / "biases.json").read_text() == '{"put in": 1}'
    assert json.loads((scene / "own.biases.json").read_text()) == learnt


def test_rows_do_not_change_when_later_detections_are_cut_off(tmp_path):
    """No detection is used before it has arrived."""
    (tmp_path / "all").mkdir()
    (tmp_path / "cut").mkdir()
    columns = write(tmp_path / "all")
    keep = columns["arrival_s"] <= T0 + 12.0
    write(tmp_path / "cut", **{k: v[keep] for k, v in columns.items()})
    tables = []
    for name in ("all", "cut"):
        run(tmp_path / name, tmp_path / f"{name}.parquet")
        rows = pq.read_table(tmp_path / f"{name}.parquet")
        tables.append(rows.filter(pa.compute.less_equal(rows["time_s"], T0 + 12.0)))
    assert tables[0].num_rows > 10
    assert tables[0].equals(tables[1])


def test_a_sensor_that_is_out_has_no_looks_and_did_not_miss_what_is_there(tmp_path):
    """Its false alarms would have come; without a word it is out, not blind."""
    for folder, is_out in (("well", False), ("out", True)):
        (tmp_path / folder).mkdir()
        columns = write(tmp_path / folder, duration_s=90.0)
        at_s = columns["time_s"] - T0
        is_kept = (columns["sensor_id"] != "radar-1") | (at_s < 20.0) | (at_s > 70.0)
        if is_out:
            table = pa.table({name: values[is_kept] for name, values in columns.items()})
            pq.write_table(table, tmp_path / folder / "detections.parquet")
        result = run(tmp_path / folder, tmp_path / f"{folder}.parquet")
        row = next(row for row in result["registration"] if row["id"] == "radar-1")
        assert row["detection"] == row["stated_detection"]
        assert result["inconsistent_sensors"] == []
    assert _follow._empty_before(np.array([2, 5]), 7).tolist() == [1, 2, 0, 1, 2, 0, 1]


def test_what_cannot_be_used_is_counted_and_the_rest_is_tracked(tmp_path):
    columns = write(tmp_path)
    spoiled = {k: v.copy() for k, v in columns.items()}
    spoiled["range_m"][0], spoiled["time_s"][1], spoiled["azimuth_deg"][2] = (
        np.inf,
        np.nan,
        np.nan,
    )
    spoiled["time_s"][3] += 500.0
    spoiled["sensor_id"] = spoiled["sensor_id"].astype(object)
    spoiled["sensor_id"][[4, 5]] = "nobody's", None
    spoiled["range_m"][6] = 70_000.0
    write(tmp_path, **spoiled)
    result = run(tmp_path, tmp_path / "tracks.parquet")
    assert result["unused"] == {
        "value not possible": 1, "from the future": 2, "no azimuth": 1, "sensor not known": 2,
        "beyond radius_m": 1,
    }  # fmt: skip
    assert result["tracks"] == 2


def test_words_say_what_is_not_as_it_was_stated(tmp_path, capsys):
    noisy = [replace(s, false_alarms_per_scan=40.0) for s in RADARS]
    columns = write(tmp_path, noisy)
    columns["range_m"][0] = np.inf
    write(tmp_path, noisy, **columns)
    result = run(tmp_path, tmp_path / "tracks.parquet")
    track_in_words(tmp_path, out=tmp_path / "tracks.parquet")
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{result['detections']} detections, ")
    assert others[0] == "not used: 1 value not possible"
    assert others[1:] == [
        f"{row['id']} reports some {row['found_per_scan']:.0f} false alarms a scan,"
        " where 3 are stated"
        for row in result["clutter"]
    ]
    assert [row["id"] for row in result["clutter"]] == ["radar-0", "radar-1"]


def test_words_say_who_scatters_more_than_was_stated(tmp_path, capsys):
    loose = {
        name: 2.5 * getattr(RADARS[0], name)
        for name in ("sigma_range_m", "sigma_azimuth_deg", "sigma_elevation_deg",
                     "sigma_range_rate_mps")
    }  # fmt: skip
    write(tmp_path, [replace(s, **loose) for s in RADARS])
    track_in_words(tmp_path, out=tmp_path / "tracks.parquet")
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for k, line in enumerate(lines):
        assert re.fullmatch(rf"radar-{k} scatters some [12]\.\d times what is stated", line)


@pytest.mark.parametrize("column", ["time_s", "sensor_id", "azimuth_deg"])
def test_a_missing_column_is_named(tmp_path, column):
    write(tmp_path, **{column: None})
    with pytest.raises(ScenarioError, match=column):
        run(tmp_path, tmp_path / "tracks.parquet")


@pytest.mark.parametrize("name", ["site.json", "sensors.json", "detections.parquet"])
def test_a_missing_or_broken_file_is_a_sentence(tmp_path, name):
    for damage in ("gone", "broken"):
        write(tmp_path)
        if damage == "gone":
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_bytes(b"\x00{not it")
        with pytest.raises(ScenarioError, match=name):
            run(tmp_path, tmp_path / "tracks.parquet")


def test_a_missing_folder_is_a_sentence(tmp_path):
    done = track(tmp_path / "nowhere", tmp_path / "tracks.parquet")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_known_later_of_late_detections_is_what_order_would_have_given(tmp_path):
    for name in ("order", "late"):
        (tmp_path / name).mkdir()
    columns = write(tmp_path / "order")
    rng = np.random.default_rng(2)
    late = rng.random(len(columns["time_s"])) < 0.2
    delay_s = np.where(late, np.minimum(rng.exponential(3.0, len(late)), 8.0), 0.0)
    write(tmp_path / "late", arrival_s=columns["time_s"] + delay_s)
    tables = []
    for name in ("order", "late"):
        run(tmp_path / name, tmp_path / f"{name}.parquet", lag=10.0)
        rows = pq.read_table(tmp_path / f"{name}.lag.parquet")
        # At the end the two differ: a look without plots is known only after its time-out.
        tables.append(rows.filter(pa.compute.less_equal(rows["time_s"], T0 + 17.0)))
    assert tables[0].num_rows > 20
    for name in ("time_s", "east_m", "north_m", "up_m", "see", "existence"):
        assert tables[0][name].equals(tables[1][name])


@pytest.mark.parametrize("lag", ["-1", "500", "nan"])
def test_a_lag_that_cannot_be_is_a_bad_call(tmp_path, lag):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "track", str(tmp_path), "--out", "x", "--lag", lag],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--lag" in done.stderr
