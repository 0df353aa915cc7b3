"""The record over a real socket and the real pipeline: what goes in comes out or is refused."""

import asyncio
import contextlib
import json
import re
import time
from dataclasses import replace

import pytest
from tests.record.desk import Desk, enter_day, enter_later
from tests.service.harness import service
from tests.service.http_desk import HttpDesk, second_person, sign_in, tocsin
from websockets.sync.client import connect

from tocsin.record import QUESTIONS, Question, ask, first_bad, read_lines, rebuild

pytestmark = pytest.mark.jit

FUTURE_S = 4_000_000_000.0


def with_desk(folder, check):
    """Run `check(desk, running)` in a thread beside a service that is signed in to."""

    async def go():
        async with service(folder, signed_in=False) as running:
            link = running.said[0].split(" ", 1)[1]
            with contextlib.closing(await asyncio.to_thread(sign_in, running.url, link)) as one:
                await asyncio.to_thread(check, HttpDesk(one), running)

    asyncio.run(go())


def ledger_of(client):
    lines = client.get("/api/v1/record/export").content.splitlines(keepends=True)
    return list(read_lines(lines))


def timeless(text):
    """The words without when and by which entry they were recorded."""
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, entry \d+", "TIME", text)


def words(sentences):
    return [timeless(said["text"]) for said in sentences]


@pytest.mark.slow
def test_the_day_goes_in_by_http_and_comes_out_without_loss(tmp_path):
    plain = Desk()
    enter_day(plain)
    day = {q: ask(plain.register, Question(q)).sentences for q in QUESTIONS[1:]}
    enter_later(plain)

    def check(desk, running):
        enter_day(desk)
        time.sleep(0.05)
        then_s = time.time()
        enter_later(desk)
        entries = ledger_of(desk.client)
        assert first_bad(entries) is None
        rows = rebuild(entries).rows
        assert list(rows) == list(plain.register.rows) == desk.rows
        for name, row in rows.items():
            assert row.versions[-1].noun == plain.register.rows[name].versions[-1].noun
        for question in QUESTIONS[1:]:
            now = desk.get("/api/v1/record/ask", question=question)
            wanted = ask(plain.register, Question(question)).sentences
            assert words(now["sentences"]) == [timeless(s.text) for s in wanted]
            then = desk.get("/api/v1/record/ask", question=question, at=then_s)
            assert words(then["sentences"]) == [timeless(s.text) for s in day[question]]
            assert then["as_known_at"]
        last = desk.get("/api/v1/record/ask", question="last", incident="second")
        assert last["sentences"][0]["rows"] == ["first"]
        assert "This register covers 20" in last["covers"]

    with_desk(tmp_path, check)


def test_silence_stays_silence_and_a_gap_stays_a_gap_on_the_page(tmp_path):
    def check(desk, running):
        enter_day(desk)
        page = desk.get("/api/v1/incidents/second")
        said = {row["id"]: row for row in page["assertions"]}
        silent, gap = said["no-injuries"], said["no-number"]
        assert (silent["noun"]["state"], silent["noun"]["value"]) == ("none reported", None)
        assert silent["words"] == "injuries: none reported"
        assert silent["writer_only"]
        assert (gap["noun"]["state"], gap["noun"]["value"]) == ("not stated", None)
        assert page["official_attribution"] == "second: official attribution: none stated."
        assert [c["words"] for c in page["claims"]] == [
            "claimed by an Iraqi militia, not named", "claimed by Islamic Resistance in Iraq",
            "claimed by Tashkil al-Waritheen",
        ]  # fmt: skip
        assert page["claims"][2]["according_to"] == (
            "Reuters, through The Western Journal, through the carrying page"
        )
        assert {"reuters", "western-journal", "page"} <= set(page["sources"])
        assert set(page["actors"]) == {"militia", "iri", "taw", "iran"}
        assert [b["kind"] for b in page["documents"]["article"]["noun"]["blocks"]][3] == "share"
        assert page["incident"]["noun"]["happened"]["earliest_s"] is None
        assert page["timeline"][-1]["happened_s"] is None
        enter_later(desk)
        page = desk.get("/api/v1/incidents/second")
        hurt, in_all, claimed = page["contradictions"]
        assert hurt["sides"] == [["no-injuries"], ["hurt-second"]]
        assert in_all["sides"] == [["no-injuries"], ["minor-in-all"]]
        assert "none reported, according to The Western Journal" in hurt["text"]
        assert claimed["sides"] == [["claim-taw"], ["claim-taw-both"]]
        assert claimed["said"]["claim-taw"] in claimed["text"]

    with_desk(tmp_path, check)


def test_a_correction_shows_what_it_replaced_and_approvals_need_two(tmp_path):
    def check(desk, running):
        enter_day(desk)
        before_s = time.time()
        row = desk.act("correct", of="two-drones", wrong="two", right="three",
                       changes={"value": 3})  # fmt: skip
        page = desk.get("/api/v1/incidents/first")
        said = next(a for a in page["assertions"] if a["id"] == "two-drones")
        assert (said["noun"]["value"], said["correction"]) == (3, row)
        assert [old["noun"]["value"] for old in said["history"]] == [2]
        [made] = page["corrections"]
        assert (made["was"], made["changes"], made["by"]) == (
            {"value": 2}, {"value": 3}, "officer",
        )  # fmt: skip
        then = desk.get("/api/v1/incidents/first", at=before_s)
        assert next(a for a in then["assertions"] if a["id"] == "two-drones")["history"] == []
        assert then["as_of"] < page["as_of"]

        second = HttpDesk(second_person(desk.client, running.url, "second editor",
                                        ["incident officer"]))  # fmt: skip
        _, sentence, _ = desk.post("approve", {"incident": "first"})
        assert "by 1 of 2" in sentence
        as_of = desk.get("/api/v1/incidents/first")["approvals"][0]["as_of"]
        _, sentence, _ = desk.post("approve", {"incident": "first", "as_of": as_of})
        assert "by 1 of 2" in sentence
        second.act("approve", incident="first", as_of=as_of)
        page = desk.get("/api/v1/incidents/first")
        assert page["approved"] == {"partner": None, "public": as_of}
        assert {a["by"] for a in page["approvals"]} == {"officer", "second editor"}
        summaries = desk.get("/api/v1/incidents")["incidents"]
        assert [(s["id"], s["corrections"]) for s in summaries] == [("second", 0), ("first", 1)]
        html = desk.client.get("/api/v1/incidents/first/report.html?profile=public").text
        assert "DRAFT" not in html
        assert (
            "DRAFT"
            in desk.client.get("/api/v1/incidents/second/report.html?profile=public").text
        )
        second.client.close()

    with_desk(tmp_path, check)


REFUSED = [
    ("claim", {"claimant": "taw", "incidents": ["third"], "verbatim": "we did",
               "chain": [{"source": "ap"}]}, "the incident 'third' is not in the register"),
    ("claim", {"claimant": "taw", "incidents": ["first"], "verbatim": "we did",
               "chain": [{"source": "nobody"}]}, "the source 'nobody' is not in the register"),
    ("claim", {"claimant": "taw", "incidents": ["first"], "verbatim": "we did", "chain": []},
     "nobody is named who said it"),
    ("claim", {"claimant": "taw", "incidents": ["first"]}, "needs 'verbatim'"),
    ("open_incident", {"site": "x", "happened": {"earliest_s": FUTURE_S, "latest_s": FUTURE_S,
     "resolved_by": "a guess"}}, "is after it was recorded"),
    ("open_incident", {"site": "x", "happened": {"earliest_s": 10.0, "latest_s": 5.0,
     "resolved_by": "a guess"}}, "its earliest (10) is after its latest (5)"),
    ("open_incident", {"site": "x", "happened": {"earliest_s": 10.0}}, "only one bound"),
    ("assert", {"about": ["first"], "quantity": "injuries", "value": 0,
                "verbatim": "No injuries were reported", "chain": [{"source": "ap"}]},
     "which is no zero"),
    ("assert", {"about": ["first"], "quantity": "drones", "value": "two", "number": 2,
                "verbatim": "two", "chain": [{"source": "ap"}]}, "has no field 'number'"),
    ("correct", {"of": "nothing", "wrong": "a", "right": "b", "changes": {"value": 1}},
     "there is no 'nothing' to correct"),
    ("approve", {"incident": "first", "as_of": 10_000_000}, "there is no entry 10000000 yet"),
]  # fmt: skip


def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written(tmp_path):
    def check(desk, running):
        enter_day(desk)
        before = [e.body for e in ledger_of(desk.client) if e.kind == "record"]
        for verb, body, words in REFUSED:
            accepted, sentence, row = desk.post(verb, body)
            assert (accepted, row) == (False, "")
            assert words in sentence
        after = [e.body for e in ledger_of(desk.client) if e.kind == "record"]
        assert after == before
        assert [s["id"] for s in desk.get("/api/v1/incidents")["incidents"]] == [
            "second", "first",
        ]  # fmt: skip

    with_desk(tmp_path, check)


BAD = [
    ({"verb": "asert", "key": "k", "body": {}}, 400, "did you mean 'assert'"),
    ({"verb": "release", "key": "k", "body": {}}, 400, "is no act of the record"),
    ({"verb": "claim", "key": "", "body": {}}, 400, "key"),
    ({"verb": "claim", "key": "k"}, 400, "body"),
    ({"verb": "claim", "key": "k", "body": {"a": json.loads("[" * 9 + "]" * 9)}}, 400,
     "levels"),
    ({"verb": "claim", "key": "k", "body": {"verbatim": "x" * 2_000_000}}, 413, ""),
]  # fmt: skip


def test_a_body_that_is_no_act_is_an_error_with_a_sentence(tmp_path):
    def check(desk, running):
        for body, status, words in BAD:
            answer = desk.client.post("/api/v1/record", json=body)
            assert answer.status_code == status, body["verb"]
            assert words in answer.json()["error"]

    with_desk(tmp_path, check)


def test_an_incident_is_as_real_as_the_watch_where_nobody_says_otherwise(tmp_path):
    def check(desk, running):
        running.hall.node = replace(
            running.hall.node,
            sensors=tuple(replace(s, nature="exercise") for s in running.hall.node.sensors),
        )
        desk.act("open_incident", id="one", site="north")
        desk.act("open_incident", id="two", site="north", nature="live")
        told = {i: desk.client.get(f"/api/v1/incidents/{i}").json() for i in ("one", "two")}
        natures = {name: account["summary"]["nature"] for name, account in told.items()}
        assert natures == {"one": "exercise", "two": "live"}

    with_desk(tmp_path, check)


def test_only_an_incident_officer_writes_and_everybody_who_is_signed_in_reads(tmp_path):
    request = {"verb": "add_source", "key": "k", "body": {"name": "AP", "kind": "agency"}}
    reads = ("incidents", "record/ask?question=order", "record/known?at=1", "record/words",
             "record/rows?kind=source")  # fmt: skip

    def check(desk, running):
        desk.act("open_incident", id="one", site="north")
        for name, roles, may in [
            ("a viewer", ["viewer"], 403), ("an officer", ["watch officer"], 403),
            ("a desk", ["incident officer"], 200),
        ]:  # fmt: skip
            other = second_person(desk.client, running.url, name, roles)
            assert other.post("/api/v1/record", json=request).status_code == may
            assert other.get("/api/v1/record/export").status_code == may
            assert other.get("/api/v1/incidents/one/report.html").status_code == may
            for path in (*reads, "incidents/one"):
                assert other.get(f"/api/v1/{path}").status_code == 200, path
            foreign = other.post("/api/v1/record", json=request,
                                 headers={"Origin": "http://evil.example"})  # fmt: skip
            assert foreign.status_code == 403
            other.cookies.clear()
            for path in (*reads, "incidents/one", "record/export"):
                assert other.get(f"/api/v1/{path}").status_code == 401, path
            assert other.post("/api/v1/record", json=request).status_code == 401
            other.close()

    with_desk(tmp_path, check)


def test_a_key_is_one_row_also_after_a_restart_and_for_one_body_only(tmp_path):
    body = {"id": "ap", "kind": "agency", "name": "AP"}
    kept = {}

    def first(desk, running):
        kept["said"] = desk.post("add_source", body, key="k1")
        assert desk.post("add_source", body, key="k1") == kept["said"]
        other = {"verb": "add_source", "key": "k1", "body": {**body, "name": "Another"}}
        answer = desk.client.post("/api/v1/record", json=other)
        assert answer.status_code == 409
        assert "another act" in answer.json()["error"]
        enter_day_after(desk)
        kept["page"] = desk.get("/api/v1/incidents/first")

    def enter_day_after(desk):
        desk.act("open_incident", id="first", site="north", text="something happened")

    def second(desk, running):
        assert desk.post("add_source", body, key="k1") == kept["said"]
        page = desk.get("/api/v1/incidents/first")
        for name in ("incident", "timeline", "summary", "tracks", "approvals"):
            assert page[name] == kept["page"][name]
        assert len([e for e in ledger_of(desk.client) if e.kind == "record"]) == 2

    with_desk(tmp_path, first)
    with_desk(tmp_path, second)


def test_what_is_asked_wrongly_is_answered_with_what_would_be_right(tmp_path):
    def check(desk, running):
        for path, status, words in [
            ("incidents/none", 404, "there is no incident 'none'"),
            ("record/ask?question=who", 400, "ask one of"),
            ("record/ask?question=last", 400, "say which incident"),
            ("record/ask?question=drones&incident=x", 400, "there is no incident 'x'"),
            ("record/ask?question=order&at=1e99", 400, "no time"),
            ("record/rows?kind=thing", 400, "give one of incident"),
            ("incidents/none/report.html?profile=press", 400, "no profile"),
            ("record/known", 400, "at"),
        ]:
            answer = desk.client.get(f"/api/v1/{path}")
            assert answer.status_code == status, path
            assert words in answer.json()["error"], path
        known = desk.get("/api/v1/record/known", at=1.0)
        assert (known["begun_s"], known["incidents"]) == (None, [])

    with_desk(tmp_path, check)


def frames_until(viewer, wanted, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while True:
        frame = viewer.recv(timeout=max(0.1, end - time.monotonic()))
        if isinstance(frame, str):
            message = json.loads(frame)
            if message["type"] == "incidents" and wanted(message["incidents"]):
                return message["incidents"]


def test_viewers_are_told_of_incidents_when_they_join_and_when_one_changes(tmp_path):
    def check(desk, running):
        cookie = {"Cookie": f"tocsin_session={desk.client.cookies['tocsin_session']}"}
        address = running.url.replace("http", "ws") + "/api/v1/live"
        with connect(address, additional_headers=cookie) as viewer:
            assert frames_until(viewer, lambda rows: not rows) == []
            desk.act("open_incident", id="one", site="north")
            assert frames_until(viewer, bool)[0]["id"] == "one"
            desk.act("add_source", id="ap", kind="agency", name="AP")
            desk.act("assert", about=["one"], quantity="drones", verbatim="two", value=2,
                     chain=[{"source": "ap"}])  # fmt: skip
            frames_until(viewer, lambda rows: rows[0]["statements"] == 1)
        with connect(address, additional_headers=cookie) as viewer:
            assert frames_until(viewer, bool)[0]["statements"] == 1

    with_desk(tmp_path, check)


def test_the_words_that_a_form_offers_are_those_that_the_record_takes(tmp_path):
    def check(desk, running):
        words = desk.get("/api/v1/record/words")
        assert words["verbs"]["claim"]["needed"] == [
            "claimant", "incidents", "verbatim", "chain",
        ]  # fmt: skip
        for kind in words["source_kinds"]:
            desk.act("add_source", kind=kind, name=f"a {kind}")
        rows = desk.get("/api/v1/record/rows", kind="source")["rows"]
        assert [row["noun"]["kind"] for row in rows] == words["source_kinds"]

    with_desk(tmp_path, check)


@pytest.mark.slow
def test_the_day_is_asked_reported_and_published_from_the_data_folder(tmp_path):
    """While the watch runs; what is not for the public is not in the bytes."""
    secret = "the guard at the north gate said so"

    def check(desk, running):
        enter_day(desk)
        desk.act("assert", about=["first"], quantity="damage", value="none seen",
                 verbatim=secret, audience="internal", chain=[{"source": "ap"}])  # fmt: skip
        second = HttpDesk(second_person(desk.client, running.url, "Quartermaster",
                                        ["incident officer"]))  # fmt: skip
        for incident in ("first", "second"):
            desk.act("approve", incident=incident)
            page = desk.get(f"/api/v1/incidents/{incident}")
            second.act("approve", incident=incident, as_of=page["approvals"][0]["as_of"])
        second.client.close()

        assert json_of("record", "verify", "data")["ok"]
        last = json_of("record", "ask", "last", "--like", "second", "--from", "data")
        assert last["sentences"][0]["rows"] == ["first"]
        assert "This register covers" in last["covers"]
        (tmp_path / "exports").mkdir()
        json_of("record", "export", "data", "--out", "exports/node.jsonl")
        json_of("report", "first", "--from", "data", "--out", "report.html")
        made = json_of("publish", "exports", "--out", "public", "--unsigned")
        assert made["pages"] == ["first.html", "second.html"]
        assert made["waiting"] == made["refused"] == []

    def json_of(*words):
        return tocsin(tmp_path, *words)

    with_desk(tmp_path, check)
    inside = (tmp_path / "report.html").read_text()
    assert secret in inside
    for name in ("first.html", "second.html"):
        public = (tmp_path / "public" / name).read_text()
        assert secret not in public
        assert "Quartermaster" not in public
        assert "none reported" in public
        assert "official attribution: none stated" in public.casefold()
    told = (tmp_path / "public" / "second.html").read_text()
    for claimant in ("an Iraqi militia, not named", "Islamic Resistance in Iraq",
                     "Tashkil al-Waritheen"):  # fmt: skip
        assert f"laimed by {claimant}" in told
    assert "not stated" in told
