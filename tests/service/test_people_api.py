"""Who sees what of people: names inside, operators by reason, nothing in what is stored."""

import asyncio
import json

import pytest
from tests.service.fakes import FakePipeline
from tests.service.harness import service
from tests.service.http_desk import second_person, sign_in

from tocsin.codec.capture import LinkType, Packet
from tocsin.codec.remoteid import BasicId, System, encode_pack, wifi_beacon
from tocsin.service.housekeeping import prune_once
from tocsin.service.masking import mask_packet
from tocsin.service.people_api import standing_alarm
from tocsin.service.pseudonyms import PATTERN
from tocsin.service.scene import Scene

SERIAL = "MFG1A0123456789"
NAN = float("nan")
EDITOR = "second editor"


class Still(FakePipeline):
    paints = False


def with_people(folder, check, **options):
    """Run `check(client, other, running)` in a thread: an administrator and a second person."""

    async def go():
        async with service(folder, signed_in=False, **options) as running:
            link = running.said[0].split(" ", 1)[1]
            one = await asyncio.to_thread(sign_in, running.url, link)
            roles = ["watch officer", "incident officer"]
            other = await asyncio.to_thread(second_person, one, running.url, EDITOR, roles)
            try:
                await asyncio.to_thread(check, one, other, running)
            finally:
                one.close()
                other.close()

    asyncio.run(go())


def hear_drone(running):
    said = [
        BasicId(1, 2, SERIAL.encode()),
        System(1, 1, 48.23, 11.8, 1, 0.0, NAN, NAN, 1, 5, NAN, NAN),
    ]
    data = wifi_beacon(b"\x84\xcc\xa8\x60\x43\x24", encode_pack(said), 1)
    packet = Packet(1.0, LinkType.IEEE_802_11, data, len(data))
    assert mask_packet(running.hall.people, packet, running.hall.clock.now_s())


def service_ledger(running):
    rows = running.hall.ledger.db.execute("SELECT kind, body FROM entry ORDER BY number")
    return [(kind, json.loads(body)) for kind, body in rows]


def test_an_operator_is_opened_by_name_and_reason_and_that_is_noted(tmp_path):
    def check(client, other, running):
        hear_drone(running)
        hidden = other.post("/api/v1/operator", json={"declared": SERIAL})
        assert hidden.status_code == 403
        assert "say why you need to know" in hidden.json()["error"]
        assert "48.23" not in hidden.text
        body = {"declared": SERIAL, "reason": "it stands over the apron"}
        told = other.post("/api/v1/operator", json=body).json()
        assert told["how"] == "declared by the aircraft, unverified"
        assert told["places"][-1]["lat"] == 48.23
        assert told["places"][-1]["alt_m"] is None
        kind, noted = service_ledger(running)[-1]
        assert (kind, noted["reason"]) == ("operator opened", body["reason"])
        assert PATTERN.fullmatch(noted["by"])
        assert SERIAL not in json.dumps(noted)
        unknown = other.post("/api/v1/operator", json={"declared": "nobody", "reason": "why"})
        assert unknown.json()["places"] == []

    with_people(tmp_path, check, pipeline=FakePipeline())


def test_from_caution_on_no_reason_is_asked_for(tmp_path):
    def check(client, other, running):
        hear_drone(running)
        running.hall.hub.scene = scene("CAUTION")
        assert standing_alarm(running.hall) == "CAUTION stands for apron"
        told = other.post("/api/v1/operator", json={"declared": SERIAL})
        assert told.json()["places"][0]["lat"] == 48.23
        assert service_ledger(running)[-1][1]["reason"] == "CAUTION stands for apron"
        running.hall.hub.scene = scene("MONITOR")
        assert other.post("/api/v1/operator", json={"declared": SERIAL}).status_code == 403

    with_people(tmp_path, check, pipeline=Still())


def scene(step):
    zones = json.dumps({"type": "zones", "zones": [{"zone_id": "apron", "step": step}]})
    return Scene(0, 1, 0.0, None, None, (), {"zones": zones.encode()}, (), [])


def test_a_viewer_may_look_but_not_at_operators(tmp_path):
    def check(client, other, running):
        viewer = second_person(client, running.url, "a viewer", ["viewer"])
        asked = viewer.post("/api/v1/operator", json={"declared": SERIAL, "reason": "why"})
        assert asked.status_code == 403
        viewer.close()

    with_people(tmp_path, check, pipeline=FakePipeline())


@pytest.mark.jit
def test_inside_people_have_names_and_in_what_is_stored_they_have_none(tmp_path):
    def check(client, other, running):
        body = {"verb": "open_incident", "key": "k1", "body": {
            "site": "north", "text": "two drones",
            "happened": {"verbatim": "now", "why_unresolved": "not asked"},
        }}  # fmt: skip
        made = other.post("/api/v1/record", json=body).json()
        assert made["accepted"], made
        page = client.get("/api/v1/incidents").json()["incidents"][0]
        assert page["opened_by"] == EDITOR
        ledger = client.get("/api/v1/ledger?limit=1000")
        shown = next(e["body"]["by"] for e in ledger.json()["entries"] if e["kind"] == "record")
        assert PATTERN.fullmatch(shown)
        assert ledger.json()["names"] == {shown: EDITOR}
        for profile, is_told in (("internal", True), ("partner", False), ("public", False)):
            path = f"/api/v1/incidents/{made['id']}/report.html?profile={profile}"
            report = other.get(path)
            assert report.status_code == 200
            assert EDITOR not in report.text or is_told
        held = other.post("/api/v1/holds", json={"incident": made["id"], "reason": "inquiry"})
        assert held.json()["by"] == EDITOR
        assert client.get("/api/v1/holds").json()["holds"] == [held.json()]
        let_go = {"hold": held.json()["id"], "reason": "done"}
        assert other.post("/api/v1/holds/release", json=let_go).json()["released_s"] is not None
        wrong = other.post("/api/v1/holds/release", json=let_go)
        assert (wrong.status_code, "that stands" in wrong.text) == (400, True)
        unknown = other.post("/api/v1/holds", json={"incident": "INC-1", "reason": "inquiry"})
        assert (unknown.status_code, "no incident" in unknown.text) == (400, True)
        kinds = [kind for kind, _ in service_ledger(running)]
        assert kinds[-2:] == ["hold", "hold released"]
        assert EDITOR not in json.dumps(service_ledger(running))

    with_people(tmp_path, check)
    for path in (tmp_path / "data" / "journal").iterdir():
        assert EDITOR.encode() not in path.read_bytes()


@pytest.mark.jit
def test_who_a_sealed_source_is_lies_sealed_and_each_look_is_noted(tmp_path):
    identity = "the third neighbour"

    def check(client, other, running):
        body = {"id": "inside", "kind": "person", "identity": "sealed",
                "descriptor": "somebody at the base", "sealed": identity}  # fmt: skip
        act = {"verb": "add_source", "key": "s", "body": body}
        made = other.post("/api/v1/record", json=act)
        assert made.json()["accepted"], made.text
        assert other.post("/api/v1/record", json=act).json() == made.json()
        rows = client.get("/api/v1/record/rows?kind=source")
        assert identity not in rows.text
        sealed = next(r["noun"]["sealed"] for r in rows.json()["rows"])
        assert PATTERN.fullmatch(sealed)
        for asked, status in (("", 400), (" ", 403)):
            refused = other.post("/api/v1/source", json={"sealed": sealed, "reason": asked})
            assert (refused.status_code, identity in refused.text) == (status, False)
        told = other.post("/api/v1/source", json={"sealed": sealed, "reason": "a correction"})
        assert told.json()["identity"] == identity
        kind, noted = service_ledger(running)[-1]
        assert (kind, noted["reason"]) == ("sealed source opened", "a correction")
        unknown = other.post("/api/v1/source", json={"sealed": "c0ffee", "reason": "why"})
        assert unknown.status_code == 404

    with_people(tmp_path, check)
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert identity.encode() not in path.read_bytes(), path


def test_what_has_outlived_its_time_goes_while_the_watch_runs(tmp_path):
    def check(client, other, running):
        people = running.hall.people
        long_ago = running.hall.clock.now_s() - 30 * 86_400.0
        shown = people.name("serial number", SERIAL.encode(), long_ago).form.shown
        people.flush()
        assert people.reveal(shown) == SERIAL
        assert prune_once(running.hall) == []
        assert people.reveal(shown) == shown
        kinds = [kind for kind, _ in service_ledger(running)]
        assert "people's values expired" in kinds

    with_people(tmp_path, check, pipeline=FakePipeline())
