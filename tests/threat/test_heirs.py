"""A thing that is lost and found again under another number keeps the way that it has come."""

import numpy as np
import pytest
from tests.identity.flights import T0_S
from tests.threat.raids import ZONE_AT
from tests.threat.test_threat import ONE, table_of, taken_for

from tocsin import threat
from tocsin.codec.snapshot import freeze, thaw

SPEED_MPS = 14.0
FROM_M = 5500.0


def row_at(t, aside_m=0.0, turned_rad=0.0):
    """Return a state t seconds into a straight flight from the east to the zone's middle."""
    north = ZONE_AT[1] + aside_m
    ve, vn = -SPEED_MPS * np.cos(turned_rad), SPEED_MPS * np.sin(turned_rad)
    return [ZONE_AT[0] + FROM_M - SPEED_MPS * t, north, 80.0, ve, vn, 0.0]


def asked(lives, seconds, thaw_at_s=-1.0):
    """Return p_asked of each track at the end. lives: (id, from s, until s, aside, turned)."""
    state, looks_like = threat.open_threat(), taken_for("bird", 0.05)
    for k in range(round(seconds / 0.2)):
        t = 0.2 * k
        here = [life for life in lives if life[1] <= t < life[2]]
        table = table_of(*[row_at(t, *life[3:]) for life in here]) if here else None
        if table is None:
            continue
        table.track_id[:] = [life[0] for life in here]
        table.born_s[:] = [T0_S + life[1] for life in here]
        table.updated_s[:] = T0_S + t
        found = threat.assess_into(state, table, looks_like(table), ONE, T0_S + t)
        if abs(t - thaw_at_s) < 0.1:
            state = thaw(freeze(state))
    return dict(zip(found.track_id.tolist(), found.p_asked.tolist()))


def test_found_again_after_a_gap_it_is_asked_about_as_if_never_lost():
    whole = asked([(1, 0.0, 999.0)], 200.0)[1]
    anew = asked([(2, 100.0, 999.0)], 200.0)[2]
    again = asked([(1, 0.0, 90.0), (2, 100.0, 999.0)], 200.0)[2]
    assert anew < 0.5 < whole
    assert again == pytest.approx(whole, abs=0.05)
    stored = asked([(1, 0.0, 90.0), (2, 100.0, 999.0)], 200.0, thaw_at_s=89.8)[2]
    assert stored == again


@pytest.mark.parametrize(
    "other",
    [
        (2, 100.0, 999.0, 900.0),  # begins elsewhere
        (2, 70.0, 999.0),  # was there beside the old one, which sensors still saw
    ],
)
def test_another_thing_takes_over_nothing(other):
    alone = asked([other], 200.0)[2]
    beside = asked([(1, 0.0, 90.0), other], 200.0)[2]
    assert beside == pytest.approx(alone)


def turned_unseen(*, aside_m=0.0, turned_rad=1.5, unseen_s=100.0, taken=0.8, at_mps=1.0):
    """Return p_asked 12 s after a new track begins near where another would be that was lost
    unseen_s ago, and has turned by turned_rad. taken: what the old one's harm was.
    """
    state, found, goes_s = threat.open_threat(), None, 110.0 + unseen_s
    for k in range(round(5.0 * (goes_s + 12.0))):
        t = 0.2 * k
        looks_like = taken_for("bird", taken if t < 110.0 else 0.05)
        if 110.0 <= t < goes_s:
            continue
        row = row_at(t, aside_m if t >= goes_s else 0.0)
        if t >= goes_s:
            turned = row_at(0.0, 0.0, turned_rad)
            for c in (0, 1):
                row[3 + c] = at_mps * turned[3 + c]
                row[c] += (row[3 + c] - row_at(0.0)[3 + c]) * (t - goes_s)
        table = table_of(row)
        table.track_id[:] = 1 if t < 110.0 else 2
        table.born_s[:] = T0_S + (0.0 if t < 110.0 else goes_s)
        table.updated_s[:] = T0_S + t
        found = threat.assess_into(state, table, looks_like(table), ONE, T0_S + t)
    return float(max(found.p_asked[found.track_id == 2], default=0.0))


@pytest.mark.parametrize("turned_rad", [0.0, 0.5, -0.9])
def test_what_flew_on_unseen_and_turned_keeps_the_way_it_had_come(turned_rad):
    """A multirotor passes its only radar across, unseen for 100 s, and turns to the zone."""
    alone = turned_unseen(turned_rad=turned_rad, aside_m=9000.0)
    assert turned_unseen(turned_rad=turned_rad) > 3.0 * alone


@pytest.mark.parametrize(
    "other",
    [
        {"aside_m": 900.0},  # off the way that it would have flown
        {"unseen_s": 320.0},  # by then it has landed, left or been seen
        {"taken": 0.05},  # a bird that nobody was asked about
        {"at_mps": 2.0},  # flies another pace
    ],
)
def test_what_does_not_fit_a_flight_lost_long_ago_takes_over_nothing(other):
    alone = turned_unseen(**{**other, "aside_m": 9000.0})
    assert turned_unseen(**other) == pytest.approx(alone, abs=0.02)


STOPS_S, RESTS_S, UNSEEN_S = 200.0, 12.0, 150.0


def after_a_stop(
    *, at_mps=0.5, carried=False, begins_m=0.0, turned_rad=0.0, unseen_s=UNSEEN_S, flock=0
):
    """Return p_asked 12 s after a new track begins, begins_m aside of where another had come
    2.8 km and stayed at a rate of at_mps for RESTS_S before it was dropped, unseen_s earlier.
    carried: it was not seen for that time, and the tracker carried it on at that rate. flock:
    so many others begin with the new one, 300 to 1500 m away.
    """
    state, looks_like = threat.open_threat(), taken_for("bird", 0.05)
    goes_s = STOPS_S + RESTS_S + unseen_s
    for k in range(round((goes_s + 12.0) / 0.2)):
        t = 0.2 * k
        if t < STOPS_S:
            track, born_s, row = 1, 0.0, row_at(t)
        elif t < STOPS_S + RESTS_S:
            track, born_s, row = 1, 0.0, row_at(STOPS_S)
            row[3] = -at_mps
            row[0] -= at_mps * (t - STOPS_S) if carried else 0.0
        elif t < goes_s:
            continue
        else:
            track, born_s = 2, goes_s
            row = row_at(STOPS_S, begins_m, turned_rad)
            row[0] += row[3] * (t - goes_s)
            row[1] += row[4] * (t - goes_s)
        others = [row_at(STOPS_S, 300.0 + 20.0 * n) for n in range(flock if track == 2 else 0)]
        table = table_of(row, *others)
        table.track_id[0], table.track_id[1:] = track, 10 + np.arange(len(others))
        table.born_s[:] = T0_S + born_s
        seen_s = STOPS_S if carried and track == 1 else t
        table.updated_s[:] = T0_S + min(t, seen_s)
        found = threat.assess_into(state, table, looks_like(table), ONE, T0_S + t)
    return float(max(found.p_asked[found.track_id == 2], default=0.0))


@pytest.mark.parametrize("turned_rad", [0.0, 0.5, -0.5])
def test_what_stopped_out_of_sight_and_goes_on_keeps_the_way_it_had_come(turned_rad):
    """A multirotor in the Doppler notch of the only radar, for two and a half minutes."""
    assert after_a_stop(turned_rad=turned_rad) >= 0.7


def test_what_the_tracker_carried_on_past_its_stop_keeps_the_way_it_had_come():
    """It braked between two turns of the radar, whose last plot saw it fly."""
    assert after_a_stop(at_mps=SPEED_MPS, carried=True) >= 0.7


@pytest.mark.parametrize(
    "other",
    [
        {"at_mps": 51.0},  # what is so fast does not stop: by now it is elsewhere
        {"at_mps": SPEED_MPS, "carried": True, "begins_m": 900.0},
        {"begins_m": 900.0},
        {"unseen_s": 900.0},
    ],
)
def test_what_begins_elsewhere_or_much_later_takes_over_no_stop(other):
    assert after_a_stop(**other) < 0.3


def test_in_a_flock_it_is_doubted_whose_way_a_new_track_goes_on_with():
    """It begins 120 m aside, two and a half minutes later, as it may: or something else did."""
    assert after_a_stop(begins_m=120.0) >= 0.7
    assert after_a_stop(begins_m=120.0, flock=60) < 0.3
