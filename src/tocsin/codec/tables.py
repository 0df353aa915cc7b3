"""Detection tables on disk, Parquet or CSV: names and degrees of docs/formats/detections.md.

Columns that a table does not have are not measured; columns that are not known are passed over.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from tocsin.codec._table_frames import PARQUET_MAGIC
from tocsin.errors import CallError, FormatError
from tocsin.model import CLASSES, AltRef, DetectionBatch, Rejected, Report
from tocsin.units import DEG

__all__ = [
    "DISK_NUMBERS",
    "TableRead",
    "numbers_of",
    "read_detections",
    "read_table",
    "write_detections",
]

# name on disk: (column in memory, factor)
DISK_NUMBERS: dict[str, tuple[str, float]] = {
    "time_s": ("time_s", 1.0),
    "arrival_s": ("arrival_s", 1.0),
    "range_m": ("range_m", 1.0),
    "azimuth_deg": ("azimuth_rad", DEG),
    "elevation_deg": ("elevation_rad", DEG),
    "range_rate_mps": ("range_rate_mps", 1.0),
    "lat": ("lat_deg", 1.0),
    "lon": ("lon_deg", 1.0),
    "alt_m": ("alt_m", 1.0),
    "vel_east_mps": ("vel_east_mps", 1.0),
    "vel_north_mps": ("vel_north_mps", 1.0),
    "vel_up_mps": ("vel_up_mps", 1.0),
    "sigma_range_m": ("sigma_range_m", 1.0),
    "sigma_azimuth_deg": ("sigma_azimuth_rad", DEG),
    "sigma_elevation_deg": ("sigma_elevation_rad", DEG),
    "sigma_range_rate_mps": ("sigma_range_rate_mps", 1.0),
    "sigma_position_m": ("sigma_position_m", 1.0),
    "sigma_alt_m": ("sigma_alt_m", 1.0),
    "sigma_velocity_mps": ("sigma_velocity_mps", 1.0),
}
_TEXTS = ("declared_id", "sensor_track_id", "callsign", "category")
_WHOLE = ("nic", "flags", "journal_frame")
_WORDS = {"report": Report.WORDS, "alt_ref": AltRef.WORDS}
# What no sensor can measure (column in memory, smallest, largest); NaN passes.
_LIMITS = (
    ("range_m", 0.0, 1e7),
    ("azimuth_rad", -360.0 * DEG, 360.0 * DEG),
    ("elevation_rad", -90.0 * DEG, 90.0 * DEG),
    ("range_rate_mps", -1e4, 1e4),
    ("lat_deg", -90.0, 90.0),
    ("lon_deg", -180.0, 180.0),
)


@dataclass(frozen=True, slots=True)
class TableRead:
    """Rows that can be used, in the table's order, and what was refused."""

    detections: DetectionBatch
    rejected: tuple[Rejected, ...]


def read_table(data: bytes, name: str) -> pa.Table:
    """Return the table of a Parquet or CSV file; FormatError where it is none."""
    try:
        if data.startswith(PARQUET_MAGIC):
            table = pa.parquet.read_table(pa.BufferReader(data))
        else:
            table = pa.csv.read_csv(pa.BufferReader(data))
        _ = table.column_names  # names that are no UTF-8 raise here, and not later
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{name} cannot be read as a table: {reason}; give Parquet or CSV", name=name
        ) from error
    return table


def read_detections(data: bytes, name: str, roster: Sequence[str]) -> TableRead:
    """Return the detections of a Parquet or CSV file; `sensor` indexes the roster.

    Heights stay as they are marked (alt_ref). Raises FormatError for a file that is no table or
    lacks time_s or sensor_id.
    """
    table = read_table(data, name)
    for column in ("time_s", "sensor_id"):
        if column not in table.column_names:
            raise FormatError(
                f"{name} has no column {column}; a detection table has time_s and sensor_id",
                name=name,
                column=column,
            )
    batch = DetectionBatch.blank(table.num_rows)
    for disk, (memory, factor) in DISK_NUMBERS.items():
        if disk in table.column_names:
            getattr(batch, memory)[:] = numbers_of(table, disk, name) * factor
    for i, label in enumerate(CLASSES):
        if f"score_{label}" in table.column_names:
            batch.class_scores[:, i] = numbers_of(table, f"score_{label}", name)
    _texts_into(batch, table)
    for column in _WHOLE:
        if column in table.column_names:
            _whole_into(getattr(batch, column), numbers_of(table, column, name))
    if "arrival_s" not in table.column_names:
        batch.arrival_s[:] = batch.time_s
    _sensors_into(batch, table, roster)
    return _judge(batch, name)


def numbers_of(table: pa.Table, column: str, name: str) -> NDArray[np.float64]:
    """Return a column as float64, NaN where it is null."""
    try:
        values = pc.cast(table.column(column), pa.float64()).combine_chunks()
    except pa.ArrowException as error:
        raise FormatError(
            f"column {column} of {name} holds no numbers", name=name, column=column
        ) from error
    out: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    return out


def _whole_into(out: NDArray[Any], values: NDArray[np.float64]) -> None:
    info = np.iinfo(out.dtype)
    good = np.isfinite(values) & (values >= info.min) & (values <= info.max)
    out[good] = values[good].astype(out.dtype)


def _strings(table: pa.Table, column: str) -> list[str]:
    values: list[str | None] = pc.cast(table.column(column), pa.string()).to_pylist()
    return ["" if value is None else value for value in values]


def _texts_into(batch: DetectionBatch, table: pa.Table) -> None:
    for column in _TEXTS:
        if column in table.column_names:
            out = getattr(batch, column)
            width = out.dtype.itemsize
            out[:] = [text.encode()[:width] for text in _strings(table, column)]
    for column, words in _WORDS.items():
        if column in table.column_names:
            codes = {word: code for code, word in enumerate(words)}
            getattr(batch, column)[:] = [codes.get(t, 0) for t in _strings(table, column)]


def _sensors_into(batch: DetectionBatch, table: pa.Table, roster: Sequence[str]) -> None:
    places = {sensor_id: place for place, sensor_id in enumerate(roster)}
    encoded = pc.cast(table.column("sensor_id"), pa.string()).combine_chunks()
    encoded = pc.dictionary_encode(encoded, null_encoding="encode")
    known = [places.get(value, -1) for value in encoded.dictionary.to_pylist()]
    if known:
        indices = encoded.indices.to_numpy(zero_copy_only=False)
        batch.sensor[:] = np.asarray(known, dtype=np.int32)[indices]


def _judge(batch: DetectionBatch, name: str) -> TableRead:
    """Leave out what cannot be used, with counts."""
    rejected = []
    usable = np.ones(len(batch), dtype=np.bool_)
    possible = np.ones(len(batch), dtype=np.bool_)
    for column, low, high in _LIMITS:
        values = getattr(batch, column)
        possible &= np.isnan(values) | ((values >= low) & (values <= high))
    for bad, reason, detail in (
        (batch.sensor < 0, "unknown sensor", "sensor_id is not among the sensors"),
        (~np.isfinite(batch.time_s), "no time", "time_s is missing or no number"),
        (~possible, "impossible value", "an angle, range or place that cannot be"),
    ):
        count = int(np.count_nonzero(bad & usable))
        if count:
            rejected.append(Rejected(name, reason, detail, count=count))
        usable &= ~bad
    late = ~np.isfinite(batch.arrival_s)
    batch.arrival_s[late] = batch.time_s[late]
    turn = 360.0 * DEG
    batch.azimuth_rad[:] = np.where(
        batch.azimuth_rad < 0.0, batch.azimuth_rad + turn, batch.azimuth_rad
    )
    detections = batch if usable.all() else batch.take(usable)
    return TableRead(detections, tuple(rejected))


def write_detections(
    batch: DetectionBatch, roster: Sequence[str], *, format: str = "parquet"
) -> bytes:
    """Return the bytes of a detection table, "parquet" or "csv"; columns without a value are
    left out.
    """
    columns: dict[str, Any] = {
        "time_s": batch.time_s,
        "arrival_s": batch.arrival_s,
        "sensor_id": [roster[place] for place in batch.sensor.tolist()],
        "report": [Report.WORDS[code] for code in batch.report.tolist()],
    }
    for disk, (memory, factor) in DISK_NUMBERS.items():
        values = getattr(batch, memory)
        if disk not in columns and not np.isnan(values).all():
            columns[disk] = values / factor
    if (batch.alt_ref != AltRef.NONE).any():
        columns["alt_ref"] = [AltRef.WORDS[code] for code in batch.alt_ref.tolist()]
    for column in _TEXTS:
        values = getattr(batch, column)
        if (values != b"").any():
            columns[column] = [text.decode("utf-8", "replace") for text in values.tolist()]
    for i, label in enumerate(CLASSES):
        if not np.isnan(batch.class_scores[:, i]).all():
            columns[f"score_{label}"] = np.ascontiguousarray(batch.class_scores[:, i])
    for column, blank in (("nic", -1), ("flags", 0), ("journal_frame", -1)):
        if (getattr(batch, column) != blank).any():
            columns[column] = getattr(batch, column)
    table = pa.table(columns)
    sink = io.BytesIO()
    if format == "parquet":
        pa.parquet.write_table(table, sink, compression="zstd")
    elif format == "csv":
        pa.csv.write_csv(table, sink)
    else:
        raise CallError(f"there is no table format {format!r}; give parquet or csv")
    return sink.getvalue()
