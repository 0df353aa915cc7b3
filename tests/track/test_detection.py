"""Sensors that see less often than they state are found, and lose no tracks by it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.track.scene import CAMERAS, ORIGIN, RADARS, TARGETS, THREE, scans

from tocsin.errors import CallError
from tocsin.model import SensorStatus, TrackStatus
from tocsin.track import Options, Tracker, mark_errors, sensor_errors
from tocsin.track import _kernels_layout as kl
from tocsin.track._kernels_seen import count_into, detection_share_of

pytestmark = pytest.mark.jit

SECONDS = 120.0
SLOW = TARGETS(0.0)
SLOW[:, 3:] *= 0.3


def slowly(t):
    """The five targets at a third of their speeds: they stay in view for two minutes."""
    out = SLOW.copy()
    out[:, :3] += t * out[:, 3:]
    return out


def told(sensors, chance):
    return tuple(replace(s, detection_probability=chance) for s in sensors)


def played(truly, stated, sensors=RADARS[:1], options=None):
    """The tracker, and how many ids were shown for the five targets in the second half."""
    tracker = Tracker(told(sensors, stated), options, origin_deg_m=ORIGIN)
    ids = set()
    for at_s, batch, look in scans(told(sensors, truly), slowly, SECONDS):
        table = tracker.step(batch, [look], now_s=at_s)
        if at_s - 1.7e9 > SECONDS / 2:
            ids |= set(table.track_id[table.status != TrackStatus.TENTATIVE].tolist())
    return tracker, len(ids)


@pytest.mark.parametrize("truly", [0.35, 0.5])
def test_a_lone_radar_that_sees_less_than_it_states_is_taken_as_it_is(truly):
    _, unlearnt = played(truly, 0.9, options=Options(learn_errors=False))
    tracker, ids = played(truly, 0.9)
    _, told_right = played(truly, truly)
    (error,) = sensor_errors(tracker.state())
    assert error.detection == pytest.approx(truly, abs=0.12)
    assert unlearnt > 9
    assert ids <= told_right + 2


@pytest.mark.parametrize(("truly", "sensors"), [(0.9, THREE), (0.8, RADARS[:1])])
def test_what_comes_near_to_what_is_stated_passes_for_it(truly, sensors):
    tracker, _ = played(truly, 0.9, sensors)
    assert all(e.detection == 0.9 for e in sensor_errors(tracker.state()))
    statuses = tuple(SensorStatus(s.id, "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", (), 0.0)
                     for s in sensors)  # fmt: skip
    assert mark_errors(statuses, [tracker.state()]) is statuses


def test_a_state_in_which_it_was_learnt_is_gone_on_from():
    tracker, _ = played(0.4, 0.9)
    state = tracker.state()
    fresh = Tracker(told(RADARS[:1], 0.9), origin_deg_m=ORIGIN)
    fresh.restore(state)
    assert repr(sensor_errors(fresh.state())) == repr(sensor_errors(state))  # NaN in them
    with pytest.raises(CallError, match="other sensors"):
        Tracker(told(RADARS[:1], 0.5), origin_deg_m=ORIGIN).restore(state)
    (marked,) = mark_errors(
        (SensorStatus("radar-0", "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", (), 0.0),),
        [state],
    )
    assert marked.detection == sensor_errors(state)[0].detection
    assert marked.scatter != marked.scatter


def test_what_measures_no_range_is_left_to_its_tracks():
    tracker, _ = played(0.4, 0.9, (*RADARS[:1], *CAMERAS))
    radar, *cameras = sensor_errors(tracker.state())
    assert radar.detection < 0.6
    assert [camera.detection for camera in cameras] == [0.9, 0.9]


def test_misses_that_are_booked_in_a_row_before_the_hits_do_not_pass_for_blindness():
    """A thousand targets: while one radar's slice is taken in, only misses of the other one are
    booked, a hundred of them, and its nine hundred hits only after.
    """
    seen, audit = np.zeros((1, 6)), np.zeros((2, kl.AUDIT_WIDTH))
    for target in range(1000):
        seen[0, 5] = 1.0 if target % 10 == 0 else 0.0
        count_into(seen, 0, 2, 0, audit)
        seen[0, 5] = 0.0
    for target in range(1000):
        if target % 10:
            count_into(seen, 0, 2, 1, audit)
    assert audit[1, kl.A_HITS] / audit[1, kl.A_LOOKS] == pytest.approx(0.9)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.0, 100.0)), max_size=300),
    st.floats(0.0, 0.999),
)
def test_the_share_is_never_more_than_all_nor_next_to_nothing(looks, stated):
    seen, audit = np.zeros((1, 9)), np.zeros((3, kl.AUDIT_WIDTH))
    for k, missed in looks:
        seen[0, 6:] = missed
        count_into(seen, 0, 3, k, audit)
        assert np.all(audit[:, kl.A_HITS] <= audit[:, kl.A_LOOKS] + 1e-9)
    for k in range(3):
        assert 0.2 <= detection_share_of(audit, k, stated) <= 1.0
