"""`tocsin record ask`: every question on the two-bases day, then and now."""

import pytest
from tests.cli.test_record_verbs import answer, run
from tests.record.desk import Desk, enter_day, enter_later

from tocsin.record import QUESTIONS, Question, ask, export_lines, utc


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """Return (ledger file, desk of the first day, desk of all, end of the first day)."""
    first, whole = Desk(), Desk()
    enter_day(first)
    enter_day(whole)
    then_s = whole.now_s
    enter_later(whole)
    file = tmp_path_factory.mktemp("asked") / "ledger.jsonl"
    file.write_bytes(b"".join(export_lines(whole.entries)))
    return file, first, whole, then_s


def told(*words):
    page = answer("record", "ask", *words)
    return [(said["text"], said["entries"]) for said in page["sentences"]], page


def wanted(desk, question, incident=""):
    return [(s.text, list(s.entries)) for s in ask(
        desk.register, Question(question, incident)).sentences]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_now_and_as_it_was_known_then(day, question):
    file, first, whole, then_s = day
    incident = "second"
    which = ("--like" if question == "last" else "--incident", incident)
    now, page = told(question, *which, "--from", file)
    assert now == wanted(whole, question, incident)
    assert page["covers"].startswith("This register covers 2026-")
    then, page = told(question, *which, "--from", file, "--at", utc(then_s))
    assert then == wanted(first, question, incident)
    assert page["as_known_at"] == utc(then_s)
    if question != "last":
        now, _ = told(question, "--from", file)
        assert now == wanted(whole, question)
    assert any(entries for _, entries in now)


def test_the_answer_is_told_with_its_entries_and_what_the_register_covers(day):
    lines = run("record", "ask", "injuries", "--from", day[0]).stdout.splitlines()
    assert lines[0].startswith("first: injuries: none reported, according to The Western")
    assert lines[0].endswith("]")
    assert any(": how that changed: injuries: none reported" in line for line in lines)
    assert lines[-1].startswith("This register covers ")


def test_a_question_that_is_none_is_told_those_that_are(day):
    said = run("record", "ask", "culprit", "--from", day[0], status=2).stderr
    for question in QUESTIONS:
        assert question in said
