"""What a sentinel on another machine is told each second: that batches are committed, which
siren paths are heard, whether a page with its sound armed is open.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromQuery

from tocsin.model import Ladder, Node
from tocsin.service.access import hall_of, needs_sentinel, sentinel_of
from tocsin.service.api_structs import SentinelStatus, SirenPulse
from tocsin.service.counters import Counters
from tocsin.service.live import Hub

__all__ = ["PULSE_ROUTES", "Pulse", "Pulses"]

MAX_NONCE = 64

Req = Request[Any, Any, Any]


class Pulse(msgspec.Struct, frozen=True):
    """schema: of this body; nonce: what was asked with, so that no cache can answer; run: of
    this start of the service; batch: number of the newest committed batch (five a second) and
    how long ago it was; armed: pages whose sound is armed, and how long ago one was heard,
    null where none ever was; step: the worst step of any zone with something live.
    """

    nonce: str
    run: str
    batch: int
    committed_age_s: float
    now_s: float
    mode: str
    not_ready: str
    armed: int
    armed_age_s: float | None
    sirens: list[SirenPulse]
    step: str
    schema: str = "tocsin-pulse-1"


def _no_sirens() -> list[SirenPulse]:
    return []


@dataclass(slots=True)
class Pulses:
    """Makes pulses, and knows which sentinel asked when (steady seconds)."""

    node: Node
    mode: str
    counters: Counters
    hub: Hub
    now_s: Callable[[], float]
    not_ready: Callable[[], str]
    sirens: Callable[[], list[SirenPulse]] = _no_sirens
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    _began_at: float = field(default_factory=time.monotonic)
    _asked_at: dict[str, float] = field(default_factory=dict)

    def pulse(self, sentinel: str, nonce: str) -> Pulse:
        """Return the pulse of now; sentinel: who asks, "" for a person."""
        now = time.monotonic()
        if sentinel:
            self._asked_at[sentinel] = now
        counters = self.counters
        # The number before its age: a commit between the two makes the age smaller, not wrong.
        batch, committed_at = counters.journal_batch, counters.committed_at
        armed_at = self.hub.armed_at
        return Pulse(
            nonce=nonce[:MAX_NONCE],
            run=self.run,
            batch=batch,
            committed_age_s=round(now - (committed_at or self._began_at), 3),
            now_s=self.now_s(),
            mode=self.mode,
            not_ready=self.not_ready(),
            armed=self.hub.armed(now),
            armed_age_s=None if armed_at is None else round(now - armed_at, 3),
            sirens=self.sirens(),
            step=self.hub.worst_live_step() or Ladder.QUIET,
        )

    def status(self) -> list[SentinelStatus]:
        """Return when each sentinel of the site file asked last."""
        now = time.monotonic()
        return [
            SentinelStatus(s.id, None if at is None else round(now - at, 1))
            for s in self.node.sentinels
            for at in (self._asked_at.get(s.id),)
        ]


@get("/api/v1/pulse", guards=[needs_sentinel], summary="Is the watch alive",
     sync_to_thread=False)  # fmt: skip
def pulse(request: Req, nonce: FromQuery[str] = "") -> Pulse:
    """Return when a batch was committed last, which siren paths are heard and how many pages
    have their sound armed.
    """
    found = sentinel_of(request)
    return hall_of(request).pulses.pulse("" if found is None else found.id, nonce)


PULSE_ROUTES = [pulse]
