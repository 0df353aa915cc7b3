"""All evidence of a look into posteriors, conflict, harm and a label: one pass over rows."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

__all__ = ["fuse_into"]

Array = NDArray[np.float64]

# Columns of probabilities: model.CLASSES in their order, then "none of these".
MULTIROTOR, FIXED_WING, BIRD, AIRCRAFT, BALLOON, OTHER, NONE = range(7)
# OTHER is a known thing too (a vehicle, debris): a bird that turns sharply looks like one.
HARMLESS = BIRD  # and all classes after it

LABEL_AT = 0.70  # posterior from which a class is named; below it "unknown" is the answer
LABEL_BIRD_AT = 0.80  # nobody is warned of a bird: more is asked before that is said,
BIRD_EVIDENCE = 8.0  # and what was seen must speak for it, not only that birds are common:
# at 2 a real multirotor that flew short legs was called a bird for a while
LABEL_AFTER_S = 2.0  # a first velocity is one difference of two plots
UNKNOWN, DRONE = 7, 6  # labels beside those of a class, for `label`
SCORE_LIMIT = 6.0  # a sensor's summed log scores count at most 1 in 400
# Above this, no class explains all kinds of evidence at better than 1 in 200 of its best: at
# 1 in 50 a bird that a camera called a bird and that glided for a while was "disputed" daily.
CONFLICT_LIMIT = 0.995


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[::1],"
    " float64[::1], boolean[::1], float64[::1], float64[::1], float64[:,::1], float64[::1],"
    " float64[::1], float64[::1], int64[::1])",
    allocates=True,
)
def fuse_into(
    prior: Array,
    motion: Array,
    class_log: Array,
    words: Array,
    owns_up: Array,
    ln_prior_shift: Array,
    alone: NDArray[np.bool_],
    seconds: Array,
    held: Array,
    probability: Array,
    none: Array,
    conflict: Array,
    harm: Array,
    label: NDArray[np.int64],
) -> None:
    """Fill probability (n, classes), none, conflict, harm and label (n,) of each row.

    prior (classes + none,): log prior; ln_prior_shift: what is added to an aircraft's.
    motion, words (n, classes + none): log likelihoods. class_log (n, classes): sensors'
    summed log scores. alone: rows of things that only declare themselves, whose words count
    for harm too; where motion and scores exclude each other, harm is the greater of what each
    says alone. owns_up (n,): how much likelier a measured thing is a drone for it says so
    itself, as a log likelihood, 0 where it does not; that counts for harm, no other word does.
    seconds: how long each has been seen. held: log of what motion speaks less against a bird
    where harm is judged; below 0 of what it says of a bird beyond what it can know, which
    sensors that say "drone" take back, by as much as they say themselves. label: a class's
    column, DRONE (rotor or wing unclear) or UNKNOWN.
    """
    scores, fused, measured = np.empty(NONE + 1), np.empty(NONE + 1), np.empty(NONE + 1)
    silence, careful = np.zeros(NONE + 1), np.empty(NONE + 1)
    for i in range(motion.shape[0]):
        _scores_into(class_log[i], scores)
        says = max(scores[MULTIROTOR], scores[FIXED_WING]) - scores[BIRD]
        less = max(held[i], 0.0) - min(max(says, 0.0), max(-held[i], 0.0))
        for c in range(NONE + 1):
            before = prior[c] + (ln_prior_shift[i] if c == AIRCRAFT else 0.0)
            careful[c] = motion[i, c] + (less if c == BIRD else 0.0)
            measured[c] = before + careful[c] + scores[c]
            fused[c] = before + motion[i, c] + scores[c] + words[i, c]
        conflict[i] = _conflict(motion[i], scores, words[i])
        _posterior_into(fused, conflict[i])
        clash = _conflict(careful, scores, silence)
        _posterior_into(measured, clash)
        for c in range(NONE):
            probability[i, c] = fused[c]
        none[i] = fused[NONE]
        harmless = 0.0
        for c in range(HARMLESS, NONE):
            harmless += fused[c] if alone[i] else measured[c]
        harm[i] = 1.0 - harmless
        if clash > CONFLICT_LIMIT and not alone[i]:
            # No blend: as harmful as the more alarming of them says by itself.
            shift = ln_prior_shift[i]
            harm[i] = max(_harm(prior, shift, careful), _harm(prior, shift, scores))
        if owns_up[i] > 0.0:
            harm[i] = max(harm[i], _owned_up(measured, owns_up[i]))
        label[i] = _label(prior, fused, conflict[i], seconds[i])


@kernel("float64(float64[::1], float64)")
def _owned_up(p: Array, strength: float) -> float:
    """Return the chance of harm of a thing that says that it is a drone, from the posterior
    (classes + none) of what was measured.
    """
    harmful = p[MULTIROTOR] + p[FIXED_WING] + p[NONE] * math.exp(-0.5 * strength)
    harmless = 0.0
    for c in range(HARMLESS, NONE):
        harmless += p[c] * math.exp(-strength)
    chance: float = harmful / (harmful + harmless)
    return chance


@kernel("float64(float64[::1], float64, float64[::1])")
def _harm(prior: Array, ln_prior_shift: float, evidence: Array) -> float:
    """Return the chance of harm by one kind of evidence alone."""
    best = -1e300
    for c in range(NONE + 1):
        best = max(best, prior[c] + evidence[c])
    total, harmless = 0.0, 0.0
    for c in range(NONE + 1):
        shift = ln_prior_shift if c == AIRCRAFT else 0.0
        weight = math.exp(prior[c] + shift + evidence[c] - best)
        total += weight
        if HARMLESS <= c < NONE:
            harmless += weight
    return 1.0 - harmless / total


@kernel("void(float64[::1], float64[::1])", allocates=True)
def _scores_into(class_log: Array, out: Array) -> None:
    """What sensors' class reports say; "none of these" gets their mean."""
    best = class_log.max()
    total = 0.0
    for c in range(NONE):
        out[c] = max(class_log[c] - best, -SCORE_LIMIT)
        total += out[c]
    out[NONE] = total / NONE


@kernel("float64(float64[::1], float64[::1], float64[::1])")
def _conflict(a: Array, b: Array, c: Array) -> float:
    """Return 1 - the greatest joint plausibility of any class under three kinds of evidence.

    A class's plausibility is its likelihood relative to that evidence's best class, so vague
    evidence conflicts with nothing and agreement on any one class gives 0 (height of the
    intersection of possibility distributions: Dubois and Prade, "Possibility Theory", 1988).
    """
    ba, bb, bc = a[0], b[0], c[0]
    for k in range(1, NONE):
        ba, bb, bc = max(ba, a[k]), max(bb, b[k]), max(bc, c[k])
    joint = -1e300
    for k in range(NONE):
        joint = max(joint, a[k] - ba + b[k] - bb + c[k] - bc)
    return 1.0 - math.exp(joint)


@kernel("void(float64[::1], float64)")
def _posterior_into(ln: Array, conflict: float) -> None:
    """Log weights into probabilities, in place. Where the sources exclude each other, belief
    moves from every class to "none of these".
    """
    best = ln[0]
    for c in range(1, NONE + 1):
        best = max(best, ln[c])
    total = 0.0
    for c in range(NONE + 1):
        ln[c] = math.exp(ln[c] - best)
        total += ln[c]
    keep = 1.0 - conflict if conflict > CONFLICT_LIMIT else 1.0
    known = 0.0
    for c in range(NONE):
        ln[c] = ln[c] / total * keep
        known += ln[c]
    ln[NONE] = 1.0 - known


@kernel("int64(float64[::1], float64[::1], float64, float64)")
def _label(ln_prior: Array, p: Array, conflict: float, seconds: float) -> int:
    """Return the class that is said, DRONE or UNKNOWN."""
    best = 0
    for c in range(1, NONE):
        if p[c] > p[best]:
            best = c
    if conflict > CONFLICT_LIMIT or seconds < LABEL_AFTER_S:
        return UNKNOWN
    if p[best] < LABEL_AT:
        return DRONE if p[MULTIROTOR] + p[FIXED_WING] >= LABEL_AT else UNKNOWN
    if best != BIRD:
        return best
    # The evidence has to favour a bird over the likelier kind of drone, prior aside.
    bird = p[BIRD] / math.exp(ln_prior[BIRD])
    drone = max(
        p[MULTIROTOR] / math.exp(ln_prior[MULTIROTOR]),
        p[FIXED_WING] / math.exp(ln_prior[FIXED_WING]),
    )
    seen = bird >= BIRD_EVIDENCE * drone
    return BIRD if seen and p[BIRD] >= LABEL_BIRD_AT else UNKNOWN
