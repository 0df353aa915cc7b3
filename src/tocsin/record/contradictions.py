"""Which statements about the same thing cannot both hold. Both are shown; neither wins."""

import math
from collections.abc import Collection, Sequence

from tocsin.model.records import Assertion, Claim, Relation, Series, State
from tocsin.model.register import Contradiction, Register
from tocsin.record.views import rows_of
from tocsin.record.words import EXCLUSIVE

__all__ = ["contradictions"]

ABOUT = 0.1  # "about 40" is taken as 36 to 44: a convention of this register, shown as such


_Groups = dict[tuple[tuple[str, ...], str], list[Assertion]]
_Explanations = dict[str, tuple[int, str]]


def contradictions(
    register: Register, about: Collection[str] | None = None
) -> list[Contradiction]:
    """Return all contradictions, in the order of their first statement; about: only those
    about one of these incidents or series.
    """
    groups: _Groups = {}
    for _, _, noun in rows_of(register, Assertion):
        if noun.modality != "asserted":
            continue
        for thing in _keys(noun):
            groups.setdefault((thing, noun.quantity.strip().casefold()), []).append(noun)
    explained = _explanations(register)
    found = []
    for (things, quantity), members in groups.items():
        if about is not None and not any(thing in about for thing in things):
            continue
        rules = _rules(members, quantity)
        if rules:
            sides = _sides([m for m in members if _counts(m)])
            found.append(
                Contradiction(things, quantity, sides, rules, _explained(explained, members))
            )
    found += _of_wholes(register, groups, explained)
    found += _claimed(register, explained) + _said(register)
    if about is None:
        return found
    return [c for c in found if any(thing in about for thing in c.about)]


def _keys(noun: Assertion) -> list[tuple[str, ...]]:
    """What the value is of: each thing by itself, or all of them together."""
    if noun.scope == "in all" and len(noun.about) > 1:
        return [tuple(sorted(noun.about))]
    return [(thing,) for thing in noun.about]


def _counts(noun: Assertion) -> bool:
    return noun.state in (State.STATED, State.NONE_REPORTED)


def _rules(members: list[Assertion], quantity: str) -> tuple[str, ...]:
    """Say why these statements do not all fit together; one pass, whatever their number."""
    stated = [m for m in members if m.state == State.STATED]
    words = {_word(m.value): None for m in stated if isinstance(m.value, str)}
    numbers = [m for m in stated if isinstance(m.value, float)]
    found = []
    is_silent = any(m.state == State.NONE_REPORTED for m in members)
    if is_silent and any(m.value != 0 for m in stated):
        found.append("one says that none was reported, the other states it")
    if _is_exclusive(quantity) and len(words) > 1:
        found.append(f"different words for the {quantity}")
    if _apart(numbers):
        found.append("different numbers")
    # A word such as "minor" and a number: only zero denies the word.
    if words and any(m.value == 0 for m in numbers):
        found.append("one says zero, the other states it")
    return tuple(found)


def _is_exclusive(quantity: str) -> bool:
    """Tell whether a thing has one value of it only; also how a named track ended."""
    return quantity in EXCLUSIVE or quantity.startswith("outcome of ")


def _apart(numbers: list[Assertion]) -> bool:
    """Tell whether two numbers of one unit share no value: the highest low end is above the
    lowest high end.
    """
    ends: dict[str, tuple[float, float]] = {}
    for noun in numbers:
        low, high = _span(noun)
        top, bottom = ends.get(_word(noun.unit), (-math.inf, math.inf))
        ends[_word(noun.unit)] = (max(top, low), min(bottom, high))
    return any(top > bottom for top, bottom in ends.values())


def _word(text: str) -> str:
    return " ".join(text.casefold().split())


def _span(noun: Assertion) -> tuple[float, float]:
    value = noun.value if isinstance(noun.value, float) else math.nan
    if noun.bound == "at least":
        return value, math.inf
    if noun.bound == "at most":
        return -math.inf, value
    if noun.bound == "about":
        return value - abs(value) * ABOUT, value + abs(value) * ABOUT
    return value, value


def _sides(members: list[Assertion]) -> tuple[tuple[str, ...], ...]:
    sides: dict[tuple[str, str, str], list[str]] = {}
    for noun in members:
        value = _word(noun.value) if isinstance(noun.value, str) else repr(noun.value)
        sides.setdefault((noun.state, value, _word(noun.unit)), []).append(noun.id)
    return tuple(tuple(side) for side in sides.values())


def _of_wholes(
    register: Register, groups: _Groups, explained: _Explanations
) -> list[Contradiction]:
    """What is stated of several things in all, or of a series, where one and the same silence
    was about each of them.
    """
    series = {row.id: noun.incidents for row, _, noun in rows_of(register, Series)}
    found = []
    for (about, quantity), members in groups.items():
        parts = about if len(about) > 1 else series.get(about[0], ())
        stated = [m for m in members if m.state == State.STATED and m.value != 0]
        if not parts or not stated:
            continue
        of_one = groups.get(((parts[0],), quantity), [])
        silent = [
            m for m in of_one if m.state == State.NONE_REPORTED and set(parts) <= set(m.about)
        ]
        if silent:
            sides = _sides([*silent, *stated])
            rule = "one says that none was reported of any, the other states it of all together"
            told = _explained(explained, [*silent, *stated])
            found.append(Contradiction(about, quantity, sides, (rule,), told))
    return found


def _claimed(register: Register, explained: _Explanations) -> list[Contradiction]:
    """What one party is said to have claimed, told otherwise by others. Rival claims of
    different parties contradict nothing: each of them was made.
    """
    groups: dict[str, list[Claim]] = {}
    for _, _, noun in rows_of(register, Claim):
        groups.setdefault(noun.claimant, []).append(noun)
    found = []
    for members in groups.values():
        sides: dict[frozenset[str], list[str]] = {}
        for noun in members:
            sides.setdefault(frozenset(noun.incidents), []).append(noun.id)
        if len(sides) < 2:
            continue
        about = tuple(dict.fromkeys(i for noun in members for i in noun.incidents))
        found.append(
            Contradiction(
                about, "claimed", tuple(tuple(side) for side in sides.values()),
                ("different accounts of what one party claims",),
                _explained(explained, members),
            )
        )  # fmt: skip
    return found


def _explanations(register: Register) -> _Explanations:
    """Return, by the row that is explained, the first relation that does and its place."""
    found: _Explanations = {}
    for place, (_, _, relation) in enumerate(rows_of(register, Relation)):
        if relation.type == "explains":
            found.setdefault(relation.to_id, (place, relation.id))
    return found


def _explained(explained: _Explanations, members: Sequence[Assertion | Claim]) -> str:
    found = [explained[m.id] for m in members if m.id in explained]
    return min(found)[1] if found else ""


def _said(register: Register) -> list[Contradiction]:
    """Contradictions that a person found."""
    found = []
    for _, _, relation in rows_of(register, Relation):
        row = register.rows[relation.from_id]
        noun = row.versions[-1].noun
        if relation.type == "contradicts" and isinstance(noun, Assertion):
            sides = ((relation.from_id,), (relation.to_id,))
            text = f"said by a person: {relation.note or relation.id}"
            found.append(Contradiction(noun.about, noun.quantity, sides, (text,)))
    return found
