"""Service time is one line over the machine's time, the same in every process."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import CallError
from tocsin.service.clock import REAL, Clock, clock_of

TIMES = st.floats(1e9, 2e9)


@given(TIMES, TIMES, st.floats(0.1, 20.0), st.floats(0.0, 1e5))
def test_a_duration_takes_as_long_as_the_rate_says(epoch_s, anchor_s, rate, wall_s):
    clock = Clock(epoch_s, anchor_s, rate)
    passed_s = clock.at(anchor_s + wall_s) - clock.at(anchor_s)
    assert passed_s == pytest.approx(wall_s * rate, rel=1e-5, abs=1e-4)
    assert clock.wall(passed_s) == pytest.approx(wall_s, rel=1e-5, abs=1e-4)
    assert clock.at(anchor_s) == epoch_s


def test_the_real_clock_is_the_machines():
    assert abs(REAL.now_s() - time.time()) < 0.1
    assert clock_of(None, None, 1.0) is REAL


def test_a_clock_given_twice_is_the_same_clock():
    assert clock_of(5.0, 7.0, 20.0) == clock_of(5.0, 7.0, 20.0)


@pytest.mark.parametrize(
    ("epoch_s", "anchor_s", "rate"),
    [(1.0, None, 1.0), (None, 1.0, 1.0), (None, None, 0.0), (None, None, float("nan"))],
)
def test_a_clock_that_cannot_be_is_refused_with_a_sentence(epoch_s, anchor_s, rate):
    with pytest.raises(CallError, match="give"):
        clock_of(epoch_s, anchor_s, rate)
