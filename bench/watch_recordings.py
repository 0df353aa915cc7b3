"""What real flights are taken to be: recorded positions, seen through one simulated radar.

    TOCSIN_DATA=FOLDER python -m bench.watch_recordings

Aircraft (`opensky-uk`), oystercatchers (`birds-oystercatcher`; a fix every five minutes, so between
two fixes of a flight the way is straight, which no bird's is) and a multirotor
(`uav-gps-track`) are interpolated to the radar's looks. Printed is what the product's tracker
and identity make of them by motion alone: no class reports, no declared words.
"""

import csv
import gzip
import io
import os
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np

from bench import learn_flights
from tocsin import identity
from tocsin.geo import frame_at, to_frame
from tocsin.model import (
    LABELS,
    Coverage,
    DeclaredTable,
    DetectionBatch,
    Node,
    Sensor,
    Site,
    TrackStatus,
)
from tocsin.track import Tracker
from tocsin.units import DEG, TAU

AWAY_DEG = 0.015  # the radar stands some 2 km from a small thing
NEAR_M = 300.0
SMALL_S, AIRCRAFT_S = 120.0, 120.0
SETTLED_S = 10.0
DRONES = tuple(LABELS.index(n) for n in ("drone_multirotor", "drone_fixed_wing", "drone"))


def folder():
    """Return the folder of recordings, or None where it is not at hand."""
    path = Path(os.environ.get("TOCSIN_DATA") or "nowhere")
    return path if (path / "uav-gps-track").is_dir() else None


def uav(path):
    """Return the multirotor's (n, 4): seconds, latitude and longitude (deg), height (m)."""
    with (path / "uav-gps-track/UAV_Rot.csv").open(encoding="utf-8") as file:
        rows = [
            [float(r[k]) for k in ("timestamp", "latitude", "longitude", "altitude (m)")]
            for r in csv.DictReader(file)
        ]
    out = np.array(rows)
    out[:, 3] -= out[:, 3].min()
    return [out]


def birds(path):
    """Return the legs of oystercatchers that are on the wing: 3-25 m/s between two good fixes."""
    last, out = {}, []
    with gzip.open(path / "birds-oystercatcher/O_ASSEN-gps-2019.csv.gz") as file:
        for r in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
            if r["import-marked-outlier"] == "true" or not r["location-lat"]:
                continue
            at_s = datetime.fromisoformat(r["timestamp"] + "+00:00").timestamp()
            here = np.array(
                [at_s, float(r["location-lat"]), float(r["location-long"]), float(r["height-above-msl"])]
            )  # fmt: skip
            before = last.get(r["tag-local-identifier"])
            last[r["tag-local-identifier"]] = here
            if before is None or not 0.0 < at_s - before[0] <= 900.0:
                continue
            metres = (here[1:3] - before[1:3]) * learn_flights.METRES
            metres[1] *= np.cos(np.radians(here[1]))
            if 3.0 <= np.hypot(*metres) / (at_s - before[0]) <= 25.0:
                leg = np.stack([before, here])
                leg[:, 3] = np.clip(leg[:, 3], 10.0, 300.0)
                out.append(leg)
    return out


def aircraft(path):
    """Return the state vectors of each aircraft."""
    found = defaultdict(list)
    with (path / "opensky-uk/OpenSky_Plane_States.csv").open(encoding="utf-8") as file:
        for r in csv.DictReader(file):
            if r["geoaltitude"]:
                found[r["icao24"]].append(
                    [float(r[k]) for k in ("lastposupdate", "lat", "lon", "geoaltitude")]
                )
    out = []
    for rows in found.values():
        way = np.array(sorted(rows))
        way = way[np.append(True, np.diff(way[:, 0]) > 1.0)]
        if len(way) > 1:
            out.append(way)
    return out


def watch(ways, *, origin, seconds, range_m):
    """Return, for each way, what its track is taken to be look by look (labels), and the most
    that any class of drone got; looks before SETTLED_S are left out.
    """
    rng, frame = np.random.default_rng(3), frame_at(*origin)
    begin_s = min(way[0, 0] for way in ways)
    steps = round(seconds / 0.1) + 2
    states = np.full((steps, len(ways), 6), np.nan)
    for k, way in enumerate(ways):
        at_s = np.arange(steps) * 0.1 + begin_s
        here = (at_s >= way[0, 0]) & (at_s <= way[-1, 0])
        place = np.column_stack([np.interp(at_s, way[:, 0], way[:, c]) for c in (1, 2, 3)])
        place[:, :2] *= DEG
        place[:, 2] += origin[2]
        local = to_frame(place, frame)
        states[here, k, :3] = local[here]
        states[here, k, 3:] = np.gradient(local, 0.1, axis=0)[here]
    radar = Sensor(
        id="radar", kind="radar", lat=origin[0], lon=origin[1], alt_m=origin[2], sigma_range_m=10.0,
        sigma_azimuth_deg=0.3, sigma_elevation_deg=0.5, sigma_range_rate_mps=0.8, min_range_m=50.0,
        scan_period_s=2.0, detection_probability=0.9, false_alarms_per_scan=3.0,
        max_range_m=range_m, elevation_min_deg=-3.0, elevation_max_deg=80.0, max_radial_speed_mps=300.0,
    )  # fmt: skip
    node = Node(sites=(Site("site", "Site", *origin),))
    tracker, state = Tracker([radar], origin_deg_m=origin), identity.open_identity()
    nobody, nothing = DeclaredTable.blank(0), DetectionBatch.blank(0)
    t0_s, labels, most = learn_flights.T0_S, [[] for _ in ways], [0.0] * len(ways)
    for step in range(1, round(seconds / 0.2)):
        at_s = round(0.2 * step, 3)
        now = states[2 * step]
        if step % 10 == 0:
            there = now[np.isfinite(now[:, 0])]
            batch = learn_flights.look(rng, radar, np.zeros(3), there, at_s, 0)
            tracker.step(batch, (Coverage(0, t0_s + at_s - 1e-3, t0_s + at_s + 1e-3, 0.0, TAU, True),), now_s=t0_s + at_s)  # fmt: skip
        table = tracker.step(nothing, now_s=t0_s + at_s)
        table = table.take(table.status != TrackStatus.TENTATIVE)
        judged = identity.assess_into(state, table, nobody, node, t0_s + at_s)
        place = np.where(np.isfinite(now[:, :3]), now[:, :3], 1e9)
        for row in np.flatnonzero(t0_s + at_s - table.first_seen_s >= SETTLED_S):
            off_m = np.linalg.norm(place - table.state[row, :3], axis=1)
            k = int(off_m.argmin())
            if off_m[k] <= max(NEAR_M, 0.02 * np.linalg.norm(place[k])):
                labels[k].append(int(judged.label[row]))
                most[k] = max(most[k], float(judged.probability[row, :2].sum()))
    return labels, most


def each_alone(ways, seconds):
    """Return `watch` of small things, each with a radar of its own."""
    labels, most = [], []
    for way in ways:
        origin = (float(way[:, 1].mean()) - AWAY_DEG, float(way[:, 2].mean()), 0.0)
        one, p = watch([way], origin=origin, seconds=min(seconds, np.ptp(way[:, 0]) - 1.0), range_m=9000.0)  # fmt: skip
        labels += one
        most += p
    return labels, most


def rows():
    """Return a line a recording."""
    path, out = folder(), []
    if path is None:
        return ["recordings: set TOCSIN_DATA to their folder"]
    planes = aircraft(path)
    for name, (labels, most), must in (
        ("multirotor (uav-gps-track)", each_alone(uav(path), 950.0), "must be called a drone"),
        ("oystercatchers, legs on the wing", each_alone(birds(path), SMALL_S), "none a drone"),
        ("aircraft (opensky-uk)", watch(planes, origin=(51.47, -0.45, 0.0), seconds=AIRCRAFT_S, range_m=250_000.0), "none a drone"),
    ):  # fmt: skip
        seen = [np.isin(one, DRONES).mean() for one in labels if one]
        words = np.concatenate([one for one in labels if one]).astype(int)
        of = {LABELS[k]: float((words == k).mean()) for k in np.unique(words)}
        told = ", ".join(f"{n} {v:.0%}" for n, v in sorted(of.items(), key=lambda x: -x[1]))
        out.append(
            f"{name:34s} {len(seen)} of {len(labels)} tracked, {sum(s > 0 for s in seen)} called a drone at any"
            f" time ({must}); greatest chance of a drone {max(most):.2f}; looks: {told}"
        )  # fmt: skip
    return out


if __name__ == "__main__":
    for line in rows():
        print(line)
