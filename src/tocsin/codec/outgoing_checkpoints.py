"""What a peer is sent of the ledger: a signed head, with the proof that it goes on from the one
that the peer holds. No entry, and nothing of what entries say.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

__all__ = ["CHECKPOINTS", "MEDIA_TYPE", "CheckpointOffer"]

MEDIA_TYPE = "application/json"


class CheckpointOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """note: the checkpoint as it was signed; since: the size of the one that is held, 0 none;
    proof: of consistency between the two (RFC 9162, 2.1.4), each hash in hex.
    """

    note: str
    since: int = 0
    proof: list[str] = []


def _checkpoint(note: str, since: int, proof: Sequence[bytes]) -> bytes:
    return msgspec.json.encode(CheckpointOffer(note, since, [p.hex() for p in proof]))


# Walked by `tests/line`; read-only, so that nothing that is loaded later can add to it.
CHECKPOINTS: Mapping[str, Callable[[str, int, Sequence[bytes]], bytes]] = MappingProxyType(
    {"checkpoint": _checkpoint}
)
