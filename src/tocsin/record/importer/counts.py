"""Numbers of a sentence: those that count something, and those that no rule reads."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.record.importer.rules import Rules

__all__ = ["Count", "counts_in", "number_of", "unread_in"]


@dataclass(frozen=True, slots=True)
class Count:
    """So many of something; start and end of its words in the sentence, `bare` of its bound
    and number alone.
    """

    quantity: str
    value: float | str
    bound: str
    start: int
    end: int
    bare: tuple[int, int]
    gap: str = ""


def number_of(word: str, rules: Rules) -> float | str:
    """Return the number that a word or figures stand for, else the word."""
    low = word.lower().replace(",", "")
    if low in rules.numbers:
        return float(rules.numbers[low])
    return float(low) if low.isdecimal() else word


def counts_in(text: str, rules: Rules) -> list[Count]:
    """Return what a text counts; "three to five" is at least three and at most five.

    A number that is a part of another or a name is none: better nothing than a wrong one.
    """
    found: list[Count] = []
    taken: set[int] = set()
    for name in ("counts.people", "counts.after", "counts.things"):
        for match in rules.patterns[name].finditer(text):
            if match.start("number") in taken or not _is_count(text, match, rules):
                continue
            taken.add(match.start("number"))
            found += _read(text, match, rules)
    return found


def _is_count(text: str, match: re.Match[str], rules: Rules) -> bool:
    start, end = _bare(match)
    before = text[max(0, start - 40) : start]
    if rules.patterns["counts.no_count_after"].search(before):
        return False
    if rules.patterns["counts.year"].search(before + text[start:end]):
        return False
    low = _low(match, rules)
    high = number_of(match["number"], rules)
    if low is None:
        return isinstance(high, float)
    is_range = isinstance(low, float) and isinstance(high, float) and low < high
    return is_range and not match["bound"]


def _bare(match: re.Match[str]) -> tuple[int, int]:
    starts = [match.start(name) for name in ("bound", "low", "low2", "number")]
    return min(at for at in starts if at >= 0), match.end("number")


def _low(match: re.Match[str], rules: Rules) -> float | str | None:
    words = match["low"] or match["low2"]
    return number_of(words, rules) if words else None


def _read(text: str, match: re.Match[str], rules: Rules) -> list[Count]:
    what = match["what"].lower()
    tables = (rules.raw["counts"], rules.raw["counts_after"])
    quantity = next(
        (q for table in tables for q, words in table.items()
         if isinstance(words, list) and what in [w.lower() for w in words]), what
    )  # fmt: skip
    start, end = _bare(match)
    around = text[max(0, start - 12) : start] + " | " + text[end : match.end()]
    beside = rules.patterns["counts.beside"].search(around)
    gap = f"“{beside[0]}”: a part of them, or others beside these?" if beside else ""
    span = (match.start(), match.end(), (start, end))
    low, high = _low(match, rules), number_of(match["number"], rules)
    if low is not None:
        return [Count(quantity, low, "at least", *span, gap),
                Count(quantity, high, "at most", *span, gap)]  # fmt: skip
    bound = rules.bounds.get((match["bound"] or "").strip().lower(), "exactly")
    return [Count(quantity, high, bound, *span, gap)]


def unread_in(text: str, read: Iterable[tuple[int, int]], rules: Rules) -> list[str]:
    """Return the numbers that no rule reads.

    `read` is where the numbers stand that a rule has read; times, and numbers of people who
    speak or of what is nothing of the event, are none of them.
    """
    known = list(read)
    known += [m.span() for m in rules.patterns["counts.no_number"].finditer(text)]
    known += [m.span() for name, pattern in rules.patterns.items() if name.startswith("times.")
              for m in pattern.finditer(text)]  # fmt: skip
    return [
        m[0] for m in rules.patterns["counts.any"].finditer(text)
        if not any(a < m.end() and m.start() < b for a, b in known)
        and not rules.patterns["counts.others"].match(text, m.end())
    ]  # fmt: skip
