"""Geometry on WGS 84, judged by PROJ and pymap3d."""

import math

import numpy as np
import pymap3d
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import geo

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)
HEIGHT = st.floats(-500, 40_000)
NEAR = st.floats(-60_000, 60_000)
TO_ECEF = pyproj.Transformer.from_crs(4979, 4978)


@given(LAT, LON, HEIGHT)
def test_earth_centred_positions_are_those_of_proj(lat, lon, height):
    ours = geo.geodetic_to_ecef(geo.geodetic_rows(lat, lon, height))[0]
    assert ours == pytest.approx(TO_ECEF.transform(lat, lon, height), abs=1e-6)


@given(LAT, LON, HEIGHT)
def test_there_and_back_is_the_same_place(lat, lon, height):
    rows = geo.geodetic_rows(lat, lon, height)
    ecef = geo.geodetic_to_ecef(rows)
    back = geo.ecef_to_geodetic(ecef)
    assert back[0, 2] == pytest.approx(height, abs=1e-6)
    assert geo.distance_m(rows, back)[0] < 1e-6


@given(st.floats(-85, 85), LON, st.floats(0, 3000), NEAR, NEAR, st.floats(-500, 15_000))
def test_local_frames_are_those_of_pymap3d(lat, lon, height, east, north, up):
    frame = geo.frame_at(lat, lon, height)
    there = geo.from_frame(np.array([[east, north, up]]), frame)[0]
    wanted = pymap3d.enu2geodetic(east, north, up, lat, lon, height)
    assert math.degrees(there[0]) == pytest.approx(wanted[0], abs=1e-9)
    turn = (math.degrees(there[1]) - wanted[1] + 180) % 360 - 180
    assert turn * math.cos(there[0]) == pytest.approx(0, abs=1e-9)
    assert there[2] == pytest.approx(wanted[2], abs=1e-5)
    assert geo.to_frame(there, frame)[0] == pytest.approx([east, north, up], abs=1e-5)


@given(NEAR, NEAR, st.floats(-500, 15_000))
def test_polar_and_back(east, north, up):
    polar = geo.local_to_polar(np.array([[east, north, up]]))
    assert 0 <= polar[0, 1] <= math.tau
    assert geo.polar_to_local(polar)[0] == pytest.approx([east, north, up], abs=1e-6)


def test_azimuth_is_clockwise_from_north():
    polar = geo.local_to_polar(
        np.array([[1.0, 0, 0], [0, -1.0, 0], [-1.0, 1e-18, 0], [0, 0, 2.0]])
    )
    assert np.degrees(polar[:3, 1]) == pytest.approx([90, 180, 270])
    assert polar[3, 2] == pytest.approx(math.pi / 2)


@given(st.floats(-80, 80), LON, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_a_frame_seen_from_another_puts_a_point_where_it_is(lat, lon, dlat, dlon):
    site, sensor = geo.frame_at(lat, lon, 100), geo.frame_at(lat + dlat, lon + dlon, 300)
    position, rotation = geo.frame_to_frame(site, sensor)
    point = np.array([[3000.0, -2000.0, 400.0]])
    wanted = geo.to_frame(geo.from_frame(point, site), sensor)[0]
    assert rotation @ (point[0] - position) == pytest.approx(wanted, abs=1e-4)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)


@given(st.floats(-80, 80), LON)
def test_velocities_turn_with_the_frame_and_keep_their_size(lat, lon):
    frame = geo.frame_at(lat, lon, 0)
    place = geo.geodetic_rows([lat + 0.3], [lon - 0.4], 1000)
    velocity = np.array([[30.0, -20.0, 3.0]])
    turned = geo.velocity_to_frame(velocity, place, frame)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(velocity))
    assert geo.velocity_from_frame(turned, place, frame) == pytest.approx(velocity)
    # The same as the difference of two positions a second apart.
    ecef = geo.geodetic_to_ecef(place)
    axes = geo.frame_at(lat + 0.3, lon - 0.4, 0).axes
    moved = geo.ecef_to_geodetic(ecef + velocity @ axes)
    step = geo.to_frame(moved, frame) - geo.to_frame(place, frame)
    assert step == pytest.approx(turned, abs=1e-3)


def test_inputs_stay_as_they_were():
    rows = geo.geodetic_rows([10.0, 20.0], [30.0, 40.0], 5.0)
    before = rows.copy()
    frame = geo.frame_at(10, 30, 0)
    geo.from_frame(geo.to_frame(rows, frame), frame)
    geo.distance_m(rows, rows)
    geo.local_to_polar(rows)
    assert (rows == before).all()


def test_nan_stays_nan():
    assert np.isnan(geo.geodetic_to_ecef(geo.geodetic_rows(np.nan, 3.0, 1.0))).any()
