"""The editions that become columns by kernels, by category, and where each says the time."""

from tocsin.codec.asterix._items import Broken
from tocsin.codec.asterix._records import Block, Edition, records
from tocsin.codec.asterix._recordwise import (
    EDITIONS_BESIDE,
    READABLE_BESIDE,
    beside_time_of_day_s,
)
from tocsin.codec.asterix.cat034 import CAT034_1_29
from tocsin.codec.asterix.cat048 import CAT048_1_32
from tocsin.codec.asterix.cat062 import CAT062_1_21
from tocsin.codec.asterix.cat063 import CAT063_1_7
from tocsin.codec.asterix.cat065 import CAT065_1_5

__all__ = ["EDITIONS", "READABLE", "TIME_ITEM", "time_of_day_s"]

EDITIONS: dict[int, Edition] = {
    edition.category: edition
    for edition in (CAT034_1_29, CAT048_1_32, CAT062_1_21, CAT063_1_7, CAT065_1_5)
}

# Editions that the tables read: same profile, same lengths, and either the same extents of
# extended items or fewer. A later edition's new extent is refused as "unknown extension".
READABLE: dict[str, tuple[str, ...]] = {
    "015": READABLE_BESIDE["015"],
    "021": READABLE_BESIDE["021"],
    "034": ("1.27", "1.28", "1.29"),
    "048": ("1.27", "1.28", "1.29", "1.30", "1.31", "1.32"),
    "062": ("1.16", "1.17", "1.18", "1.19", "1.20", "1.21"),
    "063": ("1.6", "1.7"),
    "065": ("1.4", "1.5", "1.6"),
    "129": READABLE_BESIDE["129"],
}

TIME_ITEM = {34: "030", 48: "140", 62: "070", 63: "030", 65: "030"}


def time_of_day_s(data: bytes, block: Block) -> float | None:
    """Return the time of day of a block's first record, None where it cannot be read."""
    edition = EDITIONS.get(block.category) or EDITIONS_BESIDE.get(block.category)
    if edition is None:
        return None
    try:
        record = next(records(data, block, edition))
    except Broken:
        return None
    if block.category in EDITIONS_BESIDE:
        return beside_time_of_day_s(record)
    value = record.read(TIME_ITEM[block.category])
    return None if value is None else float(value["TOD_s"])
