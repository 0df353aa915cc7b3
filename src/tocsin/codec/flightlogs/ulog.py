"""PX4's ULog: definitions, then data, each message with its length before it (version 1).

`F` gives a message's fields, `A` gives it a number, `D` is data of a number. Read is the first
`vehicle_gps_position`, with the names of firmware before and after 1.14.
"""

import math
import re
import struct
from typing import Any

from tocsin.codec.flightlogs._fixes import Fix, note, number

__all__ = ["is_ulog", "read_ulog"]

MAGIC = b"ULog\x01\x12\x35"
HEAD_OCTETS = 16
TOPICS = ("vehicle_gps_position", "sensor_gps")
FIX_2D = 2
_TYPES = {
    "int8_t": "b", "uint8_t": "B", "bool": "B", "char": "c", "int16_t": "h", "uint16_t": "H",
    "int32_t": "i", "uint32_t": "I", "float": "f", "int64_t": "q", "uint64_t": "Q",
    "double": "d",
}  # fmt: skip
_FIELD = re.compile(r"^(\w+?)(?:\[(\d{1,4})\])? (\w+)$").match


def is_ulog(data: bytes) -> bool:
    """Tell whether a file begins as such a log."""
    return data.startswith(MAGIC)


def read_ulog(data: bytes, counts: dict[str, int]) -> list[Fix]:
    """Return the fixes of the first GPS."""
    forms: dict[str, tuple[struct.Struct, list[str]]] = {}
    numbers: dict[int, str] = {}
    found: list[Fix] = []
    at = HEAD_OCTETS
    while at + 3 <= len(data):
        size, kind = struct.unpack_from("<HB", data, at)
        body = data[at + 3 : at + 3 + size]
        if len(body) < size:
            note(counts, "cut short")
            break
        at += 3 + size
        if kind == 0x46:  # F
            name, _, fields = body.decode("ascii", "replace").partition(":")
            if name in TOPICS and (form := _form(fields)) is not None:
                forms[name] = form
        elif kind == 0x41 and size > 3:  # A
            name = body[3:].decode("ascii", "replace")
            if body[0] == 0 and name in forms and name not in numbers.values():
                numbers[struct.unpack_from("<H", body, 1)[0]] = name
        elif kind == 0x44 and size > 2:  # D
            topic = numbers.get(struct.unpack_from("<H", body)[0])
            if topic is not None:
                _take(found, forms[topic], body[2:], counts)
    return found


def _form(fields: str) -> tuple[struct.Struct, list[str]] | None:
    letters: list[str] = []
    names: list[str] = []
    for field in filter(None, fields.split(";")):
        match = _FIELD(field)
        if match is None or match[1] not in _TYPES:
            return None
        n = int(match[2] or 1)
        letters.append(_TYPES[match[1]] * n)
        names += [match[3]] if n == 1 else [f"{match[3]}[{k}]" for k in range(n)]
    return struct.Struct("<" + "".join(letters)), names


def _take(
    found: list[Fix], form: tuple[struct.Struct, list[str]], body: bytes, counts: dict[str, int]
) -> None:
    packed, names = form
    whole = body.ljust(packed.size, b"\0")[: packed.size]  # padding at the end is not written
    said: dict[str, Any] = dict(zip(names, packed.unpack(whole)))
    time_s = number(said, "time_utc_usec", 1e-6)
    if not (number(said, "fix_type") >= FIX_2D and time_s > 0.0):
        note(counts, "no fix")
        return
    old = "lat" in said
    axes = ("vel_e_m_s", "vel_n_m_s", "vel_d_m_s")
    moves = [number(said, n) if said.get("vel_ned_valid") else math.nan for n in axes]
    found.append(
        Fix(
            time_s,
            number(said, "lat", 1e-7) if old else number(said, "latitude_deg"),
            number(said, "lon", 1e-7) if old else number(said, "longitude_deg"),
            number(said, "alt", 1e-3) if old else number(said, "altitude_msl_m"),
            moves[0],
            moves[1],
            -moves[2],
        )
    )
