"""The sentinel's loop: hear, judge, sound; four times a second, by a clock of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tocsin.sentinel.alarm import Alarm
from tocsin.sentinel.caller import Caller
from tocsin.sentinel.judge import Heard, Verdict, fail_into, judge, take_into
from tocsin.sentinel.settings import Settings

__all__ = ["Watch", "stand"]

LOOK_S = 0.25
STILL_S = 5.0  # a loop that was late by so much saw nothing meanwhile


def _with_sleep() -> float:
    """Seconds that go on while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class Watch:
    """What the loop knows between two looks."""

    settings: Settings
    caller: Caller
    heard: Heard = field(default_factory=lambda: Heard(time.monotonic()))
    _looked_at: float = field(default_factory=_with_sleep)

    def look(self, say: Callable[[str], None]) -> Verdict:
        """Take in what has come, and return what is gone now."""
        boot = _with_sleep()
        late_s, self._looked_at = boot - self._looked_at - LOOK_S, boot
        now = time.monotonic()
        if late_s > STILL_S:
            say(f"BLIND This machine stood still for {late_s:.0f} s and saw nothing meanwhile.")
            # What was not heard while nobody listened is not gone; it gets its time anew.
            self.heard.server_at = self.heard.pages_at = now
        for report in self.caller.reports():
            if report.pulse is None:
                fail_into(self.heard, report.trouble, is_blind=report.is_blind)
            else:
                take_into(self.heard, report.pulse, report.at)
        settings = self.settings
        return judge(
            self.heard, now, gone_s=settings.gone_s, what=settings.what, server=settings.server
        )


def stand(
    watch: Watch, alarm: Alarm, stopping: threading.Event, say: Callable[[str], None]
) -> None:
    """Watch until told to stop. A fault of ours is said and does not end the watch."""
    settings = watch.settings
    say(
        f"watching {', '.join(settings.what)} of {settings.server}; the alarm sounds when one "
        f"is gone for {settings.gone_s:g} s"
    )
    watch.caller.start()
    has_heard = False
    while not stopping.wait(LOOK_S):
        try:
            verdict = watch.look(say)
            if not has_heard and watch.heard.run:
                has_heard = True
                say(f"the watch is heard, batch {watch.heard.batch}; {_known(watch.heard)}")
            alarm.see(verdict, time.monotonic())
        except Exception as error:
            say(f"BLIND A fault of the sentinel itself: {type(error).__name__}: {error}")
            stopping.wait(1.0)
    say("the sentinel ends: from now on nobody watches the watch")


def _known(heard: Heard) -> str:
    if not heard.sirens:
        return "no siren path there has a heartbeat, so nothing is known of the sirens"
    names = ", ".join(name for _, name, _ in heard.sirens.values())
    return f"siren paths with a heartbeat: {names}"
