"""Which track comes to which zone, how surely, and when."""

import numpy as np
from numpy.typing import NDArray

from tocsin.model import CLASSES, IdentityTable, Node, ThreatTable, TrackTable
from tocsin.threat import _kernels, _kernels_columns, _kernels_course, _kernels_purpose
from tocsin.threat._heirs import inherit_into
from tocsin.threat._reasons import reasons_into
from tocsin.threat._state import ThreatState, keep_into, recall, zones_of

__all__ = ["HORIZON_S", "assess_into"]

Floats = NDArray[np.float64]

HORIZON_S = 1800.0  # nobody acts on an arrival that is further away than this
MIN_ZONE = 0.01  # probability of coming to a zone below which a track threatens it not
MIN_HARM = 0.01  # harm, as asked, below which it threatens nothing (an airliner, surely a bird)
_HARMLESS = np.array([CLASSES.index(name) for name in ("bird", "aircraft", "balloon")])
_AIMLESS = np.array([CLASSES.index(name) for name in ("bird", "balloon")])


def assess_into(
    state: ThreatState,
    tracks: TrackTable,
    identities: IdentityTable,
    node: Node,
    now_s: float,
    *,
    worded: bool = True,
) -> ThreatTable:
    """Return a row for each (track, zone of its site) that is worth a thought; without reasons
    where not `worded`.

    `tracks` (of all sites together, row by row beside `identities`) are in their site's frame;
    only confirmed and coasted ones are judged. Arrival times are given that the track comes to
    that zone; `p_zone` says how likely that is. Called once a grid step.
    """
    zones = zones_of(node)
    n = len(tracks)
    memory = recall(state, tracks, zones.width)
    if not n or not zones.width:
        keep_into(state, tracks, memory, now_s)
        return ThreatTable.blank(0)
    site = tracks.site.astype(np.int64)
    seen = np.zeros((n, zones.width, _kernels_columns.SEEN))
    _kernels.see_into(
        tracks.state,
        site,
        zones.first,
        zones.count,
        zones.start,
        zones.vertices,
        zones.centre,
        zones.ceiling,
        seen,
    )
    _kernels_course.learn_into(
        now_s, tracks.state, tracks.covariance, site, zones.count, seen, memory
    )
    inherit_into(state, tracks, memory, now_s)
    judged = np.zeros((n, zones.width, _kernels_columns.JUDGED))
    p_site = np.zeros(n)
    _kernels.judge_into(
        now_s, tracks.state, tracks.covariance, site, zones.count, seen, memory, judged, p_site
    )
    harm, asked, roams = np.empty(n), np.zeros((n, zones.width)), np.empty(n)
    _kernels_purpose.purpose_into(
        memory,
        tracks.state,
        identities.probability,
        harm_of(identities),
        identities.cooperative,
        bird_ln_of(identities),
        _AIMLESS,
        _HARMLESS,
        seen,
        harm,
        asked,
        roams,
    )
    keep_into(state, tracks, memory, now_s)
    worth = np.empty((n, zones.width), dtype=np.bool_)
    _kernels.worth_into(
        now_s, judged, asked, tracks.status, site, zones.count, MIN_ZONE, MIN_HARM, HORIZON_S,
        worth,
    )  # fmt: skip
    table = _table(tracks, worth, judged, p_site, harm, asked, roams)
    if not worded:
        return table
    table.reasons = reasons_into(state, tracks, node, now_s, table, seen, memory, judged)
    return table


def bird_ln_of(identities: IdentityTable) -> Floats:
    """Return by how much motion alone speaks too surely for a bird; 0 where not judged."""
    if len(identities.bird_ln) == len(identities):
        return identities.bird_ln
    return np.zeros(len(identities))


def harm_of(identities: IdentityTable) -> Floats:
    """Return the probability of harm of each row; without one, of nothing known harmless."""
    if len(identities.harm) == len(identities):
        return identities.harm
    known = identities.probability[:, _HARMLESS].sum(axis=1)
    return np.where(identities.cooperative, 0.0, 1.0 - known)


def _table(
    tracks: TrackTable,
    worth: NDArray[np.bool_],
    judged: Floats,
    p_site: Floats,
    harm: Floats,
    asked: Floats,
    roams: Floats,
) -> ThreatTable:
    """Return the rows that are worth a thought, without reasons yet."""
    row, zone = worth.nonzero()
    cells = np.ascontiguousarray(judged[row, zone].T)
    return ThreatTable(
        track_id=tracks.track_id[row],
        site=tracks.site[row],
        zone=zone.astype(np.int32),
        nature=tracks.nature[row],
        arrival_early_s=cells[_kernels_columns.EARLY],
        arrival_median_s=cells[_kernels_columns.MEDIAN],
        arrival_late_s=cells[_kernels_columns.LATE],
        p_zone=cells[_kernels_columns.P_ZONE],
        p_site=p_site[row],
        p_harm=harm[row],
        p_asked=asked[row, zone],
        p_roams=roams[row],
        cpa_m=cells[_kernels_columns.CPA],
        cpa_s=cells[_kernels_columns.CPA_TIME],
        reasons=((),) * len(row),
    )
