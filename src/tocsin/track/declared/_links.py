"""Ties between what things say of themselves and what sensors measured."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import (
    AltRef,
    DeclaredTable,
    DetectionBatch,
    Node,
    TrackKind,
    TrackStatus,
    TrackTable,
    nature_at,
)
from tocsin.track.declared import _kernels_frames
from tocsin.track.declared._frames import COAST_S, SIGMA_DEFAULT_M, Local, in_frames
from tocsin.track.declared._state import DeclaredState

__all__ = ["link_into"]

VERIFY_S = 10.0  # of agreement before message and sensor are said to agree
LEAVE_S = 3.0  # outside the gate for so long ends a link; without agreement, what was verified
# Only what could tell the thing from another beside it verifies it: a place told no worse
# (NACp 7, horizontal accuracy 7 of Remote ID, the default) and not long ago. What is verified
# stays so until nothing is known better of the place than this.
TELLS_M, FRESH_S, KEEPS_M = 100.0, 5.0, 250.0
# Heights agree within three sigmas of both and what geoid and ground may be off.
SIGMAS, NEAR_UP_M = 3.0, 60.0
SIGMA_UP_M = {AltRef.ELLIPSOID: 30.0, AltRef.PRESSURE: 150.0}
GATE = 13.8  # chi-square, 2 degrees of freedom, 99.9 %: a link must not flicker
_NONE = np.zeros(0, dtype=np.intp)
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
    the same words. A tie is made to the nearest confirmed track of its own nature inside the
    gate (plan distance against the covariance of both), kept while it stays inside, and ended
    after LEAVE_S outside or with its track. It is verified once message and sensor have agreed
    for VERIFY_S, in height too. One measured track may hold several ids: two
    things that claim one place are for `identity` to doubt. places: what `places_of` gives for
    now, where it is known already.
    """
    count = len(state.rows)
    table = state.table
    shown = (tracks.status != TrackStatus.TENTATIVE) & (tracks.kind != TrackKind.DECLARED)
    if not count:
        return
    heard_by, flags = table.sensor[:count].tolist(), table.flags[:count].tolist()
    natures = [nature_at(node, sensor, marks) for sensor, marks in zip(heard_by, flags)]
    measured = _by_nature(tracks, shown & (tracks.kind == TrackKind.MEASURED))
    others = _by_nature(tracks, shown & (tracks.kind == TrackKind.SYSTEM))
    place_of = dict(zip(tracks.track_id[shown].tolist(), shown.nonzero()[0].tolist()))
    local = in_frames(table, count, node, now_s) if places is None else places
    times_s, links = table.time_s[:count].tolist(), table.link[:count].tolist()
    for row, (time_s, link, nature) in enumerate(zip(times_s, links, natures)):
        partner = place_of.get(link)
        best, distance2 = partner, math.inf
        if place_of and -1.0 <= now_s - time_s <= COAST_S:
            if partner is not None and tracks.nature[partner] == nature:
                distance2 = _gate_distance2(tracks, partner, local, row)
            if partner is None or tracks.kind[partner] == TrackKind.SYSTEM:
                found, found2 = _nearest(tracks, measured.get(nature, _NONE), local, row)
                if found is None and partner is None:
                    found, found2 = _nearest(tracks, others.get(nature, _NONE), local, row)
                if found is not None:
                    best, distance2 = found, found2
        _tie_into(state, row, tracks, local, best=best, distance2=distance2, now_s=now_s)


def _by_nature(tracks: TrackTable, wanted: NDArray[np.bool_]) -> dict[int, NDArray[np.intp]]:
    """Return the places of the rows that are wanted, by the nature of the track."""
    there = np.unique(tracks.nature[wanted]).tolist()
    return {nature: (wanted & (tracks.nature == nature)).nonzero()[0] for nature in there}


def _tie_into(
    state: DeclaredState,
    row: int,
    tracks: TrackTable,
    local: list[Local],
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
    is_measured = tracks.kind[best] == TrackKind.MEASURED
    tells = inside and is_measured and _tells(state, row, tracks, local, best, now_s)
    if inside and table.link[row] != tracks.track_id[best]:
        # Its track has ended and another stands at once where it says it is: the same thing,
        # tracked anew, if its place is known well enough to say so. Then what was verified
        # stays so.
        is_new = not table.link[row]
        table.link[row] = tracks.track_id[best]
        if is_new or not tells or name in state.unmeasured:
            table.link_llr[row], table.linked_since_s[row] = 0.0, now_s
            table.verified[row] = False
            state.agreed.pop(name, None)
        if is_new:
            return
    if not table.link[row]:
        return
    if is_measured:
        state.unmeasured.pop(name, None)
    else:
        state.unmeasured[name] = True
    keeps = bool(table.verified[row]) and inside
    keeps = keeps and _keeps(state, row, tracks, local, best)
    _verify_into(state, name, row, agrees=tells or keeps, now_s=now_s)
    if inside:
        state.outside_s.pop(name, None)
        sigma_m = float(table.sigma_position_m[row])
        spread = _plan_spread_m2(tracks, best, sigma_m if sigma_m > 0.0 else SIGMA_DEFAULT_M)
        llr = math.log(CLUTTER_M2 / (math.tau * spread)) - 0.5 * distance2
        # Neighbouring grid times see nearly the same errors: a fifth of the evidence each.
        table.link_llr[row] = min(float(table.link_llr[row]) + 0.04 * llr, 100.0)
        return
    since_s = state.outside_s.setdefault(name, now_s)
    table.link_llr[row] -= 0.2
    if now_s - since_s > LEAVE_S:
        _untie_into(state, name, row, now_s)


def _verify_into(
    state: DeclaredState, name: bytes, row: int, *, agrees: bool, now_s: float
) -> None:
    """Count for how long message and sensor have agreed, without a gap of over LEAVE_S."""
    since_s, last_s = state.agreed.get(name, (now_s, -math.inf))
    if agrees:
        if now_s - last_s > LEAVE_S:
            since_s = now_s
        state.agreed[name] = since_s, now_s
    elif now_s - last_s > LEAVE_S:
        state.agreed.pop(name, None)
    state.table.verified[row] = name in state.agreed and now_s - since_s >= VERIFY_S
    if state.table.verified[row]:
        _believe_into(state, name, row, now_s)


def _tells(
    state: DeclaredState,
    row: int,
    tracks: TrackTable,
    local: list[Local],
    k: int,
    now_s: float,
) -> bool:
    """Tell whether what a thing says of its place confirms that track k is it, once they
    agree in plan: told well, not long ago, of a thing that flies, as high as the track.
    """
    table = state.table
    told_m = float(table.sigma_position_m[row])
    is_fine = (told_m if math.isfinite(told_m) else SIGMA_DEFAULT_M) <= TELLS_M
    is_fresh = now_s - float(table.time_s[row]) <= FRESH_S
    flies = not int(table.flags[row]) & DetectionBatch.ON_GROUND
    return is_fine and is_fresh and flies and _as_high(table, row, tracks, local, k)


def _keeps(
    state: DeclaredState, row: int, tracks: TrackTable, local: list[Local], k: int
) -> bool:
    """Tell whether nothing speaks against what was verified, as long as they agree in plan."""
    if not float(local[int(tracks.site[k])][1][row]) <= KEEPS_M:
        return False
    if int(state.table.flags[row]) & DetectionBatch.ON_GROUND:
        return _is_within(tracks, k, off_m=float(tracks.state[k, 2]), sigma_m=0.0)
    return _as_high(state.table, row, tracks, local, k)


def _as_high(
    table: DeclaredTable, row: int, tracks: TrackTable, local: list[Local], k: int
) -> bool:
    """Tell whether a track may be as high as a thing says; so it may where none is told."""
    sigma_m = SIGMA_UP_M.get(int(table.alt_ref[row]))
    if sigma_m is None or not math.isfinite(float(table.alt_m[row])):
        return True
    off_m = float(tracks.state[k, 2] - local[int(tracks.site[k])][0][row, 2])
    return _is_within(tracks, k, off_m=off_m, sigma_m=sigma_m)


def _is_within(tracks: TrackTable, k: int, *, off_m: float, sigma_m: float) -> bool:
    var = float(tracks.covariance[k, 2, 2]) + sigma_m * sigma_m
    return abs(off_m) <= SIGMAS * math.sqrt(max(var, 0.0)) + NEAR_UP_M


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
    state.agreed.pop(name, None)
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
