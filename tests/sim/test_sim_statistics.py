"""Intervals against published values."""

import math

import pytest
import scipy.stats

from tocsin.sim.statistics import order_ranks, proportion, quantile, wilson


# R. G. Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_intervals_are_those_that_newcombe_printed(count, of, low, high):
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)


def test_none_and_all_are_said_as_bounds():
    assert str(proportion(0, 20)["words"]).startswith("none of 20: at most 16.1")
    assert str(proportion(20, 20)["words"]).startswith("all of 20: at least 83.9")


# Ranks of the distribution-free 95 % interval of a median: tables of the sign test.
@pytest.mark.parametrize(("n", "ranks"), [(6, (1, 6)), (10, (2, 9)), (20, (6, 15))])
def test_a_median_lies_between_the_ranks_of_the_sign_test(n, ranks):
    assert order_ranks(n, 0.5) == ranks


def test_what_never_happened_and_what_is_not_bounded_is_none():
    row = quantile([-math.inf, 1.0, 2.0], 0.05)
    assert row["value"] is None
    assert row["low"] is None
    assert quantile([1.0, 2.0, 3.0], 0.5)["value"] == 2.0


@pytest.mark.parametrize("n", [501, 1030, 5000])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_the_ranks_of_many_raids_are_those_of_the_exact_binomial(n, share):
    """1030 over 515 is beyond a float: 1,030 raids once ended in an error after all were
    played. SciPy's distribution is the judge.
    """
    law = scipy.stats.binom(n, share)
    low, high = order_ranks(n, share)
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert law.cdf(high - 2) < 0.975 <= law.cdf(high - 1)
