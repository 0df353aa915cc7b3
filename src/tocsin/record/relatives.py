"""How those who claim something are related, according to whom. Nothing is worked out."""

from tocsin.model.records import Claim, Relation
from tocsin.model.register import Register, Version, chain_words, label_of
from tocsin.record._said import Said, entries_of
from tocsin.record.views import rows_of, told_about
from tocsin.record.words import SYMMETRIC

__all__ = ["relations"]

_Claims = dict[str, list[tuple[Version, Claim]]]
_WITH_IS = ("part of", "member of", "alias of", "rival of")
_ONE_SIDE = (
    "part of",
    "member of",
    "alias of",
    "speaks for",
)  # claims of both may be one claim


def relations(register: Register, wanted: list[str]) -> list[Said]:
    """Answer for some incidents: how each claimant is related, according to whom; which claims
    fit together if that holds; and which claimant nothing relates to another.
    """
    claims: _Claims = {}
    for name in wanted:
        for _, version, claim in told_about(register, name):
            if not version.withdrawn:
                claims.setdefault(claim.claimant, []).append((version, claim))
    found: list[Said] = []
    fitting: list[Said] = []
    joined: set[str] = set()
    for row, version, noun in rows_of(register, Relation):
        if register.rows[noun.from_id].kind != "actor":
            continue
        if noun.from_id not in claims and noun.to_id not in claims:
            continue
        joined |= {noun.from_id, noun.to_id}
        text = f"{_words(register, noun)}, according to {chain_words(register, noun.chain)}."
        found.append(Said(text, entries_of(version), (row.id,)))
        if noun.type in _ONE_SIDE:
            fitting += _fits(register, claims, version, noun)
    for name in claims:
        if name not in joined:
            text = f"{label_of(register, name)}: nothing in the register relates it to another."
            found.append(Said(text, (), (name,)))
    return found + fitting or [Said("The register holds no claimant.")]


def _words(register: Register, noun: Relation) -> str:
    this, other = label_of(register, noun.from_id), label_of(register, noun.to_id)
    verb = f"is {noun.type}" if noun.type in _WITH_IS else noun.type
    if noun.type in SYMMETRIC and noun.type not in _WITH_IS:
        return f"{this} and {other} ({noun.type})"
    return f"{this} {verb} {other}"


def _fits(register: Register, claims: _Claims, version: Version, noun: Relation) -> list[Said]:
    """Say of what two of one side both claim that it need not be rivalry, if the source of
    their relation is right.
    """
    mine, theirs = claims.get(noun.from_id, []), claims.get(noun.to_id, [])
    other = [name for _, claim in theirs for name in claim.incidents]
    shared = dict.fromkeys(i for _, c in mine for i in c.incidents if i in other)
    if not shared:
        return []
    text = f"Both claim {' and '.join(shared)}; the claims fit together if it holds that "
    text += f"{_words(register, noun)}, which rests on {chain_words(register, noun.chain)}."
    versions = [v for v, _ in (*mine, *theirs)]
    rows = (noun.id, *(c.id for _, c in mine), *(c.id for _, c in theirs))
    return [Said(text, entries_of(version, *versions), tuple(dict.fromkeys(rows)))]
