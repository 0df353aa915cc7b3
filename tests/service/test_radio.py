"""A radio's live capture over real sockets: Remote ID goes on, everybody else is forgotten."""

import asyncio
import math
import struct
import time
from dataclasses import replace

import pytest
import websockets
from tests.ports import free_port
from tests.service.harness import SITE, service

from tocsin import codec
from tocsin.codec.capture import LinkType, Packet, read_capture, write_pcap
from tocsin.codec.remoteid import (
    BasicId,
    Location,
    OperatorId,
    System,
    encode_message,
    encode_pack,
    find_broadcast,
    wifi_beacon,
)
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Batch, Frame, Node, Sensor
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.journal import read_batches
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.people import People
from tocsin.service.radio import LIFE_S, Sieve, SiftedStream
from tocsin.service.subject import operators_of

T0 = 1_790_000_000.0
DRONE = bytes.fromhex("02a1b2c3d4e5")
NEIGHBOUR = bytes.fromhex("0e1122334455")
NETWORK = b"the neighbours at home"
OPERATOR = b"GBR-OP-PERSONAL1"
OPERATOR_LAT, OPERATOR_LON = 48.2345678, 11.8765432
NAN = math.nan
RADIO = """
[[sensor]]
id = "rid"
kind = "remote_id"
format = "remote-id"
listen = "ADDRESS"
sites = ["north"]
"""


def neighbour(k):
    """A beacon of a network at home, as every street is full of."""
    head = b"\x80\0\0\0" + b"\xff" * 6 + NEIGHBOUR * 2 + bytes(14)
    data = head + bytes([0, len(NETWORK)]) + NETWORK
    return Packet(T0 + 0.1 * k, LinkType.IEEE_802_11, data, len(data))


def drone(k):
    """A drone far from every zone, that says where its operator stands."""
    place = Location(
        2, 0, 90.0, 10.0, 0.0, 48.2 + 1e-5 * k, 11.3, NAN, 700.0, 50.0, 10, 4, 4, 3, NAN, 0.1
    )
    pilot = System(1, 1, OPERATOR_LAT, OPERATOR_LON, 1, 0.0, NAN, NAN, 1, 5, 560.0, NAN)
    said = [BasicId(1, 2, b"MFG1A0123456789"), place, pilot, OperatorId(0, OPERATOR)]
    data = wifi_beacon(DRONE, encode_pack(said), k)
    return Packet(T0 + 0.1 * k, LinkType.IEEE_802_11, data, len(data))


def is_told_of_operator(data):
    """Tell whether any form of the operator's place or registration stands in the bytes."""
    forms = [OPERATOR, b"48.2345", b"11.8765"]
    for degrees in (OPERATOR_LAT, OPERATOR_LON):
        forms += [struct.pack("<i", round(degrees * 1e7)), struct.pack("<d", degrees)]
    return any(form in data for form in forms)


@pytest.mark.jit
@pytest.mark.parametrize("scheme", ["tcp", "tcp-listen"])
def test_a_live_radio_is_heard_and_only_remote_id_is_kept(tmp_path, scheme):
    capture = write_pcap([neighbour(k) if k % 3 else drone(k) for k in range(90)])
    port = free_port()
    site = SITE + RADIO.replace("ADDRESS", f"{scheme}://127.0.0.1:{port}")

    async def send(writer, begin, done):
        await begin.wait()
        for at in range(0, len(capture), 701):  # pieces end anywhere
            writer.write(capture[at : at + 701])
            await writer.drain()
            await asyncio.sleep(0.01)
        number = 90
        while not done.is_set():  # a busy machine may take its time to draw it
            writer.write(write_pcap([drone(number)])[24:])
            number += 3
            await asyncio.sleep(0.3)
        writer.close()
        await writer.wait_closed()

    async def call(begin, done):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            await send(writer, begin, done)
            return

    async def run():
        seen, begin, done = [], asyncio.Event(), asyncio.Event()
        ended = asyncio.get_running_loop().create_future()

        async def serve(_reader, writer):
            await send(writer, begin, done)
            ended.set_result(None)

        server = None
        if scheme == "tcp":
            server = await asyncio.start_server(serve, "127.0.0.1", port)
        async with service(tmp_path, site=site) as running:
            caller = asyncio.ensure_future(call(begin, done)) if server is None else ended
            url = running.url.replace("http", "ws") + "/api/v1/live"
            await running.until(lambda: not running.hall.engine.not_ready)
            headers = {"Cookie": running.cookie()}
            async with websockets.connect(url, additional_headers=headers) as viewer:
                begin.set()
                while not any(b'"MFG1A0123456789"' in frame for frame in seen):
                    frame = await asyncio.wait_for(viewer.recv(), 60.0)
                    seen.append(frame.encode() if isinstance(frame, str) else frame)
                for _ in range(10):
                    frame = await asyncio.wait_for(viewer.recv(), 60.0)
                    seen.append(frame.encode() if isinstance(frame, str) else frame)
            counters = running.hall.engine.counters
            await running.until(lambda: counters.records.get("RID-LOCATION", 0) >= 30)
            status = (await running.client.get("/api/v1/status")).json()
            metrics = (await running.client.get("/metrics")).text
            ledger = (await running.client.get("/api/v1/ledger?limit=1000")).content
            if server is not None:
                server.close()  # so that nobody is called again
            done.set()
            await caller
        return seen, status, metrics, ledger

    seen, status, metrics, ledger = asyncio.run(run())
    assert status["rejected"]["rid"] == {"not Remote ID": 60}
    assert 'tocsin_rejected_total{reason="not Remote ID",source="rid"} 60.0' in metrics
    assert status["records"]["RID-LOCATION"] == status["records"]["RID-OPERATOR-ID"] >= 30
    (rid,) = [s for s in status["sensors"] if s["sensor_id"] == "rid"]
    assert (rid["kind"], rid["state"]) == ("remote_id", "ok")
    assert not any(is_told_of_operator(frame) for frame in seen)
    assert not is_told_of_operator(ledger)
    journal = tmp_path / "data" / "journal"
    payloads = [f.payload for b in read_batches(journal) for f in b.frames if f.source == "rid"]
    assert is_told_of_operator(drone(0).data)  # it was said, and it is looked for
    assert not any(map(is_told_of_operator, payloads))
    kept = [packet for payload in payloads for packet in read_capture(payload)]
    flights = [[places(p) for p in kept], [places(drone(3 * k)) for k in range(len(kept))]]
    assert flights[0] == flights[1]
    # Serial, address and operator lie sealed, for those who may know.
    people = People(Keyring.open(tmp_path / "data"))
    (operator, *_) = operators_of(people, "MFG1A0123456789")
    assert operator["operator_id"] == OPERATOR.decode()
    assert operator["lat"] == pytest.approx(OPERATOR_LAT, abs=1e-7)
    people.keys.close()
    # What is sealed does not show; what is written in clear must not be anybody else's.
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert NETWORK not in file.read_bytes()
            assert NEIGHBOUR not in file.read_bytes()
            assert not is_told_of_operator(file.read_bytes())
            assert b"MFG1A0123456789" not in file.read_bytes()


def places(packet):
    """Return the octets of a packet's Location messages."""
    broadcast, _ = find_broadcast(packet)
    return [encode_message(m) for m in broadcast.messages if isinstance(m, Location)]


def test_a_capture_that_lost_its_framing_is_counted_and_a_new_call_begins_anew():
    async def run():
        port = free_port()
        address = f"tcp-listen://127.0.0.1:{port}"
        radio = Sensor("rid", kind="remote_id", format="remote-id", listen=(address,))
        inbox = Inbox()
        listening = open_all(Node(sensors=(radio,)), inbox, REAL)
        listening.start(asyncio.get_running_loop())
        await until(lambda: can_connect(port))
        for begin in (b"GET / HTTP/1.1\r\n\r\n", write_pcap([drone(1)]) + b"\xff" * 64):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begin)
            assert await asyncio.wait_for(reader.read(), 60.0) == b""  # it is hung up
            writer.close()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(write_pcap([drone(2)]))
        found = []
        await until(lambda: found.extend(inbox.take(0.0)) or len(found) >= 2)
        writer.close()
        forgotten = listening.forgotten()
        listening.stop(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return found, forgotten

    found, forgotten = asyncio.run(run())
    assert forgotten == {"rid": {"capture broken": 2}}
    data = [p.data for arrival in found for p in read_capture(arrival.payload)]
    assert data == [drone(1).data, drone(2).data]


def can_connect(port):
    import socket

    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


async def until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


def test_a_receiver_among_telephones_lives_though_nothing_of_them_is_kept():
    node = Node(sensors=(Sensor("rid", kind="remote_id", format="remote-id"),))
    session = codec.open_session(node, live=True)
    sieve = Sieve("rid")
    stream = SiftedStream(sieve, "tcp://x:1")
    stream.take(write_pcap([neighbour(0)]), T0)
    handed_on = 0
    for k in range(1, 600):
        packet = write_pcap([neighbour(k)])[24:]
        for arrival in stream.take(packet, T0 + 0.1 * k):
            handed_on += 1
            assert list(read_capture(arrival.payload)) == []
            frame = Frame("rid", handed_on, arrival.arrival_s, arrival.payload)
            decoded = codec.decode_into(session, node, Batch(arrival.arrival_s, (frame,)))
            assert (len(decoded.detections), decoded.rejected) == (0, ())
    assert handed_on == pytest.approx(60.0 / LIFE_S, abs=1)
    assert sieve.counts() == {"not Remote ID": 600}
    (status,) = codec.sensor_status(session, node, T0 + 60.0)
    assert status.state == "ok"


def test_a_sniffer_without_a_clock_is_heard_at_its_arrival():
    stream = SiftedStream(Sieve("rid"), "")
    lost = replace(drone(1), time_s=0.0)
    (arrival,) = stream.take(write_pcap([lost]), T0)
    assert arrival.arrival_s == T0
    session = codec.open_session(Node(), live=True, formats={"rid": "remote-id"})
    decoded = codec.decode_into(
        session, Node(), Batch(T0, (Frame("rid", 0, T0, arrival.payload),))
    )
    assert decoded.detections.time_s.tolist() == [T0]


@pytest.mark.parametrize("address", ["http"])
def test_a_way_on_which_nothing_can_be_sifted_is_refused_in_words(address):
    with pytest.raises(SiteError, match=r"tcp-listen://HOST:PORT \(the receiver calls\)"):
        read_site((SITE + RADIO.replace("ADDRESS", address)).encode(), "site.toml")
