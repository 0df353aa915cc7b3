"""Asks the watch for its pulse, once a second, on a thread of its own.

Whatever hangs here hangs here: the sentinel judges by its own clock. A call that takes too
long is cut from outside, so that a server that trickles cannot hold the line.
"""

import contextlib
import errno
import http.client
import json
import secrets
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tocsin.errors import DataError
from tocsin.sentinel.judge import why_no_pulse
from tocsin.sentinel.settings import Settings

__all__ = ["Caller", "Report"]

PERIOD_S = 1.0
CALL_S = 3.0  # for each answer of the socket
CUT_S = 5.0  # for a whole call
MAX_ANSWER = 256 * 1024
PATH = "/api/v1/pulse"
# The fault is on this side: no route, no network card, no address, no such name.
_OWN = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE}
_TOKEN = (401, 403)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one call, at steady second `at`: a pulse, or trouble."""

    at: float
    pulse: dict[str, Any] | None
    trouble: str = ""
    is_blind: bool = False


@dataclass(slots=True)
class Caller:
    """`start` once; `reports` gives what has come since."""

    settings: Settings
    _reports: "deque[Report]" = field(default_factory=lambda: deque(maxlen=16))
    _connection: http.client.HTTPConnection | None = None
    _began_at: float = 0.0  # of the call under way, 0 between calls
    _stopping: threading.Event = field(default_factory=threading.Event)
    _tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if self.settings.server.startswith("https:"):
            self._tls = _context(self.settings)

    def start(self) -> None:
        """Begin to call."""
        threading.Thread(target=self._run, name="sentinel-caller", daemon=True).start()

    def stop(self) -> None:
        """Call no more."""
        self._stopping.set()
        self._cut()

    def reports(self) -> list[Report]:
        """Return what has come since the last time, and cut a call that takes too long."""
        if self._began_at and time.monotonic() - self._began_at > CUT_S:
            self._cut()
        found = []
        while self._reports:
            found.append(self._reports.popleft())
        return found

    def _cut(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._began_at = began
            report = self._call()
            self._began_at = 0.0
            self._reports.append(report)
            self._stopping.wait(max(0.05, PERIOD_S - (time.monotonic() - began)))

    def _call(self) -> Report:
        nonce = secrets.token_hex(8)
        try:
            status, body = self._get(f"{PATH}?nonce={nonce}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._close()
            trouble, is_blind = self._trouble_of(error)
            return Report(time.monotonic(), None, trouble, is_blind)
        now = time.monotonic()
        if status in _TOKEN:
            return Report(now, None, "the watch does not know this sentinel's token", True)
        if status != 200:
            self._close()
            return Report(now, None, f"the watch answers {status}")
        try:
            pulse = json.loads(body)
        except (ValueError, RecursionError):
            pulse = None
        if wrong := why_no_pulse(pulse, nonce):
            self._close()
            return Report(now, None, wrong)
        return Report(now, pulse)

    def _get(self, target: str) -> tuple[int, bytes]:
        """Ask on the connection that is open, or open one."""
        if self._connection is None:
            parts = urlsplit(self.settings.server)
            host, port = parts.hostname or "", parts.port
            self._connection = (
                http.client.HTTPConnection(host, port, timeout=CALL_S)
                if self._tls is None
                else http.client.HTTPSConnection(host, port, timeout=CALL_S, context=self._tls)
            )
        prefix = urlsplit(self.settings.server).path
        headers = {
            "Authorization": f"Bearer {self.settings.token}",
            "User-Agent": "tocsin-sentinel",
            "Cache-Control": "no-store",
        }
        self._connection.request("GET", prefix + target, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read(MAX_ANSWER + 1)
        if len(body) > MAX_ANSWER:
            raise ValueError("the answer is too long")
        if answer.will_close:
            self._close()
        return answer.status, body

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _trouble_of(self, error: Exception) -> tuple[str, bool]:
        """Return what went wrong in words, and whether the fault is on this side."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted ({error.verify_message})", True
        if isinstance(error, socket.gaierror):
            return f"the server's name is not known here ({error.strerror})", True
        if isinstance(error, OSError) and error.errno in _OWN:
            return f"this machine's network does not work ({error.strerror})", True
        words = _words_of(error)
        if self.settings.reference is not None and not _answers(self.settings.reference):
            host, port = self.settings.reference
            return f"neither the watch ({words}) nor the reference {host}:{port} answers", True
        return words, False


def _words_of(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, http.client.HTTPException):
        return f"no proper answer: {type(error).__name__}"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _answers(where: tuple[str, int]) -> bool:
    try:
        socket.create_connection(where, CALL_S).close()
    except ConnectionRefusedError:
        return True  # the machine is there
    except OSError:
        return False
    return True


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(
            cafile=None if settings.authority is None else str(settings.authority)
        )
    except OSError as error:
        raise DataError(
            f"authority {settings.authority} holds no certificates (PEM): {error}"
        ) from error
