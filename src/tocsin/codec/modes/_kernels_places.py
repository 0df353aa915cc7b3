"""Where an aircraft says that it is, and whether that is believed.

A position in the air needs an even and an odd message and a second look that agrees with it;
one on the ground is decoded near a place that is known, and needs a second look too. A jump
that no aircraft flies must prove itself anew before it is believed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.modes._kernels_cpr import distance_m, place_near, place_of_pair
from tocsin.codec.modes._kernels_fleet import (
    EVEN,
    EVEN_S,
    FIX_S,
    LAT,
    LON,
    ODD,
    ODD_S,
    TRUSTED,
)
from tocsin.codec.modes._kernels_frames import AIR_JUMP, BEYOND_HORIZON, GROUND_JUMP

Table = NDArray[np.int64]
Column = NDArray[np.float64]
Int = int | np.int64

BELIEVED, NOT_YET = -1, 0  # answers; others say why a place is refused
PAIR_S = 10.0  # DO-260B, A.1.7.4: even and odd not further apart
LOCAL_S = 60.0  # at SPEED_LIMIT a thing moves 60 km: far inside the 180 NM of a local decode
SPEED_LIMIT_MPS = 700.0  # above Mach 2; the fastest that CPR and its tests are made for
ALLOW_M = 1_000.0  # of position error and message latency on top of the speed test
RANGE_LIMIT_M = 800_000.0  # radio horizon between 15 km height and a mountain top
NEAR_M = 45.0 * 1852.0  # DO-260B, A.1.7.6: on the ground, farther off it is not certain
AROUND_DEG, GROUND_DEG = 360.0, 90.0  # what all zones together span, in the air, on the ground


@kernel("boolean(float64[:,::1], int64, float64, float64, float64)")
def _is_reachable(values: Column, r: Int, lat: float, lon: float, time_s: float) -> bool:
    moved_m = distance_m(values[r, LAT], values[r, LON], lat, lon)
    return bool(moved_m <= SPEED_LIMIT_MPS * abs(time_s - values[r, FIX_S]) + ALLOW_M)


@kernel("void(int64[:,::1], float64[:,::1], int64, float64, float64, float64, int64)")
def _fix_into(
    marks: Table, values: Column, r: Int, lat: float, lon: float, time_s: float, is_trusted: Int
) -> None:
    values[r, LAT], values[r, LON], values[r, FIX_S] = lat, lon, time_s
    marks[r, TRUSTED] = is_trusted


@kernel("int64(int64, float64, float64[::1], int64[:,::1], float64[:,::1], int64)")
def in_air_into(
    body: Int, time_s: float, pose: Column, marks: Table, values: Column, r: Int
) -> Int:
    """Note an airborne position, and answer whether it is believed.

    body: the 56 bits of the message; pose: the receiver's latitude and longitude, degrees.
    """
    is_odd = body >> 34 & 1
    lat_code, lon_code = body >> 17 & 0x1FFFF, body & 0x1FFFF
    mine, mine_s, other, other_s = EVEN, EVEN_S, ODD, ODD_S
    if is_odd:
        mine, mine_s, other, other_s = ODD, ODD_S, EVEN, EVEN_S
    marks[r, mine], marks[r, mine + 1], values[r, mine_s] = lat_code, lon_code, time_s
    is_recent = time_s - values[r, FIX_S] <= LOCAL_S
    if marks[r, TRUSTED] and is_recent:
        lat, lon = place_near(
            lat_code, lon_code, is_odd, values[r, LAT], values[r, LON], AROUND_DEG
        )
        if not math.isnan(lat) and _is_reachable(values, r, lat, lon, time_s):
            _fix_into(marks, values, r, lat, lon, time_s, 1)
            return BELIEVED
        marks[r, TRUSTED], values[r, FIX_S] = 0, np.nan
        # The other parity is from before the jump: a pair with it would be a third place.
        marks[r, other], marks[r, other + 1], values[r, other_s] = 0, 0, np.nan
        return AIR_JUMP
    if not abs(values[r, EVEN_S] - values[r, ODD_S]) <= PAIR_S:
        return NOT_YET
    lat, lon = place_of_pair(
        marks[r, EVEN], marks[r, EVEN + 1], marks[r, ODD], marks[r, ODD + 1],
        1 if values[r, ODD_S] >= values[r, EVEN_S] else 0,
    )  # fmt: skip
    if math.isnan(lat):
        return NOT_YET
    has_pose = not (math.isnan(pose[0]) or math.isnan(pose[1]))
    if has_pose and distance_m(pose[0], pose[1], lat, lon) > RANGE_LIMIT_M:
        return BEYOND_HORIZON
    agrees = is_recent and _is_reachable(values, r, lat, lon, time_s)
    _fix_into(marks, values, r, lat, lon, time_s, 1 if agrees else 0)
    return BELIEVED if agrees else NOT_YET


@kernel("int64(int64, float64, float64[::1], int64[:,::1], float64[:,::1], int64)")
def on_ground_into(
    body: Int, time_s: float, pose: Column, marks: Table, values: Column, r: Int
) -> Int:
    """Note a surface position, near where the craft was last or else near the receiver, and
    answer whether it is believed.
    """
    is_recent = time_s - values[r, FIX_S] <= LOCAL_S
    is_known = marks[r, TRUSTED] and is_recent
    if is_known:
        near_lat, near_lon = values[r, LAT], values[r, LON]
    elif math.isnan(pose[0]) or math.isnan(pose[1]):
        return NOT_YET
    else:
        near_lat, near_lon = pose[0], pose[1]
    lat, lon = place_near(
        body >> 17 & 0x1FFFF, body & 0x1FFFF, body >> 34 & 1, near_lat, near_lon, GROUND_DEG
    )
    if math.isnan(lat) or distance_m(near_lat, near_lon, lat, lon) > NEAR_M:
        return NOT_YET
    agrees = is_recent and _is_reachable(values, r, lat, lon, time_s)
    _fix_into(marks, values, r, lat, lon, time_s, 1 if agrees else 0)
    if agrees:
        return BELIEVED
    return GROUND_JUMP if is_known else NOT_YET
