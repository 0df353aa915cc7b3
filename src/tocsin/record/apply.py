"""A person's act of the record: checked against the register, then one entry, or a sentence."""

from dataclasses import replace

import msgspec

from tocsin.model import Entry
from tocsin.model.records import (
    Approval,
    Correction,
    Custody,
    Incident,
    Noun,
    Publication,
    RecordAct,
)  # fmt: skip
from tocsin.model.register import Register
from tocsin.record._days import utc_year
from tocsin.record._rules import CLOCK_SLACK_S, PREFIX
from tocsin.record.canonical import canonical
from tocsin.record.chain import Chain, append_into
from tocsin.record.check import why_not
from tocsin.record.check_things import why_not_next
from tocsin.record.fold import fold_into
from tocsin.record.publishing import NEEDED_APPROVALS, approved_by, as_of_for
from tocsin.record.shape import KIND_OF, VERBS, body_of, noun_of, read_noun

__all__ = ["MAX_ROWS", "apply_into", "next_id"]

_VERB_OF = dict(zip(KIND_OF.values(), VERBS, strict=True))
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError)
# Rows of one register: ten years of 50 incidents with 40 statements each. With all of them a
# snapshot takes some 50 ms; incidents of the watch have room kept for them.
MAX_ROWS = 20_000
ROWS_FOR_THE_WATCH = 2_000


def apply_into(
    register: Register, chain: Chain, act: RecordAct, recorded_s: float
) -> tuple[tuple[Entry, ...], bool, str]:
    """Record one act: return (its entries, accepted, a sentence for the person).

    A refused act changes neither register nor chain. The register must have all entries of
    the chain folded in. An act whose key was recorded before is answered again, not recorded
    again.
    """
    known = register.keys.get(f"{act.user} {act.key}")
    if known is not None:
        return (), True, f"already recorded as {known}"
    noun = read_noun(act.verb, act.body)
    if isinstance(noun, str):
        return (), False, noun
    rules = act.rules
    wrong = _why_not_act(register, act, recorded_s)
    wrong = wrong or why_not(register, noun, recorded_s, rules=rules)
    if not wrong and isinstance(noun, Correction):
        wrong = _why_not_fixed(register, noun, recorded_s, rules=rules)
    if not wrong and isinstance(noun, Custody):
        wrong = why_not_next(register, noun)
    if wrong:
        return (), False, wrong
    noun = _completed(register, noun, recorded_s)
    wrong = _why_not_back(act.verb, noun, is_exact=rules >= 1)
    if wrong:
        return (), False, wrong
    body = {
        "verb": act.verb, "key": act.key, "by": act.user, "at_s": act.at_s,
        "body": body_of(noun), **_was(register, noun),
    }  # fmt: skip
    entry = append_into(chain, "record", recorded_s, body)
    fold_into(register, (entry,))
    return (entry,), True, _sentence(register, noun, entry.number)


def _why_not_act(register: Register, act: RecordAct, recorded_s: float) -> str:
    if not act.key or not act.user:
        return "an act of the record names who did it and bears a key"
    if len(register.rows) >= MAX_ROWS - ROWS_FOR_THE_WATCH:
        return (
            f"the register holds {len(register.rows)} rows, which is all that a watch keeps at "
            "hand; keep this data folder and begin another (`tocsin watch --data`)"
        )
    if not act.at_s <= recorded_s + CLOCK_SLACK_S:
        return (
            f"the act is of {act.at_s:.0f}, after it came in ({recorded_s:.0f}); check clocks"
        )
    return ""


def _why_not_back(verb: str, noun: Noun, *, is_exact: bool) -> str:
    """Return why a noun would not be read from its entry, exactly as it was given, or "". Asked
    before the chain grows: an entry that the register cannot read sets the two apart.
    """
    try:
        read = noun_of(KIND_OF[type(noun)], msgspec.json.decode(canonical(body_of(noun))))
    except _UNREADABLE:
        read = None
    if read == noun or (read is not None and not is_exact):
        return ""
    return (
        f"{verb!r} holds a number that the record cannot write down and read again; whole "
        "numbers are below 2**53"
    )


def _why_not_fixed(
    register: Register, noun: Correction, recorded_s: float, *, rules: int
) -> str:
    """The row as corrected must keep all rules of a new one."""
    row = register.rows[noun.of]
    fixed = read_noun(_VERB_OF[row.kind], {**body_of(row.versions[-1].noun), **noun.changes})
    if isinstance(fixed, str):
        return fixed
    if noun.kind != "withdrawn" and fixed == row.versions[-1].noun:
        return f"the correction changes nothing: {noun.of!r} says that already"
    return why_not(register, replace(fixed, id=""), recorded_s, rules=rules)


def _completed(register: Register, noun: Noun, recorded_s: float) -> Noun:
    """Return the noun with its id, and an approval with the entry that it is of."""
    if isinstance(noun, Approval) and noun.as_of < 0:
        noun = replace(noun, as_of=register.last_entry)
    if isinstance(noun, Publication):
        noun = replace(noun, as_of=as_of_for(register, noun))
    return noun if noun.id else replace(noun, id=next_id(register, noun, recorded_s))


def next_id(register: Register, noun: Noun, recorded_s: float) -> str:
    """Return the next id of a noun's kind: "INC-2026-0001" for incidents and series (the year
    in UTC of when it happened, else of when it was recorded), "AST-0001" for the others.
    """
    kind = KIND_OF[type(noun)]
    prefix = PREFIX[kind]
    if isinstance(noun, Incident) and noun.happened.earliest_s is not None:
        prefix = f"{prefix}-{utc_year(noun.happened.earliest_s):04d}"
    elif kind in ("incident", "series"):
        prefix = f"{prefix}-{utc_year(recorded_s):04d}"
    return f"{prefix}-{register.counts.get(prefix, 0) + 1:04d}"


def _was(register: Register, noun: Noun) -> dict[str, object]:
    """Of a correction, the old values of what it changes, so that the entry stands alone."""
    if not isinstance(noun, Correction):
        return {}
    versions = register.rows[noun.of].versions
    old = body_of(versions[-1].noun)
    return {
        "of_entry": versions[-1].entry,
        "was": {name: old.get(name) for name in sorted(noun.changes)},
    }


def _sentence(register: Register, noun: Noun, number: int) -> str:
    kind = KIND_OF[type(noun)]
    if isinstance(noun, Approval):
        who = approved_by(register, noun.incident, noun.profile, noun.as_of)
        text = (
            f"{noun.incident} as of entry {noun.as_of} is approved for {noun.profile} readers "
        )
        text += f"by {len(who)} of {NEEDED_APPROVALS}"
        if len(who) < NEEDED_APPROVALS:
            text += f"; another person approves with as_of = {noun.as_of}"
        return text
    if isinstance(noun, Publication):
        when = f"account of {noun.incident} for {noun.profile} readers"
        return f"{when}: {noun.state} as of entry {noun.as_of}; {noun.id}, entry {number}"
    if isinstance(noun, Correction):
        return f"{noun.of} {noun.kind} by {noun.id}, entry {number}"
    return f"{kind} {noun.id} recorded, entry {number}"
