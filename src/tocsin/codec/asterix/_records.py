"""Records and data blocks: EUROCONTROL-SPEC-0149 (ASTERIX part 1), chapters 4 and 5.

A payload is a run of data blocks (category, length, records); a record is a field specification
(presence bits in sevens, chained by FX) and the items that it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.asterix._items import Broken, Item

__all__ = [
    "Block", "Edition", "Record", "blocks", "encode_block", "encode_record", "record_at",
    "records",
]  # fmt: skip

HEADER = 3  # category and two octets of length
LARGEST_BLOCK = 65535  # the length field's own limit


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of one category: items in the order of the profile (FRN 1 first); None is a
    field reference number that this edition does not use.
    """

    category: int
    edition: str
    profile: tuple[tuple[str, Item] | None, ...]
    items: dict[str, Item] = field(init=False)
    places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", dict(entry for entry in self.profile if entry))
        places = {entry[0]: place for place, entry in enumerate(self.profile) if entry}
        object.__setattr__(self, "places", places)

    @property
    def name(self) -> str:
        return f"CAT{self.category:03d}"


@dataclass(frozen=True, slots=True)
class Block:
    """A data block's category and the place of its records in the payload."""

    category: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as places in the payload; `read` decodes one item, `values` all of them."""

    edition: Edition
    data: bytes
    start: int
    stop: int
    places: dict[str, tuple[int, int]]

    def __contains__(self, item: str) -> bool:
        return item in self.places

    def read(self, item: str) -> Any:
        """Return the item's value, or None where the record does not hold it."""
        place = self.places.get(item)
        if place is None:
            return None
        return self.edition.items[item].read(self.data, place[0], place[1])

    def values(self) -> dict[str, Any]:
        return {item: self.read(item) for item in self.places}

    @property
    def raw(self) -> bytes:
        return self.data[self.start : self.stop]


def blocks(data: bytes) -> Iterator[Block]:
    """Give the data blocks of a payload in turn; raises Broken where the run of blocks ends
    wrong.
    """
    at, end = 0, len(data)
    while at < end:
        if end - at < HEADER:
            raise Broken("truncated block")
        length = data[at + 1] << 8 | data[at + 2]
        if length <= HEADER:
            raise Broken("wrong block length")
        if at + length > end:
            raise Broken("truncated block")
        yield Block(data[at], at + HEADER, at + length)
        at += length


def records(data: bytes, block: Block, edition: Edition) -> Iterator[Record]:
    """Give the records of a block in turn; raises Broken at the first that cannot be measured.

    The rest of that block is lost, since a record says nowhere how long it is.
    """
    at = block.start
    while at < block.stop:
        record = record_at(data, at, block.stop, edition)
        yield record
        at = record.stop


def record_at(data: bytes, start: int, end: int, edition: Edition) -> Record:
    """Return the record that begins at start; raises Broken where it cannot be measured."""
    profile = edition.profile
    present: list[tuple[str, Item]] = []
    at, first = start, 0
    while True:
        if at >= end:
            raise Broken("truncated record")
        octet = data[at]
        at += 1
        for bit in range(7):
            if octet & (0x80 >> bit):
                entry = profile[first + bit] if first + bit < len(profile) else None
                if entry is None:
                    raise Broken("spare bit set")
                present.append(entry)
        if not octet & 1:
            break
        first += 7
        if first >= len(profile):
            raise Broken("unknown extension")
    places = {}
    for name, item in present:
        stop = item.measure(data, at, end)
        places[name] = (at, stop)
        at = stop
    return Record(edition, data, start, at, places)


def encode_record(edition: Edition, values: dict[str, Any]) -> bytes:
    """Return one record's bytes; values as `Record.values` gives them.

    Raises ValueError for an item that the edition does not have and for a value that does not
    fit.
    """
    unknown = [name for name in values if name not in edition.items]
    if unknown:
        raise ValueError(f"{edition.name} {edition.edition} has no item {unknown[0]!r}")
    octets, body, last = [0] * ((len(edition.profile) + 6) // 7), [], 0
    for name in sorted(values, key=edition.places.__getitem__):
        place = edition.places[name]
        last = place // 7
        octets[last] |= 0x80 >> place % 7
        body.append(edition.items[name].write(values[name]))
    return bytes([*(o | 1 for o in octets[:last]), octets[last]]) + b"".join(body)


def encode_block(category: int, encoded: list[bytes]) -> bytes:
    """Return a data block of encoded records; raises ValueError above 65535 octets."""
    body = b"".join(encoded)
    length = HEADER + len(body)
    if length > LARGEST_BLOCK:
        raise ValueError(f"the block has {length} octets; at most {LARGEST_BLOCK} fit")
    return bytes([category]) + length.to_bytes(2, "big") + body
