"""What a DroneScout receiver publishes of Remote ID: JSON with a block of the ODID library.

`UASdata` is, in base64, the memory of `ODID_UAS_Data` (opendroneid-core-c 2) of a little-endian
machine, as BlueMark's own example of a receiver reads it (`odid.py`). It is written anew as the
beacon that the drone might have sent, so that all else takes the way of a radio's capture.
"""

import base64
import binascii
import json
import math
import struct
from collections.abc import Callable
from typing import Any

from tocsin.codec.capture import LinkType, Packet
from tocsin.codec.remoteid import _layout as layout
from tocsin.codec.remoteid.broadcasts import wifi_beacon
from tocsin.codec.remoteid.encode import encode_packs
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)

__all__ = ["EPOCH_S", "altitude", "place", "read_dronescout", "within"]

BLOCK_OCTETS = 914
OBJECTS_LIMIT = 1_000  # of one publication
EPOCH_S = 1_546_300_800.0  # 2019-01-01, from which the library counts
# Where each message begins, and its octet of "valid".
_BASIC = ((0, 892), (32, 893))
_LOCATION, _LOCATION_VALID = 64, 894
_PAGES, _PAGE_OCTETS, _PAGES_VALID, _PAGES_MOST = 136, 40, 895, 16
_SELF, _SELF_VALID = 776, 911
_SYSTEM, _SYSTEM_VALID = 808, 912
_OPERATOR, _OPERATOR_VALID = 864, 913
_DECODER = json.JSONDecoder()


def read_dronescout(
    payload: bytes, arrival_s: float, *, note: Callable[[str], object] | None = None
) -> tuple[list[Packet], int]:
    """Return the broadcasts of a publication (objects one after another), and how many of its
    objects held none. What cannot be read counts as one. note gets the reason of each single
    message that cannot be sent on; without it those are counted too.
    """
    refused: list[str] = []
    packets, others = _read(payload, arrival_s, refused.append)
    if note is None:
        return packets, others + len(refused)
    for reason in refused:
        note(reason)
    return packets, others


def _read(
    payload: bytes, arrival_s: float, note: Callable[[str], object]
) -> tuple[list[Packet], int]:
    try:
        text = payload.decode().lstrip()
    except UnicodeDecodeError:
        return [], 1
    packets: list[Packet] = []
    others = 0
    for _ in range(OBJECTS_LIMIT):
        if not text:
            return packets, others
        try:
            item, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            break
        text = text[end:].lstrip()
        found = _packets(item, arrival_s, note)
        packets += found
        others += not found
    return packets, others + 1


def _packets(item: Any, arrival_s: float, note: Callable[[str], object]) -> list[Packet]:
    data = item.get("data") if isinstance(item, dict) else None
    if not isinstance(data, dict):
        return []
    try:
        transmitter = bytes.fromhex(str(data.get("MAC address", "")).replace(":", ""))
        block = base64.b64decode(str(data.get("UASdata", "")), validate=True)
        if len(transmitter) != 6 or len(block) < BLOCK_OCTETS:
            return []
        packs = encode_packs(_messages(block), note)
    except (ValueError, binascii.Error, struct.error, OverflowError):
        return []
    stamp = data.get("timestamp")
    is_number = isinstance(stamp, int) or (isinstance(stamp, float) and math.isfinite(stamp))
    counter = int(stamp) // 100 & 0xFF if is_number and stamp is not None else 0
    frames = [wifi_beacon(transmitter, pack, counter) for pack in packs]
    return [Packet(arrival_s, LinkType.IEEE_802_11, frame, len(frame)) for frame in frames]


def _messages(block: bytes) -> list[Message]:
    """Return what the block marks as valid."""
    found: list[Message] = []
    for at, valid in _BASIC:
        if block[valid] == 1:
            ua_type, id_type = struct.unpack_from("<II", block, at)
            found.append(BasicId(id_type, ua_type, block[at + 8 : at + 28]))
    if block[_LOCATION_VALID] == 1:
        found.append(_location(block))
    if block[_SELF_VALID] == 1:
        (kind,) = struct.unpack_from("<I", block, _SELF)
        found.append(SelfId(kind, block[_SELF + 4 : _SELF + 27]))
    if block[_SYSTEM_VALID] == 1:
        found.append(_system(block))
    if block[_OPERATOR_VALID] == 1:
        (kind,) = struct.unpack_from("<I", block, _OPERATOR)
        found.append(OperatorId(kind, block[_OPERATOR + 4 : _OPERATOR + 24]))
    for page in range(_PAGES_MOST):
        if block[_PAGES_VALID + page] == 1:
            found.append(_page(block, _PAGES + _PAGE_OCTETS * page, page))
    return found


def within(value: float, low: float, high: float) -> float:
    """Return the value, NaN where the library means "unknown" or it cannot be."""
    return value if low <= value <= high else math.nan


def altitude(value: float) -> float:
    """Return a height, NaN where the library means "unknown"."""
    return within(value, -999.5, 31_767.5)


def place(lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Return a place, NaN for 0, 0 and for what is none."""
    is_place = abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0 and (lat_deg or lon_deg)
    return (lat_deg, lon_deg) if is_place else (math.nan, math.nan)


def _location(block: bytes) -> Location:
    (
        status, direction, speed, climb, lat, lon, pressure, geodetic, height_type, height,
        horizontal, vertical, barometer, velocity, time_code, time_s,
    ) = struct.unpack_from("<IfffddffIfIIIIIf", block, _LOCATION)  # fmt: skip
    lat, lon = place(lat, lon)
    return Location(
        status=status,
        height_type=height_type,
        direction_deg=within(direction, 0.0, 360.0),
        speed_mps=within(speed, 0.0, 254.25),
        vertical_speed_mps=within(climb, -62.0, 62.0),
        lat_deg=lat,
        lon_deg=lon,
        pressure_altitude_m=altitude(pressure),
        geodetic_altitude_m=altitude(geodetic),
        height_m=altitude(height),
        horizontal_accuracy_code=horizontal,
        vertical_accuracy_code=vertical,
        pressure_accuracy_code=barometer,
        speed_accuracy_code=velocity,
        time_of_hour_s=within(time_s, 0.0, 3600.0),
        time_accuracy_s=time_code / 10.0,
    )


def _system(block: bytes) -> System:
    (
        location_type, classification, lat, lon, count, radius, ceiling, floor, category,
        class_, operator_m, stamp,
    ) = struct.unpack_from("<IIddHHffIIfI", block, _SYSTEM)  # fmt: skip
    lat, lon = place(lat, lon)
    return System(
        location_type=location_type,
        classification=classification,
        operator_lat_deg=lat,
        operator_lon_deg=lon,
        area_count=count,
        area_radius_m=min(float(radius), layout.AREA_RADIUS_LIMIT_M),
        area_ceiling_m=altitude(ceiling),
        area_floor_m=altitude(floor),
        category=category,
        class_=class_,
        operator_altitude_m=altitude(operator_m),
        time_s=EPOCH_S + stamp,
    )


def _page(block: bytes, at: int, page: int) -> AuthPage:
    if page:
        return AuthPage(block[at + 4], page, -1, -1, math.nan, block[at + 16 : at + 39])
    (stamp,) = struct.unpack_from("<I", block, at + 12)
    return AuthPage(
        block[at + 4], 0, block[at + 8], block[at + 9], EPOCH_S + stamp,
        block[at + 16 : at + 33],
    )  # fmt: skip
