"""What people do with an alarm: see it, decide about it, say why advice was not followed."""

from dataclasses import replace

from tocsin.alert._alarms import alarm_event, close_into
from tocsin.alert._state import AlarmWatch, AlertState
from tocsin.model import Act, AlarmState, AlertEvent, Node

__all__ = ["explain", "on_alarm"]

Reply = tuple[bool, str]


def on_alarm(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Acknowledge an alarm, or record what was decided about it."""
    watch = next((w for w in state.alarms if w.alarm.id == act.alarm), None)
    if watch is None:
        return False, f"there is no alarm {act.alarm!r}; it may have ended over 10 minutes ago"
    if act.verb == "decide":
        return _decide(watch, node, act, now_s, events)
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


def _decide(
    watch: AlarmWatch, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Store what a person decided; each decision is an entry, the newest is shown. One that
    names a line of the playbook follows it.
    """
    line = next((line for line in node.playbook if line.id == act.option), None)
    if act.option and line is None:
        return False, f"the playbook has no line {act.option!r}; decide in your own words"
    words = act.text.strip() or (line.words if line is not None else "")
    if not words:
        return False, "a decision needs words; say what was decided"
    alarm = watch.alarm
    before = alarm.decided_by
    alarm.decided_by, alarm.decided_s, alarm.decision = act.user, now_s, words
    if line is not None and line.id not in alarm.followed:
        alarm.followed = (*alarm.followed, line.id)
    text = f"{words} (because: {act.reason})" if act.reason.strip() else words
    event = alarm_event(alarm, "decided", now_s, by=act.user, text=text)
    if line is not None:
        event.facts["option"] = line.id
    events.append(event)
    return (
        True,
        f"recorded; the decision of {before} stands in the record too"
        if before
        else "recorded",
    )


def explain(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Record why a line of the playbook was not followed; at any time, also long afterwards."""
    if all(line.id != act.option for line in node.playbook):
        return False, f"the playbook has no line {act.option!r}; name the one that it is about"
    if not act.reason.strip():
        return False, "say why it was not followed"
    watch = next((w for w in state.alarms if w.alarm.id == act.alarm), None)
    if watch is None and not _was_raised(state, node, act.alarm):
        return False, f"there never was an alarm {act.alarm!r}"
    reason = act.reason.strip()
    if watch is None:
        event = AlertEvent("not followed", now_s, act.site, alarm_id=act.alarm, by=act.user)
    else:
        event = alarm_event(watch.alarm, "not followed", now_s, by=act.user)
        others = [
            said for said in watch.alarm.not_followed if not said.startswith(f"{act.option}: ")
        ]
        watch.alarm.not_followed = (*others, f"{act.option}: {reason}")
    events.append(replace(event, text=reason, facts={"option": act.option}))
    return True, f"recorded why {act.option} was not followed"


def _was_raised(state: AlertState, node: Node, alarm: str) -> bool:
    head = f"A-{node.number}-"
    count = alarm.removeprefix(head)
    return alarm.startswith(head) and count.isdecimal() and 0 < int(count) <= state.raised
