"""Who may speak on a connection: registrations, and what stands against one."""

import math
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient.calls import NODE_LIMIT, Call, hear_into, note
from tocsin.codec.sapient.nodes import NodeState, SapientSession, node_of

__all__ = ["adopt_into", "answer_registration", "register_into", "unbind_into"]

SILENT_INTERVALS = 3.0  # after which another connection may take a node over
SILENT_S = 30.0  # the same for a node that declares no interval


def register_into(call: Call, message: Any) -> bool:
    session, node_id = call.session, call.node_id
    reason, against = _against(call)
    if not against:
        known = session.nodes.get(node_id)
        node = node_of(node_id, call.path, message.registration, call.arrival_s)
        if known is not None:
            node.detections, node.stamp_s = known.detections, known.stamp_s
            node.origins, node.alerts = known.origins, known.alerts
            node.alerts_told, node.alerts_since_s = known.alerts_told, known.alerts_since_s
            if known.path not in ("", call.path) and session.bound.get(known.path) == node_id:
                unbind_into(session, known.path)
        session.nodes[node_id] = node
        session.bound.setdefault(call.path, node_id)
        hear_into(call, node)
    answer_registration(call, reason, against)
    return not against


def _against(call: Call) -> tuple[str, str]:
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


def answer_registration(call: Call, reason: str, sentence: str) -> None:
    """Accept a registration, or refuse it where there is a sentence against it."""
    if sentence:
        note(call, reason, sentence)
    call.taken.answers.append(
        answers.registration_ack(
            call.session.own_id, call.to, call.arrival_s, (sentence,) if sentence else ()
        )
    )


def _is_silent(node: NodeState, now_s: float) -> bool:
    limit_s = SILENT_S if math.isnan(node.status_s) else SILENT_INTERVALS * node.status_s
    return not now_s - node.heard_s <= limit_s


def adopt_into(call: Call) -> NodeState | None:
    """Take a node that registered before the recording began, with the standard's units."""
    if call.known is not None and call.node_id not in call.known:
        return None
    if len(call.session.nodes) >= NODE_LIMIT:
        return None
    node = NodeState(call.node_id, call.path, types=(), name="")
    call.session.nodes[call.node_id] = node
    call.session.bound.setdefault(call.path, call.node_id)
    return node


def unbind_into(session: SapientSession, path: str) -> None:
    session.bound.pop(path, None)
    for node in session.nodes.values():
        if node.path == path:
            node.path = ""
