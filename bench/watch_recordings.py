"""What real flights are taken to be: recorded positions, moved to a demo site and seen by its radar.

    TOCSIN_DATA=FOLDER python -m bench watch --only recordings

Aircraft (`opensky-uk`), oystercatchers (`birds-oystercatcher`) and a multirotor (`uav-gps-track`)
pass by a radar (`bench.recorded_ways` says how they are flown between two rows; where on earth they
were is left out). Small things are seen by the demo's counter-drone radar; the multirotor by one without
its Doppler notch too, for it stands still for a third of its flight. That radar looks up to 30 degrees and 16 km, so
aircraft at their heights are seen by a surveillance radar. Printed is what the product's tracker and
identity make of them by motion alone: no class reports, no declared words. Remote ID captures go through
the product's replay as they are.
"""

import contextlib
import dataclasses
import io
import json
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench import recorded_ways
from bench.learn_flights import T0_S
from tocsin import identity
from tocsin.cli.replay import replay
from tocsin.codec.site_toml import read_site
from tocsin.model import (
    LABELS,
    Coverage,
    DeclaredTable,
    DetectionBatch,
    Node,
    Site,
    TrackStatus,
)
from tocsin.sim.site import default_site
from tocsin.track import Tracker
from tocsin.units import DEG, TAU

TICK_S = 0.2
TOGETHER = 8  # flights at once about one radar, evenly around it
NEAR_M, NEAR_SHARE = 200.0, 0.03  # a track so near to a flight is of it
FAR_M = 1e9  # where what is not in the air is
SETTLED_S = 10.0  # looks before it do not count
SURE, LIKELY = 0.9, 0.5
STOOD_S, STOOD_MPS, STOOD_M = 20.0, 1.5, 20.0  # so long below this speed above this height
PLACES = 8  # about the radar that the multirotor's flight is flown at
DRONES = tuple(LABELS.index(n) for n in ("drone_multirotor", "drone_fixed_wing", "drone"))
SMALL_M, MULTIROTOR_M, AIRCRAFT_M = (1500.0, 4000.0), (2000.0, 6000.0), (20_000.0, 40_000.0)


class Taken(NamedTuple):
    """What one flight was taken to be, look by look."""

    tracked_s: list  # one number
    labels: list
    chance: list  # of any class of drone
    stood: list  # whether it had truly been standing still in the air for STOOD_S


def demo_radar():
    """Return the radar of the demo's first site."""
    node = read_site(default_site(T0_S).encode(), "the demo's site")
    return next(s for s in node.sensors if s.kind == "radar")


def without_notch(radar):
    """Return the radar as one that sees what stands still too."""
    return dataclasses.replace(radar, min_radial_speed_mps=None)


def surveillance(radar):
    """Return a radar for aircraft at the place of another one."""
    return dataclasses.replace(
        radar, id="surveillance", scan_period_s=4.0, sigma_range_m=40.0, sigma_azimuth_deg=0.15,
        max_range_m=80_000.0, min_range_m=500.0, elevation_max_deg=60.0, max_radial_speed_mps=330.0,
        min_radial_speed_mps=None, detection_probability=0.9,
    )  # fmt: skip


def placed(ways, span_m, rng):
    """Return the ways about a radar: evenly around it, the middles in a span of distances (m)."""
    off = rng.uniform(0.0, TAU)
    out = []
    for k, way in enumerate(ways):
        away, angle = rng.uniform(*span_m), off + TAU * k / len(ways)
        out.append(recorded_ways.moved(way, away * np.sin(angle), away * np.cos(angle)))
    return out


def look(rng, radar, states, at_s):
    """Return what the radar at the origin reports of states (n, 6), and false alarms."""
    place, away = states[:, :3], np.linalg.norm(states[:, :3], axis=1)
    rate = (place * states[:, 3:]).sum(1) / away
    up = np.arctan2(place[:, 2], np.hypot(place[:, 0], place[:, 1])) / DEG
    seen = (away >= radar.min_range_m) & (away <= radar.max_range_m)
    seen &= (up >= radar.elevation_min_deg) & (up <= radar.elevation_max_deg)
    seen &= np.abs(rate) >= (radar.min_radial_speed_mps or 0.0)
    seen &= np.abs(rate) <= radar.max_radial_speed_mps
    seen &= rng.random(len(states)) < radar.detection_probability
    false = rng.poisson(radar.false_alarms_per_scan)
    batch = DetectionBatch.blank(int(seen.sum()) + false)
    batch.time_s[:] = batch.arrival_s[:] = T0_S + at_s
    batch.sensor[:] = 0

    def measured(true, low, high, sigma):
        noise = sigma * rng.standard_normal(int(seen.sum()))
        return np.concatenate([true[seen] + noise, rng.uniform(low, high, false)])

    bearing = np.arctan2(place[:, 0], place[:, 1])
    batch.azimuth_rad[:] = measured(bearing, 0.0, TAU, radar.sigma_azimuth_deg * DEG) % TAU
    low, high = radar.elevation_min_deg * DEG, radar.elevation_max_deg * DEG
    batch.elevation_rad[:] = measured(up * DEG, low, high, radar.sigma_elevation_deg * DEG)
    batch.range_m[:] = measured(away, radar.min_range_m, radar.max_range_m, radar.sigma_range_m)
    top = radar.max_radial_speed_mps
    batch.range_rate_mps[:] = measured(rate, -top, top, radar.sigma_range_rate_mps)
    return batch


def watch(rng, radar, ways):
    """Return a Taken for each way (seconds from 0; about the radar) of those flown together."""
    origin = radar.lat, radar.lon, radar.alt_m
    node = Node(sites=(Site("site", "Site", *origin),), sensors=(radar,))
    tracker, state = Tracker([radar], origin_deg_m=origin), identity.open_identity()
    nobody, nothing = DeclaredTable.blank(0), DetectionBatch.blank(0)
    ticks = np.arange(1, round(max(way[-1, 0] for way in ways) / TICK_S)) * TICK_S
    states = np.stack([recorded_ways.along(way, ticks) for way in ways], axis=1)
    stood = standing(states)
    every, taken = round(radar.scan_period_s / TICK_S), [Taken([0.0], [], [], []) for _ in ways]
    for step, at_s in enumerate(ticks):
        now = states[step]
        now_s = T0_S + at_s
        if step % every == 0:
            batch = look(rng, radar, now[np.isfinite(now[:, 0])], at_s)
            whole = Coverage(0, now_s - 1e-3, now_s + 1e-3, 0.0, TAU, True)
            tracker.step(batch, (whole,), now_s=now_s)
        table = tracker.step(nothing, now_s=now_s)
        table = table.take(table.status != TrackStatus.TENTATIVE)
        judged = identity.assess_into(state, table, nobody, node, now_s)
        place = np.where(np.isfinite(now[:, :3]), now[:, :3], FAR_M)
        for row in range(len(table)):
            off_m = np.linalg.norm(place - table.state[row, :3], axis=1)
            k = int(off_m.argmin())
            if off_m[k] > max(NEAR_M, NEAR_SHARE * np.linalg.norm(place[k])):
                continue
            taken[k].tracked_s[0] += TICK_S
            if now_s - table.first_seen_s[row] >= SETTLED_S:
                taken[k].labels.append(int(judged.label[row]))
                taken[k].chance.append(float(judged.probability[row, :2].sum()))
                taken[k].stood.append(bool(stood[step, k]))
    return taken


def standing(states):
    """Return (ticks, ways): whether each has stood still in the air for STOOD_S."""
    speed = np.linalg.norm(states[:, :, 3:5], axis=2)
    still = (speed < STOOD_MPS) & (states[:, :, 2] > STOOD_M)
    needed = round(STOOD_S / TICK_S)
    since = np.cumsum(still, axis=0)
    out = np.zeros_like(still)
    out[needed:] = since[needed:] - since[:-needed] == needed
    return out


def all_of(ways, radar, span_m, seed=3):
    """Return a Taken for each way, TOGETHER of them at once."""
    rng, out = np.random.default_rng(seed), []
    for k in range(0, len(ways), TOGETHER):
        out += watch(rng, radar, placed(ways[k : k + TOGETHER], span_m, rng))
    return out


def row(what, value, must, holds):
    """Return a line of the watch bench."""
    return f"{what:62s} {value}  must {must}: {'holds' if holds else 'MISSES'}"


def harmless(what, names, taken, least):
    """Return rows of what is no drone: so many things (by name) exist, none surely a drone."""
    things = sorted(set(names))
    most = dict.fromkeys(things, -1.0)  # of those that exist: the greatest chance of a drone
    for name, one in zip(names, taken, strict=True):
        if one.tracked_s[0] > 0.0:
            most[name] = max(most[name], *one.chance, 0.0)
    there = sum(m >= 0.0 for m in most.values())
    sure = sum(m >= SURE for m in most.values())
    looks = np.concatenate([one.chance for one in taken])
    named = np.isin(np.concatenate([one.labels for one in taken]), DRONES)
    return [
        row(f"{what}: exist", f"{there} of {len(things)}", f">= {least}", there >= least),
        row(
            f"{what}: a drone with chance >= {SURE}",
            f"{sure} (greatest {looks.max():.2f}; over {LIKELY} in {100 * (looks > LIKELY).mean():.1f} %"
            f" of looks, named a drone in {100 * named.mean():.1f} %)",
            "0", sure == 0,
        ),
    ]  # fmt: skip


def hovering(what, taken):
    """Return rows of a multirotor that hovers: each flight exists, each is named a drone."""
    there = sum(one.tracked_s[0] > 0.0 for one in taken)
    words, stood = (np.concatenate([getattr(o, n) for o in taken]) for n in ("labels", "stood"))
    drone = np.isin(words, DRONES)
    named = sum(bool(np.isin(one.labels, DRONES).any()) for one in taken)
    still = f"{100 * drone[stood > 0].mean():.0f} %" if (stood > 0).any() else "none"
    bird = (words == LABELS.index("bird")).mean()
    return [
        row(f"{what}: exist", f"{there} of {len(taken)}", f"{len(taken)}", there == len(taken)),
        row(
            f"{what}: named a drone",
            f"{named} of {len(taken)} ({still} of looks after {STOOD_S:.0f} s of standing still,"
            f" {100 * drone.mean():.0f} % of all; a bird in {100 * bird:.0f} %)",
            f"{len(taken)}", named == len(taken),
        ),
    ]  # fmt: skip


def captures(path):
    """Return rows of Remote ID captures, and of one in another vendor's form."""
    out = []
    for name, must in (
        ("remote-id-wireshark/odid_wifi_bcn_sample.pcap", {"drone": 1}),
        ("remote-id-wireshark/odid_wifi_sample.pcap", {"drone": 1}),
        ("remote-id-wireshark/odid_bt5_lr_sample.pcapng", {"drone": 1}),
    ):
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
            replay(path / name, json=True, out=Path(folder))
        found = json.loads(said.getvalue().splitlines()[-1])["by_identity"]
        found = {word: n for word, n in found.items() if n}
        told = ", ".join(f"{n} {word}" for word, n in found.items()) or "nothing"
        out.append(
            row(f"{name.split('/')[1]}: by what it declares", told, "1 drone", found == must)
        )
    return out


def small_rows(path, seed=3):
    """Return rows of the multirotor and the birds."""
    demo, flight = demo_radar(), list(recorded_ways.uav(path).values()) * PLACES
    out = hovering(
        "multirotor, radar without notch",
        all_of(flight, without_notch(demo), MULTIROTOR_M, seed),
    )
    out += hovering("multirotor, demo radar", all_of(flight, demo, MULTIROTOR_M, seed))
    birds = recorded_ways.birds(path)
    for name, radar in (("demo radar", demo), ("radar without notch", without_notch(demo))):
        taken = all_of(list(birds.values()), radar, SMALL_M, seed)
        out += harmless(f"oystercatchers, {name}", list(birds), taken, 20)
    return out


def aircraft_rows(path, seed=3):
    """Return rows of the aircraft; all flights of all 84."""
    planes = recorded_ways.aircraft(path)
    names = [name for name, ways in planes.items() for _ in ways]
    ways = [way for ways in planes.values() for way in ways]
    taken = all_of(ways, surveillance(demo_radar()), AIRCRAFT_M, seed)
    return harmless("aircraft, surveillance radar", names, taken, len(planes))


PARTS = {"captures": captures, "small": small_rows, "aircraft": aircraft_rows}


def rows(part, seed):
    """Return a part's lines; none where the recordings are not at hand."""
    path = recorded_ways.folder()
    if path is None:
        return []
    return captures(path) if part == "captures" else PARTS[part](path, seed)
