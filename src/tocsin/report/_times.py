"""Times in UTC words, to the second for the watch and to the hour for everybody."""

import datetime
import math
import re

from tocsin.model.records import TimeSaid

__all__ = [
    "day",
    "hour",
    "iso",
    "iso_hour",
    "moment",
    "parts_of",
    "rfc822",
    "time_said",
    "time_words",
]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# A time of day with its minutes: 12:18, 12.18 (12.18.2026 is none), 12h18, 1218Z, "ten to six".
_CLOCK = re.compile(
    r"\b\d{1,2}\s?[:h]\s?\d\d|(?<![\d.,])\d{1,2}\.\d\d(?![\d.])|"
    r"\b\d{4}(?:\d\d)?\s?(?:z|utc|gmt|hrs|hours|h|local)\b|"
    r"\b(?:half|quarter|minutes?|five|ten|twenty)\s(?:past|to|before|after)\s", re.IGNORECASE,
)  # fmt: skip


def _at(at_s: float) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(seconds=math.floor(at_s))


def day(at_s: float) -> str:
    """Return "5 August 2026"; English in every locale."""
    at = _at(at_s)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def moment(at_s: float) -> str:
    """Return "2026-08-05 12:00:30Z"."""
    return _at(at_s).strftime("%Y-%m-%d %H:%M:%SZ")


def hour(at_s: float) -> str:
    """Return "5 August 2026, between 12:00 and 13:00 UTC"."""
    at = _at(at_s)
    return f"{day(at_s)}, between {at.hour:02d}:00 and {at.hour + 1:02d}:00 UTC"


def iso_hour(at_s: float) -> str:
    """Return "2026-08-05T12:00:00Z", cut to the hour."""
    return _at(at_s).strftime("%Y-%m-%dT%H:00:00Z")


def iso(at_s: float, *, to_the_hour: bool) -> str:
    """Return "2026-08-05T12:00:30Z", cut to the hour where asked."""
    return iso_hour(at_s) if to_the_hour else _at(at_s).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc822(at_s: float, *, to_the_hour: bool) -> str:
    """Return "Wed, 05 Aug 2026 12:00:00 GMT"; English in every locale."""
    at = _at(at_s)
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    month = _MONTHS[at.month - 1][:3]
    clock = f"{at.hour:02d}:00:00" if to_the_hour else at.strftime("%H:%M:%S")
    return f"{days[at.weekday()]}, {at.day:02d} {month} {at.year} {clock} GMT"


def parts_of(earliest_s: float | None, latest_s: float | None) -> tuple[int, int, int]:
    """Return (year, month, day) in UTC; 0 where both bounds do not agree or there are none."""
    if earliest_s is None or latest_s is None:
        return 0, 0, 0
    first, last = _at(earliest_s), _at(latest_s)
    year = first.year if first.year == last.year else 0
    month = first.month if year and first.month == last.month else 0
    return year, month, first.day if month and first.day == last.day else 0


def time_said(time: TimeSaid, *, to_the_hour: bool) -> str:
    """Return the words in which a time was said, "" where they are closer than the hour."""
    return "" if to_the_hour and _CLOCK.search(time.verbatim) else time.verbatim


def time_words(time: TimeSaid, *, to_the_hour: bool) -> str:
    """Return when something happened as it was said and as it was resolved, or why not."""
    words = []
    if time.earliest_s is not None and time.latest_s is not None:
        one = hour if to_the_hour else moment
        first, last = one(time.earliest_s), one(time.latest_s)
        words.append(first if first == last else f"from {first} to {last}")
    said = time_said(time, to_the_hour=to_the_hour)
    if said:
        words.append(f"said as “{said}”")
    if not words or time.earliest_s is None:
        why = time.why_unresolved or "nobody said when"
        if to_the_hour and _CLOCK.search(why):
            why = "how it was said is withheld"
        words.append(f"not resolved: {why}")
    return "; ".join(words)
