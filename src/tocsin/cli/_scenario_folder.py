"""A scenario folder, read: what is wrong in it is a sentence that names the file."""

import json
import math
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tocsin.errors import ScenarioError, SiteError
from tocsin.model import Sensor
from tocsin.sensor.table import check_sensor

__all__ = ["read_detections", "read_site"]

_COLUMNS = ("time_s", "sensor_id", "range_m", "azimuth_deg", "elevation_deg", "range_rate_mps")
_DAY_S = 86_400.0
_MOST_DAYS = 31.0  # second by second: a t0 of 1970 would take hours for nothing
UNKNOWN = -2  # place of a sensor that sensors.json does not name; -1 is counted already


def read_site(folder: Path) -> tuple[tuple[float, float, float], float, list[Sensor]]:
    """Return the origin (lat, lon, height), t0 and the sensors of a scenario folder.

    Raises ScenarioError for a file that is missing or broken, or a value that cannot be.
    """
    if folder.is_file():
        raise ScenarioError(
            f"{folder} is a file; give the scenario folder, which holds site.json, sensors.json"
            " and detections.parquet",
            path=str(folder),
        )
    if not folder.is_dir():
        raise ScenarioError(f"there is no scenario folder {folder}", path=str(folder))
    path = folder / "site.json"
    site = _read_json(path)
    values = []
    for name, most in (("lat", 90.0), ("lon", 360.0), ("alt_m", 100_000.0), ("t0", 1e11)):
        value = site.get(name) if isinstance(site, dict) else None
        if not (_is_number(value) and abs(value) <= most):
            raise ScenarioError(
                f"{path} needs numbers lat, lon (degrees), alt_m and t0 (Unix seconds);"
                f" {name} is {_short(value)}",
                path=str(path), name=name,
            )  # fmt: skip
        values.append(float(value))
    lat, lon, alt_m, t0 = values
    return (lat, lon, alt_m), t0, _read_sensors(folder / "sensors.json")


def _read_sensors(path: Path) -> list[Sensor]:
    rows = _read_json(path)
    if not isinstance(rows, list) or not rows:
        raise ScenarioError(
            f"{path} must be a list of sensors; it is {_short(rows)}", path=str(path)
        )
    sensors: list[Sensor] = []
    for row in rows:
        if (
            not isinstance(row, dict) or not isinstance(row.get("id"), str)
            or row.get("lat") is None or row.get("lon") is None
        ):  # fmt: skip
            raise ScenarioError(
                f"{path}: every sensor needs id, lat and lon; this one does not have them:"
                f" {_short(row)}",
                path=str(path),
            )
        try:
            sensor = msgspec.convert(row, Sensor)
        except msgspec.ValidationError as error:
            raise ScenarioError(
                f"{path}: sensor {row['id']!r} cannot be read: {error}", sensor=row["id"]
            ) from None
        _check(sensor, path)
        if any(sensor.id == other.id for other in sensors):
            raise ScenarioError(
                f"{path}: there are two sensors {sensor.id!r}; give each an id of its own",
                sensor=sensor.id,
            )
        sensors.append(sensor)
    return sensors


def _check(sensor: Sensor, path: Path) -> None:
    """Raise ScenarioError for a value that no sensor can have."""
    try:
        check_sensor(sensor)
    except SiteError as error:
        raise ScenarioError(f"{path}: {error}", **{**error.data, "sensor": sensor.id}) from None


def read_detections(folder: Path, sensors: list[Sensor], t0: float) -> dict[str, NDArray[Any]]:
    """Return the columns, in the order of arrival; sensor as an index, or UNKNOWN.

    A detection that says no arrival has arrived at its own time. Raises ScenarioError for a
    table that is missing or broken, lacks a column, or reaches more than a month after t0.
    """
    path = folder / "detections.parquet"
    if not path.exists():
        raise ScenarioError(f"{folder} has no detections.parquet", path=str(path))
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid) as error:
        raise ScenarioError(f"{path} cannot be read: {error}", path=str(path)) from None
    for name in _COLUMNS:
        if name not in names:
            raise ScenarioError(
                f"{path} has no column {name}; it needs {', '.join(_COLUMNS)}", column=name
            )
    # One column after another: the whole table beside its copy is a third of the memory.
    file = pq.ParquetFile(path)
    roster = pa.array([s.id for s in sensors])
    columns: dict[str, NDArray[Any]] = {}
    for name in (*_COLUMNS, *(["arrival_s"] if "arrival_s" in names else [])):
        try:
            column = file.read(columns=[name], use_threads=False).column(0)
            if name == "sensor_id":
                place = pc.fill_null(pc.index_in(column.cast(pa.string()), roster), UNKNOWN)
                columns["sensor"] = place.to_numpy().astype(np.int32)
            else:
                columns[name] = column.cast(pa.float64()).to_numpy()
        except (OSError, pa.ArrowException) as error:
            kind = pq.read_schema(path).field(name).type
            raise ScenarioError(
                f"{path}: column {name} is of type {kind} and cannot be read: {error}",
                column=name,
            ) from None
    pa.default_memory_pool().release_unused()
    columns["arrival_s"] = _arrivals(columns, t0, path)
    if np.any(np.diff(columns["arrival_s"]) < 0.0):
        order = np.argsort(columns["arrival_s"], kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
    return columns


def _arrivals(columns: dict[str, NDArray[Any]], t0: float, path: Path) -> NDArray[np.float64]:
    """Return when each detection arrived; one without any time comes with the last of all."""
    time_s = columns["time_s"]
    arrival_s = columns.get("arrival_s", time_s)
    finite = np.isfinite(arrival_s)
    if not finite.all():
        arrival_s = np.where(finite, arrival_s, time_s)
        known = np.isfinite(arrival_s)
        newest = arrival_s[known].max() if known.any() else t0
        arrival_s = np.where(known, arrival_s, newest)
    days = (arrival_s.max(initial=t0) - t0) / _DAY_S
    if days > _MOST_DAYS:
        raise ScenarioError(
            f"{path} reaches {days:.4g} days after the t0 of site.json, which is {t0}; it may"
            f" be at most {_MOST_DAYS:.0f}: correct t0, or cut the recording",
            days=days,
        )
    return np.ascontiguousarray(arrival_s)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(
            f"{path.parent} has no {path.name}; a scenario folder holds site.json, sensors.json"
            " and detections.parquet",
            path=str(path),
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}", path=str(path)) from None


def _is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
