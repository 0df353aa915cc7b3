"""The watch's time: never backwards, never far from the machine's clock without saying so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.service.clock import Clock
from tocsin.service.wall import EASE, EASED_S, STANDS_S, Wall

NOON = 1_790_000_000.0


class Machine:
    """A clock that is set, and one that is not."""

    def __init__(self):
        self.up_s, self.set_s = 100.0, NOON - 100.0
        self.wall = Wall(lambda: self.up_s + self.set_s, lambda: self.up_s)
        self.clock = Clock(source=self.wall)

    def run(self, seconds, step=0.25):
        for _ in range(round(seconds / step)):
            self.up_s += step
            self.clock.now_s()
        return self.clock.now_s() - (self.up_s + self.set_s)


@pytest.fixture
def machine():
    return Machine()


def test_it_is_the_machines_clock_while_nobody_sets_it(machine):
    assert machine.run(3600.0) == pytest.approx(0.0, abs=1e-6)
    assert machine.clock.note() == ""


def test_a_small_correction_is_eased_in_either_way(machine):
    for by_s in (-3.0, 3.0):
        machine.set_s += by_s
        began = machine.clock.now_s()
        off = machine.run(10.0)
        assert off == pytest.approx(-by_s + (1.0 if by_s > 0 else -1.0), abs=0.05)
        assert machine.clock.now_s() - began == pytest.approx(10.0, rel=EASE + 0.01)
        assert machine.run(25.0) == pytest.approx(0.0, abs=1e-6)


def test_a_clock_that_is_set_back_is_not_followed_and_that_is_said(machine):
    machine.set_s -= 3600.0
    assert machine.run(7200.0) == pytest.approx(3600.0)
    assert machine.clock.ahead_s() == pytest.approx(3600.0)
    assert "set back" in machine.clock.note()
    assert "3600 s" in machine.clock.note()
    machine.set_s += 3600.0  # it was wrong: somebody has set it right again
    assert machine.run(60.0) == pytest.approx(0.0, abs=1e-6)
    assert machine.clock.note() == ""


def test_a_leap_that_does_not_last_is_not_followed(machine):
    machine.set_s += 86_400.0
    assert machine.run(STANDS_S - 5.0) == pytest.approx(-86_400.0)
    assert "leapt 86400 s ahead" in machine.clock.note()
    machine.set_s -= 86_400.0
    assert machine.run(1.0) == pytest.approx(0.0, abs=1e-6)


def test_a_leap_that_lasts_is_followed(machine):
    machine.set_s += 8 * 3600.0  # a machine without a battery hears of the time
    assert machine.run(STANDS_S + 1.0) == pytest.approx(0.0, abs=1e-6)
    assert machine.clock.note() == ""


def test_a_watch_goes_on_from_its_journal_where_that_is_later(machine):
    machine.clock.not_before(NOON + 900.0)
    assert machine.clock.now_s() == pytest.approx(NOON + 900.0)
    assert machine.run(100.0) == pytest.approx(900.0)
    assert "900 s" in machine.clock.note()
    machine.clock.not_before(NOON)
    assert machine.clock.ahead_s() == pytest.approx(900.0)


def test_a_fast_clock_goes_on_from_its_own_time(machine):
    fast = Clock(1000.0, NOON, 20.0, machine.wall)
    fast.not_before(5000.0)
    assert fast.now_s() == pytest.approx(5000.0)
    assert fast.ahead_s() == pytest.approx(200.0)


def test_what_runs_between_the_two_readings_is_taken_for_no_step():
    times = iter([0.0, 10.0, 15.0, 16.0, 16.0, 17.0, 17.0])
    wall = Wall(lambda: NOON + 15.0, lambda: next(times))
    assert wall.now_s() == NOON + 15.0 + 10.0  # 5 s passed while it was read: not compared
    assert wall.now_s() == pytest.approx(NOON + 31.0, abs=0.7)


@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(-5e4, 5e4) | st.just(0.0)), max_size=60)
)
def test_it_never_steps_back_and_far_ahead_of_it_is_the_machine_for_a_while_only(steps):
    machine = Machine()
    before = machine.clock.now_s()
    for passes_s, set_by_s in steps:
        machine.set_s += set_by_s
        machine.up_s += passes_s
        now = machine.clock.now_s()
        assert now >= before
        before = now
    machine.run(2 * STANDS_S + EASED_S / EASE)
    assert machine.clock.ahead_s() > -1e-6
