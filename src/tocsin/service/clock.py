"""The service's clock: an argument, so that a demonstration may run faster than the world.

Service time is ``epoch_s + (wall - anchor_s) * rate``. Every process that is given the same
three numbers shows the same time, also after a restart; all time-outs count it.
"""

import math
import time
from dataclasses import dataclass

from tocsin.errors import CallError

__all__ = ["REAL", "Clock", "clock_of"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Service time as a line over the machine's Unix time, both in seconds UTC."""

    epoch_s: float = 0.0
    anchor_s: float = 0.0
    rate: float = 1.0

    def at(self, wall_s: float) -> float:
        """Return the service time at a Unix time of the machine."""
        return self.epoch_s + (wall_s - self.anchor_s) * self.rate

    def now_s(self) -> float:
        """Return the service time now; the engine sees to it that a step back goes unseen."""
        return self.at(time.time())

    def wall(self, duration_s: float) -> float:
        """Return how many seconds of the machine a duration of service time takes."""
        return duration_s / self.rate


REAL = Clock()


def clock_of(epoch_s: float | None, anchor_s: float | None, rate: float) -> Clock:
    """Return the clock that a command line asked for; raises CallError with what would be
    right.
    """
    if not (math.isfinite(rate) and 0.0 < rate <= 1000.0):
        raise CallError(
            f"a clock rate of {rate:g} cannot be; give a number above 0 and up to 1000",
            rate=rate,
        )
    if (epoch_s is None) != (anchor_s is None):
        raise CallError("give --clock-epoch and --clock-anchor together, or neither")
    if epoch_s is None or anchor_s is None:
        if rate == 1.0:
            return REAL
        wall_s = time.time()
        return Clock(wall_s, wall_s, rate)
    return Clock(epoch_s, anchor_s, rate)
