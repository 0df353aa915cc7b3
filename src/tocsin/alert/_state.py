"""What the watch remembers: zones, alarms, dispositions, keys of acts."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from tocsin.alert import _rules
from tocsin.alert._volume_state import VolumeWatch, open_operations, open_volumes
from tocsin.errors import CallError
from tocsin.model import (
    Alarm,
    AlarmState,
    Handover,
    Ladder,
    Nature,
    Node,
    Notice,
    Operations,
    ShiftRule,
    Sighting,
    Zone,
    ZoneStatus,
)

__all__ = [
    "AlarmWatch",
    "AlertState",
    "Answer",
    "Before",
    "Disposition",
    "Latch",
    "ZoneWatch",
    "alarms",
    "copies",
    "notices",
    "open_alert",
    "sightings",
    "zones",
]

NAN = float("nan")
_T = TypeVar("_T")


@dataclass(slots=True)
class Latch:
    """A condition with an on-delay and an off-delay. since_s: when it began to differ; inf:
    what it was about has ended with a site file, and may come back for SITE_CHANGE_S from the
    next look on.
    """

    on: bool = False
    since_s: float = NAN


@dataclass(frozen=True, slots=True)
class Before:
    """What a release takes the place of: what was raised by hand (step, by whom, when), the
    headcount (account, account_by, accounted, missing, hurt, account_s) of an earlier release,
    and when that was.
    """

    raised: tuple[str, str, float]
    account: tuple[str, str, float, float, float, float]
    last_release_s: float


@dataclass(slots=True)
class ZoneWatch:
    """A zone: what is shown, and the delays behind it.

    released_by: all who released (merged); released_as: how real that was; refused_tracks:
    those that the refusal covered; threatened_s: when something last threatened it; before:
    what to come back to when the release is cancelled; asked_s: when an undecided proposal was
    last repeated; risen_s: when protection last rose here, by a proposal, a track more in it, a
    release, or by hand;
    last_release_s: of the release whose headcount is open; asking: when each track that asks
    for CAUTION or more, or was lost while it did, last asked; began: the tracks that ask
    for CAUTION while that waits, and for which it is on since; name: what people call it.
    """

    status: ZoneStatus
    monitor: Latch = field(default_factory=Latch)
    caution: Latch = field(default_factory=Latch)
    shelter: Latch = field(default_factory=Latch)
    shelter_tracks: tuple[int, ...] = ()
    released_by: list[str] = field(default_factory=list)
    released_as: str = Nature.LIVE
    refused_tracks: tuple[int, ...] = ()
    threatened_s: float = NAN
    cleared_s: float = NAN
    asked_s: float = NAN
    risen_s: float = NAN
    before: Before | None = None
    watched: bool = True
    started: bool = False
    last_release_s: float = NAN
    asking: dict[int, float] = field(default_factory=dict)
    began: tuple[int, ...] = ()
    name: str = ""


@dataclass(slots=True)
class AlarmWatch:
    """An alarm, since when its cause is gone (NaN: it is there), since when only what stays
    near, begins anew or is a question holds it (NaN: something comes), and how often and when
    last its acknowledgement was called for. grown_s: when it was raised, joined, or climbed
    last. question: it never was about anything else.
    """

    alarm: Alarm
    gone_s: float = NAN
    calm_s: float = NAN
    asked_s: float = NAN
    asks: int = 0
    grown_s: float = NAN
    question: bool = False


@dataclass(slots=True)
class Disposition:
    """What a person knows a track to be: by whom, what, why, until when."""

    track: int
    by: str
    what: str
    reason: str
    at_s: float
    until_s: float


@dataclass(slots=True)
class Answer:
    """What an act was answered, so that the same act sent again is answered the same."""

    accepted: bool
    sentence: str


@dataclass(slots=True)
class AlertState:
    """The watch of one node. Zones are in the node's order, site by site.

    near_line: since when a track that may be harmful has been near the line unattended;
    nearby_s: since when one that is surely harmful has been near a zone; at_line_s: since when
    one that is not surely harmless comes to a warning line; sight: when (Unix) and where
    (metres east and north) a look last placed each track of an open alarm, its speed then and
    its highest, m/s; anew: which track may be which of those, lost, and whether that stopped;
    measured: tracks that something else than people has measured; untold: ids of sightings
    beside which it is not yet said what the sensors covered; blind_s: by site id, since when
    its minimum coverage is down; blind_to: which of its sensors were told missing; blinder_s:
    since when more are; opened_s: the first look; looked_s: the newest; unheard_s: by site id,
    since when its siren path is not heard; suspended_s: by site id, when somebody last said
    that operations are suspended; handed: how many notes were left; rules: standing rules
    that were accepted, by "site/rule"; fits_s: by "track site/rule", since when a track is what
    that rule is about; passed: those of them that were counted.
    """

    zones: list[ZoneWatch]
    alarms: list[AlarmWatch] = field(default_factory=list)
    dispositions: dict[int, Disposition] = field(default_factory=dict)
    near_line: dict[int, float] = field(default_factory=dict)
    nearby_s: dict[int, float] = field(default_factory=dict)
    at_line_s: dict[int, float] = field(default_factory=dict)
    sight: dict[int, tuple[float, float, float, float, float]] = field(default_factory=dict)
    anew: dict[int, tuple[int, bool]] = field(default_factory=dict)
    tracks: dict[int, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    raised: int = 0
    notices: list[Notice] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    seen: int = 0
    untold: list[str] = field(default_factory=list)
    measured: dict[int, int] = field(default_factory=dict)
    blind_s: dict[str, float] = field(default_factory=dict)
    blind_to: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blinder_s: dict[str, float] = field(default_factory=dict)
    once_watched: dict[str, int] = field(default_factory=dict)
    opened_s: float = NAN
    looked_s: float = NAN
    unheard_s: dict[str, float] = field(default_factory=dict)
    handovers: list[Handover] = field(default_factory=list)
    handed: int = 0
    volumes: VolumeWatch = field(default_factory=lambda: VolumeWatch([]))
    operations: list[Operations] = field(default_factory=list)
    suspended: int = 0
    suspended_s: dict[str, float] = field(default_factory=dict)
    rules: dict[str, ShiftRule] = field(default_factory=dict)
    fits_s: dict[str, float] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)


def open_alert(node: Node) -> AlertState:
    """Return the watch before anything was heard: every zone is NOT WATCHING."""
    return AlertState(
        zones=[
            ZoneWatch(
                ZoneStatus(s, z, site.id, zone.id, step=Ladder.NOT_WATCHING), name=zone.name
            )
            for s, site in enumerate(node.sites)
            for z, zone in enumerate(site.zones)
        ],
        volumes=open_volumes(node),
        operations=open_operations(node),
    )


@cache
def _fields_of(kind: Callable[..., object]) -> Callable[[Any], tuple[Any, ...]]:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise CallError(f"{kind!r} is no dataclass; give the class of the things", kind=kind)
    return attrgetter(*(f.name for f in fields(kind)))


def copies(kind: Callable[..., _T], things: Iterable[_T]) -> tuple[_T, ...]:
    """Return a copy of each of the things, all of one dataclass. Asked for at every look: five
    times as fast as `dataclasses.replace`.
    """
    values = _fields_of(kind)
    return tuple(kind(*values(thing)) for thing in things)


def zones(state: AlertState) -> tuple[ZoneStatus, ...]:
    """Return each zone as it stands, in the node's order; copies."""
    return copies(ZoneStatus, (watch.status for watch in state.zones))


def alarms(state: AlertState) -> tuple[Alarm, ...]:
    """Return open alarms and those closed within 10 minutes, oldest first; copies."""
    return copies(Alarm, (watch.alarm for watch in state.alarms))


def notices(state: AlertState) -> tuple[Notice, ...]:
    """Return what each site was told of alarms at the others, oldest first; copies."""
    return copies(Notice, state.notices)


def sightings(state: AlertState) -> tuple[Sighting, ...]:
    """Return what people reported, for half an hour, oldest first; copies."""
    return copies(Sighting, state.sightings)


def zone_of(node: Node, watch: ZoneWatch) -> Zone:
    """Return the zone's entry in the site file."""
    return node.sites[watch.status.site].zones[watch.status.zone]


def is_open(alarm: Alarm) -> bool:
    """Tell whether an alarm still asks for something."""
    return alarm.state != AlarmState.CLOSED


def attended(state: AlertState) -> set[int]:
    """Return tracks that a disposition or an open alarm above MONITOR attends; for membership
    tests only. What is only asked about at MONITOR still has to ask for CAUTION, and to be told
    by voice where nobody attends to it.
    """
    found = set(state.dispositions)
    for watch in state.alarms:
        if is_open(watch.alarm) and watch.alarm.step != Ladder.MONITOR:
            found.update(watch.alarm.tracks)
    return found


def forget_into(state: AlertState, now_s: float) -> None:
    """Drop closed alarms and answers that nobody can ask for any more."""
    shown = [
        watch
        for watch in state.alarms
        if is_open(watch.alarm) or now_s - watch.alarm.closed_s <= _rules.CLOSED_SHOWN_S
    ]
    surplus = sum(not is_open(w.alarm) for w in shown) - _rules.MAX_CLOSED
    kept: list[AlarmWatch] = []
    for watch in shown:
        if surplus > 0 and not is_open(watch.alarm):
            surplus -= 1
            continue
        kept.append(watch)
    state.alarms = kept
    # Of an alarm that stands none is forgotten: it would be told anew. Those are as many as
    # open alarms and sites.
    over = [n for n in state.notices if math.isfinite(n.closed_s)]
    late = [n for n in over if now_s - n.closed_s > _rules.CLOSED_SHOWN_S]
    gone = {n.id for n in (*late, *over[: -_rules.MAX_NOTICES])}
    state.notices = [n for n in state.notices if n.id not in gone]
    state.sightings = [
        sighting
        for sighting in state.sightings
        if now_s - sighting.at_s <= _rules.SIGHTING_SHOWN_S
    ][-_rules.MAX_SIGHTINGS :]
    while len(state.answers) > _rules.MAX_KEYS:
        del state.answers[next(iter(state.answers))]
