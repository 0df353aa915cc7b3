"""Whether a ledger is unchanged, and which entry is the first that is not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.model import Entry
from tocsin.record.chain import START, digest_of

__all__ = ["Kept", "Verdict", "verify"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that somebody wrote down elsewhere: so many entries, and the last digest."""

    entries: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. first_bad: number of the first entry that does not fit, None: all fit.

    reason: a sentence; entries, head: how far it holds; witness: what it was compared with.
    """

    first_bad: int | None
    reason: str
    entries: int
    head: bytes
    witness: str = ""


def verify(
    entries: Iterable[Entry], *, kept: Kept | None = None, copy: Iterable[Entry] | None = None
) -> Verdict:
    """Check a ledger from its entry 0 on.

    A changed, inserted, deleted or moved entry breaks the chain. A missing tail, an older
    ledger put back, or one that was written anew from some entry on, fit their own chain and
    show only against a head `kept` elsewhere or an earlier `copy` of the entries; a copy
    names the very entry, a head only that it lies at or before the kept one.
    """
    earlier = iter(copy) if copy is not None else None
    witness = "an earlier copy" if copy is not None else "a kept head" if kept else ""
    head, count, last_s = START, 0, float("-inf")
    for entry in entries:
        reason = _why_not(entry, head, count, last_s) or _differs(entry, earlier)
        if not reason and kept and count + 1 == kept.entries and entry.digest != kept.head:
            reason = (
                f"entry {count} is not the one whose digest was kept: the ledger was written "
                "anew at or before it"
            )
        if reason:
            return Verdict(count, reason, count, head, witness)
        head, count, last_s = entry.digest, count + 1, entry.recorded_s
    missing = _missing(count, kept, earlier)
    if missing:
        return Verdict(count, missing, count, head, witness)
    text = f"{count} entries fit together"
    text += f" and hold against {witness}" if witness else "; there is no outside witness"
    return Verdict(None, text, count, head, witness)


def _why_not(entry: Entry, head: bytes, count: int, last_s: float) -> str:
    if entry.number != count:
        return f"entry {count} should stand here and number {entry.number} does"
    if digest_of(head, count, entry.kind, entry.recorded_s, entry.body) != entry.digest:
        return f"entry {count} does not fit the one before it, or was changed"
    if entry.recorded_s < last_s:
        return f"entry {count} was recorded before the one before it: a clock was set back"
    return ""


def _differs(entry: Entry, earlier: Iterator[Entry] | None) -> str:
    if earlier is None:
        return ""
    old = next(earlier, None)
    if old is not None and old.digest != entry.digest:
        return f"entry {entry.number} is another than in the earlier copy: a fork begins here"
    return ""


def _missing(count: int, kept: Kept | None, earlier: Iterator[Entry] | None) -> str:
    if kept is not None and kept.entries > count:
        return (
            f"the ledger ends before entry {count}; the kept head is of {kept.entries}: "
            "its tail is missing, or an older state was put back"
        )
    if earlier is not None and next(earlier, None) is not None:
        return (
            f"the ledger ends before entry {count} and the earlier copy goes on: its tail is "
            "missing, or an older state was put back"
        )
    return ""
