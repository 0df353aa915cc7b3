"""Keeping the checkpoints of a peer: what it signed and what goes on from what we hold."""

from tocsin.codec.outgoing_checkpoints import CheckpointOffer
from tocsin.model import Peer
from tocsin.record.checkpoint import signed_note
from tocsin.record.verifier import (
    Checkpoint,
    checkpoint_of,
    is_consistent,
    key_of,
    signatures_of,
    why_not_signed,
)
from tocsin.service.checkpoint_book import CheckpointBook, Received
from tocsin.service.signing import Signer

__all__ = ["MAX_PROOF", "kept"]

MAX_PROOF = 64  # hashes: a tree of 2**64 leaves has no longer one


def kept(
    book: CheckpointBook, peer: Peer, offer: CheckpointOffer, signer: Signer, now_s: float
) -> tuple[str, str, str]:
    """Keep what a peer offers; return (countersigned note, why not, what we hold of it).

    One without the proof that it goes on from what we hold is refused with that: the peer
    offers it again, with the proof.
    """
    point, newest = checkpoint_of(offer.note), _newest(book, peer)
    keys = [k for text in peer.keys if (k := key_of(text))]
    wrong = "it is no checkpoint"
    if point is not None:
        wrong = why_not_signed(offer.note, keys, point.origin)
    if wrong or point is None:
        return "", f"the checkpoint of {peer.id} is not kept: {wrong}", ""
    if newest is not None:
        why = _why_not_on(peer, newest.checkpoint, point, offer)
        if why:
            return "", why, newest.note
    wrong = book.receive(peer.id, offer.note, now_s)
    if wrong:
        return "", wrong, newest.note if newest else ""
    parts = signatures_of(offer.note)
    assert parts is not None
    return signed_note(parts[0], [(signer.key, signer.sign)]), "", ""


def _newest(book: CheckpointBook, peer: Peer) -> Received | None:
    return next(iter(reversed(book.received(peer.id))), None)


def _why_not_on(peer: Peer, held: Checkpoint, point: Checkpoint, offer: CheckpointOffer) -> str:
    """Return why a checkpoint does not go on from the one that we hold, "" where it does."""
    if held.origin != point.origin:
        return (
            f"we hold checkpoints of {held.origin} for {peer.id}, and this one is of "
            f"{point.origin}: give that ledger a [[peer]] of its own"
        )
    if point.size < held.size:  # also one that we have had: it is not how the ledger stands
        return (
            f"we hold a checkpoint of {peer.id} for {held.size} entries, and this one is of "
            f"{point.size}: an older state was put back"
        )
    if point.size == held.size:
        return ""  # `receive` judges it: the same, or a fork
    try:
        proof = [bytes.fromhex(text) for text in offer.proof[:MAX_PROOF]]
    except ValueError:
        return "a hash of the proof is no hex"
    if offer.since == held.size and is_consistent(
        held.size, point.size, held.root, point.root, proof
    ):
        return ""
    return (
        f"show that {point.size} entries go on from the {held.size} that we hold of {peer.id}"
    )
