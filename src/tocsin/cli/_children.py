"""Child processes that cannot be left behind: each its own session, tied to its parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Child"]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LAST_LINES = 12
_PIPE_BYTES = 65_536


def _libc() -> ctypes.CDLL | None:
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None, use_errno=True)
    return None


_LIBC = _libc()


def _die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux; else its pipe ends do it)."""
    if _LIBC is not None and hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass(slots=True)
class Child:
    """One process and how often it had to be started again.

    log: where its standard error goes; its standard output is read line by line with `lines`.
    """

    name: str
    command: Sequence[str]
    log: Path
    starts: int = 0
    started_at: float = 0.0
    process: subprocess.Popen[bytes] | None = None
    _unread: bytes = field(default=b"")

    def start(self) -> None:
        """Start it (again). Standard input stays open as long as this process lives."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads here
            )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.starts += 1
        self.started_at = time.monotonic()
        self._unread = b""

    def lines(self) -> list[str]:
        """Return the whole lines that it has printed since the last call, without waiting."""
        if self.process is None or self.process.stdout is None:
            return []
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.process.stdout.fileno(), _PIPE_BYTES):
                self._unread += piece
        *whole, self._unread = self._unread.split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def tell(self, line: bytes) -> None:
        """Write a line to its standard input; one that has just ended is not told."""
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(line + b"\n")
                self.process.stdin.flush()

    def ended(self) -> str:
        """Return in words how it ended, or "" while it runs."""
        if self.process is None:
            return "not started"
        status = self.process.poll()
        if status is None:
            return ""
        if status < 0:
            return f"ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def runs_s(self) -> float:
        """Return seconds since the last start."""
        return time.monotonic() - self.started_at

    def last_words(self) -> str:
        """Return the end of its log, for a sentence about why it does not start."""
        try:
            text = self.log.read_text(errors="replace").strip()
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-_LAST_LINES:])

    def stop(self, patience_s: float) -> None:
        """Ask it to end, then make it."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(patience_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
