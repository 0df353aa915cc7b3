"""How much a sensor reports falsely, and where, as far as that is far more than was stated.

A plot is a stray where no confirmed track explains it. Of each sensor with a range two things
are learnt from the strays of its scans: their median number, which what has just come, a flock
or a raid, hardly moves; and a map of cells of range and azimuth, in each of which the mean of
many scans stands for a tree line, a road, rain, sea. Where neither is far more than what the
sensor was said to report, that holds. (A clutter map as of Musicki and Evans, "Clutter map
information for data association and track initialization", IEEE T-AES 40 (2004).)
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    AZIMUTH_HALF,
    FALSE_ALARMS,
    LOG_EXTENT,
    MAX_RANGE_M,
    PERIOD_S,
    SIGMA,
)
from tocsin.track._kernels_layout import (
    HAS_ELEVATION,
    P_FALSE,
    P_MASK,
    P_RANGE,
    P_VARIANCE,
    STATUS,
    TENTATIVE,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

RANGES, AZIMUTHS = 12, 32  # cells of a sensor: of its reach, and of a turn
CELLS = RANGES * AZIMUTHS
# A sensor's row: by cell the mean strays of a scan, the strays since it was looked at, and mean
# and variance of their elevations and range rates (0 variance: none yet); then the strays and
# the share of a scan since the last whole one; the median of a scan's strays (0: no scan
# yet); what is taken for it (0: as stated); how many cells are clutter.
STRAYS = CELLS
MEANS = 2 * CELLS  # of elevation and of range rate, one after the other; and so the variances
VARIANCES = 4 * CELLS
NEW, TURN, MEDIAN, OVERALL, FLAGGED = range(6 * CELLS, 6 * CELLS + 5)
WIDTH = 6 * CELLS + 5

_SCANS, _SETTLE_S = 20.0, 20.0  # a cell's mean is of so many scans, and of so long
_STEP, _FAR_STEP, _FAR = 0.15, 0.4, 3.0  # by which the median moves; and where it is far off
_MEMORY = 0.1  # weight of the newest stray in what is known of elevations and range rates
_LEAST = (math.radians(1.0), 1.0)  # their sigmas are no less: rad, m/s
_FAR_MORE = 3.0  # times what is stated, and besides:
_MORE, _MORE_IN_CELL = 3.0, 0.35


@kernel("float64(float64[:,::1], int64, float64)")
def share_of_scan(sensors: Array, k: int, sector_width: float) -> float:
    """Return the share of its field of view that sensor k looks at with a sector (radians)."""
    return float(min(sector_width / (2.0 * sensors[k, AZIMUTH_HALF]), 1.0))


@kernel("int64(float64[:,::1], int64, float64, float64)")
def cell_of(sensors: Array, k: int, range_m: float, azimuth: float) -> int:
    """Return the cell of a place as sensor k sees it; beyond its reach, one of the last."""
    far = range_m / sensors[k, MAX_RANGE_M] * RANGES
    a = int(far) if far < RANGES else RANGES - 1  # what is absurdly far is no whole number
    turn = azimuth / math.tau
    b = min(int((turn - math.floor(turn)) * AZIMUTHS), AZIMUTHS - 1)
    return a * AZIMUTHS + b


@kernel(
    "void(int64[:,::1], float64[:,::1], int64, float64[:,::1], int64[::1], int64, int64[::1],"
    " float64, float64[:,::1])"
)
def note_strays_into(
    ints: Ints, sensors: Array, k: int, plots: Array, order: Ints, count: int, col_row: Ints,
    radius_m: float, clutter: Array,
) -> None:  # fmt: skip
    """Count the plots of a slice of sensor k that no confirmed track has.

    col_row: the track of each place in the order, -1 none, -2 one by its wide gate. What may
    lie beyond radius_m of the site has no track for that reason.
    """
    if not math.isfinite(sensors[k, SIGMA]):
        return  # what rays are of is open until they cross
    most_m = radius_m - math.sqrt(sensors[k, 0] * sensors[k, 0] + sensors[k, 1] * sensors[k, 1])
    for place in range(count):
        i = col_row[place]
        if i == -2 or (i >= 0 and ints[i, STATUS] != TENTATIVE):
            continue
        p = order[place]
        if plots[p, P_RANGE] > most_m:
            continue
        cell = cell_of(sensors, k, plots[p, P_RANGE], plots[p, P_RANGE + 1])
        clutter[k, STRAYS + cell] += 1.0
        clutter[k, NEW] += 1.0
        mask = int(plots[p, P_MASK])
        for c in range(2):
            if not mask & (HAS_ELEVATION << c):
                continue
            mean, variance = MEANS + c * CELLS + cell, VARIANCES + c * CELLS + cell
            most = math.exp(sensors[k, LOG_EXTENT + 2 + c])  # an absurd value moves it no more
            off = min(max(plots[p, P_RANGE + 2 + c] - clutter[k, mean], -most), most)
            if clutter[k, variance] == 0.0:
                clutter[k, mean] += off
                clutter[k, variance] = _LEAST[c] * _LEAST[c]
                continue
            clutter[k, mean] += _MEMORY * off
            clutter[k, variance] += _MEMORY * (off * off - clutter[k, variance])


@kernel("void(float64[:,::1], int64, float64, float64, float64[:,::1])")
def learn_clutter_into(
    sensors: Array, k: int, sector_from: float, sector_width: float, clutter: Array
) -> None:
    """Take in the strays of a finished look of sensor k at a sector (radians)."""
    if not math.isfinite(sensors[k, SIGMA]):
        return
    stated = sensors[k, FALSE_ALARMS]
    clutter[k, TURN] += share_of_scan(sensors, k, sector_width)
    if clutter[k, TURN] > 0.999:
        median_into(clutter[k], stated, min(sensors[k, PERIOD_S], 1.0))
    limit = limit_of(sensors, k, clutter)
    part = min(1.0 / _SCANS, sensors[k, PERIOD_S] / _SETTLE_S)
    flagged = 0.0
    for b in range(AZIMUTHS):
        into = (b + 0.5) * math.tau / AZIMUTHS - sector_from
        into -= math.floor(into / math.tau) * math.tau
        for a in range(RANGES):
            cell = a * AZIMUTHS + b
            if into < sector_width:
                mean, new = clutter[k, cell], clutter[k, STRAYS + cell]
                # What comes all at once counts little more than what is usual there.
                clutter[k, cell] = mean + part * (min(new, 2.0 * mean + 1.0) - mean)
                clutter[k, STRAYS + cell] = 0.0
            flagged += clutter[k, cell] > limit
    clutter[k, FLAGGED] = flagged


@kernel("void(float64[::1], float64, float64)")
def median_into(own: Array, stated: float, pace: float) -> None:
    """Move the median of a sensor's scan by what has come since the last one.

    pace: how much of a step; who scans many times a second moves no faster than by seconds.
    """
    strays = own[NEW] / own[TURN]
    now = own[MEDIAN] if own[MEDIAN] > 0.0 else max(stated, 1.0)
    is_far = strays > _FAR * now or strays < now / _FAR
    step = 1.0 + (_FAR_STEP if is_far else _STEP) * pace
    now = max(now * step if strays > now else now / step, 0.1)
    own[MEDIAN] = now
    own[OVERALL] = now if now > _FAR_MORE * stated + _MORE else 0.0
    own[NEW] = own[TURN] = 0.0


@kernel("float64(float64[:,::1], int64)")
def cell_share_of(sensors: Array, k: int) -> float:
    """Return the share of a cell in all that sensor k covers, in range and azimuth."""
    cell = sensors[k, MAX_RANGE_M] / RANGES * math.tau / AZIMUTHS
    share = cell * math.exp(-sensors[k, LOG_EXTENT] - sensors[k, LOG_EXTENT + 1])
    return float(max(share, 1e-9))  # of one that sees next to nothing


@kernel("float64(float64[:,::1], int64, float64[:,::1])", entry=True)
def limit_of(sensors: Array, k: int, clutter: Array) -> float:
    """Return the mean strays of a scan above which a cell is clutter."""
    usual = max(sensors[k, FALSE_ALARMS], clutter[k, OVERALL]) * cell_share_of(sensors, k)
    return float(_FAR_MORE * usual + _MORE_IN_CELL)


@kernel("void(float64[:,::1], int64, float64[:,::1], int64, int64, float64[:,::1])")
def crowd_into(
    sensors: Array, k: int, plots: Array, first: int, count: int, clutter: Array
) -> None:
    """Put into the plots of a slice how many false alarms there are where they are, where that
    is far more than what was stated.
    """
    overall = clutter[k, OVERALL]
    if overall == 0.0 and clutter[k, FLAGGED] == 0.0:
        return
    share, limit = cell_share_of(sensors, k), limit_of(sensors, k, clutter)
    for p in range(first, first + count):
        found = overall
        cell = cell_of(sensors, k, plots[p, P_RANGE], plots[p, P_RANGE + 1])
        if clutter[k, cell] > limit:
            dense = density_of(sensors, k, plots, p, clutter, cell)
            found = max(clutter[k, cell] / share * dense, overall)
        plots[p, P_FALSE] = max(plots[p, P_FALSE], found)


@kernel("float64(float64[:,::1], int64, float64[:,::1], int64, float64[:,::1], int64)")
def density_of(
    sensors: Array, k: int, plots: Array, p: int, clutter: Array, cell: int
) -> float:
    """Return how many times denser than everywhere alike the strays of a cell are at the
    elevation and range rate of plot p: what stands still hides nothing that flies by.
    """
    mask = int(plots[p, P_MASK])
    log_dense = 0.0
    for c in range(2):
        variance = clutter[k, VARIANCES + c * CELLS + cell]
        if not mask & (HAS_ELEVATION << c) or variance == 0.0:
            continue
        variance = max(variance, _LEAST[c] * _LEAST[c]) + plots[p, P_VARIANCE + 2 + c]
        off = plots[p, P_RANGE + 2 + c] - clutter[k, MEANS + c * CELLS + cell]
        log_dense += sensors[k, LOG_EXTENT + 2 + c] - 0.5 * (
            off * off / variance + math.log(math.tau * variance)
        )
    return math.exp(log_dense)
