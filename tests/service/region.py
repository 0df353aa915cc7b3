"""A parent fusion node that a test plays, and a child of it that is shown pictures by hand."""

import asyncio
import contextlib
import time

from tests.service.fakes import tracks_picture
from tests.service.harness import SITE

from tocsin.codec.sapient import FrameStream, answers, split_into, validate
from tocsin.codec.sapient._protobuf import load
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
        self.time_s = time.time
        self.node = feeds._node

    async def go_on(self):
        number = 0
        while True:
            number += 1
            self.feeds._offered_at = -1e9
            picture = tracks_picture(self.time_s(), self.ids)
            picture.tracks.sensors[:] = 1  # the camera, first of the roster
            self.feeds.offer(picture, number)
            self.feeds.committed(number)
            await asyncio.sleep(0.1)


async def until(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)
