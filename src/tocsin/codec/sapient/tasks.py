"""The choke point for tasks: the one place in which a Task is made.

A node is asked only if the site file names it a sensor and lists what may be asked, and if
every type that it registered with is a type of sensor. What can be asked is closed: where to
look, the report rate, two thresholds, and modes that the site file lists. Following, moving,
patrolling, free requests, parameters, regions and free text have no code here. Nothing that
another node sends is ever passed on: a task is made from a person's act alone.
"""

import hashlib
import math
from typing import Any

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.answers import stamp_into
from tocsin.codec.sapient.framing import frame
from tocsin.codec.sapient.ids import ulid
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.model import Pointing, Sensor

__all__ = ["SENSOR_KINDS", "SENSOR_TYPES", "encode_task", "is_sensor_task", "why_not_asked"]

# The words of Registration.NodeType that sense and do nothing else. Not here, and so never
# asked: "other", "mobile node", "human", "fusion node" (it would pass a task on), everything
# that acts on a target, and every number that a later edition may add.
SENSOR_TYPES = frozenset({
    "radar", "lidar", "camera", "seismic", "acoustic", "proximity sensor", "passive rf",
    "chemical", "biological", "radiation",
})  # fmt: skip
POINTABLE = (
    "pointable node"  # a mount, which is no sensor by itself: only beside a sensor's type
)
SENSOR_KINDS = ("radar", "camera", "acoustic", "rf")  # of the site file
_LEVELLED = ("detection_report_rate", "detection_threshold", "classification_threshold")
# Our words and the field of Task.Command that each fills.
_FIELDS = {
    "look_at": "look_at",
    "report_rate": "detection_report_rate",
    "detection_threshold": "detection_threshold",
    "classification_threshold": "classification_threshold",
    "mode": "mode_change",
}
_ALLOWED = frozenset(_FIELDS.values())


def why_not_asked(
    sensor: Sensor, port: SapientSession, node: NodeState | None, wish: Pointing
) -> str:
    """Say why this sensor is not asked for this, or "" where it may be."""
    if wish.wrong:
        return wish.wrong
    if sensor.format != "sapient" or sensor.kind not in SENSOR_KINDS:
        return f"{sensor.id} is no sensor that takes SAPIENT tasks"
    if wish.what == "mode":
        if wish.value not in sensor.modes:
            return f"the site file does not list the mode {wish.value!r} for {sensor.id}"
    elif wish.what not in sensor.tasks:
        return f"the site file does not allow {wish.what} for {sensor.id}"
    if node is None or node.node_id != sensor.node_id or not node.path:
        return f"{sensor.id} is not connected"
    if port.bound.get(node.path) != node.node_id or node.dependents:
        return f"{sensor.id} is reached through another node, which would pass the task on"
    if against := _not_a_sensor(node):
        return against
    if wish.what == "mode" and wish.value not in node.modes:
        return f"{sensor.id} has registered no mode {wish.value!r}"
    field = _FIELDS[wish.what].replace("_", " ")
    if wish.what != "mode" and node.commands and field not in node.commands:
        return f"{sensor.id} has registered no command {field!r}"
    return ""


def _not_a_sensor(node: NodeState) -> str:
    types = set(node.types)
    others = sorted(types - SENSOR_TYPES - {POINTABLE})
    if others:
        return f"it registered as {', '.join(others)}; only nodes that sense alone are asked"
    if not types & SENSOR_TYPES:
        return "it registered with no type that senses"
    return ""


def encode_task(
    port: SapientSession, node: NodeState, wish: Pointing, time_s: float, key: str
) -> tuple[bytes, str]:
    """Return the frame of a task and its id, which is the same for the same act.

    Only for what `why_not_asked` lets through. Raises ValueError for anything else in itself.
    """
    if wish.wrong:
        raise ValueError(wish.wrong)
    chance = hashlib.blake2b(f"{node.node_id} {key}".encode(), digest_size=10).digest()
    messages = load()
    message = messages.SapientMessage(node_id=port.own_id, destination_id=node.node_id)
    stamp_into(message, time_s)
    task = message.task
    task.task_id = ulid(time_s, int.from_bytes(chance, "big"))
    task.control = messages.Task.CONTROL_START
    field = _FIELDS[wish.what]
    if wish.what == "mode":
        task.command.mode_change = wish.value
    elif wish.what == "look_at":
        _look_at_into(task.command.look_at, wish)
    else:
        level = messages.Task.DiscreteThreshold.Value(
            f"DISCRETE_THRESHOLD_{wish.value.upper()}"
        )
        setattr(task.command, field, level)
    return frame(message.SerializeToString()), task.task_id


def _look_at_into(item: Any, wish: Pointing) -> None:
    messages = load()
    if abs(wish.lat) <= 90.0:
        place = item.location_list.locations.add()
        place.x, place.y = wish.lon, wish.lat
        if math.isfinite(wish.alt_m):
            place.z = wish.alt_m
        place.coordinate_system = messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
        place.datum = messages.LOCATION_DATUM_WGS84_E
        return
    cone = item.range_bearing
    cone.azimuth = wish.azimuth_deg
    if math.isfinite(wish.elevation_deg):
        cone.elevation = wish.elevation_deg
    cone.coordinate_system = messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
    cone.datum = messages.RANGE_BEARING_DATUM_TRUE


def is_sensor_task(message: Any) -> bool:
    """Tell whether a Task is one that `encode_task` makes; asked again where bytes leave."""
    task, command = message.task, message.task.command
    around = {item.name for item, _ in message.ListFields()}
    said = {item.name for item, _ in task.ListFields()}
    asked = {item.name for item, _ in command.ListFields()}
    return (
        around == {"timestamp", "node_id", "destination_id", "task"}
        and said == {"task_id", "control", "command"}
        and task.control == task.CONTROL_START
        and len(asked) == 1
        and asked <= _ALLOWED
        and _is_plain(command)
    )


def _is_plain(command: Any) -> bool:
    """Tell whether the one thing asked is a level, a mode's name, or one place or direction."""
    field = command.WhichOneof("command")
    value = getattr(command, field)
    if field in _LEVELLED:
        return 1 <= int(value) <= 3  # low, medium, high
    if field == "look_at":
        return value.HasField("range_bearing") or len(value.location_list.locations) == 1
    return bool(value)
