"""Categories that come at a low rate, taken a record at a time: CAT015, CAT021 and CAT129."""

from collections.abc import Callable

from tocsin.codec._coverage import note_report_into
from tocsin.codec._heights import geoid_of
from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.codec.asterix._adsb import adsb_row, adsb_time_of_day_s, why_no_report
from tocsin.codec.asterix._incs import incs_row, is_plot, why_no_target
from tocsin.codec.asterix._items import Broken
from tocsin.codec.asterix._records import Block, Edition, Record, records
from tocsin.codec.asterix._sources import heard, source_of, time_of
from tocsin.codec.asterix._uas import uas_row, why_no_uas
from tocsin.codec.asterix.cat015 import CAT015_1_2
from tocsin.codec.asterix.cat021 import CAT021_2_7
from tocsin.codec.asterix.cat021_old import CAT021_0_23, CAT021_0_26
from tocsin.codec.asterix.cat129 import CAT129_1_2
from tocsin.model import Frame, Sensor

__all__ = [
    "EDITIONS_BESIDE", "READABLE_BESIDE", "beside_edition", "beside_time_of_day_s",
    "take_block",
]  # fmt: skip

EDITIONS_BESIDE: dict[int, Edition] = {
    edition.category: edition for edition in (CAT015_1_2, CAT021_2_7, CAT129_1_2)
}
READABLE_BESIDE: dict[str, tuple[str, ...]] = {
    "015": ("1.0", "1.1", "1.2"),
    "021": ("0.23", "0.26", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"),
    "129": ("1.2",),
}
# Editions of another profile than the newest; only the site file can tell.
_OTHERWISE = {(21, edition.edition): edition for edition in (CAT021_0_23, CAT021_0_26)}


def beside_edition(category: int, named: str = "") -> Edition:
    """Return the table of a category for an edition that the site file names, "" for none."""
    return _OTHERWISE.get((category, named), EDITIONS_BESIDE[category])


def beside_time_of_day_s(record: Record) -> float | None:
    """Return the time of day that a record says, None where it says none."""
    if record.edition.category == 21:
        return adsb_time_of_day_s(record)
    item, key = ("145", "TOA_s") if record.edition.category == 15 else ("070", "TOD_s")
    value = record.read(item)
    return None if value is None else float(value[key])


def take_block(work: Work, frame: Frame, sensor: Sensor | None, block: Block) -> None:
    """Take the records of one block of `frame.payload`."""
    named = sensor.editions.get(f"{block.category:03d}", "") if sensor is not None else ""
    edition = beside_edition(block.category, named)
    kind = bytes([edition.category])
    try:
        found = records(frame.payload, block, edition)
        # A block of CAT021 is taken whole or not at all: what another edition's bytes give
        # before the first break is garbage.
        for record in list(found) if edition.category == 21 else found:
            if is_duplicate(work, frame, kind + record.raw):
                continue
            count(work, edition.name)
            if work.trace is not None:
                items = {f"I{item}": value for item, value in record.values().items()}
                head = {"record": edition.name, "arrival_s": frame.arrival_s}
                work.trace.append(head | items)
            _TAKE[edition.category](work, frame, sensor, record)
    except Broken as broken:
        detail = f"{edition.name} edition {edition.edition}: the rest of the block is lost"
        reject(work, frame.source, str(broken), detail, frame.payload[block.start : block.stop])


def _source_and_time(
    work: Work, frame: Frame, sensor: Sensor | None, record: Record
) -> tuple[str, float] | None:
    source = source_of(work, frame, sensor, record)
    if source is None or place_of(work, source) < 0:
        return None
    heard(work, frame, source)
    time_of_day_s = beside_time_of_day_s(record)
    if time_of_day_s is None:
        # Every edition of CAT015 has the time; the others may leave it to the receiver.
        if record.edition.category == 15:
            reject(work, source, "no time", "item 145 is missing", record.raw)
            return None
        return source, frame.arrival_s
    time_s = time_of(work, frame, source, record, time_of_day_s)
    return None if time_s is None else (source, time_s)


def _take_adsb(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    found = _source_and_time(work, frame, sensor, record)
    if found is None:
        return
    source, time_s = found
    if reason := why_no_report(record):
        reject(work, source, reason, "", record.raw)
        return
    row = adsb_row(record)
    _add(work, frame, source, time_s, row)


def _take_uas(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    found = _source_and_time(work, frame, sensor, record)
    if found is None:
        return
    source, time_s = found
    if reason := why_no_uas(record):
        reject(work, source, reason, "", record.raw)
        return
    geoid_m = geoid_of(work.node, work.sensors.get(source))
    _add(work, frame, source, time_s, uas_row(record, geoid_m))


def _take_incs(work: Work, frame: Frame, sensor: Sensor | None, record: Record) -> None:
    found = _source_and_time(work, frame, sensor, record)
    if found is None:
        return
    source, time_s = found
    known = work.sensors.get(source)
    if reason := why_no_target(record, known):
        reject(work, source, reason, "", record.raw)
        return
    _add(work, frame, source, time_s, incs_row(record, known))
    if is_plot(record):
        note_report_into(work, source, time_s)


def _add(work: Work, frame: Frame, source: str, time_s: float, row: dict[str, object]) -> None:
    place = place_of(work, source)
    add_row(work, time_s=time_s, arrival_s=frame.arrival_s, sensor=place, **row)


_TAKE: dict[int, Callable[[Work, Frame, Sensor | None, Record], None]] = {
    15: _take_incs,
    21: _take_adsb,
    129: _take_uas,
}
