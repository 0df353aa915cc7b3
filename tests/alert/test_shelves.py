"""Shelving: silent for a while in a person's name, never at the cost of a warning."""

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin import alert
from tocsin.model import AlarmState, Ladder, SirenHeard

FAR = T(1, soon_s=200.0)  # CAUTION, far from the line
REASON = "watched by eye from the tower"


def with_alarm(*tracks, **more):
    watch = Watch(**more).look(*(tracks or (FAR,)), seconds=5.0)
    return watch, watch.alarms()[0]


def shelve(watch, shelved, **more):
    return watch.act("shelve", **{"alarm": shelved.id, "reason": REASON, **more})


def now(watch):
    return watch.alarms()[0]


def test_a_shelved_alarm_calls_nobody_and_comes_back_when_its_time_is_over():
    watch, alarm = with_alarm()
    accepted, sentence = shelve(watch, alarm, until_s=watch.now_s + 60.0)
    assert accepted
    assert "1 min" in sentence
    assert (now(watch).shelved_by, now(watch).shelved_reason) == ("officer", REASON)
    watch.look(FAR, seconds=59.0)
    assert not watch.kinds("escalated")
    watch.look(FAR, seconds=2.0)
    assert now(watch).shelved_by == ""
    assert watch.kinds("unshelved")[0].text == "the time of its shelf is over"
    watch.look(FAR, seconds=31.0)
    assert watch.kinds("escalated")  # it calls anew
    assert watch.kinds("shelved")[0].facts["until_s"] == pytest.approx(alarm.raised_s, abs=90)


def test_one_that_was_acknowledged_comes_back_as_one_that_nobody_has_seen():
    watch, alarm = with_alarm()
    watch.act("acknowledge", alarm=alarm.id)
    shelve(watch, alarm, until_s=watch.now_s + 5.0)
    watch.look(FAR, seconds=6.0)
    assert now(watch).state == AlarmState.UNACKNOWLEDGED


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"reason": "  "}, "reason"),
        ({"until_s": 1.0}, "within 8 h"),
        ({"until_s": 9e9}, "within 8 h"),
        ({"view_s": float("nan")}, "picture"),
        ({"alarm": "A-9-9"}, "no open alarm"),
    ],
)
def test_a_shelf_without_ground_is_refused_with_a_sentence(more, word):
    watch, alarm = with_alarm()
    accepted, sentence = shelve(watch, alarm, **more)
    assert not accepted
    assert word in sentence
    assert now(watch).shelved_by == ""


def test_take_shelter_and_what_is_proposed_are_never_shelved():
    watch, alarm = with_alarm(T(1, soon_s=60.0))
    assert watch.zone().proposed_s > 0.0
    assert not shelve(watch, alarm)[0]
    watch.act("release", zones=("zone-0",))
    watch.look(T(1, soon_s=60.0), seconds=1.0)
    accepted, sentence = shelve(watch, alarm)
    assert not accepted
    assert "TAKE SHELTER" in sentence


def test_an_alarm_that_climbs_leaves_its_shelf_and_is_heard():
    watch, alarm = with_alarm()
    watch.act("acknowledge", alarm=alarm.id)
    shelve(watch, alarm)
    watch.look(T(1, soon_s=60.0), seconds=3.0)
    assert now(watch).step == Ladder.TAKE_SHELTER
    assert now(watch).shelved_by == ""
    assert now(watch).state == AlarmState.UNACKNOWLEDGED


def test_a_second_track_is_not_hidden_by_the_shelf_of_the_first():
    watch, alarm = with_alarm()
    shelve(watch, alarm)
    watch.look(FAR, T(2, soon_s=210.0), seconds=5.0)
    assert len(now(watch).tracks) == 2
    assert now(watch).shelved_by == ""
    assert watch.kinds("unshelved")[0].text == "track T-02 joined"


def test_a_shelf_is_for_what_its_picture_shows():
    watch, _ = with_alarm(T(soon_s=150.0))
    seen_s = watch.now_s
    watch.look(T(soon_s=150.0), T(track=2, soon_s=150.0), seconds=2.0)
    done, said = watch.act("shelve", alarm="A-1-1", reason="our own", view_s=seen_s)
    assert (done, "more than the picture shows" in said) == (False, True)
    assert watch.act("shelve", alarm="A-1-1", reason="both are our own")[0]


def test_taking_it_off_the_shelf_is_never_refused():
    watch, alarm = with_alarm()
    shelve(watch, alarm)
    assert watch.act("unshelve", alarm=alarm.id, view_s=float("nan"), key="a")[0]
    assert now(watch).shelved_by == ""
    assert watch.act("unshelve", alarm=alarm.id, key="b")[0]
    assert len(watch.kinds("unshelved")) == 1


def test_the_same_key_is_one_shelf():
    watch, alarm = with_alarm()
    first = shelve(watch, alarm, key="same")
    watch.look(FAR, seconds=1.0)
    assert shelve(watch, alarm, key="same") == first
    assert len(watch.kinds("shelved")) == 1


def test_a_lost_siren_may_be_shelved_until_people_have_to_hear_it():
    watch = Watch(node_of()).look(seconds=2.0)
    told = (SirenHeard("base", False, "siren: in repair"),)
    watch.events += alert.hear_sirens_into(watch.state, watch.node, told, watch.now_s)
    lost = next(a for a in watch.alarms() if a.cause == "not heard")
    assert shelve(watch, lost)[0]
    watch.act("release", zones=("zone-0",))
    watch.look(seconds=1.0)
    lost = next(a for a in watch.alarms() if a.cause == "not heard")
    assert lost.shelved_by == ""
    assert "TAKE SHELTER stands" in watch.kinds("unshelved")[0].text
