"""False alarms that nobody stated: how many, and where, is found; right ones are left."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.track.scene import ORIGIN, RADARS, scans, straight

from tocsin.geo import frame_at
from tocsin.model import DetectionBatch, SensorStatus, TrackStatus
from tocsin.sensor import pack
from tocsin.track import Options, Tracker, mark_clutter, sensor_clutter
from tocsin.track import _kernels_clutter as kc

SECONDS = 60
TWO = straight((-3000, 1500, 200, 25, -5, 0), (2500, 3000, 300, -20, -15, 0))


def told(radars, **change):
    return tuple(replace(radar, **change) for radar in radars)


def followed(sensors, arrivals, options=None):
    """The tracker after all arrivals, ids shown in the second half that are near no target,
    and when each of the first two targets was first shown.
    """
    tracker = Tracker(sensors, origin_deg_m=ORIGIN, options=options or Options())
    false, first_s = set(), {}
    for t, batch, look in arrivals:
        table = tracker.step(batch, [look], now_s=t)
        at_s = t - 1.7e9
        shown = table.status != TrackStatus.TENTATIVE
        away = np.linalg.norm(table.state[shown, None, :3] - TWO(at_s)[None, :, :3], axis=2)
        for n in np.flatnonzero((away < 150.0).any(axis=0)):
            first_s.setdefault(int(n), at_s)
        if at_s > SECONDS / 2:
            false |= set(table.track_id[shown][(away > 400.0).all(axis=1)].tolist())
    return tracker, false, first_s


def with_ridge(arrivals, sensor, a_scan, seed=3):
    """The same arrivals with what stands still on a ridge: 300 m by 15 degrees, no speed."""
    rng = np.random.default_rng(seed)
    out = []
    for t, batch, look in arrivals:
        n = rng.poisson(a_scan) if look.sensor == sensor else 0
        more = DetectionBatch.blank(n)
        more.time_s[:] = more.arrival_s[:] = t
        more.sensor[:], more.range_m[:] = sensor, rng.uniform(3_100.0, 3_400.0, n)
        more.azimuth_rad[:] = rng.uniform(math.radians(102.0), math.radians(117.0), n)
        more.elevation_rad[:] = rng.uniform(0.0, math.radians(2.0), n)
        more.range_rate_mps[:] = rng.normal(0.0, 0.8, n)
        out.append((t, DetectionBatch.join([batch, more]), look))
    return out


def test_many_false_alarms_a_scan_where_one_in_two_scans_is_stated_are_found():
    radars = told(RADARS, false_alarms_per_scan=0.5)
    arrivals = scans(told(RADARS, false_alarms_per_scan=120.0), TWO, SECONDS, seed=5)
    _, unlearnt, _ = followed(radars, arrivals, Options(learn_errors=False))
    tracker, false, first_s = followed(radars, arrivals)
    assert len(unlearnt) > 10
    assert len(false) < len(unlearnt) / 5
    found = sensor_clutter(tracker.state())
    assert [s.sensor for s in found] == [0, 1]
    assert all(80.0 < s.false_alarms_per_scan < 160.0 for s in found)
    assert max(first_s.values()) < 6.0
    statuses = tuple(
        SensorStatus(r.id, "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", (), 0.0)
        for r in (*radars, radars[0])
    )
    *marked, other = mark_clutter(statuses, [tracker.state()])
    assert [s.false_alarms for s in marked] == [s.false_alarms_per_scan for s in found]
    assert other is statuses[2]
    assert mark_clutter(statuses, [Tracker(radars, origin_deg_m=ORIGIN).state()]) is statuses


def test_a_ridge_is_found_where_it_is_and_hides_nothing_that_flies_over_it():
    radar = RADARS[:1]
    arrivals = with_ridge(scans(radar, TWO, SECONDS, seed=6), 0, 6.0)
    _, unlearnt, _ = followed(radar, arrivals, Options(learn_errors=False))
    tracker, false, _ = followed(radar, arrivals)
    assert len(unlearnt) > 15
    assert len(false) < len(unlearnt) / 2
    (found,) = sensor_clutter(tracker.state())
    assert math.isnan(found.false_alarms_per_scan)  # elsewhere it is as stated
    assert 2.0 < found.cells[:, 4].sum() < 8.0
    for a, b, c, d, _ in found.cells.tolist():
        assert a < 3_400.0
        assert b > 3_100.0
        assert c < math.radians(117.0)
        assert d > math.radians(102.0)
    # What flies into the ridge from now on is shown nearly as soon as over open ground.
    state, shown_s = tracker.state(), []
    for azimuth in (math.radians(109.0), math.radians(200.0)):
        tracker.restore(state)
        place = np.array([np.sin(azimuth), np.cos(azimuth), 0.02]) * 3_300.0
        here = tracker.state().sensors[0, :3] + place
        drone = straight((*here, *(-20.0 * place / 3_300.0)))
        fresh = scans(radar, drone, 12, seed=8, t0=1.7e9 + SECONDS)
        for t, batch, look in with_ridge(fresh, 0, 6.0, seed=9):
            table = tracker.step(batch, [look], now_s=t)
            truth = drone(t - 1.7e9 - SECONDS)[0, :2]
            shown = table.status != TrackStatus.TENTATIVE
            away = np.linalg.norm(table.state[shown, :2] - truth, axis=1)
            if (away < 100.0).any():
                shown_s.append(t - 1.7e9 - SECONDS)
                break
    assert len(shown_s) == 2
    assert shown_s[0] <= shown_s[1] + 2.0


@pytest.mark.parametrize("stated", [0.2, 3.0, 60.0])
def test_where_it_is_stated_right_nothing_is_found(stated):
    radars = told(RADARS, false_alarms_per_scan=stated)
    tracker, _, _ = followed(radars, scans(radars, TWO, SECONDS, seed=7))
    assert sensor_clutter(tracker.state()) == ()


def test_a_raid_and_a_flock_that_come_all_at_once_are_no_clutter():
    rng = np.random.default_rng(11)
    start = np.column_stack([
        rng.normal(2500.0, 300.0, 40), rng.normal(2500.0, 300.0, 40), rng.uniform(60, 300, 40),
        rng.normal(-25.0, 4.0, 40), rng.normal(-25.0, 4.0, 40), np.zeros(40),
    ])  # fmt: skip
    tracker = Tracker(RADARS, origin_deg_m=ORIGIN)
    for t, batch, look in scans(RADARS, straight(*start), 30, seed=12):
        table = tracker.step(batch, [look], now_s=t)
        assert not tracker.state().strays[:, kc.OVERALL].any(), t
        assert not tracker.state().strays[:, kc.FLAGGED].any(), t
    assert np.count_nonzero(table.status != TrackStatus.TENTATIVE) >= 36


def test_what_was_found_is_forgotten_when_the_rain_has_passed():
    wet = scans(told(RADARS[:1], false_alarms_per_scan=80.0), TWO, 40, seed=13)
    dry = scans(RADARS[:1], TWO, 40, seed=14, t0=1.7e9 + 40)
    tracker, _, _ = followed(RADARS[:1], wet)
    assert sensor_clutter(tracker.state())
    for t, batch, look in dry:
        tracker.step(batch, [look], now_s=t)
    assert sensor_clutter(tracker.state()) == ()


def test_with_learning_off_nothing_is_found():
    arrivals = scans(told(RADARS, false_alarms_per_scan=60.0), TWO, 20, seed=5)
    tracker, _, _ = followed(RADARS, arrivals, Options(learn_errors=False))
    assert not tracker.state().strays.any()


def test_bearings_teach_nothing():
    cameras = told(RADARS, sigma_range_m=None, sigma_range_rate_mps=None)
    arrivals = scans(told(cameras, false_alarms_per_scan=60.0), TWO, 20, seed=5)
    tracker, _, _ = followed(cameras, arrivals)
    assert not tracker.state().strays.any()


def test_sectors_teach_what_whole_turns_do():
    """The same strays by 32 sectors a turn, and by the turn; a sector sensor by its own."""
    table = pack(RADARS[:1], frame_at(*ORIGIN)).packed
    rng = np.random.default_rng(2)
    whole, parts = np.zeros((2, 1, kc.WIDTH))
    width = math.tau / 32
    for _ in range(80):
        cells = rng.integers(0, kc.CELLS, rng.poisson(40))
        for own in (whole, parts):
            np.add.at(own[0], kc.STRAYS + cells, 1.0)
            own[0, kc.NEW] += len(cells)
        kc.learn_clutter_into(table, 0, 0.0, math.tau + 1.0, whole)
        for sector in range(32):
            kc.learn_clutter_into(table, 0, sector * width, width, parts)
    assert 30.0 < whole[0, kc.OVERALL] < 50.0
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)
    quarter, own = table.copy(), np.zeros((1, kc.WIDTH))
    quarter[0, kc.AZIMUTH_HALF] = math.tau / 8
    for _ in range(40):
        own[0, kc.NEW] += 40.0
        kc.learn_clutter_into(quarter, 0, 0.0, math.tau / 4, own)
    assert 30.0 < own[0, kc.MEDIAN] < 50.0


def test_what_comes_late_finds_the_same():
    arrivals = scans(told(RADARS, false_alarms_per_scan=30.0), TWO, 40, seed=5)
    late = sorted(
        ((t + (4.0 if n % 5 == 0 else 0.0), batch, look) for n, (t, batch, look) in
         enumerate(arrivals)), key=lambda row: row[0],
    )  # fmt: skip
    in_order = Tracker(RADARS, origin_deg_m=ORIGIN)
    for t, batch, look in arrivals:
        in_order.step(batch, [look], now_s=t)
    behind = Tracker(RADARS, origin_deg_m=ORIGIN)
    for t, batch, look in late:
        behind.step(batch, [look], now_s=t)
    one, other = in_order.state().strays, behind.state().strays
    np.testing.assert_array_equal(other[:, kc.MEDIAN], one[:, kc.MEDIAN])
    # The newest look of each may have come before what it is judged by.
    np.testing.assert_allclose(other[:, : kc.CELLS], one[:, : kc.CELLS], atol=0.01)
    assert len(sensor_clutter(behind.state())) == 2


def test_the_place_of_a_plot_has_one_cell_and_the_cells_are_all_of_the_reach():
    table = pack(RADARS[:1], frame_at(*ORIGIN)).packed
    seen = {
        kc.cell_of(table, 0, r, a)
        for r in np.linspace(1.0, 12_000.0, 97)
        for a in np.linspace(-7.0, 14.0, 800)
    }
    assert seen == set(range(kc.CELLS))
    for absurd_m in (1e18, 1e300, np.inf):
        assert kc.cell_of(table, 0, absurd_m, 0.0) in range(kc.CELLS)
    share = kc.cell_share_of(table, 0)
    reach_m = RADARS[0].max_range_m - RADARS[0].min_range_m
    assert share * kc.CELLS == pytest.approx(RADARS[0].max_range_m / reach_m, rel=1e-9)


def test_absurd_plots_and_a_sensor_that_sees_next_to_nothing_end_nothing():
    blind = replace(RADARS[0], max_range_by_kind_m={"bird": 0.0, "drone": 0.001})
    blind = replace(blind, min_range_m=0.0)
    for radar in (RADARS[0], blind):
        tracker = Tracker([radar], origin_deg_m=ORIGIN)
        for t, batch, look in scans((replace(RADARS[0], false_alarms_per_scan=60.0),), TWO, 30):
            if len(batch) > 1:
                batch.range_m[0], batch.range_rate_mps[1] = 1e300, 1e300
            table = tracker.step(batch, [look], now_s=t)
            assert np.isfinite(table.state).all()
        assert np.isfinite(tracker.state().strays).all()
