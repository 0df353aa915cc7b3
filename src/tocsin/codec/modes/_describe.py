"""One Mode S frame in words, for `tocsin decode`: units in the keys, NaN where it does not
say.
"""

from typing import Any

from tocsin.codec.modes import _squitter as squitter
from tocsin.codec.modes._crc import remainder
from tocsin.codec.modes._surface import read_surface

__all__ = ["describe", "form_of"]


def form_of(message: bytes) -> int:
    """Return the downlink format; formats 24 to 31 are one, Comm-D."""
    return min(24, message[0] >> 3)


def describe(message: bytes) -> dict[str, Any]:
    """Return what one frame of 7 or 14 octets says by itself."""
    form = form_of(message)
    said: dict[str, Any] = {"df": form, "frame": message.hex()}
    if form in (11, 17, 18):
        said["address"] = message[1:4].hex()
    else:
        # Laid over the parity: an address only if the frame is intact.
        said["address_from_parity"] = f"{remainder(message):06x}"
    if form in (17, 18):
        said |= _squitter_words(int.from_bytes(message[4:11], "big"))
    return said


def _squitter_words(body: int) -> dict[str, Any]:
    code = squitter.type_code(body)
    said: dict[str, Any] = {"type_code": code}
    if 1 <= code <= 4:
        callsign, category = squitter.read_identification(body)
        return said | {"callsign": callsign, "category": category}
    if 9 <= code <= 18 or 20 <= code <= 22:
        place = squitter.read_position(body)
        height = "height_ellipsoid_m" if place.is_geometric else "altitude_pressure_m"
        return said | {
            "cpr": "odd" if place.is_odd else "even",
            "cpr_lat": place.lat,
            "cpr_lon": place.lon,
            height: place.alt_m,
            "nic": place.nic,
        }
    if 5 <= code <= 8:
        ground = read_surface(body)
        return said | {
            "cpr": "odd" if ground.is_odd else "even",
            "cpr_lat": ground.lat,
            "cpr_lon": ground.lon,
            "vel_east_mps": ground.east_mps,
            "vel_north_mps": ground.north_mps,
            "nic": ground.nic,
        }
    if code == 19 and (velocity := squitter.read_velocity(body)) is not None:
        return said | {
            "vel_east_mps": velocity.east_mps,
            "vel_north_mps": velocity.north_mps,
            "vel_up_mps": velocity.up_mps,
            "geometric_minus_pressure_m": velocity.difference_m,
            "nac_v": velocity.nac_v,
        }
    return said
