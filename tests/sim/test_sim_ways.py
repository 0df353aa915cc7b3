"""Drones that do not fly straight: bends, another zone first, a wait, a new pace."""

import itertools
import math

import numpy as np
import pytest

from bench import watch_set
from tocsin.errors import ScenarioError
from tocsin.sim import Draws, entries, open_world
from tocsin.sim.paths import paths_of
from tocsin.sim.scenario import Approach, Scenario

NODE = watch_set.node()


def scenario(**more):
    drone = Approach(
        id="d", site="base", zone="ramp", enters_s=(10.0, 20.0), start_m=20_000.0,
        from_deg=(0.0, 360.0), speed_mps=(50.0, 50.0), height_m=(100.0, 400.0), **more,
    )  # fmt: skip
    return Scenario(name="x", version=1, note="x", duration_s=2000.0, approach=[drone])


def way(raid=0, **more):
    return paths_of(scenario(**more), NODE, Draws(3, raid))[0].way


def flown(points):
    """Return the length of each leg (m) and the seconds that it takes."""
    pairs = list(itertools.pairwise(points))
    return (
        np.array([math.dist(a[1:3], b[1:3]) for a, b in pairs]),
        np.array([b[0] - a[0] for a, b in pairs]),
    )


@pytest.mark.parametrize("raid", range(8))
@pytest.mark.parametrize(
    "more",
    [
        {"bends": 4}, {"bends": 2, "swing_m": 3000.0}, {"by_zone": "fuel"},
        {"wait_s": (60.0, 60.0)}, {"wait_s": (60.0, 60.0), "wait_m": 3000.0},
        {"pace": (0.5, 0.5)},
    ],
)  # fmt: skip
def test_every_way_begins_and_ends_where_the_straight_one_does(raid, more):
    plain, other = way(raid), way(raid, **more)
    assert other[0] == plain[0]
    assert other[-1][1:] == pytest.approx(plain[-1][1:])
    assert (np.diff([p[0] for p in other]) > 0.0).all()
    assert all(1.0 <= p[3] <= plain[0][3] for p in other)
    world = open_world(scenario(**more), NODE, Draws(3, raid))
    assert ("d", "base", "ramp") in entries(world, stopped=False)


def test_a_wait_on_the_spot_lasts_what_it_lasts_and_the_place_is_on_the_line():
    plain, other = way(), way(wait_s=(60.0, 60.0), turn_m=(5000.0, 5000.0))
    assert other[-1][0] == pytest.approx(plain[-1][0] + 60.0)
    lengths, seconds = flown(other)
    still = int(np.argmin(lengths))
    assert (lengths[still], seconds[still]) == pytest.approx((0.0, 60.0))
    assert lengths[still:].sum() == pytest.approx(5000.0)


def test_a_wait_in_circles_is_flown_at_its_speed_and_comes_back_to_the_line():
    other = way(wait_s=(120.0, 120.0), wait_m=3000.0, turn_m=(5000.0, 5000.0))
    lengths, seconds = flown(other)
    assert lengths / seconds == pytest.approx(np.full(len(lengths), 50.0))
    # two rounds of 60 s: eight sides of a circle 3 km round are 2.6 % shorter than it
    assert other[-1][0] - way()[-1][0] == pytest.approx(120.0 * 0.9745, rel=1e-3)


def test_a_new_pace_holds_from_where_so_much_of_the_way_is_left():
    plain, other = way(), way(pace=(0.5, 0.5), turn_m=(4000.0, 4000.0))
    assert other[-1][0] - plain[-1][0] == pytest.approx(4000.0 / 50.0)


def test_what_turns_off_flew_at_the_other_zone_until_then():
    other = way(by_zone="fuel", turn_m=(3000.0, 3000.0))
    start, knee = np.array(other[0][1:3]), np.array(other[1][1:3])
    fuel = np.array([-1500.0, 1100.0])
    assert np.linalg.norm(fuel - knee) == pytest.approx(3000.0, abs=5.0)
    a, b = (fuel - start), (knee - start)
    assert abs(a[0] * b[1] - a[1] * b[0]) / np.linalg.norm(a) < 5.0


def test_a_zone_that_is_not_there_is_named():
    with pytest.raises(ScenarioError, match="'nowhere' first"):
        way(by_zone="nowhere")


@pytest.mark.parametrize("kind", ["fast", "slow"])
def test_the_set_flies_each_manner_as_often_as_it_says(kind):
    told = [watch_set.manner(kind, raid) for raid in range(20, 40)]
    assert {name: told.count(name) for name in set(told)} == watch_set.MANNERS[kind]
