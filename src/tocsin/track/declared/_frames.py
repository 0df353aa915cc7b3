"""Declared positions in a site's frame, carried forward to now."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import frame_at
from tocsin.model import DeclaredTable, Node
from tocsin.track.declared import _kernels_frames

__all__ = ["COAST_S", "SIGMA_DEFAULT_M", "Local", "in_frame", "in_frames"]

COAST_S = 15.0  # a declared position is carried forward for so long
SIGMA_DEFAULT_M = 100.0  # ADS-B of unknown integrity (NIC 6 to 7: DO-260B, table N-4)
TURN_MPS2 = 3.0  # half such a turn may have been flown that nobody has told yet

Local = tuple[NDArray[np.float64], NDArray[np.float64]]


def in_frame(
    table: DeclaredTable, count: int, site_index: int, node: Node, now_s: float
) -> Local:
    """Return positions (count, 3) in a site's frame, carried to now_s, and sigmas (count,).

    NaN where there is no position, or it lies beyond the site's radius.
    """
    site = node.sites[site_index]
    frame = frame_at(site.lat, site.lon, site.alt_m)
    local, sigma_m = np.empty((count, 3)), np.empty(count)
    _kernels_frames.carry_into(
        now_s,
        COAST_S,
        site.alt_m,
        site.radius_m,
        table.time_s[:count],
        table.lat_deg[:count],
        table.lon_deg[:count],
        table.alt_m[:count],
        table.vel_east_mps[:count],
        table.vel_north_mps[:count],
        table.vel_up_mps[:count],
        table.sigma_position_m[:count],
        SIGMA_DEFAULT_M,
        TURN_MPS2,
        frame.origin_m,
        frame.axes,
        local,
        sigma_m,
    )
    return local, sigma_m


def in_frames(table: DeclaredTable, count: int, node: Node, now_s: float) -> list[Local]:
    """Return `in_frame` of each site of a node, in their order."""
    return [in_frame(table, count, index, node, now_s) for index in range(len(node.sites))]
