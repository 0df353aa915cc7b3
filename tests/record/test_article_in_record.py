"""The synthetic article, accepted item by item: all of it is in the record, to the byte, with
every chain in its order and every gap told as a gap.
"""

import pytest
from tests.record.desk import Desk
from tests.record.test_importer import ARTICLE, accept, visible_words

from tocsin.record import Question, ask, rebuild
from tocsin.record.importer import link_known, propose


@pytest.fixture(scope="module")
def made():
    return propose(ARTICLE, "article.html")


@pytest.fixture(scope="module")
def desk(made):
    taken = Desk()
    accept(taken, made)
    return taken


def nouns(desk, *kinds):
    rows = rebuild(desk.entries).rows.values()
    return [row.versions[-1].noun for row in rows if row.kind in kinds]


def test_the_text_rebuilt_from_the_ledger_has_the_same_bytes(desk, made):
    [paper] = nouns(desk, "document")
    assert paper.blocks == made.blocks
    text = "\n\n".join(block.text for block in paper.blocks if block.text)
    assert text.encode() == "\n\n".join(b.text for b in made.blocks if b.text).encode()
    assert text.split() == visible_words(ARTICLE)
    again = propose(text.encode(), "article.txt")
    assert "\n\n".join(b.text for b in again.blocks if b.text).encode() == text.encode()


def test_every_statement_stands_in_the_text_where_its_span_says(desk):
    [paper] = nouns(desk, "document")
    told = nouns(desk, "assertion", "claim", "relation")
    assert len(told) == 18
    for noun in told:
        block = paper.blocks[noun.span.block].text
        assert block[noun.span.start : noun.span.end] == noun.verbatim


def test_every_chain_ends_at_the_writer_and_the_page_in_this_order(desk, made):
    proposed = {item.id: item.body["chain"] for item in made.items}
    for noun in nouns(desk, "assertion", "claim", "relation"):
        names = [step.source for step in noun.chain]
        assert names == [step["source"] for step in proposed[noun.id]]
        assert names[-2:] == ["src-prairie-ledger", "src-harbour-daily"]
        assert len(set(names)) == len(names)


def test_every_gap_of_the_article_is_told_when_the_record_is_asked(desk):
    told = [said.text for said in ask(desk.register, Question("gaps")).sentences]
    assert len(told) == len(set(told))
    for noun in nouns(desk, "assertion"):
        if noun.state != "stated":
            assert any(f": {noun.quantity}: {noun.state}" in text for text in told)
        if noun.when.verbatim:
            assert any(text.startswith(f"{noun.id}: the time it speaks of") for text in told)
    for noun in nouns(desk, "assertion", "claim", "relation"):
        hidden = [step for step in noun.chain if not step.explicit]
        found = [t for t in told if t.startswith(f"{noun.id}: the text does not name")]
        assert len(found) == len(hidden)
    first, second = (f"{nouns(desk, 'document')[0].id}-i{k}" for k in (1, 2))
    for incident in (first, second):
        assert any(t.startswith(f"{incident}: when it happened is not") for t in told)
        for quantity in ("drone type", "origin"):
            wanted = f"{incident}: nobody in the register says anything about {quantity}"
            assert any(text.startswith(wanted) for text in told)
    assert f"{second}: nobody in the register says anything about drones: unknown." in told
    assert not any(t.startswith(f"{first}: nobody in the register says anything about drones:")
                   for t in told)  # fmt: skip
    for part in ("tags is kept: empty", "poll placeholder is kept: did not render"):
        assert any(part in text for text in told)


def test_the_base_is_a_place_with_the_words_of_the_text_and_no_position(desk, made):
    places = {place.name: place for place in nouns(desk, "place")}
    assert set(places) == {"Velm Air Base", "Dorrin Airfield"}
    base = places["Dorrin Airfield"]
    assert base.as_stated == "Dorrin Airfield in the northern Karvelian city of Ashgar"
    assert (base.lat, base.parent) == (None, "")
    second = nouns(desk, "incident")[1]
    assert second.place == base.id


def test_a_place_that_the_register_knows_takes_the_place_of_the_proposed_one(made):
    desk = Desk()
    desk.act("add_place", id="dorrin", name="Dorrin Field", aliases=["Dorrin Airfield"])
    linked = link_known(made, desk.register)
    accept(desk, linked)
    assert [p.id for p in nouns(desk, "place")] == ["dorrin", f"{made.id}-p1"]
    assert nouns(desk, "incident")[1].place == "dorrin"
