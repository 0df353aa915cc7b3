"""Tables of a recording as payloads that the decoders read: one a time of arrival."""

import csv
import io
import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from tocsin.codec.detections import Detection, parse_body
from tocsin.codec.plots_csv import DEFAULT, is_header, time_of
from tocsin.codec.statevectors import NEEDED
from tocsin.errors import FormatError

__all__ = [
    "PARQUET_MAGIC", "body_frames", "line_frames", "statevector_frames", "table_frames",
]  # fmt: skip

PARQUET_MAGIC = b"PAR1"
_FIELDS = frozenset(Detection.__struct_fields__)


def statevector_frames(data: bytes, name: str) -> Iterator[tuple[float, str, bytes]]:
    """Give one payload (header and rows) a snapshot, in the order of time.

    Rows without a time come with the first snapshot, for the decoder to count.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} is no text in UTF-8: {error}", name=name) from error
    header = lines[0] if lines else ""
    names = next(csv.reader([header]), [])
    for column in NEEDED:
        if column not in names:
            raise FormatError(
                f"{name} has no column {column}; state vectors have {', '.join(NEEDED)}",
                name=name,
                column=column,
            )
    place = names.index("time")
    stamped = [(_time(line, place), line) for line in lines[1:] if line.strip()]
    known = [time_s for time_s, _line in stamped if not math.isnan(time_s)]
    first_s = min(known, default=0.0)
    ordered = sorted(
        ((first_s if math.isnan(t) else t, line) for t, line in stamped), key=lambda p: p[0]
    )
    for time_s, group in groupby(ordered, key=lambda pair: pair[0]):
        rows = "\n".join([header, *(line for _time_s, line in group)])
        yield time_s, "", rows.encode()


def _time(line: str, place: int) -> float:
    cells = line.split(",")
    try:
        time_s = float(cells[place])
    except (ValueError, IndexError):
        return math.nan
    return time_s if 0.0 <= time_s < 1e11 else math.nan


def table_frames(data: bytes, name: str) -> Iterator[tuple[float, str, bytes]]:
    """Give one body of ``POST /api/v1/detections`` a time of arrival."""
    from tocsin.codec import tables  # noqa: PLC0415 - pyarrow, which no other recording needs

    table = tables.read_table(data, name)
    for column in ("time_s", "sensor_id"):
        if column not in table.column_names:
            raise FormatError(
                f"{name} has no column {column}; a detection table has time_s and sensor_id",
                name=name,
                column=column,
            )
    arrival = "arrival_s" if "arrival_s" in table.column_names else "time_s"
    times = tables.numbers_of(table, arrival, name)
    order = np.argsort(np.where(np.isfinite(times), times, -np.inf), kind="stable")
    times = times[order]
    rows = table.take(order)
    edges = np.flatnonzero(np.diff(times) != 0.0) + 1
    starts = [0, *edges.tolist()] if len(times) else []
    stops = [*edges.tolist(), len(times)]
    newest_s = float(times[np.isfinite(times)][0]) if np.isfinite(times).any() else 0.0
    for start, stop in zip(starts, stops, strict=False):
        if math.isfinite(times[start]):
            newest_s = float(times[start])
        items = [_item(row) for row in rows.slice(start, stop - start).to_pylist()]
        yield newest_s, "", msgspec.json.encode(items)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a table as a detection of a body; NaN and null are left out."""
    item = {name: value for name, value in row.items() if name in _FIELDS and _is_said(value)}
    scores = {
        name[6:]: value
        for name, value in row.items()
        if name.startswith("score_") and _is_said(value)
    }
    return item | {"class_scores": scores} if scores else item


def _is_said(value: Any) -> bool:
    return not (
        value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    )


def line_frames(data: bytes, name: str, start_s: float) -> Iterator[tuple[float, str, bytes]]:
    """Give the lines of a file of plots one by one, at their own times; a time that goes back
    comes with the newest before it.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} is no text in UTF-8: {error}", name=name) from error
    names: tuple[str, ...] = DEFAULT
    newest_s, count = start_s, 0
    for line in lines:
        cells = [c.strip().strip('"') for c in line.split(";" if ";" in line else ",")]
        if is_header(cells):
            names, count = tuple(cells), count + 1
        else:
            time_s = time_of(names, cells)
            if time_s is not None and 0.0 <= time_s < 1e11:
                newest_s, count = max(newest_s, time_s), count + 1
        yield newest_s, "", line.encode() + b"\n"
    if not count:
        raise FormatError(
            f"{name} has no line of plots; they are {', '.join(DEFAULT)}, or as a first line "
            "of names says",
            name=name,
        )


def body_frames(data: bytes, start_s: float) -> Iterator[tuple[float, str, bytes]]:
    """Give the bodies of a file, one a line (or the whole file, where it is one body)."""
    lines = [line for line in io.BytesIO(data) if line.strip()]
    if len(lines) > 1 and isinstance(parse_body(lines[0]), str):
        lines = [data]
    stamped, newest_s = [], start_s
    for line in lines:
        newest_s = _newest(line, newest_s)
        stamped.append((newest_s, line))
    stamped.sort(key=lambda pair: pair[0])
    return ((time_s, "", line) for time_s, line in stamped)


def _newest(line: bytes, default_s: float) -> float:
    """Return the time at which a body was complete: its newest detection, or its scan's end."""
    body = parse_body(line)
    if isinstance(body, str):
        return default_s
    times = [item.time_s for _index, item in body.detections]
    if body.scan is not None:
        times.append(body.scan.end_s)
    return max(times, default=default_s)
