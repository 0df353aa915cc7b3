"""A scenario folder as SAPIENT nodes: who registers, and what each sends when.

All detections of a sensor within 80 ms go out with one stamp, that of the first; the next stamp
is 80 ms later or more: the reference middleware rejects what follows sooner.
"""

import hashlib
import heapq
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.sapient import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    ulid,
)
from tocsin.codec.tables import read_detections
from tocsin.errors import CallError, ScenarioError
from tocsin.model import CLASSES, DetectionBatch, Sensor

__all__ = [
    "STATUS_S",
    "STEP_S",
    "Node",
    "goodbye",
    "greeting",
    "messages",
    "nodes_of",
    "stamps",
]

STATUS_S = 5.0  # between status reports
STEP_S = 0.08  # between stamps that differ
KINDS = {"radar": "radar", "camera": "camera", "acoustic": "acoustic", "rf": "passive_rf"}
_PLACES = ("lat_deg", "lon_deg", "alt_m", "vel_east_mps", "vel_north_mps", "vel_up_mps")
_MEASURED = (
    "azimuth_rad", "elevation_rad", "range_m", "sigma_azimuth_rad", "sigma_elevation_rad",
    "sigma_range_m", "range_rate_mps", "sigma_range_rate_mps",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A sensor of the scenario as a node; rows are its detections, in the order of time."""

    sensor: Sensor
    node_id: str
    rows: DetectionBatch


def nodes_of(folder: Path, *, ids: dict[str, str], only: tuple[str, ...]) -> list[Node]:
    """Return the nodes of a scenario folder, of the sensors named in `only` (none: of all).

    ids: node ids by sensor; others are made from the sensor's id, and stay the same. Raises
    ScenarioError for a folder that is none and a kind of sensor that SAPIENT has not here,
    CallError for a name that is no sensor's.
    """
    from tocsin.cli._scenario_folder import read_site

    _origin, _t0, sensors = read_site(folder)
    names = [sensor.id for sensor in sensors]
    for name in (*only, *ids):
        if name not in names:
            raise CallError(f"there is no sensor {name!r}; {folder} has {', '.join(names)}")
    path = folder / "detections.parquet"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path} cannot be read: {error.strerror}") from error
    read = read_detections(data, path.name, names)
    found = []
    for place, sensor in enumerate(sensors):
        if only and sensor.id not in only:
            continue
        if sensor.kind not in KINDS:
            raise ScenarioError(
                f"sensor {sensor.id!r} is a {sensor.kind!r}; SAPIENT nodes are played for "
                f"{', '.join(KINDS)} (name those that you want with --sensor)"
            )
        rows = read.detections.take(np.flatnonzero(read.detections.sensor == place))
        rows = rows.take(np.argsort(rows.time_s, kind="stable"))
        found.append(Node(sensor, ids.get(sensor.id) or _node_id(sensor.id), rows))
    return found


def _node_id(name: str) -> str:
    digest = hashlib.sha256(f"tocsin sapient simulate {name}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def stamps(times_s: NDArray[np.float64]) -> list[tuple[float, int, int]]:
    """Return (stamp, first, last + 1) of groups of detections in the order of time."""
    found: list[tuple[float, int, int]] = []
    begin = 0
    for k, time_s in enumerate(times_s.tolist()):
        # The stamps have a resolution of their own: a hair more than the rule asks.
        if time_s - times_s[begin] >= STEP_S + 1e-6:
            found.append((float(times_s[begin]), begin, k))
            begin = k
    if len(times_s):
        found.append((float(times_s[begin]), begin, len(times_s)))
    return found


def greeting(node: Node, now_s: float) -> bytes:
    """Return what a node begins with: its registration."""
    sensor, rows = node.sensor, node.rows
    return encode_registration(
        node.node_id, now_s, kind=KINDS[sensor.kind], name=sensor.id, status_s=STATUS_S,
        scan_s=sensor.scan_period_s, located=bool(np.isfinite(rows.lat_deg).any()),
        range_rate=bool(np.isfinite(rows.range_rate_mps).any()), model="scenario player",
    )  # fmt: skip


def status(node: Node, now_s: float, *, system: str = "ok") -> bytes:
    sensor = node.sensor
    return encode_status(
        node.node_id, now_s, _ulid(now_s, node.node_id, "status", system),
        lat_deg=sensor.lat or 0.0, lon_deg=sensor.lon or 0.0, alt_m=sensor.alt_m,
        azimuth_deg=sensor.azimuth_center_deg, width_deg=sensor.azimuth_width_deg,
        range_m=sensor.max_range_m, system=system,
    )  # fmt: skip


def goodbye(node: Node, now_s: float) -> bytes:
    """Return the status with which a node ends."""
    return status(node, now_s, system="goodbye")


def messages(
    node: Node, *, first_s: float, start_s: float, rate: float
) -> Iterator[tuple[float, bytes]]:
    """Give (Unix time at which to send, octets) of a node's status reports and scans.

    first_s: the scenario's time that is played at start_s (Unix); rate: how much faster than
    it was. The stamps are of the times at which the octets are sent.
    """
    times_s = start_s + (node.rows.time_s - first_s) / rate
    end_s = float(times_s[-1]) if len(times_s) else start_s
    count = max(1, math.ceil((end_s - start_s) / STATUS_S))
    regular = ((start_s + k * STATUS_S, k) for k in range(count))
    told = ((time_s, 0, status(node, time_s)) for time_s, _ in regular)
    scans = (
        (time_s, 1, _scan(node, time_s, begin, end)) for time_s, begin, end in stamps(times_s)
    )
    for time_s, _, data in heapq.merge(told, scans, key=lambda one: one[:2]):
        yield time_s, data


def _scan(node: Node, time_s: float, begin: int, end: int) -> bytes:
    seen = [_sighted(node, time_s, row) for row in range(begin, end)]
    ids = [_ulid(time_s, node.node_id, "report", str(row)) for row in range(begin, end)]
    return encode_scan(node.node_id, time_s, seen, ids)


def _sighted(node: Node, time_s: float, row: int) -> Sighted:
    rows = node.rows
    is_placed = math.isfinite(rows.lat_deg[row])
    values: dict[str, Any] = {
        name: float(getattr(rows, name)[row]) for name in (_PLACES if is_placed else _MEASURED)
    }
    scores = rows.class_scores[row]
    if np.isfinite(scores).all() and len(scores) == len(CLASSES):
        values["scores"] = tuple(scores.tolist())
    return Sighted(_ulid(time_s, node.node_id, "object", str(row)), **values)


def _ulid(time_s: float, *names: str) -> str:
    digest = hashlib.sha256("\n".join((f"{time_s:.6f}", *names)).encode()).digest()
    return ulid(time_s, int.from_bytes(digest[:10], "big"))
