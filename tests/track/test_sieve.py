"""The sieve of a slice, judged by asking every pair."""

import math

import numpy as np
import pytest
from tests.track.scene import CAMERAS, ORIGIN, RADARS

from tocsin.geo import frame_at
from tocsin.sensor import _kernels as sk
from tocsin.sensor import pack
from tocsin.track import Options
from tocsin.track import _kernels_assign as ka
from tocsin.track import _kernels_birth as kb
from tocsin.track import _kernels_filter as kf
from tocsin.track import _kernels_gate as kg
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_sieve as kv
from tocsin.track import _kernels_widen as kw
from tocsin.track.options import pack_options

TABLE = pack((*RADARS, *CAMERAS), frame_at(*ORIGIN))
ROW = pack_options(Options(), 60_000.0)


def plots_near(rng, k, count, span_s, state=None):
    """Plots of sensor k around a state, or anywhere, near enough to gate."""
    plots = np.zeros((count, kl.PLOT_WIDTH))
    has = np.isfinite(TABLE.packed[k, sk.SIGMA : sk.SIGMA + 4])
    sigma = np.where(has, TABLE.packed[k, sk.SIGMA : sk.SIGMA + 4], 1.0)
    center = rng.uniform([500, 0, 0.0, -60], [9000, math.tau, 0.3, 60])
    if state is not None:
        center = np.array(sk.measured_of(TABLE.packed, k, *state))
    plots[:, 1:5] = center + rng.normal(size=(count, 4)) * [300.0, 0.1, 0.1, 30.0]
    plots[:, 1] = np.maximum(plots[:, 1], 60.0)
    plots[:, 2] %= math.tau
    plots[:, 1:5] *= has
    plots[:, kl.P_TIME] = np.sort(rng.uniform(0.0, span_s, count))
    plots[:, 5:9] = sigma**2
    plots[:, kl.P_MASK] = (has * [1, 2, 4, 8]).sum()
    plots[:, kl.P_FALSE] = TABLE.packed[k, sk.FALSE_ALARMS]
    plots[:, kl.P_BIRTHS] = ROW[kl.BIRTHS]
    return plots


def born(rng, count):
    """Tracks that radar 0 began with one plot each, in the same part of the sky."""
    arrays = (
        np.zeros((count, kl.TRACK_WIDTH)), np.zeros((count, kl.INT_WIDTH), dtype=np.int64),
        np.zeros((count, len(TABLE.kinds))), np.zeros((count, len(TABLE.packed))),
    )  # fmt: skip
    counters = np.zeros(kl.COUNTERS, dtype=np.int64)
    plots = plots_near(rng, 0, count, 0.0)
    for p in range(count):
        kb.birth_into(*arrays, TABLE.packed, 0, 0, plots, p, 0.1, ROW, counters)
    return arrays


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_sieve_finds_the_pairs_that_asking_every_pair_finds(seed, k):
    rng = np.random.default_rng(seed)
    tracks, _, kinds, _ = born(rng, 6)
    count = 40
    plots = plots_near(rng, k, count, 0.08 if k < 2 else 0.0, tracks[0, :6])
    slice_s = float(rng.choice([-0.4, 0.3, 1.0, 2.5]))
    plots[:, kl.P_TIME] += slice_s
    order, spare = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    columns = np.empty((kl.NEAR + 3, count))
    ka.order_into(plots, 0, count, order, spare, columns[0])
    wide = kv.spread_out_into(plots, order, count, slice_s, 0.0, columns)
    motion = np.full(kl.MOTION_WIDTH, np.nan)
    scratch = np.zeros((len(tracks), kl.SCRATCH_WIDTH))
    edge_plot = np.empty((len(tracks), kl.EDGES), dtype=np.int64)
    gain = np.empty((len(tracks), kl.EDGES))
    for i in range(len(tracks)):
        kg.prepare_into(tracks, i, kinds, TABLE.packed, k, slice_s, ROW, motion, scratch)
        held = kv.gate_into(
            scratch, i, TABLE.packed, k, plots, order, columns, count, slice_s, wide, ROW,
            edge_plot, gain,
        )  # fmt: skip
        ratio = np.array([
            kg.likelihood_of(scratch, i, TABLE.packed, k, plots, p, slice_s, ROW) for p in order
        ])  # fmt: skip
        wanted = np.flatnonzero(ratio > -60.0)
        wanted = wanted[np.argsort(-ratio[wanted], kind="stable")][: kl.EDGES]
        assert set(edge_plot[i, :held].tolist()) == set(wanted.tolist())
        if len(wanted):
            assert kv.may_be_near(
                tracks, i, TABLE.packed, k, count, columns, slice_s, wide, ROW
            )
            assert kv.is_fresh_one_near(
                tracks, i, TABLE.packed, k, count, columns, slice_s, wide, ROW
            )


def of_many_models(rng, count):
    """Tracks whose models disagree about place, rates and how well both are known."""
    tracks, _, kinds, _ = born(rng, count)
    for i in range(count):
        for o in range(0, kl.MODELS * kl.BLOCK, kl.BLOCK):
            scale = np.array([1.0, 1.0, 1.0, 0.2, 0.2, 0.2]) * rng.choice([3.0, 30.0, 150.0])
            tracks[i, o : o + 6] += rng.normal(size=6) * scale
            root = rng.normal(size=(6, 6)) * scale[:, None]
            packed = (root @ root.T / 6.0)[kf._ROW, kf._COL]
            tracks[i, o + 6 : o + kl.BLOCK] = packed
        tracks[i, kl.MODE : kl.MODE + 3] = rng.dirichlet([0.5, 0.5, 0.5])
    return tracks, kinds


@pytest.mark.parametrize("k", [0, 1, 2])
def test_no_plot_in_the_gate_of_a_track_is_said_to_be_too_far(k):
    """Plots are put at the very edge of the gate, in any direction of what may be measured."""
    rng = np.random.default_rng(k)
    tracks, kinds = of_many_models(rng, 60)
    motion = np.full(kl.MOTION_WIDTH, np.nan)
    scratch = np.zeros((len(tracks), kl.SCRATCH_WIDTH))
    columns = np.empty((kl.NEAR + 3, 1))
    one = np.zeros(1, dtype=np.int64)
    inside, far = 0, 0
    for i in range(len(tracks)):
        slice_s = float(rng.choice([-0.4, 0.0, 0.3, 2.0, 8.0]))
        kg.prepare_into(tracks, i, kinds, TABLE.packed, k, slice_s, ROW, motion, scratch)
        spread = np.sqrt(np.maximum(scratch[i, [kl.INNOVATION + c for c in (0, 4, 7, 9)]], 0.0))
        for reach in (0.4, 2.7, 4.7, 5.7, 6.6, 60.0):
            plots = plots_near(rng, k, 1, 0.0)
            has = plots[0, 5:9] * (plots[0, 1:5] != 0.0)
            way = rng.normal(size=4)
            way *= reach / np.sqrt((way**2).sum())
            sigma = np.sqrt(spread**2 + plots[0, 5:9]) * (has > 0.0)
            plots[0, 1:5] = (scratch[i, kl.MEASURED : kl.MEASURED + 4] + way * sigma) * (
                has > 0.0
            )
            plots[0, 2] %= math.tau
            plots[0, kl.P_TIME] = slice_s + rng.choice([0.0, 0.08])
            wide = kv.spread_out_into(plots, one, 1, slice_s, 0.0, columns)
            near = kv.may_be_near(tracks, i, TABLE.packed, k, 1, columns, slice_s, wide, ROW)
            ratio = kg.likelihood_of(scratch, i, TABLE.packed, k, plots, 0, slice_s, ROW)
            assert near or ratio == -math.inf
            inside, far = inside + (ratio > -math.inf), far + (not near)
    assert inside > 60
    assert far >= 5


def test_a_fresh_track_far_from_every_plot_is_passed_over():
    rng = np.random.default_rng(3)
    tracks, *_ = born(rng, 1)
    rng = np.random.default_rng(3)
    plots = plots_near(rng, 0, 10, 0.0)
    plots[:, 2] = (plots[:, 2] + math.pi) % math.tau
    order = np.argsort(plots[:, 2]).astype(np.int64)
    columns = np.empty((kl.NEAR + 3, 10))
    wide = kv.spread_out_into(plots, order, 10, 1.0, 0.0, columns)
    assert not kv.is_fresh_one_near(tracks, 0, TABLE.packed, 0, 10, columns, 1.0, wide, ROW)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("k", [0, 2])
def test_the_second_try_finds_what_asking_every_plot_left_over_finds(seed, k):
    rng = np.random.default_rng(100 + seed)
    tracks, _, kinds, _ = born(rng, 6)
    count = 40
    plots = plots_near(rng, k, count, 0.08 if k < 2 else 0.0, tracks[0, :6])
    slice_s = float(rng.choice([0.3, 1.0, 2.5]))
    for i in range(len(tracks)):  # one plot near each track, within errors or just beyond
        state = tracks[i, :6].copy()
        state[:3] += slice_s * state[3:]
        near = rng.normal(size=4) * [20.0, 0.01, 0.01, 1.0]
        has = np.isfinite(TABLE.packed[k, sk.SIGMA : sk.SIGMA + 4])
        plots[i, 1:5] = (np.array(sk.measured_of(TABLE.packed, k, *state)) + near) * has
        plots[i, 2] %= math.tau
    plots[:, kl.P_TIME] += slice_s
    order, spare = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    columns = np.empty((kl.NEAR + 3, count))
    ka.order_into(plots, 0, count, order, spare, columns[0])
    kv.spread_out_into(plots, order, count, slice_s, 0.0, columns)
    col_row = rng.choice([-1, 3], count)
    claimed = rng.choice([0.0, 0.5], count)
    left, places = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    n = kw.left_over_into(columns, order, count, col_row, claimed, left, places)
    assert places[:n].tolist() == np.flatnonzero((col_row == -1) & (claimed == 0.0)).tolist()
    assert left[:n].tolist() == order[places[:n]].tolist()
    wide = kv.spread_out_into(plots, left, n, slice_s, 0.0, columns)
    motion = np.full(kl.MOTION_WIDTH, np.nan)
    scratch = np.zeros((len(tracks), kl.SCRATCH_WIDTH))
    for i in range(len(tracks)):
        kg.prepare_into(tracks, i, kinds, TABLE.packed, k, slice_s, ROW, motion, scratch)
        for c, sigma in ((0, 15.0), (4, 0.01), (7, 0.01)):
            scratch[i, kl.INNOVATION + c] += sigma**2
        odds = np.array([
            kg.likelihood_of(scratch, i, TABLE.packed, k, plots, p, slice_s, ROW)
            for p in left[:n]
        ])  # fmt: skip
        odds = np.where(odds > -60.0, odds + scratch[i, kl.PRIOR], -np.inf)
        sure = odds >= math.log(0.98) + np.logaddexp.reduce([0.0, *odds])
        found = kw.surely_of(
            scratch, i, TABLE.packed, k, plots, left, columns, n, slice_s, wide, ROW
        )
        assert [found] == (np.flatnonzero(sure).tolist() or [-1])
