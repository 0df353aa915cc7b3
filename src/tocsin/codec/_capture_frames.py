"""Capture files (pcap, pcapng) as payloads that the decoders read, by what was captured.

A capture of a network holds UDP datagrams (ASTERIX); one of a radio holds Wi-Fi or Bluetooth
frames (Remote ID), each of which becomes a capture of its own.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tocsin.codec._stamps import in_order
from tocsin.codec.capture import (
    CaptureStream,
    LinkType,
    Packet,
    datagram_of,
    read_capture,
    read_capture_into,
    write_pcap,
)
from tocsin.errors import FormatError

__all__ = ["Skipped", "capture_format", "datagram_frames", "radio_frames"]

HEAD = 65_536  # octets that are looked at to tell what was captured
LATEST_S = 2.0**32 - 1.0  # Unix time that pcap can hold
_RADIO = (
    LinkType.IEEE_802_11, LinkType.IEEE_802_11_RADIOTAP, LinkType.BLUETOOTH_LE_LL,
    LinkType.BLUETOOTH_LE_LL_WITH_PHDR, LinkType.NORDIC_BLE,
)  # fmt: skip
_WORDS = {"truncated capture": "cut short", "broken packet block": "damaged packet block"}


@dataclass(slots=True)
class Skipped:
    """What a recording holds besides payloads, by reason."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1


def capture_format(data: bytes) -> str:
    """Return the format of a capture's payloads by its first packet: "remote-id" for a radio,
    else "asterix".
    """
    stream = CaptureStream()
    first = read_capture_into(stream, data[:HEAD])
    links = [item.link_type for item in first if isinstance(item, Packet)]
    links += [face.link_type for face in stream.interfaces]
    return "remote-id" if links and links[0] in _RADIO else "asterix"


def datagram_frames(
    data: bytes, name: str, skipped: Skipped
) -> Iterator[tuple[float, str, bytes]]:
    """Give (Unix time, "address:port" of the destination, payload) of each UDP datagram.

    Raises FormatError where the file's own structure is wrong; a last packet that is cut short
    is counted as skipped.
    """
    for packet in _packets(data, name, skipped):
        found = datagram_of(packet)
        if isinstance(found, str):
            skipped.add(found)
        else:
            yield packet.time_s, *found


def radio_frames(
    data: bytes, name: str, skipped: Skipped
) -> Iterator[tuple[float, str, bytes]]:
    """Give each radio frame as a capture of one packet, with its time; errors as above."""
    for packet in _packets(data, name, skipped):
        yield packet.time_s, "", write_pcap([packet])


def _packets(data: bytes, name: str, skipped: Skipped) -> Iterator[Packet]:
    """Give the packets with times that never step back: several interfaces do so a little."""
    for time_s, packet in in_order(_timed_packets(data, name, skipped), skipped.add):
        yield packet if packet.time_s == time_s else replace(packet, time_s=time_s)


def _timed_packets(data: bytes, name: str, skipped: Skipped) -> Iterator[tuple[float, Packet]]:
    for item in read_capture(data):
        if isinstance(item, Packet):
            if not (math.isnan(item.time_s) or 0.0 <= item.time_s < LATEST_S):
                skipped.add("impossible time")
                continue
            yield item.time_s, item
        elif item.reason == "capture broken":
            raise FormatError(f"{name}: {item.detail}: damaged from there on", name=name)
        else:
            skipped.add(_WORDS.get(item.reason, item.reason))
