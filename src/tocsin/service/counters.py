"""What the status page and the metrics count. Written by the engine's thread alone."""

import time
from collections import deque
from dataclasses import dataclass, field

from tocsin.model import Batch, Outcome

__all__ = ["Counters", "quantile"]

KEPT_TIMES = 2_000  # newest commits and steps that quantiles are taken of


@dataclass(slots=True)
class Counters:
    """Sums since the start of the service; times in seconds of the machine."""

    batches: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    detections: int = 0
    duplicates: int = 0
    rejected: dict[str, dict[str, int]] = field(default_factory=dict)
    put_aside: dict[str, dict[str, int]] = field(default_factory=dict)
    failed_steps: int = 0
    failure: str = ""
    failed_commits: int = 0
    refused_no_room: int = 0
    lost_batches: int = 0
    disk_error: str = ""
    journal_batch: int = 0
    committed_at: float = 0.0  # steady seconds of the newest commit, 0 before the first
    outcome_digest: str = ""
    recovered_batches: int = 0
    step_s: "deque[float]" = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))
    commit_s: "deque[float]" = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))
    durable_s: "deque[float]" = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))

    def take(self, batch: Batch, outcome: Outcome, step_s: float) -> None:
        """Count one step."""
        self.batches += 1
        self.step_s.append(step_s)
        for frame in batch.frames:
            self.frames[frame.source] = self.frames.get(frame.source, 0) + 1
        for kind, number in outcome.records.items():
            self.records[kind] = self.records.get(kind, 0) + number
        self.detections += outcome.detections
        self.duplicates += outcome.duplicates
        for one in outcome.rejected:
            _add(self.rejected, one.source, one.reason, one.count)

    def note_commit(self, commit_s: float, durable_s: float) -> None:
        """Count one commit; durable_s: from the oldest arrival in it to the disk, 0 if none."""
        self.commit_s.append(commit_s)
        self.committed_at = time.monotonic()
        if durable_s > 0.0:
            self.durable_s.append(durable_s)

    def note_put_aside(self, source: str, reason: str) -> None:
        """Count one frame that the pipeline failed on."""
        _add(self.put_aside, source, reason, 1)


def quantile(values: "deque[float]", share: float) -> float | None:
    """Return the value below which `share` of the newest ones lie; None where there is
    none.
    """
    ordered = sorted(values.copy())
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _add(counts: dict[str, dict[str, int]], source: str, reason: str, number: int) -> None:
    reasons = counts.setdefault(source, {})
    reasons[reason] = reasons.get(reason, 0) + number
