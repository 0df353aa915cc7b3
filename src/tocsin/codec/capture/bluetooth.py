"""Bluetooth Low Energy advertising, as sniffers capture it.

Bluetooth Core Specification 5.4, vol. 6 part B: 2.3 (advertising physical channel PDUs), 3.1.1
(CRC); vol. 3 part C, 11 (advertising data). Link types 251 and 256: tcpdump.org/linktypes; 272:
the header of Nordic's nRF Sniffer for Bluetooth LE, versions 1 to 3 of its protocol.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.codec.capture._packet import LinkType, Packet

__all__ = ["ACCESS_ADDRESS", "Advertisement", "crc24", "read_advertisement", "structures"]

ACCESS_ADDRESS = bytes.fromhex("d6be898e")  # 0x8E89BED6 of all advertising, as sent
_LEGACY = {0: "ADV_IND", 2: "ADV_NONCONN_IND", 4: "SCAN_RSP", 6: "ADV_SCAN_IND"}
_EXTENDED = 7  # ADV_EXT_IND, AUX_ADV_IND, AUX_CHAIN_IND, AUX_SYNC_IND, AUX_SCAN_RSP
_CODED = 2  # PHY: a coding indicator follows the access address
# Bits of a link type 256 header's flags.
_DEWHITENED, _CRC_CHECKED, _CRC_VALID = 0x0001, 0x0400, 0x0800
# Fields of the extended header in their order: bit of its flags, octets (2.3.4).
_EXTENDED_FIELDS = ((1, 6), (2, 6), (4, 1), (8, 2), (16, 3), (32, 18), (64, 1))


@dataclass(frozen=True, slots=True)
class Advertisement:
    """One advertising PDU. address: the advertiser's, most significant octet first, b"" where
    this PDU does not hold it; data: its advertising data; intact: the radio CRC was right.
    """

    address: bytes
    data: bytes
    is_extended: bool
    intact: bool = True


def _crc24_table() -> tuple[int, ...]:
    # x^24 + x^10 + x^9 + x^6 + x^4 + x^3 + x + 1, in the bit order of the air (least first).
    rows = []
    for octet in range(256):
        value = octet
        for _ in range(8):
            value = value >> 1 ^ (0xDA6000 if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_TABLE = _crc24_table()


def crc24(pdu: bytes) -> bytes:
    """Return the three CRC octets, as sent, of an advertising PDU (header and payload)."""
    state = 0xAAAAAA  # 0x555555, bits reversed
    for octet in pdu:
        state = state >> 8 ^ _TABLE[(state ^ octet) & 0xFF]
    return state.to_bytes(3, "little")


def read_advertisement(packet: Packet) -> Advertisement | None:
    """Return the advertisement in a packet of link type 251, 256 or 272; None for anything
    else.
    """
    found = _link_layer(packet)
    if found is None:
        return None
    data, is_coded, intact = found
    if data[:4] != ACCESS_ADDRESS:
        return None
    start = 5 if is_coded else 4
    if len(data) < start + 2:
        return None
    stop = start + 2 + data[start + 1]
    pdu, said = data[start:stop], data[stop : stop + 3]
    if len(pdu) < stop - start:
        intact = False
    elif intact is None:
        intact = said == crc24(pdu)  # a CRC that the capture cut off vouches for nothing
    return _advertisement(pdu, intact=intact)


def _link_layer(packet: Packet) -> tuple[bytes, bool, bool | None] | None:
    """Return what begins with the access address, whether it came on the coded PHY, and what
    the receiver said of its CRC (None: nothing).
    """
    data = packet.data
    if packet.link_type == LinkType.BLUETOOTH_LE_LL:
        return data, False, None
    if packet.link_type == LinkType.BLUETOOTH_LE_LL_WITH_PHDR:
        if len(data) < 10:
            return None
        flags = struct.unpack_from("<H", data, 8)[0]
        if not flags & _DEWHITENED:
            return None
        intact = bool(flags & _CRC_VALID) if flags & _CRC_CHECKED else None
        return data[10:], flags >> 14 == _CODED, intact
    if packet.link_type == LinkType.NORDIC_BLE:
        return _nordic(data)
    return None


def _nordic(data: bytes) -> tuple[bytes, bool, bool | None] | None:
    """Return the same of an nRF Sniffer packet: board, length, version, counter, kind; then the
    length of the radio header, flags, channel, signal, event counter, time.
    """
    if len(data) < 8:
        return None
    # Version 1 puts the header's length where later ones have the payload's lower octet.
    at = 7 if data[3] in (2, 3) or data[1] == 6 else 0
    if not at or len(data) < at + 10 or data[at] < 10:
        return None
    flags = data[at + 1]
    is_coded = data[3] in (2, 3) and flags >> 4 & 7 == _CODED
    return data[at + data[at] :], is_coded, bool(flags & 1)


def _advertisement(pdu: bytes, *, intact: bool) -> Advertisement | None:
    kind = pdu[0] & 0x0F
    payload = pdu[2:]
    if kind in _LEGACY:
        if len(payload) < 6:
            return None
        return Advertisement(payload[5::-1], payload[6:], False, intact)
    if kind != _EXTENDED or not payload:
        return None
    size = payload[0] & 0x3F
    if size >= len(payload):
        return None
    address = b""
    if size:
        flags, at = payload[1], 2
        for bit, octets in _EXTENDED_FIELDS:
            if flags & bit:
                if at + octets > 1 + size:
                    return None
                if bit == 1:
                    address = payload[at + 5 : at - 1 : -1]
                at += octets
    return Advertisement(address, payload[1 + size :], True, intact)


def structures(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Give (type, value, whole) of advertising data; a last one that is cut comes as not
    whole.
    """
    at = 0
    while at + 1 < len(data) and data[at]:
        value = data[at + 2 : at + 1 + data[at]]
        yield data[at + 1], value, len(value) == data[at] - 1
        at += 1 + data[at]
