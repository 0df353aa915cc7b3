"""Warning by hand: a person raises a step, without a track; a person lowers it again."""

import math

from tocsin.alert import _rules
from tocsin.alert._cause import higher
from tocsin.alert._ladder import show_into
from tocsin.alert._release import release_into
from tocsin.alert._standing import find, join_into, nature_of, stand_into
from tocsin.alert._state import AlertState, ZoneWatch
from tocsin.model import Act, AlarmCause, AlertEvent, Ladder, Nature, Node

__all__ = [
    "expire_readiness_into", "hand_alarm_into", "lower_into", "raise_into", "ready_into",
    "warn_for_real_into",
]  # fmt: skip

STEPS = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)
Reply = tuple[bool, str]


def _event(
    watch: ZoneWatch, node: Node, kind: str, now_s: float, by: str, *, step: str, text: str
) -> AlertEvent:
    status = watch.status
    return AlertEvent(
        kind, now_s, status.site_id, zone_id=status.zone_id, step=step, tracks=status.tracks,
        by=by, text=text, nature=nature_of(node, status.site_id),
    )  # fmt: skip


def raise_into(
    state: AlertState,
    node: Node,
    watches: list[ZoneWatch],
    act: Act,
    now_s: float,
    events: list[AlertEvent],
    missing: str,
) -> Reply:
    """Raise zones to a step in the name of a person: never refused, merged with what stands.

    CAUTION and TAKE SHELTER open an alarm, seen already by who raised it, so that the other
    sites and the record know.
    """
    if act.step not in STEPS:
        return False, f"a step to raise to is {', '.join(STEPS)}; {act.step!r} is none"
    because = _because(act)
    new = []
    for watch in watches:
        status = watch.status
        stood = status.raised_step
        watch.risen_s = now_s
        if act.step == Ladder.TAKE_SHELTER:
            if not math.isfinite(status.released_s):
                new.append(watch)
            warn_for_real_into(watch, node)
            release_into(
                watch,
                act.user,
                now_s,
                events,
                text=": ".join(filter(None, ("by hand", because))),
            )
        if not stood or higher(stood, act.step) != stood:
            if act.step != Ladder.TAKE_SHELTER:
                new.append(watch)
            status.raised_step, status.raised_by, status.raised_s = act.step, act.user, now_s
        events.append(
            _event(watch, node, "raised by hand", now_s, act.user, step=act.step, text=because)
        )
        show_into(watch, now_s, events)
    if act.step != Ladder.MONITOR:
        hand_alarm_into(state, node, watches, act, act.step, now_s, events)
    names = ", ".join(watch.status.zone_id for watch in watches)
    sentence = (
        f"{act.step} raised for {names}; it stands until a person ends it"
        if new
        else f"{act.step} or more stands already for {names}; yours is noted"
    )
    return True, f"{sentence}; {missing}" if missing else sentence


def warn_for_real_into(watch: ZoneWatch, node: Node) -> None:
    """What a person warns of is as real as the most real sensor of the site, whatever track is
    in the zone: an exercise must not make a warning one.
    """
    status = watch.status
    real = nature_of(node, status.site_id)
    mine = (real, status.nature) if status.tracks else (real,)
    status.nature = min(mine, key=Nature.ALL.index)


def hand_alarm_into(
    state: AlertState,
    node: Node,
    watches: list[ZoneWatch],
    act: Act,
    step: str,
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Raise the alarm of what people warn of by hand at a site, or add to the one that stands;
    never to one of tracks, which ends with them.
    """
    site = watches[0].status.site
    zones = tuple(watch.status.zone_id for watch in watches)
    text = f"{step} by hand for {', '.join(watch.name for watch in watches)} by {act.user}"
    if because := _because(act):
        text = f"{text}: {because}"
    standing = find(state, site, AlarmCause.BY_HAND)
    if standing is not None:
        join_into(standing, step, zones, text, now_s, events, by=act.user)
        return
    stand_into(
        state, node, site, cause=AlarmCause.BY_HAND, step=step, zones=zones, text=text,
        now_s=now_s, events=events, by=act.user,
    )  # fmt: skip


def _because(act: Act) -> str:
    return "; ".join(part for part in (act.text.strip(), act.reason.strip()) if part)


def lower_into(
    watch: ZoneWatch, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> None:
    """End what was raised by hand and is no TAKE SHELTER; what sensors ask for stands on."""
    status = watch.status
    step, status.raised_step = status.raised_step, ""
    status.raised_by, status.raised_s = "", math.nan
    events.append(_event(watch, node, "lowered", now_s, act.user, step=step, text=act.reason))
    show_into(watch, now_s, events)


def ready_into(
    watches: list[ZoneWatch],
    node: Node,
    act: Act,
    now_s: float,
    events: list[AlertEvent],
    stale: str,
) -> Reply:
    """Raise readiness: MONITOR at least, until a time. The later of two ends wins; an end in
    the past lowers, and needs a fresh picture and a reason.
    """
    until_s = act.until_s if math.isfinite(act.until_s) else now_s + _rules.READY_S
    names = ", ".join(watch.status.zone_id for watch in watches)
    if until_s <= now_s:
        if stale:
            return False, stale
        if not act.reason.strip():
            return False, "ending raised readiness needs a reason; say why"
        ready = [watch for watch in watches if math.isfinite(watch.status.ready_until_s)]
        for watch in ready:
            _end_into(watch, node, now_s, events, act.user, act.reason)
        return bool(ready), f"readiness {'ended' if ready else 'is not raised'} for {names}"
    until_s = min(until_s, now_s + _rules.READY_LONGEST_S)
    for watch in watches:
        status = watch.status
        if status.ready_until_s >= until_s:
            continue
        status.ready_until_s, status.ready_by = until_s, act.user
        event = _event(
            watch, node, "readiness", now_s, act.user, step=Ladder.MONITOR,
            text=act.reason.strip() or act.text.strip(),
        )  # fmt: skip
        event.facts["until_s"] = until_s
        events.append(event)
        show_into(watch, now_s, events)
    minutes = (max(w.status.ready_until_s for w in watches) - now_s) / 60.0
    return True, f"readiness of {names} is raised for {minutes:.0f} min: MONITOR at least"


def expire_readiness_into(
    state: AlertState, node: Node, now_s: float, events: list[AlertEvent]
) -> None:
    """End raised readiness whose time is over."""
    for watch in state.zones:
        if now_s >= watch.status.ready_until_s:
            _end_into(watch, node, now_s, events, "", "its time is over")


def _end_into(
    watch: ZoneWatch, node: Node, now_s: float, events: list[AlertEvent], by: str, text: str
) -> None:
    watch.status.ready_until_s, watch.status.ready_by = math.nan, ""
    events.append(
        _event(watch, node, "readiness over", now_s, by, step=Ladder.MONITOR, text=text)
    )
    show_into(watch, now_s, events)
