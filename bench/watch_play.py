"""Play raids of the watch set through the pipeline, and score them by truth."""

import math
from dataclasses import dataclass, field

import numpy as np

from bench import watch_set
from tocsin import geo
from tocsin.model import AlarmState, Ladder
from tocsin.sim.draws import Draws
from tocsin.sim.physics import reach_of_size_m
from tocsin.sim.play import play
from tocsin.sim.raids import DAY_S, parts_of
from tocsin.sim.world import entries, open_world

SAME_M = 300.0  # a track nearer to a drone than this is its track
COVERED_S = 10.0
SERIOUS = (Ladder.CAUTION, Ladder.TAKE_SHELTER)


@dataclass
class Zone:
    """One zone that a drone enters: seconds before that entry, -inf where never."""

    zone: str
    first_m: float  # from the zone's boundary, at the drone's first own track
    proposed: list = field(default_factory=list)  # [from, to) of each proposal
    automatic: float = -math.inf
    caution: float = -math.inf
    line: float = 0.0


@dataclass
class Played:
    """What came of one raid. crossings: one a drone: "called" (in an alarm at CAUTION or
    above), "asked" (in one at MONITOR), "unattended" (tracked and covered for 10 s),
    "undetected" (covered, not tracked) or "not covered" before it entered.
    later_s: how long after the line they were judged, of those that were not covered at it.
    band: (early, late, true) at the first CAUTION of a zone that a drone enters, seconds from
    then.
    """

    raid: int
    zones: list
    crossings: list
    later_s: list
    band: tuple | None
    in_vain: list
    alarms_10_min: int
    played_s: float


def play_raid(make, seed, raid, **more):
    """Play one raid of the set to the last entry."""
    scenario, node = make(raid, **more), watch_set.node()
    draws = Draws(seed, raid)
    world = open_world(scenario, node, draws)
    coming = entries(world, stopped=False)
    (part,) = parts_of(node, world, coming)
    first = _first_entries(coming)
    needed_s = {z.id: z.shelter_s + z.margin_s for z in node.sites[0].zones}
    lines = {drone: at_s - needed_s[zone] for drone, (zone, at_s) in first.items()}
    ends = {drone: at_s for drone, (_, at_s) in first.items()}
    watch = _Watching(world, node, lines, ends, {zone for _, _, zone in coming})
    steps = play(
        scenario, part.node, draws, day_s=DAY_S, from_s=part.from_s, until_s=part.until_s,
        world=world,
    )  # fmt: skip
    for _, outcome in steps:
        watch.look(outcome)
    zones = []
    for name, before_s in needed_s.items():
        times = [at_s for (_, _, zone), at_s in coming.items() if zone == name]
        if times:
            zones.append(watch.zone(name, min(times), before_s))
    due = {zone.zone for zone in zones}
    released = {e.zone_id for e in watch.events if e.kind == "released"}
    return Played(
        raid, zones, [watch.crossing(drone) for drone in lines], watch.later_s(),
        watch.band(coming), sorted(released - due), watch.most_alarms(),
        part.until_s - part.from_s,
    )  # fmt: skip


def _first_entries(coming):
    found = {}
    for (drone, _, zone), at_s in coming.items():
        if drone not in found or at_s < found[drone][1]:
            found[drone] = (zone, at_s)
    return found


class _Watching:
    """Gathers what one raid says, look by look. Times inside are seconds of the day."""

    def __init__(self, world, node, lines, ends, due):
        self.world, self.node, self.lines, self.due = world, node, lines, due
        self.frame = geo.frame_at(*(getattr(node.sites[0], k) for k in ("lat", "lon", "alt_m")))
        self.events, self.seen, self.state_at_line = [], {}, {}
        self.first_band = None
        self.judged_s = {d: self._judged_s(d, line_s, ends[d]) for d, line_s in lines.items()}

    def look(self, outcome):
        self.events += outcome.alert_events
        picture = outcome.picture
        if picture is None:
            return
        now_s = picture.now_s - DAY_S
        tracks = picture.tracks
        for drone, at_s in self.judged_s.items():
            if drone not in self.seen or (drone not in self.state_at_line and now_s >= at_s):
                self._meet(drone, at_s, now_s, picture, tracks)
        caution = [z for z in picture.zones if z.step in SERIOUS and z.zone_id in self.due]
        if self.first_band is None and caution:
            zone = min(caution, key=lambda z: z.arrival_early_s)
            if math.isfinite(zone.arrival_early_s):
                self.first_band = (
                    zone.zone_id, zone.arrival_early_s - DAY_S, zone.arrival_late_s - DAY_S, now_s,
                )  # fmt: skip

    def _meet(self, drone, at_s, now_s, picture, tracks):
        place, _ = self.world.plan(np.array([now_s]), np.array([self.world.row(drone)]))
        if not np.isfinite(place).all():
            return
        off_m = np.sqrt(((tracks.state[:, :2] - place[0, :2]) ** 2).sum(1))
        mine = set(tracks.track_id[off_m <= SAME_M].tolist())
        if mine and drone not in self.seen:
            self.seen[drone] = (now_s, place[0, :2])
        if now_s >= at_s:
            open_ = [
                a for a in picture.alarms if a.state != AlarmState.CLOSED and mine & {*a.tracks}
            ]
            called = any(a.step in SERIOUS for a in open_)
            asked = "called" if called else "asked" if open_ else "unattended"
            self.state_at_line[drone] = asked if mine else "undetected"

    def zone(self, name, enters_s, needed_s):
        mine = [e for e in self.events if e.zone_id == name]
        row = Zone(name, self._first_m(name), line=needed_s)
        since = None
        for event in mine:
            before = enters_s - (event.at_s - DAY_S)
            if event.kind == "proposed" and event.step == Ladder.TAKE_SHELTER:
                since = before if since is None else since
            elif event.kind == "withdrawn" and since is not None:
                row.proposed.append((since, before))
                since = None
            elif event.kind == "released":
                row.automatic = max(row.automatic, before)
            elif event.kind == "step" and event.step in SERIOUS:
                row.caution = max(row.caution, before)
        if since is not None:
            row.proposed.append((since, -math.inf))
        return row

    def _first_m(self, name):
        """Return how far from the zone's boundary any drone had its first track, at most."""
        if not self.seen:
            return 0.0
        ring = next(z.outline_m for z in self.node.sites[0].zones if z.id == name)
        _, place = min(self.seen.values(), key=lambda pair: pair[0])
        return min(math.dist(place, point) for point in ring)

    def crossing(self, drone):
        if math.isnan(self.judged_s[drone]):
            return "not covered"
        return self.state_at_line.get(drone, "undetected")

    def later_s(self):
        after = [self.judged_s[drone] - line_s for drone, line_s in self.lines.items()]
        return [s for s in after if s > 0.0]

    def _judged_s(self, drone, line_s, enters_s):
        """Return when a drone is judged: at its line, or where it was not covered for 10 s
        before, as soon as it was; NaN where it enters first.
        """
        times = np.arange(line_s - COVERED_S, enters_s)
        seen = self._covered(drone, times)
        need = round(COVERED_S) + 1
        since = np.convolve(seen, np.ones(need), "valid") == need
        return float(line_s + np.argmax(since)) if since.any() else math.nan

    def _covered(self, drone, times):
        """Tell when the radar sees it half of the time or more: within reach of its size, and
        not in the Doppler notch, where no radar of this kind sees a thing that hovers or passes
        across.
        """
        row = self.world.row(drone)
        plan, moves = self.world.plan(times, np.full(len(times), row))
        radar = next(s for s in self.node.sensors if s.id == "radar")
        sees = next(v for v in watch_set.SEES if v.sensor == "radar")
        reach_m = reach_of_size_m(sees.r50_m, self.world.rcs_dbsm[row])
        here = geo.to_frame(geo.geodetic_rows(radar.lat, radar.lon, radar.alt_m), self.frame)
        off = plan - here
        off_m = np.sqrt((off**2).sum(1))
        near = off_m <= min(float(reach_m), radar.max_range_m)  # NaN where it is not yet there
        return near & (np.abs((off * moves).sum(1)) >= radar.min_radial_speed_mps * off_m)

    def band(self, coming):
        if self.first_band is None:
            return None
        zone, early_s, late_s, now_s = self.first_band
        times = [at_s for (_, _, name), at_s in coming.items() if name == zone]
        return (early_s - now_s, late_s - now_s, min(times) - now_s) if times else None

    def most_alarms(self):
        at = sorted(e.at_s for e in self.events if e.kind == "raised")
        return max((sum(t <= u < t + 600.0 for u in at) for t in at), default=0)
