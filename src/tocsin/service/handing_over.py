"""How one message is handed over: into a folder, by HTTP POST, to a broker, by e-mail. Twice
is as good as once.

A folder holds one file a message, named by its identifier. A web server is told the
identifier as Idempotency-Key. What comes back: taken, to be tried again, or refused.
"""

import contextlib
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tocsin.model import Channel
from tocsin.service.mailing import PORTS, send_mail
from tocsin.service.mqtt import need_client, publish
from tocsin.service.outbox import Waiting
from tocsin.service.tls import client_context

__all__ = ["RefusedError", "hand_over", "need_channel", "post"]

MAX_ANSWER = 64 * 1024
TIMEOUT_S = 5.0  # a warning that is not taken by then is tried again
WHOLE_S = 30.0  # of one request with its answer, however slowly that drips
_ENDINGS = {
    "application/cap+xml": ".xml",
    "application/json": ".json",
    "message/rfc822": ".eml",
}
# Answers after which the same message may be taken later: signing in and addresses can be put
# right, the rest is the server's own trouble (RFC 9110, section 15.5; RFC 6585).
AGAIN = {401, 403, 404, 408, 421, 423, 425, 429}


class RefusedError(Exception):
    """The receiver will not take this message however often it is offered."""


def need_channel(channel: Channel, data: Path) -> None:
    """Raise ServiceError for a certificate or a package that a channel needs and that is not
    there.
    """
    scheme = urlsplit(channel.to).scheme
    if scheme in ("mqtt", "mqtts"):
        need_client()
    if channel.tls or channel.tls_authority:
        client_context(channel.tls, channel.tls_authority, data / "secrets")


def hand_over(message: Waiting, channel: Channel, data: Path, token: str) -> None:
    """Hand a message over; returns once it was taken.

    data: the folder that file: is relative to. Raises OSError or http.client.HTTPException
    where another try may do, RefusedError where none will.
    """
    scheme = urlsplit(channel.to).scheme
    if scheme == "file":
        _into_folder(message, data / channel.to.removeprefix("file:"))
    elif scheme in ("mqtt", "mqtts"):
        publish(message.body, channel, data, token)
    elif scheme in PORTS:
        if code := send_mail(message.body, channel, data, token):
            raise RefusedError(f"the mail server answered {code}")
    else:
        _post(message, channel.to, token)


def _into_folder(message: Waiting, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{message.identifier}{_ENDINGS.get(message.media_type, '.txt')}"
    if path.exists():
        return
    part = folder / f".{message.identifier}.part"
    with part.open("wb") as file:
        file.write(message.body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _post(message: Waiting, to: str, token: str) -> None:
    status, _ = post(to, message.body, message.media_type, token, message.identifier)
    if 200 <= status < 300:
        return
    if status >= 500 or status in AGAIN:
        raise OSError(f"the receiver answered {status}")
    raise RefusedError(f"the receiver answered {status}")


def post(
    to: str,
    body: bytes,
    media_type: str,
    token: str,
    identifier: str,
    *,
    context: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """Return (status, what was answered, at most MAX_ANSWER octets) of an HTTP POST.

    context: for https, whose certificates are taken; None: those that this machine trusts.
    Raises OSError or http.client.HTTPException.
    """
    parts = urlsplit(to)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    headers = {
        "Content-Type": media_type,
        "Idempotency-Key": identifier,
        "User-Agent": "tocsin",
        "Connection": "close",
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    is_late = threading.Event()
    try:
        connection.connect()
        # Its own handle: the connection lets go of the line once the answer has begun.
        with _hung_up_after(WHOLE_S, connection.sock, is_late):
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            found = answer.status, answer.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        if is_late.is_set():
            raise TimeoutError(f"no whole answer within {WHOLE_S:g} s") from error
        raise
    finally:
        connection.close()
    if is_late.is_set():
        raise TimeoutError(f"no whole answer within {WHOLE_S:g} s")
    return found


@contextlib.contextmanager
def _hung_up_after(
    seconds: float, line: socket.socket, is_late: threading.Event
) -> Iterator[None]:
    """End what takes too long: the thread that reads then meets the end of the stream."""

    def hang_up() -> None:
        is_late.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # of TLS too: the line below it

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
