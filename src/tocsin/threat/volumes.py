"""What is in the protected volumes, what will be, and what nears traffic there.

Looked at once a second. Things are drones, and what nothing speaks for being harmless; traffic
is what is taken for an aircraft. All of them fly on straight for the time that is looked ahead.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tocsin.model import (
    CLASSES,
    LABELS,
    Conflict,
    IdentityTable,
    Incursion,
    Node,
    Site,
    TrackStatus,
    TrackTable,
    Volume,
    VolumeLook,
    track_label,
)
from tocsin.threat import _kernels_volumes as kernels
from tocsin.threat._phrases import heading_of, phrase_of_conflict, phrase_of_entry
from tocsin.threat.assess import harm_of

__all__ = ["AHEAD_S", "look_at_volumes"]

Floats = NDArray[np.float64]

AHEAD_S = (
    120.0  # a light aircraft on final is two miles out then; straight on says little beyond
)
EVERY_S = 2.0
MOST_THINGS = 64  # of one site; more are counted
MOST_TRAFFIC = 64
MIN_CHANCE = 0.02  # of being inside, or too near: below it nothing is told
INSIDE = 0.5
HARM = 0.5  # an unknown thing below it is more likely harmless than not
POINTS = 128  # that stand for a normal distribution in plan: chances to about 0.02
# White acceleration in plan and in height, m^2/s^3: a drone that may bend at any time (as the
# tracker takes it), and an aircraft that holds its final or climbs straight out.
DRONE_SPREAD = np.array([1.0, 0.02])
TRAFFIC_SPREAD = np.array([0.1, 0.02])


def _even_points(n: int) -> Floats:
    """Return points that stand evenly for the normal distribution of two dimensions: the
    additive recurrence of the plastic number (Roberts 2018, R2), through its quantiles.
    """
    plastic = 1.324717957244746
    shares = [((k + 1) / plastic % 1.0, (k + 1) / plastic**2 % 1.0) for k in range(n)]
    normal = NormalDist()
    return np.array(
        [[round(normal.inv_cdf(a), 9), round(normal.inv_cdf(b), 9)] for a, b in shares]
    )


_POINTS = _even_points(POINTS)
_AFTER_S = np.arange(0.0, AHEAD_S + 0.5 * EVERY_S, EVERY_S)
_DRONES = tuple(LABELS.index(w) for w in ("drone", "drone_multirotor", "drone_fixed_wing"))
_HARMLESS = CLASSES.index("bird")  # and all classes after it
_UNKNOWN, _AIRCRAFT = LABELS.index("unknown"), LABELS.index("aircraft")
_WORDS = {
    "drone_multirotor": "drone with rotors", "drone_fixed_wing": "drone with wings",
    "drone": "drone", "unknown": "unknown object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Thing:
    """A row of the tables, with what is said of it."""

    row: int
    track: int
    nature: int
    state: Floats
    covariance: Floats
    heading: str


def look_at_volumes(
    tracks: TrackTable, identities: IdentityTable, node: Node, now_s: float
) -> VolumeLook:
    """Return what is in the volumes of all sites or will be within AHEAD_S, and the conflicts.

    `tracks` (row by row beside `identities`) are in their site's frame at now_s.
    """
    incursions: list[Incursion] = []
    conflicts: list[Conflict] = []
    left_out = 0
    for index, site in enumerate(node.sites):
        if not site.volumes or not len(tracks):
            continue
        things, more = _things(tracks, identities, site, index)
        traffic, many = _traffic(tracks, identities, site, index)
        left_out += more + many
        for number, volume in enumerate(site.volumes):
            ring, bounds = _shape(volume)
            inside = [_inside(t, DRONE_SPREAD, ring, bounds) for t in things]
            incursions += _incursions(node, (index, number), things, inside, now_s)
            conflicts += _conflicts(node, index, number, things, traffic, now_s)
    return VolumeLook(tuple(incursions), tuple(conflicts), left_out)


def _things(
    tracks: TrackTable, identities: IdentityTable, site: Site, index: int
) -> tuple[list[_Thing], int]:
    """Return what may not be in a volume and can reach one, nearest first."""
    harm = harm_of(identities)
    # Whoever answers for a drone that says what it is, a runway is no place for it.
    says = identities.declared != b""
    harm = np.where(says, np.maximum(harm, 1.0 - _harmless(identities)), harm)
    wanted = np.isin(identities.label, _DRONES)
    wanted |= (identities.label == _UNKNOWN) & (harm >= HARM)
    rows, more = _near(tracks, wanted, site, index, MOST_THINGS)
    return [
        _Thing(row, int(tracks.track_id[row]), int(tracks.nature[row]),
               np.ascontiguousarray(tracks.state[row]),
               np.ascontiguousarray(tracks.covariance[row]),
               heading_of(site, _words(identities, row), tuple(tracks.state[row].tolist()),
                          _sigma_up_m(tracks, row)))
        for row in rows
    ], more  # fmt: skip


def _harmless(identities: IdentityTable) -> Floats:
    """Return the chance (n,) of all classes but the drones, what things say included."""
    harmless: Floats = identities.probability[:, _HARMLESS:].sum(axis=1)
    return harmless


def _traffic(
    tracks: TrackTable, identities: IdentityTable, site: Site, index: int
) -> tuple[list[_Thing], int]:
    rows, more = _near(tracks, identities.label == _AIRCRAFT, site, index, MOST_TRAFFIC)
    return [
        _Thing(row, int(tracks.track_id[row]), int(tracks.nature[row]),
               np.ascontiguousarray(tracks.state[row]),
               np.ascontiguousarray(tracks.covariance[row]), "")
        for row in rows
    ], more  # fmt: skip


def _near(
    tracks: TrackTable, wanted: NDArray[np.bool_], site: Site, index: int, most: int
) -> tuple[list[int], int]:
    """Return rows of the site that can reach a volume in the time, nearest to it first."""
    wanted = wanted & (tracks.site == index) & (tracks.status != TrackStatus.TENTATIVE)
    wanted &= np.isfinite(tracks.state).all(axis=1)
    found: list[tuple[float, int]] = []
    for row in np.flatnonzero(wanted).tolist():
        east, north, _, ve, vn, _ = tracks.state[row].tolist()
        reach_m = AHEAD_S * math.sqrt(ve * ve + vn * vn)
        var = float(tracks.covariance[row, 0, 0] + tracks.covariance[row, 1, 1])
        reach_m += 4.0 * (math.sqrt(max(var, 0.0)) + AHEAD_S * _sigma_speed(tracks, row))
        off_m = min(_off_m(volume, east, north) for volume in site.volumes)
        if off_m <= reach_m:
            found.append((off_m, row))
    found.sort()
    return [row for _, row in found[:most]], max(0, len(found) - most)


def _sigma_speed(tracks: TrackTable, row: int) -> float:
    c = tracks.covariance[row]
    spread = float(DRONE_SPREAD[0]) * AHEAD_S / 3.0
    return math.sqrt(max(float(c[3, 3] + c[4, 4]), 0.0) + spread)


def _sigma_up_m(tracks: TrackTable, row: int) -> float:
    return math.sqrt(max(float(tracks.covariance[row, 2, 2]), 0.0))


def _off_m(volume: Volume, east: float, north: float) -> float:
    """Return how far a place is outside the box around a volume."""
    es = [e for e, _ in volume.outline_m]
    ns = [n for _, n in volume.outline_m]
    de = max(min(es) - east, 0.0, east - max(es))
    dn = max(min(ns) - north, 0.0, north - max(ns))
    return math.sqrt(de * de + dn * dn)


def _words(identities: IdentityTable, row: int) -> str:
    """Return what it is taken for, and how surely, in words."""
    label = LABELS[int(identities.label[row])]
    if label == "unknown":
        return _WORDS[label]
    p = float(identities.probability[row, :2].sum())
    sure = "almost surely" if p >= 0.9 else "likely" if p >= 0.7 else "possibly"
    return f"{_WORDS[label]}, {sure} so"


def _shape(volume: Volume) -> tuple[Floats, Floats]:
    bounds = np.zeros(kernels.BOUNDS)
    bounds[: kernels.NEAR_EAST] = (
        volume.floor_m, volume.ceiling_m, volume.far_floor_m, volume.far_ceiling_m,
    )  # fmt: skip
    if volume.line_m:
        (ae, an), (be, bn) = volume.line_m
        length = math.dist((ae, an), (be, bn))
        bounds[kernels.NEAR_EAST :] = (ae, an, (be - ae) / length, (bn - an) / length, length)
    return np.array(volume.outline_m), bounds


def _inside(thing: _Thing, spread: Floats, ring: Floats, bounds: Floats) -> Floats:
    out = np.zeros((len(_AFTER_S), 2))
    kernels.inside_into(
        thing.state, thing.covariance, spread, _AFTER_S, ring, bounds, _POINTS, out
    )
    return out


def _incursions(
    node: Node, place: tuple[int, int], things: list[_Thing], inside: list[Floats], now_s: float
) -> list[Incursion]:
    volume = node.sites[place[0]].volumes[place[1]]
    found = []
    for thing, chances in zip(things, inside):
        p_now, p_soon = float(chances[0, kernels.NOW]), float(chances[-1, kernels.BY])
        if p_soon < MIN_CHANCE:
            continue
        half = np.flatnonzero(chances[:, kernels.BY] >= 0.5 * p_soon)
        after_s = float(_AFTER_S[half[0]])
        phrase = phrase_of_entry(
            node, volume, thing.heading, after_s, is_inside=p_now >= INSIDE
        )
        enters_s = now_s + after_s if p_soon >= INSIDE else math.inf
        found.append(
            Incursion(thing.track, *place, thing.nature, p_now, p_soon, enters_s, phrase)
        )
    return found


def _conflicts(
    node: Node,
    index: int,
    number: int,
    things: list[_Thing],
    traffic: list[_Thing],
    now_s: float,
) -> list[Conflict]:
    """Return each thing that comes too near to traffic while that is in the volume."""
    volume = node.sites[index].volumes[number]
    ring, bounds = _shape(volume)
    there = [_inside(other, TRAFFIC_SPREAD, ring, bounds)[:, kernels.NOW] for other in traffic]
    found: list[Conflict] = []
    for other, present in zip(traffic, there):
        if present.max() < INSIDE:
            continue
        for thing in things:
            near = np.zeros((len(_AFTER_S), kernels.NEARNESS))
            kernels.near_into(
                thing.state, thing.covariance, DRONE_SPREAD,
                other.state, other.covariance, TRAFFIC_SPREAD,
                _AFTER_S, volume.separation_m, volume.separation_up_m, _POINTS, near,
            )  # fmt: skip
            chances = near[:, kernels.BOTH] * present
            at = int(np.argmax(chances))
            p = float(chances[at])
            if p >= MIN_CHANCE:
                nearness = tuple(near[at].tolist())
                found.append(
                    _conflict(node, (index, number), thing, other, nearness, at, now_s, p)
                )
    return found


def _conflict(
    node: Node,
    place: tuple[int, int],
    thing: _Thing,
    other: _Thing,
    nearness: tuple[float, ...],
    at: int,
    now_s: float,
    p: float,
) -> Conflict:
    site = node.sites[place[0]]
    volume = site.volumes[place[1]]
    plan_m, sigma_m, up_m, sigma_up_m, _ = nearness
    after_s = float(_AFTER_S[at])
    heading = f"{thing.heading}, track {track_label(thing.track)}"
    return Conflict(
        track=thing.track,
        traffic=other.track,
        site=place[0],
        volume=place[1],
        nature=max(thing.nature, other.nature),  # what one half of is played is not real
        site_id=site.id,
        volume_id=volume.id,
        at_s=now_s + after_s,
        separation_m=plan_m,
        sigma_m=sigma_m,
        separation_up_m=up_m,
        sigma_up_m=sigma_up_m,
        p=p,
        phrase=phrase_of_conflict(
            node, volume, heading, other.track, after_s, (plan_m, sigma_m, up_m, sigma_up_m)
        ),
    )
