"""Which tracks of other trackers are of the same thing as ours, and as each other's.

A row is compared whenever its tracker reports it. It is joined to the nearest own track inside
the gate once AGREED reports over JOIN_S have found the same one, and leaves it after LEFT
reports over LEAVE_S outside. One tracker has one track of one thing: of two rows of the same
sensor only the nearer is joined. Rows that find no own track are compared with the rows of
other sensors in the same way, and joined to the one that was there first. Only like natures are
joined: what another plays takes nothing from the reality of what we measure.
"""

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, TrackStatus, TrackTable, nature_at
from tocsin.track.fusion import near_pairs
from tocsin.track.system._local import Local, local_rows
from tocsin.track.system._state import COAST_S, SystemState, Tie

__all__ = ["correlate_into"]

GATE = 0.999
REACH_M = 5_000.0  # sigmas beyond a kilometre make no useful tie
AGREED, JOIN_S = 2, 1.0
LEFT, LEAVE_S = 2, 3.0

Rows = NDArray[np.intp]


def correlate_into(state: SystemState, tracks: TrackTable, node: Node, now_s: float) -> None:
    """Join rows to tracks, and take joined ones apart. tracks: own ones, at now_s."""
    count = len(state.rows)
    if not count:
        return
    _release_into(state, tracks)
    table = state.table
    times = table.time_s[:count]
    fresh = np.array([t > state.ties[i].judged_s for i, t in _pairs(state)], dtype=np.bool_)
    usable = np.isfinite(table.lat_deg[:count]) & (now_s - times <= COAST_S)
    told = zip(table.sensor[:count].tolist(), table.flags[:count].tolist())
    natures = [nature_at(node, sensor, flags) for sensor, flags in told]
    for index, site in enumerate(node.sites):
        rows = np.flatnonzero(usable)
        here = local_rows(table, rows, site, now_s)
        plan2 = here.state[:, 0] ** 2 + here.state[:, 1] ** 2
        inside = plan2 <= site.radius_m**2
        rows, here = rows[inside], _taken(here, inside)
        now = fresh[rows]
        mine = np.flatnonzero((tracks.site == index) & (tracks.status != TrackStatus.TENTATIVE))
        found = _own_pairs(rows[now], _taken(here, now), tracks, mine, natures)
        partners = set(tracks.track_id[mine].tolist())
        _match_into(state, rows[now], found, partners, now_s)
        alone = table.link[rows] == 0
        found = _other_pairs(state, rows, here, fresh, alone, natures)
        ids = set(table.track_id[rows[alone]].tolist())
        _match_into(state, rows[now & alone], found, ids, now_s)
    for track_id, time_s in _pairs(state):
        state.ties[track_id].judged_s = max(state.ties[track_id].judged_s, time_s)


def _pairs(state: SystemState) -> list[tuple[int, float]]:
    count = len(state.rows)
    return list(zip(state.table.track_id[:count].tolist(), state.table.time_s[:count].tolist()))


def _taken(local: Local, keep: NDArray[np.bool_]) -> Local:
    return Local(local.state[keep], local.covariance[keep], local.axes[keep])


def _release_into(state: SystemState, tracks: TrackTable) -> None:
    """End links to tracks that are no longer there; a link to a row that has itself been
    joined goes on to its partner.
    """
    count = len(state.rows)
    table = state.table
    linked = np.flatnonzero(table.link[:count])
    if not linked.size:
        return
    own = dict.fromkeys(tracks.track_id.tolist())
    link_of = dict(zip(table.track_id[:count].tolist(), table.link[:count].tolist()))
    for row in linked.tolist():
        partner = int(table.link[row])
        onward = link_of.get(partner, 0)
        if partner in own or (partner in link_of and not onward):
            continue
        if onward in own:
            table.link[row] = onward
        else:
            _unlink_into(state, row)


def _unlink_into(state: SystemState, row: int) -> None:
    state.table.link[row] = 0
    state.table.linked_since_s[row] = np.nan
    tie = state.ties[int(state.table.track_id[row])]
    tie.candidate, tie.agreed, tie.outside = 0, 0, 0


def _own_pairs(
    rows: Rows, here: Local, tracks: TrackTable, mine: Rows, natures: list[int]
) -> list[tuple[int, int]]:
    """Return (row, own track id of its nature) inside the gate, the nearest first."""
    pairs, _ = near_pairs(
        here.state, here.covariance, tracks.state[mine], tracks.covariance[mine], here.axes,
        gate=GATE, reach_m=REACH_M,
    )  # fmt: skip
    ids, theirs = tracks.track_id[mine].tolist(), tracks.nature[mine].tolist()
    return [(int(rows[a]), ids[b]) for a, b in pairs.tolist() if natures[rows[a]] == theirs[b]]


def _other_pairs(
    state: SystemState,
    rows: Rows,
    here: Local,
    fresh: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    natures: list[int],
) -> list[tuple[int, int]]:
    """Return (row, track id of an earlier row of another sensor and the same nature) of rows
    that stand alone.
    """
    table = state.table
    if len(np.unique(table.sensor[rows[alone]])) < 2:
        return []
    late, first = alone & fresh[rows], alone
    a, b = _taken(here, late), _taken(here, first)
    both = (
        a.axes
    )  # what the later one knows; where the earlier one does not, its spread is wide
    pairs, _ = near_pairs(
        a.state, a.covariance, b.state, b.covariance, both, gate=GATE, reach_m=REACH_M
    )
    lates, firsts = rows[late], rows[first]
    return [
        (int(lates[i]), int(table.track_id[firsts[j]]))
        for i, j in pairs.tolist()
        if table.track_id[firsts[j]] < table.track_id[lates[i]]
        and table.sensor[firsts[j]] != table.sensor[lates[i]]
        and natures[firsts[j]] == natures[lates[i]]
    ]


def _match_into(
    state: SystemState,
    rows: Rows,
    found: list[tuple[int, int]],
    partners: set[int],
    now_s: float,
) -> None:
    """Settle the rows that were compared, given pairs inside the gate, the nearest first;
    partners: the ids that they were compared with.
    """
    table = state.table
    count = len(state.rows)
    linked = np.flatnonzero(table.link[:count]).tolist()
    taken = {(int(table.sensor[r]), int(table.link[r])): r for r in linked}
    best: dict[int, int] = {}
    still: dict[int, bool] = {}
    for row, partner in found:
        if partner == int(table.link[row]):
            still[row] = True
            continue
        held = taken.get((int(table.sensor[row]), partner))
        if table.link[row] or row in best or held is not None:
            continue
        best[row] = partner
        taken[int(table.sensor[row]), partner] = row
    for row in rows.tolist():
        tie = state.ties[int(table.track_id[row])]
        link = int(table.link[row])
        if link and link in partners:
            _stay_into(state, row, tie, inside=still.get(row, False), now_s=now_s)
        elif not link and row in best:
            _court_into(state, row, tie, best[row], now_s)


def _stay_into(state: SystemState, row: int, tie: Tie, *, inside: bool, now_s: float) -> None:
    if inside:
        tie.outside = 0
        return
    if tie.outside == 0:
        tie.outside_s = now_s
    tie.outside += 1
    if tie.outside >= LEFT and now_s - tie.outside_s >= LEAVE_S:
        _unlink_into(state, row)


def _court_into(state: SystemState, row: int, tie: Tie, partner: int, now_s: float) -> None:
    if tie.candidate != partner:
        tie.candidate, tie.since_s, tie.agreed = partner, now_s, 0
    tie.agreed += 1
    if tie.agreed >= AGREED and now_s - tie.since_s >= JOIN_S:
        state.table.link[row] = partner
        state.table.linked_since_s[row] = now_s
        tie.outside = 0
