"""Why a track is taken to be what it is, in plain words, most important first."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.identity._declared import Tie, suspicions
from tocsin.identity._kernels_columns import (
    HEIGHT_SUM,
    HOVER_SUM,
    LATERAL,
    LATERAL_NOISE,
    SECONDS,
    SPEED_SUM,
    SPREAD_WEIGHT,
    WEIGHT,
)
from tocsin.identity._tables import CONFLICT_LIMIT
from tocsin.model import CLASSES, LABELS, DeclaredTable, IdentityTable, TrackTable

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
    tied: dict[int, Tie],
    motion: NDArray[np.float64],
    why_not: dict[int, str],
    *,
    again: NDArray[np.bool_],
    before: dict[int, tuple[str, ...]],
) -> tuple[tuple[str, ...], ...]:
    """Return the reasons of each row: put into words where `again`, else as they were `before`.

    Tentative tracks get none, nobody acts on them.
    """
    out: list[tuple[str, ...]] = []
    fresh, confirmed = again.tolist(), tracks.status.tolist()
    for row, track in enumerate(tracks.track_id.tolist()):
        if not confirmed[row]:
            out.append(())
        elif fresh[row] or track not in before:
            tie, why = tied.get(row), why_not.get(row, "")
            out.append(_reasons(row, table, tracks, declared, tie, motion[row], why))
        else:
            out.append(before[track])
    return tuple(out)


def _reasons(
    row: int,
    table: IdentityTable,
    tracks: TrackTable,
    declared: DeclaredTable,
    tie: Tie | None,
    motion: NDArray[np.float64],
    why_not: str,
) -> tuple[str, ...]:
    words: list[str] = []
    label = LABELS[int(table.label[row])]
    if table.conflict[row] > CONFLICT_LIMIT:
        words.append("sources disagree about what it is")
    elif label != "unknown":
        words.append(f"{WORDS[label]} ({_share(row, table, label):.0%})")
    elif motion[SECONDS] < 5.0:
        words.append(f"too early to tell: seen for {motion[SECONDS]:.0f} s")
    else:
        words.append("no class is clear")
    if tie is not None:
        words += _about_words(table, declared, tie, row, why_not)
    words += _about_scores(tracks, row)
    words.append(_about_motion(motion))
    return tuple(w for w in words if w)


def _share(row: int, table: IdentityTable, label: str) -> float:
    if label == "drone":
        return float(table.probability[row, 0] + table.probability[row, 1])
    return float(table.probability[row, CLASSES.index(label)])


def _about_words(
    table: IdentityTable, declared: DeclaredTable, tie: Tie, row: int, why_not: str
) -> list[str]:
    name = bytes(declared.declared_id[tie.row]).decode("ascii", "replace")
    words = list(suspicions(int(declared.flags[tie.row])))
    if table.cooperative[row]:
        words.append(f"authorised flight {name}, its place verified by a sensor")
    else:
        state = "its place verified by a sensor" if tie.verified else "not verified"
        words.append(f"says of itself that it is {name} ({state})")
        if why_not:
            words.append(why_not)
    return words


def _about_scores(tracks: TrackTable, row: int) -> list[str]:
    scores = tracks.class_log[row]
    best = int(scores.argmax())
    if float(scores[best] - scores.min()) < SCORED_AT:
        return []
    return [f"a sensor reports {WORDS[CLASSES[best]]}"]


def _about_motion(motion: NDArray[np.float64]) -> str:
    weight = float(motion[WEIGHT])
    if weight <= 0.0:
        return ""
    speed, height = motion[SPEED_SUM] / weight, motion[HEIGHT_SUM] / weight
    text = f"{speed:.0f} m/s at {height:.0f} m above ground"
    if motion[HOVER_SUM] > 0.3 * weight:
        text += ", hovering"
    seen = float(motion[SPREAD_WEIGHT])
    if seen > 5.0:
        wander = math.sqrt(max(0.0, float(motion[LATERAL] - motion[LATERAL_NOISE])) / seen)
        text += f", wandering {wander:.1f} m/s to the sides" if wander > 0.8 else ", steady"
    return text
