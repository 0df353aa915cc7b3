"""A small synthetic sky that speaks the live socket's contract, for tests of the watch screen.

It knows nothing of the product's code: what it sends is written by hand from
docs/architecture.md, "Between service and browser", so that the page is judged by the contract.
"""

import math
import struct
from dataclasses import dataclass, field
from typing import Any

MAGIC, VERSION = 0x5443, 1
HEADER = struct.Struct("<HBBId")
RECORD = struct.Struct("<IiihhhhHHHBBBBH")
COASTED, ALARMED, COOPERATIVE, SIMULATED = 1, 2, 4, 8
TENTATIVE, DECLARED = 32, 64
NO_ETA = 65535
LABELS = [
    "unknown", "drone_multirotor", "drone_fixed_wing", "drone", "bird", "aircraft", "balloon",
    "other",
]  # fmt: skip
CLASSES = ["drone_multirotor", "drone_fixed_wing", "bird", "aircraft", "balloon", "other"]
LADDER = [
    "QUIET",
    "MONITOR",
    "CAUTION",
    "TAKE SHELTER",
    "ALL CLEAR",
    "NOT WATCHING",
    "NOT HEARD",
]
T0 = 1_700_000_000.0
M_PER_DEG = 111_195.0

SITES = [
    ("al-asad", "Al Asad Air Base", 33.7856, 42.4412),
    ("al-harir", "al-Harir (Bashur Airfield)", 36.5337, 44.3399),
]
ZONES = [("flight-line", "Flight line", 300, -400), ("living-area", "Living area", -900, 900)]
SENSORS = [
    ("asad-radar", "radar", "al-asad", 22_000.0),
    ("asad-camera", "camera", "al-asad", 9_000.0),
    ("asad-adsb", "adsb", "al-asad", 250_000.0),
    ("harir-radar", "radar", "al-harir", 22_000.0),
    ("harir-adsb", "adsb", "al-harir", 250_000.0),
]


def declared_id(thing: "Thing") -> str:
    """A 24-bit address for an aircraft, a serial number for a drone."""
    if not thing.flags & DECLARED:
        return ""
    return "06A0F1" if thing.label == "aircraft" else "MFG1A0123456789"


@dataclass
class Thing:
    """One thing in the sky: it flies straight; metres are east and north of its site."""

    wire: int
    label: str
    site: int
    east_m: float
    north_m: float
    ve_mps: float
    vn_mps: float
    alt_m: float = 300.0
    flags: int = SIMULATED
    confidence: int = 90
    callsign: str = ""
    threat: bool = False
    before: int = 0  # how many tracks there were before the first of these

    @property
    def track_id(self) -> int:
        declared = 0xFF if self.flags & DECLARED else self.site
        return 1 << 48 | declared << 40 | (self.before + self.wire)

    def at(self, t_s: float) -> tuple[float, float]:
        return self.east_m + self.ve_mps * t_s, self.north_m + self.vn_mps * t_s

    def geodetic(self, t_s: float) -> tuple[float, float]:
        _, _, lat0, lon0 = SITES[self.site]
        east, north = self.at(t_s)
        lat = lat0 + north / M_PER_DEG
        return lat, lon0 + east / (M_PER_DEG * math.cos(math.radians(lat0)))


def inbound(wire: int, site: int, azimuth_deg: float, away_m: float, mps: float) -> Thing:
    """Return a drone that flies at the middle of a site."""
    a = math.radians(azimuth_deg)
    return Thing(
        wire, "drone_fixed_wing", site, away_m * math.sin(a), away_m * math.cos(a),
        -mps * math.sin(a), -mps * math.cos(a), 240.0, SIMULATED, 93, threat=True,
    )  # fmt: skip


def usual_sky() -> list[Thing]:
    """Return two drones on the way to the first site, and harmless things at both."""
    declared, known = SIMULATED | DECLARED, SIMULATED | COOPERATIVE
    return [
        inbound(1, 0, 240, 14_000, 47),
        inbound(2, 0, 246, 15_200, 46),
        Thing(3, "bird", 0, 3_000, 5_200, -7, 9, 120.0, SIMULATED, 88),
        Thing(4, "bird", 0, 3_900, 6_000, -8, 8, 140.0, SIMULATED, 84),
        Thing(5, "unknown", 0, -9_000, 11_000, 12, -6, 480.0, SIMULATED, 41),
        Thing(6, "aircraft", 0, -16_000, 17_000, 190, -110, 9_800.0, declared, 99, "QTR41"),
        Thing(7, "aircraft", 0, 21_000, -9_000, -180, 120, 10_600.0, declared, 99, "IAW112"),
        Thing(8, "drone_multirotor", 0, 5_000, -7_400, -9, 13, 150.0, known, 96),
        Thing(9, "bird", 1, -4_000, 3_000, 6, 8, 900.0, SIMULATED, 90),
        Thing(10, "aircraft", 1, 18_000, 14_000, -200, -40, 11_200.0, declared, 99, "THY6PK"),
        Thing(11, "unknown", 1, 8_000, -11_000, -6, 14, 1_100.0, SIMULATED | COASTED, 52),
        Thing(12, "unknown", 1, 12_000, 4_000, 3, 3, 900.0, SIMULATED | TENTATIVE, 20),
    ]  # fmt: skip


@dataclass
class World:
    """The whole picture at `t_s` seconds after its beginning, and what people have done."""

    rate: float = 1.0
    mode: str = "simulated"
    things: list[Thing] = field(default_factory=usual_sky)
    shelter_s: float = 90.0
    margin_s: float = 30.0
    acknowledged_by: str = ""
    acknowledged_s: float | None = None
    decision: str = ""
    released: dict[str, tuple[str, float]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    acts: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    more_alarms: list[dict[str, Any]] = field(default_factory=list)
    lost: int = 0
    over: bool = False

    def arrival_s(self, t_s: float) -> float | None:
        """Return seconds until a drone reaches the first site, None where none flies."""
        ways = [
            math.hypot(*thing.at(t_s)) / math.hypot(thing.ve_mps, thing.vn_mps)
            for thing in self.things
            if thing.threat
        ]
        return min(ways, default=None)

    def node(self) -> dict[str, Any]:
        sites = []
        for site_id, name, lat, lon in SITES:
            zones = [
                {
                    "id": zone_id, "name": zone_name, "ceiling_m": 1500.0,
                    "shelter_s": self.shelter_s, "release": "person, else automatic",
                    "outline": square(lat, lon, east, north, 600.0),
                }
                for zone_id, zone_name, east, north in ZONES
            ]  # fmt: skip
            sites.append({"id": site_id, "name": name, "lat": lat, "lon": lon, "zones": zones})
        places = {site_id: (lat, lon) for site_id, _, lat, lon in SITES}
        sensors = [
            {
                "id": sensor_id, "kind": kind, "lat": places[site][0] + 0.004,
                "lon": places[site][1] + 0.006, "max_range_m": reach, "nature": "simulated",
                "azimuth_center_deg": 230.0 if kind == "camera" else 0.0,
                "azimuth_width_deg": 120.0 if kind == "camera" else 360.0, "sites": [site],
            }
            for sensor_id, kind, site, reach in SENSORS
        ]  # fmt: skip
        return {
            "name": "two-bases", "profile": "base", "mode": self.mode, "natures": ["simulated"],
            "sites": sites, "sensors": sensors, "note": "", "clock": {},
        }  # fmt: skip

    def step_of(self, zone_id: str, t_s: float) -> str:
        left = self.arrival_s(t_s)
        if zone_id in self.released:
            return "TAKE SHELTER"
        if left is None or left > 420:
            return "QUIET"
        return "CAUTION" if left < 290 else "MONITOR"

    def advance(self, t_s: float) -> None:
        """Release by itself at the last useful moment, as "person, else automatic" does."""
        left = self.arrival_s(t_s)
        if left is None:
            return
        for zone_id, *_ in ZONES:
            due = left * 0.88 < self.shelter_s + self.margin_s
            if due and zone_id not in self.released and zone_id not in self.refused:
                self.released[zone_id] = ("automatic", t_s)
                self.log("released", t_s, zone_id, "automatic")

    def zones(self, t_s: float) -> list[dict[str, Any]]:
        left = self.arrival_s(t_s)
        rows = []
        for site, (site_id, *_) in enumerate(SITES):
            for zone, (zone_id, *_rest) in enumerate(ZONES):
                row = blank_zone(site, zone, site_id, zone_id)
                row["since_s"] = T0 - 300.0
                if site == 0 and left is not None:
                    self._threatened(row, zone_id, t_s, left)
                rows.append(row)
        if self.lost:
            names = [str(1 << 48 | 1 << 40 | 31 + k) for k in range(self.lost)]
            rows[-1] |= {"step": "MONITOR", "out_of_sight": names, "out_of_sight_s": T0 - 83.0}
        if self.over:
            rows[-1] |= {
                "step": "TAKE SHELTER",
                "released_by": "watch",
                "released_s": T0 - 900.0,
            }
            rows[-1] |= {"clear_proposed_s": T0 - 75.0}
        return rows

    def _threatened(self, row: dict[str, Any], zone_id: str, t_s: float, left: float) -> None:
        row["step"] = self.step_of(zone_id, t_s)
        row["since_s"] = T0 + max(0.0, t_s - 20)
        row["tracks"] = [thing.track_id for thing in self.things if thing.threat]
        row["arrival_early_s"] = T0 + t_s + left * 0.88
        row["arrival_median_s"] = T0 + t_s + left
        row["arrival_late_s"] = T0 + t_s + left * 1.2
        if row["step"] == "CAUTION" and zone_id not in self.released:
            row["proposed_s"] = T0 + t_s - 5
            wait = left * 0.88 - self.shelter_s - self.margin_s
            row["release_at_s"] = T0 + t_s + wait
        if zone_id in self.released:
            by, at_s = self.released[zone_id]
            row["released_by"], row["released_s"] = by, T0 + at_s
        if zone_id in self.refused:
            row["refused_by"], row["refused_reason"] = "watch", self.refused[zone_id]

    def alarms(self, t_s: float) -> list[dict[str, Any]]:
        left = self.arrival_s(t_s)
        if left is None or left > 420:
            return self.more_alarms
        steps = [self.step_of(zone_id, t_s) for zone_id, *_ in ZONES]
        worst = max(steps, key=LADDER.index)
        return [
            {
                "id": "A-1-1", "site": 0, "site_id": "al-asad", "step": worst,
                "state": "acknowledged" if self.acknowledged_by else "unacknowledged",
                "raised_s": T0, "tracks": [t.track_id for t in self.things if t.threat],
                "zones": [zone_id for zone_id, *_ in ZONES], "nature": "simulated",
                "acknowledged_by": self.acknowledged_by,
                "acknowledged_s": self.acknowledged_s,
                "decided_by": "watch" if self.decision else "",
                "decided_s": self.acknowledged_s, "decision": self.decision, "closed_s": None,
                "escalated_s": None,
                "text": "Two tracks, likely fixed-wing drones, fly at the base.",
                "remark": "",
            },
            *self.more_alarms,
        ]  # fmt: skip

    def threats(self, t_s: float) -> list[dict[str, Any]]:
        rows = []
        for thing in self.things:
            if not thing.threat:
                continue
            left = math.hypot(*thing.at(t_s)) / math.hypot(thing.ve_mps, thing.vn_mps)
            for zone_id, *_ in ZONES:
                rows.append(
                    {
                        "track_id": thing.track_id, "site_id": "al-asad", "zone_id": zone_id,
                        "arrival_early_s": T0 + t_s + left * 0.88,
                        "arrival_median_s": T0 + t_s + left,
                        "arrival_late_s": T0 + t_s + left * 1.2, "p_zone": 0.6, "p_site": 0.9,
                        "p_harm": 0.93, "cpa_m": 80.0, "cpa_s": T0 + t_s + left,
                        "reasons": ["flies straight at the zone (0.9)"],
                    }
                )  # fmt: skip
        return rows

    def sensors(self, t_s: float) -> list[dict[str, Any]]:
        rows = []
        for sensor_id, kind, site, _ in SENSORS:
            late = sensor_id == "harir-adsb"
            rows.append(
                {
                    "sensor_id": sensor_id, "kind": kind, "state": "late" if late else "ok",
                    "heard_s": T0 + t_s - (4 if late else 0.3), "frames": int(40 * (t_s + 9)),
                    "detections": int(12 * (t_s + 9)), "duplicates": 0,
                    "rejected": {"checksum": 3} if late else {}, "clock_offset_s": 0.01,
                    "nature": "simulated", "sites": [site], "coverage_s": T0 + t_s - 1,
                    "false_alarms": None, "clutter_cells": 0, "scatter": None,
                    "detection": None, "range_error_m": None,
                    "azimuth_error_deg": None, "elevation_error_deg": None,
                    "time_error_s": None,
                }
            )  # fmt: skip
        return rows

    def meta(self) -> list[dict[str, Any]]:
        return [
            {
                "wire": t.wire, "track_id": str(t.track_id), "label": t.label,
                "p": chances(t.label, t.confidence / 100), "none": 0.03, "conflict": 0.05,
                "reasons": ["constant speed for 40 s", "radar cross section near 0.05 m2"],
                "declared": declared_id(t), "callsign": t.callsign,
                "cooperative": bool(t.flags & COOPERATIVE),
                "sensors": ["asad-radar" if t.site == 0 else "harir-radar"],
                "first_seen_s": T0 - 60, "site_id": SITES[t.site][0],
                "kind": "declared" if t.flags & DECLARED else "measured",
            }
            for t in self.things
        ]  # fmt: skip

    def frame(self, t_s: float, seq: int, *, full: bool) -> bytes:
        """Return a binary frame of all tracks."""
        parts = [HEADER.pack(MAGIC, VERSION, 0 if full else 1, seq, (T0 + t_s) * 1000)]
        for t in self.things:
            lat, lon = t.geodetic(t_s)
            eta, flags, threat = NO_ETA, t.flags, 0
            if t.threat:
                left = math.hypot(*t.at(t_s)) / math.hypot(t.ve_mps, t.vn_mps)
                eta = min(65534, int(left * 10))
                threat = LADDER.index(self.step_of(ZONES[0][0], t_s))
                flags |= ALARMED if left < 420 else 0
            parts.append(
                RECORD.pack(
                    t.wire, round(lat * 1e7), round(lon * 1e7), int(t.alt_m),
                    round(t.vn_mps * 10), round(t.ve_mps * 10), 0, 450 if t.threat else 250,
                    eta, 620 if t.flags & COASTED else 40, LABELS.index(t.label), t.confidence,
                    t.site, threat, flags,
                )
            )  # fmt: skip
        return b"".join(parts)

    def act(self, act: dict[str, Any], t_s: float) -> dict[str, Any]:
        """Take an act; a key that was seen is answered alike and not done again."""
        if any(act["key"] == seen["key"] for seen in self.acts):
            return {"accepted": True, "sentence": "Already done."}
        self.acts.append(act)
        verb, zones = act["verb"], act.get("zones", [])
        if verb == "acknowledge":
            self.acknowledged_by, self.acknowledged_s = "watch", T0 + t_s
        elif verb == "decide":
            if not act.get("text"):
                return {"accepted": False, "sentence": "A decision needs words."}
            self.decision = act["text"]
        elif verb == "release":
            self.released.update(dict.fromkeys(zones, ("watch", t_s)))
        elif verb == "cancel":
            for zone in zones:
                self.released.pop(zone, None)
        elif verb == "refuse":
            self.refused.update(dict.fromkeys(zones, act.get("reason", "")))
        elif verb == "clear":
            return {
                "accepted": False,
                "sentence": "Two tracks still threaten this zone; it cannot be cleared.",
            }
        self.log(
            f"{verb}d" if verb.endswith("e") else f"{verb}ed", t_s, ",".join(zones), "watch"
        )
        return {"accepted": True, "sentence": f"Recorded: {verb} by watch."}

    def log(self, kind: str, t_s: float, zone_id: str, by: str) -> None:
        self.events.append(
            {
                "kind": kind, "at_s": T0 + t_s, "site_id": "al-asad",
                "zone_id": zone_id if "," not in zone_id else "", "alarm_id": "A-1-1",
                "step": "TAKE SHELTER" if kind == "released" else "", "tracks": [], "by": by,
                "text": "", "nature": "simulated",
            }
        )  # fmt: skip


def chances(label: str, p: float) -> list[float]:
    """Return class probabilities in the order of `CLASSES`."""
    return [round(p, 2) if word == label else 0.01 for word in CLASSES]


def square(lat: float, lon: float, east: float, north: float, half: float) -> list[list[float]]:
    """Return a square zone as [[lon, lat], ...]."""
    per_lon = M_PER_DEG * math.cos(math.radians(lat))
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return [
        [lon + (east + sx * half) / per_lon, lat + (north + sy * half) / M_PER_DEG]
        for sx, sy in corners
    ]


def plan(site_id: str) -> dict[str, Any]:
    """Return a runway and a perimeter of a site as GeoJSON."""
    lat, lon = next((s[2], s[3]) for s in SITES if s[0] == site_id)
    ring = square(lat, lon, 0, 200, 2600)
    line = [square(lat, lon, 0, 0, 1400)[0], square(lat, lon, 0, 0, 1400)[2]]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature", "properties": {"kind": "runway"},
                "geometry": {"type": "LineString", "coordinates": line},
            },
            {
                "type": "Feature", "properties": {"kind": "perimeter"},
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            },
        ],
    }  # fmt: skip


def blank_zone(site: int, zone: int, site_id: str, zone_id: str) -> dict[str, Any]:
    """Return a quiet zone."""
    empty = dict.fromkeys(
        ("arrival_early_s", "arrival_median_s", "arrival_late_s", "proposed_s", "release_at_s",
         "released_s")
    )  # fmt: skip
    return {
        "site": site, "zone": zone, "site_id": site_id, "zone_id": zone_id, "step": "QUIET",
        "since_s": None, "tracks": [], **empty, "released_by": "", "refused_by": "",
        "refused_reason": "", "cleared_by": "", "nature": "simulated",
    }  # fmt: skip
