"""A flood of alarms: a raid that comes one by one is no list that nobody can read."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alert.scenes import T0_S, T, Watch

from tocsin import alert
from tocsin.alert import _rules
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AlarmState


def alone(track, **more):
    """Return a track that is near no other in place or arrival, once these are gone."""
    return T(track=track, soon_s=200.0, east_m=4000.0 * track, **more)


def visit(watch, track, *, seen=True, stays_s=4.0, pause_s=21.0, **more):
    """Let one track come and go; seen: its alarm is acknowledged, so that it closes."""
    watch.look(alone(track, **more), seconds=stays_s)
    for one in watch.alarms():
        if seen and one.state == AlarmState.UNACKNOWLEDGED:
            watch.act("acknowledge", alarm=one.id, key=f"a{track}-{one.id}")
    watch.look(seconds=pause_s)


def raised(watch, site="base"):
    return [event.at_s for event in watch.kinds("raised") if event.site_id == site]


def test_forty_drones_one_by_one_are_ten_alarms_in_ten_minutes_at_most():
    """Each comes alone, is seen and gone before the next: the worst for grouping."""
    watch = Watch()
    for track in range(1, 41):
        visit(watch, track, stays_s=3.0, pause_s=12.0 if track % 2 else 20.6)
    told = raised(watch)
    crowd = [sum(0.0 <= at - first < 600.0 for at in told) for first in told]
    assert max(crowd) <= 10
    # No track is lost in it: each stands in the alarm of its time.
    assert {
        event.tracks[-1] for event in watch.events if event.kind in ("raised", "joined")
    } == {*range(1, 41)}


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(3, 8), st.integers(1, 60)), max_size=40))
def test_whatever_the_raid_no_ten_minutes_hold_more_than_the_rule(visits):
    watch = Watch()
    for track, (seen, stays_s, pause_s) in enumerate(visits, start=1):
        visit(watch, track, seen=seen, stays_s=stays_s, pause_s=pause_s)
        for one in watch.alarms():
            assert len(set(one.tracks)) == len(one.tracks)
    told = raised(watch)
    for at in told:
        assert sum(0.0 <= other - at < 600.0 for other in told) <= _rules.FLOOD_RAISED


def flooded():
    """Return a watch in which as many have come and gone as a flood begins with."""
    watch = Watch()
    for track in range(1, _rules.FLOOD_RAISED + 1):
        visit(watch, track)
    assert len(raised(watch)) == _rules.FLOOD_RAISED
    return watch


def test_what_comes_in_a_flood_sounds_though_it_is_no_new_alarm():
    watch = flooded()
    newest = watch.alarms()[-1]
    assert newest.state == AlarmState.ACKNOWLEDGED, "held open, though its cause is gone"
    before = len(watch.kinds("escalated"))
    watch.look(alone(99), seconds=4.0)
    assert len(raised(watch)) == _rules.FLOOD_RAISED
    newest = watch.alarms()[-1]
    assert (99 in newest.tracks, newest.state) == (True, AlarmState.UNACKNOWLEDGED)
    said = watch.kinds("escalated")[before:]
    assert len(said) == 1
    assert "flood" in said[0].text


def test_a_flood_at_one_site_is_none_at_the_other():
    watch = flooded()
    watch.look(alone(99, site=1), seconds=4.0)
    assert len(raised(watch, "far")) == 1


def test_after_the_flood_the_newest_closes_and_alarms_are_raised_again():
    watch = flooded().look(seconds=_rules.FLOOD_S)
    assert not [one for one in watch.alarms() if one.state != AlarmState.CLOSED]
    watch.look(alone(99), seconds=4.0)
    assert len(raised(watch)) == _rules.FLOOD_RAISED + 1


def test_a_flood_goes_on_after_a_restart():
    watch = flooded()
    watch.state = thaw(freeze(watch.state))
    watch.look(alone(99), seconds=4.0)
    assert len(raised(watch)) == _rules.FLOOD_RAISED


def test_a_calm_hour_is_as_before():
    watch = Watch()
    for track in range(1, 12):
        visit(watch, track, pause_s=120.0)
    told = raised(watch)
    assert len(told) == 11
    assert min(b - a for a, b in itertools.pairwise(told)) > 60.0
    assert told[0] - T0_S < 5.0
    assert len(watch.kinds("closed")) == 11
    assert alert.alarms(watch.state)[-1].state == AlarmState.CLOSED
