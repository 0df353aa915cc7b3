"""Universal Transverse Mercator to latitude and longitude on WGS 84.

Krueger's series to the sixth order in the third flattening: C. F. F. Karney, "Transverse
Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011), equations 10 to 36. Zones,
false origins and bands: NGA.SIG.0012 (2014).
"""

import math

from tocsin.units import DEG, EARTH_A_M, EARTH_E2, EARTH_F

__all__ = ["BANDS", "from_utm"]

_SCALE = 0.9996
_FALSE_EAST_M, _FALSE_NORTH_M = 500_000.0, 10_000_000.0
BANDS = "CDEFGHJKLMNPQRSTUVWX"  # of 8 degrees from 80 S; X has 12
_N = EARTH_F / (2.0 - EARTH_F)  # the third flattening
_RADIUS_M = EARTH_A_M / (1.0 + _N) * (1.0 + _N**2 / 4.0 + _N**4 / 64.0 + _N**6 / 256.0)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360 - 81 * _N**5 / 512
    + 96199 * _N**6 / 604800,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440 + 46 * _N**5 / 105 - 1118711 * _N**6 / 3870720,
    17 * _N**3 / 480 - 37 * _N**4 / 840 - 209 * _N**5 / 4480 + 5569 * _N**6 / 90720,
    4397 * _N**4 / 161280 - 11 * _N**5 / 504 - 830251 * _N**6 / 7257600,
    4583 * _N**5 / 161280 - 108847 * _N**6 / 3991680,
    20648693 * _N**6 / 638668800,
)  # fmt: skip


def from_utm(
    easting_m: float, northing_m: float, zone: int, *, is_north: bool
) -> tuple[float, float]:
    """Return (latitude, longitude) in degrees, good to a micrometre within the zone."""
    north_m = northing_m if is_north else northing_m - _FALSE_NORTH_M
    xi0 = north_m / (_SCALE * _RADIUS_M)
    eta0 = (easting_m - _FALSE_EAST_M) / (_SCALE * _RADIUS_M)
    xi, eta = xi0, eta0
    for k, beta in enumerate(_BETA, 1):
        xi -= beta * math.sin(2 * k * xi0) * math.cosh(2 * k * eta0)
        eta -= beta * math.cos(2 * k * xi0) * math.sinh(2 * k * eta0)
    sinh_eta = math.sinh(eta)
    tau_conformal = math.sin(xi) / math.sqrt(sinh_eta * sinh_eta + math.cos(xi) ** 2)
    lat_deg = math.atan(_geographic(tau_conformal)) / DEG
    lon_deg = (zone * 6 - 183) + math.atan2(sinh_eta, math.cos(xi)) / DEG
    return lat_deg, (lon_deg + 180.0) % 360.0 - 180.0


def _geographic(tau_conformal: float) -> float:
    """Return the tangent of the latitude of that of the conformal one, by Newton's method."""
    e = math.sqrt(EARTH_E2)
    tau = tau_conformal / (1.0 - EARTH_E2)
    for _ in range(5):  # three steps reach the last bit; equations 19 to 21
        root = math.sqrt(1.0 + tau * tau)
        sigma = math.sinh(e * math.atanh(e * tau / root))
        now = tau * math.sqrt(1.0 + sigma * sigma) - sigma * root
        slope = (1.0 + (1.0 - EARTH_E2) * tau * tau) / (
            (1.0 - EARTH_E2) * math.sqrt((1.0 + now * now) * (1.0 + tau * tau))
        )
        step = (tau_conformal - now) * slope / (1.0 + tau * tau) * root * root
        tau += step
        if abs(step) <= 1e-16 * max(1.0, abs(tau)):
            break
    return tau
