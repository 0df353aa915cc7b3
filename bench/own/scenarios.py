"""Write a scenario folder: `scenarios.py SCENARIO SEED FOLDER [options]`.

Into FOLDER: site.json, sensors.json, detections.parquet (what a tracker may know), and
truth.parquet, origins.parquet and, with --bias, biases.json (for judging). Angles are degrees;
a sensor measures in its own tangent frame; what is not measured is NaN; rows come in the order
of arrival. Truth is at whole seconds in the site's frame; `observable`: one ranging sensor, or
two others, cover the target.
"""

import argparse
import dataclasses
import json
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.own.flights import KINDS, at_time, fly, target
from tocsin.geo import frame_at, from_frame
from tocsin.model import Sensor
from tocsin.sensor import _kernels as ks
from tocsin.sensor import detection_probability, measure, pack
from tocsin.units import DEG

SITE = {"name": "own scene", "lat": 52.0, "lon": 13.0, "alt_m": 60.0, "t0": 1_780_000_000.0}
ORIGIN = SITE["lat"], SITE["lon"], SITE["alt_m"]
MEASURED = ("range_m", "azimuth_deg", "elevation_deg", "range_rate_mps")
REACH_M = {
    "radar": (9000.0, 6000.0, 4500.0, 10_000.0),
    "camera": (3000.0, 2000.0, 1200.0, 4000.0),
    "acoustic": (4000.0, 1200.0, 1.0, 4000.0),
    "rf": (1.0, 8000.0, 1.0, 1.0),  # control and video links, which only some drones have
}
USUAL = {
    "radar": {
        "sigma_range_m": 8.0, "sigma_azimuth_deg": 0.7, "sigma_elevation_deg": 1.5,
        "sigma_range_rate_mps": 0.8, "max_range_m": 10_000.0, "min_range_m": 50.0,
    },
    "camera": {
        "sigma_azimuth_deg": 0.1, "sigma_elevation_deg": 0.1, "scan_period_s": 0.5,
        "detection_probability": 0.8, "false_alarms_per_scan": 0.2, "max_range_m": 4000.0,
    },
    "acoustic": {
        "sigma_azimuth_deg": 2.5, "sigma_elevation_deg": 4.0, "scan_period_s": 0.5,
        "detection_probability": 0.8, "false_alarms_per_scan": 0.3, "max_range_m": 4000.0,
    },
    "rf": {
        "sigma_azimuth_deg": 2.0, "scan_period_s": 2.0, "detection_probability": 0.85,
        "false_alarms_per_scan": 0.3, "max_range_m": 10_000.0,
    },
}  # fmt: skip


def sensor(kind, name, east_m, north_m, up_m=5.0, **changes):
    place = from_frame(np.array([[east_m, north_m, up_m]], dtype=float), frame_at(*ORIGIN))[0]
    return Sensor(**{
        "id": name, "kind": kind, "lat": place[0] / DEG, "lon": place[1] / DEG,
        "alt_m": place[2], "elevation_min_deg": -3.0, "elevation_max_deg": 60.0,
        "max_range_by_kind_m": dict(zip(KINDS, REACH_M[kind])), **USUAL[kind], **changes,
    })  # fmt: skip


def radars(**changes):
    return [
        sensor("radar", "radar-1", -1700, -700, phase_s=0.11, **changes),
        sensor("radar", "radar-2", 1600, -900, phase_s=0.52, scan_period_s=1.05,
               sigma_range_m=12.0, sigma_azimuth_deg=0.9, **changes),
        sensor("radar", "radar-3", -100, 1900, phase_s=0.77, scan_period_s=0.95,
               sigma_range_m=5.0, sigma_azimuth_deg=0.5, sigma_elevation_deg=1.0,
               sigma_range_rate_mps=0.4, detection_probability=0.85, **changes),
    ]  # fmt: skip


def inbound(rng, kind, far_m, up_m, bends, swing_m, **more):
    """From that far away to the site, with so many bends on the way."""
    bearing = rng.uniform(0, 2 * np.pi)
    begin = np.array([far_m * np.sin(bearing), far_m * np.cos(bearing), up_m])
    end = np.array([0.0, 0.0, 30.0])
    share = np.linspace(0, 1, bends + 2)[:, None]
    ways = begin + share * (end - begin)
    ways[1:-1, :2] += rng.normal(0, swing_m, (bends, 2)) * (1 - share[1:-1])
    return target(rng, kind, ways, **more)


def roaming(rng, kind, extent_m, low_m, high_m, legs, **more):
    ways = np.column_stack([
        rng.uniform(-extent_m, extent_m, (legs, 2)), rng.uniform(low_m, high_m, legs)
    ])  # fmt: skip
    return target(rng, kind, ways, **more)


def pair(rng, scale, area):
    begins = rng.uniform(20, 60), rng.uniform(320, 420)
    targets = [
        inbound(rng, "fixed_wing", rng.uniform(16_000, 20_000), rng.uniform(150, 350), 4, 900.0,
                begin_s=begin) for begin in begins
    ]  # fmt: skip
    return 900.0, [*radars(), sensor("camera", "camera-1", 0, 0, 20.0, phase_s=0.05)], targets


def mixed(rng, scale, area):
    sensors = [
        sensor("radar", "radar-1", -1200, -500, phase_s=0.2, false_alarms_per_scan=15.0,
               min_radial_speed_mps=1.0),
        sensor("radar", "radar-2", 1500, 900, phase_s=0.6, scan_period_s=1.1, sigma_range_m=12.0,
               sigma_azimuth_deg=0.9, false_alarms_per_scan=25.0, detection_probability=0.85,
               min_radial_speed_mps=1.0),
        sensor("camera", "camera-1", 0, 0, 20.0, phase_s=0.1, false_alarms_per_scan=1.0),
        sensor("rf", "rf-1", 600, -1400, phase_s=0.4),
    ]  # fmt: skip
    targets = [
        inbound(rng, "fixed_wing", rng.uniform(9000, 13_000), rng.uniform(80, 300), 3, 900.0,
                begin_s=rng.uniform(0, 250)) for _ in range(4)
    ]  # fmt: skip
    targets += [
        roaming(rng, "quadcopter", 3000, 40, 160, 12, begin_s=rng.uniform(0, 120),
                rest_s=rng.uniform(0, 8)) for _ in range(6)
    ]  # fmt: skip
    targets += [
        roaming(rng, "bird", 2500, 20, 180, 30, begin_s=rng.uniform(0, 60)) for _ in range(15)
    ]
    for _ in range(3):
        bearing, up = rng.uniform(0, 2 * np.pi), rng.uniform(500, 1500)
        east, north = 14_000 * np.array([np.sin(bearing), np.cos(bearing)])
        over = [*rng.uniform(-4000, 4000, 2), up]
        ways = [[east, north, up], over, [-east, -north, up]]
        targets.append(target(rng, "aircraft", ways, begin_s=rng.uniform(0, 200)))
    return 600.0, sensors, targets


def swarm(rng, scale, area):
    targets = []
    for _ in range(max(1, int(10 * scale))):
        lead = inbound(
            rng, "fixed_wing", rng.uniform(6500, 8500), rng.uniform(100, 250), 2, 500.0
        )
        speed, begin = rng.uniform(28, 38), rng.uniform(0, 40)
        grid = 20.0 * np.array([(n % 5, n // 5) for n in range(20)], dtype=float)
        grid += rng.normal(0, 4, grid.shape)
        for off in grid - grid.mean(axis=0):
            ways = lead.waypoints + np.array([*off, rng.normal(0, 8)])
            own = speed * (1 + rng.normal(0, 0.004))
            targets.append(target(rng, "fixed_wing", ways, speed_mps=own, begin_s=begin))
    return 300.0, radars(false_alarms_per_scan=200.0 * scale), targets


def dense(rng, scale, area):
    side = np.sqrt(area)
    reach = 14_000.0 * side
    sensors = [
        sensor("radar", f"radar-{n + 1}", e * side, m * side, phase_s=phase, max_range_m=reach,
               max_range_by_kind_m=dict.fromkeys(KINDS, reach),
               false_alarms_per_scan=300.0 * scale * area, sigma_azimuth_deg=0.7 / side,
               sigma_elevation_deg=1.5 / side)
        for n, (e, m, phase) in enumerate(
            [(-4000, -4000, 0.1), (4000, -4000, 0.35), (-4000, 4000, 0.6), (4000, 4000, 0.85)]
        )
    ]  # fmt: skip
    kinds = rng.choice(KINDS, size=max(1, int(1000 * scale * area)), p=[0.4, 0.3, 0.2, 0.1])
    return 120.0, sensors, [
        roaming(rng, str(kind), 8000 * side, 50, 400, 6,
                begin_s=float(rng.choice([0.0, rng.uniform(0, 60)]))) for kind in kinds
    ]  # fmt: skip


def bearing(rng, scale, area):
    sensors = [
        sensor("camera", "camera-1", -900, -700, 15.0, phase_s=0.05),
        sensor("camera", "camera-2", 900, -600, 15.0, phase_s=0.3),
        sensor("acoustic", "acoustic-1", 0, 900, phase_s=0.15),
        sensor("acoustic", "acoustic-2", -200, -1200, phase_s=0.4),
    ]
    targets = [
        inbound(rng, "fixed_wing", rng.uniform(5000, 8000), rng.uniform(100, 250), 2, 500.0,
                begin_s=rng.uniform(0, 80)) for _ in range(3)
    ]  # fmt: skip
    targets += [
        roaming(rng, "quadcopter", 700, 40, 120, 12, begin_s=rng.uniform(0, 30), rest_s=3.0)
        for _ in range(2)
    ]
    return 300.0, sensors, targets


def crossing(rng, scale, area):
    targets = []
    for _ in range(4):  # pairs that meet at 8 to 20 degrees
        up, heading = rng.uniform(80, 250), rng.uniform(0, 2 * np.pi)
        half, meet = np.radians(rng.uniform(4, 10)), rng.uniform(-2500, 2500, 2)
        for way in (heading - half, heading + half):
            along = 4000 * np.array([np.sin(way), np.cos(way)])
            ways = [[*(meet - along), up], [*(meet + along), up]]
            targets.append(target(rng, "fixed_wing", ways, speed_mps=38.0))
    for _ in range(3):  # three abreast, 25 m apart
        up, heading = rng.uniform(80, 250), rng.uniform(0, 2 * np.pi)
        along = np.array([np.sin(heading), np.cos(heading)])
        across = np.array([along[1], -along[0]])
        middle, turn = rng.uniform(-2000, 2000, 2), across * rng.normal(0, 600)
        for n in (-1, 0, 1):
            off = 25.0 * n * across
            ways = [
                middle - 4000 * along + off,
                middle + turn + off,
                middle + 4000 * along + off,
            ]
            targets.append(target(rng, "fixed_wing", [[*p, up] for p in ways], speed_mps=38.0))
    return 240.0, radars(false_alarms_per_scan=10.0), targets


SCENARIOS = {f.__name__: f for f in (pair, mixed, swarm, dense, bearing, crossing)}


def covered(table, k, kinds, state):
    """Tell which targets the sensor in row k can see."""
    out = np.zeros(len(state), dtype=bool)
    for n, kind in enumerate(KINDS):
        own = kinds == n
        out[own] = detection_probability(table, k, state[own], kind=kind) > 0.0
    return out


def look(rng, table, k, kinds, state, there, bias):
    """Return what one scan reports (m, 4), angles in radians, and whose each is (-1: nobody's)."""
    s = table.packed[k]
    seen = there & covered(table, k, kinds, state) & (rng.random(len(state)) < s[ks.DETECTION])
    whose = np.flatnonzero(seen)
    z = measure(table, k, state[whose]) + bias
    z += np.nan_to_num(s[ks.SIGMA : ks.SIGMA + 4]) * rng.standard_normal(z.shape)
    count = rng.poisson(s[ks.FALSE_ALARMS])
    false = np.column_stack([
        rng.uniform(s[ks.MIN_RANGE_M], s[ks.MAX_RANGE_M], count), s[ks.AZIMUTH_CENTER] + s[ks.AZIMUTH_HALF] * rng.uniform(-1, 1, count),
        rng.uniform(s[ks.ELEVATION_MIN], s[ks.ELEVATION_MAX], count), rng.uniform(-s[ks.MAX_RADIAL], s[ks.MAX_RADIAL], count),
    ])  # fmt: skip
    z = np.vstack([z, false])
    z[:, 1] %= 2 * np.pi
    z[:, np.isnan(s[ks.SIGMA : ks.SIGMA + 4])] = np.nan
    order = rng.permutation(len(z))
    return z[order], np.concatenate([whose, np.full(count, -1)])[order]


def generate(name, seed, *, duration_s=None, late=0.0, late_mean_s=3.0, biased=False, salt="",
             scale=1.0, area=1.0):  # fmt: skip
    """Return {file name: its content}: dictionaries for JSON, columns for Parquet."""
    key = zlib.crc32(f"own|{name}|{salt}".encode())
    rng, senses, delays, errors = (np.random.default_rng([key, seed, n]) for n in range(4))
    usual_s, sensors, targets = SCENARIOS[name](rng, scale, area)
    duration = usual_s if duration_s is None else duration_s
    states, there = fly(rng, targets, duration)
    kinds = np.array([KINDS.index(t.kind) for t in targets])
    table = pack(sensors, frame_at(*ORIGIN))
    bias = np.zeros((len(sensors), 4))
    if biased:
        bias[:, :3] = errors.normal(0, [15.0, 0.6 * DEG, 0.6 * DEG], (len(sensors), 3))
    scans = []
    for k, s in enumerate(sensors):
        for at_s in np.arange(s.phase_s, duration, s.scan_period_s):
            z, whose = look(senses, table, k, kinds, *at_time(states, there, at_s), bias[k])
            delay_s = delays.exponential(late_mean_s) if delays.random() < late else 0.0
            scans.append((at_s + delay_s, at_s, s.id, z, whose))
    scans.sort(key=lambda scan: scan[:3])
    sizes, z = [len(scan[3]) for scan in scans], np.vstack([scan[3] for scan in scans])
    z[:, 1:3] /= DEG
    detections = {
        "time_s": SITE["t0"] + np.repeat([scan[1] for scan in scans], sizes),
        "arrival_s": SITE["t0"] + np.repeat([scan[0] for scan in scans], sizes),
        "sensor_id": np.repeat([scan[2] for scan in scans], sizes),
        **{column: z[:, n] for n, column in enumerate(MEASURED)},
    }
    options = {
        "scenario": name, "seed": seed, "duration_s": duration, "late": late,
        "biased": biased, "scale": scale, "area": area,
    }  # fmt: skip
    files = {
        "site.json": {**SITE, **options},
        "sensors.json": [dataclasses.asdict(s) for s in sensors],
        "detections.parquet": detections,
        "truth.parquet": truth_of(table, kinds, states, there, int(duration)),
        "origins.parquet": {"target_id": np.concatenate([scan[4] for scan in scans])},
    }
    if biased:
        files["biases.json"] = {
            s.id: dict(zip(MEASURED[:3], (b[:3] / [1.0, DEG, DEG]).tolist()))
            for s, b in zip(sensors, bias)
        }
    return files


def truth_of(table, kinds, states, there, seconds):
    parts = []
    ranging = np.isfinite(table.packed[:, ks.SIGMA])
    for t in range(seconds):
        state, flying = at_time(states, there, float(t))
        seen = np.array([covered(table, k, kinds, state) for k in range(len(ranging))])
        visible = seen[ranging].any(axis=0) | (seen[~ranging].sum(axis=0) >= 2)
        who = np.flatnonzero(flying)
        parts.append((np.full(len(who), SITE["t0"] + t), who, state[who], visible[who]))
    time_s, who, state, visible = (np.concatenate(column) for column in zip(*parts))
    names = ("east_m", "north_m", "up_m", "ve", "vn", "vu")
    return {
        "time_s": time_s, "target_id": who, "kind": np.array(KINDS)[kinds[who]],
        **{name: state[:, n] for n, name in enumerate(names)}, "observable": visible,
    }  # fmt: skip


def write(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if name.endswith(".json"):
            (folder / name).write_text(json.dumps(content, indent=1) + "\n")
        else:
            pq.write_table(pa.table(content), folder / name)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("seed", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--duration", type=float)
    parser.add_argument("--late", type=float, default=0.0)
    parser.add_argument("--late-mean", type=float, default=3.0)
    parser.add_argument("--bias", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--area", type=float, default=1.0)
    parser.add_argument("--salt", default="")
    a = parser.parse_args(words)
    files = generate(
        a.scenario, a.seed, duration_s=a.duration, late=a.late, late_mean_s=a.late_mean,
        biased=a.bias, salt=a.salt, scale=a.scale, area=a.area,
    )  # fmt: skip
    write(files, a.folder)
    print(f"{a.scenario} {a.seed}: {len(files['detections.parquet']['time_s'])} detections")


if __name__ == "__main__":
    main()
