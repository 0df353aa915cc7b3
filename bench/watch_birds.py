"""Birds alone, many hours at once: how often the watch warns in vain, and of what.

Quiet stretches of bench/watch_set.py, several sites side by side in one process and without codecs
(bench/watch_feed.py): tracker, identity, threat and ladder are the product's, at its grid. Each
false alarm comes with the track, its evidence and the bird that it was.
"""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from bench import watch_set
from bench.watch_feed import TICK_S, Feed
from bench.watch_play import SAME_M, SERIOUS
from tocsin import alert, identity, threat, track
from tocsin.model import CLASSES, DeclaredTable, Ladder, SensorStatus, TrackTable
from tocsin.sim.draws import Draws
from tocsin.sim.raids import DAY_S
from tocsin.sim.world import open_world

DENSITY = 12  # times as many birds for a twelfth of the time; they cross more often so
STRETCH_S, FROM_S = 1200.0, 100.0
SETTLE_S = 120.0  # of a stretch, that the picture needs to fill
VOICE = ("raised", "escalated", "unattended", "watch lost")  # what is heard at the desk


@dataclass
class Quiet:
    """What birds alone came to. near: alarms of what stays near and comes to no zone;
    questions: alarms at MONITOR of what comes to the line and is not surely harmless.
    """

    seconds: float
    tracks: int = 0
    cautions: int = 0
    shelters: int = 0
    prompts: int = 0
    near: int = 0
    questions: int = 0
    words: list = field(default_factory=list)


def many_sites(count):
    """Return the watch set's node as so many equal sites with sensors of their own: 21 at most,
    for a track table names 64 sensors.
    """
    if count > 21:
        raise ValueError(f"{count} sites side by side have more than 64 sensors; 21 at most")
    node = watch_set.node()
    site = node.sites[0]
    sites = tuple(dataclasses.replace(site, id=f"base-{k}") for k in range(count))
    sensors = tuple(
        dataclasses.replace(s, id=f"{s.id}-{k}", sites=(f"base-{k}",))
        for k in range(count) for s in node.sensors
    )  # fmt: skip
    return dataclasses.replace(node, sites=sites, sensors=sensors)


class Skies:
    """Several sites with a world each, played together at the pipeline's grid."""

    def __init__(self, worlds, draws, *, from_s):
        self.node, one = many_sites(len(worlds)), watch_set.node()
        each = len(one.sensors)
        self.worlds = worlds
        self.feeds = [
            Feed(one, world, draw, day_s=DAY_S, from_s=from_s, first=each * k)
            for k, (world, draw) in enumerate(zip(worlds, draws))
        ]
        self.trackers = [
            track.open_tracker(site, k, self.node) for k, site in enumerate(self.node.sites)
        ]
        self.at_s, self.tick = from_s, 0
        self.begun_s = from_s

    def step(self):
        """Go one tick on; return the seconds of the day and all tracks of all sites."""
        self.tick += 1
        self.at_s = self.begun_s + self.tick * TICK_S
        now_s = DAY_S + self.at_s
        for feed, tracker in zip(self.feeds, self.trackers):
            detections, looks = feed.take(self.at_s)
            track.step_into(tracker, detections, looks, now_s)
        shown = [track.table(tracker, now_s, tentative=False) for tracker in self.trackers]
        return self.at_s, TrackTable.join(shown)


class Watch:
    """Identity, threat and ladder over the tracks of all sites, as in the pipeline."""

    def __init__(self, node):
        self.node = node
        self.identity, self.threat = identity.open_identity(), threat.open_threat()
        self.alert, self.nobody = alert.open_alert(node), DeclaredTable.blank(0)
        self.sensors = tuple(heard(sensor) for sensor in node.sensors)

    def questions(self):
        """Return the ids of the alarms that are about nothing but what nears a line."""
        return {w.alarm.id for w in self.alert.alarms if w.question}

    def look(self, at_s, tracks):
        """Return identities, threats and events of one look; nobody reads why, so no words."""
        now_s = DAY_S + at_s
        judged = identity.assess_into(
            self.identity, tracks, self.nobody, self.node, now_s, worded=False
        )
        threats = threat.assess_into(
            self.threat, tracks, judged, self.node, now_s, worded=False
        )
        events = alert.advance_into(
            self.alert, self.node, threats, tracks, judged, self.sensors, now_s
        )
        return judged, threats, events


def heard(sensor):
    """Return the state of a sensor that is up; else every site would be NOT WATCHING."""
    return SensorStatus(
        sensor.id, sensor.kind, "ok", DAY_S, 1, 1, 0, {}, 0.0, "simulated", sensor.sites, DAY_S
    )


def play_birds(seed, stretches, seconds=STRETCH_S):
    """Play these stretches side by side; what SETTLE_S at their beginning brought does not
    count.
    """
    draws = [Draws(seed, k) for k in stretches]
    worlds = [open_world(watch_set.quiet(DENSITY), watch_set.node(), d) for d in draws]
    skies = Skies(worlds, draws, from_s=FROM_S)
    watch, names, asking = Watch(skies.node), set(), set()
    found = Quiet(len(stretches) * (seconds - SETTLE_S))
    for tick in range(round(seconds / TICK_S)):
        at_s, tracks = skies.step()
        judged, threats, events = watch.look(at_s, tracks)
        if at_s - FROM_S < SETTLE_S:
            continue
        for event in events:
            if _count(found, event, asking, watch.questions()):
                at = at_s, worlds, stretches
                found.words += tell(event, *at, watch, tracks, judged, threats)
        if tick % 10 == 0:
            found.tracks += _new_birds(skies, at_s, tracks, names)
    return found


def _count(found, event, asking, questions):
    """Count an event; tell whether it is a false warning. asking: ids of the alarms that have
    asked for CAUTION, for one raised at MONITOR may climb; questions: of those that only ask.
    """
    released = event.kind == "released"
    # A second track that joins an alarm would have been a false CAUTION of its own.
    raised = event.kind == "joined" and event.step in SERIOUS
    if event.alarm_id and event.step in SERIOUS and event.alarm_id not in asking:
        asking.add(event.alarm_id)
        raised = True
    near = event.kind in ("raised", "joined") and event.step == Ladder.MONITOR
    only_asked = near and event.alarm_id in questions
    near = near and not only_asked
    found.questions += only_asked and event.kind == "raised"
    found.shelters += released
    found.cautions += raised
    found.near += near
    found.prompts += event.kind in VOICE
    return released or raised or near or event.kind == "unattended"


def _new_birds(skies, at_s, tracks, names):
    found = 0
    for row, name in enumerate(tracks.track_id.tolist()):
        if name not in names:
            names.add(name)
            found += (
                _nearest(skies.worlds[tracks.site[row]], at_s, tracks.state[row])[1] <= SAME_M
            )
    return found


def _nearest(world, at_s, state):
    places, _ = world.plan(np.full(len(world), at_s), np.arange(len(world)))
    off_m = np.sqrt(((places[:, :2] - state[:2]) ** 2).sum(1))
    best = int(np.nanargmin(off_m))
    return world.things[best].id, float(off_m[best])


def tell(event, at_s, worlds, stretches, watch, tracks, judged, threats):
    """Return a line for each track of an event: what it rests on, and what it truly is."""
    site = next(k for k, s in enumerate(watch.node.sites) if s.id == event.site_id)
    out = []
    for name in event.tracks:
        row = np.flatnonzero(tracks.track_id == name)
        mine = np.flatnonzero(threats.track_id == name)
        if not row.size or not mine.size:
            continue
        k, zones = int(row[0]), watch.node.sites[site].zones
        of = [z for z in mine if zones[threats.zone[z]].id == event.zone_id]
        z = int(of[0] if of else mine[np.argmax(threats.p_zone[mine])])
        state, p = tracks.state[k], judged.probability[k]
        bird, off_m = _nearest(worlds[site], at_s, state)
        sums = " ".join(
            f"{n.removeprefix('drone_')[:5]} {v:.2f}" for n, v in zip(CLASSES, p) if v >= 0.01
        )
        spread = np.sqrt(max(tracks.covariance[k, 3, 3], tracks.covariance[k, 4, 4]))
        out.append(
            f"stretch {stretches[site]}, {at_s - FROM_S:.0f} s: {event.kind} {event.step}: age"
            f" {DAY_S + at_s - tracks.born_s[k]:.0f} s, {tracks.hits[k]} hits, sensors"
            f" {int(tracks.sensors[k]) >> 3 * site}, {np.hypot(*state[:2]):.0f} m off,"
            f" {np.hypot(*state[3:5]):.1f} +- {spread:.1f} m/s, up {state[2]:.0f} m; {sums}, none"
            f" {judged.none[k]:.2f}, conflict {judged.conflict[k]:.2f}; harm {threats.p_harm[z]:.2f}"
            f" asked {threats.p_asked[z]:.2f} zone {threats.p_zone[z]:.2f} in"
            f" {threats.arrival_early_s[z] - DAY_S - at_s:.0f} s; scores"
            f" {np.round(tracks.class_log[k] - tracks.class_log[k].max(), 1).tolist()};"
            f" {bird} {off_m:.0f} m"
        )
    return out or [
        f"stretch {stretches[site]}, {at_s - FROM_S:.0f} s: {event.kind} {event.text}"
    ]
