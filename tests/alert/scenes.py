"""Tables made by hand for the watch: who threatens which zone, when, how harmful."""

from dataclasses import dataclass, field

import numpy as np
from tests.identity.flights import T0_S, blank_table

from tocsin import alert
from tocsin.model import (
    Act,
    AlertRules,
    IdentityTable,
    Node,
    Release,
    SensorStatus,
    Site,
    ThreatTable,
    TrackStatus,
    Zone,
)

SQUARE = ((-500.0, -500.0), (500.0, -500.0), (500.0, 500.0), (-500.0, 500.0))


def node_of(release=Release.PERSON_ELSE_AUTOMATIC, zones=1, **rules):
    """Return a base with zones that need 45 s to shelter: the line is at 75 s."""
    made = tuple(
        Zone(f"zone-{k}", f"Zone {k}", SQUARE, 600.0, 45.0, release=release)
        for k in range(zones)
    )
    return Node(
        sites=(
            Site("base", "Base", 48.0, 11.0, 500.0, zones=made, rules=AlertRules(**rules)),
            Site("far", "Far base", 49.0, 12.0, 500.0, zones=made, rules=AlertRules(**rules)),
        )
    )


@dataclass(frozen=True)
class T:
    """A track: seconds to its earliest arrival (inf: threatens nothing), harm, zones."""

    track: int = 1
    soon_s: float = 60.0
    harm: float = 0.95
    p_zone: float = 0.9
    zones: tuple[int, ...] = (0,)
    site: int = 0
    nature: int = 0
    cooperative: bool = False
    hits: int = 20
    east_m: float = 4000.0
    p_zones: tuple[float, ...] = ()  # in the order of zones, where they are not all p_zone
    age_s: float = 60.0
    status: int = TrackStatus.CONFIRMED
    sensors: int = 0  # bits of those whose last look saw it
    unseen_s: float = 0.0  # since its last look
    asked: float = 0.0  # harm counting how far it has come, where that is more
    birds: float = 1.0  # share of birds in what is not asked
    speed_mps: float = -45.0  # to the east


def sensor(state="ok", site="base", kind="radar"):
    return SensorStatus(
        f"{site}-{kind}", kind, state, T0_S, 1, 1, 0, {}, 0.0, "live", (site,), T0_S
    )


@dataclass
class Watch:
    """An alert state driven look by look; `events` gathers all that it said."""

    node: Node = field(default_factory=node_of)
    now_s: float = T0_S
    sensors: tuple = (sensor(), sensor(site="far"))
    events: list = field(default_factory=list)

    def __post_init__(self):
        self.state = alert.open_alert(self.node)

    def look(self, *tracks, seconds=0.2, approach=False):
        """Advance on the grid with these tracks; approach: arrivals come nearer meanwhile."""
        start_s = self.now_s
        for _ in range(round(seconds / 0.2)):
            self.now_s = round(self.now_s + 0.2, 3)
            gone_s = self.now_s - start_s - 0.2 if approach else 0.0
            self.events += alert.advance_into(
                self.state,
                self.node,
                *tables(tracks, self.now_s, gone_s),
                self.sensors,
                self.now_s,
            )
        return self

    def act(self, verb, user="officer", **fields):
        fields = {"key": f"{verb}-{len(self.events)}-{self.now_s}", "site": "base", **fields}
        fields.setdefault("view_s", self.now_s)
        act = Act(verb, user=user, at_s=self.now_s, **fields)
        events, answers = alert.act_into(self.state, self.node, (act,), self.now_s)
        self.events += events
        return answers[0][1], answers[0][2]

    def zone(self, index=0, site=0):
        return alert.zones(self.state)[site * len(self.node.sites[0].zones) + index]

    def alarms(self):
        return alert.alarms(self.state)

    def kinds(self, kind):
        return [event for event in self.events if event.kind == kind]


def tables(tracks, now_s, gone_s=0.0):
    table = blank_table(len(tracks), now_s)
    identities = IdentityTable.blank(len(tracks))
    for row, one in enumerate(tracks):
        table.track_id[row] = identities.track_id[row] = one.track
        table.site[row], table.nature[row], table.hits[row] = one.site, one.nature, one.hits
        table.state[row, 0], table.state[row, 3] = one.east_m, one.speed_mps
        identities.harm[row], identities.cooperative[row] = one.harm, one.cooperative
        table.born_s[row], table.status[row] = now_s - one.age_s, one.status
        table.sensors[row], table.updated_s[row] = one.sensors, now_s - one.unseen_s
    rows = [(one, zone) for one in tracks for zone in one.zones if np.isfinite(one.soon_s)]
    threats = ThreatTable.blank(len(rows))
    for k, (one, zone) in enumerate(rows):
        early_s = now_s + max(0.0, one.soon_s - gone_s)
        threats.track_id[k], threats.site[k], threats.zone[k] = one.track, one.site, zone
        threats.nature[k], threats.p_harm[k], threats.p_zone[k] = (
            one.nature,
            one.harm,
            one.p_zones[one.zones.index(zone)] if one.p_zones else one.p_zone,
        )
        threats.p_asked[k] = max(one.harm, one.asked)
        threats.p_roams[k] = (1.0 - threats.p_asked[k]) * one.birds
        threats.arrival_early_s[k] = early_s
        threats.arrival_median_s[k], threats.arrival_late_s[k] = early_s + 5.0, early_s + 12.0
    return threats, table, identities
