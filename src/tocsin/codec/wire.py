"""Frames of the live socket between service and browser.

Binary, little-endian: a header of 16 bytes and records of 32 (`HEADER`, `RECORD`); JSON text
for everything else, NaN and infinity as null. Track ids have 64 bits, more than a browser's
numbers hold, so JSON carries them as strings and records bear a small wire id instead.
"""

import struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.codec._wire_fill import Rows, Wires, fill_motion, is_placed, system_label, whole
from tocsin.codec._wire_meta import TrackMeta, meta_rows
from tocsin.model import (
    CLASSES,
    LABELS,
    AlarmState,
    DetectionBatch,
    Ladder,
    Nature,
    Node,
    nature_at,
)
from tocsin.model import Picture as PictureNoun
from tocsin.model.tracks import TrackKind, TrackStatus

__all__ = [
    "ALARMED",
    "COASTED",
    "COOPERATIVE",
    "DECLARED",
    "DELTA",
    "EXERCISE",
    "FULL",
    "HEADER",
    "MAGIC",
    "NO_ETA",
    "NO_SITE",
    "PROVISIONAL",
    "RECORD",
    "SIMULATED",
    "SYSTEM",
    "TENTATIVE",
    "VERSION",
    "Rows",
    "TrackMeta",
    "Wires",
    "advice_json",
    "alarms_json",
    "as_provisional",
    "binary",
    "event_json",
    "handovers_json",
    "meta_rows",
    "notices_json",
    "open_wires",
    "operations_json",
    "record_fields",
    "rows_into",
    "rules_json",
    "sensors_json",
    "sightings_json",
    "text",
    "threats_json",
    "with_seq",
    "zones_json",
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
SYSTEM = 256  # of another tracker, which no own sensor has measured
_SHOWN_S = 30.0  # after its last report a track of another tracker is no picture
NO_ETA = 65_535
NO_SITE = 255

_JSON = msgspec.json.Encoder()
_SEVERITY = {Ladder.MONITOR: 1, Ladder.CAUTION: 2, Ladder.TAKE_SHELTER: 3}
_NATURE_FLAGS = {Nature.EXERCISE: EXERCISE, Nature.SIMULATED: SIMULATED}
_BY_NATURE: NDArray[np.uint16] = np.array(
    [_NATURE_FLAGS.get(word, 0) for word in Nature.ALL], dtype="u2"
)
# Labels whose probability is that of one class; "drone" is the sum of both kinds of drone.
_CLASS_OF = np.array([CLASSES.index(w) if w in CLASSES else -1 for w in LABELS])
_DRONE = LABELS.index("drone")


def open_wires() -> Wires:
    """Return a table in which nobody has a wire id."""
    return Wires()


def rows_into(
    wires: Wires, picture: PictureNoun, node: Node
) -> tuple[Rows, dict[int, tuple[bool, int | bytes]]]:
    """Return the records of a picture, and which wire ids are gone since the one before.

    Rows without a position are left out, and so is a declared row that another row already
    stands for (a verified link, another tracker's track of it, or its own track). No row bears
    PROVISIONAL: who sends before the commit adds it with `as_provisional`.
    """
    track_rows = np.flatnonzero(is_placed(picture.tracks))
    declared_rows = _declared_rows(picture)
    system_rows = _system_rows(picture)
    keys: tuple[tuple[bool, int | bytes], ...] = (
        *((False, int(t)) for t in picture.tracks.track_id[track_rows]),
        *((True, bytes(d)) for d in picture.declared.declared_id[declared_rows]),
        *((False, int(t)) for t in picture.system.track_id[system_rows]),
    )
    gone = _assign_into(wires, keys)
    records = np.zeros(len(keys), dtype=RECORD)
    records["wire"] = [wires.ids[key] for key in keys]
    n = len(track_rows)
    m = n + len(declared_rows)
    _fill_tracks(records[:n], picture, track_rows)
    _fill_declared(records[n:m], picture, declared_rows, node)
    _fill_system(records[m:], picture, system_rows, node)
    updated_s = np.concatenate(
        [
            picture.tracks.updated_s[track_rows],
            picture.declared.time_s[declared_rows],
            picture.system.time_s[system_rows],
        ]
    )
    shown = (track_rows, declared_rows, system_rows)
    return Rows(picture.now_s, records, updated_s, keys, *shown), gone


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
    return [
        {**_with_track_strings(zone), "out_of_sight": [str(t) for t in zone.out_of_sight]}
        for zone in picture.zones
    ]


def alarms_json(picture: PictureNoun, *, closed_for_s: float = 600.0) -> list[dict[str, Any]]:
    """Return the alarms as JSON values; closed ones for ten minutes."""
    return [
        _with_track_strings(alarm)
        for alarm in picture.alarms
        if alarm.state != AlarmState.CLOSED or picture.now_s - alarm.closed_s <= closed_for_s
    ]


def advice_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the lines of the playbook that fit as JSON values."""
    return [msgspec.to_builtins(advice) for advice in picture.advice]


def notices_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return what each site is told of the others as JSON values."""
    return [msgspec.to_builtins(notice) for notice in picture.notices]


def sightings_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return what people reported as JSON values."""
    return [msgspec.to_builtins(sighting) for sighting in picture.sightings]


def handovers_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the notes of one shift to the next as JSON values."""
    return [msgspec.to_builtins(note) for note in picture.handovers]


def operations_json(picture: PictureNoun) -> dict[str, Any]:
    """Return volumes, conflicts and operations as JSON values; track ids are strings."""
    conflicts = [msgspec.to_builtins(conflict) for conflict in picture.conflicts]
    for conflict in conflicts:
        conflict["track"], conflict["traffic"] = (
            str(conflict["track"]),
            str(conflict["traffic"]),
        )
    return {
        "volumes": [_with_track_strings(volume) for volume in picture.volumes],
        "conflicts": conflicts,
        "operations": [msgspec.to_builtins(one) for one in picture.operations],
    }


def rules_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the standing rules that are offered, as they stand, as JSON values."""
    return [msgspec.to_builtins(rule) for rule in picture.rules]


def event_json(event: object) -> dict[str, Any]:
    """Return one AlertEvent as a JSON value; track ids are strings."""
    return _with_track_strings(event)


def sensors_json(picture: PictureNoun) -> list[dict[str, Any]]:
    """Return the states of the sensors as JSON values."""
    return [msgspec.to_builtins(sensor) for sensor in picture.sensors]


_THREAT_FIELDS = (
    "arrival_early_s", "arrival_median_s", "arrival_late_s", "p_zone", "p_site", "p_harm",
    "cpa_m", "cpa_s",
)  # fmt: skip


def threats_json(picture: PictureNoun, node: Node) -> list[dict[str, Any]]:
    """Return the rows of the threat table as JSON values, with the ids of site and zone."""
    threats = picture.threats
    columns = [getattr(threats, name).tolist() for name in _THREAT_FIELDS]
    places = zip(
        threats.track_id.tolist(), threats.site.tolist(), threats.zone.tolist(),
        threats.nature.tolist(), threats.reasons, *columns, strict=True,
    )  # fmt: skip
    return [
        {
            **dict(zip(_THREAT_FIELDS, values, strict=True)),
            "track_id": str(track),
            "site_id": node.sites[site].id,
            "zone_id": node.sites[site].zones[zone].id,
            "nature": Nature.ALL[nature],
            "reasons": reasons,
        }
        for track, site, zone, nature, reasons, *values in places
    ]


def _declared_rows(picture: PictureNoun) -> NDArray[np.intp]:
    declared = picture.declared
    shown = is_placed(declared) & (declared.flags & DetectionBatch.NO_POSITION == 0)
    shown &= ~(declared.verified & (declared.link != 0))
    shown &= ~np.isin(declared.declared_id, picture.tracks.declared)
    others = picture.tracks.track_id[picture.tracks.kind == TrackKind.SYSTEM]
    shown &= ~np.isin(declared.link, others)
    return np.flatnonzero(shown)


def _system_rows(picture: PictureNoun) -> NDArray[np.intp]:
    """Rows of other trackers that stand alone and are near no site."""
    table = picture.system
    shown = is_placed(table) & (table.link == 0)
    shown &= picture.now_s - table.time_s <= _SHOWN_S
    shown &= ~np.isin(table.track_id, picture.tracks.track_id)
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
    fill_motion(records, tracks, rows)
    east_m2, north_m2 = tracks.covariance[rows, 0, 0], tracks.covariance[rows, 1, 1]
    records["sigma"] = whole(np.sqrt((east_m2 + north_m2) * 0.5) * 10.0, 0, 65_535)
    records["age"] = whole((picture.now_s - tracks.updated_s[rows]) * 100.0, 0, 65_535)
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
    flags |= np.where(tracks.kind[rows] == TrackKind.DECLARED, DECLARED, 0)
    flags |= np.where(tracks.kind[rows] == TrackKind.SYSTEM, SYSTEM, 0)
    records["flags"] = flags.astype("u2") | _BY_NATURE[tracks.nature[rows]]


def _fill_declared(
    records: NDArray[np.void], picture: PictureNoun, rows: NDArray[np.intp], node: Node
) -> None:
    declared = picture.declared
    fill_motion(records, declared, rows)
    records["sigma"] = whole(declared.sigma_position_m[rows] * 10.0, 0, 65_535)
    records["age"] = whole((picture.now_s - declared.time_s[rows]) * 100.0, 0, 65_535)
    labels = np.asarray(picture.declared_label, dtype="u1")
    records["class"] = labels[rows] if len(labels) else 0
    records["site"] = NO_SITE
    records["eta"] = NO_ETA
    told = _told_natures(node, declared.sensor[rows], declared.flags[rows])
    records["flags"] = DECLARED | told


def _fill_system(
    records: NDArray[np.void], picture: PictureNoun, rows: NDArray[np.intp], node: Node
) -> None:
    table = picture.system
    fill_motion(records, table, rows)
    records["sigma"] = whole(table.sigma_position_m[rows] * 10.0, 0, 65_535)
    records["age"] = whole((picture.now_s - table.time_s[rows]) * 100.0, 0, 65_535)
    records["class"] = [LABELS.index(system_label(table, k)) for k in rows.tolist()]
    records["site"] = NO_SITE
    records["eta"] = NO_ETA
    flags = SYSTEM | _told_natures(node, table.sensor[rows], table.flags[rows])
    tentative = (table.flags[rows] & np.uint16(DetectionBatch.TRACK_TENTATIVE)) != 0
    records["flags"] = flags | np.where(tentative, TENTATIVE, 0).astype("u2")


def _told_natures(
    node: Node, sensors: NDArray[np.int32], flags: NDArray[np.uint16]
) -> NDArray[np.uint16]:
    """Return the flags of the natures of what these sensors told with these marks."""
    told = [nature_at(node, *one) for one in zip(sensors.tolist(), flags.tolist())]
    return _BY_NATURE[np.array(told, dtype=np.intp)]


def _confidence(picture: PictureNoun, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Percent of the shown label; 0 for "unknown", for which nothing speaks."""
    labels, p = picture.identities.label[rows], picture.identities.probability[rows]
    column = _CLASS_OF[labels]
    value = np.where(column >= 0, p[np.arange(len(rows)), np.maximum(column, 0)], 0.0)
    value = np.where(labels == _DRONE, p[:, 0] + p[:, 1], value)
    return whole(value * 100.0, 0, 100)


def _etas(picture: PictureNoun, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    threats = picture.threats
    first: dict[int, float] = {}
    for track, median_s in zip(
        threats.track_id.tolist(), threats.arrival_median_s.tolist(), strict=True
    ):
        first[track] = min(first.get(track, np.inf), median_s)
    eta_s = np.array([first.get(t, np.inf) for t in ids.tolist()]) - picture.now_s
    known = np.isfinite(eta_s)
    return np.where(known, whole(np.where(known, eta_s, 0.0) * 10.0, 0, NO_ETA - 1), NO_ETA)


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
