"""A drill gives way to the real world: this service has no live sensor, asks the real watch for
its pulse, and ends when a real CAUTION stands there, or when that watch is gone.
"""

import asyncio
import http.client
import json
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog

from tocsin.codec import wire
from tocsin.errors import CallError
from tocsin.model import Ladder, Node
from tocsin.service.live import Hub

__all__ = ["DRILL_WORD", "REAL", "check_drill", "give_way", "why_stop"]

DRILL_WORD = "drill"  # name of the secret with which the real watch is asked
PERIOD_S = 1.0
CALL_S = 3.0
GONE_S = 10.0  # a drill does not go on beside a watch of which nothing is known
TOLD_S = 2.0  # for the pages to be told before the service ends
MAX_ANSWER = 256 * 1024
REAL = (Ladder.CAUTION, Ladder.TAKE_SHELTER)

_log = structlog.get_logger("tocsin.drill")


def check_drill(url: str, node: Node) -> None:
    """Raise CallError where this cannot be a drill of the watch at url."""
    parts = urlsplit(url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    right = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    if not right or not parts.hostname:
        raise CallError(
            f"--drill-of {url!r}: write it as https://HOST, or http://127.0.0.1:PORT on this "
            "machine"
        )
    live = [sensor.id for sensor in node.sensors if sensor.nature == "live"]
    if live or not node.sensors:
        which = f"{live[0]!r} is live" if live else "the site file names none"
        raise CallError(
            f"a drill has sensors of the exercise alone, and {which}; give a site file with "
            'nature = "exercise" (or "simulated") at every sensor',
        )


def why_stop(body: object, silent_s: float) -> str:
    """Return why the drill ends, "" while it goes on. body: the newest pulse that came, None
    for none yet; silent_s: for how long none has come.
    """
    if silent_s >= GONE_S:
        return f"The real watch has not answered for {silent_s:.0f} s."
    step = body.get("step") if isinstance(body, dict) else None
    return f"{step} stands at the real watch." if step in REAL else ""


async def give_way(
    url: str, token: str, hub: Hub, stop: Callable[[], None], say: Callable[[str], None]
) -> None:
    """Ask each second; at the end tell every page, then stop the service."""
    heard_at, body = time.monotonic(), None
    while not (why := why_stop(body, time.monotonic() - heard_at)):
        try:
            body = await asyncio.to_thread(_ask, url, token)
            heard_at = time.monotonic()
        except (OSError, http.client.HTTPException, ValueError) as error:
            _log.warning("the real watch did not answer", reason=str(error))
        if not why_stop(body, time.monotonic() - heard_at):
            await asyncio.sleep(PERIOD_S)
    sentence = f"{why} The drill has ended; go to the real screen."
    _log.warning("REAL WORLD", reason=why)
    say(f"REAL WORLD: {sentence}")
    hub.tell_all(wire.text("real", words=sentence))
    await asyncio.sleep(TOLD_S)
    stop()


def _ask(url: str, token: str) -> object:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=CALL_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=CALL_S
        )
    try:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "tocsin"}
        connection.request("GET", parts.path.rstrip("/") + "/api/v1/pulse", headers=headers)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise OSError(f"it answered {answer.status}")
        found = json.loads(answer.read(MAX_ANSWER))
    finally:
        connection.close()
    if not isinstance(found, dict) or not isinstance(found.get("step"), str):
        raise ValueError("what answers there is no watch")
    return found
