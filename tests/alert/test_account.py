"""After a release: accounted for, missing, hurt. Unknown stays unknown."""

import math

import pytest
from tests.alert.scenes import Watch, node_of

from tocsin.model import Headcount, Ladder


def sheltering():
    watch = Watch(node_of(zones=2)).look(seconds=1.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER, zones=("zone-0",))
    return watch.look(seconds=5.0)


def count(watch, zone="zone-0", **said):
    return watch.act("account", zones=(zone,), headcount=Headcount(**said))


def test_before_anybody_has_said_anything_everything_is_unknown():
    zone = sheltering().zone()
    assert zone.account == ""
    assert all(math.isnan(v) for v in (zone.accounted, zone.missing, zone.hurt))


def test_what_was_not_said_stays_unknown_and_is_never_zero():
    watch = sheltering()
    accepted, sentence = count(watch, accounted=34)
    assert accepted
    assert "missing not stated, hurt not stated" in sentence
    zone = watch.zone()
    assert (zone.account, zone.accounted, zone.account_by) == ("reported", 34.0, "officer")
    assert math.isnan(zone.hurt)
    assert watch.kinds("account")[0].facts == {
        "accounted": 34, "missing": None, "hurt": None, "state": "reported",
    }  # fmt: skip


def test_a_later_report_changes_what_it_says_and_leaves_the_rest():
    watch = sheltering()
    count(watch, accounted=34, missing=2)
    count(watch, missing=0, hurt=1)
    zone = watch.zone()
    assert (zone.accounted, zone.missing, zone.hurt) == (34.0, 0.0, 1.0)
    assert len(watch.kinds("account")) == 2


def test_not_yet_is_an_answer_with_a_name():
    watch = sheltering()
    accepted, sentence = count(watch, done=False)
    assert accepted
    assert "not finished" in sentence
    assert watch.zone().account == "not yet"
    assert watch.zone().account_by == "officer"


@pytest.mark.parametrize("said", [{}, {"hurt": -1}, {"missing": 10**9}])
def test_a_count_that_says_nothing_or_cannot_be_is_refused(said):
    watch = sheltering()
    accepted, sentence = count(watch, **said)
    assert not accepted
    assert sentence
    assert watch.zone().account == ""


def test_where_nobody_was_sent_to_shelter_there_is_nothing_to_count():
    watch = sheltering()
    accepted, sentence = count(watch, zone="zone-1", accounted=1)
    assert not accepted
    assert "nothing to count" in sentence
    assert not watch.act("account", headcount=Headcount(1), zones=("zone-0", "zone-1"))[0]


def test_reports_come_after_all_clear_too_and_a_new_release_begins_anew():
    watch = sheltering()
    watch.look(seconds=100.0)
    watch.act("clear", reason="searched")
    assert count(watch, accounted=34, missing=0)[0]
    watch.act("raise", step=Ladder.TAKE_SHELTER, zones=("zone-0",))
    assert math.isnan(watch.look(seconds=1.0).zone().accounted)
