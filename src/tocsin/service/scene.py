"""From outcomes to what viewers are sent: composed once, on the engine's thread, for all.

A scene holds the records of a picture with the version at which each last changed, so that a
viewer who missed some gets exactly what changed since its own last frame; and the JSON frames
of what is new.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.codec import wire
from tocsin.model import (
    AlarmCause,
    AlarmState,
    AlertEvent,
    Entry,
    Ladder,
    Nature,
    Node,
    Outcome,
    Picture,
)

__all__ = ["Composer", "Scene"]

GAP_S = 0.2  # of the machine, between pictures on average: at most 5 Hz
JITTER_S = (
    0.06  # a picture may come that much before its turn: the grid is as even as batches are
)
EVENTS_TOLD = 50  # the newest, to those who join: about what a watch log shows at once
SLOW_GAP_S = 1.0  # for what only panels show (states of sensors, what a track is taken for)
# What tracks are taken for is told of a part of them with each picture of that time: of a
# thousand at once it takes as long as all the rest, and one picture in five came late by that.
PARTS = 5

_THREATENED = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)
_JSON = msgspec.json.Encoder()
_JSON_IN = msgspec.json.Decoder()
# A change of these alone (they drift with every picture) is no news that cannot wait.
_DRIFTING = ("arrival_early_s", "arrival_median_s", "arrival_late_s")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown after batch `number`.

    records and changed go row by row: changed is the version at which a viewer last had to be
    told of the row. news: JSON frames for those who are there; standing and metas: what stands,
    for those who join (`stands`); live_step: the highest of the open alarms that something live
    is behind; unheard: ids of the sites with an open alarm of a lost siren path; raised: of
    open alarms, when; blind: of sites that are not watched, about when that was told of.
    """

    number: int
    version: int
    t_s: float
    records: NDArray[np.void]
    changed: NDArray[np.int64]
    news: tuple[bytes, ...]
    standing: dict[str, bytes]
    metas: tuple[wire.TrackMeta, ...]
    sensors: list[dict[str, Any]]
    live_step: str = ""
    unheard: tuple[str, ...] = ()
    raised: dict[str, float] = field(default_factory=dict)
    blind: dict[str, float] = field(default_factory=dict)

    def stands(self, kind: str) -> bytes:
        """Return the JSON frame of a type for who joins now, b"" for none."""
        if kind == "track_meta":
            return wire.text(kind, tracks=self.metas) if self.metas else b""
        return self.standing.get(kind, b"")

    def revealed(self, reveal: Callable[[str], str]) -> "Scene":
        """Return the scene with names in place of pseudonyms in its news, for those who are
        signed in; what stands is told with names when somebody joins.
        """
        return replace(self, news=tuple(reveal(frame.decode()).encode() for frame in self.news))


@dataclass(slots=True)
class _Channel:
    """One type of JSON frame: what was sent last, and when."""

    frame: bytes = b""
    urgent: bytes = b""
    at: float = -1e9


@dataclass(slots=True)
class Composer:
    """Keeps what was told before. Used by the engine's thread alone."""

    node: Node
    wires: wire.Wires = field(default_factory=wire.open_wires)
    version: int = 0
    _rows: wire.Rows | None = None
    _changed: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _channels: dict[str, _Channel] = field(default_factory=dict)
    _metas: dict[int, wire.TrackMeta] = field(default_factory=dict)
    _metas_at: float = -1e9
    _ends: dict[int, str] = field(default_factory=dict)
    _events: list[bytes] = field(default_factory=list)
    _told: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=EVENTS_TOLD))
    _told_frame: bytes = b""
    _due_at: float = -1e9  # the turn of the next picture

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take what happened before this start from the ledger, for those who join."""
        for entry in entries:
            if entry.kind == "alert":
                self._told.append(_event_of(_JSON_IN.decode(entry.body)))
        self._tell_again()

    def take(self, outcome: Outcome, number: int, roster: list[str]) -> Scene | None:
        """Return a new scene, or None where it can wait for the next picture."""
        for event in outcome.alert_events:
            told = wire.event_json(event)
            self._events.append(wire.text("event", **told))
            self._told.append(told)
        for ended in outcome.track_events:
            if ended.kind == "ended":
                self._ends[ended.track_id] = ended.how
        now = time.monotonic()
        if outcome.picture is None or now < self._due_at - JITTER_S:
            return None
        self._due_at = max(self._due_at + GAP_S, now)
        return self._compose(outcome.picture, number, roster, now)

    def _compose(self, picture: Picture, number: int, roster: list[str], now: float) -> Scene:
        self.version += 1
        rows, gone = wire.rows_into(self.wires, picture, self.node)
        self._changed = _changed_since(self._rows, self._changed, rows, self.version)
        self._rows = rows
        news = [*self._drops(gone), *self._metas_news(rows, picture, roster, now)]
        zones = wire.zones_json(picture)
        self._say(news, "zones", lambda: {"zones": zones}, _without_drift(zones), now)
        alarms = wire.alarms_json(picture)
        self._say(news, "alarms", lambda: {"alarms": alarms}, alarms, now)
        # Where a thousand fly, hundreds of threats a second come and go that alarm nobody.
        alarmed = sorted({track for alarm in picture.alarms for track in alarm.tracks})
        node = self.node
        self._say(
            news, "threats", lambda: {"threats": wire.threats_json(picture, node)}, alarmed, now
        )
        states = [(s.sensor_id, s.state) for s in picture.sensors]
        sensors = wire.sensors_json(picture)
        self._say(news, "sensors", lambda: {"sensors": sensors}, states, now)
        advice = wire.advice_json(picture)
        still = [{k: v for k, v in line.items() if k != "until_s"} for line in advice]
        self._say(news, "advice", lambda: {"options": advice}, still, now)
        notices = wire.notices_json(picture)
        self._say(news, "notices", lambda: {"notices": notices}, notices, now)
        sightings = wire.sightings_json(picture)
        self._say(news, "sightings", lambda: {"sightings": sightings}, sightings, now)
        notes = wire.handovers_json(picture)
        self._say(news, "handovers", lambda: {"handovers": notes}, notes, now)
        kept = wire.operations_json(picture)
        self._say(news, "operations", lambda: kept, _urgent_of(kept), now)
        rules = wire.rules_json(picture)
        self._say(news, "rules", lambda: {"rules": rules}, rules, now)
        if self._events:
            news += self._events
            self._events = []
            self._tell_again()
        standing = {kind: channel.frame for kind, channel in self._channels.items()}
        standing["events"] = self._told_frame
        metas = tuple(self._metas.values())
        return Scene(
            number, self.version, rows.t_s, rows.records, self._changed, tuple(news), standing,
            metas, sensors, _live_step(picture), _unheard(picture),
            _raised(picture), _blind(picture),
        )  # fmt: skip

    def _say(
        self,
        news: list[bytes],
        kind: str,
        fields: Callable[[], dict[str, Any]],
        urgent: object,
        now: float,
    ) -> None:
        """Add a frame if something urgent has changed, or a second has passed and anything
        has; `fields` is asked only then.
        """
        channel = self._channels.setdefault(kind, _Channel())
        key = _JSON.encode(urgent)
        if key == channel.urgent and now - channel.at < SLOW_GAP_S:
            return
        frame = wire.text(kind, **fields())
        channel.urgent = key
        if frame != channel.frame:
            channel.frame, channel.at = frame, now
            news.append(frame)

    def _tell_again(self) -> None:
        if self._told:
            self._told_frame = wire.text("events", events=list(self._told))

    def _drops(self, gone: dict[int, tuple[bool, int | bytes]]) -> list[bytes]:
        by_end: dict[str, list[int]] = {}
        for number, (declared, name) in gone.items():
            how = "" if declared else self._ends.get(int(name), "")
            by_end.setdefault(how or "lost", []).append(number)
            self._metas.pop(number, None)
        self._ends = {}
        return [wire.text("drop", wire=wires, how=how) for how, wires in by_end.items()]

    def _metas_news(
        self, rows: wire.Rows, picture: Picture, roster: list[str], now: float
    ) -> list[bytes]:
        """At once for a row that is new, once a second for what changes of the others."""
        before, self._metas_at = self._metas_at, now
        wires, known = rows.records["wire"], self._metas
        due = [part for part in range(PARTS) if _turn(now, part) != _turn(before, part)]
        which = np.isin(wires % PARTS, due)
        which |= np.fromiter((w not in known for w in wires.tolist()), np.bool_, len(wires))
        if not which.any():
            return []
        metas = wire.meta_rows(self.wires, rows, picture, self.node, roster, which)
        fresh = [meta for meta in metas if known.get(meta.wire) != meta]
        known.update((meta.wire, meta) for meta in fresh)
        return [wire.text("track_meta", tracks=fresh)] if fresh else []


def _turn(now: float, part: int) -> int:
    """Return the number of the turn of a part of the rows: one begins each SLOW_GAP_S."""
    return int(now / SLOW_GAP_S + part / PARTS)


def _event_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return an alert entry of the ledger as the event that it tells of."""
    names = {"what": "kind", "site": "site_id", "zone": "zone_id", "alarm": "alarm_id"}
    values = {names.get(name, name): value for name, value in body.items()}
    tracks = tuple(int(track) for track in body["tracks"])
    return wire.event_json(
        AlertEvent(**{**values, "at_s": float(body["at_s"]), "tracks": tracks})
    )


def _live_step(picture: Picture) -> str:
    steps = [
        a.step
        for a in picture.alarms
        if a.nature == Nature.LIVE and a.state != AlarmState.CLOSED and a.step in _THREATENED
    ]
    return max(steps, key=_THREATENED.index, default="")


def _unheard(picture: Picture) -> tuple[str, ...]:
    return tuple(
        a.site_id
        for a in picture.alarms
        if a.cause == AlarmCause.NOT_HEARD and a.state != AlarmState.CLOSED
    )


def _raised(picture: Picture) -> dict[str, float]:
    return {a.id: a.raised_s for a in picture.alarms if a.state != AlarmState.CLOSED}


def _blind(picture: Picture) -> dict[str, float]:
    """Return by site that is not watched when its alarm began, or the last loss under it."""
    since_s = {z.site_id: z.unwatched_s for z in picture.zones if math.isfinite(z.unwatched_s)}
    return {
        a.site_id: max(a.raised_s, since_s[a.site_id])
        for a in picture.alarms
        if a.cause == AlarmCause.NOT_WATCHING
        and a.state != AlarmState.CLOSED
        and a.site_id in since_s
    }


def _without_drift(zones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in zone.items() if k not in _DRIFTING} for zone in zones]


def _urgent_of(kept: dict[str, Any]) -> list[object]:
    """Return of volumes, conflicts and operations what cannot wait: not what drifts."""
    return [
        [(v["volume_id"], v["state"], v["tracks"]) for v in kept["volumes"]],
        [(c["track"], c["traffic"]) for c in kept["conflicts"]],
        kept["operations"],
    ]


_SHOWN = ["class", "confidence", "site", "threat", "flags"]


def _changed_since(
    before: wire.Rows | None, versions: NDArray[np.int64], rows: wire.Rows, version: int
) -> NDArray[np.int64]:
    """Return for each row the version at which it last changed: it was measured again, or is
    shown otherwise. What only moved on by prediction the browser can tell by itself.
    """
    changed = np.full(len(rows.records), version, dtype=np.int64)
    if before is None or not len(before.records) or not len(rows.records):
        return changed
    order = np.argsort(before.records["wire"])
    places = np.searchsorted(before.records["wire"], rows.records["wire"], sorter=order)
    old = order[np.minimum(places, len(order) - 1)]
    same = before.records["wire"][old] == rows.records["wire"]
    same &= before.updated_s[old] == rows.updated_s
    for name in _SHOWN:
        same &= before.records[name][old] == rows.records[name]
    changed[same] = versions[old[same]]
    return changed
