"""NOT WATCHING: QUIET only while the declared minimum coverage is up."""

import dataclasses
import math

import pytest
from tests.alert.scenes import T0_S, T, Watch, node_of, sensor

from tocsin.model import Ladder, MinimumCoverage, Sensor, SensorStatus


def status(name, state="ok", heard_s=T0_S, kind="radar"):
    return SensorStatus(name, kind, state, heard_s, 1, 1, 0, {}, 0.0, "live", ("base",), T0_S)


def node_with(*demands, sensors=()):
    node = node_of()
    first = dataclasses.replace(node.sites[0], minimum_coverage=tuple(demands))
    return dataclasses.replace(node, sites=(first, node.sites[1]), sensors=sensors)


def watch_of(*statuses, node=None):
    far = sensor(site="far")
    return Watch(node or node_with(), sensors=(*statuses, far))


def test_without_a_declared_minimum_every_radar_of_the_site_has_to_be_up():
    watch = watch_of(status("a"), status("b")).look(seconds=1.0)
    assert watch.zone().step == Ladder.QUIET
    watch.sensors = (status("a"), status("b", "silent"), sensor(site="far"))
    watch.look(seconds=1.0)
    assert watch.zone().step == Ladder.NOT_WATCHING
    assert watch.zone(site=1).step == Ladder.QUIET
    assert "b is silent, heard last at" in watch.zone().unwatched[0]
    assert "a " not in watch.zone().unwatched[0].partition(":")[2]


def test_the_sector_is_that_of_the_sensor_that_is_gone():
    panel = Sensor("b", sites=("base",), azimuth_center_deg=10.0, azimuth_width_deg=120.0)
    watch = watch_of(status("b", "silent"), node=node_with(sensors=(panel,))).look(seconds=1.0)
    assert watch.zone().unwatched[0].startswith("not watched 310° to 070°, at all heights")


@pytest.mark.parametrize(
    ("up", "step"), [(3, Ladder.QUIET), (2, Ladder.QUIET), (1, Ladder.NOT_WATCHING)]
)
def test_a_declared_minimum_counts_sensors_and_names_sector_and_height(up, step):
    demand = MinimumCoverage(("a", "b", "c"), 2, 90.0, 180.0, 60.0)
    rows = [status(name, "ok" if k < up else "silent") for k, name in enumerate("abc")]
    watch = watch_of(*rows, node=node_with(demand)).look(seconds=1.0)
    assert watch.zone().step == step
    if step == Ladder.NOT_WATCHING:
        said = watch.zone().unwatched[0]
        assert said.startswith("not watched 090° to 180°, from 60 m up")
        assert "1 of 2 needed" in said


def test_since_when_is_when_the_sensor_was_heard_last():
    watch = watch_of(status("a")).look(seconds=5.0)
    watch.sensors = (status("a", "silent", heard_s=T0_S + 2.0), sensor(site="far"))
    watch.look(seconds=20.0)
    assert watch.zone().unwatched_s == T0_S + 2.0
    watch.sensors = (status("a"), sensor(site="far"))
    watch.look(seconds=1.0)
    assert math.isnan(watch.zone().unwatched_s)
    assert watch.zone().unwatched == ()


def test_a_loss_is_announced_as_an_alarm_that_calls_and_ends_with_the_loss():
    watch = watch_of(status("a")).look(seconds=5.0)
    watch.sensors = (status("a", "silent"), sensor(site="far"))
    watch.look(seconds=8.0)
    assert watch.alarms() == (), "a short gap is on the screen and in the ledger only"
    watch.look(seconds=60.0)
    (alarm,) = watch.alarms()
    assert (alarm.cause, alarm.step) == ("not watching", Ladder.NOT_WATCHING)
    assert (alarm.state, len(watch.kinds("watch lost"))) == ("unacknowledged", 1)
    assert watch.kinds("escalated")
    watch.act("acknowledge", alarm=alarm.id)
    watch.sensors = (status("a"), sensor(site="far"))
    watch.look(seconds=2.0)
    assert watch.alarms()[0].state == "closed"
    assert len(watch.kinds("watch regained")) == 1


def test_a_gap_that_grows_calls_again_and_stands_in_the_ledger():
    """Who acknowledged the loss of one radar has not seen that of the last."""
    watch = watch_of(status("a"), status("b")).look(seconds=5.0)
    watch.sensors = (status("a", "silent"), status("b"), sensor(site="far"))
    (alarm,) = watch.look(seconds=20.0).alarms()
    watch.act("acknowledge", alarm=alarm.id)
    watch.sensors = (status("a", "silent"), status("b", "silent"), sensor(site="far"))
    watch.look(seconds=8.0)
    assert watch.alarms()[0].state == "acknowledged", "a short gap calls nobody"
    (alarm,) = watch.look(seconds=4.0).alarms()
    assert (alarm.state, "b is silent" in alarm.text) == ("unacknowledged", True)
    assert len(watch.kinds("watch lost")) == 2
    watch.act("acknowledge", alarm=alarm.id)
    watch.sensors = (status("a", "silent"), status("b"), sensor(site="far"))
    (alarm,) = watch.look(seconds=3600.0).alarms()
    assert (alarm.state, len(watch.kinds("watch lost"))) == ("acknowledged", 2)


def test_a_start_gives_the_sensors_five_minutes():
    watch = watch_of(status("a", "never heard", heard_s=math.nan)).look(seconds=280.0)
    assert watch.zone().step == Ladder.NOT_WATCHING
    assert watch.alarms() == ()
    assert len(watch.look(seconds=40.0).alarms()) == 1


def test_a_threat_shows_over_it_and_the_gap_stays_beside():
    watch = watch_of(status("a", "silent"), status("b")).look(T(soon_s=200.0), seconds=3.0)
    assert watch.zone().step == Ladder.CAUTION
    assert watch.zone().unwatched


def test_raised_readiness_does_not_hide_that_nobody_looks():
    watch = watch_of(status("a", "silent")).look(seconds=1.0)
    watch.act("readiness", until_s=watch.now_s + 600.0)
    assert watch.look(seconds=1.0).zone().step == Ladder.NOT_WATCHING


def test_all_clear_without_sensors_is_given_by_a_person_and_says_so():
    watch = watch_of(status("a")).look(seconds=1.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER)
    watch.sensors = (status("a", "silent"), sensor(site="far"))
    watch.look(seconds=120.0)
    assert math.isnan(watch.zone().clear_proposed_s)
    accepted, sentence = watch.act("clear", reason="searched on foot")
    assert accepted
    assert "not watched" in sentence
    assert "not watched" in watch.kinds("cleared")[0].text


def test_posts_of_people_do_not_count_as_watching():
    watch = watch_of(status("gate", kind="person")).look(seconds=1.0)
    assert watch.zone().step == Ladder.NOT_WATCHING
