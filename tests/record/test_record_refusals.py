"""What cannot be is refused with a sentence, and nothing of it is written."""

import pytest
from tests.record.desk import WEDNESDAY_S, Desk, chain, enter_day

from tocsin.codec.snapshot import freeze

GOOD_CLAIM = {"claimant": "taw", "incidents": ["first"], "verbatim": "we did it",
              "chain": chain("ap")}  # fmt: skip
GOOD = {"about": ["first"], "quantity": "drones", "verbatim": "two drones", "value": 2,
        "chain": chain("ap")}  # fmt: skip
LATER_S = WEDNESDAY_S + 1e6

REFUSED = [
    ("claim", {**GOOD_CLAIM, "incidents": ["third"]}, "'third' is not in the register"),
    ("claim", {**GOOD_CLAIM, "incidents": []}, "at least one"),
    ("claim", {**GOOD_CLAIM, "claimant": "nobody"}, "record the actor first"),
    ("claim", {**GOOD_CLAIM, "claimant": "ap"}, "is a source; it must be an actor"),
    ("claim", {**GOOD_CLAIM, "chain": []}, "nobody is named who said it"),
    ("claim", {**GOOD_CLAIM, "chain": chain("cnn")}, "record the source first"),
    ("claim", {**GOOD_CLAIM, "chain": chain("ap", "page", "ap")}, "twice"),
    ("claim", {**GOOD_CLAIM, "verbatim": "  "}, "the words themselves are missing"),
    ("claim", {**GOOD_CLAIM, "said": {"earliest_s": LATER_S, "latest_s": LATER_S,
                                      "resolved_by": "the page"}}, "after it was recorded"),
    ("claim", {**GOOD_CLAIM, "claimants": ["taw"]}, "no field 'claimants'"),
    ("assert", {**GOOD, "about": ["third"]}, "'third' is not in the register"),
    ("assert", {**GOOD, "about": []}, "about something"),
    ("assert", {**GOOD, "value": None}, "there is no value"),
    ("assert", {**GOOD, "state": "none reported"}, "silence is no zero"),
    ("assert", {**GOOD, "state": "none"}, "is none of: stated, not stated"),
    ("assert", {**GOOD, "value": 0, "quantity": "injuries",
                "verbatim": "No injuries were reported"}, "which is no zero"),
    ("assert", {**GOOD, "when": {"earliest_s": 5.0, "latest_s": 4.0}}, "cannot be"),
    ("assert", {**GOOD, "when": {"earliest_s": 5.0}}, "only one bound"),
    ("assert", {**GOOD, "when": {"earliest_s": 5.0, "latest_s": 6.0}}, "give resolved_by"),
    ("assert", {**GOOD, "when": {"earliest_s": -1e12, "latest_s": 6.0}}, "cannot be"),
    ("assert", {**GOOD, "when": {"early": 5.0}}, "no field 'when.early'"),
    ("assert", {**GOOD, "chain": [{"source": "ap", "sources": 2}]}, "no field 'chain.sources'"),
    ("assert", {**GOOD, "value": float("nan")}, "no number"),
    ("assert", {**GOOD, "value": [2]}, "cannot be read"),
    ("assert", {**GOOD, "verbatim": "x" * 5000}, "at most 4000"),
    ("assert", {**GOOD, "id": "first"}, "there is already a incident"),
    ("assert", {**GOOD, "id": "A B"}, "cannot be used"),
    ("assert", {**GOOD, "span": {"document": "article", "block": 0, "start": 0, "end": 10}},
     "not those of `verbatim`"),
    ("assert", {**GOOD, "span": {"document": "article", "block": 7, "start": 0, "end": 10}},
     "no evidence"),
    ("assert", {**GOOD, "span": {"document": "article", "block": 99, "start": 0, "end": 1}},
     "blocks"),
    ("assert", {"about": ["first"]}, "needs 'quantity'"),
    ("asert", GOOD, "did you mean 'assert'"),
    ("assert", [], "is an object"),
    ("add_source", {"kind": "agency"}, "needs its name"),
    ("add_source", {"identity": "unnamed", "name": "Somebody"}, "the words that were used"),
    ("add_source", {"identity": "sealed", "name": "Somebody", "sealed": "ab"}, "no name"),
    ("add_source", {"identity": "sealed", "descriptor": "an official"}, "commitment"),
    ("add_actor", {"kind": "group"}, "needs a name"),
    ("add_document", {"headline": "", "blocks": []}, "needs its text"),
    ("add_document", {"blocks": [{"kind": "paragraph", "text": "x" * 200_001}]}, "200001"),
    ("add_document", {"blocks": [{"kind": "popup"}]}, "none of"),
    ("open_incident", {"site": ""}, "needs a site"),
    ("open_incident", {"site": "x", "lat": 95.0, "lon": 0.0}, "is no place"),
    ("open_incident", {"site": "x", "lat": 5.0}, "both lat and lon"),
    ("relate", {"type": "part of", "from_id": "taw", "to_id": "iri"}, "nobody is named"),
    ("relate", {"type": "part of", "from_id": "taw", "to_id": "taw"}, "to itself"),
    ("relate", {"type": "part of", "from_id": "taw", "to_id": "first"}, "of one kind"),
    ("link", {"incidents": ["first"]}, "at least two"),
    ("grade", {"of": "ap", "credibility": "1", "reason": "known"}, "gets a reliability"),
    ("grade", {"of": "two-drones", "reliability": "A", "reason": "known"}, "a credibility"),
    ("grade", {"of": "ap", "reliability": "A", "reason": ""}, "needs its reason"),
    ("correct", {"of": "nothing", "wrong": "a", "right": "b"}, "to correct"),
    ("correct", {"of": "two-drones", "wrong": "", "right": "b"}, "what was wrong"),
    ("correct", {"of": "two-drones", "wrong": "a", "right": "b"}, "changes a field"),
    ("correct", {"of": "two-drones", "wrong": "a", "right": "b", "changes": {"value": 2}},
     "changes nothing"),
    ("correct", {"of": "two-drones", "wrong": "a", "right": "b", "changes": {"id": "z"}},
     "never changed"),
    ("correct", {"of": "two-drones", "wrong": "a", "right": "b", "changes": {"chain": []}},
     "nobody is named"),
    ("correct", {"of": "two-drones", "wrong": "a", "right": "b", "changes": {"colour": 1}},
     "no field 'colour'"),
    ("correct", {"of": "first", "wrong": "a", "right": "b", "changes": {"alarm": "A-1-1"}},
     "the watch recorded"),
    ("approve", {"incident": "first", "as_of": 9999}, "no entry 9999"),
    ("approve", {"incident": "first", "as_of": 0}, "was opened by entry"),
    ("approve", {"incident": "first", "profile": "internal"}, "none of"),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk():
    day = Desk()
    enter_day(day)
    return day


@pytest.mark.parametrize(("verb", "body", "says"), REFUSED, ids=lambda v: str(v)[:60])
def test_what_cannot_be_is_a_sentence_and_nothing_is_written(desk, verb, body, says):
    before = (freeze(desk.register), desk.chain.head, desk.chain.count)
    accepted, sentence = (desk.try_act(verb, **body) if isinstance(body, dict)
                          else raw_act(desk, verb, body))  # fmt: skip
    assert not accepted
    assert says in sentence
    assert (freeze(desk.register), desk.chain.head, desk.chain.count) == before


def raw_act(desk, verb, body):
    from tocsin.model.records import RecordAct
    from tocsin.record import apply_into

    _, accepted, sentence = apply_into(
        desk.register, desk.chain, RecordAct(verb, "k", "u", desk.now_s, body), desk.now_s
    )
    return accepted, sentence


def test_the_good_ones_that_the_refusals_vary_are_accepted(desk):
    assert desk.try_act("claim", **GOOD_CLAIM)[0]
    assert desk.try_act("assert", **GOOD)[0]


def test_an_act_that_comes_again_is_answered_and_not_recorded_twice():
    from tocsin.model.records import RecordAct
    from tocsin.record import apply_into

    desk = Desk()
    act = RecordAct("add_actor", "same", "editor-1", desk.now_s, {"name": "A group"})
    one, accepted, _ = apply_into(desk.register, desk.chain, act, desk.now_s)
    two, again, sentence = apply_into(desk.register, desk.chain, act, desk.now_s + 1)
    assert (len(one), accepted, len(two), again) == (1, True, 0, True)
    assert sentence == "already recorded as ACT-0001"


def test_a_page_needs_two_people_and_the_same_entry():
    from tocsin.record import approved_as_of

    desk = Desk()
    enter_day(desk)
    desk.act("approve", incident="first", user="editor-1")
    first = desk.register.rows[list(desk.register.rows)[-1]].versions[-1].noun.as_of
    desk.act("approve", incident="first", user="editor-1", as_of=first)
    assert approved_as_of(desk.register, "first", "public") is None
    desk.act("approve", incident="first", user="editor-2")  # has seen a newer state
    assert approved_as_of(desk.register, "first", "public") is None
    accepted, sentence = desk.try_act("approve", incident="first", user="editor-2", as_of=first)
    assert accepted
    assert "by 2 of 2" in sentence
    assert approved_as_of(desk.register, "first", "public") == first
    assert approved_as_of(desk.register, "first", "partner") is None


def test_two_editors_at_once_the_second_is_told_and_writes_nothing():
    desk = Desk()
    enter_day(desk)
    seen = desk.register.rows["two-drones"].versions[-1].entry
    fix = {"of": "two-drones", "wrong": "two", "right": "three", "seen": seen}
    desk.act("correct", **fix, changes={"value": 3}, user="editor-2")
    count = len(desk.entries)
    accepted, sentence = desk.try_act("correct", **fix, changes={"value": 4}, user="editor-3")
    assert not accepted
    assert "was changed by editor-2 (entry" in sentence
    assert "look at it again" in sentence
    assert len(desk.entries) == count
    newest = desk.register.rows["two-drones"].versions[-1]
    assert newest.noun.value == 3
    desk.act("correct", **{**fix, "seen": newest.entry}, changes={"value": 4}, user="editor-3")


def test_a_draft_does_not_write_over_one_that_its_writer_did_not_see():
    desk = Desk()
    enter_day(desk)
    text = {"incident": "first", "sentences": [{"text": "Two came.", "rests_on": []}]}
    desk.act("publish", **text, user="editor-2")
    first = desk.register.last_entry
    desk.act("publish", **text, seen=first, headline="Two", user="editor-3")
    accepted, sentence = desk.try_act("publish", **text, seen=first, user="editor-2")
    assert not accepted
    assert "editor-3 wrote another draft" in sentence
    desk.act("publish", **text, seen=desk.register.last_entry, user="editor-2")
