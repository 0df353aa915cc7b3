"""Things that declare themselves and that no sensor has measured, as tracks of their own."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import frame_at
from tocsin.model import (
    CLASSES,
    MODES,
    AltRef,
    DetectionBatch,
    Node,
    TrackKind,
    TrackStatus,
    TrackTable,
    nature_at,
)
from tocsin.track._kernels_sites import claim_into
from tocsin.track.declared import _kernels_frames
from tocsin.track.declared._frames import COAST_S, Local, in_frames
from tocsin.track.declared._state import DeclaredState

__all__ = ["declared_as_tracks"]

SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md: pressure altitude as a height
SIGMA_UNKNOWN_HEIGHT_M = 5000.0
# Of a height by pressure, another (from satellites), none; of a velocity told, of none.
_SIGMAS = np.array([SIGMA_PRESSURE_M, 30.0, SIGMA_UNKNOWN_HEIGHT_M, 5.0, 50.0])


def places_of(state: DeclaredState, node: Node, now_s: float) -> list[Local]:
    """Return where everybody who is heard is now, in the frame of each site."""
    return in_frames(state.table, len(state.rows), node, now_s)


def declared_as_tracks(
    state: DeclaredState, node: Node, now_s: float, places: list[Local] | None = None
) -> TrackTable:
    """Return things that declare themselves near a site and that no sensor has measured.

    One confirmed row each, in the frame of the site that it is of (the nearest that it does
    not leave, whose radius holds it), so that identity and threat judge it like any track.
    Things on the ground have no row. places: what `places_of` gives for now, where it is known
    already.
    """
    count = len(state.rows)
    table = state.table
    wanted = np.empty(count, dtype=np.bool_)
    if not _kernels_frames.wanted_into(
        now_s, COAST_S, DetectionBatch.ON_GROUND, table.time_s[:count], table.lat_deg[:count],
        table.link[:count], table.flags[:count], wanted,
    ):  # fmt: skip
        return TrackTable.blank(0)
    for name, ended_s in state.untied_s.items():
        # Its measured track has ended (it has landed, say): a place from before is no news.
        row = state.rows.get(name)
        if row is not None and table.time_s[row] <= ended_s:
            wanted[row] = False
    local = in_frames(table, count, node, now_s) if places is None else places
    away_m, whose = np.full(count, np.inf), np.full(count, -1)
    velocity = table.vel_east_mps[:count], table.vel_north_mps[:count]
    for index, (here, _) in enumerate(local):
        claim_into(here, *velocity, index, away_m, whose)
    parts = []
    for index, place in enumerate(local):
        rows = (wanted & (whose == index)).nonzero()[0]
        if rows.size:
            parts.append(_rows_as_tracks(state, node, index, rows, local=place, now_s=now_s))
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
    table, site, n = state.table, node.sites[site_index], rows.size
    names = table.declared_id[rows]
    # Site field 0xFF: never that of a tracker, whose site indices stay below.
    base = node.number << 48 | 0xFF << 40
    nature, sensors = np.zeros(n, np.uint8), np.zeros(n, np.uint64)
    heard_by, flags = table.sensor[rows].tolist(), table.flags[rows].tolist()
    for k, (sensor, marks) in enumerate(zip(heard_by, flags)):
        nature[k] = nature_at(node, sensor, marks)
        if 0 <= sensor < len(node.sensors):
            sensors[k] = 1 << sensor
    motion, covariance = np.empty((n, 6)), np.zeros((n, 6, 6))
    velocity, height_m = np.empty((n, 3)), np.empty(n)
    _kernels_frames.told_into(
        rows, *local,
        table.lat_deg, table.lon_deg, table.alt_m,
        table.vel_east_mps, table.vel_north_mps, table.vel_up_mps,
        table.alt_ref, AltRef.PRESSURE, site.alt_m,
        frame_at(site.lat, site.lon, site.alt_m).axes, _SIGMAS,
        motion, covariance, velocity, height_m,
    )  # fmt: skip
    first_s = table.first_seen_s[rows]
    return TrackTable(
        track_id=np.array([base | state.numbers[name] for name in names.tolist()], np.int64),
        site=np.full(n, site_index, np.int32),
        status=np.full(n, TrackStatus.CONFIRMED, np.uint8),
        nature=nature,
        time_s=np.full(n, now_s),
        state=motion,
        covariance=covariance,
        existence=np.ones(n),
        born_s=first_s,
        first_seen_s=first_s.copy(),
        updated_s=table.time_s[rows],
        hits=table.reports[rows],
        sensors=sensors,
        modes=np.full((n, len(MODES)), np.nan),
        class_log=np.zeros((n, len(CLASSES))),
        lat_deg=table.lat_deg[rows],
        lon_deg=table.lon_deg[rows],
        alt_m=height_m,
        vel_east_mps=velocity[:, 0].copy(),
        vel_north_mps=velocity[:, 1].copy(),
        vel_up_mps=velocity[:, 2].copy(),
        declared=names,
        kind=np.full(n, TrackKind.DECLARED, np.uint8),
    )
