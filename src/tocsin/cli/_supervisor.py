"""Starts the demo's processes, starts again what falls over, and says what it does.

The service's clock begins when the supervisor starts; the day's second 0 is when the service is
ready and the sensors are, so a slow first start (kernels to compile) misses nothing. After a
cut (power, kill -9) the next start goes on at the same second of the day; time never steps
back.
"""

import contextlib
import http.client
import math
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import msgspec

from tocsin.cli._children import Child
from tocsin.cli._demo_day import (
    Day,
    are_free,
    begin_day,
    claim_folder,
    kept_day,
    save_day,
    site_file,
)
from tocsin.cli._output import print_words
from tocsin.errors import ServiceError
from tocsin.service.clock import Clock
from tocsin.sim import Scenario, scenario_named

__all__ = ["Supervisor"]

_SCENARIO = "two-bases"
_LINK = "--link"  # a sign-in link at the demo's start, not each time that the watch comes back
_HOST = "127.0.0.1"
_FEEDERS = {
    "feed al-asad": "asad-radar,asad-adsb,asad-camera,asad-rid",
    "feed al-harir": "harir-radar,harir-adsb,harir-camera",
}
_LOOK_S = 0.1  # between looks at the children
_SAVE_S = 1.0  # between writings of the state
_FIRST_READY_S = 300.0  # compiling all kernels on a slow machine takes a minute
_ANSWER_S = 0.5
_SHORT_RUN_S = 5.0  # a child that runs so briefly ...
_SHORT_RUNS = 5  # ... so often in a row cannot be helped by starting it again
_STOP_S = 10.0


@dataclass(slots=True)
class Supervisor:
    """One run of the demo."""

    port: int
    speed: float
    data: Path
    leave_when_over: bool = False
    ready_s: float = float("nan")
    restarts: dict[str, int] = field(default_factory=dict)
    _ends: bool = False
    _is_ready: bool = False
    _short_runs: int = 0
    _saved_at: float = 0.0

    def run(self, *, fresh: bool, seed: int | None) -> dict[str, Any]:
        """Play until stopped (or the day is over, if so asked); returns what --json prints."""
        began_at = time.monotonic()
        _check_port(self.port)
        lock = claim_folder(self.data)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        try:
            return self._run(began_at, fresh, seed)
        finally:
            _release(lock)

    def _run(self, began_at: float, fresh: bool, seed: int | None) -> dict[str, Any]:
        scenario = scenario_named(_SCENARIO)
        day, clock = self._day(scenario, fresh, seed)
        children = self._children(day, clock, scenario)
        service, feeders = children[0], children[1:]
        try:
            print_words("Starting the watch ...")
            service.start()
            service.command = [word for word in service.command if word != _LINK]
            said = self._wait_until_ready(service)
            self.ready_s = time.monotonic() - began_at
            print_words(f"ready after {self.ready_s:.1f} s")
            for line in said:
                print_words(line)
            day_s = self._start_feeders(service, feeders, clock, day)
            self._watch(children, clock, day, day_s, scenario)
            # Whoever stops a demo has seen enough of that day; only a cut is gone on from.
            day.over = True
            save_day(self.data, day)
        finally:
            for child in reversed(children):
                child.stop(_STOP_S)
        return {
            "url": f"http://{_HOST}:{self.port}/",
            "data": str(self.data / day.folder),
            "ready_s": round(self.ready_s, 2),
            "position_s": round(day.position_s, 1),
            "restarts": self.restarts,
        }

    def _day(self, scenario: Scenario, fresh: bool, seed: int | None) -> tuple[Day, Clock]:
        now_s = time.time()
        day = None if fresh else kept_day(self.data)
        if day is not None and not day.over and seed in (None, day.seed):
            if are_free(day.ports):
                # Two saves may be missing; the journal's own time is behind what is skipped.
                now_s = max(now_s, day.service_s + 2.0 * _SAVE_S * _FASTEST_RATE)
                print_words(
                    f"Going on with the day that was cut off at second {day.position_s:.0f} "
                    "(--fresh begins anew)."
                )
                return day, Clock(now_s, time.time(), self.speed)
            print_words("The cut-off day's ports are taken by now: beginning anew.")
        day = begin_day(self.data, scenario, scenario.seed if seed is None else seed, now_s)
        return day, Clock(now_s, time.time(), self.speed)

    def _children(self, day: Day, clock: Clock, scenario: Scenario) -> list[Child]:
        place = self.data / day.folder
        site = str(site_file(self.data, day))
        watch = [
            sys.executable, "-m", "tocsin", "watch", site, "--data", str(place / "watch"),
            "--port", str(self.port), "--clock-epoch", f"{clock.epoch_s:.6f}",
            "--clock-anchor", f"{clock.anchor_s:.6f}", "--clock-rate", f"{clock.rate:g}",
            "--note", scenario.note, _LINK,
        ]  # fmt: skip
        feed = [
            sys.executable, "-m", "tocsin.cli.feed", day.scenario, site,
            "--seed", str(day.seed),
            "--http", f"{_HOST}:{self.port}", "--secrets", str(place / "watch" / "secrets"),
        ]  # fmt: skip
        return [Child("the watch", watch, place / "watch.log")] + [
            Child(name, [*feed, "--sensors", ids], place / f"{name.replace(' ', '-')}.log")
            for name, ids in _FEEDERS.items()
        ]

    def _wait_until_ready(self, service: Child) -> list[str]:
        """Return what the watch has said meanwhile: its sign-in link."""
        said: list[str] = []
        while not self._ends:
            said += _news(service)
            if how := service.ended():
                raise ServiceError(
                    f"the watch {how} before it was ready: {service.last_words()}"
                )
            if _is_ready(self.port):
                self._is_ready = True
                return said + _news(service)
            if service.runs_s() > _FIRST_READY_S:
                raise ServiceError(
                    f"the watch was not ready after {_FIRST_READY_S:.0f} s; see {service.log}"
                )
            _look([service])
        return said

    def _start_feeders(
        self, service: Child, feeders: list[Child], clock: Clock, day: Day
    ) -> float:
        """Start the sensors; return the service time of the day's second 0."""
        for feeder in feeders:
            feeder.start()
        deaf = list(feeders)
        while deaf and not self._ends:
            _look(deaf)
            self._mind(service, clock)
            for feeder in list(deaf):
                if "listening" in feeder.lines():
                    deaf.remove(feeder)
                elif how := feeder.ended():
                    raise ServiceError(f"{feeder.name} {how}:\n{feeder.last_words()}")
        day_s = clock.now_s() - day.position_s
        for feeder in feeders:
            feeder.tell(_start_line(clock, day_s))
        return day_s

    def _watch(
        self, children: list[Child], clock: Clock, day: Day, day_s: float, scenario: Scenario
    ) -> None:
        service = children[0]
        while not self._ends:
            _look(children)
            self._mind(service, clock)
            for child in children[1:]:
                if how := child.ended():
                    self._start_again(child, how, clock, day_s)
            self._note(day, clock, day_s, scenario)

    def _mind(self, service: Child, clock: Clock) -> None:
        """Pass on what the watch says; start it again where it has ended."""
        for line in _news(service):
            print_words(line)
        if how := service.ended():
            self._start_again(service, how, clock, math.nan)
        if not self._is_ready and _is_ready(self.port):
            self._is_ready = True
            print_words(f"The watch is back after {service.runs_s():.1f} s.")

    def _start_again(self, child: Child, how: str, clock: Clock, day_s: float) -> None:
        self._short_runs = self._short_runs + 1 if child.runs_s() < _SHORT_RUN_S else 0
        if self._short_runs >= _SHORT_RUNS:
            raise ServiceError(
                f"{child.name} {how} {_SHORT_RUNS} times in a row, right after its start:\n"
                f"{child.last_words()}"
            )
        count = self.restarts[child.name] = self.restarts.get(child.name, 0) + 1
        print_words(f"{child.name.capitalize()} {how}; starting it again (restart {count}).")
        child.stop(_STOP_S)
        child.start()
        if child.name in _FEEDERS:
            child.tell(_start_line(clock, day_s))
        else:
            self._is_ready = False

    def _note(self, day: Day, clock: Clock, day_s: float, scenario: Scenario) -> None:
        """Keep the state, and say once when the day is over."""
        now = time.monotonic()
        if now - self._saved_at < _SAVE_S:
            return
        self._saved_at = now
        day.service_s = clock.now_s()
        day.position_s = day.service_s - day_s
        if day.position_s >= scenario.duration_s and not day.over:
            day.over = True
            print_words("The day is over; the sky stays open. Ctrl-C ends the demo.")
            self._ends = self.leave_when_over
        save_day(self.data, day)

    def _end(self, _number: int, _frame: object) -> None:
        self._ends = True


_FASTEST_RATE = 20.0


def _check_port(port: int) -> None:
    """Raise ServiceError where the page's port is taken; the watch would say it later."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((_HOST, port))
        except OSError as error:
            raise ServiceError(
                f"port {port} cannot be had ({error.strerror}); stop what uses it, or give "
                "another, for example: tocsin demo --port 8081",
                port=port,
            ) from error


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _look(children: list[Child]) -> None:
    """Nap until a child prints something, at most _LOOK_S."""
    pipes = [
        c.process.stdout
        for c in children
        if c.process is not None and c.process.stdout is not None
    ]
    # A pipe whose child has ended is always readable: nap all the same.
    if any(c.ended() for c in children):
        time.sleep(_LOOK_S)
        return
    with contextlib.suppress(InterruptedError):
        select.select(pipes, [], [], _LOOK_S)


def _news(child: Child) -> list[str]:
    """Return what a child has printed, but for its own "ready", which the demo says itself."""
    return [line for line in child.lines() if not line.startswith("ready ")]


def _start_line(clock: Clock, day_s: float) -> bytes:
    return msgspec.json.encode(
        {
            "epoch_s": clock.epoch_s, "anchor_s": clock.anchor_s, "rate": clock.rate,
            "day_s": day_s,
        }
    )  # fmt: skip


def _release(lock: TextIO) -> None:
    lock.close()
