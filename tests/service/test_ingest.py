"""Sensors are heard over real sockets; what is lost is counted; a port in use is a sentence."""

import asyncio
import contextlib
import socket
import time

import pytest
from tests.ports import free_port

from tocsin import codec
from tocsin.errors import ServiceError, SiteError
from tocsin.model import Batch, Node, Sensor
from tocsin.service import udp
from tocsin.service.addresses import parse_address
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.listening import open_all

UDP = socket.SOCK_DGRAM


def node(*addresses):
    return Node(sensors=(Sensor("radar", listen=addresses),))


@contextlib.asynccontextmanager
async def heard(*addresses, inbox=None):
    inbox = inbox or Inbox()
    listening = open_all(node(*addresses), inbox, REAL)
    listening.start(asyncio.get_running_loop())
    try:
        yield inbox, listening
    finally:
        listening.stop(asyncio.get_running_loop())
        await asyncio.sleep(0)


async def until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


async def collect(inbox, count, timeout_s=60.0):
    found, end = [], time.monotonic() + timeout_s
    while len(found) < count:
        assert time.monotonic() < end, f"only {len(found)} of {count} came"
        found += inbox.take(0.0)
        await asyncio.sleep(0.01)
    return found


def send_udp(port, *payloads, host="127.0.0.1"):
    with socket.socket(socket.AF_INET, UDP) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for payload in payloads:
            out.sendto(payload, (host, port))


def test_datagrams_arrive_whole_in_order_with_their_path():
    async def run():
        port = free_port(UDP)
        address = f"udp://127.0.0.1:{port}"
        async with heard(address) as (inbox, listening):
            send_udp(port, *(b"%d" % k for k in range(200)), b"", b"x" * 60_000)
            found = await collect(inbox, 202)
            assert [a.payload for a in found[:200]] == [b"%d" % k for k in range(200)]
            assert [len(a.payload) for a in found[200:]] == [0, 60_000]
            assert {(a.source, a.path) for a in found} == {("radar", address)}
            assert abs(found[0].arrival_s - time.time()) < 5.0
            assert listening.states() == {address: "listening"}

    asyncio.run(run())


def test_a_feed_on_two_multicast_groups_comes_by_two_paths():
    async def run():
        port = free_port(UDP)
        paths = [f"udp://239.1.1.{k}:{port}?interface=127.0.0.1" for k in (1, 2)]
        async with heard(*paths) as (inbox, _):
            for k in (1, 2):
                send_udp(port, b"plot", host=f"239.1.1.{k}")
            found = await collect(inbox, 2)
            assert [(a.path, a.payload) for a in found] == [(p, b"plot") for p in paths]

    asyncio.run(run())


def test_datagrams_that_the_kernel_threw_away_are_counted(monkeypatch):
    monkeypatch.setattr(udp, "BUFFER_BYTES", 4096)

    async def run():
        port = free_port(UDP)
        async with heard(f"udp://127.0.0.1:{port}") as (inbox, listening):
            send_udp(port, *[b"x" * 1000] * 100)  # nobody reads while we send
            found = await collect(inbox, 1)
            await asyncio.sleep(0.1)
            found += inbox.take(0.0)
            assert sum(listening.kernel_drops().values()) == 100 - len(found) > 0

    asyncio.run(run())


def test_what_still_waits_in_the_socket_is_taken_when_listening_ends():
    async def run():
        address = f"udp://127.0.0.1:{free_port(UDP)}"
        inbox = Inbox()
        reader = udp.UdpReader(parse_address(address, "s"), "s", inbox, REAL)
        loop = asyncio.get_running_loop()
        reader.start(loop)
        sent = udp.DRAIN + 7
        send_udp(parse_address(address, "s").port, *[b"x"] * sent)  # nobody reads meanwhile
        reader.stop(loop)
        assert len(inbox.take(0.0)) == sent

    asyncio.run(run())


def test_a_sensor_that_we_call_is_called_again_after_it_hung_up():
    async def run():
        port, address = free_port(), ""
        address = f"tcp://127.0.0.1:{port}"
        async with heard(address) as (inbox, listening):
            await until(lambda: "cannot be reached" in listening.states()[address])

            async def speak(_, writer):
                writer.write(b"hello")
                await writer.drain()
                writer.close()

            async with await asyncio.start_server(speak, "127.0.0.1", port):
                found = await collect(inbox, 2)
            assert {(a.payload, a.path) for a in found if a.payload} == {(b"hello", address)}

    asyncio.run(run())


def test_a_line_that_a_lost_connection_cut_is_no_part_of_the_next_connection_s():
    half = b"MSG,3,1,1,3C6444,1,2025/12/01,00:00:00.000,2025/12/01,00:00:00.000,,37000,"
    line = (
        b"MSG,3,1,1,4CA2D6,1,2025/12/01,00:00:00.200,2025/12/01,00:00:00.200,,1000,,,50.0,8.5,"
        b",,,,,0\r\n"
    )

    async def run(port):
        found = []
        async with heard(f"tcp-listen://127.0.0.1:{port}") as (inbox, listening):
            for piece in (half, line):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(piece)
                await writer.drain()
                before = len(found)
                while not any(a.payload for a in found[before:]):
                    found += await collect(inbox, 1)
                writer.close()
                await until(lambda: "0 connected" in next(iter(listening.states().values())))
            found += inbox.take(0.0)
        return found

    found = asyncio.run(run(free_port()))
    frames = tuple(arrival.frame(k) for k, arrival in enumerate(found))
    assert [f.payload for f in frames] == [b""] * 8 + [half, b"", line, b""]
    session = codec.open_session(Node(), live=False, formats={"radar": "sbs"})
    heard_of = codec.decode_into(session, Node(), Batch(REAL.now_s(), frames))
    assert heard_of.detections.declared_id.tolist() == [b"4ca2d6"]
    assert heard_of.detections.lat_deg.tolist() == [50.0]
    assert [(r.reason, r.count) for r in heard_of.rejected] == [("cut off", 1)]


def test_sensors_that_call_us_are_kept_apart_and_their_number_is_bounded():
    async def run():
        port = free_port()
        address = f"tcp-listen://127.0.0.1:{port}"
        async with heard(address) as (inbox, listening):
            await until(lambda: "connected" in listening.states()[address])
            callers, found = [], []
            for k in range(8):  # one after the other, so that it is known who was first
                callers.append(await asyncio.open_connection("127.0.0.1", port))
                callers[-1][1].write(b"%d" % k)
                found += await collect(inbox, 1)
            callers.append(await asyncio.open_connection("127.0.0.1", port))
            assert {a.path: a.payload for a in found}[address] == b"0"
            assert len({a.path for a in found}) == 8
            await until(lambda: "1 refused" in listening.states()[address])
            assert listening.states()[address] == "8 connected, 1 refused"
            for _, writer in callers:
                writer.close()
            await until(lambda: listening.states()[address].startswith("0 connected"))

    asyncio.run(run())


@pytest.mark.parametrize(("scheme", "kind"), [("udp", UDP), ("tcp-listen", socket.SOCK_STREAM)])
def test_a_port_in_use_is_a_sentence_that_says_what_to_change(scheme, kind):
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        address = f"{scheme}://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ServiceError, match=r"'radar'.*another address in the site file"):
            open_all(node(address), Inbox(), REAL)


@pytest.mark.parametrize(
    "text",
    ["udp://127.0.0.1", "ftp://1.2.3.4:5", "udp://1.2.3.4:99999", "udp://1.2.3.4:5?ttl=3",
     "udp://239.1.1.1:5?interface=eth0"],
)  # fmt: skip
def test_an_address_that_cannot_be_is_a_sentence(text):
    with pytest.raises(SiteError, match=r"give|write"):
        parse_address(text, "radar")


def test_two_sensors_on_one_address_open_it_once():
    async def run():
        port = free_port(UDP)
        address = f"udp://127.0.0.1:{port}"
        shared = Node(sensors=(Sensor("a", listen=(address,)), Sensor("b", listen=(address,))))
        listening = open_all(shared, Inbox(), REAL)
        assert list(listening.states()) == [address]
        listening.start(asyncio.get_running_loop())
        listening.stop(asyncio.get_running_loop())

    asyncio.run(run())
