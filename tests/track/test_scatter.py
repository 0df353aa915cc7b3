"""Sensors that scatter more than they state are found and used as what they are."""

from dataclasses import replace

import numpy as np
import pytest
from tests.track.scene import ORIGIN, TARGETS, THREE, scans

from tocsin.model import SensorStatus, TrackStatus
from tocsin.track import Options, Tracker, mark_errors, sensor_errors

pytestmark = pytest.mark.jit

SECONDS = 60.0


def stating(sensors, share, which=(0, 1, 2)):
    """The sensors as the site file may have them: sigmas at that share of the true ones."""
    return tuple(
        replace(
            s,
            sigma_range_m=s.sigma_range_m * share,
            sigma_azimuth_deg=s.sigma_azimuth_deg * share,
            sigma_elevation_deg=s.sigma_elevation_deg * share,
            sigma_range_rate_mps=s.sigma_range_rate_mps * share,
        )
        if k in which
        else s
        for k, s in enumerate(sensors)
    )


def played(sensors, seed=1, options=None):
    """The tracker after the scene, ids of shown tracks that are near no target, and the root
    mean square of the normalised errors of place in the second half.
    """
    tracker = Tracker(sensors, options, origin_deg_m=ORIGIN)
    false, squares = set(), []
    for at_s, batch, look in scans(THREE, TARGETS, SECONDS, seed=seed):
        table = tracker.step(batch, [look], now_s=at_s)
        shown = table.take(table.status != TrackStatus.TENTATIVE)
        off = shown.state[:, None, :3] - TARGETS(at_s - 1.7e9)[None, :, :3]
        away = np.linalg.norm(off, axis=2)
        false |= set(shown.track_id[(away > 400.0).all(axis=1)].tolist())
        if at_s - 1.7e9 > SECONDS / 2:
            for i in np.flatnonzero(away.min(axis=1) < 200.0):
                error = off[i, away[i].argmin()]
                squares.append(error @ np.linalg.solve(shown.covariance[i, :3, :3], error) / 3)
    return tracker, false, float(np.sqrt(np.mean(squares)))


@pytest.mark.parametrize("times", [2.0, 2.8])
def test_noise_that_is_stated_too_small_is_found_and_the_picture_says_so(times):
    stated = stating(THREE, 1.0 / times)
    _, false_before, off_before = played(stated, options=Options(learn_errors=False))
    tracker, false, off = played(stated)
    for error in sensor_errors(tracker.state()):
        assert 0.75 * times < error.scatter < 1.2 * times
        assert np.isnan(error.inconsistent_since_s)
    assert len(false) <= len(false_before)
    assert off < 1.3 < 0.7 * times < off_before
    assert off < off_before / 1.4


def test_only_the_sensor_that_scatters_is_weighed_down():
    tracker, _, _ = played(stating(THREE, 0.4, which=(1,)))
    first, second, third = sensor_errors(tracker.state())
    assert 1.8 < second.scatter < 3.0
    assert first.scatter < 1.2
    assert third.scatter < 1.2
    statuses = tuple(
        SensorStatus(s.id, "radar", "ok", 0.0, 1, 1, 0, {}, 0.0, "live", (), 0.0) for s in THREE
    )
    marked = mark_errors(statuses, [tracker.state()])
    assert [s.scatter == s.scatter for s in marked] == [False, True, False]
    assert marked[1].scatter == second.scatter
    assert marked[1].state == "ok"
    assert mark_errors(statuses, [played(THREE)[0].state()]) is statuses


def test_what_is_stated_too_large_is_believed():
    tracker, false, _ = played(stating(THREE, 2.0))
    assert [e.scatter for e in sensor_errors(tracker.state())] == [1.0, 1.0, 1.0]
    assert not false


def test_whoever_scatters_beyond_three_times_contradicts_the_others():
    tracker, _, _ = played(stating(THREE, 0.2, which=(2,)))
    first, second, third = sensor_errors(tracker.state())
    assert np.isfinite(third.inconsistent_since_s)
    assert third.scatter == 5.0
    assert np.isnan(first.inconsistent_since_s)
    assert np.isnan(second.inconsistent_since_s)
