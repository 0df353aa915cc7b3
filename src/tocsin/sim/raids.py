"""One raid, trimmed to what matters, and what came of it: who was warned, who got through."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tocsin import geo
from tocsin.errors import ScenarioError
from tocsin.model import AlertEvent, Ladder, Node, Sensor
from tocsin.sim.draws import Draws
from tocsin.sim.physics import horizon_m
from tocsin.sim.play import play
from tocsin.sim.scenario import Scenario
from tocsin.sim.sources import TICK_S
from tocsin.sim.world import World, entries, open_world

__all__ = ["DAY_S", "LEAD_S", "Part", "Raid", "ZoneArrival", "parts_of", "play_raid"]

DAY_S = 1_772_366_400.0  # 2026-03-01 12:00 UTC: all raids are of one day, far from midnight
# Before the first drone is in reach: clutter is tracked and sensors are heard by then. Birds
# have been looked at for 20 scans of a 2 s radar.
LEAD_S = 40.0
_DECLARED_ONLY = ("adsb", "remote_id", "system", "person")  # do not measure a silent drone


@dataclass(frozen=True, slots=True)
class Part:
    """The sites that share a picture, and from when to when they are played (seconds of the
    day). reach_s: when the first drone comes into reach of a sensor.
    """

    node: Node
    from_s: float
    reach_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class ZoneArrival:
    """A zone that a drone would enter if nothing stopped it. Seconds of the day.

    drone: the first to enter; released_s: None where never released; needed_s: its shelter
    time; warned: released at least needed_s before enters_s; why: empty where warned.
    """

    site: str
    zone: str
    drone: str
    enters_s: float
    released_s: float | None
    needed_s: float
    warned: bool
    why: str

    @property
    def warning_s(self) -> float:
        """Entry minus release; -inf where it was never released."""
        return -math.inf if self.released_s is None else self.enters_s - self.released_s


@dataclass(frozen=True, slots=True)
class Raid:
    """What came of one raid. drones, stopped, entered: how many there were, were stopped
    before the point they flew at, and entered a zone. sheltered_in_vain: "site/zone" that was
    released although no drone would enter it, or before any drone was in reach.
    """

    raid: int
    drones: int
    stopped: int
    entered: int
    arrivals: tuple[ZoneArrival, ...]
    sheltered_in_vain: tuple[str, ...]
    played_s: float

    @property
    def warned(self) -> bool:
        """Every zone that a drone would enter had its shelter time."""
        return all(a.warned for a in self.arrivals)


def play_raid(scenario: Scenario, node: Node, draws: Draws) -> Raid:
    """Play one raid through the pipeline and score it.

    Raises ScenarioError where nothing hostile flies.
    """
    world = open_world(scenario, node, draws)
    drones = [t.id for t in world.things if t.hostile]
    if not drones:
        raise ScenarioError(f"scenario {scenario.name!r} has no [[approach]]: nothing comes")
    coming = entries(world, stopped=False)
    arrivals: list[ZoneArrival] = []
    in_vain: list[str] = []
    played_s = 0.0
    for part in parts_of(node, world, coming):
        steps = play(
            scenario, part.node, draws,
            day_s=DAY_S, from_s=part.from_s, until_s=part.until_s, world=world,
        )  # fmt: skip
        heard = [event for _, outcome in steps for event in outcome.alert_events]
        found = _arrivals(part.node, world, coming, heard)
        arrivals += found
        in_vain += _in_vain(found, heard, part.reach_s)
        played_s += part.until_s - part.from_s
    return Raid(
        raid=draws.raid,
        drones=len(drones),
        stopped=len(world.stops),
        entered=len({key[0] for key in entries(world, stopped=True)}),
        arrivals=tuple(arrivals),
        sheltered_in_vain=tuple(in_vain),
        played_s=played_s,
    )


def parts_of(
    node: Node, world: World, coming: dict[tuple[str, str, str], float]
) -> tuple[Part, ...]:
    """Return what of the day is to be played: for each group of sites that drones fly at, from
    shortly before the first is in reach to the last entry or stop.

    Groups do not touch one another (no shared sensor, no track of one in the radius of the
    other), so that each can be played alone.
    """
    attacked = {t.site for t in world.things if t.hostile}
    parts = []
    for group in _groups(node):
        if attacked.isdisjoint(group):
            continue
        sites = tuple(s for s in node.sites if s.id in group)
        sensors = tuple(s for s in node.sensors if any(name in group for name in s.sites))
        rows = [r for r, t in enumerate(world.things) if t.hostile and t.site in group]
        reach_s = min(_reach_s(world, row, sensors) for row in rows)
        over_s = max(_over_s(world, row, coming) for row in rows)
        from_s = max(0.0, math.floor(reach_s - LEAD_S))
        until_s = from_s + TICK_S * math.ceil((over_s - from_s) / TICK_S + 1.0)
        part = replace(node, sites=sites, sensors=sensors)
        parts.append(Part(part, from_s, reach_s, until_s))
    return tuple(parts)


def _groups(node: Node) -> list[list[str]]:
    """Return ids of sites that have a sensor in common or whose radii meet, joined up."""
    groups: list[list[str]] = []
    for site in node.sites:
        near = [site.id]
        for other in node.sites:
            shared = any({site.id, other.id} <= set(s.sites) for s in node.sensors)
            here, there = (geo.geodetic_rows(s.lat, s.lon, s.alt_m) for s in (site, other))
            apart_m = float(geo.distance_m(here, there)[0])
            if shared or apart_m <= site.radius_m + other.radius_m:
                near.append(other.id)
        touched = [g for g in groups if not set(g).isdisjoint(near)]
        groups = [g for g in groups if g not in touched]
        groups.append(list(dict.fromkeys([*(i for g in touched for i in g), *near])))
    return groups


def _reach_s(world: World, row: int, sensors: Iterable[Sensor]) -> float:
    """Return when a thing first is in a measuring sensor's range and above its horizon, to 1 s;
    its start where it never is.
    """
    way = world.things[row].way
    times = np.arange(way[0][0], way[-1][0], 1.0)
    places, _, height_m = world.at(times, np.full(len(times), row))
    ground_m = world.sites[world.site_of[row]].alt_m
    seen = np.zeros(len(times), dtype=np.bool_)
    for sensor in sensors:
        if sensor.kind in _DECLARED_ONLY or sensor.lat is None or sensor.lon is None:
            continue
        frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
        range_m = geo.local_to_polar(geo.to_frame(places, frame))[:, 0]
        reach_m = np.minimum(sensor.max_range_m, horizon_m(sensor.alt_m - ground_m, height_m))
        seen |= range_m <= reach_m
    first = np.flatnonzero(seen)
    return float(times[first[0]]) if first.size else float(way[0][0])


def _over_s(world: World, row: int, coming: dict[tuple[str, str, str], float]) -> float:
    """Return when nothing more depends on a drone: its last entry, its stop, or its end."""
    thing = world.things[row]
    last_s = max((t for key, t in coming.items() if key[0] == thing.id), default=math.inf)
    return min(last_s, thing.way[-1][0], float(world.ends_s[row]))


def _arrivals(
    node: Node,
    world: World,
    coming: dict[tuple[str, str, str], float],
    heard: list[AlertEvent],
) -> list[ZoneArrival]:
    stops = {s.thing: s.at_s for s in world.stops}
    found = []
    for site in node.sites:
        for zone in site.zones:
            times = {k[0]: t for k, t in coming.items() if k[1:] == (site.id, zone.id)}
            if not times:
                continue
            drone = min(times, key=lambda name: times[name])
            mine = [e for e in heard if (e.site_id, e.zone_id) == (site.id, zone.id)]
            released_s = next((e.at_s - DAY_S for e in mine if e.kind == "released"), None)
            warning_s = -math.inf if released_s is None else times[drone] - released_s
            warned = warning_s >= zone.shelter_s
            why = "" if warned else _why(warning_s, zone.shelter_s, mine)
            stop_s = stops.get(drone, math.inf)
            if why and stop_s < times[drone]:
                why += f"; {drone} was stopped {times[drone] - stop_s:.1f} s before it"
            found.append(
                ZoneArrival(
                    site.id,
                    zone.id,
                    drone,
                    times[drone],
                    released_s,
                    zone.shelter_s,
                    warned,
                    why,
                )
            )
    return found


def _why(warning_s: float, needed_s: float, mine: list[AlertEvent]) -> str:
    if math.isinf(warning_s):
        steps = [e.step for e in mine if e.kind == "step"]
        now = steps[-1] if steps else Ladder.QUIET
        proposed = "" if any(e.kind == "proposed" for e in mine) else ", nothing was proposed"
        return f"not released before arrival: the zone stood at {now}{proposed}"
    if warning_s < 0.0:
        return f"released {-warning_s:.1f} s after arrival, not {needed_s:.0f} s before it"
    return f"released {warning_s:.1f} s before arrival, {needed_s:.0f} s are needed"


def _in_vain(arrivals: list[ZoneArrival], heard: list[AlertEvent], reach_s: float) -> list[str]:
    due = {(a.site, a.zone) for a in arrivals}
    return sorted(
        {
            f"{e.site_id}/{e.zone_id}"
            for e in heard
            if e.kind == "released"
            and ((e.site_id, e.zone_id) not in due or e.at_s - DAY_S < reach_s)
        }
    )
