"""What a radar sends, from measurements in SI units: records to be put into blocks."""

from functools import lru_cache
from typing import Any

from tocsin.codec.asterix._records import encode_record
from tocsin.codec.asterix.cat034 import CAT034_1_29
from tocsin.codec.asterix.cat048 import CAT048_1_32, HEIGHT_LSB_FT
from tocsin.units import FOOT_M, NAUTICAL_MILE_M, TAU

__all__ = ["encode_north_mark", "encode_plot", "encode_sector", "time_of_day_s"]

DAY_S = 86_400.0
TICKS = 128  # I034/030 and I048/140 count 1/128 s
_HEIGHT_LIMIT_FT = HEIGHT_LSB_FT * 8191  # I048/110 has 14 bits


def time_of_day_s(time_s: float) -> float:
    """Return the time of day on the item's grid; a round-up to midnight becomes 0."""
    return round(time_s % DAY_S * TICKS) % int(DAY_S * TICKS) / TICKS


def encode_north_mark(
    sac: int, sic: int, time_s: float, *, rotation_s: float | None = None
) -> bytes:
    """Return a CAT034 record: the antenna points north at time_s (Unix UTC)."""
    values: dict[str, Any] = {
        "010": {"SAC": sac, "SIC": sic},
        "000": {"TYP": 1},
        "030": {"TOD_s": time_of_day_s(time_s)},
    }
    if rotation_s is not None:
        values["041"] = {"ROT_s": rotation_s}
    return encode_record(CAT034_1_29, values)


def encode_sector(sac: int, sic: int, time_s: float, azimuth_rad: float) -> bytes:
    """Return a CAT034 record: the antenna crosses azimuth_rad (steps of 1.40625 degrees)."""
    before, after = _sector(sac, sic, round(azimuth_rad % TAU / TAU * 256.0) % 256)
    ticks = round(time_s % DAY_S * TICKS) % int(DAY_S * TICKS)
    return before + ticks.to_bytes(3, "big") + after


@lru_cache(maxsize=4096)
def _sector(sac: int, sic: int, step: int) -> tuple[bytes, bytes]:
    """Return what stands before and after the time of day (the third item, after FSPEC, data
    source and type) in all crossings of one azimuth by one radar.
    """
    record = encode_record(
        CAT034_1_29,
        {
            "010": {"SAC": sac, "SIC": sic},
            "000": {"TYP": 2},
            "030": {"TOD_s": 0.0},
            "020": {"AZI_deg": step * 360.0 / 256.0},
        },
    )
    return record[:4], record[7:]


def encode_plot(
    sac: int,
    sic: int,
    time_s: float,
    range_m: float,
    azimuth_rad: float,
    *,
    height_msl_m: float | None = None,
    range_rate_mps: float | None = None,
    flight_level: float | None = None,
    address: str = "",
    callsign: str = "",
    track_number: int | None = None,
    simulated: bool = False,
) -> bytes:
    """Return a CAT048 record of one plot.

    range_m is the slant range (below 474 km, steps of 7.2 m); height_msl_m what a 3-D radar
    measured, over mean sea level (steps of 7.6 m); range_rate_mps positive receding (steps of 1
    m/s, clipped to -512..511); flight_level in hundreds of feet; address six hexadecimal digits
    of a Mode S transponder. Raises ValueError for a value that does not fit.
    """
    descriptor = {"TYP": 5 if address else 1, "SIM": int(simulated)}
    step = round(azimuth_rad % TAU / TAU * 65536.0) % 65536
    values: dict[str, Any] = {
        "010": {"SAC": sac, "SIC": sic},
        "140": {"TOD_s": time_of_day_s(time_s)},
        "020": descriptor,
        "040": {"RHO_NM": range_m / NAUTICAL_MILE_M, "THETA_deg": step * 360.0 / 65536.0},
    }
    if flight_level is not None:
        values["090"] = {"FL": flight_level}
    if address:
        values["220"] = {"ADR": address}
    if callsign:
        values["240"] = {"TID": callsign}
    if track_number is not None:
        values["161"] = {"TRN": track_number}
    if height_msl_m is not None:
        feet = min(_HEIGHT_LIMIT_FT, max(-_HEIGHT_LIMIT_FT, height_msl_m / FOOT_M))
        values["110"] = {"3DH_ft": feet}
    if range_rate_mps is not None:
        speed = min(511.0, max(-512.0, range_rate_mps))
        values["120"] = {"CAL": {"D": 0, "CAL_mps": speed}}
    return encode_record(CAT048_1_32, values)
