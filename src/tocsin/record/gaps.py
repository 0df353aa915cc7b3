"""What is not known: each gap is told as a gap, and none is filled."""

from tocsin.model.records import (
    Assertion,
    Claim,
    Document,
    Incident,
    Relation,
    State,
    TimeSaid,
)  # fmt: skip
from tocsin.model.register import Register, Version, chain_words, label_of, value_words
from tocsin.record._said import Said, entries_of
from tocsin.record.changes import is_of
from tocsin.record.views import noun_at, rows_about, rows_of, told_about
from tocsin.record.words import ASKED_FIRST, DRONES, INJURIES

__all__ = ["gaps"]

_WORDS = {"drones": DRONES, "injuries": INJURIES}


def gaps(register: Register, wanted: list[str], *, others: bool) -> list[Said]:
    """Answer for some incidents what nobody states, what is only silence, which time is not
    resolved, who is known by position only, and which claim no official confirms.

    others: also of statements that are about no incident, and of relations.
    """
    found: list[Said] = []
    for name in wanted:
        found += _of_incident(register, name)
    if others:
        found += _of_others(register)
    found += _of_documents(register, wanted, others=others)
    told = {said.text: said for said in found}  # one that is about two incidents is told once
    return list(told.values()) or [Said("The register holds no incident.")]


def _of_others(register: Register) -> list[Said]:
    found: list[Said] = []
    for _, version, said in rows_of(register, Assertion):
        if not any(register.rows[name].kind in ("incident", "series") for name in said.about):
            found += _of_statement(register, said.about[0], version, said)
    for _, version, relation in rows_of(register, Relation):
        found += _of_chain(register, version, relation)
    return found


def _of_incident(register: Register, name: str) -> list[Said]:
    noun = noun_at(register, name, Incident)
    told = [(v, n) for _, v, n in rows_about(register, name) if not v.withdrawn]
    found = []
    if noun is not None and noun.happened.earliest_s is None:
        version = register.rows[name].versions[-1]
        text = f"{name}: when it happened is not resolved{_why(noun.happened)}."
        found.append(Said(text, entries_of(version), (name,)))
    for version, said in told:
        found += _of_statement(register, name, version, said)
    for quantity in ASKED_FIRST:
        words = _WORDS.get(quantity, (quantity,))
        if not any(is_of(said.quantity, words) for _, said in told):
            text = f"{name}: nobody in the register says anything about {quantity}: unknown."
            found.append(Said(text, (), (name,), {"quantity": quantity}))
    for _, version, claim in told_about(register, name):
        if not version.withdrawn and not claim.confirmed_by:
            found.append(_unconfirmed(register, name, version, claim))
        if not version.withdrawn:
            found += _of_chain(register, version, claim)
    return found


def _of_statement(
    register: Register, name: str, version: Version, said: Assertion
) -> list[Said]:
    found = []
    who = chain_words(register, said.chain)
    values: dict[str, object] = {"quantity": said.quantity, "state": said.state}
    if said.state != State.STATED:
        text = f"{name}: {value_words(said)}, according to {who}."
        found.append(Said(text, entries_of(version), (said.id,), values))
    found += _of_chain(register, version, said)
    if said.when.verbatim and said.when.earliest_s is None:
        text = f"{said.id}: the time it speaks of is not resolved{_why(said.when)}."
        found.append(Said(text, entries_of(version), (said.id,)))
    return found


def _of_chain(
    register: Register, version: Version, noun: Assertion | Claim | Relation
) -> list[Said]:
    found = []
    for step in noun.chain:
        if not step.explicit:
            text = f"{noun.id}: the text does not name {label_of(register, step.source)} here"
            text += f" ({step.note})." if step.note else "."
            found.append(Said(text, entries_of(version), (noun.id, step.source)))
    return found


def _unconfirmed(register: Register, name: str, version: Version, claim: Claim) -> Said:
    who = label_of(register, claim.claimant)
    text = f"{name}: claimed by {who}; official confirmation: none stated."
    return Said(text, entries_of(version), (claim.id,))


def _of_documents(register: Register, wanted: list[str], *, others: bool) -> list[Said]:
    """Of the texts that statements about these incidents stand in, or of all: no date, parts
    of the page that were empty or did not render.
    """
    told: list[Assertion | Claim] = []
    for name in wanted:
        told += [noun for _, _, noun in rows_about(register, name)]
        told += [noun for _, _, noun in told_about(register, name)]
    used = {n.document or (n.span.document if n.span else "") for n in told}
    found = []
    for row, version, paper in rows_of(register, Document):
        if row.id not in used and not others:
            continue
        if paper.published.earliest_s is None:
            text = f"{row.id}: when it was published is not resolved{_why(paper.published)}."
            found.append(Said(text, entries_of(version), (row.id,)))
        for block in paper.blocks:
            if block.state in ("empty", "did not render"):
                text = f"{row.id}: the page's {block.kind} is kept: {block.state}."
                found.append(Said(text, entries_of(version), (row.id,)))
    return found


def _why(time: TimeSaid) -> str:
    said = f", said as {time.verbatim!r}" if time.verbatim else ""
    return said + (f" ({time.why_unresolved})" if time.why_unresolved else "")
