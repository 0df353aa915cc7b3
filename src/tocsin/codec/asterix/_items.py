"""Items of ASTERIX as tables, and the reader and the writer that are made from them.

EUROCONTROL-SPEC-0149 (ASTERIX part 1, edition 3.1), chapter 5: an item is fixed, extended (FX
bits), repetitive, compound or explicit. A table (`cat034.py`, `cat048.py`) lists the items of
one edition of a category in the order of its user application profile; measuring, reading and
writing follow from the table alone.

Values are plain: a group of fields is a dict whose keys bear the unit (`RHO_NM`), a repetition
is a list, an explicit item is hexadecimal digits. Quantities stay in the standard's own unit;
`plots.py` turns them into SI.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Broken",
    "Compound",
    "Explicit",
    "Extended",
    "Field",
    "Fixed",
    "Item",
    "Repetitive",
    "spare",
]

# ICAO Annex 10 vol. IV, table 3-9: six-bit characters of the aircraft identification. "#" is
# none.
IDENT = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
_IDENT_CODE = {"#": 0} | {c: i for i, c in enumerate(IDENT) if c != "#"}


class Broken(Exception):  # noqa: N818 - not an error of the program: it never leaves the codec
    """Bytes that cannot be read; args[0] is the reason under which they are counted."""


@dataclass(frozen=True, slots=True)
class Field:
    """Bits of a group, most significant first. kind: "uint", "int" (two's complement), "octal",
    "ident" (six-bit characters), "text" (octets as ISO 8859-1) or "hex"; lsb scales a number
    into `unit`, 0 means a plain count; a field without a name is spare.
    """

    name: str
    bits: int
    kind: str = "uint"
    lsb: float = 0.0
    unit: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}_{self.unit}" if self.unit else self.name


def spare(bits: int) -> Field:
    return Field("", bits)


def _reader(field: Field) -> Callable[[int], Any]:
    sign, span = 1 << (field.bits - 1), 1 << field.bits
    if field.kind == "octal":
        digits = field.bits // 3
        return lambda raw: f"{raw:0{digits}o}"
    if field.kind == "hex":
        digits = field.bits // 4
        return lambda raw: f"{raw:0{digits}x}"
    if field.kind == "text":
        octets = field.bits // 8
        return lambda raw: raw.to_bytes(octets, "big").decode("latin-1")
    if field.kind == "ident":
        shifts = tuple(range(field.bits - 6, -1, -6))
        return lambda raw: "".join([IDENT[raw >> s & 63] for s in shifts])
    lsb = field.lsb
    if field.kind == "int":
        if lsb:
            return lambda raw: (raw - span if raw & sign else raw) * lsb
        return lambda raw: raw - span if raw & sign else raw
    if lsb:
        return lambda raw: raw * lsb
    return lambda raw: raw


def _code(field: Field, value: Any) -> int:
    """Return the bits of a value; numbers are rounded to the nearest step.

    Raises ValueError where the value does not fit: the caller's fault, with what would fit.
    """
    if field.kind == "octal":
        raw = int(value, 8)
    elif field.kind == "hex":
        raw = int(value, 16)
    elif field.kind == "text":
        raw = int.from_bytes(str(value).ljust(field.bits // 8).encode("latin-1"), "big")
    elif field.kind == "ident":
        raw = 0
        for character in str(value).ljust(field.bits // 6):
            if character not in _IDENT_CODE:
                raise ValueError(f"{field.name}: {character!r} is not in the six-bit alphabet")
            raw = raw << 6 | _IDENT_CODE[character]
    else:
        raw = round(value / field.lsb) if field.lsb else int(value)
    low, high = 0, (1 << field.bits) - 1
    if field.kind == "int":
        low, high = -(1 << (field.bits - 1)), (1 << (field.bits - 1)) - 1
    if not low <= raw <= high:
        step = field.lsb or 1
        raise ValueError(f"{field.key} is {value}; it must be {low * step} to {high * step}")
    return raw & ((1 << field.bits) - 1)


class _Group:
    """Fields side by side in a whole number of octets."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self.bits = sum(f.bits for f in fields)
        self.octets = self.bits // 8
        self.named = tuple(f for f in fields if f.name)
        shift = self.bits
        readers = []
        for field in fields:
            shift -= field.bits
            if field.name:
                readers.append((field.key, shift, (1 << field.bits) - 1, _reader(field)))
        self.readers = tuple(readers)

    def read(self, raw: int) -> dict[str, Any]:
        return {key: reader(raw >> shift & mask) for key, shift, mask, reader in self.readers}

    def write(self, value: dict[str, Any]) -> int:
        raw = 0
        for field in self.fields:
            raw <<= field.bits
            if field.name:
                raw |= _code(field, value.get(field.key, _blank(field)))
        return raw


def _blank(field: Field) -> Any:
    return {"octal": "0", "hex": "0", "ident": "", "text": ""}.get(field.kind, 0)


class Fixed:
    """An item of a fixed number of octets."""

    def __init__(self, *fields: Field) -> None:
        self.group = _Group(fields)
        self.octets = self.group.octets
        if self.group.bits % 8:
            raise ValueError(f"{fields} are {self.group.bits} bits; whole octets are needed")

    def measure(self, data: bytes, at: int, end: int) -> int:
        stop = at + self.octets
        if stop > end:
            raise Broken("truncated record")
        return stop

    def read(self, data: bytes, at: int, stop: int) -> Any:
        return self.group.read(int.from_bytes(data[at:stop], "big"))

    def write(self, value: Any) -> bytes:
        return self.group.write(value).to_bytes(self.octets, "big")


class Extended:
    """Octets of seven bits and an FX bit that says whether one more follows."""

    def __init__(self, *parts: tuple[Field, ...]) -> None:
        self.parts = tuple(_Group((*fields, spare(1))) for fields in parts)
        for part in self.parts:
            if part.bits != 8:
                raise ValueError(f"{part.fields} are {part.bits} bits; 8 with FX are needed")

    def measure(self, data: bytes, at: int, end: int) -> int:
        for _ in self.parts:
            if at >= end:
                raise Broken("truncated record")
            at += 1
            if not data[at - 1] & 1:
                return at
        raise Broken("unknown extension")

    def read(self, data: bytes, at: int, stop: int) -> Any:
        value: dict[str, Any] = {}
        for part, octet in zip(self.parts, data[at:stop], strict=False):
            value.update(part.read(octet))
        return value

    def write(self, value: Any) -> bytes:
        last = 0
        for i, part in enumerate(self.parts):
            if any(f.key in value for f in part.named):
                last = i
        octets = [part.write(value) for part in self.parts[: last + 1]]
        return bytes([o | 1 for o in octets[:-1]] + octets[-1:])


class Repetitive:
    """A count octet and as many groups; with `fx` groups that end in an FX bit."""

    def __init__(self, *fields: Field, fx: bool = False) -> None:
        self.group = _Group(fields)
        self.fx = fx
        self.octets = (self.group.bits + 1) // 8 if fx else self.group.octets

    def measure(self, data: bytes, at: int, end: int) -> int:
        if self.fx:
            while (at := at + self.octets) <= end:
                if not data[at - 1] & 1:
                    return at
            raise Broken("truncated record")
        if at >= end:
            raise Broken("truncated record")
        stop = at + 1 + data[at] * self.octets
        if stop > end:
            raise Broken("truncated record")
        return stop

    def read(self, data: bytes, at: int, stop: int) -> Any:
        n = self.octets
        if self.fx:
            return [
                self.group.read(int.from_bytes(data[i : i + n], "big") >> 1)
                for i in range(at, stop, n)
            ]
        return [
            self.group.read(int.from_bytes(data[i : i + n], "big"))
            for i in range(at + 1, stop, n)
        ]

    def write(self, value: Any) -> bytes:
        if self.fx:
            if not value:
                raise ValueError("a chained repetition has at least one value")
            groups = [self.group.write(v) << 1 for v in value]
            chained = [g | 1 for g in groups[:-1]] + groups[-1:]
            return b"".join(g.to_bytes(self.octets, "big") for g in chained)
        if len(value) > 255:
            raise ValueError(f"{len(value)} repetitions; at most 255 fit")
        body = b"".join(self.group.write(v).to_bytes(self.octets, "big") for v in value)
        return bytes([len(value)]) + body


class Explicit:
    """A length octet that counts itself, then octets that are kept as hexadecimal digits."""

    def measure(self, data: bytes, at: int, end: int) -> int:
        if at >= end:
            raise Broken("truncated record")
        if not data[at]:
            raise Broken("wrong item length")
        if at + data[at] > end:
            raise Broken("truncated record")
        return at + data[at]

    def read(self, data: bytes, at: int, stop: int) -> Any:
        return data[at + 1 : stop].hex()

    def write(self, value: Any) -> bytes:
        body = bytes.fromhex(value)
        return bytes([len(body) + 1]) + body


class Compound:
    """A chained mask of presence bits, then the subitems that it names; None is a spare bit."""

    def __init__(self, *subitems: "tuple[str, Item] | None") -> None:
        self.subitems = subitems

    def _present(self, data: bytes, at: int, end: int) -> tuple[list[tuple[str, "Item"]], int]:
        """Return the subitems that stand there, and where the first begins."""
        present, first = [], 0
        while at < end:
            octet = data[at]
            at += 1
            for bit in range(7):
                if octet & (0x80 >> bit):
                    place = first + bit
                    subitem = self.subitems[place] if place < len(self.subitems) else None
                    if subitem is None:
                        raise Broken("spare bit set")
                    present.append(subitem)
            if not octet & 1:
                return present, at
            first += 7
            if first >= len(self.subitems):
                raise Broken("unknown extension")
        raise Broken("truncated record")

    def measure(self, data: bytes, at: int, end: int) -> int:
        present, at = self._present(data, at, end)
        for _, item in present:
            at = item.measure(data, at, end)
        return at

    def read(self, data: bytes, at: int, stop: int) -> Any:
        present, at = self._present(data, at, stop)
        value = {}
        for name, item in present:
            after = item.measure(data, at, stop)
            value[name] = item.read(data, at, after)
            at = after
        return value

    def write(self, value: Any) -> bytes:
        octets, body, last = [0] * ((len(self.subitems) + 6) // 7), b"", 0
        for place, subitem in enumerate(self.subitems):
            if subitem is not None and subitem[0] in value:
                last = place // 7
                octets[last] |= 0x80 >> place % 7
                body += subitem[1].write(value[subitem[0]])
        mask = [o | 1 for o in octets[:last]] + [octets[last]]
        return bytes(mask) + body


Item = Fixed | Extended | Repetitive | Explicit | Compound
