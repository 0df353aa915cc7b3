"""The fast way through a stream of detection reports: octets to columns in one call.

The tables that it walks by are made from the standard's own definitions and options, as those
of `validate` are. What it is not sure of it leaves to the slow way; what it takes, the slow way
would take with the same columns.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.sapient import _kernels_report as reports
from tocsin.codec.sapient import _kernels_wire as wire
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.classes import CLASS_OF
from tocsin.codec.sapient.nodes import RANGE_RATE, NodeState
from tocsin.model import CLASSES, AltRef, DetectionBatch, Report

__all__ = ["COLUMNS", "Rows", "columns_of", "octets_of", "walk"]

# Columns of DetectionBatch in the order of the kernel's own.
COLUMNS = (
    "time_s", "range_m", "azimuth_rad", "elevation_rad", "range_rate_mps", "lat_deg", "lon_deg",
    "alt_m", "vel_east_mps", "vel_north_mps", "vel_up_mps", "sigma_range_m",
    "sigma_azimuth_rad", "sigma_elevation_rad", "sigma_range_rate_mps", "sigma_position_m",
    "sigma_alt_m", "sigma_velocity_mps",
)  # fmt: skip
ROWS = 4_096  # of one call at most
SHORTEST = 100  # octets: a valid report has a stamp, a UUID and two ULIDs
_ROOT = "SapientMessage"
_LOCATION = ("x", "y", "z", "x_error", "y_error", "z_error", "coordinate_system", "datum")
_BEARING = (
    "elevation", "azimuth", "range", "elevation_error", "azimuth_error", "range_error",
    "coordinate_system", "datum",
)  # fmt: skip
_VELOCITY = ("east_rate", "north_rate", "up_rate", "east_rate_error", "north_rate_error")
# Slot of each field that is kept, by its path from the message.
_SLOTS = (
    {"timestamp.seconds": reports.SECONDS, "timestamp.nanos": reports.NANOS}
    | {"node_id": reports.NODE, "detection_report.object_id": reports.OBJECT}
    | {f"detection_report.location.{n}": reports.X + k for k, n in enumerate(_LOCATION)}
    | {
        f"detection_report.range_bearing.{n}": reports.ELEVATION + k
        for k, n in enumerate(_BEARING)
    }
    | {
        f"detection_report.enu_velocity.{n}": reports.EAST_RATE + k
        for k, n in enumerate(_VELOCITY)
    }
    | {"detection_report.classification": reports.CLASSIFICATION}
    | {"detection_report.object_info": reports.INFORMATION}
)
# What has these is left to the slow way: a track that ended, a tracker's sources, what is not
# live.
_UNUSUAL = (
    "additional_information", "detection_report.state", "detection_report.derived_detection",
)  # fmt: skip


@dataclass(slots=True)
class Rows:
    """Detections of one node. numbers is (columns, n) in the order of COLUMNS, scores (n,
    classes), NaN where nothing is said; objects (n,) the last 24 octets of object ids;
    tracks: the node sends tracks of its own.
    """

    numbers: NDArray[np.float64]
    scores: NDArray[np.float64]
    objects: NDArray[np.bytes_]
    tracks: bool = False

    def __len__(self) -> int:
        return len(self.scores)

    def times_s(self) -> list[float]:
        """Return the times, of those that follow each other alike one."""
        times = self.numbers[0]
        is_new = np.ones(len(times), np.bool_)
        is_new[1:] = times[1:] != times[:-1]
        found: list[float] = times[is_new].tolist()
        return found


def octets_of(data: bytes) -> NDArray[np.uint8]:
    """Return octets as the kernels take them."""
    return np.frombuffer(bytearray(data), dtype=np.uint8)


def walk(
    octets: NDArray[np.uint8], begin: int, node: NodeState, geoid_m: float
) -> tuple[Rows | None, int, int]:
    """Read a node's reports from [begin, the end) of a stream, until one that it leaves.

    Returns the rows (None: none), where the next message begins, and where that one names
    another node (-1: it does not, or is left for another reason).
    """
    most = min(ROWS, 1 + (len(octets) - begin) // SHORTEST)
    numbers = np.empty((len(COLUMNS), most))
    scores, objects = np.empty((most, len(CLASSES))), np.empty((most, 24), np.uint8)
    name = np.frombuffer(bytearray(node.node_id.encode("ascii", "replace")), dtype=np.uint8)
    how = np.array((node.east_north_mps, node.up_mps, node.range_rate_mps, geoid_m))
    ended = np.empty(2, np.int64)
    word, names, lengths, masks = _names()
    fields, rules = _tables()
    n = reports.read_reports(
        octets, begin, name, how, word, names, lengths, masks, fields, rules, numbers, scores,
        objects, ended,
    )  # fmt: skip
    at, other = int(ended[0]), int(ended[1])
    if not n:
        return None, at, other
    rows = Rows(numbers[:, :n], scores[:n], objects[:n].view("S24")[:, 0], node.tracks)
    return rows, at, other


def columns_of(rows: Rows) -> DetectionBatch:
    """Return the rows as detections, without sensor and arrival."""
    batch = DetectionBatch.blank(len(rows))
    for name, column in zip(COLUMNS, rows.numbers, strict=True):
        getattr(batch, name)[:] = column
    batch.class_scores[:] = rows.scores
    batch.alt_ref[np.isfinite(batch.alt_m)] = AltRef.ELLIPSOID
    if rows.tracks:
        batch.report[:] = Report.TRACK
        batch.sensor_track_id[:] = rows.objects
    return batch


@cache
def _names() -> tuple[Any, ...]:
    """Return "range rate", and the names of the taxonomy, their lengths and their classes."""
    width = max(map(len, CLASS_OF))
    names = np.zeros((len(CLASS_OF), width), np.uint8)
    for row, name in enumerate(CLASS_OF):
        names[row, : len(name)] = np.frombuffer(name.encode(), np.uint8)
    lengths = np.array([len(name) for name in CLASS_OF], np.int64)
    masks = np.array(
        [sum(1 << CLASSES.index(c) for c in classes) for classes in CLASS_OF.values()], np.int64
    )
    return np.frombuffer(bytearray(RANGE_RATE.encode()), np.uint8), names, lengths, masks


@cache
def _tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (fields, rules) of a message that holds a detection report: see `_kernels_wire`.

    A type of the definitions is one row for each path that has slots, and one for all others.
    """
    rows: dict[str, int] = {}
    fields: list[NDArray[np.int64]] = []
    rules: list[list[int]] = []
    _add_type(load().SapientMessage.DESCRIPTOR, "", rows, fields, rules)
    return np.stack(fields), np.array(rules, np.int64)


def _add_type(descriptor: Any, path: str, rows: dict[str, int], fields: Any, rules: Any) -> int:
    has_slots = not rows or any(kept.startswith(path) for kept in _SLOTS)
    key = path if has_slots else descriptor.full_name
    if key in rows:
        return rows[key]
    row = rows[key] = len(fields)
    fields.append(np.zeros((wire.NUMBERS, 4), np.int64))
    rules.append(_rules_of(descriptor))
    for item in descriptor.fields:
        if item.number >= wire.NUMBERS or (not path and _is_other_content(item)):
            continue
        inner = f"{path}{item.name}"
        kind, below = wire.UNKNOWN if inner in _UNUSUAL else _kind_of(item), 0
        if kind == wire.MESSAGE:
            deeper = inner + "." if has_slots else "\n"
            below = _add_type(item.message_type, deeper, rows, fields, rules)
        slot = _SLOTS.get(inner, -1) if has_slots else -1
        fields[row][item.number] = kind, item.is_repeated, below, slot
    return row


def _is_other_content(item: Any) -> bool:
    group = item.containing_oneof
    return group is not None and group.name == "content" and item.name != "detection_report"


def _kind_of(item: Any) -> int:
    """Return how a field is walked; UNKNOWN leaves a message that has it to the slow way."""
    kinds = {
        item.TYPE_DOUBLE: wire.DOUBLE, item.TYPE_FLOAT: wire.FLOAT, item.TYPE_INT32: wire.INT,
        item.TYPE_ENUM: wire.INT, item.TYPE_INT64: wire.LONG, item.TYPE_STRING: wire.TEXT,
        item.TYPE_MESSAGE: wire.MESSAGE,
    }  # fmt: skip
    kind = kinds.get(item.type, wire.UNKNOWN)
    said = item.GetOptions().Extensions[load().field_options]
    if said.is_uuid or said.is_ulid:
        kind = wire.UUID if said.is_uuid else wire.ULID
    if item.is_repeated and kind not in (wire.TEXT, wire.MESSAGE):
        return wire.UNKNOWN
    if said.is_mandatory and not (item.is_repeated or item.has_presence):
        return wire.UNKNOWN
    return kind


def _rules_of(descriptor: Any) -> list[int]:
    """Return the five masks of a type. Raises ValueError where it has over two choices."""
    options = load()
    needed = 0
    for item in descriptor.fields:
        if item.GetOptions().Extensions[options.field_options].is_mandatory:
            needed |= 1 << item.number
    must, may = [], []
    for group in descriptor.oneofs:
        if len(group.fields) == 1 and group.fields[0].name == group.name[1:]:
            continue  # protobuf's own group of one, for a field that is marked optional
        mask = sum(1 << item.number for item in group.fields)
        may.append(mask)
        if group.GetOptions().Extensions[options.oneof_options].is_mandatory:
            must.append(mask)
    if len(must) > 2 or len(may) > 2 or needed >> 62:
        raise ValueError(f"{descriptor.full_name} has more choices than the walk can hold")
    return [needed, *must, *[0] * (2 - len(must)), *may, *[0] * (2 - len(may))]
