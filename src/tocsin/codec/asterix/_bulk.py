"""Many payloads at once: blocks to records to columns of detections.

Kernels walk the records, read their fields and fill the columns; what has an order in time (a
radar's clock, its coverage, whether it is fit for use) is settled here, for a run of records
of one payload and one source at a time. A plot keeps what the radar measured; what a
transponder said rides along as a hint. I048/110 is the height over mean sea level that a 3-D
radar measured: with the range it gives back the elevation. I048/120 is taken as positive when
the target recedes.

A system track (CAT062) is never a plot: it is correlated, not tracked anew. A record without
data source, track number, time or status is refused: these are mandatory in every edition, so
that their absence shows bytes of another edition. CAT063 and CAT065 are signs of life.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from tocsin.codec._clock import is_sound, settle, settle_all
from tocsin.codec._coverage import mark_into, note_report_into
from tocsin.codec._paths import is_alone
from tocsin.codec._session import roster_index
from tocsin.codec._work import Work, add_rows, count, health_of, is_duplicate, reject
from tocsin.codec.asterix import _kernels_columns as columns
from tocsin.codec.asterix import _kernels_walk as walk
from tocsin.codec.asterix._columns import Found, Place, batch_of, pose_of
from tocsin.codec.asterix._counted import count_block
from tocsin.codec.asterix._editions import EDITIONS, TIME_ITEM
from tocsin.codec.asterix._flat import flat_tables
from tocsin.codec.asterix._others import trace_other
from tocsin.codec.asterix._records import Block, record_at
from tocsin.codec.asterix._recordwise import take_block
from tocsin.codec.asterix._sources import heard, named_source, reference_of
from tocsin.codec.asterix._walk import Read, Walked, read_walked, walk_payloads
from tocsin.model import Frame, Sensor
from tocsin.units import DEG

__all__ = ["Held", "decode_payloads"]

BROKEN = {
    walk.TRUNCATED: "truncated record",
    walk.SPARE_SET: "spare bit set",
    walk.EXTENSION: "unknown extension",
    walk.WRONG_LENGTH: "wrong item length",
}
BROKEN_RUN = {walk.CUT_BLOCK: "truncated block", walk.SHORT_BLOCK: "wrong block length"}
WHY_ROW = {
    columns.MONITOR: "field monitor",  # a fixed transponder that checks the radar
    columns.NO_DETECTION: "no detection",  # the radar's own tracker coasts
    columns.NO_PLACE: "no measured position",
    columns.NOT_WHOLE: "mandatory item missing",
    columns.OUTSIDE: "position outside the Earth",
}
# At one go. A record can be one octet and takes 320 in tables: 40 MB for the worst of floods.
MOST_OCTETS = 128 * 1024
_NORTH, _SECTOR = 1, 2  # I034/000


@dataclass(frozen=True, slots=True)
class Held:
    """A frame, its place in the batch, its sensor, and its blocks out of their framing; damage
    is what ended the framing early ("" where nothing did).
    """

    index: int
    frame: Frame
    sensor: Sensor | None
    payload: bytes
    framing: str = ""
    damage: str = ""


@dataclass(slots=True)
class _Job:
    """One call under way: records walked, their fields and times, and what was kept of them."""

    work: Work
    held: list[Held]
    walked: Walked
    read: Read
    places: dict[tuple[str, int], Place] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)

    def octets(self, event: int) -> bytes:
        head = self.walked.heads[event]
        return self.walked.data[int(head[walk.START]) : int(head[walk.STOP])]


def decode_payloads(work: Work, held: list[Held]) -> None:
    """Take payloads in their order: any number of blocks and records, of several radars."""
    first = size = 0
    for number, one in enumerate(held):
        if size + len(one.payload) > MOST_OCTETS and number > first:
            _decode_some(work, held[first:number])
            first, size = number, 0
        size += len(one.payload)
    if held[first:]:
        _decode_some(work, held[first:])


def _decode_some(work: Work, held: list[Held]) -> None:
    walked = walk_payloads([one.payload for one in held])
    _mark_repeated(work, held, walked)
    read = read_walked(walked, np.array([reference_of(work, one.frame) for one in held]))
    job, runs = _Job(work, held, walked, read), read.runs
    told = 0
    for run, head in zip(
        runs.tolist(), walked.heads[runs[:, columns.FIRST]].tolist(), strict=True
    ):
        while told <= head[walk.FRAME]:
            _tell_damage(work, held[told])
            told += 1
        _take_run(job, run, head)
    for one in held[told:]:
        _tell_damage(work, one)
    _give_rows(job)


def _give_rows(job: _Job) -> None:
    """Hand on the rows that were found so far."""
    batch = batch_of(job.found, list(job.places.values()), job.walked.heads, job.read)
    job.found.clear()
    if batch is not None:
        add_rows(job.work, batch)


def _tell_damage(work: Work, one: Held) -> None:
    if one.damage:
        detail = f"the framing is {one.framing}"
        reject(work, one.frame.source, one.damage, detail, one.frame.payload)


def _mark_repeated(work: Work, held: list[Held], walked: Walked) -> None:
    """Mark records that have just come by another path of their source."""
    heads = walked.heads[: walked.count]
    bounds = np.searchsorted(heads[:, walk.FRAME], np.arange(len(held) + 1)).tolist()
    for number, one in enumerate(held):
        if is_alone(work, one.frame, one.payload, _records_of):
            continue
        for event in range(bounds[number], bounds[number + 1]):
            if heads[event, walk.KIND] == walk.RECORD and is_duplicate(
                work, one.frame, walked.record(event)
            ):
                heads[event, walk.KIND] = walk.DUPLICATE


def _records_of(payload: bytes) -> list[bytes]:
    """Return each record of a payload, headed by its category."""
    walked = walk_payloads([payload])
    kinds = walked.heads[: walked.count, walk.KIND]
    return [walked.record(event) for event in (kinds == walk.RECORD).nonzero()[0].tolist()]


def _take_run(job: _Job, run: list[int], head: list[int]) -> None:
    kind, category = head[walk.KIND], head[walk.CATEGORY]
    first, stop = run[columns.FIRST], run[columns.END]
    if kind != walk.RECORD:
        _take_other(job, first, head)
        return
    work, one, n = job.work, job.held[head[walk.FRAME]], stop - first
    if category == columns.CAT062 and head[walk.WHY_ROW]:
        reason, detail = WHY_ROW[head[walk.WHY_ROW]], "perhaps of an old edition"
        reject(work, one.frame.source, reason, detail, job.octets(first), n=n)
        return
    count(work, EDITIONS[category].name, n)
    if work.trace is not None:
        for event in range(first, stop):
            _trace(work, one.frame, job.octets(event), category)
    if head[walk.SOURCE] < 0:
        detail = "item 010 is missing"
        reject(work, one.frame.source, "no data source", detail, job.octets(first), n=n)
        return
    place = _place_of(job, one, head[walk.SOURCE])
    if place.roster < 0:
        detail = f"{place.sensor_id} is not in the site file"
        reject(work, place.sensor_id, "too many sensors", detail, n=n)
        return
    heard(work, one.frame, place.sensor_id, n=n)
    if category == columns.CAT034:
        for event in range(first, stop):
            _take_service(job, one, place, event)
    elif category in (columns.CAT048, columns.CAT062):
        _take_rows(job, one, place, run, category)


def _take_other(job: _Job, event: int, head: list[int]) -> None:
    work, one, kind = job.work, job.held[head[walk.FRAME]], head[walk.KIND]
    source = one.frame.source
    if kind in BROKEN:
        edition = EDITIONS[head[walk.CATEGORY]]
        detail = f"{edition.name} edition {edition.edition}: the rest of the block is lost"
        reject(work, source, BROKEN[kind], detail, job.octets(event))
    elif kind in BROKEN_RUN:
        detail = "the run of data blocks ends wrong"
        reject(work, source, BROKEN_RUN[kind], detail, one.payload)
    elif kind == walk.BESIDE:
        _give_rows(job)
        work.frame_index = one.index
        take_block(work, *_alone(job, one, event, head))
    elif kind == walk.NOT_READ:
        if work.trace is not None and trace_other(work, *_alone(job, one, event, head)[::2]):
            return
        detail = f"category {head[walk.CATEGORY]:03d} is not among those that are decoded"
        reject(work, source, "category not read", detail, one.payload)
    elif kind == walk.COUNTED:
        count_block(work, source, head[walk.CATEGORY], job.octets(event))


def _alone(
    job: _Job, one: Held, event: int, head: list[int]
) -> tuple[Frame, Sensor | None, Block]:
    """Return a block by itself, for those who read a record at a time."""
    octets = job.octets(event)
    block = Block(head[walk.CATEGORY], 0, len(octets))
    return replace(one.frame, payload=octets), one.sensor, block


def _trace(work: Work, frame: Frame, octets: bytes, category: int) -> None:
    edition = EDITIONS[category]
    record = record_at(octets, 0, len(octets), edition)
    items = {f"I{item}": value for item, value in record.values().items()}
    if work.trace is not None:
        work.trace.append({"record": edition.name, "arrival_s": frame.arrival_s} | items)


def _place_of(job: _Job, one: Held, source: int) -> Place:
    """Return the radar that a record is from: a configured one, or a discovered one."""
    key = (one.frame.source, source)
    place = job.places.get(key)
    if place is None:
        sensor_id = named_source(job.work, one.sensor, source >> 8, source & 255)
        sensor = job.work.sensors.get(sensor_id)
        roster = roster_index(job.work.session, sensor_id)
        pose = pose_of(job.work.node, sensor)
        place = job.places[key] = Place(sensor_id, roster, len(job.places), pose)
    return place


def _take_rows(job: _Job, one: Held, place: Place, run: list[int], category: int) -> None:
    first, stop, is_odd, is_alike = run
    work, radar, times_s = job.work, place.sensor_id, job.read.times_s
    is_plot = category == columns.CAT048
    if is_odd or (is_plot and health_of(work.session, radar).inhibited):
        for event in range(first, stop):
            _take_odd_row(job, one, place, event)
        return
    # Reports of one arrival that bear one time tell the clock one thing.
    said_s = times_s[first : first + 1 if is_alike else stop].tolist()
    arrival_s = one.frame.arrival_s
    if work.session.live:
        if not is_sound(work, radar, said_s, arrival_s):
            for event in range(first, stop):
                _take_odd_row(job, one, place, event)
            return
        said_s = settle_all(work, radar, said_s, arrival_s)
        times_s[first:stop] = said_s
    job.found.append(Found(first, stop, place, one.index, arrival_s))
    if is_plot:
        for time_s in said_s:
            note_report_into(work, radar, time_s)


def _take_odd_row(job: _Job, one: Held, place: Place, event: int) -> None:
    """Take a plot or track by itself, of a run in which something is wrong."""
    work, radar = job.work, place.sensor_id
    time_s = _settled(job, one, place, event)
    if time_s is None:
        return
    head = job.walked.heads[event]
    is_plot = head[walk.CATEGORY] == columns.CAT048
    reason = WHY_ROW.get(int(head[walk.WHY_ROW]), "")
    if is_plot and health_of(work.session, radar).inhibited:
        reason = "not for operational use"  # I034/050, NOGO
    if reason:
        reject(work, radar, reason, "", job.octets(event))
        return
    job.read.times_s[event] = time_s
    job.found.append(Found(event, event + 1, place, one.index, one.frame.arrival_s))
    if is_plot:
        note_report_into(work, radar, time_s)


def _settled(job: _Job, one: Held, place: Place, event: int) -> float | None:
    """Return when a record holds, None (counted) where that cannot be known."""
    head, octets = job.walked.heads[event], job.octets(event)
    why, category = head[walk.WHY_TIME], int(head[walk.CATEGORY])
    if why == columns.NO_TIME:
        detail = f"item {TIME_ITEM[category]} is missing"
        reject(job.work, place.sensor_id, "no time", detail, octets)
        return None
    if why == columns.MIDNIGHT:
        said_s = job.read.raw[event, columns.TOD] * flat_tables().steps[category, columns.TOD]
        reason = "time of day beyond midnight"
        reject(job.work, place.sensor_id, reason, f"{float(said_s)} s", octets)
        return None
    arrival_s, time_s = one.frame.arrival_s, float(job.read.times_s[event])
    return settle(job.work, place.sensor_id, time_s, arrival_s, raw=octets)


def _take_service(job: _Job, one: Held, place: Place, event: int) -> None:
    """CAT034: whether the radar is fit for use, and where it points."""
    work, radar = job.work, place.sensor_id
    raw, steps = job.read.raw[event].tolist(), flat_tables().steps[columns.CAT034]
    if raw[columns.NOGO] != columns.MISSING:
        health_of(work.session, radar).inhibited = bool(raw[columns.NOGO])
    kind = raw[columns.TYP_034]
    if kind not in (_NORTH, _SECTOR):
        return
    azimuth_rad = 0.0
    if kind == _SECTOR:
        if raw[columns.AZI] == columns.MISSING:
            detail = "a sector crossing without item 020"
            reject(work, radar, "no sector", detail, job.octets(event))
            return
        azimuth_rad = float(raw[columns.AZI] * steps[columns.AZI]) * DEG
    time_s = _settled(job, one, place, event)
    if time_s is None:
        return
    rotation = raw[columns.ROT]
    rotation_s = None
    if rotation != columns.MISSING:
        rotation_s = float(rotation * steps[columns.ROT])
    mark_into(
        work, radar, place.roster, time_s, azimuth_rad, is_north=kind == _NORTH,
        rotation_s=rotation_s,
    )  # fmt: skip
