"""What a caller of the library hands in, checked before kernels read it.

A node builds its batches itself and pays for none of this.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.model import CLASSES, Coverage, DetectionBatch, Report

__all__ = ["newest_s", "sound", "sound_looks"]

# The columns that the tracker reads, with the type that its kernels take.
_FLOAT = np.dtype(np.float64)
_TYPES: dict[str, np.dtype[Any]] = {
    "time_s": _FLOAT, "arrival_s": _FLOAT, "sensor": np.dtype(np.int32),
    "report": np.dtype(np.uint8), "range_m": _FLOAT, "azimuth_rad": _FLOAT,
    "elevation_rad": _FLOAT, "range_rate_mps": _FLOAT, "sigma_range_m": _FLOAT,
    "sigma_azimuth_rad": _FLOAT, "sigma_elevation_rad": _FLOAT, "sigma_range_rate_mps": _FLOAT,
    "class_scores": _FLOAT, "flags": np.dtype(np.uint16),
}  # fmt: skip
_columns = attrgetter(*_TYPES)
# A clock that is set wrong is off by hours (its zone) or years; what is under way, by seconds.
_APART_S = 3600.0


def sound(batch: DetectionBatch) -> DetectionBatch:
    """Return the batch with each column that the tracker reads of the type and in the order
    that kernels take: itself where that is so, else with copies of the columns that need it.

    Raises CallError for a column of another length than time_s, or whose values do not fit.
    """
    n = math.prod(np.shape(batch.time_s)[:1])
    mended = {}
    flat, square = (n,), (n, len(CLASSES))
    for (name, dtype), column in zip(_TYPES.items(), _columns(batch)):
        shape = square if name == "class_scores" else flat
        if (
            type(column) is np.ndarray and column.dtype == dtype and column.shape == shape
            and column.flags.carray
        ):  # fmt: skip
            continue
        mended[name] = _mended(name, column, dtype, shape)
    return replace(batch, **mended) if mended else batch


def _mended(
    name: str, column: Any, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    try:
        values = np.asarray(column)
    except ValueError as error:
        raise CallError(f"column {name} is no array: {error}", name=name) from None
    if values.shape != shape:
        raise CallError(
            f"column {name} has shape {values.shape}; beside time_s of {shape[0]} it must be"
            f" {shape}",
            name=name, shape=values.shape,
        )  # fmt: skip
    if np.ma.is_masked(column):
        raise CallError(
            f"column {name} is masked; give a plain array, NaN where nothing was measured",
            name=name,
        )
    fits = values.dtype.kind in "biuf"
    if fits:
        with np.errstate(invalid="ignore", over="ignore"):
            cast = np.require(values, dtype, ["C", "A", "W"])
        fits = dtype.kind == "f" or bool(np.array_equal(cast, values))
    if not fits:
        raise CallError(
            f"column {name} holds {values.dtype} that cannot be {dtype} without loss; give"
            f" numbers that fit in {dtype}",
            name=name, dtype=str(values.dtype),
        )  # fmt: skip
    return cast


def sound_looks(coverages: Iterable[Coverage], roster: int) -> tuple[list[Coverage], list[str]]:
    """Return the looks of known sensors that can be, and why others are left out, each."""
    looks, why = [], []
    for look in coverages:
        if not isinstance(look.sensor, int | np.integer):
            raise CallError(
                f"a Coverage is of sensor {look.sensor!r}; give the sensor's place, a whole"
                " number",
                sensor=look.sensor,
            )
        if not 0 <= look.sensor < roster:
            why.append("look of no known sensor")
        elif not (math.isfinite(look.azimuth_from_rad) and math.isfinite(look.azimuth_to_rad)):
            why.append("look not possible")
        else:
            looks.append(look)
    return looks, why


def newest_s(batch: DetectionBatch, roster: int, now_s: float) -> float:
    """Return the newest finite time of plots of known sensors, or now_s where that is newer.

    Once there is a now_s, times more than an hour after all others of the batch do not count:
    one wrong clock would end every track. A batch that is wholly later is a gap.
    """
    columns = [batch.time_s, batch.arrival_s]
    known = batch.sensor.view(np.uint32) < roster
    if np.count_nonzero(known) < len(known) or np.count_nonzero(batch.report):
        known &= batch.report == Report.PLOT
        columns = [column[known] for column in columns]
    newest = max(float(np.fmax.reduce(column, initial=now_s)) for column in columns)
    if newest - now_s <= _APART_S:  # so it is in all but a few steps
        return newest
    columns = [column[column < math.inf] for column in columns]
    newest = max(float(column.max(initial=now_s)) for column in columns)
    if newest == -math.inf:
        raise CallError(
            "the first batch holds no plot of a known sensor with a time; give now_s",
            now_s=now_s,
        )
    if now_s == -math.inf:
        return newest
    times = np.concatenate(columns)
    times = np.sort(times[times > now_s - _APART_S])
    breaks = np.flatnonzero(np.diff(times) > _APART_S)
    return max(now_s, float(times[breaks[0]])) if breaks.size else newest
