"""What a decoder of ADS-B tells of aircraft as JSON: readsb, dump1090-fa and tar1090.

A document is `aircraft.json` ({"now": Unix s, "aircraft": [...]}); by TCP (readsb's
`--net-json-port`) one aircraft comes a line. Fields: README-json.md of readsb. Feet, knots and
feet a minute there; `seen_pos` is how many seconds before `now` the position was heard.
"""

import math
from typing import Any

import msgspec

from tocsin.codec._clock import settle
from tocsin.codec._plausible import FASTEST_MPS, HIGHEST_M, LOWEST_M, implausible
from tocsin.codec._session import Aircraft
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.codec.modes.accuracy import (
    SIGMA_GEOMETRIC_M,
    SIGMA_PRESSURE_M,
    sigma_position_m,
    sigma_velocity_mps,
)
from tocsin.model import AltRef, DetectionBatch, Frame, Report, Sensor
from tocsin.units import DEG, FOOT_M, KNOT_MPS

__all__ = ["AIRCRAFT_LIMIT", "decode_frame", "is_document"]

KIND = "AIRCRAFT-JSON"
AIRCRAFT_LIMIT = 20_000  # of one document, and remembered of one receiver
UNFINISHED_LIMIT = 8_192  # octets of a line that has not ended; an aircraft has some 700
STEP_S = 0.15  # seen_pos is rounded to 0.1 s: the same position may seem that much newer
OLD_S = 60.0  # a position heard longer ago is none of now
SIGMA_MLAT_M = (
    200.0  # multilateration by a network of receivers, where they do not agree better
)
FOOT_PER_MINUTE_MPS = FOOT_M / 60.0


class _Document(msgspec.Struct):
    now: float
    aircraft: list[Any]


_DOCUMENT = msgspec.json.Decoder(_Document)
_ONE = msgspec.json.Decoder(dict[str, Any])


def is_document(head: bytes) -> bool:
    """Tell whether a file's beginning is that of an `aircraft.json`."""
    return head.lstrip()[:1] == b"{" and b'"now"' in head and b'"aircraft"' in head


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a document, or a piece of a stream of lines."""
    del sensor
    key = f"{frame.source}\n{frame.path}"
    is_whole = frame.payload.rstrip()[-1:] == b"}" and key not in work.session.streams
    if is_whole and is_document(frame.payload[:200]) and frame.payload.count(b'"now"') == 1:
        _take_document(work, frame, frame.payload)
        return
    for line in _lines(work, frame):
        if is_document(line[:200]):
            _take_document(work, frame, line)
            continue
        try:
            said = _ONE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reject(work, frame.source, "not a document", str(error)[:200], line)
            continue
        if not is_duplicate(work, frame, line):
            _take(work, frame, said, _number(said, "now"))


def _lines(work: Work, frame: Frame) -> list[bytes]:
    key = f"{frame.source}\n{frame.path}"
    data = work.session.streams.pop(key, b"") + frame.payload
    *lines, rest = data.split(b"\n")
    if len(rest) > UNFINISHED_LIMIT:
        reject(work, frame.source, "line too long", f"over {UNFINISHED_LIMIT} octets", rest)
    elif rest.strip():
        work.session.streams[key] = rest
    return [line.strip() for line in lines if line.strip()]


def _take_document(work: Work, frame: Frame, payload: bytes) -> None:
    if is_duplicate(work, frame, payload):
        return
    try:
        said = _DOCUMENT.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reject(work, frame.source, "not a document", str(error)[:200], payload)
        return
    over = len(said.aircraft) - AIRCRAFT_LIMIT
    if over > 0:
        detail = f"more than {AIRCRAFT_LIMIT} in a document"
        reject(work, frame.source, "too many addresses", detail, n=over)
    for one in said.aircraft[:AIRCRAFT_LIMIT]:
        if isinstance(one, dict):
            _take(work, frame, one, said.now)
        else:
            reject(work, frame.source, "not an aircraft", str(one)[:200])


def _number(said: dict[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e12 else math.nan


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value.strip() if isinstance(value, str) else ""


def _take(work: Work, frame: Frame, said: dict[str, Any], now_s: float) -> None:
    address = _text(said, "hex").lower()
    plain = address.removeprefix("~")  # "~": an address that is not ICAO's
    if len(plain) != 6 or plain.strip("0123456789abcdef") or plain in ("000000", "ffffff"):
        reject(work, frame.source, "no address", address[:20])
        return
    if not 0.0 <= now_s < 1e11:
        reject(work, frame.source, "no time", f"{address}: now is {said.get('now')!r}"[:200])
        return
    lat, lon = _number(said, "lat"), _number(said, "lon")
    has_place = not (math.isnan(lat) or math.isnan(lon))
    if has_place and not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        reject(work, frame.source, "implausible position", f"{address}: {lat}, {lon}")
        return
    place = place_of(work, frame.source)
    if place < 0:
        return
    count(work, KIND)
    if work.trace is not None:
        work.trace.append({"record": KIND, "now": now_s, **said})
    age_s = _age_s(said, "seen_pos")
    fix_s = now_s - age_s
    is_new = has_place and age_s <= OLD_S and _is_new(work, frame.source, address, fix_s)
    heard_s = fix_s if is_new else now_s - _age_s(said, "seen")
    time_s = settle(work, frame.source, heard_s, frame.arrival_s)
    if time_s is None:
        return
    row: dict[str, Any] = {"flags": 0 if is_new else DetectionBatch.NO_POSITION}
    if said.get("alt_baro") == "ground":
        row["flags"] |= DetectionBatch.ON_GROUND
    if is_new:
        row["lat_deg"], row["lon_deg"] = lat, lon
        _integrity_into(row, said)
        _height_into(row, work, frame.source, address, said)
        _velocity_into(row, work, frame.source, address, said)
    add_row(
        work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place, report=Report.DECLARED,
        declared_id=address.encode(),
        callsign=_text(said, "flight").encode("ascii", "replace")[:8],
        category=_text(said, "category").encode("ascii", "replace")[:4], **row,
    )  # fmt: skip


def _age_s(said: dict[str, Any], name: str) -> float:
    age_s = _number(said, name)
    return age_s if 0.0 <= age_s < 1e6 else 0.0


def _is_new(work: Work, source: str, address: str, fix_s: float) -> bool:
    known = work.session.aircraft.setdefault(source, {})
    craft = known.get(address)
    if craft is None:
        if len(known) >= AIRCRAFT_LIMIT:
            del known[next(iter(known))]
        craft = known[address] = Aircraft()
    if fix_s <= craft.fix_s + STEP_S:
        return False
    craft.fix_s = fix_s
    return True


def _integrity_into(row: dict[str, Any], said: dict[str, Any]) -> None:
    nic, nac_p = _number(said, "nic"), _number(said, "nac_p")
    nic_code = int(nic) if 0.0 <= nic <= 11.0 else -1
    row["nic"] = nic_code
    row["sigma_position_m"] = sigma_position_m(
        nic_code, int(nac_p) if 0.0 <= nac_p <= 11.0 else -1
    )
    found = said.get("mlat")
    if _text(said, "type") == "mlat" or (isinstance(found, list) and "lat" in found):
        row["nic"], row["sigma_position_m"] = -1, SIGMA_MLAT_M


def _height_into(
    row: dict[str, Any], work: Work, source: str, address: str, said: dict[str, Any]
) -> None:
    geometric_m = _number(said, "alt_geom") * FOOT_M
    pressure_m = _number(said, "alt_baro") * FOOT_M
    if not LOWEST_M <= geometric_m <= HIGHEST_M:
        geometric_m = implausible(work, source, "height", address, geometric_m)
    if not LOWEST_M <= pressure_m <= HIGHEST_M:
        pressure_m = implausible(work, source, "height", address, pressure_m)
    if not math.isnan(geometric_m):
        row["alt_m"], row["alt_ref"] = geometric_m, AltRef.ELLIPSOID
        row["sigma_alt_m"] = SIGMA_GEOMETRIC_M
        row["flags"] |= DetectionBatch.GEOMETRIC_HEIGHT
    elif not math.isnan(pressure_m):
        row["alt_m"], row["alt_ref"] = pressure_m, AltRef.PRESSURE
        row["sigma_alt_m"] = SIGMA_PRESSURE_M


def _velocity_into(
    row: dict[str, Any], work: Work, source: str, address: str, said: dict[str, Any]
) -> None:
    speed_mps, track_deg = _number(said, "gs") * KNOT_MPS, _number(said, "track")
    if not 0.0 <= speed_mps <= FASTEST_MPS:
        speed_mps = implausible(work, source, "speed", address, speed_mps)
    if not (math.isnan(speed_mps) or math.isnan(track_deg)):
        row["vel_east_mps"] = speed_mps * math.sin(track_deg * DEG)
        row["vel_north_mps"] = speed_mps * math.cos(track_deg * DEG)
        nac_v = _number(said, "nac_v")
        row["sigma_velocity_mps"] = sigma_velocity_mps(int(nac_v) if nac_v >= 0.0 else -1)
    for name in ("geom_rate", "baro_rate"):
        rate_mps = _number(said, name) * FOOT_PER_MINUTE_MPS
        if not abs(rate_mps) <= FASTEST_MPS:
            rate_mps = implausible(work, source, "speed", address, rate_mps)
        if not math.isnan(rate_mps):
            row["vel_up_mps"] = rate_mps
            break
