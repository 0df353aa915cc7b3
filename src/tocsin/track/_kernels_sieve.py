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
from tocsin.sensor._kernels import linearised_of, measured_of
from tocsin.track._kernels_filter import spread_of
from tocsin.track._kernels_gate import likelihood_of
from tocsin.track._kernels_layout import (
    BLOCK,
    COMBINED,
    EDGES,
    GATE,
    HAS_ELEVATION,
    HAS_RANGE,
    INNOVATION,
    MEASURED,
    MODE,
    MODELS,
    NEAR,
    NOISE_H,
    NOISE_V,
    P_MASK,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    Q_H,
    Q_V,
    TIME_S,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# The largest variances of a slice's plots (range, azimuth, elevation), and the longest time
# between one of them and the slice.
W_RANGE, W_AZIMUTH, W_ELEVATION, W_SPAN_S = 0, 1, 2, 3
_ROOM = 1.2  # factor of what a fresh track's quiet model allows, for its other models
_SPARE = 1.001  # factor for rounding
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


@kernel("boolean(float64[:,::1], int64, float64, float64, float64, float64, float64, float64)")
def is_any_within(
    columns: Array, count: int, azimuth: float, half_a: float, r: float, half_r: float,
    el: float, half_el: float,
) -> bool:  # fmt: skip
    """Tell whether a plot of the slice lies in the window of azimuth, range and elevation."""
    begin, end, again, last = places_of(columns, count, azimuth, half_a)
    return is_any_near(columns, begin, end, r, half_r, el, half_el) or is_any_near(
        columns, again, last, r, half_r, el, half_el
    )


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
    return is_any_within(columns, count, row[1], half_a, row[0], half_r, row[2], half_e)


@kernel("UniTuple(float64, 4)(float64[:,::1], int64, float64, float64, float64[::1])")
def bounds_of(
    tracks: Array, i: int, gap_s: float, span_s: float, options: Array
) -> tuple[float, float, float, float]:
    """Return the place (3) of track i at its own time, and how far (m) from there a plot in its
    gate may be, gap_s and then up to span_s later: what it can fly, and a gate of what is not
    known of it. NaN where its covariance is not sound.

    With X its place and V its rate (mixed over the models, which mixing them anew leaves as it
    is) no model moves X by more than V dt, so that E|X' - x|^2 <= 2 E|X - x|^2 + 2 dt^2 E|V|^2
    and the motion noise: the trace of any covariance that `prepare_into` comes to is less.
    """
    dt_s = abs(gap_s)
    m0, m1, m2 = tracks[i, MODE], tracks[i, MODE + 1], tracks[i, MODE + 2]
    n, m = BLOCK, 2 * BLOCK
    x = m0 * tracks[i, 0] + m1 * tracks[i, n] + m2 * tracks[i, m]
    y = m0 * tracks[i, 1] + m1 * tracks[i, n + 1] + m2 * tracks[i, m + 1]
    z = m0 * tracks[i, 2] + m1 * tracks[i, n + 2] + m2 * tracks[i, m + 2]
    place2, rate2, fastest2 = 0.0, 0.0, 0.0
    noise = 2.0 * options[NOISE_H] + options[NOISE_V]
    for model in range(MODELS):
        o = model * BLOCK
        p = o + 6
        share = tracks[i, MODE + model]
        dx, dy, dz = tracks[i, o] - x, tracks[i, o + 1] - y, tracks[i, o + 2] - z
        vx, vy, vz = tracks[i, o + 3], tracks[i, o + 4], tracks[i, o + 5]
        speed2 = vx * vx + vy * vy + vz * vz
        place2 += share * (
            dx * dx + dy * dy + dz * dz + tracks[i, p] + tracks[i, p + 3] + tracks[i, p + 5]
        )
        rate2 += share * (speed2 + tracks[i, p + 15] + tracks[i, p + 18] + tracks[i, p + 20])
        fastest2 = max(fastest2, speed2)
        noise = max(noise, 2.0 * options[4 * model + Q_H] + options[4 * model + Q_V])
    unknown2 = 2.0 * (place2 + dt_s * dt_s * rate2) + noise * dt_s * dt_s * dt_s
    flown_m = (dt_s + span_s) * math.sqrt(fastest2)
    return x, y, z, flown_m + math.sqrt(options[GATE + 3] * unknown2)


@kernel(
    "boolean(float64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1], float64,"
    " UniTuple(float64, 4), float64[::1])"
)
def may_be_near(
    tracks: Array, i: int, sensors: Array, k: int, count: int, columns: Array, slice_s: float,
    wide: tuple[float, float, float, float], options: Array,
) -> bool:  # fmt: skip
    """Tell whether a plot of the slice may be in the gate of track i: never False where one is.

    It costs a tenth of carrying the track to the slice's time, and most are elsewhere.
    """
    gap_s, limit = slice_s - tracks[i, TIME_S], options[GATE + 3]
    x, y, z, off_m = bounds_of(tracks, i, gap_s, wide[W_SPAN_S], options)
    if not off_m < math.inf:
        return True
    r, azimuth, elevation, _ = measured_of(sensors, k, x, y, z, 0.0, 0.0, 0.0)
    half_r = _SPARE * (off_m + math.sqrt(limit * wide[W_RANGE]))
    ground_m = r * math.cos(elevation)
    half_a = math.pi  # it may be on any side
    if off_m <= 0.5 * ground_m:
        # asin(x) <= 1.58 x, and a thing that has come nearer by off_m turns by more.
        half_a = 1.6 * off_m / (ground_m - off_m) + math.sqrt(limit * wide[W_AZIMUTH])
    return is_any_within(columns, count, azimuth, _SPARE * half_a, r, half_r, 0.0, math.inf)


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
