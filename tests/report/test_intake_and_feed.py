"""Readers' corrections are checked and never trusted; the feed is well-formed Atom."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import FormatError
from tocsin.report import FeedItem, atom, read_request

GOOD = (
    "tocsin correction 1\nincident: INC-2026-0001\nas of entry: 57\nsentence: Drones: 2\n"
    "wrong: it were three\n and one came down later\nright: three\nsource: Reuters\n"
)


def test_a_correction_is_read_with_its_lines():
    request = read_request(GOOD.encode(), "x.txt")
    assert (request.incident, request.as_of, request.sentence) == (
        "INC-2026-0001",
        57,
        "Drones: 2",
    )
    assert request.wrong == "it were three\nand one came down later"
    assert request.contact == ""


BAD = [
    (b"", "first line"),
    (b"\xff\xfe\x00", "UTF-8"),
    (b"hello", "first line"),
    (b"x" * 30_000, "at most 20000"),
    (b"tocsin correction 1\nwrong: a\nright: b", "'incident'"),
    (b"tocsin correction 1\nincident: ../../etc\nwrong: a\nright: b", "no incident"),
    (b"tocsin correction 1\nincident: a\nwrong: what is wrong with it\nright: b", "'wrong'"),
    (b"tocsin correction 1\nincident: a\nincident: b\nwrong: a\nright: b", "twice"),
    (b"tocsin correction 1\nincident: a\nas of entry: -3\nwrong: a\nright: b", "no number"),
    (b"tocsin correction 1\nbuy now\nincident: a", "no field"),
]


@pytest.mark.parametrize(("data", "says"), BAD, ids=[s for _, s in BAD])
def test_what_is_no_correction_is_a_sentence(data, says):
    with pytest.raises(FormatError, match=says):
        read_request(data, "x.txt")


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data):
    for given_bytes in (data, GOOD.encode() + data):
        try:
            request = read_request(given_bytes, "x.txt")
        except FormatError:
            continue
        assert "\x1b" not in request.wrong + request.right + request.source


@given(st.text(), st.text())
def test_the_feed_parses_whatever_stands_in_it(title, summary):
    items = [
        FeedItem("https://example.org/a.html", title, summary, 1_785_931_207.0, ("drones",)),
        FeedItem("https://example.org/b.html", "B", "b", 1_785_999_999.0),
    ]
    text = atom(items, feed_id="https://example.org/", title="Incidents", author="A node",
                link="https://example.org/feed.atom")  # fmt: skip
    root = ElementTree.fromstring(text.encode("utf-8", "replace"))
    name = "{http://www.w3.org/2005/Atom}"
    # RFC 4287, 4.1.1 and 4.1.2: what a feed and an entry must have.
    for part in ("id", "title", "updated", "author"):
        assert root.find(name + part) is not None
    entries = root.findall(name + "entry")
    assert entries[0].find(name + "id").text.endswith("b.html")
    for entry in entries:
        for part in ("id", "title", "updated", "link"):
            assert entry.find(name + part) is not None
    assert entries[1].find(name + "updated").text == "2026-08-05T12:00:00Z"
