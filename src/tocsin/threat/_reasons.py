"""Why a track threatens a zone, in plain words with weights, most important first."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, ThreatTable, TrackTable
from tocsin.threat import _kernels_columns
from tocsin.threat._state import ThreatState

__all__ = ["reasons_into"]

Floats = NDArray[np.float64]

WITHIN_S = 900.0  # an earliest arrival later than this is listed without words
HARM_FROM = 0.1
TURNS = 5  # reasons are put into words on every fifth look of a track
INBOUND_ODDS = 1.5
ASKED_MORE = 0.1


def reasons_into(
    state: ThreatState,
    tracks: TrackTable,
    node: Node,
    now_s: float,
    table: ThreatTable,
    seen: Floats,
    memory: Floats,
    judged: Floats,
) -> tuple[tuple[str, ...], ...]:
    """Return the reasons of each row of `table`; none where nobody would have to act.

    Each is put into words once a second, in turn, and kept in `state` until then.
    """
    row_of = {track: row for row, track in enumerate(tracks.track_id.tolist())}
    soon = table.arrival_early_s - now_s <= WITHIN_S
    worded = ((table.p_asked >= HARM_FROM) & soon).tolist()
    said: dict[tuple[int, int], tuple[str, ...]] = {}
    out: list[tuple[str, ...]] = []
    for k, (track, zone) in enumerate(zip(table.track_id.tolist(), table.zone.tolist())):
        if not worded[k]:
            out.append(())
            continue
        words = state.reasons.get((track, zone))
        if words is None or (track + state.looks) % TURNS == 0:
            row = row_of[track]
            name = node.sites[int(tracks.site[row])].zones[zone].name
            words = _reasons(
                name,
                now_s,
                tracks.state[row],
                seen[row, zone],
                memory[row],
                judged[row, zone],
                float(table.p_harm[k]),
                _come(memory[row], zone, seen[row, zone], float(table.p_asked[k])),
            )
        said[track, zone] = words
        out.append(words)
    state.reasons = said
    state.looks += 1
    return tuple(out)


def _reasons(
    name: str,
    now_s: float,
    state: Floats,
    seen: Floats,
    memory: Floats,
    cell: Floats,
    harm: float,
    come: tuple[float, str],
) -> tuple[str, ...]:
    words: list[str] = []
    speed = math.sqrt(float(state[3] * state[3] + state[4] * state[4]))
    if seen[_kernels_columns.INSIDE] > 0.0 and seen[_kernels_columns.ABOVE] <= 0.0:
        words.append(f"is over {name} now")
    else:
        soon = float(cell[_kernels_columns.EARLY]) - now_s
        words.append(
            f"{_distance(float(seen[_kernels_columns.NEAR]))} from {name} at {speed:.0f} m/s, "
            f"there in {soon:.0f} s at the earliest"
        )
        words.append(_course(seen, memory, cell))
    if seen[_kernels_columns.ABOVE] > 0.0:
        words.append(f"{seen[_kernels_columns.ABOVE]:.0f} m above the ceiling")
    if state[5] < -1.0:
        words.append(f"descends at {-state[5]:.0f} m/s")
    words.append(f"comes here with {cell[_kernels_columns.P_ZONE]:.0%}")
    words.append(f"a drone or nothing known to be harmless with {harm:.0%}")
    if come[0] >= harm + ASKED_MORE:
        words.append(come[1])
    return tuple(words)


def _come(memory: Floats, zone: int, seen: Floats, asked: float) -> tuple[float, str]:
    """Return what the way so far asks for as if it were harm, and that in words."""
    width = (len(memory) - _kernels_columns.REMEMBERED) // _kernels_columns.OF_ZONE
    far_m = float(memory[_kernels_columns.REMEMBERED + width + zone])
    nearer = _distance(max(0.0, far_m - float(seen[_kernels_columns.NEAR])))
    return asked, f"has come {nearer} nearer: a question for you, as with {asked:.0%}"


def _course(seen: Floats, memory: Floats, cell: Floats) -> str:
    off = abs(math.degrees(float(seen[_kernels_columns.OFF])))
    odds = math.exp(min(float(cell[_kernels_columns.LN_ODDS]), 9.0))
    for_s = float(memory[_kernels_columns.LEG_S])
    if odds >= INBOUND_ODDS:
        return f"course {off:.0f} degrees off, towards it for {for_s:.0f} s (odds x{odds:.0f})"
    if odds <= 1.0 / INBOUND_ODDS:
        return f"course {off:.0f} degrees off, not towards it (odds x{odds:.2f})"
    return f"course {off:.0f} degrees off"


def _distance(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000.0 else f"{metres:.0f} m"
