"""The line to a parent fusion node, on real sockets: a parent that the test plays, and a second
Tocsin.
"""

import asyncio
import contextlib
import itertools
import time

from tests.service.fakes import tracks_picture
from tests.service.harness import SITE

from tocsin.codec.sapient import (
    FrameStream,
    answers,
    frame,
    is_ulid,
    is_uuid,
    split_into,
    ulid,
    validate,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.reports import seconds_of
from tocsin.codec.site_toml import read_site
from tocsin.service.feeds import Feeds
from tocsin.service.parents import open_parents

M = load()
CHILD = "33333333-3333-4333-8333-333333333333"
PARENT = "44444444-4444-4444-8444-444444444444"
DEADLINE_S = 60.0
CHANNEL = """
[[channel]]
id = "region"
kind = "sapient"
to = "{to}"
period_s = 0.2
"""
UNDER = """
[[sensor]]
id = "north-field"
kind = "system"
format = "sapient"
listen = "tcp-listen://127.0.0.1:{port}"
node_id = "{node_id}"
sites = ["north"]
"""


def named(site, uuid):
    return site.replace("[node]\n", f'[node]\nuuid = "{uuid}"\n')


class Region:
    """A parent that the test plays: takes calls one after another and keeps what it hears."""

    def __init__(self, server, calls):
        self._server, self._calls = server, calls
        self.port = server.sockets[0].getsockname()[1]
        self.talks = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, port=0, context=None):
        calls = asyncio.Queue()
        server = await asyncio.start_server(
            lambda *pair: calls.put_nowait(pair), "127.0.0.1", port, ssl=context
        )
        made = cls(server, calls)
        try:
            yield made
        finally:
            server.close()
            for talk in made.talks:
                talk.writer.close()

    async def next(self):
        pair = await asyncio.wait_for(self._calls.get(), DEADLINE_S)
        self.talks.append(Talk(*pair))
        return self.talks[-1]


class Talk:
    """One call of a child. heard: its valid messages."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.heard, self._ready, self._stream = [], [], FrameStream()

    async def receive(self):
        """Return the next message, None at the end."""
        while not self._ready:
            data = await asyncio.wait_for(self.reader.read(65_536), DEADLINE_S)
            if not data:
                return None
            self._ready += split_into(self._stream, data)
        message = M.SapientMessage.FromString(self._ready.pop(0))
        assert not validate(message)
        self.heard.append(message)
        return message

    async def until(self, wanted):
        """Return the first message that is wanted."""
        end = time.monotonic() + DEADLINE_S
        while True:
            assert time.monotonic() < end, {m.WhichOneof("content") for m in self.heard}
            message = await self.receive()
            assert message is not None, "the child hung up"
            if wanted(message):
                return message

    async def kind(self, name, wanted=lambda _: True):
        """Return the content of the first message of a kind."""
        message = await self.until(
            lambda m: m.WhichOneof("content") == name and wanted(getattr(m, name))
        )
        return getattr(message, name)

    async def accept(self):
        """Take the child's registration and accept it."""
        first = await self.receive()
        assert first.WhichOneof("content") == "registration"
        self.say(answers.registration_ack(PARENT, first.node_id, time.time(), ()))
        return first

    def say(self, data):
        self.writer.write(data)


@contextlib.asynccontextmanager
async def child_of(tmp_path, to, more="", now_s=time.time):
    """Feeds with one parent, and a hand that shows them pictures: of tracks in `shown.ids`."""
    text = named(SITE, CHILD) + CHANNEL.format(to=to) + more
    node = read_site(text.encode(), "site.toml")
    noted = []
    parents = open_parents(
        node, tmp_path, now_s, lambda kind, **said: noted.append((kind, said))
    )
    feeds = Feeds(node, tmp_path, parents)
    feeds.start()
    shown = Shown(feeds, parents["region"], noted)
    task = asyncio.ensure_future(shown.go_on())
    try:
        yield shown
    finally:
        task.cancel()
        await asyncio.to_thread(feeds.stop)


class Shown:
    def __init__(self, feeds, parent, noted):
        self.feeds, self.parent, self.noted, self.ids = feeds, parent, noted, [17, 18]

    async def go_on(self):
        number = 0
        while True:
            number += 1
            self.feeds._offered_at = -1e9
            picture = tracks_picture(time.time(), self.ids)
            picture.tracks.sensors[:] = 1  # the camera, first of the roster
            self.feeds.offer(picture, number)
            self.feeds.committed(number)
            await asyncio.sleep(0.1)


async def until(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


def test_a_child_registers_tells_its_tracks_and_that_they_ended_and_says_goodbye(tmp_path):
    async def go():
        async with Region.open() as region:
            async with child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown:
                talk = await region.next()
                said = (await talk.accept()).registration
                assert [d.node_type for d in said.node_definition] == [20]  # FUSION_NODE
                assert len(said.reporting_region) == 1
                (source,) = said.dependent_nodes
                assert is_uuid(source)
                status = await talk.kind("status_report")
                assert status.info == M.StatusReport.INFO_NEW
                first = [await talk.kind("detection_report") for _ in range(2)]
                assert len({one.object_id for one in first}) == 2
                for one in first:
                    assert [d.node_id for d in one.derived_detection] == [source]
                    assert all(is_ulid(d.object_id) for d in one.derived_detection)
                    assert 33.8 < one.location.y < 34.0
                shown.ids = [18]
                lost = await talk.kind("detection_report", lambda d: d.state == "lost")
                assert lost.object_id in {one.object_id for one in first}
                (other,) = {one.object_id for one in first} - {lost.object_id}
                later = [await talk.kind("detection_report") for _ in range(3)]
                assert {d.object_id for d in later if d.state != "lost"} == {other}
                await until(lambda: shown.parent.line.delivered >= 5)
            last = await talk.until(
                lambda m: m.status_report.system == M.StatusReport.SYSTEM_GOODBYE
            )
            assert await talk.receive() is None
            assert last is talk.heard[-1]
            stamps = [seconds_of(m.timestamp) for m in talk.heard]
            assert stamps == sorted(stamps)
            seen = sorted(
                {seconds_of(m.timestamp) for m in talk.heard if m.HasField("detection_report")}
            )
            assert all(b - a >= 0.08 for a, b in itertools.pairwise(seen))
            assert {m.node_id for m in talk.heard} == {CHILD}

    asyncio.run(go())


def test_after_a_loss_it_registers_anew_and_an_object_keeps_its_id(tmp_path):
    async def go():
        async with Region.open() as region:
            port = region.port
            async with child_of(tmp_path, f"tcp://127.0.0.1:{port}") as shown:
                talk = await region.next()
                await talk.accept()
                before = {(await talk.kind("detection_report")).object_id for _ in range(2)}
                talk.writer.transport.abort()
                shown.ids = [17, 19]
                talk = await region.next()
                await talk.accept()
                lost = await talk.kind("detection_report", lambda d: d.state == "lost")
                assert lost.object_id in before  # it ended while nobody heard
                after = {
                    (await talk.kind("detection_report", lambda d: not d.state)).object_id
                    for _ in range(4)
                }
                assert len(after) == 2
                assert len(after & before) == 1
        async with child_of(tmp_path, f"tcp://127.0.0.1:{port}") as shown:
            await until(lambda: shown.parent.line.failed >= 2)
            assert "ConnectionRefused" in shown.parent.line.error
            async with Region.open(port) as region:
                talk = await region.next()  # a program that starts anew gives the same ids
                await talk.accept()
                again = {(await talk.kind("detection_report")).object_id for _ in range(2)}
                assert again == before

    asyncio.run(go())


def test_a_parent_that_refuses_is_asked_again_and_why_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("tocsin.service.parents.REFUSED_S", (0.2, 0.2))

    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            for _ in range(3):
                talk = await region.next()
                first = await talk.receive()
                ack = answers.registration_ack(
                    PARENT, first.node_id, time.time(), ("nobody has named you",)
                )
                talk.say(ack)
                assert await talk.receive() is None  # it hangs up, and has told nothing
            assert "nobody has named you" in shown.feeds.status()[0].last_error
            talk = await region.next()
            await talk.accept()
            await talk.kind("detection_report")
            assert shown.feeds.status()[0].last_error == ""

    asyncio.run(go())


def test_a_task_of_the_parent_is_rejected_noted_and_goes_nowhere(tmp_path):
    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            talk = await region.next()
            first = await talk.accept()
            for number, (field, value) in enumerate(
                [("look_at", None), ("request", "Fire"), ("follow", None)]
            ):
                message = M.SapientMessage(node_id=PARENT, destination_id=first.node_id)
                message.timestamp.GetCurrentTime()
                message.task.task_id, message.task.control = ulid(time.time(), number), 1
                if value is None:
                    getattr(message.task.command, field).SetInParent()
                else:
                    setattr(message.task.command, field, value)
                talk.say(frame(message.SerializeToString()))
                ack = await talk.kind("task_ack")
                assert ack.task_id == message.task.task_id
                assert ack.task_status == M.TaskAck.TASK_STATUS_REJECTED
                assert "takes no tasks" in ack.reason[0]
            assert "follow: refused (3 so far)" in shown.feeds.status()[0].last_error
            assert shown.noted[0][0] == "task refused"
            assert shown.noted[0][1]["what"] == "look at"
            await talk.kind("detection_report")  # and it goes on
            kinds = {m.WhichOneof("content") for m in talk.heard}
            assert kinds <= {"registration", "status_report", "detection_report", "task_ack"}

    asyncio.run(go())
