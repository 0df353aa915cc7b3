"""How an account goes out: every pair of states, and every refusal as a sentence."""

import pytest
from tests.record.desk import Desk, chain, enter_day

from tocsin.record import approved_by, standing
from tocsin.record.publishing import STEPS
from tocsin.record.words import PUBLICATION_STATES

LATER_S = 10_000.0
NOTICE = {"wrong": "it said two", "right": "it were three"}

# The same table as the product's, written down once more by hand: rows are the state before,
# columns the next step in the order of PUBLICATION_STATES; x where it can be taken.
#                draft sched emb pub corr refi upda clar withd rep
TABLE = {
    "":          "x     x     x   x   -    -    -    -    -     -",
    "scheduled": "x     x     x   x   -    -    -    -    x     -",
    "embargoed": "x     -     x   x   -    -    -    -    x     -",
    "published": "x     -     -   -   x    x    x    x    x     x",
    "corrected": "x     -     -   -   x    x    x    x    x     x",
    "refiled":   "x     -     -   -   x    x    x    x    x     x",
    "updated":   "x     -     -   -   x    x    x    x    x     x",
    "clarified": "x     -     -   -   x    x    x    x    x     x",
    "repeated":  "x     -     -   -   x    x    x    x    x     x",
    "withdrawn": "x     -     -   -   -    -    -    -    -     -",
}  # fmt: skip
PAIRS = [
    (before, after, can == "x")
    for before, row in TABLE.items()
    for after, can in zip(PUBLICATION_STATES, row.split(), strict=True)
]
WAY = {"": [], "published": ["published"], "scheduled": ["scheduled"],
       "embargoed": ["embargoed"]} | {
    out: ["published", out]
    for out in ("corrected", "refiled", "updated", "clarified", "withdrawn", "repeated")
}  # fmt: skip


def approve(desk, incident="first"):
    """Two people approve what stands now; return the entry."""
    desk.act("approve", incident=incident, user="editor-2")
    as_of = desk.register.last_entry - 1
    desk.act("approve", incident=incident, user="editor-3", as_of=as_of)
    return as_of


def draft(desk, *sentences, headline="", **more):
    rows = [{"text": text, "rests_on": list(rests)} for text, *rests in sentences]
    return desk.act("publish", incident="first", state="draft", sentences=rows,
                    headline=headline, **more)  # fmt: skip


def step(desk, state, **more):
    """Take a step with all that it needs; return (accepted, sentence)."""
    fields = {"incident": "first", "state": state}
    if state == "draft":
        fields["sentences"] = [
            {"text": "The second attack was foiled.", "rests_on": ["foiled"]}
        ]
    if state in ("scheduled", "embargoed"):
        fields["not_before_s"] = desk.now_s + LATER_S
    if state in ("corrected", "refiled", "clarified", "updated", "withdrawn"):
        fields |= NOTICE
    if state in ("corrected", "refiled", "clarified", "updated"):
        approve(desk)
    return desk.try_act("publish", **fields | more)


@pytest.fixture(scope="module")
def days():
    """A desk on which the account stands in a state, made anew for each use."""

    def desk_in(state):
        desk = Desk()
        enter_day(desk)
        approve(desk)
        for name in WAY[state]:
            accepted, sentence = step(desk, name)
            assert accepted, sentence
        assert standing(desk.register, "first", "public").state == state
        return desk

    return desk_in


def test_the_table_has_every_state():
    assert set(TABLE) - {""} == set(PUBLICATION_STATES) - {"draft"}
    assert set(STEPS) == set(TABLE)
    assert len(PAIRS) == 100


@pytest.mark.parametrize(("before", "after", "can"), PAIRS)
def test_every_pair_of_states_is_allowed_or_refused_with_a_sentence(days, before, after, can):
    desk = days(before)
    count = len(desk.entries)
    accepted, sentence = step(desk, after)
    assert accepted is can, sentence
    stands = standing(desk.register, "first", "public")
    if not can:
        assert len(sentence.split()) > 5
        assert [e for e in desk.entries[count:] if b'"verb":"publish"' in e.body] == []
    assert stands.state == (after if can and after != "draft" else before)


def test_a_step_tells_the_newest_state_that_two_people_approved(days):
    desk = days("")
    as_of = approve(desk)
    desk.act("open_incident", id="other", site="else")
    assert step(desk, "published")[0]
    stands = standing(desk.register, "first", "public")
    assert stands.as_of == as_of
    assert approved_by(desk.register, "first", "public", as_of) == ["editor-2", "editor-3"]
    assert step(desk, "repeated")[0]
    assert standing(desk.register, "first", "public").as_of == as_of


def why(desk):
    approve(desk)
    accepted, sentence = step(desk, "published")
    assert not accepted
    return sentence


@pytest.fixture
def desk():
    made = Desk()
    enter_day(made)
    return made


def test_a_single_approver_is_not_enough(desk):
    desk.act("approve", incident="first", user="editor-2")
    as_of = desk.register.last_entry - 1
    _, sentence = step(desk, "published", as_of=as_of)
    assert "only editor-2 has approved it" in sentence
    assert "nobody has approved it" in step(desk, "published", as_of=as_of - 1)[1]


def test_a_sentence_without_an_assertion_is_refused(desk):
    draft(desk, ("Two drones were intercepted.", "two-drones"), ("It was a bad day.",))
    assert "sentence 2 rests on no statement" in why(desk)


def test_a_plural_for_one_source_is_refused_and_for_officials_is_not(desk):
    draft(desk, ("Officials said two drones were intercepted.", "two-drones"))
    assert "it says “Officials” and rests on one source; say one" in why(desk)
    draft(desk, ("Officials said the base was Al Asad Air Base.", "first-target"))
    approve(desk)
    assert step(desk, "published")[0]


def test_a_zero_from_silence_is_refused_and_silence_told_as_silence_is_not(desk):
    draft(desk, ("Nobody was hurt.", "no-injuries"))
    assert "makes a zero of silence" in why(desk)
    draft(desk, ("No injuries were reported.", "no-injuries"))
    approve(desk)
    assert step(desk, "published")[0]


def test_a_headline_word_that_no_sentence_says_is_refused(desk):
    words = ("Two drones were intercepted at the base.", "two-drones")
    draft(desk, words, headline="Foreign drones intercepted at Al Asad Air Base")
    assert "the headline says “Foreign”" in why(desk)
    draft(desk, words, headline="Two drones intercepted at Al Asad Air Base")
    approve(desk)
    assert step(desk, "published")[0]


def test_an_anonymous_source_of_nobody_is_refused_until_it_is_sealed(desk):
    for row, seal in [("guard", {}), ("knower", {"identity": "sealed", "sealed": "c0ffee"})]:
        desk.act("add_source", id=row, kind="witness", descriptor="a guard",
                 **{"identity": "unnamed", **seal})  # fmt: skip
        desk.act("assert", id=f"said-{row}", about=["first"], quantity="noise", value="loud",
                 verbatim="it was loud", chain=chain(row))  # fmt: skip
    draft(desk, ("A guard said that it was loud.", "said-guard"))
    assert "a guard is anonymous and nobody's source" in why(desk)
    draft(desk, ("A guard said that it was loud.", "said-knower"))
    approve(desk)
    assert step(desk, "published")[0]


def test_who_recorded_what_an_anonymous_source_says_cannot_be_its_only_reader(desk):
    desk.act("add_source", id="guard", kind="witness", identity="unnamed",
             descriptor="a guard", reported_by="ap")  # fmt: skip
    desk.act("assert", id="said", about=["first"], quantity="noise", value="loud",
             verbatim="it was loud", chain=chain("guard"), user="editor-2")  # fmt: skip
    draft(desk, ("A guard said that it was loud.", "said"))
    desk.act("approve", incident="first", user="editor-2")
    as_of = desk.register.last_entry - 1
    assert "only editor-2 has approved" in step(desk, "published", as_of=as_of)[1]
    desk.act("approve", incident="first", user="editor-3", as_of=as_of)
    assert step(desk, "published", as_of=as_of)[0]


def test_an_anonymous_source_needs_a_person_who_had_no_part_in_it(desk):
    desk.act("add_source", id="guard", kind="witness", identity="unnamed",
             descriptor="a guard", reported_by="ap")  # fmt: skip
    desk.act("assert", id="said", about=["first"], quantity="noise", value="loud",
             verbatim="it was loud", chain=chain("guard"), user="editor-2")  # fmt: skip
    draft(desk, ("A guard said that it was loud.", "said"), user="editor-3")
    approve(desk)  # editor-2 recorded it and editor-3 wrote the text
    accepted, sentence = step(desk, "published")
    assert not accepted
    assert "a guard is anonymous; a person who neither recorded it nor wrote" in sentence
    as_of = desk.register.last_entry - 1
    desk.act("approve", incident="first", user="editor-4", as_of=as_of - 1)
    assert step(desk, "published", as_of=as_of - 1)[0]


@pytest.mark.parametrize(("words", "what"), [
    ("at the Flight line", "a zone"), ("as track 281474976710657", "a track"),
    ("as T1-01", "a track"),
    ("after alarm A-1-1", "an alarm of the watch"),
])  # fmt: skip
def test_what_is_withheld_from_the_public_is_refused_in_its_text(words, what):
    from tests.report.raid import FIRST, raid

    r = raid(approve=False)
    r.act("publish", incident=FIRST,
          sentences=[{"text": f"Minor injuries, {words}.", "rests_on": ["minor"]}])  # fmt: skip
    r.act("approve", incident=FIRST)
    as_of = len(r.entries) - 2
    r.act("approve", incident=FIRST, user="jonas.weiss", as_of=as_of)
    with pytest.raises(AssertionError, match=f"the text names {what}, which is withheld"):
        r.act("publish", incident=FIRST, state="published")


def test_a_name_of_the_staff_is_refused(desk):
    draft(desk, ("Two drones were intercepted, editor-1 wrote.", "two-drones"))
    assert "names a person of the staff, which is withheld" in why(desk)


def test_what_was_withdrawn_or_is_newer_than_what_was_approved_is_refused(desk):
    draft(desk, ("The second attack was foiled.", "foiled"))
    desk.act("correct", of="foiled", wrong="all of it", right="", kind="withdrawn")
    assert "rests on 'foiled', which was withdrawn" in why(desk)


@pytest.mark.parametrize(("state", "fields", "words"), [
    ("scheduled", {"not_before_s": None}, "say in not_before_s until when"),
    ("embargoed", {"not_before_s": 5.0}, "is over already"),
    ("published", {"not_before_s": 9e9}, "at once"),
    ("published", {"headline": "x"}, "a step bears none itself"),
    ("published", {"profile": "internal"}, "none of"),
    ("sold", {}, "none of: draft, scheduled"),
    ("draft", {"sentences": []}, "a draft needs its sentences"),
    ("draft", {"sentences": [{"text": "x", "rests_on": ["nothing"]}]}, "not in the register"),
    ("draft", {"wrong": "x"}, "said with its next step"),
])  # fmt: skip
def test_a_step_that_lacks_something_is_a_sentence(days, state, fields, words):
    accepted, sentence = step(days(""), state, **fields)
    assert not accepted
    assert words in sentence


@pytest.mark.parametrize(("state", "fields", "words"), [
    ("corrected", {"wrong": ""}, "says what was wrong"),
    ("clarified", {"right": " "}, "says what is right"),
    ("updated", {"right": ""}, "says what is new"),
    ("withdrawn", {"wrong": ""}, "says what was wrong"),
    ("corrected", {"as_of": 1}, "tells entry"),
    ("repeated", {"as_of": 1}, "repeated is for what is unchanged"),
])  # fmt: skip
def test_a_correction_says_what_was_wrong_and_what_is_right(days, state, fields, words):
    accepted, sentence = step(days("published"), state, **fields)
    assert not accepted
    assert words in sentence


def with_a_holder(r):
    r.act("add_evidence", id="tape", name="recording", mark="7", about=["INC-2026-0001"])
    r.act("hand_on", of="tape", action="taken", holder="Miriam Okafor")


def let_out(r, **step):
    from tests.report.raid import FIRST

    r.act("approve", incident=FIRST)
    as_of = len(r.entries) - 2
    r.act("approve", incident=FIRST, user="jonas.weiss", as_of=as_of)
    r.act("publish", incident=FIRST, **step)


@pytest.mark.parametrize(("words", "what"), [
    ("Miriam Okafor misheard it", "who held a piece of evidence"),
    ("jonas.weiss misheard it", "a person of the staff"),
    ("it was said of the Flight line", "a zone"),
])  # fmt: skip
@pytest.mark.parametrize("field", ["wrong", "right"])
def test_the_words_of_a_step_are_refused_as_those_of_a_text_are(words, what, field):
    from tests.report.raid import raid

    r = raid(approve=False)
    with_a_holder(r)
    let_out(r, state="published")
    notice = {"wrong": "one was hurt", "right": "two were hurt"}
    with pytest.raises(AssertionError, match=f"the text names {what}, which is withheld"):
        let_out(r, state="corrected", **{**notice, field: words})
    let_out(r, state="corrected", **notice)


def test_a_holder_may_be_named_where_the_text_rests_on_who_named_him():
    from tests.report.raid import FIRST, raid

    r = raid(approve=False)
    with_a_holder(r)
    r.act("assert", id="named", about=[FIRST], quantity="reaction", value="calm",
          verbatim="Miriam Okafor stayed calm", chain=chain("reuters"))  # fmt: skip
    text = "Miriam Okafor stayed calm."
    r.act("publish", incident=FIRST, sentences=[{"text": text, "rests_on": ["minor"]}])
    with pytest.raises(AssertionError, match="names who held a piece of evidence"):
        let_out(r, state="published")
    r.act("publish", incident=FIRST, sentences=[{"text": text, "rests_on": ["named"]}])
    let_out(r, state="published")
