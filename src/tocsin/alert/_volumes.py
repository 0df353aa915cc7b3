"""Protected volumes over time: what is told once, what stands, and when it is over."""

import math

from tocsin.alert import _rules
from tocsin.alert._standing import find, join_into, stand_into
from tocsin.alert._state import AlertState, copies
from tocsin.alert._volume_state import StandingConflict
from tocsin.model import (
    AlarmCause,
    AlertEvent,
    Conflict,
    Incursion,
    Ladder,
    Nature,
    Node,
    VolumeLook,
    VolumeStatus,
    track_label,
)

__all__ = ["conflicts", "is_volume_look", "protect_into", "volumes"]

FREE, EXPECTED, OCCUPIED = "free", "expected", "occupied"
_ORDER = (FREE, EXPECTED, OCCUPIED)


def is_volume_look(state: AlertState, now_s: float) -> bool:
    """Tell whether the volumes are to be looked at now: once a second, if there are any."""
    watch = state.volumes
    return bool(watch.statuses) and not now_s - watch.looked_s < _rules.VOLUME_LOOK_S


def volumes(state: AlertState) -> tuple[VolumeStatus, ...]:
    """Return each protected volume as it stands, in the node's order; copies."""
    return copies(VolumeStatus, state.volumes.statuses)


def conflicts(state: AlertState) -> tuple[Conflict, ...]:
    """Return the conflicts that stand, the surest first."""
    found = [one.conflict for one in state.volumes.standing.values()]
    return tuple(sorted(found, key=lambda c: (-c.p, c.track, c.traffic)))


def protect_into(
    state: AlertState, node: Node, look: VolumeLook, now_s: float
) -> tuple[AlertEvent, ...]:
    """Take one look; return what happened.

    A track that a person has named counts no more until that expires.
    """
    events: list[AlertEvent] = []
    watch = state.volumes
    watch.looked_s, watch.left_out = now_s, look.left_out
    named = state.dispositions
    # What a person has named and counts again later is told again.
    watch.told = {
        place: tuple(track for track in told if track not in named)
        for place, told in watch.told.items()
    }
    places = [(s, v) for s, site in enumerate(node.sites) for v in range(len(site.volumes))]
    told = [one for one in look.incursions if one.track not in named]
    for place, (site, volume) in enumerate(places):
        mine = [one for one in told if (one.site, one.volume) == (site, volume)]
        _volume_into(state, node, place, mine, now_s, events)
    near = [c for c in look.conflicts if c.track not in named]
    _conflicts_into(state, node, near, now_s, events)
    return tuple(events)


def _volume_into(
    state: AlertState,
    node: Node,
    place: int,
    mine: list[Incursion],
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Move one volume on: at once up after two looks, down after it was free for a while. One
    more that does what stands is told too, and calls: the first hides nobody.
    """
    watch = state.volumes
    status = watch.statuses[place]
    held = status.state != FREE
    bar = _rules.VOLUME_ON * (_rules.VOLUME_HOLD if held else 1.0)
    inside = [one for one in mine if one.p_now >= bar]
    coming = [one for one in mine if one.p_soon >= bar]
    found = OCCUPIED if inside else EXPECTED if coming else FREE
    if inside:
        status.last_s = now_s
    _fill_into(status, inside or coming, inside=bool(inside))
    if _ORDER.index(found) > _ORDER.index(status.state):
        watch.seen[place] = max(watch.seen.get(place, 0), 0) + 1
        if watch.seen[place] >= _rules.VOLUME_LOOKS:
            watch.seen.pop(place)
            _change_into(state, node, place, found, now_s, events)
        return
    if found == status.state:
        fresh = set(status.tracks).difference(watch.told.get(place, ()))
        if found == FREE or not fresh:
            watch.seen.pop(place, None)
            return
        watch.seen[place] = max(watch.seen.get(place, 0), 0) + 1
        if watch.seen[place] >= _rules.VOLUME_LOOKS:
            watch.seen.pop(place)
            _change_into(state, node, place, found, now_s, events)
        return
    watch.seen[place] = min(watch.seen.get(place, 0), 0) - 1
    if -watch.seen[place] >= _rules.VOLUME_OFF_LOOKS:
        watch.seen.pop(place)
        _change_into(state, node, place, found, now_s, events)


def _fill_into(status: VolumeStatus, found: list[Incursion], *, inside: bool) -> None:
    """Tell of what is inside, or else of what comes; nothing new keeps what was told."""
    if not found:
        return
    found = sorted(found, key=lambda one: (-one.p_soon, one.track))
    status.tracks = tuple(one.track for one in found)
    status.enters_s = min(one.enters_s for one in found)
    status.p = found[0].p_now if inside else found[0].p_soon
    status.phrase = found[0].phrase
    status.nature = Nature.ALL[min(one.nature for one in found)]


def _change_into(
    state: AlertState,
    node: Node,
    place: int,
    found: str,
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Tell how a volume stands now, and by whom; less than before calls nobody."""
    status, told = state.volumes.statuses[place], state.volumes.told
    calls = _ORDER.index(found) >= _ORDER.index(status.state)
    if found != status.state:
        status.state, status.since_s = found, now_s
    known = dict.fromkeys((*told.get(place, ()), *status.tracks))
    told[place] = tuple(known) if found != FREE else ()
    kind = {FREE: "volume free", EXPECTED: "volume expected", OCCUPIED: "volume entered"}[found]
    tracks = status.tracks
    text = f"{_name(node, status.site_id, status.volume_id)} is free again"
    alarm_id = ""
    if found != FREE:
        names = ", ".join(track_label(track) for track in tracks)
        verb = "is in" if found == OCCUPIED else "will more likely than not come into"
        text = f"{names} {verb} {_name(node, status.site_id, status.volume_id)}"
        alarm_id = _alarm_into(state, node, status.site_id, text, now_s, events, calls=calls)
    events.append(
        AlertEvent(
            kind, now_s, status.site_id, zone_id=status.volume_id, alarm_id=alarm_id,
            step=Ladder.CAUTION if alarm_id else "", tracks=tracks, text=text,
            nature=status.nature,
            facts={"p": round(status.p, 2), "phrase": status.phrase} if found != FREE else {},
        )
    )  # fmt: skip
    if found == FREE:
        status.tracks, status.enters_s, status.p, status.phrase = (), math.inf, 0.0, ""


def _conflicts_into(
    state: AlertState,
    node: Node,
    near: list[Conflict],
    now_s: float,
    events: list[AlertEvent],
) -> None:
    watch = state.volumes
    found: dict[str, int] = {}
    for conflict in near:
        name = f"{conflict.track} {conflict.traffic} {conflict.site_id} {conflict.volume_id}"
        known = watch.standing.get(name)
        if known is not None:
            known.conflict = conflict
            if conflict.p >= _rules.CONFLICT_ON * _rules.VOLUME_HOLD:
                known.last_s = now_s
            continue
        if conflict.p < _rules.CONFLICT_ON or len(watch.standing) >= _rules.MAX_CONFLICTS:
            continue
        found[name] = watch.near.get(name, 0) + 1
        if found[name] >= _rules.VOLUME_LOOKS:
            found.pop(name)
            watch.standing[name] = StandingConflict(conflict, now_s)
            _tell_into(state, node, conflict, now_s, events)
    watch.near = found
    over = _rules.VOLUME_OFF_LOOKS * _rules.VOLUME_LOOK_S
    for name in [n for n, one in watch.standing.items() if now_s - one.last_s >= over]:
        gone = watch.standing.pop(name).conflict
        text = f"{_pair(gone)} in {_name(node, gone.site_id, gone.volume_id)} are clear again"
        events.append(_conflict_event("conflict over", gone, text, now_s))


def _tell_into(
    state: AlertState, node: Node, conflict: Conflict, now_s: float, events: list[AlertEvent]
) -> None:
    where = _name(node, conflict.site_id, conflict.volume_id)
    text = f"{_pair(conflict)} come too near to each other in {where}"
    alarm_id = _alarm_into(state, node, conflict.site_id, text, now_s, events, calls=True)
    events.append(_conflict_event("conflict", conflict, text, now_s, alarm_id))


def _conflict_event(
    kind: str, conflict: Conflict, text: str, now_s: float, alarm_id: str = ""
) -> AlertEvent:
    facts: dict[str, str | float | None] = {
        "nearest_s": round(conflict.at_s, 1),
        "separation_m": round(conflict.separation_m),
        "sigma_m": round(conflict.sigma_m),
        "separation_up_m": round(conflict.separation_up_m),
        "sigma_up_m": round(conflict.sigma_up_m),
        "p": round(conflict.p, 2),
        "phrase": conflict.phrase,
    }
    return AlertEvent(
        kind, now_s, conflict.site_id, zone_id=conflict.volume_id, alarm_id=alarm_id,
        step=Ladder.CAUTION if alarm_id else "", tracks=(conflict.track, conflict.traffic),
        text=text, nature=Nature.ALL[conflict.nature], facts=facts,
    )  # fmt: skip


def _alarm_into(
    state: AlertState,
    node: Node,
    site_id: str,
    text: str,
    now_s: float,
    events: list[AlertEvent],
    *,
    calls: bool,
) -> str:
    """Raise the site's alarm of its volumes, or add to the one that stands; return its id.
    calls: that one sounds again.
    """
    site = next(k for k, one in enumerate(node.sites) if one.id == site_id)
    alarm = find(state, site, AlarmCause.VOLUME)
    if alarm is None:
        alarm = stand_into(
            state, node, site, cause=AlarmCause.VOLUME, step=Ladder.CAUTION, zones=(),
            text=text, now_s=now_s, events=events,
        )  # fmt: skip
    else:
        join_into(alarm, Ladder.CAUTION, (), text, now_s, events, calls=calls)
    return alarm.alarm.id


def _pair(conflict: Conflict) -> str:
    return f"{track_label(conflict.track)} and traffic {track_label(conflict.traffic)}"


def _name(node: Node, site_id: str, volume_id: str) -> str:
    site = next(one for one in node.sites if one.id == site_id)
    return next(one.name for one in site.volumes if one.id == volume_id)
