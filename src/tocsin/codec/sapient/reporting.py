"""What a registered node says: status, detections, alerts, answers to tasks."""

import math
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient._protobuf import load, name_of
from tocsin.codec.sapient.alerts import PER_MINUTE, news_of
from tocsin.codec.sapient.calls import Call, geoid_of, hear_into, note, refuse
from tocsin.codec.sapient.lineage import is_lost, is_ours, remember_into
from tocsin.codec.sapient.nodes import NodeState, status_into, text_of
from tocsin.codec.sapient.registering import adopt_into, unbind_into
from tocsin.codec.sapient.reports import detection_columns, seconds_of
from tocsin.model import DetectionBatch, Nature

__all__ = ["take_report"]

_UNREAL = {
    Nature.EXERCISE: DetectionBatch.EXERCISE_TARGET,
    Nature.SIMULATED: DetectionBatch.SIMULATED_TARGET,
}


def take_report(call: Call, message: Any, kind: str) -> bool:
    """Take a message that only a registered node may send on this connection."""
    node = call.session.nodes.get(call.node_id)
    if node is None and not call.must_register:
        node = adopt_into(call)
    if node is None or node.path != call.path:
        sentence = f"{call.node_id} has not registered on this connection"
        refuse(call, "not registered", sentence, is_answered=kind != "error")
        return False
    hear_into(call, node)
    if kind == "detection_report":
        _detect_into(call, node, message)
    elif kind == "status_report":
        _status_into(call, node, message)
    elif kind == "task_ack":
        said = message.task_ack
        word = name_of(load().TaskAck.TaskStatus, said.task_status, "TASK_STATUS_")
        reason = text_of("; ".join(said.reason[:4]))
        call.taken.task_acks.append((node.node_id, said.task_id, word, reason))
    elif kind == "alert":
        _alert_into(call, node, message)
    return True


def _alert_into(call: Call, node: NodeState, message: Any) -> None:
    alert = message.alert
    answer = answers.alert_ack(
        call.session.own_id, message.node_id, call.arrival_s, alert.alert_id
    )
    call.taken.answers.append(answer)
    news = news_of(node, alert, call.arrival_s)
    if news is None:
        note(call, "too many alerts", f"{node.node_id}: over {PER_MINUTE} in a minute")
    elif news:
        nature = _nature_of(message)
        call.taken.alerts.append((node.node_id, alert.alert_id, news, nature))


def _status_into(call: Call, node: NodeState, message: Any) -> None:
    before = (node.lat_deg, node.lon_deg)
    for sentence in status_into(node, message.status_report, geoid_of(call)):
        note(call, "not placed", f"{node.node_id}: {sentence}")
    if not math.isnan(node.lat_deg) and (node.lat_deg, node.lon_deg) != before:
        call.taken.moved.append(node.node_id)
    if node.state == "goodbye":
        node.path = ""
        if call.session.bound.get(call.path) == node.node_id:
            unbind_into(call.session, call.path)


def _detect_into(call: Call, node: NodeState, message: Any) -> None:
    report, time_s = message.detection_report, seconds_of(message.timestamp)
    columns = detection_columns(report, node, time_s, geoid_of(call))
    if isinstance(columns, str):
        note(call, "not placed", f"{node.node_id}: {columns}")
        return
    flags = _flags(call, node, message)
    if flags is None:
        return
    if flags:
        columns["flags"] = flags
    if time_s > node.stamp_s:
        call.taken.scans.append((node.node_id, node.stamp_s))
    if not time_s <= node.stamp_s:
        node.stamp_s = time_s
    node.detections += 1
    call.taken.detections.append((node.node_id, columns))


def _flags(call: Call, node: NodeState, message: Any) -> int | None:
    """Return what else a detection says, None where it is not to be used."""
    report = message.detection_report
    ours, lost = is_ours(report, call.session.own_id), is_lost(report)
    was_known = False
    if report.derived_detection or lost:
        was_known = remember_into(node, report, ended=ours or lost)
    if ours:
        note(call, "derived from our own", f"object {report.object_id} of {node.node_id}")
        if not (was_known and node.tracks):
            return None
    flags = DetectionBatch.TRACK_END if node.tracks and (ours or lost) else 0
    return flags | _UNREAL.get(_nature_of(message), 0)


def _nature_of(message: Any) -> str:
    """Return how real a message says that it is: live where it says nothing of it."""
    word = message.additional_information.strip().lower()
    return word if word in Nature.ALL else Nature.LIVE
