"""What a sensor sees, judged by plain NumPy and by derivatives taken numerically."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import SiteError
from tocsin.geo import frame_at, geodetic_rows, to_frame
from tocsin.model import Sensor
from tocsin.sensor import detection_probability, jacobian, measure, pack

FRAME = frame_at(48.0, 11.0, 500.0)
RADAR = Sensor(
    id="r", lat=48.05, lon=11.08, alt_m=520.0, sigma_range_m=8.0, sigma_azimuth_deg=0.7,
    sigma_elevation_deg=1.5, sigma_range_rate_mps=0.8, min_range_m=50.0, max_range_m=9000.0,
    max_range_by_kind_m={"bird": 3000.0, "aircraft": 9000.0}, azimuth_center_deg=350.0,
    azimuth_width_deg=90.0, elevation_min_deg=-3.0, elevation_max_deg=60.0,
    min_radial_speed_mps=2.0,
)  # fmt: skip
TABLE = pack([Sensor(id="blind"), RADAR], FRAME)

metres = st.floats(-8000.0, 8000.0)
speeds = st.floats(-80.0, 80.0)
states = st.tuples(metres, metres, st.floats(50.0, 3000.0), speeds, speeds, speeds).map(
    lambda s: np.array([s])
)


def _plainly(state):
    """The same through ECEF: rotate with the axes of both frames."""
    sensor_frame = frame_at(RADAR.lat, RADAR.lon, RADAR.alt_m)
    ecef = FRAME.origin_m + FRAME.axes.T @ state[:3]
    p = sensor_frame.axes @ (ecef - sensor_frame.origin_m)
    v = sensor_frame.axes @ (FRAME.axes.T @ state[3:])
    r = np.linalg.norm(p)
    return np.array([r, np.arctan2(p[0], p[1]) % (2 * np.pi), np.arcsin(p[2] / r), p @ v / r])


@given(states)
def test_a_sensor_measures_in_its_own_tangent_frame(state):
    got, want = measure(TABLE, 0, state)[0], _plainly(state[0])
    want[1] = got[1] + (want[1] - got[1] + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-7)


@given(states)
def test_the_jacobian_is_the_derivative(state):
    start = measure(TABLE, 0, state)[0]
    if np.cos(start[2]) * start[0] < 100.0:
        return  # the azimuth changes faster than a difference can follow
    step = 1e-2
    for d in range(6):
        up, down = state.copy(), state.copy()
        up[0, d] += step
        down[0, d] -= step
        change = measure(TABLE, 0, up)[0] - measure(TABLE, 0, down)[0]
        change[1] = (change[1] + np.pi) % (2 * np.pi) - np.pi
        np.testing.assert_allclose(
            jacobian(TABLE, 0, state)[0, :, d], change / (2 * step), rtol=1e-4, atol=1e-6
        )


def _at(range_m, azimuth_deg, elevation_deg, rate_mps):
    """A state that the radar sees exactly so."""
    a, e = np.radians([azimuth_deg, elevation_deg])
    u = np.array([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)])
    position, rotation = TABLE.packed[0, :3], TABLE.packed[0, 3:12].reshape(3, 3)
    return np.concatenate([position + rotation.T @ (u * range_m), rotation.T @ (u * rate_mps)])[
        None
    ]


@pytest.mark.parametrize(
    ("state", "kind", "seen"),
    [
        (_at(5000, 0, 10, -30), "aircraft", True),
        (_at(5000, 0, 10, -30), "bird", False),  # beyond what shows a bird
        (_at(5000, 0, 10, -30), None, True),
        (_at(2000, 40, 10, 30), "bird", False),  # outside the sector, 305 to 35 degrees
        (_at(2000, 306, 10, 30), "bird", True),
        (_at(2000, 0, -4, 30), "bird", False),  # below the beam
        (_at(2000, 0, 61, 30), "bird", False),
        (_at(40, 0, 10, 30), "bird", False),  # too near
        (_at(2000, 0, 10, 1.5), "bird", False),  # in the Doppler notch
        (_at(9100, 0, 10, 30), None, False),
    ],
)
def test_coverage_holds_range_by_kind_sector_beam_and_doppler_notch(state, kind, seen):
    chance = detection_probability(TABLE, 0, state, kind=kind)[0]
    assert chance == pytest.approx(RADAR.detection_probability if seen else 0.0, abs=1e-9)


def test_a_sensor_without_a_pose_has_no_row_and_the_others_keep_their_place():
    assert TABLE.roster.tolist() == [1]
    place = to_frame(geodetic_rows(RADAR.lat, RADAR.lon, RADAR.alt_m), FRAME)[0]
    np.testing.assert_allclose(TABLE.packed[0, :3], place, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sigma_range_m", -1.0), ("sigma_azimuth_deg", float("nan")), ("detection_probability",
        0.0),
        ("detection_probability", 1.5), ("scan_period_s", 0.0), ("false_alarms_per_scan", -1.0),
        ("max_range_m", 10.0), ("elevation_max_deg", -20.0),
    ],
)  # fmt: skip
def test_an_impossible_value_is_refused_with_its_name(name, value):
    from dataclasses import replace

    with pytest.raises(SiteError, match=name):
        pack([replace(RADAR, **{name: value})], FRAME)
