"""The operational ledger: entries in a hash chain, a pure function of the journal."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from tocsin.model import Entry
from tocsin.record.canonical import canonical, number_text
from tocsin.record.verifier import DOMAIN, START

__all__ = ["START", "Chain", "append_into", "digest_of", "first_bad", "label_of", "open_chain"]


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
    rest = label_of(chain.count, kind, recorded_s) + data
    digest = sha256(DOMAIN + chain.head + rest).digest()
    entry = Entry(chain.count, kind, recorded_s, data, digest)
    chain.outcome = sha256(DOMAIN + chain.outcome + rest).digest()
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
    return sha256(DOMAIN + before + label_of(number, kind, recorded_s) + body).digest()


def label_of(number: int, kind: str, recorded_s: float) -> bytes:
    """Return what stands before the body where an entry is hashed: canonical JSON, a line."""
    return b"[%d%b" % (number, _rest_of_label(kind, recorded_s))


@lru_cache(maxsize=1024)  # the entries of a step share their time
def _rest_of_label(kind: str, recorded_s: float) -> bytes:
    return b",%b,%b]\n" % (canonical(kind), number_text(float(recorded_s)).encode())
