"""Abstract interceptors: a reach, a number, a chance, a clock. They exist in the simulator
alone.

An interceptor removes a drone and reports to nobody: no message, no button and no interface of
the product knows of it, and it sees the true places, not the product's picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.sim.paths import Path
from tocsin.sim.scenario import Interceptor

__all__ = ["Stop", "stops_of"]

_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Stop:
    """A thing that is gone at at_s, by whom, at which try (from 1)."""

    thing: str
    by: str
    at_s: float
    tries: int


class _Places(Protocol):
    @property
    def things(self) -> tuple[Path, ...]: ...

    def plan(
        self, t_s: NDArray[np.float64], rows: NDArray[np.intp] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...


def stops_of(
    interceptors: Sequence[Interceptor], world: _Places, draws: Draws
) -> tuple[Stop, ...]:
    """Return what is stopped in one raid, in order of time."""
    stopped: dict[str, Stop] = {}
    for site in sorted({i.site for i in interceptors}):
        rows = [r for r, t in enumerate(world.things) if t.hostile and t.site == site]
        if rows:
            _site_stops(
                [i for i in interceptors if i.site == site], world, rows, draws, stopped
            )
    return tuple(sorted(stopped.values(), key=lambda s: s.at_s))


def _site_stops(
    interceptors: list[Interceptor],
    world: _Places,
    rows: list[int],
    draws: Draws,
    stopped: dict[str, Stop],
) -> None:
    """Step through the raid; each interceptor tries the drone longest within its reach."""
    start_s = min(world.things[r].way[0][0] for r in rows)
    end_s = max(world.things[r].way[-1][0] for r in rows)
    times = np.arange(start_s, end_s, _STEP_S)
    plans = {r: world.plan(times, np.full(len(times), r))[0] for r in rows}
    due_s = {
        (i.id, r): _due_s(i, plans[r], times, r, world, draws)
        for i in interceptors
        for r in rows
    }
    ready = {i.id: i.ready for i in interceptors}
    free_s = dict.fromkeys(ready, start_s)
    tries: dict[tuple[str, int], int] = {}
    for step, t_s in enumerate(times):
        for one in interceptors:
            if ready[one.id] == 0 or t_s < free_s[one.id]:
                continue
            within = [
                r
                for r in rows
                if world.things[r].id not in stopped
                and t_s >= due_s[one.id, r]
                and _is_within(one, plans[r][step])
            ]
            if not within:
                continue
            row = min(within, key=lambda r: due_s[one.id, r])
            number = tries[one.id, row] = tries.get((one.id, row), 0) + 1
            ready[one.id] -= 1
            free_s[one.id] = float(t_s) + one.reload_s
            name = world.things[row].id
            share = draws.uniforms(thing_key(f"{one.id}>{name}"), number, Use.TRY)[0, 0]
            if share < one.chance:
                stopped[name] = Stop(name, one.id, float(t_s), number)


def _due_s(
    one: Interceptor,
    plan: NDArray[np.float64],
    times: NDArray[np.float64],
    row: int,
    world: _Places,
    draws: Draws,
) -> float:
    """Return when the decision about a drone is made: some time after it came within reach."""
    within = np.flatnonzero([_is_within(one, place) for place in plan])
    if not within.size:
        return float("inf")
    key = thing_key(f"{one.id}>{world.things[row].id}")
    low, high = one.decision_s
    share = float(draws.uniforms(key, 0, Use.DECISION)[0, 0])
    return float(times[within[0]]) + low + (high - low) * share


def _is_within(one: Interceptor, place: NDArray[np.float64]) -> bool:
    east, north = place[0] - one.offset_m[0], place[1] - one.offset_m[1]
    return bool(east * east + north * north <= one.reach_m * one.reach_m)
