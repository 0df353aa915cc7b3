"""Kernels against plain NumPy twins and against SciPy's assignment."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from tests.track.scene import ORIGIN, RADARS

from tocsin.geo import frame_at
from tocsin.sensor import jacobian, measure, pack
from tocsin.track import Options
from tocsin.track import _kernels_assign as ka
from tocsin.track import _kernels_filter as kf
from tocsin.track import _kernels_gate as kg
from tocsin.track import _kernels_layout as kl
from tocsin.track.options import pack_options

PAIRS = list(zip(kf._ROW.tolist(), kf._COL.tolist()))


def packed(x, covariance):
    return np.concatenate([x, [covariance[r, c] for r, c in PAIRS]])


def unpacked(block):
    covariance = np.empty((6, 6))
    for value, (r, c) in zip(block[6:27], PAIRS):
        covariance[r, c] = covariance[c, r] = value
    return block[:6].copy(), covariance


def random_state(rng, spread=30.0):
    a = rng.normal(size=(6, 6)) * np.array([spread] * 3 + [5.0] * 3)[:, None]
    return rng.normal(0, 1, 6) * [3000, 3000, 200, 40, 40, 3] + [
        0,
        0,
        400,
        0,
        0,
        0,
    ], a @ a.T + np.eye(6)


def random_track(rng):
    row = np.zeros((1, kl.TRACK_WIDTH))
    for m in range(3):
        x, p = random_state(rng)
        row[0, 27 * m : 27 * m + 27] = packed(x, p)
    row[0, kl.MODE : kl.MODE + 3] = rng.dirichlet([1, 1, 1])
    row[0, kl.EXISTENCE] = 0.9
    return row


def mixture(weights, blocks):
    means, covariances = zip(*(unpacked(b) for b in blocks))
    mean = sum(w * m for w, m in zip(weights, means))
    return mean, sum(
        w * (p + np.outer(m - mean, m - mean)) for w, m, p in zip(weights, means, covariances)
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_blend_has_the_moments_of_the_mixture(seed):
    rng = np.random.default_rng(seed)
    row, out = random_track(rng), np.zeros((1, kl.SCRATCH_WIDTH))
    kf.combine_into(row, 0, out, 0, kl.COMBINED)
    blocks = [row[0, 27 * m : 27 * m + 27] for m in range(3)]
    mean, covariance = mixture(row[0, kl.MODE : kl.MODE + 3], blocks)
    got_mean, got = unpacked(out[0, kl.COMBINED :])
    np.testing.assert_allclose(got_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(got, covariance, rtol=1e-10, atol=1e-6)


@pytest.mark.parametrize("tau_s", [2.0, 15.0, 1e9])
def test_prediction_is_the_integral_of_the_stochastic_equation(tau_s):
    """Many small steps of p' = v dt, v' = v - v/tau dt, with noise, as matrices."""
    dt, q, steps = 1.3, 2.0, 20_000
    h = dt / steps
    f = np.array([[1.0, h], [0.0, 1.0 - h / tau_s]])
    p = np.zeros((2, 2))
    for _ in range(steps):
        p = f @ p @ f.T + np.diag([0.0, q * h])
    a, b, qpp, qpv, qvv = kf.motion_of(dt, q, tau_s)
    whole = np.linalg.matrix_power(f, steps)
    np.testing.assert_allclose([a, b], whole[:, 1], rtol=1e-3)
    np.testing.assert_allclose([qpp, qpv, qvv], [p[0, 0], p[0, 1], p[1, 1]], rtol=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_prediction_equals_mixing_and_matrices(seed):
    rng = np.random.default_rng(seed)
    row, out, dt = random_track(rng), np.zeros((1, kl.SCRATCH_WIDTH)), 0.7
    o = pack_options(Options(), 60_000.0)
    kf.predict_into(row, 0, dt, o, np.full(kl.MOTION_WIDTH, np.nan), out, 0)
    mu = row[0, kl.MODE : kl.MODE + 3]
    t = np.zeros((3, 3))
    for i in range(3):
        go, first = dt / (dt + o[kl.STAY_S + i]), o[kl.LEAVE + i]
        others = [j for j in range(3) if j != i]
        t[i, i], t[i, others[0]], t[i, others[1]] = 1 - go, go * first, go * (1 - first)
    joint = t * mu[:, None]
    np.testing.assert_allclose(out[0, kl.MODE : kl.MODE + 3], joint.sum(0), rtol=1e-12)
    blocks = [row[0, 27 * m : 27 * m + 27] for m in range(3)]
    for j in range(3):
        mean, covariance = mixture(joint[:, j] / joint[:, j].sum(), blocks)
        f, q = np.eye(6), np.zeros((6, 6))
        for d in range(3):
            tau, density = (o[4 * j + kl.TAU_V_S], o[4 * j + kl.Q_V]) if d == 2 else (
                o[4 * j + kl.TAU_H_S], o[4 * j + kl.Q_H],
            )  # fmt: skip
            a, b, qpp, qpv, qvv = kf.motion_of(dt, density, tau)
            f[d, d + 3], f[d + 3, d + 3] = a, b
            q[d, d], q[d, d + 3], q[d + 3, d], q[d + 3, d + 3] = qpp, qpv, qpv, qvv
        got_mean, got = unpacked(out[0, 27 * j : 27 * j + 27])
        np.testing.assert_allclose(got_mean, f @ mean, rtol=1e-11)
        np.testing.assert_allclose(got, f @ covariance @ f.T + q, rtol=1e-9, atol=1e-6)


def plot_at(table, state, rng, mask=15, time_s=0.0):
    row = np.zeros((1, kl.PLOT_WIDTH))
    sigma = table.packed[0, 12:16]
    row[0, 1:5] = measure(table, 0, state[None])[0] + rng.normal(size=4) * sigma
    row[0, 5:9], row[0, kl.P_MASK], row[0, 0] = sigma**2, mask, time_s
    row[0, kl.P_FALSE], row[0, kl.P_BIRTHS] = table.packed[0, 19], Options().births_per_scan
    return row


@pytest.mark.parametrize(
    ("seed", "mask", "offset"), list(itertools.product(range(3), (15, 7, 6, 2), (0.0, 0.08)))
)
def test_the_scalar_updates_equal_the_joint_kalman_update(seed, mask, offset):
    rng = np.random.default_rng(seed)
    table = pack(RADARS, frame_at(*ORIGIN))
    x, p = random_state(rng, 20.0)
    f = np.eye(6)
    f[:3, 3:] = offset * np.eye(3)
    plot = plot_at(table, f @ x, rng, mask)
    block = packed(x, p)[None].copy()
    log_density = kg.update_block(block, 0, 0, table.packed, 0, plot, 0, offset, 4.0, 0.1)
    use = [c for c in range(4) if mask & (1 << c)]
    h = (jacobian(table, 0, (f @ x)[None])[0] @ f)[use]
    z = plot[0, 1:5] - measure(table, 0, (f @ x)[None])[0]
    z[1] = (z[1] + np.pi) % (2 * np.pi) - np.pi
    s = h @ p @ h.T + np.diag(plot[0, 5:9][use])
    gain = p @ h.T @ np.linalg.inv(s)
    got_x, got_p = unpacked(block[0])
    np.testing.assert_allclose(got_x, x + gain @ z[use], rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(got_p, p - gain @ s @ gain.T, rtol=1e-6, atol=1e-4)
    want = -0.5 * (z[use] @ np.linalg.solve(s, z[use]) + np.linalg.slogdet(2 * np.pi * s)[1])
    assert log_density == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize("mask", [15, 7, 6, 2])
def test_the_gate_uses_the_density_of_the_joint_measurement(mask):
    rng = np.random.default_rng(3)
    table = pack(RADARS, frame_at(*ORIGIN))
    x, p = random_state(rng, 20.0)
    scratch = np.zeros((1, kl.SCRATCH_WIDTH))
    scratch[0, kl.COMBINED : kl.COMBINED + 27] = packed(x, p)
    scratch[0, kl.CHANCE] = 0.9
    o = pack_options(Options(), 60_000.0)
    kg.expect_into(scratch, 0, table.packed, 0, 0.0, 4.0, 0.1)
    plot = plot_at(table, x, rng, mask)
    got = kg.likelihood_of(scratch, 0, table.packed, 0, plot, 0, 0.0, o)
    use = [c for c in range(4) if mask & (1 << c)]
    h = jacobian(table, 0, x[None])[0][use]
    z = (plot[0, 1:5] - measure(table, 0, x[None])[0])[use]
    s = h @ p @ h.T + np.diag(plot[0, 5:9][use])
    density = -0.5 * (z @ np.linalg.solve(s, z) + np.linalg.slogdet(2 * np.pi * s)[1])
    extents = [9000.0 - 50.0, 2 * np.pi, np.radians(63.0), 240.0]
    log_false = np.log(3.0 + Options().births_per_scan) - sum(np.log(extents[c]) for c in use)
    assert got == pytest.approx(np.log(0.9) + density - log_false, abs=1e-8)


def sparse_case(rng, rows, columns, edges):
    plots = np.zeros((rows, kl.EDGES), dtype=np.int64)
    gain = np.zeros((rows, kl.EDGES))
    held = np.zeros(rows, dtype=np.int64)
    for i in range(rows):
        held[i] = rng.integers(0, min(edges, columns) + 1)
        plots[i, : held[i]] = rng.choice(columns, held[i], replace=False)
        gain[i, : held[i]] = rng.normal(2.0, 4.0, held[i])
    return plots, gain, held


def test_rows_that_nobody_contests_are_settled_as_the_full_search_settles_them():
    rng = np.random.default_rng(8)
    lone_seen = 0
    for _ in range(60):
        rows, columns = int(rng.integers(2, 12)), int(rng.integers(6, 30))
        plots, gain, held = sparse_case(rng, rows, columns, 3)
        want, _ = assigned(plots, gain, held, columns)
        share, claimed = np.zeros_like(gain), np.empty(columns)
        ka.marginals_into(
            np.arange(rows), rows, plots, gain, held, columns, claimed, np.zeros_like(gain),
            share, 200, 1e-12,
        )  # fmt: skip
        contested, lone = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
        _, count = ka.part_into(
            np.arange(rows), rows, plots, held, columns, np.empty(columns, dtype=np.int64),
            contested, lone,
        )  # fmt: skip
        got, col_row = np.full(rows, -2), np.full(columns, -1)
        own, claims = np.zeros_like(gain), np.zeros(columns)
        ka.settle_lone_into(lone, count, plots, gain, held, got, col_row, claims, own)
        for i in lone[:count]:
            lone_seen += 1
            assert got[i] == want[i]
            assert own[i, : held[i]] == pytest.approx(share[i, : held[i]], abs=1e-12)
            where = plots[i, : held[i]]
            assert claims[where] == pytest.approx(claimed[where], rel=1e-9)
    assert lone_seen > 50


def assigned(plots, gain, held, columns):
    rows = len(held)
    row_col, col_row = np.empty(rows, dtype=np.int64), np.empty(columns, dtype=np.int64)
    ints = [np.empty(columns, dtype=np.int64) for _ in range(3)]
    ka.assign_into(
        np.arange(rows), rows, plots, gain, held, columns, row_col, col_row, np.empty(rows),
        np.empty(columns), np.empty(columns), *ints,
    )  # fmt: skip
    return row_col, col_row


@pytest.mark.parametrize("seed", range(60))
def test_assignment_is_as_good_as_scipys(seed):
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 40, 2)
    plots, gain, held = sparse_case(rng, rows, columns, rng.integers(1, 9))
    row_col, col_row = assigned(plots, gain, held, columns)
    dense = np.zeros((rows, columns + rows))
    dense[:, :columns] = -1e6
    total = 0.0
    for i in range(rows):
        dense[i, plots[i, : held[i]]] = gain[i, : held[i]]
        if row_col[i] >= 0:
            assert col_row[row_col[i]] == i
            total += gain[i, plots[i, : held[i]].tolist().index(row_col[i])]
    best = dense[linear_sum_assignment(dense, maximize=True)].sum()
    assert total == pytest.approx(best, abs=1e-9)


def exact_marginals(plots, gain, held, columns):
    """Sum over all joint associations."""
    rows = len(held)
    sums, total = np.zeros((rows, columns)), 0.0
    choices = [[-1, *range(held[i])] for i in range(rows)]
    for joint in itertools.product(*choices):
        used = [plots[i, e] for i, e in enumerate(joint) if e >= 0]
        if len(set(used)) < len(used):
            continue
        weight = np.exp(sum(gain[i, e] for i, e in enumerate(joint) if e >= 0))
        total += weight
        for i, e in enumerate(joint):
            if e >= 0:
                sums[i, plots[i, e]] += weight
    return sums / total


def test_belief_propagation_comes_near_the_sum_over_all_associations():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(80):
        rows, columns = rng.integers(2, 5, 2)
        plots, gain, held = sparse_case(rng, rows, columns, 3)
        share, message, claimed = np.zeros_like(gain), np.zeros_like(gain), np.empty(columns)
        ka.marginals_into(
            np.arange(rows),
            rows,
            plots,
            gain,
            held,
            columns,
            claimed,
            message,
            share,
            100,
            1e-9,
        )
        want = exact_marginals(plots, gain, held, columns)
        got = np.zeros_like(want)
        for i in range(rows):
            got[i, plots[i, : held[i]]] = share[i, : held[i]]
        errors.append(np.abs(got - want).max())
    # Exact on trees (Williams and Lau 2014); loops of small clusters cost a few percent.
    assert np.median(errors) < 1e-6
    assert np.quantile(errors, 0.95) < 0.12


def test_the_plots_of_a_slice_are_ordered_by_azimuth_whatever_their_order_of_arrival():
    rng = np.random.default_rng(5)
    plots = rng.normal(size=(300, kl.PLOT_WIDTH))
    plots[50:60, kl.P_RANGE + 1] = plots[50, kl.P_RANGE + 1]
    want = None
    for _ in range(3):
        order, spare = np.empty(300, dtype=np.int64), np.empty(300, dtype=np.int64)
        ka.order_into(plots, 0, 300, order, spare, np.empty(300))
        got = plots[order]
        assert np.all(np.diff(got[:, kl.P_RANGE + 1]) >= 0)
        want = got if want is None else want
        np.testing.assert_array_equal(got, want)
        plots = plots[rng.permutation(300)]


@pytest.mark.slow
def test_the_kernels_give_the_same_as_plain_python():
    """The whole tracker without compilation, on a few scans."""
    code = (
        "import numpy as np\n"
        "from tests.track.scene import *\n"
        "from tocsin.track import Tracker\n"
        "t = Tracker(RADARS, origin_deg_m=ORIGIN)\n"
        "for now, batch, look in scans(RADARS, straight((3000, 2000, 200, -40, 10, 0)), 5.0):\n"
        "    table = t.step(batch, [look], now_s=now)\n"
        "keep = table.status > 0\n"
        "print(np.round(table.state[keep], 6).tolist(), np.round(table.existence[keep],"
        " 9).tolist())\n"
    )
    printed = []
    for flag in ("0", "1"):
        run = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        printed.append(run.stdout)
    assert printed[0] == printed[1]
    assert "[[" in printed[0]
