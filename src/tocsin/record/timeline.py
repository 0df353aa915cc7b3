"""An incident's timeline: what the watch did, and who said what, in both orders."""

from dataclasses import dataclass

from tocsin.model.accounts import Account
from tocsin.model.records import Correction
from tocsin.model.register import Register, chain_words, label_of, value_words
from tocsin.record._days import utc
from tocsin.record.account import account

__all__ = ["Moment", "moments", "timeline"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of a timeline. happened_s: Unix UTC, None where nobody said when; what: the
    watch's own word, or "first seen", "opened", "said", "claimed", "corrected"; row: id of
    the statement, "" of the watch.
    """

    happened_s: float | None
    recorded_s: float
    entry: int
    what: str
    text: str
    zone: str = ""
    step: str = ""
    by: str = ""
    tracks: tuple[str, ...] = ()
    row: str = ""


def timeline(
    register: Register, incident: str, *, by: str = "happened"
) -> list[dict[str, object]]:
    """Return rows {happened, recorded, entry, text} with times in words; see `moments`."""
    return [
        {
            "happened": None if m.happened_s is None else utc(m.happened_s),
            "recorded": utc(m.recorded_s),
            "entry": m.entry,
            "text": m.text,
        }
        for m in moments(register, incident, by=by)
    ]


def moments(register: Register, incident: str, *, by: str = "happened") -> list[Moment]:
    """Return the rows by when things "happened" or were "recorded".

    What nobody gave a time for stands last. Raises CallError where there is no such incident.
    """
    found = account(register, incident)
    rows = [*_watched(found), *_told(register, found)]
    if by == "recorded":
        rows.sort(key=lambda m: (m.recorded_s, m.entry))
    else:
        rows.sort(
            key=lambda m: (float("inf") if m.happened_s is None else m.happened_s, m.entry)
        )
    return rows


def _watched(found: Account) -> list[Moment]:
    opened = found.versions[0]
    rows = []
    for track in found.incident.tracks:
        if track.first_seen_s is not None:
            text = f"track {track.track} first seen by a sensor"
            rows.append(
                Moment(
                    track.first_seen_s, opened.recorded_s, opened.entry, "first seen", text,
                    tracks=(track.track,),
                )
            )  # fmt: skip
    began_s = found.incident.happened.earliest_s
    text = f"incident {found.incident.id} opened"
    rows.append(Moment(began_s, opened.recorded_s, opened.entry, "opened", text, by=opened.by))
    for h in found.happenings:
        text = ", ".join(part for part in (h.what, h.step, h.zone, h.by, h.text) if part)
        rows.append(
            Moment(h.at_s, h.recorded_s, h.entry, h.what, text, h.zone, h.step, h.by, h.tracks)
        )
    return rows


def _told(register: Register, found: Account) -> list[Moment]:
    rows = []
    for version, said in found.statements:
        text = f"{value_words(said)}, according to {chain_words(register, said.chain)}"
        rows.append(
            Moment(
                said.said.earliest_s, version.recorded_s, version.entry, "said", text,
                by=version.by, row=said.id,
            )
        )  # fmt: skip
    for version, claim in found.claims:
        text = f"claimed by {label_of(register, claim.claimant)} according to "
        text += chain_words(register, claim.chain)
        rows.append(
            Moment(
                claim.said.earliest_s, version.recorded_s, version.entry, "claimed", text,
                by=version.by, row=claim.id,
            )
        )  # fmt: skip
    for name, versions in found.history.items():
        for version in versions[1:]:
            noun = register.rows[version.correction].versions[-1].noun
            wrong = noun.wrong if isinstance(noun, Correction) else ""
            text = f"{name} corrected by {version.correction}: {wrong}"
            rows.append(
                Moment(
                    version.recorded_s, version.recorded_s, version.entry, "corrected", text,
                    by=version.by, row=name,
                )
            )  # fmt: skip
    return rows
