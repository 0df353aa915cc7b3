"""What asked for CAUTION and was lost from sight has not gone away."""

import math
from dataclasses import replace

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin import alert
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import Ladder, TrackStatus


def asked_then_lost(**fields):
    return Watch().look(T(track=7, soon_s=200.0, **fields), seconds=5.0).look(seconds=60.0)


def test_a_zone_whose_threat_is_lost_stays_at_monitor_and_says_so_for_five_minutes():
    watch = asked_then_lost()
    zone = watch.zone()
    assert (zone.step, zone.out_of_sight) == (Ladder.MONITOR, (7,))
    assert watch.now_s - zone.out_of_sight_s == pytest.approx(60.0, abs=0.3)
    assert watch.kinds("step")[-1].text == "T-07 lost from sight, not seen to leave"
    assert watch.zone(site=1).step == Ladder.QUIET
    assert watch.look(seconds=230.0).zone().step == Ladder.MONITOR
    zone = watch.look(seconds=30.0).zone()
    assert (zone.step, zone.out_of_sight) == (Ladder.QUIET, ())
    assert math.isnan(zone.out_of_sight_s)


def test_what_is_carried_on_by_the_filter_alone_is_not_seen_to_leave():
    watch = Watch().look(T(track=7, soon_s=200.0), seconds=5.0)
    fading = T(track=7, soon_s=math.inf, status=TrackStatus.COASTED, unseen_s=20.0)
    assert watch.look(fading, seconds=60.0).zone().out_of_sight == (7,)


def test_what_is_seen_to_go_elsewhere_is_not_waited_for():
    away = T(track=7, soon_s=math.inf)
    watch = Watch().look(T(track=7, soon_s=200.0), seconds=5.0).look(away, seconds=5.0)
    zone = watch.look(seconds=60.0).zone()
    assert (zone.step, zone.out_of_sight) == (Ladder.QUIET, ())


def test_what_a_person_has_said_something_of_is_not_waited_for():
    watch = Watch().look(T(track=7, soon_s=200.0), seconds=5.0)
    assert watch.act("dispose", track=7, text="our own, radio")[0]
    assert watch.look(seconds=60.0).zone().out_of_sight == ()


def test_a_person_can_say_what_became_of_a_track_that_is_lost():
    watch = asked_then_lost()
    assert not watch.act("dispose", track=8, text="brought down")[0]
    assert watch.act("dispose", track=7, text="brought down, wreck found")[0]
    assert watch.look(seconds=20.0).zone().step == Ladder.QUIET


def test_what_never_lasted_long_enough_for_caution_is_not_waited_for():
    watch = Watch().look(T(track=7, soon_s=200.0), seconds=0.6).look(seconds=60.0)
    assert watch.zone().step == Ladder.QUIET


def clear_proposals(watch):
    return [e.at_s for e in watch.kinds("proposed") if e.step == Ladder.ALL_CLEAR]


def test_all_clear_is_not_proposed_while_what_threatened_is_only_lost_from_sight():
    watch = Watch(node_of(clear_s=60.0)).look(T(track=7, soon_s=10.0), seconds=3.0)
    lost_s = watch.now_s
    assert clear_proposals(watch.look(seconds=290.0)) == []
    (at_s,) = clear_proposals(watch.look(seconds=30.0))
    assert at_s - lost_s == pytest.approx(300.0, abs=1.0)


@pytest.mark.parametrize("how", ["said", "seen"])
def test_all_clear_is_proposed_once_it_is_known_what_became_of_it(how):
    watch = Watch(node_of(clear_s=60.0)).look(T(track=7, soon_s=10.0), seconds=3.0)
    if how == "said":
        watch.look(seconds=90.0)
        assert clear_proposals(watch) == []
        assert watch.act("dispose", track=7, text="brought down, wreck found")[0]
        assert len(clear_proposals(watch.look(seconds=2.0))) == 1
    else:
        watch.look(T(track=7, soon_s=math.inf), seconds=70.0)
        assert len(clear_proposals(watch)) == 1


def test_who_ends_take_shelter_waits_for_nothing_any_more():
    watch = Watch(node_of(clear_s=60.0)).look(T(track=7, soon_s=10.0), seconds=3.0)
    assert watch.look(seconds=90.0).zone().out_of_sight == (7,)
    assert watch.act("clear", reason="searched, nothing there")[0]
    assert watch.zone().out_of_sight == ()
    assert watch.look(seconds=200.0).zone().step == Ladder.QUIET


def test_several_are_named_and_many_are_counted():
    flock = [T(track=t, soon_s=200.0) for t in range(1, 8)]
    watch = Watch().look(*flock, seconds=5.0).look(seconds=60.0)
    assert watch.zone().out_of_sight == tuple(range(1, 8))
    text = "T-01, T-02, T-03, T-04 and 3 more lost from sight, not seen to leave"
    assert watch.kinds("step")[-1].text == text


def test_it_is_remembered_over_a_stop():
    watch = asked_then_lost()
    watch.state = thaw(freeze(watch.state))
    assert watch.look(seconds=100.0).zone().out_of_sight == (7,)


def test_it_is_remembered_over_another_site_file_that_keeps_the_zone():
    watch = asked_then_lost()
    watch.node = node_of(zones=2)
    watch.state, _ = alert.move_to(watch.state, watch.node, watch.now_s)
    assert watch.look(seconds=60.0).zone().out_of_sight == (7,)
    assert watch.zone(1).out_of_sight == ()
    assert watch.look(seconds=200.0).zone().step == Ladder.QUIET


COMES = T(track=9, soon_s=120.0, harm=0.1, asked=0.4, hits=3, age_s=5.0)


def test_what_begins_after_a_loss_and_comes_to_the_same_zone_is_asked_about_at_once():
    watch = asked_then_lost().look(COMES, seconds=2.0)
    assert watch.zone().step == Ladder.CAUTION
    assert watch.kinds("raised")[-1].tracks == (9,)
    text = "1 track towards Zone 0; it may be T-07, lost from sight"
    assert watch.kinds("raised")[-1].text == text
    alone = Watch().look(COMES, seconds=5.0)
    assert alone.zone().step in (Ladder.QUIET, Ladder.MONITOR)
    assert not alone.alarms()


@pytest.mark.parametrize(
    "other",
    [
        {"age_s": 200.0},  # it was there before
        {"site": 1},  # it comes to another site
        {"zones": (1,)},  # or zone
        {"asked": 0.3},  # it asks for too little even so
        {"status": TrackStatus.TENTATIVE},
    ],
)
def test_what_cannot_be_what_was_lost_is_asked_about_as_ever(other):
    watch = Watch(node_of(zones=2)).look(T(track=7, soon_s=200.0), seconds=5.0)
    watch.look(seconds=60.0).look(replace(COMES, **other), seconds=5.0)
    assert not [alarm.tracks for alarm in watch.alarms() if 9 in alarm.tracks]
    assert Ladder.CAUTION not in (watch.zone(k, site).step for k in (0, 1) for site in (0, 1))


def test_five_minutes_after_a_loss_what_begins_is_asked_about_as_ever():
    watch = asked_then_lost().look(seconds=260.0).look(COMES, seconds=5.0)
    assert watch.zone().step in (Ladder.QUIET, Ladder.MONITOR)
