"""What is in an alarm, is lost and begins again close by stays in that alarm."""

import math
from dataclasses import replace

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin.alert import _rules
from tocsin.alert._out_of_sight import OUT_OF_SIGHT_S
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AlarmState, Ladder, Sensor, TrackStatus
from tocsin.threat import _kernels_heirs

COMES = T(soon_s=200.0)
LOST = T(soon_s=math.inf, status=TrackStatus.COASTED, unseen_s=7.0)
# Motion has said little of it yet, and it flies past: by itself it asks nothing.
NEW = T(track=2, soon_s=math.inf, harm=0.5, east_m=4400.0, age_s=2.0, hits=3)


def alarmed():
    watch = Watch().look(COMES, seconds=10.0)
    assert [alarm.tracks for alarm in watch.alarms()] == [(1,)]
    return watch


def test_a_track_that_begins_where_one_of_an_alarm_was_lost_is_in_the_alarm():
    watch = alarmed().look(LOST, seconds=7.0).look(LOST, NEW)
    (alarm,) = watch.alarms()
    assert alarm.tracks == (1, 2)
    (joined,) = watch.kinds("joined")
    assert joined.text == "track T-02 joined; it may be T-01, lost from sight"
    assert alarm.remark == "T-02 may be T-01, lost from sight"
    assert watch.zone().step == Ladder.CAUTION  # still from before: it adds nothing to that


def test_it_holds_the_alarm_until_its_own_evidence_speaks():
    watch = alarmed().look(LOST, seconds=7.0)
    watch.look(NEW).look(replace(NEW, age_s=39.0), seconds=30.0)
    assert watch.alarms()[0].state == AlarmState.UNACKNOWLEDGED
    watch.look(replace(NEW, age_s=41.0), seconds=21.0)
    assert watch.alarms()[0].state == AlarmState.RETURNED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LOST, replace(NEW, east_m=5500.0)),  # 45 m/s and 7 s do not reach so far
        (LOST, replace(NEW, harm=0.1)),
        (LOST, replace(NEW, cooperative=True)),
        (LOST, replace(NEW, site=1)),
        (LOST, replace(NEW, status=TrackStatus.TENTATIVE)),
        (LOST, replace(NEW, age_s=12.0)),  # there before the other was lost
        (replace(LOST, unseen_s=3.0), NEW),  # between two looks of a slow radar
    ],
)
def test_what_cannot_be_it_is_not(old, new):
    watch = alarmed().look(LOST, seconds=7.0).look(old, new)
    assert [alarm.tracks for alarm in watch.alarms()] == [(1,)]
    assert not watch.kinds("joined")


def test_what_begins_much_later_is_not():
    watch = alarmed().look(replace(LOST, unseen_s=20.0), seconds=20.0)
    watch.look(replace(LOST, unseen_s=20.0), NEW)
    assert not watch.kinds("joined")


def stopped(east_m=4000.0, seconds=120.0, speed_mps=-15.0):
    """A thing of an alarm that a radar lost, two minutes ago, where it stopped."""
    slow = replace(COMES, speed_mps=speed_mps)
    watch = Watch().look(slow, seconds=10.0)
    return watch.look(replace(slow, soon_s=math.inf, unseen_s=60.0), seconds=2.0).look(
        seconds=seconds
    )


@pytest.mark.parametrize(
    ("east_m", "speed_mps", "joins"),
    [(3950.0, -15.0, True), (3500.0, -15.0, False), (3950.0, -45.0, False)],
)
def test_what_begins_where_one_has_stopped_is_a_question(east_m, speed_mps, joins):
    watch = stopped(speed_mps=speed_mps)
    assert watch.alarms()[0].state == AlarmState.RETURNED
    watch.look(replace(NEW, harm=0.05, east_m=east_m))
    asked = watch.alarms()[1:]
    assert [alarm.tracks for alarm in asked] == ([(2,)] if joins else [])
    for alarm in asked:
        assert (alarm.step, alarm.zones) == (Ladder.MONITOR, ("zone-0",))
        assert alarm.remark == "T-02 may be T-01, lost from sight"


def test_it_is_looked_for_for_five_minutes():
    watch = stopped(seconds=310.0).look(replace(NEW, harm=0.05, east_m=3950.0))
    assert len(watch.alarms()) == 1


def test_who_may_be_whom_is_kept_over_a_restart():
    watch = alarmed().look(LOST, seconds=7.0).look(LOST, NEW)
    watch.state = thaw(freeze(watch.state))
    watch.look(replace(NEW, age_s=20.0), seconds=18.0)
    assert watch.alarms()[0].state == AlarmState.UNACKNOWLEDGED
    assert len(watch.kinds("joined")) == 1


def test_an_alarm_that_was_only_held_calls_anew_when_something_comes_again():
    near = T(soon_s=math.inf, harm=0.95, east_m=2000.0)
    watch = Watch().look(replace(near, soon_s=200.0), seconds=30.0)
    assert watch.act("acknowledge", alarm=watch.alarms()[0].id)[0]
    watch.look(near, seconds=60.0)
    assert watch.alarms()[0].state == AlarmState.ACKNOWLEDGED
    assert watch.zone().step == Ladder.MONITOR
    watch.look(replace(near, soon_s=200.0), seconds=3.0)
    assert watch.alarms()[0].state == AlarmState.UNACKNOWLEDGED
    assert watch.kinds("escalated")[-1].text.startswith("it comes again: ")
    assert len(watch.alarms()) == 1


def test_what_only_a_camera_holds_is_lost_where_a_radar_last_placed_it():
    """A camera knows a bearing: what it holds may be far from where the drone flies."""
    radar = Sensor("radar", "radar", sites=("base",), sigma_range_m=10.0)
    node = replace(node_of(), sensors=(radar, Sensor("camera", "camera", sites=("base",))))
    placed, held = 1, 2
    watch = Watch(node).look(replace(COMES, sensors=placed), seconds=10.0)
    watch.look(replace(COMES, sensors=held, east_m=4600.0), seconds=7.0)
    new = replace(NEW, sensors=placed)
    watch.look(replace(COMES, sensors=held, east_m=4600.0), new)
    assert watch.alarms()[0].tracks == (1, 2)


def test_what_begins_where_something_asked_about_was_lost_is_a_question_too():
    gull = T(soon_s=80.0, harm=0.3)
    watch = Watch().look(gull, seconds=3.0).look(LOST, seconds=7.0)
    watch.look(LOST, replace(NEW, harm=0.3))
    (alarm,) = watch.alarms()
    assert (alarm.step, alarm.tracks) == (Ladder.MONITOR, (1, 2))
    watch.look(T(track=3, soon_s=70.0), replace(NEW, harm=0.3), seconds=3.0)
    assert [a.tracks for a in watch.alarms()] == [(1, 2), (3,)]


def test_the_threat_stage_and_the_watch_agree_on_what_may_stop_and_for_how_long():
    """Kernels take no numbers from other rooms: the two must be changed together."""
    said = (_kernels_heirs.STOPS_MPS, _kernels_heirs.STOOD_S, _kernels_heirs.STOOD_M)
    assert said == (_rules.STOPS_MPS, OUT_OF_SIGHT_S, _rules.ANEW_M)
