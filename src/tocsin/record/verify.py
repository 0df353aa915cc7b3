"""Whether a ledger is unchanged, since when and by whose witness, and which entry is not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tocsin.model import Entry
from tocsin.record.chain import label_of
from tocsin.record.verifier import Checkpoint, Row, Walk, check_chain, short_code

__all__ = ["Held", "Kept", "Verdict", "judge", "rows_of_entries", "verify", "verify_rows"]

_GONE = "its tail is missing, or an older state was put back"


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that somebody wrote down elsewhere: so many entries, and the last digest."""

    entries: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint and who holds it; by "": only the ledger's own keeper does. stamped: by
    whom it was stamped with which time, in words, "" by nobody.
    """

    checkpoint: Checkpoint
    by: str = ""
    stamped: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. first_bad: number of the first entry that does not fit, None: all fit.

    reason: a sentence; entries, head: how far it holds; witness: "unchanged since checkpoint
    N, held by W", or what else it was compared with, "" nothing.
    """

    first_bad: int | None
    reason: str
    entries: int
    head: bytes
    witness: str = ""


def verify(
    entries: Iterable[Entry], *, kept: Kept | None = None, copy: Iterable[Entry] | None = None
) -> Verdict:
    """Check a ledger from its entry 0 on; see `verify_rows`."""
    earlier = (entry.digest for entry in copy) if copy is not None else None
    return verify_rows(rows_of_entries(entries), kept=kept, earlier=earlier)


def rows_of_entries(entries: Iterable[Entry]) -> Iterator[Row]:
    """Yield what the check of a chain takes; it needs a label, which an export has as text."""
    for e in entries:
        yield e.number, e.recorded_s, label_of(e.number, e.kind, e.recorded_s), e.body, e.digest


def verify_rows(
    rows: Iterable[Row],
    *,
    kept: Kept | None = None,
    earlier: Iterator[bytes] | None = None,
    held: Sequence[Held] = (),
    code: str = "",
) -> Verdict:
    """Check a ledger from its entry 0 on.

    A changed, inserted, deleted or moved entry breaks the chain. A missing tail, an older
    ledger put back, or one that was written anew from some entry on, fit their own chain and
    show only against what lies elsewhere: a `kept` head, `held` checkpoints, a short `code`
    from a logbook, the digests of an `earlier` copy. A copy names the very entry; the others
    only that it lies at or before theirs.
    """
    sizes = [h.checkpoint.size for h in held]
    sizes += [kept.entries] if kept else []
    coded = int(code.partition("-")[0]) if code else 0
    walk = check_chain(rows, [*sizes, coded], earlier)
    return judge(walk, kept=kept, earlier=earlier, held=held, code=code)


def judge(
    walk: Walk,
    *,
    kept: Kept | None = None,
    earlier: Iterator[bytes] | None = None,
    held: Sequence[Held] = (),
    code: str = "",
) -> Verdict:
    """Return how a chain that was walked stands against what lies elsewhere; see `verify_rows`.

    Its tops hold the sizes of all of that, as far as it goes; earlier: what is left of a copy.
    """
    coded = int(code.partition("-")[0]) if code else 0
    bad, reason = walk.bad, walk.reason
    if not reason:
        bad, reason = _against(walk, kept, held, code, coded)
    if not reason and earlier is not None and next(earlier, None) is not None:
        ends = f"the ledger ends before entry {walk.entries} and the earlier copy goes on"
        bad, reason = walk.entries, f"{ends}: {_GONE}"
    if reason:
        return Verdict(bad, reason, walk.entries, walk.head)
    witness = _witness(kept, held, code, coded, is_copy=earlier is not None)
    text = f"{walk.entries} entries fit together; {witness or 'there is no outside witness'}"
    return Verdict(None, text, walk.entries, walk.head, witness)


def _against(
    walk: Walk, kept: Kept | None, held: Sequence[Held], code: str, coded: int
) -> tuple[int | None, str]:
    """Return (entry, why it is not the one that was signed or kept), the earliest first."""
    found: list[tuple[int, str, bool]] = [
        (
            h.checkpoint.size,
            f"checkpoint {h.checkpoint.size}"
            + (f", held by {h.by}" if h.by else "")
            + (f", stamped by {h.stamped}" if h.stamped else ""),
            walk.tops.get(h.checkpoint.size) == (h.checkpoint.root, h.checkpoint.head),
        )
        for h in held
    ]
    if kept is not None:
        top = walk.tops.get(kept.entries)
        found.append(
            (
                kept.entries,
                f"the kept head of {kept.entries}",
                top is not None and top[1] == kept.head,
            )
        )
    if code:
        top = walk.tops.get(coded)
        found.append(
            (coded, f"the code {code}", top is not None and short_code(coded, top[0]) == code)
        )
    fits = max((size for size, _, good in found if good), default=0)
    for size, what, good in sorted(found):
        if good:
            continue
        if size > walk.entries:
            ends = f"the ledger ends before entry {walk.entries} and {what} is of {size}"
            return walk.entries, f"{ends}: {_GONE}"
        after = f"; up to entry {fits - 1} it is as it was" if 0 < fits < size else ""
        return size - 1, (
            f"entry {size - 1} is not the one of {what}: the ledger was written anew at or "
            f"before it{after}"
        )
    return None, ""


def _witness(
    kept: Kept | None, held: Sequence[Held], code: str, coded: int, *, is_copy: bool
) -> str:
    outside = [h for h in held if h.by]
    if outside:
        newest = max(outside, key=lambda h: h.checkpoint.size)
        size = newest.checkpoint.size
        names = dict.fromkeys(h.by for h in outside if h.checkpoint.size == size)
        return f"unchanged since checkpoint {size}, held by {' and '.join(names)}"
    if code:
        return f"unchanged since checkpoint {coded}, by the code that was written down"
    if is_copy:
        return "unchanged since an earlier copy"
    return f"unchanged since a kept head of {kept.entries} entries" if kept else ""
