"""GET /api/v1/sensors/ID/message: what came of a sensor's last message."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE
from typing import Any

import msgspec
from litestar import Request, get
from litestar.exceptions import ClientException, NotFoundException, ServiceUnavailableException
from litestar.params import FromPath, FromQuery

from tocsin.service.access import hall_of, needs_look

__all__ = ["FOLLOWING_ROUTES", "MOST"]

MOST = 2  # at once: each is a process of some 200 MB that may take a core
PATIENCE_S = 60.0  # it loads kernels and plays at most a minute and ten seconds of the journal

Req = Request[Any, Any, Any]


@get("/api/v1/sensors/{sensor:str}/message", guards=[needs_look],
     summary="A sensor's last message, followed")  # fmt: skip
async def message(
    request: Req, sensor: FromPath[str], at_s: FromQuery[float | None] = None
) -> dict[str, Any]:
    """Return octets, fields, values, distances to tracks and the track of the last message of a
    sensor by a time (Unix s; left out: now), as `tocsin explain --json` does; ids of tracks,
    which have 64 bits, are texts here.
    """
    hall = hall_of(request)
    # Those of the site file are known before the first picture has them.
    known = {one.id for one in hall.node.sensors}
    if sensor not in known | {str(one["sensor_id"]) for one in hall.status().sensors}:
        raise NotFoundException(f"there is no sensor {sensor!r}")
    if at_s is not None and not abs(at_s) < 1e12:
        raise ClientException("at_s is no time; give Unix seconds")
    if hall.followings >= MOST:
        raise ServiceUnavailableException(f"{MOST} messages are followed already; try later")
    hall.followings += 1
    try:
        found = await _follow(str(hall.data), sensor, "" if at_s is None else repr(at_s))
    finally:
        hall.followings -= 1
    if "error" in found:
        raise NotFoundException(str(found["error"]))
    for row in found["detections"]:
        row["joined"] = row["joined"] and str(row["joined"])
        for near in row["tracks"]:
            near["track"] = str(near["track"])
    return found


async def _follow(data: str, sensor: str, time: str) -> dict[str, Any]:
    words = ["-m", "tocsin.service.following", data, sensor, *([time] if time else [])]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        found: dict[str, Any] = msgspec.json.decode(said, type=dict[str, Any])
    except TimeoutError:
        raise ServiceUnavailableException("the machine is too busy for that; later") from None
    except msgspec.DecodeError:
        raise ServiceUnavailableException(
            "the message could not be followed; the log of the service says why"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return found


FOLLOWING_ROUTES = [message]
