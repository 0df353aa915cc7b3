"""GET /api/v1/live: the socket of one viewer."""

import asyncio
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from tocsin.service.access import SHUT_OUT, admit, hall_of, until_shut_out
from tocsin.service.live import BEHIND, Hub, Viewer

__all__ = ["live"]

NOT_READY = 4503  # close code: join again in a moment

MAX_BEAT = 64  # characters


class Beat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says about once a second: whether its sound runs."""

    sound: bool


_BEAT = msgspec.json.Decoder(Beat)

Socket = WebSocket[Any, Any, Any]


@websocket("/api/v1/live")
async def live(socket: Socket) -> None:
    """Serve a viewer until it leaves or falls behind."""
    hall = hall_of(socket)
    account = await admit(socket)
    if account is None:
        return
    if not hall.hub.hello:
        await socket.close(code=NOT_READY, reason="starting")
        return
    viewer = hall.hub.join()
    viewer.user = account.user
    try:
        await _serve(socket, viewer, hall.hub)
    finally:
        hall.hub.leave(viewer)


def beat_of(text: object) -> Beat | None:
    """Return the beat that a page said, None for anything else."""
    if not isinstance(text, str) or len(text) > MAX_BEAT:
        return None
    try:
        return _BEAT.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


async def _serve(socket: Socket, viewer: Viewer, hub: Hub) -> None:
    tasks = [
        asyncio.create_task(_send(socket, viewer)),
        asyncio.create_task(_read(socket, viewer, hub)),
        asyncio.create_task(viewer.is_closed.wait()),
        asyncio.create_task(until_shut_out(socket)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        is_shut_out = tasks[-1].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if is_shut_out:
        await socket.close(code=SHUT_OUT, reason="signed out")
    elif viewer.is_closed.is_set():
        await socket.close(code=BEHIND, reason="more than 5 s behind; join again")


async def _send(socket: Socket, viewer: Viewer) -> None:
    while True:
        frame = await viewer.next_frame()
        if isinstance(frame, str):
            await socket.send({"type": "websocket.send", "text": frame, "bytes": None})
        else:
            await socket.send({"type": "websocket.send", "bytes": frame, "text": None})


async def _read(socket: Socket, viewer: Viewer, hub: Hub) -> None:
    """Hear the beats of a page; whatever else a viewer says is counted: acts come by POST."""
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            beat = beat_of(message.get("text"))
            if beat is None:
                hub.odd_words += 1
            else:
                hub.beat(viewer, sound=beat.sound)
    except WebSocketDisconnect:
        return
