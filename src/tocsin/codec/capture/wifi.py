"""IEEE 802.11 management frames, with or without a radiotap header.

IEEE Std 802.11-2020, 9.2 and 9.3.3 (frames), 9.4.2 (elements); radiotap.org (header and flags).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.codec.capture._packet import LinkType, Packet

__all__ = ["Management", "elements", "read_management"]

BEACON, PROBE_RESPONSE, ACTION, ACTION_NO_ACK = 8, 5, 13, 14  # subtypes, 802.11-2020 table 9-1
_HEAD = 24  # octets of a management frame's header
_PROTECTED, _HAS_HT_CONTROL = 0x40, 0x80  # in the second octet of frame control
_FCS_AT_END, _BAD_FCS, _PADDED = 0x10, 0x40, 0x20  # radiotap flags
_FCS = 4


@dataclass(frozen=True, slots=True)
class Management:
    """A management frame. transmitter: address 2 (6 octets); body: what follows the header,
    without the check sequence; intact: False where the check sequence or the receiver says that
    it was received with errors; whole: False where the capture cut it.
    """

    subtype: int
    transmitter: bytes
    body: bytes
    intact: bool = True
    whole: bool = True


def read_management(packet: Packet) -> Management | None:
    """Return the management frame in a packet of link type 105 or 127; None for anything
    else.
    """
    data = packet.data
    whole = len(data) >= packet.length
    flags, has_fcs = 0, packet.fcs_octets == _FCS
    if packet.link_type == LinkType.IEEE_802_11_RADIOTAP:
        head = _radiotap(data)
        if head is None:
            return None
        size, flags = head
        data = data[size:]
        has_fcs = bool(flags & _FCS_AT_END)
    elif packet.link_type != LinkType.IEEE_802_11:
        return None
    intact = not flags & _BAD_FCS
    if has_fcs and whole and len(data) >= _FCS:
        said = struct.unpack_from("<I", data, len(data) - _FCS)[0]
        data = data[:-_FCS]
        intact = intact and zlib.crc32(data) == said
    if len(data) < _HEAD or data[0] & 0x0F or data[1] & _PROTECTED:
        return None  # not protocol version 0, not a management frame, or encrypted
    start = _HEAD + (4 if data[1] & _HAS_HT_CONTROL else 0)
    if flags & _PADDED:
        start = (start + 3) // 4 * 4
    return Management(data[0] >> 4, data[10:16], data[start:], intact, whole)


def _radiotap(data: bytes) -> tuple[int, int] | None:
    """Return the header's length and its flags (0 where it has none)."""
    if len(data) < 8 or data[0] != 0:
        return None
    size, present = struct.unpack_from("<HI", data, 2)
    if not 8 <= size <= len(data):
        return None
    at, more = 8, present
    while more & 0x8000_0000:
        if at + 4 > size:
            return None
        more = struct.unpack_from("<I", data, at)[0]
        at += 4
    if present & 1:  # TSFT, aligned to 8
        at = (at + 7) // 8 * 8 + 8
    if not present & 2:
        return size, 0
    return (size, data[at]) if at < size else None


def elements(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Give (element id, value, whole) in order; a last one that is cut short comes as not
    whole.
    """
    at = 0
    while at + 2 <= len(data):
        size = data[at + 1]
        value = data[at + 2 : at + 2 + size]
        yield data[at], value, len(value) == size
        at += 2 + size
