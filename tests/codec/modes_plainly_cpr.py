"""Compact position reporting in plain Python: the twin of the kernels."""

import math

from tocsin.units import DEG

ZONES, STEPS = 15, 131072


def _transition_latitudes():
    """Return the latitudes (degrees) above which there are 58, 57, ... 2 longitude zones."""
    slope = 1.0 - math.cos(math.pi / (2.0 * ZONES))
    return tuple(
        math.acos(math.sqrt(slope / (1.0 - math.cos(math.tau / zones)))) / DEG
        for zones in range(59, 1, -1)
    )


_TRANSITIONS = _transition_latitudes()


def longitude_zones(lat_deg):
    """Return NL(lat), 1 to 59."""
    lat = abs(lat_deg)
    if lat > 87.0:
        return 1
    low, high = 0, len(_TRANSITIONS)
    while low < high:
        middle = (low + high) // 2
        if lat < _TRANSITIONS[middle]:
            high = middle
        else:
            low = middle + 1
    return 59 - low


def decode_global(even, odd, *, is_odd_newer):
    """Return (lat, lon) in degrees at the newer message of the pair.

    even and odd are (latitude code, longitude code). None where the two lie in different
    longitude zones (the thing has crossed a transition latitude) or outside the earth.
    """
    even_lat, odd_lat = even[0] / STEPS, odd[0] / STEPS
    index = math.floor(59.0 * even_lat - 60.0 * odd_lat + 0.5)
    lat_even = 6.0 * (index % 60 + even_lat)
    lat_odd = 360.0 / 59.0 * (index % 59 + odd_lat)
    lat_even = lat_even - 360.0 if lat_even >= 270.0 else lat_even
    lat_odd = lat_odd - 360.0 if lat_odd >= 270.0 else lat_odd
    if abs(lat_even) > 90.0 or abs(lat_odd) > 90.0:
        return None
    zones = longitude_zones(lat_even)
    if zones != longitude_zones(lat_odd):
        return None
    lat, own = (lat_odd, odd) if is_odd_newer else (lat_even, even)
    cells = max(1, zones - is_odd_newer)
    place = math.floor((even[1] * (zones - 1) - odd[1] * zones) / STEPS + 0.5)
    lon = 360.0 / cells * (place % cells + own[1] / STEPS)
    return lat, lon - 360.0 if lon >= 180.0 else lon


def decode_local(lat_code, lon_code, *, is_odd, near_lat_deg, near_lon_deg, round_deg=360.0):
    """Return the (lat, lon) in degrees that is nearest to a known place (true within 180
    NM). round_deg: what all zones together span, 90 for a position on the surface (45 NM).
    """
    lat_cell = round_deg / (60 - is_odd)
    fraction = lat_code / STEPS
    zone = math.floor(near_lat_deg / lat_cell - fraction + 0.5)
    lat = lat_cell * (zone + fraction)
    if abs(lat) > 90.0:
        return None
    lon_cell = round_deg / max(1, longitude_zones(lat) - is_odd)
    fraction = lon_code / STEPS
    zone = math.floor(near_lon_deg / lon_cell - fraction + 0.5)
    lon = lon_cell * (zone + fraction)
    return lat, (lon + 180.0) % 360.0 - 180.0
