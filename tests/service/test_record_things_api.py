"""Places, evidence and custody over a real socket; no entry holds in clear who has a thing."""

import pytest
from tests.record.desk import enter_day
from tests.record.test_things import DIGEST, enter_things
from tests.service.test_record_api import ledger_of, with_desk

pytestmark = pytest.mark.jit


def test_places_and_evidence_stand_on_the_incident_page(tmp_path):
    def check(desk, running):
        enter_day(desk)
        desk.now_s = 1.7e9  # times of the things, before they were recorded
        enter_things(desk)
        page = desk.get("/api/v1/incidents/second")
        assert list(page["places"]) == ["harir", "north"]
        assert page["places"]["harir"]["noun"]["as_stated"].endswith("city of Erbil")
        assert (page["summary"]["lat"], page["summary"]["lon"]) == (36.5337, 44.3399)
        [tape] = page["evidence"]
        assert tape["noun"]["sha256"] == DIGEST
        steps = tape["custody"]
        assert [s["noun"]["holder"] for s in steps] == ["duty officer", "the laboratory"]
        assert [s["differs"] for s in steps] == [False, True]
        [moved] = [c for c in page["corrections"] if c["of"] == "second"]
        assert moved["changes"]["place"] == "harir"
        assert desk.get("/api/v1/incidents/first")["evidence"] == []
        report = "/api/v1/incidents/second/report.html"
        inside = desk.client.get(report).text
        assert "radar recording: examined, held by the laboratory" in inside
        assert "DIGEST DIFFERS" in inside
        for profile in ("partner", "public"):
            outside = desk.client.get(report, params={"profile": profile}).text
            for words in ("radar recording", DIGEST, "the laboratory"):
                assert words not in outside
        bodies = b"".join(entry.body for entry in ledger_of(desk.client))
        for name in (b"duty officer", b"the laboratory"):
            assert name not in bodies
        words = desk.get("/api/v1/record/words")
        assert "handed over" in words["custody"]
        assert words["verbs"]["hand_on"]["needed"] == ["of", "action", "holder"]

    with_desk(tmp_path, check)


def test_a_holder_that_is_put_right_is_in_no_entry_either(tmp_path):
    def check(desk, running):
        desk.act("add_evidence", id="wing", name="a piece of a wing", kind="object", mark="7")
        desk.act("hand_on", id="step", of="wing", action="taken", holder="first holder")
        desk.act("correct", of="step", wrong="another has it", right="second holder has it",
                 changes={"holder": "second holder"})  # fmt: skip
        row = desk.get("/api/v1/record/rows", kind="custody")["rows"][0]
        assert row["noun"]["holder"] == "second holder"
        bodies = b"".join(entry.body for entry in ledger_of(desk.client))
        assert b"first holder" not in bodies
        assert b'"holder":"second holder"' not in bodies

    with_desk(tmp_path, check)
