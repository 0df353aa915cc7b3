"""What a sentence states: quantities with values, silence without one; claims; relations."""

import functools
import re
from dataclasses import dataclass

from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence
from tocsin.record.importer.speakers import Voice, subject_before

__all__ = ["Claimed", "Related", "Value", "claims_in", "modality_of", "quote_of", "related_in",
           "values_in"]  # fmt: skip

_QUOTED = re.compile(r"“[^”]*”?|\"[^\"]*\"?|«[^»]*»?")
LONGEST = 600  # characters of a sentence that the slow patterns look at


@dataclass(frozen=True, slots=True)
class Value:
    """A quantity as the words give it; `rule` is what found it."""

    rule: str
    quantity: str
    state: str = "stated"
    value: float | str | None = None
    bound: str = "exactly"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim of responsibility: who, where in the sentence, for what, in which words."""

    who: str
    start: int
    end: int
    what: str
    together_with: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Two actors that a sentence relates; by: who says so, None: the sentence's own voices."""

    rule: str
    type: str
    from_words: str
    to_words: str
    by: Voice | None


def values_in(text: str, rules: Rules) -> list[Value]:
    """Return the quantities of a sentence, in the order of the rules."""
    found: list[Value] = []
    for rule in rules.statements:
        for match in rule.pattern.finditer(text[:LONGEST]):
            groups = {k: v for k, v in match.groupdict().items() if v}
            what = groups.get("what") or groups.get("what2") or ""
            quantity = rule.quantity.format(what=rules.raw["same"].get(what.lower(), what))
            value: float | str | None = rule.value
            if value is None and rule.state == "stated":
                value = groups.get("value") or groups.get("value2")
                value = _number(value.strip(), rules) if value else value
            found.append(Value(rule.name, quantity, rule.state, value))
    found += _counts(text, rules)
    kept: list[Value] = []
    for one in found:  # the first rule that speaks of a quantity decides
        if not any(k.quantity == one.quantity and k.rule != one.rule for k in kept):
            kept.append(one)
    return kept


def _number(word: str, rules: Rules) -> float | str:
    """Return the number that a word or figures stand for, else the word."""
    low = word.lower().replace(",", "")
    if low in rules.numbers:
        return float(rules.numbers[low])
    return float(low) if low.isdecimal() else word


def _counts(text: str, rules: Rules) -> list[Value]:
    found = []
    matches = [
        match
        for name in ("counts.people", "counts.things")
        for match in rules.patterns[name].finditer(text[:LONGEST])
    ]
    taken: list[int] = []
    for match in matches:
        if match.start("number") in taken:
            continue
        taken.append(match.start("number"))
        number = _number(match["number"], rules)
        what = match["what"].lower()
        quantity = next(
            (q for q, words in rules.raw["counts"].items()
             if what in [w.lower() for w in words]), what
        )  # fmt: skip
        bound = rules.bounds.get((match["bound"] or "").strip().lower(), "exactly")
        found.append(Value("count", quantity, "stated", number, bound))
    return found


def claims_in(sentence: Sentence, rules: Rules) -> list[Claimed]:
    """Return the claims of responsibility of a sentence; each claimant once."""
    text = sentence.text
    found: list[Claimed] = []
    for pattern in rules.claim_verbs:
        for match in pattern.finditer(text[:LONGEST]):
            place = subject_before(text[: match.start()], rules)
            if place is not None:
                _claim(found, text, place, match["what"], rules)
    for match in rules.patterns["claims.passive"].finditer(text[:LONGEST]):
        _claim(found, text, match.span("who"), match["what"], rules)
    return found


def _claim(
    found: list[Claimed], text: str, place: tuple[int, int], what: str, rules: Rules
) -> None:
    start, end = place
    if any(c.start < end and start < c.end for c in found):
        return
    with_it = rules.patterns["claims.together_with"].search(text)
    modes = [k[6:] for k, p in rules.patterns.items()
             if k.startswith("modes.") and p.search(text)]  # fmt: skip
    words = with_it["words"].strip() if with_it else ""
    found.append(Claimed(text[start:end], start, end, what.strip(), words, ", ".join(modes)))


def related_in(sentence: Sentence, rules: Rules) -> list[Related]:
    """Return which actors a sentence relates; of one pair and type the first rule's."""
    text = sentence.text[:LONGEST]
    found: list[Related] = []
    for name, kind, pattern in rules.relations:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            by = None
            if groups.get("by"):
                by = Voice(match["by"], match.start("by"), match.end("by"), 2, "described")
            ends = (match["from"].strip(), match["to"].strip())
            pronouns = rules.words("speakers", "pronouns", "words")
            if ends[0] == ends[1] or any(end.lower() in pronouns for end in ends):
                continue
            if not any(r.type == kind and r.to_words == ends[1] for r in found):
                found.append(Related(name, kind, *ends, by))
    return found


def modality_of(text: str, rules: Rules) -> tuple[str, str]:
    """Return (modality, the words that hedge it)."""
    for name in ("denied", "possible"):
        match = rules.patterns[f"hedges.{name}"].search(text)
        if match:
            return name, match[0]
    return "asserted", ""


@functools.lru_cache(maxsize=8)
def _quotes(block: str) -> tuple[tuple[int, int], ...]:
    """Return where the words in quotation marks stand; a block is asked once a sentence."""
    return tuple(match.span() for match in _QUOTED.finditer(block))


def quote_of(block: str, start: int, end: int) -> str:
    """Return "quoted" where the words lie in quotation marks, "partly quoted" where some do."""
    inside = 0
    for first, last in _quotes(block):
        a, b = max(first, start), min(last, end)
        if b > a:
            inside += b - a
    if not inside:
        return "paraphrased"
    return "quoted" if inside >= end - start - 2 else "partly quoted"
