"""Who is not seen where it says that it is, and who is hidden, too far or too slow to be."""

import dataclasses

import numpy as np
import pytest
from tests.track.test_declared import NODE, SITE, T0, measured, report

from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AltRef, Coverage, DeclaredTable, DetectionBatch, Node, Report, Sensor
from tocsin.track.declared import (
    declared_table,
    link_into,
    open_declared,
    update_declared_into,
    watch_into,
)

NAME = b"1581F01"
RADAR = Sensor(
    "radar", lat=SITE.lat, lon=SITE.lon, alt_m=SITE.alt_m, sigma_range_m=20.0,
    sigma_azimuth_deg=0.5, max_range_m=10_000.0, nature="simulated",
)  # fmt: skip
FINDER = dataclasses.replace(
    RADAR, id="finder", kind="rf", sigma_range_m=None, sigma_azimuth_deg=2.0
)


def node_of(*sensors):
    return Node(sites=(SITE,), sensors=(*NODE.sensors, *sensors))


def plot(time_s, sensor, azimuth_rad, range_m=np.nan):
    batch = DetectionBatch.blank(1)
    batch.time_s[:] = batch.arrival_s[:] = time_s
    batch.sensor[:], batch.report[:] = sensor, Report.PLOT
    batch.azimuth_rad[:], batch.range_m[:] = azimuth_rad, range_m
    return batch


def fly(state, node, seconds, *, start_s=0.0, plots=(), tracks=lambda t: None, looks=True,
        east=1500.0, up=300.0, **said):  # fmt: skip
    """A thing hovers 1.5 km east, and says so each second; its sensors look once a second.

    plots: functions of the time that give a plot or None. Returns when it was held against it.
    """
    held = []
    for k in range(int(start_s), int(start_s + seconds)):
        now_s = T0 + k
        said_now = {"velocity": (0.0, 0.0, 0.0), "alt_ref": AltRef.ELLIPSOID} | said
        batch = report(now_s, east, 0.0, up, name=NAME, **said_now)
        parts = [batch, *filter(None, (one(now_s) for one in plots))]
        every = DetectionBatch.join(parts)
        update_declared_into(state, every, now_s)
        covered = [Coverage(i + 1, now_s - 1.0, now_s) for i in range(len(node.sensors) - 1)]
        watch_into(state, every, tuple(covered if looks else ()), node, now_s)
        seen = tracks(now_s)
        if seen is not None:
            link_into(state, seen, node, now_s)
        if declared_table(state).flags[0] & DeclaredTable.UNSEEN:
            held.append(k)
    return held


@pytest.mark.parametrize(("sensor", "number"), [(RADAR, 2), (FINDER, 2)])
def test_who_is_not_where_it_says_is_told_after_twenty_seconds(sensor, number):
    state = open_declared()
    assert fly(state, node_of(sensor), 25) == [21, 22, 23, 24]
    assert declared_table(state).missed_by[0] == number


def test_a_sensor_that_turns_slowly_needs_as_many_looks():
    state = open_declared()
    slow = dataclasses.replace(RADAR, scan_period_s=4.0)
    held = fly(state, node_of(slow), 60)
    assert held[0] == pytest.approx(10.0 / 0.9 * 4.0, abs=1.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_range_m": 2_000.0}, {}),  # not well inside
        ({"max_range_by_kind_m": {"small": 1_500.0}}, {}),
        ({"min_range_m": 1_400.0}, {}),
        ({"azimuth_center_deg": 270.0, "azimuth_width_deg": 120.0}, {}),
        ({"elevation_min_deg": 10.0}, {}),
        ({"sigma_range_rate_mps": 0.5, "min_radial_speed_mps": 3.0}, {}),  # it hovers
        ({"nature": "live"}, {}),  # a real radar sees no simulated drone
        ({"kind": "camera"}, {}),  # of which nobody knows what it looks at
        ({"lat": None}, {}),
        ({}, {"up": 10.0}),  # behind the nearest house
        ({}, {"alt_m": np.nan}),
        ({}, {"alt_ref": AltRef.PRESSURE}),
        ({}, {"sigma_position_m": 1_000.0}),
        ({}, {"flags": DetectionBatch.ON_GROUND}),
        ({}, {"looks": False}),  # the sensor is off
    ],
)
def test_whom_no_sensor_should_see_nothing_is_held_against(changes, said):
    node = node_of(dataclasses.replace(RADAR, **changes))
    assert fly(open_declared(), node, 60, **said) == []


def test_a_mover_is_judged_where_a_hoverer_falls_into_the_notch():
    doppler = dataclasses.replace(RADAR, sigma_range_rate_mps=0.5, min_radial_speed_mps=3.0)
    assert fly(open_declared(), node_of(doppler), 25, velocity=(12.0, 0.0, 0.0))


def seen_by_radar(now_s):
    return plot(now_s, 1, np.pi / 2, 1530.0) if (now_s - T0) % 5 == 0 else None


def test_a_plot_now_and_then_where_it_says_it_is_is_enough():
    assert fly(open_declared(), node_of(RADAR), 60, plots=[seen_by_radar]) == []


def test_plots_elsewhere_are_not_enough():
    def beside(now_s):
        return plot(now_s, 1, np.pi / 2 + 0.2, 1530.0)

    def behind(now_s):
        return plot(now_s, 1, np.pi / 2, 2500.0)

    assert fly(open_declared(), node_of(RADAR), 25, plots=[beside, behind])[0] == 21


def test_the_first_plot_takes_it_back_and_so_does_a_tie():
    for kind in ("plot", "tie"):
        state, node = open_declared(), node_of(RADAR)
        assert fly(state, node, 25)
        plots = [seen_by_radar] if kind == "plot" else []
        tracks = (lambda t: measured(t, (1500.0, 0.0, 300.0))) if kind == "tie" else None
        held = fly(state, node, 10, start_s=25, plots=plots, tracks=tracks or (lambda t: None))
        assert held in ([], [25])  # a tie counts from the next look on
        table = declared_table(state)
        assert (table.missed_by[0], table.flags[0] & DeclaredTable.UNSEEN) == (0, 0)


def test_bearings_by_chance_do_not_excuse_and_true_ones_do():
    chance = np.random.default_rng(1)

    def noise(now_s):
        return plot(now_s, 1, chance.uniform(0.0, 2.0 * np.pi))

    def true_one(now_s):
        error = chance.normal(0.0, np.radians(2.0))
        return plot(now_s, 1, np.pi / 2 + error) if chance.random() < 0.5 else None

    assert len(fly(open_declared(), node_of(FINDER), 120, plots=[noise])) > 60
    assert fly(open_declared(), node_of(FINDER), 300, plots=[true_one, noise]) == []


def test_it_is_forgotten_a_minute_after_it_has_left_the_coverage():
    state, node = open_declared(), node_of(RADAR)
    assert fly(state, node, 25)
    held = fly(state, node, 90, start_s=25, up=10.0)  # it has come down
    assert held[-1] == pytest.approx(24 + 61, abs=1)


def test_a_snapshot_in_between_changes_nothing_and_the_silent_are_forgotten():
    state, node = open_declared(), node_of(RADAR)
    fly(state, node, 12)
    state = thaw(freeze(state))
    assert fly(state, node, 13, start_s=12)[0] == 21
    later = T0 + 200.0
    update_declared_into(state, DetectionBatch.blank(0), later)
    watch_into(state, DetectionBatch.blank(0), (), node, later)
    assert state.watched == {}
