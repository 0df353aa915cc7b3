"""A raid that one radar sees and nothing else, through all stages: every zone has to be warned.

The radar measures no range rate, nobody names a class and nothing declares itself, so motion
alone speaks: at 51 m/s a one-way drone flies as a light aircraft does.
"""

import json
import math

import numpy as np
import pytest

from tocsin import pipeline
from tocsin.model import Batch, Frame, Node, Sensor, Site, Zone

pytestmark = pytest.mark.jit

HOUR = 1_767_268_800.0
SPEED_MPS, UP_M, RING_M, ZONE_M = 51.0, 250.0, 9_000.0, 250.0
COURSES = (0.3, 1.9, 3.4, 5.2)  # radians from north at which a zone lies, and a drone comes
AWAY_M = (5_600.0, 6_000.0, 6_500.0, 7_000.0)  # of each drone from its zone's edge
SIGMA_M, SIGMA_DEG = 20.0, 0.25


def zone_at(number, course):
    east, north = RING_M * math.sin(course), RING_M * math.cos(course)
    ring = [
        (east + ZONE_M * math.cos(a), north + ZONE_M * math.sin(a))
        for a in np.arange(12) * math.tau / 12
    ]
    return Zone(
        f"zone-{number}", f"Zone {number}", tuple(ring), ceiling_m=600.0, shelter_s=60.0
    )


NODE = Node(
    sites=(
        Site("base", "Base", 48.0, 11.0, 500.0,
             zones=tuple(zone_at(k, course) for k, course in enumerate(COURSES))),
    ),
    sensors=(
        Sensor("radar", format="detections", sites=("base",), lat=48.0, lon=11.0, alt_m=510.0,
               sigma_range_m=SIGMA_M, sigma_azimuth_deg=SIGMA_DEG, sigma_elevation_deg=0.5,
               max_range_m=40_000.0),
    ),
)  # fmt: skip


def seen(second, rng):
    """Return the radar's look: what it measures of each drone at that second."""
    plots = []
    for course, away_m in zip(COURSES, AWAY_M, strict=True):
        out_m = RING_M + ZONE_M + away_m - SPEED_MPS * second
        noise = rng.normal(size=3)
        plots.append({
            "time_s": HOUR + second,
            "range_m": math.hypot(out_m, UP_M) + SIGMA_M * noise[0],
            "azimuth_deg": math.degrees(course) + SIGMA_DEG * noise[1],
            "elevation_deg": math.degrees(math.atan2(UP_M, out_m)) + 0.5 * noise[2],
        })  # fmt: skip
    scan = {"start_s": HOUR + second - 1.0, "end_s": HOUR + second}
    return json.dumps({"scan": scan, "detections": plots}).encode()


def test_each_zone_of_a_raid_that_one_radar_sees_is_proposed_before_its_line():
    rng = np.random.default_rng(3)
    state, _ = pipeline.open_state(NODE, mode="replay", now_s=HOUR, live=False)
    proposed = {}
    for second in range(1, 70):
        now_s = HOUR + second + 0.1
        frame = Frame("radar", second, now_s, seen(second, rng))
        state, outcome = pipeline.step(state, Batch(now_s, (frame,)))
        for k in range(1, 5):
            state, outcome = pipeline.step(state, Batch(now_s + 0.2 * k, ()))
            for zone in outcome.picture.zones if outcome.picture else ():
                if math.isfinite(zone.proposed_s):
                    proposed.setdefault(zone.zone_id, second)
    left_s = {
        f"zone-{k}": away_m / SPEED_MPS - proposed.get(f"zone-{k}", math.inf)
        for k, away_m in enumerate(AWAY_M)
    }
    assert min(left_s.values()) > 60.0 + 5.0, left_s  # to take shelter, and to be heard
