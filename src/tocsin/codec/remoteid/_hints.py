"""Signs that what a drone says of itself does not hold together.

Hints are no proof: a bad receiver in the drone gives the same signs as somebody who pretends.
"""

import math
import re
from dataclasses import dataclass

from tocsin.units import DEG, EARTH_A_M

__all__ = ["FIXES", "Fix", "Hint", "is_elsewhere", "is_jump", "is_serial", "moves_otherwise"]


class Hint:
    """What can be wrong with a declaration; the words are for people."""

    CLOCK = "its time is not the time of day"
    JUMP = "its position jumps further than a drone flies"
    MOTION = "it does not move as fast as it says"
    CLONE = "the same id is sent from two places at once"
    SERIAL = "its serial number is not of the standard's form"


FIXES = 12  # positions that are kept of each transmitter
WINDOW_S = 5.0  # over which motion is judged
TOP_SPEED_MPS = 150.0  # above any drone that sends Remote ID
JUMP_M = 50.0
CLONE_S = 10.0  # positions further apart in time are not compared
CLONE_M = 500.0
SLACK_M = 30.0  # of path: what position noise adds over the window
SIGMA_CAP_M = 100.0  # a drone may not excuse everything by claiming to know nothing

# ANSI/CTA-2063-A: manufacturer (4), length of the rest (1 to 9, A to F), the rest; no O, no I.
_SERIAL = re.compile(r"[0-9A-HJ-NP-Z]{4}([1-9A-F])([0-9A-HJ-NP-Z]{1,15})")


@dataclass(slots=True)
class Fix:
    """One declared position, with the speed said beside it (NaN: none) and its sigma."""

    time_s: float
    lat_deg: float
    lon_deg: float
    speed_mps: float
    sigma_m: float


def is_serial(text: str) -> bool:
    """Tell whether a serial number has the form of ANSI/CTA-2063-A."""
    match = _SERIAL.fullmatch(text)
    return match is not None and len(match[2]) == int(match[1], 16)


def _distance_m(a: Fix, b: Fix) -> float:
    """Return metres on a sphere, by the haversine; good to 0.5 %."""
    lat = math.sin((b.lat_deg - a.lat_deg) * DEG / 2.0)
    lon = math.sin((b.lon_deg - a.lon_deg) * DEG / 2.0)
    both = math.cos(a.lat_deg * DEG) * math.cos(b.lat_deg * DEG)
    return 2.0 * EARTH_A_M * math.asin(math.sqrt(min(1.0, lat * lat + both * lon * lon)))


def _slack_m(a: Fix, b: Fix) -> float:
    return 3.0 * min(SIGMA_CAP_M, max(a.sigma_m, b.sigma_m))


def is_jump(before: Fix, after: Fix) -> bool:
    """Tell whether no drone gets from one to the other in the time between."""
    reach_m = TOP_SPEED_MPS * abs(after.time_s - before.time_s)
    return _distance_m(before, after) > reach_m + JUMP_M + _slack_m(before, after)


def is_elsewhere(one: Fix, other: Fix) -> bool:
    """Tell whether two positions of about the same time cannot be of one drone."""
    apart_s = abs(one.time_s - other.time_s)
    if apart_s > CLONE_S:
        return False
    return _distance_m(one, other) > CLONE_M + TOP_SPEED_MPS * apart_s + _slack_m(one, other)


def moves_otherwise(fixes: list[Fix]) -> bool:
    """Tell whether the path of the last WINDOW_S is not what the speeds said add up to."""
    path_m = said_m = 0.0
    slack_m = SLACK_M
    newest = fixes[-1]
    for before, after in zip(reversed(fixes[:-1]), reversed(fixes[1:])):
        step_s = after.time_s - before.time_s
        speed_mps = (before.speed_mps + after.speed_mps) / 2.0
        if math.isnan(speed_mps) or step_s <= 0.0:
            return False
        path_m += _distance_m(before, after)
        said_m += speed_mps * step_s
        slack_m = max(slack_m, SLACK_M + _slack_m(before, after))
        if newest.time_s - before.time_s >= WINDOW_S:
            return abs(path_m - said_m) > max(slack_m, 0.5 * said_m)
    return False
