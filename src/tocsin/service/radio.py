"""Live captures of a radio: only frames recognised as Remote ID go on to the journal.

A sniffer beside a street hears everybody's telephone. Each piece of its capture is sifted here,
before anything is stored; what is no Remote ID, or was received with errors, is counted by
reason and forgotten. So that a receiver in a quiet sky is not taken for a dead one, a capture
without packets is handed on every LIFE_S while it sends.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

import structlog

from tocsin.codec.capture import CaptureStream, LinkType, Packet, write_pcap
from tocsin.codec.remoteid import read_dronescout, read_mavlink, sift_into
from tocsin.service.inbox import Arrival

__all__ = [
    "LOST", "NOT_RENAMED", "RADIO_FORMAT", "Forgotten", "Mask", "Sieve", "SiftedStream", "lose",
]  # fmt: skip

RADIO_FORMAT = "remote-id"  # in the site file
LIFE_S = 5.0  # service time; well below the 30 s after which a receiver counts as late
LATEST_S = 2.0**32 - 1.0  # Unix time that pcap can hold
OTHERS = "not Remote ID"
NOT_RENAMED = "could not be stored without names"
LOST = "lost by a fault of the service"

Mask = Callable[[Packet, float], Packet | None]

_log = structlog.get_logger("tocsin.radio")


class Forgotten:
    """How much was not stored, by reason."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()  # the status page is read on another thread

    def add(self, reason: str, n: int = 1) -> None:
        """Count n frames that are forgotten."""
        if n:
            with self._lock:
                self._counts[reason] = self._counts.get(reason, 0) + n

    def counts(self) -> dict[str, int]:
        """Return how many frames were forgotten, by reason."""
        with self._lock:
            return dict(sorted(self._counts.items()))


def lose(forgotten: Forgotten, source: str, error: Exception) -> None:
    """Count a payload that a sieve failed on: those behind it are heard all the same. The
    first is logged.
    """
    if LOST not in forgotten.counts():
        _log.error("a payload was lost", sensor=source, exc_info=error)
    forgotten.add(LOST)


class Sieve:
    """What was counted and forgotten of one receiver, by reason; all its streams together.

    mask: gives a packet (and its arrival) under other names, None for one that cannot be.
    """

    def __init__(self, source: str, mask: Mask | None = None) -> None:
        self.source = source
        self.mask = mask or (lambda packet, _: packet)
        self.forgotten = Forgotten()
        self._life_s = -LIFE_S

    def counts(self) -> dict[str, int]:
        """Return how many frames were forgotten, by reason."""
        return self.forgotten.counts()

    def open(self, path: str) -> "SiftedStream":
        """Return the sieve of one connection."""
        return SiftedStream(self, path)

    def published(self, body: bytes, arrival_s: float) -> bytes:
        """Return what a receiver published by a broker as a capture that may be stored: one
        without packets where nothing of it may.
        """
        packets, others = read_dronescout(body, arrival_s, note=self.forgotten.add)
        self.forgotten.add(OTHERS, others)
        return write_pcap(self.renamed(packets, arrival_s), link_type=LinkType.IEEE_802_11)

    def datagram(self, body: bytes, arrival_s: float) -> bytes | None:
        """Return what a datagram of MAVLink tells of drones as a capture that may be stored;
        None for nothing: a sign of life goes on every LIFE_S.
        """
        packets, others = read_mavlink(body, arrival_s, note=self.forgotten.add)
        self.forgotten.add(OTHERS, others)
        kept = self.renamed(packets, arrival_s)
        if not kept and abs(arrival_s - self._life_s) < LIFE_S:
            return None
        self._life_s = arrival_s
        return write_pcap(kept, link_type=LinkType.IEEE_802_11)

    def renamed(self, packets: list[Packet], arrival_s: float) -> list[Packet]:
        """Return packets under other names; those that cannot be are counted and left out."""
        found = []
        for packet in packets:
            try:
                renamed = self.mask(_storable(packet, arrival_s), arrival_s)
            except (ValueError, sqlite3.Error):  # it cannot be sent as it was heard, or named
                renamed = None
            if renamed is None:
                self.forgotten.add(NOT_RENAMED)
            else:
                found.append(renamed)
        return found


class SiftedStream:
    """One capture (pcap or pcapng) of a receiver, as it comes over one connection."""

    def __init__(self, sieve: Sieve, path: str) -> None:
        self._sieve, self._path = sieve, path
        self._stream = CaptureStream()
        self._life_s = -LIFE_S

    @property
    def broken(self) -> str:
        """Return why nothing more is read: the capture's framing is lost."""
        return "its capture lost its framing" if self._stream.kind == "broken" else ""

    def take(self, piece: bytes, arrival_s: float) -> list[Arrival]:
        """Return what of a piece may be stored."""
        source = self._sieve.source
        sifted = sift_into(self._stream, piece, arrival_s, source=source)
        self._sieve.forgotten.add(OTHERS, sifted.others)
        for refused in sifted.rejected:
            self._sieve.forgotten.add(refused.reason, refused.count)
        payloads = _captures(self._sieve.renamed(sifted.kept, arrival_s))
        if not payloads and self._stream.interfaces and self._is_life_due(arrival_s):
            payloads = [write_pcap([], link_type=self._stream.interfaces[0].link_type)]
        if payloads:
            self._life_s = arrival_s
        return [Arrival(source, arrival_s, payload, self._path) for payload in payloads]

    def _is_life_due(self, now_s: float) -> bool:
        return abs(now_s - self._life_s) >= LIFE_S


def _storable(packet: Packet, arrival_s: float) -> Packet:
    """A sniffer may have lost its clock; arrival rules then."""
    return packet if 0.0 <= packet.time_s < LATEST_S else replace(packet, time_s=arrival_s)


def _captures(packets: list[Packet]) -> list[bytes]:
    """Return files of neighbouring packets that one file can hold."""
    groups = groupby(packets, key=lambda packet: (packet.link_type, packet.fcs_octets))
    return [write_pcap(group) for _kind, group in groups]
