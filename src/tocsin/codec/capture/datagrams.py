"""UDP datagrams in captured packets.

Link layers (tcpdump.org/linktypes): Ethernet with VLAN tags, Linux "cooked" v1 and v2, raw IP,
BSD loopback. IPv4 (RFC 791) and IPv6 without extension headers (RFC 8200); fragments are not
joined.
"""

import struct

from tocsin.codec.capture._packet import LinkType, Packet

__all__ = ["datagram_of"]

_RAW_IP = (LinkType.RAW, LinkType.IPV4, LinkType.IPV6, 12, 14)  # 12, 14: what BSDs write
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_IPV4, _IPV6, _UDP = 0x0800, 0x86DD, 17
_BY_VERSION, _UNKNOWN_LINK = -1, -2  # in place of an EtherType


def datagram_of(packet: Packet) -> tuple[str, bytes] | str:
    """Return ("address:port" of the destination, payload), or why the packet holds none."""
    data = packet.data
    at, ether = _network_layer(data, packet.link_type)
    version = data[at] >> 4 if at < len(data) else 0
    if ether == _IPV4 or (ether == _BY_VERSION and version == 4):
        return _ipv4(data, at)
    if ether == _IPV6 or (ether == _BY_VERSION and version == 6):
        return _ipv6(data, at)
    return "unknown link layer" if ether == _UNKNOWN_LINK else "not IP"


def _network_layer(data: bytes, link: int) -> tuple[int, int]:
    """Return where the network layer starts and its EtherType."""
    if link in _RAW_IP:
        return 0, _BY_VERSION
    if link in (LinkType.NULL, LinkType.LOOP):
        return 4, _BY_VERSION
    if link == LinkType.LINUX_SLL and len(data) >= 16:
        return 16, data[14] << 8 | data[15]
    if link == LinkType.LINUX_SLL2 and len(data) >= 20:
        return 20, data[0] << 8 | data[1]
    if link != LinkType.ETHERNET:
        return len(data), _UNKNOWN_LINK
    at = 12
    while at + 2 <= len(data):
        ether = data[at] << 8 | data[at + 1]
        if ether not in _VLAN_TAGS:
            return at + 2, ether
        at += 4
    return len(data), 0


def _ipv4(data: bytes, at: int) -> tuple[str, bytes] | str:
    if len(data) < at + 20:
        return "truncated packet"
    header = (data[at] & 15) * 4
    if header < 20:
        return "truncated packet"
    if data[at + 9] != _UDP:
        return "not UDP"
    if (data[at + 6] << 8 | data[at + 7]) & 0x3FFF:  # more fragments, or an offset
        return "fragment"
    address = ".".join(map(str, data[at + 16 : at + 20]))
    return _udp(data, at + header, address)


def _ipv6(data: bytes, at: int) -> tuple[str, bytes] | str:
    if len(data) < at + 40:
        return "truncated packet"
    if data[at + 6] != _UDP:
        return "not UDP"
    groups = struct.unpack_from(">8H", data, at + 24)
    return _udp(data, at + 40, "[" + ":".join(f"{g:x}" for g in groups) + "]")


def _udp(data: bytes, at: int, address: str) -> tuple[str, bytes] | str:
    if len(data) < at + 8:
        return "truncated packet"
    port, size = struct.unpack_from(">2xHH", data, at)
    if size < 8 or at + size > len(data):
        return "truncated packet"
    return f"{address}:{port}", data[at + 8 : at + size]
