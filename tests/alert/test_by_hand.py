"""Warning by hand, readiness, notices to other sites: raised at once, lowered with care."""

import math

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin import alert
from tocsin.alert import notices
from tocsin.model import Ladder, SightingReport
from tocsin.sensor import with_posts

STEPS = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)


@pytest.mark.parametrize("step", STEPS)
def test_a_person_raises_any_step_without_a_track_a_reason_or_a_picture(step):
    watch = Watch(node_of(zones=2)).look(seconds=1.0)
    accepted, sentence = watch.act("raise", step=step, zones=("zone-1",), view_s=math.nan)
    assert accepted, sentence
    watch.look(seconds=1.0)
    assert [watch.zone(k).step for k in (0, 1)] == [Ladder.QUIET, step]
    watch.look(seconds=1200.0)
    assert watch.zone(1).step == step, "it stands until a person ends it"
    assert watch.zone(1).raised_by == "officer"


def test_without_zones_the_whole_site_is_raised_and_the_other_site_is_not():
    watch = Watch(node_of(zones=2)).look(seconds=1.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    watch.look(seconds=1.0)
    assert {watch.zone(k).step for k in (0, 1)} == {Ladder.TAKE_SHELTER}
    assert watch.zone(0, site=1).step == Ladder.QUIET
    assert len(watch.kinds("released")) == 2


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in STEPS for b in STEPS])
def test_raising_twice_is_merged_and_never_lowers(first, second):
    watch = Watch().look(seconds=1.0)
    for step, user in ((first, "a"), (second, "b")):
        accepted, sentence = watch.act("raise", step=step, user=user)
        assert accepted, sentence
    watch.look(seconds=1.0)
    highest = max(first, second, key=STEPS.index)
    assert watch.zone().step == highest
    assert len(watch.kinds("released")) == (highest == Ladder.TAKE_SHELTER)


def test_a_raise_with_a_wrong_zone_warns_the_right_ones_and_says_so():
    watch = Watch(node_of(zones=2)).look(seconds=1.0)
    accepted, sentence = watch.act("raise", step=Ladder.CAUTION, zones=("zone-0", "nowhere"))
    assert accepted
    assert "nowhere" in sentence
    assert watch.zone(0).step == Ladder.CAUTION
    assert not watch.act("raise", step="", zones=("zone-0",))[0]


def test_a_take_shelter_by_hand_is_cancelled_within_three_seconds_and_cleared_later():
    watch = Watch(node_of(clear_s=30.0)).look(seconds=1.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    watch.look(seconds=2.0)
    assert watch.act("cancel")[0]
    assert watch.look(seconds=1.0).zone().step == Ladder.QUIET
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    watch.look(seconds=10.0)
    assert not watch.act("clear", reason="searched")[0], "nothing may threaten for clear_s"
    watch.look(seconds=30.0)
    assert watch.act("clear", reason="searched")[0]
    assert watch.look(seconds=1.0).zone().step == Ladder.ALL_CLEAR
    assert watch.zone().raised_step == ""


def test_a_caution_by_hand_is_lowered_with_a_reason_and_a_fresh_picture_only():
    watch = Watch().look(seconds=1.0)
    watch.act("raise", step=Ladder.CAUTION)
    watch.look(seconds=1.0)
    assert not watch.act("clear", reason=" ")[0]
    assert not watch.act("clear", reason="it was ours", view_s=watch.now_s - 60.0)[0]
    accepted, sentence = watch.act("clear", reason="it was ours")
    assert accepted
    assert "lowered" in sentence
    assert watch.look(seconds=1.0).zone().step == Ladder.QUIET


def test_what_the_sensors_ask_for_stands_when_the_hand_lowers():
    watch = Watch().look(T(soon_s=200.0), seconds=3.0)
    watch.act("raise", step=Ladder.CAUTION)
    watch.act("clear", reason="I know it")
    assert watch.look(T(soon_s=200.0), seconds=1.0).zone().step == Ladder.CAUTION


def test_a_raise_at_caution_is_an_alarm_that_its_author_has_seen():
    watch = Watch().look(seconds=1.0)
    watch.act("raise", step=Ladder.CAUTION, text="the gate called")
    alarm = watch.look(seconds=1.0).alarms()[0]
    assert (alarm.cause, alarm.step, alarm.state) == ("by hand", "CAUTION", "acknowledged")
    assert "the gate called" in alarm.text
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    assert len(watch.alarms()) == 1
    watch.look(seconds=70.0)
    watch.act("clear", reason="searched")
    watch.look(seconds=1.0)
    assert watch.alarms()[0].state == "closed"


def test_the_sites_criteria_have_to_be_said_to_be_met_before_all_clear():
    import dataclasses

    node = node_of(clear_s=1.0)
    sites = tuple(
        dataclasses.replace(site, clear_criteria=("Area searched", "All counted"))
        for site in node.sites
    )
    watch = Watch(dataclasses.replace(node, sites=sites)).look(seconds=1.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    watch.look(seconds=5.0)
    accepted, sentence = watch.act("clear", reason="over", criteria=("area searched",))
    assert not accepted
    assert "All counted" in sentence
    assert "Area searched" not in sentence
    both = ("Area searched", "All counted")
    assert watch.act("clear", reason="over", criteria=both)[0]
    assert watch.kinds("cleared")[0].facts["criteria"] == "Area searched; All counted"


def test_an_alarm_at_one_site_is_a_notice_at_the_other_and_changes_nothing_there():
    watch = Watch().look(T(soon_s=200.0), seconds=3.0)
    from tocsin import alert

    (notice,) = alert.notices(watch.state)
    assert (notice.site_id, notice.from_site, notice.step) == ("far", "base", "CAUTION")
    assert "Base" in notice.text
    assert watch.zone(site=1).step == Ladder.QUIET
    assert len(watch.kinds("notice")) == 1
    accepted, _ = watch.act("acknowledge", alarm=notice.id, site="far", user="far watch")
    assert accepted
    assert alert.notices(watch.state)[0].seen_by == "far watch"
    assert watch.alarms()[0].state == "unacknowledged", "seeing a notice is not the alarm's"
    watch.look(T(soon_s=60.0), seconds=2.0)
    assert alert.notices(watch.state)[0].step == Ladder.TAKE_SHELTER
    assert alert.notices(watch.state)[0].seen_by == "", "it climbed: told anew"
    watch.act("acknowledge", alarm="A-1-1")
    watch.look(seconds=40.0)
    assert math.isfinite(alert.notices(watch.state)[0].closed_s)
    assert alert.notices(watch.look(seconds=700.0).state) == ()


def test_monitor_is_no_notice():
    from tocsin import alert

    watch = Watch().look(T(soon_s=400.0), seconds=3.0)
    watch.act("raise", step=Ladder.MONITOR)
    assert alert.notices(watch.look(seconds=1.0).state) == ()


def test_readiness_is_monitor_at_least_until_it_expires():
    watch = Watch().look(seconds=1.0)
    accepted, _ = watch.act("readiness", site="far", until_s=watch.now_s + 600.0)
    assert accepted
    assert watch.look(seconds=1.0).zone(site=1).step == Ladder.MONITOR
    assert watch.zone(site=0).step == Ladder.QUIET
    assert watch.alarms() == ()
    watch.act("readiness", site="far", until_s=watch.now_s + 100.0)
    assert watch.look(seconds=300.0).zone(site=1).step == Ladder.MONITOR, "the later end wins"
    assert watch.look(seconds=400.0).zone(site=1).step == Ladder.QUIET
    assert len(watch.kinds("readiness over")) == 1


def test_readiness_has_an_end_and_ending_it_early_needs_a_reason_and_a_fresh_picture():
    watch = Watch().look(seconds=1.0)
    assert watch.act("readiness", until_s=math.nan)[0]
    assert watch.zone().ready_until_s == pytest.approx(watch.now_s + 4 * 3600.0)
    assert watch.act("readiness", until_s=watch.now_s + 1e9)[0]
    assert watch.zone().ready_until_s == pytest.approx(watch.now_s + 24 * 3600.0)
    assert not watch.act("readiness", until_s=0.0)[0]
    assert not watch.act("readiness", until_s=0.0, reason="x", view_s=0.0)[0]
    assert watch.act("readiness", until_s=0.0, reason="the other site has cleared")[0]
    assert watch.look(seconds=1.0).zone().step == Ladder.QUIET


def test_what_is_raised_outlives_the_alarm_of_the_tracks():
    """That one ends with its tracks: the other sites would read that all is over."""
    watch = Watch().look(T(soon_s=150.0), seconds=5.0)
    watch.act("acknowledge", alarm="A-1-1")
    assert watch.act("raise", step=Ladder.CAUTION, text="it is behind the ridge")[0]
    watch.look(T(soon_s=1e6, harm=0.01), seconds=700.0)
    (alarm,) = watch.alarms()
    assert (alarm.cause, alarm.state) == ("by hand", "acknowledged")
    (notice,) = notices(watch.state)
    assert math.isnan(notice.closed_s)
    assert watch.act("clear", reason="searched")[0]
    assert not [one for one in watch.look(seconds=1.0).alarms() if one.state != "closed"]


def test_a_release_that_nothing_proposed_is_an_alarm_too():
    watch = Watch().look(seconds=1.0)
    watch.act("release", zones=("zone-0",))
    watch.look(seconds=60.0)
    (alarm,) = watch.alarms()
    assert (alarm.cause, alarm.state, alarm.step) == (
        "by hand", "acknowledged", Ladder.TAKE_SHELTER,
    )  # fmt: skip
    assert len(notices(watch.state)) == 1
    assert watch.look(seconds=10.0).act("clear", reason="seen from the tower")[0]
    assert watch.look(seconds=1.0).alarms()[0].state == "closed"


def test_a_release_of_what_stands_as_an_alarm_adds_none():
    watch = Watch().look(T(soon_s=70.0), seconds=4.0)
    watch.act("release", zones=("zone-0",))
    assert len(watch.alarms()) == 1


def test_a_release_because_of_what_somebody_has_seen_is_told_to_the_other_sites():
    watch = Watch().look(seconds=1.0)
    watch.node = with_posts(watch.node)
    watch.act("sighting", sighting=SightingReport(lat=48.0, lon=11.0))
    watch.act("release")
    question, by_hand = watch.look(seconds=1.0).alarms()
    assert (question.cause, by_hand.cause) == ("sighting", "by hand")
    assert [notice.step for notice in notices(watch.state)] == [
        Ladder.CAUTION,
        Ladder.TAKE_SHELTER,
    ]


def test_what_was_raised_again_is_noted_and_not_lowered_by_a_picture_of_before():
    watch = Watch().look(seconds=2.0)
    watch.act("raise", user="ann", step=Ladder.CAUTION)
    seen_s = watch.look(seconds=600.0).now_s
    watch.look(seconds=2.0).act("raise", user="bob", step=Ladder.CAUTION, text="I hear it now")
    assert [(event.by, event.text) for event in watch.kinds("raised by hand")] == [
        ("ann", ""),
        ("bob", "I hear it now"),
    ]
    done, said = watch.act("clear", user="ann", reason="quiet", view_s=seen_s)
    assert (done, "look at the live one" in said) == (False, True)
    assert watch.act("clear", user="ann", reason="quiet")[0]


def test_a_site_file_cannot_end_what_was_raised_in_a_zone_that_it_leaves_out():
    watch = Watch(node=node_of(zones=2)).look(seconds=1.0)
    watch.act("raise", zones=("zone-1",), step=Ladder.CAUTION)
    (why,) = alert.stands_against(watch.state, node_of(zones=1))
    assert "CAUTION raised by hand stands in zone zone-1" in why


def test_a_raise_never_answers_a_sighting():
    other = Watch().look(seconds=1.0)
    place = SightingReport(lat=48.0, lon=11.0)
    node = with_posts(other.node)
    other.node = node
    assert other.act("sighting", sighting=place)[0]
    other.act("raise", step=Ladder.TAKE_SHELTER)
    question, by_hand = other.alarms()
    assert (question.cause, question.step) == ("sighting", Ladder.CAUTION)
    assert (by_hand.cause, by_hand.step) == ("by hand", Ladder.TAKE_SHELTER)
