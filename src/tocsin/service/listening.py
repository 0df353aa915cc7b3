"""All sockets on which sensors are heard, opened from the site file."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tocsin.codec.cot import own_prefix
from tocsin.model import Node, Reply, Sensor
from tocsin.service.addresses import BROKERS, Address, parse_address
from tocsin.service.blocks import BLOCK_FORMAT, BlockSieve, NameFor
from tocsin.service.clock import Clock
from tocsin.service.conversation import Conversations
from tocsin.service.inbox import Inbox
from tocsin.service.mqtt import MqttReader
from tocsin.service.radio import RADIO_FORMAT, Mask, Sieve
from tocsin.service.secrets_folder import read_secret
from tocsin.service.tak import TAK_FORMAT, Rename, TakSieve
from tocsin.service.tcp import TcpCaller, TcpServer
from tocsin.service.tls import client_context, server_context
from tocsin.service.udp import UdpReader, kernel_drops_by_inode

__all__ = ["Listening", "open_all"]

AnySieve = Sieve | TakSieve | BlockSieve


class Listener(Protocol):
    """One address of one sensor."""

    address: Address

    @property
    def state(self) -> str: ...
    def start(self, loop: asyncio.AbstractEventLoop) -> None: ...
    def stop(self, loop: asyncio.AbstractEventLoop) -> None: ...
    def release(self) -> None: ...


class Listening:
    """The open addresses of a node."""

    def __init__(
        self,
        listeners: list[Listener],
        sieves: Sequence[AnySieve] = (),
        talks: Sequence[Conversations] = (),
    ) -> None:
        self._listeners = listeners
        self._sieves, self._talks = tuple(sieves), tuple(talks)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hear."""
        for talk in self._talks:
            talk.start()
        for listener in self._listeners:
            listener.start(loop)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear no more."""
        for listener in self._listeners:
            listener.stop(loop)
        self._listeners = []

    def release(self) -> None:
        """Let go of every address again, in the place of `start`."""
        for listener in self._listeners:
            listener.release()
        self._listeners = []

    def answer(self, replies: Sequence[Reply]) -> None:
        """Send sensors what they are answered, each on the connection that it came by."""
        for reply in replies:
            for talk in self._talks:
                talk.answer(reply)

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


CONVERSING = ("sapient",)  # formats whose sensors are answered


def open_all(
    node: Node,
    inbox: Inbox,
    clock: Clock,
    mask: Mask | None = None,
    rename: Rename | None = None,
    secrets: Path | None = None,
    mask_posts: Callable[[bytes, float], bytes] | None = None,
    name_uas: NameFor | None = None,
) -> Listening:
    """Open every address of every sensor once.

    Sensors that share an address are told apart by the codec; its frames bear the first one's
    id. What a radio captures is sifted first, and given other names by `mask`; what TAK sends
    likewise, by `rename`, what a broker brings by `mask_posts`, and drones in ASTERIX by
    `name_uas`. secrets: the folder of certificates. Raises ServiceError where a port is in
    use, SiteError where an address cannot be.
    """
    sources: dict[str, Sensor] = {}
    for sensor in node.sensors:
        for text in sensor.listen:
            if text != "http":
                sources.setdefault(text, sensor)
    own = own_prefix(node.number)
    sieves: dict[str, AnySieve] = {}
    for s in node.sensors:
        if s.format == RADIO_FORMAT:
            sieves[s.id] = Sieve(s.id, mask)
        elif s.format == TAK_FORMAT:
            sieves[s.id] = TakSieve(s.id, rename, own)
        elif s.format == BLOCK_FORMAT:
            sieves[s.id] = BlockSieve(s.id, s.framing, name_uas)
    folder = Path("secrets") if secrets is None else secrets
    contexts = {  # before any socket is open: one may be missing
        (s.tls, s.tls_clients): server_context(s.tls, s.tls_clients, folder)
        for s in sources.values()
        if s.tls and any(text.startswith("tcp-listen:") for text in s.listen)
    }
    calling = {
        text: client_context(s.tls, parse_address(text, s.id).authority, folder)
        for text, s in sources.items()
        if text.startswith("tls:")
    }
    listeners: list[Listener] = []
    talks: dict[str, Conversations] = {}
    with contextlib.ExitStack() as opened:  # where one cannot be, the others are let go of
        for text, sensor in sources.items():
            address = parse_address(text, sensor.id)
            if address.scheme in BROKERS:
                word = read_secret(sensor.secret, folder) if sensor.secret else ""
                context = None
                if address.scheme == "mqtts":
                    context = client_context("", address.authority, folder)
                sieve = sieves.get(sensor.id)
                listeners.append(
                    MqttReader(
                        address,
                        sensor.id,
                        inbox,
                        clock,
                        name=f"tocsin-{node.number}-{sensor.id}",
                        word=word,
                        tls=context,
                        mask=sieve.published if isinstance(sieve, Sieve) else mask_posts,
                    )
                )
                continue
            listener = _open(address, sensor.id, inbox, clock, sieves.get(sensor.id))
            opened.callback(listener.release)
            listeners.append(listener)
            if sensor.format in CONVERSING and isinstance(listener, TcpCaller | TcpServer):
                talk = talks.setdefault(sensor.id, Conversations(sensor.id, inbox, clock))
                listener.converse(talk)
            if sensor.tls and isinstance(listener, TcpServer):
                listener.secure(contexts[sensor.tls, sensor.tls_clients])
            if isinstance(listener, TcpCaller) and text in calling:
                listener.secure(calling[text])
        opened.pop_all()
    return Listening(listeners, tuple(sieves.values()), tuple(talks.values()))


def _open(
    address: Address,
    source: str,
    inbox: Inbox,
    clock: Clock,
    sieve: AnySieve | None,
) -> Listener:
    if address.scheme in ("tcp", "tls"):
        return TcpCaller(address, source, inbox, clock, sieve)
    if address.scheme == "tcp-listen":
        return TcpServer(address, source, inbox, clock, sieve)
    return UdpReader(address, source, inbox, clock, sieve)
