"""One look of the watch: ladders, proposals, unattended tracks, alarms."""

import numpy as np

from tocsin.alert import _rules
from tocsin.alert._alarms import alarms_into
from tocsin.alert._anew import anew_into
from tocsin.alert._at_line import at_line_into
from tocsin.alert._by_hand import expire_readiness_into
from tocsin.alert._causes import causes_into
from tocsin.alert._ladder import climb_into, show_into
from tocsin.alert._nearby import nearby_into
from tocsin.alert._notices import notices_into
from tocsin.alert._out_of_sight import may_be_back
from tocsin.alert._release import withdraw_into
from tocsin.alert._shelves import age_shelves_into
from tocsin.alert._shift_rules import ruled_into
from tocsin.alert._standing import age_standing_into
from tocsin.alert._state import AlertState, Latch, forget_into, zone_of
from tocsin.alert._threats import Row, marks_of, rows_of
from tocsin.alert._watching import watch_into
from tocsin.model import (
    AlertEvent,
    IdentityTable,
    Node,
    SensorStatus,
    ThreatTable,
    TrackTable,
)

__all__ = ["advance_into"]

_ALL_BITS = (1 << 64) - 1


def advance_into(
    state: AlertState,
    node: Node,
    threats: ThreatTable,
    tracks: TrackTable,
    identities: IdentityTable,
    sensors: tuple[SensorStatus, ...],
    now_s: float,
) -> tuple[AlertEvent, ...]:
    """Move every zone's ladder and every alarm on by one look; return what happened.

    Called once a grid step with the tables of that step. A cooperative track asks for nothing
    (its `p_harm` says so); each track is judged by its own rows, so it hides no other.
    """
    events: list[AlertEvent] = []
    _come_back_into(state, now_s, events)
    state.tracks = dict(zip(tracks.track_id.tolist(), tracks.site.tolist()))
    _expire_into(state, node, now_s, events)
    expire_readiness_into(state, node, now_s, events)
    watch_into(state, node, sensors, now_s, events)
    horizon_s = max((site.rules.monitor_s for site in node.sites), default=0.0)
    rows = rows_of(threats, horizon_s * _rules.HOLD_TIME, now_s)
    friendly = set(identities.track_id[identities.cooperative].tolist())
    marks = marks_of(tracks, node, now_s)
    told = _only_told_into(state, node, tracks)
    back = _back_of(state, tracks)
    rows = [
        row
        for row in rows
        if (row.track in marks.settled or row.track in back.get((row.site, row.zone), ()))
        and row.track not in told
        and row.track not in friendly
    ]
    if state.rules:
        rows = ruled_into(state, node, rows, tracks, identities, now_s, events)
    active = [row for row in rows if row.track not in state.dispositions]
    passed = friendly | told | set(state.dispositions)
    nearby = nearby_into(state, node, tracks, identities, marks, passed, now_s)
    stays: dict[tuple[int, str], list[int]] = {}
    for cause in nearby:
        stays.setdefault((cause.site, cause.zones[0]), []).append(cause.track)
    by_zone: dict[tuple[int, int], list[Row]] = {}
    for row in active:
        by_zone.setdefault((row.site, row.zone), []).append(row)
    begin = {
        "seen": marks.seen,
        "sheltering": marks.seen & marks.proven,
        "in_view": marks.in_view,
        "disposed": set(state.dispositions),
    }
    for watch in state.zones:
        mine = by_zone.get((watch.status.site, watch.status.zone), [])
        rules = node.sites[watch.status.site].rules
        again = back.get((watch.status.site, watch.status.zone), ())
        near = stays.get((watch.status.site, watch.status.zone_id), ())
        climb_into(
            watch, zone_of(node, watch), rules, mine, now_s, events, back=again, near=near,
            **begin,
        )  # fmt: skip
        show_into(watch, now_s, events)
    anew = anew_into(state, tracks, identities, marks.placed, passed, now_s)
    questions = at_line_into(state, node, active, marks, now_s)
    more = [*anew, *questions, *nearby]
    causes = causes_into(state, node, active, marks, back, now_s, events, more=more)
    alarms_into(state, node, causes, tracks, now_s, events)
    age_standing_into(state, now_s, events)
    age_shelves_into(state, now_s, events)
    notices_into(state, node, now_s, events)
    forget_into(state, now_s)
    return tuple(events)


def _come_back_into(state: AlertState, now_s: float, events: list[AlertEvent]) -> None:
    """After a time without a look let go of what was proposed before it."""
    away_s = now_s - state.looked_s
    state.looked_s = now_s
    if not away_s > _rules.AWAY_S:
        return
    for watch in state.zones:
        if watch.shelter.on:
            watch.shelter = Latch()
            withdraw_into(watch, now_s, events, f"nobody has watched for {away_s:.0f} s")


def _back_of(state: AlertState, tracks: TrackTable) -> dict[tuple[int, int], frozenset[int]]:
    """Return, of each site and zone where something is out of sight, what may be it."""
    lost = [watch for watch in state.zones if watch.status.out_of_sight]
    if not lost:
        return {}
    born_s = dict(zip(tracks.track_id.tolist(), tracks.born_s.tolist()))
    return {(w.status.site, w.status.zone): may_be_back(w, born_s) for w in lost}


def _only_told_into(state: AlertState, node: Node, tracks: TrackTable) -> set[int]:
    """Return tracks that nothing but people has measured: they are asked about, and send
    nobody to shelter. For membership tests only.
    """
    told = 0
    for place, sensor in enumerate(node.sensors[:64]):
        told |= (sensor.kind == "person") << place
    names, known = tracks.track_id.tolist(), state.measured
    now = ((tracks.sensors & np.uint64(~told & _ALL_BITS)) != 0).tolist()
    state.measured = {t: 1 for t, seen in zip(names, now) if seen or t in known}
    if len(state.measured) == len(names) or not told:
        return set()
    by_people = ((tracks.sensors & np.uint64(told)) != 0).tolist()
    return {t for t, so in zip(names, by_people) if so and t not in state.measured}


def _expire_into(state: AlertState, node: Node, now_s: float, events: list[AlertEvent]) -> None:
    """End dispositions whose time has come; the tracks count again."""
    for track in [t for t, d in state.dispositions.items() if now_s >= d.until_s]:
        over = state.dispositions.pop(track)
        if track not in state.tracks:
            continue
        site_id = node.sites[state.tracks[track]].id
        text = f"what {over.by} said of it ({over.what}) has expired; it counts again"
        events.append(AlertEvent("expired", now_s, site_id, tracks=(track,), text=text))
