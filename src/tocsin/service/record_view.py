"""From the register to what a page about incidents shows. The words are the record's own."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tocsin import record
from tocsin.model.accounts import Account
from tocsin.model.records import (
    Approval,
    Assertion,
    Claim,
    Correction,
    Custody,
    Evidence,
    Noun,
    Place,
    Relation,
    State,
)
from tocsin.model.register import Happening, Register, Row, chain_words, label_of, value_words
from tocsin.record import words
from tocsin.record.ask import contradiction_words, side_words
from tocsin.record.fold import AFTER_S
from tocsin.record.publishing import NEEDED_APPROVALS, STEPS, state_at
from tocsin.record.shape import KIND_OF, NOUN_OF, fields_of
from tocsin.record.views import anonymous_in, is_writer_only, rows_of
from tocsin.service.record_structs import (
    AlarmTimes,
    ApprovalRow,
    ContradictionRow,
    CorrectionRow,
    CustodyView,
    EvidenceView,
    IncidentList,
    IncidentPage,
    KnownPage,
    OldVersion,
    PublicationStep,
    RowPage,
    RowView,
    StandingView,
    Statement,
    Time,
    TrackSeen,
    UnwatchedTime,
    VerbInfo,
    WordsPage,
    ZoneTimes,
)

__all__ = ["incident_list", "incident_page", "known_page", "row_page", "words_page"]

_Told = Assertion | Claim | Relation


def incident_list(register: Register) -> IncidentList:
    """Return all incidents."""
    return IncidentList(
        record.summaries(register), register.last_entry, record.covers(register),
        register.dropped,
    )  # fmt: skip


def known_page(register: Register, at_s: float) -> KnownPage:
    """Return what the register knew at a time (Unix UTC)."""
    then = record.as_known_at(register, at_s)
    return KnownPage(
        at_s=at_s, as_known_at=record.utc(at_s), begun_s=then.begun_s, last_s=then.last_s,
        last_entry=then.last_entry, covers=record.covers(then),
        incidents=record.summaries(then),
    )  # fmt: skip


def row_page(register: Register, kind: str) -> RowPage | str:
    """Return the rows of a kind, or a sentence where there is no such kind."""
    if kind not in KIND_OF.values():
        return f"{kind!r} is no kind of row; give one of {', '.join(KIND_OF.values())}"
    rows = [r for r in register.rows.values() if r.kind == kind]
    return RowPage([_row(r) for r in rows if not r.versions[-1].withdrawn])


def words_page() -> WordsPage:
    """Return the closed lists of the record."""
    verbs = {}
    for verb, noun in NOUN_OF.items():
        names, needed = fields_of(noun)
        verbs[verb] = VerbInfo(KIND_OF[noun], list(names), list(needed))
    return WordsPage(
        verbs=verbs,
        questions=record.QUESTIONS,
        states=State.ALL,
        source_kinds=words.SOURCE_KINDS,
        identities=words.IDENTITIES,
        incident_kinds=words.INCIDENT_KINDS,
        text_blocks=words.TEXT_BLOCKS,
        page_functions=words.PAGE_FUNCTIONS,
        quotes=words.QUOTES,
        modalities=words.MODALITIES,
        bounds=words.BOUNDS,
        scopes=words.SCOPES,
        audiences=words.AUDIENCES,
        profiles=words.PROFILES,
        relations=words.RELATIONS,
        reliability=words.RELIABILITY,
        credibility=words.CREDIBILITY,
        corrections=words.CORRECTIONS,
        place_kinds=words.PLACE_KINDS,
        evidence_kinds=words.EVIDENCE_KINDS,
        custody=words.CUSTODY,
        approvals_needed=NEEDED_APPROVALS,
    )


def incident_page(register: Register, incident: str, at_s: float | None = None) -> IncidentPage:
    """Return one incident, now or as it was known at a time.

    Raises CallError where there is no such incident (then).
    """
    known = register if at_s is None else record.as_known_at(register, at_s)
    found = record.account(known, incident)
    (summary,) = record.summaries(known, incident)
    told = _told(found)
    approvals = _approvals(known, incident)
    return IncidentPage(
        as_of=found.as_of,
        recorded_s=found.recorded_s,
        covers=found.covers,
        as_known_at="" if at_s is None else record.utc(at_s),
        summary=summary,
        incident=_row(known.rows[incident]),
        series=[_row(known.rows[noun.id]) for _, noun in found.series],
        timeline=record.moments(known, incident),
        assertions=[_statement(known, noun) for _, noun in found.statements],
        claims=[_statement(known, noun) for _, noun in found.claims],
        relations=[_statement(known, noun) for _, noun in found.relations],
        official_attribution=_official(known, incident),
        sources=_rows(known, _source_ids(known, told)),
        actors=_rows(known, _actor_ids(told)),
        documents=_rows(known, (_document_of(noun) for noun in told)),
        places=_rows(known, _place_ids(known, found)),
        evidence=_evidence(known, found),
        grades=[_row(known.rows[noun.id]) for _, noun in found.grades],
        contradictions=[
            ContradictionRow.of(
                c,
                contradiction_words(known, c),
                {name: side_words(known, name) for side in c.sides for name in side},
            )
            for c in found.contradictions
        ],
        corrections=_corrections(known, found),
        zones=_zones(known, found),
        alarm=_alarm(found, is_open=summary.open),
        tracks=_tracks(found),
        publications={p: _standing(known, incident, p) for p in ("partner", "public")},
        approvals=approvals,
        approved=summary.approved,
        approvals_needed=NEEDED_APPROVALS,
    )


def _told(found: Account) -> list[_Told]:
    told: list[_Told] = [noun for _, noun in found.statements]
    told += [noun for _, noun in found.claims]
    return told + [noun for _, noun in found.relations]


def _plain(noun: Noun) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(noun)
    return values


def _row(row: Row) -> RowView:
    newest = row.versions[-1]
    return RowView(
        row.id, row.kind, newest.entry, newest.recorded_s, newest.by, newest.correction,
        newest.withdrawn, _plain(newest.noun), _history(row),
    )  # fmt: skip


def _history(row: Row) -> list[OldVersion]:
    """Return the versions that a correction replaced; what the watch added is none."""
    pairs = zip(row.versions, row.versions[1:], strict=False)
    return [
        OldVersion(
            v.entry, v.recorded_s, v.by, v.correction, v.withdrawn, _plain(v.noun)
        )
        for v, after in pairs
        if after.correction
    ]  # fmt: skip


def _rows(register: Register, ids: Iterable[str]) -> dict[str, RowView]:
    names = dict.fromkeys(name for name in ids if name in register.rows)
    return {name: _row(register.rows[name]) for name in names}


def _statement(register: Register, noun: _Told) -> Statement:
    row = _row(register.rows[noun.id])
    return Statement(
        **_values(row),
        words=_words(register, noun),
        according_to=chain_words(register, noun.chain),
        anonymous=anonymous_in(register, noun.chain),
        writer_only=is_writer_only(register, noun),
    )


def _words(register: Register, noun: _Told) -> str:
    if isinstance(noun, Assertion):
        return value_words(noun)
    if isinstance(noun, Claim):
        return f"claimed by {label_of(register, noun.claimant)}"
    return f"{label_of(register, noun.from_id)} {noun.type} {label_of(register, noun.to_id)}"


def _official(register: Register, incident: str) -> str:
    return record.ask(register, record.Question("claims", incident)).sentences[-1].text


def _source_ids(register: Register, told: list[_Told]) -> Iterable[str]:
    for noun in told:
        yield from (step.source for step in noun.chain)
        if isinstance(noun, Claim):
            yield noun.confirmed_by
        document = register.rows.get(_document_of(noun))
        if document is not None:
            values = _plain(document.versions[-1].noun)
            yield from (values["origin"], values["carrier"])


def _actor_ids(told: list[_Told]) -> Iterable[str]:
    for noun in told:
        if isinstance(noun, Claim):
            yield noun.claimant
        elif isinstance(noun, Relation):
            yield from (noun.from_id, noun.to_id)


def _place_ids(register: Register, found: Account) -> Iterable[str]:
    """Yield the places of the incident and of what is said of it, with those around them."""
    wanted = [found.incident.place, *(noun.place for _, noun in found.statements)]
    wanted += [name for _, noun in found.statements for name in noun.about]
    for name in wanted:
        seen: list[str] = []
        while name not in seen and isinstance(place := _noun(register, name), Place):
            seen.append(name)
            name = place.parent  # noqa: PLW2901 - outwards, place by place
        yield from seen


def _noun(register: Register, name: str) -> Noun | None:
    row = register.rows.get(name)
    return row.versions[-1].noun if row else None


def _evidence(register: Register, found: Account) -> list[EvidenceView]:
    return [
        EvidenceView(
            **_values(_row(register.rows[noun.id])),
            custody=[_custody(register, noun, step) for _, step in steps],
        )
        for _, noun, steps in found.evidence
    ]


def _custody(register: Register, of: Evidence, step: Custody) -> CustodyView:
    differs = bool(step.sha256 and of.sha256 and step.sha256 != of.sha256)
    return CustodyView(**_values(_row(register.rows[step.id])), differs=differs)


def _values(row: RowView) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def _document_of(noun: _Told) -> str:
    return noun.document or (noun.span.document if noun.span else "")


def _corrections(register: Register, found: Account) -> list[CorrectionRow]:
    rows = [found.incident.id, *(n.id for _, n in found.series)]
    rows += [noun.id for noun in _told(found)]
    rows += _place_ids(register, found)
    for piece in _evidence(register, found):
        rows += [piece.id, *(step.id for step in piece.custody)]
    made = []
    for _, version, noun in rows_of(register, Correction):
        if noun.of not in rows:
            continue
        versions = register.rows[noun.of].versions
        place = next((k for k, v in enumerate(versions) if v.correction == noun.id), 0)
        old = versions[max(0, place - 1)]
        values = _plain(old.noun)
        made.append(
            CorrectionRow(
                noun.id, noun.of, old.entry, noun.kind, noun.wrong, noun.right, noun.changes,
                {name: values.get(name) for name in noun.changes}, version.entry,
                version.recorded_s, version.by,
            )
        )  # fmt: skip
    return made


def _times(happenings: Iterable[Happening]) -> list[Time]:
    return [Time(h.at_s, h.what, h.step, h.by, h.text, h.entry) for h in happenings]


def _zones(register: Register, found: Account) -> list[ZoneTimes]:
    times_s = [h.at_s for h in found.happenings]
    first_s = min(times_s, default=found.incident.happened.earliest_s or 0.0) - AFTER_S
    last_s = max(times_s, default=found.incident.happened.latest_s or 0.0) + AFTER_S
    spells = [
        u
        for u in register.unwatched
        if u.site == found.incident.site
        and u.from_s <= last_s
        and (u.until_s is None or u.until_s >= first_s)
    ]
    return [
        ZoneTimes(
            zone, name, ring, _times(h for h in found.happenings if h.zone == zone),
            [UnwatchedTime(u.from_s, u.until_s) for u in spells if u.zone == zone],
        )
        for zone, name, ring in found.incident.zones
    ]  # fmt: skip


def _alarm(found: Account, *, is_open: bool) -> AlarmTimes | None:
    if not found.incident.alarm:
        return None
    own = (h for h in found.happenings if not h.zone and not h.what.startswith("track "))
    return AlarmTimes(found.incident.alarm, is_open, _times(own))


def _tracks(found: Account) -> list[TrackSeen]:
    ends = {h.tracks[0]: h for h in found.happenings if h.what == "track ended"}
    rows = []
    for seen in found.incident.tracks:
        end = ends.get(seen.track)
        rows.append(
            TrackSeen(
                seen.track, seen.first_seen_s, seen.lat, seen.lon, seen.alt_m, seen.label,
                end.at_s if end else None, end.text if end else "",
            )
        )  # fmt: skip
    return rows


def _approvals(register: Register, incident: str) -> list[ApprovalRow]:
    return [
        ApprovalRow(
            noun.id, noun.profile, noun.as_of, version.by, version.entry, version.recorded_s
        )
        for _, version, noun in rows_of(register, Approval)
        if noun.incident == incident
    ]  # fmt: skip


def _standing(register: Register, incident: str, profile: str) -> StandingView:
    stands = record.standing(register, incident, profile)
    draft = record.newest_draft(register, incident, profile)
    steps = [
        PublicationStep(
            n.id, n.state, n.as_of, n.not_before_s, n.wrong, n.right, v.by, v.entry,
            v.recorded_s,
        )
        for v, n in stands.steps
    ]  # fmt: skip
    return StandingView(
        state=stands.state,
        as_of=stands.as_of,
        not_before_s=stands.not_before_s,
        next=list(STEPS[state_at(stands, register.last_s or 0.0)]),
        headline=draft.headline if draft else "",
        sentences=list(draft.sentences) if draft else [],
        steps=steps,
    )
