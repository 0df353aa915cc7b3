"""Times and places in a sentence, as they were said; resolved only where the text is enough."""

import datetime
import re
from email.utils import parsedate_to_datetime

from tocsin.model.proposals import PlaceFound, TimeFound
from tocsin.model.records import Span, TimeSaid
from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence

__all__ = ["places_of", "published_at", "times_of"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY_S = 86_400.0
# A day begins first at UTC+14 and ends last at UTC-12 (IANA time zone database).
_EARLIEST_ZONE_S, _LATEST_ZONE_S = 14 * 3600.0, 12 * 3600.0
_WHY = {
    "weekday": "the text gives no date; which {word} is for a person to say",
    "month": "the text gives no year",
    "relative": "after what is not stated to the hour",
    "span": "a span, not a date",
    "clock": "the text gives no date and no time zone that is sure",
}


def published_at(words: str) -> TimeSaid:
    """Return the page's own date, resolved where it bears a year and a time zone."""
    words = words.strip()
    if not words:
        return TimeSaid(why_unresolved="the page gives no date")
    try:
        at = datetime.datetime.fromisoformat(words)
    except ValueError:
        try:
            at = parsedate_to_datetime(words)
        except (ValueError, TypeError, IndexError):
            return TimeSaid(words[:80], why_unresolved="it cannot be read as a date")
    by = "the date that the page gives itself"
    if at.tzinfo is None:
        first, last = _whole_day(at.date())
        return TimeSaid(words[:80], first, last, by + ", in whatever time zone")
    at_s = (at - _EPOCH).total_seconds()
    return TimeSaid(words[:80], at_s, at_s, by)


def times_of(sentence: Sentence, document: str, rules: Rules) -> list[TimeFound]:
    """Return the times of a sentence in their order."""
    text, found = sentence.text, []
    taken: list[tuple[int, int]] = []
    for kind in ("absolute", "month", "weekday", "span", "relative", "clock"):
        for match in rules.patterns[f"times.{kind}"].finditer(text):
            start, end = match.span()
            if any(a < end and start < b for a, b in taken):
                continue
            taken.append((start, end))
            span = Span(document, sentence.block, sentence.start + start, sentence.start + end)
            time = _absolute(match, rules) if kind == "absolute" else _unresolved(kind, match)
            found.append(TimeFound(span, time, _attached(text, start, end, rules)))
    return sorted(found, key=lambda time: time.span.start)


def _unresolved(kind: str, match: re.Match[str]) -> TimeSaid:
    word = match["word"]
    return TimeSaid(match[0].strip(), why_unresolved=_WHY[kind].format(word=word))


def _absolute(match: re.Match[str], rules: Rules) -> TimeSaid:
    """Return a date with its year as the day in whatever time zone."""
    words = match[0]
    try:
        if match["iso"]:
            day = datetime.date.fromisoformat(match["iso"])
        else:
            names = rules.words("grammar", "months", "names")
            month = names.index(match["month"] or match["month2"]) + 1
            year, number = match["year"] or match["year2"], match["day"] or match["day2"]
            day = datetime.date(int(year), month, int(number))
    except ValueError:
        return TimeSaid(words, why_unresolved="there is no such day")
    first, last = _whole_day(day)
    return TimeSaid(words, first, last, "the date in the text, in whatever time zone")


def _whole_day(day: datetime.date) -> tuple[float, float]:
    start_s = (day - _EPOCH.date()).days * _DAY_S
    return start_s - _EARLIEST_ZONE_S, start_s + _DAY_S + _LATEST_ZONE_S


def _attached(text: str, start: int, end: int, rules: Rules) -> str:
    """Return "report" where the time stands at the verb of reporting, "event" where it stands
    in the clause of the event, "" where it opens the sentence and may be of either.
    """
    verbs = list(rules.patterns["verbs"].finditer(text))
    for verb in verbs:
        between = text[verb.end() : start]
        if verb.end() <= start and len(between.split()) <= 1 and "," not in between:
            return "report"
        between = text[end : verb.start()]
        if end <= verb.start() and not between.strip(" ,") and between.strip():
            return "report"
    is_opening = not text[:start].strip("“\"‘' ")
    return "" if is_opening and verbs else "event"


def places_of(sentence: Sentence, document: str, rules: Rules) -> list[PlaceFound]:
    """Return the named places of a sentence and where they are said to lie."""
    text, found = sentence.text, []
    for match in rules.patterns["place"].finditer(text):
        name = match["name"]
        lies = rules.patterns["within"].match(text, _after(text, match.end()))
        span = Span(document, sentence.block, sentence.start + match.start(),
                    sentence.start + match.end())  # fmt: skip
        found.append(PlaceFound(span, name, _kind(name, rules), lies["words"] if lies else ""))
    named = [(p.span.start - sentence.start, p.span.end - sentence.start) for p in found]
    for match in rules.patterns["within"].finditer(text):
        if any(a <= match.end() and match.start() <= b + 2 for a, b in named):
            continue
        span = Span(document, sentence.block, sentence.start + match.start("words"),
                    sentence.start + match.end("words"))  # fmt: skip
        found.append(PlaceFound(span, "", "area", match["words"]))
    return found


def _after(text: str, at: int) -> int:
    while at < len(text) and text[at] in ", ":
        at += 1
    return at


def _kind(name: str, rules: Rules) -> str:
    kinds = rules.raw["places"]["kinds"]
    return next((k for k, ends in kinds.items() if any(name.endswith(e) for e in ends)), "base")
