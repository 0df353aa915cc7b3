"""Where Remote ID stands in radio frames: Wi-Fi beacon and NAN, Bluetooth 4 and 5; both ways.

ASTM F3411-22a, 5.4.6 (Bluetooth: service data of UUID 0xFFFA, application code 0x0D), 5.4.7
(NAN), 5.4.9 (beacon: vendor element FA-0B-BC, type 0x0D). NAN: Wi-Fi Aware Specification,
service discovery frame (public action, 50-6F-9A, type 0x13) and service descriptor attribute.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tocsin.codec.capture import (
    ACCESS_ADDRESS,
    LinkType,
    Management,
    Packet,
    crc24,
    elements,
    read_advertisement,
    read_management,
    structures,
)
from tocsin.codec.remoteid.decode import decode_payload
from tocsin.codec.remoteid.messages import Message
from tocsin.model import Rejected

__all__ = [
    "Broadcast",
    "bluetooth_extended",
    "bluetooth_legacy",
    "find_broadcast",
    "read_broadcasts",
    "wifi_beacon",
    "wifi_nan",
]

_VENDOR_ELEMENT = 221
_BEACON_MARK = b"\xfa\x0b\xbc\x0d"
_BEACON, _PROBE_RESPONSE, _ACTIONS = 8, 5, (13, 14)
_BEACON_FIXED = 12  # octets of time stamp, interval and capability before the elements
_NAN_HEAD = b"\x04\x09\x50\x6f\x9a\x13"  # public action, vendor specific, Wi-Fi Alliance, NAN
_NAN_DESCRIPTOR = 0x03
# First 6 octets of SHA-256 of "org.opendroneid.remoteid".
_NAN_SERVICE = b"\x88\x69\x19\x9d\x92\x09"
_NAN_ADDRESS = b"\x51\x6f\x9a\x01\x00\x00"  # the group address of NAN
_NAN_CLUSTER = b"\x50\x6f\x9a\x01\x00\xff"
_NAN_BINDING, _NAN_MATCHING, _NAN_FILTER, _NAN_INFO = 0x40, 0x04, 0x08, 0x10
_SERVICE_DATA = 0x16
_BLUETOOTH_MARK = b"\xfa\xff\x0d"  # UUID 0xFFFA as sent, application code
_EVERYBODY = b"\xff" * 6


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One reception of Remote ID. transport: "wifi-beacon", "wifi-nan", "bluetooth-4" or
    "bluetooth-5"; transmitter: 6 octets (personal data); counter: counts up with each new
    content; messages: what could be decoded, in the order sent; content: counter and messages
    as sent, the same whatever receiver heard them.
    """

    time_s: float
    transport: str
    transmitter: bytes
    counter: int
    messages: tuple[Message, ...]
    content: bytes = field(default=b"", compare=False)


def find_broadcast(
    packet: Packet, *, source: str = ""
) -> tuple[Broadcast | None, list[Rejected]]:
    """Return the Remote ID in a packet, and what of it was refused.

    (None, []) says that the packet holds no Remote ID at all. A frame that was received with
    errors is refused whole: its octets may be anything.
    """
    found = _carried(packet)
    if found is None:
        return None, []
    transport, transmitter, content, flaw = found
    if flaw:
        return None, [Rejected(source, flaw, transport, content[:64])]
    if len(content) < 2:
        return None, [Rejected(source, "truncated frame", transport, content)]
    if len(transmitter) != 6:
        detail = f"{transport}: the frame does not say who sent it"
        return None, [Rejected(source, "no transmitter address", detail, content[:64])]
    messages: list[Message] = []
    refused: list[Rejected] = []
    for item in decode_payload(content[1:], source=source):
        if isinstance(item, Rejected):
            refused.append(item)
        else:
            messages.append(item)
    if refused and not messages:
        return None, refused
    return Broadcast(
        packet.time_s, transport, transmitter, content[0], tuple(messages), content
    ), refused


def read_broadcasts(
    packets: Iterable[Packet | Rejected], *, source: str = ""
) -> Iterator[Broadcast | Rejected | None]:
    """Give each packet's Remote ID or refusals, None for a packet that holds none.

    None is there to be counted: frames that are no Remote ID are looked at and forgotten.
    """
    for packet in packets:
        if isinstance(packet, Rejected):
            yield packet
            continue
        broadcast, refused = find_broadcast(packet, source=source)
        yield from refused
        if broadcast is not None or not refused:
            yield broadcast


# transport, transmitter, counter and payload, what is wrong with the reception ("" nothing)
_Carried = tuple[str, bytes, bytes, str]


def _carried(packet: Packet) -> _Carried | None:
    if packet.link_type in (LinkType.IEEE_802_11, LinkType.IEEE_802_11_RADIOTAP):
        frame = read_management(packet)
        return _in_wifi(frame) if frame is not None else None
    return _in_bluetooth(packet)


def _in_wifi(frame: Management) -> _Carried | None:
    flaw = "" if frame.intact else "checksum"
    if frame.subtype in (_BEACON, _PROBE_RESPONSE):
        for kind, value, whole in elements(frame.body[_BEACON_FIXED:]):
            if kind == _VENDOR_ELEMENT and value.startswith(_BEACON_MARK):
                flaw = flaw or ("" if whole else "truncated frame")
                return "wifi-beacon", frame.transmitter, value[len(_BEACON_MARK) :], flaw
    elif frame.subtype in _ACTIONS and frame.body.startswith(_NAN_HEAD):
        content = _nan_content(frame.body[len(_NAN_HEAD) :])
        if content is not None:
            return "wifi-nan", frame.transmitter, content[0], flaw or content[1]
    return None


def _nan_content(data: bytes) -> tuple[bytes, str] | None:
    """Return the service information of the Remote ID service, and what is wrong with it."""
    at = 0
    while at + 3 <= len(data):
        kind, size = struct.unpack_from("<BH", data, at)
        value = data[at + 3 : at + 3 + size]
        if kind == _NAN_DESCRIPTOR and value.startswith(_NAN_SERVICE):
            return _service_info(value[len(_NAN_SERVICE) :])
        at += 3 + size
    return None


def _service_info(data: bytes) -> tuple[bytes, str]:
    """Step over what may stand before the service information (Wi-Fi Aware, table 28)."""
    if len(data) < 3:
        return data, "truncated frame"
    control, at = data[2], 3
    if control & _NAN_BINDING:
        at += 2
    for bit in (_NAN_MATCHING, _NAN_FILTER, _NAN_INFO):
        if not control & bit:
            continue
        if at >= len(data):
            return b"", "truncated frame"
        if bit == _NAN_INFO:
            info = data[at + 1 : at + 1 + data[at]]
            return info, "" if len(info) == data[at] else "truncated frame"
        at += 1 + data[at]
    return b"", "no service information"


def _in_bluetooth(packet: Packet) -> _Carried | None:
    heard = read_advertisement(packet)
    if heard is None:
        return None
    transport = "bluetooth-5" if heard.is_extended else "bluetooth-4"
    for kind, value, whole in structures(heard.data):
        if kind == _SERVICE_DATA and value.startswith(_BLUETOOTH_MARK):
            flaw = "" if heard.intact else "checksum"
            flaw = flaw or ("" if whole else "truncated frame")
            return transport, heard.address, value[len(_BLUETOOTH_MARK) :], flaw
    return None


def wifi_beacon(
    transmitter: bytes, payload: bytes, counter: int, *, ssid: bytes = b"", time_us: int = 0
) -> bytes:
    """Return an 802.11 beacon (link type 105, no check sequence) that carries a pack or
    message.

    time_us: the beacon's own time stamp, 64 bits.
    """
    content = _BEACON_MARK + bytes([counter & 0xFF]) + payload
    if len(ssid) > 32 or len(content) > 255:
        raise ValueError(f"{len(ssid)} octets of name (32) or {len(content)} of content (255)")
    head = b"\x80\x00\x00\x00" + _EVERYBODY + transmitter + transmitter + b"\x00\x00"
    fixed = struct.pack(
        "<QHH", time_us & 0xFFFF_FFFF_FFFF_FFFF, 100, 0
    )  # 100 units of 1.024 ms
    rates = b"\x01\x01\x8c"  # 6 Mbit/s
    name = bytes([0, len(ssid)]) + ssid
    return head + fixed + name + rates + bytes([_VENDOR_ELEMENT, len(content)]) + content


def wifi_nan(transmitter: bytes, payload: bytes, counter: int) -> bytes:
    """Return a NAN service discovery frame (link type 105) that carries a pack or message."""
    info = bytes([counter & 0xFF]) + payload
    if len(info) > 255:
        raise ValueError(f"{len(info)} octets of service information; 255 can be sent")
    # Instance 1, no requestor, publish with service information.
    descriptor = _NAN_SERVICE + bytes([1, 0, _NAN_INFO, len(info)]) + info
    attribute = struct.pack("<BH", _NAN_DESCRIPTOR, len(descriptor)) + descriptor
    extension = b"\x0e\x04\x00\x01\x00\x02" + bytes([counter & 0xFF])
    head = b"\xd0\x00\x00\x00" + _NAN_ADDRESS + transmitter + _NAN_CLUSTER + b"\x00\x00"
    return head + _NAN_HEAD + attribute + extension


def bluetooth_legacy(transmitter: bytes, message: bytes, counter: int) -> bytes:
    """Return a Bluetooth 4 advertisement (link type 251) of one message of 25 octets."""
    data = _bluetooth_data(message, counter)
    if len(data) > 31:
        raise ValueError(f"{len(data)} octets; a legacy advertisement has room for 31")
    return _bluetooth_pdu(0x42, transmitter[::-1] + data)  # ADV_NONCONN_IND, random address


def bluetooth_extended(transmitter: bytes, payload: bytes, counter: int) -> bytes:
    """Return a Bluetooth 5 extended advertisement (AUX_ADV_IND, link type 251) of a pack."""
    # The extended header: 9 octets that follow, flags for address and ADI, both.
    header = b"\x09\x09" + transmitter[::-1] + bytes([counter & 0xFF, 0x00])
    return _bluetooth_pdu(0x47, header + _bluetooth_data(payload, counter))


def _bluetooth_data(payload: bytes, counter: int) -> bytes:
    value = _BLUETOOTH_MARK + bytes([counter & 0xFF]) + payload
    return bytes([len(value) + 1, _SERVICE_DATA]) + value


def _bluetooth_pdu(head: int, payload: bytes) -> bytes:
    if len(payload) > 255:
        raise ValueError(f"{len(payload)} octets of payload; 255 can be sent")
    pdu = bytes([head, len(payload)]) + payload
    return ACCESS_ADDRESS + pdu + crc24(pdu)
