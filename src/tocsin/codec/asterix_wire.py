"""ASTERIX as it comes from a wire: how long a message is, and drones under other names."""

from collections.abc import Callable

from tocsin.codec._asterix_frames import final_frames, oradis_messages, unframed
from tocsin.codec.asterix import renamed_uas

__all__ = ["UAS", "length_of", "renamed_frame"]

UAS = b"\x81"  # CAT129


def length_of(head: bytes, framing: str) -> int | None:
    """Return how many octets the message has that begins with these three; None where more of
    it is needed to tell, 0 where there can be no such message.
    """
    if framing in ("final-frame", "oradis"):
        if len(head) < 2:
            return None
        length, least = head[0] << 8 | head[1], 12 if framing == "final-frame" else 7
    else:
        if len(head) < 3:
            return None
        length, least = head[1] << 8 | head[2], 4
    return length if length >= least else 0


def renamed_frame(payload: bytes, framing: str, name_for: Callable[[str], str]) -> bytes:
    """Return a payload of the same length in which each drone has another serial number.

    framing as the site file names it, "" where it is to be seen in the bytes; name_for: see
    `renamed_uas`.
    """
    if UAS not in payload:
        return payload
    plain, _ = unframed(payload, framing)
    if plain is payload:
        return renamed_uas(payload, name_for)
    for take in (oradis_messages, final_frames):
        found, damage = take(payload)
        if b"".join(found) == plain and (found or damage):
            for message in found:
                payload = payload.replace(message, renamed_uas(message, name_for), 1)
            return payload
    return payload
