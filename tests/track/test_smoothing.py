"""Smoothing, against batch least squares, against a plain twin, and on flights."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.track.scene import RADARS, scans
from tests.track.test_track_verb import T0, write

from tocsin.cli.track import run
from tocsin.errors import CallError
from tocsin.track import Motion, MotionModels, Options
from tocsin.track import _kernels_filter as kf
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_smooth as km
from tocsin.track.options import pack_options
from tocsin.track.smoothing import History, smoothed
from tocsin.track.tables import SYMMETRIC

Q, Q_UP = 2.0, 0.5
ONE = pack_options(Options(motion=MotionModels([Motion(Q, Q_UP)])), 60_000.0)
SIGMA_M = np.array([8.0, 6.0, 20.0])


def white_noise(dt):
    """F and Q of constant velocity (Bar-Shalom, Li and Kirubarajan 2001, 6.2.2)."""
    f, q = np.eye(6), np.zeros((6, 6))
    f[:3, 3:] = dt * np.eye(3)
    for d, density in enumerate((Q, Q, Q_UP)):
        q[d, d], q[d, d + 3] = density * dt**3 / 3, density * dt**2 / 2
        q[d + 3, d], q[d + 3, d + 3] = density * dt**2 / 2, density * dt
    return f, q


def flight(seed, count=25):
    """Times, measured positions, filtered rows as the tracker keeps them: linear, one CV."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.2, 1.5, count))
    x = np.array([4000.0, 3000.0, 200.0, -40.0, -25.0, 0.0])
    mean, p = np.zeros(6), np.diag([1e6, 1e6, 1e4, 2500.0, 2500.0, 25.0])
    prior, rows, measured = p.copy(), np.zeros((count, kl.TIME_S + 1)), np.zeros((count, 3))
    for k, at in enumerate(times):
        if k:
            f, q = white_noise(at - times[k - 1])
            x = f @ x + np.linalg.cholesky(q) @ rng.normal(size=6)
            mean, p = f @ mean, f @ p @ f.T + q
        measured[k] = x[:3] + SIGMA_M * rng.normal(size=3)
        gain = p[:, :3] @ np.linalg.inv(p[:3, :3] + np.diag(SIGMA_M**2))
        mean, p = mean + gain @ (measured[k] - mean[:3]), p - gain @ p[:3]
        p = 0.5 * (p + p.T)
        for m in range(kl.MODELS):
            rows[k, m * 27 : m * 27 + 6] = mean
            rows[k, m * 27 + 6 : m * 27 + 27] = p[kf._ROW, kf._COL]
        rows[k, kl.MODE : kl.MODE + 3], rows[k, kl.TIME_S] = [0.5, 0.25, 0.25], at
    return times, measured, rows, prior


def least_squares(times, measured, prior, at):
    """The most likely whole path given all plots, and its covariance, at the times `at`.

    Weighted least squares over all unknowns at once, in the form that inverts only what was
    measured: C H' (H C H' + R)^-1 with C the covariance of the path before any plot.
    """
    every = np.unique(np.concatenate([times, at]))
    n = len(every)
    path = np.zeros((n, 6, n, 6))
    p = prior
    for k in range(n):
        if k:
            f, q = white_noise(every[k] - every[k - 1])
            p = f @ p @ f.T + q
        for later in range(k, n):
            f, _ = white_noise(every[later] - every[k])
            path[later, :, k], path[k, :, later] = f @ p, (f @ p).T
    seen = np.searchsorted(every, times)
    own = path[seen][:, :3][:, :, seen][..., :3].reshape(3 * len(times), -1)
    cross = path[:, :, seen][..., :3].reshape(6 * n, -1)
    gain = np.linalg.solve(own + np.diag(np.tile(SIGMA_M**2, len(times))), cross.T).T
    mean = (gain @ measured.ravel()).reshape(n, 6)
    covariance = (path.reshape(6 * n, 6 * n) - gain @ cross.T).reshape(n, 6, n, 6)
    places = np.searchsorted(every, at)
    return mean[places], np.array([covariance[k, :, k] for k in places])


@pytest.mark.parametrize("seed", range(4))
def test_for_one_straight_flight_it_is_the_batch_least_squares_solution(seed):
    times, measured, rows, prior = flight(seed)
    at = np.concatenate([times[::4], np.arange(np.ceil(times[0]), times[-1], 0.7)])
    at.sort()
    out = np.empty((len(at), kl.BLOCK))
    km.smooth_into(rows, at, ONE, out)
    mean, covariance = least_squares(times, measured, prior, at)
    np.testing.assert_allclose(out[:, :6], mean, rtol=1e-7, atol=1e-5)
    np.testing.assert_allclose(out[:, 6:].take(SYMMETRIC, 1), covariance, rtol=1e-5, atol=1e-6)


def kim_twin(rows, options):
    """Kim's smoother with matrices; smoothed mean and covariance at each row."""
    stay, leave = options[kl.STAY_S : kl.STAY_S + 3], options[kl.LEAVE : kl.LEAVE + 3]

    def of(row, j):
        block = row[27 * j : 27 * j + 27]
        return block[:6], block[6:].take(SYMMETRIC)

    xs = np.array([of(rows[-1], j)[0] for j in range(3)])
    ps = np.array([of(rows[-1], j)[1] for j in range(3)])
    ms = rows[-1, kl.MODE : kl.MODE + 3]
    out = []
    for k in range(len(rows) - 1, -1, -1):
        if k < len(rows) - 1:
            dt = rows[k + 1, kl.TIME_S] - rows[k, kl.TIME_S]
            go = dt / (dt + stay)
            change = np.diag(1.0 - go)
            for j, (low, high) in enumerate(((1, 2), (0, 2), (0, 1))):
                change[j, low], change[j, high] = go[j] * leave[j], go[j] * (1 - leave[j])
            joint = change * rows[k, kl.MODE : kl.MODE + 3][:, None]
            weight = joint / joint.sum(axis=0) * ms
            new_x, new_p = np.zeros((3, 6)), np.zeros((3, 6, 6))
            for j in range(3):
                x, p = of(rows[k], j)
                pairs = []
                for i in range(3):
                    f, q = np.eye(6), np.zeros((6, 6))
                    for d in range(3):
                        o = 4 * i + (2 if d < 2 else 3)
                        density = options[4 * i + (kl.Q_V if d == 2 else kl.Q_H)]
                        a, b, pp, pv, vv = kf.motion_of(dt, density, options[o])
                        f[d, d + 3], f[d + 3, d + 3] = a, b
                        q[d, d], q[d, d + 3], q[d + 3, d], q[d + 3, d + 3] = pp, pv, pv, vv
                    ahead = f @ p @ f.T + q
                    gain = np.linalg.solve(ahead, f @ p).T
                    pairs.append(
                        (x + gain @ (xs[i] - f @ x), p + gain @ (ps[i] - ahead) @ gain.T)
                    )
                share = weight[j] / weight[j].sum()
                new_x[j] = sum(w * a for w, (a, _) in zip(share, pairs))
                new_p[j] = sum(
                    w * (c + np.outer(a - new_x[j], a - new_x[j]))
                    for w, (a, c) in zip(share, pairs)
                )
            xs, ps, ms = new_x, new_p, weight.sum(axis=1)
        mean = ms @ xs / ms.sum()
        spread = sum(m * (p + np.outer(x - mean, x - mean)) for m, x, p in zip(ms, xs, ps))
        out.append((mean, spread / ms.sum()))
    return out[::-1]


def test_with_several_models_it_is_kims_smoother():
    options = pack_options(Options(), 60_000.0)
    _, _, rows, _ = flight(7, 12)
    rng = np.random.default_rng(7)
    for k in range(len(rows)):
        for m in range(3):
            rows[k, 27 * m : 27 * m + 6] += rng.normal(size=6) * [9, 9, 9, 3, 3, 1]
        rows[k, kl.MODE : kl.MODE + 3] = rng.dirichlet([2, 2, 2])
    out = np.empty((len(rows), kl.BLOCK))
    km.smooth_into(rows, rows[:, kl.TIME_S].copy(), options, out)
    for got, (mean, covariance) in zip(out, kim_twin(rows, options)):
        np.testing.assert_allclose(got[:6], mean, rtol=1e-8, atol=1e-6)
        np.testing.assert_allclose(got[6:].take(SYMMETRIC), covariance, rtol=1e-7, atol=1e-6)


def bent(t):
    """Two targets: one that turns at 6 degrees a second for a while, one straight."""
    phase = 0.1 * np.clip(t - 15.0, 0.0, 15.0)
    v = 35.0 * np.array([-np.cos(phase), np.sin(phase)])
    steps = np.arange(0.0, t, 0.05)
    turn = 0.1 * np.clip(steps - 15.0, 0.0, 15.0)
    way = 0.05 * 35.0 * np.array([-np.cos(turn).sum(), np.sin(turn).sum()])
    one = [3000 + way[0], 2000 + way[1], 200, v[0], v[1], 0]
    return np.array([one, [-2500 + 30 * t, 3000 - 20 * t, 150, 30, -20, 0]], dtype=float)


def errors(path, truth):
    rows = pq.read_table(path).to_pydict()
    at = np.array(rows["time_s"]) - T0
    place = np.column_stack([rows[k] for k in ("east_m", "north_m", "up_m")])
    covariance = np.column_stack([rows[k] for k in ("see", "sen", "seu", "snn", "snu", "suu")])
    apart, nees = {}, {}
    for t, name, p, c in zip(at, rows["track_id"], place, covariance):
        gaps = truth(t)[:, :3] - p
        gap = gaps[np.linalg.norm(gaps, axis=1).argmin()]
        apart[round(t), name] = np.linalg.norm(gap)
        nees[round(t), name] = gap @ np.linalg.solve(
            c[[0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(3, 3), gap
        )
    return apart, nees


@pytest.mark.parametrize("late", [False, True])
def test_smoothed_tracks_are_nearer_to_the_truth_and_what_was_shown_keeps_its_bytes(
    tmp_path, late
):
    rows = scans(RADARS, bent, 40.0, seed=3)
    rng = np.random.default_rng(1)
    changes = {
        name: np.concatenate([getattr(b, name) for _, b, _ in rows])
        for name in ("time_s", "range_m", "range_rate_mps")
    }
    count = len(changes["time_s"])
    changes["arrival_s"] = changes["time_s"] + (rng.random(count) < 0.2) * 3.0 * late
    changes["azimuth_deg"] = np.degrees(np.concatenate([b.azimuth_rad for _, b, _ in rows]))
    changes["elevation_deg"] = np.degrees(np.concatenate([b.elevation_rad for _, b, _ in rows]))
    sensors = np.concatenate([b.sensor for _, b, _ in rows])
    changes["sensor_id"] = np.array([RADARS[k].id for k in sensors])
    write(tmp_path, **changes)
    plain = run(tmp_path, tmp_path / "plain.parquet")
    figures = run(tmp_path, tmp_path / "live.parquet", smooth=True)
    assert (tmp_path / "plain.parquet").read_bytes() == (tmp_path / "live.parquet").read_bytes()
    for name in ("tracks", "unused", "registration"):
        assert json.dumps(plain[name]) == json.dumps(figures[name])
    live, _ = errors(tmp_path / "live.parquet", bent)
    found, nees = errors(tmp_path / "live.smooth.parquet", bent)
    both = sorted(set(live) & set(found))
    assert len(both) > 60  # of one id at one time: two targets, 40 s
    filtered, smooth = (np.array([rows[key] for key in both]) for rows in (live, found))
    assert np.sqrt(np.mean(smooth**2)) < 0.75 * np.sqrt(np.mean(filtered**2))
    assert min(found)[0] < min(live)[0]  # from the first plot on, not from the confirmation
    assert np.mean(np.array(list(nees.values())) < 7.815) > 0.85
    columns = pq.read_table(tmp_path / "live.smooth.parquet").column_names
    assert columns == [
        c for c in pq.read_table(tmp_path / "live.parquet").column_names if c != "existence"
    ]


def test_nothing_is_smoothed_to_nothing_and_a_period_of_nothing_is_refused():
    assert len(smoothed(History(), ONE).time_s) == 0
    with pytest.raises(CallError, match="period_s"):
        smoothed(History(), ONE, period_s=0.0)
