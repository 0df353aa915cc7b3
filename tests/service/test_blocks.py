"""ASTERIX by a stream is cut into whole messages, and drones are renamed before it is kept."""

import asyncio
import contextlib
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.test_asterix_reports import ADSB, UAS
from tests.ports import free_port
from tests.service.test_ingest import collect, send_udp

from tocsin.codec.asterix import beside_edition, encode_block, encode_plot, encode_record
from tocsin.model import Node, Sensor
from tocsin.service.blocks import BlockSieve, name_uas
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.people import People

SERIAL = b"123456789012"
DRONE = encode_block(129, [encode_record(beside_edition(129), UAS)])
CRAFT = encode_block(21, [encode_record(beside_edition(21), ADSB)])
PLOTS = encode_block(48, [encode_plot(1, 2, 0.0, 1e4, 1.0)] * 3)


@given(st.data())
def test_a_stream_cut_anywhere_gives_the_same_blocks_whole(data):
    whole = [PLOTS, DRONE, CRAFT, PLOTS]
    octets = b"".join(whole)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=12)))
    stream = BlockSieve("s").open("p")
    ends = {sum(map(len, whole[:n])) for n in range(1, 5)}
    found, at = b"", 0
    for cut in [*cuts, len(octets)]:
        found += b"".join(a.payload for a in stream.take(octets[at:cut], 0.0))
        at = cut
        assert found == b"" or len(found) in ends
    assert found == octets
    assert not stream.broken


def test_a_length_that_no_block_has_ends_the_connection_and_is_counted():
    sieve = BlockSieve("s")
    stream = sieve.open("p")
    (kept,) = stream.take(PLOTS + b"\x30\x00\x00" + PLOTS, 0.0)
    assert kept.payload == PLOTS
    assert stream.broken
    assert sieve.counts() == {"wrong block length": 1}


async def called(port):
    end = time.monotonic() + 60.0
    while True:
        with contextlib.suppress(OSError):
            _, out = await asyncio.open_connection("127.0.0.1", port)
            return out
        assert time.monotonic() < end, "nobody listens"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("scheme", ["udp", "tcp-listen"])
def test_what_is_heard_of_a_drone_bears_a_pseudonym_and_all_else_is_as_sent(tmp_path, scheme):
    people = People(Keyring.open(tmp_path))
    port = free_port(socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM)
    address = f"{scheme}://127.0.0.1:{port}"
    node = Node(sensors=(Sensor("s", format="asterix", listen=(address,)),))

    async def run():
        inbox = Inbox()
        listening = open_all(
            node, inbox, REAL, name_uas=lambda name, at_s: name_uas(people, name, at_s)
        )
        listening.start(asyncio.get_running_loop())
        try:
            if scheme == "udp":
                send_udp(port, PLOTS, CRAFT + DRONE)
                found = await collect(inbox, 2, 60.0)
            else:
                out = await called(port)
                octets, found = PLOTS + CRAFT + DRONE, []
                out.write(octets[:-5])
                await out.drain()
                while len(b"".join(a.payload for a in found)) < len(PLOTS + CRAFT):
                    found += await collect(inbox, 1, 60.0)
                out.write(octets[-5:])
                await out.drain()
                found += await collect(inbox, 1, 60.0)
                out.close()
        finally:
            listening.stop(asyncio.get_running_loop())
            await asyncio.sleep(0)
        return b"".join(arrival.payload for arrival in found)

    heard = asyncio.run(run())
    assert heard.startswith(PLOTS + CRAFT)
    assert len(heard) == len(PLOTS + CRAFT + DRONE)
    assert SERIAL not in heard
    shown = name_uas(people, "ABC-X10-123456789012", REAL.now_s())
    assert shown.startswith("X-TK")
    assert people.value_of(shown) == "ABC-X10-123456789012"
