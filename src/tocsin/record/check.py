"""The rules that a new row must keep: each refusal is one sentence that says what to do."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from tocsin.model import Nature
from tocsin.model.records import (
    RULES,
    Actor,
    Approval,
    Assertion,
    Claim,
    Correction,
    Custody,
    Document,
    Evidence,
    Grade,
    Incident,
    Noun,
    Place,
    Publication,
    Relation,
    Series,
    Source,
    Span,
    State,
    Step,
)  # fmt: skip
from tocsin.model.register import Register
from tocsin.record import words
from tocsin.record._rules import (
    all_rows,
    is_blank,
    one_of,
    why_not_row,
    why_not_time,
)  # fmt: skip
from tocsin.record.check_things import why_not_custody, why_not_evidence, why_not_place
from tocsin.record.later_rules import SILENCE, why_not_later
from tocsin.record.publishing import why_not_published
from tocsin.record.shape import body_of

__all__ = ["MAX_DOCUMENT_CHARS", "MAX_TEXT_CHARS", "why_not"]

MAX_TEXT_CHARS = 4_000  # a statement is a paragraph, not a file
MAX_DOCUMENT_CHARS = 200_000  # about 30,000 words: the longest article is well below
_ID = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")

_ACTORS = ("actor",)
_TOLD = ("assertion", "claim", "relation")


def why_not(register: Register, noun: Noun, recorded_s: float, *, rules: int = RULES) -> str:
    """Return why a noun cannot be recorded now, or "" where it can. rules: their edition."""
    given = _why_not_id(register, noun.id) or _why_too_long(noun)
    if not given and isinstance(noun, Publication):
        given = _publication(register, noun, recorded_s, rules)
    elif not given:
        given = _RULES[type(noun)](register, noun, recorded_s)
    return given or (why_not_later(register, noun) if rules >= 1 else "")


def _why_not_id(register: Register, row_id: str) -> str:
    if not row_id:
        return ""
    if not _ID.match(row_id):
        return (
            f"the id {row_id[:80]!r} cannot be used; give small letters, digits, '.', '_' or "
            "'-' (at most 64), or leave it out and one is given"
        )
    if row_id in register.rows:
        kind = register.rows[row_id].kind
        return f"there is already a {kind} {row_id!r}; give another id or correct that one"
    return ""


def _why_too_long(noun: Noun) -> str:
    if isinstance(noun, Document):
        count = sum(len(block.text) for block in noun.blocks)
        if count > MAX_DOCUMENT_CHARS:
            return (
                f"the document has {count} characters; at most {MAX_DOCUMENT_CHARS} are kept: "
                "give the part that is about the incident, and say so in `note`"
            )
        return ""
    for name, text in _texts(body_of(noun)):
        if len(text) > MAX_TEXT_CHARS:
            return f"{name!r} has {len(text)} characters; at most {MAX_TEXT_CHARS} are kept"
    return ""


def _texts(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, name)


def _why_not_chain(register: Register, chain: tuple[Step, ...]) -> str:
    if not chain:
        return (
            "nobody is named who said it; give the chain of sources, nearest to the event "
            "first (where a text names nobody, its writer is the source)"
        )
    for step in chain:
        wrong = why_not_row(register, step.source, ("source",), "the source")
        if wrong:
            return wrong
    names = [step.source for step in chain]
    for name in names:
        if names.count(name) > 1:
            return f"the source {name!r} stands twice in the chain; a chain is ordered once"
    return ""


def _why_not_span(register: Register, document: str, span: Span | None, verbatim: str) -> str:
    if document:
        wrong = why_not_row(register, document, ("document",), "the document")
        if wrong:
            return wrong
    if span is None:
        return ""
    wrong = why_not_row(register, span.document, ("document",), "the document")
    if wrong:
        return wrong
    if document and document != span.document:
        return f"the span lies in {span.document!r} and the document is {document!r}"
    paper = register.rows[span.document].versions[-1].noun
    blocks = paper.blocks if isinstance(paper, Document) else ()
    if not 0 <= span.block < len(blocks):
        return f"the document {span.document!r} has {len(blocks)} blocks, not {span.block + 1}"
    block = blocks[span.block]
    if block.kind not in words.TEXT_BLOCKS:
        return f"block {span.block} is the page's {block.kind!r}, which is no evidence"
    if not 0 <= span.start < span.end <= len(block.text):
        return f"the span {span.start}-{span.end} is outside the block of {len(block.text)}"
    if block.text[span.start : span.end] != verbatim:
        return "the words at the span are not those of `verbatim`; mark the words anew"
    return ""


def _why_not_told(
    register: Register, noun: Assertion | Claim | Relation, recorded_s: float
) -> str:
    if not isinstance(noun, Relation) and is_blank(noun.verbatim):
        return "the words themselves are missing; give `verbatim` as it was said or written"
    return (
        _why_not_chain(register, noun.chain)
        or _why_not_span(register, noun.document, noun.span, noun.verbatim)
        or one_of("audience", noun.audience, words.AUDIENCES)
    )


def _incident(register: Register, noun: Incident, recorded_s: float) -> str:
    if is_blank(noun.site):
        return "an incident needs a site; give its id, for example 'north-base'"
    if (noun.lat is None) != (noun.lon is None):
        return "a place needs both lat and lon (degrees), or neither"
    lat, lon = noun.lat or 0.0, noun.lon or 0.0
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return f"{noun.lat}, {noun.lon} is no place; lat -90..90, lon -180..180 degrees"
    place = why_not_row(register, noun.place, ("place",), "the place") if noun.place else ""
    return (
        place
        or one_of("kind", noun.kind, words.INCIDENT_KINDS)
        or one_of("nature", noun.nature, Nature.ALL)
        or why_not_time("the time of the incident", noun.happened, recorded_s)
    )


def _series(register: Register, noun: Series, recorded_s: float) -> str:
    if len(set(noun.incidents)) < 2:
        return "a series has at least two incidents"
    return all_rows(register, noun.incidents, ("incident",), "the incident")


def _actor(register: Register, noun: Actor, recorded_s: float) -> str:
    if is_blank(noun.name) and is_blank(noun.descriptor):
        return "an actor needs a name, or in `descriptor` the words that were used for it"
    return ""


def _source(register: Register, noun: Source, recorded_s: float) -> str:
    wrong = one_of("kind", noun.kind, words.SOURCE_KINDS)
    wrong = wrong or one_of("identity", noun.identity, words.IDENTITIES)
    if wrong:
        return wrong
    if noun.identity == "named" and is_blank(noun.name):
        return "a named source needs its name; otherwise say in `identity` why there is none"
    if noun.identity == "sealed" and (noun.name or not noun.sealed):
        return (
            "a sealed source has no name in the record; give the words used for it in "
            "`descriptor` and a commitment in `sealed`"
        )
    if noun.identity != "named" and is_blank(noun.descriptor):
        return "an unnamed source needs in `descriptor` the words that were used for it"
    if noun.identity in words.ANONYMOUS and noun.name:
        return f"a source whose identity is {noun.identity!r} has no name here; leave it out"
    if noun.reported_by:
        wrong = why_not_row(register, noun.reported_by, ("source",), "the reporting source")
    if noun.actor and not wrong:
        wrong = why_not_row(register, noun.actor, _ACTORS, "the actor")
    return wrong


def _document(register: Register, noun: Document, recorded_s: float) -> str:
    if not noun.blocks and is_blank(noun.headline):
        return "a document needs its text in `blocks`, or at least its headline"
    kinds = (*words.TEXT_BLOCKS, *words.PAGE_FUNCTIONS)
    for block in noun.blocks:
        wrong = one_of("the kind of block", block.kind, kinds)
        if wrong:
            return wrong
    for name in (noun.origin, noun.carrier):
        wrong = why_not_row(register, name, ("source",), "the source") if name else ""
        if wrong:
            return wrong
    return why_not_time("the time of publication", noun.published, recorded_s)


def _assertion(register: Register, noun: Assertion, recorded_s: float) -> str:
    if not noun.about:
        return "an assertion is about something; give in `about` the incident"
    kinds = ("incident", "series", "actor", "document", "place", "evidence")
    place = why_not_row(register, noun.place, ("place",), "the place") if noun.place else ""
    return (
        place
        or all_rows(register, noun.about, kinds, "the incident")
        or _why_not_told(register, noun, recorded_s)
        or _why_not_value(noun)
        or one_of("quote", noun.quote, words.QUOTES)
        or one_of("modality", noun.modality, words.MODALITIES)
        or why_not_time("the time that was spoken of", noun.when, recorded_s)
        or why_not_time("the time it was said", noun.said, recorded_s)
    )


def _why_not_value(noun: Assertion) -> str:
    wrong = (
        one_of("state", noun.state, State.ALL)
        or one_of("bound", noun.bound, words.BOUNDS)
        or one_of("scope", noun.scope, words.SCOPES)
    )
    if wrong:
        return wrong
    if is_blank(noun.quantity):
        return "say in `quantity` what is spoken of, for example 'drones' or 'injuries'"
    has_value = noun.value is not None and noun.value != ""
    if noun.state != State.STATED and has_value:
        return (
            f"the state is {noun.state!r} and a value {noun.value!r} is given; only what is "
            "stated has a value (silence is no zero)"
        )
    if noun.state == State.STATED and not has_value:
        return "the state is 'stated' and there is no value; give it, or say 'not stated'"
    if noun.state == State.STATED and noun.value == 0 and SILENCE.search(noun.verbatim):
        return (
            "the words say that nothing was reported, which is no zero; record the state "
            "'none reported' without a value"
        )
    if isinstance(noun.value, float) and not 0 <= abs(noun.value) < 1e15:
        return f"{noun.value} is no number that can be compared"
    return ""


def _claim(register: Register, noun: Claim, recorded_s: float) -> str:
    if not noun.incidents:
        return "a claim of responsibility is about incidents; give at least one"
    wrong = all_rows(register, noun.incidents, ("incident",), "the incident")
    wrong = wrong or why_not_row(register, noun.claimant, _ACTORS, "the claimant")
    if noun.confirmed_by and not wrong:
        wrong = why_not_row(register, noun.confirmed_by, ("source",), "the confirming source")
    return (
        wrong
        or _why_not_told(register, noun, recorded_s)
        or one_of("quote", noun.quote, words.QUOTES)
        or why_not_time("the time of the claim", noun.said, recorded_s)
    )


def _relation(register: Register, noun: Relation, recorded_s: float) -> str:
    wrong = one_of("type", noun.type, words.RELATIONS)
    if wrong:
        return wrong
    if noun.from_id == noun.to_id:
        return f"{noun.from_id!r} cannot be related to itself"
    kinds = ("actor", "assertion", "claim", "incident", "place")
    wrong = all_rows(register, (noun.from_id, noun.to_id), kinds, "the thing")
    if wrong:
        return wrong
    ends = [register.rows[row_id].kind for row_id in (noun.from_id, noun.to_id)]
    if ends[0] != ends[1]:
        return f"a {ends[0]} and a {ends[1]} cannot be related; both ends must be of one kind"
    # An editor may say that two statements contradict; who is part of whom needs a source.
    if ends[0] == "actor" or noun.chain:
        return _why_not_told(register, noun, recorded_s)
    return one_of("audience", noun.audience, words.AUDIENCES)


def _grade(register: Register, noun: Grade, recorded_s: float) -> str:
    row = register.rows.get(noun.of)
    if row is None or row.kind not in ("source", *_TOLD):
        return why_not_row(register, noun.of, ("source", *_TOLD), "what is graded")
    if is_blank(noun.reason):
        return "a grade needs its reason in words"
    if row.kind == "source":
        if noun.credibility:
            return "credibility is of a statement; a source gets a reliability A-F"
        return one_of("reliability", noun.reliability, words.RELIABILITY)
    if noun.reliability:
        return "reliability is of a source; a statement gets a credibility 1-6"
    return one_of("credibility", noun.credibility, words.CREDIBILITY)


def _correction(register: Register, noun: Correction, recorded_s: float) -> str:
    row = register.rows.get(noun.of)
    if row is None:
        return f"there is no {noun.of!r} to correct; give the id of a row of the record"
    if row.kind in ("correction", "approval", "grade", "publication"):
        return f"a {row.kind} is not corrected; record a new one"
    if row.versions[-1].withdrawn:
        return f"{noun.of!r} was withdrawn; record a new one instead"
    newest = row.versions[-1]
    if 0 <= noun.seen < newest.entry:
        return (
            f"{noun.of!r} was changed by {newest.by} (entry {newest.entry}) after the version "
            f"that you saw (entry {noun.seen}); look at it again, then correct what is left"
        )
    if is_blank(noun.wrong):
        return "a correction says what was wrong; give `wrong`"
    if noun.kind == "withdrawn":
        return "a withdrawal changes no field" if noun.changes else ""
    wrong = one_of("kind", noun.kind, words.CORRECTIONS)
    if wrong:
        return wrong
    if is_blank(noun.right):
        return "a correction says what is right; give `right`, or withdraw the row"
    if not noun.changes:
        return "a correction changes a field; give it in `changes`, for example {'value': 3}"
    watched = [n for n in ("alarm", "tracks", "zones") if n in noun.changes]
    if row.kind == "incident" and watched:
        return f"{watched[0]!r} is what the watch recorded; say in `text` what was wrong"
    if "id" in noun.changes:
        return "an id is never changed; withdraw the row and record a new one"
    return ""


def _approval(register: Register, noun: Approval, recorded_s: float) -> str:
    wrong = why_not_row(register, noun.incident, ("incident",), "the incident")
    wrong = wrong or one_of("profile", noun.profile, ("partner", "public"))
    if wrong:
        return wrong
    if noun.as_of > register.last_entry:
        return f"there is no entry {noun.as_of} yet; the newest is {register.last_entry}"
    opened = register.rows[noun.incident].versions[0].entry
    if 0 <= noun.as_of < opened:
        return f"the incident was opened by entry {opened}; as of {noun.as_of} there is none"
    return ""


def _publication(register: Register, noun: Publication, recorded_s: float, rules: int) -> str:
    wrong = why_not_row(register, noun.incident, ("incident",), "the incident")
    wrong = wrong or one_of("profile", noun.profile, ("partner", "public"))
    wrong = wrong or one_of("state", noun.state, words.PUBLICATION_STATES)
    return wrong or why_not_published(register, noun, recorded_s, rules=rules)


_RULES: dict[type[Noun], Callable[[Register, Any, float], str]] = {
    Incident: _incident, Series: _series, Actor: _actor, Source: _source, Document: _document,
    Assertion: _assertion, Claim: _claim, Relation: _relation, Grade: _grade,
    Correction: _correction, Approval: _approval, Place: why_not_place,
    Evidence: why_not_evidence, Custody: why_not_custody,
}  # fmt: skip
