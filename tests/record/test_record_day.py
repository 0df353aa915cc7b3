"""The two-bases day entered with its chains, claims and contradictions, and read back."""

import json

import pytest
from tests.record.desk import PAGE, PARAGRAPHS, Desk, chain, enter_day, enter_later

from tocsin.record import QUESTIONS, Question, ask, contradictions, rebuild


@pytest.fixture(scope="module")
def day():
    desk = Desk()
    enter_day(desk)
    return desk


@pytest.fixture(scope="module")
def later():
    desk = Desk()
    enter_day(desk)
    then_s = desk.now_s
    enter_later(desk)
    return desk, then_s


def noun(desk, row):
    return desk.register.rows[row].versions[-1].noun


def texts(desk, what, incident="", at_s=None):
    answer = ask(desk.register, Question(what, incident, at_s))
    return [said.text for said in answer.sentences]


def sources(step_chain):
    return [step.source for step in step_chain]


def test_the_incidents_are_told_in_their_order_with_the_time_as_it_was_said(day):
    first, second = texts(day, "order")
    assert first.startswith("1. first: drones at Al Asad Air Base, time unknown")
    assert "'Wednesday'" in first
    assert "al-Harir" in second
    assert "'hours later'" in second


def test_the_number_of_drones_is_told_by_source_and_a_gap_stays_a_gap(day):
    first, second = texts(day, "drones")
    assert first == (
        "first: drones: 2, according to an unnamed US defense official, through AP, through "
        "The Western Journal, through the carrying page."
    )
    assert second.startswith("second: drones: not stated, according to")
    assert noun(day, "no-number").value is None


def test_none_reported_is_no_zero_and_names_nobody_but_the_writer(day):
    told = texts(day, "injuries")
    assert len(told) == 2
    for text in told:
        assert "injuries: none reported, according to The Western Journal" in text
        assert " 0" not in text
    assert noun(day, "no-injuries").value is None
    entry = next(e for e in day.entries if b'"id":"no-injuries"' in e.body)
    assert "value" not in json.loads(entry.body)["body"]


def test_every_claimant_stands_beside_the_others_and_nothing_is_attributed(day):
    assert texts(day, "claims", "second") == [
        "second: claimed by an Iraqi militia, not named according to AP, through The Western "
        "Journal, through the carrying page.",
        "second: claimed by Islamic Resistance in Iraq according to AP, through The Western "
        "Journal, through the carrying page, with a threat of more operations.",
        "second: claimed by Tashkil al-Waritheen according to Reuters, through The Western "
        "Journal, through the carrying page.",
        "second: official attribution: none stated.",
    ]
    assert [t.split(" according")[0] for t in texts(day, "claims", "first")][:1] == [
        "first: claimed by Islamic Resistance in Iraq"
    ]


def test_relations_are_told_with_their_source_and_the_unrelated_claimant_is_named(day):
    told = texts(day, "relations")
    assert told[0].startswith(
        "Tashkil al-Waritheen is part of Islamic Resistance in Iraq, according to AP"
    )
    assert told[1].startswith("Iran backs Islamic Resistance in Iraq, according to AP")
    assert told[2] == (
        "an Iraqi militia, not named: nothing in the register relates it to another."
    )


def test_what_rests_on_anonymous_sources_is_found_and_one_official_is_not_two(day):
    answer = ask(day.register, Question("anonymous"))
    by_row = {said.rows[0]: said.values["sources"] for said in answer.sentences}
    assert by_row == {
        "two-drones": ["one-official"],
        "stopped": ["one-official"],
        "first-target": ["officials"],
    }
    assert noun(day, "one-official").count_stated == "one"
    assert noun(day, "officials").count_stated == "more than one"


def test_what_has_no_source_but_the_writer_is_found(day):
    answer = ask(day.register, Question("writer-only"))
    assert {said.rows[0] for said in answer.sentences} == {
        "second-target", "no-injuries", "no-number", "no-type", "no-origin",
    }  # fmt: skip


def test_chains_keep_their_order_and_what_the_text_does_not_name_is_marked(day):
    target = noun(day, "first-target")
    assert sources(target.chain) == ["officials", "reuters", "western-journal", "page"]
    assert [s.explicit for s in target.chain] == [True, False, True, True]
    assert target.chain[1].note == "by position only"
    assert sources(noun(day, "troops").chain) == ["pbs", "western-journal", "page"]


def test_the_document_keeps_its_words_and_every_function_of_the_page(day):
    blocks = noun(day, "article").blocks
    assert [b.text for b in blocks[:3]] == PARAGRAPHS
    assert [b.kind for b in blocks[3:]] == [b["kind"] for b in PAGE]
    states = {b.kind: b.state for b in blocks[3:]}
    assert (states["tags"], states["poll placeholder"]) == ("empty", "did not render")


def test_on_the_first_day_nothing_contradicts(day):
    assert contradictions(day.register) == []


def test_the_later_reports_contradict_and_neither_side_wins(later):
    desk, _ = later
    found = {(c.about, c.quantity): c for c in contradictions(desk.register)}
    assert found[("first",), "injuries"].sides == (
        ("no-injuries",),
        ("minor",),
        ("none-first",),
    )
    assert found[("second",), "injuries"].sides == (("no-injuries",), ("hurt-second",))
    assert found[("first",), "outcome"].sides == (("stopped",), ("exploded",))
    both = ("first", "second")
    assert found[both, "injuries"].sides == (("no-injuries",), ("minor-in-all",))
    assert set(found) == {
        (("first",), "injuries"), (("second",), "injuries"), (("first",), "outcome"),
        (both, "injuries"), (("second", "first"), "claimed"),
    }  # fmt: skip
    hurt, in_all, claimed = texts(desk, "contradictions", "second")
    assert "none reported, according to The Western Journal" in hurt
    assert "AGAINST minor, according to The Daily Beast" in hurt
    assert "AGAINST minor (in all), according to Central Command" in in_all
    assert claimed == (
        "second, first, claimed: claimed by Tashkil al-Waritheen for second, according to "
        "Reuters, through The Western Journal, through the carrying page [claim-taw] AGAINST "
        "claimed by Tashkil al-Waritheen for first and second, according to one site "
        "[claim-taw-both]. (different accounts of what one party claims; open)."
    )


def test_the_later_reports_come_back_without_loss(later):
    desk, _ = later
    for row, value in [("three", 3), ("destroyed", 2), ("damaged", 1), ("minor", "minor"),
                       ("none-first", 0), ("open-country", "open country")]:  # fmt: skip
        assert noun(desk, row).value == value
    assert noun(desk, "three").scope == "in all"
    assert "3 (in all)" in " ".join(texts(desk, "drones"))


@pytest.mark.parametrize("what", [q for q in QUESTIONS if q != "last"])
def test_what_was_known_then_does_not_change_when_later_reports_come(day, later, what):
    desk, then_s = later
    before = ask(day.register, Question(what)).sentences
    assert ask(desk.register, Question(what, "", then_s)).sentences == before
    after = ask(desk.register, Question(what)).sentences
    same = ("order", "anonymous", "writer-only")
    changed = what not in same
    assert (after != before) == changed


def test_injuries_are_told_with_how_that_changed_and_in_which_order(later):
    desk, then_s = later
    told = texts(desk, "injuries", "first")
    entry = {row: desk.register.rows[row].versions[0].entry
             for row in ("no-injuries", "minor", "none-first")}  # fmt: skip
    assert "how that changed: injuries: none reported, according to The Western" in told[-1]
    places = [told[-1].index(f"entry {n})") for n in entry.values()]
    assert places == sorted(places)
    assert "; then injuries: minor, according to Reuters" in told[-1]
    assert "; then injuries: 0, according to The Daily Beast" in told[-1]
    assert not any("changed" in t for t in texts(desk, "injuries", "first", then_s))


def test_a_corrected_and_a_withdrawn_value_stay_in_how_it_changed():
    desk = Desk()
    enter_day(desk)
    desk.act("correct", of="two-drones", wrong="two", right="three", changes={"value": 3})
    told = texts(desk, "drones", "first")
    assert "drones: 3, according to" in told[0]
    assert "how that changed: drones: 2, according to an unnamed US" in told[1]
    assert "; then drones: 3, as two-drones was corrected by COR-0001" in told[1]
    desk.act("correct", of="two-drones", wrong="all of it", right="", kind="withdrawn")
    told = texts(desk, "drones", "first")
    assert told[0] == "first: nobody in the register says anything about drones: unknown."
    assert "then two-drones was withdrawn by COR-0002" in told[1]


def test_hurt_and_killed_are_answers_to_the_question_on_injuries():
    desk = Desk()
    enter_day(desk)
    for quantity in ("hurt in the workshop", "deaths", "hurtling debris"):
        desk.act("assert", about=["second"], quantity=quantity, value=1, verbatim="one",
                 chain=chain("ap"))  # fmt: skip
    told = " ".join(texts(desk, "injuries", "second"))
    assert "hurt in the workshop: 1" in told
    assert "deaths: 1" in told
    assert "hurtling" not in told


def test_claims_of_a_part_and_its_whole_fit_together_only_if_the_source_is_right(day):
    told = texts(day, "relations")
    assert told[3] == (
        "Both claim second; the claims fit together if it holds that Tashkil al-Waritheen is "
        "part of Islamic Resistance in Iraq, which rests on AP, through The Western Journal, "
        "through the carrying page."
    )
    assert len(told) == 4


def test_every_gap_is_told_as_a_gap(day):
    first, second = texts(day, "gaps", "first"), texts(day, "gaps", "second")
    assert first[0] == (
        "first: when it happened is not resolved, said as 'Wednesday' (the page gives no date)."
    )
    assert any(t.startswith("second: drones: not stated, according to") for t in second)
    assert any(t.startswith("second: drone type: not stated, according to") for t in second)
    assert any(t.startswith("second: injuries: none reported, according to") for t in second)
    assert not any("nobody in the register says" in t for t in second)
    assert "first-target: the text does not name Reuters here (by position only)." in first
    assert "article: the page's tags is kept: empty." in first
    assert "article: the page's poll placeholder is kept: did not render." in first
    unconfirmed = [t for t in second if t.endswith("official confirmation: none stated.")]
    assert len(unconfirmed) == 3
    bare = Desk()
    bare.act("open_incident", id="one", site="north")
    told = [s.values.get("quantity") for s in ask(bare.register, Question("gaps")).sentences]
    assert told == [None, "drones", "drone type", "origin", "outcome", "injuries"]


def test_what_is_known_is_told_in_short_and_then_is_then(later):
    desk, then_s = later
    whole, first, second = texts(desk, "known", "", then_s)
    assert whole == (
        "The register holds 2 incidents, 11 statements, 3 claims of responsibility, 2 "
        "relations, 7 sources, 1 document, no correction, no contradiction."
    )
    assert "injuries: none reported" in first
    assert "minor" not in first + second
    assert "Claimed by an Iraqi militia, not named, Islamic Resistance in Iraq" in second
    assert second.endswith("official attribution: none stated; no contradiction.")
    assert "5 contradictions" in texts(desk, "known")[0]
    assert "injuries: minor" in texts(desk, "known", "second")[1]


def test_before_anything_was_entered_an_incident_was_not_known(later):
    desk, _ = later
    answer = ask(desk.register, Question("drones", "first", desk.entries[0].recorded_s))
    assert answer.sentences[0].text == "first was not in the register then."


def test_the_last_one_like_it_says_what_the_register_covers(later):
    desk, _ = later
    answer = ask(desk.register, Question("last", "second"))
    assert answer.sentences[0].rows == ("first",)
    assert "nothing of who was behind it" in answer.sentences[0].text
    answer = ask(desk.register, Question("last", "first"))
    assert "unknown, not never" in answer.sentences[0].text
    assert "This register covers 2026-" in answer.covers


def test_a_correction_keeps_both_versions_and_points_to_the_old_entry(later):
    desk = Desk()
    enter_day(desk)
    old = desk.register.rows["two-drones"].versions[0].entry
    cor = desk.act("correct", of="two-drones", wrong="two", right="three", changes={"value": 3},
                   user="editor-2")  # fmt: skip
    body = json.loads(desk.entries[-1].body)
    assert (body["of_entry"], body["was"]) == (old, {"value": 2})
    versions = desk.register.rows["two-drones"].versions
    assert [v.noun.value for v in versions] == [2, 3]
    assert (versions[-1].correction, versions[-1].by) == (cor, "editor-2")
    desk.act("correct", of="two-drones", wrong="all of it", right="", kind="withdrawn")
    assert desk.register.rows["two-drones"].versions[-1].withdrawn
    assert "unknown" in texts(desk, "drones", "first")[0]
    assert rebuild(desk.entries) == desk.register


def test_a_person_explains_a_contradiction_and_it_stays_on_show():
    desk = Desk()
    enter_day(desk)
    enter_later(desk)
    rel = desk.act("relate", type="explains", from_id="hurt-second", to_id="none-first",
                   note="the hurt were at the second base")  # fmt: skip
    found = {(c.about, c.quantity): c for c in contradictions(desk.register)}
    assert found[("first",), "injuries"].explained_by == rel


def test_ten_claimants_are_ten_rows():
    desk = Desk()
    enter_day(desk)
    for k in range(10):
        desk.act("add_actor", id=f"group-{k}", name=f"Group {k}")
        desk.act("claim", claimant=f"group-{k}", incidents=["first"], verbatim="we did it",
                 chain=[{"source": "ap"}])  # fmt: skip
    assert len([t for t in texts(desk, "claims", "first") if "claimed by" in t]) == 11
