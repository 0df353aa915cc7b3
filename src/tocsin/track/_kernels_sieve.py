"""Which plots of a slice may be of which track: sparse, sorted gating.

Nearly all pairs are ruled out by their range, azimuth or elevation alone, at a nanosecond each;
only what is left is worth a likelihood, and a track that no plot is near need not even be
carried to the slice's time by its motion models. Each test here lets through all that
`likelihood_of` would.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import linearised_of
from tocsin.track._kernels_filter import spread_of
from tocsin.track._kernels_gate import likelihood_of
from tocsin.track._kernels_layout import (
    COMBINED,
    EDGES,
    GATE,
    HAS_ELEVATION,
    HAS_RANGE,
    INNOVATION,
    MEASURED,
    NEAR,
    P_MASK,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    Q_H,
    TIME_S,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# The largest variances of a slice's plots (range, azimuth, elevation), and the longest time
# between one of them and the slice.
W_RANGE, W_AZIMUTH, W_ELEVATION, W_SPAN_S = 0, 1, 2, 3
_ROOM = 1.2  # factor of what a fresh track's quiet model allows, for its other models
_CONTRACTS_S = 4.0  # twice the time constant of a hovering target: v t (t / this) is lost


@kernel(
    "UniTuple(float64, 4)(float64[:,::1], int64[::1], int64, float64, float64, float64[:,::1])"
)
def spread_out_into(
    plots: Array, order: Ints, count: int, slice_s: float, late_s: float, columns: Array
) -> tuple[float, float, float, float]:
    """Write azimuth, range and elevation of the slice's plots, in its order, into the rows NEAR
    of columns (infinite where not measured); return what the windows must allow, `W_RANGE` on.

    late_s: the sensor's known time error.
    """
    wide_r, wide_a, wide_e, span_s = 0.0, 0.0, 0.0, 0.0
    for place in range(count):
        p = order[place]
        mask = int(plots[p, P_MASK])
        columns[NEAR, place] = plots[p, P_RANGE + 1]
        columns[NEAR + 1, place] = plots[p, P_RANGE] if mask & HAS_RANGE else math.inf
        columns[NEAR + 2, place] = plots[p, P_RANGE + 2] if mask & HAS_ELEVATION else math.inf
        wide_r = max(wide_r, plots[p, P_VARIANCE])
        wide_a = max(wide_a, plots[p, P_VARIANCE + 1])
        wide_e = max(wide_e, plots[p, P_VARIANCE + 2])
        span_s = max(span_s, abs(plots[p, P_TIME] - late_s - slice_s))
    return wide_r, wide_a, wide_e, span_s


@kernel("int64(float64[:,::1], int64, float64)")
def first_at(columns: Array, count: int, azimuth: float) -> int:
    """Return the first place in the azimuth-ordered slice that is not below the azimuth."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if columns[NEAR, middle] < azimuth:
            low = middle + 1
        else:
            high = middle
    return low


@kernel("UniTuple(int64, 4)(float64[:,::1], int64, float64, float64)")
def places_of(
    columns: Array, count: int, azimuth: float, half: float
) -> tuple[int, int, int, int]:
    """Return the places of the azimuth-ordered slice within half of an azimuth: from, to, and
    beyond north once more from, to.
    """
    if not half < math.pi:
        return 0, count, 0, 0
    low, high = azimuth - half, azimuth + half
    begin, end = first_at(columns, count, low), first_at(columns, count, high)
    if low < 0.0:
        return begin, end, first_at(columns, count, low + math.tau), count
    if high > math.tau:
        return begin, end, 0, first_at(columns, count, high - math.tau)
    return begin, end, 0, 0


@kernel("boolean(float64[:,::1], int64, int64, float64, float64, float64, float64)")
def is_any_near(
    columns: Array, begin: int, end: int, r: float, half_r: float, el: float, half_el: float
) -> bool:
    """Tell whether one of the places begin..end lies in the window of range and elevation."""
    for place in range(begin, end):
        off_r, off_el = abs(columns[NEAR + 1, place] - r), abs(columns[NEAR + 2, place] - el)
        if (off_r <= half_r or off_r == math.inf) and (off_el <= half_el or off_el == math.inf):
            return True
    return False


@kernel(
    "boolean(float64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1], float64,"
    " UniTuple(float64, 4), float64[::1])"
)
def is_fresh_one_near(
    tracks: Array, i: int, sensors: Array, k: int, count: int, columns: Array, slice_s: float,
    wide: tuple[float, float, float, float], options: Array,
) -> bool:  # fmt: skip
    """Tell whether a plot of the slice may be of track i, all of whose models are the one state
    of its only plot: false alarms leave many of these behind.
    """
    t = slice_s - tracks[i, TIME_S]
    reach_s = abs(t)
    ve, vn, vu = tracks[i, 3], tracks[i, 4], tracks[i, 5]
    row = linearised_of(
        sensors, k, tracks[i, 0] + t * ve, tracks[i, 1] + t * vn, tracks[i, 2] + t * vu,
        ve, vn, vu,
    )  # fmt: skip
    r0, r1, r2 = row[4], row[5], row[6]
    a0, a1, a2 = row[7], row[8], row[9]
    e0, e1, e2 = row[10], row[11], row[12]
    p0, p1, p2, p3, p4, p5 = spread_of(tracks, i, 0, r0, r1, r2, t * r0, t * r1, t * r2)
    var_r = r0 * (p0 + t * p3) + r1 * (p1 + t * p4) + r2 * (p2 + t * p5)
    p0, p1, p2, p3, p4, p5 = spread_of(tracks, i, 0, a0, a1, a2, t * a0, t * a1, t * a2)
    var_a = a0 * (p0 + t * p3) + a1 * (p1 + t * p4) + a2 * (p2 + t * p5)
    p0, p1, p2, p3, p4, p5 = spread_of(tracks, i, 0, e0, e1, e2, t * e0, t * e1, t * e2)
    var_e = e0 * (p0 + t * p3) + e1 * (p1 + t * p4) + e2 * (p2 + t * p5)
    noise = options[4 + Q_H] * reach_s * reach_s * reach_s / 3.0
    speed = math.sqrt(ve * ve + vn * vn + vu * vu)
    slack_m = speed * (wide[W_SPAN_S] + reach_s * min(reach_s / _CONTRACTS_S, 1.0))
    size_a, size_e = a0 * a0 + a1 * a1 + a2 * a2, e0 * e0 + e1 * e1 + e2 * e2
    limit = options[GATE + 3]
    half_a = _ROOM * math.sqrt(limit * (var_a + noise * size_a + wide[W_AZIMUTH]))
    half_a += slack_m * math.sqrt(size_a)
    half_r = _ROOM * math.sqrt(limit * (var_r + noise + wide[W_RANGE])) + slack_m
    half_e = _ROOM * math.sqrt(limit * (var_e + noise * size_e + wide[W_ELEVATION]))
    half_e += slack_m * math.sqrt(size_e)
    begin, end, again, last = places_of(columns, count, row[1], half_a)
    return is_any_near(columns, begin, end, row[0], half_r, row[2], half_e) or is_any_near(
        columns, again, last, row[0], half_r, row[2], half_e
    )


@kernel("UniTuple(float64, 3)(float64[:,::1], int64, UniTuple(float64, 4), float64[::1])")
def halves_of(
    scratch: Array, i: int, wide: tuple[float, float, float, float], options: Array
) -> tuple[float, float, float]:
    """Half widths of the window of track i in range, azimuth and elevation.

    What the track flies between the slice's time and a plot's is looked at from the nearest
    that it comes: half a turn where it may pass overhead.
    """
    limit = options[GATE + 3]
    half_r = math.sqrt(limit * (scratch[i, INNOVATION] + wide[W_RANGE]))
    half_az = math.sqrt(limit * (scratch[i, INNOVATION + 4] + wide[W_AZIMUTH]))
    half_el = math.sqrt(limit * (scratch[i, INNOVATION + 7] + wide[W_ELEVATION]))
    if wide[W_SPAN_S] > 0.0:
        c = COMBINED
        ve, vn, vu = scratch[i, c + 3], scratch[i, c + 4], scratch[i, c + 5]
        slack_m = math.sqrt(ve * ve + vn * vn + vu * vu) * wide[W_SPAN_S]
        nearest_m = scratch[i, MEASURED] - slack_m
        half_r += slack_m
        half_el += slack_m / max(nearest_m, 1e-3)
        across_m = scratch[i, MEASURED] * math.cos(scratch[i, MEASURED + 2]) - slack_m
        half_az += 1.6 * slack_m / across_m if across_m > slack_m else math.pi
    return half_r, half_az, half_el


@kernel(
    "int64(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64[::1],"
    " float64[:,::1], int64, int64, float64, UniTuple(float64, 3), float64[::1],"
    " int64[:,::1], float64[:,::1], int64)"
)
def gate_range_into(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, order: Ints, columns: Array,
    begin: int, end: int, slice_s: float, halves: tuple[float, float, float],
    options: Array, edge_plot: Ints, edge_log: Array, held: int,
) -> int:  # fmt: skip
    """Gate the places begin..end of the slice against track i; return the edges held."""
    r, el = scratch[i, MEASURED], scratch[i, MEASURED + 2]
    half_r, _, half_el = halves
    for place in range(begin, end):
        off_r, off_el = abs(columns[NEAR + 1, place] - r), abs(columns[NEAR + 2, place] - el)
        if (off_r > half_r and off_r != math.inf) or (off_el > half_el and off_el != math.inf):
            continue
        log_ratio = likelihood_of(scratch, i, sensors, k, plots, order[place], slice_s, options)
        if not log_ratio > -60.0:
            continue
        if held < EDGES:
            edge_plot[i, held] = place
            edge_log[i, held] = log_ratio
            held += 1
            continue
        worst = 0
        for e in range(1, EDGES):
            if edge_log[i, e] < edge_log[i, worst]:
                worst = e
        if log_ratio > edge_log[i, worst]:
            edge_plot[i, worst] = place
            edge_log[i, worst] = log_ratio
    return held


@kernel(
    "int64(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64[::1],"
    " float64[:,::1], int64, float64, UniTuple(float64, 4), float64[::1],"
    " int64[:,::1], float64[:,::1])"
)
def gate_into(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, order: Ints, columns: Array,
    count: int, slice_s: float, wide: tuple[float, float, float, float], options: Array,
    edge_plot: Ints, edge_log: Array,
) -> int:  # fmt: skip
    """Find the plots of the slice inside the gate of track i (its edges): place in the slice,
    and log-likelihood ratio; wide: see `spread_out_into`.
    """
    halves = halves_of(scratch, i, wide, options)
    begin, end, again, last = places_of(columns, count, scratch[i, MEASURED + 1], halves[1])
    held = gate_range_into(
        scratch, i, sensors, k, plots, order, columns, begin, end, slice_s, halves, options,
        edge_plot, edge_log, 0,
    )  # fmt: skip
    return gate_range_into(
        scratch, i, sensors, k, plots, order, columns, again, last, slice_s, halves, options,
        edge_plot, edge_log, held,
    )  # fmt: skip
