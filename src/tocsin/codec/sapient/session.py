"""Messages of many SAPIENT connections: who speaks, what it detects, what it is answered.

A node's first message is its Registration. One connection speaks for one node, and for the
nodes that a fusion node names as its dependents. A node id that another live connection holds
is refused, and so is one that the site file does not know.
"""

import math
from collections.abc import Mapping
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.calls import Call, Known, Taken, geoid_of, note, refuse
from tocsin.codec.sapient.framing import HEAD, FrameStream, split_into, whole
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.codec.sapient.registering import answer_registration, register_into, unbind_into
from tocsin.codec.sapient.reporting import take_report
from tocsin.codec.sapient.validate import validate
from tocsin.codec.sapient.walker import Rows, octets_of, walk
from tocsin.model import Rejected

__all__ = ["KINDS", "forget_into", "overdue_into", "read_json", "receive_into", "take_into"]

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
    call = Call(session, taken, path, b"", arrival_s, geoid_m, source, known, must_register,
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
    call = Call(session, Taken(), path, data, arrival_s, geoid_m, source, None, True, None)
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
    unbind_into(session, path)


def _take_next(call: Call, stream: FrameStream, data: bytes) -> None:
    """Take one message of a stream, unless too many before it were of no use."""
    if stream.broken and stream.refused >= REFUSALS_LIMIT:
        return
    call.data, call.node_id, call.to = data, "", ""
    stream.refused = 0 if _take(call) else stream.refused + 1
    if stream.refused == REFUSALS_LIMIT and call.must_register:
        stream.broken = f"{REFUSALS_LIMIT} messages in a row were of no use"
        note(call, "too many refusals", stream.broken)


def _walk_into(call: Call, stream: FrameStream, payload: bytes) -> bytes:
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
            rows, at, other = walk(octets, at, node, geoid_of(call))
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


def _speaker(call: Call, node_id: str) -> NodeState | None:
    """Return the node of that id where it is registered on this connection, and turn to it."""
    node = call.session.nodes.get(node_id)
    if node is None or node.path != call.path:
        return None
    call.node_id = node_id
    return node


def _rows_into(call: Call, node: NodeState, rows: Rows) -> None:
    """Count and note the detections of one run, as `take_report` and `_detect_into` do."""
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


def _take(call: Call) -> bool:
    """Take one message; tell whether it was of use."""
    messages = load()
    try:
        message = messages.SapientMessage.FromString(call.data)
    except messages.DecodeError as wrong:
        refuse(call, "not a SAPIENT message", f"not a SAPIENT message: {wrong}")
        return False
    call.to, call.node_id = message.node_id, message.node_id.lower()
    kind = message.WhichOneof("content") or ""
    faults = validate(message)
    if faults:
        sentence = "; ".join(f"{f.path} {f.sentence}" for f in faults[:SENTENCE_LIMIT])
        if kind == "registration":
            answer_registration(call, "not valid", sentence)
        else:
            # An error is never answered with an error: two nodes would go on for ever.
            refuse(call, "not valid", sentence, is_answered=kind != "error")
        return False
    records = call.taken.records
    records[KINDS[kind]] = records.get(KINDS[kind], 0) + 1
    if call.trace is not None:
        said = messages.json_format.MessageToDict(message, preserving_proto_field_name=True)
        call.trace.append({"record": KINDS[kind]} | said)
    if kind == "registration":
        return register_into(call, message)
    if kind == "task":
        _refuse_task(call, message)
        return True
    return take_report(call, message, kind)


def _refuse_task(call: Call, message: Any) -> None:
    note(call, "task refused", f"from {message.node_id}")
    call.taken.answers.append(
        answers.task_rejected(
            call.session.own_id, message.node_id, call.arrival_s, message.task.task_id
        )
    )
