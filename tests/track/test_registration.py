"""The sensors' own errors: learnt from common tracks, taken off; who contradicts is named."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.track.scene import CAMERAS, RADARS, TARGETS, THREE, scans, straight

from tocsin.cli.track import run
from tocsin.model import SensorStatus
from tocsin.sensor import _kernels as ks
from tocsin.track import Tracker, mark_errors, sensor_errors
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_look as kl_look
from tocsin.track import _kernels_registration as kr
from tocsin.track._kernels_shift import shift_into

pytestmark = pytest.mark.jit


def spoiled(rows, errors):
    """Add range m, azimuth rad, elevation rad and time s by sensor index."""
    out = []
    for at_s, batch, look in rows:
        range_m, azimuth, elevation, late_s = errors.get(int(look.sensor), (0.0,) * 4)
        batch.range_m += range_m
        batch.azimuth_rad[:] = (batch.azimuth_rad + azimuth) % (2 * np.pi)
        batch.elevation_rad += elevation
        batch.time_s += late_s
        out.append((at_s, batch, look))
    return out


def follow(sensors, rows):
    tracker = Tracker(sensors)
    tables = [tracker.step(batch, [look], now_s=at_s) for at_s, batch, look in rows]
    return tracker, tables


def worst_m(table, truth):
    shown = table.state[table.status > 0, :3]
    return max(np.linalg.norm(shown - place, axis=1).min() for place in truth[:, :3])


ERRORS = {
    0: (30.0, np.radians(0.9), np.radians(-0.7), 0.0),
    1: (-20.0, np.radians(-0.8), 0.0, 0.0),
}


def test_errors_are_found_within_their_stated_spread_and_taken_off():
    rows = spoiled(scans(THREE, TARGETS, 90.0), ERRORS)
    tracker, tables = follow(THREE, rows)
    found = sensor_errors(tracker.state())
    for k, error in enumerate(found):
        true = ERRORS.get(k, (0.0,) * 4)
        for value, sigma, should in (
            (error.range_m, error.sigma_range_m, true[0]),
            (error.azimuth_rad, error.sigma_azimuth_rad, true[1]),
            (error.elevation_rad, error.sigma_elevation_rad, true[2]),
            (error.time_s, error.sigma_time_s, true[3]),
        ):
            assert abs(value - should) < 4.0 * sigma
        assert error.corrected
        assert np.isnan(error.inconsistent_since_s)
    assert found[0].sigma_azimuth_rad < np.radians(0.2)
    assert worst_m(tables[-1], TARGETS(90.0)) < 40.0


def test_what_is_taken_off_is_told_with_the_state_of_the_sensor():
    rows = spoiled(scans(THREE, TARGETS, 90.0), ERRORS)
    tracker, _ = follow(THREE, rows)
    state = tracker.state()
    statuses = tuple(
        SensorStatus(s.id, "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", (), 0.0) for s in THREE
    )
    first, second, third = mark_errors(statuses, [state])
    taken_off = state.sensors[:, ks.BIAS : ks.BIAS + 3]
    assert first.range_error_m == taken_off[0, 0]
    assert first.azimuth_error_deg == pytest.approx(np.degrees(taken_off[0, 1]))
    assert first.elevation_error_deg == pytest.approx(np.degrees(taken_off[0, 2]))
    assert first.azimuth_error_deg == pytest.approx(0.9, abs=0.4)
    assert second.range_error_m < -8.0
    assert np.isnan(first.time_error_s)
    assert np.isnan(first.scatter)
    assert third.state == "ok"
    clean, _ = follow(THREE, scans(THREE, TARGETS, 60.0))
    assert mark_errors(statuses, [clean.state()]) is statuses


def test_level_flight_tells_one_radar_of_its_elevation_error():
    approach = straight(
        (1000, 8500, 300, 0, -50, 0), (-8500, -1000, 250, 50, 0, 0),
        (6000, 6000, 200, -35, -35, 0), (-6000, 6000, 350, 35, -35, 0),
        (6000, -6000, 150, -35, 35, 0), (-6000, -6000, 300, 35, 35, 0),
    )  # fmt: skip
    found = []
    for wrong in (np.radians(1.0), np.radians(-1.0)):
        rows = spoiled(scans(RADARS[:1], approach, 120.0), {0: (0.0, 0.0, wrong, 0.0)})
        tracker, _ = follow(RADARS[:1], rows)
        (error,) = sensor_errors(tracker.state())
        assert error.sigma_elevation_rad < np.radians(0.6)  # of 1 degree beforehand
        assert abs(error.elevation_rad - wrong) < 3.0 * error.sigma_elevation_rad
        found.append(error.elevation_rad)
    # Half of it is known, as the spread says: 1 - 0.5^2 of the true 2 degrees, less the shares
    # of the other errors.
    assert found[0] - found[1] > np.radians(0.8)


def test_sensors_without_errors_are_left_alone_to_the_bit():
    tracker, _ = follow(THREE, scans(THREE, TARGETS, 60.0))
    state = tracker.state()
    assert not state.sensors[:, ks.BIAS : ks.BIAS + 4].any()
    assert np.all(state.sensors[:, ks.INFLATE] == 1.0)
    assert not any(e.corrected for e in sensor_errors(state))


def test_a_clock_that_is_late_beside_the_others_is_found():
    rows = spoiled(scans(THREE, TARGETS, 120.0), {2: (0.0, 0.0, 0.0, 0.5)})
    tracker, _ = follow(THREE, rows)
    found = sensor_errors(tracker.state())
    # Only differences between clocks can be told from a shift along the path.
    assert found[2].time_s - 0.5 * (found[0].time_s + found[1].time_s) > 0.25


LATER = straight(
    (6000, 2000, 200, -45, -5, 0), (-5500, 3500, 180, 40, -20, 0),
    (2000, -6000, 250, -5, 45, 0),
)  # fmt: skip


def both(t):
    """Return the targets, and from 90 s on three more."""
    return np.vstack([TARGETS(t), LATER(t - 90.0)]) if t >= 90.0 else TARGETS(t)


@pytest.mark.parametrize(("sensors", "named"), [
    (THREE, [False, False, True]), (RADARS, [True, True]),
])  # fmt: skip
def test_one_wrong_clock_is_named_alone_and_what_comes_later_is_tracked(sensors, named):
    """Of three only the wrong one is named; of two nobody can say which, so both begin."""
    late = {len(sensors) - 1: (0.0, 0.0, 0.0, 2.0)}
    rows = spoiled(scans(sensors, both, 130.0), late)
    rows = [(at_s + 2.0 * (look.sensor in late), batch, look) for at_s, batch, look in rows]
    tracker, tables = follow(sensors, sorted(rows, key=lambda row: row[0]))
    found = sensor_errors(tracker.state())
    assert [bool(np.isfinite(e.inconsistent_since_s)) for e in found] == named
    assert worst_m(tables[-1], both(130.0)) < 150.0


def test_who_was_named_begins_tracks_when_the_others_have_stopped():
    turned = {1: (0.0, np.radians(20.0), 0.0, 0.0)}
    rows = spoiled(scans(THREE, both, 130.0), turned)
    begins = rows[0][0]
    rows = [row for row in rows if row[2].sensor == 1 or row[0] < begins + 80.0]
    tracker, tables = follow(THREE, rows)
    assert np.isfinite(sensor_errors(tracker.state())[1].inconsistent_since_s)
    assert (tables[-1].status > 0).sum() >= 7


def test_a_radar_that_is_turned_is_named_and_the_picture_stays_good():
    rows = spoiled(scans(THREE, TARGETS, 120.0), {1: (0.0, np.radians(20.0), 0.0, 0.0)})
    tracker, tables = follow(THREE, rows)
    found = sensor_errors(tracker.state())
    assert [np.isfinite(e.inconsistent_since_s) for e in found] == [False, True, False]
    assert found[1].inconsistent_since_s - rows[0][0] < 60.0
    assert (tables[-1].status > 0).sum() <= len(TARGETS(0.0)) + 1
    assert worst_m(tables[-1], TARGETS(120.0)) < 60.0


def test_a_radar_that_sees_nothing_is_blind_and_no_liar():
    rows = scans(THREE, TARGETS, 60.0)
    for _, batch, look in rows:
        if look.sensor == 1:
            batch.azimuth_rad[:] = np.nan
    tracker, _ = follow(THREE, rows)
    assert not any(np.isfinite(e.inconsistent_since_s) for e in sensor_errors(tracker.state()))


def test_what_was_learnt_survives_in_the_state():
    rows = spoiled(scans(THREE, TARGETS, 60.0), ERRORS)
    whole, tables = follow(THREE, rows)
    half, _ = follow(THREE, rows[: len(rows) // 2])
    again = Tracker(THREE)
    again.restore(half.state())
    for at_s, batch, look in rows[len(rows) // 2 :]:
        table = again.step(batch, [look], now_s=at_s)
    assert np.array_equal(table.state, tables[-1].state)
    assert repr(sensor_errors(again.state())) == repr(sensor_errors(whole.state()))


def crossed(time_s, targets):
    """Three radars of which the first two differ by 62 m in range, five times what they state,
    and a camera that is off by twelve and more of its sigmas, over what it reaches.
    """
    sensors = (*THREE, replace(CAMERAS[0], sigma_azimuth_deg=0.05, sigma_elevation_deg=0.05))
    errors = {
        0: (34.0, np.radians(0.5), np.radians(-0.4), 0.0),
        1: (-28.0, np.radians(-0.4), np.radians(0.2), 0.0),
        3: (0.0, np.radians(0.9), np.radians(-0.6), 0.0),
    }
    tracker, tables = follow(sensors, spoiled(scans(sensors, targets, time_s), errors))
    shown = tables[-1].status > 0
    return tracker, int(shown.sum()), errors


def test_errors_beyond_the_gate_are_found_and_leave_one_track_a_target():
    tracker, shown, errors = crossed(60.0, TARGETS)
    assert shown == len(TARGETS(0.0))
    for k, found in enumerate(sensor_errors(tracker.state())):
        true = errors.get(k, (0.0,) * 4)
        for value, sigma, should in (
            (found.range_m, found.sigma_range_m, true[0]),
            (found.azimuth_rad, found.sigma_azimuth_rad, true[1]),
            (found.elevation_rad, found.sigma_elevation_rad, true[2]),
        ):
            assert abs(value - should) < 4.0 * sigma
        assert found.sigma_azimuth_rad < np.radians(0.2)


# A camera and two arrays of microphones, which tell a direction to some degrees.
EARS = tuple(
    replace(CAMERAS[1], id=f"array-{n}", lat=48.0 + north_deg, sigma_azimuth_deg=2.5,
            sigma_elevation_deg=4.0, phase_s=0.15 + 0.25 * n)
    for n, north_deg in enumerate((0.012, -0.012))
)  # fmt: skip


def test_a_track_that_was_taken_to_be_elsewhere_tells_nothing_of_the_sensors():
    """Bearings of two things that met put a track 2 km short of its target; those that follow
    draw it out along the line of sight within four seconds.
    """
    sensors = (CAMERAS[0], *EARS)
    truth = straight((-3600.0, 300.0, 120.0, 49.0, -4.0, 0.0))
    known = {}
    for short_m in (0.0, 2_000.0):
        tracker = Tracker(sensors).state()
        learnt = tracker.registration
        ties, _prior = np.zeros((1, kr.TIE_WIDTH)), kr.prior_of()
        for at_s, batch, look in scans(sensors, truth, 40.0, false_alarms=False):
            if not len(batch):
                continue
            t = at_s - 1.7e9
            state = truth(t)[0]
            state[:3] *= 1.0 - short_m * max(1.0 - t / 4.0, 0.0) / np.linalg.norm(state[:3])
            ties[0, kr.T_TIME], ties[0, kr.T_SENSOR], ties[0, kr.T_MASK] = at_s, look.sensor, 6
            ties[0, kr.T_Z + 1], ties[0, kr.T_Z + 2] = (
                batch.azimuth_rad[0],
                batch.elevation_rad[0],
            )
            sigma = tracker.sensors[look.sensor, ks.SIGMA : ks.SIGMA + 4]
            ties[0, kr.T_VARIANCE : kr.T_VARIANCE + 4] = sigma**2
            ties[0, kr.T_Q], ties[0, kr.T_Q_UP], ties[0, kr.T_TAU_UP] = 0.1, 0.01, 30.0
            ties[0, kr.T_STATE :] = state
            ties[0, kr.T_LOW] = learnt.ints[0, kr.E_ID] = 1
            kr.take_into(
                learnt.x, learnt.p, learnt.floats, learnt.ints, tracker.sensors, ties, 1,
                learnt.quality, learnt.information, learnt.vector,
            )  # fmt: skip
        kl_look.solve_into(
            learnt.x, learnt.p, learnt.ints, learnt.information, learnt.vector, learnt.errors,
            learnt.covariance, learnt.quality, 0.0,
        )  # fmt: skip
        known[short_m] = np.sqrt(np.diag(learnt.covariance)).reshape(-1, kr.ERRORS)
    # No more than of a track that was right from the first: the camera's azimuth not at all.
    assert known[2_000.0] == pytest.approx(known[0.0], rel=0.02)
    assert known[0.0][0, 1] > np.radians(0.5)


def test_a_track_moves_by_what_a_change_of_errors_means_for_its_target():
    rng = np.random.default_rng(3)
    size, used = kr.SIZE, kr.TARGET + 2 * kr.ERRORS
    root = rng.standard_normal((size, size))
    p = np.zeros((1, size, size))
    p[0] = root @ root.T + size * np.eye(size)
    ints = np.full((1, kr.EPISODE_INTS), -1, dtype=np.int64)
    ints[0, kr.E_ID], ints[0, kr.E_COUNT] = 7, 50
    ints[0, kr.E_SLOT : kr.E_SLOT + 2] = 2, 0  # sensors of its slots
    change = rng.standard_normal(3 * kr.ERRORS)
    tracks, rows = np.zeros((2, kl.TRACK_WIDTH)), np.zeros((2, kl.INT_WIDTH), dtype=np.int64)
    rows[:, kl.SERIAL], rows[:, kl.STATUS] = (6, 7), kl.CONFIRMED
    shift_into(tracks, rows, 2, p, ints, change)
    b = np.concatenate([change[8:12], change[0:4]])
    t = kr.TARGET
    # E[x | b + db] - E[x | b] of a normal distribution.
    move = p[0, :t, t:used] @ np.linalg.solve(p[0, t:used, t:used], b)
    for block in range(kl.MODELS):
        o = kl.BLOCK * block
        assert np.allclose(tracks[1, o : o + t], move, rtol=1e-9)
    assert not tracks[0].any()


@pytest.mark.slow
def test_the_reference_scenario_with_errors_comes_near_the_one_without(bench_folder, tmp_path):
    scores = []
    for name, extra in (("clean", []), ("biased", ["--bias"])):
        folder = tmp_path / name
        command = [sys.executable, bench_folder / "scenarios.py", "mixed", "0", folder, *extra]
        subprocess.run(command, check=True, capture_output=True)
        result = run(folder, folder / "tracks.parquet")
        done = subprocess.run(
            [sys.executable, bench_folder / "score.py", folder, folder / "tracks.parquet",
             "--from", "300", "--json"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        scores.append(json.loads(done.stdout.strip().splitlines()[-1])["gospa"])
    assert scores[1] < 1.25 * scores[0]
    true = json.loads((tmp_path / "biased" / "biases.json").read_text())
    for row in result["registration"]:
        for name in ("range_m", "azimuth_deg", "elevation_deg"):
            assert abs(row[name] - true[row["id"]][name]) <= 3.0 * row[f"sigma_{name}"]
