"""How far one detection lies from each track, in sigmas, as an explanation.

Worked out anew from public functions: what the sensor would measure of the track, against what
it measured. The tracker itself weighs all plots and tracks of a look together.
"""

import math
from typing import Any

import numpy as np

from tocsin import sensor
from tocsin.geo import frame_at, geodetic_rows, to_frame
from tocsin.model import DetectionBatch, Node, TrackTable, track_label
from tocsin.track.options import Options, chi2_quantile

__all__ = ["NEAREST", "near_tracks"]

NEAREST = 5  # tracks that are shown
POLAR = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_mps")
SIGMAS = ("sigma_range_m", "sigma_azimuth_rad", "sigma_elevation_rad", "sigma_range_rate_mps")
CONFIGURED = 12  # column of the packed sensor table where the site file's own sigmas begin


def near_tracks(
    batch: DetectionBatch, row: int, node: Node, place: int, table: TrackTable, site: int
) -> list[dict[str, Any]]:
    """Return the nearest tracks of one site: track, distance_sigma, gate_sigma, distance_m,
    inside (the gate); distance_sigma is None where the sensor has no sigmas, or no place.
    """
    here = node.sites[site]
    frame = frame_at(here.lat, here.lon, here.alt_m)
    if not len(table):
        return []
    if math.isfinite(batch.lat_deg[row]):
        found = _located(batch, row, table, frame)
    else:
        found = _measured(batch, row, node, place, table, frame)
    found.sort(key=lambda one: (one["distance_sigma"] is None, one["distance_sigma"] or 0.0))
    return found[:NEAREST]


def _entry(track_id: Any, square: float, parts: int, metres: float) -> dict[str, Any]:
    gate = math.sqrt(chi2_quantile(Options().gate_probability, parts)) if parts else math.nan
    distance = math.sqrt(square) if square >= 0.0 else math.nan
    return {
        "track": int(track_id),
        "name": track_label(int(track_id)),
        "distance_sigma": round(distance, 2) if math.isfinite(distance) else None,
        "gate_sigma": round(gate, 2) if math.isfinite(gate) else None,
        "distance_m": round(metres, 1) if math.isfinite(metres) else None,
        "inside": bool(distance <= gate),
    }


def _located(
    batch: DetectionBatch, row: int, table: TrackTable, frame: Any
) -> list[dict[str, Any]]:
    height_m = float(batch.alt_m[row])
    has_height = math.isfinite(height_m)
    geodetic = geodetic_rows(
        batch.lat_deg[row : row + 1], batch.lon_deg[row : row + 1],
        np.array([height_m if has_height else float(table.alt_m[0])]),
    )  # fmt: skip
    n = 3 if has_height and math.isfinite(batch.sigma_alt_m[row]) else 2
    off = to_frame(geodetic, frame)[0] - table.state[:, :3]
    sigma_m = float(batch.sigma_position_m[row])
    noise = np.diag([sigma_m**2, sigma_m**2, float(batch.sigma_alt_m[row]) ** 2][:n])
    found = []
    for k in range(len(table)):
        square = math.nan
        if math.isfinite(sigma_m):
            spread = table.covariance[k, :n, :n] + noise
            square = float(off[k, :n] @ np.linalg.solve(spread, off[k, :n]))
        found.append(_entry(table.track_id[k], square, n, float(np.hypot(*off[k, :2]))))
    return found


def _measured(
    batch: DetectionBatch, row: int, node: Node, place: int, table: TrackTable, frame: Any
) -> list[dict[str, Any]]:
    sensors = sensor.pack(node.sensors, frame)
    rows = np.flatnonzero(sensors.roster == place)
    if not len(rows):
        return [_entry(t, math.nan, 0, math.nan) for t in table.track_id]
    k = int(rows[0])
    seen = np.array([float(getattr(batch, name)[row]) for name in POLAR])
    sigmas = np.array([float(getattr(batch, name)[row]) for name in SIGMAS])
    own = sensors.packed[k, CONFIGURED : CONFIGURED + len(POLAR)]
    sigmas = np.where(np.isfinite(sigmas), sigmas, own)
    used = np.flatnonzero(np.isfinite(seen) & np.isfinite(sigmas) & (sigmas > 0.0))
    wanted = sensor.measure(sensors, k, table.state)
    slopes = sensor.jacobian(sensors, k, table.state)
    found = []
    for t in range(len(table)):
        off = seen - wanted[t]
        off[1] = (off[1] + math.pi) % math.tau - math.pi
        square, metres = math.nan, math.nan
        if len(used):
            slope = slopes[t][used]
            spread = slope @ table.covariance[t] @ slope.T + np.diag(sigmas[used] ** 2)
            square = float(off[used] @ np.linalg.solve(spread, off[used]))
        if math.isfinite(seen[0]):
            metres = math.hypot(off[0], wanted[t, 0] * off[1])
        found.append(_entry(table.track_id[t], square, len(used), metres))
    return found
