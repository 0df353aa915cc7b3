"""Plots cut into slices: of one sensor, of different targets."""

import numpy as np
from numpy.typing import NDArray

from tocsin.track import _kernels_layout as kl
from tocsin.track._kernels_slices import slices_into
from tocsin.track.state import TrackerState

__all__ = ["cut", "slices_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def cut(table: Floats, time_s: Floats, sensors: Ints, looks: Floats) -> tuple[Ints, Floats]:
    """Return the order of plots by sensor and time, and the slices of them as events that
    count in it. table: the packed sensors; looks: events, in any order.
    """
    order = np.lexsort((time_s, sensors))
    slices = np.zeros((len(time_s), kl.EVENT_WIDTH))
    look_end_s, look_sensor = looks[:, kl.E_END_S], looks[:, kl.E_SENSOR].astype(np.int64)
    by_end = np.lexsort((look_end_s, look_sensor))
    count = slices_into(
        np.ascontiguousarray(time_s[order]), sensors[order], table,
        np.ascontiguousarray(look_end_s[by_end]), look_sensor[by_end], slices,
    )  # fmt: skip
    return order, slices[:count]


def slices_of(
    tracker: TrackerState, plots: Floats, sensors: Ints, looks: Floats
) -> tuple[Floats, Ints, Floats]:
    """Return the plots in the order of `cut`, their sensors, and the slices; the tracker notes
    the newest time. looks: those that come with them.
    """
    if not len(plots):
        return plots, sensors, np.zeros((0, kl.EVENT_WIDTH))
    time_s = plots[:, kl.P_TIME]
    tracker.newest_s = max(tracker.newest_s, float(time_s.max()))
    order, slices = cut(tracker.sensors, time_s, sensors, looks)
    return plots[order], sensors[order], slices
