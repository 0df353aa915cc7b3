"""SAPIENT frames as detections, coverage and health of the sensors that the site file names.

One port may serve several nodes. Each speaks for the sensor whose `node_id` it registers with;
in a recording without a site file every node becomes a sensor of its own.
"""

import math
from typing import Any

import numpy as np

from tocsin.codec._clock import settle, settle_all
from tocsin.codec._coverage import note_alive_into, note_report_into
from tocsin.codec._heights import geoid_of
from tocsin.codec._pointing import note_alerts_into, note_answers_into
from tocsin.codec._session import Session
from tocsin.codec._work import Work, add_batch, add_row, count, health_of, place_of, reject
from tocsin.codec.sapient.calls import Known, Taken
from tocsin.codec.sapient.ids import own_id_of
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.codec.sapient.places import metres_per_degree
from tocsin.codec.sapient.session import forget_into, overdue_into, receive_into
from tocsin.codec.sapient.walker import Rows, columns_of
from tocsin.model import Frame, Node, Origin, Reply, Sensor

__all__ = ["DISCOVERED", "decode_frame", "kind_of", "origins_of", "tick_into"]

DISCOVERED = "sapient-"  # what the ids of nodes begin with that no site file names
MISPLACED_M = 100.0  # further than any mast is from the middle of its site; a slip of the file
ALIVE_LIMIT_S = 60.0  # silence is told after three of these at most, whatever a node declares
_KINDS = {"radar": "radar", "camera": "camera", "acoustic": "acoustic", "passive rf": "rf"}
_BAD = ("error", "goodbye")


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of one connection's stream; an empty one is its end."""
    port = work.session.sapient.get(frame.source)
    if port is None:
        port = work.session.sapient[frame.source] = SapientSession(own_id_of(work.node))
    known = _known(work, sensor)
    taken = receive_into(
        port, frame.path, frame.payload, frame.arrival_s,
        geoid_m=geoid_of(work.node, sensor), source=frame.source, known=known,
        must_register=work.session.live, in_tables=True, trace=work.trace,
    )  # fmt: skip
    for refused in taken.rejected:
        reject(work, refused.source, refused.reason, refused.detail, refused.raw)
    for kind, n in taken.records.items():
        count(work, kind, n)
    work.replies += [Reply(frame.source, frame.path, answer) for answer in taken.answers]
    if taken.closed and not work.session.live:
        forget_into(port, frame.path)  # a recording has frames, and the next begins anew
    elif taken.closed:
        work.replies.append(Reply(frame.source, frame.path, closes=taken.closed))
    names = {node_id: one.sensor_id for node_id, one in (known or {}).items()}
    _hear_into(work, frame, port, names, taken)
    note_answers_into(work, port, taken, frame.source)
    note_alerts_into(work, taken)
    _detect_into(work, frame, names, taken)


def tick_into(work: Work) -> None:
    """Close connections that have taken too long. A recording has no connections to close."""
    if not work.session.live:
        return
    for source, port in work.session.sapient.items():
        for path, reason, sentence in overdue_into(port, work.now_s):
            reject(work, source, reason, sentence)
            work.replies.append(Reply(source, path, closes=sentence))


def kind_of(session: Session, sensor_id: str) -> str:
    """Return what kind of sensor a discovered node says to be."""
    for port in session.sapient.values():
        for node in port.nodes.values():
            if _discovered(node.node_id) == sensor_id:
                return next((_KINDS[t] for t in node.types if t in _KINDS), "radar")
    return "radar"


def origins_of(session: Session, node: Node) -> dict[tuple[int, bytes], tuple[Origin, ...]]:
    """Return what the tracks of other trackers rest on, by sensor and track number."""
    names = {sensor.node_id: sensor.id for sensor in node.sensors if sensor.node_id}
    return {
        (session.places[names[other.node_id]], number): origins
        for port in session.sapient.values()
        for other in port.nodes.values()
        if other.origins and other.node_id in names
        for number, origins in other.origins.items()
    }


def _discovered(node_id: str) -> str:
    return DISCOVERED + node_id[:8]


def _known(work: Work, sensor: Sensor | None) -> dict[str, Known] | None:
    """Return the nodes that may speak here: those of sensors that share the address, or all of
    the site file for a recording that names no sensor; None where it names none at all.
    """
    found = {
        other.node_id: Known(other.id, geoid_of(work.node, other))
        for other in work.node.sensors
        if other.format == "sapient" and (sensor is None or _share(sensor, other))
    }
    return found or None


def _share(a: Sensor, b: Sensor) -> bool:
    return a.id == b.id or any(address in b.listen for address in a.listen)


def _hear_into(
    work: Work, frame: Frame, port: SapientSession, names: dict[str, str], taken: Taken
) -> None:
    """Note which nodes are alive and what they say of themselves."""
    for node_id, n in taken.heard.items():
        sensor_id = names.get(node_id, _discovered(node_id))
        if place_of(work, sensor_id) < 0:
            continue
        node, health = port.nodes[node_id], health_of(work.session, sensor_id)
        health.frames += n
        if not frame.arrival_s <= health.heard_s:
            health.heard_s = frame.arrival_s
        health.alive_s = min(node.status_s, ALIVE_LIMIT_S)  # NaN in first place stays
        health.inhibited = node.state in _BAD or not node.is_detecting
        if not health.inhibited:
            note_alive_into(work, sensor_id, frame.arrival_s)
        if node_id in taken.moved:
            _compare_place(work, work.sensors.get(sensor_id), node)


def _compare_place(work: Work, sensor: Sensor | None, node: NodeState) -> None:
    """Say where a node's own place is not that of the site file, which rules."""
    if sensor is None or sensor.lat is None or sensor.lon is None:
        return
    east, north = metres_per_degree(sensor.lat)
    east_m = ((node.lon_deg - sensor.lon + 180.0) % 360.0 - 180.0) * east
    off_m = math.sqrt(east_m**2 + ((node.lat_deg - sensor.lat) * north) ** 2)
    if off_m > MISPLACED_M:
        detail = (
            f"it says that it stands at {node.lat_deg:.5f}, {node.lon_deg:.5f}, {off_m:.0f} m "
            "from its place in the site file; its bearings are taken from there"
        )
        reject(work, sensor.id, "another place than the site file's", detail)


def _detect_into(work: Work, frame: Frame, names: dict[str, str], taken: Taken) -> None:
    begin = 0
    for end, node_id, rows in taken.tables:
        _rows_into(work, frame, names, taken.detections[begin:end])
        _table_into(work, frame, names.get(node_id, _discovered(node_id)), rows)
        begin = end
    _rows_into(work, frame, names, taken.detections[begin:])


def _rows_into(
    work: Work, frame: Frame, names: dict[str, str], found: list[tuple[str, dict[str, Any]]]
) -> None:
    for node_id, columns in found:
        sensor_id = names.get(node_id, _discovered(node_id))
        place = work.session.places.get(sensor_id, -1)
        if place < 0:
            continue
        time_s = settle(work, sensor_id, columns["time_s"], frame.arrival_s)
        if time_s is None:
            continue
        columns |= {"time_s": time_s, "arrival_s": frame.arrival_s, "sensor": place}
        add_row(work, **columns)
        note_report_into(work, sensor_id, time_s)


def _table_into(work: Work, frame: Frame, sensor_id: str, rows: Rows) -> None:
    """Take many detections of one node, as `_rows_into` takes them one by one."""
    place = work.session.places.get(sensor_id, -1)
    if place < 0:
        return
    times_s = settle_all(work, sensor_id, rows.numbers[0].tolist(), frame.arrival_s)
    batch = columns_of(rows)
    batch.time_s[:] = times_s
    batch.arrival_s[:] = frame.arrival_s
    batch.sensor[:] = place
    kept = np.isfinite(batch.time_s)
    if not kept.all():
        batch = batch.take(kept)
    if not len(batch):
        return
    add_batch(work, batch)
    last_s = math.nan
    for time_s in batch.time_s.tolist():
        if time_s != last_s:
            note_report_into(work, sensor_id, time_s)
            last_s = time_s
