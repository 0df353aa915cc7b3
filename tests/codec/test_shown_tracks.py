"""What partners are told of a picture: each thing once, none tentative, no guessed height."""

import math
from dataclasses import replace

import numpy as np
from tests.service.fakes import empty_picture, tracks_picture
from tests.service.harness import SITE

from tocsin.codec._heights import geoid_of
from tocsin.codec.shown_tracks import carried, showing_of, vouch_into
from tocsin.codec.site_toml import read_site
from tocsin.model import (
    LABELS,
    AltRef,
    Channel,
    DeclaredTable,
    DetectionBatch,
    Node,
    Sensor,
    SystemTable,
    TrackKind,
    TrackStatus,
)

T0 = 1_800_000_000.0
NODE = read_site(SITE.encode(), "site.toml")


def declared(*names):
    table = DeclaredTable.blank(len(names))
    table.declared_id[:] = names
    table.sensor[:] = 0
    table.lat_deg[:], table.lon_deg[:] = 50.0, 12.0
    table.alt_m[:], table.alt_ref[:] = 900.0, AltRef.ELLIPSOID
    table.time_s[:] = T0 - 1.0
    return table


def shown(picture):
    return {track.id: track for track in showing_of(picture, NODE).tracks}


def test_tentative_tracks_and_what_is_on_the_ground_are_not_told():
    picture = tracks_picture(T0, [1, 2, 3])
    picture.tracks.status[:] = (
        TrackStatus.TENTATIVE, TrackStatus.CONFIRMED, TrackStatus.COASTED,
    )  # fmt: skip
    picture.declared = declared(b"a1b2c3", b"d4e5f6")
    picture.declared_label = (LABELS.index("aircraft"),) * 2
    picture.declared.flags[:] = (DetectionBatch.ON_GROUND, 0)
    told = shown(picture)
    assert set(told) == {"2", "3", "d4e5f6"}
    assert [told["2"].coasted, told["3"].coasted] == [False, True]
    assert (told["d4e5f6"].label, told["d4e5f6"].kind) == ("aircraft", "declared")


def test_a_thing_that_two_rows_speak_of_is_told_once():
    picture = tracks_picture(T0, [7])
    picture.identities.declared[:] = b"a1b2c3"
    picture.declared = declared(b"a1b2c3")
    picture.declared_label = (LABELS.index("aircraft"),)
    picture.declared.callsign[:] = b"FLY 12"
    picture.declared.category[:] = b"A7"
    picture.declared.link[:], picture.declared.verified[:] = 7, True
    (track,) = showing_of(picture, NODE).tracks
    assert (track.id, track.declared, track.callsign) == ("7", "a1b2c3", "FLY 12")
    assert (track.category, track.name) == ("A7", "FLY 12")


def test_a_height_over_the_sea_that_was_told_near_no_site_comes_out_as_it_was():
    one, other = NODE.sites[0], replace(NODE.sites[0], id="other", geoid_m=-17.0)
    sensors = (Sensor("a", "adsb", "sbs"), Sensor("b", "adsb", "sbs", sites=("other",)))
    node = replace(NODE, sites=(replace(one, geoid_m=48.0), other), sensors=sensors)
    picture = tracks_picture(T0, [])
    picture.declared = declared(b"d4e5f6", b"a1b2c3", b"c3d4e5")
    picture.declared_label = (LABELS.index("aircraft"),) * 3
    picture.declared.sensor[:] = (0, 1, -1)
    picture.declared.alt_m[:] = [900.0 + geoid_of(node, sensor) for sensor in (*sensors, None)]
    picture.system = SystemTable.blank(1)
    picture.system.track_id[:], picture.system.sensor[:] = 9, 1
    picture.system.lat_deg[:], picture.system.lon_deg[:] = 50.0, 12.0
    picture.system.time_s[:] = T0 - 2.0
    picture.system.alt_m[:], picture.system.alt_ref[:] = 883.0, AltRef.ELLIPSOID
    told = {track.id: track for track in showing_of(picture, node).tracks}
    assert {name: track.alt_m - track.geoid_m for name, track in told.items()} == {
        "d4e5f6": 900.0, "a1b2c3": 900.0, "c3d4e5": 900.0, "9": 900.0,
    }  # fmt: skip


def test_a_height_that_is_not_known_is_none():
    picture = tracks_picture(T0, [1, 2])
    picture.tracks.covariance[:, 2, 2] = (5000.0**2, 30.0**2)
    picture.declared = declared(b"p", b"e")
    picture.declared_label = (0, 0)
    picture.declared.alt_ref[:] = (AltRef.PRESSURE, AltRef.ELLIPSOID)
    told = shown(picture)
    assert math.isnan(told["1"].alt_m)
    assert math.isnan(told["1"].sigma_alt_m)
    assert (told["2"].alt_m, told["2"].sigma_alt_m) == (400.0, 30.0)
    assert math.isnan(told["p"].alt_m)
    assert told["e"].alt_m == 900.0


def test_sigmas_are_those_of_the_covariance():
    picture = tracks_picture(T0, [1])
    picture.tracks.covariance[0] = np.diag([9.0, 25.0, 4.0, 1.0, 3.0, 1.0])
    (track,) = showing_of(picture, NODE).tracks
    assert math.isclose(track.sigma_position_m, math.sqrt(17.0))
    assert math.isclose(track.sigma_velocity_mps, math.sqrt(2.0))


def test_another_trackers_track_far_away_is_told_as_its_word():
    picture = empty_picture(T0)
    table = SystemTable.blank(2)
    table.track_id[:] = (91, 92)
    table.lat_deg[:], table.lon_deg[:] = 50.0, 12.0
    table.time_s[:] = T0 - 2.0
    table.declared_id[:] = (b"a1b2c3", b"")
    table.flags[:] = (0, DetectionBatch.SIMULATED_TARGET)
    picture.system = table
    told = shown(picture)
    assert (told["91"].kind, told["91"].label) == ("system", "aircraft")
    assert [told["91"].nature, told["92"].nature] == ["live", "simulated"]


def test_a_channel_carries_its_sites_and_natures():
    picture = tracks_picture(T0, [1, 2])
    picture.tracks.nature[:] = (0, 2)
    picture.tracks.kind[:] = TrackKind.MEASURED
    picture.declared = declared(b"far")
    picture.declared_label = (0,)
    showing = showing_of(picture, NODE)

    def ids(**more):
        return [t.id for t in carried(showing, Channel("c", "cot", "udp://h:1", **more))]

    assert ids() == ["1", "far"]
    assert ids(sites=("north",)) == ["1"]
    assert ids(natures=("simulated",)) == ["2"]
    assert ids(natures=("live", "simulated")) == ["1", "2", "far"]


def said_picture(now_s, *formats):
    """A picture of one measured track, another tracker's, and a thing that each format says."""
    picture = tracks_picture(now_s, [1, 2, 3])
    picture.tracks.kind[:] = (TrackKind.MEASURED, TrackKind.SYSTEM, TrackKind.DECLARED)
    picture.tracks.declared[:] = (b"", b"", b"near")
    picture.declared = declared(b"near", *(b"far%d" % k for k in range(len(formats) - 1)))
    picture.declared.sensor[:] = [FORMATS.index(name) for name in formats]
    picture.declared.link[0] = 3
    picture.declared_label = (0,) * len(formats)
    return picture


FORMATS = ("cot", "remote-id")
HEARD = Node(sensors=tuple(Sensor(id=name, kind="system", format=name) for name in FORMATS))


def ids_of(showing, kind, vouched=()):
    return [t.id for t in carried(showing, Channel("c", kind, "udp://h:1"), vouched)]


def test_what_is_only_anothers_word_is_not_told_back_in_its_form():
    showing = showing_of(said_picture(T0, "cot", "cot", "remote-id"), HEARD)
    assert ids_of(showing, "cot") == ["1", "far1"]
    assert ids_of(showing, "asterix") == ["1", "3", "far0", "far1"]
    for kind in ("geojson", "sapient"):  # a map is for people; SAPIENT says what it is made of
        assert ids_of(showing, kind) == ["1", "2", "3", "far0", "far1"]


def test_what_a_second_feed_tells_of_is_told_without_a_gap():
    vouched = {}
    for now_s, format, told in (
        (T0, "cot", False), (T0 + 1.0, "remote-id", True), (T0 + 2.0, "cot", True),
        (T0 + 10.0, "cot", True), (T0 + 12.0, "cot", False),
    ):  # fmt: skip
        showing = showing_of(said_picture(now_s, format), HEARD)
        vouch_into(vouched, showing)
        assert ids_of(showing, "cot", vouched) == (["1", "3"] if told else ["1"])
    assert vouched == {}


def test_it_shares_nothing_with_the_picture():
    picture = tracks_picture(T0, [1])
    showing = showing_of(picture, NODE)
    before = showing.tracks[0]
    picture.tracks.lat_deg[:] = 0.0
    assert showing.tracks[0] == before
    assert before.lat_deg != 0.0
