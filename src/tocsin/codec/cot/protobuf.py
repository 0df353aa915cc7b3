"""Cursor on Target as protobuf: the payload of the TAK Protocol, version 1.

Field numbers: takmessage.proto, cotevent.proto, detail.proto, contact.proto and track.proto of
the published definition (package atakmap.commoncommo.protobuf.v1). The wire format is the one
of protocol buffers; fields that are not named here are passed over.
"""

import math
import struct

from tocsin.codec.cot.events import (
    UNKNOWN_M,
    CotEvent,
    clean,
    fault_of,
    known_course_deg,
    known_m,
    known_speed_mps,
)

__all__ = ["read_protobuf", "read_varint", "varint", "write_protobuf"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EVENT = 2  # of TakMessage
_TYPE, _OPEX, _UID, _SENT, _START, _STALE, _HOW = 1, 4, 5, 6, 7, 8, 9
_LAT, _LON, _HAE, _CE, _LE, _DETAIL = 10, 11, 12, 13, 14, 15
_CONTACT, _TRACK = 2, 7  # of Detail
_CALLSIGN, _SPEED, _COURSE = 2, 1, 2  # of Contact and of Track
_VARINT_OCTETS = 10

_Value = int | float | bytes


class _CutError(ValueError):
    pass


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return (value, place behind it). Raises ValueError where it does not end."""
    value = shift = 0
    for place in range(at, min(len(data), at + _VARINT_OCTETS)):
        value |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return value, place + 1
        shift += 7
    raise _CutError("a number does not end")


def varint(value: int) -> bytes:
    """Return a number of 0 or more as protobuf writes it."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fields(data: bytes) -> dict[int, _Value]:
    """Return the fields of one message by number; of a repeated one the last counts."""
    found: dict[int, _Value] = {}
    at, end = 0, len(data)
    while at < end:
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            found[number], at = read_varint(data, at)
            continue
        if kind == _BYTES:
            size, at = read_varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise _CutError(f"wire type {kind} is not read")
        if size > end - at or number == 0:
            raise _CutError("a field does not end")
        body = data[at : at + size]
        found[number] = struct.unpack("<d", body)[0] if kind == _FIXED64 else body
        at += size
    return found


def read_protobuf(data: bytes) -> CotEvent | str:
    """Return the event of one TakMessage, or a sentence that says why it is none."""
    try:
        event = _event(_message(_fields(data), _EVENT))
    except (_CutError, UnicodeDecodeError) as error:
        return f"it is no TakMessage: {error}"
    return fault_of(event) or event


def _event(said: dict[int, _Value]) -> CotEvent:
    detail = _message(said, _DETAIL)
    track = _message(detail, _TRACK)
    # proto3 leaves zeros out: a track that is there and says no speed stands still.
    has_track = _TRACK in detail
    return CotEvent(
        type=_text(said, _TYPE),
        uid=_text(said, _UID),
        time_s=_number(said, _SENT) / 1000.0,
        start_s=_number(said, _START) / 1000.0,
        stale_s=_number(said, _STALE) / 1000.0,
        how=clean(_text(said, _HOW), 32),
        lat_deg=_number(said, _LAT),
        lon_deg=_number(said, _LON),
        alt_m=known_m(_number(said, _HAE)),
        sigma_position_m=known_m(_number(said, _CE)),
        sigma_alt_m=known_m(_number(said, _LE)),
        callsign=clean(_text(_message(detail, _CONTACT), _CALLSIGN), 64),
        course_deg=known_course_deg(_detail_number(track, _COURSE)) if has_track else math.nan,
        speed_mps=known_speed_mps(_detail_number(track, _SPEED)) if has_track else math.nan,
        opex=clean(_text(said, _OPEX), 32),
    )


def _message(said: dict[int, _Value], number: int) -> dict[int, _Value]:
    body = said.get(number, b"")
    if not isinstance(body, bytes):
        raise _CutError(f"field {number} is no message")
    return _fields(body)


def _text(said: dict[int, _Value], number: int) -> str:
    body = said.get(number, b"")
    if not isinstance(body, bytes):
        raise _CutError(f"field {number} is no text")
    return body.decode()


def _number(said: dict[int, _Value], number: int) -> float:
    value = said.get(number, 0)
    if isinstance(value, bytes) or not math.isfinite(value):
        raise _CutError(f"field {number} is no number")
    return float(value)


def _detail_number(said: dict[int, _Value], number: int) -> float:
    """Return a number of a detail, which may be left out: NaN for what is none."""
    value = said.get(number, 0)
    return math.nan if isinstance(value, bytes) else float(value)


def write_protobuf(event: CotEvent) -> bytes:
    """Return the event as one TakMessage, without framing. Raises ValueError for one that is
    none.
    """
    fault = fault_of(event)
    if fault:
        raise ValueError(fault)
    detail = b""
    if event.callsign:
        detail += _of_bytes(_CONTACT, _of_bytes(_CALLSIGN, event.callsign.encode()))
    if not (math.isnan(event.speed_mps) or math.isnan(event.course_deg)):
        track = _of_double(_SPEED, event.speed_mps) + _of_double(_COURSE, event.course_deg)
        # Two zeros are written as nothing at all; that there is a track still has to be said.
        detail += varint(_TRACK << 3 | _BYTES) + varint(len(track)) + track
    times = ((_SENT, event.time_s), (_START, event.start_s), (_STALE, event.stale_s))
    place = (
        (_LAT, event.lat_deg), (_LON, event.lon_deg), (_HAE, event.alt_m),
        (_CE, event.sigma_position_m), (_LE, event.sigma_alt_m),
    )  # fmt: skip
    body = (
        _of_bytes(_TYPE, event.type.encode())
        + _of_bytes(_OPEX, event.opex.encode())
        + _of_bytes(_UID, event.uid.encode())
        + b"".join(varint(n << 3 | _VARINT) + varint(round(t * 1000.0)) for n, t in times)
        + _of_bytes(_HOW, event.how.encode())
        + b"".join(_of_double(n, UNKNOWN_M if math.isnan(v) else v) for n, v in place)
        + _of_bytes(_DETAIL, detail)
    )
    return _of_bytes(_EVENT, body)


def _of_bytes(number: int, body: bytes) -> bytes:
    return varint(number << 3 | _BYTES) + varint(len(body)) + body if body else b""


def _of_double(number: int, value: float) -> bytes:
    return varint(number << 3 | _FIXED64) + struct.pack("<d", value) if value else b""
