"""What people do: merged where it raises protection, checked where it lowers it."""

import math

from tocsin.alert import _rules
from tocsin.alert._account import account_into
from tocsin.alert._by_hand import (
    hand_alarm_into,
    lower_into,
    raise_into,
    ready_into,
    warn_for_real_into,
)
from tocsin.alert._ladder import show_into
from tocsin.alert._notices import SERIOUS, see_notice_into
from tocsin.alert._on_alarms import explain, on_alarm
from tocsin.alert._operations import resume_into, suspend_into
from tocsin.alert._release import cancel_into, clear_into, release_into
from tocsin.alert._shelves import shelve_into
from tocsin.alert._shift import begin_shift_into, end_shift_into
from tocsin.alert._shift_rules import accept_rule_into, end_rule_into
from tocsin.alert._sightings import take_sighting_into
from tocsin.alert._state import AlertState, Answer, Disposition, ZoneWatch, is_open
from tocsin.model import Act, AlarmCause, AlertEvent, Ladder, Node, track_label

__all__ = ["act_into"]

Reply = tuple[bool, str]
_ON_ZONES = ("release", "refuse", "cancel", "clear", "raise", "readiness", "account")


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
    if act.verb == "acknowledge" and act.alarm.startswith("N"):
        return see_notice_into(state, act.alarm, act.user, now_s, events)
    if act.verb in ("acknowledge", "decide"):
        return on_alarm(state, node, act, now_s, events)
    if act.verb in ("shelve", "unshelve"):
        return shelve_into(state, act, now_s, events, _stale(act, now_s))
    if act.verb == "explain":
        return explain(state, node, act, now_s, events)
    if act.verb == "dispose":
        return _dispose(state, node, act, now_s, events)
    if act.verb == "sighting":
        return take_sighting_into(state, node, act, now_s, events)
    if act.verb == "end_shift":
        return end_shift_into(state, node, act, now_s, events)
    if act.verb == "begin_shift":
        return begin_shift_into(state, node, act, now_s, events)
    if act.verb == "suspend":
        return suspend_into(state, node, act, now_s, events)
    if act.verb == "resume":
        return resume_into(state, node, act, now_s, events, _stale(act, now_s))
    if act.verb == "accept_rule":
        return accept_rule_into(state, node, act, now_s, events, _stale(act, now_s))
    if act.verb == "end_rule":
        return end_rule_into(state, node, act, now_s, events)
    if act.verb not in _ON_ZONES:
        return False, f"{act.verb!r} is no act of the watch"
    watches, missing = _zones(state, node, act)
    if not watches:
        return False, missing
    if act.verb == "release":
        return _release(state, node, watches, act, now_s, events, missing)
    if act.verb == "raise":
        return raise_into(state, node, watches, act, now_s, events, missing)
    if act.verb == "readiness":
        return ready_into(watches, node, act, now_s, events, _stale(act, now_s))
    if act.verb == "account":
        return account_into(watches, act, now_s, events)
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
    return ", ".join(watch.name for watch in watches)


def _later(watches: list[ZoneWatch], act: Act) -> str:
    """Return why a picture is no ground for lowering what rose after it, or nothing."""
    later = [watch for watch in watches if act.view_s < watch.risen_s - _rules.SAME_PICTURE_S]
    if not later:
        return ""
    return (
        f"more has come to {_names(later)} than the picture shows that this rests on; look at "
        "the live one and do it again"
    )


def _release(
    state: AlertState,
    node: Node,
    watches: list[ZoneWatch],
    act: Act,
    now_s: float,
    events: list[AlertEvent],
    missing: str,
) -> Reply:
    """Raise protection: never refused, done once, merged afterwards. Where no alarm stands, it
    is one, seen already by who released, so that the other sites and the record know.
    """
    new = [watch for watch in watches if not math.isfinite(watch.status.released_s)]
    for watch in watches:
        if not math.isfinite(watch.status.proposed_s):  # an answer is as real as the question
            warn_for_real_into(watch, node)
        release_into(watch, act.user, now_s, events)
        show_into(watch, now_s, events)
    site = watches[0].status.site
    told = (AlarmCause.TRACKS, AlarmCause.BY_HAND)  # a question or a volume warns of no zone
    if not any(
        is_open(w.alarm)
        and w.alarm.site == site
        and w.alarm.step in SERIOUS
        and w.alarm.cause in told
        for w in state.alarms
    ):
        hand_alarm_into(state, node, watches, act, Ladder.TAKE_SHELTER, now_s, events)
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
                f"TAKE SHELTER was released for {watch.name} by {status.released_by}; "
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
    if later := _later(new, act):
        return False, later
    for watch in new:
        watch.status.refused_by, watch.status.refused_reason = act.user, act.reason
        watch.status.release_at_s = math.inf
        watch.refused_tracks = watch.shelter_tracks
        events.append(_zone_event(watch, "refused", now_s, act.user, act.reason))
    return True, f"refused for {_names(new)}; another track would be proposed anew"


def _cancel(
    watches: list[ZoneWatch], act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Take a release back within 3 s; not one that stands for longer, or that somebody else
    stands by.
    """
    released = [watch for watch in watches if math.isfinite(watch.status.released_s)]
    if not released:
        return False, f"TAKE SHELTER is not released for {_names(watches)}"
    standing = {watch.status.zone_id: _stands(watch, act, now_s) for watch in released}
    fresh = [watch for watch in released if not standing[watch.status.zone_id]]
    why = "; ".join(filter(None, standing.values()))
    if not fresh:
        return False, why
    for watch in fresh:
        cancel_into(watch, act.user, now_s, events)
        show_into(watch, now_s, events)
    done = f"cancelled for {_names(fresh)}"
    return True, f"{done}; {why}" if why else done


def _stands(watch: ZoneWatch, act: Act, now_s: float) -> str:
    """Return why a release cannot be taken back, or nothing."""
    age_s = now_s - watch.status.released_s
    if age_s > _rules.CANCEL_S:
        return (
            f"TAKE SHELTER was released for {watch.name} {age_s:.0f} s ago; "
            "after 3 s it stands until it is cleared"
        )
    others = [u for u in watch.released_by if u not in (act.user, _rules.AUTOMATIC)]
    return f"{', '.join(others)} has released it too; it stands" if others else ""


def _clear(
    watches: list[ZoneWatch], node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """ALL CLEAR in the name of a person, once nothing has threatened for long enough and the
    site's criteria are met; what was raised by hand below TAKE SHELTER is lowered.
    """
    if not act.reason.strip():
        return False, "ALL CLEAR needs a reason; say by what you know that it is over"
    released = [watch for watch in watches if math.isfinite(watch.status.released_s)]
    raised = [w for w in watches if w.status.raised_step and w not in released]
    if not released and not raised:
        return False, f"TAKE SHELTER does not stand for {_names(watches)}"
    if later := _later([*released, *raised], act):
        return False, later
    for watch in released:
        if why_not := _not_clear(watch, node, act, now_s):
            return False, why_not
    for watch in released:
        clear_into(watch, act.user, act.reason, now_s, events, criteria=act.criteria)
        show_into(watch, now_s, events)
    for watch in raised:
        lower_into(watch, node, act, now_s, events)
    said = [f"ALL CLEAR for {_names(released)}"] if released else []
    if raised:
        said.append(f"what was raised by hand is lowered for {_names(raised)}")
    blind = [watch for watch in released if watch.status.unwatched]
    if blind:
        said.append(f"{_names(blind)}: {'; '.join(blind[0].status.unwatched)}")
    return True, "; ".join(said)


def _not_clear(watch: ZoneWatch, node: Node, act: Act, now_s: float) -> str:
    """Return why ALL CLEAR cannot be given for a released zone, or nothing."""
    site = node.sites[watch.status.site]
    quiet_s = now_s - watch.threatened_s
    if watch.status.tracks and (watch.caution.on or watch.shelter.on):
        names = ", ".join(track_label(track) for track in watch.status.tracks)
        return f"{watch.name} is still threatened, by track {names}"
    if quiet_s < site.rules.clear_s:
        return (
            f"nothing has threatened {watch.name} for {quiet_s:.0f} s; ALL CLEAR "
            f"takes {site.rules.clear_s:.0f} s"
        )
    met = [text.strip().casefold() for text in act.criteria]
    unmet = [text for text in site.clear_criteria if text.casefold() not in met]
    if unmet:
        return (
            f"{site.name} gives ALL CLEAR only when this is said to be met: {'; '.join(unmet)}"
        )
    return ""


def _zone_event(watch: ZoneWatch, kind: str, now_s: float, by: str, text: str) -> AlertEvent:
    status = watch.status
    return AlertEvent(
        kind, now_s, status.site_id, zone_id=status.zone_id, step=Ladder.TAKE_SHELTER,
        tracks=status.tracks, by=by, text=text, nature=status.nature,
    )  # fmt: skip


def _dispose(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Attend one track for 15 minutes in the name of a person who knows what it is."""
    what = act.text.strip() or act.reason.strip()
    if not what:
        return False, "say what it is and by what you know it"
    if stale := _stale(act, now_s):
        return False, stale
    lost_at = [w.status.site for w in state.zones if act.track in w.status.out_of_sight]
    if act.track not in state.tracks and not lost_at:
        return False, f"there is no track {track_label(act.track)} now; it may have ended"
    before = state.dispositions.get(act.track)
    until_s = now_s + _rules.DISPOSITION_S
    state.dispositions[act.track] = Disposition(
        act.track, act.user, what, act.reason, now_s, until_s
    )
    site_id = node.sites[(lost_at or [state.tracks[act.track]])[0]].id
    text = (
        f"{what} (because: {act.reason})" if act.text.strip() and act.reason.strip() else what
    )
    events.append(
        AlertEvent("disposed", now_s, site_id, tracks=(act.track,), by=act.user, text=text)
    )
    again = f"; {before.by} had said {before.what!r}" if before else ""
    return True, f"track {track_label(act.track)} is attended for 15 minutes{again}"
