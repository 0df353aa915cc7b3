"""Other trackers' tracks in a site's frame, carried to one time, with honest spreads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import frame_at, geodetic_rows, to_frame, velocity_to_frame
from tocsin.model import AltRef, Site, SystemTable
from tocsin.track.system._state import COAST_S

__all__ = ["Local", "local_rows"]

Floats = NDArray[np.float64]

# EUROCONTROL-SPEC-147 (ESASSP), 3 NM separation: horizontal position wrong by at most 300 m
# (root mean square, both axes together) where the tracker itself states nothing.
SIGMA_POSITION_M = 212.0
SIGMA_VELOCITY_MPS = 8.0
SIGMA_HEIGHT_M = 150.0  # docs/formats/README.md: pressure altitude as a height
SIGMA_UNKNOWN_M = 5_000.0
SIGMA_UNKNOWN_MPS = 300.0
TURN_MPS2 = 3.0  # a position grows old with a turn that nobody has told yet


@dataclass(slots=True)
class Local:
    """state (n, 6), covariance (n, 6, 6) in the site's frame at one time; axes (n, 6): which
    are known well enough to compare and to fuse (a pressure altitude is not).
    """

    state: Floats
    covariance: Floats
    axes: NDArray[np.uint8]


def local_rows(table: SystemTable, rows: NDArray[np.intp], site: Site, now_s: float) -> Local:
    """Return those rows of the table in the frame of a site, carried to now_s."""
    frame = frame_at(site.lat, site.lon, site.alt_m)
    n = len(rows)
    alt_m = table.alt_m[rows]
    high = np.isfinite(alt_m)
    places = geodetic_rows(
        table.lat_deg[rows], table.lon_deg[rows], np.where(high, alt_m, site.alt_m)
    )
    velocity = np.column_stack(
        [table.vel_east_mps[rows], table.vel_north_mps[rows], table.vel_up_mps[rows]]
    )
    moving = np.isfinite(velocity)
    age_s = np.minimum(np.maximum(now_s - table.time_s[rows], 0.0), COAST_S)
    state = np.empty((n, 6))
    state[:, 3:] = velocity_to_frame(np.where(moving, velocity, 0.0), places, frame)
    state[:, :3] = to_frame(places, frame) + state[:, 3:] * age_s[:, None]
    plan = _known_or(table.sigma_position_m[rows], SIGMA_POSITION_M)
    exact = high & (table.alt_ref[rows] == AltRef.ELLIPSOID)
    up = np.where(exact, _known_or(table.sigma_alt_m[rows], SIGMA_HEIGHT_M), SIGMA_HEIGHT_M)
    up = np.where(high, up, SIGMA_UNKNOWN_M)
    rate = _known_or(table.sigma_velocity_mps[rows], SIGMA_VELOCITY_MPS)
    turned = TURN_MPS2 * age_s
    covariance = np.zeros((n, 6, 6))
    for axis, sigma in enumerate((plan, plan, up)):
        drift = 0.5 * turned * age_s
        own_rate = np.where(moving[:, axis], rate, SIGMA_UNKNOWN_MPS)
        covariance[:, axis, axis] = sigma * sigma + drift * drift
        covariance[:, 3 + axis, 3 + axis] = own_rate * own_rate + turned * turned
        covariance[:, axis, axis] += np.where(moving[:, axis], own_rate * age_s, 0.0) ** 2
    axes = np.ones((n, 6), dtype=np.uint8)
    axes[:, 2] = exact
    axes[:, 3:] = moving
    return Local(state, covariance, axes)


def _known_or(values: Floats, default: float) -> Floats:
    return np.where(np.isfinite(values) & (values > 0.0), values, default)
