"""What is surely harmful and flies near a zone, on its way to none, is asked about too.

The ladder goes by where a track comes to. A multirotor that circles or watches from a mile away
comes nowhere, and its zones stay on MONITOR, which nobody is called for.
"""

import math
from collections.abc import Container, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _rules
from tocsin.alert._cause import Cause
from tocsin.alert._state import AlertState
from tocsin.alert._threats import Marks
from tocsin.model import IdentityTable, Ladder, Node, TrackStatus, TrackTable

__all__ = ["nearby_into"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


def nearby_into(
    state: AlertState,
    node: Node,
    tracks: TrackTable,
    identities: IdentityTable,
    marks: Marks,
    passed: Container[int],
    now_s: float,
) -> list[Cause]:
    """Return a cause, at MONITOR and for the nearest zone of its site, for each track that has
    been surely harmful and near for NEARBY_S; it arrives nowhere.

    tracks and identities are of one look, row by row; passed: tracks that ask nothing
    (friendly, told by people, said something of). Near is what a hovering multirotor flies in
    the site's `caution_s`, in plan. `state.nearby_s` notes since when.
    """
    known, state.nearby_s = state.nearby_s, {}
    if len(identities.harm) != len(tracks):
        return []
    least = _rules.CAUTION_SURE * _rules.HOLD_PROBABILITY
    sure = (identities.harm >= least) & (tracks.status != TrackStatus.TENTATIVE)
    rows = (sure & (tracks.site >= 0)).nonzero()[0]
    if not rows.size:
        return []
    zones, off_m = _nearest(node, tracks, rows)
    may_begin = marks.seen & marks.settled
    out: list[Cause] = []
    for row, zone, from_m in zip(rows.tolist(), zones.tolist(), off_m.tolist()):
        track, site = int(tracks.track_id[row]), int(tracks.site[row])
        held = track in known
        begins = identities.harm[row] >= _rules.CAUTION_SURE and track in may_begin
        if track in passed or not (held or begins):
            continue
        reach_m = _rules.NEARBY_MPS * node.sites[site].rules.caution_s
        if from_m > reach_m * (_rules.HOLD_TIME if held else 1.0):
            continue
        since_s = state.nearby_s[track] = known.get(track, now_s)
        if now_s - since_s >= _rules.NEARBY_S - 1e-6:
            zone_id, nature = node.sites[site].zones[zone].id, int(tracks.nature[row])
            cause = Cause(track, site, Ladder.MONITOR, math.inf, nature, [zone_id], nearby=True)
            out.append(cause)
    return out


def _nearest(node: Node, tracks: TrackTable, rows: Rows) -> tuple[Rows, Floats]:
    """Return, of each of the rows, the zone of its site that is nearest in plan, and how far
    that is: inf where it is far from all of them, or the site has none.
    """
    zones, off_m = np.zeros(len(rows), dtype=np.intp), np.full(len(rows), np.inf)
    sites, places = tracks.site[rows], tracks.state[rows, :2]
    for site, rings in enumerate(_rings_of(node)):
        if rings is None:
            continue
        far_m = _rules.NEARBY_MPS * node.sites[site].rules.caution_s * _rules.HOLD_TIME
        near = ((places >= rings.low_m - far_m) & (places <= rings.high_m + far_m)).all(axis=1)
        mine = (near & (sites == site)).nonzero()[0]
        if mine.size:
            from_m = off_rings_m(places[mine], rings)
            zones[mine], off_m[mine] = from_m.argmin(axis=1), from_m.min(axis=1)
    return zones, off_m


class Rings(NamedTuple):
    """Rings, edge by edge: where each begins among the edges, both ends (n, 2), and the box
    around all of them.
    """

    first: Rows
    starts: Floats
    ends: Floats
    low_m: Floats
    high_m: Floats


def rings_of(outlines_m: Sequence[tuple[tuple[float, float], ...]]) -> Rings:
    """Return the edges of closed rings without a repeated last corner."""
    first = np.cumsum([0, *(len(ring) for ring in outlines_m[:-1])])
    ends = np.array([corner for ring in outlines_m for corner in ring])
    starts = np.array([corner for ring in outlines_m for corner in (ring[-1], *ring[:-1])])
    return Rings(first, starts, ends, ends.min(axis=0), ends.max(axis=0))


_last: list[tuple[Node, list[Rings | None]]] = []  # a node stays the same for many looks


def _rings_of(node: Node) -> list[Rings | None]:
    """Return the rings of each site's zones, None where it has none."""
    if not _last or _last[0][0] is not node:
        outlines = [[zone.outline_m for zone in site.zones] for site in node.sites]
        _last[:] = [(node, [rings_of(each) if each else None for each in outlines])]
    return _last[0][1]


def off_rings_m(places: Floats, rings: Rings) -> Floats:
    """Return how far each place (n, 2) is from each ring and what it encloses (n, rings)."""
    ae, an = (rings.starts[:, k] - places[:, k, None] for k in (0, 1))
    de, dn = (rings.ends - rings.starts).T
    t = (ae * de + an * dn) / -np.maximum(de * de + dn * dn, 1e-12)
    np.clip(t, 0.0, 1.0, out=t)
    off2 = (ae + t * de) ** 2 + (an + t * dn) ** 2
    be, bn = ae + de, an + dn
    crosses = (an > 0.0) != (bn > 0.0)
    crosses &= be - bn * (de / np.where(dn == 0.0, 1.0, dn)) > 0.0
    inside = np.logical_xor.reduceat(crosses, rings.first, axis=1)
    near2 = np.minimum.reduceat(off2, rings.first, axis=1)
    out: Floats = np.where(inside, 0.0, np.sqrt(near2))
    return out
