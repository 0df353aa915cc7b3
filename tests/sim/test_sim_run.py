"""Raids in numbers: same bytes on any number of workers, and errors as sentences."""

from dataclasses import replace

import msgspec
import pytest

from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError
from tocsin.sim import Draws, default_site, open_world, scenario_named
from tocsin.sim.campaign import run_scenario, summary
from tocsin.sim.play import play
from tocsin.sim.raids import DAY_S, Raid, ZoneArrival, _groups, parts_of
from tocsin.sim.world import entries


@pytest.mark.slow
def test_one_and_two_workers_give_the_same_bytes():
    one, two = (
        msgspec.json.encode(run_scenario("two-bases", raids=2, seed=1, workers=n))
        for n in (1, 2)
    )
    assert one == two
    assert b"simulated; not a field result" in one


@pytest.mark.parametrize(
    ("name", "raids", "workers", "word"),
    [("no-such", 1, 1, "two-bases"), ("two-bases", 0, 1, "--raids"),
     ("two-bases", 1, 0, "--workers")],
)  # fmt: skip
def test_a_call_that_cannot_be_is_a_sentence(name, raids, workers, word):
    with pytest.raises(CallError, match=word):
        run_scenario(name, raids=raids, seed=1, workers=workers)


def _shelters(steps, until_s):
    """Return (when, what, zone) of everything about TAKE SHELTER up to a second of the day."""
    return [
        (round(event.at_s - DAY_S, 3), event.kind, event.site_id, event.zone_id)
        for _, outcome in steps
        for event in outcome.alert_events
        if event.kind in ("proposed", "released")
        and event.at_s - DAY_S <= until_s[event.site_id]
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "raid"), [(1, 0), (2, 5)])
def test_a_trimmed_raid_releases_when_the_whole_day_does(seed, raid):
    scenario = scenario_named("two-bases")
    node = read_site(default_site(DAY_S).encode(), "two-bases.toml")
    draws = Draws(seed, raid)
    world = open_world(scenario, node, draws)
    parts = parts_of(node, world, entries(world, stopped=False))
    assert [len(part.node.sites) for part in parts] == [1, 1]
    until_s = {part.node.sites[0].id: part.until_s for part in parts}
    trimmed = [
        found
        for part in parts
        for found in _shelters(
            play(scenario, part.node, draws, day_s=DAY_S, from_s=part.from_s,
                 until_s=part.until_s, world=world),
            until_s,
        )
    ]  # fmt: skip
    end_s = max(until_s.values()) + 1.0
    whole = _shelters(
        play(scenario, node, draws, day_s=DAY_S, until_s=end_s, world=world), until_s
    )
    # What is released before a drone is in reach is not in the trimmed raid at all.
    from_s = {part.node.sites[0].id: part.from_s for part in parts}
    assert sorted(trimmed) == sorted(e for e in whole if e[0] >= from_s[e[2]])
    assert len(trimmed) >= 4


def test_sites_are_played_together_where_their_circles_meet():
    node = read_site(default_site(DAY_S).encode(), "two-bases.toml")
    assert [sorted(group) for group in _groups(node)] == [["al-asad"], ["al-harir"]]
    first, second = node.sites
    for away_deg, together in ((1.0, True), (1.2, False)):  # 111 km and 133 km; 2 x 60 km
        near = replace(second, lat=first.lat + away_deg, lon=first.lon)
        groups = _groups(replace(node, sites=(first, near)))
        assert (len(groups) == 1) == together


def test_figures_by_zone_count_the_raids_in_which_a_drone_would_enter():
    def arrival(released_s):
        warned = released_s is not None and released_s <= 40.0
        return ZoneArrival("a", "z", "d", 100.0, released_s, 60.0, warned, "")

    raids = [
        Raid(0, 1, 1, 0, (arrival(30.0),), ("a/y",), 1.0),
        Raid(1, 1, 1, 0, (arrival(70.0),), (), 1.0),
        Raid(2, 1, 1, 0, (arrival(100.0),), (), 1.0),
        Raid(3, 1, 1, 0, (arrival(None),), (), 1.0),
        Raid(4, 1, 1, 0, (), ("a/y",), 1.0),
    ]
    result = summary(scenario_named("two-bases"), raids, seed=1)
    row = result["warned_by_zone"]["a/z"]
    assert (row["before_arrival"]["count"], row["before_arrival"]["of"]) == (2, 4)
    assert (row["in_time"]["count"], row["in_time"]["of"]) == (1, 4)
    assert result["false_shelter"]["by_zone"]["a/y"]["count"] == 2
    assert result["false_shelter"]["by_zone"]["a/y"]["of"] == 5
