"""One look of the watch: ladders, proposals, unattended tracks, alarms."""

import math
from collections.abc import Mapping

import numpy as np

from tocsin.alert import _rules
from tocsin.alert._alarms import Cause, alarms_into, causes_of
from tocsin.alert._anew import Anew, anew_into
from tocsin.alert._by_hand import expire_readiness_into
from tocsin.alert._ladder import climb_into, show_into
from tocsin.alert._nearby import Nearby, nearby_into
from tocsin.alert._notices import notices_into
from tocsin.alert._out_of_sight import may_be_back, names_of_lost
from tocsin.alert._shelves import age_shelves_into
from tocsin.alert._shift_rules import ruled_into
from tocsin.alert._standing import age_standing_into
from tocsin.alert._state import AlertState, attended, forget_into, zone_of
from tocsin.alert._threats import (
    Row,
    is_caution,
    is_shelter,
    marks_of,
    nears_line,
    rows_of,
)
from tocsin.alert._watching import watch_into
from tocsin.model import (
    AlertEvent,
    IdentityTable,
    Ladder,
    Nature,
    Node,
    SensorStatus,
    ThreatTable,
    TrackTable,
    track_label,
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
    stays: dict[tuple[int, int], list[int]] = {}
    for one in nearby:
        stays.setdefault((one.site, one.zone), []).append(one.track)
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
        near = stays.get((watch.status.site, watch.status.zone), ())
        climb_into(
            watch, zone_of(node, watch), rules, mine, now_s, events, back=again, near=near,
            **begin,
        )  # fmt: skip
        show_into(watch, now_s, events)
    causes = _causes(state, node, active, back)
    clear = [row for row in active if row.track in marks.seen]
    zone_ids = {(w.status.site, w.status.zone): w.status.zone_id for w in state.zones}
    found = causes_of(causes, zone_ids)
    for cause in found:
        cause.lost = _lost_of(state, cause.site, cause.track, back)
    late = _unattended_into(
        state, node, clear, {(c.site, c.track) for c in found}, now_s, events
    )
    more = causes_of([(row, Ladder.CAUTION) for row in late], zone_ids)
    for cause in more:
        cause.unattended = True
    known = {(c.site, c.track) for c in (*found, *more)}
    anew = anew_into(state, tracks, identities, marks.in_view, passed, now_s)
    begun = [_begins_anew(a) for a in anew if (a.site, a.track) not in known]
    known |= {(c.site, c.track) for c in begun}
    stay = [_stays(n, zone_ids) for n in nearby if (n.site, n.track) not in known]
    alarms_into(state, node, [*found, *more, *begun, *stay], tracks, now_s, events)
    age_standing_into(state, now_s, events)
    age_shelves_into(state, now_s, events)
    notices_into(state, node, now_s, events)
    forget_into(state, now_s)
    return tuple(events)


def _stays(near: Nearby, zone_ids: Mapping[tuple[int, int], str]) -> Cause:
    """Return what asks for an answer because it stays near; it arrives nowhere."""
    zones = [zone_ids[near.site, near.zone]]
    return Cause(
        near.track, near.site, Ladder.MONITOR, math.inf, near.nature, zones, nearby=True
    )


def _begins_anew(anew: Anew) -> Cause:
    """Return what stays in an alarm because it may be what was lost there."""
    zones = list(anew.zones)
    return Cause(
        anew.track, anew.site, Ladder.MONITOR, math.inf, anew.nature, zones, lost=anew.lost,
        of=anew.of,
    )  # fmt: skip


def _back_of(state: AlertState, tracks: TrackTable) -> dict[tuple[int, int], frozenset[int]]:
    """Return, of each site and zone where something is out of sight, what may be it."""
    lost = [watch for watch in state.zones if watch.status.out_of_sight]
    if not lost:
        return {}
    born_s = dict(zip(tracks.track_id.tolist(), tracks.born_s.tolist()))
    return {(w.status.site, w.status.zone): may_be_back(w, born_s) for w in lost}


def _lost_of(
    state: AlertState,
    site: int,
    track: int,
    back: Mapping[tuple[int, int], frozenset[int]],
) -> str:
    """Return the names of what was lost from sight in the first zone of the site in which the
    track may be it, "" for none.
    """
    for watch in state.zones:
        where = watch.status.site, watch.status.zone
        if where[0] == site and track in back.get(where, ()):
            return names_of_lost(watch)
    return ""


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


def _causes(
    state: AlertState,
    node: Node,
    rows: list[Row],
    back: Mapping[tuple[int, int], frozenset[int]],
) -> list[tuple[Row, str]]:
    """Return the rows that have to be answered for, with the step that they ask for; back: by
    site and zone, tracks of which each may be what was lost from sight there.

    Only in zones whose CAUTION or proposal has lasted its delay: one look raises no alarm.
    """
    watches = {(w.status.site, w.status.zone): w for w in state.zones}
    members = attended(state)
    out: list[tuple[Row, str]] = []
    for row in rows:
        watch = watches[row.site, row.zone]
        zone, rules = zone_of(node, watch), node.sites[row.site].rules
        # What still waits for CAUTION is in no alarm yet: one look raises none.
        hold = row.track in members or (watch.caution.on and row.track in watch.began)
        if watch.shelter.on and is_shelter(row, rules, zone, hold=hold):
            out.append((row, Ladder.TAKE_SHELTER))
        elif (watch.caution.on or watch.shelter.on) and is_caution(
            row, rules, hold=hold, back=row.track in back.get((row.site, row.zone), ())
        ):
            out.append((row, Ladder.CAUTION))
        elif hold and nears_line(row, rules, zone):
            out.append((row, Ladder.MONITOR))
    return out


def _unattended_into(
    state: AlertState,
    node: Node,
    rows: list[Row],
    answered: set[tuple[int, int]],
    now_s: float,
    events: list[AlertEvent],
) -> list[Row]:
    """Return rows of tracks that have neared the line unattended for too long, and say so."""
    watches = {(w.status.site, w.status.zone): w for w in state.zones}
    members = attended(state)
    near: dict[int, float] = {}
    late: list[Row] = []
    for row in rows:
        zone, rules = zone_of(node, watches[row.site, row.zone]), node.sites[row.site].rules
        if row.track in members or (row.site, row.track) in answered:
            continue
        if not nears_line(row, rules, zone):
            continue
        since_s = state.near_line.get(row.track, now_s)
        first = row.track not in near
        near[row.track] = since_s
        limit_s = rules.unattended_s - 2.0 * _rules.GRID_S
        if now_s - since_s < limit_s:
            continue
        late.append(row)
        if first:
            events.append(_unattended(row, zone.id, node, now_s))
    state.near_line = near
    return late


def _unattended(row: Row, zone_id: str, node: Node, now_s: float) -> AlertEvent:
    text = f"track {track_label(row.track)} nears the warning line of {zone_id}, unattended"
    return AlertEvent(
        "unattended",
        now_s,
        node.sites[row.site].id,
        zone_id=zone_id,
        step=Ladder.CAUTION,
        tracks=(row.track,),
        text=text,
        nature=Nature.ALL[row.nature],
    )
