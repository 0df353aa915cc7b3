"""SAPIENT nodes of a scenario on real connections, each with its own, or all through one."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.cli._simulated_nodes import STATUS_S, Node, goodbye, greeting, messages
from tocsin.codec.sapient import FrameStream, encode_registration, split_into
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.answers import task_rejected
from tocsin.errors import DataError
from tocsin.model import Rejected

__all__ = ["Played", "Target", "play"]

ANSWER_S = 30.0  # for which a registration waits
LINGER_S = 0.5  # in which the other side may still say what it thinks of the last messages
SENTENCES = 8  # of errors that are kept


@dataclass(frozen=True, slots=True)
class Target:
    """Where the fusion node listens; tls: None is TCP in clear."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Played:
    """What came of it. errors: Errors received; sentences: the first of them, in words."""

    nodes: int = 0
    sent: int = 0
    octets: int = 0
    errors: int = 0
    tasks: int = 0
    alert_acks: int = 0
    sentences: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Link:
    """One connection. acks: the answers to registrations, in their order."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    played: Played
    acks: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)


async def play(
    nodes: Sequence[Node],
    target: Target,
    *,
    fusion: str = "",
    rate: float = 1.0,
    tell: Callable[[str], None] = print,
) -> Played:
    """Play nodes until their detections have been sent, then say GOODBYE.

    fusion: id of a fusion node that speaks for all of them on one connection; "": each node
    has its own. Raises DataError where nobody listens, or a node is not accepted.
    """
    played = Played(nodes=len(nodes) + bool(fusion))
    groups = [list(nodes)] if fusion else [[node] for node in nodes]
    links = [await _connect(target, played) for _ in groups]
    readers = [asyncio.create_task(_listen(link, group)) for link, group in zip(links, groups)]
    try:
        for link, group in zip(links, groups, strict=True):
            if fusion:
                await _register(link, _fusion(fusion, nodes), fusion, tell)
            for node in group:
                await _register(link, greeting(node, time.time()), node.sensor.id, tell)
        first_s = min((float(n.rows.time_s[0]) for n in nodes if len(n.rows)), default=0.0)
        start_s = time.time()
        pace = {"first_s": first_s, "start_s": start_s, "rate": rate}
        jobs = [
            _send(link, node, pace)
            for link, group in zip(links, groups, strict=True)
            for node in group
        ]
        await asyncio.gather(*jobs)
        for link, group in zip(links, groups, strict=True):
            await asyncio.sleep(LINGER_S)
            for node in group:
                await _write(link, goodbye(node, time.time()))
    except OSError as error:
        raise DataError(
            f"{target.host}:{target.port} ended the connection ({error})"
        ) from error
    finally:
        for link in links:
            link.writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await link.writer.wait_closed()
        await asyncio.gather(*readers, return_exceptions=True)
    return played


def _fusion(node_id: str, nodes: Sequence[Node]) -> bytes:
    return encode_registration(
        node_id, time.time(), kind="fusion_node", name="scenario", status_s=STATUS_S,
        scan_s=1.0, tracks=True, located=True, dependents=[n.node_id for n in nodes],
    )  # fmt: skip


async def _connect(target: Target, played: Played) -> _Link:
    try:
        opening = asyncio.open_connection(target.host, target.port, ssl=target.tls)
        reader, writer = await asyncio.wait_for(opening, ANSWER_S)
    except (OSError, TimeoutError) as error:
        raise DataError(
            f"nobody could be spoken to at {target.host}:{target.port} "
            f"({str(error) or 'no answer in time'})"
        ) from error
    return _Link(reader, writer, played)


async def _register(link: _Link, data: bytes, name: str, tell: Callable[[str], None]) -> None:
    await _write(link, data)
    try:
        said = await asyncio.wait_for(link.acks.get(), ANSWER_S)
    except TimeoutError:
        raise DataError(f"{name}: no RegistrationAck within {ANSWER_S:g} s") from None
    if said is None or not said.acceptance:
        why = "; ".join(said.ack_response_reason) if said is not None else "it hung up"
        raise DataError(f"{name} is not accepted: {why or 'no reason is given'}", node=name)
    tell(f"{name} is registered")


async def _send(link: _Link, node: Node, pace: dict[str, float]) -> None:
    for time_s, data in messages(node, **pace):
        await asyncio.sleep(max(0.0, time_s - time.time()))
        await _write(link, data)


async def _write(link: _Link, data: bytes) -> None:
    link.writer.write(data)
    await link.writer.drain()
    link.played.sent += _count(data)
    link.played.octets += len(data)


def _count(data: bytes) -> int:
    at = n = 0
    while at < len(data):
        at += 4 + int.from_bytes(data[at : at + 4], "little")
        n += 1
    return n


async def _listen(link: _Link, group: Sequence[Node]) -> None:
    """Read answers until the connection ends. What a node is asked to do it refuses."""
    stream, kinds, played = FrameStream(), load(), link.played
    with contextlib.suppress(OSError):
        while data := await link.reader.read(65_536):
            for item in split_into(stream, data):
                if isinstance(item, Rejected):
                    played.sentences.append(item.detail)
                    return
                message = kinds.SapientMessage.FromString(item)
                what = message.WhichOneof("content")
                if what == "registration_ack":
                    link.acks.put_nowait(message.registration_ack)
                elif what == "error":
                    played.errors += 1
                    if len(played.sentences) < SENTENCES:
                        played.sentences += list(message.error.error_message)[:1]
                elif what == "alert_ack":
                    played.alert_acks += 1
                elif what == "task":
                    played.tasks += 1
                    own = message.destination_id or group[0].node_id
                    task_id = message.task.task_id
                    answer = task_rejected(own, message.node_id, time.time(), task_id)
                    link.writer.write(answer)
    link.acks.put_nowait(None)
