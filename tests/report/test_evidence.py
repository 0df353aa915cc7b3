"""The evidence sheet: a suspension told from the entries that the watch itself wrote."""

import json
import re

import pytest
from tests.alert.test_operations import AWAY, MET, OVER, Field
from tests.threat.skies import drone, traffic

from tocsin import record
from tocsin.model import AlertEvent, track_label
from tocsin.report import evidence_page, suspensions

NAMES = {("field", "runway"): "Runway 26", ("field", "final"): "final runway 26"}
NEAR = drone(1, (4500.0, 0.0, 240.0))


def entries_of(field, *, identity=True):
    """Return the ledger of a field: its events, and what its track was taken for."""
    chain, first = record.open_chain("live", field.now_s - 3600, {})
    found = [first, *record.note_alerts_into(chain, field.events, field.now_s)]
    if identity:
        body = {"track": "1", "label": "drone_multirotor", "p": [0.9, 0.02, 0.0], "none": 0.08,
                "conflict": 0.0, "cooperative": False}  # fmt: skip
        found.append(record.append_into(chain, "identity", field.now_s, body))
    return found


def sheet(field, suspension="O-1-1", **more):
    page = evidence_page(
        entries_of(field, **more), suspension, site_names={"field": "Field"},
        place_names=NAMES, operations="Runway operations",
    )  # fmt: skip
    assert page is not None
    return page


def part(page, title):
    """Return the text of a section without its tags."""
    found = re.search(rf"<h2>{title}</h2>(.*?)</section>", page, re.S)
    assert found, title
    return re.sub(r"<[^>]+>", " ", found[1])


@pytest.fixture
def field():
    field = Field().look(OVER, seconds=4)
    field.act("suspend", reason="drone over the <runway>")
    return field


def test_a_sheet_tells_what_was_seen_how_surely_and_what_was_decided_and_by_whom(field):
    field.look(NEAR, traffic(), seconds=4).look(AWAY, seconds=15)
    assert field.act("resume", user="duty", reason="searched", criteria=MET)[0]
    page = sheet(field)
    assert "Evidence sheet O-1-1: Runway operations, Field" in page
    assert "It rests on what sensors saw." in page
    decided = part(page, "What was decided")
    assert "by officer" in decided
    assert "said to be met: Runway inspected; Tower agrees" in decided
    assert "last seen inside at" in decided
    seen = part(page, "What sensors saw")
    assert "volume entered, Runway 26" in seen
    assert "one standard deviation" in seen
    assert "Tower, North field watch." in seen
    sure = part(page, "How sure it is")
    assert f"{track_label(1)}: taken for a drone with rotors" in sure
    assert "probability 0.92 of being a drone, 0.08 of none that is known" in sure
    assert "Nobody reported a sighting." in page


def test_every_line_names_an_entry_that_says_so(field):
    entries = entries_of(field)
    page = sheet(field)
    numbers = [int(n) for n in re.findall(r"\[entry (\d+)\]", page)]
    assert numbers
    by_number = {entry.number: json.loads(entry.body) for entry in entries}
    assert all(n in by_number for n in numbers)
    assert by_number[numbers[0]]["what"] == "suspended"


def test_what_a_sensor_never_saw_is_said_to_rest_on_people_or_on_nothing():
    field = Field()
    field.act("suspend")
    page = sheet(field, identity=False)
    assert "it rests on the word of who suspended" in page
    assert "not resumed yet" in page
    assert "no reason was given" in page
    field.events.append(AlertEvent("sighting", field.now_s, "field", text="something white"))
    page = sheet(field, identity=False)
    assert "It rests on what people reported." in page
    assert "something white" in part(page, "What people reported")


def test_what_happened_elsewhere_or_long_before_is_not_on_the_sheet(field):
    field.events[:0] = [
        AlertEvent("volume entered", field.now_s - 4000, "field", zone_id="runway", text="old"),
        AlertEvent("volume entered", field.now_s - 60, "other", text="elsewhere"),
    ]
    page = sheet(field)
    assert "old" not in part(page, "What sensors saw")
    assert "elsewhere" not in page


def test_a_second_suspension_has_a_sheet_of_its_own(field):
    field.look(AWAY, seconds=15)
    field.act("resume", reason="searched", criteria=MET)
    field.act("suspend", reason="again")
    assert suspensions(entries_of(field)) == ("O-1-1", "O-1-2")
    second = part(sheet(field, "O-1-2"), "What was decided")
    assert "again" in second
    assert "searched" not in second
    assert evidence_page([], "O-1-9", site_names={}, place_names={}, operations="x") is None


def test_words_of_people_are_escaped_and_nothing_runs(field):
    page = sheet(field)
    assert "drone over the &lt;runway&gt;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_what_was_lost_long_before_is_said_in_the_lead_and_stands_first(field):
    lost = AlertEvent("watch lost", field.now_s - 7200, "field", text="radar-1 silent",
                      facts={"since_s": field.now_s - 7260})  # fmt: skip
    elsewhere = AlertEvent("watch lost", field.now_s - 7200, "other", text="far away")
    field.events[:0] = [lost, elsewhere]
    page = sheet(field)
    blind = part(page, "Where nobody watched or heard")
    assert "not watched since" in blind
    assert "radar-1 silent" in blind
    assert "far away" not in page
    assert "Part of the sky was not watched." in page
    field.events[2:2] = [AlertEvent("watch regained", field.now_s - 7000, "field")]
    page = sheet(field)
    assert "up all the time" in part(page, "Where nobody watched or heard")
    assert "Part of the sky" not in page
