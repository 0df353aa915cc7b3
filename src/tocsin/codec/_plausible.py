"""Heights and speeds that aircraft have, for the words of other decoders.

A field that cannot be is dropped and counted; the position beside it stands.
"""

import math

from tocsin.codec._work import Work, reject

__all__ = ["FASTEST_MPS", "HIGHEST_M", "LOWEST_M", "implausible"]

# Pressure height on the shore of the Dead Sea in a high; above 53 km no balloon has been.
LOWEST_M, HIGHEST_M = -1_500.0, 60_000.0
FASTEST_MPS = 2_500.0  # what the supersonic subtypes of ADS-B can say, and a fifth more


def implausible(work: Work, source: str, what: str, address: str, value: float) -> float:
    """Return NaN for a height or speed outside the bounds; counted where it was said."""
    if not math.isnan(value):
        reject(work, source, f"implausible {what}", f"{address}: {value:g}")
    return math.nan
