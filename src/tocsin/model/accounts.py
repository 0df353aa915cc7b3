"""Everything the register holds of one incident, gathered for a report."""

from dataclasses import dataclass, field

from tocsin.model.records import (
    Assertion,
    Claim,
    Custody,
    Evidence,
    Grade,
    Incident,
    Relation,
    Series,
)  # fmt: skip
from tocsin.model.register import Contradiction, Happening, Register, Version

__all__ = ["Account", "Kept"]


Kept = tuple[Version, Evidence, tuple[tuple[Version, Custody], ...]]


@dataclass(frozen=True, slots=True)
class Account:
    """One incident as of one entry of the ledger.

    versions: of the incident's own row, oldest first. The pairs hold each row's newest
    version and its noun, in the order of their first entry; `history` holds all versions of
    those rows that were corrected. statements are about the incident or a series that holds
    it; evidence: what is kept about it or about what is said of it, with its steps of custody;
    moved: what was said or claimed of it until a correction made it of others, as it was then,
    with the version that the correction made, which tells that it no longer holds here;
    relations are between its claimants and others. covers: what the register covers;
    head: digest of the entry `as_of`, hex, "" where not given.
    """

    register: Register
    incident: Incident
    versions: tuple[Version, ...]
    as_of: int
    recorded_s: float
    covers: str
    happenings: tuple[Happening, ...] = ()
    statements: tuple[tuple[Version, Assertion], ...] = ()
    claims: tuple[tuple[Version, Claim], ...] = ()
    relations: tuple[tuple[Version, Relation], ...] = ()
    grades: tuple[tuple[Version, Grade], ...] = ()
    series: tuple[tuple[Version, Series], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    history: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    head: str = ""
    evidence: tuple[Kept, ...] = ()
    moved: tuple[tuple[Version, Assertion | Claim], ...] = ()
