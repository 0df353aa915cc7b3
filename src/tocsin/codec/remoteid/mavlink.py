"""OpenDroneID by MAVLink 2: what a flight controller or a receiver sends in datagrams.

Frames and checksum: MAVLink's serialisation guide; fields: `common.xml`, OPEN_DRONE_ID_*, which
stand in the frame by their size, largest first. As of a DroneScout receiver, each becomes the
beacon that the drone might have sent, so that all else takes the way of a radio's capture.
"""

import math
import struct
from collections.abc import Callable
from typing import Any

from tocsin.codec.capture import LinkType, Packet
from tocsin.codec.remoteid import _layout as layout
from tocsin.codec.remoteid.broadcasts import wifi_beacon
from tocsin.codec.remoteid.decode import decode_message
from tocsin.codec.remoteid.dronescout import EPOCH_S, altitude, place, within
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
from tocsin.model import Rejected

__all__ = ["read_mavlink"]

MAGIC, HEAD, SIGNATURE = 0xFD, 10, 13
SIGNED = 0x01  # of the incompatibility flags; others change how a frame is read
FRAMES_LIMIT = 1_000  # of one datagram

# A field of id_or_mac stands in each after target_system and target_component.
_BASIC = struct.Struct("<2x20sBB20s")
_LOCATION = struct.Struct("<iiffffHHh2x20s7B")
_AUTH = struct.Struct("<I2x20s4B23s")
_SELF = struct.Struct("<2x20sB23s")
_SYSTEM = struct.Struct("<iifffIHH2x20s4B")
_OPERATOR = struct.Struct("<2x20sB20s")
_PACK = struct.Struct("<2x20sBB225s")

_Read = tuple[bytes, list[Message | Rejected]]


def _crc(data: bytes, extra: int) -> int:
    """Return CRC-16/MCRF4XX (X.25) over a frame without its magic, and the message's extra."""
    crc = 0xFFFF
    for octet in (*data, extra):
        mixed = (octet ^ crc) & 0xFF
        mixed = (mixed ^ mixed << 4) & 0xFF
        crc = crc >> 8 ^ mixed << 8 ^ mixed << 3 ^ mixed >> 4
    return crc


def read_mavlink(
    payload: bytes, arrival_s: float, *, note: Callable[[str], object] | None = None
) -> tuple[list[Packet], int]:
    """Return the broadcasts that a datagram tells of, and how many of its frames were about
    something else or damaged. What is no MAVLink 2 counts as one. note gets the reason of each
    single message that cannot be read or sent on; without it those are counted too.
    """
    said: dict[bytes, list[Message]] = {}
    refused: list[str] = []
    others = at = 0
    for _ in range(FRAMES_LIMIT):
        if at + HEAD + 2 > len(payload) or payload[at] != MAGIC:
            break
        size, flags = payload[at + 1], payload[at + 2]
        end = at + HEAD + size
        found = _frame(payload[at : end + 2], flags)
        if found is None:
            others += 1
        else:
            told = said.setdefault(found[0], [])
            told += [one for one in found[1] if not isinstance(one, Rejected)]
            refused += [one.reason for one in found[1] if isinstance(one, Rejected)]
        at = end + 2 + (SIGNATURE if flags & SIGNED else 0)
    others += at < len(payload)
    packets = []
    for transmitter, messages in said.items():
        for pack in encode_packs(messages, refused.append):
            frame = wifi_beacon(transmitter, pack, 0)
            packets.append(Packet(arrival_s, LinkType.IEEE_802_11, frame, len(frame)))
    if note is None:
        return packets, others + len(refused)
    for reason in refused:
        note(reason)
    return packets, others


def _frame(frame: bytes, flags: int) -> _Read | None:
    number = int.from_bytes(frame[7:10], "little")
    known = _MESSAGES.get(number)
    if known is None or len(frame) < HEAD + frame[1] + 2 or flags & ~SIGNED:
        return None
    extra, form, read = known
    if _crc(frame[1:-2], extra) != int.from_bytes(frame[-2:], "little"):
        return None
    body = frame[HEAD:-2].ljust(form.size, b"\0")[: form.size]  # zeros at the end are not sent
    try:
        mac, messages = read(form.unpack(body))
    except (ValueError, OverflowError):
        return None
    # Who tells of himself gives no address: one of his system and component stands for it.
    transmitter = mac[:6] if any(mac[:6]) else b"\x02MAV" + frame[5:7]
    return (transmitter, messages) if messages else None


def _basic(said: tuple[bytes, int, int, bytes]) -> _Read:
    mac, id_type, ua_type, uas_id = said
    return mac, [BasicId(id_type, ua_type, uas_id)]


def _location(said: tuple[Any, ...]) -> _Read:
    lat, lon, barometric, geodetic, height, time_s, course, speed, climb, mac, *codes = said
    status, height_type, horizontal, vertical, barometer, velocity, time_code = codes
    lat_deg, lon_deg = place(lat * 1e-7, lon * 1e-7)
    return mac, [
        Location(
            status=status,
            height_type=height_type,
            direction_deg=within(course / 100.0, 0.0, 360.0),
            speed_mps=within(speed / 100.0, 0.0, 254.25),
            vertical_speed_mps=within(climb / 100.0, -62.0, 62.0),
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            pressure_altitude_m=altitude(barometric),
            geodetic_altitude_m=altitude(geodetic),
            height_m=altitude(height),
            horizontal_accuracy_code=horizontal,
            vertical_accuracy_code=vertical,
            pressure_accuracy_code=barometer,
            speed_accuracy_code=velocity,
            time_of_hour_s=within(time_s, 0.0, 3600.0),
            time_accuracy_s=time_code / 10.0,
        )
    ]


def _auth(said: tuple[int, bytes, int, int, int, int, bytes]) -> _Read:
    stamp, mac, kind, page, last, length, data = said
    if page:
        return mac, [AuthPage(kind, page, -1, -1, math.nan, data)]
    return mac, [AuthPage(kind, 0, last, length, EPOCH_S + stamp, data[:17])]


def _self(said: tuple[bytes, int, bytes]) -> _Read:
    return said[0], [SelfId(said[1], said[2])]


def _system(said: tuple[Any, ...]) -> _Read:
    lat, lon, ceiling, floor, height, stamp, count, radius, mac, *codes = said
    location_type, classification, category, class_ = codes
    lat_deg, lon_deg = place(lat * 1e-7, lon * 1e-7)
    return mac, [
        System(
            location_type=location_type,
            classification=classification,
            operator_lat_deg=lat_deg,
            operator_lon_deg=lon_deg,
            area_count=count,
            area_radius_m=min(float(radius), layout.AREA_RADIUS_LIMIT_M),
            area_ceiling_m=altitude(ceiling),
            area_floor_m=altitude(floor),
            category=category,
            class_=class_,
            operator_altitude_m=altitude(height),
            time_s=EPOCH_S + stamp,
        )
    ]


def _operator(said: tuple[bytes, int, bytes]) -> _Read:
    return said[0], [OperatorId(said[1], said[2])]


def _pack(said: tuple[bytes, int, int, bytes]) -> _Read:
    mac, size, count, data = said
    if size != layout.MESSAGE_OCTETS:
        return mac, []
    whole = [data[k * size : (k + 1) * size] for k in range(min(count, layout.PACK_LIMIT))]
    return mac, [decode_message(one) for one in whole]


# By message id: CRC_EXTRA of common.xml, the fields, what they become.
_MESSAGES: dict[int, tuple[int, struct.Struct, Callable[..., _Read]]] = {
    12900: (114, _BASIC, _basic),
    12901: (254, _LOCATION, _location),
    12902: (140, _AUTH, _auth),
    12903: (249, _SELF, _self),
    12904: (77, _SYSTEM, _system),
    12905: (49, _OPERATOR, _operator),
    12915: (94, _PACK, _pack),
}
