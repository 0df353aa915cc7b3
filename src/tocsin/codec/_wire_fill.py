"""Columns of tables into the fields of the live socket's records, and who has which."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.model import CLASSES, LABELS, SystemTable

__all__ = ["Rows", "Wires", "fill_motion", "is_placed", "system_label", "whole"]

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Wires:
    """Who has which wire id: (True, declared id) or (False, track id) to a number that is
    never used again.
    """

    ids: dict[tuple[bool, int | bytes], int] = field(default_factory=dict)
    next: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """One picture as records, sorted as it came: tracks near a site, then what declares itself,
    then what only other trackers know of.

    updated_s is row by row the time of the last detection; keys name the rows as in Wires;
    track_rows, declared_rows and system_rows are the rows in their tables.
    """

    t_s: float
    records: NDArray[np.void]
    updated_s: NDArray[np.float64]
    keys: tuple[tuple[bool, int | bytes], ...]
    track_rows: NDArray[np.intp]
    declared_rows: NDArray[np.intp]
    system_rows: NDArray[np.intp]


class _Placed(Protocol):
    lat_deg: Floats
    lon_deg: Floats
    alt_m: Floats
    vel_east_mps: Floats
    vel_north_mps: Floats
    vel_up_mps: Floats


def is_placed(table: _Placed) -> NDArray[np.bool_]:
    """Tell which rows have a position."""
    return np.isfinite(table.lat_deg) & np.isfinite(table.lon_deg)


def fill_motion(records: NDArray[np.void], table: _Placed, rows: NDArray[np.intp]) -> None:
    """Write place and velocity of the rows."""
    records["lat"] = whole(table.lat_deg[rows] * 1e7, -900_000_000, 900_000_000)
    records["lon"] = whole(table.lon_deg[rows] * 1e7, -1_800_000_000, 1_800_000_000)
    records["alt"] = whole(table.alt_m[rows], -32_768, 32_767)
    records["v_north"] = whole(table.vel_north_mps[rows] * 10.0, -32_768, 32_767)
    records["v_east"] = whole(table.vel_east_mps[rows] * 10.0, -32_768, 32_767)
    records["v_up"] = whole(table.vel_up_mps[rows] * 10.0, -32_768, 32_767)


def whole(values: Floats, low: int, high: int) -> NDArray[np.int64]:
    """Round into the range of a field; what is not known becomes 0."""
    return np.clip(np.rint(np.nan_to_num(values, nan=0.0)), low, high).astype(np.int64)


def system_label(table: SystemTable, k: int) -> str:
    """Return what another tracker's track is by its class scores, or by its Mode S address."""
    scores = table.class_log[k].tolist()
    if any(scores):
        word = CLASSES[scores.index(max(scores))]
        return word if word in LABELS else "unknown"
    return "aircraft" if table.declared_id[k] else "unknown"
