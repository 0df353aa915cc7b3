"""One call of `decode_into` under way: what it has gathered so far."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tocsin.codec._session import Health, Session, roster_index
from tocsin.model import (
    Act,
    AlertEvent,
    Coverage,
    DetectionBatch,
    Frame,
    Node,
    Rejected,
    Reply,
    Sensor,
    SirenHeard,
)
from tocsin.model.records import RecordAct

__all__ = [
    "Work",
    "add_batch",
    "add_row",
    "add_rows",
    "count",
    "forget_into",
    "health_of",
    "is_duplicate",
    "keep_row",
    "key_of",
    "place_of",
    "reject",
    "rows",
]

DUPLICATE_S = (
    0.5  # an equal payload by another path of the same source within this is one report
)
RECENT_LIMIT = 65_536  # payloads remembered per source
RAW_LIMIT = 64  # bytes of a refused payload that are kept


@dataclass(slots=True)
class Work:
    """frame_index is the place of the frame under way in its batch; pending holds rows that are
    not yet in parts; trace, where it is asked for, gets each record in the words of its format.
    """

    session: Session
    node: Node
    now_s: float
    sensors: dict[str, Sensor]
    frame_index: int = -1
    pending: list[dict[str, Any]] = field(default_factory=list)
    parts: list[DetectionBatch] = field(default_factory=list)
    coverages: list[Coverage] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    record_acts: list[RecordAct] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    answers: list[tuple[str, bool, str]] = field(default_factory=list)
    events: list[AlertEvent] = field(default_factory=list)
    sirens: list[SirenHeard] = field(default_factory=list)
    rejected: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    trace: list[dict[str, Any]] | None = None


def health_of(session: Session, name: str) -> Health:
    """Return the counters of a sensor or source, opened where there are none."""
    health = session.health.get(name)
    if health is None:
        health = session.health[name] = Health()
    return health


def place_of(work: Work, sensor_id: str) -> int:
    """Return the sensor's place in the roster; -1 and a counted refusal where that is full."""
    place = roster_index(work.session, sensor_id)
    if place < 0:
        reject(work, sensor_id, "too many sensors", f"{sensor_id} is not in the site file")
    return place


def reject(
    work: Work, source: str, reason: str, detail: str = "", raw: bytes = b"", *, n: int = 1
) -> None:
    """Count n refusals; the first detail and bytes of each reason are kept."""
    known = work.rejected.get((source, reason))
    if known is None:
        work.rejected[source, reason] = Rejected(source, reason, detail, raw[:RAW_LIMIT], n)
    else:
        work.rejected[source, reason] = Rejected(
            source, reason, known.detail, known.raw, known.count + n
        )
    # A source name that is not in the roster comes from outside: do not let them pile up.
    if source in work.session.health or len(work.session.health) < 2 * RAW_LIMIT:
        counts = health_of(work.session, source).rejected
        counts[reason] = counts.get(reason, 0) + n


def count(work: Work, kind: str, n: int = 1) -> None:
    """Count decoded records of a kind."""
    work.records[kind] = work.records.get(kind, 0) + n


def key_of(payload: bytes) -> bytes:
    """Return what a payload is remembered by: itself, or its digest."""
    return payload if len(payload) <= 16 else hashlib.blake2b(payload, digest_size=16).digest()


def is_duplicate(work: Work, frame: Frame, payload: bytes) -> bool:
    """Tell (and count) whether the payload has just come by another path of this source."""
    recent = work.session.recent.setdefault(frame.source, {})
    key = key_of(payload)
    known = recent.get(key)
    if known is not None and abs(frame.arrival_s - known[0]) <= DUPLICATE_S:
        if known[1] == frame.path:
            return False
        work.duplicates += 1
        health_of(work.session, frame.source).duplicates += 1
        return True
    recent.pop(key, None)
    recent[key] = (frame.arrival_s, frame.path)
    forget_into(recent, frame.arrival_s)
    return False


def forget_into(recent: dict[bytes, tuple[float, str]], now_s: float) -> None:
    """Forget what is too old to be repeated, and the oldest of too many."""
    while recent:
        oldest = next(iter(recent))
        if len(recent) <= RECENT_LIMIT and now_s - recent[oldest][0] <= DUPLICATE_S:
            return
        del recent[oldest]


def add_row(work: Work, **columns: Any) -> None:
    """Add one detection; columns as in DetectionBatch, those not given are not measured."""
    keep_row(work, columns)


def keep_row(work: Work, columns: dict[str, Any]) -> None:
    """Add one detection as `add_row` does; the columns are then the call's own."""
    columns["journal_frame"] = work.frame_index
    work.pending.append(columns)


def add_batch(work: Work, batch: DetectionBatch) -> None:
    """Add many detections of the frame under way at once."""
    batch.journal_frame[:] = work.frame_index
    add_rows(work, batch)


def add_rows(work: Work, batch: DetectionBatch) -> None:
    """Add detections of several frames, which name them themselves."""
    _flush_into(work)
    work.parts.append(batch)


def _flush_into(work: Work) -> None:
    if not work.pending:
        return
    batch = DetectionBatch.blank(len(work.pending))
    alike: dict[tuple[str, ...], list[int]] = {}  # rows that say the same things
    for i, row in enumerate(work.pending):
        alike.setdefault(tuple(row), []).append(i)
    for names, places in alike.items():
        values = zip(*[work.pending[i].values() for i in places], strict=True)
        for name, column in zip(names, values, strict=True):
            getattr(batch, name)[places] = column
    work.parts.append(batch)
    work.pending.clear()


def rows(work: Work) -> DetectionBatch:
    """Return all detections of the call, and count them for their sensors."""
    _flush_into(work)
    batch = DetectionBatch.join(work.parts)
    if len(batch):
        counts = np.bincount(batch.sensor, minlength=0)
        for place, n in enumerate(counts.tolist()):
            if n:
                health_of(work.session, work.session.roster[place]).detections += n
    return batch
