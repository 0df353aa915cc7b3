"""The plain twin of ASTERIX to columns: record by record, with the tables' own readers.

It is slow and says what the fast way must say: the same rows to the bit, the same refusals with
the same words and octets, the same coverage and the same counters.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tocsin.codec._asterix_frames import unframed
from tocsin.codec._clock import resolve_time_of_day, settle
from tocsin.codec._coverage import mark_into, note_report_into, tick_into
from tocsin.codec._decode import Decoded
from tocsin.codec._heights import geoid_of
from tocsin.codec._session import Session, roster_index
from tocsin.codec._work import (
    Work,
    add_row,
    count,
    health_of,
    is_duplicate,
    place_of,
    reject,
    rows,
)
from tocsin.codec.asterix import (
    EDITIONS,
    EDITIONS_BESIDE,
    Block,
    Broken,
    Edition,
    Record,
    blocks,
    elevation_of,
    records,
)
from tocsin.codec.asterix._counted import COUNTED, count_block
from tocsin.codec.asterix._recordwise import take_block
from tocsin.codec.asterix.cat048 import (
    DOPPLER_LSB_MPS,
    HEIGHT_LSB_FT,
    RHO_LSB_NM,
    THETA_LSB_DEG,
)
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Report, Sensor
from tocsin.units import DEG, FOOT_M, NAUTICAL_MILE_M

SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
_ROOT_12 = math.sqrt(12.0)  # a value rounded to steps of q has a deviation of q / sqrt(12)
RANGE_STEP_M = RHO_LSB_NM * NAUTICAL_MILE_M / _ROOT_12
AZIMUTH_STEP_RAD = THETA_LSB_DEG * DEG / _ROOT_12
HEIGHT_STEP_M = HEIGHT_LSB_FT * FOOT_M / _ROOT_12
DOPPLER_STEP_MPS = DOPPLER_LSB_MPS / _ROOT_12


def decode_plainly(session: Session, node: Node, batch: Batch) -> Decoded:
    """Take a batch of ASTERIX frames as `decode_into` does."""
    sensors = {sensor.id: sensor for sensor in node.sensors}
    work = Work(session, node, batch.now_s, sensors)
    for sensor_id in sensors:
        roster_index(session, sensor_id)
    ordered = sorted(batch.frames, key=lambda frame: (frame.source, frame.sequence, frame.path))
    for index, frame in enumerate(ordered):
        work.frame_index = index
        health = health_of(session, frame.source)
        health.frames += 1
        if not frame.arrival_s <= health.heard_s:
            health.heard_s = frame.arrival_s
        sensor = sensors.get(frame.source)
        framing = session.framings.get(frame.source) or (sensor.framing if sensor else "")
        payload, damage = unframed(frame.payload, framing)
        if damage:
            reject(work, frame.source, damage, f"the framing is {framing}", frame.payload)
        decode_frame(work, replace(frame, payload=payload), sensor)
    tick_into(work)
    return Decoded(
        detections=rows(work), coverages=tuple(work.coverages), acts=(), record_acts=(),
        rejected=tuple(work.rejected.values()), records=work.records,
        duplicates=work.duplicates,
    )  # fmt: skip


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take one payload: any number of blocks and records, of one or several radars."""
    data = frame.payload
    try:
        for block in blocks(data):
            edition = EDITIONS.get(block.category)
            if block.category in COUNTED:
                count_block(work, frame.source, block.category, data[block.start : block.stop])
                continue
            if block.category in EDITIONS_BESIDE:
                take_block(work, frame, sensor, block)
                continue
            if edition is None:
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


def _radar_of(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> str | None:
    """Return the id of the radar that a record is from: a configured one, or a discovered
    one.
    """
    identifier = record.read("010")
    if identifier is None:
        reject(work, frame.source, "no data source", "item 010 is missing", record.raw)
        return None
    sac, sic = identifier["SAC"], identifier["SIC"]
    code = f"{sac}/{sic}"
    for known in work.node.sensors:
        is_named = known.format == "asterix" and known.sac == sac and known.sic == sic
        if is_named and (sensor is None or sensor.id == known.id or _share(sensor, known)):
            return known.id
    # The site file may leave the code open: then the first radar heard there is the one meant.
    is_open = sensor is not None and sensor.sac is None and sensor.sic is None
    if sensor is not None and is_open:
        bound = work.session.bound.setdefault(sensor.id, code)
        return sensor.id if bound == code else f"asterix-{code}"
    return f"asterix-{code}"


def _share(a: Sensor, b: Sensor) -> bool:
    return any(address in b.listen for address in a.listen)


def _time_of(work: Work, frame: Frame, radar: str, record: Record, item: str) -> float | None:
    value = record.read(item)
    if value is None:
        reject(work, radar, "no time", f"item {item} is missing", record.raw)
        return None
    if value["TOD_s"] >= 86_400.0:
        reject(work, radar, "time of day beyond midnight", f"{value['TOD_s']} s", record.raw)
        return None
    session = work.session
    reference_s = frame.arrival_s
    if not session.live and session.day_s == session.day_s and reference_s < 86_400.0:
        reference_s = session.day_s + reference_s  # a recording that knows no date
    time_s = resolve_time_of_day(value["TOD_s"], reference_s)
    return settle(work, radar, time_s, frame.arrival_s, raw=record.raw)


def _heard(work: Work, frame: Frame, radar: str) -> None:
    health = health_of(work.session, radar)
    if not frame.arrival_s <= health.heard_s:
        health.heard_s = frame.arrival_s
    if radar != frame.source:
        health.frames += 1


def _take_service(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    radar = _radar_of(work, frame, sensor, record)
    if radar is None or (place := place_of(work, radar)) < 0:
        return
    _heard(work, frame, radar)
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
    radar = _radar_of(work, frame, sensor, record)
    if radar is None or (place := place_of(work, radar)) < 0:
        return
    _heard(work, frame, radar)
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
    source = _radar_of(work, frame, sensor, record)
    if source is None or (place := place_of(work, source)) < 0:
        return
    _heard(work, frame, source)
    time_s = _time_of(work, frame, source, record, "070")
    if time_s is None:
        return
    row = system_row(record)
    add_row(work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place, **row)


def _take_status(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    source = _radar_of(work, frame, sensor, record)
    if source is not None and place_of(work, source) >= 0:
        _heard(work, frame, source)


_WHOLE = (62, 63, 65)
_TAKE: dict[int, Callable[[Work, Frame, Sensor | None, Record], None]] = {
    34: _take_service,
    48: _take_target,
    62: _take_system_track,
    63: _take_status,
    65: _take_status,
}


MANDATORY = ("010", "040", "070", "080")  # EUROCONTROL-SPEC-0149-9, chapter 4
FOOT_PER_MINUTE_MPS = FOOT_M / 60.0
_STATUS_FLAGS = (
    ("SIM", DetectionBatch.SIMULATED_TARGET),
    ("TSE", DetectionBatch.TRACK_END),
    ("CNF", DetectionBatch.TRACK_TENTATIVE),
)


def why_no_track(record: Record) -> str:
    """Return why a CAT062 record is no track ("" where it is one)."""
    for item in MANDATORY:
        if item not in record:
            return "mandatory item missing"
    place = record.read("105")
    if place is not None and not (
        -90.0 <= place["LAT_deg"] <= 90.0 and -180.0 <= place["LON_deg"] < 180.0
    ):
        return "position outside the Earth"
    return ""


def system_row(record: Record) -> dict[str, Any]:
    """Return the columns of a row that a CAT062 record gives, without time and sensor."""
    row: dict[str, Any] = {
        "report": Report.TRACK,
        "sensor_track_id": b"%d" % record.read("040")["TRN"],
    }
    place = record.read("105")
    if place is not None:
        row["lat_deg"], row["lon_deg"] = place["LAT_deg"], place["LON_deg"]
    else:  # I062/100 hangs on the tracker's own reference point, which no item gives
        row["flags"] = DetectionBatch.NO_POSITION
    velocity = record.read("185")
    if velocity is not None:
        row["vel_east_mps"] = velocity["VX_mps"]
        row["vel_north_mps"] = velocity["VY_mps"]
    climb = record.read("220")
    if climb is not None:
        row["vel_up_mps"] = climb["ROCD_ftpmin"] * FOOT_PER_MINUTE_MPS
    _height_into(row, record)
    _named_into(row, record)
    _accuracy_into(row, record)
    status = record.read("080")
    for item, flag in _STATUS_FLAGS:
        if status.get(item):
            row["flags"] = row.get("flags", 0) | flag
    return row


def _accuracy_into(row: dict[str, Any], record: Record) -> None:
    """I062/500: estimated accuracies, one standard deviation each; 0 encodes none."""
    stated = record.read("500") or {}
    for name, item, unit in (("position_m", "APC", "m"), ("velocity_mps", "ATV", "mps")):
        if item in stated:
            x, y = stated[item][f"X_{unit}"], stated[item][f"Y_{unit}"]
            sigma = math.sqrt((x * x + y * y) / 2.0)
            if sigma > 0.0:
                row[f"sigma_{name}"] = sigma
    if row.get("alt_ref") == AltRef.MSL and "AGA" in stated and stated["AGA"]["AGA_ft"] > 0.0:
        row["sigma_alt_m"] = stated["AGA"]["AGA_ft"] * FOOT_M


def _height_into(row: dict[str, Any], record: Record) -> None:
    """The geometric altitude is over mean sea level; else the measured flight level."""
    geometric, level = record.read("130"), record.read("136")
    if geometric is not None:
        row["alt_m"], row["alt_ref"] = geometric["ALT_ft"] * FOOT_M, AltRef.MSL
    elif level is not None:
        row["alt_m"], row["alt_ref"] = level["FL"] * 100.0 * FOOT_M, AltRef.PRESSURE
        row["sigma_alt_m"] = SIGMA_PRESSURE_M


def _named_into(row: dict[str, Any], record: Record) -> None:
    own = record.read("380") or {}
    if "ADR" in own:
        row["declared_id"] = own["ADR"]["ADR"].encode()
    told = record.read("245") or {"STI": 3}
    said = "" if told["STI"] == 3 else told["TID"]
    callsign = (own["ID"]["ID"] if "ID" in own else said).strip()
    if "#" not in callsign and callsign.strip("0"):
        row["callsign"] = callsign.encode()
