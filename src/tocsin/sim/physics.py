"""What a sensor can see at all: chance of detection by range and size, horizon, view."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Sensor
from tocsin.sim.world import View
from tocsin.units import DEG

__all__ = ["detection_chance", "horizon_m", "in_view", "poisson", "reach_of_size_m"]

Floats = NDArray[np.float64]

# ITU-R P.310-10: a standard atmosphere bends rays as if the earth's radius were 4/3 as large.
EFFECTIVE_EARTH_M = 4.0 / 3.0 * 6_371_000.0


def detection_chance(range_m: Floats, r50_m: Floats | float) -> Floats:
    """Return exp(-ln 2 (R / R50)^4): half at R50, as echo power falls with the fourth power."""
    share = (range_m / r50_m) ** 2
    return np.exp(-math.log(2.0) * share * share)


def reach_of_size_m(r50_m: float, rcs_dbsm: Floats) -> Floats:
    """Return the range of detection in half of the looks; r50_m holds for 0 dBsm.

    The radar equation: range grows with the fourth root of the radar cross-section.
    """
    return r50_m * 10.0 ** (rcs_dbsm / 40.0)


def horizon_m(sensor_m: float, target_m: Floats) -> Floats:
    """Return how far a sensor that high above ground sees a target that high, on a smooth
    earth.
    """
    reach = math.sqrt(2.0 * EFFECTIVE_EARTH_M)
    return reach * (math.sqrt(max(sensor_m, 0.0)) + np.sqrt(np.maximum(target_m, 0.0)))


def in_view(sensor: Sensor, view: View, mast_m: float) -> NDArray[np.bool_]:
    """Tell which things are in the field of view, above the horizon and out of the Doppler
    notch.
    """
    turn = (view.azimuth_rad / DEG - sensor.azimuth_center_deg + 180.0) % 360.0 - 180.0
    elevation_deg = view.elevation_rad / DEG
    seen = (
        (view.range_m >= sensor.min_range_m)
        & (view.range_m <= sensor.max_range_m)
        & (np.abs(turn) <= sensor.azimuth_width_deg / 2.0)
        & (elevation_deg >= sensor.elevation_min_deg)
        & (elevation_deg <= sensor.elevation_max_deg)
        & (view.range_m <= horizon_m(mast_m, view.height_m))
    )
    if sensor.sigma_range_rate_mps is not None:
        speed = np.abs(view.range_rate_mps)
        seen &= speed >= sensor.min_radial_speed_mps
        seen &= speed <= sensor.max_radial_speed_mps
    return np.asarray(seen, dtype=np.bool_)


def poisson(mean: float, share: float) -> int:
    """Return the number whose cumulative chance first exceeds share in [0, 1)."""
    number, chance = 0, math.exp(-mean)
    total = chance
    while share >= total and number < 1000:
        number += 1
        chance *= mean / number
        total += chance
    return number
