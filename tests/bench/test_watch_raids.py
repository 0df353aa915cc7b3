"""Raids in which a drone once crossed the line unattended, and when one is judged."""

import numpy as np
import pytest

from bench import watch_play, watch_set
from tocsin.sim.draws import Draws
from tocsin.sim.world import entries, open_world


@pytest.mark.parametrize(
    ("seed", "raid", "flies"),
    [
        (7, 7, "bends"),  # it turned on its way and so looked like a bird for minutes
        (7, 8, "waits"),  # it hovered out of the radar's sight and came on under a new number
    ],
)
def test_a_slow_drone_is_attended_before_it_crosses_the_line(seed, raid, flies):
    played = watch_play.play_raid(watch_set.slow, seed, raid)
    assert watch_set.manner("slow", raid) == flies
    assert played.crossings == ["called"]
    assert played.zones[0].caution >= played.zones[0].line + 30.0


def test_a_drone_that_the_camera_half_sees_is_held_where_the_radar_is_blind():
    """It passes the radar across, 1.9 km off: the camera finds it in half of its looks."""
    played = watch_play.play_raid(watch_set.slow, 707, 22)
    assert played.crossings == ["called"]


def test_a_drone_that_turns_while_the_radar_cannot_see_it_is_asked_about_again():
    """It passes the radar across for a minute and a half and comes on under a new number."""
    played = watch_play.play_raid(watch_set.slow, 909, 173)
    assert played.crossings == ["called"]


def test_a_drone_that_weaves_past_a_zone_is_asked_about_before_the_line():
    """It flickers about what asks for CAUTION while that waits for its delay."""
    played = watch_play.play_raid(watch_set.slow, 909, 136)
    assert played.crossings == ["called"]


@pytest.mark.parametrize(("raid", "flies"), [(11, "waits"), (31, "waits")])
def test_a_zone_is_warned_in_time_of_what_has_circled(raid, flies):
    played = watch_play.play_raid(watch_set.fast, 707, raid)
    assert watch_set.manner("fast", raid) == flies
    assert min(zone.automatic for zone in played.zones) >= 64.0


def judged(seed, raid):
    """Return the line, when the drone is judged, and how fast it is at both, of a slow raid."""
    world = open_world(watch_set.slow(raid), watch_set.node(), Draws(seed, raid))
    ((drone, _, _), enters_s), *_ = entries(world, stopped=False).items()
    line_s = enters_s - 90.0
    watch = watch_play._Watching(
        world, watch_set.node(), {drone: line_s}, {drone: enters_s}, set()
    )
    at_s = watch.judged_s[drone]
    row = world.row(drone)
    _, moves = world.plan(np.array([line_s, at_s - 10.0, at_s]), np.array([row] * 3))
    return line_s, at_s, np.sqrt((moves**2).sum(1))


def test_a_drone_is_judged_at_its_line_or_once_the_radar_has_seen_it_for_ten_seconds():
    line_s, at_s, speeds = judged(22, 8)  # it hovers there, in the Doppler notch
    assert speeds[0] < 3.0 < min(speeds[1:])
    assert line_s + 10.0 < at_s < line_s + 60.0
    line_s, at_s, _ = judged(22, 0)  # straight
    assert at_s == line_s
