"""A person's look at a proposal: reject, restore, split, merge, and put a known row in place.

Confirming is no act here: it is the ordinary acts of the record that `acts_for` lists.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tocsin.errors import CallError
from tocsin.model.proposals import Candidate, Proposal, ProposedRow
from tocsin.model.records import Actor, Place, Source, Span
from tocsin.model.register import Register
from tocsin.record.importer.statements import quote_of

__all__ = ["REVIEW_ACTS", "acts_for", "all_acts", "link_known", "order_for", "review"]

REVIEW_ACTS = ("reject", "restore", "split", "merge", "link")
_KIND_OF = {
    "add_source": "source", "add_actor": "actor", "add_document": "document",
    "open_incident": "incident", "link": "series", "add_place": "place",
}  # fmt: skip


def acts_for(proposal: Proposal, item: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (verb, body) of the acts that record an item, in their order, its own last.

    Rows that stand for one of the register are named by that one's id and not added again.
    """
    acts = all_acts(proposal)
    return [acts[name] for name in order_for(proposal, item)]


def all_acts(proposal: Proposal) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return (verb, body) by id, of every item and every row that is not of the register."""
    known = {row.id: row.existing for row in proposal.rows if row.existing}
    rows = [row for row in proposal.rows if not row.existing]
    acts: list[ProposedRow | Candidate] = [*rows, *proposal.items]
    return {one.id: (one.verb, _renamed(one.body, known)) for one in acts}


def order_for(proposal: Proposal, item: str) -> list[str]:
    """Return the ids of the acts that record an item, in their order, its own last."""
    found = _item(proposal, item)
    rows = {row.id: row for row in proposal.rows}
    order: list[str] = []
    for name in found.needs:
        _before(rows, name, order)
    return [*(name for name in order if not rows[name].existing), found.id]


def _before(rows: dict[str, ProposedRow], name: str, order: list[str]) -> None:
    row = rows.get(name)
    if row is None or name in order:
        return
    if not row.existing:
        for other in row.needs:
            _before(rows, other, order)
    order.append(name)


def _renamed(value: Any, known: dict[str, str]) -> Any:
    """Return a body with ids of the proposal put as those of the register; words stay."""
    if isinstance(value, dict):
        return {
            key: inner if key in ("verbatim", "text", "blocks") else _renamed(inner, known)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_renamed(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value


def link_known(proposal: Proposal, register: Register) -> Proposal:
    """Return the proposal with rows of the same name put as the register's."""
    names: dict[tuple[str, str], str] = {}
    for row in register.rows.values():
        noun = row.versions[-1].noun
        if row.versions[-1].withdrawn or not isinstance(noun, Source | Actor | Place):
            continue
        aliases = () if isinstance(noun, Source) else noun.aliases
        for name in (noun.name, *aliases):
            if name:
                names.setdefault((row.kind, name.casefold()), row.id)
    rows = tuple(
        replace(row, existing=found)
        if (found := names.get((_KIND_OF[row.verb], str(row.body.get("name", "")).casefold())))
        else row
        for row in proposal.rows
    )
    return replace(proposal, rows=rows)


def review(
    proposal: Proposal, act: str, item: str, *, at: int = -1, other: str = ""
) -> Proposal:
    """Return the proposal after one act of a person; CallError where it cannot be done.

    split: `at` is a character of the item's block; merge: `other` is an item of the same block
    that stands beside it; link: `item` is a row, `other` the register's row ("" none).
    """
    if act not in REVIEW_ACTS:
        raise CallError(
            f"there is no {act!r} of a proposal; give one of {', '.join(REVIEW_ACTS)}"
        )
    if act == "link":
        return _linked(proposal, item, other)
    found = _item(proposal, item)
    if act in ("reject", "restore"):
        state = "rejected" if act == "reject" else "open"
        changed = [replace(found, state=state)]
        return _with(proposal, found, changed)
    if found.state != "open":
        raise CallError(f"{item!r} is {found.state}; restore it first")
    if act == "split":
        return _with(proposal, found, _split(proposal, found, at))
    second = _item(proposal, other)
    merged = _merged(proposal, found, second)
    rest = replace(proposal, items=tuple(i for i in proposal.items if i.id != second.id))
    return _with(rest, found, [merged])


def _item(proposal: Proposal, name: str) -> Candidate:
    found = next((item for item in proposal.items if item.id == name), None)
    if found is None:
        raise CallError(f"the proposal {proposal.id} has no item {name!r}; load it again")
    return found


def _with(proposal: Proposal, old: Candidate, new: Sequence[Candidate]) -> Proposal:
    items: list[Candidate] = []
    for item in proposal.items:
        items += new if item.id == old.id else [item]
    return replace(proposal, items=tuple(items), revision=proposal.revision + 1)


def _linked(proposal: Proposal, name: str, existing: str) -> Proposal:
    if not any(row.id == name for row in proposal.rows):
        raise CallError(f"the proposal {proposal.id} has no row {name!r}; load it again")
    rows = tuple(
        replace(row, existing=existing) if row.id == name else row for row in proposal.rows
    )
    return replace(proposal, rows=rows, revision=proposal.revision + 1)


def _split(proposal: Proposal, item: Candidate, at: int) -> list[Candidate]:
    """Part an item's words at a character; both halves keep what the item says."""
    span = item.span
    if not span.start < at < span.end:
        raise CallError(
            f"{item.id} stands at {span.start}-{span.end}; {at} is no place inside to split it"
        )
    text = proposal.blocks[span.block].text
    halves = [(span.start, at), (at, span.end)]
    trimmed = [_trimmed(text, a, b) for a, b in halves]
    if any(a >= b for a, b in trimmed):
        raise CallError(f"one half of {item.id} would hold no words; split it elsewhere")
    taken = [i.id for i in proposal.items]
    ids = [item.id, _free(item.id, taken)]
    gaps = (*item.gaps, "split: say what each half states")
    return [
        _moved(item, text, start, end, new_id, gaps)
        for (start, end), new_id in zip(trimmed, ids, strict=True)
    ]


def _merged(proposal: Proposal, item: Candidate, other: Candidate) -> Candidate:
    """Join two items of one block; the first says what is stated, with the words of both."""
    if item.id == other.id or item.span.block != other.span.block:
        raise CallError("two different items of the same paragraph can be merged, no others")
    if item.verb != other.verb:
        raise CallError(f"a {item.verb!r} and a {other.verb!r} cannot be merged; reject one")
    text = proposal.blocks[item.span.block].text
    start = min(item.span.start, other.span.start)
    end = max(item.span.end, other.span.end)
    gaps = tuple(dict.fromkeys((*item.gaps, *other.gaps)))
    made = _moved(item, text, start, end, item.id, gaps)
    needs = tuple(dict.fromkeys((*item.needs, *other.needs)))
    return replace(made, needs=needs, rules=tuple(dict.fromkeys((*item.rules, *other.rules))))


def _moved(
    item: Candidate, text: str, start: int, end: int, new_id: str, gaps: tuple[str, ...]
) -> Candidate:
    span = Span(item.span.document, item.span.block, start, end)
    body = {
        **item.body, "id": new_id, "verbatim": text[start:end],
        "span": {"document": span.document, "block": span.block, "start": start, "end": end},
    }  # fmt: skip
    if "quote" in body:
        body["quote"] = quote_of(text, start, end)
    if body.get("quantity") == "statement":
        body["value"] = text[start:end][:200]
    return replace(item, id=new_id, body=body, span=span, gaps=tuple(dict.fromkeys(gaps)))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " ,;":
        start += 1
    while start < end and text[end - 1] in " ,;":
        end -= 1
    return start, end


def _free(name: str, taken: list[str]) -> str:
    return next(f"{name}{c}" for c in "bcdefghijklmnopqrstuvwxyz" if f"{name}{c}" not in taken)
