"""One incident with all that the register holds about it, for a report to tell."""

from dataclasses import replace

from tocsin.errors import CallError
from tocsin.model.accounts import Account, Kept
from tocsin.model.records import Evidence, Grade, Incident, Relation, Series
from tocsin.model.register import Register, Version
from tocsin.record.check_things import custody_of
from tocsin.record.contradictions import contradictions
from tocsin.record.known import covers
from tocsin.record.views import (
    moved_from,
    noun_at,
    rows_about,
    rows_of,
    timeline_of,
    told_about,
)

__all__ = ["account"]


def account(register: Register, incident: str, *, head: str = "") -> Account:
    """Return the account of an incident; CallError where there is none of that id."""
    noun = noun_at(register, incident, Incident)
    if noun is None:
        names = [row.id for row, _, _ in rows_of(register, Incident)]
        known = f"it holds {', '.join(names[-8:])}" if names else "it holds none"
        raise CallError(f"there is no incident {incident!r} in the register; {known}")
    versions = tuple(register.rows[incident].versions)
    statements = tuple((v, n) for _, v, n in rows_about(register, incident))
    claims = tuple((v, n) for _, v, n in told_about(register, incident))
    ids = [n.id for _, n in statements] + [n.id for _, n in claims]
    relations = _relations(register, [n.claimant for _, n in claims], ids)
    ids += [incident, *(n.id for _, n in relations)]
    series = tuple((v, n) for _, v, n in rows_of(register, Series) if incident in n.incidents)
    about = [incident, *(n.id for _, n in series)]
    moved = moved_from(register, incident)
    history = {name: found for name in ids if len(found := _corrected(register, name)) > 1}
    for versions_then, noun_then in moved:
        history[noun_then.id] = (versions_then[0], *(v for v in versions_then if v.correction))
    return Account(
        register=register,
        incident=noun,
        versions=versions,
        as_of=register.last_entry,
        recorded_s=register.last_s or 0.0,
        covers=covers(register),
        happenings=tuple(timeline_of(register, incident)),
        statements=statements,
        claims=claims,
        relations=relations,
        grades=tuple((v, n) for _, v, n in rows_of(register, Grade) if n.of in ids),
        series=series,
        contradictions=tuple(contradictions(register, about)),
        history=history,
        head=head,
        evidence=_evidence(register, {*about, *ids}),
        moved=tuple((replace(v[-1], noun=n, withdrawn=True), n) for v, n in moved),
    )


def _evidence(register: Register, about: set[str]) -> tuple[Kept, ...]:
    return tuple(
        (version, noun, tuple(custody_of(register, noun.id)))
        for _, version, noun in rows_of(register, Evidence)
        if about & set(noun.about)
    )


def _relations(
    register: Register, claimants: list[str], told: list[str]
) -> tuple[tuple[Version, Relation], ...]:
    ends = [*claimants, *told]
    return tuple(
        (v, n)
        for _, v, n in rows_of(register, Relation, withdrawn=True)
        if n.from_id in ends or n.to_id in ends
    )


def _corrected(register: Register, row_id: str) -> tuple[Version, ...]:
    """Return the first version and those that a correction made."""
    versions = register.rows[row_id].versions
    return (versions[0], *(v for v in versions[1:] if v.correction))
