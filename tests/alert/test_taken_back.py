"""What is taken back, refused or named: it ends what it was about, and nothing else."""

import math
from dataclasses import replace

import pytest
from tests.alert.scenes import T, Watch, node_of, sensor

from tocsin.alert import notices
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import Headcount, Ladder


def by_the_software(watch):
    return watch.zone().released_by == "automatic"


def test_after_a_release_by_hand_is_cancelled_the_software_still_releases():
    """What threatens came in the 3 s: it had no need to be proposed, and has now."""
    watch = Watch().look(T(soon_s=100.0), seconds=5.0)
    watch.act("release")
    watch.look(T(soon_s=70.0), seconds=1.0)
    assert watch.act("cancel")[0]
    assert watch.kinds("proposed")[-1].at_s == watch.now_s
    assert math.isfinite(watch.zone().proposed_s)
    watch.look(T(soon_s=69.0), seconds=60.0, approach=True)
    assert by_the_software(watch)


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_cancelled_release_leaves_no_proposal_of_what_went_away_and_no_refusal(by_hand):
    watch = Watch().look(T(soon_s=70.0), seconds=5.0)
    if by_hand:
        watch.look(T(soon_s=200.0, harm=0.1), seconds=8.4).act("release")
        watch.look(T(soon_s=200.0, harm=0.1), seconds=2.4)
    else:
        watch.look(T(soon_s=58.0), seconds=0.4).look(seconds=8.6)
        assert by_the_software(watch)
        watch.look(seconds=1.8)
    assert watch.act("cancel")[0]
    zone = watch.look(seconds=400.0).zone()
    assert not math.isfinite(zone.proposed_s)
    assert zone.refused_by == ""
    watch.look(T(track=99, soon_s=74.0), seconds=70.0, approach=True)
    assert by_the_software(watch)


def test_after_an_all_clear_that_came_soon_the_next_raid_is_proposed_anew():
    watch = Watch(node=node_of(clear_s=4.0)).look(T(soon_s=60.0), seconds=3.0)
    watch.act("release")
    watch.look(T(soon_s=1e6, harm=0.01), seconds=5.0)
    assert watch.act("clear", reason="seen to turn away")[0]
    watch.look(T(track=2, soon_s=70.0), seconds=60.0, approach=True)
    assert by_the_software(watch)


def test_a_refusal_is_of_what_its_picture_shows():
    watch = Watch().look(T(1, soon_s=70.0), seconds=3.0)
    seen_s = watch.now_s
    watch.look(T(1, soon_s=70.0), T(2, soon_s=70.0), seconds=3.0)
    done, said = watch.act("refuse", reason="own drone", view_s=seen_s)
    assert (done, said.partition(" than ")[0]) == (False, "more has come to Zone 0")
    assert watch.act("refuse", reason="own drones")[0]


def test_a_release_that_is_cancelled_leaves_what_stood_before_it():
    watch = Watch().look(seconds=2.0)
    watch.act("raise", user="ann", step=Ladder.CAUTION, text="engine noise")
    watch.look(seconds=600.0).act("release", user="bob")
    watch.look(seconds=1.0).act("cancel", user="bob")
    zone = watch.look(seconds=20.0).zone()
    assert (zone.step, zone.raised_by) == (Ladder.CAUTION, "ann")
    assert [alarm.state for alarm in watch.alarms()] == ["acknowledged"]


def test_a_release_that_is_cancelled_leaves_the_headcount_of_the_one_before():
    watch = Watch().look(seconds=1.0)
    watch.act("release")
    watch.look(seconds=70.0).act("clear", reason="over")
    count = Headcount(accounted=40, missing=2, hurt=1, done=False)
    assert watch.act("account", zones=("zone-0",), headcount=count)[0]
    watch.look(seconds=600.0).act("release", user="bob")
    watch.look(seconds=1.0).act("cancel", user="bob")
    zone = watch.zone()
    assert (zone.accounted, zone.missing, zone.hurt) == (40, 2, 1)
    found = Headcount(missing=0, done=True)
    assert watch.act("account", zones=("zone-0",), headcount=found)[0]


def test_of_a_site_only_the_zones_released_just_now_are_taken_back():
    watch = Watch(node=node_of(zones=2)).look(seconds=1.0)
    watch.act("release", zones=("zone-0",))
    watch.look(seconds=60.0).act("raise", step=Ladder.TAKE_SHELTER)
    done, said = watch.look(seconds=1.0).act("cancel")
    assert (
        done,
        said.startswith("cancelled for Zone 1; TAKE SHELTER was released for Zone 0"),
    ) == (
        True,
        True,
    )
    assert (watch.zone(0).step, watch.zone(1).step) == (Ladder.TAKE_SHELTER, Ladder.QUIET)


def test_the_software_does_not_release_for_what_a_person_has_named():
    watch = Watch().look(T(soon_s=58.0), seconds=3.0, approach=True).look(seconds=3.0)
    left_s = watch.zone().release_at_s - watch.now_s
    watch.look(seconds=left_s - 1.0)
    assert watch.act("dispose", track=1, text="brought down, the wreck is in view")[0]
    assert watch.look(seconds=3.0).zone().released_by == ""


@pytest.mark.parametrize(("gone_s", "released"), [(5.0, True), (3600.0, False)])
def test_what_was_proposed_before_a_long_stop_is_not_released_after_it(gone_s, released):
    watch = Watch().look(T(soon_s=52.0), seconds=1.0)
    watch.state = thaw(freeze(watch.state))
    watch.now_s += gone_s
    watch.look(seconds=0.2)
    assert by_the_software(watch) is released
    if not released:
        assert watch.kinds("withdrawn")[-1].text == "nobody has watched for 3600 s"


def test_no_notice_of_an_alarm_that_stands_is_forgotten():
    """Its time is not over: it would be told anew at each look."""
    one = node_of().sites[0]
    many = [f"site-{k}" for k in range(27)]
    node = replace(node_of(), sites=tuple(replace(one, id=name, name=name) for name in many))
    watch = Watch(node=node, sensors=tuple(sensor(site=name) for name in many))
    raids = [T(k + 1, soon_s=150.0, site=k) for k in range(4)]
    watch.look(*raids, seconds=4.0)
    assert len(notices(watch.state)) == 4 * 26
    told = len(watch.kinds("notice"))
    assert watch.act("acknowledge", alarm=notices(watch.state)[0].id)[0]
    watch.look(*raids, seconds=10.0)
    assert len(watch.kinds("notice")) == told + 1
