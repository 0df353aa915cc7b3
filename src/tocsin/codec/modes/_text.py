"""Mode S frames as text: AVR lines and JSON lines."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from tocsin.codec._lines import LINE_LIMIT, take_lines
from tocsin.codec._work import RAW_LIMIT, Work, is_duplicate
from tocsin.codec.modes._take import Refusal, heard_of, runs_of, take
from tocsin.model import Frame, Sensor

__all__ = ["TICKS_PER_S", "decode_avr", "decode_jsonl", "parse_avr"]

TICKS_PER_S = 12e6  # the counter of Beast, Radarcape and dump1090 receivers
COUNTER_DIGITS = 12
FRAME_DIGITS = (14, 28)


class _Line(msgspec.Struct):
    timestamp: float
    frame: str


_LINE = msgspec.json.Decoder(_Line)


def parse_avr(line: bytes) -> tuple[int | None, bytes] | None:
    """Return (counter or None, frame) of a line such as ``*8D...;`` or
    ``@016CE3671C748D...;``.
    """
    if not line.endswith(b";") or len(line) > COUNTER_DIGITS + FRAME_DIGITS[1] + 2:
        return None
    counter, digits = None, line[1:-1]
    try:
        if line[:1] == b"@":
            counter, digits = int(digits[:COUNTER_DIGITS], 16), digits[COUNTER_DIGITS:]
        elif line[:1] != b"*":
            return None
        if len(digits) not in FRAME_DIGITS:
            return None
        return counter, bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None


def decode_avr(work: Work, held: list[tuple[int, Frame, Sensor | None]]) -> None:
    """Take pieces of streams of AVR lines; the time is that of arrival."""
    _decode(work, held, _read_avr)


def decode_jsonl(work: Work, held: list[tuple[int, Frame, Sensor | None]]) -> None:
    """Take pieces of streams of lines {"timestamp": Unix s, "frame": hex digits}."""
    _decode(work, held, _read_jsonl)


def _read_avr(line: bytes) -> tuple[float | None, bytes] | str:
    """Return (None: the time is that of arrival, frame) of a line, or what is wrong with it."""
    parsed = parse_avr(line)
    return (None, parsed[1]) if parsed else "expected a line such as *8D...;"


def _read_jsonl(line: bytes) -> tuple[float | None, bytes] | str:
    """Return (time, frame) of a line, or what is wrong with it."""
    try:
        said = _LINE.decode(line)
        message = bytes.fromhex(said.frame)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        return str(error)
    if 2 * len(message) not in FRAME_DIGITS or not abs(said.timestamp) < 1e11:
        return "a length of 14 or 28 digits"
    return said.timestamp, message


_Read = Callable[[bytes], tuple[float | None, bytes] | str]


def _decode(work: Work, held: list[tuple[int, Frame, Sensor | None]], read: _Read) -> None:
    for run in runs_of(held):
        messages: list[bytes] = []
        frames: list[int] = []
        times_s: list[float] = []
        refused: dict[str, Refusal] = {}
        for number, (_, frame) in enumerate(run.frames):
            lines, lost = take_lines(work, frame)
            if lost:
                detail = f"over {LINE_LIMIT} octets"
                _refuse_into(refused, len(messages), "line too long", detail, lost)
            for line in lines:
                said = read(line)
                if isinstance(said, str):
                    _refuse_into(refused, len(messages), "not a frame", said, line)
                elif not is_duplicate(work, frame, said[1]):
                    messages.append(said[1])
                    frames.append(number)
                    times_s.append(frame.arrival_s if said[0] is None else said[0])
        heard = heard_of(messages, frames, times_s)
        heard.is_stamped = read is _read_jsonl
        heard.refusals += refused.values()
        take(work, run, heard)


def _refuse_into(
    refused: dict[str, Refusal], before: int, reason: str, detail: str, raw: bytes
) -> None:
    """Count a refusal before a message; the first of a reason is kept."""
    known = refused.get(reason)
    if known is None:
        refused[reason] = Refusal((before, 0), reason, detail, raw[:RAW_LIMIT])
    else:
        refused[reason] = replace(known, n=known.n + 1)
