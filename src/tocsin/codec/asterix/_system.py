"""CAT062 records as rows of another tracker's tracks, CAT063 and CAT065 as signs of life.

A system track is never a plot: it is correlated, not tracked anew. A record without data
source, track number, time or status is refused: these are mandatory in every edition, so that
their absence shows bytes of another edition.
"""

import math
from typing import Any

from tocsin.codec.asterix._records import Record
from tocsin.model import AltRef, DetectionBatch, Report
from tocsin.units import FOOT_M

__all__ = ["MANDATORY", "system_row", "why_no_track"]

MANDATORY = ("010", "040", "070", "080")  # EUROCONTROL-SPEC-0149-9, chapter 4
SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
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
    said = (record.read("245") or {}).get("TID", "") if "ID" not in own else own["ID"]["ID"]
    callsign = said.strip()
    if "#" not in callsign and callsign.strip("0"):
        row["callsign"] = callsign.encode()
