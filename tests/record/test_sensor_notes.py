"""What the ledger says of sensors: each change of state, and what is found, now and then."""

import json
from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tocsin.model import SensorStatus
from tocsin.record import note_sensors_into, open_chain
from tocsin.report import alarm_performance, shift_page

RADAR = SensorStatus("radar-1", "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", ("north",), 0.0)


def noted(moments):
    """Return the entries of a watch that saw these (time, status)."""
    chain, known = open_chain("live", 0.0, {})[0], {}
    found = []
    for at_s, status in moments:
        picture = SimpleNamespace(sensors=(status,))
        found += note_sensors_into(chain, picture, known, at_s)
    return found


def bodies(entries):
    return [json.loads(entry.body) for entry in entries]


def test_what_is_found_is_noted_once_and_again_where_it_is_another():
    entries = noted([
        (1.0, RADAR),
        (2.0, replace(RADAR, scatter=2.04)),
        (3.0, replace(RADAR, scatter=2.04, detection=0.5)),  # waits: too soon
        (303.0, replace(RADAR, scatter=2.2, detection=0.5)),
        (700.0, replace(RADAR, scatter=2.4, detection=0.45)),  # about the same
        (701.0, replace(RADAR, scatter=3.4, detection=0.45)),
        (702.0, replace(RADAR, state="silent", scatter=3.4, detection=0.45)),
        (1100.0, RADAR),
    ])  # fmt: skip
    told = zip(entries, bodies(entries), strict=True)
    assert [(entry.recorded_s, body["state"], body["found"]) for entry, body in told] == [
        (1.0, "ok", {}),
        (2.0, "ok", {"scatter": 2.04}),
        (303.0, "ok", {"scatter": 2.2, "detection": 0.5}),
        (701.0, "ok", {"scatter": 3.4, "detection": 0.45}),
        (702.0, "silent", {"scatter": 3.4, "detection": 0.45}),
        (1100.0, "ok", {}),
    ]


def test_an_error_that_changes_its_side_is_another_one():
    entries = noted([
        (0.0, replace(RADAR, azimuth_error_deg=0.8)),
        (400.0, replace(RADAR, azimuth_error_deg=-0.8)),
    ])  # fmt: skip
    assert [b["found"]["azimuth_error_deg"] for b in bodies(entries)] == [0.8, -0.8]


@given(st.lists(st.tuples(st.floats(0.01, 20.0), st.floats(1.0, 9.0) | st.none()), max_size=80))
def test_what_flaps_fills_no_ledger(moments):
    at_s, seen = 0.0, []
    for gap_s, scatter in moments:
        at_s += gap_s
        seen.append((at_s, RADAR if scatter is None else replace(RADAR, scatter=scatter)))
    assert len(noted(seen)) <= 2 + at_s / 300.0


def test_the_shift_report_says_it_in_words():
    entries = noted([
        (10.0, RADAR),
        (20.0, replace(RADAR, scatter=2.0, azimuth_error_deg=0.9)),
        (400.0, RADAR),
    ])  # fmt: skip
    figures = alarm_performance(entries, ["north"], 0.0, 1000.0)
    page = shift_page(entries, figures, title="x", site_names={}, nature="live")
    assert "radar-1 is ok: its places scatter some 2.0 times as much as the site file" in page
    assert "azimuth (degrees) +0.9: taken off its reports" in page
    assert "radar-1 is ok, and again as the site file says" in page
