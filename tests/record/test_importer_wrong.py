"""What an importer must not say: a number that is none, a contrary, a claim of nobody; and
bytes that are no article end in a sentence.
"""

import gzip
import json
import time

import pytest

from tocsin.errors import FormatError
from tocsin.record.importer import propose

LEAD = "The attack on the base was in the north of the land, the army said. "
TEXT = LEAD + "Two drones were shot down."


def read(sentence):
    """Items of one sentence after a lead that makes the text an English one of an attack."""
    made = propose((LEAD + sentence).encode(), "a.txt")
    return [i for i in made.items if "in the north of the land" not in i.body["verbatim"]]


def counted(sentence):
    return [
        (i.body["quantity"], i.body["value"], i.body.get("bound", "exactly"))
        for i in read(sentence) if i.rules == ("count",)
    ]  # fmt: skip


@pytest.mark.parametrize("words", [
    "2.5 drones", "$3 drones", "$3 million drones", "At 21:30 drones", "At 9.30 drones",
    "About 1 500 drones", "Two hundred drones", "Twenty two drones", "Twenty-two drones",
    "More than 3 million drones", "From three to five drones", "In 2024 drones",
    "On March 3 drones", "The No. 3 drones", "The F-16 drones", "1.500 drones",
])  # fmt: skip
def test_what_is_no_plain_number_is_no_number(words):
    assert counted(f"{words} were seen over the town.") == []


def test_a_number_that_no_rule_reads_is_a_gap():
    (item,) = read("Two hundred drones were fired.")
    assert "“Two”: a number stands here that no rule reads" in item.gaps
    for sentence, word in [
        ("Two drones, not three, were seen.", "three"),
        ("Two, not three, drones were seen.", "Two"),
        ("Three drones, four according to the army, were seen.", "four"),
        ("Air defence crews shot down six of them.", "six"),
    ]:
        assert f"“{word}”: a number stands here that no rule reads" in read(sentence)[0].gaps
    assert not [g for i in read("Two officials said three drones were seen at 4 a.m.")
                for g in i.gaps if "no rule reads" in g]  # fmt: skip


@pytest.mark.parametrize("words", [
    "3-4", "3–4", "Three to four", "Three or four", "Between three and four",
])  # fmt: skip
def test_a_range_is_at_least_its_first_and_at_most_its_last(words):
    assert counted(f"{words} drones were seen.") == [
        ("drones", 3.0, "at least"), ("drones", 4.0, "at most"),
    ]  # fmt: skip


@pytest.mark.parametrize(("words", "bound"), [
    ("No more than", "at most"), ("Not more than", "at most"), ("Less than", "at most"),
    ("Under", "at most"), ("As many as", "at most"), ("A maximum of", "at most"),
    ("No fewer than", "at least"), ("Not less than", "at least"), ("A minimum of", "at least"),
    ("An estimated", "about"),
])  # fmt: skip
def test_a_bound_is_read_and_is_no_negation(words, bound):
    sentence = f"{words} ten drones were seen."
    assert counted(sentence) == [("drones", 10.0, bound)]
    assert read(sentence)[0].gaps == ()
    assert len(read(sentence)[0].body["chain"]) == 2  # nobody is named "An" who estimated


@pytest.mark.parametrize(("sentence", "word"), [
    ("The blast did not kill three soldiers.", "not"),
    ("If two drones had come, the base would have closed.", "If"),
    ("The army could not confirm that two drones were seen.", "not"),
    ("The army denied that two soldiers were wounded.", "denied"),
    ("Two drones weren’t intercepted by the army.", "weren’t"),
    ("No official said that two drones were seen.", "No"),
    ("If the Lantern Front claimed responsibility for the attack, it lied.", "If"),
])  # fmt: skip
def test_a_negation_or_a_condition_is_a_gap(sentence, word):
    gap = f"“{word}” stands in the sentence: do the words say it, or deny it?"
    assert all(gap in item.gaps for item in read(sentence))


def test_a_negation_of_another_clause_or_of_a_name_is_none():
    for sentence in [
        "Two drones were seen; none was identified.",
        "Two drones were seen, said an official who asked not to be named.",
    ]:
        assert not [g for i in read(sentence) for g in i.gaps if "or deny it" in g]


@pytest.mark.parametrize("who", ["No group", "Nobody", "Neither group", "None of the groups"])
def test_nobody_claims_nothing(who):
    items = read(f"{who} claimed responsibility for the attack on the base.")
    assert [i.body.get("quantity") for i in items] == ["statement"]


def test_who_says_it_is_not_what_is_counted():
    assert counted("Two officials said three drones were seen.") == [("drones", 3.0, "exactly")]
    assert counted("Two officials said drones were seen.") == []


def test_who_did_it_is_not_who_was_hurt():
    assert counted("Three drones wounded two soldiers.") == [
        ("injuries", 2.0, "exactly"),
        ("drones", 3.0, "exactly"),
    ]
    assert ("deaths", 2.0, "exactly") not in counted("Two soldiers killed three militants.")
    assert counted("The attack killed at least three people and wounded four.") == [
        ("deaths", 3.0, "at least"), ("injuries", 4.0, "exactly"),
    ]  # fmt: skip


@pytest.mark.parametrize("part", [
    "two to ", "between two and ", "no more than ", "killed two ", "2 500 ", "not ", "3-",
    "if ",
])  # fmt: skip
def test_a_long_run_of_numbers_takes_no_time(part):
    start = time.process_time()
    propose((LEAD + part * (90_000 // len(part))).encode(), "a.txt")
    assert time.process_time() - start < 3.0


# --- formats ---------------------------------------------------------------------------------


def rss(inner):
    return (
        '<?xml version="1.0"?><rss xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>Harbour Daily</title><item>{inner}</item></channel></rss>"
    ).encode()


def test_the_title_of_a_picture_is_not_that_of_the_article():
    made = propose(
        rss(
            f"<title>Own</title><media:title>A ship</media:title><description>{TEXT}"
            "</description><media:description>Sea</media:description>"
        ),
        "a",
    )
    assert made.document.headline == "Own"
    assert TEXT in made.blocks[1].text


def test_the_address_is_the_pages_and_a_web_one():
    assert propose(rss(f"<link>javascript:alert(1)</link><description>{TEXT}</description>"),
                   "a").document.url == ""  # fmt: skip
    atom = ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title>'
            '<link rel="alternate" href="https://a.example/page"/>'
            '<link rel="enclosure" href="https://a.example/sound"/>'
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
            f"<p>{TEXT}</p></div></content></entry></feed>")  # fmt: skip
    made = propose(atom.encode(), "a")
    assert made.document.url == "https://a.example/page"
    assert [b.text for b in made.blocks] == ["T", TEXT]


def test_ninjs_with_nulls_is_read_and_one_that_was_drawn_back_says_so():
    body = {"headline": "H", "body_text": TEXT, "bodies": None, "headlines": None,
            "infoSources": 3, "subjects": None, "language": None}  # fmt: skip
    made = propose(json.dumps(body).encode(), "a")
    assert made.blocks[1].text == TEXT
    for status in ("canceled", "withheld"):
        made = propose(json.dumps({**body, "pubstatus": status}).encode(), "a")
        assert f"its sender marks it “{status}”: ask whether it may be used at all" in made.gaps


@pytest.mark.parametrize(("data", "words"), [
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is no JSON"),
    (b"<rss>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</rss>", "nests"),
    (b'<html><meta charset="undefined"><p>\xff', "no text in undefined"),
    (b"%PDF-1.4 the text of it", "is a PDF"),
    (b"PK\x03\x04 word/document.xml", "a Word file"),
    (gzip.compress(TEXT.encode(), mtime=0), "gzip"),
], ids=range(6))  # fmt: skip
def test_what_cannot_be_read_is_told_in_a_sentence(data, words):
    with pytest.raises(FormatError, match=words):
        propose(data, "a")


def test_declared_encodings_and_marks_of_utf_16_are_honoured():
    page = f"<html><body><h1>Café</h1><p>{TEXT}</p></body></html>"
    declared = '<?xml version="1.0" encoding="iso-8859-1"?>'
    for data in [(declared + page).encode("latin-1"), page.encode("utf-16"),
                 b"\xfe\xff" + page.encode("utf-16-be")]:  # fmt: skip
        made = propose(data, "a")
        assert (made.format, [b.text for b in made.blocks]) == ("html", ["Café", TEXT])


def test_the_date_of_the_page_wins_over_a_time_in_its_text():
    page = (
        '<p>It was on <time datetime="2020-01-01">that day</time>.</p><meta '
        f'property="article:published_time" content="2026-03-13T06:40:00Z"><p>{TEXT}'
    )
    made = propose(b"<html>" + page.encode(), "a")
    assert made.document.published.verbatim == "2026-03-13T06:40:00Z"


@pytest.mark.parametrize("mark", ["hidden", 'aria-hidden="true"', 'style="Display : none"'])
def test_what_a_page_does_not_show_is_no_evidence(mark):
    long = "Nine drones were shot down by the army. " * 8
    page = f"<html lang=en><p {mark}>{long}<p>{TEXT}</p><div {mark}><p>{long}</p></div>"
    made = propose(page.encode(), "a")
    assert {i.body["verbatim"] for i in made.items if "Nine" in i.body["verbatim"]} == set()
    assert [(b.kind, b.state) for b in made.blocks] == [
        ("other", "not shown"), ("paragraph", ""), ("other", "not shown"),
    ]  # fmt: skip
