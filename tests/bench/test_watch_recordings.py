"""Recorded flights are flown as they were recorded, and what is no drone is not surely one."""

import numpy as np
import pytest
from bench.watch_recordings import (
    AIRCRAFT_M,
    DRONES,
    MULTIROTOR_M,
    SMALL_M,
    SURE,
    all_of,
    demo_radar,
    harmless,
    hovering,
    look,
    placed,
    standing,
    surveillance,
    without_notch,
)

from bench import recorded_ways
from tocsin.model import LABELS

pytestmark = pytest.mark.jit


def test_between_two_rows_is_the_cubic_of_their_places_and_velocities():
    """Motion under steady acceleration is a polynomial of degree 2: it comes back exactly."""
    at_s, a = np.array([0.0, 10.0, 20.0]), np.array([1.0, -2.0, 0.5])
    way = np.column_stack(
        [at_s, 0.5 * a * at_s[:, None] ** 2 + (30.0, 0.0, 900.0), a * at_s[:, None]]
    )
    t = np.linspace(0.0, 20.0, 41)[:-1]
    states = recorded_ways.along(way, t)
    assert states[:, :3] == pytest.approx(0.5 * a * t[:, None] ** 2 + (30.0, 0.0, 900.0))
    assert states[:, 3:] == pytest.approx(a * t[:, None], abs=1e-9)
    assert np.isnan(recorded_ways.along(way, np.array([-0.1, 20.1]))).all()


def test_without_velocities_the_way_is_straight():
    way = np.full((2, 7), np.nan)
    way[:, :4] = [[0.0, 0.0, 0.0, 50.0], [10.0, 100.0, -50.0, 60.0]]
    states = recorded_ways.along(way, np.array([2.5]))
    assert states[0] == pytest.approx([25.0, -12.5, 52.5, 10.0, -5.0, 1.0])


def test_all_that_the_recordings_hold_is_flown(data_folder):
    planes = recorded_ways.aircraft(data_folder)
    assert len(planes) == 84  # README of the recording
    assert all(planes.values())
    assert len(recorded_ways.birds(data_folder)) >= 100
    flight = recorded_ways.uav(data_folder)["multirotor"]
    step_m = np.linalg.norm(np.diff(flight[:, 1:3], axis=0), axis=1)
    assert step_m.sum() == pytest.approx(7100.6, rel=0.01)  # README of the recording
    speeds = [
        np.linalg.norm(recorded_ways.along(w, np.arange(w[0, 0], w[-1, 0], 1.0))[:, 3:], axis=1)
        for ways in planes.values()
        for w in ways
    ]
    assert np.concatenate(speeds).max() < 1.1 * 260.9  # the greatest that any row reports


def test_a_radar_reports_only_what_its_limits_let_it_see():
    radar, rng = demo_radar(), np.random.default_rng(1)
    states = np.zeros((5, 6))
    states[:, :3] = [[0.0, y, 100.0] for y in (3000.0, 3000.0, 20_000.0, 100.0, 3000.0)]
    states[:, 4] = [10.0, 1.0, 10.0, 10.0, 200.0]  # seen; in the notch; too far; too near; fast
    found = np.concatenate([look(rng, radar, states, 0.0).range_m for _ in range(50)])
    near = np.abs(found - 3001.7) < 60.0
    assert 30 <= near.sum() <= 50
    assert len(found) - near.sum() < 100  # false alarms: one a scan
    seen = np.concatenate(
        [look(rng, without_notch(radar), states, 0.0).range_m for _ in range(50)]
    )
    assert (np.abs(seen - 3001.7) < 60.0).sum() > 60


def test_standing_counts_from_the_twentieth_second_and_in_the_air_alone():
    states = np.zeros((200, 2, 6))
    states[:, 0, 2], states[:, 1, 2] = 50.0, 5.0
    states[:20, :, 3] = 10.0
    found = standing(states)
    assert not found[:, 1].any()
    assert np.flatnonzero(found[:, 0])[0] == 20 + 100 - 1


def some(ways, count):
    return [ways[k] for k in np.linspace(0, len(ways) - 1, count).astype(int)]


@pytest.mark.slow
def test_birds_and_aircraft_exist_and_none_is_surely_a_drone(data_folder):
    birds = list(recorded_ways.birds(data_folder).values())
    planes = [ways[0] for ways in recorded_ways.aircraft(data_folder).values()]
    demo = demo_radar()
    for ways, radar, span_m in (
        (some(birds, 8), without_notch(demo), SMALL_M),
        (some(planes, 8), surveillance(demo), AIRCRAFT_M),
    ):
        taken = all_of(ways, radar, span_m)
        assert all(one.tracked_s[0] > 20.0 for one in taken)
        assert max(max(one.chance, default=0.0) for one in taken) < SURE
        told = harmless("flights", range(8), taken, 8)
        assert [line.rsplit(" ", 1)[1] for line in told] == ["holds", "holds"]


@pytest.mark.slow
def test_a_multirotor_that_stops_and_goes_exists_and_is_no_bird(data_folder):
    flight = recorded_ways.uav(data_folder)["multirotor"][:480]  # a hover of 80 s is its end
    (one,) = all_of([flight], without_notch(demo_radar()), MULTIROTOR_M)
    assert one.tracked_s[0] > 400.0
    assert sum(one.stood) * 0.2 > 40.0
    likely = np.array(one.chance)[np.array(one.stood)]
    assert np.median(likely) > 0.5


@pytest.mark.slow
def test_a_multirotor_that_hovers_for_80_seconds_is_named_a_drone_wherever_it_is(data_folder):
    flight = recorded_ways.uav(data_folder)["multirotor"][320:490]
    taken = all_of([flight] * 4, without_notch(demo_radar()), MULTIROTOR_M)
    told = hovering("multirotor", taken)
    assert [line.rsplit(" ", 1)[1] for line in told] == ["holds", "holds"]


@pytest.mark.slow
def test_a_multirotor_that_a_notched_radar_loses_while_it_stands_is_no_bird(data_folder):
    """By what it sees of both ends of each gap; by flying moments alone 2 of 5 looks were."""
    flights = list(recorded_ways.uav(data_folder).values()) * 8
    taken = all_of(flights, demo_radar(), MULTIROTOR_M)
    labels = np.concatenate([one.labels for one in taken])
    assert (labels == LABELS.index("bird")).mean() < 0.08
    assert sum(bool(np.isin(one.labels, DRONES).any()) for one in taken) >= 2


def test_flights_placed_about_a_radar_are_evenly_around_it():
    way = np.zeros((2, 7))
    way[:, 0] = 5.0, 65.0
    way[:, 1] = -100.0, 100.0
    out = placed([way] * 4, (1000.0, 2000.0), np.random.default_rng(2))
    middle = np.array([w[:, 1:3].mean(0) for w in out])
    away = np.linalg.norm(middle, axis=1)
    assert ((away >= 1000.0) & (away <= 2000.0)).all()
    unit = middle / away[:, None]
    assert unit.sum(0) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert all(w[0, 0] == 0.0 and w[1, 0] == 60.0 for w in out)
