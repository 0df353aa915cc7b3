"""Rows of the register by kind, as the questions and accounts need them."""

from collections.abc import Iterator
from typing import TypeVar

from tocsin.model.records import (
    Assertion,
    Claim,
    Document,
    Incident,
    Noun,
    Relation,
    Series,
    Source,
    Step,
)  # fmt: skip
from tocsin.model.register import Happening, Register, Row, Version
from tocsin.record.words import ANONYMOUS, WRITERS

__all__ = [
    "anonymous_in", "incidents_in_order", "is_writer_only", "moved_from", "noun_at",
    "rows_about", "rows_of", "series_of", "timeline_of", "told_about",
]  # fmt: skip

N = TypeVar("N", bound=Noun)
_INF = float("inf")


def rows_of(
    register: Register, kind: type[N], *, withdrawn: bool = False
) -> Iterator[tuple[Row, Version, N]]:
    """Yield (row, newest version, its noun) of a kind, in the order of their entries."""
    for row in register.rows.values():
        version = row.versions[-1]
        if isinstance(version.noun, kind) and (withdrawn or not version.withdrawn):
            yield row, version, version.noun


def noun_at(register: Register, row_id: str, kind: type[N]) -> N | None:
    """Return the newest noun of a row, None where there is none of that kind."""
    row = register.rows.get(row_id)
    noun = row.versions[-1].noun if row else None
    return noun if isinstance(noun, kind) else None


def incidents_in_order(register: Register) -> list[tuple[Row, Version, Incident]]:
    """Return the incidents by when they happened; those without a time last, by entry."""
    found = list(rows_of(register, Incident))
    return sorted(found, key=lambda f: (_when(f[2]), f[0].versions[0].entry))


def _when(noun: Incident) -> float:
    return _INF if noun.happened.earliest_s is None else noun.happened.earliest_s


def series_of(register: Register, incident: str) -> tuple[str, ...]:
    """Return the other incidents of its series, in their order there."""
    found: dict[str, None] = {}
    for _, _, series in rows_of(register, Series):
        if incident in series.incidents:
            found.update(dict.fromkeys(i for i in series.incidents if i != incident))
    return tuple(found)


def rows_about(register: Register, incident: str) -> list[tuple[Row, Version, Assertion]]:
    """Return the assertions about an incident or about a series that holds it."""
    index = _index(register)
    names = [incident, *index.series.get(incident, ())]
    found = {f[0].id: f for name in names for f in index.assertions.get(name, ())}
    if len(names) == 1:
        return list(found.values())
    return sorted(found.values(), key=lambda f: index.places[f[0].id])


def told_about(register: Register, incident: str) -> list[tuple[Row, Version, Claim]]:
    """Return the claims of responsibility for an incident."""
    return list(_index(register).claims.get(incident, ()))


def moved_from(
    register: Register, incident: str
) -> list[tuple[tuple[Version, ...], Assertion | Claim]]:
    """Return what was said or claimed of an incident until a correction made it of others: its
    versions up to that correction's, and the noun as it was before.
    """
    index = _index(register)
    names = [incident, *index.series.get(incident, ())]
    found = {row.id: row for name in names for row in index.moved.get(name, ())}
    moved = []
    for row in found.values():
        held = [bool(set(_about(version.noun)) & set(names)) for version in row.versions]
        last = len(held) - 1 - held[::-1].index(True)
        noun = row.versions[last].noun
        if last < len(held) - 1 and isinstance(noun, Assertion | Claim):
            moved.append((tuple(row.versions[: last + 2]), noun))
    return moved


def _about(noun: Noun) -> tuple[str, ...]:
    if isinstance(noun, Assertion):
        return noun.about
    return noun.incidents if isinstance(noun, Claim) else ()


class _Index:
    """What is told of each thing of a register as it stands, in the order of the rows;
    withdrawn rows too. series: of each incident, the ids of the series that hold it; places:
    of each assertion among all rows; moved: the rows that were of a thing and are no more.
    """

    def __init__(self, register: Register) -> None:
        self.of, self.last_entry = register, register.last_entry
        self.assertions: dict[str, list[tuple[Row, Version, Assertion]]] = {}
        self.claims: dict[str, list[tuple[Row, Version, Claim]]] = {}
        self.series: dict[str, list[str]] = {}
        self.places: dict[str, int] = {}
        self.moved: dict[str, list[Row]] = {}
        for place, row in enumerate(register.rows.values()):
            version = row.versions[-1]
            noun = version.noun
            if len(row.versions) > 1:
                was = {name for v in row.versions for name in _about(v.noun)}
                for name in sorted(was - set(_about(noun))):
                    self.moved.setdefault(name, []).append(row)
            if isinstance(noun, Assertion):
                self.places[row.id] = place
                for name in dict.fromkeys(noun.about):
                    self.assertions.setdefault(name, []).append((row, version, noun))
            elif isinstance(noun, Claim):
                for name in dict.fromkeys(noun.incidents):
                    self.claims.setdefault(name, []).append((row, version, noun))
            elif isinstance(noun, Series) and not version.withdrawn:
                for name in dict.fromkeys(noun.incidents):
                    self.series.setdefault(name, []).append(row.id)


# The index of the register that was asked last: an answer looks at one register many times.
# Its rows change only where an entry is folded in, which moves `last_entry` on.
_newest: list[_Index] = []


def _index(register: Register) -> _Index:
    for index in _newest:
        if index.of is register and index.last_entry == register.last_entry:
            return index
    index = _Index(register)
    _newest[:] = [index]
    return index


def timeline_of(register: Register, incident: str, *, by: str = "happened") -> list[Happening]:
    """Return an incident's happenings by when they "happened" or were "recorded"."""
    found = [h for h in register.timeline if h.incident == incident]
    if by == "recorded":
        return sorted(found, key=lambda h: (h.recorded_s, h.entry))
    return sorted(found, key=lambda h: (h.at_s, h.entry))


def anonymous_in(register: Register, chain: tuple[Step, ...]) -> list[str]:
    """Return the sources of a chain whom a reader cannot ask again."""
    found = []
    for step in chain:
        source = noun_at(register, step.source, Source)
        if source is not None and source.identity in ANONYMOUS:
            found.append(step.source)
    return found


def is_writer_only(register: Register, noun: Assertion | Claim | Relation) -> bool:
    """Tell whether nobody but the text's own writer and carrier stands behind it."""
    document = noun_at(
        register, noun.document or (noun.span.document if noun.span else ""), Document
    )
    own = (document.origin, document.carrier) if document else ()
    for step in noun.chain:
        source = noun_at(register, step.source, Source)
        if step.source not in own and (source is None or source.kind not in WRITERS):
            return False
    return bool(noun.chain)
