"""How what is said of a quantity changed: every telling, in the order of its entry."""

from typing import NamedTuple

from tocsin.model.records import Assertion
from tocsin.model.register import Register, Version, chain_words, value_words
from tocsin.record._days import utc
from tocsin.record._said import Said
from tocsin.record.views import rows_about

__all__ = ["how_it_changed", "is_of", "told_of"]


class _Telling(NamedTuple):
    """One value as it was told. entry, recorded_s: of the act that told it."""

    entry: int
    recorded_s: float
    value: str
    text: str
    row: str


def is_of(given: str, words: tuple[str, ...]) -> bool:
    """Tell whether a quantity is one of these words, or one with more behind it ("hurt in the
    workshop").
    """
    word = given.strip().casefold()
    return any(word == one or word.startswith(one + " ") for one in words)


def told_of(
    register: Register, incident: str, words: tuple[str, ...]
) -> list[tuple[Version, Assertion]]:
    """Return the statements about an incident, or about a series that holds it, that speak of
    a quantity; withdrawn ones too.
    """
    return [(v, n) for _, v, n in rows_about(register, incident) if is_of(n.quantity, words)]


def how_it_changed(
    register: Register, incident: str, statements: list[Assertion]
) -> list[Said]:
    """Return one sentence for each quantity of which more than one value was told.

    A value that was corrected or withdrawn is told with what took its place.
    """
    rows: dict[str, list[str]] = {}
    for noun in statements:
        rows.setdefault(noun.quantity.strip().casefold(), []).append(noun.id)
    found = []
    for names in rows.values():
        told = sorted(t for name in names for t in _tellings(register, name))
        if len({t.value for t in told}) > 1:
            found.append(_changed(incident, told))
    return found


def _changed(incident: str, told: list[_Telling]) -> Said:
    text = "; then ".join(t.text for t in told)
    return Said(
        f"{incident}: how that changed: {text}. A later report does not make an earlier one "
        "wrong by itself.",
        tuple(dict.fromkeys(t.entry for t in told)),
        tuple(dict.fromkeys(t.row for t in told)),
        {"values": [t.value for t in told]},
    )


def _tellings(register: Register, name: str) -> list[_Telling]:
    found = []
    for place, version in enumerate(register.rows[name].versions):
        noun = version.noun
        if not isinstance(noun, Assertion):
            continue
        value = "withdrawn" if version.withdrawn else value_words(noun)
        when = f"{utc(version.recorded_s)}, entry {version.entry}"
        if place == 0:
            text = (
                f"{value}, according to {chain_words(register, noun.chain)} (recorded {when})"
            )
        elif version.withdrawn:
            text = f"{name} was withdrawn by {version.correction} ({when})"
        else:
            text = f"{value}, as {name} was corrected by {version.correction} ({when})"
        found.append(_Telling(version.entry, version.recorded_s, value, text, name))
    return found
