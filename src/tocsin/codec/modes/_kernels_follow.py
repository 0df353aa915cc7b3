"""From intact frames to declared reports: who is heard, and what they say of themselves.

An address counts as heard after two intact extended squitters within 60 s (what noise makes
seldom repeats itself), or one that spells a name: of noise that passes the parity (1 in 2^24)
one in 80 does.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.modes._kernels_beast import HEAD
from tocsin.codec.modes._kernels_fleet import (
    ACCEPTED,
    CALLSIGN,
    DIFFERENCE_M,
    DIFFERENCE_SAID_S,
    EAST_MPS,
    FULL,
    LAT,
    LON,
    NAC_P,
    NAMES,
    NO_ROOM,
    NORTH_MPS,
    SIGMA_MPS,
    UP_MPS,
    VELOCITY_S,
    answered_into,
    heard_into,
)
from tocsin.codec.modes._kernels_frames import NO_ICAO, REPLY, SQUITTER, TOO_MANY
from tocsin.codec.modes._kernels_places import BELIEVED, in_air_into, on_ground_into
from tocsin.units import DEG, FOOT_M, KNOT_MPS

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Column = NDArray[np.float64]
Flags = NDArray[np.uint16]
Rows = NDArray[np.int32]
Int = int | np.int64

CRAFTS, ROWS = 0, 1  # of `counts`
VALID_S = 5.0  # how long a velocity is valid beside later positions
DIFFERENCE_VALID_S = 120.0  # and the difference of geometric and pressure height
CLIMB_STEP_MPS = 64.0 * FOOT_M / 60.0  # DO-260B, 2.2.3.2.6.1.10
DIFFERENCE_STEP_M = 25.0 * FOOT_M  # ibid., .15
# Rows of `out`: names of DetectionBatch in `_rows`.
(
    LAT_DEG, LON_DEG, ALT_M, EAST, NORTH, UP, S_POSITION, S_ALT, S_VELOCITY, TIME,
) = range(10)  # fmt: skip
NUMBERS = 10
# Rows of `tables`, by what a message says: altitude code, movement code, NACv, type code (its
# NIC), NACP_CODES times NIC + 1 and NACp + 1; then sigmas of a pressure and a geometric height.
ALTITUDES, SPEEDS, SIGMAS_VELOCITY, NICS, SIGMAS_POSITION, SIGMAS_ALT = range(6)
TABLES, TABLE_WIDTH = 6, 4096
NACP_CODES = 17
UNSAID_NACV = 8  # in SIGMAS_VELOCITY
ALT_ELLIPSOID, ALT_PRESSURE = 1, 3  # model.AltRef
ON_GROUND, NO_POSITION, GEOMETRIC_HEIGHT = 1, 2, 4  # model.DetectionBatch
UNKNOWN, BLANK, TILDE = 35, 32, 126  # characters


@kernel("float64(int64, int64, float64)")
def _signed(sign: Int, raw: Int, step: float) -> float:
    """Return the value of a sign bit and a magnitude of which 0 means "not said"."""
    if raw == 0:
        return np.nan
    return -(raw - 1) * step if sign else (raw - 1) * step


@kernel("void(int64, float64, float64[:,::1], float64[:,::1], int64)")
def _velocity_into(body: Int, time_s: float, tables: Column, values: Column, r: Int) -> None:
    """Type code 19: what `_squitter.read_velocity` reads."""
    subtype = body >> 48 & 7
    if not 1 <= subtype <= 4:
        return
    values[r, EAST_MPS] = values[r, NORTH_MPS] = np.nan
    if subtype <= 2:
        step = 4.0 * KNOT_MPS if subtype == 2 else KNOT_MPS
        values[r, EAST_MPS] = _signed(body >> 42 & 1, body >> 32 & 0x3FF, step)
        values[r, NORTH_MPS] = _signed(body >> 31 & 1, body >> 21 & 0x3FF, step)
    values[r, UP_MPS] = _signed(body >> 19 & 1, body >> 10 & 0x1FF, CLIMB_STEP_MPS)
    values[r, VELOCITY_S] = time_s
    values[r, SIGMA_MPS] = tables[SIGMAS_VELOCITY, body >> 43 & 7]
    difference_m = _signed(body >> 7 & 1, body & 0x7F, DIFFERENCE_STEP_M)
    if not math.isnan(difference_m):
        values[r, DIFFERENCE_M], values[r, DIFFERENCE_SAID_S] = difference_m, time_s


@kernel("void(int64, uint8[::1], int64[:,::1], uint8[:,::1], int64)")
def _name_into(body: Int, alphabet: Octets, marks: Table, names: Octets, r: Int) -> None:
    """Type codes 1 to 4: the call sign without the blanks around it, and the category."""
    names[r, CALLSIGN] = 69 - (body >> 51)  # code 4 is set "A", 1 is "D"
    names[r, CALLSIGN + 1] = 48 + (body >> 48 & 7)
    first, end = CALLSIGN, 0
    for k in range(CALLSIGN):
        letter = alphabet[body >> (42 - 6 * k) & 63]
        if letter == UNKNOWN:
            return
        if letter != BLANK:
            first, end = min(first, k), k + 1
    if first >= end:
        return
    for k in range(CALLSIGN):
        says = k < end - first
        names[r, k] = alphabet[body >> (42 - 6 * (k + first)) & 63] if says else 0
    marks[r, ACCEPTED] = 1


@kernel("void(float64[:,::1], int64, int64, float64[:,::1])")
def _say_velocity_into(values: Column, r: Int, j: Int, out: Column) -> None:
    out[EAST, j], out[NORTH, j] = values[r, EAST_MPS], values[r, NORTH_MPS]
    out[UP, j], out[S_VELOCITY, j] = values[r, UP_MPS], values[r, SIGMA_MPS]


@kernel(
    "void(int64, int64[:,::1], float64[:,::1], float64[:,::1], int64, int64,"
    " float64[:,::1], int8[::1])"
)
def _say_place_into(
    code: Int, marks: Table, values: Column, tables: Column, r: Int, j: Int, out: Column,
    nics: NDArray[np.int8],
) -> None:  # fmt: skip
    out[LAT_DEG, j], out[LON_DEG, j] = values[r, LAT], values[r, LON]
    nic = np.int64(tables[NICS, code])
    nics[j] = nic
    out[S_POSITION, j] = tables[SIGMAS_POSITION, NACP_CODES * (nic + 1) + marks[r, NAC_P] + 1]


@kernel(
    "void(int64, int64, float64, float64[:,::1], float64[:,::1], int64, int64,"
    " float64[:,::1], uint8[::1], uint16[::1])"
)
def _say_height_into(
    body: Int, code: Int, time_s: float, tables: Column, values: Column, r: Int, j: Int,
    out: Column, alt_refs: Octets, flags: Flags,
) -> None:  # fmt: skip
    raw = body >> 36 & 0xFFF
    is_geometric = code >= 20
    if is_geometric:  # over the ellipsoid, metres (Doc 9871, table A-2-5)
        alt_m = float(raw) if raw else np.nan
    else:
        alt_m = tables[ALTITUDES, raw]
        if time_s - values[r, DIFFERENCE_SAID_S] <= DIFFERENCE_VALID_S:
            alt_m += values[r, DIFFERENCE_M]
            is_geometric = True
    if math.isnan(alt_m):
        return
    out[ALT_M, j], out[S_ALT, j] = alt_m, tables[SIGMAS_ALT, 1 if is_geometric else 0]
    alt_refs[j] = ALT_ELLIPSOID if is_geometric else ALT_PRESSURE
    if is_geometric:
        flags[j] |= GEOMETRIC_HEIGHT


@kernel("void(int64, float64[:,::1], int64, float64[:,::1])")
def _say_ground_speed_into(body: Int, tables: Column, j: Int, out: Column) -> None:
    """Movement and track of a surface position: what `_surface.read_surface` reads."""
    speed_mps = tables[SPEEDS, body >> 44 & 0x7F]
    if speed_mps == 0.0:
        out[EAST, j], out[NORTH, j] = 0.0, 0.0
    elif body >> 43 & 1 and not math.isnan(speed_mps):
        track_rad = (body >> 36 & 0x7F) * 360.0 / 128.0 * DEG
        out[EAST, j] = speed_mps * math.sin(track_rad)
        out[NORTH, j] = speed_mps * math.cos(track_rad)
    if not math.isnan(out[EAST, j]):
        out[S_VELOCITY, j] = tables[SIGMAS_VELOCITY, UNSAID_NACV]


@kernel(
    "int64(int64, float64, float64[::1], float64[:,::1], uint8[::1], int64[:,::1],"
    " float64[:,::1], uint8[:,::1], int64, int64, float64[:,::1], uint8[::1], int8[::1],"
    " uint16[::1])"
)
def _learn_into(
    body: Int, time_s: float, pose: Column, tables: Column, alphabet: Octets, marks: Table,
    values: Column, names: Octets, r: Int, j: Int, out: Column, alt_refs: Octets,
    nics: NDArray[np.int8], flags: Flags,
) -> Int:  # fmt: skip
    """Take the 56 bits of a squitter of craft r into its state and row j of what is reported;
    return why its place is refused, 0 where it is not.
    """
    code = body >> 51
    answer: Int = 0
    if 1 <= code <= 4:
        _name_into(body, alphabet, marks, names, r)
    elif 9 <= code <= 18 or 20 <= code <= 22:
        answer = in_air_into(body, time_s, pose, marks, values, r)
        if answer == BELIEVED:
            _say_place_into(code, marks, values, tables, r, j, out, nics)
            _say_height_into(body, code, time_s, tables, values, r, j, out, alt_refs, flags)
            if time_s - values[r, VELOCITY_S] <= VALID_S:
                _say_velocity_into(values, r, j, out)
    elif code == 19:
        _velocity_into(body, time_s, tables, values, r)
    elif 5 <= code <= 8:
        flags[j] = ON_GROUND
        answer = on_ground_into(body, time_s, pose, marks, values, r)
        if answer == BELIEVED:
            _say_place_into(code, marks, values, tables, r, j, out, nics)
            _say_ground_speed_into(body, tables, j, out)
    elif code == 31 and body >> 48 & 7 <= 1 and body >> 13 & 7:
        # Operational status in the air or on the ground, version 1 or 2 (DO-260B, 2.2.3.2.7.2).
        marks[r, NAC_P] = body >> 8 & 0xF
    if answer != BELIEVED:
        flags[j] |= NO_POSITION
        if time_s == values[r, VELOCITY_S]:
            _say_velocity_into(values, r, j, out)
    return answer if answer > 0 else 0


@kernel("void(int64, uint8[:,::1], int64, int64, uint8[:,::1], uint8[:,::1], uint8[:,::1])")
def _sign_into(
    key: Int, names: Octets, r: Int, j: Int, declared: Octets, callsigns: Octets,
    categories: Octets,
) -> None:  # fmt: skip
    """Write who reports: the address as hex, "~" before one that is not ICAO's, and names."""
    at = 0
    if key & NO_ICAO:
        declared[j, 0] = TILDE
        at = 1
    for k in range(6):
        digit = key >> (20 - 4 * k) & 15
        declared[j, at + k] = digit + 48 if digit < 10 else digit + 87  # lower-case letters
    for k in range(CALLSIGN):
        callsigns[j, k] = names[r, k]
    for k in range(CALLSIGN, NAMES):
        categories[j, k - CALLSIGN] = names[r, k]


@kernel("int64(uint8[:,::1], int64)")
def _body_of(messages: Octets, i: Int) -> Int:
    body: Int = np.int64(0)
    for k in range(HEAD + 4, HEAD + 11):
        body = body << 8 | np.int64(messages[i, k])
    return body


@kernel(
    "int64(int64, int64, int64[::1], uint8[::1], int64[::1], uint8[:,::1], float64[::1],"
    " float64[::1], float64[:,::1], uint8[::1], int32[::1], int64[::1], int64[:,::1],"
    " float64[:,::1], uint8[:,::1], uint8[::1], int32[::1], float64[:,::1], uint8[::1],"
    " int8[::1], uint16[::1], uint8[:,::1], uint8[:,::1], uint8[:,::1])"
)
def follow_into(
    first: Int, limit: Int, counts: Table, takes: Octets, said: Table, messages: Octets,
    times_s: Column, pose: Column, tables: Column, alphabet: Octets, slots: Rows, keys: Table,
    marks: Table, values: Column, names: Octets, whys: Octets, rows: Rows, out: Column,
    alt_refs: Octets, nics: NDArray[np.int8], flags: Flags, declared: Octets,
    callsigns: Octets, categories: Octets,
) -> Int:  # fmt: skip
    """Take judged frames from `first` on, in turn, into the crafts that are known and rows.

    said: keys and addresses of `judge_into`; counts: how many crafts and rows there are; at
    most `limit` crafts are kept. rows gets the row of each frame, -1 for none; `out` must be
    NaN before, the texts 0. Returns the frame before which the crafts' columns must grow, or
    how many frames there are.
    """
    for i in range(first, takes.shape[0]):
        rows[i] = -1
        if takes[i] == REPLY:
            answered_into(said[i], times_s[i], slots, keys, marks, values)
        if takes[i] != SQUITTER:
            continue
        r = heard_into(said[i], times_s[i], limit, counts, slots, keys, marks, values, names)
        if r == NO_ROOM:
            return i
        if r == FULL:
            whys[i] = TOO_MANY
            continue
        j = counts[ROWS]
        flags[j] = 0
        whys[i] = _learn_into(
            _body_of(messages, i), times_s[i], pose, tables, alphabet, marks, values, names, r,
            j, out, alt_refs, nics, flags,
        )  # fmt: skip
        if not marks[r, ACCEPTED]:
            out[:, j], alt_refs[j], nics[j] = np.nan, 0, -1  # the next takes the row
            continue
        _sign_into(said[i], names, r, j, declared, callsigns, categories)
        out[TIME, j], rows[i] = times_s[i], j
        counts[ROWS] = j + 1
    return len(takes)
