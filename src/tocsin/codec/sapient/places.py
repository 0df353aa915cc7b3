"""Locations and bearings of SAPIENT as columns of a detection: degrees to radians, UTM to
latitude.

x is longitude or easting and y latitude or northing. Errors are taken as one standard
deviation, in the unit of their axis. What cannot be placed (a unit or a north that is not said,
a value out of its unit's range) is returned as a sentence.
"""

import math
from typing import Any

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient._utm import BANDS, from_utm
from tocsin.model import AltRef
from tocsin.units import DEG, TAU

__all__ = [
    "LARGEST_ERROR_DEG", "bearing_columns", "geodetic", "location_columns", "metres_per_degree",
]  # fmt: skip

METRES_PER_DEGREE = 111_320.0  # of latitude, near enough for errors
LARGEST_ERROR_DEG = 0.1  # 11 km: above it an error must have been meant in metres
RANGE_LIMIT_M = 1e6
EASTINGS_M = (100_000.0, 900_000.0)  # 166 to 834 km and what overlaps into the next zone
NORTHINGS_M = (0.0, 10_000_000.0)
BAND_SLACK_DEG = 0.5  # zones and bands of a place near an edge are often the neighbour's


def metres_per_degree(lat_deg: float) -> tuple[float, float]:
    """Return metres in a degree of longitude and of latitude; for errors only."""
    return METRES_PER_DEGREE * math.cos(lat_deg * DEG), METRES_PER_DEGREE


def _number(item: Any, name: str) -> float:
    return float(getattr(item, name)) if item.HasField(name) else math.nan


def geodetic(item: Any, zone: str = "") -> tuple[float, float] | str:
    """Return (latitude, longitude) in degrees of a Location, or why there is none.

    zone is the one that the node's registration names, for a Location that names none itself.
    """
    messages = load()
    x, y = _number(item, "x"), _number(item, "y")
    if not (math.isfinite(x) and math.isfinite(y)):
        return f"x {x} and y {y}: both must be numbers"
    system = item.coordinate_system
    if system == messages.LOCATION_COORDINATE_SYSTEM_UTM_M:
        return _from_utm(x, y, item.utm_zone or zone)
    if system == messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M:
        lon_deg, lat_deg, unit = x / DEG, y / DEG, "radians"
    elif system == messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M:
        lon_deg, lat_deg, unit = x, y, "degrees"
    else:
        return "its coordinate system is not said"
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        swapped = (
            " (x is the longitude)" if abs(lat_deg) <= 180.0 and abs(lon_deg) <= 90.0 else ""
        )
        return f"x {x:g} and y {y:g} are no longitude and latitude in {unit}{swapped}"
    return lat_deg, lon_deg


def _from_utm(x: float, y: float, zone: str) -> tuple[float, float] | str:
    in_range = EASTINGS_M[0] <= x <= EASTINGS_M[1] and NORTHINGS_M[0] <= y <= NORTHINGS_M[1]
    if not in_range:
        degrees = abs(x) <= 180.0 and abs(y) <= 180.0
        hint = "; they look like degrees labelled as UTM" if degrees else ""
        return f"x {x:g} and y {y:g} are no UTM easting and northing in metres{hint}"
    number, letter = zone[:-1], zone[-1:].upper()
    if not number.isdecimal() or not 1 <= int(number) <= 60 or letter not in BANDS + "S":
        return f"UTM zone {zone!r} is none; write for example 30U"
    if letter == "S":
        return _band_or_half(x, y, int(number))
    lat_deg, lon_deg = from_utm(x, y, int(number), is_north=letter >= "N")
    # "30N" is the northern half in most programs and the band from 0 to 8 degrees in MGRS.
    low = -80.0 + 8.0 * BANDS.index(letter)
    high = 84.0 if letter in "NX" else low + 8.0
    if not low - BAND_SLACK_DEG <= lat_deg <= high + BAND_SLACK_DEG:
        return f"x {x:g} and y {y:g} lie at latitude {lat_deg:.1f}, not in zone {zone}"
    return lat_deg, lon_deg


def _band_or_half(x: float, y: float, zone: int) -> tuple[float, float]:
    """Return the place of zone "..S": band S (32 to 40 north) where it fits, else the south."""
    lat_deg, lon_deg = from_utm(x, y, zone, is_north=True)
    if 32.0 - BAND_SLACK_DEG <= lat_deg <= 40.0 + BAND_SLACK_DEG:
        return lat_deg, lon_deg
    return from_utm(x, y, zone, is_north=False)


def location_columns(item: Any, geoid_m: float, zone: str = "") -> dict[str, Any] | str:
    """Return the columns of a Location, or why it cannot be placed.

    geoid_m: the geoid's height above the ellipsoid there, for heights above mean sea level.
    """
    messages = load()
    place = geodetic(item, zone)
    if isinstance(place, str):
        return place
    columns: dict[str, Any] = {"lat_deg": place[0], "lon_deg": place[1]}
    sigma_m = _sigma_m(item, place[0])
    if 0.0 < sigma_m < math.inf:
        columns["sigma_position_m"] = sigma_m
    z, z_error = _number(item, "z"), _number(item, "z_error")
    datums = {
        messages.LOCATION_DATUM_WGS84_E: 0.0,
        messages.LOCATION_DATUM_WGS84_G: geoid_m,
    }
    if math.isfinite(z) and item.datum in datums:
        columns["alt_m"], columns["alt_ref"] = z + datums[item.datum], AltRef.ELLIPSOID
        if 0.0 < z_error < math.inf:
            columns["sigma_alt_m"] = z_error
    return columns


def _sigma_m(item: Any, lat_deg: float) -> float:
    """Return one sigma per axis, NaN where the errors are not said."""
    messages = load()
    x_error, y_error = _number(item, "x_error"), _number(item, "y_error")
    unit = {
        messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M: 1.0 / DEG,
        messages.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M: 1.0,
    }.get(item.coordinate_system)
    if unit is not None and max(x_error, y_error) * unit <= LARGEST_ERROR_DEG:
        east, north = metres_per_degree(lat_deg)
        x_error, y_error = x_error * unit * east, y_error * unit * north
    return math.sqrt((x_error * x_error + y_error * y_error) / 2.0)


def bearing_columns(item: Any) -> dict[str, Any] | str:
    """Return the columns of a RangeBearing, in radians and metres, or why it has none."""
    messages = load()
    units = {
        messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M: (DEG, 1.0),
        messages.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M: (1.0, 1.0),
        messages.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM: (DEG, 1000.0),
        messages.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM: (1.0, 1000.0),
    }.get(item.coordinate_system)
    if units is None:
        return "its units are not said"
    if item.datum != messages.RANGE_BEARING_DATUM_TRUE:
        return (
            f"its bearings are not from true north ({_north(item.datum)}); set the node to true"
        )
    angle, length = units
    azimuth, elevation = _number(item, "azimuth") * angle, _number(item, "elevation") * angle
    range_m = _number(item, "range") * length
    if not math.isfinite(azimuth):
        return "it has no azimuth"
    if not abs(azimuth) <= 2.0 * TAU:
        return f"azimuth {item.azimuth:g} is none in {'degrees' if angle == DEG else 'radians'}"
    if math.isinf(elevation) or abs(elevation) > TAU / 4.0:
        return f"elevation {item.elevation:g} is above the zenith or below the nadir"
    if range_m <= 0.0 or range_m > RANGE_LIMIT_M:
        return f"range {range_m:g} m is outside 0 to {RANGE_LIMIT_M:g}"
    found = {
        "azimuth_rad": azimuth % TAU,
        "elevation_rad": elevation,
        "range_m": range_m,
        "sigma_azimuth_rad": _number(item, "azimuth_error") * angle,
        "sigma_elevation_rad": _number(item, "elevation_error") * angle,
        "sigma_range_m": _number(item, "range_error") * length,
    }
    return {
        name: value
        for name, value in found.items()
        if math.isfinite(value) and (value > 0.0 or not name.startswith("sigma"))
    }


def _north(datum: int) -> str:
    words = ("not said", "true", "magnetic", "grid", "the platform's heading")
    return words[datum] if 0 <= datum < len(words) else str(datum)
