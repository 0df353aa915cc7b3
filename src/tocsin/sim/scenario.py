"""A scenario as values: who flies where and when, and what stops it. Read from TOML.

Every figure with a range ([low, high]) is drawn for each raid; see `sim.world`. Lengths in
metres east and north of the site, heights above the site's ground, times in seconds from the
start of the day. All figures are invented for the simulation: reports of such days give no
tracks.
"""

import tomllib
from importlib import resources
from typing import Annotated

import msgspec

from tocsin.errors import CallError, ScenarioError

__all__ = [
    "SCENARIOS",
    "Approach",
    "Beacon",
    "Interceptor",
    "Receiver",
    "RemoteId",
    "Route",
    "Scenario",
    "Visibility",
    "Wander",
    "read_scenario",
    "scenario_named",
]

SCENARIOS = ("two-bases",)

Span = tuple[float, float]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Beacon(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a thing says of itself by ADS-B (DO-260B): 24-bit address, callsign, category."""

    address: str
    callsign: str
    category: str


class RemoteId(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a drone says of itself by Remote ID (ASTM F3411-22a): transmitter address in hex,
    serial number (ANSI/CTA-2063-A), what it flies for; its operator's registration and place,
    metres east and north of the site.
    """

    address: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]
    serial: Annotated[str, msgspec.Meta(max_length=20)]
    operator: Annotated[str, msgspec.Meta(max_length=20)]
    operator_m: tuple[float, float]
    purpose: Annotated[str, msgspec.Meta(max_length=23)] = ""


class Approach(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A drone that flies at a point of a zone and ends there: straight, unless more is asked.

    enters_s: when it is in the air; from_deg: bearing from the site, clockwise from true north;
    zone: id of the zone it flies at, at most spread_m from its middle.
    bends, swing_m: so many bends on the way, evenly along it, each off the line by normal
    numbers of swing_m that shrink towards its end. turn_m: how much of the way is left where it
    waits for wait_s (in circles wait_m round; 0: on the spot), goes on at `pace` times its
    speed, or, with by_zone, turns off to its zone, having flown at that one.
    """

    id: str
    site: str
    zone: str
    enters_s: Span
    start_m: Positive
    from_deg: Span
    speed_mps: Span
    height_m: Span
    spread_m: float = 150.0
    kind: str = "drone_fixed_wing"
    rcs_dbsm: float = -5.0
    descent_m: Positive = 1500.0  # over this last distance it comes down to the ground
    bends: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    swing_m: float = 900.0
    turn_m: Span = (3000.0, 8000.0)
    wait_s: Span = (0.0, 0.0)
    wait_m: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    pace: tuple[Positive, Positive] = (1.0, 1.0)
    by_zone: str = ""


class Route(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A flight along waypoints [east m, north m, height m, speed m/s from there on]."""

    id: str
    site: str
    enters_s: Span
    way: list[tuple[float, float, float, float]]
    kind: str = "aircraft"
    rcs_dbsm: float = 10.0
    repeat_s: float = 0.0
    smooth_s: Positive = 20.0
    beacon: Beacon | None = None
    remote_id: RemoteId | None = None


class Wander(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Birds: each of `count` roams, with a turn at drawn points, within roam_m of its home.

    home_m: how far from the site the homes lie. The path is closed and begins anew every
    repeat_s.
    """

    id: str
    site: str
    count: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    home_m: Span
    roam_m: Span
    speed_mps: Span
    height_m: Span
    kind: str = "bird"
    rcs_dbsm: float = -22.0
    repeat_s: Positive = 1200.0
    rise_m: float = 15.0  # how far it leaves its height
    smooth_s: Positive = 6.0


class Interceptor(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An abstract chance to stop a drone: reach, number, chance, time. Nothing more is meant.

    It tries decision_s after a drone has come within reach_m (in plan) of offset_m, then every
    reload_s while one is within reach and any of `ready` is left; each try succeeds with
    `chance`.
    """

    id: str
    site: str
    reach_m: Positive
    ready: Annotated[int, msgspec.Meta(ge=0)]
    chance: Share
    reload_s: Positive
    decision_s: Span
    offset_m: tuple[float, float] = (0.0, 0.0)


class Visibility(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How far a sensor truly sees: the range at which 0 dBsm is detected half of the time.

    For cameras, which have no radar cross-section, r50_by_kind_m says it per kind.
    """

    sensor: str
    r50_m: Positive = 1.0
    r50_by_kind_m: dict[str, float] = {}


class Receiver(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An ADS-B or Remote ID receiver: the range at which half of the messages arrive."""

    sensor: str
    r50_m: Positive


class Scenario(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A day. duration_s: after it only what repeats is left. note: stands on the screen.

    pressure_offset_m: what barometric height reads less than height above mean sea level.
    """

    name: str
    version: int
    note: str
    duration_s: Positive
    seed: int = 1
    pressure_offset_m: float = 0.0
    approach: list[Approach] = []
    route: list[Route] = []
    wander: list[Wander] = []
    interceptor: list[Interceptor] = []
    visibility: list[Visibility] = []
    receiver: list[Receiver] = []


def read_scenario(text: bytes, where: str) -> Scenario:
    """Return the scenario; raises ScenarioError with a sentence that names the place."""
    try:
        scenario = msgspec.convert(tomllib.loads(text.decode()), Scenario)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{where} is not TOML: {error}", where=where) from error
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{where}: {error}", where=where) from error
    ids = [a.id for a in scenario.approach]
    ids += [r.id for r in scenario.route] + [w.id for w in scenario.wander]
    if len(set(ids)) < len(ids):
        raise ScenarioError(f"{where}: an id stands twice; draws are keyed by it", where=where)
    return scenario


def scenario_named(name: str) -> Scenario:
    """Return a scenario that comes with Tocsin; raises CallError for an unknown name."""
    if name not in SCENARIOS:
        raise CallError(f"there is no scenario {name!r}; there is {', '.join(SCENARIOS)}")
    path = f"{name.replace('-', '_')}_scenario.toml"
    return read_scenario(resources.files(__package__).joinpath("data", path).read_bytes(), path)
