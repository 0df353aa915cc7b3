"""Looking back: what a playback shows of a time is what was shown then."""

import asyncio
import contextlib
import json
import math
import struct
import time

import numpy as np
import websockets
from tests.service.harness import service

from tocsin.codec import wire

FIELDS = ("lat", "lon", "alt", "v_north", "v_east", "class", "confidence", "flags")


class Screen:
    """Applies the frames of a live or a playback socket; keeps every picture by its time."""

    def __init__(self):
        self.tracks, self.pictures, self.clock, self.marks, self.zones = {}, {}, {}, None, {}
        self.hellos = 0

    def take(self, frame):
        if isinstance(frame, bytes):
            _, _, kind, _, t_ms = struct.unpack_from("<HBBId", frame)
            if kind == 0:
                self.tracks = {}
            for record in np.frombuffer(frame, dtype=wire.RECORD, offset=16):
                self.tracks[int(record["wire"])] = record
            rows = {tuple(r[name].item() for name in FIELDS) for r in self.tracks.values()}
            self.pictures[round(t_ms)] = rows
            return
        message = json.loads(frame)
        if message["type"] == "drop":
            for number in message["wire"]:
                self.tracks.pop(number, None)
        elif message["type"] == "clock":
            self.clock = message
        elif message["type"] == "playback":
            self.marks = message
        elif message["type"] == "hello":
            self.hellos += 1
        elif message["type"] == "zones":
            self.zones.update({z["zone_id"]: z["step"] for z in message["zones"]})


@contextlib.asynccontextmanager
async def looking(running, path):
    """A viewer's socket and the screen that its frames make."""
    address = running.url.replace("http", "ws") + path
    headers = {"Cookie": running.cookie(), "Origin": running.url}
    screen = Screen()
    async with websockets.connect(address, additional_headers=headers, max_size=None) as socket:

        async def read():
            with contextlib.suppress(websockets.ConnectionClosed):
                async for frame in socket:
                    screen.take(frame)

        task = asyncio.ensure_future(read())
        try:
            yield socket, screen
        finally:
            task.cancel()


async def fly(running, seconds):
    """A drone comes in at 20 m/s, seen by the camera five times a second."""
    begun_s = time.time()
    while (since_s := time.time() - begun_s) < seconds:
        body = {
            "detections": [
                {"time_s": time.time(), "range_m": 3000.0 - 20.0 * since_s,
                 "azimuth_deg": 40.0, "elevation_deg": 4.0}
            ]
        }  # fmt: skip
        reply = await running.client.post(
            "/api/v1/detections", json=body, headers=running.bearer()
        )
        assert reply.status_code == 200
        await asyncio.sleep(0.2)


async def until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


def test_a_playback_shows_what_was_shown_then(tmp_path):
    async def run():
        async with service(tmp_path) as running:
            async with looking(running, "/api/v1/live") as (_, live):
                await fly(running, 6.0)
                await until(lambda: live.tracks)
                shown = {t: rows for t, rows in live.pictures.items() if rows}
            async with looking(running, "/api/v1/playback") as (socket, back):
                at_s = max(shown) / 1000.0 - 1.5
                await socket.send(json.dumps({"at_s": at_s, "rate": 0}))
                await until(lambda: back.marks and back.pictures)
                assert back.clock["mode"] == "replay"
                assert back.clock["rate"] == 0.0
                assert math.isclose(back.clock["now_s"], at_s, abs_tol=0.3)
                assert back.marks["begin_s"] < at_s < back.marks["end_s"]
                # It stands still: a second later nothing has come but its clock.
                before = set(back.pictures)
                await asyncio.sleep(1.0)
                assert set(back.pictures) == before
                await socket.send(json.dumps({"rate": 1}))
                await until(lambda: max(back.pictures) >= max(shown))
                both = sorted(set(shown) & set(back.pictures))
                assert len(both) >= 2
                told = [t for t in both if shown[t] == back.pictures[t]]
                # A provisional mark (not yet on disk) may differ while a commit was slow.
                assert len(told) >= 0.8 * len(both), (shown[both[0]], back.pictures[both[0]])
                # Back again: the screen is told everything anew.
                await socket.send(json.dumps({"at_s": at_s, "rate": 0}))
                await until(lambda: back.hellos == 2)
            await until(lambda: running.hall.playbacks == 0)

    asyncio.run(run())


def test_an_order_that_is_none_is_answered_with_a_sentence(tmp_path):
    async def run():
        async with service(tmp_path) as running:
            for order in ('{"rate": 1e9}', '{"speed": 2}', "play"):
                async with looking(running, "/api/v1/playback") as (socket, _):
                    await socket.send(order)
                    await asyncio.wait_for(socket.wait_closed(), 60)
                    assert socket.close_code == 4400
                    assert socket.close_reason
            await until(lambda: running.hall.playbacks == 0)

    asyncio.run(run())


def test_at_most_three_look_back_at_once(tmp_path):
    async def run():
        async with service(tmp_path) as running, contextlib.AsyncExitStack() as stack:
            for _ in range(3):
                await stack.enter_async_context(looking(running, "/api/v1/playback"))
            await until(lambda: running.hall.playbacks == 3)
            socket, _ = await stack.enter_async_context(looking(running, "/api/v1/playback"))
            await asyncio.wait_for(socket.wait_closed(), 60)
            assert socket.close_code == 4429

    asyncio.run(run())
