"""What people do: merged where it raises protection, checked where it lowers it."""

import math

from tocsin.alert import _rules
from tocsin.alert._alarms import alarm_event, close_into
from tocsin.alert._ladder import show_into
from tocsin.alert._release import cancel_into, clear_into, release_into
from tocsin.alert._state import AlarmWatch, AlertState, Answer, Disposition, ZoneWatch
from tocsin.model import Act, AlarmState, AlertEvent, Ladder, Node

__all__ = ["act_into"]

Reply = tuple[bool, str]


def act_into(
    state: AlertState, node: Node, acts: tuple[Act, ...], now_s: float
) -> tuple[tuple[AlertEvent, ...], tuple[tuple[str, bool, str], ...]]:
    """Carry out acts in their order; return events, and (key, accepted, sentence) for each.

    An act whose (user, key) was answered before gets the same answer again and does nothing.
    """
    events: list[AlertEvent] = []
    answers: list[tuple[str, bool, str]] = []
    for act in acts:
        name = f"{act.user}|{act.key}"
        known = state.answers.get(name) if act.key else None
        if known is None:
            accepted, sentence = _do(state, node, act, now_s, events)
            known = Answer(accepted, sentence)
            if act.key:
                state.answers[name] = known
            if not accepted:
                events.append(
                    AlertEvent("act refused", now_s, act.site, alarm_id=act.alarm, by=act.user,
                               text=f"{act.verb}: {sentence}")
                )  # fmt: skip
        answers.append((act.key, known.accepted, known.sentence))
    return tuple(events), tuple(answers)


def _do(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    if act.verb in ("acknowledge", "decide"):
        return _on_alarm(state, act, now_s, events)
    if act.verb == "dispose":
        return _dispose(state, node, act, now_s, events)
    if act.verb not in ("release", "refuse", "cancel", "clear"):
        return False, (
            f"{act.verb!r} is no act; acts are acknowledge, release, refuse, cancel, clear, "
            "decide and dispose"
        )
    watches, missing = _zones(state, node, act)
    if not watches:
        return False, missing
    if act.verb == "release":
        return _release(watches, act, now_s, events, missing)
    if stale := _stale(act, now_s):
        return False, stale
    if act.verb == "refuse":
        return _refuse(watches, act, now_s, events)
    if act.verb == "cancel":
        return _cancel(watches, act, now_s, events)
    return _clear(watches, node, act, now_s, events)


def _zones(state: AlertState, node: Node, act: Act) -> tuple[list[ZoneWatch], str]:
    """Return the zones that an act names (all of the site where it names none), and what is
    wrong with the names.
    """
    sites = [site.id for site in node.sites]
    site = act.site or (sites[0] if len(sites) == 1 else "")
    mine = [watch for watch in state.zones if watch.status.site_id == site]
    if not mine:
        return [], f"there is no site {act.site!r} with zones; sites are {', '.join(sites)}"
    if not act.zones:
        return mine, ""
    found = [watch for watch in mine if watch.status.zone_id in act.zones]
    known = [watch.status.zone_id for watch in mine]
    unknown = [name for name in act.zones if name not in known]
    if unknown:
        return found, f"{site} has no zone {', '.join(unknown)}; zones are {', '.join(known)}"
    return found, ""


def _stale(act: Act, now_s: float) -> str:
    """Return why a picture is no ground for lowering protection, or nothing."""
    if not math.isfinite(act.view_s):
        return (
            "it is not known which picture this rests on; look at the live one and do it again"
        )
    age_s = now_s - act.view_s
    if age_s > _rules.STALE_VIEW_S:
        return (
            f"the picture that this rests on is {age_s:.0f} s old; look at the live one "
            "and do it again"
        )
    if age_s < -_rules.FUTURE_VIEW_S:
        return f"the picture that this rests on is {-age_s:.0f} s ahead; load the page anew"
    return ""


def _names(watches: list[ZoneWatch]) -> str:
    return ", ".join(watch.status.zone_id for watch in watches)


def _release(
    watches: list[ZoneWatch], act: Act, now_s: float, events: list[AlertEvent], missing: str
) -> Reply:
    """Raise protection: never refused, done once, merged afterwards."""
    new = [watch for watch in watches if not math.isfinite(watch.status.released_s)]
    for watch in watches:
        release_into(watch, act.user, now_s, events)
        show_into(watch, now_s, events)
    sentence = (
        f"TAKE SHELTER released for {_names(new)}" if new
        else f"TAKE SHELTER stands already for {_names(watches)}; your release is noted"
    )  # fmt: skip
    return True, f"{sentence}; {missing}" if missing else sentence


def _refuse(
    watches: list[ZoneWatch], act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Say no to a proposal, in one's name and with a reason."""
    if not act.reason.strip():
        return False, "a refusal needs a reason; say why nobody has to take shelter"
    for watch in watches:
        status = watch.status
        if math.isfinite(status.released_s):
            return False, (
                f"TAKE SHELTER was released for {status.zone_id} by {status.released_by}; "
                "cancel within 3 s, or clear when nothing threatens"
            )
    proposed = [watch for watch in watches if math.isfinite(watch.status.proposed_s)]
    if not proposed:
        return False, f"nothing is proposed for {_names(watches)}"
    new = [watch for watch in proposed if not watch.status.refused_by]
    if not new:
        return (
            True,
            f"{proposed[0].status.refused_by} has refused already; your refusal is noted",
        )
    for watch in new:
        watch.status.refused_by, watch.status.refused_reason = act.user, act.reason
        watch.status.release_at_s = math.inf
        watch.refused_tracks = watch.shelter_tracks
        events.append(_zone_event(watch, "refused", now_s, act.user, act.reason))
    return True, f"refused for {_names(new)}; another track would be proposed anew"


def _cancel(
    watches: list[ZoneWatch], act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Take a release back within 3 s; not one that somebody else stands by."""
    released = [watch for watch in watches if math.isfinite(watch.status.released_s)]
    if not released:
        return False, f"TAKE SHELTER is not released for {_names(watches)}"
    for watch in released:
        age_s = now_s - watch.status.released_s
        if age_s > _rules.CANCEL_S:
            return False, (
                f"TAKE SHELTER was released for {watch.status.zone_id} {age_s:.0f} s ago; "
                "after 3 s it stands until it is cleared"
            )
        others = [
            user for user in watch.released_by if user not in (act.user, _rules.AUTOMATIC)
        ]
        if others:
            return False, f"{', '.join(others)} has released it too; it stands"
    for watch in released:
        cancel_into(watch, act.user, now_s, events)
        show_into(watch, now_s, events)
    return True, f"cancelled for {_names(released)}"


def _clear(
    watches: list[ZoneWatch], node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """ALL CLEAR in the name of a person, once nothing has threatened for long enough."""
    if not act.reason.strip():
        return False, "ALL CLEAR needs a reason; say by what you know that it is over"
    released = [watch for watch in watches if math.isfinite(watch.status.released_s)]
    if not released:
        return False, f"TAKE SHELTER does not stand for {_names(watches)}"
    for watch in released:
        rules = node.sites[watch.status.site].rules
        quiet_s = now_s - watch.threatened_s
        if watch.status.tracks and (watch.caution.on or watch.shelter.on):
            names = ", ".join(str(track) for track in watch.status.tracks)
            return False, f"{watch.status.zone_id} is still threatened, by track {names}"
        if quiet_s < rules.clear_s:
            return False, (
                f"nothing has threatened {watch.status.zone_id} for {quiet_s:.0f} s; ALL CLEAR "
                f"takes {rules.clear_s:.0f} s"
            )
    for watch in released:
        clear_into(watch, act.user, act.reason, now_s, events)
        show_into(watch, now_s, events)
    return True, f"ALL CLEAR for {_names(released)}"


def _zone_event(watch: ZoneWatch, kind: str, now_s: float, by: str, text: str) -> AlertEvent:
    status = watch.status
    return AlertEvent(
        kind, now_s, status.site_id, zone_id=status.zone_id, step=Ladder.TAKE_SHELTER,
        tracks=status.tracks, by=by, text=text, nature=status.nature,
    )  # fmt: skip


def _on_alarm(state: AlertState, act: Act, now_s: float, events: list[AlertEvent]) -> Reply:
    watch = next((w for w in state.alarms if w.alarm.id == act.alarm), None)
    if watch is None:
        return False, f"there is no alarm {act.alarm!r}; it may have ended over 10 minutes ago"
    if act.verb == "decide":
        return _decide(watch, act, now_s, events)
    return _acknowledge(watch, act, now_s, events)


def _acknowledge(watch: AlarmWatch, act: Act, now_s: float, events: list[AlertEvent]) -> Reply:
    """Note that it was seen: that decides nothing and lowers nothing but the sound."""
    alarm = watch.alarm
    if alarm.state == AlarmState.CLOSED:
        return True, f"{alarm.id} has ended already"
    if alarm.state == AlarmState.ACKNOWLEDGED:
        return True, f"{alarm.acknowledged_by} has acknowledged {alarm.id} already"
    returned = alarm.state == AlarmState.RETURNED
    alarm.state = AlarmState.ACKNOWLEDGED
    alarm.acknowledged_by, alarm.acknowledged_s = act.user, now_s
    events.append(alarm_event(alarm, "acknowledged", now_s, by=act.user, text=act.text))
    if returned:
        close_into(alarm, now_s, events)
        return True, f"{alarm.id} acknowledged; its cause has gone, it is closed"
    return True, f"{alarm.id} acknowledged; nothing is decided by that"


def _decide(watch: AlarmWatch, act: Act, now_s: float, events: list[AlertEvent]) -> Reply:
    """Store what a person decided; each decision is an entry, the newest is shown."""
    if not act.text.strip():
        return False, "a decision needs words; say what was decided"
    alarm = watch.alarm
    before = alarm.decided_by
    alarm.decided_by, alarm.decided_s, alarm.decision = act.user, now_s, act.text
    text = f"{act.text} (because: {act.reason})" if act.reason.strip() else act.text
    events.append(alarm_event(alarm, "decided", now_s, by=act.user, text=text))
    return (
        True,
        f"recorded; the decision of {before} stands in the record too"
        if before
        else "recorded",
    )


def _dispose(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Attend one track for 15 minutes in the name of a person who knows what it is."""
    what = act.text.strip() or act.reason.strip()
    if not what:
        return False, "say what it is and by what you know it"
    if stale := _stale(act, now_s):
        return False, stale
    if act.track not in state.tracks:
        return False, f"there is no track {act.track} now; it may have ended"
    before = state.dispositions.get(act.track)
    until_s = now_s + _rules.DISPOSITION_S
    state.dispositions[act.track] = Disposition(
        act.track, act.user, what, act.reason, now_s, until_s
    )
    site_id = node.sites[state.tracks[act.track]].id
    text = (
        f"{what} (because: {act.reason})" if act.text.strip() and act.reason.strip() else what
    )
    events.append(
        AlertEvent("disposed", now_s, site_id, tracks=(act.track,), by=act.user, text=text)
    )
    again = f"; {before.by} had said {before.what!r}" if before else ""
    return True, f"track {act.track} is attended for 15 minutes{again}"
