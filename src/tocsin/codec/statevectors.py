"""State vectors as CSV, in the form of The OpenSky Network: one row an aircraft and snapshot.

Columns are found by name: ``time, icao24, lat, lon, velocity, heading, vertrate, callsign,
onground, baroaltitude, geoaltitude, lastposupdate, lastcontact``; others are passed over. Each
payload begins with the header line.
"""

import csv
import math
from typing import Any

from tocsin.codec._clock import settle
from tocsin.codec._plausible import FASTEST_MPS, HIGHEST_M, LOWEST_M, implausible
from tocsin.codec._session import Aircraft
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.model import AltRef, DetectionBatch, Frame, Report, Sensor
from tocsin.units import DEG

__all__ = ["NEEDED", "decode_frame"]

NEEDED = ("time", "icao24", "lat", "lon")
KIND = "STATEVECTOR"
# Most airborne positions are good to NACp 8 or better: 92.6 m in 95 %, over 2.45 for one sigma.
SIGMA_POSITION_M = 40.0
SIGMA_GEOMETRIC_M = 30.0  # vertical figure of merit, two roundings of 25 ft
SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
SIGMA_VELOCITY_MPS = 2.0  # steps of 1 kt, and the velocity is older than the position
AIRCRAFT_LIMIT = 20_000


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a header line and rows of one snapshot."""
    del sensor
    if is_duplicate(work, frame, frame.payload):
        return
    try:
        lines = list(csv.reader(frame.payload.decode().splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        reject(work, frame.source, "not a table", str(error), frame.payload)
        return
    if not lines or any(name not in lines[0] for name in NEEDED):
        detail = f"the header must have {', '.join(NEEDED)}"
        reject(work, frame.source, "not a table", detail, frame.payload)
        return
    header = lines[0]
    for line in lines[1:]:
        if len(line) != len(header):
            reject(work, frame.source, "wrong number of columns", ",".join(line)[:200])
            continue
        _take(work, frame, dict(zip(header, line, strict=True)))


def _number(row: dict[str, str], name: str) -> float:
    """Return the value, NaN where it is missing, empty or no finite number."""
    try:
        value = float(row.get(name, ""))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _take(work: Work, frame: Frame, row: dict[str, str]) -> None:
    address = row["icao24"].strip().lower()
    time_s, lat, lon = (_number(row, name) for name in ("time", "lat", "lon"))
    if len(address) != 6 or address.strip("0123456789abcdef"):
        reject(work, frame.source, "no address", address[:20])
        return
    if not 0.0 <= time_s < 1e11:
        reject(work, frame.source, "no time", f"{address}: time is {row['time'][:20]!r}")
        return
    if not (math.isnan(lat) and math.isnan(lon)) and not (
        abs(lat) <= 90.0 and abs(lon) <= 180.0
    ):
        reject(work, frame.source, "implausible position", f"{address}: {lat}, {lon}")
        return
    place = place_of(work, frame.source)
    if place < 0:
        return
    count(work, KIND)
    if work.trace is not None:
        work.trace.append({"record": KIND, **row})
    fix_s = _number(row, "lastposupdate")
    fix_s = fix_s if fix_s <= time_s else time_s
    contact_s = _number(row, "lastcontact")
    contact_s = contact_s if contact_s <= time_s else time_s
    is_new = math.isfinite(lat) and _is_new(work, frame.source, address, fix_s)
    settled_s = settle(work, frame.source, fix_s if is_new else contact_s, frame.arrival_s)
    if settled_s is None:
        return
    columns: dict[str, Any] = {"flags": 0}
    if row.get("onground", "").strip().lower() in ("true", "1"):
        columns["flags"] |= DetectionBatch.ON_GROUND
    if is_new:
        columns |= {"lat_deg": lat, "lon_deg": lon, "sigma_position_m": SIGMA_POSITION_M}
        _height_into(columns, work, frame.source, address, row)
        _velocity_into(columns, work, frame.source, address, row)
    else:
        # Heard again, but the position is the one of the last snapshot: no new measurement.
        columns["flags"] |= DetectionBatch.NO_POSITION
    add_row(
        work, time_s=settled_s, arrival_s=frame.arrival_s, sensor=place, report=Report.DECLARED,
        declared_id=address.encode(), callsign=_callsign(row), **columns,
    )  # fmt: skip


def _callsign(row: dict[str, str]) -> bytes:
    return row.get("callsign", "").strip().encode("ascii", "replace")[:8]


def _is_new(work: Work, source: str, address: str, fix_s: float) -> bool:
    known = work.session.aircraft.setdefault(source, {})
    craft = known.get(address)
    if craft is None:
        if len(known) >= AIRCRAFT_LIMIT:
            del known[next(iter(known))]
        craft = known[address] = Aircraft()
    if fix_s <= craft.fix_s:
        return False
    craft.fix_s = fix_s
    return True


def _height_into(
    columns: dict[str, Any], work: Work, source: str, address: str, row: dict[str, str]
) -> None:
    geometric_m, pressure_m = _number(row, "geoaltitude"), _number(row, "baroaltitude")
    if not LOWEST_M <= geometric_m <= HIGHEST_M:
        geometric_m = implausible(work, source, "height", address, geometric_m)
    if not LOWEST_M <= pressure_m <= HIGHEST_M:
        pressure_m = implausible(work, source, "height", address, pressure_m)
    if not math.isnan(geometric_m):
        columns["alt_m"], columns["alt_ref"] = geometric_m, AltRef.ELLIPSOID
        columns["sigma_alt_m"] = SIGMA_GEOMETRIC_M
        columns["flags"] |= DetectionBatch.GEOMETRIC_HEIGHT
    elif not math.isnan(pressure_m):
        columns["alt_m"], columns["alt_ref"] = pressure_m, AltRef.PRESSURE
        columns["sigma_alt_m"] = SIGMA_PRESSURE_M


def _velocity_into(
    columns: dict[str, Any], work: Work, source: str, address: str, row: dict[str, str]
) -> None:
    speed, heading = _number(row, "velocity"), _number(row, "heading")
    if not 0.0 <= speed <= FASTEST_MPS:
        speed = implausible(work, source, "speed", address, speed)
    if math.isfinite(speed) and math.isfinite(heading):
        columns["vel_east_mps"] = speed * math.sin(heading * DEG)
        columns["vel_north_mps"] = speed * math.cos(heading * DEG)
        columns["sigma_velocity_mps"] = SIGMA_VELOCITY_MPS
    up_mps = _number(row, "vertrate")
    if not abs(up_mps) <= FASTEST_MPS:
        up_mps = implausible(work, source, "speed", address, up_mps)
    columns["vel_up_mps"] = up_mps
