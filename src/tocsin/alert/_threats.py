"""Threat rows as the ladder sees them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _kernels_looks, _rules
from tocsin.model import (
    AlertRules,
    Node,
    ThreatTable,
    TrackKind,
    TrackStatus,
    TrackTable,
    Zone,
)

__all__ = [
    "Marks",
    "Row",
    "is_caution",
    "is_monitor",
    "is_question",
    "is_shelter",
    "marks_of",
    "nears_line",
    "rows_of",
    "waits_s",
]


class Row(NamedTuple):  # made by the hundred at each look: a seventh of a dataclass
    """One (track, zone). soon_s: until the earliest arrival. nature: index in Nature.ALL.
    harm asks for TAKE SHELTER; asked (never less) for the steps below it and for attention;
    roams: what asked leaves to birds. share: p_zone as a share of that of the track's likeliest
    zone.
    """

    track: int
    site: int
    zone: int
    nature: int
    early_s: float
    median_s: float
    late_s: float
    soon_s: float
    p_zone: float
    share: float
    harm: float
    asked: float
    roams: float


@dataclass(frozen=True, slots=True)
class Marks:
    """Ids of tracks by what they may do.

    settled: whose velocity can be believed. What declares itself says its velocity, another
    tracker knows it; a measured track needs some looks, or a speed that is beyond birds even at
    two standard deviations less. seen: that may begin to ask for CAUTION: those whose place
    their last looks saw, by a sensor that measures range or by two others, and whose speed is
    known. What is only predicted goes on asking, and begins nothing; nor does a bearing behind
    which false plots made a track. proven: that may begin to ask for TAKE SHELTER: a measured
    one has to be old enough for several looks of one sensor. in_view: that a sensor saw a
    moment ago. placed: whose place the last looks saw, as for `seen`, whatever its speed.
    """

    settled: set[int]
    seen: set[int]
    proven: set[int]
    in_view: set[int]
    placed: set[int]


_LIMITS = np.array(
    [
        _rules.SETTLED_HITS, _rules.SETTLED_S, _rules.PROVEN_S, _rules.FAST_MPS,
        _rules.KNOWN_MPS, _rules.KNOWN_SHARE, _rules.IN_VIEW_S,
    ],
    dtype=np.float64,
)  # fmt: skip


def marks_of(tracks: TrackTable, node: Node, now_s: float) -> Marks:
    """Return which tracks may begin what at this look."""
    out = np.empty(len(tracks), dtype=np.uint8)
    _kernels_looks.marks_into(
        now_s, TrackKind.MEASURED, TrackStatus.CONFIRMED, tracks.hits, tracks.born_s,
        tracks.updated_s, tracks.state, tracks.covariance, tracks.sensors, _ranging(node),
        tracks.site, tracks.status, tracks.kind, _LIMITS, out,
    )  # fmt: skip
    ids = tracks.track_id
    return Marks(*(set(ids[(out & bit) != 0].tolist()) for bit in _kernels_looks.BITS))


_last: list[tuple[Node, NDArray[np.uint64]]] = []  # a node stays the same for many looks


def _ranging(node: Node) -> NDArray[np.uint64]:
    """Return the bits of the sensors of each site that measure range, and a last row of 0."""
    if not _last or _last[0][0] is not node:
        bits = np.zeros(len(node.sites) + 1, dtype=np.uint64)
        for place, sensor in enumerate(node.sensors[:64]):
            if sensor.sigma_range_m is not None:
                for k, site in enumerate(node.sites):
                    bits[k] |= np.uint64((site.id in sensor.sites) << place)
        _last[:] = [(node, bits)]
    return _last[0][1]


def rows_of(threats: ThreatTable, horizon_s: float, now_s: float) -> list[Row]:
    """Return the rows that can move a step: not surely harmless, and within the horizon."""
    n = len(threats)
    if not n:
        return []
    asked, share, places = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    kept = _kernels_looks.rows_into(
        threats.track_id.argsort(kind="stable"), threats.track_id, threats.p_zone,
        threats.p_harm, threats.p_asked, threats.arrival_early_s,
        _rules.MONITOR_HARM * _rules.HOLD_PROBABILITY,
        _rules.MONITOR_ZONE * _rules.HOLD_PROBABILITY,
        now_s, horizon_s, asked, share, places,
    )  # fmt: skip
    if not kept:
        return []
    keep = places[:kept]
    early_s = threats.arrival_early_s[keep].tolist()
    columns = (
        threats.track_id[keep].tolist(),
        threats.site[keep].tolist(),
        threats.zone[keep].tolist(),
        threats.nature[keep].tolist(),
        early_s,
        threats.arrival_median_s[keep].tolist(),
        threats.arrival_late_s[keep].tolist(),
        [max(0.0, early - now_s) for early in early_s],
        threats.p_zone[keep].tolist(),
        share[keep].tolist(),
        threats.p_harm[keep].tolist(),
        asked[keep].tolist(),
        threats.p_roams[keep].tolist(),
    )
    return list(map(Row._make, zip(*columns)))


def _over(
    row: Row, shown: float, limit_s: float, p_zone: float, harm: float, *, hold: bool
) -> bool:
    """Tell whether a row is within limit_s, p_zone and, by what is `shown` of it, harm."""
    ease = _rules.HOLD_PROBABILITY if hold else 1.0
    stretch = _rules.HOLD_TIME if hold else 1.0
    return (
        row.soon_s <= limit_s * stretch and row.p_zone >= p_zone * ease and shown >= harm * ease
    )


def is_monitor(row: Row, rules: AlertRules, *, hold: bool) -> bool:
    """Tell whether a row asks for MONITOR; hold: the step stands already."""
    return _over(
        row, row.asked, rules.monitor_s, _rules.MONITOR_ZONE, _rules.MONITOR_HARM, hold=hold
    )


def is_caution(row: Row, rules: AlertRules, *, hold: bool, back: bool = False) -> bool:
    """Tell whether a row asks for CAUTION; back: it may be what was lost from sight here."""
    least = rules.caution_probability * (_rules.BACK_PROBABILITY if back else 1.0)
    return _over(row, row.asked, rules.caution_s, _rules.CAUTION_ZONE, least, hold=hold)


def waits_s(row: Row, zone: Zone, *, back: bool) -> float:
    """Return for how long a row has to ask for CAUTION before the zone is on it; back: it may
    be what was lost from sight here.
    """
    if back or row.asked >= _rules.CAUTION_SURE:
        return _rules.CAUTION_ON_S
    near_s = zone.shelter_s + zone.margin_s + _rules.CAUTION_LEAD_S
    return _rules.CAUTION_NEAR_S if row.soon_s <= near_s else _rules.CAUTION_DOUBT_S


def is_shelter(row: Row, rules: AlertRules, zone: Zone, *, hold: bool) -> bool:
    """Tell whether a row has reached the zone's warning line and asks for TAKE SHELTER."""
    line_s = zone.shelter_s + zone.margin_s
    ease = _rules.HOLD_PROBABILITY if hold else 1.0
    odds = _rules.SHELTER_ODDS * rules.shelter_probability
    asked = odds / (odds + 1.0 - rules.shelter_probability)
    no_bird = row.asked / max(row.asked + row.roams, 1e-12)
    if row.share < _rules.SHELTER_SHARE * ease or no_bird < asked * ease:
        return False
    return _over(
        row, row.harm, line_s, _rules.SHELTER_ZONE, rules.shelter_probability, hold=hold
    )


def is_question(row: Row, rules: AlertRules, zone: Zone, *, hold: bool) -> bool:
    """Tell whether a row may come to the warning line and is not surely harmless; hold: it was
    so a moment ago.
    """
    line_s = (zone.shelter_s + zone.margin_s) * _rules.NEAR_LINE
    least = rules.question_probability
    p_zone = least * _rules.QUESTION_BOTH / max(row.asked, least)
    return _over(row, row.asked, line_s, p_zone, least, hold=hold)


def nears_line(row: Row, rules: AlertRules, zone: Zone) -> bool:
    """Tell whether a row nears the warning line that asks for CAUTION."""
    line_s = (zone.shelter_s + zone.margin_s) * _rules.NEAR_LINE
    return _over(
        row, row.asked, line_s, _rules.CAUTION_ZONE, rules.caution_probability, hold=False
    )
