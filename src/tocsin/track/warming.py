"""Loading of all kernels before the first plot."""

import numpy as np

from tocsin.model import Coverage, DetectionBatch, Sensor
from tocsin.track.options import Options
from tocsin.track.state import open_with
from tocsin.track.step import step_into
from tocsin.track.tables import table

__all__ = ["warm"]


def warm() -> None:
    """Compile or load every kernel of the tracker by tracking one plot; changes nothing."""
    radar = Sensor(
        id="radar", lat=0.0, lon=0.0, sigma_range_m=10.0, sigma_azimuth_deg=1.0,
        sigma_elevation_deg=1.0, sigma_range_rate_mps=1.0,
    )  # fmt: skip
    tracker = open_with([radar], (0.0, 0.0, 0.0), Options())
    for now_s in (0.0, 1.0):
        batch = DetectionBatch.blank(1)
        batch.time_s[:], batch.arrival_s[:], batch.sensor[:] = now_s, now_s, 0
        batch.range_m[:], batch.azimuth_rad[:] = 5000.0, 1.0
        batch.elevation_rad[:], batch.range_rate_mps[:] = np.float64(0.05), -10.0
        step_into(tracker, batch, [Coverage(0, now_s, now_s)], now_s)
    table(tracker, 1.0)
