"""What a correction makes another incident's is not gone from the page where it stood."""

import csv
import io

import pytest
from tests.report.raid import FIRST, SECOND, raid

from tocsin import record, report
from tocsin.cli._outputs import other_outputs
from tocsin.report import release_of

WORDS = {"wrong": "it was said of the other base", "right": "it is of al-Harir"}


def told(made, incident, profile="public"):
    account = record.account(made.register, incident)
    telling = report.tell(account, profile)
    return account, {s.title: s.lines for s in telling.sections}, telling


def line_with(lines, words):
    found = [line for line in lines if words in line.text]
    return found[0] if found else None


@pytest.fixture
def made():
    return raid(approve=False)


def test_a_statement_that_is_moved_stays_struck_with_its_correction(made):
    before = line_with(told(made, FIRST)[1]["What is said"], "Injuries: minor")
    assert not before.struck
    made.act("correct", of="minor", changes={"about": [SECOND]}, **WORDS)
    _, sections, _ = told(made, FIRST)
    line = line_with(sections["What is said"], "Injuries: minor")
    assert line.struck
    assert line.note.startswith("corrected 5 August 2026")
    assert line_with(sections["Corrections"], WORDS["wrong"])
    _, sections, _ = told(made, SECOND)
    assert not line_with(sections["What is said"], "Injuries: minor").struck
    assert line_with(sections["Corrections"], WORDS["wrong"])


def test_a_claim_that_is_moved_stays_struck_and_counts_for_nothing(made):
    claims = [n for _, n in record.account(made.register, FIRST).claims]
    for noun in claims:
        made.act("correct", of=noun.id, changes={"incidents": [SECOND]}, **WORDS)
    account, sections, telling = told(made, FIRST)
    lines = [n for n in sections["Who claims responsibility"] if n.text.startswith("Claimed")]
    assert len(lines) > 0
    assert all(line.struck for line in lines)
    kept = report.told(account, "public")
    outputs = other_outputs(account, telling, kept, release_of(account), url="", tags=(),
                            status="usable")  # fmt: skip
    [row] = csv.DictReader(io.StringIO(outputs["gtd"]))
    assert row["claimed"] == "-9"


def test_it_is_told_as_it_was_here_whatever_was_corrected_there_later(made):
    body = {"about": [SECOND], "value": "two"}
    made.act("correct", of="minor", changes=body, **WORDS)
    made.act("correct", of="minor", changes={"value": "three"}, wrong="two", right="three hurt")
    _, sections, _ = told(made, FIRST)
    assert line_with(sections["What is said"], "Injuries: minor").struck
    assert not line_with(sections["What is said"], "Injuries: three")
    assert not line_with(sections["Corrections"], "three hurt")


def test_what_comes_back_is_told_once_and_holds(made):
    made.act("correct", of="minor", changes={"about": [SECOND]}, **WORDS)
    made.act("correct", of="minor", changes={"about": [FIRST]}, wrong="x", right="y")
    _, sections, _ = told(made, FIRST)
    lines = [n for n in sections["What is said"] if "Injuries: minor" in n.text]
    assert [line.struck for line in lines] == [False]


def test_what_is_withheld_after_it_was_moved_is_not_told_as_it_was(made):
    made.act("correct", of="minor", changes={"about": [SECOND], "audience": "internal"},
             **WORDS)  # fmt: skip
    _, sections, telling = told(made, FIRST)
    assert not line_with(sections["What is said"], "Injuries: minor")
    assert any("marked it internal" in words for words in telling.withheld)


def test_a_page_as_of_an_entry_before_tells_it_as_it_was(made):
    upto = made.register.last_entry
    made.act("correct", of="minor", changes={"about": [SECOND]}, **WORDS)
    then = record.as_of_entry(made.register, upto)
    lines = report.tell(record.account(then, FIRST), "public").sections[0].lines
    assert not line_with(lines, "Injuries: minor").struck
