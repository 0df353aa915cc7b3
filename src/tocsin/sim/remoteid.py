"""A Remote ID receiver as the bytes that it gives: a capture of Wi-Fi beacons (ASTM F3411-22a).

Each packet comes as a pcap file of its own; all begin with the same HEAD, so that a sender can
join them into one stream. Besides drones the receiver hears the base's own network now and
then, as every real one hears networks: what a service must not store.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.codec.capture import CaptureStream, LinkType, Packet, write_pcap
from tocsin.codec.remoteid import (
    BasicId,
    IdType,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
    UaStatus,
    UaType,
    encode_pack,
    sift_into,
    wifi_beacon,
)
from tocsin.model import Sensor
from tocsin.sim import physics
from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.sim.gnss import said_place_deg
from tocsin.sim.scenario import RemoteId
from tocsin.sim.world import World
from tocsin.units import DEG

__all__ = ["HEAD", "Listener", "captures", "stored"]

Floats = NDArray[np.float64]

HEAD = write_pcap([], link_type=LinkType.IEEE_802_11)
# F3411-22a, 5.4.3: Location at least once a second; here each pack holds all messages.
PERIOD_S, JITTER_S = 1.0, 0.1
NETWORK_S = 4  # a receiver that hops over the channels comes back to one so often
_NETWORK_ADDRESS = bytes.fromhex("020000000042")
_NETWORK_NAME = b"simulated gate"
_ON_GROUND_M = 2.0
# Bounds of 95 % (tables 7 to 9): 30 m and 25 m for 8 m of error in each axis, 1 m/s, 0.1 s.
_HORIZONTAL, _VERTICAL, _PRESSURE, _SPEED, _TIME_S = 9, 3, 3, 3, 0.1
_TYPES = {"drone_multirotor": UaType.MULTIROTOR, "drone_fixed_wing": UaType.AEROPLANE}


@dataclass(frozen=True, slots=True)
class Listener:
    """A receiver of the site file with what it truly hears.

    r50_m: half of the beacons arrive from there; mast_m above the site's ground; geoid_m and
    pressure_offset_m as of an ADS-B `Antenna`.
    """

    sensor: Sensor
    r50_m: float
    mast_m: float
    geoid_m: float
    pressure_offset_m: float


def captures(
    listener: Listener, world: World, draws: Draws, *, day_s: float, from_s: float
) -> Iterator[tuple[float, bytes]]:
    """Give (seconds of the day, capture of one packet) without end, in order of time.

    day_s: Unix UTC of the day's second 0; from_s: where in the day to begin.
    """
    sensor = listener.sensor
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    second = max(0, math.floor(from_s))
    while True:
        heard = _network(second)
        for due in _due(world, draws, second):
            said = world.things[due[1]].remote_id
            if said is not None and _is_heard(listener, world, draws, frame, due):
                pack = encode_pack(_messages(listener, world, said, due, draws, day_s))
                address, time_us = bytes.fromhex(said.address), round(due[0] * 1e6)
                heard.append((due[0], wifi_beacon(address, pack, due[2], time_us=time_us)))
        for time_s, data in sorted(heard):
            if time_s >= from_s:
                packet = Packet(day_s + time_s, LinkType.IEEE_802_11, data, len(data))
                yield time_s, write_pcap([packet])
        second += 1


def stored(capture: bytes) -> bytes:
    """Return what a service stores of a capture: one without packets where nothing may be."""
    kept = sift_into(CaptureStream(), capture, 0.0).kept
    return write_pcap(kept, link_type=LinkType.IEEE_802_11)


def _network(second: int) -> list[tuple[float, bytes]]:
    """Return the access point's beacon of that second, in the few that have one."""
    if second % NETWORK_S:
        return []
    # A name, and no vendor element.
    whole = wifi_beacon(_NETWORK_ADDRESS, b"", 0, ssid=_NETWORK_NAME, time_us=second)
    return [(float(second), whole[: whole.rindex(b"\xdd")])]


def _due(world: World, draws: Draws, second: int) -> list[tuple[float, int, int]]:
    """Return (time, row, number) of every beacon that drones send in that second."""
    due = []
    for row, thing in enumerate(world.things):
        if thing.remote_id is None:
            continue
        key = thing_key(f"{thing.id}>remote-id")
        phase_s = PERIOD_S * float(draws.uniforms(key, 0, Use.PHASE)[0, 0])
        first = max(0, math.floor((second - phase_s - JITTER_S) / PERIOD_S))
        numbers = range(first, first + 3)
        shares = draws.uniforms(key, numbers, Use.SQUITTER)[:, 0]
        for number, share in zip(numbers, shares):
            time_s = phase_s + number * PERIOD_S + (2.0 * float(share) - 1.0) * JITTER_S
            if second <= time_s < second + 1:
                due.append((time_s, row, number))
    return sorted(due)


def _is_heard(
    listener: Listener,
    world: World,
    draws: Draws,
    frame: geo.Frame,
    due: tuple[float, int, int],
) -> bool:
    time_s, row, number = due
    places, _, heights = world.at(np.array([time_s]), np.array([row]))
    local = geo.to_frame(places, frame)
    range_m = np.sqrt((local * local).sum(1))
    chance = physics.detection_chance(range_m, listener.r50_m)
    key = thing_key(f"{listener.sensor.id}>{world.things[row].id}>remote-id")
    heard = draws.uniforms(key, number, Use.SEEN)[:, 0] < chance
    heard &= range_m <= physics.horizon_m(listener.mast_m, heights)
    heard &= range_m <= listener.sensor.max_range_m
    return bool(heard[0])


def _messages(
    listener: Listener,
    world: World,
    said: RemoteId,
    due: tuple[float, int, int],
    draws: Draws,
    day_s: float,
) -> list[Message]:
    """Return all that a drone says of itself and of its operator in one pack."""
    time_s, row, _number = due
    thing = world.things[row]
    places, velocities, heights = world.at(np.array([time_s]), np.array([row]))
    place, height_m = places[0], float(heights[0])
    east, north, up = (float(v) for v in velocities[0])
    lat_deg, lon_deg = said_place_deg(thing.id, float(place[0]), float(place[1]), time_s, draws)
    location = Location(
        status=UaStatus.GROUND if height_m < _ON_GROUND_M else UaStatus.AIRBORNE,
        height_type=0,
        direction_deg=float(round(math.atan2(east, north) / DEG) % 360),
        speed_mps=math.hypot(east, north),
        vertical_speed_mps=up,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        pressure_altitude_m=float(place[2]) - listener.geoid_m - listener.pressure_offset_m,
        geodetic_altitude_m=float(place[2]),
        height_m=height_m,
        horizontal_accuracy_code=_HORIZONTAL,
        vertical_accuracy_code=_VERTICAL,
        pressure_accuracy_code=_PRESSURE,
        speed_accuracy_code=_SPEED,
        time_of_hour_s=(day_s + time_s) % 3600.0,
        time_accuracy_s=_TIME_S,
    )
    return [
        BasicId(IdType.SERIAL, _TYPES.get(thing.kind, UaType.OTHER), said.serial.encode()),
        location,
        SelfId(0, said.purpose.encode()),
        _operator(world, row, said),
        OperatorId(0, said.operator.encode()),
    ]


def _operator(world: World, row: int, said: RemoteId) -> System:
    """Return where the operator stands: at the take-off place."""
    site_of = int(world.site_of[row])
    plan = np.array([[said.operator_m[0], said.operator_m[1], 0.0]])
    place = geo.from_frame(plan, world.frames[site_of])[0]
    nan = math.nan
    return System(
        location_type=0,
        classification=0,
        operator_lat_deg=float(place[0]) / DEG,
        operator_lon_deg=float(place[1]) / DEG,
        area_count=1,
        area_radius_m=0.0,
        area_ceiling_m=nan,
        area_floor_m=nan,
        category=0,
        class_=0,
        operator_altitude_m=world.sites[site_of].alt_m,
        time_s=nan,
    )
