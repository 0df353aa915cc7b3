"""From the rule to the proposal, and from the key to the message: how long a warning takes.

    python -m bench watch --only times

A real `tocsin watch` in a process of its own hears a radar (ASTERIX 034/048 over UDP) that sees
one drone fly at each of N zones on a ring. A client of the live socket sees each proposal of TAKE
SHELTER and releases it at once (POST /api/v1/acts); an HTTP server takes what the CAP channel
sends. The proposal's time counts from the picture in which the rule is satisfied, so it holds the
commit and all that follows; the release's from the press of the key. On one machine, now.
"""

import asyncio
import contextlib
import http.server
import json
import math
import multiprocessing
import re
import socket
import tempfile
import threading
import time
import urllib.request
import uuid
from pathlib import Path

import numpy as np
import websockets

from bench.live import LAT, LON, SITE_HEAD, SITE_RADAR, free_port, serving, sign_in, sweep
from tocsin.sim.statistics import quantile

RING_M, ZONE_M = 9_000.0, 250.0
SPEED_MPS = 51.0
FROM_M, UNTIL_M = 5_600.0, 7_600.0  # from the zones' edges: proposals are spread over 40 s
HEIGHT_M = 250.0
DEADLINE_S = 180.0
PROPOSAL_MUST_S, CAP_MUST_S = 1.0, 0.5
ZONE = """
[[site.zone]]
id = "zone-{k}"
center_offset_m = [{east:.1f}, {north:.1f}]
radius_m = {radius}
ceiling_m = 600
shelter_s = 60
"""
CHANNEL = """
[[channel]]
id = "desk"
kind = "cap"
to = "{url}"
per_second = 1000
natures = ["simulated"]
"""


class Desk:
    """A server on loopback that notes when it was told of which zone (Unix seconds)."""

    def __init__(self):
        self.at_s = at_s = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                now_s = time.time()
                if "<msgType>Alert</msgType>" in body:
                    (zone,) = set(re.findall(r"zone-\d+", body))  # a warning is of one zone
                    at_s.setdefault(zone, now_s)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cap"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def rows(zones=40):
    """Return the rows of what was measured: as text, each with what must hold and whether."""
    desk, port = Desk(), free_port(socket.SOCK_DGRAM)
    # Aside from the edges of the radar's sectors: on one, a turn sees a drone twice or not at all.
    turn = (np.arange(zones) + 0.3) * math.tau / zones
    text = SITE_HEAD.partition("[[site.zone]]")[0]
    for k, angle in enumerate(turn):
        east, north = RING_M * math.sin(angle), RING_M * math.cos(angle)
        text += ZONE.format(k=k, east=east, north=north, radius=ZONE_M)
    text += SITE_RADAR.format(k=0, port=port, lat=LAT, lon=LON) + CHANNEL.format(url=desk.url)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), text) as (link, _):
        feeder = multiprocessing.Process(target=fly, args=(port, turn), daemon=True)
        feeder.start()
        try:
            proposed, pressed = asyncio.run(watch(link, desk, zones))
        finally:
            feeder.terminate()
            feeder.join()
            desk.server.shutdown()
    told = [desk.at_s[zone] - at_s for zone, at_s in pressed.items() if zone in desk.at_s]
    names = [f"zone-{k}" for k in range(zones)]
    unsaid = [name for name in names if name not in pressed]
    untold = [name for name in names if name in pressed and name not in desk.at_s]
    missing = len(unsaid) + len(untold)
    return [
        row("rule satisfied to proposal at the socket, 99 %", proposed, PROPOSAL_MUST_S),
        row("key pressed to CAP at its receiver, 99 %", told, CAP_MUST_S),
        f"  {len(unsaid)} of {zones} not proposed, {len(untold)} proposed and not told, within"
        f" {DEADLINE_S:.0f} s{': MISSES' if missing else ''} {' '.join(unsaid + untold)}".rstrip(),
    ]


def fly(port, turn):
    """Send what the radar sees of one drone that flies at each zone from outside."""
    rng = np.random.default_rng(1)
    away_m = RING_M + ZONE_M + rng.uniform(FROM_M, UNTIL_M, len(turn))
    out = np.stack([np.sin(turn), np.cos(turn), np.zeros(len(turn))], axis=1)
    start = out * away_m[:, None]
    start[:, 2] = HEIGHT_M
    sweep([(port, (LAT, LON))], start, -SPEED_MPS * out, time.time(), rng)


async def watch(link, desk, zones):
    """Release each proposal as it comes; return the proposals' times and when each key was
    pressed (Unix seconds, by zone).
    """
    opener, origin, cookie = await asyncio.to_thread(sign_in, link)
    proposed, pressed, acts = [], {}, []
    ends = time.monotonic() + DEADLINE_S
    address = origin.replace("http", "ws") + "/api/v1/live"
    headers = {"Cookie": cookie, "Origin": origin}
    async with websockets.connect(address, additional_headers=headers, max_size=None) as ws:
        while time.monotonic() < ends and len(desk.at_s) < zones:
            with contextlib.suppress(TimeoutError):
                frame = await asyncio.wait_for(ws.recv(), 0.5)
                now_s = time.time()
                if not isinstance(frame, str):
                    continue
                for zone in json.loads(frame).get("zones") or ():
                    name, since_s = zone["zone_id"], zone["proposed_s"]
                    if since_s is None or name in pressed:
                        continue
                    proposed.append(now_s - since_s)
                    pressed[name] = time.time()
                    acts.append(asyncio.to_thread(release, opener, origin, name))
                    acts[-1] = asyncio.ensure_future(acts[-1])
    await asyncio.gather(*acts)
    return proposed, pressed


def release(opener, origin, zone):
    body = {"verb": "release", "key": uuid.uuid4().hex, "site": "north", "zones": [zone]}
    request = urllib.request.Request(
        f"{origin}/api/v1/acts",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Origin": origin},
    )
    opener.open(request).read()


def row(what, seconds, must_s):
    """Return a row: the 99 % quantile, its 95 % interval by order statistics, what it must be."""
    if not seconds:
        return f"{what:62s} nothing measured: MISSES"
    found = quantile(seconds, 0.99)
    value, low, high = (found[k] for k in ("value", "low", "high"))
    word = "open" if max(seconds) > must_s else "holds as far as it goes"
    word = "holds" if high is not None and high <= must_s else word
    word = "MISSES" if (value if low is None else low) > must_s else word
    return (
        f"{what:62s} {value:.3f} s ({'-' if low is None else f'{low:.3f}'} to"
        f" {'-' if high is None else f'{high:.3f}'}), half {quantile(seconds, 0.5)['value']:.3f} s,"
        f" most {max(seconds):.3f} s of {len(seconds)}  must <= {must_s:g} s: {word}"
    )
