"""Entries of the ledger into the register: the one way in which it changes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from tocsin.errors import CallError, FormatError
from tocsin.model import Entry, Ladder
from tocsin.model.records import Correction, Incident, Noun, SawTrack
from tocsin.model.register import Happening, Register, Row, Unwatched, Version
from tocsin.record.shape import KIND_OF, NOUN_OF, body_of, noun_of

__all__ = [
    "AFTER_S", "MAX_TIMELINE", "MAX_TRACKS", "MAX_WAITING", "copied", "fold_into", "rebuild",
]  # fmt: skip

MAX_WAITING = 64  # happenings kept of an alarm, or of a site, before an incident takes them
MAX_TIMELINE = 50_000  # happenings of all incidents: 500 incidents of 100; the oldest go
MAX_TRACKS = 200  # named in one happening; a swarm's alarm has them all in its entries
# A zone that flaps every minute fills this in a week; the oldest that are over go, for the
# register must not say of a new incident that its zones were watched.
MAX_UNWATCHED = 10_000
AFTER_S = 3600.0  # how long after its alarm closed an incident still takes its zones' steps

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError)


def rebuild(entries: Iterable[Entry]) -> Register:
    """Return the register that the entries give; the same as folding them one by one."""
    register = Register()
    fold_into(register, entries)
    return register


def copied(register: Register) -> Register:
    """Return a register that grows apart from this one. They share what is never changed:
    versions and happenings.
    """
    return replace(
        register,
        rows={r.id: Row(r.id, r.kind, r.versions.copy()) for r in register.rows.values()},
        timeline=register.timeline.copy(),
        waiting={name: told.copy() for name, told in register.waiting.items()},
        alarms=register.alarms.copy(),
        tracks={name: incidents.copy() for name, incidents in register.tracks.items()},
        watching=register.watching.copy(),
        unwatched=[replace(spell) for spell in register.unwatched],
        keys=register.keys.copy(),
        counts=register.counts.copy(),
    )


def fold_into(register: Register, entries: Iterable[Entry]) -> None:
    """Take in entries, in their order and each once.

    Raises CallError where one comes twice or out of order, FormatError where a body cannot be
    read (an entry of a newer version).
    """
    for entry in entries:
        if entry.number <= register.last_entry:
            raise CallError(
                f"entry {entry.number} was folded already (newest {register.last_entry})"
            )
        fold = _FOLDS.get(entry.kind)
        if fold is not None:
            try:
                fold(register, entry, msgspec.json.decode(entry.body))
            except _UNREADABLE as error:
                raise FormatError(
                    f"entry {entry.number} ({entry.kind}) cannot be read: {error}; read the "
                    "ledger with the version that wrote it",
                    number=entry.number,
                ) from error
        register.last_entry = entry.number
        register.last_s = entry.recorded_s
        if register.begun_s is None:
            register.begun_s = entry.recorded_s


def _fold_opened(register: Register, entry: Entry, body: dict[str, Any]) -> None:
    register.node = str(body.get("node", ""))


def _fold_record(register: Register, entry: Entry, body: dict[str, Any]) -> None:
    """Take in what a person recorded: a new row, or a new version of one."""
    kind = KIND_OF[NOUN_OF[body["verb"]]]
    noun = noun_of(kind, body["body"])
    _add_row(register, entry, kind, noun, by=body["by"])
    register.keys[f"{body['by']} {body['key']}"] = noun.id
    if isinstance(noun, Correction):
        _correct(register, entry, noun, by=body["by"])


def _correct(register: Register, entry: Entry, noun: Correction, *, by: str) -> None:
    row = register.rows[noun.of]
    old = row.versions[-1].noun
    fixed = noun_of(row.kind, {**body_of(old), **noun.changes})
    row.versions.append(
        Version(
            entry.number, entry.recorded_s, by, fixed, noun.id, noun.kind == "withdrawn"
        )
    )  # fmt: skip


def _fold_incident(register: Register, entry: Entry, body: dict[str, Any]) -> None:
    """Take in what the software recorded of incidents: opened, more tracks, a series, or that
    there was no room for another.
    """
    if body["what"] == "no room":
        register.alarms[body["alarm"]] = ""
        register.dropped += 1
        return
    if body["what"] == "tracks":
        row = register.rows[body["incident"]]
        newest = row.versions[-1]
        more = tuple(msgspec.convert(t, SawTrack) for t in body["tracks"])
        if isinstance(newest.noun, Incident):
            noun = replace(newest.noun, tracks=newest.noun.tracks + more)
            _index_tracks(register, noun.id, more)
            row.versions.append(Version(entry.number, entry.recorded_s, "", noun))
        return
    kind = "series" if body["what"] == "series" else "incident"
    noun_read = noun_of(kind, body["body"])
    if noun_read.id in register.rows:
        row = register.rows[noun_read.id]
        row.versions.append(Version(entry.number, entry.recorded_s, "", noun_read))
        return
    _add_row(register, entry, kind, noun_read, by="")


def _add_row(register: Register, entry: Entry, kind: str, noun: Noun, *, by: str) -> None:
    version = Version(entry.number, entry.recorded_s, by, noun)
    register.rows[noun.id] = Row(noun.id, kind, [version])
    prefix = noun.id.rpartition("-")[0]
    if noun.id[0].isupper():  # an id that was given by the register, not by a person
        register.counts[prefix] = register.counts.get(prefix, 0) + 1
    if isinstance(noun, Incident):
        _index_tracks(register, noun.id, noun.tracks)
        _take_waiting(register, noun)


def _index_tracks(register: Register, incident: str, tracks: tuple[SawTrack, ...]) -> None:
    for track in tracks:
        register.tracks.setdefault(track.track, []).append(incident)


def _take_waiting(register: Register, incident: Incident) -> None:
    """Move what its alarm did so far, and its site's zones since then, into the timeline."""
    if not incident.alarm:
        return
    register.alarms[incident.alarm] = incident.id
    register.watching.append(incident.id)
    mine = register.waiting.pop(incident.alarm, [])
    since_s = min((h.at_s for h in mine), default=float("inf"))
    site = register.waiting.get("@" + incident.site, [])
    tracks = [track.track for track in incident.tracks]
    zones = [h for h in site if h.at_s >= since_s or any(t in tracks for t in h.tracks)]
    register.waiting["@" + incident.site] = [h for h in site if h not in zones]
    found = sorted(mine + zones, key=lambda h: h.entry)
    _tell(register, [replace(h, incident=incident.id) for h in found])


def _tell(register: Register, happenings: list[Happening]) -> None:
    register.timeline += happenings
    over = len(register.timeline) - MAX_TIMELINE
    if over > 0:
        del register.timeline[:over]
        register.dropped += over


def _fold_alert(register: Register, entry: Entry, body: dict[str, Any]) -> None:
    happening = Happening(
        entry=entry.number, recorded_s=entry.recorded_s, at_s=float(body["at_s"]), incident="",
        what=body["what"], zone=body["zone"], step=body["step"], by=body["by"],
        text=body["text"], tracks=tuple(body["tracks"][:MAX_TRACKS]),
    )  # fmt: skip
    site, alarm = body["site"], body["alarm"]
    if happening.what == "step" and happening.zone:
        _watch_zone(register, happening, site)
    found = _incidents_of(register, alarm, site, happening.at_s)
    _tell(register, [replace(happening, incident=incident) for incident in found])
    if not found:
        _wait(register, alarm or "@" + site, happening)
    if happening.what == "closed" and alarm:
        register.waiting.pop(alarm, None)
        if register.alarms.get(alarm) in register.watching:
            register.watching.remove(register.alarms[alarm])


def _incidents_of(register: Register, alarm: str, site: str, at_s: float) -> list[str]:
    """Return the incidents that a happening belongs to: its alarm's, else its site's."""
    if alarm:
        incident = register.alarms.get(alarm)
        return [incident] if incident else []
    watching = [i for i in register.watching if _site_of(register, i) == site]
    if watching:
        return watching
    for happening in reversed(register.timeline):
        if at_s - happening.at_s > AFTER_S:
            break
        if _site_of(register, happening.incident) == site:
            return [happening.incident]
    return []


def _site_of(register: Register, incident: str) -> str:
    noun = register.rows[incident].versions[-1].noun
    return noun.site if isinstance(noun, Incident) else ""


def _wait(register: Register, key: str, happening: Happening) -> None:
    kept = register.waiting.setdefault(key, [])
    kept.append(happening)
    if len(kept) > MAX_WAITING:
        # The first of an alarm says when it began; the newest say how it stands.
        del kept[1]
        register.dropped += 1


def _watch_zone(register: Register, happening: Happening, site: str) -> None:
    """Keep the times in which a zone was not watched: they stand beside "nothing seen"."""
    is_blind = happening.step == Ladder.NOT_WATCHING
    spell = next(
        (
            u
            for u in reversed(register.unwatched)
            if u.site == site and u.zone == happening.zone
        ),
        None,
    )
    is_open = spell is not None and spell.until_s is None
    if is_blind and not is_open:
        if len(register.unwatched) >= MAX_UNWATCHED:
            over = (k for k, u in enumerate(register.unwatched) if u.until_s is not None)
            del register.unwatched[next(over, 0)]
            register.dropped += 1
        register.unwatched.append(
            Unwatched(site, happening.zone, happening.at_s, happening.recorded_s)
        )
    elif not is_blind and is_open and spell is not None:
        spell.until_s, spell.until_recorded_s = happening.at_s, happening.recorded_s


def _fold_track(register: Register, entry: Entry, body: dict[str, Any]) -> None:
    """Take in how a track of an incident ended."""
    if body["what"] == "confirmed":
        return
    track = str(body["track"])
    ended = Happening(
        entry=entry.number, recorded_s=entry.recorded_s, at_s=float(body["at_s"]), incident="",
        what=f"track {body['what']}", text=str(body["how"]), tracks=(track,),
    )  # fmt: skip
    incidents = register.tracks.get(track, [])
    _tell(register, [replace(ended, incident=incident) for incident in incidents])


_FOLDS = {
    "opened": _fold_opened,
    "record": _fold_record,
    "incident": _fold_incident,
    "alert": _fold_alert,
    "track": _fold_track,
}
