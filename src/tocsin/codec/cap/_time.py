"""CAP times: `2026-11-23T09:00:00-00:00`; the zone in hours, never as Z (CAP 1.2, 3.3.2)."""

import datetime
import math
import re

__all__ = ["text_of", "time_of"]

_FORM = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")


def text_of(time_s: float) -> str:
    """Return the text of a Unix time, in UTC, to the second."""
    moment = datetime.datetime.fromtimestamp(int(time_s), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S-00:00")


def time_of(text: str) -> float:
    """Return the Unix time of a text, NaN where it is none in the standard's form."""
    text = text.strip()
    if not _FORM.match(text):
        return math.nan
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except ValueError:
        return math.nan
