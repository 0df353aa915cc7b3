"""The ladder of one zone: what threats ask for, held by delays and dead bands."""

import math
from collections.abc import Collection, Container

from tocsin.alert import _rules
from tocsin.alert._out_of_sight import note_lost_into, said_of_lost
from tocsin.alert._release import (
    is_more_real,
    make_way_into,
    propose_into,
    release_into,
    withdraw_into,
)
from tocsin.alert._state import Latch, ZoneWatch
from tocsin.alert._threats import Row, is_caution, is_monitor, is_shelter, waits_s
from tocsin.model import AlertEvent, AlertRules, Ladder, Nature, Release, Zone

__all__ = ["climb_into", "show_into"]


def latch_into(latch: Latch, wanted: bool, now_s: float, on_s: float, off_s: float) -> None:
    """Switch when the condition has differed for its delay."""
    if wanted == latch.on:
        latch.since_s = math.nan
        return
    if latch.since_s == math.inf:
        latch.since_s = now_s + _rules.SITE_CHANGE_S
    elif not math.isfinite(latch.since_s):
        latch.since_s = now_s
    if now_s - latch.since_s >= (off_s if latch.on else on_s) - 1e-6:
        latch.on, latch.since_s = wanted, math.nan


def climb_into(
    watch: ZoneWatch,
    zone: Zone,
    rules: AlertRules,
    rows: list[Row],
    now_s: float,
    events: list[AlertEvent],
    *,
    seen: set[int],
    sheltering: set[int],
    in_view: set[int],
    disposed: Container[int] = (),
    back: Container[int] = (),
    near: Collection[int] = (),
) -> None:
    """Move the zone's latches, propose, withdraw and release; `rows` are this zone's own, those
    of disposed tracks left out. seen: tracks that may begin to ask for CAUTION; sheltering: for
    TAKE SHELTER. in_view: tracks that a sensor saw within IN_VIEW_S. disposed: what people have
    said something of; back: tracks of which each may be what was lost from sight here; near:
    what is surely harmful and stays near this zone, wherever it flies.
    """
    status = watch.status
    monitor = [r for r in rows if is_monitor(r, rules, hold=watch.monitor.on)]
    # What has begun to ask has the dead band, and may be out of sight for a look, while it
    # waits too: or each flicker would begin the wait anew.
    held = {r.track for r in rows} if watch.caution.on else set(watch.began)
    may = [r for r in rows if r.track in seen or r.track in held]
    caution = [
        r for r in may if is_caution(r, rules, hold=r.track in held, back=r.track in back)
    ]
    may = [r for r in rows if r.track in watch.shelter_tracks or r.track in sheltering]
    shelter = [r for r in may if is_shelter(r, rules, zone, hold=watch.shelter.on)]
    was_on = watch.caution.on
    waits = [waits_s(r, zone, back=r.track in back) for r in caution]
    on_s = min(waits, default=_rules.CAUTION_ON_S)
    latch_into(watch.caution, bool(caution), now_s, on_s, _rules.CAUTION_OFF_S)
    if not was_on:
        watch.began = tuple(r.track for r in caution)
    elif not watch.caution.on:
        watch.began = ()
    asking = {r.track for r in (*caution, *shelter)} if watch.caution.on else set[int]()
    note_lost_into(watch, asking, in_view, disposed, now_s)
    may_be_there = bool(monitor or near or status.out_of_sight)
    latch_into(watch.monitor, may_be_there, now_s, _rules.MONITOR_ON_S, _rules.MONITOR_OFF_S)
    was_on = watch.shelter.on
    sure = any(r.harm >= _rules.SHELTER_SURE for r in shelter)
    on_s = _rules.SHELTER_ON_S if sure else _rules.SHELTER_DOUBT_S
    latch_into(watch.shelter, bool(shelter), now_s, on_s, _rules.PROPOSAL_OFF_S)
    _describe_into(watch, shelter or caution or monitor)
    if near and not status.tracks:
        status.tracks = tuple(sorted(near))
    if caution or shelter or near:
        watch.threatened_s = now_s
    if watch.shelter.on and not was_on:
        propose_into(watch, shelter, now_s, events)
    elif was_on and not watch.shelter.on:
        withdraw_into(watch, now_s, events)
    if watch.shelter.on:
        # What a person has named comes no more than what is seen to go elsewhere.
        known = in_view | {track for track in watch.shelter_tracks if track in disposed}
        _press_into(watch, zone, rules, shelter, now_s, events, known=known)
    if math.isfinite(status.released_s):
        _propose_clear_into(watch, rules, now_s, events)


def _describe_into(watch: ZoneWatch, rows: list[Row]) -> None:
    """Note which tracks drive the step, which of them comes first, and how real they are."""
    status = watch.status
    if not rows:
        status.tracks = ()
        status.arrival_early_s = status.arrival_median_s = status.arrival_late_s = math.inf
        return
    first = min(rows, key=lambda row: (row.early_s, row.track))
    status.tracks = tuple(sorted(row.track for row in rows))
    status.arrival_early_s = first.early_s
    status.arrival_median_s = first.median_s
    status.arrival_late_s = first.late_s
    status.nature = Nature.ALL[min(row.nature for row in rows)]


def _press_into(
    watch: ZoneWatch,
    zone: Zone,
    rules: AlertRules,
    shelter: list[Row],
    now_s: float,
    events: list[AlertEvent],
    *,
    known: set[int],
) -> None:
    """Carry a standing proposal on: its tracks, a lapsed refusal, the automatic release.

    known: tracks that are in view, or that a person has named.
    """
    status = watch.status
    tracks = tuple(sorted(row.track for row in shelter))
    new = [track for track in tracks if track not in watch.shelter_tracks]
    watch.shelter_tracks = tuple(sorted({*watch.shelter_tracks, *tracks}))
    if new:
        watch.risen_s = now_s
    if status.refused_by and any(track not in watch.refused_tracks for track in new):
        propose_into(watch, shelter, now_s, events)
    if shelter and math.isfinite(status.released_s) and is_more_real(watch):
        make_way_into(watch, shelter, now_s, events)
    if math.isfinite(status.released_s):
        return
    if zone.release == Release.PERSON or status.refused_by:
        status.release_at_s = math.inf
    elif zone.release == Release.AUTOMATIC:
        status.release_at_s = now_s
    elif shelter:
        early_s = min(row.early_s for row in shelter)
        status.release_at_s = max(
            status.proposed_s, early_s - zone.shelter_s - rules.path_delay_s
        )
    # One look early: the next look would be after the last useful moment.
    due = now_s >= status.release_at_s - _rules.GRID_S
    if due and _still_comes(watch, shelter, known):
        release_into(watch, _rules.AUTOMATIC, now_s, events)
    elif not status.refused_by and now_s - watch.asked_s >= _rules.ESCALATE_SHELTER_S:
        watch.asked_s = now_s
        events.append(
            _event(
                watch, "escalated", now_s, "TAKE SHELTER is proposed and nobody has answered"
            )
        )


def _still_comes(watch: ZoneWatch, shelter: list[Row], known: set[int]) -> bool:
    """Tell whether a proposal that nobody has answered is to be released by the software: not
    while its tracks are seen to come to another zone by now, or to none, or were named by a
    person. A track that is out of sight may come as before.
    """
    if shelter:
        return any(
            row.share >= _rules.SHELTER_SHARE or row.track not in known for row in shelter
        )
    return not any(track in known for track in watch.shelter_tracks)


def _propose_clear_into(
    watch: ZoneWatch, rules: AlertRules, now_s: float, events: list[AlertEvent]
) -> None:
    """Propose ALL CLEAR once nothing has threatened for long enough and somebody watches; not
    while something that did is only lost from sight: a person may give it all the same.
    """
    status = watch.status
    if not math.isfinite(watch.threatened_s):
        watch.threatened_s = status.released_s
    over = now_s - watch.threatened_s >= rules.clear_s and not status.out_of_sight
    quiet = watch.watched and over
    if quiet and not math.isfinite(status.clear_proposed_s):
        status.clear_proposed_s = now_s
        text = f"nothing has threatened {watch.name} for {rules.clear_s:.0f} s"
        events.append(_event(watch, "proposed", now_s, text, step=Ladder.ALL_CLEAR))
    elif not quiet:
        status.clear_proposed_s = math.nan


def _event(watch: ZoneWatch, kind: str, now_s: float, text: str, step: str = "") -> AlertEvent:
    status = watch.status
    return AlertEvent(
        kind,
        now_s,
        status.site_id,
        zone_id=status.zone_id,
        step=step or Ladder.TAKE_SHELTER,
        tracks=status.tracks,
        text=text,
        nature=status.nature,
    )


def show_into(watch: ZoneWatch, now_s: float, events: list[AlertEvent]) -> None:
    """Set the zone's step from its latches; a change is an event."""
    status = watch.status
    step = _step(watch, now_s)
    if step == status.step and watch.started:
        return
    first = not watch.started
    watch.started = True
    if step == status.step and first:
        status.since_s = now_s
        return
    status.step, status.since_s = step, now_s
    quiet_start = first and step in (Ladder.QUIET, Ladder.NOT_WATCHING)
    if not quiet_start:
        text = "; ".join(status.unwatched) if step == Ladder.NOT_WATCHING else ""
        if step == Ladder.MONITOR:
            text = said_of_lost(watch)
        events.append(_event(watch, "step", now_s, text, step=step))


def _step(watch: ZoneWatch, now_s: float) -> str:
    if math.isfinite(watch.status.released_s):
        return Ladder.TAKE_SHELTER
    if watch.caution.on or watch.shelter.on or watch.status.raised_step == Ladder.CAUTION:
        return Ladder.CAUTION
    if now_s - watch.cleared_s < _rules.ALL_CLEAR_SHOWN_S:
        return Ladder.ALL_CLEAR
    if watch.monitor.on:
        return Ladder.MONITOR
    if not watch.watched:  # readiness finds nothing: it must not hide that nobody looks
        return Ladder.NOT_WATCHING
    ready = watch.status.raised_step or now_s < watch.status.ready_until_s
    return Ladder.MONITOR if ready else Ladder.QUIET
