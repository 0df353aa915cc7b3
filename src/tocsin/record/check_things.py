"""The rules for places, evidence and its custody; see `check`."""

import re

from tocsin.model.records import Custody, Evidence, Place
from tocsin.model.register import Register, Version
from tocsin.record import words
from tocsin.record._rules import all_rows, is_blank, one_of, why_not_row, why_not_time
from tocsin.record.views import rows_of

__all__ = [
    "custody_of", "why_not_custody", "why_not_evidence", "why_not_next", "why_not_place",
]  # fmt: skip

_DIGEST = re.compile(r"^[0-9a-f]{64}$")


def why_not_place(register: Register, noun: Place, recorded_s: float) -> str:
    """Return why a place cannot be recorded, or ""."""
    if is_blank(noun.name) and is_blank(noun.as_stated):
        return "a place needs a name, or in `as_stated` the words that were used for it"
    if (noun.lat is None) != (noun.lon is None):
        return "a place needs both lat and lon (degrees), or neither"
    if noun.lat is not None and noun.lon is not None:
        if not (-90 <= noun.lat <= 90 and -180 <= noun.lon <= 180):
            return f"{noun.lat}, {noun.lon} is no place; lat -90..90, lon -180..180 degrees"
        if is_blank(noun.position_source):
            return "a position says where it is from; give position_source, such as a chart"
    if noun.uncertainty_m is not None and not 0 <= noun.uncertainty_m < 2.1e7:
        return f"uncertainty_m {noun.uncertainty_m} cannot be; give metres, 0 or more"
    if noun.parent:
        if noun.parent == noun.id:
            return f"{noun.id!r} cannot lie in itself"
        return why_not_row(register, noun.parent, ("place",), "the place around it")
    return ""


def why_not_evidence(register: Register, noun: Evidence, recorded_s: float) -> str:
    """Return why a piece of evidence cannot be recorded, or ""."""
    if is_blank(noun.name):
        return "evidence needs a name, such as 'radar recording of north-base'"
    if noun.sha256 and not _DIGEST.match(noun.sha256):
        return (
            f"sha256 {noun.sha256[:80]!r} is no SHA-256; give its 64 digits 0-9 and a-f, as "
            "`sha256sum FILE` prints them"
        )
    if not noun.sha256 and is_blank(noun.mark):
        return "evidence is known by the sha256 of a file or the `mark` on an object; give one"
    if noun.size_bytes is not None and noun.size_bytes < 0:
        return f"size_bytes {noun.size_bytes} cannot be; give the size of the file"
    kinds = ("incident", "series", "assertion", "claim")
    wrong = all_rows(register, noun.about, kinds, "what it is about")
    if noun.source and not wrong:
        wrong = why_not_row(register, noun.source, ("source",), "the source")
    return (
        wrong
        or one_of("kind", noun.kind, words.EVIDENCE_KINDS)
        or why_not_time("the time of the evidence", noun.captured, recorded_s)
    )


def custody_of(register: Register, evidence: str) -> list[tuple[Version, Custody]]:
    """Return the steps of custody of a piece of evidence, in the order of their entries."""
    return [(v, n) for _, v, n in rows_of(register, Custody) if n.of == evidence]


def why_not_custody(register: Register, noun: Custody, recorded_s: float) -> str:
    """Return why a step of custody cannot be recorded, or "". A file whose digest differs is
    recorded: that it differs is what must be known.
    """
    wrong = why_not_row(register, noun.of, ("evidence",), "the evidence")
    wrong = wrong or one_of("action", noun.action, words.CUSTODY)
    if wrong:
        return wrong
    if is_blank(noun.holder):
        return "a step of custody says in `holder` who has it from then on"
    if noun.sha256 and not _DIGEST.match(noun.sha256):
        return f"sha256 {noun.sha256[:80]!r} is no SHA-256; give its 64 digits 0-9 and a-f"
    return why_not_time("the time of the step", noun.at, recorded_s)


def why_not_next(register: Register, noun: Custody) -> str:
    """Return why a new step cannot come after those that are recorded, or ""."""
    before = custody_of(register, noun.of)
    if not before:
        return ""
    last = before[-1][1]
    if last.action == "destroyed":
        return f"{noun.of!r} was destroyed ({last.id}); if that is wrong, correct that step"
    late, early = noun.at.latest_s, last.at.earliest_s
    if late is not None and early is not None and late < early:
        return (
            f"the step is before the one before it ({last.id}); steps are recorded in their "
            "order: correct that one, or give no time and say in `note` that it was found later"
        )
    return ""
