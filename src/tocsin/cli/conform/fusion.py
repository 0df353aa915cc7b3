"""The checks of a fusion node: the tester plays sensors. Each returns "" or what is wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tocsin.cli.conform.bench import Bench, NotApplicableError, Verdict
from tocsin.cli.conform.wire import Talk, kind_of, message_of
from tocsin.codec.sapient import validate
from tocsin.codec.sapient._protobuf import load

__all__ = ["CHECKS"]

CLOCK_S = 5.0  # of difference; networks and clocks of test benches are not better
UNKNOWN_FIELD = bytes((0xC2, 0x3E, 0x03)) + b"new"  # field 1000, three octets


async def _ack(bench: Bench, talk: Talk) -> Any:
    return await talk.kind(("registration_ack",), bench.options.wait_s)


def _none(talk: Talk, wanted: str, bench: Bench) -> str:
    ended = f", {talk.broken}" if talk.broken else ""
    return f"no {wanted} came within {bench.options.wait_s:g} s{ended}"


async def _accepted(bench: Bench, talk: Talk) -> Verdict:
    answer = await _ack(bench, talk)
    if answer is None:
        return _none(talk, "RegistrationAck", bench)
    said = answer.registration_ack
    if not said.acceptance:
        reasons = "; ".join(said.ack_response_reason) or "no reason given"
        return f"the registration was refused: {reasons}"
    return ""


async def _no_error(bench: Bench, talk: Talk, what: str) -> Verdict:
    """Say where an Error comes, or the connection ends, after something that is right."""
    error = await bench.error(talk)
    if error is not None:
        return f"{what} was answered with an Error: {'; '.join(error.error.error_message)}"
    return f"after {what}: {talk.broken}" if talk.broken else ""


async def _wants_error(bench: Bench, data: bytes, what: str) -> Verdict:
    """Say where something wrong is not answered with an Error."""
    talk = await bench.register()
    await talk.send(data)
    error = await talk.kind(("error",), bench.options.wait_s)
    return "" if error is not None else f"{what}: {_none(talk, 'Error', bench)}"


async def _f01(bench: Bench) -> Verdict:
    talk = await bench.call()
    await talk.send(await bench.registration())
    return await _accepted(bench, talk)


async def _answers(bench: Bench) -> list[Any]:
    """Return acknowledgements of a registration and an alert, and an Error, if they come."""
    talk = await bench.register()
    told: list[Any] = []
    for data in (
        await bench.registration(),
        await _alert(bench),
        await _without_report_id(bench),
    ):
        await talk.send(data)
        message = await talk.receive(bench.options.wait_s)
        if message is not None:
            told.append(message)
    if not told:
        raise NotApplicableError("the fusion node answered nothing")
    return told


async def _f02(bench: Bench) -> Verdict:
    for message in await _answers(bench):
        if faults := validate(message):
            return f"its {kind_of(message)}: {faults[0].path} {faults[0].sentence}"
    return ""


async def _f03(bench: Bench) -> Verdict:
    for message in await _answers(bench):
        if message.destination_id.lower() != bench.nodes[0]:
            return (
                f"the destination of its {kind_of(message)} is {message.destination_id!r}, "
                f"not {bench.nodes[0]}"
            )
    return ""


async def _f04(bench: Bench) -> Verdict:
    names = []
    for node in (0, 1):
        talk = await bench.call()
        await talk.send(await bench.registration(node))
        answer = await _ack(bench, talk)
        if answer is None:
            return _none(talk, "RegistrationAck", bench)
        names.append(answer.node_id.lower())
    return "" if names[0] == names[1] else f"it called itself {names[0]} and then {names[1]}"


async def _f05(bench: Bench) -> Verdict:
    talk = await bench.call()
    await talk.send(await bench.registration())
    answer = await _ack(bench, talk)
    if answer is None:
        return _none(talk, "RegistrationAck", bench)
    off_s = answer.timestamp.seconds + answer.timestamp.nanos * 1e-9 - time.time()
    return "" if abs(off_s) <= CLOCK_S else f"its stamp is {off_s:+.1f} s off"


async def _f06(bench: Bench) -> Verdict:
    talk = await bench.call()
    data = await bench.registration()
    await talk.send(data, pieces=len(data))
    return await _accepted(bench, talk)


async def _f07(bench: Bench) -> Verdict:
    talk = await bench.call()
    alert = await _alert(bench)
    await talk.send(await bench.registration() + await bench.status() + alert)
    why = await _accepted(bench, talk)
    if why:
        return why
    answer = await talk.kind(("alert_ack", "error"), bench.options.wait_s)
    if answer is None:
        return "the third of three messages in one piece was not answered"
    if kind_of(answer) == "error":
        return f"an Error came: {'; '.join(answer.error.error_message)}"
    return ""


async def _f08(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.status())
    return await _no_error(bench, talk, "a valid StatusReport")


async def _f09(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.detections())
    return await _no_error(bench, talk, "a valid detection by range and bearing")


async def _f10(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.detections(is_located=True))
    return await _no_error(bench, talk, "a valid detection by latitude and longitude")


async def _f11(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.detections(5))
    return await _no_error(bench, talk, "a scan of five detections with one stamp")


async def _without_report_id(bench: Bench) -> bytes:
    message = message_of(await bench.detections())
    message.detection_report.ClearField("report_id")
    return bench.frame(message)


async def _f12(bench: Bench) -> Verdict:
    data = await _without_report_id(bench)
    return await _wants_error(bench, data, "a detection without report_id")


async def _f13(bench: Bench) -> Verdict:
    message = message_of(await bench.detections())
    message.detection_report.object_id = "object 7"
    return await _wants_error(bench, bench.frame(message), "object_id 'object 7'")


async def _f14(bench: Bench) -> Verdict:
    message = message_of(await bench.detections())
    message.detection_report.ClearField("range_bearing")
    return await _wants_error(bench, bench.frame(message), "a detection without any place")


async def _f15(bench: Bench) -> Verdict:
    talk = await bench.register()
    data = await _without_report_id(bench)
    await talk.send(data)
    error = await talk.kind(("error",), bench.options.wait_s)
    if error is None:
        raise NotApplicableError("no Error came (F12)")
    packet = error.error.packet
    if not packet:
        return "its packet is empty"
    return "" if packet in data else "its packet holds none of the octets that were refused"


async def _f16(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(b"\x20\x00\x00\x00" + b"\xff" * 32)
    error = await talk.kind(("error",), bench.options.wait_s)
    if error is not None or talk.broken:
        return ""
    return "32 octets that are no message were passed over in silence"


async def _f17(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await _without_report_id(bench))
    await talk.kind(("error",), bench.options.wait_s)
    alert = await _alert(bench)
    await talk.send(alert)
    answer = await talk.kind(("alert_ack",), bench.options.wait_s)
    return "" if answer is not None else f"the next message: {_none(talk, 'AlertAck', bench)}"


async def _f18(bench: Bench) -> Verdict:
    talk = await bench.call()
    await talk.send(await bench.detections())
    error = await talk.kind(("error",), bench.options.wait_s)
    if error is not None or talk.broken:
        return ""
    return "a detection of a node that has not registered was passed over in silence"


async def _f19(bench: Bench) -> Verdict:
    message = message_of(await bench.registration())
    message.registration.ClearField("icd_version")
    talk = await bench.call()
    await talk.send(bench.frame(message))
    answer = await talk.kind(("registration_ack", "error"), bench.options.wait_s)
    if answer is None:
        return "" if talk.broken else _none(talk, "RegistrationAck or Error", bench)
    is_accepted = kind_of(answer) == "registration_ack" and answer.registration_ack.acceptance
    return "a Registration without icd_version was accepted" if is_accepted else ""


async def _f20(bench: Bench) -> Verdict:
    first = await bench.register()
    second = await bench.call()
    await second.send(await bench.registration())
    answer = await second.kind(("registration_ack", "error"), bench.options.wait_s)
    if answer is None:
        return "" if second.broken else _none(second, "RegistrationAck or Error", bench)
    if kind_of(answer) == "registration_ack" and answer.registration_ack.acceptance:
        return "a second connection with the same node id was accepted"
    await first.send(await _alert(bench))
    kept = await first.kind(("alert_ack",), bench.options.wait_s)
    return "" if kept is not None else "the first connection is not answered any more"


async def _f21(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.registration())
    return await _accepted(bench, talk)


async def _f22(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await bench.status(system="goodbye"))
    error = await bench.error(talk)
    if error is not None:
        return f"GOODBYE was answered with an Error: {'; '.join(error.error.error_message)}"
    other = await bench.call()
    await other.send(await bench.registration())
    return await _accepted(bench, other)


async def _f23(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.close()
    why, end = "", time.monotonic() + 2.0 * bench.options.wait_s
    while time.monotonic() < end:
        await asyncio.sleep(0.2)
        other = await bench.call()
        await other.send(await bench.registration())
        why = await _accepted(bench, other)
        if not why:
            return ""
        await other.close()
    return why


async def _alert(bench: Bench) -> bytes:
    messages = load()
    message = messages.SapientMessage(node_id=bench.nodes[0])
    message.timestamp.FromNanoseconds(int(await bench.stamp() * 1e6) * 1000)
    alert = message.alert
    alert.alert_id, alert.description = bench.new_id(), "conformance test"
    alert.alert_type = messages.Alert.ALERT_TYPE_INFORMATION
    alert.status = messages.Alert.ALERT_STATUS_ACTIVE
    return bench.frame(message)


async def _f24(bench: Bench) -> Verdict:
    talk = await bench.register()
    alert = await _alert(bench)
    await talk.send(alert)
    answer = await talk.kind(("alert_ack",), bench.options.wait_s)
    if answer is None:
        return _none(talk, "AlertAck", bench)
    asked, said = message_of(alert).alert.alert_id, answer.alert_ack.alert_id
    return "" if asked == said else f"its alert id is {said!r}, not {asked!r}"


async def _task(bench: Bench) -> bytes:
    """A task of a sensor to another one: to watch a direction. Nothing should come of it."""
    messages = load()
    message = messages.SapientMessage(node_id=bench.nodes[0], destination_id=bench.nodes[1])
    message.timestamp.FromNanoseconds(int(await bench.stamp() * 1e6) * 1000)
    task = message.task
    task.task_id, task.control = bench.new_id(), messages.Task.CONTROL_START
    task.command.detection_report_rate = messages.Task.DISCRETE_THRESHOLD_LOW
    return bench.frame(message)


async def _f25(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(await _task(bench))
    answer = await talk.kind(("task_ack", "error"), bench.options.wait_s)
    if answer is None:
        return _none(talk, "TaskAck or Error", bench)
    rejected = load().TaskAck.TASK_STATUS_REJECTED
    if kind_of(answer) == "task_ack" and answer.task_ack.task_status != rejected:
        return "the task of a sensor was not rejected"
    return ""


async def _f26(bench: Bench) -> Verdict:
    talk, other = await bench.register(0), await bench.register(1)
    await talk.send(await _task(bench))
    passed_on = await other.kind(("task",), bench.options.quiet_s)
    return "" if passed_on is None else "the task of one sensor reached the other"


async def _f27(bench: Bench) -> Verdict:
    talk = await bench.register()
    message = load().SapientMessage(node_id=bench.nodes[0])
    message.timestamp.FromNanoseconds(int(await bench.stamp() * 1e6) * 1000)
    message.error.packet = b"\x00"
    message.error.error_message.append("conformance test")
    await talk.send(bench.frame(message))
    return await _no_error(bench, talk, "an Error")


async def _f28(bench: Bench) -> Verdict:
    talk = await bench.register()
    data = (await _alert(bench))[4:] + UNKNOWN_FIELD
    await talk.send(len(data).to_bytes(4, "little") + data)
    answer = await talk.kind(("alert_ack", "error"), bench.options.wait_s)
    if answer is None:
        return _none(talk, "AlertAck", bench)
    return "an Error came for an unknown field" if kind_of(answer) == "error" else ""


async def _others_are_served(bench: Bench, what: str) -> Verdict:
    other = await bench.call()
    await other.send(await bench.registration(1))
    why = await _accepted(bench, other)
    return f"{what}, another node could not register: {why}" if why else ""


async def _f29(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send(b"\xff\xff\xff\x7f" + bytes(1000))
    return await _others_are_served(bench, "after a length of 2 GB")


async def _f30(bench: Bench) -> Verdict:
    talk = await bench.register()
    await talk.send((await bench.detections())[:20])
    return await _others_are_served(bench, "while a message stalls")


CHECKS: dict[str, Callable[[Bench], Awaitable[Verdict]]] = {
    name.removeprefix("_").upper(): check
    for name, check in sorted(globals().items())
    if name.startswith("_f") and name[2:].isdigit()
}
