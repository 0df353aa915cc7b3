"""A publishable account of an incident, from entries of the ledger only."""

from tocsin.report.feed import FeedItem, atom
from tocsin.report.intake import Request, read_request
from tocsin.report.page import Edition, page
from tocsin.report.performance import alarm_performance
from tocsin.report.shift import shift_page
from tocsin.report.telling import PROFILES, Line, Section, Telling, tell
from tocsin.report.withheld import found_in, withheld_values

__all__ = [
    "PROFILES",
    "Edition",
    "FeedItem",
    "Line",
    "Request",
    "Section",
    "Telling",
    "alarm_performance",
    "atom",
    "found_in",
    "page",
    "read_request",
    "shift_page",
    "tell",
    "withheld_values",
]
