"""Capture files and streams: pcap and pcapng to packets, and packets to pcap.

pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. A stream that lost its framing
(an impossible length) cannot be found again: it is refused with a reason, and so is the rest.
"""

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tocsin.codec.capture._packet import Packet
from tocsin.model import Rejected

__all__ = ["CaptureStream", "is_capture", "read_capture", "read_capture_into", "write_pcap"]

_PCAP_TICKS = {0xA1B2C3D4: 1_000_000, 0xA1B23C4D: 1_000_000_000}  # by magic number
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_BYTE_ORDER = 0x1A2B3C4D
_SECTION_MARK = b"\x0a\x0d\x0d\x0a"
_OPTION_RESOLUTION, _OPTION_FCS, _OPTION_OFFSET = 9, 13, 14
PACKET_LIMIT = 262_144  # octets; libpcap's own MAXIMUM_SNAPLEN
BLOCK_LIMIT = 4 * 1024 * 1024  # octets of one pcapng block; name tables are the largest
INTERFACE_LIMIT = 256
PACKET_HEAD, FILE_HEAD = 16, 24
PIECE = 1024 * 1024  # octets of a file that are taken apart at once
_HAS_FCS = 0x0400_0000  # in pcap's link type: its upper 4 bits count 2 octets of check sequence


@dataclass(slots=True)
class Interface:
    """One interface of a pcapng section; ticks_per_s is the resolution of its time stamps."""

    link_type: int
    snap_length: int = 0
    ticks_per_s: int = 1_000_000
    offset_s: int = 0
    fcs_octets: int = 0


@dataclass(slots=True)
class CaptureStream:
    """Between pieces of one capture. kind: "" (nothing read yet), "pcap", "pcapng", or
    "broken"; order: "<" or ">" as `struct` has it.
    """

    kind: str = ""
    order: str = "<"
    rest: bytes = b""
    interfaces: list[Interface] = field(default_factory=list)


def is_capture(data: bytes) -> bool:
    """Tell whether data begins like a pcap or pcapng file."""
    if data[:4] == _SECTION_MARK:
        return True
    return any(
        len(data) >= 4 and struct.unpack_from(f"{order}I", data)[0] in _PCAP_TICKS
        for order in "<>"
    )


def read_capture(data: bytes, *, source: str = "") -> Iterator[Packet | Rejected]:
    """Give the packets of a whole file; a file that ends within a packet ends in a refusal."""
    stream = CaptureStream()
    for at in range(0, len(data), PIECE):
        yield from read_capture_into(stream, data[at : at + PIECE], source=source)
        if stream.kind == "broken":
            return
    if stream.rest:
        detail = f"the capture ends {len(stream.rest)} octets into a packet"
        yield Rejected(source, "truncated capture", detail, stream.rest[:64])


def read_capture_into(
    stream: CaptureStream, data: bytes, *, source: str = ""
) -> list[Packet | Rejected]:
    """Take a piece of a capture; return the packets that it completes."""
    if stream.kind == "broken":
        return [Rejected(source, "capture lost", "after a broken packet", data[:64])]
    buffer = stream.rest + data if stream.rest else data
    found: list[Packet | Rejected] = []
    at = 0
    if not stream.kind:
        at = _begin_into(stream, buffer, source, found)
    if stream.kind == "pcap":
        at = _pcap_into(stream, buffer, at, source, found)
    elif stream.kind == "pcapng":
        at = _pcapng_into(stream, buffer, at, source, found)
    stream.rest = b"" if stream.kind == "broken" else bytes(buffer[at:])
    return found


def _lose(
    stream: CaptureStream, source: str, detail: str, raw: bytes, found: list[Packet | Rejected]
) -> None:
    stream.kind = "broken"
    found.append(Rejected(source, "capture broken", detail, raw[:64]))


def _begin_into(
    stream: CaptureStream, buffer: bytes, source: str, found: list[Packet | Rejected]
) -> int:
    """Read what the capture is; return where its first packet or block begins."""
    if len(buffer) < 4:
        return 0
    if buffer[:4] == _SECTION_MARK:
        stream.kind = "pcapng"
        return 0
    for order in "<>":
        ticks_per_s = _PCAP_TICKS.get(struct.unpack_from(f"{order}I", buffer)[0])
        if ticks_per_s is None:
            continue
        if len(buffer) < FILE_HEAD:
            return 0
        stream.kind, stream.order = "pcap", order
        snap_length, network = struct.unpack_from(f"{order}II", buffer, 16)
        fcs_octets = (network >> 28) * 2 if network & _HAS_FCS else 0
        stream.interfaces = [
            Interface(network & 0xFFFF, snap_length, ticks_per_s, fcs_octets=fcs_octets)
        ]
        return FILE_HEAD
    _lose(stream, source, "it begins like neither pcap nor pcapng", buffer, found)
    return 0


def _pcap_into(
    stream: CaptureStream, buffer: bytes, at: int, source: str, found: list[Packet | Rejected]
) -> int:
    face = stream.interfaces[0]
    head = struct.Struct(f"{stream.order}IIII")
    while at + PACKET_HEAD <= len(buffer):
        seconds, ticks, kept, length = head.unpack_from(buffer, at)
        if kept > PACKET_LIMIT:
            _lose(stream, source, f"a packet of {kept} octets", buffer[at : at + 64], found)
            return at
        end = at + PACKET_HEAD + kept
        if end > len(buffer):
            break
        time_s = seconds + ticks / face.ticks_per_s
        data = bytes(buffer[at + PACKET_HEAD : end])
        found.append(Packet(time_s, face.link_type, data, length, face.fcs_octets))
        at = end
    return at


def _pcapng_into(
    stream: CaptureStream, buffer: bytes, at: int, source: str, found: list[Packet | Rejected]
) -> int:
    while at + 12 <= len(buffer):
        if buffer[at : at + 4] == _SECTION_MARK:
            order = _byte_order(buffer, at + 8)
            if not order:
                _lose(stream, source, "a section without a byte order", buffer[at:], found)
                return at
            stream.order, stream.interfaces = order, []
        kind, size = struct.unpack_from(f"{stream.order}II", buffer, at)
        if size < 12 or size % 4 or size > BLOCK_LIMIT:
            detail = f"a block of {size} octets"
            _lose(stream, source, detail, buffer[at : at + 64], found)
            return at
        if at + size > len(buffer):
            break
        again = struct.unpack_from(f"{stream.order}I", buffer, at + size - 4)[0]
        if again != size:
            detail = f"a block says {size} octets before and {again} after"
            _lose(stream, source, detail, buffer[at : at + 64], found)
            return at
        item = _block_into(stream, kind, bytes(buffer[at + 8 : at + size - 4]), source)
        if item is not None:
            found.append(item)
        at += size
    return at


def _byte_order(buffer: bytes, at: int) -> str:
    for order in "<>":
        if struct.unpack_from(f"{order}I", buffer, at)[0] == _BYTE_ORDER:
            return order
    return ""


def _block_into(
    stream: CaptureStream, kind: int, body: bytes, source: str
) -> Packet | Rejected | None:
    """Take one block; return the packet in it, if it holds one."""
    order = stream.order
    if kind == _INTERFACE:
        return _interface_into(stream, body, source)
    if kind == _PACKET and len(body) >= 20:
        number, high, low, kept, length = struct.unpack_from(f"{order}IIIII", body)
        return _packet(stream, number, high << 32 | low, body[20:], kept, length, source)
    if kind == _OLD_PACKET and len(body) >= 20:
        number, _drops, high, low, kept, length = struct.unpack_from(f"{order}HHIIII", body)
        return _packet(stream, number, high << 32 | low, body[20:], kept, length, source)
    if kind == _SIMPLE_PACKET and len(body) >= 4:
        length = struct.unpack_from(f"{order}I", body)[0]
        snap = stream.interfaces[0].snap_length if stream.interfaces else 0
        kept = min(length, snap) if snap else length
        return _packet(stream, 0, None, body[4:], kept, length, source)
    if kind in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
        return Rejected(source, "broken packet block", f"{len(body)} octets", body[:64])
    return None


def _packet(
    stream: CaptureStream,
    number: int,
    ticks: int | None,
    data: bytes,
    kept: int,
    length: int,
    source: str,
) -> Packet | Rejected:
    if number >= len(stream.interfaces):
        detail = f"a packet of interface {number}, which is not described"
        return Rejected(source, "unknown interface", detail, data[:64])
    if kept > len(data):
        detail = f"{kept} octets said, {len(data)} there"
        return Rejected(source, "broken packet block", detail, data[:64])
    face = stream.interfaces[number]
    time_s = math.nan
    if ticks is not None:
        whole, part = divmod(ticks, face.ticks_per_s)
        time_s = face.offset_s + whole + part / face.ticks_per_s
    return Packet(time_s, face.link_type, data[:kept], length, face.fcs_octets)


def _interface_into(stream: CaptureStream, body: bytes, source: str) -> Rejected | None:
    if len(body) < 8 or len(stream.interfaces) >= INTERFACE_LIMIT:
        detail = f"interface {len(stream.interfaces)}; at most {INTERFACE_LIMIT} are read"
        return Rejected(source, "broken interface block", detail, body[:64])
    link_type, _, snap_length = struct.unpack_from(f"{stream.order}HHI", body)
    face = Interface(link_type, snap_length)
    for code, value in _options(body[8:], stream.order):
        if code == _OPTION_RESOLUTION and len(value) >= 1:
            power = value[0] & 0x7F
            face.ticks_per_s = 1 << power if value[0] & 0x80 else 10**power
        elif code == _OPTION_OFFSET and len(value) >= 8:
            face.offset_s = struct.unpack_from(f"{stream.order}q", value)[0]
        elif code == _OPTION_FCS and len(value) >= 1:
            face.fcs_octets = value[0] // 8
    stream.interfaces.append(face)
    return None


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(f"{order}HH", data, at)
        if code == 0 or at + 4 + size > len(data):
            return
        yield code, data[at + 4 : at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def write_pcap(packets: Iterable[Packet], *, link_type: int | None = None) -> bytes:
    """Return a pcap file (microseconds, little-endian) of packets of one link type.

    link_type: of a file that holds no packets. Raises ValueError for more than one link type or
    length of check sequence, for none at all, and for a packet without a time.
    """
    kept = list(packets)
    kinds = sorted({(packet.link_type, packet.fcs_octets) for packet in kept})
    if not kinds and link_type is not None:
        kinds = [(link_type, 0)]
    if len(kinds) != 1:
        raise ValueError(f"a pcap file holds packets of one link type; these are of {kinds}")
    network, fcs_octets = kinds[0]
    if fcs_octets:
        network |= _HAS_FCS | fcs_octets // 2 << 28
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, PACKET_LIMIT, network)]
    for packet in kept:
        if not 0.0 <= packet.time_s < 2.0**32 - 1.0:
            raise ValueError(f"a packet with the time {packet.time_s} cannot be written")
        whole, part = divmod(round(packet.time_s * 1e6), 1_000_000)
        out.append(struct.pack("<IIII", whole, part, len(packet.data), packet.length))
        out.append(packet.data)
    return b"".join(out)
