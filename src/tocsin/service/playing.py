"""A journal played again for one viewer: the same pipeline, the same frames, another clock.

`python -m tocsin.service.playing DATA` is a process of its own and of low priority, so that a
look back never slows the watch. Orders come in as JSON lines (`orders.Order`); frames go out,
each behind its kind (one byte: text or binary) and its length. It ends when its input does.
What the screen then shows is what the pipeline gives for the bytes of that time.
"""

import math
import os
import queue
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from tocsin import __version__, pipeline
from tocsin.codec import wire
from tocsin.errors import JournalError
from tocsin.model import Batch, Outcome
from tocsin.service.clock import Clock
from tocsin.service.journal import (
    journal_span,
    newest_of_kind,
    read_batches,
    read_entries,
    read_snapshots,
)
from tocsin.service.keyring import Keys, find_keys
from tocsin.service.live import ORDER, hello_frame
from tocsin.service.node_info import node_info
from tocsin.service.orders import Order
from tocsin.service.scene import Composer, Scene

__all__ = ["BINARY", "TEXT", "Player", "main"]

TEXT, BINARY = b"t", b"b"
LOOK_BACK = 1000  # entries before a moment in which the watch log's newest events are found
MARKS = 2000  # events along the scrubber, the newest
MARKS_S = 10.0  # between looks at what a running watch has added to them
PACE_S = 0.2  # of the machine: between looks at the orders; also a picture's time at 1x
BEAT_S = 0.7  # between clock frames while nothing moves: silence would read as a lost picture
SLACK_S = 1.0  # a machine that is further behind than this plays on from where it is
NICE = 10
# What a person who looks back looks for; what happens with every picture is left out.
_MARKED = frozenset(
    ("raised", "escalated", "unattended", "proposed", "released", "raised by hand", "refused",
     "cancelled", "cleared", "closed", "decided", "sighting", "watch lost", "watch regained",
     "siren lost", "siren regained")
)  # fmt: skip

Say = Callable[[bytes, bytes], None]


@dataclass(slots=True)
class Player:
    """Where the playback stands. `obey` and `advance` move it; frames leave through `say`."""

    data: Path
    keys: Keys | None
    say: Say
    state: Any = None
    composer: Composer = field(init=False)
    rate: float = 1.0
    note: str = ""
    _batches: Iterator[Batch] = field(default_factory=lambda: iter(()))
    _next: Batch | None = None
    _number: int = 0  # of the newest batch that was taken
    _seq: int = 0
    _version: int = 0  # of the scene whose records were sent last
    _anchor: tuple[float, float] = (0.0, 0.0)  # (wall, service time) from which the pace counts
    _told_at: float = -math.inf
    _marked_at: float = -math.inf
    _at_end: bool = False
    _pruned: set[Path] = field(default_factory=set)  # files of the journal
    _is_new_map: bool = False  # another site file was taken up, and nothing of it shown yet

    @property
    def now_s(self) -> float:
        """Return the service time of what is shown."""
        return float(self.state.now_s)

    def obey(self, order: Order, wall_s: float) -> None:
        """Take an order of the viewer."""
        if order.rate is not None:
            self.rate = order.rate
        if order.at_s is not None:
            self.go(order.at_s)
        self._anchor = (wall_s, self.now_s)
        self._tell_clock(wall_s)

    def go(self, at_s: float) -> None:
        """Show the journal as it was at a time: from the snapshot before it, then its tail."""
        begin_s, end_s = journal_span(self.data, self._pruned)
        at_s = min(max(at_s, begin_s), end_s)
        self._tell_way(at_s)
        for snapshot in read_snapshots(self.data, until_s=at_s, keys=self.keys):
            try:
                self.state = pipeline.thaw(snapshot.body)
            except JournalError as error:
                self.note = str(error)
                continue
            break
        else:
            raise JournalError(
                f"there is no snapshot from which that time could be played"
                f"{f': {self.note}' if self.note else ''}"
            )
        self.note = ""
        self._number, self._next, self._at_end = snapshot.number, None, False
        self._batches = read_batches(self.data, after=snapshot.number, keys=self.keys)
        self._compose()
        shown: Outcome | None = None
        while batch := self._take(math.inf if shown is None else at_s):
            self._tell_way(at_s)
            outcome = self._step(batch)
            if self._is_new_map:
                shown = None  # it is of the map before
            # Events are told, pictures are not composed: only the last one is looked at.
            self.composer.take(replace(outcome, picture=None), self._number, [])
            shown = outcome if outcome.picture is not None else shown
        self._hello()
        self._is_new_map = False
        if shown is not None:
            told = replace(shown, alert_events=(), track_events=())
            scene = self.composer.take(told, self._number, pipeline.roster(self.state))
            if scene is not None:
                self._show_all(scene)
        self._tell_marks(time.monotonic())

    def advance(self, wall_s: float) -> None:
        """Play on to where the clock is by now, for at most the time between two looks."""
        due_s = self._anchor[1] + (wall_s - self._anchor[0]) * self.rate
        ends_at = time.monotonic() + PACE_S
        moved = False
        while self.rate > 0.0 and (batch := self._take(due_s)):
            outcome = self._step(batch)
            moved = True
            scene = self.composer.take(outcome, self._number, pipeline.roster(self.state))
            if scene is not None and self._is_new_map:
                self._is_new_map = False
                self._hello()
                self._show_all(scene)
            elif scene is not None:
                self._show_news(scene)
            if time.monotonic() > ends_at:
                break
        if due_s - self.now_s > SLACK_S * max(self.rate, 1.0) or self._at_end:
            self._anchor = (wall_s, self.now_s)
        if moved or wall_s - self._told_at >= BEAT_S:
            self._tell_clock(wall_s)
        if wall_s - self._marked_at >= MARKS_S:
            self._tell_marks(wall_s)

    def _compose(self) -> None:
        """Begin to tell of the state's own map, with what happened lately."""
        self.composer = Composer(self.state.node)
        last = self.state.register.last_entry
        after = max(-1, last - LOOK_BACK)
        self.composer.remember(read_entries(self.data, after=after, limit=last - after))

    def _step(self, batch: Batch) -> Outcome:
        """Take a batch; where it brings another site file, the map is another from there."""
        node = self.state.node
        self.state, outcome = pipeline.step(self.state, batch)
        if self.state.node is not node:
            self._compose()
            self._is_new_map = True
        return outcome

    def _take(self, until_s: float) -> Batch | None:
        """Return the next batch if it is not newer than `until_s`."""
        if self._next is None:
            self._next = next(self._batches, None)
        if self._next is None:
            # A running watch writes on: look again for what has come since.
            self._at_end = True
            self._batches = read_batches(self.data, after=self._number, keys=self.keys)
            return None
        if self._next.now_s > until_s:
            return None
        batch, self._next = self._next, None
        self._number += 1
        self._at_end = False
        return batch

    def _hello(self) -> None:
        clock = Clock(self.now_s, time.time(), max(self.rate, 1e-9))
        info = node_info(self.state.node, clock, "replay", "", __version__)
        self._text(hello_frame(info, __version__))

    def _show_all(self, scene: Scene) -> None:
        self._tell_clock(time.monotonic())
        for kind in ORDER:
            if frame := scene.stands(kind):
                self._text(frame)
        self._binary(wire.FULL, scene, scene.records)

    def _show_news(self, scene: Scene) -> None:
        for frame in scene.news:
            self._text(frame)
        self._binary(wire.DELTA, scene, scene.records[scene.changed > self._version])

    def _binary(self, kind: int, scene: Scene, records: "np.ndarray[Any, Any]") -> None:
        self._version = scene.version
        body = np.ascontiguousarray(records).tobytes()
        self.say(BINARY, wire.binary(kind, self._count(), scene.t_s, body))

    def _tell_clock(self, wall_s: float) -> None:
        self._told_at = wall_s
        rate = 0.0 if self._at_end else self.rate
        words = "the end of what is on disk" if self._at_end else self.note
        self._text(wire.text("clock", now_s=self.now_s, rate=rate, mode="replay", note=words))

    def _tell_way(self, at_s: float) -> None:
        """Say where it goes while nothing can be shown yet: a long way is no dead line."""
        wall_s = time.monotonic()
        if wall_s - self._told_at >= BEAT_S:
            self._told_at = wall_s
            self._text(wire.text("clock", now_s=at_s, rate=0.0, mode="replay", note=self.note))

    def _tell_marks(self, wall_s: float) -> None:
        """Say from when to when there is something to see, and what happened."""
        self._marked_at = wall_s
        begin_s, end_s = journal_span(self.data, self._pruned)
        rows = (
            msgspec.json.decode(entry.body)
            for entry in newest_of_kind(self.data, "alert", MARKS, since_s=begin_s)
        )
        marks = [
            {"at_s": float(row["at_s"]), "what": row["what"], "step": row["step"],
             "site_id": row["site"], "zone_id": row["zone"], "alarm_id": row["alarm"]}
            for row in rows
            if row["what"] in _MARKED
        ]  # fmt: skip
        self._text(wire.text("playback", begin_s=begin_s, end_s=end_s, marks=marks))

    def _text(self, frame: bytes) -> None:
        self.say(TEXT, wire.with_seq(frame, self._count()))

    def _count(self) -> int:
        self._seq += 1
        return self._seq - 1


def play(data: Path, orders: "queue.Queue[Order | None]", say: Say) -> None:
    """Play until the orders end (None). The first order says where to begin."""
    with find_keys(data) as keys:
        player = Player(data, keys, say)
        while (order := _next_order(orders, player)) is not None:
            wall_s = time.monotonic()
            if order != Order():
                player.obey(order, wall_s)
            player.advance(wall_s)


def _next_order(orders: "queue.Queue[Order | None]", player: Player) -> Order | None:
    """Return the next order, an empty one where the time between two looks has passed."""
    try:
        return orders.get(timeout=None if player.state is None else PACE_S)
    except queue.Empty:
        return Order()


def _read_orders(stream: IO[bytes], orders: "queue.Queue[Order | None]") -> None:
    for line in stream:
        orders.put(msgspec.json.decode(line, type=Order))
    orders.put(None)


def main(data: Path) -> int:
    """Play the journal of a data folder over standard input and output."""
    os.nice(NICE)
    out = sys.stdout.buffer

    def say(kind: bytes, frame: bytes) -> None:
        out.write(kind + struct.pack("<I", len(frame)) + frame)
        out.flush()

    orders: queue.Queue[Order | None] = queue.Queue(maxsize=64)
    threading.Thread(target=_read_orders, args=(sys.stdin.buffer, orders), daemon=True).start()
    try:
        play(data, orders, say)
    except JournalError as error:
        say(TEXT, wire.with_seq(wire.text("problem", sentence=str(error)), 0))
        return 1
    except BrokenPipeError:  # the viewer is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
