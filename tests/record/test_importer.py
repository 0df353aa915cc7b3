"""An article becomes a proposal that falls into none of the eleven traps and counts for
nothing until a person accepts it; what is hostile or broken stays words.
"""

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record.desk import Desk

from tocsin.errors import CallError, FormatError
from tocsin.model.proposals import Suggestion
from tocsin.record import Question, ask
from tocsin.record.importer import (
    acts_for,
    link_known,
    propose,
    read_rules,
    review,
    shipped_rules,
)
from tocsin.record.importer.rules import DEFAULT_RULES
from tocsin.record.importer.sentences import Sentence, sentences_of
from tocsin.record.importer.speakers import voices_of
from tocsin.record.words import TEXT_BLOCKS

ARTICLE = Path(__file__).with_name("article.html").read_bytes()


@pytest.fixture(scope="module")
def made():
    return propose(ARTICLE, "article.html")


def row(made, end):
    return next(r for r in made.rows if r.id.endswith(end))


def items(made, verb="assert", **fields):
    return [
        i for i in made.items
        if i.verb == verb and all(i.body.get(name) == value for name, value in fields.items())
    ]  # fmt: skip


def accept(desk, made, wanted=None):
    """Send the acts of the items as the page does: rows that are there are not sent again."""
    for item in wanted or made.items:
        for verb, body in acts_for(made, item.id):
            if body["id"] not in desk.register.rows:
                accepted, sentence = desk.try_act(verb, **body)
                assert accepted, sentence


# --- the eleven traps -----------------------------------------------------------------------


def test_1_silence_about_injuries_is_no_zero(made):
    (hurt,) = items(made, quantity="injuries")
    assert hurt.body["state"] == "none reported"
    assert "value" not in hurt.body
    assert len(hurt.body["about"]) == 2
    assert [s["source"] for s in hurt.body["chain"]] == [made.document.origin,
                                                         made.document.carrier]  # fmt: skip


def test_2_a_remark_about_a_state_makes_no_drone_that_states(made):
    assert items(made, quantity="origin") == []
    assert items(made, quantity="official attribution") == []
    (remark,) = [i for i in items(made, quantity="statement") if "flown" in i.body["verbatim"]]
    assert remark.body["about"] == [made.id]  # the text, no incident
    assert "analyst" in row(made, remark.body["chain"][0]["source"]).body["descriptor"]
    for incident in ("-i1", "-i2"):
        assert "origin: not stated" in row(made, incident).gaps


def test_3_words_of_the_headline_that_the_body_lacks_are_a_gap_and_no_statement(made):
    (gap,) = [g for g in made.gaps if g.startswith("the headline says")]
    assert "“foreign”" in gap
    assert "“military”" in gap
    heads = [at for at, block in enumerate(made.blocks) if block.kind == "headline"]
    assert heads
    assert not [i for i in made.items if i.span.block in heads]


def test_4_claimants_stay_apart_and_none_is_an_attribution(made):
    claims = {row(made, i.body["claimant"]).body.get("name", ""): i.body for i in
              items(made, "claim")}  # fmt: skip
    assert set(claims) == {"", "Karvelian Resistance Coalition", "Sons of the Ridge"}
    both = claims["Karvelian Resistance Coalition"]
    assert [i[-2:] for i in both["incidents"]] == ["i1", "i2"]
    assert both["together_with"].startswith("promised more “operations”")
    assert "“Federation occupation,”" in both["together_with"]
    assert [i[-2:] for i in claims["Sons of the Ridge"]["incidents"]] == ["i2"]
    assert [i[-2:] for i in claims[""]["incidents"]] == ["i2"]
    assert claims["Sons of the Ridge"]["chain"][0]["source"] == "src-northgate-news"
    assert claims[""]["chain"][0]["source"] == "src-meridian-wire"
    kinds = {(i.body["type"], i.body["from_id"], i.body["to_id"]) for i in
             items(made, "relate")}  # fmt: skip
    assert kinds == {
        ("part of", "act-sons-of-the-ridge", "act-karvelian-resistance-coalition"),
        ("backs", "act-sarmenia", "act-karvelian-resistance-coalition"),
    }


def test_5_one_official_stays_one_and_officials_stay_others(made):
    officials = [r for r in made.rows if r.body.get("kind") == "official"]
    assert [r.body["count_stated"] for r in officials] == ["one", "more than one"]
    one, more = officials
    assert len(one.where) == 2  # "a Federation defense official", "The official"
    assert (one.body["identity"], more.body["identity"]) == (
        "unnamed", "on condition of anonymity",
    )  # fmt: skip
    firsts = [i.body["chain"][0]["source"] for i in made.items]
    assert firsts.count(one.id) >= 2
    assert firsts.count(more.id) == 1


def test_6_the_base_is_not_put_into_the_city(made):
    second = row(made, "-i2").body
    assert second["site_name"] == "Dorrin Airfield"
    assert "Ashgar" not in second["site"]
    assert "lat" not in second
    assert "in the northern Karvelian city of Ashgar" in second["text"]
    assert any("not resolved" in gap for gap in row(made, "-i2").gaps)


def test_7_the_second_attack_gets_no_number_of_drones(made):
    second = row(made, "-i2").id
    assert not [i for i in items(made, quantity="drones") if second in i.body["about"]]
    assert "drones: not stated" in row(made, "-i2").gaps
    (first,) = items(made, quantity="drones")
    assert first.body["value"] == 2


def test_8_neither_wednesday_nor_march_is_dated(made):
    words = {t.time.verbatim: t.time for t in made.times}
    assert {"on Wednesday", "as of March"} <= set(words)
    for time_said in words.values():
        assert time_said.earliest_s is None
        assert time_said.why_unresolved
    assert "date: not stated" in row(made, "-i1").gaps


def test_9_hours_later_dates_the_report_and_not_the_attack(made):
    (foiled,) = items(made, value="foiled")
    assert foiled.body["said"]["verbatim"] == "hours later"
    assert "when" not in foiled.body
    assert row(made, "-i2").body["happened"] == {"why_unresolved": "the text does not say when"}


def test_10_trending_and_related_are_no_evidence(made):
    kinds = [block.kind for block in made.blocks]
    assert kinds.count("trending") == kinds.count("related") == 1
    titles = {link.title for link in made.links}
    assert titles == {"Harbour Strike Enters Third Week"}  # the same item twice
    assert not [i for i in made.items if made.blocks[i.span.block].kind not in TEXT_BLOCKS]
    assert not [i for i in made.items if "Harbour Strike" in i.body["verbatim"]]


def test_11_empty_tags_the_poll_and_the_conversation_are_kept(made):
    states = {b.kind: b.state for b in made.blocks if b.kind not in TEXT_BLOCKS}
    assert states["tags"] == "empty"
    assert states["poll placeholder"] == "did not render"
    assert states["conversation"] == "shown"
    assert made.document.tags == ()
    kinds = [b.kind for b in made.blocks]
    assert kinds.count("share") == 3
    assert {"wire label", "origin credit", "submit a correction"} <= set(kinds)
    assert next(b.text for b in made.blocks if b.kind == "poll placeholder") == "[quick_poll]"


# --- all of it can be represented --------------------------------------------------------


def visible_words(page):
    """What a reader sees, by a plain twin: tags, scripts and styles taken out."""
    body = page.decode().split("<body>")[1]
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", body).split()


def test_the_blocks_hold_every_visible_word_in_its_order(made):
    assert " ".join(b.text for b in made.blocks).split() == visible_words(ARTICLE)


def test_a_plain_text_is_rebuilt_from_its_blocks_to_the_byte():
    text = "\n\n".join(b.text for b in propose(ARTICLE, "a").blocks if b.kind == "paragraph")
    made = propose(text.encode(), "a.txt")
    assert "\n\n".join(b.text for b in made.blocks).encode() == text.encode()
    assert made.sha256 == __import__("hashlib").sha256(text.encode()).hexdigest()


def test_every_span_holds_its_words_and_every_sentence_of_the_body_is_in_an_item(made):
    for item in made.items:
        block = made.blocks[item.span.block].text
        assert block[item.span.start : item.span.end] == item.body["verbatim"]
    for at, block in enumerate(made.blocks):
        if block.kind == "paragraph":
            for sentence in sentences_of(at, block.text, []):
                assert any(i.span.block == at and i.span.start <= sentence.start
                           and sentence.end <= i.span.end for i in made.items)  # fmt: skip


def test_every_chain_is_ordered_and_ends_at_the_page_that_was_read(made):
    for item in made.items:
        names = [step["source"] for step in item.body["chain"]]
        assert len(names) == len(set(names))
        assert names[-2:] == ["src-prairie-ledger", "src-harbour-daily"]
    (two,) = items(made, quantity="drones")
    assert [s["source"].split("-", 2)[-1] for s in two.body["chain"]] == [
        "src1", "wire", "ledger", "daily",
    ]  # fmt: skip
    (first,) = items(made, value="Velm Air Base")
    step = first.body["chain"][1]
    assert step["source"] == "src-northgate-news"
    assert (step["explicit"], "position" in step["note"]) == (False, True)


def test_nothing_counts_before_a_person_and_all_of_it_can_be_accepted(made):
    desk = Desk()
    before = len(desk.register.rows)
    propose(ARTICLE, "article.html")
    assert len(desk.register.rows) == before == 0
    accept(desk, made)
    rows = desk.register.rows
    assert {i.id for i in made.items} <= set(rows)
    claims = ask(desk.register, Question("claims")).sentences
    assert len([c for c in claims if "Claimed" in c.text or "claimed" in c.text]) >= 3
    drones = ask(desk.register, Question("drones")).sentences
    assert any("2" in s.text for s in drones)
    only = ask(desk.register, Question("writer-only")).sentences
    assert any("injuries" in s.text for s in only)
    assert any("target" in s.text for s in only)


def test_a_known_source_is_put_in_the_place_of_a_proposed_one(made):
    desk = Desk()
    desk.act("add_source", id="mw", kind="agency", name="meridian wire")
    linked = link_known(made, desk.register)
    assert row(linked, "src-meridian-wire").existing == "mw"
    accept(desk, linked)
    assert "src-meridian-wire" not in desk.register.rows
    chain = desk.register.rows[items(made, quantity="drones")[0].id].versions[-1].noun.chain
    assert chain[1].source == "mw"


def test_a_claim_on_an_incident_that_does_not_exist_is_refused_and_writes_nothing(made):
    desk = Desk()
    claim = items(made, "claim")[0]
    wrong = review(made, "link", claim.body["incidents"][0], other="INC-1999-0001")
    acts = acts_for(wrong, claim.id)
    for verb, body in acts[:-1]:
        desk.act(verb, **body)
    count = len(desk.entries)
    accepted, sentence = desk.try_act(acts[-1][0], **acts[-1][1])
    assert not accepted
    assert "'INC-1999-0001' is not in the register" in sentence
    assert len(desk.entries) == count


# --- a person's review -----------------------------------------------------------------------


def test_split_and_merge_keep_the_words_and_the_chain(made):
    item = items(made, "claim")[1]
    at = item.span.start + item.body["verbatim"].index("and promised")
    parted = review(made, "split", item.id, at=at)
    halves = [i for i in parted.items if i.span.block == item.span.block and i.verb == "claim"]
    assert len(halves) == 2
    for half in halves:
        text = parted.blocks[half.span.block].text
        assert text[half.span.start : half.span.end] == half.body["verbatim"]
        assert half.body["chain"] == item.body["chain"]
    joined = review(parted, "merge", halves[0].id, other=halves[1].id)
    (again,) = [i for i in joined.items if i.id == item.id]
    assert again.body["verbatim"] == item.body["verbatim"]
    assert joined.revision == 2
    accept(Desk(), joined)


def test_a_rejected_item_is_marked_and_can_be_restored(made):
    name = made.items[0].id
    out = review(made, "reject", name)
    assert next(i for i in out.items if i.id == name).state == "rejected"
    assert next(i for i in review(out, "restore", name).items if i.id == name).state == "open"
    with pytest.raises(CallError, match="restore it first"):
        review(out, "split", name, at=5)


@pytest.mark.parametrize(("act", "fields", "words"), [
    ("split", {"at": 0}, "no place inside"),
    ("merge", {"other": "nobody"}, "no item 'nobody'"),
    ("sell", {}, "give one of reject"),
])  # fmt: skip
def test_a_review_that_cannot_be_is_a_sentence(made, act, fields, words):
    with pytest.raises(CallError, match=re.escape(words)):
        review(made, act, made.items[0].id, **fields)


# --- chains and rules ----------------------------------------------------------------------


@pytest.mark.parametrize(("text", "chain"), [
    ("Two were hit, according to Example Wire, which cited an unnamed official.",
     ["an unnamed official", "Example Wire"]),
    ("Example Wire, citing a senior military official, reported that it was over.",
     ["a senior military official", "Example Wire"]),
    ("A resident told the broadcaster TV Nord that it was loud.",
     ["A resident", "the broadcaster TV Nord"]),
    ("“It is over,” said a spokeswoman for the Ministry of Works.",
     ["a spokeswoman for the Ministry of Works"]),
    ("Coastal Times reported, quoting Example Wire, that two came.",
     ["Example Wire", "Coastal Times"]),
    ("It was one, according to an official cited by Example Wire.",
     ["an official", "Example Wire"]),
    ("Two people familiar with the matter said it was one.",
     ["Two people familiar with the matter"]),
    ("The base lies in the west.", []),
    ("A senior aide to the governor said the base was safe.",
     ["A senior aide to the governor"]),
    ("Police in Ostvale said one man was held.", ["Police in Ostvale"]),
    ("Two of the injured told him that it was loud.", ["Two of the injured"]),
    ("The number of people reported missing was three.", []),
    ("A drone said to be of foreign make crashed.", []),
    ("The runway was said to be closed.", []),
    ("The attack, the third this year, was announced on Monday.", []),
    ("“All quiet,” wrote the mayor on Friday.", ["the mayor"]),
    ("The commander of the base, speaking by telephone, confirmed the loss.",
     ["The commander of the base"]),
])  # fmt: skip
def test_who_speaks_through_whom_is_read_in_order(text, chain):
    voices = voices_of(Sentence(0, 0, len(text), text), shipped_rules())
    assert [voice.words for voice in voices] == chain


@pytest.mark.parametrize(("text", "quantity", "state", "value", "bound"), [
    ("Nobody was hurt, the commander said.", "injuries", "stated", 0, "exactly"),
    ("There were no reports of casualties.", "injuries", "none reported", None, "exactly"),
    ("No deaths or injuries were immediately reported.", "deaths", "none reported", None,
     "exactly"),
    ("At least three soldiers were wounded.", "injuries", "stated", 3, "at least"),
    ("Some 40 drones came.", "drones", "stated", 40, "about"),
    ("It caused minor injuries.", "injuries", "stated", "minor", "exactly"),
])  # fmt: skip
def test_a_quantity_is_read_with_its_state_and_bound(text, quantity, state, value, bound):
    made = propose(f"An article about the attack of the day.\n\n{text}".encode(), "a.txt")
    body = next(i.body for i in items(made, quantity=quantity))
    assert body.get("state", "stated") == state
    assert body.get("value") == value
    assert body.get("bound", "exactly") == bound


def test_where_an_unnamed_source_wrote_is_kept(made):
    analyst = next(r for r in made.rows if "analyst" in r.body.get("descriptor", ""))
    assert analyst.body["medium"] == "social media"


def test_rules_can_be_changed_and_a_broken_file_is_told():
    text = DEFAULT_RULES.read_text()
    changed = read_rules(text.replace('drones = ["drones",', 'drones = ["gliders",').encode(),
                         "mine.toml")  # fmt: skip
    made = propose(b"Two gliders were seen in the north, the police said.", "a.txt",
                   rules=changed)  # fmt: skip
    assert items(made, quantity="drones")[0].body["value"] == 2
    for bad, words in [("schema = 1", "schema 1"), ("schema = [", "cannot be read"),
                       ("schema = 2", "lack")]:  # fmt: skip
        with pytest.raises(CallError, match=re.escape(words)):
            read_rules(bad.encode(), "mine.toml")
    with pytest.raises(CallError, match=r"a pattern of mine\.toml is wrong"):
        read_rules(text.replace(r"(?:hurt|", "(((").replace(r"'\b(?:denied", "'((").encode(),
                   "mine.toml")  # fmt: skip


class Liar:
    name = "liar"

    def suggest(self, blocks):
        at = next(i for i, b in enumerate(blocks) if b.kind == "paragraph")
        words = blocks[at].text[:20]
        return [
            Suggestion(
                at, 0, 20, words, "drones", 2.0, incidents=(1,), speakers=("Some Desk",)
            ),
            Suggestion(at, 0, 20, "words that are not there", "drones", 9.0),
            Suggestion(0, 0, 4, blocks[0].text[:4], "drones", 9.0),
            Suggestion(at, 0, 20, words, "injuries", 0, state="none reported"),
            Suggestion(at, 0, 20, words, "drones", 1.0, incidents=(7,)),
        ]


def test_what_a_proposer_suggests_must_stand_in_the_text():
    made = propose(ARTICLE, "a.html", proposers=[Liar()])
    (kept,) = [i for i in made.items if "proposer liar" in i.rules]
    assert kept.body["value"] == 2.0
    assert len(made.refused) == 4
    assert made.proposers == ("rules", "liar")
    accept(Desk(), made, [kept])


# --- formats and bad input -------------------------------------------------------------------


def test_ninjs_and_rss_give_the_same_statements_as_the_page(made):
    page = ARTICLE.decode().split("<article>")[1].split("</article>")[0]
    ninjs = {"uri": "https://example.org/1", "headlines": [{"value": made.document.headline}],
             "bodies": [{"contentType": "text/html", "value": page}], "language": "en",
             "versionCreated": "2026-08-05T12:00:00Z"}  # fmt: skip
    rss = f"""<?xml version="1.0"?><rss version="2.0"><channel>
<title>Harbour Daily</title><item>
<title>{made.document.headline}</title><link>https://example.org/1</link>
<pubDate>Wed, 05 Aug 2026 12:00:00 GMT</pubDate>
<description><![CDATA[{page}]]></description></item></channel></rss>"""
    for data, kind in [(json.dumps(ninjs), "ninjs"), (rss, "rss")]:
        other = propose(data.encode(), "a")
        assert other.format == kind
        said = [(i.verb, i.body["verbatim"], i.body.get("quantity")) for i in other.items]
        assert said == [
            (i.verb, i.body["verbatim"], i.body.get("quantity")) for i in made.items
        ]
        assert other.document.published.earliest_s == 1_785_931_200.0


def test_an_article_of_10_mb_is_refused_with_a_sentence():
    with pytest.raises(FormatError, match=r"has 10.0 MB; an article has at most 2.1 MB"):
        propose(b"<p>" + b"x " * 5_000_000, "long.html")


def test_an_arabic_article_keeps_its_blocks_and_says_that_no_rule_reads_it():
    text = "<html lang='ar'><body><h1>خبر</h1><p>" + "اعترضت الدفاعات طائرتين مسيرتين. " * 5
    made = propose(text.encode(), "ar.html")
    assert made.items == ()
    assert made.blocks[1].text.startswith("اعترضت")
    assert "mark the statements by hand" in made.gaps[0]
    desk = Desk()
    for one in made.rows:
        desk.act(one.verb, **one.body)


def test_a_part_that_was_never_closed_does_not_swallow_the_article():
    long = "The base was attacked by two drones, a spokesman said. " * 6
    page = f"<div class='share-bar'><p>{long}</p><p>{long}</p>"
    made = propose(page.encode(), "broken.html")
    assert [b.kind for b in made.blocks] == ["paragraph", "paragraph"]


HOSTILE = [
    "<script>alert(1)</script><p>It was an attack.</p><p onclick='alert(1)'>The end of it.</p>",
    "<p>It was &lt;script&gt;alert(1)&lt;/script&gt; in the text.</p>",
    "<p>One<iframe src='javascript:alert(1)'>x</iframe> two <a href='javascript:alert(1)'>here"
    "</a></p>",
    "<svg><script>alert(1)</script></svg><p>After it all.</p>",
    "<p>a</p>" * 5_000,
    "<div>" * 20_000 + "deep words" + "</div>" * 20_000,
    "<!--" * 20_000 + "<p>x</p>",
    "<a <a <a " * 20_000,
    "<a " + " " * 200_000 + ">",
    "<script" * 20_000,
    "<" * 200_000,
    "<a href='" + "x" * 150_000,
    "&#x202e;&#0;&#27;[2J<p>marks\u202e of direction</p>",
    "<p>" + "according to a " * 12_000 + "</p>",
    "<p>" + "The A, " * 25_000 + "said</p>",
    "<p>" + "“" * 20_000 + "</p>",
    "<p>It was the end of it in the town" + "!" * 150_000 + "x</p>",
    "<p>" + "<a href='http://a.example'>w " * 20_000 + "</p>",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_markup_stays_words_and_takes_no_time(text):
    start = time.process_time()
    made = propose(b"<html><body>" + text.encode(), "hostile.html")
    assert time.process_time() - start < 3.0
    assert "alert" not in json.dumps(msgspec.to_builtins(made)) or "&lt;script" in text
    assert not [link for link in made.links if not link.url.startswith("http")]
    for block in made.blocks:
        assert all(c.isprintable() for c in block.text)
    assert len(made.blocks) <= 2_001


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode()))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_proposal_or_a_sentence(data):
    try:
        made = propose(b"<html>" + data, "any")
    except FormatError:
        return
    for item in made.items:
        text = made.blocks[item.span.block].text
        assert text[item.span.start : item.span.end] == item.body["verbatim"]


@pytest.mark.parametrize(("data", "words"), [
    (b"", "is empty"),
    (b"{", "is no JSON"),
    (b"{}", "neither bodies nor headlines"),
    (b"<rss><item></rss>", "no whole XML"),
    (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><rss/>', "defines entities"),
    (b"<?xml version='1.0'?><!--" + b"<a>" * 2_000 + b"--><!DOCTYPE x [<!ENTITY a 'b'>]><a/>",
     "defines entities"),
    (b"\xff\xfe\x00\xd8" * 3, "no text in"),
])  # fmt: skip
def test_what_is_no_article_is_refused_with_a_sentence(data, words):
    with pytest.raises(FormatError, match=re.escape(words)):
        propose(data, "bad")


def test_the_same_bytes_give_the_same_proposal(made):
    assert propose(ARTICLE, "article.html") == made
    assert replace(made, revision=1) != made
