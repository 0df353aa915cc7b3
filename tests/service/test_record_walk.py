"""docs/record/README.md as it stands: from an alarm to a public page, and what is not on it."""

import asyncio
import json
import math
import os
import random
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import missing
from tests.service.harness import service
from tests.service.http_desk import tocsin

from tocsin.model import track_name
from tocsin.service.clock import Clock

pytestmark = [pytest.mark.jit, pytest.mark.slow, pytest.mark.xdist_group("record walk")]

PAGE = Path(__file__).parents[2] / "docs" / "record" / "README.md"
WALK = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
START_S = 1_785_931_200.3


async def approach(running, clock, is_enough):
    """Post scans of a thing that comes straight in from the south, again until it is enough."""
    chance, began_s, number = random.Random(7), clock.now_s(), 0
    end = time.monotonic() + 180.0
    while not await is_enough():
        assert time.monotonic() < end, "no incident was opened"
        now_s, number = clock.now_s(), number + 1
        south_m = 2600.0 - 30.0 * (now_s - began_s)
        if south_m < 300.0:
            began_s = now_s
            continue
        ground_m = math.hypot(south_m, 50.0)
        seen = {
            "time_s": now_s,
            "range_m": math.hypot(ground_m, 100.0) + chance.gauss(0.0, 8.0),
            "azimuth_deg": 180.0 + math.degrees(math.atan2(50.0, south_m)),
            "elevation_deg": math.degrees(math.atan2(100.0, ground_m)),
            "class_scores": {"drone_multirotor": 0.9, "bird": 0.05},
            "sensor_track_id": str(number),
        }
        scan = {"start_s": now_s - 0.2, "end_s": now_s}
        body = {"sensor": "camera", "scan": scan, "detections": [seen]}
        answer = await running.client.post(
            "/api/v1/detections", json=body, headers=running.bearer()
        )
        assert answer.status_code == 200
        await asyncio.sleep(clock.wall(0.4))


async def sheltered(running):
    page = (await running.client.get("/api/v1/incidents")).json()
    return bool(page["incidents"]) and page["incidents"][0]["step"] == "TAKE SHELTER"


async def walk(running, folder):
    tools = folder / "bin"
    tools.mkdir()
    (tools / "tocsin").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tocsin "$@"\n')
    (tools / "tocsin").chmod(0o700)
    script = WALK.replace("http://127.0.0.1:8080", running.url)
    link = running.hall.ledger.new_link("officer", loopback=True)
    environment = os.environ | {
        "LINK": f"{running.url}/enter?token={link}",
        "PATH": f"{tools}:{os.environ['PATH']}",
    }
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", script.replace("curl -s", "curl -sS --fail-with-body"), cwd=folder,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, wrong = await process.communicate()
    assert process.returncode == 0, (said.decode()[-2000:], wrong.decode()[-2000:])
    return said.decode()


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Return (folder, what the shell said, the incident's page, counters of the service)."""
    if shutil.which("curl") is None:
        missing("curl", "install it (Debian package curl)")
    folder, found = tmp_path_factory.mktemp("walk"), {}

    async def go():
        clock = Clock(START_S, time.time(), 4.0)
        async with service(folder, clock=clock) as running:
            await approach(running, clock, lambda: sheltered(running))
            found["said"] = await walk(running, folder)
            rows = (await running.client.get("/api/v1/incidents")).json()["incidents"]
            page = await running.client.get(f"/api/v1/incidents/{rows[0]['id']}")
            found["page"] = page.json()
            found["live"] = await asyncio.to_thread(tocsin, folder, "record", "verify", "data")
        found["digest"] = running.hall.engine.counters.outcome_digest

    asyncio.run(go())
    return folder, found


def test_every_line_of_the_walk_does_what_the_page_says(walked):
    folder, found = walked
    assert found["said"].count('"accepted":true') == 10
    assert '"accepted":false' not in found["said"]
    page = found["page"]
    assert page["incident"]["noun"]["alarm"]
    assert [c["words"] for c in page["claims"]] == ["claimed by Group X"]
    count = next(a for a in page["assertions"] if a["id"] == "count")
    assert [v["noun"]["value"] for v in (*count["history"], count)] == [2, 3]
    assert page["approved"]["public"] == page["approvals"][0]["as_of"]
    assert "that is unknown, not never" in found["said"]
    assert (folder / "report.html").is_file()


def test_the_alarm_is_told_with_the_times_of_its_zones_and_its_tracks(walked):
    _, found = walked
    page = found["page"]
    assert {"raised", "released"} <= {m["what"] for m in page["timeline"]}
    [zone] = page["zones"]
    assert zone["id"] == "apron"
    assert "TAKE SHELTER" in [t["step"] for t in zone["times"]]
    assert page["alarm"]["times"][0]["what"] == "raised"
    first = page["tracks"][0]
    assert first["first_seen_s"] <= page["incident"]["noun"]["happened"]["earliest_s"]
    assert abs(first["lat"] - 48.0) < 0.1


def test_the_public_page_holds_none_of_what_is_withheld(walked):
    folder, found = walked
    [html] = (folder / "public").glob("inc-*.html")
    public, inside = html.read_text(), (folder / "report.html").read_text()
    noun, page = found["page"]["incident"]["noun"], found["page"]
    stamp = time.strftime("%H:%M:%S", time.gmtime(noun["happened"]["earliest_s"]))
    withheld = ["apron", "camera", "duty editor", noun["alarm"], stamp]
    withheld += [track["track"] for track in page["tracks"]]
    withheld += [track_name(track["track"]) for track in page["tracks"]]
    for words in withheld:
        assert words not in public, words
    for words in ("apron", stamp, track_name(page["tracks"][0]["track"])):
        assert words in inside, words
    for words in ("claimed by Group X", "none reported", "none stated"):
        assert words.casefold() in public.casefold()
    assert "DRAFT" not in public
    assert "feed.atom" in [p.name for p in (folder / "public").iterdir()]


def test_the_ledger_of_the_live_watch_holds_and_a_replay_agrees(walked):
    folder, found = walked
    assert found["live"]["ok"]
    assert tocsin(folder, "record", "verify", "data", "--kept", "exports/node.zip")["ok"]
    replayed = tocsin(folder, "replay", "data", "--out", "again")
    assert replayed["outcome_digest"] == found["digest"]
    [row] = json.loads((folder / "again" / "incidents.json").read_text())
    assert replayed["incidents"] == 1
    assert row["id"] == found["page"]["summary"]["id"]
    assert row["incident"] == found["page"]["incident"]["noun"]
    shown = tocsin(folder, "record", "ask", "drones", "--from", "data")
    assert "drones: 3, according to News Agency" in shown["sentences"][0]["text"]
    last = tocsin(folder, "record", "ask", "last", "--like", row["id"], "--from", "data")
    assert "This register covers 2026-08-05T12:" in last["covers"]
