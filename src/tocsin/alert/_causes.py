"""What has to be answered for at this look: by the ladder, and beside it."""

from collections.abc import Mapping

from tocsin.alert import _rules
from tocsin.alert._cause import Cause, causes_of
from tocsin.alert._out_of_sight import names_of_lost
from tocsin.alert._state import AlertState, attended, zone_of
from tocsin.alert._threats import Marks, Row, is_caution, is_shelter, nears_line
from tocsin.model import AlertEvent, Ladder, Nature, Node, Zone, track_label

__all__ = ["causes_into"]

Back = Mapping[tuple[int, int], frozenset[int]]


def causes_into(
    state: AlertState,
    node: Node,
    rows: list[Row],
    marks: Marks,
    back: Back,
    now_s: float,
    events: list[AlertEvent],
    *,
    more: list[Cause],
) -> list[Cause]:
    """Return a cause for each track and site, those that come first; say what has neared the
    line unattended for too long.

    rows: of tracks that nobody has said anything of. back: by site and zone, tracks of which
    each may be what was lost from sight there. more: causes beside the ladder's, where nothing
    else asks for the same track.
    """
    out = causes_of(_asking(state, node, rows, back), node)
    for cause in out:
        cause.lost = _lost_of(state, cause.site, cause.track, back)
    known = {(cause.site, cause.track) for cause in out}
    clear = [row for row in rows if row.track in marks.seen]
    late = _unattended_into(state, node, clear, known, now_s, events)
    for cause in causes_of([(row, Ladder.CAUTION) for row in late], node):
        cause.unattended = True
        known.add((cause.site, cause.track))
        out.append(cause)
    for cause in more:
        if (cause.site, cause.track) not in known:
            known.add((cause.site, cause.track))
            out.append(cause)
    return out


def _asking(
    state: AlertState,
    node: Node,
    rows: list[Row],
    back: Back,
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
    members = attended(state)
    near: dict[int, float] = {}
    late: list[Row] = []
    for row in rows:
        rules, zone = node.sites[row.site].rules, node.sites[row.site].zones[row.zone]
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
            events.append(_unattended(row, zone, node, now_s))
    state.near_line = near
    return late


def _unattended(row: Row, zone: Zone, node: Node, now_s: float) -> AlertEvent:
    text = f"track {track_label(row.track)} nears the warning line of {zone.name}, unattended"
    return AlertEvent(
        "unattended",
        now_s,
        node.sites[row.site].id,
        zone_id=zone.id,
        step=Ladder.CAUTION,
        tracks=(row.track,),
        text=text,
        nature=Nature.ALL[row.nature],
    )


def _lost_of(
    state: AlertState,
    site: int,
    track: int,
    back: Back,
) -> str:
    """Return the names of what was lost from sight in the first zone of the site in which the
    track may be it, "" for none.
    """
    for watch in state.zones:
        where = watch.status.site, watch.status.zone
        if where[0] == site and track in back.get(where, ()):
            return names_of_lost(watch)
    return ""
