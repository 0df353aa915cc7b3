"""The look at the whole, every other second: episodes dealt out, errors solved and taken off,
and who contradicts the others; see `registration` for what is believed and why.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    BIAS,
    DETECTION,
    INFLATE,
    PERIOD_S,
    SIGMA,
    STATED,
    WEIGHED_DOWN,
)
from tocsin.track._kernels_fuse import factor_into
from tocsin.track._kernels_layout import (
    A_END_S,
    A_EXPECTED,
    A_FALSE,
    A_PLOTS,
    A_SEEN,
    A_SHARED,
    CONFIRMED,
    FOLLOWED,
    LIVE,
    SENSORS,
    SERIAL,
    STATUS,
    TIES,
    UPDATED_S,
)
from tocsin.track._kernels_registration import (
    BELIEVED,
    E_COUNT,
    E_ID,
    ERRORS,
    MOST_SCATTER,
    PRIOR_SIGMA,
    clear_into,
    harvest_into,
    prior_of,
    share_of,
    take_into,
)
from tocsin.track._kernels_seen import detection_share_of
from tocsin.track._kernels_shift import shift_into

Array = NDArray[np.float64]
Array3 = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
# What is known of the sensors' errors: see `registration.RegistrationState`.
Registration = tuple[
    Array, Array3, Array, Ints, Array, Array, Array, Array, Array, Array, Array, Array, Flags,
    Array, Ints,
]  # fmt: skip
REGISTRATION = (
    "Tuple((float64[:,::1], float64[:,:,::1], float64[:,::1], int64[:,::1], float64[:,::1],"
    " float64[::1], float64[::1], float64[:,::1], float64[::1], float64[:,::1], float64[::1],"
    " float64[::1], boolean[::1], float64[::1], int64[::1]))"
)

DUE_S = 2.0  # between two looks at the whole
ALONE = 6  # episodes that tracks of one sensor may have
IDLE_S = 10.0  # an episode whose track nobody has seen for so long ends
HALF_LIFE_S = 1800.0  # mounts settle, clocks drift: what was learnt counts half after so long
QUALITY_S = 60.0  # time in which what was scattered counts for half
RATE = 0.25  # of the prior sigma a second: how fast a correction moves
SURE = 5.0  # log of the Bayes factor (150 to 1) to begin to correct
UNSURE = 0.0  # and to leave it
MATTERS = 0.25  # of the sensor's own sigma: smaller errors change no picture
PATIENCE_S = 10.0  # a sensor is named once it has contradicted the others for so long
SCATTER = 9.0  # mean squared normalised innovation of one that contradicts the others
ENOUGH = 60.0  # squared innovations from which their mean says something
AT_WORK_TURNS = 3.0  # a sensor whose last look is farther back is not at work
_MAJORITY = 3  # of two sensors nobody can say which is wrong
_LN_2 = math.log(2.0)


@kernel("void(int64[:,::1], int64, int64, int64, int64[:,::1])")
def mark_into(rows: Ints, live: int, id_column: int, mark_column: int, ints: Ints) -> None:
    """Mark the rows of the tracker whose tracks are followed by an episode."""
    for i in range(live):
        rows[i, mark_column] = 0
        for m in range(ints.shape[0]):
            if ints[m, E_ID] == rows[i, id_column]:
                rows[i, mark_column] = 1


@kernel(
    "float64(float64[:,::1], float64[::1], float64[::1], float64[:,::1], float64[::1])",
    allocates=True,
)
def solve_errors_into(
    information: Array, vector: Array, prior: Array, covariance: Array, errors: Array
) -> float:
    """Errors and their covariance from information (without the prior) and vector; returns the
    evidence for them: the log of the Bayes factor of errors as in the prior against none at
    all, which weighs how far they stand out together against how far they could have stood out.
    """
    n = len(vector)
    factor = np.empty((n, n))
    for r in range(n):
        for c in range(n):
            factor[r, c] = 0.5 * (information[r, c] + information[c, r])
        factor[r, r] += 1.0 / prior[r % ERRORS]
    if not factor_into(factor, 0, n):
        return 0.0
    evidence = 0.0
    for j in range(n):
        evidence -= math.log(factor[j, j]) + 0.5 * math.log(prior[j % ERRORS])
        for i in range(n):
            value = 1.0 if i == j else 0.0
            for k in range(i):
                value -= factor[i, k] * covariance[j, k]
            covariance[j, i] = value / factor[i, i]
        for i in range(n - 1, -1, -1):
            value = covariance[j, i]
            for k in range(i + 1, n):
                value -= factor[k, i] * covariance[j, k]
            covariance[j, i] = value / factor[i, i]
    for r in range(n):
        total = 0.0
        for c in range(n):
            total += covariance[r, c] * vector[c]
        errors[r] = total
        evidence += 0.5 * total * vector[r]
    return evidence


@kernel("int64(int64[:,::1], int64, int64)")
def row_of(rows: Ints, live: int, serial: int) -> int:
    """Return the row of the tracker that holds the track, or -1."""
    for i in range(live):
        if rows[i, SERIAL] == serial:
            return i
    return -1


@kernel("int64(int64[:,::1], int64)")
def episode_of(ints: Ints, serial: int) -> int:
    """Return the first episode of that track (0: the first free one), or -1."""
    for m in range(ints.shape[0]):
        if ints[m, E_ID] == serial:
            return m
    return -1


@kernel(
    "int64(float64[:,::1], int64[:,::1], int64, float64, float64[:,::1], float64[:,:,::1],"
    " int64[:,::1], float64[:,::1], float64[::1], float64[::1], int64)",
    allocates=True,
)
def deal_into(
    tracks: Array, rows: Ints, live: int, time_s: float, x: Array, p: Array3, ints: Ints,
    information: Array, vector: Array, quality: Array, cursor: int,
) -> int:  # fmt: skip
    """End the episodes of tracks that are gone or idle, and give the free ones new tracks;
    returns the serial number of the newest track that was given one.

    Tracks of several sensors first; in turn, those after the cursor first, so that every one
    is heard.
    """
    prior = prior_of()
    for m in range(ints.shape[0]):
        if ints[m, E_ID] == 0:
            continue
        i = row_of(rows, live, ints[m, E_ID])
        if i >= 0 and time_s - tracks[i, UPDATED_S] <= IDLE_S:
            continue
        if ints[m, E_COUNT] > 0:
            harvest_into(x, p, ints, m, prior, information, vector, share_of(ints, m, quality))
        clear_into(ints, m)
        ints[m, E_ID] = 0
    newest = cursor
    free = episode_of(ints, 0)
    for turn in range(4):
        for i in range(live):
            if free < 0 or (turn > 1 and free >= ALONE):
                break
            held = rows[i, SENSORS]
            if rows[i, STATUS] != CONFIRMED or (held & (held - 1) == 0) != (turn > 1):
                continue
            serial = rows[i, SERIAL]
            if (serial > cursor) != (turn % 2 == 0) or episode_of(ints, serial) >= 0:
                continue
            clear_into(ints, free)
            ints[free, E_ID] = newest = serial
            free = episode_of(ints, 0)
    mark_into(rows, live, SERIAL, FOLLOWED, ints)
    return newest


@kernel(
    "float64(float64[:,::1], float64[:,:,::1], int64[:,::1], float64[:,::1], float64[::1],"
    " float64[::1], float64[:,::1], float64[::1], float64)",
    allocates=True,
)
def solve_into(
    x: Array, p: Array3, ints: Ints, information: Array, vector: Array, errors: Array,
    covariance: Array, quality: Array, gap_s: float,
) -> float:  # fmt: skip
    """The errors of all sensors, from ended (which fade) and running episodes together; returns
    the evidence for them.
    """
    fade = 1.0 / (1.0 + _LN_2 * gap_s / HALF_LIFE_S)
    fade_quality = 1.0 / (1.0 + gap_s / QUALITY_S)
    for r in range(len(vector)):
        vector[r] *= fade
        for c in range(len(vector)):
            information[r, c] *= fade
    for r in range(len(quality)):
        quality[r] *= fade_quality
    prior = prior_of()
    all_information, all_vector = information.copy(), vector.copy()
    for m in range(ints.shape[0]):
        if ints[m, E_COUNT] > 0:
            harvest_into(
                x, p, ints, m, prior, all_information, all_vector, share_of(ints, m, quality)
            )
    return solve_errors_into(all_information, all_vector, prior, covariance, errors)


@kernel("float64(float64[::1], int64)")
def common_of(errors: Array, e: int) -> float:
    """Return the (lower) median of one error over three sensors or more, 0 for fewer. What all
    have in common cannot be observed: of one clock that is 2 s wrong, three sensors seem to
    have a part each.
    """
    n = len(errors) // ERRORS
    if n < _MAJORITY:
        return 0.0
    for i in range(n):
        middle = errors[ERRORS * i + e]
        below = equal = 0
        for j in range(n):
            below += errors[ERRORS * j + e] < middle
            equal += errors[ERRORS * j + e] == middle
        if below <= (n - 1) // 2 < below + equal:
            return float(middle)
    return 0.0


@kernel("boolean(float64[::1], int64, int64)")
def is_wild_in(errors: Array, k: int, e: int) -> bool:
    """Tell whether one error of sensor k is none that anybody's sensor has, nor of them all."""
    error = errors[ERRORS * k + e]
    return bool(abs(error) > BELIEVED[e] and abs(error - common_of(errors, e)) > BELIEVED[e])


@kernel("boolean(float64[::1], int64)")
def is_wild(errors: Array, k: int) -> bool:
    """Tell whether sensor k seems to have errors that nobody's sensor has."""
    wild = False
    for e in range(ERRORS):
        wild = wild or is_wild_in(errors, k, e)
    return wild


@kernel("float64(float64[::1], int64)")
def shared_of(errors: Array, e: int) -> float:
    """Return what of one error the others only seem to have because of one that is wild."""
    for k in range(len(errors) // ERRORS):
        if is_wild_in(errors, k, e):
            return common_of(errors, e)
    return 0.0


@kernel("boolean(float64[::1], float64[:,::1], int64)")
def matters(errors: Array, sensors: Array, k: int) -> bool:
    """Tell whether the errors of sensor k are large enough to change the picture."""
    for c in range(3):
        if abs(errors[ERRORS * k + c]) > MATTERS * sensors[k, SIGMA + c]:
            return True
    return bool(abs(errors[ERRORS * k + 3]) > 0.5 * PRIOR_SIGMA[3])


@kernel("void(float64[::1], float64[:,::1], boolean[::1], float64[:,::1], float64, float64)")
def settle_into(
    errors: Array, covariance: Array, corrected: Flags, sensors: Array, evidence: float,
    gap_s: float,
) -> None:  # fmt: skip
    """Move the corrections towards the errors, for all sensors once the evidence is there: what
    differs between two sensors is known long before the part that they have in common.
    """
    any_concern = was = False
    for k in range(len(corrected)):
        was = was or corrected[k]
        any_concern = any_concern or corrected[k] or matters(errors, sensors, k)
    if not any_concern:
        return
    any_out = evidence > (UNSURE if was else SURE)
    for k in range(len(corrected)):
        if is_wild(errors, k):
            continue  # its correction stays where it was: see `name_into`
        corrected[k] = any_out
        for e in range(ERRORS):
            j = ERRORS * k + e
            goal = errors[j] - shared_of(errors, e) if any_out else 0.0
            if e == 3 and abs(goal) < 3.0 * math.sqrt(max(covariance[j, j], 0.0)):
                goal = 0.0  # clocks are mostly right; a wrong correction costs more than none
            step = RATE * gap_s * PRIOR_SIGMA[e]
            now = sensors[k, BIAS + e]
            sensors[k, BIAS + e] = now + min(max(goal - now, -step), step)


@kernel("boolean(float64[::1], float64[::1], float64[:,::1], int64, boolean)")
def contradicts(errors: Array, quality: Array, audit: Array, k: int, named: bool) -> bool:
    """Tell whether sensor k contradicts the others; `named`: whether it did so far."""
    if is_wild(errors, k):
        return True
    number = quality[2 * k + 1]
    if number > ENOUGH and quality[2 * k] > (0.5 * SCATTER if named else SCATTER) * number:
        return True
    expected, seen = audit[k, A_EXPECTED], audit[k, A_SEEN]
    if expected < 8.0:
        return named
    if seen > (0.6 if named else 0.3) * expected:
        return False
    if named:
        return True  # silence is no proof of having come to agree
    elsewhere = audit[k, A_PLOTS] - audit[k, A_SHARED] - audit[k, A_FALSE]
    return bool(elsewhere > 0.5 * (expected - seen) + 3.0 * math.sqrt(audit[k, A_FALSE] + 1.0))


@kernel("boolean(float64[:,::1], int64, float64[:,::1], float64)")
def leaves_births(sensors: Array, k: int, audit: Array, at_s: float) -> bool:
    """Tell whether sensor k contradicts the others and so begins no tracks: as long as one that
    contradicts none is at work. What measures no range does not stand in for what does.
    """
    if sensors[k, INFLATE] < WEIGHED_DOWN:
        return False
    for j in range(sensors.shape[0]):
        if sensors[j, INFLATE] >= WEIGHED_DOWN:
            continue
        if math.isfinite(sensors[k, SIGMA]) and not math.isfinite(sensors[j, SIGMA]):
            continue
        if at_s - audit[j, A_END_S] <= AT_WORK_TURNS * sensors[j, PERIOD_S]:
            return True
    return False


@kernel("float64(float64[::1], int64, float64)")
def scatter_of(quality: Array, k: int, so_far: float) -> float:
    """Return by what the variances of sensor k are multiplied: 1 where it scatters no more than
    it states, and as so far where too little of it was seen lately.

    Episodes filter with the stated noise, so the mean of their squared innovations falls short
    of the factor that the variances want: on three kinds of scenes it was 0.9 for 1, 3.1 for 4,
    6.7 for 9 and 11.7 for 16; 1.3 for quadcopters that jink at 0.9 g, whose motion is not the
    episodes' either. The line stays a little below what these want.
    """
    if quality[2 * k + 1] <= ENOUGH:
        return min(so_far, MOST_SCATTER)
    found: float = 1.25 * quality[2 * k] / quality[2 * k + 1] - 0.5
    return min(max(found, 1.0), MOST_SCATTER)


@kernel(
    "void(float64[::1], float64[::1], float64[:,::1], float64[::1], float64[::1],"
    " float64[:,::1], float64)"
)
def name_into(
    errors: Array, quality: Array, audit: Array, suspect_s: Array, named_s: Array,
    sensors: Array, time_s: float,
) -> None:  # fmt: skip
    """Name the sensors that contradict the others, and those no longer; weigh down those that
    scatter more than they state.
    """
    for k in range(len(named_s)):
        named = math.isfinite(named_s[k])
        if not contradicts(errors, quality, audit, k, named):
            suspect_s[k] = named_s[k] = math.nan
            sensors[k, INFLATE] = scatter_of(quality, k, sensors[k, INFLATE])
            continue
        if not math.isfinite(suspect_s[k]):
            suspect_s[k] = time_s
        if not named and time_s - suspect_s[k] >= PATIENCE_S:
            named_s[k] = time_s
            sensors[k, INFLATE] = WEIGHED_DOWN


@kernel(
    "int64(float64[:,::1], int64[:,::1], int64, float64[:,::1], float64[:,::1],"
    " float64[:,:,::1], int64[:,::1], float64[:,::1], float64[::1], float64[::1],"
    " float64[:,::1], float64[::1], float64[:,::1], float64[::1], float64[::1], boolean[::1],"
    " int64, float64, float64)",
    allocates=True,
)
def look_into(
    tracks: Array, rows: Ints, live: int, sensors: Array, x: Array, p: Array3, ints: Ints,
    information: Array, vector: Array, errors: Array, covariance: Array, quality: Array,
    audit: Array, suspect_s: Array, named_s: Array, corrected: Flags, cursor: int,
    time_s: float, gap_s: float,
) -> int:  # fmt: skip
    """Look at the whole, gap_s after the last time; returns the cursor, see `deal_into`."""
    newest = deal_into(
        tracks, rows, live, time_s, x, p, ints, information, vector, quality, cursor
    )
    known = False
    for m in range(ints.shape[0]):
        known = known or ints[m, E_COUNT] > 0
    for r in range(len(vector)):
        known = known or vector[r] != 0.0
    if known:
        evidence = solve_into(
            x, p, ints, information, vector, errors, covariance, quality, gap_s
        )
        change = np.empty(len(errors))
        for r in range(len(errors)):
            change[r] = -sensors[r // ERRORS, BIAS + r % ERRORS]
        settle_into(errors, covariance, corrected, sensors, evidence, gap_s)
        changed = False
        for r in range(len(errors)):
            change[r] += sensors[r // ERRORS, BIAS + r % ERRORS]
            changed = changed or change[r] != 0.0
        if changed:
            shift_into(tracks, rows, live, p, ints, change)
    name_into(errors, quality, audit, suspect_s, named_s, sensors, time_s)
    for k in range(sensors.shape[0]):
        # What measures no range is learnt track by track alone: a camera sees small things less
        # often than large ones.
        if math.isfinite(sensors[k, SIGMA]):
            share = detection_share_of(audit, k, sensors[k, STATED])
            sensors[k, DETECTION] = share * sensors[k, STATED]
    return newest


@kernel(
    f"void({REGISTRATION}, float64[:,::1], float64[:,::1], int64[:,::1], int64[::1],"
    " float64[:,::1], float64)"
)
def follow_into(
    registration: Registration, sensors: Array, tracks: Array, rows: Ints, counters: Ints,
    ties: Array, time_s: float,
) -> None:  # fmt: skip
    """Take what was noted in `ties`, and look at the whole once it is due.

    sensors: the packed table, whose corrections and weights are set here; tracks, rows: of the
    tracker, of which those followed are marked.
    """
    (
        x, p, floats, ints, information, vector, errors, covariance, quality, audit,
        suspect_s, named_s, corrected, looked_s, cursor,
    ) = registration  # fmt: skip
    if counters[TIES] > 0:
        take_into(
            x, p, floats, ints, sensors, ties, counters[TIES], quality, information, vector
        )
        counters[TIES] = 0
    if time_s - looked_s[0] < DUE_S:
        return
    gap_s = min(time_s - looked_s[0], 10.0) if math.isfinite(looked_s[0]) else DUE_S
    looked_s[0] = time_s
    cursor[0] = look_into(
        tracks, rows, counters[LIVE], sensors, x, p, ints, information, vector, errors,
        covariance, quality, audit, suspect_s, named_s, corrected, cursor[0], time_s, gap_s,
    )  # fmt: skip
