"""Things that declare themselves and that no sensor has measured, as tracks of their own."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import frame_at, geodetic_rows, velocity_to_frame
from tocsin.model import (
    AltRef,
    DetectionBatch,
    Nature,
    Node,
    TrackKind,
    TrackStatus,
    TrackTable,
)
from tocsin.track.declared._frames import COAST_S, Local, in_frames
from tocsin.track.declared._state import DeclaredState

__all__ = ["declared_as_tracks"]

SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md: pressure altitude as a height
SIGMA_UNKNOWN_HEIGHT_M = 5000.0
SIGMA_VELOCITY_MPS = 5.0


def places_of(state: DeclaredState, node: Node, now_s: float) -> list[Local]:
    """Return where everybody who is heard is now, in the frame of each site."""
    return in_frames(state.table, len(state.rows), node, now_s)


def declared_as_tracks(
    state: DeclaredState, node: Node, now_s: float, places: list[Local] | None = None
) -> TrackTable:
    """Return things that declare themselves near a site and that no sensor has measured.

    One confirmed row each, in the frame of the nearest site whose radius holds it, so that
    identity and threat judge it like any track. Things on the ground have no row. places: what
    `places_of` gives for now, where it is known already.
    """
    count = len(state.rows)
    table = state.table
    age_s = now_s - table.time_s[:count]
    wanted = np.isfinite(table.lat_deg[:count]) & (table.link[:count] == 0) & (age_s <= COAST_S)
    wanted &= (table.flags[:count] & np.uint16(DetectionBatch.ON_GROUND)) == 0
    for name, ended_s in state.untied_s.items():
        # Its measured track has ended (it has landed, say): a place from before is no news.
        row = state.rows.get(name)
        if row is not None and table.time_s[row] <= ended_s:
            wanted[row] = False
    if not wanted.any():
        return TrackTable.blank(0)
    parts = []
    taken = np.zeros(count, dtype=np.bool_)
    distance2 = np.full((len(node.sites), count), np.inf)
    local = in_frames(table, count, node, now_s) if places is None else places
    for index, (here, _) in enumerate(local):
        plan2 = here[:, 0] * here[:, 0] + here[:, 1] * here[:, 1]
        distance2[index] = np.where(np.isfinite(plan2), plan2, np.inf)
    for index in range(len(node.sites)):
        nearest = np.isfinite(distance2[index]) & (distance2[index] <= distance2.min(axis=0))
        rows = np.flatnonzero(wanted & nearest & ~taken)
        taken[rows] = True
        if rows.size:
            parts.append(
                _rows_as_tracks(state, node, index, rows, local=local[index], now_s=now_s)
            )
    return TrackTable.join(parts)


def _rows_as_tracks(
    state: DeclaredState,
    node: Node,
    site_index: int,
    rows: NDArray[np.intp],
    *,
    local: Local,
    now_s: float,
) -> TrackTable:
    table, site = state.table, node.sites[site_index]
    frame = frame_at(site.lat, site.lon, site.alt_m)
    out = TrackTable.blank(rows.size)
    names = table.declared_id[rows].tolist()
    # Site field 0xFF: never that of a tracker, whose site indices stay below.
    base = node.number << 48 | 0xFF << 40
    out.track_id[:] = [base | state.numbers[n] for n in names]
    out.declared[:], out.kind[:] = table.declared_id[rows], TrackKind.DECLARED
    out.site[:] = site_index
    out.status[:] = TrackStatus.CONFIRMED
    out.time_s[:] = now_s
    out.existence[:] = 1.0
    out.born_s[:] = out.first_seen_s[:] = table.first_seen_s[rows]
    out.updated_s[:] = table.time_s[rows]
    out.hits[:] = table.reports[rows]
    for k, sensor in enumerate(table.sensor[rows].tolist()):
        if 0 <= sensor < len(node.sensors):
            out.nature[k] = Nature.ALL.index(node.sensors[sensor].nature)
            out.sensors[k] = 1 << sensor
    velocity = np.column_stack(
        [table.vel_east_mps[rows], table.vel_north_mps[rows], table.vel_up_mps[rows]]
    )
    speed_known = np.isfinite(velocity).all(axis=1)
    velocity[~np.isfinite(velocity)] = 0.0
    place = geodetic_rows(table.lat_deg[rows], table.lon_deg[rows], 0.0)
    out.state[:, :3] = local[0][rows]
    out.state[:, 3:] = velocity_to_frame(velocity, place, frame)
    height_known = np.isfinite(table.alt_m[rows])
    is_pressure = table.alt_ref[rows] == AltRef.PRESSURE
    sigma_up_m = np.where(is_pressure, SIGMA_PRESSURE_M, 30.0)
    sigma_up_m = np.where(height_known, sigma_up_m, SIGMA_UNKNOWN_HEIGHT_M)
    sigma_v = np.where(speed_known, SIGMA_VELOCITY_MPS, 50.0)
    plan_m = local[1][rows]
    for axis, sigma in enumerate((plan_m, plan_m, sigma_up_m, sigma_v, sigma_v, sigma_v)):
        out.covariance[:, axis, axis] = sigma * sigma
    out.lat_deg[:], out.lon_deg[:] = table.lat_deg[rows], table.lon_deg[rows]
    out.alt_m[:] = np.where(height_known, table.alt_m[rows], site.alt_m)
    out.vel_east_mps[:], out.vel_north_mps[:], out.vel_up_mps[:] = velocity.T
    return out
