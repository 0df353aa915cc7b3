"""SAPIENT on TCP: four octets of length, little-endian, then one message (BSI Flex 335 v2)."""

import math
from dataclasses import dataclass, field

from tocsin.model import Rejected

__all__ = ["HEAD", "LARGEST_MESSAGE", "FrameStream", "frame", "split_into", "whole"]

LARGEST_MESSAGE = 1 << 20  # octets; the reference middleware's limit is the same
HEAD = 4  # octets of the length
XML = " (it begins like the XML of SAPIENT 6 and older: set the node to BSI Flex 335 v2.0)"


@dataclass(slots=True)
class FrameStream:
    """What of one connection has not ended yet. broken: why nothing more is read from it; the
    connection is to be closed. opened_s: when its first octet came; begun_s: the same of the
    message that has not ended, NaN where none is under way; refused: messages in a row that
    were of no use.
    """

    rest: bytearray = field(default_factory=bytearray)
    broken: str = ""
    opened_s: float = math.nan
    begun_s: float = math.nan
    refused: int = 0


def split_into(stream: FrameStream, data: bytes, *, source: str = "") -> list[bytes | Rejected]:
    """Take a piece of the stream; return the messages that it completes.

    A length above LARGEST_MESSAGE is refused before any of it is kept: where the next message
    begins is unknown, so the stream ends there.
    """
    if stream.broken:
        return []
    stream.rest += data
    found: list[bytes | Rejected] = []
    at, end = 0, len(stream.rest)
    while end - at >= HEAD:
        size = int.from_bytes(stream.rest[at : at + HEAD], "little")
        if size > LARGEST_MESSAGE:
            stream.broken = f"a message of {size} octets; at most {LARGEST_MESSAGE} are read"
            if stream.rest[at : at + 1] == b"<":
                stream.broken += XML
            raw = bytes(stream.rest[at : at + 64])
            found.append(Rejected(source, "message too long", stream.broken, raw))
            stream.rest.clear()
            return found
        if end - at - HEAD < size:
            break
        found.append(bytes(stream.rest[at + HEAD : at + HEAD + size]))
        at += HEAD + size
    del stream.rest[:at]
    return found


def whole(data: bytes, at: int) -> int:
    """Return the octets of the message whose length stands at a place; -1 where it is not
    whole, or longer than LARGEST_MESSAGE.
    """
    size = int.from_bytes(data[at : at + HEAD], "little")
    is_whole = size <= LARGEST_MESSAGE and at + HEAD + size <= len(data)
    return size if is_whole and at + HEAD <= len(data) else -1


def frame(message: bytes) -> bytes:
    """Return a message with its length before it. Raises ValueError for one too long."""
    if len(message) > LARGEST_MESSAGE:
        raise ValueError(f"{len(message)} octets; a message has at most {LARGEST_MESSAGE}")
    return len(message).to_bytes(HEAD, "little") + message
