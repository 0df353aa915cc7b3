"""Who sent a record, and when it holds."""

from tocsin.codec._clock import DAY_S, resolve_time_of_day, settle
from tocsin.codec._work import Work, health_of, reject
from tocsin.codec.asterix._records import Record
from tocsin.model import Frame, Sensor

__all__ = ["heard", "source_of", "time_of"]


def source_of(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> str | None:
    """Return the id of the source that a record is from: a configured one, or a discovered
    one. None (counted) where the record does not say.
    """
    identifier = record.read("010")
    if identifier is None:
        reject(work, frame.source, "no data source", "item 010 is missing", record.raw)
        return None
    sac, sic = identifier["SAC"], identifier["SIC"]
    code = f"{sac}/{sic}"
    for known in work.node.sensors:
        is_named = known.format == "asterix" and known.sac == sac and known.sic == sic
        if is_named and (sensor is None or sensor.id == known.id or _share(sensor, known)):
            return known.id
    # The site file may leave the code open: then the first source heard there is the one meant.
    is_open = sensor is not None and sensor.sac is None and sensor.sic is None
    if sensor is not None and is_open:
        bound = work.session.bound.setdefault(sensor.id, code)
        return sensor.id if bound == code else f"asterix-{code}"
    return f"asterix-{code}"


def _share(a: Sensor, b: Sensor) -> bool:
    return any(address in b.listen for address in a.listen)


def time_of(
    work: Work, frame: Frame, source: str, record: Record, time_of_day_s: float
) -> float | None:
    """Return when a record holds by its time of day, None (counted) where that cannot be."""
    if time_of_day_s >= DAY_S:
        reject(work, source, "time of day beyond midnight", f"{time_of_day_s} s", record.raw)
        return None
    session = work.session
    reference_s = frame.arrival_s
    if not session.live and session.day_s == session.day_s and reference_s < DAY_S:
        reference_s = session.day_s + reference_s  # a recording that knows no date
    time_s = resolve_time_of_day(time_of_day_s, reference_s)
    return settle(work, source, time_s, frame.arrival_s, raw=record.raw)


def heard(work: Work, frame: Frame, source: str) -> None:
    """Note that a source has spoken."""
    health = health_of(work.session, source)
    if not frame.arrival_s <= health.heard_s:
        health.heard_s = frame.arrival_s
    if source != frame.source:
        health.frames += 1
