"""Models of one's own: what they change, what they must not, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight

from tocsin.errors import CallError
from tocsin.model import DetectionBatch, TrackStatus
from tocsin.track import BirthModel, ClutterMap, Motion, MotionModels, Options, Tracker

T0 = 1.7e9
TARGETS = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))

MAP_OF_X = ClutterMap("x", [0, 1], [0, 1], [[1.0]])


def tracked(options, rows, sensors=RADARS):
    tracker = Tracker(sensors, options, origin_deg_m=ORIGIN)
    for now_s, batch, look in rows:
        out = tracker.step(batch, [look] if look else [], now_s=now_s)
    return out


def one_plot(range_m=4000.0, azimuth_rad=1.0, speed_mps=np.nan):
    batch = DetectionBatch.blank(1)
    batch.time_s[:], batch.sensor[:] = T0, 0
    batch.range_m[:], batch.azimuth_rad[:], batch.elevation_rad[:] = range_m, azimuth_rad, 0.05
    batch.range_rate_mps[:] = speed_mps
    return batch


def test_models_that_say_what_the_defaults_say_give_the_same_bits():
    o = Options()
    motion = MotionModels(
        (
            Motion(o.quiet_q, o.quiet_q_up, np.inf, o.tau_up_s, o.quiet_stay_s, 0.6),
            Motion(o.agile_q, o.agile_q_up, np.inf, o.tau_up_s, o.agile_stay_s, 0.3),
            Motion(o.hover_q, o.hover_q_up, o.hover_tau_s, o.tau_up_s, o.hover_stay_s, 0.1),
        ),
        np.array([[0, 0.95, 0.05], [0.6, 0, 0.4], [0.1, 0.9, 0]]),
    )
    births = BirthModel(o.births_per_scan, None, o.climb_mps)
    rows = scans(RADARS, TARGETS, 8.0)
    plain, own = tracked(o, rows), tracked(Options(motion=motion, births=births), rows)
    np.testing.assert_array_equal(plain.state, own.state)
    np.testing.assert_array_equal(plain.existence, own.existence)


def test_a_map_that_is_uniform_says_what_the_sensor_says():
    s = RADARS[0]
    edges = np.linspace(s.min_range_m, s.max_range_m, 5), np.linspace(0.0, 2 * np.pi, 9)
    flat = ClutterMap(s.id, *edges, np.full((4, 8), s.false_alarms_per_scan / 32))
    rows = scans(RADARS, TARGETS, 8.0)
    plain, own = tracked(Options(), rows), tracked(Options(clutter=(flat,)), rows)
    np.testing.assert_allclose(plain.state, own.state, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(plain.existence, own.existence, rtol=1e-9)


def test_a_plot_where_clutter_is_thick_is_trusted_less_and_elsewhere_as_before():
    thick = ClutterMap(RADARS[0].id, [3500, 4500], [0.9, 1.1], [[50.0]])
    plain, own = Options(), Options(clutter=(thick,))
    inside = [tracked(o, [(T0, one_plot(), None)]) for o in (plain, own)]
    outside = [tracked(o, [(T0, one_plot(6000.0, 3.0), None)]) for o in (plain, own)]
    assert inside[1].existence[0] < 0.01 * inside[0].existence[0]
    assert outside[0].existence[0] == pytest.approx(outside[1].existence[0])


def test_a_map_for_a_sensor_without_range_is_summed_over_range():
    thick = ClutterMap(CAMERAS[0].id, [0.0, 2000.0, 4000.0], [0.0, np.pi], [[2.0], [3.0]])
    tracker = Tracker(CAMERAS, Options(clutter=(thick,)), origin_deg_m=ORIGIN)
    density = (
        tracker.state()
        .clutter[0][2]
        .as_uniform(np.array([np.nan, np.nan]), np.array([1.0, 4.0]), 0.2, 4000.0, 2 * np.pi)
    )
    np.testing.assert_allclose(density, [10.0, 0.2])  # 5 on half of the circle
    assert tracker.state().sensors[0, 19] == pytest.approx(5.0 + 0.2 / 2)


def test_where_targets_appear_and_how_fast_is_believed():
    born = BirthModel(
        0.1, 90.0, 2.0, [0, 10_000], [0, 10_000], [[20.0]]
    )  # twenty times as many in the north-east
    there = tracked(Options(births=born), [(T0, one_plot(azimuth_rad=0.8), None)])
    here = tracked(Options(births=born), [(T0, one_plot(azimuth_rad=4.0), None)])
    plain = tracked(Options(), [(T0, one_plot(azimuth_rad=4.0), None)])
    assert there.existence[0] == pytest.approx(2.0 / 5.0)  # 2 new ones, 3 false ones a scan
    assert here.existence[0] == pytest.approx(plain.existence[0])
    assert np.sqrt(here.covariance[0, 3, 3]) == pytest.approx(90.0, rel=1e-6)
    assert np.sqrt(plain.covariance[0, 3, 3]) == pytest.approx(60.0, rel=1e-6)
    assert np.sqrt(here.covariance[0, 5, 5]) == pytest.approx(2.0, rel=1e-6)


def test_one_model_is_a_single_filter_and_two_are_two():
    rows = scans(RADARS, TARGETS, 10.0)
    quiet, agile = Motion(0.1, 0.02, stay_s=20.0), Motion(8.0, 1.0, stay_s=5.0)
    one = tracked(Options(motion=MotionModels([quiet])), rows)
    three = tracked(Options(motion=MotionModels([quiet] * 3)), rows)
    np.testing.assert_allclose(one.state, three.state, rtol=1e-9, atol=1e-6)
    two = tracked(Options(motion=MotionModels([quiet, agile])), rows)
    found = two.status != TrackStatus.TENTATIVE
    assert found.sum() == 2
    np.testing.assert_allclose(two.modes[:, 1], two.modes[:, 2])
    assert two.modes[found, 0].min() > 0.5  # straight flight


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Motion(-1.0, 0.1), "q"),
        (lambda: Motion(1.0, 0.1, tau_s=np.nan), "tau_s"),
        (lambda: MotionModels([]), "one to 3"),
        (lambda: MotionModels([Motion(1, 1)] * 4), "one to 3"),
        (lambda: MotionModels([Motion(1, 1)] * 2, np.ones((2, 2))), "diagonal"),
        (lambda: BirthModel(0.0), "per_scan"),
        (lambda: BirthModel(0.1, weight=[[1.0]]), "east_m"),
        (lambda: BirthModel(0.1, None, 5.0, [0, 1], [0, 1], [[0.0]]), "above 0"),
        (lambda: ClutterMap("a", [0, 1], [0, 7.0], [[1.0]]), "turn"),
        (lambda: ClutterMap("a", [1, 0], [0, 1.0], [[1.0]]), "ascending"),
        (lambda: ClutterMap("a", [0, 1], [0, 1.0], [[1.0, 2.0]]), "shape"),
        (lambda: ClutterMap("a", [0, 1], [0, 1.0], [[np.nan]]), "below 0"),
        (lambda: Options(motion=3), "MotionModels"),
        (lambda: Options(clutter=(3,)), "ClutterMap"),
        (lambda: tracked(Options(clutter=(MAP_OF_X,)), []), "'x'"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_is_refused_in_words(make, word):
    with pytest.raises(CallError, match=word):
        make()


@settings(max_examples=25)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_cells_of_a_map_add_up_to_its_total(a, b, seed):
    """What a scan would have if it were as dense everywhere, averaged, is its number."""
    rng = np.random.default_rng(seed)
    r, az = np.sort(rng.uniform(0, 9000, a + 1)), np.sort(rng.uniform(0, 6.2, b + 1))
    part = ClutterMap("x", r, az, rng.uniform(0.1, 5.0, (a, b)))
    mid_r, mid_az = (r[:-1] + r[1:]) / 2, (az[:-1] + az[1:]) / 2
    area = np.outer(np.diff(r) / 9000.0, np.diff(az) / (2 * np.pi))
    ranges, azimuths = (x.ravel() for x in np.meshgrid(mid_r, mid_az, indexing="ij"))
    dense = part.as_uniform(ranges, azimuths, 1.0, 9000.0, 2 * np.pi)
    assert (dense * area.ravel()).sum() == pytest.approx(part.false_alarms.sum())
    assert part.total(1.0, 9000.0, 2 * np.pi) == pytest.approx(
        part.false_alarms.sum() + 1.0 - area.sum()
    )


def test_what_is_handed_in_is_neither_changed_nor_shared():
    false = np.array([[1.0, 2.0]])
    part = ClutterMap("a", [0, 1], [0, 1, 2], false)
    false[:] = 9.0
    assert part.false_alarms.tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="read-only"):
        part.false_alarms[0, 0] = 1.0
