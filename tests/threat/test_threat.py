"""Arrival at zones: against shapely, plain sums and simulated flights."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.flights import T0_S, blank_table, follow
from tests.threat.raids import ZONE_AT, ZONE_RADIUS_M, raid, ring

from tocsin import threat
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import CLASSES, IdentityTable, Node, Site, TrackStatus, Zone

L_SHAPE = (
    (0.0, 0.0),
    (900.0, 0.0),
    (900.0, 400.0),
    (400.0, 400.0),
    (400.0, 1000.0),
    (0.0, 1000.0),
)


def node_of(*zones):
    return Node(sites=(Site("base", "Base", 48.0, 11.0, 500.0, zones=zones),))


ROUND = Zone("round", "Round", ring(*ZONE_AT, ZONE_RADIUS_M), 600.0, 60.0)
BENT = Zone("bent", "Bent", L_SHAPE, 600.0, 60.0)
ONE = node_of(ROUND)


def table_of(*states):
    table = blank_table(len(states), T0_S)
    table.state[:] = states
    table.covariance[:] = np.diag([1.0, 1.0, 1.0, 0.01, 0.01, 0.01])
    return table


def harmful(table):
    identities = IdentityTable.blank(len(table))
    identities.track_id = table.track_id.copy()
    return identities


def settle(table, node, seconds=10.0):
    """Return the threats of tracks that have flown straight to where they are."""
    state = threat.open_threat()
    for k in range(round(seconds / 0.2), -1, -1):
        past = table.take(np.arange(len(table)))
        past.state[:, :3] -= past.state[:, 3:] * 0.2 * k
        found = threat.assess_into(state, past, harmful(past), node, T0_S - 0.2 * k)
    return found


@given(
    st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(0, 2 * np.pi), st.floats(15, 60)
)
def test_a_straight_course_enters_where_shapely_says(east, north, course, speed):
    """Inside means now; a straight flight into the zone gets its true time of entry."""
    u = np.array([np.sin(course), np.cos(course)])
    table = table_of([east, north, 100.0, *(u * speed), 0.0])
    polygon, here = shapely.Polygon(L_SHAPE), shapely.Point(east, north)
    if polygon.boundary.distance(here) < 1.0:
        return
    found = settle(table, node_of(BENT), 30.0)
    if polygon.contains(here):
        assert found.arrival_early_s[0] == found.arrival_late_s[0] == T0_S
        assert found.p_zone[0] > 0.95
        return
    path = shapely.LineString([(east, north), np.array([east, north]) + 20_000 * u])
    towards = np.array(polygon.centroid.coords[0]) - [east, north]
    straight = u @ towards / np.linalg.norm(towards)
    for k in range(len(found)):
        nearest_s = polygon.distance(here) / speed
        assert found.arrival_early_s[k] - T0_S >= 0.85 * nearest_s - 0.1
    if straight > 0.999 and path.intersects(polygon):
        true_s = here.distance(path.intersection(polygon)) / speed
        assert found.arrival_early_s[0] - T0_S <= true_s <= found.arrival_late_s[0] - T0_S + 0.5
        assert found.arrival_median_s[0] - T0_S == pytest.approx(true_s, rel=0.1, abs=2.0)


def test_closest_approach_is_that_of_a_straight_line():
    found = settle(table_of([-4000.0, 500.0, 100.0, 40.0, 0.0, 0.0]), ONE)
    assert found.cpa_m[0] == pytest.approx(700.0, abs=2.0)
    assert found.cpa_s[0] - T0_S == pytest.approx(4300.0 / 40.0, rel=0.01)


def test_what_flies_away_is_less_likely_to_come_than_what_flies_in():
    inbound = [6000.0, 0.0, 100.0, -40.0, 0.0, 0.0]
    away = [6000.0, 0.0, 100.0, 40.0, 0.0, 0.0]
    coming = settle(table_of(inbound), ONE, 40.0)
    going = settle(table_of(away), ONE, 40.0)
    assert coming.p_zone[0] > 0.9
    assert len(going) == 0 or going.p_zone[0] < 0.05


def test_of_two_zones_the_one_on_the_course_is_likelier():
    other = Zone("other", "Other", ring(0.0, 6000.0, 500.0), 600.0, 60.0)
    found = settle(
        table_of([6000.0, -200.0, 100.0, -40.0, 0.0, 0.0]), node_of(ROUND, other), 40.0
    )
    by_zone = dict(zip(found.zone.tolist(), found.p_zone.tolist()))
    assert by_zone[0] > 0.9
    assert by_zone.get(1, 0.0) < 0.1


def test_a_flight_through_one_zone_to_the_next_threatens_both():
    behind = Zone("behind", "Behind", ring(-2500.0, -200.0, 500.0), 600.0, 60.0)
    found = settle(table_of([8000.0, -200.0, 100.0, -45.0, 0.0, 0.0]), node_of(ROUND, behind))
    by_zone = dict(zip(found.zone.tolist(), found.p_zone.tolist()))
    assert by_zone[0] > 0.6
    assert by_zone[1] > 0.15


@pytest.mark.parametrize("aside_rad", [0.25, 0.35])
def test_a_course_straight_at_one_zone_speaks_against_the_zone_beside_it(aside_rad):
    # 4 km out, both small; from one look back to before, the course never left the first.
    near = Zone("near", "Near", ring(0.0, 0.0, 300.0), 600.0, 60.0)
    beside = (-4000.0 + 4000.0 * np.cos(aside_rad), 4000.0 * np.sin(aside_rad))
    zones = (near, Zone("beside", "Beside", ring(*beside, 300.0), 600.0, 60.0))
    straight = settle(table_of([-4000.0, 0.0, 100.0, 45.0, 0.0, 0.0]), node_of(*zones))
    chance = dict(zip(straight.zone.tolist(), straight.p_zone.tolist()))
    assert chance[0] > 0.5
    assert chance.get(1, 0.0) < 0.4 * chance[0]
    # It bends: the zone beside is on the course now, however long it was not.
    turned = 45.0 * np.array([np.cos(aside_rad), np.sin(aside_rad)])
    state, now_s = threat.open_threat(), T0_S
    for k in range(100):
        table = table_of([-8000.0 + 9.0 * k, 0.0, 100.0, 45.0, 0.0, 0.0])
        threat.assess_into(state, table, harmful(table), node_of(*zones), now_s + 0.2 * k)
    table = table_of([-4000.0, 0.0, 100.0, *turned, 0.0])
    after = threat.assess_into(state, table, harmful(table), node_of(*zones), now_s + 20.0)
    bent = dict(zip(after.zone.tolist(), after.p_zone.tolist()))
    assert bent[1] > 0.4


def leading(courses, *, mps=50.0, each_s=60.0):
    """Return the threats of a flight of such courses (rad from north), each_s long, in a row,
    which ends 4.5 km west of the zone.
    """
    steps = [mps * 0.2 * np.array([np.sin(c), np.cos(c)]) for c in courses]
    way = np.repeat(steps, round(each_s / 0.2), axis=0)
    place = np.cumsum(way, axis=0)
    place += ZONE_AT - [4500.0, 0.0] - place[-1]
    state = threat.open_threat()
    for k, (at, step) in enumerate(zip(place, way)):
        table = table_of([*at, 100.0, *(step / 0.2), 0.0])
        now_s = T0_S - 0.2 * (len(way) - 1 - k)
        found = threat.assess_into(state, table, harmful(table), ONE, now_s)
    return found


@pytest.mark.parametrize("off_deg", [34.0, -36.0, 40.0])
def test_what_keeps_a_course_that_passes_by_is_not_taken_to_come(off_deg):
    """A light aircraft on its way: it has not bent for minutes, and little way is left."""
    found = leading([np.radians(90.0 + off_deg)] * 4)
    assert (
        len(found) == 0 or found.p_zone[0] < 0.15
    )  # below which TAKE SHELTER is not asked for
    # The same course as one of several legs says less: its bends go on.
    weaves = leading([np.radians(90.0 - off_deg), *np.radians([90.0, 90.0 + off_deg])])
    assert weaves.p_zone[0] > 0.15
    assert leading([np.radians(90.0)] * 4).p_zone[0] > 0.9


@given(st.floats(5.0, 40.0), st.integers(1, 4))
def test_the_longer_a_leg_that_passes_by_the_less_it_comes(off_deg, more):
    course = np.radians(90.0 + off_deg)
    short, long = ([course] * k for k in (1, 1 + more))
    chances = [
        max(leading(legs, each_s=40.0).p_zone.tolist(), default=0.0) for legs in (short, long)
    ]
    assert chances[1] <= chances[0] + 1e-9


def test_what_has_circled_and_comes_now_may_arrive_as_soon_as_it_flies():
    """A mean of half a minute says that it makes little good; 20 s straight on say more."""
    circle = np.radians(np.arange(0.0, 720.0, 12.0))
    found = leading([*circle, *[np.radians(90.0)] * 10], each_s=2.0)
    soonest_s = (4500.0 - ZONE_RADIUS_M) / 50.0
    early_s = found.arrival_early_s[0] - T0_S
    assert 0.8 * soonest_s < early_s < 1.05 * soonest_s
    assert found.arrival_late_s[0] - T0_S > soonest_s


def test_an_airliner_high_overhead_needs_time_to_come_below_the_ceiling():
    high = table_of([3000.0, -200.0, 10_000.0, -230.0, 0.0, 0.0])
    found = settle(high, ONE)
    assert len(found) == 0 or found.p_zone[0] < 0.01


def test_inside_the_outline_but_above_the_ceiling_is_not_inside():
    found = settle(table_of([300.0, -200.0, 900.0, 0.0, 20.0, -8.0]), ONE)
    assert found.arrival_early_s[0] > T0_S + 5.0


def test_tentative_and_surely_harmless_tracks_have_no_row():
    table = table_of(
        [2000.0, 0.0, 100.0, -30.0, 0.0, 0.0], [2000.0, 50.0, 100.0, -30.0, 0.0, 0.0]
    )
    table.status[0] = TrackStatus.TENTATIVE
    identities = harmful(table)
    identities.probability[1, CLASSES.index("aircraft")] = 1.0
    identities.harm[1] = 0.0
    assert len(threat.assess_into(threat.open_threat(), table, identities, ONE, T0_S)) == 0


def test_a_course_that_is_kept_raises_the_harm_of_a_slow_thing_but_not_of_a_friend():
    state = threat.open_threat()
    for k in range(300):
        now_s = T0_S + 0.2 * k
        east = 3000.0 - 15.0 * 0.2 * k
        table = table_of(*[[east, -200.0 + 5 * i, 80.0, -15.0, 0.0, 0.0] for i in range(2)])
        identities = harmful(table)
        identities.probability[:, CLASSES.index("bird")] = 0.9
        identities.harm[:] = 0.1
        identities.cooperative[1] = True
        found = threat.assess_into(state, table, identities, ONE, now_s)
    assert found.p_harm[0] > 0.14
    assert found.p_harm[1] == found.p_asked[1] == pytest.approx(0.1)


def taken_for(name, harm):
    def made(table):
        identities = harmful(table)
        identities.probability[:, CLASSES.index(name)] = 1.0 - harm
        identities.harm[:] = harm
        return identities

    return made


def test_what_is_not_harm_is_left_to_birds_or_to_what_goes_somewhere():
    table = table_of([3000.0, 0.0, 80.0, -15.0, 0.0, 0.0])
    for name, harm in (("bird", 0.3), ("balloon", 0.3), ("aircraft", 0.88)):
        found = threat.assess_into(
            threat.open_threat(), table, taken_for(name, harm)(table), ONE, T0_S
        )
        roams = 0.0 if name == "aircraft" else 1.0 - found.p_asked[0]
        assert found.p_roams[0] == pytest.approx(roams, abs=1e-9)
    # Half a bird, half an aircraft: a way that it has come takes from the bird alone.
    identities = harmful(table)
    for name in ("bird", "aircraft"):
        identities.probability[:, CLASSES.index(name)] = 0.2
    identities.harm[:] = 0.6
    found = threat.assess_into(threat.open_threat(), table, identities, ONE, T0_S)
    assert found.p_roams[0] == pytest.approx((1.0 - found.p_asked[0]) / 2.0, abs=0.01)


def looks_a_bird(harm, bird_ln):
    """Taken for a bird by the way it moves alone, and more surely than that can be believed."""
    looks_like = taken_for("bird", harm)

    def made(table):
        identities = looks_like(table)
        identities.bird_ln[:] = bird_ln
        return identities

    return made


def fly_by(path, made, seconds):
    """Return p_harm and p_asked at each second of a flight whose place at t is path(t)."""
    state, out = threat.open_threat(), []
    for k in range(round(seconds / 0.2)):
        t = 0.2 * k
        (east, north), (ahead_e, ahead_n) = path(t), path(t + 0.1)
        table = table_of(
            [east, north, 80.0, (ahead_e - east) / 0.1, (ahead_n - north) / 0.1, 0.0]
        )
        found = threat.assess_into(state, table, made(table), ONE, T0_S + t)
        if k % 5 == 0 and len(found):
            out.append((found.p_harm[0], found.p_asked[0]))
    return np.array(out)


def coming(t):
    return ZONE_AT[0] + 5500.0 - 14.0 * t, ZONE_AT[1]


def test_a_slow_thing_that_has_come_kilometres_is_asked_about_and_shelters_nobody():
    """Two minutes before the zone, and looking like a bird to its sensors until then."""
    harm, asked = fly_by(coming, taken_for("bird", 0.05), (4800.0 - 120 * 14.0) / 14.0).T
    assert asked[-1] >= 0.5
    assert harm.max() < 0.15
    assert asked[:60].max() < 0.15  # 840 m prove nothing


@pytest.mark.parametrize("aside_m", [2500.0, -2500.0])
def test_what_comes_nearer_past_a_zone_is_asked_about_later_than_what_comes_at_it(aside_m):
    """The same way nearer, 2 km; one line meets the zone, the other passes 1.8 km beside it."""

    def past(t):
        return ZONE_AT[0] + 5500.0 - 14.0 * t, ZONE_AT[1] + aside_m

    nearer = np.hypot(5500.0, aside_m) - 2000.0
    until_s = (5500.0 - np.sqrt(nearer**2 - aside_m**2)) / 14.0
    at_it = fly_by(coming, taken_for("bird", 0.05), 2000.0 / 14.0)[-1, 1]
    past_it = fly_by(past, taken_for("bird", 0.05), until_s)[-1, 1]
    assert past_it < 0.5 * at_it


@pytest.mark.parametrize("start", range(4))
def test_what_flies_about_its_home_is_not_asked_about(start):
    """A circle of 500 m radius beside the zone, two minutes of straight flight at most."""
    rng = np.random.default_rng(start)
    home, phase = ZONE_AT + rng.uniform(900, 2500) * np.array([1.0, 0.3]), rng.uniform(0, 6)

    def about(t):
        turn = phase + t * 11.0 / 500.0
        return home[0] + 500.0 * np.sin(turn), home[1] + 500.0 * np.cos(turn)

    for made in (taken_for("bird", 0.05), looks_a_bird(0.01, np.log(12.0))):
        _, asked = fly_by(about, made, 300.0).T
        assert asked.max() < 0.25


def test_what_turned_like_a_bird_and_comes_kilometres_is_asked_about():
    """By motion alone surely a bird (30 to 1); it has come 2.8 km straight at the zone."""
    until_s = 2800.0 / 14.0
    at_all = fly_by(coming, looks_a_bird(0.009, 0.0), until_s)[-1, 1]
    harm, asked = fly_by(coming, looks_a_bird(0.009, np.log(12.0)), until_s).T
    assert at_all < 0.7 <= asked[-1]
    assert harm.max() < 0.05
    # what has come no way yet is as little asked about as before
    assert asked[:40].max() < 0.05


def test_what_has_flown_about_for_long_is_asked_about_later_than_what_came_straight():
    """Both come 2.1 km; one of them has circled out there for ten minutes before."""
    circles_s = 600.0

    def after_circles(t):
        if t >= circles_s:
            return coming(t - circles_s)
        turn = (t - circles_s) * 14.0 / 400.0
        return coming(0.0)[0] + 400.0 * (np.cos(turn) - 1.0), coming(0.0)[1] + 400.0 * np.sin(
            turn
        )

    here_s = 2100.0 / 14.0
    at_once = fly_by(coming, taken_for("bird", 0.02), here_s)[-1, 1]
    later = fly_by(after_circles, taken_for("bird", 0.02), circles_s + here_s)[-1, 1]
    assert later < 0.6 * at_once
    # and once it has come farther than any home range reaches, it is asked about all the same
    on = fly_by(after_circles, taken_for("bird", 0.02), circles_s + 3200.0 / 14.0)[-1, 1]
    assert on > 0.7


def test_a_track_has_a_row_as_long_as_somebody_is_asked_about_it():
    """Its harm is under what a row is kept for; that it has come so far is not."""
    seen = fly_by(coming, taken_for("bird", 0.005), 4000.0 / 14.0)
    later = fly_by(coming, taken_for("bird", 0.02), 4000.0 / 14.0)
    assert 0.3 < seen[-1, 1] < later[-1, 1]
    assert seen[-1, 0] < 0.01


def test_an_aircraft_is_not_asked_about_for_its_course():
    """It goes somewhere anyway: a course tells a drone from a bird, not from an aircraft."""
    _, asked = fly_by(coming, taken_for("aircraft", 0.05), 200.0).T
    assert asked.max() == pytest.approx(0.05)


def test_reasons_are_words_with_figures():
    found = settle(table_of([6000.0, -200.0, 100.0, -40.0, 0.0, 0.0]), ONE, 40.0)
    assert "km from Round at 40 m/s" in found.reasons[0][0]
    assert any("towards it for" in words for words in found.reasons[0])


def test_a_snapshot_and_a_changed_site_file_go_on():
    rng = np.random.default_rng(4)
    states, _ = raid(3, rng)
    state = threat.open_threat()
    for k, (now_s, table) in enumerate(follow(states[:60], rng)):
        if k == 30:
            again = thaw(freeze(state))
        a = threat.assess_into(state, table, harmful(table), ONE, now_s)
        if k >= 30:
            b = threat.assess_into(again, table, harmful(table), ONE, now_s)
            assert freeze([a.p_zone, a.arrival_early_s]) == freeze(
                [b.p_zone, b.arrival_early_s]
            )
    assert freeze(state) == freeze(again)
    more = threat.assess_into(state, table, harmful(table), node_of(ROUND, BENT), now_s + 0.2)
    assert np.isfinite(more.p_zone).all()
    none = threat.assess_into(state, table, harmful(table), node_of(), now_s + 0.4)
    assert len(none) == 0


def first_cautions(seed, n=120, caution_s=240.0):
    """Return (true seconds to go, early, late) of each flight when it is first within reach."""
    rng = np.random.default_rng(seed)
    states, arrival = raid(n, rng)
    state, done, rows = threat.open_threat(), np.zeros(n, bool), []
    for k, (now_s, table) in enumerate(follow(states, rng)):
        found = threat.assess_into(state, table, harmful(table), ONE, now_s)
        if k < 25:
            continue
        for row in np.flatnonzero(found.arrival_early_s - now_s <= caution_s):
            i = int(found.track_id[row]) - 1
            if not done[i] and arrival[i] > k * 0.2:
                rows.append((arrival[i] - k * 0.2, *_band(found, row, now_s)))
            done[i] = True
        if done.all():
            break
    return np.array(rows)


def _band(found, row, now_s):
    return found.arrival_early_s[row] - now_s, found.arrival_late_s[row] - now_s


@pytest.mark.slow
def test_the_arrival_band_holds_the_true_arrival_nine_times_in_ten():
    """At the first look within 240 s. 4 points: two standard errors of 360."""
    rows = np.concatenate([first_cautions(seed) for seed in (21, 22, 23)])
    true_s, early_s, late_s = rows.T
    held = ((true_s >= early_s) & (true_s <= late_s)).mean()
    assert len(rows) > 300
    assert 0.86 <= held <= 0.94
    assert (true_s >= early_s).mean() >= 0.92
