"""Unix seconds as UTC words; no clock is read."""

import datetime
import math

__all__ = ["utc", "utc_day", "utc_year"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def utc(at_s: float) -> str:
    """Return "2026-11-23T09:36:22Z", cut to the second."""
    moment = _EPOCH + datetime.timedelta(seconds=math.floor(at_s))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_day(at_s: float) -> str:
    """Return "2026-11-23"."""
    return utc(at_s)[:10]


def utc_year(at_s: float) -> int:
    """Return the year, for example 2026."""
    return (_EPOCH + datetime.timedelta(seconds=math.floor(at_s))).year
