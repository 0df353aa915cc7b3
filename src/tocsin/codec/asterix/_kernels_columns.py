"""Walked ASTERIX records to columns: bits of fields, times, reasons, then SI units.

Where a field's bits lie, and its step, come from the tables of `_flat`; `raw` (events, fields)
has the fields of an event's category in the order of its names below, MISSING where the record
lacks the item.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.asterix._kernels_walk import (
    CATEGORY,
    FRAME,
    KIND,
    RECORD,
    SOURCE,
    WHY_ROW,
    WHY_TIME,
)
from tocsin.units import DEG, FOOT_M, NAUTICAL_MILE_M

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Column = NDArray[np.float64]
Int = int | np.int64

MISSING = -(1 << 62)
TOD = 0  # of every category
# CAT034
TYP_034, AZI, ROT, NOGO = range(1, 5)
# CAT048
TYP, SIM, RAB, TST, RHO, THETA, V, G, FL, ADR, TID, TRN, H3D, D, CAL = range(1, 16)
# CAT062
NUMBER, TENTATIVE, SIM_062, TSE, LAT, LON, VX, VY, ROCD, ALT, MFL, ADR_062 = range(1, 13)
ID, TID_245, APX, APY, AVX, AVY, AGA, STI = range(13, 21)
INVALID = 3  # of STI

NO_TIME, MIDNIGHT = 1, 2  # of WHY_TIME
MONITOR, NO_DETECTION, NO_PLACE, NOT_WHOLE, OUTSIDE = range(1, 6)  # of WHY_ROW
FIRST, END, ODD, ALIKE = range(4)  # of a run: events [first, end), reasons in it, equal times
# Rows of `out`: names of DetectionBatch in `_columns`.
RANGE, AZIMUTH, ELEVATION, RATE, LAT_DEG, LON_DEG, ALT_M, EAST, NORTH, UP = range(10)
S_RANGE, S_AZIMUTH, S_ELEVATION, S_RATE, S_POSITION, S_ALT, S_VELOCITY = range(10, 17)
TIME, ARRIVAL, NUMBERS = 17, 18, 19
# Columns of `poses`: a radar's sigmas (but for elevation with what rounding to the item's step
# adds) and its place, NaN where the site file says nothing.
P_RANGE, P_AZIMUTH, P_RATE, P_ELEVATION, P_CENTRE_M, P_ALT_M, P_GEOID_M = range(7)
POSE = 7

CAT034, CAT048, CAT062 = 34, 48, 62
DAY_S = 86_400.0
SIGMA_PRESSURE_M = 150.0  # docs/formats/README.md
FOOT_PER_MINUTE_MPS = FOOT_M / 60.0
ALT_MSL, ALT_PRESSURE, REPORT_TRACK = 2, 3, 1  # model.AltRef, model.Report
SIMULATED, NO_POSITION, ENDED, IS_TENTATIVE = 8, 2, 64, 128  # model.DetectionBatch
HASH, SPACE, ZERO = 35, 32, 48
ROOT_12 = math.sqrt(12.0)  # a value rounded to steps of q has a deviation of q / sqrt(12)
LEVEL_M = 100.0


@kernel("int64(uint8[::1], int64, int64[:,::1], int64)")
def _bits(data: Octets, at: Int, fields: Table, row: Int) -> Int:
    """Return a field's number; a part that the record lacks gives MISSING.

    A row of fields is (slot, octets before it, octets, shift, bits, is signed, parts before).
    """
    for k in range(fields[row, 6]):
        if not data[at + k] & 1:
            return MISSING
    at += fields[row, 1]
    value: Int = np.int64(data[at])
    for k in range(1, fields[row, 2]):
        value = value << 8 | np.int64(data[at + k])
    bits = fields[row, 4]
    value = value >> fields[row, 3] & ((np.int64(1) << bits) - 1)
    if fields[row, 5] and value >> (bits - 1):
        value -= np.int64(1) << bits
    return value


@kernel(
    "void(uint8[::1], int64, int64[:,::1], int32[:,::1], int64[:,::1], int64[:,::1],"
    " int64[:,::1])"
)
def read_into(
    data: Octets, n: Int, heads: Table, places: NDArray[np.int32], spans: Table, fields: Table,
    raw: Table,
) -> None:  # fmt: skip
    """Read the fields of n events: those of a category are rows spans[c, 0] to spans[c, 1]."""
    for i in range(n):
        if heads[i, KIND] != RECORD:
            continue
        category = heads[i, CATEGORY]
        first, end = spans[category, 0], spans[category, 1]
        for row in range(first, end):
            at = np.int64(places[i, fields[row, 0]])
            raw[i, row - first] = MISSING if at < 0 else _bits(data, at, fields, row)


@kernel("int64(int64[:,::1], int64)")
def _why_plot(raw: Table, i: Int) -> Int:
    if raw[i, RAB] > 0:
        return MONITOR
    if raw[i, TYP] == 0:
        return NO_DETECTION
    return NO_PLACE if raw[i, RHO] == MISSING else 0


@kernel("int64(int64[:,::1], int64, float64[:,::1])")
def _why_no_track(raw: Table, i: Int, steps: Column) -> Int:
    if raw[i, TOD] == MISSING or raw[i, NUMBER] == MISSING or raw[i, TENTATIVE] == MISSING:
        return NOT_WHOLE
    if raw[i, LAT] != MISSING:
        lat_deg, lon_deg = raw[i, LAT] * steps[CAT062, LAT], raw[i, LON] * steps[CAT062, LON]
        if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg < 180.0):
            return OUTSIDE
    return 0


@kernel(
    "int64(int64, int64[:,::1], int64[:,::1], float64[:,::1], float64[::1], float64[::1],"
    " int64[:,::1])"
)
def judge_into(
    n: Int, heads: Table, raw: Table, steps: Column, reference_s: Column, times_s: Column,
    runs: Table,
) -> int:  # fmt: skip
    """Judge n events and cut them into runs: records of one payload, category and source.

    steps (256, fields) by category; reference_s of each payload: the time of day is that of
    the day nearest to it. Returns how many rows `runs` (n, 4) got.
    """
    m = 0
    for i in range(n):
        is_record = heads[i, KIND] == RECORD
        category = heads[i, CATEGORY]
        times_s[i] = np.nan
        if is_record and category in (CAT034, CAT048, CAT062):
            if raw[i, TOD] == MISSING:
                heads[i, WHY_TIME] = NO_TIME
            else:
                tod_s, now_s = raw[i, TOD] * steps[category, TOD], reference_s[heads[i, FRAME]]
                heads[i, WHY_TIME] = MIDNIGHT if tod_s >= DAY_S else 0
                time_s = now_s // DAY_S * DAY_S + tod_s
                if time_s - now_s > DAY_S / 2.0:
                    time_s -= DAY_S
                elif now_s - time_s > DAY_S / 2.0:
                    time_s += DAY_S
                times_s[i] = time_s
            if category == CAT048:
                heads[i, WHY_ROW] = _why_plot(raw, i)
            elif category == CAT062:
                heads[i, WHY_ROW] = _why_no_track(raw, i, steps)
                if heads[i, SOURCE] < 0:
                    heads[i, WHY_ROW] = NOT_WHOLE
        is_odd = 1 if heads[i, WHY_TIME] or heads[i, WHY_ROW] else 0
        if i and is_record:
            goes_on = heads[i - 1, KIND] == RECORD and heads[i - 1, FRAME] == heads[i, FRAME]
            goes_on &= (
                heads[i - 1, CATEGORY] == category and heads[i - 1, SOURCE] == heads[i, SOURCE]
            )
            if category == CAT062:
                goes_on &= heads[i - 1, WHY_ROW] == heads[i, WHY_ROW]
            if goes_on:
                runs[m - 1, END] = i + 1
                runs[m - 1, ODD] |= is_odd
                if times_s[i] != times_s[i - 1]:
                    runs[m - 1, ALIKE] = 0
                continue
        runs[m, FIRST], runs[m, END], runs[m, ODD], runs[m, ALIKE] = i, i + 1, is_odd, 1
        m += 1
    return m


@kernel("void(int64, uint8[:,::1], int64)")
def _hex_into(value: Int, out: Octets, j: Int) -> None:
    for k in range(6):
        digit = value >> (4 * (5 - k)) & 15
        out[j, k] = digit + 48 if digit < 10 else digit + 87  # lower-case letters


@kernel("void(int64, uint8[:,::1], int64)")
def _decimal_into(value: Int, out: Octets, j: Int) -> None:
    digits, rest = 1, value // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for k in range(digits):
        out[j, digits - 1 - k] = 48 + value % 10
        value //= 10


@kernel("void(int64, uint8[::1], uint8[:,::1], int64)")
def _callsign_into(value: Int, alphabet: Octets, out: Octets, j: Int) -> None:
    """Write a call sign without the blanks around it; nothing for one that says nothing."""
    first, end = 8, 0
    for k in range(8):
        letter = alphabet[value >> (6 * (7 - k)) & 63]
        if letter == HASH:
            return
        if letter != SPACE:
            first, end = min(first, k), k + 1
    says = False
    for k in range(first, end):
        says |= alphabet[value >> (6 * (7 - k)) & 63] != ZERO
    for k in range(first, end if says else 0):
        out[j, k - first] = alphabet[value >> (6 * (7 - k)) & 63]


@kernel(
    "void(int64[:,::1], int64, float64[:,::1], float64[:,::1], int64, int64, float64[:,::1])"
)
def _elevation_into(
    raw: Table, i: Int, steps: Column, poses: Column, p: Int, j: Int, out: Column
) -> None:
    """The height that a 3-D radar measured as elevation: `elevation_of` says how."""
    range_m = out[RANGE, j]
    if range_m <= 0.0:
        return
    height_m = raw[i, H3D] * steps[CAT048, H3D] * FOOT_M + poses[p, P_GEOID_M]
    climb_m, centre_m = height_m - poses[p, P_ALT_M], poses[p, P_CENTRE_M]
    sine = (climb_m * (2.0 * centre_m + climb_m) - range_m * range_m) / (
        2.0 * range_m * centre_m
    )
    if -1.0 <= sine <= 1.0:
        out[ELEVATION, j] = math.asin(sine)
        step_m = steps[CAT048, H3D] * FOOT_M / ROOT_12
        sigma, rounded = poses[p, P_ELEVATION], step_m / range_m
        out[S_ELEVATION, j] = math.sqrt(sigma * sigma + rounded * rounded)


@kernel(
    "void(int64[:,::1], int64, float64[:,::1], float64[:,::1], int64, int64, float64[:,::1],"
    " uint16[::1])"
)
def _plot_into(
    raw: Table, i: Int, steps: Column, poses: Column, p: Int, j: Int, out: Column,
    flags: NDArray[np.uint16],
) -> None:  # fmt: skip
    out[RANGE, j] = raw[i, RHO] * steps[CAT048, RHO] * NAUTICAL_MILE_M
    out[AZIMUTH, j] = raw[i, THETA] * steps[CAT048, THETA] * DEG
    if raw[i, SIM] > 0 or raw[i, TST] > 0:
        flags[j] = SIMULATED
    out[S_RANGE, j], out[S_AZIMUTH, j] = poses[p, P_RANGE], poses[p, P_AZIMUTH]
    if raw[i, D] == 0:  # not doubtful; MISSING is another number
        out[RATE, j] = raw[i, CAL] * steps[CAT048, CAL]
        out[S_RATE, j] = poses[p, P_RATE]
    if raw[i, H3D] != MISSING and not math.isnan(poses[p, P_ELEVATION]):
        _elevation_into(raw, i, steps, poses, p, j, out)


@kernel("void(int64[:,::1], int64, float64[:,::1], int64, float64[:,::1], uint16[::1])")
def _track_into(
    raw: Table, i: Int, steps: Column, j: Int, out: Column, flags: NDArray[np.uint16]
) -> None:
    said = 0
    if raw[i, LAT] == MISSING:
        said |= NO_POSITION  # I062/100 hangs on a reference point that no item gives
    else:
        out[LAT_DEG, j], out[LON_DEG, j] = (
            raw[i, LAT] * steps[CAT062, LAT],
            raw[i, LON] * steps[CAT062, LON],
        )
    if raw[i, VX] != MISSING:
        out[EAST, j], out[NORTH, j] = (
            raw[i, VX] * steps[CAT062, VX],
            raw[i, VY] * steps[CAT062, VY],
        )
    if raw[i, ROCD] != MISSING:
        out[UP, j] = raw[i, ROCD] * steps[CAT062, ROCD] * FOOT_PER_MINUTE_MPS
    # I062/500: one standard deviation each; 0 encodes none.
    if raw[i, APX] != MISSING:
        x, y = raw[i, APX] * steps[CAT062, APX], raw[i, APY] * steps[CAT062, APY]
        sigma = math.sqrt((x * x + y * y) / 2.0)
        if sigma > 0.0:
            out[S_POSITION, j] = sigma
    if raw[i, AVX] != MISSING:
        x, y = raw[i, AVX] * steps[CAT062, AVX], raw[i, AVY] * steps[CAT062, AVY]
        sigma = math.sqrt((x * x + y * y) / 2.0)
        if sigma > 0.0:
            out[S_VELOCITY, j] = sigma
    said |= SIMULATED if raw[i, SIM_062] > 0 else 0
    said |= ENDED if raw[i, TSE] > 0 else 0
    said |= IS_TENTATIVE if raw[i, TENTATIVE] > 0 else 0
    flags[j] = said


@kernel("int64(int64, int64[:,::1], int64, float64[:,::1], int64, float64[:,::1])")
def _height_into(category: Int, raw: Table, i: Int, steps: Column, j: Int, out: Column) -> Int:
    """Write the height and its sigma; return what it is measured from."""
    level = MISSING
    if category == CAT048:
        level = raw[i, FL] if raw[i, V] == 0 and raw[i, G] == 0 else MISSING
        if level == MISSING:
            return 0
        out[ALT_M, j] = level * steps[category, FL] * LEVEL_M * FOOT_M
    elif raw[i, ALT] != MISSING:  # geometric, over mean sea level
        out[ALT_M, j] = raw[i, ALT] * steps[category, ALT] * FOOT_M
        if raw[i, AGA] > 0:
            out[S_ALT, j] = raw[i, AGA] * steps[category, AGA] * FOOT_M
        return ALT_MSL
    elif raw[i, MFL] == MISSING:
        return 0
    else:
        out[ALT_M, j] = raw[i, MFL] * steps[category, MFL] * LEVEL_M * FOOT_M
    out[S_ALT, j] = SIGMA_PRESSURE_M
    return ALT_PRESSURE


@kernel(
    "void(int64[:,::1], float64[::1], float64[::1], int64[:,::1], int64[:,::1], float64[:,::1],"
    " float64[:,::1], uint8[::1], float64[:,::1], int32[:,::1], uint8[:,::1], uint16[::1],"
    " uint8[:,::1], uint8[:,::1], uint8[:,::1])"
)
def fill_into(
    spans: Table, arrivals_s: Column, times_s: Column, heads: Table, raw: Table, steps: Column,
    poses: Column, alphabet: Octets, out: Column, places: NDArray[np.int32], kinds: Octets,
    flags: NDArray[np.uint16], declared: Octets, track: Octets, callsign: Octets,
) -> None:  # fmt: skip
    """Write events as rows, those of spans (first, end, row of poses, sensor, frame) in turn.

    out (NUMBERS, rows) must be NaN before; places (2, rows) gets sensor and frame, kinds (2,
    rows) what the row is and what its height is above; the texts and flags must be 0 before.
    """
    j = 0
    for k in range(spans.shape[0]):
        p = spans[k, 2]
        for i in range(spans[k, 0], spans[k, 1]):
            category = heads[i, CATEGORY]
            out[TIME, j], out[ARRIVAL, j] = times_s[i], arrivals_s[k]
            places[0, j], places[1, j] = spans[k, 3], spans[k, 4]
            kinds[1, j] = _height_into(category, raw, i, steps, j, out)
            if category == CAT048:
                _plot_into(raw, i, steps, poses, p, j, out, flags)
                number, address, name = raw[i, TRN], raw[i, ADR], raw[i, TID]
            else:
                kinds[0, j] = REPORT_TRACK
                _track_into(raw, i, steps, j, out, flags)
                number, address = raw[i, NUMBER], raw[i, ADR_062]
                name = raw[i, ID]
                if name == MISSING and raw[i, STI] != INVALID:
                    name = raw[i, TID_245]
            if address != MISSING:
                _hex_into(address, declared, j)
            if number != MISSING:
                _decimal_into(number, track, j)
            if name != MISSING:
                _callsign_into(name, alphabet, callsign, j)
            j += 1
