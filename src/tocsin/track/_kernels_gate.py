"""How well a plot fits a track: measurement update of a block, and the likelihood of a pair.

A plot row holds time, range, azimuth, elevation, range rate, the variances of these four, a
mask of those that can be used (bit c for value c), nature, and six log class scores.

A state is updated by what was measured `offset` seconds from its own time by carrying the
state there in the measurement function, z = h(F(offset) x): plots of one slice are so taken at
their own times, and late ones (offset below 0) too, with the motion noise between added to the
measurement's (its correlation with the state is neglected; Bar-Shalom, IEEE T-AES 38 (2002),
algorithm C).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    BIAS,
    KIND_RANGE,
    LOG_EXTENT,
    MAX_RANGE_M,
    SIGMA,
    detection_of,
    linearised_of,
    measured_of,
    share_below,
    wrapped,
)
from tocsin.track._kernels_bend import bend_of, bend_of_block, is_wide
from tocsin.track._kernels_filter import (
    combine_into,
    predict_into,
    scalar_into,
    spread_of,
)
from tocsin.track._kernels_layout import (
    CHANCE,
    COMBINED,
    EXISTENCE,
    GATE,
    HAS_AZIMUTH,
    HAS_ELEVATION,
    HAS_RANGE,
    HAS_RATE,
    INNOVATION,
    MEASURED,
    NOISE_H,
    NOISE_V,
    OFFSET_S,
    P_BIRTHS,
    P_FALSE,
    P_MASK,
    P_RANGE,
    P_TIME,
    P_VARIANCE,
    PRIOR,
    TIME_S,
)
from tocsin.track._kernels_line import carry_along_into, variance_along

Array = NDArray[np.float64]

LEAST_CHANCE = 0.02  # of detection, where the coverage says that a track cannot be seen
_LOG_TAU = math.log(math.tau)


@kernel(
    "float64(float64[:,::1], int64, int64, float64[:,::1], int64, float64[:,::1], int64,"
    " float64, float64, float64)"
)
def update_block(
    x: Array, i: int, o: int, sensors: Array, k: int, plots: Array, p: int,
    offset_s: float, noise_h: float, noise_v: float,
) -> float:  # fmt: skip
    """Update the block x[i, o:] with plot p of sensor k; return the log-likelihood."""
    x0, x1, x2 = x[i, o], x[i, o + 1], x[i, o + 2]
    x3, x4, x5 = x[i, o + 3], x[i, o + 4], x[i, o + 5]
    t = offset_s
    row = linearised_of(sensors, k, x0 + t * x3, x1 + t * x4, x2 + t * x5, x3, x4, x5)
    mask = int(plots[p, P_MASK])
    late3 = -t * t * t / 3.0 if t < 0.0 else 0.0
    late1 = -t if t < 0.0 else 0.0
    bend_r, bend_a, bend_e = 0.0, 0.0, 0.0
    if mask & HAS_RANGE:
        bend_r, bend_a, bend_e = bend_of_block(x, i, o, row)
    product = 1.0
    distance = 0.0
    scalars = 0
    for c in range(4):
        if not mask & (1 << c):
            continue
        g0, g1, g2 = row[4], row[5], row[6]
        if c == 1:
            g0, g1, g2 = row[7], row[8], row[9]
        elif c == 2:
            g0, g1, g2 = row[10], row[11], row[12]
        elif c == 3:
            g0, g1, g2 = row[13], row[14], row[15]
        g3, g4, g5 = t * g0, t * g1, t * g2
        variance = plots[p, P_VARIANCE + c] + late3 * (
            noise_h * (g0 * g0 + g1 * g1) + noise_v * g2 * g2
        )
        # The row is read with constant indices: a tuple cannot be indexed by c in a kernel.
        expected = row[0]
        if c == 0:
            variance += bend_r
        elif c == 1:
            expected = row[1]
            variance += bend_a
        elif c == 2:
            expected = row[2]
            variance += bend_e
        else:
            expected = row[3]
            g3 += row[4]
            g4 += row[5]
            g5 += row[6]
            variance += late1 * (
                noise_h * (row[4] * row[4] + row[5] * row[5]) + noise_v * row[6] * row[6]
            )
        innovation = plots[p, P_RANGE + c] - expected
        if c == 1:
            innovation = wrapped(innovation)
        innovation -= (
            g0 * (x[i, o] - x0)
            + g1 * (x[i, o + 1] - x1)
            + g2 * (x[i, o + 2] - x2)
            + g3 * (x[i, o + 3] - x3)
            + g4 * (x[i, o + 4] - x4)
            + g5 * (x[i, o + 5] - x5)
        )
        up, rising = x[i, o + 2], x[i, o + 5]
        zz, zw, ww = x[i, o + 11], x[i, o + 20], x[i, o + 26]
        s, d2 = scalar_into(x, i, o, g0, g1, g2, g3, g4, g5, variance, innovation)
        if c == 3 and mask & HAS_RANGE and not mask & HAS_ELEVATION:
            # How a range rate hangs on the height hangs on the height: believed as it is at a
            # wrong one, it has lifted an aircraft by 800 m. So the height is considered, as
            # Schmidt's filter does, and not learnt from it.
            x[i, o + 2], x[i, o + 5] = up, rising
            x[i, o + 11], x[i, o + 20], x[i, o + 26] = zz, zw, ww
        product *= s
        distance += d2
        scalars += 1
    if not mask & HAS_RANGE:
        across_m2 = 0.0
        if mask & HAS_AZIMUTH:
            size2 = row[7] * row[7] + row[8] * row[8] + row[9] * row[9]
            across_m2 = variance_along(x, i, o, row[7], row[8], row[9]) / size2
        if mask & HAS_ELEVATION:
            size2 = row[10] * row[10] + row[11] * row[11] + row[12] * row[12]
            told = variance_along(x, i, o, row[10], row[11], row[12]) / size2
            across_m2 = max(across_m2, told)
        carry_along_into(x, i, o, sensors, k, x0, x1, x2, x3, x4, x5, across_m2)
    return -0.5 * (distance + math.log(product) + scalars * _LOG_TAU)


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, float64, float64, float64)")
def expect_into(
    scratch: Array,
    i: int,
    sensors: Array,
    k: int,
    offset_s: float,
    noise_h: float,
    noise_v: float,
) -> None:
    """What sensor k should measure of the overall state of scratch[i], and its covariance."""
    c = COMBINED
    t = offset_s
    ve, vn, vu = scratch[i, c + 3], scratch[i, c + 4], scratch[i, c + 5]
    row = linearised_of(
        sensors, k, scratch[i, c] + t * ve, scratch[i, c + 1] + t * vn, scratch[i,
        c + 2] + t * vu, ve, vn, vu
    )  # fmt: skip
    m = MEASURED
    scratch[i, m], scratch[i, m + 1], scratch[i, m + 2], scratch[i, m + 3] = (
        row[0], row[1], row[2], row[3],
    )  # fmt: skip
    r0, r1, r2 = row[4], row[5], row[6]
    a0, a1, a2 = row[7], row[8], row[9]
    e0, e1, e2 = row[10], row[11], row[12]
    d0, d1, d2 = row[13], row[14], row[15]
    d3, d4, d5 = r0 + t * d0, r1 + t * d1, r2 + t * d2
    p0, p1, p2, p3, p4, p5 = spread_of(scratch, i, c, r0, r1, r2, t * r0, t * r1, t * r2)
    n = INNOVATION
    w0, w1, w2 = p0 + t * p3, p1 + t * p4, p2 + t * p5
    scratch[i, n] = r0 * w0 + r1 * w1 + r2 * w2
    scratch[i, n + 1] = a0 * w0 + a1 * w1 + a2 * w2
    scratch[i, n + 2] = e0 * w0 + e1 * w1 + e2 * w2
    scratch[i, n + 3] = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3 + d4 * p4 + d5 * p5
    p0, p1, p2, p3, p4, p5 = spread_of(scratch, i, c, a0, a1, a2, t * a0, t * a1, t * a2)
    w0, w1, w2 = p0 + t * p3, p1 + t * p4, p2 + t * p5
    scratch[i, n + 4] = a0 * w0 + a1 * w1 + a2 * w2
    scratch[i, n + 5] = e0 * w0 + e1 * w1 + e2 * w2
    scratch[i, n + 6] = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3 + d4 * p4 + d5 * p5
    p0, p1, p2, p3, p4, p5 = spread_of(scratch, i, c, e0, e1, e2, t * e0, t * e1, t * e2)
    w0, w1, w2 = p0 + t * p3, p1 + t * p4, p2 + t * p5
    scratch[i, n + 7] = e0 * w0 + e1 * w1 + e2 * w2
    scratch[i, n + 8] = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3 + d4 * p4 + d5 * p5
    p0, p1, p2, p3, p4, p5 = spread_of(scratch, i, c, d0, d1, d2, d3, d4, d5)
    scratch[i, n + 9] = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3 + d4 * p4 + d5 * p5
    # Of a sensor without range what is unknown lies along its own line, where nothing bends.
    if math.isfinite(sensors[k, SIGMA]) and is_wide(scratch, i, c, row[0]):
        bend_r, bend_a, bend_e = bend_of(
            row[0], scratch[i, n], scratch[i, n + 1], scratch[i, n + 2], scratch[i, n + 4],
            scratch[i, n + 5], scratch[i, n + 7],
        )  # fmt: skip
        scratch[i, n] += bend_r
        scratch[i, n + 4] += bend_a
        scratch[i, n + 7] += bend_e
    if t < 0.0:
        late3, late1 = -t * t * t / 3.0, -t
        scratch[i, n] += late3 * (noise_h * (r0 * r0 + r1 * r1) + noise_v * r2 * r2)
        scratch[i, n + 4] += late3 * (noise_h * (a0 * a0 + a1 * a1) + noise_v * a2 * a2)
        scratch[i, n + 7] += late3 * (noise_h * (e0 * e0 + e1 * e1) + noise_v * e2 * e2)
        scratch[i, n + 9] += late1 * (noise_h * (r0 * r0 + r1 * r1) + noise_v * r2 * r2)


@kernel(
    "float64(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64, float64,"
    " float64[::1])"
)
def likelihood_of(
    scratch: Array, i: int, sensors: Array, k: int, plots: Array, p: int, slice_s: float,
    options: Array,
) -> float:  # fmt: skip
    """Return log of (chance of detection x density of the plot / density of false ones), or
    -inf outside the gate.
    """
    mask = int(plots[p, P_MASK])
    m = MEASURED
    r, az, el, rate = scratch[i, m], scratch[i, m + 1], scratch[i, m + 2], scratch[i, m + 3]
    at_s = plots[p, P_TIME] - sensors[k, BIAS + 3]
    if at_s != slice_s:
        c = COMBINED
        t = scratch[i, OFFSET_S] + at_s - slice_s
        ve, vn, vu = scratch[i, c + 3], scratch[i, c + 4], scratch[i, c + 5]
        r, az, el, rate = measured_of(
            sensors, k, scratch[i, c] + t * ve, scratch[i, c + 1] + t * vn, scratch[i,
            c + 2] + t * vu, ve, vn, vu
        )  # fmt: skip
    n = INNOVATION
    s00, s10, s20, s30 = scratch[i, n], scratch[i, n + 1], scratch[i, n + 2], scratch[i, n + 3]
    s11, s21, s31 = scratch[i, n + 4], scratch[i, n + 5], scratch[i, n + 6]
    s22, s32, s33 = scratch[i, n + 7], scratch[i, n + 8], scratch[i, n + 9]
    z0, z1, z2, z3 = 0.0, 0.0, 0.0, 0.0
    scalars = 0
    log_false = math.log(plots[p, P_FALSE] + plots[p, P_BIRTHS])
    # A value that was not measured becomes an independent one of unit variance and residual 0.
    if mask & HAS_RANGE:
        s00 += plots[p, P_VARIANCE]
        z0 = plots[p, P_RANGE] - r
        scalars += 1
        log_false -= sensors[k, LOG_EXTENT]
    else:
        s00, s10, s20, s30 = 1.0, 0.0, 0.0, 0.0
    if mask & HAS_AZIMUTH:
        s11 += plots[p, P_VARIANCE + 1]
        z1 = wrapped(plots[p, P_RANGE + 1] - az)
        scalars += 1
        log_false -= sensors[k, LOG_EXTENT + 1]
    else:
        s11, s10, s21, s31 = 1.0, 0.0, 0.0, 0.0
    if mask & HAS_ELEVATION:
        s22 += plots[p, P_VARIANCE + 2]
        z2 = plots[p, P_RANGE + 2] - el
        scalars += 1
        log_false -= sensors[k, LOG_EXTENT + 2]
    else:
        s22, s20, s21, s32 = 1.0, 0.0, 0.0, 0.0
    if mask & HAS_RATE:
        s33 += plots[p, P_VARIANCE + 3]
        z3 = plots[p, P_RANGE + 3] - rate
        scalars += 1
        log_false -= sensors[k, LOG_EXTENT + 3]
    else:
        s33, s30, s31, s32 = 1.0, 0.0, 0.0, 0.0
    limit = options[GATE + scalars - 1]
    if z0 * z0 > limit * s00 or z2 * z2 > limit * s22 or z3 * z3 > limit * s33:
        return -math.inf
    l10, l20, l30 = s10 / s00, s20 / s00, s30 / s00
    d1 = s11 - l10 * s10
    t21, t31 = s21 - l20 * s10, s31 - l30 * s10
    l21, l31 = t21 / d1, t31 / d1
    d2 = s22 - l20 * s20 - l21 * t21
    t32 = s32 - l30 * s20 - l31 * t21
    l32 = t32 / d2
    d3 = s33 - l30 * s30 - l31 * t31 - l32 * t32
    y1 = z1 - l10 * z0
    y2 = z2 - l20 * z0 - l21 * y1
    y3 = z3 - l30 * z0 - l31 * y1 - l32 * y2
    distance = z0 * z0 / s00 + y1 * y1 / d1 + y2 * y2 / d2 + y3 * y3 / d3
    if not distance <= limit:
        return -math.inf
    # Reach is nominal: a target a tenth farther may be seen, one far beyond it is another one.
    beyond = (
        r - 3.0 * math.sqrt(max(scratch[i, INNOVATION], 0.0)) > 1.1 * sensors[k, MAX_RANGE_M]
    )
    chance = max(scratch[i, CHANCE], 1e-6 if beyond else LEAST_CHANCE)
    return float(
        math.log(chance)
        - 0.5 * (distance + math.log(s00 * d1 * d2 * d3) + scalars * _LOG_TAU)
        - log_false
    )


@kernel("float64(float64[:,::1], int64, int64, float64, float64)")
def seen_by_kind_of(sensors: Array, k: int, kind: int, r: float, sigma_r: float) -> float:
    """Return the share of the range limit of one kind of target that lets it be seen at r."""
    limit = min(sensors[k, KIND_RANGE + kind], sensors[k, MAX_RANGE_M])
    return (
        1.0 - share_below(r, limit, sigma_r) if sigma_r > 0.0 else (1.0 if r <= limit else 0.0)
    )


@kernel("float64(float64[:,::1], int64, float64[:,::1], int64, float64, float64)")
def reach_of(kinds: Array, i: int, sensors: Array, k: int, r: float, sigma_r: float) -> float:
    """Return the probability that the track's kind can be seen by sensor k at range r."""
    total = 0.0
    for kind in range(kinds.shape[1]):
        total += kinds[i, kind] * seen_by_kind_of(sensors, k, kind, r, sigma_r)
    return total


@kernel(
    "void(float64[:,::1], int64, float64[:,::1], float64[:,::1], int64, float64, float64[::1],"
    " float64[::1], float64[:,::1])"
)
def prepare_into(
    tracks: Array, i: int, kinds: Array, sensors: Array, k: int, slice_s: float, options: Array,
    motion: Array, scratch: Array,
) -> None:  # fmt: skip
    """Carry track i to the slice's time in scratch[i], with what sensor k should see of it."""
    gap_s = slice_s - tracks[i, TIME_S]
    predict_into(tracks, i, max(gap_s, 0.0), options, motion, scratch, i)
    combine_into(scratch, i, scratch, i, COMBINED)
    offset_s = min(gap_s, 0.0)
    scratch[i, OFFSET_S] = offset_s
    expect_into(scratch, i, sensors, k, offset_s, options[NOISE_H], options[NOISE_V])
    m = MEASURED
    sigma_r = math.sqrt(max(scratch[i, INNOVATION], 0.0))
    sigma_rate = math.sqrt(max(scratch[i, INNOVATION + 9], 0.0))
    chance = detection_of(
        sensors, k, scratch[i, m], scratch[i, m + 1], scratch[i, m + 2], scratch[i, m + 3],
        sigma_rate
    ) * reach_of(kinds, i, sensors, k, scratch[i, m], sigma_r)  # fmt: skip
    scratch[i, CHANCE] = chance
    r = tracks[i, EXISTENCE]
    scratch[i, PRIOR] = math.log(r / (1.0 - r * chance))
