"""A small made-up scene: targets on straight and bent paths, radars, false alarms."""

from dataclasses import replace

import numpy as np

from tocsin.geo import frame_at
from tocsin.model import Coverage, DetectionBatch, Sensor
from tocsin.sensor import measure, pack

ORIGIN = (48.0, 11.0, 500.0)
RADARS = tuple(
    Sensor(
        id=f"radar-{n}", lat=48.0 + 0.01 * n, lon=11.0 - 0.015 * n, alt_m=510.0,
        sigma_range_m=8.0,
        sigma_azimuth_deg=0.5, sigma_elevation_deg=0.8, sigma_range_rate_mps=0.8,
        scan_period_s=1.0,
        phase_s=0.4 * n, false_alarms_per_scan=3.0, min_range_m=50.0, max_range_m=9000.0,
        elevation_min_deg=-3.0, elevation_max_deg=60.0,
    )
    for n in range(2)
)  # fmt: skip
CAMERAS = tuple(
    Sensor(
        id=f"camera-{n}", kind="camera", lat=48.0, lon=11.0 + 0.02 * n, alt_m=510.0,
        sigma_azimuth_deg=0.1, sigma_elevation_deg=0.1, scan_period_s=0.5, phase_s=0.2 * n,
        false_alarms_per_scan=0.2, max_range_m=4000.0, elevation_min_deg=-3.0,
        elevation_max_deg=60.0,
    )
    for n in range(2)
)  # fmt: skip


def straight(*targets):
    """Targets (east, north, up, ve, vn, vu) at time 0, flying straight on."""
    start = np.array(targets, dtype=float)

    def at(t):
        out = start.copy()
        out[:, :3] += t * out[:, 3:]
        return out

    return at


THIRD = replace(RADARS[0], id="radar-2", lat=47.99, lon=11.01, phase_s=0.7)
THREE = (*RADARS, THIRD)
TARGETS = straight(
    (4000, 3000, 200, -30, -25, 0), (-3000, 4000, 150, 25, -30, 1),
    (3000, -4000, 250, -20, 30, 0),
    (-4000, -2500, 300, 35, 15, -1), (500, 5000, 180, 5, -40, 0),
)  # fmt: skip


def scans(sensors, truth, duration_s, seed=1, t0=1.7e9, false_alarms=True):
    """[(time, DetectionBatch, Coverage)] of all scans in the order of time."""
    rng = np.random.default_rng(seed)
    table = pack(sensors, frame_at(*ORIGIN))
    out = []
    for k, s in enumerate(sensors):
        for t in np.arange(s.phase_s, duration_s, s.scan_period_s):
            z = measure(table, k, truth(t))
            keep = (rng.random(len(z)) < s.detection_probability) & (z[:, 0] < s.max_range_m)
            z = z[keep] + rng.standard_normal((keep.sum(), 4)) * np.nan_to_num(
                table.packed[k, 12:16]
            )
            n = rng.poisson(s.false_alarms_per_scan) if false_alarms else 0
            clutter = np.column_stack([
                rng.uniform(s.min_range_m, s.max_range_m, n), rng.uniform(0, 2 * np.pi, n),
                np.radians(rng.uniform(s.elevation_min_deg, s.elevation_max_deg, n)),
                rng.uniform(-120, 120, n),
            ])  # fmt: skip
            z = np.vstack([z, clutter])
            batch = DetectionBatch.blank(len(z))
            batch.time_s[:], batch.arrival_s[:], batch.sensor[:] = t0 + t, t0 + t, k
            batch.azimuth_rad[:], batch.elevation_rad[:] = z[:, 1] % (2 * np.pi), z[:, 2]
            if s.sigma_range_m:
                batch.range_m[:], batch.range_rate_mps[:] = z[:, 0], z[:, 3]
            out.append((t0 + t, batch, Coverage(k, t0 + t - 1e-3, t0 + t + 1e-3)))
    return sorted(out, key=lambda row: row[0])
