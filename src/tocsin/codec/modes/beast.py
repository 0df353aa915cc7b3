"""Beast binary: Mode S over TCP, as Mode-S Beast, Radarcape, dump1090 and readsb speak it.

A message is 0x1A, a type ("1" Mode A/C with 2 octets, "2" Mode S short with 7, "3" Mode S long
with 14, "4" receiver status with 14), six octets of a 12 MHz counter, one of signal level, and
the frame; 0x1A inside is doubled. (Format description: Mode-S Beast wiki, "Mode-S Beast: Data
Output Formats".)
"""

from tocsin.codec._paths import is_alone
from tocsin.codec._work import Work, count, reject
from tocsin.codec.modes._transponder import take_frame
from tocsin.model import Frame, Sensor

__all__ = ["Message", "decode_frame", "encode", "split"]

ESCAPE = 0x1A
_ESCAPE = b"\x1a"
_PAIR = b"\x1a\x1a"
HEAD = 7  # counter and signal level
SIZES = {ord("1"): 2, ord("2"): 7, ord("3"): 14, ord("4"): 14}
MODE_S = (ord("2"), ord("3"))
KINDS = {ord("1"): "MODE-AC", ord("4"): "BEAST-STATUS"}

# (type, counter, signal level, frame); type 0: octets that belong to no message
Message = tuple[int, int, int, bytes]


def split(data: bytes) -> tuple[list[Message], bytes]:
    """Return the messages of a piece of a stream, and what has not ended yet.

    The rest is at most one message long. Octets that belong to none come as type 0.
    """
    found: list[Message] = []
    at, end = 0, len(data)
    while at < end:
        if data[at] != ESCAPE:
            start = data.find(_ESCAPE, at)
            start = end if start < 0 else start
            found.append((0, 0, 0, data[at:start]))
            at = start
            continue
        if at + 1 >= end:
            break
        size = SIZES.get(data[at + 1])
        if size is None:
            skip = 2 if data[at + 1] == ESCAPE else 1
            found.append((0, 0, 0, data[at : at + skip]))
            at += skip
            continue
        body, stop = _body(data, at + 2, HEAD + size)
        if body is None:
            if stop >= end:
                break
            found.append((0, 0, 0, data[at:stop]))
            at = stop
            continue
        found.append((data[at + 1], int.from_bytes(body[:6], "big"), body[6], body[HEAD:]))
        at = stop
    return found, data[at:]


def _body(data: bytes, at: int, size: int) -> tuple[bytes | None, int]:
    """Return `size` octets with the doubling undone and where they end; None where they are cut
    short, by the end of the data or by the start of another message (whose place is given).
    """
    body = data[at : at + size]
    if _ESCAPE not in body:
        return (body, at + size) if len(body) == size else (None, len(data))
    out = bytearray()
    end = len(data)
    while len(out) < size:
        if at >= end:
            return None, end
        octet = data[at]
        if octet == ESCAPE:
            if at + 1 >= end:
                return None, end
            if data[at + 1] != ESCAPE:
                return None, at
            at += 1
        out.append(octet)
        at += 1
    return bytes(out), at


def encode(message: bytes, counter: int, *, signal: int = 128) -> bytes:
    """Return the Beast message of a Mode S frame of 7 or 14 octets.

    counter is of 12 MHz, of which 48 bits are sent; signal is 0 to 255.
    """
    if len(message) not in (7, 14):
        raise ValueError(f"a Mode S frame has 7 or 14 octets, this one {len(message)}")
    kind = b"2" if len(message) == 7 else b"3"
    body = (counter & 0xFFFFFFFFFFFF).to_bytes(6, "big") + bytes([signal]) + message
    return _ESCAPE + kind + body.replace(_ESCAPE, _PAIR)


def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
    """Take a piece of a TCP stream; the time of a message is that of arrival."""
    streams = work.session.streams
    key = f"{frame.source}\n{frame.path}"
    data = streams.pop(key, b"") + frame.payload
    found, rest = split(data)
    if rest:
        streams[key] = rest
    alone = is_alone(work, frame, data[: len(data) - len(rest)], _frames_of)
    for kind, _counter, _signal, message in found:
        if kind in MODE_S:
            take_frame(work, frame, sensor, message, frame.arrival_s, is_alone=alone)
        elif kind:
            count(work, KINDS[kind])
        else:
            detail = "octets that belong to no message"
            reject(work, frame.source, "out of step", detail, message)


def _frames_of(data: bytes) -> list[bytes]:
    return [message for kind, _, _, message in split(data)[0] if kind in MODE_S]
