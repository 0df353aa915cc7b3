"""Messages to octets of broadcast Remote ID.

A value between two steps goes to the nearer; NaN goes out as the value that means "unknown". A
value that cannot be sent (a latitude of 95, an id of 30 octets) raises ValueError.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from tocsin.codec.remoteid import _layout as layout
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)

__all__ = ["encode_message", "encode_pack", "encode_packs"]

UNSENDABLE = "a message that no drone can send"


def encode_message(message: Message) -> bytes:
    """Return the 25 octets of a message."""
    if isinstance(message, Location):
        body, kind = _location(message), layout.LOCATION
    elif isinstance(message, BasicId):
        first = _nibbles(message.id_type, message.ua_type, "id_type and ua_type")
        body = bytes([first]) + _text(message.uas_id, layout.ID_OCTETS)
        kind = layout.BASIC_ID
    elif isinstance(message, System):
        body, kind = _system(message), layout.SYSTEM
    elif isinstance(message, SelfId):
        first = _whole(message.description_type, 255, "description_type")
        body = bytes([first]) + _text(message.description, layout.TEXT_OCTETS)
        kind = layout.SELF_ID
    elif isinstance(message, OperatorId):
        first = _whole(message.id_type, 255, "id_type")
        body = bytes([first]) + _text(message.operator_id, layout.ID_OCTETS)
        kind = layout.OPERATOR_ID
    else:
        body, kind = _auth_page(message), layout.AUTH
    head = bytes([_nibbles(kind, message.version, "version")])
    return (head + body).ljust(layout.MESSAGE_OCTETS, b"\0")


def encode_pack(messages: Sequence[Message], *, version: int = 2) -> bytes:
    """Return a message pack of up to nine messages; they go out in the order given."""
    if len(messages) > layout.PACK_LIMIT:
        raise ValueError(
            f"a pack holds at most {layout.PACK_LIMIT} messages, not {len(messages)}"
        )
    return _pack([encode_message(message) for message in messages], version)


def encode_packs(messages: Iterable[Message], note: Callable[[str], object]) -> list[bytes]:
    """Return as many packs as it takes. A message that cannot be sent is left out, and noted by
    its reason.
    """
    whole = []
    for message in messages:
        try:
            whole.append(encode_message(message))
        except (ValueError, OverflowError):
            note(UNSENDABLE)
    most = layout.PACK_LIMIT
    return [_pack(whole[at : at + most], 2) for at in range(0, len(whole), most)]


def _pack(whole: list[bytes], version: int) -> bytes:
    head = bytes([layout.PACK << 4 | version, layout.MESSAGE_OCTETS, len(whole)])
    return head + b"".join(whole)


def _whole(value: int, limit: int, name: str) -> int:
    if not 0 <= value <= limit:
        raise ValueError(f"{name} is {value}; it can be 0 to {limit}")
    return value


def _nibbles(high: int, low: int, name: str) -> int:
    return _whole(high, 15, name) << 4 | _whole(low, 15, name)


def _text(raw: bytes, octets: int) -> bytes:
    if len(raw) > octets:
        raise ValueError(f"{raw!r} has {len(raw)} octets; {octets} can be sent")
    return raw.ljust(octets, b"\0")


def _steps(value: float, step: float, offset: float, limit: int, name: str) -> int:
    """Return the nearest number of steps from 1 to limit; 0 for NaN."""
    if math.isnan(value):
        return 0
    if not -offset < value <= limit * step - offset:
        raise ValueError(
            f"{name} is {value}; above {-offset} and up to {limit * step - offset}"
        )
    return max(1, min(limit, round((value + offset) / step)))


def _altitude(value_m: float, name: str) -> int:
    return _steps(value_m, layout.ALTITUDE_STEP_M, layout.ALTITUDE_OFFSET_M, 0xFFFF, name)


def _place(lat_deg: float, lon_deg: float) -> tuple[int, int]:
    if math.isnan(lat_deg) or math.isnan(lon_deg):
        return 0, 0
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        raise ValueError(f"{lat_deg}, {lon_deg} is no place on earth; degrees are wanted")
    return round(lat_deg * 1e7), round(lon_deg * 1e7)


def _direction(value_deg: float) -> tuple[int, int]:
    """Return the octet and the west bit."""
    if math.isnan(value_deg):
        return layout.DIRECTION_UNKNOWN, 1
    if not 0.0 <= value_deg <= 360.0:
        raise ValueError(f"direction_deg is {value_deg}; it can be 0 to 360")
    whole = round(value_deg) % 360
    return (whole, 0) if whole < 180 else (whole - 180, 1)


def _speed(value_mps: float) -> tuple[int, int]:
    """Return the octet and the multiplier bit; above 254.25 m/s goes out as that."""
    if math.isnan(value_mps):
        return 255, 1
    if value_mps < 0.0:
        raise ValueError(f"speed_mps is {value_mps}; it cannot be negative")
    low = round(value_mps / layout.SPEED_STEP_MPS) if value_mps < 64.0 else 256
    if low <= 255:
        return low, 0
    high = (value_mps - layout.SPEED_HIGH_OFFSET_MPS) / layout.SPEED_HIGH_STEP_MPS
    return min(254, round(min(high, 254.0))), 1


def _vertical(value_mps: float) -> int:
    """Return the signed octet; beyond 62 m/s goes out as 62 (F3411-22a, table 6)."""
    if math.isnan(value_mps):
        return layout.VERTICAL_UNKNOWN
    limit = layout.VERTICAL_LIMIT_MPS
    return round(min(limit, max(-limit, value_mps)) / layout.VERTICAL_STEP_MPS)


def _location(item: Location) -> bytes:
    direction, west = _direction(item.direction_deg)
    speed, high = _speed(item.speed_mps)
    lat, lon = _place(item.lat_deg, item.lon_deg)
    if not (math.isnan(item.time_of_hour_s) or 0.0 <= item.time_of_hour_s <= 3600.0):
        raise ValueError(f"time_of_hour_s is {item.time_of_hour_s}; it can be 0 to 3600")
    tenths = (
        layout.TIME_UNKNOWN
        if math.isnan(item.time_of_hour_s)
        else round(item.time_of_hour_s * 10.0)
    )
    time_code = 0 if math.isnan(item.time_accuracy_s) else round(item.time_accuracy_s * 10.0)
    bits = _nibbles(item.status, _whole(item.height_type, 1, "height_type") << 2, "status")
    return bytes([bits | west << 1 | high]) + layout.LOCATION_STRUCT.pack(
        direction,
        speed,
        _vertical(item.vertical_speed_mps),
        lat,
        lon,
        _altitude(item.pressure_altitude_m, "pressure_altitude_m"),
        _altitude(item.geodetic_altitude_m, "geodetic_altitude_m"),
        _altitude(item.height_m, "height_m"),
        _nibbles(item.vertical_accuracy_code, item.horizontal_accuracy_code, "accuracy code"),
        _nibbles(item.pressure_accuracy_code, item.speed_accuracy_code, "accuracy code"),
        tenths,
        _whole(time_code, 15, "time_accuracy_s in tenths"),
    )


def _seconds_since_2019(time_s: float) -> int:
    if math.isnan(time_s):
        return 0
    return _whole(round(time_s) - layout.EPOCH_2019_S, 0xFFFFFFFF, "seconds since 2019")


def _system(item: System) -> bytes:
    lat, lon = _place(item.operator_lat_deg, item.operator_lon_deg)
    bits = _whole(item.classification, 7, "classification") << 2
    bits |= _whole(item.location_type, 3, "location_type")
    return bytes([bits]) + layout.SYSTEM_STRUCT.pack(
        lat,
        lon,
        _whole(item.area_count, 0xFFFF, "area_count"),
        _whole(
            round(item.area_radius_m / layout.AREA_RADIUS_STEP_M), 255, "area_radius_m / 10"
        ),
        _altitude(item.area_ceiling_m, "area_ceiling_m"),
        _altitude(item.area_floor_m, "area_floor_m"),
        _nibbles(item.category, item.class_, "category and class_"),
        _altitude(item.operator_altitude_m, "operator_altitude_m"),
        _seconds_since_2019(item.time_s),
    )


def _auth_page(item: AuthPage) -> bytes:
    first = bytes([_nibbles(item.auth_type, item.page, "auth_type and page")])
    if item.page:
        return first + _text(item.data, layout.PAGE_OCTETS)
    room = layout.PAGE_ZERO_OCTETS + layout.PAGE_OCTETS * _whole(
        item.last_page, 15, "last_page"
    )
    head = bytes([item.last_page, _whole(item.length, min(255, room), "length")])
    seconds = _seconds_since_2019(item.time_s).to_bytes(4, "little")
    return first + head + seconds + _text(item.data, layout.PAGE_ZERO_OCTETS)
