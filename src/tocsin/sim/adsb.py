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
TOGETHER_S = 8  # seconds that are worked out at once: one call for many messages
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
    """Give (seconds of the day, Beast frame) in order of time, from from_s on, for as long as
    anything will send: without end where a path repeats.
    """
    sensor = antenna.sensor
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    senders = _senders(antenna, world, draws)
    sending = [world.things[sender.row] for sender in senders]
    over_s = max((math.inf if t.repeat_s else t.way[-1][0] for t in sending), default=0.0)
    second = max(0, math.floor(from_s)) // TOGETHER_S * TOGETHER_S
    while second <= over_s + 1.0:
        for time_s, message in _messages(antenna, world, draws, frame, senders, second):
            if time_s >= from_s:
                yield time_s, modes.encode(message, round(time_s * modes.TICKS_PER_S))
        second += TOGETHER_S


@dataclass(frozen=True, slots=True)
class _Sender:
    """One kind of message of one thing: its row, its keys in the draws, and its rhythm."""

    row: int
    kind: str
    key: int
    heard_key: int
    phase_s: float
    period_s: float
    jitter_s: float


def _senders(antenna: Antenna, world: World, draws: Draws) -> list[_Sender]:
    senders = []
    for row, thing in enumerate(world.things):
        if thing.beacon is None:
            continue
        for kind, period_s, jitter_s in _PERIODS:
            key = thing_key(f"{thing.id}>{kind}")
            heard_key = thing_key(f"{antenna.sensor.id}>{thing.id}>{kind}")
            phase_s = period_s * float(draws.uniforms(key, 0, Use.PHASE)[0, 0])
            senders.append(_Sender(row, kind, key, heard_key, phase_s, period_s, jitter_s))
    return senders


def _messages(
    antenna: Antenna,
    world: World,
    draws: Draws,
    frame: geo.Frame,
    senders: list[_Sender],
    second: int,
) -> list[tuple[float, bytes]]:
    """Return what is received from second to second + TOGETHER_S, in order of time."""
    due = _due(senders, draws, second)
    if not due:
        return []
    times = np.array([d[0] for d in due])
    rows = np.array([d[1] for d in due], dtype=np.intp)
    places, velocities, heights = world.at(times, rows)
    local = geo.to_frame(places, frame)
    range_m = np.sqrt((local * local).sum(1))
    chance = physics.detection_chance(range_m, antenna.r50_m)
    keys = [d[4] for d in due]
    heard = draws.uniforms(keys, [d[3] for d in due], Use.SEEN)[:, 0] < chance
    heard &= range_m <= physics.horizon_m(antenna.mast_m, heights)
    heard &= range_m <= antenna.sensor.max_range_m
    return [
        (due[i][0], _squitter(antenna, world, due[i], places[i], velocities[i], draws))
        for i in np.flatnonzero(heard)
    ]


_Due = tuple[float, int, str, int, int]  # time, row, kind, number, key of "is it received"


def _due(senders: list[_Sender], draws: Draws, second: int) -> list[_Due]:
    """Return every message that things send in TOGETHER_S from then, in order of time."""
    asked: list[tuple[_Sender, int]] = []
    for one in senders:
        first = max(0, math.floor((second - one.phase_s - one.jitter_s) / one.period_s))
        count = math.ceil((TOGETHER_S + 2.0 * one.jitter_s) / one.period_s) + 2
        asked += [(one, number) for number in range(first, first + count)]
    if not asked:
        return []
    keys, numbers = [one.key for one, _ in asked], [number for _, number in asked]
    shares = draws.uniforms(keys, numbers, Use.SQUITTER)[:, 0].tolist()
    due = []
    for (one, number), share in zip(asked, shares):
        time_s = one.phase_s + number * one.period_s + (2.0 * share - 1.0) * one.jitter_s
        if second <= time_s < second + TOGETHER_S:
            due.append((time_s, one.row, one.kind, number, one.heard_key))
    return sorted(due)


def _squitter(
    antenna: Antenna,
    world: World,
    due: _Due,
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
    due: _Due,
    place: Floats,
    velocity: Floats,
    draws: Draws,
) -> int:
    """Return the 56 bits that a thing says of itself."""
    time_s, row, kind, number, _ = due
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
