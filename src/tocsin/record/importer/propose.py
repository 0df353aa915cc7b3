"""An article into a proposal: rows and items that a person accepts one by one, or does not."""

import bisect
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tocsin.errors import FormatError
from tocsin.model.proposals import (
    Candidate,
    Link,
    PlaceFound,
    Proposal,
    ProposedRow,
    Suggestion,
    TimeFound,
)
from tocsin.model.records import Block, Document, Span
from tocsin.record._stems import stem
from tocsin.record.check import MAX_DOCUMENT_CHARS
from tocsin.record.importer.cast import Cast, slug
from tocsin.record.importer.events import Events, events_of, numbers_in
from tocsin.record.importer.feeds import Article, read_article
from tocsin.record.importer.rules import Rules, shipped_rules
from tocsin.record.importer.sentences import Sentence, sentences_of
from tocsin.record.importer.speakers import Voice, voices_of
from tocsin.record.importer.statements import (
    Claimed,
    Value,
    claims_in,
    modality_of,
    quote_of,
    related_in,
    values_in,
)
from tocsin.record.importer.suggestions import take_suggestions
from tocsin.record.importer.times import places_of, published_at, times_of
from tocsin.record.shape import body_of

__all__ = ["Proposer", "propose"]

# Blocks whose sentences can be statements. A headline is a summary of the body, or says more
# than it: its words are compared with the body's and are no statement of their own.
_BODY = ("paragraph", "quote", "caption")
_ASKED = ("drones", "drone type", "origin", "official attribution", "date")


class Proposer(Protocol):
    """Something that suggests statements beside the rules; a language model may be one.

    It gets the blocks of the article and gives suggestions, each with the exact words that it
    rests on. It is never required, and nothing that it gives counts before a person's word.
    """

    name: str

    def suggest(self, blocks: Sequence[Block]) -> Sequence[Suggestion]:
        """Return suggestions for the article's blocks."""
        ...


@dataclass(slots=True)
class _Desk:
    """What is known of one article while its sentences are read."""

    id: str
    rules: Rules
    blocks: list[Block]
    cast: Cast
    events: Events
    times: list[TimeFound]
    places: list[PlaceFound]
    items: list[Candidate]
    count: dict[str, int] = field(default_factory=dict)
    values: dict[tuple[str, ...], set[float | str | None]] = field(default_factory=dict)

    def incident(self, number: int) -> str:
        return f"{self.id}-i{number}"

    @property
    def series(self) -> str:
        return f"{self.id}-day"


def propose(
    data: bytes,
    name: str,
    *,
    rules: Rules | None = None,
    proposers: Sequence[Proposer] = (),
) -> Proposal:
    """Return the proposal of an article's bytes.

    Raises FormatError with a sentence where they are no article, or more than is kept. Nothing
    is recorded: `record.acts_for` of an item gives the acts that a person may send.
    """
    rules = rules or shipped_rules()
    digest = hashlib.sha256(data).hexdigest()
    article = read_article(data, name, rules)
    count = sum(len(block.text) for block in article.page.blocks)
    if count > MAX_DOCUMENT_CHARS:
        raise FormatError(
            f"{name} holds {count} characters of text; at most {MAX_DOCUMENT_CHARS} are kept: "
            "give the part that is about the incident"
        )
    document = f"art-{digest[:12]}"
    cast = Cast(document, rules, *_carriers(article, document, rules))
    for row in _carrier_rows(article, document, cast):
        cast.rows[row.id] = row
    paper = _paper(article, document, cast)
    why = _why_no_rules(article, rules)
    sentences = [] if why else _sentences(paper.blocks, rules)
    times = [t for s in sentences for t in times_of(s, document, rules)]
    places = [p for s in sentences for p in places_of(s, document, rules)]
    events = events_of(sentences, places, times, rules)
    desk = _Desk(document, rules, list(paper.blocks), cast, events, times, places, [])
    last: tuple[int, ...] = ()
    for sentence in sentences:
        last = _read_into(desk, sentence, last)
    gaps = [*article.gaps, *([why] if why else _gaps(desk, article, sentences))]
    rows = _rows(desk, paper)
    made = Proposal(
        id=document, sha256=digest, bytes=len(data), format=article.format, document=paper,
        rows=rows, items=tuple(desk.items), times=tuple(times), places=tuple(places),
        links=_links(article), gaps=tuple(gaps), proposers=("rules",),
    )  # fmt: skip
    for proposer in proposers:
        made = take_suggestions(made, proposer.suggest(paper.blocks), proposer.name)
    return made


def _carriers(article: Article, document: str, rules: Rules) -> tuple[str, str]:
    """Return ids of who wrote the article and of the page that showed it."""
    site, origin = article.page.site, _origin_name(article, rules)
    carrier = f"src-{slug(site)}" if site else f"{document}-page"
    if origin:
        source = f"src-{slug(re.sub(r'^[Tt]he ', '', origin))}"
        return (source, carrier) if source != carrier else ("", carrier)
    return f"{document}-writer", carrier


def _origin_name(article: Article, rules: Rules) -> str:
    pattern = rules.patterns["origin"]
    for block in article.page.blocks:
        if block.kind == "origin credit" and (match := pattern.search(block.text)):
            return match["name"].strip()
    for block in article.page.blocks:
        match = rules.patterns["dateline"].match(block.text) if block.kind in _BODY else None
        if match and match["agency"]:
            return match["agency"].strip()
    return ""


def _carrier_rows(article: Article, document: str, cast: Cast) -> list[ProposedRow]:
    rows = []
    site, origin = article.page.site, _origin_name(article, cast.rules)
    if cast.origin and origin:
        body = {"id": cast.origin, "kind": "outlet", "name": origin}
        rows.append(ProposedRow(cast.origin, "add_source", body))
    elif cast.origin:
        byline = next((b.text for b in article.page.blocks if b.kind == "byline"), "")
        words = (
            f"the writer of the article ({byline})" if byline else "the writer of the article"
        )
        body = {"id": cast.origin, "kind": "writer", "descriptor": words[:300],
                "identity": "not stated on page"}  # fmt: skip
        gaps = () if byline else ("who wrote the article",)
        rows.append(ProposedRow(cast.origin, "add_source", body, (), (), gaps))
    if site:
        body = {"id": cast.carrier, "kind": "carrier", "name": site}
        rows.append(ProposedRow(cast.carrier, "add_source", body))
    else:
        body = {"id": cast.carrier, "kind": "carrier", "descriptor": "the page that was read",
                "identity": "not stated on page"}  # fmt: skip
        rows.append(
            ProposedRow(cast.carrier, "add_source", body, (), (), ("whose page it is",))
        )
    return rows


def _paper(article: Article, document: str, cast: Cast) -> Document:
    page = article.page
    note = f"{page.dropped} blocks after the first 2,000 were left out" if page.dropped else ""
    return Document(
        id=document, headline=article.headline, language=page.language,
        published=published_at(page.published), url=page.url, origin=cast.origin,
        carrier=cast.carrier, tags=article.tags, blocks=tuple(page.blocks), note=note,
    )  # fmt: skip


def _why_no_rules(article: Article, rules: Rules) -> str:
    """Return why the rules are not applied: they are for one language."""
    own = str(rules.raw["language"])
    given = article.page.language.lower().split("-")[0]
    text = " ".join(b.text for b in article.page.blocks if b.kind in _BODY)
    words = re.findall(r"\w+", text.lower())
    known = set(rules.words("language_test", "words"))
    share = sum(word in known for word in words) / max(1, len(words))
    least = float(rules.raw["language_test"]["least_share"])
    is_own = share >= least if len(words) >= 12 or not given else given == own
    if is_own or not words:
        return ""
    which = f"“{given}”" if given and given != own else "not the language of the rules"
    return (
        f"the text is {which}: the rules are for “{own}”, so nothing is proposed but its "
        "blocks; mark the statements by hand"
    )


def _sentences(blocks: Sequence[Block], rules: Rules) -> list[Sentence]:
    short = rules.words("sentences", "abbreviations")
    return [
        s for at, block in enumerate(blocks) if block.kind in _BODY
        for s in sentences_of(at, block.text, short, start=_after_dateline(block, rules))
    ]  # fmt: skip


def _after_dateline(block: Block, rules: Rules) -> int:
    match = rules.patterns["dateline"].match(block.text)
    return match.end() if match else 0


def _read_into(desk: _Desk, sentence: Sentence, last: tuple[int, ...]) -> tuple[int, ...]:
    """Propose what one sentence holds; return the incidents that it speaks of, for the next."""
    rules = desk.rules
    voices = voices_of(sentence, rules)
    claims = claims_in(sentence, rules)
    for claim in claims:
        _claim_into(desk, sentence, claim, voices)
    for related in related_in(sentence, rules):
        own = [related.by] if related.by else [v for v in voices if v.rank > 1]
        steps, ids, gaps = desk.cast.chain_of(own, sentence)
        if not related.by:
            for step in steps[: len(own)]:
                step |= {"explicit": False, "note": "the voice of the sentence it stands in"}
        ends = [
            desk.cast.actor(words, _span(desk, sentence), kind="not stated")
            for words in (related.from_words, related.to_words)
        ]
        body = {"type": related.type, "from_id": ends[0], "to_id": ends[1], "chain": steps,
                "verbatim": sentence.text}  # fmt: skip
        _item_into(desk, "relate", sentence, body, (*ids, *ends), (related.rule,), gaps)
    values = values_in(sentence.text, rules)
    if claims and all(value.rule == "sentence" for value in values):
        return last
    return _assert_into(desk, sentence, values, voices, last)


def _claim_into(desk: _Desk, sentence: Sentence, claim: Claimed, voices: list[Voice]) -> None:
    others = [v for v in voices if not (v.start < claim.end and claim.start < v.end)]
    steps, ids, gaps = desk.cast.chain_of(others, sentence)
    actor = desk.cast.actor(claim.who, Span(
        desk.id, sentence.block, sentence.start + claim.start, sentence.start + claim.end,
    ))  # fmt: skip
    gaps += claim.gaps
    numbers, _ = numbers_in(claim.what, desk.events, desk.rules)
    if not numbers and desk.events.count == 1:
        numbers = (1,)
    if not numbers:
        gaps.append(f"which incident “{claim.what}” is")
    incidents = [desk.incident(n) for n in numbers]
    body = {"claimant": actor, "incidents": incidents, "verbatim": sentence.text,
            "chain": steps}  # fmt: skip
    if claim.together_with:
        body["together_with"] = claim.together_with
    if claim.mode:
        body["mode"] = claim.mode
    _item_into(desk, "claim", sentence, body, (*ids, actor, *incidents), ("claim",), gaps)


def _assert_into(
    desk: _Desk,
    sentence: Sentence,
    values: list[Value],
    voices: list[Voice],
    last: tuple[int, ...],
) -> tuple[int, ...]:
    numbers, is_all = numbers_in(sentence.text, desk.events, desk.rules)
    gaps_of_all: list[str] = []
    elsewhere = desk.rules.patterns["events.elsewhere"].search(sentence.text)
    if elsewhere is not None and not numbers:
        gaps_of_all.append(f"it speaks of another time (“{elsewhere[0]}”): of which incident?")
    speaks_of_it = any(v.quantity not in ("statement", "troops", "history") for v in values)
    if not numbers and speaks_of_it and desk.events.count and elsewhere is None:
        numbers = last or (1,)
        if desk.events.count > 1:
            gaps_of_all.append("which incident is meant is taken from its place in the text")
    steps, ids, gaps = desk.cast.chain_of(voices, sentence)
    modality, hedge = modality_of(sentence.text, desk.rules)
    for value in values:
        about, more = _about(desk, value, numbers)
        own = [*gaps_of_all, *gaps, *value.gaps]
        if len(about) > 1 and not is_all:
            own.append("the words name more than one incident; the value is of which?")
        if value.rule in ("count", "toll") and _is_other_number(desk, value, about):
            own.append("another number stands before it: a part of that, or a contradiction?")
        if value.rule == "sentence":
            own.append("no rule knows what is stated here: give the quantity, or reject it")
        body: dict[str, Any] = {
            "about": about, "quantity": value.quantity, "verbatim": sentence.text,
            "chain": steps, **more,
        }  # fmt: skip
        if value.state != "stated":
            body["state"] = value.state
        else:
            body["value"] = value.value
        if value.bound != "exactly":
            body["bound"] = value.bound
        if modality != "asserted":
            body |= {"modality": modality, "hedge": hedge}
        body |= _when(desk, sentence)
        _item_into(desk, "assert", sentence, body, (*ids, *about), (value.rule,), own)
    return numbers or (() if elsewhere else last)


def _is_other_number(desk: _Desk, value: Value, about: list[str]) -> bool:
    known = desk.values.setdefault((*about, value.quantity), set())
    is_other = bool(known - {value.value})
    known.add(value.value)
    return is_other


def _about(
    desk: _Desk, value: Value, numbers: tuple[int, ...]
) -> tuple[list[str], dict[str, Any]]:
    """Return what a value is about: its incidents, all of them together, or the text alone."""
    if value.quantity in ("troops", "history") and desk.events.count > 1:
        return [desk.series], {}
    if numbers:
        return [desk.incident(n) for n in numbers], {}
    if value.quantity in ("troops", "history") and desk.events.count == 1:
        return [desk.incident(1)], {}
    return [desk.id], {}


def _when(desk: _Desk, sentence: Sentence) -> dict[str, Any]:
    """Return the times of a sentence: of the event, or of the report; an open one is of both
    or of neither, and says so.
    """
    found: dict[str, Any] = {}
    for time in _times_in(desk, sentence):
        body = _time_body(time)
        if time.attaches_to == "report":
            found.setdefault("said", body)
        elif time.attaches_to == "event":
            found.setdefault("when", body)
        else:
            why = "whether the event or its report came then is not stated"
            found.setdefault("when", {**body, "why_unresolved": why} if "earliest_s" not in body
                             else body)  # fmt: skip
    return found


def _time_body(time: TimeFound) -> dict[str, Any]:
    return {
        name: value for name in ("verbatim", "earliest_s", "latest_s", "resolved_by",
                                 "why_unresolved")
        if (value := getattr(time.time, name)) not in ("", None)
    }  # fmt: skip


def _times_in(desk: _Desk, sentence: Sentence) -> list[TimeFound]:
    first = bisect.bisect_left(desk.times, (sentence.block, sentence.start), key=_place)
    last = bisect.bisect_left(desk.times, (sentence.block, sentence.end), key=_place)
    return desk.times[first:last]


def _place(time: TimeFound) -> tuple[int, int]:
    return time.span.block, time.span.start


def _span(desk: _Desk, sentence: Sentence) -> Span:
    return Span(desk.id, sentence.block, sentence.start, sentence.end)


def _item_into(
    desk: _Desk,
    verb: str,
    sentence: Sentence,
    body: dict[str, Any],
    needs: Sequence[str],
    rules: tuple[str, ...],
    gaps: Sequence[str],
) -> None:
    span = _span(desk, sentence)
    block = desk.blocks[sentence.block].text
    desk.count[verb] = desk.count.get(verb, 0) + 1
    name = f"{desk.id}-{verb[0]}{desk.count[verb]}"
    whole: dict[str, Any] = {
        "id": name, **body, "document": desk.id,
        "span": {"document": desk.id, "block": span.block, "start": span.start,
                 "end": span.end},
    }  # fmt: skip
    if verb != "relate":
        whole["quote"] = quote_of(block, span.start, span.end)
    order = tuple(dict.fromkeys((desk.id, *needs)))
    desk.items.append(
        Candidate(name, verb, whole, span, order, rules, tuple(dict.fromkeys(gaps)))
    )


def _rows(desk: _Desk, paper: Document) -> tuple[ProposedRow, ...]:
    body = body_of(paper)
    needs = tuple(name for name in (paper.origin, paper.carrier) if name)
    rows = [*desk.cast.rows.values(), ProposedRow(desk.id, "add_document", body, needs)]
    numbers = range(1, desk.events.count + 1)
    rows += [row for n in numbers if (row := _place_row(desk, n))]
    incidents = [_incident_row(desk, n) for n in numbers]
    rows += incidents
    if len(incidents) > 1:
        ids = [row.id for row in incidents]
        rows.append(ProposedRow(
            desk.series, "link",
            {"id": desk.series, "incidents": ids, "label": "told of in one article"},
            tuple(ids),
        ))  # fmt: skip
    return tuple(rows)


def _place_name(desk: _Desk, number: int) -> str:
    return next((name for name, n in desk.events.places.items() if n == number), "")


def _place_row(desk: _Desk, number: int) -> ProposedRow | None:
    """Return the place of an incident in the words of the text, at no position."""
    name = _place_name(desk, number)
    if not name:
        return None
    kind = next((p.kind for p in desk.places if p.name == name), "other")
    lies = desk.events.lies.get(number, "")
    body = {
        "id": f"{desk.id}-p{number}", "name": name, "as_stated": f"{name} {lies}".strip(),
        "kind": kind,
    }  # fmt: skip
    return ProposedRow(body["id"], "add_place", body, (), (), ("its position: not stated",))


def _incident_row(desk: _Desk, number: int) -> ProposedRow:
    """Return an incident as the text tells of it: at no place and no time that it does not
    give, with what it leaves open.
    """
    row = desk.incident(number)
    name = _place_name(desk, number)
    lies = desk.events.lies.get(number, "")
    own = [i for i in desk.items if i.verb == "assert" and row in i.body["about"]]
    whens = [i.body["when"] for i in own if "when" in i.body
             and i.body["quantity"] not in ("statement", "history", "troops")]  # fmt: skip
    # A date that the text gives whole is worth more than a weekday that stands before it.
    whens.sort(key=lambda when: "earliest_s" not in when)
    happened = whens[0] if whens else {"why_unresolved": "the text does not say when"}
    stated = {i.body["quantity"] for i in own if i.body.get("state", "stated") == "stated"}
    gaps = [f"{quantity}: not stated" for quantity in _ASKED if quantity not in stated]
    if "earliest_s" in happened:
        gaps.remove("date: not stated")
    if not name:
        gaps.append("place: no site is named")
    elif lies:
        gaps.append(f"where {name} lies is told as “{lies}” and not resolved")
    body: dict[str, Any] = {
        "id": row, "site": slug(name) if name else "not-stated", "kind": desk.events.kind,
        "happened": happened,
    }  # fmt: skip
    if name:
        body |= {"site_name": name, "place": f"{desk.id}-p{number}"}
    if lies:
        body["text"] = f"place as told: {name} {lies}"
    needs = (body["place"],) if name else ()
    return ProposedRow(row, "open_incident", body, needs, (), tuple(gaps))


def _gaps(desk: _Desk, article: Article, sentences: list[Sentence]) -> list[str]:
    """Return what the article leaves open, in sentences."""
    gaps = []
    body = {stem(w) for s in sentences for w in re.findall(r"[\w’'-]+", s.text.lower())}
    ignored = set(desk.rules.words("headline", "ignore"))
    heads = [b.text for b in desk.blocks if b.kind in ("headline", "subheading")]
    words = re.findall(r"[\w’'-]+", (heads[0] if heads else article.headline).lower())
    only = [w for w in dict.fromkeys(words) if w not in ignored and stem(w) not in body]
    if only:
        gaps.append(
            f"the headline says {', '.join(f'“{w}”' for w in only)}, which no sentence of the "
            "body says: nothing is proposed from it"
        )
    if article.page.published == "":
        gaps.append("the page gives no date: times such as a weekday are not resolved")
    for block in desk.blocks:
        if desk.rules.patterns["amended"].search(block.text):
            gaps.append(f"the page was changed after it came out: “{block.text[:300]}”")
        if block.state in ("empty", "did not render"):
            gaps.append(f"the page's {block.kind} {block.state.replace('empty', 'is empty')}")
    return gaps


def _links(article: Article) -> tuple[Link, ...]:
    last = max(0, len(article.page.blocks) - 1)
    return tuple(replace(link, block=min(link.block, last)) for link in article.page.links)
