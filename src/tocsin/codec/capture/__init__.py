"""What sniffers write: pcap and pcapng, IEEE 802.11 and radiotap, Bluetooth Low Energy."""

from tocsin.codec.capture._packet import LinkType, Packet
from tocsin.codec.capture.bluetooth import (
    ACCESS_ADDRESS,
    Advertisement,
    crc24,
    read_advertisement,
    structures,
)
from tocsin.codec.capture.containers import (
    CaptureStream,
    is_capture,
    read_capture,
    read_capture_into,
    write_pcap,
)
from tocsin.codec.capture.datagrams import datagram_of
from tocsin.codec.capture.wifi import Management, elements, read_management

__all__ = [
    "ACCESS_ADDRESS",
    "Advertisement",
    "CaptureStream",
    "LinkType",
    "Management",
    "Packet",
    "crc24",
    "datagram_of",
    "elements",
    "is_capture",
    "read_advertisement",
    "read_capture",
    "read_capture_into",
    "read_management",
    "structures",
    "write_pcap",
]
