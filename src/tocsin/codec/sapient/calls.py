"""One message under way: which connection it came by, what it gave, what is answered.

What `session` takes from the stream goes through `registering` and `reporting`, which fill the
same `Taken`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.sapient import answers
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.codec.sapient.walker import Rows
from tocsin.model import Rejected

__all__ = ["NODE_LIMIT", "Call", "Known", "Taken", "geoid_of", "hear_into", "note", "refuse"]

NODE_LIMIT = 1_024  # of one port


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
    word, reason) of what nodes answer to tasks; alerts: (node id, alert id, words, nature) of
    those that are news; answers: frames to send back; closed: why the
    connection is to be closed, "" where it is not.
    """

    detections: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tables: list[tuple[int, str, Rows]] = field(default_factory=list)
    scans: list[tuple[str, float]] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    task_acks: list[tuple[str, str, str, str]] = field(default_factory=list)
    alerts: list[tuple[str, str, str, str]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    closed: str = ""


@dataclass(slots=True)
class Call:
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


def geoid_of(call: Call) -> float:
    known = (call.known or {}).get(call.node_id)
    return call.geoid_m if known is None else known.geoid_m


def note(call: Call, reason: str, detail: str) -> None:
    known = (call.known or {}).get(call.node_id)
    source = call.source if known is None else known.sensor_id
    call.taken.rejected.append(Rejected(source, reason, detail[:300], call.data[:64]))


def refuse(call: Call, reason: str, sentence: str, *, is_answered: bool = True) -> None:
    note(call, reason, sentence)
    if is_answered:
        to = call.session.bound.get(call.path, "")
        call.taken.answers.append(
            answers.error(call.session.own_id, to, call.arrival_s, call.data, (sentence,))
        )


def hear_into(call: Call, node: NodeState) -> None:
    node.heard_s = call.arrival_s
    heard = call.taken.heard
    heard[node.node_id] = heard.get(node.node_id, 0) + 1
