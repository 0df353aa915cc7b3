"""What the sensors covered where a person saw something, and what they had there."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _rules
from tocsin.alert._standing import nature_of
from tocsin.alert._state import AlertState
from tocsin.geo import frame_at, geodetic_rows, to_frame
from tocsin.model import (
    AlertEvent,
    Ladder,
    Node,
    Sensor,
    SensorStatus,
    Sighting,
    Site,
    TrackTable,
    track_label,
)
from tocsin.sensor import detection_probability, pack
from tocsin.units import DEG

__all__ = ["is_beside_untold", "tell_beside_into"]

Floats = NDArray[np.float64]

MEASURING = ("radar", "lidar", "passive_radar", "camera", "acoustic", "rf")
HEIGHTS_M = (30.0, 60.0, 120.0, 300.0)  # above the ground: where small drones fly
ALONG_M = (500.0, 1_000.0, 2_000.0, 3_000.0, 5_000.0)  # of a direction without a distance
LEAST_GATE_M = 500.0
GATE_SIGMAS = 3.0
GATE_DIRECTION_DEG = 25.0  # beside a direction told without an instrument
MPS = 20.0  # towards the sensor: a thing that does not move would be in a Doppler notch


def is_beside_untold(state: AlertState) -> bool:
    """Tell whether a sighting has come since the last look."""
    return bool(state.untold)


def tell_beside_into(
    state: AlertState,
    node: Node,
    tracks: TrackTable,
    sensors: tuple[SensorStatus, ...],
    now_s: float,
) -> tuple[AlertEvent, ...]:
    """Complete the sightings that came since the last look; each becomes an event.

    tracks: all measured ones, tentative ones included: a plot that fits no track has begun
    one, so that where there is none a sensor has reported nothing.
    """
    events = []
    for sighting in state.sightings:
        if sighting.id not in state.untold:
            continue
        site = next(s for s in node.sites if s.id == sighting.site_id)
        sighting.beside = _beside(sighting, site, node, tracks, sensors, now_s)
        events.append(
            AlertEvent(
                "sighting", now_s, site.id, alarm_id=sighting.alarm_id, step=Ladder.CAUTION,
                by=sighting.by, text="; ".join((_said(sighting), *sighting.beside)),
                nature=nature_of(node, site.id), facts=_facts(sighting),
            )
        )  # fmt: skip
    state.untold = []
    return tuple(events)


def _said(sighting: Sighting) -> str:
    what = f"{sighting.count or ''} {sighting.kind or 'something'}".strip()
    return f"{what}: {sighting.text}" if sighting.text else what


def _facts(sighting: Sighting) -> dict[str, str | float | None]:
    facts: dict[str, str | float | None] = {
        "sighting": sighting.id,
        "seen_s": sighting.seen_s,
        "kind": sighting.kind,
        "count": sighting.count or None,
    }
    for name in ("lat", "lon", "azimuth_deg", "from_lat", "from_lon", "sigma_m"):
        value = getattr(sighting, name)
        facts[name] = round(value, 6) if math.isfinite(value) else None
    return facts


def _beside(
    sighting: Sighting,
    site: Site,
    node: Node,
    tracks: TrackTable,
    sensors: tuple[SensorStatus, ...],
    now_s: float,
) -> tuple[str, ...]:
    index = node.sites.index(site)
    places = _places(sighting, site)
    near = _tracks_near(sighting, index, site, tracks)
    by_id = {status.sensor_id: status for status in sensors}
    bits = {sensor.id: k for k, sensor in enumerate(node.sensors)}
    lines = []
    for sensor in node.sensors:
        mine = site.id in sensor.sites and sensor.kind in MEASURING and sensor.lat is not None
        if not mine or not _covers(sensor, site, places):
            continue
        bit = np.uint64(1) << np.uint64(min(bits[sensor.id], 63))
        seen = [t for t, mask in near if np.uint64(mask) & bit]
        lines.append(_line(sensor, by_id.get(sensor.id), seen, now_s))
    return tuple(lines) or ("no sensor covers this place",)


def _line(sensor: Sensor, status: SensorStatus | None, seen: list[int], now_s: float) -> str:
    if status is None or status.state in _rules.BLIND:
        word = "was not heard" if status is None else f"is {status.state}"
        return f"{sensor.id} would cover this place, but it {word}"
    look_s = status.coverage_s if math.isfinite(status.coverage_s) else status.heard_s
    age = f"{max(0.0, now_s - look_s):.0f} s ago"
    if seen:
        names = ", ".join(track_label(track) for track in seen[:3])
        return f"{sensor.id} covered this place {age} and has track {names} there"
    return f"{sensor.id} covered this place {age} and reported nothing"


def _places(sighting: Sighting, site: Site) -> Floats:
    """Return (n, 3) points in the site's frame at which a sensor has to be able to see."""
    frame = frame_at(site.lat, site.lon, site.alt_m)
    if math.isfinite(sighting.lat):
        plan = to_frame(geodetic_rows(sighting.lat, sighting.lon, site.alt_m), frame)
    else:
        start = to_frame(geodetic_rows(sighting.from_lat, sighting.from_lon, site.alt_m), frame)
        azimuth = sighting.azimuth_deg * DEG
        way = np.array([[math.sin(azimuth), math.cos(azimuth), 0.0]])
        plan = start + np.array(ALONG_M)[:, None] * way
    rows = [(e, n, height) for e, n, _ in plan.tolist() for height in HEIGHTS_M]
    return np.array(rows)


def _covers(
    sensor: Sensor,
    site: Site,
    places: Floats,
) -> bool:
    """Tell whether the sensor can see any of the places."""
    table = pack([sensor], frame_at(site.lat, site.lon, site.alt_m))
    away = places - table.packed[0, :3]
    length = np.sqrt((away * away).sum(axis=1))
    speed = max(MPS, 2.0 * sensor.min_radial_speed_mps)
    velocity = -away / np.maximum(length, 1.0)[:, None] * speed
    states = np.concatenate([places, velocity], axis=1)
    return bool((detection_probability(table, 0, states) > 0.0).any())


def _tracks_near(
    sighting: Sighting, index: int, site: Site, tracks: TrackTable
) -> list[tuple[int, int]]:
    """Return (track id, mask of sensors) of the site's tracks that can be what was seen."""
    frame = frame_at(site.lat, site.lon, site.alt_m)
    point = math.isfinite(sighting.lat)
    lat, lon = (sighting.lat, sighting.lon) if point else (sighting.from_lat, sighting.from_lon)
    origin_e, origin_n, _ = to_frame(geodetic_rows(lat, lon, site.alt_m), frame)[0].tolist()
    gate_m = max(LEAST_GATE_M, GATE_SIGMAS * sighting.sigma_m) if point else ALONG_M[-1]
    found = []
    for row in np.flatnonzero(tracks.site == index).tolist():
        east = float(tracks.state[row, 0]) - origin_e
        north = float(tracks.state[row, 1]) - origin_n
        if math.sqrt(east * east + north * north) > gate_m:
            continue
        turn = (math.atan2(east, north) / DEG - sighting.azimuth_deg + 180.0) % 360.0 - 180.0
        if not point and abs(turn) > GATE_DIRECTION_DEG:
            continue
        found.append((int(tracks.track_id[row]), int(tracks.sensors[row])))
    return found
