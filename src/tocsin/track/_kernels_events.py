"""Which events come late, and how far the plots of each sensor are applied: plain loops."""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import SLICE_S
from tocsin.track import _kernels_layout as kl

Array = NDArray[np.float64]


@kernel("int64(float64[:,::1], float64, float64, float64, float64[::1], boolean[::1])")
def late_into(
    events: Array,
    high_s: float,
    high_kind: float,
    high_sensor: float,
    cut_s: Array,
    late: NDArray[np.bool_],
) -> int:
    """Mark events that come after what lies behind them was applied; return how many.

    high: end, kind and sensor of the newest event applied; cut_s: by sensor row, the time up
    to which its plots were cut into slices.
    """
    count = 0
    for i in range(events.shape[0]):
        end_s, kind, sensor = (
            events[i, kl.E_END_S],
            events[i, kl.E_KIND],
            events[i, kl.E_SENSOR],
        )
        is_late = end_s < high_s
        if end_s == high_s:
            is_late = kind < high_kind or (kind == high_kind and sensor <= high_sensor)
        if kind == kl.SLICE and events[i, kl.E_START_S] <= cut_s[int(sensor)]:
            is_late = True
        late[i] = is_late
        count += is_late
    return count


@kernel("void(float64[:,::1], float64[:,::1], float64[::1], float64[::1])")
def done_into(events: Array, sensors: Array, done_s: Array, cut_s: Array) -> None:
    """Note, by sensor row, the end of the newest slice among the events, and up to when its
    plots are cut: no farther than to the end of a look. sensors: the packed ones.
    """
    for i in range(events.shape[0]):
        if events[i, kl.E_KIND] == kl.TICK:
            continue
        row = int(events[i, kl.E_SENSOR])
        if events[i, kl.E_KIND] == kl.LOOK:
            cut_s[row] = max(done_s[row], min(cut_s[row], events[i, kl.E_END_S]))
            continue
        done_s[row] = max(done_s[row], events[i, kl.E_END_S])
        cut_s[row] = max(cut_s[row], events[i, kl.E_START_S] + sensors[row, SLICE_S])
