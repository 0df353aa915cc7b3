"""CAT021 records as declared reports: what aircraft say of themselves, as a ground station
heard it.

The station's own doubts are kept: where it found a jump, a failed range or position check, the
report is marked as not holding together; where it has heard an address twice, as two places.
"""

import math
from typing import Any

from tocsin.codec.asterix._records import Record
from tocsin.codec.modes.accuracy import (
    SIGMA_GEOMETRIC_M,
    SIGMA_PRESSURE_M,
    sigma_position_m,
    sigma_velocity_mps,
)
from tocsin.model import AltRef, DetectionBatch, Report
from tocsin.units import DEG, FOOT_M, NAUTICAL_MILE_M

__all__ = ["adsb_row", "adsb_time_of_day_s", "why_no_report"]

FOOT_PER_MINUTE_MPS = FOOT_M / 60.0
GREATER_THAN_FT = 6.25 * 32767  # I021/140: all ones, the aircraft sends "greater than"
NO_ADDRESS = ("000000", "ffffff")
_DOUBTS = ("IPC", "CPR", "LDPJ", "RCF", "NOGO")  # I021/040, second extension
_ANONYMOUS, _DUPLICATE = 3, 1  # I021/040, ATP; before 2.0 code 1 is an ICAO address
# I021/020 as ADS-B's own emitter categories (ICAO Doc 9871, table A-2-8).
_CATEGORIES = {
    1: b"A1", 2: b"A2", 3: b"A3", 4: b"A4", 5: b"A5", 6: b"A6", 10: b"A7", 11: b"B1", 12: b"B2",
    13: b"B6", 14: b"B7", 15: b"B4", 16: b"B3", 20: b"C1", 21: b"C2", 22: b"C3", 23: b"C4",
    24: b"C5",
}  # fmt: skip
# NUCp of a version 0 transponder as the NIC of the same radius (DO-260B, N.2.2.1).
_NIC_OF_NUCP = {9: 11, 8: 10, 7: 8, 6: 7, 5: 6, 4: 5, 3: 4, 2: 2, 1: 1, 0: 0}


def adsb_time_of_day_s(record: Record) -> float | None:
    """Return the time of the position, the best that the record holds: when it applied, when
    it was received (finer where it says so), when it was reported; None for none of these.
    """
    for item, key in (("071", "TOA_s"), ("030", "TOD_s")):
        value = record.read(item) if item in record.edition.items else None
        if value is not None:
            return float(value[key])
    received = record.read("073") if "073" in record.edition.items else None
    if received is not None:
        return _finer_s(float(received["TOMR_s"]), record.read("074"))
    sent = record.read("077") if "077" in record.edition.items else None
    return None if sent is None else float(sent["TRT_s"])


def _finer_s(coarse_s: float, fine: dict[str, Any] | None) -> float:
    if fine is None or fine["FSI"] == 3:  # 3 is reserved
        return coarse_s
    whole_s = math.floor(coarse_s) + {0: 0, 1: 1, 2: -1}[fine["FSI"]]
    return float((whole_s + fine["TOMR_s"]) % 86_400.0)


def why_no_report(record: Record) -> str:
    """Return why a CAT021 record is no report of an aircraft ("" where it is one)."""
    descriptor = record.read("040")
    if descriptor is not None and descriptor["RAB"]:
        return "field monitor"  # a fixed transponder that checks the station
    address = record.read("080")
    if address is None or address["ADR"] in NO_ADDRESS:
        return "no address"
    place = _place(record)
    if place is not None and not (
        -90.0 <= place["LAT_deg"] <= 90.0 and -180.0 <= place["LON_deg"] <= 180.0
    ):
        return "position outside the Earth"
    return ""


def adsb_row(record: Record) -> dict[str, Any]:
    """Return the columns of a row that a CAT021 record gives, without time and sensor."""
    is_old = record.edition.edition.startswith("0.")
    said = record.read("040") or {}
    row: dict[str, Any] = {
        "report": Report.DECLARED,
        "declared_id": _declared_id(record, said),
        "flags": _flags(said, is_old=is_old),
    }
    if not is_old and (quality := record.read("090")) is not None:
        _integrity_into(row, record, quality)
    place = _place(record)
    if place is None:
        row["flags"] |= DetectionBatch.NO_POSITION
    else:
        row["lat_deg"], row["lon_deg"] = place["LAT_deg"], place["LON_deg"]
        row.setdefault("sigma_position_m", sigma_position_m(-1, -1))
    _height_into(row, record)
    _velocity_into(row, record)
    named = record.read("170")
    if named is not None and "#" not in named["TID"]:
        row["callsign"] = named["TID"].strip().encode()
    emitter = record.read("020")
    if emitter is not None and emitter["ECAT"] in _CATEGORIES:
        row["category"] = _CATEGORIES[emitter["ECAT"]]
    return row


def _place(record: Record) -> dict[str, Any] | None:
    """Return the finer position where there is one; item 131 of old editions is none."""
    value: dict[str, Any] | None = record.read("131")
    if value is None or "LAT_deg" not in value:
        value = record.read("130")
    return value


def _declared_id(record: Record, said: dict[str, Any]) -> bytes:
    address = record.read("080")["ADR"]
    is_own = said.get("ATP") == _ANONYMOUS  # an address that the owner chose
    return f"~{address}".encode() if is_own else str(address).encode()


def _flags(said: dict[str, Any], *, is_old: bool) -> int:
    flags = 0
    if said.get("GBS"):
        flags |= DetectionBatch.ON_GROUND
    if said.get("SIM") or said.get("TST"):
        flags |= DetectionBatch.SIMULATED_TARGET
    if any(said.get(name) for name in _DOUBTS):
        flags |= DetectionBatch.IMPLAUSIBLE
    if not is_old and said.get("ATP") == _DUPLICATE:
        flags |= DetectionBatch.TWO_PLACES
    return flags


def _integrity_into(row: dict[str, Any], record: Record, quality: dict[str, Any]) -> None:
    """Add integrity and accuracy; which of two meanings item 090 has hangs on item 210."""
    if quality.get("VALSTATE_EP") and quality["VALSTATE_VAL"] == 3:  # validation failed
        row["flags"] |= DetectionBatch.IMPLAUSIBLE
    version = record.read("210")
    is_first = version is None or not version["VN"]
    code = quality["NUCPNIC"]
    nic = _NIC_OF_NUCP.get(code, 0) if is_first else min(code, 11)
    row["nic"] = nic
    row["sigma_position_m"] = sigma_position_m(nic, quality.get("NACP", -1))
    row["sigma_velocity_mps"] = sigma_velocity_mps(quality["NUCRNACV"])


def _height_into(row: dict[str, Any], record: Record) -> None:
    geometric, level = record.read("140"), record.read("145")
    if geometric is not None and geometric["GH_ft"] != GREATER_THAN_FT:
        row["alt_m"], row["alt_ref"] = geometric["GH_ft"] * FOOT_M, AltRef.ELLIPSOID
        row["sigma_alt_m"] = SIGMA_GEOMETRIC_M
        row["flags"] |= DetectionBatch.GEOMETRIC_HEIGHT
    elif level is not None:
        row["alt_m"], row["alt_ref"] = level["FL"] * 100.0 * FOOT_M, AltRef.PRESSURE
        row["sigma_alt_m"] = SIGMA_PRESSURE_M


def _velocity_into(row: dict[str, Any], record: Record) -> None:
    vector = record.read("160")
    if vector is not None and not vector.get("RE"):  # RE: faster than the field can say
        speed_mps = vector["GS_NMps"] * NAUTICAL_MILE_M
        track_rad = vector["TA_deg"] * DEG
        row["vel_east_mps"] = speed_mps * math.sin(track_rad)
        row["vel_north_mps"] = speed_mps * math.cos(track_rad)
    for item, key in (("157", "GVR_ftpmin"), ("155", "BVR_ftpmin")):
        climb = record.read(item)
        if climb is not None and not climb.get("RE"):
            row["vel_up_mps"] = climb[key] * FOOT_PER_MINUTE_MPS
            break
    if "vel_east_mps" not in row and "vel_up_mps" not in row:
        row.pop("sigma_velocity_mps", None)
    else:
        row.setdefault("sigma_velocity_mps", sigma_velocity_mps(-1))
