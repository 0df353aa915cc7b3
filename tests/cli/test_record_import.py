"""`tocsin record import`: a file to a proposal, and sentences for what cannot be one."""

import json
from pathlib import Path

import pytest

from tocsin.cli import main

ARTICLE = Path(__file__).parents[1] / "record" / "article.html"


def run(capsys, *words):
    with pytest.raises(SystemExit) as done:
        main(["record", "import", *map(str, words)])
    out = capsys.readouterr()
    return done.value.code or 0, out.out, out.err


def test_an_article_is_printed_as_a_proposal(capsys):
    status, out, _ = run(capsys, ARTICLE, "--json")
    made = json.loads(out.splitlines()[-1])
    assert status == 0
    assert (made["format"], len(made["items"])) == ("html", 18)
    status, out, _ = run(capsys, ARTICLE)
    assert status == 0
    assert "Nothing was recorded." in out
    assert "claim by Sons of the Ridge" in out
    assert "Northgate News, through The Prairie Ledger, through Harbour Daily" in out
    assert "injuries: none reported" in out


def test_what_cannot_be_read_is_a_sentence_and_a_status(capsys, tmp_path):
    long = tmp_path / "long.html"
    long.write_bytes(b"<p>" + b"x " * 5_000_000)
    status, _, words = run(capsys, long)
    assert status == 1
    assert "an article has at most" in words
    status, _, words = run(capsys, tmp_path / "nothing.html")
    assert status == 2
    assert "cannot be read" in words
    status, _, words = run(capsys, ARTICLE, "--proposer", "nobody")
    assert status == 2
    assert "there is no proposer 'nobody'" in words
