"""The incidents of the register in a row each, and how many things are said of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tocsin.model import Ladder
from tocsin.model.records import (
    Approval,
    Assertion,
    Claim,
    Correction,
    Incident,
    Place,
    Series,
    TimeSaid,
)
from tocsin.model.register import Register
from tocsin.record.contradictions import contradictions
from tocsin.record.publishing import NEEDED_APPROVALS
from tocsin.record.views import noun_at, rows_of

__all__ = ["Summary", "summaries"]

# What raises an incident's own step. A notice or a readiness speaks of another site's.
_RISES = ("step", "raised", "escalated", "joined", "released", "raised by hand")
_STEPS = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)  # in their order of rising


@dataclass(frozen=True, slots=True)
class Summary:
    """One incident. step: the highest of the ladder, "" where it knows none; open: its alarm
    is; approved: by profile, the newest entry as of which two people let it out, None not yet.
    """

    id: str
    site: str
    site_name: str
    kind: str
    nature: str
    text: str
    happened: TimeSaid
    lat: float | None
    lon: float | None
    alarm: str
    opened_s: float
    opened_by: str
    open: bool
    step: str
    tracks: int
    statements: int
    claims: int
    contradictions: int
    corrections: int
    series: tuple[str, ...]
    withdrawn: bool
    approved: dict[str, int | None]


def summaries(
    register: Register, only: str = "", *, newest: int | None = None
) -> list[Summary]:
    """Return all incidents, the one that was recorded last first; withdrawn ones too.

    only: the one with this id; newest: so many.
    """
    rows = list(rows_of(register, Incident, withdrawn=True))
    if only:
        rows = [one for one in rows if one[0].id == only]
    elif newest is not None:
        rows = rows[-newest:]
    series = [noun for _, _, noun in rows_of(register, Series)]
    wanted = {row.id: True for row, _, _ in rows} if only or newest is not None else None
    counts = _Counts(register, series, wanted)
    steps = _steps(register, wanted)
    approved = _approved(register)
    found = []
    for row, version, noun in rows:
        first = row.versions[0]
        together = dict.fromkeys(
            i for s in series if row.id in s.incidents for i in s.incidents
        )
        lat, lon = _position(register, noun)
        found.append(
            Summary(
                id=row.id, site=noun.site, site_name=noun.site_name, kind=noun.kind,
                nature=noun.nature, text=noun.text, happened=noun.happened, lat=lat,
                lon=lon, alarm=noun.alarm, opened_s=first.recorded_s, opened_by=first.by,
                open=row.id in register.watching, step=steps.get(row.id, ""),
                tracks=len(noun.tracks), statements=counts.statements.get(row.id, 0),
                claims=counts.claims.get(row.id, 0),
                contradictions=counts.contradictions.get(row.id, 0),
                corrections=counts.corrections.get(row.id, 0),
                series=tuple(name for name in together if name != row.id),
                withdrawn=version.withdrawn,
                approved={p: approved.get((row.id, p)) for p in ("partner", "public")},
            )
        )  # fmt: skip
    return found[::-1]


def _position(register: Register, noun: Incident) -> tuple[float | None, float | None]:
    """Return the incident's own position, else that of its place."""
    place = noun_at(register, noun.place, Place)
    if noun.lat is not None or place is None:
        return noun.lat, noun.lon
    return place.lat, place.lon


class _Counts:
    """How many rows are about each incident, or about a series that holds it."""

    def __init__(
        self, register: Register, series: list[Series], wanted: Collection[str] | None
    ) -> None:
        self._held = {noun.id: noun.incidents for noun in series}
        self.statements: dict[str, int] = {}
        self.claims: dict[str, int] = {}
        self.contradictions: dict[str, int] = {}
        self.corrections: dict[str, int] = {}
        for _, _, said in rows_of(register, Assertion):
            self._add(self.statements, said.about)
        for _, _, claim in rows_of(register, Claim):
            self._add(self.claims, claim.incidents)
        about = None
        if wanted is not None:
            of = [s.id for s in series if any(name in wanted for name in s.incidents)]
            about = dict.fromkeys([*wanted, *of])
        for item in contradictions(register, about):
            self._add(self.contradictions, item.about)
        for _, _, correction in rows_of(register, Correction):
            noun = register.rows[correction.of].versions[0].noun
            if isinstance(noun, Assertion):
                self._add(self.corrections, noun.about)
            elif isinstance(noun, Claim):
                self._add(self.corrections, noun.incidents)
            else:
                self._add(self.corrections, (correction.of,))

    def _add(self, counts: dict[str, int], about: Iterable[str]) -> None:
        names = dict.fromkeys(i for name in about for i in self._held.get(name, (name,)))
        for name in names:
            counts[name] = counts.get(name, 0) + 1


def _steps(register: Register, wanted: Collection[str] | None) -> dict[str, str]:
    highest: dict[str, int] = {}
    for happening in register.timeline:
        if wanted is not None and happening.incident not in wanted:
            continue
        if happening.step in _STEPS and happening.what in _RISES:
            place = _STEPS.index(happening.step)
            highest[happening.incident] = max(place, highest.get(happening.incident, 0))
    return {incident: _STEPS[place] for incident, place in highest.items()}


def _approved(register: Register) -> dict[tuple[str, str], int]:
    people: dict[tuple[str, str, int], dict[str, None]] = {}
    for _, version, noun in rows_of(register, Approval, withdrawn=True):
        key = (noun.incident, noun.profile, noun.as_of)
        people.setdefault(key, {})[version.by] = None
    found: dict[tuple[str, str], int] = {}
    for (incident, profile, as_of), who in people.items():
        if len(who) >= NEEDED_APPROVALS:
            found[incident, profile] = max(as_of, found.get((incident, profile), as_of))
    return found
