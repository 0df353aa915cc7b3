"""SAPIENT nodes on real sockets: answered after the commit, tracked, and kept in bounds."""

import asyncio
import contextlib
import random
import time

from tests.ports import free_port
from tests.service.harness import SITE, service

from tocsin import pipeline
from tocsin.codec.sapient import (
    FrameStream,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    split_into,
    ulid,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.model import Reply
from tocsin.service import conversation
from tocsin.service.clock import REAL, Clock
from tocsin.service.inbox import Inbox
from tocsin.service.journal import read_batches

M = load()
RADAR, CAMERA = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SENSOR = """
[[sensor]]
id = "{id}"
kind = "{kind}"
format = "sapient"
listen = "tcp-listen://127.0.0.1:{port}"
node_id = "{node_id}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 12
sigma_range_m = 8
sigma_azimuth_deg = 0.7
sigma_elevation_deg = 0.7
scan_period_s = 1.0
max_range_m = 12000
"""


def site_of(port):
    radar = SENSOR.format(id="radar", kind="radar", port=port, node_id=RADAR)
    return SITE + radar + SENSOR.format(id="eye", kind="camera", port=port, node_id=CAMERA)


class Sensor:
    """A node: writes in pieces of arbitrary size, keeps what it is answered."""

    def __init__(self, reader, writer, node_id=RADAR):
        self.reader, self.writer, self.node_id = reader, writer, node_id
        self.heard, self._stream = [], FrameStream()
        self.chance = random.Random(1)

    @classmethod
    async def call(cls, port, node_id=RADAR):
        return cls(*await asyncio.open_connection("127.0.0.1", port), node_id)

    async def send(self, data):
        while data:
            size = self.chance.randint(1, 400)
            self.writer.write(data[:size])
            await self.writer.drain()
            data = data[size:]
            if self.chance.random() < 0.1:
                await asyncio.sleep(0)

    async def answer(self):
        while True:
            for item in split_into(self._stream, b""):
                self.heard.append(M.SapientMessage.FromString(item))
                return self.heard[-1]
            data = await asyncio.wait_for(self.reader.read(4096), 60)
            if not data:
                return None
            self._stream.rest += data

    async def is_hung_up(self):
        """Wait until the other side has ended the connection."""
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(65536), 60):
                pass
        return True

    async def end(self):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    def registration(self, now_s, status_s=600.0):
        kind = "radar" if self.node_id == RADAR else "camera"
        return encode_registration(
            self.node_id, now_s, kind=kind, name="one", status_s=status_s, scan_s=1.0
        )

    def status(self, now_s):
        return encode_status(
            self.node_id, now_s, ulid(now_s, 1), lat_deg=48.0, lon_deg=11.0, alt_m=512.0
        )

    def scan(self, now_s, range_m):
        thing = Sighted(
            ulid(now_s, 2), azimuth_rad=0.8, elevation_rad=0.05, range_m=range_m,
            sigma_azimuth_rad=0.005, sigma_elevation_rad=0.01, sigma_range_m=8.0,
        )  # fmt: skip
        return encode_scan(self.node_id, now_s, [thing], [ulid(now_s, 3)])


def refused(run):
    return run.hall.engine.counters.rejected.get("radar", {})


def test_a_node_registers_is_answered_after_the_commit_and_makes_a_track(tmp_path):
    async def go():
        port = free_port()
        clock = Clock(1_790_000_000.0, time.time(), 5.0)
        async with service(tmp_path, site=site_of(port), pipeline=pipeline, clock=clock) as run:
            node = await Sensor.call(port)
            before = run.hall.engine.counters.journal_batch
            await node.send(node.registration(clock.now_s()))
            answer = await node.answer()
            assert answer.registration_ack.acceptance
            assert answer.destination_id == RADAR
            assert run.hall.engine.counters.journal_batch > before
            began_s = clock.now_s()
            tracks = []

            def tracked():
                rows = run.hall.engine._state.trackers[0]
                tracks.append(len(pipeline.track.table(rows, run.hall.engine._state.now_s)))
                return run.hall.engine.counters.detections >= 20

            await node.send(node.status(began_s))
            for _ in range(25):
                now_s = clock.now_s()
                await node.send(node.scan(now_s, 6000.0 - 30.0 * (now_s - began_s)))
                await asyncio.sleep(0.2)
            await run.until(tracked, 60)
            counters = run.hall.engine.counters
            assert counters.records["SAPIENT-REGISTRATION"] == 1
            assert counters.records["SAPIENT-STATUS"] == 1
            assert refused(run) == {}
            await node.end()
            await run.until(lambda: any("0 connected" in s for s in
                                        run.hall.listening.states().values()))  # fmt: skip
        return counters.outcome_digest

    digest = asyncio.run(go())
    # The journal holds the opening of the port, the pieces, and the end of the connection; its
    # replay gives the same, and sends nothing: there is nobody to send it to.
    frames = [f for b in read_batches(tmp_path / "data" / "journal") for f in b.frames]
    mine = [f for f in frames if f.source == "radar"]
    assert (mine[0].payload, mine[0].path) == (b"", "")
    assert (mine[-1].payload, mine[-1].path[-2:]) == (b"", "#1")
    from tocsin.service.journal import read_header

    header = read_header(tmp_path / "data" / "journal")
    from tocsin.codec.site_toml import read_site

    state, _ = pipeline.open_state(
        read_site(header.site.encode(), "s"), mode="replay", now_s=header.opened_s, live=True
    )
    events = []
    for batch in read_batches(tmp_path / "data" / "journal"):
        state, outcome = pipeline.step(state, batch)
        events += outcome.track_events
    assert pipeline.outcome_digest(state) == digest
    assert any(event.kind == "confirmed" for event in events)


def test_what_is_wrong_is_refused_or_hung_up_on_and_counted(tmp_path):
    """On a clock that runs 30 times as fast, so that 30 s of patience are one."""

    async def go():
        port = free_port()
        clock = Clock(1_790_000_000.0, time.time(), 30.0)
        async with service(tmp_path, site=site_of(port), pipeline=pipeline, clock=clock) as run:
            good = await Sensor.call(port)
            await good.send(good.registration(clock.now_s()))
            assert (await good.answer()).registration_ack.acceptance

            second = await Sensor.call(port)
            await second.send(second.registration(clock.now_s()))
            answer = await second.answer()
            assert not answer.registration_ack.acceptance
            assert "registered by another" in answer.registration_ack.ack_response_reason[0]

            liar = await Sensor.call(port, CAMERA)
            lie = b"\xff\xff\xff\x7f" + b"x" * 5000
            await liar.send(liar.registration(clock.now_s()) + lie)
            assert await liar.is_hung_up()

            noise = await Sensor.call(port)
            with contextlib.suppress(ConnectionError):
                await noise.send(frame(random.Random(2).randbytes(9)) * 1000)
            assert await noise.is_hung_up()

            loris = await Sensor.call(port)
            loris.writer.write(good.registration(clock.now_s())[:100])
            assert await loris.is_hung_up()
            assert await second.is_hung_up()  # it never was registered
            await run.until(lambda: "message too slow" in refused(run))
            reasons = refused(run)
            assert reasons["registration refused"] == 1
            assert reasons["message too long"] == 1
            assert reasons.get("not a SAPIENT message", 0) + reasons.get("not valid", 0) == 100
            assert reasons["too many refusals"] == 1
            assert reasons["never registered"] == 1
            # The one that behaves was not disturbed by any of it.
            before = run.hall.engine.counters.detections
            for _ in range(600):  # a second of the machine's is half a minute of this clock
                await good.send(good.scan(clock.now_s(), 3000.0))
                await asyncio.sleep(0.1)
                if run.hall.engine.counters.detections > before:
                    break
            assert run.hall.engine.counters.detections > before
            states = run.hall.listening.states().values
            await run.until(lambda: [*states()] == ["1 connected, 4 hung up on (what it sent)"])
            for one in (good, second, liar, noise, loris):
                await one.end()

    asyncio.run(go())


def test_who_says_nothing_or_does_not_read_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(conversation, "SILENT_S", 0.3)
    monkeypatch.setattr(conversation, "BACKLOG_BYTES", 20_000)
    message = M.SapientMessage(node_id=RADAR)
    message.error.packet = bytes(1000)
    error = frame(message.SerializeToString())

    async def go():
        inbox, loop = Inbox(), asyncio.get_running_loop()
        talks = conversation.Conversations("radar", inbox, REAL)
        server = await loop.create_server(lambda: talks.stream("here"), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        silent = await Sensor.call(port)
        assert await silent.is_hung_up()
        assert inbox.take(0.0) == []  # nothing came of it, so nothing has ended
        monkeypatch.setattr(conversation, "SILENT_S", 60.0)  # a busy machine says hello late
        deaf = await Sensor.call(port)
        deaf.writer.transport.pause_reading()
        deaf.writer.write(b"hello")
        while not inbox.take(0.05):
            await asyncio.sleep(0.01)
        for k in range(100_000):  # the kernel takes some megabytes
            talks.answer(Reply("radar", "here#2", error))
            if "it does not read" in talks.ended:
                break
            if k % 100 == 0:
                await asyncio.sleep(0)
        assert talks.ended == {"it said nothing": 1, "it does not read": 1}
        ended = []
        async with asyncio.timeout(60):
            while not (ended := inbox.take(0.0)):
                await asyncio.sleep(0.01)
        assert [(a.payload, a.path) for a in ended] == [(b"", "here#2")]
        server.close()
        for one in (silent, deaf):
            await one.end()

    asyncio.run(go())


def test_a_crowded_inbox_lets_the_sensor_wait_and_loses_nothing():
    async def go():
        inbox, loop = Inbox(max_bytes=1_000_000), asyncio.get_running_loop()
        talks = conversation.Conversations("radar", inbox, REAL)
        server = await loop.create_server(lambda: talks.stream("here"), "127.0.0.1", 0)
        node = await Sensor.call(server.sockets[0].getsockname()[1])
        data = random.Random(5).randbytes(3_000_000)

        async def write():
            for at in range(0, len(data), 50_000):
                node.writer.write(data[at : at + 50_000])
                await node.writer.drain()

        writing, got, most = asyncio.create_task(write()), b"", 0
        end = time.monotonic() + 60
        while not inbox.is_crowded("radar"):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        while len(got) < len(data):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
            pieces = inbox.take(0.0)
            most = max(most, sum(len(piece.payload) for piece in pieces))
            got += b"".join(piece.payload for piece in pieces)
        assert got == data
        assert inbox.losses() == {}
        assert 500_000 < most <= 1_000_000  # it was crowded, and reading stopped
        await writing
        server.close()
        await node.end()

    asyncio.run(go())


def test_after_a_restart_a_node_registers_anew_and_nothing_is_left_of_its_old_connection(
    tmp_path,
):
    async def first(port):
        async with service(tmp_path, site=site_of(port), pipeline=pipeline) as run:
            node = await Sensor.call(port)
            await node.send(node.registration(time.time()))
            assert (await node.answer()).registration_ack.acceptance
            await node.send(node.scan(time.time(), 3000.0)[:40])
            await run.until(lambda: run.hall.engine.counters.frames["radar"] >= 3)
        await node.end()

    async def second(port):
        async with service(tmp_path, site=site_of(port), pipeline=pipeline) as run:
            node = await Sensor.call(port)
            await node.send(node.registration(time.time()) + node.scan(time.time(), 3000.0))
            assert (await node.answer()).registration_ack.acceptance
            await run.until(lambda: run.hall.engine.counters.detections == 1)
            assert refused(run) == {}
            await node.end()

    port = free_port()
    asyncio.run(first(port))
    asyncio.run(second(port))
