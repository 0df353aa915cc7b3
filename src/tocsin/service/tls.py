"""Streams under TLS: our certificate, and whose certificates may call.

The handshake is done here and not by the event loop, whose servers drop a caller without a
word of why. `Secured` stands between the socket's transport and the stream, and is to each what
the other expects.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import structlog

from tocsin.errors import ServiceError
from tocsin.service.stream import Stream

__all__ = ["Secured", "client_context", "server_context"]

HANDSHAKE_S = 10.0  # from the call to the last message of the handshake
READ = 65_536

_log = structlog.get_logger("tocsin.tls")


def server_context(name: str, clients: str, folder: Path) -> ssl.SSLContext:
    """Return what a listener needs: folder/NAME.crt (with its chain) and folder/NAME.key.

    clients: the name of a file with certificates of authorities; a caller must show one that
    they have signed; "": none is asked for. Raises ServiceError with what would be right.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    at = folder / f"{name}.crt"
    try:
        context.load_cert_chain(at, folder / f"{name}.key")
        if clients:
            at = folder / f"{clients}.crt"
            context.load_verify_locations(at)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise ServiceError(
            f"the certificate {at} or its key cannot be used: {error.strerror or error}; put "
            f"PEM files {name}.crt and {name}.key into {folder}, and the authorities of "
            "callers beside them",
            path=str(at),
        ) from error
    return context


def client_context(name: str, authority: str, folder: Path) -> ssl.SSLContext:
    """Return what a call needs: our own folder/NAME.crt and .key where name is not "", and
    whose signature the other's certificate must bear (folder/AUTHORITY.crt; "": those that this
    machine trusts). Raises ServiceError with what would be right.
    """
    at = folder / f"{authority}.crt"
    try:
        context = ssl.create_default_context(cafile=str(at) if authority else None)
        if name:
            at = folder / f"{name}.crt"
            context.load_cert_chain(at, folder / f"{name}.key")
    except (OSError, ssl.SSLError) as error:
        raise ServiceError(
            f"the certificate {at} or its key cannot be used: {error.strerror or error}; put "
            f"it into {folder} as PEM",
            path=str(at),
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Secured(asyncio.Protocol):
    """Below a stream: decrypts what comes, encrypts what goes. The stream learns of the
    connection once the caller has shown what was asked for; else it is closed with a reason in
    the log, which refused gets too.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        stream: Stream,
        source: str,
        refused: Callable[[str], None],
    ) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._stream, self._source, self._refused = stream, source, refused
        self._is_open, self._is_over = False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._plain = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._stream.carried_by(transport)
        self._timer = asyncio.get_running_loop().call_later(
            HANDSHAKE_S, self._refuse, f"the handshake took over {HANDSHAKE_S:g} s"
        )

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._in.write(data)
        try:
            self._advance()
        except ssl.SSLError as error:
            self._flush()  # the alert that tells the caller
            if self._is_open:
                self._plain.close()
            else:
                self._refuse(_reason(error))

    def _advance(self) -> None:
        try:
            if not self._is_open:
                self._tls.do_handshake()
                self._is_open = True
                self._timer.cancel()
                self._flush()
                self._stream.connection_made(cast("asyncio.BaseTransport", self))
            while piece := self._tls.read(READ):
                self._stream.data_received(piece)
            self._plain.close()  # the caller has said that it ends
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._plain.close()
        self._flush()

    def _flush(self) -> None:
        if self._out.pending:
            self._plain.write(self._out.read())

    def _refuse(self, why: str) -> None:
        if self._is_open or self._is_over:
            return
        self._is_over = True
        peer = str(self._plain.get_extra_info("peername"))
        _log.warning("a caller was closed", sensor=self._source, peer=peer, why=why)
        self._refused(why)
        self._plain.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_open:
            self._refuse("it hung up before the handshake ended")
        self._timer.cancel()
        self._stream.connection_lost(exc)

    # What a stream asks of its transport.

    def write(self, data: bytes) -> None:
        """Send."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.write(data)
        self._flush()

    def close(self) -> None:
        """End the connection once what was said has left."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._flush()
        self._plain.close()

    def abort(self) -> None:
        """End it now."""
        self._plain.abort()

    def pause_reading(self) -> None:
        """Let the caller wait."""
        self._plain.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._plain.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Return how much has not left yet."""
        return self._plain.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the socket's transport knows."""
        return self._plain.get_extra_info(name, default)


def _reason(error: ssl.SSLError) -> str:
    """Return what was wrong in words: those of the TLS library, in small letters."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    return (error.reason or "no TLS").lower().replace("_", " ")
