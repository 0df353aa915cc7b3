"""Places, evidence and custody: entered, kept as said, and refused with a sentence."""

import pytest
from tests.record.desk import Desk, chain, enter_day

from tocsin.codec.snapshot import freeze, thaw
from tocsin.record import rebuild, summaries

DIGEST, OTHER = "a" * 64, "b" * 64


def at(earliest_s):
    return {"earliest_s": earliest_s, "latest_s": earliest_s, "resolved_by": "the logbook"}


def enter_things(desk):
    """The second base as it was told and as it is, and a recording with its way."""
    desk.act("add_place", id="erbil", name="Erbil", kind="town")
    desk.act("add_place", id="north", name="northern Iraq", kind="region")
    desk.act("add_place", id="harir", name="al-Harir (Bashur Airfield)", kind="base",
             as_stated="in the northern Iraqi city of Erbil", parent="north",
             lat=36.5337, lon=44.3399, uncertainty_m=500.0, aliases=["Bashur", "ORBR"],
             position_source="an aerodrome chart", note="some 50 km from Erbil")  # fmt: skip
    desk.act("correct", of="second", wrong="it had no place", right="it is al-Harir",
             changes={"place": "harir", "lat": None, "lon": None})  # fmt: skip
    desk.act("add_evidence", id="tape", name="radar recording", sha256=DIGEST, about=["second"],
             size_bytes=1234, captured=at(desk.now_s - 500))  # fmt: skip
    desk.act("hand_on", id="step-1", of="tape", action="taken", holder="duty officer",
             at=at(desk.now_s - 400), sha256=DIGEST)  # fmt: skip
    desk.act("hand_on", id="step-2", of="tape", action="examined", holder="the laboratory",
             at=at(desk.now_s - 300), sha256=OTHER)  # fmt: skip


@pytest.fixture(scope="module")
def desk():
    made = Desk()
    enter_day(made)
    enter_things(made)
    return made


def test_the_place_as_stated_stands_beside_where_it_is(desk):
    place = desk.register.rows["harir"].versions[-1].noun
    assert place.as_stated == "in the northern Iraqi city of Erbil"
    assert (place.lat, place.parent) == (36.5337, "north")
    row = next(s for s in summaries(desk.register) if s.id == "second")
    assert (row.lat, row.lon) == (36.5337, 44.3399)


def test_what_was_entered_is_rebuilt_from_the_entries_and_comes_back_from_a_snapshot(desk):
    assert rebuild(desk.entries) == desk.register
    assert thaw(freeze(desk.register)) == desk.register


def test_a_digest_that_differs_is_recorded_and_the_order_of_steps_is_kept(desk):
    steps = [desk.register.rows[f"step-{k}"].versions[-1].noun for k in (1, 2)]
    assert [s.sha256 for s in steps] == [DIGEST, OTHER]
    assert [s.holder for s in steps] == ["duty officer", "the laboratory"]


REFUSED = [
    ("add_place", {"name": " "}, "as_stated"),
    ("add_place", {"name": "x", "lat": 5.0}, "both lat and lon"),
    ("add_place", {"name": "x", "lat": 95.0, "lon": 5.0, "position_source": "a"}, "no place"),
    ("add_place", {"name": "x", "lat": 5.0, "lon": 5.0}, "position_source"),
    ("add_place", {"name": "x", "uncertainty_m": -1.0}, "give metres"),
    ("add_place", {"name": "x", "parent": "ap"}, "must be a place"),
    ("add_place", {"name": "x", "parent": "nowhere"}, "record the place first"),
    ("add_evidence", {"name": ""}, "needs a name"),
    ("add_evidence", {"name": "x"}, "by the sha256"),
    ("add_evidence", {"name": "x", "sha256": "A" * 64}, "is no SHA-256"),
    ("add_evidence", {"name": "x", "mark": "1", "about": ["none"]}, "not in the register"),
    ("add_evidence", {"name": "x", "mark": "1", "kind": "rumour"}, "none of"),
    ("add_evidence", {"name": "x", "mark": "1", "size_bytes": -1}, "cannot be"),
    ("hand_on", {"of": "ap", "action": "taken", "holder": "x"}, "must be an evidence"),
    ("hand_on", {"of": "tape", "action": "lost", "holder": "x"}, "none of"),
    ("hand_on", {"of": "tape", "action": "stored", "holder": " "}, "`holder`"),
    ("hand_on", {"of": "tape", "action": "stored", "holder": "x", "sha256": "1"}, "no SHA-256"),
    ("hand_on", {"of": "tape", "action": "stored", "holder": "x", "at": at(1.7e9)},
     "before the one before it (step-2)"),
    ("open_incident", {"site": "x", "place": "nowhere"}, "the place 'nowhere'"),
    ("assert", {"about": ["second"], "quantity": "place", "value": "x", "verbatim": "x",
                "chain": chain("ap"), "place": "ap"}, "must be a place"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "body", "says"), REFUSED, ids=lambda v: str(v)[:50])
def test_what_cannot_be_is_a_sentence_and_nothing_is_written(desk, verb, body, says):
    before = (freeze(desk.register), desk.chain.head, desk.chain.count)
    accepted, sentence = desk.try_act(verb, **body)
    assert not accepted
    assert says in sentence
    assert (freeze(desk.register), desk.chain.head, desk.chain.count) == before


def test_nothing_follows_a_destruction_until_that_step_is_corrected():
    desk = Desk()
    desk.act("add_evidence", id="wing", name="a piece of a wing", kind="object", mark="bag 7")
    desk.act("hand_on", id="end", of="wing", action="destroyed", holder="nobody")
    accepted, sentence = desk.try_act("hand_on", of="wing", action="stored", holder="store 2")
    assert not accepted
    assert "was destroyed (end)" in sentence
    desk.act("correct", of="end", wrong="it was not destroyed", right="it was stored",
             changes={"action": "stored", "holder": "store 1"})  # fmt: skip
    desk.act("hand_on", of="wing", action="examined", holder="store 2")
