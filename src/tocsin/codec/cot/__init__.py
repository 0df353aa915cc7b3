"""Cursor on Target 2.0: XML, and the TAK Protocol version 1 (protobuf) of the same event."""

from tocsin.codec.cot.events import UNKNOWN_M, CotEvent, is_air, is_drop
from tocsin.codec.cot.framing import LARGEST_EVENT, MAGIC, CotStream, split_into
from tocsin.codec.cot.intake import (
    ADDRESS,
    decode_frame,
    decode_payload,
    event_frames,
    read_event,
)
from tocsin.codec.cot.outgoing import (
    TYPES,
    dropped,
    event_of,
    is_told_on,
    own_prefix,
    payloads_of,
)
from tocsin.codec.cot.protobuf import read_protobuf, write_protobuf
from tocsin.codec.cot.xml import read_xml, write_xml

__all__ = [
    "ADDRESS",
    "LARGEST_EVENT",
    "MAGIC",
    "TYPES",
    "UNKNOWN_M",
    "CotEvent",
    "CotStream",
    "decode_frame",
    "decode_payload",
    "dropped",
    "event_frames",
    "event_of",
    "is_air",
    "is_drop",
    "is_told_on",
    "own_prefix",
    "payloads_of",
    "read_event",
    "read_protobuf",
    "read_xml",
    "split_into",
    "write_protobuf",
    "write_xml",
]
