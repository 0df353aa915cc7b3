"""What recorders and carriers put around ASTERIX blocks: final-frame ("IOSS") and ORADIS.

Final-frame: two octets of total length, three of board and line, three of time of day in 10
ms, the data, four octets A5. ORADIS: a six-octet header of which the first two are the length
of the message with it; a datagram may hold several messages.
"""

from tocsin.codec.asterix import Broken, blocks

__all__ = ["final_frames", "is_final_frame", "without_oradis"]

HEADER, TAIL = 8, b"\xa5\xa5\xa5\xa5"
ORADIS_HEADER = 6
SURE = 8  # frames that must fit, or the whole file


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


def without_oradis(payload: bytes) -> bytes:
    """Return the payload without ORADIS headers where it surely has them.

    Sure: as it stands it is no run of blocks, and it is a run of messages whose lengths fit to
    the end, each with a run of blocks in it.
    """
    if _is_run(payload):
        return payload
    inner: list[bytes] = []
    at = 0
    while at < len(payload):
        length = int.from_bytes(payload[at : at + 2], "big")
        body = payload[at + ORADIS_HEADER : at + length]
        if at + length > len(payload) or not _is_run(body):
            return payload
        inner.append(body)
        at += length
    return b"".join(inner)


def _is_run(payload: bytes) -> bool:
    try:
        return sum(1 for _ in blocks(payload)) > 0
    except Broken:
        return False
