"""The closed word lists of the record; everything else is free text, kept as it was given."""

__all__ = [
    "ANONYMOUS", "ASKED_FIRST", "AUDIENCES", "BOUNDS", "CORRECTIONS", "CREDIBILITY", "CUSTODY",
    "DRONES", "EVIDENCE_KINDS", "EXCLUSIVE", "IDENTITIES", "INCIDENT_KINDS", "INJURIES",
    "MODALITIES", "PAGE_FUNCTIONS", "PLACE_KINDS", "PROFILES", "PUBLICATION_STATES", "QUOTES",
    "RELATIONS", "RELIABILITY", "SCOPES", "SOURCE_KINDS", "SYMMETRIC", "TEXT_BLOCKS",
    "WRITERS",
]  # fmt: skip

# Who a source is to the reader. Those of ANONYMOUS cannot be asked again by a reader.
IDENTITIES = (
    "named", "unnamed", "on condition of anonymity", "unnamed group", "not named in statement",
    "not stated on page", "sealed",
)  # fmt: skip
ANONYMOUS = (
    "unnamed", "on condition of anonymity", "unnamed group", "not named in statement", "sealed",
)  # fmt: skip

SOURCE_KINDS = (
    "official", "command", "group", "person", "witness", "agency", "outlet", "broadcaster",
    "social media", "document", "writer", "carrier", "sensor", "other",
)  # fmt: skip
WRITERS = ("writer", "carrier")  # who only wrote or showed the text

INCIDENT_KINDS = (
    "drones", "unidentified", "missiles", "rockets", "intrusion", "interference", "other",
)  # fmt: skip

# The blocks of a text, and the functions of the page around it; those are no evidence.
TEXT_BLOCKS = ("headline", "subheading", "byline", "dateline", "paragraph", "quote", "caption")
PAGE_FUNCTIONS = (
    "share", "wire label", "trending", "poll placeholder", "related", "origin credit",
    "submit a correction", "tags", "conversation", "advertisement", "navigation", "other",
)  # fmt: skip

QUOTES = ("quoted", "partly quoted", "paraphrased")
MODALITIES = ("asserted", "possible", "denied")
BOUNDS = ("exactly", "about", "at least", "at most")
SCOPES = ("each", "in all")
AUDIENCES = ("", "public", "partner", "internal")
PROFILES = ("internal", "partner", "public")

RELATIONS = (
    "part of", "alias of", "backs", "member of", "allied with", "rival of", "speaks for",
    "follows", "same event as", "contradicts", "agrees with", "explains", "other",
)  # fmt: skip
SYMMETRIC = (
    "alias of", "allied with", "rival of", "same event as", "contradicts", "agrees with",
)  # fmt: skip

# Admiralty grades (NATO AJP-2.1): F and 6 say that it cannot be judged.
RELIABILITY = ("A", "B", "C", "D", "E", "F")
CREDIBILITY = ("1", "2", "3", "4", "5", "6")

# Classes of correction after the news agencies' own: "corrected" for a fact, "refiled" for a
# slip that changes no meaning, "withdrawn" for what is wholly wrong.
CORRECTIONS = ("corrected", "refiled", "updated", "clarified", "withdrawn")

# How an account stands with a profile's readers; record/publishing.py has the table of steps.
PUBLICATION_STATES = (
    "draft", "scheduled", "embargoed", "published", "corrected", "refiled", "updated",
    "clarified", "withdrawn", "repeated",
)  # fmt: skip

# What evidence is; an "object" bears a mark, all else is a file with its SHA-256.
EVIDENCE_KINDS = (
    "recording", "photograph", "video", "document", "log", "message", "object", "other",
)  # fmt: skip
CUSTODY = (
    "taken", "received", "copied", "stored", "examined", "handed over", "returned", "destroyed",
)  # fmt: skip
PLACE_KINDS = ("base", "airport", "site", "town", "district", "region", "country", "other")

# Quantities of which a thing has one value only, so two different words contradict each other.
# Numbers of any quantity are compared; words of other quantities may stand beside each other.
EXCLUSIVE = (
    "outcome", "injuries", "deaths", "damage", "target", "drone type", "origin",
    "official attribution", "place", "date", "time", "order",
)  # fmt: skip

# Words for the quantities that are asked for; the first is the question's own. "hurt in the
# workshop" is of "hurt".
DRONES = ("drones",)
INJURIES = (
    "injuries", "injured", "hurt", "wounded", "casualties", "deaths", "dead", "killed",
)  # fmt: skip

# What an account is asked for first: where nobody speaks of one, that is a gap.
ASKED_FIRST = ("drones", "drone type", "origin", "outcome", "injuries")
