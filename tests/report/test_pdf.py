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
