"""What panels show of each row of the live socket, and a map does not."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.codec._wire_fill import Rows, Wires, system_label
from tocsin.model import LABELS, DeclaredTable, DetectionBatch, Node, TrackKind
from tocsin.model import Picture as PictureNoun

__all__ = ["TrackMeta", "meta_rows"]


class TrackMeta(msgspec.Struct, frozen=True):
    """What a panel shows of a track and a map does not. p is in the order of CLASSES."""

    wire: int
    track_id: str
    label: str
    p: list[float]
    none: float
    conflict: float
    reasons: tuple[str, ...]
    declared: str
    callsign: str
    cooperative: bool
    sensors: list[str]
    first_seen_s: float
    site_id: str
    kind: str


def meta_rows(
    wires: Wires,
    rows: Rows,
    picture: PictureNoun,
    node: Node,
    roster: list[str],
    which: NDArray[np.bool_] | None = None,
) -> list[TrackMeta]:
    """Return what panels show of each row, or of those rows alone; probabilities are rounded to
    whole percents, so that noise is no news.
    """
    callsigns = _callsigns(picture.declared)
    of = _system_places(picture)
    if which is None:
        which = np.ones(len(rows.records), dtype=np.bool_)
    ends = np.cumsum([len(rows.track_rows), len(rows.declared_rows)])
    tracks, declared, others = np.split(which, ends)
    metas = [
        _track_meta(wires, picture, k, node, roster, callsigns, of)
        for k in rows.track_rows[tracks].tolist()
    ]
    metas += [
        _declared_meta(wires, picture, k, roster) for k in rows.declared_rows[declared].tolist()
    ]
    metas += [
        _system_meta(wires, picture, k, roster) for k in rows.system_rows[others].tolist()
    ]
    return metas


def _system_places(picture: PictureNoun) -> dict[int, int]:
    """Return the first row of another tracker that stands for, or is joined to, a track."""
    of: dict[int, int] = {}
    table = picture.system
    for row, (own, link) in enumerate(zip(table.track_id.tolist(), table.link.tolist())):
        of.setdefault(link or own, row)
    return of


def _callsigns(declared: DeclaredTable) -> dict[bytes, str]:
    pairs = zip(declared.declared_id.tolist(), declared.callsign.tolist(), strict=True)
    return {name: _words(callsign) for name, callsign in pairs if callsign}


def _words(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _track_meta(
    wires: Wires, picture: PictureNoun, k: int, node: Node, roster: list[str],
    callsigns: dict[bytes, str], of: dict[int, int],
) -> TrackMeta:  # fmt: skip
    tracks, identities, table = picture.tracks, picture.identities, picture.system
    declared = bytes(tracks.declared[k]) or bytes(identities.declared[k])
    callsign = callsigns.get(declared, "")
    place = of.get(int(tracks.track_id[k]))
    if place is not None:
        declared = declared or bytes(table.declared_id[place])
        callsign = callsign or _words(bytes(table.callsign[place]))
    site, mask = int(tracks.site[k]), int(tracks.sensors[k])
    return TrackMeta(
        wire=wires.ids[False, int(tracks.track_id[k])],
        track_id=str(int(tracks.track_id[k])),
        label=LABELS[int(identities.label[k])],
        p=[round(p, 2) for p in identities.probability[k].tolist()],
        none=round(float(identities.none[k]), 2),
        conflict=round(float(identities.conflict[k]), 2),
        reasons=identities.reasons[k],
        declared=_words(declared),
        callsign=callsign,
        cooperative=bool(identities.cooperative[k]),
        sensors=[name for bit, name in enumerate(roster[:64]) if mask >> bit & 1],
        first_seen_s=float(tracks.first_seen_s[k]),
        site_id=node.sites[site].id if 0 <= site < len(node.sites) else "",
        kind=TrackKind.WORDS[int(tracks.kind[k])],
    )


def _declared_meta(wires: Wires, picture: PictureNoun, k: int, roster: list[str]) -> TrackMeta:
    declared = picture.declared
    name, sensor = bytes(declared.declared_id[k]), int(declared.sensor[k])
    labels = picture.declared_label
    return TrackMeta(
        wire=wires.ids[True, name],
        track_id="",
        label=LABELS[labels[k]] if k < len(labels) else LABELS[0],
        p=[],
        none=0.0,
        conflict=0.0,
        reasons=_declared_reasons(int(declared.flags[k])),
        declared=_words(name),
        callsign=_words(bytes(declared.callsign[k])),
        cooperative=False,
        sensors=[roster[sensor]] if 0 <= sensor < len(roster) else [],
        first_seen_s=float(declared.first_seen_s[k]),
        site_id="",
        kind="declared",
    )


def _system_meta(wires: Wires, picture: PictureNoun, k: int, roster: list[str]) -> TrackMeta:
    table, sensor = picture.system, int(picture.system.sensor[k])
    return TrackMeta(
        wire=wires.ids[False, int(table.track_id[k])],
        track_id=str(int(table.track_id[k])),
        label=system_label(table, k),
        p=[],
        none=0.0,
        conflict=0.0,
        reasons=("another tracker's track, not measured by own sensors",),
        declared=_words(bytes(table.declared_id[k])),
        callsign=_words(bytes(table.callsign[k])),
        cooperative=False,
        sensors=[roster[sensor]] if 0 <= sensor < len(roster) else [],
        first_seen_s=float(table.first_seen_s[k]),
        site_id="",
        kind=TrackKind.WORDS[TrackKind.SYSTEM],
    )


def _declared_reasons(flags: int) -> tuple[str, ...]:
    found = ["declared by the aircraft, unverified"]
    for bit, words in (
        (DeclaredTable.SPOOF, "its own messages disagree with each other or with the sensors"),
        (DeclaredTable.CLONE, "two transmitters share this id"),
        (DeclaredTable.UNRELIABLE, "its positions are unreliable"),
        (DeclaredTable.UNSEEN, "a sensor that should see it there does not"),
        (DetectionBatch.ON_GROUND, "on the ground"),
    ):
        if flags & bit:
            found.append(words)
    return tuple(found)
