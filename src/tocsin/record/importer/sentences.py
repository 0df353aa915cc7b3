"""A paragraph's sentences, each with where it stands."""

import re
from dataclasses import dataclass

__all__ = ["Sentence", "sentences_of"]

# Begun anew within a run of them, the search would take the square of its length.
_END = re.compile(r"(?<![.!?])[.!?]+[”\"’')\]]*(?=\s+[“\"‘'(\[]?[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Sentence:
    """text is characters start (included) to end (excluded) of its block, without a blank at
    either end.
    """

    block: int
    start: int
    end: int
    text: str


def sentences_of(
    block: int, text: str, abbreviations: list[str], *, start: int = 0
) -> list[Sentence]:
    """Return the sentences from `start` in order; together they hold all of the text after it
    but blanks.
    """
    short = tuple(abbreviations)
    found = []
    for match in _END.finditer(text, start):
        before = text[start : match.start()]
        word = before.rsplit(None, 1)[-1].lstrip("“\"‘'(") if before.strip() else ""
        is_initial = len(word) == 1 and word.isupper()
        if text[match.start()] == "." and (word in short or is_initial):
            continue
        found.append((start, match.end()))
        start = match.end()
    found.append((start, len(text)))
    return [_trimmed(block, text, a, b) for a, b in found if text[a:b].strip()]


def _trimmed(block: int, text: str, start: int, end: int) -> Sentence:
    while text[start].isspace():
        start += 1
    while text[end - 1].isspace():
        end -= 1
    return Sentence(block, start, end, text[start:end])
