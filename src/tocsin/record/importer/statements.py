"""What a sentence states: quantities with values, silence without one; claims; relations."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tocsin.record.importer.counts import counts_in, number_of, unread_in
from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence
from tocsin.record.importer.speakers import Voice, is_nobody, subject_before

__all__ = ["Claimed", "Related", "Value", "claims_in", "modality_of", "quote_of", "related_in",
           "values_in"]  # fmt: skip

_QUOTED = re.compile(r"“[^”]*”?|\"[^\"]*\"?|«[^»]*»?")
LONGEST = 600  # characters of a sentence that the slow patterns look at


@dataclass(frozen=True, slots=True)
class Value:
    """A quantity as the words give it; `rule` is what found it, `span` where in the sentence,
    `bare` where its number stands there, `gaps` what the sentence leaves open of it.
    """

    rule: str
    quantity: str
    state: str = "stated"
    value: float | str | None = None
    bound: str = "exactly"
    span: tuple[int, int] = (0, 0)
    bare: tuple[int, int] = (0, 0)
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim of responsibility: who, where in the sentence, for what, in which words."""

    who: str
    start: int
    end: int
    what: str
    together_with: str = ""
    mode: str = ""
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Two actors that a sentence relates; by: who says so, None: the sentence's own voices."""

    rule: str
    type: str
    from_words: str
    to_words: str
    by: Voice | None


def values_in(text: str, rules: Rules) -> list[Value]:
    """Return the quantities of a sentence, in the order of the rules; where there is none, the
    sentence as a statement of its own.
    """
    found: list[Value] = []
    for rule in rules.statements:
        for match in rule.pattern.finditer(text[:LONGEST]):
            groups = {k: v for k, v in match.groupdict().items() if v}
            what = groups.get("what") or groups.get("what2") or ""
            quantity = rule.quantity.format(what=rules.raw["same"].get(what.lower(), what))
            value: float | str | None = rule.value
            if value is None and rule.state == "stated":
                value = groups.get("value") or groups.get("value2")
                value = number_of(value.strip(), rules) if value else value
            bare = match.span("value") if isinstance(value, float) else (0, 0)
            found.append(
                Value(rule.name, quantity, rule.state, value, span=match.span(), bare=bare)
            )
    found += _of_counts(text[:LONGEST], rules)
    kept: list[Value] = []
    for one in found:  # the first rule that speaks of a quantity decides
        if not any(k.quantity == one.quantity and k.rule != one.rule for k in kept):
            kept.append(one)
    whole = Value("sentence", "statement", "stated", text[:200], span=(0, 0))
    return _left_open(text, kept or [whole], rules)


def _of_counts(text: str, rules: Rules) -> list[Value]:
    return [
        Value("count", one.quantity, "stated", one.value, one.bound, (one.start, one.end),
              one.bare, (one.gap,) if one.gap else ())
        for one in counts_in(text, rules)
    ]  # fmt: skip


def _left_open(text: str, values: list[Value], rules: Rules) -> list[Value]:
    """Return the values with what the sentence leaves open of them: a negation, a number."""
    part = text[:LONGEST]
    # Where a rule knows what a negation means: silence, nobody hurt, "no more than".
    meant = [v.span for v in values if v.state != "stated" or v.value == 0]
    meant += [v.bare for v in values if v.rule == "count"]
    meant += [m.span() for m in rules.patterns["anonymity.on_condition"].finditer(part)]
    read = [v.bare for v in values if v.bare[1]]
    # "Crews shot down six of them" names nothing that is counted, and counts it.
    is_asked = any(v.quantity == "outcome" for v in values)
    is_asked = is_asked or bool(rules.patterns["counts.words"].search(part))
    unread = unread_in(part, read, rules) if is_asked else []
    gaps = [f"“{number}”: a number stands here that no rule reads" for number in unread]
    if len(text) > LONGEST:
        gaps.append(f"of this sentence only the first {LONGEST} characters were read")
    return [
        replace(v, gaps=(*v.gaps, *gaps) if v.rule == "sentence" else
                (*v.gaps, *negated(part, v.span, meant, rules), *gaps))
        for v in values
    ]  # fmt: skip


def negated(
    text: str, span: tuple[int, int], meant: Iterable[tuple[int, int]], rules: Rules
) -> list[str]:
    """Return a gap where a negation or a condition may reach to the words at `span`."""
    start = max(
        (m.end() for m in rules.patterns["new_thought"].finditer(text, 0, span[0])), default=0
    )
    pause = rules.patterns["clause"].search(text, span[1])
    end = pause.start() if pause else len(text)
    known = list(meant)
    for match in rules.patterns["negation"].finditer(text, start, end):
        if not any(a <= match.start() < b for a, b in known):
            return [f"“{match[0]}” stands in the sentence: do the words say it, or deny it?"]
    return []


def claims_in(sentence: Sentence, rules: Rules) -> list[Claimed]:
    """Return the claims of responsibility of a sentence; each claimant once."""
    text = sentence.text
    found: list[Claimed] = []
    for pattern in rules.claim_verbs:
        for match in pattern.finditer(text[:LONGEST]):
            place = subject_before(text[: match.start()], rules)
            if place is not None:
                _claim(found, text, place, match, rules)
    for match in rules.patterns["claims.passive"].finditer(text[:LONGEST]):
        _claim(found, text, match.span("who"), match, rules)
    return found


def _claim(
    found: list[Claimed], text: str, place: tuple[int, int], match: re.Match[str], rules: Rules
) -> None:
    start, end = place
    if any(c.start < end and start < c.end for c in found) or is_nobody(text, place, rules):
        return
    with_it = rules.patterns["claims.together_with"].search(text)
    modes = [k[6:] for k, p in rules.patterns.items()
             if k.startswith("modes.") and p.search(text)]  # fmt: skip
    words = with_it["words"].strip() if with_it else ""
    gaps = negated(text[:LONGEST], (min(start, match.start()), match.start("what")), (), rules)
    found.append(
        Claimed(text[start:end], start, end, match["what"].strip(), words, ", ".join(modes),
                tuple(gaps))
    )  # fmt: skip


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
