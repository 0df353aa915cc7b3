"""One entry of the operational ledger."""

from dataclasses import dataclass

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the hash chain, a pure function of the journal.

    number counts from 0 (the first entry bears the mode); kind names what `body` holds; body
    is canonical JSON (sorted keys, no blanks, UTF-8); digest is SHA-256 over the previous
    digest, the number, the kind, recorded_s and the body: see `record`.
    """

    number: int
    kind: str
    recorded_s: float
    body: bytes
    digest: bytes
