"""The sources and actors of one article: who is meant, and what is not said of them."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

from tocsin.model.proposals import ProposedRow
from tocsin.model.records import Span
from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence
from tocsin.record.importer.speakers import NEWS, Voice, kind_of

__all__ = ["Cast", "bare_name", "slug"]

_SHORT = {"source": "src", "actor": "act"}


@dataclass(slots=True)
class Cast:
    """Rows by id in the order of the text; `outlets` and `unnamed` are who was met so far."""

    document: str
    rules: Rules
    origin: str
    carrier: str
    rows: dict[str, ProposedRow] = field(default_factory=dict)
    outlets: list[str] = field(default_factory=list)
    unnamed: list[tuple[str, str]] = field(default_factory=list)
    last: str = ""
    count: dict[str, int] = field(default_factory=dict)

    def chain_of(
        self, voices: list[Voice], sentence: Sentence
    ) -> tuple[list[dict[str, Any]], list[str], list[str]]:
        """Return (steps as JSON values, ids of the sources, gaps); the writer and the page
        that was read close every chain.
        """
        steps: list[dict[str, Any]] = []
        gaps: list[str] = []
        ids: list[str] = []
        met: list[Voice] = []
        for voice in voices:
            source, note = self._source_of(voice, sentence, gaps)
            if source in ids:
                continue
            met.append(voice)
            ids.append(source)
            step: dict[str, Any] = {"source": source, "verb": voice.verb}
            if note:
                step |= {"explicit": False, "note": note}
            steps.append(step)
        if ids:
            self.last = ids[0]  # who spoke, and not who carried it
        ranks = [voice.rank for voice in met]
        if any(ranks.count(rank) > 1 for rank in ranks):
            gaps.append("two voices stand side by side: who cites whom is not said")
        for source, verb in ((self.origin, "wrote"), (self.carrier, "carried")):
            if source and source not in ids:
                ids.append(source)
                steps.append({"source": source, "verb": verb})
        return steps, ids, gaps

    def _source_of(self, voice: Voice, sentence: Sentence, gaps: list[str]) -> tuple[str, str]:
        """Return (id, note): note says how it is known who is meant, "" where it is named."""
        kind, head = kind_of(voice.words, self.rules)
        span = self._span(voice, sentence)
        if voice.words.lower() in self.rules.words("speakers", "pronouns", "words"):
            return self._meant(self.last, voice, span, gaps, "whoever spoke last")
        is_definite = bool(self.rules.patterns["definite"].match(voice.words))
        if head and is_definite and kind == "outlet":
            last = self.outlets[-1] if self.outlets else ""
            return self._meant(last, voice, span, gaps, "the last outlet named before it")
        if head and is_definite:
            met = next((i for h, i in reversed(self.unnamed) if h == head), "")
            if met:
                self._see(met, span)
                self.last = met
                return met, "by position: " + f"“{voice.words}” is the one spoken of before"
        found = self._unnamed(voice, sentence, kind, head, span) if head else self._named(
            voice, kind or _kind_before(voice, sentence, self.rules), span
        )  # fmt: skip
        self.last = found
        return found, ""

    def _meant(
        self, source: str, voice: Voice, span: Span, gaps: list[str], how: str
    ) -> tuple[str, str]:
        if source:
            self._see(source, span)
            return source, f"by position: “{voice.words}” is taken for {how}"
        gaps.append(f"who “{voice.words}” is cannot be told from the text before it")
        row = self._add("source", {
            "kind": "other", "identity": "unnamed", "descriptor": voice.words,
        }, span, gap=f"who “{voice.words}” is")  # fmt: skip
        return row, ""

    def _named(self, voice: Voice, kind: str, span: Span) -> str:
        name = bare_name(voice.words, self.rules)
        source = f"src-{slug(name)}"
        carriers = self.rules.words("attribution", "carrier_verbs")
        is_carrier = voice.verb in (*carriers, "told") and voice.rank > 1
        kind = kind or ("outlet" if is_carrier else "other")
        body: dict[str, Any] = {"id": source, "kind": kind, "name": name}
        if kind == "group":
            body["actor"] = self.actor(name, span)
        needs = (str(body["actor"]),) if kind == "group" else ()
        if source not in self.rows:
            gap = () if kind != "other" else (f"what kind of source {name} is",)
            self.rows[source] = ProposedRow(source, "add_source", body, needs, (), gap)
        self._see(source, span)
        if kind in NEWS:
            self.outlets.append(source)
        return source

    def _unnamed(
        self, voice: Voice, sentence: Sentence, kind: str, head: str, span: Span
    ) -> str:
        text = sentence.text
        on_condition = self.rules.patterns["anonymity.on_condition"].search(text)
        identity = "on condition of anonymity" if on_condition else "unnamed"
        many = bool(self.rules.patterns["plural"].search(head))
        if (many and head in self.rules.words("grammar", "crowds")) or kind == "group":
            identity = "unnamed group"
        words = voice.words + (f", {on_condition[0]}" if on_condition else "")
        body: dict[str, Any] = {
            "kind": kind, "descriptor": words, "identity": identity,
            "count_stated": "more than one" if many else "one",
        }  # fmt: skip
        medium = next((name[6:] for name, pattern in self.rules.patterns.items()
                       if name.startswith("media.") and pattern.search(text)), "")  # fmt: skip
        if medium:
            body["medium"] = medium
        twins = [i for h, i in self.unnamed if h == head]
        gap = f"whether it is {twins[-1]} is not said" if twins else ""
        if self.rules.patterns["definite"].match(voice.words) and not gap:
            gap = f"the text before does not say who “{voice.words}” is"
        source = self._add("source", body, span, gap=gap)
        self.unnamed.append((head, source))
        return source

    def actor(self, words: str, span: Span, *, kind: str = "group") -> str:
        """Return the id of the actor that words name or describe, its row made where new."""
        _, head = kind_of(words, self.rules)
        if head or words.lower() in self.rules.words("speakers", "pronouns", "words"):
            same = next(
                (r.id for r in self.rows.values()
                 if r.verb == "add_actor" and r.body.get("descriptor") == words), ""
            )  # fmt: skip
            if same:
                self._see(same, span)
                return same
            return self._add("actor", {"descriptor": words, "kind": kind}, span,
                             gap=f"the name of “{words}”")  # fmt: skip
        name = bare_name(words, self.rules)
        actor = f"act-{slug(name)}"
        if actor not in self.rows:
            body = {"id": actor, "name": name, "kind": kind}
            self.rows[actor] = ProposedRow(actor, "add_actor", body)
        self._see(actor, span)
        return actor

    def _add(self, kind: str, body: dict[str, Any], span: Span, *, gap: str = "") -> str:
        self.count[kind] = self.count.get(kind, 0) + 1
        row = f"{self.document}-{_SHORT[kind]}{self.count[kind]}"
        self.rows[row] = ProposedRow(
            row, f"add_{kind}", {"id": row, **body}, (), (span,), (gap,) if gap else ()
        )
        return row

    def _see(self, row: str, span: Span) -> None:
        known = self.rows.get(row)
        if known is not None and span not in known.where:
            self.rows[row] = replace(known, where=(*known.where, span))

    def _span(self, voice: Voice, sentence: Sentence) -> Span:
        at = sentence.start
        return Span(self.document, sentence.block, at + voice.start, at + voice.end)


def _kind_before(voice: Voice, sentence: Sentence, rules: Rules) -> str:
    """Return what the words before a name in commas say it is ("its spokesman, X, said")."""
    before = sentence.text[: voice.start].rstrip()
    if not before.endswith(","):
        return ""
    word = before.rstrip(", ").rsplit(maxsplit=1)[-1:]
    return rules.kinds.get(word[0], "") if word else ""


def bare_name(words: str, rules: Rules) -> str:
    """Return a name without an article and without what it is ("the broadcaster")."""
    words = rules.patterns["article"].sub("", words)
    heads = "|".join(sorted(map(re.escape, rules.kinds), key=len, reverse=True))
    return re.sub(rf"^(?:[a-z]+\s+)*?(?:{heads})\s+(?=[A-Z])", "", words)


def slug(words: str) -> str:
    """Return words as an id: small letters and hyphens; a digest-like stand-in for others."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48]
    return made or "u" + "-".join(f"{ord(c):x}" for c in words[:8])
