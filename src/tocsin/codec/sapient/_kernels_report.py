"""Detection reports of one node as columns, from the octets of its stream.

The same rules, in the same order of operations, as `reports`, `places` and `classes` have them
for one message: the two must agree to the bit. What those would refuse, or what is rare (UTM),
ends the run, and is left to them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.sapient._kernels_classes import after_field, scores_into, single_at
from tocsin.codec.sapient._kernels_wire import (
    DEPTH,
    LIST_LIMIT,
    Bits,
    Int,
    Octets,
    Table,
    little_endian,
    varint,
    walk,
)
from tocsin.units import DEG, TAU

Array = NDArray[np.float64]

# Slots of what the walk keeps: the message, its location, its range and bearing, its velocity.
SECONDS, NANOS, NODE, OBJECT = range(4)
X, Y, Z, X_ERROR, Y_ERROR, Z_ERROR, SYSTEM, DATUM = range(4, 12)
ELEVATION, AZIMUTH, RANGE, ELEVATION_ERROR, AZIMUTH_ERROR, RANGE_ERROR = range(12, 18)
BEARING_SYSTEM, NORTH = 18, 19
EAST_RATE, NORTH_RATE, UP_RATE, EAST_RATE_ERROR, NORTH_RATE_ERROR = range(20, 25)
SLOTS = 25
CLASSIFICATION, INFORMATION = range(2)  # lists
LISTS = 2

# Columns of what comes out, in the order of `walker.COLUMNS`.
TIME_S, RANGE_M, AZIMUTH_RAD, ELEVATION_RAD, RANGE_RATE, LAT, LON, ALT = range(8)
VEL_EAST, VEL_NORTH, VEL_UP, S_RANGE, S_AZIMUTH, S_ELEVATION = range(8, 14)
S_RANGE_RATE, S_POSITION, S_ALT, S_VELOCITY = range(14, 18)

# What is known of the node: factors of its rates (NaN: it declares no range rate), the geoid.
EAST_NORTH_MPS, UP_MPS, RANGE_RATE_MPS, GEOID_M = range(4)

# Values of the standard's enumerations (location.proto, range_bearing.proto).
LAT_LNG_DEG, LAT_LNG_RAD = 1, 2
ELLIPSOID, GEOID = 1, 2
DEGREES_M, RADIANS_M, DEGREES_KM, RADIANS_KM = 1, 2, 3, 4
TRUE_NORTH = 1

# Limits: see `places` and `reports`.
METRES_PER_DEGREE = 111_320.0
LARGEST_ERROR_DEG = 0.1
RANGE_LIMIT_M = 1e6
SPEED_LIMIT_MPS = 1e4
NODE_OCTETS, NAME_OCTETS = 36, 24

HEAD = 4  # octets of the length before a message
LARGEST_MESSAGE = 1 << 20
DIGITS = 15  # of a decimal that a float64 holds exactly, as a whole number


@kernel("float64(uint64)")
def double_of(word: np.uint64) -> float:
    """Return the float64 of these bits."""
    return np.uint64(word).view(np.float64)


@kernel("float64(uint64[::1], uint8[::1], int64)")
def number(bits: Bits, has: Octets, slot: Int) -> float:
    """Return a slot's float64, NaN where it has none."""
    if has[slot]:
        return double_of(bits[slot])
    return math.nan


@kernel("boolean(uint64[::1], uint8[::1], float64[::1], float64[:,::1], int64)")
def place_into(bits: Bits, has: Octets, how: Array, out: Array, row: Int) -> bool:
    """Take a Location; False where it cannot be placed, or is in UTM."""
    x, y = number(bits, has, X), number(bits, has, Y)
    unit = 1.0
    if bits[SYSTEM] == LAT_LNG_RAD:
        unit = 1.0 / DEG
        lon_deg, lat_deg = x / DEG, y / DEG
    else:
        lon_deg, lat_deg = x, y
    if bits[SYSTEM] != LAT_LNG_RAD and bits[SYSTEM] != LAT_LNG_DEG:
        return False
    # An infinite number is outside too, and a NaN is not inside.
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        return False
    out[LAT, row], out[LON, row] = lat_deg, lon_deg
    x_error, y_error = number(bits, has, X_ERROR), number(bits, has, Y_ERROR)
    largest = y_error if y_error > x_error else x_error
    if largest * unit <= LARGEST_ERROR_DEG:
        east = METRES_PER_DEGREE * math.cos(lat_deg * DEG)
        x_error, y_error = x_error * unit * east, y_error * unit * METRES_PER_DEGREE
    sigma_m = math.sqrt((x_error * x_error + y_error * y_error) / 2.0)
    if 0.0 < sigma_m < math.inf:
        out[S_POSITION, row] = sigma_m
    z, z_error = number(bits, has, Z), number(bits, has, Z_ERROR)
    if math.isfinite(z) and (bits[DATUM] == ELLIPSOID or bits[DATUM] == GEOID):
        out[ALT, row] = z + (how[GEOID_M] if bits[DATUM] == GEOID else 0.0)
        if 0.0 < z_error < math.inf:
            out[S_ALT, row] = z_error
    return True


@kernel("boolean(uint64[::1], uint8[::1], float64[:,::1], int64)")
def bearing_into(bits: Bits, has: Octets, out: Array, row: Int) -> bool:
    """Take a RangeBearing; False where it says no direction from true north."""
    system = bits[BEARING_SYSTEM]
    if system < DEGREES_M or system > RADIANS_KM or bits[NORTH] != TRUE_NORTH:
        return False
    angle = DEG if system in (DEGREES_M, DEGREES_KM) else 1.0
    length = 1.0 if system in (DEGREES_M, RADIANS_M) else 1000.0
    azimuth = number(bits, has, AZIMUTH) * angle
    elevation = number(bits, has, ELEVATION) * angle
    range_m = number(bits, has, RANGE) * length
    if not abs(azimuth) <= 2.0 * TAU or abs(elevation) > TAU / 4.0:
        return False
    if range_m <= 0.0 or range_m > RANGE_LIMIT_M:
        return False
    out[AZIMUTH_RAD, row], out[ELEVATION_RAD, row] = azimuth % TAU, elevation
    out[RANGE_M, row] = range_m
    for column, slot, factor in (
        (S_AZIMUTH, AZIMUTH_ERROR, angle),
        (S_ELEVATION, ELEVATION_ERROR, angle),
        (S_RANGE, RANGE_ERROR, length),
    ):
        error = number(bits, has, slot) * factor
        if 0.0 < error < math.inf:
            out[column, row] = error
    return True


@kernel("void(uint64[::1], uint8[::1], float64[::1], float64[:,::1], int64)")
def velocity_into(bits: Bits, has: Octets, how: Array, out: Array, row: Int) -> None:
    """Take a velocity, where all its parts are believable."""
    east_north = how[EAST_NORTH_MPS]
    east = number(bits, has, EAST_RATE) * east_north
    north = number(bits, has, NORTH_RATE) * east_north
    up = number(bits, has, UP_RATE) * how[UP_MPS]
    if not (abs(east) <= SPEED_LIMIT_MPS and abs(north) <= SPEED_LIMIT_MPS):
        return
    if has[UP_RATE] and not abs(up) <= SPEED_LIMIT_MPS:
        return
    out[VEL_EAST, row], out[VEL_NORTH, row], out[VEL_UP, row] = east, north, up
    east_error = number(bits, has, EAST_RATE_ERROR) * east_north
    north_error = number(bits, has, NORTH_RATE_ERROR) * east_north
    sigma_mps = math.sqrt((east_error * east_error + north_error * north_error) / 2.0)
    if 0.0 < sigma_mps < SPEED_LIMIT_MPS:
        out[S_VELOCITY, row] = sigma_mps


@kernel("UniTuple(float64, 2)(uint8[::1], int64, int64)")
def decimal(data: Octets, at: Int, stop: Int) -> tuple[float, float]:
    """Return (the number of a plain decimal, 1.0); (NaN, 0.0) for any other text.

    A whole number below 10^15 over a power of ten is rounded once, as the text would be
    (Clinger 1990).
    """
    sign = 1.0
    if at < stop and (data[at] == 43 or data[at] == 45):  # + -
        sign = -1.0 if data[at] == 45 else 1.0
        at += 1
    whole, digits, over, is_fraction = np.int64(0), 0, 1.0, False
    for k in range(at, stop):
        octet = data[k]
        if octet == 46 and not is_fraction:  # .
            is_fraction = True
        elif 48 <= octet <= 57 and digits < DIGITS:
            whole, digits = whole * 10 + np.int64(octet - 48), digits + 1
            over = over * 10.0 if is_fraction else over
        else:
            return math.nan, 0.0
    if digits == 0:
        return math.nan, 0.0
    return sign * (np.float64(whole) / over), 1.0


@kernel(
    "boolean(uint8[::1], int64[:,:,::1], int64, uint8[::1], float64, float64[:,::1], int64)"
)
def range_rate_into(
    data: Octets, lists: Table, count: Int, word: Octets, unit_mps: float, out: Array, row: Int
) -> bool:
    """Take the range rate among the object information; False where it is not a plain one."""
    found = 0
    for k in range(count):
        at, stop = lists[INFORMATION, k, 0], lists[INFORMATION, k, 1]
        is_it, value_at, value_stop, error = False, at, at, 0.0
        while at < stop:
            key, at = varint(data, at, stop, 2)
            after = after_field(data, at, stop, key & 7)
            if key >> 3 == 3:
                error = single_at(data, at)
            else:
                size, at = varint(data, at, stop, 3)
                if key >> 3 == 2:
                    value_at, value_stop = at, after
                else:
                    is_it = size == len(word)
                    for j in range(len(word)):
                        is_it = is_it and data[at + j] == word[j]
            at = after
        if not is_it:
            continue
        found += 1
        value, is_plain = decimal(data, value_at, value_stop)
        if is_plain == 0.0 or found > 1:
            return False
        if abs(value * unit_mps) <= SPEED_LIMIT_MPS:
            out[RANGE_RATE, row] = value * unit_mps
            if 0.0 < error * unit_mps < SPEED_LIMIT_MPS:
                out[S_RANGE_RATE, row] = error * unit_mps
    return True


@kernel("boolean(uint8[::1], int64, uint8[::1])")
def _is_node(data: Octets, at: Int, node: Octets) -> bool:
    """Tell whether the UUID at a place is this one, in whichever case; node is in small."""
    for k in range(NODE_OCTETS):
        octet = data[at + k]
        if (octet | 32 if 65 <= octet <= 90 else octet) != node[k]:
            return False
    return True


@kernel(
    "boolean(uint8[::1], uint64[::1], uint8[::1], int64[:,:,::1], int64[::1], float64[::1],"
    " uint8[::1], float64[:,::1], int64)"
)
def _row_into(
    data: Octets, bits: Bits, has: Octets, lists: Table, counts: Table, how: Array,
    word: Octets, out: Array, row: Int,
) -> bool:  # fmt: skip
    """Write the columns of the message that was walked; False leaves it to the slow reader."""
    out[:, row] = math.nan
    seconds = np.float64(np.int64(bits[SECONDS])) if has[SECONDS] else 0.0
    nanos = np.float64(np.int64(bits[NANOS])) if has[NANOS] else 0.0
    out[TIME_S, row] = seconds + nanos * 1e-9
    if has[SYSTEM]:
        if not place_into(bits, has, how, out, row):
            return False
    elif not bearing_into(bits, has, out, row):
        return False
    if has[EAST_RATE]:
        velocity_into(bits, has, how, out, row)
    unit_mps = how[RANGE_RATE_MPS]
    if math.isnan(unit_mps):
        return True
    return range_rate_into(data, lists, counts[INFORMATION], word, unit_mps, out, row)


@kernel(
    "int64(uint8[::1], int64, uint8[::1], float64[::1], uint8[::1], uint8[:,::1], int64[::1],"
    " int64[::1], int64[:,:,::1], int64[:,::1], float64[:,::1], float64[:,::1], uint8[:,::1],"
    " int64[::1])",
    allocates=True,
)
def read_reports(
    data: Octets, begin: Int, node: Octets, how: Array, word: Octets, names: Octets,
    lengths: Table, masks: Table, fields: Table, rules: Table, out: Array, scores: Array,
    objects: Octets, ended: Table,
) -> int:  # fmt: skip
    """Read messages (each with its length before it) until one that needs the slow reader.

    Returns how many rows were written. ended becomes where the next message begins, and where
    that one names another node (-1: it does not). objects gets the last 24 octets of object
    ids; scores are NaN where nothing known is said.
    """
    bits, has = np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.uint8)
    spans, stack = np.zeros((SLOTS, 2), np.int64), np.zeros((DEPTH, 3), np.int64)
    lists, counts = np.zeros((LISTS, LIST_LIMIT, 2), np.int64), np.zeros(LISTS, np.int64)
    row, end, ended[1] = 0, len(data), -1
    at: Int = begin
    while row < out.shape[1] and at + HEAD <= end:
        size = np.int64(little_endian(data, at, HEAD))
        start = at + HEAD
        if size > LARGEST_MESSAGE or start + size > end:
            break
        has[:], counts[:] = 0, 0
        sound = walk(data, start, start + size, fields, rules, bits, has, spans, lists, counts,
                     stack)  # fmt: skip
        if not sound:
            break
        if not _is_node(data, spans[NODE, 0], node):
            ended[1] = spans[NODE, 0]
            break
        if not _row_into(data, bits, has, lists, counts, how, word, out, row):
            break
        is_classed = counts[CLASSIFICATION] > 0 and scores_into(
            data,
            lists[CLASSIFICATION],
            counts[CLASSIFICATION],
            names,
            lengths,
            masks,
            scores,
            row,
        )
        if not is_classed:
            scores[row, :] = math.nan
        last = spans[OBJECT, 1] - NAME_OCTETS
        for k in range(NAME_OCTETS):
            objects[row, k] = data[last + k]
        row, at = row + 1, start + size
    ended[0] = at
    return row
