"""The raids and days on which the watch is measured: a fixed set with a version.

One invented base with three zones, a rotating radar of 2 s and a camera with a classifier. What
flies is drawn for each raid from the spans below, by counter (`sim.draws`): raid N of a seed is
the same raid for every version of the product. Change anything here and the version goes up.
"""

import math
from dataclasses import dataclass

from tocsin.codec.site_toml import read_site
from tocsin.sim.scenario import (
    Approach,
    Beacon,
    Receiver,
    Route,
    Scenario,
    Visibility,
    Wander,
)

VERSION = 3
NAME = f"watch set {VERSION}"

SITE = """
schema = 1
[node]
name = "Watch set (simulated)"
number = 1
profile = "base"

[[site]]
id = "base"
name = "Invented base"
lat = 48.0
lon = 11.0
elevation_m = 480.0
geoid_m = 46.0

[[site.zone]]
id = "ramp"
name = "Ramp"
center_offset_m = [0, 0]
radius_m = 600
ceiling_m = 600
shelter_s = 60

[[site.zone]]
id = "quarters"
name = "Quarters"
center_offset_m = [1800, 900]
radius_m = 500
ceiling_m = 600
shelter_s = 60

[[site.zone]]
id = "fuel"
name = "Fuel"
center_offset_m = [-1500, 1100]
radius_m = 300
ceiling_m = 600
shelter_s = 60

[[sensor]]
id = "radar"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:8600"
sac = 1
sic = 1
sites = ["base"]
nature = "simulated"
lat = 48.004
lon = 10.996
height_m = 12
scan_period_s = 2.0
sigma_range_m = 10
sigma_azimuth_deg = 0.3
sigma_elevation_deg = 0.5
sigma_range_rate_mps = 0.8
detection_probability = 0.8
false_alarms_per_scan = 1.0
min_range_m = 200
max_range_m = 16000
elevation_min_deg = -1
elevation_max_deg = 30
min_radial_speed_mps = 3
max_radial_speed_mps = 150

[[sensor]]
id = "camera"
kind = "camera"
format = "detections"
listen = "http"
secret = "camera"
sites = ["base"]
nature = "simulated"
lat = 47.999
lon = 11.001
height_m = 20
scan_period_s = 1.0
phase_s = 0.3
sigma_azimuth_deg = 0.1
sigma_elevation_deg = 0.1
detection_probability = 0.9
false_alarms_per_scan = 0.1
min_range_m = 50
max_range_m = 6000
elevation_min_deg = -2
elevation_max_deg = 40

[[sensor]]
id = "adsb"
kind = "adsb"
format = "beast"
listen = "tcp://127.0.0.1:8601"
sites = ["base"]
nature = "simulated"
lat = 48.001
lon = 11.0
height_m = 15
max_range_m = 250000

[[authorisation]]
declared_id = "f00107"
owner = "base operations"
from = 2026-02-01T00:00:00Z
until = 2026-04-01T00:00:00Z
sites = ["base"]
ceiling_m = 1500
what = "scout"
"""

ZONES = ("ramp", "quarters", "fuel")
NEAR, NEAR_ZONE = "near", "ramp"  # what rises near by, or passes; what the first flies at
# Always in the air: they make some thousands of confirmed bird tracks a day (bench watch prints
# how many), for a small bird far away is lost and found again.
SMALL_BIRDS, SOARING_BIRDS = 2, 1
SEES = [
    Visibility(sensor="radar", r50_m=19_500.0),  # -5 dBsm half of the time at 14.6 km
    Visibility(
        sensor="camera",
        r50_by_kind_m={
            "drone_fixed_wing": 4500.0, "drone_multirotor": 2000.0, "aircraft": 12_000.0,
            "bird": 900.0,
        },
    ),
]  # fmt: skip
HEARS = [Receiver(sensor="adsb", r50_m=200_000.0)]
ONE_WAY = {"start_m": 20_000.0, "height_m": (100.0, 400.0), "rcs_dbsm": -5.0}
STRAIGHT, BENDS, DOG_LEG = "straight", "bends", "dog-leg"
PACE, WAITS, TURNS = "new pace", "waits", "turns off"
# How attackers fly, of 20 raids. Most fly a programmed way, some of these far about; nobody
# publishes counts, so the shares are an estimate, taken before anything was measured on them.
# Bends of one-way drones are those of the reference's generator (bench/own/scenarios.py, `inbound`:
# 900 m, 3 on some 10 km and 4 on 20 km), 2 to 5 of them. Multirotors are steered by hand more
# often: they stop, hasten and choose again.
MANNERS = {
    "fast": {STRAIGHT: 5, BENDS: 8, DOG_LEG: 2, PACE: 2, WAITS: 1, TURNS: 2},
    "slow": {STRAIGHT: 5, BENDS: 6, DOG_LEG: 2, PACE: 3, WAITS: 2, TURNS: 2},
}


@dataclass(frozen=True)
class Officer:
    """How long a person takes from the proposal to the key: log-normal, by its median."""

    name: str
    median_s: float
    sigma_ln: float = 0.6


# Absent: nobody ever presses a key. A warning is received this long after the release, evenly
# spread; the site's path_delay_s (5 s) is what the product reckons with.
OFFICERS = (Officer("alert", 6.0), Officer("slow", 25.0), Officer("absent", math.inf))
RECEIPT_S = (1.0, 4.0)


def node():
    """Return the site as the product reads it."""
    return read_site(SITE.encode(), f"{NAME}.toml")


def birds(density=1):
    """Return the birds of a usual day, `density` times as many."""
    small = Wander(
        id="small-bird", site="base", count=SMALL_BIRDS * density, home_m=(800.0, 5000.0),
        roam_m=(300.0, 1200.0), speed_mps=(8.0, 15.0), height_m=(20.0, 150.0), rcs_dbsm=-25.0,
        repeat_s=2400.0,
    )  # fmt: skip
    soaring = Wander(
        id="soaring-bird", site="base", count=SOARING_BIRDS * density, home_m=(2000.0, 6000.0),
        roam_m=(300.0, 800.0), speed_mps=(7.0, 12.0), height_m=(120.0, 400.0), rcs_dbsm=-20.0,
        repeat_s=2400.0,
    )  # fmt: skip
    return [small, soaring]


def scenario(name, **more):
    """Return a day with the usual birds and sensors, and what `more` adds."""
    values = {"wander": birds(), "visibility": SEES, "receiver": HEARS, **more}
    return Scenario(
        name=f"{name} of {NAME}", version=VERSION, note=NAME, duration_s=2400.0, **values
    )


def manner(kind, raid):
    """Return how the drone of a raid flies: of each 20 raids the counts of MANNERS, mixed."""
    every = [name for name, count in MANNERS[kind].items() for _ in range(count)]
    return every[raid * 7 % len(every)]


def flown(kind, raid):
    """Return how that is flown, as fields of an approach."""
    small = kind == "slow"
    return {
        STRAIGHT: {},
        BENDS: {"bends": 2 + raid // 3 % 4, "swing_m": 300.0 if small else 900.0},
        DOG_LEG: {"bends": 2, "swing_m": 1000.0 if small else 3000.0},
        PACE: {"pace": (0.6, 1.4) if small else (0.8, 1.2)},
        WAITS: {"wait_s": (30.0, 180.0), "wait_m": 0.0 if small else 3000.0},
        TURNS: {"by_zone": ZONES[(raid + 1) % 3]},
    }[manner(kind, raid)] | ({"turn_m": (1000.0, 4000.0)} if small else {})


def fast(raid):
    """One one-way drone at 51 m/s from anywhere at one of the zones, in turn."""
    drone = Approach(
        id="drone-1", site="base", zone=ZONES[raid % 3], enters_s=(30.0, 60.0),
        from_deg=(0.0, 360.0), speed_mps=(51.0, 51.0), **ONE_WAY, **flown("fast", raid),
    )  # fmt: skip
    return scenario("fast", approach=[drone])


def slow(raid):
    """One multirotor at 10 to 18 m/s from anywhere at one of the zones, in turn."""
    drone = Approach(
        id="drone-1", site="base", zone=ZONES[raid % 3], enters_s=(30.0, 60.0),
        from_deg=(0.0, 360.0), speed_mps=(10.0, 18.0), start_m=7000.0, height_m=(40.0, 160.0),
        rcs_dbsm=-20.0, kind="drone_multirotor", descent_m=300.0, **flown("slow", raid),
    )  # fmt: skip
    return scenario("slow", approach=[drone])


def friendly(raid, *, with_friend=True):
    """A scout of our own comes home from the west while a drone comes the same way."""
    drone = Approach(
        id="drone-1", site="base", zone=ZONES[raid % 3], enters_s=(30.0, 60.0),
        from_deg=(255.0, 285.0), speed_mps=(42.0, 51.0), **ONE_WAY,
    )  # fmt: skip
    scout = Route(
        id="scout", site="base", kind="drone_fixed_wing", rcs_dbsm=-5.0,
        enters_s=(60.0, 240.0), smooth_s=12.0,
        way=[
            (-14_500.0, -600.0, 350.0, 30.0), (-6300.0, 200.0, 330.0, 30.0),
            (-4200.0, 150.0, 230.0, 28.0), (-1400.0, 60.0, 1.0, 22.0), (-950.0, 40.0, 1.0, 22.0),
        ],
        beacon=Beacon(address="f00107", callsign="SCOUT7", category="B6"),
    )  # fmt: skip
    return scenario("friendly", approach=[drone], route=[scout] if with_friend else [])


def popup(raid):
    """A small multirotor that rises 600 to 1,600 m from the ramp's edge, as from behind trees."""
    drone = Approach(
        id=NEAR, site="base", zone=NEAR_ZONE, enters_s=(30.0, 60.0), from_deg=(0.0, 360.0),
        speed_mps=(8.0, 18.0), start_m=1200.0 + 200.0 * (raid % 6), height_m=(20.0, 120.0),
        rcs_dbsm=-20.0, kind="drone_multirotor", descent_m=300.0,
    )  # fmt: skip
    return scenario("pop-up", approach=[drone])


def passing(raid):
    """A light aircraft that declares nothing and flies straight by, 1 to 4 km from the nearest
    zone, as fast and as low as a one-way drone.
    """
    # Ways are fixed, not drawn: by the golden ratio they are spread over all directions and sides.
    course = math.tau * (0.6180339887 * raid % 1.0)
    off_m = (3600.0, 4400.0, 5200.0, 6000.0)[raid % 4] * (1.0 if raid // 4 % 2 else -1.0)
    speed_mps, height_m = 40.0 + 4.0 * (raid % 6), 150.0 + 90.0 * (raid % 5)
    east, north = math.sin(course), math.cos(course)
    way = [
        (east * along + north * off_m, north * along - east * off_m, height_m, speed_mps)
        for along in (-14_000.0, 0.0, 14_000.0)
    ]
    visitor = Route(
        id=NEAR, site="base", kind="aircraft", rcs_dbsm=5.0, enters_s=(30.0, 60.0), way=way,
        smooth_s=12.0,
    )  # fmt: skip
    return scenario("passing", route=[visitor])


def circles(raid):
    """A small multirotor that circles for seven minutes 700 to 2,200 m south of the ramp's edge
    and comes to no zone, as one does that looks.
    """
    # Fixed, not drawn, as `passing` is: over the south, at four distances, three sizes and paces.
    bearing = math.radians(100.0 + 160.0 * (0.6180339887 * raid % 1.0))
    off_m, radius_m = (1300.0, 1700.0, 2200.0, 2800.0)[raid % 4], (60.0, 150.0, 300.0)[raid % 3]
    speed_mps = (4.0, 8.0, 12.0)[raid // 2 % 3]
    east, north = off_m * math.sin(bearing), off_m * math.cos(bearing)
    eighths = int(speed_mps * 420.0 / (radius_m * math.tau / 8.0))
    angles = [bearing + math.tau * k / 8.0 for k in range(eighths + 1)]
    way = [
        (east + radius_m * math.sin(a), north + radius_m * math.cos(a), 80.0, speed_mps)
        for a in angles
    ]
    drone = Route(
        id=NEAR, site="base", kind="drone_multirotor", rcs_dbsm=-20.0, enters_s=(30.0, 60.0),
        way=way, smooth_s=3.0,
    )  # fmt: skip
    return scenario("circles", route=[drone])


def many(raid):
    """Forty one-way drones: in even raids from one side within three minutes, in odd ones from
    anywhere within ten.
    """
    enters_s, from_deg = (20.0, 200.0), (200.0, 250.0)
    if raid % 2:
        enters_s, from_deg = (20.0, 620.0), (0.0, 360.0)
    drones = [
        Approach(
            id=f"drone-{k + 1}", site="base", zone=ZONES[k % 3], enters_s=enters_s,
            from_deg=from_deg, speed_mps=(42.0, 51.0), **ONE_WAY,
        )
        for k in range(40)
    ]  # fmt: skip
    return scenario("many", approach=drones)


def quiet(density):
    """Birds alone, at a multiple of the usual density."""
    return scenario("quiet", wander=birds(density))
