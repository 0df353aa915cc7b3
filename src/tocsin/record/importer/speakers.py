"""Who speaks in a sentence, through whom: voices in their order, nearest to the event first."""

import re
from dataclasses import dataclass

from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence

__all__ = ["Voice", "is_nobody", "kind_of", "subject_before", "voices_of"]

# Depth of a voice: who is cited speaks before who speaks, before who carries it.
CITED, SPEAKER, CARRIER, TOLD, CITING = -1, 1, 2, 3, 4
LONGEST = 1_000  # characters of a sentence that are looked at: none that people write has more
NEWS = ("agency", "outlet", "broadcaster", "social media")


@dataclass(frozen=True, slots=True)
class Voice:
    """words are characters start to end of the sentence; rank orders the chain."""

    words: str
    start: int
    end: int
    rank: int
    verb: str


def voices_of(sentence: Sentence, rules: Rules) -> list[Voice]:
    """Return the voices of a sentence, nearest to the event first; each place once."""
    text = sentence.text[:LONGEST]
    found: list[Voice] = []  # who "no official said" names is taken out at the end
    for depth, match in enumerate(rules.patterns["attribution.cites"].finditer(text)):
        _take(found, match, "source", CITED - depth, match["verb"])
    for match in rules.patterns["attribution.cited_by"].finditer(text):
        _take(found, match, "source", CITING, match["verb"])
    for match in rules.patterns["attribution.told"].finditer(text):
        _take(found, match, "source", TOLD, "told")
    for match in rules.patterns["attribution.statement_to"].finditer(text):
        _take(found, match, "source", TOLD, "told")
    for match in rules.patterns["attribution.according_to"].finditer(text):
        _take(found, match, "source", _rank(match["source"], rules), match["verb"])
    carriers = rules.words("attribution", "carrier_verbs")
    for match in rules.patterns["verbs"].finditer(text):
        place = subject_before(text[: match.start()], rules)
        if place is None:
            continue
        start, end = place
        rank = CARRIER if match["verb"] in carriers else _rank(text[start:end], rules)
        _add(found, Voice(text[start:end], start, end, rank, match["verb"]))
    for match in rules.patterns["attribution.after_quote"].finditer(text):
        _take(found, match, "source", _rank(match["source"], rules), match["verb"])
    found = [v for v in found if not is_nobody(text, (v.start, v.end), rules)]
    return sorted(found, key=lambda voice: (voice.rank, voice.start))


def _take(found: list[Voice], match: re.Match[str], group: str, rank: int, verb: str) -> None:
    words = match[group].rstrip()
    start = match.start(group)
    _add(found, Voice(words, start, start + len(words), rank, verb))


def _add(found: list[Voice], voice: Voice) -> None:
    if not any(v.start < voice.end and voice.start < v.end for v in found):
        found.append(voice)


def is_nobody(text: str, place: tuple[int, int], rules: Rules) -> bool:
    """Return whether the phrase at `place` names nobody: "no group", "neither official"."""
    start, end = place
    nobody = rules.patterns["nobody"]
    return bool(
        nobody.match(text, start, end)
        or rules.patterns["nobody_of"].search(text[max(0, start - 20) : start])
    )


def _rank(words: str, rules: Rules) -> int:
    return CARRIER if kind_of(words, rules)[0] in NEWS else SPEAKER


def subject_before(left: str, rules: Rules) -> tuple[int, int] | None:
    """Return where the noun phrase stands that is the subject of a verb right after `left`."""
    left = left.rstrip()
    while between := rules.patterns["adverbs"].search(left):
        left = left[: between.start()].rstrip()
    if not left.endswith(","):
        return _ending(left, rules)
    body = left[:-1]
    commas = [m.start() for m in re.finditer(",", body)]
    for comma in reversed(commas[-3:]):
        aside = body[comma + 1 :].strip()
        if rules.patterns["name"].fullmatch(aside):  # "its spokesman, Aurel Brandt, said"
            return len(body) - len(aside), len(body)
        is_aside = rules.patterns["aside"].match(aside)
        place = _ending(body[:comma].rstrip(), rules) if is_aside else None
        if place is not None:
            return place
    return None


def _ending(left: str, rules: Rules) -> tuple[int, int] | None:
    # A subject of more than 160 characters is none; the bound keeps the search short.
    base = max(0, len(left) - 160)
    match = rules.patterns["subject"].search(left, base)
    if match is None:
        return None
    start, end = match.span("source")
    if rules.patterns["no_name"].match(left[start:end]):
        return None  # "an estimated ten drones"
    before = left[:start].rstrip()
    preposition = rules.patterns["object"].search(before, base)
    if preposition is None:
        return start, end
    # "an aide to the governor said": the aide did. Better nobody than who did not say it.
    before = before[: preposition.start()].rstrip()
    some = rules.patterns["some"].search(before, base)
    if some is not None:  # "two of the injured"
        return some.start(), end
    whole = _ending(before, rules)
    return None if whole is None else (whole[0], end)


def kind_of(words: str, rules: Rules) -> tuple[str, str]:
    """Return (kind of source, head): head "" for a name or a pronoun ("" kind: unknown)."""
    core = rules.patterns["core"].split(words, maxsplit=1)[0]
    if words.lower() in rules.words("speakers", "pronouns", "words"):
        return "", ""
    if not _is_name(core, rules):
        for size in (2, 1):
            head = " ".join(core.split()[-size:])
            if head in rules.kinds:
                return rules.kinds[head], head
    for kind, names in rules.raw["speakers"]["names"].items():
        if any(name in names for name in words.split()):
            return str(kind), ""
    # "the broadcaster Example TV": what stands before the name says what it is.
    told = next((w for w in words.split() if w in rules.kinds), "")
    if not told and not _is_name(core, rules):
        return "other", core.split()[-1]  # "the regional hospital": nobody's name
    return rules.kinds.get(told, ""), ""


def _is_name(words: str, rules: Rules) -> bool:
    last = words.rsplit(maxsplit=1)[-1:]
    return bool(last) and bool(rules.patterns["name"].match(last[0]))
