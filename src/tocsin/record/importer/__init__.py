"""An article as a proposal for the record: nothing of it counts before a person's word."""

from tocsin.record.importer.feeds import FORMATS, MAX_ARTICLE_BYTES
from tocsin.record.importer.propose import Proposer, propose
from tocsin.record.importer.review import (
    REVIEW_ACTS,
    acts_for,
    all_acts,
    link_known,
    order_for,
    review,
)
from tocsin.record.importer.rules import Rules, read_rules, shipped_rules

__all__ = [
    "FORMATS",
    "MAX_ARTICLE_BYTES",
    "REVIEW_ACTS",
    "Proposer",
    "Rules",
    "acts_for",
    "all_acts",
    "link_known",
    "order_for",
    "propose",
    "read_rules",
    "review",
    "shipped_rules",
]
