"""What the parts of the service share, and the few things that they do through each other."""

import asyncio
import hashlib
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tocsin.codec._act_bodies import headcount_of, pointing_of, report_of
from tocsin.codec.acts import encode_act
from tocsin.model import OFFICER, Act, Channel, Node, Peer, Sentinel, mode_of
from tocsin.model.records import RecordAct
from tocsin.record.importer import Rules
from tocsin.service.api_structs import ActRequest, Quantiles, Status
from tocsin.service.clock import Clock
from tocsin.service.counters import quantile
from tocsin.service.engine import Engine
from tocsin.service.feeds import Feeds
from tocsin.service.imports import Imports
from tocsin.service.inbox import Arrival, Receipt
from tocsin.service.keyring import Keyring
from tocsin.service.lines import as_one
from tocsin.service.listening import Listening
from tocsin.service.live import Hub
from tocsin.service.masking import mask_body, mask_record
from tocsin.service.oidc import SignIns
from tocsin.service.people import People
from tocsin.service.pins import Pins
from tocsin.service.pulse import Pulses
from tocsin.service.record_structs import RecordRequest
from tocsin.service.secrets_folder import Tokens
from tocsin.service.sender import Sender
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.shelf import Shelf
from tocsin.service.site_files import SiteFile
from tocsin.service.timestamping import Stampers
from tocsin.service.witnessing import Couriers

__all__ = ["Hall", "NoAnswerError", "NoPlaceError", "OtherActError"]

ANSWER_S = 20.0  # of the machine; a commit takes milliseconds
STEADY_S = 3600.0  # of the machine: a battery clock at start is set by NTP within minutes


class NoPlaceError(Exception):
    """The inbox is full; try again later."""


class NoAnswerError(Exception):
    """No commit within ANSWER_S."""


class OtherActError(Exception):
    """The idempotency key was used for another act."""


@dataclass(slots=True)
class Hall:
    """One running service. hosts: names that it answers to, empty behind a proxy;
    is_encrypted: browsers reach it by https; sign_ins: at a provider, None where there is none.
    """

    node: Node
    site_file: SiteFile
    site_folder: Path
    data: Path
    clock: Clock
    ledger: ServiceLedger
    tokens: Tokens
    readers: dict[bytes, Channel]
    peers: dict[bytes, Peer]
    sentinels: dict[bytes, Sentinel]
    pulses: Pulses
    engine: Engine
    hub: Hub
    listening: Listening
    hosts: frozenset[str]
    sender: Sender
    feeds: Feeds
    couriers: Couriers
    stampers: Stampers
    shelf: Shelf
    keys: Keyring
    people: People
    imports: Imports
    import_rules: Rules
    secure_cookies: bool = False
    is_encrypted: bool = False
    sign_ins: SignIns | None = None
    stop: Callable[[], None] = lambda: None
    node_info: Any = None
    sensors: list[dict[str, object]] = field(default_factory=list)
    clock_steps: int = 0
    steady_since: float = field(default_factory=time.monotonic)
    stepped_ahead_s: float = 0.0
    wall_offset_s: float = field(default_factory=lambda: time.time() - time.monotonic())
    playbacks: int = 0
    followings: int = 0
    posts_refused: dict[str, int] = field(default_factory=dict)
    denied: dict[str, int] = field(default_factory=dict)
    pins: Pins = field(init=False)
    _acts: dict[tuple[str, str], tuple[bytes, "asyncio.Future[Receipt]"]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self.pins = Pins(self.ledger)

    def note_clock_step(self, by_s: float) -> None:
        """Note that the machine's clock was set, by so much, just now."""
        self.clock_steps += 1
        self.steady_since = time.monotonic()
        self.stepped_ahead_s = max(0.0, self.stepped_ahead_s + by_s)
        self.wall_offset_s = time.time() - time.monotonic()

    def is_clock_doubted(self, by_s: float) -> bool:
        """Tell whether the clock has gone ahead by more than by_s, since the journal's last
        batch or at once, and was not steady for an hour since.
        """
        just_now_s = time.time() - time.monotonic() - self.wall_offset_s  # not noted yet
        if just_now_s > by_s:
            return True
        ahead_s = self.engine.ahead_s + self.stepped_ahead_s
        return ahead_s > by_s and time.monotonic() - self.steady_since < STEADY_S

    async def post(self, sensor: str, payload: bytes) -> Receipt:
        """Journal what a sensor posted; returns after the commit."""
        reply: Future[Receipt] = Future()
        now_s = self.clock.now_s()
        payload = mask_body(self.people, payload, now_s)
        return await self._submit(Arrival(sensor, now_s, payload, "http", reply), reply)

    async def perform(
        self, user: str, request: ActRequest, left_s: float = math.inf
    ) -> tuple[bool, str]:
        """Journal an act of a person; returns (accepted, sentence) after the commit.

        left_s: how long their session, or the position's shift, goes on.
        """
        user = self.people.staff(user)
        return await self._perform(user, request, partial(_watch_act, user, request, left_s))

    async def record(self, user: str, request: RecordRequest) -> tuple[bool, str, str]:
        """Journal what a person adds to the record; returns (accepted, sentence, the row's
        id or "") after the commit.
        """
        user = self.people.staff(user)
        body = mask_record(self.people, request.verb, request.body)
        if request.verb == "open_incident":  # a drill that nobody called one is no real attack
            body = {"nature": mode_of(self.node), **body}
        request = msgspec.structs.replace(request, body=body)
        act = partial(_record_act, user, request)
        accepted, sentence = await self._perform(user, request, act)
        if not accepted:
            return accepted, sentence, ""
        key = f"{user}:{request.key}"
        return accepted, sentence, await asyncio.to_thread(self.shelf.id_of, user, key)

    async def _perform(
        self,
        user: str,
        request: ActRequest | RecordRequest,
        act: Callable[[float], Act | RecordAct],
    ) -> tuple[bool, str]:
        """The same key again waits for, or gets, the answer of the first. Raises
        OtherActError where the key was used for another act.
        """
        digest = hashlib.sha256(msgspec.json.encode(request, order="sorted")).digest()
        name = (user, request.key)
        known = self.engine.answers.get(name)
        if known is not None and known[0].digest != digest:
            raise OtherActError
        if name in self._acts:
            before, waiting = self._acts[name]
            if before != digest:
                raise OtherActError
            receipt = await asyncio.shield(waiting)
        else:
            task = asyncio.ensure_future(self._submit_act(act, (user, request.key, digest)))
            self._acts[name] = (digest, task)
            task.add_done_callback(lambda _: self._acts.pop(name, None))
            receipt = await asyncio.shield(task)
        return receipt.answer or (False, "the act was not understood")

    async def _submit_act(
        self, act: Callable[[float], Act | RecordAct], asks: tuple[str, str, bytes]
    ) -> Receipt:
        now_s = self.clock.now_s()
        reply: Future[Receipt] = Future()
        arrival = Arrival(OFFICER, now_s, encode_act(act(now_s)), "http", reply, asks)
        return await self._submit(arrival, reply)

    async def _submit(self, arrival: Arrival, reply: "Future[Receipt]") -> Receipt:
        if not self.engine.inbox.put([arrival]):
            raise NoPlaceError
        try:
            return await asyncio.wait_for(asyncio.wrap_future(reply), ANSWER_S)
        except TimeoutError as error:
            raise NoAnswerError from error

    def status(self) -> Status:
        """Return the counters as they stand."""
        counters, engine = self.engine.counters, self.engine
        reason = engine.not_ready
        return Status(
            ready=not reason,
            not_ready=reason,
            now_s=self.clock.now_s(),
            frames=dict(counters.frames),
            records=dict(counters.records),
            detections=counters.detections,
            duplicates=counters.duplicates,
            rejected=_merged(
                counters.rejected,
                _of_posts(self.posts_refused),
                self.listening.forgotten(),
                _unkept(self.people.not_kept, self.hub.odd_words),
            ),
            put_aside=dict(counters.put_aside),
            inbox=engine.inbox.losses(),
            kernel_drops=self.listening.kernel_drops(),
            connections=self.listening.states(),
            batches=counters.batches,
            failed_steps=counters.failed_steps,
            failure=counters.failure,
            step=_quantiles(counters.step_s),
            commit=_quantiles(counters.commit_s),
            durable=_quantiles(counters.durable_s),
            failed_commits=counters.failed_commits,
            refused_no_room=counters.refused_no_room,
            lost_batches=counters.lost_batches,
            disk_error=counters.disk_error,
            journal_batch=counters.journal_batch,
            outcome_digest=counters.outcome_digest,
            recovered_batches=counters.recovered_batches,
            viewers=len(self.hub.viewers),
            closed_behind=self.hub.closed_behind,
            clock_steps=self.clock_steps,
            clock_ahead_s=round(self.clock.ahead_s(), 3) + 0.0,  # not -0.0
            clock_note=self.clock.note(),
            sensors=self.sensors,
            denied=dict(self.denied),
            channels=as_one([*self.sender.status(), *self.feeds.status()]),
            timestamps=self.stampers.status(),
            armed=self.hub.armed(time.monotonic()),
            sentinels=self.pulses.status(),
        )


def _watch_act(user: str, request: ActRequest, left_s: float, now_s: float) -> Act:
    nan = float("nan")
    until_s = nan if request.until_s is None else request.until_s
    if request.verb == "accept_rule" and left_s < math.inf:  # it stands for a shift, no longer
        until_s = min(now_s + left_s, math.inf if math.isnan(until_s) else until_s)
    return Act(
        verb=request.verb, key=f"{user}:{request.key}", user=user, at_s=now_s,
        site=request.site, zones=tuple(request.zones), alarm=request.alarm,
        track=int(request.track or 0), reason=request.reason, text=request.text,
        view_s=nan if request.view_s is None else request.view_s, step=request.step,
        option=request.option, until_s=until_s,
        criteria=tuple(request.criteria), headcount=headcount_of(request.headcount),
        sighting=report_of(request.sighting), pointing=pointing_of(request.pointing),
    )  # fmt: skip


def _record_act(user: str, request: RecordRequest, now_s: float) -> RecordAct:
    return RecordAct(request.verb, f"{user}:{request.key}", user, now_s, request.body)


def _quantiles(values: "deque[float]") -> Quantiles:
    p50_s, p99_s = quantile(values, 0.5), quantile(values, 0.99)
    return Quantiles(
        None if p50_s is None else round(p50_s * 1000.0, 2),
        None if p99_s is None else round(p99_s * 1000.0, 2),
    )


def _merged(*parts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for part in parts:
        for source, reasons in part.items():
            mine = found.setdefault(source, {})
            for reason, number in reasons.items():
                mine[reason] = mine.get(reason, 0) + number
    return found


def _unkept(names: int, words: int) -> dict[str, dict[str, int]]:
    found = {"people": {"no room to keep what a name stands for": names},
             "viewers": {"a message that is no beat": words}}  # fmt: skip
    return {source: why for source, why in found.items() if any(why.values())}


def _of_posts(refused: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {source: {"not a body of detections": n} for source, n in refused.items()}
