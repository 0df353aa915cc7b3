"""What the register knows, in a few sentences; with a time, what it knew then."""

from collections import Counter

from tocsin.model.records import (
    Assertion,
    Claim,
    Correction,
    Document,
    Incident,
    Relation,
    Source,
    State,
)
from tocsin.model.register import Register, Version, label_of, value_words
from tocsin.record._said import Said, entries_of
from tocsin.record.contradictions import contradictions
from tocsin.record.views import noun_at, rows_about, rows_of, told_about

__all__ = ["knowledge"]

_COUNTED = (
    (Incident, "incident"), (Assertion, "statement"), (Claim, "claim of responsibility"),
    (Relation, "relation"), (Source, "source"), (Document, "document"),
    (Correction, "correction"),
)  # fmt: skip


def knowledge(register: Register, wanted: list[str]) -> list[Said]:
    """Answer what the register holds, and of each incident what is said and claimed of it."""
    open_ones = contradictions(register)
    parts = [_many(len(list(rows_of(register, kind))), word) for kind, word in _COUNTED]
    parts.append(_many(len(open_ones), "contradiction"))
    newest = max((v.entry for row in register.rows.values() for v in row.versions), default=-1)
    text = f"The register holds {', '.join(parts)}."
    found = [Said(text, (newest,) if newest >= 0 else ())]
    counts = Counter(name for item in open_ones for name in dict.fromkeys(item.about))
    found += [_of_incident(register, name, counts[name]) for name in wanted]
    return found


def _of_incident(register: Register, name: str, against: int) -> Said:
    told = [(v, n) for _, v, n in rows_about(register, name) if not v.withdrawn]
    claims = [(v, n) for _, v, n in told_about(register, name) if not v.withdrawn]
    noun = noun_at(register, name, Incident)
    where = f" at {noun.site_name or noun.site}" if noun else ""
    said = dict.fromkeys(value_words(n) for _, n in told)
    who = dict.fromkeys(label_of(register, n.claimant) for _, n in claims)
    is_official = any(
        n.quantity.casefold() == "official attribution" and n.state == State.STATED
        for _, n in told
    )
    text = f"{name}{where}: "
    text += "; ".join(said) if said else "nothing is said of it"
    text += f". Claimed by {', '.join(who)}" if who else ". No claim is recorded"
    text += "" if is_official else "; official attribution: none stated"
    text += f"; {_many(against, 'contradiction')}."
    versions: list[Version] = [register.rows[name].versions[-1]]
    versions += [*(v for v, _ in told), *(v for v, _ in claims)]
    rows = (name, *(n.id for _, n in told), *(n.id for _, n in claims))
    return Said(text, entries_of(*versions), rows, {"contradictions": against})


def _many(count: int, word: str) -> str:
    if count == 1:
        return f"1 {word}"
    plural = "claims of responsibility" if word == "claim of responsibility" else f"{word}s"
    return f"{count} {plural}" if count else f"no {word}"
