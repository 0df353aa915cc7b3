"""Places, evidence and custody over a real socket; no entry holds in clear who has a thing."""

import pytest
from tests.record.desk import chain, enter_day
from tests.record.test_things import DIGEST, enter_things
from tests.service.http_desk import HttpDesk, second_person
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


def test_an_account_that_names_a_person_of_the_staff_is_let_out_by_nobody(tmp_path):
    def check(desk, running):
        enter_day(desk)
        second = second_person(desk.client, running.url, "jonas.weiss", ["incident officer"])
        other = HttpDesk(second)
        other.act("add_actor", name="A group")  # who acts is in the ledger, by a pseudonym
        draft = {"incident": "first", "state": "draft", "sentences": [
            {"text": "Two drones, said Jonas.Weiss.", "rests_on": ["two-drones"]}]}  # fmt: skip
        for verb, body in (("publish", draft), ("publish", {"incident": "first", "state":
                           "withdrawn", "wrong": "jonas.weiss erred"})):  # fmt: skip
            accepted, sentence, _ = desk.post(verb, body)
            assert (accepted, "a person of the staff" in sentence) == (False, True)
        desk.act("assert", id="named", about=["first"], quantity="drones", value=2,
                 verbatim="jonas.weiss told AP of two drones", chain=chain("ap"))  # fmt: skip
        for profile in ("public", "partner"):
            accepted, sentence, _ = desk.post("approve", {"incident": "first",
                                                          "profile": profile})  # fmt: skip
            assert (accepted, "'jonas.weiss'" in sentence) == (False, True)
        desk.act("correct", of="named", wrong="w", right="r", changes={"audience": "internal"})
        key = {"incident": "first"}
        accepted, sentence, row = desk.post("approve", key, "same")
        assert accepted, sentence
        desk.act("correct", of="named", wrong="w", right="r", changes={"audience": ""})
        assert desk.post("approve", key, "same") == (True, sentence, row)
        second.close()

    with_desk(tmp_path, check)
