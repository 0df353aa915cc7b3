"""The feeder against plain sockets: what it sends over each of them is what the codec reads."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ports import free_port

from tocsin import codec
from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, Frame
from tocsin.service.radio import Sieve, SiftedStream
from tocsin.sim import render_site

RATE = 20.0
TOKEN = "a-token-of-24-characters"
SENSORS = ("asad-radar", "asad-adsb", "asad-camera", "asad-rid")


@pytest.fixture
def place(tmp_path):
    ports = {
        "asad_radar": free_port(socket.SOCK_DGRAM), "harir_adsb": 9,
        "asad_adsb": free_port(socket.SOCK_STREAM), "asad_rid": free_port(socket.SOCK_STREAM),
        "harir_sapient": free_port(socket.SOCK_STREAM),
    }  # fmt: skip
    site = tmp_path / "site.toml"
    site.write_text(render_site(ports, time.time()))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "asad-camera").write_text(TOKEN + "\n")
    return site, secrets, ports, free_port(socket.SOCK_STREAM)


def start(place, start_line=True, sensors=SENSORS):
    site, secrets, _, http_port = place
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tocsin.cli.feed", "two-bases", str(site), "--seed", "1",
            "--sensors", ",".join(sensors), "--http", f"127.0.0.1:{http_port}",
            "--secrets", str(secrets),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"listening\n"
    now_s = time.time()
    if start_line:
        line = {"epoch_s": now_s, "anchor_s": now_s, "rate": RATE, "day_s": now_s}
        process.stdin.write(json.dumps(line).encode() + b"\n")
        process.stdin.flush()
    return process, now_s


class Window:
    """So many seconds from when `wanted` kinds of things have been heard: what a busy machine
    takes to begin is no part of them; a minute is a deadline.
    """

    def __init__(self, seconds, wanted):
        self.seconds, self.wanted = seconds, wanted
        self.kinds, self.end = set(), time.monotonic() + 60.0

    def hear(self, kind):
        if kind not in self.kinds:
            self.kinds.add(kind)
            if len(self.kinds) == self.wanted:
                self.end = time.monotonic() + self.seconds

    async def read(self, reader):
        """Return what comes next, None once the window is over."""
        while (left_s := self.end - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):  # the end may have moved meanwhile
                return await asyncio.wait_for(reader.read(65536), min(left_s, 0.5))
        return None


async def listen(place, seconds, answers):
    """Return (source, wall time, payload) of all that came over UDP, TCP and HTTP, in so many
    seconds from when each of the four was heard.
    """
    _, _, ports, http_port = place
    heard = []
    window = Window(seconds, len(SENSORS))
    loop = asyncio.get_running_loop()

    def hear(source, data):
        heard.append((source, time.time(), data))
        window.hear(source)

    class Udp(asyncio.DatagramProtocol):
        def datagram_received(self, data, _address):
            hear("asad-radar", data)

    udp, _ = await loop.create_datagram_endpoint(
        Udp, local_addr=("127.0.0.1", ports["asad_radar"])
    )

    async def posted(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            assert f"authorization: bearer {TOKEN}".encode() in head.lower()
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            status = answers.pop(0) if answers else 200
            if status == 200:
                hear("asad-camera", body)
            if status == 0:  # the service is killed before it answers
                writer.close()
                return
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}".encode())

    async def served(reader, writer):
        try:
            await posted(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", http_port)

    async def call(name):
        reader, writer = await asyncio.open_connection("127.0.0.1", ports[name])
        while data := await window.read(reader):
            hear(name.replace("_", "-"), data)
        writer.close()

    await asyncio.gather(call("asad_adsb"), call("asad_rid"))
    udp.close()
    server.close()
    return heard


@pytest.mark.realtime
def test_every_kind_of_socket_carries_what_the_codec_reads(place):
    process, start_s = start(place)
    try:
        heard = asyncio.run(listen(place, 6.0, []))
    finally:
        process.stdin.close()
        assert process.wait(60) == 0
        process.stdout.close()
        process.stderr.close()
    node = read_site(place[0].read_bytes(), "site.toml")
    session = codec.open_session(node, live=True)
    # What the edge of the service does to a radio's capture before anything is stored.
    sieve = Sieve("asad-rid")
    radio = SiftedStream(sieve, "")
    frames = []
    for source, wall_s, data in heard:
        at_s = start_s + (wall_s - start_s) * RATE
        pieces = [data]
        if source == "asad-rid":
            pieces = [arrival.payload for arrival in radio.take(data, at_s)]
        frames += [Frame(source, len(frames), at_s, piece) for piece in pieces]
    frames = tuple(frames)
    decoded = codec.decode_into(session, node, Batch(frames[-1].arrival_s, frames))
    assert not decoded.rejected
    # 6 s at 20 times: two minutes of the day, less what a busy machine takes to start.
    assert decoded.records["CAT034"] > 16 * 30
    assert decoded.records["CAT048"] > 15
    assert decoded.records["DF17"] > 50
    assert decoded.records["RID-LOCATION"] == decoded.records["RID-SYSTEM"] > 10
    assert sieve.counts()["not Remote ID"] >= 5  # the base's own network
    looks = [c for c in decoded.coverages if session.roster[c.sensor] == "asad-camera"]
    assert len(looks) > 30
    status = {s.sensor_id: s for s in codec.sensor_status(session, node, frames[-1].arrival_s)}
    assert all(status[name].state == "ok" for name in SENSORS)


async def be_called(port, seconds, hang_up_after):
    """Return (wall time, connection, bytes) of nodes that call, in so many seconds from the
    first octet of the third connection; hang up on the first once.
    """
    heard, connections = [], []
    window = Window(seconds, 3)

    async def called(reader, writer):
        number = len(connections)
        connections.append(writer)
        size = 0
        while data := await window.read(reader):
            heard.append((time.time(), number, data))
            window.hear(number)
            size += len(data)
            if number == 0 and size > hang_up_after:
                break
        writer.close()

    async with await asyncio.start_server(called, "127.0.0.1", port):
        while time.monotonic() < window.end:
            await asyncio.sleep(0.1)
    for writer in connections:
        writer.close()
    return heard


@pytest.mark.realtime
def test_nodes_call_register_and_call_again_when_they_are_hung_up_on(place):
    process, start_s = start(place, sensors=("harir-radar", "harir-camera"))
    try:
        heard = asyncio.run(be_called(place[2]["harir_sapient"], 8.0, 3000))
    finally:
        process.stdin.close()
        assert process.wait(60) == 0
        process.stdout.close()
        process.stderr.close()
    node = read_site(place[0].read_bytes(), "site.toml")
    session = codec.open_session(node, live=True)
    ended, frames = set(), []
    for wall_s, number, data in heard:
        at_s = start_s + (wall_s - start_s) * RATE
        if number > 1 and not ended:  # the first was hung up on, or else there is no third
            ended.add(0)
            frames.append(Frame("harir-radar", len(frames), at_s, b"", "#0"))
        frames.append(Frame("harir-radar", len(frames), at_s, data, f"#{number}"))
    decoded = codec.decode_into(session, node, Batch(frames[-1].arrival_s, tuple(frames)))
    assert not decoded.rejected
    assert decoded.records["SAPIENT-REGISTRATION"] == 3
    assert decoded.records["SAPIENT-STATUS"] > 10
    assert decoded.records["SAPIENT-DETECTION"] > 20


@pytest.mark.realtime
def test_posts_that_a_killed_service_never_answered_come_again(place):
    process, _ = start(place)
    try:
        heard = asyncio.run(listen(place, 6.0, [200, 0, 503, 200, 0]))
    finally:
        process.stdin.close()
        assert process.wait(60) == 0
        process.stdout.close()
        process.stderr.close()
    stamps = [json.loads(b)["scan"]["end_s"] for name, _, b in heard if name == "asad-camera"]
    assert len(stamps) > 30
    gaps = [b - a for a, b in zip(sorted(stamps), sorted(stamps)[1:])]
    assert max(gaps) == pytest.approx(1.0, abs=0.01)  # a look every second, none missing


def test_a_feeder_ends_when_its_parent_is_gone(place):
    process, _ = start(place)
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    process.stderr.close()


def test_a_feeder_ends_quietly_when_told_to(place):
    process, _ = start(place)
    os.kill(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors == b""


@pytest.mark.realtime
def test_a_feeder_waits_for_the_start_and_uses_no_processor_meanwhile(place):
    process, _ = start(place, start_line=False)
    before = cpu_s(process.pid)
    time.sleep(1.0)
    assert cpu_s(process.pid) - before < 0.1
    assert process.poll() is None
    process.communicate(timeout=60)


@pytest.mark.realtime
def test_at_real_time_a_feeder_naps(place):
    process, _ = start(place, start_line=False)
    now_s = time.time()
    line = {"epoch_s": now_s, "anchor_s": now_s, "rate": 1.0, "day_s": now_s}
    process.stdin.write(json.dumps(line).encode() + b"\n")
    process.stdin.flush()
    time.sleep(0.7)
    before = cpu_s(process.pid)
    time.sleep(2.0)
    share = (cpu_s(process.pid) - before) / 2.0
    process.communicate(timeout=60)
    assert share < 0.15


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
