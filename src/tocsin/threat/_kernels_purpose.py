"""What the way so far says of whether a thing comes here on purpose: plain loops over rows."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.threat._kernels import _phi
from tocsin.threat._kernels_columns import (
    ASKED,
    DOUBT,
    HIGH,
    JOINED_EAST,
    JOINED_NORTH,
    LOW,
    NEAR,
    OF_ZONE,
    OFF,
    REMEMBERED,
    WAY,
)
from tocsin.threat._kernels_course import LAST_LEG, STRAIGHT_RAD, WEAVE_RAD, wrapped

__all__ = ["purpose_into"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# How a course that is kept adds up against things that fly about: nats per second and nat. At
# most 1.6 to 1: birds too fly straight for minutes at times, and in six simulated days every
# false TAKE SHELTER was a bird on a steady course when this went up to 7 to 1.
PURPOSE = 0.02
PURPOSE_LIMIT = 0.5
# How far it has come nearer (metres made good towards a zone, times the share of its way that
# this is) against things that fly about. What lives here stays in a home range with an edge
# (hence the eighth power); one bird's flight in fifty (PASSAGE) crosses kilometres. Simulated
# birds roam 300-1200 m about a home; with 1,500 m here they asked some 20 times a day of 4,000
# tracks. CAUTION takes 0.7: some 2,100 m of a thing that looks like a bird, 1,900 m where its
# line points at the zone. It asks a person and moves nobody: real birds commute. What has flown
# about before it came nearer has had that many chances more to cross its home range the long
# way, one every HOME_M: of 8 false CAUTIONs among 26,900 bird tracks this lets 2 stand.
PASSAGE = 0.02
HOME_M = 2000.0
# The line that it has made good tells where it goes better than its course of the moment. What
# flies about and has come nearer flies within some 60 degrees of the line to the zone.
AIM_M = 1500.0  # a line shorter than this tells less, by the square
ABOUT_RAD = 2.0 * math.pi / 3.0
AIM_LEAST = 0.1


@kernel("float64(float64[::1], float64[::1], int64, int64, float64[::1])")
def _coming(memory: Array, state: Array, width: int, zone: int, seen: Array) -> float:
    """Return the log odds by which a track's way so far speaks for coming to a zone against
    flying about.
    """
    far = REMEMBERED + width + zone
    made = memory[far] - seen[NEAR]
    if made <= 0.0:
        return 0.0
    good = made * min(made / max(memory[far + width], 1.0), 1.0)
    share2 = (good / HOME_M) ** 2
    about = math.exp(-(share2 * share2 * share2 * share2))
    tries = 1.0 + max(memory[WAY] - memory[far + width], 0.0) / HOME_M
    about = min(tries * about, 1.0)
    east, north = state[0] - memory[far + 2 * width], state[1] - memory[far + 3 * width]
    line = seen[OFF] + math.atan2(east, north) - math.atan2(state[3], state[4])
    told = min(made / AIM_M, 1.0)
    if memory[DOUBT] > 0.0:  # two that fly about, the one where the other was lost
        east, north = state[0] - memory[JOINED_EAST], state[1] - memory[JOINED_NORTH]
        share2 = (east * east + north * north) / (HOME_M * HOME_M)
        two = memory[DOUBT] * math.exp(-(share2 * share2 * share2 * share2))
        about = min(about + two, 1.0)
    odds: float = told * told * _aimed(seen, line) - math.log(PASSAGE + (1.0 - PASSAGE) * about)
    return odds


@kernel("float64(float64[::1], float64)")
def _aimed(seen: Array, line: float) -> float:
    """Return the log odds of coming to a zone against flying about by the direction of the line
    made good, radians to the right of the line to the zone's middle.
    """
    off = wrapped(line, math.pi)
    low, high = math.atan(seen[LOW]), math.atan(seen[HIGH])
    # OFF is positive to the right, LOW and HIGH to the left
    inside = _phi((high + off) / STRAIGHT_RAD) - _phi((low + off) / STRAIGHT_RAD)
    at = inside / max(high - low, 1e-6)
    var = WEAVE_RAD * WEAVE_RAD + (high - low) ** 2 / 12.0
    weaves = math.exp(-0.5 * off * off / var) / math.sqrt(math.tau * var)
    return math.log(max((LAST_LEG * at + (1.0 - LAST_LEG) * weaves) * ABOUT_RAD, AIM_LEAST))


@kernel("float64(float64, float64, float64)")
def _lifted(harm: float, aimless: float, odds: float) -> float:
    """Return harm after evidence of those odds against the aimless share of the harmless."""
    rest = (1.0 - harm) * (aimless + (1.0 - aimless) * odds)
    out: float = harm * odds / max(harm * odds + rest, 1e-12)
    return out


@kernel(
    "void(float64[:,::1], float64[:,::1], float64[:,::1], float64[::1], boolean[::1],"
    " float64[::1], int64[::1], int64[::1], float64[:,:,::1], float64[::1], float64[:,::1],"
    " float64[::1])"
)
def purpose_into(
    memory: Array,
    state: Array,
    probability: Array,
    harm: Array,
    cooperative: NDArray[np.bool_],
    bird_ln: Array,
    aimless: Ints,
    harmless: Ints,
    seen: Array,
    out: Array,
    asked: Array,
    roams: Array,
) -> None:
    """Out = harm of each track, raised where it keeps coming on a course to a zone; asked (n,
    zones) = that, raised by how far it has come to any of them; roams = what is left by then
    to things that go where they go, so that asked : roams are their odds.

    Birds and balloons (`aimless`, columns of probability) go where they go; drones and aircraft
    go somewhere. So a course that is kept speaks against the first, and against nothing else.
    How far it has come also takes back what motion alone says too surely of a bird (bird_ln),
    up to as much as it says itself: flights about a home and flights to a place turn alike.
    Notes in memory what was asked at most.
    """
    width = (memory.shape[1] - REMEMBERED) // OF_ZONE
    for i in range(memory.shape[0]):
        out[i], roams[i] = harm[i], 0.0
        for k in range(width):
            asked[i, k] = harm[i]
        if cooperative[i]:
            continue
        best = 0.0
        for k in range(width):
            best = max(best, memory[i, REMEMBERED + k])
        goes, known = 0.0, 0.0
        for c in aimless:
            goes += probability[i, c]
        for c in harmless:
            known += probability[i, c]
        share = goes / max(known, 1e-12) if known > 0.0 else 0.0
        lift = min(PURPOSE * best, PURPOSE_LIMIT)
        out[i] = _lifted(harm[i], share, math.exp(lift))
        come = lift
        for k in range(width):
            come = max(come, _coming(memory[i], state[i], width, k, seen[i, k]))
        come += min(come, bird_ln[i])
        for k in range(width):
            asked[i, k] = _lifted(harm[i], share, math.exp(come))
            memory[i, ASKED] = max(memory[i, ASKED], asked[i, k])
        # Of what is not harmful that share is not lifted, all else is: see _lifted.
        aimless_part = (1.0 - harm[i]) * share
        lifted = (harm[i] + (1.0 - harm[i]) * (1.0 - share)) * math.exp(come)
        roams[i] = aimless_part / max(aimless_part + lifted, 1e-12)
