"""Protected volumes: who is inside, who will be, what nears traffic; by drawn flights."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.threat.skies import NODE, T0_S, drone, sky, traffic

from tocsin import threat
from tocsin.model import CLASSES, Node
from tocsin.threat import volumes as room

RUNWAY, FINAL = NODE.sites[0].volumes
DRAWS = 40_000


def look(*rows):
    return threat.look_at_volumes(*sky(*rows), NODE, T0_S)


def drawn(row, after_s, spread, rng):
    """Return drawn places of a row after a time: straight on, and a white acceleration."""
    _, _, state, plan_m, up_m, rate_mps = row
    sigmas = np.array([plan_m, plan_m, up_m, rate_mps, rate_mps, 0.3 * rate_mps])
    draws = np.array(state) + sigmas * rng.normal(size=(DRAWS, 6))
    places = draws[:, :3] + after_s * draws[:, 3:]
    wander = np.sqrt(np.array([spread[0], spread[0], spread[1]]) * after_s**3 / 3.0)
    return places + wander * rng.normal(size=(DRAWS, 3))


def is_in(volume, places):
    """Tell which places are in a volume, by shapely and the corridor's slope in plain words."""
    inside = shapely.contains_xy(shapely.Polygon(volume.outline_m), places[:, 0], places[:, 1])
    floor, ceiling = volume.floor_m, volume.ceiling_m
    if volume.line_m:
        line = shapely.LineString(volume.line_m)
        share = shapely.line_locate_point(line, shapely.points(places[:, :2])) / line.length
        floor = floor + share * (volume.far_floor_m - floor)
        ceiling = ceiling + share * (volume.far_ceiling_m - ceiling)
    bulge = (places[:, 0] ** 2 + places[:, 1] ** 2) / (2 * 6_371_000.0)
    height = places[:, 2] + bulge
    return inside & (height > floor) & (height < ceiling)


@pytest.mark.parametrize("volume", [RUNWAY, FINAL], ids=lambda v: v.id)
@pytest.mark.parametrize(
    ("at", "moves", "plan_m"),
    [
        ((500.0, 0.0, 60.0), (0.0, 0.0, 0.0), 15.0),
        ((2600.0, 700.0, 100.0), (0.0, -8.0, 0.0), 60.0),
        ((1500.0, 300.0, 110.0), (5.0, -3.0, 0.5), 200.0),
        ((9000.0, -480.0, 700.0), (-15.0, 2.0, -3.0), 30.0),
    ],
)
def test_the_chance_of_being_in_a_volume_is_that_of_drawn_flights(volume, at, moves, plan_m):
    row, rng = drone(at=at, moves=moves, plan_m=plan_m), np.random.default_rng(3)
    tracks, _ = sky(row)
    ring, bounds = room._shape(volume)
    thing = room._Thing(0, 1, 0, tracks.state[0], tracks.covariance[0], "")
    said = room._inside(thing, room.DRONE_SPREAD, ring, bounds)
    for k in (0, 10, 30, 60):
        after_s = float(room._AFTER_S[k])
        judged = is_in(volume, drawn(row, after_s, room.DRONE_SPREAD, rng)).mean()
        assert said[k, 0] == pytest.approx(judged, abs=0.035), (volume.id, after_s)


@pytest.mark.parametrize(
    ("at", "moves"),
    [
        ((300.0, 1500.0, 80.0), (0.0, -15.0, 0.0)),
        ((1500.0, 900.0, 60.0), (-8.0, -4.0, 0.0)),
        ((-3000.0, 100.0, 90.0), (20.0, 0.0, 0.0)),
    ],
)
def test_the_chance_of_coming_in_is_near_that_of_flights_drawn_second_by_second(at, moves):
    row, rng, n, dt = drone(at=at, moves=moves), np.random.default_rng(9), 4000, 0.5
    sigmas = np.array([15.0, 15.0, 10.0, 1.0, 1.0, 0.3])
    flights = np.array(row[2]) + sigmas * rng.normal(size=(n, 6))
    been, spread = np.zeros(n, bool), np.array([1.0, 1.0, 0.02])
    for _ in range(round(room.AHEAD_S / dt)):
        been |= is_in(RUNWAY, flights[:, :3])
        flights[:, :3] += dt * flights[:, 3:]
        flights[:, 3:] += np.sqrt(spread * dt) * rng.normal(size=(n, 3))
    (seen,) = [i for i in look(row).incursions if i.volume == 0]
    assert seen.p_soon == pytest.approx(been.mean(), abs=0.12)


def test_the_chance_of_a_conflict_is_that_of_drawn_pairs_at_its_moment():
    thing, other = drone(at=(4500.0, 250.0, 240.0), moves=(-2.0, -3.0, 0.0)), traffic()
    (conflict,) = look(thing, other).conflicts
    assert (conflict.track, conflict.traffic, conflict.volume_id) == (1, 7, "final")
    after_s = conflict.at_s - T0_S
    rng = np.random.default_rng(5)
    a = drawn(thing, after_s, room.DRONE_SPREAD, rng)
    b = drawn(other, after_s, room.TRAFFIC_SPREAD, rng)
    plan = np.hypot(*(b - a)[:, :2].T)
    both = (plan < FINAL.separation_m) & (np.abs((b - a)[:, 2]) < FINAL.separation_up_m)
    judged = (both & is_in(FINAL, b)).mean()
    assert conflict.p == pytest.approx(judged, abs=0.05)
    middle = (b - a).mean(axis=0)
    assert conflict.separation_m == pytest.approx(np.hypot(*middle[:2]), abs=4.0)
    along = (b - a)[:, :2] @ (middle[:2] / np.hypot(*middle[:2]))
    assert conflict.sigma_m == pytest.approx(along.std(), rel=0.03)
    assert conflict.sigma_up_m == pytest.approx((b - a)[:, 2].std(), rel=0.03)


def test_a_drone_over_the_runway_is_in_it_and_one_that_flies_there_is_expected():
    over, coming = drone(1, (300.0, 20.0, 80.0)), drone(2, (300.0, 1500.0, 80.0), (0, -15, 0))
    found = {(i.track, i.volume): i for i in look(over, coming).incursions}
    assert found[1, 0].p_now > 0.95
    assert found[1, 0].enters_s == T0_S
    assert found[2, 0].p_now < 0.01
    # 1,500 m less half the runway's 445 m, at 15 m/s; those that come, come a bit earlier.
    assert found[2, 0].enters_s - T0_S == pytest.approx((1500 - 222) / 15, abs=10.0)
    assert found[1, 1].p_soon < 0.3


def test_birds_are_no_incursion_and_traffic_on_final_is_none_either():
    bird = (5, "bird", (300.0, 0.0, 60.0, 0, 0, 0), 10.0, 10.0, 1.0)
    seen = look(bird, traffic())
    assert seen.incursions == ()
    assert seen.conflicts == ()


def test_what_is_taken_for_nothing_counts_unless_it_is_harmless():
    unknown = (5, "unknown", (300.0, 0.0, 60.0, 0, 0, 0), 10.0, 10.0, 1.0)
    assert [i.track for i in look(unknown).incursions] == [5]
    tracks, identities = sky(unknown)
    identities.harm[:] = 0.3
    assert threat.look_at_volumes(tracks, identities, NODE, T0_S).incursions == ()


def test_a_drone_that_somebody_answers_for_is_in_the_volume_too():
    """Verified and authorised, its own word takes the concern; the runway is taken all the
    same.
    """
    for declared, found in ((b"f00107", [5]), (b"", [])):
        tracks, identities = sky(
            (5, "unknown", (500.0, 0.0, 60.0, 0.0, 0.0, 0.0), 15.0, 10.0, 1.0)
        )
        identities.probability[0] = 0.0
        identities.probability[0, CLASSES.index("drone_multirotor")] = 0.6
        identities.probability[0, CLASSES.index("bird")] = 0.4
        identities.harm[0], identities.declared[0] = 0.02, declared
        seen = threat.look_at_volumes(tracks, identities, NODE, T0_S)
        assert [i.track for i in seen.incursions if i.volume == 0] == found


def test_no_conflict_where_they_pass_well_clear_in_height_or_long_after_each_other():
    high = drone(at=(4500.0, 0.0, 600.0))
    behind = drone(at=(9500.0, 0.0, 500.0))  # traffic has passed there already
    assert look(high, traffic()).conflicts == ()
    assert look(behind, traffic()).conflicts == ()
    assert look(drone(at=(4500.0, 0.0, 240.0)), traffic()).conflicts != ()


def test_an_aircraft_that_does_not_come_into_the_volume_makes_no_conflict_in_it():
    passing = traffic(at=(4500.0, 3000.0, 240.0), moves=(0.0, 0.0, 0.0))
    assert look(drone(at=(4500.0, 2800.0, 240.0)), passing).conflicts == ()


def test_a_height_that_is_not_known_makes_less_sure_and_is_not_said():
    vague = (1, "drone", (4500.0, 0.0, 240.0, 0, 0, 0), 15.0, 3000.0, 1.0)
    sure = look(drone(at=(4500.0, 0.0, 240.0)), traffic()).conflicts[0]
    found = look(vague, traffic())
    assert all(c.p < 0.5 * sure.p for c in found.conflicts)
    assert all("height not known" in i.phrase for i in found.incursions)


def test_the_phrase_says_what_where_when_and_how_sure_in_the_units_of_a_radio():
    thing = drone(at=(1852.0 * 2, 0.0, 150.0), moves=(-10.3, 0.0, 0.0))
    (conflict,) = look(thing, traffic()).conflicts
    assert conflict.phrase.startswith(
        "Tower, North field watch. Drone with rotors, almost surely so, 2.0 miles east of "
        "XXNF, 500 feet above the field, moving west at 20 knots, track T-01. It will be "
    )
    assert conflict.phrase.endswith(" feet. Information only.")
    assert "from traffic T-07 in " in conflict.phrase
    assert ", in final runway 26, give or take 0." in conflict.phrase


def test_words_from_the_air_stand_in_no_phrase():
    tracks, identities = sky(drone(at=(4500.0, 0.0, 240.0)), traffic())
    tracks.declared[1] = identities.declared[1] = b"<b>LAND NOW</b>"
    (conflict,) = threat.look_at_volumes(tracks, identities, NODE, T0_S).conflicts
    assert "LAND" not in conflict.phrase


def test_more_things_than_are_looked_at_are_counted():
    many = [drone(k, (300.0 + k, 0.0, 60.0)) for k in range(1, room.MOST_THINGS + 6)]
    seen = look(*many)
    assert seen.left_out == 5
    assert len({i.track for i in seen.incursions}) == room.MOST_THINGS


def test_a_node_without_volumes_and_an_empty_sky_have_nothing_to_say():
    assert threat.look_at_volumes(*sky(), NODE, T0_S).incursions == ()
    assert threat.look_at_volumes(*sky(drone()), Node(), T0_S) == room.VolumeLook()


@settings(max_examples=40, deadline=None)
@given(
    east=st.floats(-20_000, 20_000), north=st.floats(-20_000, 20_000), up=st.floats(-200, 9000),
    ve=st.floats(-120, 120), vn=st.floats(-120, 120), plan_m=st.floats(0, 5000),
)  # fmt: skip
def test_every_chance_is_one_and_the_order_of_rows_does_not_matter(
    east, north, up, ve, vn, plan_m
):
    rows = [
        drone(1, (east, north, up), (ve, vn, 0.0), plan_m=plan_m), drone(2), traffic(),
        traffic(8, (6500.0, 50.0, 350.0)),
    ]  # fmt: skip
    seen, turned = look(*rows), look(*rows[::-1])
    for one in seen.incursions:
        assert 0.0 <= one.p_now <= one.p_soon <= 1.0
    for one in seen.conflicts:
        assert 0.0 < one.p <= 1.0
        assert math.isfinite(one.separation_m)
    assert {(i.track, i.volume, i.p_soon) for i in seen.incursions} == {
        (i.track, i.volume, i.p_soon) for i in turned.incursions
    }
    assert {(c.track, c.traffic, c.p) for c in seen.conflicts} == {
        (c.track, c.traffic, c.p) for c in turned.conflicts
    }
