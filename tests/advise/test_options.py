"""Advice: which lines of a site's playbook are shown, why, until when, and in which order."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alert.scenes import T0_S, T, Watch, node_of, tables

from tocsin import advise, alert
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import (
    LABELS,
    Alarm,
    AlarmCause,
    AlarmState,
    Contact,
    Ladder,
    PlaybookLine,
)

TOWER = Contact("Tower", "ext. 210")
LINES = (
    PlaybookLine("watch", Ladder.MONITOR, "Ask the tower", (TOWER,), lead_s=120.0),
    PlaybookLine("hold", Ladder.CAUTION, "Hold departures", (TOWER,), ("drone",), lead_s=90.0),
    PlaybookLine("fuel", Ladder.CAUTION, "Close the valves", (), zones=("zone-1",)),
    PlaybookLine("count", Ladder.TAKE_SHELTER, "Count people", sites=("base",)),
    PlaybookLine("call", Ladder.CAUTION, "Call them back", (), ("sighting",)),
    PlaybookLine("blind", Ladder.NOT_WATCHING, "Post lookouts", (TOWER,)),
)


def node_with(lines=LINES, **rules):
    return dataclasses.replace(node_of(zones=2, **rules), playbook=lines)


def options(watch, *tracks, state=None, labels=()):
    threats, _, identities = tables(tracks, watch.now_s)
    for row, word in enumerate(labels):
        identities.label[row] = LABELS.index(word)
    return advise.options_into(
        state or advise.open_advise(), watch.node, alert.zones(watch.state), watch.alarms(),
        threats, identities,
    )  # fmt: skip


def names(found):
    return [one.line for one in found]


def test_what_is_shown_follows_the_step_the_kind_of_threat_and_the_zone():
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    assert names(options(watch, T(soon_s=200.0), labels=["drone_fixed_wing"])) == [
        "watch", "hold",
    ]  # fmt: skip
    assert names(options(watch, T(soon_s=200.0), labels=["unknown"])) == ["watch"]
    watch.look(T(soon_s=60.0, zones=(0, 1)), seconds=3.0)
    assert names(options(watch, T(soon_s=60.0), labels=["drone"])) == [
        "watch", "hold", "fuel", "count",
    ]  # fmt: skip


def test_nothing_is_advised_in_quiet():
    assert options(Watch(node_with()).look(seconds=1.0)) == ()


def test_an_option_says_why_who_is_told_and_until_when_it_can_be_begun():
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    found = options(watch, T(soon_s=200.0), labels=["drone"])
    hold = next(one for one in found if one.line == "hold")
    assert hold.tell == (TOWER,)
    assert hold.reason == "CAUTION for Zone 0: 1 track, drone"
    early_s = watch.now_s + 200.0
    assert hold.until_s == pytest.approx(early_s - 90.0, abs=1e-6)
    assert math.isinf(
        next(o for o in options(watch, labels=[]) if o.line == "watch").until_s
    ), "where no arrival is in sight there is no last moment"


def test_a_label_that_wavers_does_not_make_lines_come_and_go():
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    state = advise.open_advise()
    assert "hold" in names(options(watch, T(soon_s=200.0), state=state, labels=["drone"]))
    state = thaw(freeze(state))
    assert "hold" in names(options(watch, T(soon_s=200.0), state=state, labels=["unknown"]))


def test_a_decision_that_names_an_option_follows_it_and_a_reason_not_to_can_come_later():
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    accepted, _ = watch.act("decide", alarm="A-1-1", option="hold", text="")
    assert accepted
    found = {one.line: one for one in options(watch, T(soon_s=200.0), labels=["drone"])}
    assert found["hold"].followed
    assert not found["watch"].followed
    assert watch.kinds("decided")[-1].facts == {"option": "hold"}
    assert watch.alarms()[0].decision == "Hold departures"
    watch.look(seconds=60.0)
    watch.act("acknowledge", alarm="A-1-1")
    watch.look(seconds=700.0)
    assert watch.alarms() == ()
    accepted, sentence = watch.act(
        "explain", alarm="A-1-1", option="watch", reason="the tower had called us"
    )
    assert accepted, sentence
    assert watch.kinds("not followed")[-1].text == "the tower had called us"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"alarm": "A-1-9", "option": "watch", "reason": "r"}, "never was an alarm"),
        ({"alarm": "A-1-1", "option": "none", "reason": "r"}, "no line 'none'"),
        ({"alarm": "A-1-1", "option": "watch", "reason": " "}, "say why"),
    ],
)
def test_a_reason_about_nothing_is_refused_with_a_sentence(fields, words):
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    accepted, sentence = watch.act("explain", **fields)
    assert not accepted
    assert words in sentence


def test_a_decision_without_any_option_is_never_blocked():
    watch = Watch(node_with()).look(T(soon_s=200.0), seconds=3.0)
    assert watch.act("decide", alarm="A-1-1", text="something else")[0]
    assert not watch.act("decide", alarm="A-1-1", text="x", option="nonsense")[0]


def test_sensors_that_are_gone_and_sightings_have_their_own_lines():
    def alarm(cause, step):
        return Alarm("A-1-1", 0, "base", step, AlarmState.UNACKNOWLEDGED, T0_S, (), (), "live",
                     cause=cause)  # fmt: skip

    threats, _, identities = tables((), T0_S)
    for cause, step, expected in (
        (AlarmCause.NOT_WATCHING, Ladder.NOT_WATCHING, ["blind"]),
        (AlarmCause.SIGHTING, Ladder.CAUTION, ["watch", "call"]),
    ):
        found = advise.options_into(
            advise.open_advise(), node_with(), (), [alarm(cause, step)], threats, identities
        )
        assert names(found) == expected


words = st.text(min_size=1, max_size=30)
lines = st.builds(
    PlaybookLine,
    id=st.uuids().map(str),
    step=st.sampled_from([Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER]),
    words=words,
    tell=st.lists(st.builds(Contact, words, words), max_size=2).map(tuple),
    lead_s=st.just(math.nan) | st.floats(0.0, 600.0),
)


@given(st.lists(lines, max_size=8))
def test_lines_are_never_ranked_and_their_words_decide_nothing(playbook):
    """Shown are the lines that fit, in the site file's order, whatever they say, whoever is
    told and however long it takes.
    """
    watch = Watch(node_with(tuple(playbook))).look(T(soon_s=200.0), seconds=2.0)
    found = options(watch, T(soon_s=200.0), labels=["drone"])
    expected = [line.id for line in playbook if line.step != Ladder.TAKE_SHELTER]
    assert names(found) == expected
    other = [dataclasses.replace(line, words="other words", tell=()) for line in playbook]
    watch.node = node_with(tuple(other))
    again = options(watch, T(soon_s=200.0), labels=["drone"])
    assert [(o.line, o.until_s, o.reason) for o in again] == [
        (o.line, o.until_s, o.reason) for o in found
    ]
