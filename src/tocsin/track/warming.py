"""Loading of all kernels before the first plot."""

import importlib

import numpy as np

from tocsin import _jit
from tocsin.model import Coverage, DetectionBatch, Sensor
from tocsin.track.options import Options
from tocsin.track.state import open_with
from tocsin.track.step import step_into
from tocsin.track.tables import table

__all__ = ["warm"]

_SCANS, _PLOTS = 8, 6


def warm() -> None:
    """Compile or load every kernel of the tracker and pass a few made-up scans through it, so
    that no plot waits for a kernel or for its first call.
    """
    # Numba asks NumPy for this module, which is slow to load, at the first array that it sees.
    importlib.import_module("numpy.ma")
    _jit.load_kernels()
    radars = [
        Sensor(f"warm-{k}", lat=0.01 * k, lon=0.0, sigma_range_m=10.0, sigma_azimuth_deg=0.2,
               sigma_elevation_deg=0.5)
        for k in range(2)
    ]  # fmt: skip
    tracker = open_with(radars, (0.0, 0.0, 0.0), Options())
    for scan in range(_SCANS):
        batch = DetectionBatch.blank(_PLOTS)
        batch.sensor[:] = scan % len(radars)
        batch.time_s[:] = batch.arrival_s[:] = scan
        batch.range_m[:] = 2000.0 + 25.0 * scan + 40.0 * np.arange(_PLOTS)
        batch.azimuth_rad[:] = np.linspace(0.5, 0.6, _PLOTS)
        batch.elevation_rad[:] = 0.05
        looks = [Coverage(scan % len(radars), scan - 1.0, float(scan))]
        step_into(tracker, batch, looks, scan + 0.2)
        table(tracker, scan + 0.2)
