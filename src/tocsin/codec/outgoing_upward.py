"""What goes up to a parent fusion node: the closed list of messages of a child.

Who we are, how we are, what is in the air, warnings and their end; and that a task is refused.
Each predicate tells which of its kind may go.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.answers import is_rejection
from tocsin.codec.sapient.child import (
    STATUS_S,
    Heard,
    alert_frame,
    greeting,
    hear,
    refusal,
    status,
)
from tocsin.codec.sapient.permitted import permitted_kind

__all__ = [
    "STATUS_S", "UPWARD", "Heard", "alert_frame", "greeting", "hear", "refusal", "status",
    "upward_kind",
]  # fmt: skip


def _is_tracker(message: Any) -> bool:
    """A fusion node and nothing else, that offers no command."""
    said, kinds = message.registration, load().Registration
    types = {item.node_type for item in said.node_definition}
    tasks = [mode.task for mode in said.mode_definition]
    return types == {kinds.NODE_TYPE_FUSION_NODE} and not any(len(t.command) for t in tasks)


def _is_track(message: Any) -> bool:
    """No file, no task under way, no behaviour that somebody would have to judge."""
    said = {item.name for item, _ in message.detection_report.ListFields()}
    return said <= {
        "report_id", "object_id", "state", "location", "classification", "derived_detection",
        "enu_velocity",
    }  # fmt: skip


def _is_warning(message: Any) -> bool:
    """Words and a place: nothing of tracks or sensors."""
    said = {item.name for item, _ in message.alert.ListFields()}
    return said <= {
        "alert_id", "alert_type", "status", "description", "location", "priority",
        "additional_information",
    }  # fmt: skip


def _is_status(message: Any) -> bool:
    return not message.status_report.HasField("active_task_id")


# By the name of the message's content in BSI Flex 335 v2.
UPWARD: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "registration": _is_tracker,
        "status_report": _is_status,
        "detection_report": _is_track,
        "alert": _is_warning,
        "task_ack": is_rejection,
    }
)


def upward_kind(payload: bytes) -> str:
    """Return which of UPWARD one frame is; "" for whatever may not leave."""
    return permitted_kind(payload, UPWARD)
