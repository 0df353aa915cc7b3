"""Registration, status and detection messages of a node, as frames for TCP.

For simulated sensors, and for us where we are the child of another fusion node (`child`): what
is encoded here is read by `session`. All detections of a scan share
one stamp, since the reference middleware rejects a detection that follows the node's previous
one by less than 80 ms unless their stamps are equal. There is no function for tasks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.codec.sapient._protobuf import ICD_VERSION, load
from tocsin.codec.sapient.answers import stamp_into
from tocsin.codec.sapient.classes import TAXONOMY
from tocsin.codec.sapient.framing import frame
from tocsin.codec.sapient.nodes import RANGE_RATE
from tocsin.codec.sapient.places import LARGEST_ERROR_DEG, metres_per_degree
from tocsin.model import CLASSES, Nature, Origin
from tocsin.units import DEG

__all__ = ["Sighted", "encode_registration", "encode_scan", "encode_status"]

NAN = math.nan
_SENSOR_TYPES = ("RADAR", "CAMERA", "ACOUSTIC", "PASSIVE_RF", "LIDAR", "FUSION_NODE")
Ring = Sequence[tuple[float, float]]  # latitude and longitude in degrees of its corners
_TOLD = 0.01  # a class below this is not worth a line


@dataclass(frozen=True, slots=True)
class Sighted:
    """One thing that a sensor saw: a direction (radians clockwise from true north, elevation;
    metres of range or NaN; range rate, positive where it recedes), or a place where lat_deg is
    given. Sigmas and velocity: NaN where not known. scores: one for each of CLASSES, or ()
    where the sensor does not classify. object_id: a ULID, the same for one thing as long as
    the sensor follows it. is_lost: the last word on it; origins: what a tracker made it of;
    nature: said where it is not live.
    """

    object_id: str
    azimuth_rad: float = NAN
    elevation_rad: float = NAN
    range_m: float = NAN
    sigma_azimuth_rad: float = NAN
    sigma_elevation_rad: float = NAN
    sigma_range_m: float = NAN
    range_rate_mps: float = NAN
    sigma_range_rate_mps: float = NAN
    lat_deg: float = NAN
    lon_deg: float = NAN
    alt_m: float = NAN
    vel_east_mps: float = NAN
    vel_north_mps: float = NAN
    vel_up_mps: float = NAN
    sigma_position_m: float = NAN
    sigma_alt_m: float = NAN
    sigma_velocity_mps: float = NAN
    confidence: float = NAN
    scores: tuple[float, ...] = ()
    is_lost: bool = False
    origins: tuple[Origin, ...] = ()
    nature: str = Nature.LIVE


def _message(node_id: str, time_s: float) -> Any:
    message = load().SapientMessage(node_id=node_id)
    stamp_into(message, time_s)
    return message


def _duration_into(item: Any, seconds: float) -> None:
    item.units = load().Registration.TIME_UNITS_SECONDS
    item.value = seconds


def encode_registration(
    node_id: str,
    time_s: float,
    *,
    kind: str,
    name: str,
    status_s: float,
    scan_s: float,
    tracks: bool = False,
    located: bool = False,
    range_rate: bool = False,
    dependents: Sequence[str] = (),
    regions: Sequence[Ring] = (),
    manufacturer: str = "Tocsin",
    model: str = "simulated sensor",
) -> bytes:
    """Return the registration of a node with one mode.

    kind: "radar", "camera", "acoustic", "passive_rf" or "lidar", or "fusion_node", which speaks
    for its dependents (node ids) on its connection; tracks: its object ids hold
    over time; located: it reports latitude and longitude instead of range and bearing;
    range_rate: it measures how fast things recede, in m/s; regions: from where a fusion node
    reports.
    """
    if kind.upper() not in _SENSOR_TYPES:
        known = ", ".join(word.lower() for word in _SENSOR_TYPES)
        raise ValueError(f"kind is {kind!r}; it can be {known}")
    messages = load()
    kinds = messages.Registration
    message = _message(node_id, time_s)
    said = message.registration
    said.icd_version, said.name = ICD_VERSION, name
    said.node_definition.add(node_type=kinds.NodeType.Value(f"NODE_TYPE_{kind.upper()}"))
    said.capabilities.add(category=kind, type="scan period", value=f"{scan_s:g}", units="s")
    said.dependent_nodes.extend(dependents)
    for ring in regions:
        _ring_into(said.reporting_region.add(), ring)
    _duration_into(said.status_definition.status_interval, status_s)
    place = said.status_definition.location_definition
    place.location_units = messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
    place.location_datum = messages.LOCATION_DATUM_WGS84_E
    said.config_data.add(manufacturer=manufacturer, model=model)
    mode = said.mode_definition.add(mode_name="watch", mode_type=kinds.MODE_TYPE_PERMANENT)
    _duration_into(mode.settle_time, 1.0)
    mode.tracking_type = kinds.TRACKING_TYPE_TRACK if tracks else kinds.TRACKING_TYPE_NONE
    definition = mode.detection_definition.add()
    _location_type_into(definition.location_type, located=located)
    _velocity_type_into(definition.velocity_type)
    if range_rate:
        category = kinds.DETECTION_REPORT_CATEGORY_OBJECT
        definition.detection_report.add(category=category, type=RANGE_RATE, units="m/s")
    # The standard wants a task definition of every mode; this one offers no command.
    region = mode.task.region_definition
    region.region_type.append(kinds.REGION_TYPE_AREA_OF_INTEREST)
    _location_type_into(region.region_area.add(), located=True)
    return frame(message.SerializeToString())


def _location_type_into(item: Any, *, located: bool) -> None:
    messages = load()
    if located:
        item.location_units = messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
        item.location_datum = messages.LOCATION_DATUM_WGS84_E
    else:
        item.range_bearing_units = messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
        item.range_bearing_datum = messages.RANGE_BEARING_DATUM_TRUE


def _velocity_type_into(item: Any) -> None:
    messages = load()
    item.enu_velocity_units.east_north_rate_units = messages.SPEED_UNITS_MS
    item.enu_velocity_units.up_rate_units = messages.SPEED_UNITS_MS
    item.location_datum = messages.LOCATION_DATUM_WGS84_E


def encode_status(
    node_id: str,
    time_s: float,
    report_id: str,
    *,
    lat_deg: float,
    lon_deg: float,
    alt_m: float,
    azimuth_deg: float = 0.0,
    width_deg: float = 360.0,
    range_m: float = 10_000.0,
    system: str = "ok",
    faults: Sequence[str] = (),
    coverage: Sequence[Ring] = (),
) -> bytes:
    """Return a status report: where the node stands (height above the ellipsoid), what it sees.

    system: "ok", "warning", "error" or "goodbye"; faults: sentences, sent as internal faults;
    coverage: of the sensors of a fusion node.
    """
    messages = load()
    kinds = messages.StatusReport
    message = _message(node_id, time_s)
    said = message.status_report
    said.report_id, said.mode = report_id, "watch"
    said.system = kinds.System.Value(f"SYSTEM_{system.upper()}")
    said.info = kinds.INFO_NEW
    _place_into(said.node_location, lat_deg, lon_deg, alt_m)
    cone = said.field_of_view.range_bearing
    cone.azimuth, cone.range = azimuth_deg, range_m
    cone.horizontal_extent = width_deg
    cone.coordinate_system = messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
    cone.datum = messages.RANGE_BEARING_DATUM_TRUE
    for ring in coverage:
        _ring_into(said.coverage.add(), ring)
    for sentence in faults:
        said.status.add(
            status_type=kinds.STATUS_TYPE_INTERNAL_FAULT,
            status_level=kinds.STATUS_LEVEL_ERROR_STATUS,
            status_value=sentence,
        )
    return frame(message.SerializeToString())


def _ring_into(item: Any, ring: Ring) -> None:
    for lat_deg, lon_deg in ring:
        _place_into(item.location_list.locations.add(), lat_deg, lon_deg, NAN)


def _place_into(item: Any, lat_deg: float, lon_deg: float, alt_m: float) -> None:
    messages = load()
    item.x, item.y = lon_deg, lat_deg
    if not math.isnan(alt_m):
        item.z = alt_m
    item.coordinate_system = messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
    item.datum = messages.LOCATION_DATUM_WGS84_E


def encode_scan(
    node_id: str, time_s: float, sighted: Sequence[Sighted], report_ids: Sequence[str]
) -> bytes:
    """Return the frames of one scan's detections, all with the same stamp.

    report_ids: one new ULID a detection. Raises ValueError where their number differs.
    """
    if len(sighted) != len(report_ids):
        raise ValueError(f"{len(sighted)} detections and {len(report_ids)} report ids")
    out = []
    for item, report_id in zip(sighted, report_ids, strict=True):
        message = _message(node_id, time_s)
        if item.nature != Nature.LIVE:
            message.additional_information = item.nature
        _detection_into(message.detection_report, item, report_id)
        out.append(frame(message.SerializeToString()))
    return b"".join(out)


def _set(item: Any, name: str, value: float) -> None:
    if not math.isnan(value):
        setattr(item, name, value)


def _detection_into(report: Any, item: Sighted, report_id: str) -> None:
    messages = load()
    report.report_id, report.object_id = report_id, item.object_id
    _set(report, "detection_confidence", item.confidence)
    if math.isnan(item.lat_deg):
        place = report.range_bearing
        place.coordinate_system = messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
        place.datum = messages.RANGE_BEARING_DATUM_TRUE
        _set(place, "azimuth", item.azimuth_rad / DEG)
        _set(place, "elevation", item.elevation_rad / DEG)
        _set(place, "range", item.range_m)
        _set(place, "azimuth_error", item.sigma_azimuth_rad / DEG)
        _set(place, "elevation_error", item.sigma_elevation_rad / DEG)
        _set(place, "range_error", item.sigma_range_m)
    else:
        _place_into(report.location, item.lat_deg, item.lon_deg, item.alt_m)
        _errors_into(report.location, item)
    if not (math.isnan(item.vel_east_mps) or math.isnan(item.vel_north_mps)):
        report.enu_velocity.east_rate = item.vel_east_mps
        report.enu_velocity.north_rate = item.vel_north_mps
        _set(report.enu_velocity, "up_rate", item.vel_up_mps)
        _set(report.enu_velocity, "east_rate_error", item.sigma_velocity_mps)
        _set(report.enu_velocity, "north_rate_error", item.sigma_velocity_mps)
    if not math.isnan(item.range_rate_mps):
        rate = report.object_info.add(type=RANGE_RATE, value=f"{item.range_rate_mps:.4f}")
        _set(rate, "error", item.sigma_range_rate_mps)
    for name, score in zip(CLASSES, item.scores):
        if score >= _TOLD:
            _classification_into(report, TAXONOMY[name], score)
    if item.is_lost:
        report.state = "lost"
    for origin in item.origins:
        report.derived_detection.add(node_id=origin.node_id, object_id=origin.object_id)


def _errors_into(place: Any, item: Sighted) -> None:
    """One standard deviation, in the unit of each axis; what is too large to be taken for
    degrees is left out.
    """
    east_m, north_m = metres_per_degree(item.lat_deg)
    if 0.0 < item.sigma_position_m <= LARGEST_ERROR_DEG * east_m:
        place.x_error = item.sigma_position_m / east_m
        place.y_error = item.sigma_position_m / north_m
    _set(place, "z_error", item.sigma_alt_m)


def _classification_into(report: Any, names: tuple[str, ...], score: float) -> None:
    top = report.classification.add(type=names[0], confidence=score)
    for level, name in enumerate(names[1:], 1):
        top = top.sub_class.add(type=name, confidence=score, level=level)
