"""A drone that rises near by, a light aircraft that passes: what the bench says of them."""

import math

import pytest

from bench import watch_near, watch_set
from tocsin.sim.draws import Draws
from tocsin.sim.world import entries, open_world


def test_a_drone_that_rises_near_by_is_asked_about_and_proposed_before_it_enters():
    found = watch_near.play_near("popup", 3, 2)
    assert found.seen_s < found.asked_s < found.proposed_s < found.enters_s
    assert found.asked_s - found.seen_s < 40.0


def test_a_light_aircraft_that_passes_is_asked_about_and_nobody_is_sent_to_shelter():
    found = watch_near.play_near("passing", 3, 3)
    assert found.asked_s < math.inf
    assert found.proposed_s == found.released_s == found.enters_s == math.inf


def test_a_drone_that_circles_near_by_and_comes_to_no_zone_raises_an_alarm():
    found = watch_near.play_near("circles", 3, 2)
    assert found.raised_s - found.seen_s < 120.0
    assert found.enters_s == math.inf


@pytest.mark.parametrize("raid", range(12))
def test_a_drone_that_circles_enters_no_zone(raid):
    node = watch_set.node()
    world = open_world(watch_set.circles(raid), node, Draws(1, raid))
    assert not entries(world, stopped=False)


@pytest.mark.parametrize("raid", range(8))
def test_a_light_aircraft_passes_every_zone_by_a_kilometre(raid):
    node = watch_set.node()
    world = open_world(watch_set.passing(raid), node, Draws(1, raid))
    assert not entries(world, stopped=False)
    (path,) = [thing for thing in world.things if thing.id == watch_set.NEAR]
    (_, e0, n0, *_), *_, (_, e1, n1, *_) = path.way
    for zone in node.sites[0].zones:
        off = [
            abs((e - e0) * (n1 - n0) - (n - n0) * (e1 - e0)) / math.hypot(e1 - e0, n1 - n0)
            for e, n in zone.outline_m
        ]
        assert min(off) > 1000.0


def test_rows_say_how_soon_and_how_often():
    every = {
        "popup": [
            watch_near.Near(10.0, 20.0, 30.0, math.inf, 60.0),
            watch_near.Near(10.0, math.inf, math.inf, math.inf, 60.0),
        ],
        "circles": [
            watch_near.Near(10.0, *[math.inf] * 4, 52.0),
            watch_near.Near(10.0, *[math.inf] * 4, math.inf),
        ],
        "passing": [watch_near.Near(10.0, 20.0, 30.0, math.inf, math.inf)] * 4,
    }
    asked, proposed, circles, passes, released = watch_near.rows(every)
    assert "half 10 s" in asked
    assert asked.endswith("before it entered 1/2")
    assert "half 20 s" in proposed
    assert "half 42 s" in circles
    assert circles.endswith("of any 1/2")
    assert "4/4" in passes
    assert "0/4" in released
    assert watch_near.rows({"popup": [], "circles": [], "passing": []}) == []
