"""CAT034 and CAT048 records as detections and coverage: SI units, radians, ellipsoid heights.

A plot keeps what the radar measured; what a transponder said (Mode S address, flight level)
rides along as a hint. I048/110 is the height over mean sea level that a 3-D radar measured:
with the range it gives back the elevation. I048/120 is taken as positive when the target
recedes.
"""

import math
from collections.abc import Callable
from typing import Any

from tocsin.codec._coverage import mark_into, note_report_into
from tocsin.codec._heights import geoid_of
from tocsin.codec._work import Work, add_row, count, health_of, is_duplicate, place_of, reject
from tocsin.codec.asterix._counted import COUNTED, count_block
from tocsin.codec.asterix._items import Broken
from tocsin.codec.asterix._others import trace_other
from tocsin.codec.asterix._records import Block, Edition, Record, blocks, records
from tocsin.codec.asterix._recordwise import (
    EDITIONS_BESIDE,
    READABLE_BESIDE,
    beside_time_of_day_s,
    take_block,
)
from tocsin.codec.asterix._sources import heard, source_of, time_of
from tocsin.codec.asterix._system import system_row, why_no_track
from tocsin.codec.asterix.cat034 import CAT034_1_29
from tocsin.codec.asterix.cat048 import (
    CAT048_1_32,
    DOPPLER_LSB_MPS,
    HEIGHT_LSB_FT,
    RHO_LSB_NM,
    THETA_LSB_DEG,
)
from tocsin.codec.asterix.cat062 import CAT062_1_20
from tocsin.codec.asterix.cat063 import CAT063_1_6
from tocsin.codec.asterix.cat065 import CAT065_1_5
from tocsin.model import AltRef, DetectionBatch, Frame, Report, Sensor
from tocsin.units import DEG, EARTH_A_M, EARTH_E2, FOOT_M, NAUTICAL_MILE_M

__all__ = ["EDITIONS", "READABLE", "decode_frame", "time_of_day_s"]

EDITIONS: dict[int, Edition] = {
    edition.category: edition
    for edition in (CAT034_1_29, CAT048_1_32, CAT062_1_20, CAT063_1_6, CAT065_1_5)
}

# Editions that the tables read: same profile, same lengths, and either the same extents of
# extended items or fewer. A later edition's new extent is refused as "unknown extension".
READABLE: dict[str, tuple[str, ...]] = {
    "015": READABLE_BESIDE["015"],
    "021": READABLE_BESIDE["021"],
    "034": ("1.27", "1.28", "1.29"),
    "048": ("1.27", "1.28", "1.29", "1.30", "1.31", "1.32"),
    "062": ("1.16", "1.17", "1.18", "1.19", "1.20"),
    "063": ("1.6",),
    "065": ("1.4", "1.5", "1.6"),
    "129": READABLE_BESIDE["129"],
}

SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
_ROOT_12 = math.sqrt(12.0)  # a value rounded to steps of q has a deviation of q / sqrt(12)
RANGE_STEP_M = RHO_LSB_NM * NAUTICAL_MILE_M / _ROOT_12
AZIMUTH_STEP_RAD = THETA_LSB_DEG * DEG / _ROOT_12
HEIGHT_STEP_M = HEIGHT_LSB_FT * FOOT_M / _ROOT_12
DOPPLER_STEP_MPS = DOPPLER_LSB_MPS / _ROOT_12


_TIME_ITEM = {34: "030", 48: "140", 62: "070", 63: "030", 65: "030"}


def time_of_day_s(data: bytes, block: Block) -> float | None:
    """Return the time of day of a block's first record, None where it cannot be read."""
    edition = EDITIONS.get(block.category) or EDITIONS_BESIDE.get(block.category)
    if edition is None:
        return None
    try:
        record = next(records(data, block, edition))
    except Broken:
        return None
    if block.category in EDITIONS_BESIDE:
        return beside_time_of_day_s(record)
    value = record.read(_TIME_ITEM[block.category])
    return None if value is None else float(value["TOD_s"])


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take one payload: any number of blocks and records, of one or several radars."""
    data = frame.payload
    try:
        for block in blocks(data):
            edition = EDITIONS.get(block.category)
            if block.category in COUNTED:
                count_block(work, frame, block)
                continue
            if block.category in EDITIONS_BESIDE:
                take_block(work, frame, sensor, block)
                continue
            if edition is None:
                if work.trace is not None and trace_other(work, frame, block):
                    continue
                detail = f"category {block.category:03d} is not among those that are decoded"
                reject(work, frame.source, "category not read", detail, data)
                continue
            _decode_block(work, frame, sensor, block, edition)
    except Broken as broken:
        reject(work, frame.source, str(broken), "the run of data blocks ends wrong", data)


def _decode_block(
    work: Work, frame: Frame, sensor: Sensor | None, block: Block, edition: Edition
) -> None:
    kind = bytes([edition.category])
    try:
        found = records(frame.payload, block, edition)
        # A block of system tracks is taken whole or not at all: what an older edition leaves
        # before its first break is garbage.
        for record in list(found) if edition.category in _WHOLE else found:
            if is_duplicate(work, frame, kind + record.raw):
                continue
            if edition.category == 62 and (reason := why_no_track(record)):
                reject(work, frame.source, reason, "perhaps of an old edition", record.raw)
                continue
            count(work, edition.name)
            if work.trace is not None:
                items = {f"I{item}": value for item, value in record.values().items()}
                head = {"record": edition.name, "arrival_s": frame.arrival_s}
                work.trace.append(head | items)
            _TAKE[edition.category](work, frame, sensor, record)
    except Broken as broken:
        detail = f"{edition.name} edition {edition.edition}: the rest of the block is lost"
        reject(work, frame.source, str(broken), detail, frame.payload[block.start : block.stop])


def _time_of(work: Work, frame: Frame, radar: str, record: Record, item: str) -> float | None:
    value = record.read(item)
    if value is None:
        reject(work, radar, "no time", f"item {item} is missing", record.raw)
        return None
    return time_of(work, frame, radar, record, float(value["TOD_s"]))


def _take_service(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    radar = source_of(work, frame, sensor, record)
    if radar is None or (place := place_of(work, radar)) < 0:
        return
    heard(work, frame, radar)
    status = record.read("050")
    if status is not None and "COM" in status:
        health_of(work.session, radar).inhibited = bool(status["COM"]["NOGO"])
    kind = record.read("000")
    if kind is None or kind["TYP"] not in (1, 2):  # I034/000: 1 north marker, 2 sector crossing
        return
    is_north = kind["TYP"] == 1
    azimuth_rad = 0.0
    if not is_north:
        sector = record.read("020")
        if sector is None:
            reject(work, radar, "no sector", "a sector crossing without item 020", record.raw)
            return
        azimuth_rad = sector["AZI_deg"] * DEG
    time_s = _time_of(work, frame, radar, record, "030")
    if time_s is None:
        return
    rotation = record.read("041")
    mark_into(
        work, radar, place, time_s, azimuth_rad, is_north=is_north,
        rotation_s=rotation["ROT_s"] if rotation is not None else None,
    )  # fmt: skip


def _take_target(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    radar = source_of(work, frame, sensor, record)
    if radar is None or (place := place_of(work, radar)) < 0:
        return
    heard(work, frame, radar)
    time_s = _time_of(work, frame, radar, record, "140")
    if time_s is None:
        return
    reason = _why_not(work, radar, record)
    if reason:
        reject(work, radar, reason, "", record.raw)
        return
    row: dict[str, Any] = {
        "time_s": time_s, "arrival_s": frame.arrival_s, "sensor": place, "report": Report.PLOT,
    }  # fmt: skip
    _measured_into(row, work, work.sensors.get(radar), record)
    _said_into(row, record)
    add_row(work, **row)
    note_report_into(work, radar, time_s)


def _why_not(work: Work, radar: str, record: Record) -> str:
    """Return why a target report is no detection ("" where it is one)."""
    if health_of(work.session, radar).inhibited:
        return "not for operational use"  # I034/050, NOGO
    descriptor = record.read("020")
    if descriptor is not None and descriptor["RAB"]:
        return "field monitor"  # a fixed transponder that checks the radar
    if descriptor is not None and descriptor["TYP"] == 0:
        return "no detection"  # the radar's own tracker coasts
    if "040" not in record:
        return "no measured position"
    return ""


def _measured_into(
    row: dict[str, Any], work: Work, sensor: Sensor | None, record: Record
) -> None:
    place = record.read("040")
    range_m = place["RHO_NM"] * NAUTICAL_MILE_M
    row["range_m"] = range_m
    row["azimuth_rad"] = place["THETA_deg"] * DEG
    descriptor = record.read("020")
    if descriptor is not None and (descriptor["SIM"] or descriptor.get("TST")):
        row["flags"] = DetectionBatch.SIMULATED_TARGET
    doppler = record.read("120")
    if doppler is not None and "CAL" in doppler and not doppler["CAL"]["D"]:
        row["range_rate_mps"] = float(doppler["CAL"]["CAL_mps"])
    if sensor is None:
        return
    if sensor.sigma_range_m is not None:
        row["sigma_range_m"] = _root(sensor.sigma_range_m, RANGE_STEP_M)
    if sensor.sigma_azimuth_deg is not None:
        row["sigma_azimuth_rad"] = _root(sensor.sigma_azimuth_deg * DEG, AZIMUTH_STEP_RAD)
    if sensor.sigma_range_rate_mps is not None and "range_rate_mps" in row:
        row["sigma_range_rate_mps"] = _root(sensor.sigma_range_rate_mps, DOPPLER_STEP_MPS)
    height = record.read("110")
    if height is not None and sensor.lat is not None and sensor.sigma_elevation_deg is not None:
        height_m = height["3DH_ft"] * FOOT_M + geoid_of(work.node, sensor)
        elevation_rad = elevation_of(range_m, height_m, sensor.lat, sensor.alt_m)
        if not math.isnan(elevation_rad):
            row["elevation_rad"] = elevation_rad
            row["sigma_elevation_rad"] = _root(
                sensor.sigma_elevation_deg * DEG, HEIGHT_STEP_M / range_m
            )


def _root(a: float, b: float) -> float:
    return math.sqrt(a * a + b * b)


def curvature_radius_m(lat_deg: float) -> float:
    """Return the mean radius of curvature of the ellipsoid there: sqrt(M N), textbook."""
    sin_lat = math.sin(lat_deg * DEG)
    w = 1.0 - EARTH_E2 * sin_lat * sin_lat
    return EARTH_A_M * math.sqrt(1.0 - EARTH_E2) / w


def elevation_of(range_m: float, height_m: float, lat_deg: float, alt_m: float) -> float:
    """Return the elevation (rad) over the sensor's horizon of a target at that slant range and
    height above the ellipsoid; NaN where no target can be. On the osculating sphere: within 60
    km the height that it stands for is true to 2 m, and `height_of` is its exact inverse.
    """
    if range_m <= 0.0:
        return math.nan
    sensor_m = curvature_radius_m(lat_deg) + alt_m
    climb_m = height_m - alt_m
    sine = (climb_m * (2.0 * sensor_m + climb_m) - range_m * range_m) / (
        2.0 * range_m * sensor_m
    )
    return math.asin(sine) if -1.0 <= sine <= 1.0 else math.nan


def height_of(range_m: float, elevation_rad: float, lat_deg: float, alt_m: float) -> float:
    """Return the height above the ellipsoid at that slant range and elevation: see above."""
    sensor_m = curvature_radius_m(lat_deg) + alt_m
    square = range_m * range_m + 2.0 * range_m * sensor_m * math.sin(elevation_rad)
    # sqrt(s^2 + q) - s, without losing digits
    return alt_m + square / (math.sqrt(sensor_m * sensor_m + square) + sensor_m)


def _said_into(row: dict[str, Any], record: Record) -> None:
    """Add what the transponder and the radar's own tracker say of the target."""
    level = record.read("090")
    if level is not None and not level["V"] and not level["G"]:
        row["alt_m"] = level["FL"] * 100.0 * FOOT_M
        row["alt_ref"] = AltRef.PRESSURE
        row["sigma_alt_m"] = SIGMA_PRESSURE_M
    address = record.read("220")
    if address is not None:
        row["declared_id"] = address["ADR"].encode()
    identification = record.read("240")
    if identification is not None:
        callsign = identification["TID"].strip()
        if "#" not in callsign and callsign.strip("0"):
            row["callsign"] = callsign.encode()
    track = record.read("161")
    if track is not None:
        row["sensor_track_id"] = b"%d" % track["TRN"]


def _take_system_track(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    source = source_of(work, frame, sensor, record)
    if source is None or (place := place_of(work, source)) < 0:
        return
    heard(work, frame, source)
    time_s = _time_of(work, frame, source, record, "070")
    if time_s is None:
        return
    row = system_row(record)
    add_row(work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place, **row)


def _take_status(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    source = source_of(work, frame, sensor, record)
    if source is not None and place_of(work, source) >= 0:
        heard(work, frame, source)


_WHOLE = (62, 63, 65)
_TAKE: dict[int, Callable[[Work, Frame, Sensor | None, Record], None]] = {
    34: _take_service,
    48: _take_target,
    62: _take_system_track,
    63: _take_status,
    65: _take_status,
}
