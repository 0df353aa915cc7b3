"""Order of a slice, and which plot goes to which track.

Assignment: shortest augmenting paths with dual variables (Jonker and Volgenant, Computing 38
(1987)) over the gated edges only; each track has a private "none" of cost 0, so that a search
ends inside its own cluster.

Marginals: loopy belief propagation (Williams and Lau, IEEE T-AES 50 (2014)).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel("boolean(float64[:,::1], int64, int64)")
def is_before(plots: Array, a: int, b: int) -> bool:
    """Order by azimuth, then by all other content, so that the order of arrival is nothing."""
    if plots[a, 2] != plots[b, 2]:
        return bool(plots[a, 2] < plots[b, 2])
    for c in range(plots.shape[1]):
        va, vb = plots[a, c], plots[b, c]
        if va != vb and not (math.isnan(va) and math.isnan(vb)):
            return bool(va < vb or math.isnan(vb))
    return False


@kernel("void(float64[:,::1], int64, int64, int64[::1], int64[::1], float64[::1])")
def order_into(
    plots: Array, first: int, count: int, order: Ints, spare: Ints, keys: Array
) -> None:
    """Merge sort of the rows first..first + count into order[:count]; spare and keys are
    overwritten.
    """
    for i in range(count):
        order[i] = first + i
        keys[i] = plots[first + i, 2]
    width = 1
    while width < count:
        for left in range(0, count, 2 * width):
            middle = min(left + width, count)
            right = min(left + 2 * width, count)
            a, b = left, middle
            for place in range(left, right):
                take_a = b >= right
                if not take_a and a < middle:
                    key_a, key_b = keys[order[a] - first], keys[order[b] - first]
                    take_a = key_a < key_b
                    if key_a == key_b:
                        take_a = not is_before(plots, order[b], order[a])
                if take_a:
                    spare[place] = order[a]
                    a += 1
                else:
                    spare[place] = order[b]
                    b += 1
        for place in range(count):
            order[place] = spare[place]
        width *= 2


@kernel(
    "UniTuple(int64, 2)(int64[::1], int64, int64[:,::1], int64[::1], int64, int64[::1],"
    " int64[::1], int64[::1])"
)
def part_into(
    rows: Ints, n_rows: int, edge_plot: Ints, held: Ints, n_cols: int, uses: Ints,
    contested: Ints, lone: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Part the rows into those with a column that another row wants too, and lone ones; return
    how many there are of each. uses: work space by column.
    """
    for j in range(n_cols):
        uses[j] = 0
    for q in range(n_rows):
        for e in range(held[rows[q]]):
            uses[edge_plot[rows[q], e]] += 1
    n_contested, n_lone = 0, 0
    for q in range(n_rows):
        alone = True
        for e in range(held[rows[q]]):
            alone = alone and uses[edge_plot[rows[q], e]] == 1
        if alone:
            lone[n_lone] = rows[q]
            n_lone += 1
        else:
            contested[n_contested] = rows[q]
            n_contested += 1
    return n_contested, n_lone


@kernel(
    "void(int64[::1], int64, int64[:,::1], float64[:,::1], int64[::1], int64[::1], int64[::1],"
    " float64[::1], float64[:,::1])"
)
def settle_lone_into(
    rows: Ints, n_rows: int, edge_plot: Ints, gain: Array, held: Ints, row_col: Ints,
    col_row: Ints, claimed: Array, out: Array,
) -> None:  # fmt: skip
    """Assignment and marginals (see below) of rows whose columns no other row wants: after
    those of the others, in the same arrays.
    """
    for q in range(n_rows):
        i = rows[q]
        best, total = -1, 1.0
        for e in range(held[i]):
            out[i, e] = math.exp(min(gain[i, e], 300.0))
            total += out[i, e]
            if gain[i, e] > 0.0 and (best < 0 or gain[i, e] > gain[i, best]):
                best = e
        for e in range(held[i]):
            claimed[edge_plot[i, e]] = out[i, e] / max(total - out[i, e], 1e-300)
            out[i, e] /= total
        row_col[i] = -1
        if best >= 0:
            row_col[i] = edge_plot[i, best]
            col_row[edge_plot[i, best]] = i


@kernel(
    "void(int64, int64, int64[:,::1], float64[:,::1], int64[::1], int64[::1], int64[::1],"
    " float64[::1], float64[::1], float64[::1], int64[::1], int64[::1], int64[::1])"
)
def _augment(
    start: int, stamp: int, edge_plot: Ints, gain: Array, held: Ints, row_col: Ints,
    col_row: Ints,
    dual_row: Array, dual_col: Array, distance: Array, parent: Ints, frontier: Ints, mark: Ints,
) -> None:  # fmt: skip
    """Dijkstra from row `start` to the nearest free column or "none"; then flip the path.

    mark[j] is 2 * stamp for a column in the frontier, 2 * stamp + 1 once it is settled;
    frontier holds settled columns first, then open ones.
    """
    opened, settled = 0, 0
    row, base = start, 0.0
    none_at, none_row = -dual_row[start], start
    end = -1
    while True:
        for e in range(held[row]):
            j = edge_plot[row, e]
            if mark[j] == 2 * stamp + 1:
                continue
            far = base - gain[row, e] - dual_col[j] - dual_row[row]
            if mark[j] != 2 * stamp:
                mark[j] = 2 * stamp
                frontier[opened] = j
                opened += 1
            elif far >= distance[j]:
                continue
            distance[j] = far
            parent[j] = row
        if base - dual_row[row] < none_at:
            none_at, none_row = base - dual_row[row], row
        best = -1
        for f in range(settled, opened):
            if best < 0 or distance[frontier[f]] < distance[frontier[best]]:
                best = f
        if best < 0 or none_at <= distance[frontier[best]]:
            total = none_at
            break
        j = frontier[best]
        if col_row[j] < 0:
            total, end = distance[j], j
            break
        frontier[best], frontier[settled] = frontier[settled], j
        settled += 1
        mark[j] = 2 * stamp + 1
        row, base = col_row[j], distance[j]
    dual_row[start] += total
    for f in range(settled):
        j = frontier[f]
        dual_row[col_row[j]] += total - distance[j]
        dual_col[j] += distance[j] - total
    if end < 0:
        end = row_col[none_row]
        row_col[none_row] = -1
        if none_row == start:
            return
    while True:
        row = parent[end]
        before = row_col[row]
        row_col[row] = end
        col_row[end] = row
        if row == start:
            return
        end = before


@kernel(
    "void(int64[::1], int64, int64[:,::1], float64[:,::1], int64[::1], int64, int64[::1],"
    " int64[::1],"
    " float64[::1], float64[::1], float64[::1], int64[::1], int64[::1], int64[::1])"
)
def assign_into(
    rows: Ints, n_rows: int, edge_plot: Ints, gain: Array, held: Ints, n_cols: int,
    row_col: Ints, col_row: Ints,
    dual_row: Array, dual_col: Array, distance: Array, parent: Ints, frontier: Ints, mark: Ints,
) -> None:  # fmt: skip
    """Choose for each row a column or -1 so that the sum of gains is largest.

    rows: row numbers of edge_plot and gain; held: edges of each. Results: row_col by row
    number, col_row by column. The arrays after them are work space.
    """
    for j in range(n_cols):
        col_row[j] = -1
        dual_col[j] = 0.0
        mark[j] = -1
    for q in range(n_rows):
        row_col[rows[q]] = -1
    for q in range(n_rows):
        start = rows[q]
        least = 0.0
        for e in range(held[start]):
            least = min(least, -gain[start, e] - dual_col[edge_plot[start, e]])
        dual_row[start] = least
        _augment(
            start, q, edge_plot, gain, held, row_col, col_row, dual_row, dual_col, distance,
            parent,
            frontier, mark,
        )  # fmt: skip


@kernel(
    "int64(int64[::1], int64, int64[:,::1], float64[:,::1], int64[::1], int64, float64[::1],"
    " float64[:,::1],"
    " float64[:,::1], int64, float64)"
)
def marginals_into(
    rows: Ints, n_rows: int, edge_plot: Ints, gain: Array, held: Ints, n_cols: int,
    claimed: Array, message: Array, out: Array, rounds: int, tolerance: float,
) -> int:  # fmt: skip
    """Probability of each edge (out, as gain) given that a plot is of one track or none.

    claimed (by column) becomes the sum of messages to it: 1 / (1 + claimed) is the
    probability that no track caused the plot. Returns the rounds used.
    """
    for q in range(n_rows):
        i = rows[q]
        for e in range(held[i]):
            out[i, e] = math.exp(min(gain[i, e], 300.0))
            message[i, e] = 0.0
    used = 0
    for _ in range(rounds):
        used += 1
        change = 0.0
        for j in range(n_cols):
            claimed[j] = 0.0
        for q in range(n_rows):
            i = rows[q]
            for e in range(held[i]):
                claimed[edge_plot[i, e]] += message[i, e]
        for q in range(n_rows):
            i = rows[q]
            total = 1.0
            for e in range(held[i]):
                others = max(claimed[edge_plot[i, e]] - message[i, e], 0.0)
                total += out[i, e] / (1.0 + others)
            for e in range(held[i]):
                others = max(claimed[edge_plot[i, e]] - message[i, e], 0.0)
                own = out[i, e] / (1.0 + others)
                fresh = out[i, e] / max(total - own, 1e-300)
                old = message[i, e]
                change = max(change, abs(fresh - old) / (1.0 + fresh))
                message[i, e] = fresh
        if change < tolerance:
            break
    for j in range(n_cols):
        claimed[j] = 0.0
    for q in range(n_rows):
        i = rows[q]
        for e in range(held[i]):
            claimed[edge_plot[i, e]] += message[i, e]
    for q in range(n_rows):
        i = rows[q]
        total = 1.0
        for e in range(held[i]):
            others = max(claimed[edge_plot[i, e]] - message[i, e], 0.0)
            out[i, e] /= 1.0 + others
            total += out[i, e]
        for e in range(held[i]):
            out[i, e] /= total
    return used
