"""What a radar's Doppler notch hides: what comes again where it was lost has stood still."""

import numpy as np
import pytest

from tocsin import identity
from tocsin.identity import _kernels_gap as kg
from tocsin.identity import _kernels_still as still
from tocsin.identity import _kernels_sums as ks
from tocsin.identity._kernels_columns import (
    GAPS,
    HELD,
    HOVER_SUM,
    JOINED,
    LONGEST,
    NOTCH,
    SECONDS,
    WIDTH,
)
from tocsin.identity._notch import notches
from tocsin.identity._state import LOST, LOST_S
from tocsin.model import CLASSES, DeclaredTable, Node, Sensor, Site, TrackStatus, TrackTable

T0_S, GRID_S, PERIOD_S = 1e9, 0.2, 2.0
MULTIROTOR, BIRD = CLASSES.index("drone_multirotor"), CLASSES.index("bird")
GOOD = np.diag([100.0, 100.0, 25.0, 0.5, 0.5, 0.2])
SITES = (Site("base", "Base", 48.0, 11.0, 500.0), Site("post", "Post", 48.2, 11.0, 500.0))
NOBODY = DeclaredTable.blank(0)


def radar(notch_mps, **other):
    return Sensor(
        id="radar", kind="radar", lat=48.0, lon=11.0, alt_m=510.0, sigma_range_m=10.0,
        sigma_azimuth_deg=0.3, sigma_elevation_deg=0.5, scan_period_s=PERIOD_S,
        **{"sigma_range_rate_mps": 0.8, "min_radial_speed_mps": notch_mps, **other},
    )  # fmt: skip


NODE = Node(sites=SITES, sensors=(radar(3.0),))


def table(at_s, things, site=0):
    """Return tracks of (id, east, height, speed, seen until, first seen) flying east."""
    out = TrackTable.blank(len(things))
    for k, (track, east, height, speed, seen_s, first_s) in enumerate(things):
        out.track_id[k], out.site[k], out.status[k] = track, site, TrackStatus.CONFIRMED
        out.time_s[k], out.updated_s[k], out.first_seen_s[k] = at_s, seen_s, first_s
        out.state[k] = east, 3000.0, height, speed, 0.0, 0.0
        out.covariance[k], out.sensors[k] = GOOD, 1
    return out


def watched(parts, node=NODE, state=None, from_s=T0_S):
    """Return (state, last table, end): parts (seconds, function of the time into it that
    gives the things) one after the other.
    """
    state = state or identity.open_identity()
    told, now_s = None, from_s
    for seconds, things in parts:
        begin_s = now_s
        for _ in range(round(seconds / GRID_S)):
            now_s = round(now_s + GRID_S, 3)
            tracks = table(now_s, things(now_s - begin_s, now_s))
            told = identity.assess_into(state, tracks, NOBODY, node, now_s)
    return state, told, now_s


def flying(track, begins_m=0.0, height=60.0, speed=10.0):
    return lambda t, now_s: [(track, begins_m + speed * t, height, speed, now_s, T0_S)]


def hidden(track, seconds, begins_m=300.0, **other):
    """Return a part in which the track coasts on as it flew: nobody sees it."""
    return seconds, lambda t, now_s: [
        (track, begins_m + 10.0 * t, other.get("height", 60.0), 10.0, now_s - t, T0_S)
    ]


def after_gap(gap_s, *, away_m=20.0, notch=3.0, height=60.0, before_s=30.0, **sensor):
    """Return what is remembered of a track that flew, was lost and came again away_m off."""
    node = Node(sites=SITES, sensors=(radar(notch, **sensor),))
    back = flying(1, 10.0 * before_s + away_m, height)
    state, _, _ = watched(
        [
            (before_s, flying(1, 0.0, height)),
            hidden(1, gap_s, 10.0 * before_s, height=height),
            (0.2, back),
        ],
        node,
    )
    return state.motion[0]


def test_what_comes_again_where_it_was_lost_has_stood_still():
    row = after_gap(20.0)
    assert row[LONGEST] == pytest.approx(20.0 - PERIOD_S, abs=2.0 * GRID_S)
    assert row[HOVER_SUM] == pytest.approx(row[LONGEST], rel=0.02)
    assert row[GAPS] == pytest.approx(20.0, abs=2.0 * GRID_S)
    assert still.spell_ln(after_gap(60.0)) > 3.0


@pytest.mark.parametrize(
    "other",
    [
        {"notch": 0.0},  # a radar that sees what stands still would have seen it
        {"sigma_range_rate_mps": None},  # and so does one without Doppler
        {"gap_s": 3.0},  # a missed look or two
        {"gap_s": 8.0},  # a bird that turns back across the line of sight is missed so long
        {"away_m": 160.0},  # it has flown on, across the line of sight
        {"height": 15.0},  # it may have sat in a tree
        {"before_s": 3.0},  # nobody has seen it fly: a crane that turns
    ],
)
def test_otherwise_a_gap_says_nothing_of_standing_still(other):
    row = after_gap(**{"gap_s": 20.0, **other})
    assert row[LONGEST] == row[HOVER_SUM] == 0.0


def test_the_velocity_between_the_two_ends_counts_as_measured():
    """So a gap flown on at the same speed is no sign of braking, and one that is not, is."""
    straight, stood = after_gap(20.0, away_m=200.0), after_gap(20.0, away_m=20.0)
    x = np.empty(ks.FEATURES)
    found = []
    for row in (straight, stood):
        ks.features_into(row, x)
        found.append(x.copy())
    assert found[0][1] == pytest.approx(10.0, abs=0.1)  # mean speed
    assert found[1][1] < 9.0
    assert found[1][18] > 0.1 > found[0][18]  # share of time slower than birds cruise
    assert found[0][19] == found[1][19] == pytest.approx(3.0)


def test_a_camera_that_holds_it_too_takes_the_notch_away():
    acc = np.zeros((1, WIDTH))
    both = (radar(3.0), radar(0.0, sigma_range_rate_mps=None))
    for mask, expected in ((1, 3.0), (3, 0.0), (0, 0.0), (1, 3.0)):
        acc[0, kg.SEEN_S] = 0.0
        kg.notice_into(
            np.array([T0_S]), np.array([mask], np.uint64), *notches(both), np.zeros((1, 6)),
            GOOD[None], acc,
        )  # fmt: skip
        assert acc[0, NOTCH] == expected


def lost_and_new(gap_s=50.0, *, new, others=()):
    """Return (state, told, end) after track 1 was lost, ended after 20 s, and others began."""
    gone = (gap_s - 20.0, lambda _t, _s: list(others))
    parts = [(30.0, flying(1)), hidden(1, 20.0), gone, (3.0, new)]
    return watched(parts)


def begun(track, begins_m=310.0, height=60.0):
    return lambda t, now_s: [(track, begins_m + 10.0 * t, height, 10.0, now_s, now_s - t)]


def test_a_new_track_where_one_was_lost_in_the_air_is_the_old_one():
    state, told, _ = lost_and_new(new=begun(2))
    row = state.motion[0]
    assert state.track_id.tolist() == [2]
    assert row[SECONDS] > 30.0  # what was known goes on
    assert row[LONGEST] == row[JOINED] == pytest.approx(48.0, abs=1.0)
    assert told.probability[0, BIRD] < 0.2
    assert told.probability[0, MULTIROTOR] > 0.5


def test_that_two_tracks_are_one_counts_for_the_word_and_not_towards_harm():
    joined, told, _ = lost_and_new(new=begun(2))
    seen, kept, _ = watched([(30.0, flying(1)), hidden(1, 50.0), (3.0, flying(1, 310.0))])
    assert kept.probability[0, MULTIROTOR] == pytest.approx(
        told.probability[0, MULTIROTOR], abs=0.1
    )
    assert joined.motion[0, HELD] > seen.motion[0, HELD] + 2.0
    assert told.harm[0] < 0.5 < kept.harm[0]


@pytest.mark.parametrize(
    "new",
    [
        begun(2, 450.0),  # elsewhere
        begun(2, height=15.0),  # it has come up from a tree
        lambda t, s: [*begun(2)(t, s), *begun(3)(t, s)][:1] if t < 0.1 else [],  # not shown
    ],
)
def test_a_new_track_elsewhere_is_a_new_thing(new):
    state, _, _ = lost_and_new(new=new)
    assert not state.motion[:, JOINED].any()
    assert not (state.motion[:, SECONDS] > 10.0).any()


def test_where_two_were_lost_or_many_begin_nobody_is_taken_for_another():
    def two(t, now_s):
        return [*flying(1)(t, now_s), *flying(9)(t, now_s)]

    parts = [(30.0, two), (30.0, lambda _t, _s: []), (3.0, begun(2))]
    state, _, _ = watched(parts)
    assert not state.motion[:, JOINED].any()

    def crowd(t, now_s):
        more = [(20 + k, 310.0 + 90.0 * k, 60.0, 5.0, now_s, now_s - t) for k in range(1, 9)]
        return [*begun(2)(t, now_s), *more]

    state, _, _ = lost_and_new(new=crowd)
    assert not state.motion[:, JOINED].any()


def test_another_sites_track_is_another_thing():
    state, _, end_s = watched([(30.0, flying(1)), hidden(1, 20.0), (30.0, lambda _t, _s: [])])
    for k in range(10):
        now_s = end_s + GRID_S * (k + 1)
        tracks = table(now_s, begun(2)(GRID_S * k, now_s), site=1)
        identity.assess_into(state, tracks, NOBODY, NODE, now_s)
    assert state.motion[0, SECONDS] < 5.0


def test_a_track_that_is_in_the_table_again_is_known_again():
    state, _, _ = watched(
        [(30.0, flying(1)), (4.0, lambda _t, _s: []), (1.0, flying(1, 340.0))]
    )
    assert state.motion[0, SECONDS] == pytest.approx(31.0, abs=1.0)
    assert len(state.lost) == 0


def test_what_is_kept_of_lost_tracks_is_bounded_in_number_and_time():
    def many(t, now_s):
        return [(k, 50.0 * k + 10.0 * t, 60.0, 10.0, now_s, T0_S) for k in range(1, LOST + 101)]

    state, _, end_s = watched([(1.0, many), (1.0, lambda _t, _s: [])])
    assert len(state.lost) == len(state.lost_id) == LOST
    watched([(1.0, lambda _t, _s: [])], state=state, from_s=end_s + LOST_S)
    assert len(state.lost) == 0
