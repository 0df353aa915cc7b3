"""The operational ledger: entries in a hash chain, a pure function of the journal."""

import hashlib
from dataclasses import dataclass

from tocsin.model import Entry
from tocsin.record.canonical import canonical

__all__ = ["START", "Chain", "append_into", "digest_of", "first_bad", "open_chain"]

START = bytes(32)  # the digest before the first entry
_DOMAIN = b"tocsin-entry-1\n"  # so that a digest of ours is no digest of anything else


@dataclass(slots=True)
class Chain:
    """Where the chain stands. head covers all entries; outcome all but the first.

    The first entry bears the mode (live, replay, simulated), so `outcome` of a replay equals
    that of the watch it replays.
    """

    count: int = 0
    head: bytes = START
    outcome: bytes = START


def open_chain(mode: str, now_s: float, about: dict[str, object]) -> tuple[Chain, Entry]:
    """Return a new chain and its first entry, which bears the mode and what the node is."""
    chain = Chain()
    entry = append_into(chain, "opened", now_s, {"mode": mode, **about})
    chain.outcome = START
    return chain, entry


def append_into(chain: Chain, kind: str, recorded_s: float, body: dict[str, object]) -> Entry:
    """Append one entry and return it. body: JSON values only (NaN becomes null)."""
    data = canonical(body)
    digest = digest_of(chain.head, chain.count, kind, recorded_s, data)
    entry = Entry(chain.count, kind, recorded_s, data, digest)
    chain.outcome = digest_of(chain.outcome, chain.count, kind, recorded_s, data)
    chain.head = digest
    chain.count += 1
    return entry


def first_bad(entries: list[Entry]) -> int | None:
    """Return the place in the list of the first entry that does not fit, or None.

    The list must begin at entry 0. A changed, inserted, deleted or moved entry does not fit; a
    missing tail can only be seen by comparing the head with one that is kept elsewhere.
    """
    head = START
    for place, entry in enumerate(entries):
        wanted = digest_of(head, place, entry.kind, entry.recorded_s, entry.body)
        if entry.number != place or entry.digest != wanted:
            return place
        head = wanted
    return None


def digest_of(before: bytes, number: int, kind: str, recorded_s: float, body: bytes) -> bytes:
    """Return the digest of an entry after the digest `before`."""
    label = canonical([number, kind, recorded_s])
    return hashlib.sha256(_DOMAIN + before + label + b"\n" + body).digest()
