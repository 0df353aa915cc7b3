"""All sockets on which sensors are heard, opened from the site file."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from tocsin.errors import SiteError
from tocsin.model import Node
from tocsin.service.addresses import Address, parse_address
from tocsin.service.clock import Clock
from tocsin.service.inbox import Inbox
from tocsin.service.radio import RADIO_FORMAT, Sieve
from tocsin.service.tcp import TcpCaller, TcpServer
from tocsin.service.udp import UdpReader, kernel_drops_by_inode

__all__ = ["Listening", "open_all"]


class Listener(Protocol):
    """One address of one sensor."""

    address: Address

    @property
    def state(self) -> str: ...
    def start(self, loop: asyncio.AbstractEventLoop) -> None: ...
    def stop(self, loop: asyncio.AbstractEventLoop) -> None: ...


class Listening:
    """The open addresses of a node."""

    def __init__(self, listeners: list[Listener], sieves: Sequence[Sieve] = ()) -> None:
        self._listeners = listeners
        self._sieves = tuple(sieves)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hear."""
        for listener in self._listeners:
            listener.start(loop)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear no more."""
        for listener in self._listeners:
            listener.stop(loop)
        self._listeners = []

    def states(self) -> dict[str, str]:
        """Return what is known of each address, in words."""
        return {one.address.text: one.state for one in self._listeners}

    def forgotten(self) -> dict[str, dict[str, int]]:
        """Return by radio how many of its frames were not stored, by reason."""
        return {sieve.source: counts for sieve in self._sieves if (counts := sieve.counts())}

    def kernel_drops(self) -> dict[str, int]:
        """Return by address how many datagrams the kernel threw away for want of room."""
        drops = kernel_drops_by_inode()
        return {
            one.address.text: drops.get(one.inode, 0)
            for one in self._listeners
            if isinstance(one, UdpReader)
        }


def open_all(node: Node, inbox: Inbox, clock: Clock) -> Listening:
    """Open every address of every sensor once.

    Sensors that share an address are told apart by the codec; its frames bear the first one's
    id. What a radio captures is sifted first. Raises ServiceError where a port is in use,
    SiteError where an address cannot be.
    """
    sources: dict[str, str] = {}
    for sensor in node.sensors:
        for text in sensor.listen:
            if text != "http":
                sources.setdefault(text, sensor.id)
    sieves = {s.id: Sieve(s.id) for s in node.sensors if s.format == RADIO_FORMAT}
    listeners = [
        _open(parse_address(text, source), source, inbox, clock, sieves.get(source))
        for text, source in sources.items()
    ]
    return Listening(listeners, tuple(sieves.values()))


def _open(
    address: Address, source: str, inbox: Inbox, clock: Clock, sieve: Sieve | None
) -> Listener:
    if address.scheme == "tcp":
        return TcpCaller(address, source, inbox, clock, sieve)
    if address.scheme == "tcp-listen":
        return TcpServer(address, source, inbox, clock, sieve)
    if sieve is not None:
        raise SiteError(
            f"sensor {source!r} sends a radio's capture to {address.text}; that is a stream: "
            "write tcp://HOST:PORT to call the receiver, or tcp-listen://HOST:PORT",
            address=address.text,
        )
    return UdpReader(address, source, inbox, clock)
