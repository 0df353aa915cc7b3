"""What a log says of one moment, and which of it cannot have been."""

import math
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

__all__ = ["Fix", "note", "number", "sieve"]

NAN = math.nan
SPEED_LIMIT_MPS = 120.0  # no drone and no bird; a fix that is nearer to none of its neighbours
SPIKE_MPS = 10.0  # up and down again (or down and up) faster than that: the height is wrong
LOWEST_M, HIGHEST_M = -430.0, 20_000.0  # the shore of the Dead Sea; no drone is higher
SAID_LIMIT_MPS = 30.0  # a speed beyond it has to be borne out by the way to a neighbour
EARTH_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Fix:
    """time_s: Unix UTC; degrees; height over the sea, m; NaN and "" where nothing is said.

    who: the thing's own name, where a log has several.
    """

    time_s: float
    lat_deg: float
    lon_deg: float
    height_msl_m: float = NAN
    east_mps: float = NAN
    north_mps: float = NAN
    up_mps: float = NAN
    who: str = ""


def number(said: dict[str, Any], name: str, step: float = 1.0) -> float:
    """Return a field in its unit; NaN where it is not there, or the log calls it a text."""
    value = said.get(name)
    return value * step if isinstance(value, int | float) else NAN


def note(counts: dict[str, int], reason: str) -> None:
    """Count one that is left out."""
    counts[reason] = counts.get(reason, 0) + 1


def sieve(fixes: list[Fix], counts: dict[str, int]) -> list[Fix]:
    """Return the fixes in the order of time, without what no thing flies.

    Positions that are none or lie off both neighbours are left out; heights and speeds that
    cannot be are taken off their fix. Each is counted.
    """
    sound = []
    for fix in fixes:
        is_place = abs(fix.lat_deg) <= 90.0 and abs(fix.lon_deg) <= 180.0
        if not is_place or (fix.lat_deg == 0.0 and fix.lon_deg == 0.0):
            note(counts, "no position")
        elif not 0.0 < fix.time_s < 1e11:
            note(counts, "no time")
        else:
            sound.append(fix)
    sound.sort(key=lambda fix: (fix.who, fix.time_s))
    kept: list[Fix] = []
    for _, group in groupby(sound, key=lambda fix: fix.who):
        kept += _sieved(list(group), counts)
    return sorted(kept, key=lambda fix: fix.time_s)


def _sieved(fixes: list[Fix], counts: dict[str, int]) -> list[Fix]:
    near = [_speed_mps(a, b) <= SPEED_LIMIT_MPS for a, b in pairwise(fixes)]
    places = []
    for k, fix in enumerate(fixes):
        sides = near[max(0, k - 1) : k + 1]
        if sides and not any(sides):
            note(counts, "implausible position")
        else:
            places.append(fix)
    return [
        _mended(fix, places[max(0, k - 1) : k], places[k + 1 : k + 2], counts)
        for k, fix in enumerate(places)
    ]


def _mended(fix: Fix, before: list[Fix], after: list[Fix], counts: dict[str, int]) -> Fix:
    height = fix.height_msl_m
    climbs = [_climb_mps(one, fix) for one in (*before, *after)]
    is_spike = len(climbs) == 2 and (
        min(climbs) > SPIKE_MPS or max(climbs) < -SPIKE_MPS
    )  # higher than both neighbours, or lower
    if not math.isnan(height) and (is_spike or not LOWEST_M <= height <= HIGHEST_M):
        note(counts, "implausible height")
        fix = replace(fix, height_msl_m=NAN)
    said = math.hypot(fix.east_mps, fix.north_mps)
    borne_out = max((_speed_mps(fix, one) for one in (*before, *after)), default=NAN)
    if said > SAID_LIMIT_MPS and not said <= 2.0 * borne_out:
        note(counts, "implausible speed")
        fix = replace(fix, east_mps=NAN, north_mps=NAN)
    return fix


def _climb_mps(other: Fix, fix: Fix) -> float:
    """Return how fast the height changes from a neighbour to a fix; NaN: not said."""
    apart_s = max(abs(fix.time_s - other.time_s), 0.1)
    return (fix.height_msl_m - other.height_msl_m) / apart_s


def _speed_mps(a: Fix, b: Fix) -> float:
    north = math.radians(b.lat_deg - a.lat_deg)
    east = math.radians((b.lon_deg - a.lon_deg + 180.0) % 360.0 - 180.0)
    east *= math.cos(math.radians(0.5 * (a.lat_deg + b.lat_deg)))
    return EARTH_M * math.hypot(north, east) / max(abs(b.time_s - a.time_s), 0.1)
