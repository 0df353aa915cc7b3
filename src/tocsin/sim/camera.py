"""A panoramic camera with a classifier: bearings, elevations, class scores, look by look."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.model import CLASSES, Sensor
from tocsin.sim import physics
from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.sim.world import World
from tocsin.units import DEG, TAU

__all__ = ["Camera", "Glance", "body", "glances"]

Floats = NDArray[np.float64]

# The classifier's log scores: the true class stands this far above the others when near,
# nothing above them at twice its half-detection range, with this spread. Invented for the
# simulation.
_LEAD = 2.5
_SPREAD = 0.7
_EXPOSURE_S = 0.05  # the whole field is seen in this time
_HOLD_LOOKS = 5  # a classifier errs alike for some seconds: the same view, the same mistake
_FALSE_LEAD = 0.5  # a cloud's edge looks a little like a bird


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of the site file with what it truly sees.

    r50_by_kind_m: range at which a kind of thing is seen in half of the looks.
    """

    sensor: Sensor
    r50_by_kind_m: dict[str, float]
    mast_m: float


@dataclass(frozen=True, slots=True)
class Glance:
    """One look over the whole field of view: all rows share its time (seconds of the day).

    azimuth_rad clockwise from true north and elevation_rad are (n,), scores (n, len(CLASSES))
    sum to 1.
    """

    time_s: float
    azimuth_rad: Floats
    elevation_rad: Floats
    scores: Floats


def glances(camera: Camera, world: World, draws: Draws, *, from_s: float) -> Iterator[Glance]:
    """Give looks without end, the first at or after from_s."""
    sensor = camera.sensor
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    keys = [thing_key(f"{sensor.id}>{t.id}") for t in world.things]
    look = max(0, math.ceil((from_s - sensor.phase_s) / sensor.scan_period_s))
    while True:
        time_s = sensor.phase_s + look * sensor.scan_period_s
        seen = _seen(camera, world, draws, frame, keys, time_s, look)
        false = _false(camera, draws, look)
        yield Glance(
            time_s,
            *(np.concatenate([a, b]) for a, b in zip(seen, false)),
        )
        look += 1


def body(camera: Camera, glance: Glance, day_s: float) -> bytes:
    """Return the JSON that the camera posts: its scan mark and what it saw.

    day_s: Unix UTC of the day's second 0.
    """
    time_s = round(day_s + glance.time_s, 3)
    return msgspec.json.encode(
        {
            "sensor": camera.sensor.id,
            "scan": {"start_s": round(time_s - _EXPOSURE_S, 3), "end_s": time_s},
            "detections": [
                {
                    "time_s": time_s,
                    "azimuth_deg": round(float(azimuth) / DEG, 4),
                    "elevation_deg": round(float(elevation) / DEG, 4),
                    "class_scores": {c: round(float(v), 4) for c, v in zip(CLASSES, scores)},
                    "simulated": True,
                }
                for azimuth, elevation, scores in zip(
                    glance.azimuth_rad, glance.elevation_rad, glance.scores
                )
            ],
        }
    )


def _seen(
    camera: Camera,
    world: World,
    draws: Draws,
    frame: geo.Frame,
    keys: list[int],
    time_s: float,
    look: int,
) -> tuple[Floats, Floats, Floats]:
    sensor = camera.sensor
    view = world.seen_from(np.full(len(world), time_s), frame)
    reach_m = np.array([camera.r50_by_kind_m.get(t.kind, 1.0) for t in world.things])
    chance = physics.detection_chance(view.range_m, reach_m)
    lucky = draws.uniforms(keys, look, Use.SEEN)[:, 0] < chance
    rows = np.flatnonzero(lucky & physics.in_view(sensor, view, camera.mast_m))
    if not rows.size:
        return np.empty(0), np.empty(0), np.empty((0, len(CLASSES)))
    noise = draws.normals([keys[r] for r in rows], look, Use.NOISE)
    azimuth = view.azimuth_rad[rows] + (sensor.sigma_azimuth_deg or 0.0) * DEG * noise[:, 0]
    elevation = (
        view.elevation_rad[rows] + (sensor.sigma_elevation_deg or 0.0) * DEG * noise[:, 1]
    )
    nearness = np.clip(1.0 - 0.5 * view.range_m[rows] / reach_m[rows], 0.0, 1.0)
    names = [f"{sensor.id}>{world.things[r].id}" for r in rows]
    kinds = [world.things[r].kind for r in rows]
    return azimuth % TAU, elevation, _scores(names, kinds, _LEAD * nearness, draws, look)


def _scores(
    names: list[str], kinds: list[str], lead: Floats, draws: Draws, look: int
) -> Floats:
    logs = np.zeros((len(names), len(CLASSES)))
    for i, (name, kind) in enumerate(zip(names, kinds)):
        keys = [thing_key(f"{name}>{c}") for c in CLASSES]
        logs[i] = _SPREAD * draws.normals(keys, look // _HOLD_LOOKS, Use.CLASS_SCORE)[:, 0]
        logs[i, CLASSES.index(kind)] += lead[i]
    likely = np.exp(logs)
    scores: Floats = likely / likely.sum(1, keepdims=True)
    return scores


def _false(camera: Camera, draws: Draws, look: int) -> tuple[Floats, Floats, Floats]:
    sensor = camera.sensor
    share = float(draws.uniforms(thing_key(sensor.id), look, Use.FALSE_COUNT)[0, 0])
    names = [
        f"{sensor.id}#{k}" for k in range(physics.poisson(sensor.false_alarms_per_scan, share))
    ]
    if not names:
        return np.empty(0), np.empty(0), np.empty((0, len(CLASSES)))
    place = draws.uniforms([thing_key(n) for n in names], look, Use.FALSE_PLACE)
    low_deg, high_deg = sensor.elevation_min_deg, sensor.elevation_max_deg
    turn_deg = sensor.azimuth_center_deg + (place[:, 0] - 0.5) * sensor.azimuth_width_deg
    elevation = (low_deg + place[:, 1] * (high_deg - low_deg)) * DEG
    lead = np.full(len(names), _FALSE_LEAD)
    return (
        turn_deg * DEG % TAU,
        elevation,
        _scores(names, ["bird"] * len(names), lead, draws, look),
    )
