"""Rules that came when ledgers had been written without them (edition 1; see `model.RULES`).

An act names the edition that it was taken in under, so that none of these refuses, in a replay,
what a journal holds as accepted.
"""

import re

from tocsin.model.records import (
    Assertion,
    Correction,
    Document,
    Incident,
    Noun,
    Publication,
    State,
)
from tocsin.model.register import Register
from tocsin.record._rules import EARLIEST_S, FAR_S, PREFIX

__all__ = ["SILENCE", "why_not_later"]

SILENCE = re.compile(r"\b(no|none|nobody|not any)\b.*\breport(s|ed)?\b", re.IGNORECASE)
_NONE = ("zero", "none", "no", "nobody", "no one", "nil", "nothing", "not any")
_GIVEN = re.compile(rf"(?:{'|'.join(PREFIX.values())})(?:-[0-9]{{4}})?-[0-9]{{4,}}")
# What the watch recorded of an alarm's incident and no person changes.
_WATCHED = ("nature", "site")


def why_not_later(register: Register, noun: Noun) -> str:
    """Return why a noun cannot be recorded by these rules, or "" where it can."""
    wrong = _why_not_id(noun.id)
    if isinstance(noun, Document):
        wrong = wrong or _why_not_retrieved(noun.retrieved_s)
    elif isinstance(noun, Assertion):
        wrong = wrong or _why_not_zero(noun)
    elif isinstance(noun, Correction):
        wrong = wrong or _why_not_watched(register, noun) or _why_not_entry(register, noun.seen)
    elif isinstance(noun, Publication):
        wrong = wrong or _why_not_entry(register, noun.seen)
        wrong = wrong or _why_not_entry(register, noun.as_of)
    return wrong


def _why_not_id(row_id: str) -> str:
    # A page is named by the id in small letters, so INC-2026-0001 and inc-2026-0001 are one.
    if _GIVEN.fullmatch(row_id.upper()):
        return (
            f"the id {row_id!r} is of the form that the register gives itself, now or later; "
            "give another, or leave it out and one is given"
        )
    return ""


def _why_not_retrieved(at_s: float | None) -> str:
    if at_s is None or EARLIEST_S <= at_s < FAR_S:
        return ""
    return f"retrieved_s {at_s:.0f} is no time; give Unix seconds (UTC)"


def _why_not_zero(noun: Assertion) -> str:
    """Refuse a zero in words, as one in figures is."""
    if noun.state != State.STATED or not isinstance(noun.value, str):
        return ""
    if _is_none(noun.value) and SILENCE.search(noun.verbatim):
        return (
            f"the words say that nothing was reported, and {noun.value!r} would make a zero of "
            "it; record the state 'none reported' without a value"
        )
    return ""


def _is_none(value: str) -> bool:
    text = value.strip(" .").casefold()
    try:
        return float(text) == 0
    except ValueError:
        return text in _NONE


def _why_not_watched(register: Register, noun: Correction) -> str:
    about = register.rows[noun.of].versions[-1].noun
    changed = [name for name in _WATCHED if name in noun.changes]
    if not isinstance(about, Incident) or not about.alarm or not changed:
        return ""
    return (
        f"{changed[0]!r} of {noun.of!r} is what the watch recorded with its alarm; say in "
        "`text` what was wrong"
    )


def _why_not_entry(register: Register, number: int) -> str:
    if number <= register.last_entry:
        return ""
    return f"there is no entry {number} yet; the newest is {register.last_entry}"
