"""CAT015 records as plots and tracks: what non-cooperative sensors measure.

A plot that says where it is by latitude and longitude becomes range, azimuth and elevation
from where the site file says that the sensor stands; a sensor's track that says range and
azimuth becomes a position. A range of a multi-static sensor is a sum of paths and no distance
(I015/020 MOMU, note 3 of item 625): such a report counts only with a position.
"""

import math
from typing import Any

from tocsin.codec.asterix._records import Record
from tocsin.geo import (
    frame_at,
    from_frame,
    geodetic_rows,
    local_to_polar,
    polar_to_local,
    to_frame,
)
from tocsin.model import AltRef, DetectionBatch, Report, Sensor
from tocsin.units import DEG

__all__ = ["incs_row", "is_plot", "why_no_target"]

_PLOTS, _TRACKS, _END = (1, 3), (2, 4), 5  # I015/000
_MONOSTATIC = 0  # I015/020, MOMU
_REFERENCE, _SYNTHETIC, _REPLAYED = 1, 2, 3  # I015/020, TTAX


def is_plot(record: Record) -> bool:
    """Tell whether a CAT015 record is of one measurement, not of a sensor's own tracker."""
    kind = record.read("000")
    return kind is not None and kind["MT"] in _PLOTS


def why_no_target(record: Record, sensor: Sensor | None) -> str:
    """Return why a CAT015 record is no detection ("" where it is one)."""
    kind = record.read("000")
    if kind is None:
        return "mandatory item missing"
    if kind["MT"] not in (*_PLOTS, *_TRACKS, _END):
        return "unknown message type"
    if kind["MT"] not in _PLOTS and "161" not in record:
        return "mandatory item missing"
    descriptor = record.read("020") or {}
    if descriptor.get("TTAX") in (_REFERENCE, _SYNTHETIC):
        return "reference target"  # a check of the sensor, like a radar's field monitor
    if kind["MT"] == _END:
        return ""
    place = (record.read("600") or {}).get("P84")
    if place is not None:
        is_on_earth = -90.0 <= place["LAT_deg"] <= 90.0
        if not is_on_earth:
            return "position outside the Earth"
        has_pose = sensor is not None and sensor.lat is not None
        return "" if kind["MT"] in _TRACKS or has_pose else "no measured position"
    if "AZ" not in (record.read("627") or {}):
        return "no measured position"
    has_range = "R" in (record.read("625") or {})
    if has_range and descriptor.get("MOMU", _MONOSTATIC) != _MONOSTATIC:
        return "bistatic range"
    return ""


def incs_row(record: Record, sensor: Sensor | None) -> dict[str, Any]:
    """Return the columns of a row that a CAT015 record gives, without time and source."""
    row: dict[str, Any] = {"flags": 0}
    number = record.read("161")
    if number is not None:
        row["sensor_track_id"] = b"%d" % number["TPN"]
    if (record.read("020") or {}).get("TTAX") == _REPLAYED:
        row["flags"] |= DetectionBatch.SIMULATED_TARGET
    if is_plot(record):
        _plot_into(row, record, sensor)
    else:
        _track_into(row, record, sensor)
    return row


def _plot_into(row: dict[str, Any], record: Record, sensor: Sensor | None) -> None:
    row["report"] = Report.PLOT
    _polar_into(row, record, sensor)
    place = (record.read("600") or {}).get("P84")
    if place is not None and "azimuth_rad" not in row and sensor is not None:
        _polar_of_place_into(row, record, place, sensor)


def _polar_into(row: dict[str, Any], record: Record, sensor: Sensor | None) -> None:
    """Add what was measured from the sensor, with the deviations that the record states, or
    else those of the site file.
    """
    ranges, azimuths = record.read("625") or {}, record.read("627") or {}
    if "AZ" not in azimuths:
        return
    row["azimuth_rad"] = azimuths["AZ"]["AZ_deg"] * DEG
    _sigma_into(
        row, "sigma_azimuth_rad", _of(azimuths, "SDASZ", "SDASZ_deg") * DEG,
        _file_deg(sensor, "sigma_azimuth_deg"),
    )  # fmt: skip
    is_distance = (record.read("020") or {}).get("MOMU", _MONOSTATIC) == _MONOSTATIC
    if is_distance and "R" in ranges and ranges["R"]["R_m"] > 0.0:
        row["range_m"] = ranges["R"]["R_m"]
        _sigma_into(
            row, "sigma_range_m", _of(ranges, "SDR", "SDR_m"), _file(sensor, "sigma_range_m")
        )
    _rate_into(row, record, ranges, sensor, is_distance=is_distance)
    elevations = record.read("628") or {}
    if "EL" in elevations:
        row["elevation_rad"] = elevations["EL"]["EL_deg"] * DEG
        _sigma_into(
            row, "sigma_elevation_rad", _of(elevations, "SDEL", "SDEL_deg") * DEG,
            _file_deg(sensor, "sigma_elevation_deg"),
        )  # fmt: skip


def _rate_into(
    row: dict[str, Any],
    record: Record,
    ranges: dict[str, Any],
    sensor: Sensor | None,
    *,
    is_distance: bool,
) -> None:
    """Add the rate of the range, or else the measured Doppler velocity; both positive when the
    distance grows.
    """
    doppler = record.read("626") or {}
    if not is_distance:
        return
    if "DV" in doppler:
        row["range_rate_mps"] = doppler["DV"]["DV_mps"]
        stated = _of(doppler, "SDDV", "SDDV_mps")
    elif "RR" in ranges:
        row["range_rate_mps"] = ranges["RR"]["RR_mps"]
        stated = _of(ranges, "SDRR", "SDRR_mps")
    else:
        return
    _sigma_into(row, "sigma_range_rate_mps", stated, _file(sensor, "sigma_range_rate_mps"))


def _polar_of_place_into(
    row: dict[str, Any], record: Record, place: dict[str, Any], sensor: Sensor
) -> None:
    """Turn a position into what the sensor must have measured for it."""
    if sensor.lat is None or sensor.lon is None:
        return
    height = record.read("601") or {}
    has_height = "GH" in height
    height_m = height["GH"]["GH_m"] if has_height else sensor.alt_m
    rows = geodetic_rows(place["LAT_deg"], place["LON_deg"], height_m)
    local = to_frame(rows, frame_at(sensor.lat, sensor.lon, sensor.alt_m))
    range_m, azimuth_rad, elevation_rad = (float(v) for v in local_to_polar(local)[0])
    if not range_m > 0.0:
        return
    row["range_m"], row["azimuth_rad"] = range_m, azimuth_rad % math.tau
    stated_m = _spread_m(record)
    _sigma_into(row, "sigma_range_m", stated_m, _file(sensor, "sigma_range_m"))
    _sigma_into(
        row, "sigma_azimuth_rad", stated_m / range_m, _file_deg(sensor, "sigma_azimuth_deg")
    )
    if has_height:
        row["elevation_rad"] = elevation_rad
        _sigma_into(
            row, "sigma_elevation_rad", _of(height, "SDGH", "SDGH_m") / range_m,
            _file_deg(sensor, "sigma_elevation_deg"),
        )  # fmt: skip


def _track_into(row: dict[str, Any], record: Record, sensor: Sensor | None) -> None:
    row["report"] = Report.TRACK
    kind, status = record.read("000")["MT"], record.read("170") or {}
    if kind == _END:
        row["flags"] |= DetectionBatch.TRACK_END | DetectionBatch.NO_POSITION
        return
    if status.get("CNF"):
        row["flags"] |= DetectionBatch.TRACK_TENTATIVE
    place = (record.read("600") or {}).get("P84")
    if place is not None:
        row["lat_deg"], row["lon_deg"] = place["LAT_deg"], place["LON_deg"]
        _state_into(row, "sigma_position_m", _spread_m(record))
    else:
        _place_of_polar_into(row, record, sensor)
    height = record.read("601") or {}
    if "GH" in height:
        row["alt_m"], row["alt_ref"] = height["GH"]["GH_m"], AltRef.ELLIPSOID
        _state_into(row, "sigma_alt_m", _of(height, "SDGH", "SDGH_m"))
    velocity, climb = record.read("602") or {}, record.read("604") or {}
    if "HV" in velocity:
        row["vel_east_mps"] = velocity["HV"]["X_mps"]
        row["vel_north_mps"] = velocity["HV"]["Y_mps"]
    if "SDHV" in velocity:
        x, y = velocity["SDHV"]["X_mps"], velocity["SDHV"]["Y_mps"]
        _state_into(row, "sigma_velocity_mps", math.sqrt((x * x + y * y) / 2.0))
    if "VV" in climb:
        row["vel_up_mps"] = climb["VV"]["VV_mps"]


def _place_of_polar_into(row: dict[str, Any], record: Record, sensor: Sensor | None) -> None:
    """Turn range and azimuth into a position; a track without a range has none."""
    polar: dict[str, Any] = {}
    _polar_into(polar, record, sensor)
    if "range_m" not in polar or sensor is None or sensor.lat is None or sensor.lon is None:
        row["flags"] |= DetectionBatch.NO_POSITION
        return
    elevation_rad = polar.get("elevation_rad", 0.0)
    local = polar_to_local((polar["range_m"], polar["azimuth_rad"], elevation_rad))
    place = from_frame(local, frame_at(sensor.lat, sensor.lon, sensor.alt_m))[0]
    row["lat_deg"], row["lon_deg"] = float(place[0]) / DEG, float(place[1]) / DEG
    across_m = polar["range_m"] * polar.get("sigma_azimuth_rad", math.nan)
    along_m = polar.get("sigma_range_m", math.nan)
    _state_into(row, "sigma_position_m", math.sqrt((across_m**2 + along_m**2) / 2.0))
    if "elevation_rad" in polar:
        row["alt_m"], row["alt_ref"] = float(place[2]), AltRef.ELLIPSOID
        _state_into(
            row, "sigma_alt_m", polar["range_m"] * polar.get("sigma_elevation_rad", math.nan)
        )


def _spread_m(record: Record) -> float:
    """Return the stated deviation of one axis of the position, NaN where none is."""
    stated = (record.read("600") or {}).get("HPP")
    if stated is None:
        return math.nan
    return math.sqrt((stated["X_m"] ** 2 + stated["Y_m"] ** 2) / 2.0)


def _of(item: dict[str, Any], subitem: str, key: str) -> float:
    return float(item[subitem][key]) if subitem in item else math.nan


def _file(sensor: Sensor | None, name: str) -> float:
    value = getattr(sensor, name) if sensor is not None else None
    return math.nan if value is None else float(value)


def _file_deg(sensor: Sensor | None, name: str) -> float:
    return _file(sensor, name) * DEG


def _sigma_into(row: dict[str, Any], name: str, stated: float, otherwise: float) -> None:
    _state_into(row, name, stated if stated > 0.0 else otherwise)


def _state_into(row: dict[str, Any], name: str, value: float) -> None:
    if value > 0.0:
        row[name] = value
