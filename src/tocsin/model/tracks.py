"""Tracks as columns: what sensors measured (TrackTable), what things say of themselves
(DeclaredTable), what other trackers say (SystemTable).
"""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tocsin.model.detections import CLASSES, places_of

__all__ = [
    "MODES",
    "DeclaredTable",
    "Origin",
    "SystemTable",
    "TrackEvent",
    "TrackKind",
    "TrackStatus",
    "TrackTable",
    "track_label",
    "track_name",
]

# Motion models of the filter; mode probabilities are evidence for identity. v0 may fill NaN.
MODES = ("quiet", "agile", "hover")


def track_label(track_id: int) -> str:
    """Return the short name that people read and say, as on the screen: "T2-09" is the ninth of
    the second site's, "D-09" of those that declare themselves and nobody measures, "S-09" of
    another tracker's; a bare number has no site, "T-09".
    """
    site, counter = track_id >> 40 & 0xFF, track_id & (1 << 40) - 1
    if site >= 0xFE:
        return f"{'D' if site == 0xFF else 'S'}-{counter:02d}"
    return f"T{site + 1}-{counter:02d}" if track_id >> 40 else f"T-{counter:02d}"


def track_name(track: str) -> str:
    """Return the same of an id as the ledger writes it; one of another make is called "track"
    and what it is.
    """
    return track_label(int(track)) if track.isascii() and track.isdigit() else f"track {track}"


class TrackStatus:
    """The life of a track. COASTED: confirmed, but the last looks that held it saw nothing."""

    TENTATIVE = 0
    CONFIRMED = 1
    COASTED = 2
    WORDS = ("tentative", "confirmed", "coasted")


class TrackKind:
    """What a row of a TrackTable rests on: own plots, a thing's own word, another tracker."""

    MEASURED = 0
    DECLARED = 1
    SYSTEM = 2
    WORDS = ("measured", "declared", "system")


@dataclass(slots=True)
class TrackTable:
    """One row a track of one site, at one time.

    track_id: 64 bits, never used again; site: index of the site in the node; state is (n, 6),
    east, north, up metres and their rates in the site's frame at time_s; covariance (n, 6,
    6); first_seen_s the time of the first detection; hits: how many updates; sensors: bit k
    set where the sensor with roster index k (below 64) has updated it in its last look;
    class_log (n, len(CLASSES)): summed log class scores that sensors gave, 0 where none, each
    counted by its share of the 5 s for which one sensor's looks are alike, within bounds and
    with a memory (`track/_kernels_classes.py`): differences between classes tell; geodetic
    columns are those of the state. nature: index into Nature.ALL of the least real
    evidence (2 simulated). kind: see TrackKind. declared: for the own track of a thing that
    declares itself (no sensor has measured it) its id, else b"".
    """

    track_id: NDArray[np.int64]
    site: NDArray[np.int32]
    status: NDArray[np.uint8]
    nature: NDArray[np.uint8]
    time_s: NDArray[np.float64]
    state: NDArray[np.float64]
    covariance: NDArray[np.float64]
    existence: NDArray[np.float64]
    born_s: NDArray[np.float64]
    first_seen_s: NDArray[np.float64]
    updated_s: NDArray[np.float64]
    hits: NDArray[np.int32]
    sensors: NDArray[np.uint64]
    modes: NDArray[np.float64]
    class_log: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    alt_m: NDArray[np.float64]
    vel_east_mps: NDArray[np.float64]
    vel_north_mps: NDArray[np.float64]
    vel_up_mps: NDArray[np.float64]
    declared: NDArray[np.bytes_]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows of zeros (NaN for mode probabilities)."""
        if not n:
            return cls(*_NO_TRACKS)
        table = cls(*[np.zeros((n, *shape), dtype) for _, shape, dtype in _TRACK_COLUMNS])
        table.modes[:] = np.nan
        return table

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the rows named by indices or a mask, as a copy."""
        if not len(self):
            return type(self)(*_NO_TRACKS)
        places = places_of(rows)
        return type(self)(*[column.take(places, 0) for column in _track_columns(self)])

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Return all rows of the parts, in their order; the one part that has rows as it is."""
        filled = [part for part in parts if len(part)]
        if len(filled) == 1:
            return filled[0]
        if not filled:
            return cls.blank(0)
        return cls(*map(np.concatenate, zip(*map(_track_columns, filled))))


_SHAPES: dict[str, tuple[int, ...]] = {
    "state": (6,), "covariance": (6, 6), "modes": (len(MODES),), "class_log": (len(CLASSES),),
}  # fmt: skip
_DTYPES = {
    "track_id": "i8", "site": "i4", "status": "u1", "nature": "u1", "hits": "i4",
    "sensors": "u8", "declared": "S24", "kind": "u1",
}  # fmt: skip


def _unknown(names: tuple[str, ...], dtypes: dict[str, str], n: int) -> dict[str, Any]:
    """Return columns of n rows of which nothing is known: zeros where a type is given, else
    NaN.
    """
    return {
        name: np.zeros((n, *_SHAPES.get(name, ())), dtypes[name])
        if name in dtypes
        else np.full(n, np.nan)
        for name in names
    }


# name, shape of a row, type: of each column
_TRACK_COLUMNS = tuple(
    (f.name, _SHAPES.get(f.name, ()), np.dtype(_DTYPES.get(f.name, "f8")))
    for f in fields(TrackTable)
)
_track_columns = attrgetter(*(name for name, _, _ in _TRACK_COLUMNS))
# No row of any column: shared by all tables without rows, since nothing can be written to it.
_NO_TRACKS = tuple(np.zeros((0, *shape), dtype) for _, shape, dtype in _TRACK_COLUMNS)


@dataclass(frozen=True, slots=True)
class Origin:
    """What another tracker's track was made of: an object of a node, by the ids of both."""

    node_id: str
    object_id: str


@dataclass(frozen=True, slots=True)
class TrackEvent:
    """Something in the life of a track: "confirmed", "ended", "revised"; how: "lost", "left",
    ...
    """

    kind: str
    at_s: float
    track_id: int
    site: int
    how: str = ""


@dataclass(slots=True)
class DeclaredTable:
    """One row a thing that says where it is, newest report first applied; order: by
    declared_id.

    A declared track never updates a measured state. link: the track_id that it is tied to or
    0; link_llr: the log-likelihood ratio of that tie; linked_since_s: inside the gate since
    (NaN none); verified: message and sensor have agreed for 10 s. flags: DetectionBatch's and
    below. former: the id that it went by until its own was heard, b"" where there was none.
    missed_by: 1 + the roster's place of the sensor that should see it and does not, 0 none.
    """

    declared_id: NDArray[np.bytes_]
    former: NDArray[np.bytes_]
    sensor: NDArray[np.int32]
    callsign: NDArray[np.bytes_]
    category: NDArray[np.bytes_]
    time_s: NDArray[np.float64]
    first_seen_s: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    alt_m: NDArray[np.float64]
    alt_ref: NDArray[np.uint8]
    vel_east_mps: NDArray[np.float64]
    vel_north_mps: NDArray[np.float64]
    vel_up_mps: NDArray[np.float64]
    sigma_position_m: NDArray[np.float64]
    nic: NDArray[np.int8]
    flags: NDArray[np.uint16]
    reports: NDArray[np.int32]
    link: NDArray[np.int64]
    link_llr: NDArray[np.float64]
    linked_since_s: NDArray[np.float64]
    verified: NDArray[np.bool_]
    missed_by: NDArray[np.int32]

    # In `flags`, above those of DetectionBatch: what is wrong with what it says.
    SPOOF = 256
    CLONE = 512
    UNRELIABLE = 1024
    UNSEEN = 2048  # a sensor that should see it where it says it is does not: a hint, no proof

    def __len__(self) -> int:
        return len(self.declared_id)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows of which nothing is known."""
        dtypes = {
            "declared_id": "S24", "former": "S24", "sensor": "i4", "callsign": "S8",
            "category": "S4", "alt_ref": "u1", "nic": "i1", "flags": "u2", "reports": "i4",
            "link": "i8", "verified": "?", "missed_by": "i4",
        }  # fmt: skip
        return cls(**_unknown(_DECLARED_NAMES, dtypes, n))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the rows named by indices or a mask, as a copy."""
        places = places_of(rows)
        return type(self)(*[column.take(places, 0) for column in _declared_columns(self)])


_DECLARED_NAMES = tuple(f.name for f in fields(DeclaredTable))
_declared_columns = attrgetter(*_DECLARED_NAMES)


@dataclass(slots=True)
class SystemTable:
    """One row a track of another tracker, as it said it last; ordered by track_id.

    sensor, number: who said it and under which track number; track_id: ours for it, never
    used again. declared_id, callsign: of the transponder, where the other tracker tells.
    time_s: of validity of the position; sigmas NaN where it states none; class_log: summed log
    class scores. flags: those of DetectionBatch. link: the track_id of the track that it is of
    the same thing as (an own one, or another tracker's), 0 where it stands alone;
    linked_since_s NaN without one.
    """

    track_id: NDArray[np.int64]
    sensor: NDArray[np.int32]
    number: NDArray[np.bytes_]
    declared_id: NDArray[np.bytes_]
    callsign: NDArray[np.bytes_]
    time_s: NDArray[np.float64]
    first_seen_s: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    alt_m: NDArray[np.float64]
    alt_ref: NDArray[np.uint8]
    vel_east_mps: NDArray[np.float64]
    vel_north_mps: NDArray[np.float64]
    vel_up_mps: NDArray[np.float64]
    sigma_position_m: NDArray[np.float64]
    sigma_alt_m: NDArray[np.float64]
    sigma_velocity_mps: NDArray[np.float64]
    class_log: NDArray[np.float64]
    reports: NDArray[np.int32]
    flags: NDArray[np.uint16]
    link: NDArray[np.int64]
    linked_since_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows of which nothing is known."""
        dtypes = {
            "track_id": "i8", "sensor": "i4", "number": "S24", "declared_id": "S24",
            "callsign": "S8", "alt_ref": "u1", "class_log": "f8", "reports": "i4",
            "flags": "u2", "link": "i8",
        }  # fmt: skip
        return cls(**_unknown(_SYSTEM_NAMES, dtypes, n))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the rows named by indices or a mask, as a copy."""
        places = places_of(rows)
        return type(self)(*[column.take(places, 0) for column in _system_columns(self)])


_SYSTEM_NAMES = tuple(f.name for f in fields(SystemTable))
_system_columns = attrgetter(*_SYSTEM_NAMES)
