"""Capture files: UDP payloads with their time and destination.

pcap (libpcap's file format, both byte orders, micro- and nanoseconds) and pcapng (IETF draft
draft-ietf-opsawg-pcapng, section, interface and enhanced packet blocks). Link layers: Ethernet
with VLAN tags, Linux "cooked" v1 and v2, raw IP, BSD loopback. IPv4 and IPv6; fragments are
counted, not joined.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tocsin.errors import FormatError

__all__ = ["PCAPNG_MAGIC", "PCAP_MAGICS", "Skipped", "udp_payloads"]

# magic: (byte order, seconds a tick)
PCAP_MAGICS: dict[bytes, tuple[str, float]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_ORDER_MAGIC = b"\x1a\x2b\x3c\x4d"  # of a pcapng section, big-endian

# LINKTYPE_ values (tcpdump.org/linktypes.html)
NULL, ETHERNET, RAW, LOOP, COOKED, RAW_IPV4, RAW_IPV6, COOKED_2 = (
    0,
    1,
    101,
    108,
    113,
    228,
    229,
    276,
)
_RAW_IP = (RAW, RAW_IPV4, RAW_IPV6, 12, 14)
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_UDP = 17
LARGEST_PACKET = 262_144  # libpcap's MAXIMUM_SNAPLEN


@dataclass(slots=True)
class Skipped:
    """Packets that hold no payload for us, by reason."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1


def udp_payloads(
    data: bytes, name: str, skipped: Skipped
) -> Iterator[tuple[float, str, bytes]]:
    """Give (Unix time, "address:port" of the destination, payload) of each UDP datagram.

    Raises FormatError where the file's own structure is wrong; a last packet that is cut short
    is counted as skipped.
    """
    packets = (
        _pcapng(data, name, skipped) if data[:4] == PCAPNG_MAGIC else _pcap(data, name, skipped)
    )
    for time_s, link, packet in packets:
        found = _datagram(packet, link)
        if isinstance(found, str):
            skipped.add(found)
        else:
            yield time_s, found[0], found[1]


def _pcap(data: bytes, name: str, skipped: Skipped) -> Iterator[tuple[float, int, bytes]]:
    if len(data) < 24 or data[:4] not in PCAP_MAGICS:
        raise FormatError(f"{name} does not begin like a capture file", name=name)
    order, tick_s = PCAP_MAGICS[data[:4]]
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    head = struct.Struct(order + "IIII")
    at, end = 24, len(data)
    while at + 16 <= end:
        seconds, ticks, size, _ = head.unpack_from(data, at)
        at += 16
        if size > LARGEST_PACKET:
            raise FormatError(
                f"{name}: a packet of {size} octets at octet {at - 16}: damaged from there on",
                name=name,
                at=at - 16,
            )
        if at + size > end:
            break
        yield seconds + ticks * tick_s, link, data[at : at + size]
        at += size
    if at < end:
        skipped.add("cut short")


def _pcapng(data: bytes, name: str, skipped: Skipped) -> Iterator[tuple[float, int, bytes]]:
    order, at, end = "<", 0, len(data)
    interfaces: list[tuple[int, float, int]] = []
    while at + 12 <= end:
        if data[at : at + 4] == PCAPNG_MAGIC:
            order = ">" if data[at + 8 : at + 12] == _ORDER_MAGIC else "<"
            interfaces = []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or size % 4:
            raise FormatError(
                f"{name}: a block of {size} octets at octet {at}: damaged from there on",
                name=name,
                at=at,
            )
        if at + size > end:
            break
        body = data[at + 8 : at + size - 4]
        if kind == 1 and len(body) >= 8:
            interfaces.append(_interface(body, order))
        elif kind == 6 and len(body) >= 20:
            which, high, low, kept = struct.unpack_from(order + "IIII", body)
            if which >= len(interfaces) or 20 + kept > len(body):
                skipped.add("damaged packet block")
            else:
                link, tick_s, shift_s = interfaces[which]
                yield shift_s + (high << 32 | low) * tick_s, link, body[20 : 20 + kept]
        at += size
    if at < end:
        skipped.add("cut short")


def _interface(body: bytes, order: str) -> tuple[int, float, int]:
    """Return (link type, seconds a tick, offset in seconds) of an interface description."""
    link = struct.unpack_from(order + "H", body)[0]
    tick_s, shift_s, at = 1e-6, 0, 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 9 and len(value) == 1:  # if_tsresol
            tick_s = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == 14 and len(value) == 8:  # if_tsoffset
            shift_s = struct.unpack(order + "q", value)[0]
        at += 4 + (size + 3) // 4 * 4
    return link, tick_s, shift_s


def _datagram(packet: bytes, link: int) -> tuple[str, bytes] | str:
    """Return (destination, payload), or why there is none."""
    at, ether = _network_layer(packet, link)
    if ether == 0x0800 or (ether < 0 and packet[at : at + 1] and packet[at] >> 4 == 4):
        return _ipv4(packet, at)
    if ether == 0x86DD or (ether < 0 and packet[at : at + 1] and packet[at] >> 4 == 6):
        return _ipv6(packet, at)
    return "unknown link layer" if ether == _UNKNOWN_LINK else "not IP"


_UNKNOWN_LINK = -2


def _network_layer(packet: bytes, link: int) -> tuple[int, int]:
    """Return where the network layer starts and its EtherType (-1: see its version)."""
    if link in _RAW_IP:
        return 0, -1
    if link in (NULL, LOOP):
        return 4, -1
    if link == COOKED and len(packet) >= 16:
        return 16, packet[14] << 8 | packet[15]
    if link == COOKED_2 and len(packet) >= 20:
        return 20, packet[0] << 8 | packet[1]
    if link != ETHERNET:
        return len(packet), _UNKNOWN_LINK
    at = 12
    while at + 2 <= len(packet):
        ether = packet[at] << 8 | packet[at + 1]
        if ether not in _VLAN_TAGS:
            return at + 2, ether
        at += 4
    return len(packet), 0


def _ipv4(packet: bytes, at: int) -> tuple[str, bytes] | str:
    if len(packet) < at + 20:
        return "truncated packet"
    header = (packet[at] & 15) * 4
    if header < 20:
        return "truncated packet"
    if packet[at + 9] != _UDP:
        return "not UDP"
    if (packet[at + 6] << 8 | packet[at + 7]) & 0x3FFF:  # more fragments, or an offset
        return "fragment"
    address = ".".join(map(str, packet[at + 16 : at + 20]))
    return _udp(packet, at + header, address)


def _ipv6(packet: bytes, at: int) -> tuple[str, bytes] | str:
    if len(packet) < at + 40:
        return "truncated packet"
    if packet[at + 6] != _UDP:
        return "not UDP"
    groups = struct.unpack_from(">8H", packet, at + 24)
    return _udp(packet, at + 40, "[" + ":".join(f"{g:x}" for g in groups) + "]")


def _udp(packet: bytes, at: int, address: str) -> tuple[str, bytes] | str:
    if len(packet) < at + 8:
        return "truncated packet"
    port, size = struct.unpack_from(">2xHH", packet, at)
    if size < 8 or at + size > len(packet):
        return "truncated packet"
    return f"{address}:{port}", packet[at + 8 : at + size]
