"""Why a track is taken to be what it is, in plain words, most important first."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.identity._declared import Tie, suspicions, unseen
from tocsin.identity._emitters import TRANSMITS_LN
from tocsin.identity._kernels_columns import (
    HEIGHT_KNOWN,
    HEIGHT_SUM,
    HOVER_SUM,
    LATERAL,
    LATERAL_NOISE,
    SECONDS,
    SPEED_SUM,
    SPREAD_WEIGHT,
    WEIGHT,
)
from tocsin.identity._kernels_fusion import CONFLICT_LIMIT
from tocsin.model import CLASSES, LABELS, DeclaredTable, IdentityTable, Node, TrackTable

__all__ = ["reasons_of"]

WORDS = {
    "unknown": "unknown",
    "drone_multirotor": "multirotor drone",
    "drone_fixed_wing": "fixed-wing drone",
    "drone": "drone",
    "bird": "bird",
    "aircraft": "aircraft",
    "balloon": "balloon",
    "other": "something else",
}
SCORED_AT = 0.5  # a sensor's summed log score from which its word is quoted


def reasons_of(
    table: IdentityTable,
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    tied: dict[int, Tie],
    motion: NDArray[np.float64],
    about: dict[int, str],
    heard: NDArray[np.float64],
    *,
    again: NDArray[np.bool_],
    before: dict[int, tuple[str, ...]],
) -> tuple[tuple[str, ...], ...]:
    """Return the reasons of each row: put into words where `again`, else as they were `before`.

    Tentative tracks get none, nobody acts on them.
    """
    out: list[tuple[str, ...]] = []
    fresh, confirmed = again.tolist(), tracks.status.tolist()
    labels, conflict = table.label.tolist(), table.conflict.tolist()
    for row, track in enumerate(tracks.track_id.tolist()):
        if not confirmed[row]:
            out.append(())
        elif fresh[row] or track not in before:
            mine: list[float] = motion[row].tolist()
            words = _about_label(row, table, labels[row], conflict[row], mine)
            tie = tied.get(row)
            if tie is not None:
                why = about.get(row, "")
                words += _about_words(table, declared, node, tie, row, why)
            words += _about_scores(tracks.class_log[row].tolist())
            if heard[row] >= TRANSMITS_LN:
                words.append("a direction finder hears a transmitter where it is")
            words += _about_motion(mine)
            out.append(tuple(words))
        else:
            out.append(before[track])
    return tuple(out)


def _about_label(
    row: int, table: IdentityTable, number: int, conflict: float, motion: list[float]
) -> list[str]:
    label = LABELS[number]
    if conflict > CONFLICT_LIMIT:
        return ["sources disagree about what it is"]
    if label != "unknown":
        return [f"{WORDS[label]} ({_share(row, table, label):.0%})"]
    if motion[SECONDS] < 5.0:
        return [f"too early to tell: seen for {motion[SECONDS]:.0f} s"]
    return ["no class is clear"]


def _share(row: int, table: IdentityTable, label: str) -> float:
    if label == "drone":
        return float(table.probability[row, 0] + table.probability[row, 1])
    return float(table.probability[row, CLASSES.index(label)])


def _about_words(
    table: IdentityTable,
    declared: DeclaredTable,
    node: Node,
    tie: Tie,
    row: int,
    about: str,
) -> list[str]:
    name = bytes(declared.declared_id[tie.row]).decode("ascii", "replace")
    words = [*suspicions(int(declared.flags[tie.row])), *unseen(declared, node, tie.row)]
    if table.cooperative[row]:
        words.append(f"authorised flight {name} of {about}, its place verified by a sensor")
    else:
        state = "its place verified by a sensor" if tie.verified else "not verified"
        words.append(f"says of itself that it is {name} ({state})")
        if about:
            words.append(about)
    return words


def _about_scores(scores: list[float]) -> list[str]:
    most = max(scores)
    if most - min(scores) < SCORED_AT:
        return []
    return [f"a sensor reports {WORDS[CLASSES[scores.index(most)]]}"]


def _about_motion(motion: list[float]) -> list[str]:
    weight = motion[WEIGHT]
    if weight <= 0.0:
        return []
    speed, height = motion[SPEED_SUM] / weight, motion[HEIGHT_SUM] / motion[HEIGHT_KNOWN]
    text = f"{speed:.0f} m/s at {height:.0f} m above ground"
    if motion[HOVER_SUM] > 0.3 * weight:
        text += ", hovering"
    seen = motion[SPREAD_WEIGHT]
    if seen > 5.0:
        wander = math.sqrt(max(0.0, motion[LATERAL] - motion[LATERAL_NOISE]) / seen)
        text += f", wandering {wander:.1f} m/s to the sides" if wander > 0.8 else ", steady"
    return [text]
