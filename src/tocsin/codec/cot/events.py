"""One Cursor on Target event as a value, and what stands against one.

Base schema 2.0 (MITRE, The Developer's Guide to Cursor on Target, 2005): heights are above the
WGS 84 ellipsoid, errors are one sigma in metres, courses are clockwise from true north.
"""

import math
from dataclasses import dataclass

__all__ = [
    "UNKNOWN_M", "CotEvent", "clean", "fault_of", "is_air", "is_drop", "known_course_deg",
    "known_m", "known_speed_mps",
]  # fmt: skip

NAN = float("nan")
UNKNOWN_M = 9_999_999.0  # what the schema writes for a height or an error that is not known
_UNKNOWN_FROM_M = 999_999.0  # TAK's own message definition names this for a height
LONGEST_TEXT = 256
HIGHEST_M = 200_000.0
FASTEST_MPS = 10_000.0


@dataclass(frozen=True, slots=True)
class CotEvent:
    """What is read of an event. Times are Unix UTC; NaN is not said; degrees as in the message.

    alt_m: above the ellipsoid; sigma_position_m, sigma_alt_m: its ce and le; opex: "o" for
    operations, "e" for an exercise, "s" for a simulation, with more behind it.
    """

    type: str
    uid: str
    time_s: float
    start_s: float
    stale_s: float
    how: str
    lat_deg: float
    lon_deg: float
    alt_m: float = NAN
    sigma_position_m: float = NAN
    sigma_alt_m: float = NAN
    callsign: str = ""
    course_deg: float = NAN
    speed_mps: float = NAN
    opex: str = ""


def is_drop(event: CotEvent) -> bool:
    """Tell whether the sender takes it back: it was stale before it began ("drop track")."""
    return event.stale_s < event.start_s


def is_air(event: CotEvent) -> bool:
    """Tell whether it is of a thing in the air: a-AFFILIATION-A and what stands below it."""
    parts = event.type.split("-")
    return len(parts) >= 3 and parts[0] == "a" and parts[2] == "A"


def known_m(value: float) -> float:
    """Return a height or an error of the point, NaN where it stands for "not known"."""
    return NAN if abs(value) >= _UNKNOWN_FROM_M else value


def known_course_deg(value: float) -> float:
    """Return a course, NaN for what is none: gateways write 9999999 for one they do not know,
    and the point beside it is good.
    """
    return value if abs(value) <= 360.0 else NAN


def known_speed_mps(value: float) -> float:
    """Return a speed, NaN for what is none, as for courses."""
    return value if 0.0 <= value <= FASTEST_MPS else NAN


def clean(text: str, most: int) -> str:
    """Return the printable letters of a text, at most so many."""
    return "".join(letter for letter in text if letter.isprintable())[:most]


def fault_of(event: CotEvent) -> str:
    """Return what stands against an event, "" where nothing does."""
    for name in ("type", "uid"):
        text = getattr(event, name)
        if not text or len(text) > LONGEST_TEXT or not text.isprintable():
            return f"{name} is {text[:40]!r}; it must be 1 to {LONGEST_TEXT} printable letters"
    for name in ("time_s", "start_s", "stale_s"):
        if not 0.0 <= getattr(event, name) < 1e11:
            return f"{name[:-2]} is missing or no time in UTC"
    if not (abs(event.lat_deg) <= 90.0 and abs(event.lon_deg) <= 180.0):
        return f"the point is at {event.lat_deg}, {event.lon_deg}; give degrees"
    if abs(event.alt_m) > HIGHEST_M:
        return f"the point is {event.alt_m:g} m high"
    for name in ("sigma_position_m", "sigma_alt_m"):
        if getattr(event, name) < 0.0:
            return f"an error of the point is {getattr(event, name):g} m"
    if not math.isnan(event.speed_mps) and math.isnan(known_speed_mps(event.speed_mps)):
        return f"its speed is {event.speed_mps:g} m/s"
    if not math.isnan(event.course_deg) and math.isnan(known_course_deg(event.course_deg)):
        return f"its course is {event.course_deg:g} degrees"
    return ""
