"""What things are taken to be: made-up flights, words, and the laws of both."""

import dataclasses

import numpy as np
import pytest
from tests.identity.flights import T0_S, blank_table, fly, follow, place

from tocsin import identity
from tocsin.codec.snapshot import freeze, thaw
from tocsin.identity import _kernels_fusion as kf
from tocsin.identity import _kernels_places
from tocsin.model import (
    CLASSES,
    LABELS,
    Authorisation,
    DeclaredTable,
    Node,
    Sensor,
    Site,
    TrackStatus,
)

SITE = Site("base", "Base", 48.0, 11.0, 500.0)
NODE = Node(sites=(SITE,))
NOBODY = DeclaredTable.blank(0)
SCOUT = b"f00107"


def test_the_fusion_reads_the_columns_that_the_classes_stand_in():
    columns = (kf.MULTIROTOR, kf.FIXED_WING, kf.BIRD, kf.AIRCRAFT, kf.BALLOON, kf.OTHER)
    names = ("drone_multirotor", "drone_fixed_wing", "bird", "aircraft", "balloon", "other")
    assert tuple(CLASSES[column] for column in columns) == names
    assert len(CLASSES) == kf.NONE


def watch(kind, seconds, *, n=60, seed=11, node=NODE):
    """Return {second: IdentityTable} of n flights of one kind, and the last state."""
    rng = np.random.default_rng(seed)
    state = identity.open_identity()
    seen = {}
    for now_s, tracks in follow(fly(kind, n, seconds, rng), rng):
        table = identity.assess_into(state, tracks, NOBODY, node, now_s)
        second = round(now_s - T0_S, 1)
        if second == int(second):
            seen[int(second)] = table
    return seen, state


def share(table, *labels):
    wanted = [LABELS.index(label) for label in labels]
    return float(np.isin(table.label, wanted).mean())


def declared_row(track=1, *, verified=True, name=SCOUT, category=b"B6", flags=0):
    row = DeclaredTable.blank(1)
    row.declared_id[:], row.category[:] = name, category
    row.link[:], row.verified[:], row.link_llr[:] = track, verified, 20.0
    row.lat_deg[:], row.lon_deg[:], row.alt_m[:] = 48.0, 11.02, 700.0
    row.time_s[:], row.sigma_position_m[:], row.flags[:] = T0_S, 10.0, flags
    row.vel_east_mps[:], row.vel_north_mps[:] = 0.0, 0.0
    return row


def still_table(n=1, *, east=1490.0, apart_m=5000.0):
    """Return n slow tracks in a row, the first where `declared_row` says it is."""
    table = blank_table(n, T0_S)
    table.state[:, 0] = east + apart_m * np.arange(n)
    table.state[:, 2] = 200.0
    table.state[:, 3] = 20.0
    place(table)
    return table


def authorise(**changes):
    entry = {
        "declared_id": "F00107",
        "owner": "base operations",
        "from_s": T0_S - 10,
        "until_s": T0_S + 10,
        "sites": ("base",),
        "ceiling_m": 1000.0,
    }
    return Node(sites=(SITE,), authorisations=(Authorisation(**{**entry, **changes}),))


def assess(tracks, declared, node=NODE, now_s=T0_S):
    return identity.assess_into(identity.open_identity(), tracks, declared, node, now_s)


def test_an_airliner_is_an_aircraft_within_five_seconds():
    seen, _ = watch("airliner", 6)
    assert share(seen[5], "aircraft") >= 0.98
    assert seen[5].harm.max() < 0.1


def test_a_large_one_way_drone_is_harmful_within_ten_seconds_and_named_within_twenty():
    seen, _ = watch("one_way", 21)
    assert (seen[10].harm >= 0.5).mean() >= 0.95
    assert share(seen[10], "drone_fixed_wing", "drone") >= 0.7
    assert share(seen[20], "drone_fixed_wing", "drone") >= 0.9


def test_birds_send_nobody_to_shelter_and_are_not_called_drones():
    seen, _ = watch("bird", 31, n=150)
    assert (seen[20].harm >= 0.5).mean() <= 0.01
    assert share(seen[20], "drone_fixed_wing", "drone_multirotor", "drone", "aircraft") <= 0.01


def test_a_slow_thing_of_which_the_motion_tells_nothing_is_not_called_a_bird():
    """Birds are common, but that is no evidence: an officer must not read "bird" there."""
    seen, _ = watch("multirotor", 11, n=150)
    assert share(seen[10], "unknown") >= 0.8


def test_what_fits_no_class_is_harmful():
    tracks = still_table()
    tracks.state[0, 2], tracks.state[0, 3] = 25_000.0, 900.0
    table = assess(tracks, NOBODY)
    assert table.none[0] > 0.5
    assert table.harm[0] > 0.5
    assert LABELS[table.label[0]] == "unknown"


def test_a_probability_is_one_in_all():
    seen, _ = watch("multirotor", 8)
    total = seen[7].probability.sum(axis=1) + seen[7].none
    assert np.abs(total - 1.0).max() < 1e-9


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(2)
    one, other = identity.open_identity(), identity.open_identity()
    for now_s, tracks in follow(fly("bird", 12, 8, rng), rng):
        shuffled = rng.permutation(len(tracks))
        a = identity.assess_into(one, tracks, NOBODY, NODE, now_s)
        b = identity.assess_into(other, tracks.take(shuffled), NOBODY, NODE, now_s)
        assert np.array_equal(a.probability[shuffled], b.probability)
        assert tuple(a.reasons[k] for k in shuffled) == b.reasons
    assert freeze(one.track_id) == freeze(other.track_id)


def test_a_snapshot_goes_on_as_if_nothing_had_happened():
    rng = np.random.default_rng(3)
    state = identity.open_identity()
    for k, (now_s, tracks) in enumerate(follow(fly("one_way", 5, 6, rng), rng)):
        if k == 13:
            state_again = thaw(freeze(state))
        a = identity.assess_into(state, tracks, NOBODY, NODE, now_s)
        if k >= 13:
            b = identity.assess_into(state_again, tracks, NOBODY, NODE, now_s)
            assert np.array_equal(a.probability, b.probability)
            assert a.reasons == b.reasons
    assert freeze(state) == freeze(state_again)


def test_tracks_that_end_are_forgotten():
    state = identity.open_identity()
    identity.assess_into(state, still_table(5), NOBODY, NODE, T0_S)
    identity.assess_into(state, still_table(2), NOBODY, NODE, T0_S + 0.2)
    assert len(state.track_id) == len(state.motion) == len(state.reasons) == 2
    identity.assess_into(state, blank_table(0, T0_S), NOBODY, NODE, T0_S + 0.4)
    assert len(state.track_id) == 0


def test_no_input_is_changed():
    tracks, row = still_table(3), declared_row()
    before = freeze([tracks.state, tracks.covariance, row.lat_deg, row.flags])
    assess(tracks, row, authorise())
    assert before == freeze([tracks.state, tracks.covariance, row.lat_deg, row.flags])


def test_a_verified_and_authorised_flight_is_cooperative_and_says_why():
    table = assess(still_table(), declared_row(), authorise())
    assert table.cooperative[0]
    assert table.harm[0] <= 0.02
    said = "authorised flight f00107 of base operations, its place verified by a sensor"
    assert said in table.reasons[0]
    named = assess(still_table(), declared_row(), authorise(what="survey of the roofs"))
    assert any("of base operations: survey of the roofs," in r for r in named.reasons[0])


@pytest.mark.parametrize(
    ("node", "row", "word"),
    [
        (authorise(sites=("other",)), {}, "not at base"),
        (authorise(until_s=T0_S - 1), {}, "not for this time"),
        (authorise(from_s=T0_S + 1), {}, "not for this time"),
        (authorise(ceiling_m=100.0), {}, "ceiling"),
        (authorise(owner=""), {}, "nobody who answers"),
        (authorise(), {"verified": False}, "not verified"),
        (authorise(), {"flags": DeclaredTable.CLONE}, "two places"),
        (authorise(), {"flags": DeclaredTable.SPOOF}, "does not agree"),
        (NODE, {}, "says of itself"),
    ],
)
def test_each_missing_condition_keeps_the_concern_and_is_said(node, row, word):
    table = assess(still_table(), declared_row(**row), node)
    assert not table.cooperative[0]
    assert any(word in reason for reason in table.reasons[0])


def test_a_second_track_beside_a_friend_takes_its_privilege():
    table = assess(still_table(2, apart_m=40.0), declared_row(), authorise())
    assert not table.cooperative.any()
    assert any("second track" in reason for reason in table.reasons[0])


def test_a_second_track_far_from_a_friend_leaves_it_be_and_gains_nothing():
    table = assess(still_table(2), declared_row(), authorise())
    assert table.cooperative.tolist() == [True, False]


def test_the_old_piece_of_a_broken_track_is_no_second_thing():
    tracks = still_table(2, apart_m=40.0)
    tracks.updated_s[1] = T0_S - 3.0
    assert assess(tracks, declared_row(), authorise()).cooperative[0]


def test_words_of_a_measured_thing_do_not_lower_its_harm():
    """Position-verified removes the suspicion of a spoof and nothing else."""
    tracks = still_table()
    tracks.state[0, 3] = 48.0
    silent = assess(tracks, NOBODY)
    says = assess(tracks, declared_row(name=b"4ca123", category=b"A1"))
    assert says.harm[0] == pytest.approx(silent.harm[0])
    aircraft = CLASSES.index("aircraft")
    assert says.probability[0, aircraft] > silent.probability[0, aircraft]


@pytest.mark.parametrize("verified", [False, True])
def test_a_drone_that_says_so_is_as_harmful_once_a_sensor_measures_it(verified):
    """A radar that sees it as well must not make less of it than its own words did."""
    tracks, alone = still_table(), still_table()
    tracks.state[0, 3] = alone.state[0, 3] = 12.0
    alone.declared[0] = SCOUT
    before = assess(alone, declared_row(track=0)).harm[0]
    row = declared_row(verified=verified)
    assert before > 0.9
    assert assess(tracks, NOBODY).harm[0] < 0.3
    assert assess(tracks, row).harm[0] > 0.9
    # Not where somebody answers for it, nor where its words have been found wrong.
    if not verified:
        assert assess(tracks, row, authorise()).harm[0] < 0.3
    assert (
        assess(tracks, declared_row(verified=verified, flags=DeclaredTable.CLONE)).harm[0] < 0.3
    )


def test_what_another_site_measures_at_the_same_place_is_the_same_thing():
    """Its twin there is of the declared thing too, and one that goes elsewhere is not."""
    away = Site("away", "Away", 48.0, 11.1, 500.0)
    entry = dataclasses.replace(authorise().authorisations[0], sites=("base", "away"))
    node = Node(sites=(SITE, away), authorisations=(entry,))
    tracks = still_table(3, apart_m=0.0)
    tracks.vel_east_mps[:], tracks.vel_north_mps[:], tracks.vel_up_mps[:] = 20.0, 0.0, 0.0
    tracks.site[1:] = 1
    tracks.vel_east_mps[2] = -20.0  # passes by in the other direction
    tracks.lat_deg[2] += 0.0002
    tracks.lat_deg[1] += 0.0001
    table = assess(tracks.take(np.array([0, 1])), declared_row(), node)
    assert table.cooperative.tolist() == [True, True]
    assert table.declared.tolist() == [SCOUT, SCOUT]
    table = assess(tracks.take(np.array([0, 2])), declared_row(), node)
    assert table.cooperative.tolist() == [True, False]
    # Two of that site where it is: nobody can tell which, so neither is let pass.
    table = assess(tracks, declared_row(), node)
    assert table.cooperative.tolist() == [True, False, False]
    one = dataclasses.replace(node, authorisations=authorise().authorisations)
    here = assess(tracks.take(np.array([0, 1])), declared_row(), one)
    assert here.cooperative.tolist() == [True, False], "it is authorised at one alone"


def test_a_second_track_beside_a_friend_is_found_across_the_180th_meridian():
    tracks, row = still_table(2, apart_m=40.0), declared_row()
    for lon in (179.0, 180.0, -180.0):
        row.lon_deg[:] = lon
        tracks.lon_deg[:] = [(lon + off + 180.0) % 360.0 - 180.0 for off in (-0.0002, 0.0003)]
        assert not assess(tracks, row, authorise()).cooperative.any(), lon


@pytest.mark.parametrize(
    ("mps", "height_m", "harmful"),
    [(240.0, 100.0, True), (180.0, 100.0, True), (300.0, 150.0, True), (240.0, 10_000.0, False),
     (220.0, 6000.0, False), (120.0, 2500.0, False), (70.0, 900.0, False)],
)  # fmt: skip
def test_nothing_flies_at_an_airliners_speed_near_the_ground_that_is_one(
    mps, height_m, harmful
):
    tracks, state = still_table(), identity.open_identity()
    tracks.state[0, 2], tracks.state[0, 3] = height_m, mps
    for k in range(100):
        table = identity.assess_into(state, tracks, NOBODY, NODE, T0_S + 0.2 * k)
    assert (table.harm[0] > 0.85) == harmful
    assert (table.harm[0] < 0.2) == (not harmful)


def test_an_aircraft_that_only_declares_itself_sends_nobody_to_shelter():
    tracks = still_table()
    tracks.declared[0] = b"4ca123"
    tracks.state[0, 3] = 48.0
    row = declared_row(name=b"4ca123", category=b"", track=0)
    state = identity.open_identity()
    for k in range(60):
        table = identity.assess_into(state, tracks, row, NODE, T0_S + 0.2 * k)
    assert table.harm[0] < 0.2
    assert LABELS[table.label[0]] == "aircraft"


def test_a_light_plane_with_ads_b_is_an_aircraft():
    rng = np.random.default_rng(5)
    state = identity.open_identity()
    node = Node(sites=(SITE,), sensors=(Sensor("adsb", kind="adsb", sites=("base",)),))
    for now_s, tracks in follow(fly("light_aircraft", 1, 12, rng), rng):
        row = declared_row(name=b"4ca123", category=b"A1")
        row.lat_deg[:], row.lon_deg[:] = tracks.lat_deg, tracks.lon_deg
        row.alt_m[:], row.time_s[:] = tracks.alt_m, now_s
        table = identity.assess_into(state, tracks, row, node, now_s)
    assert LABELS[table.label[0]] == "aircraft"


def test_sensors_that_exclude_each_other_are_shown_and_not_blended():
    tracks = still_table()
    tracks.status[:] = TrackStatus.CONFIRMED
    tracks.state[0, 2], tracks.state[0, 3] = 10_000.0, 240.0
    tracks.class_log[0] = [0.0, -40.0, -40.0, -40.0, -40.0, -40.0]
    state = identity.open_identity()
    for k in range(30):
        table = identity.assess_into(state, tracks, NOBODY, NODE, T0_S + 0.2 * k)
    assert table.conflict[0] > identity.CONFLICT_LIMIT
    assert LABELS[table.label[0]] == "unknown"
    assert "disagree" in table.reasons[0][0]
    assert table.harm[0] > 0.9


def test_a_bird_that_a_camera_knows_may_stand_still():
    """Kestrels hover and gulls hang in the wind: the spell is one event, however long."""
    rng, tracks = np.random.default_rng(8), still_table()
    tracks.status[:] = TrackStatus.CONFIRMED
    tracks.state[0, 2], tracks.state[0, 3:5] = 30.0, 0.0
    tracks.covariance[0, 3, 3] = tracks.covariance[0, 4, 4] = 1.0
    tracks.class_log[0] = [-10.0, -10.0, 0.0, -10.0, -10.0, -10.0]
    state, harm = identity.open_identity(), []
    for k in range(500):
        now_s = tracks.updated_s[0] = T0_S + 0.2 * k
        tracks.state[0, 3:5] = 0.9 * tracks.state[0, 3:5] + rng.normal(0.0, 0.3, 2)
        harm.append(identity.assess_into(state, tracks, NOBODY, NODE, now_s).harm[0])
    assert max(harm) < 0.3


def test_what_a_camera_calls_a_bird_and_flies_as_none_does_is_harmful():
    tracks = still_table()
    tracks.status[:] = TrackStatus.CONFIRMED
    tracks.state[0, 2], tracks.state[0, 3] = 200.0, 50.0
    tracks.covariance[0, 3, 3] = tracks.covariance[0, 4, 4] = 1.0
    tracks.class_log[0] = [-10.0, -10.0, 0.0, -10.0, -10.0, -10.0]
    state = identity.open_identity()
    for k in range(100):
        tracks.updated_s[:] = T0_S + 0.2 * k
        table = identity.assess_into(state, tracks, NOBODY, NODE, T0_S + 0.2 * k)
    assert table.conflict[0] > identity.CONFLICT_LIMIT
    assert table.harm[0] > 0.8


def test_a_sensor_that_knows_a_drone_outweighs_that_birds_are_common():
    rng = np.random.default_rng(6)
    state = identity.open_identity()
    for now_s, tracks in follow(fly("multirotor", 30, 10, rng), rng):
        tracks.class_log[:] = [0.0, -1.0, -10.0, -10.0, -10.0, -10.0]
        table = identity.assess_into(state, tracks, NOBODY, NODE, now_s)
    assert (table.harm > 0.5).mean() > 0.9


@pytest.mark.parametrize(
    ("name", "category", "label"),
    [
        (b"4ca123", b"A3", "aircraft"),
        (b"4ca123", b"A7", "aircraft"),
        (b"4ca123", b"B1", "aircraft"),
        (b"4ca123", b"B2", "balloon"),
        (b"f00107", b"B6", "drone"),
        (b"4ca123", b"C2", "other"),
        (b"4ca123", b"", "aircraft"),
        (b"4ca123", b"A0", "aircraft"),
        (b"1581F5BKD225N00B4L9A", b"", "drone"),
        (b"", b"", "unknown"),
    ],
)
def test_the_emitter_category_and_the_kind_of_id_label_what_declares_itself(
    name, category, label
):
    """ICAO Doc 9871, table A-2-8."""
    row = declared_row(name=name, category=category)
    assert [LABELS[k] for k in identity.label_declared(row)] == [label]


@pytest.mark.parametrize(("kind", "word"), [("radar", "does not see it"), ("rf", "no bearing")])
def test_who_is_not_seen_where_it_says_it_is_has_that_said_and_the_sensor_named(kind, word):
    row = declared_row(verified=False)
    row.missed_by[:], row.flags[:] = 2, DeclaredTable.UNSEEN
    node = Node(
        sites=(SITE,), sensors=(Sensor("ears", kind="adsb"), Sensor("north-1", kind=kind))
    )
    table = assess(still_table(), row, node)
    assert any(word in reason and "north-1" in reason for reason in table.reasons[0])
    row.missed_by[:] = 0
    assert not any(
        "north-1" in reason for reason in assess(still_table(), row, node).reasons[0]
    )


def test_a_second_track_is_where_a_thing_says_it_is_as_by_plain_columns():
    rng, n = np.random.default_rng(12), 300
    lat, lon, height_m = 48.0, 11.0, 700.0
    lats = lat + rng.normal(0.0, 0.001, n)
    lons = lon + rng.normal(0.0, 0.001, n)
    alts = rng.choice([650.0, 1_400.0], n)
    covariance = np.zeros((n, 6, 6))
    covariance[:, [0, 1, 2], [0, 1, 2]] = rng.uniform(1.0, 900.0, (n, 3))
    kind, status = (
        rng.integers(0, 2, n).astype(np.uint8),
        rng.integers(0, 2, n).astype(np.uint8),
    )
    site = rng.integers(0, 2, n).astype(np.int32)
    updated_s = rng.uniform(0.0, 4.0, n)
    found = []
    for own in range(n):
        for up_m in (height_m, np.nan):
            east = (lons - lon) * 74_000.0 - 40.0
            north = (lats - lat) * 111_000.0 + 30.0
            var = covariance[:, 0, 0] + covariance[:, 1, 1] + 2.0 * 25.0
            near = east**2 + north**2 <= (3.0 * np.sqrt(var) + 60.0) ** 2
            if np.isfinite(up_m):
                near &= np.abs(alts - up_m) <= 300.0 + 3.0 * np.sqrt(covariance[:, 2, 2])
            near &= (kind == 0) & (status > 0) & (site == site[own])
            near &= np.abs(updated_s - updated_s[own]) <= 0.02
            near[own] = False
            told = _kernels_places.is_shared(
                own, lat, lon, up_m, 40.0, -30.0, 25.0, 111_000.0, 74_000.0, 60.0, 0.02, 0,
                lats, lons, alts, covariance, kind, site, status, updated_s,
            )  # fmt: skip
            assert told == near.any()
            found.append(told)
    assert 0 < sum(found) < len(found)  # both answers stand there
