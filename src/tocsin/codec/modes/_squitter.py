"""The message field of an extended squitter (56 bits): RTCA DO-260B, 2.2.3.2; ICAO Doc 9871.

Readers return plain values in SI units; None or NaN means that the message does not say.
"""

import math
from dataclasses import dataclass

from tocsin.codec.modes._crc import attach_parity
from tocsin.units import FOOT_M, KNOT_MPS

__all__ = [
    "CHARACTERS",
    "NIC",
    "Position",
    "Velocity",
    "altitude_m",
    "encode_identification",
    "encode_position",
    "encode_squitter",
    "encode_velocity",
    "read_identification",
    "read_position",
    "read_velocity",
    "type_code",
]

# Doc 9871, table A-2-8: six-bit characters; "#" is not assigned.
CHARACTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
# Type code 4 is category set A, 3 is B, 2 is C, 1 is D.
_SETS = {4: "A", 3: "B", 2: "C", 1: "D"}

# Type code of an airborne position: navigation integrity category where no supplement raises it
# (DO-260B, table 2-11 and N.2.2.1: codes 11, 13 and 16 can stand for more).
NIC = {
    9: 11,
    10: 10,
    11: 8,
    12: 7,
    13: 6,
    14: 5,
    15: 4,
    16: 2,
    17: 1,
    18: 0,
    20: 11,
    21: 10,
    22: 0,
}


@dataclass(frozen=True, slots=True)
class Position:
    """An airborne position: 17-bit codes, altitude (NaN: not said), is it over the
    ellipsoid.
    """

    lat: int
    lon: int
    is_odd: bool
    alt_m: float
    is_geometric: bool
    nic: int


@dataclass(frozen=True, slots=True)
class Velocity:
    """Ground velocity (NaN where only air speed is sent), climb, height difference geometric
    minus pressure, and NACv.
    """

    east_mps: float
    north_mps: float
    up_mps: float
    difference_m: float
    nac_v: int


def type_code(message: int) -> int:
    return message >> 51


def read_identification(message: int) -> tuple[str, str]:
    """Return (callsign, category such as "A3"); "" where a character is not assigned."""
    code = message >> 51
    category = f"{_SETS[code]}{message >> 48 & 7}"
    text = "".join([CHARACTERS[message >> shift & 63] for shift in range(42, -1, -6)])
    return ("" if "#" in text else text.strip()), category


def altitude_m(code: int) -> float:
    """Return the pressure altitude of a 12-bit altitude code in metres, NaN where it has none.

    With the Q bit 25 ft steps from -1000 ft (Annex 10 vol. IV, 3.1.2.6.5.4 c); without it the
    Gillham code of Mode C in 100 ft steps (ibid., appendix to chapter 3).
    """
    if code == 0:
        return math.nan
    if code & 0x10:
        steps = code >> 1 & 0x7F0 | code & 0xF
        return (25.0 * steps - 1000.0) * FOOT_M
    return _gillham_m(code)


def _gillham_m(code: int) -> float:
    """Bits C1 A1 C2 A2 C4 A4 B1 Q B2 D2 B4 D4, most significant first."""
    c1, a1, c2, a2, c4, a4, b1, _q, b2, d2, b4, d4 = (
        code >> shift & 1 for shift in range(11, -1, -1)
    )
    five_hundreds = _from_gray(
        d2 << 7 | d4 << 6 | a1 << 5 | a2 << 4 | a4 << 3 | b1 << 2 | b2 << 1 | b4
    )
    hundreds = _from_gray(c1 << 2 | c2 << 1 | c4)
    if hundreds in (0, 5, 6):
        return math.nan
    if hundreds == 7:
        hundreds = 5
    if five_hundreds % 2:
        hundreds = 6 - hundreds
    return (five_hundreds * 500.0 + hundreds * 100.0 - 1300.0) * FOOT_M


def _from_gray(code: int) -> int:
    value = 0
    while code:
        value ^= code
        code >>= 1
    return value


def read_position(message: int) -> Position:
    """Return an airborne position (type codes 9 to 18 and 20 to 22)."""
    code = message >> 51
    raw = message >> 36 & 0xFFF
    is_geometric = code >= 20
    # Codes 20 to 22 send the height over the ellipsoid in metres (Doc 9871, table A-2-5).
    alt_m = (float(raw) if raw else math.nan) if is_geometric else altitude_m(raw)
    return Position(
        lat=message >> 17 & 0x1FFFF,
        lon=message & 0x1FFFF,
        is_odd=bool(message >> 34 & 1),
        alt_m=alt_m,
        is_geometric=is_geometric,
        nic=NIC[code],
    )


def read_velocity(message: int) -> Velocity | None:
    """Return the airborne velocity (type code 19), None for a subtype that is not assigned."""
    subtype = message >> 48 & 7
    if subtype not in (1, 2, 3, 4):
        return None
    east = north = math.nan
    if subtype <= 2:
        step = 4.0 * KNOT_MPS if subtype == 2 else KNOT_MPS
        east = _signed(message >> 42 & 1, message >> 32 & 0x3FF, step)
        north = _signed(message >> 31 & 1, message >> 21 & 0x3FF, step)
    # Rate: 64 ft/min a step; difference: 25 ft a step (DO-260B, 2.2.3.2.6.1.10 and .15).
    up = _signed(message >> 19 & 1, message >> 10 & 0x1FF, 64.0 * FOOT_M / 60.0)
    difference = _signed(message >> 7 & 1, message & 0x7F, 25.0 * FOOT_M)
    return Velocity(east, north, up, difference, message >> 43 & 7)


def _signed(sign: int, raw: int, step: float) -> float:
    """Return the value of a sign bit and a magnitude of which 0 means "not said"."""
    if raw == 0:
        return math.nan
    return -(raw - 1) * step if sign else (raw - 1) * step


def encode_squitter(address: str, message: int) -> bytes:
    """Return the DF17 frame (14 octets) of a 24-bit address in hex and a 56-bit message."""
    head = bytes([17 << 3 | 5]) + bytes.fromhex(address)  # capability 5: level 2, airborne
    return attach_parity(head + message.to_bytes(7, "big"))


def encode_identification(callsign: str, category: str) -> int:
    """Return the 56 bits; raises ValueError for a character that is not in the alphabet."""
    code = {name: number for number, name in _SETS.items()}[category[0]]
    message = code << 3 | int(category[1])
    for character in callsign.upper().ljust(8)[:8]:
        index = CHARACTERS.find(character)
        if index < 0 or character == "#":
            raise ValueError(f"{callsign!r}: {character!r} is not in the six-bit alphabet")
        message = message << 6 | index
    return message


def encode_position(
    lat_code: int, lon_code: int, alt_m: float, *, is_odd: bool, type_code: int = 11
) -> int:
    """Return the 56 bits; alt_m is the pressure altitude (25 ft steps; NaN: not said), or for
    type codes 20 to 22 the height over the ellipsoid (1 m steps).
    """
    if math.isnan(alt_m):
        raw = 0
    elif type_code >= 20:
        raw = min(4095, max(1, round(alt_m)))
    else:
        steps = min(2047, max(0, round((alt_m / FOOT_M + 1000.0) / 25.0)))
        raw = (steps & 0x7F0) << 1 | 0x10 | steps & 0xF
    return type_code << 51 | raw << 36 | is_odd << 34 | lat_code << 17 | lon_code


def encode_velocity(
    east_mps: float,
    north_mps: float,
    up_mps: float,
    *,
    difference_m: float = math.nan,
    nac_v: int = 2,
) -> int:
    """Return the 56 bits of a subsonic ground velocity (below 1022 kt a component)."""
    fields = (
        (19, 5), (1, 3), (0, 2), (nac_v, 3),
        *_magnitude(east_mps, KNOT_MPS, 10), *_magnitude(north_mps, KNOT_MPS, 10),
        (0, 1), *_magnitude(up_mps, 64.0 * FOOT_M / 60.0, 9),
        (0, 2), *_magnitude(difference_m, 25.0 * FOOT_M, 7),
    )  # fmt: skip
    message = 0
    for value, bits in fields:
        message = message << bits | value
    return message


def _magnitude(value: float, step: float, bits: int) -> tuple[tuple[int, int], tuple[int, int]]:
    if math.isnan(value):
        return (0, 1), (0, bits)
    raw = min((1 << bits) - 1, round(abs(value) / step) + 1)
    return (int(value < 0.0), 1), (raw, bits)
