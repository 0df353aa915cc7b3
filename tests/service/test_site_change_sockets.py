"""A real watch on sockets, started again with another site file on its data folder."""

import asyncio
import math
import random
import time

import pytest
from tests.service.harness import SITE, service
from tests.service.site_changes import HANGAR, scan_at

from tocsin.record import first_bad
from tocsin.service.clock import Clock
from tocsin.service.journal import read_entries

pytestmark = [pytest.mark.jit, pytest.mark.slow]
RATE = 5.0
BY_PERSON = SITE.replace("shelter_s = 60", 'shelter_s = 60\nrelease = "person"')
MOVED = BY_PERSON.replace(
    BY_PERSON[BY_PERSON.index("[[site.zone]]") : BY_PERSON.index("[[sensor]]")],
    HANGAR.replace("shelter_s = 60", 'shelter_s = 60\nrelease = "person"'),
)


async def ledger(running):
    """Return all entries, as an auditor reads them."""
    found = []
    while True:
        path = f"/api/v1/ledger?after={len(found) - 1}&limit=1000"
        rows = (await running.client.get(path)).json()["entries"]
        if not rows:
            return found
        found += rows


async def fly_until_raised(running, after):
    """Let a drone come in from the south again and again until an alarm is raised after an
    entry; return the event.
    """
    chance, end = random.Random(7), time.monotonic() + 120.0
    began_s = running.hall.clock.now_s()
    while True:
        now_s = running.hall.clock.now_s()
        south_m = 4000.0 - 30.0 * math.fmod(now_s - began_s, 110.0)
        reply = await running.client.post(
            "/api/v1/detections", content=scan_at(now_s, south_m, chance),
            headers=running.bearer(),
        )  # fmt: skip
        assert reply.status_code == 200
        for entry in await ledger(running):
            body = entry["body"]
            if entry["number"] > after and body.get("what") == "raised" and body["tracks"]:
                return body
        assert time.monotonic() < end, running.hall.status()
        await asyncio.sleep(1.0 / RATE)


def test_a_changed_zone_warns_after_a_restart_and_all_else_goes_on(tmp_path):
    clock = Clock(time.time(), time.time(), RATE)

    async def go():
        async with service(tmp_path, site=BY_PERSON, clock=clock) as running:
            alarm = await fly_until_raised(running, -1)
            cookie, before = running.cookie(), await ledger(running)
            body = {"verb": "add_source", "key": "s1",
                    "body": {"kind": "agency", "name": "Agency"}}  # fmt: skip
            assert (await running.client.post("/api/v1/record", json=body)).json()["accepted"]
        async with service(tmp_path, site=MOVED, clock=clock, signed_in=False) as running:
            assert running.changes == [
                "The site file was changed: zone apron of north taken away; "
                "zone hangar of north added"
            ]
            running.client.headers["Cookie"] = cookie  # the session goes on
            assert (await running.client.get("/api/v1/me")).json()["user"] == "officer"
            node = (await running.client.get("/api/v1/node")).json()
            assert [z["id"] for z in node["sites"][0]["zones"]] == ["hangar"]
            rows = (await running.client.get("/api/v1/record/rows?kind=source")).json()["rows"]
            assert [row["noun"]["name"] for row in rows] == ["Agency"]
            raised = await fly_until_raised(running, len(before))
            assert "hangar" in raised["text"]
            assert raised["alarm"] != alarm["alarm"]
            page = (await running.client.get("/api/v1/shift-report.html")).text
            assert "zone apron of north taken away; zone hangar of north added" in page
            entries = await ledger(running)
            return alarm["alarm"], before, entries

    alarm, before, entries = asyncio.run(go())
    assert entries[: len(before)] == before  # one chain
    (change,) = [e["body"] for e in entries if e["kind"] == "site"]
    assert [c["alarm"] for c in change["closed"]] == [alarm]
    assert first_bad(read_entries(tmp_path / "data", limit=100_000)) is None
