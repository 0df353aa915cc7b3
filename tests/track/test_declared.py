"""What declares itself: kept apart, tied by a gate, verified after ten seconds."""

import numpy as np
import pytest

from tocsin.geo import frame_at, from_frame
from tocsin.model import (
    AltRef,
    DeclaredTable,
    DetectionBatch,
    Nature,
    Node,
    Report,
    Sensor,
    Site,
    TrackStatus,
    TrackTable,
)
from tocsin.track.declared import (
    declared_as_tracks,
    declared_table,
    link_into,
    open_declared,
    update_declared_into,
)

SITE = Site("s", "S", 48.0, 11.0, 500.0)
NODE = Node(sites=(SITE,), sensors=(Sensor("adsb", kind="adsb", nature="simulated"),))
FRAME = frame_at(SITE.lat, SITE.lon, SITE.alt_m)
T0 = 1_790_000_000.0


def report(time_s, east, north, up=1000.0, name=b"a1b2c3", velocity=(50.0, 0.0, 0.0), **other):
    batch = DetectionBatch.blank(1)
    lat, lon, alt = from_frame(np.array([[east, north, up]]), FRAME)[0]
    batch.time_s[:] = batch.arrival_s[:] = time_s
    batch.sensor[:] = 0
    batch.report[:] = Report.DECLARED
    batch.declared_id[:] = name
    batch.lat_deg[:], batch.lon_deg[:] = np.degrees(lat), np.degrees(lon)
    batch.alt_m[:], batch.alt_ref[:] = alt, AltRef.ELLIPSOID
    batch.vel_east_mps[:], batch.vel_north_mps[:], batch.vel_up_mps[:] = velocity
    batch.sigma_position_m[:] = 20.0
    for column, value in other.items():
        getattr(batch, column)[:] = value
    return batch


def measured(now_s, *places, first=101, nature=2):
    tracks = TrackTable.blank(len(places))
    for k, (east, north, up) in enumerate(places):
        tracks.track_id[k] = first + k
        tracks.state[k, :3] = east, north, up
        tracks.covariance[k] = np.diag([400.0, 400.0, 900.0, 9.0, 9.0, 9.0])
    tracks.status[:] = TrackStatus.CONFIRMED
    tracks.nature[:] = nature
    tracks.time_s[:] = now_s
    return tracks


def fly(
    state, seconds, offset_m=0.0, start_s=0.0, *, partner=True, up=1000.0, nature=2, **said
):
    """A thing flies east at 50 m/s and says so; the radar sees it `offset_m` north of that."""
    for k in range(int(start_s * 5), int((start_s + seconds) * 5)):
        now_s = T0 + k / 5
        if k % 5 == 0:
            update_declared_into(state, report(now_s, 50.0 * k / 5, 2000.0, **said), now_s)
        where = [(50.0 * k / 5, 2000.0 + offset_m, up)] if partner else []
        places = (-9000.0, -9000.0, 50.0), *where
        link_into(state, measured(now_s, *places, first=100, nature=nature), NODE, now_s)
    return now_s


def test_a_link_is_made_at_once_and_verified_after_ten_seconds():
    state = open_declared()
    fly(state, 9.0)
    table = declared_table(state)
    assert (table.link[0], table.verified[0]) == (101, False)
    fly(state, 2.0, start_s=9.0)
    table = declared_table(state)
    assert table.verified[0]
    assert table.link_llr[0] > 3.0


def test_a_thing_that_lies_about_its_place_gets_no_link():
    state = open_declared()
    fly(state, 12.0, offset_m=900.0)
    assert declared_table(state).link[0] == 0


def test_a_link_ends_when_the_two_part_and_when_the_track_ends():
    state = open_declared()
    fly(state, 12.0)
    fly(state, 2.0, offset_m=900.0, start_s=12.0)
    assert declared_table(state).link[0] == 101
    fly(state, 3.0, offset_m=900.0, start_s=14.0)
    assert declared_table(state).link[0] == 0
    fly(state, 12.0, start_s=17.0)
    assert declared_table(state).verified[0]
    fly(state, 1.0, start_s=29.0, partner=False)
    assert (declared_table(state).link[0], declared_table(state).verified[0]) == (0, False)


def test_a_declared_thing_that_nobody_measures_is_a_track_of_its_own():
    state = open_declared()
    now_s = fly(state, 3.0, partner=False)
    tracks = declared_as_tracks(state, NODE, now_s)
    assert tracks.declared.tolist() == [b"a1b2c3"]
    assert tracks.nature[0] == 2
    assert tracks.state[0, :3] == pytest.approx([50.0 * (now_s - T0), 2000.0, 1000.0], abs=60)
    assert tracks.state[0, 3] == pytest.approx(50.0, abs=0.1)
    assert np.isfinite(tracks.covariance).all()
    fly(state, 2.0, start_s=3.0)
    assert len(declared_as_tracks(state, NODE, now_s + 2)) == 0


def test_a_tie_goes_over_to_a_track_that_takes_the_place_of_the_one_that_ended():
    state = open_declared()
    now_s = fly(state, 12.0)
    update_declared_into(state, report(now_s, 50.0 * (now_s - T0), 2000.0), now_s)
    anew = measured(now_s, (50.0 * (now_s - T0), 2010.0, 1000.0), first=500)
    link_into(state, anew, NODE, now_s)
    table = declared_table(state)
    assert (table.link[0], table.verified[0]) == (500, True)
    elsewhere = measured(now_s, (50.0 * (now_s - T0), 2900.0, 1000.0), first=600)
    link_into(state, elsewhere, NODE, now_s)
    assert declared_table(state).link[0] == 0


def test_what_falls_silent_with_its_measured_track_is_not_carried_on():
    state = open_declared()
    now_s = fly(state, 12.0)
    link_into(state, measured(now_s, (-9000.0, 0.0, 50.0), first=500), NODE, now_s + 2.0)
    assert len(declared_as_tracks(state, NODE, now_s + 2.0)) == 0
    update_declared_into(state, report(now_s + 3.0, 750.0, 2000.0), now_s + 3.0)
    assert len(declared_as_tracks(state, NODE, now_s + 3.0)) == 1


@pytest.mark.parametrize(
    ("east", "velocity", "site"),
    [(2000.0, (70.0, 0.0, 0.0), 1), (2000.0, (-70.0, 0.0, 0.0), 0),
     (-500.0, (70.0, 0.0, 0.0), 0), (2000.0, (0.0, 0.0, 0.0), 0), (5500.0, (0.0, 0.0, 0.0), 1),
     (2000.0, (np.nan, np.nan, np.nan), 0)],
)  # fmt: skip
def test_what_has_passed_a_site_is_the_next_ones_at_once(east, velocity, site):
    """Two sites, 7.5 km apart."""
    next_one = Site("n", "N", 48.0, 11.1, 500.0)
    node = Node(sites=(SITE, next_one), sensors=NODE.sensors)
    state = open_declared()
    update_declared_into(state, report(T0, east, 0.0, velocity=velocity), T0)
    assert declared_as_tracks(state, node, T0).site.tolist() == [site]


def test_what_stands_on_the_ground_or_far_away_is_no_track_here():
    state = open_declared()
    update_declared_into(state, report(T0, 0, 0, flags=DetectionBatch.ON_GROUND), T0)
    update_declared_into(state, report(T0, 90_000, 0, name=b"far"), T0)
    assert len(declared_table(state)) == 2
    assert len(declared_as_tracks(state, NODE, T0)) == 0


def test_a_jump_is_not_followed_until_a_second_report_says_the_same():
    state = open_declared()
    for k in range(5):
        update_declared_into(state, report(T0 + k, 50.0 * k, 0), T0 + k)
    update_declared_into(state, report(T0 + 5, 40_000.0, 0), T0 + 5)
    assert not declared_table(state).flags[0] & DeclaredTable.UNRELIABLE, "one is no fault"
    here = declared_as_tracks(state, NODE, T0 + 5).state[0, 0]
    assert here == pytest.approx(250.0, abs=80)
    update_declared_into(state, report(T0 + 6, 40_050.0, 0), T0 + 6)
    there = declared_as_tracks(state, NODE, T0 + 6).state[0, 0]
    assert there == pytest.approx(40_050.0, abs=80)
    assert declared_table(state).flags[0] & DeclaredTable.UNRELIABLE
    for k in range(7, 70):
        update_declared_into(state, report(T0 + k, 40_000.0 + 50.0 * k, 0), T0 + k)
        unreliable = bool(declared_table(state).flags[0] & DeclaredTable.UNRELIABLE)
        assert unreliable == (k <= 66), k


def test_one_wrong_report_in_a_minute_makes_nobody_unreliable_and_two_do():
    for wrong, is_flagged in (((30,), False), ((30, 95), False), ((30, 80), True)):
        state = open_declared()
        for k in range(100):
            north = 9000.0 * (1 + wrong.index(k)) if k in wrong else 0.0
            update_declared_into(state, report(T0 + k, 50.0 * k, north), T0 + k)
        flags = int(declared_table(state).flags[0])
        assert bool(flags & DeclaredTable.UNRELIABLE) == is_flagged, wrong
        assert not flags & DeclaredTable.CLONE


def test_an_id_that_two_places_declare_in_turn_is_named_and_keeps_the_first_place():
    state = open_declared()
    for k in range(12):
        north = 6000.0 if k % 2 and k > 4 else 0.0
        update_declared_into(state, report(T0 + k, 50.0 * k, north), T0 + k)
    assert int(declared_table(state).flags[0]) & DeclaredTable.CLONE
    here = declared_as_tracks(state, NODE, T0 + 11).state[0, :2]
    assert here == pytest.approx([550.0, 0.0], abs=80)


@pytest.mark.parametrize(
    ("said", "told"),
    [({"sigma_position_m": 757.0}, False), ({"sigma_position_m": 76.0}, True),
     ({"sigma_position_m": np.nan}, True), ({"flags": DetectionBatch.ON_GROUND}, False)],
)  # fmt: skip
def test_a_place_that_tells_no_two_things_apart_verifies_nothing(said, told):
    state = open_declared()
    fly(state, 30.0, **said)
    assert bool(declared_table(state).verified[0]) == told


@pytest.mark.parametrize(
    ("up", "alt_ref", "agrees"),
    [(1100.0, AltRef.ELLIPSOID, True), (1500.0, AltRef.ELLIPSOID, False),
     (1500.0, AltRef.PRESSURE, True), (1700.0, AltRef.PRESSURE, False),
     (1700.0, AltRef.NONE, True)],
)  # fmt: skip
def test_heights_have_to_agree_as_well_as_they_are_known(up, alt_ref, agrees):
    state = open_declared()
    fly(state, 12.0, up=up, alt_ref=alt_ref)
    assert bool(declared_table(state).verified[0]) == agrees
    if not agrees:  # and what was verified is so no longer
        state = open_declared()
        fly(state, 12.0, alt_ref=alt_ref)
        assert declared_table(state).verified[0]
        fly(state, 4.0, start_s=12.0, up=up, alt_ref=alt_ref)
        assert not declared_table(state).verified[0]


def test_who_lands_stays_verified_near_the_ground_and_nobody_high_above_it():
    state = open_declared()
    fly(state, 12.0)
    fly(state, 6.0, start_s=12.0, flags=DetectionBatch.ON_GROUND, up=90.0)
    assert declared_table(state).verified[0]
    fly(state, 6.0, start_s=18.0, flags=DetectionBatch.ON_GROUND, up=400.0)
    assert not declared_table(state).verified[0]


def test_one_report_and_silence_verify_nobody():
    """The gate grows with the time in which nothing is told: it holds whoever passes then."""
    state = open_declared()
    update_declared_into(state, report(T0, 0, 2000.0), T0)
    for k in range(75):
        now_s = T0 + k / 5
        link_into(state, measured(now_s, (50.0 * k / 5, 2000.0, 1000.0)), NODE, now_s)
        assert not declared_table(state).verified[0]
    assert declared_table(state).link[0] == 101


def test_the_word_of_a_silent_thing_does_not_go_over_to_a_track_that_passes():
    state = open_declared()
    said_s = fly(state, 12.0)
    for k in range(55):
        now_s = said_s + k / 5
        track = measured(now_s, (50.0 * (now_s - T0), 2000.0, 1000.0))
        link_into(state, track, NODE, now_s)
    assert declared_table(state).verified[0], "for some time a gap in reception costs nothing"
    passing = measured(now_s, (50.0 * (now_s - T0), 2400.0, 1000.0), first=500)
    link_into(state, passing, NODE, now_s + 0.2)
    table = declared_table(state)
    assert (table.link[0], table.verified[0]) == (500, False)


def test_what_is_marked_as_simulated_is_so_whoever_heard_it():
    live = Node(sites=(SITE,), sensors=(Sensor("adsb", kind="adsb", nature="live"),))
    natures = (
        (0, "live"), (DetectionBatch.SIMULATED_TARGET, "simulated"),
        (DetectionBatch.EXERCISE_TARGET, "exercise"),
    )  # fmt: skip
    for flags, nature in natures:
        state = open_declared()
        update_declared_into(state, report(T0, 0, 0, flags=flags), T0)
        tracks = declared_as_tracks(state, live, T0)
        assert Nature.ALL[tracks.nature[0]] == nature
        link_into(state, measured(T0, (0.0, 0.0, 1000.0), nature=0), live, T0)
        assert bool(declared_table(state).link[0]) == (nature == "live")


def test_what_is_played_verifies_nothing_that_is_real():
    state = open_declared()
    fly(state, 12.0, nature=Nature.ALL.index("live"))
    assert declared_table(state).link[0] == 0


def test_who_is_silent_for_a_minute_is_forgotten_and_comes_back_as_another_track():
    state = open_declared()
    update_declared_into(state, report(T0, 0, 0), T0)
    first = int(declared_as_tracks(state, NODE, T0).track_id[0])
    update_declared_into(state, DetectionBatch.blank(0), T0 + 61)
    assert len(declared_table(state)) == 0
    update_declared_into(state, report(T0 + 70, 0, 0), T0 + 70)
    assert int(declared_as_tracks(state, NODE, T0 + 70).track_id[0]) != first
    assert state.heard == {b"a1b2c3": 2}


def test_many_come_and_go_without_mixing_rows():
    state = open_declared()
    for k in range(300):
        name = f"{k:06x}".encode()
        update_declared_into(state, report(T0 + k, 100.0 * k, 0, name=name), T0 + k)
    table = declared_table(state)
    assert table.declared_id.tolist() == [f"{k:06x}".encode() for k in range(239, 300)]
    lat, lon, alt = table.lat_deg, table.lon_deg, table.alt_m
    for row, k in enumerate(range(239, 300)):
        wanted = from_frame(np.array([[100.0 * k, 0, 1000.0]]), FRAME)[0]
        found = np.radians(lat[row]), np.radians(lon[row]), alt[row]
        assert found == pytest.approx(wanted, abs=1e-9)


def test_a_position_less_report_counts_and_has_no_place():
    state = open_declared()
    silent = report(T0, 0, 0, flags=DetectionBatch.NO_POSITION, lat_deg=np.nan, lon_deg=np.nan)
    update_declared_into(state, silent, T0)
    assert len(declared_table(state)) == 1
    assert len(declared_as_tracks(state, NODE, T0)) == 0


def test_implausible_motion_and_a_second_sender_raise_their_suspicions_for_a_minute():
    state = open_declared()
    for flag, at_s in ((DetectionBatch.IMPLAUSIBLE, 0.0), (DetectionBatch.TWO_PLACES, 10.0)):
        update_declared_into(state, report(T0 + at_s, 0, 0, flags=flag), T0 + at_s)
    both = DeclaredTable.SPOOF | DeclaredTable.CLONE
    found = []
    for at_s in (20.0, 59.0, 61.0, 69.0, 71.0):
        update_declared_into(state, report(T0 + at_s, 0, 0), T0 + at_s)
        found.append(int(declared_table(state).flags[0]) & both)
    assert found == [both, both, DeclaredTable.CLONE, DeclaredTable.CLONE, 0]


def test_a_sensor_that_agrees_for_ten_seconds_takes_the_suspicion_of_a_spoof_and_no_other():
    state = open_declared()
    bad = DetectionBatch.IMPLAUSIBLE | DetectionBatch.TWO_PLACES
    update_declared_into(state, report(T0 - 1.0, -50.0, 2000.0, flags=bad), T0 - 1.0)
    fly(state, 9.0)
    assert declared_table(state).flags[0] & DeclaredTable.SPOOF
    fly(state, 3.0, start_s=9.0)
    flags = int(declared_table(state).flags[0])
    assert flags & (DeclaredTable.SPOOF | DeclaredTable.CLONE) == DeclaredTable.CLONE


def test_who_was_known_by_its_transmitter_stays_the_same_track_once_it_says_its_id():
    state = open_declared()
    update_declared_into(state, report(T0, 0, 0, name=b"rid-020000000001"), T0)
    first = int(declared_as_tracks(state, NODE, T0).track_id[0])
    for name in (b"MFG1A01", b"rid-020000000001", b"MFG1A01"):  # and it is not undone
        late = report(T0 + 1, 50.0, 0, name=name, sensor_track_id=b"rid-020000000001")
        update_declared_into(state, late, T0 + 1)
        if name == b"MFG1A01":
            tracks = declared_as_tracks(state, NODE, T0 + 1)
            assert first in tracks.track_id.tolist()
    table = declared_table(state)
    assert (table.declared_id[0], table.former[0]) == (b"MFG1A01", b"rid-020000000001")
    state = open_declared()
    update_declared_into(state, report(T0, 0, 0, name=b"another"), T0)
    posing = report(T0 + 1, 0, 0, name=b"MFG1A01", sensor_track_id=b"another")
    update_declared_into(state, posing, T0 + 1)
    assert declared_table(state).declared_id.tolist() == [b"MFG1A01", b"another"]
