"""Alarm performance: judged by counting second by second, and by days made by hand."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.model import Entry
from tocsin.report import alarm_performance, shift_page

BEGIN_S, END_S = 1_000_000.0, 1_007_200.0  # two hours


def told(*rows):
    """Return entries of alert events (what, at, more of the body), in order of time."""
    entries = []
    for number, (what, at_s, more) in enumerate(sorted(rows, key=lambda row: row[1])):
        body = {
            "what": what, "at_s": at_s, "site": "north", "zone": "", "alarm": "", "step": "",
            "tracks": [], "by": "", "text": "", "nature": "live", **more,
        }  # fmt: skip
        entries.append(Entry(number, "alert", at_s, json.dumps(body).encode(), b""))
    return entries


def figures(*rows):
    return alarm_performance(told(*rows), ["north"], BEGIN_S, END_S)[0]


def raised(at_s, name, step="CAUTION", **more):
    return "raised", at_s, {"alarm": name, "step": step, **more}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 7199), max_size=60))
def test_rates_and_floods_are_what_counting_every_second_gives(offsets):
    found = figures(*(raised(BEGIN_S + s, f"A-{k}") for k, s in enumerate(offsets)))
    crowd = [sum(t - 600 < s <= t for s in offsets) for t in range(7200)]
    assert found.alarms == len(offsets)
    assert found.per_ten_min == pytest.approx(len(offsets) / 12)
    assert found.worst_ten_min == max(crowd)
    assert found.flood_share * 7200 == pytest.approx(sum(n > 10 for n in crowd), abs=1e-6)
    assert sum(found.bins) == len(offsets)
    assert len(found.bins) == 12


def test_an_alarm_counts_at_the_highest_step_that_it_reached():
    found = figures(
        raised(BEGIN_S + 10, "A-1", "MONITOR"),
        ("step", BEGIN_S + 20, {"alarm": "A-1", "step": "TAKE SHELTER"}),
        ("acknowledged", BEGIN_S + 40, {"alarm": "A-1", "step": "TAKE SHELTER", "by": "x"}),
        ("closed", BEGIN_S + 90, {"alarm": "A-1", "step": "TAKE SHELTER"}),
        raised(BEGIN_S + 100, "A-2"),
    )
    assert found.by_step == {"TAKE SHELTER": 1, "CAUTION": 1}
    assert (found.acknowledged, found.unacknowledged, found.open) == (1, 1, 1)
    assert found.acknowledge_median_s == 30.0


def test_what_a_person_raised_by_hand_is_answered_at_once():
    found = figures(raised(BEGIN_S + 5, "A-1", by="somebody"))
    assert found.acknowledge_slowest_s == 0.0


def test_an_alarm_of_the_shift_before_is_handed_over_and_counted_once():
    found = figures(raised(BEGIN_S - 90_000, "A-1"), raised(BEGIN_S + 1, "A-2"))
    assert (found.alarms, found.open, found.stale) == (1, 2, 1)


def test_releases_are_told_apart_and_timed_from_the_proposal():
    def zone(name, **more):
        return {"zone": name, "step": "TAKE SHELTER", **more}

    found = figures(
        ("proposed", BEGIN_S + 10, zone("apron")),
        ("released", BEGIN_S + 14, zone("apron", by="somebody")),
        ("proposed", BEGIN_S + 20, zone("fuel")),
        ("released", BEGIN_S + 50, zone("fuel", by="automatic")),
        ("proposed", BEGIN_S + 60, zone("hall")),
        ("refused", BEGIN_S + 61, zone("hall", by="somebody")),
        ("proposed", BEGIN_S + 99, {"zone": "apron", "step": "ALL CLEAR"}),
    )
    assert (found.released_by_person, found.released_by_itself, found.refused) == (1, 1, 1)
    assert found.release_median_s == 4.0


def test_time_without_watch_is_counted_once_where_zones_overlap():
    found = figures(
        ("watch lost", BEGIN_S - 50, {"zone": "apron"}),
        ("watch lost", BEGIN_S + 10, {"zone": "fuel"}),
        ("watch regained", BEGIN_S + 100, {"zone": "apron"}),
        ("watch regained", BEGIN_S + 130, {"zone": "fuel"}),
        ("watch lost", END_S - 20, {"zone": "fuel"}),
    )
    assert found.not_watching_s == pytest.approx(150.0)


def test_nothing_gives_figures_of_nothing():
    found = figures()
    assert found.alarms == found.worst_ten_min == 0
    assert math.isnan(found.acknowledge_median_s)
    assert found.rating == "acceptable"


def test_the_shift_report_tells_what_happened_and_runs_nothing():
    entries = told(
        raised(BEGIN_S + 10, "A-1", text='<script>alert("x")</script>'),
        ("decided", BEGIN_S + 30, {"alarm": "A-1", "by": "somebody", "text": "Tower told"}),
        ("watch lost", BEGIN_S + 40, {"zone": "apron"}),
        ("released", BEGIN_S + 45, {"zone": "apron", "by": "automatic"}),
        ("handed over", BEGIN_S + 50, {"site": "", "by": "ada", "text": "Crane till noon"}),
        ("taken over", BEGIN_S + 60, {"site": "", "by": "bob", "text": "read what ada left"}),
    )
    entries.append(
        Entry(9, "sensor", BEGIN_S + 41, b'{"sensor": "radar-1", "state": "silent"}', b"")
    )
    closed = [{"alarm": "A-1", "why": "b is no longer in the site file"}]
    change = {"changes": ["zone <b> of north taken away"], "by": "", "closed": closed}
    entries.append(Entry(10, "site", BEGIN_S + 42, json.dumps(change).encode(), b""))
    found = alarm_performance(entries, ["north"], BEGIN_S, END_S)
    page = shift_page(
        entries, found, title="Shift", site_names={"north": "North field"}, nature="exercise"
    )
    assert "<script" not in page
    assert "EXERCISE" in page
    left = page[page.index("<h2>Handover") : page.index("<h2>Alarms")]
    assert left.index("Crane till noon") < left.index("taken over") < left.index("by bob")
    assert "zone &lt;b&gt; of north taken away; alarm A-1 closed: b is no longer" in page
    assert "apron, automatically" in page
    for words in ("Tower told", "North field", "radar-1 is silent", "watch lost", "[entry 9]"):
        assert words in page


def shift_of(*rows):
    entries = told(*rows)
    found = alarm_performance(entries, ["north"], BEGIN_S, END_S)
    return shift_page(
        entries, found, title="Shift", site_names={"north": "North field"}, nature="live"
    )


UP = "The declared minimum coverage was up all the time."


def test_what_was_lost_before_the_shift_began_stands_first_where_nobody_watched():
    lost = ("watch lost", BEGIN_S - 3600, {"text": "no radar", "facts": {"since_s": 990_000.0}})
    page = shift_of(lost, ("watch lost", BEGIN_S + 60, {"text": "no camera either"}))
    assert UP not in page
    assert "not watched since 1970-01-12 11:00:00Z: North field" in page
    assert page.index("not watched since") < page.index("no camera either")
    again = ("watch regained", BEGIN_S - 60, {"text": "watched again"})
    assert UP in shift_of(lost, again)
    assert "siren path not heard since" in shift_of(("siren lost", BEGIN_S - 1, {}))
    assert UP in shift_of(("watch lost", BEGIN_S - 1, {"site": "elsewhere"}))


@pytest.mark.parametrize(
    "what",
    ["shelved", "unshelved", "withdrawn", "act refused", "siren lost", "siren regained"],
)
def test_every_act_and_loss_of_a_shift_is_on_its_page(what):
    page = shift_of((what, BEGIN_S + 60, {"alarm": "A-1", "text": "of its own words"}))
    assert "of its own words" in page
    assert f"{what}, North field" in page


def test_a_loss_counts_from_when_it_was_and_not_from_when_it_was_told_of():
    found = figures(
        ("watch lost", BEGIN_S + 300, {"facts": {"since_s": BEGIN_S + 100}}),
        ("watch regained", BEGIN_S + 600, {"facts": {"lost_s": BEGIN_S + 100}}),
    )
    assert found.not_watching_s == 500.0
    before = figures(("watch regained", BEGIN_S + 600, {"facts": {"lost_s": BEGIN_S - 9e4}}))
    assert before.not_watching_s == 600.0


def test_a_proposal_that_was_withdrawn_is_not_what_a_later_release_answers():
    zone = {"zone": "apron", "step": "TAKE SHELTER"}
    found = figures(
        ("proposed", BEGIN_S + 10, zone),
        ("withdrawn", BEGIN_S + 20, zone),
        ("released", BEGIN_S + 3610, {**zone, "by": "somebody"}),
    )
    assert found.released_by_person == 1
    assert math.isnan(found.release_median_s)
