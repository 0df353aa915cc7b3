"""The telling as linked data: schema.org JSON-LD, and W3C PROV as JSON.

PROV says what each statement was taken from: as the source nearest to the event said it, as
each carrier after it told it, as this page has it; and which version it is a revision of.
"""

from collections.abc import Sequence
from typing import Any

from tocsin.model.accounts import Account
from tocsin.model.records import Claim
from tocsin.model.register import Version, label_of
from tocsin.report._position import position_of
from tocsin.report._times import iso
from tocsin.report.release import Release, stamp
from tocsin.report.syndicated import canonical_json
from tocsin.report.telling import Telling, Told

__all__ = ["json_ld", "prov"]

_PREFIXES = {"prov": "http://www.w3.org/ns/prov#", "tocsin": "urn:tocsin:"}


def json_ld(
    account: Account,
    telling: Telling,
    kept: Sequence[tuple[Version, Told]],
    release: Release,
    *,
    url: str,
    tags: Sequence[str] = (),
) -> str:
    """Return a schema.org ReportageNewsArticle with its corrections and claims.

    kept: as `telling.told` gives it for the same profile. A claim of responsibility is a
    Claim by its claimant, never a ClaimReview: nothing here was checked.
    """
    noun = account.incident
    is_public = telling.profile == "public"
    place: dict[str, Any] = {"@type": "Place", "name": noun.site_name or noun.site}
    here = position_of(account.register, noun, telling.profile)
    if here is not None:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": here[0], "longitude": here[1]}
    made: dict[str, Any] = {
        "@context": "https://schema.org", "@type": "ReportageNewsArticle",
        "@id": url or f"urn:tocsin:{noun.id}", "headline": telling.title, "inLanguage": "en",
        "identifier": noun.id, "description": telling.summary.text,
        "datePublished": stamp(release, release.first_s, telling.profile),
        "dateModified": stamp(release, release.latest_s, telling.profile),
        "keywords": list(tags), "contentLocation": place,
        "citation": [{"@type": "CreativeWork", "name": name} for name, _ in telling.sources],
        "correction": _corrections(telling, is_public=is_public),
        "mentions": [_claim(account, n) for v, n in kept
                     if isinstance(n, Claim) and not v.withdrawn],
    }  # fmt: skip
    if url:
        made["url"] = url
    return canonical_json({name: value for name, value in made.items() if value != []})


def _corrections(telling: Telling, *, is_public: bool) -> list[dict[str, Any]]:
    section = next((s for s in telling.sections if s.title == "Corrections"), None)
    return [
        {"@type": "CorrectionComment", "text": line.text,
         "datePublished": iso(line.at_s or 0.0, to_the_hour=is_public)}
        for line in (section.lines if section else ())
    ]  # fmt: skip


def _claim(account: Account, noun: Claim) -> dict[str, Any]:
    register = account.register
    carriers = [label_of(register, step.source) for step in noun.chain]
    return {
        "@type": "Claim", "text": noun.verbatim,
        "author": {"@type": "Organization", "name": label_of(register, noun.claimant)},
        "appearance": [{"@type": "CreativeWork", "name": name} for name in carriers],
    }  # fmt: skip


def prov(account: Account, telling: Telling, kept: Sequence[tuple[Version, Told]]) -> str:
    """Return a PROV document as JSON (W3C PROV-JSON): entities, agents and what links them."""
    page = f"tocsin:{account.incident.id}/{telling.profile}/{account.as_of}"
    made: dict[str, dict[str, Any]] = {
        "prefix": dict(_PREFIXES),
        "entity": {page: {"prov:label": telling.title, "tocsin:as_of": account.as_of,
                          "tocsin:nature": telling.nature}},
        "agent": {}, "wasAttributedTo": {}, "wasDerivedFrom": {},
    }  # fmt: skip
    for version, noun in kept:
        if version.withdrawn:
            continue
        told = _told_into(made, account, noun)
        if told:
            _derive_into(made, page, told, "")
        _revisions_into(made, account, noun, told or page)
    return canonical_json({name: part for name, part in made.items() if part})


def _told_into(made: dict[str, dict[str, Any]], account: Account, noun: Told) -> str:
    """Add a statement as each link of its chain told it; return the last, "" without one."""
    before = ""
    for number, step in enumerate(noun.chain, start=1):
        name = f"tocsin:{noun.id}/{number}"
        entity: dict[str, Any] = {"prov:label": noun.id if before else noun.verbatim or noun.id}
        if not step.explicit:
            entity["tocsin:inferred"] = step.note or "from its position in the text"
        made["entity"][name] = entity
        agent = f"tocsin:source/{step.source}"
        made["agent"][agent] = {"prov:label": label_of(account.register, step.source)}
        link = f"_:attributed{len(made['wasAttributedTo']) + 1}"
        made["wasAttributedTo"][link] = {"prov:entity": name, "prov:agent": agent}
        if before:
            kind = "prov:PrimarySource" if number == 2 else "prov:Quotation"
            _derive_into(made, name, before, kind)
        before = name
    return before


def _revisions_into(
    made: dict[str, dict[str, Any]], account: Account, noun: Told, newest: str
) -> None:
    """Add the versions that a correction replaced: what is told now is a revision of them.

    Their words are not repeated here: those that may be told stand in the notices.
    """
    old = account.history.get(noun.id, ())[:-1]
    for version in reversed(old):
        name = f"tocsin:{noun.id}/entry/{version.entry}"
        made["entity"][name] = {"prov:label": f"{noun.id} as entry {version.entry} had it"}
        _derive_into(made, newest, name, "prov:Revision")
        newest = name


def _derive_into(made: dict[str, dict[str, Any]], generated: str, used: str, kind: str) -> None:
    link = f"_:derived{len(made['wasDerivedFrom']) + 1}"
    made["wasDerivedFrom"][link] = {
        "prov:generatedEntity": generated, "prov:usedEntity": used,
        **({"prov:type": {"$": kind, "type": "xsd:QName"}} if kind else {}),
    }  # fmt: skip
