"""What is not surely harmless is asked about before it crosses the warning line."""

from dataclasses import replace

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AlarmState, Ladder, TrackStatus

# The line is at 75 s: near it is what can be there within 90 s.
GULL = T(soon_s=85.0, harm=0.3)
QUESTION = "1 track towards Zone 0: at the warning line, and not surely harmless"


def asked(watch=None, *tracks):
    return (watch or Watch()).look(*(tracks or (GULL,)), seconds=3.0)


def test_what_may_be_harmful_and_comes_is_asked_about_and_moves_nobody():
    watch = Watch().look(GULL, seconds=2.0)
    assert not watch.alarms()
    watch.look(GULL, seconds=1.0)
    (alarm,) = watch.alarms()
    assert (alarm.step, alarm.tracks, alarm.zones) == (Ladder.MONITOR, (1,), ("zone-0",))
    assert alarm.text == QUESTION
    assert watch.zone().step == Ladder.MONITOR
    watch.look(GULL, seconds=300.0)
    assert len(watch.kinds("raised")) == 1
    assert not watch.kinds("escalated")  # it is asked once
    assert not watch.kinds("unattended")
    assert not watch.kinds("proposed")


@pytest.mark.parametrize(
    "track",
    [
        replace(GULL, harm=0.24),
        replace(GULL, soon_s=95.0),
        replace(GULL, p_zone=0.15),
        replace(GULL, harm=0.6, p_zone=0.1),
        replace(GULL, cooperative=True),
        replace(GULL, hits=2),
        replace(GULL, status=TrackStatus.COASTED),
    ],
)
def test_what_is_harmless_far_elsewhere_friendly_or_unseen_is_not(track):
    assert not Watch().look(track, seconds=60.0).alarms()


def test_what_flies_past_is_asked_about_where_it_is_more_surely_harmful():
    """0.3 and 0.21 are harm here at 6 %; so are 0.6 and 0.11: it may turn within the minute."""
    assert asked(None, replace(GULL, p_zone=0.21)).alarms()
    assert asked(None, replace(GULL, harm=0.6, p_zone=0.11)).alarms()


def test_a_site_with_many_birds_may_ask_later():
    watch = Watch(node_of(question_probability=0.4))
    assert not watch.look(GULL, seconds=30.0).alarms()
    assert watch.look(replace(GULL, harm=0.41), seconds=3.0).alarms()


def test_the_way_that_it_has_come_counts():
    assert asked(None, replace(GULL, harm=0.05, asked=0.3)).alarms()


def test_one_that_is_seen_to_be_harmless_closes_by_itself():
    watch = asked().look(replace(GULL, harm=0.05), seconds=59.0)
    assert watch.alarms()[0].state == AlarmState.UNACKNOWLEDGED
    watch.look(replace(GULL, harm=0.05), seconds=2.0)
    assert watch.alarms()[0].state == AlarmState.CLOSED
    assert watch.kinds("closed")[0].text == "seen to be harmless, or to go elsewhere"


def test_one_that_wavers_is_asked_about_once():
    watch = asked()
    for _ in range(5):
        watch.look(replace(GULL, harm=0.1), seconds=30.0).look(GULL, seconds=5.0)
    assert len(watch.kinds("raised")) == 1


def test_one_that_is_lost_from_sight_waits_for_a_person():
    gone = replace(GULL, soon_s=float("inf"), status=TrackStatus.COASTED, unseen_s=30.0)
    watch = asked().look(gone, seconds=62.0)
    assert watch.alarms()[0].state == AlarmState.RETURNED


def test_it_climbs_where_it_is_probably_harmful_and_calls_again():
    watch = asked()
    assert watch.act("acknowledge", alarm=watch.alarms()[0].id)[0]
    watch.look(replace(GULL, harm=0.95), seconds=3.0)
    (alarm,) = watch.alarms()
    assert (alarm.step, alarm.state) == (Ladder.CAUTION, AlarmState.UNACKNOWLEDGED)
    assert watch.kinds("escalated")[-1].text == "now CAUTION: 1 track towards Zone 0"


def test_a_bird_joins_no_raid_and_a_raid_takes_no_bird_along():
    drone = T(track=7, soon_s=80.0, harm=0.95)
    watch = asked(None, GULL, replace(GULL, track=2)).look(
        GULL, replace(GULL, track=2), drone, seconds=3.0
    )
    question, raid = watch.alarms()
    assert (question.step, question.tracks) == (Ladder.MONITOR, (1, 2))
    assert raid.tracks == (7,)
    watch.look(replace(GULL, harm=0.95), replace(GULL, track=2), drone, seconds=3.0)
    question, raid = watch.alarms()
    assert (question.step, question.tracks) == (Ladder.MONITOR, (2,))
    assert raid.tracks == (7, 1)
    watch.look(replace(GULL, harm=0.95), replace(GULL, track=2, harm=0.95), drone, seconds=3.0)
    question, raid = watch.alarms()
    assert question.state == AlarmState.CLOSED
    assert raid.tracks == (7, 1, 2)


def test_of_several_the_one_that_asks_for_more_has_an_alarm_of_its_own():
    watch = asked(None, GULL, replace(GULL, track=2))
    watch.look(replace(GULL, harm=0.95, soon_s=200.0), replace(GULL, track=2), seconds=3.0)
    question, other = watch.alarms()
    assert (question.step, question.tracks) == (Ladder.MONITOR, (2,))
    assert question.text == QUESTION
    assert (other.step, other.tracks) == (Ladder.CAUTION, (1,))


def test_a_word_about_it_ends_it():
    watch = asked()
    assert watch.act("dispose", track=1, text="a gull, seen by the gate")[0]
    watch.look(GULL, seconds=61.0)
    assert watch.alarms()[0].state == AlarmState.CLOSED


def test_a_restart_asks_no_second_time():
    watch = asked()
    watch.state = thaw(freeze(watch.state))
    watch.look(GULL, seconds=5.0)
    assert len(watch.kinds("raised")) == 1


def test_two_drones_that_were_asked_about_are_one_raid():
    """Each was alone in its question: the first takes its alarm along, the second joins it."""
    far = replace(GULL, track=2, east_m=9000.0, soon_s=85.0)
    watch = asked(None, GULL).look(GULL, seconds=3.0)
    watch.look(replace(GULL, harm=0.95), replace(far, harm=0.95), seconds=4.0)
    alarms = [alarm for alarm in watch.alarms() if alarm.state != AlarmState.CLOSED]
    assert [alarm.tracks for alarm in alarms] == [(1, 2)]


def birds(watch):
    """Let birds be asked about one by one, each in an alarm of its own, until some join."""
    for track in range(1, 12):
        gull = replace(GULL, track=track, east_m=4000.0 * track)
        watch.look(gull, seconds=3.0)
        for alarm in watch.alarms():
            if alarm.state == AlarmState.UNACKNOWLEDGED and track % 2:
                watch.act("acknowledge", alarm=alarm.id, key=f"a{track}-{alarm.id}")
        watch.look(seconds=100.0 if track == 3 else 40.0)
    return watch


def test_many_questions_leave_a_raid_its_own_alarm_and_are_bounded_themselves():
    watch = birds(Watch())
    asked_of = watch.kinds("raised")
    assert len(asked_of) < 11
    drone = T(track=77, soon_s=80.0, harm=0.95, east_m=90000.0)
    watch.look(drone, seconds=4.0)
    raised = watch.kinds("raised")
    assert len(raised) == len(asked_of) + 1
    assert (raised[-1].step, raised[-1].tracks) == (Ladder.CAUTION, (77,))
    gull = replace(GULL, track=78, east_m=-40000.0)
    watch.look(drone, gull, seconds=4.0)
    assert len(watch.kinds("raised")) == len(raised), "but a bird is asked about in the newest"
    (held,) = [alarm for alarm in watch.alarms() if 78 in alarm.tracks]
    assert held.step == Ladder.MONITOR
