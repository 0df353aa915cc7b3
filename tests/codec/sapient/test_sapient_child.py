"""What a child says to its parent, read back as the parent reads it."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.codec.shown import tracks
from tests.service.fakes import tracks_picture

from tocsin.codec.sapient import SapientSession, frame, is_ulid, is_uuid, receive_into, ulid
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.child import detections, greeting, hear, status
from tocsin.codec.sapient.ids import own_id_of, source_id_of
from tocsin.codec.shown_tracks import ShownTrack, showing_of
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import DeclaredTable, Origin, SystemTable

M = load()
T = 1_790_000_000.0
PARENT, RADAR = "44444444-4444-4444-8444-444444444444", "11111111-1111-4111-8111-111111111111"
BELOW, FAR = "33333333-3333-4333-8333-333333333333", "77777777-7777-4777-8777-777777777777"
SITE = f"""
[node]
name = "North field"
[[site]]
id = "north"
lat = 33.8
lon = 42.4
elevation_m = 200
[[sensor]]
id = "camera"
kind = "camera"
format = "detections"
listen = "http"
sites = ["north"]
[[sensor]]
id = "radar"
kind = "radar"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{RADAR}"
sites = ["north"]
[[sensor]]
id = "below"
kind = "system"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{BELOW}"
sites = ["north"]
[[sensor]]
id = "adsb"
kind = "adsb"
format = "sbs"
listen = "tcp://127.0.0.1:30003"
sites = ["north"]
"""
CHANNEL = """
[[channel]]
id = "region"
kind = "sapient"
to = "tcp://127.0.0.1:5020"
natures = ["live", "exercise", "simulated"]
"""
NODE = read_site((SITE + CHANNEL).encode(), "site.toml")
OWN = own_id_of(NODE)


def heard_by_parent(payloads, time_s=T):
    session = SapientSession(PARENT)
    data = greeting(NODE, NODE.channels[0], time_s) + b"".join(payloads)
    return session, receive_into(session, "a", data, time_s)


@settings(max_examples=60)
@given(st.lists(tracks, max_size=4), st.lists(tracks, max_size=2))
def test_a_parent_reads_what_we_know(shown, gone):
    payloads, refused = detections(shown, gone, NODE, T)
    session, taken = heard_by_parent(payloads)
    told = [t for t in (*gone, *shown) if t.site_id]
    assert refused == 0
    assert not taken.rejected
    assert session.nodes[OWN].types == ("fusion node",)
    assert len(taken.detections) == len(payloads) == len(told)
    for k, (track, (node_id, columns)) in enumerate(zip(told, taken.detections, strict=True)):
        assert node_id == OWN
        assert columns["time_s"] == T
        assert columns["lat_deg"] == pytest.approx(track.lat_deg, abs=1e-6)  # all are old
        assert columns["lon_deg"] == pytest.approx(track.lon_deg, abs=1e-6)
        assert ("alt_m" in columns) == math.isfinite(track.alt_m)
        if math.isfinite(track.vel_east_mps + track.vel_north_mps):
            assert columns["vel_east_mps"] == track.vel_east_mps
        small = track.sigma_position_m < 0.1 * 111_320.0 * math.cos(math.radians(track.lat_deg))
        if math.isfinite(track.sigma_position_m) and small:
            wanted = pytest.approx(track.sigma_position_m, rel=1e-6)
            assert columns["sigma_position_m"] == wanted
        ended = bool(columns.get("flags", 0) & 64)
        assert ended == (k < sum(bool(t.site_id) for t in gone))
    messages = [M.SapientMessage.FromString(p[4:]) for p in payloads]
    assert len({m.timestamp.ToNanoseconds() for m in messages}) <= 1  # one scan, one stamp


def test_an_object_keeps_its_id_and_two_have_two():
    one, two = (ShownTrack(n, "measured", "bird", "live", "north", T, T, 48, 11) for n in "12")
    ids = [
        M.SapientMessage.FromString(payload[4:]).detection_report.object_id
        for now_s in (T, T + 5)
        for payload in detections([one, two], [], NODE, now_s)[0]
    ]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2
    assert all(map(is_ulid, ids))


def test_a_track_of_a_moment_ago_is_told_where_it_is_now():
    track = ShownTrack("1", "measured", "bird", "live", "north", T - 2.0, T, 48.0, 11.0,
                       vel_east_mps=30.0, vel_north_mps=-40.0)  # fmt: skip
    (payload,), _ = detections([track], [], NODE, T)
    place = M.SapientMessage.FromString(payload[4:]).detection_report.location
    assert (place.y - 48.0) * 111_200.0 == pytest.approx(-80.0, abs=0.5)
    assert (place.x - 11.0) * 111_200.0 * math.cos(math.radians(48.0)) == pytest.approx(
        60.0, abs=0.5
    )


def test_a_track_is_derived_from_all_that_it_rests_on():
    picture = tracks_picture(T, [17, 18])
    picture.tracks.sensors[:] = (0b0111, 0b0001)  # camera, radar, below; camera
    picture.system = SystemTable.blank(1)
    picture.system.track_id[:], picture.system.link[:] = 99, 17
    picture.system.sensor[:], picture.system.number[:] = 2, ulid(T, 5)[2:].encode()
    picture.system.time_s[:] = T
    farther = Origin(FAR, ulid(T, 6))
    picture.origins = {(2, ulid(T, 5)[2:].encode()): (farther,)}
    picture.declared = DeclaredTable.blank(1)
    picture.declared.declared_id[:], picture.declared.sensor[:] = b"a1b2c3", 3
    picture.declared_label = (0,)
    picture.tracks.declared[1] = b"a1b2c3"
    showing = showing_of(picture, NODE)
    said = {t.id: t.sources for t in showing.tracks}
    assert [s.sensor_id for s in said["17"]] == ["camera", "radar", "below"]
    assert [s.sensor_id for s in said["18"]] == ["camera", "adsb"]
    payloads, _ = detections(showing.tracks, [], NODE, T)
    reports = [M.SapientMessage.FromString(p[4:]).detection_report for p in payloads]
    derived = [(d.node_id, d.object_id) for d in reports[0].derived_detection]
    assert [node for node, _ in derived] == [
        source_id_of(NODE, NODE.sensors[0]), RADAR, BELOW, FAR,
    ]  # fmt: skip
    assert derived[2:] == [(BELOW, ulid(T, 5)), (FAR, ulid(T, 6))]  # its own object ids
    assert all(is_uuid(node) and is_ulid(thing) for node, thing in derived)
    assert len(reports[1].derived_detection) == 2
    quiet = showing_of(picture, read_site(SITE.encode(), "site.toml"))
    assert {t.sources for t in quiet.tracks} == {()}  # nobody is told


def test_ids_of_sources_are_of_version_4_and_stay():
    sensors = read_site(SITE.encode(), "site.toml").sensors
    made = [source_id_of(NODE, sensor) for sensor in sensors]
    assert made[1:3] == [RADAR, BELOW]
    assert len(set(made)) == 4
    assert all(name[14] == "4" for name in made)


def test_classes_come_back_as_what_we_take_it_for():
    for label, best in (("bird", 2), ("drone_multirotor", 0), ("aircraft", 3)):
        track = ShownTrack(
            "1", "measured", label, "live", "north", T, T, 48.0, 11.0, confidence=0.8
        )
        _, taken = heard_by_parent(detections([track], [], NODE, T)[0])
        scores = taken.detections[0][1]["class_scores"]
        assert int(np.argmax(scores)) == best
        assert scores[best] == pytest.approx(0.8, abs=0.01)
    either = ShownTrack("1", "measured", "drone", "live", "north", T, T, 48, 11, confidence=0.8)
    scores = heard_by_parent(detections([either], [], NODE, T)[0])[1].detections[0][1]
    assert scores["class_scores"][0] == pytest.approx(scores["class_scores"][1])


def test_the_ring_of_a_site_lies_on_its_radius():
    pymap3d = pytest.importorskip("pymap3d")
    payload = status(NODE, NODE.channels[0], T, count=1)
    said = M.SapientMessage.FromString(payload[4:]).status_report
    (ring,) = said.coverage
    site = NODE.sites[0]
    for place in ring.location_list.locations:
        east, north, _ = pymap3d.geodetic2enu(
            place.y, place.x, site.alt_m, site.lat, site.lon, site.alt_m
        )
        # The corners lie on the plane of the site, a little above the ground far out.
        assert math.hypot(east, north) == pytest.approx(site.radius_m, rel=1e-3)


def test_what_is_no_message_of_a_parent_is_nothing():
    assert hear(b"\xff\xff").kind == ""
    assert hear(b"").kind == ""
    message = M.SapientMessage(node_id=PARENT)
    message.registration_ack.ack_response_reason.append("no\nroom")
    said = hear(message.SerializeToString())
    assert (said.kind, said.ok, said.words) == ("registration_ack", False, "no?room")
    assert frame(message.SerializeToString())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('to = "file:out"', "tcp://HOST:PORT"),
        ('to = "udp://127.0.0.1:5020"', "tcp://HOST:PORT"),
        ('secret = "word"', "belongs to"),
        ('tls = "north"', "certificate"),
    ],
)
def test_a_site_file_that_cannot_be_says_why(change, why):
    text = CHANNEL
    if change.startswith("to"):
        text = re.sub(r"to = .*", change, text)
    else:
        text += change + "\n"
    with pytest.raises(SiteError, match=why):
        read_site((SITE + text).encode(), "site.toml")


def test_a_parent_needs_a_site_whose_tracks_it_is_told():
    with pytest.raises(SiteError, match=r"no \[\[site\]\]"):
        read_site(('[node]\nname = "x"\n' + CHANNEL).encode(), "site.toml")


def test_the_tables_on_the_page_are_taken():
    page = (Path(__file__).parents[3] / "docs" / "formats" / "sapient.md").read_text()
    blocks = re.findall(r"```toml\n(\[\[(?:channel|sensor)\]\].*?)```", page, re.DOTALL)
    text = "".join(block for block in blocks if "region" in block)
    node = read_site((SITE + text.replace('"region"]', '"north"]')).encode(), "sapient.md")
    assert node.channels[0].kind == "sapient"
    assert node.sensors[-1].kind == "system"
