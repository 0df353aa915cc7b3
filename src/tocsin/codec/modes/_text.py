"""Mode S frames as text: AVR lines and JSON lines."""

import msgspec

from tocsin.codec._work import Work, reject
from tocsin.codec.modes._transponder import take_frame
from tocsin.model import Frame, Sensor

__all__ = ["TICKS_PER_S", "decode_avr", "decode_jsonl", "parse_avr", "split_lines"]

TICKS_PER_S = 12e6  # the counter of Beast, Radarcape and dump1090 receivers
LINE_LIMIT = 4096  # octets kept of a line that has not ended
COUNTER_DIGITS = 12
FRAME_DIGITS = (14, 28)


class _Line(msgspec.Struct):
    timestamp: float
    frame: str


_LINE = msgspec.json.Decoder(_Line)


def split_lines(work: Work, frame: Frame) -> list[bytes]:
    """Return the whole lines of a stream; what has not ended stays in the session."""
    key = f"{frame.source}\n{frame.path}"
    data = work.session.streams.pop(key, b"") + frame.payload
    *lines, rest = data.split(b"\n")
    if rest.strip():
        if len(rest) > LINE_LIMIT:
            reject(work, frame.source, "line too long", f"over {LINE_LIMIT} octets", rest)
        else:
            work.session.streams[key] = rest
    return [line.strip() for line in lines if line.strip()]


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


def decode_avr(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of a stream of AVR lines; the time is that of arrival."""
    for line in split_lines(work, frame):
        parsed = parse_avr(line)
        if parsed is None:
            reject(work, frame.source, "not a frame", "expected a line such as *8D...;", line)
            continue
        take_frame(work, frame, sensor, parsed[1], frame.arrival_s)


def decode_jsonl(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of a stream of lines {"timestamp": Unix s, "frame": hex digits}."""
    for line in split_lines(work, frame):
        try:
            said = _LINE.decode(line)
            message = bytes.fromhex(said.frame)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            reject(work, frame.source, "not a frame", str(error), line)
            continue
        if 2 * len(message) not in FRAME_DIGITS or not abs(said.timestamp) < 1e11:
            reject(work, frame.source, "not a frame", "a length of 14 or 28 digits", line)
            continue
        take_frame(work, frame, sensor, message, said.timestamp)
