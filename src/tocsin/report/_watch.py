"""What the watch recorded of an incident, in sentences for those who may know."""

from tocsin.model import track_name
from tocsin.model.accounts import Account
from tocsin.model.register import Happening
from tocsin.report._times import moment

__all__ = ["watch_lines"]

_WORDS = {
    "step": "step",
    "raised": "alarm raised",
    "joined": "another track joined",
    "escalated": "escalated",
    "unattended": "nobody had attended to it",
    "acknowledged": "acknowledged",
    "shelved": "shelved",
    "unshelved": "taken off its shelf",
    "proposed": "proposed",
    "released": "released",
    "refused": "release refused",
    "cancelled": "release cancelled",
    "decided": "decided",
    "disposed": "a track was named",
    "cleared": "cleared",
    "volume expected": "a protected volume was about to be entered",
    "volume entered": "a protected volume was entered",
    "volume free": "a protected volume was free again",
    "conflict": "a track came too near to traffic",
    "conflict over": "a conflict was over",
    "suspended": "operations suspended",
    "resumed": "operations resumed",
    "closed": "alarm closed",
    "act refused": "an act was refused",
    "track ended": "track ended",
    "track revised": "track revised",
}


# What a person did with an alarm; the step that it stood on is told by other rows.
_NO_STEP = ("acknowledged", "decided", "disposed", "closed", "joined", "act refused")


def watch_lines(account: Account, *, names: bool) -> list[tuple[str, tuple[int, ...]]]:
    """Return (sentence, entries): first detections, then each happening, by when it was.

    names: with the names of people; otherwise "a person".
    """
    rows: list[tuple[float, str, tuple[int, ...]]] = []
    opened = account.versions[-1].entry
    for track in account.incident.tracks:
        if track.first_seen_s is None:
            continue
        label = f", taken for {track.label.replace('_', ' ')}" if track.label else ""
        place = ""
        if track.lat is not None and track.lon is not None:
            place = f", first shown at {track.lat:.4f}, {track.lon:.4f}"
        text = f"{track_name(track.track)} first seen by a sensor{place}{label}"
        rows.append((track.first_seen_s, text, (opened,)))
    for happening in account.happenings:
        rows.append((happening.at_s, _words(happening, names=names), (happening.entry,)))
    rows.sort(key=lambda row: row[0])
    return [(f"{moment(at_s)}: {text}.", entries) for at_s, text, entries in rows]


def _words(happening: Happening, *, names: bool) -> str:
    parts = [_WORDS.get(happening.what, happening.what)]
    if happening.step and happening.what not in _NO_STEP:
        parts.append(happening.step)
    if happening.zone:
        parts.append(f"for {happening.zone}")
    if happening.by:
        is_software = happening.by == "automatic"
        who = "the software" if is_software else happening.by if names else "a person"
        parts.append(f"by {who}")
    text = " ".join(parts)
    if happening.text:
        text += f": {happening.text.rstrip('.')}"
    return text
