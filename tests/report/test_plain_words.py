"""Words of others turn no sentence of a page, and begin no formula in a table."""

import csv
import io

from tests.report.raid import FIRST, chain, raid

from tocsin import report
from tocsin.cli._outputs import other_outputs
from tocsin.record import account
from tocsin.report.page import Edition
from tocsin.report.rows import _cells

TURN = "\u202e"


def told(r, profile):
    found = account(r.register, FIRST)
    telling = report.tell(found, profile)
    kept = report.told(found, profile)
    made = other_outputs(found, telling, kept, report.release_of(found))
    edition = Edition(letters=((f"A{TURN}", f"so{TURN}"),), tags=(TURN,))
    made["html"] = report.page(found, telling, edition)
    return telling, made


def test_no_name_and_no_quote_turns_what_follows_it():
    r = raid(approve=False)
    r.act("add_source", id="turned", kind="agency", name=f"Halden Wire{TURN}")
    r.act("add_actor", id="band", name=f"The band{TURN}")
    r.act("assert", id="t1", about=[FIRST], quantity="noise level", value=f"lo{TURN}w",
          verbatim=f"it was\u2066 low{TURN}", chain=chain("turned", "journal"))  # fmt: skip
    r.act("claim", id="t2", claimant="band", incidents=[FIRST], verbatim=f"us{TURN}",
          chain=chain("turned"))  # fmt: skip
    r.act(
        "correct", of=FIRST, wrong=f"a{TURN}", right="b", changes={"site_name": f"Al{TURN}As"}
    )
    for profile in ("public", "partner", "internal"):
        telling, made = told(r, profile)
        assert "Halden Wire" in made["html"]
        for name, text in {**made, "telling": str(telling)}.items():
            assert not set(text) & {TURN, "\u2066"}, (profile, name)
            assert "\\u202e" not in text.casefold(), (profile, name)


def test_a_mark_inside_a_withheld_name_does_not_hide_it():
    hidden = {"maria stone": "the name of a person"}
    assert report.found_in(f"said Ma{TURN}ria\nStone.", hidden) == ("maria stone",)


def test_no_cell_is_taken_for_a_formula():
    said = ["=1", " =1", "\r=1", "\n+1", "\t@x", "-1", "\uff1d1", "\uff20x", "\u3000\uff0b1"]
    cells = _cells(*said)
    assert all(cell.startswith("'") for cell in cells)
    assert _cells("a=1", "", " b") == ["a=1", "", " b"]
    (row,) = csv.reader(io.StringIO(",".join(cells), newline=""))
    assert row == cells


def test_a_long_word_of_a_page_breaks():
    _, made = told(raid(approve=False), "public")
    body = made["html"].partition("\nbody{")[2].partition("}")[0]
    assert "overflow-wrap:anywhere" in body
