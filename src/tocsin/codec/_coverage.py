"""Where scanning sensors have looked, as Coverage records.

Three ways, the best that a sensor offers is used: it says so itself (`scan` of a detections
body); its north marks and sector crossings (CAT034); or its configured period, closed after
TIMEOUT_PERIODS. A mark that does not fit the rotation means that marks were lost on the way:
plots may have been lost with them, so that stretch is not covered and lowers no track.

Most radars send a sector's plots before the crossing that ends it. Of one that does not, or
that sends north marks alone (these go out at once), a look waits for its plots as long as they
have come late by: without it, what it was to see is missed first and found afterwards.
"""

import math
from bisect import bisect_left

from tocsin.codec._session import Look, sensor_of
from tocsin.codec._work import Work, health_of, reject
from tocsin.model import Coverage
from tocsin.units import TAU

__all__ = ["mark_into", "note_alive_into", "note_report_into", "state_into", "tick_into"]

TIMEOUT_PERIODS = 1.5  # docs/formats/README.md
ALIVE_PERIODS = 3.0  # a sensor not heard for longer has looked at nothing
SLACK_PERIODS = 0.5  # of a rotation that a mark may come late before it counts as lost
LOST_STEPS = 2.5  # a north mark may stand in for one crossing; more missing are lost
ALIGN = 0.2  # of the error that moves the window of a sensor that stamps whole scans
SHORTEST_S, LONGEST_S = 0.05, 60.0  # rotations that are believed
SCANNING = ("radar", "camera", "acoustic", "rf")
ROUNDED_S = 0.02  # a plot so little before a mark may be of the next sector: I140 has 1/128 s
LATEST_S = 1.0  # a look waits no longer for its plots; what is later is late data
LATEST_PERIODS = 0.5
LATE_FADE_S = 60.0  # what was learnt of it counts half after so long
MOST_MARKS = 64
MISSING = "marks were missing before one: not counted as looked at"
CATCH_UP = 8  # windows a tick may close; after a longer pause the sensor was not heard anyway


def _look(work: Work, sensor_id: str) -> Look:
    look = work.session.looks.get(sensor_id)
    if look is None:
        look = work.session.looks[sensor_id] = Look()
    return look


def _period_s(work: Work, sensor_id: str, look: Look) -> float:
    """Return the rotation time: what the sensor reports itself, else the configured one."""
    if not math.isnan(look.period_s):
        return look.period_s
    sensor = work.sensors.get(sensor_id) or sensor_of(work.node, sensor_id)
    return sensor.scan_period_s if sensor is not None else float("nan")


def _emit(work: Work, sensor_id: str, coverage: Coverage) -> None:
    health = health_of(work.session, sensor_id)
    if health.inhibited:
        return
    work.coverages.append(coverage)
    if not coverage.end_s <= health.coverage_s:
        health.coverage_s = coverage.end_s


def mark_into(
    work: Work,
    sensor_id: str,
    place: int,
    time_s: float,
    azimuth_rad: float,
    *,
    is_north: bool,
    rotation_s: float | None = None,
) -> None:
    """Take a north mark or a sector crossing: the antenna points to azimuth_rad at time_s."""
    look = _look(work, sensor_id)
    if rotation_s is not None and SHORTEST_S <= rotation_s <= LONGEST_S:
        look.period_s = rotation_s
    period_s = _period_s(work, sensor_id, look)
    if math.isnan(period_s):
        period_s = LONGEST_S
    # North marks go out at once, sector crossings with the plots of the sector: where there are
    # crossings they rule, and the north mark would come before them, out of turn.
    if is_north and time_s - look.sector_s <= 2.0 * period_s:
        return
    if not is_north:
        if math.isnan(look.sector_s):
            look.mark_s = float("nan")
        look.sector_s = time_s
    look.marked_s = time_s
    previous_s, previous_rad = look.mark_s, look.mark_azimuth_rad
    if time_s <= previous_s:
        return
    look.mark_s, look.mark_azimuth_rad = time_s, azimuth_rad
    if math.isnan(previous_s):
        return
    turned_rad = (azimuth_rad - previous_rad) % TAU or TAU
    expected_s = turned_rad / TAU * period_s
    if not is_north and not turned_rad >= look.step_rad:
        look.step_rad = turned_rad
    is_far = not is_north and turned_rad > LOST_STEPS * look.step_rad
    if is_far or time_s - previous_s > expected_s + SLACK_PERIODS * period_s:
        reject(work, sensor_id, MISSING)
        return
    seen = Coverage(place, previous_s, time_s, previous_rad, azimuth_rad)
    look.marks.append((time_s, work.now_s))
    del look.marks[:-MOST_MARKS]
    wait_s = _late_s(look, work.now_s)
    if wait_s > 0.0:
        look.held.append((work.now_s + wait_s, seen))
    else:
        _emit(work, sensor_id, seen)


def _late_s(look: Look, now_s: float) -> float:
    """Return how long after its mark a plot comes, of those that come after it."""
    return look.late_s / (1.0 + max(now_s - look.late_at_s, 0.0) / LATE_FADE_S)


def _note_late_into(work: Work, sensor_id: str, look: Look, time_s: float) -> None:
    """Learn from a plot that comes after the mark that ended its sector."""
    ended = bisect_left(look.marks, (time_s + ROUNDED_S, -math.inf))
    if not 0 < ended < len(look.marks):
        return  # from before the marks that are remembered
    now_s = work.now_s
    late_s = now_s - look.marks[ended][1]
    period_s = _period_s(work, sensor_id, look)
    most_s = LATEST_S if math.isnan(period_s) else min(LATEST_S, LATEST_PERIODS * period_s)
    if 0.0 < late_s <= most_s and late_s > _late_s(look, now_s):
        look.late_s, look.late_at_s = late_s, now_s


def state_into(work: Work, sensor_id: str, place: int, start_s: float, end_s: float) -> None:
    """Take the sensor's own statement that it has looked over its whole field."""
    look = _look(work, sensor_id)
    look.marked_s = end_s
    _emit(work, sensor_id, Coverage(place, start_s, end_s))


def note_report_into(work: Work, sensor_id: str, time_s: float) -> None:
    """Note that the sensor reported something at time_s; opens the window of a silent stater.

    A sensor that stamps all reports of a scan alike gets windows with the stamp in their
    middle; one that turns gets windows of one rotation, wherever they begin.
    """
    look = _look(work, sensor_id)
    if time_s < look.mark_s - ROUNDED_S:
        _note_late_into(work, sensor_id, look, time_s)
    period_s = _period_s(work, sensor_id, look)
    if math.isnan(period_s) or time_s <= look.report_s:
        return
    if not time_s - look.report_s <= ALIVE_PERIODS * period_s or math.isnan(look.window_s):
        look.window_s = time_s - period_s / 2.0
    elif time_s - look.report_s > period_s / 2.0:
        middle_s = look.window_s + period_s / 2.0
        error_s = (time_s - middle_s + period_s / 2.0) % period_s - period_s / 2.0
        look.window_s += ALIGN * error_s
    look.report_s = time_s


def note_alive_into(work: Work, sensor_id: str, time_s: float) -> None:
    """Note that the sensor said at time_s that it looks; opens its first window."""
    look = _look(work, sensor_id)
    if math.isnan(look.window_s):
        look.window_s = time_s


def tick_into(work: Work) -> None:
    """Let go of the looks that have waited for their plots, and close the windows of sensors
    that state no coverage themselves and are alive.
    """
    for sensor_id, waits in work.session.looks.items():
        while waits.held and waits.held[0][0] <= work.now_s:
            _emit(work, sensor_id, waits.held.pop(0)[1])
    for sensor in work.node.sensors:
        look = work.session.looks.get(sensor.id)
        if look is None or sensor.kind not in SCANNING or math.isnan(look.window_s):
            continue
        period_s = _period_s(work, sensor.id, look)
        if work.now_s - look.marked_s <= ALIVE_PERIODS * period_s:
            continue
        _close_windows(work, sensor.id, look, period_s)


def _close_windows(work: Work, sensor_id: str, look: Look, period_s: float) -> None:
    health = health_of(work.session, sensor_id)
    place = work.session.places.get(sensor_id, -1)
    if place < 0 or not period_s > 0.0:
        return
    alive_s = ALIVE_PERIODS * max(period_s, health.alive_s)  # a NaN in second place loses
    for _ in range(CATCH_UP):
        start_s = look.window_s
        if start_s + TIMEOUT_PERIODS * period_s > work.now_s:
            return
        look.window_s = start_s + period_s
        if start_s + period_s - health.heard_s <= alive_s:
            _emit(work, sensor_id, Coverage(place, start_s, start_s + period_s))
    if look.window_s + TIMEOUT_PERIODS * period_s <= work.now_s:
        look.window_s = float("nan")
