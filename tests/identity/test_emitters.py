"""What bearings of a direction finder say of tracks: laws, and an officer's words."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identity.flights import T0_S, blank_table, place

from tocsin import identity
from tocsin.identity import _kernels_emitters as ke
from tocsin.model import (
    CLASSES,
    Coverage,
    DeclaredTable,
    DetectionBatch,
    Node,
    Sensor,
    Site,
    TrackStatus,
)
from tocsin.units import DEG

SITE = Site("base", "Base", 48.0, 11.0, 500.0)
FINDER = Sensor(
    "df", kind="rf", lat=48.0, lon=11.0, alt_m=500.0, sigma_azimuth_deg=2.0, scan_period_s=2.0,
    detection_probability=0.85, false_alarms_per_scan=0.3, max_range_m=8000.0,
)  # fmt: skip
NODE = Node(sites=(SITE,), sensors=(FINDER,))
NOBODY = DeclaredTable.blank(0)
BIRD, MULTIROTOR = CLASSES.index("bird"), CLASSES.index("drone_multirotor")
angles = st.floats(0.0, math.tau, exclude_max=True)


def looked(total, azimuths, bearings, *, where=ke.INSIDE, sigma_deg=2.0):
    """Return `total` after one look."""
    out, n, m = np.array(total, float), len(azimuths), len(bearings)
    ke.look_into(
        np.array(azimuths, float), np.full(n, 1e-5), np.full(n, where, np.uint8),
        np.array(bearings, float), np.full(m, (sigma_deg * DEG) ** 2), 0.85, 0.2, out,
    )  # fmt: skip
    return out


def test_who_is_heard_rises_and_who_is_silent_falls_to_their_bounds():
    total = [0.0, 0.0]
    for _ in range(10):
        total = looked(total, [1.0, 3.0], [1.0 + 0.5 * DEG])
    assert total == pytest.approx([ke.TOTAL_MOST_LN, ke.TOTAL_LEAST_LN])


def test_a_bird_in_line_with_a_drone_that_is_heard_is_not_taken_for_a_transmitter():
    """The drone's track explains the bearing; without it, it would be the bird's."""
    total = [ke.TOTAL_MOST_LN, 0.0]
    for _ in range(5):
        total = looked(total, [1.0, 1.0 + 1.0 * DEG], [1.0])
    assert total[0] == pytest.approx(ke.TOTAL_MOST_LN)
    alone = [0.0]
    for _ in range(5):
        alone = looked(alone, [1.0 + 1.0 * DEG], [1.0])
    assert alone[0] > 2.0
    assert abs(total[1]) < alone[0] / 3.0


def test_far_out_silence_tells_nothing_and_outside_nothing_tells():
    assert looked([0.0], [1.0], [3.0], where=ke.FAR)[0] == 0.0
    assert looked([0.0], [1.0], [1.0], where=ke.FAR)[0] > 0.5
    assert looked([0.5], [1.0], [1.0], where=ke.OUTSIDE)[0] == 0.5


@settings(deadline=None)
@given(
    st.lists(st.tuples(angles, st.floats(-1.0, 3.0)), min_size=1, max_size=6),
    st.lists(angles, max_size=6), angles, st.randoms(use_true_random=False),
)  # fmt: skip
def test_neither_order_nor_north_matters_and_bounds_hold(tracks, bearings, turn, draw):
    azimuths, total = [a for a, _ in tracks], [t for _, t in tracks]
    found = looked(total, azimuths, bearings)
    assert (found >= ke.TOTAL_LEAST_LN).all()
    assert (found <= ke.TOTAL_MOST_LN).all()
    mixed = draw.sample(bearings, len(bearings))
    turned = looked(total, [a + turn for a in azimuths], [b + turn for b in mixed])
    np.testing.assert_allclose(turned, found, atol=1e-6)


def two_things(now_s):
    """A track north of the finder and one east, both at 12 m/s and 80 m."""
    table = blank_table(2, now_s)
    table.status[:] = TrackStatus.CONFIRMED
    table.state[:] = [[0.0, 2000.0, 80.0, 12.0, 0.0, 0.0], [2000.0, 0.0, 80.0, 0.0, 12.0, 0.0]]
    place(table)
    return table


def bearings_at(now_s, *azimuths, **columns):
    batch = DetectionBatch.blank(len(azimuths))
    batch.time_s[:] = batch.arrival_s[:] = now_s
    batch.sensor[:] = 0
    batch.azimuth_rad[:] = azimuths
    for name, values in columns.items():
        getattr(batch, name)[:] = values
    return batch, (Coverage(0, now_s - 0.5, now_s, 0.0, math.tau, True),)


def after(seconds, node=NODE, **columns):
    state = identity.open_identity()
    for k in range(seconds):
        now_s = T0_S + float(k)
        identity.hear_into(state, *bearings_at(now_s, 0.0, **columns), node)
        table = identity.assess_into(state, two_things(now_s), NOBODY, node, now_s)
    return table, state


def test_a_bearing_speaks_for_a_drone_in_numbers_and_in_words():
    table, _ = after(8)
    north, east = table.probability
    silent, _ = after(8, Node(sites=(SITE,)))
    assert north[MULTIROTOR] > 3.0 * silent.probability[0, MULTIROTOR]
    assert north[BIRD] < 0.5 * silent.probability[0, BIRD]
    assert east[BIRD] > silent.probability[1, BIRD]
    assert any("direction finder" in why for why in table.reasons[0])
    assert not any("direction finder" in why for why in table.reasons[1])


def test_bearings_that_name_a_class_are_left_to_the_tracks_scores():
    scores = np.full(len(CLASSES), 1.0 / len(CLASSES))
    table, state = after(8, class_scores=scores)
    assert not any("direction finder" in why for why in table.reasons[0])
    assert state.bearings == {0: []}


def test_a_finder_that_states_no_looks_keeps_bearings_within_a_bound():
    state = identity.open_identity()
    for k in range(50):
        batch, _ = bearings_at(T0_S + k, *([0.5] * 200))
        identity.hear_into(state, batch, (), NODE)
    assert len(state.bearings[0]) == 4_096
    assert state.bearings[0][-1][0] == T0_S + 49


def test_what_was_heard_fades_and_is_forgotten_with_its_track():
    _, state = after(8)
    before = max(state.heard.values())
    identity.assess_into(state, two_things(T0_S + 87.0), NOBODY, NODE, T0_S + 87.0)
    assert max(state.heard.values()) == pytest.approx(before * math.exp(-2.0), rel=1e-6)
    identity.assess_into(state, blank_table(0, T0_S + 88.0), NOBODY, NODE, T0_S + 88.0)
    assert state.heard == {}
