"""What is there, and when: against plain twins, and against the facts of the day."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import geo
from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError, ScenarioError
from tocsin.sim import Draws, default_site, entries, open_world, read_scenario, scenario_named
from tocsin.units import DEG


def place_of(world, name, t_s):
    row = world.row(name)
    plan, velocity = world.plan(np.array([float(t_s)]), np.array([row]))
    return plan[0], velocity[0]


@functools.cache
def a_world():
    """Not a fixture: Hypothesis would print it whole."""
    node = read_site(default_site(1_790_000_000.0).encode(), "two_bases.toml")
    return open_world(scenario_named("two-bases"), node, Draws(1))


@given(st.floats(30.0, 1190.0), st.integers(0, 24))
def test_velocity_is_the_rate_of_change_of_place(t_s, row):
    world = a_world()
    rows = np.array([row])
    step_s = 0.01
    here, velocity = world.plan(np.array([t_s]), rows)
    ahead, _ = world.plan(np.array([t_s + step_s]), rows)
    behind, _ = world.plan(np.array([t_s - step_s]), rows)
    slope = (ahead - behind) / (2.0 * step_s)
    if np.isfinite(slope).all() and np.isfinite(here).all():
        assert np.abs(slope - velocity).max() < 0.05


@given(st.floats(0.0, 1200.0), st.integers(0, 24))
def test_the_kernels_mean_is_that_of_a_plain_average(t_s, row):
    """The twin samples the polyline with numpy and averages it."""
    world = a_world()
    way = np.array(world.things[row].way)
    smooth_s = world.things[row].smooth_s
    if not way[0, 0] + smooth_s <= t_s <= way[-1, 0] - smooth_s:
        return
    times = t_s + smooth_s * (np.arange(4000) + 0.5) / 4000 - smooth_s / 2
    plan, _ = world.plan(np.array([t_s]), np.array([row]))
    if world.things[row].hostile and np.isnan(plan).all():
        return  # stopped before the end of its way
    for axis in range(3):
        size, rate, phase = world.sway[row, axis]
        twin = np.interp(times, way[:, 0], way[:, axis + 1]).mean()
        assert plan[0, axis] == pytest.approx(
            twin + size * math.sin(rate * t_s + phase), abs=0.02
        )


def test_two_drones_come_to_al_asad_and_later_one_to_al_harir(day, world):
    hostile = [t for t in world.things if t.hostile]
    assert [(t.id, t.site) for t in hostile] == [
        ("drone-1", "al-asad"), ("drone-2", "al-asad"), ("drone-3", "al-harir"),
    ]  # fmt: skip
    assert all(t.way[0][0] <= 60.0 for t in hostile[:2])
    assert hostile[2].way[0][0] > max(t.way[-1][0] for t in hostile[:2])
    assert hostile[2].way[-1][0] < day.duration_s - 60.0
    for thing, start_km, from_deg in zip(hostile, (25, 25, 20), (240, 240, 215)):
        _, east, north, height = thing.way[0]
        assert math.hypot(east, north) == pytest.approx(start_km * 1000.0, rel=0.001)
        assert math.degrees(math.atan2(east, north)) % 360.0 == pytest.approx(from_deg, abs=6.5)
        assert 100.0 <= height <= 400.0
        _, velocity = place_of(world, thing.id, thing.way[0][0] + 100.0)
        assert 41.0 <= math.hypot(velocity[0], velocity[1]) <= 52.0


@pytest.mark.parametrize("seed", range(12))
def test_every_seed_keeps_the_first_raid_before_the_second(day, node, seed):
    ends = {t.id: t.way[-1][0] for t in open_world(day, node, Draws(seed)).things}
    starts = {t.id: t.way[0][0] for t in open_world(day, node, Draws(seed)).things}
    assert max(ends["drone-1"], ends["drone-2"]) + 20.0 < starts["drone-3"]
    assert max(starts["drone-1"], starts["drone-2"]) <= 60.0


def test_with_the_days_seed_all_three_are_stopped_after_every_zone_had_to_be_warned(world):
    stops = {s.thing: s.at_s for s in world.stops}
    assert sorted(stops) == ["drone-1", "drone-2", "drone-3"]
    zones = {(s.id, z.id): z for s in world.sites for z in s.zones}
    coming = entries(world, stopped=False)
    assert {key[1:] for key in coming} == {
        ("al-asad", "flight-line"), ("al-asad", "living-area"), ("al-harir", "flight-line"),
    }  # fmt: skip
    for (thing, site, zone), enters_s in coming.items():
        # Nobody at the keyboard: released shelter time and path delay (5 s) before the arrival.
        last_useful_s = enters_s - zones[site, zone].shelter_s - 5.0
        assert stops[thing] > last_useful_s + 5.0, (thing, zone)


def test_a_stopped_drone_is_gone_and_the_others_fly_on(world):
    first, second = world.stops[0], world.stops[1]
    assert np.isfinite(place_of(world, first.thing, first.at_s - 0.1)[0]).all()
    assert np.isnan(place_of(world, first.thing, first.at_s + 0.1)[0]).all()
    assert np.isfinite(place_of(world, second.thing, first.at_s + 0.1)[0]).all()


def test_the_scout_lands_while_the_first_raid_is_on(world):
    scout = world.things[world.row("scout")]
    last_drone_s = max(t.way[-1][0] for t in world.things if t.site == "al-asad" and t.hostile)
    assert scout.beacon is not None
    assert scout.beacon.category == "B6"
    first_detectable_s = scout.way[0][0]
    assert first_detectable_s < scout.way[-1][0] < last_drone_s
    place, _ = place_of(world, "scout", scout.way[-1][0] - 0.5)
    assert math.hypot(place[0], place[1]) < 2500.0
    assert place[2] < 10.0


def test_places_lie_at_their_height_above_the_ellipsoid(world, node):
    places, _, height_m = world.at(np.full(len(world), 300.0))
    for k, thing in enumerate(world.things):
        site = next(s for s in node.sites if s.id == thing.site)
        if math.isfinite(height_m[k]):
            assert places[k, 2] == pytest.approx(site.alt_m + height_m[k], abs=1e-6)


def test_a_thing_is_where_its_plan_says_on_the_map(world):
    t_s = world.things[world.row("drone-1")].way[0][0] + 30.0
    plan, _ = place_of(world, "drone-1", t_s)
    places, _, _ = world.at(np.full(len(world), t_s))
    row = world.row("drone-1")
    site = world.sites[0]
    here = geo.geodetic_rows(site.lat, site.lon, site.alt_m)
    there = places[row : row + 1].copy()
    there[0, 2] = site.alt_m
    assert geo.distance_m(here, there)[0] == pytest.approx(math.hypot(*plan[:2]), rel=2e-4)
    bearing = math.atan2(
        (places[row, 1] - site.lon * DEG) * math.cos(site.lat * DEG),
        places[row, 0] - site.lat * DEG,
    )
    assert bearing % math.tau == pytest.approx(
        math.atan2(plan[0], plan[1]) % math.tau, abs=0.005
    )


def test_more_birds_change_nobody_elses_path(day, node):
    import msgspec

    flock = msgspec.structs.replace(day.wander[0], count=9)
    crowded = msgspec.structs.replace(day, wander=[flock, *day.wander[1:]])
    few = {t.id: t for t in open_world(day, node, Draws(4)).things}
    many = {t.id: t for t in open_world(crowded, node, Draws(4)).things}
    assert len(many) == len(few) + 9 - day.wander[0].count
    assert all(many[name] == path for name, path in few.items())


def test_birds_come_home_and_begin_anew(world):
    row = np.array([world.row("asad-small-bird-1")])
    period_s = float(world.repeat_s[row[0]])
    early, _ = world.plan(np.array([77.0]), row)
    late, _ = world.plan(np.array([77.0 + 3 * period_s]), row)
    sway_free = np.abs(early - late).max()
    assert sway_free < 1e-6


def test_a_scenario_with_a_mistake_is_refused_with_its_place():
    with pytest.raises(ScenarioError, match="duration_s"):
        read_scenario(b'name = "x"\nversion = 1\nnote = ""\n', "x.toml")
    with pytest.raises(ScenarioError, match="not TOML"):
        read_scenario(b"name = ", "x.toml")
    with pytest.raises(CallError, match="two-bases"):
        scenario_named("nowhere")


def test_a_flight_to_a_zone_that_is_not_there_is_refused(day, node):
    import msgspec

    lost = msgspec.structs.replace(day.approach[0], zone="harbour")
    with pytest.raises(ScenarioError, match="harbour"):
        open_world(msgspec.structs.replace(day, approach=[lost]), node, Draws(1))
