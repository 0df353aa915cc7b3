"""The machine's time as the watch goes by it: never backwards, and no leap that does not last.

The machine's clock is set now and then: by a time server that corrects it in one step, by
hand, by a battery that died. The steady clock of the kernel knows nothing of that; time here
runs on it and is drawn to the machine's clock as far as a watch can follow. A record whose time
steps back cannot be played, and a watch that waits until its time has come again is blind
meanwhile.
"""

import threading
import time
from collections.abc import Callable

__all__ = ["EASED_S", "STANDS_S", "Wall"]

EASED_S = 5.0  # a difference up to this is eased in
EASE = 0.1  # of the time that passes: five seconds take fifty
STANDS_S = 30.0  # a clock that leaps ahead is followed once it has stood so long
SAME_LEAP_S = 1.0  # leaps alike within this are one
BLINK_S = 0.002  # two clocks read farther apart than this cannot be compared


def _steady() -> float:
    """Return seconds that, on Linux, also pass while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Wall:
    """Unix seconds for the watch. Any thread.

    A machine's clock that was set back by more than EASED_S is not followed: nobody can say
    here whether it was wrong before or is now. `ahead_s` tells by how much.
    """

    def __init__(
        self,
        machine: Callable[[], float] = time.time,
        steady: Callable[[], float] = _steady,
    ) -> None:
        self._machine, self._steady = machine, steady
        self._lock = threading.Lock()
        self._at = steady()
        self._offset = machine() - self._at
        self._led_s = 0.0  # the machine's clock, ahead of this one when they were compared last
        self._leapt_at: float | None = None
        self._leap_s = 0.0

    def now_s(self) -> float:
        """Return the time now, never earlier than before."""
        with self._lock:
            at = self._steady()
            machine_s = self._machine()
            if self._steady() - at <= BLINK_S:
                self._follow(at, machine_s - at - self._offset)
            self._at = at
            return at + self._offset

    def ahead_s(self) -> float:
        """Return how far this is ahead of the machine's clock, below 0: behind it."""
        self.now_s()
        return -self._led_s

    def not_before(self, time_s: float) -> None:
        """Go on from time_s where it is not yet that late."""
        with self._lock:
            self._offset = max(self._offset, time_s - self._steady())

    def _follow(self, at: float, led_s: float) -> None:
        step_s = 0.0
        has_leapt = led_s > EASED_S
        if abs(led_s) <= EASED_S:
            most_s = EASE * (at - self._at)
            step_s = min(max(led_s, -most_s), most_s)
        elif has_leapt and (self._leapt_at is None or abs(led_s - self._leap_s) > SAME_LEAP_S):
            self._leapt_at, self._leap_s = at, led_s
        elif has_leapt and self._leapt_at is not None and at - self._leapt_at >= STANDS_S:
            step_s, has_leapt = led_s, False
        if not has_leapt:
            self._leapt_at = None
        self._offset += step_s
        self._led_s = led_s - step_s
