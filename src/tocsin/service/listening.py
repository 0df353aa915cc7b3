"""All sockets on which sensors are heard, opened from the site file."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from tocsin.model import Node
from tocsin.service.addresses import Address, parse_address
from tocsin.service.clock import Clock
from tocsin.service.inbox import Inbox
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

    def __init__(self, listeners: list[Listener]) -> None:
        self._listeners = listeners

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

    def kernel_drops(self) -> dict[str, int]:
        """Return by address how many datagrams the kernel threw away for want of room."""
        drops = kernel_drops_by_inode()
        return {
            one.address.text: drops.get(one.inode, 0)
            for one in self._listeners
            if isinstance(one, UdpReader)
        }


_KINDS: dict[str, Callable[[Address, str, Inbox, Clock], Listener]] = {
    "udp": UdpReader, "tcp": TcpCaller, "tcp-listen": TcpServer,
}  # fmt: skip


def open_all(node: Node, inbox: Inbox, clock: Clock) -> Listening:
    """Open every address of every sensor once.

    Sensors that share an address are told apart by the codec; its frames bear the first one's
    id. Raises ServiceError where a port is in use, SiteError where an address cannot be.
    """
    sources: dict[str, str] = {}
    for sensor in node.sensors:
        for text in sensor.listen:
            if text != "http":
                sources.setdefault(text, sensor.id)
    listeners: list[Listener] = []
    for text, source in sources.items():
        address = parse_address(text, source)
        listeners.append(_KINDS[address.scheme](address, source, inbox, clock))
    return Listening(listeners)
