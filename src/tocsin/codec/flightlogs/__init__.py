"""Logs that a thing has written of its own flight: where it really was, for trials.

ArduPilot's dataflash (.BIN), PX4's ULog (.ulg) and CSV of a GPS tracker (Movebank's names, or
plain ones) as fixes; what no thing flies is counted and left out.
"""

from tocsin.codec.flightlogs._fixes import Fix, sieve
from tocsin.codec.flightlogs.dataflash import is_dataflash, read_dataflash
from tocsin.codec.flightlogs.gps_csv import is_gps_csv, read_gps_csv
from tocsin.codec.flightlogs.ulog import is_ulog, read_ulog
from tocsin.errors import FormatError

__all__ = ["Fix", "is_flight_log", "read_flight_log"]


def is_flight_log(data: bytes) -> bool:
    """Tell whether these bytes begin like a log of a flight."""
    return is_dataflash(data) or is_ulog(data) or is_gps_csv(data)


def read_flight_log(data: bytes, name: str, counts: dict[str, int]) -> list[Fix]:
    """Return the fixes in the order of time; what is left out is counted by reason.

    Raises FormatError for what is no such log, or holds no fix.
    """
    if is_dataflash(data):
        found = read_dataflash(data, counts)
    elif is_ulog(data):
        found = read_ulog(data, counts)
    elif is_gps_csv(data):
        found = read_gps_csv(data, counts)
    else:
        raise FormatError(
            f"{name} is no log of a flight: dataflash (.BIN), ULog (.ulg), or CSV with names "
            "for time, latitude and longitude",
            name=name,
        )
    kept = sieve(found, counts)
    if not kept:
        raise FormatError(f"{name} holds no position with a time", name=name)
    return kept
