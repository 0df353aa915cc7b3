"""Standing rules for the shift: what need not be asked about, and what they never hide."""

import dataclasses

import numpy as np
import pytest
from tests.alert.scenes import T0_S, T, Watch, node_of, tables

from tocsin import alert
from tocsin.alert import _rules
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import LABELS, Ladder
from tocsin.model.detections import CLASSES

# At the line: by itself a bird, and asked about since it has come so far so straight.
NEAR = {"soon_s": 80.0, "harm": 0.02, "asked": 0.8}


class Sky(Watch):
    """Tracks that are taken for something; `kinds_of` by track: (label, p, speed)."""

    def fly(self, *tracks, seconds, taken=None):
        taken = taken or {}
        for _ in range(round(seconds / 0.2)):
            self.now_s = round(self.now_s + 0.2, 3)
            threats, table, identities = tables(tracks, self.now_s)
            for row, one in enumerate(tracks):
                label, chance, mps = taken.get(one.track, ("bird", 0.99, 12.0))
                table.state[row, 3:5] = -mps, 0.0
                identities.label[row] = LABELS.index(label)
                identities.probability[row] = 0.0
                if label in CLASSES:
                    identities.probability[row, CLASSES.index(label)] = chance
            self.events += alert.advance_into(
                self.state, self.node, threats, table, identities, self.sensors, self.now_s
            )
        return self


def sky():
    """Return a sky whose zone asks for CAUTION late: what nears the line is a question."""
    return Sky(node_of(caution_s=10.0))


def accepted(rule="birds", **more):
    watch = sky()
    assert watch.act("accept_rule", user="ada", option=rule, **more)[0]
    return watch


def test_without_a_rule_a_bird_that_may_be_harmful_is_asked_about():
    watch = sky().fly(T(**NEAR), seconds=20.0)
    assert len(watch.kinds("unattended")) == 1


def test_with_the_rule_it_passes_and_is_counted_once():
    watch = accepted().fly(T(soon_s=900.0), seconds=11.0).fly(T(**NEAR), seconds=60.0)
    assert watch.kinds("unattended") == []
    assert watch.alarms() == ()
    (told,) = watch.kinds("let pass")
    assert (told.tracks, told.by, told.facts) == ((1,), "ada", {"rule": "birds", "hits": 1})
    rule = alert.shift_rules(watch.state, watch.node)[0]
    assert (rule.by, rule.hits) == ("ada", 1)
    assert rule.last_s > T0_S


def test_a_question_at_the_line_is_let_pass_and_counted_too():
    seldom = T(soon_s=80.0, harm=0.02, asked=0.3)
    assert sky().fly(seldom, seconds=20.0).alarms()
    watch = accepted().fly(T(soon_s=900.0), seconds=11.0).fly(seldom, seconds=60.0)
    assert watch.alarms() == ()
    assert len(watch.kinds("let pass")) == 1


@pytest.mark.parametrize(
    ("label", "chance", "mps", "why"),
    [("bird", 0.97, 12.0, "not sure enough"), ("bird", 0.99, 25.0, "too fast"),
     ("unknown", 0.99, 12.0, "sources disagree"),
     ("drone_multirotor", 0.99, 12.0, "a drone"), ("balloon", 0.99, 12.0, "another class")],
)  # fmt: skip
def test_what_the_rule_is_not_about_is_asked_about_as_ever(label, chance, mps, why):
    taken = {1: (label, chance, mps)}
    watch = accepted().fly(T(soon_s=900.0), seconds=11.0, taken=taken)
    watch.fly(T(**NEAR), seconds=20.0, taken=taken)
    assert len(watch.kinds("unattended")) == 1, why
    assert watch.kinds("let pass") == []


def test_it_has_to_be_so_for_ten_seconds_in_a_row():
    """A bird for 6 s, a look at which it is none, a bird again: it is asked about meanwhile."""
    watch = accepted().fly(T(soon_s=900.0), seconds=6.0)
    watch.fly(T(soon_s=900.0), seconds=0.2, taken={1: ("bird", 0.5, 12.0)})
    watch.fly(T(**NEAR), seconds=6.0)
    assert len(watch.kinds("unattended")) == 1


def test_a_rule_hides_no_other_track_and_no_step():
    flock = [T(track=k, soon_s=900.0) for k in (1, 2)]
    taken = {2: ("drone_fixed_wing", 0.9, 12.0)}
    watch = accepted().fly(*flock, seconds=11.0, taken=taken)
    watch.fly(*(dataclasses.replace(t, **NEAR) for t in flock), seconds=20.0, taken=taken)
    assert [event.tracks for event in watch.kinds("unattended")] == [(2,)]
    # What is sure to be harmful climbs, whatever rule stands: a rule never holds a step back.
    watch = accepted().fly(T(soon_s=900.0), seconds=11.0)
    watch.fly(T(soon_s=30.0, harm=0.95), seconds=3.0)
    assert watch.zone().step == Ladder.TAKE_SHELTER
    assert len(watch.alarms()) == 1


def test_the_question_of_a_caution_is_answered_too():
    """With the line far out, CAUTION itself is what a bird that keeps coming asks for."""
    far = {"soon_s": 200.0, "harm": 0.02, "asked": 0.92}
    assert Sky().fly(T(**far), seconds=13.0).zone().step == Ladder.CAUTION
    watch = Sky()
    watch.act("accept_rule", user="ada", option="birds")
    watch.fly(T(soon_s=900.0), seconds=11.0).fly(T(**far), seconds=13.0)
    assert watch.zone().step == Ladder.QUIET
    assert watch.kinds("let pass") == [], "it is far from the line still"
    watch.fly(T(**NEAR), seconds=1.0)
    assert len(watch.kinds("let pass")) == 1


@pytest.mark.parametrize("verb", ["end_shift", "begin_shift"])
def test_it_ends_at_handover(verb):
    watch = accepted()
    text = {"text": "nothing"} if verb == "end_shift" else {}
    assert watch.act(verb, user="bob", **text)[0]
    (ended,) = watch.kinds("rule ended")
    assert "0 tracks let pass" in ended.text
    assert not any(rule.by for rule in alert.shift_rules(watch.state, watch.node))
    watch.fly(T(soon_s=900.0), seconds=11.0).fly(T(**NEAR), seconds=20.0)
    assert len(watch.kinds("unattended")) == 1


def test_it_ends_by_itself_after_a_shift_and_by_anybody_at_once():
    watch = accepted()
    watch.now_s += _rules.SHIFT_RULE_S
    watch.look()
    assert "its time is over" in watch.kinds("rule ended")[0].text
    watch = accepted()
    assert watch.act("end_rule", user="eve", option="birds", view_s=float("nan"))[0]
    assert watch.act("end_rule", user="eve", option="birds", key="again")[0]
    assert len(watch.kinds("rule ended")) == 1


def test_it_stands_no_longer_than_the_shift_of_who_accepted_it():
    watch = accepted(until_s=T0_S + 600.0)
    watch.now_s = T0_S + 599.0
    assert watch.look().kinds("rule ended") == []
    watch.now_s = T0_S + 600.0
    assert "its time is over" in watch.look().kinds("rule ended")[0].text
    # No longer than a shift either, whoever says so, and not at all where it has run out.
    watch = accepted(until_s=T0_S + 1e9)
    assert alert.shift_rules(watch.state, watch.node)[0].until_s == T0_S + _rules.SHIFT_RULE_S
    ok, sentence = sky().act("accept_rule", option="birds", until_s=T0_S)
    assert (ok, "has run out" in sentence) == (False, True)


def test_a_rule_is_of_one_site():
    watch = accepted().fly(T(soon_s=900.0, site=1), seconds=11.0)
    watch.fly(T(site=1, **NEAR), seconds=20.0)
    assert len(watch.kinds("unattended")) == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"option": "everything"}, "rules are birds, likely birds, balloons"),
     ({"option": "birds", "site": "moon"}, "no site"),
     ({"option": "birds", "view_s": T0_S - 60.0}, "old")],
)  # fmt: skip
def test_a_rule_that_is_refused_says_why(fields, word):
    ok, sentence = sky().act("accept_rule", **fields)
    assert not ok
    assert word in sentence


def test_two_who_accept_are_merged_and_the_first_stands():
    watch = accepted()
    assert watch.act("accept_rule", user="bob", option="birds", key="b") == (
        True, "ada has accepted it already",
    )  # fmt: skip
    assert len(watch.kinds("rule accepted")) == 1


def test_of_many_that_pass_all_are_counted_and_some_are_told():
    watch = accepted()
    for track in range(1, 71):
        watch.fly(T(track=track, soon_s=900.0), seconds=10.2)
        watch.fly(T(track=track, **NEAR), seconds=0.4)
    told = [event.facts["hits"] for event in watch.kinds("let pass")]
    assert told == [1, 2, 3, 4, 8, 16, 32, 64]
    assert alert.shift_rules(watch.state, watch.node)[0].hits == 70


def test_a_restart_forgets_neither_rule_nor_time():
    watch = accepted().fly(T(soon_s=900.0), seconds=9.0)
    watch.state = thaw(freeze(watch.state))
    watch.fly(T(soon_s=900.0), seconds=1.6).fly(T(**NEAR), seconds=10.0)
    assert watch.kinds("unattended") == []
    # Accepted anew it counts anew: nothing of before it ended is kept.
    watch.act("end_rule", option="birds")
    watch.act("accept_rule", option="birds", key="anew")
    watch.fly(T(**NEAR), seconds=8.0)
    assert len(watch.kinds("unattended")) == 1
    assert not np.isfinite(alert.shift_rules(watch.state, watch.node)[0].last_s)
