"""Frames of one receiver, many at once: kernels judge and follow them, here they are counted.

What has an order in time stays in order: which aircraft was heard when, a receiver's clock,
and which refusal of a reason was the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.codec._clock import corrected, fault_of
from tocsin.codec._session import roster_index
from tocsin.codec._work import Work, add_rows, count, is_duplicate, reject
from tocsin.codec.modes import _kernels_follow as follow
from tocsin.codec.modes import _kernels_frames as judge
from tocsin.codec.modes._crc import parity_table
from tocsin.codec.modes._describe import describe, form_of
from tocsin.codec.modes._fleet import AIRCRAFT_LIMIT, grow_into, open_fleet
from tocsin.codec.modes._kernels_beast import HEAD, LONG, SHORT
from tocsin.codec.modes._tables import alphabet, tables
from tocsin.model import DetectionBatch, Frame, Report, Sensor

__all__ = [
    "Heard", "Refusal", "Run", "heard_of", "mark_repeated_into", "runs_of", "take",
]  # fmt: skip

DUPLICATE = 255  # kind of a message that has just come by another path
MOST_OCTETS = 256 * 1024  # at one go; a report takes some 350 in columns, a message 11 or more
OCTETS = {SHORT: 7, LONG: 14}
# Rows of `out` of `follow_into`, as columns of DetectionBatch.
_COLUMNS = (
    "lat_deg", "lon_deg", "alt_m", "vel_east_mps", "vel_north_mps", "vel_up_mps",
    "sigma_position_m", "sigma_alt_m", "sigma_velocity_mps", "time_s",
)  # fmt: skip
_REASONS = {
    judge.UNKNOWN_FORMAT: "unknown downlink format",
    judge.WRONG_LENGTH: "wrong frame length",
    judge.CHECKSUM: "checksum",
    judge.NO_ADDRESS: "no address",
    judge.CLOCK_FAULT: "clock fault",
    judge.TOO_MANY: "too many addresses",
    judge.GROUND_JUMP: "implausible position",
    judge.AIR_JUMP: "implausible position",
    judge.BEYOND_HORIZON: "implausible position",
}
_DAMAGED = (judge.UNKNOWN_FORMAT, judge.WRONG_LENGTH, judge.CHECKSUM)
_NAMES = (*(f"DF{form}" for form in range(judge.COMM_D + 1)), "MODE-AC", "BEAST-STATUS")


@dataclass(frozen=True, slots=True)
class Run:
    """Frames (place in the batch, frame) of one source in their order, and its sensor."""

    frames: list[tuple[int, Frame]]
    sensor: Sensor | None

    @property
    def source(self) -> str:
        return self.frames[0][1].source


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something refused n times; at: (message, 0) where the first came before that message,
    (message, 1) where it is the message, (message, 2) for what it reports.
    """

    at: tuple[int, int]
    reason: str
    detail: str
    raw: bytes = b""
    n: int = 1


@dataclass(slots=True)
class Heard:
    """Messages of a run, as `judge_into` takes them: frames has the number in the run of the
    frame of each, times_s when it was received: by the receiver's clock where is_stamped, else
    that of arrival.
    """

    kinds: NDArray[np.uint8]
    messages: NDArray[np.uint8]
    frames: NDArray[np.int32]
    times_s: NDArray[np.float64]
    is_stamped: bool = False
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class _Judged:
    """Columns of `judge_into` and `follow_into`, of one Heard."""

    whys: NDArray[np.uint8]
    takes: NDArray[np.uint8]
    said: NDArray[np.int64]
    tally: NDArray[np.int64]
    rows: NDArray[np.int32]


def runs_of(held: list[tuple[int, Frame, Sensor | None]]) -> Iterator[Run]:
    """Give the frames (place in the batch, frame, sensor) source by source, not too many at
    one go.
    """
    frames: list[tuple[int, Frame]] = []
    size = 0
    for number, (index, frame, sensor) in enumerate(held):
        frames.append((index, frame))
        size += len(frame.payload)
        is_last = number + 1 == len(held) or held[number + 1][1].source != frame.source
        if is_last or size >= MOST_OCTETS:
            yield Run(frames, sensor)
            frames, size = [], 0


def heard_of(messages: list[bytes], frames: list[int], times_s: list[float]) -> Heard:
    """Return messages of 7 or 14 octets as columns."""
    head, room = bytes(HEAD), OCTETS[LONG]
    rows = b"".join([head + message.ljust(room, b"\0") for message in messages])
    kinds = [SHORT if len(message) == OCTETS[SHORT] else LONG for message in messages]
    return Heard(
        np.array(kinds, np.uint8),
        np.frombuffer(bytearray(rows), np.uint8).reshape(len(messages), HEAD + room),
        np.array(frames, np.int32),
        np.array(times_s, np.float64),
    )


def message_at(heard: Heard, i: int) -> bytes:
    """Return a message's frame of 7 or 14 octets."""
    octets = OCTETS[int(heard.kinds[i])]
    return heard.messages[i, HEAD : HEAD + octets].tobytes()


def mark_repeated_into(work: Work, run: Run, heard: Heard, number: int) -> None:
    """Mark messages of a frame of the run that have just come by another path."""
    first, stop = np.searchsorted(heard.frames, (number, number + 1)).tolist()
    for i in range(first, stop):
        is_message = int(heard.kinds[i]) in OCTETS
        if is_message and is_duplicate(work, run.frames[number][1], message_at(heard, i)):
            heard.kinds[i] = DUPLICATE


def take(work: Work, run: Run, heard: Heard) -> None:
    """Take the messages of a run: count them, follow who speaks, and add what they report."""
    n = len(heard.kinds)
    judged = _Judged(
        np.empty(n, np.uint8), np.empty(n, np.uint8), np.empty(n, np.int64),
        np.zeros((judge.TALLY, 2), np.int64), np.empty(n, np.int32),
    )  # fmt: skip
    squitters = judge.judge_into(
        heard.kinds, heard.messages, parity_table(), judged.whys, judged.takes, judged.said,
        judged.tally,
    )  # fmt: skip
    there = judged.tally[:, judge.NUMBER].nonzero()[0].tolist()
    found = [(first, row, n) for row in there for n, first in [judged.tally[row].tolist()]]
    for _, row, number in sorted(found):
        count(work, _NAMES[row], number)
    times_s = _settled(work, run, heard, judged)
    batch = _followed(work, run, heard, judged, times_s, squitters)
    if work.trace is not None:
        _trace_into(work.trace, heard, judged, batch)
    refusals = [*heard.refusals, *_refusals(run, heard, judged)]
    if len(batch):
        place, events = roster_index(work.session, run.source), (judged.rows >= 0).nonzero()[0]
        if place < 0:
            detail = f"{run.source} is not in the site file"
            at = int(events[0]), 2
            refusals.append(Refusal(at, "too many sensors", detail, n=len(batch)))
        else:
            frames = heard.frames[events]
            batch.sensor[:] = place
            batch.arrival_s[:] = _arrivals_s(run)[frames]
            batch.journal_frame[:] = np.array([place for place, _ in run.frames])[frames]
            add_rows(work, batch)
    for one in sorted(refusals, key=lambda refusal: refusal.at):
        reject(work, run.source, one.reason, one.detail, one.raw, n=one.n)


def _arrivals_s(run: Run) -> NDArray[np.float64]:
    return np.array([frame.arrival_s for _, frame in run.frames])


def _settled(work: Work, run: Run, heard: Heard, judged: _Judged) -> NDArray[np.float64]:
    """Return the times of messages; a time of its own is corrected where the receiver's clock
    is wrong, and the message refused where it is at fault.
    """
    if not (heard.is_stamped and work.session.live):
        return heard.times_s
    arrivals_s = _arrivals_s(run)[heard.frames]
    own = (judged.takes == judge.SQUITTER) & (heard.times_s != arrivals_s)
    times_s = heard.times_s
    if own.any():
        times_s = times_s.copy()
    for i in own.nonzero()[0].tolist():
        time_s = corrected(work, run.source, float(times_s[i]), float(arrivals_s[i]))
        if time_s is None:
            judged.takes[i], judged.whys[i] = 0, judge.CLOCK_FAULT
        else:
            times_s[i] = time_s
    return times_s


def _followed(
    work: Work, run: Run, heard: Heard, judged: _Judged, times_s: NDArray[np.float64], room: int
) -> DetectionBatch:
    """Return what is reported, and learn it: where each row comes from is in judged.rows.

    room: how many rows there can be.
    """
    fleets, n = work.session.fleets, len(heard.kinds)
    fleet = fleets.get(run.source)
    if fleet is None:
        if not room:
            judged.rows[:] = -1
            return DetectionBatch.blank(0)
        fleet = fleets[run.source] = open_fleet()
    sensor = run.sensor
    has_pose = sensor is not None and sensor.lat is not None and sensor.lon is not None
    pose = np.array([sensor.lat, sensor.lon] if sensor and has_pose else [np.nan, np.nan])
    counts = np.array([fleet.count, 0])
    out, flags = np.full((follow.NUMBERS, room), np.nan), np.zeros(room, np.uint16)
    alt_refs, nics = np.zeros(room, np.uint8), np.full(room, -1, np.int8)
    texts = [np.zeros((room, octets), np.uint8) for octets in (24, 8, 4)]
    at: int | np.int64 = 0
    while True:
        at = follow.follow_into(
            at, AIRCRAFT_LIMIT, counts, judged.takes, judged.said, heard.messages, times_s,
            pose, tables(), alphabet(), fleet.slots, fleet.keys, fleet.marks, fleet.values,
            fleet.names, judged.whys, judged.rows, out, alt_refs, nics, flags, *texts,
        )  # fmt: skip
        fleet.count, rows = counts.tolist()
        if at == n:
            break
        grow_into(fleet)
    batch = DetectionBatch.blank(rows)
    if rows:
        for name, column in zip(_COLUMNS, out, strict=True):
            setattr(batch, name, column[:rows])
        batch.report[:] = Report.DECLARED
        batch.alt_ref, batch.nic, batch.flags = alt_refs[:rows], nics[:rows], flags[:rows]
        batch.declared_id = texts[0][:rows].view("S24")[:, 0]
        batch.callsign = texts[1][:rows].view("S8")[:, 0]
        batch.category = texts[2][:rows].view("S4")[:, 0]
    return batch


def _trace_into(
    trace: list[dict[str, Any]], heard: Heard, judged: _Judged, batch: DetectionBatch
) -> None:
    """Add each intact frame in words, with the place that came of it."""
    for i in range(len(heard.kinds)):
        if int(heard.kinds[i]) not in OCTETS or judged.whys[i] in _DAMAGED:
            continue
        message, row = message_at(heard, i), judged.rows[i]
        time_s = float(heard.times_s[i])
        trace.append({"record": f"DF{form_of(message)}", "time_s": time_s, **describe(message)})
        if row >= 0 and not np.isnan(batch.lat_deg[row]):
            place = {"lat_deg": batch.lat_deg[row].item(), "lon_deg": batch.lon_deg[row].item()}
            trace[-1] |= place


def _refusals(run: Run, heard: Heard, judged: _Judged) -> list[Refusal]:
    """Return a refusal for each kind of why, at its first message."""
    if not np.count_nonzero(judged.whys):
        return []
    found = []
    for why, n in enumerate(np.bincount(judged.whys).tolist()):
        if why and n:
            first = int((judged.whys == why).argmax())
            found.append(_refusal(run, heard, why, first, n))
    return found


def _refusal(run: Run, heard: Heard, why: int, i: int, n: int) -> Refusal:
    message, time_s = message_at(heard, i), float(heard.times_s[i])
    details = {
        judge.UNKNOWN_FORMAT: f"format {form_of(message)}",
        judge.WRONG_LENGTH: f"{len(message)} octets",
        judge.CHECKSUM: f"DF{form_of(message)}",
        judge.NO_ADDRESS: message[1:4].hex(),
        judge.CLOCK_FAULT: fault_of(
            run.source, time_s, run.frames[heard.frames[i]][1].arrival_s
        ),
        judge.TOO_MANY: f"{AIRCRAFT_LIMIT} are kept",
        judge.GROUND_JUMP: "a jump on the ground",
        judge.AIR_JUMP: "a jump that no aircraft flies",
        judge.BEYOND_HORIZON: "beyond the receiver's horizon",
    }
    raw = message if why <= judge.CLOCK_FAULT else b""
    return Refusal((i, 1), _REASONS[why], details[why], raw, n)
