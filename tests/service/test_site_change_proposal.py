"""TAKE SHELTER that is proposed while the site file changes: its moment stays what it was."""

import math

import pytest
from tests.service.harness import SITE
from tests.service.site_changes import (
    SPEED_MPS,
    T0_S,
    WITH_HANGAR,
    approach,
    quiet,
    running,
    start,
)

from tocsin.model import Ladder

pytestmark = pytest.mark.jit
FAR_M = 5500.0  # it is released by itself some 10 s after it was proposed
PROPOSED_S = 10.0  # by then it is proposed, and nobody has answered
LOOK_S = 0.2
BY_PERSON = SITE.replace("shelter_s = 60", 'shelter_s = 60\nrelease = "person"')
BY_PERSON_TOO = WITH_HANGAR.replace("shelter_s = 60", 'shelter_s = 60\nrelease = "person"')


def propose(folder, site=SITE):
    """Watch until TAKE SHELTER is proposed for the apron; return that zone's status."""
    with running(folder, T0_S, start(folder, T0_S, site)) as step:
        approach(step, T0_S, PROPOSED_S, FAR_M)
        status = step.found.state.alert.zones[0].status
    assert status.proposed_s < T0_S + PROPOSED_S
    assert math.isnan(status.released_s)
    return status


def of_apron(outcomes, *kinds):
    return [
        event
        for outcome in outcomes
        for event in outcome.alert_events
        if event.zone_id == "apron"
        and event.kind in kinds
        and event.step == Ladder.TAKE_SHELTER
    ]


def goes_on(folder, site, away_s, seconds, *, unseen_s=0.0):
    """Start with another file after a while; what comes is seen again after unseen_s more."""
    at_s = T0_S + PROPOSED_S + away_s
    with running(folder, at_s, start(folder, T0_S + PROPOSED_S + 1, site)) as step:
        outcomes = quiet(step, at_s, unseen_s) if unseen_s else []
        since_s = at_s + unseen_s
        outcomes += approach(step, since_s, seconds, FAR_M - SPEED_MPS * (since_s - T0_S))
    return outcomes


@pytest.mark.parametrize("away_s", [3.0, 6.0])
def test_it_is_told_again_at_once_and_released_at_its_moment_and_not_before(tmp_path, away_s):
    before = propose(tmp_path)
    assert before.release_at_s > T0_S + PROPOSED_S + away_s
    outcomes = goes_on(tmp_path, WITH_HANGAR, away_s, 12)
    first = outcomes[0]
    assert first.picture.zones[0].proposed_s == before.proposed_s  # it stands on the screen
    assert [e.text for e in of_apron([first], "escalated")] == [
        "TAKE SHELTER is proposed and nobody has answered"
    ]
    (released,) = of_apron(outcomes, "released")
    assert released.by == "automatic"
    assert abs(released.at_s - before.release_at_s) <= 2 * LOOK_S


def test_where_its_moment_has_passed_meanwhile_it_is_released_at_the_first_look(tmp_path):
    before = propose(tmp_path)
    away_s = before.release_at_s - T0_S - PROPOSED_S + 40.0  # longer than any delay
    outcomes = goes_on(tmp_path, WITH_HANGAR, away_s, 1)
    (released,) = of_apron(outcomes[:1], "released")
    assert released.by == "automatic"
    assert not of_apron(outcomes, "withdrawn")


def test_it_waits_for_its_tracks_though_sensors_come_back_late(tmp_path):
    before = propose(tmp_path, BY_PERSON)
    outcomes = goes_on(tmp_path, BY_PERSON_TOO, 4, 25, unseen_s=12)
    assert not of_apron(outcomes, "withdrawn", "released", "proposed")
    last = outcomes[-1].picture.zones[0]
    assert last.proposed_s == before.proposed_s
    assert last.tracks  # of the new numbers


def test_what_does_not_come_back_is_withdrawn(tmp_path):
    propose(tmp_path, BY_PERSON)
    outcomes = goes_on(tmp_path, BY_PERSON_TOO, 4, 0, unseen_s=33)
    (withdrawn,) = of_apron(outcomes, "withdrawn")
    assert 28 <= withdrawn.at_s - outcomes[0].now_s <= 32
    assert not of_apron(outcomes, "released")


def test_what_a_person_releases_alone_is_not_released_by_a_start(tmp_path):
    propose(tmp_path, BY_PERSON)
    outcomes = goes_on(tmp_path, BY_PERSON_TOO, 60, 1)
    assert not of_apron(outcomes, "released")
    assert outcomes[-1].picture.zones[0].release_at_s == math.inf
