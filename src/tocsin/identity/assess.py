"""Evidence to identity: Bayes over the classes and "none of these", with reasons."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tocsin.identity import (
    _kernels,
    _kernels_fusion,
    _kernels_memory,
    _kernels_rejoin,
    _kernels_sums,
    _motion,
    _tables,
)
from tocsin.identity._declared import (
    Tie,
    authorisation_of,
    is_suspect,
    label_declared,
    ties,
)
from tocsin.identity._emitters import as_scores, transmitting
from tocsin.identity._kernels_columns import HELD, SECONDS
from tocsin.identity._notch import notches_of
from tocsin.identity._reasons import reasons_of
from tocsin.identity._state import IdentityState, keep_into, lose_into, recall
from tocsin.model import (
    CLASSES,
    LABELS,
    Authorisation,
    DeclaredTable,
    IdentityTable,
    Node,
    TrackStatus,
    TrackTable,
)

__all__ = ["assess_into"]

Floats = NDArray[np.float64]
Papers = tuple[Authorisation | None, str]

MAX_COAST_S = 5.0  # a track without a plot for this long shows no motion of its own
YOUNG_S = 5.0
TURNS = 5  # older tracks are worked out anew on every fifth look, in turn
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


_DRONES = tuple(CLASSES.index(name) for name in ("drone_multirotor", "drone_fixed_wing"))
# model.LABELS by what `fuse_into` calls a label
_LABEL_OF = np.array([LABELS.index(name) for name in (*CLASSES, "drone", "unknown")], np.uint8)


def assess_into(
    state: IdentityState,
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    now_s: float,
    *,
    worded: bool = True,
) -> IdentityTable:
    """Return what each row of `tracks` (of all sites together) is taken to be; without reasons
    where not `worded`.

    Called once a grid step. `state` learns the motion of each track and forgets tracks that
    are no longer there. Declared words never lower `harm`, except those of a thing that no
    sensor measures (its place and its class are the same word) and those of a flight that is
    verified by position and authorised here and now. One that says that it is a drone, and
    that nobody answers for, is as likely to be one when a sensor measures it as before.
    """
    n = len(tracks)
    table = _empty(tracks.track_id)
    motion, motion_ln, said = recall(state, tracks.track_id)
    lose_into(state, tracks.track_id, motion, said, now_s)
    due = np.empty(n, dtype=np.bool_)
    _kernels_memory.look_into(
        now_s, MAX_COAST_S, YOUNG_S, state.looks, TURNS, tracks.track_id, tracks.updated_s,
        tracks.sensors, *notches_of(node), tracks.state, tracks.covariance,
        np.empty(n, dtype=np.uint8), motion, due,
    )  # fmt: skip
    _kernels_rejoin.rejoin_into(
        now_s, tracks.site.astype(np.int64),
        (tracks.status != TrackStatus.TENTATIVE).view(np.uint8), tracks.first_seen_s,
        tracks.updated_s, tracks.state, tracks.covariance, state.lost, motion,
    )  # fmt: skip
    due |= said == _kernels_memory.NEW
    _kernels.kinematics_into(
        motion,
        due,
        _tables.SPEED,
        _tables.HEIGHT,
        _tables.SPREAD_LN_MEAN,
        _tables.SPREAD_LN_SD,
        _tables.HOVER,
        _tables.AIRCRAFT,
        motion_ln,
    )
    _kernels_sums.part_into(
        motion, due, _motion.SCALE, _motion.FIRST, _motion.BIAS, _motion.SECOND, motion_ln
    )
    tied = ties(tracks, declared, now_s)
    labels = label_declared(declared)
    papers = _papers(tracks, declared, node, tied, now_s)
    alone = tracks.declared != b""
    heard = transmitting(state, tracks, node, now_s)
    scores = (
        tracks.class_log + as_scores(heard) if np.count_nonzero(heard) else tracks.class_log
    )
    label = np.empty(n, dtype=np.int64)
    _kernels_fusion.fuse_into(
        _tables.LN_PRIOR,
        motion_ln,
        scores,
        _words_of(tracks, declared, tied, labels),
        _owns_up(tracks, declared, tied, labels, papers),
        _silence(tracks, node, tied),
        alone,
        motion[:, SECONDS].copy(),
        motion[:, HELD].copy(),
        table.probability,
        table.none,
        table.conflict,
        table.harm,
        label,
    )
    table.label = _LABEL_OF.take(label)
    table.bird_ln = np.maximum(-motion[:, HELD], 0.0)
    about = _cooperate_into(table, declared, tied, papers)
    if worded:
        again = due | (said != table.label)
        for row in tied:
            again[row] = True
        table.reasons = reasons_of(
            table,
            tracks,
            declared,
            node,
            tied,
            motion,
            about,
            heard,
            again=again,
            before=state.reasons,
        )
    else:
        table.reasons = ((),) * n
    keep_into(state, tracks.track_id, motion, motion_ln, table.label, table.reasons)
    return table


def _empty(track_id: NDArray[np.int64]) -> IdentityTable:
    """Return rows of these tracks; the columns of numbers are to be filled."""
    n = len(track_id)
    return IdentityTable(
        track_id=track_id.copy(),
        probability=np.empty((n, len(CLASSES))),
        none=np.empty(n),
        conflict=np.empty(n),
        label=np.empty(0, dtype=np.uint8),
        declared=np.zeros(n, dtype="S24"),
        cooperative=np.zeros(n, dtype=np.bool_),
        reasons=(),
        harm=np.empty(n),
    )


def _words_of(
    tracks: TrackTable, declared: DeclaredTable, tied: dict[int, Tie], labels: tuple[int, ...]
) -> Floats:
    """Return what things say of their class, (n, classes + none) log likelihoods."""
    words = np.zeros((len(tracks), len(CLASSES) + 1))
    for row, tie in tied.items():
        words[row] = _words(tie, declared, labels, alone=bool(tracks.declared[row]))
    return words


def _owns_up(
    tracks: TrackTable,
    declared: DeclaredTable,
    tied: dict[int, Tie],
    labels: tuple[int, ...],
    papers: dict[int, Papers],
) -> Floats:
    """Return how much likelier measured things are drones for they say so, (n,) logarithms;
    0 for those that somebody answers for here and now.
    """
    out = np.zeros(len(tracks))
    for row, tie in tied.items():
        if tracks.declared[row] or papers[row][0] is not None:
            continue
        if LABELS[labels[tie.row]] == "drone" and not is_suspect(int(declared.flags[tie.row])):
            out[row] = WORD_ALONE_LN
    return out


_last: list[tuple[Node, Floats]] = []  # a node stays the same for many looks


def _silence(tracks: TrackTable, node: Node, tied: dict[int, Tie]) -> Floats:
    """Return what is added to the log prior of an aircraft: of those that declare nothing
    although their site has an ADS-B receiver.
    """
    if not _last or _last[0][0] is not node:
        adsb = [s.sites for s in node.sensors if s.kind == "adsb"]
        hears = [any(site.id in sites for sites in adsb) for site in node.sites]
        _last[:] = [(node, np.where([*hears, False], SILENT_AIRCRAFT_LN, 0.0))]
    silence = _last[0][1].take(tracks.site, mode="clip")
    for row in tied:
        silence[row] = 0.0
    return silence


def _words(
    tie: Tie, declared: DeclaredTable, labels: tuple[int, ...], *, alone: bool
) -> Floats:
    """Return what a thing says of its class, as log likelihoods, to be read only."""
    if is_suspect(int(declared.flags[tie.row])):
        return _words_for(LABELS.index("unknown"), 0.0)
    strength = WORD_VERIFIED_LN if tie.verified else WORD_PENDING_LN
    return _words_for(labels[tie.row], WORD_ALONE_LN if alone else strength)


@lru_cache(maxsize=64)
def _words_for(label: int, strength: float) -> Floats:
    """Return the log likelihoods of the word for a label (an index into LABELS)."""
    out = np.zeros(len(CLASSES) + 1)
    if LABELS[label] == "unknown":
        return out
    out[:] = -strength
    fits = _DRONES if LABELS[label] == "drone" else (CLASSES.index(LABELS[label]),)
    out[list(fits)] = 0.0
    out[len(CLASSES)] = -0.5 * strength
    return out


def _papers(
    tracks: TrackTable,
    declared: DeclaredTable,
    node: Node,
    tied: dict[int, Tie],
    now_s: float,
) -> dict[int, Papers]:
    """Return by row the authorisation of who is tied, here and now, or why there is none."""
    found: dict[int, Papers] = {}
    for row, tie in tied.items():
        name = bytes(declared.declared_id[tie.row])
        east, north, up = (float(v) for v in tracks.state[row, :3])
        height_m = up + (east * east + north * north) / (2.0 * _kernels.EARTH_R_M)
        site = node.sites[int(tracks.site[row])].id if node.sites else ""
        found[row] = authorisation_of(node, name, site, height_m, now_s)
    return found


def _cooperate_into(
    table: IdentityTable,
    declared: DeclaredTable,
    tied: dict[int, Tie],
    papers: dict[int, Papers],
) -> dict[int, str]:
    """Mark verified and authorised flights; return by row, in words, who answers for them, or
    why others are not.
    """
    about: dict[int, str] = {}
    for row, tie in tied.items():
        table.declared[row] = declared.declared_id[tie.row]
        entry, why = papers[row]
        if entry is None:
            about[row] = why
        elif not tie.verified:
            about[row] = "its place is not verified by a sensor"
        elif tie.shared:
            about[row] = "a second track is too near to tell which of them declares itself"
        else:
            about[row] = f"{entry.owner}: {entry.what}" if entry.what else entry.owner
            table.cooperative[row] = True
            table.harm[row] = min(float(table.harm[row]), COOPERATIVE_HARM)
    return about
