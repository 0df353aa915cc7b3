"""The clock of a sensor against the clock of the service.

Live, a report may not come before it was measured, and seldom more than MAX_LATENCY_S after.
What lies outside is taken as an error of the sensor's clock: up to MAX_OFFSET_S it is estimated
(a low quantile of the delays, so that late reports do not pull it) and corrected slowly; more
is a clock fault. In a replay the recorded times rule.
"""

import math

from tocsin.codec._session import Clock
from tocsin.codec._work import Work, reject

__all__ = [
    "DAY_S", "corrected", "fault_of", "is_sound", "resolve_time_of_day", "settle", "settle_all",
]  # fmt: skip

DAY_S = 86_400.0
MAX_OFFSET_S = 30.0  # docs/formats/README.md: beyond it the sensor is not tracked
MAX_LATENCY_S = 2.0  # plot extraction and a surveillance network together; more is a slow clock
MAX_LEAD_S = 0.05  # both clocks' jitter and the time stamp's own resolution
MEMORY = 64  # delays that are kept
FIRST = 16  # while there are fewer, the estimate is taken as it stands
EVERY = 8  # reports between estimates
SLEW = 0.05  # s of correction per s: a jump would look like an acceleration


def resolve_time_of_day(time_of_day_s: float, reference_s: float) -> float:
    """Return the Unix time with that time of day which is nearest to the reference."""
    day_s = reference_s // DAY_S * DAY_S
    time_s = day_s + time_of_day_s
    if time_s - reference_s > DAY_S / 2.0:
        return time_s - DAY_S
    if reference_s - time_s > DAY_S / 2.0:
        return time_s + DAY_S
    return time_s


def _clock_of(work: Work, sensor_id: str) -> Clock:
    clock = work.session.clocks.get(sensor_id)
    if clock is None:
        clock = work.session.clocks[sensor_id] = Clock()
    return clock


def is_sound(work: Work, sensor_id: str, times_s: list[float], arrival_s: float) -> bool:
    """Tell whether `settle_all` will refuse none of these reports of one arrival."""
    clock = _clock_of(work, sensor_id)
    delays_s = clock.delays_s or [0.0]
    return (
        not clock.faulty
        and min(delays_s) >= -MAX_OFFSET_S
        and max(delays_s) <= MAX_OFFSET_S
        and max(arrival_s - min(times_s), max(times_s) - arrival_s) <= MAX_OFFSET_S
    )


def corrected(work: Work, sensor_id: str, time_s: float, arrival_s: float) -> float | None:
    """Return the corrected time of validity, or None where the clock is at fault, which is the
    caller's to count; `fault_of` says it.
    """
    if not work.session.live:
        return time_s
    clock = _clock_of(work, sensor_id)
    _learn_into(clock, arrival_s - time_s, arrival_s)
    if clock.faulty or abs(arrival_s - time_s) > MAX_OFFSET_S:
        return None
    return time_s + clock.offset_s


def fault_of(sensor_id: str, time_s: float, arrival_s: float) -> str:
    """Return what is wrong with a clock at fault, in words."""
    return f"{sensor_id}: its time and the arrival are {arrival_s - time_s:.1f} s apart"


def settle(
    work: Work, sensor_id: str, time_s: float, arrival_s: float, *, raw: bytes = b""
) -> float | None:
    """Return the corrected time of validity, or None (counted) where the clock is at fault."""
    settled_s = corrected(work, sensor_id, time_s, arrival_s)
    if settled_s is None:
        _refuse(work, sensor_id, time_s, arrival_s, raw)
    return settled_s


def settle_all(
    work: Work, sensor_id: str, times_s: list[float], arrival_s: float
) -> list[float]:
    """Return what `settle` gives for each of several reports of one arrival, NaN for None."""
    if not work.session.live:
        return times_s
    clock = _clock_of(work, sensor_id)
    found: list[float] = []
    at = 0
    while at < len(times_s):
        # Between two estimates nothing changes but the list of delays.
        plain = EVERY - 1 - clock.seen % EVERY if clock.seen >= FIRST else 0
        part = times_s[at : at + plain]
        if part:
            clock.delays_s += [arrival_s - time_s for time_s in part]
            del clock.delays_s[:-MEMORY]
            clock.seen += len(part)
            found += _corrected(work, sensor_id, clock, part, arrival_s)
            at += len(part)
        if at < len(times_s):
            one = settle(work, sensor_id, times_s[at], arrival_s)
            found.append(math.nan if one is None else one)
            at += 1
    return found


def _corrected(
    work: Work, sensor_id: str, clock: Clock, times_s: list[float], arrival_s: float
) -> list[float]:
    offset_s = clock.offset_s
    apart_s = max(arrival_s - min(times_s), max(times_s) - arrival_s)
    if not clock.faulty and apart_s <= MAX_OFFSET_S:
        return [time_s + offset_s for time_s in times_s]
    found = []
    for time_s in times_s:
        is_bad = clock.faulty or abs(arrival_s - time_s) > MAX_OFFSET_S
        if is_bad:
            _refuse(work, sensor_id, time_s, arrival_s)
        found.append(math.nan if is_bad else time_s + offset_s)
    return found


def _refuse(
    work: Work, sensor_id: str, time_s: float, arrival_s: float, raw: bytes = b""
) -> None:
    reject(work, sensor_id, "clock fault", fault_of(sensor_id, time_s, arrival_s), raw)


def _learn_into(clock: Clock, delay_s: float, arrival_s: float) -> None:
    clock.delays_s.append(delay_s)
    if len(clock.delays_s) > MEMORY:
        del clock.delays_s[0]
    clock.seen += 1
    if clock.seen > FIRST and clock.seen % EVERY:
        return
    _estimate_into(clock, arrival_s)


def _estimate_into(clock: Clock, arrival_s: float) -> None:
    ranked = sorted(clock.delays_s)
    was_faulty = clock.faulty
    clock.faulty = abs(ranked[len(ranked) // 2]) > MAX_OFFSET_S
    if clock.faulty:
        return
    low_s = ranked[len(ranked) // 5]
    wanted_s = 0.0 if -MAX_LEAD_S <= low_s <= MAX_LATENCY_S else low_s
    if was_faulty or clock.seen <= FIRST:
        clock.offset_s = wanted_s
    else:
        step_s = SLEW * max(0.0, arrival_s - clock.moved_s)
        clock.offset_s += min(step_s, max(-step_s, wanted_s - clock.offset_s))
    clock.moved_s = arrival_s
