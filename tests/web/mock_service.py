"""The synthetic sky behind real sockets: `python -m tests.web.mock_service --port 8099`.

Options make the cases that a page must show: `--crowd N` adds N tracks, `--mode replay`,
`--rate 4`. `POST /mock/silence` keeps the socket open and sends nothing more.
"""

import argparse
import asyncio
import json
import math
import time
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, WebSocket, get, post, websocket
from litestar.static_files import create_static_files_router
from tests.web.mock_world import (
    CLASSES,
    DECLARED,
    LABELS,
    LADDER,
    SIMULATED,
    SITES,
    T0,
    Thing,
    World,
    plan,
)

STATIC = Path(__file__).parents[2] / "src" / "tocsin" / "service" / "static"
PERIOD_S = 0.2


class Mock:
    """The running world and whether it speaks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.began_s = time.monotonic()
        self.silent = False

    @property
    def t_s(self) -> float:
        return (time.monotonic() - self.began_s) * self.world.rate


def application(mock: Mock) -> Litestar:
    """Return the web application around a world."""

    @get("/api/v1/me")
    async def me() -> dict[str, Any]:
        return {"user": "watch", "roles": ["watch"]}

    @get("/api/v1/node")
    async def node() -> dict[str, Any]:
        return mock.world.node()

    @get("/api/v1/features/{site:str}")
    async def features(site: str) -> Response[Any]:
        if site not in {row[0] for row in SITES}:
            return Response({"error": f"no site {site!r}"}, status_code=404)
        return Response(plan(site))

    @post("/api/v1/acts", status_code=200)
    async def acts(request: Request) -> dict[str, Any]:
        return mock.world.act(json.loads(await request.body()), mock.t_s)

    @post("/api/v1/operator", status_code=200)
    async def operator(request: Request) -> Response[Any]:
        asked = json.loads(await request.body())
        if not asked["reason"]:
            return Response({"error": "say why you need to know"}, status_code=403)
        place = {
            "at_s": T0, "operator_id": "GBR-OP-123ABCD", "lat": 33.8, "lon": 42.45,
            "alt_m": 180.0, "location_type": 1, "says": None,
        }  # fmt: skip
        how = "declared by the aircraft, unverified"
        return Response({"declared": asked["declared"], "how": how, "places": [place]})

    @post("/mock/silence", status_code=200)
    async def silence() -> dict[str, Any]:
        mock.silent = True
        return {}

    @get("/mock/acts")
    async def seen() -> list[dict[str, Any]]:
        return mock.world.acts

    @websocket("/api/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await speak(socket, mock)

    pages = create_static_files_router(path="/", directories=[STATIC], html_mode=True)
    return Litestar(
        [me, node, features, acts, operator, silence, seen, live, pages], openapi_config=None
    )


async def speak(socket: WebSocket, mock: Mock) -> None:
    """Send the joining messages, then the picture five times a second."""
    seq, world = 0, mock.world

    async def text(kind: str, **body: Any) -> None:
        nonlocal seq
        await socket.send_text(json.dumps({"type": kind, "seq": seq, **body}))
        seq += 1

    await text(
        "hello",
        version="0",
        node=world.node(),
        labels=LABELS,
        ladder=LADDER,
        classes=CLASSES,
        record=[],
    )
    await text("clock", now_s=T0 + mock.t_s, rate=world.rate, mode=world.mode, note="")
    await text("track_meta", tracks=world.meta())
    told, tick = 0, 0
    while True:
        t_s = mock.t_s
        if not mock.silent:
            world.advance(t_s)
            if tick % 5 == 0:
                await text("clock", now_s=T0 + t_s, rate=world.rate, mode=world.mode, note="")
                await text("sensors", sensors=world.sensors(t_s))
                await text("threats", threats=world.threats(t_s))
            if tick % 2 == 0:
                await text("zones", zones=world.zones(t_s))
                await text("alarms", alarms=world.alarms(t_s))
            while told < len(world.events):
                await text("event", event=world.events[told])
                told += 1
            await socket.send_bytes(world.frame(t_s, seq, full=tick % 50 == 0))
            seq += 1
        tick += 1
        await asyncio.sleep(PERIOD_S)


def crowd(n: int) -> list[Thing]:
    """Return n tracks spread around both sites, of all classes."""
    things = []
    for k in range(n):
        angle, away = k * 2.399963, 1_500 + 24_000 * math.sqrt((k + 0.5) / n)
        label = LABELS[k % len(LABELS)]
        east, north = away * math.sin(angle), away * math.cos(angle)
        things.append(
            Thing(
                1000 + k, label, k % 2, east, north, 20 * math.cos(angle), -20 * math.sin(angle)
            )
        )
    return things


NEAR = "no bird, no aircraft, and on the way to no zone"


def flood(n: int) -> list[dict[str, Any]]:
    """Return n alarms of one track each at both sites; every third is acknowledged."""
    return [
        {
            "id": f"A-9-{k}", "site": k % 2, "site_id": SITES[k % 2][0],
            "step": "MONITOR" if k % 4 == 3 else "CAUTION",
            "state": "unacknowledged" if k % 3 else "acknowledged", "raised_s": T0 - 10.0 * k,
            "tracks": [5000 + k], "zones": [], "nature": "simulated", "cause": "tracks",
            "acknowledged_by": "" if k % 3 else "watch", "acknowledged_s": None,
            "decided_by": "", "decided_s": None, "decision": "", "closed_s": None,
            "escalated_s": None, "text": f"1 track towards the base, number {k}",
            "remark": NEAR if k % 4 == 3 else "",
        }
        for k in range(n)
    ]  # fmt: skip


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--mode", default="simulated")
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--drone", action="store_true", help="one that says who it is")
    parser.add_argument("--quiet", action="store_true", help="nothing flies")
    parser.add_argument("--flood", type=int, default=0, help="so many alarms more")
    parser.add_argument("--lost", type=int, default=0, help="so many that were lost from sight")
    parser.add_argument("--after", type=int, default=0, help="tracks that there were before")
    parser.add_argument("--over", action="store_true", help="a zone waits for ALL CLEAR")
    args = parser.parse_args()
    world = World(rate=args.rate, mode=args.mode)
    if args.quiet:
        world.things = []
    world.things += crowd(args.crowd)
    for thing in world.things:
        thing.before = args.after
    world.more_alarms = flood(args.flood)
    world.lost = args.lost
    world.over = args.over
    if args.drone:
        flags = SIMULATED | DECLARED
        world.things.append(Thing(900, "drone", 0, 3_000, 2_000, 5, 0, 250.0, flags))
    uvicorn.run(
        application(Mock(world)), host="127.0.0.1", port=args.port, log_level="warning",
        ws="websockets-sansio", ws_per_message_deflate=False, timeout_graceful_shutdown=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
