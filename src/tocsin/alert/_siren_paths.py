"""A zone whose siren path is not heard is told of: people there would not be warned."""

from tocsin.alert._standing import find, nature_of, stand_into
from tocsin.alert._state import AlertState
from tocsin.model import AlarmCause, AlertEvent, Ladder, Node, SirenHeard

__all__ = ["hear_sirens_into"]


def hear_sirens_into(
    state: AlertState, node: Node, told: tuple[SirenHeard, ...], now_s: float
) -> tuple[AlertEvent, ...]:
    """Take in what the service heard of siren paths; an alarm stands while one is lost.

    A path of a site that the node does not have is passed over.
    """
    events: list[AlertEvent] = []
    places = {site.id: k for k, site in enumerate(node.sites)}
    for path in told:
        if path.site not in places:
            continue
        if path.is_heard and path.site in state.unheard_s:
            lost_s = now_s - state.unheard_s.pop(path.site)
            events.append(
                AlertEvent(
                    "siren regained", now_s, path.site,
                    text=f"the siren path is heard again after {lost_s:.0f} s",
                    nature=nature_of(node, path.site), facts={"lost_s": lost_s},
                )
            )  # fmt: skip
        elif not path.is_heard and path.site not in state.unheard_s:
            state.unheard_s[path.site] = now_s
            _lose_into(state, node, places[path.site], path.words, now_s, events)
    return tuple(events)


def _lose_into(
    state: AlertState, node: Node, site: int, words: str, now_s: float, events: list[AlertEvent]
) -> None:
    where = node.sites[site]
    released = [
        w.name
        for w in state.zones
        if w.status.site == site and w.status.step == Ladder.TAKE_SHELTER
    ]
    text = f"the siren path is not heard ({words})" if words else "the siren path is not heard"
    if released:
        text += f"; TAKE SHELTER stands in {', '.join(released)}: tell people there by voice"
    else:
        text += "; a warning would not reach people there: keep a telephone to them open"
    alarm_id = ""
    if where.zones and find(state, site, AlarmCause.NOT_HEARD) is None:
        watch = stand_into(
            state, node, site, cause=AlarmCause.NOT_HEARD, step=Ladder.NOT_HEARD,
            zones=tuple(zone.id for zone in where.zones), text=text, now_s=now_s,
            events=events,
        )  # fmt: skip
        alarm_id = watch.alarm.id
    events.append(
        AlertEvent(
            "siren lost", now_s, where.id, alarm_id=alarm_id, step=Ladder.NOT_HEARD, text=words,
            nature=nature_of(node, where.id),
        )
    )  # fmt: skip
