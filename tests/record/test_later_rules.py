"""Rules that came later: they refuse what is new, and nothing that a journal holds."""

import dataclasses
import json

import pytest
from tests.record.desk import Desk, chain, enter_day
from tests.record.test_publishing import approve, step
from tests.report.raid import FIRST, raid

from tocsin.codec.acts import decode_act, encode_act
from tocsin.codec.snapshot import freeze
from tocsin.model.records import RULES, RecordAct
from tocsin.record import apply_into, export_lines, read_lines, rebuild, standing
from tocsin.record.publishing import STEPS, state_at
from tocsin.service.record_view import incident_page

SILENT = {"about": ["first"], "quantity": "injuries", "verbatim": "No injuries were reported.",
          "chain": chain("ap")}  # fmt: skip
RIGHT = {"wrong": "w", "right": "r"}
SENTENCES = [{"text": "x", "rests_on": ["two-drones"]}]
BIG = 2**60

LATER = [
    ("open_incident", {"id": "inc-2026-0001", "site": "s"}, "the register gives itself"),
    ("add_place", {"id": "plc-0007", "name": "x"}, "the register gives itself"),
    ("add_document", {"headline": "x", "retrieved_s": 1.7e18}, "is no time"),
    ("add_document", {"headline": "x", "retrieved_s": -1e13}, "is no time"),
    *(("assert", {**SILENT, "value": value}, "none reported")
      for value in ("0", "0.0", "zero", "None", "no", "Nobody.", "nil")),
    ("correct", {**RIGHT, "of": "ap", "changes": {"name": "The AP"}, "seen": 10**6},
     "there is no entry 1000000"),
    ("publish", {"incident": "first", "state": "draft", "seen": 10**6,
                 "sentences": SENTENCES}, "there is no entry"),
    ("publish", {"incident": "first", "state": "draft", "as_of": 10**6,
                 "sentences": SENTENCES}, "there is no entry"),
]  # fmt: skip


def desk_of_the_day():
    desk = Desk()
    enter_day(desk)
    return desk


def apply(desk, verb, body, rules):
    act = RecordAct(verb, "k", "u", desk.now_s, body, rules)
    return apply_into(desk.register, desk.chain, act, desk.now_s)


@pytest.mark.parametrize(("verb", "body", "says"), LATER, ids=lambda v: str(v)[:60])
def test_what_is_refused_now_was_taken_by_an_act_of_before_and_still_is(verb, body, says):
    entries, accepted, sentence = apply(desk_of_the_day(), verb, body, RULES)
    assert (entries, accepted) == ((), False)
    assert says in sentence
    assert apply(desk_of_the_day(), verb, body, 0)[1]


def test_an_act_bears_the_edition_of_its_rules_and_one_of_before_bears_none():
    act = RecordAct("add_actor", "k", "u", 1.5, {"name": "x"})
    assert act.rules == RULES == decode_act(encode_act(act)).rules
    old = json.loads(encode_act(act))
    del old["rules"]
    assert decode_act(json.dumps(old).encode()) == dataclasses.replace(act, rules=0)


# What the entry would hold in another way than it was given: whole numbers that become text.
STRANGE = [
    ("correct", {**RIGHT, "of": "ap", "changes": {"name": "The AP"}, "seen": BIG}),
    ("correct", {**RIGHT, "of": "ap", "changes": {"name": "The AP"}, "seen": -BIG}),
    ("approve", {"incident": "first", "as_of": -BIG}),
    ("publish", {"incident": "first", "state": "draft", "seen": BIG,
                 "sentences": SENTENCES}),
    ("add_evidence", {"name": "x", "mark": "m", "size_bytes": BIG}),
]  # fmt: skip


@pytest.mark.parametrize("rules", [0, RULES])
@pytest.mark.parametrize(("verb", "body"), STRANGE, ids=str)
def test_the_chain_never_has_an_entry_that_the_register_cannot_read(verb, body, rules):
    desk = desk_of_the_day()
    count = desk.chain.count
    entries, _, _ = apply(desk, verb, body, rules)
    assert desk.chain.count == count + len(entries)
    assert desk.register.last_entry == desk.chain.count - 1
    desk.entries += entries
    assert freeze(rebuild(desk.entries)) == freeze(desk.register)


@pytest.mark.parametrize("at_s", [2.0**53, 1e17, 1796080350123456789.0, -1e20, 1e21, 1e300])
def test_a_ledger_that_holds_a_double_beyond_2_53_is_exported_and_read_again(at_s):
    desk = desk_of_the_day()
    body = {"id": "doc", "headline": "x", "retrieved_s": at_s}
    entries, accepted, _ = apply(desk, "add_document", body, 0)
    assert accepted
    desk.entries += entries
    again = list(read_lines(export_lines(desk.entries)))
    assert again == desk.entries
    assert rebuild(again).rows["doc"].versions[-1].noun.retrieved_s == at_s


@pytest.mark.parametrize("state", ["scheduled", "embargoed"])
def test_what_was_scheduled_is_out_once_its_time_is_over(state):
    desk = desk_of_the_day()
    approve(desk)
    assert step(desk, state)[0]
    stands = standing(desk.register, "first", "public")
    assert state_at(stands, stands.not_before_s - 1) == state
    desk.now_s = stands.not_before_s + 60
    for taken_back in ("scheduled", "embargoed", "published"):
        accepted, sentence = step(desk, taken_back)
        assert not accepted
        assert "out already" in sentence
    assert step(desk, "corrected")[0]
    page = incident_page(desk.register, "first", None)
    assert page.publications["public"].state == "corrected"


def test_what_may_come_next_is_told_as_of_the_newest_entry():
    desk = desk_of_the_day()
    approve(desk)
    assert step(desk, "scheduled")[0]
    told = incident_page(desk.register, "first", None).publications["public"]
    assert told.next == list(STEPS["scheduled"])
    desk.now_s = told.not_before_s + 60
    desk.act("add_actor", name="Somebody")
    told = incident_page(desk.register, "first", None).publications["public"]
    assert told.next == list(STEPS["published"])


def test_before_there_were_editions_what_was_scheduled_stayed_so():
    desk = desk_of_the_day()
    approve(desk)
    assert step(desk, "scheduled")[0]
    desk.now_s += 1e6
    assert not apply(desk, "publish", {"incident": "first", "state": "repeated"}, 0)[1]
    assert apply(desk, "publish", {"incident": "first", "state": "published"}, 0)[1]


@pytest.mark.parametrize("nature", ["exercise", "simulated"])
def test_nature_and_site_of_an_alarms_incident_are_never_changed(nature):
    made = raid(nature)
    for changes in ({"nature": "live"}, {"site": "al-harir"}):
        body = {**RIGHT, "of": FIRST, "changes": changes}
        entries, accepted, sentence = apply(made, "correct", body, RULES)
        assert (entries, accepted) == ((), False)
        assert "the watch recorded" in sentence
        assert apply(raid(nature), "correct", body, 0)[1]


def test_what_a_person_opened_by_mistake_as_an_exercise_is_put_right():
    desk = Desk()
    desk.act("open_incident", id="one", site="s", nature="exercise")
    assert desk.try_act("correct", of="one", changes={"nature": "live"}, **RIGHT)[0]
