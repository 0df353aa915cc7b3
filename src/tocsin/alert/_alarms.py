"""Alarms: one a threat group and site, in the states of ANSI/ISA-18.2."""

import math

from tocsin.alert import _rules
from tocsin.alert._cause import Cause, higher
from tocsin.alert._groups import Places, find, floods, newest
from tocsin.alert._state import AlarmWatch, AlertState, is_open
from tocsin.model import (
    Alarm,
    AlarmCause,
    AlarmState,
    AlertEvent,
    Ladder,
    Nature,
    Node,
    TrackTable,
    track_label,
)

__all__ = [
    "alarm_event", "alarms_into", "call_again_into", "close_into", "end_shelf_into",
    "escalate_into", "is_shelved", "return_into",
]  # fmt: skip


def alarm_event(
    alarm: Alarm, kind: str, now_s: float, by: str = "", text: str = ""
) -> AlertEvent:
    """Return an event of an alarm as it stands."""
    return AlertEvent(
        kind,
        now_s,
        alarm.site_id,
        alarm_id=alarm.id,
        step=alarm.step,
        tracks=alarm.tracks,
        by=by,
        text=text,
        nature=alarm.nature,
    )


def is_shelved(alarm: Alarm) -> bool:
    """Tell whether somebody has silenced it for a while."""
    return bool(alarm.shelved_by)


def end_shelf_into(
    watch: AlarmWatch, now_s: float, events: list[AlertEvent], why: str, by: str = ""
) -> None:
    """Let an alarm sound again, as one that nobody has acknowledged."""
    alarm = watch.alarm
    alarm.shelved_by, alarm.shelved_until_s, alarm.shelved_reason = "", math.nan, ""
    if alarm.state == AlarmState.ACKNOWLEDGED:
        alarm.state = AlarmState.UNACKNOWLEDGED
    watch.asked_s, watch.asks = now_s, 0
    events.append(alarm_event(alarm, "unshelved", now_s, by=by, text=why))


def alarms_into(
    state: AlertState,
    node: Node,
    causes: list[Cause],
    tracks: TrackTable,
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Raise, join, escalate, return and close alarms for the causes of this look."""
    places = Places(tracks)
    early = {(cause.site, cause.track): cause.early_s for cause in causes}
    active: dict[str, list[Cause]] = {}
    for cause in causes:
        watch = find(state, cause, places, early, now_s)
        if watch is None:
            watch = _raise_into(state, node, cause, now_s, events)
        elif cause.track not in watch.alarm.tracks:
            _join_into(watch, cause, node, now_s, events)
        watch.question &= cause.question
        if not cause.question:
            _leave_into(state, node, cause, watch, causes, now_s, events)
        active.setdefault(watch.alarm.id, []).append(cause)
    held = {
        newest(state, site, question=question)
        for site in range(len(node.sites))
        for question in (False, True)
        if floods(state, site, now_s, question=question)
    }
    for watch in state.alarms:
        if is_open(watch.alarm) and watch.alarm.cause == AlarmCause.TRACKS:
            causes = active.get(watch.alarm.id, [])
            _age_into(watch, node, causes, places, now_s, events, hold=watch.alarm.id in held)


def _leave_into(
    state: AlertState,
    node: Node,
    cause: Cause,
    to: AlarmWatch,
    causes: list[Cause],
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Take a track that asks for more out of the questions of its site; one that asks nothing
    else is closed, another is worded by what it still asks.

    causes: all of this look.
    """
    for watch in state.alarms:
        alarm = watch.alarm
        if watch is to or not (watch.question and is_open(alarm)):
            continue
        if alarm.site == cause.site and cause.track in alarm.tracks:
            alarm.tracks = tuple(t for t in alarm.tracks if t != cause.track)
            if not alarm.tracks:
                close_into(alarm, now_s, events)
                continue
            asks = [c for c in causes if c.site == alarm.site and c.track in alarm.tracks]
            if asks:
                _word_into(alarm, asks[0], node)


def _raise_into(
    state: AlertState, node: Node, cause: Cause, now_s: float, events: list[AlertEvent]
) -> AlarmWatch:
    state.raised += 1
    alarm = Alarm(
        id=f"A-{node.number}-{state.raised}",
        site=cause.site,
        site_id=node.sites[cause.site].id,
        step=cause.step,
        state=AlarmState.UNACKNOWLEDGED,
        raised_s=now_s,
        tracks=(cause.track,),
        zones=tuple(cause.zones),
        nature=Nature.ALL[cause.nature],
    )
    _word_into(alarm, cause, node)
    watch = AlarmWatch(alarm, asked_s=now_s, grown_s=now_s, question=cause.question)
    state.alarms.append(watch)
    events.append(alarm_event(alarm, "raised", now_s, text=alarm.text))
    return watch


def _word_into(alarm: Alarm, cause: Cause, node: Node) -> None:
    """Say in words what an alarm is about, as its latest cause makes it."""
    many = "1 track" if len(alarm.tracks) == 1 else f"{len(alarm.tracks)} tracks"
    where = node.sites[alarm.site].names_of(alarm.zones)
    if cause.nearby and alarm.step == Ladder.MONITOR:
        alarm.remark = "no bird, no aircraft, and on the way to no zone"
        alarm.text = f"{many} near {where}: {alarm.remark}"
        return
    if cause.question and not cause.lost and alarm.step == Ladder.MONITOR:
        alarm.remark = "at the warning line, and not surely harmless"
        alarm.text = f"{many} towards {where}: {alarm.remark}"
        return
    alarm.remark, alarm.text = "", f"{many} towards {where}"
    if cause.lost:
        alarm.remark = f"{track_label(cause.track)} may be {cause.lost}, lost from sight"
        alarm.text += f"; it may be {cause.lost}, lost from sight"
    if cause.unattended:
        alarm.remark = "not attended by anybody"
        alarm.text += f", {alarm.remark}"


def _join_into(
    watch: AlarmWatch, cause: Cause, node: Node, now_s: float, events: list[AlertEvent]
) -> None:
    alarm = watch.alarm
    watch.grown_s = now_s
    alarm.tracks = (*alarm.tracks, cause.track)
    if cause.nature < Nature.ALL.index(alarm.nature):
        alarm.nature = Nature.ALL[cause.nature]
    _word_into(alarm, cause, node)
    if is_shelved(alarm):
        end_shelf_into(watch, now_s, events, f"track {track_label(cause.track)} joined")
    text = f"track {track_label(cause.track)} joined"
    if cause.lost:
        text += f"; it may be {cause.lost}, lost from sight"
    events.append(alarm_event(alarm, "joined", now_s, text=text))


def _age_into(
    watch: AlarmWatch,
    node: Node,
    causes: list[Cause],
    places: Places,
    now_s: float,
    events: list[AlertEvent],
    *,
    hold: bool,
) -> None:
    """Escalate, return or close one alarm; hold: it waits for what comes next in a flood."""
    alarm = watch.alarm
    off_s = _rules.QUESTION_OFF_S if watch.question else _rules.CAUTION_OFF_S
    was_over = now_s - watch.gone_s >= off_s
    if not causes:
        if not math.isfinite(watch.gone_s):
            watch.gone_s = now_s
        if was_over and not hold:
            if watch.question and all(places.seen(track, now_s) for track in alarm.tracks):
                close_into(alarm, now_s, events, text="seen to be harmless, or to go elsewhere")
            else:
                return_into(alarm, now_s, events)
        return
    watch.gone_s = math.nan
    calm = all(cause.nearby or cause.question or cause.of for cause in causes)
    was_calm = not calm and now_s - watch.calm_s >= _rules.CAUTION_OFF_S
    if not calm:
        watch.calm_s = math.nan
    elif math.isnan(watch.calm_s):
        watch.calm_s = now_s
    if was_over and alarm.state == AlarmState.ACKNOWLEDGED:
        # It would have been closed, and this a new one.
        escalate_into(watch, now_s, events, f"more in a flood of alarms: {alarm.text}")
        watch.asks = 0
    elif was_calm and alarm.state == AlarmState.ACKNOWLEDGED and alarm.step != Ladder.MONITOR:
        escalate_into(watch, now_s, events, f"it comes again: {alarm.text}")
        watch.asks = 0
    if alarm.state == AlarmState.RETURNED:
        alarm.state = AlarmState.UNACKNOWLEDGED
    for cause in causes:
        alarm.zones = (*alarm.zones, *(z for z in cause.zones if z not in alarm.zones))
    step = alarm.step
    for cause in causes:
        step = higher(step, cause.step)
    if step != alarm.step:
        alarm.step, watch.grown_s = step, now_s
        _word_into(alarm, causes[0], node)
        if is_shelved(alarm):
            end_shelf_into(watch, now_s, events, f"it climbed to {step}")
        escalate_into(watch, now_s, events, f"now {step}: {alarm.text}")
        watch.asks = 0
        return
    call_again_into(watch, now_s, events)


def call_again_into(watch: AlarmWatch, now_s: float, events: list[AlertEvent]) -> None:
    """Call for an acknowledgement that is overdue, ever more rarely."""
    alarm = watch.alarm
    if is_shelved(alarm) or watch.question:  # a question is asked once: the voice follows it
        return
    patience = (
        _rules.ESCALATE_SHELTER_S
        if alarm.step == Ladder.TAKE_SHELTER
        else _rules.ESCALATE_CAUTION_S
    )
    patience = min(patience * 2.0**watch.asks, _rules.ESCALATE_LONGEST_S)
    if alarm.state == AlarmState.UNACKNOWLEDGED and now_s - watch.asked_s >= patience:
        unseen = now_s - alarm.raised_s
        escalate_into(watch, now_s, events, f"not acknowledged, raised {unseen:.0f} s ago")
        watch.asks += 1


def escalate_into(watch: AlarmWatch, now_s: float, events: list[AlertEvent], text: str) -> None:
    """Let an alarm call, also one that somebody has acknowledged."""
    watch.alarm.state = AlarmState.UNACKNOWLEDGED
    watch.alarm.escalated_s = watch.asked_s = now_s
    events.append(alarm_event(watch.alarm, "escalated", now_s, text=text))


def return_into(alarm: Alarm, now_s: float, events: list[AlertEvent]) -> None:
    """The cause has gone: an acknowledged alarm closes, another waits to be acknowledged."""
    if alarm.state == AlarmState.ACKNOWLEDGED:
        close_into(alarm, now_s, events)
    elif alarm.state == AlarmState.UNACKNOWLEDGED:
        alarm.state = AlarmState.RETURNED


def close_into(
    alarm: Alarm, now_s: float, events: list[AlertEvent], by: str = "", text: str = ""
) -> None:
    """Close an alarm; text: why, where nobody did."""
    alarm.state, alarm.closed_s = AlarmState.CLOSED, now_s
    alarm.shelved_by, alarm.shelved_until_s, alarm.shelved_reason = "", math.nan, ""
    events.append(alarm_event(alarm, "closed", now_s, by=by, text=text))
