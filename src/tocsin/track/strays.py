"""What sensors report falsely, as found: how often, and where."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.model import SensorStatus
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_clutter as kc
from tocsin.track.state import TrackerState

__all__ = ["SensorClutter", "mark_clutter", "sensor_clutter"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SensorClutter:
    """What one sensor (by roster index) is found to report falsely: far more than was stated.

    false_alarms_per_scan: expected over all that it covers, NaN where what was stated does.
    cells (n, 5): where it is thicker still: range from, to (m), azimuth from, to (rad, as the
    sensor measures them), false alarms of a scan in there.
    """

    sensor: int
    false_alarms_per_scan: float
    cells: Floats


def mark_clutter(
    sensors: tuple[SensorStatus, ...], trackers: Sequence[TrackerState]
) -> tuple[SensorStatus, ...]:
    """Return the states of the sensors (by roster index) with what any tracker has found of
    their false alarms.
    """
    found: dict[int, SensorClutter] = {}
    for tracker in trackers:
        if tracker.strays[:, kc.OVERALL :].any():
            found.update({one.sensor: one for one in sensor_clutter(tracker)})
    if not found:
        return sensors
    return tuple(
        replace(
            status,
            false_alarms=found[k].false_alarms_per_scan,
            clutter_cells=len(found[k].cells),
        )
        if k in found
        else status
        for k, status in enumerate(sensors)
    )


def sensor_clutter(tracker: TrackerState) -> tuple[SensorClutter, ...]:
    """Return the sensors of a tracker that report far more falsely than was stated, with what
    is taken in place of it.
    """
    found = []
    for k, roster in enumerate(tracker.roster.tolist()):
        own = tracker.strays[k]
        overall = float(own[kc.OVERALL])
        if overall == 0.0 and own[kc.FLAGGED] == 0.0:
            continue
        thick = np.flatnonzero(
            own[: kc.CELLS] > kc.limit_of(tracker.sensors, k, tracker.strays)
        )
        a, b = thick // kc.AZIMUTHS, thick % kc.AZIMUTHS
        length_m = tracker.sensors[k, ks.MAX_RANGE_M] / kc.RANGES
        width = math.tau / kc.AZIMUTHS
        cells = np.column_stack(
            [a * length_m, (a + 1) * length_m, b * width, (b + 1) * width, own[thick]]
        )
        found.append(SensorClutter(roster, overall or math.nan, cells))
    return tuple(found)
