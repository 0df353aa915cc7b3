"""The sentinel's own alarm: the terminal's bell, a command, notices, a log.

It sounds when something is gone, anew when something else is, and ends by itself when all has
been heard again for a while.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tocsin.sentinel.judge import WELL, Verdict
from tocsin.sentinel.notices import Notice, Notices
from tocsin.sentinel.settings import Settings
from tocsin.sentinel.terminal import Terminal

__all__ = ["Alarm", "say_into"]

BELL_S = 1.0  # between two strokes of the bell
SEEN_BELL_S = 60.0  # after somebody has pressed Enter
STEADY_S = 3.0  # heard for so long, it is back
TELL_S = 30.0  # the sentence again, with how long it is by now
LOG_BYTES = 1_000_000  # then one older log is kept
COMMAND_S = 300.0  # a command that runs longer is ended and begun again


def say_into(terminal: Terminal, log: Path | None) -> Callable[[str], None]:
    """Return a function that writes a sentence, with the time, to the log and the terminal."""

    def say(sentence: str) -> None:
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {sentence}\n"
        terminal.say(line)
        if log is not None:
            with contextlib.suppress(OSError):  # a full disk: the alarm goes on
                if log.exists() and log.stat().st_size > LOG_BYTES:
                    log.replace(log.with_name(log.name + ".1"))
                with log.open("a", encoding="utf-8") as file:
                    file.write(line)

    return say


@dataclass(slots=True)
class Alarm:
    """`see` each verdict, several times a second; `seen` when a person has answered."""

    settings: Settings
    say: Callable[[str], None]
    notices: Notices
    terminal: Terminal
    _key: tuple[str, ...] = (WELL,)
    _words: str = ""
    _well_at: float = float("nan")  # since when all is heard again
    _bell_at: float = float("-inf")
    _told_at: float = float("-inf")
    _command_at: float = float("-inf")
    _is_seen: bool = False
    _child: "subprocess.Popen[bytes] | None" = None

    @property
    def stands(self) -> bool:
        """Tell whether it sounds, or did until a moment ago."""
        return self._key != (WELL,)

    def see(self, verdict: Verdict, now: float) -> None:
        """Begin, go on or end, as the verdict asks."""
        self._tend_command(now)
        if verdict.state != WELL:
            self._well_at = float("nan")
            if verdict.key != self._key:
                self._begin(verdict, now)
            self._words = verdict.words
            self._go_on(verdict, now)
        elif self.stands:
            if self._well_at != self._well_at:
                self._well_at = now
            if now - self._well_at >= STEADY_S:
                self._end()

    def seen(self) -> None:
        """Somebody is here: the bell strikes once a minute, the command stops."""
        if self.stands and not self._is_seen:
            self._is_seen = True
            self._stop_command()
            self.say("seen; the bell strikes once a minute while it lasts")

    def test(self) -> None:
        """Sound everything once."""
        words = "This is a test of the sentinel's alarm."
        self.say(f"TEST {words}")
        self._strike(time.monotonic())
        self._run_command("test", (), words, time.monotonic())
        self.notices.tell(Notice("test", (), words, time.time()))

    def tend(self) -> None:
        """Say how a command ended."""
        self._tend_command(time.monotonic())

    def is_running(self) -> bool:
        """Tell whether the command runs."""
        return self._child is not None

    def close(self) -> None:
        """End what was begun."""
        self._stop_command()

    def _begin(self, verdict: Verdict, now: float) -> None:
        self._key, self._is_seen = verdict.key, False
        self.say(f"{verdict.state.upper()} {verdict.words}")
        self._told_at, self._bell_at = now, float("-inf")
        what = tuple(g.what for g in verdict.gone)
        self._stop_command()
        self._run_command(verdict.state, what, verdict.words, now)
        self.notices.tell(Notice(verdict.state, what, verdict.words, time.time()))

    def _go_on(self, verdict: Verdict, now: float) -> None:
        if now - self._told_at >= TELL_S:
            self._told_at = now
            self.say(f"{verdict.state.upper()} {verdict.words}")
        if now - self._bell_at >= (SEEN_BELL_S if self._is_seen else BELL_S):
            self._strike(now)
        if self._is_seen or self._child is not None:
            return
        if now - self._command_at >= self.settings.again_s:
            what = tuple(g.what for g in verdict.gone)
            self._run_command(verdict.state, what, verdict.words, now)

    def _end(self) -> None:
        self._stop_command()
        words = f"Everything is heard again. It was: {self._words}"
        self.say(f"BACK {words}")
        self.notices.tell(Notice("back", (), words, time.time()))
        self._run_command("back", (), words, time.monotonic())
        self._key, self._is_seen, self._well_at = (WELL,), False, float("nan")

    def _strike(self, now: float) -> None:
        self._bell_at = now
        if self.settings.bell:
            self.terminal.strike()

    def _run_command(self, state: str, what: tuple[str, ...], words: str, now: float) -> None:
        """Run the operator's command, without a shell; what is gone stands in its
        environment.
        """
        if not self.settings.command or self._child is not None:
            return
        told = {
            "TOCSIN_SENTINEL_STATE": state,
            "TOCSIN_SENTINEL_WHAT": " ".join(what),
            "TOCSIN_SENTINEL_WORDS": words,
        }
        self._command_at = now
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the operator's own, from the file
                self.settings.command,
                env={**os.environ, **told},
                cwd=self.settings.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self.say(f"the command {self.settings.command[0]} cannot run: {error.strerror}")

    def _tend_command(self, now: float) -> None:
        if self._child is None:
            return
        status = self._child.poll()
        if status is None and now - self._command_at > COMMAND_S:
            self._stop_command()
        elif status is not None:
            self._child = None
            if status:
                self.say(f"the command {self.settings.command[0]} ended with status {status}")

    def _stop_command(self) -> None:
        """End the command and whatever it started."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            os.killpg(child.pid, 15)
        try:
            child.wait(1.0)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(child.pid, 9)
            child.wait(1.0)
