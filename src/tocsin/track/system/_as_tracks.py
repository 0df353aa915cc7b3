"""What is shown: own tracks fused with what other trackers know, and the rest as it stands."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import Frame, frame_at, from_frame, velocity_from_frame
from tocsin.model import (
    DetectionBatch,
    Node,
    SystemTable,
    TrackKind,
    TrackStatus,
    TrackTable,
    nature_at,
)
from tocsin.track._kernels_sites import claim_into
from tocsin.track.fusion import covariance_intersection
from tocsin.track.system._local import local_rows
from tocsin.track.system._state import COAST_S, SystemState
from tocsin.units import DEG

__all__ = ["fused", "system_as_tracks"]

Rows = NDArray[np.intp]


def fused(state: SystemState, tracks: TrackTable, node: Node, now_s: float) -> TrackTable:
    """Return the tracks with the states of those that other trackers' tracks are joined to
    replaced by the covariance intersection of both. `tracks` is left as it was.
    """
    count = len(state.rows)
    if not count or not len(tracks):
        return tracks
    table = state.table
    linked = np.flatnonzero(
        (table.link[:count] != 0) & (now_s - table.time_s[:count] <= COAST_S)
    )
    if not linked.size:
        return tracks
    place_of = {track: k for k, track in enumerate(tracks.track_id.tolist())}
    joined = [(place_of[int(table.link[r])], r) for r in linked.tolist()
              if int(table.link[r]) in place_of]  # fmt: skip
    if not joined:
        return tracks
    out = tracks.take(np.arange(len(tracks)))
    for turn in _turns(joined):
        for index, site in enumerate(node.sites):
            pairs = [(k, r) for k, r in turn if out.site[k] == index]
            if pairs:
                at = np.array([k for k, _ in pairs], dtype=np.intp)
                rows = np.array([r for _, r in pairs], dtype=np.intp)
                here = local_rows(table, rows, site, now_s)
                out.state[at], out.covariance[at], _ = covariance_intersection(
                    out.state[at], out.covariance[at], here.state, here.covariance, here.axes
                )
                _note_source_into(out, at, table, rows, node)
    changed = np.unique(np.array([k for k, _ in joined], dtype=np.intp))
    for index, site in enumerate(node.sites):
        rows = changed[out.site[changed] == index]
        if rows.size:
            _place_into(out, rows, frame_at(site.lat, site.lon, site.alt_m))
    return out


def _turns(joined: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Deal pairs into rounds in which each track stands once."""
    turns: list[list[tuple[int, int]]] = []
    seen: dict[int, int] = {}
    for track, row in joined:
        turn = seen.get(track, 0)
        seen[track] = turn + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((track, row))
    return turns


def _place_into(out: TrackTable, rows: Rows, frame: Frame) -> None:
    places = from_frame(out.state[rows, :3], frame)
    velocity = velocity_from_frame(out.state[rows, 3:], places, frame)
    out.lat_deg[rows], out.lon_deg[rows] = places[:, 0] / DEG, places[:, 1] / DEG
    out.alt_m[rows] = places[:, 2]
    out.vel_east_mps[rows], out.vel_north_mps[rows] = velocity[:, 0], velocity[:, 1]
    out.vel_up_mps[rows] = velocity[:, 2]


def _note_source_into(
    out: TrackTable, at: Rows, table: SystemTable, rows: Rows, node: Node
) -> None:
    """Add whose data it is: the bit of the sensor, the least real nature, the newest time."""
    for k, row in zip(at.tolist(), rows.tolist()):
        sensor = int(table.sensor[row])
        if 0 <= sensor < 63:
            out.sensors[k] |= np.uint64(1 << sensor)
        nature = nature_at(node, int(table.sensor[row]), int(table.flags[row]))
        out.nature[k] = max(int(out.nature[k]), nature)
        out.updated_s[k] = max(float(out.updated_s[k]), float(table.time_s[row]))
        out.first_seen_s[k] = min(float(out.first_seen_s[k]), float(table.first_seen_s[row]))


def system_as_tracks(state: SystemState, node: Node, now_s: float) -> TrackTable:
    """Return the tracks of other trackers near a site that stand alone, one row each, in the
    frame of the site that they are of: the nearest that they do not leave, whose radius holds
    them.

    Those that their own tracker does not stand by yet are tentative. Beyond every site's
    radius only the geodetic rows of `system_table` tell of them.
    """
    count = len(state.rows)
    if not count or not node.sites:
        return TrackTable.blank(0)
    table = state.table
    wanted = np.isfinite(table.lat_deg[:count]) & (table.link[:count] == 0)
    wanted &= now_s - table.time_s[:count] <= COAST_S
    rows = np.flatnonzero(wanted)
    if not rows.size:
        return TrackTable.blank(0)
    local = [local_rows(table, rows, site, now_s) for site in node.sites]
    away_m, whose = np.full(rows.size, np.inf), np.full(rows.size, -1)
    for index, (site, here) in enumerate(zip(node.sites, local)):
        plan2 = here.state[:, 0] ** 2 + here.state[:, 1] ** 2
        place_m = np.where((plan2 <= site.radius_m**2)[:, None], here.state[:, :2], np.nan)
        claim_into(place_m, here.state[:, 3], here.state[:, 4], index, away_m, whose)
    parts = []
    for index, site in enumerate(node.sites):
        own = np.flatnonzero(whose == index)
        if not own.size:
            continue
        part = _rows_as_tracks(table, rows[own], index, node, now_s)
        part.state[:], part.covariance[:] = (
            local[index].state[own],
            local[index].covariance[own],
        )
        _place_into(part, np.arange(own.size), frame_at(site.lat, site.lon, site.alt_m))
        parts.append(part)
    return fused(state, TrackTable.join(parts), node, now_s)


def _rows_as_tracks(
    table: SystemTable, rows: Rows, site_index: int, node: Node, now_s: float
) -> TrackTable:
    out = TrackTable.blank(rows.size)
    out.track_id[:], out.kind[:] = table.track_id[rows], TrackKind.SYSTEM
    out.site[:] = site_index
    tentative = (table.flags[rows] & np.uint16(DetectionBatch.TRACK_TENTATIVE)) != 0
    out.status[:] = np.where(tentative, TrackStatus.TENTATIVE, TrackStatus.CONFIRMED)
    out.time_s[:] = now_s
    out.existence[:] = 1.0
    out.born_s[:] = out.first_seen_s[:] = table.first_seen_s[rows]
    out.updated_s[:] = table.time_s[rows]
    out.hits[:] = table.reports[rows]
    out.class_log[:] = table.class_log[rows]
    _note_source_into(out, np.arange(rows.size), table, rows, node)
    return out
