"""What has arrived and was not yet taken: bounded per source, and every loss is counted.

A feed that floods pushes out its own oldest frames and nobody else's. An arrival that
somebody waits for (a post, an act) is never dropped: where there is no room it is refused at
once.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from tocsin.model import Frame

__all__ = ["Arrival", "Inbox", "Receipt"]

MAX_FRAMES = 16_384  # of one source: a second at three times the busiest feed that was measured
MAX_BYTES = 32 * 1024 * 1024  # of one source
MAX_TAKE_FRAMES = 8_192  # of one source in one batch: bounds the length of a step
MAX_TAKE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """What somebody who waits is told once the batch is on disk.

    answer: (accepted, sentence) of an act; rejected: reasons, with how often, that the codec
    gave for frames of that source in that batch.
    """

    batch: int
    answer: tuple[bool, str] | None = None
    rejected: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)  # frozen, one would take three times as long to make: 0.8 us
class Arrival:
    """Bytes, who sent them, when (service time), and who waits for the commit, if anybody.

    asks: (user, key, digest of the request) of an act.
    """

    source: str
    arrival_s: float
    payload: bytes
    path: str = ""
    reply: "Future[Receipt] | None" = None
    asks: tuple[str, str, bytes] | None = None

    def frame(self, sequence: int) -> Frame:
        """Return the frame that goes into the journal."""
        return Frame(self.source, sequence, self.arrival_s, self.payload, self.path)


@dataclass(slots=True)
class _Queue:
    arrivals: deque[Arrival] = field(default_factory=deque)
    waiting: deque[Arrival] = field(default_factory=deque)  # of those with a reply
    size: int = 0
    dropped: int = 0
    refused: int = 0


class Inbox:
    """Filled by sockets and posts, emptied by the engine's thread."""

    def __init__(self, *, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._queues: dict[str, _Queue] = {}
        self._fresh = threading.Condition()
        self._count = 0
        self._woken = False

    def put_all(self, source: str, arrivals: list[Arrival]) -> None:
        """Add what has arrived of one source, for none of which anybody waits."""
        size = sum([len(arrival.payload) for arrival in arrivals])
        with self._fresh:
            queue = self._queues.setdefault(source, _Queue())
            frames = len(queue.arrivals) + len(queue.waiting) + len(arrivals)
            if frames > self._max_frames or queue.size + size > self._max_bytes:
                for arrival in arrivals:
                    self._put_one(arrival)
            else:
                queue.arrivals.extend(arrivals)
                queue.size += size
                self._count += len(arrivals)
            self._fresh.notify()

    def put(self, arrivals: Iterable[Arrival]) -> bool:
        """Add what has arrived. False: one that somebody waits for found no room."""
        refused = False
        with self._fresh:
            for arrival in arrivals:
                refused |= not self._put_one(arrival)
            self._fresh.notify()
        return not refused

    def take(self, wait_s: float, *, linger_s: float = 0.0) -> list[Arrival]:
        """Return what has arrived, at most a fair share of each source.

        Waits up to wait_s for the first, then linger_s for its neighbours, so that a stream
        becomes few batches.
        """
        with self._fresh:
            if not self._count and not self._woken:
                self._fresh.wait_for(lambda: self._count or self._woken, max(0.0, wait_s))
            self._woken = False
        if self._count and linger_s > 0.0:
            time.sleep(linger_s)
        with self._fresh:
            found: list[Arrival] = []
            for queue in self._queues.values():
                self._take_share(queue, found)
            return found

    def is_crowded(self, source: str) -> bool:
        """Tell whether a source has used up half of its room: a stream should be read later."""
        with self._fresh:
            queue = self._queues.get(source)
            if queue is None:
                return False
            frames = len(queue.arrivals) + len(queue.waiting)
            return frames > self._max_frames // 2 or queue.size > self._max_bytes // 2

    def wake(self) -> None:
        """Let `take` return now, with or without arrivals."""
        with self._fresh:
            self._woken = True
            self._fresh.notify()

    def losses(self) -> dict[str, dict[str, int]]:
        """Return by source what was dropped (oldest first) and what was refused."""
        with self._fresh:
            return {
                source: {"dropped": q.dropped, "refused": q.refused}
                for source, q in self._queues.items()
                if q.dropped or q.refused
            }

    def _put_one(self, arrival: Arrival) -> bool:
        queue = self._queues.setdefault(arrival.source, _Queue())
        size = len(arrival.payload)
        waits = arrival.reply is not None
        while queue.arrivals and self._is_full(queue, size) and not waits:
            oldest = queue.arrivals.popleft()
            queue.size -= len(oldest.payload)
            queue.dropped += 1
            self._count -= 1
        if self._is_full(queue, size):
            queue.refused += waits
            queue.dropped += not waits
            return not waits
        (queue.waiting if waits else queue.arrivals).append(arrival)
        queue.size += size
        self._count += 1
        return True

    def _is_full(self, queue: _Queue, more: int) -> bool:
        frames = len(queue.arrivals) + len(queue.waiting)
        return frames >= self._max_frames or queue.size + more > self._max_bytes

    def _take_share(self, queue: _Queue, found: list[Arrival]) -> None:
        frames = size = 0
        for line in (queue.waiting, queue.arrivals):
            while line and frames < MAX_TAKE_FRAMES and size < MAX_TAKE_BYTES:
                arrival = line.popleft()
                found.append(arrival)
                frames += 1
                size += len(arrival.payload)
        queue.size -= size
        self._count -= frames
