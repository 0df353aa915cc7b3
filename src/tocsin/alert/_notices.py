"""Notices: what happens at one site is told at the others. It changes no probability."""

import math

from tocsin.alert._cause import higher
from tocsin.alert._state import AlertState, is_open
from tocsin.model import Alarm, AlertEvent, Ladder, Node, Notice

__all__ = ["notices_into", "see_notice_into"]

SERIOUS = (Ladder.CAUTION, Ladder.TAKE_SHELTER)


def notices_into(state: AlertState, node: Node, now_s: float, events: list[AlertEvent]) -> None:
    """Tell each other site of an alarm at CAUTION or higher, once, and when it climbs."""
    known = {(notice.alarm_id, notice.site_id): notice for notice in state.notices}
    for watch in state.alarms:
        alarm = watch.alarm
        if alarm.step not in SERIOUS:  # NOT WATCHING and NOT HEARD are none
            continue
        for site in node.sites:
            if site.id == alarm.site_id:
                continue
            notice = known.get((alarm.id, site.id))
            if notice is None and is_open(alarm):
                notice = _new(node, alarm, site.id, now_s)
                state.notices.append(notice)
                events.append(_event(notice, now_s))
            elif notice is not None:
                _follow_into(notice, node, alarm, now_s, events)


def _new(node: Node, alarm: Alarm, site_id: str, now_s: float) -> Notice:
    return Notice(
        id=f"N{alarm.id[1:]}-{site_id}", site_id=site_id, from_site=alarm.site_id,
        alarm_id=alarm.id, step=alarm.step, at_s=now_s, text=_text(node, alarm),
        nature=alarm.nature,
    )  # fmt: skip


def _text(node: Node, alarm: Alarm) -> str:
    return f"{alarm.step} at {node.sites[alarm.site].name}: {alarm.text}"


def _follow_into(
    notice: Notice, node: Node, alarm: Alarm, now_s: float, events: list[AlertEvent]
) -> None:
    if not is_open(alarm):
        if math.isnan(notice.closed_s):
            notice.closed_s = now_s
        return
    if higher(notice.step, alarm.step) != notice.step:
        notice.step, notice.text = alarm.step, _text(node, alarm)
        notice.seen_by, notice.seen_s = "", math.nan
        events.append(_event(notice, now_s))


def _event(notice: Notice, now_s: float, by: str = "") -> AlertEvent:
    return AlertEvent(
        "notice", now_s, notice.site_id, step=notice.step, by=by,
        text=f"seen: {notice.text}" if by else notice.text, nature=notice.nature,
        facts={"notice": notice.id, "from": notice.from_site, "of": notice.alarm_id},
    )  # fmt: skip


def see_notice_into(
    state: AlertState, name: str, by: str, now_s: float, events: list[AlertEvent]
) -> tuple[bool, str]:
    """Note that a person has seen a notice; it decides nothing."""
    notice = next((n for n in state.notices if n.id == name), None)
    if notice is None:
        return False, f"there is no notice {name!r}; it may have ended over 10 minutes ago"
    if notice.seen_by:
        return True, f"{notice.seen_by} has seen it already"
    notice.seen_by, notice.seen_s = by, now_s
    events.append(_event(notice, now_s, by))
    return True, f"notice of {notice.alarm_id} seen at {notice.site_id}"
