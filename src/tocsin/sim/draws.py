"""Chance as a function: (seed, raid, thing, tick, use) -> numbers.

Whoever adds a bird, a sensor or a raid changes no other draw; any raid can be played alone,
and two layouts can be compared over the very same raids (common random numbers).
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.sim import _kernels_draws

__all__ = ["Draws", "Use", "thing_key"]

Floats = NDArray[np.float64]
Keys = Sequence[int] | NDArray[np.integer[Any]] | int


class Use:
    """What a number is drawn for; a use is never given to two purposes."""

    PATH = 1
    SEEN = 2  # is it detected in this look
    NOISE = 3  # range, azimuth
    NOISE_2 = 4  # elevation, range rate
    FALSE_COUNT = 5
    FALSE_PLACE = 6
    FALSE_PLACE_2 = 7
    SQUITTER = 8  # jitter of a message's time, and whether it is received
    POSITION_ERROR = 9
    CLASS_SCORE = 10
    TRY = 11  # abstract interceptor
    DECISION = 12
    PHASE = 13  # when in its period a transmitter sends


def thing_key(name: str) -> int:
    """Return 32 bits that stand for a thing (or a pair such as "radar>drone") in every draw."""
    return zlib.crc32(name.encode())


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one raid. seed: 0 to 2^64 - 1; raid: 0 to 2^32 - 1."""

    seed: int
    raid: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise CallError(f"a seed is a whole number from 0 to 2^64 - 1, not {self.seed}")
        if not 0 <= self.raid < 2**32:
            raise CallError(f"a raid's number lies from 0 to 2^32 - 1, not {self.raid}")

    def uniforms(self, things: Keys, ticks: Keys, use: int) -> Floats:
        """Return (n, 2) numbers in [0, 1), one row for each (thing, tick)."""
        counters = self._counters(things, ticks, use)
        out = np.empty((len(counters), 2))
        _kernels_draws.uniforms_into(self._key(), counters, out)
        return out

    def normals(self, things: Keys, ticks: Keys, use: int) -> Floats:
        """Return (n, 2) standard normal numbers, one row for each (thing, tick)."""
        counters = self._counters(things, ticks, use)
        out = np.empty((len(counters), 2))
        _kernels_draws.normals_into(self._key(), counters, out)
        return out

    def between(self, thing: int, tick: int, low: float, high: float) -> float:
        """Return one number from [low, high) that shapes a thing's path."""
        share = float(self.uniforms(thing, tick, Use.PATH)[0, 0])
        return low + (high - low) * share

    def _key(self) -> NDArray[np.uint64]:
        return np.array([self.seed & 0xFFFFFFFF, self.seed >> 32], dtype=np.uint64)

    def _counters(self, things: Keys, ticks: Keys, use: int) -> NDArray[np.uint64]:
        thing = np.asarray(things, dtype=np.uint64)
        tick = np.asarray(ticks, dtype=np.uint64)
        count = thing.size if thing.ndim else tick.size
        counters = np.empty((count, 4), dtype=np.uint64)
        counters[:, 0] = self.raid
        counters[:, 1] = thing
        counters[:, 2] = tick
        counters[:, 3] = use
        return counters
