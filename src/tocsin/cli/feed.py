"""Simulated sensors on real sockets, paced by the service's clock: a process of `tocsin demo`.

Not a verb for people. It opens its sockets, says "listening" on standard output, waits for one
line of JSON on standard input that starts the day (`Start`), and ends when standard input ends:
whoever started it cannot leave it behind.
"""

import argparse
import asyncio
import heapq
import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from tocsin.cli._senders import CallSender, HttpSender, Sender, TcpSender, UdpSender
from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError, TocsinError
from tocsin.model import Node, Sensor
from tocsin.service.clock import Clock
from tocsin.sim import (
    Draws,
    Scenario,
    greeting,
    open_world,
    remoteid,
    scenario_named,
    streams,
)

__all__ = ["Start", "feed"]

_NAP_S = 0.01  # of the machine: at --speed 20 a fifth of a second of the day
_LONGEST_NAP_S = 0.5
_RUN = 64  # payloads in a row before posts and callers have their turn
_BEHIND_S = 5.0  # of the machine: what a longer sleep (a laptop's lid) missed is skipped


class Start(msgspec.Struct):
    """The line that starts the day: the service's clock, and its second 0 by that clock."""

    epoch_s: float
    anchor_s: float
    rate: float
    day_s: float


def main() -> int:
    """Run one feeder; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.cli.feed", description=__doc__)
    parser.add_argument("scenario")
    parser.add_argument("site", type=Path)
    parser.add_argument("--sensors", required=True, help="ids, with commas between them")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--http", required=True, help="HOST:PORT of the service")
    parser.add_argument("--secrets", type=Path, required=True, help="folder of bearer tokens")
    given = parser.parse_args()
    try:
        node = read_site(given.site.read_bytes(), given.site.name)
        chosen = [_sensor(node, name) for name in given.sensors.split(",")]
        senders = {s.id: _sender(s, given.http, given.secrets) for s in chosen}
        asyncio.run(feed(scenario_named(given.scenario), node, senders, given.seed))
    except (TocsinError, OSError) as error:
        sys.stderr.write(f"feed: {error}\n")
        return 1
    return 0


async def feed(scenario: Scenario, node: Node, senders: dict[str, Sender], seed: int) -> None:
    """Open the senders, wait for the start, send what is due until standard input ends."""
    lines = await _standard_input()
    for sender in senders.values():
        await sender.open()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    line = await lines.readline()
    if line:
        start = msgspec.json.decode(line, type=Start)
        pace = asyncio.create_task(_pace(scenario, node, senders, seed, start))
        ended = asyncio.create_task(lines.read())
        await asyncio.wait({pace, ended}, return_when=asyncio.FIRST_COMPLETED)
        pace.cancel()
        ended.cancel()
        results = await asyncio.gather(pace, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
    for sender in senders.values():
        await sender.close()


async def _pace(
    scenario: Scenario, node: Node, senders: dict[str, Sender], seed: int, start: Start
) -> None:
    clock = Clock(start.epoch_s, start.anchor_s, start.rate)
    for sensor in node.sensors:
        sender = senders.get(sensor.id)
        if isinstance(sender, CallSender):
            sender.greeting = partial(_greet, sensor, clock)
    draws = Draws(seed)
    world = open_world(scenario, node, draws)

    def due_from(from_s: float) -> Iterator[tuple[float, str, bytes]]:
        all_streams = streams(scenario, node, world, draws, day_s=start.day_s, from_s=from_s)
        return heapq.merge(*(_named(n, s) for n, s in all_streams.items() if n in senders))

    def day_now_s() -> float:
        return clock.now_s() - start.day_s

    due = due_from(max(0.0, day_now_s()))
    time_s, name, payload = next(due)
    run = 0
    while True:
        behind_s = clock.wall(day_now_s() - time_s)
        if behind_s > _BEHIND_S:
            due = due_from(day_now_s())
        elif behind_s >= 0.0:
            senders[name].send(payload)
            run = (run + 1) % _RUN
            if run == 0:
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(min(max(-behind_s, _NAP_S), _LONGEST_NAP_S))
            continue
        time_s, name, payload = next(due)


def _greet(sensor: Sensor, clock: Clock) -> bytes:
    return greeting(sensor, clock.now_s())


def _named(
    name: str, stream: Iterator[tuple[float, bytes]]
) -> Iterator[tuple[float, str, bytes]]:
    for time_s, payload in stream:
        yield time_s, name, payload


def _sensor(node: Node, name: str) -> Sensor:
    for sensor in node.sensors:
        if sensor.id == name:
            return sensor
    raise CallError(f"the site file has no sensor {name!r}")


def _sender(sensor: Sensor, http: str, secrets: Path) -> Sender:
    address = sensor.listen[0]
    if address == "http":
        host, _, port = http.rpartition(":")
        token = (secrets / (sensor.secret or sensor.id)).read_text().strip()
        return HttpSender(host, int(port), "/api/v1/detections", token)
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    if scheme == "udp":
        return UdpSender(host, int(port))
    if scheme == "tcp":
        # A capture is one file without end: its head once, then packets.
        head = remoteid.HEAD if sensor.format == "remote-id" else b""
        return TcpSender(host, int(port), head)
    if scheme == "tcp-listen":
        return CallSender(host, int(port))
    raise CallError(f"sensor {sensor.id!r} listens on {address!r}, which nobody simulates")


async def _standard_input() -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave, asyncio.current_task())
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _leave(task: "asyncio.Task[None] | None") -> None:
    if task is not None:
        task.cancel()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except asyncio.CancelledError:
        sys.exit(0)
