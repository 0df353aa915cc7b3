"""Each kind of file as payloads with their times, in time order."""

import contextlib
import math
from collections.abc import Callable, Iterator

import msgspec

from tocsin.codec import _asterix_frames, _courageous_frames, _sapient_frames
from tocsin.codec._capture_frames import Skipped, datagram_frames, radio_frames
from tocsin.codec._clock import DAY_S, resolve_time_of_day
from tocsin.codec._flightlog_frames import fix_frames
from tocsin.codec._stamps import GAP_S, in_order
from tocsin.codec._table_frames import (
    body_frames,
    line_frames,
    statevector_frames,
    table_frames,
)
from tocsin.codec.asterix import Broken, blocks, time_of_day_s
from tocsin.codec.cot import event_frames
from tocsin.codec.modes import TICKS_PER_S, parse_avr
from tocsin.codec.modes.beast import ESCAPE, split
from tocsin.codec.sbs import time_made_s
from tocsin.errors import FormatError

__all__ = ["READERS", "Stamped"]

# (Unix time, path, payload), in time order
Stamped = Iterator[tuple[float, str, bytes]]

# (time of day or NaN, payload)
_Timed = Iterator[tuple[float, bytes]]


def _read_pcap(data: bytes, name: str, _start_s: float, skipped: Skipped) -> Stamped:
    return datagram_frames(data, name, skipped)


def _read_radio(data: bytes, name: str, _start_s: float, skipped: Skipped) -> Stamped:
    return radio_frames(data, name, skipped)


def _read_asterix(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    """One frame a block, at the time of day of its first record."""
    return _of_day(_timed_blocks(data, name, skipped), start_s, skipped)


def _timed_blocks(data: bytes, name: str, skipped: Skipped) -> _Timed:
    at = 0
    try:
        for block in blocks(data):
            at = block.stop
            yield _known(time_of_day_s(data, block)), data[block.start - 3 : block.stop]
    except Broken as broken:
        if at == 0:
            raise FormatError(
                f"{name} is no raw ASTERIX: {broken} at its start; a run of data blocks is"
                " needed, each with category and length",
                name=name,
            ) from broken
        skipped.add(str(broken))
        yield math.nan, data[at:]


def _known(of_day_s: float | None) -> float:
    return of_day_s if of_day_s is not None and of_day_s < DAY_S else math.nan


def _of_day(timed: _Timed, start_s: float, skipped: Skipped) -> Stamped:
    """Give payloads with times of day on the days from start_s on."""

    def resolve(of_day_s: float, near_s: float) -> float:
        if math.isnan(near_s):
            return start_s + of_day_s
        return resolve_time_of_day(of_day_s, near_s)

    for time_s, payload in in_order(timed, skipped.add, start_s=start_s, resolve=resolve):
        yield time_s, "", payload


def _read_final_frame(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    """One run of blocks a frame, at its records' time: the recorder's clock may be off."""
    del name
    return _framed(*_asterix_frames.final_frames(data), start_s, skipped)


def _read_oradis(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name
    return _framed(*_asterix_frames.oradis_messages(data), start_s, skipped)


def _framed(inner: list[bytes], damage: str, start_s: float, skipped: Skipped) -> Stamped:
    if damage:
        skipped.add(damage)
    timed = ((_known(_first_time_s(payload)), payload) for payload in inner)
    return _of_day(timed, start_s, skipped)


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


def _read_beast(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
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


def _read_avr(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name, skipped
    return _ticking(_avr_lines(data), start_s)


def _avr_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for line in data.splitlines():
        if line.strip():
            parsed = parse_avr(line.strip())
            yield (parsed[0] or 0) if parsed else 0, line + b"\n"


class _Stamp(msgspec.Struct):
    timestamp: float


class _Now(msgspec.Struct):
    now: float


def _read_jsonl(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
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


def _read_readsb(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    """One document (its end may be cut), or lines of documents or aircraft."""
    del name, skipped
    decoder = msgspec.json.Decoder(_Now)
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        return iter([(decoder.decode(data).now, "", data)])
    newest_s, stamped = start_s, []
    for line in data.splitlines():
        if line.strip():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                time_s = decoder.decode(line).now
                newest_s = time_s if 0.0 <= time_s < 1e11 else newest_s
            stamped.append((newest_s, "", line + b"\n"))
    stamped.sort(key=lambda one: one[0])
    return iter(stamped)


def _read_sbs(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    """Give each line at the time that it says; it names no zone, UTC is taken."""
    del name, skipped
    newest_s, stamped = start_s, []
    for line in data.splitlines():
        if line.strip():
            time_s = time_made_s(line.decode("ascii", "replace").split(","))
            newest_s = time_s if 0.0 <= time_s < 1e11 else newest_s
            stamped.append((newest_s, "", line + b"\n"))
    stamped.sort(key=lambda one: one[0])
    return iter(stamped)


def _read_bodies(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name, skipped
    return body_frames(data, start_s)


def _read_statevectors(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del start_s, skipped
    return statevector_frames(data, name)


def _read_plots_csv(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del skipped
    return line_frames(data, name, start_s)


def _read_sapient(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name, start_s
    return _sapient_frames.stream_frames(data, skipped.counts)


def _read_sapient_json(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name, start_s, skipped
    return _sapient_frames.json_frames(data)


def _read_table(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del start_s, skipped
    return table_frames(data, name)


def _read_cot(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del name, skipped
    return event_frames(data, start_s)


def _read_courageous(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del start_s
    return _courageous_frames.log_frames(data, name, skipped)


def _read_flight_log(data: bytes, name: str, start_s: float, skipped: Skipped) -> Stamped:
    del start_s
    return fix_frames(data, name, skipped)


READERS: dict[str, Callable[[bytes, str, float, Skipped], Stamped]] = {
    "asterix": _read_asterix,
    "avr": _read_avr,
    "beast": _read_beast,
    "final-frame": _read_final_frame,
    "flight-log": _read_flight_log,
    "bodies": _read_bodies,
    "cot": _read_cot,
    "courageous": _read_courageous,
    "jsonl": _read_jsonl,
    "oradis": _read_oradis,
    "pcap": _read_pcap,
    "plots-csv": _read_plots_csv,
    "radio": _read_radio,
    "readsb": _read_readsb,
    "sapient": _read_sapient,
    "sapient-json": _read_sapient_json,
    "sbs": _read_sbs,
    "statevectors": _read_statevectors,
    "table": _read_table,
}
