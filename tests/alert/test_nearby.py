"""What is surely harmful, flies near and comes to no zone: an alarm, at MONITOR."""

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from tests.alert.scenes import T, Watch

from tocsin.alert import _nearby
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AlarmState, Ladder, TrackStatus

# The zone's edge is at 500 m; near is 10 m/s for 240 s from there: 2,900 m.
CIRCLES = T(soon_s=math.inf, harm=0.95, east_m=2000.0)


def test_what_stays_near_is_asked_about_once_it_has_lasted():
    watch = Watch().look(CIRCLES, seconds=19.8)
    assert watch.zone().step == Ladder.QUIET
    assert not watch.alarms()
    watch.look(CIRCLES, seconds=2.0)
    assert watch.zone().step == Ladder.MONITOR
    assert watch.zone().tracks == (1,)
    (alarm,) = watch.alarms()
    assert (alarm.step, alarm.zones, alarm.tracks) == (Ladder.MONITOR, ("zone-0",), (1,))
    assert alarm.text == "1 track near Zone 0: no bird, no aircraft, and on the way to no zone"
    assert alarm.remark == "no bird, no aircraft, and on the way to no zone"
    watch.look(CIRCLES, seconds=300.0)
    assert len(watch.kinds("raised")) == 1


@pytest.mark.parametrize(
    "track",
    [
        replace(CIRCLES, harm=0.88),
        replace(CIRCLES, east_m=3000.0),
        replace(CIRCLES, cooperative=True),
        replace(CIRCLES, hits=2),
        replace(CIRCLES, status=TrackStatus.TENTATIVE),
        replace(CIRCLES, status=TrackStatus.COASTED),
    ],
)
def test_what_is_in_doubt_far_friendly_or_unseen_is_not(track):
    watch = Watch().look(track, seconds=60.0)
    assert watch.zone().step == Ladder.QUIET
    assert not watch.alarms()


def test_once_it_has_begun_it_holds_over_a_dead_band_and_a_look_out_of_sight():
    edge = replace(CIRCLES, harm=0.75, east_m=3200.0)
    unseen = replace(CIRCLES, status=TrackStatus.COASTED)
    watch = Watch()
    for _ in range(4):
        watch.look(CIRCLES, seconds=2.0).look(edge, seconds=2.0).look(unseen, seconds=2.0)
    assert len(watch.kinds("raised")) == 1
    watch = Watch().look(CIRCLES, seconds=15.0).look(replace(CIRCLES, harm=0.7), seconds=0.2)
    assert not watch.look(CIRCLES, seconds=15.0).alarms()


def test_it_goes_when_the_thing_has_gone_and_when_somebody_says_what_it_is():
    watch = Watch().look(CIRCLES, seconds=30.0)
    assert watch.act("acknowledge", alarm=watch.alarms()[0].id)[0]
    watch.look(replace(CIRCLES, east_m=4000.0), seconds=30.0)
    assert watch.alarms()[0].state == AlarmState.CLOSED
    assert watch.zone().step == Ladder.QUIET
    watch = Watch().look(CIRCLES, seconds=30.0)
    assert watch.act("dispose", track=1, text="our survey plane")[0]
    watch.look(CIRCLES, seconds=60.0)
    assert watch.zone().step == Ladder.QUIET
    assert not [a for a in watch.alarms() if a.state == AlarmState.UNACKNOWLEDGED]


def test_it_climbs_and_calls_anew_when_the_thing_comes():
    watch = Watch().look(CIRCLES, seconds=30.0)
    assert watch.act("acknowledge", alarm=watch.alarms()[0].id)[0]
    watch.look(replace(CIRCLES, soon_s=200.0), seconds=3.0)
    (alarm,) = watch.alarms()
    assert (alarm.step, alarm.state) == (Ladder.CAUTION, AlarmState.UNACKNOWLEDGED)
    assert (alarm.text, alarm.remark) == ("1 track towards Zone 0", "")
    assert len(watch.kinds("raised")) == 1


def test_all_clear_is_not_proposed_while_it_stays():
    watch = Watch().look(T(soon_s=10.0), seconds=3.0)
    assert watch.zone().step == Ladder.TAKE_SHELTER
    assert not watch.look(CIRCLES, seconds=900.0).kinds("proposed")[1:]
    away = replace(CIRCLES, east_m=9000.0)
    assert [e.step for e in watch.look(away, seconds=900.0).kinds("proposed")[1:]] == [
        Ladder.ALL_CLEAR
    ]


def test_the_wait_is_kept_over_a_restart():
    watch = Watch().look(CIRCLES, seconds=15.0)
    watch.state = thaw(freeze(watch.state))
    assert watch.look(CIRCLES, seconds=6.0).alarms()


def test_how_far_a_place_is_from_rings_is_what_shapely_says():
    rng = np.random.default_rng(4)
    rings = []
    for corners in (3, 7, 24):
        angles = np.sort(rng.uniform(0.0, math.tau, corners))
        radii = rng.uniform(100.0, 900.0, corners)
        rings.append(
            tuple(zip((radii * np.cos(angles)).tolist(), (radii * np.sin(angles)).tolist()))
        )
    places = rng.uniform(-1500.0, 1500.0, (400, 2))
    found = _nearby.off_rings_m(places, _nearby.rings_of(rings))
    wanted = [[shapely.Polygon(r).distance(shapely.Point(*p)) for r in rings] for p in places]
    assert found == pytest.approx(np.array(wanted), abs=1e-6)
    assert (found == 0.0).any(axis=0).all()
