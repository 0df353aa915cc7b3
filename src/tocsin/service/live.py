"""The live socket: every viewer has its own queue, and a slow one slows nobody.

A queue holds all JSON frames and at most one binary frame, made when it can be sent from
what changed since the viewer's last one. Who is more than 5 s behind is closed with 4008 and
joins again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from tocsin.codec import wire
from tocsin.model import LABELS, Ladder
from tocsin.model.detections import CLASSES
from tocsin.service.clock import Clock
from tocsin.service.scene import Scene

__all__ = ["BEHIND", "Hub", "Viewer", "hello_frame"]

FULL_S = 10.0  # between full frames
BEHIND_S = 5.0  # a viewer that is more than this behind is closed
LAG_S = 1.0  # and is told from here on
BEHIND = 4008  # close code
ARMED_S = 5.0  # a page that has not said for so long that its sound runs has none
MAX_TEXTS = 5_000  # frames in one queue: a bound for a burst within BEHIND_S
COMMIT_WAIT_S = 0.1  # a picture that is not committed by then is shown as provisional
ORDER = (
    "sensors", "zones", "alarms", "threats", "advice", "notices", "sightings", "handovers",
    "operations", "rules", "track_meta", "events",
)  # fmt: skip


class Viewer:
    """One browser's queue. `next_frame` gives what to send; the hub fills it."""

    def __init__(self, hub: "Hub") -> None:
        self.user = ""
        self.is_closed = asyncio.Event()
        self.armed_at: float | None = None  # when it said last that its sound runs
        self._hub = hub
        self._texts: deque[tuple[float, bytes]] = deque()
        self._fresh = asyncio.Event()
        self._seq = 0
        self._version = 0  # of the scene that it was sent last
        self._full_at = -1e9
        self._sending_since: float | None = None
        self._lag_at = 0.0

    def push(self, frame: bytes) -> None:
        """Queue a JSON frame."""
        self._texts.append((time.monotonic(), frame))
        self._fresh.set()

    def wake(self) -> None:
        """Let it look at the scene."""
        self._fresh.set()

    async def next_frame(self) -> str | bytes:
        """Return the next frame to send: text as str, binary as bytes."""
        while True:
            if self._texts:
                self._sending_since, frame = self._texts.popleft()
                return wire.with_seq(frame, self._count()).decode()
            if (body := self._binary()) is not None:
                return body
            self._sending_since = None
            self._fresh.clear()
            await self._fresh.wait()

    def behind_s(self, now: float) -> float:
        """Return how long the oldest thing that it was not sent has waited."""
        return 0.0 if self._sending_since is None else now - self._sending_since

    def is_overfull(self) -> bool:
        """Tell whether its queue has grown past any use."""
        return len(self._texts) > MAX_TEXTS

    def tell_lag(self, behind_s: float, now: float) -> None:
        """Queue a `lag` frame, at most one a second."""
        if now - self._lag_at >= LAG_S:
            self._lag_at = now
            self.push(wire.text("lag", behind_s=round(behind_s, 1)))

    def _binary(self) -> bytes | None:
        scene = self._hub.scene
        if scene is None or scene.version == self._version:
            return None
        now = time.monotonic()
        full = now - self._full_at >= FULL_S or self._hub.full_version > self._version
        body = self._hub.body(None if full else self._version)
        if full:
            self._full_at = now
        self._version = scene.version
        self._sending_since = now
        return wire.binary(wire.FULL if full else wire.DELTA, self._count(), scene.t_s, body)

    def _count(self) -> int:
        self._seq += 1
        return self._seq - 1


class Hub:
    """All viewers, and the scene that they are shown. Lives on the event loop."""

    def __init__(self, clock: Clock, mode: str, note: str) -> None:
        self.viewers: list[Viewer] = []
        self.scene: Scene | None = None
        self.full_version = 0  # everybody gets a full frame from this version on
        self.hello = b""
        self.incidents = b""  # the newest frame of committed incidents
        self.closed_behind = 0
        self.armed_at: float | None = None  # when any page said so last, steady seconds
        self.odd_words = 0  # what viewers said that is no beat
        self.not_ready: Callable[[], str] = lambda: ""
        self.reveal: Callable[[str], str] = str  # puts names in place of pseudonyms
        self._clock, self._mode, self._note = clock, mode, note
        self._waiting: deque[Scene] = deque()
        self._committed = 0
        self._provisional = False
        self._bodies: dict[int | None, bytes] = {}

    def join(self) -> Viewer:
        """Add a viewer; its queue holds `hello`, the clock and what stands now."""
        viewer = Viewer(self)
        viewer.push(self.hello)
        viewer.push(self._clock_frame())
        if self.scene is not None:
            for kind in ORDER:
                if frame := self.scene.stands(kind):
                    viewer.push(self.reveal(frame.decode()).encode())
        if self.incidents:
            viewer.push(self.incidents)
        self.viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        if viewer in self.viewers:
            self.viewers.remove(viewer)

    def beat(self, viewer: Viewer, *, sound: bool) -> None:
        """Take note that a page lives, and whether its sound runs."""
        viewer.armed_at = time.monotonic() if sound else None
        if sound:
            self.armed_at = viewer.armed_at

    def armed(self, now: float) -> int:
        """Return how many pages have said within ARMED_S that their sound runs."""
        return sum(v.armed_at is not None and now - v.armed_at <= ARMED_S for v in self.viewers)

    def worst_live_step(self) -> str:
        """Return the highest step at which something live stands, "" before the first scene."""
        return self.scene.live_step if self.scene is not None else ""

    def tell_all(self, frame: bytes) -> None:
        """Tell everybody who is there one thing."""
        for viewer in self.viewers:
            viewer.push(frame)

    def unheard(self) -> tuple[str, ...] | None:
        """Return the ids of the sites whose siren path is lost by an alarm that stands, None
        before the first scene.
        """
        return None if self.scene is None else self.scene.unheard

    def tell_incidents(self, frame: bytes) -> None:
        """Show everybody the incidents, where they have changed."""
        if frame != self.incidents:
            self.incidents = frame
            for viewer in self.viewers:
                viewer.push(frame)

    def offer(self, scene: Scene) -> None:
        """Take a scene: shown as soon as it is committed, or provisionally after 0.1 s."""
        self._waiting.append(scene)
        if scene.number <= self._committed:
            self._show_all()
        else:
            asyncio.get_running_loop().call_later(COMMIT_WAIT_S, self._show_late, scene)

    def committed(self, number: int) -> None:
        """Take note that everything up to this batch is on disk."""
        self._committed = max(self._committed, number)
        if self._waiting and self._waiting[-1].number <= number:
            self._show_all()
        elif self._provisional and self.scene and self.scene.number <= number:
            self._show(self.scene)  # the marks go away

    def body(self, since: int | None) -> bytes:
        """Return the records that changed since a version, or all; shared by all viewers."""
        scene = self.scene
        assert scene is not None
        if since not in self._bodies:
            records = scene.records
            if since is not None:
                records = records[scene.changed > since]
            if self._provisional:
                records = wire.as_provisional(records)
            self._bodies[since] = np.ascontiguousarray(records).tobytes()
        return self._bodies[since]

    async def run(self) -> None:
        """Send the clock every second and watch for those who are behind, until cancelled."""
        told = -1e9
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if now - told >= 0.74:  # so that no second passes without it
                told = now
                frame = self._clock_frame()
                for viewer in self.viewers:
                    viewer.push(frame)
            if now - before < 1.0:  # else it was this loop that was late, not they
                self._check_behind(now)

    def _check_behind(self, now: float) -> None:
        for viewer in list(self.viewers):
            behind_s = viewer.behind_s(now)
            if behind_s > BEHIND_S or viewer.is_overfull():
                self.closed_behind += 1
                self.leave(viewer)
                viewer.is_closed.set()
            elif behind_s > LAG_S:
                viewer.tell_lag(behind_s, now)

    def _show_late(self, scene: Scene) -> None:
        if scene in self._waiting:
            self._show_all()

    def _show_all(self) -> None:
        while self._waiting:
            self._show(self._waiting.popleft())

    def _show(self, scene: Scene) -> None:
        was_provisional, is_new = self._provisional, scene is not self.scene
        self._provisional = scene.number > self._committed
        if was_provisional and not self._provisional:
            self.full_version = scene.version
            if not is_new:
                for viewer in self.viewers:
                    viewer._version = -1
        self.scene, self._bodies = scene, {}
        for viewer in self.viewers:
            for frame in scene.news if is_new else ():
                viewer.push(frame)
            viewer.wake()

    def _clock_frame(self) -> bytes:
        note = self.not_ready() or self._clock.note() or self._note
        return wire.text(
            "clock",
            now_s=self._clock.now_s(),
            rate=self._clock.rate,
            mode=self._mode,
            note=note,
        )


def hello_frame(node: object, version: str) -> bytes:
    """Return the first frame of a connection; node is the body of GET /api/v1/node."""
    return wire.text(
        "hello", version=version, node=node, labels=LABELS, classes=CLASSES,
        ladder=Ladder.ALL, record=wire.record_fields(),
    )  # fmt: skip
