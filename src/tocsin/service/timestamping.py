"""The threads that have checkpoints stamped with the time (RFC 3161).

What is stamped is the newest checkpoint, for it covers all before it: so an authority that
cannot be reached for a week leaves nothing behind that piles up, and a death at any point loses
nothing. Nothing here holds up the ledger: see
docs/decisions/0014-checkpoints-beside-the-ledger.md.
"""

import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from cryptography.x509 import Certificate

from tocsin.errors import ServiceError
from tocsin.model import Node, TimeAuthority
from tocsin.record.verifier import stamp_of
from tocsin.service.api_structs import StampStatus
from tocsin.service.checkpoint_book import CheckpointBook, Made
from tocsin.service.handing_over import MAX_ANSWER, post
from tocsin.service.notary import BOOK
from tocsin.service.stamp_book import Stamped, keep_stamp, newest_stamp
from tocsin.service.stamps import MEDIA_TYPE, StampError, check_stamp, read_roots, request_of
from tocsin.service.tls import client_context
from tocsin.service.witnessing import why_kept_here

__all__ = ["Stampers", "open_stampers"]

LOOK_S = 5.0  # between looks for a new checkpoint
# After the 1st, 2nd ... failure in a row: at most four requests an hour to one that is ill.
BACK_OFF_S = (5.0, 15.0, 60.0, 300.0, 900.0)

_log = structlog.get_logger("tocsin.timestamping")


@dataclass(slots=True)
class _Line:
    """One authority as it stands. newest: its newest stamp; failed: tries by their reason."""

    authority: TimeAuthority
    closed: str
    roots: list[Certificate]
    context: ssl.SSLContext | None
    newest: Stamped | None = None
    stamped: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    failures: int = 0  # in a row
    error: str = ""

    def status(self) -> StampStatus:
        stamp = stamp_of(self.newest.answer) if self.newest else None
        return StampStatus(
            id=self.authority.id,
            closed=self.closed,
            stamped=self.stamped,
            failed=dict(self.failed),
            last_error=self.error,
            checkpoint=self.newest.checkpoint.size if self.newest else None,
            at=stamp.at if stamp else "",
            checked=bool(self.roots),
        )


@dataclass(slots=True)
class Stampers:
    """One thread an authority. `start` once the journal is open."""

    data: Path
    now_s: Callable[[], float]
    lines: list[_Line]
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Have stamped what is signed, from now on."""
        for line in self.lines:
            if not line.closed:
                name = f"tocsin-stamp-{line.authority.id}"
                thread = threading.Thread(
                    target=self._serve, args=(line,), name=name, daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the request under way, and end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def status(self) -> list[StampStatus]:
        """Return how each authority stands."""
        return [line.status() for line in self.lines]

    def _serve(self, line: _Line) -> None:
        while not self._stopping.is_set():
            wait_s = LOOK_S
            try:
                self._turn(line)
                line.failures = 0
            except Exception as error:  # one authority's trouble ends no thread
                wait_s = BACK_OFF_S[min(line.failures, len(BACK_OFF_S) - 1)]
                line.failures += 1
                reason = _reason(error)
                line.failed[reason] = line.failed.get(reason, 0) + 1
                line.error = str(error)[:500] or type(error).__name__
                _log.warning(
                    "a checkpoint was not stamped", authority=line.authority.id, why=line.error
                )
            self._stopping.wait(wait_s)

    def _turn(self, line: _Line) -> None:
        if not (self.data / BOOK).exists():  # nothing was signed yet
            return
        book = CheckpointBook(self.data / BOOK)
        try:
            line.newest = line.newest or newest_stamp(book, line.authority.id)
            made = book.newest()
            if made is not None and _is_due(line, made, self.now_s()):
                self._stamp(line, book, made)
        finally:
            book.close()

    def _stamp(self, line: _Line, book: CheckpointBook, made: Made) -> None:
        authority, size = line.authority, made.checkpoint.size
        request, nonce = request_of(made.note, nonce=authority.nonce)
        status, answer = post(
            authority.to, request, MEDIA_TYPE, "", f"stamp-{size}", context=line.context
        )
        if status != 200:
            raise StampError(f"http {status}", f"it answered {status}")
        if len(answer) >= MAX_ANSWER:
            raise StampError("too long", f"its answer has {MAX_ANSWER} octets or more")
        stamp = check_stamp(answer, made.note, nonce, line.roots)
        got_s = self.now_s()
        keep_stamp(book, authority.id, made.note, answer, got_s)
        line.newest = Stamped(authority.id, made.checkpoint, made.note, answer, got_s)
        line.stamped += 1
        line.error = ""
        _log.info("stamped", authority=authority.id, checkpoint=size, at=stamp.at)


def open_stampers(node: Node, data: Path, now_s: Callable[[], float]) -> Stampers:
    """Return the threads, not yet started. Raises ServiceError where a certificate that the
    site file names cannot be used.
    """
    secrets = data / "secrets"
    lines = []
    for authority in node.time_authorities:
        roots = _roots_of(authority, secrets)
        context = None
        if authority.tls_authority:
            context = client_context("", authority.tls_authority, secrets)
        closed = why_kept_here(authority, node)
        lines.append(_Line(authority, closed, roots, context))
    return Stampers(data, now_s, lines)


def _roots_of(authority: TimeAuthority, secrets: Path) -> list[Certificate]:
    if not authority.certificate:
        return []
    path = secrets / f"{authority.certificate}.crt"
    try:
        return read_roots(path)
    except (OSError, ValueError) as error:
        raise ServiceError(
            f"the certificate {path} of the time-stamping authority {authority.id!r} cannot "
            f"be used: {getattr(error, 'strerror', None) or error}; put the root that its "
            "signature leads to there as PEM, or leave `certificate` out: then stamps are kept "
            "and their signature is not checked here",
            path=str(path),
        ) from error


def _is_due(line: _Line, made: Made, now_s: float) -> bool:
    last = line.newest
    if last is None:
        return True
    # A clock that was set back must not end the stamping.
    waited = not 0.0 <= now_s - last.got_s < line.authority.every_s
    return waited and made.checkpoint.root != last.checkpoint.root


def _reason(error: Exception) -> str:
    """Return a word or two that failures are counted by: few, whatever the world does."""
    if isinstance(error, StampError):
        return error.reason
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, http.client.HTTPException):
        return "no http"
    return "not reached" if isinstance(error, OSError) else "trouble here"
