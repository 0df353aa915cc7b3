"""What recorders and carriers put around ASTERIX blocks: final-frame ("IOSS") and ORADIS.

Final-frame: two octets of total length, three of board and line, three of time of day in 10
ms, the data, four octets A5. ORADIS: a six-octet header of which the first two are the length
of the message with it; a datagram may hold several messages.
"""

from tocsin.codec._work import Work
from tocsin.codec.asterix import Held, decode_payloads
from tocsin.model import Frame, Sensor

__all__ = [
    "FRAMINGS", "decode_frames", "final_frames", "is_final_frame", "oradis_messages",
    "unframed",
]  # fmt: skip

FRAMINGS = ("raw", "final-frame", "oradis")
HEADER_OCTETS = 3  # of a block: category and length
HEADER, TAIL = 8, b"\xa5\xa5\xa5\xa5"
ORADIS_HEADER = 6
SURE = 8  # frames that must fit, or the whole file


def decode_frames(work: Work, frames: list[tuple[int, Frame, Sensor | None]]) -> None:
    """Take payloads (place in the batch, frame, sensor), without what their source's framing
    puts around the blocks.
    """
    held = []
    for index, frame, sensor in frames:
        framing = work.session.framings.get(frame.source) or (sensor.framing if sensor else "")
        payload, damage = unframed(frame.payload, framing)
        held.append(Held(index, frame, sensor, payload, framing, damage))
    decode_payloads(work, held)


def unframed(payload: bytes, framing: str) -> tuple[bytes, str]:
    """Return the blocks of one payload, and what ended them early ("" where nothing did).

    framing: one of FRAMINGS; "" takes a framing off where the payload surely has it.
    """
    if framing == "raw" or (not framing and _is_run(payload)):
        return payload, ""
    if framing == "oradis":
        found, damage = oradis_messages(payload)
        return b"".join(found), damage
    if framing == "final-frame":
        found, damage = final_frames(payload)
        return b"".join(found), damage
    return _sniffed(payload), ""


def final_frames(data: bytes) -> tuple[list[bytes], str]:
    """Return the payloads in turn, and what ended them early ("" where nothing did)."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        stop = at + length
        if length < HEADER + len(TAIL) or stop > len(data):
            return found, "truncated final frame"
        if data[stop - len(TAIL) : stop] != TAIL:
            return found, "final frame without its end"
        found.append(data[at + HEADER : stop - len(TAIL)])
        at = stop
    return found, ""


def is_final_frame(data: bytes) -> bool:
    """Tell whether the file starts with frames that close with their mark."""
    at = 0
    for _ in range(SURE):
        if at >= len(data):
            return at > 0
        length = int.from_bytes(data[at : at + 2], "big")
        stop = at + length
        if length < HEADER + len(TAIL) or data[stop - len(TAIL) : stop] != TAIL:
            return False
        at = stop
    return True


def oradis_messages(data: bytes) -> tuple[list[bytes], str]:
    """Return what ORADIS messages hold, and what ended them early ("" where nothing did)."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        if length <= ORADIS_HEADER or at + length > len(data):
            return found, "no ORADIS message"
        found.append(data[at + ORADIS_HEADER : at + length])
        at += length
    return found, ""


def _sniffed(payload: bytes) -> bytes:
    """Return the payload without a framing that it surely has.

    Sure: as it stands it is no run of blocks, and it is a run of messages whose lengths fit to
    the end, each with a run of blocks in it.
    """
    for take in (oradis_messages, final_frames):
        found, damage = take(payload)
        if found and not damage and all(map(_is_run, found)):
            return b"".join(found)
    return payload


def _is_run(payload: bytes) -> bool:
    """Tell whether a payload is blocks to its end: `blocks` would give one at least."""
    at, end = 0, len(payload)
    while end - at > HEADER_OCTETS:
        length = payload[at + 1] << 8 | payload[at + 2]
        if length <= HEADER_OCTETS:
            return False
        at += length
    return 0 < end == at
