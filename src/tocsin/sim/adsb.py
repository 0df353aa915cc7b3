"""An ADS-B receiver as the bytes that it gives: Beast frames of what the things say of
themselves.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.codec import modes
from tocsin.model import Sensor
from tocsin.sim import physics
from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.sim.gnss import said_place_deg
from tocsin.sim.world import World

__all__ = ["Antenna", "squitters"]

Floats = NDArray[np.float64]

# DO-260B, 2.2.3.3: mean rates; each interval varies by +-0.1 s (identification +-0.2 s).
_PERIODS = (("position", 0.5, 0.1), ("velocity", 0.5, 0.1), ("identification", 5.0, 0.2))


@dataclass(frozen=True, slots=True)
class Antenna:
    """A receiver of the site file with what it truly hears.

    r50_m: half of the messages arrive from there; mast_m above the site's ground; geoid_m and
    pressure_offset_m: what turns heights above the ellipsoid into barometric ones.
    """

    sensor: Sensor
    r50_m: float
    mast_m: float
    geoid_m: float
    pressure_offset_m: float


def squitters(
    antenna: Antenna, world: World, draws: Draws, *, from_s: float
) -> Iterator[tuple[float, bytes]]:
    """Give (seconds of the day, Beast frame) without end, in order of time, from from_s on."""
    sensor = antenna.sensor
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    second = max(0, math.floor(from_s))
    while True:
        for time_s, message in _messages(antenna, world, draws, frame, second):
            if time_s >= from_s:
                yield time_s, modes.encode(message, round(time_s * modes.TICKS_PER_S))
        second += 1


def _messages(
    antenna: Antenna, world: World, draws: Draws, frame: geo.Frame, second: int
) -> list[tuple[float, bytes]]:
    """Return what is received from second to second + 1, in order of time."""
    due = _due(world, draws, second)
    if not due:
        return []
    times = np.array([d[0] for d in due])
    rows = np.array([d[1] for d in due], dtype=np.intp)
    places, velocities, heights = world.at(times, rows)
    local = geo.to_frame(places, frame)
    range_m = np.sqrt((local * local).sum(1))
    chance = physics.detection_chance(range_m, antenna.r50_m)
    keys = [
        thing_key(f"{antenna.sensor.id}>{world.things[r].id}>{kind}") for _, r, kind, _ in due
    ]
    heard = draws.uniforms(keys, [d[3] for d in due], Use.SEEN)[:, 0] < chance
    heard &= range_m <= physics.horizon_m(antenna.mast_m, heights)
    heard &= range_m <= antenna.sensor.max_range_m
    return [
        (due[i][0], _squitter(antenna, world, due[i], places[i], velocities[i], draws))
        for i in np.flatnonzero(heard)
    ]


def _due(world: World, draws: Draws, second: int) -> list[tuple[float, int, str, int]]:
    """Return (time, row, kind, number) of every message that things send in that second."""
    due = []
    for row, thing in enumerate(world.things):
        if thing.beacon is None:
            continue
        for kind, period_s, jitter_s in _PERIODS:
            key = thing_key(f"{thing.id}>{kind}")
            phase_s = period_s * float(draws.uniforms(key, 0, Use.PHASE)[0, 0])
            first = max(0, math.floor((second - phase_s - jitter_s) / period_s))
            numbers = range(first, first + math.ceil((1.0 + 2.0 * jitter_s) / period_s) + 2)
            shares = draws.uniforms(key, numbers, Use.SQUITTER)[:, 0]
            for number, share in zip(numbers, shares):
                time_s = phase_s + number * period_s + (2.0 * share - 1.0) * jitter_s
                if second <= time_s < second + 1:
                    due.append((float(time_s), row, kind, number))
    return sorted(due)


def _squitter(
    antenna: Antenna,
    world: World,
    due: tuple[float, int, str, int],
    place: Floats,
    velocity: Floats,
    draws: Draws,
) -> bytes:
    beacon = world.things[due[1]].beacon
    assert beacon is not None
    message = _message(antenna, world, due, place, velocity, draws)
    return modes.encode_squitter(beacon.address, message)


def _message(
    antenna: Antenna,
    world: World,
    due: tuple[float, int, str, int],
    place: Floats,
    velocity: Floats,
    draws: Draws,
) -> int:
    """Return the 56 bits that a thing says of itself."""
    time_s, row, kind, number = due
    thing = world.things[row]
    beacon = thing.beacon
    assert beacon is not None
    if kind == "identification":
        return modes.encode_identification(beacon.callsign, beacon.category)
    difference_m = antenna.geoid_m + antenna.pressure_offset_m
    if kind == "velocity":
        east, north, up = (float(v) for v in velocity)
        return modes.encode_velocity(east, north, up, difference_m=difference_m)
    lat_deg, lon_deg = said_place_deg(thing.id, float(place[0]), float(place[1]), time_s, draws)
    is_odd = bool(number % 2)
    lat_code, lon_code = modes.encode_airborne(lat_deg, lon_deg, is_odd=is_odd)
    pressure_m = float(place[2]) - difference_m
    return modes.encode_position(lat_code, lon_code, pressure_m, is_odd=is_odd)
