"""What flies together: found by its tracks, counted by its plots."""

import json
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.track.scene import ORIGIN, RADARS, scans, straight

from tocsin.cli.track import run
from tocsin.track import Tracker, find_groups

pytestmark = pytest.mark.jit

MEMBERS = [
    (3000.0 + 20.0 * (n % 4), 3500.0 + 20.0 * (n // 4), 200.0, -25.0, -25.0, 0.0)
    for n in range(12)
]
LONE = [(-3000.0, 2000.0, 150.0, 40.0, 0.0, 0.0), (-3000.0, -2500.0, 250.0, 0.0, 35.0, 0.0)]
END_S = 40.0


def followed(truth, seed=1):
    tracker = Tracker(RADARS, origin_deg_m=ORIGIN)
    for at_s, batch, look in scans(RADARS, truth, END_S, seed=seed):
        tracker.step(batch, [look], now_s=at_s)
    return tracker


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_dozen_that_radars_cannot_tell_apart_is_one_group_of_a_dozen(seed):
    truth = straight(*MEMBERS, *LONE)
    tracker = followed(truth, seed)
    found = tracker.groups()
    assert len(found) == 1
    assert abs(found.count[0] - 12.0) < min(3.0 * found.sigma_count[0], 2.0)
    center = truth(found.time_s[0] - 1.7e9)[:12, :3].mean(0)
    assert np.linalg.norm(found.state[0, :2] - center[:2]) < 20.0
    # 4 by 3 places 20 m apart: 22 and 16 m of spread, and the tracks' own errors.
    assert 10.0 < np.sqrt(found.extent[0, 0, 0]) < 60.0
    assert found.tracks[0] == len(found.members[0]) > 6
    assert found.group_id[0] == found.members[0].min()


def test_targets_far_apart_are_no_group_and_nor_are_two():
    assert len(followed(straight(*LONE, MEMBERS[0], MEMBERS[1])).groups()) == 0
    assert len(Tracker(RADARS).groups()) == 0


def test_those_that_only_cross_the_groups_path_are_not_counted():
    # They are in its midst at the end, at right angles.
    east, north = 3030.0 - 25.0 * END_S, 3520.0 - 25.0 * END_S
    across = [
        (east - 30.0 * END_S, north + 30.0 * END_S, 200.0, 30.0, -30.0, 0.0),
        (east + 30.0 * END_S, north - 30.0 * END_S, 200.0, -30.0, 30.0, 0.0),
    ]
    found = followed(straight(*MEMBERS, *across)).groups()
    assert len(found) == 1
    assert abs(found.count[0] - 12.0) < 2.5


def test_asking_for_groups_changes_nothing():
    tracker = followed(straight(*MEMBERS))
    state = tracker.state()
    before = repr(state)
    find_groups(state, state.now_s)
    assert repr(state) == before


def test_the_verb_writes_the_groups_of_each_second(tmp_path):
    rows = scans(RADARS, straight(*MEMBERS), END_S)
    site = {"lat": ORIGIN[0], "lon": ORIGIN[1], "alt_m": ORIGIN[2], "t0": 1.7e9}
    (tmp_path / "site.json").write_text(json.dumps(site))
    (tmp_path / "sensors.json").write_text(json.dumps([asdict(s) for s in RADARS]))
    parts = [
        (batch.time_s, np.array([RADARS[k].id for k in batch.sensor]), batch.range_m,
         np.degrees(batch.azimuth_rad), np.degrees(batch.elevation_rad), batch.range_rate_mps)
        for _, batch, _ in rows
    ]  # fmt: skip
    names = ("time_s", "sensor_id", "range_m", "azimuth_deg", "elevation_deg", "range_rate_mps")
    columns = {name: np.concatenate([p[c] for p in parts]) for c, name in enumerate(names)}
    pq.write_table(pa.table(columns), tmp_path / "detections.parquet")
    run(tmp_path, tmp_path / "t.parquet", groups=True)
    found = pq.read_table(tmp_path / "t.groups.parquet")
    count, at_s = found["count"].to_numpy(), found["time_s"].to_numpy() - 1.7e9
    assert set(at_s[at_s > 15.0]) == set(range(16, 41))
    assert abs(np.median(count[at_s > 15.0]) - 12.0) < 1.2  # within a tenth
