"""Two watches on one TAK network, each told what the other tells: nothing comes home."""

import asyncio
import socket
import time

from tests.ports import free_port
from tests.service.harness import SITE, service
from tests.service.test_two_watches import shown_by

from tocsin import pipeline
from tocsin.codec.cot import CotEvent, write_xml
from tocsin.service.clock import Clock

ENDS = """
[[sensor]]
id = "partner"
kind = "system"
format = "cot"
listen = "udp://127.0.0.1:{mine}"
sites = ["north"]
[[channel]]
id = "partner"
kind = "cot"
to = "udp://127.0.0.1:{other}"
period_s = 0.2
"""


def site_of(number, mine, other):
    site = SITE.replace("[node]\n", f"[node]\nnumber = {number}\n")
    return site + ENDS.format(mine=mine, other=other)


def gateway_event(now_s):
    return CotEvent(
        "a-u-A-M-H-Q", "DRONE-7", now_s, now_s, now_s + 30.0, "m-g", 48.03, 11.0, 700.0,
        course_deg=0.0, speed_mps=3.0,
    )  # fmt: skip


def test_two_watches_on_one_tak_network_do_not_multiply_what_it_tells_them(tmp_path):
    """Both hear a drone from a gateway, A sees another: each has both of them, once."""
    ports = [free_port(socket.SOCK_DGRAM) for _ in range(2)]
    clock = Clock(1_790_000_000.0, time.time(), 5.0)

    def watch(name, number, mine, other):
        site = site_of(number, mine, other)
        return service(tmp_path / name, site=site, pipeline=pipeline, clock=clock)

    async def fly(a):
        began_s = clock.now_s()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gateway:
            while True:
                now_s = clock.now_s()
                for port in ports:
                    gateway.sendto(write_xml(gateway_event(now_s)), ("127.0.0.1", port))
                seen = {
                    "time_s": now_s, "range_m": 6000.0 - 10.0 * (now_s - began_s),
                    "azimuth_deg": 90.0, "elevation_deg": 4.0,
                }  # fmt: skip
                await a.client.post("/api/v1/detections", json=seen, headers=a.bearer())
                await asyncio.sleep(0.15)

    def kinds(run):
        return sorted(t.kind for t in shown_by(run))

    def events(run):
        return run.hall.engine.counters.records.get("COT", 0)

    async def go():
        async with (
            watch("a", 1, ports[0], ports[1]) as a, watch("b", 2, ports[1], ports[0]) as b,
        ):  # fmt: skip
            flying = asyncio.ensure_future(fly(a))
            await b.until(lambda: kinds(b) == ["declared", "declared"])
            await a.until(lambda: kinds(a) == ["declared", "measured"])
            heard = events(b)
            while events(b) < heard + 60:  # in which a loop makes a new thing every turn
                await asyncio.sleep(0.05)
                assert kinds(a) == ["declared", "measured"]
                assert kinds(b) == ["declared", "declared"]
            flying.cancel()

    asyncio.run(go())
