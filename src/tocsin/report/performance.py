"""Alarm performance from the ledger: how many, how fast answered, was there a flood.

The measures are those of ANSI/ISA-18.2 and IEC 62682; what is good is taken from EEMUA 191 as
cited in the study of 37 control rooms by the Abnormal Situation Management Consortium: less
than one alarm in ten minutes is acceptable, up to two manageable; at most ten after an upset.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.model import Entry, Ladder
from tocsin.model.performance import BIN_S, AlarmPerformance
from tocsin.report._losses import lost_since

__all__ = ["alarm_performance"]

ACCEPTABLE = 1.0  # alarms in ten minutes, on average
MANAGEABLE = 2.0
FLOOD = 10  # alarms in ten minutes: more are a flood
STALE_S = 86_400.0
MOST_BINS = 2_000

_RANK = {step: rank for rank, step in enumerate(
    (Ladder.QUIET, Ladder.MONITOR, Ladder.NOT_HEARD, Ladder.NOT_WATCHING, Ladder.CAUTION,
     Ladder.TAKE_SHELTER)
)}  # fmt: skip


@dataclass(slots=True)
class _Alarm:
    raised_s: float
    step: str
    acknowledged_s: float = math.nan
    closed_s: float = math.nan


@dataclass(slots=True)
class _Site:
    alarms: dict[str, _Alarm] = field(default_factory=dict)
    escalated: int = 0
    unattended: set[str] = field(default_factory=set)
    proposed: dict[str, float] = field(default_factory=dict)
    release_s: list[float] = field(default_factory=list)
    by_person: int = 0
    by_itself: int = 0
    refused: int = 0
    lost: dict[str, float] = field(default_factory=dict)
    blind: list[tuple[float, float]] = field(default_factory=list)


def alarm_performance(
    entries: Iterable[Entry], site_ids: Sequence[str], begin_s: float, end_s: float
) -> tuple[AlarmPerformance, ...]:
    """Return the figures of each site from begin_s (included) to end_s.

    entries: of the operational ledger, in its order; those of kind "alert" count. Entries from
    before begin_s say what was open and what nobody watched when the time began.
    """
    sites = {site: _Site() for site in site_ids}
    for entry in entries:
        if entry.kind != "alert" or entry.recorded_s > end_s:
            continue
        body = json.loads(entry.body)
        if body["site"] in sites:
            _take_into(sites[body["site"]], body, begin_s)
    return tuple(_figures(site, sites[site], begin_s, end_s) for site in site_ids)


def _take_into(site: _Site, body: dict[str, Any], begin_s: float) -> None:
    what, at_s, inside = body["what"], float(body["at_s"]), float(body["at_s"]) >= begin_s
    alarm = site.alarms.get(body["alarm"])
    if alarm is not None and _RANK.get(body["step"], 0) > _RANK.get(alarm.step, 0):
        alarm.step = body["step"]
    if alarm is None and what == "raised":
        # What a person raised by hand has been seen by that person.
        seen_s = at_s if body["by"] else math.nan
        site.alarms[body["alarm"]] = _Alarm(at_s, body["step"], seen_s)
    elif alarm is not None and what == "acknowledged" and math.isnan(alarm.acknowledged_s):
        alarm.acknowledged_s = at_s
    elif alarm is not None and what == "closed":
        alarm.closed_s = at_s
    elif what == "escalated" and inside:
        site.escalated += 1
    elif what == "unattended" and inside:
        site.unattended.update(body["tracks"])
    elif what == "watch lost":
        site.lost.setdefault(body["zone"], lost_since(body))
    elif what == "watch regained":
        # Of a loss that was told of before these entries, this one says since when it was.
        told_s = body.get("facts", {}).get("lost_s")
        site.blind.append(
            (site.lost.pop(body["zone"], at_s if told_s is None else told_s), at_s)
        )
    elif (
        what in ("proposed", "withdrawn", "released", "refused")
        and body["step"] != Ladder.ALL_CLEAR
    ):
        _take_release_into(site, body, inside)


def _take_release_into(site: _Site, body: dict[str, Any], inside: bool) -> None:
    zone, at_s = body["zone"], float(body["at_s"])
    if body["what"] == "proposed":
        site.proposed[zone] = at_s
        return
    proposed_s = site.proposed.pop(zone, math.nan)
    if not inside or body["what"] == "withdrawn":
        return
    if body["what"] == "refused":
        site.refused += 1
    elif body["by"] == "automatic":
        site.by_itself += 1
    else:
        site.by_person += 1
    if body["what"] == "released" and math.isfinite(proposed_s):
        site.release_s.append(at_s - proposed_s)


def _figures(site_id: str, site: _Site, begin_s: float, end_s: float) -> AlarmPerformance:
    mine = [a for a in site.alarms.values() if a.raised_s >= begin_s]
    raised = sorted(alarm.raised_s for alarm in mine)
    answered = sorted(a.acknowledged_s - a.raised_s for a in mine if a.acknowledged_s > 0)
    open_now = [a for a in site.alarms.values() if math.isnan(a.closed_s)]
    average = len(raised) * BIN_S / max(end_s - begin_s, BIN_S)
    worst, flood_s = _crowding(raised, end_s)
    blind = [*site.blind, *((since_s, end_s) for since_s in site.lost.values())]
    by_step: dict[str, int] = {}
    for alarm in mine:
        by_step[alarm.step] = by_step.get(alarm.step, 0) + 1
    return AlarmPerformance(
        site_id=site_id,
        begin_s=begin_s,
        end_s=end_s,
        alarms=len(mine),
        by_step=dict(sorted(by_step.items(), key=lambda item: -_RANK.get(item[0], 0))),
        per_ten_min=average,
        worst_ten_min=worst,
        flood_share=flood_s / max(end_s - begin_s, BIN_S),
        acknowledged=len(answered),
        acknowledge_median_s=_quantile(answered, 0.5),
        acknowledge_p90_s=_quantile(answered, 0.9),
        acknowledge_slowest_s=_quantile(answered, 1.0),
        unacknowledged=len(mine) - len(answered),
        escalated=site.escalated,
        unattended=len(site.unattended),
        open=len(open_now),
        stale=sum(end_s - alarm.raised_s > STALE_S for alarm in open_now),
        released_by_person=site.by_person,
        released_by_itself=site.by_itself,
        refused=site.refused,
        release_median_s=_quantile(sorted(site.release_s), 0.5),
        not_watching_s=_covered(blind, begin_s, end_s),
        bins=_bins(raised, begin_s, end_s),
        rating=_rating(average, worst),
    )


def _rating(average: float, worst: int) -> str:
    words = (
        "acceptable" if average < ACCEPTABLE
        else "manageable" if average <= MANAGEABLE
        else "too many for one person"
    )  # fmt: skip
    return f"{words}; a flood" if worst > FLOOD else words


def _crowding(raised: list[float], end_s: float) -> tuple[int, float]:
    """Return the most alarms in any ten minutes, and for how long the ten minutes before held
    more than `FLOOD`.
    """
    worst, begin = 0, 0
    floods = []
    for i, at_s in enumerate(raised):
        while at_s - raised[begin] >= BIN_S:
            begin += 1
        worst = max(worst, i - begin + 1)
        if i - begin + 1 > FLOOD:
            # Until the oldest that is needed for a flood is ten minutes old.
            floods.append((at_s, raised[i - FLOOD] + BIN_S))
    return worst, _covered(floods, -math.inf, end_s)


def _covered(spans: list[tuple[float, float]], begin_s: float, end_s: float) -> float:
    """Return how much of the time the spans cover together."""
    total, reached = 0.0, begin_s
    for start, stop in sorted(spans):
        first, last = max(start, reached), min(stop, end_s)
        if last > first:
            total += last - first
            reached = last
    return total


def _bins(raised: list[float], begin_s: float, end_s: float) -> tuple[int, ...]:
    count = min(max(1, math.ceil((end_s - begin_s) / BIN_S)), MOST_BINS)
    bins = [0] * count
    for at_s in raised:
        bins[min(int((at_s - begin_s) / BIN_S), count - 1)] += 1
    return tuple(bins)


def _quantile(ordered: list[float], share: float) -> float:
    """Return the order statistic: the smallest value that `share` of all do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
