"""Datagrams: drained from the socket in one go, and the kernel's losses read back.

asyncio's stock datagram protocol lost 77-93 % of 200,000 datagrams a second, silently; a
reader that empties the socket with `recv_into` lost 0-5 %.
"""

import asyncio
import os
import socket
import struct
from pathlib import Path

from tocsin.errors import ServiceError
from tocsin.service.addresses import Address
from tocsin.service.blocks import BlockSieve
from tocsin.service.clock import Clock
from tocsin.service.inbox import Arrival, Inbox
from tocsin.service.radio import Sieve, lose
from tocsin.service.tak import TakSieve

__all__ = ["UdpReader", "kernel_drops_by_inode"]

DRAIN = 256  # datagrams at one go; then the loop may see to others
LAST_DRAINS = 1024  # at the end: more than a buffer holds; a flood would never let go
# Asked for; without CAP_NET_ADMIN Linux grants up to net.core.rmem_max. A datagram of 100
# octets takes some 800: 0.8 s of 200,000 a second, while other programs have the processors.
BUFFER_BYTES = 64 * 1024 * 1024
STAMPED = (
    16  # datagrams that share a time of arrival: 0.1 ms at most, at the rate that fills it
)
LARGEST = 65_535
SO_RCVBUFFORCE = (
    33  # socket(7): over rmem_max, for who may; the module socket has no name for it
)


class UdpReader:
    """One socket of one sensor. Raises ServiceError where it cannot be opened.

    sieve: of TAK, or of Remote ID by MAVLink, which are sifted before anything is stored; of
    ASTERIX, where drones are renamed.
    """

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        sieve: Sieve | TakSieve | BlockSieve | None = None,
    ) -> None:
        self.address = address
        self._source, self._inbox, self._clock, self._sieve = source, inbox, clock, sieve
        self._buffer = bytearray(LARGEST)
        self._view = memoryview(self._buffer)
        self._errors = 0
        try:
            self._socket = _open(address)
        except OSError as error:
            raise ServiceError(
                _refused(address, source, error), address=address.text
            ) from error
        self.inode = os.fstat(self._socket.fileno()).st_ino

    @property
    def state(self) -> str:
        """Return "listening", with the errors that the socket reported."""
        return f"listening ({self._errors} errors)" if self._errors else "listening"

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read whenever there is something."""
        loop.add_reader(self._socket.fileno(), self._drain)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take what is left and close."""
        loop.remove_reader(self._socket.fileno())
        for _ in range(LAST_DRAINS):
            if self._drain() < DRAIN:
                break
        self._socket.close()

    def release(self) -> None:
        """Let go of the socket, in the place of `start`."""
        self._socket.close()

    def _drain(self) -> int:
        """Take at most DRAIN datagrams; return how many there were."""
        arrivals: list[Arrival] = []
        receive, buffer, view = self._socket.recv_into, self._buffer, self._view
        path, source = self.address.text, self._source
        try:
            for _ in range(DRAIN // STAMPED):
                now_s = self._clock.now_s()
                for _ in range(STAMPED):
                    size = receive(buffer)
                    arrivals.append(Arrival(source, now_s, bytes(view[:size]), path))
        except BlockingIOError:
            pass
        except OSError:  # an ICMP error of somebody else's; the socket goes on
            self._errors += 1
        taken = len(arrivals)
        sieve = self._sieve
        if sieve is not None:
            arrivals = [kept for one in arrivals for kept in _sifted(sieve, one)]
        if arrivals:
            self._inbox.put_all(source, arrivals)
        return taken


def _sifted(sieve: Sieve | TakSieve | BlockSieve, datagram: Arrival) -> list[Arrival]:
    """Return what of a datagram may be stored. One that it fails on takes no other along."""
    payload: bytes | None = None
    try:
        if isinstance(sieve, TakSieve):
            stream = sieve.open(datagram.path)
            kept = stream.take(datagram.payload, datagram.arrival_s)
            stream.end()
            return kept
        if isinstance(sieve, BlockSieve):
            payload = sieve.renamed(datagram.payload, datagram.arrival_s)
        else:
            payload = sieve.datagram(datagram.payload, datagram.arrival_s)
    except Exception as error:
        lose(sieve.forgotten, sieve.source, error)
    if payload is None:
        return []
    datagram.payload = payload
    return [datagram]


def kernel_drops_by_inode() -> dict[int, int]:
    """Return the drop counter of every UDP socket, by inode (proc(5), /proc/net/udp)."""
    found: dict[int, int] = {}
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            lines = Path(name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # no IPv6, or not Linux: nothing is known
            continue
        for line in lines:
            words = line.split()
            found[int(words[9])] = int(words[12])
    return found


def _open(address: Address) -> socket.socket:
    family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        _widen(opened)
        if address.is_multicast:  # others on this machine may listen to the group as well
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address.host, address.port))
        if address.is_multicast:
            _join_group(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


def _widen(opened: socket.socket) -> None:
    """Ask for a buffer that holds a flood, while other work is done."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    except OSError:  # not Linux, or not CAP_NET_ADMIN: as much as net.core.rmem_max grants
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)


def _join_group(opened: socket.socket, address: Address) -> None:
    if address.is_ipv6:
        index = socket.if_nametoindex(address.interface) if address.interface else 0
        group = socket.inet_pton(socket.AF_INET6, address.host) + struct.pack("@I", index)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        return
    group = socket.inet_aton(address.host) + socket.inet_aton(address.interface or "0.0.0.0")  # noqa: S104 - any interface
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)


def _refused(address: Address, source: str, error: OSError) -> str:
    return (
        f"sensor {source!r} cannot listen on {address.text} ({error.strerror or error}); end "
        "the program that uses that port, or give the sensor another address in the site file"
    )
