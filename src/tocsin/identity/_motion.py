"""The table of how multirotors and birds move, as `bench/learn_motion.py` wrote it."""

import json
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.identity._kernels_sums import FEATURES

__all__ = ["BIAS", "FIRST", "SCALE", "SECOND", "read_motion"]

Floats = NDArray[np.float64]
VERSION = 2


def read_motion(text: bytes) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (scale, first, bias, second) as `_kernels_sums.ln_odds` takes them.

    Raises CallError for a table of another version or shape, or with what is not a number.
    """
    found = json.loads(text)
    if found.get("version") != VERSION:
        raise CallError(
            f"the table of motion is of version {found.get('version')!r}, this reads {VERSION};"
            " make it anew with bench/learn_motion.py"
        )
    parts = [
        np.array(found[name], dtype=np.float64) for name in ("scale", "first", "bias", "second")
    ]
    scale, first, bias, second = parts
    hidden = len(first)
    shapes = [(4, FEATURES), (hidden, FEATURES), (1, hidden), (2, hidden)]
    if [p.shape for p in parts] != shapes or not all(np.isfinite(p).all() for p in parts):
        raise CallError(
            f"the table of motion has arrays of {[p.shape for p in parts]}, wanted are finite"
            f" ones of {shapes}; make it anew with bench/learn_motion.py"
        )
    return scale, first, bias[0].copy(), second


SCALE, FIRST, BIAS, SECOND = read_motion(
    resources.files(__package__).joinpath("data/motion.json").read_bytes()
)
