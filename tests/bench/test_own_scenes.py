"""The bench's own scenes, score and oracle, judged by the reference's programs."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from bench.own import pcrlb, scenarios, score
from bench.picture import drawn
from bench.track import Bench

from tocsin.cli.track import run

ROOT = Path(__file__).parents[2]


def made(folder, name, *words):
    scenarios.main([name, "3", str(folder), "--duration", "40", *words])
    return folder


def reference(program, *words):
    done = subprocess.run(
        [sys.executable, program, *map(str, words)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def crossing(tmp_path_factory):
    return made(tmp_path_factory.mktemp("crossing"), "crossing")


@pytest.mark.parametrize("name", sorted(scenarios.SCENARIOS))
def test_each_kind_of_scene_is_tracked(tmp_path, name):
    scale = ("--scale", "0.1") if name in ("swarm", "dense") else ()
    folder = made(tmp_path / name, name, *scale)
    result = run(folder, tmp_path / "tracks.parquet")
    assert result["unused"] == {}
    found = score.score(
        score.columns(folder / "truth.parquet"),
        score.columns(tmp_path / "tracks.parquet"),
        200.0,
    )
    if found["targets"]:  # those of `pair` begin later
        assert found["tracked"] > 0.5
        assert found["mean_false"] < 1.0


def test_the_same_seed_gives_the_same_bytes_and_a_salt_others(tmp_path):
    for name, words in (("a", ()), ("b", ()), ("c", ("--salt", "x"))):
        made(tmp_path / name, "bearing", *words)
    one, same, other = ((tmp_path / n / "detections.parquet").read_bytes() for n in "abc")
    assert one == same
    assert one != other


def test_late_scans_and_biases_are_what_was_asked_for(tmp_path):
    folder = made(tmp_path, "mixed", "--late", "0.3", "--late-mean", "2", "--bias")
    d = score.columns(folder / "detections.parquet")
    delay = d["arrival_s"] - d["time_s"]
    assert np.all(np.diff(d["arrival_s"]) >= 0.0)
    assert 0.15 < np.mean(delay > 0.0) < 0.45
    assert np.all(delay >= 0.0)
    bias = json.loads((folder / "biases.json").read_text())
    assert set(bias) == {"radar-1", "radar-2", "camera-1", "rf-1"}
    origins = score.columns(folder / "origins.parquet")["target_id"]
    assert len(origins) == len(delay)


def test_scores_are_the_references(tmp_path, bench_folder, crossing):
    """On the same files: GOSPA, errors, consistency, and how long targets are held."""
    run(crossing, tmp_path / "t.parquet")
    theirs = json.loads(
        reference(bench_folder / "score.py", crossing, tmp_path / "t.parquet", "--json")
        .strip().splitlines()[-1]
    )  # fmt: skip
    mine = score.score(
        score.columns(crossing / "truth.parquet"), score.columns(tmp_path / "t.parquet"), 50.0
    )
    assert mine["seconds"] == theirs["seconds"]
    for name in (
        "gospa",
        "rms_3d_m",
        "median_3d_m",
        "mean_missed",
        "mean_false",
        "nees",
        "in_95",
    ):
        assert mine[name] == pytest.approx(theirs[name], rel=1e-9), name
    for name in ("ospa2", "tracked", "longest", "surplus", "false_long"):
        assert mine[name] == pytest.approx(theirs[name], rel=1e-6), name


def test_the_oracle_is_as_good_as_the_references(tmp_path, bench_folder):
    folder, words = tmp_path / "scene", ("--q", "1", "--qv", "0.02")
    reference(bench_folder / "scenarios.py", "crossing", 2, folder, "--duration", "40")
    pcrlb.main([str(folder), "--oracle-tracks", str(tmp_path / "own.parquet"), *words])
    reference(
        bench_folder / "pcrlb.py", folder, "--oracle-tracks", tmp_path / "ref.parquet", *words
    )
    truth = score.columns(folder / "truth.parquet")
    own, ref = (
        score.score(truth, score.columns(tmp_path / f"{n}.parquet"), 50.0)
        for n in ("own", "ref")
    )
    for name in ("gospa", "median_3d_m", "in_95"):
        assert own[name] == pytest.approx(ref[name], rel=0.02), name


def test_without_the_reference_the_bench_uses_its_own(tmp_path, monkeypatch):
    import bench.track

    monkeypatch.setattr(bench.track, "OUT", tmp_path)
    monkeypatch.setenv("TOCSIN_BENCH", "")
    assert bench.track.reference_folder() is None
    own = Bench(None, 1, "", quick=True)
    folder = own.scene(0, "bearing", "--duration", "30")
    assert (folder / "detections.parquet").is_file()
    tracks, figures = own.track(folder)
    assert figures["detections"] == pq.read_metadata(folder / "detections.parquet").num_rows
    assert own.score(folder, tracks)["gospa"] > 0.0
    assert own.oracle(folder)["gospa"] > 0.0


def test_the_picture_names_every_row():
    picture = drawn({"pair": [0.9, 1.1], "mixed": [0.95]}, {"pair": (70_000.0, 300.0)})
    for word in ("pair", "mixed", "Stone Soup", "70,000", "</svg>"):
        assert word in picture
    assert picture.count("<circle") == 3
