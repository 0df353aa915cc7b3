"""Captured bytes to declared reports, and what of a live capture may be kept.

A payload of the format "remote-id" is a capture file (pcap or pcapng) of any number of packets.
Live, `sift_into` runs before anything is stored: only frames recognised as Remote ID, and
received without errors, go on; the others are counted and forgotten.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tocsin.codec.capture import CaptureStream, Packet, read_capture, read_capture_into
from tocsin.codec.remoteid.broadcasts import Broadcast, find_broadcast
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
)
from tocsin.codec.remoteid.session import Heard, RemoteIdSession, hear_into
from tocsin.model import Rejected

__all__ = ["KINDS", "Sifted", "Taken", "sift_into", "take_into"]

# What decoded messages are counted as.
KINDS = {
    BasicId: "RID-BASIC-ID",
    Location: "RID-LOCATION",
    AuthPage: "RID-AUTHENTICATION",
    SelfId: "RID-SELF-ID",
    System: "RID-SYSTEM",
    OperatorId: "RID-OPERATOR-ID",
}


# A sniffer writes out what it holds every few seconds; more between is its clock's fault.
LONGEST_PIECE_S = 60.0


@dataclass(slots=True)
class Taken:
    """What a payload gave. heard: one a broadcast, with its arrival; broadcasts: the same as
    they were received; records: messages by kind; others: packets that are no Remote ID;
    repeated: the same Location again.
    """

    heard: list[tuple[float, Heard]] = field(default_factory=list)
    broadcasts: list[Broadcast] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    others: int = 0
    repeated: int = 0


@dataclass(slots=True)
class Sifted:
    """What of a live capture may be stored, and how much was not, by reason."""

    kept: list[Packet] = field(default_factory=list)
    others: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def take_into(
    session: RemoteIdSession,
    payload: bytes,
    arrival_s: float,
    *,
    source: str = "",
    is_known: Callable[[Broadcast], bool] | None = None,
) -> Taken:
    """Take a payload; its last packet arrived at arrival_s, those before it earlier by what the
    capture says lies between them. is_known: tells of a broadcast that it has come already, by
    another way; it is left out.
    """
    taken = Taken()
    packets: list[Packet] = []
    for item in read_capture(payload, source=source):
        if isinstance(item, Rejected):
            taken.rejected.append(item)
        else:
            packets.append(item)
    for packet in _at_arrival(packets, arrival_s):
        broadcast, refused = find_broadcast(packet, source=source)
        taken.rejected += refused
        if broadcast is None:
            taken.others += not refused
        elif is_known is None or not is_known(broadcast):
            _hear(session, taken, broadcast, source)
    return taken


def _at_arrival(packets: list[Packet], arrival_s: float) -> Iterable[Packet]:
    newest_s = max((p.time_s for p in packets if not math.isnan(p.time_s)), default=math.nan)
    for packet in packets:
        before_s = newest_s - packet.time_s
        is_known = 0.0 < before_s <= LONGEST_PIECE_S
        yield replace(packet, time_s=arrival_s - (before_s if is_known else 0.0))


def _hear(session: RemoteIdSession, taken: Taken, broadcast: Broadcast, source: str) -> None:
    taken.broadcasts.append(broadcast)
    for message in broadcast.messages:
        kind = KINDS[type(message)]
        taken.records[kind] = taken.records.get(kind, 0) + 1
    heard = hear_into(session, broadcast)
    if heard.refused:
        detail = f"{len(session.transmitters)} transmitters are heard already"
        taken.rejected.append(Rejected(source, "too many transmitters", detail))
    taken.repeated += heard.repeated
    taken.heard.append((broadcast.time_s, heard))


def sift_into(
    stream: CaptureStream, piece: bytes, arrival_s: float, *, source: str = ""
) -> Sifted:
    """Take a piece of a sniffer's live capture. A packet without a time gets arrival_s."""
    sifted = Sifted()
    for item in read_capture_into(stream, piece, source=source):
        if isinstance(item, Rejected):
            sifted.rejected.append(replace(item, raw=b""))
            continue
        broadcast, refused = find_broadcast(item, source=source)
        # Not even the octets of a refused frame are kept: they may be anybody's.
        sifted.rejected += [replace(refusal, raw=b"") for refusal in refused]
        if broadcast is not None:
            has_time = not math.isnan(item.time_s)
            sifted.kept.append(item if has_time else replace(item, time_s=arrival_s))
        elif not refused:
            sifted.others += 1
    return sifted
