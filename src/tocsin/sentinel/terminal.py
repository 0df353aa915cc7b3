"""Words and the bell for the terminal, by a thread: one that is held (Ctrl-S, a pipe that
nobody reads) must not hold the alarm.
"""

import contextlib
import queue
import sys
import threading

__all__ = ["Terminal"]

MAX_WAITING = 100  # texts; what comes while it is full is in the log alone
LAST_S = 1.0  # for what is still to be written at the end


class Terminal:
    """`say` and `strike` return at once; `close` waits a moment for what was said."""

    def __init__(self) -> None:
        self._out, self._bell = sys.stdout, sys.stderr
        self._texts: queue.Queue[tuple[str, bool] | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write, name="terminal", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Write a line."""
        self._put((line, False))

    def strike(self) -> None:
        """Ring the bell."""
        self._put(("\a", True))

    def close(self) -> None:
        """End, after what was said if the terminal takes it."""
        self._put(None)
        self._thread.join(LAST_S)

    def _put(self, text: tuple[str, bool] | None) -> None:
        with contextlib.suppress(queue.Full):
            self._texts.put_nowait(text)

    def _write(self) -> None:
        while (text := self._texts.get()) is not None:
            words, is_bell = text
            # A terminal that was closed: the alarm goes on.
            with contextlib.suppress(OSError, ValueError):
                stream = self._bell if is_bell else self._out
                stream.write(words)
                stream.flush()
