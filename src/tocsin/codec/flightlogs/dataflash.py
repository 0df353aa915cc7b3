"""ArduPilot's dataflash log: messages whose form the log itself defines (AP_Logger).

Each message is 0xA3 0x95 and an octet of its type; type 128 (FMT) gives a type's length, name,
form (one letter a field) and names. GPS has GWk and GMS (GPS week, ms of it).
"""

import math
import struct
from typing import Any

from tocsin.codec.flightlogs._fixes import Fix, note, number

__all__ = ["is_dataflash", "read_dataflash", "read_messages"]

MAGIC = b"\xa3\x95"
FMT, FMT_OCTETS = 128, 89
FIX_2D = 2
GPS_EPOCH_S = 315_964_800.0  # 1980-01-06
LEAP_S = 18.0  # GPS runs ahead of UTC since 2017
WEEK_S = 604_800.0
# AP_Logger's letters: how a field is packed, and what a step is worth.
_LETTERS: dict[str, tuple[str, float]] = {
    "a": ("64s", 0), "b": ("b", 0), "B": ("B", 0), "h": ("h", 0), "H": ("H", 0), "i": ("i", 0),
    "I": ("I", 0), "f": ("f", 0), "d": ("d", 0), "n": ("4s", 0), "N": ("16s", 0),
    "Z": ("64s", 0), "c": ("h", 0.01), "C": ("H", 0.01), "e": ("i", 0.01), "E": ("I", 0.01),
    "L": ("i", 1e-7), "M": ("B", 0), "q": ("q", 0), "Q": ("Q", 0), "g": ("e", 0),
}  # fmt: skip


def is_dataflash(data: bytes) -> bool:
    """Tell whether a file begins with such a message that defines itself."""
    return data[:2] == MAGIC and data[2:3] == bytes([FMT])


def read_messages(data: bytes, counts: dict[str, int]) -> list[tuple[str, dict[str, Any]]]:
    """Return all messages, with the values of those of which the form is known."""
    forms: dict[int, tuple[int, str, struct.Struct, list[float], list[str]]] = {}
    found: list[tuple[str, dict[str, Any]]] = []
    at = 0
    while (start := data.find(MAGIC, at)) >= 0 and start + 3 <= len(data):
        if start > at:
            note(counts, "out of step")
        kind = data[start + 2]
        body = data[start + 3 : start + FMT_OCTETS] if kind == FMT else b""
        length = FMT_OCTETS if kind == FMT else forms[kind][0] if kind in forms else 0
        if length == 0 or start + length > len(data):
            note(counts, "out of step" if length == 0 else "cut short")
            at = start + 2
            continue
        if kind == FMT:
            form = _form(body)
            if form is None:
                note(counts, "unknown form")
            else:
                forms[body[0]] = form
            found.append(("FMT", {}))
        else:
            _, name, packed, steps, labels = forms[kind]
            values = packed.unpack(data[start + 3 : start + length])
            said = [v * s if s else v for v, s in zip(values, steps)]
            found.append((name, dict(zip(labels, said))))
        at = start + length
    return found


def _form(body: bytes) -> tuple[int, str, struct.Struct, list[float], list[str]] | None:
    name, letters, labels = (
        part.split(b"\0")[0].decode("ascii", "replace")
        for part in (body[2:6], body[6:22], body[22:86])
    )
    if any(letter not in _LETTERS for letter in letters):
        return None
    packed = struct.Struct("<" + "".join(_LETTERS[letter][0] for letter in letters))
    if packed.size + 3 != body[1]:
        return None
    return body[1], name, packed, [_LETTERS[x][1] for x in letters], labels.split(",")


def read_dataflash(data: bytes, counts: dict[str, int]) -> list[Fix]:
    """Return the fixes of the first GPS."""
    found = []
    for name, said in read_messages(data, counts):
        if name != "GPS" or said.get("I", 0) not in (0, ""):
            continue
        week, ms = number(said, "GWk"), number(said, "GMS")
        if not (week > 0.0 and ms >= 0.0 and number(said, "Status") >= FIX_2D):
            note(counts, "no fix")
            continue
        course, speed = math.radians(number(said, "GCrs")), number(said, "Spd")
        if not math.isfinite(course):
            course = math.nan
        found.append(
            Fix(
                GPS_EPOCH_S + week * WEEK_S + ms / 1000.0 - LEAP_S,
                number(said, "Lat"),
                number(said, "Lng"),
                number(said, "Alt"),
                speed * math.sin(course),
                speed * math.cos(course),
                -number(said, "VZ"),
            )
        )
    return found
