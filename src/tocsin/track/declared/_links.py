"""Ties between what things say of themselves and what sensors measured."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import DeclaredTable, Node, TrackKind, TrackStatus, TrackTable
from tocsin.track.declared import _kernels_frames
from tocsin.track.declared._frames import COAST_S, SIGMA_DEFAULT_M, Local, in_frames
from tocsin.track.declared._state import DeclaredState

__all__ = ["link_into"]

VERIFY_S = 10.0  # inside the gate before message and sensor are said to agree
LEAVE_S = 3.0  # outside the gate for so long ends a link
GATE = 13.8  # chi-square, 2 degrees of freedom, 99.9 %: a link must not flicker
CLUTTER_M2 = math.pi * 2000.0**2  # a thing without a tie may be anywhere in 2 km around


def link_into(
    state: DeclaredState,
    tracks: TrackTable,
    node: Node,
    now_s: float,
    places: list[Local] | None = None,
) -> None:
    """Tie declared things to tracks of the same site, and untie them.

    tracks: measured ones and those of other trackers, at now_s; a measured one is preferred,
    and only with a measured one is a tie ever verified: the other tracker may have listened to
    the same words. A tie is made to the nearest confirmed track inside the
    gate (plan distance against the covariance of both), kept while it stays inside, and ended
    after LEAVE_S outside or with its track. One measured track may hold several ids: two
    things that claim one place are for `identity` to doubt. places: what `places_of` gives for
    now, where it is known already.
    """
    count = len(state.rows)
    table = state.table
    shown = (tracks.status != TrackStatus.TENTATIVE) & (tracks.kind != TrackKind.DECLARED)
    measured = (shown & (tracks.kind == TrackKind.MEASURED)).nonzero()[0]
    others = (shown & (tracks.kind == TrackKind.SYSTEM)).nonzero()[0]
    if not count:
        return
    place_of = dict(zip(tracks.track_id[shown].tolist(), shown.nonzero()[0].tolist()))
    local = in_frames(table, count, node, now_s) if places is None else places
    times_s, links = table.time_s[:count].tolist(), table.link[:count].tolist()
    for row, (time_s, link) in enumerate(zip(times_s, links)):
        partner = place_of.get(link)
        best, distance2 = partner, math.inf
        if place_of and -1.0 <= now_s - time_s <= COAST_S:
            if partner is not None:
                distance2 = _gate_distance2(tracks, partner, local, row)
            if partner is None or tracks.kind[partner] == TrackKind.SYSTEM:
                found, found2 = _nearest(tracks, measured, local, row)
                if found is None and partner is None:
                    found, found2 = _nearest(tracks, others, local, row)
                if found is not None:
                    best, distance2 = found, found2
        _tie_into(state, row, tracks, best=best, distance2=distance2, now_s=now_s)


def _tie_into(
    state: DeclaredState,
    row: int,
    tracks: TrackTable,
    *,
    best: int | None,
    distance2: float,
    now_s: float,
) -> None:
    """Make, keep, verify or end the tie of one row; distance2 inf: not comparable now."""
    table, name = state.table, bytes(state.table.declared_id[row])
    if best is None:
        _untie_into(state, name, row, now_s)
        return
    inside = distance2 <= GATE
    if inside and table.link[row] and table.link[row] != tracks.track_id[best]:
        # Its track has ended and another stands at once where it says it is: the same thing,
        # tracked anew. The tie goes on; what was verified stays so.
        table.link[row] = tracks.track_id[best]
        if name in state.unmeasured:  # the other tracker's word was no verification
            table.link_llr[row], table.linked_since_s[row] = 0.0, now_s
    if not table.link[row]:
        if inside:
            table.link[row] = tracks.track_id[best]
            table.link_llr[row] = 0.0
            table.linked_since_s[row] = now_s
        return
    is_measured = tracks.kind[best] == TrackKind.MEASURED
    if is_measured:
        state.unmeasured.pop(name, None)
    else:
        state.unmeasured[name] = True
    if inside:
        state.outside_s.pop(name, None)
        sigma_m = float(table.sigma_position_m[row])
        spread = _plan_spread_m2(tracks, best, sigma_m if sigma_m > 0.0 else SIGMA_DEFAULT_M)
        llr = math.log(CLUTTER_M2 / (math.tau * spread)) - 0.5 * distance2
        # Neighbouring grid times see nearly the same errors: a fifth of the evidence each.
        table.link_llr[row] = min(float(table.link_llr[row]) + 0.04 * llr, 100.0)
        lasted_s = now_s - float(table.linked_since_s[row])
        table.verified[row] = is_measured and lasted_s >= VERIFY_S
        if table.verified[row]:
            _believe_into(state, name, row, now_s)
        return
    since_s = state.outside_s.setdefault(name, now_s)
    table.link_llr[row] -= 0.2
    if now_s - since_s > LEAVE_S:
        _untie_into(state, name, row, now_s)


def _believe_into(state: DeclaredState, name: bytes, row: int, now_s: float) -> None:
    """Drop the suspicion of a spoof where a sensor has agreed since it arose, and no other."""
    spoofs = state.suspect_s.get(DeclaredTable.SPOOF, {})
    if name in spoofs and now_s - spoofs[name] >= VERIFY_S:
        del spoofs[name]
        state.table.flags[row] &= np.uint16(0xFFFF ^ DeclaredTable.SPOOF)


def _untie_into(state: DeclaredState, name: bytes, row: int, now_s: float) -> None:
    if state.table.link[row]:
        state.untied_s[name] = now_s
    state.outside_s.pop(name, None)
    state.unmeasured.pop(name, None)
    state.table.link[row] = 0
    state.table.link_llr[row] = np.nan
    state.table.linked_since_s[row] = np.nan
    state.table.verified[row] = False


def _plan_spread_m2(tracks: TrackTable, k: int, sigma_m: float) -> float:
    """Square root of the determinant of the plan covariance of the difference."""
    p = tracks.covariance[k]
    own = sigma_m * sigma_m
    return math.sqrt(max((p[0, 0] + own) * (p[1, 1] + own) - p[0, 1] * p[0, 1], 1.0))


def _nearest(
    tracks: TrackTable,
    measured: NDArray[np.intp],
    local: list[Local],
    row: int,
) -> tuple[int | None, float]:
    """The measured track with the least gate distance inside the gate, or None."""
    best, best2 = None, GATE
    for site_index, (here, sigma_m) in enumerate(local if measured.size else []):
        found, found2 = _kernels_frames.nearest(
            row, here, sigma_m, site_index, measured, tracks.site, tracks.state,
            tracks.covariance, best2,
        )  # fmt: skip
        if found >= 0:
            best, best2 = found, found2
    return best, best2


def _gate_distance2(
    tracks: TrackTable,
    k: int,
    local: list[Local],
    row: int,
) -> float:
    """Squared Mahalanobis distance in plan between track k and declared row `row`."""
    here, sigma_m = local[int(tracks.site[k])]
    return _kernels_frames.gate_distance2(
        here[row], sigma_m[row], tracks.state[k], tracks.covariance[k]
    )
