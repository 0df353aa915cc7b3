"""What the checks of a fusion node have in their hands: connections, nodes, messages."""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tocsin.cli.conform.wire import Talk
from tocsin.codec.sapient import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    ulid,
)

__all__ = ["Bench", "NotApplicableError", "Options", "Verdict"]

Verdict = str  # "" where it is as asked, else a sentence
STEP_S = 0.1  # between stamps: the reference middleware refuses less than 80 ms
SETTLE_S = 0.2  # for the other side to notice that connections have ended


class NotApplicableError(Exception):
    """The clause cannot be asked here; the words say why."""


@dataclass(frozen=True, slots=True)
class Options:
    """host, port: of the node under test, or where to wait for it (is_listening). role:
    "fusion" or "edge", what is under test. nodes: ids by which the tester's sensors register;
    lat_deg, lon_deg: where they say to stand. wait_s: for an answer; quiet_s: in which an Error
    would come. watch_s: how long an edge node is watched. only: ids of clauses, () for all.
    """

    host: str
    port: int
    role: str = "fusion"
    is_listening: bool = False
    nodes: tuple[str, ...] = ()
    lat_deg: float = 48.0
    lon_deg: float = 11.0
    wait_s: float = 5.0
    quiet_s: float = 0.5
    watch_s: float = 30.0
    only: tuple[str, ...] = ()


@dataclass(slots=True)
class Bench:
    """Gives connections that end with the clause, and messages that are right but for what a
    check changes.
    """

    options: Options
    exchanged: list[tuple[float, str, bytes]] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    _talks: list[Talk] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.SystemRandom)
    _stamp_s: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        given = [name.lower() for name in self.options.nodes]
        self.nodes = given + [str(uuid.uuid4()) for _ in range(2 - len(given))]

    def begin(self) -> None:
        """Begin a clause."""
        self.exchanged = []

    async def call(self) -> Talk:
        """Open a connection."""
        options = self.options
        async with asyncio.timeout(options.wait_s):
            reader, writer = await asyncio.open_connection(options.host, options.port)
        talk = Talk(reader, writer, self.exchanged, self._began)
        self._talks.append(talk)
        return talk

    async def close(self) -> None:
        """End the clause's connections."""
        for talk in self._talks:
            await talk.close()
        if self._talks:
            await asyncio.sleep(SETTLE_S)
        self._talks.clear()

    async def stamp(self) -> float:
        """Return now, at least STEP_S after the last time that was asked for."""
        wait_s = self._stamp_s + STEP_S - time.time()
        if wait_s > 0.0:
            await asyncio.sleep(wait_s)
        self._stamp_s = time.time()
        return self._stamp_s

    def new_id(self) -> str:
        """Return a new ULID."""
        return ulid(time.time(), self._chance.getrandbits(80))

    async def registration(self, node: int = 0) -> bytes:
        """Return the registration of the first or second node."""
        return encode_registration(
            self.nodes[node], await self.stamp(), kind="radar", name=f"conformance {node + 1}",
            status_s=5.0, scan_s=1.0, manufacturer="Tocsin", model="conformance tester",
        )  # fmt: skip

    async def status(self, *, system: str = "ok", node: int = 0) -> bytes:
        """Return a status report."""
        options = self.options
        return encode_status(
            self.nodes[node], await self.stamp(), self.new_id(), lat_deg=options.lat_deg,
            lon_deg=options.lon_deg, alt_m=500.0, system=system,
        )  # fmt: skip

    async def detections(self, n: int = 1, *, is_located: bool = False) -> bytes:
        """Return the detections of one scan, by bearing or by place."""
        seen = [
            Sighted(self.new_id(), lat_deg=self.options.lat_deg + 0.01,
                    lon_deg=self.options.lon_deg + 0.01 * k, alt_m=700.0)
            if is_located
            else Sighted(self.new_id(), azimuth_rad=0.5 + 0.1 * k, elevation_rad=0.05,
                         range_m=3000.0, confidence=0.9)
            for k in range(n)
        ]  # fmt: skip
        ids = [self.new_id() for _ in seen]
        return encode_scan(self.nodes[0], await self.stamp(), seen, ids)

    async def register(self, node: int = 0) -> Talk:
        """Return a connection on which a node is registered. Raises NotApplicableError."""
        talk = await self.call()
        await talk.send(await self.registration(node))
        answer = await talk.kind(("registration_ack",), self.options.wait_s)
        if answer is None or not answer.registration_ack.acceptance:
            raise NotApplicableError("it needs a registration, which was not accepted (F01)")
        return talk

    async def error(self, talk: Talk) -> Any:
        """Return the Error that comes while one would, or None."""
        return await talk.kind(("error",), self.options.quiet_s)

    @staticmethod
    def frame(message: Any) -> bytes:
        """Return a message as it goes over TCP."""
        return frame(message.SerializeToString())
