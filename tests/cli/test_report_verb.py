"""`tocsin report`: writes what its file's name says, over no ledger, and gives nothing away."""

import pytest
from tests.cli.test_record_proof import folder_of
from tests.cli.test_record_verbs import answer, run
from tests.record.desk import chain
from tests.report.raid import FIRST, raid


@pytest.fixture
def ledger(tmp_path):
    return raid().write(tmp_path / "node.jsonl")


def refused(ledger, out, *more, status=2):
    return run("report", FIRST, "--from", ledger, "--out", out, *more, status=status).stderr


def test_a_report_is_never_written_over_a_ledger(ledger, tmp_path):
    before = ledger.read_bytes()
    other = tmp_path / "other.jsonl"
    other.write_bytes(before)
    for out in (ledger, tmp_path / "." / ledger.name, other):
        assert "is a ledger" in refused(ledger, out)
    assert ledger.read_bytes() == other.read_bytes() == before


def test_a_report_is_not_written_among_the_data_of_a_watch(tmp_path):
    data = folder_of(raid().entries, tmp_path / "watch")
    [journal] = (data / "journal").glob("*.sqlite")
    for source in (data, data / "journal", journal):
        for out in (data / "report.html", data / "journal" / "report.html", journal):
            words = refused(source, out)
            assert "lies inside" in words or "is a ledger" in words
    assert not list(data.rglob("report.html"))
    run("report", FIRST, "--from", data, "--out", tmp_path / "report.html")


@pytest.mark.parametrize(
    ("name", "asked", "begins"),
    [
        ("r.html", "", b"<!doctype html>"), ("r", "", b"<!doctype html>"),
        ("r.csv", "", b"section,"), ("r.gtd.csv", "", b"eventid,"),
        ("r.csv", "gtd", b"eventid,"), ("R.JSONLD", "", b"{"), ("r.json", "ninjs", b"{"),
        ("r.xml", "", b"<?xml"), ("r.txt", "csv", b"section,"),
    ],
)  # fmt: skip
def test_the_ending_of_its_name_says_the_format(ledger, tmp_path, name, asked, begins):
    more = ("--format", asked) if asked else ()
    run("report", FIRST, "--from", ledger, "--out", tmp_path / name, *more)
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("name", "asked", "says"),
    [
        ("r.pdf", "html", "another format than html: pdf"),
        ("r.html", "csv", "another format than csv: html"),
        ("r.prov.json", "ninjs", "another format than ninjs: prov"),
        ("r.gtd.csv", "csv", "another format than csv: gtd"),
        ("r.json", "", "may be ninjs or prov or jsonld; give --format"),
        ("r.html", "doc", "there is no format 'doc'"),
    ],
)
def test_a_name_of_another_format_is_refused(ledger, tmp_path, name, asked, says):
    more = ("--format", asked) if asked else ()
    assert says in refused(ledger, tmp_path / name, *more)
    assert not (tmp_path / name).exists()


def test_what_an_editor_marked_public_and_names_a_zone_all_the_same_is_refused(tmp_path):
    r = raid(approve=False)
    r.act("assert", id="hit", about=[FIRST], quantity="place hit", value="the Fuel zone",
          verbatim="it was hit", chain=chain("reuters"), audience="public")  # fmt: skip
    ledger, out = r.write(tmp_path / "node.jsonl"), tmp_path / "r.html"
    words = refused(ledger, out, "--profile", "public", status=1)
    assert "the report for public use would give away a zone" in words
    assert not out.exists()
    assert answer("report", FIRST, "--from", ledger, "--out", out, "--profile", "partner")


def test_what_published_words_name_themselves_is_told(tmp_path):
    r = raid(approve=False)
    r.act("assert", id="hit", about=[FIRST], quantity="place hit", value="the Fuel zone",
          verbatim="the Fuel zone was hit", chain=chain("reuters"),
          audience="public")  # fmt: skip
    out = tmp_path / "r.csv"
    run("report", FIRST, "--from", r.write(tmp_path / "node.jsonl"), "--out", out,
        "--profile", "public")  # fmt: skip
    assert "Fuel zone was hit" in out.read_text()
