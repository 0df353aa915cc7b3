"""The engine's thread: what has arrived, one step, one commit, then the answers.

Order of things: `step`, then the picture goes out (its ids are provisional), then batch,
ledger entries and answers are flushed to disk in one transaction, then those who wait are
answered. A batch that the pipeline cannot take is put aside with its reason and the watch
goes on without it. A disk that takes nothing does not stop the watch either: steps are kept
in memory, nobody is told that they are stored, and they are written when there is room.
"""

import asyncio
import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from tocsin.errors import TocsinError
from tocsin.model import Batch, Entry, Node, Outcome, Reply
from tocsin.service.clock import Clock
from tocsin.service.counters import Counters
from tocsin.service.freezing import Freezer
from tocsin.service.inbox import Arrival, Inbox, Receipt
from tocsin.service.journal import TAKEN_AWAY, Answer, NoRoomError, Snapshot, Written
from tocsin.service.recovery import Past, Pipeline, begin_or_resume

__all__ = ["Engine", "PutAsideError", "Sink", "has_started"]

TICK_HZ = 5  # docs/architecture.md: an empty tick every 0.2 s
LINGER_S = 0.01  # neighbours of an arrival share its batch; a fifth of the promised 50 ms
SNAPSHOT_S = 10.0  # of service time, docs/architecture.md
RETRY_S = 1.0  # between attempts to write to a disk that is full
ROTATE_AGAIN_S = 10.0  # of the machine, between attempts to begin another file
MAX_OWED_STEPS = 20_000  # kept in memory while the disk is full: an hour of ticks
MAX_OWED_BYTES = 64 * 1024 * 1024
MAX_OWED_REPLIES = 10_000  # to sensors, the newest; a sensor that gets none asks again
MAX_TRIES = 40  # steps spent on finding the frames that a batch fails on
STUCK_S = 5.0  # a watch that cannot step for so long is not watching

_log = structlog.get_logger("tocsin.engine")


class PutAsideError(Exception):
    """The pipeline failed on it; it lies in the journal's quarantine with the reason."""


class Sink(Protocol):
    """Who gets the outcomes, on the engine's thread."""

    def ready(self, node: Node, state: Any, pipeline: Pipeline) -> None: ...
    def take(self, outcome: Outcome, number: int, roster: list[str]) -> None: ...
    def committed(self, number: int) -> None: ...


@dataclass(slots=True)
class _Owed:
    """Steps that are not on disk yet, and who waits for them."""

    steps: list[Written] = field(default_factory=list)
    replies: list[tuple["Future[Receipt]", Receipt]] = field(default_factory=list)
    size: int = 0
    posts: dict[bytes, int] = field(default_factory=dict)  # unanswered posts: digest, batch
    entries: list[Entry] = field(default_factory=list)  # of steps that were given up
    gap: int = 0
    answers: "deque[Reply]" = field(default_factory=lambda: deque(maxlen=MAX_OWED_REPLIES))
    retry_at: float = 0.0


class Engine:
    """Owns state, journal and time. `start` once; `stop` writes a snapshot and ends it."""

    def __init__(
        self,
        *,
        load_pipeline: Callable[[], Pipeline],
        folder: Path,
        past: Past,
        clock: Clock,
        inbox: Inbox,
        sink: Sink,
        before_commit: Callable[[], None] = lambda: None,
        after_commit: Callable[[Sequence[Entry]], None] = lambda _: None,
        answer: Callable[[Sequence[Reply]], None] = lambda _: None,
    ) -> None:
        self.inbox = inbox
        self.counters = Counters()
        self.started: Future[None] = Future()
        self.ended: Future[None] = Future()
        self.answers: dict[tuple[str, str], tuple[Answer, int]] = {}
        self._load_pipeline, self._folder, self._past = load_pipeline, folder, past
        self._clock, self.sink = clock, sink
        self._before_commit = before_commit  # keeps what the batches' pseudonyms stand for
        self._after_commit = after_commit  # gets the entries that are on disk; returns at once
        self._answer = answer  # gets what sensors are answered, after the commit
        self._thread = threading.Thread(target=self._run, name="tocsin-engine", daemon=True)
        self._stopping = False
        self._owed = _Owed()
        self._failing_since: float | None = None
        self._has_pictured = False  # the newest step gave a picture
        self._rotate_after = 0.0  # steady seconds
        self._stepped_at = time.monotonic()
        self.ahead_s = 0.0  # how much later than the journal's last batch it was at the start

    def start(self) -> None:
        """Load the pipeline, recover, and go on; `started` tells when it is ready."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take what has arrived, write a snapshot, close the journal."""
        self._stopping = True
        self.inbox.wake()
        self._thread.join(timeout_s)

    @property
    def not_ready(self) -> str:
        """Return why nothing is watched now, or "" while all is well."""
        if not self.started.done():
            return "starting: kernels are loading or the journal is being read"
        if self.ended.done():
            return "the engine has stopped"
        if self.counters.disk_error == TAKEN_AWAY:
            return f"nothing is stored: {TAKEN_AWAY}"
        if self._failing_since and time.monotonic() - self._failing_since > STUCK_S:
            return f"the pipeline cannot step: {self.counters.failure}"
        if time.monotonic() - self._stepped_at > STUCK_S:
            return "the pipeline has not finished a step for 5 s"
        return ""

    def _run(self) -> None:
        try:
            self._start_up()
        except Exception as error:
            self._log_end("could not start", error)
            self.started.set_exception(error)
            return
        self.started.set_result(None)
        try:
            while not self._stopping:
                self._turn()
            self._close_down()
        except Exception as error:
            self._log_end("stopped", error)
            self._refuse_waiting(NoRoomError("the service has stopped"))
            self.ended.set_exception(error)
            return
        self.ended.set_result(None)

    def _start_up(self) -> None:
        self._pipeline = self._load_pipeline()
        now_s = self._clock.now_s()
        found = begin_or_resume(self._pipeline, self._folder, self._past, now_s)
        self._journal, self._state, self._now_s = found.journal, found.state, found.now_s
        self.ahead_s = now_s - found.now_s
        # Where the machine's clock was set back since, time goes on from where it was.
        self._clock.not_before(found.now_s)
        self._sequences, self._number = found.sequences, found.journal.number
        self._freezer = Freezer(
            self._pipeline, self._state, self._number, self._now_s, self._sequences
        )
        self.answers = {(a.user, a.key): (a, 0) for a in self._journal.answers()}
        self.counters.recovered_batches = found.replayed
        self.counters.journal_batch = self._number
        self._stepped_at = time.monotonic()
        self.sink.ready(self._past.node, self._state, self._pipeline)

    def _turn(self) -> None:
        """One batch: at the next tick, or as soon as something has arrived."""
        next_s = (int(self._now_s * TICK_HZ) + 1) / TICK_HZ
        wait_s = self._clock.wall(next_s - self._clock.now_s())
        linger_s = min(LINGER_S, self._clock.wall(0.25 / TICK_HZ))
        arrivals = self.inbox.take(min(wait_s, 1.0), linger_s=linger_s)
        if not arrivals and self._clock.now_s() < next_s:
            return
        self._advance(self._without_repeats(arrivals))

    def _advance(self, arrivals: list[Arrival]) -> None:
        now_s = max(self._now_s, self._clock.now_s())
        self._process(arrivals, now_s)
        self._commit()
        if self._owed.steps or self._owed.gap:
            return
        with suppress(NoRoomError):
            if time.monotonic() >= self._rotate_after and self._journal.is_due_to_rotate(now_s):
                self._rotate()
            elif snapshot := self._freezer.take():
                self._journal.append([], snapshot)
            elif self._is_snapshot_due(now_s):
                # After the commit, and right after a picture: it takes longer than a batch, and
                # neither who waits for an answer nor the next picture waits for it.
                self._freeze()

    def _process(self, arrivals: list[Arrival], now_s: float) -> None:
        """Step the arrivals; those that the pipeline fails on are found by halving."""
        todo: deque[list[Arrival]] = deque([arrivals])
        tries = 0
        while todo:
            part = todo.popleft()
            tries += 1
            error = self._step(part, now_s)
            if error is None:
                continue
            self._restore()
            if len(part) > 1 and tries < MAX_TRIES:
                half = len(part) // 2
                todo.extendleft([part[half:], part[:half]])
            elif part:
                self._put_aside(part, now_s, error)

    def _step(self, arrivals: list[Arrival], now_s: float) -> Exception | None:
        sequences = dict(self._sequences) if arrivals else self._sequences
        batch = Batch(now_s, tuple(a.frame(_count(sequences, a.source)) for a in arrivals))
        began = time.perf_counter()
        try:
            self._state, outcome = self._pipeline.step(self._state, batch)
        except Exception as error:
            self._note_failure(error)
            return error
        self._sequences, self._now_s, self._failing_since = sequences, now_s, None
        self._number += 1
        self._freezer.note(batch)
        self._stepped_at = time.monotonic()
        self._has_pictured = outcome.picture is not None
        self.counters.take(batch, outcome, time.perf_counter() - began)
        self._owe(batch, outcome, arrivals)
        self.sink.take(outcome, self._number, self._pipeline.roster(self._state))
        return None

    def _owe(self, batch: Batch, outcome: Outcome, arrivals: list[Arrival]) -> None:
        said = {key: (accepted, sentence) for key, accepted, sentence in outcome.acts}
        answers = []
        for arrival in arrivals:
            answer = None
            if arrival.asks is not None:
                user, key, digest = arrival.asks
                answer = said.get(f"{user}:{key}", (False, "the act was not understood"))
                answers.append(Answer(user, key, digest, *answer))
                self.answers[user, key] = (answers[-1], self._number)
            if arrival.reply is not None:
                rejected = {
                    r.reason: r.count for r in outcome.rejected if r.source == arrival.source
                }
                self._owed.replies.append(
                    (arrival.reply, Receipt(self._number, answer, rejected))
                )
                if arrival.asks is None:
                    self._owed.posts[_post_digest(arrival)] = self._number
        self._owed.answers += outcome.replies
        self._owed.steps.append(Written(self._number, batch, outcome.entries, tuple(answers)))
        self._owed.size += sum(len(f.payload) for f in batch.frames)

    def _commit(self) -> None:
        owed = self._owed
        if not owed.steps and not owed.gap:
            return
        if time.monotonic() < owed.retry_at:
            self._refuse_waiting(NoRoomError(self.counters.disk_error))
            self._give_up_if_too_much()
            return
        began = time.perf_counter()
        self._before_commit()
        try:
            if owed.gap:
                entries = [*owed.entries, *(e for s in owed.steps for e in s.entries)]
                self._journal.rotate(
                    self._snapshot(), entries=entries, gap=owed.gap + len(owed.steps)
                )
            else:
                self._journal.append(owed.steps)
        except NoRoomError as error:
            self._note_no_room(error)
            return
        self._after_commit([*owed.entries, *(e for s in owed.steps for e in s.entries)])
        self.counters.note_commit(time.perf_counter() - began, self._oldest_wait_s())
        self.counters.journal_batch = self._number
        self.counters.outcome_digest = self._pipeline.outcome_digest(self._state)
        was_full = bool(self.counters.disk_error)
        self.counters.disk_error = ""  # before anybody is answered who then asks for it
        for reply, receipt in owed.replies:
            _resolve(reply, receipt)
        if owed.answers:
            self._answer(list(owed.answers))
        self._owed = _Owed(posts=owed.posts if was_full else {})
        self._forget_old_answers()
        self.sink.committed(self._number)

    def _note_no_room(self, error: NoRoomError) -> None:
        if not self.counters.disk_error:
            _log.error("the journal cannot be written; the watch goes on", reason=str(error))
        self.counters.disk_error = str(error)
        self.counters.failed_commits += 1
        self._owed.retry_at = time.monotonic() + RETRY_S
        self._refuse_waiting(error)
        self._give_up_if_too_much()

    def _refuse_waiting(self, error: Exception) -> None:
        replies, self._owed.replies = self._owed.replies, []
        self.counters.refused_no_room += len(replies)
        for reply, _ in replies:
            _fail(reply, error)

    def _give_up_if_too_much(self) -> None:
        """Memory is bounded: batches are given up, the ledger's entries are not."""
        owed = self._owed
        if len(owed.steps) <= MAX_OWED_STEPS and owed.size <= MAX_OWED_BYTES:
            return
        owed.gap += len(owed.steps)
        owed.entries += [entry for step in owed.steps for entry in step.entries]
        self.counters.lost_batches += len(owed.steps)
        owed.steps, owed.size = [], 0
        owed.posts.clear()

    def _without_repeats(self, arrivals: list[Arrival]) -> list[Arrival]:
        """Take out posts that were already stepped but could not be answered, and acts
        whose key was used before.
        """
        fresh = []
        for arrival in arrivals:
            if arrival.reply is None:
                fresh.append(arrival)
            elif arrival.asks is not None and arrival.asks[:2] in self.answers:
                answer, number = self.answers[arrival.asks[:2]]
                self._answer_repeat(
                    arrival.reply, Receipt(number, (answer.accepted, answer.sentence))
                )
            elif (number := self._owed.posts.get(_post_digest(arrival), -1)) >= 0:
                self._answer_repeat(arrival.reply, Receipt(number))
            else:
                fresh.append(arrival)
        return fresh

    def _answer_repeat(self, reply: "Future[Receipt]", receipt: Receipt) -> None:
        if receipt.batch <= self._journal.number:
            _resolve(reply, receipt)
        else:
            self._owed.replies.append((reply, receipt))

    def _forget_old_answers(self) -> None:
        while len(self.answers) > 10_000:  # a week of acts of a busy watch
            del self.answers[next(iter(self.answers))]

    def _restore(self) -> None:
        """Go back to before the step that failed: a step may leave half of its work."""
        self._state = self._freezer.thaw()
        self._freeze()  # the next restore, while frames are being told apart, is quick then

    def _put_aside(self, arrivals: Sequence[Arrival], now_s: float, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        frames = tuple(a.frame(0) for a in arrivals)
        for arrival in arrivals:
            self.counters.note_put_aside(arrival.source, type(error).__name__)
        _log.error("frames were put aside", frames=len(frames), reason=reason)
        with suppress(NoRoomError):
            self._journal.put_aside(Batch(now_s, frames), reason)
        for arrival in arrivals:
            if arrival.reply is not None:
                _fail(arrival.reply, PutAsideError(reason))

    def _note_failure(self, error: Exception) -> None:
        self.counters.failed_steps += 1
        self.counters.failure = f"{type(error).__name__}: {error}"
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            _log.error("a step failed", reason=self.counters.failure, exc_info=error)

    def _rotate(self) -> None:
        """Begin another file; where there is no room for one, the old one takes batches and
        snapshots, and the next try waits: each packs the whole state.
        """
        try:
            self._journal.rotate(self._snapshot())
        except NoRoomError as error:
            _log.error("another file of the journal cannot be begun", reason=str(error))
            self._rotate_after = time.monotonic() + ROTATE_AGAIN_S

    def _is_snapshot_due(self, now_s: float) -> bool:
        return self._has_pictured and now_s - self._freezer.at_s >= SNAPSHOT_S

    def _freeze(self) -> None:
        self._freezer.freeze(self._state, self._number, self._now_s, self._sequences)

    def _snapshot(self) -> Snapshot:
        self._freeze()
        snapshot = self._freezer.take(wait=True)
        assert snapshot is not None
        return snapshot

    def _oldest_wait_s(self) -> float:
        """Return how long the oldest frame of these steps was not on disk (machine time)."""
        first_s = min((s.batch.frames[0].arrival_s for s in self._owed.steps if s.batch.frames),
                      default=None)  # fmt: skip
        return 0.0 if first_s is None else self._clock.wall(self._clock.now_s() - first_s)

    def _close_down(self) -> None:
        self._advance(self._without_repeats(self.inbox.take(0.0)))
        self._owed.retry_at = 0.0
        with suppress(NoRoomError):
            if self._owed.gap or self._owed.steps:
                self._commit()
            if not self._owed.steps:
                self._journal.append([], self._snapshot())
        self._refuse_waiting(NoRoomError("the service has stopped"))
        self._journal.close()
        self._freezer.close()

    def _log_end(self, what: str, error: Exception) -> None:
        known = isinstance(error, TocsinError)
        _log.error(f"the engine {what}", reason=str(error), exc_info=None if known else error)


async def has_started(engine: Engine) -> bool:
    """Wait until an engine is ready; False where it cannot start, which ends the service."""
    started = asyncio.wrap_future(engine.started)
    # What nobody reads asyncio would log as lost, even of a task that waits no more.
    started.add_done_callback(lambda one: one.cancelled() or one.exception())
    await asyncio.wait({started})
    return started.exception() is None


def _count(sequences: dict[str, int], source: str) -> int:
    sequences[source] = sequences.get(source, -1) + 1
    return sequences[source]


def _post_digest(arrival: Arrival) -> bytes:
    return hashlib.sha256(arrival.source.encode() + b"\0" + arrival.payload).digest()


def _resolve(reply: "Future[Receipt]", receipt: Receipt) -> None:
    if reply.set_running_or_notify_cancel():
        reply.set_result(receipt)


def _fail(reply: "Future[Receipt]", error: Exception) -> None:
    if reply.set_running_or_notify_cancel():
        reply.set_exception(error)
