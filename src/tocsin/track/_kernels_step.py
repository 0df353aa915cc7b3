"""One event after another: a slice of plots, or the end of a look, applied to all tracks."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.sensor._kernels import (
    BIAS,
    PERIOD_S,
)
from tocsin.track._kernels_assign import (
    assign_into,
    marginals_into,
    order_into,
    part_into,
    settle_lone_into,
)
from tocsin.track._kernels_audit import judge_into, others_hold
from tocsin.track._kernels_birth import (
    birth_into,
)
from tocsin.track._kernels_clutter import (
    crowd_into,
    learn_clutter_into,
    note_strays_into,
)
from tocsin.track._kernels_filter import (
    advance_block,
    combine_into,
    predict_into,
)
from tocsin.track._kernels_gate import prepare_into
from tocsin.track._kernels_layout import (
    A_NEW_PLOTS,
    A_NEW_SHARED,
    BLOCK,
    BROKEN,
    CAP,
    CHANCE,
    CLEAR,
    COMBINED,
    DEAD,
    E_COUNT,
    E_END_S,
    E_FIRST,
    E_FROM,
    E_KIND,
    E_SENSOR,
    E_START_S,
    E_WIDTH,
    EVENTS,
    EXISTENCE,
    FOLLOWED,
    HAS_RANGE,
    HITS,
    ID,
    KNOWN_M2,
    LEARN,
    LIVE,
    LOG_BROKEN,
    LOOK,
    MEASURED,
    MODE,
    MODELS,
    NEAR,
    P_BIRTHS,
    P_FALSE,
    P_MASK,
    P_RANGE,
    P_TIME,
    PRIOR,
    RADIUS_M,
    SERIAL,
    SLICE,
    STATUS,
    TENTATIVE,
    TIME_S,
)
from tocsin.track._kernels_life import (
    compact_into,
    credit_into,
    expire_into,
    learn_kind_into,
    log_into,
    miss_into,
)
from tocsin.track._kernels_look import REGISTRATION, Registration, follow_into, leaves_births
from tocsin.track._kernels_merge import merge_into, rivals_into
from tocsin.track._kernels_rays import forget_rays_into, ray_into
from tocsin.track._kernels_registration import correct_into
from tocsin.track._kernels_sieve import (
    gate_into,
    is_fresh_one_near,
    may_be_near,
    spread_out_into,
)
from tocsin.track._kernels_update import (
    is_sound,
    update_clear_into,
    update_shared_into,
)
from tocsin.track._kernels_widen import UNPREPARED, reach_into, tie_into, update_wide_into

Array = NDArray[np.float64]
Array3 = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME_LOOK_S = 0.02  # plots of one sensor nearer in time than this are of one look
_BP_ROUNDS = 40
_BP_TOLERANCE = 1e-3
_TIED = 0.9  # share of a plot from which registration takes it as the track's own


@kernel(
    "int64(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float64[:,::1], int64[::1], int64, float64, float64[::1], int64[::1], float64[::1],"
    " float64[:,::1], int64[:,::1], float64[:,::1], int64[::1], int64[::1], float64[:,::1])"
)
def gate_all_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int,
    plots: Array, order: Ints, count: int, slice_s: float, options: Array, counters: Ints,
    motion: Array, scratch: Array, edge_plot: Ints, gain: Array, held: Ints, rows: Ints,
    columns: Array,
) -> int:  # fmt: skip
    """Fill the edges of every track that a plot of the slice may be of; return their number.

    held is the number of edges of each track; UNPREPARED where it was not even carried to the
    slice's time.
    """
    n_rows = 0
    same_s = min(_SAME_LOOK_S, 0.4 * sensors[k, PERIOD_S])
    wide = spread_out_into(plots, order, count, slice_s, sensors[k, BIAS + 3], columns)
    for i in range(counters[LIVE]):
        held[i] = 0
        if abs(slice_s - seen[i, k]) < same_s:
            continue
        if (
            ints[i, HITS] == 1
            and ints[i, STATUS] == TENTATIVE
            and not is_fresh_one_near(
                tracks, i, sensors, k, count, columns, slice_s, wide, options
            )
        ):
            continue
        # Where plots are many most tracks have one near, and asking would not pay.
        if 2 * count < counters[LIVE] and not may_be_near(
            tracks, i, sensors, k, count, columns, slice_s, wide, options
        ):
            held[i] = UNPREPARED
            continue
        prepare_into(tracks, i, kinds, sensors, k, slice_s, options, motion, scratch)
        edges = gate_into(
            scratch, i, sensors, k, plots, order, columns, count, slice_s, wide, options,
            edge_plot, gain,
        )  # fmt: skip
        if edges == 0:
            continue
        for e in range(edges):
            gain[i, e] += scratch[i, PRIOR]
        held[i] = edges
        rows[n_rows] = i
        n_rows += 1
    return n_rows


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " int64, int64,"
    " float64[:,::1], int64[::1], float64[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], int64[:,::1], float64[:,::1], int64, int64, float64[:,::1],"
    " float64[:,::1], float64[:,::1])"
)
def update_one_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, sensors: Array, k: int, bit: int,
    i: int,
    plots: Array, order: Ints, options: Array, counters: Ints, log: Array,
    scratch: Array, edge_plot: Ints, share: Array, edges: int, own: int, work: Array,
    ties: Array, audit: Array,
) -> None:  # fmt: skip
    """Apply the plots of a slice to track i by their shares; `own` is the assigned place."""
    total = 0.0
    best = 0
    for e in range(edges):
        total += share[i, e]
        if share[i, e] > share[i, best]:
            best = e
    chance = scratch[i, CHANCE]
    before = tracks[i, EXISTENCE]
    was_seen = total > 0.5 * (total + (1.0 - total) * before * (1.0 - chance))
    rest = before * (1.0 - chance) / (1.0 - before * chance) if was_seen else before
    after = total + max(1.0 - total, 0.0) * rest
    if total < 0.02 * after:
        return
    p = order[edge_plot[i, best]]
    if ints[i, FOLLOWED] and share[i, best] > _TIED * after:
        tie_into(scratch, i, sensors, k, plots, p, options, ints[i, SERIAL], counters, ties)
    if was_seen and others_hold(seen, i, sensors, k, plots[p, P_TIME], 1):
        audit[k, A_NEW_SHARED] += 1.0
    if share[i, best] > options[CLEAR] * after:
        update_clear_into(tracks, i, scratch, sensors, k, plots, p, options)
    else:
        update_shared_into(
            tracks, i, scratch, sensors, k, plots, order, edge_plot, share, edges,
            after - total, options, work
        )  # fmt: skip
    tracks[i, EXISTENCE] = min(after, options[CAP])
    if was_seen:
        learn_kind_into(kinds, i, sensors, k, scratch[i, MEASURED], 1)
        credit_into(
            tracks, ints, i, seen, sensors, k, bit, plots, p, after, share[i, best] / after,
            options, log, counters, audit
        )  # fmt: skip
    if not is_sound(tracks, i):
        counters[BROKEN] += 1
        if ints[i, STATUS] != TENTATIVE:
            log_into(LOG_BROKEN, tracks[i, TIME_S], ints[i, ID], log, counters)
        ints[i, STATUS] = DEAD


@kernel(
    "void(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float64[:,::1], int64, int64,"
    " float64[:,::1], int64, int64, float64, float64[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], int64[:,::1], float64[:,:,::1], int64[:,::1], float64[::1], int64[:,::1],"
    " float64[:,::1], float64[:,::1], float64[::1], float64[:,::1], float64[:,::1],"
    " float64[::1], float64[:,::1], float64[:,::1])"
)
def slice_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, rays: Array, sensors: Array, k: int,
    bit: int,
    plots: Array, first: int, count: int, slice_s: float, options: Array, counters: Ints,
    log: Array,
    scratch: Array, edge_plot: Ints, edge_floats: Array3, row_ints: Ints, dual_row: Array,
    col_ints: Ints,
    col_floats: Array, work: Array, motion: Array, ties: Array, audit: Array, errors: Array,
    covariance: Array, clutter: Array,
) -> None:  # fmt: skip
    """Gate, share out, update, and begin tracks with what is left."""
    motion[0] = math.nan  # of other options
    order, spare, col_row = col_ints[0], col_ints[1], col_ints[2]
    held, rows, row_col = row_ints[0], row_ints[1], row_ints[2]
    gain, share, message = edge_floats[0], edge_floats[1], edge_floats[2]
    claimed = col_floats[0]
    correct_into(sensors, k, plots, first, count)
    crowd_into(sensors, k, plots, first, count, clutter)
    audit[k, A_NEW_PLOTS] += count
    order_into(plots, first, count, order, spare, col_floats[NEAR])
    n_rows = gate_all_into(
        tracks, ints, kinds, seen, sensors, k, plots, order, count, slice_s, options, counters,
        motion, scratch, edge_plot, gain, held, rows, col_floats,
    )  # fmt: skip
    contested, lone = row_ints[3], row_ints[4]
    n_contested, n_lone = part_into(
        rows, n_rows, edge_plot, held, count, col_ints[3], contested, lone
    )
    assign_into(
        contested, n_contested, edge_plot, gain, held, count, row_col, col_row,
        dual_row, col_floats[1], col_floats[2], col_ints[3], col_ints[4], col_ints[5],
    )  # fmt: skip
    marginals_into(
        contested, n_contested, edge_plot, gain, held, count, claimed, message, share,
        _BP_ROUNDS, _BP_TOLERANCE,
    )  # fmt: skip
    settle_lone_into(lone, n_lone, edge_plot, gain, held, row_col, col_row, claimed, share)
    for q in range(n_rows):
        i = rows[q]
        update_one_into(
            tracks, ints, kinds, seen, sensors, k, bit, i, plots, order, options, counters, log,
            scratch, edge_plot, share, held[i], row_col[i], work, ties, audit,
        )  # fmt: skip
    if options[LEARN] > 0.0:
        n_wide = reach_into(
            tracks, ints, kinds, seen, sensors, k, plots, order, count, slice_s, options,
            counters, motion, scratch, held, col_row, claimed, errors, covariance, col_floats,
            col_ints[3:], lone, gain, contested,
        )  # fmt: skip
        for q in range(n_wide):
            i = lone[q]
            update_wide_into(
                tracks, ints, kinds, seen, sensors, k, bit, i, plots, order[contested[i]],
                options, counters, log, scratch, gain, ties, audit,
            )  # fmt: skip
    rivals_into(
        rows, n_rows, edge_plot, share, held, count, ints,
        col_ints[3], col_ints[4], col_floats[1], col_floats[2],
    )  # fmt: skip
    merge_into(rows, n_rows, tracks, ints, slice_s, log, counters)
    if options[LEARN] > 0.0:
        note_strays_into(
            ints, sensors, k, plots, order, count, col_row, options[RADIUS_M], clutter
        )
    if leaves_births(sensors, k, audit, slice_s):
        return
    for place in range(count):
        p = order[place]
        if col_row[place] != -1:
            continue
        fresh = plots[p, P_BIRTHS] / (plots[p, P_BIRTHS] + plots[p, P_FALSE])
        mask = int(plots[p, P_MASK])
        if not mask & HAS_RANGE:
            ray_into(
                tracks, ints, kinds, seen, rays, sensors, k, bit, plots, p,
                fresh / (1.0 + claimed[place]), options, counters,
            )  # fmt: skip
            continue
        if plots[p, P_RANGE] > options[RADIUS_M]:
            continue
        birth_into(
            tracks, ints, kinds, seen, sensors, k, bit, plots, p,
            fresh / (1.0 + claimed[place]), options, counters
        )  # fmt: skip


@kernel(
    "int64(float64[:,::1], int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " int64[::1], float64[:,::1],"
    " float64[:,::1], int64[::1], float64[::1], float64[:,::1], float64[:,::1], int64, int64,"
    " float64[:,::1], int64[:,::1], float64[:,:,::1], int64[:,::1], float64[::1], int64[:,::1],"
    " float64[:,::1], float64[:,::1], float64[::1], float64[:,::1], float64[:,::1],"
    f" {REGISTRATION})"
)
def run_into(
    tracks: Array, ints: Ints, kinds: Array, seen: Array, rays: Array, counters: Ints,
    log: Array,
    sensors: Array, roster: Ints, options: Array, plots: Array, events: Array, begin: int,
    end: int,
    scratch: Array, edge_plot: Ints, edge_floats: Array3, row_ints: Ints, dual_row: Array,
    col_ints: Ints,
    col_floats: Array, work: Array, motion: Array, ties: Array, clutter: Array,
    registration: Registration,
) -> int:  # fmt: skip
    """Apply the events begin..end in their order; return the first one that was not applied,
    because the room for tracks or for the log might not do for it.
    """
    audit = registration[9]
    for n in range(begin, end):
        k = int(events[n, E_SENSOR])
        most = counters[LIVE] + int(events[n, E_COUNT])
        if n > begin and (
            most > tracks.shape[0] or counters[EVENTS] + 2 * most + 16 > log.shape[0]
        ):
            return n
        if events[n, E_KIND] == SLICE:
            slice_into(
                tracks, ints, kinds, seen, rays, sensors, k, min(roster[k], 62), plots,
                int(events[n, E_FIRST]),
                int(events[n, E_COUNT]), events[n, E_START_S], options, counters, log,
                scratch, edge_plot, edge_floats, row_ints, dual_row, col_ints, col_floats, work,
                motion, ties, audit, registration[6], registration[7], clutter,
            )  # fmt: skip
        elif events[n, E_KIND] == LOOK:
            if options[LEARN] > 0.0:
                learn_clutter_into(sensors, k, events[n, E_FROM], events[n, E_WIDTH], clutter)
            judge_into(
                tracks, ints, kinds, seen, sensors, k, events[n, E_START_S],
                events[n, E_END_S], events[n, E_FROM], events[n, E_WIDTH], counters, audit,
            )  # fmt: skip
            miss_into(
                tracks, ints, kinds, seen, sensors, k, min(roster[k], 62),
                events[n, E_START_S], events[n, E_END_S],
                events[n, E_FROM], events[n, E_WIDTH], options, log, counters,
            )  # fmt: skip
        else:
            expire_into(tracks, ints, events[n, E_END_S], options, log, counters)
            forget_rays_into(rays, sensors, events[n, E_END_S], counters)
        compact_into(tracks, ints, kinds, seen, counters)
        if options[LEARN] > 0.0:
            follow_into(registration, sensors, tracks, ints, counters, ties, events[n, E_END_S])
    return end


@kernel(
    "void(float64[:,::1], int64, float64, float64[::1], float64[::1], float64[:,::1],"
    " float64[:,::1])"
)
def report_into(
    tracks: Array, count: int, now_s: float, options: Array, motion: Array, scratch: Array,
    out: Array,
) -> None:  # fmt: skip
    """Rows of out: overall state (6), packed covariance (21), mode probabilities (3) at now_s.

    A track whose newest plot is younger than now_s is carried back along its velocity.
    """
    for i in range(count):
        gap_s = now_s - tracks[i, TIME_S]
        predict_into(tracks, i, max(gap_s, 0.0), options, motion, scratch, 0)
        combine_into(scratch, 0, out, i, 0)
        if gap_s < 0.0:
            advance_block(out, i, 0, gap_s, 1.0, 0.0, 0.0, 0.0, gap_s, 1.0, 0.0, 0.0, 0.0)
        for m in range(MODELS):
            out[i, BLOCK + m] = scratch[0, MODE + m]


@kernel(
    "int64(float64[:,::1], int64[:,::1], int64, float64, float64[::1], float64[::1],"
    " float64[:,::1], float64[:,::1], int64[::1], int64)"
)
def show_into(
    tracks: Array, ints: Ints, count: int, now_s: float, options: Array, motion: Array,
    scratch: Array, out: Array,
    out_id: Ints, place: int,
) -> int:  # fmt: skip
    """Rows of out from `place` on, one a shown track: time, state (6), position covariance
    (6), existence; out_id beside it. Returns the place after them. A track is shown once it was
    confirmed and while its position is known.
    """
    for i in range(count):
        if ints[i, STATUS] == TENTATIVE:
            continue
        gap_s = now_s - tracks[i, TIME_S]
        predict_into(tracks, i, max(gap_s, 0.0), options, motion, scratch, 0)
        combine_into(scratch, 0, scratch, 0, COMBINED)
        unsure = scratch[0, COMBINED + 6] + scratch[0, COMBINED + 9]
        if unsure > options[KNOWN_M2]:
            continue
        if gap_s < 0.0:
            advance_block(
                scratch, 0, COMBINED, gap_s, 1.0, 0.0, 0.0, 0.0, gap_s, 1.0, 0.0, 0.0, 0.0
            )
        out[place, 0] = now_s
        for c in range(12):
            out[place, 1 + c] = scratch[0, COMBINED + c]
        out[place, 13] = tracks[i, EXISTENCE]
        out_id[place] = ints[i, ID]
        place += 1
    return place
