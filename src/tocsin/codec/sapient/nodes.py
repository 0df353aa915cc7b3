"""What is known of each SAPIENT node: its registration and its last status."""

import math
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.sapient._protobuf import load, name_of
from tocsin.codec.sapient.framing import FrameStream
from tocsin.codec.sapient.places import geodetic
from tocsin.model import Origin
from tocsin.units import DEG, TAU

__all__ = ["RANGE_RATE", "NodeState", "SapientSession", "node_of", "status_into", "text_of"]

NAN = math.nan
_KMH_MPS = 1.0 / 3.6
# The standard has no field for it: object information that a registration may declare.
RANGE_RATE = "range rate"  # positive where the thing recedes
_SPEEDS_MPS = {"m/s": 1.0, "km/h": _KMH_MPS}
_UNITS_S = {1: 1e-9, 2: 1e-6, 3: 1e-3, 4: 1.0, 5: 60.0, 6: 3600.0, 7: 86_400.0}
STATUS_LIMIT = 32  # lines of one status report that are kept
TEXT_LIMIT = 80
MODE_LIMIT = 64  # modes, and commands of a mode, that are kept


@dataclass(slots=True)
class NodeState:
    """One node. types: words ("radar", "passive rf"); tracks: it sends tracks of its own, not
    plots; east_north_mps, up_mps: what its velocity units are in m/s; range_rate_mps: the same
    of the object information "range rate", NaN where its registration declares none; zone: UTM
    zone of its registration; status_s: its status interval. state: "registered", "ok",
    "warning", "error" or "goodbye"; faults: what its status says, in words. modes: names of
    those that it registered; commands: words of the tasks that it takes in any of them. The
    field of view is (from, to) in radians clockwise from true north, NaN where it is not said;
    height is above the ellipsoid. origins: what each object rests on, by its number as a track,
    where the node tells that. alerts: the last word on each alert, by its id; alerts_told: how
    many were news since alerts_since_s.
    """

    node_id: str
    path: str
    types: tuple[str, ...]
    name: str
    dependents: tuple[str, ...] = ()
    tracks: bool = False
    east_north_mps: float = 1.0
    up_mps: float = 1.0
    range_rate_mps: float = NAN
    zone: str = ""
    status_s: float = NAN
    registered_s: float = NAN
    heard_s: float = NAN
    state: str = "registered"
    mode: str = ""
    faults: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    is_detecting: bool = True
    lat_deg: float = NAN
    lon_deg: float = NAN
    alt_m: float = NAN
    field_from_rad: float = NAN
    field_to_rad: float = NAN
    detections: int = 0
    stamp_s: float = NAN
    origins: dict[bytes, tuple[Origin, ...]] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    alerts_told: int = 0
    alerts_since_s: float = -math.inf


@dataclass(slots=True)
class SapientSession:
    """All connections of one listening port. own_id: our node id (a UUID), in what is answered;
    bound: node id of each connection, by path;
    streams: what of each connection has not ended yet, by path;
    asked: what nodes were asked, in words, by the id of the task.
    """

    own_id: str
    nodes: dict[str, NodeState] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    streams: dict[str, FrameStream] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)


def text_of(value: str) -> str:
    """Return free text of the other side on one line, bounded, printable."""
    return "".join(c if c.isprintable() else "?" for c in value[:TEXT_LIMIT])


def _duration_s(item: Any) -> float:
    """Return seconds of a Duration, NaN where it is no positive time."""
    value_s = float(item.value) * _UNITS_S.get(item.units, NAN)
    return value_s if 0.0 < value_s < math.inf else NAN


def node_of(node_id: str, path: str, registration: Any, now_s: float) -> NodeState:
    """Return the node that a registration describes."""
    kinds = load().Registration.NodeType
    types = tuple(
        name_of(kinds, item.node_type, "NODE_TYPE_") for item in registration.node_definition
    )
    node = NodeState(
        node_id=node_id,
        path=path,
        types=types,
        name=text_of(registration.name or registration.short_name),
        dependents=tuple(d.lower() for d in registration.dependent_nodes[:256]),
        status_s=_duration_s(registration.status_definition.status_interval),
        registered_s=now_s,
        heard_s=now_s,
        zone=registration.status_definition.location_definition.zone,
    )
    for mode in registration.mode_definition:
        _mode_into(node, mode)
    modes = registration.mode_definition[:MODE_LIMIT]
    node.modes = tuple(text_of(mode.mode_name) for mode in modes)
    words = {
        name_of(load().Registration.CommandType, command.type, "COMMAND_TYPE_")
        for mode in modes
        for command in mode.task.command[:MODE_LIMIT]
    }
    node.commands = tuple(sorted(words))
    return node


def _mode_into(node: NodeState, mode: Any) -> None:
    """Take what a mode says of detections; a node that tracks in any mode is a tracker."""
    messages = load()
    kinds = messages.Registration
    trackers = (
        kinds.TRACKING_TYPE_TRACKLET,
        kinds.TRACKING_TYPE_TRACK,
        kinds.TRACKING_TYPE_TRACK_WITH_RE_ID,
    )
    node.tracks = node.tracks or mode.tracking_type in trackers
    for item in mode.detection_definition:
        node.zone = item.location_type.zone or node.zone
        units = item.velocity_type.enu_velocity_units
        if units.east_north_rate_units == messages.SPEED_UNITS_KPH:
            node.east_north_mps = _KMH_MPS
        up = units.up_rate_units or units.east_north_rate_units
        if up == messages.SPEED_UNITS_KPH:
            node.up_mps = _KMH_MPS
    for item in mode.detection_definition:
        for said in item.detection_report:
            is_object = said.category == kinds.DETECTION_REPORT_CATEGORY_OBJECT
            if is_object and said.type == RANGE_RATE:
                node.range_rate_mps = _SPEEDS_MPS.get(said.units, NAN)


def status_into(node: NodeState, report: Any, geoid_m: float) -> tuple[str, ...]:
    """Take a status report; return what of it could not be used, in sentences."""
    kinds = load().StatusReport
    node.state = name_of(kinds.System, report.system, "SYSTEM_")
    node.mode = text_of(report.mode)
    if report.info == kinds.INFO_UNCHANGED and not report.status:
        return ()
    node.faults = tuple(
        text_of(f"{name_of(kinds.StatusType, item.status_type, 'STATUS_TYPE_')}: "
              f"{item.status_value}".removesuffix(": "))
        for item in report.status[:STATUS_LIMIT]
    )  # fmt: skip
    node.is_detecting = all(
        item.status_type != kinds.STATUS_TYPE_NOT_DETECTING for item in report.status
    )
    wrong = []
    if report.HasField("node_location"):
        place = geodetic(report.node_location, node.zone)
        if isinstance(place, str):
            wrong.append(f"node location: {place}")
        else:
            node.lat_deg, node.lon_deg = place
            node.alt_m = _alt_m(report.node_location, geoid_m)
    if report.HasField("field_of_view"):
        field_rad = _field_rad(report.field_of_view)
        if isinstance(field_rad, str):
            wrong.append(f"field of view: {field_rad}")
        else:
            node.field_from_rad, node.field_to_rad = field_rad
    return tuple(wrong)


def _alt_m(location: Any, geoid_m: float) -> float:
    messages = load()
    if not location.HasField("z") or not math.isfinite(location.z):
        return NAN
    above_m = {
        messages.LOCATION_DATUM_WGS84_E: 0.0,
        messages.LOCATION_DATUM_WGS84_G: geoid_m,
    }.get(location.datum, NAN)
    return float(location.z) + above_m


def _field_rad(view: Any) -> tuple[float, float] | str:
    """Return the azimuths of a field of view, from and to; equal ones are the whole circle."""
    messages = load()
    cone = view.range_bearing
    if not view.HasField("range_bearing") or not cone.HasField("azimuth"):
        return "only a cone with an azimuth is read"
    if cone.datum != messages.RANGE_BEARING_DATUM_TRUE:
        return "its bearings are not from true north"
    degrees = (
        messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M,
        messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM,
    )
    # Extents are degrees whatever the units of the cone are (range_bearing.proto).
    azimuth = cone.azimuth * (DEG if cone.coordinate_system in degrees else 1.0)
    width = cone.horizontal_extent * DEG
    if not (math.isfinite(azimuth) and 0.0 < width < math.inf):
        return f"azimuth {cone.azimuth:g}, horizontal extent {cone.horizontal_extent:g} degrees"
    if width >= TAU:
        return 0.0, 0.0
    return (azimuth - width / 2.0) % TAU, (azimuth + width / 2.0) % TAU
