"""Threat rows as the ladder sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _rules
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
    "Row",
    "in_view",
    "is_caution",
    "is_monitor",
    "is_shelter",
    "nears_line",
    "proven",
    "rows_of",
    "seen",
    "settled",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One (track, zone). soon_s: until the earliest arrival. nature: index in Nature.ALL.
    harm asks for TAKE SHELTER; asked (never less) for the steps below it and for attention.
    share: p_zone as a share of that of the track's likeliest zone.
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


def rows_of(threats: ThreatTable, horizon_s: float, now_s: float) -> list[Row]:
    """Return the rows that can move a step: not surely harmless, and within the horizon."""
    if not len(threats):
        return []
    asked = np.maximum(threats.p_harm, threats.p_asked)
    keep = np.flatnonzero(
        (asked >= _rules.MONITOR_HARM * _rules.HOLD_PROBABILITY)
        & (threats.p_zone >= _rules.MONITOR_ZONE * _rules.HOLD_PROBABILITY)
        & (threats.arrival_early_s - now_s <= horizon_s)
    )
    columns = (
        threats.track_id,
        threats.site,
        threats.zone,
        threats.nature,
        threats.arrival_early_s,
        threats.arrival_median_s,
        threats.arrival_late_s,
        threats.p_zone,
        threats.p_zone / _likeliest(threats),
        threats.p_harm,
        asked,
    )
    return [
        Row(track, site, zone, nature, early, median, late, max(0.0, early - now_s), *chances)
        for track, site, zone, nature, early, median, late, *chances in zip(
            *(column[keep].tolist() for column in columns)
        )
    ]


def _likeliest(threats: ThreatTable) -> NDArray[np.float64]:
    """Return p_zone of the likeliest zone of each row's track; 1e-9 at least."""
    names, place = np.unique(threats.track_id, return_inverse=True)
    best = np.full(len(names), 1e-9)
    np.maximum.at(best, place, threats.p_zone)
    return best[place]


def settled(tracks: TrackTable, now_s: float) -> set[int]:
    """Return the ids of tracks whose velocity can be believed.

    What declares itself says its velocity, another tracker knows it; a measured track needs
    some looks, or a speed that is beyond birds even at two standard deviations less.
    """
    surely_mps, _ = _speed_of(tracks)
    old = (tracks.hits >= _rules.SETTLED_HITS) & (now_s - tracks.born_s >= _rules.SETTLED_S)
    fast = (tracks.hits >= _rules.SETTLED_HITS - 1) & (surely_mps >= _rules.FAST_MPS)
    known = old | fast | (tracks.kind != TrackKind.MEASURED)
    return set(tracks.track_id[known].tolist())


def _speed_of(tracks: TrackTable) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the speed less two standard deviations, and whether the speed is known at all."""
    spread = np.sqrt(np.maximum(tracks.covariance[:, 3, 3], tracks.covariance[:, 4, 4]))
    east, north = tracks.state[:, 3], tracks.state[:, 4]
    speed = np.sqrt(east * east + north * north)
    known = spread <= np.maximum(_rules.KNOWN_MPS, _rules.KNOWN_SHARE * speed)
    return speed - 2.0 * spread, known


def seen(tracks: TrackTable, node: Node) -> set[int]:
    """Return the ids of tracks that may begin to ask for CAUTION: those whose place their last
    looks saw, by a sensor that measures range or by two others, and whose speed is known. What
    is only predicted goes on asking, and begins nothing; nor does a bearing behind which false
    plots made a track.
    """
    by = tracks.sensors
    ranging = np.zeros(len(node.sites) + 1, dtype=np.uint64)
    for place, sensor in enumerate(node.sensors[:64]):
        if sensor.sigma_range_m is not None:
            for k, site in enumerate(node.sites):
                ranging[k] |= np.uint64((site.id in sensor.sites) << place)
    own = ranging[np.minimum(tracks.site, len(node.sites))]
    placed = ((by & own) > 0) | ((by & (by - np.uint64(1))) > 0) | (own == 0)
    _, known = _speed_of(tracks)
    now = (tracks.status == TrackStatus.CONFIRMED) & placed & known
    return set(tracks.track_id[now | (tracks.kind != TrackKind.MEASURED)].tolist())


def in_view(tracks: TrackTable, now_s: float) -> set[int]:
    """Return the ids of tracks that a sensor saw a moment ago."""
    return set(tracks.track_id[now_s - tracks.updated_s <= _rules.IN_VIEW_S].tolist())


def proven(tracks: TrackTable, now_s: float) -> set[int]:
    """Return the ids of tracks that may begin to ask for TAKE SHELTER: a measured one has to
    be old enough for several looks of one sensor.
    """
    old = (tracks.hits >= _rules.SETTLED_HITS) & (now_s - tracks.born_s >= _rules.PROVEN_S)
    return set(tracks.track_id[old | (tracks.kind != TrackKind.MEASURED)].tolist())


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


def is_caution(row: Row, rules: AlertRules, *, hold: bool) -> bool:
    """Tell whether a row asks for CAUTION."""
    return _over(
        row,
        row.asked,
        rules.caution_s,
        _rules.CAUTION_ZONE,
        rules.caution_probability,
        hold=hold,
    )


def is_shelter(row: Row, rules: AlertRules, zone: Zone, *, hold: bool) -> bool:
    """Tell whether a row has reached the zone's warning line and asks for TAKE SHELTER."""
    line_s = zone.shelter_s + zone.margin_s
    ease = _rules.HOLD_PROBABILITY if hold else 1.0
    odds = _rules.SHELTER_ODDS * rules.shelter_probability
    asked = odds / (odds + 1.0 - rules.shelter_probability)
    if row.share < _rules.SHELTER_SHARE * ease or row.asked < asked * ease:
        return False
    return _over(
        row, row.harm, line_s, _rules.SHELTER_ZONE, rules.shelter_probability, hold=hold
    )


def nears_line(row: Row, rules: AlertRules, zone: Zone) -> bool:
    """Tell whether a row nears the warning line that asks for CAUTION."""
    line_s = (zone.shelter_s + zone.margin_s) * _rules.NEAR_LINE
    return _over(
        row, row.asked, line_s, _rules.CAUTION_ZONE, rules.caution_probability, hold=False
    )
