"""Detections as columns, and the record of where a sensor has looked.

One row is one sensor's report of one thing. NaN (or an empty string) means "not measured".
Names on disk (degrees) are in `codec.tables`; in memory angles are radians and the names say
so.
"""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "AltRef",
    "Coverage",
    "DetectionBatch",
    "Report",
]

# The classes that evidence can speak for, in the order of every `class_scores` column.
CLASSES = ("drone_multirotor", "drone_fixed_wing", "bird", "aircraft", "balloon", "other")


class Report:
    """What a row is: a sensor's plot, another tracker's track, or what a thing says of
    itself.
    """

    PLOT = 0
    TRACK = 1
    DECLARED = 2
    WORDS = ("plot", "track", "declared")


class AltRef:
    """What `alt_m` is measured from. Only ELLIPSOID is used as a height; codecs convert MSL."""

    NONE = 0
    ELLIPSOID = 1
    MSL = 2
    PRESSURE = 3
    WORDS = ("none", "ellipsoid", "msl", "pressure")


@dataclass(slots=True)
class DetectionBatch:
    """Rows of detections, one array a column, all of length n and C-contiguous.

    time_s is the time of validity and arrival_s that of arrival (Unix UTC, after clock
    correction); sensor indexes the roster of sensor ids; azimuth is clockwise from true north
    in the sensor's own tangent frame; range_rate is positive receding; alt_m is above what
    alt_ref says; sigmas are one standard deviation, NaN where the sensor's own figure holds;
    class_scores is (n, len(CLASSES)), likelihoods up to a factor, NaN where nothing is said;
    category is the emitter's own category ("A3", "B6"); nic is ADS-B's navigation integrity
    category, -1 unknown; flags see `codec`; journal_frame is the frame's place in its batch.
    sensor_track_id of a declared report is what it went by before its id was heard.
    """

    time_s: NDArray[np.float64]
    arrival_s: NDArray[np.float64]
    sensor: NDArray[np.int32]
    report: NDArray[np.uint8]
    range_m: NDArray[np.float64]
    azimuth_rad: NDArray[np.float64]
    elevation_rad: NDArray[np.float64]
    range_rate_mps: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    alt_m: NDArray[np.float64]
    alt_ref: NDArray[np.uint8]
    vel_east_mps: NDArray[np.float64]
    vel_north_mps: NDArray[np.float64]
    vel_up_mps: NDArray[np.float64]
    sigma_range_m: NDArray[np.float64]
    sigma_azimuth_rad: NDArray[np.float64]
    sigma_elevation_rad: NDArray[np.float64]
    sigma_range_rate_mps: NDArray[np.float64]
    sigma_position_m: NDArray[np.float64]
    sigma_alt_m: NDArray[np.float64]
    sigma_velocity_mps: NDArray[np.float64]
    class_scores: NDArray[np.float64]
    declared_id: NDArray[np.bytes_]
    sensor_track_id: NDArray[np.bytes_]
    callsign: NDArray[np.bytes_]
    category: NDArray[np.bytes_]
    nic: NDArray[np.int8]
    flags: NDArray[np.uint16]
    journal_frame: NDArray[np.int32]

    # What a declared report says of itself, or a tracker of its track, in `flags`.
    ON_GROUND = 1
    NO_POSITION = 2  # the thing was heard, but this row holds no usable position
    GEOMETRIC_HEIGHT = 4
    SIMULATED_TARGET = 8  # the sensor itself marks the report as simulated
    IMPLAUSIBLE = 16  # what it says of its motion does not hold together
    TWO_PLACES = 32  # another transmitter sends the same id from elsewhere
    TRACK_END = 64  # the other tracker's last word on this track
    TRACK_TENTATIVE = 128  # the other tracker does not stand by this track yet
    EXERCISE_TARGET = 0x8000  # who tells of it says that it is exercised, not live

    def __len__(self) -> int:
        return len(self.time_s)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows in which nothing is measured."""
        if not n:
            return cls(**_NO_ROWS)
        return cls(**(_few_columns(n) if n <= _FEW else _blank_columns(n)))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Return the rows named by indices or a mask, as a copy."""
        places = places_of(rows)
        return type(self)(*[column.take(places, 0) for column in _columns(self)])

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Return all rows of the parts, in their order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.blank(0)
        return cls(*map(np.concatenate, zip(*map(_columns, parts))))


# name: (width of a second axis or 0, dtype, the value that means "not measured")
_SPECIAL: dict[str, tuple[int, str, object]] = {
    "sensor": (0, "i4", -1),
    "report": (0, "u1", Report.PLOT),
    "alt_ref": (0, "u1", AltRef.NONE),
    "class_scores": (len(CLASSES), "f8", np.nan),
    "declared_id": (0, "S24", b""),
    "sensor_track_id": (0, "S24", b""),
    "callsign": (0, "S8", b""),
    "category": (0, "S4", b""),
    "nic": (0, "i1", -1),
    "flags": (0, "u2", 0),
    "journal_frame": (0, "i4", -1),
}
_NAMES = tuple(f.name for f in fields(DetectionBatch))
_columns = attrgetter(*_NAMES)
_PLAIN = tuple(name for name in _NAMES if name not in _SPECIAL)


def _blank_columns(n: int) -> dict[str, Any]:
    columns: dict[str, Any] = dict(zip(_PLAIN, np.full((len(_PLAIN), n), np.nan)))
    for name, (width, dtype, value) in _SPECIAL.items():
        columns[name] = np.full((n, width) if width else n, value, dtype=dtype)
    return columns


# Most batches have few rows: copies of these are made twice as fast as new columns.
_FEW = 64
_FEW_PLAIN = np.full((len(_PLAIN), _FEW), np.nan)
_FEW_SPECIAL = {name: _blank_columns(_FEW)[name] for name in _SPECIAL}


def _few_columns(n: int) -> dict[str, Any]:
    columns: dict[str, Any] = dict(zip(_PLAIN, _FEW_PLAIN[:, :n].copy()))
    for name, column in _FEW_SPECIAL.items():
        columns[name] = column[:n].copy()
    return columns


# No row of any column: shared by all batches without rows, since nothing can be written to it.
_NO_ROWS = _blank_columns(0)


def places_of(rows: NDArray[np.intp] | NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the indices of the rows that a mask names; indices as they are."""
    return rows.nonzero()[0] if rows.dtype == np.bool_ else rows  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Coverage:
    """A sensor has looked from start_s to end_s, clockwise from azimuth_from to azimuth_to
    (radians).

    Equal azimuths mean the whole circle (or the whole field of view). complete is False where
    reports of that look may still come. A track is missed only by a Coverage that held it.
    """

    sensor: int
    start_s: float
    end_s: float
    azimuth_from_rad: float = 0.0
    azimuth_to_rad: float = 0.0
    complete: bool = True
