"""`tocsin record`, `report` and `publish` as a stranger runs them."""

import contextlib
import io
import json
import re
import shutil
import sqlite3
from xml.etree import ElementTree

import pytest
from tests.record.desk import Desk, enter_day
from tests.report.raid import FIRST, SECOND, T_S, raid

from tocsin.cli import main
from tocsin.model import Batch, Frame
from tocsin.service.journal import Header, Journal, Snapshot, Written


class Done:
    def __init__(self, stdout, stderr):
        self.stdout, self.stderr = stdout, stderr


def run(*words, status=0):
    """Run in this process: a start of Python for each of sixty calls takes a minute."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code or 0
    assert code == status, err.getvalue()
    return Done(out.getvalue(), err.getvalue())


def answer(*words, status=0):
    return json.loads(run(*words, "--json", status=status).stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    raid().write(folder / "node.jsonl")
    return folder


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """A real journal that holds the raid's ledger, in two steps."""
    folder = tmp_path_factory.mktemp("data") / "journal"
    entries = raid().entries
    header = Header(file=1, first_batch=1, chain=bytes(32), version="test", processor="test",
                    site="", where="", mode="live", live=True, opened_s=T_S, begun_s=T_S,
                    clock=(T_S, T_S, 1.0))  # fmt: skip
    book = Journal.begin(folder, header, Snapshot(0, T_S, b"", {}), entries[:5])
    batch = Batch(T_S + 1, (Frame("officer", 1, T_S + 1, b"{}"),))
    book.append([Written(1, batch, tuple(entries[5:]))])
    book.close()
    return folder.parent


def tampered(journal, folder, *statements):
    copy = folder / "copy"
    shutil.copytree(journal, copy)
    [file] = (copy / "journal").glob("*.sqlite")
    with sqlite3.connect(file) as db:
        for statement in statements:
            db.execute(statement)
    db.close()
    return copy


def test_a_journal_that_holds_says_so_and_its_export_is_the_same_ledger(journal, tmp_path):
    found = answer("record", "verify", journal)
    assert (found["ok"], found["first_bad"], found["entries"]) == (True, None, 38)
    exported = answer("record", "export", journal, "--out", tmp_path / "a.jsonl")
    assert exported["head"] == found["head"]
    assert answer("record", "verify", tmp_path / "a.jsonl")["head"] == found["head"]


TAMPERINGS = [
    ("changed", 24, "UPDATE entry SET body = replace(body, 'drone', 'kite') WHERE number = 24"),
    ("deleted", 12, "DELETE FROM entry WHERE number = 12"),
    ("moved", 8, "UPDATE entry SET number = 999 WHERE number = 8;"
                 "UPDATE entry SET number = 8 WHERE number = 9;"
                 "UPDATE entry SET number = 9 WHERE number = 999"),
    ("inserted", 38, "INSERT INTO entry SELECT 38, kind, recorded_s, body, digest FROM entry "
                     "WHERE number = 37"),
    ("clock set back", 30, "UPDATE entry SET recorded_s = recorded_s - 3600 WHERE number = 30"),
]  # fmt: skip


@pytest.mark.parametrize(("how", "bad", "sql"), TAMPERINGS, ids=[t[0] for t in TAMPERINGS])
def test_a_journal_that_was_tampered_with_names_the_first_bad_entry(
    journal, tmp_path, how, bad, sql
):
    copy = tampered(journal, tmp_path, *sql.split(";"))
    found = answer("record", "verify", copy, status=1)
    assert (found["ok"], found["first_bad"]) == (False, bad)
    refused = run("record", "ask", "order", "--from", copy, status=1)
    assert "nothing is told from it" in refused.stderr


def test_a_missing_tail_and_a_fork_show_against_what_was_kept(journal, tmp_path):
    (tmp_path / "kept.json").write_text(json.dumps(answer("record", "verify", journal)))
    run("record", "export", journal, "--out", tmp_path / "kept.jsonl")
    short = tampered(journal, tmp_path, "DELETE FROM entry WHERE number > 30")
    assert answer("record", "verify", short)["ok"]
    for kept in ("kept.json", "kept.jsonl"):
        found = answer("record", "verify", short, "--kept", tmp_path / kept, status=1)
        assert found["first_bad"] == 31
    fork = raid(approve=False)
    fork.act("add_actor", name="Somebody else")
    fork.write(tmp_path / "fork.jsonl")
    words = ("record", "verify", tmp_path / "fork.jsonl", "--kept", tmp_path / "kept.jsonl")
    found = answer(*words, status=1)
    assert found["first_bad"] == 34
    assert "fork begins here" in found["reason"]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("record", "verify", "/no/such"), 2, "there is no /no/such"),
        (("record", "ask", "why", "--from", "LEDGER"), 2, "is no question"),
        (("record", "ask", "last", "--from", "LEDGER"), 2, "--like"),
        (("record", "ask", "order", "--from", "LEDGER", "--at", "noon"), 2, "is no time"),
        (("record", "show", "INC-1", "--from", "LEDGER"), 2, "it holds INC-2026-0001"),
        (("record", "show", FIRST, "--from", "LEDGER", "--profile", "x"), 2, "profile 'x'"),
        (("record", "timeline", FIRST, "--from", "LEDGER", "--by", "x"), 2, "neither"),
        (("report", "INC-1", "--from", "LEDGER", "--out", "/tmp/x"), 2, "no incident"),
        (("report", FIRST, "--from", "LEDGER", "--out", "/no/such/x.html"), 2, "be written"),
        (("report", FIRST, "--from", "LEDGER", "--out", "x", "--format", "doc"), 2, "html"),
        (("publish", "/no/such", "--out", "x"), 2, "is no folder"),
        (("publish", "FOLDER", "--unsigned"), 2, "--out"),
        (("publish", "FOLDER", "--out", "x", "--base-url", "example.org"), 2, "web address"),
    ],
)
def test_a_bad_call_is_a_sentence(exports, words, status, says):
    ledger = {"LEDGER": exports / "node.jsonl", "FOLDER": exports}
    assert says in run(*(ledger.get(w, w) for w in words), status=status).stderr


def test_the_day_is_asked_from_an_export(tmp_path):
    desk = Desk()
    enter_day(desk)
    ledger = tmp_path / "day.jsonl"
    from tocsin.record import export_lines

    ledger.write_bytes(b"".join(export_lines(desk.entries)))
    order = answer("record", "ask", "order", "--from", ledger)
    assert [said["rows"] for said in order["sentences"]] == [["first"], ["second"]]
    last = answer("record", "ask", "last", "--like", "second", "--from", ledger)
    assert last["sentences"][0]["rows"] == ["first"]
    assert "covers" in last["covers"]
    early = answer("record", "ask", "drones", "--incident", "first", "--from", ledger,
                   "--at", desk.entries[0].recorded_s)  # fmt: skip
    assert "not in the register then" in early["sentences"][0]["text"]


def test_the_timeline_has_both_orders(exports):
    ledger = exports / "node.jsonl"
    happened = answer("record", "timeline", FIRST, "--from", ledger)["rows"]
    recorded = answer("record", "timeline", FIRST, "--from", ledger, "--by", "recorded")["rows"]
    assert happened[0]["text"].startswith("track ")
    assert sorted(map(str, happened)) == sorted(map(str, recorded))
    assert [row["entry"] for row in recorded] == sorted(row["entry"] for row in recorded)


def test_show_and_report_tell_the_same_sentences(exports, tmp_path):
    ledger, out = exports / "node.jsonl", tmp_path / "r.html"
    shown = answer("record", "show", FIRST, "--from", ledger)
    made = answer("report", FIRST, "--from", ledger, "--out", out)
    assert made["sentences"] == 1 + sum(len(s["lines"]) for s in shown["sections"])
    text = out.read_text()
    assert "Claimed by Islamic Resistance in Iraq according to AP" in text
    assert "<script" not in text
    then = tmp_path / "then.html"
    answer("report", FIRST, "--from", ledger, "--out", then, "--at", T_S + 500)
    assert "Islamic Resistance" not in then.read_text()


@pytest.mark.parametrize("format", ["ninjs", "jsonld", "prov", "csv", "gtd"])
def test_a_report_is_written_in_each_format(exports, tmp_path, format):
    out = tmp_path / "out"
    made = answer("report", FIRST, "--from", exports / "node.jsonl", "--out", out,
                  "--format", format, "--profile", "public")  # fmt: skip
    assert made["out"] == str(out)
    text = out.read_text()
    assert FIRST in text
    if format in ("ninjs", "jsonld", "prov"):
        json.loads(text)


def test_pages_and_feed_are_published_once_two_people_let_them_out(exports, tmp_path):
    base = "https://example.org/incidents"
    made = answer("publish", exports, "--unsigned", "--out", tmp_path, "--base-url", base,
                  "--contact", "desk@example.org", "--wire", "WIRE")  # fmt: skip
    assert made["pages"] == ["inc-2026-0001.html", "inc-2026-0002.html"]
    page = (tmp_path / "inc-2026-0001.html").read_text()
    for part in [
        f'<link rel="canonical" href="{base}/inc-2026-0001.html">', '<span class="wire">WIRE<',
        "mailto:desk@example.org", "tocsin correction 1", 'href="inc-2026-0002.html"',
        '<ul class="tags"',
    ]:  # fmt: skip
        assert part in page
    root = ElementTree.parse(tmp_path / "feed.atom").getroot()
    links = [e.get("href") for e in root.iter("{http://www.w3.org/2005/Atom}link")]
    assert f"{base}/inc-2026-0002.html" in links
    again = tmp_path / "again"
    answer("publish", exports, "--unsigned", "--out", again, "--base-url", base,
           "--contact", "desk@example.org", "--wire", "WIRE")  # fmt: skip
    assert (again / "inc-2026-0001.html").read_bytes() == page.encode()
    stem = "inc-2026-0001"
    for name in ("feed.atom", "feed.rss", "feed.json", f"{stem}.html", f"{stem}.ninjs.json",
                 f"{stem}.jsonld"):  # fmt: skip
        assert "it said two drones" in (tmp_path / name).read_text(), name  # what was wrong
    for name in (f"{stem}.prov.json", f"{stem}.csv", f"{stem}.gtd.csv"):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()
    for file in tmp_path.glob("*.*"):
        for secret in (b"rashid", b"flight-line", b"living-area", b"12:00:07", b"281474976"):
            assert secret not in file.read_bytes().lower()


def test_without_approvals_nothing_is_published_and_a_draft_says_that_it_is_one(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    raid(approve=False).write(folder / "node.jsonl")
    made = answer("publish", folder, "--unsigned", "--out", tmp_path / "out")
    assert (made["pages"], made["waiting"]) == ([], [FIRST, SECOND])
    made = answer("publish", folder, "--unsigned", "--out", tmp_path / "out", "--draft")
    assert len(made["drafts"]) == 2
    assert "DRAFT: two people" in (tmp_path / "out" / made["drafts"][0]).read_text()
    assert "<entry>" not in (tmp_path / "out" / "feed.atom").read_text()


def test_a_page_tells_the_state_that_was_approved(tmp_path):
    r = raid()
    r.act("correct", of="minor", wrong="minor", right="serious", changes={"value": "serious"})
    folder = tmp_path / "exports"
    folder.mkdir()
    r.write(folder / "node.jsonl")
    answer("publish", folder, "--unsigned", "--out", tmp_path / "out")
    assert "serious" not in (tmp_path / "out" / "inc-2026-0001.html").read_text()


def test_a_broken_export_is_named_and_nothing_is_published_from_it(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    file = raid().write(folder / "node.jsonl")
    file.write_bytes(re.sub(rb"Two drones", rb"Ten drones", file.read_bytes()))
    done = run("publish", folder, "--unsigned", "--out", tmp_path / "out", status=1)
    assert "node.jsonl" in done.stderr
    assert not list((tmp_path / "out").glob("inc-*.html"))


def test_a_readers_correction_is_put_aside_once_and_a_bad_one_not_at_all(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    raid().write(folder / "node.jsonl")
    letter = tmp_path / "letter.txt"
    letter.write_text(
        f"tocsin correction 1\nincident: {FIRST}\nwrong: three\nright: two\nsource: AP\n"
    )
    first = answer("publish", folder, "--intake", letter)
    again = answer("publish", folder, "--intake", letter)
    assert (first["new"], again["new"]) == (True, False)
    [kept] = (folder / "quarantine").iterdir()
    assert kept.read_bytes() == letter.read_bytes()
    letter.write_text("tocsin correction 1\nincident: INC-1999-0001\nwrong: a\nright: b\n")
    assert "not published" in run("publish", folder, "--intake", letter, status=1).stderr
    letter.write_text("hello")
    assert "first line" in run("publish", folder, "--intake", letter, status=1).stderr
    assert len(list((folder / "quarantine").iterdir())) == 1


def published(r, tmp_path, **more):
    folder = tmp_path / "exports"
    folder.mkdir(exist_ok=True)
    r.write(folder / "node.jsonl")
    out = tmp_path / "out"
    base = "https://example.org/incidents"
    return answer("publish", folder, "--unsigned", "--out", out, "--base-url", base), out


def let_out(r, state, **more):
    r.act("approve", incident=FIRST)
    as_of = len(r.entries) - 2
    r.act("approve", incident=FIRST, user="jonas.weiss", as_of=as_of)
    r.act("publish", incident=FIRST, state=state, **more)


OUTPUTS = ("inc-2026-0001.html", "inc-2026-0001.ninjs.json", "inc-2026-0001.jsonld",
           "inc-2026-0001.csv", "feed.atom", "feed.rss", "feed.json")  # fmt: skip


def test_a_correction_stands_in_every_output_and_a_withdrawal_leaves_nothing_else(tmp_path):
    r = raid(approve=False)
    sentence = {"text": "Minor injuries were reported.", "rests_on": ["minor"]}
    headline = "Minor injuries at Al Asad Air Base"
    r.act("publish", incident=FIRST, headline=headline, sentences=[sentence])
    let_out(r, "published")
    made, out = published(r, tmp_path)
    assert made["pages"] == ["inc-2026-0001.html"]
    page = (out / "inc-2026-0001.html").read_text()
    assert '<h1 dir="auto">Minor injuries at Al Asad Air Base</h1>' in page
    assert "Minor injuries were reported." in page
    let_out(r, "clarified", wrong="It read as if all had been hurt", right="Two were hurt")
    published(r, tmp_path)
    for name in OUTPUTS:
        text = (out / name).read_text()
        for words in ("It read as if all had been hurt", "Two were hurt"):
            assert words in text, name
    r.act("publish", incident=FIRST, state="withdrawn", wrong="It was another base")
    published(r, tmp_path)
    for name in OUTPUTS:
        text = (out / name).read_text()
        assert "It was another base" in text, name
        assert "Withdrawn" in text, name
        assert "Islamic Resistance" not in text, name
    made = json.loads((out / "inc-2026-0001.ninjs.json").read_text())
    assert made["pubStatus"] == "canceled"


def test_what_is_embargoed_or_scheduled_waits_for_its_time(tmp_path):
    r = raid(approve=False)
    let_out(r, "embargoed", not_before_s=9e9)
    made, out = published(r, tmp_path)
    assert FIRST in made["waiting"]
    assert not (out / "inc-2026-0001.html").exists()
    r.act("publish", incident=FIRST, state="published")
    made, _ = published(r, tmp_path)
    assert made["pages"] == ["inc-2026-0001.html"]


def test_most_read_and_a_question_stand_on_the_page_only_where_they_are_asked_for(tmp_path):
    folder, counts = tmp_path / "exports", tmp_path / "counts.csv"
    folder.mkdir()
    raid().write(folder / "node.jsonl")
    plain = tmp_path / "plain"
    answer("publish", folder, "--unsigned", "--out", plain, "--contact", "desk@example.org")
    page = (plain / "inc-2026-0001.html").read_text()
    assert "Most read" not in page
    assert "question" not in page
    counts.write_text("inc-2026-0001.html,12\ninc-2026-0002.html,57\nold.html,99\n")
    words = ("publish", folder, "--unsigned", "--out", plain, "--contact", "desk@example.org")
    answer(*words, "--counts", counts, "--question", "Did you hear <it>?")
    page = (plain / "inc-2026-0001.html").read_text()
    (links,) = re.findall(r"<h2>Most read</h2><ul>(.*?)</ul>", page)
    assert re.findall(r'href="([^"]*)"', links) == ["inc-2026-0002.html"]
    assert 'Did you hear &lt;it&gt;? <a href="mailto:desk@example.org' in page
    counts.write_text("inc-2026-0001.html;12\n")
    done = run(*words, "--counts", counts, status=1)
    assert "give a page and a number" in done.stderr


def test_letters_that_somebody_chose_are_shown_unless_they_name_what_is_withheld(tmp_path):
    folder, letters = tmp_path / "exports", tmp_path / "letters.toml"
    folder.mkdir()
    raid().write(folder / "node.jsonl")
    one = '[[letter]]\nincident = "INC-2026-0001"\nname = "A."\ntext = '
    letters.write_text(f"{one}'It <b>was</b> loud.'\n{one}'I stood at the flight-line.'\n")
    words = ("publish", folder, "--unsigned", "--out", tmp_path / "out", "--letters", letters)
    made = answer(*words)
    assert made["refused"] == ["a letter of A.: it names a zone"]
    page = (tmp_path / "out" / "inc-2026-0001.html").read_text()
    assert "It &lt;b&gt;was&lt;/b&gt; loud." in page
    assert "flight-line" not in page
    assert "Conversation" not in (tmp_path / "out" / "inc-2026-0002.html").read_text()
    letters.write_text("[[letter]]\nname = 1\n")
    assert "holds no letters" in run(*words, status=1).stderr
