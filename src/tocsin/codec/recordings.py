"""Recordings as frames: the bytes of a file in, `Frame`s in time order out.

What a file is shows in its bytes; `format` decides where they do not tell. Times: a capture has
its own; JSON lines, state vectors and tables have theirs; Beast and AVR have a 12 MHz counter
that counts from `date` (or from 0); raw ASTERIX has times of day that belong to `date`.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tocsin.codec import _asterix_frames, _courageous_frames, _sapient_frames
from tocsin.codec._capture_frames import Skipped, capture_format
from tocsin.codec._decode import FORMATS
from tocsin.codec._file_readers import READERS, Stamped
from tocsin.codec._session import day_start_s
from tocsin.codec._table_frames import PARQUET_MAGIC
from tocsin.codec.asterix import Broken, blocks
from tocsin.codec.capture import is_capture
from tocsin.codec.cot import MAGIC
from tocsin.codec.detections import parse_body
from tocsin.codec.flightlogs import is_flight_log
from tocsin.codec.modes import parse_avr
from tocsin.codec.modes.beast import ESCAPE, SIZES, split
from tocsin.codec.plots_csv import is_header
from tocsin.codec.readsb import is_document
from tocsin.codec.sapient import LARGEST_MESSAGE
from tocsin.codec.sbs import is_line
from tocsin.errors import CallError, FormatError
from tocsin.model import Frame, Node

__all__ = ["Recording", "open_recording", "speakers_of"]

LARGEST_GZIP = 1 << 32  # octets that a compressed recording may have unpacked
HEAD = 65_536  # octets that are looked at to tell what a file is


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
    framing: str = ""

    @property
    def framings(self) -> dict[str, str]:
        """What is around ASTERIX blocks in these frames, for `open_session`."""
        return {self.source: self.framing} if self.framing else {}

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
    framing: str | None = None,
) -> Recording:
    """Return the recording that these bytes are.

    name is the file's, for messages and as the source's name; sensor is the id of the sensor of
    the node that made it; framing is what is around ASTERIX blocks (raw, final-frame, oradis),
    None to see it in the bytes. Raises FormatError for bytes that are no recording and
    CallError for a format, date, sensor or framing that does not exist.
    """
    _check_framing(framing, format)
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
    container = _container(data, name, format if framing is None else "asterix")
    found = format if format is not None and container != "table" else _FORMAT_OF[container]
    skipped = Skipped()
    start_s = 0.0 if math.isnan(day_s) else day_s
    source = _source(node, sensor, found, name)
    told = framing or _framing_of(node, source)
    if told and container in _FRAMED:
        container = _FRAMED[told]
    stamped = READERS[container](data, name, start_s, skipped)
    # A reader of a file takes the framing off; a capture's datagrams stay as they came.
    inside = "raw" if container in _FRAMED else framing or ""
    return Recording(source, found, container, stamped, skipped.counts, framing=inside)


def _framing_of(node: Node | None, source: str) -> str:
    sensors = node.sensors if node is not None else ()
    return next((sensor.framing for sensor in sensors if sensor.id == source), "")


def _check_framing(framing: str | None, format: str | None) -> None:
    if framing is None:
        return
    if framing not in _asterix_frames.FRAMINGS:
        raise CallError(
            f"there is no framing {framing!r}; give one of "
            f"{', '.join(_asterix_frames.FRAMINGS)}",
            framing=framing,
        )
    if format not in (None, "asterix"):
        raise CallError(f"a framing is of ASTERIX; {format} has none", framing=framing)


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
    if is_capture(data):
        found = format if format is not None else capture_format(data)
        return "radio" if found == "remote-id" else "pcap"
    if data[:4] == PARQUET_MAGIC:
        return "table"
    if format is not None:
        container = _CONTAINER_OF[format]
        if format == "asterix" and _asterix_frames.is_final_frame(data):
            return "final-frame"
        if format == "sapient" and data.lstrip()[:1] == b"{":
            return "sapient-json"
        if format == "detections" and is_flight_log(data):
            return "flight-log"
        if format == "detections" and data.lstrip()[:1] not in (b"{", b"["):
            return "table"
        if format == "detections" and _courageous_frames.is_log(data):
            return "courageous"
        if container in _HOLDS and not _HOLDS[container](data[:HEAD]):
            raise FormatError(f"nothing at the start of {name} is {format}", name=name)
        return container
    for kind, is_it in _GUESSES:
        if is_it(data):
            return kind
    if data.startswith(b"SQLite format 3\x00"):
        raise FormatError(f"{name} is a database; tocsin replay reads journals", name=name)
    raise FormatError(
        f"{name} is no recording that is known here: pcap, ASTERIX, Beast, AVR, SBS,"
        " JSON lines, SAPIENT, CoT, state vectors, detection tables, COURAGEOUS logs, logs of"
        f" flights; say which it is with one of {', '.join(FORMATS)}",
        name=name,
    )


def _holds_beast(head: bytes) -> bool:
    return any(kind for kind, _counter, _level, _message in split(head)[0])


def _holds_avr(head: bytes) -> bool:
    return any(parse_avr(line.strip()) is not None for line in head.splitlines())


def _holds_jsonl(head: bytes) -> bool:
    return any(b'"frame"' in line for line in head.splitlines())


def _holds_cot(head: bytes) -> bool:
    return head.lstrip()[:1] in (b"<", bytes([MAGIC]))


def _holds_sbs(head: bytes) -> bool:
    return any(is_line(line.strip()) for line in head.splitlines())


def _holds_sapient(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "little")
    return len(head) > 4 and 0 < size <= LARGEST_MESSAGE


# A damaged start is no reason to refuse a file that the caller names: some of it must fit.
_HOLDS: dict[str, Callable[[bytes], bool]] = {
    "avr": _holds_avr,
    "beast": _holds_beast,
    "cot": _holds_cot,
    "jsonl": _holds_jsonl,
    "radio": is_capture,
    "sapient": _holds_sapient,
    "sbs": _holds_sbs,
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


def _is_sbs(data: bytes) -> bool:
    return is_line(_first_line(data))


def _is_jsonl(data: bytes) -> bool:
    line = _first_line(data)
    return line[:1] == b"{" and b'"frame"' in line and b'"timestamp"' in line


def _is_readsb(data: bytes) -> bool:
    line = _first_line(data)
    is_one = line[:1] == b"{" and b'"hex"' in line and b'"now"' in line
    return is_document(data[:HEAD]) or is_one


def _is_bodies(data: bytes) -> bool:
    head = data[:HEAD].lstrip()
    return head[:1] in (b"{", b"[") and (b'"time_s"' in head or b'"detections"' in head)


def _is_statevectors(data: bytes) -> bool:
    names = _first_line(data).lower().split(b",")
    return all(name in names for name in (b"time", b"icao24", b"lat", b"lon"))


def _is_csv_table(data: bytes) -> bool:
    names = [name.strip(b'" ') for name in _first_line(data).split(b",")]
    return b"time_s" in names and b"sensor_id" in names


def _is_plots_csv(data: bytes) -> bool:
    names = _first_line(data).decode("utf-8", "replace").replace(";", ",").split(",")
    cells = [name.strip().strip('"') for name in names]
    return is_header(cells) and bool({"time", "time_s", "time_ms"} & set(cells))


def _is_cot(data: bytes) -> bool:
    head = data[:HEAD].lstrip()
    return head[:1] == b"<" and b"<event" in head


def _is_asterix(data: bytes) -> bool:
    try:
        return sum(1 for _ in blocks(data)) > 0
    except Broken:
        return False


_GUESSES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("beast", _is_beast),
    ("avr", _is_avr),
    ("jsonl", _is_jsonl),
    ("sbs", _is_sbs),
    ("readsb", _is_readsb),
    ("statevectors", _is_statevectors),
    ("table", _is_csv_table),
    ("flight-log", is_flight_log),
    ("plots-csv", _is_plots_csv),
    ("sapient-json", _sapient_frames.is_json),
    ("courageous", _courageous_frames.is_log),
    ("bodies", _is_bodies),
    ("cot", _is_cot),
    ("final-frame", _asterix_frames.is_final_frame),
    ("asterix", _is_asterix),
    ("sapient", _sapient_frames.is_stream),
)
_CONTAINER_OF = {
    "asterix": "asterix",
    "avr": "avr",
    "beast": "beast",
    "cot": "cot",
    "detections": "bodies",
    "modes-jsonl": "jsonl",
    "plots-csv": "plots-csv",
    "readsb-json": "readsb",
    "remote-id": "radio",
    "sapient": "sapient",
    "sbs": "sbs",
    "statevectors-csv": "statevectors",
}
# How a file of ASTERIX is read that has a framing; a word that is none stands for itself.
_FRAMED = {"raw": "asterix", "asterix": "asterix", "final-frame": "final-frame",
           "oradis": "oradis"}  # fmt: skip
_FORMAT_OF = {kind: name for name, kind in _CONTAINER_OF.items()} | {
    "pcap": "asterix",
    "final-frame": "asterix",
    "oradis": "asterix",
    "sapient-json": "sapient",
    "table": "detections",
    "courageous": "detections",
    "flight-log": "detections",
}
