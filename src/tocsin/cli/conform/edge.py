"""The checks of an edge node: the tester plays its fusion node, watches, and asks little.

Everything is seen on one connection: what the node says by itself, and what it does after an
Error and after one Task. The task is made by the product's own choke point: a node that is no
sensor is asked for nothing.
"""

import asyncio
import math
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tocsin.cli.conform.bench import Options
from tocsin.cli.conform.clauses import CLAUSES, FAIL, NOT_APPLICABLE, PASS, Finding
from tocsin.cli.conform.wire import Talk, kind_of
from tocsin.codec.sapient import SapientSession, answers, frame, validate
from tocsin.codec.sapient._protobuf import ICD_VERSION, load
from tocsin.codec.sapient.nodes import NodeState, node_of
from tocsin.codec.sapient.places import bearing_columns, geodetic
from tocsin.codec.sapient.reports import seconds_of
from tocsin.codec.sapient.tasks import SENSOR_KINDS, encode_task, why_not_asked
from tocsin.model import ASKED_OF_SENSORS, Pointing, Sensor

__all__ = ["observe"]

CLOCK_S, APART_S = 5.0, 0.08
LATE_SHARE, LATE_S = 1.25, 1.0  # of the status interval, and for networks
FIRST_S = 20.0  # for a node to call and to say something
SLACK_S = 1e-6  # stamps have microseconds and more

Judged = tuple[str, str, list[bytes]]  # verdict, why, the messages that it rests on


@dataclass(slots=True)
class Seen:
    """All that was heard: (arrival by the machine's clock, message, its frame). asked: the
    id of the task that was sent; not_asked: why none was; stopped: how the connection ended.
    """

    heard: list[tuple[float, Any, bytes]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    accepted_s: float = math.nan
    error_s: float = math.nan
    asked: str = ""
    not_asked: str = ""
    watched_s: float = 0.0
    stopped: str = ""
    node: NodeState | None = None

    def of(self, *kinds: str) -> Iterator[tuple[float, Any, bytes]]:
        """Give what was heard of these kinds."""
        return (one for one in self.heard if kind_of(one[1]) in kinds)


async def observe(options: Options) -> list[Finding]:
    """Watch one connection of the node and judge every clause. Raises OSError, TimeoutError."""
    talk = await (_wait_for_call(options) if options.is_listening else _call(options))
    seen = Seen()
    own_id = str(uuid.uuid4())
    try:
        await _watch(talk, seen, options, own_id)
    finally:
        await talk.close()
    seen.stopped = talk.broken
    return [_finding(name, check(seen), seen) for name, check in CHECKS.items()]


async def _call(options: Options) -> Talk:
    async with asyncio.timeout(options.wait_s):
        pair = await asyncio.open_connection(options.host, options.port)
    return Talk(*pair, [], time.monotonic())


async def _wait_for_call(options: Options) -> Talk:
    called: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    called = asyncio.get_running_loop().create_future()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if called.done():
            writer.close()
        else:
            called.set_result((reader, writer))

    server = await asyncio.start_server(take, options.host, options.port)
    try:
        pair = await asyncio.wait_for(called, max(FIRST_S, options.watch_s))
    finally:
        server.close()
    return Talk(*pair, [], time.monotonic())


async def _watch(talk: Talk, seen: Seen, options: Options, own_id: str) -> None:
    await _hear(talk, seen, FIRST_S, most=1)
    if not seen.heard:
        return
    first = seen.heard[0][1]
    if kind_of(first) != "registration":
        await _hear(talk, seen, options.quiet_s)
        return
    await _hear(talk, seen, options.quiet_s)  # what comes before it is accepted
    await _say(talk, seen, answers.registration_ack(own_id, first.node_id, time.time(), ()))
    seen.accepted_s = time.time()
    seen.node = node_of(first.node_id.lower(), "talk", first.registration, time.time())
    third_s = options.watch_s / 3.0
    await _hear(talk, seen, third_s)
    packet = seen.heard[-1][2][4:]
    wrong = answers.error(own_id, first.node_id, time.time(), packet, ("conformance test",))
    await _say(talk, seen, wrong)
    seen.error_s = time.time()
    await _hear(talk, seen, third_s)
    await _ask(talk, seen, own_id)
    await _hear(talk, seen, third_s)
    seen.watched_s = time.time() - seen.accepted_s


async def _say(talk: Talk, seen: Seen, data: bytes) -> None:
    seen.sent.append(data)
    await talk.send(data)


async def _hear(talk: Talk, seen: Seen, wait_s: float, *, most: int = 100_000) -> None:
    end = time.monotonic() + wait_s
    while (left_s := end - time.monotonic()) > 0.0 and most > 0:
        message = await talk.receive(left_s)
        if message is None:
            return
        most -= 1
        seen.heard.append((time.time(), message, frame(message.SerializeToString())))


async def _ask(talk: Talk, seen: Seen, own_id: str) -> None:
    """Ask a sensor for a low report rate, or for the mode that it is in."""
    node = seen.node
    assert node is not None
    port = SapientSession(own_id, nodes={node.node_id: node}, bound={"talk": node.node_id})
    sensor = Sensor(
        id="the node", kind=SENSOR_KINDS[0], format="sapient", node_id=node.node_id,
        tasks=ASKED_OF_SENSORS, modes=node.modes,
    )  # fmt: skip
    wishes = [Pointing("the node", "report_rate", "low")]
    wishes += [Pointing("the node", "mode", mode) for mode in node.modes[:1]]
    for wish in wishes:
        seen.not_asked = why_not_asked(sensor, port, node, wish)
        if not seen.not_asked:
            data, seen.asked = encode_task(port, node, wish, time.time(), "conformance")
            await _say(talk, seen, data)
            return


def _finding(name: str, judged: Judged, seen: Seen) -> Finding:
    verdict, why, rests_on = judged
    began_s = seen.heard[0][0] if seen.heard else 0.0
    sent = [(0.0, "sent", data) for data in seen.sent] if name in ("E17", "E18") else []
    times = {data: at_s - began_s for at_s, _, data in seen.heard}
    received = [(times.get(data, 0.0), "received", data) for data in rests_on[:8]]
    return Finding(CLAUSES[name], verdict, why, sent + received)


def _judge(why: str, *rests_on: bytes) -> Judged:
    return (FAIL if why else PASS), why or "as asked", list(rests_on)


def _not_here(why: str) -> Judged:
    return NOT_APPLICABLE, why, []


def _e01(seen: Seen) -> Judged:
    if not seen.heard:
        ended = f" ({seen.stopped})" if seen.stopped else ""
        return _judge(f"nothing came in {FIRST_S:g} s{ended}")
    kind = kind_of(seen.heard[0][1])
    why = (
        ""
        if kind == "registration"
        else f"the first message is a {kind or 'message of no kind'}"
    )
    return _judge(why, seen.heard[0][2])


def _on_registration(judge: Callable[[Any, bytes], str]) -> Callable[[Seen], Judged]:
    def check(seen: Seen) -> Judged:
        for _, message, data in seen.of("registration"):
            return _judge(judge(message, data), data)
        return _not_here("no Registration came (E01)")

    return check


def _on_detections(judge: Callable[[Seen, Any], str]) -> Callable[[Seen], Judged]:
    def check(seen: Seen) -> Judged:
        data = b""
        for _, message, data in seen.of("detection_report"):
            if why := judge(seen, message):
                return _judge(why, data)
        return _judge("", data) if data else _not_here("no detection came")

    return check


def _faults(message: Any) -> str:
    return "; ".join(f"{f.path} {f.sentence}" for f in validate(message)[:4])


def _e04(message: Any, data: bytes) -> str:
    node = node_of("", "", message.registration, 0.0)
    return "it declares no positive time" if math.isnan(node.status_s) else ""


def _e05(seen: Seen) -> Judged:
    if seen.node is None or math.isnan(seen.node.status_s):
        return _not_here("no status interval is declared (E04)")
    interval_s = seen.node.status_s
    limit_s = interval_s * LATE_SHARE + LATE_S
    if seen.watched_s < limit_s and not seen.stopped:
        return _not_here(
            f"it was watched for {seen.watched_s:.0f} s, and its interval is {interval_s:g} s; "
            f"give --seconds {math.ceil(limit_s) + 1}"
        )
    times = [at_s for at_s, _, _ in seen.of("status_report")]
    ends = [seen.accepted_s, *times, seen.accepted_s + seen.watched_s]
    longest_s = max(b - a for a, b in pairwise(ends))
    why = f"{longest_s:.1f} s without a StatusReport, whose interval is {interval_s:g} s"
    return _judge(
        why if longest_s > limit_s else "", *(d for _, _, d in seen.of("status_report"))
    )


def _e06(seen: Seen) -> Judged:
    for _, message, data in seen.of("status_report"):
        is_unchanged = message.status_report.info == load().StatusReport.INFO_UNCHANGED
        return _judge("the first StatusReport says UNCHANGED" if is_unchanged else "", data)
    return _not_here("no StatusReport came")


def _e07(seen: Seen) -> Judged:
    for _, message, data in seen.heard[1:]:
        if why := _faults(message):
            return _judge(f"its {kind_of(message)}: {why}", data)
    if not seen.heard[1:]:
        return _not_here("nothing came after the first message")
    return _judge("", *(d for _, _, d in seen.heard[1:3]))


def _e08(seen: Seen) -> Judged:
    if not seen.heard:
        return _not_here("nothing came")
    first = seen.heard[0][1]
    allowed = {first.node_id.lower(), *(d.lower() for d in first.registration.dependent_nodes)}
    for _, message, data in seen.heard:
        if message.node_id.lower() not in allowed:
            return _judge(f"it speaks for {message.node_id!r}, which it has not named", data)
    return _judge("", seen.heard[0][2])


def _e09(seen: Seen) -> Judged:
    last: dict[str, float] = {}
    for at_s, message, data in seen.heard:
        stamp_s = seconds_of(message.timestamp)
        if abs(stamp_s - at_s) > CLOCK_S:
            return _judge(f"a stamp is {stamp_s - at_s:+.1f} s off", data)
        before_s = last.get(message.node_id, -math.inf)
        if stamp_s < before_s - SLACK_S:
            return _judge(f"a stamp steps back by {before_s - stamp_s:.3f} s", data)
        last[message.node_id] = stamp_s
    return _judge("", seen.heard[0][2]) if seen.heard else _not_here("nothing came")


def _e10(seen: Seen) -> Judged:
    last: dict[str, float] = {}
    data = b""
    for _, message, data in seen.of("detection_report"):
        stamp_s = seconds_of(message.timestamp)
        apart_s = stamp_s - last.get(message.node_id, -math.inf)
        if SLACK_S < apart_s < APART_S - SLACK_S:
            return _judge(
                f"two detections are {apart_s * 1e3:.0f} ms apart; those of one scan share a "
                "stamp, others lie 80 ms or more apart",
                data,
            )
        last[message.node_id] = stamp_s
    return _judge("", data) if data else _not_here("no detection came")


def _e11(seen: Seen) -> Judged:
    if math.isnan(seen.accepted_s):
        return _not_here("it was not accepted (E01)")
    for at_s, _, data in seen.of("detection_report"):
        is_early = at_s < seen.accepted_s
        return _judge("a detection came before the acceptance" if is_early else "", data)
    return _not_here("no detection came")


def _e12(seen: Seen, message: Any) -> str:
    report = message.detection_report
    zone = seen.node.zone if seen.node is not None else ""
    if report.HasField("location"):
        place: Any = geodetic(report.location, zone)
    elif report.HasField("range_bearing"):
        if report.range_bearing.datum != load().RANGE_BEARING_DATUM_TRUE:
            return ""  # another north is allowed, and says nothing of ranges
        place = bearing_columns(report.range_bearing)
    else:
        return ""  # E07
    return place if isinstance(place, str) else ""


def _e13(seen: Seen, message: Any) -> str:
    report = message.detection_report
    field_name = report.WhichOneof("location_oneof")
    if not field_name:
        return ""
    types = [
        definition.location_type
        for _, first, _ in seen.of("registration")
        for mode in first.registration.mode_definition
        for definition in mode.detection_definition
    ]
    name = "location_units" if field_name == "location" else "range_bearing_units"
    declared = {getattr(one, name) for one in types if one.HasField(name)}
    used = getattr(report, field_name).coordinate_system
    if used in declared:
        return ""
    return (
        f"its {field_name} has coordinate system {used}; declared: {sorted(declared) or 'none'}"
    )


def _e14(seen: Seen) -> Judged:
    known: set[str] = set()
    data = b""
    for _, message, data in seen.of("detection_report", "status_report"):
        report = getattr(message, kind_of(message))
        if report.report_id in known:
            return _judge(f"report id {report.report_id!r} comes twice", data)
        known.add(report.report_id)
    return _judge("", data) if data else _not_here("no report came")


def _e15(seen: Seen) -> Judged:
    none = load().Registration.TRACKING_TYPE_NONE
    modes = [
        m for _, first, _ in seen.of("registration") for m in first.registration.mode_definition
    ]
    if not modes or any(mode.tracking_type != none for mode in modes):
        return _not_here("it declares a kind of tracking, or none at all")
    known: set[str] = set()
    data = b""
    for _, message, data in seen.of("detection_report"):
        name = message.detection_report.object_id
        if name in known:
            return _judge(f"object id {name!r} comes twice", data)
        known.add(name)
    return _judge("", data) if data else _not_here("no detection came")


def _confidences(message: Any) -> Iterator[tuple[str, float]]:
    for item, value in message.ListFields():
        if item.name in ("confidence", "detection_confidence"):
            yield item.name, value
        elif item.message_type is not None:
            for part in value if item.is_repeated else (value,):
                yield from _confidences(part)


def _e16(seen: Seen, message: Any) -> str:
    for name, value in _confidences(message):
        if not 0.0 <= value <= 1.0:
            return f"{name} is {value:g}"
    return ""


def _e17(seen: Seen) -> Judged:
    if not seen.asked:
        return _not_here(f"nothing was asked: {seen.not_asked or 'it was not accepted (E01)'}")
    data = b""
    for _, message, data in seen.of("task_ack"):
        if message.task_ack.task_id == seen.asked:
            return _judge("", data)
    why = "another task id was acknowledged" if data else "no TaskAck came"
    return _judge(why, *filter(None, [data]))


def _e18(seen: Seen) -> Judged:
    if math.isnan(seen.error_s):
        return _not_here("no Error was sent")
    after = [(message, data) for at_s, message, data in seen.heard if at_s > seen.error_s]
    if any(kind_of(message) == "error" for message, _ in after):
        return _judge("it answered the Error with an Error", after[0][1])
    if seen.stopped or not after:
        return _judge(
            seen.stopped or "nothing came after the Error", *(d for _, d in after[:1])
        )
    return _judge("", after[0][1])


def _e03(message: Any, data: bytes) -> str:
    said = message.registration.icd_version
    return "" if said == ICD_VERSION else f"it names {said!r}, not {ICD_VERSION!r}"


CHECKS: dict[str, Callable[[Seen], Judged]] = {
    "E01": _e01,
    "E02": _on_registration(lambda message, _: _faults(message)),
    "E03": _on_registration(_e03),
    "E04": _on_registration(_e04),
    "E05": _e05,
    "E06": _e06,
    "E07": _e07,
    "E08": _e08,
    "E09": _e09,
    "E10": _e10,
    "E11": _e11,
    "E12": _on_detections(_e12),
    "E13": _on_detections(_e13),
    "E14": _e14,
    "E15": _e15,
    "E16": _on_detections(_e16),
    "E17": _e17,
    "E18": _e18,
}
