"""Categories without a table here, as libasterix cuts them: for `tocsin decode` alone.

libasterix (MIT) takes a second and 90 MB to load and reads some thousand records a second: the
watch never asks it, and counts such a block as a category that is not read.
"""

from typing import Any

from tocsin.codec._work import Work, count
from tocsin.codec.asterix._records import Block
from tocsin.model import Frame

__all__ = ["trace_other"]


def trace_other(work: Work, frame: Frame, block: Block) -> bool:
    """Note each record's items as hexadecimal digits, by the newest edition; False where
    libasterix is not installed, has no such category or refuses the block.
    """
    try:
        from asterix.base import Bits  # noqa: PLC0415 - large, and seldom needed
        from asterix.generated import manifest  # noqa: PLC0415
    except ImportError:
        return False
    known: dict[int, Any] = manifest["CATS"]  # type: ignore[assignment]
    editions = known.get(block.category)
    uap = getattr(editions[-1], "cv_uap", None) if editions else None
    if uap is None or not hasattr(uap, "cv_record"):  # of several profiles, none is sure
        return False
    try:
        found = uap.parse(Bits.from_bytes(frame.payload[block.start : block.stop]))
    except TypeError:  # libasterix 0.36 trips over a field that it calls random
        return False
    if isinstance(found, ValueError):
        return False
    name = f"CAT{block.category:03d}"
    for record in found:
        items = {
            f"I{item}": record.get_item(item).unparse().to_bytes().hex()
            for item in uap.cv_record.cv_items_dict
            if record.get_item(item) is not None
        }
        if work.trace is not None:
            work.trace.append({"record": name, "arrival_s": frame.arrival_s} | items)
    count(work, name, len(found))
    return True
