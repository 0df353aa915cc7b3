"""What an importer makes of an article: a proposal that counts for nothing by itself.

Each row and item holds the body of an ordinary act of the record. Accepting an item means
that a person sends the acts that it needs, then its own.
"""

from dataclasses import dataclass
from typing import Any

from tocsin.model.records import Block, Document, Span, TimeSaid

__all__ = [
    "Candidate", "Link", "PlaceFound", "Proposal", "ProposedRow", "Suggestion", "TimeFound",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProposedRow:
    """A source, actor, incident, series or the document that items rest on.

    id: of the row, once it is recorded; verb, body: its act; needs: ids of rows that come
    first; where: spans at which the text speaks of it; gaps: what the text does not say;
    existing: id of a row of the register that a person (or an equal name) puts in its place.
    """

    id: str
    verb: str
    body: dict[str, Any]
    needs: tuple[str, ...] = ()
    where: tuple[Span, ...] = ()
    gaps: tuple[str, ...] = ()
    existing: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assertion, claim or relation that the text may hold.

    rules: what found it; gaps: what a person has to decide; state: "open" or "rejected".
    """

    id: str
    verb: str
    body: dict[str, Any]
    span: Span
    needs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    state: str = "open"


@dataclass(frozen=True, slots=True)
class TimeFound:
    """A time in the text. attaches_to: "report", "event", or "" where that is left open."""

    span: Span
    time: TimeSaid
    attaches_to: str = ""


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place in the text as it was said; within: the words on where it lies, unresolved."""

    span: Span
    name: str
    kind: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a block: kept as words, never followed and never evidence."""

    block: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a plugged-in proposer gives for words of the text.

    verbatim must be the words of block `block` from `start` to `end` (characters), or the
    suggestion is refused. speakers: words for the sources, nearest to the event first; the
    writer and the page are added by themselves. quantity "claim": a claim of responsibility,
    and `value` names the claimant. incidents: their order in the text, from 1.
    """

    block: int
    start: int
    end: int
    verbatim: str
    quantity: str
    value: float | str | None = None
    state: str = "stated"
    speakers: tuple[str, ...] = ()
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """An article as blocks, with the rows and items that it may add to the record.

    sha256, bytes: of the original as it came in; format: "html", "plain", "ninjs" or "rss".
    gaps: what the article leaves open, in sentences; refused: suggestions of a proposer that
    did not fit, with reasons; revision counts the changes of the review.
    """

    id: str
    sha256: str
    bytes: int
    format: str
    document: Document
    rows: tuple[ProposedRow, ...] = ()
    items: tuple[Candidate, ...] = ()
    times: tuple[TimeFound, ...] = ()
    places: tuple[PlaceFound, ...] = ()
    links: tuple[Link, ...] = ()
    gaps: tuple[str, ...] = ()
    proposers: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    revision: int = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The article's text in order, furniture of the page included."""
        return self.document.blocks
