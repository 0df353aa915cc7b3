"""Another site file: what of the watch goes on, what ends and why.

Zones, volumes and sites are the same where their ids are. Tracks begin anew, so what hangs on
a track ends; what hangs on a zone goes on. What only a person ends (a warning that stands,
operations that are suspended) cannot be ended by a file.
"""

import math
from dataclasses import replace

from tocsin.alert._alarms import alarm_event
from tocsin.alert._rules import ESCALATE_SHELTER_S
from tocsin.alert._state import (
    AlarmWatch,
    AlertState,
    Latch,
    ZoneWatch,
    is_open,
    open_alert,
)
from tocsin.alert._volume_state import VolumeWatch
from tocsin.model import AlarmState, AlertEvent, Ladder, Node, ShiftRule

__all__ = ["move_to", "stands_against"]

GONE = "no longer in the site file"


def stands_against(state: AlertState, node: Node) -> tuple[str, ...]:
    """Return what a person has to end before a site file without it can take over."""
    zones, sites = _zone_ids(node), {site.id for site in node.sites}
    found = [
        f"TAKE SHELTER stands in zone {w.status.zone_id} of {w.status.site_id}, which the new "
        "site file does not have: give ALL CLEAR there first"
        for w in state.zones
        if math.isfinite(w.status.released_s)
        and (w.status.site_id, w.status.zone_id) not in zones
    ]
    found += [
        f"{w.status.raised_step} raised by hand stands in zone {w.status.zone_id} of "
        f"{w.status.site_id}, which the new site file does not have: end it there first"
        for w in state.zones
        if w.status.raised_step
        and not math.isfinite(w.status.released_s)
        and (w.status.site_id, w.status.zone_id) not in zones
    ]
    found += [
        f"operations are suspended at {now.site_id}, which the new site file does not have: "
        "resume them first"
        for now in state.operations
        if now.suspended and now.site_id not in sites
    ]
    return tuple(found)


def move_to(
    state: AlertState, node: Node, now_s: float
) -> tuple[AlertState, tuple[AlertEvent, ...]]:
    """Return the watch as it goes on with another site file, and what ended by that.

    The state handed in is used up.
    """
    events: list[AlertEvent] = []
    places = {site.id: index for index, site in enumerate(node.sites)}
    fresh = open_alert(node)
    _end_dispositions(state, now_s, events)
    moved = replace(
        state,
        zones=_zones(state, fresh, now_s, events),
        alarms=_alarms(state, node, places, now_s, events),
        dispositions={},
        near_line={},
        nearby_s={},
        at_line_s={},
        sight={},
        anew={},
        tracks={},
        measured={},
        fits_s={},
        passed={},
        rules=_rules(state, places, now_s, events),
        notices=[n for n in state.notices if n.site_id in places and n.from_site in places],
        sightings=[s for s in state.sightings if s.site_id in places],
        blind_s={k: v for k, v in state.blind_s.items() if k in places},
        once_watched={k: v for k, v in state.once_watched.items() if k in places},
        blind_to={k: v for k, v in state.blind_to.items() if k in places},
        blinder_s={},
        suspended_s={k: v for k, v in state.suspended_s.items() if k in places},
        unheard_s={k: v for k, v in state.unheard_s.items() if k in places},
        operations=[
            next((old for old in state.operations if old.site_id == new.site_id), new)
            for new in fresh.operations
        ],
        volumes=_volumes(state, fresh, now_s, events),
    )
    return moved, tuple(events)


def _zone_ids(node: Node) -> set[tuple[str, str]]:
    return {(site.id, zone.id) for site in node.sites for zone in site.zones}


def _end_dispositions(state: AlertState, now_s: float, events: list[AlertEvent]) -> None:
    """What people said of tracks ends with them."""
    sites = {watch.status.site: watch.status.site_id for watch in state.zones}
    for track, said in state.dispositions.items():
        site_id = sites.get(state.tracks.get(track, -1), "")
        text = f"what {said.by} said of it ({said.what}) has ended: the site file was changed"
        events.append(AlertEvent("expired", now_s, site_id, tracks=(track,), text=text))


def _zones(
    state: AlertState, fresh: AlertState, now_s: float, events: list[AlertEvent]
) -> list[ZoneWatch]:
    """Zones that stay go on as they stand; one that is gone is watched no more."""
    old = {(w.status.site_id, w.status.zone_id): w for w in state.zones}
    since_s = {w.status.site_id: w.status.unwatched_s for w in state.zones}
    zones: list[ZoneWatch] = []
    for watch in fresh.zones:
        name = (watch.status.site_id, watch.status.zone_id)
        before = old.pop(name, None)
        if before is None:
            # Its first step is told: one of that id may have been watched no more since long.
            watch.started, watch.status.since_s = True, now_s
            watch.status.unwatched_s = since_s.get(name[0], math.nan)
            zones.append(watch)
            continue
        status = replace(before.status, site=watch.status.site, zone=watch.status.zone)
        # Tracks have other ids now.
        moved = replace(before, status=status, name=watch.name, began=())
        if math.isfinite(status.proposed_s) and not math.isfinite(status.released_s):
            _hold_proposal_into(moved, now_s)
        zones.append(moved)
    for (site_id, zone_id), gone in old.items():
        events.append(
            AlertEvent(
                "step", now_s, site_id, zone_id=zone_id, step=Ladder.NOT_WATCHING,
                nature=gone.status.nature,
                text=f"zone {zone_id} is {GONE}: it is watched no more",
            )
        )  # fmt: skip
    return zones


def _hold_proposal_into(watch: ZoneWatch, now_s: float) -> None:
    """A standing proposal keeps its moment: the restart has taken time from the officer, and
    none from what comes. It waits for its tracks to come back, and is told again at once.
    """
    watch.shelter = Latch(on=watch.shelter.on, since_s=math.inf)
    watch.asked_s = now_s - ESCALATE_SHELTER_S


def _alarms(
    state: AlertState,
    node: Node,
    places: dict[str, int],
    now_s: float,
    events: list[AlertEvent],
) -> list[AlarmWatch]:
    """Open alarms go on, at the zones that are left; one without a site or a zone is closed."""
    zones, kept = _zone_ids(node), []
    for watch in state.alarms:
        alarm = watch.alarm
        left = tuple(zone for zone in alarm.zones if (alarm.site_id, zone) in zones)
        why = ""
        if alarm.site_id not in places:
            why = f"site {alarm.site_id} is {GONE}"
        elif alarm.zones and not left:
            names = ", ".join(alarm.zones)
            why = f"{names} is {GONE}" if len(alarm.zones) == 1 else f"{names} are {GONE}"
        if is_open(alarm) and why:
            alarm.state, alarm.closed_s = AlarmState.CLOSED, now_s
            alarm.shelved_by, alarm.shelved_until_s, alarm.shelved_reason = "", math.nan, ""
            events.append(alarm_event(alarm, "closed", now_s, text=why))
        if alarm.site_id not in places:
            continue
        alarm.site = places[alarm.site_id]
        if not why:
            alarm.zones = left
        kept.append(watch)
    return kept


def _rules(
    state: AlertState, places: dict[str, int], now_s: float, events: list[AlertEvent]
) -> dict[str, ShiftRule]:
    for rule in state.rules.values():
        if rule.site_id not in places:
            text = f"site {rule.site_id} is {GONE}: {rule.words}"
            events.append(AlertEvent("rule ended", now_s, rule.site_id, text=text))
    return {key: rule for key, rule in state.rules.items() if rule.site_id in places}


def _volumes(
    state: AlertState, fresh: AlertState, now_s: float, events: list[AlertEvent]
) -> VolumeWatch:
    """Volumes that stay are what they were until looks find them free."""
    old = {(s.site_id, s.volume_id): s for s in state.volumes.statuses}
    statuses = [old.pop((new.site_id, new.volume_id), new) for new in fresh.volumes.statuses]
    for site_id, volume_id in [name for name, s in old.items() if s.state != "free"]:
        events.append(
            AlertEvent(
                "volume free", now_s, site_id, zone_id=volume_id,
                nature=old[site_id, volume_id].nature,
                text=f"volume {volume_id} is {GONE}: it is watched no more",
            )
        )  # fmt: skip
    standing = {
        name: one
        for name, one in state.volumes.standing.items()
        if (one.conflict.site_id, one.conflict.volume_id) not in old
    }
    return replace(
        state.volumes, statuses=statuses, seen={}, told={}, near={}, standing=standing
    )
