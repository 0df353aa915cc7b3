"""What a tracker's detections rest on: nothing that came from us comes back as news.

A fusion node names in `derived_detection` what its detection was made of. Where we are among
that, however many nodes lie between, the detection tells us what we said ourselves: it is
counted and not used, and the track that it spoke of ends, if it stood.
"""

from typing import Any

from tocsin.codec.sapient.nodes import NodeState
from tocsin.model import Origin

__all__ = ["is_lost", "is_ours", "number_of", "remember_into"]

NAME_OCTETS = 24  # of DetectionBatch.sensor_track_id; a ULID has 26
OBJECT_LIMIT = 4_096  # of one node, remembered; the oldest are forgotten
ORIGIN_LIMIT = 32  # of one object


def number_of(object_id: str) -> bytes:
    """Return an object id as a track number. The first two characters of a ULID, which are
    left out, stand still from 2004 to 2039.
    """
    return object_id[-NAME_OCTETS:].encode("ascii", "replace")


def is_lost(report: Any) -> bool:
    """Tell whether a report says that its object is lost: the last word on it."""
    return "lost" in report.state.lower()


def is_ours(report: Any, own_id: str) -> bool:
    """Tell whether a detection rests on one of ours."""
    own_id = own_id.lower()
    return any(one.node_id.lower() == own_id for one in report.derived_detection)


def remember_into(node: NodeState, report: Any, *, ended: bool) -> bool:
    """Remember what an object rests on, or forget it where it has ended; tell whether it was
    known.
    """
    number = number_of(report.object_id)
    was_known = node.origins.pop(number, None) is not None
    if not ended:
        node.origins[number] = tuple(
            Origin(one.node_id.lower(), one.object_id.upper())
            for one in report.derived_detection[:ORIGIN_LIMIT]
        )
        while len(node.origins) > OBJECT_LIMIT:
            del node.origins[next(iter(node.origins))]
    return was_known
