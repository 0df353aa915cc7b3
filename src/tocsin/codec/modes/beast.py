"""Beast binary: Mode S over TCP, as Mode-S Beast, Radarcape, dump1090 and readsb speak it.

A message is 0x1A, a type ("1" Mode A/C with 2 octets, "2" Mode S short with 7, "3" Mode S long
with 14, "4" receiver status with 14), six octets of a 12 MHz counter, one of signal level, and
the frame; 0x1A inside is doubled. (Format description: Mode-S Beast wiki, "Mode-S Beast: Data
Output Formats".)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from tocsin.codec._paths import is_alone
from tocsin.codec._work import RAW_LIMIT, Work
from tocsin.codec.modes import _kernels_beast as kernels
from tocsin.codec.modes._kernels_beast import ESCAPE, HEAD, LONG, NOTHING, SHORT
from tocsin.codec.modes._take import Heard, Refusal, Run, mark_repeated_into, runs_of, take
from tocsin.model import Frame, Sensor

__all__ = ["ESCAPE", "SIZES", "Message", "decode_frames", "encode", "split"]

_ESCAPE = b"\x1a"
_PAIR = b"\x1a\x1a"
SIZES = {kernels.MODE_AC: 2, SHORT: 7, LONG: 14, kernels.STATUS: 14}
SHORTEST = 2 + HEAD + min(SIZES.values())  # octets of a message

# (type, counter, signal level, frame); type 0: octets that belong to no message
Message = tuple[int, int, int, bytes]


@dataclass(slots=True)
class _Cut:
    """A piece of a stream cut into events, as `split_into` gives them."""

    data: bytes
    kinds: NDArray[np.uint8]
    spans: NDArray[np.int64]
    frames: NDArray[np.int32]
    messages: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @property
    def rest(self) -> bytes:
        return self.data[int(self.ends[-1]) :]


def _cut(payloads: list[bytes]) -> _Cut:
    """Cut payloads of one path, which go on from one to the next."""
    data = b"".join(payloads)
    octets = np.frombuffer(bytearray(data), np.uint8)
    bounds = np.array([0, *accumulate(map(len, payloads))])
    ends = np.empty(len(payloads), np.int64)
    for octets_an_event in (SHORTEST, 1):  # more room only where much is no message
        room = len(data) // octets_an_event + 1
        kinds, spans = np.empty(room, np.uint8), np.empty((room, 2), np.int64)
        frames = np.empty(room, np.int32)
        messages = np.empty((room, kernels.WIDTH), np.uint8)
        n = kernels.split_into(octets, bounds, kinds, spans, frames, messages, ends)
        if n >= 0:
            break
    return _Cut(data, kinds[:n], spans[:n], frames[:n], messages[:n], ends)


def split(data: bytes) -> tuple[list[Message], bytes]:
    """Return the messages of a piece of a stream, and what has not ended yet.

    The rest is at most one message long. Octets that belong to none come as type 0.
    """
    cut = _cut([data])
    return list(_messages_of(cut)), cut.rest


def _messages_of(cut: _Cut) -> Iterator[Message]:
    spans, bodies = cut.spans.tolist(), cut.messages.tobytes()
    for i, kind in enumerate(cut.kinds.tolist()):
        if kind == NOTHING:
            start, stop = spans[i]
            yield 0, 0, 0, cut.data[start:stop]
        else:
            at = kernels.WIDTH * i
            body = bodies[at : at + HEAD + SIZES[kind]]
            yield kind, int.from_bytes(body[:6], "big"), body[6], body[HEAD:]


def encode(message: bytes, counter: int, *, signal: int = 128) -> bytes:
    """Return the Beast message of a Mode S frame of 7 or 14 octets.

    counter is of 12 MHz, of which 48 bits are sent; signal is 0 to 255.
    """
    if len(message) not in (7, 14):
        raise ValueError(f"a Mode S frame has 7 or 14 octets, this one {len(message)}")
    kind = b"2" if len(message) == 7 else b"3"
    body = (counter & 0xFFFFFFFFFFFF).to_bytes(6, "big") + bytes([signal]) + message
    return _ESCAPE + kind + body.replace(_ESCAPE, _PAIR)


def decode_frames(work: Work, held: list[tuple[int, Frame, Sensor | None]]) -> None:
    """Take pieces of TCP streams; the time of a message is that of its arrival."""
    for run in runs_of(held):
        heard, pieces = _hear(work, run)
        for number, (_, frame) in enumerate(run.frames):
            if not is_alone(work, frame, pieces[number], _frames_of):
                mark_repeated_into(work, run, heard, number)
        take(work, run, heard)


def _hear(work: Work, run: Run) -> tuple[Heard, list[bytes]]:
    """Return the messages of a run, and what ended with each of its frames."""
    by_path: dict[str, list[int]] = {}
    for number, (_, frame) in enumerate(run.frames):
        by_path.setdefault(frame.path, []).append(number)
    pieces, cuts = [b""] * len(run.frames), []
    for path, numbers in by_path.items():
        key = f"{run.source}\n{path}"
        begun = work.session.streams.pop(key, b"")
        payloads = [run.frames[number][1].payload for number in numbers]
        cut = _cut([begun + payloads[0], *payloads[1:]])
        if rest := cut.rest:
            work.session.streams[key] = rest
        start = 0
        for number, stop in zip(numbers, cut.ends.tolist(), strict=True):
            pieces[number], start = cut.data[start:stop], stop
        if len(by_path) > 1:
            cut.frames = np.array(numbers, np.int32)[cut.frames]
        cuts.append(cut)
    cut = cuts[0] if len(cuts) == 1 else _woven(cuts)
    arrivals_s = np.array([frame.arrival_s for _, frame in run.frames])
    heard = Heard(cut.kinds, cut.messages, cut.frames, arrivals_s[cut.frames])
    heard.refusals += _out_of_step(cut)
    return heard, pieces


def _woven(cuts: list[_Cut]) -> _Cut:
    """Return the events of several paths in the order of their frames."""
    starts = np.cumsum([0, *(len(cut.data) for cut in cuts[:-1])])
    frames = np.concatenate([cut.frames for cut in cuts])
    order = np.argsort(frames, kind="stable")
    return _Cut(
        b"".join(cut.data for cut in cuts),
        np.concatenate([cut.kinds for cut in cuts])[order],
        np.concatenate([cut.spans + at for cut, at in zip(cuts, starts, strict=True)])[order],
        frames[order],
        np.concatenate([cut.messages for cut in cuts])[order],
        cuts[0].ends,
    )


def _out_of_step(cut: _Cut) -> list[Refusal]:
    lost = (cut.kinds == NOTHING).nonzero()[0]
    if not lost.size:
        return []
    first = int(lost[0])
    start, stop = cut.spans[first].tolist()
    raw = cut.data[start : min(stop, start + RAW_LIMIT)]
    detail = "octets that belong to no message"
    return [Refusal((first, 0), "out of step", detail, raw, int(lost.size))]


def _frames_of(data: bytes) -> list[bytes]:
    return [message for kind, _, _, message in split(data)[0] if kind in (SHORT, LONG)]
