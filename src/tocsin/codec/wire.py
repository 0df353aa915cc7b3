"""Frames of the live socket between service and browser.

Binary, little-endian: a header of 16 bytes and records of 32 (`HEADER`, `RECORD`); JSON text
for everything else, NaN and infinity as null. Track ids have 64 bits, more than a browser's
numbers hold, so JSON carries them as strings and records bear a small wire id instead.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.model import CLASSES, LABELS, AlarmState, DetectionBatch, Ladder, Nature, Node
from tocsin.model import Picture as PictureNoun
from tocsin.model.tracks import DeclaredTable, TrackStatus, TrackTable

__all__ = [
    "ALARMED", "COASTED", "COOPERATIVE", "DECLARED", "DELTA", "EXERCISE", "FULL", "HEADER",
    "MAGIC", "NO_ETA", "NO_SITE", "PROVISIONAL", "RECORD", "SIMULATED", "TENTATIVE", "VERSION",
    "Rows", "TrackMeta", "Wires", "alarms_json", "as_provisional", "binary", "event_json",
    "meta_rows", "open_wires", "record_fields", "rows_into", "sensors_json", "text",
    "threats_json", "with_seq", "zones_json",
]  # fmt: skip

MAGIC = 0x5443  # "TC"
VERSION = 1
FULL, DELTA = 0, 1
HEADER = struct.Struct("<HBBId")  # magic, version, kind, seq, t_ms: Unix ms of the picture

# lat, lon in 1e-7 degrees; alt in metres above the ellipsoid; velocities in dm/s; sigma in dm
# (root mean square of east and north); eta in 0.1 s; age in 10 ms; 32 bytes keep alignment.
RECORD = np.dtype(
    [
        ("wire", "<u4"), ("lat", "<i4"), ("lon", "<i4"), ("alt", "<i2"), ("v_north", "<i2"),
        ("v_east", "<i2"), ("v_up", "<i2"), ("sigma", "<u2"), ("eta", "<u2"), ("age", "<u2"),
        ("class", "u1"), ("confidence", "u1"), ("site", "u1"), ("threat", "u1"),
        ("flags", "<u2"),
    ]
)  # fmt: skip

COASTED, ALARMED, COOPERATIVE, SIMULATED = 1, 2, 4, 8
EXERCISE, TENTATIVE, DECLARED, PROVISIONAL = 16, 32, 64, 128
NO_ETA = 65_535
NO_SITE = 255

_JSON = msgspec.json.Encoder()
_SEVERITY = {Ladder.MONITOR: 1, Ladder.CAUTION: 2, Ladder.TAKE_SHELTER: 3}
_NATURE_FLAGS = {Nature.EXERCISE: EXERCISE, Nature.SIMULATED: SIMULATED}
_BY_NATURE = np.array([_NATURE_FLAGS.get(word, 0) for word in Nature.ALL], dtype="u2")
# Labels whose probability is that of one class; "drone" is the sum of both kinds of drone.
_CLASS_OF = np.array([CLASSES.index(w) if w in CLASSES else -1 for w in LABELS])
_DRONE = LABELS.index("drone")


@dataclass(slots=True)
class Wires:
    """Who has which wire id: (True, declared id) or (False, track id) to a number that is
    never used again.
    """

    ids: dict[tuple[bool, int | bytes], int] = field(default_factory=dict)
    next: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """One picture as records, sorted as it came: measured tracks, then what declares itself.

    updated_s is row by row the time of the last detection; keys name the rows as in Wires.
    measured: how many of the first rows are of TrackTable; track_rows and declared_rows are
    their rows there.
    """

    t_s: float
    records: NDArray[np.void]
    updated_s: NDArray[np.float64]
    keys: tuple[tuple[bool, int | bytes], ...]
    track_rows: NDArray[np.intp]
    declared_rows: NDArray[np.intp]


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


def open_wires() -> Wires:
    """Return a table in which nobody has a wire id."""
    return Wires()


def rows_into(
    wires: Wires, picture: PictureNoun, node: Node
) -> tuple[Rows, dict[int, tuple[bool, int | bytes]]]:
    """Return the records of a picture, and which wire ids are gone since the one before.

    Rows without a position are left out, and so is a declared row that another row already
    stands for (a verified link, or its own track). No row bears PROVISIONAL: who sends before
    the commit adds it with `as_provisional`.
    """
    track_rows = np.flatnonzero(_is_placed(picture.tracks))
    declared_rows = _declared_rows(picture)
    keys: tuple[tuple[bool, int | bytes], ...] = (
        *((False, int(t)) for t in picture.tracks.track_id[track_rows]),
        *((True, bytes(d)) for d in picture.declared.declared_id[declared_rows]),
    )
    gone = _assign_into(wires, keys)
    records = np.zeros(len(keys), dtype=RECORD)
    records["wire"] = [wires.ids[key] for key in keys]
    n = len(track_rows)
    _fill_tracks(records[:n], picture, track_rows)
    _fill_declared(records[n:], picture, declared_rows, node)
    updated_s = np.concatenate(
        [picture.tracks.updated_s[track_rows], picture.declared.time_s[declared_rows]]
    )
    return Rows(picture.now_s, records, updated_s, keys, track_rows, declared_rows), gone


def as_provisional(records: NDArray[np.void]) -> NDArray[np.void]:
    """Return the records marked as not yet committed, as a copy."""
    marked = records.copy()
    marked["flags"] |= np.uint16(PROVISIONAL)
    return marked


def binary(kind: int, seq: int, t_s: float, body: bytes) -> bytes:
    """Return a binary frame; t_s is the Unix time of the picture, body its records' bytes."""
    return HEADER.pack(MAGIC, VERSION, kind, seq & 0xFFFFFFFF, t_s * 1000.0) + body


def text(kind: str, /, **fields: object) -> bytes:
    """Return a JSON frame without its sequence number: see `with_seq`."""
    return _JSON.encode({"type": kind, **fields})


def with_seq(frame: bytes, seq: int) -> bytes:
    """Return a JSON object (one with at least one field) with `seq` put first."""
    return b'{"seq":%d,' % seq + frame[1:]


def record_fields() -> list[dict[str, str | int]]:
    """Return names, types and offsets of a record, as `hello` tells them."""
    found: list[dict[str, str | int]] = []
    fields = RECORD.fields
    assert fields is not None
    for name in RECORD.names or ():
        dtype, offset = fields[name][:2]
        word = {"u": "u", "i": "i"}[dtype.kind] + str(8 * dtype.itemsize)
        found.append({"name": name, "type": word, "offset": int(offset)})
    return found


def zones_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the zones as JSON values; track ids are strings."""
    return [_with_track_strings(zone) for zone in picture.zones]


def alarms_json(picture: PictureNoun, *, closed_for_s: float = 600.0) -> list[dict[str, Any]]:
    """Return the alarms as JSON values; closed ones for ten minutes."""
    return [
        _with_track_strings(alarm)
        for alarm in picture.alarms
        if alarm.state != AlarmState.CLOSED or picture.now_s - alarm.closed_s <= closed_for_s
    ]


def event_json(event: object) -> dict[str, Any]:
    """Return one AlertEvent as a JSON value; track ids are strings."""
    return _with_track_strings(event)


def sensors_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the states of the sensors as JSON values."""
    return [msgspec.to_builtins(sensor) for sensor in picture.sensors]


def threats_json(picture: PictureNoun, node: Node) -> list[dict[str, Any]]:
    """Return the rows of the threat table as JSON values, with the ids of site and zone."""
    threats = picture.threats
    rows = []
    for k in range(len(threats)):
        site = node.sites[int(threats.site[k])]
        row: dict[str, Any] = {
            name: float(getattr(threats, name)[k])
            for name in (
                "arrival_early_s", "arrival_median_s", "arrival_late_s", "p_zone", "p_site",
                "p_harm", "cpa_m", "cpa_s",
            )
        }  # fmt: skip
        row |= {
            "track_id": str(int(threats.track_id[k])),
            "site_id": site.id,
            "zone_id": site.zones[int(threats.zone[k])].id,
            "nature": Nature.ALL[int(threats.nature[k])],
            "reasons": threats.reasons[k],
        }
        rows.append(row)
    return rows


def meta_rows(
    wires: Wires, rows: Rows, picture: PictureNoun, node: Node, roster: list[str]
) -> list[TrackMeta]:
    """Return what panels show of each row; probabilities are rounded to whole percents, so
    that noise is no news.
    """
    callsigns = _callsigns(picture.declared)
    metas = [
        _track_meta(wires, picture, int(k), node, roster, callsigns) for k in rows.track_rows
    ]
    metas += [_declared_meta(wires, picture, int(k), roster) for k in rows.declared_rows]
    return metas


def _is_placed(table: TrackTable | DeclaredTable) -> NDArray[np.bool_]:
    return np.isfinite(table.lat_deg) & np.isfinite(table.lon_deg)


def _declared_rows(picture: PictureNoun) -> NDArray[np.intp]:
    declared = picture.declared
    shown = _is_placed(declared) & (declared.flags & DetectionBatch.NO_POSITION == 0)
    shown &= ~(declared.verified & (declared.link != 0))
    shown &= ~np.isin(declared.declared_id, picture.tracks.declared)
    return np.flatnonzero(shown)


def _assign_into(
    wires: Wires, keys: tuple[tuple[bool, int | bytes], ...]
) -> dict[int, tuple[bool, int | bytes]]:
    present = dict.fromkeys(keys)
    gone = {wire: key for key, wire in wires.ids.items() if key not in present}
    for key in gone.values():
        del wires.ids[key]
    for key in keys:
        if key not in wires.ids:
            wires.ids[key] = wires.next
            wires.next += 1
    return gone


def _fill_tracks(
    records: NDArray[np.void], picture: PictureNoun, rows: NDArray[np.intp]
) -> None:
    tracks, identities = picture.tracks, picture.identities
    _fill_motion(records, tracks, rows)
    east_m2, north_m2 = tracks.covariance[rows, 0, 0], tracks.covariance[rows, 1, 1]
    records["sigma"] = _whole(np.sqrt((east_m2 + north_m2) * 0.5) * 10.0, 0, 65_535)
    records["age"] = _whole((picture.now_s - tracks.updated_s[rows]) * 100.0, 0, 65_535)
    records["class"] = identities.label[rows]
    records["confidence"] = _confidence(picture, rows)
    records["site"] = np.where(tracks.site[rows] >= 0, tracks.site[rows], NO_SITE)
    ids = tracks.track_id[rows]
    records["eta"] = _etas(picture, ids)
    records["threat"] = _steps(picture, ids)
    status = tracks.status[rows]
    flags = np.where(status == TrackStatus.COASTED, COASTED, 0)
    flags |= np.where(status == TrackStatus.TENTATIVE, TENTATIVE, 0)
    flags |= np.where(np.isin(ids, _alarmed(picture)), ALARMED, 0)
    flags |= np.where(identities.cooperative[rows], COOPERATIVE, 0)
    flags |= np.where(tracks.declared[rows] != b"", DECLARED, 0)
    records["flags"] = flags.astype("u2") | _BY_NATURE[tracks.nature[rows]]


def _fill_declared(
    records: NDArray[np.void], picture: PictureNoun, rows: NDArray[np.intp], node: Node
) -> None:
    declared = picture.declared
    _fill_motion(records, declared, rows)
    records["sigma"] = _whole(declared.sigma_position_m[rows] * 10.0, 0, 65_535)
    records["age"] = _whole((picture.now_s - declared.time_s[rows]) * 100.0, 0, 65_535)
    labels = np.asarray(picture.declared_label, dtype="u1")
    records["class"] = labels[rows] if len(labels) else 0
    records["site"] = NO_SITE
    records["eta"] = NO_ETA
    natures = [_NATURE_FLAGS.get(s.nature, 0) for s in node.sensors]
    sensors = declared.sensor[rows]
    records["flags"] = [
        DECLARED | (natures[s] if 0 <= s < len(natures) else 0) for s in sensors.tolist()
    ]


def _fill_motion(
    records: NDArray[np.void], table: TrackTable | DeclaredTable, rows: NDArray[np.intp]
) -> None:
    records["lat"] = _whole(table.lat_deg[rows] * 1e7, -900_000_000, 900_000_000)
    records["lon"] = _whole(table.lon_deg[rows] * 1e7, -1_800_000_000, 1_800_000_000)
    records["alt"] = _whole(table.alt_m[rows], -32_768, 32_767)
    records["v_north"] = _whole(table.vel_north_mps[rows] * 10.0, -32_768, 32_767)
    records["v_east"] = _whole(table.vel_east_mps[rows] * 10.0, -32_768, 32_767)
    records["v_up"] = _whole(table.vel_up_mps[rows] * 10.0, -32_768, 32_767)


def _whole(values: NDArray[np.float64], low: int, high: int) -> NDArray[np.int64]:
    """Round into the range of a field; what is not known becomes 0."""
    return np.clip(np.rint(np.nan_to_num(values, nan=0.0)), low, high).astype(np.int64)


def _confidence(picture: PictureNoun, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Percent of the shown label; 0 for "unknown", for which nothing speaks."""
    labels, p = picture.identities.label[rows], picture.identities.probability[rows]
    column = _CLASS_OF[labels]
    value = np.where(column >= 0, p[np.arange(len(rows)), np.maximum(column, 0)], 0.0)
    value = np.where(labels == _DRONE, p[:, 0] + p[:, 1], value)
    return _whole(value * 100.0, 0, 100)


def _etas(picture: PictureNoun, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    threats = picture.threats
    first: dict[int, float] = {}
    for track, median_s in zip(
        threats.track_id.tolist(), threats.arrival_median_s.tolist(), strict=True
    ):
        first[track] = min(first.get(track, np.inf), median_s)
    eta_s = np.array([first.get(t, np.inf) for t in ids.tolist()]) - picture.now_s
    known = np.isfinite(eta_s)
    return np.where(known, _whole(np.where(known, eta_s, 0.0) * 10.0, 0, NO_ETA - 1), NO_ETA)


def _steps(picture: PictureNoun, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index into Ladder.ALL of the highest step that each track drives in any zone."""
    highest: dict[int, str] = {}
    for zone in picture.zones:
        if zone.step in _SEVERITY:
            for track in zone.tracks:
                if _SEVERITY[zone.step] > _SEVERITY.get(highest.get(track, ""), 0):
                    highest[track] = zone.step
    words = [highest.get(t, Ladder.QUIET) for t in ids.tolist()]
    return np.array([Ladder.ALL.index(word) for word in words], dtype=np.int64)


def _alarmed(picture: PictureNoun) -> list[int]:
    return [t for a in picture.alarms if a.state != AlarmState.CLOSED for t in a.tracks]


def _with_track_strings(noun: Any) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(noun)
    value["tracks"] = [str(t) for t in value["tracks"]]
    return value


def _callsigns(declared: DeclaredTable) -> dict[bytes, str]:
    pairs = zip(declared.declared_id.tolist(), declared.callsign.tolist(), strict=True)
    return {name: _words(callsign) for name, callsign in pairs if callsign}


def _words(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _track_meta(
    wires: Wires, picture: PictureNoun, k: int, node: Node, roster: list[str],
    callsigns: dict[bytes, str],
) -> TrackMeta:  # fmt: skip
    tracks, identities = picture.tracks, picture.identities
    own = bytes(tracks.declared[k])
    declared = own or bytes(identities.declared[k])
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
        callsign=callsigns.get(declared, ""),
        cooperative=bool(identities.cooperative[k]),
        sensors=[name for bit, name in enumerate(roster[:64]) if mask >> bit & 1],
        first_seen_s=float(tracks.first_seen_s[k]),
        site_id=node.sites[site].id if 0 <= site < len(node.sites) else "",
        kind="declared" if own else "measured",
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


def _declared_reasons(flags: int) -> tuple[str, ...]:
    found = ["declared by the aircraft, unverified"]
    for bit, words in (
        (DeclaredTable.SPOOF, "its own messages disagree with each other or with the sensors"),
        (DeclaredTable.CLONE, "two transmitters share this id"),
        (DeclaredTable.UNRELIABLE, "its positions are unreliable"),
        (DetectionBatch.ON_GROUND, "on the ground"),
    ):
        if flags & bit:
            found.append(words)
    return tuple(found)
