"""How well a sensor sees a track, beside what is stated of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight

from tocsin.track import Options, Tracker
from tocsin.track._kernels_seen import book_into, share_of

T0_S = 1.7e9
HOVERS = straight([3000.0, 1500.0, 200.0, 0.0, 0.0, 0.0])


def row(sensors=2):
    seen = np.zeros((1, 3 * sensors))
    seen[0, :sensors] = -np.inf
    return seen


@pytest.mark.parametrize("sees", [0.5, 0.7, 0.9])
def test_the_share_learnt_is_that_of_what_is_seen_to_what_is_stated(sees):
    """Within what a memory of some ten looks, held within 0.3 and 1, leaves of it."""
    rng, seen, shares = np.random.default_rng(1), row(), []
    for _ in range(5000):
        if rng.random() < sees:
            book_into(seen, 0, 2, 0, 0.9, True)
        else:
            seen[0, 4] += 1.0
        shares.append(share_of(seen, 0, 2, 0))
    assert np.mean(shares) == pytest.approx(sees / 0.9, abs=0.08)
    assert share_of(seen, 0, 2, 1) == 1.0  # of the other nothing was learnt


def test_what_nothing_proves_teaches_nothing():
    seen = row()
    for _ in range(50):
        seen[0, 4] += 5.0
        book_into(seen, 0, 2, 0, 0.9, False)
    assert share_of(seen, 0, 2, 0) == 1.0
    seen[0, 4] += 5.0
    book_into(seen, 0, 2, 1, 0.9, False)  # the other one sees it, and so proves it
    assert share_of(seen, 0, 2, 0) == pytest.approx(0.9**5)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=200))
def test_a_share_is_never_above_what_is_stated_nor_nothing(looks):
    seen = row(3)
    for k, hit, proven in looks:
        if hit:
            book_into(seen, 0, 3, k, 0.9, proven)
        else:
            seen[0, 6 + k] += 1.0
    for k in range(3):
        assert 0.3 <= share_of(seen, 0, 3, k) <= 1.0


def lives(sensors, duration_s, sees):
    """Return [(time, ids)] of the confirmed tracks of a hovering thing, look by look.

    sees(sensor, time): the chance of a plot, of sensors that state 0.9; None: it does not look.
    """
    rng = np.random.default_rng(5)
    tracker = Tracker(sensors, Options(), origin_deg_m=ORIGIN)
    out = []
    for t, batch, coverage in scans(sensors, HOVERS, duration_s, false_alarms=False):
        chance = sees(int(coverage.sensor), t - T0_S)
        if chance is None:
            continue
        keep = np.flatnonzero(rng.random(len(batch)) < chance / 0.9)
        table = tracker.step(batch.take(keep), (coverage,), now_s=t)
        out.append((t - T0_S, set(table.track_id[table.status > 0].tolist())))
    return out


def test_what_one_sensor_finds_half_of_the_time_keeps_its_track_when_the_other_is_blind():
    """A camera finds a small drone at 2 km in half of its looks and says 0.9; then the radar no
    longer looks, as in its Doppler notch.
    """

    def sees(sensor, at_s):
        if sensor == 0:
            return 0.9 if at_s < 60.0 else None
        return 0.4

    ids = [ids for at_s, ids in lives((RADARS[0], CAMERAS[0]), 240.0, sees) if at_s > 20.0]
    assert all(ids)
    assert len(set().union(*ids)) == 1


def test_what_nobody_sees_any_more_ends_as_soon_as_before():
    """Misses teach only of what is seen again: a good sensor ends a track within some looks."""
    looks = lives(RADARS[:1], 75.0, lambda _, at_s: 0.9 if at_s < 60.0 else 0.0)
    assert all(ids for at_s, ids in looks if 50.0 < at_s < 60.0)
    assert not any(ids for at_s, ids in looks if at_s > 66.0)
