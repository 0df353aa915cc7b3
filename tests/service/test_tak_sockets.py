"""TAK by real sockets of this machine: what comes into the inbox, and what never does."""

import asyncio
import socket

import pytest

from tocsin.codec.cot import CotEvent, read_xml, write_protobuf, write_xml
from tocsin.codec.site_toml import read_site
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.people import People
from tocsin.service.tak import rename

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


def event(kind, uid):
    return CotEvent(kind, uid, T0, T0, T0 + 30.0, "m-g", 48.1, 11.1, 700.0, callsign="VIPER 1")


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


EVENTS = [
    event("a-f-G-U-C", "ANDROID-0123"), event("a-f-A-M-H-Q", "uas-77"),
    event("a-n-A-C-F", "ICAO-4841A3"),
]  # fmt: skip


@pytest.mark.parametrize("way", ["udp", "multicast", "tcp-listen"])
def test_only_things_in_the_air_come_in_and_a_drone_under_another_name(tmp_path, way):
    stream = way == "tcp-listen"
    port = free_port(socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    host = "239.2.3.1" if way == "multicast" else "127.0.0.1"
    scheme, more = ("tcp-listen", "") if stream else ("udp", "")
    if way == "multicast":
        more = "?interface=127.0.0.1"
    node = read_site(
        SITE.replace("ADDRESS", f"{scheme}://{host}:{port}{more}").encode(), "site.toml"
    )
    people = People(Keyring.open(tmp_path))
    inbox = Inbox()

    async def run():
        loop = asyncio.get_running_loop()
        listening = open_all(
            node, inbox, REAL, None, lambda one, now_s: rename(people, one, now_s)
        )
        listening.start(loop)
        await asyncio.sleep(0.05)
        if stream:
            _, writer = await asyncio.open_connection(host, port)
            writer.write(b"".join(map(write_xml, EVENTS)) + b"garbage")
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
        if stream:
            writer.close()
        listening.stop(loop)
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
