"""Why a track threatens a zone, in plain words with weights, most important first."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, TrackTable
from tocsin.threat import _kernels

__all__ = ["reasons_of"]

Floats = NDArray[np.float64]

WITHIN_S = 900.0  # an earliest arrival later than this is listed without words
HARM_FROM = 0.1
INBOUND_ODDS = 1.5


def reasons_of(
    tracks: TrackTable,
    node: Node,
    now_s: float,
    rows: NDArray[np.intp],
    zones: NDArray[np.intp],
    seen: Floats,
    memory: Floats,
    judged: Floats,
    *,
    harm: Floats,
) -> tuple[tuple[str, ...], ...]:
    """Return the reasons of each (row, zone); none where nobody would have to act."""
    out: list[tuple[str, ...]] = []
    for row, zone in zip(rows.tolist(), zones.tolist()):
        cell = judged[row, zone]
        if harm[row] < HARM_FROM or cell[_kernels.EARLY] - now_s > WITHIN_S:
            out.append(())
            continue
        name = node.sites[int(tracks.site[row])].zones[zone].name
        out.append(
            _reasons(
                name,
                now_s,
                tracks.state[row],
                seen[row, zone],
                memory[row],
                cell,
                float(harm[row]),
            )
        )
    return tuple(out)


def _reasons(
    name: str,
    now_s: float,
    state: Floats,
    seen: Floats,
    memory: Floats,
    cell: Floats,
    harm: float,
) -> tuple[str, ...]:
    words: list[str] = []
    speed = math.sqrt(float(state[3] * state[3] + state[4] * state[4]))
    if seen[_kernels.INSIDE] > 0.0 and seen[_kernels.ABOVE] <= 0.0:
        words.append(f"is over {name} now")
    else:
        soon = float(cell[_kernels.EARLY]) - now_s
        words.append(
            f"{_distance(float(seen[_kernels.NEAR]))} from {name} at {speed:.0f} m/s, "
            f"there in {soon:.0f} s at the earliest"
        )
        words.append(_course(seen, memory, cell))
    if seen[_kernels.ABOVE] > 0.0:
        words.append(f"{seen[_kernels.ABOVE]:.0f} m above the ceiling")
    if state[5] < -1.0:
        words.append(f"descends at {-state[5]:.0f} m/s")
    words.append(f"comes here with {cell[_kernels.P_ZONE]:.0%}")
    words.append(f"a drone or nothing known to be harmless with {harm:.0%}")
    return tuple(words)


def _course(seen: Floats, memory: Floats, cell: Floats) -> str:
    off = abs(math.degrees(float(seen[_kernels.OFF])))
    odds = math.exp(min(float(cell[_kernels.LN_ODDS]), 9.0))
    for_s = float(memory[_kernels.WEIGHT])
    if odds >= INBOUND_ODDS:
        return f"course {off:.0f} degrees off, towards it for {for_s:.0f} s (odds x{odds:.0f})"
    if odds <= 1.0 / INBOUND_ODDS:
        return f"course {off:.0f} degrees off, not towards it (odds x{odds:.2f})"
    return f"course {off:.0f} degrees off"


def _distance(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000.0 else f"{metres:.0f} m"
