"""Which incidents of a ledger are out, as of which entry, and what a page says of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.cli._followed import Book
from tocsin.model.records import Incident, Series
from tocsin.model.register import Register

if TYPE_CHECKING:
    from tocsin import record

__all__ = ["Card", "Plan", "most_read", "page_name", "plans_of", "related"]

Links = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What other pages say of one: its name and title, its incident, the ids of its series."""

    name: str
    title: str
    incident: str
    site: str
    nature: str
    series: tuple[str, ...]
    is_draft: bool

    def file(self, ending: str) -> str:
        """Return the name of one of its files."""
        return self.name.removesuffix(".html") + ending


@dataclass(frozen=True, slots=True)
class Plan:
    """A page to write: what it tells ends with entry upto; now: how it stands."""

    card: Card
    upto: int
    now: "record.Standing"


def plans_of(book: Book, result: dict[str, Any], *, draft: bool, now_s: float) -> list[Plan]:
    """Return the incidents of a ledger that are out, in the order of their entries. Those that
    wait are told in the result.
    """
    from tocsin import record
    from tocsin.record.views import incidents_in_order

    register, entries = book.register, book.entries
    plans = []
    for row, _, _ in incidents_in_order(register):
        now = record.standing(register, row.id, "public")
        waits = now.not_before_s is not None and now_s < now.not_before_s
        if waits and now.not_before_s is not None:
            result["next_s"] = min(now.not_before_s, result.get("next_s") or now.not_before_s)
        as_of: int | None = now.as_of
        if not now.state:  # nobody took a step: what two people approved is out
            as_of = record.approved_as_of(register, row.id, "public")
        elif waits:
            as_of = None
        if as_of is None and not draft:
            result["waiting"].append(row.id)
            continue
        upto = len(entries) - 1 if as_of is None else as_of
        card = _card(register, row.id, upto, now, is_draft=as_of is None)
        plans.append(Plan(card, upto, now))
    return plans


def _card(
    register: Register, incident: str, upto: int, now: "record.Standing", *, is_draft: bool
) -> Card:
    from tocsin import report

    noun = _noun_at(register, incident, upto)
    assert isinstance(noun, Incident)
    title = now.text.headline if now.text else ""
    title = report.marked(title, noun.nature) if title else report.title_of(noun)
    if now.state == "withdrawn":
        title = f"Withdrawn: {report.title_of(noun)}"
    series = [
        row.id for row in register.rows.values()
        if row.kind == "series" and row.versions[0].entry <= upto
        and isinstance(its := _noun_at(register, row.id, upto), Series)
        and incident in its.incidents
    ]  # fmt: skip
    return Card(page_name(incident), title, incident, noun.site, noun.nature,
                tuple(series), is_draft)  # fmt: skip


def page_name(incident: str) -> str:
    """Return the name of an incident's page."""
    return f"{incident.lower()}.html"


def _noun_at(register: Register, row: str, upto: int) -> object:
    """Return a row's noun as it was at an entry: its newest version up to there."""
    versions = register.rows[row].versions
    return next((v.noun for v in reversed(versions) if v.entry <= upto), versions[0].noun)


def related(one: Card, cards: Sequence[Card]) -> Links:
    """Return the pages of its series, then of its site: of those that are written too."""
    return tuple(
        (other.name, f"{other.title} ({other.incident})")
        for other in cards
        if other.name != one.name
        and (one.is_draft or not other.is_draft)
        and other.nature == one.nature
        and (other.site == one.site or set(other.series) & set(one.series))
    )


def most_read(one: Card, cards: Sequence[Card], read: Mapping[str, int]) -> Links:
    """Return the five most read of the other pages that are out, the most read first."""
    others = [c for c in cards if c.name != one.name and not c.is_draft and read.get(c.name)]
    others.sort(key=lambda card: (-read[card.name], card.name))
    return tuple((card.name, f"{card.title} ({card.incident})") for card in others[:5])
