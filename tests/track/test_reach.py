"""What a camera does not see may be small: its silence ends no track that a radar holds."""

from dataclasses import replace

import numpy as np
import pytest
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight

from tocsin.model import DetectionBatch, TrackStatus
from tocsin.track import Tracker

RADAR = replace(RADARS[0], scan_period_s=2.0, detection_probability=0.8)
CAMERA = replace(CAMERAS[0], scan_period_s=1.0, detection_probability=0.9, max_range_m=6000.0)
COMING = straight((3500, 3500, 120, -10, -10, 0))
NOTHING = straight((90_000, 0, 100, 0, 0, 0))


def held(cameras, seconds=120.0):
    """Share of the seconds after the first half minute in which a track is on the target."""
    rows = scans((RADAR,), COMING, seconds)
    for n, camera in enumerate(cameras, start=1):
        for at_s, batch, look in scans((camera,), NOTHING, seconds, seed=n + 1):
            batch.sensor[:] = n
            rows.append((at_s, batch, replace(look, sensor=n)))
    tracker = Tracker((RADAR, *cameras), origin_deg_m=ORIGIN)
    rows.sort(key=lambda row: row[0])
    on = []
    for second in range(1, int(seconds)):
        while rows and rows[0][0] <= 1.7e9 + second:
            at_s, batch, look = rows.pop(0)
            tracker.step(batch, (look,), now_s=at_s)
        table = tracker.step(DetectionBatch.blank(0), now_s=1.7e9 + second)
        off_m = np.hypot(*(table.state[:, :2] - COMING(second)[0, :2]).T)
        on.append(bool((off_m[table.status != TrackStatus.TENTATIVE] < 200.0).any()))
    return float(np.mean(on[30:]))


@pytest.mark.parametrize("number", [1, 3])
def test_a_small_thing_within_a_cameras_greatest_reach_is_tracked_though_it_is_not_seen(number):
    """As by the radar alone. (With one reach for all sizes it was tracked at no time.)"""
    cameras = [replace(CAMERA, id=f"camera-{n}", phase_s=0.3 * n) for n in range(number)]
    assert held([]) >= 0.95
    assert held(cameras) >= 0.95


def test_a_camera_that_states_its_reach_by_kind_is_taken_at_its_word():
    """Here any kind would be seen, and is not: there is nothing."""
    sure = replace(CAMERA, max_range_by_kind_m={"bird": 6000.0, "drone_multirotor": 6000.0})
    assert held([sure]) < 0.5
