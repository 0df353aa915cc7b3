"""Who may read a statement: by a person's word, else by where it came from."""

from tocsin.model.accounts import Account
from tocsin.model.records import Assertion, Claim, Relation, Source
from tocsin.model.register import Register

__all__ = ["PUBLISHERS", "why_withheld"]

# Who carries things to the public. What passed through one of these was public before.
PUBLISHERS = ("agency", "outlet", "broadcaster", "social media", "carrier")
_RANK = {"public": 0, "partner": 1, "internal": 2}


def why_withheld(account: Account, noun: Assertion | Claim | Relation, profile: str) -> str:
    """Return why a statement is kept from a profile's readers, "" where they may have it."""
    if profile == "internal":
        return ""
    sealed = _sealed(account.register, noun)
    if noun.audience:
        allowed = _RANK[noun.audience] <= _RANK[profile]
        if not allowed:
            return f"a person marked it {noun.audience}"
    if sealed:
        return "a source is sealed"
    if noun.audience:
        return ""
    if profile == "public" and not _was_published(account.register, noun):
        return "it came through no publisher"
    return ""


def _sources(register: Register, noun: Assertion | Claim | Relation) -> list[Source]:
    nouns = [register.rows[step.source].versions[-1].noun for step in noun.chain]
    return [n for n in nouns if isinstance(n, Source)]


def _sealed(register: Register, noun: Assertion | Claim | Relation) -> bool:
    return any(s.identity == "sealed" for s in _sources(register, noun))


def _was_published(register: Register, noun: Assertion | Claim | Relation) -> bool:
    return any(s.kind in PUBLISHERS for s in _sources(register, noun))
