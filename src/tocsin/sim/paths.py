"""A scenario's flights as waypoints over time, with this raid's draws put in."""

import itertools
import math
from dataclasses import dataclass

from tocsin.errors import ScenarioError
from tocsin.model import Node, Site
from tocsin.sim._ways import Way, is_straight, turned_off, way_of
from tocsin.sim.draws import Draws, thing_key
from tocsin.sim.scenario import Approach, Beacon, RemoteId, Route, Scenario, Wander

__all__ = ["Path", "paths_of"]

_SWAY_M = {"drone_fixed_wing": 8.0, "bird": 3.0}  # m; a drone in gusts, a bird's beat; else 0
_SWAY_PERIOD_S = (45.0, 90.0)
_MIN_LEG_M = 60.0  # m; a bird's next turning point is at least so far
_MAX_LEGS = 400


@dataclass(frozen=True, slots=True)
class Path:
    """One thing's way. way: (time s, east m, north m, height m) in its site's plan.

    sway: for each axis amplitude m, period s, phase rad. hostile things alone can be stopped.
    """

    id: str
    kind: str
    site: str
    rcs_dbsm: float
    way: tuple[tuple[float, float, float, float], ...]
    smooth_s: float
    repeat_s: float = 0.0
    sway: tuple[tuple[float, float, float], ...] = ((0.0, 60.0, 0.0),) * 3
    beacon: Beacon | None = None
    remote_id: RemoteId | None = None
    hostile: bool = False
    zone: str = ""


def paths_of(scenario: Scenario, node: Node, draws: Draws) -> tuple[Path, ...]:
    """Return every flight of one raid, in the scenario's order.

    Raises ScenarioError where a flight names a site or zone that the node does not have.
    """
    sites = {s.id: s for s in node.sites}
    paths: list[Path] = []
    for approach in scenario.approach:
        paths.append(_approach(approach, _site(approach.id, approach.site, sites), draws))
    for route in scenario.route:
        _site(route.id, route.site, sites)
        paths.append(_route(route, draws))
    for flock in scenario.wander:
        _site(flock.id, flock.site, sites)
        paths.extend(_bird(flock, k, draws) for k in range(flock.count))
    return tuple(paths)


def _site(what: str, name: str, sites: dict[str, Site]) -> Site:
    if name not in sites:
        raise ScenarioError(f"{what!r} is at site {name!r}; the site file has {list(sites)}")
    return sites[name]


def _approach(drone: Approach, site: Site, draws: Draws) -> Path:
    zones = {z.id: z for z in site.zones}
    if drone.zone not in zones:
        raise ScenarioError(
            f"{drone.id!r} flies at zone {drone.zone!r}; {site.id!r} has {list(zones)}"
        )
    if drone.by_zone and drone.by_zone not in zones:
        raise ScenarioError(
            f"{drone.id!r} flies at zone {drone.by_zone!r} first; {site.id!r} has {list(zones)}"
        )
    key = thing_key(drone.id)
    middle_east, middle_north = _middle(zones[drone.zone].outline_m)
    off_m = drone.spread_m * math.sqrt(draws.between(key, 4, 0.0, 1.0))
    off_rad = draws.between(key, 5, 0.0, math.tau)
    aim_east = middle_east + off_m * math.sin(off_rad)
    aim_north = middle_north + off_m * math.cos(off_rad)
    start_s = draws.between(key, 0, *drone.enters_s)
    from_rad = math.radians(draws.between(key, 1, *drone.from_deg))
    speed_mps = draws.between(key, 2, *drone.speed_mps)
    height_m = draws.between(key, 3, *drone.height_m)
    east, north = drone.start_m * math.sin(from_rad), drone.start_m * math.cos(from_rad)
    if not is_straight(drone):
        points = [(east, north), (aim_east, aim_north)]
        if drone.by_zone:
            over = _middle(zones[drone.by_zone].outline_m)
            points.insert(1, turned_off(drone, key, draws, points[0], over))
        way = way_of(drone, key, draws, start_s, points, speed_mps=speed_mps, height_m=height_m)
        return _inbound(drone, key, draws, way)
    length_m = math.hypot(aim_east - east, aim_north - north)
    high = max(0.0, 1.0 - drone.descent_m / length_m)
    way = (
        (start_s, east, north, height_m),
        (
            start_s + high * length_m / speed_mps,
            east + high * (aim_east - east),
            north + high * (aim_north - north),
            height_m,
        ),
        (start_s + length_m / speed_mps, aim_east, aim_north, 1.0),
    )
    return _inbound(drone, key, draws, way)


def _middle(outline: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return the mean of an outline's corners."""
    return sum(p[0] for p in outline) / len(outline), sum(p[1] for p in outline) / len(outline)


def _inbound(drone: Approach, key: int, draws: Draws, way: Way) -> Path:
    return Path(
        drone.id, drone.kind, drone.site, drone.rcs_dbsm, way, 8.0,
        sway=_sway(key, drone.kind, draws), hostile=True, zone=drone.zone,
    )  # fmt: skip


def _route(route: Route, draws: Draws) -> Path:
    key = thing_key(route.id)
    at_s = draws.between(key, 0, *route.enters_s)
    way: list[tuple[float, float, float, float]] = []
    for k, (east, north, height, _) in enumerate(route.way):
        if k:
            before = route.way[k - 1]
            # A leg's speed goes evenly from its first point's to its last point's.
            speed_mps = 0.5 * (before[3] + route.way[k][3])
            at_s += math.hypot(east - before[0], north - before[1]) / speed_mps
        way.append((at_s, east, north, height))
    if route.repeat_s and at_s > route.repeat_s:
        raise ScenarioError(
            f"{route.id!r} flies until {at_s:.0f} s and begins anew at {route.repeat_s:.0f} s; "
            "give a larger repeat_s"
        )
    return Path(
        route.id, route.kind, route.site, route.rcs_dbsm, tuple(way), route.smooth_s,
        route.repeat_s, _sway(key, route.kind, draws), route.beacon, route.remote_id,
    )  # fmt: skip


def _bird(flock: Wander, number: int, draws: Draws) -> Path:
    name = f"{flock.id}-{number + 1}"
    key = thing_key(name)
    home_m = draws.between(key, 0, *flock.home_m)
    home_rad = draws.between(key, 1, 0.0, math.tau)
    roam_m = draws.between(key, 2, *flock.roam_m)
    height_m = draws.between(key, 3, *flock.height_m)
    home = (home_m * math.sin(home_rad), home_m * math.cos(home_rad))
    points = [(0.0, *home, height_m)]
    for k in range(1, _MAX_LEGS):
        at_s, east, north, _ = points[-1]
        back_s = math.hypot(home[0] - east, home[1] - north) / flock.speed_mps[0]
        if at_s + back_s > flock.repeat_s:
            break
        points.append(_next_point(flock, key, k, points[-1], home, roam_m, height_m, draws))
    points.append((flock.repeat_s, *home, height_m))
    return Path(
        name, flock.kind, flock.site, flock.rcs_dbsm, _even(points), flock.smooth_s,
        flock.repeat_s, _sway(key, flock.kind, draws),
    )  # fmt: skip


def _next_point(
    flock: Wander,
    key: int,
    k: int,
    here: tuple[float, float, float, float],
    home: tuple[float, float],
    roam_m: float,
    height_m: float,
    draws: Draws,
) -> tuple[float, float, float, float]:
    off_m = roam_m * math.sqrt(draws.between(key, 10 * k + 4, 0.0, 1.0))
    off_rad = draws.between(key, 10 * k + 5, 0.0, math.tau)
    east, north = home[0] + off_m * math.sin(off_rad), home[1] + off_m * math.cos(off_rad)
    away_m = math.hypot(east - here[1], north - here[2])
    if away_m < _MIN_LEG_M:
        north += 2.0 * _MIN_LEG_M
        away_m = math.hypot(east - here[1], north - here[2])
    speed_mps = draws.between(key, 10 * k + 6, *flock.speed_mps)
    height_m += draws.between(key, 10 * k + 7, -flock.rise_m, flock.rise_m)
    return (here[0] + away_m / speed_mps, east, north, max(5.0, height_m))


def _even(
    points: list[tuple[float, float, float, float]],
) -> tuple[tuple[float, float, float, float], ...]:
    """Stretch the times so that the last leg home is flown at the mean speed of the others."""
    legs_m = [math.hypot(b[1] - a[1], b[2] - a[2]) for a, b in itertools.pairwise(points)]
    last_s = legs_m[-1] * points[-2][0] / max(sum(legs_m[:-1]), 1.0)
    stretch = points[-1][0] / (points[-2][0] + last_s)
    return (*((t * stretch, e, n, h) for t, e, n, h in points[:-1]), points[-1])


def _sway(key: int, kind: str, draws: Draws) -> tuple[tuple[float, float, float], ...]:
    size_m = _SWAY_M.get(kind, 0.0)
    return tuple(
        (
            size_m if axis < 2 else 0.4 * size_m,
            draws.between(key, 9000 + 2 * axis, *_SWAY_PERIOD_S),
            draws.between(key, 9001 + 2 * axis, 0.0, math.tau),
        )
        for axis in range(3)
    )
