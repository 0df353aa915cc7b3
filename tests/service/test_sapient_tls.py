"""SAPIENT nodes that call by TLS: who has no right certificate is closed with a reason."""

import asyncio
import contextlib
import ssl
import time

import pytest
import uvloop
from tests.ports import free_port
from tests.service.certificates import certificate

from tocsin.codec.sapient import encode_registration
from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError, SiteError
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.listening import open_all

RADAR = "11111111-1111-4111-8111-111111111111"
SITE = """
[node]
name = "North field"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "radar"
kind = "radar"
format = "sapient"
listen = "tcp-listen://127.0.0.1:{port}"
node_id = "{node}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 12
tls = "sensors"
tls_clients = "authority"
"""


@pytest.fixture
def folder(tmp_path):
    authority = certificate(tmp_path, "authority", is_authority=True)
    certificate(tmp_path, "sensors", authority)
    certificate(tmp_path, "radar", authority)
    certificate(tmp_path, "stranger")
    return tmp_path


def client(folder, name=""):
    context = ssl.create_default_context(cafile=folder / "authority.crt")
    if name:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


async def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("runner", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_watch_stops_while_a_caller_is_in_the_middle_of_its_handshake(folder, runner):
    async def go():
        port, inbox = free_port(), Inbox()
        node = read_site(SITE.format(port=port, node=RADAR).encode(), "site.toml")
        listening = open_all(node, inbox, REAL, secrets=folder)
        listening.start(asyncio.get_running_loop())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: [*listening.states().values()] == ["1 connected"])
        listening.stop(asyncio.get_running_loop())
        assert await asyncio.wait_for(reader.read(), 60) == b""  # hung up on, not forgotten
        writer.close()

    with asyncio.Runner(loop_factory=runner) as run:
        run.run(go())


@pytest.mark.parametrize("runner", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_only_a_caller_with_a_certificate_of_the_authority_is_heard(folder, runner, capsys):
    async def go():
        port, inbox = free_port(), Inbox()
        node = read_site(SITE.format(port=port, node=RADAR).encode(), "site.toml")
        listening = open_all(node, inbox, REAL, secrets=folder)
        listening.start(asyncio.get_running_loop())
        (state,) = (lambda: [*listening.states().values()],)
        await asyncio.sleep(0.05)
        inbox.take(0.0)

        async def call(context):
            return await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="localhost" if context else None
            )

        async def is_closed(context, data=b""):
            with contextlib.suppress(OSError):
                reader, writer = await call(context)
                writer.write(data)
                while await asyncio.wait_for(reader.read(100), 60):
                    pass
                writer.close()
            return True

        assert await is_closed(client(folder))
        assert await is_closed(client(folder, "stranger"))
        assert await is_closed(None, b"GET / HTTP/1.0\r\n\r\n" * 20)
        await until(lambda: state()[0].count(" closed (") >= 3)
        words = state()[0]
        assert words.startswith("0 connected")
        assert "peer did not return a certificate" in words
        assert "certificate not accepted" in words
        assert inbox.take(0.0) == []  # nothing of theirs was heard, and nothing has ended

        hello = encode_registration(
            RADAR, time.time(), kind="radar", name="r", status_s=5.0, scan_s=1.0
        )
        _, writer = await call(client(folder, "radar"))
        writer.write(hello[:50])
        await writer.drain()
        writer.write(hello[50:])
        heard = []

        def is_heard():
            heard.extend(inbox.take(0.0))
            return sum(len(a.payload) for a in heard) == len(hello)

        await until(is_heard)
        assert b"".join(a.payload for a in heard) == hello
        assert state()[0].startswith("1 connected")
        writer.close()
        await until(lambda: state()[0].startswith("0 connected"))
        assert [a.payload for a in inbox.take(0.0)] == [b""]
        listening.stop(asyncio.get_running_loop())

    with asyncio.Runner(loop_factory=runner) as one:
        one.run(go())
    assert "a caller was closed" in "".join(capsys.readouterr())


def test_a_certificate_that_is_not_there_is_said_at_the_start(folder):
    (folder / "sensors.key").unlink()
    node = read_site(SITE.format(port=free_port(), node=RADAR).encode(), "site.toml")
    with pytest.raises(ServiceError, match=r"put PEM files sensors\.crt and sensors\.key"):
        open_all(node, Inbox(), REAL, secrets=folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('tls = "sensors"', ""), "no tls"),
        (('tls = "sensors"', 'tls = "../key"'), "the name of a file in DATA/secrets"),
        (("tcp-listen://", "tcp://"), "no tls, or is not called"),
    ],
)
def test_a_site_file_that_cannot_have_tls_is_told_what_would_be_right(change, says):
    text = SITE.format(port=5020, node=RADAR).replace(*change)
    with pytest.raises(SiteError, match=says):
        read_site(text.encode(), "site.toml")
