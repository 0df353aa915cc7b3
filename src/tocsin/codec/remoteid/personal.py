"""What of a broadcast is personal, and the same broadcast without it.

Personal are the transmitter's address, every id, the operator's registration, place and
altitude, what the drone says of itself, and authentication (a signature names its holder).
How it flies is not. `masked` writes a frame of the same transport anew: nothing of the old
one's header, network name or reception goes on, and the octets of Location messages stay bit
by bit, so that the flight is tracked as it was heard.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tocsin.codec.capture import LinkType, Packet
from tocsin.codec.remoteid import _layout as layout
from tocsin.codec.remoteid.broadcasts import (
    Broadcast,
    bluetooth_extended,
    bluetooth_legacy,
    wifi_beacon,
    wifi_nan,
)
from tocsin.codec.remoteid.messages import (
    BasicId,
    IdType,
    OperatorId,
    SelfId,
    System,
    plain_text,
)

__all__ = ["Personal", "masked", "personal_of"]

_ID_AT, _TEXT_AT = 2, 2  # octets of a message before its id or text
_PLACE_AT, _ALTITUDE_AT = 2, 18  # of a System message: latitude and longitude; altitude
_PAGE_ZERO_AT = 8
_BINARY_IDS = (IdType.UTM, IdType.SESSION)


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal part of one broadcast. ids: (IdType, octets) without filling zeros, as
    `BasicId.uas_id` has them; system: with the operator's place, None where it says none.
    """

    transmitter: bytes
    ids: tuple[tuple[int, bytes], ...]
    operator_id: bytes
    system: System | None
    says: str


def personal_of(broadcast: Broadcast) -> Personal:
    """Return what is personal in a broadcast; of repeated messages the last."""
    ids: dict[int, bytes] = {}
    operator_id, says, system = b"", "", None
    for message in broadcast.messages:
        if isinstance(message, BasicId):
            if message.uas_id.strip(b"\0"):
                ids[message.id_type] = message.uas_id
        elif isinstance(message, OperatorId):
            operator_id = message.operator_id
        elif isinstance(message, SelfId):
            says = plain_text(message.description)
        elif isinstance(message, System):
            system = message
    return Personal(broadcast.transmitter, tuple(ids.items()), operator_id, system, says)


def masked(
    broadcast: Broadcast,
    *,
    transmitter: bytes,
    id_for: Callable[[int, bytes], bytes],
    operator_for: Callable[[bytes], bytes],
) -> Packet:
    """Return a packet of the same transport and flight data under other names.

    transmitter: 6 octets to stand for the address; id_for: (IdType, octets) to at most 20
    octets; operator_for: likewise of a registration. The operator's place becomes "unknown",
    texts and signatures become zeros. Messages that could not be decoded are left out.
    """
    kept = []
    for octets in _messages(broadcast.content[1:]):
        patched = _patched(octets, id_for, operator_for)
        if patched is not None:
            kept.append(patched)
    is_pack = broadcast.content[1] >> 4 == layout.PACK
    version = broadcast.content[1] & 0x0F
    head = bytes([layout.PACK << 4 | version, layout.MESSAGE_OCTETS, len(kept)])
    payload = (head if is_pack else b"") + b"".join(kept)
    build, link_type = _FRAMES[broadcast.transport]
    data = build(transmitter, payload, broadcast.counter)
    return Packet(broadcast.time_s, link_type, data, len(data))


_FRAMES: dict[str, tuple[Callable[[bytes, bytes, int], bytes], int]] = {
    "wifi-beacon": (wifi_beacon, LinkType.IEEE_802_11),
    "wifi-nan": (wifi_nan, LinkType.IEEE_802_11),
    "bluetooth-4": (bluetooth_legacy, LinkType.BLUETOOTH_LE_LL),
    "bluetooth-5": (bluetooth_extended, LinkType.BLUETOOTH_LE_LL),
}


def _messages(payload: bytes) -> list[bytes]:
    size = layout.MESSAGE_OCTETS
    if payload[0] >> 4 != layout.PACK:
        return [payload[:size]]
    return [payload[at : at + size] for at in range(3, 3 + size * payload[2], size)]


def _patched(
    octets: bytes,
    id_for: Callable[[int, bytes], bytes],
    operator_for: Callable[[bytes], bytes],
) -> bytes | None:
    """Return a message under other names, None for one whose meaning is not known."""
    kind, version = octets[0] >> 4, octets[0] & 0x0F
    if version not in layout.VERSIONS:
        return None
    data = bytearray(octets)
    if kind == layout.BASIC_ID:
        id_type = octets[1] >> 4
        raw = octets[_ID_AT : _ID_AT + layout.ID_OCTETS]
        if raw.strip(b"\0"):
            plain = raw if id_type in _BINARY_IDS else raw.rstrip(b"\0")
            _put(data, _ID_AT, id_for(id_type, plain), layout.ID_OCTETS)
        data[_ID_AT + layout.ID_OCTETS :] = bytes(3)
    elif kind == layout.OPERATOR_ID:
        raw = octets[_ID_AT : _ID_AT + layout.ID_OCTETS].rstrip(b"\0")
        if raw:
            _put(data, _ID_AT, operator_for(raw), layout.ID_OCTETS)
        data[_ID_AT + layout.ID_OCTETS :] = bytes(3)
    elif kind == layout.SYSTEM:
        struct.pack_into("<ii", data, _PLACE_AT, 0, 0)  # 0, 0: unknown
        struct.pack_into("<H", data, _ALTITUDE_AT, 0)
    elif kind == layout.SELF_ID:
        data[_TEXT_AT:] = bytes(layout.TEXT_OCTETS)
    elif kind == layout.AUTH:
        start = _ID_AT if octets[1] & 0x0F else _PAGE_ZERO_AT
        data[start:] = bytes(layout.MESSAGE_OCTETS - start)
    elif kind != layout.LOCATION:
        return None
    return bytes(data)


def _put(data: bytearray, at: int, value: bytes, room: int) -> None:
    if len(value) > room:
        raise ValueError(f"{value!r} has {len(value)} octets; {room} can be sent")
    data[at : at + room] = value.ljust(room, b"\0")
