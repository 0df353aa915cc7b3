"""CSV of a GPS tracker: Movebank's names of columns, or plain ones."""

import csv
import math
from datetime import UTC, datetime

from tocsin.codec.flightlogs._fixes import Fix, note

__all__ = ["is_gps_csv", "read_gps_csv"]

HEAD = 4096
_NAMES = {
    "time": ("timestamp", "time", "utc"),  # the first that is a date, else Unix seconds
    "lat": ("location-lat", "latitude"),
    "lon": ("location-long", "longitude"),
    "height": ("height-above-msl", "altitude (m)", "altitude", "alt_m", "alt"),
    "speed": ("ground-speed", "speed"),
    "heading": ("heading", "course"),
    "east": ("vx m/s",),
    "north": ("vy m/s",),
    "who": ("individual-local-identifier", "id", "name"),
}
_OUTLIER = (("visible", "false"), ("import-marked-outlier", "true"),
            ("manually-marked-outlier", "true"))  # fmt: skip


def is_gps_csv(data: bytes) -> bool:
    """Tell whether the first line names a time, a latitude and a longitude; the tables of
    detections and state vectors, which do so too, have names of their own.
    """
    line = data[:HEAD].split(b"\n", 1)[0].decode("ascii", "replace").lower()
    cells = [cell.strip().strip('"') for cell in line.split(",")]
    others = {"icao24", "sensor_id", "time_s", "azimuth_deg", "range_m", "alt_ref"}
    needed = ("time", "lat", "lon")
    return not others & set(cells) and all(set(_NAMES[n]) & set(cells) for n in needed)


def read_gps_csv(data: bytes, counts: dict[str, int]) -> list[Fix]:
    """Return the fixes; rows that the log itself marks as outliers are counted."""
    lines = data.decode("utf-8", "replace").splitlines()
    try:
        rows = list(csv.DictReader(lines))
    except csv.Error:
        note(counts, "not a table")
        return []
    found = []
    for row in rows:
        said = {str(k).strip().lower(): v for k, v in row.items() if isinstance(v, str)}
        if any(said.get(name, "").lower() == word for name, word in _OUTLIER):
            note(counts, "marked as an outlier")
            continue
        time_s = _time_s(said)
        if math.isnan(time_s):
            note(counts, "no time")
            continue
        east, north = _number(said, "east"), _number(said, "north")
        if math.isnan(east):
            speed, heading = _number(said, "speed"), math.radians(_number(said, "heading"))
            east, north = speed * math.sin(heading), speed * math.cos(heading)
        who = next((said[name] for name in _NAMES["who"] if said.get(name)), "")
        place = _number(said, "lat"), _number(said, "lon")
        found.append(Fix(time_s, *place, _number(said, "height"), east, north, who=who))
    return found


def _number(said: dict[str, str], what: str) -> float:
    for name in _NAMES[what]:
        try:
            value = float(said.get(name, ""))
        except ValueError:
            continue
        return value if abs(value) < 1e12 else math.nan
    return math.nan


def _time_s(said: dict[str, str]) -> float:
    for name in _NAMES["time"]:
        text = said.get(name, "").strip()
        try:
            when = datetime.fromisoformat(text)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    for name in _NAMES["time"]:
        try:
            value = float(said.get(name, ""))
        except ValueError:
            continue
        return value if 0.0 < value < 1e11 else math.nan
    return math.nan
