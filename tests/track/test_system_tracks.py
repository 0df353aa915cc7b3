"""Tracks of other trackers: joined with ours by a gate, shown once, never fed to the filter."""

import copy

import numpy as np
import pytest

from tocsin.geo import frame_at, from_frame
from tocsin.model import (
    AltRef,
    DetectionBatch,
    Node,
    Report,
    Sensor,
    Site,
    TrackKind,
    TrackStatus,
    TrackTable,
)
from tocsin.track import declared, system

pytestmark = pytest.mark.jit

SITE = Site("s", "S", 48.0, 11.0, 500.0)
NODE = Node(
    sites=(SITE,),
    sensors=(Sensor("atc", kind="system"), Sensor("other", kind="system", lat=48.0, lon=11.0)),
)
FRAME = frame_at(SITE.lat, SITE.lon, SITE.alt_m)
T0 = 1_790_000_000.0


def report(time_s, east, north, up=3000.0, number=b"7", velocity=(100.0, 0.0, 0.0), **other):
    batch = DetectionBatch.blank(1)
    lat, lon, alt = from_frame(np.array([[east, north, up]]), FRAME)[0]
    batch.time_s[:] = batch.arrival_s[:] = time_s
    batch.sensor[:] = 0
    batch.report[:] = Report.TRACK
    batch.sensor_track_id[:] = number
    batch.lat_deg[:], batch.lon_deg[:] = np.degrees(lat), np.degrees(lon)
    batch.alt_m[:], batch.alt_ref[:] = alt, AltRef.ELLIPSOID
    batch.vel_east_mps[:], batch.vel_north_mps[:], batch.vel_up_mps[:] = velocity
    batch.sigma_position_m[:], batch.sigma_alt_m[:] = 100.0, 50.0
    for column, value in other.items():
        getattr(batch, column)[:] = value
    return batch


def measured(now_s, *places, first=101, sigma_m=100.0):
    tracks = TrackTable.blank(len(places))
    for k, (east, north, up) in enumerate(places):
        tracks.track_id[k] = first + k
        tracks.state[k] = east, north, up, 100.0, 0.0, 0.0
        tracks.covariance[k] = np.diag([sigma_m**2] * 3 + [16.0] * 3)
    tracks.status[:] = TrackStatus.CONFIRMED
    tracks.time_s[:] = tracks.updated_s[:] = now_s
    return tracks


def fly(state, seconds, *, offset_m=0.0, start_s=0.0, own=True, every_s=4.0, sensors=(0,),
        **said):  # fmt: skip
    """A thing flies east at 100 m/s; trackers report it `offset_m` north of where we see it."""
    now_s = T0
    for k in range(int(start_s * 5), int((start_s + seconds) * 5)):
        now_s = T0 + k / 5
        for n, sensor in enumerate(sensors):
            if (k + n) % int(5 * every_s) == 0:
                batch = report(now_s, 20.0 * k, 2000.0 + offset_m, sensor=sensor, **said)
                system.update_system_into(state, batch, NODE, now_s)
        tracks = measured(now_s, *([(20.0 * k, 2000.0, 3000.0)] if own else []))
        system.correlate_into(state, tracks, NODE, now_s)
    return now_s, tracks


def test_without_an_own_track_it_is_shown_as_a_track_of_its_own_with_its_source():
    state = system.open_system()
    now_s, _ = fly(state, 10.0, own=False)
    shown = system.system_as_tracks(state, NODE, now_s)
    assert len(shown) == 1
    assert shown.kind[0] == TrackKind.SYSTEM
    assert shown.status[0] == TrackStatus.CONFIRMED
    assert shown.sensors[0] == 1
    assert shown.track_id[0] >> 40 & 0xFF == 0xFE
    assert shown.state[0, 0] == pytest.approx(100.0 * (now_s - T0), abs=1.0)
    assert shown.state[0, 3] == pytest.approx(100.0, abs=0.5)


def test_a_joined_track_is_shown_once_between_both_and_better_known_than_either():
    state = system.open_system()
    now_s, tracks = fly(state, 20.2, offset_m=60.0)
    before = copy.deepcopy(tracks)
    shown = system.fused(state, tracks, NODE, now_s)
    assert len(system.system_as_tracks(state, NODE, now_s)) == 0
    assert shown.track_id.tolist() == tracks.track_id.tolist()
    assert 2000.0 < shown.state[0, 1] < 2060.0
    own, both = tracks.covariance[0], shown.covariance[0]
    assert np.linalg.det(both) < np.linalg.det(own)
    assert shown.sensors[0] == 1
    assert shown.kind[0] == TrackKind.MEASURED
    for name in ("state", "covariance", "sensors", "lat_deg"):
        assert np.array_equal(getattr(tracks, name), getattr(before, name))


@pytest.mark.parametrize(
    "flag", [DetectionBatch.SIMULATED_TARGET, DetectionBatch.EXERCISE_TARGET]
)
def test_what_another_plays_is_joined_to_nothing_that_we_measure(flag):
    state = system.open_system()
    now_s, tracks = fly(state, 20.2, flags=flag)
    assert system.fused(state, tracks, NODE, now_s).nature.tolist() == [0], "it stays live"
    shown = system.system_as_tracks(state, NODE, now_s)
    assert shown.nature[0] > 0
    # One that was joined and is played from now on is let go.
    state = system.open_system()
    fly(state, 20.2)
    assert system.system_table(state).link[0] == 101
    now_s, tracks = fly(state, 12.0, start_s=20.2, flags=flag)
    assert system.system_table(state).link[0] == 0


def test_it_is_joined_only_after_two_reports_agree():
    state = system.open_system()
    fly(state, 1.0)
    assert system.system_table(state).link[0] == 0
    fly(state, 4.0, start_s=1.0)
    assert system.system_table(state).link[0] == 101


def test_two_things_side_by_side_are_not_joined():
    state = system.open_system()
    now_s, _ = fly(state, 20.0, offset_m=1500.0)
    assert system.system_table(state).link[0] == 0
    assert len(system.system_as_tracks(state, NODE, now_s)) == 1


def test_a_joined_track_that_flies_away_is_shown_apart_again():
    state = system.open_system()
    fly(state, 12.0)
    assert system.system_table(state).link[0] == 101
    now_s, _ = fly(state, 16.0, start_s=12.0, offset_m=2500.0)
    assert system.system_table(state).link[0] == 0
    assert len(system.system_as_tracks(state, NODE, now_s)) == 1


def test_when_the_own_track_ends_the_other_trackers_track_is_shown_at_once():
    state = system.open_system()
    now_s, _ = fly(state, 12.0)
    system.correlate_into(state, TrackTable.blank(0), NODE, now_s)
    assert len(system.system_as_tracks(state, NODE, now_s)) == 1


def test_one_tracker_has_one_track_of_one_thing():
    state = system.open_system()
    for k in range(5):
        now_s = T0 + 4.0 * k
        for number, north in ((b"1", 2010.0), (b"2", 2150.0)):
            batch = report(now_s, 400.0 * k, north, number=number)
            system.update_system_into(state, batch, NODE, now_s)
        tracks = measured(now_s, (400.0 * k, 2000.0, 3000.0))
        system.correlate_into(state, tracks, NODE, now_s)
    table = system.system_table(state)
    assert table.link[table.number == b"1"][0] == 101
    assert table.link[table.number == b"2"][0] == 0


def test_two_trackers_with_one_thing_and_no_own_track_show_one_track():
    state = system.open_system()
    now_s, _ = fly(state, 24.0, own=False, sensors=(0, 1))
    assert system.heard(state) == 2
    shown = system.system_as_tracks(state, NODE, now_s)
    assert len(shown) == 1
    assert shown.sensors[0] == 3


def test_a_reused_number_is_another_track():
    state = system.open_system()
    system.update_system_into(state, report(T0, 0.0, 0.0), NODE, T0)
    first = system.system_table(state).track_id.tolist()
    system.update_system_into(state, report(T0 + 4, 40_000.0, 0.0), NODE, T0 + 4)
    second = system.system_table(state).track_id.tolist()
    assert len(second) == 1
    assert second != first


def test_the_last_word_on_a_track_ends_it_and_silence_does_too():
    state = system.open_system()
    for number in (b"1", b"2", b"3"):
        batch = report(T0, 1000.0 * int(number), 0.0, number=number)
        system.update_system_into(state, batch, NODE, T0)
    end = report(T0 + 1, 2000.0, 0.0, number=b"2", flags=DetectionBatch.TRACK_END)
    system.update_system_into(state, end, NODE, T0 + 1)
    assert system.system_table(state).number.tolist() == [b"1", b"3"]
    late = report(T0 + 59, 3000.0, 0.0, number=b"3")
    system.update_system_into(state, late, NODE, T0 + 61)
    assert system.system_table(state).number.tolist() == [b"3"]
    assert system.heard(state) == 3


def test_what_its_tracker_does_not_stand_by_is_tentative():
    state = system.open_system()
    batch = report(T0, 0.0, 0.0, flags=DetectionBatch.TRACK_TENTATIVE)
    system.update_system_into(state, batch, NODE, T0)
    assert system.system_as_tracks(state, NODE, T0).status[0] == TrackStatus.TENTATIVE


def test_a_range_and_bearing_from_a_node_with_a_pose_is_a_place():
    state = system.open_system()
    batch = report(T0, 0.0, 0.0, sensor=1)
    batch.lat_deg[:] = batch.lon_deg[:] = batch.alt_m[:] = np.nan
    batch.range_m[:], batch.azimuth_rad[:], batch.elevation_rad[:] = 5000.0, np.pi / 2, 0.0
    system.update_system_into(state, batch, NODE, T0)
    shown = system.system_as_tracks(state, NODE, T0)
    assert shown.state[0, :2] == pytest.approx([5000.0, 0.0], abs=3.0)


@pytest.mark.parametrize(
    "wrong", [{"sensor_track_id": b""}, {"time_s": np.nan}], ids=["no number", "no time"]
)
def test_a_report_that_cannot_be_used_is_counted(wrong):
    state = system.open_system()
    batch = report(T0, 0.0, 0.0)
    for column, value in wrong.items():
        getattr(batch, column)[:] = value
    system.update_system_into(state, batch, NODE, T0)
    assert len(system.system_table(state)) == 0
    assert sum(state.unused.values()) == 1


def test_the_order_of_rows_in_a_batch_does_not_matter():
    batches = [report(T0 + k % 2, 1000.0 * k, 0.0, number=b"%d" % (k // 2)) for k in range(8)]
    tables = []
    for order in (range(8), reversed(range(8))):
        state = system.open_system()
        both = DetectionBatch.join([batches[k] for k in order])
        system.update_system_into(state, both, NODE, T0 + 2)
        table = system.system_table(state)
        rows = np.argsort(table.number)
        tables.append((table.lat_deg[rows].tolist(), table.reports[rows].tolist()))
    assert tables[0] == tables[1]


def test_what_a_thing_says_is_tied_to_another_trackers_track_but_never_verified_by_it():
    state, words = system.open_system(), declared.open_declared()
    for k in range(20 * 5):
        now_s = T0 + k / 5
        if k % 20 == 0:
            system.update_system_into(state, report(now_s, 20.0 * k, 2000.0), NODE, now_s)
        if k % 5 == 0:
            said = report(now_s, 20.0 * k, 2000.0, declared_id=b"a1b2c3")
            said.report[:] = Report.DECLARED
            declared.update_declared_into(words, said, now_s)
        own = system.system_as_tracks(state, NODE, now_s)
        declared.link_into(words, own, NODE, now_s)
    table = declared.declared_table(words)
    assert table.link[0] == own.track_id[0]
    assert not table.verified[0]
    # Once a sensor of ours measures it, the ten seconds begin anew.
    for k in range(5 * 12):
        now_s += 0.2
        east = 100.0 * (now_s - T0)
        said = report(now_s, east, 2000.0, declared_id=b"a1b2c3")
        said.report[:] = Report.DECLARED
        declared.update_declared_into(words, said, now_s)
        declared.link_into(words, measured(now_s, (east, 2000.0, 3000.0)), NODE, now_s)
        if k == 5 * 8:
            assert not declared.declared_table(words).verified[0]
    assert declared.declared_table(words).link[0] == 101
    assert declared.declared_table(words).verified[0]
