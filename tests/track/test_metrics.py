"""Measures of tracks, against a scorer from outside and hand-made cases."""

import importlib.util

import numpy as np
import pytest

from tocsin.errors import CallError
from tocsin.track import metrics

pytestmark = pytest.mark.jit


@pytest.fixture(scope="module")
def oracle(bench_folder):
    spec = importlib.util.spec_from_file_location("reference_score", bench_folder / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gospa_and_its_parts_are_those_of_the_reference_scorer(oracle):
    rng = np.random.default_rng(1)
    for _ in range(60):
        truth = rng.uniform(-300, 300, (rng.integers(0, 8), 3))
        tracks = rng.uniform(-300, 300, (rng.integers(0, 8), 3))
        c, p = rng.uniform(50, 300), float(rng.integers(1, 4))
        total, loc, missed, false, _ = oracle.gospa(truth, tracks, c, p)
        mine = metrics.gospa(truth, tracks, c, p)
        assert mine.total == pytest.approx(total)
        assert mine.localisation == pytest.approx(loc)
        assert (mine.missed, mine.false) == (missed, false)


def test_a_constant_offset_is_the_offset_and_a_swap_costs():
    times = np.arange(20.0)
    truth = np.zeros((20, 2, 3))
    truth[:, 0, 0], truth[:, 1, 0], truth[:, 1, 1] = times, times, 500.0
    assert metrics.ospa2(truth, truth + np.array([0.0, 0.0, 30.0]), 200.0) == pytest.approx(
        30.0
    )
    swapped = truth.copy()
    swapped[10:] = truth[10:, ::-1]
    assert metrics.ospa2(truth, swapped, 200.0) == pytest.approx(100.0)
    assert metrics.ospa2(truth, truth[:, :1], 200.0) == pytest.approx(200.0 / np.sqrt(2))
    half = truth.copy()
    half[10:] = np.nan
    assert metrics.ospa2(truth, half, 200.0) == pytest.approx(100.0)
    assert metrics.ospa2(truth[:, :0], truth[:, :0], 200.0) == 0.0


def test_nees_is_the_quadratic_form():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(30, 3, 3))
    spread, error = root @ root.transpose(0, 2, 1) + np.eye(3), rng.normal(size=(30, 3))
    plain = [e @ np.linalg.solve(s, e) for e, s in zip(error, spread)]
    np.testing.assert_allclose(metrics.nees(error, spread), plain, rtol=1e-9)
    assert np.isnan(metrics.nees(error[:1], -spread[:1]))[0]


def test_siap_counts_what_its_words_say():
    truth = [[[0.0, 0, 0], [1000.0, 0, 0]]] * 2
    tracks = [[[10.0, 0, 0], [20.0, 0, 0], [5000.0, 0, 0]], [[10.0, 0, 0], [1000.0, 0, 0]]]
    found = metrics.siap(truth, tracks, 100.0)
    assert found.completeness == pytest.approx(3 / 4)
    assert found.ambiguity == pytest.approx(4 / 3)
    assert found.spuriousness == pytest.approx(1 / 5)
    assert found.position_m == pytest.approx(10.0)


def test_what_has_no_sense_is_refused_in_words():
    with pytest.raises(CallError, match=r"\(n, 3\)"):
        metrics.gospa([[1.0, 2.0]], [], 100.0)
    with pytest.raises(CallError, match="above 0"):
        metrics.gospa([], [], -1.0)
