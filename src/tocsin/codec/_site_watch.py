"""The site file's playbook and minimum coverage."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._site_words import ids_of, one_of
from tocsin.errors import SiteError
from tocsin.model import (
    THREAT_KINDS,
    Contact,
    Ladder,
    MinimumCoverage,
    PlaybookLine,
    Site,
)
from tocsin.model.sensors import RANGING

__all__ = [
    "ContactTable", "CoverageTable", "PlaybookTable", "minimum_coverage_of", "playbook_of",
]  # fmt: skip

STEPS = (
    Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER, Ladder.NOT_WATCHING, Ladder.NOT_HEARD,
)  # fmt: skip
MAX_LINES = 200  # of one playbook: a person reads it
Degrees = Annotated[float, Meta(ge=0, le=360)]


class ContactTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who is told: a post and its telephone."""

    post: str
    telephone: str = ""


class PlaybookTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[playbook]]`."""

    id: str
    when: str
    words: str
    tell: list[ContactTable] = []
    threats: list[str] = []
    sites: list[str] = []
    zones: list[str] = []
    lead_s: Annotated[float, Meta(ge=0)] | None = None


class CoverageTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[site.minimum_coverage]]`."""

    sensors: list[str] = []
    needed: Annotated[int, Meta(ge=1)] | None = None
    from_deg: Degrees = 0.0
    to_deg: Degrees = 0.0
    height_m: Annotated[float, Meta(ge=0)] = 0.0


def playbook_of(
    lines: list[PlaybookTable], sites: dict[str, Site], where: str
) -> tuple[PlaybookLine, ...]:
    """Return the playbook in its order; SiteError for a line that could never be shown."""
    ids_of([line.id for line in lines], f"{where}: [[playbook]] id")
    if len(lines) > MAX_LINES:
        raise SiteError(
            f"{where} has {len(lines)} [[playbook]] lines; nobody reads more than {MAX_LINES}"
        )
    return tuple(_line(line, sites, where) for line in lines)


def _line(raw: PlaybookTable, sites: dict[str, Site], where: str) -> PlaybookLine:
    here = f"{where}: playbook {raw.id!r}"
    one_of(raw.when, STEPS, f"{here} when")
    if not raw.words.strip():
        raise SiteError(f"{here} has no words; say what people there do", line=raw.id)
    for kind in raw.threats:
        one_of(kind, THREAT_KINDS, f"{here} threats")
    for name in raw.sites:
        one_of(name, tuple(sites), f"{here} sites")
    zones = [
        z.id for s in sites.values() if not raw.sites or s.id in raw.sites for z in s.zones
    ]
    for name in raw.zones:
        one_of(name, tuple(dict.fromkeys(zones)), f"{here} zones")
    for contact in raw.tell:
        if not contact.post.strip():
            raise SiteError(f"{here} tells somebody without a post; name the post", line=raw.id)
    return PlaybookLine(
        id=raw.id,
        step=raw.when,
        words=raw.words.strip(),
        tell=tuple(Contact(c.post.strip(), c.telephone.strip()) for c in raw.tell),
        threats=tuple(raw.threats),
        sites=tuple(raw.sites),
        zones=tuple(raw.zones),
        lead_s=float("nan") if raw.lead_s is None else raw.lead_s,
    )


def minimum_coverage_of(
    raw: CoverageTable, site_id: str, feeds: list[tuple[str, str, list[str]]], where: str
) -> MinimumCoverage:
    """Return one demand on the site's sensors; feeds: (id, kind, sites) of every sensor."""
    here = f"{where}: minimum_coverage of site {site_id!r}"
    mine = [(name, kind) for name, kind, sites in feeds if site_id in sites]
    for name in raw.sensors:
        one_of(name, tuple(n for n, _ in mine), f"{here} sensors")
    names = tuple(raw.sensors) or tuple(n for n, kind in mine if kind in RANGING)
    if not names:
        raise SiteError(f"{here} names no sensors, and none that measures range feeds the site")
    needed = len(names) if raw.needed is None else raw.needed
    if needed > len(names):
        raise SiteError(
            f"{here} needs {needed} of {len(names)} sensors; give at most {len(names)}"
        )
    return MinimumCoverage(names, needed, raw.from_deg, raw.to_deg, raw.height_m)
