"""Who sent a record, and when it holds."""

from tocsin.codec._clock import DAY_S, resolve_time_of_day, settle
from tocsin.codec._work import Work, health_of, reject
from tocsin.codec.asterix._records import Record
from tocsin.model import Frame, Sensor

__all__ = ["heard", "named_source", "reference_of", "source_of", "time_of"]


def source_of(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> str | None:
    """Return the id of the source that a record is from: a configured one, or a discovered
    one. None (counted) where the record does not say.
    """
    identifier = record.read("010")
    if identifier is None:
        reject(work, frame.source, "no data source", "item 010 is missing", record.raw)
        return None
    return named_source(work, sensor, identifier["SAC"], identifier["SIC"])


def named_source(work: Work, sensor: Sensor | None, sac: int, sic: int) -> str:
    """Return the id of the source of that code, heard where the sensor listens."""
    code = f"{sac}/{sic}"
    for known in work.node.sensors:
        is_named = known.format == "asterix" and known.sac == sac and known.sic == sic
        if is_named and (sensor is None or sensor.id == known.id or _share(sensor, known)):
            return known.id
    # The site file may leave the code open: then the first source heard there is the one meant.
    if sensor is not None and sensor.sac is None and sensor.sic is None:
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
    time_s = resolve_time_of_day(time_of_day_s, reference_of(work, frame))
    return settle(work, source, time_s, frame.arrival_s, raw=record.raw)


def reference_of(work: Work, frame: Frame) -> float:
    """Return a time that the times of day of a frame are near: arrival, where its date is
    known.
    """
    session = work.session
    if not session.live and session.day_s == session.day_s and frame.arrival_s < DAY_S:
        return session.day_s + frame.arrival_s  # a recording that knows no date
    return frame.arrival_s


def heard(work: Work, frame: Frame, source: str, *, n: int = 1) -> None:
    """Note that a source has spoken, in n records of a frame."""
    health = health_of(work.session, source)
    if not frame.arrival_s <= health.heard_s:
        health.heard_s = frame.arrival_s
    if source != frame.source:
        health.frames += n
