"""Events out of a stream or a datagram.

A stream holds XML documents one after another, or protobuf with 0xBF and a length before each
(TAK Protocol 1, streaming); a datagram holds one document, or 0xBF 0x01 0xBF and one message
(mesh). Both are told by their first octet.
"""

import re
from dataclasses import dataclass, field

from tocsin.codec.cot.protobuf import read_varint
from tocsin.model import Rejected

__all__ = ["LARGEST_EVENT", "MAGIC", "MESH", "CotStream", "split_into"]

LARGEST_EVENT = 65_536  # octets; an event of a track has less than 1,000
MAGIC = 0xBF
MESH = b"\xbf\x01\xbf"
_LENGTH_OCTETS = 5
_END = b"</event>"
# An event without anything inside ends with its own tag; attributes may hold a ">" in quotes.
_EMPTY = re.compile(rb"""<event(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*/>""")


@dataclass(slots=True)
class CotStream:
    """What of one connection has not ended yet. broken: why nothing more is read from it."""

    rest: bytearray = field(default_factory=bytearray)
    broken: str = ""


def split_into(
    stream: CotStream, data: bytes, *, source: str = ""
) -> list[tuple[str, bytes] | Rejected]:
    """Take a piece; return what it completes: ("xml" or "protobuf", octets without framing).

    Where an event is longer than LARGEST_EVENT, or neither kind begins, the stream ends: where
    the next event begins is unknown.
    """
    if stream.broken:
        return []
    stream.rest += data
    found: list[tuple[str, bytes] | Rejected] = []
    at = 0
    while not stream.broken:
        at = _skip_blanks(stream.rest, at)
        if at == len(stream.rest):
            break
        if stream.rest.startswith(MESH, at):
            found.append(("protobuf", bytes(stream.rest[at + len(MESH) :])))
            at = len(stream.rest)
        elif stream.rest[at] == MAGIC:
            kind, start, end = "protobuf", *_protobuf(stream, at)
        elif stream.rest[at] == 0x3C:  # <
            kind, start, end = "xml", at, _xml_end(stream.rest, at)
        else:
            stream.broken = f"what comes begins with octet {stream.rest[at]:#04x}"
            break
        if at == len(stream.rest):
            break
        if end < 0:
            if len(stream.rest) - at > LARGEST_EVENT:
                stream.broken = f"an event has more than {LARGEST_EVENT} octets"
            break
        if end > len(stream.rest):
            break
        found.append((kind, bytes(stream.rest[start:end])))
        at = end
    if stream.broken:
        raw = bytes(stream.rest[at : at + 64])
        found.append(Rejected(source, "out of step", stream.broken, raw))
        stream.rest.clear()
    else:
        del stream.rest[:at]
    return found


def _skip_blanks(data: bytearray, at: int) -> int:
    while at < len(data) and data[at] in b" \t\r\n\x00":
        at += 1
    return at


def _protobuf(stream: CotStream, at: int) -> tuple[int, int]:
    """Return (start, end) of the message that begins at a magic octet; end -1: not known."""
    head = bytes(stream.rest[at + 1 : at + 1 + _LENGTH_OCTETS])
    try:
        size, width = read_varint(head, 0)
    except ValueError:
        if len(head) == _LENGTH_OCTETS:
            stream.broken = "the length of a message does not end"
        return at, -1
    if size > LARGEST_EVENT:
        stream.broken = f"a message of {size} octets; at most {LARGEST_EVENT} are read"
        return at, -1
    return at + 1 + width, at + 1 + width + size


def _xml_end(data: bytearray, at: int) -> int:
    """Return the place behind the document that begins at `at`, -1 where it has not ended."""
    end = data.find(_END, at, at + LARGEST_EVENT)
    begin = data.find(b"<event", at, at + LARGEST_EVENT)
    if begin >= 0 and (empty := _EMPTY.match(data, begin)) and not 0 <= end < empty.end():
        return empty.end()
    return end + len(_END) if end >= 0 else -1
