"""Rows of `python -m bench formats` besides SAPIENT: what each decoder does in a second."""

import asyncio
import multiprocessing
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.formats_peers import PEERS, rate_of
from tocsin.codec import decode_into, open_session
from tocsin.codec.asterix import CAT062_1_21, encode_block, encode_record
from tocsin.codec.asterix._columns import Found, Place, batch_of
from tocsin.codec.asterix._kernels_columns import POSE
from tocsin.codec.asterix._walk import read_walked, walk_payloads
from tocsin.codec.asterix.radar import encode_plot
from tocsin.codec.modes import (
    encode_identification,
    encode_position,
    encode_squitter,
    encode_velocity,
)
from tocsin.codec.modes._cpr import encode_airborne
from tocsin.codec.modes.beast import encode as beast
from tocsin.codec.remoteid import BasicId, Location, decode_payload, encode_message
from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, Frame
from tocsin.service.addresses import parse_address
from tocsin.service.clock import Clock
from tocsin.service.inbox import Inbox
from tocsin.service.udp import UdpReader, kernel_drops_by_inode

START_S = 1_780_000_000.0
SITE = """
[node]
name = "bench"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "s"
kind = "{kind}"
format = "{format}"
listen = "udp://127.0.0.1:5020"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 5
{more}
"""
Rate = Callable[[Callable[[], int], float], float]


def _whole(kind: str, form: str, payloads: list[bytes], more: str = "") -> Callable[[], int]:
    """Return a job: a session of its own takes payloads, 10 ms apart, 20 a batch."""
    node = read_site(SITE.format(kind=kind, format=form, more=more).encode(), "bench.toml")
    frames = [Frame("s", k, START_S + 0.01 * k, p, "p") for k, p in enumerate(payloads)]
    batches = [frames[k : k + 20] for k in range(0, len(frames), 20)]

    def job() -> int:
        session = open_session(node, live=True)
        n = 0
        for part in batches:
            now_s = part[-1].arrival_s
            n += sum(decode_into(session, node, Batch(now_s, tuple(part))).records.values())
        return n

    return job


def plots(blocks: int = 200) -> list[bytes]:
    """Return CAT048 blocks of 20 plots of cooperative targets."""
    return [
        encode_block(48, [
            encode_plot(1, 2, START_S + 0.01 * k, 20_000.0 + 30 * j + k, 0.01 * j + 0.001 * k,
                        height_msl_m=900.0 + k, range_rate_mps=-20.0, flight_level=30.0,
                        address=f"{0x400000 + 20 * k + j:06x}", callsign=f"BENCH{j:02d}",
                        track_number=j + 1)
            for j in range(20)
        ])
        for k in range(blocks)
    ]  # fmt: skip


def tracks(blocks: int = 200) -> list[bytes]:
    """Return CAT062 blocks of 20 system tracks."""
    return [
        encode_block(62, [
            encode_record(CAT062_1_21, {
                "010": {"SAC": 1, "SIC": 2}, "040": {"TRN": j + 1},
                "070": {"TOD_s": (START_S + 0.01 * k) % 86_400.0}, "080": {"MON": 0, "CNF": 0},
                "105": {"LAT_deg": 48.0 + 0.001 * j, "LON_deg": 11.0 + 0.0001 * k},
                "185": {"VX_mps": 20.0, "VY_mps": -5.0 + 0.25 * j}, "136": {"FL": 30.0},
                "220": {"ROCD_ftpmin": 0.0}, "060": {"MODE3A": "7000"},
            })
            for j in range(20)
        ])
        for k in range(blocks)
    ]  # fmt: skip


def _columns(payloads: list[bytes]) -> Callable[[], int]:
    """Return a job: octets to columns, 200 datagrams at once, without a session."""
    place = Place("radar", 0, 0, (1.0,) * POSE)
    reference_s = np.full(len(payloads), START_S)

    def job() -> int:
        walked = walk_payloads(payloads)
        read = read_walked(walked, reference_s)
        found = [Found(a, b, place, 0, START_S) for a, b, *_ in read.runs.tolist()]
        batch = batch_of(found, [place], walked.heads, read)
        assert batch is not None
        return len(batch)

    return job


def _asterix(payloads: list[bytes], more: str, seconds: float, rate: Rate) -> dict[str, float]:
    kind = "radar" if payloads[0][0] == 48 else "system"
    found = {
        "columns_per_s": rate(_columns(payloads), seconds),
        "session_per_s": rate(_whole(kind, "asterix", payloads, more), seconds),
    }
    for peer, wanted in zip(PEERS, (20.0, 100.0), strict=True):
        theirs = rate_of(peer, payloads, 20 * len(payloads), seconds)
        if theirs is not None:
            found[f"{peer}_per_s"] = theirs
            found[f"ratio_{peer}"] = found["columns_per_s"] / theirs
            found[f"ratio_{peer}_wanted"] = wanted
            found[f"session_ratio_{peer}"] = found["session_per_s"] / theirs
    return found


def asterix048(seconds: float, rate: Rate) -> dict[str, float]:
    """CAT048 datagrams to columns, and through a whole live session; the peers give records."""
    more = "sac = 1\nsic = 2\nsigma_range_m = 20\nsigma_azimuth_deg = 0.2\nscan_period_s = 4"
    return _asterix(plots(), more, seconds, rate)


def asterix062(seconds: float, rate: Rate) -> dict[str, float]:
    """CAT062 datagrams to columns, and through a whole live session; the peers give records."""
    return _asterix(tracks(), "sac = 1\nsic = 2", seconds, rate)


def remote_id(seconds: float, rate: Rate) -> dict[str, float]:
    """Remote ID messages of 25 octets, from octets to values."""
    chance = random.Random(1)
    messages = [
        encode_message(
            Location(2, 0, float(k % 360), 12.0, 0.5, 48.0 + chance.random(),
                     11.0 + chance.random(), 500.0, 520.0, 60.0, 10, 4, 3, 3, k % 3_600 / 1.0,
                     0.1)
            if k % 3 else BasicId(1, 2, f"1581F{k:08d}".encode())
        )
        for k in range(3_000)
    ]  # fmt: skip

    def job() -> int:
        return sum(len(decode_payload(message)) for message in messages)

    return {"messages_per_s": rate(job, seconds), "wanted": 500_000.0}


def mode_s(seconds: float, rate: Rate) -> dict[str, float]:
    """Beast octets through the whole session: CRC, CPR, states of 200 aircraft."""
    pieces = []
    for k in range(200):
        piece = b""
        for j in range(50):
            body = (
                encode_position(
                    *encode_airborne(48.0 + 0.01 * j, 11.0, is_odd=bool(k & 1)),
                    3000.0,
                    is_odd=bool(k & 1),
                ),
                encode_velocity(100.0, 20.0 + j, 0.0),
                encode_identification(f"BENCH{j:02d}", "A3"),
            )[k % 3]
            address = f"{0x400000 + j + 50 * (k % 4):06x}"
            piece += beast(encode_squitter(address, body), 1_000 * k + j)
        pieces.append(piece)
    return {"frames_per_s": rate(_whole("adsb", "beast", pieces), seconds), "wanted": 300_000.0}


def _send(port: int, offered_per_s: int, seconds: float, sent: Any) -> None:
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", port))
    data, began, n = bytes(100), time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        due = int(spent * offered_per_s)
        while n < due:
            out.send(data)
            n += 1
    sent.value = n


def udp(seconds: float, rate: Rate) -> dict[str, float]:
    """Datagrams of 100 octets offered at 200,000 a second to the service's own reader.

    lost: those that neither came out of the inbox nor are in one of the two counters that the
    sensor page shows; the counters are the kernel's and the inbox's.
    """
    del rate  # it is the sender's clock that counts here
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    inbox = Inbox()
    reader = UdpReader(parse_address(f"udp://127.0.0.1:{port}", "s"), "s", inbox, Clock())
    sent = multiprocessing.Value("q", 0)
    sender = multiprocessing.Process(target=_send, args=(port, 200_000, seconds, sent))

    async def listen() -> tuple[int, int, float]:
        taken, began_s = 0, time.thread_time()
        loop = asyncio.get_running_loop()
        reader.start(loop)
        sender.start()
        quiet = 0
        while sender.is_alive() or quiet < 100:  # 0.2 s after the last: nothing is under way
            part = inbox.take(0.0)
            taken, quiet = taken + len(part), 0 if part else quiet + 1
            await asyncio.sleep(0.002)
        drops = kernel_drops_by_inode().get(reader.inode, 0)
        reader.stop(loop)
        while part := inbox.take(0.0):
            taken += len(part)
        return taken, drops, time.thread_time() - began_s

    taken, drops, cpu_s = asyncio.run(listen())
    offered = sent.value
    shown = drops + sum(one["dropped"] for one in inbox.losses().values())
    return {
        "offered_per_s": offered / seconds,
        "lost_percent": 100.0 * (offered - taken) / offered,
        "lost_percent_wanted": 5.0,
        "dropped_by_the_kernel": float(drops),
        "cpu_us_per_datagram": 1e6 * cpu_s / taken,
        "not_shown": float(offered - taken - shown),
    }


ROWS = {
    "asterix048": asterix048, "asterix062": asterix062, "remote-id": remote_id,
    "mode-s": mode_s, "udp": udp,
}  # fmt: skip
