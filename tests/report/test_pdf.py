"""A report as PDF: nothing of a quoted text is markup, and the bytes repeat."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import missing
from tests.report.raid import FIRST, SECRETS, raid

from tocsin import report
from tocsin.cli._outputs import pdf_of
from tocsin.errors import CallError
from tocsin.record import account
from tocsin.report.typeset import _string


@pytest.fixture(scope="module")
def typst():
    try:
        import typst
    except ImportError:
        missing("typst", "python -m pip install typst")
    return typst


def source(profile="public"):
    found = account(raid().register, FIRST)
    return report.typst_source(found, report.tell(found, profile))


def test_the_pdf_is_the_same_bytes_in_another_process(typst, tmp_path):
    made = pdf_of(source())
    assert made.startswith(b"%PDF-")
    (tmp_path / "a.typ").write_text(source())
    words = "import sys, typst; sys.stdout.buffer.write(typst.compile(sys.argv[1], format='pdf', ignore_system_fonts=True))"  # noqa: E501
    again = subprocess.run(
        [sys.executable, "-c", words, tmp_path / "a.typ"], capture_output=True, check=True
    )
    assert again.stdout == made


@given(st.text(max_size=60))
def test_a_text_is_one_string_whatever_stands_in_it(text):
    inner = _string(text)[1:-1]
    bare = inner.replace("\\\\", "").replace('\\"', "")
    assert '"' not in bare
    assert "\\" not in bare


def test_hostile_words_are_set_as_they_stand(typst):
    r = raid()
    words = '#panic("x") $ * _ ` \\ " @ <a> = / // /* #eval("1")'
    r.act("assert", about=[FIRST], quantity="noise", value="loud", verbatim=words,
          chain=[{"source": "ap"}])  # fmt: skip
    found = account(r.register, FIRST)
    assert pdf_of(report.typst_source(found, report.tell(found, "public"))).startswith(b"%PDF-")


def test_the_public_source_gives_nothing_away():
    for secret in SECRETS:
        assert secret.casefold() not in source().casefold()
    assert "rashid.amin" in source("internal")


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(CallError, match="needs the extra"):
        pdf_of(source())


@pytest.mark.parametrize(
    ("words", "set_as"),
    [
        ("first line\nsecond\r\nthird\tword", "first line second third word"),
        ("10\u00a0km; 1\u202f000\u3000m", "10\u00a0km; 1\u202f000\u3000m"),
        ("\u0645\u06cc\u200c\u0631\u0648\u062f \u0915\u094d\u200d",) * 2,  # joiners
        ("A\u202egnp.exe\u2066 \u001b[2J\x00B\ud800", "Agnp.exe [2JB"),
    ],
)
def test_words_are_set_with_their_spaces_and_joiners(words, set_as):
    assert _string(words) == f'"{set_as}"'


def test_a_corrections_letter_keeps_its_spaces_and_joiners():
    words = "10\u00a0km \u0645\u06cc\u200c\u0631\u0648\u062f"
    letter = f"tocsin correction 1\nincident: INC-1\nwrong: {words}\u202e\nright: a\tb\n"
    read = report.read_request(letter.encode(), "x")
    assert (read.wrong, read.right) == (words, "a b")
