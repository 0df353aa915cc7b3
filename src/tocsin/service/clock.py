"""The service's clock: an argument, so that a demonstration may run faster than the world.

Service time is ``epoch_s + (wall - anchor_s) * rate``. Every process that is given the same
three numbers shows the same time, also after a restart; all time-outs count it. The wall is the
machine's clock as the watch follows it, see `wall`.
"""

import math
import time
from dataclasses import dataclass, field

from tocsin.errors import CallError
from tocsin.service.wall import EASED_S, STANDS_S, Wall

__all__ = ["REAL", "Clock", "clock_of"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Service time as a line over the machine's Unix time, both in seconds UTC."""

    epoch_s: float = 0.0
    anchor_s: float = 0.0
    rate: float = 1.0
    source: Wall = field(default_factory=Wall, compare=False, repr=False)

    def at(self, wall_s: float) -> float:
        """Return the service time at a Unix time of the machine."""
        return self.epoch_s + (wall_s - self.anchor_s) * self.rate

    def now_s(self) -> float:
        """Return the service time now; it never steps back."""
        return self.at(self.source.now_s())

    def not_before(self, service_s: float) -> None:
        """Go on from that service time where it is not yet so late."""
        self.source.not_before(self.anchor_s + (service_s - self.epoch_s) / self.rate)

    def ahead_s(self) -> float:
        """Return by how many seconds this is ahead of the machine's clock, below 0: behind."""
        return self.source.ahead_s()

    def note(self) -> str:
        """Return a sentence where this is not the machine's clock's time, else ""."""
        ahead_s = self.ahead_s()
        if ahead_s > EASED_S:
            return f"The machine's clock was set back; the watch is {ahead_s:.0f} s ahead of it"
        if ahead_s < -EASED_S:
            return (
                f"The machine's clock leapt {-ahead_s:.0f} s ahead; the watch follows if it "
                f"stays so for {STANDS_S:.0f} s"
            )
        return ""

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
