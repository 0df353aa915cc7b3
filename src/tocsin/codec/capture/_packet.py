"""One captured packet, whatever file or stream it came in."""

from dataclasses import dataclass

__all__ = ["LinkType", "Packet"]


class LinkType:
    """Link-layer header types (the register at tcpdump.org/linktypes.html)."""

    NULL = 0
    ETHERNET = 1
    RAW = 101
    IEEE_802_11 = 105
    LOOP = 108
    LINUX_SLL = 113
    IEEE_802_11_RADIOTAP = 127
    IPV4 = 228
    IPV6 = 229
    BLUETOOTH_LE_LL = 251
    BLUETOOTH_LE_LL_WITH_PHDR = 256
    NORDIC_BLE = 272
    LINUX_SLL2 = 276


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as the capturing machine saw it.

    time_s: Unix UTC by that machine's clock, NaN where the file gives none; length: octets that
    were on the medium, of which `data` may hold fewer; fcs_octets: how many octets of frame
    check sequence the file says stand at the end of each packet (0: none, or it does not say).
    """

    time_s: float
    link_type: int
    data: bytes
    length: int
    fcs_octets: int = 0
