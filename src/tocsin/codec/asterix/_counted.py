"""Categories 001 and 002 (monoradar, before CAT048 and CAT034): counted, not tracked.

Their records are measured by libasterix, which is loaded where such a block comes, since few
radars still send them.
"""

from typing import Any

from tocsin.codec._work import Work, count, reject

__all__ = ["COUNTED", "count_block"]

COUNTED = (1, 2)


def count_block(work: Work, source: str, category: int, raw: bytes) -> None:
    """Count a block's records; a block that libasterix refuses is a counted refusal."""
    try:
        from asterix.base import Bits, ParsingMode  # noqa: PLC0415 - large, and seldom needed
        from asterix.generated import Cat_001_1_4, Cat_002_1_2  # noqa: PLC0415
    except ImportError:
        detail = f"category {category:03d} needs the package libasterix"
        reject(work, source, "category not read", detail, raw)
        return
    number, rest = 0, Bits.from_bytes(raw)
    while len(rest):
        if category == COUNTED[0]:
            layout: Any = Cat_001_1_4.cv_uap.cv_uaps[_layout(raw[-(len(rest) // 8) :])]
        else:
            layout = Cat_002_1_2.cv_record
        try:
            parsed = layout.parse(ParsingMode.StrictParsing, rest)
        except TypeError as error:  # libasterix 0.36 trips over a field that it calls random
            parsed = ValueError(str(error))
        if isinstance(parsed, ValueError):
            detail = f"CAT{category:03d}: the rest of the block is lost"
            reject(work, source, "block not read by libasterix", detail, raw)
            break
        rest, number = parsed[1], number + 1
    if number:
        count(work, f"CAT{category:03d}", number)


def _layout(record: bytes) -> str:
    """Return which of CAT001's two profiles a record has: I001/020 says it by its first bit.

    Both begin with items 010 (two octets) and 020.
    """
    if not record[0] & 0x40:
        return "plot"
    at = next((i for i, octet in enumerate(record) if not octet & 1), 0) + 1
    at += 2 if record[0] & 0x80 else 0
    return "track" if record[at : at + 1] >= b"\x80" else "plot"
