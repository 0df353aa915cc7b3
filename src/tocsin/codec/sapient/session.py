"""Messages of many SAPIENT connections: who speaks, what it detects, what it is answered.

A node's first message is its Registration. One connection speaks for one node, and for the
nodes that a fusion node names as its dependents. A node id that another live connection holds
is refused, and so is one that the site file does not know.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient._protobuf import load, name_of
from tocsin.codec.sapient.framing import HEAD, FrameStream, split_into, whole
from tocsin.codec.sapient.nodes import NodeState, SapientSession, node_of, status_into, text_of
from tocsin.codec.sapient.reports import detection_columns, seconds_of
from tocsin.codec.sapient.validate import validate
from tocsin.codec.sapient.walker import Rows, octets_of, walk
from tocsin.model import Rejected

__all__ = [
    "KINDS", "Known", "Taken", "forget_into", "overdue_into", "read_json", "receive_into",
    "take_into",
]  # fmt: skip

NODE_LIMIT = 1_024  # of one port
SILENT_INTERVALS = 3.0  # after which another connection may take a node over
SILENT_S = 30.0  # the same for a node that declares no interval
SENTENCE_LIMIT = 4  # of one message's faults in one refusal
# A node that is merely misconfigured errs now and then; one that sends so much of no use in a
# row speaks another language, and each refusal costs an answer.
REFUSALS_LIMIT = 100
REGISTER_S = 30.0  # from the first octet of a connection to its registration
MESSAGE_S = 30.0  # from the first octet of a message to its last
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the site file says of a node: which sensor it is; geoid_m: see `receive_into`."""

    sensor_id: str
    geoid_m: float = 0.0


@dataclass(slots=True)
class Taken:
    """What messages gave. detections: (node id, columns of DetectionBatch without sensor and
    arrival); tables: the same of many at once, as (how many of `detections` come before them,
    node id, rows); scans: (node id, stamp) of each group of detections that share a
    stamp, when the next stamp shows that it is whole; heard: messages of each registered node;
    moved: nodes whose status names another place than before; task_acks: (node id, task id,
    word, reason) of what nodes answer to tasks; answers: frames to send back; closed: why the
    connection is to be closed, "" where it is not.
    """

    detections: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tables: list[tuple[int, str, Rows]] = field(default_factory=list)
    scans: list[tuple[str, float]] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    task_acks: list[tuple[str, str, str, str]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    closed: str = ""


@dataclass(slots=True)
class _Call:
    """One message under way: where it came from, what it gives.

    node_id: who says to send it, in small letters; to: the same as it was written.
    """

    session: SapientSession
    taken: Taken
    path: str
    data: bytes
    arrival_s: float
    geoid_m: float
    source: str
    known: Mapping[str, Known] | None
    must_register: bool
    trace: list[dict[str, Any]] | None
    node_id: str = ""
    to: str = ""


def receive_into(
    session: SapientSession,
    path: str,
    payload: bytes,
    arrival_s: float,
    *,
    geoid_m: float = 0.0,
    source: str = "",
    known: Mapping[str, Known] | None = None,
    must_register: bool = True,
    in_tables: bool = False,
    trace: list[dict[str, Any]] | None = None,
) -> Taken:
    """Take a piece of a connection's stream; an empty one says that the connection has ended.

    An empty piece of the path "" says that all connections have: the port was opened anew.
    geoid_m: the geoid's height above the ellipsoid at the site, for heights above sea level.
    known: the nodes that may register, by id in small letters; None: any. must_register: False
    for a recording, which may begin after a node has registered. in_tables: detections may
    come as `tables`, ten times as fast; what they say is the same. trace: gets each message in
    the words of the standard. Where `closed` comes back, the connection is to be closed after
    the answers are sent.
    """
    taken = Taken()
    if not payload:
        for ended in [path] if path else list(session.streams):
            forget_into(session, ended)
        return taken
    stream = session.streams.setdefault(path, FrameStream(opened_s=arrival_s))
    call = _Call(session, taken, path, b"", arrival_s, geoid_m, source, known, must_register,
                 trace)  # fmt: skip
    if in_tables and trace is None and not stream.broken:
        payload = _walk_into(call, stream, payload)
    items = split_into(stream, payload, source=source)
    for item in items:
        if isinstance(item, Rejected):
            taken.rejected.append(item)
        else:
            _take_next(call, stream, item)
    if not stream.rest:
        stream.begun_s = math.nan
    elif items or taken.records or math.isnan(stream.begun_s):
        stream.begun_s = arrival_s
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
    call = _Call(session, Taken(), path, data, arrival_s, geoid_m, source, None, True, None)
    _take(call)
    return call.taken


def overdue_into(session: SapientSession, now_s: float) -> list[tuple[str, str, str]]:
    """Return (path, reason, sentence) of connections that have taken too long, to be closed.

    Nothing more is read from them. A connection registers within REGISTER_S of its first octet,
    and again after a GOODBYE; a message is whole within MESSAGE_S of its first octet.
    """
    found = []
    for path, stream in session.streams.items():
        if stream.broken:
            continue
        if now_s - stream.begun_s > MESSAGE_S:
            reason = "message too slow"
            stream.broken = f"{len(stream.rest)} octets of a message in {MESSAGE_S:g} s"
        elif path not in session.bound and now_s - stream.opened_s > REGISTER_S:
            reason = "never registered"
            stream.broken = f"no registration within {REGISTER_S:g} s"
        else:
            continue
        stream.rest.clear()
        found.append((path, reason, stream.broken))
    return found


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


def _take_next(call: _Call, stream: FrameStream, data: bytes) -> None:
    """Take one message of a stream, unless too many before it were of no use."""
    if stream.broken and stream.refused >= REFUSALS_LIMIT:
        return
    call.data, call.node_id, call.to = data, "", ""
    stream.refused = 0 if _take(call) else stream.refused + 1
    if stream.refused == REFUSALS_LIMIT and call.must_register:
        stream.broken = f"{REFUSALS_LIMIT} messages in a row were of no use"
        _note(call, "too many refusals", stream.broken)


def _walk_into(call: _Call, stream: FrameStream, payload: bytes) -> bytes:
    """Take the messages of a stream, its detection reports in runs; return what is left.

    What the walk leaves is taken one by one, in its turn: it may change what comes after it.
    """
    data = bytes(stream.rest) + payload
    stream.rest.clear()
    octets, at = octets_of(data), 0
    name = call.session.bound.get(call.path, "")
    while not stream.broken:
        node, other = _speaker(call, name), -1
        if node is not None:
            rows, at, other = walk(octets, at, node, _geoid_m(call))
            if rows is not None:
                _rows_into(call, node, rows)
                stream.refused = 0
        if other >= 0:
            named = data[other : other + 36].decode("ascii").lower()
            if _speaker(call, named) is not None:
                name = named
                continue
        size = whole(data, at)
        if size < 0:
            break
        _take_next(call, stream, data[at + HEAD : at + HEAD + size])
        at += HEAD + size
        if _speaker(call, call.node_id) is not None:
            name = call.node_id
    return data[at:]


def _speaker(call: _Call, node_id: str) -> NodeState | None:
    """Return the node of that id where it is registered on this connection, and turn to it."""
    node = call.session.nodes.get(node_id)
    if node is None or node.path != call.path:
        return None
    call.node_id = node_id
    return node


def _rows_into(call: _Call, node: NodeState, rows: Rows) -> None:
    """Count and note the detections of one run, as `_from_node` and `_detect_into` do."""
    taken, n = call.taken, len(rows)
    kind = KINDS["detection_report"]
    taken.records[kind] = taken.records.get(kind, 0) + n
    taken.heard[node.node_id] = taken.heard.get(node.node_id, 0) + n
    node.heard_s, node.detections = call.arrival_s, node.detections + n
    for time_s in rows.times_s():
        if time_s > node.stamp_s:
            taken.scans.append((node.node_id, node.stamp_s))
        if not time_s <= node.stamp_s:
            node.stamp_s = time_s
    taken.tables.append((len(taken.detections), node.node_id, rows))


def _take(call: _Call) -> bool:
    """Take one message; tell whether it was of use."""
    messages = load()
    try:
        message = messages.SapientMessage.FromString(call.data)
    except messages.DecodeError as wrong:
        _refuse(call, "not a SAPIENT message", f"not a SAPIENT message: {wrong}")
        return False
    call.to, call.node_id = message.node_id, message.node_id.lower()
    kind = message.WhichOneof("content") or ""
    faults = validate(message)
    if faults:
        sentence = "; ".join(f"{f.path} {f.sentence}" for f in faults[:SENTENCE_LIMIT])
        if kind == "registration":
            _answer_registration(call, "not valid", sentence)
        else:
            # An error is never answered with an error: two nodes would go on for ever.
            _refuse(call, "not valid", sentence, is_answered=kind != "error")
        return False
    records = call.taken.records
    records[KINDS[kind]] = records.get(KINDS[kind], 0) + 1
    if call.trace is not None:
        said = messages.json_format.MessageToDict(message, preserving_proto_field_name=True)
        call.trace.append({"record": KINDS[kind]} | said)
    if kind == "registration":
        return _register_into(call, message)
    if kind == "task":
        _refuse_task(call, message)
        return True
    return _from_node(call, message, kind)


def _from_node(call: _Call, message: Any, kind: str) -> bool:
    """Take a message that only a registered node may send on this connection."""
    node = call.session.nodes.get(call.node_id)
    if node is None and not call.must_register:
        node = _adopt_into(call)
    if node is None or node.path != call.path:
        sentence = f"{call.node_id} has not registered on this connection"
        _refuse(call, "not registered", sentence, is_answered=kind != "error")
        return False
    _hear_into(call, node)
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
        answer = answers.alert_ack(
            call.session.own_id, message.node_id, call.arrival_s, message.alert.alert_id
        )
        call.taken.answers.append(answer)
    return True


def _adopt_into(call: _Call) -> NodeState | None:
    """Take a node that registered before the recording began, with the standard's units."""
    if call.known is not None and call.node_id not in call.known:
        return None
    if len(call.session.nodes) >= NODE_LIMIT:
        return None
    node = NodeState(call.node_id, call.path, types=(), name="")
    call.session.nodes[call.node_id] = node
    call.session.bound.setdefault(call.path, call.node_id)
    return node


def _hear_into(call: _Call, node: NodeState) -> None:
    node.heard_s = call.arrival_s
    heard = call.taken.heard
    heard[node.node_id] = heard.get(node.node_id, 0) + 1


def _status_into(call: _Call, node: NodeState, message: Any) -> None:
    before = (node.lat_deg, node.lon_deg)
    for sentence in status_into(node, message.status_report, _geoid_m(call)):
        _note(call, "not placed", f"{node.node_id}: {sentence}")
    if not math.isnan(node.lat_deg) and (node.lat_deg, node.lon_deg) != before:
        call.taken.moved.append(node.node_id)
    if node.state == "goodbye":
        node.path = ""
        if call.session.bound.get(call.path) == node.node_id:
            _unbind_into(call.session, call.path)


def _geoid_m(call: _Call) -> float:
    known = (call.known or {}).get(call.node_id)
    return call.geoid_m if known is None else known.geoid_m


def _note(call: _Call, reason: str, detail: str) -> None:
    known = (call.known or {}).get(call.node_id)
    source = call.source if known is None else known.sensor_id
    call.taken.rejected.append(Rejected(source, reason, detail[:300], call.data[:64]))


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


def _answer_registration(call: _Call, reason: str, sentence: str) -> None:
    """Accept a registration, or refuse it where there is a sentence against it."""
    if sentence:
        _note(call, reason, sentence)
    call.taken.answers.append(
        answers.registration_ack(
            call.session.own_id, call.to, call.arrival_s, (sentence,) if sentence else ()
        )
    )


def _is_silent(node: NodeState, now_s: float) -> bool:
    limit_s = SILENT_S if math.isnan(node.status_s) else SILENT_INTERVALS * node.status_s
    return not now_s - node.heard_s <= limit_s


def _register_into(call: _Call, message: Any) -> bool:
    session, node_id = call.session, call.node_id
    reason, against = _against(call)
    if not against:
        known = session.nodes.get(node_id)
        node = node_of(node_id, call.path, message.registration, call.arrival_s)
        if known is not None:
            node.detections, node.stamp_s = known.detections, known.stamp_s
            if known.path not in ("", call.path) and session.bound.get(known.path) == node_id:
                _unbind_into(session, known.path)
        session.nodes[node_id] = node
        session.bound.setdefault(call.path, node_id)
        _hear_into(call, node)
    _answer_registration(call, reason, against)
    return not against


def _against(call: _Call) -> tuple[str, str]:
    """Return what stands against a registration (a reason to count, a sentence), or "", ""."""
    session, path, node_id = call.session, call.path, call.node_id
    if call.known is not None and node_id not in call.known:
        return "unknown node", f"{node_id} is not among the nodes of the site file"
    bound = session.bound.get(path, node_id)
    sentence = ""
    if bound != node_id and node_id not in session.nodes[bound].dependents:
        sentence = (
            f"this connection speaks for {bound}, which does not name {node_id} a dependent"
        )
    elif (known := session.nodes.get(node_id)) is None:
        if len(session.nodes) >= NODE_LIMIT:
            sentence = f"{NODE_LIMIT} nodes are registered already"
    elif known.path not in ("", path) and not _is_silent(known, call.arrival_s):
        sentence = f"{node_id} is registered by another connection"
    return "registration refused", sentence


def _detect_into(call: _Call, node: NodeState, message: Any) -> None:
    time_s = seconds_of(message.timestamp)
    columns = detection_columns(message.detection_report, node, time_s, _geoid_m(call))
    if isinstance(columns, str):
        _note(call, "not placed", f"{node.node_id}: {columns}")
        return
    if time_s > node.stamp_s:
        call.taken.scans.append((node.node_id, node.stamp_s))
    if not time_s <= node.stamp_s:
        node.stamp_s = time_s
    node.detections += 1
    call.taken.detections.append((node.node_id, columns))
