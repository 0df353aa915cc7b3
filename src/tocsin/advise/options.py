"""Options for the watch officer: lines of the site's own playbook that fit an alarm now.

Nothing is ranked, timed or paired by what could act on a threat: lines stand in the order of
the site file, and the lead time says until when a person can still begin. Nothing is performed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from tocsin.model import (
    LABELS,
    Advice,
    Alarm,
    AlarmCause,
    AlarmState,
    IdentityTable,
    Ladder,
    Node,
    PlaybookLine,
    ThreatTable,
    ZoneStatus,
)

__all__ = ["AdviseState", "open_advise", "options_into"]

_ORDER = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)
_BLIND = (Ladder.NOT_WATCHING, Ladder.NOT_HEARD)
_DRONES = ("drone", "drone_multirotor", "drone_fixed_wing")


@dataclass(slots=True)
class AdviseState:
    """What each open alarm has been about so far: kinds of threat, by alarm id. A label that
    wavers must not make lines come and go.
    """

    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)


def open_advise() -> AdviseState:
    """Return the state before the first alarm."""
    return AdviseState()


def options_into(
    state: AdviseState,
    node: Node,
    zones: Sequence[ZoneStatus],
    alarms: Sequence[Alarm],
    threats: ThreatTable,
    identities: IdentityTable,
) -> tuple[Advice, ...]:
    """Return the lines that fit, alarm by alarm in the order of `alarms`, each alarm's in the
    order of the site file. `state` remembers what each alarm has been about.
    """
    open_alarms = [alarm for alarm in alarms if alarm.state != AlarmState.CLOSED]
    labels = _labels(open_alarms, identities) if open_alarms else {}
    before, state.kinds = state.kinds, {}
    found: list[Advice] = []
    for alarm in open_alarms:
        kinds = _kinds(alarm, before.get(alarm.id, ()), labels)
        state.kinds[alarm.id] = kinds
        early_s = _early_s(alarm, node, threats)
        for line in node.playbook:
            if _fits(line, alarm, kinds):
                found.append(_advice(line, alarm, kinds, node, zones, early_s))
    return tuple(found)


def _labels(alarms: list[Alarm], identities: IdentityTable) -> dict[int, str]:
    wanted = {track: "" for alarm in alarms for track in alarm.tracks}
    return {
        track: LABELS[label]
        for track, label in zip(identities.track_id.tolist(), identities.label.tolist())
        if track in wanted
    }


def _kinds(alarm: Alarm, before: tuple[str, ...], labels: dict[int, str]) -> tuple[str, ...]:
    """Return what the alarm has been about, in the order in which it was learned."""
    if alarm.cause != AlarmCause.TRACKS:
        return (alarm.cause,)
    found = list(before)
    for track in alarm.tracks:
        label = labels.get(track)
        kind = "drone" if label in _DRONES else label
        if kind is not None and kind not in found:
            found.append(kind)
    return tuple(found)


def _fits(line: PlaybookLine, alarm: Alarm, kinds: tuple[str, ...]) -> bool:
    if line.sites and alarm.site_id not in line.sites:
        return False
    if line.zones and not any(zone in line.zones for zone in alarm.zones):
        return False
    if line.threats and not any(kind in line.threats for kind in kinds):
        return False
    if line.step in _BLIND or alarm.step in _BLIND:
        return line.step == alarm.step
    return _ORDER.index(alarm.step) >= _ORDER.index(line.step)


def _early_s(alarm: Alarm, node: Node, threats: ThreatTable) -> dict[str, float]:
    """Return the earliest arrival (Unix) of the alarm's tracks at each zone of its site."""
    found: dict[str, float] = {}
    site_zones = node.sites[alarm.site].zones
    for track, site, zone, early_s in zip(
        threats.track_id.tolist(),
        threats.site.tolist(),
        threats.zone.tolist(),
        threats.arrival_early_s.tolist(),
    ):
        if site == alarm.site and track in alarm.tracks:
            zone_id = site_zones[zone].id
            found[zone_id] = min(found.get(zone_id, math.inf), early_s)
    return found


def _advice(
    line: PlaybookLine,
    alarm: Alarm,
    kinds: tuple[str, ...],
    node: Node,
    zones: Sequence[ZoneStatus],
    early_s: dict[str, float],
) -> Advice:
    places = [zone for zone in alarm.zones if not line.zones or zone in line.zones]
    first_s = min((s for zone, s in early_s.items() if zone in places), default=math.inf)
    why = next(
        (s.partition(": ")[2] for s in alarm.not_followed if s.startswith(f"{line.id}: ")), ""
    )
    return Advice(
        alarm_id=alarm.id,
        line=line.id,
        site_id=alarm.site_id,
        step=alarm.step,
        words=line.words,
        tell=line.tell,
        reason=_reason(alarm, kinds, node.sites[alarm.site].names_of(places), zones),
        lead_s=line.lead_s,
        until_s=first_s - line.lead_s if math.isfinite(line.lead_s) else math.inf,
        followed=line.id in alarm.followed,
        not_followed=why,
    )


def _reason(
    alarm: Alarm, kinds: tuple[str, ...], places: str, zones: Sequence[ZoneStatus]
) -> str:
    """Return why the line is shown, without figures that change by themselves."""
    what = " or ".join(kinds)
    where = f" for {places}" if places else ""
    if alarm.cause == AlarmCause.TRACKS:
        what = f"{len(alarm.tracks)} track{'s' * (len(alarm.tracks) > 1)}, {what or 'unknown'}"
    reason = f"{alarm.step}{where}: {what}"
    blind = next((z.unwatched for z in zones if z.site_id == alarm.site_id and z.unwatched), ())
    return f"{reason}; part of the sky is not watched" if blind else reason
