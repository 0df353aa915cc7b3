"""The threads that bring checkpoints to peers, which keep them and countersign.

The book of checkpoints is the outbox: what leaves is the newest one that the peer has not
acknowledged, for it covers all before it. So death at any point loses nothing, a checkpoint
that is sent again is the same, and what waits cannot grow. Nothing here holds up the ledger:
see docs/decisions/0018-peers-countersign.md.
"""

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from tocsin.codec._channel_address import stays_here
from tocsin.codec.outgoing_checkpoints import CHECKPOINTS, MEDIA_TYPE
from tocsin.errors import DataError, TocsinError
from tocsin.model import Node, Peer, TimeAuthority
from tocsin.record.tree import root_of
from tocsin.record.verifier import checkpoint_of, key_of, signatures_of, why_not_signed
from tocsin.service.checkpoint_book import Made
from tocsin.service.handing_over import post
from tocsin.service.notary import Notary, open_notary
from tocsin.service.secrets_folder import own_secret

__all__ = ["PATH", "Couriers", "Refusal", "why_kept_here"]

PATH = "/api/v1/witness/checkpoint"  # below the peer's address
LOOK_S = 1.0  # between looks for a new checkpoint
BACK_OFF_S = (2.0, 5.0, 15.0, 60.0)  # after the 1st, 2nd ... failure in a row
TURNS = 3  # offers of one checkpoint: as it is, then with the proof that was asked for

_log = structlog.get_logger("tocsin.witnessing")


class Refusal(msgspec.Struct, frozen=True):
    """Why a peer does not keep a checkpoint; held: the newest one that it holds of us."""

    error: str = ""
    held: str = ""


class ForkError(Exception):
    """The peer holds what our ledger does not go on from; held: its note, signed by us."""

    def __init__(self, sentence: str, held: str) -> None:
        super().__init__(sentence)
        self.held = held


def why_kept_here(peer: Peer | TimeAuthority, node: Node) -> str:
    """Return why nothing goes to a peer or an authority, "" where it does."""
    natures = {sensor.nature for sensor in node.sensors}
    if natures and "live" not in natures and not stays_here(peer.to):
        return "no sensor here is live: nothing leaves this machine"
    return ""


@dataclass(slots=True)
class Couriers:
    """One thread a peer that has an address. `start` once the journal is open."""

    node: Node
    data: Path
    now_s: Callable[[], float]
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Bring what is signed, from now on."""
        for peer in self.node.peers:
            if peer.to and not why_kept_here(peer, self.node):
                thread = threading.Thread(
                    target=self._serve, args=(peer,), name=f"tocsin-peer-{peer.id}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the offer under way, and end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _serve(self, peer: Peer) -> None:
        failures = 0
        while not self._stopping.is_set():
            wait_s = LOOK_S
            try:
                self._turn(peer)
                failures = 0
            except (OSError, ValueError, http.client.HTTPException, TocsinError) as error:
                wait_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
                failures += 1
                _log.warning("a peer was not reached", peer=peer.id, reason=str(error))
            except Exception as error:  # one peer's trouble ends no thread
                wait_s = BACK_OFF_S[-1]
                _log.error("a checkpoint could not be offered", peer=peer.id, exc_info=error)
            self._stopping.wait(wait_s)

    def _turn(self, peer: Peer) -> None:
        try:
            notary = open_notary(self.data)
        except DataError:  # no entry yet
            return
        try:
            made = notary.book.newest()
            if made is None or notary.book.is_settled(peer.id, made.checkpoint.size):
                return
            self._offer(peer, notary, made)
        finally:
            notary.book.close()

    def _offer(self, peer: Peer, notary: Notary, made: Made) -> None:
        """Offer a checkpoint, and note what came of it."""
        size, book = made.checkpoint.size, notary.book
        try:
            countersigned = _brought(peer, notary, made, self.data)
        except ForkError as fork:
            book.note_try(peer.id, size, str(fork), self.now_s(), refused=True)
            book.keep_witnessed(peer.id, fork.held, self.now_s())
            _log.error("a peer holds another ledger", peer=peer.id, reason=str(fork))
        except Exception as error:
            book.note_try(peer.id, size, f"{type(error).__name__}: {error}", self.now_s())
            raise
        else:
            book.note_receipt(peer.id, size, countersigned, self.now_s())


def _brought(peer: Peer, notary: Notary, made: Made, data: Path) -> str:
    """Return the peer's countersignature. Raises OSError, ValueError or ForkError."""
    since, proof = 0, list[bytes]()
    token = own_secret(peer.secret, data / "secrets")
    point = made.checkpoint
    for _ in range(TURNS):
        body = CHECKPOINTS["checkpoint"](made.note, since, proof)
        name = f"checkpoint-{point.size}-{point.root.hex()[:16]}"
        status, answer = post(peer.to + PATH, body, MEDIA_TYPE, token, name)
        if status == 200:
            return _countersigned(peer, made, answer)
        refusal = msgspec.json.decode(answer, type=Refusal) if status == 409 else Refusal()
        if not refusal.held:
            raise OSError(
                f"the peer answered {status}: {answer[:200].decode(errors='replace')}"
            )
        since = _size_that_goes_on(peer, notary, made, refusal.held)
        proof = notary.steps_between(since, point.size)
    raise OSError(f"the peer asked for a proof {TURNS} times")


def _countersigned(peer: Peer, made: Made, answer: bytes) -> str:
    note = answer.decode()
    wrong = why_not_signed(note, [k for text in peer.keys if (k := key_of(text))])
    ours, theirs = signatures_of(made.note), signatures_of(note)
    if wrong:
        raise ValueError(f"its countersignature is not good: {wrong}")
    if ours is None or theirs is None or ours[0] != theirs[0]:
        raise ValueError("it countersigned another checkpoint")
    return note


def _size_that_goes_on(peer: Peer, notary: Notary, made: Made, held: str) -> int:
    """Return the size of what the peer holds, where our ledger goes on from it.

    Raises ForkError where it does not, ValueError where the peer shows none of ours.
    """
    point, wrong = checkpoint_of(held), "its form"
    if point is not None:
        keys = [s.key for s in notary.book.signing_keys()]
        wrong = why_not_signed(held, keys, point.origin)
    if wrong or point is None:
        raise ValueError(f"what the peer says it holds is not ours: {wrong}")
    size = made.checkpoint.size
    if point.size > size:
        raise ForkError(
            f"{peer.id} holds a checkpoint of {point.size} entries of this ledger, which has "
            f"{size}: its tail is missing, or an older state was put back",
            held,
        )
    if root_of(notary.tree, point.size, notary.reader.digests) != point.root:
        raise ForkError(
            f"{peer.id} holds another checkpoint for {point.size} entries: this ledger was "
            "written anew at or before that",
            held,
        )
    return point.size
