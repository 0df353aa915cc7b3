"""Reports of people: what belongs to one question, and when that calls again."""

from tests.alert.scenes import Watch, sensor
from tests.alert.test_sightings import SITE

from tocsin.codec.site_toml import read_site
from tocsin.model import AlarmState, SightingReport
from tocsin.sensor import with_posts


def watch_of_north():
    node = with_posts(read_site(SITE.encode(), "north.toml"))
    both = (sensor(site="north"), sensor(site="south"))
    return Watch(node=node, sensors=both).look(seconds=1.0)


def report(watch, azimuth_deg):
    seen = SightingReport(post="tower", azimuth_deg=azimuth_deg, kind="drone")
    assert watch.act("sighting", site="north", sighting=seen)[0]
    return watch.look(seconds=1.0)


def answered(watch):
    for alarm in watch.alarms():
        watch.act("acknowledge", site="north", alarm=alarm.id)
    return watch


def test_what_one_post_sees_behind_itself_is_another_question():
    watch = report(answered(report(watch_of_north(), 0.0)).look(seconds=240.0), 180.0)
    first, second = watch.alarms()
    assert (first.state, second.state) == (AlarmState.ACKNOWLEDGED, AlarmState.UNACKNOWLEDGED)
    assert "towards 180°" in second.text


def test_one_more_report_of_the_same_thing_calls_again_with_its_own_words():
    watch = report(answered(report(watch_of_north(), 0.0)).look(seconds=240.0), 350.0)
    (alarm,) = watch.alarms()
    assert (alarm.state, "towards 350°" in alarm.text) == (AlarmState.UNACKNOWLEDGED, True)


def test_a_report_is_not_closed_with_the_answer_to_the_one_before_it():
    watch = answered(report(watch_of_north(), 0.0)).look(seconds=290.0)
    report(watch, 10.0).look(seconds=280.0)
    report(watch, 10.0).look(seconds=60.0)
    (alarm,) = watch.alarms()
    assert alarm.state == AlarmState.UNACKNOWLEDGED
