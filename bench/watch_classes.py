"""Drone or bird by motion alone: balanced accuracy and calibration over the seconds.

Birds and quadcopters fly as in the reference generator's "mixed" scenario (TOCSIN_BENCH names its
folder), seen by its radar alone, by both its radars and its camera, which gives no classes, or by all
four of its sensors, with the direction finder that hears quadcopters: that is more than motion. A
track counts while it is nearest to the one thing that it began with. The chance of "drone" is
the product's own, at even odds between bird and drone.
"""

import importlib.util
import math
import os
from pathlib import Path

import numpy as np

from tocsin import identity
from tocsin.identity._tables import PRIOR
from tocsin.model import (
    CLASSES,
    Coverage,
    DeclaredTable,
    DetectionBatch,
    Node,
    Sensor,
    Site,
    TrackStatus,
)
from tocsin.track import Tracker
from tocsin.units import DEG

SECONDS = (5, 10, 15, 20, 30, 45, 60)
SETS = {
    "one radar": ("radar-1",),
    "two radars, camera": ("radar-1", "radar-2", "camera-1"),
    "and direction finder": ("radar-1", "radar-2", "camera-1", "rf-1"),
}
EACH = 40  # of either in one scene
EACH_HEARD = 10  # with a direction finder: forty drones in the air are in line with every bird
NEAR_M = 150.0
DURATION_S = 90.0
BINS = 10
STEP_S = 0.2


def reference():
    """Return the reference generator as a module, or None where it is not at hand."""
    path = Path(os.environ.get("TOCSIN_BENCH", "")) / "scenarios.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("reference_scenarios", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Scene:
    """One scene of the reference generator: what flies, who looks, what came of it."""

    def __init__(self, seed, salt, names, each):
        self.make = reference()
        self.rng = np.random.default_rng([seed, *salt.encode()])
        _, sensors, _ = self.make.mixed(self.rng, 1.0)
        self.sensors = [s for s in sensors if s["id"] in names]
        targets = self._targets(each)
        self.states, self.alive = self.make.fly(self.rng, targets, DURATION_S)
        self.kinds = np.array([self.make.KINDS.index(t["kind"]) for t in targets])
        self.t0 = self.make.SITE["t0"]
        self.owner, self.rows = {}, []

    def _targets(self, each):
        rng, roam = self.rng, self.make.roaming
        drones = [
            roam(rng, "quadcopter", 3000, (40, 160), 12, start=rng.uniform(0, 20),
                 dwell=rng.uniform(0, 8)) for _ in range(each)
        ]  # fmt: skip
        birds = [
            roam(rng, "bird", 2500, (20, 180), 30, start=rng.uniform(0, 20))
            for _ in range(each)
        ]
        return drones + birds

    def node(self):
        known, site = set(Sensor.__dataclass_fields__), self.make.SITE
        own = [Sensor(**{k: v for k, v in s.items() if k in known}) for s in self.sensors]
        here = Site("site", "Site", site["lat"], site["lon"], site["alt_m"])
        return Node(sites=(here,), sensors=tuple(own))

    def looks(self):
        return sorted(
            (float(t), k)
            for k, s in enumerate(self.sensors)
            for t in np.arange(s["phase_s"], DURATION_S, s["scan_period_s"])
        )

    def look(self, at_s, k):
        """Return a look's plots, and the look."""
        state, live = self.make.states_at(self.states, self.alive, at_s)
        z, _ = self.make.scan(self.rng, self.sensors[k], np.zeros(4), self.kinds, state, live)
        batch, unix_s = DetectionBatch.blank(len(z)), self.t0 + at_s
        batch.time_s[:] = batch.arrival_s[:] = unix_s
        batch.sensor[:] = k
        batch.range_m[:], batch.range_rate_mps[:] = z[:, 0], z[:, 3]
        batch.azimuth_rad[:], batch.elevation_rad[:] = z[:, 1] * DEG, z[:, 2] * DEG
        whole = Coverage(k, unix_s - 1e-3, unix_s + 1e-3, 0.0, math.tau, True)
        return batch, (whole,)

    def note(self, table, judged, now_s):
        state, live = self.make.states_at(self.states, self.alive, now_s)
        place = np.where(live[:, None], state[:, :3], np.inf)
        for k, track in enumerate(table.track_id.tolist()):
            off_m = np.sqrt(((place - table.state[k, :3]) ** 2).sum(1))
            nearest = int(off_m.argmin())
            mine = self.owner.setdefault(track, nearest if off_m[nearest] <= NEAR_M else -1)
            if mine < 0 or off_m[mine] > NEAR_M or nearest != mine:
                self.owner[track] = -1
                continue
            age_s = round(self.t0 + now_s - float(table.first_seen_s[k]), 3)
            at = [s for s in SECONDS if s <= age_s < s + STEP_S]
            if at:
                is_drone = self.make.KINDS[self.kinds[mine]] == "quadcopter"
                self.rows.append((at[0], is_drone, chance_of_drone(judged.probability[k])))


def chance_of_drone(p):
    """Return the chance of a multirotor at even odds between multirotor and bird, as they fly
    here: the product's prior taken out.
    """
    drone = p[CLASSES.index("drone_multirotor")] / PRIOR["drone_multirotor"]
    bird = p[CLASSES.index("bird")] / PRIOR["bird"]
    return drone / max(drone + bird, 1e-300)


def play_scene(seed, salt, names):
    """Return rows (seconds since the first detection, is a drone, chance of drone), of EACH
    drones and birds.
    """
    if "rf-1" not in names:
        return _play(_Scene(seed, salt, names, EACH))
    parts = EACH // EACH_HEARD
    scenes = [_Scene(parts * seed + k, salt, names, EACH_HEARD) for k in range(parts)]
    return [row for scene in scenes for row in _play(scene)]


def _play(scene):
    node = scene.node()
    site = node.sites[0]
    state, nobody, nothing = (
        identity.open_identity(),
        DeclaredTable.blank(0),
        DetectionBatch.blank(0),
    )
    tracker = Tracker(list(node.sensors), origin_deg_m=(site.lat, site.lon, site.alt_m))
    looks = scene.looks()
    for step in range(1, round(DURATION_S / STEP_S)):
        now_s = round(step * STEP_S, 3)
        while looks and looks[0][0] <= now_s:
            at_s, sensor = looks.pop(0)
            plots, whole = scene.look(at_s, sensor)
            tracker.step(plots, whole, now_s=scene.t0 + at_s)
            identity.hear_into(state, plots, whole, node)
        table = tracker.step(nothing, now_s=scene.t0 + now_s)
        table = table.take(table.status != TrackStatus.TENTATIVE)
        judged = identity.assess_into(state, table, nobody, node, scene.t0 + now_s)
        scene.note(table, judged, now_s)
    return scene.rows


def curve(rows):
    """Return per second: drones, birds, share called rightly of each, their mean, the ECE with
    classes weighted alike, and what the ECE of true probabilities would be by chance.
    """
    out = []
    for seconds in SECONDS:
        here = np.array([(d, p) for s, d, p in rows if s == seconds], dtype=float).reshape(
            -1, 2
        )
        drone = here[:, 0] > 0.5
        n = (int(drone.sum()), int((~drone).sum()))
        if not min(n):
            continue
        right = ((here[drone, 1] > 0.5).mean(), (here[~drone, 1] <= 0.5).mean())
        weight = np.where(drone, 0.5 / n[0], 0.5 / n[1])
        errors = (expected_error(here[:, 1], drone, weight), by_chance(here[:, 1], weight))
        out.append((seconds, *n, *right, sum(right) / 2.0, *errors))
    return out


def error_intervals(rows, *, times=300, seed=1):
    """Return, per second, the 95 % interval of `curve`'s ECE: tracks drawn again `times` times.

    The basic interval (A. C. Davison, D. V. Hinkley, Bootstrap Methods (1997), 5.2), for an ECE
    of few tracks is too large by chance, and that of tracks drawn again is so once more.
    """
    rng, out = np.random.default_rng(seed), {}
    for seconds, *_, ece, _ in curve(rows):
        mine = [row for row in rows if row[0] == seconds]
        again = []
        for _ in range(times):
            found = curve([mine[k] for k in rng.integers(0, len(mine), len(mine))])
            again += [row[-2] for row in found]
        low, high = np.quantile(again, (0.025, 0.975))
        out[seconds] = (max(0.0, 2.0 * ece - high), max(0.0, 2.0 * ece - low))
    return out


def expected_error(p, drone, weight):
    """Return the expected calibration error over ten bins of equal width (Guo and others, ICML 2017)."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    total = 0.0
    for k in range(BINS):
        mine = place == k
        w = weight[mine].sum()
        if w > 0.0:
            total += abs((weight[mine] * (drone[mine] - p[mine])).sum())
    return total


def by_chance(p, weight):
    """Return the expected error that true probabilities p would show with so few of them."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    spread = np.bincount(place, weight**2 * p * (1.0 - p), BINS)
    return math.sqrt(2.0 / math.pi) * np.sqrt(spread).sum()
