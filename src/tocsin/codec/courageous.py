"""The COURAGEOUS log of a counter-drone system (CWA 18150): JSON, schema version 0.4.1.

What a system under test hands in: the sets of records in which it detected something, and the
tracks that it followed. Names, types and what is required are the schema's own (COURAGEOUS-isf/
format-website on GitHub, schemas/v0.4.1.json); heights are metres over the sea (EGM96), times
Unix milliseconds, bearings degrees clockwise from true north.
"""

from typing import Annotated, Final, Literal

import msgspec

from tocsin.errors import FormatError

__all__ = [
    "VERSION", "Alarm", "Arc", "Bearing", "BearingElevation", "BearingElevationDistance", "Log",
    "Position", "Position2d", "Position3d", "Quad", "Record", "RecordSet", "Velocity",
    "read_log", "write_log",
]  # fmt: skip

VERSION: Final = "0.4.1"
_Whole = Annotated[int, msgspec.Meta(ge=0)]
_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class _Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has a default is left out where it is not said."""


class _Place(_Shape, frozen=True, tag_field="$type"):
    pass


class Arc(_Place, frozen=True, tag="Arc"):
    """Somewhere between two bearings from the system, degrees."""

    from_: float = msgspec.field(name="from")
    to: float


class Quad(_Place, frozen=True, tag="Quad"):
    """Somewhere in a quarter of the compass."""

    quad: Literal["North", "East", "South", "West"]


class Bearing(_Place, frozen=True, tag="Bearing"):
    """On a bearing from the system, degrees."""

    bearing: float


class BearingElevation(_Place, frozen=True, tag="BearingElevation"):
    """On a ray from the system, degrees."""

    bearing: float
    elevation: float


class BearingElevationDistance(_Place, frozen=True, tag="BearingElevationDistance"):
    """On a ray from the system, so many metres away."""

    bearing: float
    elevation: float
    distance: float


class Position2d(_Place, frozen=True, tag="Position2d"):
    """A place without a height, WGS 84 degrees."""

    lat: float
    lon: float


class Position3d(_Place, frozen=True, tag="Position3d"):
    """A place with its height over the sea, m."""

    lat: float
    lon: float
    height_amsl: float


class Position(_Shape, frozen=True):
    """Where the system stands, or a drone's home."""

    lat: float
    lon: float
    height_amsl: float


class Velocity(_Shape, frozen=True):
    """Metres a second."""

    east: float
    north: float
    up: float


class Alarm(_Shape, frozen=True):
    """Whether the system tells its operator, and how sure it is."""

    active: bool
    certainty: _Share


Location = (
    Arc | Quad | Bearing | BearingElevation | BearingElevationDistance | Position2d | Position3d
)


class Record(_Shape, frozen=True):
    """One line of a log. time: Unix milliseconds; record_number is unique in the log."""

    record_number: _Whole
    time: _Whole
    classification: Literal["Unknown", "UAV", "GCS", "Other"]
    alarm: Alarm | None = None
    location: Location | None = None
    velocity: Velocity | None = None
    identification: str | None = None
    cuas_location: Position | None = None


class RecordSet(_Shape, frozen=True):
    """Records of one drone (uas_id), or of nobody that was told apart."""

    records: tuple[Record, ...]
    uas_id: _Whole | None = None
    name: str | None = None
    uav_home_location: Position | None = None


class Log(msgspec.Struct, frozen=True):
    """A whole log. A track has a uas_id, and each of its records an alarm and a location."""

    system_name: str
    vendor_name: str
    static_cuas_location: Position
    detection: tuple[RecordSet, ...] = ()
    tracks: tuple[RecordSet, ...] = ()
    version: Literal["0.4.1"] = VERSION


_DECODER = msgspec.json.Decoder(Log)


def write_log(log: Log) -> bytes:
    """Return the log as UTF-8 JSON; FormatError for one that the format does not allow."""
    _check(log, "the log")
    return msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n"


def read_log(data: bytes, name: str) -> Log:
    """Return the log of a file's bytes; FormatError with a sentence where it is none."""
    try:
        log = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            f"{name} is no COURAGEOUS log of version {VERSION}: {error}", name=name
        ) from error
    _check(log, name)
    return log


def _check(log: Log, name: str) -> None:
    """What the types do not say: tracks know who, where and how loud; numbers are unique."""
    seen: set[int] = set()
    for at, one in enumerate((*log.detection, *log.tracks)):
        is_track = at >= len(log.detection)
        if is_track and one.uas_id is None:
            raise FormatError(f"{name}: a track has no uas_id; it needs one", name=name)
        for record in one.records:
            if record.record_number in seen:
                raise FormatError(
                    f"{name}: record_number {record.record_number} is there twice; each record "
                    "has one of its own",
                    name=name,
                )
            seen.add(record.record_number)
            if is_track and (record.alarm is None or record.location is None):
                raise FormatError(
                    f"{name}: record {record.record_number} of a track lacks its alarm or "
                    "location; only detections may",
                    name=name,
                )
