"""Evidence to identity: Bayes over the classes and "none of these", with reasons."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.identity import _kernels, _tables
from tocsin.identity._declared import (
    Tie,
    authorisation_of,
    is_suspect,
    label_declared,
    ties,
)
from tocsin.identity._kernels_columns import SECONDS
from tocsin.identity._reasons import reasons_of
from tocsin.identity._state import IdentityState, keep_into, recall
from tocsin.model import CLASSES, LABELS, DeclaredTable, IdentityTable, Node, TrackTable

__all__ = ["assess_into"]

Floats = NDArray[np.float64]

MULTIROTOR, FIXED_WING, BIRD, AIRCRAFT, BALLOON, OTHER = range(len(CLASSES))
HARMLESS = (BIRD, AIRCRAFT, BALLOON, OTHER)
LABEL_AT = 0.70  # posterior from which a class is named; below it "unknown" is the answer
LABEL_BIRD_AT = 0.80  # nobody is warned of a bird: more is asked before that is said,
BIRD_EVIDENCE = 2.0  # and what was seen must speak for it, not only that birds are common
LABEL_AFTER_S = 2.0  # a first velocity is one difference of two plots
MAX_COAST_S = 5.0  # a track without a plot for this long shows no motion of its own
YOUNG_S = 5.0
TURNS = 5  # older tracks are worked out anew on every fifth look, in turn
# Looks of one sensor are alike: its summed log scores count half, and at most 1 in 400.
SCORE_SHARE = 0.5
SCORE_LIMIT = 6.0
# What a thing says of its class: 1 in 20 lie or are set wrongly; before the link is verified
# the words may be another's, so they count 1 in 3.
WORD_VERIFIED_LN = math.log(20.0)
WORD_PENDING_LN = math.log(3.0)
# Of a thing that no sensor measures only its words are there: who believes its place believes
# its class. Motion speaks against it only where it excludes it.
WORD_ALONE_LN = math.log(400.0)
# An aircraft that declares nothing where there is a receiver for it: some 7 in 10 would have.
SILENT_AIRCRAFT_LN = math.log(0.3)
COOPERATIVE_HARM = 0.02  # what is left of the concern about a verified, authorised flight


_LABEL_OF_CLASS = np.array([LABELS.index(name) for name in CLASSES])


@dataclass(slots=True)
class _Evidence:
    """Log likelihoods (n, classes + none) of each kind of evidence; 0 where it is silent."""

    prior: Floats
    motion: Floats
    scores: Floats
    words: Floats


def assess_into(
    state: IdentityState,
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    now_s: float,
) -> IdentityTable:
    """Return what each row of `tracks` (of all sites together) is taken to be.

    Called once a grid step. `state` learns the motion of each track and forgets tracks that
    are no longer there. Declared words never lower `harm`, except those of a thing that no
    sensor measures (its place and its class are the same word) and those of a flight that is
    verified by position and authorised here and now.
    """
    n = len(tracks)
    table = IdentityTable.blank(n)
    table.track_id = tracks.track_id.copy()
    motion, motion_ln, said = recall(state, tracks.track_id)
    use = (tracks.updated_s > now_s - MAX_COAST_S).astype(np.uint8)
    _kernels.accumulate_into(now_s, tracks.state, tracks.covariance, use, motion)
    due = _due(state, tracks.track_id, motion[:, SECONDS])
    _kinematics_into(motion, due, motion_ln)
    tied = ties(tracks, declared, now_s)
    labels = label_declared(declared)
    evidence = _gather(tracks, declared, node, motion_ln, tied, labels)
    table.conflict = _conflict(evidence)
    fused = _posterior(evidence.prior + evidence.motion + evidence.scores + evidence.words)
    measured = _posterior(evidence.prior + evidence.motion + evidence.scores)
    _unblend_into(fused, table.conflict)
    _unblend_into(measured, _conflict_of_sensors(evidence))
    table.probability = np.ascontiguousarray(fused[:, : len(CLASSES)])
    table.none = fused[:, len(CLASSES)].copy()
    alone = tracks.declared != b""
    table.harm = 1.0 - np.where(alone, _harmless(fused), _harmless(measured))
    table.label = _labels(table, motion[:, SECONDS])
    why_not = _cooperate_into(table, tracks, declared, node, tied, now_s)
    again = due | (said != table.label)
    again[list(tied)] = True
    table.reasons = reasons_of(
        table, tracks, declared, tied, motion, why_not, again=again, before=state.reasons
    )
    keep_into(state, tracks.track_id, motion, motion_ln, table.label, table.reasons)
    return table


def _due(
    state: IdentityState, track_id: NDArray[np.int64], seconds: Floats
) -> NDArray[np.bool_]:
    """Tell which tracks are worked out anew: young ones always, others in turn."""
    due: NDArray[np.bool_] = (track_id + state.looks) % TURNS == 0
    return due | (seconds < YOUNG_S)


def _kinematics_into(motion: Floats, due: NDArray[np.bool_], out: Floats) -> None:
    """Work out the log likelihood of the motion of the rows that are due."""
    fresh = np.zeros((int(due.sum()), len(CLASSES) + 1))
    _kernels.kinematics_into(
        np.ascontiguousarray(motion[due]),
        _tables.SPEED,
        _tables.HEIGHT,
        _tables.SPREAD_LN_MEAN,
        _tables.SPREAD_LN_SD,
        _tables.HOVER,
        fresh,
    )
    out[due] = fresh


def _gather(
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    motion_ln: Floats,
    tied: dict[int, Tie],
    labels: tuple[int, ...],
) -> _Evidence:
    shape = (len(tracks), len(CLASSES) + 1)
    prior = np.tile(_tables.LN_PRIOR, (len(tracks), 1))
    words = np.zeros(shape)
    for row, tie in tied.items():
        words[row] = _words(tie, declared, labels, alone=bool(tracks.declared[row]))
    prior[:, AIRCRAFT] += np.where(_is_silent(tracks, node, tied), SILENT_AIRCRAFT_LN, 0.0)
    return _Evidence(prior, motion_ln, _scores(tracks.class_log), words)


def _is_silent(tracks: TrackTable, node: Node, tied: dict[int, Tie]) -> NDArray[np.bool_]:
    """Tell which tracks declare nothing although their site has an ADS-B receiver."""
    adsb = [s.sites for s in node.sensors if s.kind == "adsb"]
    hears = np.array([any(site.id in sites for sites in adsb) for site in node.sites] + [False])
    silent: NDArray[np.bool_] = hears[np.minimum(tracks.site, len(node.sites))]
    silent[list(tied)] = False
    return silent


def _scores(class_log: Floats) -> Floats:
    """Return what sensors' class reports say; "none of these" gets their mean."""
    best = class_log.max(axis=1, keepdims=True)
    known = np.maximum(SCORE_SHARE * (class_log - best), -SCORE_LIMIT)
    none = known.sum(axis=1, keepdims=True) / len(CLASSES)
    return np.concatenate([known, none], axis=1)


def _words(
    tie: Tie, declared: DeclaredTable, labels: tuple[int, ...], *, alone: bool
) -> Floats:
    """Return what a thing says of its class, as a row of log likelihoods."""
    out = np.zeros(len(CLASSES) + 1)
    label = LABELS[labels[tie.row]]
    if label == "unknown" or is_suspect(int(declared.flags[tie.row])):
        return out
    strength = WORD_VERIFIED_LN if tie.verified else WORD_PENDING_LN
    strength = WORD_ALONE_LN if alone else strength
    out[:] = -strength
    fits = (MULTIROTOR, FIXED_WING) if label == "drone" else (CLASSES.index(label),)
    out[list(fits)] = 0.0
    out[len(CLASSES)] = -0.5 * strength
    return out


def _posterior(ln: Floats) -> Floats:
    out = np.empty_like(ln)
    _kernels.normalise_into(np.ascontiguousarray(ln), out)
    return out


def _conflict(evidence: _Evidence) -> Floats:
    known = slice(0, len(CLASSES))
    out = np.empty(len(evidence.motion))
    _kernels.conflict_into(
        np.ascontiguousarray(evidence.motion[:, known]),
        np.ascontiguousarray(evidence.scores[:, known]),
        np.ascontiguousarray(evidence.words[:, known]),
        out,
    )
    return out


def _conflict_of_sensors(evidence: _Evidence) -> Floats:
    return _conflict(
        _Evidence(
            evidence.prior, evidence.motion, evidence.scores, np.zeros_like(evidence.words)
        )
    )


def _unblend_into(posterior: Floats, conflict: Floats) -> None:
    """Where the sources exclude each other, move belief from every class to "none of these"."""
    keep = np.where(conflict > _tables.CONFLICT_LIMIT, 1.0 - conflict, 1.0)
    posterior[:, :-1] *= keep[:, None]
    posterior[:, -1] = 1.0 - posterior[:, :-1].sum(axis=1)


def _harmless(posterior: Floats) -> Floats:
    # OTHER is a known thing too (a vehicle, debris): a bird that turns sharply looks like one.
    total: Floats = posterior[:, list(HARMLESS)].sum(axis=1)
    return total


def _labels(table: IdentityTable, seconds: Floats) -> NDArray[np.uint8]:
    """Return the label of each row: a class, "drone" (rotor or wing unclear), "unknown"."""
    best = table.probability.argmax(axis=1)
    named = _LABEL_OF_CLASS[best]
    top = table.probability.max(axis=1)
    drone = table.probability[:, MULTIROTOR] + table.probability[:, FIXED_WING]
    enough = np.where(best == BIRD, LABEL_BIRD_AT, LABEL_AT)
    enough = np.where((best == BIRD) & ~_seen_as_bird(table.probability), np.inf, enough)
    label = np.where(top >= enough, named, LABELS.index("unknown"))
    label = np.where((top < LABEL_AT) & (drone >= LABEL_AT), LABELS.index("drone"), label)
    unsure = (table.conflict > _tables.CONFLICT_LIMIT) | (seconds < LABEL_AFTER_S)
    return np.where(unsure, LABELS.index("unknown"), label).astype(np.uint8)


def _seen_as_bird(probability: Floats) -> NDArray[np.bool_]:
    """Tell where the evidence favours a bird over the likelier kind of drone, prior aside."""
    drone = np.maximum(
        probability[:, MULTIROTOR] / _tables.PRIOR["drone_multirotor"],
        probability[:, FIXED_WING] / _tables.PRIOR["drone_fixed_wing"],
    )
    seen: NDArray[np.bool_] = (
        probability[:, BIRD] / _tables.PRIOR["bird"] >= BIRD_EVIDENCE * drone
    )
    return seen


def _cooperate_into(
    table: IdentityTable,
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    tied: dict[int, Tie],
    now_s: float,
) -> dict[int, str]:
    """Mark verified and authorised flights; return why others are not, by row, in words."""
    why_not: dict[int, str] = {}
    for row, tie in tied.items():
        name = bytes(declared.declared_id[tie.row])
        table.declared[row] = name
        east, north, up = (float(v) for v in tracks.state[row, :3])
        height_m = up + (east * east + north * north) / (2.0 * _kernels.EARTH_R_M)
        site = node.sites[int(tracks.site[row])].id if node.sites else ""
        entry, why = authorisation_of(node, name, site, height_m, now_s)
        if entry is None:
            why_not[row] = why
        elif not tie.verified:
            why_not[row] = "its place is not verified by a sensor"
        elif tie.shared:
            why_not[row] = "a second track is too near to tell which of them declares itself"
        else:
            table.cooperative[row] = True
            table.harm[row] = min(float(table.harm[row]), COOPERATIVE_HARM)
    return why_not
