"""An incident's timeline in words: what the watch did, and who said what, in both orders."""

from tocsin.model.records import Correction, TimeSaid
from tocsin.model.register import Register, Version, chain_words, label_of, value_words
from tocsin.record._days import utc
from tocsin.record.account import account

__all__ = ["timeline"]

_Row = tuple[float | None, float, int, str]


def timeline(
    register: Register, incident: str, *, by: str = "happened"
) -> list[dict[str, object]]:
    """Return rows {happened, recorded, entry, text}, by when things "happened" or were
    "recorded". happened is None where nobody said when; such rows stand last. Raises
    CallError where there is no such incident.
    """
    rows = _rows(register, incident)
    if by == "recorded":
        rows.sort(key=lambda row: (row[1], row[2]))
    else:
        rows.sort(key=lambda row: (float("inf") if row[0] is None else row[0], row[2]))
    return [
        {
            "happened": None if at_s is None else utc(at_s),
            "recorded": utc(recorded_s),
            "entry": entry,
            "text": text,
        }
        for at_s, recorded_s, entry, text in rows
    ]


def _rows(register: Register, incident: str) -> list[_Row]:
    found = account(register, incident)
    opened = found.versions[0]
    rows: list[_Row] = []
    for track in found.incident.tracks:
        if track.first_seen_s is not None:
            text = f"track {track.track} first seen by a sensor"
            rows.append((track.first_seen_s, opened.recorded_s, opened.entry, text))
    began_s = found.incident.happened.earliest_s
    rows.append((began_s, opened.recorded_s, opened.entry, f"incident {incident} opened"))
    for happening in found.happenings:
        parts = (happening.what, happening.step, happening.zone, happening.by, happening.text)
        text = ", ".join(part for part in parts if part)
        rows.append((happening.at_s, happening.recorded_s, happening.entry, text))
    for version, said in found.statements:
        words = f"{value_words(said)}, according to {chain_words(register, said.chain)}"
        rows.append(_told(version, said.said, words))
    for version, claim in found.claims:
        words = f"claimed by {label_of(register, claim.claimant)} according to "
        words += chain_words(register, claim.chain)
        rows.append(_told(version, claim.said, words))
    for name, versions in found.history.items():
        for version in versions[1:]:
            noun = register.rows[version.correction].versions[-1].noun
            wrong = noun.wrong if isinstance(noun, Correction) else ""
            text = f"{name} corrected by {version.correction}: {wrong}"
            rows.append((version.recorded_s, version.recorded_s, version.entry, text))
    return rows


def _told(version: Version, said: TimeSaid, words: str) -> _Row:
    return (said.earliest_s, version.recorded_s, version.entry, words)
