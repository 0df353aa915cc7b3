"""How wrong a thing is about its own place: an error that drifts, the same for all that it
says.
"""

import math

from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.units import DEG

__all__ = ["said_place_deg"]

POSITION_ERROR_M = 8.0  # 1 sigma in each axis of the thing's own fix
METRES_A_DEGREE = 111_200.0  # of latitude; to 0.5 %, of an error of metres
ERROR_HOLD_S = 30.0  # the fix's error drifts from one drawn value to the next in this time


def said_place_deg(
    thing: str, lat_rad: float, lon_rad: float, time_s: float, draws: Draws
) -> tuple[float, float]:
    """Return (latitude, longitude) in degrees that a thing believes at a second of the day."""
    step, share = divmod(time_s, ERROR_HOLD_S)
    share /= ERROR_HOLD_S
    drawn = draws.normals(thing_key(thing), [int(step), int(step) + 1], Use.POSITION_ERROR)
    east_m, north_m = POSITION_ERROR_M * ((1.0 - share) * drawn[0] + share * drawn[1])
    lat_deg = lat_rad / DEG + float(north_m) / METRES_A_DEGREE
    return lat_deg, lon_rad / DEG + float(east_m) / (METRES_A_DEGREE * math.cos(lat_rad))
