"""SBS lines ("BaseStation", port 30003 of dump1090 and readsb): a message of an aircraft each.

22 fields: MSG, transmission type, session, aircraft, address, flight, date and time made, date
and time logged, call sign, altitude (ft), ground speed (kt), track (deg), latitude, longitude,
vertical rate (ft/min), squawk, alert, emergency, SPI, on ground. The layout is Kinetic's
"Socket data and BST files"; MLAT instead of MSG is readsb's word for multilateration.
"""

import math
from datetime import UTC, datetime
from typing import Any

from tocsin.codec._clock import settle
from tocsin.codec._lines import split_lines
from tocsin.codec._plausible import FASTEST_MPS, HIGHEST_M, LOWEST_M, implausible
from tocsin.codec._session import Aircraft
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.codec.readsb import AIRCRAFT_LIMIT, SIGMA_MLAT_M
from tocsin.codec.statevectors import SIGMA_POSITION_M, SIGMA_PRESSURE_M, SIGMA_VELOCITY_MPS
from tocsin.model import AltRef, DetectionBatch, Frame, Report, Sensor
from tocsin.units import DEG, FOOT_M, KNOT_MPS

__all__ = ["decode_frame", "is_line", "time_made_s"]

FIELDS = 22
KINDS = (b"MSG", b"MLAT")
OTHERS = (b"SEL", b"ID", b"AIR", b"STA", b"CLK")  # of the display program that invented it
VELOCITY_S = 5.0  # how long a velocity is valid beside later positions, as for Mode S
# The stamps are of the sender's zone, which it does not name; all zones are whole quarters.
QUARTER_S = 900.0
GROUND = ("-1", "1")


def is_line(line: bytes) -> bool:
    """Tell whether a line is such a message."""
    cells = line.split(b",")
    return cells[0] in KINDS and FIELDS - 6 <= len(cells) <= FIELDS and cells[1].isdigit()


def time_made_s(cells: list[str]) -> float:
    """Return when the message was made, as if the sender's zone were UTC; NaN where it says
    nothing that is a time.
    """
    if len(cells) < 8 or not cells[6]:
        return math.nan
    try:
        day = cells[6].replace("/", "-")
        when = datetime.fromisoformat(f"{day}T{cells[7]}")
        return when.replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of a stream of lines."""
    del sensor
    for line in split_lines(work, frame):
        if line.split(b",", 1)[0] in OTHERS:
            count(work, "SBS-OTHER")
        elif not is_line(line):
            reject(work, frame.source, "not a line of SBS", "expected MSG,3,... of 22", line)
        elif not is_duplicate(work, frame, line):
            cells = [cell.strip() for cell in line.decode("ascii", "replace").split(",")]
            _take(work, frame, cells + [""] * (FIELDS - len(cells)))


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) < 1e9 else math.nan


def _take(work: Work, frame: Frame, cells: list[str]) -> None:
    address = cells[4].lower()
    plain = address.removeprefix("~")  # "~": an address that is not ICAO's
    if len(plain) != 6 or plain.strip("0123456789abcdef") or plain in ("000000", "ffffff"):
        reject(work, frame.source, "no address", address[:20])
        return
    lat, lon = _number(cells[14]), _number(cells[15])
    has_place = not (math.isnan(lat) or math.isnan(lon)) and bool(lat or lon)
    if has_place and not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        reject(work, frame.source, "implausible position", f"{address}: {lat}, {lon}")
        return
    place = place_of(work, frame.source)
    if place < 0:
        return
    count(work, f"SBS-{cells[1]}" if len(cells[1]) == 1 else "SBS-MSG")
    if work.trace is not None:
        work.trace.append(_words(cells))
    time_s = time_made_s(cells)
    if math.isnan(time_s):
        time_s = frame.arrival_s
    elif work.session.live:
        time_s += QUARTER_S * round((frame.arrival_s - time_s) / QUARTER_S)
    settled_s = settle(work, frame.source, time_s, frame.arrival_s)
    if settled_s is None:
        return
    craft = _craft_of(work, frame.source, address)
    craft.callsign = cells[10][:8] or craft.callsign
    velocity = _velocity(work, frame.source, address, cells)
    if velocity:
        craft.vel_east_mps, craft.vel_north_mps, craft.vel_up_mps = velocity
        craft.velocity_s = settled_s
    row: dict[str, Any] = {"flags": 0 if has_place else DetectionBatch.NO_POSITION}
    if cells[21] in GROUND:
        row["flags"] |= DetectionBatch.ON_GROUND
    if has_place:
        row["lat_deg"], row["lon_deg"] = lat, lon
        is_mlat = cells[0] == "MLAT"
        row["sigma_position_m"] = SIGMA_MLAT_M if is_mlat else SIGMA_POSITION_M
        height_m = _number(cells[11]) * FOOT_M
        if not LOWEST_M <= height_m <= HIGHEST_M:
            height_m = implausible(work, frame.source, "height", address, height_m)
        if not math.isnan(height_m) and cells[21] not in GROUND:
            row["alt_m"], row["alt_ref"] = height_m, AltRef.PRESSURE
            row["sigma_alt_m"] = SIGMA_PRESSURE_M
    if abs(settled_s - craft.velocity_s) <= (VELOCITY_S if has_place else 0.0):
        row["vel_east_mps"], row["vel_north_mps"] = craft.vel_east_mps, craft.vel_north_mps
        row["vel_up_mps"], row["sigma_velocity_mps"] = craft.vel_up_mps, SIGMA_VELOCITY_MPS
    add_row(
        work, time_s=settled_s, arrival_s=frame.arrival_s, sensor=place, report=Report.DECLARED,
        declared_id=address.encode(), callsign=craft.callsign.encode("ascii", "replace"), **row,
    )  # fmt: skip


def _craft_of(work: Work, source: str, address: str) -> Aircraft:
    known = work.session.aircraft.setdefault(source, {})
    craft = known.get(address)
    if craft is None:
        if len(known) >= AIRCRAFT_LIMIT:
            del known[next(iter(known))]
        craft = known[address] = Aircraft()
    return craft


def _velocity(
    work: Work, source: str, address: str, cells: list[str]
) -> tuple[float, float, float] | None:
    """Return east, north and up, None where speed or track is not said."""
    speed_mps, track_deg = _number(cells[12]) * KNOT_MPS, _number(cells[13])
    if not 0.0 <= speed_mps <= FASTEST_MPS:
        speed_mps = implausible(work, source, "speed", address, speed_mps)
    if math.isnan(speed_mps) or math.isnan(track_deg):
        return None
    up_mps = _number(cells[16]) * FOOT_M / 60.0
    if not abs(up_mps) <= FASTEST_MPS:
        up_mps = implausible(work, source, "speed", address, up_mps)
    track_rad = track_deg * DEG
    return speed_mps * math.sin(track_rad), speed_mps * math.cos(track_rad), up_mps


def _words(cells: list[str]) -> dict[str, Any]:
    names = (
        "record", "transmission_type", "", "", "address", "", "date_made", "time_made", "", "",
        "callsign", "altitude_ft", "ground_speed_kt", "track_deg", "lat_deg", "lon_deg",
        "vertical_rate_ftpmin", "squawk", "alert", "emergency", "spi", "on_ground",
    )  # fmt: skip
    return {name: cell for name, cell in zip(names, cells) if name and cell}
