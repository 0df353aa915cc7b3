"""GET /api/v1/playback: the watch as it was, for one viewer, played by a process of its own.

The viewer sends orders as JSON text frames, the first with `at_s`; it gets the frames of the
live socket with the clock in mode "replay", and `playback` frames about what can be seen.
"""

import asyncio
import contextlib
import struct
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from tocsin.service.access import SHUT_OUT, admit, hall_of, until_shut_out
from tocsin.service.hall import Hall
from tocsin.service.orders import Order

__all__ = ["MOST", "playback"]

MOST = 3  # at once: each is a process of some 200 MB that may take a core
TOO_MANY = 4429  # close code
NO_ORDER = 4400  # close code: what the viewer said is no order
MAX_FRAME = 64 * 1024 * 1024
PATIENCE_S = 5.0  # for the process to end by itself

Socket = WebSocket[Any, Any, Any]


@websocket("/api/v1/playback")
async def playback(socket: Socket) -> None:
    """Serve a look back until the viewer leaves."""
    hall = hall_of(socket)
    account = await admit(socket)
    if account is None:
        return
    if hall.playbacks >= MOST:
        await socket.close(code=TOO_MANY, reason=f"{MOST} people look back already; try later")
        return
    hall.playbacks += 1
    try:
        await asyncio.to_thread(
            hall.ledger.note, "looked back", by=hall.people.staff(account.user)
        )
        await _serve(socket, hall)
    finally:
        hall.playbacks -= 1


async def _serve(socket: Socket, hall: Hall) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin.service.playing", str(hall.data),
        stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    tasks = [
        asyncio.create_task(_send(socket, process, hall)),
        asyncio.create_task(_pass_orders(socket, process)),
        asyncio.create_task(_shut_out(socket)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code, reason = done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _end(process)
    if code:
        with contextlib.suppress(Exception):  # the viewer may be gone meanwhile
            await socket.close(code=code, reason=reason)


async def _shut_out(socket: Socket) -> tuple[int, str]:
    await until_shut_out(socket)
    return SHUT_OUT, "signed out"


async def _send(socket: Socket, process: Process, hall: Hall) -> tuple[int, str]:
    """Pass on what the process says; a slow viewer slows it, and nobody else."""
    assert process.stdout is not None
    while True:
        try:
            kind, length = struct.unpack("<cI", await process.stdout.readexactly(5))
            if length > MAX_FRAME:
                return 1011, "the playback sent a frame that is too large"
            frame = await process.stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            return 1011, "the playback has ended; the log of the service says why"
        if kind == b"t":
            text = hall.people.reveal(frame.decode())
            await socket.send({"type": "websocket.send", "text": text, "bytes": None})
        else:
            await socket.send({"type": "websocket.send", "bytes": frame, "text": None})


async def _pass_orders(socket: Socket, process: Process) -> tuple[int, str]:
    assert process.stdin is not None
    decoder = msgspec.json.Decoder(Order)
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            try:
                order = decoder.decode(str(message.get("text") or ""))
            except msgspec.DecodeError as error:
                return NO_ORDER, f"this is no order: {error}"[:120]
            if fault := order.fault():
                return NO_ORDER, fault
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            await process.stdin.drain()
    except (WebSocketDisconnect, ConnectionError):
        pass
    return 0, ""


async def _end(process: Process) -> None:
    """Let it end, then make it: its input is closed."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
