"""Range, elevation and height of a target over the Earth's curve."""

import math

from tocsin.units import DEG, EARTH_A_M, EARTH_E2

__all__ = ["curvature_radius_m", "elevation_of", "height_of"]


def curvature_radius_m(lat_deg: float) -> float:
    """Return the mean radius of curvature of the ellipsoid there: sqrt(M N), textbook."""
    sin_lat = math.sin(lat_deg * DEG)
    w = 1.0 - EARTH_E2 * sin_lat * sin_lat
    return EARTH_A_M * math.sqrt(1.0 - EARTH_E2) / w


def elevation_of(range_m: float, height_m: float, lat_deg: float, alt_m: float) -> float:
    """Return the elevation (rad) over the sensor's horizon of a target at that slant range and
    height above the ellipsoid; NaN where no target can be. On the osculating sphere: within 60
    km the height that it stands for is true to 2 m, and `height_of` is its exact inverse.
    """
    if range_m <= 0.0:
        return math.nan
    sensor_m = curvature_radius_m(lat_deg) + alt_m
    climb_m = height_m - alt_m
    sine = (climb_m * (2.0 * sensor_m + climb_m) - range_m * range_m) / (
        2.0 * range_m * sensor_m
    )
    return math.asin(sine) if -1.0 <= sine <= 1.0 else math.nan


def height_of(range_m: float, elevation_rad: float, lat_deg: float, alt_m: float) -> float:
    """Return the height above the ellipsoid at that slant range and elevation: see above."""
    sensor_m = curvature_radius_m(lat_deg) + alt_m
    square = range_m * range_m + 2.0 * range_m * sensor_m * math.sin(elevation_rad)
    # sqrt(s^2 + q) - s, without losing digits
    return alt_m + square / (math.sqrt(sensor_m * sensor_m + square) + sensor_m)
