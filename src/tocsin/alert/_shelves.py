"""Shelving (ANSI/ISA-18.2): an alarm is silent for a while, in a person's name, with a reason.

TAKE SHELTER is never shelved, nor what a proposal of it rests on; a shelf ends by itself when
its time is over, when the alarm climbs, when another track joins.
"""

import math

from tocsin.alert import _rules
from tocsin.alert._alarms import alarm_event, end_shelf_into, is_shelved
from tocsin.alert._state import AlertState, is_open
from tocsin.model import Act, Alarm, AlertEvent, Ladder

__all__ = ["age_shelves_into", "shelve_into"]

Reply = tuple[bool, str]


def shelve_into(
    state: AlertState, act: Act, now_s: float, events: list[AlertEvent], stale: str
) -> Reply:
    """Shelve an alarm, or take it off its shelf. Taking it off is never refused; stale: why the
    picture that it rests on is none, "" where it is one.
    """
    watch = next((w for w in state.alarms if w.alarm.id == act.alarm), None)
    if watch is None or not is_open(watch.alarm):
        return False, f"there is no open alarm {act.alarm!r}"
    alarm = watch.alarm
    if act.verb == "unshelve":
        if not is_shelved(alarm):
            return True, f"{alarm.id} is on no shelf"
        end_shelf_into(watch, now_s, events, act.text or "taken off its shelf", by=act.user)
        return True, f"{alarm.id} is off its shelf and calls again"
    if stale:
        return False, stale
    if act.view_s < watch.grown_s - _rules.SAME_PICTURE_S:
        return False, (
            f"{alarm.id} is about more than the picture shows that this rests on; look at the "
            "live one and do it again"
        )
    if why := _why_not(state, alarm):
        return False, why
    if not act.reason.strip():
        return False, "a shelf needs a reason; say why this alarm may be silent"
    until_s = act.until_s if math.isfinite(act.until_s) else now_s + _rules.SHELF_S
    if until_s <= now_s or until_s > now_s + _rules.SHELF_LONGEST_S + 1.0:
        hours = _rules.SHELF_LONGEST_S / 3600.0
        return False, f"a shelf ends within {hours:.0f} h from now; give such an end"
    alarm.shelved_by, alarm.shelved_until_s, alarm.shelved_reason = (
        act.user, until_s, act.reason,
    )  # fmt: skip
    event = alarm_event(alarm, "shelved", now_s, by=act.user, text=act.reason)
    event.facts["until_s"] = until_s
    events.append(event)
    minutes = (until_s - now_s) / 60.0
    return True, f"{alarm.id} is shelved for {minutes:.0f} min; it comes back by itself"


def age_shelves_into(state: AlertState, now_s: float, events: list[AlertEvent]) -> None:
    """End the shelves whose time is over, or that may stand no longer."""
    for watch in state.alarms:
        alarm = watch.alarm
        if not is_shelved(alarm) or not is_open(alarm):
            continue
        if now_s >= alarm.shelved_until_s:
            end_shelf_into(watch, now_s, events, "the time of its shelf is over")
        elif why := _why_not(state, alarm):
            end_shelf_into(watch, now_s, events, why)


def _why_not(state: AlertState, alarm: Alarm) -> str:
    """Return why an alarm cannot be silent, "" where it can."""
    if alarm.step == Ladder.TAKE_SHELTER:
        return "TAKE SHELTER is never shelved"
    for watch in state.zones:
        status = watch.status
        if status.site != alarm.site or (alarm.zones and status.zone_id not in alarm.zones):
            continue
        if math.isfinite(status.released_s) and status.step == Ladder.TAKE_SHELTER:
            return f"TAKE SHELTER stands in {watch.name}: its alarms are never shelved"
        if math.isfinite(status.proposed_s) and not status.refused_by:
            return f"TAKE SHELTER is proposed for {watch.name}: answer that first"
    return ""
