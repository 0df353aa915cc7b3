"""What a plugged-in proposer suggests, checked against the text before a person sees it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tocsin.model.proposals import Candidate, Proposal, ProposedRow, Suggestion
from tocsin.model.records import Span, State
from tocsin.record.importer.cast import slug
from tocsin.record.words import TEXT_BLOCKS

__all__ = ["MAX_SUGGESTIONS", "take_suggestions"]

MAX_SUGGESTIONS = 500


def take_suggestions(
    proposal: Proposal, suggestions: Sequence[Suggestion], name: str
) -> Proposal:
    """Return the proposal with the suggestions whose words stand in the text where they say.

    The others are told in `refused`, with the reason; so is what comes after the first 500.
    """
    rows = {row.id: row for row in proposal.rows}
    items, refused = list(proposal.items), list(proposal.refused)
    for number, one in enumerate(suggestions):
        wrong = "" if number < MAX_SUGGESTIONS else f"only the first {MAX_SUGGESTIONS} are read"
        wrong = wrong or _why_not(proposal, one)
        if wrong:
            refused.append(f"{name}, suggestion {number + 1}: {wrong}")
            if number >= MAX_SUGGESTIONS:
                break
            continue
        items.append(_candidate(proposal, one, rows, f"{len(items) + 1}", name))
    # The document and the incidents come after the sources that they rest on.
    order = (
        "add_source", "add_actor", "add_document", "add_place", "open_incident", "link",
    )  # fmt: skip
    kept = sorted(rows.values(), key=lambda row: order.index(row.verb))
    return replace(
        proposal, rows=tuple(kept), items=tuple(items), refused=tuple(refused),
        proposers=(*proposal.proposers, name),
    )  # fmt: skip


def _why_not(proposal: Proposal, one: Suggestion) -> str:
    blocks = proposal.blocks
    if not 0 <= one.block < len(blocks):
        return f"there is no block {one.block}"
    block = blocks[one.block]
    if block.kind not in TEXT_BLOCKS:
        return f"block {one.block} is the page's {block.kind}, which is no evidence"
    if not one.verbatim or block.text[one.start : one.end] != one.verbatim:
        return f"its words do not stand at {one.start}-{one.end} of block {one.block}"
    if one.state not in State.ALL or (one.state != State.STATED and one.value is not None):
        return f"state {one.state!r} with value {one.value!r} cannot be"
    count = sum(row.verb == "open_incident" for row in proposal.rows)
    if any(not 1 <= n <= count for n in one.incidents):
        return f"the text tells of {count} incidents, not of {max(one.incidents)}"
    return ""


def _candidate(
    proposal: Proposal, one: Suggestion, rows: dict[str, ProposedRow], number: str, name: str
) -> Candidate:
    doc = proposal.document
    chain: list[dict[str, Any]] = []
    for words in one.speakers:
        source = f"src-{slug(words)}"
        rows.setdefault(source, ProposedRow(
            source, "add_source", {"id": source, "kind": "other", "name": words}, (), (),
            (f"what kind of source {words} is",),
        ))  # fmt: skip
        chain.append({"source": source})
    own = [s for s in (doc.origin, doc.carrier) if s and s not in [c["source"] for c in chain]]
    chain += [{"source": source} for source in own]
    incidents = [f"{proposal.id}-i{n}" for n in one.incidents]
    span = Span(doc.id, one.block, one.start, one.end)
    body: dict[str, Any] = {
        "id": f"{proposal.id}-x{number}", "verbatim": one.verbatim, "chain": chain,
        "document": doc.id,
        "span": {"document": doc.id, "block": one.block, "start": one.start, "end": one.end},
    }  # fmt: skip
    needs = [doc.id, *(c["source"] for c in chain), *incidents]
    verb = "assert"
    if one.quantity == "claim":
        verb, words = "claim", str(one.value)
        actor = f"act-{slug(words)}"
        rows.setdefault(actor, ProposedRow(actor, "add_actor", {"id": actor, "name": words}))
        body |= {"claimant": actor, "incidents": incidents}
        needs.append(actor)
    else:
        body |= {"about": incidents or [doc.id], "quantity": one.quantity, "state": one.state}
        if one.value is not None:
            body["value"] = one.value
    return Candidate(
        body["id"], verb, body, span, tuple(dict.fromkeys(needs)), (f"proposer {name}",),
        ("suggested by a program: read the words",),
    )  # fmt: skip
