"""Octets of broadcast Remote ID to messages."""

import math
import struct

from tocsin.codec.remoteid import _layout as layout
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    IdType,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from tocsin.model import Rejected

__all__ = ["decode_message", "decode_payload"]

NAN = math.nan
_AUTH_HEAD = struct.Struct("<BBI")


def decode_message(data: bytes, *, source: str = "") -> Message | Rejected:
    """Return what one message of 25 octets says; a pack is no message, see `decode_payload`."""
    if len(data) != layout.MESSAGE_OCTETS:
        detail = f"{len(data)} octets; a Remote ID message has {layout.MESSAGE_OCTETS}"
        return Rejected(source, "wrong message length", detail, data[:64])
    kind, version = data[0] >> 4, data[0] & 0x0F
    if version not in layout.VERSIONS:
        detail = f"protocol version {version}; 0, 1 and 2 are known"
        return Rejected(source, "unknown protocol version", detail, data)
    if kind == layout.LOCATION:
        return _location(data, version)
    if kind == layout.BASIC_ID:
        return _basic_id(data, version)
    if kind == layout.SYSTEM:
        return _system(data, version)
    if kind == layout.SELF_ID:
        return SelfId(data[1], data[2:25].rstrip(b"\0"), version)
    if kind == layout.OPERATOR_ID:
        return OperatorId(data[1], data[2:22].rstrip(b"\0"), version)
    if kind == layout.AUTH:
        return _auth_page(data, version, source)
    return Rejected(source, "unknown message type", f"type {kind}", data)


def decode_payload(data: bytes, *, source: str = "") -> list[Message | Rejected]:
    """Return the messages of a payload: one message, or a pack of up to nine.

    What follows a pack is left alone (a check sequence, another attribute). A broken message
    of a pack is refused by itself; the others stand. An empty pack gives an empty list.
    """
    if not data:
        return [Rejected(source, "truncated pack", "no octets")]
    if data[0] >> 4 != layout.PACK:
        return [decode_message(data[: layout.MESSAGE_OCTETS], source=source)]
    if len(data) < 3:
        return [Rejected(source, "truncated pack", f"{len(data)} octets", data)]
    size, count = data[1], data[2]
    if size != layout.MESSAGE_OCTETS or count > layout.PACK_LIMIT:
        detail = f"a pack of {count} messages of {size} octets; at most 9 of 25"
        return [Rejected(source, "impossible pack", detail, data[:64])]
    if len(data) < 3 + size * count:
        detail = f"a pack of {count} messages in {len(data)} octets"
        return [Rejected(source, "truncated pack", detail, data[:64])]
    return [
        decode_message(data[at : at + size], source=source)
        for at in range(3, 3 + size * count, size)
    ]


def _basic_id(data: bytes, version: int) -> BasicId:
    id_type = data[1] >> 4
    # A session id is binary: its zeros may mean something.
    raw = data[2:22] if id_type in (IdType.UTM, IdType.SESSION) else data[2:22].rstrip(b"\0")
    return BasicId(id_type, data[1] & 0x0F, raw, version)


def _location(data: bytes, version: int) -> Location:
    (
        direction, speed, vertical, lat, lon, pressure, geodetic, height,
        accuracy, accuracy_more, tenths, time_accuracy,
    ) = layout.LOCATION_STRUCT.unpack_from(data, 2)  # fmt: skip
    bits = data[1]
    lat_deg, lon_deg = _place(lat, lon)
    time_code = time_accuracy & 0x0F
    return Location(
        bits >> 4,
        bits >> 2 & 1,
        _direction_deg(direction, is_west=bool(bits & 2)),
        _speed_mps(speed, is_high=bool(bits & 1)),
        vertical * layout.VERTICAL_STEP_MPS if -124 <= vertical <= 124 else NAN,
        lat_deg,
        lon_deg,
        _altitude_m(pressure),
        _altitude_m(geodetic),
        _altitude_m(height),
        accuracy & 0x0F,
        accuracy >> 4,
        accuracy_more >> 4,
        accuracy_more & 0x0F,
        tenths / 10.0 if tenths <= 36_000 else NAN,
        time_code / 10.0 if time_code else NAN,
        version,
    )


def _place(lat: int, lon: int) -> tuple[float, float]:
    """Return degrees of units of 1e-7; both NaN for 0, 0 and for what is no place on earth."""
    if (lat == 0 and lon == 0) or abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
        return NAN, NAN
    return lat / 1e7, lon / 1e7


def _altitude_m(raw: int) -> float:
    return raw * layout.ALTITUDE_STEP_M - layout.ALTITUDE_OFFSET_M if raw else NAN


def _direction_deg(raw: int, *, is_west: bool) -> float:
    """Return degrees; above 180 the octet says nothing (181 with the west bit: unknown)."""
    if raw > 180:
        return NAN
    return float((raw + 180) % 360) if is_west else float(raw)


def _speed_mps(raw: int, *, is_high: bool) -> float:
    if not is_high:
        return raw * layout.SPEED_STEP_MPS
    if raw == 255:
        return NAN
    return raw * layout.SPEED_HIGH_STEP_MPS + layout.SPEED_HIGH_OFFSET_MPS


def _system(data: bytes, version: int) -> System:
    (
        lat, lon, count, radius, ceiling, floor, class_, altitude, seconds,
    ) = layout.SYSTEM_STRUCT.unpack_from(data, 2)  # fmt: skip
    lat_deg, lon_deg = _place(lat, lon)
    return System(
        data[1] & 3,
        data[1] >> 2 & 7,
        lat_deg,
        lon_deg,
        count,
        radius * layout.AREA_RADIUS_STEP_M,
        _altitude_m(ceiling),
        _altitude_m(floor),
        class_ >> 4,
        class_ & 0x0F,
        _altitude_m(altitude),
        float(layout.EPOCH_2019_S + seconds) if seconds else NAN,
        version,
    )


def _auth_page(data: bytes, version: int, source: str) -> AuthPage | Rejected:
    auth_type, page = data[1] >> 4, data[1] & 0x0F
    if page:
        return AuthPage(auth_type, page, -1, -1, NAN, data[2:25], version)
    last, length, seconds = _AUTH_HEAD.unpack_from(data, 2)
    if last > 15 or length > layout.PAGE_ZERO_OCTETS + layout.PAGE_OCTETS * last:
        detail = f"{length} octets of authentication on pages 0 to {last}"
        return Rejected(source, "impossible authentication", detail, data)
    time_s = float(layout.EPOCH_2019_S + seconds) if seconds else NAN
    return AuthPage(auth_type, 0, last, length, time_s, data[8:25], version)
