"""TAK by real sockets of this machine: what comes into the inbox, and what never does."""

import asyncio
import contextlib
import socket

import pytest
from tests.ports import free_port
from tests.service.certificates import certificate

from tocsin.codec.cot import CotEvent, read_xml, write_protobuf, write_xml
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.people import People
from tocsin.service.tak import rename
from tocsin.service.tls import client_context, server_context

T0 = 1_790_000_000.0
SITE = """
[node]
name = "North"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "tak"
kind = "system"
format = "cot"
listen = "ADDRESS"
sites = ["north"]
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    authority = certificate(folder, "authority", is_authority=True)
    for name in ("server", "tocsin", "tak"):
        certificate(folder, name, authority)
    certificate(folder, "stranger", is_authority=True)
    return folder


def event(kind, uid):
    return CotEvent(kind, uid, T0, T0, T0 + 30.0, "m-g", 48.1, 11.1, 700.0, callsign="VIPER 1")


def telling(data, called):
    """Return a server's part: it tells whoever calls, until that one hangs up; called: whose
    writers `end` has to get.
    """

    async def serve(reader, writer):
        called.append(writer)
        writer.write(data)
        with contextlib.suppress(OSError):
            await reader.read()

    return serve


async def end(*writers):
    """Close connections of a test, at once and whole."""
    for writer in writers:
        writer.transport.abort()
    for writer in writers:
        with contextlib.suppress(OSError):
            await writer.wait_closed()


EVENTS = [
    event("a-f-G-U-C", "ANDROID-0123"), event("a-f-A-M-H-Q", "uas-77"),
    event("a-n-A-C-F", "ICAO-4841A3"),
]  # fmt: skip


@pytest.mark.parametrize("way", ["udp", "multicast", "tcp-listen", "tls-listen", "tls"])
def test_only_things_in_the_air_come_in_and_a_drone_under_another_name(
    tmp_path, certificates, way
):
    stream = way not in ("udp", "multicast")
    port = free_port(socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    host = {"multicast": "239.2.3.1", "tls": "localhost"}.get(way, "127.0.0.1")
    scheme = {"tls": "tls", "udp": "udp", "multicast": "udp"}.get(way, "tcp-listen")
    more = {"multicast": "?interface=127.0.0.1", "tls": "?authority=authority"}.get(way, "")
    words = SITE.replace("ADDRESS", f"{scheme}://{host}:{port}{more}")
    if way == "tls-listen":
        words += 'tls = "tocsin"\ntls_clients = "authority"\n'
    if way == "tls":
        words += 'tls = "tocsin"\n'
    node = read_site(words.encode(), "site.toml")
    people = People(Keyring.open(tmp_path))
    inbox = Inbox()

    sent = b"".join(map(write_xml, EVENTS)) + b"garbage"

    async def run():
        loop, called = asyncio.get_running_loop(), []
        listening = open_all(
            node, inbox, REAL, None, lambda one, now_s: rename(people, one, now_s),
            secrets=certificates,
        )  # fmt: skip
        if way == "tls":
            server = await asyncio.start_server(
                telling(sent, called), host, port,
                ssl=server_context("server", "authority", certificates),
            )  # fmt: skip
        listening.start(loop)
        await asyncio.sleep(0.05)
        if way == "tls":
            pass
        elif stream:
            _, writer = await asyncio.open_connection(
                host, port, server_hostname="localhost" if way == "tls-listen" else None,
                ssl=client_context("tak", "authority", certificates)
                if way == "tls-listen" else None,
            )  # fmt: skip
            writer.write(sent)
        else:
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
            )
            for one in EVENTS:
                sender.sendto(b"\xbf\x01\xbf" + write_protobuf(one), (host, port))
            sender.sendto(b"garbage", (host, port))
            sender.close()
        found, counts = [], {}
        for _ in range(6000):  # a minute: a deadline, not a measure
            found += [one for one in inbox.take(0.0) if one.payload]
            counts = listening.forgotten().get("tak", {})
            if len(found) >= 2 and len(counts) >= 2:
                break
            await asyncio.sleep(0.01)
        listening.stop(loop)
        if way == "tls":
            server.close()
            await end(*called)
        elif stream:
            await end(writer)
        return found, counts

    found, counts = asyncio.run(run())
    assert counts == {"not in the air": 1, "out of step": 1}
    kept = [read_xml(arrival.payload) for arrival in found]
    assert [one.uid for one in kept][1] == "ICAO-4841A3"
    assert kept[0].uid.startswith("X-TK")
    assert [one.callsign for one in kept] == ["", "VIPER 1"]
    assert (kept[0].lat_deg, kept[0].alt_m) == (48.1, 700.0)
    assert not any(b"uas-77" in a.payload or b"ANDROID" in a.payload for a in found)


def test_what_we_send_ourselves_is_known_when_it_comes_back(tmp_path):
    from tocsin.codec.cot import own_prefix
    from tocsin.service.tak import TakSieve

    sieve = TakSieve("tak", own=own_prefix(1))
    data = b"".join(
        map(write_xml, [event("a-u-A-M-H-Q", "tocsin.1.4711"), event("a-u-A", "tocsin.12.5")])
    )
    kept = sieve.open("udp://h:1").take(data, T0)
    assert [read_xml(one.payload).uid for one in kept] == ["tocsin.12.5"]
    assert sieve.counts() == {"told by ourselves": 1}


def test_what_another_tocsin_tells_on_is_forgotten_and_what_it_measures_is_kept():
    from tocsin.service.tak import TakSieve

    sieve = TakSieve("tak", own="tocsin.1.")
    uids = ("tocsin.2.d.X-TK4", "tocsin.2.d.4841a3", "tocsin.12.5", "tocsin.d.7")
    data = b"".join(write_xml(event("a-u-A-M-H-Q", uid)) for uid in uids)
    kept = sieve.open("udp://h:1").take(data, T0)
    assert [read_xml(one.payload).uid for one in kept] == ["tocsin.12.5", "tocsin.d.7"]
    assert sieve.counts() == {"told on by another Tocsin": 2}


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE event [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    b'<event uid="&b;"></event>'
)


async def state_of(listening, is_so):
    """Return the words of the one address once they are so; a minute is a deadline."""
    for _ in range(6000):
        (words,) = listening.states().values()
        if is_so(words):
            return words
        await asyncio.sleep(0.01)
    raise AssertionError(words)


def listening_at(port, inbox):
    node = read_site(SITE.replace("ADDRESS", f"tcp-listen://127.0.0.1:{port}").encode(), "s")
    return open_all(node, inbox, REAL)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (BOMB, "an event with a document type"),
        (b"\xbf\xff\xff\xff\xff\x07", "a message of 2147483647 octets"),
        (b"GET / HTTP/1.0\r\n\r\n", "what comes begins with octet 0x47"),
    ],
)
def test_a_bomb_and_a_length_of_two_gigabytes_are_closed_with_a_reason(capsys, sent, why):
    async def run():
        port, inbox = free_port(socket.SOCK_STREAM), Inbox()
        listening = listening_at(port, inbox)
        listening.start(asyncio.get_running_loop())
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        _, good = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        await end(writer)
        words = await state_of(listening, lambda words: why in words)
        assert words.startswith("1 connected")
        good.write(write_xml(EVENTS[2]))  # nobody else is disturbed
        heard = []
        for _ in range(6000):
            heard += [one for one in inbox.take(0.0) if one.payload]
            if heard:
                break
            await asyncio.sleep(0.01)
        assert read_xml(heard[0].payload).uid == "ICAO-4841A3"
        listening.stop(asyncio.get_running_loop())
        await end(good)

    asyncio.run(run())
    out = "".join(capsys.readouterr())
    assert "a connection was closed" in out
    assert why in out


def test_who_keeps_all_places_and_says_nothing_gives_way_to_a_sensor(monkeypatch, capsys):
    from tocsin.service import tcp

    monkeypatch.setattr(tcp, "IDLE_S", 0.0)

    async def run():
        port, inbox = free_port(socket.SOCK_STREAM), Inbox()
        listening = listening_at(port, inbox)
        listening.start(asyncio.get_running_loop())
        await asyncio.sleep(0.05)
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        await state_of(listening, lambda words: words.startswith("8 connected"))
        kept.append(await asyncio.open_connection("127.0.0.1", port))
        words = await state_of(listening, lambda words: "1 closed (it said next to" in words)
        assert words.startswith("8 connected")
        kept[-1][1].write(write_xml(EVENTS[2]))
        heard = []
        for _ in range(6000):
            heard += [one for one in inbox.take(0.0) if one.payload]
            if heard:
                break
            await asyncio.sleep(0.01)
        assert len(heard) == 1
        listening.stop(asyncio.get_running_loop())
        await end(*(writer for _, writer in kept))

    asyncio.run(run())
    assert "it said next to nothing" in "".join(capsys.readouterr())


def test_a_tak_server_that_another_authority_signed_is_not_heard(certificates):
    async def run():
        port, called = free_port(socket.SOCK_STREAM), []
        words = SITE.replace("ADDRESS", f"tls://localhost:{port}?authority=stranger")
        listening = open_all(
            read_site(words.encode(), "s"), Inbox(), REAL, secrets=certificates
        )
        server = await asyncio.start_server(
            telling(write_xml(EVENTS[2]), called), "localhost", port,
            ssl=server_context("server", "", certificates),
        )  # fmt: skip
        listening.start(asyncio.get_running_loop())
        await state_of(listening, lambda words: "certificate is not accepted" in words)
        listening.stop(asyncio.get_running_loop())
        server.close()
        await end(*called)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "more", "says"),
    [
        ("tcp://h:1", 'tls = "tocsin"', "that we call at tls://HOST:PORT"),
        ("udp://h:1", 'tls = "tocsin"', "that we call at tls://HOST:PORT"),
        ("tls://h:1", 'tls = "tocsin"\ntls_clients = "authority"', "or is not called"),
        ("tls://h", "", "tls://HOST:PORT"),
    ],
)
def test_what_cannot_have_tls_is_told_what_would_be_right(address, more, says):
    with pytest.raises(SiteError, match=says):
        read_site((SITE.replace("ADDRESS", address) + more).encode(), "site.toml")
