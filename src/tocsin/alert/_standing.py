"""Alarms that stand for something else than tracks: a sighting, a warning by hand, sensors
or a siren path that are gone, a protected volume. They follow no threat row; each has its own
end.
"""

import math

from tocsin.alert import _rules
from tocsin.alert._alarms import (
    alarm_event,
    call_again_into,
    close_into,
    end_shelf_into,
    escalate_into,
    is_shelved,
    return_into,
)
from tocsin.alert._cause import higher
from tocsin.alert._state import AlarmWatch, AlertState, is_open
from tocsin.model import Alarm, AlarmCause, AlarmState, AlertEvent, Ladder, Nature, Node

__all__ = ["age_standing_into", "find", "join_into", "nature_of", "stand_into"]


def find(state: AlertState, site: int, cause: str) -> AlarmWatch | None:
    """Return the open alarm of that cause at a site."""
    for watch in state.alarms:
        if is_open(watch.alarm) and watch.alarm.site == site and watch.alarm.cause == cause:
            return watch
    return None


def nature_of(node: Node, site_id: str) -> str:
    """Return how real what happens at a site is: as real as the most real of its sensors that
    are no people, for people report what they see there.
    """
    natures = [s.nature for s in node.sensors if site_id in s.sites and s.kind != "person"]
    return min(natures, key=Nature.ALL.index, default=Nature.LIVE)


def stand_into(
    state: AlertState,
    node: Node,
    site: int,
    *,
    cause: str,
    step: str,
    zones: tuple[str, ...],
    text: str,
    now_s: float,
    events: list[AlertEvent],
    by: str = "",
) -> AlarmWatch:
    """Raise an alarm; by: who raised it by hand and so has seen it already."""
    state.raised += 1
    site_id = node.sites[site].id
    alarm = Alarm(
        id=f"A-{node.number}-{state.raised}", site=site, site_id=site_id, step=step,
        state=AlarmState.ACKNOWLEDGED if by else AlarmState.UNACKNOWLEDGED, raised_s=now_s,
        tracks=(), zones=zones, nature=nature_of(node, site_id), text=text, cause=cause,
        acknowledged_by=by, acknowledged_s=now_s if by else math.nan,
    )  # fmt: skip
    watch = AlarmWatch(alarm, asked_s=now_s, grown_s=now_s)
    state.alarms.append(watch)
    events.append(alarm_event(alarm, "raised", now_s, by=by, text=text))
    return watch


def join_into(
    watch: AlarmWatch,
    step: str,
    zones: tuple[str, ...],
    text: str,
    now_s: float,
    events: list[AlertEvent],
    by: str = "",
    *,
    calls: bool = False,
) -> None:
    """Add what belongs to an alarm that stands; calls: it sounds again where somebody had
    acknowledged it, for this is more than was seen then.
    """
    alarm = watch.alarm
    watch.grown_s = now_s
    alarm.zones = (*alarm.zones, *(zone for zone in zones if zone not in alarm.zones))
    if is_shelved(alarm):
        end_shelf_into(watch, now_s, events, "it was reported again", by=by)
    if step != alarm.step:
        alarm.step = higher(alarm.step, step)
    if alarm.cause != AlarmCause.TRACKS:
        alarm.text = text
    events.append(alarm_event(alarm, "joined", now_s, by=by, text=text))
    if calls and alarm.state != AlarmState.UNACKNOWLEDGED:
        escalate_into(watch, now_s, events, text)
        watch.asks = 0


def age_standing_into(state: AlertState, now_s: float, events: list[AlertEvent]) -> None:
    """Call again for those that nobody has seen; end those whose cause is over."""
    for watch in state.alarms:
        alarm = watch.alarm
        if not is_open(alarm) or alarm.cause == AlarmCause.TRACKS:
            continue
        if not _is_over(state, watch, now_s):
            if alarm.state == AlarmState.RETURNED:
                alarm.state = AlarmState.UNACKNOWLEDGED
            call_again_into(watch, now_s, events)
        elif alarm.cause == AlarmCause.SIGHTING:
            close_into(alarm, now_s, events)
        else:
            return_into(alarm, now_s, events)


def _is_over(state: AlertState, watch: AlarmWatch, now_s: float) -> bool:
    alarm = watch.alarm
    if alarm.cause == AlarmCause.NOT_WATCHING:
        return alarm.site_id not in state.blind_s
    if alarm.cause == AlarmCause.NOT_HEARD:
        return alarm.site_id not in state.unheard_s
    if alarm.cause == AlarmCause.VOLUME:
        return _volumes_free(state, alarm.site_id)
    if alarm.cause == AlarmCause.BY_HAND:
        mine = [w.status for w in state.zones if w.status.site == alarm.site]
        return not any(
            z.raised_step in (Ladder.CAUTION, Ladder.TAKE_SHELTER)
            or math.isfinite(z.released_s)
            for z in mine
        )
    if alarm.state != AlarmState.ACKNOWLEDGED:
        return False
    since_s = max(alarm.acknowledged_s, alarm.raised_s)
    return alarm.decided_s >= watch.grown_s or now_s - since_s >= _rules.SIGHTING_OPEN_S


def _volumes_free(state: AlertState, site_id: str) -> bool:
    """Tell whether nothing is told of a site's protected volumes any more."""
    watch = state.volumes
    stands = any(one.conflict.site_id == site_id for one in watch.standing.values())
    return not stands and all(
        status.state == "free" for status in watch.statuses if status.site_id == site_id
    )
