"""One TCP or TLS connection that we call, with SAPIENT messages both ways; for one thread."""

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tocsin.model import Rejected

if TYPE_CHECKING:
    from tocsin.codec.outgoing_upward import Heard
    from tocsin.codec.sapient import FrameStream

__all__ = ["ParentSocket"]

CALL_S = 5.0  # to be answered, and for the parent to take what was sent
END_S = 1.0  # for the parent to hang up in its turn
VANISHED_MS = 10_000  # unacknowledged for so long: it is gone (Linux: TCP_USER_TIMEOUT)
MOST_READS = 16  # of READ octets in one look; the rest waits
READ = 65_536


class ParentSocket:
    """`call`, then `send` and `read`, until either raises OSError; then `close`."""

    def __init__(self, to: str, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(to)
        self._address, self._context = (parts.hostname or "", parts.port or 0), context
        self._socket: socket.socket | None = None
        self._stream: FrameStream | None = None

    def call(self) -> None:
        """Open the connection anew."""
        from tocsin.codec.sapient import FrameStream  # noqa: PLC0415 - loads kernels

        called = socket.create_connection(self._address, CALL_S)
        called.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        called.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            called.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MS)
        if self._context is not None:
            try:
                called = self._context.wrap_socket(called, server_hostname=self._address[0])
            except BaseException:
                called.close()
                raise
        self._socket, self._stream = called, FrameStream()

    def send(self, data: bytes) -> None:
        """Send octets. Raises OSError where the parent does not take them in CALL_S."""
        assert self._socket is not None
        self._socket.settimeout(CALL_S)
        self._socket.sendall(data)

    def read(self) -> "list[Heard]":
        """Return the messages that have come; does not wait. Raises OSError at the end."""
        from tocsin.codec.outgoing_upward import hear  # noqa: PLC0415
        from tocsin.codec.sapient import split_into  # noqa: PLC0415

        assert self._socket is not None
        assert self._stream is not None
        self._socket.settimeout(0.0)
        found: list[bytes | Rejected] = []
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            for _ in range(MOST_READS):
                piece = self._socket.recv(READ)
                if not piece and not found:
                    raise ConnectionResetError("the parent hung up")
                if not piece:
                    break  # its last words first
                found += split_into(self._stream, piece)
        if self._stream.broken:
            raise ConnectionAbortedError(f"the parent sent {self._stream.broken}")
        return [hear(data) for data in found if isinstance(data, bytes)]

    def end(self) -> None:
        """End the connection in good order: what was sent arrives before its end."""
        assert self._socket is not None
        with contextlib.suppress(OSError):
            self._socket.settimeout(END_S)
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()
            else:
                self._socket.shutdown(socket.SHUT_WR)
                while self._socket.recv(READ):
                    pass
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
