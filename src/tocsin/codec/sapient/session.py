"""Messages of many SAPIENT connections: who speaks, what it detects, what it is answered.

A node's first message is its Registration. One connection speaks for one node, and for the
nodes that a fusion node names as its dependents. A node id that another live connection holds
is refused.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.framing import FrameStream, split_into
from tocsin.codec.sapient.nodes import NodeState, SapientSession, node_of, status_into
from tocsin.codec.sapient.reports import detection_columns, seconds_of
from tocsin.codec.sapient.validate import validate
from tocsin.model import Rejected

__all__ = ["KINDS", "Taken", "forget_into", "read_json", "receive_into", "take_into"]

NODE_LIMIT = 1_024  # of one port
SILENT_INTERVALS = 3.0  # after which another connection may take a node over
SILENT_S = 30.0  # the same for a node that declares no interval
SENTENCE_LIMIT = 4  # of one message's faults in one refusal
# What decoded messages are counted as.
KINDS = {
    "registration": "SAPIENT-REGISTRATION",
    "registration_ack": "SAPIENT-REGISTRATION-ACK",
    "status_report": "SAPIENT-STATUS",
    "detection_report": "SAPIENT-DETECTION",
    "task": "SAPIENT-TASK",
    "task_ack": "SAPIENT-TASK-ACK",
    "alert": "SAPIENT-ALERT",
    "alert_ack": "SAPIENT-ALERT-ACK",
    "error": "SAPIENT-ERROR",
}


@dataclass(slots=True)
class Taken:
    """What messages gave. detections: (node id, columns of DetectionBatch without sensor and
    arrival); scans: (node id, stamp) of each group of detections that share a stamp, when the
    next stamp shows that it is whole; answers: frames to send back; closed: why the connection
    is to be closed, "" where it is not.
    """

    detections: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    scans: list[tuple[str, float]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    closed: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    """One message under way: where it came from, and what it gives."""

    session: SapientSession
    taken: Taken
    path: str
    data: bytes
    arrival_s: float
    geoid_m: float
    source: str


def receive_into(
    session: SapientSession,
    path: str,
    payload: bytes,
    arrival_s: float,
    *,
    geoid_m: float = 0.0,
    source: str = "",
) -> Taken:
    """Take a piece of a connection's stream; an empty one says that the connection has ended.

    geoid_m: the geoid's height above the ellipsoid at the site, for heights above sea level.
    Where `closed` comes back, the connection is to be closed after the answers are sent.
    """
    taken = Taken()
    if not payload:
        forget_into(session, path)
        return taken
    stream = session.streams.setdefault(path, FrameStream())
    for item in split_into(stream, payload, source=source):
        if isinstance(item, Rejected):
            taken.rejected.append(item)
        else:
            _take(_Call(session, taken, path, item, arrival_s, geoid_m, source))
    taken.closed = stream.broken
    return taken


def take_into(
    session: SapientSession,
    path: str,
    data: bytes,
    arrival_s: float,
    *,
    geoid_m: float = 0.0,
    source: str = "",
) -> Taken:
    """Take one message (without its length) that came by a connection; as `receive_into`."""
    call = _Call(session, Taken(), path, data, arrival_s, geoid_m, source)
    _take(call)
    return call.taken


def read_json(text: str | bytes, *, source: str = "") -> Any:
    """Return the SapientMessage of its JSON form (protobuf's), or a refusal."""
    messages = load()
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if raw.lstrip()[:1] != b"{":
        return Rejected(source, "not a SAPIENT message", "it is no JSON object", raw[:64])
    try:
        return messages.json_format.Parse(raw, messages.SapientMessage())
    except (messages.json_format.ParseError, ValueError, RecursionError) as wrong:
        detail = " ".join(str(wrong).split())[:200]
        return Rejected(source, "not a SAPIENT message", detail, raw[:64])


def forget_into(session: SapientSession, path: str) -> None:
    """Forget a connection that has ended; its nodes stay known and may register anew."""
    session.streams.pop(path, None)
    _unbind_into(session, path)


def _unbind_into(session: SapientSession, path: str) -> None:
    session.bound.pop(path, None)
    for node in session.nodes.values():
        if node.path == path:
            node.path = ""


def _take(call: _Call) -> None:
    messages = load()
    try:
        message = messages.SapientMessage.FromString(call.data)
    except messages.DecodeError as wrong:
        _refuse(call, "not a SAPIENT message", f"not a SAPIENT message: {wrong}")
        return
    kind = message.WhichOneof("content") or ""
    faults = validate(message)
    if faults:
        sentence = "; ".join(f"{f.path} {f.sentence}" for f in faults[:SENTENCE_LIMIT])
        if kind == "registration":
            _answer_registration(call, message.node_id, "not valid", sentence)
        else:
            # An error is never answered with an error: two nodes would go on for ever.
            _refuse(call, "not valid", sentence, is_answered=kind != "error")
        return
    records = call.taken.records
    records[KINDS[kind]] = records.get(KINDS[kind], 0) + 1
    if kind == "registration":
        _register_into(call, message)
    elif kind == "task":
        _refuse_task(call, message)
    else:
        _from_node(call, message, kind)


def _from_node(call: _Call, message: Any, kind: str) -> None:
    """Take a message that only a registered node may send on this connection."""
    node = call.session.nodes.get(message.node_id)
    if node is None or node.path != call.path:
        sentence = f"{message.node_id} has not registered on this connection"
        _refuse(call, "not registered", sentence, is_answered=kind != "error")
        return
    node.heard_s = call.arrival_s
    if kind == "detection_report":
        _detect_into(call, node, message)
    elif kind == "status_report":
        for sentence in status_into(node, message.status_report, call.geoid_m):
            _note(call, "not placed", f"{node.node_id}: {sentence}")
        if node.state == "goodbye":
            node.path = ""
            if call.session.bound.get(call.path) == node.node_id:
                _unbind_into(call.session, call.path)
    elif kind == "alert":
        answer = answers.alert_ack(
            call.session.own_id, node.node_id, call.arrival_s, message.alert.alert_id
        )
        call.taken.answers.append(answer)


def _note(call: _Call, reason: str, detail: str) -> None:
    call.taken.rejected.append(Rejected(call.source, reason, detail[:300], call.data[:64]))


def _refuse(call: _Call, reason: str, sentence: str, *, is_answered: bool = True) -> None:
    _note(call, reason, sentence)
    if is_answered:
        to = call.session.bound.get(call.path, "")
        call.taken.answers.append(
            answers.error(call.session.own_id, to, call.arrival_s, call.data, (sentence,))
        )


def _refuse_task(call: _Call, message: Any) -> None:
    _note(call, "task refused", f"from {message.node_id}")
    call.taken.answers.append(
        answers.task_rejected(
            call.session.own_id, message.node_id, call.arrival_s, message.task.task_id
        )
    )


def _answer_registration(call: _Call, node_id: str, reason: str, sentence: str) -> None:
    """Accept a registration, or refuse it where there is a sentence against it."""
    if sentence:
        _note(call, reason, sentence)
    call.taken.answers.append(
        answers.registration_ack(
            call.session.own_id, node_id, call.arrival_s, (sentence,) if sentence else ()
        )
    )


def _is_silent(node: NodeState, now_s: float) -> bool:
    limit_s = SILENT_S if math.isnan(node.status_s) else SILENT_INTERVALS * node.status_s
    return not now_s - node.heard_s <= limit_s


def _register_into(call: _Call, message: Any) -> None:
    session, node_id = call.session, message.node_id
    against = _against(session, call.path, node_id, call.arrival_s)
    if not against:
        known = session.nodes.get(node_id)
        node = node_of(node_id, call.path, message.registration, call.arrival_s)
        if known is not None:
            node.detections, node.stamp_s = known.detections, known.stamp_s
            if known.path not in ("", call.path) and session.bound.get(known.path) == node_id:
                _unbind_into(session, known.path)
        session.nodes[node_id] = node
        session.bound.setdefault(call.path, node_id)
    _answer_registration(call, node_id, "registration refused", against)


def _against(session: SapientSession, path: str, node_id: str, now_s: float) -> str:
    """Return what stands against a registration, "" where nothing does."""
    bound = session.bound.get(path, node_id)
    if bound != node_id and node_id not in session.nodes[bound].dependents:
        return f"this connection speaks for {bound}, which does not name {node_id} a dependent"
    known = session.nodes.get(node_id)
    if known is None:
        is_full = len(session.nodes) >= NODE_LIMIT
        return f"{NODE_LIMIT} nodes are registered already" if is_full else ""
    if known.path not in ("", path) and not _is_silent(known, now_s):
        return f"{node_id} is registered by another connection"
    return ""


def _detect_into(call: _Call, node: NodeState, message: Any) -> None:
    time_s = seconds_of(message.timestamp)
    columns = detection_columns(message.detection_report, node, time_s, call.geoid_m)
    if isinstance(columns, str):
        _note(call, "not placed", f"{node.node_id}: {columns}")
        return
    if time_s > node.stamp_s:
        call.taken.scans.append((node.node_id, node.stamp_s))
    if not time_s <= node.stamp_s:
        node.stamp_s = time_s
    node.detections += 1
    call.taken.detections.append((node.node_id, columns))
