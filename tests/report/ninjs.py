"""IPTC's ninjs 3.0 as a JSON schema: the names, types and closed objects of the standard's own
schema (iptc/newsinjson, specification/ninjs-schema_3.0.json), without its words and without
what a text has not (renditions, planning, events, rights).
"""

from typing import Any

WHEN = {"type": "string", "format": "date-time"}
URI = {"type": "string", "format": "uri"}
TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
SHARE = {"type": "integer", "minimum": 0, "maximum": 100}


def closed(needed: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return {
        "type": "object", "required": list(needed), "additionalProperties": False,
        "properties": fields,
    }  # fmt: skip


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


CONTACT = {
    **closed(
        type=TEXT, role=TEXT, lang=TEXT, name=TEXT, value=TEXT,
        address=closed(lines=many(TEXT), locality=TEXT, area=TEXT, postalCode=TEXT,
                       country=TEXT),
    ),
    "oneOf": [{"required": ["value"]}, {"required": ["address"]}],
}  # fmt: skip
NAMED = {"name": TEXT, "rel": TEXT, "uri": URI, "literal": TEXT}
NINJS: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed(
        ("uri",),
        uri=URI, version=TEXT, profile=TEXT, language=TEXT, title=TEXT, by=TEXT, slugline=TEXT,
        located=TEXT, edNote=TEXT, copyrightHolder=TEXT, copyrightNotice=TEXT, usageTerms=TEXT,
        type={"enum": ["text", "audio", "video", "picture", "graphic", "composite", "component",
                       "event", "planning"]},
        representationType={"enum": ["full", "partial"]},
        pubStatus={"enum": ["usable", "withheld", "canceled"]},
        urgency={"type": "number"},
        firstCreated=WHEN, versionCreated=WHEN, contentCreated=WHEN, embargoed=WHEN,
        expires=WHEN,
        standard=closed(name=TEXT, version=TEXT, schema=URI),
        descriptions=many(closed(("value",), role=TEXT, contentType=TEXT, value=TEXT)),
        headlines=many(closed(("value",), role=TEXT, contentType=TEXT, value=TEXT)),
        bodies=many(closed(("value",), role=TEXT, contentType=TEXT, value=TEXT,
                           charCount=WHOLE, wordCount=WHOLE)),
        people=many(closed(**NAMED, contactInfo=many(CONTACT))),
        organisations=many(closed(**NAMED, contactInfo=many(CONTACT))),
        places=many(closed(**NAMED, contactInfo=many(CONTACT), geojson={"type": "object"})),
        subjects=many(closed(**NAMED, creator=TEXT, relevance=SHARE, confidence=SHARE)),
        events=many(closed(**NAMED, id=TEXT)),
        objects=many(closed(**NAMED)),
        infoSources=many(closed(name=TEXT, role=TEXT, uri=URI, literal=TEXT,
                                contactInfo=many(CONTACT))),
        altIds=many(closed(role=TEXT, value=TEXT)),
        genres=many(closed(name=TEXT, uri=TEXT, literal=TEXT)),
        trustIndicators=many(closed(role=URI, title=TEXT, href=URI)),
    ),
}  # fmt: skip
