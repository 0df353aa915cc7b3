"""The tables of all editions as flat arrays, for the kernels that walk and read records.

A row of `nodes` is an item of a profile or a subitem: (kind, octets, first row of its
subitems, how many they are, slot). Octets are those of a fixed item or of one group of a
repetition; of an extended item they are its parts. The slot is where the walk writes down the
item's place: an item from which a field is read has one, all others have -1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tocsin.codec.asterix import _kernels_walk as walk
from tocsin.codec.asterix._counted import COUNTED
from tocsin.codec.asterix._editions import EDITIONS
from tocsin.codec.asterix._items import Compound, Explicit, Extended, Fixed, Item, Repetitive
from tocsin.codec.asterix._records import Edition
from tocsin.codec.asterix._recordwise import EDITIONS_BESIDE

__all__ = ["FIELDS", "SLOTS", "WHOLE", "WIDTH", "Flat", "flat_tables"]

# The fields that become columns, as ITEM.FIELD or ITEM/SUBITEM.FIELD, in the order of the
# names of `_kernels_columns`.
FIELDS: Mapping[int, tuple[str, ...]] = {
    34: ("030.TOD", "000.TYP", "020.AZI", "041.ROT", "050/COM.NOGO"),
    48: (
        "140.TOD", "020.TYP", "020.SIM", "020.RAB", "020.TST", "040.RHO", "040.THETA",
        "090.V", "090.G", "090.FL", "220.ADR", "240.TID", "161.TRN", "110.3DH", "120/CAL.D",
        "120/CAL.CAL",
    ),
    62: (
        "070.TOD", "040.TRN", "080.CNF", "080.SIM", "080.TSE", "105.LAT", "105.LON",
        "185.VX", "185.VY", "220.ROCD", "130.ALT", "136.FL", "380/ADR.ADR", "380/ID.ID",
        "245.TID", "500/APC.X", "500/APC.Y", "500/ATV.X", "500/ATV.Y", "500/AGA.AGA",
        "245.STI",
    ),
    63: (),
    65: (),
}  # fmt: skip
WIDTH = max(map(len, FIELDS.values()))
SOURCE_ITEM = "010"  # in slot 0 of every category
# A block of system tracks is taken whole or not at all: what an older edition leaves before
# its first break is garbage.
WHOLE = (62, 63, 65)
MOST_ITEMS = 64  # of a profile or of a compound item: the kernels' room for what is present


def _slots(category: int) -> tuple[str, ...]:
    items = [name.partition(".")[0] for name in FIELDS[category]]
    return tuple(dict.fromkeys((SOURCE_ITEM, *items)))


SLOTS = max(len(_slots(category)) for category in FIELDS)


@dataclass(frozen=True, slots=True)
class Flat:
    """nodes (rows, 5) as above; profiles (256, 3): first row and length of each category's
    profile, and whether its blocks are taken whole; length 0 is a category without a table,
    -1 one that is only counted, -2 one that is read a record at a time. fields (rows, 7): as
    `_kernels_columns` reads a field; spans (256, 2): which rows of fields are a category's;
    steps (256, WIDTH): value of one step.
    """

    nodes: NDArray[np.int64]
    profiles: NDArray[np.int64]
    fields: NDArray[np.int64]
    spans: NDArray[np.int64]
    steps: NDArray[np.float64]


@cache
def flat_tables() -> Flat:
    """Return the tables of every edition that is read. Raises ValueError for a compound item
    within a compound one or one of more subitems than the kernels have room for.
    """
    nodes: list[list[int]] = []
    fields: list[list[int]] = []
    profiles, spans = np.zeros((256, 3), np.int64), np.zeros((256, 2), np.int64)
    steps = np.ones((256, WIDTH))
    for category, edition in EDITIONS.items():
        profiles[category] = len(nodes), len(edition.profile), category in WHOLE
        slots = _slots(category)
        _add_edition(nodes, edition, slots)
        spans[category] = len(fields), len(fields) + len(FIELDS[category])
        for k, name in enumerate(FIELDS[category]):
            row, step = _field(edition, name, slots)
            fields.append(row)
            steps[category, k] = step
    for category in COUNTED:
        profiles[category, 1] = walk.COUNTED_PROFILE
    for category in EDITIONS_BESIDE:
        profiles[category, 1] = walk.BESIDE_PROFILE
    return Flat(np.array(nodes, np.int64), profiles, np.array(fields, np.int64), spans, steps)


def _add_edition(nodes: list[list[int]], edition: Edition, slots: tuple[str, ...]) -> None:
    first = len(nodes)
    _check_room(edition.name, len(edition.profile))
    nodes += [[walk.SPARE, 0, 0, 0, -1] for _ in edition.profile]
    for place, entry in enumerate(edition.profile, first):
        if entry is None:
            continue
        name, item = entry
        if not isinstance(item, Compound):
            nodes[place] = _leaf(item, name, slots)
            continue
        _check_room(f"{edition.name} item {name}", len(item.subitems))
        nodes[place] = [walk.COMPOUND, 0, len(nodes), len(item.subitems), -1]
        for subitem in item.subitems:
            if subitem is None:
                nodes.append([walk.SPARE, 0, 0, 0, -1])
            else:
                nodes.append(_leaf(subitem[1], f"{name}/{subitem[0]}", slots))


def _check_room(what: str, count: int) -> None:
    if count > MOST_ITEMS:
        raise ValueError(f"{what} has {count} items; the walk has room for {MOST_ITEMS}")


def _leaf(item: Item, name: str, slots: tuple[str, ...]) -> list[int]:
    slot = slots.index(name) if name in slots else -1
    if isinstance(item, Fixed):
        return [walk.FIXED, item.octets, 0, 0, slot]
    if isinstance(item, Extended):
        return [walk.EXTENDED, len(item.parts), 0, 0, slot]
    if isinstance(item, Repetitive):
        return [walk.CHAINED if item.fx else walk.REPETITIVE, item.octets, 0, 0, slot]
    if isinstance(item, Explicit):
        return [walk.EXPLICIT, 0, 0, 0, slot]
    raise ValueError(f"item {name} is a compound item within a compound one")


def _field(edition: Edition, name: str, slots: tuple[str, ...]) -> tuple[list[int], float]:
    """Return (slot, octets before it, octets, shift, bits, is signed, parts before it) and the
    step of a field. Raises KeyError for one that the edition does not have.
    """
    place, _, wanted = name.partition(".")
    outer, _, inner = place.partition("/")
    item: Item = edition.items[outer]
    if isinstance(item, Compound):
        item = dict(sub for sub in item.subitems if sub)[inner]
    if isinstance(item, Fixed):
        groups = [item.group]
    elif isinstance(item, Extended):
        groups = list(item.parts)
    else:
        raise ValueError(f"{name}: fields are read of fixed and extended items")
    for part, group in enumerate(groups):
        begin = 0
        for field in group.fields:
            end = begin + field.bits
            if field.name == wanted:
                before, last = begin // 8, (end - 1) // 8
                shift, signed = (last + 1) * 8 - end, field.kind == "int"
                row = [
                    slots.index(place), part + before, last - before + 1, shift, field.bits,
                    signed, part,
                ]  # fmt: skip
                return row, field.lsb or 1.0
            begin = end
    raise KeyError(f"{edition.name} {edition.edition} has no field {name}")
