"""How a picture is carried to a partner: datagrams, a stream that we call, or a file.

Each is opened when something is to be sent and opened again after it failed; OSError says why
it did not go.
"""

import contextlib
import ipaddress
import socket
import ssl
import struct
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tocsin.model import Channel
from tocsin.service.handing_over import need_channel
from tocsin.service.mqtt import MqttCarrier
from tocsin.service.secrets_folder import read_secret
from tocsin.service.tls import client_context

__all__ = ["Carrier", "open_carrier"]

CALL_S = 5.0  # to be answered, and for a partner to take what was sent
MOST_READS = 64  # between two messages; the rest waits
GROUP_HOPS = 4  # how far a multicast datagram goes


class Carrier(Protocol):
    """Takes messages one after another. Used by the channel's own thread."""

    def send(self, payload: bytes) -> None: ...
    def close(self) -> None: ...


def open_carrier(channel: Channel, data: Path) -> Carrier:
    """Return what carries a channel's messages. Raises ServiceError for a certificate or a
    secret that is not there.
    """
    if channel.to.startswith("file:"):
        folder = data / channel.to.removeprefix("file:")
        return _File(folder / f"{channel.id}.{channel.kind}")
    parts = urlsplit(channel.to)
    address = (parts.hostname or "", parts.port or 0)
    if parts.scheme == "udp":
        interface = parse_qs(parts.query).get("interface", [""])[0]
        return _Datagrams(address, interface)
    if parts.scheme in ("mqtt", "mqtts"):
        need_channel(channel, data)
        word = read_secret(channel.secret, data / "secrets") if channel.secret else ""
        return MqttCarrier(channel, data, word)
    context = None
    if parts.scheme == "tls":
        context = client_context(channel.tls, channel.tls_authority, data / "secrets")
    return _Stream(address, context)


class _Datagrams:
    def __init__(self, address: tuple[str, int], interface: str) -> None:
        self._address, self._interface = address, interface
        self._socket: socket.socket | None = None
        self._to: Any = address

    def send(self, payload: bytes) -> None:
        if self._socket is None:
            self._open()
        assert self._socket is not None
        self._socket.sendto(payload, self._to)

    def _open(self) -> None:
        found = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)
        family, self._to = found[0][0], found[0][4]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(CALL_S)
        if family == socket.AF_INET and ipaddress.ip_address(self._to[0]).is_multicast:
            self._socket.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", GROUP_HOPS)
            )
            if self._interface:
                self._socket.setsockopt(
                    socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self._interface)
                )

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Stream:
    """What the partner sends on the same connection is read and thrown away."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None) -> None:
        self._address, self._context = address, context
        self._socket: socket.socket | None = None

    def send(self, payload: bytes) -> None:
        if self._socket is None:
            self._open()
        assert self._socket is not None
        self._throw_away()
        self._socket.settimeout(CALL_S)
        self._socket.sendall(payload)

    def _open(self) -> None:
        called = socket.create_connection(self._address, CALL_S)
        called.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        called.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            try:
                called = self._context.wrap_socket(called, server_hostname=self._address[0])
            except BaseException:
                called.close()
                raise
        self._socket = called

    def _throw_away(self) -> None:
        assert self._socket is not None
        self._socket.settimeout(0.0)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            for _ in range(MOST_READS):
                if not self._socket.recv(65_536):
                    raise ConnectionResetError("the partner hung up")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _File:
    """One file, always whole: the newest picture."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, payload: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._path.with_name(f".{self._path.name}.part")
        part.write_bytes(payload)
        part.replace(self._path)

    def close(self) -> None:
        pass
