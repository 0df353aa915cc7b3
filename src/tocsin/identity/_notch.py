"""Below which speed towards or away from it each sensor sees nothing: its Doppler notch."""

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, Sensor

__all__ = ["notches", "notches_of"]

Floats = NDArray[np.float64]
SENSORS = 64  # as many bits as TrackTable.sensors has


def notches(sensors: tuple[Sensor, ...]) -> tuple[Floats, Floats]:
    """Return, of each place of the roster, the notch (m/s; 0 without Doppler) and the period
    of a look (s).
    """
    notch, period = np.zeros(SENSORS), np.zeros(SENSORS)
    for k, sensor in enumerate(sensors[:SENSORS]):
        notch[k] = sensor.min_radial_speed_mps or 0.0 if sensor.sigma_range_rate_mps else 0.0
        period[k] = sensor.scan_period_s
    return notch, period


_last: list[tuple[Node, tuple[Floats, Floats]]] = []  # a node stays the same for many looks


def notches_of(node: Node) -> tuple[Floats, Floats]:
    """Return `notches` of a node's sensors, to be read only."""
    if not _last or _last[0][0] is not node:
        _last[:] = [(node, notches(node.sensors))]
    return _last[0][1]
