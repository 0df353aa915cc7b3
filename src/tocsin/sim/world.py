"""What is really there: every thing's place and velocity at any time of one raid."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.model import Node, Site, is_inside_m
from tocsin.sim import _kernels_motion
from tocsin.sim.draws import Draws
from tocsin.sim.interceptors import Stop, stops_of
from tocsin.sim.paths import Path, paths_of
from tocsin.sim.scenario import Scenario

__all__ = ["View", "World", "entries", "open_world"]

Floats = NDArray[np.float64]
_RATE_STEP_S = 0.05  # half the step of the difference that gives velocities; exact to 1 mm/s


@dataclass(frozen=True, slots=True)
class View:
    """Things from one sensor's place, one row a thing and time; NaN where it is not there.

    range_rate_mps is positive receding; height_m is above the ground of the thing's site.
    """

    range_m: Floats
    azimuth_rad: Floats
    elevation_rad: Floats
    range_rate_mps: Floats
    height_m: Floats


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """All things of one raid, as arrays with one row a thing (see _kernels_motion.paths_into).

    things: their names and kinds; ends_s: when each is gone for good; stops: what stopped whom.
    """

    things: tuple[Path, ...]
    sites: tuple[Site, ...]
    frames: tuple[geo.Frame, ...]
    site_of: NDArray[np.intp]
    count: NDArray[np.int64]
    way_s: Floats
    way_m: Floats
    smooth_s: Floats
    repeat_s: Floats
    ends_s: Floats
    sway: Floats
    rcs_dbsm: Floats
    stops: tuple[Stop, ...] = ()

    def __len__(self) -> int:
        return len(self.things)

    def row(self, name: str) -> int:
        """Return the row of a thing by its id."""
        return [t.id for t in self.things].index(name)

    def plan(self, t_s: Floats, rows: NDArray[np.intp] | None = None) -> tuple[Floats, Floats]:
        """Return (east, north, height above the site's ground) and their rates, each (n, 3).

        t_s (n,): the time asked for of each row; rows: which things (default all, in order).
        NaN where a thing is not there.
        """
        pick = np.arange(len(self), dtype=np.intp) if rows is None else rows
        position = np.empty((len(t_s), 3))
        velocity = np.empty((len(t_s), 3))
        _kernels_motion.paths_into(
            t_s,
            pick,
            self.count,
            self.way_s,
            self.way_m,
            self.smooth_s,
            self.repeat_s,
            self.ends_s,
            self.sway,
            position,
            velocity,
        )
        return position, velocity

    def at(
        self, t_s: Floats, rows: NDArray[np.intp] | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Return geodetic rows (n, 3), east-north-up velocities (n, 3) where the things are,
        and heights (n,) above the ground of their sites; t_s and rows as in `plan`.
        """
        plan, velocity = self.plan(t_s, rows)
        site_of = self.site_of if rows is None else self.site_of[rows]
        places = np.full_like(plan, np.nan)
        for k, (site, frame) in enumerate(zip(self.sites, self.frames)):
            here = np.flatnonzero(site_of == k)
            if here.size:
                flat = plan[here]
                flat[:, 2] = 0.0
                places[here] = geo.from_frame(flat, frame)
                # Heights are above the site's ground, which follows the ellipsoid.
                places[here, 2] = site.alt_m + plan[here, 2]
        return places, velocity, plan[:, 2]

    def seen_from(
        self, t_s: Floats, frame: geo.Frame, rows: NDArray[np.intp] | None = None
    ) -> "View":
        """Return where things are for a sensor; t_s and rows as in `plan`; frame: its own."""
        n = len(t_s)
        pick = np.arange(len(self), dtype=np.intp) if rows is None else rows
        times = np.concatenate([t_s, t_s + _RATE_STEP_S, t_s - _RATE_STEP_S])
        places, _, height_m = self.at(times, np.concatenate([pick] * 3))
        local = geo.to_frame(places, frame)
        polar = geo.local_to_polar(local[:n])
        away_m = np.sqrt((local[n:] * local[n:]).sum(1))
        far_m, near_m = away_m[:n], away_m[n:]
        return View(
            polar[:, 0],
            polar[:, 1],
            polar[:, 2],
            (far_m - near_m) / (2.0 * _RATE_STEP_S),
            height_m[:n],
        )

    def bearings_from(
        self, t_s: Floats, frame: geo.Frame, rows: NDArray[np.intp] | None = None
    ) -> Floats:
        """Return the azimuths of `seen_from` alone, rad; NaN where nothing is."""
        return geo.local_to_polar(geo.to_frame(self.at(t_s, rows)[0], frame))[:, 1]

    def ended(self, ends_s: Floats, stops: tuple[Stop, ...]) -> Self:
        """Return the same world in which things are gone from ends_s (n,) on."""
        return replace(self, ends_s=ends_s, stops=stops)


def open_world(scenario: Scenario, node: Node, draws: Draws) -> World:
    """Return what happens in one raid, interceptions included (they depend on nobody's
    picture).
    """
    world = _unstopped(paths_of(scenario, node, draws), node)
    stops = stops_of(scenario.interceptor, world, draws)
    ends_s = world.ends_s.copy()
    for stop in stops:
        ends_s[world.row(stop.thing)] = stop.at_s
    return world.ended(ends_s, stops)


def entries(world: World, *, stopped: bool) -> dict[tuple[str, str, str], float]:
    """Return when each hostile thing enters each zone: (thing, site, zone) -> seconds of the
    day.

    stopped: with interceptions, or as if there were none. To 0.1 s; below the zone's ceiling
    only.
    """
    free = world if stopped else world.ended(np.full(len(world), math.inf), ())
    found: dict[tuple[str, str, str], float] = {}
    for row, thing in enumerate(free.things):
        if not thing.hostile:
            continue
        times = np.arange(thing.way[0][0], thing.way[-1][0], 0.1)
        plan, _ = free.plan(times, np.full(len(times), row))
        site = free.sites[free.site_of[row]]
        for zone in site.zones:
            outline = np.array(zone.outline_m)
            low, high = outline.min(0), outline.max(0)
            near = (plan[:, :2] >= low).all(1) & (plan[:, :2] <= high).all(1)
            for k in np.flatnonzero(near & (plan[:, 2] <= zone.ceiling_m)):
                if is_inside_m(zone.outline_m, plan[k, 0], plan[k, 1]):
                    found[thing.id, site.id, zone.id] = float(times[k])
                    break
    return found


def _unstopped(things: tuple[Path, ...], node: Node) -> World:
    most = max((len(p.way) for p in things), default=2)
    n = len(things)
    way_s, way_m = np.zeros((n, most)), np.zeros((n, 3, most))
    sway = np.zeros((n, 3, 3))
    for i, path in enumerate(things):
        way = np.array(path.way)
        way_s[i, : len(way)] = way[:, 0]
        way_m[i, :, : len(way)] = way[:, 1:].T
        sway[i] = [(size, math.tau / period, phase) for size, period, phase in path.sway]
    names = [s.id for s in node.sites]
    return World(
        things=things,
        sites=node.sites,
        frames=tuple(geo.frame_at(s.lat, s.lon, s.alt_m) for s in node.sites),
        site_of=np.array([names.index(p.site) for p in things], dtype=np.intp),
        count=np.array([len(p.way) for p in things], dtype=np.int64),
        way_s=way_s,
        way_m=way_m,
        smooth_s=np.array([p.smooth_s for p in things], dtype=np.float64),
        repeat_s=np.array([p.repeat_s for p in things], dtype=np.float64),
        ends_s=np.full(n, math.inf),
        sway=sway,
        rcs_dbsm=np.array([p.rcs_dbsm for p in things], dtype=np.float64),
    )
