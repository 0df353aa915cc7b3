"""Bearings and ranges as lines of CSV: what a simple sensor can say without a library.

Columns have the names of docs/formats/detections.md, or one of other units (ALIASES); a line of
names says which follow on that connection, until then they are DEFAULT. No column bears an id
or a name of anybody: these would have to be masked.
"""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tocsin.codec._lines import names_key, split_lines
from tocsin.codec._work import Work, is_duplicate, reject
from tocsin.codec.detections import Detection, enter, what_is_wrong
from tocsin.model import CLASSES, Frame, Sensor
from tocsin.units import DEG, FOOT_M, NAUTICAL_MILE_M

__all__ = ["ALIASES", "COLUMNS", "DEFAULT", "decode_frame", "is_header", "time_of"]

KIND = "CSV"
DEFAULT = ("time", "azimuth_deg", "range_m", "elevation_deg")
_TIMES = ("time", "time_s", "time_ms")
_SCORES = {f"score_{name}": name for name in CLASSES}
# Another name: the column that it fills, and by what its number is multiplied.
ALIASES: dict[str, tuple[str, float]] = {
    "bearing_deg": ("azimuth_deg", 1.0),
    "azimuth_rad": ("azimuth_deg", 1.0 / DEG),
    "bearing_rad": ("azimuth_deg", 1.0 / DEG),
    "elevation_rad": ("elevation_deg", 1.0 / DEG),
    "range_km": ("range_m", 1000.0),
    "range_nm": ("range_m", NAUTICAL_MILE_M),
    "range_ft": ("range_m", FOOT_M),
    "sigma_bearing_deg": ("sigma_azimuth_deg", 1.0),
}
COLUMNS = (
    "range_m", "azimuth_deg", "elevation_deg", "range_rate_mps", "lat", "lon", "alt_m",
    "vel_east_mps", "vel_north_mps", "vel_up_mps", "sigma_range_m", "sigma_azimuth_deg",
    "sigma_elevation_deg", "sigma_range_rate_mps", "sigma_position_m", "sigma_alt_m",
    "sigma_velocity_mps",
)  # fmt: skip
_TEXTS = ("alt_ref", "sensor_track_id")
_KNOWN = {*_TIMES, *_SCORES, *ALIASES, *COLUMNS, *_TEXTS}
_ENDS = ("udp:", "mqtt:", "mqtts:")  # addresses by which whole lines come
MOST_CELLS, LONGEST_LINE = 64, 4096


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of a stream of lines, or a datagram of whole ones."""
    if frame.path.startswith(_ENDS):
        frame = replace(frame, payload=frame.payload + b"\n")
    key = names_key(f"{frame.source}\n{frame.path}")
    for line in split_lines(work, frame):
        cells = _cells(line) if len(line) <= LONGEST_LINE else None
        if cells is None or len(cells) > MOST_CELLS:
            reject(work, frame.source, "not a line of numbers", "no text, or too long", line)
        elif cells[0].startswith("#"):
            continue
        elif is_header(cells):
            work.session.streams[key] = ",".join(cells).encode()
            _warn_of_unknown(work, frame, cells)
        elif not is_duplicate(work, frame, line):
            held = work.session.streams.get(key, b"").decode()
            _take(work, frame, sensor, tuple(held.split(",")) if held else DEFAULT, cells)


def _cells(line: bytes) -> list[str] | None:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    separator = ";" if ";" in text else ","
    return [cell.strip().strip('"') for cell in text.split(separator)]


def is_header(cells: list[str]) -> bool:
    """Tell whether a line names columns: at least one is known, and none is a number."""
    return any(cell in _KNOWN for cell in cells) and not any(map(_is_number, cells))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _warn_of_unknown(work: Work, frame: Frame, names: list[str]) -> None:
    unknown = [name for name in names if name not in _KNOWN]
    if unknown:
        detail = f"passed over: {', '.join(unknown)[:200]}"
        reject(work, frame.source, "unknown column", detail, n=len(unknown))


def time_of(names: tuple[str, ...], cells: list[str]) -> float | None:
    """Return the time of a line, Unix UTC: seconds, milliseconds or ISO 8601; NaN where it says
    none, None where it is no time.
    """
    for name, cell in zip(names, cells):
        if name not in _TIMES or not cell:
            continue
        try:
            if name != "time" or _is_number(cell):
                return float(cell) / (1000.0 if name == "time_ms" else 1.0)
            when = datetime.fromisoformat(cell)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return math.nan


def _take(
    work: Work, frame: Frame, sensor: Sensor | None, names: tuple[str, ...], cells: list[str]
) -> None:
    source = frame.source
    # The last columns may be left out; more than there are names is another table.
    if len(cells) > len(names):
        detail = f"{len(cells)} numbers for {len(names)} columns ({', '.join(names)[:150]})"
        reject(work, source, "wrong number of columns", detail)
        return
    time_s = time_of(names, cells)
    if time_s is None:
        reject(work, source, "no time", f"time is {cells[0][:40]!r}")
        return
    item = _detection(names, cells, frame.arrival_s if math.isnan(time_s) else time_s)
    wrong = item if isinstance(item, str) else what_is_wrong(item)
    if isinstance(item, str) or wrong:
        reject(work, source, "not a detection", wrong, ",".join(cells).encode())
        return
    enter(work, frame, source, item, KIND)


def _detection(names: tuple[str, ...], cells: list[str], time_s: float) -> Detection | str:
    """Return the detection of a line, or what is wrong with a cell."""
    said: dict[str, Any] = {"time_s": time_s}
    scores: dict[str, float] = {}
    for name, cell in zip(names, cells):
        if name in _TIMES or name not in _KNOWN or not cell or cell.lower() == "nan":
            continue
        if name in _TEXTS:
            said[name] = cell
            continue
        try:
            value = float(cell)
        except ValueError:
            return f"{name} is {cell[:40]!r}; give a number, or leave it empty"
        column, factor = ALIASES.get(name, (name, 1.0))
        if name in _SCORES:
            scores[_SCORES[name]] = value
        else:
            said[column] = value * factor
    if said.get("alt_ref", "none") not in ("ellipsoid", "msl", "pressure", "none"):
        return f"alt_ref is {said['alt_ref'][:40]!r}; give ellipsoid, msl or pressure"
    return Detection(**said, class_scores=scores or None)
