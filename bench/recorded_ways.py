"""Flights out of recordings of positions, as a radar at a demo site would have them pass by.

A way is an array (n, 7): seconds, then east, north and height in metres about the middle of the
flight, then the reported velocity in m/s; NaN where the recording gives none. `along` flies it.
What lies between two rows is interpolated: with the reported velocities by a cubic (Hermite),
else straight. Where the flight was on earth is left out: `moved` puts its middle where it is wanted.
"""

import csv
import gzip
import io
import itertools
import os
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np

from tocsin.units import DEG

METRES = 6_371_000.0 * DEG
GAP_S = 60.0  # aircraft: a longer silence parts a flight into two
STRETCH_S = 180.0  # and a flight is shown in parts of about so long
ALONE_S = 30.0  # flights shorter than twice this are flown on by their own velocity, both ways
OFF_MPS = 25.0  # a row is left out where the way to it differs so much from the velocities
LEG_M, LEG_GAP_S = 300.0, 900.0  # birds: who is that far away at the next fix has flown there
ERROR_M = 50.0  # fixes whose own stated error is greater are left out
WING_MPS = (4.0, 25.0)  # a fix that reports such a speed is of a bird on the wing
PAST_S = 30.0  # how long a single fix on the wing is flown on, both ways
BIRD_HEIGHT_M = (15.0, 300.0)  # reported heights are off by hundreds of metres


def folder():
    """Return the folder of recordings, or None where it is not at hand."""
    path = Path(os.environ.get("TOCSIN_DATA") or "nowhere")
    return path if (path / "uav-gps-track").is_dir() else None


def uav(path):
    """Return the multirotor's way, heights above where it took off."""
    with (path / "uav-gps-track/UAV_Rot.csv").open(encoding="utf-8") as file:
        rows = [
            [float(r[k]) for k in ("timestamp", "latitude", "longitude", "altitude (m)")]
            for r in csv.DictReader(file)
        ]
    way = _way(np.array(rows))
    way[:, 3] -= way[:, 3].min()
    return {"multirotor": way}


def aircraft(path):
    """Return the flights of each aircraft in parts: {address: [way, ...]}, no silence in any."""
    found = defaultdict(list)
    with (path / "opensky-uk/OpenSky_Plane_States.csv").open(encoding="utf-8") as file:
        for r in csv.DictReader(file):
            if r["geoaltitude"]:
                course = float(r["heading"]) * DEG
                speed = float(r["velocity"])
                found[r["icao24"]].append(
                    [float(r[k]) for k in ("lastposupdate", "lat", "lon", "geoaltitude")]
                    + [
                        speed * np.sin(course),
                        speed * np.cos(course),
                        float(r["vertrate"] or 0),
                    ]
                )
    return {name: _parts(np.array(sorted(rows))) for name, rows in found.items()}


def _parts(rows):
    rows = rows[np.append(True, np.diff(rows[:, 0]) > 1.0)]
    out = []
    for flight in np.split(rows, np.flatnonzero(np.diff(rows[:, 0]) > GAP_S) + 1):
        way = _sane(_way(flight))
        if np.ptp(way[:, 0]) < 2.0 * ALONE_S:
            way = flown_on(way, ALONE_S)
        count = max(1, round(np.ptp(way[:, 0]) / STRETCH_S))
        cuts = np.linspace(0, len(way) - 1, count + 1).round().astype(int)
        out += [_about_middle(way[a : b + 1]) for a, b in itertools.pairwise(cuts)]
    return out


def _sane(way):
    """Leave out rows that the velocity of the row before and its own say it cannot have flown to."""
    keep = [0]
    for k in range(1, len(way)):
        step_s = way[k, 0] - way[keep[-1], 0]
        flown = 0.5 * (way[k, 4:] + way[keep[-1], 4:])
        off = np.linalg.norm((way[k, 1:4] - way[keep[-1], 1:4]) / step_s - flown)
        if off <= OFF_MPS:
            keep.append(k)
    return way[keep]


def birds(path):
    """Return the flights of the oystercatchers: straight ways between fixes that are far apart,
    at the speed that a fix reports or else as they usually fly, and what each other fix on the
    wing says of the seconds about it.
    """
    fixes = _fixes(path / "birds-oystercatcher/O_ASSEN-gps-2019.csv.gz")
    flying = (fixes[:, 5] >= WING_MPS[0]) & (fixes[:, 5] <= WING_MPS[1])
    usual = float(np.median(fixes[flying, 5]))
    out, used = {}, set()
    for k in range(len(fixes) - 1):
        a, b = fixes[k], fixes[k + 1]
        if a[0] != b[0] or b[1] - a[1] > LEG_GAP_S:
            continue
        leg = _way(np.stack([a, b])[:, 1:5])
        far_m = float(np.linalg.norm(leg[1, 1:3] - leg[0, 1:3]))
        if far_m < LEG_M:
            continue
        speed = max([fixes[i, 5] for i in (k, k + 1) if flying[i]], default=usual)
        leg[:, 0] = 0.0, far_m / max(speed, far_m / (b[1] - a[1]))
        out[f"leg {k}"] = leg
        used |= {k, k + 1}
    for k in np.flatnonzero(flying):
        if int(k) not in used:
            course = fixes[k, 6] * DEG
            speed = fixes[k, 5] * np.array([np.sin(course), np.cos(course), 0.0])
            out[f"fix {k}"] = flown_on(_way(np.append(fixes[k, 1:5], speed)[None]), PAST_S)
    for way in out.values():
        way[:, 3] = np.clip(way[:, 3], *BIRD_HEIGHT_M)
    return out


def _fixes(path):
    """Return (n, 7): bird, seconds, latitude, longitude, height, ground speed, heading."""
    rows = []
    with gzip.open(path) as file:
        for r in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
            bad = r["import-marked-outlier"] == "true" or not r["location-lat"]
            if bad or not float(r["location-error-numerical"] or "inf") <= ERROR_M:
                continue
            at_s = datetime.fromisoformat(r["timestamp"] + "+00:00").timestamp()
            names = (
                "location-lat", "location-long", "height-above-msl", "ground-speed", "heading"
            )  # fmt: skip
            values = [float(r[name] or "nan") for name in names]
            rows.append([float(r["tag-local-identifier"]), at_s, *values])
    return np.array(sorted(rows))


def _way(rows):
    """Return the way of rows (n, 4 or 7): seconds, latitude, longitude (deg), height (m), and
    the velocity where it is given.
    """
    middle = rows[len(rows) // 2, 1:3]
    way = np.full((len(rows), 7), np.nan)
    way[:, 0] = rows[:, 0]
    way[:, 1] = (rows[:, 2] - middle[1]) * METRES * np.cos(middle[0] * DEG)
    way[:, 2] = (rows[:, 1] - middle[0]) * METRES
    way[:, 3] = rows[:, 3]
    way[:, 4 : rows.shape[1]] = rows[:, 4:]
    return _about_middle(way)


def _about_middle(way):
    out = way.copy()
    out[:, 1:3] -= 0.5 * (way[:, 1:3].min(0) + way[:, 1:3].max(0))
    return out


def flown_on(way, seconds):
    """Return the way, gone on with by its first and its last velocity for so many seconds."""
    before, after = way[:1].copy(), way[-1:].copy()
    for row, dt in ((before, -seconds), (after, seconds)):
        row[:, 0] += dt
        row[:, 1:4] += dt * row[:, 4:]
    return np.vstack([before, way, after])


def moved(way, east_m, north_m):
    """Return the way with its middle there and its first row at second 0."""
    out = way.copy()
    out[:, 0] -= out[0, 0]
    out[:, 1:3] += (east_m, north_m)
    return out


def along(way, at_s):
    """Return states (n, 6) at times at_s (n,), NaN before the first row and after the last."""
    k = np.clip(np.searchsorted(way[:, 0], at_s, side="right") - 1, 0, len(way) - 2)
    a, b = way[k], way[k + 1]
    step = (b[:, 0] - a[:, 0])[:, None]
    u = (at_s - a[:, 0])[:, None] / step
    chord = (b[:, 1:4] - a[:, 1:4]) / step
    known = np.isfinite(way[:, 4:]).all()
    va, vb = (a[:, 4:], b[:, 4:]) if known else (chord, chord)
    out = np.empty((len(at_s), 6))
    out[:, :3] = (
        a[:, 1:4] * (1.0 + 2.0 * u) * (1.0 - u) ** 2
        + b[:, 1:4] * u**2 * (3.0 - 2.0 * u)
        + step * (va * u * (1.0 - u) ** 2 - vb * u**2 * (1.0 - u))
    )
    out[:, 3:] = (
        6.0 * u * (1.0 - u) * chord
        + va * (1.0 - u) * (1.0 - 3.0 * u)
        - vb * u * (2.0 - 3.0 * u)
    )
    out[(at_s < way[0, 0]) | (at_s > way[-1, 0])] = np.nan
    return out
