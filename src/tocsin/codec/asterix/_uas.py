"""CAT129 records as declared reports, and the names in them that are personal.

A drone goes by maker, model and serial number with "-" between them ("uas-" and the serial
number where it says no maker). `renamed_uas` puts a pseudonym in its place: in the twelve
octets of the serial number there is room for a mark and the nine octets of which the
pseudonym's letters are made.
"""

from collections.abc import Callable
from typing import Any

from tocsin.codec.asterix._items import Broken
from tocsin.codec.asterix._records import Record, blocks, records
from tocsin.codec.asterix.cat129 import CAT129_1_2
from tocsin.codec.letters import LETTERS_SIZE, letters_of, octets_of
from tocsin.model import AltRef, DetectionBatch, Report

__all__ = ["renamed_uas", "uas_row", "why_no_uas"]

CATEGORY = 129
MARK = "\0TK"  # no serial number begins with a zero octet
UNMANNED = b"B6"  # ICAO Doc 9871, table A-2-8
CEP_SIGMAS = 1.1774  # half of a circular Gaussian lies within sqrt(2 ln 2) deviations
SIGMA_UNKNOWN_M = 255.0  # I129/110: 0 stands for unknown and for more than 255 m
SIGMA_ALT_M = 30.0  # no item says it; as of geometric heights of ADS-B


def why_no_uas(record: Record) -> str:
    """Return why a CAT129 record is no report of a drone ("" where it is one)."""
    if not _serial(record):
        return "no identification"
    place = record.read("080")
    if place is None:
        return "mandatory item missing"
    if not (-90.0 <= place["LAT_deg"] <= 90.0 and -180.0 <= place["LON_deg"] < 180.0):
        return "position outside the Earth"
    return ""


def uas_row(record: Record, geoid_m: float) -> dict[str, Any]:
    """Return the columns of a row that a CAT129 record gives, without time and sensor.

    geoid_m: height of the sea over the ellipsoid there.
    """
    place = record.read("080")
    row: dict[str, Any] = {
        "report": Report.DECLARED,
        "declared_id": _declared_id(record).encode("ascii", "replace"),
        "category": UNMANNED,
        "lat_deg": place["LAT_deg"],
        "lon_deg": place["LON_deg"],
        "sigma_position_m": SIGMA_UNKNOWN_M,
    }
    accuracy = record.read("110")
    if accuracy is not None and accuracy["CEP_m"] > 0.0:
        row["sigma_position_m"] = max(1.0, accuracy["CEP_m"] / CEP_SIGMAS)
    height = record.read("090")
    if height is not None:
        row["alt_m"], row["alt_ref"] = height["AMSL_m"] + geoid_m, AltRef.ELLIPSOID
        row["sigma_alt_m"] = SIGMA_ALT_M
        row["flags"] = DetectionBatch.GEOMETRIC_HEIGHT
    velocity = record.read("185")
    if velocity is not None:
        row["vel_east_mps"], row["vel_north_mps"] = velocity["HVX_mps"], velocity["HVY_mps"]
    climb = record.read("220")
    if climb is not None:
        row["vel_up_mps"] = climb["VV_mps"]
    return row


def renamed_uas(payload: bytes, name_for: Callable[[str], str]) -> bytes:
    """Return a payload of the same length in which every drone has another serial number.

    name_for gives a pseudonym for an id as it would be reported, with thirteen letters at its
    end. A payload without CAT129 is returned as it is. Where a block cannot be read, zeros
    stand from there on, since a serial number may stand in it.
    """
    if CATEGORY not in payload:
        return payload
    changed, whole = bytearray(payload), 0
    try:
        for block in blocks(payload):
            if block.category != CATEGORY:
                whole = block.stop
                continue
            read = block.start
            try:
                for record in records(payload, block, CAT129_1_2):
                    _rename_into(changed, record, name_for)
                    read = record.stop
            except Broken:
                changed[read : block.stop] = bytes(block.stop - read)
            whole = block.stop
    except Broken:  # the run of blocks ends wrong: what is left may be one of ours
        changed[whole:] = bytes(len(changed) - whole)
    return bytes(changed)


def _rename_into(changed: bytearray, record: Record, name_for: Callable[[str], str]) -> None:
    place = record.places.get("040")
    if place is None or not _serial(record):
        return
    letters = name_for(_declared_id(record))[-LETTERS_SIZE:]
    changed[place[0] : place[1]] = MARK.encode() + octets_of(letters)


def _serial(record: Record) -> str:
    value = record.read("040")
    return "" if value is None else str(value["SERIAL"]).rstrip("\0 ")


def _declared_id(record: Record) -> str:
    serial = str((record.read("040") or {}).get("SERIAL", ""))
    if serial.startswith(MARK):
        return f"X-TK{letters_of(serial[len(MARK) :].encode('latin-1'))}"
    parts = [
        str((record.read(item) or {}).get(key, ""))
        for item, key in (("020", "MANUFACTURER"), ("030", "MODEL"), ("040", "SERIAL"))
    ]
    plain = ["".join(c if "!" <= c <= "~" else "?" for c in p.strip("\0 ")) for p in parts]
    return "-".join(part for part in plain if part) if plain[0] else f"uas-{plain[2]}"
