"""The picture leaves by real sockets: what partners hear, what is counted where they do not."""

import asyncio
import contextlib
import re
import socket
import ssl
import threading
import time
import warnings
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.service.certificates import certificate
from tests.service.fakes import tracks_picture
from tests.service.harness import SITE, service

from tocsin.codec.cot import CotStream, is_drop, read_event, read_xml, split_into
from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError
from tocsin.service.feeds import Feeds

pytestmark = pytest.mark.anyio
T0 = 1_790_000_000.0
DEADLINE_S = 60.0


@pytest.fixture
def anyio_backend():
    return "asyncio"


def site_with(to, more="", kind="cot", nature="live"):
    text = SITE.replace('listen = "http"', f'listen = "http"\nnature = "{nature}"')
    return (
        f'{text}\n[[channel]]\nid = "partner"\nkind = "{kind}"\nto = "{to}"\n'
        f"period_s = 0.2\n{more}\n"
    )


@contextlib.contextmanager
def feeding(tmp_path, to, more="", **others):
    made = Feeds(read_site(site_with(to, more, **others).encode(), "site.toml"), tmp_path)
    made.start()
    yield made
    made.stop()


def show(feeds, number, ids, now_s=T0):
    """One picture that is committed at once."""
    feeds._offered_at = -1e9
    feeds.offer(tracks_picture(now_s + number, ids), number)
    feeds.committed(number)


def until(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


class Datagrams:
    """A partner that hears datagrams."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE_S)
        self.to = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"

    def next(self):
        return self.socket.recv(65_536)


@pytest.fixture
def partner():
    made = Datagrams()
    yield made
    made.socket.close()


@pytest.mark.parametrize("protocol", ["xml", "protobuf"])
def test_each_track_is_an_event_and_one_that_ended_is_dropped(tmp_path, partner, protocol):
    with feeding(tmp_path, partner.to, f'protocol = "{protocol}"') as feeds:
        show(feeds, 1, [17, 18])
        heard = [read_event(split_into(CotStream(), partner.next())[0]) for _ in range(2)]
        assert {e.uid for e in heard} == {"tocsin.1.17", "tocsin.1.18"}
        assert not any(map(is_drop, heard))
        show(feeds, 2, [18])
        heard = [read_event(split_into(CotStream(), partner.next())[0]) for _ in range(2)]
        assert [(e.uid, is_drop(e)) for e in heard] == [
            ("tocsin.1.17", True), ("tocsin.1.18", False),
        ]  # fmt: skip
        until(lambda: feeds.status()[0].delivered == 4)


def test_a_picture_leaves_only_once_it_is_on_disk(tmp_path, partner):
    with feeding(tmp_path, partner.to) as feeds:
        feeds.offer(tracks_picture(T0, [17]), 5)
        feeds.committed(4)
        partner.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            partner.next()
        partner.socket.settimeout(DEADLINE_S)
        feeds.committed(5)
        assert read_xml(partner.next()).uid == "tocsin.1.17"


def test_a_limit_holds_back_and_every_track_gets_its_turn(tmp_path, partner):
    with feeding(tmp_path, partner.to, "per_second = 25") as feeds:  # five a picture
        heard = set()
        for number in range(1, 200):
            show(feeds, number, list(range(100, 112)))
            heard |= {read_xml(partner.next()).uid for _ in range(5)}
            if len(heard) == 12:
                break
        assert len(heard) == 12
        until(lambda: feeds.status()[0].held_back >= 7)


def test_a_partner_that_is_down_costs_nothing_but_dead_letters_and_hears_later(tmp_path):
    port = free_port()
    with feeding(tmp_path, f"tcp://127.0.0.1:{port}") as feeds:
        show(feeds, 1, [17, 18])
        until(lambda: feeds.status()[0].failed == 2)
        assert "Connection" in feeds.status()[0].last_error
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(DEADLINE_S)
            number = iter(range(2, 100_000))
            stop = threading.Event()

            def go_on():
                while not stop.wait(0.05):
                    show(feeds, next(number), [17])

            thread = threading.Thread(target=go_on)
            thread.start()
            called, _ = server.accept()
            called.settimeout(DEADLINE_S)
            stream, events = CotStream(), []
            while len(events) < 3:
                events += map(read_event, split_into(stream, called.recv(65_536)))
            called.sendall(b"<event/>" * 1000)  # what a server tells is passed over
            while len(events) < 6:
                events += map(read_event, split_into(stream, called.recv(65_536)))
            called.close()
            stop.set()
            thread.join()
        assert "tocsin.1.17" in {e.uid for e in events}
        # 18 ended while nobody heard: the partner is told once it hears
        assert [e.uid for e in events if is_drop(e)] == ["tocsin.1.18"]


def test_what_is_simulated_leaves_by_a_channel_for_it_alone(tmp_path, partner):
    with feeding(tmp_path, partner.to) as feeds:
        picture = tracks_picture(T0, [17, 18])
        picture.tracks.nature[:] = (2, 0)
        feeds.offer(picture, 1)
        feeds.committed(1)
        assert read_xml(partner.next()).uid == "tocsin.1.18"
        until(lambda: feeds.status()[0].delivered == 1)
    node = read_site(site_with("udp://192.0.2.1:6969", nature="simulated").encode(), "s")
    closed = Feeds(node, tmp_path)
    closed.start()
    assert "no sensor here is live" in closed.status()[0].closed
    assert not closed._threads


def test_the_channel_on_the_page_is_heard(tmp_path, partner):
    page = Path(__file__).parents[2] / "docs" / "formats" / "cot.md"
    (block,) = re.findall(r"```toml\n(\[\[channel\]\].*?)```", page.read_text(), re.DOTALL)
    text = re.sub(r'"udp://[^"]*"', f'"{partner.to}"', block)
    feeds = Feeds(read_site((SITE + text).encode(), "site.toml"), tmp_path)
    feeds.start()
    picture = tracks_picture(T0, [17])
    feeds.offer(picture, 1)
    feeds.committed(1)
    assert read_xml(partner.next()).uid == "tocsin.1.17"
    feeds.stop()


def test_a_tak_server_by_tls_is_told_only_if_both_sides_are_who_they_say(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    authority = certificate(folder, "authority", is_authority=True)
    for name in ("server", "tocsin"):
        certificate(folder, name, authority)
    certificate(folder, "stranger", is_authority=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    context.load_verify_locations(folder / "authority.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as server:
        to = f"tls://localhost:{server.getsockname()[1]}"
        server.settimeout(DEADLINE_S)
        heard = []

        def serve():
            while not heard:
                plain, _ = server.accept()
                with contextlib.suppress(OSError), plain:
                    plain.settimeout(DEADLINE_S)
                    with context.wrap_socket(plain, server_side=True) as called:
                        heard.append(called.recv(65_536))

        thread = threading.Thread(target=serve)
        thread.start()
        more = 'tls = "tocsin"\ntls_authority = "stranger"'
        with feeding(tmp_path, to, more) as feeds:
            show(feeds, 1, [17])
            until(lambda: feeds.status()[0].failed == 1)
            assert "certificate" in feeds.status()[0].last_error.lower()
        assert not heard
        with feeding(tmp_path, to, more.replace("stranger", "authority")) as feeds:
            show(feeds, 1, [17])
            thread.join(DEADLINE_S)
    assert read_xml(heard[0]).uid == "tocsin.1.17"


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_asterix_arrives_and_libasterix_reads_who_ended(tmp_path, partner, way):
    import asterix.base as peer
    import asterix.generated as peer_tables

    tables = {62: peer_tables.Cat_062_1_20, 65: peer_tables.Cat_065_1_5}

    def batch():
        """Return category and record of all of one picture, up to its end-of-batch."""
        found = []
        while not found or found[-1][0] != 65:
            data = partner.next() if way == "udp" else called.recv(65_536)
            for block in peer.RawDatablock.parse(peer.Bits.from_bytes(data)):
                category = block.get_category()
                records = tables[category].cv_uap.parse(block.get_raw_records())
                found += [(category, record) for record in records]
        return found

    with contextlib.ExitStack() as stack:
        to = partner.to
        if way == "tcp":
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            to = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        page = Path(__file__).parents[2] / "docs" / "formats" / "asterix.md"
        (block,) = re.findall(r"```toml\n(\[\[channel\]\].*?)```", page.read_text(), re.DOTALL)
        text = re.sub(r'"udp://[^"]*"', f'"{to}"', block)
        feeds = Feeds(read_site((SITE + text).encode(), "site.toml"), tmp_path)
        feeds.start()
        stack.callback(feeds.stop)
        show(feeds, 1, [17, 18])
        if way == "tcp":
            server.settimeout(DEADLINE_S)
            called, _ = server.accept()
            called.settimeout(DEADLINE_S)
            stack.callback(called.close)
        first = batch()
        assert [category for category, _ in first] == [62, 62, 65, 65]
        assert [r.get_item("040").as_uint() for _, r in first[:2]] == [1, 2]
        show(feeds, 2, [18])
        second = [record for category, record in batch() if category == 62]
        assert [r.get_item("040").as_uint() for r in second] == [1, 2]
        ends = [r.unparse().to_bytes() for r in second]
        from tocsin.codec.asterix import EDITIONS, blocks, encode_block, records

        said = []
        for raw in ends:
            data = encode_block(62, [raw])
            (block,) = blocks(data)
            (record,) = records(data, block, EDITIONS[62])
            said.append(record.read("080")["TSE"])
        assert said == [1, 0]


def test_a_certificate_that_is_not_there_is_said_at_the_start(tmp_path):
    node = read_site(site_with("tls://localhost:1", 'tls = "tocsin"').encode(), "s")
    with pytest.raises(ServiceError, match=r"tocsin\.crt or its key cannot be used"):
        Feeds(node, tmp_path)


COT_IN = """
[[sensor]]
id = "tak"
kind = "system"
format = "cot"
listen = "udp://127.0.0.1:PORT"
sites = ["north"]
"""


async def test_an_event_on_the_socket_becomes_a_track_and_pytak_hears_of_it(tmp_path):
    """The whole way: bytes of a TAK gateway in, our pipeline, CoT out to a real TAK client. A
    second feed tells of the aircraft too: what TAK alone tells of is not told back.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pytak
    theirs, ours = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    reader, _ = await pytak.protocol_factory({"COT_URL": f"udp+ro://127.0.0.1:{theirs}"})
    queue = asyncio.Queue()
    worker = pytak.RXWorker(queue, {}, reader)
    listening = asyncio.ensure_future(worker.run())
    site = site_with(f"udp://127.0.0.1:{theirs}") + COT_IN.replace("PORT", str(ours))
    gateway = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        async with asyncio.timeout(120):
            async with service(tmp_path, site=site) as running:
                found = None
                for k in range(2000):
                    lat = 48.01 + 1e-5 * k
                    stamp = time.time()
                    gateway.sendto(_event(lat, stamp), ("127.0.0.1", ours))
                    if k % 5 == 2:
                        said = {"time_s": stamp, "lat": lat, "lon": 11.0, **SAID}
                        await running.client.post(
                            "/api/v1/detections", json=said, headers=running.bearer()
                        )
                    await asyncio.sleep(0.1)
                    while not queue.empty():
                        event = read_xml(queue.get_nowait())
                        assert not is_drop(event)
                        # An unknown thing at first, until its address has spoken for it.
                        if event.callsign == "FLY 12" and event.type != "a-u-A":
                            found = event
                    if found:
                        break
                status = running.hall.status()
                assert status.records["COT"] >= 1
                assert {c.id: c.failed for c in status.channels} == {"partner": 0}
                text = (await running.client.get("/metrics")).text
                assert 'tocsin_warnings_delivered_total{channel="partner"}' in text
    finally:
        gateway.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        reader.close()
    assert found is not None
    assert found.type == "a-u-A-C-F"
    assert found.uid.startswith("tocsin.1.")
    assert abs(found.lat_deg - lat) < 0.001
    assert abs(found.lon_deg - 11.0) < 1e-3


SAID = {
    "report": "declared", "declared_id": "4841a3", "alt_m": 900.0, "alt_ref": "ellipsoid",
    "sigma_position_m": 10.0,
}  # fmt: skip


def _event(lat, stamp):
    from tocsin.codec.cot import CotEvent, write_xml

    return write_xml(
        CotEvent(
            "a-n-A-C-F", "ICAO-4841A3", stamp, stamp, stamp + 30.0, "m-g", lat, 11.0, 900.0,
            10.0, 15.0, "FLY 12", 0.0, 11.0,
        )
    )  # fmt: skip
