"""The door of the room: sessions, batches of frames in, detections and coverage out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.codec import detections, plots_csv, readsb, sbs, statevectors
from tocsin.codec._asterix_frames import decode_frames as decode_asterix
from tocsin.codec._coverage import tick_into
from tocsin.codec._lines import end_stream, is_end
from tocsin.codec._pointing import point
from tocsin.codec._remoteid_frames import decode_frame as decode_remote_id
from tocsin.codec._session import Session, day_start_s, roster_index
from tocsin.codec._sighting import take_sighting
from tocsin.codec._work import Work, health_of, reject, rows
from tocsin.codec.acts import decode_act
from tocsin.codec.cot import decode_frame as decode_cot
from tocsin.codec.modes import decode_avr, decode_jsonl
from tocsin.codec.modes.beast import decode_frames as decode_beast
from tocsin.codec.plugins import decoder_of
from tocsin.codec.sapient import intake as sapient
from tocsin.codec.sapient.intake import origins_of
from tocsin.codec.siren_paths import decode_siren_path
from tocsin.errors import CallError
from tocsin.model import (
    OFFICER,
    SIREN_PATHS,
    Act,
    AlertEvent,
    Batch,
    Coverage,
    DetectionBatch,
    Frame,
    Node,
    Rejected,
    Reply,
    Sensor,
    SensorStatus,
    SirenHeard,
)
from tocsin.model.records import RecordAct

__all__ = [
    "FORMATS",
    "Decoded",
    "decode_into",
    "decode_records",
    "open_session",
    "origins_of",
    "reopen_session",
    "sensor_status",
]

_DECODERS: dict[str, Callable[[Work, Frame, Sensor | None], None]] = {
    "cot": decode_cot,
    "detections": detections.decode_frame,
    "plots-csv": plots_csv.decode_frame,
    "readsb-json": readsb.decode_frame,
    "remote-id": decode_remote_id,
    "sapient": sapient.decode_frame,
    "sbs": sbs.decode_frame,
    "statevectors-csv": statevectors.decode_frame,
}
# Those that take many frames at once: (place in the batch, frame, sensor) each.
_MANY: dict[str, Callable[[Work, list[tuple[int, Frame, Sensor | None]]], None]] = {
    "asterix": decode_asterix,
    "avr": decode_avr,
    "beast": decode_beast,
    "modes-jsonl": decode_jsonl,
}
FORMATS = tuple(sorted({*_DECODERS, *_MANY}))
# Streams of which something may be left over; what else comes by TCP is cut before it is
# stored, or (SAPIENT) sees to it itself.
_LEAVING = ("avr", "beast", "modes-jsonl", "plots-csv", "readsb-json", "sbs")

LATE_PERIODS, SILENT_PERIODS = 1.5, 3.0  # docs/formats/README.md: silent after 3 periods
# A receiver of what aircraft send of themselves scans nothing: an empty sky is quiet.
LISTENING = ("adsb", "remote_id", "system")
LATE_S, SILENT_S = 30.0, 120.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one batch held. acts are of the watch, record_acts of the record; records counts
    decoded records by kind ("CAT048", "DF17"); rejected has one entry a source and reason,
    with its count; replies are for the live watch alone. answers are of acts that ended here,
    which point a sensor: (key, accepted, sentence); events: what else happened, for the record;
    sirens: what the service heard of siren paths.
    """

    detections: DetectionBatch
    coverages: tuple[Coverage, ...]
    acts: tuple[Act, ...]
    record_acts: tuple[RecordAct, ...]
    rejected: tuple[Rejected, ...]
    records: dict[str, int]
    duplicates: int
    replies: tuple[Reply, ...] = ()
    answers: tuple[tuple[str, bool, str], ...] = ()
    events: tuple[AlertEvent, ...] = ()
    sirens: tuple[SirenHeard, ...] = ()


def open_session(
    node: Node,
    *,
    live: bool,
    date: str | None = None,
    formats: Mapping[str, str] | None = None,
    framings: Mapping[str, str] | None = None,
) -> Session:
    """Return a new session; the roster begins with the sensors of the node, in its order.

    live: sensors' clocks are judged against arrival. date: YYYY-MM-DD of a recording that bears
    no date. formats: format of each source that is no sensor of the node. framings: what is
    around the ASTERIX blocks of a source, where the site file's word does not hold. Raises
    CallError for a format or a date that is none.
    """
    for source, name in (formats or {}).items():
        if name not in FORMATS and decoder_of(name) is None:
            raise CallError(
                f"{source}: there is no format {name!r}; give one of {', '.join(FORMATS)}",
                source=source,
                format=name,
            )
    try:
        day_s = day_start_s(date)
    except ValueError:
        raise CallError(
            f"date {date!r} is none; give for example 2026-11-23", date=date
        ) from None
    session = Session(
        live=live, day_s=day_s, formats=dict(formats or {}), framings=dict(framings or {})
    )
    for sensor in node.sensors:
        roster_index(session, sensor.id)
    return session


def reopen_session(session: Session, node: Node) -> Session:
    """Return a new session for a node whose site file has taken the place of the session's.

    Of a sensor that stays, when it was heard and its clock go on; connections, what streams
    left over and what was learnt from messages begin anew.
    """
    fresh = open_session(
        node, live=session.live, formats=session.formats, framings=session.framings
    )
    fresh.day_s, fresh.pointed = session.day_s, session.pointed
    for sensor in node.sensors:
        if sensor.id in session.health:
            fresh.health[sensor.id] = session.health[sensor.id]
        if sensor.id in session.clocks:
            fresh.clocks[sensor.id] = session.clocks[sensor.id]
    return fresh


def decode_into(session: Session, node: Node, batch: Batch) -> Decoded:
    """Take the frames of a batch in the order of (source, sequence), however they came."""
    return _decode(session, node, batch, None)


def decode_records(
    session: Session, node: Node, batch: Batch
) -> tuple[Decoded, list[dict[str, Any]]]:
    """Do the same, and give each record in the words and units of its own format too."""
    trace: list[dict[str, Any]] = []
    return _decode(session, node, batch, trace), trace


def _decode(
    session: Session, node: Node, batch: Batch, trace: list[dict[str, Any]] | None
) -> Decoded:
    sensors = {sensor.id: sensor for sensor in node.sensors}
    work = Work(session, node, batch.now_s, sensors, trace=trace)
    for sensor_id in work.sensors:
        roster_index(session, sensor_id)
    ordered = sorted(batch.frames, key=lambda frame: (frame.source, frame.sequence, frame.path))
    held: list[tuple[int, Frame, Sensor | None]] = []
    held_format = ""
    for index, frame in enumerate(ordered):
        work.frame_index = index
        sensor = sensors.get(frame.source)
        name = session.formats.get(frame.source) or (sensor.format if sensor else "")
        has_ended = not frame.payload and name in _LEAVING and is_end(frame)
        if held and (has_ended or name != held_format):
            _MANY[held_format](work, held)
            held = []
        if has_ended:  # nobody is heard by that
            end_stream(work, frame)
        elif name in _MANY and frame.source != OFFICER:
            _note_frame(session, frame)
            held.append((index, frame, sensor))
            held_format = name
        else:
            _take(work, frame, sensor, name)
    if held:
        _MANY[held_format](work, held)
    sapient.tick_into(work)
    tick_into(work)
    return Decoded(
        detections=rows(work),
        coverages=tuple(work.coverages),
        acts=tuple(work.acts),
        record_acts=tuple(work.record_acts),
        rejected=tuple(work.rejected.values()),
        records=work.records,
        duplicates=work.duplicates,
        replies=tuple(work.replies),
        answers=tuple(work.answers),
        events=tuple(work.events),
        sirens=tuple(work.sirens),
    )


def _note_frame(session: Session, frame: Frame) -> None:
    health = health_of(session, frame.source)
    health.frames += 1
    if not frame.arrival_s <= health.heard_s:
        health.heard_s = frame.arrival_s


def _take(work: Work, frame: Frame, sensor: Sensor | None, name: str) -> None:
    if frame.source == SIREN_PATHS and frame.source not in work.sensors:
        told = decode_siren_path(frame.payload)
        if isinstance(told, SirenHeard):
            work.sirens.append(told)
        else:
            reject(work, SIREN_PATHS, told.reason, told.detail, told.raw)
        return
    if frame.source == OFFICER:
        act = decode_act(frame.payload)
        if isinstance(act, Act) and act.verb == "point":
            point(work, act)
        elif isinstance(act, Act):
            work.acts.append(act)
            if act.verb == "sighting":
                take_sighting(work, act)
        elif isinstance(act, RecordAct):
            work.record_acts.append(act)
        else:
            reject(work, OFFICER, act.reason, act.detail, act.raw)
        return
    decode = _DECODERS.get(name) or decoder_of(name)
    if decode is None:
        detail = f"{frame.source} has no format that is read here ({name or 'none given'})"
        reject(work, frame.source, "unknown format", detail, frame.payload)
        return
    if name != "sapient" or sensor is None:  # a port is not heard, but the node that speaks
        _note_frame(work.session, frame)
    decode(work, frame, sensor)


def sensor_status(session: Session, node: Node, now_s: float) -> tuple[SensorStatus, ...]:
    """Return the state of every sensor of the roster, in its order; of posts of people only
    those from which somebody has reported: nobody waits for the others.
    """
    sensors = {sensor.id: sensor for sensor in node.sensors}
    posts = {s.id for s in node.sensors if s.kind == "person"}
    return tuple(
        _status(session, sensors.get(sensor_id), sensor_id, now_s)
        for sensor_id in session.roster
        if sensor_id not in posts or session.health[sensor_id].frames
    )


def _status(
    session: Session, sensor: Sensor | None, sensor_id: str, now_s: float
) -> SensorStatus:
    health = health_of(session, sensor_id)
    clock = session.clocks.get(sensor_id)
    return SensorStatus(
        sensor_id=sensor_id,
        kind=sensor.kind if sensor is not None else _discovered_kind(session, sensor_id),
        state=_state(session, sensor, sensor_id, now_s),
        heard_s=health.heard_s,
        frames=health.frames,
        detections=health.detections,
        duplicates=health.duplicates,
        rejected=dict(sorted(health.rejected.items())),
        clock_offset_s=clock.offset_s if clock is not None else 0.0,
        nature=sensor.nature if sensor is not None else "live",
        sites=sensor.sites if sensor is not None else (),
        coverage_s=health.coverage_s,
    )


def _discovered_kind(session: Session, sensor_id: str) -> str:
    if sensor_id.startswith("asterix-"):
        return "radar"
    if sensor_id.startswith(sapient.DISCOVERED):
        return sapient.kind_of(session, sensor_id)
    name = session.formats.get(sensor_id, "")
    if name == "remote-id":
        return "remote_id"
    return "radar" if name in ("", "asterix", "detections", "plots-csv", "sapient") else "adsb"


def _state(session: Session, sensor: Sensor | None, sensor_id: str, now_s: float) -> str:
    health = session.health[sensor_id]
    clock = session.clocks.get(sensor_id)
    if math.isnan(health.heard_s):
        return "never heard"
    if clock is not None and clock.faulty:
        return "clock fault"
    kind = sensor.kind if sensor is not None else _discovered_kind(session, sensor_id)
    if kind == "person":
        return "ok"
    look = session.looks.get(sensor_id)
    period_s = sensor.scan_period_s if sensor is not None else 1.0
    if look is not None and not math.isnan(look.period_s):
        period_s = look.period_s
    period_s = max(period_s, health.alive_s)  # a NaN in second place loses
    # Who says how often it lives, as a fusion node does, is missed as soon as anybody.
    listening = kind in LISTENING and math.isnan(health.alive_s)
    quiet_s = now_s - health.heard_s
    if quiet_s > (SILENT_S if listening else SILENT_PERIODS * period_s):
        return "silent"
    if health.inhibited:
        return "fault"
    if quiet_s > (LATE_S if listening else LATE_PERIODS * period_s):
        return "late"
    has_pose = sensor is not None and sensor.lat is not None and sensor.lon is not None
    return "ok" if has_pose or kind in LISTENING else "no pose"
