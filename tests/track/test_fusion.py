"""Joining two estimates: against textbook formulas in plain NumPy, and as laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

from tocsin.errors import CallError
from tocsin.track import fusion
from tocsin.track.options import chi2_quantile

pytestmark = pytest.mark.jit


def spread(rng, n, scale=1.0):
    root = rng.normal(size=(n, 6, 6))
    return scale * (root @ root.transpose(0, 2, 1) + 0.1 * np.eye(6))


@pytest.mark.parametrize("freedom", range(1, 7))
def test_quantiles_are_those_of_scipy(freedom):
    for probability in (0.5, 0.95, 0.9995):
        assert chi2_quantile(probability, freedom) == pytest.approx(
            chi2.ppf(probability, freedom), abs=1e-9
        )


def test_the_distance_is_that_of_the_textbook_over_the_axes_that_both_know():
    rng = np.random.default_rng(1)
    a_cov, b_cov = spread(rng, 40), spread(rng, 40)
    a, b = rng.normal(size=(2, 40, 6))
    axes = rng.random((40, 6)) < 0.7
    axes[:, 0] = True
    found = fusion.track_distance2(a, a_cov, b, b_cov, axes)
    for k in range(40):
        on = np.flatnonzero(axes[k])
        gap = (a[k] - b[k])[on]
        both = (a_cov[k] + b_cov[k])[np.ix_(on, on)]
        assert found[k] == pytest.approx(gap @ np.linalg.solve(both, gap), rel=1e-9)


def test_the_weight_is_the_one_that_makes_the_determinant_least():
    rng = np.random.default_rng(2)
    a_cov, b_cov = spread(rng, 30), spread(rng, 30, 2.0)
    a, b = rng.normal(size=(2, 30, 6))
    state, cov, weight = fusion.covariance_intersection(a, a_cov, b, b_cov)
    for k in range(30):
        a_inv, b_inv = np.linalg.inv(a_cov[k]), np.linalg.inv(b_cov[k])

        def size(w, a_inv=a_inv, b_inv=b_inv):
            return -np.linalg.slogdet(w * a_inv + (1 - w) * b_inv)[1]

        best = minimize_scalar(size, bounds=(0, 1), method="bounded", options={"xatol": 1e-9})
        assert size(weight[k]) <= best.fun + 1e-6
        fused = np.linalg.inv(weight[k] * a_inv + (1 - weight[k]) * b_inv)
        np.testing.assert_allclose(cov[k], fused, atol=1e-9)
        mean = fused @ (weight[k] * a_inv @ a[k] + (1 - weight[k]) * b_inv @ b[k])
        np.testing.assert_allclose(state[k], mean, atol=1e-9)


def test_an_estimate_fused_with_itself_gains_nothing():
    """Where the errors are the same ones, a sum that took them as independent would halve the
    variance: this must not.
    """
    rng = np.random.default_rng(3)
    cov = spread(rng, 10)
    a = rng.normal(size=(10, 6))
    state, fused, _ = fusion.covariance_intersection(a, cov, a, cov)
    np.testing.assert_allclose(fused, cov, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(state, a, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(-0.99, 0.99))
def test_the_stated_spread_holds_for_any_correlation(seed, correlation):
    """For errors a = A^.5 u, b = B^.5 v with E[u v'] = rho I the true spread of the sum is
    known; the stated one is never smaller in any direction.
    """
    rng = np.random.default_rng(seed)
    a_cov, b_cov = spread(rng, 1), spread(rng, 1)
    zero = np.zeros((1, 6))
    _, fused, weight = fusion.covariance_intersection(zero, a_cov, zero, b_cov)
    a_root, b_root = np.linalg.cholesky(a_cov[0]), np.linalg.cholesky(b_cov[0])
    w = float(weight[0])
    gain_a = w * fused[0] @ np.linalg.inv(a_cov[0])
    gain_b = (1 - w) * fused[0] @ np.linalg.inv(b_cov[0])
    cross = correlation * gain_a @ a_root @ b_root.T @ gain_b.T
    true = gain_a @ a_cov[0] @ gain_a.T + gain_b @ b_cov[0] @ gain_b.T + cross + cross.T
    assert np.linalg.eigvalsh(fused[0] - true).min() > -1e-8 * np.trace(fused[0])


def test_an_axis_that_the_other_does_not_know_stays_as_it_was_known():
    a, b = np.zeros((1, 6)), np.full((1, 6), 5.0)
    a_cov, b_cov = np.eye(6)[None] * 100.0, np.eye(6)[None]
    axes = np.array([[1, 1, 0, 0, 0, 0]])
    state, cov, weight = fusion.covariance_intersection(a, a_cov, b, b_cov, axes)
    assert 0.0 < weight[0] < 1.0
    assert state[0, 2] == 0.0
    assert np.all(state[0, :2] > 2.5)
    assert cov[0, 0, 0] < 100.0


def test_a_spread_that_is_none_changes_nothing_and_says_so():
    a, b = np.zeros((1, 6)), np.ones((1, 6))
    good, bad = np.eye(6)[None], -np.eye(6)[None]
    state, cov, weight = fusion.covariance_intersection(a, good, b, bad)
    assert np.array_equal(state, a)
    assert np.array_equal(cov, good)
    assert np.isnan(weight[0])


def test_near_pairs_are_those_that_a_plain_loop_finds():
    rng = np.random.default_rng(4)
    a, b = rng.normal(scale=300.0, size=(25, 6)), rng.normal(scale=300.0, size=(30, 6))
    a_cov, b_cov = spread(rng, 25, 9000.0), spread(rng, 30, 9000.0)
    pairs, distance2 = fusion.near_pairs(a, a_cov, b, b_cov, gate=0.99)
    limit = chi2.ppf(0.99, 6)
    expected = {}
    for i in range(25):
        for j in range(30):
            gap = a[i] - b[j]
            value = gap @ np.linalg.solve(a_cov[i] + b_cov[j], gap)
            if value <= limit:
                expected[i, j] = value
    assert len(expected) > 10
    assert {tuple(p) for p in pairs.tolist()} == set(expected)
    assert np.all(np.diff(distance2) >= 0)


def test_shapes_that_do_not_fit_are_refused_in_words():
    with pytest.raises(CallError, match=r"\(n, 6\)"):
        fusion.track_distance2(np.zeros((2, 3)), np.zeros((2, 3, 3)), 0, 0)
    with pytest.raises(CallError, match="pair"):
        fusion.track_distance2(
            np.zeros((2, 6)), np.zeros((2, 6, 6)), np.zeros((1, 6)), np.zeros((1, 6, 6))
        )
