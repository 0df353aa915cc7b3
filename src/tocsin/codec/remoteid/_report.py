"""A Location message as columns of DetectionBatch, and the id that a drone goes by."""

import math
from typing import Any

from tocsin.codec.remoteid import accuracy
from tocsin.codec.remoteid.messages import IdType, Location, UaStatus, UaType, plain_text
from tocsin.model import CLASSES, AltRef, DetectionBatch, Report
from tocsin.units import DEG

__all__ = ["columns_of", "declared_name"]

SIGMA_PRESSURE_M = 150.0  # pressure altitude never fixes height alone
NAME_OCTETS = 24  # of DetectionBatch.declared_id
# ADS-B emitter categories (ICAO Doc 9871, table A-2-8), which the other rooms know.
_UNMANNED, _LIGHTER_THAN_AIR = b"B6", b"B2"
_BALLOONS = (UaType.FREE_BALLOON, UaType.CAPTIVE_BALLOON, UaType.AIRSHIP)
_MULTIROTOR = (UaType.MULTIROTOR, UaType.GYROPLANE)
_FIXED_WING = (UaType.AEROPLANE, UaType.HYBRID_LIFT, UaType.GLIDER)


def declared_name(ids: dict[int, bytes], address: bytes) -> str:
    """Return the id for reports: the serial number, else a registration, a UTM or session id,
    else the transmitter's address. At most 24 octets of printable ASCII.
    """
    for kind in (IdType.SERIAL, IdType.REGISTRATION, IdType.NONE):
        text = plain_text(ids.get(kind, b"")).replace(" ", "")
        if text and "?" not in text:
            return text[:NAME_OCTETS]
    if IdType.UTM in ids:
        return f"utm-{ids[IdType.UTM][:10].hex()}"
    if IdType.SESSION in ids:
        # The end tells session ids apart: they begin with their kind and a common prefix.
        return f"ses-{ids[IdType.SESSION].rstrip(bytes(1))[-10:].hex()}"
    return f"rid-{address.hex()}"


def columns_of(
    location: Location | None,
    name: str,
    address: bytes,
    ua_type: int,
    time_s: float,
    *,
    is_contradictory: bool = False,
    is_cloned: bool = False,
) -> dict[str, Any]:
    """Return one declared report; no location means that the drone says none.

    sensor_track_id is what the drone went by before it said its id: `rid-` and its address.
    """
    columns: dict[str, Any] = {
        "time_s": time_s,
        "report": Report.DECLARED,
        "declared_id": name.encode(),
        "sensor_track_id": declared_name({}, address).encode(),
        "category": _LIGHTER_THAN_AIR if ua_type in _BALLOONS else _UNMANNED,
    }
    scores = _class_scores(ua_type)
    if scores:
        columns["class_scores"] = scores
    flags = DetectionBatch.IMPLAUSIBLE if is_contradictory else 0
    flags |= DetectionBatch.TWO_PLACES if is_cloned else 0
    if location is None:
        columns["flags"] = flags | DetectionBatch.NO_POSITION
        return columns
    if location.status == UaStatus.GROUND:
        flags |= DetectionBatch.ON_GROUND
    if math.isnan(location.lat_deg):
        flags |= DetectionBatch.NO_POSITION
    else:
        columns["lat_deg"], columns["lon_deg"] = location.lat_deg, location.lon_deg
        columns["sigma_position_m"] = accuracy.sigma_position_m(
            location.horizontal_accuracy_code
        )
        flags |= _height_into(columns, location)
    _velocity_into(columns, location)
    columns["flags"] = flags
    return columns


def _height_into(columns: dict[str, Any], location: Location) -> int:
    """Fill in the height; return the flag that says that it is geometric."""
    if not math.isnan(location.geodetic_altitude_m):
        columns["alt_m"], columns["alt_ref"] = location.geodetic_altitude_m, AltRef.ELLIPSOID
        columns["sigma_alt_m"] = accuracy.sigma_altitude_m(location.vertical_accuracy_code)
        return DetectionBatch.GEOMETRIC_HEIGHT
    if not math.isnan(location.pressure_altitude_m):
        columns["alt_m"], columns["alt_ref"] = location.pressure_altitude_m, AltRef.PRESSURE
        columns["sigma_alt_m"] = SIGMA_PRESSURE_M
    return 0


def _velocity_into(columns: dict[str, Any], location: Location) -> None:
    speed_mps, direction_deg = location.speed_mps, location.direction_deg
    if speed_mps == 0.0:
        columns["vel_east_mps"] = columns["vel_north_mps"] = 0.0
    elif not (math.isnan(speed_mps) or math.isnan(direction_deg)):
        columns["vel_east_mps"] = speed_mps * math.sin(direction_deg * DEG)
        columns["vel_north_mps"] = speed_mps * math.cos(direction_deg * DEG)
    if not math.isnan(location.vertical_speed_mps):
        columns["vel_up_mps"] = location.vertical_speed_mps
    if "vel_east_mps" in columns:
        columns["sigma_velocity_mps"] = accuracy.sigma_velocity_mps(
            location.speed_accuracy_code
        )


def _class_scores(ua_type: int) -> list[float]:
    """Return what the type that it gives itself says of the classes; [] for none."""
    if ua_type in _MULTIROTOR:
        likely = "drone_multirotor"
    elif ua_type in _FIXED_WING:
        likely = "drone_fixed_wing"
    elif ua_type in _BALLOONS:
        likely = "balloon"
    else:
        return []
    return [1.0 if name == likely else math.nan for name in CLASSES]
