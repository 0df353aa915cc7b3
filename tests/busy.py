"""How long a process stood ready and got no processor: what a busy machine takes from it."""

import contextlib
from pathlib import Path

NANOSECOND_S = 1e-9


def starved_s(pid: int) -> float:
    """Return the seconds for which the living threads of a process waited for a processor
    (Linux, sched-stats: the second number of /proc/PID/task/*/schedstat); 0.0 where the kernel
    does not tell it, so that a deadline is then the clock's alone.
    """
    total = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            total += int(place.read_text().split()[1])
    return total * NANOSECOND_S
