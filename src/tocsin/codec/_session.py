"""What the codec remembers between batches: plain values that go into a snapshot as they
are.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.remoteid import RemoteIdSession
from tocsin.codec.sapient.nodes import SapientSession
from tocsin.model import Coverage, Node, Sensor

__all__ = [
    "Aircraft",
    "Clock",
    "Fleet",
    "Health",
    "Look",
    "Path",
    "Session",
    "day_start_s",
    "roster_index",
    "sensor_of",
]

NAN = float("nan")
ROSTER_LIMIT = 1024  # configured and discovered sensors together; further ones are refused


@dataclass(slots=True)
class Health:
    """Counters of one sensor or source since the session was opened; heard_s is NaN before the
    first frame.
    """

    heard_s: float = NAN
    frames: int = 0
    detections: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    coverage_s: float = NAN
    inhibited: bool = False  # the sensor itself says: not for operational use
    alive_s: float = NAN  # it says at least this often that it is alive, seeing or not


@dataclass(slots=True)
class Clock:
    """How far a sensor's clock is off. delays_s: arrival minus time of validity of the last
    reports; offset_s is added to its times.
    """

    delays_s: list[float] = field(default_factory=list)
    seen: int = 0
    offset_s: float = 0.0
    moved_s: float = NAN
    faulty: bool = False


@dataclass(slots=True)
class Look:
    """Where a scanning sensor has looked. period_s: the rotation that it reports itself (NaN:
    use the configured one); mark_*: the last north mark or sector crossing; step_rad: the
    smallest turn between two crossings; sector_s: when a sector crossing was last heard (a
    sensor that sends those needs no north marks); marked_s: when any explicit statement of
    coverage was last heard; window_s: start of the running window of a sensor that states
    nothing; report_s: time of its newest report. marks: the newest marks, (time, time of the
    batch that brought it); late_s: how long after their mark plots have come lately, as of
    late_at_s; held: looks that wait so long for theirs, (until, look).
    """

    period_s: float = NAN
    mark_s: float = NAN
    mark_azimuth_rad: float = NAN
    sector_s: float = NAN
    marked_s: float = NAN
    window_s: float = NAN
    report_s: float = NAN
    step_rad: float = NAN
    marks: list[tuple[float, float]] = field(default_factory=list)
    late_s: float = 0.0
    late_at_s: float = 0.0
    held: list[tuple[float, Coverage]] = field(default_factory=list)


@dataclass(slots=True)
class Aircraft:
    """What another decoder has told of one address; fix_s: when it had its last position."""

    callsign: str = ""
    fix_s: float = NAN
    vel_east_mps: float = NAN
    vel_north_mps: float = NAN
    vel_up_mps: float = NAN
    velocity_s: float = NAN


@dataclass(slots=True)
class Fleet:
    """What extended squitters of a receiver's aircraft have said, one row an address: columns
    as `modes._kernels_fleet` names them, of which `count` rows are in use.
    """

    count: int
    slots: NDArray[np.int32]
    keys: NDArray[np.int64]
    marks: NDArray[np.int64]
    values: NDArray[np.float64]
    names: NDArray[np.uint8]


@dataclass(slots=True)
class Path:
    """The path by which a source spoke last, and since when it has been that one; frames: when
    what came by it alone came, and what: of the last second; size: octets of those.
    """

    name: str
    since_s: float = -math.inf
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class Session:
    """Everything between batches. Keys of `streams` are source, a newline, path; of `recent`,
    `paths`, `health`, `fleets`, `aircraft` sources or sensor ids; day_s is the midnight of
    `date` (NaN: none given); keys of `remoteid` are the receivers' ids; `sapient` has the
    connections of each source; `pointed` the answers to the last acts that pointed a sensor.
    """

    live: bool
    day_s: float = NAN
    formats: dict[str, str] = field(default_factory=dict)
    framings: dict[str, str] = field(default_factory=dict)
    roster: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    streams: dict[str, bytes] = field(default_factory=dict)
    recent: dict[str, dict[bytes, tuple[float, str]]] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    health: dict[str, Health] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    fleets: dict[str, Fleet] = field(default_factory=dict)
    aircraft: dict[str, dict[str, Aircraft]] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    remoteid: dict[str, RemoteIdSession] = field(default_factory=dict)
    sapient: dict[str, SapientSession] = field(default_factory=dict)
    pointed: dict[str, tuple[bool, str]] = field(default_factory=dict)


def day_start_s(date: str | None) -> float:
    """Return the Unix time of midnight UTC of YYYY-MM-DD, NaN for None.

    Raises ValueError for anything else.
    """
    if date is None:
        return NAN
    return datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()


def roster_index(session: Session, sensor_id: str) -> int:
    """Return the sensor's place in the roster, giving it one if it is new; -1 if that is
    full.
    """
    place = session.places.get(sensor_id)
    if place is None:
        if len(session.roster) >= ROSTER_LIMIT:
            return -1
        place = session.places[sensor_id] = len(session.roster)
        session.roster.append(sensor_id)
        session.health.setdefault(sensor_id, Health())
    return place


def sensor_of(node: Node, sensor_id: str) -> Sensor | None:
    """Return the configured sensor of that id."""
    for sensor in node.sensors:
        if sensor.id == sensor_id:
            return sensor
    return None
