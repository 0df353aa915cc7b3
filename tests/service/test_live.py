"""The live socket: what a viewer holds is the picture, and a slow one slows nobody."""

import asyncio
import contextlib
import json
import struct
import time

import httpx
import numpy as np
import pytest
import websockets
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.service.fakes import NODE, FakePipeline, tracks_picture
from tests.service.harness import service

from tocsin.codec import wire
from tocsin.model import LABELS, AlertEvent, Outcome, TrackEvent
from tocsin.record import note_alerts_into, open_chain
from tocsin.service import live, scene
from tocsin.service.clock import REAL, Clock
from tocsin.service.wall import Wall

IDS = st.lists(st.integers(1, 12), unique=True, max_size=8)


class Browser:
    """Applies frames as the contract says, by a reader of its own."""

    def __init__(self):
        self.tracks, self.seq, self.types, self.texts = {}, -1, [], []

    def take(self, frame):
        if isinstance(frame, str):
            message = json.loads(frame)
            seq = message["seq"]
            self.types.append(message["type"])
            self.texts.append(message)
            if message["type"] == "drop":
                for number in message["wire"]:
                    self.tracks.pop(number, None)
        else:
            magic, version, kind, seq, self.t_ms = struct.unpack_from("<HBBId", frame)
            assert (magic, version) == (0x5443, 1)
            self.types.append(("full", "delta")[kind])
            if kind == 0:
                self.tracks = {}
            for record in np.frombuffer(frame, dtype=wire.RECORD, offset=16):
                self.tracks[int(record["wire"])] = record
        assert seq == self.seq + 1, "a frame is missing"
        self.seq = seq


def compose(composer, number, picture, **more):
    composer._due_at = -1e9  # as if enough time had passed
    return composer.take(Outcome(picture.now_s, picture, **more), number, ["radar"])


async def drain(viewer, browser):
    while True:
        try:
            browser.take(await asyncio.wait_for(viewer.next_frame(), 0.005))
        except TimeoutError:
            return


@given(st.lists(st.tuples(IDS, st.booleans(), st.integers(0, 3)), min_size=1, max_size=8))
@settings(max_examples=40)
def test_a_viewer_that_skips_pictures_still_ends_with_the_last_one(steps):
    async def run():
        hub, composer, browser = live.Hub(REAL, "live", ""), scene.Composer(NODE), Browser()
        hub.hello = wire.text("hello", version="1")
        viewer = hub.join()
        for number, (ids, looks, label) in enumerate(steps, start=1):
            picture = tracks_picture(float(number), ids)
            picture.tracks.updated_s[:] = [number if i % 2 else 0.0 for i in ids]
            picture.identities.label[:] = label
            hub.committed(number)
            hub.offer(compose(composer, number, picture))
            if looks:
                await drain(viewer, browser)
        await drain(viewer, browser)
        wanted = {int(r["wire"]): r for r in hub.scene.records}
        assert browser.tracks.keys() == wanted.keys()
        for number, record in wanted.items():
            for name in ("lat", "class", "flags", "threat"):
                assert browser.tracks[number][name] == record[name]

    asyncio.run(run())


def test_who_joins_gets_everything_that_stands_and_then_a_full_picture():
    async def run():
        hub, composer, browser = (
            live.Hub(REAL, "live", "a note"),
            scene.Composer(NODE),
            Browser(),
        )
        hub.hello = wire.text("hello", version="1")
        hub.committed(1)
        hub.offer(compose(composer, 1, tracks_picture(1.0, [5, 6])))
        await drain(hub.join(), browser)
        assert browser.types == [
            "hello", "clock", "sensors", "zones", "alarms", "threats", "advice", "notices",
            "sightings", "handovers", "operations", "rules", "track_meta", "full",
        ]  # fmt: skip
        assert len(browser.tracks) == 2
        assert browser.texts[1]["note"] == "a note"

    asyncio.run(run())


def test_who_joins_late_is_told_the_newest_events_also_those_of_before_a_restart():
    events = [
        AlertEvent("raised", float(k), "north", alarm_id=f"A-{k}", step="CAUTION",
                   tracks=(1 << 48 | k,), text="1 track", facts={"missing": k} if k % 2 else {})
        for k in range(scene.EVENTS_TOLD + 7)
    ]  # fmt: skip
    chain, first = open_chain("live", 0.0, {})
    entries = [first, *note_alerts_into(chain, events, 60.0)]

    async def log_of(composer, number, **more):
        hub, browser = live.Hub(REAL, "live", ""), Browser()
        hub.hello = wire.text("hello", version="1")
        hub.committed(9)
        hub.offer(compose(composer, number, tracks_picture(float(number), [1]), **more))
        await drain(hub.join(), browser)
        return next((m["events"] for m in browser.texts if m["type"] == "events"), None)

    async def run():
        silent, told, again = (scene.Composer(NODE) for _ in range(3))
        assert await log_of(silent, 1) is None
        log = await log_of(told, 1, alert_events=tuple(events))
        assert [e["alarm_id"] for e in log] == [e.alarm_id for e in events[7:]]
        assert log[0]["tracks"] == [str(1 << 48 | 7)]
        again.remember(entries)
        assert await log_of(again, 1) == log

    asyncio.run(run())


def test_a_delta_holds_only_what_was_measured_or_is_shown_otherwise():
    async def run():
        hub, composer, browser = live.Hub(REAL, "live", ""), scene.Composer(NODE), Browser()
        hub.hello = wire.text("hello", version="1")
        hub.committed(9)
        viewer = hub.join()
        hub.offer(compose(composer, 1, tracks_picture(1.0, [1, 2, 3], updated_s=1.0)))
        await drain(viewer, browser)
        picture = tracks_picture(2.0, [1, 2, 3], updated_s=1.0)
        picture.tracks.updated_s[1] = 2.0
        picture.identities.label[2] = 4
        hub.offer(compose(composer, 2, picture))
        while isinstance(binary := await viewer.next_frame(), str):
            pass
        assert np.frombuffer(binary, wire.RECORD, offset=16)["wire"].tolist() == [2, 3]

    asyncio.run(run())


def test_what_rows_are_taken_for_is_told_in_parts_within_a_second_of_new_ones_at_once(
    monkeypatch,
):
    """A thousand at once would keep one picture in five waiting."""
    clock = [100.03]
    monkeypatch.setattr(scene.time, "monotonic", lambda: clock[0])
    composer, ids = scene.Composer(NODE), list(range(1, 101))

    def told(label):
        picture = tracks_picture(clock[0], ids)
        picture.identities.label[:] = label
        made = composer.take(Outcome(picture.now_s, picture), 1, ["radar"])
        clock[0] += 0.2
        frames = map(json.loads, made.news)
        found = {
            meta["track_id"]: meta["label"]
            for frame in frames
            if frame["type"] == "track_meta"
            for meta in frame["tracks"]
        }
        joined = json.loads(made.stands("track_meta"))["tracks"]
        assert len(joined) == len(ids), "who joins is told of all"
        return found, {meta["track_id"]: meta["label"] for meta in joined}

    assert len(told(1)[0]) == 100
    assert told(1)[0] == {}
    since, seen = [], {}
    for _ in range(5):
        found, joined = told(2)
        since.append(len(found))
        seen |= found
        assert seen.items() <= joined.items()
    assert set(seen.values()) == {LABELS[2]}
    assert (len(seen), max(since)) == (100, 20)
    ids.append(101)
    assert told(2)[0] == {"101": LABELS[2]}
    del ids[:60]
    assert told(2)[0] == {}


def test_an_uncommitted_picture_is_shown_late_and_marked_until_the_commit(monkeypatch):
    monkeypatch.setattr(live, "COMMIT_WAIT_S", 0.02)

    async def run():
        hub, composer, browser = live.Hub(REAL, "live", ""), scene.Composer(NODE), Browser()
        hub.hello = wire.text("hello", version="1")
        viewer = hub.join()
        hub.offer(compose(composer, 1, tracks_picture(1.0, [5])))
        await drain(viewer, browser)
        await asyncio.sleep(0.05)
        await drain(viewer, browser)
        assert int(browser.tracks[1]["flags"]) == 128
        hub.committed(1)
        await drain(viewer, browser)
        assert int(browser.tracks[1]["flags"]) == 0

    asyncio.run(run())


def test_events_and_the_way_a_track_ended_reach_everybody():
    async def run():
        hub, composer, browser = live.Hub(REAL, "live", ""), scene.Composer(NODE), Browser()
        hub.hello = wire.text("hello", version="1")
        hub.committed(9)
        viewer = hub.join()
        hub.offer(compose(composer, 1, tracks_picture(1.0, [5])))
        event = AlertEvent("raised", 1.5, "north", tracks=(2**60,))
        composer.take(Outcome(1.5, None, alert_events=(event,)), 2, [])  # between two pictures
        ended = TrackEvent("ended", 1.6, 5, 0, "left")
        hub.offer(compose(composer, 3, tracks_picture(2.0, []), track_events=(ended,)))
        await drain(viewer, browser)
        by_type = {m["type"]: m for m in browser.texts}
        assert by_type["event"]["kind"] == "raised"
        assert by_type["event"]["tracks"] == [str(2**60)]
        assert (by_type["drop"]["wire"], by_type["drop"]["how"]) == ([1], "left")
        assert browser.tracks == {}

    asyncio.run(run())


class Crowd(FakePipeline):
    """Shows 2,000 tracks, all of them measured in every picture."""

    def step(self, state, batch):
        state, outcome = super().step(state, batch)
        if outcome.picture is not None:
            outcome.picture = tracks_picture(batch.now_s, range(1, 2001))
        return state, outcome


def test_a_clock_that_is_set_back_is_told_and_pictures_go_on(tmp_path):
    set_s = [0.0]
    clock = Clock(source=Wall(lambda: time.time() + set_s[0]))

    async def run():
        async with service(tmp_path, pipeline=FakePipeline(), clock=clock) as running:
            url = running.url.replace("http", "ws") + "/api/v1/live"
            headers = {"Cookie": running.cookie()}
            async with websockets.connect(url, additional_headers=headers) as viewer:
                set_s[0] = -900.0
                note = ""
                while "set back" not in note:
                    said = await asyncio.wait_for(viewer.recv(), 60.0)
                    if isinstance(said, str) and (body := json.loads(said))["type"] == "clock":
                        note = body["note"]
            before = running.hall.engine.counters.journal_batch
            async with httpx.AsyncClient(base_url=running.url, headers=headers) as client:
                status = (await client.get("/api/v1/status")).json()
                assert (status["ready"], status["clock_note"]) == (True, note)
                assert status["clock_ahead_s"] == pytest.approx(900.0, abs=0.5)
                metrics = (await client.get("/metrics")).text
                assert "\ntocsin_clock_ahead_seconds 9" in metrics
            while running.hall.engine.counters.journal_batch < before + 3:
                await asyncio.sleep(0.05)

    asyncio.run(run())


def test_over_a_real_socket_pictures_come_five_times_a_second_without_deflate(tmp_path):
    async def run():
        async with service(tmp_path, pipeline=Crowd()) as running:
            url = running.url.replace("http", "ws") + "/api/v1/live"
            headers = {"Cookie": running.cookie()}
            async with websockets.connect(url, additional_headers=headers) as viewer:
                assert "deflate" not in viewer.response.headers.get(
                    "Sec-WebSocket-Extensions", ""
                )
                browser, times = Browser(), []
                while len(set(times)) < 10 or browser.types.count("clock") < 2:
                    browser.take(await asyncio.wait_for(viewer.recv(), 60.0))
                    if browser.types[-1] in ("full", "delta"):
                        times.append(browser.t_ms)
                # One may come twice, marked until its commit; each is of a 0.2 s of its own.
                assert times == sorted(times)
                cells = [int(t_ms / 1000.0 * 5) for t_ms in sorted(set(times))]
                assert len(cells) == len(set(cells))
                assert browser.types.index("hello") == 0
                assert len(browser.tracks) == 2000
                hello = browser.texts[0]
                assert hello["node"]["name"] == "North field"
                assert hello["ladder"][3] == "TAKE SHELTER"

    asyncio.run(run())


def test_a_stalled_viewer_is_closed_with_4008_and_slows_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "BEHIND_S", 1.0)

    async def run():
        async with service(tmp_path, pipeline=Crowd()) as running:
            url = running.url.replace("http", "ws") + "/api/v1/live"
            headers = {"Cookie": running.cookie()}
            stalled = await websockets.connect(url, additional_headers=headers, max_queue=1)
            frames = 0
            async with websockets.connect(url, additional_headers=headers) as viewer:
                # While the other one hangs, and after it: this one goes on being told.
                while running.hall.hub.closed_behind == 0 or frames < 3:
                    frame = await asyncio.wait_for(viewer.recv(), 60.0)
                    frames += isinstance(frame, bytes)
                    assert frames < 1000, "the stalled viewer was never closed"
            with contextlib.suppress(websockets.ConnectionClosedError):
                async with asyncio.timeout(60):
                    async for _ in stalled:
                        pass
            assert stalled.close_code == 4008
            assert len(running.hall.hub.viewers) <= 1

    asyncio.run(run())


@pytest.mark.parametrize(
    "headers", [{}, {"Cookie": "tocsin_session=guess"}, {"Origin": "http://evil.example"}]
)
def test_nobody_looks_on_who_is_not_signed_in_here(tmp_path, headers):
    async def run():
        async with service(tmp_path, pipeline=FakePipeline()) as running:
            url = running.url.replace("http", "ws") + "/api/v1/live"
            if "Origin" in headers:
                headers["Cookie"] = running.cookie()
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url, additional_headers=headers)
            assert refused.value.response.status_code == 403

    asyncio.run(run())
