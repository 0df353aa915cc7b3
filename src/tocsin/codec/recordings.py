"""Recordings as frames: the bytes of a file in, `Frame`s in time order out.

What a file is shows in its bytes; `format` decides where they do not tell. Times: a capture has
its own; JSON lines, state vectors and tables have theirs; Beast and AVR have a 12 MHz counter
that counts from `date` (or from 0); raw ASTERIX has times of day that belong to `date`.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from tocsin.codec import _asterix_frames, _pcap, tables
from tocsin.codec._decode import FORMATS
from tocsin.codec._session import day_start_s
from tocsin.codec._table_frames import body_frames, statevector_frames, table_frames
from tocsin.codec.asterix import Broken, blocks, time_of_day_s
from tocsin.codec.detections import parse_body
from tocsin.codec.modes import TICKS_PER_S, parse_avr
from tocsin.codec.modes.beast import ESCAPE, SIZES, split
from tocsin.errors import CallError, FormatError
from tocsin.model import Frame, Node

__all__ = ["Recording", "Stamped", "open_recording", "speakers_of"]

# (Unix time, path, payload), in time order
Stamped = Iterator[tuple[float, str, bytes]]

LARGEST_GZIP = 1 << 32  # octets that a compressed recording may have unpacked
HEAD = 65_536  # octets that are looked at to tell what a file is
GAP_S = 3_600.0  # a counter that jumps further was set anew
DAY_S = 86_400.0


@dataclass(slots=True)
class Recording:
    """One recording. source names its frames (a sensor's id, or the file's name); formats is
    for `open_session`; skipped counts what the container held besides, and is complete once the
    frames are used up; first_s and last_s are the times of the frames given so far.
    """

    source: str
    format: str
    container: str
    stamped: Stamped
    skipped: dict[str, int] = field(default_factory=dict)
    first_s: float = math.nan
    last_s: float = math.nan

    @property
    def formats(self) -> dict[str, str]:
        return {self.source: self.format}

    @property
    def seconds_recorded(self) -> float:
        """Time from the first to the last frame that was given, 0 before."""
        return 0.0 if math.isnan(self.first_s) else self.last_s - self.first_s

    @property
    def frames(self) -> Iterator[Frame]:
        """The frames, once, in time order."""
        for sequence, (time_s, path, payload) in enumerate(self.stamped):
            if math.isnan(self.first_s):
                self.first_s = time_s
            self.last_s = time_s
            yield Frame(self.source, sequence, time_s, payload, path)


def open_recording(
    data: bytes,
    name: str,
    *,
    format: str | None = None,
    node: Node | None = None,
    date: str | None = None,
    sensor: str | None = None,
) -> Recording:
    """Return the recording that these bytes are.

    name is the file's, for messages and as the source's name; sensor is the id of the sensor of
    the node that made it. Raises FormatError for bytes that are no recording and CallError for
    a format, date or sensor that does not exist.
    """
    if format is not None and format not in FORMATS:
        raise CallError(
            f"there is no format {format!r}; give one of {', '.join(FORMATS)}", format=format
        )
    try:
        day_s = day_start_s(date)
    except ValueError:
        raise CallError(
            f"date {date!r} is none; give for example 2026-11-23", date=date
        ) from None
    if not data:
        raise FormatError(f"{name} is empty", name=name)
    data = _unpacked(data, name)
    container = _container(data, name, format)
    found = format if format is not None and container != "table" else _FORMAT_OF[container]
    skipped = _pcap.Skipped()
    start_s = 0.0 if math.isnan(day_s) else day_s
    stamped = _READERS[container](data, name, start_s, skipped)
    source = _source(node, sensor, found, name)
    return Recording(source, found, container, stamped, skipped.counts)


def speakers_of(data: bytes, name: str) -> tuple[str, ...]:
    """Return the sensor ids that a recording of detections names, sorted."""
    named: dict[str, None] = {}
    for frame in open_recording(data, name, format="detections").frames:
        body = parse_body(frame.payload)
        if isinstance(body, str):
            continue
        for sensor_id in (body.sensor, *(item.sensor_id for _index, item in body.detections)):
            if sensor_id is not None:
                named[sensor_id] = None
    return tuple(sorted(named))


def _source(node: Node | None, sensor: str | None, format: str, name: str) -> str:
    sensors = node.sensors if node is not None else ()
    if sensor is not None:
        if all(known.id != sensor for known in sensors):
            ids = ", ".join(known.id for known in sensors) or "no sensors"
            raise CallError(
                f"the site file has no sensor {sensor!r}; it has {ids}", sensor=sensor
            )
        return sensor
    fitting = [known for known in sensors if known.format == format]
    # ASTERIX says itself which radar speaks; a table names the sensor in each row.
    if format == "asterix":
        fitting = [known for known in fitting if known.sac is None and known.sic is None]
    if format == "detections" or len(fitting) != 1:
        return name
    return fitting[0].id


def _unpacked(data: bytes, name: str) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    out, rest = bytearray(), data
    try:
        while rest[:2] == b"\x1f\x8b":
            unpacker = zlib.decompressobj(wbits=31)
            out += unpacker.decompress(rest, LARGEST_GZIP - len(out))
            if unpacker.unconsumed_tail or not unpacker.eof:
                break
            rest = unpacker.unused_data
    except zlib.error as error:
        raise FormatError(f"{name} is damaged: {error}", name=name) from error
    if not unpacker.eof:
        raise FormatError(f"{name} is cut short, or unpacks to over 4 GiB", name=name)
    return bytes(out)


def _container(data: bytes, name: str, format: str | None) -> str:
    """Return what kind of file it is; the caller's word rules over a guess."""
    if data[:4] in _pcap.PCAP_MAGICS or data[:4] == _pcap.PCAPNG_MAGIC:
        return "pcap"
    if data[:4] == tables.PARQUET_MAGIC:
        return "table"
    if format is not None:
        container = _CONTAINER_OF[format]
        if format == "asterix" and _asterix_frames.is_final_frame(data):
            return "final-frame"
        if format == "detections" and data.lstrip()[:1] not in (b"{", b"["):
            return "table"
        if container in _HOLDS and not _HOLDS[container](data[:HEAD]):
            raise FormatError(f"nothing at the start of {name} is {format}", name=name)
        return container
    for kind, is_it in _GUESSES:
        if is_it(data):
            return kind
    if data.startswith(b"SQLite format 3\x00"):
        raise FormatError(f"{name} is a database; tocsin replay reads journals", name=name)
    raise FormatError(
        f"{name} is no recording that is known here: pcap, ASTERIX, Beast, AVR, JSON lines,"
        f" state vectors, detection tables; say which it is with one of {', '.join(FORMATS)}",
        name=name,
    )


def _holds_beast(head: bytes) -> bool:
    return any(kind for kind, _counter, _level, _message in split(head)[0])


def _holds_avr(head: bytes) -> bool:
    return any(parse_avr(line.strip()) is not None for line in head.splitlines())


def _holds_jsonl(head: bytes) -> bool:
    return any(b'"frame"' in line for line in head.splitlines())


# A damaged start is no reason to refuse a file that the caller names: some of it must fit.
_HOLDS: dict[str, Callable[[bytes], bool]] = {
    "avr": _holds_avr,
    "beast": _holds_beast,
    "jsonl": _holds_jsonl,
}


def _is_beast(data: bytes) -> bool:
    if data[0] != ESCAPE or len(data) < 2 or data[1] not in SIZES:
        return False
    found, _rest = split(data[:4096])
    return bool(found) and all(kind for kind, _counter, _level, _message in found)


def _first_line(data: bytes) -> bytes:
    return data[:HEAD].lstrip().split(b"\n", 1)[0].strip()


def _is_avr(data: bytes) -> bool:
    return parse_avr(_first_line(data)) is not None


def _is_jsonl(data: bytes) -> bool:
    line = _first_line(data)
    return line[:1] == b"{" and b'"frame"' in line and b'"timestamp"' in line


def _is_bodies(data: bytes) -> bool:
    head = data[:HEAD].lstrip()
    return head[:1] in (b"{", b"[") and (b'"time_s"' in head or b'"detections"' in head)


def _is_statevectors(data: bytes) -> bool:
    names = _first_line(data).lower().split(b",")
    return all(name in names for name in (b"time", b"icao24", b"lat", b"lon"))


def _is_csv_table(data: bytes) -> bool:
    names = [name.strip(b'" ') for name in _first_line(data).split(b",")]
    return b"time_s" in names and b"sensor_id" in names


def _is_asterix(data: bytes) -> bool:
    try:
        return sum(1 for _ in blocks(data)) > 0
    except Broken:
        return False


_GUESSES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("beast", _is_beast),
    ("avr", _is_avr),
    ("jsonl", _is_jsonl),
    ("statevectors", _is_statevectors),
    ("table", _is_csv_table),
    ("bodies", _is_bodies),
    ("final-frame", _asterix_frames.is_final_frame),
    ("asterix", _is_asterix),
)
_CONTAINER_OF = {
    "asterix": "asterix",
    "avr": "avr",
    "beast": "beast",
    "detections": "bodies",
    "modes-jsonl": "jsonl",
    "statevectors-csv": "statevectors",
}
_FORMAT_OF = {kind: name for name, kind in _CONTAINER_OF.items()} | {
    "pcap": "asterix",
    "final-frame": "asterix",
    "table": "detections",
}


def _read_pcap(data: bytes, name: str, _start_s: float, skipped: _pcap.Skipped) -> Stamped:
    newest_s = -math.inf
    for time_s, path, payload in _pcap.udp_payloads(data, name, skipped):
        newest_s = max(newest_s, time_s)  # captures of several interfaces step back a little
        yield newest_s, path, _asterix_frames.without_oradis(payload)


def _read_asterix(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    """One frame a block, at the time of day of its first record."""
    day_s, newest_s, seen_s = start_s, start_s, math.nan
    at = 0
    try:
        for block in blocks(data):
            at = block.stop
            of_day_s = time_of_day_s(data, block)
            if of_day_s is not None:
                if seen_s - of_day_s > DAY_S / 2.0:
                    day_s += DAY_S
                if math.isnan(seen_s):
                    newest_s = day_s + of_day_s
                seen_s = of_day_s
                newest_s = max(newest_s, day_s + of_day_s)
            yield newest_s, "", data[block.start - 3 : block.stop]
    except Broken as broken:
        if at == 0:
            raise FormatError(
                f"{name} is no raw ASTERIX: {broken} at its start; a run of data blocks is"
                " needed, each with category and length",
                name=name,
            ) from broken
        skipped.add(str(broken))
        yield newest_s, "", data[at:]


def _read_final_frame(
    data: bytes, name: str, start_s: float, skipped: _pcap.Skipped
) -> Stamped:
    """One run of blocks a frame, at its records' time: a recorder's clock may be off."""
    del name
    inner, damage = _asterix_frames.final_frames(data)
    if damage:
        skipped.add(damage)
    newest_s, day_s, seen_s = start_s, start_s, math.nan
    for payload in inner:
        of_day_s = _first_time_s(payload)
        if of_day_s is not None:
            if seen_s - of_day_s > DAY_S / 2.0:
                day_s += DAY_S
            seen_s = of_day_s
            newest_s = max(newest_s, day_s + of_day_s)
        yield newest_s, "", payload


def _first_time_s(payload: bytes) -> float | None:
    try:
        return time_of_day_s(payload, next(blocks(payload)))
    except (Broken, StopIteration):
        return None


def _ticking(counters: Iterator[tuple[int, bytes]], start_s: float) -> Stamped:
    """Turn 12 MHz counters into times; a counter of 0, a step back or a jump adds nothing."""
    now_s, previous = start_s, 0
    for counter, payload in counters:
        elapsed_s = (counter - previous) / TICKS_PER_S
        if counter and previous and 0.0 <= elapsed_s <= GAP_S:
            now_s += elapsed_s
        previous = counter or previous
        yield now_s, "", payload


def _read_beast(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    del name, skipped
    return _ticking(_beast_messages(data), start_s)


def _beast_messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (counter, bytes of one message) so that each has a time of its own."""
    for kind, counter, level, message in split(data)[0]:
        if kind == 0:
            yield 0, message
        else:
            body = counter.to_bytes(6, "big") + bytes([level]) + message
            yield counter, bytes([ESCAPE, kind]) + body.replace(b"\x1a", b"\x1a\x1a")


def _read_avr(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    del name, skipped
    return _ticking(_avr_lines(data), start_s)


def _avr_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for line in data.splitlines():
        if line.strip():
            parsed = parse_avr(line.strip())
            yield (parsed[0] or 0) if parsed else 0, line + b"\n"


class _Stamp(msgspec.Struct):
    timestamp: float


def _read_jsonl(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    del name, skipped
    decoder = msgspec.json.Decoder(_Stamp)
    stamped, newest_s = [], start_s
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            time_s = decoder.decode(line).timestamp
            newest_s = time_s if 0.0 <= time_s < 1e11 else newest_s
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # it is given with the time before it, so that the decoder counts it
        stamped.append((newest_s, line + b"\n"))
    stamped.sort(key=lambda pair: pair[0])
    return ((time_s, "", line) for time_s, line in stamped)


def _read_bodies(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    del name, skipped
    return body_frames(data, start_s)


def _read_statevectors(
    data: bytes, name: str, start_s: float, skipped: _pcap.Skipped
) -> Stamped:
    del start_s, skipped
    return statevector_frames(data, name)


def _read_table(data: bytes, name: str, start_s: float, skipped: _pcap.Skipped) -> Stamped:
    del start_s, skipped
    return table_frames(data, name)


_READERS: dict[str, Callable[[bytes, str, float, _pcap.Skipped], Stamped]] = {
    "asterix": _read_asterix,
    "avr": _read_avr,
    "beast": _read_beast,
    "final-frame": _read_final_frame,
    "bodies": _read_bodies,
    "jsonl": _read_jsonl,
    "pcap": _read_pcap,
    "statevectors": _read_statevectors,
    "table": _read_table,
}
