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
TOGETHER = 8  # looks that are worked out at once: one call for many things
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
    look = max(0, math.ceil((from_s - camera.sensor.phase_s) / camera.sensor.scan_period_s))
    things = _things(camera, world)
    while True:
        yield from _looks(camera, world, draws, things, range(look, look + TOGETHER))
        look += TOGETHER


@dataclass(frozen=True, slots=True)
class _Things:
    """What stays the same of all things from look to look: keys of their draws, (n,) and (n,
    classes), how far they are seen and which class they are.
    """

    keys: NDArray[np.uint64]
    class_keys: NDArray[np.uint64]
    reach_m: Floats
    classes: NDArray[np.int64]


def _things(camera: Camera, world: World) -> _Things:
    names = [f"{camera.sensor.id}>{thing.id}" for thing in world.things]
    kinds = [thing.kind for thing in world.things]
    return _Things(
        np.array([thing_key(name) for name in names], dtype=np.uint64),
        _class_keys(names),
        np.array([camera.r50_by_kind_m.get(kind, 1.0) for kind in kinds]),
        np.array([CLASSES.index(kind) for kind in kinds], dtype=np.int64),
    )


def _class_keys(names: list[str]) -> NDArray[np.uint64]:
    """Return the key of each class of each of the names, (n, classes)."""
    keys = [[thing_key(f"{name}>{c}") for c in CLASSES] for name in names]
    return np.array(keys, dtype=np.uint64).reshape(-1, len(CLASSES))


def _looks(
    camera: Camera, world: World, draws: Draws, things: _Things, looks: range
) -> Iterator[Glance]:
    """Give these looks, worked out at once."""
    sensor = camera.sensor
    times = [sensor.phase_s + look * sensor.scan_period_s for look in looks]
    which, *seen = _seen(camera, world, draws, things, times, looks)
    ends = np.searchsorted(which, np.arange(len(looks) + 1)).tolist()
    for place, (look, time_s) in enumerate(zip(looks, times, strict=True)):
        mine = slice(ends[place], ends[place + 1])
        false = _false(camera, draws, look)
        yield Glance(
            time_s,
            *(np.concatenate([a[mine], b]) for a, b in zip(seen, false, strict=True)),
        )


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
    camera: Camera, world: World, draws: Draws, things: _Things, times: list[float],
    looks: range,
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:  # fmt: skip
    """Return what is seen: in which of the looks, in order; azimuth, elevation, scores."""
    sensor, n = camera.sensor, len(world)
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    which, row = np.divmod(np.arange(n * len(looks), dtype=np.intp), max(n, 1))
    view = world.seen_from(np.repeat(times, n), frame, row)
    number = np.array(looks, dtype=np.int64)[which]
    chance = physics.detection_chance(view.range_m, things.reach_m[row])
    lucky = draws.uniforms(things.keys[row], number, Use.SEEN)[:, 0] < chance
    at = (lucky & physics.in_view(sensor, view, camera.mast_m)).nonzero()[0]
    which, row, number = which[at], row[at], number[at]
    noise = draws.normals(things.keys[row], number, Use.NOISE)
    azimuth = view.azimuth_rad[at] + (sensor.sigma_azimuth_deg or 0.0) * DEG * noise[:, 0]
    elevation = view.elevation_rad[at] + (sensor.sigma_elevation_deg or 0.0) * DEG * noise[:, 1]
    nearness = np.clip(1.0 - 0.5 * view.range_m[at] / things.reach_m[row], 0.0, 1.0)
    scores = _scores(
        things.class_keys[row], things.classes[row], _LEAD * nearness, draws, number
    )
    return which, azimuth % TAU, elevation, scores


def _scores(
    keys: NDArray[np.uint64],
    classes: NDArray[np.int64],
    lead: Floats,
    draws: Draws,
    looks: NDArray[np.int64],
) -> Floats:
    """Return scores (n, classes) that sum to 1; keys as of `_class_keys`, classes (n,): the
    true ones, lead (n,): how far they stand above the others, looks (n,): their numbers.
    """
    held = np.repeat(looks // _HOLD_LOOKS, len(CLASSES))
    drawn = draws.normals(keys.reshape(-1), held, Use.CLASS_SCORE)[:, 0]
    logs = _SPREAD * drawn.reshape(-1, len(CLASSES))
    logs[np.arange(len(logs)), classes] += lead
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
    birds = np.full(len(names), CLASSES.index("bird"), dtype=np.int64)
    lead, looks = np.full(len(names), _FALSE_LEAD), np.full(len(names), look)
    return (
        turn_deg * DEG % TAU,
        elevation,
        _scores(_class_keys(names), birds, lead, draws, looks),
    )
