"""A publishable account of an incident, from entries of the ledger only."""

from tocsin.report._plain import plain
from tocsin.report._position import ROUNDED_KM, position_of
from tocsin.report.evidence import evidence_page, suspensions
from tocsin.report.feed import FeedItem, atom
from tocsin.report.intake import Request, read_request
from tocsin.report.leaks import given_away
from tocsin.report.linked import json_ld, prov
from tocsin.report.page import Edition, page
from tocsin.report.performance import alarm_performance
from tocsin.report.release import Release, release_of
from tocsin.report.rows import gtd_row, timeline_csv
from tocsin.report.shift import shift_page
from tocsin.report.syndicated import json_feed, ninjs, notice, rss
from tocsin.report.telling import (
    PROFILES,
    Line,
    Section,
    Telling,
    marked,
    tell,
    title_of,
    told,
    with_text,
)
from tocsin.report.typeset import typst_source
from tocsin.report.withheld import found_in, withheld_values

__all__ = [
    "PROFILES",
    "ROUNDED_KM",
    "Edition",
    "FeedItem",
    "Line",
    "Release",
    "Request",
    "Section",
    "Telling",
    "alarm_performance",
    "atom",
    "evidence_page",
    "found_in",
    "given_away",
    "gtd_row",
    "json_feed",
    "json_ld",
    "marked",
    "ninjs",
    "notice",
    "page",
    "plain",
    "position_of",
    "prov",
    "read_request",
    "release_of",
    "rss",
    "shift_page",
    "suspensions",
    "tell",
    "timeline_csv",
    "title_of",
    "told",
    "typst_source",
    "with_text",
    "withheld_values",
]
