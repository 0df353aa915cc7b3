"""Recordings of SAPIENT as frames: the stream of length-prefixed messages, or messages as JSON.

Each message is a frame of its own, at its own time; its path is the node that sent it, since a
recording of several connections holds them in one.
"""

import math
import re
from collections.abc import Callable, Iterator

from tocsin.codec._stamps import in_order
from tocsin.codec.sapient import FrameStream, frame, read_json, split_into
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.reports import seconds_of
from tocsin.codec.sapient.validate import is_uuid
from tocsin.model import Rejected

__all__ = ["is_json", "is_stream", "json_frames", "stream_frames"]

HEAD = 65_536  # octets that are looked at to tell what a file is
CHUNK = 1 << 16
LATEST_S = 1e11  # as of all times that a sensor says
_STAMP = 0x0A  # the first octet of a message: field 1, a message (sapient_message.proto)
# One message of several in a file begins where a line begins with a brace.
_NEXT = re.compile(rb"(?m)^\{")
_NAMES = (
    b'"nodeId"',
    b'"node_id"',
)  # mandatory in every message; both spellings are protobuf's


def is_stream(data: bytes) -> bool:
    """Tell whether data begins with a length and a message that names a node and a time."""
    size = int.from_bytes(data[:4], "little")
    if len(data) < 4 + size or size < 2 or data[4] != _STAMP:
        return False
    items = split_into(FrameStream(), data[: 4 + size])
    return bool(items) and _node_and_time(items[0])[0] != ""


def is_json(data: bytes) -> bool:
    """Tell whether data begins with a SAPIENT message as JSON."""
    head = data[:HEAD].lstrip()
    return head[:1] == b"{" and any(name in head for name in _NAMES) and b'"timestamp"' in head


def stream_frames(data: bytes, skipped: dict[str, int]) -> Iterator[tuple[float, str, bytes]]:
    """Give (time, path, length and message); skipped counts what was cut off at the end, and
    messages whose time cannot be.
    """

    def note(reason: str) -> None:
        skipped[reason] = skipped.get(reason, 0) + 1

    for time_s, (path, payload) in in_order(_timed_messages(data, note), note):
        yield time_s, path, payload


def _timed_messages(
    data: bytes, note: Callable[[str], None]
) -> Iterator[tuple[float, tuple[str, bytes]]]:
    stream = FrameStream()
    for at in range(0, len(data), CHUNK):
        for item in split_into(stream, data[at : at + CHUNK]):
            if isinstance(item, Rejected):
                note(item.reason)
                return
            path, time_s = _node_and_time(item)
            if time_s >= LATEST_S:
                note("impossible time")
            yield time_s if 0.0 < time_s < LATEST_S else math.nan, (path, frame(item))
    if stream.rest:
        note("truncated message")


def json_frames(data: bytes) -> Iterator[tuple[float, str, bytes]]:
    """Give the same of JSON; what is no message is given as it is, for the decoder to count."""
    found, newest_s = [], 0.0
    starts = [match.start() for match in _NEXT.finditer(data)] or [0]
    for start, stop in zip(starts, [*starts[1:], len(data)], strict=True):
        message = read_json(data[start:stop])
        payload = data[start:stop].strip()
        if not isinstance(message, Rejected):
            payload = message.SerializeToString()
        path, time_s = _node_and_time(payload)
        time_s = time_s if time_s < LATEST_S else 0.0
        newest_s = max(newest_s, time_s)
        found.append((time_s or newest_s, path, frame(payload[: 1 << 20])))
    found.sort(key=lambda item: item[0])
    yield from found


def _node_and_time(data: bytes | Rejected) -> tuple[str, float]:
    """Return a message's node ("" where it names none) and its time (0 where it has none)."""
    messages = load()
    try:
        message = messages.SapientMessage.FromString(data)
    except (messages.DecodeError, TypeError):
        return "", 0.0
    node_id = message.node_id.lower()
    return node_id if is_uuid(node_id) else "", max(0.0, seconds_of(message.timestamp))
