"""What a person gave to the metre and to the second is not told to the public so."""

import csv
import io
import json

import pytest
from tests.report.raid import FIRST, T_S, raid

from tocsin import record, report
from tocsin.cli._outputs import other_outputs
from tocsin.model.records import TimeSaid
from tocsin.report import release_of
from tocsin.report._times import time_words

PLACE = {"lat": 33.612345, "lon": 42.198765}


def outputs(made, incident, profile="public"):
    account = record.account(made.register, incident)
    telling = report.tell(account, profile)
    kept = report.told(account, profile)
    others = other_outputs(account, telling, kept, release_of(account), url="", tags=(),
                           status="usable")  # fmt: skip
    page = report.page(account, telling, report.Edition())
    return {**others, "page": page, "typst": report.typst_source(account, telling)}


@pytest.fixture(scope="module")
def made():
    r = raid()
    said = {"verbatim": "12:00:26Z", "earliest_s": T_S + 19, "latest_s": T_S + 19,
            "resolved_by": "log"}  # fmt: skip
    r.act("open_incident", id="crash", site="al-asad", site_name="Al Asad Air Base",
          happened=said, **PLACE)  # fmt: skip
    return r


def test_a_place_that_a_person_gave_is_told_to_the_public_to_a_tenth_of_a_degree(made):
    told = outputs(made, "crash")
    for name, text in told.items():
        for secret in ("33.612", "42.198", "12:00:26"):
            assert secret not in text, name
    geo = json.loads(told["jsonld"])["contentLocation"]["geo"]
    assert (geo["latitude"], geo["longitude"]) == (33.6, 42.2)
    assert "<circle>33.600000,42.200000 8.000</circle>" in told["cap"]
    [row] = csv.DictReader(io.StringIO(told["gtd"]))
    assert (row["latitude"], row["longitude"], row["specificity"]) == ("33.6", "42.2", "3")


def test_the_map_of_the_public_shows_it_where_it_is_told(made):
    other = raid()
    other.act("open_incident", id="crash", site="al-asad", site_name="Al Asad Air Base",
              lat=33.6, lon=42.2)  # fmt: skip
    maps = [report.page(a, report.tell(a, "public"), report.Edition()).partition("<svg")[2]
            .partition("</svg>")[0]
            for a in (record.account(r.register, "crash") for r in (made, other))]  # fmt: skip
    assert maps[0]
    assert maps[0] == maps[1]


def test_partners_get_the_place_as_it_was_given(made):
    told = outputs(made, "crash", "partner")
    assert "33.612345" in told["jsonld"]
    assert "33.612345,42.198765 0.000" in told["cap"]
    assert "12:00:26Z" in told["page"]


def test_the_place_of_a_site_that_the_watch_put_down_is_told_as_it_is(made):
    told = outputs(made, FIRST)
    assert json.loads(told["jsonld"])["contentLocation"]["geo"]["latitude"] == 33.7856


def test_a_place_that_was_corrected_is_no_longer_that_of_the_site():
    r = raid()
    r.act("correct", of=FIRST, wrong="w", right="r", changes=PLACE)
    assert "33.612" not in outputs(r, FIRST)["jsonld"]


@pytest.mark.parametrize("said", [
    "12:00:26Z", "at 12:18", "around 7.18 in the morning", "07h18", "at 1218Z", "0718 UTC",
    "120026Z", "0718 hours", "ten to six in the morning", "half past three",
])  # fmt: skip
def test_words_that_hold_minutes_are_not_told_to_the_hour(said):
    time = TimeSaid(said, why_unresolved=f"only {said} ")
    assert said not in time_words(time, to_the_hour=True)
    assert said in time_words(time, to_the_hour=False)


@pytest.mark.parametrize("said", [
    "Wednesday", "hours later", "on 12.18.2026", "5 August 2026", "2026-08-05", "at 3 p.m.",
    "12 drones", "a quarter of the base",
])  # fmt: skip
def test_other_words_are_told_as_they_were_said(said):
    assert said in time_words(TimeSaid(said), to_the_hour=True)
