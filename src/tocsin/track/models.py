"""Models of one's own for the tracker: how targets move, where they appear, where clutter is.

Each is a frozen value that checks itself; `Options` takes them. Arrays are copied and cannot be
written to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.track import _kernels_layout as kl

__all__ = ["BirthModel", "ClutterMap", "Motion", "MotionModels"]

Floats = NDArray[np.float64]

NEVER_S = 1e9  # time constant of a rate that does not decay, as the kernels want it


@dataclass(frozen=True, slots=True)
class Motion:
    """One way to move: each rate is an Ornstein-Uhlenbeck process.

    q, q_up: spectral density of the horizontal and vertical acceleration noise, m^2/s^3;
    tau_s, tau_up_s: time in which a rate decays by 1/e (infinite: constant velocity; a few
    seconds: hovering). stay_s: mean time that a target keeps to it; first: how likely a new
    target moves so.
    """

    q: float
    q_up: float
    tau_s: float = math.inf
    tau_up_s: float = math.inf
    stay_s: float = 10.0
    first: float = 1.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            endless = name.startswith("tau") and value == math.inf
            if not (value > 0.0 and (math.isfinite(value) or endless)):
                raise CallError(
                    f"motion has {name} {value}; it must be a positive number",
                    name=name, value=value,
                )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class MotionModels:
    """One to three ways to move, between which a target changes.

    jumps (n, n): where a target goes that leaves model r, as row r: probabilities, 0 on the
    diagonal; by default all others alike. The transition matrix over a time dt has
    1 - dt / (dt + stay_s) on the diagonal and the rest dealt out by `jumps`.

    Mode probabilities come out as three columns whatever n is: a lone model is all three of
    them, the second of two is the second and the third.
    """

    models: Sequence[Motion]
    jumps: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.models)
        if not 1 <= n <= kl.MODELS:
            raise CallError(f"there are {n} motion models; give one to {kl.MODELS}", count=n)
        jumps = (
            (1.0 - np.eye(n)) / max(n - 1, 1)
            if self.jumps is None
            else np.array(self.jumps, dtype=np.float64)
        )
        fine = (
            jumps.shape == (n, n)
            and bool(np.all(jumps >= 0.0))
            and bool(np.all(np.diag(jumps) == 0.0))
            and (n == 1 or bool(np.allclose(jumps.sum(axis=1), 1.0)))
        )
        if not fine:
            raise CallError(
                f"jumps must be ({n}, {n}), with probabilities that sum to 1 in each row and 0"
                f" on the diagonal; they are {jumps.tolist()}",
                jumps=jumps.tolist(),
            )
        jumps.setflags(write=False)
        object.__setattr__(self, "models", tuple(self.models))
        object.__setattr__(self, "jumps", jumps)

    def three(self) -> tuple[tuple[Motion, ...], Floats, Floats]:
        """Return three models that do the same, their jumps, and first probabilities."""
        assert self.jumps is not None
        models = tuple(self.models)
        if len(models) == kl.MODELS:
            jumps = self.jumps
        else:
            # Copies of one model stay equal to each other: they mix from the same.
            models = (models[0], models[-1], models[-1])
            jumps = np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
        first = np.array([m.first for m in models])
        if len(self.models) == 2:
            first[1:] *= 0.5
        total = first.sum()
        # What sums to 1 but for rounding stays as it was given, to the bit.
        return models, jumps, first if abs(total - 1.0) < 1e-9 else first / total


@dataclass(frozen=True, slots=True, eq=False)
class BirthModel:
    """How many new targets there are, how fast, and where.

    per_scan: expected number that one scan of one sensor shows. speed_mps: one sigma of each
    horizontal rate of a new target, None for half of the fastest that its sensor reports;
    climb_mps: of the vertical one.
    east_m (a + 1,), north_m (b + 1,): edges of cells in the tracker's frame; weight (a, b): how
    many times the usual number appear there. Beyond the cells, and for bearings, it is 1.
    """

    per_scan: float = 0.1
    speed_mps: float | None = None
    climb_mps: float = 5.0
    east_m: Floats | None = None
    north_m: Floats | None = None
    weight: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("per_scan", "speed_mps", "climb_mps"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0.0):
                raise CallError(
                    f"births have {name} {value}; it must be a positive number",
                    name=name, value=value,
                )  # fmt: skip
        if self.weight is None and self.east_m is None and self.north_m is None:
            return
        weight = _cells("births", "weight", self.weight, "east_m", self.east_m, "north_m",
                        self.north_m)  # fmt: skip
        if not np.all(weight[2] > 0.0):
            raise CallError(
                "births need a weight above 0 in each cell; use 1e-3 for hardly any"
            )
        for name, values in zip(("east_m", "north_m", "weight"), weight):
            object.__setattr__(self, name, values)

    def factor(self, east_m: Floats, north_m: Floats) -> Floats:
        """Return (n,) the weight at each place; 1 beyond the cells and for NaN."""
        out = np.ones(len(east_m))
        if self.weight is None:
            return out
        assert self.east_m is not None
        assert self.north_m is not None
        a, b = _cell_of(self.east_m, east_m), _cell_of(self.north_m, north_m)
        inside = (a >= 0) & (b >= 0)
        out[inside] = self.weight[a[inside], b[inside]]
        return out


@dataclass(frozen=True, slots=True, eq=False)
class ClutterMap:
    """Where one sensor has false alarms: cells of range and azimuth, as it measures them.

    sensor: its id. range_m (a + 1,), azimuth_rad (b + 1,): edges of cells, ascending, azimuth
    over at most a turn; false_alarms (a, b): expected number in each cell in one scan. Within a
    cell they are uniform, also in elevation and range rate. Outside of the cells the sensor's
    own false_alarms_per_scan hold, spread over all that it covers. For a sensor that measures
    no range the rows are summed.
    """

    sensor: str
    range_m: Floats
    azimuth_rad: Floats
    false_alarms: Floats

    def __post_init__(self) -> None:
        of = f"the clutter map of {self.sensor!r}"
        range_m, azimuth, false = _cells(
            of, "false_alarms", self.false_alarms, "range_m", self.range_m, "azimuth_rad",
            self.azimuth_rad,
        )  # fmt: skip
        if azimuth[-1] - azimuth[0] > math.tau + 1e-9 or range_m[0] < 0.0:
            raise CallError(
                f"{of} needs ranges from 0 up and azimuths over at most a turn (radians)",
                sensor=self.sensor,
            )
        for name, values in zip(self.__slots__[1:], (range_m, azimuth, false)):
            object.__setattr__(self, name, values)

    def as_uniform(
        self, range_m: Floats, azimuth_rad: Floats, own: float, extent_m: float,
        extent_rad: float,
    ) -> Floats:  # fmt: skip
        """Return (n,) how many false alarms a scan would have if they were everywhere as dense
        as at each place (range NaN: not measured).

        own: of the sensor outside of the cells; extent_m, extent_rad: of all that it covers.
        """
        begin = self.azimuth_rad[0]
        b = _cell_of(self.azimuth_rad, begin + (azimuth_rad - begin) % math.tau)
        a = _cell_of(self.range_m, range_m)
        ranged = np.isfinite(range_m)
        least = 1e-9  # a density of 0 would make any plot a certain target
        lengths = np.diff(self.range_m)[:, None] / extent_m
        areas = lengths * (np.diff(self.azimuth_rad)[None, :] / extent_rad)
        dense = np.maximum(self.false_alarms / areas, least)
        summed = np.maximum(
            self.false_alarms.sum(axis=0) / (np.diff(self.azimuth_rad) / extent_rad), least
        )
        out = np.full(len(range_m), own)
        inside = ranged & (a >= 0) & (b >= 0)
        out[inside] = dense[a[inside], b[inside]]
        flat = ~ranged & (b >= 0)
        out[flat] = summed[b[flat]]
        return out

    def total(self, own: float, extent_m: float, extent_rad: float) -> float:
        """Return the false alarms of a whole scan: those of the cells and, outside, its own."""
        inside = (self.range_m[-1] - self.range_m[0]) * (
            self.azimuth_rad[-1] - self.azimuth_rad[0]
        )
        rest = max(1.0 - inside / (extent_m * extent_rad), 0.0)
        return float(self.false_alarms.sum() + own * rest)


def _cell_of(edges: Floats, values: Floats) -> NDArray[np.int64]:
    """Return the cell of each value, -1 outside or for NaN."""
    cell = np.searchsorted(edges, values, side="right") - 1
    return np.where(cell >= len(edges) - 1, -1, cell).astype(np.int64)


def _cells(
    of: str, name: str, values: object, first: str, a_edges: object, second: str,
    b_edges: object,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Return checked copies of edges (a + 1,), (b + 1,) and of values (a, b), read-only."""
    if values is None or a_edges is None or b_edges is None:
        raise CallError(f"{of} must have {first}, {second} and {name}, or none of them")
    edges = []
    for label, given in ((first, a_edges), (second, b_edges)):
        edge = np.array(given, dtype=np.float64)
        if edge.ndim != 1 or len(edge) < 2 or not np.all(np.diff(edge) > 0.0):
            raise CallError(f"{of}: {label} must be two or more ascending edges", name=label)
        edges.append(edge)
    table = np.array(values, dtype=np.float64)
    shape = len(edges[0]) - 1, len(edges[1]) - 1
    if table.shape != shape or not np.all(np.isfinite(table)) or np.any(table < 0.0):
        raise CallError(
            f"{of}: {name} has shape {table.shape}; it must be {shape}, with no number below 0",
            name=name, shape=table.shape,
        )  # fmt: skip
    for array in (*edges, table):
        array.setflags(write=False)
    return edges[0], edges[1], table
