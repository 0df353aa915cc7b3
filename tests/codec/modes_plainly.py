"""The plain twin of Mode S to columns: message by message, with the readers of single messages.

It is slow and says what the fast way must say: the same rows to the bit, the same refusals with
the same words and octets, and the same counters.
"""

import msgspec
from tests.codec.modes_plainly_crafts import AIRCRAFT_LIMIT, LONG, SHORT, take_frame

from tocsin.codec._coverage import tick_into
from tocsin.codec._decode import Decoded
from tocsin.codec._paths import is_alone
from tocsin.codec._session import Session, roster_index
from tocsin.codec._work import (
    Work,
    count,
    health_of,
    is_duplicate,
    reject,
    rows,
)
from tocsin.codec.modes import parse_avr
from tocsin.model import Batch, Node

LINE_LIMIT = 4096
ESCAPE, HEAD = 0x1A, 7
SIZES = {49: 2, 50: 7, 51: 14, 52: 14}
KINDS = {49: "MODE-AC", 52: "BEAST-STATUS"}


class PlainWork(Work):
    """A Work that knows the aircraft of each receiver, and how many it may know."""

    crafts: dict
    limit: int


class Plainly:
    """A session beside the session: what the twin remembers of aircraft."""

    def __init__(self, session: Session, limit: int = AIRCRAFT_LIMIT) -> None:
        self.session, self.limit = session, limit
        self.crafts: dict = {}

    def decode(self, node: Node, batch: Batch) -> Decoded:
        """Take a batch of Mode S frames as `decode_into` does."""
        session, sensors = self.session, {sensor.id: sensor for sensor in node.sensors}
        work = PlainWork(session, node, batch.now_s, sensors)
        work.crafts, work.limit = self.crafts, self.limit
        for sensor_id in sensors:
            roster_index(session, sensor_id)
        ordered = sorted(batch.frames, key=lambda f: (f.source, f.sequence, f.path))
        for index, frame in enumerate(ordered):
            work.frame_index = index
            health = health_of(session, frame.source)
            health.frames += 1
            if not frame.arrival_s <= health.heard_s:
                health.heard_s = frame.arrival_s
            sensor = sensors.get(frame.source)
            name = session.formats.get(frame.source) or (sensor.format if sensor else "")
            READ[name](work, frame, sensor)
        tick_into(work)
        return Decoded(
            detections=rows(work), coverages=tuple(work.coverages), acts=(), record_acts=(),
            rejected=tuple(work.rejected.values()), records=work.records,
            duplicates=work.duplicates,
        )  # fmt: skip


def _begun(work, frame):
    return work.session.streams.pop(f"{frame.source}\n{frame.path}", b"") + frame.payload


def _keep(work, frame, rest):
    if rest:
        work.session.streams[f"{frame.source}\n{frame.path}"] = rest


def read_beast(work, frame, sensor):
    """Take a piece of a TCP stream; the time of a message is that of arrival."""
    data = _begun(work, frame)
    found, rest = split(data)
    _keep(work, frame, rest)
    alone = is_alone(work, frame, data[: len(data) - len(rest)], _frames_of)
    for kind, message in found:
        if kind in (50, 51):
            if alone or not is_duplicate(work, frame, message):
                take_frame(work, frame, sensor, message, frame.arrival_s)
        elif kind:
            count(work, KINDS[kind])
        else:
            detail = "octets that belong to no message"
            reject(work, frame.source, "out of step", detail, message)


def _frames_of(data):
    return [message for kind, message in split(data)[0] if kind in (50, 51)]


def _lines(work, frame):
    *lines, rest = _begun(work, frame).split(b"\n")
    if rest.strip():
        if len(rest) > LINE_LIMIT:
            reject(work, frame.source, "line too long", f"over {LINE_LIMIT} octets", rest)
        else:
            _keep(work, frame, rest)
    return [line.strip() for line in lines if line.strip()]


def read_avr(work, frame, sensor):
    for line in _lines(work, frame):
        parsed = parse_avr(line)
        if parsed is None:
            reject(work, frame.source, "not a frame", "expected a line such as *8D...;", line)
            continue
        if not is_duplicate(work, frame, parsed[1]):
            take_frame(work, frame, sensor, parsed[1], frame.arrival_s)


class _Line(msgspec.Struct):
    timestamp: float
    frame: str


def read_jsonl(work, frame, sensor):
    for line in _lines(work, frame):
        try:
            said = msgspec.json.decode(line, type=_Line)
            message = bytes.fromhex(said.frame)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            reject(work, frame.source, "not a frame", str(error), line)
            continue
        if len(message) not in (SHORT, LONG) or not abs(said.timestamp) < 1e11:
            reject(work, frame.source, "not a frame", "a length of 14 or 28 digits", line)
            continue
        if not is_duplicate(work, frame, message):
            take_frame(work, frame, sensor, message, said.timestamp)


READ = {"avr": read_avr, "beast": read_beast, "modes-jsonl": read_jsonl}


def split(data):
    """Return the messages of a piece of a stream, and what has not ended yet.

    The rest is at most one message long. Octets that belong to none come as type 0.
    """
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while at < end:
        if data[at] != ESCAPE:
            start = data.find(b"\x1a", at)
            start = end if start < 0 else start
            found.append((0, data[at:start]))
            at = start
            continue
        if at + 1 >= end:
            break
        size = SIZES.get(data[at + 1])
        if size is None:
            skip = 2 if data[at + 1] == ESCAPE else 1
            found.append((0, data[at : at + skip]))
            at += skip
            continue
        body, stop = _body(data, at + 2, HEAD + size)
        if body is None:
            if stop >= end:
                break
            found.append((0, data[at:stop]))
            at = stop
            continue
        found.append((data[at + 1], body[HEAD:]))
        at = stop
    return found, data[at:]


def _body(data, at, size):
    """Return `size` octets with the doubling undone and where they end; None where they are cut
    short, by the end of the data or by the start of another message (whose place is given).
    """
    body = data[at : at + size]
    if b"\x1a" not in body:
        return (body, at + size) if len(body) == size else (None, len(data))
    out = bytearray()
    end = len(data)
    while len(out) < size:
        if at >= end:
            return None, end
        octet = data[at]
        if octet == ESCAPE:
            if at + 1 >= end:
                return None, end
            if data[at + 1] != ESCAPE:
                return None, at
            at += 1
        out.append(octet)
        at += 1
    return bytes(out), at
